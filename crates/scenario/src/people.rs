//! The people of the Riverside example, by what scripts call them.

use segue_domain::{Actor, Role, Side};

/// Every position a script may name, and the role behind it.
const POSITIONS: &[(&str, Role)] = &[
    ("director", Role::Signatory),
    ("manager", Role::Implementation),
    ("account manager", Role::AccountManager),
    ("duty manager", Role::Duty),
    ("nurse", Role::TestCaller),
    ("clinical lead", Role::ClinicalLead),
    ("compliance officer", Role::Compliance),
    ("HR partner", Role::HumanResources),
    ("quality reviewer", Role::Quality),
    ("agent", Role::Agent),
    ("auditor", Role::Viewer),
    ("administrator", Role::Administrator),
];

/// Second persons of a role: position, the account's ending, role.
const OTHERS: &[(&str, &str, Role)] = &[
    ("deputy account manager", "deputy", Role::AccountManager),
    ("telephony engineer", "engineer", Role::Implementation),
];

/// `the client's director`, `CareBridge's duty manager`, `the outsourcer's agent 2`.
pub(crate) fn read(text: &str) -> Result<Actor, String> {
    let found = || {
        let (party, position) = text.split_once("'s ")?;
        let side = match party {
            "the client" | "Riverside" | "Riverside Health" => Side::Client,
            "the outsourcer" | "CareBridge" => Side::Outsourcer,
            _ => return None,
        };
        let numbered = position.rsplit_once(' ');
        let numbered = numbered.and_then(|(p, n)| Some((p, n.parse::<u8>().ok()?)));
        let (mut account, role) = post(side, numbered.map_or(position, |(p, _)| p))?;
        if let Some((_, n)) = numbered {
            account = format!("{account}-{n}");
        }
        Some(Actor::new(&account, side, &[role]))
    };
    found().ok_or_else(|| {
        let positions = POSITIONS.iter().map(|(position, _)| *position);
        let others = OTHERS.iter().map(|(position, ..)| *position);
        let positions: Vec<_> = positions.chain(others).collect();
        format!(
            "`{text}` is nobody of the example; say `the client's` (or `Riverside's`) or `the outsourcer's` (or `CareBridge's`) and one of: {}",
            positions.join(", ")
        )
    })
}

/// The account and the role behind a position.
fn post(side: Side, position: &str) -> Option<(String, Role)> {
    let role = POSITIONS.iter().find(|(own, _)| *own == position);
    let other = || OTHERS.iter().find(|(own, ..)| *own == position);
    role.map(|(_, role)| (segue_example::person(side, *role), *role))
        .or_else(|| other().map(|(_, post, role)| (segue_example::account(side, post), *role)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_somebody_at_each_party() {
        for (party, side) in [
            ("the client", Side::Client),
            ("Riverside", Side::Client),
            ("the outsourcer", Side::Outsourcer),
            ("CareBridge", Side::Outsourcer),
        ] {
            for role in Role::ALL {
                let mut positions = POSITIONS.iter().filter(|(_, own)| *own == role);
                let position = positions
                    .next()
                    .unwrap_or_else(|| panic!("nobody is {role:?}"));
                let read = read(&format!("{party}'s {}", position.0)).unwrap();
                assert_eq!(read, segue_example::of(side, role));
            }
        }
    }
    #[test]
    fn a_role_may_have_more_than_one_person() {
        for (text, account, role) in [
            (
                "the outsourcer's deputy account manager",
                "cb-deputy",
                Role::AccountManager,
            ),
            ("the outsourcer's agent 12", "cb-agent-12", Role::Agent),
            (
                "Riverside's telephony engineer 2",
                "rvs-engineer-2",
                Role::Implementation,
            ),
        ] {
            let actor = read(text).unwrap();
            assert_eq!(
                (actor.person.as_str(), actor.is(role)),
                (account, true),
                "{text}"
            );
        }
        for nobody in [
            "the client's agent two",
            "the client's 2",
            "agent",
            "Riverside's ",
        ] {
            assert!(read(nobody).is_err(), "{nobody}");
        }
    }
}
