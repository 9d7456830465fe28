//! What happens: one command of one person, or time.

use super::steps::{Act, Change, Deed};
use super::world::{Done, Outcome, Trouble, World, wanting};
use jiff::Span;
use jiff::civil::Date;
use segue_domain::acceptance::{
    OutcomeRecord, ProposeAcceptance, SignAcceptance, SignClosure, Verdict, closure_hash,
};
use segue_domain::account_manager::{NameAccountManager, RemoveAccountManager};
use segue_domain::chunks::PlannedChunk;
use segue_domain::discovery::{CompleteDiscoveryItem, OpenDiscovery, SignDiscovery};
use segue_domain::fallback::{Fallback, VerifyReturn, WriteIncidentNote};
use segue_domain::gates::{self, RecordEvidence, SignGate};
use segue_domain::ids::{ChunkId, IncidentId};
use segue_domain::ladder::Rung;
use segue_domain::parties::CreateTransition;
use segue_domain::routing_changes::{ApproveStep, LowerShare, ProposeStep};
use segue_domain::schedule::{Plan, ProposePlan, SignPlan};
use segue_domain::share::ShareInput;
use segue_domain::test_calls::RecordTestCall;
use segue_domain::windows::ShiftWindow;
use segue_domain::{Actor, Command, Role, Side};
use segue_example::Goal;
use serde_json::Value;

impl World {
    /// Lets it happen and keeps what it led to.
    pub(crate) async fn act(&mut self, act: &Act) -> Done {
        match act {
            Act::Pass(span) => {
                let later = self.now.checked_add(*span);
                self.now = later.map_err(|e| wanting("a time on the calendar", e.to_string()))?;
            }
            Act::Clock(at) if *at < self.now => {
                return Err(wanting(
                    format!("{at} to be now or later"),
                    format!("it is {}", self.now),
                ));
            }
            Act::Clock(at) => self.now = *at,
            Act::Window { window, zone, on } => self.look_at_window(window, zone, *on)?,
            Act::SentAgain => {
                let request = self.last_request.clone();
                let request = request
                    .ok_or_else(|| wanting("a command before this line", "none was sent"))?;
                self.last = Some(self.send(request).await?);
            }
            Act::BothApprove => {
                let people = Side::BOTH.map(|side| segue_example::of(side, Role::Signatory));
                self.all_approve(&people).await?;
            }
            Act::Proved(chunk) => self.walk(&Goal::Proved(chunk.clone())).await?,
            Act::By(actor, deed) => {
                let command = self.command(actor, deed).await?;
                self.last = Some(self.ask(actor, command).await?);
            }
        }
        Ok(())
    }

    fn look_at_window(&mut self, window: &str, zone: &str, on: Date) -> Done {
        let shift = ShiftWindow {
            window: window.to_owned(),
            zone: zone.to_owned(),
        };
        match shift.parse() {
            Err(refusal) => self.last = Some(Outcome::Refused(Box::new(refusal))),
            Ok(weekly) => {
                let first = weekly.occurrences(on, on).into_iter().next();
                let first = first.ok_or_else(|| {
                    wanting(format!("`{window}` to begin on {on}"), "it does not")
                })?;
                self.window = Some((weekly, first));
            }
        }
        Ok(())
    }

    async fn command(&self, actor: &Actor, deed: &Deed) -> Result<Command, Trouble> {
        let command = match deed {
            Deed::CreateRanked { call_type, rung } => ranked(call_type, *rung)?.into(),
            Deed::NameAccountManager(person) => NameAccountManager {
                person: person.as_str().into(),
                deputy: None,
            }
            .into(),
            Deed::RemoveAccountManager => RemoveAccountManager {}.into(),
            Deed::OpenDiscovery => OpenDiscovery { items: Vec::new() }.into(),
            Deed::CompleteItem(item) => CompleteDiscoveryItem {
                item: item.clone(),
                evidence: "minutes of the visit".into(),
            }
            .into(),
            Deed::ProposePlan(changes) => self.proposal(changes).await?.into(),
            Deed::Evidence { leg, chunk, passed } => {
                let reference = format!("binder, {}", leg.words());
                RecordEvidence {
                    chunk: chunk.clone(),
                    leg: *leg,
                    passed: *passed,
                    reference,
                }
                .into()
            }
            Deed::TestCall {
                cell,
                chunk,
                passed,
            } => {
                let (chunk, cell, evidence) = (chunk.clone(), cell.clone(), "recording 8".into());
                RecordTestCall {
                    chunk,
                    cell,
                    passed: *passed,
                    evidence,
                }
                .into()
            }
            moving => self.moving(actor, moving).await?,
        };
        Ok(command)
    }

    /// The commands that move shares, bring calls home or say that a chunk is done.
    async fn moving(&self, actor: &Actor, deed: &Deed) -> Result<Command, Trouble> {
        let command = match deed {
            Deed::ProposeStep { chunk, share } => ProposeStep {
                chunk: chunk.clone(),
                share_percent: typed(share),
            }
            .into(),
            Deed::Lower { chunk, share } => LowerShare {
                chunk: chunk.clone(),
                share_percent: typed(share),
            }
            .into(),
            Deed::FallBack { scope } => Fallback {
                scope: scope.clone(),
                reason: "scenario".into(),
            }
            .into(),
            Deed::VerifyReturn(evidence) => VerifyReturn {
                incident: self.newest_incident().await?,
                evidence: evidence.clone(),
            }
            .into(),
            Deed::IncidentNote {
                reference,
                telephony_only,
            } => WriteIncidentNote {
                incident: self.newest_incident().await?,
                reference: reference.clone(),
                telephony_only: *telephony_only,
            }
            .into(),
            Deed::ProposeAcceptance {
                chunk,
                within,
                offered,
                verdict,
            } => {
                let outcome = self.outcome(*within, *offered, *verdict).await?;
                ProposeAcceptance {
                    chunk: chunk.clone(),
                    outcome,
                }
                .into()
            }
            signing => self.signing(actor, signing).await?,
        };
        Ok(command)
    }

    /// The commands that carry the actor's own signature over what stands now.
    async fn signing(&self, actor: &Actor, deed: &Deed) -> Result<Command, Trouble> {
        let state = self.state().await?;
        Ok(match deed {
            Deed::SignPlan(version) => {
                let proposed = state
                    .schedule
                    .version(*version)
                    .map(|v| v.proposed.hash.clone());
                let hash = proposed.ok_or_else(|| {
                    wanting(format!("a version {version}"), state.schedule.standing())
                })?;
                SignPlan {
                    version: *version,
                    signature: segue_example::sign(actor, &hash),
                }
                .into()
            }
            Deed::SignGate(chunk) => {
                let signature = segue_example::sign(actor, &gates::hash(&state, chunk));
                SignGate {
                    chunk: chunk.clone(),
                    signature,
                }
                .into()
            }
            Deed::ApproveStep => {
                let (step, hash) = self.newest_step().await?;
                ApproveStep {
                    step,
                    signature: segue_example::sign(actor, &hash),
                }
                .into()
            }
            Deed::SignAcceptance(chunk) => {
                let signature = segue_example::sign(actor, &self.acceptance_hash(chunk).await?);
                SignAcceptance {
                    chunk: chunk.clone(),
                    signature,
                }
                .into()
            }
            Deed::SignClosure(chunk) => {
                let signature = segue_example::sign(actor, &closure_hash(&state, chunk));
                SignClosure {
                    chunk: chunk.clone(),
                    signature,
                }
                .into()
            }
            _ => SignDiscovery {
                signature: segue_example::sign(actor, &state.discovery.hash(&state.id)),
            }
            .into(),
        })
    }

    async fn newest_incident(&self) -> Result<IncidentId, Trouble> {
        let state = self.state().await?;
        let newest = state
            .incidents
            .values()
            .max_by_key(|i| i.opened.at)
            .map(|i| i.opened.incident.clone());
        newest.ok_or_else(|| wanting("an incident", "nothing fell back"))
    }

    async fn outcome(
        &self,
        within: u64,
        offered: u64,
        verdict: Verdict,
    ) -> Result<OutcomeRecord, Trouble> {
        Ok(OutcomeRecord {
            offered,
            answered_within: within,
            abandoned: 0,
            incidents: 0,
            formula: self.state().await?.terms.service_level_formula.clone(),
            verdict,
            evidence: "parity report 12".into(),
        })
    }

    async fn proposal(&self, changes: &[Change]) -> Result<ProposePlan, Trouble> {
        let newest = self
            .state()
            .await?
            .schedule
            .newest()
            .map(|v| (v.proposed.version, v.proposed.plan.clone()));
        let counter_to = newest.as_ref().map(|(version, _)| *version);
        let mut plan = match newest {
            Some((_, plan)) => plan,
            None => self.example.plan.clone(),
        };
        for change in changes {
            apply_change(&mut plan, change)?;
        }
        Ok(ProposePlan {
            plan,
            counter_to,
            reason: "as discussed".into(),
        })
    }
}

/// A share as typed: a number where it reads as one, else a text.
fn typed(share: &str) -> ShareInput {
    ShareInput(serde_json::from_str(share).unwrap_or_else(|_| Value::from(share)))
}

fn ranked(call_type: &str, rung: Rung) -> Result<CreateTransition, Trouble> {
    let mut facts = segue_example::Example::riverside().create;
    let found = facts
        .call_types
        .iter_mut()
        .find(|k| k.id.as_str() == call_type);
    let found = found.ok_or_else(|| {
        wanting(
            format!("call type {call_type} in the example"),
            "no such type",
        )
    })?;
    found.placed_on = Some(rung);
    Ok(facts)
}

fn apply_change(plan: &mut Plan, change: &Change) -> Done {
    match change {
        Change::Begins { chunk, on } => {
            let chunk = planned(plan, chunk)?;
            let Some(first) = chunk.starts_on() else {
                return Ok(());
            };
            let days = (*on - first).get_days();
            for step in &mut chunk.steps {
                let moved = step.from.checked_add(Span::new().days(days));
                step.from = moved.map_err(|e| wanting("a date on the calendar", e.to_string()))?;
            }
        }
        Change::StepOn { chunk, step, on } => {
            let chunk = planned(plan, chunk)?;
            let count = chunk.steps.len();
            let found = step.checked_sub(1).and_then(|n| chunk.steps.get_mut(n));
            found
                .ok_or_else(|| wanting(format!("a step {step}"), format!("{count} steps")))?
                .from = *on;
        }
        Change::Twins { chunk, shares } => {
            let second = split(planned(plan, chunk)?);
            let twin = PlannedChunk {
                steps: single(&second, shares.1),
                ..second
            };
            let first = planned(plan, chunk)?;
            first.steps = single(first, shares.0);
            plan.chunks.push(twin);
        }
        Change::Windows { chunk, windows } => {
            let zone = "America/New_York";
            let open = |text: &str| {
                vec![ShiftWindow {
                    window: text.to_owned(),
                    zone: zone.to_owned(),
                }]
            };
            let twin = PlannedChunk {
                windows: open(&windows.1),
                ..split(planned(plan, chunk)?)
            };
            planned(plan, chunk)?.windows = open(&windows.0);
            plan.chunks.push(twin);
        }
    }
    Ok(())
}

fn planned<'p>(plan: &'p mut Plan, id: &ChunkId) -> Result<&'p mut PlannedChunk, Trouble> {
    let found = plan.chunks.iter_mut().find(|c| c.id == *id);
    found.ok_or_else(|| wanting(format!("{id} in the plan"), "no such chunk"))
}

/// The same calls under a second name.
fn split(chunk: &PlannedChunk) -> PlannedChunk {
    PlannedChunk {
        id: format!("{}-2", chunk.id).as_str().into(),
        ..chunk.clone()
    }
}

fn single(chunk: &PlannedChunk, percent: u8) -> Vec<segue_domain::chunks::PlannedStep> {
    let mut steps = chunk.steps.clone();
    steps.truncate(1);
    for step in &mut steps {
        step.share_percent = ShareInput::percent(percent);
    }
    steps
}
