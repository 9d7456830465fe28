//! The plan as an iCalendar file (RFC 5545), for the calendars people already look at: one all-day event for each step.

use crate::model::Model;
use crate::plan::WavePlan;
use icalendar::{Calendar, Component as _, Event, EventStatus, Property};
use jiff::Timestamp;
use jiff::civil::Date;
use segue_domain::canonical;

/// How often a calendar looks for news, as RFC 7986 and older programs read it.
const REFRESH: &str = "PT6H";

/// One all-day event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name that stays when the date moves.
    pub uid: String,
    /// The day.
    pub on: Date,
    /// The title.
    pub summary: String,
    /// What more there is to know.
    pub description: String,
    /// Not agreed yet.
    pub tentative: bool,
    /// Grows with every change of the plan.
    pub sequence: u32,
}

/// The steps of a wave plan, each on the Monday of its week.
pub fn entries(model: &Model, plan: &WavePlan) -> Vec<Entry> {
    let hash = plan.hash(model);
    // What moves names the entries, not when: a newer plan of the same cells moves them.
    let cells = canonical::hash("wave-cells", &(&model.types, &model.cells));
    let entry = |step: crate::TakenStep| Entry {
        uid: format!("{}-{}-{}", &cells[..16], step.cell, step.step),
        on: step.monday,
        summary: format!("{} to {} %", step.cell, step.share_percent),
        description: format!(
            "Step {} of {}, in the week of {}. Plan {hash}.",
            step.step, step.cell, step.monday
        ),
        tentative: true,
        sequence: 0,
    };
    plan.steps(model).into_iter().map(entry).collect()
}

/// Entries as the text of an `.ics` file; `made_at` is when it was made, as a calendar wants to know.
pub fn ics(name: &str, entries: &[Entry], made_at: Timestamp) -> String {
    let mut calendar = Calendar::empty();
    calendar
        .append_property(Property::new("VERSION", "2.0"))
        .append_property(Property::new("PRODID", "-//Segue//Wave plan//EN"))
        .append_property(Property::new("CALSCALE", "GREGORIAN"))
        .append_property(Property::new("METHOD", "PUBLISH"))
        .append_property(Property::new("X-PUBLISHED-TTL", REFRESH))
        .append_property(typed("REFRESH-INTERVAL", "DURATION", REFRESH))
        .name(name);
    for entry in entries {
        let mut event = Event::new();
        event
            .uid(&format!("{}@segue", entry.uid))
            .add_property("DTSTAMP", made_at.strftime("%Y%m%dT%H%M%SZ").to_string())
            // An all-day event without an end is as long as its day.
            .append_property(typed(
                "DTSTART",
                "DATE",
                &entry.on.strftime("%Y%m%d").to_string(),
            ))
            .sequence(entry.sequence)
            .status(if entry.tentative {
                EventStatus::Tentative
            } else {
                EventStatus::Confirmed
            })
            .add_property("TRANSP", "TRANSPARENT")
            .summary(&entry.summary)
            .description(&entry.description);
        calendar.push(event.done());
    }
    calendar.to_string()
}

fn typed(name: &str, kind: &str, value: &str) -> Property {
    let mut property = Property::new(name, value);
    property.add_parameter("VALUE", kind);
    property.done()
}
