//! One test call: does the number answer, is there audio both ways, do digits arrive?
//!
//! What was not measured is `null`, never guessed: `audio_out` and `dtmf_ok` need a far end that proves it hears.

use crate::agent::{Caller, End, Leg, Place, PlaceError};
use crate::audio::Audio;
use crate::clock::millis;
use crate::tone::Tone;
use serde::Serialize;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Digits sent when digits are asked for.
const DIGITS: &str = "159";

/// A test call.
#[derive(Clone, Debug)]
pub struct TestCall {
    /// The call: target, number, headers.
    pub place: Place,
    /// The tone that must be heard for `audio_in`; without it anything audible counts.
    pub expect_tone: Option<Tone>,
    /// Sends `159` and expects the far end to send the same digits back.
    pub dtmf: bool,
    /// How long to stay on the line after the answer.
    pub seconds: u32,
    /// How long to wait for an answer before cancelling.
    pub answer_wait: Duration,
}

/// The result, with the keys of `segue trial call`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TestCallResult {
    /// A 2xx came. Not a proof of a person.
    pub answered: bool,
    /// From INVITE to the first 18x or 2xx, milliseconds.
    pub post_dial_delay_ms: Option<u64>,
    /// The far end proved that it hears us (a test line's 1800 Hz); `null` = no proof either way.
    pub audio_out: Option<bool>,
    /// Whether the expected tone (or anything audible) was received; `null` without an answer.
    pub audio_in: Option<bool>,
    /// Whether our digits came back; `null` if not asked for or not answered.
    pub dtmf_ok: Option<bool>,
    /// Mean opinion score; `null`: one-way delay is not measured, so no score is given.
    pub mos: Option<f64>,
    /// `answered`, `closed`, `cancelled`, `refused_503`, `no_answer`, …
    pub outcome: String,
}

impl TestCall {
    /// A call of three seconds to `uri`.
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            place: Place::new(uri),
            expect_tone: None,
            dtmf: false,
            seconds: 3,
            answer_wait: Duration::from_secs(30),
        }
    }

    /// Places the call and waits for its result.
    pub async fn run(self, caller: &Caller) -> Result<TestCallResult, PlaceError> {
        let leg = caller.place(self.place.clone()).await?;
        let answered = timeout(self.answer_wait, leg.answered())
            .await
            .unwrap_or(false);
        if answered {
            self.listen(&leg).await;
        }
        leg.hang_up();
        // A far end that never answers anything keeps the INVITE for timer B; the result does not wait for that.
        let ended = timeout(Duration::from_secs(2), leg.ended())
            .await
            .map(|(end, _)| end);
        Ok(self.result(&leg, answered, ended.ok()))
    }

    async fn listen(&self, leg: &Leg) {
        if let Some(audio) = leg.audio().filter(|_| self.dtmf) {
            audio.send_digits(DIGITS);
        }
        tokio::select! {
            _ = leg.ended() => {}
            () = sleep(Duration::from_secs(u64::from(self.seconds))) => {}
        }
    }

    fn result(&self, leg: &Leg, answered: bool, end: Option<End>) -> TestCallResult {
        let progress = leg.progress();
        let report = leg.audio().filter(|_| answered).map(Audio::report);
        let closed = report
            .as_ref()
            .is_some_and(|report| report.heard(Tone::Closed));
        let outcome = match end {
            _ if closed => "closed".to_owned(),
            _ if answered => "answered".to_owned(),
            Some(End::Refused(status)) => format!("refused_{status}"),
            Some(End::NotFollowed) => "redirect_not_followed".to_owned(),
            Some(End::Cancelled) => "rings_unanswered".to_owned(),
            Some(_) | None => "no_answer".to_owned(),
        };
        TestCallResult {
            answered,
            post_dial_delay_ms: progress.post_dial_delay.map(millis),
            audio_out: report
                .as_ref()
                .and_then(|report| report.heard(Tone::Heard).then_some(true)),
            audio_in: report.as_ref().map(|report| match self.expect_tone {
                Some(tone) => report.heard(tone),
                None => report.heard_anything(),
            }),
            dtmf_ok: report
                .filter(|_| self.dtmf)
                .map(|report| report.digits == DIGITS),
            mos: None,
            outcome,
        }
    }
}

/// Runs a test line on an answered call until it is over: plays the person's tone, changes to "I hear you" when it
/// hears the caller, and sends each digit back. The far end of a path heartbeat (`domain.md` §7.14).
pub async fn test_line(leg: Leg) {
    let Some(audio) = leg.audio() else { return };
    audio.play(Tone::Person);
    let mut returned = 0;
    loop {
        tokio::select! {
            _ = leg.ended() => return,
            heard = audio.until(|now| now.hearing == Some(Tone::Caller)), if returned == 0 => {
                if !heard {
                    return;
                }
                audio.play(Tone::Heard);
                returned = 1;
            }
            more = audio.until(|now| now.digits.len() >= returned), if returned > 0 => {
                if !more {
                    return;
                }
                let digits = audio.report().digits;
                if let Some(digit) = digits.get(returned - 1..returned) {
                    audio.send_digits(digit);
                }
                returned += 1;
            }
        }
    }
}
