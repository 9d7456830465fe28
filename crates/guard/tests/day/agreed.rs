//! What people agreed and recorded around the calls: margins signed anew, arming, readiness, trunks, a pause.

use super::rig::{Centre, Day, MSG};
use segue_domain::contingency::library::TriggerKind;
use segue_domain::contingency::watch::{Hold, Observed, ReportObservation};
use segue_domain::parity::AccessBlock;
use segue_domain::pauses::PauseChunk;
use segue_domain::people::fallback_minimums::Cover;
use segue_domain::people::recorded_readiness::{ReadinessFigures, RecordReadiness};
use segue_domain::{Role, Side};
use segue_example::of;
use segue_guard::Arming;
use segue_parity::guard::{Action, Verdict};
use segue_parity::rules::MetricName;

const PAGE: &str = "return to the last accepted share";

#[test]
fn margins_signed_anew_are_the_guards_at_once() {
    let mut day = Day::live(true);
    day.play(240, Centre::Well, Centre::Well);
    let of_abandonment = |day: &Day| {
        let rules = day.watch.rules(&MSG.into()).unwrap().rules();
        let metric = rules.metric(MetricName::Abandonment).unwrap();
        (metric, rules.metrics[usize::from(metric.0)].margin_bp)
    };
    let calls = |day: &Day| {
        let (metric, _) = of_abandonment(day);
        let last = day.turns.last().unwrap();
        last.assessment.metrics[usize::from(metric.0)]
            .inputs
            .outsourced
            .denominator
    };
    let before = calls(&day);
    assert!(before > 100, "{before}");
    day.t.terms.margins.abandonment_points += 1;
    day.play(60, Centre::Well, Centre::Well);
    assert_eq!(of_abandonment(&day).1, 300);
    let after = calls(&day);
    assert!(
        0 < after && after < before,
        "another margin, other evidence: {after} of {before}"
    );
    assert_eq!(
        day.watch.arming(&MSG.into()),
        Some(Arming::OtherRules),
        "what was shown was shown for the old margin"
    );
}

#[test]
fn longer_blocks_agreed_are_the_guards_from_then_on() {
    let mut day = Day::live_at(50, true);
    day.look_every_min = 15;
    day.play(240, Centre::Well, Centre::Well);
    let block = |day: &Day| {
        let rules = day.watch.rules(&MSG.into()).unwrap().rules();
        let metric = rules.metric(MetricName::Abandonment).unwrap();
        rules.metrics[usize::from(metric.0)].block_min
    };
    assert_eq!(block(&day), Some(180));
    day.t.terms.margins.access_block = AccessBlock::WholeDay;
    day.play(60, Centre::Well, Centre::Well);
    assert_eq!(block(&day), None);
    assert_eq!(day.watch.arming(&MSG.into()), Some(Arming::OtherRules));
}

#[test]
fn a_guard_that_was_not_shown_calm_only_pages() {
    for (calm, arming) in [(Some(false), Arming::CriesWolf), (None, Arming::NotShown)] {
        let mut day = Day::live_at(50, true);
        day.look_every_min = 15;
        match calm {
            Some(calm) => day.show(calm),
            None => day.watch.show([]),
        }
        day.play(60 * 24 * 4, Centre::Well, Centre::Leaky);
        assert_eq!(day.watch.arming(&MSG.into()), Some(arming));
        assert_eq!(
            day.share(),
            50,
            "both signed it, and it was not shown that it may"
        );
        assert!(day.advised().contains(&PAGE), "{:?}", day.advised());
        assert!(day.alarms().contains(&TriggerKind::GuardrailFail));
        assert_eq!(day.home(), None);
    }
}

#[test]
fn nothing_comes_home_by_itself_where_readiness_was_recorded_too_low() {
    let mut day = Day::live(true);
    day.play(60, Centre::Well, Centre::Well);
    let shifts = day.t.people.shifts.clone();
    for shift in shifts.iter().filter(|s| s.site.to_string() == "RVS-Main") {
        let readiness = RecordReadiness {
            cover: Cover {
                site: shift.site.clone(),
                rung: day.t.rung(&"MSG".into()).unwrap(),
                shift: shift.shift.clone(),
            },
            figures: ReadinessFigures {
                now_bp: 6_000,
                within_15min_bp: 7_000,
                within_2h_bp: 9_000,
                within_24h_bp: 9_900,
                keep: 3,
                worst_interval: day.now,
                inputs: "00".repeat(32),
            },
        };
        day.does(&of(Side::Client, Role::Implementation), readiness);
    }
    day.play(60, Centre::Well, Centre::Voicemail);
    assert_eq!(day.home(), None);
    let last = day.turns.last().unwrap();
    assert_eq!(
        last.assessment.action,
        Action::Freeze,
        "{:?}",
        last.assessment.reasons
    );
    assert!(
        day.advised()
            .iter()
            .any(|says| says.starts_with("move nothing"))
    );
}

#[test]
fn an_open_alarm_that_every_trunk_is_down_is_no_route() {
    let mut day = Day::live(true);
    day.play(60, Centre::Well, Centre::Well);
    let trunks = ReportObservation {
        scope: "all".into(),
        observed: Observed::Trunks { up: 0, of: 2 },
        forecast_per_100_h: None,
    };
    day.does(&of(Side::Client, Role::Duty), trunks);
    assert!(
        day.is_out(),
        "both have not signed this trigger to act alone"
    );
    day.play(2, Centre::Well, Centre::Well);
    let last = day.turns.last().unwrap();
    assert_eq!(last.assessment.action, Action::PageGoHome);
    assert_eq!(
        last.assessment.reasons,
        ["There is no route to the outsourcer."]
    );
}

#[test]
fn a_pause_holds_the_step_and_keeps_no_call_from_coming_home() {
    let mut day = Day::live(true);
    day.play(60, Centre::Well, Centre::Well);
    let pause = PauseChunk {
        chunk: MSG.into(),
        reason: "a holiday".into(),
        calls: Vec::new(),
        reference: None,
    };
    day.does(&of(Side::Client, Role::Implementation), pause);
    day.play(5, Centre::Well, Centre::Well);
    assert_eq!(day.turns.last().unwrap().assessment.action, Action::Hold);
    day.play(60, Centre::Well, Centre::Voicemail);
    assert!(!day.is_out(), "guards run in every live state");
}

#[test]
fn who_called_when_is_compared() {
    let mut day = Day::live_at(50, true);
    day.look_every_min = 15;
    day.play(60 * 24, Centre::Idle, Centre::Leaky);
    let last = day.turns.last().unwrap();
    assert_ne!(last.assessment.verdict, Verdict::Pass);
    let worst = last.assessment.worse_off.first().unwrap();
    let rules = day.watch.rules(&MSG.into()).unwrap().rules();
    let group = &rules.segments[usize::from(worst.segment)];
    assert!(group.starts_with("week"), "{group}");
    assert!(worst.gap() > 0.0);
}

#[test]
fn who_speaks_another_language_is_compared() {
    let mut day = Day::live_at(50, true);
    day.look_every_min = 15;
    day.spanish_give_up = 0.4;
    day.play(60 * 24, Centre::Well, Centre::Well);
    let worse_off = &day.turns.last().unwrap().assessment.worse_off;
    let rules = day.watch.rules(&MSG.into()).unwrap().rules();
    let group = |at: u16| rules.segments[usize::from(at)].as_str();
    assert_eq!(group(worse_off[0].segment), "in Spanish");
    assert!(worse_off[0].gap() > 0.2, "{:?}", worse_off[0]);
}

/// Nobody signed that a group's harm moves anything: it holds and pages, though a Fail could act.
#[test]
fn a_group_that_is_worse_off_holds_and_pages_and_moves_nothing() {
    let mut day = Day::live_at(50, true);
    day.look_every_min = 15;
    day.spanish_give_up = 0.25;
    for _ in 0..4 * 24 {
        day.play(60, Centre::Well, Centre::Well);
        if day.turns.last().unwrap().assessment.action == Action::HoldForGroup {
            break;
        }
    }
    let last = day.turns.last().unwrap();
    assert_eq!(
        last.assessment.action,
        Action::HoldForGroup,
        "{:?}",
        last.assessment.reasons
    );
    assert!(
        last.assessment.reasons[0].starts_with("Callers in Spanish"),
        "{:?}",
        last.assessment.reasons
    );
    assert_eq!(day.held(), Some(Hold::Evidence));
    let page = "look at the group of callers who are worse off than anybody was promised; approve no step until they are not";
    assert!(day.advised().contains(&page), "{:?}", day.advised());
    assert_eq!((day.share(), day.home()), (50, None));
}
