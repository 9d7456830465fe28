//! What the rehearsal came to: the keys people script against, and the sentences people repeat.

mod summary;
pub(crate) mod words;

use crate::assumptions::Assumptions;
use crate::live::Lived;
use crate::rehearse::{Compared, Runs};
use crate::setting::Setting;
use crate::signing::SignedFloors;
use crate::tally::Count;
use jiff::Timestamp;
use jiff::civil::Date;
use segue_domain::Code;
use segue_domain::canonical;
use segue_domain::schedule::Plan;
use serde::Serialize;
use std::collections::BTreeMap;

/// Something the guards did, or refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GuardAction {
    /// When.
    pub at: Timestamp,
    /// `all`, a centre or a chunk.
    pub scope: String,
    /// What happened.
    pub happened: String,
    /// What the guards did.
    pub did: String,
    /// Callers who were not answered in time, or fell through, until then.
    pub callers: u64,
}

/// The calls of one type, all runs together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TypeRow {
    /// The call type.
    pub call_type: String,
    /// Calls in one run.
    pub offered: u64,
    /// Mean number of hang-ups.
    pub abandoned: f64,
    /// Mean number of long waits.
    pub long_wait: f64,
    /// Mean number who waited more than ten minutes.
    pub very_long_wait: f64,
    /// Of 10,000 callers so many hung up.
    pub abandoned_of_10000: u64,
}

/// The hour in which the largest part hung up, of those with ten calls or more.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorstHour {
    /// Its begin.
    pub start: Timestamp,
    /// Calls in it in all runs.
    pub offered: u64,
    /// Hang-ups among them in all runs.
    pub abandoned: u64,
    /// Their part.
    pub share: f64,
}

/// The middle 90 of 100 runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Range {
    /// Five of 100 runs are below.
    pub low: f64,
    /// Five of 100 runs are above.
    pub high: f64,
}

/// One of the three plans.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct World {
    /// Calls in one run.
    pub offered: u64,
    /// Mean number of hang-ups.
    pub abandoned: f64,
    /// Mean number of callers who waited longer than the agreed long wait.
    pub long_wait: f64,
    /// Hours of people on the phones in both centres, mean: what running both costs.
    pub people_hours: u64,
    /// By call type.
    pub by_type: Vec<TypeRow>,
    /// The worst hour.
    pub worst_hour: Option<WorstHour>,
    /// Hang-ups of one run.
    pub interval: Range,
    /// Triage hang-ups of 10,000, or those of all calls where there is no triage.
    pub told_of_10000: Range,
}

/// One group of callers under the plan and without it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Equity {
    /// `segment` or `call type`, and its name.
    pub group: String,
    /// Calls in one run.
    pub offered: u64,
    /// Hang-ups of 10,000 without the move.
    pub no_move_of_10000: u64,
    /// Under the plan.
    pub plan_of_10000: u64,
}

/// What one step of the plan costs triage callers until the next one, beyond what no move costs them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepRisk {
    /// The chunk.
    pub chunk: String,
    /// The share it reaches.
    pub share_percent: u8,
    /// The first day it may be taken, as planned.
    pub planned_on: Date,
    /// When it was taken in the first run.
    pub taken_at: Option<Timestamp>,
    /// Days between the two.
    pub late_days: Option<i32>,
    /// Expected extra triage callers who hang up or wait long: a weight for the planner, which does not read it by itself.
    pub extra_triage_harm: f64,
    /// Expected extra hang-ups of all calls.
    pub extra_abandoned: f64,
}

/// One week of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Week {
    /// Its begin.
    pub start: Timestamp,
    /// Part of all calls at the outsourcer as planned.
    pub planned_out: f64,
    /// The same as rehearsed, mean of all runs.
    pub out: f64,
    /// Worst hour under the plan: part of the callers who hang up, mean of the runs' worst hours.
    pub plan_worst: f64,
    /// The middle 90 of 100 runs.
    pub plan_range: Range,
    /// Worst hour of a mass cutover.
    pub cutover_worst: f64,
    /// The middle 90 of 100 runs.
    pub cutover_range: Range,
}

/// What the evidence on one chunk came to, over the full runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EvidenceShown {
    /// The chunk.
    pub chunk: String,
    /// Full runs in which it went out.
    pub runs: u32,
    /// Of them, runs in which the guard showed it no worse than agreed.
    pub passed: u32,
    /// Days from the first call out until then, the middle one of those runs.
    pub days_to_pass: Option<u32>,
    /// Runs in which the guard showed it worse, and advised to come home.
    pub failed: u32,
}

/// Everything a rehearsal says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The finding in one sentence.
    pub finding: String,
    /// What follows, in further sentences.
    pub sentences: Vec<String>,
    /// The plan, with every guard and fallback.
    pub plan: World,
    /// Everything stays in-house.
    pub no_move: World,
    /// Everything goes on the day of the first step, and nobody stays at home.
    pub mass_cutover: World,
    /// What the guards did in the first run.
    pub guard_actions: Vec<GuardAction>,
    /// How often calls came home, one number for each full run.
    pub returns: Vec<u32>,
    /// Rules that refuse the mass cutover.
    pub cutover_refused_by: Vec<Code>,
    /// The floors of each chunk, tried on the client's own baseline.
    pub floors: Vec<SignedFloors>,
    /// What the evidence on each chunk came to.
    pub evidence: Vec<EvidenceShown>,
    /// Who did worse.
    pub equity: Vec<Equity>,
    /// The risk of each step.
    pub risk: Vec<StepRisk>,
    /// Holidays of which no call was played.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<Date, String>,
    /// Week by week.
    pub weeks: Vec<Week>,
    /// How many runs of each kind.
    pub runs: Runs,
    /// The seed.
    pub seed: u64,
    /// Calls played in one run.
    pub calls: u64,
    /// The hash of the plan.
    pub plan_hash: String,
    /// What was assumed.
    pub assumptions: Assumptions,
    /// The zone of every local time.
    pub zone: String,
    /// Whom the finding speaks of.
    pub told_of: String,
    /// The call types it speaks of.
    pub told_types: Vec<String>,
}

/// What a report is made of.
pub(crate) struct Told<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) plan: &'a Plan,
    pub(crate) lived: &'a [Lived],
    pub(crate) compared: &'a [Compared],
    pub(crate) runs: Runs,
    pub(crate) floors: &'a [SignedFloors],
    /// Of the plan, of no move, of the cutover.
    pub(crate) people_hours: [u64; 3],
    pub(crate) refused_cutover: Vec<Code>,
}

impl Report {
    pub(crate) fn new(told: &Told<'_>) -> Self {
        let s = told.setting;
        let of = |read: fn(&Compared) -> &crate::tally::Tally| -> Vec<_> {
            told.compared.iter().map(read).collect()
        };
        let (plan, no_move, cutover) = (of(|c| &c.plan), of(|c| &c.no_move), of(|c| &c.cutover));
        let mut report = Self {
            finding: String::new(),
            sentences: Vec::new(),
            plan: summary::world(s, &plan, told.people_hours[0]),
            no_move: summary::world(s, &no_move, told.people_hours[1]),
            mass_cutover: summary::world(s, &cutover, told.people_hours[2]),
            guard_actions: told
                .lived
                .first()
                .map(|l| l.log.clone())
                .unwrap_or_default(),
            returns: told.lived.iter().map(|l| l.returns).collect(),
            cutover_refused_by: told.refused_cutover.clone(),
            floors: told.floors.to_vec(),
            evidence: summary::evidence(told),
            equity: summary::equity(s, &plan, &no_move),
            risk: summary::risk(told, &plan, &no_move),
            left_out: s.left_out.clone(),
            weeks: summary::weeks(told, &plan, &cutover),
            runs: told.runs,
            seed: s.seed,
            calls: u64::try_from(s.calls.len()).unwrap_or(u64::MAX),
            plan_hash: canonical::hash("rehearsed plan", told.plan),
            assumptions: s.assumptions.clone(),
            zone: s.zone.iana_name().unwrap_or("UTC").to_owned(),
            told_of: summary::told_of(s),
            told_types: summary::told_types(s),
        };
        words::tell(&mut report);
        report
    }

    /// Whether the finding speaks of a call type.
    pub(crate) fn is_told(&self, call_type: &str) -> bool {
        self.told_types.iter().any(|told| told == call_type)
    }

    /// What is printed for people.
    pub fn text(&self) -> String {
        words::text(self)
    }
}

pub(crate) use summary::float;

/// Of 10,000 so many, rounded to the nearest.
pub(crate) fn of_10000(part: u64, whole: u64) -> u64 {
    if whole == 0 {
        return 0;
    }
    (part * 10_000 + whole / 2) / whole
}

/// Hang-ups of some calls of 10,000.
pub(crate) fn hung_up_of_10000(count: Count) -> u64 {
    of_10000(count.abandoned, count.offered)
}
