//! One run of a model: Poisson arrivals over a profile, exponential talk and patience, counts per batch.

use super::centre::{Call, Centre, Observer, Skill, SkillMask};
use super::dice::Dice;
use super::profile::Profile;
use super::time::{micros, seconds};

/// Streams of draws, one for each use.
const ARRIVALS: u64 = 0;
const HANDLING: u64 = 1;
const PATIENCE: u64 = 2;

/// The calls of one skill.
#[derive(Clone, Debug)]
pub struct Load {
    /// Calls an hour, by interval.
    pub calls_per_hour: Profile<f64>,
    /// Mean handle time, seconds.
    pub aht_s: f64,
    /// Mean patience, seconds; infinite where nobody hangs up.
    pub patience_s: f64,
}

/// A group of agents with the same skills.
#[derive(Clone, Debug)]
pub struct Group {
    /// Their skills.
    pub skills: SkillMask,
    /// People on the phones, by interval.
    pub on_phones: Profile<u32>,
}

/// A centre and the calls it gets; skill `n` is the `n`th load.
#[derive(Clone, Debug)]
pub struct Model {
    /// The calls, by skill.
    pub loads: Vec<Load>,
    /// The agents.
    pub groups: Vec<Group>,
}

/// How long a run is, and how it is counted.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Nothing is counted before: an empty centre at the start flatters, most of all in overload.
    pub warm_up_us: i64,
    /// Length of one batch.
    pub batch_us: i64,
    /// How many batches follow the warm-up.
    pub batches: usize,
    /// "In time" is up to this wait.
    pub within_us: i64,
}

/// What became of the calls of one batch, by when they arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that reached the queue.
    pub offered: u64,
    /// Taken by an agent.
    pub answered: u64,
    /// Taken within the threshold.
    pub answered_within: u64,
    /// Hung up.
    pub abandoned: u64,
    /// Had to wait at all.
    pub waited: u64,
    /// Waits of all callers, those who hung up too, µs.
    pub wait_us: i64,
}

impl Tally {
    fn count(&mut self, wait_us: i64) {
        self.offered += 1;
        self.waited += u64::from(wait_us > 0);
        self.wait_us += wait_us;
    }

    fn add(&mut self, other: &Self) {
        self.offered += other.offered;
        self.answered += other.answered;
        self.answered_within += other.answered_within;
        self.abandoned += other.abandoned;
        self.waited += other.waited;
        self.wait_us += other.wait_us;
    }
}

struct Counting<'b> {
    span: Span,
    /// By skill: in time is up to this wait.
    within_us: &'b [i64],
    batches: &'b mut [Vec<Tally>],
}

impl Counting<'_> {
    fn batch(&mut self, call: &Call) -> Option<&mut Tally> {
        let since_us = call.at_us - self.span.warm_up_us;
        let index = since_us.checked_div(self.span.batch_us)?;
        let batches = self.batches.get_mut(call.skill.index())?;
        batches
            .get_mut(usize::try_from(index).ok()?)
            .filter(|_| since_us >= 0)
    }
}

impl Observer for Counting<'_> {
    fn answered(&mut self, call: &Call, wait_us: i64, _: usize) {
        let within_us = self.within_us.get(call.skill.index());
        let in_time = within_us.is_some_and(|within_us| wait_us <= *within_us);
        if let Some(batch) = self.batch(call) {
            batch.count(wait_us);
            batch.answered += 1;
            batch.answered_within += u64::from(in_time);
        }
    }

    fn abandoned(&mut self, call: &Call, wait_us: i64) {
        if let Some(batch) = self.batch(call) {
            batch.count(wait_us);
            batch.abandoned += 1;
        }
    }
}

/// Runs the model once. The same seed gives the same counts; two models under one seed meet the same chance.
pub fn run(model: &Model, span: Span, seed: u64) -> Vec<Tally> {
    let within_us = vec![span.within_us; model.loads.len()];
    let by_skill = run_by_skill(model, span, &within_us, seed);
    let mut all = vec![Tally::default(); span.batches];
    for batches in by_skill {
        for (sum, batch) in all.iter_mut().zip(batches) {
            sum.add(&batch);
        }
    }
    all
}

/// The same, skill by skill, each with the wait up to which it is in time instead of the span's.
pub fn run_by_skill(model: &Model, span: Span, within_us: &[i64], seed: u64) -> Vec<Vec<Tally>> {
    let mut batches = vec![vec![Tally::default(); span.batches]; model.loads.len()];
    let length = i64::try_from(span.batches).unwrap_or(i64::MAX);
    let end_us = span
        .warm_up_us
        .saturating_add(span.batch_us.saturating_mul(length));
    let mut counting = Counting {
        span,
        within_us,
        batches: &mut batches,
    };
    drive(model, end_us, seed, &mut counting);
    batches
}

fn drive(model: &Model, end_us: i64, seed: u64, observer: &mut impl Observer) {
    let masks: Vec<_> = model.groups.iter().map(|g| g.skills).collect();
    let mut centre = Centre::new(&masks, 0);
    let mut arrivals = Arrivals::new(model, seed);
    let mut staffed_until_us = i64::MIN;
    while let Some(call) = arrivals.next_call(end_us) {
        while staffed_until_us <= call.at_us {
            staffed_until_us = staff(model, &mut centre, staffed_until_us, observer);
        }
        centre.offer(call, observer);
    }
    centre.drain(observer);
}

/// Puts the people of the interval that begins then on the phones; when the next one begins.
fn staff(model: &Model, centre: &mut Centre, at_us: i64, observer: &mut impl Observer) -> i64 {
    let at_us = at_us.max(0);
    centre.advance(at_us, observer);
    let mut next_us = i64::MAX;
    for (n, group) in model.groups.iter().enumerate() {
        centre.set_on_phones(n, group.on_phones.at(at_us), observer);
        next_us = next_us.min(group.on_phones.next_us(at_us));
    }
    next_us
}

struct Arrivals<'m> {
    model: &'m Model,
    rates_per_us: Vec<f64>,
    until_us: i64,
    now_us: i64,
    arriving: Dice,
    handling: Dice,
    patience: Dice,
    tag: u32,
}

impl<'m> Arrivals<'m> {
    fn new(model: &'m Model, seed: u64) -> Self {
        Self {
            model,
            rates_per_us: vec![0.0; model.loads.len()],
            until_us: 0,
            now_us: 0,
            arriving: Dice::seeded(seed, ARRIVALS),
            handling: Dice::seeded(seed, HANDLING),
            patience: Dice::seeded(seed, PATIENCE),
            tag: 0,
        }
    }

    fn next_call(&mut self, end_us: i64) -> Option<Call> {
        loop {
            let total: f64 = self.rates_per_us.iter().sum();
            // The gap is drawn anew at each interval's begin: Poisson arrivals have no memory.
            let at_us = if total > 0.0 {
                let gap = self.arriving.exponential(1.0 / total);
                self.now_us.saturating_add(micros(gap / 1e6))
            } else {
                i64::MAX
            };
            if at_us < self.until_us {
                self.now_us = at_us;
                break;
            }
            self.now_us = self.until_us;
            if self.now_us >= end_us {
                return None;
            }
            self.enter_interval();
        }
        if self.now_us >= end_us {
            return None;
        }
        let skill = self.draw_skill();
        let load = &self.model.loads[skill];
        self.tag = self.tag.wrapping_add(1);
        let patience = self.patience.exponential(1.0);
        Some(Call {
            at_us: self.now_us,
            handle_us: micros(self.handling.exponential(load.aht_s)),
            patience_us: if load.patience_s.is_finite() {
                micros(patience * load.patience_s)
            } else {
                i64::MAX
            },
            skill: Skill::new(skill)?,
            tag: self.tag,
        })
    }

    fn enter_interval(&mut self) {
        self.until_us = i64::MAX;
        for (rate, load) in self.rates_per_us.iter_mut().zip(&self.model.loads) {
            let hour_us = 3600.0 * 1e6;
            *rate = load.calls_per_hour.at(self.now_us) / hour_us;
            self.until_us = self.until_us.min(load.calls_per_hour.next_us(self.now_us));
        }
    }

    fn draw_skill(&mut self) -> usize {
        let rates = &self.rates_per_us;
        if rates.len() == 1 {
            return 0;
        }
        let mut left = self.arriving.unit() * rates.iter().sum::<f64>();
        for (skill, rate) in rates.iter().enumerate() {
            left -= rate;
            if left <= 0.0 {
                return skill;
            }
        }
        // Rounding left a crumb: the last skill that has calls.
        rates.iter().rposition(|rate| *rate > 0.0).unwrap_or(0)
    }
}

impl Tally {
    /// Mean wait of all callers, seconds.
    pub fn mean_wait_s(&self) -> f64 {
        seconds(self.wait_us) / super::time::count(self.offered.max(1))
    }
}
