//! `segue trial last-resort LINE`: who answers when nobody else does is called, as the terms ask each week, and the gate is told.

use super::asked::Recorder;
use super::require_no_emergency;
use crate::cli::Global;
use crate::context::Context;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use crate::trials::{evidence, through};
use clap::Args;
use segue_domain::contingency::escalation::RecordLastResortCall;
use segue_domain::ids::LineId;
use segue_domain::lines::Line;
use segue_domain::{Event, Transition};
use segue_trials::agent::Agent;
use segue_trials::test_call::{TestCall, TestCallResult};
use segue_trials::tone::Tone;
use serde::Serialize;
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;

/// Options of `segue trial last-resort`.
#[derive(Debug, Args)]
pub struct LastResort {
    /// The line
    line: LineId,
    /// Seconds each of them may ring
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(5..=180))]
    ring_s: u64,
    /// Seconds to listen to who answers; a mailbox is known after its greeting, its beep and a second of silence
    #[arg(long, value_name = "SECONDS", default_value_t = 12, value_parser = clap::value_parser!(u32).range(2..=120))]
    seconds: u32,
    /// The number to call from; without it the call is anonymous
    #[arg(long, value_name = "NUMBER", value_parser = super::call::caller_number)]
    caller: Option<String>,
    /// The local address to call from
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    from: SocketAddr,
    /// Record in the transition whether all of them answered
    #[arg(long)]
    record: bool,
}

/// One of them, called.
#[derive(Debug, Serialize)]
struct Called {
    uri: String,
    /// Whether somebody, or an announcement, was there and was heard.
    ok: bool,
    /// Why not; empty where they were.
    fault: &'static str,
    call: TestCallResult,
}

impl LastResort {
    pub(super) fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        block_on(async {
            let office = Office::open(&ctx.data).await?;
            let t = office.state().await?;
            let line = self.line(&t)?;
            let by = Recorder::of(
                &ctx,
                &office,
                self.record,
                "record_last_resort_call",
                |event| matches!(event, Event::LastResortCalled(e) if e.lines.contains(&self.line)),
            )
            .await?;
            if let Some(before) = by.before {
                return Ok(before.answer());
            }
            let agent = through::bind(self.from).await?;
            let called = self.call_all(&agent, line).await;
            agent.stop().await;
            let called = called?;
            let answered = called.iter().all(|c| c.ok);
            let reference = evidence::keep(&ctx.data, "last-resort", ctx.now(), &called)?;
            if let Some(actor) = &by.actor {
                let command = RecordLastResortCall {
                    lines: vec![self.line.clone()],
                    answered,
                    reference: Some(reference.clone()),
                };
                office.execute(&ctx, actor, command.into()).await?;
            }
            let json = json!({
                "line": self.line, "answered": answered, "targets": called, "reference": reference, "recorded": self.record,
            });
            Ok(Answer::new(&json, text(&called, &reference)).wanting_if(!answered))
        })
    }

    fn line<'t>(&self, t: &'t Transition) -> Result<&'t Line, Failure> {
        t.line(&self.line).ok_or_else(|| {
            let known: Vec<_> = t.lines.iter().map(|line| line.id.to_string()).collect();
            Failure::BadInput(format!(
                "there is no line `{}`; choose one of: {}",
                self.line,
                known.join(", ")
            ))
        })
    }

    /// Each in turn: a caller comes to the second only when the first did not answer, so each must answer for itself.
    async fn call_all(&self, agent: &Agent, line: &Line) -> Result<Vec<Called>, Failure> {
        let mut called = Vec::new();
        for uri in &line.last_resort {
            require_no_emergency(uri)?;
            let mut test = TestCall::new(uri.clone());
            test.place.caller.clone_from(&self.caller);
            // Whoever answers speaks first, and what a line gives back of our own voice is nobody.
            test.place.audio = Some(Tone::Silence);
            (test.seconds, test.answer_wait) = (self.seconds, Duration::from_secs(self.ring_s));
            let call = test.run(&agent.caller()).await;
            let call = call.map_err(|e| Failure::BadInput(e.to_string()))?;
            let fault = fault(&call);
            called.push(Called {
                uri: uri.clone(),
                ok: fault.is_empty(),
                fault,
                call,
            });
        }
        Ok(called)
    }
}

/// Why a caller who comes there is helped by nobody; an announcement helps, a mailbox does not.
fn fault(call: &TestCallResult) -> &'static str {
    match call.outcome.as_str() {
        "answered" if call.audio_in == Some(true) => "",
        "answered" => "it answered and nobody was heard",
        "voicemail" => "a dead end: a mailbox answered",
        "closed" => "a dead end: it says that it is closed",
        _ => "nobody answered",
    }
}

fn text(called: &[Called], reference: &str) -> String {
    let line = |c: &Called| {
        let rang = c.call.ring_ms.unwrap_or_default();
        if c.ok {
            format!("answered {}: rang {rang} ms\n", c.uri)
        } else {
            format!("FAULT    {}: {} ({})\n", c.uri, c.fault, c.call.outcome)
        }
    };
    let all: String = called.iter().map(line).collect();
    format!("{all}Evidence: {reference}")
}
