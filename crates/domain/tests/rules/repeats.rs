//! Saying a thing twice changes nothing the second time.

use crate::fixture::{self, director, duty, manager};
use crate::golden::HISTORIES;
use crate::support::{Story, fallback, lower};
use segue_domain::account_manager::RemoveAccountManager;
use segue_domain::discovery::{OpenDiscovery, SignDiscovery};
use segue_domain::fallback::VerifyReturn;
use segue_domain::{Command, Side, apply, decide};

const MSG: &str = "RVS-Main/MSG";

#[test]
fn a_second_fallback_is_one_incident_and_one_reversal() {
    let mut story = Story::agreed();
    story.goes_live(MSG, 20);
    story.does(&duty(Side::Client), fallback("all"));
    let home = story.t.clone();
    for scope in ["all", "RVS-Main", MSG] {
        for side in Side::BOTH {
            story.when(&duty(side), fallback(scope)).changes_nothing();
        }
    }
    assert_eq!(story.t.incidents.len(), 1);
    assert_eq!(story.t, home);
}

#[test]
fn a_fallback_with_nothing_out_is_harmless() {
    let story = Story::agreed();
    story
        .when(&duty(Side::Client), fallback("all"))
        .changes_nothing();
}

#[test]
fn a_second_signature_of_the_same_party_changes_nothing() {
    let mut story = Story::discovering();
    let managers = manager(Side::Client);
    story
        .when(&managers, OpenDiscovery { items: Vec::new() })
        .changes_nothing();
    story = Story::discovered();
    let hash = story.t.discovery.hash(&story.t.id);
    let signature = crate::support::signed_by(Side::Client, &hash);
    story
        .when(&director(Side::Client), SignDiscovery { signature })
        .changes_nothing();
    story.proposes(Side::Client, fixture::plan());
    story.signs_plan(Side::Client, 1);
    assert!(story.signs_plan(Side::Client, 1).is_empty());
    story.signs_plan(Side::Outsourcer, 1);
    story.lead_signs_plan(1);
    assert!(story.signs_plan(Side::Client, 1).is_empty());
    story.waits_for(MSG, 20);
    story.readies(MSG);
    let again = story.sign_gate(Side::Client, MSG);
    story.when(&director(Side::Client), again).changes_nothing();
    let step = story.proposes_step(MSG, 20);
    story.approves(Side::Client, &step);
    assert!(story.approves(Side::Client, &step).is_empty());
    story.approves(Side::Outsourcer, &step);
    assert!(story.approves(Side::Outsourcer, &step).is_empty());
}

#[test]
fn acceptance_and_closure_are_signed_once() {
    let mut story = Story::agreed();
    story.finishes(MSG);
    let again = story.sign_acceptance(Side::Client, MSG);
    story.when(&director(Side::Client), again).changes_nothing();
    story.closes(MSG);
    let again = story.sign_closure(Side::Client, MSG);
    story.when(&director(Side::Client), again).changes_nothing();
}

#[test]
fn verifying_lowering_and_removing_twice_changes_nothing() {
    let mut story = Story::agreed();
    story.goes_live(MSG, 50);
    story.does(&duty(Side::Client), lower(MSG, 20));
    story
        .when(&duty(Side::Client), lower(MSG, 20))
        .changes_nothing();
    story.does(&duty(Side::Client), fallback("all"));
    let verify = VerifyReturn {
        incident: "INC-1".into(),
        evidence: "call 3".into(),
    };
    story.does(&duty(Side::Client), verify.clone());
    story.when(&duty(Side::Client), verify).changes_nothing();
    story.does(&manager(Side::Client), RemoveAccountManager {});
    story
        .when(&manager(Side::Client), RemoveAccountManager {})
        .changes_nothing();
}

/// Raise and fallback decided on the same state, recorded in either order: home.
#[test]
fn a_fallback_and_a_raise_commute() {
    let mut story = Story::agreed();
    story.goes_live(MSG, 20);
    story.waits_for(MSG, 50);
    story.proves(MSG);
    let step = story.proposes_step(MSG, 50);
    story.approves(Side::Client, &step);
    let raise = story.approval(Side::Outsourcer, &step);
    let by = director(Side::Outsourcer);

    let mut raise_first = story.clone();
    raise_first.does(&by, raise.clone());
    raise_first.stands(MSG, "live", 50);
    raise_first.does(&duty(Side::Client), fallback("all"));

    let mut home_first = story.clone();
    home_first.does(&duty(Side::Client), fallback("all"));
    home_first
        .when(&by, raise.clone())
        .refuses(segue_domain::Code::SupersededByFallback, MSG);

    for end in [&raise_first, &home_first] {
        end.stands(MSG, "returned", 0);
        assert_eq!(end.chunk(MSG).epoch, 1);
        assert_eq!(end.t.incidents.len(), 1);
    }
    // Even facts decided side by side, as only a broken journal could record them, do not overtake the epoch.
    let raised = segue_domain::decide(&story.t, &raise.into(), &by, story.now).unwrap();
    let mut state = home_first.t.clone();
    for event in &raised {
        apply(&mut state, event);
    }
    assert!(
        !state.chunk(&MSG.into()).unwrap().is_out(),
        "a share of a lower epoch must not count"
    );
}

/// What is new each time it is said.
const NEW_EACH_TIME: &[&str] = &[
    "propose_plan",
    "record_test_call",
    "record_evidence",
    "propose_step",
    "write_incident_note",
    "propose_acceptance",
    "record_drill",
    "print_runbook",
    "record_escalation_test",
    "record_emergency_drill",
    "record_last_resort_call",
    "record_access",
    "record_telephony_checks",
    "rate_pillar",
    "record_forecast",
    "test_triggers",
    "propose_waiver",
    "write_message",
    "report_observation",
    "give_fallback_reason",
    "record_reachability",
    "record_readiness",
    "decide_retention",
    "give_thanks",
    "take_mood_pulse",
    "propose_commitment",
    "order_erasure",
    "escalate_call",
    "assign_test_calls",
    "give_kudos",
    "verify_route_order",
    "record_interest_check",
    "rate_account_manager",
    "report_issue",
    "record_qa_reviews",
    "record_survey",
    "record_calibration",
    "record_dissent",
    "record_business_case",
    "take_pulse",
];

/// What the first time changes so that the second is refused.
const REFUSED_AGAIN: &[&str] = &[
    "create_transition",
    "review_training",
    "record_review",
    "retire_knowledge",
    "use_dial_in_code",
];

#[test]
fn what_is_said_again_at_once_changes_nothing() {
    let (mut left, mut new, mut refused) = (Command::NAMES.to_vec(), Vec::new(), Vec::new());
    for history in HISTORIES {
        let told = history();
        left.retain(|name| {
            if !told.said.iter().any(|(_, command)| command.name() == *name) {
                return true;
            }
            let (mut story, actor, command) = told.before(name);
            story.does(&actor, command.clone());
            match decide(&story.t, &command, &actor, story.now) {
                Ok(events) if events.is_empty() => {}
                Ok(_) => new.push(*name),
                Err(_) => refused.push(*name),
            }
            false
        });
    }
    assert_eq!(
        left,
        [
            "remove_account_manager",
            "lower_share",
            "raise_alarm",
            "record_paper_fallback"
        ]
    );
    assert_eq!(
        (new.as_slice(), refused.as_slice()),
        (NEW_EACH_TIME, REFUSED_AGAIN)
    );
}
