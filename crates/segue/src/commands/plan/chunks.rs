//! `segue plan chunks`: chunks proposed from the imported records, each as small as the evidence allows.

use crate::cli::Global;
use crate::commands::calls::{failure, require_allowed, require_client};
use crate::context::Context;
use crate::histories::{self, Counted, LeftOut, StandsFor};
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use clap::Args;
use segue_domain::schedule::chunker::{Proposal, propose};
use serde_json::json;
use std::fmt::Write as _;

/// Options of `segue plan chunks`.
#[derive(Debug, Args)]
pub struct Chunks {
    #[command(flatten)]
    stands_for: StandsFor,
}

impl Chunks {
    /// Answers; a chunk that no verdict would come for ends with exit code 5.
    pub(super) fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        require_client(&ctx)?;
        require_allowed(&ctx)?;
        let state = block_on(async { Office::open(&ctx.data).await?.state().await })?;
        let store = ctx.data.calls(None)?;
        let Counted {
            histories,
            left_out,
            ..
        } = histories::read(&state, &store, &self.stands_for).map_err(failure)?;
        if histories.is_empty() {
            return Err(Failure::BadInput(format!(
                "no imported call is of a call type and centre of the transition ({}); import records (`segue calls import`) or say what theirs stand for (--map NAME=CALL_TYPE, --site SITE)",
                named(&left_out)
            )));
        }
        let proposals = propose(&state, &histories)?;
        let short = proposals.iter().any(|p| !p.is_judgeable());
        let text = text(&proposals, &left_out);
        let left_out: u64 = left_out.values().sum();
        let told = json!({ "chunks": proposals, "calls_left_out": left_out });
        Ok(Answer::new(&told, text).wanting_if(short))
    }
}

/// `2895 of type message, 12 of type callback`.
fn named(left_out: &LeftOut) -> String {
    let all = left_out.iter();
    let all: Vec<_> = all.map(|(name, n)| format!("{n} of type {name}")).collect();
    if all.is_empty() {
        "there is none".to_owned()
    } else {
        all.join(", ")
    }
}

fn text(proposals: &[Proposal], left_out: &LeftOut) -> String {
    let mut text = String::new();
    for p in proposals {
        let windows: Vec<_> = p
            .planned
            .windows
            .iter()
            .map(|w| w.window.as_str())
            .collect();
        let hours = if windows.is_empty() {
            "always".to_owned()
        } else {
            windows.join(", ")
        };
        let verdict = match (p.calls_needed, p.days_to_judge) {
            (Some(needed), Some(days)) => format!(
                "a verdict needs {needed} calls: {days} of the {} days there are, at the full share",
                p.days_there_are
            ),
            (Some(needed), None) => format!("a verdict needs {needed} calls; nobody calls then"),
            (None, _) => {
                "no number of calls proves the margin; agree another, or record a baseline".into()
            }
        };
        let word = if p.is_judgeable() {
            ""
        } else {
            "  NOT JUDGEABLE"
        };
        let _ = writeln!(
            text,
            "{}  {hours}  {} calls a week, first step at most {} %; {verdict}{word}",
            p.planned.id, p.calls_per_week, p.first_step_percent
        );
    }
    if !left_out.is_empty() {
        let _ = writeln!(
            text,
            "Of no call type or centre of the transition: {}.",
            named(left_out)
        );
    }
    text
}
