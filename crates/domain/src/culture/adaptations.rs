//! Adaptations: what the outsourcer changes for a trait, and by which outcome it is judged (B9).

use super::traits::{self, TraitCard};
use crate::Decided;
use crate::actor::{Actor, Side};
use crate::boards::{Board, Kind};
use crate::event::Event;
use crate::ids::TraitId;
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use crate::{basis_points, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is changed for a trait.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AdaptationKind {
    /// Who answers, and how many.
    Staffing,
    /// Longer calls are planned for.
    AhtAllowance,
    /// Books and tools at hand.
    ReferenceTools,
    /// What agents say.
    Script,
    /// What agents learn.
    Training,
    /// What is measured.
    Kpi,
}

impl AdaptationKind {
    fn words(self) -> &'static str {
        match self {
            Self::Staffing => "staffing",
            Self::AhtAllowance => "handle-time allowance",
            Self::ReferenceTools => "reference tools",
            Self::Script => "script",
            Self::Training => "training",
            Self::Kpi => "measure",
        }
    }
}

/// What an adaptation is judged by: appropriate advice, an answer, a satisfied caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasuredBy {
    /// Reviewed dispositions that were appropriate.
    AppropriateDisposition,
    /// Callers whose questions were answered.
    QuestionAnswered,
    /// Satisfied callers.
    Satisfied,
}

impl MeasuredBy {
    fn words(self) -> &'static str {
        match self {
            Self::AppropriateDisposition => "appropriate disposition",
            Self::QuestionAnswered => "question answered",
            Self::Satisfied => "satisfied",
        }
    }
}

/// What is changed for a trait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Adaptation {
    /// The trait.
    #[serde(rename = "trait")]
    pub id: TraitId,
    /// What kind of change.
    pub kind: AdaptationKind,
    /// The change.
    pub change: String,
    /// The outcome it is judged by.
    pub measured_by: MeasuredBy,
    /// The outcome before, in basis points of the callers.
    #[serde(default)]
    pub before_bp: Option<u32>,
    /// The outcome since, in basis points of the callers.
    #[serde(default)]
    pub after_bp: Option<u32>,
}

/// Records what is changed for a trait; the same kind again replaces it, with the outcome since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordAdaptation {
    /// The adaptation.
    #[serde(flatten)]
    pub adaptation: Adaptation,
}

/// Says for one party that nothing need change for a trait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeclareNoChange {
    /// The trait.
    #[serde(rename = "trait")]
    pub id: TraitId,
    /// Why not.
    pub reason: String,
}

/// Something is changed for a trait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdaptationRecorded {
    /// The adaptation.
    #[serde(flatten)]
    pub adaptation: Adaptation,
    /// When.
    pub at: Timestamp,
}

/// One party says that nothing need change for a trait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoChangeDeclared {
    /// The trait.
    #[serde(rename = "trait")]
    pub id: TraitId,
    /// Why not.
    pub reason: String,
    /// The party.
    pub by: Side,
    /// When.
    pub at: Timestamp,
}

pub(crate) const BOARD: Kind = Kind {
    name: "adaptations",
    says: "What follows from each trait: adaptations with before and after, and what is not made yet",
    may_see: None,
    draw: |t, _, _| draw(t),
};

impl TraitCard {
    /// Whether something is changed for it, or both say that nothing need be.
    fn is_answered(&self) -> bool {
        let both = || {
            Side::BOTH
                .iter()
                .all(|side| self.no_change.contains_key(side))
        };
        !self.adaptations.is_empty() || both()
    }
}

/// No plan while a trait has no answer (B9).
pub(crate) fn check_plan(t: &Transition) -> Result<(), Refusal> {
    let open = t
        .culture
        .traits
        .iter()
        .filter(|(_, card)| !card.is_answered());
    let missing: Vec<_> = open.map(|(id, card)| unanswered(t, id, card)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(Code::AdaptationMissing)
        .missing_all(missing)
        .who("the implementation teams of both parties")
        .how("record what changes (`segue do record-adaptation`), or let both say that nothing need (`segue do declare-no-change`)"))
}

fn unanswered(t: &Transition, id: &TraitId, card: &TraitCard) -> String {
    let said = card.no_change.keys().map(|side| t.parties.name(*side));
    let only: Vec<_> = said.collect();
    let only = match only.as_slice() {
        [] => String::new(),
        names => format!("; only {} says that nothing need change", names.join(", ")),
    };
    format!("an adaptation for trait {id} ({}){only}", card.about())
}

pub(crate) fn record(t: &Transition, c: &RecordAdaptation, now: Timestamp) -> Decided {
    let a = &c.adaptation;
    let card = traits::require(t, &a.id)?;
    text::free("the change", &a.change)?;
    if [a.before_bp, a.after_bp]
        .into_iter()
        .flatten()
        .any(|bp| bp > 10_000)
    {
        return Err(bad("outcomes of at most 10000 basis points".into()));
    }
    if card.adaptations.get(&a.kind) == Some(a) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::AdaptationRecorded(AdaptationRecorded {
        adaptation: a.clone(),
        at: now,
    })])
}

pub(crate) fn declare_no_change(
    t: &Transition,
    c: &DeclareNoChange,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    let card = traits::require(t, &c.id)?;
    text::free("the reason why nothing need change", &c.reason)?;
    if card.no_change.get(&actor.side) == Some(&c.reason) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::NoChangeDeclared(NoChangeDeclared {
        id: c.id.clone(),
        reason: c.reason.clone(),
        by: actor.side,
        at: now,
    })])
}

pub(crate) fn apply_recorded(t: &mut Transition, e: &AdaptationRecorded) {
    let a = &e.adaptation;
    if let Some(card) = t.culture.traits.get_mut(&a.id) {
        card.adaptations.insert(a.kind, a.clone());
    }
}

pub(crate) fn apply_no_change(t: &mut Transition, e: &NoChangeDeclared) {
    if let Some(card) = t.culture.traits.get_mut(&e.id) {
        card.no_change.insert(e.by, e.reason.clone());
    }
}

fn draw(t: &Transition) -> Board {
    let columns = [
        "trait",
        "about",
        "adaptation",
        "measured by",
        "before",
        "after",
        "missing",
    ];
    let mut board = Board::new("Adaptations", &columns);
    let percent =
        |bp: Option<u32>| bp.map_or_else(|| "–".into(), |bp| basis_points::percent(i64::from(bp)));
    for (id, card) in &t.culture.traits {
        let unmade: Vec<_> = card.unmade().map(|(_, what)| what.to_owned()).collect();
        let cells = |what: String, by: &str, before, after, missing: String| {
            let (before, after) = (percent(before), percent(after));
            [
                id.to_string(),
                card.about(),
                what,
                by.to_owned(),
                before,
                after,
                missing,
            ]
        };
        for a in card.adaptations.values() {
            let what = format!("{}: {}", a.kind.words(), a.change);
            let by = a.measured_by.words();
            board.row(cells(what, by, a.before_bp, a.after_bp, unmade.join(", ")));
        }
        if card.adaptations.is_empty() {
            let answer = if card.is_answered() {
                "no change needed"
            } else {
                "none"
            };
            let adaptation = (!card.is_answered()).then(|| "adaptation".to_owned());
            let missing: Vec<_> = adaptation.into_iter().chain(unmade).collect();
            board.row(cells(answer.into(), "–", None, None, missing.join(", ")));
        }
    }
    for (key, aht_s) in &t.culture.aht_targets {
        let segment = key
            .segment
            .as_ref()
            .map_or("all callers".into(), ToString::to_string);
        board.note(format!(
            "Handle time of {} at {}, {segment}: {aht_s} s planned.",
            key.call_type, key.site
        ));
    }
    board
}
