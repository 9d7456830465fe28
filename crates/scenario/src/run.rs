//! Runs scripts and reports: how many steps, how many passed, and the first that did not, with its line.

use super::checks::came;
use super::parse::{self, Line, Scenario, Script};
use super::phrases::Keyword;
use super::steps::{Check, Step};
use super::world::{Done, Outcome, Trouble, World, wanting};
use crate::error::Error;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Bytes a script may have.
const SCRIPT_BYTES_MAX: u64 = 1 << 20;

/// The answer of `segue scenario run`.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Steps written.
    pub steps: usize,
    /// Steps that did what they say.
    pub passed: usize,
    /// Scenarios stopped by a step that did not.
    pub failed: usize,
    /// Steps after such a one.
    pub not_run: usize,
    /// The first that did not.
    pub first_failure: Option<Mismatch>,
    /// Each scenario.
    pub scenarios: Vec<Told>,
}

/// One scenario's verdict.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// Its file.
    pub file: String,
    /// Its title.
    pub title: String,
    /// Its steps.
    pub steps: usize,
    /// Why it stopped.
    pub failure: Option<Mismatch>,
}

/// A step that did not do what it says.
#[derive(Clone, Debug, Serialize)]
pub struct Mismatch {
    /// The script.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The line as written.
    pub step: String,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub came: String,
}

/// Reads every script, then runs them in order. Nothing runs when one cannot be read.
///
/// # Errors
/// A script that cannot be read, or a machine that fails; a step that does not do what it says is in the report.
pub async fn run(files: &[PathBuf]) -> Result<Report, Error> {
    let mut scripts = Vec::new();
    for file in files {
        scripts.push((file.display().to_string(), read(file)?));
    }
    let mut report = Report::default();
    for (file, script) in &scripts {
        for scenario in &script.scenarios {
            tell(file, scenario, &mut report).await?;
        }
    }
    Ok(report)
}

fn read(file: &Path) -> Result<Script, Error> {
    let shown = file.display();
    let unreadable = |e: std::io::Error| {
        Error::BadInput(format!(
            "`{shown}` cannot be read ({e}); name a script, for example tests/scenarios/01-share-110.txt"
        ))
    };
    let bytes = std::fs::metadata(file).map_err(unreadable)?.len();
    if bytes > SCRIPT_BYTES_MAX {
        return Err(Error::BadInput(format!(
            "`{shown}` has more than {SCRIPT_BYTES_MAX} bytes; divide it"
        )));
    }
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    parse::read(&text).map_err(|(line, why)| Error::BadInput(format!("{shown}:{line}: {why}")))
}

async fn tell(file: &str, scenario: &Scenario, report: &mut Report) -> Result<(), Error> {
    let mut world = World::new().await?;
    let told = steps(&mut world, scenario).await;
    world.close().await;
    let steps = scenario.lines.len();
    let (passed, failure) = match told {
        Ok(()) => (steps, None),
        Err((passed, _, Trouble::Broken(error))) => {
            tracing::error!(file, passed, "the scenario could not go on");
            return Err(error);
        }
        Err((passed, line, Trouble::Wanting { expected, came })) => {
            let (number, step) = (line.number, line.text.clone());
            (
                passed,
                Some(Mismatch {
                    file: file.to_owned(),
                    line: number,
                    step,
                    expected,
                    came,
                }),
            )
        }
    };
    report.steps += steps;
    report.passed += passed;
    if let Some(failure) = &failure {
        report.failed += 1;
        report.not_run += steps - passed - 1;
        report.first_failure.get_or_insert_with(|| failure.clone());
    }
    let (file, title) = (file.to_owned(), scenario.title.clone());
    report.scenarios.push(Told {
        file,
        title,
        steps,
        failure,
    });
    Ok(())
}

/// Runs until a step does not do what it says; then: how many did, which one, and why.
async fn steps<'s>(
    world: &mut World,
    scenario: &'s Scenario,
) -> Result<(), (usize, &'s Line, Trouble)> {
    // A refusal that no `Then refused` asks for is a failure of the line that was refused.
    let mut unasked: Option<(usize, &Line)> = None;
    for (n, line) in scenario.lines.iter().enumerate() {
        if !matches!(line.step, Step::Then(_)) {
            settle(world, unasked.take())?;
        }
        step(world, line)
            .await
            .map_err(|trouble| (n, line, trouble))?;
        match &line.step {
            Step::When(_) if matches!(world.last, Some(Outcome::Refused(_))) => {
                unasked = Some((n, line));
            }
            Step::Then(Check::Refused(_) | Check::RefusedSays(..)) => unasked = None,
            _ => {}
        }
    }
    settle(world, unasked)
}

fn settle<'s>(
    world: &World,
    unasked: Option<(usize, &'s Line)>,
) -> Result<(), (usize, &'s Line, Trouble)> {
    let (Some((n, line)), Some(last)) = (unasked, &world.last) else {
        return Ok(());
    };
    let expected = "accepted, because no `Then refused …` follows";
    Err((n, line, wanting(expected, came(last))))
}

async fn step(world: &mut World, line: &Line) -> Done {
    match &line.step {
        Step::Given(given) => world.given(given).await,
        Step::When(act) => {
            world.last = None;
            world.act(act).await?;
            match &world.last {
                Some(refused @ Outcome::Refused(_)) if line.keyword == Keyword::Given => {
                    Err(wanting("accepted, because it is given", came(refused)))
                }
                _ => Ok(()),
            }
        }
        Step::Then(check) => world.check(check).await,
    }
}

impl Report {
    /// For people: one line per scenario, and each failure with its place.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for told in &self.scenarios {
            let verdict = if told.failure.is_some() {
                "FAILED"
            } else {
                "ok    "
            };
            let (file, title, steps) = (&told.file, &told.title, told.steps);
            // Writing to a text cannot fail.
            let _ = writeln!(text, "{verdict}  {file}: {title} ({steps} steps)");
            if let Some(f) = &told.failure {
                let _ = writeln!(text, "        {}:{}: {}", f.file, f.line, f.step);
                let _ = writeln!(text, "          expected: {}", f.expected);
                let _ = writeln!(text, "          came:     {}", f.came);
            }
        }
        let _ = write!(
            text,
            "{} steps, {} passed, {} failed, {} not run",
            self.steps, self.passed, self.failed, self.not_run
        );
        text
    }
}
