//! Who could be on the phones: each person's chance by what has become of them, and how many that makes.

use crate::error::{CapacityError, chance};
use serde::{Deserialize, Serialize};

/// The most people of one group.
const PEOPLE_MAX: usize = 5_000;

/// How long after the call for help people count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Horizon {
    /// Who is there.
    Now,
    /// Who can be there within 15 minutes.
    Within15Min,
    /// Who can be there within 2 hours.
    Within2H,
    /// Who can be there within a day.
    Within24H,
}

impl Horizon {
    /// All four, nearest first.
    pub const ALL: [Self; 4] = [
        Self::Now,
        Self::Within15Min,
        Self::Within2H,
        Self::Within24H,
    ];
}

/// The chance that somebody called back is on the phones, by horizon.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Recall {
    /// At once.
    pub now: f64,
    /// Within 15 minutes.
    pub within_15min: f64,
    /// Within 2 hours.
    pub within_2h: f64,
    /// Within a day.
    pub within_24h: f64,
}

impl Recall {
    /// Until drills have measured it: nobody at once, three in ten in 15 minutes, six in ten in 2 hours, nine in ten in a day (a
    /// practitioner's default; the handbook's table has 60 %).
    pub const ASSUMED: Self = Self {
        now: 0.0,
        within_15min: 0.3,
        within_2h: 0.6,
        within_24h: 0.9,
    };

    const fn at(&self, horizon: Horizon) -> f64 {
        match horizon {
            Horizon::Now => self.now,
            Horizon::Within15Min => self.within_15min,
            Horizon::Within2H => self.within_2h,
            Horizon::Within24H => self.within_24h,
        }
    }
}

/// What has become of a person who is licensed, trained, has access, and is rostered at the time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PersonState {
    /// Works in the centre.
    Active {
        /// Chance of being there.
        show_up: f64,
    },
    /// Works there, and has notice.
    OnNotice {
        /// Chance of being there.
        show_up: f64,
        /// Chance of not leaving before the end.
        stays: f64,
    },
    /// Does other work, or is on call at home.
    Reassigned {
        /// Chance of being on the phones in time.
        recall: Recall,
    },
    /// Gone, or without access or licence.
    Released,
}

impl PersonState {
    /// The chance of being on the phones.
    ///
    /// # Errors
    /// A chance is not between 0 and 1.
    pub fn chance(&self, horizon: Horizon) -> Result<f64, CapacityError> {
        match self {
            Self::Active { show_up } => chance("show-up", *show_up),
            Self::OnNotice { show_up, stays } => {
                Ok(chance("show-up", *show_up)? * chance("staying through notice", *stays)?)
            }
            Self::Reassigned { recall } => chance("recall", recall.at(horizon)),
            Self::Released => Ok(0.0),
        }
    }
}

/// So many people in the same state. Counts, nobody's name.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Headcount {
    /// What has become of them.
    #[serde(flatten)]
    pub state: PersonState,
    /// How many.
    pub people: u32,
}

impl Headcount {
    /// So many active people.
    pub const fn active(people: u32, show_up: f64) -> Self {
        Self {
            state: PersonState::Active { show_up },
            people,
        }
    }
}

/// How many people are there: the probability of each number, from nobody to everybody (Poisson-binomial).
#[derive(Debug, Clone, PartialEq)]
pub struct Presence {
    of_count: Vec<f64>,
}

impl Presence {
    /// The distribution of these people at a horizon.
    ///
    /// # Errors
    /// A chance is not between 0 and 1, or there are more than 5,000 people.
    pub fn of(people: &[Headcount], horizon: Horizon) -> Result<Self, CapacityError> {
        let mut presence = Self {
            of_count: vec![1.0],
        };
        for headcount in people {
            let chance = headcount.state.chance(horizon)?;
            if chance > 0.0 {
                presence.join(headcount.people, chance)?;
            }
        }
        Ok(presence)
    }

    fn join(&mut self, people: u32, chance: f64) -> Result<(), CapacityError> {
        let have = self.of_count.len() - 1 + people as usize;
        if have > PEOPLE_MAX {
            return Err(CapacityError::TooMany {
                what: "people in one group",
                have,
                max: PEOPLE_MAX,
            });
        }
        for _ in 0..people {
            self.of_count.push(0.0);
            for n in (0..self.of_count.len()).rev() {
                let came = if n > 0 { self.of_count[n - 1] } else { 0.0 };
                self.of_count[n] = self.of_count[n] * (1.0 - chance) + came * chance;
            }
        }
        Ok(())
    }

    /// P(at least so many are there).
    pub fn at_least(&self, people: u32) -> f64 {
        let tail = self.of_count.iter().skip(people as usize);
        tail.sum::<f64>().min(1.0)
    }

    /// Each number with its probability.
    pub fn counts(&self) -> impl Iterator<Item = (u32, f64)> + '_ {
        (0..).zip(self.of_count.iter().copied())
    }
}
