//! A caller who does not speak the agent's language (`domain.md` §7.18): the agent brings an interpreter in, and this side is the caller
//! and the interpreter's telephone.

use crate::agent::{Agent, Caller, Leg, Place, PlaceError};
use crate::audio::Audio;
use crate::clock::millis;
use crate::tone::Tone;
use serde::Serialize;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// How long the agent may take to put all three on one line once the interpreter has answered.
const JOINED_WAIT: Duration = Duration::from_secs(20);

/// An interpreter to be brought in.
#[derive(Clone, Debug)]
pub struct InterpreterTrial {
    /// The call to the agent.
    pub agent: Place,
    /// A test line plays the agent and is asked for the interpreter (`*4`); else a person brings one in.
    pub agent_is_line: bool,
    /// How long the agent may take to call the interpreter.
    pub wait: Duration,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InterpreterReport {
    /// `three_on_the_line`, `agent_not_reached`, `interpreter_not_called`, `not_joined`.
    pub outcome: String,
    /// From the agent's answer to the interpreter's, milliseconds.
    pub answered_after_ms: Option<u64>,
    /// From the agent's answer until caller and interpreter heard each other, milliseconds.
    pub joined_after_ms: Option<u64>,
    /// Whether the caller heard the interpreter.
    pub caller_hears: Option<bool>,
    /// Whether the interpreter heard the caller.
    pub interpreter_hears: Option<bool>,
    /// Whether the caller's call was up to the end.
    pub agent_stayed: Option<bool>,
    /// Who the interpreter was shown to be called by.
    pub caller_shown: Option<String>,
}

impl InterpreterReport {
    /// Whether the caller and the interpreter heard each other.
    pub fn is_joined(&self) -> bool {
        self.outcome == "three_on_the_line"
    }
}

impl InterpreterTrial {
    /// Calls the agent and waits at the interpreter's telephone.
    pub async fn run(
        &self,
        caller: &Caller,
        interpreter: &mut Agent,
    ) -> Result<InterpreterReport, PlaceError> {
        let mut report = InterpreterReport::default();
        let Some(leg) = caller.reach(self.agent.clone()).await? else {
            report.outcome = "agent_not_reached".into();
            return Ok(report);
        };
        let begun = Instant::now();
        if let Some(audio) = leg.audio().filter(|_| self.agent_is_line) {
            audio.send_digits("*4");
        }
        let incoming = tokio::select! {
            incoming = timeout_at(begun + self.wait, interpreter.incoming()) => incoming.unwrap_or(None),
            _ = leg.ended() => None,
        };
        if let Some(incoming) = incoming {
            report.caller_shown = incoming.caller();
            incoming.ring();
            let third = incoming.answer();
            report.answered_after_ms = Some(millis(begun.elapsed()));
            joined(&leg, &third, begun, &mut report).await;
            report.agent_stayed = Some(leg.progress().end.is_none());
            third.hang_up();
            let _ = timeout(Duration::from_secs(2), third.ended()).await;
        } else {
            report.outcome = "interpreter_not_called".into();
        }
        leg.hang_up();
        let _ = timeout(Duration::from_secs(2), leg.ended()).await;
        Ok(report)
    }
}

/// Waits until both hear each other: each plays a tone of its own, so neither is taken for the agent's voice.
async fn joined(leg: &Leg, third: &Leg, begun: Instant, report: &mut InterpreterReport) {
    let (Some(caller), Some(interpreter)) = (leg.audio(), third.audio()) else {
        report.outcome = "not_joined".into();
        return;
    };
    interpreter.play(Tone::Interpreter);
    let deadline = Instant::now() + JOINED_WAIT;
    let hears = async |audio: &Audio, tone| {
        let heard = audio.until(|now| now.heard(tone));
        tokio::select! {
            heard = timeout_at(deadline, heard) => heard == Ok(true),
            _ = leg.ended() => audio.report().heard(tone),
            _ = third.ended() => audio.report().heard(tone),
        }
    };
    let (one, other) = tokio::join!(
        hears(caller, Tone::Interpreter),
        hears(interpreter, Tone::Caller)
    );
    (report.caller_hears, report.interpreter_hears) = (Some(one), Some(other));
    report.outcome = if one && other {
        report.joined_after_ms = Some(millis(begun.elapsed()));
        "three_on_the_line".into()
    } else {
        "not_joined".into()
    };
}
