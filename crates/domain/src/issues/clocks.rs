//! The clocks of acknowledgement, and what is past them. Pure: time comes in.

use super::{EscalatedTo, Issue, Severity};
use crate::ids::IssueId;
use crate::transition::Transition;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use serde::{Deserialize, Serialize};

/// Within which time somebody is on an issue, as both signed it (B19).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Clocks {
    /// Minutes for severity 1.
    pub sev1_min: u32,
    /// Minutes for severity 2.
    pub sev2_min: u32,
    /// Minutes for severity 3.
    pub sev3_min: u32,
    /// Business days, Monday to Friday at the site, for severity 4.
    pub sev4_business_days: u32,
}

impl Default for Clocks {
    fn default() -> Self {
        Self {
            sev1_min: 15,
            sev2_min: 60,
            sev3_min: 240,
            sev4_business_days: 1,
        }
    }
}

/// An issue that has to go to somebody now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The issue.
    pub issue: IssueId,
    /// To whom.
    pub to: EscalatedTo,
    /// When its clock ran out.
    pub at: Timestamp,
}

/// When an issue goes to the deputy (once its clock ran) or to the sponsors (once it ran twice).
pub fn due_at(t: &Transition, issue: &Issue, to: EscalatedTo) -> Timestamp {
    let times = match to {
        EscalatedTo::Deputy => 1,
        EscalatedTo::Sponsors => 2,
    };
    let clocks = &t.terms.issue_clocks;
    let minutes = match issue.reported.severity {
        Severity::Sev1 => clocks.sev1_min,
        Severity::Sev2 => clocks.sev2_min,
        Severity::Sev3 => clocks.sev3_min,
        Severity::Sev4 => {
            let days = clocks.sev4_business_days.saturating_mul(times);
            return business_days_after(issue.open_since, days, &zone(t, issue));
        }
    };
    let span = SignedDuration::from_mins(i64::from(minutes.saturating_mul(times)));
    issue.open_since.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// What has to go to somebody and has not gone yet; straight to the sponsors where there is no deputy.
pub fn escalations(t: &Transition, now: Timestamp) -> Vec<Due> {
    let has_deputy = t
        .account_manager
        .as_ref()
        .is_some_and(|am| am.deputy.is_some());
    let mut due = Vec::new();
    for issue in t.issues.all().filter(|issue| issue.waits()) {
        let first = due_at(t, issue, EscalatedTo::Deputy);
        let second = if has_deputy {
            due_at(t, issue, EscalatedTo::Sponsors)
        } else {
            first
        };
        let steps = [
            (EscalatedTo::Deputy, first, has_deputy),
            (EscalatedTo::Sponsors, second, true),
        ];
        let open = steps
            .into_iter()
            .filter(|(to, at, exists)| *exists && *at <= now && !issue.escalated.contains(to));
        due.extend(open.map(|(to, at, _)| Due {
            issue: issue.reported.issue.clone(),
            to,
            at,
        }));
    }
    due
}

/// The zone of the issue's site; of the first site where it names no chunk.
fn zone(t: &Transition, issue: &Issue) -> TimeZone {
    let chunk = issue.reported.chunk.as_ref().and_then(|id| t.chunk(id));
    let site = chunk
        .map(|c| &c.planned.site)
        .or(t.sites.first().map(|s| &s.id));
    site.and_then(|site| t.site_zone(site))
        .and_then(|name| TimeZone::get(name).ok())
        .unwrap_or(TimeZone::UTC)
}

/// The same time of day so many weekdays later; what comes in at a weekend counts as Monday's first minute.
fn business_days_after(at: Timestamp, days: u32, zone: &TimeZone) -> Timestamp {
    let weekend = |z: &Zoned| matches!(z.weekday(), Weekday::Saturday | Weekday::Sunday);
    let next = |z: &Zoned| z.checked_add(1.day());
    let mut day = at.to_zoned(zone.clone());
    if weekend(&day) {
        while weekend(&day) {
            let Ok(later) = next(&day).and_then(|z| z.start_of_day()) else {
                return Timestamp::MAX;
            };
            day = later;
        }
    }
    for _ in 0..days.min(366) {
        loop {
            let Ok(later) = next(&day) else {
                return Timestamp::MAX;
            };
            day = later;
            if !weekend(&day) {
                break;
            }
        }
    }
    day.timestamp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_business_day_skips_the_weekend_and_keeps_the_wall_clock() {
        let zone = TimeZone::get("America/New_York").unwrap();
        for (from, to) in [
            // Thursday to Friday; Friday to Monday, over the start of summer time; Sunday to Tuesday's first minute.
            ("2027-03-11T14:00:00Z", "2027-03-12T14:00:00Z"),
            ("2027-03-12T14:00:00Z", "2027-03-15T13:00:00Z"),
            ("2027-03-14T16:00:00Z", "2027-03-16T04:00:00Z"),
        ] {
            let at = business_days_after(from.parse().unwrap(), 1, &zone);
            assert_eq!(at, to.parse::<Timestamp>().unwrap(), "{from}");
        }
    }
}
