//! Runs scripts and reports: how many steps, how many passed, and the first that did not, with its line.

use crate::error::Error;
use crate::parse::{self, Line, Place, Scenario};
use crate::phrases::Keyword;
use crate::trouble::{Trouble, wanting};
use crate::world::{Outcome, World};
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
    for (file, scenarios) in scripts {
        for scenario in scenarios {
            tell(&file, scenario, &mut report).await?;
        }
    }
    Ok(report)
}

fn read(file: &Path) -> Result<Vec<Scenario>, Error> {
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

async fn tell(file: &str, scenario: Scenario, report: &mut Report) -> Result<(), Error> {
    let Scenario { title, lines } = scenario;
    let mut world = World::new().await?;
    let steps = lines.len();
    let told = run_lines(&mut world, lines).await;
    world.close().await;
    let (passed, failure) = match told {
        Ok(()) => (steps, None),
        Err(Stop {
            passed,
            trouble: Trouble::Broken(error),
            ..
        }) => {
            tracing::error!(file, passed, "the scenario could not go on");
            return Err(error);
        }
        Err(Stop {
            passed,
            place,
            trouble: Trouble::Wanting { expected, came },
        }) => {
            let mismatch = Mismatch {
                file: file.to_owned(),
                line: place.number,
                step: place.text,
                expected,
                came,
            };
            (passed, Some(mismatch))
        }
    };
    report.steps += steps;
    report.passed += passed;
    if let Some(failure) = &failure {
        report.failed += 1;
        report.not_run += steps - passed - 1;
        report.first_failure.get_or_insert_with(|| failure.clone());
    }
    report.scenarios.push(Told {
        file: file.to_owned(),
        title,
        steps,
        failure,
    });
    Ok(())
}

/// A step that did not do what it says: how many before it did, which one, and why.
struct Stop {
    passed: usize,
    place: Place,
    trouble: Trouble,
}

async fn run_lines(world: &mut World, lines: Vec<Line>) -> Result<(), Stop> {
    // A refusal that no `Then refused` asks for is a failure of the line that was refused.
    let mut unasked: Option<Stop> = None;
    for (passed, line) in lines.into_iter().enumerate() {
        let Line {
            place,
            keyword,
            step,
        } = line;
        let stop = |place, trouble| Stop {
            passed,
            place,
            trouble,
        };
        if keyword != Keyword::Then {
            if let Some(unasked) = unasked.take() {
                return Err(unasked);
            }
            world.last = None;
        }
        let answered = step.asks_for_refusal;
        if let Err(trouble) = (step.run)(world).await {
            return Err(stop(place, trouble));
        }
        match (keyword, &world.last) {
            (Keyword::Given, Some(refused @ Outcome::Refused(_))) => {
                let trouble = wanting("accepted, because it is given", refused.to_string());
                return Err(stop(place, trouble));
            }
            (Keyword::When, Some(refused @ Outcome::Refused(_))) => {
                let expected = "accepted, because no `Then refused …` follows";
                unasked = Some(stop(place, wanting(expected, refused.to_string())));
            }
            _ if answered => unasked = None,
            _ => {}
        }
    }
    unasked.map_or(Ok(()), Err)
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
