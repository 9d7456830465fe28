//! Evidence of trials: a file in the data directory, named in the journal by the beginning of its hash.

use crate::data_dir::{DataDir, write_private};
use crate::output::Failure;
use jiff::Timestamp;
use segue_domain::canonical;
use serde::Serialize;
use serde_json::json;
use std::fs;

/// How much of the hash names the file.
const HASH_CHARS: usize = 16;

/// Writes what was seen and gives the reference to it: `trials/path-cbdgpalkfihnmjeo.json`.
pub fn keep(
    data: &DataDir,
    what: &str,
    at: Timestamp,
    seen: &impl Serialize,
) -> Result<String, Failure> {
    let folder = data.path("trials");
    fs::create_dir_all(&folder).map_err(anyhow::Error::new)?;
    let text = serde_json::to_string_pretty(&json!({ "at": at, "seen": seen }));
    let text = text.map_err(anyhow::Error::new)?;
    let name = format!(
        "{what}-{}.json",
        letters(&canonical::hash("trial evidence", &text))
    );
    write_private(&folder.join(&name), &text)?;
    Ok(format!("trials/{name}"))
}

/// What was seen, read back by its reference.
pub fn read(data: &DataDir, reference: &str) -> Result<serde_json::Value, Failure> {
    let text = fs::read_to_string(data.path(reference)).map_err(|e| unreadable(reference, &e))?;
    let kept: serde_json::Value =
        serde_json::from_str(&text).map_err(|e| unreadable(reference, &e))?;
    Ok(kept["seen"].clone())
}

/// Evidence that is not as it was written.
pub fn unreadable(reference: &str, why: &dyn std::fmt::Display) -> Failure {
    Failure::Unavailable(format!(
        "the evidence `{reference}` cannot be read ({why}); restore the file from a backup of the data directory"
    ))
}

/// The beginning of a hash in the letters a to p: a row of digits in a fact is refused as a caller's number.
fn letters(hash: &str) -> String {
    let nibbles = hash.chars().filter_map(|c| c.to_digit(16));
    let letters = nibbles.filter_map(|n| u8::try_from(n).ok().map(|n| char::from(b'a' + n)));
    letters.take(HASH_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_dir::NewData;
    use segue_domain::text::caller_data;

    #[test]
    fn the_name_is_the_hash_and_no_callers_number() {
        assert_eq!(letters("0123456789abcdef99"), "abcdefghijklmnop");
        let directory = tempfile::tempdir().unwrap();
        let data = DataDir::create(&directory.path().join("data"), NewData::default()).unwrap();
        let mut names = std::collections::BTreeSet::new();
        for second in 0..20 {
            let at = Timestamp::from_second(1_795_000_000 + second).unwrap();
            let reference = keep(&data, "path", at, &"+16095550123").unwrap();
            assert_eq!(caller_data(&reference), None, "{reference}");
            assert!(data.path(&reference).exists());
            names.insert(reference);
        }
        assert_eq!(names.len(), 20);
    }
}
