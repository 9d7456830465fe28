//! The pure choice: home latch > cut-off > escalation > loop > window > open case > episode > share (design: route table).
//!
//! A closed window comes before an open case: outside it nobody at the outsourcer is there to keep a promise.

use crate::compile::host;
use crate::episodes::{Episode, Episodes};
use crate::latch::HomeLatch;
use crate::table::{ChunkEntry, NumberEntry, RouteTable};
use segue_domain::caller::{CallerHash, CallerKey};
use segue_domain::chunks::CutOffAction;
use segue_domain::ids::ChunkId;
use serde::{Deserialize, Serialize};

/// The side a call is assigned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arm {
    /// The client's own centre.
    InHouse,
    /// The outsourcer.
    Outsourced,
}

/// The rule that settled where a call goes, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A fallback holds the chunk home.
    HomeLatch,
    /// The node is cut off past its lease; the chunk's signed cut-off action is home.
    CutOff,
    /// The number reaches a nurse and bypasses the split.
    Escalation,
    /// The call already carries our header or comes from the outsourcer: it never goes out again.
    Loop,
    /// A case of the caller's is open at one side.
    OpenCase,
    /// The caller was assigned in-house within 72 hours.
    Episode,
    /// No chunk owns the number at this time.
    Window,
    /// The caller's bucket against the share.
    Share,
    /// The caller has no number; this one call was drawn by its Call-ID.
    ShareAnonymous,
    /// The number is not in the table.
    UnknownNumber,
}

/// What a call shows before it is answered.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// User part of the Request-URI.
    pub dialled: &'a str,
    /// The caller in E.164 form, or nothing for anonymous and relay callers.
    pub caller: Option<&'a str>,
    /// Identifies the call; draws the side of anonymous callers.
    pub call_id: &'a str,
    /// Host the call came from.
    pub source_host: &'a str,
    /// Whether the call already carries our header.
    pub already_routed: bool,
}

/// What the node knows besides the table.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// Chunks held home.
    pub latch: &'a HomeLatch,
    /// Whether the authority lease is good; past it each chunk takes its cut-off action.
    pub lease_good: bool,
}

/// Where a call goes and why, borrowing from the table.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'t> {
    /// The number's entry; absent for an unknown number.
    pub number: Option<&'t NumberEntry>,
    /// The chunk that owned the call, if any.
    pub chunk: Option<&'t ChunkId>,
    /// The side assigned.
    pub arm: Arm,
    /// The rule that settled it.
    pub reason: Reason,
    /// The caller's bucket, 0–9999, when one was drawn.
    pub bucket: Option<u16>,
    /// π: the probability, in basis points, with which this call was to go out.
    pub pi_bp: u16,
    /// The caller's keyed hash; nothing for anonymous callers.
    pub caller: Option<CallerHash>,
}

impl Reason {
    /// Whether the caller's side of this call is the beginning, or part, of an episode: not where a case settled it, or the
    /// caller would stay with π 0 or 1 when it is closed.
    pub fn makes_episode(self) -> bool {
        self != Self::OpenCase
    }
}

impl<'t> Decision<'t> {
    /// SIP URIs in the order they are tried: the assigned side, in-house, last resort.
    pub fn targets(&self) -> impl Iterator<Item = (&'t str, TargetKind)> + use<'t> {
        let out = (self.arm == Arm::Outsourced)
            .then_some(self.number)
            .flatten();
        let out = out.map(|n| (n.outsourced.as_str(), TargetKind::Outsourced));
        let home = self
            .number
            .map(|n| (n.in_house.as_str(), TargetKind::InHouse));
        let last = self
            .number
            .into_iter()
            .flat_map(|n| &n.last_resort)
            .map(|uri| (uri.as_str(), TargetKind::LastResort));
        out.into_iter().chain(home).chain(last)
    }
}

/// What a target is to the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// The outsourcer's queue.
    Outsourced,
    /// The in-house queue.
    InHouse,
    /// On-call phone, answering service or announcement.
    LastResort,
}

/// Chooses. The same table, standing, episodes, call, key and time give the same decision.
pub fn choose<'t>(
    table: &'t RouteTable,
    standing: &Standing<'_>,
    episodes: &Episodes,
    call: &Call<'_>,
    key: &CallerKey,
    now_us: i64,
) -> Decision<'t> {
    let number = table.numbers.get(call.dialled);
    let key = key.of_dialled(&table.apart, call.dialled);
    let caller = call.caller.map(|e164| key.hash(e164));
    let home = |reason, chunk| Decision {
        number,
        chunk,
        arm: Arm::InHouse,
        reason,
        bucket: None,
        pi_bp: 0,
        caller,
    };
    let Some(entry) = number else {
        // An escalation number is a telephone in-house, seldom a number with a route of its own.
        let reason = if table.escalation_numbers.contains(call.dialled) {
            Reason::Escalation
        } else {
            Reason::UnknownNumber
        };
        return home(reason, None);
    };
    let chunk = entry.chunks.iter().find(|chunk| chunk.is_open(now_us));
    if let Some(reason) = bypass(table, standing, call, chunk) {
        return home(reason, chunk.map(|c| &c.chunk));
    }
    let Some(chunk) = chunk.filter(|_| now_us < table.valid_until_us) else {
        return home(Reason::Window, None);
    };
    let bucket = key.bucket(&table.line_group, call.caller.unwrap_or(call.call_id));
    let case = caller.and_then(|caller| episodes.open_case(call.dialled, &caller, now_us));
    let known = caller.and_then(|caller| episodes.get(&chunk.chunk, &caller, now_us));
    let (arm, reason, pi_bp) = match case {
        Some(side) => by_case(chunk, side),
        None => by_share(chunk, bucket, known, caller.is_some()),
    };
    Decision {
        arm,
        reason,
        pi_bp,
        bucket: Some(bucket),
        ..home(reason, Some(&chunk.chunk))
    }
}

/// The side that has the case, out only while anything of the chunk is. No die is thrown: π is 0 or 1.
fn by_case(chunk: &ChunkEntry, side: Arm) -> (Arm, Reason, u16) {
    if side == Arm::Outsourced && chunk.share_bp > 0 {
        (Arm::Outsourced, Reason::OpenCase, 10_000)
    } else {
        (Arm::InHouse, Reason::OpenCase, 0)
    }
}

/// The caller's bucket against the share, unless an episode keeps the caller home.
fn by_share(
    chunk: &ChunkEntry,
    bucket: u16,
    known: Option<Episode>,
    has_number: bool,
) -> (Arm, Reason, u16) {
    let out = bucket < chunk.share_bp;
    let held = out && known.is_some_and(|episode| episode.arm == Arm::InHouse);
    let reason = match (held, has_number) {
        (true, _) => Reason::Episode,
        (false, true) => Reason::Share,
        (false, false) => Reason::ShareAnonymous,
    };
    let arm = if out && !held {
        Arm::Outsourced
    } else {
        Arm::InHouse
    };
    let pi_bp = known
        .filter(|episode| episode.arm == arm)
        .map_or(chunk.share_bp, |episode| episode.pi_bp);
    (arm, reason, pi_bp)
}

/// The rules above the split, in their order.
fn bypass(
    table: &RouteTable,
    standing: &Standing<'_>,
    call: &Call<'_>,
    chunk: Option<&ChunkEntry>,
) -> Option<Reason> {
    if chunk.is_some_and(|c| standing.latch.holds(c)) {
        return Some(Reason::HomeLatch);
    }
    if !standing.lease_good && chunk.is_none_or(|c| c.cut_off_action == CutOffAction::Home) {
        return Some(Reason::CutOff);
    }
    if table.escalation_numbers.contains(call.dialled) {
        return Some(Reason::Escalation);
    }
    let from_outsourcer = table.outsourcer_hosts.contains(host(call.source_host));
    (call.already_routed || from_outsourcer).then_some(Reason::Loop)
}
