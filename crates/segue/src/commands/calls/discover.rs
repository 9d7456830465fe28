//! `segue calls discover`: the call history, understood.

use super::failure;
use crate::context::Context;
use crate::discovery::{difference, documented, holidays, parts, seconds};
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered};
use clap::Args;
use jiff::civil::Date;
use segue_calls::store::CallStore;
use segue_calls::understanding::{
    FlowDifference, PatienceFound, Request, Understanding, understand,
};
use segue_domain::windows::painted::DAY_NAMES;
use serde::Serialize;
use std::fmt::Write as _;

/// Lines of each list in the text; `--json` has them all.
const LISTED: usize = 12;

/// Options of `segue calls discover`.
#[derive(Debug, Args)]
pub struct Discover {
    /// One source only
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// First local day
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Last local day
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// A call type whose calls follow a care plan; calling again is then no repeat. Several times for several types
    #[arg(long, value_name = "TYPE")]
    follow_up: Vec<String>,
}

/// The answer: what was found, and how the written flows differ from it.
#[derive(Serialize)]
struct Discovered {
    #[serde(flatten)]
    found: Understanding,
    flow_differences: Vec<FlowDifference>,
}

impl Discover {
    pub(super) fn run(&self, ctx: &Context, store: &CallStore) -> Answered {
        let t = block_on(async { Office::open(&ctx.data).await?.state().await })?;
        let request = Request {
            source: self.source.clone(),
            days: self.from.unwrap_or(Date::MIN)..=self.to.unwrap_or(Date::MAX),
            follow_up_types: self.follow_up.iter().cloned().collect(),
            holidays: holidays(&t),
        };
        let found = understand(store, &request).map_err(failure)?;
        let flow_differences = found.flows.compare(&documented(&t, &found.flows));
        let answer = Discovered {
            found,
            flow_differences,
        };
        let text = words(&answer);
        Ok(Answer::new(&answer, text))
    }
}

fn words(answer: &Discovered) -> String {
    let found = &answer.found;
    let callers = &found.callers;
    let mut text = String::new();
    let sources: Vec<&str> = found
        .sources
        .iter()
        .map(|feed| feed.source.as_str())
        .collect();
    let _ = writeln!(
        text,
        "{} offered calls; source: the records of {}",
        found.offered,
        if sources.is_empty() {
            "nobody yet".to_owned()
        } else {
            sources.join(", ")
        }
    );
    let _ = writeln!(
        text,
        "\nCallers: {} contacts, {} attempts, {} redials within 30 min; {} without a known caller\n  reached a person: {}\n  first-call resolution (72 h): {}, {} not known yet\n  longest way to an answer: {} s\n  blocked attempts: {}",
        callers.contacts,
        callers.attempts,
        callers.redials,
        callers.without_caller,
        parts(callers.reached),
        parts(callers.first_call_resolution),
        callers.not_yet,
        callers.longest_way_s,
        parts(found.blockage)
    );
    patience(&found.patience, &mut text);
    week(found, &mut text);
    lists(answer, &mut text);
    text.push_str("\nWhat Segue cannot see\n");
    for gap in &found.cannot_see {
        let _ = writeln!(text, "  {gap}");
    }
    text.truncate(text.trim_end().len());
    text
}

fn patience(found: &PatienceFound, text: &mut String) {
    let known = |value: Option<u64>| value.map_or_else(|| "not known".into(), |s| format!("{s} s"));
    let _ = writeln!(
        text,
        "\nPatience (Kaplan–Meier; {} waited, {} hung up): one in ten has left after {}, half after {}{}",
        found.waited,
        found.abandoned,
        known(found.tenth_left_s),
        known(found.median_s),
        if found.enough {
            ""
        } else {
            "; too few hung up to rely on it"
        }
    );
}

fn week(found: &Understanding, text: &mut String) {
    text.push_str("\nOffered calls by weekday and hour\n     ");
    for hour in 0..24 {
        let _ = write!(text, "{hour:>6}");
    }
    text.push('\n');
    for (day, hours) in DAY_NAMES.iter().zip(&found.profile.week) {
        let _ = write!(text, "  {day}");
        for cell in hours {
            let _ = write!(text, "{:>6}", cell.offered);
        }
        text.push('\n');
    }
    text.push_str("\nWaits          answered  hung up\n");
    for class in &found.profile.waits {
        let to = class.to_s.map_or_else(|| "more".into(), |s| s.to_string());
        let _ = writeln!(
            text,
            "  {:>4} – {:<5} {:>9} {:>8}",
            class.from_s, to, class.answered, class.abandoned
        );
    }
}

fn lists(answer: &Discovered, text: &mut String) {
    let found = &answer.found;
    text.push_str("\nTypes\n");
    for kind in found.profile.types.iter().take(LISTED) {
        let _ = writeln!(
            text,
            "  {:<24} {:<28} hung up {:<28} AHT {}",
            kind.call_type,
            parts(kind.share),
            parts(kind.abandoned),
            seconds(kind.handle_ms)
        );
    }
    text.push_str("\nWays\n");
    for path in found.flows.paths.iter().take(LISTED) {
        let _ = writeln!(
            text,
            "  {:>8} × {} → {}{}{}: wait {}, handling {}",
            path.contacts,
            path.line,
            path.steps.join(" → "),
            if path.steps.is_empty() { "" } else { " → " },
            path.ending,
            seconds(path.mean_wait_ms),
            seconds(path.mean_handle_ms)
        );
    }
    for one in answer.flow_differences.iter().take(LISTED) {
        let _ = writeln!(text, "  ! {}", difference(one));
    }
    let segments = &found.segments;
    let _ = writeln!(
        text,
        "\nGroups of callers that differ ({} comparisons, Holm, {:.0} %)",
        segments.comparisons,
        segments.alpha * 100.0
    );
    for finding in &segments.findings {
        let _ = writeln!(
            text,
            "  {}\n    suggested trait: {}",
            finding.evidence, finding.suggested_trait
        );
    }
    if segments.findings.is_empty() {
        text.push_str("  none\n");
    }
}
