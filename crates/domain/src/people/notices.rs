//! Notice served, and the clocks that run from it (WARN and the states' laws, §2.4). The software computes; counsel
//! confirms.

use super::notice_rules::NoticeRule;
use super::require_staff;
use crate::Decided;
use crate::event::Event;
use crate::ids::{SiteId, StaffId};
use crate::legal_tables::{LegalTable, banner};
use crate::lines::bad;
use crate::schedule::days;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Who gets a notice beside the person.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// The person.
    Employee,
    /// The person's union.
    Representative,
    /// The State's dislocated worker unit.
    StateUnit,
    /// The chief elected official of the place.
    ElectedOfficial,
}

/// Records that notice was served: the first, or an additional one when a date slipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ServeNotices {
    /// The people.
    pub staff: BTreeSet<StaffId>,
    /// The day it was served.
    #[schemars(with = "String")]
    pub served_on: Date,
    /// Who got it.
    pub recipients: BTreeSet<Recipient>,
}

/// Notices were served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticesServed {
    /// The people.
    pub staff: BTreeSet<StaffId>,
    /// The day.
    pub served_on: Date,
    /// Who got it.
    pub recipients: BTreeSet<Recipient>,
    /// When it was recorded.
    pub at: Timestamp,
}

/// One thing that must lie behind before employment ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// What it is.
    pub says: String,
    /// The first day it allows; `None` while nobody can tell.
    pub not_before: Option<Date>,
}

impl Term {
    /// A term with its day.
    pub fn new(says: impl Into<String>, not_before: Option<Date>) -> Self {
        Self {
            says: says.into(),
            not_before,
        }
    }

    /// Whether the term allows the day.
    pub fn allows(&self, on: Date) -> bool {
        self.not_before.is_some_and(|day| day <= on)
    }

    /// What it is and the day.
    pub fn words(&self) -> String {
        match self.not_before {
            Some(day) => format!("{}: {day}", self.says),
            None => format!("{}: not known yet", self.says),
        }
    }
}

/// The first day that all terms allow; `None` while one is not known.
pub fn earliest(terms: &[Term]) -> Option<Date> {
    let days: Option<Vec<_>> = terms.iter().map(|term| term.not_before).collect();
    days?.into_iter().max()
}

/// The clocks of one person: the first notice with the days of every rule that binds the centre.
pub fn clocks(t: &Transition, staff: &StaffId) -> Vec<Term> {
    let notices = t.people.notices.get(staff);
    let Some(first) = notices.and_then(|all| all.iter().map(|n| n.served_on).min()) else {
        return vec![Term::new("notice served (`segue do serve-notices`)", None)];
    };
    let rules = match binding(t, staff, first) {
        Ok(rules) => rules,
        Err(missing) => return vec![Term::new(missing, None)],
    };
    let served = |(place, days): (&str, u16)| {
        let day = days::after(first, days.into());
        Term::new(
            format!("{place}: notice served {first} + {days} d"),
            Some(day),
        )
    };
    let rules: BTreeSet<_> = rules
        .iter()
        .map(|rule| (rule.jurisdiction.as_str(), rule.days))
        .collect();
    let given = std::iter::once(Term::new(format!("notice served {first}"), Some(first)));
    given.chain(rules.into_iter().map(served)).collect()
}

/// The rules that bind the person's centre, or what has to be known to look them up.
fn binding<'t>(
    t: &'t Transition,
    staff: &StaffId,
    on: Date,
) -> Result<Vec<&'t NoticeRule>, &'static str> {
    let rules = &t.people.notice_rules;
    if rules.is_empty() {
        return Err("notice rules (`segue do adopt-notice-table`)");
    }
    let site = t.people.staff.get(staff).map(|member| &member.site);
    let Some(workforce) = site.and_then(|site| t.people.workforce.get(site)) else {
        return Err("the size and place of the workforce (`segue do record-workforce`)");
    };
    Ok(rules.iter().filter(|r| r.binds(workforce, on)).collect())
}

/// The longest notice that binds a centre on a day; `None` where no rule does, or its workforce is not known.
pub(crate) fn longest<'t>(t: &'t Transition, site: &SiteId, on: Date) -> Option<&'t NoticeRule> {
    let workforce = t.people.workforce.get(site)?;
    let rules = t.people.notice_rules.iter();
    rules
        .filter(|rule| rule.binds(workforce, on))
        .max_by_key(|rule| rule.days)
}

/// The first day on which notice was served to anybody of a centre.
pub(crate) fn first_served(t: &Transition, site: &SiteId) -> Option<Date> {
    let staff = t.people.staff.iter().filter(|(_, m)| m.site == *site);
    let notices = staff.filter_map(|(id, _)| t.people.notices.get(id));
    notices.flatten().map(|n| n.served_on).min()
}

pub(crate) fn serve(t: &Transition, c: &ServeNotices, now: Timestamp) -> Decided {
    let staff: Vec<_> = c.staff.iter().collect();
    text::list("people", &staff)?;
    if staff.is_empty() || c.recipients.is_empty() {
        return Err(bad("the people, and who got the notice".into()));
    }
    for id in staff {
        let member = require_staff(t, id)?;
        let today = t.day_at(&member.site, now);
        if c.served_on > today {
            return Err(bad(format!(
                "a notice that was served; {} is after {today}",
                c.served_on
            )));
        }
    }
    let served = |n: &NoticesServed| n.served_on == c.served_on && n.recipients == c.recipients;
    let known = |id: &StaffId| {
        t.people
            .notices
            .get(id)
            .is_some_and(|n| n.iter().any(served))
    };
    if c.staff.iter().all(known) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::NoticesServed(NoticesServed {
        staff: c.staff.clone(),
        served_on: c.served_on,
        recipients: c.recipients.clone(),
        at: now,
    })])
}

pub(crate) fn apply_served(t: &mut Transition, e: &NoticesServed) {
    for staff in &e.staff {
        let notices = t.people.notices.entry(staff.clone()).or_default();
        notices.push(e.clone());
    }
}

/// What everything computed from the notice rules carries until compliance confirmed them.
pub(crate) fn verify(t: &Transition) -> Option<String> {
    banner(t, LegalTable::Notice)
}
