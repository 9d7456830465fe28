//! Legal tables: rows with effective dates, a source and the day somebody looked, never constants (§2.4, §7.4).
//!
//! Each concern adopts its own rows. Until the client's compliance officer confirms exactly these rows, whatever is
//! computed from them carries the banner "verify with counsel". Software looks things up; it does not decide law.

use crate::Decided;
use crate::actor::Actor;
use crate::boards::{Board, Kind};
use crate::canonical;
use crate::event::Event;
use crate::ids::PersonId;
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A table that a concern keeps.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LegalTable {
    /// Days of notice before employment ends: federal and state.
    Notice,
    /// Which states honour a nurse's multistate licence, and from when.
    Compact,
}

impl LegalTable {
    /// The table in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Notice => "notice rules",
            Self::Compact => "compact membership",
        }
    }
}

/// Where a row comes from and when it is law; part of every row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Provenance {
    /// The first day it is in force.
    #[schemars(with = "String")]
    pub effective_from: Date,
    /// The first day it is no longer in force; open when nobody knows one.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub effective_to: Option<Date>,
    /// The law, and where it was read.
    pub source: String,
    /// The day somebody read it there.
    #[schemars(with = "String")]
    pub checked_on: Date,
}

impl Provenance {
    /// Whether the row is in force on a day: `[from, to)`.
    pub fn is_in_force(&self, on: Date) -> bool {
        self.effective_from <= on && self.effective_to.is_none_or(|to| on < to)
    }
}

/// Confirms the adopted rows of a table, as the client's compliance officer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ConfirmLegalTable {
    /// The table.
    pub table: LegalTable,
    /// The hash of the rows that were read, from the board `legal-tables`.
    pub hash: String,
}

/// The compliance officer confirmed a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalTableConfirmed {
    /// The table.
    pub table: LegalTable,
    /// The hash of its rows.
    pub hash: String,
    /// Who confirmed.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// An adopted table in state; its rows are kept by the concern that uses them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Adoption {
    /// The hash of its rows.
    pub hash: String,
    /// How many rows.
    pub rows: usize,
    /// The day the row was checked that was checked longest ago.
    pub checked_on: Option<Date>,
    /// When it was adopted.
    pub at: Timestamp,
    /// The confirmation of exactly these rows.
    pub confirmed: Option<LegalTableConfirmed>,
}

/// The adopted tables, in state.
pub type LegalTables = BTreeMap<LegalTable, Adoption>;

/// A row of a legal table.
pub(crate) trait LegalRow: Serialize {
    /// Where it comes from.
    fn provenance(&self) -> &Provenance;
}

pub(crate) const BOARD: Kind = Kind {
    name: "legal-tables",
    says: "The law that dates are computed from: where it was read, when, and whether compliance confirmed it",
    may_see: None,
    draw: |t, _, _| draw(t),
};

/// What is adopted, confirmed and shown: the rows as they are.
pub(crate) fn hash<R: LegalRow>(t: &Transition, table: LegalTable, rows: &[R]) -> String {
    canonical::hash("legal table", &(&t.id, table, rows))
}

/// Refuses rows without source and dates. The concern checks what its rows say.
pub(crate) fn check<R: LegalRow>(table: LegalTable, rows: &[R]) -> Result<(), Refusal> {
    text::list("rows", rows)?;
    if rows.is_empty() {
        return Err(bad(format!("at least one row of the {}", table.words())));
    }
    rows.iter().map(R::provenance).try_for_each(|p| {
        text::title("the source of a row", &p.source)?;
        match p.effective_to {
            Some(to) if to <= p.effective_from => Err(bad(format!(
                "a row whose dates follow each other, not {} to {to}",
                p.effective_from
            ))),
            _ => Ok(()),
        }
    })
}

/// Whether exactly these rows are adopted already.
pub(crate) fn is_adopted<R: LegalRow>(t: &Transition, table: LegalTable, rows: &[R]) -> bool {
    let adopted = t.legal_tables.get(&table);
    adopted.is_some_and(|a| a.hash == hash(t, table, rows))
}

/// Folds an adoption in; other rows are not confirmed.
pub(crate) fn apply_adopted<R: LegalRow>(
    t: &mut Transition,
    table: LegalTable,
    rows: &[R],
    at: Timestamp,
) {
    let adoption = Adoption {
        hash: hash(t, table, rows),
        rows: rows.len(),
        checked_on: rows.iter().map(|r| r.provenance().checked_on).min(),
        at,
        confirmed: None,
    };
    t.legal_tables.insert(table, adoption);
}

pub(crate) fn confirm(
    t: &Transition,
    c: &ConfirmLegalTable,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    let Some(adoption) = t.legal_tables.get(&c.table) else {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("adopted {}", c.table.words()))
            .who("the concern's own people")
            .how("adopt the rows first; `segue show legal-tables` lists what is adopted"));
    };
    if adoption.hash != c.hash {
        return Err(Refusal::new(Code::HashMismatch)
            .missing(format!(
                "the hash of the {} adopted at {}",
                c.table.words(),
                adoption.at
            ))
            .who("the client's compliance officer")
            .how("read the rows again (`segue show legal-tables`) and confirm their hash"));
    }
    if adoption.confirmed.is_some() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::LegalTableConfirmed(LegalTableConfirmed {
        table: c.table,
        hash: c.hash.clone(),
        person: actor.person.clone(),
        at: now,
    })])
}

pub(crate) fn apply_confirmed(t: &mut Transition, e: &LegalTableConfirmed) {
    if let Some(adoption) = t.legal_tables.get_mut(&e.table)
        && adoption.hash == e.hash
    {
        adoption.confirmed = Some(e.clone());
    }
}

/// The warning that everything computed from a table carries, until compliance confirmed its rows.
pub fn banner(t: &Transition, table: LegalTable) -> Option<String> {
    let Some(adoption) = t.legal_tables.get(&table) else {
        return Some(format!("verify with counsel: no {} adopted", table.words()));
    };
    adoption.confirmed.is_none().then(|| {
        format!(
            "verify with counsel: {} not confirmed by the client's compliance officer",
            table.words()
        )
    })
}

fn draw(t: &Transition) -> Board {
    let columns = ["table", "rows", "checked on", "hash", "state"];
    let mut board = Board::new("Legal tables", &columns);
    for (table, adoption) in &t.legal_tables {
        let state = match &adoption.confirmed {
            Some(confirmed) => format!("confirmed at {}", text::minute(confirmed.at)),
            None => "verify with counsel".to_owned(),
        };
        let checked = adoption.checked_on.map(|day| day.to_string());
        board.row([
            table.words().to_owned(),
            adoption.rows.to_string(),
            checked.unwrap_or_default(),
            adoption.hash.clone(),
            state,
        ]);
    }
    board
}
