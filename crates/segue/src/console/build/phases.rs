//! The steps of the move, from contract to steady state.

use jiff::Timestamp;
use segue_domain::chunks::{Chunk, ChunkState};
use segue_domain::signature::Agreement;
use segue_domain::transition::Phase;
use segue_domain::{Side, Transition};
use segue_web::view::{PhaseState, PhaseView};

pub(super) fn view(t: &Transition) -> Vec<PhaseView> {
    vec![
        contract(t),
        discovery(t),
        plan(t),
        test(t),
        moving(t),
        steady(t),
    ]
}

fn phase(
    name: &str,
    state: PhaseState,
    note: impl Into<String>,
    at: Option<Timestamp>,
) -> PhaseView {
    PhaseView {
        name: name.to_owned(),
        state,
        note: note.into(),
        at,
    }
}

/// When the second of both signed.
fn agreed_at(agreement: &Agreement) -> Option<Timestamp> {
    Side::BOTH
        .into_iter()
        .map(|side| agreement.of(side).map(|signed| signed.at))
        .max()
        .flatten()
}

fn contract(t: &Transition) -> PhaseView {
    match t.created_at {
        Some(at) => phase("Contract", PhaseState::Done, "entered", Some(at)),
        None => phase("Contract", PhaseState::Now, "not entered yet", None),
    }
}

fn discovery(t: &Transition) -> PhaseView {
    let (all, open) = (t.discovery.items.len(), t.discovery.open_items().len());
    if t.discovery.is_complete() {
        return phase(
            "Discovery",
            PhaseState::Done,
            "signed by both",
            agreed_at(&t.discovery.agreement),
        );
    }
    match t.discovery.opened_at {
        Some(_) => phase(
            "Discovery",
            PhaseState::Now,
            format!("{} of {all} items closed", all - open),
            None,
        ),
        None => phase("Discovery", PhaseState::Shut, "not opened", None),
    }
}

fn plan(t: &Transition) -> PhaseView {
    if let Some(agreed) = t.schedule.agreed() {
        return phase(
            "Plan",
            PhaseState::Done,
            t.schedule.standing(),
            agreed_at(&agreed.agreement),
        );
    }
    let open = t.discovery.is_complete() || !t.schedule.versions.is_empty();
    let state = if open {
        PhaseState::Now
    } else {
        PhaseState::Shut
    };
    phase("Plan", state, t.schedule.standing(), None)
}

fn test(t: &Transition) -> PhaseView {
    let all = t.chunks.len();
    if all == 0 {
        return phase("Test", PhaseState::Shut, "no plan agreed", None);
    }
    let passed = t
        .chunks
        .values()
        .filter(|c| c.state != ChunkState::Agreed)
        .count();
    let state = if passed == all {
        PhaseState::Done
    } else {
        PhaseState::Now
    };
    phase(
        "Test",
        state,
        format!("{passed} of {all} chunks passed their gate"),
        None,
    )
}

fn moving(t: &Transition) -> PhaseView {
    let all = t.chunks.len();
    let accepted = t.chunks.values().filter(|c| c.is_accepted()).count();
    let started = t
        .chunks
        .values()
        .any(|c| Chunk::is_out(c) || matches!(c.state, ChunkState::Returned { .. }));
    let state = match () {
        () if all > 0 && accepted == all => PhaseState::Done,
        () if started || accepted > 0 => PhaseState::Now,
        () => PhaseState::Shut,
    };
    let note = if all == 0 {
        "no chunk agreed".to_owned()
    } else {
        format!("{accepted} of {all} chunks accepted")
    };
    phase("Move", state, note, None)
}

fn steady(t: &Transition) -> PhaseView {
    match t.phase() {
        Phase::Closed => phase("Steady", PhaseState::Done, "every door closed", None),
        Phase::Holding => phase(
            "Steady",
            PhaseState::Now,
            "doors open until the hold period ends",
            None,
        ),
        _ => phase(
            "Steady",
            PhaseState::Shut,
            "after the last acceptance",
            None,
        ),
    }
}
