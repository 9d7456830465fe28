//! Know-how (B10): captured with credit, looked at again by a date, and never about one patient.

use crate::fixture::{director, manager, nurse};
use crate::support::Story;
use jiff::civil::date;
use segue_domain::ids::KnowledgeId;
use segue_domain::knowledge::{
    CaptureKnowledge, KnowledgeItem, KnowledgeKind, KnowledgeScope, RetireKnowledge,
    VerifyKnowledge,
};
use segue_domain::{Code, Event, Side, boards};

const MSG: &str = "RVS-Main/MSG";

fn item(id: &str, text: &str) -> KnowledgeItem {
    KnowledgeItem {
        item: id.into(),
        title: "how cardiology wants to be paged".into(),
        text: text.to_owned(),
        scope: KnowledgeScope::Provider("cardiology".into()),
        kind: KnowledgeKind::WorkingPreference,
        author: "S-03".into(),
        reference: String::new(),
        review_by: date(2027, 3, 31),
    }
}

fn capture(items: Vec<KnowledgeItem>) -> CaptureKnowledge {
    CaptureKnowledge { items }
}

fn verify(id: &str) -> VerifyKnowledge {
    VerifyKnowledge {
        items: vec![id.into()],
        reference: "letter of the practice, binder 6".into(),
    }
}

fn board(story: &Story) -> String {
    let board = boards::draw(&story.t, "knowledge", &director(Side::Client), story.now).unwrap();
    format!("{:?} {:?}", board.rows, board.notes)
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    let mut story = Story::created();
    let clean = item("K-1", "page twice, then call the desk");
    let dirty = item("K-2", "the mother of MRN 0048213 calls at night");
    story.does(&nurse(), capture(vec![clean, dirty]));
    story.does(&manager(Side::Client), verify("K-1"));
    let retire = RetireKnowledge {
        item: "K-1".into(),
        reason: "the practice closed".into(),
    };
    story.does(&manager(Side::Client), retire);
    story
}

#[test]
fn b10_an_item_that_points_at_a_patient_is_quarantined_and_nothing_of_it_is_kept() {
    let mut story = Story::created();
    for (id, text) in [
        ("K-1", "the mother of MRN 0048213 calls at night"),
        ("K-2", "call back on (609) 555-0110"),
        ("K-3", "DOB: 3/14/1961 gets the long explanation"),
        ("MRN-0048213", "page twice"),
    ] {
        let events = story.does(&nurse(), capture(vec![item(id, text)]));
        let [Event::KnowledgeQuarantined(_)] = events.as_slice() else {
            panic!("{events:?}")
        };
        let kept = serde_json::to_string(&events).unwrap();
        for secret in ["0048213", "555", "1961", "mother", "explanation"] {
            assert!(!kept.contains(secret), "{kept}");
        }
        assert!(story.t.knowledge.get(&id.into()).is_none());
    }
    assert!(board(&story).contains("Quarantined: K-1"));
    assert!(board(&story).contains("Quarantined: an item held"));
    // Written again without it, the item is there.
    story.does(
        &nurse(),
        capture(vec![item("K-1", "some callers need a longer explanation")]),
    );
    assert!(!board(&story).contains("Quarantined: K-1"));
}

#[test]
fn b10_the_contributor_is_credited_and_a_preference_waits_for_the_providers_office() {
    let mut story = Story::created();
    story.does(&nurse(), capture(vec![item("K-1", "page twice")]));
    let shown = board(&story);
    assert!(shown.contains("With thanks to: S-03 1."), "{shown}");
    assert!(shown.contains("waits for the provider's office"), "{shown}");
    assert!(shown.contains("Lines nobody has told about yet: RVS-Main-TFN, RVS-North-DID."));
    story.does(&manager(Side::Client), verify("K-1"));
    assert!(board(&story).contains("by rvs-manager"));
    // What is written anew is verified anew.
    story.does(&nurse(), capture(vec![item("K-1", "page once, then call")]));
    let known = story.t.knowledge.get(&KnowledgeId::from("K-1")).unwrap();
    assert_eq!(known.verified_by, None);
}

#[test]
fn a_review_date_that_passed_is_an_alarm_and_holds_the_gate() {
    let mut story = Story::agreed();
    let mut procedure = item("K-9", "the night answering service reads the schedule back");
    procedure.scope = KnowledgeScope::Line("RVS-Main-TFN".into());
    procedure.kind = KnowledgeKind::Procedure;
    procedure.review_by = story.t.today(story.now);
    story.does(&nurse(), capture(vec![procedure.clone()]));
    assert!(!board(&story).contains("ALARM"));
    story.walks(&segue_example::Goal::Proved(MSG.into()));
    story.hours_pass(24);
    assert!(board(&story).contains("ALARM"));
    story
        .when(&director(Side::Client), story.sign_gate(Side::Client, MSG))
        .refuses(Code::GateRed, "knowledge K-9 of line RVS-Main-TFN reviewed");
    procedure.review_by = date(2028, 1, 1);
    story.does(&nurse(), capture(vec![procedure]));
    story
        .when(&director(Side::Client), story.sign_gate(Side::Client, MSG))
        .records(&["gate_signed"]);
}

#[test]
fn know_how_is_the_clients_and_names_what_exists() {
    let story = Story::created();
    story
        .when(
            &manager(Side::Outsourcer),
            capture(vec![item("K-1", "page twice")]),
        )
        .refuses(Code::NotAuthorised, "person of the client");
    let mut elsewhere = item("K-1", "page twice");
    elsewhere.scope = KnowledgeScope::Line("RVS-West".into());
    story
        .when(&nurse(), capture(vec![elsewhere]))
        .refuses(Code::Unknown, "line RVS-West of K-1");
    let mut of_a_line = item("K-1", "likes to chat");
    of_a_line.scope = KnowledgeScope::Line("RVS-Main-TFN".into());
    story
        .when(&nurse(), capture(vec![of_a_line]))
        .refuses(Code::BadFact, "a provider whose working preference");
    story
        .when(&manager(Side::Client), verify("K-7"))
        .refuses(Code::Unknown, "K-7");
}
