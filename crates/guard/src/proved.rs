//! What has been proved once is not proved again.

use segue_parity::rules::SignedRules;
use serde::{Deserialize, Serialize};

/// Evidence at the time when calls last came home by it (ln of the combined e-value); none before that.
///
/// Evidence is never reset, so what brought calls home stays proved. A second return needs as much again: the ratio of an e-value to
/// itself at an earlier time is an e-value from then on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProvedBefore(Option<f64>);

impl ProvedBefore {
    /// Calls came home by this much evidence.
    pub const fn returned(&mut self, log_e: f64) {
        self.0 = Some(log_e);
    }

    /// Whether this much evidence proves harm that was not proved then.
    pub fn is_anew(self, log_e: f64, rules: &SignedRules) -> bool {
        let needed = -rules.alpha().ln();
        self.0.is_none_or(|then| log_e - then >= needed)
    }
}
