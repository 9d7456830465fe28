//! `segue plan`: a draft from twelve answers, a check of a plan, versions with who signed what, what changes between two.

use crate::cli::Global;
use crate::context::Context;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use segue_domain::schedule::constraints::in_force;
use segue_domain::schedule::templates::{self, Answers};
use segue_domain::schedule::{self, PlanVersion, ProposePlan};
use segue_domain::{Side, Transition, canonical};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Largest file of answers or of a plan.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// `segue plan …`
#[derive(Debug, Subcommand)]
pub enum Plan {
    /// A plan from twelve answers, within caps, floors and both parties' constraints
    Draft(File),
    /// Every rule that a plan breaks; exit code 5 when there is one
    Check(File),
    /// Every version with its hash and signatures
    List,
    /// What changes from one version to another
    Diff(Diff),
}

/// Options of `segue plan draft` and `segue plan check`.
#[derive(Debug, Args)]
pub struct File {
    /// For a draft: the answers (`first_step`, `people`, `cohort`, `cohort_every_days`, `owner` and what differs from "all,
    /// always"). For a check: the file of `propose-plan`
    #[arg(long, value_name = "F.json")]
    file: PathBuf,
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
                Self::Draft(from) => draft(&state, &read(&from.file)?, ctx.now()),
                Self::Check(of) => {
                    let plan = read::<ProposePlan>(&of.file)?.plan;
                    Ok(check(&state, &plan, ctx.now()))
                }
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

fn read<T: DeserializeOwned>(file: &Path) -> Result<T, Failure> {
    let wrong = |why: String| Failure::BadInput(format!("`{}`: {why}", file.display()));
    let size = std::fs::metadata(file).map_or(0, |m| m.len());
    if size > FILE_BYTES_MAX {
        return Err(wrong("larger than 4 MiB; a plan is smaller".into()));
    }
    let text = std::fs::read_to_string(file).map_err(|e| wrong(e.to_string()))?;
    serde_json::from_str(&text).map_err(|e| {
        wrong(format!(
            "{e}; `segue schema` has the fields of a plan, docs/operations.md the twelve answers"
        ))
    })
}

fn draft(t: &Transition, answers: &Answers, now: Timestamp) -> Answered {
    let plan = templates::draft(t, answers, now)?;
    let steps: Vec<_> = plan
        .chunks
        .iter()
        .flat_map(|c| c.steps.iter().map(move |s| (c, s)))
        .collect();
    let first = steps.iter().map(|(_, s)| s.from).min();
    let last = steps.iter().map(|(_, s)| s.from).max();
    let days = first
        .zip(last)
        .map_or(0, |(first, last)| (last - first).get_days());
    let weeks = days / 7 + 1;
    let mut text = format!(
        "{} steps in {weeks} weeks; propose it with `segue do propose-plan --file F.json`:\n",
        steps.len()
    );
    for (chunk, step) in &steps {
        let share = &step.share_percent.0;
        let _ = writeln!(text, "  {}  {:<24} {share} %", step.from, chunk.id.as_str());
    }
    let listed: Vec<_> = steps
        .iter()
        .map(|(c, s)| json!({ "chunk": c.id, "share_percent": s.share_percent, "from": s.from }))
        .collect();
    let kept = |side| in_force(t).filter(|c| c.by == side && c.is_hard()).count();
    let json = json!({
        "hash": canonical::hash("draft", &plan),
        "weeks": weeks,
        // A template looks for the first date that keeps every rule; it does not search for the best plan.
        "gap": null,
        "steps": listed,
        "satisfied": { "client": kept(Side::Client), "outsourcer": kept(Side::Outsourcer) },
        "plan": plan,
    });
    Ok(Answer::new(&json, text))
}

fn check(t: &Transition, plan: &segue_domain::schedule::Plan, now: Timestamp) -> Answer {
    let broken = schedule::violations(t, plan, now);
    let listed: Vec<_> = broken
        .iter()
        .map(|r| json!({ "rule": r.code, "owner": r.who, "text": r.missing.join("; "), "how": r.how }))
        .collect();
    let lines = broken.iter().map(ToString::to_string);
    let text = if broken.is_empty() {
        "No rule is broken.".to_owned()
    } else {
        lines.collect::<Vec<_>>().join("\n")
    };
    let wanting = !broken.is_empty();
    Answer::new(&json!({ "violations": listed }), text).wanting_if(wanting)
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
