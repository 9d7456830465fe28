//! Names of metrics and the instrument each is judged with; a name that is not here cannot be signed.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How evidence on a metric is weighed (`statistics.md`: two kinds of metric, two kinds of evidence).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instrument {
    /// Per-call rate: whose events were they, given π.
    EventShare,
    /// Per-call mean: inverse-propensity bet.
    InverseShareBet,
    /// Load-driven share: bet on whole blocks against the signed target and the counterfactual.
    BlockBet,
    /// Mix of outcome levels against the concurrent in-house mix in matched strata.
    Drift,
    /// Rare harm against the client's own baseline: cumulative sum.
    Sentinel,
}

/// A metric by its name in contracts, rules and files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", try_from = "String", into = "String")]
pub enum MetricName {
    /// Not with a person within T: late answers and abandonments after S.
    NotWithinThreshold,
    /// Abandoned after S.
    Abandonment,
    /// Never with a person: abandoned after S, or unserved.
    NeverAnswered,
    /// Passed on to somebody else.
    Transfer,
    /// Called again within the episode: counts for the first arm.
    RepeatContact,
    /// A complaint or a near miss.
    Complaint,
    /// Talk + hold + after-call work.
    HandleTime,
    /// The caller's answer, 0–1.
    Satisfaction,
    /// A quality review's score, 0–1.
    QaScore,
    /// Found less urgent than it was, by blinded double re-triage or 24-hour follow-up.
    UnderTriage,
    /// The mix of triage outcome levels.
    DispositionMix,
}

impl MetricName {
    /// All, in the order of the handbook.
    pub const ALL: [Self; 11] = [
        Self::NotWithinThreshold,
        Self::Abandonment,
        Self::NeverAnswered,
        Self::Transfer,
        Self::RepeatContact,
        Self::Complaint,
        Self::HandleTime,
        Self::Satisfaction,
        Self::QaScore,
        Self::UnderTriage,
        Self::DispositionMix,
    ];

    /// The name in rules and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotWithinThreshold => "not_within_threshold",
            Self::Abandonment => "abandonment",
            Self::NeverAnswered => "never_answered",
            Self::Transfer => "transfer",
            Self::RepeatContact => "repeat_contact",
            Self::Complaint => "complaint",
            Self::HandleTime => "handle_time",
            Self::Satisfaction => "satisfaction",
            Self::QaScore => "qa_score",
            Self::UnderTriage => "under_triage",
            Self::DispositionMix => "disposition_mix",
        }
    }

    /// The instrument it is judged with.
    pub const fn instrument(self) -> Instrument {
        match self {
            Self::NotWithinThreshold | Self::Abandonment | Self::NeverAnswered => {
                Instrument::BlockBet
            }
            Self::Transfer | Self::RepeatContact | Self::Complaint => Instrument::EventShare,
            Self::HandleTime | Self::Satisfaction | Self::QaScore => Instrument::InverseShareBet,
            Self::UnderTriage => Instrument::Sentinel,
            Self::DispositionMix => Instrument::Drift,
        }
    }

    /// Whether its values are seconds and not shares.
    pub const fn is_duration(self) -> bool {
        matches!(self, Self::HandleTime)
    }

    /// Whether a value can be one of this metric's: rates 0 or 1, scores 0–1, seconds, or the place of an outcome level.
    pub fn allows(self, value: f64) -> bool {
        match self.instrument() {
            Instrument::InverseShareBet if self.is_duration() => value >= 0.0 && value.is_finite(),
            Instrument::InverseShareBet => (0.0..=1.0).contains(&value),
            Instrument::Drift => (0.0..40.0).contains(&value) && value.fract() == 0.0,
            _ => (0.0..=1.0).contains(&value) && value.fract() == 0.0,
        }
    }

    /// Whether its values are scores, higher being better.
    pub const fn is_score(self) -> bool {
        matches!(self, Self::Satisfaction | Self::QaScore)
    }
}

impl fmt::Display for MetricName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A metric nobody can measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownMetric(String);

impl fmt::Display for UnknownMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = MetricName::ALL.map(MetricName::name).join(", ");
        write!(f, "there is no metric \"{}\"; use one of {names}", self.0)
    }
}

impl std::error::Error for UnknownMetric {}

impl FromStr for MetricName {
    type Err = UnknownMetric;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|metric| metric.name() == text.trim())
            .ok_or_else(|| UnknownMetric(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for MetricName {
    type Error = UnknownMetric;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<MetricName> for String {
    fn from(metric: MetricName) -> Self {
        metric.name().to_owned()
    }
}
