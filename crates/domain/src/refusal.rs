//! Refusals are the product: each names the rule, what is missing, who can fix it and how.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident => $text:literal, $rule:literal, $says:literal;)*) => {
        /// The rule that refused, by the name people quote.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Code {$(
            #[doc = $says]
            #[serde(rename = $text)]
            $name,
        )*}

        impl Code {
            /// Every code, for documents and tests.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// As printed: `SCHEDULE_NOT_AGREED`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// The sentence of the charter or the handbook section it enforces.
            pub fn source(self) -> &'static str {
                match self { $(Self::$name => $rule),* }
            }

            /// The rule in one sentence.
            pub fn says(self) -> &'static str {
                match self { $(Self::$name => $says),* }
            }
        }
    };
}

codes! {
    AlreadyCreated => "ALREADY_CREATED", "A1", "a transition is created once";
    NotCreated => "NOT_CREATED", "A1", "nothing can be said of a transition before it is created";
    PartiesNotTwo => "PARTIES_NOT_TWO", "A1, §7.17", "a transition has exactly one client and one outsourcer";
    NoSignatory => "NO_SIGNATORY", "A1", "each party has at least one named signatory with a key";
    BadFact => "BAD_FACT", "A1", "names are unique, references exist, numbers and zones are real";
    NoLastResort => "NO_LAST_RESORT", "design: control point", "every line ends in a last resort";
    EmergencyTarget => "EMERGENCY_TARGET", "§7.11", "911, 988 and 112 are never targets";
    KeyRevoked => "KEY_REVOKED", "design: signatures", "a revoked key signs nothing more; what it signed before stays signed";
    StepUp => "STEP_UP", "design: trust", "whoever signs has shown within minutes who they are";
    NotAuthorised => "NOT_AUTHORISED", "§4.3", "an action needs a role that carries it";
    NoAccountManager => "NO_ACCOUNT_MANAGER", "B17, B18", "an account manager is named before discovery and while anything goes forward";
    DiscoveryOpen => "DISCOVERY_OPEN", "B14, B16", "no plan before discovery is signed by both";
    SuggestionLocked => "SUGGESTION_LOCKED", "B14", "nobody suggests a change before discovery is signed; hazards are always heard";
    OptimisationOverlap => "OPTIMISATION_OVERLAP", "B21", "a chunk is optimised after it is accepted, one change at a time, and never while it moves";
    AdaptationMissing => "ADAPTATION_MISSING", "B9", "no plan while nobody has said what changes for something that callers or the client expect";
    EquityFloor => "EQUITY_FLOOR", "B9", "callers who ask in depth are not planned shorter calls than they had in-house";
    NumberStays => "NUMBER_STAYS", "§4.4", "a number on which a fax, pager, elevator or alarm hangs does not move";
    TypeNotSeparable => "TYPE_NOT_SEPARABLE", "design: control point", "a chunk's calls can be told apart where Segue decides";
    ChunksOverlap => "CHUNKS_OVERLAP", "A13", "no call belongs to two chunks";
    ChunkGap => "CHUNK_GAP", "A13", "every call in scope belongs to a chunk or stays home with a reason";
    ChangeFreeze => "CHANGE_FREEZE", "§4.4", "routes are left alone on Friday afternoons, before holidays, in surge weeks and around a change of the clock";
    MassCutover => "MASS_CUTOVER", "A12, §7.9", "one step moves no more than its cap";
    ShareSum => "SHARE_SUM", "A17", "the shares of the same calls sum to at most 100";
    ShareOutOfRange => "SHARE_OUT_OF_RANGE", "A17", "a share is a whole number 0–100";
    WindowInvalid => "WINDOW_INVALID", "A17", "a window is [start, end) in an IANA zone";
    LadderFixed => "LADDER_FIXED", "A20", "message < appointment < consult < triage, and no type stands below its rung";
    LadderInversion => "LADDER_INVERSION", "A18", "no chunk is scheduled before an easier one of its site";
    LadderLocked => "LADDER_LOCKED", "A21", "a rung opens when every easier rung of the site is accepted";
    SiteSerial => "SITE_SERIAL", "A15", "one centre at a time";
    ScheduleNotAgreed => "SCHEDULE_NOT_AGREED", "A5, A7, A9", "nothing moves on a schedule that both parties have not signed in the same version";
    ConstraintViolated => "CONSTRAINT_VIOLATED", "A5, A10", "a plan keeps the hard constraints of both parties";
    BelowFloor => "BELOW_FLOOR", "A8", "nothing is planned below the floor times";
    StepNotInPlan => "STEP_NOT_IN_PLAN", "A7, I2", "a step is one of the agreed steps";
    StepTooEarly => "STEP_TOO_EARLY", "A7", "a step waits for its agreed date";
    NoBaa => "NO_BAA", "A1", "no patient data enter before a business associate agreement is in force";
    Part2Evidence => "PART2_EVIDENCE", "§2.4", "lines with substance-use records need a qualified service organisation agreement, and are never test data";
    PatientLocation => "PATIENT_LOCATION", "§2.4", "a nurse's authority follows the patient's location, asked on every call";
    GateRed => "GATE_RED", "A22, A29", "agents, processes, technology, fallback and compliance are green and fresh";
    SampleOpen => "SAMPLE_OPEN", "A23", "a sample is reviewed to its end before the next is drawn";
    SignatureInvalid => "SIGNATURE_INVALID", "design: signatures", "a signature is made by the signatory's own key over the version hash";
    HashMismatch => "HASH_MISMATCH", "A7", "both parties sign the same hash";
    SignatureOfOther => "SIGNATURE_OF_OTHER", "A6", "nobody signs for another person or the other party";
    ApprovalStale => "APPROVAL_STALE", "design: nodes", "a step needs a named person of each party within 15 minutes";
    NodesApart => "NODES_APART", "design: nodes", "a share rises only while every node's clock agrees and all run the same table";
    SupersededByFallback => "SUPERSEDED_BY_FALLBACK", "A31, I7", "in any race, home wins";
    FallbackRto => "FALLBACK_RTO", "A30, A31", "the agreed time of return is within the target of its mechanism";
    TriggerNotAutomatic => "TRIGGER_NOT_AUTOMATIC", "A32, §7.1, §7.13", "only an unambiguous trigger with few false alarms, signed by both, acts without a person";
    CoolDown => "COOL_DOWN", "§4.3", "after a fallback: incident note, cool-down, both signatures";
    DoorClosed => "DOOR_CLOSED", "§7.7", "from closed there is no fallback";
    HoldRunning => "HOLD_RUNNING", "§7.8", "the door stays open until the hold period ends";
    AcceptanceNotReady => "ACCEPTANCE_NOT_READY", "A11, A21, B13", "acceptance is numeric, dated and not worse on every critical measure";
    FormulaMismatch => "FORMULA_MISMATCH", "B13", "both parties' numbers come from the one agreed formula";
    MarginUnprovable => "MARGIN_UNPROVABLE", "§7.13, B13", "a margin is signed only where the planned calls can prove it";
    CapacityShort => "CAPACITY_SHORT", "A14", "a share rises only where the agents who are ready reach the target, and the floor under stress";
    AccountManagerGap => "ACCOUNT_MANAGER_GAP", "B17, B18", "a new account manager takes over before a new chunk goes live";
    AutoFailOpen => "AUTO_FAIL_OPEN", "B20", "an unsafe disposition is judged clinically before the next step";
    ClinicalVeto => "CLINICAL_VETO", "B20, §4.4", "a clinical lead's veto on consult or triage holds until the clinical lead withdraws it";
    ScorecardOpen => "SCORECARD_OPEN", "B3", "the last door is closed when both parties have rated all four pillars";
    WrongState => "WRONG_STATE", "§4.4", "the state machine has no such edge";
    FallbackCapacity => "FALLBACK_CAPACITY", "A31, B11", "nobody goes whom home needs to be able to answer";
    NoticeRunning => "NOTICE_RUNNING", "B11, §2.4", "nobody goes before the notice the law asks for has run";
    AdditionalNotice => "ADDITIONAL_NOTICE", "B11, §2.4", "when the move slips, the old date is not kept: another notice, a decision about staying";
    CounselOpen => "COUNSEL_OPEN", "B11, §7.4", "dates are computed, law is not decided: counsel confirms";
    ReadinessUntilClosed => "READINESS_UNTIL_CLOSED", "§7.8", "people, access, licences, numbers and trunks stay until the chunks that need them are closed";
    StaffHearFirst => "STAFF_HEAR_FIRST", "B11", "affected staff hear first, from a person";
    ManagersFirst => "MANAGERS_FIRST", "B12", "the existing managers are asked to lead the implementation before anybody from outside";
    DoubleBooking => "DOUBLE_BOOKING", "B12, A31", "nobody is counted twice at the same time";
    KeyPersonLock => "KEY_PERSON_LOCK", "§3.4", "key persons stay around a go-live";
    CallerData => "CALLER_DATA", "B10, design: personal data", "free text never points at one caller or patient";
    Unknown => "UNKNOWN", "A3", "what is named exists";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refused command, as data: the same through every door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The rule's name.
    pub code: Code,
    /// The rule in one sentence, with its source.
    pub rule: String,
    /// What is missing, item by item.
    pub missing: Vec<String>,
    /// Who can fix it.
    pub who: String,
    /// What to do next.
    pub how: String,
}

impl Refusal {
    /// A refusal by the rule; add what is missing, who and how.
    pub fn new(code: Code) -> Self {
        Self {
            code,
            rule: format!("{} ({})", code.says(), code.source()),
            missing: Vec::new(),
            who: "the person who asked".into(),
            how: String::new(),
        }
    }

    /// Adds one missing thing.
    #[must_use]
    pub fn missing(mut self, item: impl Into<String>) -> Self {
        self.missing.push(item.into());
        self
    }

    /// Replaces the list of missing things.
    #[must_use]
    pub fn missing_all(mut self, items: Vec<String>) -> Self {
        self.missing = items;
        self
    }

    /// Who can fix it.
    #[must_use]
    pub fn who(mut self, who: impl Into<String>) -> Self {
        self.who = who.into();
        self
    }

    /// What to do next.
    #[must_use]
    pub fn how(mut self, how: impl Into<String>) -> Self {
        self.how = how.into();
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.rule)?;
        if !self.missing.is_empty() {
            write!(f, "; missing: {}", self.missing.join("; "))?;
        }
        write!(f, "; who can fix it: {}; how: {}", self.who, self.how)
    }
}

impl std::error::Error for Refusal {}
