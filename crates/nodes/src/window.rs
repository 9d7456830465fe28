//! From when until when a node may send out.

/// Half-open, in milliseconds of the node's monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// From here on.
    pub from_ms: u64,
    /// Up to here.
    pub until_ms: u64,
}

impl Window {
    /// Whether a call may go out at the instant.
    pub fn is_open(self, now_ms: u64) -> bool {
        self.from_ms <= now_ms && now_ms < self.until_ms
    }

    /// Milliseconds it stays open; 0 when it is shut.
    pub fn ms_left(self, now_ms: u64) -> u64 {
        if self.is_open(now_ms) {
            self.until_ms - now_ms
        } else {
            0
        }
    }

    /// The same with a new end. Where the old one had passed, the node was cut off: it sends out again only after it has
    /// been well for `healthy_ms`.
    #[must_use]
    pub fn renewed(self, now_ms: u64, until_ms: u64, healthy_ms: u64) -> Self {
        let was_cut_off = self.until_ms > 0 && self.until_ms <= now_ms;
        let is_first = self.until_ms == 0 && until_ms > now_ms;
        let from_ms = if was_cut_off {
            now_ms.saturating_add(healthy_ms)
        } else if is_first {
            now_ms
        } else {
            self.from_ms
        };
        // An end that has passed stays, so that the cut is remembered; an earlier end than the last is no news.
        Self {
            from_ms,
            until_ms: until_ms.max(self.until_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_healed_only_after_a_healthy_while() {
        let first = Window::default().renewed(100, 5_100, 60_000);
        assert!(first.is_open(100) && first.is_open(5_099) && !first.is_open(5_100));
        let longer = first.renewed(3_000, 8_000, 60_000);
        assert!(longer.is_open(3_000) && longer.is_open(7_999));
        // Nothing was heard until 8,000: cut off. From 9,000 it is heard again, without a gap.
        let mut again = longer.renewed(9_000, 14_000, 60_000);
        assert!(!again.is_open(9_000));
        for now_ms in (10_000..69_000).step_by(1_000) {
            again = again.renewed(now_ms, now_ms + 5_000, 60_000);
            assert!(!again.is_open(now_ms), "{now_ms}");
        }
        again = again.renewed(69_000, 74_000, 60_000);
        assert!(again.is_open(69_000));
        assert_eq!(again.ms_left(70_000), 4_000);
    }
}
