//! The rehearsal as a whole, on Riverside's own plan and a part of its calls.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests: a failure is a panic"
)]

mod common;
mod properties;

use jiff::Timestamp;
use segue_domain::Code;
use segue_example::Example;
use segue_rehearsal::injections::{Centre, Injection, Release};
use segue_rehearsal::report::GuardAction;
use segue_rehearsal::{Rehearsal, RehearsalError, Report, Runs, Script, page, rehearse};
use std::collections::BTreeMap;

const RUNS: Runs = Runs {
    full: 1,
    outcome_only: 1,
};

fn play(
    example: &Example,
    script: &Script,
    seed: u64,
    threads: usize,
) -> Result<Report, RehearsalError> {
    let calls = common::calls(0.3, 1);
    rehearse(&Rehearsal {
        example,
        calls: &calls,
        holidays: &BTreeMap::new(),
        script,
        runs: RUNS,
        seed,
        threads,
    })
}

fn played(injection: Vec<Injection>) -> Report {
    let script = Script {
        injection,
        ..Script::default()
    };
    play(&Example::riverside(), &script, 3, 2).unwrap()
}

fn refused(example: &Example, script: &Script) -> Code {
    match play(example, script, 1, 1) {
        Err(RehearsalError::Refused(refusal)) => refusal.code,
        other => panic!("a refusal, not {other:?}"),
    }
}

fn action<'r>(report: &'r Report, happened: &str) -> &'r GuardAction {
    let mut actions = report.guard_actions.iter();
    actions
        .find(|a| a.happened.contains(happened))
        .unwrap_or_else(|| panic!("`{happened}` among {:#?}", report.guard_actions))
}

fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

fn json(report: &Report) -> String {
    serde_json::to_string(report).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let example = Example::riverside();
    let script = Script::default();
    let one = play(&example, &script, 3, 1).unwrap();
    let two = play(&example, &script, 3, 2).unwrap();
    assert_eq!(json(&one), json(&two));
    assert_eq!(page::html(&one, "T", ""), page::html(&two, "T", ""));
    let other = play(&example, &script, 4, 2).unwrap();
    assert_ne!(one.plan.abandoned.to_bits(), other.plan.abandoned.to_bits());
}

#[test]
fn small_steps_harm_less_than_all_at_once_and_every_call_is_counted() {
    let report = played(Vec::new());
    for world in [&report.plan, &report.no_move, &report.mass_cutover] {
        assert_eq!(world.offered, report.calls, "every call reaches a queue");
        let of_types: u64 = world.by_type.iter().map(|r| r.offered).sum();
        assert_eq!(of_types, report.calls);
        assert!(world.interval.low <= world.abandoned && world.abandoned <= world.interval.high);
    }
    let triage = |w: &segue_rehearsal::report::World| {
        w.by_type
            .iter()
            .find(|r| r.call_type == "TRIAGE")
            .unwrap()
            .abandoned_of_10000
    };
    assert!(
        triage(&report.mass_cutover) * 2 > triage(&report.plan) * 3,
        "{}",
        report.text()
    );
    assert!(report.cutover_refused_by.contains(&Code::MassCutover));
    let last = report
        .risk
        .iter()
        .find(|r| r.chunk == "RVS-Main/TRIAGE" && r.share_percent == 100);
    assert!(
        last.unwrap().taken_at.is_some(),
        "the plan reaches its last step"
    );
    assert!(report.finding.contains("triage callers"));
}

#[test]
fn whoever_is_needed_at_home_may_not_leave_before_the_doors_are_closed() {
    let early = Script {
        release: vec![Release {
            staff: "RN-N1".into(),
            on: "2027-06-30".parse().unwrap(),
            path: segue_domain::people::paths::StaffPath::Separate,
        }],
        ..Script::default()
    };
    assert_eq!(
        refused(&Example::riverside(), &early),
        Code::FallbackCapacity
    );
}

#[test]
fn a_plan_that_breaks_a_rule_is_refused_as_it_would_be_in_earnest() {
    let all_at_once = Example::riverside().with("RVS-Main/MSG", |chunk| {
        chunk.steps.drain(..2);
    });
    assert_eq!(refused(&all_at_once, &Script::default()), Code::MassCutover);
}

/// Scenario 16, rehearsed: alarm after three heartbeats, home ten minutes later, and a later decision comes later.
#[test]
fn a_dead_trunk_brings_calls_home_after_three_heartbeats_and_a_decision() {
    let outage = || Injection::TrunkOutage {
        at: "2027-03-17T02:00".parse().unwrap(),
        minutes: 47,
    };
    let home = action(&played(vec![outage()]), "path dead").clone();
    assert_eq!(
        home.at,
        at("2027-03-17T06:13:00Z"),
        "02:03 EDT and ten minutes"
    );
    assert!(
        home.did.contains("home by the duty manager, journalled"),
        "{home:?}"
    );
    let late = Injection::LateDecision { minutes: 20 };
    let later = action(&played(vec![outage(), late]), "path dead").at;
    assert_eq!(later, at("2027-03-17T06:33:00Z"));
}

#[test]
fn a_failed_test_turns_the_gate_red_and_the_step_slips() {
    let failure = Injection::TestFailure {
        chunk: "RVS-Main/MSG".into(),
        on: "2027-03-08".parse().unwrap(),
        days: 9,
    };
    let report = played(vec![failure]);
    let failed = action(&report, "a test call failed");
    assert!(failed.did.contains("step to 50 %: GATE_RED"), "{failed:?}");
    let step = |percent| {
        let mut steps = report.risk.iter();
        let step = steps.find(|r| r.chunk == "RVS-Main/MSG" && r.share_percent == percent);
        step.unwrap().taken_at.unwrap()
    };
    assert!(step(20) < at("2027-03-02T00:00:00Z"));
    assert!(
        step(50) >= at("2027-03-17T13:00:00Z"),
        "not before the test was passed: {}",
        step(50)
    );
}

#[test]
fn a_lost_journal_is_said_and_a_press_meanwhile_is_pending() {
    let lost = Injection::DatabaseLoss {
        at: "2027-03-17T01:30".parse().unwrap(),
        minutes: 120,
    };
    let outage = Injection::TrunkOutage {
        at: "2027-03-17T01:15".parse().unwrap(),
        minutes: 240,
    };
    let report = played(vec![lost.clone(), outage]);
    // Alarm at 01:18, press at 01:28, both before the loss: journalled.
    assert!(
        action(&report, "path dead")
            .did
            .contains("home by the duty manager, journalled")
    );
    let within = Injection::TrunkOutage {
        at: "2027-03-17T01:20".parse().unwrap(),
        minutes: 240,
    };
    let report = played(vec![lost, within]);
    assert!(
        action(&report, "the journal is gone")
            .did
            .contains("15 min")
    );
    let pressed = action(&report, "path dead");
    assert!(pressed.did.contains("journalling pending"), "{pressed:?}");
}

#[test]
fn silence_holds_the_way_forward_and_is_said_once() {
    let silence = Injection::FeedSilence {
        at: "2027-03-08T09:00".parse().unwrap(),
        minutes: 180,
    };
    let report = played(vec![silence]);
    let held: Vec<_> = report
        .guard_actions
        .iter()
        .filter(|a| a.happened.contains("no records"))
        .collect();
    assert_eq!(held.len(), 1, "{held:?}");
    assert_eq!(
        held[0].at,
        at("2027-03-08T14:15:00Z"),
        "two intervals of silence are over at 09:15 EST"
    );
    let mut steps = report.risk.iter();
    let step = steps
        .find(|r| r.chunk == "RVS-Main/MSG" && r.share_percent == 50)
        .unwrap();
    assert!(
        step.taken_at.unwrap() >= at("2027-03-08T17:00:00Z"),
        "{step:?}"
    );
}

#[test]
fn longer_calls_and_absent_people_cost_hang_ups() {
    let all = |injection| played(vec![injection]).plan.abandoned;
    let calm = played(Vec::new()).plan.abandoned;
    let (from, to) = ("2027-03-01".parse().unwrap(), "2027-08-01".parse().unwrap());
    assert!(
        all(Injection::HandleTime {
            percent: 60,
            from,
            to
        }) > calm
    );
    let centre = Centre::InHouse;
    assert!(
        all(Injection::Absent {
            centre,
            percent: 30,
            from,
            to
        }) > calm
    );
}

/// The guards' own evidence: it accuses nobody while all is well, and brings home what no floor had broken.
#[test]
fn evidence_brings_home_what_no_floor_had_broken_and_accuses_nobody_in_a_calm_run() {
    let calm = played(Vec::new());
    assert_eq!(calm.evidence.iter().map(|e| e.failed).sum::<u32>(), 0);
    let passed = calm.evidence.iter().filter(|e| e.passed == 1);
    assert!(passed.count() >= 2, "{:?}", calm.evidence);
    let half_stay_away = Injection::Absent {
        centre: Centre::Outsourced,
        percent: 50,
        from: "2027-03-22".parse().unwrap(),
        to: "2027-08-01".parse().unwrap(),
    };
    let harmed = played(vec![half_stay_away]);
    let by_evidence = action(&harmed, "the evidence");
    assert!(by_evidence.did.starts_with("home by the duty manager"));
    let before = harmed
        .guard_actions
        .iter()
        .filter(|a| a.scope == by_evidence.scope && a.at < by_evidence.at);
    assert_eq!(before.count(), 0, "{:#?}", harmed.guard_actions);
    let accused = harmed.evidence.iter().filter(|e| e.failed == 1);
    let accused: Vec<_> = accused.map(|e| e.chunk.as_str()).collect();
    assert!(accused.contains(&by_evidence.scope.as_str()), "{accused:?}");
}

#[test]
fn an_unknown_chunk_and_a_call_without_a_number_are_bad_input() {
    let script = Script {
        injection: vec![Injection::TestFailure {
            chunk: "RVS-Main/FAX".into(),
            on: "2027-03-08".parse().unwrap(),
            days: 1,
        }],
        ..Script::default()
    };
    let error = play(&Example::riverside(), &script, 1, 1).expect_err("an unknown chunk");
    assert!(
        error.to_string().contains("RVS-Main/MSG, RVS-Main/APPT"),
        "{error}"
    );
    let example = Example::riverside();
    let mut calls = common::calls(0.3, 1);
    calls.dialled[0] = "9999".into();
    let error = rehearse(&Rehearsal {
        example: &example,
        calls: &calls,
        holidays: &BTreeMap::new(),
        script: &Script::default(),
        runs: Runs {
            full: 1,
            outcome_only: 0,
        },
        seed: 1,
        threads: 1,
    });
    let error = error.expect_err("a number of nobody").to_string();
    assert!(error.contains("9999"), "{error}");
}

/// Neither a weekday's calls nor its people are those of a holiday: the day is left out, and the report says so.
#[test]
fn a_holiday_is_left_out_and_said() {
    let example = Example::small();
    let calls = common::calls(0.1, 1);
    let with = |days: &[(&str, &str)]| {
        let holidays: BTreeMap<_, _> = days
            .iter()
            .map(|(day, name)| (day.parse().unwrap(), (*name).to_owned()))
            .collect();
        rehearse(&Rehearsal {
            example: &example,
            calls: &calls,
            holidays: &holidays,
            script: &Script::default(),
            runs: RUNS,
            seed: 3,
            threads: 2,
        })
        .unwrap()
    };
    let begins = example.plan.chunks[0].steps[0].from;
    let day = begins.tomorrow().unwrap().to_string();
    let (ordinary, holiday) = (
        with(&[("2020-12-25", "Christmas")]),
        with(&[(&day, "Founders' Day")]),
    );
    assert!(ordinary.left_out.is_empty());
    let said = format!("Founders' Day ({day})");
    assert!(holiday.sentences.iter().any(|s| s.contains(&said)));
    assert!(holiday.calls < ordinary.calls, "{}", holiday.calls);
    assert_eq!(
        serde_json::to_value(&holiday).unwrap()["left_out"][&day],
        "Founders' Day"
    );
}

#[test]
fn the_page_stands_alone_and_says_its_numbers() {
    let report = played(Vec::new());
    let html = page::html(&report, "Riverside <& CareBridge>", "body{}");
    assert!(html.contains("Riverside &lt;&amp; CareBridge&gt;"));
    assert!(html.contains(&report.finding) && !html.contains("<script") && !html.contains("http"));
    let figures = html.matches("<svg").count();
    assert_eq!(figures, html.matches("role=\"img\"").count());
    assert_eq!(
        figures,
        html.matches("</desc>").count(),
        "every picture is described"
    );
    assert!(
        !html.contains("NaN") && !html.contains("inf "),
        "no number is missing"
    );
}
