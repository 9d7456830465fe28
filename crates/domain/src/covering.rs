//! The chunks of a plan cover the scope exactly once at the end state (A13): each call that can be told apart has one
//! owner at each hour, a chunk or a part that is listed as staying home, with its reason.

use crate::chunks::{PlannedChunk, takes};
use crate::ids::{CallTypeId, LineId};
use crate::lines::{Line, LineRoute, bad};
use crate::overlap::{first_common, first_gap};
use crate::refusal::{Code, Refusal};
use crate::schedule::Plan;
use crate::text;
use crate::transition::Transition;
use crate::windows::ShiftWindow;
use jiff::civil::Date;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Calls that are in scope and do not move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StaysHome {
    /// The line.
    pub line: LineId,
    /// The call type.
    pub call_type: CallTypeId,
    /// Callers' languages; empty means all.
    #[serde(default)]
    pub languages: BTreeSet<String>,
    /// The population; absent means everybody.
    #[serde(default)]
    pub population: Option<String>,
    /// When; empty means always.
    #[serde(default)]
    pub windows: Vec<ShiftWindow>,
    /// Why it stays, in a sentence both parties read.
    pub reason: String,
}

impl StaysHome {
    fn takes(&self, line: &Line, route: &LineRoute) -> bool {
        let population = self.population.as_deref();
        self.line == line.id && takes(route, &self.call_type, &self.languages, population)
    }
}

/// Refuses a plan in which a call has no owner, or moves and stays home at once.
pub(crate) fn check(t: &Transition, plan: &Plan) -> Result<(), Refusal> {
    text::list("parts that stay home", &plan.stays_home)?;
    plan.stays_home.iter().try_for_each(|h| check_home(t, h))?;
    let starts = plan.chunks.iter().filter_map(PlannedChunk::starts_on);
    let from = starts.min().unwrap_or_default();
    for line in &t.lines {
        let from = midnight(t, line, from);
        // Calls of several types on one number cannot be told apart: they stay where they are.
        for route in line.routes.iter().filter(|r| r.call_types.len() == 1) {
            check_route(t, plan, (line, route), &from)?;
        }
    }
    Ok(())
}

fn check_home(t: &Transition, home: &StaysHome) -> Result<(), Refusal> {
    text::title("why calls stay home", &home.reason)?;
    home.windows.iter().try_for_each(|w| w.parse().map(drop))?;
    let line = t.line(&home.line);
    if line.is_some_and(|line| line.routes.iter().any(|route| home.takes(line, route))) {
        return Ok(());
    }
    Err(Refusal::new(Code::Unknown)
        .missing(format!(
            "{} on line {} as calls of their own that stay home",
            home.call_type, home.line
        ))
        .how("name a line and a call type that arrives on it alone"))
}

fn check_route(
    t: &Transition,
    plan: &Plan,
    (line, route): (&Line, &LineRoute),
    from: &Zoned,
) -> Result<(), Refusal> {
    let chunks = plan.chunks.iter().filter(|c| c.takes(line, route));
    let homes = plan.stays_home.iter().filter(|h| h.takes(line, route));
    let chunks = chunks.map(|c| (c.id.as_str(), c.windows.as_slice()));
    let homes: Vec<_> = homes
        .map(|h| ("what stays home", h.windows.as_slice()))
        .collect();
    let mut owners: Vec<_> = chunks.collect();
    for home in homes {
        for other in &owners {
            if let Some(at) = first_common(home.1, other.1, from)? {
                let call = example_call(t, line, route, at);
                let missing = format!(
                    "one owner for {call}, which {} and {} both claim",
                    other.0, home.0
                );
                return Err(Refusal::new(Code::ChunksOverlap)
                    .missing(missing)
                    .who("the person who drafted the plan")
                    .how("let the calls move or stay home, not both: give each windows that do not meet"));
            }
        }
        owners.push(home);
    }
    let sets: Vec<_> = owners.iter().map(|(_, windows)| *windows).collect();
    let Some(at) = first_gap(&sets, from)? else {
        return Ok(());
    };
    let call = example_call(t, line, route, at);
    Err(Refusal::new(Code::ChunkGap)
        .missing(format!("an owner for {call}"))
        .who("the person who drafted the plan")
        .how("let a chunk take it, or list it under `stays_home` with the reason"))
}

/// The first instant of a date at the centre of a line.
pub(crate) fn midnight(t: &Transition, line: &Line, date: Date) -> Zoned {
    t.midnight_at(&line.site, date)
}

/// A call as people would speak of it: line, type, language, population, local time.
pub(crate) fn example_call(
    t: &Transition,
    line: &Line,
    route: &LineRoute,
    at: Timestamp,
) -> String {
    let types: Vec<_> = route.call_types.iter().map(CallTypeId::as_str).collect();
    let languages: Vec<_> = route.languages.iter().map(String::as_str).collect();
    let language = if languages.is_empty() {
        "any language".to_owned()
    } else {
        languages.join(" or ")
    };
    let people = route
        .population
        .as_ref()
        .map(|p| format!(", {p}"))
        .unwrap_or_default();
    let zone = t.site_zone(&line.site).unwrap_or("UTC");
    let local = at.in_tz(zone).map_or_else(
        |_| at.to_string(),
        |zoned| zoned.strftime("%a %Y-%m-%d %H:%M").to_string(),
    );
    format!(
        "a {} call in {language}{people} on {} at {local} ({zone})",
        types.join("/"),
        line.id
    )
}

pub(crate) fn check_bounds(
    languages: &BTreeSet<String>,
    population: Option<&String>,
) -> Result<(), Refusal> {
    if languages.len() > LANGUAGES_MAX {
        return Err(bad(format!("at most {LANGUAGES_MAX} languages")));
    }
    languages
        .iter()
        .try_for_each(|l| text::title("a language", l))?;
    population.map_or(Ok(()), |p| text::title("a population", p))
}

/// Most languages of one part of the scope.
const LANGUAGES_MAX: usize = 50;
