//! A8: nothing good happens when you rush.

use super::{client, hard, on_dates, outsourcer, training};
use crate::fixture::{self, director};
use crate::support::{Story, propose_plan};
use jiff::civil::date;
use segue_domain::schedule::constraints::DeclareConstraint;
use segue_domain::schedule::items::{Activity, PlanItem};
use segue_domain::schedule::limits::Limit;
use segue_domain::schedule::notice::{self, Given};
use segue_domain::schedule::rush::Floors;
use segue_domain::schedule::{Plan, ProposePlan, days};
use segue_domain::waivers::{ProposeWaiver, Waivable};
use segue_domain::{Code, Side, boards};
use segue_example::clinical_lead;

/// The next centre opens three weekdays after the last step of triage.
fn short_soak() -> Plan {
    let mut plan = fixture::plan();
    on_dates(
        &mut plan,
        4,
        &[date(2027, 7, 1), date(2027, 7, 8), date(2027, 7, 15)],
    );
    plan
}

/// Ten working days until the first message, a day between its last step and appointments.
fn rushed() -> Plan {
    let mut plan = fixture::plan();
    on_dates(
        &mut plan,
        0,
        &[date(2027, 1, 18), date(2027, 1, 25), date(2027, 2, 1)],
    );
    on_dates(
        &mut plan,
        1,
        &[date(2027, 2, 2), date(2027, 2, 9), date(2027, 2, 16)],
    );
    plan
}

#[test]
fn a8_a_triage_soak_of_three_weekdays_is_refused() {
    Story::discovered()
        .when(&client(), propose_plan(short_soak()))
        .refuses(
            Code::BelowFloor,
            "RVS-Main/TRIAGE compressed 11 days below floor: soak 11, weekends of soak 2",
        );
}

#[test]
fn a8_the_meter_says_how_many_days_are_missing_and_where() {
    let refused = Story::discovered()
        .when(&client(), propose_plan(rushed()))
        .refuses(
            Code::BelowFloor,
            "RVS-Main/MSG compressed 9 days below floor: training 5, soak 4",
        );
    assert_eq!(refused.missing.len(), 1, "{refused}");
}

#[test]
fn a8_steps_cohorts_and_tests_have_floors_of_their_own() {
    let story = Story::discovered();
    let mut plan = fixture::plan();
    plan.chunks[0].steps[1].from = date(2027, 3, 2);
    story.when(&client(), propose_plan(plan)).refuses(
        Code::BelowFloor,
        "RVS-Main/MSG compressed 2 days below floor: between steps 2",
    );
    let mut plan = fixture::plan();
    let (from, due) = (date(2027, 2, 15), date(2027, 2, 23));
    plan.items
        .push(training("train-1", "RVS-Main/MSG", 8, from, due));
    story.when(&client(), propose_plan(plan)).refuses(
        Code::BelowFloor,
        "RVS-Main/MSG compressed 5 days below floor: training 3, tests 2",
    );
}

#[test]
fn a8_below_the_floor_goes_only_with_both_and_the_clinical_lead() {
    let mut story = Story::discovered();
    let ask = ProposeWaiver {
        rule: Waivable::Rush,
        chunk: "RVS-Main/MSG".into(),
        reason: "the lease ends in February".into(),
    };
    story.does(&client(), ask);
    for actor in [director(Side::Client), director(Side::Outsourcer)] {
        story.signs_waiver(&actor, "W-1");
        story
            .when(&client(), propose_plan(rushed()))
            .refuses(Code::BelowFloor, "RVS-Main/MSG");
    }
    story.signs_waiver(&clinical_lead(), "W-1");
    story.proposes(Side::Client, rushed());
    let board = boards::draw(&story.t, "schedule", &client(), story.now).unwrap();
    let rows: Vec<_> = board.rows.iter().map(|row| row.join(" | ")).collect();
    let rushed = rows
        .iter()
        .filter(|row| row.contains("compressed"))
        .collect::<Vec<_>>();
    assert_eq!(rushed.len(), 1, "{rows:?}");
    assert!(
        rushed[0].contains("asked by Riverside Health: the lease ends"),
        "{rushed:?}"
    );
}

#[test]
fn a8_a_partys_own_minimum_raises_the_floor() {
    let mut story = Story::discovered();
    let longer = DeclareConstraint {
        call_type: Some("MSG".into()),
        ..hard(Limit::SoakDays { days: 20 })
    };
    story.does(&outsourcer(), longer);
    story
        .when(&client(), propose_plan(fixture::plan()))
        .refuses(
            Code::BelowFloor,
            "RVS-Main/MSG compressed 6 days below floor: soak 6",
        );
}

#[test]
fn preparation_counts_from_the_first_agreement() {
    let mut story = Story::agreed();
    story.waits_for("RVS-Main/MSG", 20);
    story
        .when(&client(), propose_plan(fixture::plan()))
        .records(&["plan_proposed"]);
    // A chunk that nobody has agreed to yet has had no time.
    let mut plan = fixture::plan();
    plan.chunks[0].id = "RVS-Main/MSG-new".into();
    story
        .when(&client(), propose_plan(plan))
        .refuses(Code::BelowFloor, "RVS-Main/MSG-new compressed 15 days");
}

#[test]
fn other_terms_are_signed_with_a_version_and_in_force_once_it_is_agreed() {
    let mut story = Story::discovered();
    let mut terms = story.t.terms.clone();
    terms.floors = Floors::none();
    terms.soak.message_days = 1;
    let propose = |terms| ProposePlan {
        terms,
        ..propose_plan(rushed())
    };
    story.proposes(Side::Outsourcer, fixture::plan());
    story
        .when(&client(), propose(None))
        .refuses(Code::BelowFloor, "training 5");
    story.does(&client(), propose(Some(terms.clone())));
    assert_ne!(story.t.terms, terms);
    let version = |n| story.t.schedule.version(n).unwrap();
    let changes = version(1).diff(version(2));
    let about_floors = changes
        .iter()
        .filter(|c| c.starts_with("terms floors"))
        .count();
    assert_eq!(about_floors, 1, "{changes:?}");
    story.all_sign_plan(2);
    assert_eq!(story.t.terms, terms);
}

/// A8: the law's notice is a duration like any other, but nobody can waive it: the meter says what it means.
#[test]
fn a8_the_meter_sets_legal_notice_beside_the_doors() {
    let mut story = Story::agreed();
    story.proves("RVS-Main/MSG");
    let plan = &story.t.schedule.agreed().unwrap().proposed.plan;
    let of = |plan: &Plan, story: &Story| {
        let meters = notice::meters(&story.t, plan, story.now);
        meters
            .into_iter()
            .find(|m| m.site.as_str() == "RVS-Main")
            .unwrap()
    };
    let unplanned = of(plan, &story);
    assert_eq!(unplanned.given.1, Given::NotPlanned);
    assert_eq!(
        unplanned.compressed(),
        0,
        "months before the last door: {unplanned}"
    );
    // Noticed ten days before the last door can be closed.
    let mut late = plan.clone();
    let due = days::after(unplanned.doors_close, -10);
    late.items.push(PlanItem {
        activity: Activity::StaffNotice,
        chunk: None,
        ..training("notice-1", "RVS-Main/MSG", 0, due, due)
    });
    let meter = of(&late, &story);
    assert_eq!(meter.given, (due, Given::Planned));
    assert_eq!(meter.compressed(), u32::from(meter.days) - 10);
    assert!(
        meter
            .to_string()
            .contains("compressed 80 days below the law"),
        "{meter}"
    );
    // Who may not see the notices learns nothing of them from the schedule.
    for (reader, sees) in [
        (director(Side::Client), true),
        (client(), false),
        (outsourcer(), false),
        (director(Side::Outsourcer), false),
    ] {
        assert_eq!(
            boards::draw(&story.t, "notices", &reader, story.now).is_ok(),
            sees
        );
        let board = boards::draw(&story.t, "schedule", &reader, story.now).unwrap();
        let told = board.notes.iter();
        let told = told.filter(|n| n.contains("90 days of legal notice (US-NJ)"));
        assert_eq!(told.count() > 0, sees, "{} {board:?}", reader.person);
    }
}

#[test]
fn a8_a_longer_training_of_one_party_raises_the_floor() {
    // Forty working days until the first message, five of them for tests.
    let asks = |working_days| {
        let mut story = Story::discovered();
        story.does(&outsourcer(), hard(Limit::TrainingDays { working_days }));
        story.when(&client(), propose_plan(fixture::plan()))
    };
    asks(35).records(&["plan_proposed"]);
    asks(36).refuses(
        Code::BelowFloor,
        "RVS-Main/MSG compressed 1 days below floor: training 1",
    );
}
