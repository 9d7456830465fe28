//! Every fact, as recorded. Recorded events always parse: new fields get defaults, new meaning gets a new name.

use crate::acceptance::{
    AcceptanceProposed, AcceptanceSigned, ChunkAccepted, ChunkClosed, ClosureSigned,
};
use crate::account_manager::AccountManagerChanged;
use crate::agents::{AgentUnrostered, AgentsRostered};
use crate::baseline::BaselineRecorded;
use crate::compliance::callers::CallersDescribed;
use crate::compliance::exit::ExitItemCompleted;
use crate::compliance::incidents::{IncidentNoticeRecorded, SecurityIncidentReported};
use crate::compliance::records::ComplianceRecordsFiled;
use crate::contingency::drills::{DrillRecorded, RunbookPrinted};
use crate::contingency::escalation::{EmergencyDrilled, EscalationTested, LastResortCalled};
use crate::contingency::plan::{ContingencyPlanProposed, ContingencyPlanSigned};
use crate::culture::acknowledgements::CultureAcknowledged;
use crate::culture::adaptations::{AdaptationRecorded, NoChangeDeclared};
use crate::culture::handle_time::AhtTargetSet;
use crate::culture::practices::{PracticeDecided, PracticeRecorded};
use crate::culture::profiles::{CultureProfileProposed, CultureProfileSigned};
use crate::culture::segments::SegmentRecorded;
use crate::culture::traits::{TraitLinked, TraitRecorded};
use crate::discovery::experience::{ExperienceStated, WorkshopHeld};
use crate::discovery::flows::{CallFlowRecorded, CallFlowWalked};
use crate::discovery::numbers::NumberRecorded;
use crate::discovery::reports::{CallsClassified, ReportReconciled};
use crate::discovery::{DiscoveryItemCompleted, DiscoveryOpened, DiscoverySigned};
use crate::fallback::{FellBack, IncidentNoteWritten, ReturnVerified};
use crate::gates::{EvidenceRecorded, GatePassed, GateSigned};
use crate::ids::PersonId;
use crate::knowledge::{
    KnowledgeCaptured, KnowledgeQuarantined, KnowledgeRetired, KnowledgeVerified,
};
use crate::legal_tables::LegalTableConfirmed;
use crate::licences::compact::CompactTableAdopted;
use crate::licences::{CallEscalated, LicencesRecorded};
use crate::parties::TransitionCreated;
use crate::people::notice_rules::NoticeTableAdopted;
use crate::refusal::Code;
use crate::routing_changes::{ShareChanged, StepApproved, StepProposed};
use crate::schedule::constraints::{ConstraintDeclared, ConstraintWithdrawn};
use crate::schedule::items::PlanItemCompleted;
use crate::schedule::messages::MessageWritten;
use crate::schedule::{PlanProposed, PlanSigned, ScheduleAgreed};
use crate::suggestions::SuggestionPosted;
use crate::suggestions::hazards::{HazardAnswered, HazardReported};
use crate::suggestions::optimisation::{
    OpportunityRegistered, OptimisationFinished, OptimisationScheduled,
};
use crate::test_calls::TestCallRecorded;
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
    DiscoveryOpened => "discovery_opened", "Discovery is open.";
    CallFlowRecorded => "call_flow_recorded", "The call flow of a number is written down.";
    CallFlowWalked => "call_flow_walked", "One party walked a call flow.";
    NumberRecorded => "number_recorded", "A number is in the inventory.";
    ReportReconciled => "report_reconciled", "A report stands beside the raw log.";
    CallsClassified => "calls_classified", "A centre's calls are classified, with a residue.";
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
    WaiverProposed => "waiver_proposed", "Somebody asked to set a rule aside for one chunk.";
    WaiverSigned => "waiver_signed", "One signature under a waiver.";
    AgentsRostered => "agents_rostered", "Agents of the outsourcer are on the roster.";
    AgentUnrostered => "agent_unrostered", "An agent left the outsourcer's roster.";
    BaselineRecorded => "baseline_recorded", "A baseline of the in-house centre was recorded.";
    LegalTableConfirmed => "legal_table_confirmed", "The compliance officer confirmed a legal table.";
    NoticeTableAdopted => "notice_table_adopted", "A table of notice rules is adopted.";
    ComplianceRecordsFiled => "compliance_records_filed", "Evidence of law and contract was filed.";
    CallersDescribed => "callers_described", "The callers of a centre are described: states and languages, in shares.";
    SecurityIncidentReported => "security_incident_reported", "A security incident was reported; its clocks run.";
    IncidentNoticeRecorded => "incident_notice_recorded", "Somebody was told of a security incident.";
    ExitItemCompleted => "exit_item_completed", "An item of the exit checklist is done.";
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
