//! The capacity gate (A14): agents ready against the calls that come, as planned, as observed and under stress.

use crate::fixture::{director, duty, manager};
use crate::support::{Story, fallback, propose_step};
use jiff::civil::{Date, date};
use segue_domain::agents::{UnrosterAgent, rostered_for};
use segue_domain::capacity::{Forecast, RecordForecast};
use segue_domain::chunk_weeks::RecordChunkWeek;
use segue_domain::issues::{ReportIssue, Severity};
use segue_domain::schedule::days;
use segue_domain::{Code, Side};

const TRIAGE: &str = "RVS-Main/TRIAGE";
const MSG: &str = "RVS-Main/MSG";

/// Two hundred calls of 90 seconds an hour, and so many agents.
pub(crate) fn forecast(chunk: &str, agents_ready: u32) -> RecordForecast {
    RecordForecast {
        chunk: chunk.into(),
        forecast: Forecast {
            calls_per_hour: 200,
            aht_s: 90,
            agents_ready,
            observed_calls: 0,
            observed_aht_s: 0,
        },
        reference: "workforce plan 4".into(),
    }
}

fn triage(agents_ready: u32, observed_calls: u32) -> RecordForecast {
    let mut command = forecast(TRIAGE, agents_ready);
    command.forecast.calls_per_hour = 40;
    command.forecast.aht_s = 660;
    command.forecast.observed_calls = observed_calls;
    command.forecast.observed_aht_s = 858;
    command
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    let mut story = Story::agreed();
    story.does(&manager(Side::Outsourcer), forecast(MSG, 9));
    story.hours_pass(14 * 24);
    story.does(&manager(Side::Client), week(date(2027, 1, 4), 0));
    story
}

fn week(week_of: Date, complaints: u32) -> RecordChunkWeek {
    RecordChunkWeek {
        chunk: MSG.into(),
        week_of,
        calls: 1_000,
        complaints,
        minutes_outside: 20,
        reference: "weekly report".into(),
    }
}

fn lines(story: &Story, board: &str) -> Vec<String> {
    story.lines(board, &manager(Side::Client))
}

/// A11: each week beside the one before, with the issues and fallbacks of that week.
#[test]
fn a11_weeks_show_whether_the_move_gets_smoother() {
    let mut story = Story::new();
    story.goes_live(MSG, 20);
    let client = manager(Side::Client);
    let monday = |weeks: i64| {
        let day = story.t.day_at(&"RVS-Main".into(), story.now);
        let back = i64::from(day.weekday().to_monday_zero_offset());
        days::after(day, weeks * 7 - back)
    };
    let (first, second, third) = (monday(0), monday(1), monday(2));
    let issue = ReportIssue {
        title: "fax tone at night".into(),
        severity: Severity::Sev1,
        chunk: Some(MSG.into()),
        text: String::new(),
    };
    story.does(&client, issue);
    story.hours_pass(21 * 24);
    for (monday, complaints) in [(first, 4), (second, 6), (third, 6)] {
        story.does(&client, week(monday, complaints));
    }
    story.when(&client, week(first, 4)).changes_nothing();
    // Eight for the issue, four complaints, two for twenty minutes; then no issue.
    let shown = lines(&story, "headache-trend");
    assert_eq!(
        shown,
        [
            format!("{MSG} | {first} | 1000 | 8 | 4 | 20 | 14.0 | –"),
            format!("{MSG} | {second} | 1000 | 0 | 6 | 20 | 8.0 | smoother"),
            format!("{MSG} | {third} | 1000 | 0 | 6 | 20 | 8.0 | level"),
        ]
    );
    for (week, why) in [
        (week(days::after(third, 1), 0), "a Monday"),
        (week(days::after(third, 7), 0), "a week that is over"),
        (
            RecordChunkWeek {
                calls: 0,
                ..week(third, 1)
            },
            "the calls",
        ),
    ] {
        story.when(&client, week).refuses(Code::BadFact, why);
    }
}

/// The ramp of messages.
fn messages(story: &Story) -> Vec<String> {
    let mut ramp = lines(story, "ramp");
    ramp.retain(|line| line.starts_with(MSG));
    ramp
}

/// A14: what was planned beside what was reached, and every way back.
#[test]
fn a14_the_ramp_shows_planned_and_actual_shares() {
    let mut story = Story::new();
    story.goes_live(MSG, 20);
    let steps = &story.example.plan.chunks[0].steps;
    let planned: Vec<_> = steps.iter().map(|s| s.from).collect();
    let shown = messages(&story);
    assert_eq!(
        shown[0],
        format!("{MSG} | 20 % | {0} | {0} | as planned", planned[0])
    );
    assert!(shown[1].ends_with("| – | to come"), "{shown:?}");
    story.hours_pass(90 * 24);
    let behind =
        days::number(story.t.day_at(&"RVS-Main".into(), story.now)) - days::number(planned[1]);
    assert!(messages(&story)[1].ends_with(&format!("| – | {behind} days behind")));
    story.does(&duty(Side::Client), fallback("all"));
    let shown = messages(&story);
    assert!(shown[0].contains("| – |"), "at home again: {shown:?}");
    assert!(
        shown
            .iter()
            .any(|line| line.starts_with(&format!("{MSG} went from 20 % to 0 % on"))),
        "{shown:?}"
    );
}

/// A14: a forecast that names more people than the roster has ready is not believed.
#[test]
fn a14_agents_ready_are_counted_from_the_roster() {
    let mut story = before_the_last_step();
    let by = manager(Side::Outsourcer);
    story.does(&by, triage(13, 0));
    let nurses: Vec<_> = rostered_for(&story.t, &"TRIAGE".into())
        .map(|n| n.agent.clone())
        .collect();
    for agent in nurses.into_iter().skip(11) {
        story.does(&by, UnrosterAgent { agent });
    }
    let refused = story.when(&by, propose_step(TRIAGE, 100)).refuses(
        Code::CapacityShort,
        "11 ready (the forecast says 13, 11 of the roster",
    );
    assert!(refused.missing[1].contains("stress: 47.1 %"), "{refused}");
}

/// Triage live at its last share but one, at the date of the last.
fn before_the_last_step() -> Story {
    let mut story = Story::new();
    let steps = &story.example.plan.chunks[3].steps;
    let percent = steps[steps.len() - 2]
        .share_percent
        .parse()
        .unwrap()
        .percent();
    story.goes_live(TRIAGE, percent);
    story.waits_for(TRIAGE, 100);
    story.proves(TRIAGE);
    story
}

/// A14 CHECK: eleven nurses pass as planned (86.8 %) and fail under stress (47.1 %); thirteen do (80.6 %).
#[test]
fn a14_a_share_rises_only_where_the_stress_case_holds_too() {
    let mut story = before_the_last_step();
    let by = manager(Side::Outsourcer);
    story.does(&by, triage(11, 0));
    let refused = story
        .when(&by, propose_step(TRIAGE, 100))
        .refuses(Code::CapacityShort, "86.8 % in 30 s");
    assert!(refused.missing[1].contains("stress: 47.1 %"), "{refused}");
    assert!(refused.missing[1].contains("13 agents ready (80.6 %)"));
    story.does(&by, triage(13, 0));
    story
        .when(&by, propose_step(TRIAGE, 100))
        .records(&["step_proposed"]);
}

/// Scenario 26: what the first 60 calls took counts, not the plan.
#[test]
fn a14_observed_handle_time_replaces_the_plan() {
    let mut story = before_the_last_step();
    let by = manager(Side::Outsourcer);
    story.does(&by, triage(11, 60));
    let refused = story.when(&by, propose_step(TRIAGE, 100)).refuses(
        Code::CapacityShort,
        "47.1 % in 30 s at a handle time of 858 s",
    );
    for says in [
        "(planned 660 s: 86.8 %)",
        "13 agents",
        "at most 80 % with 11 (82.9 %)",
    ] {
        assert!(refused.to_string().contains(says), "{says}: {refused}");
    }
    // Between proposal and approval the figures may change: approval asks again.
    story.does(&by, triage(13, 60));
    let step = story.proposes_step(TRIAGE, 100);
    story.does(&by, triage(11, 60));
    story
        .when(&director(Side::Client), story.approval(Side::Client, &step))
        .refuses(Code::CapacityShort, "11 ready");
}

#[test]
fn a_forecast_is_fresh_and_not_below_the_baseline() {
    let mut story = Story::agreed();
    let by = manager(Side::Outsourcer);
    let mut low = forecast(MSG, 9);
    low.forecast.calls_per_hour = 12;
    story.when(&by, low).refuses(Code::BadFact, "120 calls");
    let mut observed = forecast(MSG, 9);
    observed.forecast.observed_calls = 60;
    story
        .when(&by, observed)
        .refuses(Code::BadFact, "above zero");
    story.readies(MSG);
    story.hours_pass(15 * 24);
    for leg in segue_domain::gates::GateLeg::ALL {
        story.does(&by, crate::support::evidence(MSG, leg, true));
    }
    let board = segue_domain::boards::draw(&story.t, "capacity", &by, story.now).unwrap();
    assert!(board.notes.contains(&format!("{MSG}: no fresh forecast")));
}

#[test]
fn a14_the_board_judges_the_next_share_and_not_the_one_in_force() {
    let mut story = before_the_last_step();
    let by = manager(Side::Outsourcer);
    story.does(&by, triage(13, 0));
    let board = segue_domain::boards::draw(&story.t, "capacity", &by, story.now).unwrap();
    let row = board.rows.iter().find(|row| row[0] == TRIAGE).unwrap();
    assert_eq!(row[1], "100 %", "{board:?}");
}

#[test]
fn a11_an_issue_weighs_what_its_severity_was_agreed_to_weigh() {
    for (severity, weighs) in [
        (Severity::Sev1, "8"),
        (Severity::Sev2, "4"),
        (Severity::Sev3, "2"),
        (Severity::Sev4, "1"),
    ] {
        let mut story = Story::agreed();
        let monday = date(2027, 1, 4);
        story.now = "2027-01-06T15:00:00Z".parse().unwrap();
        let issue = ReportIssue {
            title: "callers of the night line hear a fax tone".into(),
            severity,
            chunk: Some(MSG.into()),
            text: String::new(),
        };
        story.does(&duty(Side::Client), issue);
        story.hours_pass(14 * 24);
        story.does(&manager(Side::Client), week(monday, 0));
        let shown = lines(&story, "headache-trend");
        assert!(
            shown[0].contains(&format!("| 1000 | {weighs} | 0 | 20 |")),
            "{shown:?}"
        );
    }
}

#[test]
fn a11_the_trend_is_smoother_rougher_or_level() {
    let mut story = Story::agreed();
    story.hours_pass(40 * 24);
    for (n, complaints) in [3, 5, 5, 2].into_iter().enumerate() {
        let of = days::after(date(2027, 1, 4), 7 * i64::try_from(n).unwrap());
        story.does(&manager(Side::Client), week(of, complaints));
    }
    let shown = lines(&story, "headache-trend");
    let trends: Vec<_> = shown
        .iter()
        .take(4)
        .map(|line| line.rsplit(" | ").next().unwrap())
        .collect();
    assert_eq!(trends, ["–", "rougher", "level", "smoother"]);
}

#[test]
fn where_agents_cannot_keep_up_everybody_waits() {
    let load = segue_domain::staffing::Load {
        calls_per_hour: 40.0,
        aht_s: 90.0,
    };
    assert!((load.erlangs() - 1.0).abs() < 1e-9);
    for (agents, waits) in [(0, 1.0), (1, 1.0), (2, 1.0 / 3.0)] {
        assert!(
            (load.p_wait(agents) - waits).abs() < 1e-9,
            "{agents}: {}",
            load.p_wait(agents)
        );
    }
}

#[test]
fn no_calls_prove_nothing() {
    let none = segue_domain::proof::Counts::new(0, 0);
    assert_eq!(none.interval(), (0.0, 1.0));
}
