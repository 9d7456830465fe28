//! The smaller parts of the live page: the join, the locks, the nodes and the journal.

use crate::format::{self, Clock, TimeTag};
use crate::view::{Aspect, JoinView, JournalEntry, LiveView, RefusalView, SideTotals};
use askama::Template;

#[derive(Template)]
#[template(path = "part/join.html")]
pub(crate) struct Join<'a> {
    outsourcer: &'a str,
    since: Option<TimeTag>,
    rows: Vec<(&'static str, String, String)>,
    matched: (Aspect, String, String),
    unserved: (Aspect, String),
    view: &'a LiveView,
}

/// Below this share of matched records a verdict would rest on guesses (design, "The join").
const MATCH_PER_MILLE_MIN: u64 = 990;

impl<'a> Join<'a> {
    pub(crate) fn new(view: &'a LiveView, clock: &Clock) -> Self {
        let join = view.join.as_ref();
        Self {
            outsourcer: &view.outsourcer,
            since: join.map(|j| clock.second(j.since)),
            rows: join.map(join_rows).unwrap_or_default(),
            matched: join.map_or_else(no_match, match_rate),
            unserved: match join {
                None => (Aspect::Unknown, "No data".to_owned()),
                Some(j) if j.unserved == 0 => (Aspect::Proved, "none".to_owned()),
                Some(j) => (Aspect::Harm, format::count(j.unserved)),
            },
            view,
        }
    }
}

fn no_match() -> (Aspect, String, String) {
    (
        Aspect::Unknown,
        "No data".to_owned(),
        "Decisions with a record".to_owned(),
    )
}

fn match_rate(join: &JoinView) -> (Aspect, String, String) {
    if join.due == 0 {
        return no_match();
    }
    let what = format!(
        "{} of {} decisions have a record",
        format::count(join.matched),
        format::count(join.due)
    );
    let rate = format::ratio(join.matched, join.due);
    let enough =
        u128::from(join.matched) * 1000 >= u128::from(join.due) * u128::from(MATCH_PER_MILLE_MIN);
    if enough {
        (Aspect::Proved, rate, what)
    } else {
        (Aspect::Unknown, format!("No data, {rate}"), what)
    }
}

fn join_rows(join: &JoinView) -> Vec<(&'static str, String, String)> {
    let (i, o) = (&join.in_house, &join.outsourced);
    let abandoned = |s: &SideTotals| match (s.abandoned, s.offered) {
        (Some(a), Some(n)) if n > 0 => format!("{}, {}", format::count(a), format::ratio(a, n)),
        (a, _) => format::count_or_dash(a),
    };
    vec![
        (
            "Offered",
            format::count_or_dash(i.offered),
            format::count_or_dash(o.offered),
        ),
        (
            "Answered by a person",
            format::count_or_dash(i.answered),
            format::count_or_dash(o.answered),
        ),
        ("Abandoned", abandoned(i), abandoned(o)),
        (
            "90\u{a0}% within",
            format::seconds_or_dash(i.p90_wait_s),
            format::seconds_or_dash(o.p90_wait_s),
        ),
        (
            "Longest wait",
            format::seconds_or_dash(i.longest_wait_s),
            format::seconds_or_dash(o.longest_wait_s),
        ),
    ]
}

#[derive(Template)]
#[template(path = "part/locks.html")]
pub(crate) struct Locks<'a> {
    locks: Vec<(Vec<&'a str>, &'a RefusalView)>,
}

impl<'a> Locks<'a> {
    /// Chunks held by the same rule for the same reason are told once.
    pub(crate) fn new(view: &'a LiveView) -> Self {
        let mut locks: Vec<(Vec<&str>, &RefusalView)> = Vec::new();
        for chunk in view.lines.iter().flat_map(|l| &l.chunks) {
            for lock in &chunk.locks {
                match locks.iter_mut().find(|(_, known)| *known == lock) {
                    Some((codes, _)) => codes.push(&chunk.code),
                    None => locks.push((vec![&chunk.code], lock)),
                }
            }
        }
        Self { locks }
    }
}

#[derive(Template)]
#[template(path = "part/nodes.html")]
pub(crate) struct Nodes<'a> {
    nodes: Vec<NodeRow<'a>>,
}

struct NodeRow<'a> {
    id: &'a str,
    aspect: Aspect,
    word: &'static str,
    table: &'a str,
    position: String,
    lease: String,
}

impl<'a> Nodes<'a> {
    pub(crate) fn new(view: &'a LiveView) -> Self {
        let nodes = view.nodes.iter().map(|node| {
            let (aspect, word) = match (node.reachable, node.home, &node.table_hash) {
                (false, _, _) => (Aspect::Unknown, "No answer"),
                (true, true, _) => (Aspect::Proved, "Home"),
                (true, false, None) => (Aspect::Hold, "No table: in-house"),
                (true, false, Some(_)) => (Aspect::Proved, "By the table"),
            };
            NodeRow {
                id: &node.id,
                aspect,
                word,
                table: node.table_hash.as_deref().map_or("", format::short_hash),
                position: format::count_or_dash(node.position),
                lease: node
                    .lease_s_left
                    .map_or_else(|| format::DASH.to_owned(), format::duration_s),
            }
        });
        Self {
            nodes: nodes.collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "part/journal.html")]
pub(crate) struct Journal<'a> {
    zone: String,
    entries: Vec<(TimeTag, String, &'a JournalEntry)>,
    chain: (Aspect, String),
}

impl<'a> Journal<'a> {
    pub(crate) fn new(view: &'a LiveView, clock: &Clock) -> Self {
        let entries = view.journal.iter().map(|entry| {
            (
                clock.second_bare(entry.at),
                format::count(entry.position),
                entry,
            )
        });
        let chain = match &view.chain {
            None => (Aspect::Unknown, "Chain not verified yet.".to_owned()),
            Some(c) => {
                let at = clock.second(c.at).text;
                let position = format::count(c.position);
                if c.ok {
                    (
                        Aspect::Proved,
                        format!("Chain verified to {position} at {at}."),
                    )
                } else {
                    (
                        Aspect::Harm,
                        format!(
                            "Chain broken at {position}, found {at}. Run segue journal verify."
                        ),
                    )
                }
            }
        };
        Self {
            zone: clock.zone_name(view.as_of),
            entries: entries.collect(),
            chain,
        }
    }
}
