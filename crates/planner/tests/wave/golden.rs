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
    let entries = calendar::entries(&model, &draft.plan);
    insta::assert_snapshot!(calendar::ics("Segue wave plan", &entries, made));
}

/// RFC 5545: lines of 75 octets at most that end with CR LF, unfolded to what was said, and nothing said breaks out of its
/// line.
#[test]
fn a_calendar_is_folded_and_escaped() {
    let entry = calendar::Entry {
        uid: "T-1-Zürich, Süd;7/MSG-20".into(),
        on: jiff::civil::date(2027, 3, 1),
        summary: "MSG to 20 %\r\nBEGIN:VALARM".into(),
        description: "Grüße; \\ à bientôt, ".repeat(20),
        tentative: true,
        sequence: 3,
    };
    let made = "2026-11-26T12:00:00Z".parse().unwrap();
    let text = calendar::ics("Plan", std::slice::from_ref(&entry), made);
    assert!(text.ends_with("END:VCALENDAR\r\n"), "{text}");
    let lines: Vec<_> = text.split("\r\n").collect();
    assert!(
        lines
            .iter()
            .all(|line| line.len() <= 75 && !line.contains('\n')),
        "{text}"
    );
    assert!(!lines.contains(&"BEGIN:VALARM"), "{text}");
    let unfolded = text.replace("\r\n ", "");
    let said = |name: &str| {
        let line = unfolded.lines().find(|l| l.starts_with(name));
        line.and_then(|l| l.split_once(':'))
            .map(|(_, value)| value.to_owned())
    };
    let escaped = entry
        .description
        .replace('\\', "\\\\")
        .replace(';', "\\;")
        .replace(',', "\\,");
    assert_eq!(said("DESCRIPTION"), Some(escaped));
    assert_eq!(said("DTSTART;VALUE=DATE"), Some("20270301".into()));
    assert_eq!(said("STATUS"), Some("TENTATIVE".into()));
    assert_eq!(said("SEQUENCE"), Some("3".into()));
    assert_eq!(said("PRODID"), Some("-//Segue//Wave plan//EN".into()));
}

/// A plan that moves keeps the names of its entries, so that calendars move what people have already.
#[test]
fn entries_keep_their_names_when_dates_move() {
    let model = tiny::model(1, 6, Vec::new());
    let plan = |weeks: [[u32; 2]; 2]| segue_planner::WavePlan {
        weeks: weeks.iter().map(|w| w.to_vec()).collect(),
    };
    let names = |plan| {
        let entries = calendar::entries(&model, &plan);
        let mut names: Vec<_> = entries.into_iter().map(|e| e.uid).collect();
        names.sort();
        names
    };
    let (early, late) = (plan([[0, 1], [0, 1]]), plan([[2, 4], [3, 5]]));
    assert_ne!(early.hash(&model), late.hash(&model));
    assert_eq!(names(early), names(late));
}
