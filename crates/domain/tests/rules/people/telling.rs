//! Affected staff hear first, from a person; promises have dates and two confirmations; thanks have credit (B11, §7.15).

use super::{hr, ours, promise, tell};
use crate::fixture::{director, manager, nurse};
use crate::support::Story;
use jiff::civil::date;
use segue_domain::people::commitments::{ConfirmCommitment, KeepCommitment};
use segue_domain::people::communications::Audience;
use segue_domain::people::recognition::{Contribution, GiveThanks};
use segue_domain::{Code, Side, boards};

#[test]
fn b11_nobody_hears_before_the_affected_staff() {
    let mut story = Story::created();
    let day = date(2027, 2, 1);
    for audience in [Audience::Outsourcer, Audience::Public, Audience::AllStaff] {
        story
            .when(&ours(), tell(audience, day, true))
            .refuses(Code::StaffHearFirst, "affected staff of RVS-Main");
    }
    story
        .when(&ours(), tell(Audience::AffectedStaff, day, false))
        .refuses(Code::StaffHearFirst, "a letter or e-mail is not enough");
    story.does(&ours(), tell(Audience::AffectedStaff, day, true));
    story
        .when(&ours(), tell(Audience::Public, date(2027, 1, 31), false))
        .refuses(Code::StaffHearFirst, "told in person before the public");
    story.does(&ours(), tell(Audience::Outsourcer, day, false));
    let board = boards::draw(&story.t, "notices", &director(Side::Client), story.now).unwrap();
    let notes = board.notes.join("; ");
    assert!(
        notes.contains(
            "RVS-Main told: affected staff 2027-02-01, the outsourcer's people 2027-02-01"
        ),
        "{notes}"
    );
}

#[test]
fn d7_15_a_commitment_is_confirmed_by_human_resources_of_both_parties() {
    let mut story = Story::created();
    let state = |story: &Story| {
        let board = boards::draw(
            &story.t,
            "commitments",
            &manager(Side::Outsourcer),
            story.now,
        );
        board.unwrap().rows[0][4].clone()
    };
    story.does(&ours(), promise());
    assert_eq!(state(&story), "waits for the other party's human resources");
    let confirm = ConfirmCommitment {
        commitment: "HR-1".into(),
    };
    story
        .when(&ours(), confirm.clone())
        .refuses(Code::NotAuthorised, "person of the outsourcer");
    story.does(&hr(Side::Outsourcer), confirm.clone());
    assert_eq!(state(&story), "confirmed by both");
    story.on(date(2027, 3, 2));
    assert_eq!(state(&story), "OVERDUE");
    let keep = KeepCommitment {
        commitment: "HR-1".into(),
        evidence: "list of interviews".into(),
    };
    story
        .when(&ours(), keep.clone())
        .refuses(Code::NotAuthorised, "say that it kept its promise");
    story.does(&hr(Side::Outsourcer), keep);
    assert_eq!(state(&story), "kept");
    let unknown = ConfirmCommitment {
        commitment: "HR-9".into(),
    };
    story.when(&ours(), unknown).refuses(Code::Unknown, "HR-9");
    let mut names = promise();
    names.promise = "call 609 555 0110 for an interview".into();
    story
        .when(&ours(), names)
        .refuses(Code::CallerData, "long number");
}

#[test]
fn b11_thanks_carry_credit_and_the_outsourcer_thanks_without_knowing_whom() {
    let mut story = Story::agreed();
    let thanks = |staff: Option<&str>, knowledge: Option<&str>| GiveThanks {
        contribution: Contribution::Knowledge,
        staff: staff.map(Into::into),
        knowledge: knowledge.map(Into::into),
    };
    let theirs = manager(Side::Outsourcer);
    story
        .when(&theirs, thanks(Some("RN-N1"), None))
        .refuses(Code::NotAuthorised, "name one of its people");
    story
        .when(&theirs, thanks(None, None))
        .refuses(Code::BadFact, "who is thanked");
    story.does(&theirs, thanks(None, Some("K-3")));
    story.does(&nurse(), thanks(Some("RN-N1"), None));
    let seen = |side| {
        let board = boards::draw(&story.t, "recognition", &manager(side), story.now);
        format!("{:?}", board.unwrap().rows)
    };
    assert!(seen(Side::Client).contains("RN-N1"));
    assert!(seen(Side::Outsourcer).contains("the author of K-3"));
    assert!(seen(Side::Outsourcer).contains("in-house staff"));
}
