//! Licences by agent with the days left, and how many nurses may advise in each state now and when some have expired.

use super::gate::may;
use super::{Licence, LicenceStatus};
use crate::agents::rostered_for;
use crate::boards::{Board, Kind};
use crate::ids::{AgentId, CallTypeId, StateCode};
use crate::ladder::Rung;
use crate::legal_tables::{self, LegalTable};
use crate::transition::Transition;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

pub(crate) const BOARD: Kind = Kind {
    name: "licences",
    says: "Nurses' licences with their last day, and who may advise in each state of the callers",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

fn draw(t: &Transition, now: Timestamp) -> Board {
    let columns = ["agent", "state", "kind", "last day", "standing"];
    let mut board = Board::new("Licences", &columns);
    for (agent, licences) in &t.licences.of {
        for licence in licences {
            board.row([
                agent.to_string(),
                licence.state.to_string(),
                licence.kind.words().to_owned(),
                licence.expires.map(|d| d.to_string()).unwrap_or_default(),
                standing(t, agent, licence, now),
            ]);
        }
    }
    coverage(t, now, &mut board);
    for escalated in &t.licences.escalated {
        board.note(format!(
            "Escalated to the physician on call: {} of a patient in {}, callback by {}.",
            escalated.call_type, escalated.patient_state, escalated.callback_by
        ));
    }
    if let Some(banner) = legal_tables::banner(t, LegalTable::Compact) {
        board.note(banner);
    }
    board
}

fn standing(t: &Transition, agent: &AgentId, licence: &Licence, now: Timestamp) -> String {
    if licence.status != LicenceStatus::Active {
        return "not active".into();
    }
    let today = licence.date(now);
    let left = licence.expires.and_then(|last| today.until(last).ok());
    let Some(left) = left.map(|span| span.get_days()) else {
        return "active".into();
    };
    if left < 0 {
        return "EXPIRED".into();
    }
    let on_roster = t.agents.contains_key(agent);
    if i64::from(left) <= i64::from(t.terms.licences.warning_days) && on_roster {
        return format!("WARNING: {left} days left");
    }
    format!("{left} days left")
}

/// Nurses per state and call type: now, and after the days a warning looks ahead.
fn coverage(t: &Transition, now: Timestamp, board: &mut Board) {
    let ahead = SignedDuration::from_hours(i64::from(t.terms.licences.warning_days) * 24);
    let later = now.checked_add(ahead).unwrap_or(Timestamp::MAX);
    let share_min_bp = t.terms.licences.state_share_min_bp;
    let callers = t.compliance.callers.values();
    let states: BTreeSet<_> = callers.flat_map(|c| c.states_of(share_min_bp)).collect();
    let clinical = t.call_types.iter().filter(|k| k.rung() >= Rung::Consult);
    for kind in clinical.map(|k| &k.id) {
        for state in &states {
            let (has, will) = (count(t, kind, state, now), count(t, kind, state, later));
            let warns = if will < has { "WARNING: " } else { "" };
            board.note(format!(
                "{warns}{kind} in {state}: {has} nurses may advise now, {will} in {} days.",
                t.terms.licences.warning_days
            ));
        }
    }
}

fn count(t: &Transition, kind: &CallTypeId, state: &StateCode, at: Timestamp) -> usize {
    let nurses = rostered_for(t, kind);
    nurses.filter(|agent| may(t, agent, state, at)).count()
}
