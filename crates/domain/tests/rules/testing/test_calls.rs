//! Test campaigns, callers, script cards and thanks (A22, A24, A25, A26).

use super::{MSG, board, proved, quality, red};
use crate::fixture::{manager, nurse};
use crate::support::{Story, test_call};
use jiff::civil::date;
use segue_domain::agent_maturity::{AgentWork, RecordAgentWork};
use segue_domain::dial_in::UseDialInCode;
use segue_domain::kudos::{GiveKudos, KudosKind, PlayAlong};
use segue_domain::test_calls::RecordTestCall;
use segue_domain::test_campaign::{
    AssignTestCalls, Assignment, NameTestCallers, OpenTestCampaign, TestCaller,
};
use segue_domain::test_numbers::{RegisterTestLine, RegisterTestTelephones};
use segue_domain::test_scenarios::{Scenario, WriteTestScenarios};
use segue_domain::{Actor, Code, Side};

const DAY: &str = "message × day × English";

fn card(id: &str, knowledge: Option<&str>) -> Scenario {
    Scenario {
        id: id.into(),
        call_type: "MSG".into(),
        intent: "leave word for the practice about a refill".into(),
        expected: vec![
            "reads the message back".into(),
            "says when it is delivered".into(),
        ],
        forbidden: vec!["gives advice".into()],
        knowledge: knowledge.map(Into::into),
        language: Some("English".into()),
        shift: Some("day".into()),
        trick: false,
    }
}

fn cards(cards: &[Scenario]) -> WriteTestScenarios {
    WriteTestScenarios {
        scenarios: cards.to_vec(),
    }
}

fn campaign(scenario: &str, shifts: &[&str], languages: &[&str]) -> OpenTestCampaign {
    OpenTestCampaign {
        chunk: MSG.into(),
        scenarios: [scenario.into()].into(),
        shifts: shifts.iter().map(ToString::to_string).collect(),
        languages: languages.iter().map(ToString::to_string).collect(),
        lines: ["RVS-Main-TFN".into()].into(),
    }
}

fn assignment(person: &Actor, cell: &str) -> Assignment {
    Assignment {
        person: person.person.clone(),
        chunk: MSG.into(),
        cell: cell.into(),
        scenario: Some("M-01".into()),
        due_on: date(2027, 1, 8),
    }
}

fn kudos(team: &str, text: &str) -> GiveKudos {
    GiveKudos {
        kind: KudosKind::Kindness,
        team: team.into(),
        chunk: MSG.into(),
        text: text.into(),
    }
}

fn by_card(scenario: &str, passed: bool) -> RecordTestCall {
    RecordTestCall {
        scenario: Some(scenario.into()),
        ..test_call(MSG, DAY, passed)
    }
}

pub(super) fn history() -> Story {
    let mut story = proved(MSG);
    let client = manager(Side::Client);
    story.does(
        &client,
        cards(&[card("M-01", Some("K-1")), card("M-02", None)]),
    );
    story.does(&client, campaign("M-01", &["night"], &["Spanish"]));
    let calls = vec![assignment(&nurse(), DAY), assignment(&quality(), DAY)];
    story.does(&client, AssignTestCalls { calls });
    story.does(
        &nurse(),
        kudos("CareBridge", "stayed calm with a worried father"),
    );
    story.does(&nurse(), PlayAlong { plays: false });
    let work = AgentWork {
        agent: "A-01".into(),
        call_type: "MSG".into(),
        supervised_calls: 10,
        released_calls: 60,
        qa_reviews: 8,
        qa_percent: 93,
    };
    let work = RecordAgentWork { work: vec![work] };
    story.does(&manager(Side::Outsourcer), work);
    story.does(&client, telephone("training room 2"));
    let code = UseDialInCode {
        chunk: MSG.into(),
        cell: DAY.into(),
        telephone: "6b".repeat(32),
        used_before: 0,
    };
    story.does(&quality().heard_on_the_dial_in_line(), code);
    story.does(&manager(Side::Outsourcer), test_line("+16095550199"));
    story
}

/// A telephone as the client's key hides it.
fn telephone(label: &str) -> RegisterTestTelephones {
    RegisterTestTelephones {
        telephones: [("5a".repeat(32), label.to_owned())].into(),
    }
}

fn test_line(number: &str) -> RegisterTestLine {
    RegisterTestLine {
        chunk: MSG.into(),
        number: number.into(),
    }
}

#[test]
fn a22_at_96_percent_the_gate_is_red_and_names_the_missing_cells() {
    let mut story = history();
    let client = manager(Side::Client);
    let shifts = ["morning", "day", "evening", "weekend"];
    let languages = ["English", "Spanish", "Hindi", "Korean", "Polish", "Arabic"];
    story.does(&client, campaign("M-01", &shifts, &languages));
    let wanted = "MSG × M-01 × morning × Korean × RVS-Main-TFN";
    assert!(red(&story, MSG).iter().any(|r| r.contains(wanted)));
    story.proves(MSG);
    let named = |what: &str| {
        board(&story, "coverage", &client)
            .iter()
            .any(|l| l.contains(what))
    };
    assert!(named("27 of 27 cells green, 100 %"));
    story.does(&nurse(), test_call(MSG, wanted, false));
    let red = red(&story, MSG);
    assert_eq!(red, [format!("processes: test cell {wanted}")]);
    let notes = board(&story, "coverage", &client).join("\n");
    assert!(notes.contains("26 of 27 cells green, 96 %"), "{notes}");
    assert!(notes.contains(&format!("missing: {wanted}")), "{notes}");
    let refused = story.when(
        &crate::fixture::director(Side::Client),
        story.sign_gate(Side::Client, MSG),
    );
    refused.refuses(Code::GateRed, wanted);
}

#[test]
fn a22_a_chunk_without_any_planned_cell_is_not_tested() {
    let mut plan = crate::fixture::plan();
    plan.chunks[0].coverage.clear();
    let story = Story::discovered().agree(plan);
    let found = red(&story, MSG);
    assert!(
        found.iter().any(|r| r.contains("no test cell is planned")),
        "{found:?}"
    );
}

#[test]
fn a22_cells_that_are_there_already_are_not_opened_twice() {
    let story = history();
    let again = campaign("M-01", &["night"], &["Spanish"]);
    story.when(&manager(Side::Client), again).changes_nothing();
    let nothing = campaign("M-01", &[], &["Spanish"]);
    story
        .when(&manager(Side::Client), nothing)
        .refuses(Code::BadFact, "at least one card");
    let other = campaign("M-09", &["night"], &["Spanish"]);
    story
        .when(&manager(Side::Client), other)
        .refuses(Code::Unknown, "script card `M-09`");
}

#[test]
fn a24_two_people_of_the_client_one_of_whom_does_that_work_today() {
    let mut story = Story::agreed();
    story.does(&nurse(), test_call(MSG, DAY, true));
    let lacks = |story: &Story, what: &str| red(story, MSG).iter().any(|r| r.contains(what));
    assert!(lacks(&story, "MSG tested by 1 of 2 different people"));
    assert!(lacks(&story, "somebody who does MSG today"));
    // The outsourcer's own people do not count.
    story.does(&manager(Side::Outsourcer), test_call(MSG, DAY, true));
    assert!(lacks(&story, "MSG tested by 1 of 2 different people"));
    story.does(&quality(), test_call(MSG, DAY, true));
    assert!(!lacks(&story, "different people"));
    assert!(lacks(&story, "somebody who does MSG today"));
    let caller = TestCaller {
        person: quality().person,
        team: "Day shift".into(),
        works_today: ["MSG".into()].into(),
    };
    let named = NameTestCallers {
        callers: vec![caller],
    };
    story.does(&manager(Side::Client), named.clone());
    assert!(!lacks(&story, "somebody who does MSG today"));
    story
        .when(&manager(Side::Client), named.clone())
        .changes_nothing();
    story
        .when(&manager(Side::Outsourcer), named)
        .refuses(Code::NotAuthorised, "person of the client");
}

#[test]
fn a24_everybody_sees_their_own_calls() {
    let mut story = history();
    let mine = board(&story, "my-test-calls", &nurse());
    assert!(mine[0].starts_with("2027-01-08 | RVS-Main/MSG"), "{mine:?}");
    assert!(
        mine[0].contains("+16095550199 | M-01 | leave word"),
        "{mine:?}"
    );
    assert!(
        mine[1].contains("1 of 1 calls are still to be placed"),
        "{mine:?}"
    );
    story.minutes_pass(1);
    story.does(&nurse(), test_call(MSG, DAY, false));
    let mine = board(&story, "my-test-calls", &nurse());
    assert!(
        mine[1].contains("0 of 1 calls are still to be placed"),
        "{mine:?}"
    );
    let other = board(&story, "my-test-calls", &quality());
    assert!(other[1].contains("1 of 1 calls"), "{other:?}");
    let stranger = AssignTestCalls {
        calls: vec![assignment(&manager(Side::Client), DAY)],
    };
    story
        .when(&manager(Side::Client), stranger)
        .refuses(Code::Unknown, "rvs-manager");
}

/// A22: test calls come from known telephones and go to a number of their own, until the public one goes out.
#[test]
fn a22_test_calls_have_numbers_of_their_own() {
    let mut story = history();
    let (client, outsourcer) = (manager(Side::Client), manager(Side::Outsourcer));
    let caller = "5a".repeat(32).parse().unwrap();
    assert!(story.t.test_numbers.is_test(&caller, story.now));
    story
        .when(&client, telephone("training room 2"))
        .changes_nothing();
    story
        .when(&client, telephone("training room 3"))
        .records(&["test_telephones_registered"]);
    story
        .when(&outsourcer, telephone("ours"))
        .refuses(Code::NotAuthorised, "person of the client");
    let mut plain = telephone("mine");
    plain.telephones = [("+16095550110".to_owned(), "mine".to_owned())].into();
    let refused = story.when(&client, plain);
    let refused = refused.refuses(Code::BadFact, "64 hexadecimal digits for \"mine\"");
    assert!(!refused.to_string().contains("+1609"), "{refused}");
    story
        .when(&client, test_line("+16095550198"))
        .refuses(Code::NotAuthorised, "person of the outsourcer");
    for (number, why) in [("call us", "E.164"), ("+18005550142", "public number")] {
        story
            .when(&outsourcer, test_line(number))
            .refuses(Code::BadFact, why);
    }
    let shown = board(&story, "test-numbers", &client);
    assert_eq!(
        shown[..2],
        [
            "telephone | training room 2 | 5a5a5a5a…",
            "line | RVS-Main/MSG | +16095550199"
        ]
    );
    story.goes_live(MSG, 20);
    let mine = board(&story, "my-test-calls", &nurse());
    assert!(mine[0].contains("+18005550142"), "{mine:?}");
}

#[test]
fn a26_an_unfair_card_counts_for_nothing_and_is_a_gap_for_the_client_to_fix() {
    let mut story = history();
    let before = red(&story, MSG);
    story.does(&nurse(), by_card("M-02", false));
    assert_eq!(
        red(&story, MSG),
        before,
        "a failed unfair call is no failure"
    );
    let shown = board(&story, "scenarios", &nurse()).join("\n");
    assert!(shown.contains("no: unfair, no knowledge link"), "{shown}");
    assert!(
        shown.contains("Knowledge gap for Riverside Health to fix"),
        "{shown}"
    );
    assert!(shown.contains("answers card M-02"), "{shown}");
    // The same call by a fair card turns the cell red, and a passed unfair one does not turn it green.
    story.does(&nurse(), by_card("M-01", false));
    assert!(red(&story, MSG).contains(&format!("processes: test cell {DAY}")));
    story.does(&nurse(), by_card("M-02", true));
    assert!(red(&story, MSG).contains(&format!("processes: test cell {DAY}")));
    // So is one whose knowledge was retired, or never captured.
    story.does(&manager(Side::Client), cards(&[card("M-04", Some("K-99"))]));
    story.does(&nurse(), by_card("M-04", true));
    assert!(red(&story, MSG).contains(&format!("processes: test cell {DAY}")));
    let shown = board(&story, "scenarios", &nurse()).join("\n");
    assert!(
        shown.contains("answers card M-04; there is no knowledge K-99"),
        "{shown}"
    );
    // A trick is practice, whatever it is linked to.
    let trick = Scenario {
        trick: true,
        ..card("M-03", Some("K-1"))
    };
    story.does(&manager(Side::Client), cards(&[trick]));
    story.does(&nurse(), by_card("M-03", true));
    assert!(red(&story, MSG).contains(&format!("processes: test cell {DAY}")));
}

#[test]
fn a26_cards_are_whole_and_of_the_type_they_test() {
    let story = history();
    let client = manager(Side::Client);
    let blank = Scenario {
        expected: Vec::new(),
        ..card("M-05", None)
    };
    story
        .when(&client, cards(&[blank]))
        .refuses(Code::BadFact, "ready agent");
    let odd = Scenario {
        call_type: "FAX".into(),
        ..card("M-05", None)
    };
    story
        .when(&client, cards(&[odd]))
        .refuses(Code::Unknown, "FAX");
    let patient = Scenario {
        intent: "asks for MRN 0048213".into(),
        ..card("M-05", None)
    };
    story
        .when(&client, cards(&[patient]))
        .refuses(Code::CallerData, "caller of card M-05");
    story
        .when(&client, cards(&[card("M-01", Some("K-1"))]))
        .changes_nothing();
}

/// §2.3: "59 clean calls" and "10 good test calls", on the coverage board and the gate's.
#[test]
fn s09_the_boards_say_what_the_calls_prove() {
    let mut story = Story::agreed();
    let says = |story: &Story| {
        let lines = board(story, "coverage", &nurse());
        assert!(
            board(story, "gates", &nurse())
                .iter()
                .any(|l| l.contains("true failure rate"))
        );
        lines
            .into_iter()
            .find(|l| l.starts_with("RVS-Main/MSG:"))
            .unwrap()
    };
    for _ in 0..10 {
        story.does(&nurse(), test_call(MSG, DAY, true));
        story.does(&manager(Side::Outsourcer), test_call(MSG, DAY, false));
    }
    assert!(says(&story).contains("10 calls, 0 failed: true failure rate <26 % (95 %)"));
    for _ in 10..59 {
        story.does(&nurse(), test_call(MSG, DAY, true));
    }
    assert!(says(&story).contains("59 calls, 0 failed: true failure rate <5 % (95 %)"));
    story.does(&nurse(), test_call(MSG, DAY, false));
    assert!(says(&story).contains("60 calls, 1 failed: true failure rate <8 % (95 %)"));
}

#[test]
fn a25_teams_are_ranked_by_coverage_and_thanks_only_and_no_agent_is_named() {
    let mut story = history();
    story.does(&nurse(), PlayAlong { plays: true });
    story.does(
        &quality(),
        kudos("Day shift", "found that the fax number was wrong"),
    );
    let drawn = segue_domain::boards::draw(&story.t, "kudos", &nurse(), story.now).unwrap();
    assert_eq!(drawn.columns, ["team", "cells covered", "kudos"]);
    assert_eq!(drawn.rows[0], ["Night shift", "2", "0"]);
    assert_eq!(drawn.rows[1], ["Day shift", "1", "1"]);
    // A failed call covers its cell as well: nobody loses by it.
    let cell = "message × night × Spanish";
    story.does(&quality(), test_call(MSG, cell, false));
    let drawn = segue_domain::boards::draw(&story.t, "kudos", &nurse(), story.now).unwrap();
    assert_eq!(drawn.rows[0], ["Day shift", "2", "1"]);
    let fun = serde_json::to_string(&story.t.fun).unwrap();
    for name in ["kudos", "bingo"] {
        let shown = board(&story, name, &nurse()).join("\n") + &fun;
        let agent = story
            .t
            .agents
            .keys()
            .find(|agent| shown.contains(agent.as_str()));
        assert_eq!(agent, None, "{name}");
        assert!(!shown.contains("fail"), "{name}: {shown}");
    }
    let naming = kudos("CareBridge", "A-09, you were kind");
    story
        .when(&nurse(), naming)
        .refuses(Code::BadFact, "name no agent");
    story
        .when(&nurse(), kudos("Nobody", "well done"))
        .refuses(Code::BadFact, "instead of `Nobody`");
}

#[test]
fn a25_who_stays_out_counts_for_the_gate_and_for_no_team() {
    let story = history();
    let teams = board(&story, "kudos", &nurse());
    assert!(
        teams.contains(&"Night shift | 0 | 0".to_owned()),
        "{teams:?}"
    );
    assert!(
        red(&story, MSG)
            .iter()
            .all(|r| !r.contains("different people"))
    );
    let card = board(&story, "bingo", &nurse());
    assert!(
        card.iter().any(|l| l.starts_with("You stay out")),
        "{card:?}"
    );
    story
        .when(&nurse(), PlayAlong { plays: false })
        .changes_nothing();
}

#[test]
fn a_call_names_an_agent_of_the_roster_or_none() {
    let story = proved(MSG);
    let call = RecordTestCall {
        agent: Some("A-99".into()),
        ..test_call(MSG, DAY, true)
    };
    story.when(&nurse(), call).refuses(Code::Unknown, "A-99");
}
