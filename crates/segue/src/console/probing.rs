//! What a probe found at a place arrives (A27): nobody is signed in there, the probe's one-time token has signed.

use super::acts::{failed, invalid};
use super::{SEGUE, Shared};
use crate::clock;
use crate::office::desk_failure;
use segue_domain::resource_probes::ReportProbe;
use segue_domain::{Actor, Command, Role, Side, decide};
use segue_journal::{CommandId, Request};
use segue_web::ActError;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::SemaphorePermit;

/// Reports of probes that this node does not know, asked of the journal at a time.
pub(super) const TURNS_MAX: usize = 4;
/// How long one waits for its turn.
const TURN_WAIT: Duration = Duration::from_millis(300);

impl Shared {
    /// Records a report that its token has signed. What is refused leaves no fact: anybody may knock at this door.
    pub(super) async fn take_probe(&self, report: Value) -> Result<Value, ActError> {
        let report: ReportProbe = serde_json::from_value(report).map_err(|error| {
            invalid(
                "BAD_COMMAND",
                format!("a readable report: {error}"),
                "send the file that `segue probe run` wrote",
            )
        })?;
        let now = clock::now();
        let t = self.transition();
        let is_known = t.probes.all.contains_key(&report.probe);
        let actor = Actor::new(SEGUE, Side::Outsourcer, &[Role::Agent]);
        // The same report sent twice is one command.
        let mark: String = report.signature.chars().take(32).collect();
        let id = format!("probe:{}:{}:{mark}", self.stream, report.probe);
        let command_id = CommandId::new(id)
            .map_err(|e| invalid("BAD_COMMAND_ID", e.to_string(), "send the file unchanged"))?;
        let request = Request {
            stream: self.stream.clone(),
            command_id,
            actor,
            command: Command::from(report),
            now,
        };
        let _turn = if is_known {
            // Whose signature is none costs no more than this: what was asked never changes.
            decide(&t, &request.command, &request.actor, now)
                .map_err(|refusal| failed(refusal.into()))?;
            None
        } else {
            Some(self.probe_turn().await?)
        };
        // Asked of the journal, not of what this node has followed so far: the probe may have been asked for a moment ago.
        let events = self.desk.preview(&request).await;
        let events = events.map_err(|error| failed(desk_failure(error)))?;
        if events.is_empty() {
            return Ok(json!({ "position": self.transition().version, "events": [] }));
        }
        let answer = self.desk.execute(&request).await;
        let answer = answer.map_err(|error| failed(desk_failure(error)))?;
        self.wake.notify_one();
        Ok(json!({ "position": answer.position, "events": answer.events }))
    }

    /// A turn at the journal for a probe that is unknown here: a few at a time, for nobody has signed in.
    async fn probe_turn(&self) -> Result<SemaphorePermit<'_>, ActError> {
        let turn = tokio::time::timeout(TURN_WAIT, self.probe_turns.acquire()).await;
        turn.ok()
            .and_then(Result::ok)
            .ok_or_else(|| ActError::Unavailable {
                message: "too many reports of unknown probes at once; send it again in a moment"
                    .to_owned(),
            })
    }
}
