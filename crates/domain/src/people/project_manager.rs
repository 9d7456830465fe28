//! Who leads the implementation for the client: the existing managers are asked first (B12).

use super::paths::{self, StaffPath};
use super::{key_persons, require_staff};
use crate::Decided;
use crate::event::Event;
use crate::ids::StaffId;
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a manager learns to lead an implementation.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Learning {
    /// Planning and dependencies.
    Planning,
    /// Routing and telephony.
    Telephony,
    /// Reports and their formulas.
    Reporting,
    /// Contract and law.
    Contract,
    /// Leading people through change.
    Change,
}

/// Appoints the client's implementation project manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AppointProjectManager {
    /// One of the staff; open for somebody from outside.
    #[serde(default)]
    pub staff: Option<StaffId>,
    /// Percent of the person's old work that somebody else takes over.
    #[serde(default)]
    pub backfill_percent: u8,
    /// What the person may decide alone: spend, staffing, dates within the plan.
    #[serde(default)]
    pub authority: BTreeSet<Authority>,
    /// What the person learns for it.
    #[serde(default)]
    pub learning: BTreeSet<Learning>,
    /// What the person does afterwards.
    #[serde(default)]
    pub afterwards: Option<StaffPath>,
}

/// What a project manager may decide alone.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// Who of the staff works on the move.
    Staffing,
    /// Spending within the budget.
    Budget,
    /// Bringing calls home.
    Fallback,
}

/// The client's implementation project manager is appointed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectManagerAppointed {
    /// One of the staff, or somebody from outside.
    pub staff: Option<StaffId>,
    /// Percent of the person's old work that somebody else takes over.
    pub backfill_percent: u8,
    /// What the person may decide alone.
    #[serde(default)]
    pub authority: BTreeSet<Authority>,
    /// What the person learns for it.
    pub learning: BTreeSet<Learning>,
    /// What the person does afterwards.
    pub afterwards: Option<StaffPath>,
    /// When.
    pub at: Timestamp,
}

/// Whether the person leads the implementation, and so is not counted on the phones as well.
pub fn is_chosen(t: &Transition, staff: &StaffId) -> bool {
    let appointed = t.people.project_manager.as_ref();
    appointed.is_some_and(|pm| pm.staff.as_ref() == Some(staff))
        || paths::taken(t, staff) == Some(StaffPath::ProjectManager)
}

/// The managers who were not asked, or whose answer is not known.
pub fn not_asked(t: &Transition) -> Vec<StaffId> {
    let managers = t.people.staff.values().filter(|m| m.manager);
    managers
        .filter(|m| !paths::is_decided(t, &m.staff, StaffPath::ProjectManager))
        .map(|m| m.staff.clone())
        .collect()
}

pub(crate) fn appoint(t: &Transition, c: &AppointProjectManager, now: Timestamp) -> Decided {
    let before = t.people.project_manager.as_ref();
    if before.is_some_and(|pm| pm.staff == c.staff) {
        return Ok(Vec::new());
    }
    let missing = match &c.staff {
        None => not_asked(t),
        Some(staff) => {
            let member = require_staff(t, staff)?;
            let taken = paths::taken(t, staff) == Some(StaffPath::ProjectManager);
            if c.backfill_percent > 100 || c.learning.is_empty() || c.afterwards.is_none() {
                return Err(bad(
                    "backfill of 0 to 100 %, a list of what to learn, and a plan for afterwards"
                        .into(),
                ));
            }
            let asked = taken.then(Vec::new);
            asked.unwrap_or_else(|| vec![member.staff.clone()])
        }
    };
    if !missing.is_empty() {
        let each =
            |staff| format!("the offer to lead the implementation, and the answer, of {staff}");
        return Err(Refusal::new(Code::ManagersFirst)
            .missing_all(missing.iter().map(each).collect())
            .who("the client's human resources")
            .how("ask each manager (`segue do offer-paths`), and record what they decide (`segue do decide-paths`)"));
    }
    if before.is_some() {
        key_persons::require_unlocked(t, "the project manager", t.today(now))?;
    }
    Ok(vec![Event::ProjectManagerAppointed(
        ProjectManagerAppointed {
            staff: c.staff.clone(),
            backfill_percent: c.backfill_percent,
            authority: c.authority.clone(),
            learning: c.learning.clone(),
            afterwards: c.afterwards,
            at: now,
        },
    )])
}

pub(crate) fn apply_appointed(t: &mut Transition, e: &ProjectManagerAppointed) {
    key_persons::note_project_manager(t, e.at);
    t.people.project_manager = Some(e.clone());
}
