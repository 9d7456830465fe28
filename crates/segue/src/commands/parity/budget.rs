//! `segue parity budget`: which margins this volume can prove, and by when.

use crate::output::{Answer, Answered, Failure};
use clap::Args;
use segue_parity::guard::budget::{Provable, Spread, Volume, budget};
use segue_parity::rules::{MetricName, MetricRule};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Options of `segue parity budget`.
#[derive(Debug, Args)]
pub struct Budget {
    /// Calls a day, both centres together
    #[arg(long, value_name = "CALLS")]
    volume_per_day: f64,
    /// Share sent out at the largest step, in percent
    #[arg(long, value_name = "PERCENT")]
    share: f64,
    /// The metrics and margins to be signed: a rules file, or its `[[metrics]]` alone
    #[arg(long, value_name = "FILE")]
    margins: PathBuf,
    /// Days both parties will wait for a proof
    #[arg(long, value_name = "DAYS", default_value_t = 60)]
    days_max: u32,
    /// Simulated transitions of a truly equal centre
    #[arg(long, value_name = "N", default_value_t = 400)]
    runs: u32,
    /// Seed of the simulation
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// The part of a rules file that a budget reads; the rest is for the signing.
#[derive(Deserialize)]
struct Margins {
    #[serde(default = "five_percent_bp")]
    alpha_bp: u32,
    metrics: Vec<MetricRule>,
    /// How metrics vary, by name.
    #[serde(default)]
    spread: BTreeMap<MetricName, Spread>,
}

const fn five_percent_bp() -> u32 {
    500
}

impl Budget {
    pub(super) fn run(&self) -> Answered {
        let bad = |what: String| Failure::BadInput(what);
        let file = self.margins.display();
        let text = std::fs::read_to_string(&self.margins)
            .map_err(|e| bad(format!("cannot read {file}: {e}; check its name")))?;
        let margins: Margins =
            toml::from_str(&text).map_err(|e| bad(format!("{file}: {}", e.to_string().trim())))?;
        let volume = Volume {
            calls_per_day: self.volume_per_day,
            share: self.share / 100.0,
            days_max: self.days_max,
            alpha_bp: margins.alpha_bp,
            runs: self.runs,
            seed: self.seed,
        };
        let mut all = Vec::new();
        for rule in &margins.metrics {
            let spread = margins.spread.get(&rule.name).copied().unwrap_or_default();
            all.push(budget(rule, &volume, spread).map_err(|e| bad(e.to_string()))?);
        }
        let answer =
            json!({ "margins": all.iter().map(row).collect::<Vec<_>>(), "runs": self.runs });
        Ok(Answer::new(&answer, self.text(&all)))
    }

    fn text(&self, all: &[Provable]) -> String {
        let mut text = format!(
            "{} calls a day, {} % sent out, {} simulated equal centres; waiting at most {} days\n",
            self.volume_per_day, self.share, self.runs, self.days_max
        );
        for found in all {
            let days = |days: Option<u64>| days.map_or("never".into(), |d| format!("in {d} days"));
            // Writing to a text cannot fail.
            let _ = write!(
                text,
                "{}, margin {} bp: half of them prove it {}, nine in ten {}",
                found.metric,
                found.margin_bp,
                days(found.days_median),
                days(found.days_p90)
            );
            text.push_str(if found.provable {
                "\n"
            } else {
                "  MARGIN_UNPROVABLE\n"
            });
            for instead in &found.instead {
                let _ = writeln!(text, "    could be proved: {instead}");
            }
        }
        text
    }
}

fn row(found: &Provable) -> serde_json::Value {
    json!({
        "metric": found.metric,
        "margin": f64::from(found.margin_bp) / 100.0,
        "days_median": found.days_median,
        "days_p90": found.days_p90,
        "provable": found.provable,
        "readings_median": found.readings_median,
        "readings_p90": found.readings_p90,
        "code": (!found.provable).then_some("MARGIN_UNPROVABLE"),
        "instead": found.instead,
    })
}
