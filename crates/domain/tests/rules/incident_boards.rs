//! What the morning after reads (§7.16): the worklist with its age, the incidents with cause, count-down and reason owed.

use crate::contingency::proved;
use crate::fixture::{duty, nurse};
use crate::support::Story;
use crate::triggers::{armed, heartbeat};
use jiff::{SignedDuration, Timestamp};
use segue_domain::contingency::incidents::GiveFallbackReason;
use segue_domain::contingency::open_work::{
    AcknowledgeOpenWork, Acuity, OpenWorkItem, RecordOpenWork, WorkKind, promised_callbacks,
};
use segue_domain::contingency::paper::RecordPaperFallback;
use segue_domain::contingency::watch::Heartbeat;
use segue_domain::fallback::{Fallback, VerifyReturn};
use segue_domain::{Code, Side};

const MSG: &str = "RVS-Main/MSG";

fn live() -> Story {
    let mut story = Story::agreed();
    story.goes_live(MSG, 20);
    story.minutes_pass(1);
    story
}

fn item(reference: &str, kind: WorkKind, acuity: Acuity) -> OpenWorkItem {
    OpenWorkItem {
        reference: reference.into(),
        kind,
        acuity,
        due_at: None,
        chunk: Some(MSG.into()),
    }
}

fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn rows(story: &Story, name: &str) -> Vec<String> {
    story.rows(name, &duty(Side::Client))
}

fn notes(story: &Story, name: &str) -> Vec<String> {
    story.notes(name, &duty(Side::Client))
}

/// Three items of one chunk, taken down at that moment; the callback is due ten minutes after.
fn snapshot(story: &Story) -> RecordOpenWork {
    let due = OpenWorkItem {
        due_at: Some(story.now + SignedDuration::from_mins(10)),
        ..item("CB-2", WorkKind::PromisedCallback, Acuity::Urgent)
    };
    RecordOpenWork {
        taken_at: story.now,
        items: vec![
            item("PG-1", WorkKind::UnacknowledgedPage, Acuity::Routine),
            item("CB-1", WorkKind::PromisedCallback, Acuity::Urgent),
            due,
            item("SC-1", WorkKind::StrandedCaller, Acuity::Emergent),
        ],
    }
}

fn acknowledge(references: &[&str]) -> AcknowledgeOpenWork {
    AcknowledgeOpenWork {
        incident: "INC-1".into(),
        references: references.iter().map(|r| (*r).to_owned()).collect(),
    }
}

#[test]
fn the_worklist_comes_in_the_order_of_need_and_says_who_took_what() {
    let mut story = live();
    let work = snapshot(&story);
    let taken = work.taken_at;
    let due = minute(taken + SignedDuration::from_mins(10));
    story.does(&duty(Side::Outsourcer), work);
    story.minutes_pass(4);
    let home = story.now;
    story.does(&duty(Side::Client), Fallback::of("all", "fire"));
    story.does(&nurse(), acknowledge(&["CB-1"]));
    let expected = |standing: &str| {
        [
            "INC-1 | emergent | – | stranded caller | SC-1 | nobody yet".to_owned(),
            format!("INC-1 | urgent | {due}, {standing} | promised callback | CB-2 | nobody yet"),
            "INC-1 | urgent | – | promised callback | CB-1 | rvs-nurse".to_owned(),
            "INC-1 | routine | – | un-acknowledged page | PG-1 | nobody yet".to_owned(),
        ]
    };
    assert_eq!(rows(&story, "worklist"), expected("in 6 min"));
    assert_eq!(
        notes(&story, "worklist"),
        [
            format!(
                "INC-1: list as of {}, 4 min before calls came home",
                second(taken)
            ),
            format!("last snapshot 4 min old, taken at {}", minute(taken)),
        ]
    );
    assert!(home > taken);
    story.minutes_pass(6);
    assert_eq!(rows(&story, "worklist"), expected("in 0 min"));
    story.minutes_pass(2);
    assert_eq!(rows(&story, "worklist"), expected("2 min overdue"));
}

#[test]
fn a_list_older_than_agreed_shows_the_window_it_misses() {
    for (age, misses) in [(5, false), (6, true)] {
        let mut story = live();
        let work = snapshot(&story);
        let taken = second(work.taken_at);
        story.does(&duty(Side::Outsourcer), work);
        story.minutes_pass(age);
        let home = second(story.now);
        story.does(&duty(Side::Client), Fallback::of("all", "fire"));
        let gap = format!(
            "INC-1: WINDOW MISSING of {age} min: work opened from {taken} to {home} is not on this list; ask the outsourcer"
        );
        assert_eq!(notes(&story, "worklist").contains(&gap), misses);
    }
}

#[test]
fn without_a_snapshot_nothing_is_known_of_open_work() {
    let mut story = armed();
    story.t.contingency.open_work = None;
    assert_eq!(promised_callbacks(&story.t, &MSG.into()), None);
    assert_eq!(
        notes(&story, "worklist"),
        ["no snapshot of open work from the outsourcer yet"]
    );
    let home = second(story.now);
    story.does(&duty(Side::Client), Fallback::of("all", "fire"));
    let unknown = format!("INC-1: NOTHING KNOWN of open work before {home}: ask the outsourcer");
    assert_eq!(notes(&story, "worklist")[0], unknown);
}

#[test]
fn callbacks_are_promised_to_the_chunk_they_name() {
    let mut story = live();
    let mut work = snapshot(&story);
    work.items[0].kind = WorkKind::UndeliveredMessage;
    work.items[1].chunk = None;
    story.does(&duty(Side::Outsourcer), work);
    assert_eq!(promised_callbacks(&story.t, &MSG.into()), Some(1));
    assert_eq!(
        promised_callbacks(&story.t, &"RVS-Main/APPT".into()),
        Some(0)
    );
}

#[test]
fn a_closed_list_is_shown_until_another_incident_follows() {
    let mut story = live();
    let work = snapshot(&story);
    story.does(&duty(Side::Outsourcer), work);
    story.does(&duty(Side::Client), Fallback::of("all", "fire"));
    story.does(&nurse(), acknowledge(&["CB-1", "CB-2", "PG-1", "SC-1"]));
    assert_eq!(rows(&story, "worklist").len(), 4);
    let mut later = story.clone();
    let mut second = later.t.incidents[&"INC-1".into()].clone();
    second.opened.incident = "INC-2".into();
    second.opened.at += SignedDuration::from_mins(1);
    second.handed_over = segue_domain::contingency::open_work::HandedOver::default();
    later.t.incidents.insert("INC-2".into(), second);
    assert_eq!(rows(&later, "worklist"), Vec::<String>::new());
    assert!(notes(&later, "worklist")[0].starts_with("INC-2: NOTHING KNOWN"));
    assert_eq!(notes(&later, "worklist").len(), 2);
}

#[test]
fn a_refusal_names_ten_items_and_counts_the_rest() {
    for (items, more) in [(10, None), (11, Some(1)), (13, Some(3))] {
        let mut story = live();
        let mut work = snapshot(&story);
        let one = |n: u32| {
            item(
                &format!("CB-{n:02}"),
                WorkKind::PromisedCallback,
                Acuity::Routine,
            )
        };
        work.items = (1..=items).map(one).collect();
        story.does(&duty(Side::Outsourcer), work);
        story.does(&duty(Side::Client), Fallback::of("all", "fire"));
        let verify = VerifyReturn {
            incident: "INC-1".into(),
            evidence: "test call 12".into(),
        };
        story.does(&duty(Side::Client), verify);
        let refused = story
            .when(
                &crate::fixture::manager(Side::Client),
                crate::support::propose_step(MSG, 20),
            )
            .refuses(Code::CoolDown, "promised callback CB-10");
        let counted = refused
            .missing
            .iter()
            .filter(|m| m.contains("more items of the worklist"));
        let counted: Vec<_> = counted.cloned().collect();
        let expected = more.map(|n: u32| format!("and for {n} more items of the worklist"));
        assert_eq!(counted, Vec::from_iter(expected));
        assert!(!refused.to_string().contains("CB-11"), "{refused}");
    }
}

#[test]
fn an_incident_says_what_brought_calls_home_and_who_is_to_be_called_back() {
    let mut story = armed();
    let since = story.now;
    for n in 0..3 {
        story.does(&duty(Side::Client), heartbeat(Heartbeat::Busy));
        if n < 2 {
            story.minutes_pass(1);
        }
    }
    let decided = story.now;
    story.minutes_pass(28);
    let row = format!(
        "INC-1 | {MSG} | path dead, automatic | {} | {} | NOT VERIFIED, 1620 s over the agreed time | ",
        second(since),
        second(decided)
    );
    let shown = rows(&story, "incidents");
    assert!(shown[0].starts_with(&row), "{shown:?}");
    // 6 calls an hour for half an hour; once the return is verified, no longer.
    let owed = |until: Timestamp, calls: &str| {
        format!(
            "INC-1: calls offered from {} to {} are to be called back: {calls} expected; see the worklist",
            second(since),
            second(until)
        )
    };
    assert_eq!(notes(&story, "incidents"), [owed(story.now, "3.0")]);
    let verify = VerifyReturn {
        incident: "INC-1".into(),
        evidence: "test call 12".into(),
    };
    story.does(&duty(Side::Client), verify);
    let verified = story.now;
    story.hours_pass(5);
    assert_eq!(notes(&story, "incidents"), [owed(verified, "3.0")]);
    assert!(rows(&story, "incidents")[0].contains(&format!(" | {} | ", second(verified))));
}

#[test]
fn a_reason_that_is_owed_has_a_clock_and_then_stands_there() {
    let mut story = live();
    let home = story.now;
    story.does(&duty(Side::Outsourcer), Fallback::of("all", ""));
    let reason = |story: &Story| story.drawn("incidents", &nurse()).rows[0][6].clone();
    let due = minute(home + SignedDuration::from_hours(24));
    assert_eq!(reason(&story), format!("owed until {due}"));
    story.hours_pass(24);
    assert_eq!(reason(&story), format!("owed until {due}"));
    story.minutes_pass(1);
    assert_eq!(reason(&story), format!("OVERDUE since {due}"));
    let give = GiveFallbackReason {
        incident: "INC-1".into(),
        reason: "our building was evacuated".into(),
    };
    story.does(&duty(Side::Outsourcer), give);
    assert_eq!(reason(&story), "our building was evacuated");
}

#[test]
fn a_fallback_by_hand_says_how_and_when_it_was_written_down() {
    let mut story = live();
    let then = story.now;
    story.minutes_pass(49);
    let by_hand = RecordPaperFallback {
        scope: MSG.into(),
        at: then,
        how: "*73 from the line".into(),
    };
    story.does(&duty(Side::Client), by_hand);
    let said = format!(
        "INC-1 | {MSG} | by hand (*73 from the line), recorded {} | {} | {} | ",
        second(story.now),
        second(then),
        second(then)
    );
    let shown = rows(&story, "incidents");
    assert!(shown[0].starts_with(&said), "{shown:?}");
    story.t.contingency.plans.clear();
    assert!(rows(&story, "incidents")[0].contains(" | not yet | "));
}

#[test]
fn the_trigger_board_says_what_acts_and_whose_signature_is_missing() {
    let acts = |story: &Story| {
        let shown = rows(story, "triggers");
        shown
            .iter()
            .find(|row| row.starts_with("path dead"))
            .cloned()
            .unwrap()
    };
    assert!(
        acts(&proved()).contains("| alarms |"),
        "{}",
        acts(&proved())
    );
    assert!(
        acts(&armed()).contains("| brings calls home |"),
        "{}",
        acts(&armed())
    );
    let (waiting, ..) = crate::triggers::history().before("sign_trigger");
    let shown = acts(&waiting);
    assert!(
        shown.contains("| alarms; unsigned by Riverside Health, CareBridge |"),
        "{shown}"
    );
}
