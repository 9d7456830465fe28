//! One block of real arrivals through the staffing that both froze, as it is recorded. No dice: the same arrivals and the same
//! signed staffing give the same block, byte for byte, on any node and on any later day.

use super::{Estimate, FrozenInterval, Rules, counterfactual};
use crate::error::CapacityError;
use crate::load::Patience;
use crate::numbers::people_near;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use segue_domain::counterfactual::frozen_staffing::FrozenStaffing;
use segue_domain::counterfactual::replayed::{Expected, INTERVAL_S, ReplayedBlock};
use segue_domain::windows::painted::{CELLS, DAY_NAMES};

/// [`INTERVAL_S`] as the formulas take it.
const INTERVAL_LENGTH_S: f64 = 900.0;

/// What is asked of a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The block's first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub until: Timestamp,
    /// Calls that came by quarter of an hour, up to `until`: as many whole blocks as lead in, then the block.
    pub arrivals: Vec<u32>,
    /// T, in seconds.
    pub within_s: u32,
    /// S, in seconds.
    pub short_abandon_s: u32,
}

impl Asked {
    /// What a recorded block was asked with: replayed again it must give the same.
    pub fn of(block: &ReplayedBlock) -> Self {
        Self {
            from: block.from,
            until: block.until,
            arrivals: block.arrivals.clone(),
            within_s: block.within_s,
            short_abandon_s: block.short_abandon_s,
        }
    }

    fn intervals(&self) -> usize {
        let length_s = self.until.duration_since(self.from).as_secs();
        usize::try_from(length_s / INTERVAL_S).unwrap_or(0)
    }
}

/// Reads counts by quarter of an hour from rows of `weekday,time,agents` (`Mon,07:15,9`), as an ACD's report of agents on the
/// phones gives them; what no row names has nobody. A first line without a number is a heading.
///
/// # Errors
/// The first row that is no weekday, no quarter of an hour, no number, or there twice.
pub fn read_week(text: &str) -> Result<Vec<u32>, CapacityError> {
    let mut week = vec![None; CELLS];
    for (n, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || (n == 0 && !line.bytes().any(|b| b.is_ascii_digit())) {
            continue;
        }
        let row = row(line).and_then(|(cell, agents)| {
            let place = week.get_mut(cell)?;
            place.replace(agents).is_none().then_some(())
        });
        row.ok_or_else(|| CapacityError::StaffingRow {
            line: n + 1,
            text: line.chars().take(40).collect(),
        })?;
    }
    Ok(week.into_iter().map(Option::unwrap_or_default).collect())
}

fn row(line: &str) -> Option<(usize, u32)> {
    let mut parts = line.split([',', ';', '\t']).map(str::trim);
    let (day, time, agents) = (parts.next()?, parts.next()?, parts.next()?);
    let named = |name: &str| day.get(..3).is_some_and(|d| d.eq_ignore_ascii_case(name));
    let day = DAY_NAMES.iter().position(|name| named(name))?;
    let (hour, minute) = time.split_once(':')?;
    let (hour, minute): (usize, usize) = (hour.parse().ok()?, minute.parse().ok()?);
    let is_quarter = hour < 24 && minute < 60 && minute.is_multiple_of(15);
    let cell = day * CELLS / 7 + hour * 4 + minute / 15;
    (is_quarter && parts.next().is_none()).then_some((cell, agents.parse().ok()?))
}

/// Replays a block through a staffing, by the wall clock of its centre.
///
/// # Errors
/// Arrivals that are no whole blocks, or whatever [`counterfactual`] cannot follow.
pub fn replay(
    staffing: &FrozenStaffing,
    zone: &TimeZone,
    asked: Asked,
) -> Result<ReplayedBlock, CapacityError> {
    let own = asked.intervals();
    let all = asked.arrivals.len();
    if own == 0 || all == 0 || !all.is_multiple_of(own) {
        return Err(CapacityError::History {
            what: "quarters of an hour with arrivals",
            have: all,
            need: own.max(1),
        });
    }
    let week = staffing.week();
    let before = (1..=all).rev();
    let intervals = asked.arrivals.iter().zip(before).map(|(calls, back)| {
        let back_s = INTERVAL_S.saturating_mul(i64::try_from(back).unwrap_or(i64::MAX));
        let back = SignedDuration::from_secs(back_s);
        let start = asked.until.checked_sub(back).unwrap_or(asked.from);
        let cell = FrozenStaffing::cell(zone.to_datetime(start));
        FrozenInterval {
            start,
            calls: *calls,
            aht_s: f64::from(staffing.aht_s),
            agents: week.get(cell).copied().unwrap_or(0),
        }
    });
    let intervals: Vec<_> = intervals.collect();
    let rules = Rules {
        patience: Patience::of(staffing.patience_s.map(f64::from))?,
        within_s: f64::from(asked.within_s),
        short_s: f64::from(asked.short_abandon_s),
        interval_s: INTERVAL_LENGTH_S,
        show_up: f64::from(staffing.show_up_bp) / 10_000.0,
        block_intervals: own,
    };
    let blocks = counterfactual(&intervals, &rules)?;
    let Some(block) = blocks.last() else {
        return Err(CapacityError::History {
            what: "blocks",
            have: 0,
            need: 1,
        });
    };
    let (hung_up, late) = (expected(block.abandoned), expected(block.late));
    // Who comes in the last seconds of a block leaves in the next: never more than leave at all.
    let (hung_up, late) = (
        at_most(hung_up, block.offered),
        at_most(late, block.offered),
    );
    let short_x100 = hundredths(block.short)
        .min(hung_up.mean_x100)
        .min(late.mean_x100);
    Ok(ReplayedBlock {
        from: asked.from,
        until: asked.until,
        staffing: staffing.hash.clone(),
        arrivals: asked.arrivals,
        within_s: asked.within_s,
        short_abandon_s: asked.short_abandon_s,
        offered: block.offered,
        short_x100,
        hung_up,
        late,
    })
}

/// Whoever waits over from the block before may hang up in this one; of its own callers no more than all are lost.
fn at_most(expected: Expected, offered: u32) -> Expected {
    Expected {
        mean_x100: expected.mean_x100.min(u64::from(offered) * 100),
        ..expected
    }
}

fn expected(estimate: Estimate) -> Expected {
    Expected {
        mean_x100: hundredths(estimate.mean),
        sd_x100: hundredths(estimate.sd),
    }
}

fn hundredths(callers: f64) -> u64 {
    u64::from(people_near(callers.max(0.0) * 100.0))
}
