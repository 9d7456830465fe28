//! Every command by its name: the one list that CLI, API, page and import share.

use crate::acceptance::{ProposeAcceptance, SignAcceptance, SignClosure};
use crate::account_manager::{
    CompleteHandover, NameAccountManager, RateAccountManager, RecordInterestCheck,
    RecordParticipation, RemoveAccountManager, ReportAccountManagerAbsence,
};
use crate::agent_maturity::RecordAgentWork;
use crate::agents::{RosterAgents, UnrosterAgent};
use crate::baseline::RecordBaseline;
use crate::business_case::RecordBusinessCase;
use crate::calendar::{DeclareHoliday, DeclareSurge};
use crate::capacity::RecordForecast;
use crate::chunk_weeks::RecordChunkWeek;
use crate::compliance::callers::DescribeCallers;
use crate::compliance::erasure::OrderErasure;
use crate::compliance::exit::CompleteExitItem;
use crate::compliance::incidents::{RecordIncidentNotice, ReportSecurityIncident};
use crate::compliance::records::FileComplianceRecords;
use crate::contingency::drills::{PrintRunbook, RecordDrill};
use crate::contingency::escalation::{
    RecordEmergencyDrill, RecordEscalationTest, RecordLastResortCall,
};
use crate::contingency::incidents::GiveFallbackReason;
use crate::contingency::insurance::RecordInsurance;
use crate::contingency::open_work::{AcknowledgeOpenWork, RecordOpenWork};
use crate::contingency::paper::RecordPaperFallback;
use crate::contingency::plan::{ProposeContingencyPlan, SignContingencyPlan};
use crate::contingency::triggers::{SetTriggers, SignTrigger, TestTriggers};
use crate::contingency::watch::{RaiseAlarm, ReportObservation};
use crate::counterfactual::frozen_staffing::{FreezeStaffing, SignFrozenStaffing};
use crate::counterfactual::replayed::RecordCounterfactual;
use crate::culture::acknowledgements::AcknowledgeCulture;
use crate::culture::adaptations::{DeclareNoChange, RecordAdaptation};
use crate::culture::handle_time::SetAhtTarget;
use crate::culture::practices::{DecidePractice, RecordPractice};
use crate::culture::profiles::{ProposeCultureProfile, SignCultureProfile};
use crate::culture::segments::RecordSegment;
use crate::culture::traits::{LinkTrait, RecordTrait};
use crate::dial_in::UseDialInCode;
use crate::discovery::call_types::DescribeCallType;
use crate::discovery::experience::{RecordWorkshop, StateExperience};
use crate::discovery::flows::{RecordCallFlow, WalkCallFlow};
use crate::discovery::numbers::RecordNumber;
use crate::discovery::reports::{ClassifyCalls, ReconcileReport};
use crate::discovery::{CompleteDiscoveryItem, OpenDiscovery, SignDiscovery};
use crate::dissent::{RecordDissent, RecordVeto, WithdrawVeto};
use crate::fallback::{Fallback, VerifyReturn, WriteIncidentNote};
use crate::gates::{RecordEvidence, SignGate};
use crate::issues::{AcknowledgeIssue, EscalateIssues, ReopenIssue, ReportIssue, ResolveIssue};
use crate::keys::{EnrolKey, RevokeKey};
use crate::knowledge::{CaptureKnowledge, RetireKnowledge, VerifyKnowledge};
use crate::kudos::{GiveKudos, PlayAlong};
use crate::ladder::reviews::RecordReview;
use crate::legal_tables::ConfirmLegalTable;
use crate::licences::RecordLicences;
use crate::licences::compact::AdoptCompactTable;
use crate::licences::route::EscalateCall;
use crate::nodes::ReportNodes;
use crate::parties::CreateTransition;
use crate::pauses::{PauseChunk, SignResume};
use crate::people::commitments::{ConfirmCommitment, KeepCommitment, ProposeCommitment};
use crate::people::communications::TellAudience;
use crate::people::disconnections::{CarryOutDisconnection, PlanDisconnection, ReleaseStaff};
use crate::people::fallback_minimums::{ProposeFallbackMinimums, SignFallbackMinimums};
use crate::people::fallback_roster::{
    AcceptFallbackShifts, RecordReachability, WithdrawFallbackShift,
};
use crate::people::key_persons::{HandOverKeyPost, RecordKeyPersonChange};
use crate::people::mood::TakeMoodPulse;
use crate::people::notice_rules::{AdoptNoticeTable, RecordWorkforce};
use crate::people::notices::ServeNotices;
use crate::people::paths::{DecidePaths, OfferPaths};
use crate::people::project_manager::AppointProjectManager;
use crate::people::recognition::GiveThanks;
use crate::people::recorded_readiness::RecordReadiness;
use crate::people::roster::{DefineShifts, RecordResignation, RosterStaff};
use crate::people::separations::{
    CarryOutSeparation, ConfirmSeparation, DecideRetention, PlanSeparation,
};
use crate::phases::PlanPhase;
use crate::preparation::{AddPreparation, CompletePreparation};
use crate::pulse::TakePulse;
use crate::qa::{RecordCalibration, RecordQaReviews, RecordSurvey, ReviewAutoFails};
use crate::resource_access::{DeclareResources, RecordAccess};
use crate::resource_probes::{AskProbe, ReportProbe};
use crate::route_orders::{PlaceRouteOrder, VerifyRouteOrder};
use crate::routing_changes::{ApproveStep, LowerShare, ProposeStep};
use crate::schedule::constraints::{DeclareConstraint, WithdrawConstraint};
use crate::schedule::items::CompletePlanItem;
use crate::schedule::messages::WriteMessage;
use crate::schedule::{ProposePlan, SignPlan};
use crate::scorecard::RatePillar;
use crate::shared_agents::ShareAgents;
use crate::suggestions::PostSuggestion;
use crate::suggestions::hazards::{AnswerHazard, ReportHazard};
use crate::suggestions::optimisation::{
    FinishOptimisation, RegisterOpportunity, ScheduleOptimisation,
};
use crate::telephony_checks::RecordTelephonyChecks;
use crate::test_calls::RecordTestCall;
use crate::test_campaign::{AssignTestCalls, NameTestCallers, OpenTestCampaign};
use crate::test_numbers::{RegisterTestLine, RegisterTestTelephones};
use crate::test_scenarios::WriteTestScenarios;
use crate::training::{DrawTrainingSample, RecordTraining, ReviewTraining};
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
    /// Enrols one more signing key of a signatory, vouched for by a signature.
    EnrolKey => "enrol_key";
    /// Revokes a signing key: stolen, lost or replaced.
    RevokeKey => "revoke_key";
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
    /// Describes what one call type asks of whoever answers it: skills, hours, what tells its calls apart.
    DescribeCallType => "describe_call_type";
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
    /// Pauses a chunk where it stands: one person of either party, alone.
    PauseChunk => "pause_chunk";
    /// Signs for one party that a paused chunk goes on.
    SignResume => "sign_resume";
    /// Records the review of harder work after easier work fell back.
    RecordReview => "record_review";
    /// Says when a phase is expected, as information.
    PlanPhase => "plan_phase";
    /// Puts something without date and route on the preparation list.
    AddPreparation => "add_preparation";
    /// Says that something on the preparation list is done.
    CompletePreparation => "complete_preparation";
    /// Declares a holiday, before which routes are left alone.
    DeclareHoliday => "declare_holiday";
    /// Declares a surge, in which routes are left alone.
    DeclareSurge => "declare_surge";
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
    /// Writes down the in-house staffing that "had we not moved" is replayed through; it counts once both have signed it.
    FreezeStaffing => "freeze_staffing";
    /// Signs the frozen staffing of a call type at a centre for one party.
    SignFrozenStaffing => "sign_frozen_staffing";
    /// Records what would have become of real callers with the frozen staffing: the program itself.
    RecordCounterfactual => "record_counterfactual";
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
    /// Orders that records of one caller, or of old days, are erased; whose, is not said.
    OrderErasure => "order_erasure";
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
    /// Writes script cards for test calls.
    WriteTestScenarios => "write_test_scenarios";
    /// Names the client's staff who place test calls.
    NameTestCallers => "name_test_callers";
    /// Registers the telephones that test calls come from, as caller hashes.
    RegisterTestTelephones => "register_test_telephones";
    /// Registers the outsourcer's number for test calls of a chunk.
    RegisterTestLine => "register_test_line";
    /// Hands out trial calls to named staff.
    AssignTestCalls => "assign_test_calls";
    /// Says that the person's one-time code for a trial call was entered on the dial-in line.
    UseDialInCode => "use_dial_in_code";
    /// Widens a chunk's coverage: every card in every shift and language on every line.
    OpenTestCampaign => "open_test_campaign";
    /// Gives thanks to a team, for kindness, a catch or a save.
    GiveKudos => "give_kudos";
    /// Joins the game of the test calls, or leaves it.
    PlayAlong => "play_along";
    /// Hands in the outsourcer's training records.
    RecordTraining => "record_training";
    /// Draws the client's random sample of trained agents.
    DrawTrainingSample => "draw_training_sample";
    /// Reports what the client found in the sample.
    ReviewTraining => "review_training";
    /// Declares which of the client's systems each call type needs.
    DeclareResources => "declare_resources";
    /// Records access of agents: requested, granted, or proved by doing.
    RecordAccess => "record_access";
    /// Asks a place to try the way to the client's systems.
    AskProbe => "ask_probe";
    /// Hands in what a probe found, signed by its one-time token.
    ReportProbe => "report_probe";
    /// Records that an order was placed with a carrier, a cloud or a PBX.
    PlaceRouteOrder => "place_route_order";
    /// Records whether such an order holds.
    VerifyRouteOrder => "verify_route_order";
    /// Records telephony checks of one path.
    RecordTelephonyChecks => "record_telephony_checks";
    /// Reports how many calls agents have handled, and how well.
    RecordAgentWork => "record_agent_work";
    /// Says that the account manager is away, or back.
    ReportAccountManagerAbsence => "report_account_manager_absence";
    /// Says that the new account manager took over: list and culture quiz.
    CompleteHandover => "complete_handover";
    /// Records that the account manager was present at kickoff, discovery or workshop.
    RecordParticipation => "record_participation";
    /// Answers the weekly question: is this in the client's interest?
    RecordInterestCheck => "record_interest_check";
    /// Rates the account manager for the client.
    RateAccountManager => "rate_account_manager";
    /// Reports an issue.
    ReportIssue => "report_issue";
    /// Says that somebody is on an issue.
    AcknowledgeIssue => "acknowledge_issue";
    /// Closes an issue with its cause.
    ResolveIssue => "resolve_issue";
    /// Opens a resolved issue again.
    ReopenIssue => "reopen_issue";
    /// Records what is past its clock: issues and the weekly question.
    EscalateIssues => "escalate_issues";
    /// Records reviewed calls of one centre.
    RecordQaReviews => "record_qa_reviews";
    /// Records answers of callers.
    RecordSurvey => "record_survey";
    /// Records how far both parties' reviewers agree.
    RecordCalibration => "record_calibration";
    /// Judges a chunk's auto-fails as clinical lead.
    ReviewAutoFails => "review_auto_fails";
    /// Records that somebody disagrees with a chunk's gate or step.
    RecordDissent => "record_dissent";
    /// Stops a chunk of consult or triage as clinical lead.
    RecordVeto => "record_veto";
    /// Withdraws the clinical lead's veto.
    WithdrawVeto => "withdraw_veto";
    /// Rates one pillar of the partnership for one party.
    RatePillar => "rate_pillar";
    /// Records what a call type costs in-house and outsourced.
    RecordBusinessCase => "record_business_case";
    /// Records calls, handle time and agents ready, by which the next step of a chunk is judged.
    RecordForecast => "record_forecast";
    /// Records what one week of a chunk was like.
    RecordChunkWeek => "record_chunk_week";
    /// Records a pulse survey of the own party's team.
    TakePulse => "take_pulse";
    /// Says which rostered agents also work for other clients.
    ShareAgents => "share_agents";
    /// Says how large a centre's workforce is and where.
    RecordWorkforce => "record_workforce";
    /// Defines the shifts of the centres.
    DefineShifts => "define_shifts";
    /// Puts staff on the in-house roster, or changes them.
    RosterStaff => "roster_staff";
    /// Records that somebody leaves of their own accord.
    RecordResignation => "record_resignation";
    /// Records paths offered to people.
    OfferPaths => "offer_paths";
    /// Records what people decided about their paths.
    DecidePaths => "decide_paths";
    /// Proposes how many people must be able to answer at home.
    ProposeFallbackMinimums => "propose_fallback_minimums";
    /// Signs the minimums for one party, or as clinical lead.
    SignFallbackMinimums => "sign_fallback_minimums";
    /// Records who accepted to come when calls come home.
    AcceptFallbackShifts => "accept_fallback_shifts";
    /// Takes somebody off a fallback shift.
    WithdrawFallbackShift => "withdraw_fallback_shift";
    /// Records how many of the fallback roster could be reached.
    RecordReachability => "record_reachability";
    /// Records how ready home is, as computed (`segue door --record`).
    RecordReadiness => "record_readiness";
    /// Records notices served.
    ServeNotices => "serve_notices";
    /// Plans the day from which somebody no longer works in-house.
    PlanSeparation => "plan_separation";
    /// Decides whether somebody is asked to stay after a date slipped.
    DecideRetention => "decide_retention";
    /// Records that counsel confirmed a planned separation.
    ConfirmSeparation => "confirm_separation";
    /// Says that a planned separation takes place.
    CarryOutSeparation => "carry_out_separation";
    /// Plans the day a line is cut off from home.
    PlanDisconnection => "plan_disconnection";
    /// Says that a planned disconnection takes place now.
    CarryOutDisconnection => "carry_out_disconnection";
    /// Lets access or the licence of a person go.
    ReleaseStaff => "release_staff";
    /// Records who was told what becomes of the people.
    TellAudience => "tell_audience";
    /// Thanks somebody, with credit.
    GiveThanks => "give_thanks";
    /// Brings one mood pulse of one group.
    TakeMoodPulse => "take_mood_pulse";
    /// Appoints the client's implementation project manager.
    AppointProjectManager => "appoint_project_manager";
    /// Records that a key post has another holder.
    RecordKeyPersonChange => "record_key_person_change";
    /// Records that a key post was handed over.
    HandOverKeyPost => "hand_over_key_post";
    /// Proposes a commitment to the people.
    ProposeCommitment => "propose_commitment";
    /// Confirms a commitment, as human resources of the other party.
    ConfirmCommitment => "confirm_commitment";
    /// Says that a commitment was kept.
    KeepCommitment => "keep_commitment";
    /// Sets triggers: what may go wrong, who owns it, from where on it fires.
    SetTriggers => "set_triggers";
    /// Signs, for one party, that a trigger brings calls home without a person.
    SignTrigger => "sign_trigger";
    /// Fires triggers in test mode: nothing moves, nobody is paged.
    TestTriggers => "test_triggers";
    /// Reports what the watch observed at the outsourcer.
    ReportObservation => "report_observation";
    /// Raises an alarm by hand.
    RaiseAlarm => "raise_alarm";
    /// Records a fallback that was made by hand while this product was down.
    RecordPaperFallback => "record_paper_fallback";
    /// Gives the reason of a fallback that was pressed without one.
    GiveFallbackReason => "give_fallback_reason";
    /// Hands over a snapshot of everything that is open at the outsourcer.
    RecordOpenWork => "record_open_work";
    /// Takes over items of the worklist.
    AcknowledgeOpenWork => "acknowledge_open_work";
    /// Records what the insurance costs.
    RecordInsurance => "record_insurance";
    /// Reports which routing nodes' clocks or tables differ.
    ReportNodes => "report_nodes";
}
