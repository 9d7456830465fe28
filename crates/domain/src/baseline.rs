//! The baseline: how the in-house centres did before anything moved, by centre, call type and segment (A13, B13).

use crate::Decided;
use crate::boards::{Board, Kind};
use crate::chunks::PlannedChunk;
use crate::compliance;
use crate::event::Event;
use crate::ids::{CallTypeId, SegmentId, SiteId, is_usable};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a baseline is of. Without a segment: all callers of the type at the centre.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct BaselineKey {
    /// The centre.
    pub site: SiteId,
    /// The call type.
    pub call_type: CallTypeId,
    /// The segment of callers, if it is of one.
    #[serde(default)]
    pub segment: Option<SegmentId>,
}

/// The in-house figures of the weeks observed. Counts, so that every rate can be computed again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BaselineFigures {
    /// Weeks of history behind them.
    pub weeks: u32,
    /// Contacts in an average week.
    pub weekly_contacts: u32,
    /// Calls offered, by the agreed formula's population.
    pub offered: u64,
    /// Answered within the agreed threshold.
    pub answered_within: u64,
    /// Abandoned.
    pub abandoned: u64,
    /// Average handle time (talk, hold, after-call work).
    pub aht_s: u32,
    /// Calls offered in the busiest hour.
    pub busiest_hour_calls: u32,
    /// Most calls at once.
    #[serde(default)]
    pub peak_concurrent: u32,
}

/// Records the baseline of one call type at one centre.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordBaseline {
    /// Of what.
    #[serde(flatten)]
    pub key: BaselineKey,
    /// The figures.
    #[serde(flatten)]
    pub figures: BaselineFigures,
    /// Where the report is that they come from.
    pub reference: String,
}

/// A baseline stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineRecorded {
    /// Of what.
    #[serde(flatten)]
    pub key: BaselineKey,
    /// The figures.
    #[serde(flatten)]
    pub figures: BaselineFigures,
    /// Where the report is.
    pub reference: String,
    /// When.
    pub at: Timestamp,
}

/// Every baseline, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Baselines {
    #[serde(serialize_with = "crate::canonical::entries")]
    by_key: BTreeMap<BaselineKey, BaselineRecorded>,
}

pub(crate) const BOARD: Kind = Kind {
    name: "baseline",
    says: "How each call type did in-house before anything moved",
    may_see: None,
    draw: |t, _, _| draw(t),
};

impl Baselines {
    /// The baseline of all callers of a type at a centre.
    pub fn of(&self, site: &SiteId, call_type: &CallTypeId) -> Option<&BaselineFigures> {
        self.by_key
            .get(&BaselineKey {
                site: site.clone(),
                call_type: call_type.clone(),
                segment: None,
            })
            .map(|b| &b.figures)
    }

    /// The baseline of that segment, or of all callers of its type where the segment has none of its own.
    pub fn nearest(&self, key: &BaselineKey) -> Option<&BaselineFigures> {
        let own = self.by_key.get(key).map(|b| &b.figures);
        own.or_else(|| self.of(&key.site, &key.call_type))
    }

    /// Every recorded baseline.
    pub fn all(&self) -> impl Iterator<Item = &BaselineRecorded> {
        self.by_key.values()
    }

    /// Contacts a week over every centre and type.
    pub fn weekly_contacts(&self) -> u64 {
        let whole = self.all().filter(|b| b.key.segment.is_none());
        whole.map(|b| u64::from(b.figures.weekly_contacts)).sum()
    }
}

/// Contacts a week of a planned chunk: as the plan says, else those of its whole call type at the centre.
pub fn weekly_contacts(t: &Transition, chunk: &PlannedChunk) -> Option<u64> {
    let of_type = || t.baselines.of(&chunk.site, &chunk.call_type);
    let planned = chunk.weekly_contacts;
    let contacts = planned.or_else(|| of_type().map(|figures| figures.weekly_contacts))?;
    Some(u64::from(contacts))
}

/// What discovery still lacks: a baseline of every call type that arrives at a centre, over enough weeks (A13).
pub(crate) fn discovery_findings(t: &Transition) -> Vec<String> {
    let weeks_min = t.terms.baseline_weeks_min;
    let mut missing = Vec::new();
    for line in &t.lines {
        for call_type in line.routes.iter().flat_map(|route| &route.call_types) {
            let text = match t.baselines.of(&line.site, call_type) {
                None => format!("baseline of {call_type} at {}", line.site),
                Some(f) if f.weeks < weeks_min => format!(
                    "baseline of {call_type} at {} over at least {weeks_min} weeks, not {}",
                    line.site, f.weeks
                ),
                Some(_) => continue,
            };
            if !missing.contains(&text) {
                missing.push(text);
            }
        }
    }
    missing
}

pub(crate) fn record(t: &Transition, c: &RecordBaseline, now: Timestamp) -> Decided {
    let (key, f) = (&c.key, &c.figures);
    if t.site_zone(&key.site).is_none() || t.rung(&key.call_type).is_none() {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!(
                "call type {} at centre {}",
                key.call_type, key.site
            ))
            .how("name a centre and a call type of the transition"));
    }
    if key.segment.as_ref().is_some_and(|s| !is_usable(s.as_str())) {
        return Err(bad("a plain name for the segment".into()));
    }
    compliance::require_phi_allowed(t, None, now)?;
    for line in t.lines.iter().filter(|line| line.site == key.site) {
        let mut arriving = line.routes.iter().flat_map(|route| &route.call_types);
        if arriving.any(|kind| *kind == key.call_type) {
            compliance::require_phi_allowed(t, Some(&line.id), now)?;
        }
    }
    let accounted = f.answered_within.saturating_add(f.abandoned);
    if f.offered == 0 || accounted > f.offered || f.aht_s == 0 || f.weeks == 0 {
        return Err(bad(
            "counts that add up: answered in time + abandoned ≤ offered; offered, handle time and weeks above zero"
                .into(),
        ));
    }
    text::title("where the report is", &c.reference)?;
    let same = t.baselines.by_key.get(key);
    if same.is_some_and(|b| b.figures == *f && b.reference == c.reference) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::BaselineRecorded(BaselineRecorded {
        key: key.clone(),
        figures: f.clone(),
        reference: c.reference.clone(),
        at: now,
    })])
}

pub(crate) fn apply_recorded(t: &mut Transition, e: &BaselineRecorded) {
    t.baselines.by_key.insert(e.key.clone(), e.clone());
    // Changed findings were not what anybody signed.
    t.discovery.agreement = crate::signature::Agreement::default();
}

fn draw(t: &Transition) -> Board {
    let mut board = Board::new(
        "Baseline",
        &[
            "centre",
            "call type",
            "segment",
            "weeks",
            "contacts a week",
            "in time",
            "abandoned",
            "handle time",
        ],
    );
    for b in t.baselines.all() {
        let f = &b.figures;
        board.row([
            b.key.site.to_string(),
            b.key.call_type.to_string(),
            b.key
                .segment
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            f.weeks.to_string(),
            f.weekly_contacts.to_string(),
            format!("{} of {}", f.answered_within, f.offered),
            format!("{} of {}", f.abandoned, f.offered),
            format!("{} s", f.aht_s),
        ]);
    }
    board.note(format!(
        "Formula {}, {} s.",
        t.terms.service_level_formula, t.terms.service_level_threshold_s
    ));
    board
}
