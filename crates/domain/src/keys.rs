//! Signing keys after the first one: enrolled, replaced, revoked (design: Signatures).
//!
//! A new key is vouched for by a signature: of the same signatory by a key they still have, or of another signatory of the
//! same party when it was lost. Nobody else can: not the other party, not an administrator, not the host. A revoked key
//! signs nothing more; what it signed before stays signed.

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::boards::{Board, Kind};
use crate::canonical;
use crate::event::Event;
use crate::ids::{PersonId, TransitionId};
use crate::parties::Signatory;
use crate::refusal::{Code, Refusal};
use crate::signature::{self, SignatureInput, Signed};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Most keys one signatory ever has.
const KEYS_MAX: usize = 16;

/// Enrols one more signing key of a signatory, vouched for by a signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EnrolKey {
    /// Whose key it is.
    pub person: PersonId,
    /// The new key: 64 hexadecimal digits (`segue key prove FILE`), or a passkey.
    pub new_key: String,
    /// The new key's own signature over the same hash: whoever enrols it has it.
    pub proof: String,
    /// By the person with a key they still have, or by another signatory of the party.
    #[serde(flatten)]
    pub signature: SignatureInput,
}

/// Revokes a signing key: stolen, lost or replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RevokeKey {
    /// Whose key it is.
    pub person: PersonId,
    /// The key.
    pub key: String,
    /// Why.
    pub reason: String,
}

/// A key that signs from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyEnrolled {
    /// Whose.
    pub person: PersonId,
    /// The key.
    pub public_key: String,
    /// Its own signature over the hash.
    pub proof: String,
    /// Who vouched for it.
    pub signed: Signed,
}

/// A key that signs nothing more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRevoked {
    /// Whose.
    pub person: PersonId,
    /// The key.
    pub revoked_key: String,
    /// Why.
    pub reason: String,
    /// The party.
    pub side: Side,
    /// Who revoked it.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
}

/// A key beside the one a signatory was named with, or that one once it is revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Key {
    /// Whose.
    pub person: PersonId,
    /// The key.
    pub public_key: String,
    /// Since when it was enrolled; none for the key the signatory was named with.
    pub enrolled_at: Option<Timestamp>,
    /// Since when it signs nothing.
    pub revoked_at: Option<Timestamp>,
}

/// The hash that vouches for a new key.
pub fn hash(transition: &TransitionId, person: &PersonId, key: &str) -> String {
    canonical::hash(
        "segue-key",
        &json!({ "transition": transition, "person": person, "key": key }),
    )
}

pub(crate) fn enrol(t: &Transition, c: &EnrolKey, actor: &Actor, now: Timestamp) -> Decided {
    require_signatory(t, actor.side, &c.person)?;
    let known = t.parties.keys_of(&c.person);
    if let Some(key) = known.iter().find(|key| key.public_key == c.new_key) {
        return match key.revoked_at {
            None => Ok(Vec::new()),
            Some(_) => Err(revoked(key)),
        };
    }
    if !signature::is_signing_key(&c.new_key) || t.parties.has_key(&c.new_key) {
        return Err(Refusal::new(Code::BadFact)
            .missing("a new key of this signatory alone: 64 hexadecimal digits of Ed25519, or a passkey of these pages")
            .who(format!("`{}`", c.person))
            .how("make one with `segue key new FILE` and `segue key prove FILE`, or on the page `/sign`"));
    }
    if known.len() >= KEYS_MAX {
        return Err(Refusal::new(Code::BadFact)
            .missing(format!(
                "room for one more: `{}` has had {KEYS_MAX} keys",
                c.person
            ))
            .how("go on with a key that is not revoked"));
    }
    let hash = hash(&t.id, &c.person, &c.new_key);
    if !signature::verifies(&c.new_key, &hash, &c.proof) {
        return Err(Refusal::new(Code::SignatureInvalid)
            .missing(format!("a signature of the new key itself over {hash}"))
            .who(format!("`{}`", c.person))
            .how("whoever enrols a key shows that they have it: `segue key prove FILE`"));
    }
    let signed = signature::check(&t.parties, actor, &c.signature, &hash, now)?;
    Ok(vec![Event::KeyEnrolled(KeyEnrolled {
        person: c.person.clone(),
        public_key: c.new_key.clone(),
        proof: c.proof.clone(),
        signed,
    })])
}

pub(crate) fn revoke(t: &Transition, c: &RevokeKey, actor: &Actor, now: Timestamp) -> Decided {
    require_signatory(t, actor.side, &c.person)?;
    require_signatory(t, actor.side, &actor.person)?;
    text::free("why the key is revoked", &c.reason)?;
    let known = t.parties.keys_of(&c.person);
    let Some(key) = known.iter().find(|key| key.public_key == c.key) else {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("this key among those of `{}`", c.person))
            .how("`segue show keys` lists them"));
    };
    if key.revoked_at.is_some() {
        return Ok(Vec::new());
    }
    if usable_keys(t, actor.side) == 1 {
        return Err(Refusal::new(Code::NoSignatory)
            .missing(format!(
                "another key of {}: nobody could vouch for a new one after this",
                t.parties.name(actor.side)
            ))
            .who(format!("a signatory of {}", t.parties.name(actor.side)))
            .how("enrol another key first (`segue do enrol-key`), then revoke this one"));
    }
    Ok(vec![Event::KeyRevoked(KeyRevoked {
        person: c.person.clone(),
        revoked_key: c.key.clone(),
        reason: c.reason.clone(),
        side: actor.side,
        by: actor.person.clone(),
        at: now,
    })])
}

/// Keys that a party's signatories can sign with.
fn usable_keys(t: &Transition, side: Side) -> usize {
    let party = t.parties.of(side);
    let keys = (party.signatories.iter()).flat_map(|s| t.parties.keys_of(&s.person));
    keys.filter(|key| key.revoked_at.is_none()).count()
}

/// A signatory of this party: keys are nobody else's to enrol or revoke.
fn require_signatory(t: &Transition, side: Side, person: &PersonId) -> Result<(), Refusal> {
    let party = t.parties.of(side);
    if party
        .signatories
        .iter()
        .any(|s: &Signatory| s.person == *person)
    {
        return Ok(());
    }
    Err(Refusal::new(Code::SignatureOfOther)
        .missing(format!("`{person}` as a signatory of {}", party.name))
        .who(format!("a signatory of {}", party.name))
        .how("keys are enrolled and revoked by signatories of the same party"))
}

/// What a revoked key is answered with.
pub(crate) fn revoked(key: &Key) -> Refusal {
    let since = key
        .revoked_at
        .map_or_else(String::new, |at| format!(" since {at}"));
    Refusal::new(Code::KeyRevoked)
        .missing(format!(
            "a key of `{}` that is not revoked: this one is{since}",
            key.person
        ))
        .who(format!(
            "`{}`, or another signatory of the party",
            key.person
        ))
        .how("sign with another key, or enrol a new one (`segue do enrol-key`)")
}

pub(crate) fn apply_enrolled(t: &mut Transition, e: &KeyEnrolled) {
    t.parties.add_key(Key {
        person: e.person.clone(),
        public_key: e.public_key.clone(),
        enrolled_at: Some(e.signed.at),
        revoked_at: None,
    });
}

pub(crate) fn apply_revoked(t: &mut Transition, e: &KeyRevoked) {
    t.parties.revoke_key(&e.person, &e.revoked_key, e.at);
}

/// `segue show keys`.
pub(crate) const BOARD: Kind = Kind {
    name: "keys",
    says: "The keys that signatories sign with, and which are revoked",
    may_see: None,
    draw: |t, _, _| draw(t),
};

fn draw(t: &Transition) -> Board {
    let mut board = Board::new(
        "Signing keys",
        &["Party", "Signatory", "Key", "Enrolled", "Revoked"],
    );
    for side in Side::BOTH {
        let party = t.parties.of(side);
        for signatory in &party.signatories {
            let keys = t.parties.keys_of(&signatory.person);
            let usable = keys.iter().filter(|key| key.revoked_at.is_none()).count();
            for key in keys {
                let enrolled = key.enrolled_at.or(t.created_at);
                board.row([
                    party.name.clone(),
                    format!("{} ({})", signatory.person, signatory.title),
                    key.public_key,
                    enrolled.map_or_else(String::new, |at| at.to_string()),
                    key.revoked_at.map_or_else(String::new, |at| at.to_string()),
                ]);
            }
            if usable == 0 && usable_keys(t, side) > 0 {
                board.note(format!(
                    "{} has no key left: another signatory of {} vouches for a new one.",
                    signatory.person, party.name
                ));
            }
        }
        if usable_keys(t, side) == 1 {
            board.note(format!(
                "{} has one key alone: were it lost, nobody could vouch for another. Enrol a second one now.",
                party.name
            ));
        }
    }
    board.note("A lost key is safe with a second one beside it: a key file and a passkey, or a second signatory.");
    board
}
