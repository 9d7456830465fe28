//! Fallback: the way home, and what the way out again needs.

use super::{Phrase, then, when};
use crate::phrases::journal::holds_facts;
use crate::steps::{Read, sends, sends_with};
use crate::words::{number, quoted};
use segue_domain::fallback::{Fallback, VerifyReturn, WriteIncidentNote};

pub(super) const PHRASES: &[Phrase] = &[
    when("{person} brings {all|SITE|CHUNK} home", |w| {
        sends(w[0], Fallback::of(w[1], "scenario"))
    }),
    when("{person} verifies the return with {\"proof\"}", |w| {
        let evidence = quoted(w[1])?;
        sends_with(w[0], move |seen| {
            let incident = seen.newest_incident()?;
            Ok(VerifyReturn { incident, evidence })
        })
    }),
    when("{person} writes the incident note {\"reference\"}", |w| {
        writes(w, false)
    }),
    when(
        "{person} writes the incident note {\"reference\"}, telephony only",
        |w| writes(w, true),
    ),
    then("there is one incident", |_| holds_facts("fell_back", 1)),
    then("there are {n} incidents", |w| {
        holds_facts("fell_back", number(w[0])?)
    }),
];

fn writes(w: &[&str], telephony_only: bool) -> Read {
    let reference = quoted(w[1])?;
    sends_with(w[0], move |seen| {
        Ok(WriteIncidentNote {
            incident: seen.newest_incident()?,
            reference,
            telephony_only,
        })
    })
}
