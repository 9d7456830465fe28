//! The way home, ready before a chunk goes out: plan signed, drilled, printed; escalation, 911 and last resort tested.

use crate::cast::{of, sign};
use crate::way::{Move, Scene, signer};
use segue_domain::chunks::Chunk;
use segue_domain::contingency::drills::{PrintRunbook, RecordDrill};
use segue_domain::contingency::escalation::{
    RecordEmergencyDrill, RecordEscalationTest, RecordLastResortCall,
};
use segue_domain::contingency::library::{Advice, Threshold, TriggerKind};
use segue_domain::contingency::open_work::RecordOpenWork;
use segue_domain::contingency::plan::{
    Contact, ContingencyPlan, Mechanism, ProposeContingencyPlan, SignContingencyPlan,
};
use segue_domain::contingency::triggers::{SetTriggers, TestTriggers, Trigger, TriggerTest};
use segue_domain::contingency::watch::{Heartbeat, Observed};
use segue_domain::ladder::Rung;
use segue_domain::{Role, Side};

/// The duty manager of either party decides; two nurses are called in.
fn example_plan() -> ContingencyPlan {
    ContingencyPlan {
        mechanism: Mechanism::Api,
        rto_s: 60,
        contacts: Side::BOTH
            .map(|side| Contact {
                side,
                role: Role::Duty,
                decides: true,
            })
            .into(),
        steps: vec![
            "press fallback, or call the desk of the line".into(),
            "call in from the list, top down".into(),
            "work the list of open callbacks".into(),
        ],
        call_in: vec!["N-07".into(), "N-11".into()],
        overload_message: "We call you back. In an emergency hang up and dial 911.".into(),
    }
}

/// The plan, with every signature it needs.
pub(crate) fn plan(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    let id = chunk.planned.id.clone();
    let Some(known) = scene.t.contingency.plans.get(&id) else {
        let plan = example_plan();
        let propose = ProposeContingencyPlan { chunk: id, plan };
        return Some(Move::say(of(Side::Client, Role::Implementation), propose));
    };
    let actor = signer(&known.agreement, scene.t.needs_of_chunk(&chunk.planned))?;
    let signature = sign(&actor, &known.proposed.hash);
    let chunk = id;
    Some(Move::say(actor, SignContingencyPlan { chunk, signature }))
}

/// A drill under load, and the runbook on paper.
pub(crate) fn drill(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    let (id, known) = (&chunk.planned.id, &scene.t.contingency);
    let by = || of(Side::Client, Role::Implementation);
    let fresh = |drill: &segue_domain::contingency::drills::DrillRecorded| {
        let plan = known.plans.get(id).map(|plan| plan.proposed.at);
        plan <= Some(drill.started_at)
            && scene.is_fresh(drill.started_at, scene.t.terms.contingency.drill_valid_days)
    };
    if !known.drills.get(id).is_some_and(fresh) {
        let drill = RecordDrill {
            chunks: vec![id.clone()],
            started_at: None,
            first_call_s: 41,
            calls: 200,
            calls_lost: 0,
            callbacks_listed: true,
            reference: "drill record 3".into(),
        };
        return Some(Move::say(by(), drill));
    }
    let chunks = vec![id.clone()];
    let printed = known.runbooks.contains_key(id);
    (!printed).then(|| Move::say(by(), PrintRunbook { chunks }))
}

/// A nurse within half a minute, the emergency service of the patient's location, 988.
pub(crate) fn escalation(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    let (id, known) = (&chunk.planned.id, &scene.t.contingency);
    let by = || of(Side::Client, Role::TestCaller);
    let valid_days = scene.t.terms.evidence_valid_days;
    let tested = known.escalations.get(id);
    if scene.t.rung(&chunk.planned.call_type) < Some(Rung::Triage)
        && !tested.is_some_and(|test| scene.is_fresh(test.at, valid_days))
    {
        let mut lines = chunk.planned.lines.iter();
        let number = lines.find_map(|line| scene.t.line(line)?.escalation_numbers.first())?;
        let test = RecordEscalationTest {
            chunks: vec![id.clone()],
            number: number.clone(),
            nurse_after_s: 12,
            warm: true,
            past_split: true,
            failed: false,
        };
        return Some(Move::say(by(), test));
    }
    let valid_days = scene.t.terms.contingency.emergency_drill_valid_days;
    let drilled = known.emergencies.get(id);
    if drilled.is_some_and(|drill| scene.is_fresh(drill.at, valid_days)) {
        return None;
    }
    let drill = RecordEmergencyDrill {
        chunks: vec![id.clone()],
        partner_number: "7990".into(),
        by_patient_location: true,
        address_first: true,
        crisis_line_warm: true,
    };
    Some(Move::say(by(), drill))
}

/// Each line's last resort, called within the week.
pub(crate) fn last_resort(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    let valid_days = scene.t.terms.contingency.last_resort_valid_days;
    let called = &scene.t.contingency.last_resorts;
    let stale = |line: &&segue_domain::ids::LineId| {
        let call = called.get(line);
        !call.is_some_and(|call| call.answered && scene.is_fresh(call.at, valid_days))
    };
    let lines: Vec<_> = chunk.planned.lines.iter().filter(stale).cloned().collect();
    let call = RecordLastResortCall {
        lines: lines.clone(),
        answered: true,
        reference: None,
    };
    (!lines.is_empty()).then(|| Move::say(of(Side::Client, Role::TestCaller), call))
}

/// From where on each trigger fires, and what is advised.
fn library(kind: TriggerKind) -> (Threshold, Advice) {
    use TriggerKind as K;
    match kind {
        K::PathDead => (Threshold::FailuresInARow { count: 3 }, Advice::Fallback),
        K::NobodyAnswers => (Threshold::NoneAnswered { offered: 5 }, Advice::Fallback),
        K::TrunksDown => (Threshold::EveryTrunkDown, Advice::Fallback),
        K::GuardrailFail => (Threshold::VerdictFail, Advice::Fallback),
        K::ServiceLevelCollapse => (Threshold::AnsweredBelow { bp: 5_000 }, Advice::LowerShare),
        K::Abandonment => (Threshold::AbandonedAbove { bp: 2_000 }, Advice::LowerShare),
        K::HandleTime => (Threshold::HandleTimeAbove { bp: 13_000 }, Advice::Hold),
        K::AgentShortfall => (Threshold::AgentsBelow { bp: 8_000 }, Advice::LowerShare),
        K::RecordAccessLost | K::CyberIncident | K::ClinicalHarm | K::DataBreach => {
            (Threshold::Reported, Advice::Fallback)
        }
        K::Weather | K::Surge | K::Strike => (Threshold::Reported, Advice::CallIn),
        K::ContractDispute => (Threshold::Reported, Advice::Hold),
    }
}

/// What makes a threshold fire in a test.
fn firing(threshold: Threshold) -> Vec<Observed> {
    let calls = |offered, answered, abandoned| Observed::Calls {
        offered,
        answered,
        answered_within: 0,
        abandoned,
    };
    let outcome = Heartbeat::Failed;
    match threshold {
        Threshold::FailuresInARow { count } => {
            let failed = Observed::Heartbeat { outcome };
            (0..count).map(|_| failed).collect()
        }
        Threshold::NoneAnswered { offered } => vec![calls(offered.into(), 0, 0)],
        Threshold::EveryTrunkDown => vec![Observed::Trunks { up: 0, of: 2 }],
        Threshold::VerdictFail => vec![Observed::Guardrail { failed: true }],
        Threshold::AnsweredBelow { .. } => vec![calls(100, 100, 0)],
        Threshold::AbandonedAbove { .. } => vec![calls(100, 0, 100)],
        Threshold::HandleTimeAbove { .. } => vec![Observed::HandleTime {
            aht_s: 858,
            planned_s: 600,
        }],
        Threshold::AgentsBelow { .. } => vec![Observed::Agents {
            logged_in: 0,
            rostered: 14,
        }],
        Threshold::Reported => Vec::new(),
    }
}

/// The library of triggers with the deputy account manager as owner, each fired in a test; none acts without a person.
pub(crate) fn triggers(scene: &Scene<'_>, _: &Chunk) -> Option<Move> {
    let known = &scene.t.contingency.triggers;
    let unset = TriggerKind::ALL
        .into_iter()
        .filter(|k| !known.contains_key(k));
    let triggers: Vec<_> = unset
        .map(|kind| {
            let (threshold, advice) = library(kind);
            Trigger {
                kind,
                owner: "cb-deputy".into(),
                threshold,
                advice,
                automatic: false,
                false_alarms_per_quarter_bp: None,
            }
        })
        .collect();
    if !triggers.is_empty() {
        let by = of(Side::Outsourcer, Role::Implementation);
        return Some(Move::say(by, SetTriggers { triggers }));
    }
    let untested = known.values().filter(|set| set.tested_at.is_none());
    let tests: Vec<_> = untested
        .map(|set| TriggerTest {
            kind: set.trigger.kind,
            observed: firing(set.trigger.threshold),
        })
        .collect();
    let by = of(Side::Client, Role::TestCaller);
    (!tests.is_empty()).then(|| Move::say(by, TestTriggers { tests }))
}

/// The first snapshot of open work: nothing is open yet.
pub(crate) fn open_work(scene: &Scene<'_>, _: &Chunk) -> Option<Move> {
    let first = RecordOpenWork {
        taken_at: scene.now,
        items: Vec::new(),
    };
    let never = scene.t.contingency.open_work.is_none();
    never.then(|| Move::say(of(Side::Outsourcer, Role::Duty), first))
}
