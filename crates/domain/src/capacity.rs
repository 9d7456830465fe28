//! The capacity gate: a share rises only where the agents who are ready reach the target, and still the floor when calls
//! take longer than planned (A14).

use crate::Decided;
use crate::agent_readiness;
use crate::boards::{Board, Kind};
use crate::chunks::{Chunk, PlannedChunk};
use crate::event::Event;
use crate::ids::ChunkId;
use crate::ladder::Rung;
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::share::TrafficShare;
use crate::staffing::{Load, ServiceTarget};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Steps of the search for a share that would do, in points.
const SHARE_POINTS: u8 = 5;

/// What the capacity gate asks, in the signed terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct CapacityTerms {
    /// Target for messages.
    pub message: ServiceTarget,
    /// Target for appointments.
    pub appointment: ServiceTarget,
    /// Target for consult.
    pub consult: ServiceTarget,
    /// Target for triage.
    pub triage: ServiceTarget,
    /// The planned handle time is multiplied by this percentage for the stress case.
    pub stress_percent: u32,
    /// Whole percent answered in time that the stress case still reaches.
    pub stress_floor_percent: u32,
    /// From so many calls on, the observed handle time counts instead of the planned one.
    pub observed_calls_min: u32,
}

impl Default for CapacityTerms {
    fn default() -> Self {
        Self {
            message: ServiceTarget::new(80, 20),
            appointment: ServiceTarget::new(80, 30),
            consult: ServiceTarget::new(80, 30),
            triage: ServiceTarget::new(80, 30),
            stress_percent: 130,
            stress_floor_percent: 70,
            observed_calls_min: 60,
        }
    }
}

impl CapacityTerms {
    /// The target of a rung.
    pub fn target(&self, rung: Rung) -> ServiceTarget {
        match rung {
            Rung::Message => self.message,
            Rung::Appointment => self.appointment,
            Rung::Consult => self.consult,
            Rung::Triage => self.triage,
        }
    }
}

/// What is expected of a chunk, and who is ready for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Forecast {
    /// Calls of the whole chunk, at 100 %, in its busiest hour.
    pub calls_per_hour: u32,
    /// Planned average handle time, in seconds.
    pub aht_s: u32,
    /// Agents who are trained, licensed and logged in at that hour.
    pub agents_ready: u32,
    /// The outsourcer's calls that the observed handle time comes from.
    #[serde(default)]
    pub observed_calls: u32,
    /// Their average handle time, in seconds.
    #[serde(default)]
    pub observed_aht_s: u32,
}

/// Records the forecast that a chunk's next step is judged by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordForecast {
    /// The chunk.
    pub chunk: ChunkId,
    /// The figures.
    #[serde(flatten)]
    pub forecast: Forecast,
    /// Where they come from.
    pub reference: String,
}

/// A forecast of a chunk stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForecastRecorded {
    /// The chunk.
    pub chunk: ChunkId,
    /// The figures.
    #[serde(flatten)]
    pub forecast: Forecast,
    /// Where they come from.
    pub reference: String,
    /// When.
    pub at: Timestamp,
}

/// The last forecast of each chunk, in state.
pub type Forecasts = BTreeMap<ChunkId, ForecastRecorded>;

pub(crate) const BOARD: Kind = Kind {
    name: "capacity",
    says: "Agents ready against agents needed at each chunk's next share, as planned, as observed and under stress",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

impl Forecast {
    /// The handle time to count with: observed, once there are enough calls.
    fn aht_now_s(&self, terms: &CapacityTerms) -> f64 {
        if self.observed_calls >= terms.observed_calls_min && self.observed_aht_s > 0 {
            f64::from(self.observed_aht_s)
        } else {
            f64::from(self.aht_s)
        }
    }

    /// The planned handle time with the stress on it, or the observed one where that is longer already.
    fn aht_stress_s(&self, terms: &CapacityTerms) -> f64 {
        let stressed = f64::from(self.aht_s) * f64::from(terms.stress_percent) / 100.0;
        stressed.max(self.aht_now_s(terms))
    }
}

/// A forecast applied to one share.
#[derive(Clone, Copy, Debug)]
struct Judged<'a> {
    forecast: &'a Forecast,
    terms: &'a CapacityTerms,
    target: ServiceTarget,
    share: TrafficShare,
    /// Agents of the roster who may take these calls.
    rostered: u32,
}

impl<'a> Judged<'a> {
    fn of(
        t: &'a Transition,
        planned: &PlannedChunk,
        forecast: &'a Forecast,
        share: TrafficShare,
        now: Timestamp,
    ) -> Self {
        let rung = t.rung(&planned.call_type).unwrap_or(Rung::Triage);
        Self {
            forecast,
            terms: &t.terms.capacity,
            target: t.terms.capacity.target(rung),
            share,
            rostered: agent_readiness::ready(t, planned, now),
        }
    }

    fn at(self, share: TrafficShare) -> Self {
        Self { share, ..self }
    }

    fn load(self, aht_s: f64) -> Load {
        let whole = f64::from(self.forecast.calls_per_hour);
        Load {
            calls_per_hour: whole * f64::from(self.share.basis_points()) / 10_000.0,
            aht_s,
        }
    }

    fn planned(self) -> Load {
        self.load(f64::from(self.forecast.aht_s))
    }

    fn base(self) -> Load {
        self.load(self.forecast.aht_now_s(self.terms))
    }

    fn stress(self) -> Load {
        self.load(self.forecast.aht_stress_s(self.terms))
    }

    fn floor(self) -> ServiceTarget {
        self.target.at(self.terms.stress_floor_percent)
    }

    fn is_enough(self, agents: u32) -> bool {
        self.base().reaches(agents, self.target) && self.stress().reaches(agents, self.floor())
    }

    fn agents_needed(self) -> Option<u32> {
        let base = self.base().agents_needed(self.target)?;
        Some(base.max(self.stress().agents_needed(self.floor())?))
    }

    /// The largest smaller share that the agents who are ready can take.
    fn share_that_would_do(self) -> Option<TrafficShare> {
        let below = (1..=100 / SHARE_POINTS).rev().map(|n| n * SHARE_POINTS);
        below
            .filter_map(TrafficShare::from_percent)
            .find(|share| *share < self.share && self.at(*share).is_enough(self.agents()))
    }

    /// Those of the forecast, and never more than the roster has.
    fn agents(self) -> u32 {
        self.forecast.agents_ready.min(self.rostered)
    }

    /// Why fewer count than the forecast says.
    fn counted(self) -> String {
        if self.rostered >= self.forecast.agents_ready {
            return String::new();
        }
        format!(
            " (the forecast says {}, {} of the roster are trained, licensed, with access and far enough)",
            self.forecast.agents_ready, self.rostered
        )
    }

    fn level(self, load: Load, agents: u32) -> String {
        let level = load.service_level(agents, self.target.within_s) * 100.0;
        format!("{level:.1} %")
    }

    /// What would be enough, in words.
    fn remedies(self) -> String {
        let mut ways = Vec::new();
        if let Some(agents) = self.agents_needed() {
            let level = self.level(self.stress(), agents);
            ways.push(format!("{agents} agents ready ({level})"));
        }
        if let Some(share) = self.share_that_would_do() {
            let level = self.level(self.at(share).stress(), self.agents());
            ways.push(format!(
                "a share of at most {} % with {} ({level})",
                share.percent(),
                self.agents()
            ));
        }
        ways.join(", or ")
    }
}

pub(crate) fn record(t: &Transition, c: &RecordForecast, now: Timestamp) -> Decided {
    let planned = &t.require_chunk(&c.chunk)?.planned;
    let f = &c.forecast;
    if f.calls_per_hour == 0 || f.aht_s == 0 || (f.observed_calls > 0 && f.observed_aht_s == 0) {
        return Err(bad("calls an hour and handle times above zero".into()));
    }
    let busiest = t.baselines.of(&planned.site, &planned.call_type);
    let busiest = busiest.map_or(0, |b| b.busiest_hour_calls);
    if planned.windows.is_empty() && f.calls_per_hour < busiest {
        return Err(bad(format!(
            "a forecast of at least {busiest} calls, the busiest hour of the baseline; {} is always open",
            c.chunk
        )));
    }
    text::title("where the forecast comes from", &c.reference)?;
    Ok(vec![Event::ForecastRecorded(ForecastRecorded {
        chunk: c.chunk.clone(),
        forecast: *f,
        reference: c.reference.clone(),
        at: now,
    })])
}

pub(crate) fn apply_recorded(t: &mut Transition, e: &ForecastRecorded) {
    t.forecasts.insert(e.chunk.clone(), e.clone());
}

/// Whether the last forecast of a chunk is young enough to be judged by.
fn fresh<'t>(t: &'t Transition, id: &ChunkId, now: Timestamp) -> Option<&'t ForecastRecorded> {
    let valid_s = i64::from(t.terms.evidence_valid_days) * 86_400;
    let last = t.forecasts.get(id);
    last.filter(|f| now.duration_since(f.at).as_secs() <= valid_s)
}

/// Refuses a share that the agents who are ready cannot take.
pub(crate) fn check(
    t: &Transition,
    chunk: &Chunk,
    share: TrafficShare,
    now: Timestamp,
) -> Result<(), Refusal> {
    let id = &chunk.planned.id;
    let Some(recorded) = fresh(t, id, now) else {
        return Err(Refusal::new(Code::CapacityShort)
            .missing(format!(
                "a forecast of {id} not older than {} days",
                t.terms.evidence_valid_days
            ))
            .who("the outsourcer's workforce planner")
            .how("record calls, handle time and agents ready (`segue do record-forecast`)"));
    };
    let judged = Judged::of(t, &chunk.planned, &recorded.forecast, share, now);
    let agents = judged.agents();
    if judged.is_enough(agents) {
        return Ok(());
    }
    let base = judged.base();
    Err(Refusal::new(Code::CapacityShort)
        .missing(format!(
            "agents for {id} at {} %: {agents} ready{} answer {} in {} s at a handle time of {:.0} s (planned {} s: {}), target {} %",
            share.percent(),
            judged.counted(),
            judged.level(base, agents),
            judged.target.within_s,
            base.aht_s,
            recorded.forecast.aht_s,
            judged.level(judged.planned(), agents),
            judged.target.percent,
        ))
        .missing(format!(
            "stress: {} at {:.0} s, floor {} %; enough would be {}",
            judged.level(judged.stress(), agents),
            judged.stress().aht_s,
            judged.terms.stress_floor_percent,
            judged.remedies(),
        ))
        .who("the outsourcer, who readies agents; both parties, who may plan a smaller step")
        .how("record a forecast with the agents it takes (`segue do record-forecast`), or agree a smaller share"))
}

fn draw(t: &Transition, now: Timestamp) -> Board {
    let mut board = Board::new(
        "Capacity",
        &[
            "chunk",
            "share",
            "calls/h",
            "handle time",
            "ready",
            "needed",
            "as planned",
            "now",
            "stress",
        ],
    );
    for (id, chunk) in &t.chunks {
        let Some(recorded) = fresh(t, id, now) else {
            board.note(format!("{id}: no fresh forecast"));
            continue;
        };
        let share = next_share(chunk);
        let judged = Judged::of(t, &chunk.planned, &recorded.forecast, share, now);
        let (agents, needed) = (judged.agents(), judged.agents_needed());
        board.row([
            id.to_string(),
            format!("{} %", judged.share.percent()),
            format!("{:.0}", judged.base().calls_per_hour),
            format!("{} → {:.0} s", recorded.forecast.aht_s, judged.base().aht_s),
            agents.to_string(),
            needed.map_or_else(|| "–".into(), |n| n.to_string()),
            judged.level(judged.planned(), agents),
            judged.level(judged.base(), agents),
            judged.level(judged.stress(), agents),
        ]);
        if !judged.is_enough(agents) {
            board.note(format!(
                "{id}: forecast {} → {}; needs {}",
                judged.level(judged.planned(), agents),
                judged.level(judged.base(), agents),
                judged.remedies()
            ));
        }
    }
    board
}

/// The next agreed share, or the one in force when there is none.
fn next_share(chunk: &Chunk) -> TrafficShare {
    let steps = &chunk.planned.steps;
    let shares = steps.iter().filter_map(|s| s.share_percent.parse().ok());
    shares
        .into_iter()
        .find(|share| *share > chunk.share)
        .unwrap_or(chunk.share)
}
