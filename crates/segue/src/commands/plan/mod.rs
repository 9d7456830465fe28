//! `segue plan`: a draft from twelve answers or from a model, a check of a plan, why there is none, both parties' wishes in
//! balance, versions with who signed what, what changes between two, and the plan as a calendar.

mod answers;
mod chunks;
mod wave;
mod week;

use crate::cli::Global;
use crate::clock;
use crate::context::Context;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use segue_domain::schedule::{self, PlanVersion, ProposePlan};
use segue_domain::{Side, Transition};
use segue_planner::answer::PlanFile;
use segue_planner::calendar;
use segue_planner::transition::agenda;
use segue_planner::transition::risks::Rehearsed;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Largest file of answers or of a plan.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// `segue plan …`
#[derive(Debug, Subcommand)]
pub enum Plan {
    /// A plan from a model, or from twelve answers within caps, floors and both parties' constraints
    Draft(Draft),
    /// The model of the transition's outline, from twelve answers: to fill in, and to draft, explain and negotiate with
    Model(Model),
    /// Every rule that a plan breaks; exit code 5 when there is one
    Check(File),
    /// Why a model has no plan: the rules that clash, and what would be enough; exit code 5 when they do
    Explain(File),
    /// Both parties' wishes in balance: ideals, the fairest plan, the frontier, three plans
    Negotiate(Negotiate),
    /// Chunks proposed from the imported records, each as small as a verdict allows; exit code 5 where none will come
    Chunks(chunks::Chunks),
    /// A chunk's share and hours, with the calls an hour that each side may expect; nothing is recorded
    Week(week::WeekOptions),
    /// Every version with its hash and signatures
    List,
    /// Who moves when, whose rule keeps each date from being earlier, what both parties get: the plan that the page shows
    Calendar(Calendar),
    /// What changes from one version to another, or to the nearest plan under changed rules
    Diff(Diff),
}

/// Options of `segue plan check` and `explain`.
#[derive(Debug, Args)]
pub struct File {
    /// A model with what goes with it, JSON or TOML; for a check also the file of `propose-plan`
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
}

/// Options of `segue plan model`.
#[derive(Debug, Args)]
pub struct Model {
    /// The twelve answers
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// A rehearsal's report (`segue rehearse --json`): its plan risk keeps risky steps out of bad weeks
    #[arg(long, value_name = "FILE")]
    risks: Option<PathBuf>,
}

/// Options of `segue plan calendar`.
#[derive(Debug, Args)]
pub struct Calendar {
    /// Writes the steps as an iCalendar file, too
    #[arg(long, value_name = "FILE.ics")]
    ics: Option<PathBuf>,
}

/// Options of `segue plan draft`.
#[derive(Debug, Args)]
pub struct Draft {
    /// A model (JSON or TOML), or the answers (`first_step`, `people`, `cohort`, `cohort_every_days`, `owner` and what differs
    /// from "all, always")
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// Writes the plan of a model as an iCalendar file, too; a plan from answers is one once it is proposed
    /// (`segue plan calendar`)
    #[arg(long, value_name = "FILE.ics")]
    ics: Option<PathBuf>,
    /// Plans with the list scheduler alone: at once, and without saying how far the best plan may be
    #[arg(long)]
    greedy: bool,
    /// With answers: a rehearsal's report (`segue rehearse --json`), whose plan risk keeps risky steps out of bad weeks
    #[arg(long, value_name = "FILE")]
    risks: Option<PathBuf>,
}

/// Options of `segue plan negotiate`.
#[derive(Debug, Args)]
pub struct Negotiate {
    /// A model with both parties' preferences or their sealed and opened points; to seal: a party's `preferences`
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// Seals the preferences of one party instead: client or outsourcer
    #[arg(long, value_name = "SIDE", value_parser = side)]
    seal: Option<Side>,
}

/// Options of `segue plan diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// The version before
    #[arg(required_unless_present = "file", requires = "to")]
    from: Option<u32>,
    /// The version after
    to: Option<u32>,
    /// Instead of versions: a model with changed rules and the `base` it starts from
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    file: Option<PathBuf>,
}

fn side(text: &str) -> Result<Side, String> {
    let named = Side::BOTH.into_iter().find(|side| side.to_string() == text);
    named.ok_or_else(|| "say client or outsourcer".into())
}

impl Plan {
    /// Answers.
    pub fn run(&self, global: &Global) -> Answered {
        match self {
            Self::Draft(of) => of.run(global),
            Self::Model(of) => {
                let (asked, told) = (read(&of.file)?, rehearsed(of.risks.as_deref())?);
                with_state(global, |t, now| {
                    let (_, model) = answers::modelled(t, &asked, told.as_ref(), now)?;
                    let text = serde_json::to_string_pretty(&model).unwrap_or_default();
                    Ok(Answer::new(&model, text))
                })
            }
            Self::Check(of) => match document(&of.file)? {
                Document::Wave(file) => wave::checked(&file),
                Document::Other(value) => {
                    let plan = parsed::<ProposePlan>(&of.file, value)?.plan;
                    with_state(global, |t, now| Ok(check(t, &plan, now)))
                }
            },
            Self::Explain(of) => wave::explained(&wave_file(&of.file)?.model),
            Self::Negotiate(of) => match of.seal {
                Some(side) => wave::sealed(side, value(&of.file)?),
                None => wave::negotiated(&wave_file(&of.file)?),
            },
            Self::Chunks(of) => of.run(global),
            Self::Week(of) => of.run(global),
            Self::List => with_state(global, |t, _| Ok(list(t))),
            Self::Calendar(of) => with_state(global, |t, now| of.answer(t, now)),
            Self::Diff(of) => match (&of.file, of.from, of.to) {
                (Some(file), _, _) => wave::countered(&wave_file(file)?),
                (None, from, to) => with_state(global, |t, _| {
                    diff(t, from.unwrap_or_default(), to.unwrap_or_default())
                }),
            },
        }
    }
}

impl Draft {
    fn run(&self, global: &Global) -> Answered {
        let value = match document(&self.file)? {
            Document::Wave(file) => {
                return wave::drafted(&file, self.greedy, self.ics.as_deref(), clock::now());
            }
            Document::Other(value) => value,
        };
        if self.ics.is_some() {
            return Err(Failure::BadInput(
                "--ics takes the plan of a model; propose a plan from answers, then `segue plan calendar --ics FILE.ics`".into(),
            ));
        }
        let (asked, told) = (
            parsed(&self.file, value)?,
            rehearsed(self.risks.as_deref())?,
        );
        let wanted = answers::Wanted {
            answers: &asked,
            told: told.as_ref(),
            greedy: self.greedy,
        };
        with_state(global, |t, now| answers::draft(t, &wanted, now))
    }
}

impl Calendar {
    fn answer(&self, t: &Transition, now: Timestamp) -> Answered {
        let Some(agenda) = agenda::of(t, now) else {
            return Ok(Answer::new(
                &json!({ "version": null, "lanes": [] }),
                "No plan is proposed yet; `segue plan draft` makes one.",
            ));
        };
        if let Some(file) = &self.ics {
            let entries = agenda.entries(t.id.as_str());
            write(file, &calendar::ics(&t.name, &entries, now))?;
        }
        let text = agenda.text();
        Ok(Answer::new(&agenda, text))
    }
}

/// The rehearsal's report of a file, if one is named.
fn rehearsed(file: Option<&Path>) -> Result<Option<Rehearsed>, Failure> {
    let Some(file) = file else { return Ok(None) };
    let told = serde_json::from_value(value(file)?).map_err(|e| {
        Failure::BadInput(format!(
            "`{}`: {e}; give the report that `segue rehearse --json` prints",
            file.display()
        ))
    })?;
    Ok(Some(told))
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text)
        .map_err(|e| Failure::Unavailable(format!("`{}`: {e}", file.display())))
}

/// What a plan file holds.
enum Document {
    /// A model and what goes with it.
    Wave(Box<PlanFile>),
    /// Answers, or the file of `propose-plan`.
    Other(Value),
}

/// The state of the transition and the time that counts.
fn with_state(
    global: &Global,
    answer: impl FnOnce(&Transition, Timestamp) -> Answered,
) -> Answered {
    let ctx = Context::open(global)?;
    block_on(async {
        let state = Office::open(&ctx.data).await?.state().await?;
        answer(&state, ctx.now())
    })
}

fn document(file: &Path) -> Result<Document, Failure> {
    let value = value(file)?;
    if value.get("cells").is_some() || value.get("model").is_some() {
        return Ok(Document::Wave(Box::new(wave::open(value)?)));
    }
    Ok(Document::Other(value))
}

fn wave_file(file: &Path) -> Result<PlanFile, Failure> {
    wave::open(value(file)?)
}

fn list(t: &Transition) -> Answer {
    let mut text = format!("{}\n", t.schedule.standing());
    for v in &t.schedule.versions {
        let _ = writeln!(
            text,
            "version {} by the {}: {}  signed: {}",
            v.proposed.version,
            v.proposed.by,
            v.proposed.hash,
            signers(v)
        );
    }
    let versions: Vec<_> = t.schedule.versions.iter().map(json_of).collect();
    Answer::new(
        &json!({ "standing": t.schedule.standing(), "versions": versions }),
        text,
    )
}

fn diff(t: &Transition, from: u32, to: u32) -> Answered {
    let version = |n: u32| {
        t.schedule.version(n).ok_or_else(|| {
            Failure::BadInput(format!(
                "there is no version {n}; `segue plan list` shows all"
            ))
        })
    };
    let changes = version(from)?.diff(version(to)?);
    let text = if changes.is_empty() {
        "No change.".into()
    } else {
        changes.join("\n")
    };
    Ok(Answer::new(&json!({ "changes": changes }), text))
}

/// A JSON file, or a TOML one by its name.
fn value(file: &Path) -> Result<Value, Failure> {
    let wrong = |why: String| Failure::BadInput(format!("`{}`: {why}", file.display()));
    let size = std::fs::metadata(file).map_or(0, |m| m.len());
    if size > FILE_BYTES_MAX {
        return Err(wrong("larger than 4 MiB; a plan is smaller".into()));
    }
    let text = std::fs::read_to_string(file).map_err(|e| wrong(e.to_string()))?;
    if file.extension().is_some_and(|e| e == "toml") {
        return toml::from_str(&text).map_err(|e| wrong(e.to_string()));
    }
    serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T, Failure> {
    parsed(file, value(file)?)
}

fn parsed<T: DeserializeOwned>(file: &Path, value: Value) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|e| {
        Failure::BadInput(format!(
            "`{}`: {e}; `segue schema` has the fields of a plan, docs/operations.md the twelve answers",
            file.display()
        ))
    })
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
