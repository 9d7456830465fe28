//! Legal notice in the rush meter (A8): when notice runs out beside the first day the centre's doors can be closed.
//!
//! The meter warns; that nobody goes before the notice has run is refused where people go (`people::separations`).

use super::items::Activity;
use super::{Plan, days, today};
use crate::ids::SiteId;
use crate::people::notices;
use crate::people::readiness::door_may_close_on;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use std::fmt;

/// Where the day of the notice comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// It was served.
    Served,
    /// The plan has an item for it.
    Planned,
    /// Neither: today is the earliest.
    NotPlanned,
}

/// A centre's notice beside its doors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeMeter {
    /// The centre.
    pub site: SiteId,
    /// Calendar days of the longest notice that binds it.
    pub days: u16,
    /// Whose law that is: `US-NJ`.
    pub jurisdiction: String,
    /// The day of the notice, and where it comes from.
    pub given: (Date, Given),
    /// The first day after the notice.
    pub ends: Date,
    /// The first day the centre's last door can be closed, by the plan.
    pub doors_close: Date,
}

impl NoticeMeter {
    /// By how many days the notice still runs when the last door can be closed.
    pub fn compressed(&self) -> u32 {
        u32::try_from(days::number(self.ends) - days::number(self.doors_close)).unwrap_or(0)
    }
}

impl fmt::Display for NoticeMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (on, given) = self.given;
        let given = match given {
            Given::Served => format!("served {on}"),
            Given::Planned => format!("planned for {on}"),
            Given::NotPlanned => format!("neither served nor planned, {on} at the earliest"),
        };
        write!(
            f,
            "{}: {} days of legal notice ({}), {given}, run until {}; the last door can be closed on {}",
            self.site, self.days, self.jurisdiction, self.ends, self.doors_close
        )?;
        match self.compressed() {
            0 => Ok(()),
            n => write!(
                f,
                ": compressed {n} days below the law, so employment goes on for them"
            ),
        }
    }
}

/// The meter of every centre of a plan whose workforce the law of notice binds.
pub fn meters(t: &Transition, plan: &Plan, now: Timestamp) -> Vec<NoticeMeter> {
    let mut sites: Vec<_> = plan.chunks.iter().map(|c| &c.site).collect();
    sites.sort();
    sites.dedup();
    sites
        .into_iter()
        .filter_map(|site| meter(t, plan, site, now))
        .collect()
}

fn meter(t: &Transition, plan: &Plan, site: &SiteId, now: Timestamp) -> Option<NoticeMeter> {
    let own = || plan.chunks.iter().filter(|c| c.site == *site);
    let given = given(t, plan, site, now);
    let rule = notices::longest(t, site, given.0)?;
    let doors = own().map(|c| door_may_close_on(t, c, days::after(t.day_at(site, now), 1)));
    Some(NoticeMeter {
        site: site.clone(),
        days: rule.days,
        jurisdiction: rule.jurisdiction.clone(),
        given,
        ends: days::after(given.0, rule.days.into()),
        doors_close: doors.max()?,
    })
}

/// The first notice served at the centre, else the last one planned for it, else today.
fn given(t: &Transition, plan: &Plan, site: &SiteId, now: Timestamp) -> (Date, Given) {
    if let Some(on) = notices::first_served(t, site) {
        return (on, Given::Served);
    }
    let of_site = |id: &Option<crate::ids::ChunkId>| {
        let chunk = id.as_ref().map(|id| plan.chunk(id));
        chunk.is_none_or(|chunk| chunk.is_some_and(|c| c.site == *site))
    };
    let items = plan.items.iter();
    let notices = items.filter(|i| i.activity == Activity::StaffNotice && of_site(&i.chunk));
    let on = notices.map(|i| i.due).max();
    on.map_or_else(
        || {
            let chunk = plan.chunks.iter().find(|c| c.site == *site);
            (today(t, chunk, now), Given::NotPlanned)
        },
        |on| (on, Given::Planned),
    )
}
