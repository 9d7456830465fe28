//! Under review (A21, §7.7): when easier work falls back, harder work that is out is looked at within hours. Nothing of it
//! comes home by itself.

use crate::Decided;
use crate::actor::{Actor, Right, Side};
use crate::canonical;
use crate::event::Event;
use crate::ids::{ChunkId, IncidentId, PersonId};
use crate::ladder::locked_by;
use crate::refusal::{Code, Refusal};
use crate::signature::Needs;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Records the review of a chunk whose easier rung fell back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordReview {
    /// The chunk.
    pub chunk: ChunkId,
    /// What was found and decided; a chunk that should come home is brought home beside this.
    pub finding: String,
}

/// A chunk was reviewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkReviewed {
    /// The chunk.
    pub chunk: ChunkId,
    /// What was found and decided.
    pub finding: String,
    /// The party of the reviewer.
    pub by: Side,
    /// The reviewer.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// A review that is due, in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Review {
    /// The fallback of the easier work.
    pub incident: IncidentId,
    /// When it fell back.
    pub since: Timestamp,
}

impl Review {
    /// By when it is due.
    pub fn due(&self, t: &Transition) -> Timestamp {
        canonical::hours_after(self.since, t.terms.review_h)
    }
}

pub(crate) fn record(t: &Transition, c: &RecordReview, actor: &Actor, now: Timestamp) -> Decided {
    let chunk = t.require_chunk(&c.chunk)?;
    if t.needs_of_chunk(&chunk.planned) == Needs::BothAndClinical {
        actor.require(Right::JudgeClinically)?;
    }
    text::free("what the review found", &c.finding)?;
    if !t.reviews.contains_key(&c.chunk) {
        return Err(Refusal::new(Code::WrongState)
            .missing(format!("a review that is due for {}", c.chunk))
            .how("the ladder's board lists what is under review"));
    }
    Ok(vec![Event::ChunkReviewed(ChunkReviewed {
        chunk: c.chunk.clone(),
        finding: c.finding.clone(),
        by: actor.side,
        person: actor.person.clone(),
        at: now,
    })])
}

/// After a fallback: what is out above a rung that is accepted no longer is under review; what came home is not.
pub(crate) fn follow_fallback(t: &mut Transition, incident: &IncidentId, at: Timestamp) {
    let out = t.chunks.iter().filter(|(_, chunk)| chunk.is_out());
    let unfounded = out.filter(|(id, chunk)| {
        chunk.state != crate::chunks::ChunkState::Closed
            && !locked_by(t, &chunk.planned.site, id).is_empty()
    });
    let due: Vec<ChunkId> = unfounded.map(|(id, _)| id.clone()).collect();
    let mut reviews = std::mem::take(&mut t.reviews);
    reviews.retain(|id, _| due.contains(id));
    for id in due {
        reviews.entry(id).or_insert_with(|| Review {
            incident: incident.clone(),
            since: at,
        });
    }
    t.reviews = reviews;
}
