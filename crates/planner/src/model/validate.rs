//! Refuses a model whose names do not fit or whose numbers are beyond what is planned with.

use super::{Cell, Gate, Limit, Model, Pool, Scope, Wish};
use jiff::civil::Weekday;
use segue_domain::Side;
use std::collections::BTreeSet;
use thiserror::Error;

/// Most weeks of a plan: three years.
pub(crate) const WEEKS_MAX: u32 = 156;
/// Most cells of a model.
const CELLS_MAX: usize = 600;
/// Most rules of a model.
const RULES_MAX: usize = 200;
/// Most preferences of a model.
const PREFERENCES_MAX: usize = 100;
/// Most steps of a call type.
const STEPS_MAX: usize = 20;
/// Largest count of contacts, people, money or weight.
const NUMBER_MAX: u32 = 10_000_000;
/// The points that a party spreads.
const POINTS: u32 = 100;

/// Why a model is no model.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ModelError {
    /// A list is empty or too long.
    #[error("the model has {found} {what}; give 1 to {max}")]
    Size {
        /// Of what.
        what: &'static str,
        /// How many.
        found: usize,
        /// At most.
        max: usize,
    },
    /// Week 0 does not begin on a Monday.
    #[error("`first_monday` is {0}, which is no Monday; give the Monday of the first week")]
    NoMonday(jiff::civil::Date),
    /// A name is used that the model does not define.
    #[error(
        "{place} names the {what} `{name}`, which the model does not list; add it or correct the name"
    )]
    Unknown {
        /// Where.
        place: String,
        /// What kind of name.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A name is used twice.
    #[error("{0} is there twice; names are unique")]
    Twice(String),
    /// Shares do not rise to the end.
    #[error("the shares of `{0}` must rise from above 0 to 100 at most, each once")]
    Shares(String),
    /// A number is out of bounds.
    #[error("{place}: {what}; correct the number")]
    Number {
        /// Where.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// A party spread more or fewer than its points.
    #[error("the preferences of the {side} are worth {points} points; spread exactly 100")]
    Points {
        /// The party.
        side: Side,
        /// How many it spread.
        points: u32,
    },
}

impl Model {
    /// Refuses what cannot be planned with. Every other function of this room expects a model that passed.
    ///
    /// # Errors
    /// [`ModelError`], naming the first thing that is wrong.
    pub fn validate(&self) -> Result<(), ModelError> {
        let size = |what, found, max| match found {
            1.. if found <= max => Ok(()),
            _ => Err(ModelError::Size { what, found, max }),
        };
        let weeks = usize::try_from(self.weeks).unwrap_or(usize::MAX);
        let weeks_max = usize::try_from(WEEKS_MAX).unwrap_or(usize::MAX);
        size("weeks", weeks, weeks_max)?;
        size("sites", self.sites.len(), CELLS_MAX)?;
        size("types", self.types.len(), CELLS_MAX)?;
        size("shifts", self.shifts.len(), CELLS_MAX)?;
        size("cells", self.cells.len(), CELLS_MAX)?;
        size("rules", self.rules.len().max(1), RULES_MAX)?;
        size(
            "preferences",
            self.preferences.len().max(1),
            PREFERENCES_MAX,
        )?;
        size("week risks", self.week_risk.len().max(1), weeks_max)?;
        if self.first_monday.weekday() != Weekday::Monday {
            return Err(ModelError::NoMonday(self.first_monday));
        }
        self.unique()?;
        for kind in &self.types {
            size("share steps", kind.shares_percent.len(), STEPS_MAX)?;
            let rises = kind.shares_percent.windows(2).all(|p| p[0] < p[1]);
            let inside = kind.shares_percent.iter().all(|s| (1..=100).contains(s));
            if !rises || !inside {
                return Err(ModelError::Shares(kind.id.to_string()));
            }
            bounded("a call type", &[kind.step_risk])?;
        }
        bounded("week_risk", &self.week_risk)?;
        self.cells.iter().try_for_each(|cell| self.cell(cell))?;
        for rule in &self.rules {
            let place = format!("rule `{}`", rule.id);
            self.scope(&place, &rule.scope)?;
            limit(&place, &rule.limit)?;
        }
        self.wishes()
    }

    fn unique(&self) -> Result<(), ModelError> {
        let names = self.rules.iter().map(|r| format!("rule `{}`", r.id));
        let names = names.chain(
            self.preferences
                .iter()
                .map(|p| format!("preference `{}`", p.id)),
        );
        let names = names.chain(self.sites.iter().map(|s| format!("site `{}`", s.id)));
        let names = names.chain(self.types.iter().map(|k| format!("type `{}`", k.id)));
        let names = names.chain(self.shifts.iter().map(|s| format!("shift `{s}`")));
        let names = names.chain(self.cells.iter().map(|c| format!("cell `{}`", c.name())));
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(name.clone()) {
                return Err(ModelError::Twice(name));
            }
        }
        Ok(())
    }

    fn cell(&self, cell: &Cell) -> Result<(), ModelError> {
        let place = format!("cell `{}`", cell.name());
        let scope = Scope {
            sites: vec![cell.site.clone()],
            types: vec![cell.kind.clone()],
            shifts: vec![cell.shift.clone()],
        };
        self.scope(&place, &scope)?;
        let numbers = [
            cell.contacts_per_week,
            cell.people,
            cell.trainees,
            cell.n95,
            cell.dual_cost_per_week,
        ];
        bounded(&place, &numbers)
    }

    fn scope(&self, place: &str, scope: &Scope) -> Result<(), ModelError> {
        let unknown = |what, name: &str| ModelError::Unknown {
            place: place.to_owned(),
            what,
            name: name.to_owned(),
        };
        for site in &scope.sites {
            if !self.sites.iter().any(|s| s.id == *site) {
                return Err(unknown("site", site.as_str()));
            }
        }
        for kind in &scope.types {
            if !self.types.iter().any(|k| k.id == *kind) {
                return Err(unknown("type", kind.as_str()));
            }
        }
        for shift in &scope.shifts {
            if !self.shifts.contains(shift) {
                return Err(unknown("shift", shift));
            }
        }
        Ok(())
    }

    fn wishes(&self) -> Result<(), ModelError> {
        for side in Side::BOTH {
            let own = self.preferences.iter().filter(|p| p.owner == side);
            let points = own.map(|p| p.points).fold(0, u32::saturating_add);
            if self.preferences.iter().any(|p| p.owner == side) && points != POINTS {
                return Err(ModelError::Points { side, points });
            }
        }
        for preference in &self.preferences {
            let place = format!("preference `{}`", preference.id);
            self.scope(&place, &preference.scope)?;
            let ordered = match preference.wish {
                Wish::Avoid { first, last } => first <= last && last < WEEKS_MAX,
                Wish::DoneBy { week } | Wish::NotBefore { week } => week < WEEKS_MAX,
            };
            if !ordered {
                return Err(ModelError::Number {
                    place,
                    what: format!("weeks run in order and below {WEEKS_MAX}"),
                });
            }
        }
        Ok(())
    }
}

fn bounded(place: &str, numbers: &[u32]) -> Result<(), ModelError> {
    match numbers.iter().find(|n| **n > NUMBER_MAX) {
        None => Ok(()),
        Some(n) => Err(ModelError::Number {
            place: place.to_owned(),
            what: format!("{n} is more than {NUMBER_MAX}"),
        }),
    }
}

/// Numbers of weeks are bounded by the longest plan, other counts by [`NUMBER_MAX`]; a length of zero limits nothing.
fn limit(place: &str, limit: &Limit) -> Result<(), ModelError> {
    let wrong = |what: &str| ModelError::Number {
        place: place.to_owned(),
        what: what.to_owned(),
    };
    let (weeks, others): (Vec<u32>, Vec<u32>) = match limit {
        Limit::StepGap { weeks } | Limit::Soak { weeks } | Limit::Hold { weeks } => {
            (vec![*weeks], vec![])
        }
        Limit::Evidence { contacts } | Limit::VolumePerWeek { contacts } => {
            (vec![], vec![*contacts])
        }
        Limit::Blackout { first, last } => (vec![*first, *last], vec![]),
        Limit::NotBefore { week } | Limit::NotAfter { week } | Limit::ClosedBy { week } => {
            (vec![*week], vec![])
        }
        Limit::EasyFirst(gate) | Limit::ShiftOrder(gate) => match gate {
            Gate::Accepted => (vec![], vec![]),
            Gate::Stood { step: 0, .. } => return Err(wrong("steps are counted from 1")),
            Gate::Stood { weeks, .. } => (vec![*weeks], vec![]),
        },
        Limit::SitesInMotion { max } => (vec![], vec![*max]),
        Limit::Classes {
            trainers,
            seats,
            weeks,
        } => (vec![*weeks], vec![*trainers, *seats]),
        Limit::TestTeam { cells, weeks } => (vec![*weeks], vec![*cells]),
        Limit::StepsPerWeeks { steps, weeks } => {
            if *weeks == 0 {
                return Err(wrong("count steps in one week at least"));
            }
            (vec![*weeks], vec![*steps])
        }
        Limit::StepContacts { percent_max: n } | Limit::TriagePoints { points_max: n } => {
            if *n > 100 {
                return Err(wrong("100 percent at most"));
            }
            (vec![], vec![])
        }
        Limit::Settled { weeks, from } => {
            let all = weeks.iter().chain([from]).copied();
            (all.collect(), vec![])
        }
        Limit::Headcount { people: pool } | Limit::Readiness { kept: pool } => {
            if pool.len() > 100 || pool.windows(2).any(|p: &[Pool]| p[0].week >= p[1].week) {
                return Err(wrong("at most 100 entries, in the order of their weeks"));
            }
            let weeks = pool.iter().map(|p| p.week).collect();
            (weeks, pool.iter().map(|p| p.people).collect())
        }
    };
    if let Limit::Settled { weeks, .. } = limit
        && (weeks.len() > STEPS_MAX || weeks.windows(2).any(|p| p[0] >= p[1]))
    {
        return Err(wrong(
            "one week for each settled step, each later than the one before",
        ));
    }
    if weeks.iter().any(|w| *w > WEEKS_MAX) {
        return Err(wrong(&format!("weeks up to {WEEKS_MAX}")));
    }
    bounded(place, &others)
}
