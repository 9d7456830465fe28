//! The telephony pack on one path: what a machine can check of it, each with the evidence (A28, §7.14).
//!
//! What needs a person's ear or hand (a warm transfer, three on the line, a message to the one on call) is not here:
//! those checks stay open until somebody records them.

use crate::agent::{Caller, Leg, Place, PlaceError};
use crate::test_call::{TestCall, TestCallResult};
use segue_domain::telephony_checks::{CheckKind, CheckOutcome, CheckResult};
use serde::Serialize;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How long calls at once may take to be up.
const UP_WAIT: Duration = Duration::from_secs(30);
/// Calls are placed this far apart, so that the placing itself is no flood.
const APART: Duration = Duration::from_millis(10);

/// A path to check.
#[derive(Clone, Debug)]
pub struct PathCheck {
    /// The call: number, way in, caller's number.
    pub place: Place,
    /// Whether a test line answers there; without it only reach, ring time and dead ends can be told.
    pub test_line: bool,
    /// Calls at once to prove; 0 leaves the check out.
    pub calls_at_once: u32,
    /// How long all of them stay up together.
    pub together: Duration,
}

/// One check with what proves it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// The result, as the transition records it.
    #[serde(flatten)]
    pub result: CheckResult,
    /// What was seen, in words.
    pub said: String,
}

/// Everything about one path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PathReport {
    /// The checks that could be made.
    pub checks: Vec<Evidence>,
    /// The call they rest on.
    pub call: TestCallResult,
    /// Calls up together; absent where that was not asked.
    pub together: Option<Together>,
}

/// Calls at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Together {
    /// Calls placed.
    pub placed: u32,
    /// Calls answered and up at the same moment, at the end of the time together.
    pub up: u32,
    /// Of those up, calls on which the far end was heard.
    pub heard: u32,
}

impl PathCheck {
    /// Places the calls.
    pub async fn run(&self, caller: &Caller) -> Result<PathReport, PlaceError> {
        let test = TestCall {
            place: self.place.clone(),
            dtmf: self.test_line,
            numbers: self.test_line,
            hold: self.test_line,
            // A mailbox is known after its greeting, its beep and a second of silence.
            seconds: if self.test_line { 3 } else { 12 },
            ..TestCall::new("")
        };
        let call = test.run(caller).await?;
        let together = if self.calls_at_once > 0 {
            Some(self.together(caller).await?)
        } else {
            None
        };
        let mut checks = checks_of(&call, &self.place, self.test_line);
        checks.extend(together.map(|t| concurrency(t, self.calls_at_once)));
        Ok(PathReport {
            checks,
            call,
            together,
        })
    }

    async fn together(&self, caller: &Caller) -> Result<Together, PlaceError> {
        let mut legs = Vec::new();
        for _ in 0..self.calls_at_once {
            legs.push(caller.place(self.place.clone()).await?);
            sleep(APART).await;
        }
        let all = async {
            for leg in &legs {
                leg.answered().await;
            }
        };
        // Whoever is not up by then is counted as not up.
        let _ = timeout(UP_WAIT, all).await;
        sleep(self.together).await;
        let up = |leg: &&Leg| {
            let now = leg.progress();
            now.answer_delay.is_some() && now.end.is_none()
        };
        let heard = |leg: &&Leg| leg.audio().is_some_and(|a| a.report().heard_anything());
        let is_up: Vec<_> = legs.iter().filter(up).collect();
        let together = Together {
            placed: count(legs.len()),
            up: count(is_up.len()),
            heard: count(is_up.iter().copied().filter(heard).count()),
        };
        legs.iter().for_each(Leg::hang_up);
        for leg in &legs {
            let _ = timeout(Duration::from_secs(2), leg.ended()).await;
        }
        Ok(together)
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn evidence(kind: CheckKind, passed: bool, measured: Option<u32>, said: String) -> Evidence {
    let outcome = if passed {
        CheckOutcome::Passed
    } else {
        CheckOutcome::Failed
    };
    let result = CheckResult {
        kind,
        outcome,
        measured,
    };
    Evidence { result, said }
}

fn checks_of(call: &TestCallResult, place: &Place, test_line: bool) -> Vec<Evidence> {
    use CheckKind::{NoVoicemail, Reach, RingTime};
    let small = |ms: Option<u64>| ms.map(|ms| u32::try_from(ms).unwrap_or(u32::MAX));
    let delay_ms = small(call.post_dial_delay_ms);
    let said = match delay_ms {
        Some(ms) => format!("{} after {ms} ms", call.outcome),
        None => call.outcome.clone(),
    };
    let mut checks = vec![evidence(Reach, delay_ms.is_some(), delay_ms, said)];
    if !call.answered {
        return checks;
    }
    let ring_ms = small(call.ring_ms);
    let said = format!("rang {} ms", ring_ms.unwrap_or(0));
    checks.push(evidence(RingTime, ring_ms.is_some(), ring_ms, said));
    let dead_end = matches!(call.outcome.as_str(), "voicemail" | "closed");
    checks.push(Evidence {
        result: CheckResult {
            kind: NoVoicemail,
            outcome: match call.outcome.as_str() {
                "voicemail" => CheckOutcome::Voicemail,
                "closed" => CheckOutcome::Failed,
                _ => CheckOutcome::Passed,
            },
            measured: None,
        },
        said: if dead_end {
            format!("dead end: {}", call.outcome)
        } else {
            "neither a greeting with a beep nor \"we are closed\"".to_owned()
        },
    });
    if test_line {
        checks.extend(line_checks(call, place));
    }
    checks
}

/// What a test line tells.
fn line_checks(call: &TestCallResult, place: &Place) -> Vec<Evidence> {
    let passed = |proof: Option<bool>| proof == Some(true);
    let both = passed(call.audio_in) && passed(call.audio_out);
    let score = call.mos.and_then(x100);
    let shown = |said: &Option<String>| said.clone().unwrap_or_default();
    let (caller, dialled) = (shown(&call.caller_shown), shown(&call.dialled_shown));
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let own = digits(place.caller.as_deref().unwrap_or_default());
    vec![
        evidence(
            CheckKind::TwoWayAudio,
            both,
            score,
            format!(
                "{} packets received, {} lost, jitter {:.1} ms, delay at most {} ms",
                call.received_packets,
                call.lost_packets,
                call.jitter_ms,
                call.delay_ms_max
                    .map_or_else(|| "?".to_owned(), |ms| ms.to_string()),
            ),
        ),
        evidence(
            CheckKind::Dtmf,
            passed(call.dtmf_ok),
            None,
            "digits sent by RFC 4733 and returned".to_owned(),
        ),
        evidence(
            CheckKind::AniShown,
            caller == own,
            None,
            format!("shown `{caller}`, called from `{own}`"),
        ),
        evidence(
            CheckKind::DnisShown,
            !dialled.is_empty(),
            None,
            format!("shown `{dialled}`"),
        ),
        evidence(
            CheckKind::Hold,
            passed(call.hold_ok),
            None,
            "held and taken back by re-INVITE".to_owned(),
        ),
        evidence(
            CheckKind::RecordingAnnouncement,
            passed(call.recording_heard),
            None,
            "the recorder's warning tone".to_owned(),
        ),
        evidence(
            CheckKind::HeartbeatAnswer,
            both,
            None,
            "the line answered and heard us".to_owned(),
        ),
    ]
}

fn concurrency(together: Together, wanted: u32) -> Evidence {
    let Together { placed, up, heard } = together;
    let least = up.min(heard);
    let said = format!("{placed} placed, {up} up together, {heard} of them heard");
    evidence(CheckKind::Concurrency, least >= wanted, Some(least), said)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a score is 1 to 4.5"
)]
fn x100(mos: f64) -> Option<u32> {
    (1.0..=5.0)
        .contains(&mos)
        .then(|| (mos * 100.0).floor() as u32)
}
