//! Every line with its chunks: what goes where now, what waits, where each chunk stands and why it may not go further.

use super::super::acts::refusal_view;
use super::{Inputs, seconds};
use segue_domain::chunks::{Chunk, ChunkState};
use segue_domain::lines::{Line, uri_user};
use segue_domain::routing_changes::check_forward;
use segue_domain::share::TrafficShare;
use segue_web::view::{Aspect, ChunkView, LastResort, LineView, RefusalView, SideNow, StateView};

/// Toll-free codes of the North American numbering plan.
const TOLL_FREE: [&str; 7] = ["800", "833", "844", "855", "866", "877", "888"];

pub(super) fn view(i: &Inputs<'_>) -> Vec<LineView> {
    i.t.lines.iter().map(|line| line_view(i, line)).collect()
}

fn line_view(i: &Inputs<'_>, line: &Line) -> LineView {
    let chunks =
        i.t.chunks
            .values()
            .filter(|chunk| chunk.planned.lines.contains(&line.id));
    let mut chunks: Vec<_> = chunks.collect();
    chunks.sort_by_key(|chunk| i.t.rung(&chunk.planned.call_type));
    let (number, kind) = number(&line.number);
    LineView {
        site: line.site.to_string(),
        number,
        kind: kind.to_owned(),
        last_resort: line.last_resort.first().map(|uri| LastResort {
            what: uri_user(uri).to_owned(),
            tested_at: None,
        }),
        chunks: chunks
            .into_iter()
            .map(|chunk| chunk_view(i, chunk))
            .collect(),
    }
}

/// `+18005550142` as `800-555-0142`, and its kind.
fn number(e164: &str) -> (String, &'static str) {
    match e164.strip_prefix("+1") {
        Some(rest) if rest.len() == 10 && rest.is_ascii() => {
            let (area, local) = rest.split_at(3);
            let kind = if TOLL_FREE.contains(&area) {
                "toll-free"
            } else {
                "local"
            };
            (format!("{area}-{}-{}", &local[..3], &local[3..]), kind)
        }
        _ => (e164.to_owned(), "local"),
    }
}

fn chunk_view(i: &Inputs<'_>, chunk: &Chunk) -> ChunkView {
    let id = &chunk.planned.id;
    let now_us = i.now.as_microsecond();
    let window_open = i.entry(id).is_none_or(|entry| entry.is_open(now_us));
    let locks: Vec<_> = lock(i, chunk).into_iter().collect();
    ChunkView {
        code: id.to_string(),
        call_type: call_type(i, chunk),
        window_open,
        out_percent: i.out_percent(id),
        calls_per_hour: calls_per_hour(i, chunk).filter(|_| window_open),
        in_house: side(i, chunk, true),
        outsourced: side(i, chunk, false),
        state: state(i, chunk, locks.first()),
        locks,
    }
}

fn call_type(i: &Inputs<'_>, chunk: &Chunk) -> String {
    let id = &chunk.planned.call_type;
    let name =
        i.t.call_types
            .iter()
            .find(|kind| kind.id == *id)
            .map_or(id.as_str(), |kind| kind.name.as_str());
    let windows: Vec<_> = chunk
        .planned
        .windows
        .iter()
        .map(|window| window.window.as_str())
        .collect();
    if windows.is_empty() {
        name.to_owned()
    } else {
        format!("{name}, {}", windows.join("; "))
    }
}

fn calls_per_hour(i: &Inputs<'_>, chunk: &Chunk) -> Option<f64> {
    let own = |c: &&segue_journal::facts::ChunkCount| {
        c.chunk.as_deref() == Some(chunk.planned.id.as_str())
    };
    let calls: u64 = i.measured?.counts.iter().filter(own).map(|c| c.calls).sum();
    Some(f64::from(u32::try_from(calls).unwrap_or(u32::MAX)))
}

/// Unknown, not zero, while the side's feed has never been heard.
fn side(i: &Inputs<'_>, chunk: &Chunk, in_house: bool) -> SideNow {
    let id = Some(chunk.planned.id.as_str());
    let (Some(m), Some(_)) = (i.measured, i.fed_at(in_house)) else {
        return SideNow::default();
    };
    let open = m
        .open
        .iter()
        .find(|o| o.chunk.as_deref() == id && o.in_house == in_house);
    let p90 = m
        .waits
        .iter()
        .find(|w| w.chunk.as_deref() == id && w.in_house == in_house);
    let longest_s = |since: jiff::Timestamp| {
        f64::from(i32::try_from(i.now.duration_since(since).as_secs().max(0)).unwrap_or(i32::MAX))
    };
    SideNow {
        live_calls: Some(open.map_or(0, |o| o.talking + o.waiting)),
        p90_wait_s: p90.map(|w| seconds(w.wait_ms)),
        waiting_calls: Some(open.map_or(0, |o| o.waiting)),
        longest_wait_s: open.and_then(|o| o.oldest_at).map(longest_s),
    }
}

/// Why the chunk may not take its next agreed step; nothing when it may, or has none left.
fn lock(i: &Inputs<'_>, chunk: &Chunk) -> Option<RefusalView> {
    if matches!(chunk.state, ChunkState::Held { .. } | ChunkState::Closed) {
        return None;
    }
    let next = next_step(chunk)?;
    check_forward(i.t, &chunk.planned.id, next, i.now)
        .err()
        .map(refusal_view)
}

fn next_step(chunk: &Chunk) -> Option<TrafficShare> {
    chunk
        .planned
        .steps
        .iter()
        .filter_map(|step| step.share_percent.parse().ok())
        .find(|share| *share > chunk.share)
}

fn state(i: &Inputs<'_>, chunk: &Chunk, lock: Option<&RefusalView>) -> StateView {
    let waits_for = || {
        lock.and_then(|lock| lock.missing.first())
            .map(|missing| format!("waits for {missing}"))
    };
    let (aspect, word, note, at) = match &chunk.state {
        ChunkState::Returned { incident } => return returned(i, incident),
        _ if i.is_latched(&chunk.planned.id) => (
            Aspect::Hold,
            "Home",
            Some("latched, journalling follows".to_owned()),
            None,
        ),
        ChunkState::Agreed => (Aspect::Todo, "Agreed", waits_for(), None),
        ChunkState::Ready => (
            Aspect::Hold,
            "Ready",
            waits_for().or_else(|| Some("may go live when both approve".to_owned())),
            None,
        ),
        ChunkState::Live => (
            Aspect::Open,
            "Live",
            waits_for().or_else(|| Some(live_note(chunk))),
            None,
        ),
        ChunkState::Held { accepted_at, .. } => (
            Aspect::Proved,
            "Held",
            Some("accepted".to_owned()),
            Some(*accepted_at),
        ),
        ChunkState::Closed => (
            Aspect::Proved,
            "Closed",
            Some("moved for good".to_owned()),
            None,
        ),
    };
    StateView {
        aspect,
        word: word.to_owned(),
        note,
        at,
    }
}

fn live_note(chunk: &Chunk) -> String {
    match next_step(chunk) {
        Some(next) => format!("may go to {} % when both approve", next.percent()),
        None => "at its last agreed step, acceptance is open".to_owned(),
    }
}

fn returned(i: &Inputs<'_>, incident: &segue_domain::ids::IncidentId) -> StateView {
    let verified =
        i.t.incidents
            .get(incident)
            .and_then(|incident| incident.verified.as_ref());
    let (aspect, note) = match verified {
        Some(_) => (
            Aspect::Proved,
            format!("returned by {incident}, answered in-house"),
        ),
        None => (
            Aspect::Hold,
            format!("returned by {incident}, not verified yet"),
        ),
    };
    StateView {
        aspect,
        word: "Home".to_owned(),
        note: Some(note),
        at: verified.map(|verified| verified.at),
    }
}
