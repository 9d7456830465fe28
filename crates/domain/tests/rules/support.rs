//! Given facts, when a command, then facts or a refusal; and the short ways to a given state.

use crate::fixture::{self, director, manager, nurse};
use ed25519_dalek::Signer;
use jiff::Timestamp;
use segue_domain::acceptance::{
    OutcomeRecord, ProposeAcceptance, SignAcceptance, SignClosure, Verdict, closure_hash,
};
use segue_domain::account_manager::NameAccountManager;
use segue_domain::chunks::ChunkState;
use segue_domain::discovery::{CompleteDiscoveryItem, OpenDiscovery, SignDiscovery};
use segue_domain::fallback::Fallback;
use segue_domain::gates::{self, GateLeg, RecordEvidence, SignGate};
use segue_domain::ids::{ChunkId, StepId};
use segue_domain::routing_changes::{ApproveStep, LowerShare, ProposeStep};
use segue_domain::schedule::{Plan, ProposePlan, SignPlan};
use segue_domain::share::ShareInput;
use segue_domain::signature::{SignatureInput, message};
use segue_domain::test_calls::RecordTestCall;
use segue_domain::{
    Actor, Code, Command, Decided, Event, Refusal, Side, Transition, apply, decide,
};

/// When the example begins: Monday, 4 January 2027, 9:00 in New York.
pub(crate) const START: &str = "2027-01-04T14:00:00Z";

/// The story so far: its facts, the state they give, and the time.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) t: Transition,
    pub(crate) facts: Vec<Event>,
    pub(crate) now: Timestamp,
}

/// What a command answered.
pub(crate) struct Then(Decided);

impl Then {
    /// The facts that follow, by name.
    #[track_caller]
    pub(crate) fn records(self, names: &[&str]) -> Vec<Event> {
        let events = self.0.unwrap_or_else(|refusal| panic!("{refusal}"));
        assert_eq!(events.iter().map(Event::name).collect::<Vec<_>>(), names);
        events
    }

    /// Already so.
    #[track_caller]
    pub(crate) fn changes_nothing(self) {
        self.records(&[]);
    }

    /// The refusal, with everything a refusal must say and `names` somewhere in what is missing.
    #[track_caller]
    pub(crate) fn refuses(self, code: Code, names: &str) -> Refusal {
        let refusal = self.0.expect_err("a refusal");
        assert_eq!(refusal.code, code, "{refusal}");
        let missing = refusal.missing.join("; ");
        assert!(
            missing.contains(names),
            "`{names}` should be named in: {missing}"
        );
        assert!(!refusal.who.is_empty() && !refusal.how.is_empty() && !refusal.rule.is_empty());
        refusal
    }
}

pub(crate) fn id() -> segue_domain::ids::TransitionId {
    "RVS".into()
}

/// A signature by a director's example key over a hash.
pub(crate) fn signature(person: &str, hash: &str) -> SignatureInput {
    let bytes = message(hash).expect("a hash");
    SignatureInput {
        signatory: person.into(),
        signed_hash: hash.to_owned(),
        signature: hex::encode(fixture::key(person).sign(&bytes).to_bytes()),
    }
}

pub(crate) fn signed_by(side: Side, hash: &str) -> SignatureInput {
    signature(director(side).person.as_str(), hash)
}

pub(crate) fn outcome(verdict: Verdict) -> OutcomeRecord {
    OutcomeRecord {
        offered: 1_500,
        answered_within: 1_230,
        abandoned: 40,
        incidents: 0,
        formula: "SL_ABANDON_NEGATIVE".into(),
        verdict,
        evidence: "parity report 12".into(),
    }
}

impl Story {
    pub(crate) fn new() -> Self {
        Self {
            t: Transition::new(id()),
            facts: Vec::new(),
            now: START.parse().unwrap(),
        }
    }

    /// When the actor asks for it. Nothing is recorded yet.
    pub(crate) fn when(&self, actor: &Actor, command: impl Into<Command>) -> Then {
        Then(decide(&self.t, &command.into(), actor, self.now))
    }

    /// The actor does it; a refusal fails the test.
    #[track_caller]
    pub(crate) fn does(&mut self, actor: &Actor, command: impl Into<Command>) -> Vec<Event> {
        let events = decide(&self.t, &command.into(), actor, self.now)
            .unwrap_or_else(|refusal| panic!("{refusal}"));
        self.record(&events);
        events
    }

    pub(crate) fn record(&mut self, events: &[Event]) {
        for event in events {
            apply(&mut self.t, event);
            self.facts.push(event.clone());
        }
    }

    pub(crate) fn hours_pass(&mut self, hours: i64) {
        self.now += jiff::SignedDuration::from_hours(hours);
    }

    pub(crate) fn minutes_pass(&mut self, minutes: i64) {
        self.now += jiff::SignedDuration::from_mins(minutes);
    }

    fn not_before(&mut self, at: Timestamp) {
        self.now = self.now.max(at);
    }

    // ---- short ways ----

    pub(crate) fn created() -> Self {
        let mut story = Self::new();
        story.does(&manager(Side::Client), fixture::create());
        story
    }

    pub(crate) fn managed() -> Self {
        let mut story = Self::created();
        story.does(
            &manager(Side::Outsourcer),
            NameAccountManager {
                person: "cb-account".into(),
                deputy: Some("cb-deputy".into()),
            },
        );
        story
    }

    pub(crate) fn discovering() -> Self {
        let mut story = Self::managed();
        story.does(&manager(Side::Client), OpenDiscovery { items: Vec::new() });
        story
    }

    pub(crate) fn discovered() -> Self {
        let mut story = Self::discovering();
        for item in story.t.discovery.open_items() {
            let evidence = format!("minutes: {item}");
            story.does(
                &manager(Side::Client),
                CompleteDiscoveryItem { item, evidence },
            );
        }
        for side in Side::BOTH {
            story.signs_discovery(side);
        }
        story
    }

    pub(crate) fn signs_discovery(&mut self, side: Side) {
        let signature = signed_by(side, &self.t.discovery.hash(&self.t.id));
        self.does(&director(side), SignDiscovery { signature });
    }

    /// Both sign the example plan.
    pub(crate) fn agreed() -> Self {
        Self::discovered().agree(fixture::plan())
    }

    pub(crate) fn agree(mut self, plan: Plan) -> Self {
        let version = self.proposes(Side::Client, plan);
        for side in Side::BOTH {
            self.signs_plan(side, version);
        }
        self
    }

    pub(crate) fn proposes(&mut self, side: Side, plan: Plan) -> u32 {
        self.does(&manager(side), propose_plan(plan));
        self.t.schedule.newest().unwrap().proposed.version
    }

    pub(crate) fn sign_plan(&self, side: Side, version: u32) -> SignPlan {
        let hash = &self.t.schedule.version(version).unwrap().proposed.hash;
        SignPlan {
            version,
            signature: signed_by(side, hash),
        }
    }

    pub(crate) fn signs_plan(&mut self, side: Side, version: u32) -> Vec<Event> {
        let command = self.sign_plan(side, version);
        self.does(&director(side), command)
    }

    /// All five legs and every test cell green, now.
    pub(crate) fn proves(&mut self, chunk: &str) {
        for leg in GateLeg::ALL {
            self.does(&manager(Side::Outsourcer), evidence(chunk, leg, true));
        }
        let cells = self.chunk(chunk).planned.coverage.clone();
        for cell in cells {
            self.does(&nurse(), test_call(chunk, &cell, true));
        }
    }

    pub(crate) fn sign_gate(&self, side: Side, chunk: &str) -> SignGate {
        SignGate {
            chunk: chunk.into(),
            signature: signed_by(side, &gates::hash(&self.t, &chunk.into())),
        }
    }

    pub(crate) fn readies(&mut self, chunk: &str) {
        self.proves(chunk);
        for side in Side::BOTH {
            let command = self.sign_gate(side, chunk);
            self.does(&director(side), command);
        }
    }

    /// Moves to the agreed date of a share.
    pub(crate) fn waits_for(&mut self, chunk: &str, percent: u8) {
        let from = self
            .chunk(chunk)
            .planned
            .steps
            .iter()
            .find(|s| s.share_percent == ShareInput::percent(percent))
            .map(|s| s.from)
            .unwrap();
        let at = from
            .at(10, 0, 0, 0)
            .in_tz(fixture::ZONE)
            .unwrap()
            .timestamp();
        self.not_before(at);
    }

    pub(crate) fn proposes_step(&mut self, chunk: &str, percent: u8) -> StepId {
        let events = self.does(&manager(Side::Client), propose_step(chunk, percent));
        match events.as_slice() {
            [Event::StepProposed(step)] => step.step.clone(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn approval(&self, side: Side, step: &StepId) -> ApproveStep {
        let hash = &self.t.steps[step].proposed.hash;
        ApproveStep {
            step: step.clone(),
            signature: signed_by(side, hash),
        }
    }

    pub(crate) fn approves(&mut self, side: Side, step: &StepId) -> Vec<Event> {
        let command = self.approval(side, step);
        self.does(&director(side), command)
    }

    pub(crate) fn raises(&mut self, chunk: &str, percent: u8) {
        self.waits_for(chunk, percent);
        if !gates::red(&self.t, &chunk.into(), self.now).is_empty() {
            self.proves(chunk);
        }
        let step = self.proposes_step(chunk, percent);
        for side in Side::BOTH {
            self.approves(side, &step);
        }
    }

    /// Ready, then every agreed step up to the share.
    pub(crate) fn goes_live(&mut self, chunk: &str, percent: u8) {
        let steps: Vec<u8> = self
            .chunk(chunk)
            .planned
            .steps
            .iter()
            .map(|s| s.share_percent.parse().unwrap().percent())
            .filter(|s| *s <= percent)
            .collect();
        self.waits_for(chunk, steps[0]);
        self.readies(chunk);
        for share in steps {
            self.raises(chunk, share);
        }
    }

    pub(crate) fn proposes_acceptance(&mut self, chunk: &str) {
        self.does(
            &manager(Side::Client),
            ProposeAcceptance {
                chunk: chunk.into(),
                outcome: outcome(Verdict::Pass),
            },
        );
    }

    pub(crate) fn sign_acceptance(&self, side: Side, chunk: &str) -> SignAcceptance {
        let chunk = ChunkId::from(chunk);
        let hash = &self.t.acceptances[&chunk].proposed.hash;
        SignAcceptance {
            signature: signed_by(side, hash),
            chunk,
        }
    }

    /// Live at 100 % and accepted by both.
    pub(crate) fn finishes(&mut self, chunk: &str) {
        self.goes_live(chunk, 100);
        self.proposes_acceptance(chunk);
        for side in Side::BOTH {
            let command = self.sign_acceptance(side, chunk);
            self.does(&director(side), command);
        }
    }

    pub(crate) fn sign_closure(&self, side: Side, chunk: &str) -> SignClosure {
        let chunk = ChunkId::from(chunk);
        SignClosure {
            signature: signed_by(side, &closure_hash(&self.t, &chunk)),
            chunk,
        }
    }

    pub(crate) fn closes(&mut self, chunk: &str) {
        if let ChunkState::Held { hold_until, .. } = self.chunk(chunk).state {
            self.not_before(hold_until);
        }
        for side in Side::BOTH {
            let command = self.sign_closure(side, chunk);
            self.does(&director(side), command);
        }
    }

    pub(crate) fn chunk(&self, chunk: &str) -> &segue_domain::chunks::Chunk {
        self.t.chunk(&chunk.into()).expect("a chunk of the plan")
    }

    #[track_caller]
    pub(crate) fn stands(&self, chunk: &str, state: &str, percent: u8) {
        let chunk = self.chunk(chunk);
        assert_eq!(
            (chunk.state.words(), chunk.share.percent()),
            (state, percent)
        );
    }
}

pub(crate) fn propose_plan(plan: Plan) -> ProposePlan {
    ProposePlan {
        plan,
        counter_to: None,
        reason: "as discussed".into(),
    }
}

pub(crate) fn evidence(chunk: &str, leg: GateLeg, passed: bool) -> RecordEvidence {
    RecordEvidence {
        chunk: chunk.into(),
        leg,
        passed,
        reference: format!("binder, {}", leg.words()),
    }
}

pub(crate) fn test_call(chunk: &str, cell: &str, passed: bool) -> RecordTestCall {
    RecordTestCall {
        chunk: chunk.into(),
        cell: cell.to_owned(),
        passed,
        evidence: "recording 7".into(),
    }
}

pub(crate) fn propose_step(chunk: &str, percent: u8) -> ProposeStep {
    ProposeStep {
        chunk: chunk.into(),
        share_percent: ShareInput::percent(percent),
    }
}

pub(crate) fn lower(chunk: &str, percent: u8) -> LowerShare {
    LowerShare {
        chunk: chunk.into(),
        share_percent: ShareInput::percent(percent),
    }
}

pub(crate) fn fallback(scope: &str) -> Fallback {
    Fallback {
        scope: scope.to_owned(),
        reason: "trunk dead".into(),
    }
}
