//! `segue plan week`: a chunk's share and hours, and the calls an hour that each side may expect.

use crate::cli::Global;
use crate::commands::calls::{failure, require_allowed, require_client};
use crate::context::Context;
use crate::histories::{self, Counted, StandsFor};
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered};
use crate::week::{self, Asked, Week};
use clap::Args;
use segue_domain::schedule::chunker::History;
use segue_domain::schedule::expected::ExpectedWeek;
use segue_domain::windows::painted::DAY_NAMES;
use serde_json::json;
use std::fmt::Write as _;

/// Options of `segue plan week`.
#[derive(Debug, Args)]
pub struct WeekOptions {
    /// The chunk; the plan's first one where absent
    chunk: Option<String>,
    /// The number of its step
    #[arg(long, value_name = "N")]
    step: Option<String>,
    /// Another share, in whole percent
    #[arg(long, value_name = "PERCENT")]
    share: Option<String>,
    /// Other hours, for example "Mon-Fri 19:00-07:00"
    #[arg(long, value_name = "HOURS")]
    window: Option<String>,
    #[command(flatten)]
    stands_for: StandsFor,
}

impl WeekOptions {
    /// Answers; nothing is recorded.
    pub(super) fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        require_client(&ctx)?;
        require_allowed(&ctx)?;
        let state = block_on(async { Office::open(&ctx.data).await?.state().await })?;
        let asked = Asked {
            chunk: self.chunk.clone(),
            step: self.step.clone(),
            share: self.share.clone(),
            window: self.window.clone(),
            ..Asked::default()
        };
        let Some(week) = week::week(&state, &asked)? else {
            let text = "No plan is proposed yet; draft one: segue plan draft --file ANSWERS\n";
            return Ok(Answer::new(&json!({ "chunk": null }), text));
        };
        let store = ctx.data.calls(None)?;
        let Counted {
            histories,
            left_out,
            ..
        } = histories::read(&state, &store, &self.stands_for).map_err(failure)?;
        let calls = week.calls(&histories)?;
        let left_out: u64 = left_out.values().sum();
        Ok(Answer::new(
            &json!({
                "chunk": week.planned.id, "version": week.version, "step": week.step,
                "share_percent": week.share.percent(), "window": week.window, "zone": week.zone,
                "days": calls.as_ref().map(|(history, _)| history.days),
                "expected": calls.as_ref().map(|(_, expected)| expected),
                "calls_left_out": left_out,
            }),
            text(&week, calls.as_ref(), left_out),
        ))
    }
}

fn text(week: &Week, calls: Option<&(&History, ExpectedWeek)>, left_out: u64) -> String {
    let mut text = format!(
        "{}  step {}  {} %  {} ({})\n",
        week.planned.id,
        week.step,
        week.share.percent(),
        week.window,
        week.zone
    );
    let left_out = match left_out {
        0 => String::new(),
        n => format!(
            "{n} calls of no call type or centre of the transition are not in it (--map, --site).\n"
        ),
    };
    let Some((history, expected)) = calls else {
        text.push_str(
            "No imported record is of this call type at this centre: import records (segue calls import) to see calls an hour.\n",
        );
        return text + &left_out;
    };
    let _ = writeln!(
        text,
        "Of {:.0} calls a week {:.0} go out (mean of {} days of records). Calls an hour, outsourced/in-house:\n\n       {}",
        expected.week.calls(),
        expected.week.outsourced,
        history.days,
        DAY_NAMES.map(|day| format!("{day:>11}")).concat()
    );
    for hour in 0..24 {
        let _ = write!(text, "{hour:02}:00  ");
        for day in 0..7 {
            let sides = expected
                .hours
                .get(day * 24 + hour)
                .copied()
                .unwrap_or_default();
            let cell = format!("{:.1}/{:.1}", sides.outsourced, sides.in_house);
            let _ = write!(text, "{cell:>11}");
        }
        text.push('\n');
    }
    text + &left_out
}
