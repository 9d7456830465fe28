//! How many people must be able to answer at home, by centre, rung and shift: agreed by both, and by the clinical lead
//! where nurses advise (A31).

use super::require_site;
use super::roster::require_shift;
use crate::Decided;
use crate::actor::{Actor, Side};
use crate::canonical;
use crate::event::Event;
use crate::ids::{ShiftId, SiteId};
use crate::ladder::Rung;
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::signature::{Added, Agreement, Needs, SignatureInput, Signed};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Most people a minimum may ask for.
const NEED_MAX: u32 = 1_000;

/// Where somebody has to be able to answer.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Cover {
    /// The centre.
    pub site: SiteId,
    /// The calls.
    pub rung: Rung,
    /// The shift.
    pub shift: ShiftId,
}

impl fmt::Display for Cover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.site, self.rung, self.shift)
    }
}

/// One minimum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FallbackMinimum {
    /// Where.
    #[serde(flatten)]
    pub cover: Cover,
    /// How many people.
    pub need: u32,
}

/// Proposes the minimums; they replace those in force once both have signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProposeFallbackMinimums {
    /// All of them.
    pub minimums: Vec<FallbackMinimum>,
}

/// Signs the proposed minimums for one party, or as clinical lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SignFallbackMinimums {
    /// Over their hash.
    #[serde(flatten)]
    pub signature: SignatureInput,
}

/// Minimums were proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FallbackMinimumsProposed {
    /// All of them.
    pub minimums: Vec<FallbackMinimum>,
    /// What is signed.
    pub hash: String,
    /// The party that proposed.
    pub by: Side,
    /// When.
    pub at: Timestamp,
}

/// One signature under the minimums.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FallbackMinimumsSigned {
    /// The signature.
    pub signed: Signed,
}

/// Minimums in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Minimums {
    /// What was proposed last.
    pub proposed: Option<FallbackMinimumsProposed>,
    /// Signatures over its hash.
    pub agreement: Agreement,
    /// Those in force.
    pub agreed: Vec<FallbackMinimum>,
}

/// Whose signatures they need.
pub fn needs(minimums: &[FallbackMinimum]) -> Needs {
    if minimums.iter().any(|m| m.cover.rung >= Rung::Consult) {
        Needs::BothAndClinical
    } else {
        Needs::Both
    }
}

pub(crate) fn propose(
    t: &Transition,
    c: &ProposeFallbackMinimums,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    text::list("minimums", &c.minimums)?;
    if c.minimums.is_empty() {
        return Err(bad("at least one minimum of people at home".into()));
    }
    let mut covers = BTreeSet::new();
    for minimum in &c.minimums {
        let cover = &minimum.cover;
        require_site(t, &cover.site)?;
        require_shift(t, &cover.site, &cover.shift)?;
        if !(1..=NEED_MAX).contains(&minimum.need) || !covers.insert(cover) {
            return Err(bad(format!(
                "one minimum of 1 to {NEED_MAX} people for {cover}"
            )));
        }
    }
    let same = |p: &FallbackMinimumsProposed| p.minimums == c.minimums;
    if t.people.minimums.proposed.as_ref().is_some_and(same) {
        return Ok(Vec::new());
    }
    let hash = canonical::hash("fallback minimums", &(&t.id, &c.minimums));
    Ok(vec![Event::FallbackMinimumsProposed(
        FallbackMinimumsProposed {
            minimums: c.minimums.clone(),
            hash,
            by: actor.side,
            at: now,
        },
    )])
}

pub(crate) fn sign(
    t: &Transition,
    c: &SignFallbackMinimums,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    let minimums = &t.people.minimums;
    let Some(proposed) = &minimums.proposed else {
        return Err(Refusal::new(Code::Unknown)
            .missing("proposed minimums of people at home")
            .how("propose them first (`segue do propose-fallback-minimums`)"));
    };
    let needs = needs(&proposed.minimums);
    let hash = &proposed.hash;
    let added = (minimums.agreement).sign(&t.parties, needs, actor, &c.signature, hash, now)?;
    Ok(match added {
        Added::Already => Vec::new(),
        Added::One(signed) | Added::Binding(signed) => {
            vec![Event::FallbackMinimumsSigned(FallbackMinimumsSigned {
                signed,
            })]
        }
    })
}

pub(crate) fn apply_proposed(t: &mut Transition, e: &FallbackMinimumsProposed) {
    t.people.minimums.proposed = Some(e.clone());
    t.people.minimums.agreement = Agreement::default();
}

pub(crate) fn apply_signed(t: &mut Transition, e: &FallbackMinimumsSigned) {
    let minimums = &mut t.people.minimums;
    minimums.agreement.add(&e.signed);
    if let Some(proposed) = &minimums.proposed
        && minimums.agreement.binds(needs(&proposed.minimums))
    {
        minimums.agreed.clone_from(&proposed.minimums);
    }
}
