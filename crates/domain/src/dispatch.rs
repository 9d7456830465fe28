//! The two functions everything goes through: each command to the rule of its concern, each fact to the state it changes.

use crate::Decided;
use crate::acceptance;
use crate::account_manager;
use crate::actor::Actor;
use crate::agent_maturity;
use crate::agents;
use crate::baseline;
use crate::business_case;
use crate::calendar;
use crate::capacity;
use crate::certificate;
use crate::chunk_weeks;
use crate::chunks::ChunkState;
use crate::command::Command;
use crate::compliance;
use crate::contingency::{
    self, drills, escalation, incidents, insurance, open_work, paper, triggers, watch,
};
use crate::counterfactual::{frozen_staffing, replayed};
use crate::culture;
use crate::dial_in;
use crate::discovery;
use crate::dissent;
use crate::event::Event;
use crate::fallback;
use crate::gates;
use crate::ids::TransitionId;
use crate::issues;
use crate::keys;
use crate::knowledge;
use crate::kudos;
use crate::ladder;
use crate::legal_tables;
use crate::licences;
use crate::nodes;
use crate::parties;
use crate::pauses;
use crate::people;
use crate::phases;
use crate::preparation;
use crate::pulse;
use crate::qa;
use crate::refusal::{Code, Refusal};
use crate::resource_access;
use crate::resource_probes;
use crate::rights;
use crate::route_orders;
use crate::routing_changes;
use crate::schedule::{self, constraints, items, messages};
use crate::scorecard;
use crate::shared_agents;
use crate::suggestions;
use crate::telephony_checks;
use crate::test_calls;
use crate::test_campaign;
use crate::test_numbers;
use crate::test_scenarios;
use crate::training;
use crate::transition::Transition;
use crate::waivers;
use jiff::Timestamp;

/// What follows from a command, or why nothing does. Pure: the same state, command, actor and time give the same answer.
///
/// # Errors
/// A [`Refusal`]: rule, what is missing, who can fix it, how.
#[expect(clippy::too_many_lines, reason = "one line per command")]
pub fn decide(t: &Transition, command: &Command, actor: &Actor, now: Timestamp) -> Decided {
    if !t.is_created() && !matches!(command, Command::CreateTransition(_)) {
        return Err(Refusal::new(Code::NotCreated)
            .missing("a created transition")
            .how("create it with `segue do create-transition --file FILE.json`"));
    }
    rights::require(t, command, actor)?;
    match command {
        Command::CreateTransition(c) => parties::create(t, c, now),
        Command::NameAccountManager(c) => account_manager::name(t, c, now),
        Command::RemoveAccountManager(_) => account_manager::remove(t, now),
        Command::EnrolKey(c) => keys::enrol(t, c, actor, now),
        Command::RevokeKey(c) => keys::revoke(t, c, actor, now),
        Command::OpenDiscovery(c) => discovery::open(t, c, now),
        Command::RecordCallFlow(c) => discovery::flows::record(t, c, now),
        Command::WalkCallFlow(c) => discovery::flows::walk(t, c, actor, now),
        Command::RecordNumber(c) => discovery::numbers::record(t, c, now),
        Command::ReconcileReport(c) => discovery::reports::reconcile(t, c, now),
        Command::ClassifyCalls(c) => discovery::reports::classify(t, c, now),
        Command::RecordWorkshop(c) => discovery::experience::record_workshop(t, c, now),
        Command::StateExperience(c) => discovery::experience::state(t, c, now),
        Command::RecordSegment(c) => culture::segments::record(t, c, now),
        Command::RecordTrait(c) => culture::traits::record(t, c, now),
        Command::LinkTrait(c) => culture::traits::link(t, c, now),
        Command::RecordAdaptation(c) => culture::adaptations::record(t, c, now),
        Command::DescribeCallType(c) => discovery::call_types::describe(t, c, now),
        Command::DeclareNoChange(c) => culture::adaptations::declare_no_change(t, c, actor, now),
        Command::RecordPractice(c) => culture::practices::record(t, c, now),
        Command::DecidePractice(c) => culture::practices::decide(t, c, actor, now),
        Command::ProposeCultureProfile(c) => culture::profiles::propose(t, c, now),
        Command::SignCultureProfile(c) => culture::profiles::sign(t, c, actor, now),
        Command::AcknowledgeCulture(c) => culture::acknowledgements::acknowledge(t, c, now),
        Command::SetAhtTarget(c) => culture::handle_time::set(t, c, now),
        Command::CompleteDiscoveryItem(c) => discovery::complete_item(t, c, now),
        Command::SignDiscovery(c) => discovery::sign(t, c, actor, now),
        Command::PostSuggestion(c) => suggestions::post(t, c, actor, now),
        Command::ReportHazard(c) => suggestions::hazards::report(t, c, actor, now),
        Command::AnswerHazard(c) => suggestions::hazards::answer(t, c, actor, now),
        Command::RegisterOpportunity(c) => suggestions::optimisation::register(t, c, actor, now),
        Command::ScheduleOptimisation(c) => suggestions::optimisation::schedule(t, c, now),
        Command::FinishOptimisation(c) => suggestions::optimisation::finish(t, c, now),
        Command::DeclareConstraint(c) => constraints::declare(t, c, actor, now),
        Command::WithdrawConstraint(c) => constraints::withdraw(t, c, actor, now),
        Command::WriteMessage(c) => messages::write(t, c, actor, now),
        Command::ProposePlan(c) => schedule::propose(t, c, actor, now),
        Command::SignPlan(c) => schedule::sign(t, c, actor, now),
        Command::CompletePlanItem(c) => items::complete(t, c, actor, now),
        Command::RecordTestCall(c) => test_calls::record(t, c, actor, now),
        Command::RecordEvidence(c) => gates::record_evidence(t, c, now),
        Command::SignGate(c) => gates::sign(t, c, actor, now),
        Command::ProposeStep(c) => routing_changes::propose(t, c, actor, now),
        Command::ApproveStep(c) => routing_changes::approve(t, c, actor, now),
        Command::LowerShare(c) => routing_changes::lower(t, c, now),
        Command::Fallback(c) => fallback::fall_back(t, c, actor, now),
        Command::VerifyReturn(c) => fallback::verify(t, c, now),
        Command::WriteIncidentNote(c) => fallback::write_note(t, c, now),
        Command::ProposeAcceptance(c) => acceptance::propose(t, c, now),
        Command::SignAcceptance(c) => acceptance::sign(t, c, actor, now),
        Command::SignClosure(c) => acceptance::close(t, c, actor, now),
        Command::RosterAgents(c) => agents::roster(t, c, now),
        Command::UnrosterAgent(c) => agents::unroster(t, c, now),
        Command::RecordBaseline(c) => baseline::record(t, c, now),
        Command::FreezeStaffing(c) => frozen_staffing::freeze(t, c, now),
        Command::SignFrozenStaffing(c) => frozen_staffing::sign(t, c, actor, now),
        Command::RecordCounterfactual(c) => replayed::record(t, c, now),
        Command::FileComplianceRecords(c) => compliance::records::file(t, c, actor, now),
        Command::DescribeCallers(c) => compliance::callers::describe(t, c, now),
        Command::ReportSecurityIncident(c) => compliance::incidents::report(t, c, now),
        Command::RecordIncidentNotice(c) => compliance::incidents::notify(t, c, actor, now),
        Command::CompleteExitItem(c) => compliance::exit::complete(t, c, actor, now),
        Command::AdoptCompactTable(c) => licences::compact::adopt(t, c, now),
        Command::RecordLicences(c) => licences::record(t, c, now),
        Command::EscalateCall(c) => licences::route::escalate(t, c, now),
        Command::CaptureKnowledge(c) => knowledge::capture(t, c, now),
        Command::OrderErasure(c) => compliance::erasure::order(c, now),
        Command::VerifyKnowledge(c) => knowledge::verify(t, c, actor, now),
        Command::RetireKnowledge(c) => knowledge::retire(t, c, now),
        Command::ProposeContingencyPlan(c) => contingency::plan::propose(t, c, actor, now),
        Command::SignContingencyPlan(c) => contingency::plan::sign(t, c, actor, now),
        Command::RecordDrill(c) => drills::record(t, c, now),
        Command::PrintRunbook(c) => drills::print(t, c, now),
        Command::RecordEscalationTest(c) => escalation::record_test(t, c, now),
        Command::RecordEmergencyDrill(c) => escalation::record_emergency(t, c, now),
        Command::RecordLastResortCall(c) => escalation::record_last_resort(t, c, now),
        Command::WriteTestScenarios(c) => test_scenarios::write(t, c, now),
        Command::NameTestCallers(c) => test_campaign::name_callers(t, c, now),
        Command::RegisterTestTelephones(c) => test_numbers::register_telephones(t, c, now),
        Command::RegisterTestLine(c) => test_numbers::register_line(t, c, now),
        Command::UseDialInCode(c) => dial_in::use_code(t, c, actor, now),
        Command::AssignTestCalls(c) => test_campaign::assign(t, c, now),
        Command::OpenTestCampaign(c) => test_campaign::open(t, c, now),
        Command::GiveKudos(c) => kudos::give(t, c, now),
        Command::PlayAlong(c) => kudos::choose(t, c, actor, now),
        Command::RecordTraining(c) => training::record(t, c, now),
        Command::DrawTrainingSample(c) => training::draw_sample(t, c, now),
        Command::ReviewTraining(c) => training::review(t, c, now),
        Command::DeclareResources(c) => resource_access::declare(t, c, now),
        Command::RecordAccess(c) => resource_access::record(t, c, actor, now),
        Command::RecordTelephonyChecks(c) => telephony_checks::record(t, c, now),
        Command::RecordAgentWork(c) => agent_maturity::record(t, c, now),
        Command::ReportAccountManagerAbsence(c) => account_manager::report_absence(t, c, now),
        Command::CompleteHandover(c) => account_manager::hand_over(t, c, now),
        Command::RecordParticipation(c) => account_manager::participate(t, c, now),
        Command::RecordInterestCheck(c) => account_manager::check_interest(t, c, now),
        Command::RateAccountManager(c) => account_manager::rate(c, now),
        Command::AskProbe(c) => resource_probes::ask(t, c, now),
        Command::ReportProbe(c) => resource_probes::report(t, c, now),
        Command::PlaceRouteOrder(c) => route_orders::place(t, c, actor, now),
        Command::VerifyRouteOrder(c) => route_orders::verify(t, c, now),
        Command::ReportIssue(c) => issues::report(t, c, actor, now),
        Command::AcknowledgeIssue(c) => issues::acknowledge(t, c, actor, now),
        Command::ResolveIssue(c) => issues::resolve(t, c, actor, now),
        Command::ReopenIssue(c) => issues::reopen(t, c, now),
        Command::EscalateIssues(_) => issues::escalate(t, now),
        Command::RecordQaReviews(c) => qa::review(t, c, now),
        Command::RecordSurvey(c) => qa::survey(t, c, now),
        Command::RecordCalibration(c) => qa::calibrate(t, c, now),
        Command::ReviewAutoFails(c) => qa::judge(t, c, now),
        Command::RecordDissent(c) => dissent::dissent(t, c, actor, now),
        Command::RecordVeto(c) => dissent::veto(t, c, now),
        Command::WithdrawVeto(c) => dissent::withdraw(t, c, now),
        Command::RatePillar(c) => scorecard::rate(c, actor, now),
        Command::RecordBusinessCase(c) => business_case::record(t, c, now),
        Command::RecordForecast(c) => capacity::record(t, c, now),
        Command::RecordChunkWeek(c) => chunk_weeks::record(t, c, now),
        Command::TakePulse(c) => pulse::take(t, c, actor, now),
        Command::SetTriggers(c) => triggers::set(t, c, now),
        Command::SignTrigger(c) => triggers::sign(t, c, actor, now),
        Command::TestTriggers(c) => triggers::test(t, c, now),
        Command::ReportObservation(c) => watch::report(t, c, actor, now),
        Command::RaiseAlarm(c) => watch::raise(t, c, now),
        Command::RecordPaperFallback(c) => paper::record(t, c, actor, now),
        Command::GiveFallbackReason(c) => incidents::give_reason(t, c, actor, now),
        Command::RecordOpenWork(c) => open_work::record(t, c, now),
        Command::AcknowledgeOpenWork(c) => open_work::acknowledge(t, c, actor, now),
        Command::RecordInsurance(c) => insurance::record(t, c, now),
        Command::ReportNodes(c) => nodes::report(t, c, now),
        Command::PauseChunk(c) => pauses::pause(t, c, actor, now),
        Command::SignResume(c) => pauses::resume(t, c, actor, now),
        Command::RecordReview(c) => ladder::reviews::record(t, c, actor, now),
        Command::PlanPhase(c) => phases::plan(t, c, actor, now),
        Command::AddPreparation(c) => preparation::add(t, c, now),
        Command::CompletePreparation(c) => preparation::complete(t, c, actor, now),
        Command::DeclareHoliday(c) => calendar::declare_holiday(t, c, actor, now),
        Command::DeclareSurge(c) => calendar::declare_surge(t, c, actor, now),
        Command::ProposeWaiver(c) => waivers::propose(t, c, actor, now),
        Command::SignWaiver(c) => waivers::sign(t, c, actor, now),
        Command::ConfirmLegalTable(c) => legal_tables::confirm(t, c, actor, now),
        Command::AdoptNoticeTable(c) => people::notice_rules::adopt(t, c, now),
        Command::ShareAgents(c) => shared_agents::share(t, c, now),
        Command::RecordWorkforce(c) => people::notice_rules::record_workforce(t, c, now),
        Command::DefineShifts(c) => people::roster::define_shifts(t, c, now),
        Command::RosterStaff(c) => people::roster::roster(t, c, now),
        Command::RecordResignation(c) => people::roster::resign(t, c, now),
        Command::OfferPaths(c) => people::paths::offer(t, c, now),
        Command::DecidePaths(c) => people::paths::decide(t, c, now),
        Command::ProposeFallbackMinimums(c) => people::fallback_minimums::propose(t, c, actor, now),
        Command::SignFallbackMinimums(c) => people::fallback_minimums::sign(t, c, actor, now),
        Command::AcceptFallbackShifts(c) => people::fallback_roster::accept(t, c, now),
        Command::WithdrawFallbackShift(c) => Ok(people::fallback_roster::withdraw(t, c, now)),
        Command::RecordReachability(c) => people::fallback_roster::record_reachability(t, c, now),
        Command::RecordReadiness(c) => people::recorded_readiness::record(t, c, now),
        Command::ServeNotices(c) => people::notices::serve(t, c, now),
        Command::PlanSeparation(c) => people::separations::plan(t, c, now),
        Command::DecideRetention(c) => people::separations::decide_retention(t, c, now),
        Command::ConfirmSeparation(c) => people::separations::confirm(t, c, now),
        Command::CarryOutSeparation(c) => people::separations::carry_out(t, c, now),
        Command::PlanDisconnection(c) => people::disconnections::plan(t, c, now),
        Command::CarryOutDisconnection(c) => people::disconnections::carry_out(t, c, now),
        Command::ReleaseStaff(c) => people::disconnections::release(t, c, now),
        Command::TellAudience(c) => people::communications::tell(t, c, now),
        Command::GiveThanks(c) => people::recognition::thank(t, c, actor, now),
        Command::TakeMoodPulse(c) => people::mood::take(t, c, now),
        Command::AppointProjectManager(c) => people::project_manager::appoint(t, c, now),
        Command::RecordKeyPersonChange(c) => Ok(people::key_persons::record(t, c, actor, now)),
        Command::HandOverKeyPost(c) => people::key_persons::hand_over(t, c, now),
        Command::ProposeCommitment(c) => people::commitments::propose(t, c, actor, now),
        Command::ConfirmCommitment(c) => people::commitments::confirm(t, c, actor, now),
        Command::KeepCommitment(c) => people::commitments::keep(t, c, actor, now),
    }
}

/// Folds one fact in. Total: it never fails and never panics.
#[expect(
    clippy::too_many_lines,
    reason = "a table: one line per kind of fact, and no rule of its own"
)]
pub fn apply(t: &mut Transition, event: &Event) {
    t.version += 1;
    match event {
        Event::TransitionCreated(e) => parties::apply_created(t, e),
        Event::AccountManagerChanged(e) => account_manager::apply_changed(t, e),
        Event::KeyEnrolled(e) => keys::apply_enrolled(t, e),
        Event::KeyRevoked(e) => keys::apply_revoked(t, e),
        Event::DiscoveryOpened(e) => discovery::apply_opened(t, e),
        Event::CallFlowRecorded(e) => discovery::flows::apply_recorded(t, e),
        Event::CallFlowWalked(e) => discovery::flows::apply_walked(t, e),
        Event::NumberRecorded(e) => discovery::numbers::apply(t, e),
        Event::ReportReconciled(e) => discovery::reports::apply_reconciled(t, e),
        Event::CallsClassified(e) => discovery::reports::apply_classified(t, e),
        Event::CallTypeDescribed(e) => discovery::call_types::apply(t, e),
        Event::WorkshopHeld(e) => discovery::experience::apply_workshop(t, e),
        Event::ExperienceStated(e) => discovery::experience::apply_stated(t, e),
        Event::SegmentRecorded(e) => culture::segments::apply(t, e),
        Event::TraitRecorded(e) => culture::traits::apply_recorded(t, e),
        Event::TraitLinked(e) => culture::traits::apply_linked(t, e),
        Event::AdaptationRecorded(e) => culture::adaptations::apply_recorded(t, e),
        Event::NoChangeDeclared(e) => culture::adaptations::apply_no_change(t, e),
        Event::PracticeRecorded(e) => culture::practices::apply_recorded(t, e),
        Event::PracticeDecided(e) => culture::practices::apply_decided(t, e),
        Event::CultureProfileProposed(e) => culture::profiles::apply_proposed(t, e),
        Event::CultureProfileSigned(e) => culture::profiles::apply_signed(t, e),
        Event::CultureAcknowledged(e) => culture::acknowledgements::apply(t, e),
        Event::AhtTargetSet(e) => culture::handle_time::apply(t, e),
        Event::DiscoveryItemCompleted(e) => discovery::apply_item(t, e),
        Event::DiscoverySigned(e) => t.discovery.agreement.add(&e.signed),
        Event::SuggestionPosted(e) => suggestions::apply_posted(t, e),
        Event::HazardReported(e) => suggestions::hazards::apply_reported(t, e),
        Event::HazardAnswered(e) => suggestions::hazards::apply_answered(t, e),
        Event::OpportunityRegistered(e) => suggestions::optimisation::apply_registered(t, e),
        Event::OptimisationScheduled(e) => suggestions::optimisation::apply_scheduled(t, e),
        Event::OptimisationFinished(e) => suggestions::optimisation::apply_finished(t, e),
        Event::ConstraintDeclared(e) => constraints::apply_declared(t, e),
        Event::ConstraintWithdrawn(e) => constraints::apply_withdrawn(t, e),
        Event::MessageWritten(e) => messages::apply_written(t, e),
        Event::PlanProposed(e) => schedule::apply_proposed(t, e),
        Event::PlanSigned(e) => schedule::apply_signed(t, e),
        Event::ScheduleAgreed(e) => schedule::apply_agreed(t, e),
        Event::PlanItemCompleted(e) => items::apply_completed(t, e),
        Event::TestCallRecorded(e) => t.test_calls.push(e.clone()),
        Event::EvidenceRecorded(e) => gates::apply_evidence(t, e),
        Event::GateSigned(e) => gates::apply_signed(t, e),
        Event::GatePassed(e) => t.set_state(&e.chunk, ChunkState::Ready),
        Event::StepProposed(e) => routing_changes::apply_proposed(t, e),
        Event::StepApproved(e) => routing_changes::apply_approved(t, e),
        Event::ShareChanged(e) => routing_changes::apply_share(t, e),
        Event::FellBack(e) => fallback::apply_fell_back(t, e),
        Event::ReturnVerified(e) => fallback::apply_verified(t, e),
        Event::IncidentNoteWritten(e) => fallback::apply_note(t, e),
        Event::AcceptanceProposed(e) => acceptance::apply_proposed(t, e),
        Event::AcceptanceSigned(e) => acceptance::apply_signed(t, e),
        Event::ChunkAccepted(e) => {
            t.set_state(
                &e.chunk,
                ChunkState::Held {
                    accepted_at: e.at,
                    hold_until: e.hold_until,
                },
            );
        }
        Event::ClosureSigned(e) => acceptance::apply_closure(t, e),
        Event::ChunkClosed(e) => t.set_state(&e.chunk, ChunkState::Closed),
        Event::AgentsRostered(e) => agents::apply_rostered(t, e),
        Event::AgentUnrostered(e) => drop(t.agents.remove(&e.agent)),
        Event::BaselineRecorded(e) => baseline::apply_recorded(t, e),
        Event::StaffingFreezeProposed(e) => frozen_staffing::apply_proposed(t, e),
        Event::FrozenStaffingSigned(e) => frozen_staffing::apply_signed(t, e),
        Event::CounterfactualRecorded(e) => replayed::apply_recorded(t, e),
        Event::ComplianceRecordsFiled(e) => compliance::records::apply_filed(t, e),
        Event::CallersDescribed(e) => compliance::callers::apply_described(t, e),
        Event::SecurityIncidentReported(e) => compliance::incidents::apply_reported(t, e),
        Event::IncidentNoticeRecorded(e) => compliance::incidents::apply_notice(t, e),
        Event::ExitItemCompleted(e) => compliance::exit::apply_completed(t, e),
        Event::ErasureOrdered(e) => compliance::erasure::apply_ordered(t, e),
        Event::CompactTableAdopted(e) => licences::compact::apply_adopted(t, e),
        Event::LicencesRecorded(e) => licences::apply_recorded(t, e),
        Event::CallEscalated(e) => licences::apply_escalated(t, e),
        Event::KnowledgeCaptured(e) => knowledge::apply_captured(t, e),
        Event::KnowledgeQuarantined(e) => knowledge::apply_quarantined(t, e),
        Event::KnowledgeVerified(e) => knowledge::apply_verified(t, e),
        Event::KnowledgeRetired(e) => knowledge::apply_retired(t, e),
        Event::ContingencyPlanProposed(e) => contingency::plan::apply_proposed(t, e),
        Event::ContingencyPlanSigned(e) => contingency::plan::apply_signed(t, e),
        Event::DrillRecorded(e) => drills::apply_recorded(t, e),
        Event::RunbookPrinted(e) => drills::apply_printed(t, e),
        Event::EscalationTested(e) => escalation::apply_tested(t, e),
        Event::EmergencyDrilled(e) => escalation::apply_emergency(t, e),
        Event::LastResortCalled(e) => escalation::apply_last_resort(t, e),
        Event::TestScenariosWritten(e) => test_scenarios::apply_written(t, e),
        Event::TestCallersNamed(e) => test_campaign::apply_named(t, e),
        Event::TestTelephonesRegistered(e) => test_numbers::apply_telephones(t, e),
        Event::TestLineRegistered(e) => test_numbers::apply_line(t, e),
        Event::DialInCodeUsed(e) => dial_in::apply_used(t, e),
        Event::TestCallsAssigned(e) => test_campaign::apply_assigned(t, e),
        Event::TestCampaignOpened(e) => test_campaign::apply_opened(t, e),
        Event::KudosGiven(e) => t.fun.kudos.push(e.clone()),
        Event::PlayChosen(e) => kudos::apply_chosen(t, e),
        Event::TrainingRecorded(e) => training::apply_recorded(t, e),
        Event::TrainingSampleDrawn(e) => training::apply_drawn(t, e),
        Event::TrainingReviewed(e) => training::apply_reviewed(t, e),
        Event::TrainingSampleJudged(e) => training::apply_judged(t, e),
        Event::ResourcesDeclared(e) => resource_access::apply_declared(t, e),
        Event::AccessRecorded(e) => resource_access::apply_recorded(t, e),
        Event::ProbeAsked(e) => resource_probes::apply_asked(t, e),
        Event::ProbeReported(e) => resource_probes::apply_reported(t, e),
        Event::RouteOrderPlaced(e) => route_orders::apply_placed(t, e),
        Event::RouteOrderVerified(e) => route_orders::apply_verified(t, e),
        Event::TelephonyChecked(e) => telephony_checks::apply_checked(t, e),
        Event::AgentWorkRecorded(e) => agent_maturity::apply_recorded(t, e),
        Event::AccountManagerAbsenceReported(e) => t.stewardship.absent = e.absent,
        Event::HandoverCompleted(_) => t.stewardship.uncovered_since = None,
        Event::Participated(e) => account_manager::apply_participated(t, e),
        Event::InterestChecked(e) => account_manager::apply_checked(t, e),
        Event::InterestCheckMissed(e) => account_manager::apply_missed(t, e),
        Event::AccountManagerRated(e) => account_manager::apply_rated(t, e),
        Event::IssueReported(e) => issues::apply_reported(t, e),
        Event::IssueAcknowledged(e) => issues::apply_acknowledged(t, e),
        Event::IssueEscalated(e) => issues::apply_escalated(t, e),
        Event::IssueResolved(e) => issues::apply_resolved(t, e),
        Event::IssueReopened(e) => issues::apply_reopened(t, e),
        Event::QaReviewed(e) => qa::apply_reviewed(t, e),
        Event::CallersSurveyed(e) => qa::apply_surveyed(t, e),
        Event::ReviewersCalibrated(e) => qa::apply_calibrated(t, e),
        Event::AutoFailsReviewed(e) => qa::apply_judged(t, e),
        Event::DissentRecorded(e) => t.dissents.all.push(e.clone()),
        Event::VetoRecorded(e) => drop(t.dissents.vetoes.insert(e.chunk.clone(), e.clone())),
        Event::VetoWithdrawn(e) => drop(t.dissents.vetoes.remove(&e.chunk)),
        Event::PillarRated(e) => t.scorecard.push(e.clone()),
        Event::BusinessCaseRecorded(e) => business_case::apply_recorded(t, e),
        Event::ForecastRecorded(e) => capacity::apply_recorded(t, e),
        Event::ChunkWeekRecorded(e) => chunk_weeks::apply_recorded(t, e),
        Event::PulseTaken(e) => pulse::apply_taken(t, e),
        Event::TriggersSet(e) => triggers::apply_set(t, e),
        Event::TriggerSigned(e) => triggers::apply_signed(t, e),
        Event::TriggersTested(e) => triggers::apply_tested(t, e),
        Event::ObservationRecorded(e) => watch::apply_observed(t, e),
        Event::AlarmRaised(e) => watch::apply_raised(t, e),
        Event::FallbackReasonGiven(e) => incidents::apply_reason(t, e),
        Event::OpenWorkRecorded(e) => open_work::apply_recorded(t, e),
        Event::OpenWorkAcknowledged(e) => open_work::apply_acknowledged(t, e),
        Event::InsuranceRecorded(e) => t.contingency.insurance = Some(e.figures.clone()),
        Event::NodesReported(e) => nodes::apply_reported(t, e),
        Event::ChunkPaused(e) => pauses::apply_paused(t, e),
        Event::ResumeSigned(e) => pauses::apply_signed(t, e),
        Event::ChunkResumed(e) => pauses::apply_resumed(t, e),
        Event::ChunkReviewed(e) => drop(t.reviews.remove(&e.chunk)),
        Event::PhasePlanned(e) => drop(t.phases.planned.insert(e.phase, e.clone())),
        Event::PreparationAdded(e) => preparation::apply_added(t, e),
        Event::PreparationCompleted(e) => preparation::apply_completed(t, e),
        Event::HolidayDeclared(e) => calendar::apply_holiday(t, e),
        Event::SurgeDeclared(e) => calendar::apply_surge(t, e),
        Event::WaiverProposed(e) => waivers::apply_proposed(t, e),
        Event::WaiverSigned(e) => waivers::apply_signed(t, e),
        Event::LegalTableConfirmed(e) => legal_tables::apply_confirmed(t, e),
        Event::NoticeTableAdopted(e) => people::notice_rules::apply_adopted(t, e),
        Event::AgentsShared(e) => shared_agents::apply_shared(t, e),
        Event::WorkforceRecorded(e) => people::notice_rules::apply_workforce(t, e),
        Event::ShiftsDefined(e) => people::roster::apply_shifts(t, e),
        Event::StaffRostered(e) => people::roster::apply_rostered(t, e),
        Event::StaffResigned(e) => people::roster::apply_resigned(t, e),
        Event::PathsOffered(e) => people::paths::apply_offered(t, e),
        Event::PathsDecided(e) => people::paths::apply_decided(t, e),
        Event::FallbackMinimumsProposed(e) => people::fallback_minimums::apply_proposed(t, e),
        Event::FallbackMinimumsSigned(e) => people::fallback_minimums::apply_signed(t, e),
        Event::FallbackShiftsAccepted(e) => people::fallback_roster::apply_accepted(t, e),
        Event::FallbackShiftWithdrawn(e) => people::fallback_roster::apply_withdrawn(t, e),
        Event::ReachabilityRecorded(e) => people::fallback_roster::apply_reachability(t, e),
        Event::ReadinessRecorded(e) => people::recorded_readiness::apply_recorded(t, e),
        Event::NoticesServed(e) => people::notices::apply_served(t, e),
        Event::SeparationPlanned(e) => people::separations::apply_planned(t, e),
        Event::RetentionDecided(e) => people::separations::apply_retention(t, e),
        Event::SeparationConfirmed(e) => people::separations::apply_confirmed(t, e),
        Event::SeparationCarriedOut(e) => people::separations::apply_carried_out(t, e),
        Event::DisconnectionPlanned(e) => people::disconnections::apply_planned(t, e),
        Event::DisconnectionCarriedOut(e) => people::disconnections::apply_carried_out(t, e),
        Event::StaffReleased(e) => people::disconnections::apply_released(t, e),
        Event::AudienceTold(e) => people::communications::apply_told(t, e),
        Event::ThanksGiven(e) => people::recognition::apply_thanks(t, e),
        Event::MoodPulseTaken(e) => people::mood::apply_taken(t, e),
        Event::MoodPulseSuppressed(_) => {}
        Event::ProjectManagerAppointed(e) => people::project_manager::apply_appointed(t, e),
        Event::KeyPersonChanged(e) => people::key_persons::apply_changed(t, e),
        Event::KeyPostHandedOver(e) => people::key_persons::apply_handed_over(t, e),
        Event::CommitmentProposed(e) => people::commitments::apply_proposed(t, e),
        Event::CommitmentConfirmed(e) => people::commitments::apply_confirmed(t, e),
        Event::CommitmentKept(e) => people::commitments::apply_kept(t, e),
        Event::CommandRefused(_) => t.refused += 1,
    }
    certificate::observe(t, event);
    phases::follow(t, event);
}

/// The state after all facts of a stream.
pub fn replay<'a>(id: TransitionId, events: impl IntoIterator<Item = &'a Event>) -> Transition {
    let mut t = Transition::new(id);
    for event in events {
        apply(&mut t, event);
    }
    t
}
