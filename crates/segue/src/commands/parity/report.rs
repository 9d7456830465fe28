//! `segue parity report`: a change at one area from one date, among areas and dates on which nothing changed.

use crate::commands::calls::failure;
use crate::output::{Answer, Answered, Failure};
use clap::Args;
use jiff::civil::Date;
use segue_calls::error::CallsError;
use segue_calls::periods::{PeriodMapping, PeriodReading, read_periods};
use segue_parity::kpi::Ratio;
use segue_parity::report::{Control, Question, Report, report};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs::File;
use std::path::PathBuf;

/// Quarantined figures printed for people; `--json` has all that are kept.
const ROWS_SHOWN: usize = 10;

/// Options of `segue parity report`.
#[derive(Debug, Args)]
pub struct ReportOptions {
    /// The period report
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Mapping file, or a shipped mapping: generic-periods, nhs111-daily, nhs111-monthly, emergency-centre
    #[arg(long, value_name = "M")]
    mapping: String,
    /// The area that changed, by code or name
    #[arg(long, value_name = "AREA")]
    changed: String,
    /// The first day of the change
    #[arg(long, value_name = "DATE")]
    on: Date,
    /// A metric of the mapping, such as `service_level`
    #[arg(long, value_name = "NAME")]
    metric: String,
}

impl ReportOptions {
    pub(super) fn run(&self) -> Answered {
        let mapping = PeriodMapping::find(&self.mapping).map_err(failure)?;
        let metric = mapping.metric(&self.metric).map_err(failure)?;
        let input = File::open(&self.file).map_err(|source| {
            failure(CallsError::ReadInput {
                path: self.file.clone(),
                source,
            })
        })?;
        let reading = read_periods(input, &self.file, &mapping, &self.metric).map_err(failure)?;
        let from = self.on.to_string();
        let question = Question {
            area: reading.code(&self.changed),
            from: &from,
            rules: mapping.windows,
        };
        let found = report(&reading.series, &question)
            .map_err(|fault| Failure::BadInput(fault.to_string()))?;
        let mut text = found.says(&metric.says, metric.unit());
        text.push_str(&excluded(&reading));
        Ok(Answer::new(&answer(&found, &reading), text))
    }
}

fn answer(found: &Report, reading: &PeriodReading) -> Value {
    let figure = |ratio: Ratio| {
        json!({
            "value": ratio.value(), "numerator": ratio.numerator, "denominator": ratio.denominator
        })
    };
    let control = |control: &Control| {
        json!({
            "area": control.area,
            "name": reading.name(&control.area),
            "before": figure(control.rates.before),
            "after": figure(control.rates.after),
            "change": control.change,
            "placebo_did": control.effect,
        })
    };
    json!({
        "area": found.area,
        "name": reading.name(&found.area),
        "on": found.from,
        "windows": found.windows,
        "before": figure(found.rates.before),
        "after": figure(found.rates.after),
        "controls": found.controls.iter().map(control).collect::<Vec<_>>(),
        "control_change": found.control_change,
        "did": found.effect,
        "interval": found.interval,
        "attributable": found.attributable(),
        "verdict": found.verdict,
        "reasons": found.why,
        "rank_areas": found.rank_areas,
        "rank_dates": found.rank_dates,
        "leave_one_out": found.leave_one_out,
        "excluded": found.excluded,
        "figures": {
            "read": reading.read, "accepted": reading.accepted, "empty": reading.empty,
            "quarantined": reading.quarantined
        },
        "quarantine": reading.rows,
    })
}

/// What was not counted, and why.
fn excluded(reading: &PeriodReading) -> String {
    let mut text = format!(
        "\nFigures: read {} = accepted {} + without calls {} + quarantined {}.",
        reading.read, reading.accepted, reading.empty, reading.quarantined
    );
    for row in reading.rows.iter().take(ROWS_SHOWN) {
        // Writing to a text cannot fail.
        let _ = write!(text, "\n  line {}: {}", row.line, row.reason);
    }
    text
}
