//! `segue parity check`: rows of a file judged by signed rules, as the guard would judge them.

use crate::output::{Answer, Answered, Failure};
use clap::Args;
use jiff::Timestamp;
use segue_parity::check::{Check as Rows, CheckReport, Row};
use segue_parity::guard::{Verdict, at_signing};
use segue_parity::rules::{Rules, SignedRules};
use serde::Deserialize;
use serde_json::json;
use std::fmt::Write as _;
use std::fs::File;
use std::path::PathBuf;

/// Options of `segue parity check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Rows with the columns `time,arm,propensity,stratum,metric,value`, in any order
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// The rules both parties signed
    #[arg(long, value_name = "R.toml")]
    rules: PathBuf,
}

/// One row, by the names of its columns.
#[derive(Deserialize)]
struct Line<'a> {
    time: &'a str,
    arm: &'a str,
    propensity: f64,
    stratum: &'a str,
    metric: &'a str,
    value: f64,
}

impl Check {
    pub(super) fn run(&self) -> Answered {
        let rules = self.rules()?;
        let signing = at_signing(&rules);
        let report = self.rows(rules)?.finish();
        let text = text(&report, &signing);
        let mut answer = json!(report);
        answer["at_signing"] = json!(signing);
        Ok(Answer::new(&answer, text).wanting_if(report.verdict != Verdict::Pass))
    }

    fn rules(&self) -> Result<SignedRules, Failure> {
        let file = self.rules.display();
        let bad = |what: String| Failure::BadInput(format!("{file}: {what}"));
        let text = std::fs::read_to_string(&self.rules)
            .map_err(|e| bad(format!("cannot be read: {e}; check its name")))?;
        let rules: Rules =
            toml::from_str(&text).map_err(|e| bad(e.to_string().trim().to_owned()))?;
        rules.check().map_err(|faults| bad(faults.to_string()))
    }

    fn rows(&self, rules: SignedRules) -> Result<Rows, Failure> {
        let file = self.file.display();
        let opened = File::open(&self.file)
            .map_err(|e| Failure::BadInput(format!("cannot read {file}: {e}; check its name")))?;
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(opened);
        let mut rows = Rows::new(rules);
        let headers = reader
            .headers()
            .cloned()
            .map_err(|e| unreadable(&self.file, &e))?;
        let mut record = csv::StringRecord::new();
        while reader
            .read_record(&mut record)
            .map_err(|e| unreadable(&self.file, &e))?
        {
            let line = record.position().map_or(0, csv::Position::line);
            let at = |what: String| Failure::BadInput(format!("{file}, line {line}: {what}"));
            let read: Line<'_> = record
                .deserialize(Some(&headers))
                .map_err(|e| unreadable(&self.file, &e))?;
            let time: Timestamp = read.time.parse().map_err(|_| {
                at(format!(
                    "\"{}\" is no instant; write it like 2026-03-01T08:15:00Z",
                    read.time.chars().take(40).collect::<String>()
                ))
            })?;
            let row = Row {
                at_us: time.as_microsecond(),
                arm: read.arm,
                propensity: read.propensity,
                stratum: read.stratum,
                metric: read.metric,
                value: read.value,
            };
            rows.add(&row).map_err(|fault| at(fault.to_string()))?;
        }
        Ok(rows)
    }
}

fn unreadable(file: &std::path::Path, error: &csv::Error) -> Failure {
    Failure::BadInput(format!(
        "{}: {error}; the columns are time,arm,propensity,stratum,metric,value",
        file.display()
    ))
}

fn text(report: &CheckReport, signing: &[String]) -> String {
    let verdict = match report.verdict {
        Verdict::Pass => "PASS: not worse than the margin on everything that decides",
        Verdict::Fail => "FAIL: worse, and beyond the margin",
        Verdict::WorseWithinMargin => "WORSE WITHIN MARGIN: hold",
        Verdict::Inconclusive => "INCONCLUSIVE: neither worse nor as good is proved yet",
        Verdict::NoData => "NO DATA: silence is no success",
    };
    let mut text = format!("{verdict}\n");
    for line in &report.metrics {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "  {}", line.says);
    }
    for says in signing {
        let _ = writeln!(text, "  at signing: {says}");
    }
    text
}
