//! The floor of a centre as pure code: calls in, agents busy or free, events out. No clock and no socket; time is a
//! parameter in microseconds since any fixed start, so a run is the same on every machine.

use crate::clock::micros;
use crate::dice::{Dice, seconds};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use thiserror::Error;

/// The floor's own number of a call.
pub type CallNumber = u64;

/// Handle time of one call type: log-normal, in unscaled seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HandleTime {
    /// Mean in seconds.
    pub mean_s: f64,
    /// Standard deviation divided by mean (0 = every call equally long).
    pub cv: f64,
}

/// Agents who take the same call types from one first-in-first-out queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// Prefix of the agents' pseudonyms: `A` makes `A-01`, `A-02`, …
    pub name: String,
    /// The call types of this pool; a call type belongs to one pool.
    pub call_types: Vec<String>,
    /// How many people work here.
    pub agents: u32,
}

/// A floor: who works, how long calls take, how fast time runs.
#[derive(Clone, Debug, PartialEq)]
pub struct FloorSettings {
    /// The pools.
    pub pools: Vec<Pool>,
    /// Handle time of every call type of every pool.
    pub handle_times: BTreeMap<String, HandleTime>,
    /// Work after a call before the agent is free again, unscaled seconds.
    pub wrap_up_s: f64,
    /// Calls that may wait in one pool's queue; further ones are turned away.
    pub queue_calls_max: usize,
    /// One second here stands for this many seconds of call-centre time (≥ 1).
    pub acceleration: f64,
    /// Seed of the handle times.
    pub seed: u64,
}

/// Why a floor cannot be set up.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum FloorError {
    /// A call type is listed in two pools.
    #[error("call type `{0}` is in two pools; give it to one of them")]
    TypeInTwoPools(String),
    /// A call type has no handle time.
    #[error("call type `{0}` has no handle time; add its mean and variation")]
    NoHandleTime(String),
    /// A handle time that is not a positive number.
    #[error(
        "the handle time of call type `{0}` must be a positive mean and a variation of 0 or more"
    )]
    BadHandleTime(String),
    /// An acceleration below 1 or not a number.
    #[error("the acceleration {0} must be a number of 1 or more")]
    BadAcceleration(f64),
}

/// What the floor says about a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FloorEvent {
    /// Everyone is busy; the call waits.
    Queued,
    /// A person took the call.
    Answered {
        /// Pseudonym.
        agent: String,
        /// Microseconds since the call arrived.
        wait_us: u64,
    },
    /// The caller left before a person answered.
    Abandoned {
        /// Microseconds since the call arrived.
        wait_us: u64,
    },
    /// A call that was answered is over: the person finished, or the caller hung up.
    Ended {
        /// Pseudonym.
        agent: String,
        /// Microseconds from arrival to answer.
        wait_us: u64,
        /// Microseconds from answer to end.
        talk_us: u64,
    },
}

/// One event of one call at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloorStep {
    /// The call.
    pub call: CallNumber,
    /// When, microseconds since the start.
    pub at_us: u64,
    /// What.
    pub event: FloorEvent,
}

/// Whether a call was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// It waits or talks now.
    Taken,
    /// No pool takes this call type.
    UnknownType,
    /// The queue is full.
    QueueFull,
}

#[derive(Debug)]
struct Seated {
    pool: usize,
    agent: u32,
    wait_us: u64,
    answered_us: u64,
}

#[derive(Debug)]
struct Waiting {
    pool: usize,
    arrived_us: u64,
}

#[derive(Debug)]
struct Desk {
    settings: Pool,
    free: BTreeSet<u32>,
    queue: VecDeque<CallNumber>,
}

/// What falls due: a talk ends, or an agent's wrap-up ends. Ordered by time, then by the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    TalkEnds(CallNumber),
    AgentFree { pool: usize, agent: u32 },
}

/// The floor.
#[derive(Debug)]
pub struct Floor {
    settings: FloorSettings,
    desks: Vec<Desk>,
    waiting: HashMap<CallNumber, Waiting>,
    talking: HashMap<CallNumber, Seated>,
    talk_us: HashMap<CallNumber, u64>,
    due: BTreeSet<(u64, Due)>,
}

impl Floor {
    /// A floor with everyone free.
    pub fn new(settings: FloorSettings) -> Result<Self, FloorError> {
        validate(&settings)?;
        let desks = settings
            .pools
            .iter()
            .map(|pool| Desk {
                settings: pool.clone(),
                free: (1..=pool.agents).collect(),
                queue: VecDeque::new(),
            })
            .collect();
        Ok(Self {
            settings,
            desks,
            waiting: HashMap::new(),
            talking: HashMap::new(),
            talk_us: HashMap::new(),
            due: BTreeSet::new(),
        })
    }

    /// Takes a call of `call_type` that arrived at `arrived_us` and can be served from `now_us` on.
    ///
    /// The call's handle time depends on the seed and its number only, not on who else calls.
    pub fn join(
        &mut self,
        call: CallNumber,
        call_type: &str,
        arrived_us: u64,
        now_us: u64,
        steps: &mut Vec<FloorStep>,
    ) -> Joined {
        self.advance(now_us, steps);
        let serves = |desk: &Desk| {
            desk.settings
                .call_types
                .iter()
                .any(|known| known == call_type)
        };
        let Some(pool) = self.desks.iter().position(serves) else {
            return Joined::UnknownType;
        };
        let Some(handle) = self.settings.handle_times.get(call_type) else {
            return Joined::UnknownType;
        };
        let Some(desk) = self.desks.get_mut(pool) else {
            return Joined::UnknownType;
        };
        if desk.free.is_empty() && desk.queue.len() >= self.settings.queue_calls_max {
            return Joined::QueueFull;
        }
        let drawn_s = Dice::seeded(self.settings.seed, call).lognormal(handle.mean_s, handle.cv);
        self.talk_us
            .insert(call, micros(seconds(drawn_s / self.settings.acceleration)));
        self.waiting.insert(call, Waiting { pool, arrived_us });
        desk.queue.push_back(call);
        let at_once = !desk.free.is_empty();
        if !at_once {
            steps.push(FloorStep {
                call,
                at_us: now_us,
                event: FloorEvent::Queued,
            });
        }
        self.serve(pool, now_us, steps);
        Joined::Taken
    }

    /// The caller hung up: abandoned if waiting, ended if talking, nothing if already over.
    pub fn leave(&mut self, call: CallNumber, now_us: u64, steps: &mut Vec<FloorStep>) {
        self.advance(now_us, steps);
        if let Some(waiting) = self.waiting.remove(&call) {
            self.talk_us.remove(&call);
            if let Some(desk) = self.desks.get_mut(waiting.pool) {
                desk.queue.retain(|queued| *queued != call);
            }
            let wait_us = now_us.saturating_sub(waiting.arrived_us);
            steps.push(FloorStep {
                call,
                at_us: now_us,
                event: FloorEvent::Abandoned { wait_us },
            });
        } else {
            self.end_talk(call, now_us, steps);
        }
    }

    /// When `advance` next has something to do.
    pub fn next_due_us(&self) -> Option<u64> {
        self.due.first().map(|(at_us, _)| *at_us)
    }

    /// Lets everything due up to `now_us` happen, each at its own time.
    pub fn advance(&mut self, now_us: u64, steps: &mut Vec<FloorStep>) {
        while let Some((at_us, due)) = self.due.first().copied().filter(|(at, _)| *at <= now_us) {
            self.due.remove(&(at_us, due));
            match due {
                Due::TalkEnds(call) => self.end_talk(call, at_us, steps),
                Due::AgentFree { pool, agent } => {
                    if let Some(desk) = self.desks.get_mut(pool) {
                        desk.free.insert(agent);
                    }
                    self.serve(pool, at_us, steps);
                }
            }
        }
    }

    /// Calls waiting and calls talking now.
    pub fn load(&self) -> (usize, usize) {
        (self.waiting.len(), self.talking.len())
    }

    fn serve(&mut self, pool: usize, now_us: u64, steps: &mut Vec<FloorStep>) {
        let Some(desk) = self.desks.get_mut(pool) else {
            return;
        };
        while !desk.free.is_empty() {
            let Some(call) = desk.queue.pop_front() else {
                return;
            };
            let Some(agent) = desk.free.pop_first() else {
                return;
            };
            let arrived_us = self.waiting.remove(&call).map_or(now_us, |w| w.arrived_us);
            let wait_us = now_us.saturating_sub(arrived_us);
            let talk_us = self.talk_us.remove(&call).unwrap_or(0);
            self.due
                .insert((now_us.saturating_add(talk_us), Due::TalkEnds(call)));
            self.talking.insert(
                call,
                Seated {
                    pool,
                    agent,
                    wait_us,
                    answered_us: now_us,
                },
            );
            let agent = pseudonym(&desk.settings.name, agent);
            let event = FloorEvent::Answered { agent, wait_us };
            steps.push(FloorStep {
                call,
                at_us: now_us,
                event,
            });
        }
    }

    fn end_talk(&mut self, call: CallNumber, now_us: u64, steps: &mut Vec<FloorStep>) {
        let Some(seated) = self.talking.remove(&call) else {
            return;
        };
        // The caller may have hung up before the planned end.
        self.due.retain(|(_, due)| *due != Due::TalkEnds(call));
        let wrap_up_us = micros(seconds(
            self.settings.wrap_up_s / self.settings.acceleration,
        ));
        let (pool, agent) = (seated.pool, seated.agent);
        self.due.insert((
            now_us.saturating_add(wrap_up_us),
            Due::AgentFree { pool, agent },
        ));
        let name = self
            .desks
            .get(pool)
            .map_or("", |desk| desk.settings.name.as_str());
        let event = FloorEvent::Ended {
            agent: pseudonym(name, agent),
            wait_us: seated.wait_us,
            talk_us: now_us.saturating_sub(seated.answered_us),
        };
        steps.push(FloorStep {
            call,
            at_us: now_us,
            event,
        });
        self.advance(now_us, steps);
    }
}

fn pseudonym(pool: &str, agent: u32) -> String {
    format!("{pool}-{agent:02}")
}

fn validate(settings: &FloorSettings) -> Result<(), FloorError> {
    if !settings.acceleration.is_finite() || settings.acceleration < 1.0 {
        return Err(FloorError::BadAcceleration(settings.acceleration));
    }
    let mut seen = BTreeSet::new();
    for call_type in settings.pools.iter().flat_map(|pool| &pool.call_types) {
        if !seen.insert(call_type) {
            return Err(FloorError::TypeInTwoPools(call_type.clone()));
        }
        let Some(handle) = settings.handle_times.get(call_type) else {
            return Err(FloorError::NoHandleTime(call_type.clone()));
        };
        let sound = handle.mean_s.is_finite() && handle.mean_s > 0.0 && handle.cv.is_finite();
        if !sound || handle.cv < 0.0 {
            return Err(FloorError::BadHandleTime(call_type.clone()));
        }
    }
    Ok(())
}
