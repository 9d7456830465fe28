//! `segue rehearse`: the plan on a simulated clock with the client's own calls, and a report to print.

use super::calls::{failure, require_allowed, require_client};
use crate::cli::Global;
use crate::clock;
use crate::context::Context;
use crate::data_dir::{DataDir, random_bytes};
use crate::discovery::holidays;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use clap::Args;
use jiff::civil::Date;
use segue_calls::apart::Lines;
use segue_calls::import::{ImportRequest, import};
use segue_calls::mapping::CheckedMapping;
use segue_calls::offered::{KeptCall, in_order};
use segue_calls::seal::LakeKey;
use segue_calls::store::CallStore;
use segue_domain::Transition;
use segue_domain::caller::CallerKey;
use segue_domain::lines::{Line, kept_apart};
use segue_domain::parties::CreateTransition;
use segue_domain::schedule::ProposePlan;
use segue_example::Example;
use segue_rehearsal::calls::{CALLS_MAX, Calls, Ending, Recorded};
use segue_rehearsal::{Rehearsal, RehearsalError, Report, Runs, Script, page, rehearse};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Runs with full verdicts at most, where the number of runs does not ask for more: the others follow along them.
const FULL_RUNS: u32 = 20;
/// Largest plan or script.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// The look of the printed report.
const STYLE: &str = concat!(
    include_str!("../../../web/assets/tokens.css"),
    include_str!("../../../web/assets/base.css")
);

/// Options of `segue rehearse`.
#[derive(Debug, Args)]
pub struct Rehearse {
    /// The plan, a file of `propose-plan`; without it the agreed plan of the data directory, else its newest
    #[arg(long, value_name = "F.json")]
    plan: Option<PathBuf>,
    /// Call records: an export, or a folder of imported calls; without it the calls of the data directory
    #[arg(long, value_name = "FILE|DIR")]
    calls: Option<PathBuf>,
    /// Mapping file of the export, or a shipped mapping: generic, technion
    #[arg(long, value_name = "M", default_value = "generic")]
    mapping: String,
    /// A call type of the records and the one it stands for here: `regular=MSG`; may be repeated
    #[arg(long = "map", value_name = "TYPE=CALL_TYPE")]
    map: Vec<String>,
    /// What goes wrong, what is assumed, who leaves: a TOML file (docs/rehearsal.md)
    #[arg(long, value_name = "F.toml")]
    inject: Option<PathBuf>,
    /// Runs: the first 20 with full verdicts, the rest outcome-only along them
    #[arg(long, value_name = "N", default_value_t = 200)]
    replications: u32,
    /// The seed of every draw: the same seed gives the same report, byte for byte
    #[arg(long, value_name = "N")]
    seed: u64,
    /// Writes the report as one HTML file that needs nothing beside itself
    #[arg(long, value_name = "F.html")]
    report: Option<PathBuf>,
}

/// Whose plan is played with whose calls.
struct Played {
    example: Example,
    records: Vec<KeptCall>,
    /// What was set aside of an export, in words.
    set_aside: String,
    /// The days on which other staff works than on their weekday.
    holidays: BTreeMap<Date, String>,
}

impl Rehearse {
    /// Answers.
    pub fn run(&self, global: &Global) -> Answered {
        let script = self.script()?;
        let Played {
            example,
            records,
            set_aside,
            holidays,
        } = self.read(global)?;
        if records.is_empty() && !set_aside.is_empty() {
            return Err(Failure::BadInput(format!(
                "no call of the export can be played. {}",
                set_aside.trim_end()
            )));
        }
        let (calls, left_out) = self.mapped(&example, &records)?;
        let full = self.replications.min(FULL_RUNS);
        let asked = Rehearsal {
            example: &example,
            calls: &calls,
            holidays: &holidays,
            script: &script,
            runs: Runs {
                full,
                outcome_only: self.replications - full,
            },
            seed: self.seed,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        };
        let report = rehearse(&asked).map_err(refused)?;
        let mut text = set_aside + &left_out + &report.text();
        if let Some(file) = &self.report {
            write_report(file, &report, &example.create.name)?;
            let _ = writeln!(
                text,
                "The report is in {}; print it from a browser.",
                file.display()
            );
        }
        Ok(Answer::new(&report, text))
    }

    fn read(&self, global: &Global) -> Result<Played, Failure> {
        let here = DataDir::open(&global.data).is_ok();
        if here {
            let ctx = Context::open(global)?;
            require_client(&ctx)?;
            if self.calls.is_some() {
                require_allowed(&ctx)?;
            }
        }
        if let (Some(plan), Some(calls)) = (&self.plan, &self.calls) {
            let example = planned(Example::riverside(), plan_of(plan)?);
            // The plan is played at the example's centres; which lines are kept apart says the data directory, where there is one.
            let lines = if here {
                state_of(&Context::open(global)?)?.lines.clone()
            } else {
                example.create.lines.clone()
            };
            let (records, set_aside) = self.records(calls, &CallerKey::new(&[0; 32]), &lines)?;
            return Ok(Played {
                example,
                records,
                set_aside,
                holidays: BTreeMap::new(),
            });
        }
        let ctx = Context::open(global)?;
        let state = state_of(&ctx)?;
        let example = self.of_state(&state)?;
        let (records, set_aside) = if let Some(calls) = &self.calls {
            self.records(calls, &ctx.data.caller_key()?, &state.lines)?
        } else {
            let stores = ctx.data.every_calls(&state.lines)?;
            let records = in_order(&stores, CALLS_MAX).map_err(failure)?;
            (records, String::new())
        };
        Ok(Played {
            example,
            records,
            set_aside,
            holidays: holidays(&state),
        })
    }

    fn script(&self) -> Result<Script, Failure> {
        let Some(file) = &self.inject else {
            return Ok(Script::default());
        };
        toml::from_str(&text_of(file)?).map_err(|e| {
            Failure::BadInput(format!(
                "`{}`: {e}; docs/rehearsal.md has an example",
                file.display()
            ))
        })
    }

    /// The transition's own facts with the rehearsal's people, and the plan asked for.
    fn of_state(&self, state: &Transition) -> Result<Example, Failure> {
        let mut example = Example::riverside();
        if state.is_created() {
            example.create = CreateTransition {
                name: state.name.clone(),
                sites: state.sites.clone(),
                lines: state.lines.clone(),
                call_types: state.call_types.clone(),
                terms: state.terms.clone(),
                ..example.create
            };
        }
        if let Some(plan) = &self.plan {
            return Ok(planned(example, plan_of(plan)?));
        }
        let agreed = state.schedule.agreed().or(state.schedule.newest());
        let version = agreed.ok_or_else(|| {
            Failure::BadInput(
                "there is no plan yet: name one with --plan F.json, or propose one first".into(),
            )
        })?;
        example.plan = version.proposed.plan.clone();
        Ok(example)
    }

    /// The calls of an export, imported into a folder that is gone afterwards, or of a folder of imported calls; and what an import set
    /// aside, in words. As in every import of all lines, rows of a line whose callers are kept apart are not taken.
    fn records(
        &self,
        from: &Path,
        key: &CallerKey,
        lines: &[Line],
    ) -> Result<(Vec<KeptCall>, String), Failure> {
        if from.is_dir() {
            let kept = in_order([&folder_of_calls(from)?], CALLS_MAX).map_err(failure)?;
            return Ok((kept, String::new()));
        }
        let mapping = CheckedMapping::find(&self.mapping).map_err(failure)?;
        let mapping = mapping.of_lines(Lines::new(&kept_apart(lines), None));
        let folder = tempfile::tempdir().map_err(|e| {
            Failure::Unavailable(format!("no temporary folder ({e}); free some space"))
        })?;
        // Gone afterwards, and sealed meanwhile: a process that is killed leaves nothing to read.
        let seal = LakeKey::new(random_bytes()?);
        let store = CallStore::sealed(folder.path(), seal);
        let files = [from.to_owned()];
        let request = ImportRequest {
            files: &files,
            mapping: &mapping,
            source: "rehearsal",
            key,
            imported_at: clock::now(),
        };
        let report = import(&store, request, &mut |_| ()).map_err(failure)?;
        let mut set_aside = String::new();
        for reason in &report.quarantine_reasons {
            let _ = writeln!(set_aside, "Set aside {}: {}", reason.rows, reason.reason);
        }
        let kept = in_order([&store], CALLS_MAX).map_err(failure)?;
        Ok((kept, set_aside))
    }

    /// The calls under the numbers of the transition, and what was left out, in words.
    fn mapped(&self, example: &Example, records: &[KeptCall]) -> Result<(Calls, String), Failure> {
        let stands_for = self.dictionary()?;
        let numbers = numbers(&example.create);
        let mut mapped = Calls::default();
        let mut left_out: BTreeMap<&str, u64> = BTreeMap::new();
        for record in records {
            let name = record.call_type.as_deref().unwrap_or("unclassified");
            let call_type = stands_for.get(name).copied().unwrap_or(name);
            let Some(dialled) = numbers.get(call_type).copied() else {
                *left_out.entry(name).or_default() += 1;
                continue;
            };
            let segment = record.segment.as_deref().unwrap_or("everybody");
            mapped.calls.push(Recorded {
                at_us: record.offered_us,
                route: place(&mut mapped.dialled, dialled)?,
                segment: place(&mut mapped.segments, segment)?,
                caller: record.caller.map(|hash| {
                    let mut head = [0; 8];
                    head.copy_from_slice(&hash[..8]);
                    u64::from_be_bytes(head)
                }),
                wait_us: micros(record.wait_ms),
                ending: Some(if record.answered {
                    Ending::Answered
                } else {
                    Ending::Abandoned
                }),
                handle_us: record.handle_ms.map(micros),
            });
        }
        let words: Vec<_> = left_out
            .iter()
            .map(|(name, n)| format!("{n} of type {name}"))
            .collect();
        let known: Vec<_> = numbers.keys().copied().collect();
        if mapped.calls.is_empty() && !words.is_empty() {
            return Err(Failure::BadInput(format!(
                "no call is of a call type of the transition ({}); the records have {}: map them with --map TYPE=CALL_TYPE",
                known.join(", "),
                words.join(", ")
            )));
        }
        let said = if words.is_empty() {
            String::new()
        } else {
            format!(
                "Left out: {} (no such call type here; --map names one).\n",
                words.join(", ")
            )
        };
        Ok((mapped, said))
    }

    fn dictionary(&self) -> Result<BTreeMap<&str, &str>, Failure> {
        let mut dictionary = BTreeMap::new();
        for pair in &self.map {
            let (from, to) = pair
                .split_once('=')
                .ok_or_else(|| Failure::BadInput(format!("--map {pair} is not TYPE=CALL_TYPE")))?;
            dictionary.insert(from, to);
        }
        Ok(dictionary)
    }
}

fn state_of(ctx: &Context) -> Result<Arc<Transition>, Failure> {
    block_on(async { Office::open(&ctx.data).await?.state().await })
}

fn planned(mut example: Example, plan: ProposePlan) -> Example {
    example.plan = plan.plan;
    example
}

/// The number of each call type: the first that takes it alone.
fn numbers(create: &CreateTransition) -> BTreeMap<&str, &str> {
    let mut numbers = BTreeMap::new();
    for route in create.lines.iter().flat_map(|line| &line.routes) {
        if let [only] = route.call_types.as_slice() {
            numbers
                .entry(only.as_str())
                .or_insert(route.dialled.as_str());
        }
    }
    numbers
}

/// The place of a name in a list, added where it is new.
fn place(names: &mut Vec<String>, name: &str) -> Result<u16, Failure> {
    let known = names.iter().position(|n| n == name);
    let place = known.unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    });
    u16::try_from(place).map_err(|_| Failure::BadInput("more than 65,536 groups of callers".into()))
}

fn micros(ms: u64) -> i64 {
    i64::try_from(ms)
        .unwrap_or(i64::MAX / 1_000)
        .saturating_mul(1_000)
}

fn refused(error: RehearsalError) -> Failure {
    match error {
        RehearsalError::Refused(refusal) => Failure::Refused(refusal),
        RehearsalError::BadInput(why) => Failure::BadInput(why),
    }
}

fn text_of(file: &Path) -> Result<String, Failure> {
    let wrong = |why: String| Failure::BadInput(format!("`{}`: {why}", file.display()));
    let size = std::fs::metadata(file).map_or(0, |m| m.len());
    if size > FILE_BYTES_MAX {
        return Err(wrong("larger than 4 MiB".into()));
    }
    std::fs::read_to_string(file).map_err(|e| wrong(e.to_string()))
}

fn plan_of(file: &Path) -> Result<ProposePlan, Failure> {
    serde_json::from_str(&text_of(file)?).map_err(|e| {
        Failure::BadInput(format!(
            "`{}`: {e}; `segue schema` has the fields of a plan",
            file.display()
        ))
    })
}

fn write_report(file: &Path, report: &Report, title: &str) -> Result<(), Failure> {
    std::fs::write(file, page::html(report, title, STYLE))
        .map_err(|e| Failure::Unavailable(format!("`{}` cannot be written: {e}", file.display())))
}

/// A folder of imported calls; in a data directory with the key that lies there.
fn folder_of_calls(folder: &Path) -> Result<CallStore, Failure> {
    let data = folder
        .parent()
        .and_then(|parent| DataDir::open(parent).ok());
    match data {
        Some(data) if data.path("calls") == folder => data.calls(None),
        _ => Ok(CallStore::new(folder)),
    }
}
