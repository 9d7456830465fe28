//! The plan as an iCalendar file (RFC 5545), for the calendars people already look at: one all-day event for each step.

use crate::model::Model;
use crate::plan::WavePlan;
use icalendar::{Calendar, Component as _, Event};
use jiff::Timestamp;
use jiff::civil::Date;

/// The plan as the text of an `.ics` file; `made_at` is when it was made, as a calendar wants to know.
pub fn ics(model: &Model, plan: &WavePlan, made_at: Timestamp) -> String {
    let hash = plan.hash(model);
    let mut calendar = Calendar::new();
    calendar.name("Segue wave plan");
    for step in plan.steps(model) {
        let mut event = Event::new();
        event
            .uid(&format!(
                "{}-{}-{}@segue",
                &hash[..16],
                step.cell,
                step.step
            ))
            .add_property("DTSTAMP", utc(made_at))
            .append_property(day("DTSTART", step.monday))
            .summary(&format!("{} to {} %", step.cell, step.share_percent))
            .description(&format!(
                "Step {} of {}, in the week of {}. Plan {hash}.",
                step.step, step.cell, step.monday
            ));
        calendar.push(event.done());
    }
    calendar.done().to_string()
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// An all-day date; its length is the day itself.
fn day(name: &str, date: Date) -> icalendar::Property {
    let mut property = icalendar::Property::new(name, date.strftime("%Y%m%d").to_string());
    property.add_parameter("VALUE", "DATE");
    property.done()
}
