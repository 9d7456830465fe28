//! A ratio as it is printed: its value beside its integers.

use segue_parity::kpi;
use serde::Serialize;

/// `numerator / denominator`; no value where nothing was counted. In JSON the value stands beside the integers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ratio {
    /// What is counted.
    pub numerator: u64,
    /// Of how many.
    pub denominator: u64,
}

impl Ratio {
    /// Of two counts.
    pub const fn new(numerator: u64, denominator: u64) -> Self {
        Self {
            numerator,
            denominator,
        }
    }

    /// Its value, 0–1 for shares; nothing of nothing.
    pub fn value(self) -> Option<f64> {
        kpi::Ratio {
            numerator: self.numerator,
            denominator: self.denominator,
        }
        .value()
    }
}

impl Serialize for Ratio {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut fields = serializer.serialize_struct("Ratio", 3)?;
        fields.serialize_field("value", &self.value())?;
        fields.serialize_field("numerator", &self.numerator)?;
        fields.serialize_field("denominator", &self.denominator)?;
        fields.end()
    }
}

/// A count as a real number, exact up to 2⁵³.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts and sums here stay far below 2^53, or are rounded in print"
)]
pub(super) const fn real(count: u64) -> f64 {
    count as f64
}
