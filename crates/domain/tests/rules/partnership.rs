//! Business case, scorecard, confidence and certificate (B1, B2, B3, A33).

use crate::fixture::{director, duty, manager};
use crate::support::{Story, fallback};
use jiff::civil::date;
use segue_domain::account_manager::RecordInterestCheck;
use segue_domain::business_case::RecordBusinessCase;
use segue_domain::certificate::certificate;
use segue_domain::gates::GatePassed;
use segue_domain::pulse::TakePulse;
use segue_domain::routing_changes::ShareChanged;
use segue_domain::scorecard::{Pillar, RatePillar};
use segue_domain::share::TrafficShare;
use segue_domain::{Code, Event, Role, Side, apply, boards, replay};
use segue_example::{Example, Goal};

const MSG: &str = "RVS-Main/MSG";

fn rate(pillar: Pillar, rating: u8) -> RatePillar {
    RatePillar {
        pillar,
        rating,
        evidence: "review of March".into(),
    }
}

fn case(outsourced_cents_per_call: u64) -> RecordBusinessCase {
    RecordBusinessCase {
        call_type: "TRIAGE".into(),
        in_house_cents_per_call: 2_600,
        outsourced_cents_per_call,
        calls_per_year: 104_000,
        overlap_cents: 9_000_000,
        severance_cents: 4_000_000,
        telephony_cents: 500_000,
        agent_cents_per_hour: 5_500,
        aht_s: 660,
        reference: "offer 3".into(),
    }
}

fn pulse(answers: u32, decided_right_tenths: u16) -> TakePulse {
    TakePulse {
        on: date(2027, 1, 4),
        answers,
        decided_right_tenths,
        partner_able_tenths: 34,
        informed_tenths: 29,
        joined: 0,
        left: 0,
        evidence: "survey 1".into(),
    }
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    let mut story = Story::created();
    story.does(&manager(Side::Client), case(1_900));
    story.does(&manager(Side::Client), rate(Pillar::Culture, 4));
    story.does(&manager(Side::Client), pulse(12, 38));
    story
}

/// B1 CHECK: a price that implies 5 calls a nurse-hour at 660 s, where 5.45 is the most, is flagged.
#[test]
fn b1_a_price_that_no_staffing_can_meet_is_flagged_and_quality_stands_beside_the_saving() {
    let mut story = Story::agreed();
    let client = manager(Side::Client);
    story.does(&client, case(1_100));
    let draw = |story: &Story| boards::draw(&story.t, "business-case", &client, story.now).unwrap();
    let board = draw(&story);
    assert!(
        board.notes[0].contains(
            "INFEASIBLE: the price implies 5.00 calls an agent-hour; at 660 s it is 5.45 at 100 %"
        ),
        "{board:?}"
    );
    assert_eq!(board.rows[0][3], "1560000.00");
    assert_eq!(board.rows[0][4], "135000.00", "what it costs once");
    assert_eq!(board.rows[0][5], "not known yet");
    story.does(&client, case(1_900));
    assert!(!draw(&story).notes[0].contains("INFEASIBLE"));
    story
        .when(&client, case(0))
        .refuses(Code::BadFact, "above zero");
}

/// One chunk of one type: its door is the last.
fn held() -> Story {
    let mut story = Story::new();
    story.example = Example::small();
    story.walks(&Goal::Accepted(MSG.into()));
    story.hours_pass(40 * 24);
    story
}

/// B3 CHECK: closing is refused with three pillars of four.
#[test]
fn b3_the_last_door_stays_open_until_both_rated_all_four_pillars() {
    let mut story = held();
    for side in Side::BOTH {
        for pillar in [
            Pillar::Culture,
            Pillar::EmotionalImpact,
            Pillar::AccountManagement,
        ] {
            story.does(&manager(side), rate(pillar, 3));
        }
    }
    let refused = story
        .when(
            &director(Side::Client),
            story.sign_closure(Side::Client, MSG),
        )
        .refuses(Code::ScorecardOpen, "rating of optimisation and transfer");
    assert_eq!(refused.missing.len(), 2, "{refused}");
    story.does(&manager(Side::Client), rate(Pillar::Culture, 5));
    let board = boards::draw(&story.t, "scorecard", &manager(Side::Client), story.now).unwrap();
    assert_eq!(board.rows[0][2..4], ["5 of 5", "up"]);
    story
        .when(&manager(Side::Client), rate(Pillar::Culture, 0))
        .refuses(Code::BadFact, "1 (poor)");
    story.closes(MSG);
}

#[test]
fn b2_both_questions_are_answered_with_evidence() {
    let story = held();
    let board = boards::draw(&story.t, "confidence", &manager(Side::Client), story.now).unwrap();
    for question in ["Did we decide right?", "Do they have what it takes?"] {
        assert!(
            board.rows.iter().any(|row| row[0] == question),
            "{question}"
        );
    }
    assert!(board.rows.iter().all(|row| !row[3].is_empty()), "{board:?}");
}

/// B2: three questions to each team; who could be recognised in an answer is not asked to show it.
#[test]
fn b2_the_pulse_of_both_teams_stands_beside_the_evidence() {
    let mut story = history();
    let client = manager(Side::Client);
    let mut second = pulse(14, 41);
    second.evidence = "survey 2".into();
    second.joined = 7;
    story.does(&client, second);
    story.does(&manager(Side::Outsourcer), pulse(9, 45));
    let board = boards::draw(&story.t, "confidence", &client, story.now).unwrap();
    let rows: Vec<_> = board.rows.iter().map(|row| row.join(" | ")).collect();
    for row in [
        "Did we decide right? | pulse of Riverside Health on 2027-01-04 | 4.1 of 5 (14 answers, 3.8 before) | survey 2",
        "Do they have what it takes? | pulse of Riverside Health on 2027-01-04 | 3.4 of 5 (14 answers, 3.4 before) | survey 2",
        "Do I know what comes next? | pulse of CareBridge on 2027-01-04 | 2.9 of 5 (9 answers) | survey 1",
    ] {
        assert!(rows.contains(&row.to_owned()), "{row}: {rows:#?}");
    }
    for (answers, joined, mean, why) in [
        (4, 0, 38, "fewer than 5 answered"),
        (12, 1, 38, "fewer than 5 joined or left"),
        (12, 0, 50, "the same answer"),
        (12, 0, 51, "10 to 50 tenths"),
    ] {
        let mut shown = pulse(answers, mean);
        shown.joined = joined;
        story.when(&client, shown).refuses(Code::BadFact, why);
    }
}

/// A33 CHECK: granted over the whole history; without the one test call in it, it is not.
#[test]
fn a33_the_certificate_follows_from_the_history() {
    let mut story = held();
    let before = certificate(&story.t);
    assert_eq!((before.granted, before.deviations), (false, Vec::new()));
    story.closes(MSG);
    assert!(certificate(&story.t).granted);
    let without = |gone: fn(&Event) -> bool| {
        let facts: Vec<_> = story
            .facts
            .iter()
            .filter(|fact| !gone(fact))
            .cloned()
            .collect();
        let judged = certificate(&replay(crate::support::id(), &facts));
        assert!(!judged.granted);
        judged
            .deviations
            .into_iter()
            .map(|d| d.part)
            .collect::<Vec<_>>()
    };
    assert!(without(|e| matches!(e, Event::TestCallRecorded(_))).contains(&"Test"));
    assert!(without(|e| matches!(e, Event::GatePassed(_))).contains(&"Test"));
    assert!(without(|e| matches!(e, Event::DiscoverySigned(_))).contains(&"Collaborate"));
    // B18 CHECK: an account manager named too late is a finding.
    assert!(without(|e| matches!(e, Event::AccountManagerChanged(_))).contains(&"Collaborate"));
    let board = boards::draw(&story.t, "certificate", &manager(Side::Client), story.now).unwrap();
    assert!(board.notes[0].starts_with("GRANTED"), "{board:?}");
}

#[test]
fn a11_a_chunk_closes_with_its_headache_index() {
    let mut story = Story::new();
    story.goes_live(MSG, 20);
    let issue = segue_domain::issues::ReportIssue {
        title: "fax tone at night".into(),
        severity: segue_domain::issues::Severity::Sev1,
        chunk: Some(MSG.into()),
        text: String::new(),
    };
    story.does(&manager(Side::Client), issue);
    story.goes_live(MSG, 100);
    story.soaks(MSG);
    let mut outcome = crate::support::outcome(segue_domain::acceptance::Verdict::Pass);
    outcome.headaches.complaints = 3;
    outcome.headaches.minutes_outside = 40;
    outcome.headaches_in_house.calls = 1_000;
    outcome.headaches_in_house.complaints = 6;
    let chunk = MSG.into();
    let propose = segue_domain::acceptance::ProposeAcceptance { chunk, outcome };
    story.does(&manager(Side::Client), propose);
    // Over 1,500 calls: 8 for the issue, 3 complaints, 4 for forty minutes.
    let board = boards::draw(&story.t, "headaches", &manager(Side::Client), story.now).unwrap();
    assert_eq!(board.rows[0][4..], ["10.0", "6.0"]);
}

/// §7.8: thirty days, and not before the end of a month and a holiday weekend were seen.
#[test]
fn the_hold_period_sees_a_month_end_and_a_holiday_weekend() {
    let until = |holidays: &[&str]| {
        let mut story = Story::new();
        story.example = Example::small().with(MSG, |chunk| {
            chunk.windows = vec![segue_domain::windows::ShiftWindow {
                window: "Mon-Sun 00:00-24:00".into(),
                zone: crate::fixture::ZONE.into(),
                holidays: segue_domain::windows::Holidays {
                    dates: holidays.iter().map(|day| day.parse().unwrap()).collect(),
                    ..Default::default()
                },
            }];
        });
        story.walks(&Goal::Live(MSG.into(), 100));
        story.now = "2027-08-01T14:00:00Z".parse().unwrap();
        story.walks(&Goal::Accepted(MSG.into()));
        match &story.chunk(MSG).state {
            segue_domain::chunks::ChunkState::Held { hold_until, .. } => hold_until.to_string(),
            other => panic!("{other:?}"),
        }
    };
    // Thirty days from 1 August end on the 31st; the month does at midnight in New York.
    assert_eq!(until(&[]), "2027-09-01T04:00:00Z");
    // Labor Day, Monday 6 September; a holiday in the middle of a week is no weekend.
    assert_eq!(until(&["2027-08-18"]), "2027-09-01T04:00:00Z");
    for weekend in ["2027-09-03", "2027-09-04", "2027-09-05", "2027-09-06"] {
        assert_eq!(until(&[weekend]), "2027-09-07T04:00:00Z", "{weekend}");
    }
}

/// Two centres at once are named, unless the first had come home in between; what came home elsewhere explains nothing.
#[test]
fn a33_two_centres_at_once_stay_in_the_certificate() {
    let found = |home: Option<&str>| {
        let mut story = Story::agreed();
        for (hours, chunk) in [(0, MSG), (1, "RVS-North/APPT"), (3, "RVS-North/MSG")] {
            if let Some(scope) = home.filter(|_| hours == 3) {
                story.does(&duty(Side::Client), fallback(scope));
            }
            story.hours_pass(hours);
            let ready = Event::GatePassed(GatePassed {
                chunk: chunk.into(),
                at: story.now,
            });
            apply(&mut story.t, &ready);
            let live = Event::ShareChanged(ShareChanged {
                chunk: chunk.into(),
                from: TrafficShare::HOME,
                to: TrafficShare::from_percent(20).unwrap(),
                epoch: 0,
                at: story.now,
            });
            apply(&mut story.t, &live);
        }
        let says = "RVS-North/MSG went live before RVS-Main/MSG was accepted";
        let deviations = certificate(&story.t).deviations;
        deviations.iter().any(|d| d.says.starts_with(says))
    };
    assert!(found(None));
    assert!(found(Some("RVS-North")));
    assert!(!found(Some("RVS-Main")));
}

#[test]
fn b3_a_trend_is_from_the_rating_before_to_the_last() {
    let mut story = held();
    let client = manager(Side::Client);
    let shown = |story: &Story| story.drawn("scorecard", &client).rows[0][2..].join(" | ");
    assert_eq!(shown(&story), "not rated | – | ");
    for (rating, says) in [
        (3, "3 of 5 | – | review of March"),
        (3, "3 of 5 | level | review of March"),
        (2, "2 of 5 | down | review of March"),
        (5, "5 of 5 | up | review of March"),
    ] {
        story.does(&client, rate(Pillar::Culture, rating));
        assert_eq!(shown(&story), says);
    }
}

#[test]
fn b2_the_tiles_of_confidence_follow_what_was_recorded() {
    let mut story = Story::new();
    story.readies(MSG);
    let client = manager(Side::Client);
    let shown = |story: &Story| story.rows("confidence", &client);
    let has = |story: &Story, row: &str| {
        let shown = shown(story);
        assert!(shown.contains(&row.to_owned()), "{row}: {shown:#?}");
    };
    has(
        &story,
        "Do they have what it takes? | gate of RVS-Main/MSG | green | the gates board",
    );
    let red = story.red("RVS-Main/APPT").len();
    has(
        &story,
        &format!(
            "Do they have what it takes? | gate of RVS-Main/APPT | {red} findings | the gates board"
        ),
    );
    for (good, word) in [(true, "yes"), (false, "no")] {
        let check = RecordInterestCheck {
            in_clients_interest: good,
            evidence: format!("report, {word}"),
        };
        story.does(
            &segue_example::of(Side::Outsourcer, Role::AccountManager),
            check,
        );
        story.hours_pass(8 * 24);
        has(
            &story,
            &format!("Did we decide right? | in the client's interest | {word} | report, {word}"),
        );
    }
    let reviewed = crate::quality::history();
    has(
        &reviewed,
        "Do they have what it takes? | quality of RVS-Main/TRIAGE | 19 of 20 dispositions appropriate | the quality board",
    );
    assert!(!shown(&story).iter().any(|row| row.contains("| quality of")));
}

#[test]
fn b1_a_saving_stands_beside_the_verdicts_of_its_chunks() {
    let mut story = held();
    let client = manager(Side::Client);
    let mut of_messages = case(1_900);
    of_messages.call_type = "MSG".into();
    of_messages.aht_s = 90;
    story.does(&client, of_messages);
    let quality = |story: &Story| story.drawn("business-case", &client).rows[0][5].clone();
    assert_eq!(quality(&story), "RVS-Main/MSG not worse");
    let acceptance = story.t.acceptances.get_mut(&MSG.into()).unwrap();
    acceptance.proposed.outcome.answered_within = 0;
    assert_eq!(quality(&story), "RVS-Main/MSG NOT PROVED");
}

#[test]
fn a33_a_door_closed_too_early_is_named_and_refuses_the_certificate() {
    let mut story = held();
    story.closes(MSG);
    let closed = story.facts.iter().rev().find_map(|fact| match fact {
        Event::ChunkClosed(e) => Some(e.at),
        _ => None,
    });
    let held_for = |seconds: i64| {
        let mut facts = story.facts.clone();
        for fact in &mut facts {
            if let Event::ChunkAccepted(e) = fact {
                e.hold_until = closed.unwrap() + jiff::SignedDuration::from_secs(seconds);
            }
        }
        replay(crate::support::id(), &facts)
    };
    assert!(certificate(&held_for(0)).granted, "closed at the very end");
    let early = held_for(1);
    assert!(!certificate(&early).granted);
    let board = boards::draw(&early, "certificate", &manager(Side::Client), story.now).unwrap();
    assert_eq!(
        board.rows,
        [[
            "Door open",
            "RVS-Main/MSG was closed before its hold period ended",
            "nothing"
        ]]
    );
    assert_eq!(board.notes[0], "REFUSED: 1 unexplained deviations.");
}
