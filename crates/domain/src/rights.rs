//! Who may do what: one table of commands, rights and parties (`domain.md` §4.3), read by `decide` before any other rule.
//!
//! A right belongs to roles (`actor.rs`); a command asks for one of the rights named with it, of either party or of one
//! alone. What a concern asks besides (the party that pressed, the person's own key) stands in [`BESIDES`] and with its rule.
//! `docs/rights.md` prints the table for people to review; a test compares it with what `decide` answers.

use crate::actor::{Actor, Right, Role, Side};
use crate::boards::{Board, Kind};
use crate::command::Command;
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use jiff::Timestamp;

/// Whose people may do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Either party's.
    Either,
    /// The client's alone.
    Client,
    /// The outsourcer's alone.
    Outsourcer,
}

impl Whose {
    /// Whether a person of this party is among them.
    pub fn admits(self, side: Side) -> bool {
        match self {
            Self::Either => true,
            Self::Client => side == Side::Client,
            Self::Outsourcer => side == Side::Outsourcer,
        }
    }
}

/// What a command asks of the person who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The party.
    pub whose: Whose,
    /// One of these rights.
    pub any_of: &'static [Right],
}

impl Rule {
    /// Whether this person may, here and now.
    pub fn admits(self, actor: &Actor) -> bool {
        self.whose.admits(actor.side) && self.any_of.iter().any(|right| actor.may(*right))
    }

    /// Whether the role carries it for people of this party.
    pub fn carried_by(self, role: Role, side: Side) -> bool {
        self.whose.admits(side)
            && role
                .rights()
                .iter()
                .any(|right| self.any_of.contains(right))
    }

    /// The roles that carry it, in words: `signatory, implementation or clinical lead`.
    pub fn roles(self) -> String {
        let carries = |role: &Role| {
            role.rights()
                .iter()
                .any(|right| self.any_of.contains(right))
        };
        let names: Vec<_> = Role::ALL
            .into_iter()
            .filter(carries)
            .map(Role::words)
            .collect();
        match names.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => "nobody".to_owned(),
        }
    }
}

macro_rules! table {
    ($($whose:ident [$($right:ident),+]: $($command:ident)+;)*) => {
        /// What a command asks for.
        pub fn of(command: &Command) -> Rule {
            match command {$(
                $(Command::$command(_))|+ => Rule { whose: Whose::$whose, any_of: &[$(Right::$right),+] },
            )*}
        }

        /// The same, group by group, with the commands' type names.
        const TABLE: &[(Rule, &[&str])] = &[$(
            (Rule { whose: Whose::$whose, any_of: &[$(Right::$right),+] }, &[$(stringify!($command)),+]),
        )*];
    };
}

table! {
    // Planning, discovery and preparation, by either party.
    Either [Prepare]:
        CreateTransition NameAccountManager RemoveAccountManager
        OpenDiscovery RecordCallFlow WalkCallFlow RecordNumber ReconcileReport ClassifyCalls
        DescribeCallType RecordWorkshop
        StateExperience RecordSegment RecordTrait LinkTrait RecordAdaptation DeclareNoChange RecordPractice
        DecidePractice ProposeCultureProfile SetAhtTarget CompleteDiscoveryItem AnswerHazard
        ScheduleOptimisation FinishOptimisation DeclareConstraint WithdrawConstraint ProposePlan
        CompletePlanItem RecordEvidence ProposeStep WriteIncidentNote ProposeAcceptance RecordBaseline
        ProposeContingencyPlan RecordDrill RecordTelephonyChecks CompleteHandover RecordParticipation
        RatePillar RecordBusinessCase RecordForecast RecordChunkWeek TakePulse SetTriggers PlanPhase
        AddPreparation CompletePreparation DeclareHoliday DeclareSurge ProposeWaiver ProposeFallbackMinimums
        HandOverKeyPost RecordReview;
    // What one party alone can know of itself.
    Client [Prepare]:
        DescribeCallers VerifyKnowledge RetireKnowledge NameTestCallers RegisterTestTelephones AssignTestCalls
        OpenTestCampaign DeclareResources AskProbe RecordInsurance RecordReadiness PlanDisconnection
        CarryOutDisconnection FreezeStaffing;
    Outsourcer [Prepare]:
        RosterAgents UnrosterAgent RegisterTestLine RecordTraining RecordAgentWork ShareAgents;
    Outsourcer [Prepare, Comply]:
        RecordLicences;
    Either [Prepare, ManagePeople]:
        RecordKeyPersonChange;
    // What binds: with the person's own key, and with the other party's signature beside it. Keys are each party's own: one is
    // enrolled with a signature by another, and revoked without any, for it may be the only one its person had.
    Either [Sign]:
        SignDiscovery SignCultureProfile SignPlan SignGate ApproveStep SignAcceptance SignClosure
        SignContingencyPlan SignTrigger SignResume SignWaiver SignFallbackMinimums SignFrozenStaffing
        EnrolKey RevokeKey;
    // The way back: one person of either party, alone.
    Either [BringHome]:
        Fallback LowerShare PauseChunk VerifyReturn ReportObservation RecordPaperFallback GiveFallbackReason;
    Client [WatchNodes]:
        ReportNodes RecordCounterfactual;
    Client [BringHome]:
        RecordReachability;
    Either [Prepare, BringHome]:
        PlaceRouteOrder;
    Either [PlaceTestCalls]:
        VerifyRouteOrder
        RecordTestCall RecordEscalationTest RecordEmergencyDrill RecordLastResortCall RecordAccess TestTriggers;
    Client [PlaceTestCalls]:
        WriteTestScenarios DrawTrainingSample ReviewTraining;
    // A telephone that a person could name here would take patients' calls out of the evidence.
    Client [HearCodes]:
        UseDialInCode;
    Either [JudgeClinically]:
        ReviewAutoFails RecordVeto WithdrawVeto;
    Either [Review]:
        RecordQaReviews RecordSurvey RecordCalibration;
    Either [Comply]:
        FileComplianceRecords RecordIncidentNotice CompleteExitItem AdoptCompactTable;
    Client [Comply]:
        ConfirmLegalTable OrderErasure;
    // People's paths and dates: the client's human resources, and nobody of the outsourcer.
    Client [ManagePeople]:
        AdoptNoticeTable RecordWorkforce DefineShifts RosterStaff RecordResignation OfferPaths DecidePaths
        AcceptFallbackShifts WithdrawFallbackShift ServeNotices PlanSeparation DecideRetention
        ConfirmSeparation CarryOutSeparation ReleaseStaff TellAudience TakeMoodPulse AppointProjectManager;
    Either [ManagePeople]:
        ProposeCommitment ConfirmCommitment KeepCommitment;
    Either [AnswerForCare]:
        RecordInterestCheck;
    // Everybody who takes part.
    Either [Report]:
        PostSuggestion ReportHazard RegisterOpportunity WriteMessage ReportSecurityIncident EscalateCall
        PrintRunbook ReportProbe GiveKudos PlayAlong ReportAccountManagerAbsence ReportIssue AcknowledgeIssue
        ResolveIssue ReopenIssue EscalateIssues RecordDissent RaiseAlarm GiveThanks;
    Client [Report]:
        CaptureKnowledge RateAccountManager AcknowledgeOpenWork;
    Outsourcer [Report]:
        AcknowledgeCulture RecordOpenWork;
}

/// What a command's own rule asks of the person besides, by the command's name.
#[rustfmt::skip] // one line per command
pub const BESIDES: &[(&str, &str)] = &[
    ("withdraw_constraint", "a person of the party that declared it"),
    ("complete_preparation", "a person of the party that owns it"),
    ("record_review", "the clinical lead, where consult or triage is under review"),
    ("enrol_key", "a signatory of the same party, with a key that is enrolled already"),
    ("revoke_key", "a signatory of the same party"),
    ("sign_discovery", SIGNS),
    ("sign_culture_profile", SIGNS),
    ("sign_plan", SIGNS),
    ("sign_gate", SIGNS),
    ("approve_step", SIGNS),
    ("sign_acceptance", SIGNS),
    ("sign_closure", SIGNS),
    ("sign_contingency_plan", SIGNS),
    ("sign_trigger", SIGNS),
    ("sign_resume", SIGNS),
    ("sign_waiver", SIGNS),
    ("sign_fallback_minimums", SIGNS),
    ("sign_frozen_staffing", "a signatory of the transition, with their own key"),
    ("report_observation", "a person of the client, to lift what the guard holds"),
    ("give_fallback_reason", "a person of the party that pressed"),
    ("record_access", "a person of the client, to say that access was proved on a test call"),
    ("place_route_order", "a right to prepare, for an order that sends calls out"),
    ("report_nodes", "the program itself, which hears the nodes"),
    ("record_counterfactual", "the program itself, which replays what came"),
    ("use_dial_in_code", "the program itself, which hears the code and sees the telephone"),
    ("report_probe", "the signature of the token that the probe was asked with"),
    ("record_veto", "only where nurses advise: consult and triage"),
    ("file_compliance_records", "the party that filed it, to replace it; the client, for custody of the caller-hash key"),
    ("record_incident_notice", "a person of the party that gives the notice"),
    ("confirm_commitment", "a person of the party that did not propose it"),
    ("keep_commitment", "a person of the party that made the promise"),
    ("acknowledge_issue", MANAGES),
    ("resolve_issue", MANAGES),
    ("give_thanks", "a person of the client, to name one of its people"),
];
const SIGNS: &str = "a signatory of the transition, with their own key; the clinical lead where consult or triage is touched";
const MANAGES: &str = "the account manager, the deputy, or whoever signs";

/// The rule of a command, by its name.
pub fn named(name: &str) -> Option<Rule> {
    let type_name: String = name.split('_').map(capitalised).collect();
    let row = TABLE
        .iter()
        .find(|(_, commands)| commands.contains(&type_name.as_str()))?;
    Some(row.0)
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// What a command's own rule asks besides, if anything.
pub fn besides(name: &str) -> &'static str {
    BESIDES
        .iter()
        .find(|(command, _)| *command == name)
        .map_or("", |(_, what)| what)
}

/// Refuses with `NOT_AUTHORISED` whoever the table does not admit, and says who may.
pub(crate) fn require(t: &Transition, command: &Command, actor: &Actor) -> Result<(), Refusal> {
    let rule = of(command);
    if rule.admits(actor) {
        return Ok(());
    }
    let party = match rule.whose {
        Whose::Either => "either party".to_owned(),
        Whose::Client => t.parties.name(Side::Client),
        Whose::Outsourcer => t.parties.name(Side::Outsourcer),
    };
    let is_a_persons = Role::ALL
        .into_iter()
        .any(|role| Side::BOTH.iter().any(|side| rule.carried_by(role, *side)));
    let who = if is_a_persons {
        format!("{} of {party}", rule.roles())
    } else {
        "the program itself".to_owned()
    };
    let name = command.name().replace('_', " ");
    let roles: Vec<_> = actor.roles.iter().map(|role| role.words()).collect();
    let roles = if roles.is_empty() {
        "without a role".to_owned()
    } else {
        roles.join(", ")
    };
    let held = actor
        .roles
        .iter()
        .any(|role| rule.carried_by(*role, actor.side));
    let how = if !is_a_persons {
        "nothing is to be done: Segue says it by itself"
    } else if held {
        "this PIN or token lets less pass than the roles allow: sign in with the password"
    } else if rule.whose.admits(actor.side) {
        "let one of them do it, or have an administrator of your party give the role (`segue user roles`)"
    } else {
        "let a person of that party do it: nobody acts for the other party"
    };
    let missing = if rule.whose.admits(actor.side) {
        format!("a person who may {}: {name}", rule.any_of[0].words())
    } else {
        format!("a person of the {} who may {name}", actor.side.other())
    };
    let own_party = t.parties.name(actor.side);
    Err(Refusal::new(Code::NotAuthorised)
        .missing(format!(
            "{missing}; `{}` is {roles} of {own_party}",
            actor.person
        ))
        .who(who)
        .how(how))
}

/// How long after showing who they are a person may sign, in seconds.
pub const STEP_UP_S_MAX: i64 = 600;

/// Whoever signs on the pages has shown within minutes who they are; nothing that brings calls home asks for it.
///
/// # Errors
/// `STEP_UP`, when `proved_at` is too long ago or nobody (a machine's token) has shown anything.
pub fn require_step_up(
    command: &Command,
    proved_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Refusal> {
    if of(command).any_of.contains(&Right::Sign) {
        return require_proof(proved_at, now);
    }
    Ok(())
}

/// Whoever changes how they come in has shown within minutes who they are, like whoever signs: a session alone is not enough.
///
/// # Errors
/// `STEP_UP`, when `proved_at` is too long ago or nothing was shown.
pub fn require_proof(proved_at: Option<Timestamp>, now: Timestamp) -> Result<(), Refusal> {
    let fresh = |at: Timestamp| now.duration_since(at).as_secs() <= STEP_UP_S_MAX;
    if proved_at.is_some_and(fresh) {
        return Ok(());
    }
    let minutes = STEP_UP_S_MAX / 60;
    Err(Refusal::new(Code::StepUp)
        .missing(format!(
            "your code or password within the last {minutes} minutes"
        ))
        .who("you, on the pages or with the password in the request")
        .how("open /account/prove, then do it again; a token for machines signs nothing here"))
}

/// `segue show rights`.
pub(crate) const BOARD: Kind = Kind {
    name: "rights",
    says: "Who may send which command, by role and party",
    may_see: None,
    draw: |_, _, _| draw(),
};

fn draw() -> Board {
    let mut board = Board::new("Who may do what", &["Command", "Of", "Roles", "Besides"]);
    for name in Command::NAMES {
        let Some(rule) = named(name) else { continue };
        let whose = match rule.whose {
            Whose::Either => "either party",
            Whose::Client => "client",
            Whose::Outsourcer => "outsourcer",
        };
        board.row([
            (*name).to_owned(),
            whose.to_owned(),
            rule.roles(),
            besides(name).to_owned(),
        ]);
    }
    board.note("Nobody edits the journal: there is no command for it.");
    board
}
