//! The people of the in-house centres: paths, legal notice, who can still answer at home, thanks (B11, B12, A31, §7.8).
//!
//! Staff are pseudonyms that only the client's human resources resolve. Nothing here measures a single person (§7.15).

pub mod notice_rules;

use serde::Serialize;

/// The people's part of the state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct People {
    /// Days of notice by law, as adopted.
    pub notice_rules: Vec<notice_rules::NoticeRule>,
}
