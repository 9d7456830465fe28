//! The verifying call: calls are home only when a person in-house has answered one of them.

use super::ingest::IN_HOUSE;
use super::{SEGUE, Shared};
use crate::office::chain;
use jiff::Timestamp;
use segue_domain::fallback::{Incident, VerifyReturn};
use segue_domain::ids::IncidentId;
use segue_domain::{Actor, Role, Side};
use segue_journal::facts::AnsweredCall;
use segue_journal::{CommandId, DeskError, Request};
use std::collections::BTreeSet;

/// The newest so many incidents are looked after.
const INCIDENTS_MAX: usize = 20;

/// Looks after incidents that nobody has verified yet.
#[derive(Default)]
pub(super) struct Verifier {
    /// Verified by us, or refused for good: not asked again while the process runs.
    done: BTreeSet<IncidentId>,
}

impl Verifier {
    /// Verifies each open incident whose calls a person in-house has answered since. The journal sees to it that it is once.
    pub(super) async fn run(&mut self, shared: &Shared, now: Timestamp) {
        let t = shared.transition();
        let mut open: Vec<_> = t
            .incidents
            .values()
            .filter(|i| i.verified.is_none())
            .collect();
        open.sort_by_key(|incident| std::cmp::Reverse(incident.opened.at));
        for incident in open.into_iter().take(INCIDENTS_MAX) {
            let id = &incident.opened.incident;
            if self.done.contains(id) {
                continue;
            }
            let Some(call) = answered(shared, incident).await else {
                continue;
            };
            match verify(shared, id, &call, now).await {
                Ok(()) => {
                    self.done.insert(id.clone());
                    shared.wake.notify_one();
                }
                Err(error) if error.is_unavailable() => {}
                Err(error) => {
                    tracing::warn!(incident = %id, error = chain(&error), "a return was not verified");
                    self.done.insert(id.clone());
                }
            }
        }
    }
}

/// A call of the chunks that came home, decided after the press and answered by a person in-house.
async fn answered(shared: &Shared, incident: &Incident) -> Option<AnsweredCall> {
    for returned in &incident.opened.chunks {
        let (pressed_at, chunk) = (incident.opened.at, returned.chunk.as_str());
        match shared
            .facts
            .answered_in_house_after(pressed_at, chunk, IN_HOUSE)
            .await
        {
            Ok(Some(call)) => return Some(call),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(error = chain(&error), "the call facts cannot be read");
                return None;
            }
        }
    }
    None
}

async fn verify(
    shared: &Shared,
    incident: &IncidentId,
    call: &AnsweredCall,
    now: Timestamp,
) -> Result<(), DeskError> {
    let seconds = call.wait_ms.div_ceil(1_000);
    let evidence = format!("call {} answered in-house after {seconds} s", call.call_id);
    let command = VerifyReturn {
        incident: incident.clone(),
        evidence,
    }
    .into();
    // The same id after a restart: the journal knows that it was done.
    let command_id = CommandId::new(format!("verify:{}:{incident}", shared.stream))
        .map_err(|error| DeskError::Append(error.into()))?;
    let actor = Actor::new(SEGUE, Side::Client, &[Role::Duty]);
    let request = Request {
        stream: shared.stream.clone(),
        command_id,
        actor,
        command,
        now,
    };
    shared.desk.execute(&request).await.map(drop)
}
