//! Triage is reviewed at both centres, and both parties' reviewers agree; both parties rate the partnership at the end.

use crate::cast::of;
use crate::way::{Move, Scene};
use segue_domain::agents::rostered_for;
use segue_domain::chunks::{Chunk, ChunkState};
use segue_domain::ids::AgentId;
use segue_domain::ladder::Rung;
use segue_domain::qa::{QaTally, RecordCalibration, RecordQaReviews};
use segue_domain::scorecard::{Pillar, RatePillar};
use segue_domain::{Role, Side};

/// Reviews of every nurse, as good as in-house.
pub(crate) fn reviewed(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    let id = &chunk.planned.id;
    if scene.t.rung(&chunk.planned.call_type) != Some(Rung::Triage) {
        return None;
    }
    let by = of(Side::Client, Role::Quality);
    let known = scene.t.quality.get(id);
    if known.is_none_or(|q| q.calibration.is_none()) {
        let chunk = id.clone();
        let (reviewed, agreed) = (40, 38);
        let calibration = RecordCalibration {
            chunk,
            reviewed,
            agreed,
        };
        return Some(Move::say(by, calibration));
    }
    let say = |centre, agent| {
        let tally = QaTally {
            agent,
            reviewed: 50,
            guideline_correct: 48,
            disposition_appropriate: 49,
            compassionate: 46,
            auto_fails: 0,
        };
        let reviews = RecordQaReviews {
            chunk: id.clone(),
            centre,
            tallies: vec![tally],
            reference: "review binder 2".into(),
        };
        Some(Move::say(by.clone(), reviews))
    };
    let quality = known?;
    if quality.in_house.reviewed == 0 {
        return say(Side::Client, None);
    }
    let nurses = rostered_for(scene.t, &chunk.planned.call_type).map(|a| a.agent.clone());
    let mut nurses: Vec<AgentId> = nurses.collect();
    if nurses.is_empty() {
        nurses.push("A-01".into());
    }
    let reviewed = |nurse: &AgentId| quality.outsourced.by_agent.contains_key(nurse);
    let next = nurses.into_iter().find(|nurse| !reviewed(nurse))?;
    say(Side::Outsourcer, Some(next))
}

/// Before the last door: four pillars, by both parties.
pub(crate) fn rated(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    let mut others = scene.t.chunks.values();
    if others.any(|c| c.planned.id != chunk.planned.id && c.state != ChunkState::Closed) {
        return None;
    }
    let mut places = Pillar::ALL
        .into_iter()
        .flat_map(|pillar| Side::BOTH.map(|side| (pillar, side)));
    let unrated = |(pillar, side): &(Pillar, Side)| {
        let mut rated = scene.t.scorecard.iter();
        !rated.any(|r| r.pillar == *pillar && r.side == *side)
    };
    let (pillar, side) = places.find(unrated)?;
    let rating = RatePillar {
        pillar,
        rating: 4,
        evidence: "review of the partnership".into(),
    };
    Some(Move::say(of(side, Role::Implementation), rating))
}
