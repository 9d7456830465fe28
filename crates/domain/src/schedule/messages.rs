//! The shared workspace: what people of both parties say to one another, and whose turn it is (A6).

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::event::Event;
use crate::ids::{ChunkId, PersonId};
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Says something to the other party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WriteMessage {
    /// What.
    pub text: String,
    /// The version of the plan it is about.
    #[serde(default)]
    pub version: Option<u32>,
    /// The chunk it is about.
    #[serde(default)]
    pub chunk: Option<ChunkId>,
}

/// Somebody said something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageWritten {
    /// What.
    #[serde(flatten)]
    pub message: WriteMessage,
    /// Of which party.
    pub by: Side,
    /// The person.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

pub(crate) fn write(t: &Transition, c: &WriteMessage, actor: &Actor, now: Timestamp) -> Decided {
    text::free("a message", &c.text)?;
    if let Some(version) = c.version
        && t.schedule.version(version).is_none()
    {
        return Err(super::versions::unknown_version(version));
    }
    if let Some(chunk) = &c.chunk {
        let planned = t
            .schedule
            .versions
            .iter()
            .any(|v| v.proposed.plan.chunk(chunk).is_some());
        if !planned {
            return Err(Refusal::new(Code::Unknown)
                .missing(format!("chunk `{chunk}` in any version of the plan"))
                .how("name a planned chunk, or none"));
        }
    }
    Ok(vec![Event::MessageWritten(MessageWritten {
        message: c.clone(),
        by: actor.side,
        person: actor.person.clone(),
        at: now,
    })])
}

pub(crate) fn apply_written(t: &mut Transition, e: &MessageWritten) {
    t.schedule.messages.push(e.clone());
}

/// Who is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// The party.
    pub side: Side,
    /// Whether it is the clinical lead's signature alone.
    pub clinical: bool,
    /// The version to answer.
    pub version: u32,
    /// Since when.
    pub since: Timestamp,
}

impl Turn {
    /// Whole hours waited so far.
    pub fn age_h(&self, now: Timestamp) -> i64 {
        now.duration_since(self.since).as_hours()
    }
}

/// Who must answer the newest version; nobody when it is agreed, and nobody is taken to agree by waiting.
pub fn turn(t: &Transition) -> Option<Turn> {
    let newest = t.schedule.newest()?;
    let proposed = &newest.proposed;
    if t.schedule.agreed == Some(proposed.version) {
        return None;
    }
    let signed = |side: Side| newest.agreement.of(side).map(|s| s.at);
    let (side, since) = match newest.agreement.missing().as_slice() {
        [side] => (*side, signed(side.other())?),
        [] => (
            Side::Client,
            Side::BOTH.into_iter().filter_map(signed).max()?,
        ),
        _ => (proposed.by.other(), proposed.at),
    };
    Some(Turn {
        side,
        clinical: newest.agreement.is_complete(),
        version: proposed.version,
        since,
    })
}
