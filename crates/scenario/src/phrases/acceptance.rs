//! Acceptance, hold and closure.

use super::{Phrase, given, when};
use crate::sign;
use crate::steps::{reach, sends, sends_with};
use crate::words::{chunk, number, verdict};
use segue_domain::acceptance::{OutcomeRecord, ProposeAcceptance, SignAcceptance, SignClosure};
use segue_domain::headaches::Headaches;
use segue_example::Goal;

pub(super) const PHRASES: &[Phrase] = &[
    given("{chunk} accepted", |w| reach(Goal::Accepted(chunk(w[0])?))),
    given("{chunk} closed", |w| reach(Goal::Closed(chunk(w[0])?))),
    when(
        "{person} proposes acceptance of {chunk}: {n} of {n} in time, {pass|not proved|worse|no data}",
        |w| {
            let (chunk, verdict) = (chunk(w[1])?, verdict(w[4])?);
            let (answered_within, offered) = (number(w[2])?, number(w[3])?);
            sends_with(w[0], move |seen| {
                let planned = &seen.chunk(&chunk)?.planned;
                let baseline = seen.state.baselines.of(&planned.site, &planned.call_type);
                let aht_s = baseline.map_or(0, |b| u64::from(b.aht_s));
                let outcome = OutcomeRecord {
                    offered,
                    answered_within,
                    abandoned: 0,
                    answered: offered,
                    handle_s: offered * aht_s,
                    incidents: 0,
                    headaches: Headaches::default(),
                    headaches_in_house: Headaches::default(),
                    formula: seen.state.terms.service_level_formula.clone(),
                    verdict,
                    evidence: "parity report 12".into(),
                };
                Ok(ProposeAcceptance { chunk, outcome })
            })
        },
    ),
    when("{person} accepts {chunk}", |w| {
        let (chunk, signature) = (chunk(w[1])?, sign::later());
        sends(w[0], SignAcceptance { chunk, signature })
    }),
    when("{person} closes the door of {chunk}", |w| {
        let (chunk, signature) = (chunk(w[1])?, sign::later());
        sends(w[0], SignClosure { chunk, signature })
    }),
];
