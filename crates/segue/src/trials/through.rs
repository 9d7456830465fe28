//! One call through a node, and the decision the node kept of it.

use crate::clock;
use crate::data_dir::random_bytes;
use crate::node::policy::TEST_HEADER;
use crate::office::unavailable;
use crate::output::Failure;
use segue_domain::Transition;
use segue_domain::caller::CallerKey;
use segue_journal::facts::{Cursor, Decision, Facts};
use segue_trials::agent::{Agent, AgentError, AgentSettings, Leg, Place};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How long a test call may ring; longer than the node's own patience with every target.
const ANSWER_WAIT: Duration = Duration::from_secs(30);
/// How long the answered call stays up.
const TALK: Duration = Duration::from_millis(300);
/// How long the node may take to write down what became of a call.
const WRITTEN_WAIT: Duration = Duration::from_secs(10);
/// Most decisions looked through at once.
const PAGE: u32 = 5_000;
/// Numbers that belong to nobody: 555-0100 to 555-0199 of area codes in use.
const AREA_CODES: [u16; 20] = [
    201, 202, 206, 212, 213, 215, 303, 305, 312, 404, 415, 503, 512, 602, 609, 617, 702, 713, 801,
    919,
];

/// Every number test calls may come from when none is given.
pub fn fictional_numbers() -> impl Iterator<Item = String> {
    AREA_CODES
        .into_iter()
        .flat_map(|area| (100..200).map(move |last| format!("+1{area}5550{last}")))
}

/// Who places calls, and where the node keeps its decisions.
pub struct Through<'a> {
    /// The user agent that calls.
    pub agent: &'a Agent,
    /// The call facts of the data directory.
    pub facts: &'a Facts,
    /// The client's key.
    pub key: &'a CallerKey,
    /// The transition, whose lines say which callers are kept apart.
    pub t: &'a Transition,
    /// The node's SIP address.
    pub via: SocketAddr,
}

/// A call that was placed through a node.
#[derive(Debug)]
pub struct Placed {
    /// Whether it was answered by anything.
    pub answered: bool,
    /// What the node decided and what became of it; absent when it kept nothing in time.
    pub decision: Option<Decision>,
}

impl Placed {
    /// The target that answered, as both the caller and the node know.
    pub fn answered_by(&self) -> Option<&str> {
        if !self.answered {
            return None;
        }
        let targets = &self.decision.as_ref()?.targets;
        let by = targets.iter().find(|t| t.outcome == "answered")?;
        Some(&by.uri)
    }
}

/// A user agent for test calls.
pub async fn bind(from: SocketAddr) -> Result<Agent, Failure> {
    let seed = u64::from_le_bytes(random_bytes::<8>()?);
    let settings = AgentSettings {
        seed,
        ..AgentSettings::new(from, "segue-trial")
    };
    Agent::bind(settings).await.map_err(|e| unbound(&e))
}

/// Why there is no user agent: an address that cannot be meant is the input's fault, a port that is taken the machine's.
pub fn unbound(error: &AgentError) -> Failure {
    match error {
        AgentError::Unspecified(_) => Failure::BadInput(error.to_string()),
        AgentError::Bind(..) => unavailable(error),
    }
}

impl Through<'_> {
    /// What a call to a number the node knows looks like; marked, so that it is in nobody's evidence.
    pub fn place(&self, dialled: &str, from: &str) -> Place {
        Place {
            via: Some(self.via),
            caller: Some(from.to_owned()),
            headers: vec![(TEST_HEADER.to_owned(), self.key.test_mark(from, dialled))],
            audio: None,
            ..Place::new(format!("sip:{dialled}@{}", self.via))
        }
    }

    /// Places a call that stays up until its leg is dropped or hung up.
    pub async fn start(&self, place: Place) -> Result<Leg, Failure> {
        let placed = self.agent.caller().place(place).await;
        placed.map_err(|e| Failure::BadInput(e.to_string()))
    }

    /// Places a call, hangs up after a moment, and waits for what the node wrote down.
    pub async fn call(&self, dialled: &str, from: &str, place: Place) -> Result<Placed, Failure> {
        let since = clock::now();
        let leg = self.start(place).await?;
        let answered = timeout(ANSWER_WAIT, leg.answered()).await.unwrap_or(false);
        if answered {
            sleep(TALK).await;
        }
        leg.hang_up();
        let caller = self.t.caller_key(self.key, dialled).hash(from);
        let mine = |d: &Decision| d.caller == Some(caller) && d.dialled == dialled;
        let kept = self.kept(since, mine).await?;
        let decision = kept.into_iter().next_back();
        Ok(Placed { answered, decision })
    }

    /// The decisions that the node kept since then about calls such as these, oldest first; waits until the last of them says
    /// what became of it.
    pub async fn kept(
        &self,
        since: jiff::Timestamp,
        mine: impl Fn(&Decision) -> bool,
    ) -> Result<Vec<Decision>, Failure> {
        let deadline = Instant::now() + WRITTEN_WAIT;
        loop {
            let kept = self.facts.decisions_since(&Cursor::from(since), PAGE).await;
            let mut kept = kept.map_err(|e| unavailable(&e))?;
            kept.retain(&mine);
            let whole = kept.last().is_some_and(|d| !d.targets.is_empty());
            if whole || Instant::now() >= deadline {
                return Ok(kept);
            }
            sleep(Duration::from_millis(100)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use segue_domain::caller::e164;
    use std::collections::BTreeSet;

    #[test]
    fn fictional_numbers_are_whole_and_belong_to_nobody() {
        let all: BTreeSet<_> = fictional_numbers().collect();
        assert_eq!(all.len(), 2_000);
        for number in all {
            assert_eq!(e164(&number).as_deref(), Some(number.as_str()));
            assert_eq!(number.get(5..10), Some("55501"), "{number}");
        }
    }
}
