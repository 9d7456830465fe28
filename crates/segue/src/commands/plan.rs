//! `segue plan list` and `segue plan diff`: versions, who signed what, and what changes between two.

use crate::cli::Global;
use crate::context::Context;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use clap::{Args, Subcommand};
use segue_domain::Side;
use segue_domain::schedule::PlanVersion;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// `segue plan …`
#[derive(Debug, Subcommand)]
pub enum Plan {
    /// Every version with its hash and signatures
    List,
    /// What changes from one version to another
    Diff(Diff),
}

/// Options of `segue plan diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// The version before
    from: u32,
    /// The version after
    to: u32,
}

impl Plan {
    /// Answers.
    pub fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        block_on(async {
            let state = Office::open(&ctx.data).await?.state().await?;
            match self {
                Self::List => {
                    let mut text = format!("{}\n", state.schedule.standing());
                    for v in &state.schedule.versions {
                        let _ = writeln!(
                            text,
                            "version {} by the {}: {}  signed: {}",
                            v.proposed.version,
                            v.proposed.by,
                            v.proposed.hash,
                            signers(v)
                        );
                    }
                    let versions: Vec<_> = state.schedule.versions.iter().map(json_of).collect();
                    Ok(Answer::new(
                        &json!({ "standing": state.schedule.standing(), "versions": versions }),
                        text,
                    ))
                }
                Self::Diff(diff) => {
                    let version = |n: u32| {
                        state.schedule.version(n).ok_or_else(|| {
                            Failure::BadInput(format!(
                                "there is no version {n}; `segue plan list` shows all"
                            ))
                        })
                    };
                    let changes = version(diff.from)?.diff(version(diff.to)?);
                    let text = if changes.is_empty() {
                        "No change.".into()
                    } else {
                        changes.join("\n")
                    };
                    Ok(Answer::new(&json!({ "changes": changes }), text))
                }
            }
        })
    }
}

fn signers(v: &PlanVersion) -> String {
    let signed: Vec<_> = Side::BOTH
        .into_iter()
        .filter_map(|s| v.agreement.of(s))
        .map(|s| format!("{} ({})", s.signatory, s.side))
        .collect();
    if signed.is_empty() {
        "nobody".into()
    } else {
        signed.join(", ")
    }
}

fn json_of(v: &PlanVersion) -> Value {
    json!({
        "version": v.proposed.version,
        "hash": v.proposed.hash,
        "by": v.proposed.by,
        "signed_by": Side::BOTH.into_iter().filter(|s| v.agreement.of(*s).is_some()).collect::<Vec<_>>(),
        "chunks": v.proposed.plan.chunks.iter().map(|c| c.id.to_string()).collect::<Vec<_>>(),
    })
}
