//! The transaction table: keyed hash → slab index, fixed size, open addressing.
//!
//! Never rehashes (a growing map stalls for tens of milliseconds). At most half full: the slab's
//! limit is half the slots. A slot holds 64 + 32 hash bits and the index.

/// A transaction's key: a 128-bit keyed hash.
pub(crate) type Key = u128;

/// See the file's head. Slot: `[hash, hash ‖ index]`.
pub(crate) struct Table {
    slots: Vec<[u64; 2]>,
    mask: usize,
}

const INDEX: u64 = 0xffff_ffff;
/// Not zero, so that creating the table touches its memory: no page is faulted in between packets.
const EMPTY: u64 = u64::MAX;

impl Table {
    /// Room for `entries_max` keys.
    pub(crate) fn new(entries_max: u32) -> Self {
        let slots = (entries_max.max(8) as usize * 2).next_power_of_two();
        Self {
            slots: vec![[0, EMPTY]; slots],
            mask: slots - 1,
        }
    }

    fn home(&self, hash: u64) -> usize {
        usize::try_from(hash & self.mask as u64).unwrap_or(0)
    }

    fn split(key: Key) -> (u64, u64) {
        let bytes = key.to_be_bytes();
        let half = |from: usize| {
            bytes[from..from + 8]
                .iter()
                .fold(0, |value: u64, byte| value << 8 | u64::from(*byte))
        };
        (half(0), half(8) & !INDEX)
    }

    fn position(&self, key: Key) -> Option<usize> {
        let (first, second) = Self::split(key);
        let mut at = self.home(first);
        loop {
            let slot = self.slots[at];
            if slot[1] == EMPTY {
                return None;
            }
            if slot[0] == first && slot[1] & !INDEX == second {
                return Some(at);
            }
            at = (at + 1) & self.mask;
        }
    }

    /// The slab index stored under a key.
    pub(crate) fn get(&self, key: Key) -> Option<u32> {
        let at = self.position(key)?;
        u32::try_from(self.slots[at][1] & INDEX).ok()
    }

    /// Stores an index; the caller keeps the number of entries within the limit given to `new`.
    pub(crate) fn insert(&mut self, key: Key, index: u32) {
        let (first, second) = Self::split(key);
        let mut at = self.home(first);
        while self.slots[at][1] != EMPTY {
            at = (at + 1) & self.mask;
        }
        self.slots[at] = [first, second | u64::from(index)];
    }

    /// Forgets a key, closing the gap so that no markers pile up.
    pub(crate) fn remove(&mut self, key: Key) {
        let Some(mut gap) = self.position(key) else {
            return;
        };
        let mut at = gap;
        loop {
            at = (at + 1) & self.mask;
            let slot = self.slots[at];
            if slot[1] == EMPTY {
                break;
            }
            let home = self.home(slot[0]);
            let distance = |from: usize| at.wrapping_sub(from) & self.mask;
            if distance(home) >= distance(gap) {
                self.slots[gap] = slot;
                gap = at;
            }
        }
        self.slots[gap] = [0, EMPTY];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn behaves_like_a_map(steps in proptest::collection::vec((0_u128..40, any::<bool>()), 0..400)) {
            let mut table = Table::new(40);
            let mut map = HashMap::new();
            for (number, (small, insert)) in steps.into_iter().enumerate() {
                // Few homes, so that probes collide and wrap round.
                let key = (small % 3 + 126) << 64 | small << 40;
                if insert && !map.contains_key(&key) {
                    let index = u32::try_from(number).expect("few steps");
                    table.insert(key, index);
                    map.insert(key, index);
                } else {
                    table.remove(key);
                    map.remove(&key);
                }
                for probe in 0_u128..40 {
                    let key = (probe % 3 + 126) << 64 | probe << 40;
                    prop_assert_eq!(table.get(key), map.get(&key).copied());
                }
            }
        }
    }
}
