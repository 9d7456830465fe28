//! The people of the Riverside example, by what scripts call them, and their example keys.

use ed25519_dalek::SigningKey;
use segue_domain::{Actor, Role, Side};
use sha2::{Digest, Sha256};

/// Every role a script may name, with the account's ending and what it may do.
const ROLES: &[(&str, &str, Role)] = &[
    ("director", "director", Role::Signatory),
    ("manager", "manager", Role::Implementation),
    ("account manager", "account", Role::AccountManager),
    ("duty manager", "duty", Role::Duty),
    ("nurse", "nurse", Role::TestCaller),
    ("auditor", "auditor", Role::Viewer),
];

/// `the client's director`, `CareBridge's duty manager`.
pub(crate) fn read(text: &str) -> Result<Actor, String> {
    let said = || {
        let roles: Vec<_> = ROLES.iter().map(|(role, ..)| *role).collect();
        format!(
            "`{text}` is nobody of the example; say `the client's` (or `Riverside's`) or `the outsourcer's` (or `CareBridge's`) and one of: {}",
            roles.join(", ")
        )
    };
    let (party, role) = text.split_once("'s ").ok_or_else(said)?;
    let side = match party {
        "the client" | "Riverside" | "Riverside Health" => Side::Client,
        "the outsourcer" | "CareBridge" => Side::Outsourcer,
        _ => return Err(said()),
    };
    let (_, ending, role) = ROLES
        .iter()
        .find(|(name, ..)| *name == role)
        .ok_or_else(said)?;
    Ok(of(side, ending, *role))
}

/// The signatory of a party.
pub(crate) fn director(side: Side) -> Actor {
    of(side, "director", Role::Signatory)
}

/// Who prepares for a party.
pub(crate) fn manager(side: Side) -> Actor {
    of(side, "manager", Role::Implementation)
}

/// The client's test caller.
pub(crate) fn nurse() -> Actor {
    of(Side::Client, "nurse", Role::TestCaller)
}

fn of(side: Side, ending: &str, role: Role) -> Actor {
    let party = match side {
        Side::Client => "rvs",
        Side::Outsourcer => "cb",
    };
    Actor::new(&format!("{party}-{ending}"), side, &[role])
}

/// The key of an example signatory. Anybody can derive it (`examples/riverside/README.md`): it protects nothing.
pub(crate) fn example_key(person: &str) -> SigningKey {
    SigningKey::from_bytes(&Sha256::digest(format!("segue example key of {person}")).into())
}
