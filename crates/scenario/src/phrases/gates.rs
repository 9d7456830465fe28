//! Gates: evidence, test calls, both signatures.

use super::{Phrase, given, when};
use crate::sign;
use crate::steps::{reach, sends};
use crate::words::{chunk, leg, one_of, quoted};
use segue_domain::gates::{RecordEvidence, SignGate};
use segue_domain::test_calls::RecordTestCall;
use segue_example::Goal;

pub(super) const PHRASES: &[Phrase] = &[
    given("{chunk} ready", |w| reach(Goal::Ready(chunk(w[0])?))),
    when("every leg and test cell of {chunk} is proved", |w| {
        reach(Goal::Proved(chunk(w[0])?))
    }),
    when("{person} records {leg} of {chunk} as {green|red}", |w| {
        let leg = leg(w[1])?;
        let evidence = RecordEvidence {
            chunk: chunk(w[2])?,
            leg,
            passed: one_of(w[3], "green", "red")?,
            reference: format!("binder, {}", leg.words()),
        };
        sends(w[0], evidence)
    }),
    when(
        "{person} records a test call of {chunk} for {\"cell\"} as {passed|failed}",
        |w| {
            let call = RecordTestCall {
                chunk: chunk(w[1])?,
                cell: quoted(w[2])?,
                passed: one_of(w[3], "passed", "failed")?,
                evidence: "recording 8".into(),
                ..RecordTestCall::default()
            };
            sends(w[0], call)
        },
    ),
    when("{person} signs the gate of {chunk}", |w| {
        let (chunk, signature) = (chunk(w[1])?, sign::later());
        sends(w[0], SignGate { chunk, signature })
    }),
];
