//! Given facts, when a command, then facts or a refusal; and the short ways to a given state.

use crate::fixture::{self, director, manager, nurse};
use jiff::Timestamp;
use segue_domain::acceptance::{OutcomeRecord, SignAcceptance, SignClosure, Verdict, closure_hash};
use segue_domain::boards::Board;
use segue_domain::discovery::SignDiscovery;
use segue_domain::fallback::Fallback;
use segue_domain::gates::{self, GateLeg, RecordEvidence, SignGate};
use segue_domain::headaches::Headaches;
use segue_domain::ids::{ChunkId, StepId};
use segue_domain::routing_changes::{ApproveStep, LowerShare, ProposeStep};
use segue_domain::schedule::{Plan, ProposePlan, SignPlan};
use segue_domain::share::ShareInput;
use segue_domain::signature::{Needs, SignatureInput};
use segue_domain::test_calls::RecordTestCall;
use segue_domain::{
    Actor, Code, Command, Decided, Event, Refusal, Side, Transition, apply, boards, decide,
};
use segue_example::{Example, Goal, MOVES_MAX, Move, clinical_lead};
use serde_json::Value;

/// When the example begins: Monday, 4 January 2027, 9:00 in New York.
pub(crate) const START: &str = "2027-01-04T14:00:00Z";

/// The story so far: its facts, the state they give, and the time.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) t: Transition,
    pub(crate) facts: Vec<Event>,
    /// Every command that was accepted, with who sent it.
    pub(crate) said: Vec<(Actor, Command)>,
    /// For each of them, how many facts there were before it, and when it was.
    pub(crate) moments: Vec<(usize, Timestamp)>,
    pub(crate) now: Timestamp,
    pub(crate) example: Example,
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

/// A signature by a person's example key, whoever hands it in.
pub(crate) fn signature(person: &str, hash: &str) -> SignatureInput {
    segue_example::sign(&Actor::new(person, Side::Client, &[]), hash)
}

pub(crate) fn signed_by(side: Side, hash: &str) -> SignatureInput {
    segue_example::sign(&director(side), hash)
}

pub(crate) fn outcome(verdict: Verdict) -> OutcomeRecord {
    OutcomeRecord {
        offered: 1_500,
        answered_within: 1_230,
        abandoned: 40,
        answered: 1_460,
        handle_s: 1_460 * 90,
        incidents: 0,
        headaches: Headaches::default(),
        headaches_in_house: Headaches::default(),
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
            said: Vec::new(),
            moments: Vec::new(),
            now: START.parse().unwrap(),
            example: Example::riverside(),
        }
    }

    /// A board as that person reads it.
    #[track_caller]
    pub(crate) fn drawn(&self, board: &str, reader: &Actor) -> Board {
        let drawn = boards::draw(&self.t, board, reader, self.now);
        drawn.unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    /// Its rows, with bars between the cells.
    #[track_caller]
    pub(crate) fn rows(&self, board: &str, reader: &Actor) -> Vec<String> {
        let drawn = self.drawn(board, reader);
        let whole = |row: &Vec<String>| row.len() == drawn.columns.len();
        assert!(drawn.rows.iter().all(whole), "{board}");
        drawn.rows.iter().map(|row| row.join(" | ")).collect()
    }

    /// What stands below them.
    #[track_caller]
    pub(crate) fn notes(&self, board: &str, reader: &Actor) -> Vec<String> {
        self.drawn(board, reader).notes
    }

    /// Rows and notes, as a manager of the party reads them.
    #[track_caller]
    pub(crate) fn board(&self, name: &str, side: Side) -> String {
        self.lines(name, &manager(side)).join("\n")
    }

    /// Rows and notes.
    #[track_caller]
    pub(crate) fn lines(&self, board: &str, reader: &Actor) -> Vec<String> {
        let mut lines = self.rows(board, reader);
        lines.extend(self.notes(board, reader));
        lines
    }

    /// When the actor asks for it. Nothing is recorded yet.
    pub(crate) fn when(&self, actor: &Actor, command: impl Into<Command>) -> Then {
        Then(decide(&self.t, &command.into(), actor, self.now))
    }

    /// The actor does it; a refusal fails the test.
    #[track_caller]
    pub(crate) fn does(&mut self, actor: &Actor, command: impl Into<Command>) -> Vec<Event> {
        let command = command.into();
        let events = decide(&self.t, &command, actor, self.now)
            .unwrap_or_else(|refusal| panic!("{refusal}"));
        self.says((actor.clone(), command), &events);
        events
    }

    fn says(&mut self, said: (Actor, Command), events: &[Event]) {
        self.moments.push((self.facts.len(), self.now));
        self.said.push(said);
        self.record(events);
    }

    /// The story as it was when a command of that name was first said, and who said it.
    #[track_caller]
    pub(crate) fn before(&self, name: &str) -> (Self, Actor, Command) {
        let named = |(_, command): &(Actor, Command)| command.name() == name;
        let Some(n) = self.said.iter().position(named) else {
            panic!("nobody says {name}")
        };
        let (facts, now) = self.moments[n];
        let mut story = Self {
            now,
            example: self.example.clone(),
            ..Self::new()
        };
        story.record(&self.facts[..facts]);
        let (actor, command) = self.said[n].clone();
        (story, actor, command)
    }

    /// What was first said by that name is refused for each change of one of its values, or accepted where no words say why not.
    #[track_caller]
    pub(crate) fn bounds(&self, name: &str, code: Code, rows: &[(&str, Value, &str)]) {
        let (story, actor, command) = self.before(name);
        for (place, value, words) in rows {
            let decided = decide(
                &story.t,
                &changed(&command, place, value),
                &actor,
                story.now,
            );
            match decided {
                Ok(events) => assert!(words.is_empty(), "{name} {place} {value}: {events:?}"),
                Err(refusal) => {
                    let missing = refusal.missing.join("; ");
                    assert!(
                        refusal.code == code && !words.is_empty() && missing.contains(words),
                        "{name} {place} {value}: {refusal}"
                    );
                }
            }
        }
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

    pub(crate) fn not_before(&mut self, at: Timestamp) {
        self.now = self.now.max(at);
    }

    // ---- short ways ----

    /// Moves on until the goal is reached, each move through `decide`.
    #[track_caller]
    pub(crate) fn walks(&mut self, goal: &Goal) {
        for _ in 0..MOVES_MAX {
            match self.example.next(&self.t, goal, self.now) {
                None => return,
                Some(Move::Wait(at)) => self.not_before(at),
                Some(Move::Say(said)) => {
                    let (actor, command) = *said;
                    let name = command.name();
                    let events =
                        decide(&self.t, &command, &actor, self.now).unwrap_or_else(|refusal| {
                            panic!("{name} on the way to {goal:?}: {refusal}")
                        });
                    assert!(
                        !events.is_empty(),
                        "{name} changes nothing on the way to {goal:?}"
                    );
                    self.says((actor, command), &events);
                }
            }
        }
        panic!("no way to {goal:?}");
    }

    #[track_caller]
    pub(crate) fn at(goal: &Goal) -> Self {
        let mut story = Self::new();
        story.walks(goal);
        story
    }

    pub(crate) fn created() -> Self {
        Self::at(&Goal::Created)
    }

    pub(crate) fn managed() -> Self {
        Self::at(&Goal::AccountManaged)
    }

    pub(crate) fn discovering() -> Self {
        Self::at(&Goal::Discovering { open: 11 })
    }

    pub(crate) fn discovered() -> Self {
        Self::at(&Goal::Discovered)
    }

    pub(crate) fn signs_discovery(&mut self, side: Side) {
        let signature = signed_by(side, &self.t.discovery.hash(&self.t.id));
        self.does(&director(side), SignDiscovery { signature });
    }

    /// Both sign the example plan, and the clinical lead.
    pub(crate) fn agreed() -> Self {
        Self::at(&Goal::Agreed)
    }

    pub(crate) fn agree(mut self, plan: Plan) -> Self {
        let version = self.proposes(Side::Client, plan);
        self.all_sign_plan(version);
        self
    }

    /// Everybody whose signature the version needs.
    pub(crate) fn all_sign_plan(&mut self, version: u32) {
        for side in Side::BOTH {
            self.signs_plan(side, version);
        }
        let proposed = &self.t.schedule.version(version).unwrap().proposed;
        if self.t.needs_of_plan(&proposed.plan) == Needs::BothAndClinical {
            self.lead_signs_plan(version);
        }
    }

    pub(crate) fn lead_signs_plan(&mut self, version: u32) -> Vec<Event> {
        let hash = &self.t.schedule.version(version).unwrap().proposed.hash;
        let signature = segue_example::sign(&clinical_lead(), hash);
        self.does(&clinical_lead(), SignPlan { version, signature })
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

    /// Everything the gate asks for is recorded anew, now.
    pub(crate) fn proves(&mut self, chunk: &str) {
        for leg in GateLeg::ALL {
            self.does(&manager(Side::Outsourcer), evidence(chunk, leg, true));
        }
        let cells = self.chunk(chunk).planned.coverage.clone();
        for cell in cells {
            self.does(&nurse(), test_call(chunk, &cell, true));
        }
        self.walks(&Goal::Proved(chunk.into()));
    }

    pub(crate) fn sign_gate(&self, side: Side, chunk: &str) -> SignGate {
        SignGate {
            chunk: chunk.into(),
            signature: signed_by(side, &gates::hash(&self.t, &chunk.into())),
        }
    }

    #[track_caller]
    pub(crate) fn readies(&mut self, chunk: &str) {
        self.walks(&Goal::Ready(chunk.into()));
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

    /// Ready, then every agreed step up to the share.
    #[track_caller]
    pub(crate) fn goes_live(&mut self, chunk: &str, percent: u8) {
        self.walks(&Goal::Live(chunk.into(), percent));
    }

    pub(crate) fn sign_acceptance(&self, side: Side, chunk: &str) -> SignAcceptance {
        let chunk = ChunkId::from(chunk);
        let hash = &self.t.acceptances[&chunk].proposed.hash;
        SignAcceptance {
            signature: signed_by(side, hash),
            chunk,
        }
    }

    /// Lets the observation at the last step run to its end.
    pub(crate) fn soaks(&mut self, chunk: &str) {
        let until = segue_domain::soak::until(&self.t, self.chunk(chunk));
        self.not_before(until.unwrap());
    }

    /// The next agreed share, at its date.
    #[track_caller]
    pub(crate) fn raises(&mut self, chunk: &str, percent: u8) {
        self.goes_live(chunk, percent);
    }

    /// Live at 100 % and accepted by both.
    #[track_caller]
    pub(crate) fn finishes(&mut self, chunk: &str) {
        self.walks(&Goal::Accepted(chunk.into()));
    }

    pub(crate) fn sign_closure(&self, side: Side, chunk: &str) -> SignClosure {
        let chunk = ChunkId::from(chunk);
        SignClosure {
            signature: signed_by(side, &closure_hash(&self.t, &chunk)),
            chunk,
        }
    }

    #[track_caller]
    pub(crate) fn closes(&mut self, chunk: &str) {
        self.walks(&Goal::Closed(chunk.into()));
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

/// The command with another value at a place such as `/checks/0/kind`.
#[track_caller]
pub(crate) fn changed(command: &Command, place: &str, value: &Value) -> Command {
    let mut object = serde_json::to_value(command).unwrap();
    let (parent, last) = place.rsplit_once('/').unwrap();
    match object.pointer_mut(parent).expect("a place in the command") {
        Value::Array(items) => items[last.parse::<usize>().unwrap()] = value.clone(),
        Value::Object(fields) => {
            fields.insert(last.to_owned(), value.clone());
        }
        other => panic!("{place} in {other}"),
    }
    let Value::Object(mut fields) = object else {
        panic!("{} is no object", command.name())
    };
    fields.remove("command");
    segue_domain::fields::command(command.name(), fields).unwrap_or_else(|e| panic!("{place}: {e}"))
}

/// A proposal of the plan; what it does not move stays home.
pub(crate) fn propose_plan(plan: Plan) -> ProposePlan {
    ProposePlan {
        plan: Example::riverside().rest_at_home(plan),
        counter_to: None,
        reason: "as discussed".into(),
        terms: None,
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
        ..RecordTestCall::default()
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
    Fallback::of(scope, "trunk dead")
}
