//! The certificate: the history followed Collaborate → Prioritise → Small → Build → Test → Door open, or it says where
//! it did not (A33). Read from first dates that the facts leave behind; a waiver explains, nothing else does.

use crate::baseline::weekly_contacts;
use crate::boards::{Board, Kind};
use crate::caps::has_single_type;
use crate::event::Event;
use crate::ids::ChunkId;
use crate::ladder::Rung;
use crate::routing_changes::ShareChanged;
use crate::transition::{Phase, Transition};
use crate::waivers::{self, Waivable};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// One step forward, as it took effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Raise {
    chunk: ChunkId,
    points: u8,
    at: Timestamp,
}

/// The first dates of a chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Dates {
    tested: Option<Timestamp>,
    gate: Option<Timestamp>,
    live: Option<Timestamp>,
    accepted: Option<Timestamp>,
    hold_until: Option<Timestamp>,
    closed: Option<Timestamp>,
}

/// When each thing happened first, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Milestones {
    discovery_signed: Option<Timestamp>,
    planned: Option<Timestamp>,
    agreed: Option<Timestamp>,
    chunks: BTreeMap<ChunkId, Dates>,
    raises: Vec<Raise>,
}

/// A place where the history left the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// The part of the order: `Test`.
    pub part: &'static str,
    /// What happened.
    pub says: String,
    /// The waiver's stamp that explains it.
    pub explained: Option<&'static str>,
}

/// What the history proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Every door is closed and nothing is left unexplained.
    pub granted: bool,
    /// Where the history left the order.
    pub deviations: Vec<Deviation>,
}

pub(crate) const BOARD: Kind = Kind {
    name: "certificate",
    says: "Whether the history followed the order of the charter, and where it did not",
    may_see: None,
    draw: |t, _, _| draw(t),
};

/// Keeps the first date of what the certificate asks for. After every fact, once it is folded in.
pub(crate) fn observe(t: &mut Transition, event: &Event) {
    let discovered = t.discovery.is_complete();
    let m = &mut t.milestones;
    let first = |date: &mut Option<Timestamp>, at: Timestamp| {
        date.get_or_insert(at);
    };
    match event {
        Event::DiscoverySigned(e) if discovered => first(&mut m.discovery_signed, e.signed.at),
        Event::PlanProposed(e) => first(&mut m.planned, e.at),
        Event::ScheduleAgreed(e) => first(&mut m.agreed, e.at),
        Event::TestCallRecorded(e) if e.passed => first(&mut m.dates(&e.chunk).tested, e.at),
        Event::GatePassed(e) => first(&mut m.dates(&e.chunk).gate, e.at),
        Event::ShareChanged(e) if e.to > e.from => m.raised(e),
        Event::ChunkAccepted(e) => {
            let dates = m.dates(&e.chunk);
            first(&mut dates.accepted, e.at);
            dates.hold_until = Some(e.hold_until);
        }
        Event::ChunkClosed(e) => first(&mut m.dates(&e.chunk).closed, e.at),
        _ => {}
    }
}

impl Milestones {
    fn dates(&mut self, chunk: &ChunkId) -> &mut Dates {
        self.chunks.entry(chunk.clone()).or_default()
    }

    fn raised(&mut self, e: &ShareChanged) {
        self.dates(&e.chunk).live.get_or_insert(e.at);
        self.raises.push(Raise {
            chunk: e.chunk.clone(),
            points: e.to.percent().saturating_sub(e.from.percent()),
            at: e.at,
        });
    }
}

/// Judges the history.
pub fn certificate(t: &Transition) -> Certificate {
    let mut deviations = collaborate(t);
    deviations.extend(prioritise(t));
    deviations.extend(small(t));
    deviations.extend(build(t));
    deviations.extend(test_and_door(t));
    let explained = deviations.iter().all(|d| d.explained.is_some());
    Certificate {
        granted: explained && t.phase() == Phase::Closed,
        deviations,
    }
}

fn deviation(part: &'static str, says: String) -> Deviation {
    Deviation {
        part,
        says,
        explained: None,
    }
}

/// Whether the second did not happen after the first.
fn not_before(first: Option<Timestamp>, then: Option<Timestamp>) -> bool {
    then.is_some_and(|then| first.is_none_or(|first| first > then))
}

/// Account manager, discovery, plan, agreement, live: in this order.
fn collaborate(t: &Transition) -> Vec<Deviation> {
    let m = &t.milestones;
    let live = m.chunks.values().filter_map(|dates| dates.live).min();
    let order = [
        (
            t.stewardship.first_named_at,
            t.discovery.opened_at,
            "the account manager was named after discovery opened",
        ),
        (
            m.discovery_signed,
            m.planned,
            "a plan was proposed before discovery was signed",
        ),
        (
            m.agreed,
            live,
            "calls went out before both signed the schedule",
        ),
    ];
    let broken = order
        .into_iter()
        .filter(|(first, then, _)| not_before(*first, *then));
    broken
        .map(|(.., says)| deviation("Collaborate", says.into()))
        .collect()
}

/// One centre at a time: the first is accepted, or home again, before the second begins.
fn prioritise(t: &Transition) -> Vec<Deviation> {
    let m = &t.milestones;
    let mut found = Vec::new();
    for (a, first) in &m.chunks {
        for (b, second) in &m.chunks {
            let (Some(ca), Some(cb)) = (t.chunk(a), t.chunk(b)) else {
                continue;
            };
            let (Some(began), Some(next)) = (first.live, second.live) else {
                continue;
            };
            let home = t.incidents.values().any(|incident| {
                let opened = &incident.opened;
                (began..=next).contains(&opened.at) && opened.chunks.iter().any(|c| c.chunk == *a)
            });
            let two = ca.planned.site != cb.planned.site && began < next && !home;
            if two && not_before(first.accepted, second.live) {
                let says = format!("{b} went live before {a} was accepted: two centres at once");
                found.push(deviation("Prioritise", says));
            }
        }
    }
    found
}

/// No step beyond the agreed caps.
fn small(t: &Transition) -> Vec<Deviation> {
    let caps = &t.terms.caps;
    let all = t.baselines.weekly_contacts();
    let too_large = |raise: &&Raise| {
        let Some(planned) = t.chunk(&raise.chunk).map(|c| &c.planned) else {
            return false;
        };
        if has_single_type(t, &planned.site) {
            return raise.points > caps.single_type_step_points_max;
        }
        let weekly = weekly_contacts(t, planned).unwrap_or_default();
        weekly * u64::from(raise.points) > all * u64::from(caps.step_contacts_percent_max)
    };
    let raises = t.milestones.raises.iter().filter(too_large);
    raises
        .map(|raise| Deviation {
            part: "Small",
            says: format!(
                "{} moved {} points at once on {}: more than the agreed cap",
                raise.chunk, raise.points, raise.at
            ),
            explained: explained(t, Waivable::MassCutover, &raise.chunk),
        })
        .collect()
}

/// Easier before harder, each built on the one before.
fn build(t: &Transition) -> Vec<Deviation> {
    let m = &t.milestones;
    let rung = |id: &ChunkId| -> Option<(Rung, &crate::ids::SiteId)> {
        let planned = &t.chunk(id)?.planned;
        Some((t.rung(&planned.call_type)?, &planned.site))
    };
    let mut found = Vec::new();
    for (hard, dates) in m.chunks.iter().filter(|(_, dates)| dates.live.is_some()) {
        for easy in t.chunks.keys() {
            let (Some((high, site)), Some((low, other))) = (rung(hard), rung(easy)) else {
                continue;
            };
            let accepted = m.chunks.get(easy).and_then(|d| d.accepted);
            if site == other && low < high && not_before(accepted, dates.live) {
                found.push(Deviation {
                    part: "Build",
                    says: format!("{hard} went live before {easy} was accepted"),
                    explained: explained(t, Waivable::LadderInversion, hard),
                });
            }
        }
    }
    found
}

/// Tested and passed before the first real call; open until the hold period ended.
fn test_and_door(t: &Transition) -> Vec<Deviation> {
    let mut found = Vec::new();
    for (id, dates) in &t.milestones.chunks {
        let asks_tests = t.chunk(id).is_some_and(|c| !c.planned.coverage.is_empty());
        if asks_tests && not_before(dates.tested, dates.live) {
            found.push(deviation(
                "Test",
                format!("{id} went live before a test call passed"),
            ));
        }
        if not_before(dates.gate, dates.live) {
            found.push(deviation(
                "Test",
                format!("{id} went live before its gate was signed"),
            ));
        }
        if not_before(dates.hold_until, dates.closed) {
            found.push(deviation(
                "Door open",
                format!("{id} was closed before its hold period ended"),
            ));
        }
    }
    found
}

fn explained(t: &Transition, rule: Waivable, chunk: &ChunkId) -> Option<&'static str> {
    waivers::is_waived(t, rule, chunk).then(|| rule.stamp())
}

fn draw(t: &Transition) -> Board {
    let judged = certificate(t);
    let mut board = Board::new("Certificate", &["part", "deviation", "explained by"]);
    for d in &judged.deviations {
        let by = d.explained.unwrap_or("nothing");
        board.row([d.part.to_owned(), d.says.clone(), by.to_owned()]);
    }
    let open = judged
        .deviations
        .iter()
        .filter(|d| d.explained.is_none())
        .count();
    board.note(match (judged.granted, open) {
        (true, _) => "GRANTED: the history followed the order of the charter.".to_owned(),
        (false, 0) => "No unexplained deviation so far; granted when every door is closed.".into(),
        (false, open) => format!("REFUSED: {open} unexplained deviations."),
    });
    board.note("Verify the journal's chain with `segue journal verify`: a fact that was taken out breaks it.");
    board
}
