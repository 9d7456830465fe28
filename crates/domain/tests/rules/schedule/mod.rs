//! The joint schedule (A3–A10): constraints, floors, balance, messages, items and templates.

mod chunker;
mod constraints;
mod expected;
mod rush;
mod talk;
mod templates;

use crate::fixture::{self, manager};
use crate::support::Story;
use jiff::civil::Date;
use segue_domain::schedule::Plan;
use segue_domain::schedule::constraints::{DeclareConstraint, Firmness, WithdrawConstraint};
use segue_domain::schedule::items::{Activity, CompletePlanItem, PlanItem};
use segue_domain::schedule::limits::Limit;
use segue_domain::schedule::messages::WriteMessage;
use segue_domain::{Actor, Side};

pub(super) fn hard(limit: Limit) -> DeclareConstraint {
    DeclareConstraint {
        limit,
        firmness: Firmness::Hard,
        weight: 0,
        reason: "the physicians are away".into(),
        paradigm: None,
        site: None,
        call_type: None,
    }
}

pub(super) fn training(id: &str, chunk: &str, people: u32, from: Date, due: Date) -> PlanItem {
    PlanItem {
        id: id.into(),
        activity: Activity::Training,
        what: format!("cohort for {chunk}"),
        chunk: Some(chunk.into()),
        owner: "cb-manager".into(),
        from,
        due,
        rollback: "the next cohort repeats it".into(),
        people,
    }
}

/// The ramp of one chunk, at other dates.
pub(super) fn on_dates(plan: &mut Plan, chunk: usize, dates: &[Date]) {
    for (step, date) in plan.chunks[chunk].steps.iter_mut().zip(dates) {
        step.from = *date;
    }
}

pub(super) fn client() -> Actor {
    manager(Side::Client)
}

pub(super) fn outsourcer() -> Actor {
    manager(Side::Outsourcer)
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    let mut story = Story::discovered();
    let limit = Limit::TrainingPerWeek { people: 12 };
    story.does(&outsourcer(), hard(limit));
    let mut plan = fixture::plan();
    let (from, due) = (
        jiff::civil::date(2027, 1, 11),
        jiff::civil::date(2027, 1, 29),
    );
    plan.items
        .push(training("train-1", "RVS-Main/MSG", 12, from, due));
    let version = story.proposes(Side::Client, plan);
    let message = WriteMessage {
        text: "which week suits the trainers?".into(),
        version: Some(version),
        chunk: Some("RVS-Main/MSG".into()),
    };
    story.does(&client(), message);
    story.all_sign_plan(version);
    let done = CompletePlanItem {
        item: "train-1".into(),
        reference: "attendance list 4".into(),
    };
    story.does(&outsourcer(), done);
    let withdraw = WithdrawConstraint {
        constraint: "C-1".into(),
        reason: "a second trainer is there".into(),
    };
    story.does(&outsourcer(), withdraw);
    story
}
