//! The basic test of the telephony, path by path (A28).

use super::{MSG, board, proved, red};
use crate::fixture::{manager, nurse};
use crate::support::Story;
use segue_domain::telephony_checks::{
    CheckKind, CheckOutcome, CheckResult, RecordTelephonyChecks, calls_min,
};
use segue_domain::{Code, Side};

fn checks(kind: CheckKind, outcome: CheckOutcome, measured: Option<u32>) -> RecordTelephonyChecks {
    let result = CheckResult {
        kind,
        outcome,
        measured,
    };
    RecordTelephonyChecks {
        line: "RVS-Main-TFN".into(),
        dialled: "7001".into(),
        checks: vec![result],
        reference: "protocol 3".into(),
    }
}

fn after(kind: CheckKind, outcome: CheckOutcome, measured: Option<u32>) -> Vec<String> {
    let mut story = proved(MSG);
    story.does(&manager(Side::Outsourcer), checks(kind, outcome, measured));
    red(&story, MSG)
}

#[test]
fn a28_a_voicemail_is_a_dead_end() {
    let path = "technology: path RVS-Main-TFN/7001";
    for kind in [
        CheckKind::Answer,
        CheckKind::NoVoicemail,
        CheckKind::OnCallDelivery,
    ] {
        let found = after(kind, CheckOutcome::Voicemail, None);
        let text = format!("{path}: {}: dead end, a voicemail answered", kind.words());
        assert_eq!(found, [text]);
    }
}

#[test]
fn a28_every_check_alone_keeps_the_path_red() {
    for kind in CheckKind::ALL {
        let found = after(*kind, CheckOutcome::Failed, None).join("");
        assert!(
            found.contains(&format!("{} failed", kind.words())),
            "{found}"
        );
    }
}

#[test]
fn a28_measured_values_keep_to_the_terms() {
    let story = proved(MSG);
    let chunk = story.chunk(MSG);
    // The baseline's peak of 6 calls at once, and a fifth on top.
    let peak = story
        .t
        .baselines
        .of(&chunk.planned.site, &chunk.planned.call_type)
        .unwrap()
        .peak_concurrent;
    let least = calls_min(&story.t, chunk).unwrap();
    assert_eq!((peak, least), (6, 8));
    for (kind, good, bad, needed) in [
        (CheckKind::Concurrency, 8, 7, "at least 8 needed"),
        (CheckKind::RingTime, 20_000, 20_001, "at most 20000 needed"),
        (CheckKind::Reach, 4_000, 4_001, "at most 4000 needed"),
        (CheckKind::TwoWayAudio, 350, 349, "at least 350 needed"),
        (CheckKind::InterpreterTime, 60, 61, "at most 60 needed"),
    ] {
        assert_eq!(after(kind, CheckOutcome::Passed, Some(good)), [""; 0]);
        let found = after(kind, CheckOutcome::Passed, Some(bad)).join("");
        assert!(
            found.contains(&format!("{} {bad} ", kind.words())),
            "{found}"
        );
        assert!(found.contains(needed), "{found}");
    }
}

#[test]
fn a28_a_check_holds_for_seven_days() {
    let mut story = proved(MSG);
    story.hours_pass(7 * 24);
    assert_eq!(red(&story, MSG), [""; 0]);
    story.minutes_pass(1);
    assert_eq!(
        red(&story, MSG),
        ["technology: path RVS-Main-TFN/7001 not checked within 7 days"]
    );
    let again = checks(CheckKind::Dtmf, CheckOutcome::Passed, None);
    story.does(&manager(Side::Client), again);
    let found = red(&story, MSG).join("");
    assert!(
        found.contains("7 days: reach, ring time, ") && !found.contains("digits"),
        "{found}"
    );
    let shown = board(&story, "telephony", &nurse()).join("\n");
    assert!(
        shown.contains("RVS-Main-TFN/7001 | hold | red | too old"),
        "{shown}"
    );
    assert!(shown.contains("digits | green | passed"), "{shown}");
}

#[test]
fn a28_a_path_is_a_line_and_a_number_and_values_come_where_something_is_measured() {
    let story = Story::agreed();
    let by = manager(Side::Client);
    let mut other = checks(CheckKind::Dtmf, CheckOutcome::Passed, None);
    other.dialled = "7999".into();
    story.when(&by, other).refuses(Code::Unknown, "7999");
    let bare = checks(CheckKind::Concurrency, CheckOutcome::Passed, None);
    story
        .when(&by, bare)
        .refuses(Code::BadFact, "calls at once in calls");
    let odd = checks(CheckKind::Hold, CheckOutcome::Passed, Some(3));
    story
        .when(&by, odd)
        .refuses(Code::BadFact, "hold without a value");
    story
        .when(
            &nurse(),
            checks(CheckKind::Hold, CheckOutcome::Passed, None),
        )
        .refuses(Code::NotAuthorised, "prepare");
}
