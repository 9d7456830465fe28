//! Human-answer heartbeats (`domain.md` §7.14): at most once an hour, and only while agents are idle, the node calls a chunk's own
//! number as a caller whom the split sends out, and listens to the outsourcer's feed: did a person answer?
//!
//! A trunk that is up and a queue that answers prove no person. The call is marked as a test: no evidence counts it. Nothing is said
//! against the outsourcer's people unless the call was sent there, their own feed tells of it, and that feed has spoken since.

use super::Shared;
use super::ingest::{IN_HOUSE, OUTSOURCED};
use crate::clock;
use crate::node::policy::{TEST_HEADER, arm_name};
use crate::office::chain;
use crate::trials::through::{self, fictional_numbers};
use jiff::{SignedDuration, Timestamp};
use segue_domain::Transition;
use segue_domain::agents::rostered_for;
use segue_domain::chunks::Chunk;
use segue_domain::contingency::watch::Heartbeat;
use segue_domain::ids::ChunkId;
use segue_domain::telephony_checks::paths;
use segue_domain::windows::is_open;
use segue_journal::facts::{AcdCall, Decision, OpenCalls};
use segue_routing::Arm;
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
/// How long a feed may still tell of the call when it is over.
const UNDERWAY: Duration = Duration::from_mins(1);
/// A look counts for this long as being done: after that another node calls.
const VALID: Duration = Duration::from_mins(1);
/// Calls that are open are looked for so far back.
const OPEN_BACK: SignedDuration = SignedDuration::from_hours(2);

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
    let job = format!("human heartbeat {}", beat.chunk);
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        if shared.stands_by(&job) {
            continue;
        }
        shared.did(&job, VALID);
        let now = clock::now();
        if last.is_some_and(|last| now.duration_since(last) < EVERY) {
            continue;
        }
        match shared.wanted(&beat, now).await {
            Ok(Some((dialled, caller))) => {
                last = Some(now);
                let outcome = tokio::select! {
                    outcome = shared.call_people(&beat, &dialled, &caller) => outcome,
                    () = hold(&shared, &job) => return,
                    _ = stop.wait_for(|stop| *stop) => return,
                };
                match outcome {
                    Ok(outcome) => {
                        shared.observe(beat.chunk.as_str(), outcome).await;
                    }
                    Err(why) => {
                        tracing::error!(chunk = %beat.chunk, why, "a human heartbeat says nothing of the outsourcer");
                    }
                }
            }
            Ok(None) => {}
            Err(why) => tracing::warn!(chunk = %beat.chunk, why, "a human heartbeat waits"),
        }
    }
}

/// Keeps the work while a call lasts; never ends.
async fn hold(shared: &Shared, job: &str) {
    loop {
        shared.did(job, VALID);
        tokio::time::sleep(LOOK).await;
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

/// What is known of one call.
struct Heard {
    /// Where it was sent.
    decision: Option<Decision>,
    /// What either centre's feed tells of it.
    records: Vec<AcdCall>,
}

impl Heard {
    /// What it says of the outsourcer's people; nothing while more may come.
    fn says(
        &self,
        answers: bool,
        is_over: bool,
        has_spoken: bool,
    ) -> Option<Result<Heartbeat, String>> {
        let sent_out = |d: &Decision| d.arm == arm_name(Arm::Outsourced);
        let said = |why: &str| Some(Err(why.to_owned()));
        if self.decision.as_ref().is_some_and(|d| !sent_out(d)) {
            return said("the call was not sent out");
        }
        let mut own = self
            .records
            .iter()
            .filter(|record| record.source.starts_with(OUTSOURCED))
            .peekable();
        let is_known = own.peek().is_some();
        if own.any(|record| record.answered_at.is_some()) {
            return Some(Ok(Heartbeat::Answered));
        }
        match (is_over, is_known && self.decision.is_some(), has_spoken) {
            (false, _, _) => None,
            (true, false, _) => said("no record of the outsourcer's tells of the call"),
            (true, true, false) => said("the outsourcer's feed has been silent since"),
            (true, true, true) if answers => Some(Ok(Heartbeat::NoHuman)),
            (true, true, true) => Some(Ok(Heartbeat::Failed)),
        }
    }
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
        if !is_open(&chunk.planned.windows, now) || self.is_latched(&beat.chunk) {
            return Ok(None);
        }
        let said = |error: segue_journal::facts::FactsError| chain(&error);
        let open = self
            .facts
            .open_calls(now - OPEN_BACK, IN_HOUSE)
            .await
            .map_err(said)?;
        if idle(&t, chunk, &open) < IDLE_MIN {
            return Ok(None);
        }
        let Some((_, dialled)) = paths(&t, chunk).next() else {
            return Ok(None);
        };
        let key = t.caller_key(&self.key, dialled);
        let numbers: Vec<String> = fictional_numbers().collect();
        let numbers = numbers.iter().map(String::as_str);
        let (Some(caller), _) = witnesses(&key, t.id.as_str(), chunk.share, numbers) else {
            return Ok(None);
        };
        // A node that was started anew, or another one, may have called within the hour.
        let (hash, since) = (key.hash(caller), now - EVERY);
        let last = self.facts.last_test(&hash, dialled, since).await;
        if last.map_err(said)?.is_some() {
            return Ok(None);
        }
        Ok(Some((dialled.to_owned(), caller.to_owned())))
    }

    /// Whether this node holds the chunk home.
    fn is_latched(&self, chunk: &ChunkId) -> bool {
        let (latch, installed) = (self.node.latch(), self.node.installed());
        latch.held(&installed.table).any(|held| held == chunk)
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
        let until = Instant::now() + PATIENCE;
        let mut said = None;
        while answers && said.is_none() && Instant::now() < until {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let heard = self.heard(placed_at, dialled, caller).await?;
            said = heard.says(answers, false, false);
        }
        if said.is_some() {
            tokio::time::sleep(THANKS).await;
        }
        leg.hang_up();
        let _ = tokio::time::timeout(Duration::from_secs(2), leg.ended()).await;
        agent.stop().await;
        if let Some(said) = said {
            return said;
        }
        let over_at = clock::now();
        tokio::time::sleep(UNDERWAY).await;
        let heard = self.heard(placed_at, dialled, caller).await?;
        let has_spoken = self.memory().fed_at[1].is_some_and(|at| at > over_at);
        let said = heard.says(answers, true, has_spoken);
        said.unwrap_or_else(|| Err("nothing can be said".to_owned()))
    }

    /// What is known of the test call placed then.
    async fn heard(&self, since: Timestamp, dialled: &str, caller: &str) -> Result<Heard, String> {
        let said = |error: segue_journal::facts::FactsError| chain(&error);
        let t = self.transition();
        let caller = t.caller_key(&self.key, dialled).hash(caller);
        let decision = self.facts.last_test(&caller, dialled, since).await;
        let decision = decision.map_err(said)?;
        let records = match &decision {
            Some(own) => self.facts.acd_calls_of(&own.call_id).await.map_err(said)?,
            None => Vec::new(),
        };
        Ok(Heard { decision, records })
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

    fn heard(arm: Option<Arm>, records: &[AcdCall]) -> Heard {
        let decision = arm.map(|arm| Decision {
            call_id: "1".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            node: "A".to_owned(),
            table_hash: "t".to_owned(),
            line: "L".to_owned(),
            chunk: None,
            rule: "share".to_owned(),
            bucket: None,
            pi_bp: 2_000,
            arm: arm_name(arm).to_owned(),
            reason: "share".to_owned(),
            targets: Vec::new(),
            caller: None,
            dialled: "7001".to_owned(),
            is_test: true,
        });
        Heard {
            decision,
            records: records.to_vec(),
        }
    }

    #[test]
    fn only_a_call_that_the_outsourcer_had_speaks_for_or_against_its_people() {
        let at = Some(Timestamp::UNIX_EPOCH);
        let (theirs, ours) = (record("outsourced/bridge", None), record("in_house/hq", at));
        let answered = record("outsourced/bridge", at);
        let both = [theirs.clone(), ours.clone()];
        let out = Some(Arm::Outsourced);
        for (arm, records, answers, says) in [
            (out, &[answered.clone()][..], true, "Ok(Answered)"),
            (out, &both[..], true, "Ok(NoHuman)"),
            (out, &both[..1], false, "Ok(Failed)"),
            (out, &[ours][..], true, "no record"),
            (out, &[][..], true, "no record"),
            (None, &both[..1], true, "no record"),
            (Some(Arm::InHouse), &[][..], false, "not sent out"),
            (Some(Arm::InHouse), &[answered][..], true, "not sent out"),
        ] {
            let said = format!("{:?}", heard(arm, records).says(answers, true, true));
            assert!(said.contains(says), "{says}: {said}");
        }
        let waits = heard(out, &[theirs]);
        assert_eq!(waits.says(true, false, true), None, "it is not over");
        let silent = waits.says(true, true, false);
        assert!(silent.is_some_and(|said| said.is_err()), "a feed is silent");
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
