//! Testing before trusting: many test calls at once, a whole roster, training and its sample.

use super::{Phrase, when};
use crate::people;
use crate::steps::{Read, act, sends, sends_with};
use crate::words::{chunk, number, one_of, quoted};
use jiff::civil::date;
use segue_domain::agents::{Credential, RosterAgents, RosteredAgent, rostered_for};
use segue_domain::ids::{AgentId, CallTypeId};
use segue_domain::test_calls::RecordTestCall;
use segue_domain::training::{RecordTraining, ReviewTraining, TrainingRecord, TrainingReview};
use std::collections::BTreeSet;

pub(super) const PHRASES: &[Phrase] = &[
    when(
        "{person} records {n} test calls of {chunk} for {\"cell\"} as {passed|failed}",
        |w| {
            let call = RecordTestCall {
                chunk: chunk(w[2])?,
                cell: quoted(w[3])?,
                passed: one_of(w[4], "passed", "failed")?,
                evidence: "recording 8".into(),
                ..RecordTestCall::default()
            };
            let (by, count): (_, u32) = (people::read(w[0])?, number(w[1])?);
            act(move |world| {
                Box::pin(async move {
                    for _ in 0..count {
                        world.must(&by, call.clone()).await?;
                    }
                    Ok(())
                })
            })
        },
    ),
    when("{person} rosters {n} agents for {type}", |w| {
        let agents = 1..=number::<u32>(w[1])?;
        let agents = agents.map(|n| RosteredAgent {
            agent: format!("B-{n:02}").as_str().into(),
            call_types: [w[2].into()].into(),
            languages: BTreeSet::new(),
            credential: Credential::Unlicensed,
        });
        let agents = agents.collect();
        sends(w[0], RosterAgents { agents })
    }),
    when(
        "{person} hands in training records for {type}, {agent} without an assessor",
        |w| training(w[0], w[1], Some(w[2].into())),
    ),
    when("{person} hands in training records for {type}", |w| {
        training(w[0], w[1], None)
    }),
    when("{person} agrees with the whole sample", |w| {
        sends_with(w[0], |seen| {
            let open = seen.state.training.open_sample();
            let drawn = open.into_iter().flat_map(|sample| &sample.drawn.drawn);
            let reviews = drawn.map(|agent| TrainingReview {
                agent: agent.clone(),
                agrees: true,
                note: String::new(),
            });
            let reviews = reviews.collect();
            Ok(ReviewTraining { reviews })
        })
    }),
];

/// One record for each agent of the call type; one of them may be a mere attestation.
fn training(person: &str, call_type: &str, attested: Option<AgentId>) -> Read {
    let call_type = CallTypeId::from(call_type);
    sends_with(person, move |seen| {
        let record = |agent: &AgentId| TrainingRecord {
            agent: agent.clone(),
            module: "Messages".into(),
            score_percent: 92,
            assessor: (attested.as_ref() != Some(agent)).then(|| "cb-quality".into()),
            on: date(2026, 12, 14),
            evidence: Some("training recording".into()),
        };
        let records = rostered_for(&seen.state, &call_type)
            .map(|agent| record(&agent.agent))
            .collect();
        Ok(RecordTraining { records })
    })
}
