//! A chunk's share and hours, tried out: the calls that each side may expect, and the plan with them, for the other party to
//! sign. One answer for the command line and the page (A17).

use segue_domain::schedule::chunker::History;
use segue_domain::schedule::expected::{ExpectedWeek, expected};
use segue_domain::schedule::{PlanVersion, ProposePlan};
use segue_domain::share::{ShareInput, TrafficShare};
use segue_domain::windows::painted::PaintedWeek;
use segue_domain::windows::{HolidayHours, Holidays, ShiftWindow};
use segue_domain::{Code, Refusal, Transition};

/// What is asked, as typed; absent means as planned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// The chunk; the plan's first one where absent.
    pub(crate) chunk: Option<String>,
    /// The number of its step, from 1.
    pub(crate) step: Option<String>,
    /// Whole percent.
    pub(crate) share: Option<String>,
    /// The window's text; painted cells count before it.
    pub(crate) window: Option<String>,
    /// Painted cells, as [`PaintedWeek::from_hex`] reads them.
    pub(crate) painted: Option<String>,
    /// Why it should change.
    pub(crate) reason: String,
}

/// A chunk's week.
#[derive(Clone, Debug)]
pub(crate) struct Week {
    /// The version of the plan.
    pub(crate) version: u32,
    /// As planned.
    pub(crate) planned: segue_domain::chunks::PlannedChunk,
    /// The zone of its hours.
    pub(crate) zone: String,
    /// The step, from 1.
    pub(crate) step: usize,
    /// The share asked for.
    pub(crate) share: TrafficShare,
    /// The hours asked for.
    pub(crate) window: String,
    /// What they do on holidays.
    pub(crate) holidays: Holidays,
    /// The hours as cells.
    pub(crate) painted: PaintedWeek,
    /// Whether share or hours are others than planned.
    pub(crate) changed: bool,
    /// The plan with them.
    pub(crate) propose: ProposePlan,
}

/// The newest version's chunk with what is asked; none while nothing is proposed.
///
/// # Errors
/// `UNKNOWN` chunk or step, `SHARE_OUT_OF_RANGE`, `WINDOW_INVALID`.
pub(crate) fn week(t: &Transition, asked: &Asked) -> Result<Option<Week>, Refusal> {
    let Some(version) = t.schedule.newest() else {
        return Ok(None);
    };
    let chunks = &version.proposed.plan.chunks;
    let named = |name: &str| chunks.iter().position(|c| c.id.as_str() == name);
    let at = match &asked.chunk {
        Some(name) => named(name).ok_or_else(|| unknown(format!("a chunk `{name}`")))?,
        None => 0,
    };
    let Some(planned) = chunks.get(at) else {
        return Ok(None);
    };
    let step = step(asked, planned.steps.len())?;
    let planned_share = &planned.steps.get(step - 1).map(|s| s.share_percent.clone());
    let typed = asked.share.clone().map(|text| ShareInput(text.into()));
    let share = typed
        .or_else(|| planned_share.clone())
        .ok_or_else(|| unknown(format!("a step of {}", planned.id)))?
        .parse()?;
    let zone = match planned.windows.first() {
        Some(window) => window.zone.clone(),
        None => t.site_zone(&planned.site).unwrap_or("UTC").to_owned(),
    };
    let holidays = planned.windows.first().map(|w| w.holidays.clone());
    let (window, windows) = hours(asked, &planned.windows, &zone, holidays.as_ref())?;
    let read: Vec<_> = windows
        .iter()
        .map(ShiftWindow::parse)
        .collect::<Result<_, _>>()?;
    let painted = if read.is_empty() {
        PaintedWeek::whole()
    } else {
        PaintedWeek::of(&read)
    };
    let mut propose = proposal(version, asked);
    if let Some(chunk) = propose.plan.chunks.get_mut(at) {
        chunk.windows = windows;
        if let Some(of) = chunk.steps.get_mut(step - 1) {
            of.share_percent = ShareInput::percent(share.percent());
        }
    }
    Ok(Some(Week {
        version: version.proposed.version,
        zone,
        step,
        share,
        window,
        holidays: holidays.unwrap_or_default(),
        painted,
        changed: propose.plan != version.proposed.plan,
        propose,
        planned: planned.clone(),
    }))
}

impl Week {
    /// What each side may expect, with the history it rests on; none without records of its call type at its centre.
    ///
    /// # Errors
    /// `BAD_FACT` for a history without a day.
    pub(crate) fn calls<'h>(
        &self,
        histories: &'h [History],
    ) -> Result<Option<(&'h History, ExpectedWeek)>, Refusal> {
        let of = &self.planned;
        let history = histories
            .iter()
            .find(|h| h.site == of.site && h.call_type == of.call_type);
        history
            .map(|h| Ok((h, expected(h, &self.painted, self.share)?)))
            .transpose()
    }
}

fn step(asked: &Asked, steps: usize) -> Result<usize, Refusal> {
    let Some(text) = &asked.step else {
        return Ok(1);
    };
    let number = text.parse().ok().filter(|n| (1..=steps).contains(n));
    number.ok_or_else(|| unknown(format!("a step `{text}`; there are {steps}")))
}

/// The text and the windows: as planned where nobody asked for others.
fn hours(
    asked: &Asked,
    planned: &[ShiftWindow],
    zone: &str,
    holidays: Option<&Holidays>,
) -> Result<(String, Vec<ShiftWindow>), Refusal> {
    let texts: Vec<_> = planned.iter().map(|w| w.window.as_str()).collect();
    let as_planned = if texts.is_empty() {
        "always".to_owned()
    } else {
        texts.join(", ")
    };
    let text = match (&asked.painted, &asked.window) {
        (Some(cells), _) => PaintedWeek::from_hex(cells)
            .ok_or_else(|| invalid("the 672 quarters of an hour of a week"))?
            .text(),
        (None, Some(text)) => text.clone(),
        (None, None) => return Ok((as_planned, planned.to_vec())),
    };
    if text.is_empty() {
        return Err(invalid(
            "hours in which calls move; to move none, say a share of 0",
        ));
    }
    if text == as_planned {
        return Ok((as_planned, planned.to_vec()));
    }
    let window = ShiftWindow {
        window: text.clone(),
        zone: zone.to_owned(),
        holidays: holidays.cloned().unwrap_or_default(),
    };
    Ok((text, vec![window]))
}

fn proposal(version: &PlanVersion, asked: &Asked) -> ProposePlan {
    ProposePlan {
        plan: version.proposed.plan.clone(),
        counter_to: Some(version.proposed.version),
        reason: asked.reason.clone(),
        terms: version.proposed.terms.clone(),
    }
}

/// What holidays do to the hours, in a sentence; empty where they do nothing.
pub(crate) fn holidays_say(holidays: &Holidays) -> String {
    let days = holidays.dates.len();
    match holidays.hours {
        _ if days == 0 => String::new(),
        HolidayHours::Unchanged => String::new(),
        HolidayHours::Closed => format!("On {days} holidays nothing moves."),
        HolidayHours::AsSunday => format!("{days} holidays are as a Sunday."),
    }
}

fn invalid(missing: &str) -> Refusal {
    Refusal::new(Code::WindowInvalid)
        .missing(missing)
        .how("write the hours as `Mon-Fri 19:00-07:00`, or paint the week")
}

fn unknown(missing: String) -> Refusal {
    Refusal::new(Code::Unknown)
        .missing(missing)
        .how("see the newest version of the plan: segue plan list")
}
