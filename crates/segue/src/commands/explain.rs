//! `segue explain CALL`: why one call went where it went.

use crate::cli::Global;
use crate::context::Context;
use crate::login::{HOST, account_failure, accounts, named_actor};
use crate::office::{block_on, open_facts, unavailable};
use crate::output::{Answer, Answered, Failure};
use clap::Args;
use segue_domain::Side;
use segue_journal::accounts::Act;
use segue_journal::facts::{AcdCall, Decision};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Options of `segue explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The call's id, as in its X-Segue-Call header
    call: String,
}

impl Explain {
    /// Answers.
    pub fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        block_on(async {
            let facts = open_facts(&ctx.data).await?;
            let decision = facts
                .decision(self.call.trim())
                .await
                .map_err(|e| unavailable(&e))?;
            let Some(decision) = decision else {
                return Err(Failure::BadInput(format!(
                    "no decision about call `{}` is kept; check the id in its X-Segue-Call header",
                    self.call
                )));
            };
            note(&ctx, &decision.call_id).await?;
            let records = facts
                .acd_calls_of(&decision.call_id)
                .await
                .map_err(|e| unavailable(&e))?;
            Ok(Answer::new(
                &as_json(&decision, &records),
                as_text(&decision, &records),
            ))
        })
    }
}

/// A call's record is about a caller: who looks at it is written down, and whoever says who they are is checked first. Where
/// nobody does, accounts that do not answer keep no host from understanding at night where a call went; the log says so.
async fn note(ctx: &Context, call: &str) -> Result<(), Failure> {
    let reader = named_actor(ctx).await?;
    let who = reader
        .as_ref()
        .map_or((HOST, Side::Client), |by| (by.person.as_str(), by.side));
    let noted = match accounts(ctx).await {
        Ok(accounts) => accounts
            .note(who, Act::ReadCall, call, ctx.now())
            .await
            .map_err(account_failure),
        Err(error) => Err(error),
    };
    if let Err(error) = noted {
        tracing::warn!(%error, "this look at a call was not written down");
    }
    Ok(())
}

/// The centre's record that says most: the one a person answered, else the first.
fn best(records: &[AcdCall]) -> Option<&AcdCall> {
    records
        .iter()
        .find(|r| r.answered_at.is_some())
        .or_else(|| records.first())
}

fn as_json(d: &Decision, records: &[AcdCall]) -> Value {
    let targets: Vec<_> = d
        .targets
        .iter()
        .map(|t| json!({ "uri": t.uri, "outcome": t.outcome, "ms": t.ms }))
        .collect();
    let record = best(records).map(
        |r| json!({ "match": "x_segue_call", "wait_ms": r.wait_ms(), "outcome": r.outcome() }),
    );
    json!({
        "call": d.call_id, "at": d.at, "node": d.node, "table_hash": d.table_hash, "line": d.line, "chunk": d.chunk,
        "rule": d.rule, "bucket": d.bucket, "pi": f64::from(d.pi_bp) / 10_000.0, "arm": d.arm, "reason": d.reason,
        "targets": targets, "record": record,
    })
}

fn as_text(d: &Decision, records: &[AcdCall]) -> String {
    let bucket = d
        .bucket
        .map_or_else(|| "none drawn".into(), |b| b.to_string());
    let mut text = format!(
        "Call {} at {} on node {}\n  {} because {} (rule {})\n  chunk {}, line {}, bucket {bucket}, π {} %\n  table {}\n",
        d.call_id,
        d.at,
        d.node,
        d.arm,
        d.reason,
        d.rule,
        d.chunk.as_deref().unwrap_or("none"),
        d.line,
        f64::from(d.pi_bp) / 100.0,
        d.table_hash
    );
    for target in &d.targets {
        let _ = writeln!(
            text,
            "  {}: {} after {} ms",
            target.uri, target.outcome, target.ms
        );
    }
    match best(records) {
        Some(r) => {
            let wait = r
                .wait_ms()
                .map_or_else(|| "unknown".into(), |ms| format!("{ms} ms"));
            let _ = writeln!(
                text,
                "  the centre's record: {}, waited {wait}",
                r.outcome()
            );
        }
        None => text.push_str("  no record of the centre is joined to it\n"),
    }
    text
}
