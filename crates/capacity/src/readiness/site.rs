//! A centre is as ready as its least ready group.

use super::group::{Group, GroupReadiness, IntervalReadiness};
use serde::{Deserialize, Serialize};

/// The readiness of a centre, or of all: by horizon, the minimum over its groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteReadiness {
    /// R now.
    pub now: f64,
    /// R within 15 minutes.
    pub within_15min: f64,
    /// R within 2 hours.
    pub within_2h: f64,
    /// R within a day.
    pub within_24h: f64,
    /// The group that is least ready now.
    pub weakest: Group,
    /// The lowest R(t, now) of any interval to come.
    pub worst: f64,
}

/// The minimum over groups; none without a group.
pub fn site_readiness(groups: &[GroupReadiness]) -> Option<SiteReadiness> {
    let weakest = groups
        .iter()
        .min_by(|a, b| a.now.now.total_cmp(&b.now.now))?;
    let least = |of: fn(&IntervalReadiness) -> f64| {
        groups
            .iter()
            .map(|g| of(&g.now))
            .fold(f64::INFINITY, f64::min)
    };
    Some(SiteReadiness {
        now: weakest.now.now,
        within_15min: least(|i| i.within_15min),
        within_2h: least(|i| i.within_2h),
        within_24h: least(|i| i.within_24h),
        weakest: weakest.group.clone(),
        worst: groups
            .iter()
            .map(|g| g.worst.now)
            .fold(f64::INFINITY, f64::min),
    })
}
