//! Chunks: the smallest unit moved, and the state each one is in (A13, §4.4 as corrected by §7.7).

use crate::covering;
use crate::ids::{CallTypeId, ChunkId, IncidentId, LineId, SiteId};
use crate::lines::{Line, LineRoute, bad};
use crate::overlap::first_common;
use crate::pauses::Pause;
use crate::refusal::{Code, Refusal};
use crate::schedule::Plan;
use crate::share::{ShareInput, TrafficShare};
use crate::transition::Transition;
use crate::windows::ShiftWindow;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a node does with a chunk's calls when it is cut off past its timers (design: nodes).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CutOffAction {
    /// In-house, unless the readiness recorded last is below what both signed (95 %): then as the other.
    #[default]
    Home,
    /// Keep the last agreed share and page both parties: in-house could not answer alone.
    HoldLastAgreedAndPage,
}

/// One chunk as a plan describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedChunk {
    /// Short name, for example `RVS-Main/MSG`.
    pub id: ChunkId,
    /// The centre.
    pub site: SiteId,
    /// Its lines.
    pub lines: Vec<LineId>,
    /// Its call type.
    pub call_type: CallTypeId,
    /// Callers' languages; empty means all.
    #[serde(default)]
    pub languages: BTreeSet<String>,
    /// The population, where only a part of the callers moves: `paediatric`; absent means everybody.
    #[serde(default)]
    pub population: Option<String>,
    /// Contacts in an average week, where the chunk takes only a part of its type; absent counts the whole type.
    #[serde(default)]
    pub weekly_contacts: Option<u32>,
    /// When it is open; empty means always.
    #[serde(default)]
    pub windows: Vec<ShiftWindow>,
    /// Its steps, easiest first.
    pub steps: Vec<PlannedStep>,
    /// What a cut-off node does.
    #[serde(default)]
    pub cut_off_action: CutOffAction,
    /// Test cells that must be covered before a real call: `triage × night × Spanish`.
    #[serde(default)]
    pub coverage: BTreeSet<String>,
}

/// One step of a ramp.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedStep {
    /// Whole percent, 0–100.
    pub share_percent: ShareInput,
    /// Not before this local date of the site.
    #[schemars(with = "String")]
    pub from: Date,
}

/// Where a chunk stands. No other edges than those of §4.4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum ChunkState {
    /// In a plan both signed; preparation and tests run.
    Agreed,
    /// Its gate is signed by both and fresh.
    Ready,
    /// Calls go out at the agreed share.
    Live,
    /// Proved; the door stays open until the hold period ends.
    Held {
        /// The day both accepted it.
        accepted_at: Timestamp,
        /// The door may be closed from here on.
        hold_until: Timestamp,
    },
    /// Every call is back in-house.
    Returned {
        /// The fallback that brought them back.
        incident: IncidentId,
    },
    /// Moved for good; there is no fallback button any more.
    Closed,
}

/// A chunk of the agreed plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chunk {
    /// As both signed it.
    pub planned: PlannedChunk,
    /// Where it stands.
    pub state: ChunkState,
    /// The share in force.
    pub share: TrafficShare,
    /// Raised by each fallback; a step agreed under a lower epoch is void.
    pub epoch: u64,
    /// Since when the share is in force.
    pub share_since: Option<Timestamp>,
    /// Whether it is paused; the state stays the one it was paused in.
    pub paused: Option<Pause>,
}

/// Whether calls of the type, in these languages and of this population, arrive on the route alone.
pub(crate) fn takes(
    route: &LineRoute,
    call_type: &CallTypeId,
    languages: &BTreeSet<String>,
    population: Option<&str>,
) -> bool {
    let spoken = || !route.languages.is_empty() && route.languages.is_subset(languages);
    route.call_types.as_slice() == std::slice::from_ref(call_type)
        && (languages.is_empty() || spoken())
        && (population.is_none() || route.population.as_deref() == population)
}

impl PlannedChunk {
    /// Whether the calls of a route of a line are its calls.
    pub fn takes(&self, line: &Line, route: &LineRoute) -> bool {
        let population = self.population.as_deref();
        self.lines.contains(&line.id) && takes(route, &self.call_type, &self.languages, population)
    }

    /// Its calls, as people would speak of them.
    fn calls(&self) -> String {
        let mut words = vec![self.call_type.as_str()];
        words.extend(self.languages.iter().map(String::as_str));
        words.extend(self.population.as_deref());
        words.join(" ")
    }

    /// The share of its last step.
    pub fn last_share(&self) -> TrafficShare {
        let shares = self
            .steps
            .iter()
            .filter_map(|s| s.share_percent.parse().ok());
        shares.max().unwrap_or_default()
    }

    /// The date of its first step.
    pub fn starts_on(&self) -> Option<Date> {
        self.steps.iter().map(|step| step.from).min()
    }
}

impl Chunk {
    /// Its state in one word; a paused chunk says so first.
    pub fn words(&self) -> &'static str {
        match self.paused {
            Some(_) => "paused",
            None => self.state.words(),
        }
    }

    /// Whether calls may be going out.
    pub fn is_out(&self) -> bool {
        matches!(
            self.state,
            ChunkState::Live | ChunkState::Held { .. } | ChunkState::Closed
        ) && self.share.is_out()
    }

    /// Where it stands once both agree on another plan: what is not out may have changed its calls.
    pub(crate) fn state_under_new_plan(&self) -> ChunkState {
        match &self.state {
            ChunkState::Ready => ChunkState::Agreed,
            ChunkState::Live | ChunkState::Held { .. } if !self.is_out() => ChunkState::Agreed,
            other => other.clone(),
        }
    }

    /// Whether both have accepted it and it has not fallen back since.
    pub fn is_accepted(&self) -> bool {
        matches!(self.state, ChunkState::Held { .. } | ChunkState::Closed)
    }
}

/// Checks the chunks of a plan against the transition: references, separability, shares, windows, disjointness.
pub(crate) fn check(t: &Transition, plan: &Plan) -> Result<(), Refusal> {
    let mut names = BTreeSet::new();
    if plan.chunks.is_empty() {
        return Err(bad("at least one chunk in the plan".into()));
    }
    for chunk in &plan.chunks {
        if !crate::ids::is_usable(chunk.id.as_str()) || !names.insert(&chunk.id) {
            return Err(bad(format!(
                "a unique, plain name for chunk `{}`",
                chunk.id
            )));
        }
        check_one(t, chunk)?;
    }
    for (n, a) in plan.chunks.iter().enumerate() {
        for b in &plan.chunks[n + 1..] {
            check_pair(t, a, b)?;
        }
    }
    Ok(())
}

fn check_one(t: &Transition, chunk: &PlannedChunk) -> Result<(), Refusal> {
    let unknown = |what: &str, id: &str| {
        Refusal::new(Code::Unknown)
            .missing(format!("{what} `{id}` of chunk {}", chunk.id))
            .how("name one that was created")
    };
    if !t.sites.iter().any(|site| site.id == chunk.site) {
        return Err(unknown("site", chunk.site.as_str()));
    }
    if t.rung(&chunk.call_type).is_none() {
        return Err(unknown("call type", chunk.call_type.as_str()));
    }
    if chunk.lines.is_empty() || chunk.steps.is_empty() {
        return Err(bad(format!(
            "at least one line and one step for chunk {}",
            chunk.id
        )));
    }
    for id in &chunk.lines {
        let line = t
            .line(id)
            .filter(|line| line.site == chunk.site)
            .ok_or_else(|| unknown("line", id.as_str()))?;
        if !line.routes.iter().any(|route| chunk.takes(line, route)) {
            return Err(line.not_separable(&chunk.calls()));
        }
    }
    for window in &chunk.windows {
        window.parse()?;
    }
    covering::check_bounds(&chunk.languages, chunk.population.as_ref())?;
    let mut last: Option<(Date, TrafficShare)> = None;
    for step in &chunk.steps {
        let share = step.share_percent.parse()?;
        if last.is_some_and(|(from, lower)| step.from < from || share <= lower) || !share.is_out() {
            return Err(bad(format!(
                "steps of chunk {} that rise in date and share",
                chunk.id
            )));
        }
        last = Some((step.from, share));
    }
    Ok(())
}

fn check_pair(t: &Transition, a: &PlannedChunk, b: &PlannedChunk) -> Result<(), Refusal> {
    let mut routes = t
        .lines
        .iter()
        .flat_map(|line| line.routes.iter().map(move |route| (line, route)));
    let Some((line, route)) =
        routes.find(|(line, route)| a.takes(line, route) && b.takes(line, route))
    else {
        return Ok(());
    };
    let from = a
        .starts_on()
        .into_iter()
        .chain(b.starts_on())
        .min()
        .unwrap_or_default();
    let from = covering::midnight(t, line, from);
    let Some(at) = first_common(&a.windows, &b.windows, &from)? else {
        return Ok(());
    };
    let sum = u16::from(a.last_share().percent()) + u16::from(b.last_share().percent());
    let (code, what) = if sum > 100 {
        (
            Code::ShareSum,
            format!(
                "shares of at most 100 in sum, not {sum}, for the calls of {} and {}",
                a.id, b.id
            ),
        )
    } else {
        (
            Code::ChunksOverlap,
            format!(
                "one owner for {}, which {} and {} both claim",
                covering::example_call(t, line, route, at),
                a.id,
                b.id
            ),
        )
    };
    Err(Refusal::new(code)
        .missing(what)
        .who("the person who drafted the plan")
        .how(
            "give the chunks windows, lines or call types that do not meet, or make them one chunk",
        ))
}
