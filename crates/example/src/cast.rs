//! The people of the example and their keys. Anybody can derive the keys (`examples/riverside/README.md`): they protect
//! nothing.

use ed25519_dalek::SigningKey;
use segue_domain::signature::SignatureInput;
use segue_domain::{Actor, Role, Side};
use sha2::{Digest, Sha256};

/// The example key of a person.
pub fn key(person: &str) -> SigningKey {
    SigningKey::from_bytes(&Sha256::digest(format!("segue example key of {person}")).into())
}

/// The account name of the person of a party who has a role: `rvs-director`, `cb-duty`.
pub fn person(side: Side, role: Role) -> String {
    let post = match role {
        Role::Signatory => "director",
        Role::Implementation => "manager",
        Role::AccountManager => "account",
        Role::Duty => "duty",
        Role::TestCaller => "nurse",
        Role::ClinicalLead => "clinical",
        Role::Compliance => "compliance",
        Role::HumanResources => "hr",
        Role::Quality => "quality",
        Role::Agent => "agent",
        Role::Administrator => "admin",
        Role::Viewer => "auditor",
    };
    account(side, post)
}

/// The account name of a post that is nobody's role alone: `cb-deputy`.
pub fn account(side: Side, post: &str) -> String {
    let party = match side {
        Side::Client => "rvs",
        Side::Outsourcer => "cb",
    };
    format!("{party}-{post}")
}

/// That person, acting.
pub fn of(side: Side, role: Role) -> Actor {
    Actor::new(&person(side, role), side, &[role])
}

/// The client's clinical lead.
pub fn clinical_lead() -> Actor {
    of(Side::Client, Role::ClinicalLead)
}

/// The actor's signature by their example key. A text that is no hash gets a signature that is none.
pub fn sign(actor: &Actor, hash: &str) -> SignatureInput {
    let person = &actor.person;
    SignatureInput::by(person, &key(person.as_str()), hash).unwrap_or_else(|| SignatureInput {
        signatory: person.clone(),
        signed_hash: hash.to_owned(),
        signature: String::new(),
    })
}
