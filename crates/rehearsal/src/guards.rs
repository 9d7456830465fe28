//! The guards: the sequential evidence that judges on the line, told each call of the rehearsal once (`statistics.md`, Verdicts).
//!
//! Rules come from the signed terms as they do there (`segue_guard::rules`). "Had we not moved" is the same calls with the same chance
//! and everybody at home: what a simulator estimates on the line is known here.

use crate::course::Course;
use crate::director::Assigned;
use crate::floors::{self, Floor};
use crate::play;
use crate::setting::Setting;
use crate::stage::{Ended, Side};
use crate::todo::Todo;
use segue_domain::Transition;
use segue_domain::chunks::{Chunk, ChunkState};
use segue_domain::ids::ChunkId;
use segue_parity::guard::Situation;
use segue_parity::guard::record::{
    Arm, Beat, Call, Counterfactual, FeedId, MetricId, Outcome, Place, Reading, StratumId,
};
use segue_parity::guard::{Guard, Record, Verdict};
use segue_parity::rules::{MetricName, MetricRule, Role};
use std::collections::BTreeMap;

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
    /// Combined ln e when the chunk last came home: what was proved then is not proved again.
    returned_at: Option<f64>,
    last: f64,
    had_we_not_moved: Blocks,
    shown: Shown,
}

/// Bad calls and all, by metric and begin of the block.
type Blocks = BTreeMap<(MetricId, i64), [u64; 2]>;

/// All guards of a run.
pub(crate) struct Guards<'a> {
    setting: &'a Setting,
    watched: Vec<Watched>,
    /// Where each call belongs that has not left its queue.
    open: BTreeMap<usize, (usize, Place)>,
    /// Handle times are known when calls are over.
    over: Todo<(usize, Reading)>,
}

impl<'a> Guards<'a> {
    /// Over the numbers of each chunk. A chunk without rules is judged by its floors alone.
    pub(crate) fn new(
        setting: &'a Setting,
        (still, replication): (&Course, u64),
        t: &Transition,
        chunks: impl Iterator<Item = (ChunkId, Vec<usize>)>,
    ) -> Self {
        let watched = chunks.filter_map(|(chunk, routes)| {
            let rules = segue_guard::rules(t, t.chunk(&chunk)?).ok()?;
            Some(Watched {
                chunk,
                routes,
                guard: Guard::new(rules),
                epoch: 0,
                returned_at: None,
                last: 0.0,
                had_we_not_moved: Blocks::new(),
                shown: Shown::default(),
            })
        });
        let mut watched: Vec<_> = watched.collect();
        play::each(setting, still, replication, |ended| {
            let route = usize::from(setting.calls[ended.call].route);
            let own = watched.iter_mut().filter(|w| w.routes.contains(&route));
            own.for_each(|w| w.lived(&ended));
        });
        Self {
            setting,
            watched,
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
                watched.returned_at = Some(watched.last);
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
        let wait_ms = u32::try_from(ended.wait_us / 1_000).unwrap_or(u32::MAX);
        let key = u64::try_from(ended.call).unwrap_or(u64::MAX);
        let answered_by = match ended.side {
            Side::Home => Arm::InHouse,
            Side::Out => Arm::Outsourced,
        };
        let _ = guard.observe(&Record::Call(Call {
            key,
            place,
            outcome: outcome(ended, wait_ms),
            answered_by: (!ended.abandoned).then_some(answered_by),
            handle_ms: None,
            transferred: None,
            disposition: None,
        }));
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
        for watched in &mut self.watched {
            let chunk = t.chunk(&watched.chunk);
            if let Some(chunk) = chunk.filter(|c| c.is_out() && c.state != ChunkState::Closed)
                && let Some(metric) = watched.look(chunk, now_us)
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

fn outcome(ended: &Ended, wait_ms: u32) -> Outcome {
    if ended.abandoned {
        Outcome::Abandoned { wait_ms }
    } else {
        Outcome::Answered { wait_ms }
    }
}

fn block_of(rule: &MetricRule, at_us: i64) -> i64 {
    let block_us = i64::from(rule.block_min.unwrap_or(1_440)) * 60_000_000;
    at_us.div_euclid(block_us) * block_us
}

impl Watched {
    /// One call of the life without a move.
    fn lived(&mut self, ended: &Ended) {
        let rules = self.guard.rules().rules();
        for name in [MetricName::NotWithinThreshold, MetricName::Abandonment] {
            let Some(metric) = rules.metric(name) else {
                continue;
            };
            let rule = &rules.metrics[usize::from(metric.0)];
            let over = |seconds: u32| ended.wait_us > i64::from(seconds) * 1_000_000;
            if ended.abandoned && ended.wait_us < i64::from(rule.short_abandon_s) * 1_000_000 {
                continue;
            }
            let late = name == MetricName::NotWithinThreshold && over(rule.threshold_s);
            let block = (metric, block_of(rule, ended.at_us));
            let [bad, all] = self.had_we_not_moved.entry(block).or_default();
            *bad += u64::from(ended.abandoned || late);
            *all += 1;
        }
    }

    /// The metric that speaks for coming home now, where one does and it is proved anew.
    fn look(&mut self, chunk: &Chunk, now_us: i64) -> Option<MetricName> {
        let guard = &mut self.guard;
        // Before its block is closed, each guard knows what it would have been.
        for ((metric, at_us), [bad, all]) in &self.had_we_not_moved {
            if *at_us <= now_us && *all > 0 {
                let _ = guard.observe(&Record::Counterfactual(Counterfactual {
                    metric: *metric,
                    at_us: *at_us,
                    bad_share: share(*bad, *all),
                }));
            }
        }
        self.had_we_not_moved
            .retain(|(_, at_us), _| *at_us > now_us);
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
        self.last = assessment.inputs.log_e_combined;
        if assessment.verdict == Verdict::Pass {
            self.shown.passed.get_or_insert(now_us);
        }
        let needed = -guard.rules().alpha().ln();
        let anew = self
            .returned_at
            .is_none_or(|then| self.last - then >= needed);
        let failed = assessment
            .metrics
            .iter()
            .find(|m| m.role == Role::Guardrail && m.verdict == Verdict::Fail)
            .filter(|_| anew)?;
        self.shown.worse.get_or_insert(now_us);
        Some(failed.name)
    }
}

#[expect(clippy::cast_precision_loss, reason = "calls of one block")]
fn share(bad: u64, all: u64) -> f64 {
    bad as f64 / all.max(1) as f64
}
