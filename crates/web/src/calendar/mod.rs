//! What the calendar page shows: who moves when, whose rule keeps a date from being earlier, what both parties get.
//!
//! The program hands the plan over as the planner reads it; nothing is computed here but where a bar is drawn.

pub(crate) mod picture;

use crate::view::Aspect;
use jiff::civil::Date;

/// One version of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct CalendarView {
    /// The shape of its standing.
    pub aspect: Aspect,
    /// Its standing in words: `Agreed by both`.
    pub word: String,
    /// The sentence a director repeats.
    pub finding: String,
    /// What holds it up, and whose turn it is.
    pub lead: String,
    /// Which version.
    pub version: u32,
    /// The version in force, where it is another one.
    pub in_force: Option<u32>,
    /// What both sign.
    pub hash: String,
    /// Today, at the first centre.
    pub today: Date,
    /// Every chunk, in the order of the plan.
    pub lanes: Vec<LaneView>,
    /// Days on which no share changes.
    pub closed: Vec<ClosedView>,
    /// How many dates each owner's rules bind: `CareBridge`, 4.
    pub binds: Vec<(String, usize)>,
    /// What each party gets of its wishes.
    pub wishes: Vec<WishesView>,
    /// Wishes that count in no satisfaction: name and words.
    pub not_weighed: Vec<(String, String)>,
    /// What the page cannot tell, if there is something.
    pub blind: Option<String>,
}

/// One chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneView {
    /// Its name.
    pub chunk: String,
    /// Its steps, in their order.
    pub steps: Vec<StepView>,
    /// The first day after its soak.
    pub accepted: Option<Date>,
    /// The first day after its hold.
    pub closed: Option<Date>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepView {
    /// The share from then on.
    pub share_percent: u32,
    /// Its date.
    pub on: Date,
    /// Its date in the version in force, where that is another version.
    pub was: Option<Date>,
    /// Whether the share is out.
    pub taken: bool,
    /// The rules that keep it from being a week earlier.
    pub bound: Vec<BoundView>,
}

/// A rule that binds a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundView {
    /// Whose: a party's name, `safety`, `law`, `both`.
    pub owner: String,
    /// Its name.
    pub rule: String,
    /// In a sentence.
    pub text: String,
}

/// Days without a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedView {
    /// The first day.
    pub first: Date,
    /// The last day.
    pub last: Date,
    /// Whose.
    pub owner: String,
    /// Why.
    pub reason: String,
}

/// What a party gets of its wishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WishesView {
    /// The party.
    pub party: String,
    /// Points met, of 100; none where it has no wish that is weighed.
    pub points: Option<String>,
}

/// A row of the table: a step with its chunk, in the order of dates.
pub(crate) struct Row<'a> {
    pub(crate) number: usize,
    pub(crate) lane: &'a LaneView,
    pub(crate) step: &'a StepView,
}

impl CalendarView {
    /// Every step in the order of dates.
    pub(crate) fn rows(&self) -> Vec<Row<'_>> {
        let steps = self
            .lanes
            .iter()
            .flat_map(|lane| lane.steps.iter().map(move |step| (lane, step)));
        let mut steps: Vec<_> = steps.collect();
        steps.sort_by_key(|(_, step)| step.on);
        let row = |(n, (lane, step)): (usize, (_, _))| Row {
            number: n + 1,
            lane,
            step,
        };
        steps.into_iter().enumerate().map(row).collect()
    }
}

impl Row<'_> {
    pub(crate) fn on(&self) -> String {
        day(self.step.on)
    }

    /// The date it is moved from, where it moves.
    pub(crate) fn moved_from(&self) -> Option<String> {
        self.step.was.filter(|was| *was != self.step.on).map(day)
    }
}

/// `Mon 1 Mar 2027`
pub(crate) fn day(date: Date) -> String {
    date.strftime("%a %-d %b %Y").to_string()
}
