//! The Nurse Licensure Compact: which states honour a multistate licence, and from when; rows that are adopted and
//! confirmed, since sources conflict (§2.4).

use super::Licences;
use crate::Decided;
use crate::event::Event;
use crate::ids::StateCode;
use crate::legal_tables::{self, LegalRow, LegalTable, Provenance};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The table as shipped, a body of `adopt_compact_table`: verify at ncsbn.org before go-live.
pub const SHIPPED: &str = include_str!("../../../../tables/compact_membership.json");

/// Where a state stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CompactStatus {
    /// Its multistate licences count elsewhere, and those of others count here.
    Active,
    /// The law is enacted, licences do not count yet.
    EnactedAwaiting,
    /// Only a part is in force; counsel says which.
    Partial,
    /// No member.
    NotMember,
}

impl CompactStatus {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Active => "an active member of the compact",
            Self::EnactedAwaiting => "a member whose licences do not count yet",
            Self::Partial => "a member in part only",
            Self::NotMember => "no member of the compact",
        }
    }
}

/// One state for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CompactRow {
    /// The state.
    pub state: StateCode,
    /// Its name, as a caller says it.
    pub name: String,
    /// Where it stands.
    pub status: CompactStatus,
    /// Where that comes from and when it holds.
    #[serde(flatten)]
    pub provenance: Provenance,
}

impl LegalRow for CompactRow {
    fn provenance(&self) -> &Provenance {
        &self.provenance
    }
}

/// Adopts the table of the compact's members; it replaces the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdoptCompactTable {
    /// All its rows.
    pub rows: Vec<CompactRow>,
}

/// A table of the compact's members is adopted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompactTableAdopted {
    /// All its rows.
    pub rows: Vec<CompactRow>,
    /// When.
    pub at: Timestamp,
}

/// The rows as shipped.
///
/// # Errors
/// When the shipped file is no such table; a test reads it.
pub fn shipped() -> Result<Vec<CompactRow>, serde_json::Error> {
    serde_json::from_str::<AdoptCompactTable>(SHIPPED).map(|table| table.rows)
}

/// Where a state stands on a day; nothing when no row says.
pub fn status_on(rows: &[CompactRow], state: &StateCode, on: Date) -> Option<CompactStatus> {
    let of_state = rows.iter().filter(|row| row.state == *state);
    let mut in_force = of_state.filter(|row| row.provenance.is_in_force(on));
    in_force.next().map(|row| row.status)
}

/// The day the row was checked that was checked longest ago.
pub fn checked_on(rows: &[CompactRow]) -> Option<Date> {
    rows.iter().map(|row| row.provenance.checked_on).min()
}

/// The state that a caller named: `CA`, `ca` or `California`.
pub fn state_named(rows: &[CompactRow], text: &str) -> Option<StateCode> {
    let text = text.trim();
    let mut named = rows
        .iter()
        .filter(|row| row.name.eq_ignore_ascii_case(text));
    let code = || StateCode(text.to_ascii_uppercase());
    let by_name = named.next().map(|row| row.state.clone());
    by_name.or_else(|| Some(code()).filter(|code| code.check().is_ok()))
}

pub(crate) fn adopt(t: &Transition, c: &AdoptCompactTable, now: Timestamp) -> Decided {
    legal_tables::check(LegalTable::Compact, &c.rows)?;
    for row in &c.rows {
        row.state.check()?;
        text::title("the name of a state", &row.name)?;
    }
    if legal_tables::is_adopted(t, LegalTable::Compact, &c.rows) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::CompactTableAdopted(CompactTableAdopted {
        rows: c.rows.clone(),
        at: now,
    })])
}

pub(crate) fn apply_adopted(t: &mut Transition, e: &CompactTableAdopted) {
    legal_tables::apply_adopted(t, LegalTable::Compact, &e.rows, e.at);
    t.licences = Licences {
        compact: e.rows.clone(),
        ..std::mem::take(&mut t.licences)
    };
}
