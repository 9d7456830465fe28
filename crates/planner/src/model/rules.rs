//! Hard rules: each has a name, an owner, a sentence and numbers, and says which cells it is about.

use super::Cell;
use segue_domain::ids::{CallTypeId, SiteId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who stands behind a rule, and so who could relax it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// The healthcare organisation.
    Client,
    /// The centre the calls move to.
    Outsourcer,
    /// Statute, licence, labour law.
    Law,
    /// Callers' safety.
    Safety,
    /// Both parties together: the signed terms, and how long the plan may take.
    Both,
}

impl Owner {
    /// Whether it is a party, or both: law and safety never give way.
    fn is_party(self) -> bool {
        matches!(self, Self::Client | Self::Outsourcer | Self::Both)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Outsourcer => "outsourcer",
            Self::Law => "law",
            Self::Safety => "safety",
            Self::Both => "both",
        })
    }
}

/// A hard rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its name: `BLACKOUT-XMAS`.
    pub id: String,
    /// Whose it is.
    pub owner: Owner,
    /// In a sentence.
    pub text: String,
    /// What it limits, with its numbers.
    #[serde(flatten)]
    pub limit: Limit,
    /// Which cells it is about.
    #[serde(default)]
    pub scope: Scope,
}

impl Rule {
    /// Whether a party may give way here. Law and safety are never offered, whoever brought the rule in: an open door, the
    /// hold after acceptance and the proof of a step are safety by what they limit. What is taken or agreed is settled.
    pub fn may_relax(&self) -> bool {
        let safe = matches!(
            self.limit,
            Limit::Readiness { .. } | Limit::Hold { .. } | Limit::Evidence { .. }
        );
        let settled = matches!(self.limit, Limit::Settled { .. });
        self.owner.is_party() && !safe && !settled
    }
}

/// Which cells a rule or a wish is about; an empty list means all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// Centres.
    pub sites: Vec<SiteId>,
    /// Call types.
    pub types: Vec<CallTypeId>,
    /// Shifts.
    pub shifts: Vec<String>,
}

impl Scope {
    /// Whether a cell is among them.
    pub(crate) fn has(&self, cell: &Cell) -> bool {
        (self.sites.is_empty() || self.sites.contains(&cell.site))
            && (self.types.is_empty() || self.types.contains(&cell.kind))
            && (self.shifts.is_empty() || self.shifts.contains(&cell.shift))
    }
}

/// From when on the next cell in an order may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "gate", rename_all = "snake_case", deny_unknown_fields)]
pub enum Gate {
    /// The one before is accepted: its last step has soaked.
    Accepted,
    /// The one before has stood at its *n*th step for so many weeks.
    Stood {
        /// Which step, counted from 1; the last one where it has fewer.
        step: u32,
        /// For how many weeks.
        weeks: u32,
    },
}

/// People who are there from a week on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// From this week.
    pub week: u32,
    /// So many, until the next entry.
    pub people: u32,
}

/// What a rule limits (planning handbook, wave plan 2). Weeks are counted from 0, the first week of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Limit {
    /// Between two steps of a cell lie at least so many weeks.
    StepGap {
        /// Weeks.
        weeks: u32,
    },
    /// A cell stands at its last step for so many weeks before it is accepted.
    Soak {
        /// Weeks.
        weeks: u32,
    },
    /// A cell stands at each step until so many contacts went out: the evidence budget as soak.
    Evidence {
        /// Contacts at the share.
        contacts: u32,
    },
    /// A cell is closed so many weeks after it is accepted.
    Hold {
        /// Weeks.
        weeks: u32,
    },
    /// No step in these weeks.
    Blackout {
        /// The first week.
        first: u32,
        /// The last week.
        last: u32,
    },
    /// No first step before this week: licences, access, notice of volume.
    NotBefore {
        /// The week.
        week: u32,
    },
    /// The last step in this week at the latest: a lease ends.
    NotAfter {
        /// The week.
        week: u32,
    },
    /// Closed by this week: notices that were served end.
    ClosedBy {
        /// The week.
        week: u32,
    },
    /// Within a centre, harder types after easier ones.
    EasyFirst(Gate),
    /// Within a centre and type, later shifts after earlier ones.
    ShiftOrder(Gate),
    /// So many centres at once between their first step and their last acceptance; 1 is one centre at a time.
    SitesInMotion {
        /// Centres.
        max: u32,
    },
    /// People learn in classes for so many weeks before the first step; trainers × seats limit them.
    Classes {
        /// Trainers.
        trainers: u32,
        /// Seats in a class of one trainer.
        seats: u32,
        /// Weeks of a class.
        weeks: u32,
    },
    /// The outsourcer's people by week: hiring ramp, or licensed nurses.
    Headcount {
        /// How many from which week on, in order; before the first entry none.
        people: Vec<Pool>,
    },
    /// A cell is tested for so many weeks before its first step, so many at once.
    TestTeam {
        /// Cells at once.
        cells: u32,
        /// Weeks of tests.
        weeks: u32,
    },
    /// Of all contacts, at most so many percent move in one week.
    StepContacts {
        /// Percent.
        percent_max: u32,
    },
    /// Of a centre's triage contacts, at most so many percent move in one week.
    TriagePoints {
        /// Percentage points.
        points_max: u32,
    },
    /// At most so many contacts move in one week.
    VolumePerWeek {
        /// Contacts.
        contacts: u32,
    },
    /// At most so many steps in any so many weeks in a row.
    StepsPerWeeks {
        /// Steps.
        steps: u32,
        /// Weeks.
        weeks: u32,
    },
    /// People kept in-house hold N₉₅ of every cell that is not closed.
    Readiness {
        /// How many are kept from which week on, in order; before the first entry none.
        kept: Vec<Pool>,
    },
    /// A cell's first steps stay in these weeks, because they are taken or agreed; its other steps are not before a week.
    Settled {
        /// The week of each step that stays.
        weeks: Vec<u32>,
        /// The first week that is open for the others.
        from: u32,
    },
}

/// The people of a pool in a week.
pub(crate) fn people_in(pool: &[Pool], week: i64) -> u32 {
    let known = pool.iter().rev().find(|p| i64::from(p.week) <= week);
    known.map_or(0, |p| p.people)
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StepGap { weeks } => write!(f, "{weeks} weeks between steps"),
            Self::Soak { weeks } => write!(f, "{weeks} weeks of soak"),
            Self::Evidence { contacts } => write!(f, "{contacts} contacts at each step"),
            Self::Hold { weeks } => write!(f, "{weeks} weeks of hold"),
            Self::Blackout { first, last } if first > last => write!(f, "no blackout"),
            Self::Blackout { first, last } => write!(f, "no step in weeks {first} to {last}"),
            Self::NotBefore { week } => write!(f, "not before week {week}"),
            Self::NotAfter { week } => write!(f, "moved by week {week}"),
            Self::ClosedBy { week } => write!(f, "closed by week {week}"),
            Self::EasyFirst(gate) => write!(f, "easy types first, {gate}"),
            Self::ShiftOrder(gate) => write!(f, "shifts in order, {gate}"),
            Self::SitesInMotion { max } => write!(f, "{max} centres in motion"),
            Self::Classes {
                trainers,
                seats,
                weeks,
            } => write!(f, "{trainers} trainers of {seats} seats, {weeks} weeks"),
            Self::Headcount { people } => write!(f, "people {}", Pools(people)),
            Self::TestTeam { cells, weeks } => write!(f, "{cells} cells in test for {weeks} weeks"),
            Self::StepContacts { percent_max } => {
                write!(f, "{percent_max} % of all contacts a week")
            }
            Self::TriagePoints { points_max } => {
                write!(f, "{points_max} points of a centre's triage a week")
            }
            Self::VolumePerWeek { contacts } => write!(f, "{contacts} contacts a week"),
            Self::StepsPerWeeks { steps, weeks } => write!(f, "{steps} steps in {weeks} weeks"),
            Self::Readiness { kept } => write!(f, "kept {}", Pools(kept)),
            Self::Settled { weeks, from } if weeks.is_empty() => {
                write!(f, "no step before week {from}")
            }
            Self::Settled { weeks, from } => {
                let weeks: Vec<_> = weeks.iter().map(ToString::to_string).collect();
                let weeks = weeks.join(", ");
                write!(
                    f,
                    "steps stay in weeks {weeks}; no other before week {from}"
                )
            }
        }
    }
}

struct Pools<'a>(&'a [Pool]);

impl fmt::Display for Pools<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pools = self
            .0
            .iter()
            .map(|p| format!("{} from week {}", p.people, p.week));
        f.write_str(&pools.collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("once accepted"),
            Self::Stood { step, weeks } => write!(f, "after {weeks} weeks at step {step}"),
        }
    }
}
