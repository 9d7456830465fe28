//! One test call: does the number answer, is there audio both ways, do digits arrive, what is shown, does hold work?
//!
//! What was not measured is `null`, never guessed: `audio_out`, `dtmf_ok`, the numbers shown and the score need a far
//! end that proves it hears (a [test line](crate::test_line)).

use crate::agent::{Caller, End, Leg, Place, PlaceError};
use crate::audio::{Audio, AudioReport};
use crate::clock::millis;
use crate::mos;
use crate::tone::Tone;
use serde::Serialize;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// Digits sent when digits are asked for.
const DIGITS: &str = "159";
/// How long an asked digit or number may take to come back.
const DIGITS_WAIT: Duration = Duration::from_secs(10);
/// How long a held call stays held.
const HELD: Duration = Duration::from_millis(400);
/// How soon after a hold the far end must be heard again.
const HEARD_AGAIN_WAIT: Duration = Duration::from_secs(3);

/// A test call.
#[derive(Clone, Debug)]
pub struct TestCall {
    /// The call: target, number, headers. Where it plays silence, only a voice counts for `audio_in`: no echo can be one.
    pub place: Place,
    /// The tone that must be heard for `audio_in`; without it anything audible counts.
    pub expect_tone: Option<Tone>,
    /// Sends `159` and expects the far end to send the same digits back.
    pub dtmf: bool,
    /// Asks a test line which numbers it was shown.
    pub numbers: bool,
    /// Holds the far end and takes it back.
    pub hold: bool,
    /// How long to stay on the line after the answer, at least.
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
    /// From the first 18x to the 2xx, milliseconds.
    pub ring_ms: Option<u64>,
    /// The far end proved that it hears us (a test line's 1800 Hz); `null` = no proof either way.
    pub audio_out: Option<bool>,
    /// Whether the expected tone (or anything audible; on a silent call a voice) was received; `null` without an answer.
    pub audio_in: Option<bool>,
    /// Whether our digits came back; `null` if not asked for or not answered.
    pub dtmf_ok: Option<bool>,
    /// The caller's number as the far end was shown it; `null` if not asked for, empty if it saw none.
    pub caller_shown: Option<String>,
    /// The dialled number as the far end was shown it.
    pub dialled_shown: Option<String>,
    /// Whether the call could be held and taken back, and was heard again; `null` if not asked for or not answered.
    pub hold_ok: Option<bool>,
    /// Whether the recorder's warning tone was heard; `null` without an answer. Speech needs a person's ear.
    pub recording_heard: Option<bool>,
    /// RTP packets received.
    pub received_packets: u64,
    /// RTP packets missing between them.
    pub lost_packets: u64,
    /// Interarrival jitter (RFC 3550), milliseconds.
    pub jitter_ms: f64,
    /// Half the time from the answer until the far end was heard to hear us, milliseconds: at least the one-way delay.
    pub delay_ms_max: Option<u64>,
    /// Mean opinion score by the E-model from loss, jitter and that delay, so a lower bound; `null` while the delay is
    /// not known.
    pub mos: Option<f64>,
    /// `answered`, `closed`, `voicemail`, `rings_unanswered`, `refused_503`, `no_answer`, …
    pub outcome: String,
}

/// What the time on the line showed, beside what was heard.
#[derive(Default)]
struct OnTheLine {
    heard_back_after: Option<Duration>,
    dtmf_ok: Option<bool>,
    caller_shown: Option<String>,
    dialled_shown: Option<String>,
    hold_ok: Option<bool>,
}

impl TestCall {
    /// A call of three seconds to `uri`.
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            place: Place::new(uri),
            expect_tone: None,
            dtmf: false,
            numbers: false,
            hold: false,
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
        let shown = match leg.audio().filter(|_| answered) {
            Some(audio) => self.listen(&leg, audio).await,
            None => OnTheLine::default(),
        };
        leg.hang_up();
        // A far end that never answers anything keeps the INVITE for timer B; the result does not wait for that.
        let ended = timeout(Duration::from_secs(2), leg.ended())
            .await
            .map(|(end, _)| end);
        Ok(self.result(&leg, answered, ended.ok(), shown))
    }

    async fn listen(&self, leg: &Leg, audio: &Audio) -> OnTheLine {
        let started = Instant::now();
        let stay = Duration::from_secs(u64::from(self.seconds));
        let mut shown = OnTheLine::default();
        let asked = async {
            let heard = timeout(stay, audio.until(|now| now.hearing == Some(Tone::Heard))).await;
            if heard == Ok(true) {
                shown.heard_back_after = Some(started.elapsed());
            }
            if self.dtmf {
                audio.send_digits(DIGITS);
                let back = audio.until(|now| now.digits.starts_with(DIGITS));
                shown.dtmf_ok = Some(timeout(DIGITS_WAIT, back).await == Ok(true));
            }
            if self.numbers {
                shown.caller_shown = Some(ask(audio, "*1").await.unwrap_or_default());
                shown.dialled_shown = Some(ask(audio, "*2").await.unwrap_or_default());
            }
            if self.hold {
                shown.hold_ok = Some(held_and_back(leg, audio).await);
            }
            sleep(stay.saturating_sub(started.elapsed())).await;
        };
        tokio::select! {
            _ = leg.ended() => {}
            () = asked => {}
        }
        shown
    }

    fn result(
        &self,
        leg: &Leg,
        answered: bool,
        end: Option<End>,
        shown: OnTheLine,
    ) -> TestCallResult {
        let progress = leg.progress();
        let report = leg.audio().filter(|_| answered).map(Audio::report);
        let heard = |tone| report.as_ref().is_some_and(|report| report.heard(tone));
        let outcome = match end {
            _ if report.as_ref().is_some_and(|report| report.mailbox) => "voicemail".to_owned(),
            _ if heard(Tone::Closed) => "closed".to_owned(),
            _ if answered => "answered".to_owned(),
            Some(End::Refused(status)) => format!("refused_{status}"),
            Some(End::NotFollowed) => "redirect_not_followed".to_owned(),
            Some(End::Cancelled) => "rings_unanswered".to_owned(),
            Some(_) | None => "no_answer".to_owned(),
        };
        let ring = progress.answer_delay.zip(progress.post_dial_delay);
        let measured = report.clone().unwrap_or_default();
        let delay_ms_max = shown.heard_back_after.map(|back| millis(back / 2));
        TestCallResult {
            answered,
            post_dial_delay_ms: progress.post_dial_delay.map(millis),
            ring_ms: ring.map(|(answer, first)| millis(answer.saturating_sub(first))),
            audio_out: heard(Tone::Heard).then_some(true),
            audio_in: report.as_ref().map(|report| match self.expect_tone {
                Some(tone) => report.heard(tone),
                None if self.place.audio == Some(Tone::Silence) => report.heard_somebody(),
                None => report.heard_anything(),
            }),
            dtmf_ok: shown.dtmf_ok.or((self.dtmf && answered).then_some(false)),
            caller_shown: shown.caller_shown,
            dialled_shown: shown.dialled_shown,
            hold_ok: shown.hold_ok.or((self.hold && answered).then_some(false)),
            recording_heard: report.as_ref().map(|report| report.heard(Tone::Recorded)),
            received_packets: measured.received_packets,
            lost_packets: measured.lost_packets,
            jitter_ms: measured.jitter_ms,
            delay_ms_max,
            mos: delay_ms_max.map(|delay_ms| opinion(&measured, delay_ms)),
            outcome,
        }
    }
}

/// The score of what was received; a jitter buffer of twice the jitter is part of the delay.
fn opinion(report: &AudioReport, delay_ms: u64) -> f64 {
    let count = |packets: u64| f64::from(u32::try_from(packets).unwrap_or(u32::MAX));
    let sent = count(report.received_packets.saturating_add(report.lost_packets)).max(1.0);
    let delay_ms = count(delay_ms) + 2.0 * report.jitter_ms;
    mos::score(mos::rating(count(report.lost_packets) / sent, delay_ms))
}

/// Asks a test line for a number and waits for its `#`.
pub(crate) async fn ask(audio: &Audio, question: &str) -> Option<String> {
    let known = audio.report().digits.len();
    audio.send_digits(question);
    let answered = audio.until(|now| now.digits.get(known..).is_some_and(|d| d.ends_with('#')));
    timeout(DIGITS_WAIT, answered).await.ok()?;
    let digits = audio.report().digits;
    digits
        .get(known..)
        .map(|said| said.trim_end_matches('#').to_owned())
}

/// Holds the far end, takes it back, and hears it again.
async fn held_and_back(leg: &Leg, audio: &Audio) -> bool {
    if !leg.hold(true).await {
        return false;
    }
    sleep(HELD).await;
    if !leg.hold(false).await {
        return false;
    }
    let before = audio.report().received_packets;
    let deadline = Instant::now() + HEARD_AGAIN_WAIT;
    while Instant::now() < deadline {
        if audio.report().received_packets > before.saturating_add(5) {
            return true;
        }
        sleep(Duration::from_millis(20)).await;
    }
    false
}
