//! A message that is left with the outsourcer's agent and must reach the one on call (`domain.md` §7.18): this side is the caller,
//! and the telephone on call too.
//!
//! What was said cannot be understood here: that the telephone rang, by whom, how soon, and that whoever called was heard, can. Somebody is
//! heard while this side is silent: a line that gives back our own tone is nobody.

use crate::agent::{Agent, Caller, Incoming, Leg, Place, PlaceError};
use crate::audio::AudioReport;
use crate::clock::millis;
use crate::tone::Tone;
use serde::Serialize;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// How long who delivers must have been heard.
const HEARD_WAIT: Duration = Duration::from_secs(10);
/// The caller listens so long before each word of theirs, a tone that tells the agent of them.
const LISTENS: Duration = Duration::from_secs(4);
/// How long that tone lasts.
const SPEAKS: Duration = Duration::from_secs(1);
/// The telephone on call says so long that it was answered.
const GREETS: Duration = Duration::from_millis(500);
/// How long the one on call stays on the line, so that the message can be read out.
const STAYS: Duration = Duration::from_mins(2);
/// Calls to the telephone on call that are written down.
const CALLS_MAX: usize = 20;

/// A delivery to be tried.
#[derive(Clone, Debug)]
pub struct DeliveryTrial {
    /// The call to the agent who takes the message.
    pub agent: Place,
    /// How long leaving it may take, at most.
    pub talk: Duration,
    /// How soon after that it must be delivered.
    pub within: Duration,
}

/// A call to the telephone on call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rung {
    /// Who called, as it was shown.
    pub caller: Option<String>,
    /// The number they dialled.
    pub dialled: String,
    /// From the moment the message was left, milliseconds; 0 while its caller was still on the line.
    pub after_ms: u64,
    /// Whether whoever called was heard.
    pub heard: bool,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DeliveryReport {
    /// `delivered`, `agent_not_reached`, `not_delivered`.
    pub outcome: String,
    /// Whether the agent was heard while the message was left.
    pub agent_heard: Option<bool>,
    /// How long leaving it took, milliseconds.
    pub talk_ms: Option<u64>,
    /// From its end to the answer of the telephone on call, milliseconds.
    pub delivered_after_ms: Option<u64>,
    /// Every call to the telephone on call meanwhile.
    pub calls: Vec<Rung>,
}

impl DeliveryReport {
    /// Whether somebody who was heard reached the telephone on call in time.
    pub fn is_delivered(&self) -> bool {
        self.outcome == "delivered"
    }
}

impl DeliveryTrial {
    /// Leaves the message and waits at the telephone on call.
    pub async fn run(
        &self,
        caller: &Caller,
        on_call: &mut Agent,
    ) -> Result<DeliveryReport, PlaceError> {
        let mut report = DeliveryReport::default();
        let place = Place {
            audio: Some(Tone::Silence),
            ..self.agent.clone()
        };
        let Some(leg) = caller.reach(place).await? else {
            report.outcome = "agent_not_reached".into();
            return Ok(report);
        };
        let begun = Instant::now();
        // An agent may page while the caller is still on the line: both are listened to at once.
        let (left, seen) = watch::channel(None);
        {
            let leaving = async {
                tokio::select! {
                    _ = timeout(self.talk, leg.ended()) => {}
                    () = speaks(&leg) => {}
                }
                leg.hang_up();
                left.send_replace(Some(Instant::now()));
            };
            let waiting = self.wait(on_call, seen, &mut report.calls);
            tokio::pin!(leaving, waiting);
            tokio::select! {
                () = &mut waiting => {}
                () = &mut leaving => waiting.await,
            }
        }
        leg.hang_up();
        let end = left.borrow().unwrap_or_else(Instant::now);
        report.talk_ms = Some(millis(end.saturating_duration_since(begun)));
        report.agent_heard = leg.audio().map(|audio| audio.report().heard_somebody());
        let delivered = report.calls.iter().find(|call| call.heard);
        report.delivered_after_ms = delivered.map(|call| call.after_ms);
        report.outcome = if delivered.is_some() {
            "delivered".into()
        } else {
            "not_delivered".into()
        };
        Ok(report)
    }

    /// Waits at the telephone on call until somebody is heard, or it is too late; `left` is when the message was left.
    async fn wait(
        &self,
        on_call: &mut Agent,
        mut left: watch::Receiver<Option<Instant>>,
        calls: &mut Vec<Rung>,
    ) {
        while calls.len() < CALLS_MAX {
            let too_late = async {
                let end = left
                    .wait_for(Option::is_some)
                    .await
                    .map_or(None, |end| *end);
                if let Some(end) = end {
                    sleep_until(end + self.within).await;
                }
            };
            let incoming = tokio::select! {
                incoming = on_call.incoming() => incoming,
                () = too_late => None,
            };
            let Some(incoming) = incoming else { return };
            let end = *left.borrow();
            calls.push(answer(incoming, end).await);
            if calls.last().is_some_and(|call| call.heard) {
                return;
            }
        }
    }
}

/// The caller's words and what they listen for, in turn, until the call is over.
async fn speaks(leg: &Leg) {
    let Some(audio) = leg.audio() else {
        return std::future::pending().await;
    };
    loop {
        sleep(LISTENS).await;
        audio.play(Tone::Caller);
        sleep(SPEAKS).await;
        audio.play(Tone::Silence);
    }
}

/// The telephone on call is answered, and whoever called is listened to until they hang up.
async fn answer(incoming: Incoming, left: Option<Instant>) -> Rung {
    let (caller, dialled) = (incoming.caller(), incoming.dialled());
    incoming.ring();
    let leg = incoming.answer();
    let after_ms = left.map_or(0, |left| millis(left.elapsed()));
    let mut heard = false;
    if let Some(audio) = leg.audio() {
        audio.play(Tone::Person);
        sleep(GREETS).await;
        audio.play(Tone::Silence);
        let somebody = audio.until(AudioReport::heard_somebody);
        heard = tokio::select! {
            heard = timeout(HEARD_WAIT, somebody) => heard == Ok(true),
            _ = leg.ended() => audio.report().heard_somebody(),
        };
    }
    if heard {
        // Whoever delivers says when they are done.
        let _ = timeout(STAYS, leg.ended()).await;
    }
    leg.hang_up();
    let _ = timeout(Duration::from_secs(2), leg.ended()).await;
    Rung {
        caller,
        dialled,
        after_ms,
        heard,
    }
}
