//! What each call type asks of whoever answers it: skills and hours; its systems are declared in `resource_access` (A16).

use crate::Decided;
use crate::boards::{Board, Kind};
use crate::event::Event;
use crate::ids::CallTypeId;
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What was found out about one call type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TypeProfile {
    /// The call type.
    pub call_type: CallTypeId,
    /// Who may answer, in words: `registered nurse licensed where the caller is`, `Spanish`.
    pub skills: BTreeSet<String>,
    /// When its calls are answered today: `Mon to Fri 08:00 to 18:00`. The call log shows when they come.
    pub hours: String,
    /// What tells its calls apart from others: `menu 2 of both lines`.
    pub told_apart_by: String,
}

/// Describes what one call type asks of whoever answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DescribeCallType {
    /// What was found out; a type described before is replaced.
    #[serde(flatten)]
    pub profile: TypeProfile,
}

/// A call type is described.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallTypeDescribed {
    /// What was found out.
    #[serde(flatten)]
    pub profile: TypeProfile,
    /// When.
    pub at: Timestamp,
}

pub(crate) const BOARD: Kind = Kind {
    name: "call-types",
    says: "What each call type asks: rung, skills, systems, hours, and what tells its calls apart",
    may_see: None,
    draw: |t, _, _| draw(t),
};

/// Every call type has skills, hours and systems.
pub(crate) fn findings(t: &Transition) -> Vec<String> {
    let mut missing = Vec::new();
    for kind in t.call_types.iter().map(|kind| &kind.id) {
        if !t.discovery.records.call_types.contains_key(kind) {
            missing.push(format!(
                "skills and hours of call type {kind} (`segue do describe-call-type`)"
            ));
        }
        if !t.access.needs.contains_key(kind) {
            missing.push(format!(
                "systems of call type {kind} (`segue do declare-resources`)"
            ));
        }
    }
    missing
}

pub(crate) fn describe(t: &Transition, c: &DescribeCallType, now: Timestamp) -> Decided {
    let profile = &c.profile;
    if t.rung(&profile.call_type).is_none() {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("call type `{}`", profile.call_type))
            .how("name a call type of the transition"));
    }
    text::titles("a skill", &profile.skills)?;
    text::title("when its calls are answered", &profile.hours)?;
    text::title("what tells its calls apart", &profile.told_apart_by)?;
    if profile.skills.is_empty() {
        return Err(bad("at least one skill: who may answer?".into()));
    }
    if t.discovery.records.call_types.get(&profile.call_type) == Some(profile) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::CallTypeDescribed(CallTypeDescribed {
        profile: profile.clone(),
        at: now,
    })])
}

pub(crate) fn apply(t: &mut Transition, e: &CallTypeDescribed) {
    let profile = e.profile.clone();
    let known = &mut t.discovery.records.call_types;
    known.insert(profile.call_type.clone(), profile);
    t.discovery.changed();
}

fn draw(t: &Transition) -> Board {
    let columns = [
        "call type",
        "rung",
        "who may answer",
        "systems",
        "hours",
        "told apart by",
    ];
    let mut board = Board::new("Call types", &columns);
    for kind in &t.call_types {
        let profile = t.discovery.records.call_types.get(&kind.id);
        let said = |of: fn(&TypeProfile) -> String| profile.map_or_else(|| "–".into(), of);
        board.row([
            kind.name.clone(),
            kind.place().to_string(),
            said(|p| joined(&p.skills)),
            systems(t, &kind.id),
            said(|p| p.hours.clone()),
            said(|p| p.told_apart_by.clone()),
        ]);
    }
    for missing in findings(t) {
        board.note(format!("Missing: {missing}."));
    }
    board
}

/// The systems of a call type, in words; a dash while nobody declared them.
pub fn systems(t: &Transition, call_type: &CallTypeId) -> String {
    let Some(needs) = t.access.needs.get(call_type) else {
        return "–".into();
    };
    let all: Vec<_> = needs.iter().map(ToString::to_string).collect();
    if all.is_empty() {
        return "none of the client's".into();
    }
    all.join(", ")
}

fn joined(all: &BTreeSet<String>) -> String {
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    all.join(", ")
}
