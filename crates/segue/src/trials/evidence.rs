//! Evidence of trials: a file in the data directory, named in the journal with the beginning of its hash.

use crate::data_dir::{DataDir, write_private};
use crate::output::Failure;
use jiff::Timestamp;
use segue_domain::canonical;
use serde::Serialize;
use std::fs;

/// How much of the hash stands in the reference.
const HASH_CHARS: usize = 16;

/// Writes what was seen and gives the reference to it: `trials/path-20261127T031500Z.json 0123456789abcdef`.
pub fn keep(
    data: &DataDir,
    what: &str,
    at: Timestamp,
    seen: &impl Serialize,
) -> Result<String, Failure> {
    let folder = data.path("trials");
    fs::create_dir_all(&folder).map_err(anyhow::Error::new)?;
    let name = format!("{what}-{}.json", at.strftime("%Y%m%dT%H%M%S%3fZ"));
    let text = serde_json::to_string_pretty(seen).map_err(anyhow::Error::new)?;
    write_private(&folder.join(&name), &text)?;
    let hash = canonical::hash("trial evidence", &text);
    let hash = hash.get(..HASH_CHARS).unwrap_or(&hash);
    Ok(format!("trials/{name} {hash}"))
}
