//! What a party's constraint limits: the kinds the trade knows, each with its numbers (A5, A10).

use crate::lines::bad;
use crate::refusal::Refusal;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest count of days or people a limit may name.
const NUMBER_MAX: u32 = 3_660;

/// A day of the week.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

impl Day {
    /// The day of a date.
    pub fn of(date: Date) -> Self {
        match date.weekday() {
            jiff::civil::Weekday::Monday => Self::Monday,
            jiff::civil::Weekday::Tuesday => Self::Tuesday,
            jiff::civil::Weekday::Wednesday => Self::Wednesday,
            jiff::civil::Weekday::Thursday => Self::Thursday,
            jiff::civil::Weekday::Friday => Self::Friday,
            jiff::civil::Weekday::Saturday => Self::Saturday,
            jiff::civil::Weekday::Sunday => Self::Sunday,
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Monday => "Monday",
            Self::Tuesday => "Tuesday",
            Self::Wednesday => "Wednesday",
            Self::Thursday => "Thursday",
            Self::Friday => "Friday",
            Self::Saturday => "Saturday",
            Self::Sunday => "Sunday",
        })
    }
}

/// A limit on dates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Limit {
    /// Nothing starts on these days: no training, no step, no other item.
    Blackout {
        /// The first day.
        #[schemars(with = "String")]
        first: Date,
        /// The last day.
        #[schemars(with = "String")]
        last: Date,
    },
    /// No share changes on these days; preparation goes on.
    ChangeFreeze {
        /// The first day.
        #[schemars(with = "String")]
        first: Date,
        /// The last day.
        #[schemars(with = "String")]
        last: Date,
    },
    /// Nothing starts before this day.
    NotBefore {
        /// The day.
        #[schemars(with = "String")]
        date: Date,
    },
    /// Nothing starts after this day: a lease or a contract ends.
    NotAfter {
        /// The day.
        #[schemars(with = "String")]
        date: Date,
    },
    /// At most so many people begin their training in one week, Monday to Sunday.
    TrainingPerWeek {
        /// People.
        people: u32,
    },
    /// Training goes in cohorts of at most so many people, one every so many days.
    Cohort {
        /// People in one cohort.
        people: u32,
        /// Days from the start of one to the start of the next.
        every_days: u32,
    },
    /// All these people are trained within so many days.
    TrainWithin {
        /// People.
        people: u32,
        /// Days from the first cohort's start to the last one's end.
        days: u32,
    },
    /// A training takes at least so many working days.
    TrainingDays {
        /// Working days.
        working_days: u32,
    },
    /// After its last step a chunk is watched for at least so many days.
    SoakDays {
        /// Days.
        days: u32,
    },
    /// Shares change on these days of the week only.
    StepDays {
        /// The days.
        days: Vec<Day>,
    },
    /// At least so many days lie between any two steps.
    StepInterval {
        /// Days.
        days: u32,
    },
    /// A step is announced at least so many days ahead.
    VolumeNotice {
        /// Days from the proposal to the step.
        days: u32,
    },
}

impl Limit {
    /// Refuses numbers and dates that limit nothing or everything.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let numbers = match self {
            Self::Blackout { first, last } | Self::ChangeFreeze { first, last } => {
                let real = first <= last;
                return real
                    .then_some(())
                    .ok_or_else(|| bad(format!("a last day on or after {first}, not {last}")));
            }
            Self::StepDays { days } if days.is_empty() || days.len() > 7 => {
                return Err(bad("one to seven days of the week".into()));
            }
            Self::NotBefore { .. } | Self::NotAfter { .. } | Self::StepDays { .. } => vec![],
            Self::TrainingPerWeek { people } => vec![people],
            Self::Cohort { people, every_days } => vec![people, every_days],
            Self::TrainWithin { people, days } => vec![people, days],
            Self::TrainingDays { working_days } => vec![working_days],
            Self::SoakDays { days } | Self::StepInterval { days } | Self::VolumeNotice { days } => {
                vec![days]
            }
        };
        if numbers.iter().all(|n| (1..=NUMBER_MAX).contains(*n)) {
            return Ok(());
        }
        Err(bad(format!("counts of 1 to {NUMBER_MAX} in a constraint")))
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blackout { first, last } => write!(f, "nothing starts {first} to {last}"),
            Self::ChangeFreeze { first, last } => write!(f, "no share changes {first} to {last}"),
            Self::NotBefore { date } => write!(f, "nothing before {date}"),
            Self::NotAfter { date } => write!(f, "nothing after {date}"),
            Self::TrainingPerWeek { people } => {
                write!(f, "at most {people} people begin training a week")
            }
            Self::Cohort { people, every_days } => {
                write!(
                    f,
                    "cohorts of at most {people}, one every {every_days} days"
                )
            }
            Self::TrainWithin { people, days } => {
                write!(f, "all {people} people trained within {days} days")
            }
            Self::TrainingDays { working_days } => {
                write!(f, "training of at least {working_days} working days")
            }
            Self::SoakDays { days } => write!(f, "soak of at least {days} days"),
            Self::StepDays { days } => {
                let days: Vec<_> = days.iter().map(ToString::to_string).collect();
                write!(f, "steps on {} only", days.join(", "))
            }
            Self::StepInterval { days } => write!(f, "at least {days} days between two steps"),
            Self::VolumeNotice { days } => write!(f, "{days} days' notice of a step"),
        }
    }
}
