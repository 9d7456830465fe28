//! The way from a transition to a model, a plan and the page that shows it: Riverside's own facts through `decide`.

use jiff::Timestamp;
use jiff::civil::{Date, Weekday, date};
use segue_domain::schedule::constraints::{DeclareConstraint, Firmness};
use segue_domain::schedule::limits::Limit as Declared;
use segue_domain::schedule::templates::{Answers, Hours, Pace, Population, outline};
use segue_domain::schedule::{Plan, days, violations};
use segue_domain::{Actor, Role, Side, Transition, apply, decide};
use segue_example::{Example, Goal, MOVES_MAX, Move, of};
use segue_planner::clash::{Explained, explain};
use segue_planner::transition::risks::{Rehearsed, RiskError, weigh};
use segue_planner::transition::{FIRST_STEP, agenda, dated, in_weeks, model};
use segue_planner::{Budget, Highs, Limit, Model, Owner, Wish, draft};

/// Wednesday.
const START: &str = "2026-11-04T14:00:00Z";

struct Story {
    t: Transition,
    now: Timestamp,
    example: Example,
}

#[expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]
impl Story {
    fn at(goal: &Goal) -> Self {
        let mut story = Self {
            t: Transition::new("T-plan".into()),
            now: START.parse().unwrap(),
            example: Example::riverside(),
        };
        story.walks(goal);
        story
    }

    fn walks(&mut self, goal: &Goal) {
        for _ in 0..MOVES_MAX {
            match self.example.next(&self.t, goal, self.now) {
                None => return,
                Some(Move::Wait(until)) => self.now = until,
                Some(Move::Say(said)) => self.does(&said.0, said.1),
            }
        }
        panic!("no way to {goal:?}");
    }

    fn does(&mut self, actor: &Actor, command: impl Into<segue_domain::Command>) {
        let events = decide(&self.t, &command.into(), actor, self.now);
        for event in events.unwrap_or_else(|refusal| panic!("{refusal}")) {
            apply(&mut self.t, &event);
        }
    }

    fn declares(&mut self, side: Side, limit: Declared, weight: u32) {
        let constraint = DeclareConstraint {
            limit,
            firmness: if weight > 0 {
                Firmness::Soft
            } else {
                Firmness::Hard
            },
            weight,
            reason: "the record system is upgraded".into(),
            paradigm: None,
            site: None,
            call_type: None,
        };
        self.does(&of(side, Role::Implementation), constraint);
    }

    fn outline(&self, first_step: Date) -> Plan {
        outline(&self.t, &answers(first_step), self.now).unwrap()
    }

    fn model(&self, first_step: Date) -> Model {
        let outline = self.outline(first_step);
        let model = model(&self.t, &outline, Some(first_step), self.now);
        model.validate().unwrap();
        model
    }
}

fn answers(first_step: Date) -> Answers {
    Answers {
        centres: Vec::new(),
        call_types: Vec::new(),
        hours: Hours::Always,
        population: Population::Adult,
        states: vec!["NJ".into()],
        languages: vec!["English".into()],
        first_step,
        pace: Pace::Careful,
        people: 24,
        cohort: 12,
        cohort_every_days: 7,
        owner: "cb-manager".into(),
    }
}

#[expect(clippy::unwrap_used, reason = "a helper of tests")]
fn limit<'m>(model: &'m Model, id: &str) -> &'m Limit {
    &model.rules.iter().find(|r| r.id == id).unwrap().limit
}

/// The answered start is a rule with a name, and whatever else allows an earlier step, the plan keeps it.
#[test]
fn no_step_before_the_answered_start() {
    let story = Story::at(&Goal::Discovered);
    // A year later than anything else asks for: a Tuesday.
    let first_step = date(2027, 12, 7);
    let outline = story.outline(first_step);
    let model = story.model(first_step);
    let rule = model.rules.iter().find(|r| r.id == FIRST_STEP).unwrap();
    assert_eq!(rule.owner, Owner::Both);
    assert!(rule.text.contains("2027-12-07"), "{}", rule.text);
    let found = draft(&model, &Highs, Budget::default()).unwrap().unwrap();
    let plan = dated(&story.t, &outline, &model, &found.plan, story.now).unwrap();
    let first = plan.chunks.iter().flat_map(|c| &c.steps).map(|s| s.from);
    assert_eq!(first.min(), Some(date(2027, 12, 13)), "the Monday after it");
}

/// A start years away leaves the plan as many weeks as one that begins soon.
#[test]
fn a_late_start_leaves_the_longest_plan_room() {
    let story = Story::at(&Goal::Discovered);
    let late = date(2036, 3, 5);
    let (soon, then) = (story.model(date(2027, 3, 1)), story.model(late));
    let Limit::NotBefore { week } = *limit(&then, FIRST_STEP) else {
        panic!("a rule of the first week");
    };
    assert_eq!(then.monday(week), date(2036, 3, 10), "the Monday after it");
    assert!((1..=27).contains(&week), "{week}");
    assert!(
        then.weeks.abs_diff(soon.weeks) <= 30 && then.weeks < 156,
        "{} {}",
        then.weeks,
        soon.weeks
    );
}

/// A drafted plan has its steps on one weekday from Monday to Thursday and breaks none of the schedule's rules.
#[test]
fn a_wave_plan_gets_its_days() {
    let mut story = Story::at(&Goal::Discovered);
    let upgrade = Declared::Blackout {
        first: date(2027, 3, 8),
        last: date(2027, 3, 20),
    };
    story.declares(Side::Client, upgrade, 0);
    let first_step = date(2027, 3, 1);
    let outline = story.outline(first_step);
    let model = story.model(first_step);
    let found = draft(&model, &Highs, Budget::default()).unwrap().unwrap();
    let plan = dated(&story.t, &outline, &model, &found.plan, story.now).unwrap();
    assert_eq!(violations(&story.t, &plan, story.now), []);
    let steps = || plan.chunks.iter().flat_map(|c| &c.steps).map(|s| s.from);
    let weekday = steps().next().unwrap().weekday();
    assert!(steps().all(|on| on.weekday() == weekday));
    assert!(
        [
            Weekday::Monday,
            Weekday::Tuesday,
            Weekday::Wednesday,
            Weekday::Thursday
        ]
        .contains(&weekday)
    );
    assert!(steps().all(|on| !(date(2027, 3, 8)..=date(2027, 3, 20)).contains(&on)));
    assert_eq!(
        in_weeks(&model, &plan),
        found.plan,
        "dates and weeks are the same plan"
    );
}

/// Signed terms, preparation and both parties' constraints become rules with their owners; wishes become preferences.
#[test]
fn rules_have_their_owners() {
    let mut story = Story::at(&Goal::Discovered);
    let monday = date(2027, 4, 5);
    story.declares(
        Side::Client,
        Declared::ChangeFreeze {
            first: monday,
            last: days::after(monday, 13),
        },
        0,
    );
    story.declares(
        Side::Outsourcer,
        Declared::NotBefore {
            date: days::after(monday, 2),
        },
        0,
    );
    story.declares(Side::Outsourcer, Declared::SoakDays { days: 15 }, 0);
    story.declares(
        Side::Client,
        Declared::NotAfter {
            date: date(2027, 12, 3),
        },
        3,
    );
    let model = story.model(date(2027, 3, 1));
    let week = |on: Date| {
        u32::try_from((days::number(on) - days::number(model.first_monday)) / 7).unwrap()
    };
    let (first, last) = (week(monday), week(monday) + 1);
    assert_eq!(*limit(&model, "C-1"), Limit::Blackout { first, last });
    assert_eq!(*limit(&model, "C-2"), Limit::NotBefore { week: first + 1 });
    assert_eq!(*limit(&model, "C-3"), Limit::Soak { weeks: 3 });
    let owner = |id: &str| model.rules.iter().find(|r| r.id == id).map(|r| r.owner);
    assert_eq!(
        [owner("C-1"), owner("C-2")],
        [Some(Owner::Client), Some(Owner::Outsourcer)]
    );
    for safety in ["HOLD", "EASY-FIRST", "ONE-SITE", "SOAK-TRIAGE", "STEP-CAP"] {
        assert_eq!(owner(safety), Some(Owner::Safety), "{safety}");
    }
    assert!(
        model
            .rules
            .iter()
            .any(|r| r.id.starts_with("PREPARED-") && r.owner == Owner::Outsourcer)
    );
    let [wish] = model.preferences.as_slice() else {
        panic!("one wish: {:?}", model.preferences);
    };
    assert_eq!((wish.owner, wish.points), (Side::Client, 100));
    // The Friday's week has step days until Thursday, all of which keep the date.
    assert_eq!(
        wish.wish,
        Wish::DoneBy {
            week: week(date(2027, 12, 3))
        }
    );
}

/// What is over closes no week; a deadline that is over leaves no plan, and says so by name.
#[test]
fn what_is_past_is_past() {
    let mut story = Story::at(&Goal::Discovered);
    let today = story.now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let monday = days::monday_of(today);
    story.declares(
        Side::Client,
        Declared::Blackout {
            first: days::after(monday, -30),
            last: days::after(monday, -3),
        },
        0,
    );
    let model_before = story.model(date(2027, 3, 1));
    assert!(
        model_before.rules.iter().all(|r| r.id != "C-1"),
        "nothing left to forbid"
    );
    story.declares(
        Side::Client,
        Declared::NotAfter {
            date: days::after(monday, -10),
        },
        0,
    );
    let model = story.model(date(2027, 3, 1));
    let found = explain(&model, &Highs, Budget::default()).unwrap();
    let Explained::Clash(clash) = found else {
        panic!("a clash, not {found:?}");
    };
    assert!(
        clash.clash.iter().any(|r| r.rule == "C-2"),
        "{}",
        clash.text()
    );
    assert!(clash.text().contains("nothing after"), "{}", clash.text());
}

/// The page's agenda: every date, whose rule binds it, what both parties get of their wishes.
#[test]
fn the_agenda_says_who_moves_when_and_what_binds() {
    let mut story = Story::at(&Goal::Discovered);
    assert_eq!(agenda::of(&story.t, story.now), None, "nothing is proposed");
    story.declares(
        Side::Client,
        Declared::NotAfter {
            date: date(2029, 12, 31),
        },
        10,
    );
    story.declares(
        Side::Outsourcer,
        Declared::NotBefore {
            date: date(2029, 12, 31),
        },
        10,
    );
    story.walks(&Goal::Agreed);
    let agreed = agenda::of(&story.t, story.now).unwrap();
    assert!(agreed.is_in_force() && agreed.bound);
    assert_eq!(agreed.signed_by, Side::BOTH);
    let plan = &story.t.schedule.agreed().unwrap().proposed.plan;
    assert_eq!(agreed.lanes.len(), plan.chunks.len());
    for (lane, chunk) in agreed.lanes.iter().zip(&plan.chunks) {
        let told: Vec<_> = lane.steps.iter().map(|s| s.on).collect();
        let planned: Vec<_> = chunk.steps.iter().map(|s| s.from).collect();
        assert_eq!(told, planned);
        let last = planned.iter().max();
        assert!(lane.accepted.as_ref() > last && lane.closed > lane.accepted);
        let told = lane
            .steps
            .iter()
            .flat_map(|s| &s.bound)
            .all(|b| b.rule != "STEP_ORDER");
        assert!(told, "the rules that keep steps apart are named: {lane:?}");
        // A second step waits for the first at least.
        assert!(
            lane.steps[1..]
                .iter()
                .all(|s| !s.bound.is_empty() || s.on > days::after(lane.steps[0].on, 13))
        );
    }
    assert!(
        (agreed.satisfied.client - 1.0).abs() < 1e-12,
        "done years before the wish"
    );
    assert!(
        agreed.satisfied.outsourcer < 0.5,
        "begun years before the wish"
    );
    assert_eq!(
        agreed.satisfied.client_points,
        agreed.satisfied.client_points_all
    );
    let entries = agreed.entries("T-plan");
    assert!(
        entries
            .iter()
            .all(|e| !e.tentative && e.description.contains(&agreed.hash))
    );
}

/// A newer version stands beside the one in force, and calendars move the entries they have.
#[test]
fn the_agenda_shows_what_a_newer_version_moves() {
    let mut story = Story::at(&Goal::Agreed);
    let agreed = agenda::of(&story.t, story.now).unwrap();
    let entries = agreed.entries("T-plan");
    let mut later = story.example.clone();
    for chunk in &mut later.plan.chunks {
        for step in &mut chunk.steps {
            step.from = days::after(step.from, 7);
        }
    }
    let (actor, proposal) = later.proposal();
    story.does(&actor, proposal);
    let proposed = agenda::of(&story.t, story.now).unwrap();
    assert!(!proposed.is_in_force());
    assert_eq!((proposed.version, proposed.in_force), (2, Some(1)));
    for (lane, before) in proposed.lanes.iter().zip(&agreed.lanes) {
        let was: Vec<_> = lane.steps.iter().map(|s| s.was).collect();
        let then: Vec<_> = before.steps.iter().map(|s| Some(s.on)).collect();
        assert_eq!(was, then);
    }
    let moved = proposed.entries("T-plan");
    let uids = |all: &[segue_planner::calendar::Entry]| {
        all.iter().map(|e| e.uid.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        uids(&moved),
        uids(&entries),
        "calendars move what they have"
    );
    assert!(moved.iter().all(|e| e.tentative && e.sequence == 2));
    assert!(
        proposed
            .text()
            .contains("proposed by the client and not agreed")
    );
}

/// A rehearsal's plan risk keeps a step of a risky call type out of a bad week, and says nothing about other plans.
#[test]
fn a_rehearsed_risk_moves_a_step() {
    let story = Story::at(&Goal::Discovered);
    let first_step = date(2027, 3, 1);
    let outline = story.outline(first_step);
    let mut model = story.model(first_step);
    let usual = draft(&model, &Highs, Budget::default()).unwrap().unwrap();
    let (chunk, week) = (&outline.chunks[0], usual.plan.weeks[0][0]);
    let start = |n: u32| format!("{}T05:00:00Z", model.monday(n));
    let weeks: Vec<_> = (0..model.weeks)
        .map(|n| serde_json::json!({ "start": start(n), "plan_worst": if n == week { 0.4 } else { 0.05 }, "out": 0.1 }))
        .collect();
    let told = |chunk: &str| -> Rehearsed {
        let risk =
            serde_json::json!([{ "chunk": chunk, "share_percent": 20, "extra_triage_harm": 12.5 }]);
        serde_json::from_value(serde_json::json!({ "risk": risk, "weeks": weeks, "zone": "America/New_York", "seed": 1 })).unwrap()
    };
    weigh(&mut model, &outline, &told(chunk.id.as_str())).unwrap();
    model.validate().unwrap();
    let kind = model
        .types
        .iter()
        .find(|k| k.id == chunk.call_type)
        .unwrap();
    assert_eq!(kind.step_risk, 13);
    let of = |n: u32| model.week_risk[usize::try_from(n).unwrap()];
    assert_eq!((of(week), of(week + 1)), (8, 1));
    let careful = draft(&model, &Highs, Budget::default()).unwrap().unwrap();
    assert!(
        !careful.plan.weeks[0].contains(&week),
        "{:?}",
        careful.plan.weeks[0]
    );
    assert_eq!(
        careful.risk,
        i64::from(kind.step_risk)
            * i64::try_from(chunk.steps.len()).unwrap()
            * i64::try_from(
                outline
                    .chunks
                    .iter()
                    .filter(|c| c.call_type == chunk.call_type)
                    .count()
            )
            .unwrap()
    );
    let other = weigh(&mut model, &outline, &told("elsewhere"));
    assert_eq!(other, Err(RiskError::Chunk("elsewhere".into())));
}
