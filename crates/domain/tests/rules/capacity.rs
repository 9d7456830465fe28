//! The capacity gate (A14): agents ready against the calls that come, as planned, as observed and under stress.

use crate::fixture::{director, manager};
use crate::support::{Story, propose_step};
use segue_domain::capacity::{Forecast, RecordForecast};
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
    story
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
