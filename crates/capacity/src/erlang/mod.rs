//! Erlang B, C and A: one queue, one skill, Poisson arrivals, exponential handling, and callers who wait for ever (C), for an
//! exponential time (A), or not at all (B).
//!
//! Held to 40-digit reference values (`ERLANG_SOURCE.md`), whose names the fields carry. Zero calls, overload, nobody there,
//! and centres of any size are legal; what has no value is `None`, never infinity.

mod loss;
mod quadrature;
mod waiting;

use crate::error::{CapacityError, quantity};
use crate::load::{Load, Patience};
use loss::Loss;
use serde::{Deserialize, Serialize};
use waiting::Waiting;

/// What callers and agents experience in a steady state.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    /// P(wait): every agent is busy when a caller arrives, 0–1.
    pub p_wait: f64,
    /// P(abandon): of all callers offered, 0–1.
    pub p_abandon: f64,
    /// P(abandon within T): of all callers offered, 0–1.
    pub p_abandon_within: f64,
    /// Mean wait of all callers, those who hang up included, in seconds; none where the queue grows without end.
    pub mean_wait_all_s: Option<f64>,
    /// Average speed of answer: mean wait of answered callers, in seconds; none where nobody is answered, or the queue grows.
    pub asa_answered_s: Option<f64>,
    /// Callers waiting, on average; none where the queue grows without end.
    pub mean_queue: Option<f64>,
    /// Part of their time that agents work, 0–1; none where there is nobody.
    pub occupancy: Option<f64>,
    /// The four service levels.
    #[serde(flatten)]
    pub service_level: ServiceLevels,
}

/// The service level by each of its definitions, T being the time promised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ServiceLevels {
    /// Answered within T ÷ offered: `SL_ABANDON_NEGATIVE`, the strict one, which targets mean.
    pub sl_answered_over_offered: f64,
    /// Answered within T ÷ (offered − abandoned within T): `SL_ABANDON_IGNORED`.
    pub sl_excl_short_abandons: Option<f64>,
    /// (Answered within T + abandoned within T) ÷ offered: `SL_ABANDON_POSITIVE`.
    pub sl_within_t_any: f64,
    /// Answered within T ÷ answered: `SL_ANSWERED_ONLY`, which flatters.
    pub sl_answered_over_answered: Option<f64>,
}

impl ServiceLevels {
    /// From the parts of all callers answered in time, gone in time, and gone at all.
    fn of(answered_within: f64, abandoned_within: f64, abandoned: f64) -> Self {
        let share = |whole: f64| (whole > 0.0).then(|| (answered_within / whole).min(1.0));
        Self {
            sl_answered_over_offered: answered_within,
            sl_excl_short_abandons: share(1.0 - abandoned_within),
            sl_within_t_any: (answered_within + abandoned_within).min(1.0),
            sl_answered_over_answered: share(1.0 - abandoned),
        }
    }
}

/// Erlang B: the part of the calls that find every agent busy and go away at once, 0–1.
pub fn erlang_b(load: Load, agents: u32) -> f64 {
    Loss::nobody(load.erlangs()).at(agents).busy
}

/// The whole picture for so many agents, with T = `within_s`: Erlang A where callers lose patience, else Erlang C.
///
/// With zero calls these are the limits as calls become rare: whoever did call would be answered at once.
///
/// # Errors
/// `within_s` is negative or no number.
pub fn performance(
    load: Load,
    patience: Patience,
    agents: u32,
    within_s: f64,
) -> Result<Performance, CapacityError> {
    let within_s = quantity("the time promised", within_s, "seconds")?;
    let queue = Queue::new(load, patience);
    Ok(queue.performance(Loss::nobody(load.erlangs()).at(agents), agents, within_s))
}

/// One queue, whose agents may be varied without starting over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Queue {
    load: Load,
    patience: Patience,
}

/// Erlang B on the way from one number of agents to the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk(Loss);

/// What a target looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// Answered within T ÷ offered.
    pub(crate) service_level: f64,
    /// Abandoned ÷ offered.
    pub(crate) abandonment: f64,
}

impl Queue {
    pub(crate) const fn new(load: Load, patience: Patience) -> Self {
        Self { load, patience }
    }

    /// Where a walk over numbers of agents begins.
    pub(crate) fn start(&self) -> Walk {
        Walk(Loss::nobody(self.load.erlangs()))
    }

    /// What a target asks, with so many agents; the walk goes on from there.
    pub(crate) fn outcome(&self, walk: &mut Walk, agents: u32, within_s: f64) -> Outcome {
        walk.0 = walk.0.at(agents);
        let performance = self.performance(walk.0, agents, within_s);
        Outcome {
            service_level: performance.service_level.sl_answered_over_offered,
            abandonment: performance.p_abandon,
        }
    }

    fn performance(&self, loss: Loss, agents: u32, within_s: f64) -> Performance {
        match self.patience {
            Patience::Endless => self.erlang_c(loss, agents, within_s),
            Patience::Mean { patience_s } if agents == 0 => {
                nobody_there(self.load, patience_s, within_s)
            }
            Patience::Mean { patience_s } if patience_s <= 0.0 || self.load.aht_s() <= 0.0 => {
                self.erlang_b(loss, agents)
            }
            Patience::Mean { patience_s } => self.erlang_a(loss, agents, patience_s, within_s),
        }
    }

    fn erlang_c(&self, loss: Loss, agents: u32, within_s: f64) -> Performance {
        let (n, erlangs, aht_s) = (f64::from(agents), self.load.erlangs(), self.load.aht_s());
        let spare = n - erlangs;
        if agents == 0 || spare <= 0.0 {
            return Performance {
                p_wait: 1.0,
                p_abandon: 0.0,
                p_abandon_within: 0.0,
                mean_wait_all_s: None,
                asa_answered_s: None,
                mean_queue: None,
                occupancy: (agents > 0).then_some(1.0),
                service_level: ServiceLevels::of(0.0, 0.0, 0.0),
            };
        }
        let p_wait = n * loss.busy / (spare + erlangs * loss.busy);
        let late = if aht_s > 0.0 {
            p_wait * (-spare * within_s / aht_s).exp()
        } else {
            0.0
        };
        let asa_s = p_wait * aht_s / spare;
        Performance {
            p_wait,
            p_abandon: 0.0,
            p_abandon_within: 0.0,
            mean_wait_all_s: Some(asa_s),
            asa_answered_s: Some(asa_s),
            mean_queue: Some(asa_s * self.load.calls_per_s()),
            occupancy: Some(erlangs / n),
            service_level: ServiceLevels::of(1.0 - late, 0.0, 0.0),
        }
    }

    fn erlang_a(&self, loss: Loss, agents: u32, patience_s: f64, within_s: f64) -> Performance {
        let (n, aht_s) = (f64::from(agents), self.load.aht_s());
        let (x, y) = (n * patience_s / aht_s, self.load.calls_per_s() * patience_s);
        let waiting = Waiting::new(x, y);
        // P(wait) = EA / (1 − E + EA), each way round so that neither part is rounded away.
        let busy = loss.busy * waiting.weight;
        let p_wait = 1.0 / (1.0 + loss.free / busy);
        let p_at_once = 1.0 / (1.0 + busy / loss.free);
        let within = waiting.within(within_s / patience_s);
        let p_abandon = p_wait * waiting.gives_up;
        let answered = p_at_once + p_wait * (1.0 - waiting.gives_up);
        let mean_wait_s = p_abandon * patience_s;
        let abandoned_within = p_wait * within.given_up;
        Performance {
            p_wait,
            p_abandon,
            p_abandon_within: abandoned_within,
            mean_wait_all_s: Some(mean_wait_s),
            asa_answered_s: (answered > 0.0)
                .then(|| p_wait * waiting.served_wait * patience_s / answered),
            mean_queue: Some(mean_wait_s * self.load.calls_per_s()),
            occupancy: Some((self.load.erlangs() * answered / n).min(1.0)),
            service_level: ServiceLevels::of(
                (p_at_once + p_wait * within.served).min(1.0),
                abandoned_within,
                p_abandon,
            ),
        }
    }

    /// Callers who never wait, or calls that keep nobody: what is not answered at once is gone at once.
    fn erlang_b(&self, loss: Loss, agents: u32) -> Performance {
        Performance {
            p_wait: 0.0,
            p_abandon: loss.busy,
            p_abandon_within: loss.busy,
            mean_wait_all_s: Some(0.0),
            asa_answered_s: (loss.free > 0.0).then_some(0.0),
            mean_queue: Some(0.0),
            occupancy: Some(self.load.erlangs() * loss.free / f64::from(agents)),
            service_level: ServiceLevels::of(loss.free, loss.busy, loss.busy),
        }
    }
}

/// Everybody waits out their patience.
fn nobody_there(load: Load, patience_s: f64, within_s: f64) -> Performance {
    let gone_within = if patience_s > 0.0 {
        -(-within_s / patience_s).exp_m1()
    } else {
        1.0
    };
    Performance {
        p_wait: 1.0,
        p_abandon: 1.0,
        p_abandon_within: gone_within,
        mean_wait_all_s: Some(patience_s),
        asa_answered_s: None,
        mean_queue: Some(patience_s * load.calls_per_s()),
        occupancy: None,
        service_level: ServiceLevels::of(0.0, gone_within, 1.0),
    }
}
