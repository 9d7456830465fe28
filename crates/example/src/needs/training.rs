//! The outsourcer's training records, and the client's sample of them.

use crate::cast::of;
use crate::way::{Move, Scene};
use jiff::civil::date;
use segue_domain::agents::rostered_for;
use segue_domain::chunks::Chunk;
use segue_domain::ids::AgentId;
use segue_domain::training::{
    DrawTrainingSample, RecordTraining, ReviewTraining, TrainingRecord, TrainingReview,
};
use segue_domain::{Role, Side};

/// Every agent of the chunk's call type is trained, and the client has looked.
pub(crate) fn verified(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    let training = &scene.t.training;
    let open = |agent: &AgentId| !training.verified.contains(agent);
    let mut agents = rostered_for(scene.t, &chunk.planned.call_type).map(|a| &a.agent);
    if !agents.any(open) {
        return None;
    }
    let recorded = |agent: &&AgentId| training.records.contains_key(*agent);
    let records: Vec<_> = scene
        .t
        .agents
        .keys()
        .filter(|a| !recorded(a))
        .map(record)
        .collect();
    if !records.is_empty() {
        let records = RecordTraining { records };
        return Some(Move::say(
            of(Side::Outsourcer, Role::Implementation),
            records,
        ));
    }
    let client = of(Side::Client, Role::TestCaller);
    let Some(sample) = training.open_sample() else {
        let seed = format!("lottery of draw {}", training.samples.len() + 1);
        return Some(Move::say(client, DrawTrainingSample { seed }));
    };
    let reviews = sample.drawn.drawn.iter().map(|agent| TrainingReview {
        agent: agent.clone(),
        agrees: true,
        note: String::new(),
    });
    let reviews = reviews.collect();
    Some(Move::say(client, ReviewTraining { reviews }))
}

fn record(agent: &AgentId) -> TrainingRecord {
    TrainingRecord {
        agent: agent.clone(),
        module: "Calls of Riverside Health".into(),
        score_percent: 94,
        assessor: Some("cb-quality".into()),
        on: date(2026, 12, 14),
        evidence: Some(format!("training recording of {agent}")),
    }
}
