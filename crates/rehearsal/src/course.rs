//! What was decided in a run, call by call and quarter by quarter: enough to play it again with other chance.

use crate::people::OnPhones;
use crate::stage::Side;

/// One bit a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
    length: usize,
}

impl Bits {
    pub(crate) fn push(&mut self, bit: bool) {
        if self.length.is_multiple_of(64) {
            self.words.push(0);
        }
        if let Some(word) = self.words.last_mut() {
            *word |= u64::from(bit) << (self.length % 64);
        }
        self.length += 1;
    }

    pub(crate) fn get(&self, n: usize) -> bool {
        self.words
            .get(n / 64)
            .is_some_and(|word| word >> (n % 64) & 1 == 1)
    }
}

/// Where each call was queued, and who was on the phones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Course {
    out: Bits,
    staffed: Vec<(i64, OnPhones)>,
}

impl Course {
    pub(crate) fn call(&mut self, side: Side) {
        self.out.push(side == Side::Out);
    }

    pub(crate) fn side(&self, call: usize) -> Side {
        if self.out.get(call) {
            Side::Out
        } else {
            Side::Home
        }
    }

    /// Notes who is on the phones from now on; true when it is a change.
    pub(crate) fn staff(&mut self, at_us: i64, people: &OnPhones) -> bool {
        let changed = self.staffed.last().is_none_or(|(_, last)| last != people);
        if changed {
            self.staffed.push((at_us, people.clone()));
        }
        changed
    }

    pub(crate) fn staffed(&self) -> &[(i64, OnPhones)] {
        &self.staffed
    }
}
