//! From facts to the view: pure, so that the same facts always show the same page.

mod home;
mod lines;
mod notes;
mod phases;
pub(super) mod tail;

use super::Unjournalled;
use super::gather::Measured;
use crate::node::state::Installed;
use jiff::Timestamp;
use segue_domain::chunks::{Chunk, CutOffAction};
use segue_domain::ids::{ChunkId, IncidentId};
use segue_domain::{Side, Transition};
use segue_journal::facts::WriterCounts;
use segue_routing::{ChunkEntry, HomeLatch};
use segue_web::nodes::NodeState;
use segue_web::view::{
    AlarmView, ChainCheck, HourView, JoinView, JournalEntry, LiveView, NodeView, SideTotals,
};
use std::collections::BTreeMap;

/// Everything a view is made of.
pub(super) struct Inputs<'a> {
    pub(super) now: Timestamp,
    pub(super) t: &'a Transition,
    /// This node, then the others.
    pub(super) nodes: &'a [NodeState],
    pub(super) installed: &'a Installed,
    pub(super) latch: &'a HomeLatch,
    pub(super) lease_ms_left: u64,
    pub(super) measured: Option<&'a Measured>,
    pub(super) facts_trouble: Option<&'a str>,
    pub(super) written: WriterCounts,
    pub(super) pending: usize,
    pub(super) unjournalled: &'a [Unjournalled],
    /// When each feed last handed something in: in-house, outsourced.
    pub(super) fed_at: [Option<Timestamp>; 2],
    pub(super) pressed_by: &'a BTreeMap<IncidentId, String>,
    pub(super) journal: &'a [JournalEntry],
    pub(super) chain: Option<&'a ChainCheck>,
}

/// The view before anything is known.
pub(super) fn nothing_yet(now: Timestamp) -> LiveView {
    let (t, installed, latch) = (
        Transition::default(),
        Installed::default(),
        HomeLatch::default(),
    );
    let nothing = Inputs {
        now,
        t: &t,
        nodes: &[],
        installed: &installed,
        latch: &latch,
        lease_ms_left: 0,
        measured: None,
        facts_trouble: None,
        written: WriterCounts {
            stored: 0,
            dropped: 0,
            lost: 0,
        },
        pending: 0,
        unjournalled: &[],
        fed_at: [None; 2],
        pressed_by: &BTreeMap::new(),
        journal: &[],
        chain: None,
    };
    LiveView {
        nodes: Vec::new(),
        alarm: None,
        ..view(&nothing)
    }
}

/// The whole view.
pub(super) fn view(i: &Inputs<'_>) -> LiveView {
    LiveView {
        transition: if i.t.name.is_empty() {
            i.t.id.to_string()
        } else {
            i.t.name.clone()
        },
        client: i.t.parties.name(Side::Client),
        outsourcer: i.t.parties.name(Side::Outsourcer),
        example: i.t.example,
        zone: i
            .t
            .sites
            .first()
            .map_or_else(|| "UTC".to_owned(), |site| site.zone.clone()),
        as_of: i.now,
        phases: phases::view(i.t),
        last_hour: i.measured.map(|m| last_hour(i, m)),
        lines: lines::view(i),
        alarm: alarm(i),
        home: home::latches(i),
        scopes: notes::scopes(i.t),
        nodes: nodes(i),
        join: i.measured.and_then(join),
        journal: i.journal.to_vec(),
        chain: i.chain.cloned(),
        checks: notes::checks(i),
        called: notes::called(i.t),
        blind_spots: notes::blind_spots(i),
    }
}

impl Inputs<'_> {
    /// The chunk as the node's table has it.
    pub(super) fn entry(&self, id: &ChunkId) -> Option<&ChunkEntry> {
        self.installed.table.chunks().get(id).copied()
    }

    /// Whether the node sends the chunk's calls home whatever its table says.
    pub(super) fn is_latched(&self, id: &ChunkId) -> bool {
        self.entry(id)
            .is_some_and(|entry| entry.share_bp > 0 && self.latch.holds(entry))
    }

    /// The percentage that goes out by the table in force; unknown while the node does not know the chunk.
    pub(super) fn out_percent(&self, id: &ChunkId) -> Option<u8> {
        let entry = self.entry(id)?;
        let cut_off = self.lease_ms_left == 0 && entry.cut_off_action == CutOffAction::Home;
        if self.latch.holds(entry) || cut_off {
            return Some(0);
        }
        u8::try_from(entry.share_bp / 100).ok()
    }

    /// How many nodes there are.
    pub(super) fn nodes_total(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX).max(1)
    }

    /// How many of the other nodes hold what was pressed: by their latch, or because their table has it.
    pub(super) fn peers_home(&self, journalled: bool) -> u32 {
        let own = self.installed.table.version;
        let has_it = |node: &&NodeState| {
            let by_table = journalled && node.position >= own;
            node.reachable && (node.home || node.presses > 0 || by_table)
        };
        let peers = self.nodes.iter().skip(1).filter(has_it);
        u32::try_from(peers.count()).unwrap_or(u32::MAX)
    }

    /// Whether any call can go out.
    pub(super) fn any_out(&self) -> bool {
        self.t
            .chunks
            .keys()
            .any(|id| self.out_percent(id).is_some_and(|percent| percent > 0))
    }

    /// The newest sign of life of a feed: what it handed in, or its newest event.
    pub(super) fn fed_at(&self, in_house: bool) -> Option<Timestamp> {
        let side = usize::from(!in_house);
        self.fed_at[side].max(self.measured.and_then(|m| m.newest[side]))
    }
}

fn nodes(i: &Inputs<'_>) -> Vec<NodeView> {
    let latched = i.t.chunks.keys().any(|id| i.is_latched(id)) || !home::returned(i.t).is_empty();
    let all_home = latched && !i.any_out();
    let view = |(at, node): (usize, &NodeState)| NodeView {
        id: node.id.clone(),
        table_hash: (node.position > 0 || at == 0).then(|| node.table_hash.clone()),
        position: Some(node.position),
        // Rounded up, so that a lease renewed all the time stands still; of another node we hear with a delay.
        lease_s_left: Some(match at {
            0 => i.lease_ms_left.div_ceil(1_000),
            _ => node.lease_ms_left.div_ceil(60_000) * 60,
        }),
        home: if at == 0 {
            all_home
        } else {
            node.home || (all_home && node.table_hash == i.installed.hash)
        },
        reachable: node.reachable,
    };
    i.nodes.iter().enumerate().map(view).collect()
}

/// The journal has been silent for more than half the lease.
fn alarm(i: &Inputs<'_>) -> Option<AlarmView> {
    let lease_s = u64::from(i.installed.table.authority_lease_s);
    let left_s = i.lease_ms_left.div_ceil(1_000);
    if lease_s == 0 || left_s > lease_s / 2 {
        return None;
    }
    let silent_s = i64::try_from(lease_s - left_s).unwrap_or(i64::MAX);
    let since = i
        .now
        .checked_sub(jiff::SignedDuration::from_secs(silent_s))
        .unwrap_or(i.now);
    let detail = if left_s == 0 {
        "The lease has run out: each chunk takes its cut-off action. Bringing calls home still works.".to_owned()
    } else {
        format!(
            "Calls go on by the last agreed table for {} more minutes, then each chunk takes its cut-off action. \
             Bringing calls home still works.",
            left_s.div_ceil(60)
        )
    };
    Some(AlarmView {
        what: "The journal does not answer".to_owned(),
        title: "The journal does not answer.".to_owned(),
        detail,
        // To the minute: the lease is read with the view, not with the journal's last word.
        since: Timestamp::from_second(since.as_second().div_euclid(60) * 60).unwrap_or(since),
    })
}

fn last_hour(i: &Inputs<'_>, m: &Measured) -> HourView {
    let sum = |arm: &str| {
        m.counts
            .iter()
            .filter(|c| c.arm == arm)
            .map(|c| c.calls)
            .sum()
    };
    HourView {
        from: whole_minute(m.from),
        to: whole_minute(m.to),
        in_house_calls: sum("in_house"),
        outsourced_calls: sum("outsourced"),
        agreed_out_percent_max: agreed_out_percent_max(i, m),
    }
}

/// A view that says the same for a whole minute need not be sent each second.
fn whole_minute(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(60) * 60).unwrap_or(at)
}

/// The agreed share of each chunk by today's step, weighted with its calls of the hour, rounded up.
fn agreed_out_percent_max(i: &Inputs<'_>, m: &Measured) -> Option<u8> {
    let all: u64 = m.counts.iter().map(|c| c.calls).sum();
    if all == 0 || i.t.schedule.agreed.is_none() {
        return None;
    }
    let parts = m.counts.iter().filter_map(|c| {
        let chunk = i.t.chunk(&ChunkId::from(c.chunk.as_deref()?))?;
        Some(c.calls * u64::from(agreed_percent(i, chunk)))
    });
    u8::try_from(parts.sum::<u64>().div_ceil(all)).ok()
}

/// The highest agreed step whose date has come.
fn agreed_percent(i: &Inputs<'_>, chunk: &Chunk) -> u8 {
    let zone =
        i.t.site_zone(&chunk.planned.site)
            .and_then(|name| jiff::tz::TimeZone::get(name).ok());
    let today = i
        .now
        .to_zoned(zone.unwrap_or(jiff::tz::TimeZone::UTC))
        .date();
    let due = chunk.planned.steps.iter().filter(|step| step.from <= today);
    due.filter_map(|step| step.share_percent.parse().ok())
        .max()
        .unwrap_or_default()
        .percent()
}

/// Nothing to join while no decision is due.
fn join(m: &Measured) -> Option<JoinView> {
    let due: u64 = m.matches.iter().map(|arm| arm.due).sum();
    if due == 0 {
        return None;
    }
    let matched = m
        .matches
        .iter()
        .map(|arm| arm.matched)
        .sum::<u64>()
        .min(due);
    let side = |in_house| {
        let totals = m.totals.iter().find(|totals| totals.in_house == in_house);
        totals.map_or_else(SideTotals::default, |totals| SideTotals {
            offered: Some(totals.offered),
            answered: Some(totals.answered),
            abandoned: Some(totals.abandoned),
            p90_wait_s: totals.p90_wait_ms.map(seconds),
            longest_wait_s: totals.longest_wait_ms.map(seconds),
        })
    };
    Some(JoinView {
        since: whole_minute(m.from),
        matched,
        due,
        unserved: due - matched,
        in_house: side(true),
        outsourced: side(false),
    })
}

/// Milliseconds as seconds; longer than 50 days is cut.
fn seconds(ms: u64) -> f64 {
    f64::from(u32::try_from(ms).unwrap_or(u32::MAX)) / 1_000.0
}
