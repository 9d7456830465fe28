//! How the calls of a day spread over its quarters of an hour: each weekday's own profile, drawn towards that of all days as far
//! as the data do not contradict it.

use super::history::{DayCounts, SLOTS};
use super::level::index_of;

/// Same weekdays that a profile is learnt from, the newest.
const DAYS_OF_A_WEEKDAY_MAX: usize = 13;
/// A prior heavier than all data: weekdays do not differ.
const PRIOR_MAX: f64 = 1e9;

/// Parts of a day's calls by weekday and quarter of an hour; each day adds up to 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Profiles {
    of_weekday: Vec<[f64; SLOTS]>,
    /// Variance of a quarter's calls beyond Poisson, over its mean squared, when the day's total is known.
    pub(super) variance: f64,
}

impl Profiles {
    /// Learns from usual days, oldest first.
    pub(super) fn learn(days: &[&DayCounts]) -> Self {
        let mut all = [0.0; SLOTS];
        let mut of_weekday = vec![[0.0; SLOTS]; 7];
        let mut seen = [0; 7];
        for day in days.iter().rev() {
            let weekday = index_of(day.date.weekday());
            if seen[weekday] >= DAYS_OF_A_WEEKDAY_MAX {
                continue;
            }
            seen[weekday] += 1;
            for (slot, count) in day.slots.iter().enumerate().take(SLOTS) {
                let count = count.unwrap_or(0.0);
                all[slot] += count;
                of_weekday[weekday][slot] += count;
            }
        }
        let all = parts(&all);
        for own in &mut of_weekday {
            let prior = prior_weight(own, &all);
            for (count, part) in own.iter_mut().zip(&all) {
                *count += prior * part;
            }
            *own = parts(own);
        }
        let mut profiles = Self {
            of_weekday,
            variance: 0.0,
        };
        profiles.variance = profiles.excess(days);
        profiles
    }

    /// The parts of a weekday.
    pub(super) fn of(&self, weekday: jiff::civil::Weekday) -> &[f64; SLOTS] {
        &self.of_weekday[index_of(weekday)]
    }

    fn excess(&self, days: &[&DayCounts]) -> f64 {
        let (mut excess, mut scale) = (0.0, 0.0);
        for day in days {
            let total = day.total();
            for (count, part) in day.slots.iter().zip(self.of(day.date.weekday())) {
                let mean = total * part;
                if let Some(count) = count {
                    excess += (count - mean).powi(2) - mean;
                    scale += mean * mean;
                }
            }
        }
        if scale > 0.0 {
            (excess / scale).max(0.0)
        } else {
            0.0
        }
    }
}

/// Counts as parts of their sum.
fn parts(counts: &[f64; SLOTS]) -> [f64; SLOTS] {
    let sum: f64 = counts.iter().sum();
    if sum > 0.0 {
        counts.map(|c| c / sum)
    } else {
        *counts
    }
}

/// How many calls' worth the common profile counts: a Dirichlet prior whose weight follows from how much further the weekday
/// is from it than chance would take it (moments of the Dirichlet-multinomial).
fn prior_weight(own: &[f64; SLOTS], all: &[f64; SLOTS]) -> f64 {
    let calls: f64 = own.iter().sum();
    let (mut chi_square, mut open) = (0.0, 0.0);
    for (count, part) in own.iter().zip(all).filter(|(_, part)| **part > 0.0) {
        let mean = calls * part;
        if mean > 0.0 {
            chi_square += (count - mean).powi(2) / mean;
            open += 1.0;
        }
    }
    let excess = chi_square / (open - 1.0_f64).max(1.0) - 1.0;
    if excess <= 0.0 {
        return PRIOR_MAX;
    }
    ((calls - 1.0) / excess - 1.0).clamp(0.0, PRIOR_MAX)
}
