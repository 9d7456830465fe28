//! `segue trial interpreter LINE DIALLED`: the outsourcer's agent brings an interpreter in, whose telephone this side plays, and it is
//! measured how long a caller waits until both hear each other (§7.18).

use super::asked::{Asked, CHECKED, Recorder, rings};
use super::result;
use crate::cli::Global;
use crate::context::Context;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use crate::trials::{evidence, through};
use clap::Args;
use segue_domain::telephony_checks::{CheckKind, RecordTelephonyChecks};
use segue_trials::interpreter::{InterpreterReport, InterpreterTrial};
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;

/// Options of `segue trial interpreter`.
#[derive(Debug, Args)]
pub struct Interpreter {
    #[command(flatten)]
    asked: Asked,
    /// Where the interpreter's telephone rings (SIP over UDP): the number of the interpreters leads there for the trial
    #[arg(long = "interpreter", value_name = "ADDR")]
    rings_at: SocketAddr,
    /// A test line plays the agent (`segue trial answer --third sip:INTERPRETER`); without it a person brings the interpreter in
    #[arg(long)]
    agent_line: bool,
    /// Seconds the agent may take to call the interpreter
    #[arg(long, value_name = "SECONDS", default_value_t = 180, value_parser = clap::value_parser!(u64).range(5..=900))]
    wait_s: u64,
}

impl Interpreter {
    pub(super) fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        block_on(async {
            let office = Office::open(&ctx.data).await?;
            let t = office.state().await?;
            let target = self.asked.target(&t)?;
            let by = Recorder::of(
                &ctx,
                &office,
                self.asked.record,
                CHECKED,
                self.asked.is_of(CheckKind::InterpreterTime),
            )
            .await?;
            if let Some(before) = by.before {
                return Ok(before.answer());
            }
            let report = self.tried(target).await?;
            let reference = evidence::keep(&ctx.data, "interpreter", ctx.now(), &report)?;
            let waited_s = waited_s(&report);
            if let Some(actor) = &by.actor {
                let command = self.checks(waited_s, &reference);
                office.execute(&ctx, actor, command.into()).await?;
            }
            let most_s = t.terms.testing.interpreter_s_max;
            let json = json!({
                "line": self.asked.line, "dialled": self.asked.dialled, "target": target, "interpreter": report,
                "waited_s": waited_s, "interpreter_s_max": most_s, "reference": reference, "recorded": self.asked.record,
            });
            let in_time = waited_s.is_some_and(|waited| waited <= most_s);
            let said = format!("{}\nEvidence: {reference}", text(&report, waited_s, most_s));
            Ok(Answer::new(&json, said).wanting_if(!in_time))
        })
    }

    async fn tried(&self, target: &str) -> Result<InterpreterReport, Failure> {
        let agent = through::bind(self.asked.from).await?;
        let mut interpreter = through::bind(self.rings_at).await?;
        rings("interpreter's telephone", interpreter.local_addr());
        let trial = InterpreterTrial {
            agent: self.asked.place(target),
            agent_is_line: self.agent_line,
            wait: Duration::from_secs(self.wait_s),
        };
        let report = trial.run(&agent.caller(), &mut interpreter).await;
        interpreter.stop().await;
        agent.stop().await;
        report.map_err(|e| Failure::BadInput(e.to_string()))
    }

    /// How long it took is judged by the terms, as the gate reads them; that it took place, here.
    fn checks(&self, waited_s: Option<u32>, reference: &str) -> RecordTelephonyChecks {
        let joined = waited_s.is_some();
        let checks = vec![
            result(CheckKind::InterpreterTime, joined, waited_s),
            result(CheckKind::InterpreterConference, joined, None),
        ];
        self.asked.checks(checks, reference)
    }
}

/// Seconds until the caller and the interpreter heard each other, rounded up; nothing where they never did.
fn waited_s(report: &InterpreterReport) -> Option<u32> {
    let ms = report.joined_after_ms.filter(|_| report.is_joined())?;
    Some(u32::try_from(ms.div_ceil(1_000)).unwrap_or(u32::MAX))
}

fn text(report: &InterpreterReport, waited_s: Option<u32>, most_s: u32) -> String {
    match (report.outcome.as_str(), waited_s) {
        (_, Some(waited)) if waited <= most_s => format!(
            "Three on the line: caller and interpreter heard each other {waited} s after the agent's answer, at most {most_s} s."
        ),
        (_, Some(waited)) => format!(
            "FAULT caller and interpreter heard each other only {waited} s after the agent's answer, at most {most_s} s."
        ),
        ("agent_not_reached", None) => "FAULT nobody answered at the outsourcer's.".to_owned(),
        ("interpreter_not_called", None) => "FAULT the agent called no interpreter.".to_owned(),
        (_, None) => {
            let said = |hears: Option<bool>| match hears {
                Some(true) => "yes",
                Some(false) => "no",
                None => "not measured",
            };
            format!(
                "FAULT the interpreter answered and was not joined; the caller heard the interpreter: {}, the interpreter the caller: {}.",
                said(report.caller_hears),
                said(report.interpreter_hears)
            )
        }
    }
}
