//! A busy season: in-house, with the staffing of before, would have lost more callers than the outsourcer does. The emptied in-house
//! centre loses nobody and says nothing of that.

use super::rig::{Centre, Day, MSG};
use segue_domain::contingency::library::TriggerKind;
use segue_guard::Turn;
use segue_parity::guard::Action;
use segue_parity::guard::assessment::MetricVerdict;
use segue_parity::noninferiority::wilson;
use segue_parity::rules::MetricName;

/// Four days at nine in ten moved; ends early where the share is lowered.
fn season(agents: Option<u32>, replays: bool) -> Day {
    let mut day = Day::live_at(50, true);
    day.emptied_bp = Some(9_000);
    day.look_every_min = 15;
    day.replays = replays;
    if let Some(agents) = agents {
        day.freeze(agents);
    }
    for _ in 0..4 * 24 {
        day.play(60, Centre::Idle, Centre::Leaky);
        if day.share() < 50 {
            break;
        }
    }
    day
}

fn hung_up(day: &Day) -> MetricVerdict {
    let turns: &[Turn] = &day.turns;
    let mut metrics = turns.last().unwrap().assessment.metrics.iter();
    metrics
        .find(|metric| metric.name == MetricName::Abandonment)
        .unwrap()
        .clone()
}

#[test]
fn a_healthy_outsourcer_is_left_alone_because_in_house_would_have_done_no_better() {
    let day = season(Some(6), true);
    assert_eq!((day.share(), day.home()), (50, None));
    assert!(!day.alarms().contains(&TriggerKind::GuardrailFail));
    // A floor that a rough half hour breaks still pages; evidence says nothing against the outsourcer.
    let moved = [Action::ReturnToLastAccepted, Action::PageReturn];
    assert!(
        day.turns
            .iter()
            .all(|turn| !moved.contains(&turn.assessment.action))
    );
    // What stayed in-house would have misled whoever compared with it.
    let seen = hung_up(&day).inputs;
    let (home, out) = (wilson(seen.in_house, 1.96), wilson(seen.outsourced, 1.96));
    assert!(home.upper < 0.01 && out.lower > 0.08, "{home:?} {out:?}");
    let sums = day.watch.had_we_not_moved(&MSG.into()).unwrap();
    let expected = sums.hung_up().unwrap();
    // Erlang A of 240 calls an hour of 90 s, 6 agents, 90 s of patience: 16 % give up, 5 % of those who wait before 5 s.
    assert!((1_300..1_700).contains(&expected.expected), "{expected:?}");
    assert!(expected.low < expected.expected && expected.expected < expected.high);
}

#[test]
fn without_it_the_same_season_is_held_against_the_outsourcer() {
    // Nobody froze a staffing, or nothing is replayed: the signed target alone judges.
    for (agents, replays) in [(None, true), (Some(6), false)] {
        let day = season(agents, replays);
        assert_eq!(day.share(), 20, "{agents:?} {replays}");
        assert_eq!(day.watch.had_we_not_moved(&MSG.into()), None);
    }
}

#[test]
fn a_well_staffed_in_house_centre_excuses_nobody() {
    let day = season(Some(12), true);
    assert_eq!(day.share(), 20);
}
