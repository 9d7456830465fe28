//! What the journal knows of a fact: its stream, version, kind, schema and canonical body, never its meaning.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// Longest name of a stream, actor, cause, kind or command, in bytes.
pub const NAME_BYTES_MAX: usize = 200;
/// Largest body of one event, in bytes.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// Most events one append may carry.
pub const APPEND_EVENTS_MAX: usize = 1_000;
/// Most events one read returns.
pub const READ_EVENTS_MAX: u32 = 1_000;

/// A name the journal does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the {what} must be 1 to {NAME_BYTES_MAX} bytes without control characters; choose another one"
)]
pub struct InvalidName {
    /// Which name: `stream`, `command id`, `actor`, `cause` or `kind`.
    pub what: &'static str,
}

pub(crate) fn check_name(what: &'static str, text: &str) -> Result<(), InvalidName> {
    let fits = (1..=NAME_BYTES_MAX).contains(&text.len());
    if fits && !text.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(InvalidName { what })
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks length and characters.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidName> {
                let text = text.into();
                check_name($what, &text)?;
                Ok(Self(text))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;
            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
    };
}

name!(
    /// One chain of facts: the id of a transition.
    StreamId,
    "stream"
);
name!(
    /// Chosen by whoever gives the command, so that a retry is recognised (`--command-id`).
    CommandId,
    "command id"
);

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// The place of a fact among all streams, gapless from 1; 0 stands before the first. A cursor, not part of the chain.
    Position
);
number!(
    /// The place of a fact in its own stream, gapless from 1; 0 is the empty stream.
    Version
);

/// SHA-256 over the canonical bytes of one fact (`docs/journal-format.md`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainHash(pub [u8; 32]);

impl ChainHash {
    /// What the first fact of every stream follows.
    pub const GENESIS: Self = Self([0; 32]);
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainHash({self})")
    }
}

impl std::str::FromStr for ChainHash {
    type Err = hex::FromHexError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

impl Serialize for ChainHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The body of an event: JSON text with sorted keys and no spaces. The chain covers exactly these bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body(String);

impl Body {
    /// The canonical text of a value.
    pub fn canonical(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self(canonical_json(&serde_json::to_value(value)?)?))
    }

    /// Text read back from a store; a changed byte shows in the chain, not here.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value as the caller's own type.
    pub fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0)
    }
}

/// JSON with keys in byte order and no spaces, whatever map type `serde_json` was built with.
pub fn canonical_json(value: &Value) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    write_canonical(value, &mut text)?;
    Ok(text)
}

fn write_canonical(value: &Value, text: &mut String) -> Result<(), serde_json::Error> {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| key.as_bytes());
            text.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&serde_json::to_string(key)?);
                text.push(':');
                write_canonical(value, text)?;
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_canonical(item, text)?;
            }
            text.push(']');
        }
        plain => text.push_str(&serde_json::to_string(plain)?),
    }
    Ok(())
}

/// A fact about to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// What happened, in snake case, e.g. `share_raised`.
    pub kind: String,
    /// Version of the body's shape; old ones are brought up to date on reading.
    pub schema: u32,
    /// The fact itself.
    pub body: Body,
}

/// A recorded fact with its place and its links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Place among all streams.
    pub position: Position,
    /// The chain it belongs to.
    pub stream: StreamId,
    /// Place in that chain.
    pub version: Version,
    /// What happened.
    pub kind: String,
    /// Version of the body's shape.
    pub schema: u32,
    /// The fact itself.
    pub body: Body,
    /// Who: a user, or a part of Segue by name.
    pub actor: String,
    /// What led to it: the command's name and digest, or the trigger.
    pub cause: String,
    /// The command that recorded it.
    pub command_id: CommandId,
    /// When, UTC, in microseconds.
    pub recorded_at: Timestamp,
    /// Hash of the fact before it in this stream.
    pub previous_hash: ChainHash,
    /// Hash of this fact.
    pub hash: ChainHash,
}

/// The newest fact of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StreamHead {
    /// The chain.
    pub stream: StreamId,
    /// Its newest version.
    pub version: Version,
    /// Where that is among all streams.
    pub position: Position,
    /// Hash of the newest fact; knowing it elsewhere makes a truncation visible.
    pub hash: ChainHash,
}

/// An instant as the journal writes it: RFC 3339, UTC, always six decimals.
pub fn instant_text(at: Timestamp) -> String {
    format!("{at:.6}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_written_with_sorted_keys_and_no_spaces() {
        let value: Value =
            serde_json::from_str(r#"{ "b": [1, {"z": null, "a": "é\n"}], "a": {"k": 0.5} }"#)
                .unwrap();
        assert_eq!(
            canonical_json(&value).unwrap(),
            r#"{"a":{"k":0.5},"b":[1,{"a":"é\n","z":null}]}"#
        );
    }

    #[test]
    fn instants_always_carry_six_decimals() {
        for (given, written) in [
            ("2026-11-22T05:17:28Z", "2026-11-22T05:17:28.000000Z"),
            (
                "2026-11-22T05:17:28.1234567Z",
                "2026-11-22T05:17:28.123456Z",
            ),
            ("2026-11-22T00:17:28.5-05:00", "2026-11-22T05:17:28.500000Z"),
        ] {
            assert_eq!(instant_text(given.parse().unwrap()), written);
        }
    }

    #[test]
    fn names_are_bounded_and_printable() {
        assert!(StreamId::new("carebridge-2026").is_ok());
        assert!(StreamId::new("").is_err());
        assert!(StreamId::new("a\nb").is_err());
        assert!(CommandId::new("x".repeat(NAME_BYTES_MAX + 1)).is_err());
    }
}
