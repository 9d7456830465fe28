//! The readiness of one group: now, at its worst until the next acceptance, and told in callers.

use super::demand::{Demand, Needs, POINTS};
use super::keep::{fewest_kept, keep_for, readiness};
use super::people::{Headcount, Horizon, Presence};
use super::{ReadinessTerms, Standing};
use crate::erlang::Queue;
use crate::error::CapacityError;
use crate::load::{Patience, ServiceTarget};
use crate::staffing::agents_needed;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Hang-ups are told in whole callers of a hundred; so many points are enough for that.
const POINTS_OF_HANG_UPS: usize = 20;
/// Points of the forecast by which the worst interval is found.
const POINTS_OF_GLANCE: usize = 40;
/// The most intervals looked ahead: four weeks.
const INTERVALS_MAX: usize = 28 * 96;

/// Who is meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Group {
    /// The centre.
    pub site: String,
    /// The hardest calls they take.
    pub skill: String,
    /// The licence their callers need, where one is needed.
    pub licence: Option<String>,
}

/// One interval of a group: everything the answer is computed from, to be kept with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupInterval {
    /// Its first instant.
    pub start: Timestamp,
    /// What would come home.
    pub demand: Demand,
    /// Patience of the callers.
    pub patience: Patience,
    /// What was promised.
    pub target: ServiceTarget,
    /// Who could be there.
    pub people: Vec<Headcount>,
}

/// The readiness of one interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntervalReadiness {
    /// Its first instant.
    pub start: Timestamp,
    /// R(t, now).
    pub now: f64,
    /// R(t, 15 min).
    pub within_15min: f64,
    /// R(t, 2 h).
    pub within_2h: f64,
    /// R(t, 24 h).
    pub within_24h: f64,
    /// What `now` means.
    pub standing: Standing,
    /// n₀: agents that the expected load needs, which is not readiness.
    pub agents_needed: u32,
    /// N₉₅: active people to keep; none where no number is enough.
    pub keep: Option<u32>,
    /// How many people more, with the usual show-up, would make it ready; none where no number would.
    pub short_of: Option<u32>,
    /// The same in callers.
    pub hang_ups: HangUps,
    /// What it was computed from.
    pub inputs: GroupInterval,
}

/// Readiness told in callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HangUps {
    /// Of the next 100 callers, so many would hang up.
    pub of_next_100: u32,
    /// Call in so many people more.
    pub call_in: u32,
    /// Then it would be so many.
    pub then_of_next_100: u32,
}

/// A group from now to the next acceptance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupReadiness {
    /// Who.
    #[serde(flatten)]
    pub group: Group,
    /// The interval that begins first.
    pub now: IntervalReadiness,
    /// The interval with the lowest R(t, now), the earliest of them.
    pub worst: IntervalReadiness,
}

impl GroupInterval {
    /// Whether everything but the time is the same.
    fn is_like(&self, other: &Self) -> bool {
        self.demand == other.demand
            && self.people == other.people
            && self.patience == other.patience
            && self.target == other.target
    }
}

impl IntervalReadiness {
    /// R now, within 15 minutes, 2 hours and a day, in basis points; rounded down, because 94.999 % is not 95 %.
    pub fn basis_points(&self) -> [u32; 4] {
        [self.now, self.within_15min, self.within_2h, self.within_24h]
            .map(|r| crate::numbers::people_up((10_000.0 * r).floor()))
    }
}

impl HangUps {
    /// `of the next 100 callers, 6 would hang up; call in two more: 2`.
    pub fn words(&self) -> String {
        const WORDS: [&str; 11] = [
            "none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        ];
        let hang_up = format!(
            "of the next 100 callers, {} would hang up",
            self.of_next_100
        );
        if self.call_in == 0 {
            return hang_up;
        }
        let word = WORDS.get(self.call_in as usize);
        let people = word.map_or_else(|| self.call_in.to_string(), |word| (*word).to_owned());
        format!(
            "{hang_up}; call in {people} more: {}",
            self.then_of_next_100
        )
    }
}

/// The readiness of one interval.
///
/// # Errors
/// A figure is no quantity or no probability, or no centre could answer the load.
pub fn interval_readiness(
    interval: &GroupInterval,
    terms: &ReadinessTerms,
) -> Result<IntervalReadiness, CapacityError> {
    let needs = needs_of(interval)?;
    let at = |horizon| -> Result<f64, CapacityError> {
        Ok(readiness(&needs, &Presence::of(&interval.people, horizon)?))
    };
    let now = at(Horizon::Now)?;
    let short_of = fewest_kept(&needs, terms.ready, Horizon::Now, |more| {
        let mut people = interval.people.clone();
        people.push(Headcount::active(more, terms.show_up));
        people
    })?;
    Ok(IntervalReadiness {
        start: interval.start,
        now,
        within_15min: at(Horizon::Within15Min)?,
        within_2h: at(Horizon::Within2H)?,
        within_24h: at(Horizon::Within24H)?,
        standing: terms.standing(now),
        agents_needed: agents_needed(interval.demand.mean()?, interval.patience, interval.target)?,
        keep: keep_for(&needs, terms.show_up, terms.ready)?,
        short_of,
        hang_ups: hang_ups(interval, &needs, terms)?,
        inputs: interval.clone(),
    })
}

fn needs_of(interval: &GroupInterval) -> Result<Needs, CapacityError> {
    let points = interval.demand.points(POINTS)?;
    Needs::of(&points, interval.patience, interval.target)
}

/// Who would hang up, and how many people who surely come would make it ready.
fn hang_ups(
    interval: &GroupInterval,
    needs: &Needs,
    terms: &ReadinessTerms,
) -> Result<HangUps, CapacityError> {
    let presence = Presence::of(&interval.people, Horizon::Now)?;
    let call_in = fewest_kept(needs, terms.ready, Horizon::Now, |more| {
        let mut people = interval.people.clone();
        people.push(Headcount::active(more, 1.0));
        people
    })?;
    let call_in = call_in.unwrap_or(0);
    let points = interval.demand.points(POINTS_OF_HANG_UPS)?;
    let expected = |more: u32| -> u32 {
        let mut sum = 0.0;
        for point in &points {
            let queue = Queue::new(point.load, interval.patience);
            let mut walk = queue.start();
            for (people, probability) in presence.counts() {
                if probability > 1e-9 {
                    let agents = people.saturating_add(more);
                    let outcome = queue.outcome(&mut walk, agents, 0.0);
                    sum += point.weight * probability * outcome.abandonment;
                }
            }
        }
        crate::numbers::people_near(100.0 * sum)
    };
    Ok(HangUps {
        of_next_100: expected(0),
        call_in,
        then_of_next_100: expected(call_in),
    })
}

/// R(t, now) by fewer points: enough to find the worst of many intervals.
fn readiness_at_a_glance(interval: &GroupInterval) -> Result<f64, CapacityError> {
    let points = interval.demand.points(POINTS_OF_GLANCE)?;
    let needs = Needs::of(&points, interval.patience, interval.target)?;
    let presence = Presence::of(&interval.people, Horizon::Now)?;
    Ok(readiness(&needs, &presence))
}

/// A group over the intervals from now to the next acceptance.
///
/// # Errors
/// No interval, more than four weeks of them, or one that cannot be computed.
pub fn group_readiness(
    group: Group,
    intervals: &[GroupInterval],
    terms: &ReadinessTerms,
) -> Result<GroupReadiness, CapacityError> {
    let Some(first) = intervals.first() else {
        return Err(CapacityError::History {
            what: "intervals to judge",
            have: 0,
            need: 1,
        });
    };
    if intervals.len() > INTERVALS_MAX {
        return Err(CapacityError::TooMany {
            what: "intervals",
            have: intervals.len(),
            max: INTERVALS_MAX,
        });
    }
    let mut worst = (f64::INFINITY, first);
    let mut before: Option<(&GroupInterval, f64)> = None;
    for interval in intervals {
        // A flat forecast and a shift of the same people need no second look.
        let alike = before.filter(|(known, _)| known.is_like(interval));
        let now = match alike {
            Some((_, now)) => now,
            None => readiness_at_a_glance(interval)?,
        };
        before = Some((interval, now));
        if now < worst.0 {
            worst = (now, interval);
        }
    }
    Ok(GroupReadiness {
        group,
        now: interval_readiness(first, terms)?,
        worst: interval_readiness(worst.1, terms)?,
    })
}
