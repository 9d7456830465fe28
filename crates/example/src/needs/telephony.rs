//! The telephony engineer checks every path before it is used, and again when the checks grow old.

use crate::cast::of;
use crate::way::{Move, Scene};
use segue_domain::chunks::Chunk;
use segue_domain::ids::LineId;
use segue_domain::telephony_checks::{
    CheckKind, CheckOutcome, CheckResult, RecordTelephonyChecks, calls_min, paths,
};
use segue_domain::{Role, Side};

/// The first path of the chunk that is not wholly and freshly checked.
pub(crate) fn checked(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    let (line, dialled) =
        paths(scene.t, chunk).find(|(line, dialled)| !is_checked(scene, line, dialled))?;
    let check = |kind: &CheckKind| CheckResult {
        kind: *kind,
        outcome: CheckOutcome::Passed,
        measured: match kind {
            CheckKind::Reach => Some(900),
            CheckKind::RingTime => Some(4_000),
            CheckKind::TwoWayAudio => Some(420),
            CheckKind::Concurrency => Some(calls_min(scene.t, chunk).unwrap_or(1)),
            CheckKind::InterpreterTime => Some(35),
            _ => None,
        },
    };
    let checks = RecordTelephonyChecks {
        line: line.clone(),
        dialled: dialled.to_owned(),
        checks: CheckKind::ALL.iter().map(check).collect(),
        reference: "protocol of the telephony engineer".into(),
    };
    Some(Move::say(of(Side::Client, Role::Implementation), checks))
}

fn is_checked(scene: &Scene<'_>, line: &LineId, dialled: &str) -> bool {
    let days = scene.t.terms.testing.telephony_valid_days;
    let results = scene
        .t
        .telephony_checks
        .get(line)
        .and_then(|r| r.get(dialled));
    let good = |kind: &CheckKind| {
        let checked = results.and_then(|r| r.get(kind));
        checked
            .is_some_and(|c| c.result.outcome == CheckOutcome::Passed && scene.is_fresh(c.at, days))
    };
    CheckKind::ALL.iter().all(good)
}
