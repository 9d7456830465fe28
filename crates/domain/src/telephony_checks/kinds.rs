//! What is checked on every path, and what is measured (A28, §7.14, §7.18).

use crate::testing_terms::TestingTerms;
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident => $words:literal;)*) => {
        /// One check of the pack.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum CheckKind {$(
            $(#[$doc])*
            $name,
        )*}

        impl CheckKind {
            /// The whole pack.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The check in words.
            pub fn words(self) -> &'static str {
                match self { $(Self::$name => $words),* }
            }
        }
    };
}

kinds! {
    /// The number reaches the outsourcer; measured: post-dial delay in ms.
    Reach => "reach";
    /// It rings, not too long; measured: ms.
    RingTime => "ring time";
    /// A person answers.
    Answer => "answer by a person";
    /// The caller's number is shown.
    AniShown => "caller's number shown";
    /// The dialled number is shown.
    DnisShown => "dialled number shown";
    /// Digits arrive.
    Dtmf => "digits";
    /// Both hear each other; measured: MOS × 100.
    TwoWayAudio => "two-way audio";
    /// Hold and back.
    Hold => "hold";
    /// Transfer with both on the line.
    WarmTransfer => "warm transfer";
    /// Three on the line with an interpreter.
    InterpreterConference => "conference with interpreter";
    /// Three on the line with a physician.
    PhysicianConference => "conference with physician";
    /// The caller hears that the call is recorded.
    RecordingAnnouncement => "recording announcement";
    /// A callback shows the client's number.
    CallbackCallerId => "caller ID of callbacks";
    /// Calls at once; measured: calls.
    Concurrency => "calls at once";
    /// Busy is treated, overflow arrives.
    BusyOverflow => "busy and overflow";
    /// No path ends in a mailbox.
    NoVoicemail => "no voicemail";
    /// Calls arrive when a trunk is lost.
    TrunkFailover => "failover on trunk loss";
    /// A call sent out never comes back in.
    LoopDetection => "no loop";
    /// An interpreter is on the line in time; measured: s.
    InterpreterTime => "time to interpreter";
    /// Text telephones and relay services get through.
    TtyRelay => "TTY and relay";
    /// A message reaches the one on call.
    OnCallDelivery => "delivery to on-call";
    /// The auto-answer number for heartbeats answers.
    HeartbeatAnswer => "heartbeat number";
}

/// What a measured value must keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    AtMost(u32),
    AtLeast(u32),
}

impl CheckKind {
    /// The unit of what is measured, where something is.
    pub fn unit(self) -> Option<&'static str> {
        match self {
            Self::Reach | Self::RingTime => Some("ms"),
            Self::TwoWayAudio => Some("MOS × 100"),
            Self::Concurrency => Some("calls"),
            Self::InterpreterTime => Some("s"),
            _ => None,
        }
    }

    /// Whether it cannot pass without a value; the delay and the audio score are known where the carrier tells.
    pub(super) fn needs_value(self) -> bool {
        matches!(
            self,
            Self::RingTime | Self::Concurrency | Self::InterpreterTime
        )
    }

    /// The limit of its value; of calls at once: the baseline's peak with the agreed margin.
    pub(super) fn limit(self, terms: &TestingTerms, calls_min: Option<u32>) -> Option<Limit> {
        match self {
            Self::Reach => Some(Limit::AtMost(terms.post_dial_delay_ms_max)),
            Self::RingTime => Some(Limit::AtMost(terms.ring_ms_max)),
            Self::TwoWayAudio => Some(Limit::AtLeast(terms.mos_x100_min)),
            Self::InterpreterTime => Some(Limit::AtMost(terms.interpreter_s_max)),
            Self::Concurrency => calls_min.map(Limit::AtLeast),
            _ => None,
        }
    }
}

impl Limit {
    pub(super) fn holds(self, value: u32) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }

    pub(super) fn words(self) -> String {
        match self {
            Self::AtMost(most) => format!("at most {most}"),
            Self::AtLeast(least) => format!("at least {least}"),
        }
    }
}
