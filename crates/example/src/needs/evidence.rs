//! Recorded evidence for the five legs.

use crate::cast::of;
use crate::way::{Move, Scene};
use segue_domain::chunks::Chunk;
use segue_domain::gates::{GateLeg, RecordEvidence};
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
