//! The far end of a test call: a line that says what it hears (`domain.md` §7.14, the auto-answer number).
//!
//! It plays a person's tone, says "I hear you" when it hears the caller, then the recorder's warning tone where calls
//! are recorded, and sends each digit back. `*1` asks for the caller's number as shown here, `*2` for the number
//! dialled; both come back as digits that end with `#`. `*3` asks to be transferred.

use crate::agent::{Agent, Incoming, Leg};
use crate::audio::Audio;
use crate::tone::Tone;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How long each of its announcements lasts.
const ANNOUNCEMENT: Duration = Duration::from_millis(500);
/// Calls on one line at once.
const CALLS_MAX: usize = 2_000;

/// What a test line is like.
#[derive(Clone, Debug, Default)]
pub struct TestLine {
    /// Whether it says that calls are recorded.
    pub recorded: bool,
    /// How long it rings before it answers.
    pub ring: Duration,
    /// Whom `*3` transfers to; without it `*3` is sent back like any digits.
    pub transfer_to: Option<String>,
}

/// What a test line saw of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The caller's number.
    pub caller: Option<String>,
    /// The number dialled.
    pub dialled: String,
}

impl TestLine {
    /// Answers every call of an agent until it stops or `until` is over; what was shown on each call, in order.
    pub async fn serve(self, agent: &mut Agent, until: impl Future<Output = ()>) -> Vec<Shown> {
        let (line, mut calls, mut seen) = (Arc::new(self), JoinSet::new(), Vec::new());
        tokio::pin!(until);
        loop {
            let incoming = tokio::select! {
                () = &mut until => break,
                incoming = agent.incoming() => incoming,
            };
            let Some(incoming) = incoming else { break };
            while calls.try_join_next().is_some() {}
            if calls.len() >= CALLS_MAX {
                incoming.refuse(486, None);
                continue;
            }
            let shown = Shown {
                caller: incoming.caller(),
                dialled: incoming.dialled(),
            };
            if seen.len() < CALLS_MAX {
                seen.push(shown);
            }
            let line = Arc::clone(&line);
            calls.spawn(async move { line.take(incoming).await });
        }
        seen
    }

    /// Answers one call and serves it until it is over.
    pub async fn take(&self, incoming: Incoming) {
        let shown = Shown {
            caller: incoming.caller(),
            dialled: incoming.dialled(),
        };
        incoming.ring();
        tokio::select! {
            _ = incoming.given_up() => return,
            () = sleep(self.ring) => {}
        }
        let leg = incoming.answer();
        let Some(audio) = leg.audio() else { return };
        audio.play(Tone::Person);
        tokio::select! {
            _ = leg.ended() => {}
            () = self.speak(audio) => { leg.ended().await; }
            () = self.obey(&leg, audio, &shown) => {}
        }
    }

    async fn speak(&self, audio: &Audio) {
        if !audio.until(|now| now.hearing == Some(Tone::Caller)).await {
            return;
        }
        audio.play(Tone::Heard);
        if self.recorded {
            sleep(ANNOUNCEMENT).await;
            audio.play(Tone::Recorded);
            sleep(ANNOUNCEMENT).await;
            audio.play(Tone::Heard);
        }
        std::future::pending::<()>().await;
    }

    async fn obey(&self, leg: &Leg, audio: &Audio, shown: &Shown) {
        let (mut taken, mut asked) = (0, false);
        while audio.until(|now| now.digits.len() > taken).await {
            let digits = audio.report().digits;
            let Some(digit) = digits.get(taken..=taken) else {
                return;
            };
            taken += 1;
            match (asked, digit) {
                (false, "*") => {
                    asked = true;
                    continue;
                }
                (true, "1") => say(audio, shown.caller.as_deref().unwrap_or_default()),
                (true, "2") => say(audio, &shown.dialled),
                (true, "3") if self.transfer_to.is_some() => {
                    leg.transfer(self.transfer_to.as_deref().unwrap_or_default())
                        .await;
                }
                _ => {
                    audio.send_digits(digit);
                }
            }
            asked = false;
        }
    }
}

/// Sends a number as digits, without its plus, and `#` after it.
fn say(audio: &Audio, number: &str) {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    audio.send_digits(&format!("{digits}#"));
}
