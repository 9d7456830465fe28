//! Two intertwined cultures, the client's and the callers': what people expect, the habits it formed in-house, and what
//! the outsourcer changes for it (B4–B9).

pub mod acknowledgements;
pub mod adaptations;
pub mod handle_time;
pub mod practices;
pub mod profiles;
pub mod segments;
pub mod traits;

use crate::baseline::BaselineKey;
use crate::boards::{Board, Kind};
use crate::ids::{AgentId, PracticeId, SegmentId, TraitId};
use crate::text;
use crate::transition::Transition;
use crate::{basis_points, refusal::Refusal};
use acknowledgements::AgentCulture;
use jiff::Timestamp;
use practices::PracticeCard;
use profiles::ProfileVersion;
use segments::Segment;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use traits::TraitCard;

/// Whose culture.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CultureKind {
    /// The client's: its people, its doctors, its ways.
    ClientCulture,
    /// The callers': who they are and what they expect.
    CallerCulture,
}

impl CultureKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::ClientCulture, Self::CallerCulture];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::ClientCulture => "client culture",
            Self::CallerCulture => "caller culture",
        }
    }
}

/// Where something about people is known from (B5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// A report.
    Report,
    /// Recorded calls.
    Recording,
    /// Talks with those who know.
    Interview,
}

/// How the cultures are kept; part of the signed terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct CultureTerms {
    /// A segment of at least this many basis points of the calls is described by its traits.
    pub segment_share_min_bp: u32,
    /// Days an agent may work on under the former version of a profile, unless the change is clinical.
    pub acknowledgement_grace_days: u32,
    /// Right answers of the quiz that acknowledge a profile, in percent.
    pub quiz_pass_percent: u32,
}

impl Default for CultureTerms {
    fn default() -> Self {
        Self {
            segment_share_min_bp: 500,
            acknowledgement_grace_days: 7,
            quiz_pass_percent: 80,
        }
    }
}

/// Everything about the two cultures, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Culture {
    /// Every version of each profile, oldest first.
    pub profiles: BTreeMap<CultureKind, Vec<ProfileVersion>>,
    /// What each agent acknowledged.
    pub agents: BTreeMap<AgentId, BTreeMap<CultureKind, AgentCulture>>,
    /// Segments of callers.
    pub segments: BTreeMap<SegmentId, Segment>,
    /// What people expect, with what follows from it.
    pub traits: BTreeMap<TraitId, TraitCard>,
    /// In-house practices worth preserving.
    pub practices: BTreeMap<PracticeId, PracticeCard>,
    /// Agreed average handle times, in seconds.
    #[serde(serialize_with = "crate::canonical::entries")]
    pub aht_targets: BTreeMap<BaselineKey, u32>,
}

pub(crate) const BOARD: Kind = Kind {
    name: "culture",
    says: "Both profiles with their versions, who acknowledged them, segments and practices",
    may_see: None,
    draw,
};

/// What discovery still lacks: both profiles signed, every large segment described, every practice decided.
pub(crate) fn discovery_findings(t: &Transition) -> Vec<String> {
    let mut missing = segments::findings(t);
    missing.extend(practices::findings(t));
    missing.extend(profiles::findings(t));
    missing
}

/// Evidence of something about people, and its text.
fn check_said(what: &str, said: &str, reference: &str) -> Result<(), Refusal> {
    text::free(what, said)?;
    text::title("where the evidence is", reference)
}

fn draw(t: &Transition, _: &crate::Actor, now: Timestamp) -> Board {
    let mut board = Board::new("Cultures", &["what", "name", "says", "standing"]);
    for kind in CultureKind::ALL {
        for version in t.culture.profiles.get(&kind).into_iter().flatten() {
            let p = &version.proposed;
            let (up, all) = acknowledgements::counts(t, kind, now);
            let standing = match version.missing(t) {
                missing if !missing.is_empty() => format!("waits for {}", missing.join(", ")),
                _ if profiles::current(t, kind) == Some(version) => {
                    format!("in force; {up} of {all} agents up to date")
                }
                _ => "superseded".into(),
            };
            let clinical = if p.profile.clinical { ", clinical" } else { "" };
            let name = format!("{} v{}{clinical}", kind.words(), p.version);
            board.row(["profile".into(), name, p.profile.summary.clone(), standing]);
        }
    }
    for (id, segment) in &t.culture.segments {
        let share = basis_points::of(i128::from(segment.calls), segment.of_calls);
        let of = segment
            .call_type
            .as_ref()
            .map_or("all".into(), ToString::to_string);
        let standing = match segments::traits_of(t, id) {
            0 => "no traits yet".into(),
            n => format!("{n} traits"),
        };
        let name = format!("{id}, {} of {of} calls", basis_points::percent(share));
        board.row(["segment".into(), name, segment.says.clone(), standing]);
    }
    for (id, card) in &t.culture.practices {
        let name = format!("{id} ({})", card.practice.owner);
        let standing = card.standing(t);
        board.row([
            "practice".into(),
            name,
            card.practice.says.clone(),
            standing,
        ]);
    }
    board
}
