//! The way home in detail (A31, §7.12, §7.16): open work, reasons, paper, capacity; and nothing of it stands in the way.

use crate::contingency::proved;
use crate::fixture::{director, duty, manager, nurse};
use crate::support::{Story, fallback, propose_step};
use crate::triggers::{armed, heartbeat, observed};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use segue_domain::contingency::incidents::GiveFallbackReason;
use segue_domain::contingency::insurance::{InsuranceFigures, RecordInsurance};
use segue_domain::contingency::library::TriggerKind;
use segue_domain::contingency::open_work::{
    AcknowledgeOpenWork, Acuity, OpenWorkItem, RecordOpenWork, WorkKind,
};
use segue_domain::contingency::paper::RecordPaperFallback;
use segue_domain::contingency::watch::{Heartbeat, Observed, RaiseAlarm};
use segue_domain::fallback::{Cause, Fallback, VerifyReturn, WriteIncidentNote};
use segue_domain::{Actor, Code, Command, Event, Side, decide, replay};
use segue_example::Goal;

const MSG: &str = "RVS-Main/MSG";

fn item(reference: &str, acuity: Acuity) -> OpenWorkItem {
    OpenWorkItem {
        reference: reference.into(),
        kind: WorkKind::PromisedCallback,
        acuity,
        due_at: None,
        chunk: None,
    }
}

fn snapshot(story: &Story, items: Vec<OpenWorkItem>) -> RecordOpenWork {
    let taken_at = story.now;
    RecordOpenWork { taken_at, items }
}

fn acknowledge(references: &[&str]) -> AcknowledgeOpenWork {
    AcknowledgeOpenWork {
        incident: "INC-1".into(),
        references: references.iter().map(|r| (*r).to_owned()).collect(),
    }
}

fn insurance() -> InsuranceFigures {
    InsuranceFigures {
        currency: "USD".into(),
        staff_cents_per_week: 1_200_000,
        telephony_cents_per_week: 40_000,
        weeks: 12,
        outage_cents_per_h: 2_000_000,
        outage_h: 72,
    }
}

fn live() -> Story {
    let mut story = Story::agreed();
    story.goes_live(MSG, 20);
    story.minutes_pass(1);
    story
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    let mut story = live();
    let work = snapshot(&story, vec![item("CB-1", Acuity::Urgent)]);
    story.does(&duty(Side::Outsourcer), work);
    story.does(&duty(Side::Outsourcer), Fallback::of("all", ""));
    story.does(&nurse(), acknowledge(&["CB-1"]));
    let reason = GiveFallbackReason {
        incident: "INC-1".into(),
        reason: "our building was evacuated".into(),
    };
    story.does(&duty(Side::Outsourcer), reason);
    let figures = insurance();
    story.does(&manager(Side::Client), RecordInsurance { figures });
    story
}

#[test]
fn s22_the_way_out_waits_for_somebody_who_sees_to_every_item() {
    let mut story = live();
    let other = OpenWorkItem {
        chunk: Some("RVS-North/MSG".into()),
        ..item("CB-9", Acuity::Emergent)
    };
    let work = snapshot(&story, vec![item("CB-1", Acuity::Routine), other]);
    story.does(&duty(Side::Outsourcer), work);
    story.does(&duty(Side::Client), fallback("all"));
    let handed = &story.t.incidents[&"INC-1".into()].handed_over;
    assert_eq!(
        handed.items.len(),
        1,
        "work of a chunk that did not come home stays"
    );
    let by = manager(Side::Client);
    let evidence = "test call 12".into();
    story.does(
        &by,
        VerifyReturn {
            incident: "INC-1".into(),
            evidence,
        },
    );
    let note = WriteIncidentNote {
        incident: "INC-1".into(),
        reference: "binder 4".into(),
        telephony_only: true,
    };
    story.does(&by, note);
    story.hours_pass(2);
    let refused = story
        .when(&by, propose_step(MSG, 20))
        .refuses(Code::CoolDown, "promised callback CB-1");
    assert_eq!(refused.missing.len(), 1, "{refused}");
    story
        .when(&nurse(), acknowledge(&["CB-9"]))
        .refuses(Code::BadFact, "CB-9");
    story
        .when(&duty(Side::Outsourcer), acknowledge(&["CB-1"]))
        .refuses(Code::NotAuthorised, "client");
    story.does(&nurse(), acknowledge(&["CB-1"]));
    story
        .when(&nurse(), acknowledge(&["CB-1"]))
        .changes_nothing();
    story.walks(&Goal::Proved(MSG.into()));
    story
        .when(&director(Side::Client), story.sign_gate(Side::Client, MSG))
        .records(&["gate_signed"]);
}

#[test]
fn s22_snapshots_are_the_outsourcers_in_order_and_without_numbers() {
    let story = live();
    let by = duty(Side::Outsourcer);
    let known = story.t.contingency.open_work.as_ref().unwrap().taken_at;
    let late = RecordOpenWork {
        taken_at: known,
        items: vec![item("CB-1", Acuity::Urgent)],
    };
    story.when(&by, late).changes_nothing();
    let mut ahead = snapshot(&story, Vec::new());
    ahead.taken_at += jiff::SignedDuration::from_secs(1);
    story.when(&by, ahead).refuses(Code::BadFact, "past");
    let fresh = snapshot(&story, vec![item("6095550110", Acuity::Urgent)]);
    story
        .when(&by, fresh)
        .refuses(Code::CallerData, "reference");
    let spoken = snapshot(&story, vec![item("CB 1", Acuity::Urgent)]);
    story.when(&by, spoken).refuses(Code::BadFact, "CB 1");
    let twice = snapshot(
        &story,
        vec![item("CB-1", Acuity::Urgent), item("CB-1", Acuity::Urgent)],
    );
    story.when(&by, twice).refuses(Code::BadFact, "CB-1 once");
    story
        .when(&duty(Side::Client), snapshot(&story, Vec::new()))
        .refuses(Code::NotAuthorised, "outsourcer");
}

#[test]
fn s18_a_fallback_by_hand_is_recorded_as_if_it_had_happened_then() {
    let mut story = live();
    let then = story.now;
    story.minutes_pass(49);
    let by_hand = RecordPaperFallback {
        scope: MSG.into(),
        at: then,
        how: "RespOrg by telephone, PIN from the runbook".into(),
    };
    let early = RecordPaperFallback {
        at: story.now + jiff::SignedDuration::from_secs(1),
        ..by_hand.clone()
    };
    story
        .when(&duty(Side::Client), early)
        .refuses(Code::BadFact, "past");
    let epoch = story.chunk(MSG).epoch;
    story.does(&duty(Side::Outsourcer), by_hand.clone());
    story.stands(MSG, "returned", 0);
    assert_eq!(story.chunk(MSG).epoch, epoch + 1);
    let opened = &story.t.incidents[&"INC-1".into()].opened;
    assert_eq!(opened.at, then);
    assert!(matches!(opened.cause, Cause::Paper { recorded_at, .. } if recorded_at == story.now));
    story.when(&duty(Side::Client), by_hand).changes_nothing();
}

#[test]
fn s19_too_few_people_in_house_is_a_warning_never_a_refusal() {
    for (reachable, needed, warns) in [
        (Some(0), Some(3), true),
        (Some(3), Some(3), false),
        (None, Some(3), false),
    ] {
        let mut story = live();
        let home = Fallback {
            reachable,
            needed,
            ..Fallback::of("all", "x")
        };
        story.does(&duty(Side::Client), home);
        story.stands(MSG, "returned", 0);
        let shown = story.board("incidents", Side::Client);
        assert_eq!(
            shown.contains("capacity 0 of 3, expected ASA n/a (overload), call-in started"),
            warns,
            "{shown}"
        );
    }
}

#[test]
fn s7_16_only_the_outsourcer_owes_a_reason_and_only_it_can_give_it() {
    let late = "fallback drill: reason of INC-1 from CareBridge";
    for (side, text, owes) in [
        (Side::Outsourcer, "", true),
        (Side::Outsourcer, "fire alarm", false),
        (Side::Client, "", false),
    ] {
        let mut story = live();
        story.does(&duty(side), Fallback::of("all", text));
        story.hours_pass(24);
        assert!(!story.red(MSG).iter().any(|red| red.starts_with(late)));
        story.minutes_pass(1);
        assert_eq!(
            story.red(MSG).iter().any(|red| red.starts_with(late)),
            owes,
            "{side} `{text}`"
        );
    }
    let mut story = live();
    story.does(&duty(Side::Outsourcer), Fallback::of("all", ""));
    let give = |reason: &str| GiveFallbackReason {
        incident: "INC-1".into(),
        reason: reason.into(),
    };
    story
        .when(&duty(Side::Client), give("x"))
        .refuses(Code::NotAuthorised, "outsourcer");
    story
        .when(&duty(Side::Outsourcer), give(""))
        .refuses(Code::BadFact, "the reason");
    story.does(&duty(Side::Outsourcer), give("fire alarm"));
    story.hours_pass(25);
    assert!(!story.red(MSG).iter().any(|red| red.starts_with(late)));
}

#[test]
fn a31_no_wording_keeps_calls_out_and_no_number_gets_into_the_journal() {
    let mut story = live();
    story.does(
        &duty(Side::Client),
        Fallback::of("all", "caller +1 609 555 0110 waited"),
    );
    story.stands(MSG, "returned", 0);
    assert_eq!(
        story.t.incidents[&"INC-1".into()].opened.reason,
        "left out: it pointed at one caller"
    );
    let mut story = live();
    story.does(&duty(Side::Client), Fallback::of("all", "x".repeat(9_999)));
    assert_eq!(
        story.t.incidents[&"INC-1".into()].opened.reason.len(),
        2_000
    );
}

#[test]
fn a31_the_count_down_to_a_verified_return_is_shown() {
    let mut story = live();
    story.does(&duty(Side::Client), fallback("all"));
    story.now += jiff::SignedDuration::from_secs(19);
    assert!(
        story
            .board("incidents", Side::Client)
            .contains("not yet, 41 s left")
    );
    story.minutes_pass(1);
    assert!(
        story
            .board("incidents", Side::Client)
            .contains("NOT VERIFIED, 19 s over the agreed time")
    );
}

#[test]
fn a32_the_cost_of_insurance_stands_against_the_exposure_for_the_client_alone() {
    let mut story = Story::created();
    let figures = insurance();
    let by = manager(Side::Client);
    story.does(
        &by,
        RecordInsurance {
            figures: figures.clone(),
        },
    );
    story
        .when(
            &by,
            RecordInsurance {
                figures: figures.clone(),
            },
        )
        .changes_nothing();
    let shown = story.board("insurance", Side::Client);
    for line in [
        "keeping the fallback, a week | 12,400.00 USD",
        "keeping the fallback, 12 weeks | 148,800.00 USD",
        "exposure: one outage of 72 h without it | 1,440,000.00 USD",
        "as much as 116 weeks of keeping it",
    ] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
    let theirs =
        segue_domain::boards::draw(&story.t, "insurance", &manager(Side::Outsourcer), story.now);
    assert_eq!(theirs.unwrap_err().code, Code::NotAuthorised);
    let strange = InsuranceFigures {
        currency: "dollars".into(),
        ..figures.clone()
    };
    story
        .when(&by, RecordInsurance { figures: strange })
        .refuses(Code::BadFact, "currency");
    story
        .when(&manager(Side::Outsourcer), RecordInsurance { figures })
        .refuses(Code::NotAuthorised, "client");
}

type Act = (u8, bool, u8);

/// What anybody may do in this concern, by number.
fn command(story: &Story, (what, _, number): Act) -> Command {
    let outcome =
        [Heartbeat::Answered, Heartbeat::Failed, Heartbeat::Ringing][usize::from(number % 3)];
    let reference = format!("CB-{}", number % 5);
    match what % 10 {
        0..=2 => heartbeat(outcome).into(),
        3 => observed(
            "all",
            Observed::Trunks {
                up: u32::from(number % 2),
                of: 2,
            },
        )
        .into(),
        4 => snapshot(story, vec![item(&reference, Acuity::Urgent)]).into(),
        5 => acknowledge(&[reference.as_str()]).into(),
        6 => RaiseAlarm {
            kind: TriggerKind::ALL[usize::from(number) % 16],
            scope: "all".into(),
            seen: "smoke".into(),
        }
        .into(),
        7 => RecordPaperFallback {
            scope: "all".into(),
            at: story.now,
            how: "*73".into(),
        }
        .into(),
        8 => GiveFallbackReason {
            incident: "INC-1".into(),
            reason: "smoke".into(),
        }
        .into(),
        _ => fallback(MSG).into(),
    }
}

#[test]
fn a31_in_every_state_of_this_concern_either_duty_manager_brings_everything_home() {
    let mut runner = TestRunner::deterministic();
    let acts = proptest::collection::vec(proptest::arbitrary::any::<Act>(), 1..30);
    let starts: [fn() -> Story; 3] = [armed, live, proved];
    let (mut out, mut home) = (0, 0);
    for n in 0..200 {
        let mut story = starts[n % starts.len()]();
        let before = story.facts.len();
        for act in acts.new_tree(&mut runner).unwrap().current() {
            let side = if act.1 {
                Side::Client
            } else {
                Side::Outsourcer
            };
            let by: Actor = duty(side);
            let command = command(&story, act);
            if let Ok(events) = decide(&story.t, &command, &by, story.now) {
                story.record(&events);
            }
            story.minutes_pass(i64::from(act.2 % 3));
            for side in Side::BOTH {
                let mut pressed = story.clone();
                let was_out = pressed.t.chunks.values().any(|c| c.share.is_out());
                let events = pressed.does(&duty(side), fallback("all"));
                assert!(pressed.t.chunks.values().all(|c| !c.share.is_out()));
                let fell = events.iter().any(|e| matches!(e, Event::FellBack(_)));
                assert_eq!(fell, was_out);
                if was_out { out += 1 } else { home += 1 }
            }
        }
        assert!(story.facts.len() >= before);
        assert_eq!(replay(crate::support::id(), &story.facts), story.t);
    }
    assert!(out > 100 && home > 100, "{out} out, {home} home");
}
