//! Incidents for the morning after (A31, §7.16): detected, decided, verified; whether in-house could answer; and the
//! reason that a fallback by the outsourcer owes within a day.

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::boards::{Board, Kind};
use crate::canonical;
use crate::chunks::{Chunk, ChunkState};
use crate::event::Event;
use crate::fallback::{self, Cause, Incident};
use crate::gates::{Finding, GateLeg};
use crate::ids::IncidentId;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) const BOARD: Kind = Kind {
    name: "incidents",
    says: "Every fallback: detected, decided, verified, whether in-house could answer, and what is still owed",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

/// Gives the reason of a fallback that was pressed without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct GiveFallbackReason {
    /// The incident.
    pub incident: IncidentId,
    /// Why, without a caller's or patient's data.
    pub reason: String,
}

/// The reason of a fallback is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FallbackReasonGiven {
    /// The incident.
    pub incident: IncidentId,
    /// Why.
    pub reason: String,
    /// The party that gave it.
    pub by: Side,
    /// When.
    pub at: Timestamp,
}

pub(crate) fn give_reason(
    t: &Transition,
    c: &GiveFallbackReason,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    let incident = fallback::require_incident(t, &c.incident)?;
    // The party that pressed says why; nobody says it for them.
    actor.require_side(incident.opened.by, "say why they brought calls home")?;
    text::free("the reason of the fallback", &c.reason)?;
    Ok(vec![Event::FallbackReasonGiven(FallbackReasonGiven {
        incident: c.incident.clone(),
        reason: c.reason.clone(),
        by: actor.side,
        at: now,
    })])
}

pub(crate) fn apply_reason(t: &mut Transition, e: &FallbackReasonGiven) {
    if let Some(incident) = t.incidents.get_mut(&e.incident) {
        incident.reason = Some(e.clone());
    }
}

/// Until when the outsourcer owes a reason; `None` where none is owed.
fn reason_due(t: &Transition, incident: &Incident) -> Option<Timestamp> {
    let opened = &incident.opened;
    let owed = opened.by == Side::Outsourcer
        && opened.reason.trim().is_empty()
        && incident.reason.is_none();
    owed.then(|| canonical::hours_after(opened.at, t.terms.contingency.reason_within_h))
}

/// A fallback by the outsourcer has its reason within a day, or its chunks do not go out again.
pub(super) fn findings(t: &Transition, chunk: &Chunk, now: Timestamp) -> Vec<Finding> {
    let ChunkState::Returned { incident } = &chunk.state else {
        return Vec::new();
    };
    let due = t.incidents.get(incident).and_then(|i| reason_due(t, i));
    due.filter(|due| *due < now)
        .map(|due| {
            let of = t.parties.name(Side::Outsourcer);
            GateLeg::Fallback.finds(format!(
                "reason of {incident} from {of}, due {} (`segue do give-fallback-reason`)",
                text::minute(due)
            ))
        })
        .into_iter()
        .collect()
}

fn draw(t: &Transition, now: Timestamp) -> Board {
    let mut board = Board::new(
        "Incidents",
        &[
            "incident", "scope", "cause", "detected", "decided", "verified", "reason",
        ],
    );
    let mut incidents: Vec<_> = t.incidents.values().collect();
    incidents.sort_by_key(|i| i.opened.at);
    for incident in incidents {
        let opened = &incident.opened;
        let verified = incident.verified.as_ref();
        board.row([
            opened.incident.to_string(),
            opened.scope.clone(),
            cause(t, incident),
            text::second(detected(incident)),
            text::second(opened.at),
            verified.map_or_else(|| open_since(t, incident, now), |v| text::second(v.at)),
            reason(t, incident, now),
        ]);
        for note in notes(t, incident, now) {
            board.note(note);
        }
    }
    board
}

fn cause(t: &Transition, incident: &Incident) -> String {
    match &incident.opened.cause {
        Cause::Person => format!("pressed by {}", t.parties.name(incident.opened.by)),
        Cause::Trigger { kind, .. } => format!("{}, automatic", kind.words()),
        Cause::Paper { how, recorded_at } => {
            format!("by hand ({how}), recorded {}", text::second(*recorded_at))
        }
    }
}

fn detected(incident: &Incident) -> Timestamp {
    match &incident.opened.cause {
        Cause::Trigger { since, .. } => *since,
        _ => incident.opened.at,
    }
}

/// The count-down to a verified return.
fn open_since(t: &Transition, incident: &Incident, now: Timestamp) -> String {
    let returned = incident.opened.chunks.iter();
    let plans = returned.filter_map(|r| t.contingency.plans.get(&r.chunk));
    let rto_s = plans.map(|plan| plan.proposed.plan.rto_s).max();
    let passed_s = now.duration_since(incident.opened.at).as_secs();
    match rto_s.map(|rto_s| i64::from(rto_s) - passed_s) {
        None => "not yet".into(),
        Some(left_s) if left_s >= 0 => format!("not yet, {left_s} s left"),
        Some(over_s) => format!("NOT VERIFIED, {} s over the agreed time", -over_s),
    }
}

fn reason(t: &Transition, incident: &Incident, now: Timestamp) -> String {
    match reason_due(t, incident) {
        Some(due) if due < now => format!("OVERDUE since {}", text::minute(due)),
        Some(due) => format!("owed until {}", text::minute(due)),
        None => incident.reason.as_ref().map_or_else(
            || incident.opened.reason.clone(),
            |given| given.reason.clone(),
        ),
    }
}

/// Who may have called meanwhile, and whether in-house could answer.
fn notes(t: &Transition, incident: &Incident, now: Timestamp) -> Vec<String> {
    let opened = &incident.opened;
    let id = &opened.incident;
    let mut notes = Vec::new();
    if let Cause::Trigger {
        since,
        forecast_per_100_h: Some(per_100_h),
        ..
    } = &opened.cause
    {
        let until = incident.verified.as_ref().map_or(now, |v| v.at);
        let seconds = i128::from(until.duration_since(*since).as_secs().max(0));
        // Tenths of a call: 100 h are 360,000 s.
        let tenths = (i128::from(*per_100_h) * seconds * 10 + 180_000) / 360_000;
        notes.push(format!(
            "{id}: calls offered from {} to {} are to be called back: {}.{} expected; see the worklist",
            text::second(*since),
            text::second(until),
            tenths / 10,
            tenths % 10
        ));
    }
    if let (Some(reachable), Some(needed)) = (opened.reachable, opened.needed)
        && reachable < needed
    {
        notes.push(format!(
            "{id}: capacity {reachable} of {needed}, expected ASA n/a (overload), call-in started; callers hear: {}",
            overload_message(t, incident)
        ));
    }
    notes
}

fn overload_message<'t>(t: &'t Transition, incident: &Incident) -> &'t str {
    let mut returned = incident.opened.chunks.iter();
    let plan = returned.find_map(|r| t.contingency.plans.get(&r.chunk));
    plan.map_or("nothing agreed", |p| {
        p.proposed.plan.overload_message.as_str()
    })
}
