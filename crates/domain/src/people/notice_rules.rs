//! How many days of notice the law asks for, as rows that are adopted and confirmed (WARN and the states', §2.4).

use crate::Decided;
use crate::actor::{Actor, Right, Side};
use crate::event::Event;
use crate::ids::is_usable;
use crate::legal_tables::{self, LegalRow, LegalTable, Provenance};
use crate::lines::bad;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The longest notice a row may ask for, in days: a slip of the keyboard should not block for a lifetime.
const DAYS_MAX: u16 = 730;

/// One rule of one jurisdiction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NoticeRule {
    /// `US`, or a state: `US-NJ`.
    pub jurisdiction: String,
    /// Calendar days between notice and the end of employment.
    pub days: u16,
    /// It binds employers with at least so many employees.
    pub employer_min: u32,
    /// It binds when at least so many people lose their work.
    pub affected_min: u32,
    /// And these are at least so many percent of the site's employees; absent where the law has no such test.
    #[serde(default)]
    pub affected_percent_min: Option<u8>,
    /// Where it comes from.
    #[serde(flatten)]
    pub provenance: Provenance,
}

impl LegalRow for NoticeRule {
    fn provenance(&self) -> &Provenance {
        &self.provenance
    }
}

/// Adopts the table of notice rules; it replaces the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AdoptNoticeTable {
    /// All its rows.
    pub rows: Vec<NoticeRule>,
}

/// A table of notice rules is adopted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeTableAdopted {
    /// All its rows.
    pub rows: Vec<NoticeRule>,
    /// When.
    pub at: Timestamp,
}

pub(crate) fn adopt(
    t: &Transition,
    c: &AdoptNoticeTable,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    actor.require(Right::ManagePeople)?;
    actor.require_side(Side::Client, "adopt notice rules")?;
    legal_tables::check(LegalTable::Notice, &c.rows)?;
    for row in &c.rows {
        if !is_usable(&row.jurisdiction) {
            return Err(bad(format!(
                "`{}` as a jurisdiction, for example US or US-NJ",
                row.jurisdiction
            )));
        }
        if row.days > DAYS_MAX || row.affected_percent_min.is_some_and(|p| p > 100) {
            return Err(bad(format!(
                "at most {DAYS_MAX} days and 100 % in the rule of {}",
                row.jurisdiction
            )));
        }
    }
    if legal_tables::is_adopted(t, LegalTable::Notice, &c.rows) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::NoticeTableAdopted(NoticeTableAdopted {
        rows: c.rows.clone(),
        at: now,
    })])
}

pub(crate) fn apply_adopted(t: &mut Transition, e: &NoticeTableAdopted) {
    legal_tables::apply_adopted(t, LegalTable::Notice, &e.rows, e.at);
    t.people.notice_rules.clone_from(&e.rows);
}
