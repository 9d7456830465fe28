//! The six service-level formulas and the ratios beside them (`domain.md` §2.3), on exact integers.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What was counted over one population of offered calls; every formula reads only this.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// A: offered calls answered by a person.
    pub answered: u64,
    /// B: offered calls the caller left before an answer.
    pub abandoned: u64,
    /// a: answered after a wait of at most the threshold T.
    pub answered_within: u64,
    /// b: abandoned after a wait of at most the threshold T.
    pub abandoned_within: u64,
    /// s: abandoned after a wait shorter than S (S ≤ T), so s ≤ b.
    pub short_abandoned: u64,
}

impl Counts {
    /// Adds another part of the same population.
    pub const fn add(&mut self, other: &Self) {
        self.answered += other.answered;
        self.abandoned += other.abandoned;
        self.answered_within += other.answered_within;
        self.abandoned_within += other.abandoned_within;
        self.short_abandoned += other.short_abandoned;
    }

    /// Calls that reached the human queue: A + B.
    pub const fn offered(&self) -> u64 {
        self.answered + self.abandoned
    }

    /// Abandonment (B − s) / (offered − s).
    pub const fn abandonment(&self) -> Ratio {
        Ratio {
            numerator: self.abandoned.saturating_sub(self.short_abandoned),
            denominator: self.offered().saturating_sub(self.short_abandoned),
        }
    }
}

/// A share with both its integers; zero offered means no value, never 100 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ratio {
    /// Calls that meet the condition.
    pub numerator: u64,
    /// Calls in the population.
    pub denominator: u64,
}

impl Ratio {
    /// The share as a number 0–1, or nothing where nobody was offered.
    pub fn value(self) -> Option<f64> {
        (self.denominator > 0).then(|| float(self.numerator) / float(self.denominator))
    }

    /// Whether the share is at least `numerator`/`denominator`, compared on integers; an empty population is not.
    pub fn at_least(self, numerator: u64, denominator: u64) -> bool {
        self.denominator > 0
            && u128::from(self.numerator) * u128::from(denominator)
                >= u128::from(numerator) * u128::from(self.denominator)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value() {
            Some(value) => {
                write!(
                    f,
                    "{:.2} % ({}/{})",
                    value * 100.0,
                    self.numerator,
                    self.denominator
                )
            }
            None => f.write_str("no value (0 offered)"),
        }
    }
}

/// Which of the trade's service levels is meant; reports print the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ServiceLevelFormula {
    /// (a+b)/(A+B): abandoning within the threshold counts as served. Cisco type 3.
    SlAbandonPositive,
    /// a/A: ignores every abandon and so flatters; for historical imports only.
    SlAnsweredOnly,
    /// a/(A+B): every abandon counts against. Cisco type 2; the default for triage.
    SlAbandonNegative,
    /// a/(A+B−b): abandons within the threshold are left out. Cisco type 1.
    SlAbandonIgnored,
    /// (a+s)/(A+B): short abandons count as served.
    SlShortPositive,
    /// a/(A+B−s): short abandons are left out; common contract wording.
    SlShortExcluded,
}

impl ServiceLevelFormula {
    /// All six, in the order of the handbook.
    pub const ALL: [Self; 6] = [
        Self::SlAbandonPositive,
        Self::SlAnsweredOnly,
        Self::SlAbandonNegative,
        Self::SlAbandonIgnored,
        Self::SlShortPositive,
        Self::SlShortExcluded,
    ];

    /// The name used in contracts, reports and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SlAbandonPositive => "SL_ABANDON_POSITIVE",
            Self::SlAnsweredOnly => "SL_ANSWERED_ONLY",
            Self::SlAbandonNegative => "SL_ABANDON_NEGATIVE",
            Self::SlAbandonIgnored => "SL_ABANDON_IGNORED",
            Self::SlShortPositive => "SL_SHORT_POSITIVE",
            Self::SlShortExcluded => "SL_SHORT_EXCLUDED",
        }
    }

    /// The formula in the handbook's letters, for people.
    pub const fn expression(self) -> &'static str {
        match self {
            Self::SlAbandonPositive => "(a+b)/(A+B)",
            Self::SlAnsweredOnly => "a/A",
            Self::SlAbandonNegative => "a/(A+B)",
            Self::SlAbandonIgnored => "a/(A+B−b)",
            Self::SlShortPositive => "(a+s)/(A+B)",
            Self::SlShortExcluded => "a/(A+B−s)",
        }
    }

    /// The service level of these counts.
    pub const fn ratio(self, counts: &Counts) -> Ratio {
        let (within, offered) = (counts.answered_within, counts.offered());
        let (numerator, denominator) = match self {
            Self::SlAbandonPositive => (within + counts.abandoned_within, offered),
            Self::SlAnsweredOnly => (within, counts.answered),
            Self::SlAbandonNegative => (within, offered),
            Self::SlAbandonIgnored => (within, offered.saturating_sub(counts.abandoned_within)),
            Self::SlShortPositive => (within + counts.short_abandoned, offered),
            Self::SlShortExcluded => (within, offered.saturating_sub(counts.short_abandoned)),
        };
        Ratio {
            numerator,
            denominator,
        }
    }
}

impl fmt::Display for ServiceLevelFormula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A formula name nobody agreed on.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownFormula(String);

impl fmt::Display for UnknownFormula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = ServiceLevelFormula::ALL
            .map(ServiceLevelFormula::name)
            .join(", ");
        write!(
            f,
            "there is no service-level formula \"{}\"; use one of {names}",
            self.0
        )
    }
}

impl std::error::Error for UnknownFormula {}

impl FromStr for ServiceLevelFormula {
    type Err = UnknownFormula;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|formula| formula.name().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| UnknownFormula(text.chars().take(40).collect()))
    }
}

/// Integers to a float, for ratios and means only: exact below 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts and milliseconds stay far below 2^53"
)]
pub(crate) fn float(value: u64) -> f64 {
    value as f64
}

/// A number of calls or days, at least zero, rounded up.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count, at least zero; the cast saturates"
)]
pub(crate) fn whole_up(value: f64) -> u64 {
    value.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use ServiceLevelFormula as F;

    /// T = 20 s, S = 5 s: the handbook's example, printed there to two decimals.
    const EXAMPLE: Counts = Counts {
        answered: 1000,
        abandoned: 60,
        answered_within: 860,
        abandoned_within: 20,
        short_abandoned: 10,
    };

    /// The second vector of §2.3: 70 answered in T, 10 abandoned in T, 20 exceeded (here all answered late).
    const CISCO: Counts = Counts {
        answered: 90,
        abandoned: 10,
        answered_within: 70,
        abandoned_within: 10,
        short_abandoned: 0,
    };

    #[test]
    fn one_number_has_six_values() {
        for (formula, numerator, denominator, percent) in [
            (F::SlAbandonPositive, 880, 1060, "83.02"),
            (F::SlAnsweredOnly, 860, 1000, "86.00"),
            (F::SlAbandonNegative, 860, 1060, "81.13"),
            (F::SlAbandonIgnored, 860, 1040, "82.69"),
            (F::SlShortPositive, 870, 1060, "82.08"),
            (F::SlShortExcluded, 860, 1050, "81.90"),
        ] {
            let ratio = formula.ratio(&EXAMPLE);
            assert_eq!(
                ratio,
                Ratio {
                    numerator,
                    denominator
                },
                "{formula}"
            );
            assert!(ratio.to_string().starts_with(percent), "{formula}: {ratio}");
        }
    }

    #[test]
    fn the_vendors_vector_agrees() {
        for (formula, percent) in [
            (F::SlAbandonIgnored, "77.78"),
            (F::SlAbandonNegative, "70.00"),
            (F::SlAbandonPositive, "80.00"),
        ] {
            assert!(
                formula.ratio(&CISCO).to_string().starts_with(percent),
                "{formula}"
            );
        }
        // The 20 that exceeded may as well have been abandoned late: these three do not change.
        let late_abandons = Counts {
            answered: 70,
            abandoned: 30,
            ..CISCO
        };
        for formula in [
            F::SlAbandonIgnored,
            F::SlAbandonNegative,
            F::SlAbandonPositive,
        ] {
            assert_eq!(
                formula.ratio(&late_abandons),
                formula.ratio(&CISCO),
                "{formula}"
            );
        }
    }

    #[test]
    fn abandonment_leaves_short_abandons_out_of_both_terms() {
        assert_eq!(
            EXAMPLE.abandonment(),
            Ratio {
                numerator: 50,
                denominator: 1050
            }
        );
    }

    #[test]
    fn nobody_offered_is_no_value() {
        for formula in F::ALL {
            assert_eq!(formula.ratio(&Counts::default()).value(), None);
            assert!(!formula.ratio(&Counts::default()).at_least(0, 1));
        }
        // Everybody left at once: the formulas that leave them out have nobody to speak of.
        let gone = Counts {
            abandoned: 4,
            abandoned_within: 4,
            short_abandoned: 4,
            ..Counts::default()
        };
        assert_eq!(F::SlShortExcluded.ratio(&gone).value(), None);
        assert_eq!(F::SlAbandonNegative.ratio(&gone).value(), Some(0.0));
    }

    #[test]
    fn names_are_the_handbooks_in_text_and_in_json() {
        for formula in F::ALL {
            assert_eq!(formula.name().parse(), Ok(formula));
            let json = serde_json::to_string(&formula).unwrap();
            assert_eq!(json, format!("\"{}\"", formula.name()));
        }
        let refused = "SL_BEST".parse::<F>().unwrap_err().to_string();
        assert!(
            refused.contains("SL_BEST") && refused.contains("SL_SHORT_EXCLUDED"),
            "{refused}"
        );
    }
}
