//! What is so now, for a check to look at and for a command to name.

use crate::error::Error;
use crate::trouble::{Trouble, wanting};
use crate::world::{Outcome, World};
use segue_domain::chunks::Chunk;
use segue_domain::ids::{ChunkId, IncidentId, StepId};
use segue_domain::{Event, Transition};
use std::sync::Arc;

/// The world at one moment.
pub(crate) struct Seen<'w> {
    /// The world itself: clock, last outcome, window looked at.
    pub world: &'w World,
    /// The transition as it stands.
    pub state: Arc<Transition>,
    /// Every recorded fact, oldest first.
    pub facts: Vec<Event>,
}

impl World {
    /// Looks around.
    pub(crate) async fn see(&self) -> Result<Seen<'_>, Error> {
        Ok(Seen {
            world: self,
            state: self.state().await?,
            facts: self.facts().await?,
        })
    }
}

impl Seen<'_> {
    /// What the last command led to.
    pub(crate) fn last(&self) -> Result<&Outcome, Trouble> {
        let last = self.world.last.as_ref();
        last.ok_or_else(|| wanting("a command before this line", "none was sent"))
    }

    /// A chunk of the agreed plan.
    pub(crate) fn chunk(&self, id: &ChunkId) -> Result<&Chunk, Trouble> {
        let expected = || format!("{id} in the agreed plan");
        let found = self.state.chunk(id);
        found.ok_or_else(|| wanting(expected(), self.state.schedule.standing()))
    }

    /// The step proposed last.
    pub(crate) fn newest_step(&self) -> Result<StepId, Trouble> {
        let newest = self.facts.iter().rev().find_map(|fact| match fact {
            Event::StepProposed(step) => Some(step.step.clone()),
            _ => None,
        });
        newest.ok_or_else(|| wanting("a proposed step", "none was proposed"))
    }

    /// The incident opened last.
    pub(crate) fn newest_incident(&self) -> Result<IncidentId, Trouble> {
        let newest = self.facts.iter().rev().find_map(|fact| match fact {
            Event::FellBack(opened) => Some(opened.incident.clone()),
            _ => None,
        });
        newest.ok_or_else(|| wanting("an incident", "nothing fell back"))
    }
}
