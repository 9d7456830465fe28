//! Recorded evidence for the five legs, and test calls for each cell of the coverage.

use crate::cast::of;
use crate::way::{Move, Scene};
use segue_domain::chunks::Chunk;
use segue_domain::gates::{GateLeg, RecordEvidence};
use segue_domain::test_calls::{RecordTestCall, missing_cells};
use segue_domain::{Role, Side};

/// A leg without green and fresh evidence gets it.
pub(crate) fn legs(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    let id = &chunk.planned.id;
    let gate = scene.t.gates.get(id);
    let fresh = |leg: &GateLeg| {
        gate.and_then(|gate| gate.evidence.get(leg))
            .is_some_and(|e| e.passed && scene.is_fresh(e.at, scene.t.terms.evidence_valid_days))
    };
    let leg = GateLeg::ALL.into_iter().find(|leg| !fresh(leg))?;
    let evidence = RecordEvidence {
        chunk: id.clone(),
        leg,
        passed: true,
        reference: format!("binder, {}", leg.words()),
    };
    Some(Move::say(
        of(Side::Outsourcer, Role::Implementation),
        evidence,
    ))
}

/// The client's nurse calls for the first cell that is not green.
pub(crate) fn test_calls(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    let id = &chunk.planned.id;
    let cell = missing_cells(scene.t, id, scene.now).into_iter().next()?;
    let placed = RecordTestCall {
        chunk: id.clone(),
        cell,
        passed: true,
        evidence: "recording 7".into(),
    };
    Some(Move::say(of(Side::Client, Role::TestCaller), placed))
}
