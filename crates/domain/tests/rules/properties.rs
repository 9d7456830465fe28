//! What holds of every history, however people press: 600 histories of up to 60 acts each, the same in every run.

use crate::fixture::{self, director, duty, manager};
use crate::support::{
    Story, evidence, fallback, id, lower, outcome, propose_plan, propose_step, signed_by,
};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use segue_domain::acceptance::{ProposeAcceptance, Verdict};
use segue_domain::account_manager::{NameAccountManager, RemoveAccountManager};
use segue_domain::chunks::ChunkState;
use segue_domain::discovery::CompleteDiscoveryItem;
use segue_domain::fallback::{VerifyReturn, WriteIncidentNote};
use segue_domain::gates::GateLeg;
use segue_domain::ids::{ChunkId, StepId};
use segue_domain::schedule::Plan;
use segue_domain::schedule::rush::Floors;
use segue_domain::signature::Signed;
use segue_domain::soak::Soak;
use segue_domain::{Actor, Code, Command, Event, Side, decide, replay};
use segue_example::{Goal, MOVES_MAX, Move};
use std::collections::{BTreeMap, BTreeSet};

const HISTORIES: usize = 600;
const CHUNKS: [&str; 4] = [
    "RVS-Main/MSG",
    "RVS-Main/APPT",
    "RVS-North/MSG",
    "RVS-North/APPT",
];

/// One act: what, by which party, on which chunk, and a number that means whatever it needs.
type Act = (u8, bool, u8, u8);

/// Plans that differ in shares, scope and hours; every date is past, so that only the rules hold anybody back.
fn plan(variant: u8) -> Plan {
    let mut plan = fixture::plan();
    plan.chunks.retain(|c| CHUNKS.contains(&c.id.as_str()));
    for chunk in &mut plan.chunks {
        for step in &mut chunk.steps {
            step.from = step.from.saturating_sub(jiff::Span::new().years(2));
        }
    }
    match variant % 4 {
        1 => plan.chunks[0].steps[1].share_percent = segue_domain::share::ShareInput::percent(60),
        2 => plan.chunks.truncate(3),
        3 => {
            plan.chunks[1].windows = vec![segue_domain::windows::ShiftWindow::new(
                "Mon-Fri 19:00-07:00",
                fixture::ZONE,
            )];
            plan.stays_home
                .push(crate::fixture::by_day(&plan.chunks[1]));
        }
        _ => {}
    }
    plan
}

/// Discovery is signed, under terms without floors: these histories have no time to spend.
fn discovered() -> Story {
    let mut story = Story::new();
    let terms = &mut story.example.create.terms;
    terms.floors = Floors::none();
    terms.soak = Soak::none();
    story.walks(&Goal::Discovered);
    story
}

#[derive(Default)]
struct Seen {
    raises: usize,
    fallbacks: usize,
    accepted: usize,
    closed: usize,
    plans: usize,
    refused: BTreeMap<Code, usize>,
}

struct History<'a> {
    story: Story,
    seen: &'a mut Seen,
    /// Chunks that fell back, with the steps known by then: none of those may ever take effect.
    void: BTreeMap<ChunkId, BTreeSet<StepId>>,
}

impl History<'_> {
    fn tries(&mut self, actor: &Actor, command: impl Into<Command>) {
        let command = command.into();
        let decided = decide(&self.story.t, &command, actor, self.story.now);
        let again = decide(&self.story.t, &command, actor, self.story.now);
        assert_eq!(decided, again, "decide must be pure");
        match decided {
            Ok(events) => {
                self.story.record(&events);
                for event in &events {
                    self.check_event(event);
                }
                self.check_state();
            }
            Err(refusal) => *self.seen.refused.entry(refusal.code).or_default() += 1,
        }
    }

    fn check_event(&mut self, event: &Event) {
        match event {
            Event::ShareChanged(e) if e.to > e.from => {
                self.seen.raises += 1;
                let planned = &self.story.t.chunks[&e.chunk].planned;
                assert!(
                    planned
                        .steps
                        .iter()
                        .any(|s| s.share_percent.parse() == Ok(e.to)),
                    "{} % of {} is in no agreed step",
                    e.to.percent(),
                    e.chunk
                );
                self.check_step_signed(&e.chunk, e.epoch);
            }
            Event::FellBack(e) => {
                self.seen.fallbacks += 1;
                for returned in &e.chunks {
                    let known = self.story.t.steps.values();
                    let of_chunk = known.filter(|s| s.proposed.chunk == returned.chunk);
                    let names = of_chunk.map(|s| s.proposed.step.clone());
                    self.void.insert(returned.chunk.clone(), names.collect());
                    assert!(!self.story.t.chunks[&returned.chunk].is_out());
                }
            }
            Event::ChunkAccepted(_) => self.seen.accepted += 1,
            Event::ChunkClosed(_) => self.seen.closed += 1,
            Event::ScheduleAgreed(e) => {
                self.seen.plans += 1;
                let signed: Vec<_> = self.signatures(|fact| match fact {
                    Event::PlanSigned(p) if p.version == e.version => Some(&p.signed),
                    _ => None,
                });
                assert_both_on_one_hash(&signed, &e.hash);
            }
            Event::GatePassed(e) => {
                let hash = segue_domain::gates::hash(&self.story.t, &e.chunk);
                let signed: Vec<_> = self.signatures(|fact| match fact {
                    Event::GateSigned(g) if g.chunk == e.chunk => Some(&g.signed),
                    _ => None,
                });
                assert_both_on_one_hash(&signed, &hash);
            }
            _ => {}
        }
    }

    /// From the facts alone, not from the state: a step of this chunk has both signatures over its own hash.
    fn check_step_signed(&self, chunk: &ChunkId, epoch: u64) {
        let step = self.story.facts.iter().rev().find_map(|fact| match fact {
            Event::StepApproved(e) => Some(e.step.clone()),
            _ => None,
        });
        let step = step.expect("an approval before a raise");
        let proposed = self.story.facts.iter().find_map(|fact| match fact {
            Event::StepProposed(e) if e.step == step => Some(e),
            _ => None,
        });
        let proposed = proposed.expect("a proposal before an approval");
        assert_eq!((&proposed.chunk, proposed.epoch), (chunk, epoch));
        let void = self.void.get(chunk).is_some_and(|s| s.contains(&step));
        assert!(!void, "{step} was agreed before a fallback of {chunk}");
        let signed: Vec<_> = self.signatures(|fact| match fact {
            Event::StepApproved(e) if e.step == step => Some(&e.signed),
            _ => None,
        });
        assert_both_on_one_hash(&signed, &proposed.hash);
    }

    fn signatures<'s>(&'s self, pick: impl Fn(&'s Event) -> Option<&'s Signed>) -> Vec<&'s Signed> {
        self.story.facts.iter().filter_map(pick).collect()
    }

    fn check_state(&self) {
        let live = self.story.t.chunks.values();
        let live = live.filter(|c| c.state == ChunkState::Live);
        let sites: BTreeSet<_> = live.map(|c| &c.planned.site).collect();
        assert!(sites.len() <= 1, "active at once: {sites:?}");
        for (id, chunk) in &self.story.t.chunks {
            let home = matches!(
                chunk.state,
                ChunkState::Agreed | ChunkState::Ready | ChunkState::Returned { .. }
            );
            assert!(!home || !chunk.share.is_out(), "{id} {chunk:?}");
        }
    }
}

fn assert_both_on_one_hash(signed: &[&Signed], hash: &str) {
    for side in Side::BOTH {
        assert!(
            signed
                .iter()
                .any(|s| s.side == side && s.signed_hash == hash),
            "no signature of the {side} over {hash}"
        );
    }
}

fn act(history: &mut History<'_>, (what, outsourcer, which, number): Act) {
    let side = if outsourcer {
        Side::Outsourcer
    } else {
        Side::Client
    };
    let chunk = CHUNKS[usize::from(which) % CHUNKS.len()];
    let (boss, pm) = (director(side), manager(side));
    match what % 20 {
        0 => {
            let step_min = [1, 12 * 60][usize::from(which % 2)];
            history
                .story
                .minutes_pass(i64::from(number % 25) * step_min);
        }
        1 => history.tries(&pm, propose_plan(plan(number))),
        2 => {
            let known = u8::try_from(history.story.t.schedule.versions.len()).unwrap();
            let version = u32::from(known.saturating_sub(number % 2));
            if version > 0 {
                let command = history.story.sign_plan(side, version);
                history.tries(&boss, command);
            }
        }
        3..=5 => prove(history, side, chunk, number),
        6..=8 => raise(history, side, chunk, number),
        9 | 10 => approve_any(history, side, number),
        11 => history.tries(&duty(side), lower(chunk, number % 101)),
        12 => {
            let scope = ["all", "RVS-Main", "RVS-North", chunk][usize::from(number % 4)];
            history.tries(&duty(side), fallback(scope));
        }
        13 => recover(history, &pm),
        14 | 15 => accept(history, side, chunk),
        16 => {
            let chunk = CHUNKS[usize::from(which / 128)];
            for side in [side, side.other()]
                .into_iter()
                .take(1 + usize::from(number % 2))
            {
                let command = history.story.sign_closure(side, chunk);
                history.tries(&director(side), command);
            }
        }
        17 => manage(history, &pm, number),
        18 if number < 40 => {
            let item = segue_domain::discovery::DEFAULT_ITEMS[usize::from(number) % 11].to_owned();
            let evidence = format!("edition {number}");
            history.tries(&pm, CompleteDiscoveryItem { item, evidence });
        }
        18 => {
            let hash = history.story.t.discovery.hash(&id());
            let signature = signed_by(side, &hash);
            history.tries(&boss, segue_domain::discovery::SignDiscovery { signature });
        }
        _ => history.story.hours_pass(i64::from(number)),
    }
}

/// Makes the gate green, now and then red, and signs it for one party or both.
fn prove(history: &mut History<'_>, side: Side, chunk: &str, number: u8) {
    if history.story.t.chunk(&chunk.into()).is_none() {
        return;
    }
    if number == 7 {
        history.tries(&manager(side), evidence(chunk, GateLeg::Agents, false));
    } else {
        obtain(history, &Goal::Proved(chunk.into()));
    }
    let agents = if number % 4 == 1 { 2 } else { 60 };
    history.tries(&manager(side), crate::capacity::forecast(chunk, agents));
    for side in [side, side.other()]
        .into_iter()
        .take(1 + usize::from(number % 3))
    {
        let command = history.story.sign_gate(side, chunk);
        history.tries(&director(side), command);
    }
}

/// What the example's people do next for a goal, as far as it goes without waiting.
fn obtain(history: &mut History<'_>, goal: &Goal) {
    for _ in 0..MOVES_MAX {
        let story = &history.story;
        let Some(Move::Say(said)) = story.example.next(&story.t, goal, story.now) else {
            return;
        };
        let before = story.facts.len();
        history.tries(&said.0, said.1);
        if history.story.facts.len() == before {
            return;
        }
    }
}

/// Proposes the next agreed share or any other, and approves it by one, both or nobody.
fn raise(history: &mut History<'_>, side: Side, chunk: &str, number: u8) {
    let Some(known) = history.story.t.chunk(&chunk.into()) else {
        return;
    };
    let next = known
        .planned
        .steps
        .iter()
        .filter_map(|s| s.share_percent.parse().ok());
    let next = next.into_iter().find(|s| *s > known.share);
    let percent = match next {
        Some(next) if !number.is_multiple_of(8) => next.percent(),
        _ => number,
    };
    let before = history.story.t.steps.len();
    history.tries(&manager(side), propose_step(chunk, percent));
    if history.story.t.steps.len() > before {
        let step = StepId(format!("S-{}", before + 1));
        for side in [side, side.other()]
            .into_iter()
            .take(usize::from(number % 3))
        {
            let command = history.story.approval(side, &step);
            history.tries(&director(side), command);
        }
    }
}

fn approve_any(history: &mut History<'_>, side: Side, number: u8) {
    let steps: Vec<_> = history.story.t.steps.keys().cloned().collect();
    if let Some(step) = steps.iter().rev().nth(usize::from(number % 4)) {
        let command = history.story.approval(side, step);
        history.tries(&director(side), command);
    }
}

fn recover(history: &mut History<'_>, pm: &Actor) {
    let Some(incident) = history.story.t.incidents.keys().last().cloned() else {
        return;
    };
    let evidence = "call 4".to_owned();
    let verify = VerifyReturn {
        incident: incident.clone(),
        evidence,
    };
    history.tries(pm, verify);
    let note = WriteIncidentNote {
        incident,
        reference: "binder".into(),
        telephony_only: true,
    };
    history.tries(pm, note);
    history.story.hours_pass(2);
}

fn accept(history: &mut History<'_>, side: Side, chunk: &str) {
    let (chunk_id, outcome) = (ChunkId::from(chunk), outcome(Verdict::Pass));
    if !history.story.t.acceptances.contains_key(&chunk_id) {
        let chunk = chunk_id.clone();
        history.tries(&manager(side), ProposeAcceptance { chunk, outcome });
    }
    if history.story.t.acceptances.contains_key(&chunk_id) {
        let command = history.story.sign_acceptance(side, chunk);
        history.tries(&director(side), command);
    }
}

fn manage(history: &mut History<'_>, pm: &Actor, number: u8) {
    if number < 30 {
        history.tries(pm, RemoveAccountManager {});
    } else {
        let (person, deputy) = ("cb-account".into(), None);
        history.tries(pm, NameAccountManager { person, deputy });
    }
}

#[test]
fn every_history_keeps_the_invariants_and_replays_to_the_same_state() {
    let discovered = discovered();
    let agreed = discovered.clone().agree(plan(0));
    let mut out = agreed.clone();
    out.goes_live(CHUNKS[0], 100);
    let mut held = agreed.clone();
    held.finishes(CHUNKS[0]);
    held.hours_pass(29 * 24 + 12);
    let starts = [&discovered, &agreed, &out, &held];
    let mut seen = Seen::default();
    let mut runner = TestRunner::deterministic();
    let acts = proptest::collection::vec(proptest::arbitrary::any::<Act>(), 1..60);
    for n in 0..HISTORIES {
        let acts = acts.new_tree(&mut runner).unwrap().current();
        let mut history = History {
            story: starts[n % starts.len()].clone(),
            seen: &mut seen,
            void: BTreeMap::new(),
        };
        for one in acts {
            act(&mut history, one);
        }
        let story = history.story;
        assert_eq!(replay(id(), &story.facts), story.t);
        let text = serde_json::to_string(&story.facts).unwrap();
        let read: Vec<Event> = serde_json::from_str(&text).unwrap();
        assert_eq!(read, story.facts, "facts survive their text form");
    }
    // Not vacuous: the histories reached every corner that the invariants speak of.
    for (what, count) in [
        ("raises", seen.raises),
        ("fallbacks", seen.fallbacks),
        ("acceptances", seen.accepted),
        ("closures", seen.closed),
        ("plans", seen.plans),
    ] {
        assert!(count >= 5, "only {count} {what}");
    }
    for code in [
        Code::SupersededByFallback,
        Code::SiteSerial,
        Code::LadderLocked,
        Code::CoolDown,
        Code::ApprovalStale,
        Code::HashMismatch,
        Code::StepNotInPlan,
        Code::ShareOutOfRange,
        Code::ScheduleNotAgreed,
        Code::DiscoveryOpen,
        Code::NoAccountManager,
        Code::HoldRunning,
        Code::CapacityShort,
    ] {
        assert!(seen.refused.contains_key(&code), "{code} was never met");
    }
}
