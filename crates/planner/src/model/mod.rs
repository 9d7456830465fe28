//! What moves, in which steps, by whose rules: the input of every planner question.

mod rules;
mod validate;

pub(crate) use rules::people_in;
pub use rules::{Gate, Limit, Owner, Pool, Rule, Scope};
pub use validate::ModelError;
pub(crate) use validate::WEEKS_MAX;

use jiff::civil::Date;
use segue_domain::Side;
use segue_domain::ids::{CallTypeId, SiteId};
use segue_domain::ladder::Rung;
use serde::{Deserialize, Serialize};

/// Everything that a wave plan is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The Monday of week 0.
    pub first_monday: Date,
    /// How many weeks steps may be taken in.
    pub weeks: u32,
    /// The centres.
    pub sites: Vec<Site>,
    /// The call types with the signed share steps of each.
    pub types: Vec<Kind>,
    /// The shifts, in the order they move.
    pub shifts: Vec<String>,
    /// What moves as one: (site, type, shift).
    pub cells: Vec<Cell>,
    /// Hard rules, each with its owner.
    pub rules: Vec<Rule>,
    /// Wishes of both parties.
    #[serde(default)]
    pub preferences: Vec<Preference>,
    /// How much harm a step would do in each week, against 1 in a usual one; absent weeks are usual (planning handbook: plan
    /// risk, fed back by the rehearsal).
    #[serde(default)]
    pub week_risk: Vec<u32>,
}

/// A centre.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Short name.
    pub id: SiteId,
}

/// A call type and its signed share steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// Short name.
    pub id: CallTypeId,
    /// Where it stands on the ladder.
    pub rung: Rung,
    /// Percent after each step, rising: `[10, 20, 40, 60, 80, 100]`.
    pub shares_percent: Vec<u32>,
    /// How much a step of it risks, beside the other types; 0 where nothing is known.
    #[serde(default)]
    pub step_risk: u32,
}

/// The unit that moves: one call type of one centre in one shift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The centre.
    pub site: SiteId,
    /// The call type.
    #[serde(rename = "type")]
    pub kind: CallTypeId,
    /// The shift.
    pub shift: String,
    /// Contacts in an average week.
    pub contacts_per_week: u32,
    /// People of the outsourcer it takes at 100 %; a share takes its part, rounded up.
    #[serde(default)]
    pub people: u32,
    /// People trained for it before its first step.
    #[serde(default)]
    pub trainees: u32,
    /// N₉₅: people in-house who keep the door open for 100 % of its load (capacity room).
    #[serde(default)]
    pub n95: u32,
    /// What running both centres costs a week, from its first step to its closure.
    #[serde(default)]
    pub dual_cost_per_week: u32,
}

/// A wish of one party: never refused, weighed against the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preference {
    /// Its name: `P-client-1`.
    pub id: String,
    /// Whose it is.
    pub owner: Side,
    /// In words.
    pub text: String,
    /// How many of the party's 100 points it is worth.
    pub points: u32,
    /// What is wished.
    pub wish: Wish,
    /// Which cells it is about.
    #[serde(default)]
    pub scope: Scope,
}

/// What a party wishes; each is satisfied between wholly and not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Wish {
    /// The last steps are taken by this week; each week later satisfies less, down to none at the end.
    DoneBy {
        /// The week.
        week: u32,
    },
    /// No first step before this week; each week earlier satisfies less, down to none in week 0.
    NotBefore {
        /// The week.
        week: u32,
    },
    /// No step in these weeks; each one that is satisfies less.
    Avoid {
        /// The first week.
        first: u32,
        /// The last week.
        last: u32,
    },
}

impl Model {
    /// The call type of a cell. A validated model has one for every cell.
    pub(crate) fn kind(&self, cell: &Cell) -> Option<&Kind> {
        self.types.iter().find(|k| k.id == cell.kind)
    }

    /// The rung of a cell.
    pub(crate) fn rung(&self, cell: &Cell) -> Rung {
        self.kind(cell).map_or(Rung::Triage, |k| k.rung)
    }

    /// The shares of a cell.
    pub(crate) fn shares(&self, cell: &Cell) -> &[u32] {
        self.kind(cell).map_or(&[], |k| &k.shares_percent)
    }

    /// The same model with some of its rules.
    #[must_use]
    pub fn with_rules(&self, keep: impl Fn(&Rule) -> bool) -> Self {
        let mut other = self.clone();
        other.rules.retain(|r| keep(r));
        other
    }

    /// The Monday of a week.
    pub fn monday(&self, week: u32) -> Date {
        let days = jiff::Span::new().try_days(i64::from(week) * 7);
        let date = days.and_then(|days| self.first_monday.checked_add(days));
        date.unwrap_or(Date::MAX)
    }
}

impl Cell {
    /// The cell's name: `RVS-Main/MSG/night`.
    pub fn name(&self) -> String {
        format!("{}/{}/{}", self.site, self.kind, self.shift)
    }

    /// People of the outsourcer at a share, rounded up.
    pub(crate) fn people_at(&self, share_percent: u32) -> u32 {
        self.people.saturating_mul(share_percent).div_ceil(100)
    }
}
