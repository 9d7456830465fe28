//! The one writer: answers on standard output, everything else on standard error, and the exit codes people script against.

use segue_domain::Refusal;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

/// What a command answers.
#[derive(Debug)]
pub struct Answer {
    /// The one JSON document of `--json`.
    pub json: Value,
    /// The same for people.
    pub text: String,
    /// Checked and found wanting: exit code 5.
    pub wanting: bool,
}

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Exit code 2.
    #[error("{0}")]
    BadInput(String),
    /// Exit code 3.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// Exit code 4.
    #[error("{0}")]
    Unavailable(String),
    /// Exit code 1.
    #[error("{0:#}")]
    Internal(#[from] anyhow::Error),
}

/// What every command returns.
pub type Answered = Result<Answer, Failure>;

impl Answer {
    /// An answer from a serialisable value and its text.
    pub fn new(value: &impl Serialize, text: impl Into<String>) -> Self {
        Self {
            json: serde_json::to_value(value).unwrap_or(Value::Null),
            text: text.into(),
            wanting: false,
        }
    }

    /// Marks the answer as "checked and found wanting".
    #[must_use]
    pub fn wanting_if(mut self, wanting: bool) -> Self {
        self.wanting = wanting;
        self
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl Failure {
    fn exit(&self) -> u8 {
        match self {
            Self::Internal(_) => 1,
            Self::BadInput(_) => 2,
            Self::Refused(_) => 3,
            Self::Unavailable(_) => 4,
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Refused(refusal) => json!({ "refusal": refusal }),
            other => json!({ "error": other.to_string() }),
        }
    }
}

/// Prints an answer or a failure and gives the exit code.
pub fn finish(answered: Answered, as_json: bool) -> ExitCode {
    match answered {
        Ok(answer) => {
            let text = if as_json {
                answer.json.to_string()
            } else {
                answer.text
            };
            // A closed pipe is the reader's choice, not a failure.
            let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
            ExitCode::from(if answer.wanting { 5 } else { 0 })
        }
        Err(failure) => {
            if as_json {
                let _ = writeln!(std::io::stdout(), "{}", failure.json());
            }
            let _ = writeln!(std::io::stderr(), "{}", in_words(&failure));
            ExitCode::from(failure.exit())
        }
    }
}

fn in_words(failure: &Failure) -> String {
    let Failure::Refused(refusal) = failure else {
        return format!("segue: {failure}");
    };
    let mut text = format!("Refused: {} — {}\n", refusal.code, refusal.rule);
    for item in &refusal.missing {
        let _ = writeln!(text, "  missing:  {item}");
    }
    let _ = write!(
        text,
        "  who:      {}\n  how:      {}",
        refusal.who, refusal.how
    );
    text
}

/// Prints what clap has to say: help on standard output (0), faults on standard error (2), and with `--json` in the
/// one document that programs read.
pub fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if !error.use_stderr() {
        return ExitCode::SUCCESS;
    }
    // The line could not be read, so the flag is looked for as it was typed.
    if std::env::args_os().any(|word| word == "--json") {
        let said = error.render().to_string();
        let fault = said.split("\n\n").next().unwrap_or_default();
        let words: Vec<_> = fault
            .trim_start_matches("error:")
            .split_whitespace()
            .collect();
        let _ = writeln!(std::io::stdout(), "{}", json!({ "error": words.join(" ") }));
    }
    ExitCode::from(2)
}

/// Logs go to standard error; `SEGUE_LOG` sets the level.
pub fn logging() {
    // The session layer warns of visitors without a session, who are everybody at first.
    let default = "warn,tower_sessions_core=error";
    let filter = tracing_subscriber::EnvFilter::try_from_env("SEGUE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .try_init();
}
