//! What a line of a script asks for, once it has been read.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use segue_domain::acceptance::Verdict;
use segue_domain::gates::GateLeg;
use segue_domain::ids::ChunkId;
use segue_domain::ladder::Rung;
use segue_domain::{Actor, Code};

/// One step.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Brings the world into a state, by as many commands as that takes.
    Given(Given),
    /// One command, or time.
    When(Act),
    /// A comparison with what is so.
    Then(Check),
}

/// A state to start from.
#[derive(Clone, Debug)]
pub(crate) enum Given {
    Fixture,
    AccountManager,
    DiscoveryOpen { open: usize },
    Discovered,
    PlanAtVersion(u32),
    PlanAgreed,
    RampAgreed { chunk: ChunkId, shares: Vec<u8> },
    Ready(ChunkId),
    Live { chunk: ChunkId, percent: u8 },
    Accepted(ChunkId),
    Closed(ChunkId),
}

/// Something that happens.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Pass(SignedDuration),
    Clock(Timestamp),
    Window {
        window: String,
        zone: String,
        on: Date,
    },
    SentAgain,
    BothApprove,
    Proved(ChunkId),
    By(Actor, Deed),
}

/// What one person asks for.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    CreateRanked {
        call_type: String,
        rung: Rung,
    },
    NameAccountManager(String),
    RemoveAccountManager,
    OpenDiscovery,
    CompleteItem(String),
    SignDiscovery,
    ProposePlan(Vec<Change>),
    SignPlan(u32),
    Evidence {
        leg: GateLeg,
        chunk: ChunkId,
        passed: bool,
    },
    TestCall {
        cell: String,
        chunk: ChunkId,
        passed: bool,
    },
    SignGate(ChunkId),
    ProposeStep {
        chunk: ChunkId,
        share: String,
    },
    ApproveStep,
    Lower {
        chunk: ChunkId,
        share: String,
    },
    FallBack {
        scope: String,
    },
    VerifyReturn(String),
    IncidentNote {
        reference: String,
        telephony_only: bool,
    },
    ProposeAcceptance {
        chunk: ChunkId,
        within: u64,
        offered: u64,
        verdict: Verdict,
    },
    SignAcceptance(ChunkId),
    SignClosure(ChunkId),
}

/// How a proposed plan differs from the newest one, or from the example plan when there is none.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// The whole ramp begins on another date and keeps its rhythm.
    Begins { chunk: ChunkId, on: Date },
    /// One step moves.
    StepOn {
        chunk: ChunkId,
        step: usize,
        on: Date,
    },
    /// The chunk and a second one of the same calls, each with a single step.
    Twins { chunk: ChunkId, shares: (u8, u8) },
    /// The chunk is two, one per window.
    Windows {
        chunk: ChunkId,
        windows: (String, String),
    },
}

/// What should be so.
#[derive(Clone, Debug)]
pub(crate) enum Check {
    Accepted,
    NothingNew,
    Refused(Code),
    RefusedSays(Code, String),
    Says(String),
    Missing(usize),
    ChunkIs {
        chunk: ChunkId,
        state: String,
    },
    ChunkAt {
        chunk: ChunkId,
        state: String,
        percent: u8,
    },
    ChunkHome(ChunkId),
    Facts {
        kind: String,
        count: usize,
    },
    ScheduleStands(String),
    Diff {
        from: u32,
        to: u32,
        changes: usize,
        says: Option<String>,
    },
    Phase(String),
    WindowLasts(String),
    WindowStarts(Timestamp),
    WindowEnds(Timestamp),
    WindowWarns(String),
    WindowHoldsOnce(Timestamp),
    Verifies,
    ReplaysTheSame,
}
