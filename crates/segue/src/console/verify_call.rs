//! The verifying call after a fallback (A31): the node calls its own number as a caller would and stays on the line until a
//! person in-house has answered, so that a return is verified also in an hour when nobody else calls.
//!
//! Whether a person answered is the in-house centre's word, as for every call (`verifying.rs`); this only sees to it that there
//! is a call to answer.

use super::Shared;
use crate::clock;
use crate::node::policy::TEST_HEADER;
use crate::trials::through;
use jiff::{SignedDuration, Timestamp};
use segue_domain::Transition;
use segue_domain::fallback::Incident;
use segue_domain::ids::IncidentId;
use segue_domain::telephony_checks::paths;
use segue_trials::agent::Place;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often it looks for a return that nobody has verified.
const LOOK: Duration = Duration::from_secs(1);
/// Callers come first: only a return that no call has verified by then is called.
const AFTER: SignedDuration = SignedDuration::from_secs(5);
/// A return older than this is a person's business.
const UNTIL: SignedDuration = SignedDuration::from_mins(30);
/// How long a call waits in the queue for a person.
const PATIENCE: Duration = Duration::from_mins(2);
/// The name of this work among the nodes.
const JOB: &str = "verifying calls";
/// Calls for one incident.
const CALLS_MAX: u32 = 5;

/// From where and as whom the node calls itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VerifyCalls {
    /// The node's own SIP address.
    pub(crate) sip: SocketAddr,
    /// The number the calls come from.
    pub(crate) caller: String,
}

/// Looks until `stop`.
pub(super) async fn keep(shared: Arc<Shared>, calls: VerifyCalls, mut stop: watch::Receiver<bool>) {
    let mut placed: BTreeMap<IncidentId, u32> = BTreeMap::new();
    loop {
        let wanted = wanted(&shared.transition(), clock::now(), &placed);
        tokio::select! {
            () = async {
                if let Some((incident, dialled)) = wanted.filter(|_| !shared.stands_by(JOB)) {
                    *placed.entry(incident.clone()).or_default() += 1;
                    shared.did(JOB, PATIENCE + LOOK);
                    shared.call_itself(&calls, &incident, &dialled).await;
                }
                tokio::time::sleep(LOOK).await;
            } => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// The newest return that waits for a call, and a number that came home with it.
fn wanted(
    t: &Transition,
    now: Timestamp,
    placed: &BTreeMap<IncidentId, u32>,
) -> Option<(IncidentId, String)> {
    let waits = |incident: &&Incident| {
        let age = now.duration_since(incident.opened.at);
        let calls = placed.get(&incident.opened.incident).copied().unwrap_or(0);
        incident.verified.is_none() && age >= AFTER && age < UNTIL && calls < CALLS_MAX
    };
    let waiting = t.incidents.values().filter(waits);
    let incident = waiting.max_by_key(|incident| incident.opened.at)?;
    let chunks = incident
        .opened
        .chunks
        .iter()
        .filter_map(|c| t.chunk(&c.chunk));
    let dialled = chunks
        .flat_map(|chunk| paths(t, chunk))
        .next()?
        .1
        .to_owned();
    Some((incident.opened.incident.clone(), dialled))
}

impl Shared {
    /// Calls and stays on the line until the return is verified, the call is over, or patience is.
    async fn call_itself(&self, calls: &VerifyCalls, incident: &IncidentId, dialled: &str) {
        let agent = match through::bind((calls.sip.ip(), 0).into()).await {
            Ok(agent) => agent,
            Err(error) => {
                tracing::error!(%incident, %error, "the verifying call cannot be placed");
                return;
            }
        };
        let place = Place {
            via: Some(calls.sip),
            caller: Some(calls.caller.clone()),
            headers: vec![(
                TEST_HEADER.to_owned(),
                self.key.test_mark(&calls.caller, dialled),
            )],
            ..Place::new(format!("sip:{dialled}@{}", calls.sip))
        };
        match agent.caller().place(place).await {
            Ok(leg) => {
                let mut state = self.state.clone();
                let verified = state.wait_for(|t| {
                    let known = t.incidents.get(incident);
                    known.is_none_or(|incident| incident.verified.is_some())
                });
                tokio::select! {
                    _ = verified => {}
                    _ = leg.ended() => {}
                    () = tokio::time::sleep(PATIENCE) => {}
                }
            }
            Err(error) => tracing::error!(%incident, %error, "the verifying call was not placed"),
        }
        agent.stop().await;
    }
}
