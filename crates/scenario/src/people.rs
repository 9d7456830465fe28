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
];

/// `the client's director`, `CareBridge's duty manager`.
pub(crate) fn read(text: &str) -> Result<Actor, String> {
    let said = || {
        let positions: Vec<_> = POSITIONS.iter().map(|(position, _)| *position).collect();
        format!(
            "`{text}` is nobody of the example; say `the client's` (or `Riverside's`) or `the outsourcer's` (or `CareBridge's`) and one of: {}",
            positions.join(", ")
        )
    };
    let (party, position) = text.split_once("'s ").ok_or_else(said)?;
    let side = match party {
        "the client" | "Riverside" | "Riverside Health" => Side::Client,
        "the outsourcer" | "CareBridge" => Side::Outsourcer,
        _ => return Err(said()),
    };
    let (_, role) = POSITIONS
        .iter()
        .find(|(name, _)| *name == position)
        .ok_or_else(said)?;
    Ok(segue_example::of(side, *role))
}
