//! The ways to a given state: the same commands people would send, one after another.

use super::people::{director, manager, nurse};
use super::steps::Given;
use super::world::{Done, Trouble, World, example_creation, example_plan, wanting};
use crate::error::Error;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use segue_domain::acceptance::{
    OutcomeRecord, ProposeAcceptance, SignAcceptance, SignClosure, Verdict, closure_hash,
};
use segue_domain::account_manager::NameAccountManager;
use segue_domain::chunks::{Chunk, ChunkState};
use segue_domain::discovery::{CompleteDiscoveryItem, OpenDiscovery, SignDiscovery};
use segue_domain::gates::{self, GateLeg, RecordEvidence, SignGate};
use segue_domain::ids::{ChunkId, StepId};
use segue_domain::routing_changes::{ApproveStep, ProposeStep};
use segue_domain::schedule::{Plan, ProposePlan, SignPlan};
use segue_domain::share::ShareInput;
use segue_domain::test_calls::RecordTestCall;
use segue_domain::{Event, Side, ladder};

impl World {
    /// Brings about a given state.
    pub(crate) async fn given(&mut self, given: &Given) -> Done {
        match given {
            Given::Fixture => self
                .must(&manager(Side::Client), example_creation()?)
                .await
                .map(drop),
            Given::AccountManager => self.account_manager().await,
            Given::DiscoveryOpen { open } => self.discovery(*open).await,
            Given::Discovered => self.discovered().await,
            Given::PlanAtVersion(version) => self.plan_at(*version).await,
            Given::PlanAgreed => self.agreed(example_plan()?).await,
            Given::RampAgreed { chunk, shares } => self.ramp_agreed(chunk, shares).await,
            Given::Ready(chunk) => self.ready(chunk).await,
            Given::Live { chunk, percent } => self.live(chunk, *percent).await,
            Given::Accepted(chunk) => self.accepted(chunk).await,
            Given::Closed(chunk) => self.closed(chunk).await,
        }
    }

    async fn account_manager(&mut self) -> Done {
        if self.state().await?.account_manager.is_some() {
            return Ok(());
        }
        let (person, deputy) = ("cb-account".into(), Some("cb-deputy".into()));
        self.must(
            &manager(Side::Outsourcer),
            NameAccountManager { person, deputy },
        )
        .await
        .map(drop)
    }

    async fn discovery(&mut self, open: usize) -> Done {
        self.account_manager().await?;
        let by = manager(Side::Client);
        self.must(&by, OpenDiscovery { items: Vec::new() }).await?;
        let items = self.state().await?.discovery.open_items();
        if items.len() < open {
            return Err(wanting(
                format!("{open} open items"),
                format!("discovery has {}", items.len()),
            ));
        }
        for item in items.into_iter().skip(open) {
            let evidence = format!("minutes: {item}");
            self.must(&by, CompleteDiscoveryItem { item, evidence })
                .await?;
        }
        Ok(())
    }

    async fn discovered(&mut self) -> Done {
        if self.state().await?.discovery.is_complete() {
            return Ok(());
        }
        self.discovery(0).await?;
        for side in Side::BOTH {
            let state = self.state().await?;
            let by = director(side);
            let signature = Self::sign(&by, &state.discovery.hash(&state.id));
            self.must(&by, SignDiscovery { signature }).await?;
        }
        Ok(())
    }

    async fn plan_at(&mut self, version: u32) -> Done {
        self.discovered().await?;
        while self.versions().await? < version {
            self.propose(example_plan()?).await?;
        }
        Ok(())
    }

    async fn versions(&self) -> Result<u32, Error> {
        Ok(self
            .state()
            .await?
            .schedule
            .newest()
            .map_or(0, |v| v.proposed.version))
    }

    async fn propose(&mut self, plan: Plan) -> Done {
        let proposal = ProposePlan {
            plan,
            counter_to: None,
            reason: "as discussed".into(),
        };
        self.must(&manager(Side::Client), proposal).await.map(drop)
    }

    async fn agreed(&mut self, plan: Plan) -> Done {
        if self.state().await?.schedule.agreed.is_some() {
            return Ok(());
        }
        self.discovered().await?;
        self.propose(plan).await?;
        for side in Side::BOTH {
            let state = self.state().await?;
            let Some(newest) = state.schedule.newest() else {
                return Ok(());
            };
            let by = director(side);
            let version = newest.proposed.version;
            let signature = Self::sign(&by, &newest.proposed.hash);
            self.must(&by, SignPlan { version, signature }).await?;
        }
        Ok(())
    }

    async fn ramp_agreed(&mut self, id: &ChunkId, shares: &[u8]) -> Done {
        let mut plan = example_plan()?;
        let chunk = plan.chunks.iter_mut().find(|c| c.id == *id);
        let chunk =
            chunk.ok_or_else(|| wanting(format!("{id} in the example plan"), "no such chunk"))?;
        for (step, share) in chunk.steps.iter_mut().zip(shares) {
            step.share_percent = ShareInput::percent(*share);
        }
        self.agreed(plan).await
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

    /// Records every leg and cell that is red.
    pub(super) async fn prove(&mut self, id: &ChunkId) -> Done {
        let chunk = self.chunk(id).await?;
        for leg in GateLeg::ALL {
            let reference = format!("binder, {}", leg.words());
            let evidence = RecordEvidence {
                chunk: id.clone(),
                leg,
                passed: true,
                reference,
            };
            self.must(&manager(Side::Outsourcer), evidence).await?;
        }
        for cell in chunk.planned.coverage {
            let call = RecordTestCall {
                chunk: id.clone(),
                cell,
                passed: true,
                evidence: "recording 7".into(),
            };
            self.must(&nurse(), call).await?;
        }
        Ok(())
    }

    async fn ready(&mut self, id: &ChunkId) -> Done {
        self.agreed(example_plan()?).await?;
        if self.chunk(id).await?.state == ChunkState::Ready {
            return Ok(());
        }
        self.wait_for_step(id, 0).await?;
        self.prove(id).await?;
        for side in Side::BOTH {
            let by = director(side);
            let signature = Self::sign(&by, &gates::hash(&*self.state().await?, id));
            self.must(
                &by,
                SignGate {
                    chunk: id.clone(),
                    signature,
                },
            )
            .await?;
        }
        Ok(())
    }

    /// Moves the clock to 10:00 at the site on the agreed date of a step, unless it is later already.
    async fn wait_for_step(&mut self, id: &ChunkId, step: usize) -> Done {
        let state = self.state().await?;
        let chunk = self.chunk(id).await?;
        let zone = state
            .site_zone(&chunk.planned.site)
            .and_then(|name| TimeZone::get(name).ok());
        let date = chunk.planned.steps.get(step).map(|s| s.from);
        let at: Option<Timestamp> = date.and_then(|d| {
            zone.unwrap_or(TimeZone::UTC)
                .to_timestamp(d.at(10, 0, 0, 0))
                .ok()
        });
        self.now = at.map_or(self.now, |at| self.now.max(at));
        Ok(())
    }

    async fn live(&mut self, id: &ChunkId, percent: u8) -> Done {
        self.agreed(example_plan()?).await?;
        let easier = ladder::locked_by(
            &*self.state().await?,
            &self.chunk(id).await?.planned.site,
            id,
        );
        for lower in &easier {
            Box::pin(self.accepted(lower)).await?;
        }
        if !matches!(self.chunk(id).await?.state, ChunkState::Live) {
            self.ready(id).await?;
        }
        for n in 0..self.chunk(id).await?.planned.steps.len() {
            let chunk = self.chunk(id).await?;
            let share = chunk.planned.steps[n].share_percent.parse();
            let share = share.map_err(|r| wanting("a readable step", r.to_string()))?;
            if share <= chunk.share || share.percent() > percent {
                continue;
            }
            self.wait_for_step(id, n).await?;
            if !gates::red(&*self.state().await?, id, self.now).is_empty() {
                self.prove(id).await?;
            }
            let share_percent = ShareInput::percent(share.percent());
            self.must(
                &manager(Side::Client),
                ProposeStep {
                    chunk: id.clone(),
                    share_percent,
                },
            )
            .await?;
            self.both_approve().await?;
        }
        let share = self.chunk(id).await?.share.percent();
        if share == percent {
            return Ok(());
        }
        Err(wanting(
            format!("{percent} % among the agreed steps of {id}"),
            format!("{share} % is the nearest below"),
        ))
    }

    /// Both directors approve the newest step.
    pub(super) async fn both_approve(&mut self) -> Done {
        for side in Side::BOTH {
            let (step, hash) = self.newest_step().await?;
            let by = director(side);
            let signature = Self::sign(&by, &hash);
            self.must(&by, ApproveStep { step, signature }).await?;
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

    async fn accepted(&mut self, id: &ChunkId) -> Done {
        if self
            .state()
            .await?
            .chunk(id)
            .is_some_and(Chunk::is_accepted)
        {
            return Ok(());
        }
        self.live(id, 100).await?;
        let outcome = OutcomeRecord {
            offered: 1_500,
            answered_within: 1_230,
            abandoned: 40,
            incidents: 0,
            formula: self.state().await?.terms.service_level_formula.clone(),
            verdict: Verdict::Pass,
            evidence: "parity report 12".into(),
        };
        self.must(
            &manager(Side::Client),
            ProposeAcceptance {
                chunk: id.clone(),
                outcome,
            },
        )
        .await?;
        for side in Side::BOTH {
            let by = director(side);
            let signature = Self::sign(&by, &self.acceptance_hash(id).await?);
            self.must(
                &by,
                SignAcceptance {
                    chunk: id.clone(),
                    signature,
                },
            )
            .await?;
        }
        Ok(())
    }

    /// What both sign to accept; the empty text when nothing is proposed.
    pub(super) async fn acceptance_hash(&self, id: &ChunkId) -> Result<String, Error> {
        Ok(self
            .state()
            .await?
            .acceptances
            .get(id)
            .map(|a| a.proposed.hash.clone())
            .unwrap_or_default())
    }

    async fn closed(&mut self, id: &ChunkId) -> Done {
        self.accepted(id).await?;
        if let ChunkState::Held { hold_until, .. } = self.chunk(id).await?.state {
            self.now = self.now.max(hold_until);
        }
        for side in Side::BOTH {
            let by = director(side);
            let signature = Self::sign(&by, &closure_hash(&*self.state().await?, id));
            self.must(
                &by,
                SignClosure {
                    chunk: id.clone(),
                    signature,
                },
            )
            .await?;
        }
        Ok(())
    }
}
