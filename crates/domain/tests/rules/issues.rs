//! The issue desk (B19): every issue has an owner and a clock, day one or not.

use crate::fixture::{director, duty, manager, nurse};
use crate::support::Story;
use segue_domain::issues::{
    AcknowledgeIssue, EscalateIssues, EscalatedTo, ReopenIssue, ReportIssue, ResolveIssue,
    Severity, escalations,
};
use segue_domain::{Actor, Code, Role, Side, boards};

fn report(severity: Severity) -> ReportIssue {
    ReportIssue {
        title: "callers of the night line hear a fax tone".into(),
        severity,
        chunk: Some("RVS-Main/MSG".into()),
        text: String::new(),
    }
}

fn account_manager() -> Actor {
    segue_example::of(Side::Outsourcer, Role::AccountManager)
}

fn acknowledge() -> AcknowledgeIssue {
    AcknowledgeIssue {
        issue: "ISS-1".into(),
    }
}

fn resolve() -> ResolveIssue {
    ResolveIssue {
        issue: "ISS-1".into(),
        cause: "the fax was on the wrong trunk; moved".into(),
    }
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    let mut story = Story::agreed();
    story.does(&nurse(), report(Severity::Sev1));
    story.minutes_pass(15);
    story.does(&duty(Side::Client), EscalateIssues {});
    story.does(&account_manager(), acknowledge());
    story.does(&account_manager(), resolve());
    let reopen = ReopenIssue {
        issue: "ISS-1".into(),
        reason: "the tone is back".into(),
    };
    story.does(&nurse(), reopen);
    story
}

/// Scenario 29: deputy after the clock, both sponsors after twice the clock; recorded once each.
#[test]
fn b19_an_issue_nobody_is_on_goes_to_the_deputy_then_to_the_sponsors() {
    let mut story = Story::agreed();
    let anybody = duty(Side::Client);
    story.does(&nurse(), report(Severity::Sev1));
    story.minutes_pass(14);
    story.when(&anybody, EscalateIssues {}).changes_nothing();
    story.minutes_pass(1);
    let events = story.does(&anybody, EscalateIssues {});
    assert_eq!(events.len(), 1);
    assert_eq!(
        story.t.issues.all().next().unwrap().escalated,
        [EscalatedTo::Deputy]
    );
    story.when(&anybody, EscalateIssues {}).changes_nothing();
    story.minutes_pass(15);
    story.does(&anybody, EscalateIssues {});
    let board = boards::draw(&story.t, "issues", &anybody, story.now).unwrap();
    assert!(
        board.rows[0].contains(&"went to both sponsors".to_owned()),
        "{board:?}"
    );
    story.does(&account_manager(), acknowledge());
    story.hours_pass(48);
    assert!(
        escalations(&story.t, story.now)
            .iter()
            .all(|due| due.issue != "ISS-1".into())
    );
}

#[test]
fn b19_each_severity_has_its_clock() {
    for (severity, minutes) in [
        (Severity::Sev1, 15),
        (Severity::Sev2, 60),
        (Severity::Sev3, 240),
        // Monday, 4 January, 9:00 at the site: one business day.
        (Severity::Sev4, 24 * 60),
    ] {
        let mut story = Story::agreed();
        story.does(&nurse(), report(severity));
        story.minutes_pass(minutes - 1);
        assert_eq!(escalations(&story.t, story.now), [], "{severity:?}");
        story.minutes_pass(1);
        assert_eq!(escalations(&story.t, story.now).len(), 1, "{severity:?}");
    }
}

#[test]
fn b19_without_deputy_an_issue_goes_straight_to_the_sponsors() {
    let mut story = Story::agreed();
    let remove = segue_domain::account_manager::RemoveAccountManager {};
    story.does(&manager(Side::Client), remove);
    story.does(&nurse(), report(Severity::Sev1));
    story.minutes_pass(15);
    let due = escalations(&story.t, story.now);
    assert_eq!(
        due.iter().map(|d| d.to).collect::<Vec<_>>(),
        [EscalatedTo::Sponsors]
    );
    let board = boards::draw(&story.t, "issues", &nurse(), story.now).unwrap();
    assert!(board.notes[0].contains("1 unowned"), "{board:?}");
}

#[test]
fn b19_an_issue_is_closed_by_its_owner_with_a_cause_and_may_come_back() {
    let mut story = Story::agreed();
    story.does(&nurse(), report(Severity::Sev3));
    story
        .when(&nurse(), acknowledge())
        .refuses(Code::NotAuthorised, "account manager, deputy");
    story
        .when(&account_manager(), resolve())
        .refuses(Code::WrongState, "on ISS-1");
    story.does(&director(Side::Client), acknowledge());
    story
        .when(&account_manager(), acknowledge())
        .changes_nothing();
    story.does(&account_manager(), resolve());
    let reopen = ReopenIssue {
        issue: "ISS-1".into(),
        reason: "again".into(),
    };
    story.does(&nurse(), reopen);
    assert!(story.t.issues.all().all(segue_domain::issues::Issue::waits));
    let mut unreadable = report(Severity::Sev3);
    unreadable.title = "caller MRN 0048213 was not called back".into();
    story
        .when(&nurse(), unreadable)
        .refuses(Code::CallerData, "what is wrong");
    let unknown = AcknowledgeIssue {
        issue: "ISS-9".into(),
    };
    story
        .when(&account_manager(), unknown)
        .refuses(Code::Unknown, "ISS-9");
}
