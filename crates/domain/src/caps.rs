//! Caps against a mass cutover (A12, §7.9): how much one step moves at most. One table, in the signed terms, serves plan,
//! step, templates and boards.

use crate::baseline::weekly_contacts;
use crate::boards::{Board, Kind};
use crate::chunks::{Chunk, PlannedChunk};
use crate::ids::{CallTypeId, ChunkId, SiteId};
use crate::ladder::Rung;
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::schedule::Plan;
use crate::share::TrafficShare;
use crate::transition::Transition;
use crate::waivers::{Waivable, is_waived};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What one step moves at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Caps {
    /// Percent of all weekly contacts that move on one date.
    pub step_contacts_percent_max: u8,
    /// Percent of a centre's triage contacts in one step.
    pub triage_step_points_max: u8,
    /// Percent of the contacts of a centre with a single call type in one step, in place of the first cap.
    pub single_type_step_points_max: u8,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            step_contacts_percent_max: 25,
            triage_step_points_max: 20,
            single_type_step_points_max: 30,
        }
    }
}

/// One chunk's step: what it moves.
#[derive(Clone, Copy, Debug)]
struct Leap<'p> {
    chunk: &'p PlannedChunk,
    /// Basis points of the chunk.
    share_bp: u64,
}

impl Leap<'_> {
    /// Contacts a week, times 10,000: a share counts in basis points.
    fn contacts(&self, t: &Transition) -> u64 {
        weekly_contacts(t, self.chunk).unwrap_or_default() * self.share_bp
    }

    /// Basis points of the contacts of the same type at the centre: a chunk of a part of the hours moves a part.
    fn points_bp(&self, t: &Transition) -> u64 {
        let of_type = t.baselines.of(&self.chunk.site, &self.chunk.call_type);
        match of_type.map(|figures| u64::from(figures.weekly_contacts)) {
            None | Some(0) => self.share_bp,
            Some(all) => (self.contacts(t) / all).min(self.share_bp),
        }
    }
}

pub(crate) const BOARD: Kind = Kind {
    name: "caps",
    says: "What each date moves, in percent of weekly contacts, and the largest single step",
    may_see: None,
    draw: |t, _, _| draw(t),
};

/// Refuses a plan with a step beyond the cap.
pub(crate) fn check(t: &Transition, plan: &Plan) -> Result<(), Refusal> {
    plan.chunks
        .iter()
        .try_for_each(|c| check_parts(t, plan, c))?;
    let mut over = Vec::new();
    for (date, leaps) in by_date(plan) {
        let open: Vec<_> = leaps
            .into_iter()
            .filter(|leap| !is_waived(t, Waivable::MassCutover, &leap.chunk.id))
            .collect();
        over.extend(beyond(t, &open).map(|text| format!("{text} on {date}")));
    }
    refuse(over)
}

/// The parts of a type that moves as a whole add up to its baseline at least, or a cap could be talked away.
fn check_parts(t: &Transition, plan: &Plan, chunk: &PlannedChunk) -> Result<(), Refusal> {
    let of_type = |c: &&PlannedChunk| c.site == chunk.site && c.call_type == chunk.call_type;
    let parts = plan.chunks.iter().filter(of_type);
    let declared = parts.map(|c| c.weekly_contacts.map(u64::from));
    let stays = plan
        .stays_home
        .iter()
        .any(|h| h.call_type == chunk.call_type);
    let whole = t.baselines.of(&chunk.site, &chunk.call_type);
    match (declared.sum::<Option<u64>>(), whole) {
        (Some(sum), Some(whole)) if !stays && sum < u64::from(whole.weekly_contacts) => {
            Err(bad(format!(
                "weekly contacts of the {} chunks of {} that sum to {} at least, not {sum}",
                chunk.call_type, chunk.site, whole.weekly_contacts
            )))
        }
        _ => Ok(()),
    }
}

/// Refuses the step itself, as it would be taken now.
pub(crate) fn check_step(
    t: &Transition,
    chunk: &Chunk,
    share: TrafficShare,
    _now: Timestamp,
) -> Result<(), Refusal> {
    if is_waived(t, Waivable::MassCutover, &chunk.planned.id) {
        return Ok(());
    }
    let share_bp = u64::from(
        share
            .basis_points()
            .saturating_sub(chunk.share.basis_points()),
    );
    let leap = Leap {
        chunk: &chunk.planned,
        share_bp,
    };
    refuse(beyond(t, &[leap]).collect())
}

/// The largest first share of a chunk, in steps of five points, that stays within the caps; 0 where none does.
pub(crate) fn first_step_max(t: &Transition, chunk: &PlannedChunk) -> u8 {
    let within = |percent: &u8| {
        let share_bp = u64::from(*percent) * 100;
        let leap = Leap { chunk, share_bp };
        beyond(t, &[leap]).next().is_none()
    };
    (1..=20).rev().map(|n| n * 5).find(within).unwrap_or(0)
}

fn refuse(over: Vec<String>) -> Result<(), Refusal> {
    if over.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(Code::MassCutover)
        .missing_all(over)
        .who("both parties, in a plan with smaller steps")
        .how("split the step; where that is not possible, both parties and the clinical lead sign why (`segue do propose-waiver --rule mass_cutover`)"))
}

/// What goes beyond a cap when these steps are taken together.
fn beyond<'a>(t: &'a Transition, leaps: &'a [Leap<'a>]) -> impl Iterator<Item = String> + 'a {
    let caps = &t.terms.caps;
    let alone = match leaps {
        [leap] => has_single_type(t, &leap.chunk.site),
        _ => false,
    };
    let points = leaps.iter().filter_map(move |leap| {
        let triage = t.rung(&leap.chunk.call_type) == Some(Rung::Triage);
        let (cap, what) = match () {
            () if triage => (caps.triage_step_points_max, "triage"),
            () if has_single_type(t, &leap.chunk.site) => (
                caps.single_type_step_points_max,
                "a centre with one call type",
            ),
            () => return None,
        };
        let points_bp = leap.points_bp(t);
        (points_bp > u64::from(cap) * 100).then(|| {
            format!(
                "a step of {} by at most {cap} points ({what}), not {}",
                leap.chunk.id,
                percent(points_bp)
            )
        })
    });
    let moved_bp = moved_bp(t, leaps);
    let cap = caps.step_contacts_percent_max;
    let too_much = !alone && moved_bp > u64::from(cap) * 100;
    let sum = too_much.then(|| {
        format!(
            "at most {cap} % of the {} weekly contacts in one step, not {} % ({})",
            t.baselines.weekly_contacts(),
            percent(moved_bp),
            names(leaps)
        )
    });
    points.chain(sum)
}

/// Basis points of all weekly contacts; nothing is known of them before the baselines are.
fn moved_bp(t: &Transition, leaps: &[Leap<'_>]) -> u64 {
    let moved = moved(t, leaps.iter());
    moved
        .checked_div(t.baselines.weekly_contacts())
        .unwrap_or_default()
}

/// Contacts a week, times 10,000. Chunks of one type at one centre are parts of it: together they move no more of it
/// than the largest of their shares.
fn moved<'p>(t: &Transition, leaps: impl Iterator<Item = &'p Leap<'p>>) -> u64 {
    let mut types: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for leap in leaps {
        let key = (&leap.chunk.site, &leap.chunk.call_type);
        types.entry(key).or_default().push(leap);
    }
    let of_type = |((site, call_type), parts): ((&SiteId, &CallTypeId), Vec<&Leap<'_>>)| {
        let sum: u64 = parts.iter().map(|leap| leap.contacts(t)).sum();
        let share_bp = parts
            .iter()
            .map(|leap| leap.share_bp)
            .max()
            .unwrap_or_default();
        let whole = t.baselines.of(site, call_type);
        whole.map_or(sum, |whole| {
            sum.min(share_bp * u64::from(whole.weekly_contacts))
        })
    };
    types.into_iter().map(of_type).sum()
}

fn triage_bp(t: &Transition, leaps: &[Leap<'_>]) -> u64 {
    let is_triage = |leap: &&Leap<'_>| t.rung(&leap.chunk.call_type) == Some(Rung::Triage);
    let moved = moved(t, leaps.iter().filter(is_triage));
    let triage = t
        .baselines
        .all()
        .filter(|b| b.key.segment.is_none() && t.rung(&b.key.call_type) == Some(Rung::Triage));
    let all: u64 = triage.map(|b| u64::from(b.figures.weekly_contacts)).sum();
    moved.checked_div(all).unwrap_or_default()
}

/// Whether only one kind of call arrives at the centre.
pub(crate) fn has_single_type(t: &Transition, site: &SiteId) -> bool {
    let lines = t.lines.iter().filter(|line| line.site == *site);
    let types = lines
        .flat_map(|line| &line.routes)
        .flat_map(|route| &route.call_types);
    types.collect::<BTreeSet<_>>().len() == 1
}

/// The steps of every chunk by date; each moves what its share adds to the step before.
fn by_date(plan: &Plan) -> BTreeMap<Date, Vec<Leap<'_>>> {
    let mut dates: BTreeMap<Date, Vec<Leap<'_>>> = BTreeMap::new();
    for chunk in &plan.chunks {
        let mut before_bp = 0;
        for step in &chunk.steps {
            let Ok(share) = step.share_percent.parse() else {
                continue;
            };
            let share_bp = u64::from(share.basis_points());
            let leap = Leap {
                chunk,
                share_bp: share_bp.saturating_sub(before_bp),
            };
            before_bp = share_bp;
            dates.entry(step.from).or_default().push(leap);
        }
    }
    dates
}

/// Basis points as percent, with a decimal where there is one.
fn percent(bp: u64) -> String {
    match bp % 100 {
        0 => (bp / 100).to_string(),
        rest if rest % 10 == 0 => format!("{}.{}", bp / 100, rest / 10),
        rest => format!("{}.{rest:02}", bp / 100),
    }
}

fn names(leaps: &[Leap<'_>]) -> String {
    let ids: BTreeSet<&ChunkId> = leaps.iter().map(|leap| &leap.chunk.id).collect();
    let ids: Vec<_> = ids.into_iter().map(ChunkId::as_str).collect();
    ids.join(", ")
}

fn draw(t: &Transition) -> Board {
    let columns = [
        "date",
        "chunks",
        "% of weekly contacts",
        "% of triage contacts",
        "stamps",
    ];
    let mut board = Board::new("Steps against the caps", &columns);
    let Some(version) = t.schedule.agreed().or_else(|| t.schedule.newest()) else {
        board.note("No plan yet.");
        return board;
    };
    let (mut largest, mut largest_triage) = (0, 0);
    for (date, leaps) in by_date(&version.proposed.plan) {
        let (all, triage) = (moved_bp(t, &leaps), triage_bp(t, &leaps));
        largest = largest.max(all);
        largest_triage = largest_triage.max(triage);
        let stamp = Waivable::MassCutover.stamp();
        let waived = leaps
            .iter()
            .any(|leap| is_waived(t, Waivable::MassCutover, &leap.chunk.id));
        board.row([
            date.to_string(),
            names(&leaps),
            percent(all),
            percent(triage),
            if waived { stamp } else { "" }.to_owned(),
        ]);
    }
    let caps = &t.terms.caps;
    board.note(format!(
        "Largest single step: {} % of weekly contacts (cap {} %), {} % of triage contacts (cap {} %).",
        percent(largest),
        caps.step_contacts_percent_max,
        percent(largest_triage),
        caps.triage_step_points_max,
    ));
    board
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a_percentage_has_as_many_decimals_as_it_needs() {
        let told = [0, 5, 50, 100, 2_050, 2_005, 10_000].map(percent);
        assert_eq!(told, ["0", "0.05", "0.5", "1", "20.5", "20.05", "100"]);
    }
}
