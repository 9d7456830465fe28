//! What may go wrong (A32), from where on a trigger fires, and what a person is advised to do.

use serde::{Deserialize, Serialize};

/// What may go wrong.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TriggerKind {
    /// Heartbeat calls fail one after the other: 503, busy, endless ringing, a wrong announcement.
    PathDead,
    /// Calls are offered to the outsourcer and nobody answers any.
    NobodyAnswers,
    /// Every trunk of the outsourcer is down.
    TrunksDown,
    /// The guardrail's verdict is that the move did harm.
    GuardrailFail,
    /// Too few calls are answered in time.
    ServiceLevelCollapse,
    /// Too many callers give up.
    Abandonment,
    /// Calls take longer than the staffing can bear.
    HandleTime,
    /// The outsourcer lost access to the record system.
    RecordAccessLost,
    /// Too few agents are logged in.
    AgentShortfall,
    /// A patient was harmed, or nearly.
    ClinicalHarm,
    /// Ransomware or another attack at the outsourcer.
    CyberIncident,
    /// Weather closes a centre.
    Weather,
    /// Many casualties, a recall, an epidemic.
    Surge,
    /// The parties are in dispute.
    ContractDispute,
    /// Patients' data got out.
    DataBreach,
    /// A strike.
    Strike,
}

impl TriggerKind {
    /// Every kind, in the order of the library.
    pub const ALL: [Self; 16] = [
        Self::PathDead,
        Self::NobodyAnswers,
        Self::TrunksDown,
        Self::GuardrailFail,
        Self::ServiceLevelCollapse,
        Self::Abandonment,
        Self::HandleTime,
        Self::RecordAccessLost,
        Self::AgentShortfall,
        Self::ClinicalHarm,
        Self::CyberIncident,
        Self::Weather,
        Self::Surge,
        Self::ContractDispute,
        Self::DataBreach,
        Self::Strike,
    ];

    /// The kind in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::PathDead => "path dead",
            Self::NobodyAnswers => "nobody answers",
            Self::TrunksDown => "trunks down",
            Self::GuardrailFail => "guardrail fail",
            Self::ServiceLevelCollapse => "service level collapse",
            Self::Abandonment => "abandonment",
            Self::HandleTime => "handle time",
            Self::RecordAccessLost => "record access lost",
            Self::AgentShortfall => "agent shortfall",
            Self::ClinicalHarm => "clinical harm",
            Self::CyberIncident => "cyber incident",
            Self::Weather => "weather",
            Self::Surge => "surge",
            Self::ContractDispute => "contract dispute",
            Self::DataBreach => "data breach",
            Self::Strike => "strike",
        }
    }

    /// Whether it is unambiguous enough to act without a person (§7.1).
    pub fn may_be_automatic(self) -> bool {
        matches!(
            self,
            Self::PathDead | Self::NobodyAnswers | Self::TrunksDown | Self::GuardrailFail
        )
    }
}

/// From where on a trigger fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "measure", rename_all = "snake_case")]
pub enum Threshold {
    /// So many heartbeats in a row failed.
    FailuresInARow {
        /// How many.
        count: u32,
    },
    /// None answered of at least so many offered.
    NoneAnswered {
        /// How many offered.
        offered: u32,
    },
    /// No trunk of the outsourcer is up.
    EveryTrunkDown,
    /// The verdict is Fail.
    VerdictFail,
    /// Less than this part of the offered calls was answered in time.
    AnsweredBelow {
        /// In basis points of the offered calls.
        bp: u32,
    },
    /// More than this part of the callers gave up.
    AbandonedAbove {
        /// In basis points of the offered calls.
        bp: u32,
    },
    /// Handle time above this part of the planned one.
    HandleTimeAbove {
        /// In basis points of the planned handle time: 13,000 is +30 %.
        bp: u32,
    },
    /// Fewer agents than this part of those rostered.
    AgentsBelow {
        /// In basis points of the rostered agents.
        bp: u32,
    },
    /// Somebody presses the button.
    Reported,
}

impl Threshold {
    /// The threshold in words.
    pub fn words(self) -> String {
        let percent = |bp: u32| crate::basis_points::percent(bp.into());
        match self {
            Self::FailuresInARow { count } => format!("{count} heartbeats in a row failed"),
            Self::NoneAnswered { offered } => format!("0 answered of at least {offered} offered"),
            Self::EveryTrunkDown => "every trunk down".into(),
            Self::VerdictFail => "verdict Fail".into(),
            Self::AnsweredBelow { bp } => format!("answered in time below {}", percent(bp)),
            Self::AbandonedAbove { bp } => format!("abandoned above {}", percent(bp)),
            Self::HandleTimeAbove { bp } => format!("handle time above {} of plan", percent(bp)),
            Self::AgentsBelow { bp } => format!("agents below {} of roster", percent(bp)),
            Self::Reported => "button".into(),
        }
    }

    pub(super) fn fits(self, kind: TriggerKind) -> bool {
        use TriggerKind as K;
        match self {
            Self::FailuresInARow { count } => kind == K::PathDead && count > 0,
            Self::NoneAnswered { offered } => kind == K::NobodyAnswers && offered > 0,
            Self::EveryTrunkDown => kind == K::TrunksDown,
            Self::VerdictFail => kind == K::GuardrailFail,
            Self::AnsweredBelow { .. } => kind == K::ServiceLevelCollapse,
            Self::AbandonedAbove { .. } => kind == K::Abandonment,
            Self::HandleTimeAbove { .. } => kind == K::HandleTime,
            Self::AgentsBelow { .. } => kind == K::AgentShortfall,
            Self::Reported => !kind.may_be_automatic(),
        }
    }
}

/// What the person who is alarmed is advised to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// Bring the calls home.
    Fallback,
    /// Lower the share.
    LowerShare,
    /// Take no further step.
    Hold,
    /// Call people in.
    CallIn,
    /// Find out more.
    FindOut,
}

impl Advice {
    /// The advice in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Fallback => "bring the calls home",
            Self::LowerShare => "lower the share",
            Self::Hold => "take no further step",
            Self::CallIn => "call people in",
            Self::FindOut => "find out more",
        }
    }
}
