//! The state folded from events: one field per concern, each a type of the concern's own.

use crate::acceptance::Acceptance;
use crate::account_manager::{AccountManagerChanged, Stewardship};
use crate::agent_maturity::WorkDone;
use crate::agents::Roster;
use crate::baseline::Baselines;
use crate::business_case::BusinessCases;
use crate::calendar::Calendar;
use crate::caller::CallerKey;
use crate::capacity::Forecasts;
use crate::certificate::Milestones;
use crate::chunk_weeks::ChunkWeeks;
use crate::chunks::{Chunk, ChunkState, PlannedChunk};
use crate::compliance::Compliance;
use crate::contingency::Contingency;
use crate::counterfactual::Counterfactuals;
use crate::culture::Culture;
use crate::discovery::Discovery;
use crate::dissent::Dissents;
use crate::fallback::Incident;
use crate::gates::Gate;
use crate::ids::{
    AgentId, CallTypeId, ChunkId, IncidentId, LineId, SiteId, StepId, TransitionId, WaiverId,
};
use crate::issues::Issues;
use crate::knowledge::Knowledge;
use crate::kudos::Fun;
use crate::ladder::reviews::Review;
use crate::ladder::{CallType, Place, Rung};
use crate::legal_tables::LegalTables;
use crate::licences::Licences;
use crate::lines::{Line, kept_apart};
use crate::nodes::NodesReported;
use crate::parties::{Parties, Site, Terms};
use crate::people::People;
use crate::phases::Phases;
use crate::preparation::Preparations;
use crate::pulse::PulseTaken;
use crate::qa::Quality;
use crate::ramp::Ramps;
use crate::refusal::{Code, Refusal};
use crate::resource_access::Access;
use crate::resource_probes::Probes;
use crate::route_orders::RouteOrders;
use crate::routing_changes::Step;
use crate::schedule::{self, Plan, Schedule};
use crate::scorecard::Scorecard;
use crate::share::TrafficShare;
use crate::signature::{Agreement, Needs};
use crate::suggestions::Suggestions;
use crate::telephony_checks::TelephonyChecks;
use crate::test_calls::TestCallRecorded;
use crate::test_campaign::Campaign;
use crate::test_numbers::TestNumbers;
use crate::test_scenarios::Library;
use crate::training::Training;
use crate::waivers::Waiver;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Where the whole move stands (§4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Not created yet.
    None,
    /// Created; nothing found out yet.
    Contracted,
    /// Discovery is open.
    Discovering,
    /// Both signed discovery.
    Discovered,
    /// A plan is proposed, none agreed.
    Planning,
    /// A schedule is agreed.
    Moving,
    /// Every chunk is accepted; doors are still open.
    Holding,
    /// Every door is closed.
    Closed,
}

/// One transition: everything that is derived from its facts.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Transition {
    /// The stream its facts are in.
    pub id: TransitionId,
    /// How many facts are folded in.
    pub version: u64,
    /// What people call it.
    pub name: String,
    /// Whether its data are an example.
    pub example: bool,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Both parties.
    pub parties: Parties,
    /// The centres.
    pub sites: Vec<Site>,
    /// The public numbers.
    pub lines: Vec<Line>,
    /// The ladder's tickets.
    pub call_types: Vec<CallType>,
    /// Settings both signed.
    pub terms: Terms,
    /// Who is on top of every issue.
    pub account_manager: Option<AccountManagerChanged>,
    /// What is known of the account manager's work.
    pub stewardship: Stewardship,
    /// Everything reported.
    pub issues: Issues,
    /// What was found out.
    pub discovery: Discovery,
    /// Both cultures, and what is done for them.
    pub culture: Culture,
    /// Ideas, hazards and the register of opportunities.
    pub suggestions: Suggestions,
    /// Every version of the plan.
    pub schedule: Schedule,
    /// The chunks of the agreed version.
    pub chunks: BTreeMap<ChunkId, Chunk>,
    /// Test calls, oldest first.
    pub test_calls: Vec<TestCallRecorded>,
    /// Gates by chunk.
    pub gates: BTreeMap<ChunkId, Gate>,
    /// Steps by name.
    pub steps: BTreeMap<StepId, Step>,
    /// Fallbacks.
    pub incidents: BTreeMap<IncidentId, Incident>,
    /// Acceptances by chunk.
    pub acceptances: BTreeMap<ChunkId, Acceptance>,
    /// The outsourcer's agents on this work.
    pub agents: Roster,
    /// Those of them who also work for other clients.
    pub shared_agents: BTreeSet<AgentId>,
    /// How the in-house centres did before anything moved.
    pub baselines: Baselines,
    /// The staffing of before, and what it would have made of the calls since.
    pub counterfactuals: Counterfactuals,
    /// Evidence of law and contract.
    pub compliance: Compliance,
    /// Nurses' licences.
    pub licences: Licences,
    /// Know-how of the in-house centre.
    pub knowledge: Knowledge,
    /// What stands ready for the day something breaks.
    pub contingency: Contingency,
    /// Script cards for test calls.
    pub test_scenarios: Library,
    /// Who calls what before anything moves.
    pub test_campaign: Campaign,
    /// From which telephones, and to which numbers.
    pub test_numbers: TestNumbers,
    /// Thanks given while testing, and who stays out of the game.
    pub fun: Fun,
    /// The outsourcer's training, and the client's check of it.
    pub training: Training,
    /// Access to the client's systems.
    pub access: Access,
    /// What each place reaches of them.
    pub probes: Probes,
    /// What carriers, clouds and PBXs were told.
    pub route_orders: RouteOrders,
    /// Checks of the paths.
    pub telephony_checks: TelephonyChecks,
    /// What agents have done so far.
    pub agent_work: WorkDone,
    /// Reviews and surveys by chunk.
    pub quality: Quality,
    /// Dissent and vetoes.
    pub dissents: Dissents,
    /// Ratings of the partnership.
    pub scorecard: Scorecard,
    /// Pulse surveys of both teams, oldest first.
    pub pulses: Vec<PulseTaken>,
    /// Each chunk week by week.
    pub chunk_weeks: ChunkWeeks,
    /// Every share each chunk ever had.
    pub ramps: Ramps,
    /// The business case by call type.
    pub business_cases: BusinessCases,
    /// When each thing happened first.
    pub milestones: Milestones,
    /// The last forecast of each chunk.
    pub forecasts: Forecasts,
    /// Harder work to be looked at since easier work fell back.
    pub reviews: BTreeMap<ChunkId, Review>,
    /// Dates of the phases.
    pub phases: Phases,
    /// What is prepared without dates and routes.
    pub preparations: Preparations,
    /// Holidays and surges.
    pub calendar: Calendar,
    /// Rules set aside, by name.
    pub waivers: BTreeMap<WaiverId, Waiver>,
    /// Legal tables as adopted and confirmed.
    pub legal_tables: LegalTables,
    /// The people of the in-house centres.
    pub people: People,
    /// Nodes whose clocks or tables differ, while they do.
    pub nodes_apart: Option<NodesReported>,
    /// The highest epoch any chunk ever had; a chunk that is planned anew starts from it.
    pub epoch_highest: u64,
    /// Refused attempts so far.
    pub refused: u64,
}

impl Transition {
    /// A transition of which nothing is known yet.
    pub fn new(id: TransitionId) -> Self {
        Self {
            id,
            ..Self::default()
        }
    }

    /// Whether its first fact is there.
    pub fn is_created(&self) -> bool {
        self.created_at.is_some()
    }

    /// Where the whole move stands.
    pub fn phase(&self) -> Phase {
        let all =
            |test: fn(&Chunk) -> bool| !self.chunks.is_empty() && self.chunks.values().all(test);
        match () {
            () if !self.is_created() => Phase::None,
            () if all(|c| c.state == ChunkState::Closed) => Phase::Closed,
            () if all(Chunk::is_accepted) => Phase::Holding,
            () if self.schedule.agreed.is_some() => Phase::Moving,
            () if !self.schedule.versions.is_empty() => Phase::Planning,
            () if self.discovery.is_complete() => Phase::Discovered,
            () if self.discovery.opened_at.is_some() => Phase::Discovering,
            () => Phase::Contracted,
        }
    }

    /// A chunk of the agreed plan.
    pub fn chunk(&self, id: &ChunkId) -> Option<&Chunk> {
        self.chunks.get(id)
    }

    /// The key that callers of a dialled number are told apart by: the line's own where they are kept apart.
    pub fn caller_key<'k>(&self, key: &'k CallerKey, dialled: &str) -> Cow<'k, CallerKey> {
        key.of_dialled(&kept_apart(&self.lines), dialled)
    }

    /// A line.
    pub fn line(&self, id: &LineId) -> Option<&Line> {
        self.lines.iter().find(|line| line.id == *id)
    }

    /// The position of a call type on the ladder, between two rungs too.
    pub fn place(&self, call_type: &CallTypeId) -> Option<Place> {
        let call_type = self.call_types.iter().find(|k| k.id == *call_type)?;
        Some(call_type.place())
    }

    /// The rung a call type stands on.
    pub fn rung(&self, call_type: &CallTypeId) -> Option<Rung> {
        self.call_types
            .iter()
            .find(|k| k.id == *call_type)
            .map(CallType::rung)
    }

    /// Whose signatures a chunk's gate, steps and acceptance need: the clinical lead's too from consult upwards (§4.3).
    pub fn needs_of_chunk(&self, chunk: &PlannedChunk) -> Needs {
        if self.rung(&chunk.call_type) >= Some(Rung::Consult) {
            Needs::BothAndClinical
        } else {
            Needs::Both
        }
    }

    /// Whose signatures a plan needs: those of its hardest chunk.
    pub fn needs_of_plan(&self, plan: &Plan) -> Needs {
        let clinical = |c: &PlannedChunk| self.needs_of_chunk(c) == Needs::BothAndClinical;
        if plan.chunks.iter().any(clinical) {
            Needs::BothAndClinical
        } else {
            Needs::Both
        }
    }

    /// A site's zone.
    pub fn site_zone(&self, site: &SiteId) -> Option<&str> {
        self.sites
            .iter()
            .find(|s| s.id == *site)
            .map(|s| s.zone.as_str())
    }

    /// The date where the client is: in the zone of its first centre.
    pub fn today(&self, now: Timestamp) -> Date {
        let zone = self.sites.first().map(|site| site.zone.as_str());
        let zone = zone.and_then(|zone| TimeZone::get(zone).ok());
        now.to_zoned(zone.unwrap_or(TimeZone::UTC)).date()
    }

    /// The date at a site at an instant.
    pub fn day_at(&self, site: &SiteId, at: Timestamp) -> Date {
        at.to_zoned(self.zone_of(site)).date()
    }

    /// The first instant of a date at a site.
    pub fn midnight_at(&self, site: &SiteId, date: Date) -> Zoned {
        date.to_zoned(self.zone_of(site)).unwrap_or_default()
    }

    /// A site's zone; UTC where the site or its zone is not known.
    fn zone_of(&self, site: &SiteId) -> TimeZone {
        let zone = self.site_zone(site).and_then(|z| TimeZone::get(z).ok());
        zone.unwrap_or(TimeZone::UTC)
    }

    /// A chunk of the agreed plan, or the refusal that says which exist.
    pub(crate) fn require_chunk(&self, id: &ChunkId) -> Result<&Chunk, Refusal> {
        if let Some(chunk) = self.chunk(id) {
            return Ok(chunk);
        }
        schedule::require_agreed(self)?;
        let known: Vec<_> = self.chunks.keys().map(ToString::to_string).collect();
        Err(Refusal::new(Code::Unknown)
            .missing(format!("chunk `{id}`"))
            .how(format!("choose one of: {}", known.join(", "))))
    }

    pub(crate) fn set_state(&mut self, id: &ChunkId, state: ChunkState) {
        if let Some(chunk) = self.chunks.get_mut(id) {
            chunk.state = state;
        }
    }

    /// New evidence takes a chunk that is not out back before its gate.
    pub(crate) fn unready(&mut self, id: &ChunkId) {
        if self.chunk(id).is_some_and(|c| c.state == ChunkState::Ready) {
            self.set_state(id, ChunkState::Agreed);
        }
    }

    /// Takes over the chunks of an agreed version; what is out stays as it is, all else passes its gate anew.
    pub(crate) fn adopt(&mut self, plan: &Plan) {
        let mut before = std::mem::take(&mut self.chunks);
        for planned in &plan.chunks {
            let kept = before.remove(&planned.id);
            let chunk = match kept {
                Some(chunk) => Chunk {
                    planned: planned.clone(),
                    state: chunk.state_under_new_plan(),
                    ..chunk
                },
                None => Chunk {
                    planned: planned.clone(),
                    state: ChunkState::Agreed,
                    share: TrafficShare::HOME,
                    epoch: self.epoch_highest,
                    share_since: None,
                    paused: None,
                },
            };
            if matches!(
                chunk.state,
                ChunkState::Agreed | ChunkState::Returned { .. }
            ) {
                // Whoever signed its gate signed it under another plan: another hash.
                if let Some(gate) = self.gates.get_mut(&planned.id) {
                    gate.agreement = Agreement::default();
                }
                self.acceptances.remove(&planned.id);
            }
            self.chunks.insert(planned.id.clone(), chunk);
        }
    }
}

impl ChunkState {
    /// The state in one word, the same on screen, CLI and API.
    pub fn words(&self) -> &'static str {
        match self {
            Self::Agreed => "agreed",
            Self::Ready => "ready",
            Self::Live => "live",
            Self::Held { .. } => "held",
            Self::Returned { .. } => "returned",
            Self::Closed => "closed",
        }
    }
    /// The refusal of an edge the state machine does not have.
    pub(crate) fn refuse(&self, id: &ChunkId, how: &str) -> Refusal {
        Refusal::new(Code::WrongState)
            .missing(format!("another state of {id} than {}", self.words()))
            .who("both parties")
            .how(how)
    }
}
