//! Culture profiles: versions that both sign before planning opens (B4).

use super::CultureKind;
use super::traits::Trait;
use crate::Decided;
use crate::actor::Actor;
use crate::canonical;
use crate::event::Event;
use crate::refusal::{Code, Refusal};
use crate::signature::{Added, Agreement, Needs, SignatureInput, Signed};
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a profile says, beside the traits recorded by then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CultureProfile {
    /// Whose culture.
    pub culture: CultureKind,
    /// The profile in a few sentences.
    pub summary: String,
    /// Where the whole of it is.
    pub reference: String,
    /// Whether what changed may touch advice: then no agent works on under the former version.
    #[serde(default)]
    pub clinical: bool,
}

/// Proposes the next version of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProposeCultureProfile {
    /// The profile.
    #[serde(flatten)]
    pub profile: CultureProfile,
}

/// Signs one version of a profile for one party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SignCultureProfile {
    /// Whose culture.
    pub culture: CultureKind,
    /// The version.
    pub version: u32,
    /// Over its hash.
    #[serde(flatten)]
    pub signature: SignatureInput,
}

/// A version of a profile exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CultureProfileProposed {
    /// The profile.
    #[serde(flatten)]
    pub profile: CultureProfile,
    /// 1, 2, 3, …
    pub version: u32,
    /// What both sign: the profile with its traits.
    pub hash: String,
    /// When.
    pub at: Timestamp,
}

/// One party signed a version of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CultureProfileSigned {
    /// Whose culture.
    pub culture: CultureKind,
    /// The version.
    pub version: u32,
    /// The signature.
    pub signed: Signed,
}

/// A version in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProfileVersion {
    /// The fact that proposed it.
    pub proposed: CultureProfileProposed,
    /// Signatures over its hash.
    pub agreement: Agreement,
    /// Since when both have signed.
    pub in_force_from: Option<Timestamp>,
}

impl ProfileVersion {
    /// Whose signature is missing.
    pub(super) fn missing(&self, t: &Transition) -> Vec<String> {
        self.agreement.missing_names(&t.parties, Needs::Both)
    }
}

/// The version in force: the newest that both signed.
pub fn current(t: &Transition, culture: CultureKind) -> Option<&ProfileVersion> {
    in_force(t, culture).next_back()
}

/// Every version that is or was in force, oldest first.
pub(super) fn in_force(
    t: &Transition,
    culture: CultureKind,
) -> impl DoubleEndedIterator<Item = &ProfileVersion> {
    let versions = t.culture.profiles.get(&culture).into_iter().flatten();
    versions.filter(|v| v.in_force_from.is_some())
}

fn version(t: &Transition, culture: CultureKind, version: u32) -> Option<&ProfileVersion> {
    let versions = t.culture.profiles.get(&culture)?;
    versions.iter().find(|v| v.proposed.version == version)
}

/// What a signature under a version is over.
pub(crate) fn hash_of(t: &Transition, culture: CultureKind, number: u32) -> Option<String> {
    version(t, culture, number).map(|v| v.proposed.hash.clone())
}

/// Both profiles are signed by both before planning opens (B4).
pub(super) fn findings(t: &Transition) -> Vec<String> {
    let unsigned = CultureKind::ALL
        .into_iter()
        .filter(|kind| current(t, *kind).is_none());
    let says = |kind: CultureKind| match t.culture.profiles.get(&kind).and_then(|v| v.last()) {
        None => format!("profile of the {}", kind.words()),
        Some(v) => format!(
            "profile of the {}, version {}, signed by {}",
            kind.words(),
            v.proposed.version,
            v.missing(t).join(", ")
        ),
    };
    unsigned.map(says).collect()
}

pub(crate) fn propose(t: &Transition, c: &ProposeCultureProfile, now: Timestamp) -> Decided {
    let profile = &c.profile;
    super::check_said(
        "the profile in a few sentences",
        &profile.summary,
        &profile.reference,
    )?;
    let newest = t
        .culture
        .profiles
        .get(&profile.culture)
        .and_then(|v| v.last());
    let last = newest.map_or(0, |v| v.proposed.version);
    if newest.is_some_and(|v| v.proposed.hash == hash(t, profile, last)) {
        return Ok(Vec::new());
    }
    let version = last.saturating_add(1);
    Ok(vec![Event::CultureProfileProposed(
        CultureProfileProposed {
            hash: hash(t, profile, version),
            profile: profile.clone(),
            version,
            at: now,
        },
    )])
}

fn hash(t: &Transition, profile: &CultureProfile, version: u32) -> String {
    let cards = t.culture.traits.values().map(|card| &card.facts);
    let traits: Vec<&Trait> = cards.filter(|f| f.culture == profile.culture).collect();
    canonical::hash("culture_profile", &(&t.id, profile, version, traits))
}

pub(crate) fn sign(
    t: &Transition,
    c: &SignCultureProfile,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    let Some(version) = version(t, c.culture, c.version) else {
        return Err(unknown(c.culture, c.version));
    };
    let hash = &version.proposed.hash;
    let added = version
        .agreement
        .sign(&t.parties, Needs::Both, actor, &c.signature, hash, now)?;
    Ok(match added {
        Added::Already => Vec::new(),
        Added::One(signed) | Added::Binding(signed) => {
            vec![Event::CultureProfileSigned(CultureProfileSigned {
                culture: c.culture,
                version: c.version,
                signed,
            })]
        }
    })
}

pub(super) fn unknown(culture: CultureKind, version: u32) -> Refusal {
    Refusal::new(Code::Unknown)
        .missing(format!("version {version} of the {}", culture.words()))
        .how("see the versions with `segue show culture`")
}

pub(crate) fn apply_proposed(t: &mut Transition, e: &CultureProfileProposed) {
    let versions = t.culture.profiles.entry(e.profile.culture).or_default();
    versions.push(ProfileVersion {
        proposed: e.clone(),
        agreement: Agreement::default(),
        in_force_from: None,
    });
}

pub(crate) fn apply_signed(t: &mut Transition, e: &CultureProfileSigned) {
    let versions = t.culture.profiles.entry(e.culture).or_default();
    let Some(version) = versions
        .iter_mut()
        .find(|v| v.proposed.version == e.version)
    else {
        return;
    };
    version.agreement.add(&e.signed);
    if version.agreement.is_complete() && version.in_force_from.is_none() {
        version.in_force_from = Some(e.signed.at);
    }
}
