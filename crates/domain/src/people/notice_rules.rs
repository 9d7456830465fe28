//! How many days of notice the law asks for, as rows that are adopted and confirmed (WARN and the states', §2.4).

use super::require_site;
use crate::Decided;
use crate::event::Event;
use crate::ids::{SiteId, is_usable};
use crate::legal_tables::{self, LegalRow, LegalTable, Provenance};
use crate::lines::bad;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

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

/// Says how large a centre's workforce is and where, so that the law's thresholds can be looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordWorkforce {
    /// The centre.
    pub site: SiteId,
    /// Where the law of notice applies: `US`, `US-NJ`.
    pub jurisdictions: BTreeSet<String>,
    /// Employees of the employer.
    pub employees: u32,
    /// Employees of the centre.
    pub site_employees: u32,
    /// How many lose their work.
    pub affected: u32,
}

/// A centre's workforce was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkforceRecorded {
    /// As told.
    #[serde(flatten)]
    pub workforce: RecordWorkforce,
    /// When.
    pub at: Timestamp,
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

impl NoticeRule {
    /// Whether the rule binds this employer at this centre on a day, by its thresholds.
    pub fn binds(&self, w: &RecordWorkforce, on: Date) -> bool {
        let percent = self.affected_percent_min.map_or(0, u64::from);
        w.jurisdictions.contains(&self.jurisdiction)
            && w.employees >= self.employer_min
            && w.affected >= self.affected_min
            && u64::from(w.affected) * 100 >= u64::from(w.site_employees) * percent
            && self.provenance.is_in_force(on)
    }
}

pub(crate) fn adopt(t: &Transition, c: &AdoptNoticeTable, now: Timestamp) -> Decided {
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

pub(crate) fn record_workforce(t: &Transition, c: &RecordWorkforce, now: Timestamp) -> Decided {
    require_site(t, &c.site)?;
    let jurisdictions: Vec<_> = c.jurisdictions.iter().collect();
    text::list("jurisdictions", &jurisdictions)?;
    if jurisdictions.is_empty() || !jurisdictions.iter().all(|j| is_usable(j)) {
        return Err(bad(
            "the jurisdictions of the centre, for example US and US-NJ".into(),
        ));
    }
    if c.affected > c.site_employees || c.site_employees > c.employees {
        return Err(bad(format!(
            "numbers that fit: {} affected of {} at {} of {} in all",
            c.affected, c.site_employees, c.site, c.employees
        )));
    }
    if t.people.workforce.get(&c.site) == Some(c) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::WorkforceRecorded(WorkforceRecorded {
        workforce: c.clone(),
        at: now,
    })])
}

pub(crate) fn apply_workforce(t: &mut Transition, e: &WorkforceRecorded) {
    let workforce = &e.workforce;
    let all = &mut t.people.workforce;
    all.insert(workforce.site.clone(), workforce.clone());
}
