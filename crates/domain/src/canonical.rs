//! One byte form for every value that is hashed or signed: JSON, keys sorted, no spaces.

use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Canonical JSON of a value: object keys in byte order at every depth, no white space.
///
/// Only types of this crate are serialised, none of which can fail; a failure would yield `null`.
pub fn json(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or(Value::Null);
    let mut text = String::new();
    write(&value, &mut text);
    text
}

/// Hex SHA-256 over `subject`, a zero byte, and the canonical JSON of the value.
///
/// The subject keeps a signature of one kind of thing from being used for another.
pub fn hash(subject: &str, value: &impl Serialize) -> String {
    let mut digest = Sha256::new();
    digest.update(subject.as_bytes());
    digest.update([0]);
    digest.update(json(value).as_bytes());
    hex::encode(digest.finalize())
}

/// Writes a map whose keys are no texts as a list of its entries; JSON has text keys only.
pub(crate) fn entries<K, V, S>(map: &BTreeMap<K, V>, to: S) -> Result<S::Ok, S::Error>
where
    K: Serialize,
    V: Serialize,
    S: Serializer,
{
    to.collect_seq(map)
}

/// That many hours later, or the end of time: terms are typed by people.
pub(crate) fn hours_after(at: Timestamp, hours: u32) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(i64::from(hours)))
        .unwrap_or(Timestamp::MAX)
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort();
            out.push('{');
            for (n, key) in keys.into_iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                out.push_str(&Value::String(key.clone()).to_string());
                out.push(':');
                write(&map[key], out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_at_every_depth_and_subjects_differ() {
        let value: Value = serde_json::from_str(r#"{"b":[{"z":1,"a":"x\"y"}],"a":null}"#).unwrap();
        assert_eq!(json(&value), r#"{"a":null,"b":[{"a":"x\"y","z":1}]}"#);
        assert_ne!(hash("plan", &value), hash("gate", &value));
    }
}
