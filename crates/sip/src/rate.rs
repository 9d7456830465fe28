//! A cap on the messages of each source, kept in fixed memory: one flood must not cost the others.
//!
//! The generic cell rate algorithm: each source has the time at which its next message would be on
//! schedule, and may be ahead of it by one second's worth.

use crate::branch::Keys;
use std::net::IpAddr;
use std::num::NonZeroU32;

const SLOTS: usize = 8_192;
/// Places looked at before the most idle one is taken over.
const PROBES: usize = 8;
const SECOND_US: u64 = 1_000_000;

#[derive(Clone, Copy)]
struct Slot {
    source: u128,
    /// In 1/1024 µs, so that any rate up to a thousand a millisecond is exact enough.
    due: u64,
}

/// See the file's head.
pub(crate) struct SourceRates {
    slots: Vec<Slot>,
    step: u64,
}

impl SourceRates {
    /// At most this many messages a second from one address.
    pub(crate) fn new(per_s: NonZeroU32) -> Self {
        Self {
            slots: vec![Slot { source: 0, due: 0 }; SLOTS],
            step: (SECOND_US << 10) / u64::from(per_s.get()),
        }
    }

    /// Whether one more message of this source may be read now.
    pub(crate) fn admit(&mut self, now_us: u64, source: IpAddr, keys: &Keys) -> bool {
        let bits = match source {
            IpAddr::V4(four) => four.to_ipv6_mapped().to_bits(),
            IpAddr::V6(six) => six.to_bits(),
        };
        let now = now_us << 10;
        let home = keys.digest(5, &[&bits.to_be_bytes()]) % (SLOTS as u128);
        let home = usize::try_from(home).unwrap_or(0);
        let places = (0..PROBES).map(|step| (home + step) % SLOTS);
        let known = places.clone().find(|at| self.slots[*at].source == bits);
        let at = known.or_else(|| places.min_by_key(|at| self.slots[*at].due));
        let slot = &mut self.slots[at.unwrap_or(home)];
        if slot.source != bits {
            *slot = Slot {
                source: bits,
                due: now,
            };
        }
        if slot.due > now + (SECOND_US << 10) {
            return false;
        }
        slot.due = slot.due.max(now) + self.step;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_to_its_rate_and_a_neighbour_is_not() {
        let keys = Keys::new(&[1; 32]);
        let mut rates = SourceRates::new(NonZeroU32::new(100).expect("not zero"));
        let (loud, quiet) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let mut admitted = 0;
        for ms in 0..10_000_u64 {
            for _ in 0..10 {
                admitted += usize::from(rates.admit(ms * 1_000, loud, &keys));
            }
            if ms % 100 == 0 {
                assert!(rates.admit(ms * 1_000, quiet, &keys));
            }
        }
        // A second's worth at once, then a hundred a second.
        assert!((1_090..=1_110).contains(&admitted), "{admitted}");
    }
}
