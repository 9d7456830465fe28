//! What would come home to a group, and how patient its callers are.

use super::{Assumptions, Basis, DoorGroup, GroupKey};
use crate::error::CapacityError;
use crate::forecast::calendar::{Calendar, Holiday};
use crate::history::{CallHistory, Learnt};
use crate::load::{Patience, ServiceTarget};
use crate::patience::HANG_UPS_MIN;
use crate::readiness::demand::Demand;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use segue_domain::Transition;
use segue_domain::baseline::BaselineFigures;
use segue_domain::contingency::open_work::promised_callbacks;
use segue_domain::ladder::Rung;

/// Everything about a group's calls that does not change from interval to interval, and what does.
pub(super) struct Source {
    pub(super) patience: Patience,
    pub(super) target: ServiceTarget,
    calls: Calls,
    /// Part of the calls that goes out today.
    moved: f64,
    /// Callbacks promised by the outsourcer, and until when they are made: within the hour.
    callbacks: u32,
    callbacks_until: Timestamp,
}

enum Calls {
    Learnt(Box<Learnt>, TimeZone),
    Flat(Demand),
}

impl Source {
    /// The best there is; tells in `told` where it comes from, or what is missing.
    pub(super) fn find(
        t: &Transition,
        key: &GroupKey,
        calls: Option<&CallHistory>,
        now: Timestamp,
        assumptions: &Assumptions,
        told: &mut DoorGroup,
    ) -> Result<Option<Self>, CapacityError> {
        let (site, rung) = key;
        let learnt = from_records(t, key, calls, now)?;
        let patience = patience(*rung, learnt.as_ref(), told)?;
        let source = if let Some(learnt) = learnt {
            told.basis = Some(Basis::CallRecords);
            Calls::Learnt(Box::new(learnt), zone_of(t, key))
        } else if let Some(flat) = from_baseline(t, key, assumptions) {
            told.basis = Some(Basis::BaselineBusiestHour);
            told.assumed.push(format!(
                "the baseline's busiest hour all day, ± {:.0} % (two weeks of call records give each interval its own forecast: `segue calls import FILE --mapping M --source NAME`)",
                assumptions.cv * 100.0
            ));
            Calls::Flat(flat)
        } else {
            told.missing.push(format!(
                "two weeks of {rung} calls at {site} (`segue calls import FILE --mapping M --source NAME`), or their baseline (`segue do record-baseline`)"
            ));
            return Ok(None);
        };
        let agreed = t.terms.capacity.target(*rung);
        let mut target = ServiceTarget::new(agreed.percent, agreed.within_s);
        target.level_bp = target.level_bp.min(10_000);
        let callbacks = promised(t, key);
        if callbacks.is_none() {
            told.assumed.push(
                "no callbacks promised by the outsourcer (`segue do record-open-work` tells)"
                    .into(),
            );
        }
        Ok(Some(Self {
            callbacks: callbacks.unwrap_or(0),
            callbacks_until: now + SignedDuration::from_hours(1),
            patience,
            target,
            calls: source,
            moved: moved(t, key),
        }))
    }

    /// Each interval with what would come.
    pub(super) fn demand(
        &self,
        t: &Transition,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(Timestamp, Demand)>, CapacityError> {
        let split = |at: Timestamp, calls_per_hour: f64, aht_s: f64, cv: f64| Demand {
            in_house_per_hour: calls_per_hour * (1.0 - self.moved),
            moved_per_hour: calls_per_hour * self.moved,
            callbacks_per_hour: if at < self.callbacks_until {
                f64::from(self.callbacks)
            } else {
                0.0
            },
            aht_s,
            cv,
        };
        match &self.calls {
            Calls::Learnt(learnt, zone) => {
                let intervals = learnt.forecast.intervals(zone, &calendar(t), from, to)?;
                let demand = intervals.into_iter().map(|i| {
                    let aht_s = learnt.aht_s_at(zone, i.start);
                    (i.start, split(i.start, i.calls_per_hour(), aht_s, i.cv))
                });
                Ok(demand.collect())
            }
            Calls::Flat(flat) => {
                let quarter = SignedDuration::from_mins(super::INTERVAL_MIN);
                let starts = std::iter::successors(Some(from), |at| Some(*at + quarter));
                let demand = |at| split(at, flat.in_house_per_hour, flat.aht_s, flat.cv);
                Ok(starts
                    .take_while(|at| *at < to)
                    .map(|at| (at, demand(at)))
                    .collect())
            }
        }
    }
}

/// The declared holidays; their factors are learnt from those of the same name.
pub fn calendar(t: &Transition) -> Calendar {
    let declared = t.calendar.holidays.values().map(|h| Holiday {
        date: h.date,
        name: h.name.clone(),
        factor: None,
    });
    Calendar {
        holidays: declared.collect(),
    }
}

/// The zone of a group's centre.
fn zone_of(t: &Transition, (site, _): &GroupKey) -> TimeZone {
    let zone = t.site_zone(site).and_then(|zone| TimeZone::get(zone).ok());
    zone.unwrap_or(TimeZone::UTC)
}

/// What the records teach, where they are enough.
fn from_records(
    t: &Transition,
    key: &GroupKey,
    calls: Option<&CallHistory>,
    now: Timestamp,
) -> Result<Option<Learnt>, CapacityError> {
    let Some(calls) = calls else {
        return Ok(None);
    };
    match calls.learn(&zone_of(t, key), &calendar(t), now) {
        Ok(learnt) => Ok(Some(learnt)),
        Err(CapacityError::History { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

/// The busiest hours of the call types of a group, at once.
fn from_baseline(
    t: &Transition,
    (site, rung): &GroupKey,
    assumptions: &Assumptions,
) -> Option<Demand> {
    let own = t.baselines.all().filter(|b| {
        b.key.site == *site && b.key.segment.is_none() && t.rung(&b.key.call_type) == Some(*rung)
    });
    let figures: Vec<&BaselineFigures> = own.map(|b| &b.figures).collect();
    let calls: f64 = figures
        .iter()
        .map(|f| f64::from(f.busiest_hour_calls))
        .sum();
    let work: f64 = figures
        .iter()
        .map(|f| f64::from(f.busiest_hour_calls) * f64::from(f.aht_s))
        .sum();
    (calls > 0.0).then(|| Demand::of_calls(calls, work / calls, assumptions.cv))
}

/// As learnt from enough hang-ups; else the handbook's (messages 90 s, appointments 120 s, nurses' calls 240 s).
fn patience(
    rung: Rung,
    learnt: Option<&Learnt>,
    told: &mut DoorGroup,
) -> Result<Patience, CapacityError> {
    if let Some(patience) = learnt.and_then(|l| l.patience.measured()) {
        return Ok(patience);
    }
    let patience_s = match rung {
        Rung::Message => 90.0,
        Rung::Appointment => 120.0,
        Rung::Consult | Rung::Triage => 240.0,
    };
    told.assumed.push(format!(
        "callers who wait {patience_s:.0} s on average ({HANG_UPS_MIN} hang-ups in the call records would tell)"
    ));
    Patience::mean(patience_s)
}

/// Callbacks the outsourcer has promised to callers of a group; `None` where no snapshot of its open work was handed over.
fn promised(t: &Transition, (site, rung): &GroupKey) -> Option<u32> {
    let own = t
        .chunks
        .values()
        .filter(|c| c.planned.site == *site && t.rung(&c.planned.call_type) == Some(*rung));
    let counts = own.map(|c| promised_callbacks(t, &c.planned.id));
    counts.reduce(|sum, more| Some(sum?.saturating_add(more?)))?
}

/// The part of a group's calls that goes out today: its chunks' shares, each by its contacts.
fn moved(t: &Transition, (site, rung): &GroupKey) -> f64 {
    let own = t.chunks.values().filter(|c| {
        c.planned.site == *site && t.rung(&c.planned.call_type) == Some(*rung) && c.is_out()
    });
    let (mut out, mut all) = (0.0, 0.0);
    for chunk in own {
        let contacts = segue_domain::baseline::weekly_contacts(t, &chunk.planned).unwrap_or(1);
        let contacts = f64::from(u32::try_from(contacts).unwrap_or(u32::MAX));
        out += contacts * f64::from(chunk.share.basis_points()) / 10_000.0;
        all += contacts;
    }
    if all > 0.0 { out / all } else { 0.0 }
}
