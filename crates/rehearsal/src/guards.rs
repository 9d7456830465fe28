//! The guards: the sequential evidence that judges on the line, told each call of the rehearsal once (`statistics.md`, Verdicts).
//!
//! Rules come from the signed terms as they do there (`segue_guard::rules`). "Had we not moved" is what becomes of the same calls with
//! everybody at home, on the mean of several lives: one life alone would be a reference that chance makes larger than it is.

use crate::course::Course;
use crate::director::{Assigned, routes_of};
use crate::floors::{self, Floor};
use crate::play;
use crate::setting::Setting;
use crate::stage::{Ended, Side};
use crate::todo::Todo;
use segue_domain::Transition;
use segue_domain::chunks::{Chunk, ChunkState};
use segue_domain::ids::ChunkId;
use segue_guard::ProvedBefore;
use segue_parity::guard::Situation;
use segue_parity::guard::record::{
    Arm, Beat, Call, Counterfactual, FeedId, MetricId, Outcome, Place, Reading, StratumId,
};
use segue_parity::guard::{Guard, Record, Verdict, value_of};
use segue_parity::rules::{MetricName, MetricRule, Role, SignedRules};
use std::collections::BTreeMap;
use std::ops::Bound;

/// What speaks against a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// A floor: fast harm.
    Floor(Floor),
    /// The evidence on one metric.
    Evidence(MetricName),
}

impl Broken {
    /// In words.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Floor(floor) => floors::words(floor).to_owned(),
            Self::Evidence(MetricName::Abandonment) => {
                "the evidence: more hang up than agreed".to_owned()
            }
            Self::Evidence(MetricName::NotWithinThreshold) => {
                "the evidence: fewer are answered in time than agreed".to_owned()
            }
            Self::Evidence(metric) => format!("the evidence on {metric}"),
        }
    }
}

/// What the evidence on one chunk came to in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    /// First out, µs.
    pub(crate) out: Option<i64>,
    /// First shown no worse than agreed, µs.
    pub(crate) passed: Option<i64>,
    /// First shown worse, µs.
    pub(crate) worse: Option<i64>,
}

/// One chunk under watch.
struct Watched {
    chunk: ChunkId,
    routes: Vec<usize>,
    guard: Guard,
    epoch: u64,
    /// Combined ln e of the harm that was found at the last look.
    proved: Option<f64>,
    /// What was proved when the chunk last came home by it.
    returned_at: ProvedBefore,
    /// Blocks of [`Unmoved`] that the guard was told.
    told_until_us: i64,
    shown: Shown,
}

/// Bad calls and all, by begin of the block and metric: each look takes up where the last one ended.
type Blocks = BTreeMap<(i64, MetricId), [u64; 2]>;

/// What would become of each chunk's calls with nothing moved: everything that guards need and no run changes.
pub(crate) struct Unmoved {
    chunks: Vec<OfChunk>,
}

struct OfChunk {
    chunk: ChunkId,
    routes: Vec<usize>,
    rules: SignedRules,
    blocks: Blocks,
}

/// Lives that the mean is made of, and the chance they are played with: not that of any run.
pub(crate) const LIVES: u32 = 20;
const FIRST_LIFE: u64 = u64::MAX / 2;

impl Unmoved {
    /// The chunks with rules, their numbers, and blocks without a call yet. A chunk without rules is judged by its floors alone.
    pub(crate) fn of(setting: &Setting, t: &Transition) -> Self {
        let chunks = t.chunks.iter().filter_map(|(id, chunk)| {
            Some(OfChunk {
                chunk: id.clone(),
                routes: routes_of(setting, t, id),
                rules: segue_guard::rules(t, chunk).ok()?,
                blocks: Blocks::new(),
            })
        });
        Self {
            chunks: chunks.collect(),
        }
    }

    /// One life with nothing moved.
    pub(crate) fn life(&self, setting: &Setting, still: &Course, n: u32) -> Vec<Blocks> {
        let mut lived = vec![Blocks::new(); self.chunks.len()];
        play::each(setting, still, FIRST_LIFE + u64::from(n), |ended| {
            let route = usize::from(setting.calls[ended.call].route);
            for (of, blocks) in self.chunks.iter().zip(&mut lived) {
                if of.routes.contains(&route) {
                    count(blocks, &of.rules, &ended);
                }
            }
        });
        lived
    }

    /// Adds a life.
    pub(crate) fn add(&mut self, life: Vec<Blocks>) {
        for (of, blocks) in self.chunks.iter_mut().zip(life) {
            for (block, [bad, all]) in blocks {
                let sum = of.blocks.entry(block).or_default();
                sum[0] += bad;
                sum[1] += all;
            }
        }
    }
}

/// One call in the blocks of what depends on load.
fn count(blocks: &mut Blocks, rules: &SignedRules, ended: &Ended) {
    let rules = rules.rules();
    for name in [MetricName::NotWithinThreshold, MetricName::Abandonment] {
        let Some(metric) = rules.metric(name) else {
            continue;
        };
        let rule = &rules.metrics[usize::from(metric.0)];
        let Some(value) = value_of(&call_of(ended, nowhere(ended)), rule) else {
            continue;
        };
        let block = (block_of(rule, ended.at_us), metric);
        let [bad, all] = blocks.entry(block).or_default();
        *bad += u64::from(value > 0.5);
        *all += 1;
    }
}

/// All guards of a run.
pub(crate) struct Guards<'a> {
    setting: &'a Setting,
    unmoved: &'a Unmoved,
    watched: Vec<Watched>,
    /// Where each call belongs that has not left its queue.
    open: BTreeMap<usize, (usize, Place)>,
    /// Handle times are known when calls are over.
    over: Todo<(usize, Reading)>,
}

impl<'a> Guards<'a> {
    /// One for each chunk that has rules.
    pub(crate) fn new(setting: &'a Setting, unmoved: &'a Unmoved) -> Self {
        let watched = unmoved.chunks.iter().map(|of| Watched {
            chunk: of.chunk.clone(),
            routes: of.routes.clone(),
            guard: Guard::new(of.rules.clone()),
            epoch: 0,
            proved: None,
            returned_at: ProvedBefore::default(),
            told_until_us: i64::MIN,
            shown: Shown::default(),
        });
        Self {
            setting,
            unmoved,
            watched: watched.collect(),
            open: BTreeMap::new(),
            over: Todo::default(),
        }
    }

    /// Notes which chunks are out, and tells the guards of those whose calls came home.
    pub(crate) fn follow(&mut self, t: &Transition, now_us: i64) {
        for watched in &mut self.watched {
            let Some(chunk) = t.chunk(&watched.chunk) else {
                continue;
            };
            if watched.shown.out.is_some() && chunk.epoch > watched.epoch {
                watched.guard.rolled_back(now_us);
                if let Some(log_e) = watched.proved.take() {
                    watched.returned_at.returned(log_e);
                }
            }
            watched.epoch = chunk.epoch;
            if chunk.is_out() {
                watched.shown.out.get_or_insert(now_us);
            }
        }
    }

    /// A call that goes where it was assigned.
    pub(crate) fn routed(&mut self, call: usize, assigned: Assigned) {
        let recorded = &self.setting.calls[call];
        let route = usize::from(recorded.route);
        // Before a chunk is out there is nothing to compare.
        let of_route = |w: &Watched| w.shown.out.is_some() && w.routes.contains(&route);
        let Some(watched) = self.watched.iter().position(of_route) else {
            return;
        };
        let place = Place {
            at_us: recorded.at_us,
            arm: match assigned.arm {
                segue_routing::Arm::InHouse => Arm::InHouse,
                segue_routing::Arm::Outsourced => Arm::Outsourced,
            },
            pi_bp: assigned.pi_bp,
            caller: recorded.caller,
            stratum: StratumId(0),
            segments: [None; 3],
        };
        self.open.insert(call, (watched, place));
    }

    /// A call that left its queue.
    pub(crate) fn ended(&mut self, ended: &Ended) {
        let Some((watched, place)) = self.open.remove(&ended.call) else {
            return;
        };
        let guard = &mut self.watched[watched].guard;
        let call = call_of(ended, place);
        let key = call.key;
        let _ = guard.observe(&Record::Call(call));
        if let (false, Some(metric)) = (
            ended.abandoned,
            guard.rules().rules().metric(MetricName::HandleTime),
        ) {
            let value = segue_capacity::simulate::seconds(ended.handle_us);
            let over_us = ended.at_us + ended.wait_us + ended.handle_us;
            let reading = Reading {
                key,
                place,
                metric,
                value,
            };
            self.over.note(over_us, (watched, reading));
        }
    }

    /// What each guard says now; nothing new is known while the feed is silent.
    pub(crate) fn look(&mut self, t: &Transition, now_us: i64) -> Vec<(ChunkId, MetricName)> {
        while let Some((watched, reading)) = self.over.take_due(now_us) {
            let _ = self.watched[watched]
                .guard
                .observe(&Record::Reading(reading));
        }
        let mut failed = Vec::new();
        for (watched, of) in self.watched.iter_mut().zip(&self.unmoved.chunks) {
            let chunk = t.chunk(&watched.chunk);
            if let Some(chunk) = chunk.filter(|c| c.is_out() && c.state != ChunkState::Closed)
                && let Some(metric) = watched.look(chunk, &of.blocks, now_us)
            {
                failed.push((watched.chunk.clone(), metric));
            }
        }
        failed
    }

    /// What the evidence came to, by chunk.
    pub(crate) fn shown(self) -> BTreeMap<ChunkId, Shown> {
        let own = self.watched.into_iter();
        own.map(|w| (w.chunk, w.shown)).collect()
    }
}

/// A call as a guard is told it.
fn call_of(ended: &Ended, place: Place) -> Call {
    let wait_ms = u32::try_from(ended.wait_us / 1_000).unwrap_or(u32::MAX);
    let answered_by = match ended.side {
        Side::Home => Arm::InHouse,
        Side::Out => Arm::Outsourced,
    };
    Call {
        key: u64::try_from(ended.call).unwrap_or(u64::MAX),
        place,
        outcome: if ended.abandoned {
            Outcome::Abandoned { wait_ms }
        } else {
            Outcome::Answered { wait_ms }
        },
        answered_by: (!ended.abandoned).then_some(answered_by),
        handle_ms: None,
        transferred: None,
        disposition: None,
    }
}

/// The place of a call that no split assigned.
fn nowhere(ended: &Ended) -> Place {
    Place {
        at_us: ended.at_us,
        arm: Arm::InHouse,
        pi_bp: 0,
        caller: None,
        stratum: StratumId(0),
        segments: [None; 3],
    }
}

fn block_of(rule: &MetricRule, at_us: i64) -> i64 {
    let block_us = i64::from(rule.told_min()) * 60_000_000;
    at_us.div_euclid(block_us) * block_us
}

impl Watched {
    /// The metric that speaks for coming home now, where one does and it is proved anew.
    fn look(&mut self, chunk: &Chunk, unmoved: &Blocks, now_us: i64) -> Option<MetricName> {
        let guard = &mut self.guard;
        // Before its block is closed, each guard knows what it would have been.
        let until = |us: i64| (us, MetricId(u16::MAX));
        let new = (
            Bound::Excluded(until(self.told_until_us)),
            Bound::Included(until(now_us.max(self.told_until_us))),
        );
        for ((at_us, metric), [bad, all]) in unmoved.range(new) {
            let _ = guard.observe(&Record::Counterfactual(Counterfactual {
                metric: *metric,
                at_us: *at_us,
                bad_share: share(*bad, *all),
            }));
        }
        self.told_until_us = now_us;
        for arm in Arm::BOTH {
            let _ = guard.observe(&Record::Beat(Beat {
                feed: FeedId(0),
                arm,
                complete_until_us: now_us,
            }));
        }
        let assessment = guard.assess(
            now_us,
            Situation {
                held: chunk.paused.is_some(),
                largest_step: chunk.share >= chunk.planned.last_share(),
                step_began_us: chunk.share_since.map_or(0, jiff::Timestamp::as_microsecond),
                ..Situation::default()
            },
        );
        let log_e = assessment.inputs.log_e_combined;
        if assessment.verdict == Verdict::Pass {
            self.shown.passed.get_or_insert(now_us);
        }
        let anew = self.returned_at.is_anew(log_e, guard.rules());
        let failed = assessment
            .metrics
            .iter()
            .find(|m| m.role == Role::Guardrail && m.verdict == Verdict::Fail)
            .filter(|_| anew);
        self.proved = failed.map(|_| log_e);
        let failed = failed?;
        self.shown.worse.get_or_insert(now_us);
        Some(failed.name)
    }
}

#[expect(clippy::cast_precision_loss, reason = "calls of one block")]
fn share(bad: u64, all: u64) -> f64 {
    bad as f64 / all.max(1) as f64
}
