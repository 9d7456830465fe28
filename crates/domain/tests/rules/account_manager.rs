//! The account manager (B17, B18): there from the start, never missed for more than a day, asked every week.

use crate::fixture::{director, duty, manager};
use crate::support::{Story, propose_step};
use segue_domain::account_manager::{
    CompleteHandover, NameAccountManager, Occasion, RateAccountManager, RecordInterestCheck,
    RecordParticipation, RemoveAccountManager, ReportAccountManagerAbsence,
};
use segue_domain::discovery::SignDiscovery;
use segue_domain::issues::EscalateIssues;
use segue_domain::{Actor, Code, Role, Side, boards};

const MSG: &str = "RVS-Main/MSG";

fn account_manager() -> Actor {
    segue_example::of(Side::Outsourcer, Role::AccountManager)
}

fn named(person: &str, deputy: Option<&str>) -> NameAccountManager {
    NameAccountManager {
        person: person.into(),
        deputy: deputy.map(Into::into),
    }
}

fn handover() -> CompleteHandover {
    CompleteHandover {
        checklist: "handover list 1".into(),
        culture_quiz: "quiz 3, 10 of 10".into(),
    }
}

fn answer(in_clients_interest: bool) -> RecordInterestCheck {
    RecordInterestCheck {
        in_clients_interest,
        evidence: "parity report 12".into(),
    }
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    let mut story = Story::discovering();
    let client = manager(Side::Client);
    story.does(&account_manager(), answer(true));
    let rating = RateAccountManager {
        rating: 4,
        reason: "answers within the hour".into(),
    };
    story.does(&client, rating);
    story.does(&client, ReportAccountManagerAbsence { absent: true });
    story.hours_pass(9 * 24);
    story.does(&client, EscalateIssues {});
    story.does(&client, named("cb-second", None));
    story.does(&client, handover());
    story
}

/// Ready for its first share, at its date.
fn ready() -> Story {
    let mut story = Story::new();
    story.readies(MSG);
    story
}

/// Scenario 29: absent with no deputy, no new chunk goes live; what is live goes on.
#[test]
fn b17_an_absent_account_manager_without_deputy_stops_new_chunks() {
    let mut story = ready();
    let client = manager(Side::Client);
    story.does(&client, ReportAccountManagerAbsence { absent: true });
    story
        .when(&client, propose_step(MSG, 20))
        .records(&["step_proposed"]);
    story.does(&client, named("cb-account", None));
    story.does(&client, ReportAccountManagerAbsence { absent: true });
    story
        .when(&client, propose_step(MSG, 20))
        .refuses(Code::NoAccountManager, "reported away");
    story.does(&client, ReportAccountManagerAbsence { absent: false });
    story.goes_live(MSG, 20);
    story.does(&client, ReportAccountManagerAbsence { absent: true });
    story.waits_for(MSG, 50);
    story.proves(MSG);
    story
        .when(&client, propose_step(MSG, 50))
        .records(&["step_proposed"]);
}

#[test]
fn b17_a_gap_of_more_than_a_day_stops_new_chunks_until_the_handover() {
    let mut story = ready();
    let client = manager(Side::Client);
    story.does(&client, RemoveAccountManager {});
    story.hours_pass(25);
    story.does(&client, named("cb-second", Some("cb-deputy")));
    story
        .when(&client, propose_step(MSG, 20))
        .refuses(Code::AccountManagerGap, "more than 24 h");
    story.does(&client, handover());
    story
        .when(&client, propose_step(MSG, 20))
        .records(&["step_proposed"]);
    // The same person back within the day needs no handover; another one has a day for it.
    story.does(&client, RemoveAccountManager {});
    story.hours_pass(23);
    story.does(&client, named("cb-second", None));
    story.hours_pass(40);
    story
        .when(&client, propose_step(MSG, 20))
        .records(&["step_proposed"]);
    story.does(&client, named("cb-third", None));
    story
        .when(&client, propose_step(MSG, 20))
        .records(&["step_proposed"]);
    story.hours_pass(25);
    story
        .when(&client, propose_step(MSG, 20))
        .refuses(Code::AccountManagerGap, "handover");
    story
        .when(&client, handover())
        .records(&["handover_completed"]);
}

#[test]
fn b18_discovery_asks_for_the_account_manager_at_kickoff_discovery_and_workshop() {
    let mut story = Story::managed();
    let client = manager(Side::Client);
    story.does(
        &client,
        segue_domain::discovery::OpenDiscovery { items: Vec::new() },
    );
    let signature = crate::support::signed_by(Side::Client, &story.t.discovery.hash(&story.t.id));
    story
        .when(&director(Side::Client), SignDiscovery { signature })
        .refuses(
            Code::DiscoveryOpen,
            "the account manager at the experience workshop",
        );
    let participation = RecordParticipation {
        occasion: Occasion::Kickoff,
        reference: "minutes".into(),
    };
    story.does(&client, participation.clone());
    story.when(&client, participation).changes_nothing();
}

/// B18: a missed weekly check goes to both sponsors two days after it was due, once.
#[test]
fn b18_a_missed_interest_check_escalates_after_two_days() {
    let mut story = Story::discovering();
    let anybody = duty(Side::Client);
    story.does(&account_manager(), answer(true));
    story.hours_pass(9 * 24 - 1);
    story.when(&anybody, EscalateIssues {}).changes_nothing();
    story.hours_pass(1);
    story.does(&anybody, EscalateIssues {});
    story.when(&anybody, EscalateIssues {}).changes_nothing();
    story.does(&account_manager(), answer(false));
    story.hours_pass(9 * 24);
    story
        .when(&anybody, EscalateIssues {})
        .records(&["interest_check_missed"]);
    let board = boards::draw(&story.t, "account-manager", &anybody, story.now).unwrap();
    assert!(
        board.notes.iter().any(|n| n.contains("interest: NO")),
        "{board:?}"
    );
    assert!(board.rows.iter().any(|r| r[2] == "overdue"), "{board:?}");
}

#[test]
fn b18_only_the_account_manager_answers_and_only_the_client_rates() {
    let story = Story::managed();
    story
        .when(&manager(Side::Client), answer(true))
        .refuses(Code::NotAuthorised, "account manager or deputy");
    let rating = |rating| RateAccountManager {
        rating,
        reason: "quick".into(),
    };
    story
        .when(&manager(Side::Outsourcer), rating(5))
        .refuses(Code::NotAuthorised, "client");
    story
        .when(&manager(Side::Client), rating(6))
        .refuses(Code::BadFact, "1 (poor)");
}

#[test]
fn b17_the_cockpit_shows_steps_against_their_dates() {
    let mut story = Story::new();
    story.goes_live(MSG, 20);
    story.waits_for(MSG, 50);
    story.hours_pass(48);
    let reader = manager(Side::Client);
    let board = boards::draw(&story.t, "account-manager", &reader, story.now).unwrap();
    let row = |matter: &str| board.rows.iter().find(|r| r[0] == matter).unwrap()[2].clone();
    assert_eq!(row("RVS-Main/MSG to 20 %"), "on its date");
    assert_eq!(row("RVS-Main/MSG to 50 %"), "overdue by 2 days");
    assert_eq!(row("RVS-Main/APPT to 20 %"), "to come");
}

#[test]
fn the_account_managers_page_says_what_was_answered_rated_and_is_overdue() {
    let mut story = Story::discovering();
    let client = manager(Side::Client);
    let notes = |story: &Story| story.notes("account-manager", &client).join("\n");
    for (good, word) in [(true, "yes"), (false, "NO")] {
        story.does(&account_manager(), answer(good));
        let says = format!("In the client's interest: {word} (parity report 12).");
        assert!(notes(&story).contains(&says), "{}", notes(&story));
        story.hours_pass(8 * 24);
    }
    for rating in [4, 2] {
        let rated = RateAccountManager {
            rating,
            reason: "answers within the hour".into(),
        };
        story.does(&client, rated);
        let says = format!("Rated {rating} of 5 by the client.");
        assert!(notes(&story).contains(&says), "{}", notes(&story));
    }
    let absent = ReportAccountManagerAbsence { absent: true };
    story.does(&client, absent.clone());
    story.when(&client, absent).changes_nothing();
}

#[test]
fn an_issue_past_its_clock_stands_on_the_account_managers_page() {
    let mut story = Story::agreed();
    let issue = segue_domain::issues::ReportIssue {
        title: "callers of the night line hear a fax tone".into(),
        severity: segue_domain::issues::Severity::Sev1,
        chunk: Some(MSG.into()),
        text: "since midnight".into(),
    };
    story.does(&duty(Side::Client), issue);
    let rows = |story: &Story| story.rows("account-manager", &manager(Side::Client));
    let has = |story: &Story| rows(story).iter().any(|row| row.starts_with("ISS-1 | "));
    story.minutes_pass(14);
    assert!(!has(&story), "{:?}", rows(&story));
    let due = story.now + jiff::SignedDuration::from_mins(1);
    story.minutes_pass(1);
    let row = format!(
        "ISS-1 | {} | not acknowledged; goes to the deputy",
        due.strftime("%Y-%m-%d %H:%M UTC")
    );
    assert!(rows(&story).contains(&row), "{:?}", rows(&story));
}
