//! When the two parties' constraints cannot both hold: the pair of reasons, and what would fit both (A10).

use super::constraints::{ConstraintDeclared, in_force};
use super::limits::{Day, Limit};
use crate::actor::Side;
use crate::transition::Transition;
use jiff::civil::Date;
use serde::Serialize;
use std::fmt;

/// Two constraints of which a plan can keep only one: the proof that there is no plan as they stand.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conflict {
    /// The client's.
    pub client: ConstraintDeclared,
    /// The outsourcer's.
    pub outsourcer: ConstraintDeclared,
    /// What would fit: each alone is enough.
    pub offers: Vec<Offer>,
}

/// A change of one constraint that would fit the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "offer", rename_all = "snake_case")]
pub enum Offer {
    /// The wish waits until everybody can be trained.
    Later {
        /// Days from the first cohort's start to the last one's end.
        days: u32,
    },
    /// More people are trained together.
    LargerCohorts {
        /// People in one cohort.
        people: u32,
        /// Days it takes then.
        days: u32,
    },
    /// The later limit moves.
    NotAfter {
        /// To here.
        date: Date,
    },
    /// The earlier limit moves.
    NotBefore {
        /// To here.
        date: Date,
    },
    /// A day of the week that the other party works with.
    StepDay {
        /// The day.
        day: Day,
    },
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Later { days } => write!(f, "earliest {}", span(*days)),
            Self::LargerCohorts { people, days } => {
                write!(f, "cohort size {people}: {}", span(*days))
            }
            Self::NotAfter { date } => write!(f, "the last date moves to {date}"),
            Self::NotBefore { date } => write!(f, "the first date moves to {date}"),
            Self::StepDay { day } => write!(f, "steps on {day} as well"),
        }
    }
}

fn span(days: u32) -> String {
    if days.is_multiple_of(7) {
        format!("{} weeks", days / 7)
    } else {
        format!("{days} days")
    }
}

/// What would fit when people are wanted sooner than cohorts allow; nothing when they are not.
///
/// Twenty-four people in cohorts of 8 every 14 days are three cohorts: 6 weeks, or 4 in cohorts of 12.
pub fn cohort_offers(people: u32, within_days: u32, cohort: u32, every_days: u32) -> Vec<Offer> {
    let cohorts = people.div_ceil(cohort.max(1));
    let days = cohorts.saturating_mul(every_days);
    if days <= within_days {
        return Vec::new();
    }
    let mut offers = vec![Offer::Later { days }];
    if cohorts > 1 {
        offers.push(Offer::LargerCohorts {
            people: people.div_ceil(cohorts - 1),
            days: (cohorts - 1).saturating_mul(every_days),
        });
    }
    offers
}

/// What would fit two limits that cannot both hold; nothing when they can.
fn offers(a: &Limit, b: &Limit) -> Vec<Offer> {
    match (a, b) {
        (
            Limit::TrainWithin { people, days },
            Limit::Cohort {
                people: cohort,
                every_days,
            },
        ) => cohort_offers(*people, *days, *cohort, *every_days),
        (Limit::TrainWithin { people, days }, Limit::TrainingPerWeek { people: a_week }) => {
            cohort_offers(*people, *days, *a_week, 7)
        }
        (Limit::NotBefore { date: first }, Limit::NotAfter { date: last }) if first > last => {
            vec![
                Offer::NotAfter { date: *first },
                Offer::NotBefore { date: *last },
            ]
        }
        (Limit::StepDays { days: a }, Limit::StepDays { days: b })
            if !a.iter().any(|day| b.contains(day)) =>
        {
            let days = a.iter().chain(b);
            days.map(|day| Offer::StepDay { day: *day }).collect()
        }
        _ => Vec::new(),
    }
}

/// Every pair of the two parties' constraints in force that cannot both hold.
pub fn conflicts(t: &Transition) -> Vec<Conflict> {
    let of = |side: Side| in_force(t).filter(move |c| c.by == side);
    let mut found = Vec::new();
    for client in of(Side::Client) {
        for outsourcer in of(Side::Outsourcer).filter(|o| meet(client, o)) {
            let (a, b) = (&client.declared.limit, &outsourcer.declared.limit);
            let mut offers = offers(a, b);
            if offers.is_empty() {
                offers = self::offers(b, a);
            }
            if !offers.is_empty() {
                found.push(Conflict {
                    client: client.clone(),
                    outsourcer: outsourcer.clone(),
                    offers,
                });
            }
        }
    }
    found
}

/// Whether two constraints are about something in common.
fn meet(a: &ConstraintDeclared, b: &ConstraintDeclared) -> bool {
    fn common<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
        a.is_none() || b.is_none() || a == b
    }
    let (a, b) = (&a.declared, &b.declared);
    common(a.site.as_ref(), b.site.as_ref()) && common(a.call_type.as_ref(), b.call_type.as_ref())
}
