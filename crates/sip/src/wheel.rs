//! The timer wheel: 4,096 buckets of 10 ms, lazy entries.
//!
//! A call keeps its own deadlines; the wheel only wakes it no later than the earliest. An entry whose
//! call has gone or moved its deadline back is noticed when it comes up, never searched for.

/// Length of one bucket, in microseconds.
pub(crate) const TICK_US: u64 = 10_000;
const BUCKETS: usize = 4_096;

/// Whom to wake: slab index and generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wake {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// See the file's head.
pub(crate) struct Wheel {
    buckets: Vec<Vec<Wake>>,
    /// The next tick to come up.
    tick: u64,
}

impl Wheel {
    pub(crate) fn new(now_us: u64) -> Self {
        Self {
            buckets: vec![Vec::new(); BUCKETS],
            tick: now_us / TICK_US,
        }
    }

    /// Wakes at the first tick not before `at_us`; later than one turn (41 s), after one turn. While
    /// the wheel catches up after a stall, its turn ends earlier than the clock's would. Returns when.
    pub(crate) fn schedule(&mut self, at_us: u64, wake: Wake) -> u64 {
        let tick = at_us
            .div_ceil(TICK_US)
            .clamp(self.tick, self.tick + BUCKETS as u64 - 1);
        self.bucket(tick).push(wake);
        tick * TICK_US
    }

    /// The next bucket that is due at `now_us`; `None` when time is caught up. Give it back with
    /// [`Self::recycle`].
    pub(crate) fn take_due(&mut self, now_us: u64) -> Option<Vec<Wake>> {
        while self.tick <= now_us / TICK_US {
            let tick = self.tick;
            self.tick += 1;
            let bucket = self.bucket(tick);
            if !bucket.is_empty() {
                return Some(std::mem::take(bucket));
            }
        }
        None
    }

    /// Keeps the memory of a bucket that was taken last.
    pub(crate) fn recycle(&mut self, mut bucket: Vec<Wake>) {
        bucket.clear();
        let home = self.bucket(self.tick + BUCKETS as u64 - 1);
        if home.is_empty() {
            *home = bucket;
        }
    }

    fn bucket(&mut self, tick: u64) -> &mut Vec<Wake> {
        let at = usize::try_from(tick % BUCKETS as u64).unwrap_or(0);
        &mut self.buckets[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wakes_once_and_not_early() {
        let mut wheel = Wheel::new(1_000_000);
        let wake = Wake {
            index: 3,
            generation: 1,
        };
        wheel.schedule(1_500_001, wake);
        assert_eq!(wheel.take_due(1_500_000), None);
        assert_eq!(wheel.take_due(1_510_000), Some(vec![wake]));
        assert_eq!(wheel.take_due(90_000_000), None);
    }

    #[test]
    fn a_deadline_beyond_one_turn_comes_up_after_one_turn() {
        let mut wheel = Wheel::new(0);
        wheel.schedule(
            100_000_000,
            Wake {
                index: 0,
                generation: 0,
            },
        );
        assert_eq!(wheel.take_due(40_940_000), None);
        assert!(wheel.take_due(40_950_000).is_some());
    }
}
