//! Numbers per 15-minute interval that repeat, and the people whom shifts with breaks put on the phones.

/// The interval of forecasts, rosters and floors, µs.
pub const INTERVAL_US: i64 = 15 * 60 * 1_000_000;

/// One number per interval, repeating: a day, a week, a year.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile<T> {
    values: Vec<T>,
    origin_us: i64,
}

impl<T: Copy + Default> Profile<T> {
    /// A profile whose first interval begins at the origin.
    pub fn new(values: Vec<T>, origin_us: i64) -> Self {
        Self { values, origin_us }
    }

    /// The same value always.
    pub fn flat(value: T) -> Self {
        Self::new(vec![value], 0)
    }

    /// The value in force at an instant; nothing in an empty profile.
    pub fn at(&self, at_us: i64) -> T {
        let length = i64::try_from(self.values.len()).unwrap_or(i64::MAX);
        if length == 0 {
            return T::default();
        }
        let interval = (at_us - self.origin_us).div_euclid(INTERVAL_US);
        let index = usize::try_from(interval.rem_euclid(length)).unwrap_or(0);
        self.values[index]
    }

    /// The begin of the interval after the one that holds the instant, µs.
    pub fn next_us(&self, at_us: i64) -> i64 {
        let interval = (at_us - self.origin_us).div_euclid(INTERVAL_US);
        self.origin_us + (interval + 1) * INTERVAL_US
    }

    /// The values, one interval after the other.
    pub fn values(&self) -> &[T] {
        &self.values
    }
}

/// Some people away from the phones for whole intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break {
    /// The first interval.
    pub from: usize,
    /// How many intervals.
    pub intervals: usize,
    /// How many of the shift's people at once.
    pub people: u32,
}

/// People at work from one interval to another, half-open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// The first interval.
    pub from: usize,
    /// The first interval after it; beyond the end of the period it goes on at its begin.
    pub to: usize,
    /// How many people.
    pub people: u32,
    /// Their breaks.
    pub breaks: Vec<Break>,
}

/// People on the phones in each interval of a repeating period: those at work less those on a break.
pub fn people_on_phones(shifts: &[Shift], intervals: usize) -> Vec<u32> {
    let mut people = vec![0_u32; intervals];
    if intervals == 0 {
        return people;
    }
    for shift in shifts {
        let length = shift.to.saturating_sub(shift.from).min(intervals);
        for interval in shift.from..shift.from + length {
            let on_break = |b: &&Break| (b.from..b.from + b.intervals).contains(&interval);
            let away: u32 = shift.breaks.iter().filter(on_break).map(|b| b.people).sum();
            people[interval % intervals] += shift.people.saturating_sub(away);
        }
    }
    people
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_go_on_past_midnight_and_breaks_take_people_off() {
        let night = Shift {
            from: 6,
            to: 10,
            people: 3,
            breaks: vec![Break {
                from: 8,
                intervals: 1,
                people: 2,
            }],
        };
        assert_eq!(
            people_on_phones(&[night], 8),
            [1, 3, 0, 0, 0, 0, 3, 3],
            "eight intervals a day: the shift begins at the sixth and ends in the next day's second"
        );
    }

    #[test]
    fn a_profile_repeats_before_and_after_its_origin() {
        let day = Profile::new(vec![1, 2, 3], 5 * INTERVAL_US);
        let read: Vec<u32> = (0..9).map(|n| day.at(n * INTERVAL_US)).collect();
        assert_eq!(read, [2, 3, 1, 2, 3, 1, 2, 3, 1]);
        assert_eq!(day.next_us(5 * INTERVAL_US), 6 * INTERVAL_US);
        assert_eq!(Profile::<u32>::new(Vec::new(), 0).at(7), 0);
    }
}
