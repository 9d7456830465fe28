//! `segue scenario`: runs given / when / then scripts through the command layer, on virtual time.

use crate::office::{block_on, unavailable};
use crate::output::{Answer, Answered, Failure};
use clap::{Args, Subcommand};
use segue_scenario::Error;
use serde_json::json;
use std::path::PathBuf;

/// `segue scenario …`
#[derive(Debug, Subcommand)]
pub enum Scenario {
    /// Run scripts; each scenario gets a journal and a clock of its own
    Run(Run),
    /// Print every phrase a script may use
    Phrases,
}

/// Options of `segue scenario run`.
#[derive(Debug, Args)]
pub struct Run {
    /// Scripts, for example tests/scenarios/*.txt
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Scenario {
    /// Answers.
    pub fn run(&self) -> Answered {
        match self {
            Self::Run(run) => {
                let report =
                    block_on(async { segue_scenario::run(&run.files).await.map_err(failure) })?;
                Ok(Answer::new(&report, report.text()).wanting_if(report.failed > 0))
            }
            Self::Phrases => {
                let phrases: Vec<_> = segue_scenario::phrases().collect();
                Ok(Answer::new(
                    &json!({ "phrases": phrases }),
                    phrases.join("\n"),
                ))
            }
        }
    }
}

fn failure(error: Error) -> Failure {
    match error {
        Error::BadInput(why) => Failure::BadInput(why),
        Error::Unavailable(cause) => unavailable(&*cause),
        Error::Internal(cause) => Failure::Internal(anyhow::Error::from_boxed(cause)),
    }
}
