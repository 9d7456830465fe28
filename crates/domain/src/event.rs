//! Every fact, as recorded. Recorded events always parse: new fields get defaults, new meaning gets a new name.

use crate::acceptance::{
    AcceptanceProposed, AcceptanceSigned, ChunkAccepted, ChunkClosed, ClosureSigned,
};
use crate::account_manager::{
    AccountManagerAbsenceReported, AccountManagerChanged, AccountManagerRated, HandoverCompleted,
    InterestCheckMissed, InterestChecked, Participated,
};
use crate::agent_maturity::AgentWorkRecorded;
use crate::agents::{AgentUnrostered, AgentsRostered};
use crate::baseline::BaselineRecorded;
use crate::business_case::BusinessCaseRecorded;
use crate::calendar::{HolidayDeclared, SurgeDeclared};
use crate::capacity::ForecastRecorded;
use crate::chunk_weeks::ChunkWeekRecorded;
use crate::compliance::callers::CallersDescribed;
use crate::compliance::erasure::ErasureOrdered;
use crate::compliance::exit::ExitItemCompleted;
use crate::compliance::incidents::{IncidentNoticeRecorded, SecurityIncidentReported};
use crate::compliance::records::ComplianceRecordsFiled;
use crate::contingency::drills::{DrillRecorded, RunbookPrinted};
use crate::contingency::escalation::{EmergencyDrilled, EscalationTested, LastResortCalled};
use crate::contingency::incidents::FallbackReasonGiven;
use crate::contingency::insurance::InsuranceRecorded;
use crate::contingency::open_work::{OpenWorkAcknowledged, OpenWorkRecorded};
use crate::contingency::plan::{ContingencyPlanProposed, ContingencyPlanSigned};
use crate::contingency::triggers::{TriggerSigned, TriggersSet, TriggersTested};
use crate::contingency::watch::{AlarmRaised, ObservationRecorded};
use crate::counterfactual::frozen_staffing::{FrozenStaffingSigned, StaffingFreezeProposed};
use crate::counterfactual::replayed::CounterfactualRecorded;
use crate::culture::acknowledgements::CultureAcknowledged;
use crate::culture::adaptations::{AdaptationRecorded, NoChangeDeclared};
use crate::culture::handle_time::AhtTargetSet;
use crate::culture::practices::{PracticeDecided, PracticeRecorded};
use crate::culture::profiles::{CultureProfileProposed, CultureProfileSigned};
use crate::culture::segments::SegmentRecorded;
use crate::culture::traits::{TraitLinked, TraitRecorded};
use crate::dial_in::DialInCodeUsed;
use crate::discovery::call_types::CallTypeDescribed;
use crate::discovery::experience::{ExperienceStated, WorkshopHeld};
use crate::discovery::flows::{CallFlowRecorded, CallFlowWalked};
use crate::discovery::numbers::NumberRecorded;
use crate::discovery::reports::{CallsClassified, ReportReconciled};
use crate::discovery::{DiscoveryItemCompleted, DiscoveryOpened, DiscoverySigned};
use crate::dissent::{DissentRecorded, VetoRecorded, VetoWithdrawn};
use crate::fallback::{FellBack, IncidentNoteWritten, ReturnVerified};
use crate::gates::{EvidenceRecorded, GatePassed, GateSigned};
use crate::ids::PersonId;
use crate::issues::{
    IssueAcknowledged, IssueEscalated, IssueReopened, IssueReported, IssueResolved,
};
use crate::keys::{KeyEnrolled, KeyRevoked};
use crate::knowledge::{
    KnowledgeCaptured, KnowledgeQuarantined, KnowledgeRetired, KnowledgeVerified,
};
use crate::kudos::{KudosGiven, PlayChosen};
use crate::ladder::reviews::ChunkReviewed;
use crate::legal_tables::LegalTableConfirmed;
use crate::licences::compact::CompactTableAdopted;
use crate::licences::{CallEscalated, LicencesRecorded};
use crate::nodes::NodesReported;
use crate::parties::TransitionCreated;
use crate::pauses::{ChunkPaused, ChunkResumed, ResumeSigned};
use crate::people::commitments::{CommitmentConfirmed, CommitmentKept, CommitmentProposed};
use crate::people::communications::AudienceTold;
use crate::people::disconnections::{DisconnectionCarriedOut, DisconnectionPlanned, StaffReleased};
use crate::people::fallback_minimums::{FallbackMinimumsProposed, FallbackMinimumsSigned};
use crate::people::fallback_roster::{
    FallbackShiftWithdrawn, FallbackShiftsAccepted, ReachabilityRecorded,
};
use crate::people::key_persons::{KeyPersonChanged, KeyPostHandedOver};
use crate::people::mood::{MoodPulseSuppressed, MoodPulseTaken};
use crate::people::notice_rules::{NoticeTableAdopted, WorkforceRecorded};
use crate::people::notices::NoticesServed;
use crate::people::paths::{PathsDecided, PathsOffered};
use crate::people::project_manager::ProjectManagerAppointed;
use crate::people::recognition::ThanksGiven;
use crate::people::recorded_readiness::ReadinessRecorded;
use crate::people::roster::{ShiftsDefined, StaffResigned, StaffRostered};
use crate::people::separations::{
    RetentionDecided, SeparationCarriedOut, SeparationConfirmed, SeparationPlanned,
};
use crate::phases::PhasePlanned;
use crate::preparation::{PreparationAdded, PreparationCompleted};
use crate::pulse::PulseTaken;
use crate::qa::{AutoFailsReviewed, CallersSurveyed, QaReviewed, ReviewersCalibrated};
use crate::refusal::Code;
use crate::resource_access::{AccessRecorded, ResourcesDeclared};
use crate::resource_probes::{ProbeAsked, ProbeReported};
use crate::route_orders::{RouteOrderPlaced, RouteOrderVerified};
use crate::routing_changes::{ShareChanged, StepApproved, StepProposed};
use crate::schedule::constraints::{ConstraintDeclared, ConstraintWithdrawn};
use crate::schedule::items::PlanItemCompleted;
use crate::schedule::messages::MessageWritten;
use crate::schedule::{PlanProposed, PlanSigned, ScheduleAgreed};
use crate::scorecard::PillarRated;
use crate::shared_agents::AgentsShared;
use crate::suggestions::SuggestionPosted;
use crate::suggestions::hazards::{HazardAnswered, HazardReported};
use crate::suggestions::optimisation::{
    OpportunityRegistered, OptimisationFinished, OptimisationScheduled,
};
use crate::telephony_checks::TelephonyChecked;
use crate::test_calls::TestCallRecorded;
use crate::test_campaign::{TestCallersNamed, TestCallsAssigned, TestCampaignOpened};
use crate::test_numbers::{TestLineRegistered, TestTelephonesRegistered};
use crate::test_scenarios::TestScenariosWritten;
use crate::training::{
    TrainingRecorded, TrainingReviewed, TrainingSampleDrawn, TrainingSampleJudged,
};
use crate::waivers::{WaiverProposed, WaiverSigned};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

macro_rules! events {
    ($($name:ident => $text:literal, $says:literal;)*) => {
        /// What happened.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "type", rename_all = "snake_case")]
        pub enum Event {$(
            #[doc = $says]
            $name($name),
        )*}

        impl Event {
            /// Every kind of fact, in the order of the trade.
            pub const NAMES: &'static [&'static str] = &[$($text),*];

            /// The name: `share_changed`.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => $text),* }
            }

            /// What happened, in one sentence that names nobody.
            pub fn says(&self) -> &'static str {
                match self { $(Self::$name(_) => $says),* }
            }
        }
    };
}

events! {
    TransitionCreated => "transition_created", "The transition exists.";
    AccountManagerChanged => "account_manager_changed", "Somebody is, or nobody is any more, the account manager.";
    KeyEnrolled => "key_enrolled", "A signatory has another key to sign with.";
    KeyRevoked => "key_revoked", "A signing key was revoked; what it signed stays signed.";
    DiscoveryOpened => "discovery_opened", "Discovery is open.";
    CallFlowRecorded => "call_flow_recorded", "The call flow of a number is written down.";
    CallFlowWalked => "call_flow_walked", "One party walked a call flow.";
    NumberRecorded => "number_recorded", "A number is in the inventory.";
    ReportReconciled => "report_reconciled", "A report stands beside the raw log.";
    CallsClassified => "calls_classified", "A centre's calls are classified, with a residue.";
    CallTypeDescribed => "call_type_described", "Skills and hours of a call type are known.";
    WorkshopHeld => "workshop_held", "An experience workshop was held.";
    ExperienceStated => "experience_stated", "What a caller should experience is stated.";
    SegmentRecorded => "segment_recorded", "A segment of callers is known.";
    TraitRecorded => "trait_recorded", "A trait of a culture is known.";
    TraitLinked => "trait_linked", "A trait has a test scenario or a training item.";
    AdaptationRecorded => "adaptation_recorded", "Something is changed for a trait.";
    NoChangeDeclared => "no_change_declared", "One party says that nothing need change for a trait.";
    PracticeRecorded => "practice_recorded", "An in-house practice is known.";
    PracticeDecided => "practice_decided", "One party decided what becomes of a practice.";
    CultureProfileProposed => "culture_profile_proposed", "A version of a culture profile exists.";
    CultureProfileSigned => "culture_profile_signed", "One party signed a version of a culture profile.";
    CultureAcknowledged => "culture_acknowledged", "Agents have read a culture profile.";
    AhtTargetSet => "aht_target_set", "A target of handle time stands.";
    DiscoveryItemCompleted => "discovery_item_completed", "One discovery item has evidence.";
    DiscoverySigned => "discovery_signed", "One party signed discovery.";
    SuggestionPosted => "suggestion_posted", "Somebody had an idea.";
    HazardReported => "hazard_reported", "Somebody reported what may endanger a caller.";
    HazardAnswered => "hazard_answered", "Something is done about a hazard.";
    OpportunityRegistered => "opportunity_registered", "An opportunity is on the register.";
    OptimisationScheduled => "optimisation_scheduled", "An optimisation has its day.";
    OptimisationFinished => "optimisation_finished", "An optimisation is over.";
    ConstraintDeclared => "constraint_declared", "One party declared a limit on dates.";
    ConstraintWithdrawn => "constraint_withdrawn", "One party withdrew a limit of its own.";
    MessageWritten => "message_written", "One party said something to the other.";
    PlanProposed => "plan_proposed", "A version of the plan exists.";
    PlanSigned => "plan_signed", "One party signed a version.";
    ScheduleAgreed => "schedule_agreed", "Both signed the same version.";
    PlanItemCompleted => "plan_item_completed", "One item of the plan is done.";
    TestCallRecorded => "test_call_recorded", "A test call took place.";
    EvidenceRecorded => "evidence_recorded", "One leg of a gate has evidence.";
    GateSigned => "gate_signed", "One party signed a gate.";
    GatePassed => "gate_passed", "Both signed a gate.";
    StepProposed => "step_proposed", "A step was proposed.";
    StepApproved => "step_approved", "One party approved a step.";
    ShareChanged => "share_changed", "Another share is in force.";
    FellBack => "fell_back", "Calls came home.";
    ReturnVerified => "return_verified", "A person in-house answered after a fallback.";
    IncidentNoteWritten => "incident_note_written", "The incident note exists.";
    AcceptanceProposed => "acceptance_proposed", "Somebody proposed acceptance.";
    AcceptanceSigned => "acceptance_signed", "One party signed acceptance.";
    ChunkAccepted => "chunk_accepted", "Both accepted; the hold period runs.";
    ClosureSigned => "closure_signed", "One party signed that the door may close.";
    ChunkClosed => "chunk_closed", "Both closed the door.";
    ChunkPaused => "chunk_paused", "A chunk stands still; its share stays.";
    ResumeSigned => "resume_signed", "One signature that a paused chunk goes on.";
    ChunkResumed => "chunk_resumed", "A paused chunk goes on.";
    ChunkReviewed => "chunk_reviewed", "Harder work was looked at after easier work fell back.";
    PhasePlanned => "phase_planned", "Somebody said when a phase is expected.";
    PreparationAdded => "preparation_added", "Something is on the preparation list.";
    PreparationCompleted => "preparation_completed", "Something on the preparation list is done.";
    HolidayDeclared => "holiday_declared", "A holiday was declared.";
    SurgeDeclared => "surge_declared", "A surge was declared.";
    WaiverProposed => "waiver_proposed", "Somebody asked to set a rule aside for one chunk.";
    WaiverSigned => "waiver_signed", "One signature under a waiver.";
    AgentsRostered => "agents_rostered", "Agents of the outsourcer are on the roster.";
    AgentUnrostered => "agent_unrostered", "An agent left the outsourcer's roster.";
    BaselineRecorded => "baseline_recorded", "A baseline of the in-house centre was recorded.";
    StaffingFreezeProposed => "staffing_freeze_proposed", "An in-house staffing of before is written down for both to sign.";
    FrozenStaffingSigned => "frozen_staffing_signed", "One signature under a frozen staffing.";
    CounterfactualRecorded => "counterfactual_recorded", "A block of real arrivals was replayed through a frozen staffing.";
    LegalTableConfirmed => "legal_table_confirmed", "The compliance officer confirmed a legal table.";
    NoticeTableAdopted => "notice_table_adopted", "A table of notice rules is adopted.";
    ComplianceRecordsFiled => "compliance_records_filed", "Evidence of law and contract was filed.";
    CallersDescribed => "callers_described", "The callers of a centre are described: states and languages, in shares.";
    SecurityIncidentReported => "security_incident_reported", "A security incident was reported; its clocks run.";
    IncidentNoticeRecorded => "incident_notice_recorded", "Somebody was told of a security incident.";
    ExitItemCompleted => "exit_item_completed", "An item of the exit checklist is done.";
    ErasureOrdered => "erasure_ordered", "Call records are to be erased.";
    CompactTableAdopted => "compact_table_adopted", "The table of the states that honour multistate licences is adopted.";
    LicencesRecorded => "licences_recorded", "Licences of nurses were recorded.";
    CallEscalated => "call_escalated", "A call that no nurse may take went to the physician on call.";
    KnowledgeCaptured => "knowledge_captured", "Know-how was captured.";
    KnowledgeQuarantined => "knowledge_quarantined", "A knowledge item pointed at a caller or patient: it was kept out, and nothing of it was kept.";
    KnowledgeVerified => "knowledge_verified", "Knowledge items were verified.";
    KnowledgeRetired => "knowledge_retired", "A knowledge item is out of use.";
    ContingencyPlanProposed => "contingency_plan_proposed", "A contingency plan of a chunk was proposed.";
    ContingencyPlanSigned => "contingency_plan_signed", "One signature under a contingency plan.";
    DrillRecorded => "drill_recorded", "The way home was drilled.";
    RunbookPrinted => "runbook_printed", "The runbook was printed.";
    EscalationTested => "escalation_tested", "The escalation path to a nurse was tested.";
    EmergencyDrilled => "emergency_drilled", "911 and 988 were drilled with test partners.";
    LastResortCalled => "last_resort_called", "A last resort was called.";
    TestScenariosWritten => "test_scenarios_written", "Script cards for test calls stand.";
    TestCallersNamed => "test_callers_named", "The client's test callers are named.";
    TestTelephonesRegistered => "test_telephones_registered", "Telephones for test calls are registered.";
    TestLineRegistered => "test_line_registered", "The outsourcer's number for test calls of a chunk is registered.";
    TestCallsAssigned => "test_calls_assigned", "Trial calls were handed out.";
    DialInCodeUsed => "dial_in_code_used", "A one-time code made a telephone one of the campaign's for a quarter of an hour.";
    TestCampaignOpened => "test_campaign_opened", "A chunk's coverage is wider than its plan.";
    KudosGiven => "kudos_given", "Somebody thanked a team.";
    PlayChosen => "play_chosen", "Somebody joined or left the game of the test calls.";
    TrainingRecorded => "training_recorded", "The outsourcer handed in training records.";
    TrainingSampleDrawn => "training_sample_drawn", "A sample of the training was drawn.";
    TrainingReviewed => "training_reviewed", "Part of a training sample was reviewed.";
    TrainingSampleJudged => "training_sample_judged", "A training sample is judged.";
    ResourcesDeclared => "resources_declared", "What agents need of the client's systems is declared.";
    AccessRecorded => "access_recorded", "Access was requested, granted or tried.";
    ProbeAsked => "probe_asked", "A place was asked to try the way to the client's systems.";
    ProbeReported => "probe_reported", "A place said which of the client's systems it reaches.";
    RouteOrderPlaced => "route_order_placed", "A carrier, a cloud or a PBX was told where calls go.";
    RouteOrderVerified => "route_order_verified", "It was looked at whether such an order holds.";
    TelephonyChecked => "telephony_checked", "A path to the outsourcer was checked.";
    AgentWorkRecorded => "agent_work_recorded", "What agents have done so far is known.";
    AccountManagerAbsenceReported => "account_manager_absence_reported", "The account manager is away, or back.";
    HandoverCompleted => "handover_completed", "The new account manager took over.";
    Participated => "participated", "The account manager was present.";
    InterestChecked => "interest_checked", "The weekly question was answered: is this in the client's interest?";
    InterestCheckMissed => "interest_check_missed", "The weekly question was not answered; both sponsors know.";
    AccountManagerRated => "account_manager_rated", "The client rated the account manager.";
    IssueReported => "issue_reported", "An issue was reported.";
    IssueAcknowledged => "issue_acknowledged", "Somebody is on an issue.";
    IssueEscalated => "issue_escalated", "Nobody was on an issue in time; it went further.";
    IssueResolved => "issue_resolved", "An issue is over, and its cause is known.";
    IssueReopened => "issue_reopened", "An issue is back.";
    QaReviewed => "qa_reviewed", "Calls were reviewed.";
    CallersSurveyed => "callers_surveyed", "Callers answered a survey.";
    ReviewersCalibrated => "reviewers_calibrated", "Reviewers of both parties compared their judgements.";
    AutoFailsReviewed => "auto_fails_reviewed", "The clinical lead judged the auto-fails of a chunk.";
    DissentRecorded => "dissent_recorded", "Somebody disagrees with a gate or step.";
    VetoRecorded => "veto_recorded", "The clinical lead stopped a chunk.";
    VetoWithdrawn => "veto_withdrawn", "The clinical lead lets a chunk go on.";
    PillarRated => "pillar_rated", "One party rated a pillar of the partnership.";
    BusinessCaseRecorded => "business_case_recorded", "The business case of a call type stands.";
    ForecastRecorded => "forecast_recorded", "A forecast of a chunk was recorded.";
    ChunkWeekRecorded => "chunk_week_recorded", "A week of a chunk was recorded.";
    PulseTaken => "pulse_taken", "A team's pulse was taken.";
    AgentsShared => "agents_shared", "Which agents also work for other clients is known.";
    WorkforceRecorded => "workforce_recorded", "Size and place of a workforce were recorded.";
    ShiftsDefined => "shifts_defined", "Shifts of the centres are defined.";
    StaffRostered => "staff_rostered", "In-house staff are on the roster.";
    StaffResigned => "staff_resigned", "Somebody leaves of their own accord.";
    PathsOffered => "paths_offered", "Paths were offered to people.";
    PathsDecided => "paths_decided", "People decided about their paths.";
    FallbackMinimumsProposed => "fallback_minimums_proposed", "Minimums of people at home were proposed.";
    FallbackMinimumsSigned => "fallback_minimums_signed", "One signature under the minimums of people at home.";
    FallbackShiftsAccepted => "fallback_shifts_accepted", "People accepted to come when calls come home.";
    FallbackShiftWithdrawn => "fallback_shift_withdrawn", "Somebody no longer takes a fallback shift.";
    ReachabilityRecorded => "reachability_recorded", "Somebody counted who of the fallback roster can be reached.";
    ReadinessRecorded => "readiness_recorded", "How ready home is was computed and recorded.";
    NoticesServed => "notices_served", "Notices were served.";
    SeparationPlanned => "separation_planned", "A separation is planned.";
    RetentionDecided => "retention_decided", "It was decided about staying longer.";
    SeparationConfirmed => "separation_confirmed", "Counsel confirmed a separation.";
    SeparationCarriedOut => "separation_carried_out", "A separation took place.";
    DisconnectionPlanned => "disconnection_planned", "A disconnection of a line from home is planned.";
    DisconnectionCarriedOut => "disconnection_carried_out", "A line is cut off from home.";
    StaffReleased => "staff_released", "Access or a licence was let go.";
    AudienceTold => "audience_told", "Somebody was told what becomes of the people.";
    ThanksGiven => "thanks_given", "Somebody was thanked.";
    MoodPulseTaken => "mood_pulse_taken", "A group's mood was taken.";
    MoodPulseSuppressed => "mood_pulse_suppressed", "A mood pulse would have revealed somebody and was not kept.";
    ProjectManagerAppointed => "project_manager_appointed", "The client's project manager is appointed.";
    KeyPersonChanged => "key_person_changed", "A key post has another holder.";
    KeyPostHandedOver => "key_post_handed_over", "A key post was handed over.";
    CommitmentProposed => "commitment_proposed", "A commitment to the people was proposed.";
    CommitmentConfirmed => "commitment_confirmed", "Human resources of both parties confirmed a commitment.";
    CommitmentKept => "commitment_kept", "A commitment to the people was kept.";
    TriggersSet => "triggers_set", "Triggers of the library were set.";
    TriggerSigned => "trigger_signed", "One party signed an automatic trigger.";
    TriggersTested => "triggers_tested", "Triggers fired in a test.";
    ObservationRecorded => "observation_recorded", "The watch saw something break, or work again.";
    AlarmRaised => "alarm_raised", "A trigger fired; the duty managers of both parties are paged.";
    FallbackReasonGiven => "fallback_reason_given", "The reason of a fallback is known.";
    OpenWorkRecorded => "open_work_recorded", "The outsourcer said what is open.";
    OpenWorkAcknowledged => "open_work_acknowledged", "Somebody in-house sees to open work.";
    InsuranceRecorded => "insurance_recorded", "What the insurance costs is known.";
    NodesReported => "nodes_reported", "Routing nodes came apart, or are together again.";
    CommandRefused => "command_refused", "Somebody asked for what a rule refuses.";
}

/// A refused attempt, for the audit; it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandRefused {
    /// The command's name, without its contents.
    pub command: String,
    /// The rule.
    pub code: Code,
    /// Who asked.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}
