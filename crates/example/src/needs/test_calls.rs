//! The client's staff place test calls: the nurse every cell, a scheduler at least one of each call type.

use crate::cast::of;
use crate::way::{Move, Scene};
use segue_domain::chunks::Chunk;
use segue_domain::ids::CallTypeId;
use segue_domain::test_calls::{RecordTestCall, TestCallRecorded, missing_cells};
use segue_domain::test_campaign::{NameTestCallers, TestCaller};
use segue_domain::test_scenarios::{Scenario, WriteTestScenarios};
use segue_domain::{Actor, Role, Side};

fn callers() -> [(Actor, &'static str, &'static [&'static str]); 2] {
    [
        (
            of(Side::Client, Role::TestCaller),
            "Night shift",
            &["CONSULT", "TRIAGE"],
        ),
        (
            of(Side::Client, Role::Quality),
            "Day shift",
            &["MSG", "APPT"],
        ),
    ]
}

/// Script cards, one of which waits for know-how that nobody has captured yet.
pub(crate) fn cards_written(scene: &Scene<'_>) -> Option<Move> {
    let card =
        |id: &str, call_type: &str, intent: &str, expected: &str, knowledge: Option<&str>| {
            Scenario {
                id: id.into(),
                call_type: call_type.into(),
                intent: intent.into(),
                expected: vec![expected.into()],
                forbidden: vec!["gives advice that is a nurse's".into()],
                knowledge: knowledge.map(Into::into),
                language: None,
                shift: None,
                trick: false,
            }
        };
    let cards = [
        card(
            "MSG-1",
            "MSG",
            "leaves word about a refill",
            "reads the message back",
            Some("K-3"),
        ),
        card(
            "MSG-2",
            "MSG",
            "asks for the doctor at 23:00",
            "reads the on-call schedule back",
            Some("K-1"),
        ),
        card(
            "APPT-1",
            "APPT",
            "wants a visit before school starts",
            "offers two dates",
            None,
        ),
    ];
    let open = |card: &Scenario| {
        scene.t.rung(&card.call_type).is_some() && !scene.t.test_scenarios.contains_key(&card.id)
    };
    let scenarios: Vec<_> = cards.into_iter().filter(open).collect();
    let client = of(Side::Client, Role::TestCaller);
    (!scenarios.is_empty()).then(|| Move::say(client, WriteTestScenarios { scenarios }))
}

/// The client names who calls.
pub(crate) fn callers_named(scene: &Scene<'_>, _: &Chunk) -> Option<Move> {
    let known = |id: &CallTypeId| scene.t.rung(id).is_some();
    let callers = callers().map(|(actor, team, types)| TestCaller {
        person: actor.person,
        team: team.into(),
        works_today: types
            .iter()
            .map(|k| CallTypeId::from(*k))
            .filter(known)
            .collect(),
    });
    let missing = |c: &TestCaller| !scene.t.test_campaign.callers.contains_key(&c.person);
    let callers: Vec<_> = callers.into_iter().filter(missing).collect();
    let client = of(Side::Client, Role::Implementation);
    (!callers.is_empty()).then(|| Move::say(client, NameTestCallers { callers }))
}

/// The nurse calls for the first cell that is not green.
pub(crate) fn cells_covered(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    let cell = missing_cells(scene.t, &chunk.planned.id, scene.now)
        .into_iter()
        .next()?;
    Some(call(
        scene,
        chunk,
        &of(Side::Client, Role::TestCaller),
        cell,
    ))
}

/// Each of the callers has called lately.
pub(crate) fn second_caller(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    let cell = chunk.planned.coverage.first()?;
    let days = scene.t.terms.evidence_valid_days;
    let lately = |actor: &Actor| {
        let own = |call: &&TestCallRecorded| {
            call.chunk == chunk.planned.id && call.caller.as_ref() == Some(&actor.person)
        };
        let mut own = scene.t.test_calls.iter().rev().filter(own);
        own.next().is_some_and(|call| scene.is_fresh(call.at, days))
    };
    let actors = callers().map(|(actor, ..)| actor);
    let silent = actors.into_iter().find(|actor| !lately(actor))?;
    Some(call(scene, chunk, &silent, cell.clone()))
}

fn call(scene: &Scene<'_>, chunk: &Chunk, by: &Actor, cell: String) -> Move {
    let agents = segue_domain::agents::rostered_for(scene.t, &chunk.planned.call_type);
    let placed = RecordTestCall {
        chunk: chunk.planned.id.clone(),
        cell,
        passed: true,
        evidence: "recording 7".into(),
        scenario: None,
        agent: agents.map(|a| a.agent.clone()).next(),
    };
    Move::say(by.clone(), placed)
}
