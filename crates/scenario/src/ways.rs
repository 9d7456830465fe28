//! The ways to a given state: what the example's people do, one after another, through the desk.

use super::steps::Given;
use super::world::{Done, Trouble, World, wanting};
use crate::error::Error;
use segue_domain::chunks::Chunk;
use segue_domain::ids::{ChunkId, StepId};
use segue_domain::share::ShareInput;
use segue_domain::{Actor, Event};
use segue_example::{Goal, MOVES_MAX, Move};

impl World {
    /// Brings about a given state.
    pub(crate) async fn given(&mut self, given: &Given) -> Done {
        match given {
            Given::Fixture => self.walk(&Goal::Created).await,
            Given::AccountManager => self.walk(&Goal::AccountManaged).await,
            Given::DiscoveryOpen { open } => self.discovery(*open).await,
            Given::Discovered => self.walk(&Goal::Discovered).await,
            Given::PlanAtVersion(version) => self.plan_at(*version).await,
            Given::PlanAgreed => self.walk(&Goal::Agreed).await,
            Given::RampAgreed { chunk, shares } => self.ramp_agreed(chunk, shares).await,
            Given::Ready(chunk) => self.walk(&Goal::Ready(chunk.clone())).await,
            Given::Live { chunk, percent } => self.live(chunk, *percent).await,
            Given::Accepted(chunk) => self.walk(&Goal::Accepted(chunk.clone())).await,
            Given::Closed(chunk) => self.walk(&Goal::Closed(chunk.clone())).await,
        }
    }

    /// Does what the example's people do until the goal is reached; the clock goes on where they have to wait.
    pub(crate) async fn walk(&mut self, goal: &Goal) -> Done {
        for _ in 0..MOVES_MAX {
            let state = self.state().await?;
            match self.example.next(&state, goal, self.now) {
                None => return Ok(()),
                Some(Move::Wait(at)) => self.now = self.now.max(at),
                Some(Move::Say(said)) => {
                    self.must(&said.0, said.1).await?;
                }
            }
        }
        Err(wanting(format!("a way to {goal:?}"), "none was found"))
    }

    async fn discovery(&mut self, open: usize) -> Done {
        self.walk(&Goal::Discovering { open }).await?;
        let items = self.state().await?.discovery.open_items().len();
        if items == open {
            return Ok(());
        }
        Err(wanting(
            format!("{open} open items"),
            format!("discovery has {items}"),
        ))
    }

    async fn plan_at(&mut self, version: u32) -> Done {
        self.walk(&Goal::Discovered).await?;
        while self.versions().await? < version {
            self.walk(&Goal::Proposed).await?;
            if self.versions().await? < version {
                let again = self.example.proposal();
                self.must(&again.0, again.1).await?;
            }
        }
        Ok(())
    }

    async fn versions(&self) -> Result<u32, Error> {
        let state = self.state().await?;
        Ok(state.schedule.newest().map_or(0, |v| v.proposed.version))
    }

    async fn ramp_agreed(&mut self, id: &ChunkId, shares: &[u8]) -> Done {
        let chunk = self.example.plan.chunks.iter_mut().find(|c| c.id == *id);
        let chunk =
            chunk.ok_or_else(|| wanting(format!("{id} in the example plan"), "no such chunk"))?;
        for (step, share) in chunk.steps.iter_mut().zip(shares) {
            step.share_percent = ShareInput::percent(*share);
        }
        self.walk(&Goal::Agreed).await
    }

    pub(super) async fn chunk(&self, id: &ChunkId) -> Result<Chunk, Trouble> {
        let state = self.state().await?;
        state.chunk(id).cloned().ok_or_else(|| {
            wanting(
                format!("{id} in the agreed plan"),
                state.schedule.standing(),
            )
        })
    }

    async fn live(&mut self, id: &ChunkId, percent: u8) -> Done {
        self.walk(&Goal::Live(id.clone(), percent)).await?;
        let share = self.chunk(id).await?.share.percent();
        if share == percent {
            return Ok(());
        }
        Err(wanting(
            format!("{percent} % among the agreed steps of {id}"),
            format!("{share} % is the nearest below"),
        ))
    }

    /// Everybody whose approval the newest step needs.
    pub(super) async fn all_approve(&mut self, people: &[Actor]) -> Done {
        for by in people {
            let (step, hash) = self.newest_step().await?;
            let signature = segue_example::sign(by, &hash);
            let approve = segue_domain::routing_changes::ApproveStep { step, signature };
            self.must(by, approve).await?;
        }
        Ok(())
    }

    /// The step proposed last, and its hash.
    pub(super) async fn newest_step(&self) -> Result<(StepId, String), Trouble> {
        let newest = self
            .facts()
            .await?
            .into_iter()
            .rev()
            .find_map(|fact| match fact {
                Event::StepProposed(step) => Some((step.step, step.hash)),
                _ => None,
            });
        newest.ok_or_else(|| wanting("a proposed step", "none was proposed"))
    }

    /// What both sign to accept; the empty text when nothing is proposed.
    pub(super) async fn acceptance_hash(&self, id: &ChunkId) -> Result<String, Error> {
        let state = self.state().await?;
        Ok(state
            .acceptances
            .get(id)
            .map(|a| a.proposed.hash.clone())
            .unwrap_or_default())
    }
}
