//! The mappings that ship with Segue.

/// Their texts, by name.
pub const SHIPPED: [(&str, &str); 14] = [
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
