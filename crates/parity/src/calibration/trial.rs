//! One run of a world through the guard: when it failed, when it passed.

use super::stream::{DAY_US, Stream};
use super::world::{AHT_S, MARGIN, NOT_WITHIN, REPEAT, TARGET, TRANSFER, World, WorldKind};
use crate::guard::assessment::Situation;
use crate::guard::record::{Arm, Beat, Call, Counterfactual, FeedId, MetricId, Outcome};
use crate::guard::{Guard, Record, Verdict};
use crate::rules::{
    ConductRules, FailProof, FeedRule, FloorRules, MetricName, MetricRule, Role, RuleFaults, Rules,
    SignedRules,
};
use crate::sequences::block_bet::block_length_min;
use std::collections::BTreeMap;

/// How often a run is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looks {
    /// Assessments a day.
    pub per_day: u32,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ended {
    /// The day (from 1) and calls of both arms at which a Guardrail failed, and which.
    pub failed: Option<(u32, u64, MetricName)>,
    /// The day (from 1) and calls of both arms at which every deciding metric had passed.
    pub passed: Option<(u32, u64)>,
}

/// A world with the rules it is guarded by.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The world.
    pub world: World,
    /// The rules.
    pub signed: SignedRules,
    /// How often it is looked at.
    pub looks: Looks,
}

/// The agreement of the calibration: α 5 %, these metrics as guardrails that share it.
///
/// # Errors
/// Never for the metrics of this module; the faults of [`Rules::check`] otherwise.
pub fn rules(world: &World, metrics: &[MetricName]) -> Result<SignedRules, RuleFaults> {
    let basis = |share: f64| basis_points(share);
    let block_min = block_length_min(&world.own_baseline());
    let rule = |name: MetricName| {
        let (margin_bp, baseline) = match name {
            MetricName::HandleTime => (1_000, whole(AHT_S)),
            MetricName::Transfer => (basis(MARGIN), basis(TRANSFER)),
            MetricName::RepeatContact => (basis(MARGIN), basis(REPEAT)),
            MetricName::NotWithinThreshold => (basis(MARGIN), basis(NOT_WITHIN)),
            _ => (basis(MARGIN), basis(TARGET)),
        };
        MetricRule {
            name,
            role: Role::Guardrail,
            margin_bp,
            baseline,
            baseline_by_stratum: BTreeMap::new(),
            target_bp: Some(baseline),
            threshold_s: 30,
            short_abandon_s: 5,
            spread_s: None,
            floor_bp: None,
            feed: Some("acd".to_owned()),
            maturity_s: 0,
            provable_in_days: Some(30),
            events_min: 5,
            fail: FailProof::WorseThanEqual,
            weight: 1,
            block_min,
        }
    };
    Rules {
        agreement: world.kind.name().to_owned(),
        alpha_bp: 500,
        metrics: metrics.iter().copied().map(rule).collect(),
        strata: vec!["all".to_owned()],
        segments: Vec::new(),
        dispositions: Vec::new(),
        feeds: vec![FeedRule {
            name: "acd".to_owned(),
            cadence_s: 3 * 86_400,
        }],
        floors: FloorRules::default(),
        conduct: ConductRules::default(),
    }
    .check()
}

/// Plays one run, telling `also` every call as the guard is told it, until a guardrail fails or the days are over.
pub fn run(trial: &Trial, seed: u64, run: u64, mut also: impl FnMut(u32, &Call)) -> Ended {
    let world = &trial.world;
    let mut stream = Stream::new(world, seed, run);
    let mut guard = Guard::new(trial.signed.clone());
    let mut ended = Ended::default();
    let mut told = 0_u64;
    // Calls that the outsourced centre has not reported yet, with the day they come.
    let mut delayed: Vec<(u32, Call)> = Vec::new();
    for day in 0..world.days + 3 {
        let calls = if day < world.days {
            stream.day(day)
        } else {
            Vec::new()
        };
        tell_counterfactual(trial, &mut guard, day);
        let (due, later): (Vec<_>, Vec<_>) = delayed.drain(..).partition(|(on, _)| *on <= day);
        delayed = later;
        for (_, call) in due {
            let _ = guard.observe(&Record::Call(call));
        }
        let looks = trial.looks.per_day.max(1);
        let mut calls = calls.iter().peekable();
        for look in 0..looks {
            let now_us = i64::from(day) * DAY_US + DAY_US * i64::from(look + 1) / i64::from(looks);
            while let Some(call) = calls.next_if(|call| call.place.at_us < now_us) {
                also(day, call);
                told += 1;
                match delay_days(world.kind, call) {
                    0 => {
                        let _ = guard.observe(&Record::Call(*call));
                    }
                    days => delayed.push((day + days, *call)),
                }
            }
            beat(&mut guard, world.kind, now_us);
            if assess(&mut guard, now_us, day, told, &mut ended) {
                return ended;
            }
        }
    }
    ended
}

/// The calls of one run, all days of it, with nobody judging them.
pub fn listen(world: &World, seed: u64, run: u64, mut also: impl FnMut(u32, &Call)) {
    let mut stream = Stream::new(world, seed, run);
    for day in 0..world.days {
        for call in stream.day(day) {
            also(day, &call);
        }
    }
}

/// One look; whether the run is over.
fn assess(guard: &mut Guard, now_us: i64, day: u32, told: u64, ended: &mut Ended) -> bool {
    let assessment = guard.assess(now_us, Situation::default());
    if assessment.verdict == Verdict::Pass && ended.passed.is_none() {
        ended.passed = Some((day + 1, told));
    }
    let failed = assessment
        .metrics
        .iter()
        .find(|metric| metric.verdict == Verdict::Fail);
    if let Some(metric) = failed {
        ended.failed = Some((day + 1, told, metric.name));
    }
    failed.is_some()
}

/// The outsourced feed is complete two days later where it reports later, and says so.
fn beat(guard: &mut Guard, kind: WorldKind, now_us: i64) {
    let behind_us = match kind {
        WorldKind::ReportingDelay => 2 * DAY_US,
        _ => 0,
    };
    for (arm, complete_until_us) in [
        (Arm::InHouse, now_us),
        (Arm::Outsourced, now_us - behind_us),
    ] {
        let _ = guard.observe(&Record::Beat(Beat {
            feed: FeedId(0),
            arm,
            complete_until_us,
        }));
    }
}

fn delay_days(kind: WorldKind, call: &Call) -> u32 {
    let late = kind == WorldKind::ReportingDelay && call.place.arm == Arm::Outsourced;
    match call.outcome {
        _ if !late => 0,
        Outcome::Abandoned { .. } => 2,
        _ => 1,
    }
}

/// Had we not moved: in the worlds where the rates themselves change, the simulator knows it.
fn tell_counterfactual(trial: &Trial, guard: &mut Guard, day: u32) {
    let world = &trial.world;
    if !matches!(
        world.kind,
        WorldKind::SeasonAndRamp | WorldKind::ShareByHour
    ) {
        return;
    }
    let rules = trial.signed.rules();
    let Some(metric) = rules.metric(MetricName::Abandonment) else {
        return;
    };
    for hour in 0..12_u32 {
        let at_us = i64::from(day) * DAY_US + i64::from(8 + hour) * 3_600 * 1_000_000;
        let block_min = rules.metrics[usize::from(metric.0)].block_min;
        tell_block(guard, world, metric, day, at_us, block_min);
    }
}

/// The mean of the block's hours, weighed by the calls that go out in them.
fn tell_block(
    guard: &mut Guard,
    world: &World,
    metric: MetricId,
    day: u32,
    at_us: i64,
    block_min: Option<u32>,
) {
    let block_h = block_min.unwrap_or(1_440) / 60;
    let hour_of_day = u32::try_from(at_us.rem_euclid(DAY_US) / 3_600_000_000).unwrap_or(0);
    let first = hour_of_day - hour_of_day % block_h.max(1);
    let (mut weight, mut bad) = (0.0, 0.0);
    for hour in first..first + block_h.max(1) {
        let Some(place) = hour.checked_sub(8).filter(|place| *place < 12) else {
            continue;
        };
        let place = place as usize;
        let calls = super::world::HOURS[place] * world.share_at(day, place);
        weight += calls;
        bad += calls * TARGET * world.season(day, place);
    }
    let _ = guard.observe(&Record::Counterfactual(Counterfactual {
        metric,
        at_us,
        bad_share: if weight > 0.0 { bad / weight } else { 0.0 },
    }));
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "constants of this module between 0 and 10000"
)]
fn whole(value: f64) -> u32 {
    value.round() as u32
}

fn basis_points(share: f64) -> u32 {
    whole(share * 10_000.0)
}
