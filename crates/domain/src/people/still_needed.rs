//! Whether home still needs one person: is the person in an agreed minimum of a chunk that is not closed (§7.8)?

use super::fallback_capacity::{fewest, may_answer};
use super::fallback_minimums::{Cover, FallbackMinimum};
use super::notices::Term;
use super::readiness::{self, Until};
use super::recorded_readiness;
use crate::ids::StaffId;
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;

/// One minimum that would be missed without the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    cover: Cover,
    /// With the person, and without.
    have: (u32, u32),
    until: Until,
    /// The first day on which others are enough.
    replaced_on: Option<Date>,
}

impl Need {
    /// `RVS-Main triage nights 3→2`.
    pub(crate) fn words(&self) -> String {
        format!("{} {}→{}", self.cover, self.have.0, self.have.1)
    }

    /// When it is over: a replacement is there, or else the doors are closed.
    pub(crate) fn term(&self) -> Term {
        let replaced = "a replacement on the fallback roster of";
        match self.replaced_on {
            Some(day) => Term::new(format!("{replaced} {}", self.cover), Some(day)),
            None => Term::new(
                format!("{}, or {replaced} {}", self.until.words(), self.cover),
                self.until.day(),
            ),
        }
    }
}

/// The minimums that would be missed if the person were gone from a day on.
pub(crate) fn needs(t: &Transition, staff: &StaffId, on: Date, now: Timestamp) -> Vec<Need> {
    let Some(member) = t.people.staff.get(staff) else {
        return Vec::new();
    };
    let today = t.day_at(&member.site, now);
    let own = |m: &&FallbackMinimum| {
        let mut roster = t.people.fallback_roster.iter();
        roster.any(|s| s.staff == *staff && may_answer(t, s, &m.cover, on))
    };
    let missed = t.people.minimums.agreed.iter().filter(own).filter_map(|m| {
        let cover = &m.cover;
        let until = readiness::of_rung(t, &cover.site, cover.rung, now);
        let end = match &until {
            Until::Closed => return None,
            Until::NoPlan => Date::MAX,
            Until::Day(day, _) => *day,
        };
        let left = fewest(t, cover, on, end, staff);
        let need = recorded_readiness::need(t, m);
        if on >= end || left >= need {
            return None;
        }
        let enough = |day: &Date| fewest(t, cover, *day, end, staff) >= need;
        let roster = t.people.fallback_roster.iter();
        let from = roster
            .map(|s| s.from)
            .filter(|day| today <= *day && *day < end);
        Some(Need {
            cover: cover.clone(),
            have: (left + 1, left),
            until,
            replaced_on: from.filter(enough).min(),
        })
    });
    missed.collect()
}

/// Refuses while a chunk that is not closed needs the person now.
pub(crate) fn require_free(
    t: &Transition,
    staff: &StaffId,
    today: Date,
    now: Timestamp,
) -> Result<(), Refusal> {
    let needs = needs(t, staff, today, now);
    if needs.is_empty() {
        return Ok(());
    }
    let missing = needs.iter().flat_map(|n| [n.words(), n.term().words()]);
    Err(Refusal::new(Code::ReadinessUntilClosed)
        .missing_all(missing.collect())
        .who("both parties, who close the doors; the client's human resources, who can find a replacement")
        .how("wait until the chunks are closed, or let somebody else accept the fallback shift (`segue do accept-fallback-shifts`)"))
}
