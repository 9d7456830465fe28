//! `segue windows preview`: the hours of a shift window in UTC, with what daylight saving does to them.

use crate::output::{Answer, Answered, Failure};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use segue_domain::windows::{Occurrence, ShiftWindow, hour_text};
use serde::Serialize;

/// At most this many days are previewed at once.
const DAYS_MAX: i32 = 400;

/// `segue windows …`
#[derive(Debug, Subcommand)]
pub enum Windows {
    /// Print every occurrence that starts on a local date from --from to --to
    Preview(Preview),
}

/// Options of `segue windows preview`.
#[derive(Debug, Args)]
pub struct Preview {
    /// IANA zone, for example `America/New_York`
    #[arg(long)]
    zone: String,
    /// For example "Sat 22:00-Sun 06:00" or "Mon-Fri 19:00-07:00"
    #[arg(long)]
    window: String,
    /// First local date
    #[arg(long)]
    from: Date,
    /// Last local date
    #[arg(long)]
    to: Date,
}

#[derive(Serialize)]
struct Previewed {
    intervals: Vec<Interval>,
}

#[derive(Serialize)]
struct Interval {
    start: String,
    end: String,
    hours: f64,
    warning: Option<String>,
}

impl Windows {
    /// Answers.
    pub fn run(&self) -> Answered {
        let Self::Preview(preview) = self;
        preview.run()
    }
}

impl Preview {
    fn run(&self) -> Answered {
        if self.to < self.from || (self.to - self.from).get_days() > DAYS_MAX {
            return Err(Failure::BadInput(format!(
                "--to must be --from or later, at most {DAYS_MAX} days"
            )));
        }
        let window = ShiftWindow::new(&self.window, &self.zone);
        let parsed = window
            .parse()
            .map_err(|r| Failure::BadInput(format!("{}; {}", r.missing.join("; "), r.how)))?;
        let zone = TimeZone::get(&self.zone).map_err(|e| Failure::BadInput(e.to_string()))?;
        let occurrences = parsed.occurrences(self.from, self.to);
        let text = occurrences
            .iter()
            .map(|o| line(o, &zone))
            .collect::<String>();
        let text = if text.is_empty() {
            "No occurrence starts in that period.".into()
        } else {
            text
        };
        Ok(Answer::new(
            &Previewed {
                intervals: occurrences.iter().map(interval).collect(),
            },
            text,
        ))
    }
}

fn seconds(o: &Occurrence) -> i64 {
    o.end.duration_since(o.start).as_secs()
}

fn interval(o: &Occurrence) -> Interval {
    let minutes = i32::try_from(seconds(o) / 60).unwrap_or(i32::MAX);
    Interval {
        start: o.start.to_string(),
        end: o.end.to_string(),
        hours: f64::from(minutes) / 60.0,
        warning: o.warning.clone(),
    }
}

fn line(o: &Occurrence, zone: &TimeZone) -> String {
    let local = |at: jiff::Timestamp| {
        at.to_zoned(zone.clone())
            .strftime("%a %d %b %Y %H:%M %Z")
            .to_string()
    };
    let warning = o
        .warning
        .as_deref()
        .map(|w| format!("   ! {w}"))
        .unwrap_or_default();
    format!(
        "{} to {}   {} h{warning}\n",
        local(o.start),
        local(o.end),
        hour_text(seconds(o))
    )
}
