//! The journal's last entries as sentences, without anybody's name.

use segue_domain::{Event, Side, Transition};
use segue_journal::{Recorded, read_event};
use segue_web::view::JournalEntry;

/// `client:dana` as side and account name; nothing for parts of Segue.
pub(in super::super) fn actor_of(actor: &str) -> Option<(Side, &str)> {
    let (side, name) = actor.split_once(':')?;
    let side = Side::BOTH
        .into_iter()
        .find(|known| known.to_string() == side)?;
    (name != "segue").then_some((side, name))
}

/// One entry. `by` is said by role and party.
pub(in super::super) fn entry(t: &Transition, recorded: &Recorded, by: String) -> JournalEntry {
    let (text, refused) = match read_event(recorded) {
        Ok(event) => sentence(t, &event),
        Err(_) => (
            format!(
                "A {} that this version cannot read.",
                recorded.kind.replace('_', " ")
            ),
            None,
        ),
    };
    JournalEntry {
        position: recorded.position.0,
        at: recorded.recorded_at,
        text,
        refused,
        by,
    }
}

/// What happened, and the code when it is a refused attempt.
#[expect(clippy::too_many_lines, reason = "one sentence per kind of fact")]
fn sentence(t: &Transition, event: &Event) -> (String, Option<String>) {
    let party = |side: Side| t.parties.name(side);
    let text = match event {
        Event::TransitionCreated(_) => "The transition was entered.".to_owned(),
        Event::AccountManagerChanged(e) if e.person.is_some() => {
            "An account manager was named.".to_owned()
        }
        Event::AccountManagerChanged(_) => "There is no account manager any more.".to_owned(),
        Event::DiscoveryOpened(e) => format!("Discovery was opened with {} items.", e.items.len()),
        Event::DiscoveryItemCompleted(e) => format!("Discovery closed an item: {}.", e.item),
        Event::DiscoverySigned(e) => format!("{} signed discovery.", party(e.signed.side)),
        Event::PlanProposed(e) => format!(
            "{} proposed version {} of the plan.",
            party(e.by),
            e.version
        ),
        Event::PlanSigned(e) => format!(
            "{} signed version {} of the plan.",
            party(e.signed.side),
            e.version
        ),
        Event::ScheduleAgreed(e) => format!("Version {} of the plan is agreed.", e.version),
        Event::TestCallRecorded(e) => format!(
            "A test call of {} {}: {}.",
            e.chunk,
            passed(e.passed),
            e.cell
        ),
        Event::EvidenceRecorded(e) => format!(
            "Evidence on {} of {}: {}.",
            e.leg.words(),
            e.chunk,
            passed(e.passed)
        ),
        Event::GateSigned(e) => format!("{} signed the gate of {}.", party(e.signed.side), e.chunk),
        Event::GatePassed(e) => format!("{} passed its gate.", e.chunk),
        Event::StepProposed(e) => format!(
            "{} proposed {} % of {}.",
            party(e.by),
            e.share.percent(),
            e.chunk
        ),
        Event::StepApproved(e) => format!("{} approved step {}.", party(e.signed.side), e.step),
        Event::ShareChanged(e) => format!(
            "{} goes from {} % to {} %.",
            e.chunk,
            e.from.percent(),
            e.to.percent()
        ),
        Event::FellBack(e) => format!("Calls came home ({}): incident {}.", e.scope, e.incident),
        Event::ReturnVerified(e) => format!("A person in-house answered after {}.", e.incident),
        Event::IncidentNoteWritten(e) => format!("The note of {} was written.", e.incident),
        Event::AcceptanceProposed(e) => format!("Acceptance of {} was proposed.", e.chunk),
        Event::AcceptanceSigned(e) => format!("{} accepted {}.", party(e.signed.side), e.chunk),
        Event::ChunkAccepted(e) => format!("{} is accepted; its door stays open.", e.chunk),
        Event::ClosureSigned(e) => format!(
            "{} signed the closure of {}.",
            party(e.signed.side),
            e.chunk
        ),
        Event::ChunkClosed(e) => format!("The door of {} is closed.", e.chunk),
        Event::CommandRefused(e) => {
            let text = format!(
                "Somebody asked to {}; {}.",
                e.command.replace('_', " "),
                e.code.says()
            );
            return (text, Some(e.code.to_string()));
        }
        // What happened, without whom: some facts are one party's alone.
        other => other.says().to_owned(),
    };
    (text, None)
}

fn passed(passed: bool) -> &'static str {
    if passed { "passed" } else { "failed" }
}
