//! Who acts: a person of one of the two parties, and what their roles allow (`domain.md` §4.3).

use crate::ids::{PersonId, StaffId};
use crate::refusal::{Code, Refusal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The two parties. There are exactly two, and neither is above the other (A6).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The healthcare organisation whose calls move.
    Client,
    /// The centre the calls move to.
    Outsourcer,
}

impl Side {
    /// Both, in the order they are always listed.
    pub const BOTH: [Self; 2] = [Self::Client, Self::Outsourcer];

    /// The party across the table.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Outsourcer,
            Self::Outsourcer => Self::Client,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Outsourcer => "outsourcer",
        })
    }
}

/// What a person is to the transition.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Binds the party with a signature.
    Signatory,
    /// Plans and carries out: implementation PM, implementation manager, telephony engineer.
    Implementation,
    /// The one person on top of every issue (B17–B19).
    AccountManager,
    /// May bring calls home at two in the morning.
    Duty,
    /// Places test calls and records their outcome.
    TestCaller,
    /// Signs, reviews and vetoes where nurses advise: consult and triage.
    ClinicalLead,
    /// Keeps the evidence of law and contract.
    Compliance,
    /// Plans people's paths and dates; sees what nobody else sees.
    HumanResources,
    /// Reviews calls: effective and compassionate.
    Quality,
    /// Works on the phones: acknowledges culture cards, reports what is wrong.
    Agent,
    /// Keeps the party's accounts, and decides nothing of the move.
    Administrator,
    /// Reads.
    Viewer,
}

impl Role {
    /// Every role, for tables and help.
    pub const ALL: [Self; 12] = [
        Self::Signatory,
        Self::Implementation,
        Self::AccountManager,
        Self::Duty,
        Self::TestCaller,
        Self::ClinicalLead,
        Self::Compliance,
        Self::HumanResources,
        Self::Quality,
        Self::Agent,
        Self::Administrator,
        Self::Viewer,
    ];

    /// The role in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Signatory => "signatory",
            Self::Implementation => "implementation",
            Self::AccountManager => "account manager",
            Self::Duty => "duty manager",
            Self::TestCaller => "test caller",
            Self::ClinicalLead => "clinical lead",
            Self::Compliance => "compliance officer",
            Self::HumanResources => "human resources",
            Self::Quality => "quality reviewer",
            Self::Agent => "agent",
            Self::Administrator => "administrator",
            Self::Viewer => "viewer",
        }
    }

    /// What the role may do (§4.3).
    pub fn rights(self) -> &'static [Right] {
        use Right::{
            Administer, AnswerForCare, BringHome, Comply, JudgeClinically, ManagePeople,
            PlaceTestCalls, Prepare, Report, Review, Sign,
        };
        match self {
            Self::Signatory => &[Prepare, PlaceTestCalls, Sign, BringHome, Report],
            Self::Implementation => &[Prepare, PlaceTestCalls, BringHome, Report],
            Self::AccountManager => &[Prepare, PlaceTestCalls, BringHome, AnswerForCare, Report],
            Self::Duty => &[BringHome, Report],
            Self::TestCaller => &[PlaceTestCalls, Report],
            Self::ClinicalLead => &[
                Prepare,
                PlaceTestCalls,
                Sign,
                BringHome,
                JudgeClinically,
                Review,
                Report,
            ],
            Self::Compliance => &[Comply, Report],
            Self::HumanResources => &[ManagePeople, Report],
            Self::Quality => &[Review, PlaceTestCalls, Report],
            Self::Agent => &[Report],
            Self::Administrator => &[Administer],
            Self::Viewer => &[],
        }
    }
}

/// What an action needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Write facts of planning, discovery and preparation.
    Prepare,
    /// Record a test call.
    PlaceTestCalls,
    /// Bind the party.
    Sign,
    /// Bring calls home, lower a share.
    BringHome,
    /// Veto, review and release where nurses advise.
    JudgeClinically,
    /// Record and confirm the evidence of law and contract.
    Comply,
    /// Plan people's paths and dates.
    ManagePeople,
    /// Review calls.
    Review,
    /// Answer in person for how the client is cared for: the weekly question to the account manager.
    AnswerForCare,
    /// Keep the accounts of the own party: add, remove, give roles, take away a lost second factor.
    Administer,
    /// Report an issue or a hazard, acknowledge, give thanks: everybody who takes part.
    Report,
    /// Say what the routing nodes see of each other, and what they replayed: no person, the program alone.
    WatchNodes,
    /// Say what was keyed in on the dial-in line, and from which telephone: no person, the program alone.
    HearCodes,
}

/// A person acting, as the command layer authenticated them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Account name.
    pub person: PersonId,
    /// The party the person belongs to.
    pub side: Side,
    /// The person's roles.
    pub roles: BTreeSet<Role>,
    /// The person's pseudonym on the in-house roster, known to nobody but the accounts: it is in no event.
    pub staff: Option<StaffId>,
    /// What they may do here and now: what the roles carry, unless the door they came through lets less pass.
    rights: BTreeSet<Right>,
}

impl Actor {
    /// A person with the given roles.
    pub fn new(person: &str, side: Side, roles: &[Role]) -> Self {
        Self {
            person: person.into(),
            side,
            roles: roles.iter().copied().collect(),
            staff: None,
            rights: roles.iter().flat_map(|r| r.rights()).copied().collect(),
        }
    }

    /// The same person with one right at most: a duty PIN brings calls home and does nothing else.
    #[must_use]
    pub fn only(mut self, right: Right) -> Self {
        self.rights.retain(|own| *own == right);
        self
    }

    /// The program itself, which alone hears what the nodes say of each other and replays what came.
    #[must_use]
    pub fn watching_nodes(mut self) -> Self {
        self.rights.insert(Right::WatchNodes);
        self
    }

    /// The person whose code the program itself heard on the dial-in line: it alone knows from which telephone.
    #[must_use]
    pub fn heard_on_the_dial_in_line(mut self) -> Self {
        self.rights.insert(Right::HearCodes);
        self
    }

    /// The same person, known by a pseudonym of the in-house roster.
    #[must_use]
    pub fn on_the_roster_as(mut self, staff: StaffId) -> Self {
        self.staff = Some(staff);
        self
    }

    /// Whether the person may do it here and now.
    pub fn may(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }

    /// Whether the person has the role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Refuses with `NOT_AUTHORISED` a person of the other party: some facts are one party's alone.
    pub fn require_side(&self, side: Side, what: &str) -> Result<(), Refusal> {
        if self.side == side {
            return Ok(());
        }
        Err(Refusal::new(Code::NotAuthorised)
            .missing(format!("a person of the {side}, who alone may {what}"))
            .who(format!("the {side}"))
            .how(format!("let a person of the {side} do it")))
    }

    /// Refuses with `NOT_AUTHORISED` when no role carries the right.
    pub fn require(&self, right: Right) -> Result<(), Refusal> {
        if self.may(right) {
            return Ok(());
        }
        Err(Refusal::new(Code::NotAuthorised)
            .missing(format!(
                "a role of `{}` that may {}",
                self.person,
                right.words()
            ))
            .who(format!("an administrator of the {}", self.side))
            .how(
                "give the person the role with `segue user roles`, or let a person who has it act",
            ))
    }
}

impl Right {
    /// What it allows, in words: `prepare the move`.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Prepare => "prepare the move",
            Self::PlaceTestCalls => "record test calls",
            Self::Sign => "sign",
            Self::BringHome => "bring calls home",
            Self::JudgeClinically => "judge clinically",
            Self::Comply => "keep the evidence of law and contract",
            Self::ManagePeople => "plan people's paths",
            Self::Review => "review calls",
            Self::AnswerForCare => "answer as account manager or deputy",
            Self::Administer => "keep the party's accounts",
            Self::Report => "report",
            Self::WatchNodes => "say what the nodes alone see",
            Self::HearCodes => "say what was heard on the dial-in line",
        }
    }
}
