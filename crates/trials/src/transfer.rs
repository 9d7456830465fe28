//! A caller whom an agent hands on to the nurse (§7.11): the agent sends REFER, blind or after speaking with the nurse, this
//! side calls the nurse as a telephone would, and what the caller lives through is measured.
//!
//! Nobody is called but the escalation numbers: a far end that names another is declined and told so.

use crate::agent::{Caller, End, Leg, Place, PlaceError, Referred};
use crate::audio::{Audio, AudioReport};
use crate::clock::millis;
use crate::test_call::ask;
use crate::tone::Tone;
use segue_sip::msg::fields::uri_user;
use serde::Serialize;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How long the far end must have been heard, and a test line may take to hear us.
const HEARD_WAIT: Duration = Duration::from_secs(10);
/// How long the agent may stay after the nurse has the caller.
const RELEASE_WAIT: Duration = Duration::from_secs(10);

/// A transfer to be tried.
#[derive(Clone, Debug)]
pub struct TransferTrial {
    /// The call to the agent.
    pub agent: Place,
    /// A test line plays the agent and is asked for the transfer (`*3`); else a person transfers.
    pub agent_is_line: bool,
    /// The numbers that may be called on, and no other.
    pub numbers: Vec<String>,
    /// How long the agent may take to begin.
    pub begin_wait: Duration,
    /// How long the nurse's telephone may ring.
    pub nurse_wait: Duration,
    /// A test line plays the nurse: audio both ways and the numbers shown are proved.
    pub nurse_is_line: bool,
}

/// How the caller was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferKind {
    /// The agent sent the caller on without a word to the nurse.
    Blind,
    /// The agent had the nurse on the line first: the caller's new call replaces that one.
    Announced,
}

/// What the caller lived through.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TransferReport {
    /// `transferred`, `agent_not_reached`, `not_transferred` (no REFER), `transferred_elsewhere` (no escalation number),
    /// `nurse_refused_503`, `nurse_rings_unanswered`, …
    pub outcome: String,
    /// How; `null` while nobody was referred.
    pub kind: Option<TransferKind>,
    /// The number the agent sent the caller to.
    pub number: Option<String>,
    /// From the first 18x of the nurse's telephone to her answer, milliseconds; 0 where she had answered the agent.
    pub nurse_ring_ms: Option<u64>,
    /// From the moment the agent held the caller or sent them on, whichever came first, to the nurse's answer, milliseconds.
    pub nurse_after_ms: Option<u64>,
    /// Whether the agent was still on the line when the nurse answered.
    pub agent_stayed: Option<bool>,
    /// Whether the agent's own line was free again afterwards.
    pub agent_released: Option<bool>,
    /// Where it failed: whether the caller was still with the agent.
    pub caller_kept: Option<bool>,
    /// Whether the nurse was heard after the transfer.
    pub audio_in: Option<bool>,
    /// Whether she proved that she hears the caller; `null` where no test line plays her.
    pub audio_out: Option<bool>,
    /// The caller's number as she was shown it.
    pub caller_shown: Option<String>,
    /// The dialled number as she was shown it.
    pub dialled_shown: Option<String>,
}

impl TransferReport {
    /// Whether the caller has the nurse.
    pub fn is_through(&self) -> bool {
        self.outcome == "transferred"
    }

    /// Warm: the agent had spoken with the nurse, and left only when she had the caller.
    pub fn is_warm(&self) -> bool {
        self.is_through()
            && self.kind == Some(TransferKind::Announced)
            && self.agent_stayed == Some(true)
    }
}

impl TransferTrial {
    /// Calls the agent, is transferred, and measures. `onward` makes the call to the nurse from the number the agent named:
    /// its way, the caller's number, a test's mark.
    pub async fn run(
        &self,
        caller: &Caller,
        onward: impl Fn(&str) -> Place,
    ) -> Result<TransferReport, PlaceError> {
        let mut report = TransferReport::default();
        let Some(leg) = caller.reach(self.agent.clone()).await? else {
            report.outcome = "agent_not_reached".into();
            return Ok(report);
        };
        let Some((begun, referred)) = self.referred(&leg).await else {
            report.outcome = "not_transferred".into();
            report.caller_kept = Some(leg.progress().end.is_none());
            leg.hang_up();
            return Ok(report);
        };
        report.kind = Some(match referred.replaces {
            Some(_) => TransferKind::Announced,
            None => TransferKind::Blind,
        });
        let number = uri_user(referred.uri.as_bytes());
        let number = number.map(|user| String::from_utf8_lossy(user).into_owned());
        report.number.clone_from(&number);
        if let Some(number) = number.filter(|number| self.numbers.contains(number)) {
            let place = with_headers(onward(&number), &referred);
            self.to_the_nurse(caller, &leg, place, begun, &mut report)
                .await?;
        } else {
            report.outcome = "transferred_elsewhere".into();
            leg.tell_transfer(603).await;
            report.caller_kept = Some(leg.progress().end.is_none());
        }
        leg.hang_up();
        Ok(report)
    }

    /// When the transfer began, and where to; nothing where the agent never sent the caller on.
    async fn referred(&self, leg: &Leg) -> Option<(Instant, Referred)> {
        if self.agent_is_line {
            let audio = leg.audio()?;
            let person = audio.until(|now| now.hearing.is_some());
            // A line that says nothing is asked all the same.
            let _ = timeout(HEARD_WAIT, person).await;
            audio.send_digits("*3");
        }
        let deadline = Instant::now() + self.begin_wait;
        let begins = leg.until(|now| now.held || now.referred.is_some());
        let first = tokio::time::timeout_at(deadline, begins).await.ok()?;
        let begun = Instant::now();
        if first.referred.is_none() && first.end.is_some() {
            return None;
        }
        let sent_on = leg.until(|now| now.referred.is_some());
        let now = tokio::time::timeout_at(deadline, sent_on).await.ok()?;
        Some((begun, now.referred?))
    }

    async fn to_the_nurse(
        &self,
        caller: &Caller,
        agent: &Leg,
        place: Place,
        begun: Instant,
        report: &mut TransferReport,
    ) -> Result<(), PlaceError> {
        agent.tell_transfer_begins();
        let own = place.caller.is_some();
        let nurse = caller.place(place).await?;
        let answered = timeout(self.nurse_wait, nurse.answered()).await == Ok(true);
        if !answered {
            nurse.hang_up();
            let (status, outcome) = match nurse.progress().end {
                Some(End::Refused(status)) => (status, format!("nurse_refused_{status}")),
                Some(_) => (480, "nurse_not_reached".to_owned()),
                None => (480, "nurse_rings_unanswered".to_owned()),
            };
            report.outcome = outcome;
            agent.tell_transfer(status).await;
            report.caller_kept = Some(agent.progress().end.is_none());
            return Ok(());
        }
        report.outcome = "transferred".into();
        report.nurse_after_ms = Some(millis(begun.elapsed()));
        report.agent_stayed = Some(agent.progress().end.is_none());
        if let Some(audio) = nurse.audio().filter(|_| !self.nurse_is_line) {
            // She speaks first; what comes back of our own tone would not be her.
            audio.play(Tone::Silence);
        }
        let times = nurse.progress();
        let ring = times.answer_delay.zip(times.post_dial_delay);
        report.nurse_ring_ms = ring.map(|(answer, first)| millis(answer.saturating_sub(first)));
        agent.tell_transfer(200).await;
        let released = timeout(RELEASE_WAIT, agent.ended()).await;
        report.agent_released = Some(released.is_ok_and(|(end, _)| end == End::HungUpThere));
        if let Some(audio) = nurse.audio() {
            self.listen(audio, own, report).await;
        }
        nurse.hang_up();
        let _ = timeout(Duration::from_secs(2), nurse.ended()).await;
        Ok(())
    }

    async fn listen(&self, audio: &Audio, own: bool, report: &mut TransferReport) {
        if !self.nurse_is_line {
            let heard = audio.until(AudioReport::heard_somebody);
            report.audio_in = Some(timeout(HEARD_WAIT, heard).await == Ok(true));
            audio.play(Tone::Caller);
            sleep(Duration::from_secs(2)).await;
            return;
        }
        let heard = audio.until(|now| now.heard(Tone::Person) || now.heard(Tone::Heard));
        report.audio_in = Some(timeout(HEARD_WAIT, heard).await == Ok(true));
        let proof = audio.until(|now| now.heard(Tone::Heard));
        report.audio_out = Some(timeout(HEARD_WAIT, proof).await == Ok(true));
        if own {
            report.caller_shown = Some(ask(audio, "*1").await.unwrap_or_default());
        }
        report.dialled_shown = Some(ask(audio, "*2").await.unwrap_or_default());
    }
}

/// What the transfer asks the new call to carry.
fn with_headers(mut place: Place, referred: &Referred) -> Place {
    let replaces = referred.replaces.clone().map(|value| ("Replaces", value));
    let by = referred.by.clone().map(|value| ("Referred-By", value));
    let more = replaces.into_iter().chain(by);
    place
        .headers
        .extend(more.map(|(name, value)| (name.to_owned(), value)));
    place
}
