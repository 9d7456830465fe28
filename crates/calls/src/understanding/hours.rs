//! When the calls of a type come: the hours of weekdays and of weekends that hold nearly all of them.

use serde::Serialize;

/// The hours hold at least so much of the calls, percent: a stray call at night makes no night line.
pub const HOLD_PERCENT: u64 = 98;
/// Calls of weekends (or weekdays) below this part of all are strays, percent.
const STRAY_PERCENT: u64 = 1;

/// Hours of the wall clock, from the start of one up to the start of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Hours {
    /// The first hour, 0 to 23.
    pub from_hour: usize,
    /// The hour after the last, 1 to 24.
    pub to_hour: usize,
}

/// When the calls of a type come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TypeHours {
    /// Monday to Friday; nothing where hardly any come.
    pub weekdays: Option<Hours>,
    /// Saturday and Sunday.
    pub weekends: Option<Hours>,
}

/// Calls by hour, weekdays and weekends apart.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HourCounts {
    weekdays: [u64; 24],
    weekends: [u64; 24],
}

impl HourCounts {
    pub(super) fn add(&mut self, weekday: usize, hour: usize) {
        let part = if weekday >= 5 {
            &mut self.weekends
        } else {
            &mut self.weekdays
        };
        if let Some(count) = part.get_mut(hour) {
            *count += 1;
        }
    }

    pub(super) fn hours(&self) -> TypeHours {
        let all: u64 = self.weekdays.iter().chain(&self.weekends).sum();
        let part = |counts: &[u64; 24]| {
            let calls: u64 = counts.iter().sum();
            let stray = calls.saturating_mul(100) < all.saturating_mul(STRAY_PERCENT);
            (calls > 0 && !stray).then(|| shortest(counts, calls))
        };
        TypeHours {
            weekdays: part(&self.weekdays),
            weekends: part(&self.weekends),
        }
    }
}

/// The shortest run of hours that holds nearly all calls; of several, the fullest, then the first.
fn shortest(counts: &[u64; 24], calls: u64) -> Hours {
    let held = |from: usize, to: usize| counts[from..to].iter().sum::<u64>();
    let enough = |held: u64| held.saturating_mul(100) >= calls.saturating_mul(HOLD_PERCENT);
    for length in 1..24 {
        let best = (0..=24 - length)
            .map(|from| (held(from, from + length), std::cmp::Reverse(from)))
            .max();
        if let Some((most, std::cmp::Reverse(from))) = best
            && enough(most)
        {
            return Hours {
                from_hour: from,
                to_hour: from + length,
            };
        }
    }
    Hours {
        from_hour: 0,
        to_hour: 24,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stray_call_makes_no_night_line_and_an_even_day_is_all_of_it() {
        let mut counts = HourCounts::default();
        for hour in 8..18 {
            (0..20).for_each(|_| counts.add(2, hour));
        }
        counts.add(1, 3);
        counts.add(6, 11);
        let office = Hours {
            from_hour: 8,
            to_hour: 18,
        };
        let expected = TypeHours {
            weekdays: Some(office),
            weekends: None,
        };
        assert_eq!(counts.hours(), expected);
        let mut even = HourCounts::default();
        (0..24).for_each(|hour| even.add(5, hour));
        let day = even.hours().weekends.unwrap();
        assert_eq!((day.from_hour, day.to_hour), (0, 24));
        assert_eq!(HourCounts::default().hours(), TypeHours::default());
    }
}
