//! What the outsourcer's calls prove so far: the figures that the capacity gate and the acceptance are asked with.

use crate::people::whole;

/// Calls at the outsourcer, counted since some instant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Evidence {
    /// Answered or hung up.
    pub(crate) offered: u64,
    pub(crate) answered: u64,
    pub(crate) answered_within: u64,
    pub(crate) abandoned: u64,
    /// Calls sent there, and the sum of their handle times as parts of what the client takes for them.
    pub(crate) handled: u32,
    pub(crate) handle_factors: f64,
}

impl Evidence {
    /// Counted after an earlier state of the same counters.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            offered: self.offered - before.offered,
            answered: self.answered - before.answered,
            answered_within: self.answered_within - before.answered_within,
            abandoned: self.abandoned - before.abandoned,
            handled: self.handled - before.handled,
            handle_factors: self.handle_factors - before.handle_factors,
        }
    }

    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            offered: self.offered + other.offered,
            answered: self.answered + other.answered,
            answered_within: self.answered_within + other.answered_within,
            abandoned: self.abandoned + other.abandoned,
            handled: self.handled + other.handled,
            handle_factors: self.handle_factors + other.handle_factors,
        }
    }

    /// The handle time where the client takes so long; the client's own where there is no call yet.
    pub(crate) fn aht_s(self, of_client_s: u32) -> u32 {
        if self.handled == 0 {
            return of_client_s;
        }
        let factor = self.handle_factors / f64::from(self.handled);
        whole((f64::from(of_client_s) * factor).round())
    }
}
