//! Human-answer heartbeats (`domain.md` §7.14): at most once an hour, and only while agents are idle, the node calls a chunk's own
//! number as a caller whom the split sends out, and listens to the outsourcer's feed: did a person answer?
//!
//! A trunk that is up and a queue that answers prove no person. The call is marked as a test: no evidence counts it.

use super::Shared;
use super::ingest::{IN_HOUSE, OUTSOURCED};
use crate::clock;
use crate::node::policy::TEST_HEADER;
use crate::office::chain;
use crate::trials::through::{self, fictional_numbers};
use jiff::{SignedDuration, Timestamp};
use segue_domain::Transition;
use segue_domain::agents::rostered_for;
use segue_domain::caller::CallerHash;
use segue_domain::chunks::Chunk;
use segue_domain::contingency::watch::Heartbeat;
use segue_domain::ids::ChunkId;
use segue_domain::telephony_checks::paths;
use segue_journal::facts::{AcdCall, Cursor, Decision, OpenCalls};
use segue_routing::order::witnesses;
use segue_trials::agent::Place;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How often it looks whether a call is due and may be placed.
const LOOK: Duration = Duration::from_secs(15);
/// At most one call of a queue in this time (§7.14).
const EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Idle agents without whom no call is placed (§7.14).
const IDLE_MIN: u64 = 2;
/// How long the call waits in the queue for a person.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long the person keeps the line, to hear that it was a test.
const THANKS: Duration = Duration::from_secs(3);
/// Calls that are open are looked for so far back.
const OPEN_BACK: SignedDuration = SignedDuration::from_hours(2);
/// Decisions and records read at once.
const PAGE: u32 = 5_000;

/// A chunk whose people are called, and the node's own SIP address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HumanHeartbeat {
    /// The chunk.
    pub(crate) chunk: ChunkId,
    /// Where the node takes calls.
    pub(crate) sip: SocketAddr,
}

/// Looks until `stop`.
pub(super) async fn keep(
    shared: Arc<Shared>,
    beat: HumanHeartbeat,
    mut stop: watch::Receiver<bool>,
) {
    let mut last: Option<Timestamp> = None;
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let now = clock::now();
        if last.is_some_and(|last| now.duration_since(last) < EVERY) {
            continue;
        }
        match shared.wanted(&beat, now).await {
            Ok(Some((dialled, caller))) => {
                last = Some(now);
                let outcome = tokio::select! {
                    outcome = shared.call_people(&beat, &dialled, &caller) => outcome,
                    _ = stop.wait_for(|stop| *stop) => return,
                };
                match outcome {
                    Ok(outcome) => {
                        shared.observe(beat.chunk.as_str(), outcome).await;
                    }
                    Err(why) => {
                        tracing::error!(chunk = %beat.chunk, why, "a human heartbeat could not be placed");
                    }
                }
            }
            Ok(None) => {}
            Err(why) => tracing::warn!(chunk = %beat.chunk, why, "a human heartbeat waits"),
        }
    }
}

/// Agents who are there as far as Segue can know, and nobody waits for: those of the last forecast, never more than the roster has,
/// but for those who talk.
fn idle(t: &Transition, chunk: &Chunk, open: &[OpenCalls]) -> u64 {
    let id = &chunk.planned.id;
    let Some(recorded) = t.forecasts.get(id) else {
        return 0;
    };
    let rostered = rostered_for(t, &chunk.planned.call_type).count();
    let there =
        u64::from(recorded.forecast.agents_ready).min(u64::try_from(rostered).unwrap_or(u64::MAX));
    let own = open
        .iter()
        .filter(|calls| !calls.in_house && calls.chunk.as_deref() == Some(id.as_str()));
    let (talking, waiting) = own.fold((0, 0), |(t, w), calls| {
        (t + calls.talking, w + calls.waiting)
    });
    if waiting > 0 {
        return 0;
    }
    there.saturating_sub(talking)
}

/// The last test call of this number, if the node keeps one of the last hour.
fn called_lately(decisions: &[Decision], caller: CallerHash) -> bool {
    decisions
        .iter()
        .any(|d| d.is_test && d.caller == Some(caller))
}

/// Whether a person at the outsourcer answered the call.
fn answered(records: &[AcdCall]) -> bool {
    records
        .iter()
        .any(|record| record.source.starts_with(OUTSOURCED) && record.answered_at.is_some())
}

impl Shared {
    /// The number to dial and the caller, where a call is due and may be placed now.
    async fn wanted(
        &self,
        beat: &HumanHeartbeat,
        now: Timestamp,
    ) -> Result<Option<(String, String)>, String> {
        let t = self.transition();
        let Some(chunk) = t.chunk(&beat.chunk).filter(|chunk| chunk.is_out()) else {
            return Ok(None);
        };
        let said = |error: segue_journal::facts::FactsError| chain(&error);
        let open = self
            .facts
            .open_calls(now - OPEN_BACK, IN_HOUSE)
            .await
            .map_err(said)?;
        if idle(&t, chunk, &open) < IDLE_MIN {
            return Ok(None);
        }
        let numbers: Vec<String> = fictional_numbers().collect();
        let numbers = numbers.iter().map(String::as_str);
        let (out, _) = witnesses(&self.key, t.id.as_str(), chunk.share, numbers);
        let (Some(caller), Some((_, dialled))) = (out, paths(&t, chunk).next()) else {
            return Ok(None);
        };
        // A node that was started anew, or another one, may have called within the hour.
        let since = Cursor::from(now - EVERY);
        let decisions = self
            .facts
            .decisions_since(&since, PAGE)
            .await
            .map_err(said)?;
        if called_lately(&decisions, self.key.hash(caller)) {
            return Ok(None);
        }
        Ok(Some((dialled.to_owned(), caller.to_owned())))
    }

    /// Calls and stays in the queue until the outsourcer's feed tells of a person, or patience is over.
    async fn call_people(
        &self,
        beat: &HumanHeartbeat,
        dialled: &str,
        caller: &str,
    ) -> Result<Heartbeat, String> {
        let agent = through::bind((beat.sip.ip(), 0).into())
            .await
            .map_err(|e| e.to_string())?;
        let place = Place {
            via: Some(beat.sip),
            caller: Some(caller.to_owned()),
            headers: vec![(TEST_HEADER.to_owned(), self.key.test_mark(caller, dialled))],
            ..Place::new(format!("sip:{dialled}@{}", beat.sip))
        };
        let placed_at = clock::now();
        let leg = agent
            .caller()
            .place(place)
            .await
            .map_err(|e| e.to_string())?;
        let rung = tokio::time::timeout(PATIENCE, leg.answered()).await;
        let answers = rung.unwrap_or(false);
        let mut outcome = if answers {
            Heartbeat::NoHuman
        } else {
            Heartbeat::Failed
        };
        let until = Instant::now() + PATIENCE;
        while answers && Instant::now() < until {
            if self.person_answered(placed_at, caller).await {
                outcome = Heartbeat::Answered;
                tokio::time::sleep(THANKS).await;
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        leg.hang_up();
        let _ = tokio::time::timeout(Duration::from_secs(2), leg.ended()).await;
        agent.stop().await;
        Ok(outcome)
    }

    /// Whether the outsourcer's feed tells that a person answered the test call of this caller.
    async fn person_answered(&self, since: Timestamp, caller: &str) -> bool {
        let caller = self.key.hash(caller);
        let Ok(decisions) = self.facts.decisions_since(&Cursor::from(since), PAGE).await else {
            return false;
        };
        let own = decisions
            .iter()
            .rfind(|d| d.is_test && d.caller == Some(caller));
        let Some(own) = own else { return false };
        let records = self.facts.acd_calls_of(&own.call_id).await;
        records.is_ok_and(|records| answered(&records))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(source: &str, answered_at: Option<Timestamp>) -> AcdCall {
        AcdCall {
            source: source.to_owned(),
            source_call_id: "1".to_owned(),
            call_id: None,
            caller: None,
            dialled: None,
            offered_at: None,
            queued_at: None,
            answered_at,
            abandoned_at: None,
            ended_at: None,
            newest_at: Timestamp::UNIX_EPOCH,
            language: None,
            age_band: None,
        }
    }

    #[test]
    fn only_a_person_at_the_outsourcer_is_an_answer() {
        let at = Some(Timestamp::UNIX_EPOCH);
        assert!(answered(&[record("outsourced/bridge", at)]));
        assert!(!answered(&[
            record("outsourced/bridge", None),
            record("in_house/hq", at)
        ]));
        assert!(!answered(&[]));
    }

    #[test]
    fn nobody_is_called_who_is_not_known_to_be_idle() {
        let example = segue_example::Example::small();
        let mut t = Transition::new("RVS".into());
        let goal = segue_example::Goal::Live("RVS-Main/MSG".into(), 20);
        let mut now: Timestamp = "2027-01-04T14:00:00Z".parse().unwrap();
        for _ in 0..segue_example::MOVES_MAX {
            match example.next(&t, &goal, now) {
                None => break,
                Some(segue_example::Move::Wait(until)) => now = until,
                Some(segue_example::Move::Say(said)) => {
                    let (actor, command) = *said;
                    for event in segue_domain::decide(&t, &command, &actor, now).unwrap() {
                        segue_domain::apply(&mut t, &event);
                    }
                }
            }
        }
        let chunk = t.chunk(&"RVS-Main/MSG".into()).unwrap();
        let open = |in_house, talking, waiting| OpenCalls {
            chunk: Some("RVS-Main/MSG".to_owned()),
            in_house,
            talking,
            waiting,
            oldest_at: None,
        };
        let there = idle(&t, chunk, &[]);
        assert!(there >= IDLE_MIN, "{there} are ready in the example");
        assert_eq!(idle(&t, chunk, &[open(false, there - 1, 0)]), 1);
        assert_eq!(idle(&t, chunk, &[open(false, 0, 1)]), 0, "callers wait");
        assert_eq!(
            idle(&t, chunk, &[open(true, there, 9)]),
            there,
            "in-house is another queue"
        );
        let mut unknown = t.clone();
        unknown.forecasts.clear();
        let chunk = unknown.chunk(&"RVS-Main/MSG".into()).unwrap();
        assert_eq!(idle(&unknown, chunk, &[]), 0, "nothing is known");
    }
}
