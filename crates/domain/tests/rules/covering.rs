//! Covering (A13): every call in scope has exactly one owner at the end state, a chunk or what stays home.

use crate::fixture::{self, ZONE, by_day, manager};
use crate::support::Story;
use jiff::{SignedDuration, Timestamp, Zoned};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use segue_domain::chunks::PlannedChunk;
use segue_domain::covering::StaysHome;
use segue_domain::overlap::first_gap;
use segue_domain::schedule::{Plan, ProposePlan, check};
use segue_domain::windows::ShiftWindow;
use segue_domain::{Code, Side};
use std::collections::BTreeSet;

fn as_it_is(plan: Plan) -> ProposePlan {
    ProposePlan {
        plan,
        counter_to: None,
        reason: "as discussed".into(),
        terms: None,
    }
}

fn nights(chunk: &mut PlannedChunk) {
    chunk.windows = vec![ShiftWindow::new("Mon-Fri 19:00-07:00", ZONE)];
}

#[test]
fn a13_a_gap_is_refused_with_an_example_call() {
    let story = Story::discovered();
    let client = manager(Side::Client);
    let mut plan = fixture::plan();
    plan.chunks.remove(5);
    story.when(&client, as_it_is(plan)).refuses(
        Code::ChunkGap,
        "a APPT call in any language on RVS-North-DID at",
    );
    let mut plan = fixture::plan();
    nights(&mut plan.chunks[0]);
    story.when(&client, as_it_is(plan.clone())).refuses(
        Code::ChunkGap,
        "a MSG call in any language on RVS-Main-TFN at Mon 2027-03-01 00:00 (America/New_York)",
    );
    plan.stays_home.push(by_day(&plan.chunks[0]));
    story
        .when(&client, as_it_is(plan))
        .records(&["plan_proposed"]);
}

#[test]
fn a13_what_stays_home_has_a_reason_and_does_not_move() {
    let story = Story::discovered();
    let client = manager(Side::Client);
    let mut plan = fixture::plan();
    plan.stays_home.push(by_day(&plan.chunks[0]));
    story.when(&client, as_it_is(plan.clone())).refuses(
        Code::ChunksOverlap,
        "RVS-Main/MSG and what stays home both claim",
    );
    nights(&mut plan.chunks[0]);
    plan.stays_home[0].reason = " ".into();
    story
        .when(&client, as_it_is(plan.clone()))
        .refuses(Code::BadFact, "why calls stay home");
    plan.stays_home[0].reason = "day shift".into();
    plan.stays_home[0].line = "RVS-North-DID".into();
    plan.stays_home[0].call_type = "TRIAGE".into();
    story
        .when(&client, as_it_is(plan))
        .refuses(Code::Unknown, "TRIAGE on line RVS-North-DID");
}

/// Riverside with Spanish messages on an internal number of their own.
fn spanish() -> Story {
    let mut story = Story::new();
    let routes = &mut story.example.create.lines[0].routes;
    let mut own = routes[0].clone();
    own.dialled = "7005".into();
    own.languages = ["Spanish".to_owned()].into();
    routes.push(own);
    story.walks(&segue_example::Goal::Discovered);
    story
}

#[test]
fn a13_chunks_are_disjoint_by_language_where_the_language_can_be_told_apart() {
    let client = manager(Side::Client);
    let mut plan = fixture::plan();
    let mut own = plan.chunks[0].clone();
    own.id = "RVS-Main/MSG-es".into();
    own.languages = ["Spanish".to_owned()].into();
    plan.chunks.push(own);
    // On one number for all languages Segue cannot tell them apart.
    Story::discovered()
        .when(&client, as_it_is(plan.clone()))
        .refuses(Code::TypeNotSeparable, "MSG Spanish calls from others");
    // With a number of its own, Spanish has two owners while the other chunk takes every language.
    for chunk in [0, 6] {
        plan.chunks[chunk].steps.truncate(1);
    }
    let story = spanish();
    story
        .when(&client, as_it_is(plan.clone()))
        .refuses(Code::ChunksOverlap, "a MSG call in Spanish on RVS-Main-TFN");
    plan.chunks.remove(0);
    story
        .when(&client, as_it_is(plan))
        .refuses(Code::ChunkGap, "a MSG call in any language on RVS-Main-TFN");
}

/// Windows that divide a week at random minutes, now and then with a piece too many or too few.
fn pieces() -> impl Strategy<Value = Vec<(u32, u32, bool)>> {
    let cuts = proptest::collection::btree_set(0u32..7 * 24 * 60, 2..6);
    (cuts, 0u8..4, 0u32..90).prop_map(|(cuts, flaw, by)| {
        let cuts: Vec<_> = cuts.into_iter().collect();
        let next = cuts.iter().cycle().skip(1);
        let mut pieces: Vec<_> = cuts
            .iter()
            .zip(next)
            .map(|(a, b)| (*a, *b, a % 2 == 0))
            .collect();
        match flaw {
            0 => pieces[0].1 = (pieces[0].1 + by) % (7 * 24 * 60),
            1 if pieces.len() > 2 => drop(pieces.pop()),
            _ => {}
        }
        pieces.retain(|(a, b, _)| a != b);
        pieces
    })
}

fn window((from, to): (u32, u32)) -> ShiftWindow {
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let at = |minute: u32| {
        let day = usize::try_from(minute / 1_440).unwrap();
        format!("{} {:02}:{:02}", days[day], minute / 60 % 24, minute % 60)
    };
    ShiftWindow::new(&format!("{}-{}", at(from), at(to)), ZONE)
}

#[test]
fn a13_every_call_in_scope_has_exactly_one_owner_or_the_plan_is_refused() {
    let story = Story::discovered();
    let mut runner = TestRunner::deterministic();
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..120 {
        let pieces = pieces().new_tree(&mut runner).unwrap().current();
        let mut plan = fixture::plan();
        let whole = plan.chunks.remove(0);
        let mut owners = Vec::new();
        for (n, (from, to, moves)) in pieces.into_iter().enumerate() {
            let windows = vec![window((from, to))];
            owners.push(windows[0].parse().unwrap());
            if moves {
                let mut chunk = PlannedChunk {
                    windows,
                    ..whole.clone()
                };
                chunk.id = format!("{}-{n}", whole.id).as_str().into();
                chunk.steps.truncate(1);
                plan.chunks.push(chunk);
            } else {
                plan.stays_home.push(StaysHome {
                    line: whole.lines[0].clone(),
                    call_type: whole.call_type.clone(),
                    languages: BTreeSet::new(),
                    population: None,
                    windows,
                    reason: "stays".into(),
                });
            }
        }
        let from: Timestamp = "2027-03-08T05:00:00Z".parse().unwrap();
        let instants = (0..2 * 7 * 24 * 60)
            .step_by(7)
            .map(|m| from + SignedDuration::from_mins(m));
        let counts: BTreeSet<usize> = instants
            .map(|at| {
                owners
                    .iter()
                    .filter(|o: &&segue_domain::windows::WeeklyWindow| o.contains(at))
                    .count()
            })
            .collect();
        match check(&story.t, &plan, story.now) {
            Ok(()) => {
                accepted += 1;
                assert_eq!(counts, [1].into(), "{plan:?}");
            }
            Err(refusal) => match refusal.code {
                Code::ChunkGap | Code::ChunksOverlap => refused += 1,
                // Other rules look first, or the pieces are too large for one step.
                Code::MassCutover => assert_eq!(counts, [1].into(), "{refusal}"),
                _ => {}
            },
        }
    }
    assert!(
        accepted > 20 && refused > 20,
        "{accepted} accepted, {refused} refused"
    );
}

/// Where it is looked from lies west of the windows' zone, whose last date comes sooner.
#[test]
fn a13_the_last_day_looked_at_is_the_windows_own() {
    let from: Zoned = "2027-01-04T23:30[America/Phoenix]".parse().unwrap();
    let always = [ShiftWindow::new("Mon-Sun 00:00-24:00", "America/New_York")];
    assert_eq!(first_gap(&[&always], &from).unwrap(), None);
}
