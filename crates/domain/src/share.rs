//! Traffic shares: whole numbers 0–100 at the surface, basis points inside (A17).

use crate::refusal::{Code, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A share as somebody typed it; only `parse` makes it a [`TrafficShare`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct ShareInput(#[schemars(with = "u8")] pub Value);

/// The part of a chunk's callers who go to the outsourcer, in basis points (0–10,000).
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct TrafficShare(u16);

impl TrafficShare {
    /// Every call at home.
    pub const HOME: Self = Self(0);

    /// From whole percent; `None` above 100.
    pub fn from_percent(percent: u8) -> Option<Self> {
        (percent <= 100).then(|| Self(u16::from(percent) * 100))
    }

    /// Basis points, 0–10,000: a caller whose bucket is below goes out.
    pub fn basis_points(self) -> u16 {
        self.0
    }

    /// Whole percent, 0–100.
    pub fn percent(self) -> u8 {
        u8::try_from(self.0 / 100).unwrap_or(100)
    }

    /// Whether any call goes out.
    pub fn is_out(self) -> bool {
        self.0 > 0
    }
}

impl ShareInput {
    /// A whole percent.
    pub fn percent(percent: u8) -> Self {
        Self(Value::from(percent))
    }

    /// The share, or `SHARE_OUT_OF_RANGE` for anything but a whole number 0–100 written in digits.
    pub fn parse(&self) -> Result<TrafficShare, Refusal> {
        let typed = match &self.0 {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let digits =
            !typed.is_empty() && typed.len() <= 3 && typed.bytes().all(|b| b.is_ascii_digit());
        digits
            .then(|| typed.parse::<u8>().ok())
            .flatten()
            .and_then(TrafficShare::from_percent)
            .ok_or_else(|| {
                Refusal::new(Code::ShareOutOfRange)
                    .missing(format!("a whole number 0–100 instead of `{typed}`"))
                    .how("say the share as a whole percent, for example 20")
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_percents_are_shares() {
        for good in ["0", "20", "\"100\""] {
            let input: ShareInput = serde_json::from_str(good).unwrap();
            assert!(input.parse().is_ok(), "{good}");
        }
        for bad in [
            "110",
            "-5",
            "33.3",
            "\"twenty\"",
            "\"1e2\"",
            "1e2",
            "null",
            "[]",
            "256",
            "\"\"",
        ] {
            let input: ShareInput = serde_json::from_str(bad).unwrap();
            assert_eq!(
                input.parse().unwrap_err().code,
                Code::ShareOutOfRange,
                "{bad}"
            );
        }
    }
}
