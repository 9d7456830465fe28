//! What is known around the calls themselves: trunks, and whether in-house could take them back.

use jiff::{SignedDuration, Timestamp};
use segue_domain::Transition;
use segue_domain::chunks::Chunk;
use segue_domain::contingency::library::TriggerKind;
use segue_domain::people::fallback_minimums::Cover;
use segue_domain::people::recorded_readiness::last;
use serde::{Deserialize, Serialize};

/// What systems around the loop say at the time of a look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outside {
    /// No route to the outsourcer: every trunk is down.
    pub no_route: bool,
    /// In-house readiness is below what was agreed, whatever its calls look like.
    pub in_house_not_ready: bool,
}

impl Outside {
    /// What the transition's own facts say of a chunk: the open alarm that every trunk is down, and the readiness recorded for
    /// the shift that is on, while it is valid. What was never recorded, or long ago, says nothing.
    pub fn of(t: &Transition, chunk: &Chunk, now: Timestamp) -> Self {
        Self {
            no_route: every_trunk_is_down(t, chunk),
            in_house_not_ready: readiness_bp(t, chunk, now)
                .is_some_and(|bp| bp < t.terms.people.readiness_min_bp),
        }
    }

    /// Either says so.
    #[must_use]
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            no_route: self.no_route || other.no_route,
            in_house_not_ready: self.in_house_not_ready || other.in_house_not_ready,
        }
    }
}

fn every_trunk_is_down(t: &Transition, chunk: &Chunk) -> bool {
    let planned = &chunk.planned;
    [
        "all".to_owned(),
        planned.site.to_string(),
        planned.id.to_string(),
    ]
    .iter()
    .filter_map(|scope| t.contingency.watches.get(scope))
    .any(|watch| watch.open.contains_key(&TriggerKind::TrunksDown))
}

/// The lowest readiness recorded for a shift that is on now, in basis points; nothing where none is valid.
pub fn readiness_bp(t: &Transition, chunk: &Chunk, now: Timestamp) -> Option<u32> {
    let planned = &chunk.planned;
    let rung = t.rung(&planned.call_type)?;
    // A shift that began the day before may still be on.
    let from = t.day_at(&planned.site, now - SignedDuration::from_hours(24));
    let to = t.day_at(&planned.site, now);
    let valid = SignedDuration::from_hours(t.terms.people.readiness_valid_h.into());
    let shifts = t.people.shifts.iter().filter(|s| s.site == planned.site);
    let on = shifts.filter(|shift| {
        let window = shift.hours.parse();
        let times = window.map(|w| w.occurrences(from, to)).unwrap_or_default();
        times.iter().any(|o| o.start <= now && now < o.end)
    });
    let recorded = on.filter_map(|shift| {
        let cover = Cover {
            site: planned.site.clone(),
            rung,
            shift: shift.shift.clone(),
        };
        last(t, &cover).filter(|r| now.duration_since(r.at) < valid)
    });
    recorded.map(|r| r.figures.now_bp).min()
}
