//! Waivers: the one escape that "if at all possible" has (§7.5). Both parties sign with a reason each, and the clinical
//! lead where consult or triage is touched; it is stamped on every report.

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::boards::{Board, Kind};
use crate::canonical;
use crate::event::Event;
use crate::ids::{ChunkId, PersonId, WaiverId};
use crate::refusal::{Code, Refusal};
use crate::signature::{Added, Agreement, Needs, SignatureInput, Signed};
use crate::transition::Transition;
use crate::{account_manager, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The rules that a waiver can lift; for every other rule there is none.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Waivable {
    /// A step beyond the cap (A12).
    MassCutover,
    /// A chunk dated before an easier one (A18).
    LadderInversion,
    /// Durations below their floor (A8).
    Rush,
    /// A change on a day or at an hour when routes are left alone (§4.4).
    ChangeFreeze,
    /// Optimisation and move of the same chunk at once (B21).
    OptimisationOverlap,
}

impl Waivable {
    /// What is waived, as stamped on reports.
    pub fn stamp(self) -> &'static str {
        match self {
            Self::MassCutover => "MASS CUTOVER",
            Self::LadderInversion => "LADDER INVERSION",
            Self::Rush => "BELOW FLOOR",
            Self::ChangeFreeze => "CHANGE IN FREEZE",
            Self::OptimisationOverlap => "OPTIMISATION DURING MOVE",
        }
    }
}

pub(crate) const BOARD: Kind = Kind {
    name: "waivers",
    says: "Rules set aside for one chunk, why, and who signed",
    may_see: None,
    draw: |t, _, _| draw(t),
};

/// Proposes a waiver of one rule for one chunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProposeWaiver {
    /// The rule.
    pub rule: Waivable,
    /// The chunk it is for; it need not be agreed yet.
    pub chunk: ChunkId,
    /// Why the rule cannot be kept, in the words of the party that asks.
    pub reason: String,
}

/// Signs a waiver for one party, or as clinical lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SignWaiver {
    /// The waiver.
    pub waiver: WaiverId,
    /// Why, in this signatory's own words.
    pub reason: String,
    /// Over its hash.
    #[serde(flatten)]
    pub signature: SignatureInput,
}

/// A waiver was proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaiverProposed {
    /// Its name.
    pub waiver: WaiverId,
    /// The rule.
    pub rule: Waivable,
    /// The chunk.
    pub chunk: ChunkId,
    /// Why.
    pub reason: String,
    /// What is signed.
    pub hash: String,
    /// The party that asked.
    pub by: Side,
    /// The person who asked.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// One signature under a waiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaiverSigned {
    /// The waiver.
    pub waiver: WaiverId,
    /// This signatory's reason.
    pub reason: String,
    /// The signature.
    pub signed: Signed,
}

/// A waiver in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Waiver {
    /// The fact that proposed it.
    pub proposed: WaiverProposed,
    /// Each signatory's reason, in the order of signing.
    pub reasons: Vec<String>,
    /// Signatures over its hash.
    pub agreement: Agreement,
}

/// Whether a waiver of the rule for the chunk binds. A chunk nobody planned yet is treated as clinical: its type is unknown.
pub fn is_waived(t: &Transition, rule: Waivable, chunk: &ChunkId) -> bool {
    t.waivers.values().any(|w| {
        w.proposed.rule == rule && w.proposed.chunk == *chunk && w.agreement.binds(needs(t, w))
    })
}

/// The stamps that every report of a chunk carries.
pub fn stamps<'t>(
    t: &'t Transition,
    chunk: &'t ChunkId,
) -> impl Iterator<Item = &'static str> + 't {
    t.waivers
        .values()
        .filter(move |w| w.proposed.chunk == *chunk && w.agreement.binds(needs(t, w)))
        .map(|w| w.proposed.rule.stamp())
}

/// The newest plan that names the chunk says what it touches.
fn needs(t: &Transition, waiver: &Waiver) -> Needs {
    let plans = t.schedule.versions.iter().rev();
    let planned = plans
        .flat_map(|v| &v.proposed.plan.chunks)
        .find(|c| c.id == waiver.proposed.chunk);
    planned.map_or(Needs::BothAndClinical, |c| t.needs_of_chunk(c))
}

pub(crate) fn propose(t: &Transition, c: &ProposeWaiver, actor: &Actor, now: Timestamp) -> Decided {
    account_manager::require(t)?;
    text::free("the reason why the rule cannot be kept", &c.reason)?;
    if !crate::ids::is_usable(c.chunk.as_str()) {
        return Err(crate::lines::bad(format!("`{}` as a chunk name", c.chunk)));
    }
    let waiver = WaiverId(format!("W-{}", t.waivers.len() + 1));
    let hash = canonical::hash("waiver", &(&t.id, &waiver, c.rule, &c.chunk, &c.reason));
    Ok(vec![Event::WaiverProposed(WaiverProposed {
        waiver,
        rule: c.rule,
        chunk: c.chunk.clone(),
        reason: c.reason.clone(),
        hash,
        by: actor.side,
        person: actor.person.clone(),
        at: now,
    })])
}

pub(crate) fn sign(t: &Transition, c: &SignWaiver, actor: &Actor, now: Timestamp) -> Decided {
    let Some(waiver) = t.waivers.get(&c.waiver) else {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("waiver `{}`", c.waiver))
            .how("propose it first (`segue do propose-waiver`)"));
    };
    text::free("this signatory's own reason", &c.reason)?;
    // The clinical lead may always sign a waiver; whether it needs them is asked when it is used.
    let added = waiver.agreement.sign(
        &t.parties,
        Needs::BothAndClinical,
        actor,
        &c.signature,
        &waiver.proposed.hash,
        now,
    )?;
    Ok(match added {
        Added::Already => Vec::new(),
        Added::One(signed) | Added::Binding(signed) => vec![Event::WaiverSigned(WaiverSigned {
            waiver: c.waiver.clone(),
            reason: c.reason.clone(),
            signed,
        })],
    })
}

pub(crate) fn apply_proposed(t: &mut Transition, e: &WaiverProposed) {
    t.waivers.insert(
        e.waiver.clone(),
        Waiver {
            proposed: e.clone(),
            reasons: vec![e.reason.clone()],
            agreement: Agreement::default(),
        },
    );
}

pub(crate) fn apply_signed(t: &mut Transition, e: &WaiverSigned) {
    if let Some(waiver) = t.waivers.get_mut(&e.waiver) {
        waiver.reasons.push(e.reason.clone());
        waiver.agreement.add(&e.signed);
    }
}

fn draw(t: &Transition) -> Board {
    let mut board = Board::new(
        "Waivers",
        &["waiver", "chunk", "rule", "reasons", "missing"],
    );
    for (id, w) in &t.waivers {
        let missing = w.agreement.missing_names(&t.parties, needs(t, w));
        board.row([
            id.to_string(),
            w.proposed.chunk.to_string(),
            w.proposed.rule.stamp().to_owned(),
            w.reasons.join(" · "),
            missing.join(", "),
        ]);
    }
    board
}
