//! The evidence on one metric, each with its own instrument, in constant memory.

mod blocks;
mod drift;
mod events;
mod groups;
mod scores;
mod sentinel;

use super::record::{Arm, Counterfactual, Place};
use crate::kpi::{Ratio, float};
use crate::rules::{Instrument, Margin, MetricRule, SignedRules};
pub(super) use scores::trend_run_length;
pub(super) use sentinel::run_length as sentinel_run_length;

use blocks::Blocks;
use drift::Drift;
use events::Events;
pub(super) use groups::GroupReading;
use scores::Scores;
use sentinel::Sentinel;
use serde::{Deserialize, Serialize};

/// What an instrument says at one instant; see [`super::assessment::MetricInputs`] for the fields.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Reading {
    pub(super) weight_of_evidence: u64,
    pub(super) log_e_harm: f64,
    pub(super) log_e_beyond_margin: f64,
    pub(super) log_e_noninferior: f64,
    pub(super) estimate_beyond_margin: bool,
    pub(super) interval: Option<(f64, f64)>,
    pub(super) alarm: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Events(Events),
    Scores(Box<Scores>),
    Blocks(Box<Blocks>),
    Drift(Drift),
    Sentinel(Sentinel),
}

/// One metric's evidence and its plain figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Evidence {
    kind: Kind,
    figures: [Ratio; 2],
    /// Attempts by arm, in the metric's population (numerator) or not.
    exposed: [Ratio; 2],
}

const NOTHING: Ratio = Ratio {
    numerator: 0,
    denominator: 0,
};

impl Evidence {
    pub(super) fn new(rule: &MetricRule, signed: &SignedRules) -> Self {
        let kind = match rule.name.instrument() {
            Instrument::EventShare => Kind::Events(Events::new(rule)),
            Instrument::InverseShareBet => Kind::Scores(Box::new(Scores::new(rule, signed))),
            Instrument::BlockBet => Kind::Blocks(Box::new(Blocks::new(rule, signed.alpha()))),
            Instrument::Drift => Kind::Drift(Drift::new(signed.rules().dispositions.len())),
            Instrument::Sentinel => Kind::Sentinel(Sentinel::default()),
        };
        Self {
            kind,
            figures: [NOTHING; 2],
            exposed: [NOTHING; 2],
        }
    }

    /// An attempt of an arm, which is or is not in the metric's population: who left was never transferred.
    pub(super) fn exposed(&mut self, arm: Arm, in_population: bool) {
        let exposed = &mut self.exposed[arm.index()];
        exposed.numerator += u64::from(in_population);
        exposed.denominator += 1;
    }

    /// One value, in the order of time. `once` answers whether this caller's event may still count.
    pub(super) fn add(
        &mut self,
        place: &Place,
        value: f64,
        margin: Margin,
        once: impl FnOnce() -> bool,
    ) {
        let figure = &mut self.figures[place.arm.index()];
        figure.denominator += 1;
        figure.numerator += whole(value, &self.kind);
        let pi = f64::from(place.pi_bp) / 10_000.0;
        let exposed = self.exposed;
        match &mut self.kind {
            Kind::Events(events) => {
                if value > 0.0 && once() {
                    events.add(share_of_exposed(pi, exposed), place.arm, margin);
                }
            }
            Kind::Scores(scores) => {
                if once() {
                    scores.add(pi, place, value, margin);
                }
            }
            Kind::Blocks(blocks) => blocks.add(place, value > 0.0),
            Kind::Drift(drift) => {
                if once() {
                    drift.add(pi, place.arm, value);
                }
            }
            Kind::Sentinel(sentinel) => sentinel.add(place, value > 0.0, margin),
        }
    }

    /// A block of the counterfactual; false where the metric has none.
    pub(super) fn counterfactual(&mut self, block: &Counterfactual) -> bool {
        match &mut self.kind {
            Kind::Blocks(blocks) => blocks.counterfactual(block),
            _ => false,
        }
    }

    /// What is known of each group of callers; nothing where the metric does not depend on load.
    pub(super) fn groups(&self) -> Vec<GroupReading> {
        match &self.kind {
            Kind::Blocks(blocks) => blocks.groups(),
            _ => Vec::new(),
        }
    }

    /// Whether the counterfactual of each block is to come.
    pub(super) const fn await_counterfactual(&mut self, awaits: bool) {
        if let Kind::Blocks(blocks) = &mut self.kind {
            blocks.await_counterfactual(awaits);
        }
    }

    /// Everything before this instant has been added: whole blocks are bet on.
    pub(super) fn complete(&mut self, until_us: i64) {
        if let Kind::Blocks(blocks) = &mut self.kind {
            blocks.complete(until_us);
        }
    }

    /// The plain figures of an arm.
    pub(super) const fn figure(&self, arm: Arm) -> Ratio {
        self.figures[arm.index()]
    }

    /// What the instrument says; `alpha` is for its interval and its own alarm, alarms count since `since_us`.
    pub(super) fn read(&self, alpha: f64, since_us: i64) -> Reading {
        match &self.kind {
            Kind::Events(events) => events.read(alpha),
            Kind::Scores(scores) => scores.read(alpha, since_us),
            Kind::Blocks(blocks) => blocks.read(),
            Kind::Drift(drift) => drift.read(alpha),
            Kind::Sentinel(sentinel) => sentinel.read(since_us),
        }
    }
}

/// π among the attempts that are in the population: where one centre loses more callers, fewer of its own can have an event.
/// The ratio of both shares so far, shrunk to one while there are few, in steps of a hundredth.
fn share_of_exposed(pi: f64, exposed: [Ratio; 2]) -> f64 {
    const FEW: f64 = 50.0;
    // Told as readings beside the calls, the population is unknown.
    if exposed.iter().any(|exposed| exposed.numerator == 0) {
        return pi;
    }
    let [home, out] = exposed
        .map(|exposed| (float(exposed.numerator) + FEW) / (float(exposed.denominator) + FEW));
    let ratio = (100.0 * out / home).round().max(1.0) / 100.0;
    pi * ratio / (pi * ratio + 1.0 - pi)
}

/// What a value adds to its figure: one bad event, or whole seconds, or a score's whole percent.
fn whole(value: f64, kind: &Kind) -> u64 {
    match kind {
        Kind::Scores(scores) => rounded(scores.whole(value)),
        Kind::Drift(_) => 0,
        _ => u64::from(value > 0.0),
    }
}

/// A float that is known to lie in 0–10⁶, rounded.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range first"
)]
fn rounded(value: f64) -> u64 {
    value.clamp(0.0, 1e6).round() as u64
}
