//! The same day through the one command layer over a real journal: one outsourced chunk degrades and comes home with the reason
//! recorded, another one, healthy, beside an emptied in-house centre, is left alone.

use super::rig::{Centre, Day, MSG};
use jiff::SignedDuration;
use segue_domain::Event;
use segue_domain::chunks::ChunkState;
use segue_domain::contingency::library::TriggerKind;
use segue_example::Goal;
use segue_parity::guard::Action;

const APPT: &str = "RVS-Main/APPT";

#[test]
fn a_day_through_the_desk_brings_home_what_degrades_and_leaves_the_healthy_alone() {
    // Messages are accepted and all of them out: in-house nobody is left to take any. Appointments have just begun.
    let mut day = Day::through_the_desk(&Goal::Live(APPT.into(), 20), APPT);
    assert_eq!(day.t.chunk(&MSG.into()).unwrap().share.percent(), 100);
    day.arm();
    day.beside = Some((MSG.into(), Centre::Idle, Centre::Well));
    day.play(120, Centre::Idle, Centre::Well);
    assert_eq!(day.alarms(), [], "two good hours raise nothing");
    day.play(240, Centre::Idle, Centre::Slow);
    assert_eq!(day.alarms(), [TriggerKind::HandleTime]);
    day.play(60, Centre::Idle, Centre::HangUps);
    assert!(
        day.alarms().contains(&TriggerKind::Abandonment),
        "{:?}",
        day.alarms()
    );
    assert!(day.is_out(), "an alarm moves nothing");
    let voicemail_from = day.now;
    day.play(30, Centre::Idle, Centre::Voicemail);
    let (at, reason) = day.home().unwrap();
    assert_eq!(reason, "nobody answers, as both parties agreed");
    assert!(at.duration_since(voicemail_from) <= SignedDuration::from_mins(20));
    assert!(!day.is_out());
    // Beside it nothing happened: no alarm, no page but for the next step, no call moved.
    let messages = day.t.chunk(&MSG.into()).unwrap();
    assert_eq!(messages.share.percent(), 100);
    assert!(matches!(messages.state, ChunkState::Held { .. }));
    let beside = || day.turns.iter().filter(|turn| turn.chunk == MSG.into());
    assert!(beside().count() > 400, "it was watched all day");
    for turn in beside() {
        assert!(
            matches!(
                turn.assessment.action,
                Action::Stay | Action::Hold | Action::HoldAndPage | Action::AskApprovals
            ),
            "{:?}",
            turn.assessment.reasons
        );
    }
    let scopes = day.events.iter().filter_map(|(_, event)| match event {
        Event::AlarmRaised(alarm) => Some(alarm.scope.as_str()),
        Event::FellBack(fell) => Some(fell.scope.as_str()),
        _ => None,
    });
    assert!(scopes.into_iter().all(|scope| scope == APPT));
}
