//! The mappings that ship with Segue, and how a mapping is found by its name.

use crate::error::CallsError;
use std::borrow::Cow;
use std::path::Path;

/// The text of a mapping file, or of the shipped mapping of that name where there is no such file; and what errors call it.
pub(crate) fn text(
    name: &str,
    shipped: &'static [(&'static str, &'static str)],
) -> Result<(Cow<'static, str>, String), CallsError> {
    let known = shipped.iter().find(|(known, _)| *known == name);
    if let Some((known, text)) = known.filter(|_| !Path::new(name).exists()) {
        return Ok((Cow::Borrowed(text), (*known).to_owned()));
    }
    let text = std::fs::read_to_string(name).map_err(|source| CallsError::ReadInput {
        path: name.into(),
        source,
    })?;
    Ok((Cow::Owned(text), name.to_owned()))
}

/// Their texts, by name.
pub static SHIPPED: [(&str, &str); 14] = [
    ("generic", include_str!("../../../../mappings/generic.toml")),
    (
        "generic-json",
        include_str!("../../../../mappings/generic-json.toml"),
    ),
    (
        "amazon-connect",
        include_str!("../../../../mappings/amazon-connect.toml"),
    ),
    (
        "asterisk-cdr",
        include_str!("../../../../mappings/asterisk-cdr.toml"),
    ),
    (
        "asterisk-queue-log",
        include_str!("../../../../mappings/asterisk-queue-log.toml"),
    ),
    (
        "avaya-ech",
        include_str!("../../../../mappings/avaya-ech.toml"),
    ),
    (
        "cisco-cucm",
        include_str!("../../../../mappings/cisco-cucm.toml"),
    ),
    (
        "cisco-uccx",
        include_str!("../../../../mappings/cisco-uccx.toml"),
    ),
    ("five9", include_str!("../../../../mappings/five9.toml")),
    (
        "freeswitch-json",
        include_str!("../../../../mappings/freeswitch-json.toml"),
    ),
    (
        "genesys-cloud",
        include_str!("../../../../mappings/genesys-cloud.toml"),
    ),
    (
        "nice-cxone",
        include_str!("../../../../mappings/nice-cxone.toml"),
    ),
    (
        "technion",
        include_str!("../../../../mappings/technion.toml"),
    ),
    (
        "twilio-calls",
        include_str!("../../../../mappings/twilio-calls.toml"),
    ),
];
