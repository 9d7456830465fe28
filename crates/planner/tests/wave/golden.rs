//! Plans of record: the bytes that small models give. A change here is a change of what both parties would sign.

use crate::generator::{Size, model};
use crate::tiny;
use segue_planner::{Budget, Gate, Highs, Limit, Model, Owner, calendar, draft};
use std::fmt::Write as _;

#[expect(clippy::expect_used, reason = "a helper of tests")]
fn told(model: &Model) -> String {
    model.validate().expect("a model");
    let found = draft(model, &Highs, Budget::default());
    let draft = found.expect("an answer").expect("a plan");
    let mut text = format!(
        "{} weeks, dual-running cost {}, client {}/{}, outsourcer {}/{}\n{}\n",
        draft.weeks,
        draft.dual_cost,
        draft.client.points,
        draft.client.points_all,
        draft.outsourcer.points,
        draft.outsourcer.points_all,
        draft.plan.hash(model),
    );
    for step in draft.plan.steps(model) {
        let _ = writeln!(
            text,
            "{} {} step {} {} %",
            step.monday, step.cell, step.step, step.share_percent
        );
    }
    text
}

/// One centre, easy first, with the trade's soak.
#[test]
fn one_centre() {
    let rules = vec![
        tiny::rule("SOAK", Owner::Safety, Limit::Soak { weeks: 2 }),
        tiny::rule("EASY", Owner::Safety, Limit::EasyFirst(Gate::Accepted)),
        tiny::rule(
            "HOLIDAYS",
            Owner::Client,
            Limit::Blackout { first: 1, last: 1 },
        ),
    ];
    insta::assert_snapshot!(told(&tiny::model(1, 12, rules)));
}

/// Two centres, one at a time.
#[test]
fn two_centres() {
    let rules = vec![
        tiny::rule("SOAK", Owner::Safety, Limit::Soak { weeks: 1 }),
        tiny::rule("EASY", Owner::Safety, Limit::EasyFirst(Gate::Accepted)),
        tiny::rule("ONE", Owner::Safety, Limit::SitesInMotion { max: 1 }),
        tiny::rule(
            "STAFF",
            Owner::Outsourcer,
            Limit::Classes {
                trainers: 1,
                seats: 5,
                weeks: 1,
            },
        ),
    ];
    insta::assert_snapshot!(told(&tiny::model(2, 16, rules)));
}

/// One centre of usual size with both parties' wishes.
#[test]
fn a_usual_centre() {
    insta::assert_snapshot!(told(&model(
        Size {
            shifts: 2,
            ..Size::SINGLE
        },
        1
    )));
}

/// The file that calendars read.
#[test]
fn a_calendar() {
    let model = tiny::model(1, 4, Vec::new());
    let draft = draft(&model, &Highs, Budget::default()).unwrap().unwrap();
    let made = "2026-11-26T12:00:00Z".parse().unwrap();
    insta::assert_snapshot!(calendar::ics(&model, &draft.plan, made));
}
