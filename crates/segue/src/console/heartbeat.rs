//! Path heartbeats (`domain.md` §7.14): each minute a call with audio to an auto-answer number of the outsourcer's, and what
//! it found to the watch. Three failures in a row bring calls home where both parties signed that they do.
//!
//! Trunks that answer OPTIONS may still ring for ever or play "we are closed": only a call that is heard proves the path.

use super::{SEGUE, Shared};
use crate::clock;
use crate::trials::through;
use segue_domain::contingency::watch::{Heartbeat, Observed, ReportObservation};
use segue_domain::{Actor, Command, Role, Side};
use segue_trials::test_call::{TestCall, TestCallResult};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A heartbeat that rings longer has failed.
const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// How often a node that stands by looks whether it is still needed as no more than that.
const STAND_BY: Duration = Duration::from_secs(1);
/// How long an answered heartbeat listens.
const LISTEN_S: u32 = 2;

/// A path that is called each minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeartbeatPath {
    /// What its failure says something about: `all`, a site or a chunk.
    pub(crate) scope: String,
    /// The auto-answer number, a SIP address.
    pub(crate) uri: String,
    /// The local address it is called from.
    pub(crate) from: SocketAddr,
    /// How often.
    pub(crate) every: Duration,
}

/// Calls until `stop`.
pub(super) async fn keep(
    shared: Arc<Shared>,
    path: HeartbeatPath,
    mut stop: watch::Receiver<bool>,
) {
    let job = format!("heartbeat {}", path.uri);
    loop {
        let started = clock::monotonic();
        if shared.stands_by(&job) {
            // One call a minute is enough for all nodes; where it ceases this one calls.
            tokio::select! {
                () = tokio::time::sleep(STAND_BY) => continue,
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
        match beat(&path).await {
            Ok(result) => {
                // Work that the journal does not know of is no reason for others to stand by.
                if shared.observe(&path.scope, outcome_of(&result)).await {
                    shared.did(&job, path.every + ANSWER_WAIT + STAND_BY);
                }
            }
            // Nothing was learnt of the outsourcer: our own side could not call.
            Err(why) => tracing::error!(scope = path.scope, why, "a heartbeat could not be placed"),
        }
        let pause = path.every.saturating_sub(started.elapsed());
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn beat(path: &HeartbeatPath) -> Result<TestCallResult, String> {
    let agent = through::bind(path.from).await.map_err(|e| e.to_string())?;
    let mut call = TestCall::new(path.uri.clone());
    (call.answer_wait, call.seconds) = (ANSWER_WAIT, LISTEN_S);
    let result = call.run(&agent.caller()).await;
    agent.stop().await;
    result.map_err(|e| e.to_string())
}

/// What a call says of the path; one-way audio is a failed path.
fn outcome_of(result: &TestCallResult) -> Heartbeat {
    match result.outcome.as_str() {
        "answered" if result.audio_out == Some(true) => Heartbeat::Answered,
        "voicemail" => Heartbeat::NoHuman,
        "closed" => Heartbeat::WrongPrompt,
        "rings_unanswered" => Heartbeat::Ringing,
        "refused_486" | "refused_600" => Heartbeat::Busy,
        _ => Heartbeat::Failed,
    }
}

impl Shared {
    pub(super) async fn observe(&self, scope: &str, outcome: Heartbeat) -> bool {
        let now = clock::now();
        let command = Command::from(ReportObservation {
            scope: scope.to_owned(),
            observed: Observed::Heartbeat { outcome },
            forecast_per_100_h: None,
        });
        let actor = Actor::new(SEGUE, Side::Client, &[Role::Duty]);
        // Where calls come home by it, they are home before the journal is asked.
        match self.latch_first(&command, &actor, now) {
            Ok(events) if events.is_empty() => return true,
            Ok(_) => {}
            Err(refusal) => {
                tracing::warn!(scope, code = %refusal.code, "a heartbeat could not be reported");
                return false;
            }
        }
        if outcome != Heartbeat::Answered {
            tracing::warn!(scope, ?outcome, "a heartbeat failed");
        }
        let id = format!("heartbeat:{}:{scope}:{}", self.stream, now.as_microsecond());
        let recorded = self.own(id, actor, command, now).await;
        if let Err(why) = &recorded {
            tracing::warn!(scope, why, "a heartbeat was not recorded");
        }
        recorded.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(outcome: &str, audio_out: Option<bool>) -> TestCallResult {
        TestCallResult {
            answered: true,
            post_dial_delay_ms: Some(10),
            ring_ms: Some(0),
            audio_out,
            audio_in: Some(true),
            dtmf_ok: None,
            caller_shown: None,
            dialled_shown: None,
            hold_ok: None,
            recording_heard: Some(false),
            received_packets: 100,
            lost_packets: 0,
            jitter_ms: 0.1,
            delay_ms_max: None,
            mos: None,
            outcome: outcome.to_owned(),
        }
    }

    #[test]
    fn only_a_path_that_hears_us_is_alive() {
        for (outcome, audio_out, expected) in [
            ("answered", Some(true), Heartbeat::Answered),
            ("answered", None, Heartbeat::Failed),
            ("voicemail", None, Heartbeat::NoHuman),
            ("closed", None, Heartbeat::WrongPrompt),
            ("rings_unanswered", None, Heartbeat::Ringing),
            ("refused_486", None, Heartbeat::Busy),
            ("refused_503", None, Heartbeat::Failed),
            ("no_answer", None, Heartbeat::Failed),
        ] {
            assert_eq!(
                outcome_of(&result(outcome, audio_out)),
                expected,
                "{outcome}"
            );
        }
    }
}
