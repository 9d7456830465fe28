//! Every command by its name: the one list that CLI, API, page and import share.

use crate::acceptance::{ProposeAcceptance, SignAcceptance, SignClosure};
use crate::account_manager::{NameAccountManager, RemoveAccountManager};
use crate::agents::{RosterAgents, UnrosterAgent};
use crate::baseline::RecordBaseline;
use crate::compliance::callers::DescribeCallers;
use crate::compliance::exit::CompleteExitItem;
use crate::compliance::incidents::{RecordIncidentNotice, ReportSecurityIncident};
use crate::compliance::records::FileComplianceRecords;
use crate::contingency::drills::{PrintRunbook, RecordDrill};
use crate::contingency::escalation::{
    RecordEmergencyDrill, RecordEscalationTest, RecordLastResortCall,
};
use crate::contingency::plan::{ProposeContingencyPlan, SignContingencyPlan};
use crate::culture::acknowledgements::AcknowledgeCulture;
use crate::culture::adaptations::{DeclareNoChange, RecordAdaptation};
use crate::culture::handle_time::SetAhtTarget;
use crate::culture::practices::{DecidePractice, RecordPractice};
use crate::culture::profiles::{ProposeCultureProfile, SignCultureProfile};
use crate::culture::segments::RecordSegment;
use crate::culture::traits::{LinkTrait, RecordTrait};
use crate::discovery::experience::{RecordWorkshop, StateExperience};
use crate::discovery::flows::{RecordCallFlow, WalkCallFlow};
use crate::discovery::numbers::RecordNumber;
use crate::discovery::reports::{ClassifyCalls, ReconcileReport};
use crate::discovery::{CompleteDiscoveryItem, OpenDiscovery, SignDiscovery};
use crate::fallback::{Fallback, VerifyReturn, WriteIncidentNote};
use crate::gates::{RecordEvidence, SignGate};
use crate::knowledge::{CaptureKnowledge, RetireKnowledge, VerifyKnowledge};
use crate::legal_tables::ConfirmLegalTable;
use crate::licences::RecordLicences;
use crate::licences::compact::AdoptCompactTable;
use crate::licences::route::EscalateCall;
use crate::parties::CreateTransition;
use crate::people::notice_rules::AdoptNoticeTable;
use crate::routing_changes::{ApproveStep, LowerShare, ProposeStep};
use crate::schedule::constraints::{DeclareConstraint, WithdrawConstraint};
use crate::schedule::items::CompletePlanItem;
use crate::schedule::messages::WriteMessage;
use crate::schedule::{ProposePlan, SignPlan};
use crate::suggestions::PostSuggestion;
use crate::suggestions::hazards::{AnswerHazard, ReportHazard};
use crate::suggestions::optimisation::{
    FinishOptimisation, RegisterOpportunity, ScheduleOptimisation,
};
use crate::test_calls::RecordTestCall;
use crate::waivers::{ProposeWaiver, SignWaiver};
use serde::{Deserialize, Serialize};

macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident => $text:literal;)*) => {
        /// What a person asks for.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(tag = "command", rename_all = "snake_case")]
        pub enum Command {$(
            $(#[$doc])*
            $name($name),
        )*}

        impl Command {
            /// Every command's name, in the order of the trade.
            pub const NAMES: &'static [&'static str] = &[$($text),*];

            /// The name: `propose_step`.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => $text),* }
            }
        }

        $(impl From<$name> for Command {
            fn from(command: $name) -> Self {
                Self::$name(command)
            }
        })*
    };
}

commands! {
    /// Creates the transition: both parties, signatories, sites, lines, call types, terms.
    CreateTransition => "create_transition";
    /// Names the account manager and the deputy.
    NameAccountManager => "name_account_manager";
    /// Takes the account manager off; new moves are refused until another is named.
    RemoveAccountManager => "remove_account_manager";
    /// Opens discovery.
    OpenDiscovery => "open_discovery";
    /// Writes down what happens to the calls of one number today.
    RecordCallFlow => "record_call_flow";
    /// Says for one party that a call flow was walked and is so.
    WalkCallFlow => "walk_call_flow";
    /// Records one number of the inventory: carrier, who changes it, how, what hangs on it.
    RecordNumber => "record_number";
    /// Sets a report's headline number beside what the raw log gives.
    ReconcileReport => "reconcile_report";
    /// Records how many calls of a centre found no call type.
    ClassifyCalls => "classify_calls";
    /// Records that an experience workshop was held.
    RecordWorkshop => "record_workshop";
    /// States what a caller should experience, with measure and target.
    StateExperience => "state_experience";
    /// Records a segment of callers, with its share of the calls.
    RecordSegment => "record_segment";
    /// Records one thing that callers or the client expect.
    RecordTrait => "record_trait";
    /// Names the test scenario or the training item made for a trait.
    LinkTrait => "link_trait";
    /// Records what is changed for a trait, and by which outcome it is judged.
    RecordAdaptation => "record_adaptation";
    /// Says for one party that nothing need change for a trait.
    DeclareNoChange => "declare_no_change";
    /// Records an in-house practice worth preserving.
    RecordPractice => "record_practice";
    /// Decides for one party whether a practice is kept, replaced or retired.
    DecidePractice => "decide_practice";
    /// Proposes the next version of a culture profile.
    ProposeCultureProfile => "propose_culture_profile";
    /// Signs one version of a culture profile for one party.
    SignCultureProfile => "sign_culture_profile";
    /// Records that agents have read a culture profile, with their quiz.
    AcknowledgeCulture => "acknowledge_culture";
    /// Sets the handle time that is planned and judged by.
    SetAhtTarget => "set_aht_target";
    /// Closes one discovery item with evidence.
    CompleteDiscoveryItem => "complete_discovery_item";
    /// Signs discovery for one party.
    SignDiscovery => "sign_discovery";
    /// Posts an idea for both parties to read; sealed until discovery is signed.
    PostSuggestion => "post_suggestion";
    /// Reports what may endanger a caller: anybody, any time.
    ReportHazard => "report_hazard";
    /// Says what is done about a hazard.
    AnswerHazard => "answer_hazard";
    /// Puts an opportunity to improve a chunk on the register.
    RegisterOpportunity => "register_opportunity";
    /// Sets the day from which an opportunity is carried out: after acceptance, one at a time.
    ScheduleOptimisation => "schedule_optimisation";
    /// Says what came of an optimisation.
    FinishOptimisation => "finish_optimisation";
    /// Declares what the own party can and cannot do: blackouts, training capacity, notice.
    DeclareConstraint => "declare_constraint";
    /// Withdraws a constraint of the own party.
    WithdrawConstraint => "withdraw_constraint";
    /// Says something to the other party, about a version, a chunk or nothing in particular.
    WriteMessage => "write_message";
    /// Proposes a plan, or answers one with a counter-proposal.
    ProposePlan => "propose_plan";
    /// Signs one version of the plan for one party.
    SignPlan => "sign_plan";
    /// Says that an item of the agreed plan is done.
    CompletePlanItem => "complete_plan_item";
    /// Records a test call.
    RecordTestCall => "record_test_call";
    /// Records evidence for one leg of a chunk's gate.
    RecordEvidence => "record_evidence";
    /// Signs a chunk's gate for one party.
    SignGate => "sign_gate";
    /// Proposes the next agreed share of a chunk: go-live or raise.
    ProposeStep => "propose_step";
    /// Approves a proposed step for one party.
    ApproveStep => "approve_step";
    /// Lowers a share: one person of either party, alone.
    LowerShare => "lower_share";
    /// Brings calls home: one person of either party, alone, any time.
    Fallback => "fallback";
    /// Says that a person in-house answered a call after the fallback.
    VerifyReturn => "verify_return";
    /// Writes the incident note that the way out needs.
    WriteIncidentNote => "write_incident_note";
    /// Proposes that a chunk is done, with its outcome record.
    ProposeAcceptance => "propose_acceptance";
    /// Accepts a chunk for one party.
    SignAcceptance => "sign_acceptance";
    /// Closes the door of a chunk for one party, after the hold period.
    SignClosure => "sign_closure";
    /// Asks to set one rule aside for one chunk, where the trade knows such an exception.
    ProposeWaiver => "propose_waiver";
    /// Signs a waiver, with this signatory's own reason.
    SignWaiver => "sign_waiver";
    /// Puts agents of the outsourcer on the roster, or changes them.
    RosterAgents => "roster_agents";
    /// Takes an agent off the roster.
    UnrosterAgent => "unroster_agent";
    /// Records how a call type did in-house before anything moved.
    RecordBaseline => "record_baseline";
    /// Confirms the rows of a legal table, as compliance officer.
    ConfirmLegalTable => "confirm_legal_table";
    /// Adopts the table of notice rules.
    AdoptNoticeTable => "adopt_notice_table";
    /// Files evidence of law and contract: agreements, accreditation, subcontractors, languages.
    FileComplianceRecords => "file_compliance_records";
    /// Describes who calls a centre: states and languages, in shares.
    DescribeCallers => "describe_callers";
    /// Reports a security incident or breach; its clocks run from discovery.
    ReportSecurityIncident => "report_security_incident";
    /// Says that somebody was told of a security incident.
    RecordIncidentNotice => "record_incident_notice";
    /// Says that an item of the exit checklist is done.
    CompleteExitItem => "complete_exit_item";
    /// Adopts the table of the states that honour multistate nurse licences.
    AdoptCompactTable => "adopt_compact_table";
    /// Records nurses' licences.
    RecordLicences => "record_licences";
    /// Escalates a call to the physician on call, where no nurse may advise.
    EscalateCall => "escalate_call";
    /// Captures know-how, with credit; what points at a caller or patient is quarantined.
    CaptureKnowledge => "capture_knowledge";
    /// Says that knowledge items are right; a working preference by the provider's office.
    VerifyKnowledge => "verify_knowledge";
    /// Takes a knowledge item out of use.
    RetireKnowledge => "retire_knowledge";
    /// Proposes how the calls of a chunk come home when something breaks.
    ProposeContingencyPlan => "propose_contingency_plan";
    /// Signs the contingency plan of a chunk for one party.
    SignContingencyPlan => "sign_contingency_plan";
    /// Records a drill of the way home.
    RecordDrill => "record_drill";
    /// Says that the runbook was printed and laid out in both centres.
    PrintRunbook => "print_runbook";
    /// Records a test of the escalation path to a nurse.
    RecordEscalationTest => "record_escalation_test";
    /// Records a drill of 911 and 988, with test partners.
    RecordEmergencyDrill => "record_emergency_drill";
    /// Records a call to the last resort of lines.
    RecordLastResortCall => "record_last_resort_call";
}
