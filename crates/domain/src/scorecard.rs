//! The scorecard of a partnership: four pillars, rated by both parties with evidence; the transition does not close
//! without all four (B3), and the two questions answered from evidence (B2).

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::boards::{Board, Kind};
use crate::canonical;
use crate::chunks::{Chunk, ChunkState};
use crate::event::Event;
use crate::gates;
use crate::lines::bad;
use crate::parity;
use crate::proof::Verdict;
use crate::pulse;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The four objectives of a successful partnership.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Pillar {
    /// Client and caller cultures are understood.
    Culture,
    /// The emotional impact on staff is cared for.
    EmotionalImpact,
    /// Opportunities are found and the transfer is seamless.
    OptimisationAndTransfer,
    /// Somebody is on top of everything.
    AccountManagement,
}

impl Pillar {
    /// All four.
    pub const ALL: [Self; 4] = [
        Self::Culture,
        Self::EmotionalImpact,
        Self::OptimisationAndTransfer,
        Self::AccountManagement,
    ];

    fn words(self) -> &'static str {
        match self {
            Self::Culture => "culture",
            Self::EmotionalImpact => "emotional impact",
            Self::OptimisationAndTransfer => "optimisation and transfer",
            Self::AccountManagement => "account management",
        }
    }
}

/// Rates one pillar for one party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RatePillar {
    /// The pillar.
    pub pillar: Pillar,
    /// 1 (poor) to 5 (excellent).
    pub rating: u8,
    /// What the rating rests on.
    pub evidence: String,
}

/// One party rated a pillar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PillarRated {
    /// The pillar.
    pub pillar: Pillar,
    /// 1–5.
    pub rating: u8,
    /// What it rests on.
    pub evidence: String,
    /// The party.
    pub side: Side,
    /// When.
    pub at: Timestamp,
}

/// Every rating, oldest first: the last two of a party are its trend.
pub type Scorecard = Vec<PillarRated>;

pub(crate) const BOARD: Kind = Kind {
    name: "scorecard",
    says: "Four pillars, rated by both parties, with trend and evidence",
    may_see: None,
    draw: |t, _, _| draw(t),
};

pub(crate) const CONFIDENCE: Kind = Kind {
    name: "confidence",
    says: "Was it the right decision, and does the partner have what it takes? Answered from evidence",
    may_see: None,
    draw: |t, _, now| confidence(t, now),
};

pub(crate) fn rate(c: &RatePillar, actor: &Actor, now: Timestamp) -> Decided {
    if !(1..=5).contains(&c.rating) {
        return Err(bad("a rating from 1 (poor) to 5 (excellent)".into()));
    }
    text::title("the evidence of the rating", &c.evidence)?;
    Ok(vec![Event::PillarRated(PillarRated {
        pillar: c.pillar,
        rating: c.rating,
        evidence: c.evidence.clone(),
        side: actor.side,
        at: now,
    })])
}

fn ratings(t: &Transition, pillar: Pillar, side: Side) -> impl Iterator<Item = &PillarRated> {
    let all = t.scorecard.iter().rev();
    all.filter(move |r| r.pillar == pillar && r.side == side)
}

/// Refuses to close the last door while a pillar is not rated by both.
pub(crate) fn check_closure(t: &Transition, chunk: &Chunk, _: Timestamp) -> Result<(), Refusal> {
    let mut others = t
        .chunks
        .values()
        .filter(|c| c.planned.id != chunk.planned.id);
    if others.any(|c| c.state != ChunkState::Closed) {
        return Ok(());
    }
    let unrated = Pillar::ALL.into_iter().flat_map(|pillar| {
        let missing = Side::BOTH
            .into_iter()
            .filter(move |side| ratings(t, pillar, *side).next().is_none());
        missing.map(move |side| format!("{}'s rating of {}", t.parties.name(side), pillar.words()))
    });
    let missing: Vec<_> = unrated.collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(Code::ScorecardOpen)
        .missing_all(missing)
        .who("the sponsors of both parties")
        .how(
            "rate each pillar with its evidence (`segue do rate-pillar`), then close the last door",
        ))
}

fn draw(t: &Transition) -> Board {
    let mut board = Board::new(
        "Scorecard",
        &["pillar", "party", "rating", "trend", "evidence"],
    );
    for pillar in Pillar::ALL {
        for side in Side::BOTH {
            let mut rated = ratings(t, pillar, side);
            let (last, before) = (rated.next(), rated.next());
            let trend = match (last, before) {
                (Some(last), Some(before)) => match last.rating.cmp(&before.rating) {
                    std::cmp::Ordering::Less => "down",
                    std::cmp::Ordering::Equal => "level",
                    std::cmp::Ordering::Greater => "up",
                },
                _ => "–",
            };
            board.row([
                pillar.words().to_owned(),
                t.parties.name(side),
                last.map_or_else(|| "not rated".into(), |r| format!("{} of 5", r.rating)),
                trend.to_owned(),
                last.map(|r| r.evidence.clone()).unwrap_or_default(),
            ]);
        }
    }
    board
}

/// Each tile with the record it rests on; without one it has no score.
fn confidence(t: &Transition, now: Timestamp) -> Board {
    let mut board = Board::new("Confidence", &["question", "tile", "answer", "evidence"]);
    decided_right(t, &mut board);
    able(t, now, &mut board);
    pulse::draw_tiles(t, &mut board);
    board.note(format!(
        "{} refused attempts are in the decision log. As of {}; asked again by {}.",
        t.refused,
        text::minute(now),
        text::minute(canonical::hours_after(now, 7 * 24))
    ));
    board
}

fn decided_right(t: &Transition, board: &mut Board) {
    let right = "Did we decide right?";
    for (id, acceptance) in &t.acceptances {
        let (planned, outcome) = (
            t.chunk(id).map(|c| &c.planned),
            &acceptance.proposed.outcome,
        );
        let measures = planned
            .map(|p| parity::measures(t, p, outcome))
            .unwrap_or_default();
        let passed = measures
            .iter()
            .filter(|m| m.verdict == Verdict::Pass)
            .count();
        board.row([
            right.into(),
            format!("benefits of {id} against the baseline"),
            format!("{passed} of {} measures not worse", measures.len()),
            outcome.evidence.clone(),
        ]);
    }
    if let Some(check) = t.stewardship.checks.last() {
        board.row([
            right.into(),
            "in the client's interest".into(),
            if check.in_clients_interest {
                "yes"
            } else {
                "no"
            }
            .into(),
            check.evidence.clone(),
        ]);
    }
}

fn able(t: &Transition, now: Timestamp, board: &mut Board) {
    let able = "Do they have what it takes?";
    for id in t.chunks.keys() {
        let red = gates::red(t, id, now).len();
        let answer = if red == 0 {
            "green".to_owned()
        } else {
            format!("{red} findings")
        };
        board.row([
            able.into(),
            format!("gate of {id}"),
            answer,
            "the gates board".into(),
        ]);
    }
    for (id, q) in t.quality.iter().filter(|(_, q)| q.outsourced.reviewed > 0) {
        let r = &q.outsourced;
        board.row([
            able.into(),
            format!("quality of {id}"),
            format!(
                "{} of {} dispositions appropriate",
                r.disposition_appropriate, r.reviewed
            ),
            "the quality board".into(),
        ]);
    }
    if let Some(last) = t.test_calls.last() {
        let passed = t.test_calls.iter().filter(|call| call.passed).count();
        board.row([
            able.into(),
            "test calls".into(),
            format!("{passed} of {} passed", t.test_calls.len()),
            last.evidence.clone(),
        ]);
    }
}
