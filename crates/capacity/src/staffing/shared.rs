//! Agents of several skills: how many of each group it takes so that every call type reaches its own target.
//!
//! No formula knows it, so staffings are simulated, all with the same callers (common random numbers): from what each type would
//! take alone (Erlang), people are added where a target is missed and taken away, or exchanged, while every target holds. The
//! answer is one that no single person less and no cheaper exchange keeps, unless the search was cut short; it is no proof of the least.

use super::agents_needed;
use crate::error::CapacityError;
use crate::load::{HOUR_S, Load, Patience, ServiceTarget};
use crate::simulate::batch::{BATCHES, Estimate, T_95, of_offered};
use crate::simulate::{
    GROUPS_MAX, Group, Load as Arriving, Model, Profile, SKILLS_MAX, Skill, SkillMask, Span, Tally,
    micros, run_by_skill,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Calls simulated of the rarest type.
const CALLS_MIN: f64 = 6_000.0;
/// Calls simulated in all, at most: a rare type beside a frequent one is told less exactly.
const CALLS_MAX: f64 = 600_000.0;
/// Staffings simulated at most.
const TRIES_MAX: u32 = 600;

/// Calls of one type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypeOfCalls {
    /// Its name.
    pub name: String,
    /// How many, how long.
    pub load: Load,
    /// How long callers wait.
    pub patience: Patience,
    /// What was promised.
    pub target: ServiceTarget,
}

/// Agents who take the same types of calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentGroup {
    /// Its name.
    pub name: String,
    /// The types they take.
    pub takes: BTreeSet<String>,
    /// What one of them costs, in any unit that all groups share; at least 1.
    pub cost: u32,
}

/// What one type gets by a staffing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TypeResult {
    /// Its name.
    pub name: String,
    /// Answered in time ÷ offered; the interval is of 95 %.
    pub service_level: f64,
    /// Half the width of that interval.
    pub service_level_within: f64,
    /// Hung up ÷ offered.
    pub abandonment: f64,
    /// Half the width of its interval of 95 %.
    pub abandonment_within: f64,
    /// Calls simulated.
    pub calls: u64,
    /// Agents it would take were nobody shared (Erlang).
    pub alone: u32,
}

/// How many of each group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SharedStaffing {
    /// By group, as asked.
    pub agents: Vec<u32>,
    /// All of them.
    pub together: u32,
    /// Were nobody shared.
    pub apart: u32,
    /// What they cost.
    pub cost: u64,
    /// By type, as asked.
    pub types: Vec<TypeResult>,
    /// Staffings simulated.
    pub tried: u32,
    /// Whether so many were simulated that the search ended before every cheaper exchange was looked at.
    pub cut_short: bool,
}

/// Finds how many of each group it takes. The same seed gives the same answer.
///
/// # Errors
/// A name that stands there twice or nowhere, a type that nobody takes, too many of either, or no staffing found.
pub fn shared_staffing(
    types: &[TypeOfCalls],
    groups: &[AgentGroup],
    seed: u64,
) -> Result<SharedStaffing, CapacityError> {
    let masks = masks(types, groups)?;
    let alone = types
        .iter()
        .map(|t| agents_needed(t.load, t.patience, t.target))
        .collect::<Result<Vec<_>, _>>()?;
    let mut search = Search::new(types, groups, masks, seed);
    let mut best: Option<Vec<u32>> = None;
    // From the groups that take least, and from those that take most: where one search ends is not where the other does.
    for generalists in [false, true] {
        let start = search.start(&alone, generalists);
        let Some(enough) = search.add(start) else {
            continue;
        };
        let found = search.take_away(enough);
        if best
            .as_ref()
            .is_none_or(|b| search.cost(&found) < search.cost(b))
        {
            best = Some(found);
        }
    }
    let Some(agents) = best else {
        return Err(CapacityError::NotFound {
            tried: search.tried,
        });
    };
    Ok(search.answer(agents, &alone))
}

/// By group, the types it takes, and that every type with calls is taken.
fn masks(types: &[TypeOfCalls], groups: &[AgentGroup]) -> Result<Vec<SkillMask>, CapacityError> {
    for (have, max, what) in [
        (types.len(), SKILLS_MAX, "types of calls"),
        (groups.len(), GROUPS_MAX, "groups of agents"),
    ] {
        if have > max {
            return Err(CapacityError::TooMany { what, have, max });
        }
    }
    let mut seen = BTreeSet::new();
    let kinds = types.iter().map(|t| ("type", &t.name));
    let teams = groups.iter().map(|g| ("group", &g.name));
    if let Some((_, name)) = kinds.chain(teams).find(|named| !seen.insert(*named)) {
        return Err(CapacityError::Name(name.clone()));
    }
    if let Some(free) = groups.iter().find(|g| g.cost == 0) {
        return Err(CapacityError::Free(free.name.clone()));
    }
    let mask = |group: &AgentGroup| {
        let skill = |name: &String| {
            let at = types.iter().position(|t| t.name == *name);
            at.and_then(Skill::new)
                .ok_or_else(|| CapacityError::Name(name.clone()))
        };
        group.takes.iter().map(skill).collect()
    };
    let masks = groups
        .iter()
        .map(mask)
        .collect::<Result<Vec<SkillMask>, _>>()?;
    let untaken = types.iter().enumerate().find(|(n, t)| {
        let taken = |mask: &SkillMask| Skill::new(*n).is_some_and(|skill| mask.has(skill));
        t.load.erlangs() > 0.0 && !masks.iter().any(taken)
    });
    match untaken {
        Some((_, t)) => Err(CapacityError::NobodyTakes(t.name.clone())),
        None => Ok(masks),
    }
}

struct Search<'q> {
    types: &'q [TypeOfCalls],
    groups: &'q [AgentGroup],
    masks: Vec<SkillMask>,
    loads: Vec<Arriving>,
    batch_us: i64,
    seed: u64,
    /// What staffings were found to miss, so that none is simulated twice.
    missed: BTreeMap<Vec<u32>, Vec<f64>>,
    tried: u32,
}

impl<'q> Search<'q> {
    fn new(
        types: &'q [TypeOfCalls],
        groups: &'q [AgentGroup],
        masks: Vec<SkillMask>,
        seed: u64,
    ) -> Self {
        let rates = types.iter().map(|t| t.load.calls_per_hour());
        let rarest = rates.clone().filter(|r| *r > 0.0).fold(f64::MAX, f64::min);
        let hours = (CALLS_MIN / rarest).min(CALLS_MAX / rates.sum::<f64>().max(1e-9));
        let batches = f64::from(u32::try_from(BATCHES).unwrap_or(u32::MAX));
        let loads = types.iter().map(|t| Arriving {
            calls_per_hour: Profile::flat(t.load.calls_per_hour()),
            aht_s: t.load.aht_s(),
            patience_s: match t.patience {
                Patience::Endless => f64::INFINITY,
                Patience::Mean { patience_s } => patience_s,
            },
        });
        Self {
            types,
            groups,
            masks,
            loads: loads.collect(),
            batch_us: micros(hours * HOUR_S / batches).max(1),
            seed,
            missed: BTreeMap::new(),
            tried: 0,
        }
    }

    fn takes(&self, group: usize, kind: usize) -> bool {
        Skill::new(kind).is_some_and(|skill| self.masks[group].has(skill))
    }

    fn cost(&self, agents: &[u32]) -> u64 {
        let own = agents.iter().zip(self.groups);
        own.map(|(n, group)| u64::from(*n) * u64::from(group.cost))
            .sum()
    }

    /// What each type takes alone, all of it with the group that takes fewest types, or most.
    fn start(&self, alone: &[u32], generalists: bool) -> Vec<u32> {
        let mut agents = vec![0; self.groups.len()];
        for (kind, need) in alone.iter().enumerate() {
            let able = (0..self.groups.len()).filter(|g| self.takes(*g, kind));
            let breadth = |g: &usize| self.groups[*g].takes.len();
            let own = if generalists {
                able.max_by_key(breadth)
            } else {
                able.min_by_key(breadth)
            };
            if let Some(own) = own {
                agents[own] += need;
            }
        }
        agents
    }

    /// By type, the calls of each batch.
    fn simulate(&self, agents: &[u32]) -> Vec<Vec<Tally>> {
        let staffed = self.masks.iter().zip(agents).map(|(mask, n)| Group {
            skills: *mask,
            on_phones: Profile::flat(*n),
        });
        let model = Model {
            loads: self.loads.clone(),
            groups: staffed.collect(),
        };
        let within_us: Vec<_> = self
            .types
            .iter()
            .map(|t| micros(f64::from(t.target.within_s)))
            .collect();
        let span = Span {
            warm_up_us: self.batch_us,
            batch_us: self.batch_us,
            batches: BATCHES,
            within_us: 0,
        };
        run_by_skill(&model, span, &within_us, self.seed)
    }

    /// By type, how far it is from its target; 0 where it reaches it. Nothing once all tries are used.
    fn shortfall(&mut self, agents: &[u32]) -> Option<Vec<f64>> {
        if let Some(known) = self.missed.get(agents) {
            return Some(known.clone());
        }
        if self.tried == TRIES_MAX {
            return None;
        }
        self.tried += 1;
        let short = |(kind, batches): (&TypeOfCalls, Vec<Tally>)| {
            let [level, abandonment] = estimates(&batches);
            let too_late = kind.target.level() - level.mean;
            // Who waits for ever never hangs up.
            let too_many = abandonment.mean - kind.target.abandonment_max();
            if batches.iter().all(|b| b.offered == 0) {
                return 0.0;
            }
            too_late.max(too_many).max(0.0)
        };
        let short: Vec<_> = self
            .types
            .iter()
            .zip(self.simulate(agents))
            .map(short)
            .collect();
        self.missed.insert(agents.to_vec(), short.clone());
        Some(short)
    }

    fn reaches(&mut self, agents: &[u32]) -> bool {
        let short = self.shortfall(agents);
        short.is_some_and(|short| short.iter().all(|s| *s <= 0.0))
    }

    /// One more where it helps most for its cost, until every target is reached.
    fn add(&mut self, mut agents: Vec<u32>) -> Option<Vec<u32>> {
        loop {
            let short = self.shortfall(&agents)?;
            if short.iter().all(|s| *s <= 0.0) {
                return Some(agents);
            }
            let mut best: Option<(f64, Vec<u32>)> = None;
            for group in 0..agents.len() {
                let helps = |(kind, s): (usize, &f64)| *s > 0.0 && self.takes(group, kind);
                if !short.iter().enumerate().any(helps) {
                    continue;
                }
                let mut more = agents.clone();
                more[group] += 1;
                let left: f64 = self.shortfall(&more)?.iter().sum();
                let gain = short.iter().sum::<f64>() - left;
                let value = gain / f64::from(self.groups[group].cost);
                if best.as_ref().is_none_or(|(b, _)| value > *b) {
                    best = Some((value, more));
                }
            }
            agents = best?.1;
        }
    }

    /// One less, or a cheaper exchange of one for another or of two for one, while every target is reached.
    fn take_away(&mut self, mut agents: Vec<u32>) -> Vec<u32> {
        'again: loop {
            let mut cheaper: Vec<_> = self.neighbours(&agents).collect();
            cheaper.sort_by_key(|other| self.cost(other));
            for other in cheaper {
                if self.reaches(&other) {
                    agents = other;
                    continue 'again;
                }
            }
            return agents;
        }
    }

    /// Staffings that are cheaper: one or two people less, and perhaps one of another group more.
    fn neighbours(&self, agents: &[u32]) -> impl Iterator<Item = Vec<u32>> + use<> {
        let now = self.cost(agents);
        let groups = agents.len();
        let mut found = BTreeSet::new();
        let less = |agents: &[u32], group: usize| {
            let mut fewer = agents.to_vec();
            fewer[group] = fewer[group].checked_sub(1)?;
            Some(fewer)
        };
        for first in 0..groups {
            let Some(one) = less(agents, first) else {
                continue;
            };
            let two = (0..groups).filter_map(|second| less(&one, second));
            let fewer: Vec<_> = std::iter::once(one.clone()).chain(two).collect();
            for staffing in fewer {
                for group in 0..groups {
                    let mut more = staffing.clone();
                    more[group] += 1;
                    found.insert(more);
                }
                found.insert(staffing);
            }
        }
        found.retain(|other| self.cost(other) < now);
        found.into_iter()
    }

    fn answer(&self, agents: Vec<u32>, alone: &[u32]) -> SharedStaffing {
        let simulated = self.simulate(&agents);
        let result = |((kind, batches), alone): ((&TypeOfCalls, &Vec<Tally>), &u32)| {
            let [level, abandonment] = estimates(batches);
            TypeResult {
                name: kind.name.clone(),
                service_level: level.mean,
                service_level_within: T_95 * level.error,
                abandonment: abandonment.mean,
                abandonment_within: T_95 * abandonment.error,
                calls: batches.iter().map(|b| b.offered).sum(),
                alone: *alone,
            }
        };
        let types = self.types.iter().zip(&simulated).zip(alone).map(result);
        SharedStaffing {
            together: agents.iter().sum(),
            apart: alone.iter().sum(),
            cost: self.cost(&agents),
            types: types.collect(),
            tried: self.tried,
            cut_short: self.tried == TRIES_MAX,
            agents,
        }
    }
}

fn estimates(batches: &[Tally]) -> [Estimate; 2] {
    [
        Estimate::of(batches, |b| of_offered(b.answered_within, b)),
        Estimate::of(batches, |b| of_offered(b.abandoned, b)),
    ]
}
