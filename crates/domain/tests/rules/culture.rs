//! Two cultures (B4–B9): profiles signed and acknowledged, segments described, traits followed up, practices decided,
//! adaptations before any plan, and nobody hurried who asks in depth.

use crate::fixture::{self, director, manager};
use crate::support::{Story, propose_plan};
use segue_domain::agents::{Credential, RosterAgents, RosteredAgent};
use segue_domain::baseline::{BaselineFigures, BaselineKey, RecordBaseline};
use segue_domain::culture::acknowledgements::{AcknowledgeCulture, QuizResult, is_up_to_date};
use segue_domain::culture::adaptations::{
    Adaptation, AdaptationKind, DeclareNoChange, MeasuredBy, RecordAdaptation,
};
use segue_domain::culture::handle_time::SetAhtTarget;
use segue_domain::culture::practices::{
    Choice, DecidePractice, Practice, PracticeDecision, RecordPractice, WatchedMeasure,
};
use segue_domain::culture::profiles::{
    CultureProfile, ProposeCultureProfile, SignCultureProfile, current,
};
use segue_domain::culture::segments::{RecordSegment, Segment, SegmentBy};
use segue_domain::culture::traits::{LinkTrait, RecordTrait, Trait, TraitKind};
use segue_domain::culture::{CultureKind, SourceKind};
use segue_domain::discovery::{OpenDiscovery, findings};
use segue_domain::ids::{AgentId, PracticeId};
use segue_domain::signature::hash_to_sign;
use segue_domain::{Actor, Code, Side, boards, gates};
use segue_example::sign;

const MSG: &str = "RVS-Main/MSG";
const CALLERS: CultureKind = CultureKind::CallerCulture;

fn client() -> Actor {
    manager(Side::Client)
}

fn outsourcer() -> Actor {
    manager(Side::Outsourcer)
}

fn profile(culture: CultureKind, summary: &str, clinical: bool) -> ProposeCultureProfile {
    ProposeCultureProfile {
        profile: CultureProfile {
            culture,
            summary: summary.into(),
            reference: "binder 1".into(),
            clinical,
        },
    }
}

fn segment(id: &str, call_type: Option<&str>, calls: u64, of_calls: u64) -> RecordSegment {
    RecordSegment {
        facts: Segment {
            segment: id.into(),
            by: SegmentBy::Expectation,
            says: "students and staff of the university".into(),
            call_type: call_type.map(Into::into),
            calls,
            of_calls,
            source: SourceKind::Recording,
            reference: "recordings of May".into(),
        },
    }
}

fn in_depth(segment: Option<&str>) -> RecordTrait {
    RecordTrait {
        facts: Trait {
            id: "in-depth-questions".into(),
            culture: CALLERS,
            kind: TraitKind::InformationDepth,
            segment: segment.map(Into::into),
            says: "callers expect the mechanism of the disease".into(),
            example_question: "why this drug and not the other one?".into(),
            habit: Some("nurses read the guideline out".into()),
            source: SourceKind::Interview,
            reference: "minutes 5".into(),
        },
    }
}

fn allowance() -> RecordAdaptation {
    RecordAdaptation {
        adaptation: Adaptation {
            id: "in-depth-questions".into(),
            kind: AdaptationKind::AhtAllowance,
            change: "11 minutes are planned, and a reference shelf".into(),
            measured_by: MeasuredBy::QuestionAnswered,
            before_bp: Some(9_100),
            after_bp: None,
        },
    }
}

fn no_change() -> DeclareNoChange {
    DeclareNoChange {
        id: "in-depth-questions".into(),
        reason: "CareBridge's nurses do the same already".into(),
    }
}

fn target(segment: Option<&str>, aht_s: u32) -> SetAhtTarget {
    let key = BaselineKey {
        site: "RVS-Main".into(),
        call_type: "TRIAGE".into(),
        segment: segment.map(Into::into),
    };
    SetAhtTarget { key, aht_s }
}

fn practice() -> RecordPractice {
    RecordPractice {
        facts: Practice {
            practice: "physician-rounds".into(),
            says: "doctors explain a new guideline every month".into(),
            owner: "medical director".into(),
        },
    }
}

fn choose(choice: Choice, reason: Option<&str>, watch: Option<WatchedMeasure>) -> DecidePractice {
    DecidePractice {
        decision: PracticeDecision {
            practice: "physician-rounds".into(),
            choice,
            reason: reason.map(Into::into),
            watch,
        },
    }
}

fn roster(agents: &[&str]) -> RosterAgents {
    let agent = |agent: &&str| RosteredAgent {
        agent: (*agent).into(),
        call_types: ["MSG".into()].into(),
        languages: ["English".to_owned()].into(),
        credential: Credential::Unlicensed,
    };
    RosterAgents {
        agents: agents.iter().map(agent).collect(),
    }
}

fn quiz(culture: CultureKind, version: u32, results: &[(&str, u32)]) -> AcknowledgeCulture {
    let result = |(agent, correct): &(&str, u32)| QuizResult {
        agent: (*agent).into(),
        correct: *correct,
        asked: 10,
    };
    AcknowledgeCulture {
        culture,
        version,
        results: results.iter().map(result).collect(),
    }
}

impl Story {
    fn signs_profile(&mut self, side: Side, culture: CultureKind) {
        let newest = self.t.culture.profiles[&culture].last().unwrap();
        let version = newest.proposed.version;
        let actor = director(side);
        let signature = sign(&actor, &newest.proposed.hash);
        let command = SignCultureProfile {
            culture,
            version,
            signature,
        };
        self.does(&actor, command);
    }

    /// Another version of the caller culture, signed by both.
    fn changes_callers(&mut self, summary: &str, clinical: bool) {
        self.does(&client(), profile(CALLERS, summary, clinical));
        for side in Side::BOTH {
            self.signs_profile(side, CALLERS);
        }
    }

    fn still_missing(&self, what: &str) -> Option<String> {
        findings(&self.t).into_iter().find(|f| f.contains(what))
    }

    /// What keeps the gate of messages red, as far as it speaks of that.
    fn keeps_red(&self, what: &str) -> Vec<String> {
        let red = gates::red(&self.t, &MSG.into(), self.now);
        red.into_iter().filter(|text| text.contains(what)).collect()
    }
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    let mut story = Story::discovered();
    story.does(&client(), segment("students", Some("TRIAGE"), 180, 2_000));
    story.does(&client(), in_depth(Some("students")));
    story.does(&client(), no_change());
    story.does(&client(), target(Some("students"), 660));
    story.does(&outsourcer(), roster(&["A-01"]));
    story.does(&outsourcer(), quiz(CALLERS, 1, &[("A-01", 9)]));
    story
}

#[test]
fn b4_both_profiles_are_signed_by_both_before_planning_opens() {
    let mut story = Story::managed();
    story.does(&client(), OpenDiscovery { items: Vec::new() });
    for kind in CultureKind::ALL {
        assert!(
            story
                .still_missing(&format!("profile of the {}", kind.words()))
                .is_some()
        );
    }
    story.does(
        &client(),
        profile(CALLERS, "new parents, many questions", false),
    );
    story.signs_profile(Side::Client, CALLERS);
    let open = story
        .still_missing("profile of the caller culture")
        .unwrap();
    assert_eq!(
        open,
        "profile of the caller culture, version 1, signed by CareBridge"
    );
    story.signs_profile(Side::Outsourcer, CALLERS);
    assert_eq!(story.still_missing("profile of the caller culture"), None);
    assert!(
        story
            .still_missing("profile of the client culture")
            .is_some()
    );
    // The same again is no new version; a trait more is.
    let same = profile(CALLERS, "new parents, many questions", false);
    story.when(&client(), same.clone()).changes_nothing();
    story.does(&client(), in_depth(None));
    story
        .when(&client(), same)
        .records(&["culture_profile_proposed"]);
}

/// CHECK: a changed profile takes agents on the former version out of readiness after seven days, a clinical one at once.
#[test]
fn b4_agents_on_the_former_version_have_seven_days_and_none_if_it_is_clinical() {
    let mut story = Story::agreed();
    story.does(&outsourcer(), roster(&["A-01", "A-02"]));
    let both = [("A-01", 10), ("A-02", 8)];
    assert_eq!(
        story.keeps_red("agents know").len(),
        2,
        "nobody has read anything"
    );
    for kind in CultureKind::ALL {
        story.does(&outsourcer(), quiz(kind, 1, &both));
    }
    assert_eq!(story.keeps_red("agents know"), [""; 0]);
    story.changes_callers("more of them are students", false);
    story.does(&outsourcer(), quiz(CALLERS, 2, &[("A-02", 10)]));
    story.minutes_pass(7 * 24 * 60 - 1);
    assert_eq!(story.keeps_red("agents know"), [""; 0]);
    assert!(is_up_to_date(&story.t, &AgentId::from("A-01"), story.now));
    story.minutes_pass(1);
    assert_eq!(
        story.keeps_red("agents know"),
        ["agents: 1/2 agents know the caller culture in version 2; not yet: A-01"]
    );
    assert!(!is_up_to_date(&story.t, &AgentId::from("A-01"), story.now));
    // A clinical change: at once, and a later harmless one does not give the days back.
    story.changes_callers("fever in infants goes to triage at once", true);
    story.changes_callers("the same, better worded", false);
    assert_eq!(
        story.keeps_red("agents know"),
        ["agents: 0/2 agents know the caller culture in version 4; not yet: A-01, A-02"]
    );
    story.does(&outsourcer(), quiz(CALLERS, 4, &both));
    assert_eq!(story.keeps_red("agents know"), [""; 0]);
}

#[test]
fn b4_a_failed_quiz_acknowledges_nothing_and_takes_nothing_away() {
    let mut story = Story::agreed();
    story.does(&outsourcer(), roster(&["A-01"]));
    story.does(&outsourcer(), quiz(CALLERS, 1, &[("A-01", 7)]));
    assert_eq!(story.keeps_red("know the caller culture").len(), 1);
    story.does(&outsourcer(), quiz(CALLERS, 1, &[("A-01", 8)]));
    story.does(&outsourcer(), quiz(CALLERS, 1, &[("A-01", 2)]));
    assert_eq!(story.keeps_red("know the caller culture"), [""; 0]);
    story
        .when(&outsourcer(), quiz(CALLERS, 1, &[("A-01", 2)]))
        .changes_nothing();
}

#[test]
fn b4_only_the_outsourcer_says_what_its_agents_read_and_only_of_the_version_in_force() {
    let mut story = Story::agreed();
    story.does(&outsourcer(), roster(&["A-01"]));
    story
        .when(&client(), quiz(CALLERS, 1, &[("A-01", 10)]))
        .refuses(Code::NotAuthorised, "person of the outsourcer");
    story
        .when(&outsourcer(), quiz(CALLERS, 1, &[("A-77", 10)]))
        .refuses(Code::Unknown, "agent `A-77` on the roster");
    story.does(&client(), profile(CALLERS, "proposed, not signed", false));
    story
        .when(&outsourcer(), quiz(CALLERS, 2, &[("A-01", 10)]))
        .refuses(Code::Unknown, "version in force");
    assert_eq!(current(&story.t, CALLERS).unwrap().proposed.version, 1);
}

/// CHECK: 7 % of the calls in Spanish and no profile: discovery is red.
#[test]
fn b5_a_segment_of_five_percent_has_a_profile() {
    let mut story = Story::managed();
    story.does(&client(), OpenDiscovery { items: Vec::new() });
    assert!(story.still_missing("segments of callers").is_some());
    story.does(&client(), segment("spanish", None, 1_288, 18_400));
    let open = story.still_missing("profile of segment").unwrap();
    assert_eq!(open, "profile of segment spanish, 7.00 % of its calls");
    story.does(&client(), in_depth(Some("spanish")));
    assert_eq!(story.still_missing("profile of segment"), None);
    story.does(&client(), segment("students", None, 499, 10_000));
    assert_eq!(story.still_missing("profile of segment"), None);
    story.does(&client(), segment("students", None, 500, 10_000));
    assert!(
        story
            .still_missing("profile of segment students, 5.00 %")
            .is_some()
    );
    story
        .when(&client(), segment("students", None, 2, 1))
        .refuses(Code::BadFact, "calls it is counted among");
}

/// CHECK: a new trait shows two missing items until they are made.
#[test]
fn b6_b7_a_trait_needs_a_test_scenario_and_a_training_item() {
    let mut story = Story::agreed();
    story.does(&client(), in_depth(None));
    story.does(&outsourcer(), allowance());
    let board = |story: &Story| {
        let board = boards::draw(&story.t, "adaptations", &client(), story.now).unwrap();
        let mut rows = board.rows.into_iter();
        rows.find(|row| row[0] == "in-depth-questions").unwrap()[6].clone()
    };
    assert_eq!(board(&story), "test scenario, training item");
    assert_eq!(
        story.keeps_red("of trait in-depth-questions"),
        [
            "agents: training item of trait in-depth-questions",
            "processes: test scenario of trait in-depth-questions"
        ]
    );
    let made = |scenario: Option<&str>, item: Option<&str>| LinkTrait {
        id: "in-depth-questions".into(),
        scenario: scenario.map(Into::into),
        training_item: item.map(Into::into),
    };
    story.does(&outsourcer(), made(Some("SC-mechanism"), None));
    assert_eq!(board(&story), "training item");
    story.does(&outsourcer(), made(None, Some("TI-guideline-aloud")));
    assert_eq!(board(&story), "");
    assert_eq!(story.keeps_red("of trait"), [""; 0]);
    story
        .when(&outsourcer(), made(None, None))
        .changes_nothing();
}

/// Traits of triage callers keep the gate of triage red, not that of messages.
#[test]
fn b6_what_follows_from_a_trait_is_asked_where_its_callers_call() {
    let mut story = Story::agreed();
    story.does(&client(), segment("students", Some("TRIAGE"), 180, 2_000));
    story.does(&client(), in_depth(Some("students")));
    assert_eq!(story.keeps_red("of trait"), [""; 0]);
    let triage = gates::red(&story.t, &"RVS-Main/TRIAGE".into(), story.now);
    assert!(
        triage
            .iter()
            .any(|text| text.contains("training item of trait in-depth"))
    );
}

/// CHECK: an undecided practice blocks sign-off; to retire one takes a reason of both and a measure to watch.
#[test]
fn b8_a_practice_is_decided_by_both() {
    let mut story = Story::discovering();
    story.does(&client(), practice());
    let open = |story: &Story| story.still_missing("physician-rounds");
    assert!(
        open(&story)
            .unwrap()
            .contains("Riverside Health says nothing yet")
    );
    story.does(&client(), choose(Choice::Keep, None, None));
    let why = Some("two doctors left");
    let watch = Some(WatchedMeasure::QuestionAnswered);
    for (reason, watch) in [(None, None), (why, None), (None, watch)] {
        story
            .when(&outsourcer(), choose(Choice::Retire, reason, watch))
            .refuses(
                Code::BadFact,
                "a reason of CareBridge to retire physician-rounds",
            );
    }
    story.does(&outsourcer(), choose(Choice::Retire, why, watch));
    assert!(
        open(&story)
            .unwrap()
            .contains("Riverside Health says keep, CareBridge says retire")
    );
    story.does(
        &client(),
        choose(Choice::Retire, Some("nobody came"), watch),
    );
    assert_eq!(open(&story), None);
    let id = PracticeId::from("physician-rounds");
    assert_eq!(
        story.t.culture.practices[&id].decided(),
        Some(Choice::Retire)
    );
}

/// Scenario 28, first half.
#[test]
fn b9_no_plan_while_a_trait_has_no_adaptation() {
    let mut story = Story::discovered();
    story.does(&client(), segment("students", Some("TRIAGE"), 180, 2_000));
    story.does(&client(), in_depth(Some("students")));
    let propose = propose_plan(fixture::plan());
    story.when(&client(), propose.clone()).refuses(
        Code::AdaptationMissing,
        "trait in-depth-questions (information depth, students)",
    );
    story.does(&client(), no_change());
    story.when(&client(), propose.clone()).refuses(
        Code::AdaptationMissing,
        "only Riverside Health says that nothing need change",
    );
    story.does(&outsourcer(), no_change());
    story
        .when(&client(), propose.clone())
        .records(&["plan_proposed"]);
    // A trait that turns out to be another one is judged anew.
    let mut other = in_depth(Some("students"));
    other.facts.says = "callers want the literature".into();
    story.does(&client(), other);
    story
        .when(&client(), propose.clone())
        .refuses(Code::AdaptationMissing, "in-depth-questions");
    story.does(&outsourcer(), allowance());
    story.when(&client(), propose).records(&["plan_proposed"]);
}

/// Scenario 28, second half: 480 s against a baseline of 660 s.
#[test]
fn b9_callers_who_ask_in_depth_are_not_hurried() {
    let mut story = Story::discovered();
    story.does(&client(), segment("students", Some("TRIAGE"), 180, 2_000));
    story.does(&client(), segment("commuters", Some("TRIAGE"), 300, 2_000));
    story.does(&client(), in_depth(Some("students")));
    story.does(&outsourcer(), allowance());
    for by in [client(), outsourcer()] {
        for aht_s in [480, 659] {
            story
                .when(&by, target(Some("students"), aht_s))
                .refuses(Code::EquityFloor, "the baseline is 660 s");
        }
    }
    // Nor by the way round: everybody's target would be theirs.
    story
        .when(&client(), target(None, 480))
        .refuses(Code::EquityFloor, "segment students");
    story.does(&client(), target(Some("students"), 660));
    story
        .when(&client(), target(None, 480))
        .records(&["aht_target_set"]);
    story
        .when(&client(), target(Some("commuters"), 480))
        .records(&["aht_target_set"]);
    story
        .when(&client(), target(Some("nobody"), 480))
        .refuses(Code::Unknown, "segment `nobody`");
}

#[test]
fn b9_a_segments_own_baseline_is_its_floor_and_what_everybody_expects_holds_for_each() {
    let mut story = Story::discovered();
    story.does(&client(), segment("students", Some("TRIAGE"), 180, 2_000));
    story.does(&client(), in_depth(None));
    story
        .when(&client(), target(Some("students"), 600))
        .refuses(Code::EquityFloor, "660 s");
    let mut key = target(Some("students"), 0).key;
    let own = RecordBaseline {
        key: key.clone(),
        figures: BaselineFigures {
            weeks: 13,
            weekly_contacts: 180,
            offered: 2_340,
            answered_within: 1_900,
            abandoned: 70,
            aht_s: 840,
            busiest_hour_calls: 6,
            peak_concurrent: 3,
        },
        reference: "report 3".into(),
    };
    story.does(&client(), own);
    story
        .when(&client(), target(Some("students"), 700))
        .refuses(Code::EquityFloor, "the baseline is 840 s");
    key.call_type = "APPT".into();
    key.site = "nowhere".into();
    story
        .when(&client(), SetAhtTarget { key, aht_s: 300 })
        .refuses(Code::Unknown, "a baseline of APPT at nowhere");
}

#[test]
fn b9_a_target_set_before_the_trait_was_known_keeps_the_plan_out() {
    let mut story = Story::discovered();
    story.does(&client(), segment("students", Some("TRIAGE"), 180, 2_000));
    story.does(&client(), target(Some("students"), 480));
    story.does(&client(), in_depth(Some("students")));
    story.does(&outsourcer(), allowance());
    story
        .when(&client(), propose_plan(fixture::plan()))
        .refuses(
            Code::EquityFloor,
            "at least 660 s, not 480 s, for TRIAGE of segment students",
        );
    story.does(&client(), target(Some("students"), 660));
    story
        .when(&client(), propose_plan(fixture::plan()))
        .records(&["plan_proposed"]);
}

#[test]
fn the_culture_board_shows_versions_segments_and_practices() {
    let mut story = history();
    story.does(
        &client(),
        profile(CALLERS, "fever in infants goes to triage at once", true),
    );
    let board = boards::draw(&story.t, "culture", &client(), story.now).unwrap();
    let rows: Vec<_> = board.rows.iter().map(|row| row.join(" | ")).collect();
    for says in [
        "caller culture v1 | Families, many of them new parents; one in fourteen speaks Spanish. | in force; 1 of 1",
        "client culture v1 | Doctors and nurses know each other; pages are read back. | in force; 0 of 1",
        "caller culture v2, clinical | fever in infants goes to triage at once | waits for Riverside Health, CareBridge",
        "students, 9.00 % of TRIAGE calls",
        "| keep",
    ] {
        assert!(
            rows.iter().any(|row| row.contains(says)),
            "{says}: {rows:#?}"
        );
    }
}

/// What the command line signs is what the other party signed: the version named, and no other.
#[test]
fn the_hash_to_sign_is_that_of_the_version_named() {
    let mut story = history();
    story.does(
        &client(),
        profile(CALLERS, "callers name the practice first", false),
    );
    let versions = &story.t.culture.profiles[&CALLERS];
    for version in versions {
        let fields = serde_json::json!({ "culture": CALLERS, "version": version.proposed.version });
        let hash = hash_to_sign(
            &story.t,
            "sign_culture_profile",
            fields.as_object().unwrap(),
        );
        assert_eq!(hash.as_deref(), Some(version.proposed.hash.as_str()));
    }
    assert!(versions.len() > 1);
}
