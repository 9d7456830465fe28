//! What was decided in a run, call by call and quarter by quarter: enough to play it again with other chance.

use crate::people::OnPhones;
use crate::setting::HOUR_US;
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

    /// Hours of people on the phones, both centres together, until an instant.
    pub(crate) fn people_hours(&self, to_us: i64) -> u64 {
        let ends = self.staffed.iter().skip(1).map(|(at_us, _)| *at_us);
        let periods = self.staffed.iter().zip(ends.chain([to_us]));
        let people_us = periods.map(|((from_us, people), end_us)| {
            let all = people.home.iter().chain(&people.out);
            all.map(|n| i64::from(*n)).sum::<i64>() * (end_us - from_us)
        });
        u64::try_from(people_us.sum::<i64>() / HOUR_US).unwrap_or(0)
    }

    pub(crate) fn staffed(&self) -> &[(i64, OnPhones)] {
        &self.staffed
    }
}
