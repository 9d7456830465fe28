//! Pauses, soak, change freeze, reviews, phases and preparation (§4.4, §7.7, §7.10, A2, A15, A18, A20, A21).

use crate::fixture::{self, director, duty, manager};
use crate::support::{Story, fallback, lower, outcome, propose_plan, propose_step};
use jiff::civil::date;
use segue_domain::acceptance::{ProposeAcceptance, Verdict};
use segue_domain::calendar::{DeclareHoliday, DeclareSurge};
use segue_domain::ids::ChunkId;
use segue_domain::ladder::Rung;
use segue_domain::ladder::board::difficulty;
use segue_domain::ladder::reviews::RecordReview;
use segue_domain::pauses::{self, PauseChunk, SignResume};
use segue_domain::phases::{PlanPhase, Stage, locks};
use segue_domain::preparation::{AddPreparation, CompletePreparation, PreparationKind};
use segue_domain::waivers::{ProposeWaiver, Waivable};
use segue_domain::{Actor, Code, Event, Side, boards, soak};
use segue_example::{Goal, clinical_lead, sign};

const MSG: &str = "RVS-Main/MSG";
const APPT: &str = "RVS-Main/APPT";

fn pause(chunk: &str) -> PauseChunk {
    PauseChunk {
        chunk: chunk.into(),
        reason: "headsets fail on the second floor".into(),
        calls: Vec::new(),
        reference: None,
    }
}

fn review(chunk: &str) -> RecordReview {
    RecordReview {
        chunk: chunk.into(),
        finding: "20 calls heard, none wrong; it stays out".into(),
    }
}

fn access(owner: Side) -> AddPreparation {
    AddPreparation {
        preparation: "PREP-1".into(),
        kind: PreparationKind::Access,
        owner,
        title: "production log-ins to the scheduling system".into(),
    }
}

fn done() -> CompletePreparation {
    CompletePreparation {
        preparation: "PREP-1".into(),
        evidence: "ticket list of 4 January".into(),
    }
}

fn test_phase() -> PlanPhase {
    PlanPhase {
        phase: Stage::Test,
        from: date(2027, 2, 1),
        to: date(2027, 2, 26),
    }
}

fn holiday() -> DeclareHoliday {
    DeclareHoliday {
        date: date(2027, 3, 2),
        name: "Town Meeting Day".into(),
    }
}

fn surge() -> DeclareSurge {
    DeclareSurge {
        from: date(2027, 3, 8),
        to: date(2027, 3, 12),
        reason: "mass vaccination".into(),
    }
}

impl Story {
    fn resume(&self, actor: &Actor, chunk: &str) -> SignResume {
        let chunk = ChunkId::from(chunk);
        let hash = pauses::hash(&self.t, &chunk).unwrap_or_default();
        let signature = sign(actor, &hash);
        SignResume { chunk, signature }
    }

    fn resumes(&mut self, chunk: &str) {
        for side in Side::BOTH {
            let command = self.resume(&director(side), chunk);
            self.does(&director(side), command);
        }
    }

    #[track_caller]
    fn shows(&self, board: &str, text: &str) {
        let drawn = boards::draw(&self.t, board, &manager(Side::Client), self.now).unwrap();
        let all = format!("{:?} {:?}", drawn.rows, drawn.notes);
        assert!(all.contains(text), "`{text}` should be shown in: {all}");
    }
}

/// Each kind of fact of these concerns.
pub(crate) fn history() -> Story {
    let mut story = Story::agreed();
    let client = manager(Side::Client);
    story.does(&client, test_phase());
    story.does(&client, access(Side::Client));
    story.does(&client, done());
    story.finishes(MSG);
    story.goes_live(APPT, 20);
    story.does(&duty(Side::Client), fallback(MSG));
    story.does(&client, review(APPT));
    story.does(&duty(Side::Client), pause(APPT));
    story.resumes(APPT);
    story.does(&client, holiday());
    story.does(&client, surge());
    story
}

#[test]
fn either_party_pauses_alone_the_share_stays_and_both_go_on() {
    for side in Side::BOTH {
        let mut story = Story::agreed();
        story.goes_live(MSG, 20);
        let seen = PauseChunk {
            reference: Some("trials/share-abcdefghijklmnop.json".into()),
            ..pause(MSG)
        };
        story.does(&duty(side), seen);
        story.stands(MSG, "live", 20);
        assert_eq!(story.chunk(MSG).words(), "paused");
        story.when(&duty(side), pause(MSG)).changes_nothing();
        story.waits_for(MSG, 50);
        story.proves(MSG);
        story
            .when(&manager(Side::Client), propose_step(MSG, 50))
            .refuses(Code::WrongState, "evidence trials/share-");
        let one = story.resume(&director(side), MSG);
        story.does(&director(side), one);
        assert_eq!(
            story.chunk(MSG).words(),
            "paused",
            "one signature is not two"
        );
        let other = story.resume(&director(side.other()), MSG);
        story
            .when(&director(side.other()), other)
            .records(&["resume_signed", "chunk_resumed"]);
    }
}

#[test]
fn a_paused_chunk_is_lowered_and_comes_home_without_leave_and_is_not_accepted() {
    let mut story = Story::agreed();
    story.goes_live(MSG, 100);
    story.does(&duty(Side::Client), pause(MSG));
    story.hours_pass(6 * 24);
    let ask = ProposeAcceptance {
        chunk: MSG.into(),
        outcome: outcome(Verdict::Pass),
    };
    story
        .when(&manager(Side::Client), ask)
        .refuses(Code::WrongState, "paused");
    story.does(&duty(Side::Outsourcer), lower(MSG, 10));
    story.does(&duty(Side::Outsourcer), fallback(MSG));
    assert_eq!(story.chunk(MSG).words(), "returned");
    let resume = story.resume(&director(Side::Client), MSG);
    story
        .when(&director(Side::Client), resume)
        .refuses(Code::WrongState, "returned");
}

#[test]
fn a15_a_pause_alone_does_not_open_the_next_centre_and_home_does() {
    let mut story = Story::agreed();
    story.goes_live(MSG, 50);
    story.waits_for("RVS-North/MSG", 20);
    story.readies("RVS-North/MSG");
    story.does(&duty(Side::Client), pause(MSG));
    let step = propose_step("RVS-North/MSG", 20);
    story
        .when(&manager(Side::Client), step)
        .refuses(Code::SiteSerial, "RVS-Main/MSG live");
    story.does(&duty(Side::Client), lower(MSG, 0));
    story.goes_live("RVS-North/MSG", 20);
    // And the first centre does not go on while the second is active.
    let resume = story.resume(&director(Side::Client), MSG);
    story
        .when(&director(Side::Client), resume)
        .refuses(Code::SiteSerial, "RVS-North/MSG live");
}

#[test]
fn a_chunk_soaks_at_its_last_step_before_acceptance() {
    let mut story = Story::agreed();
    story.goes_live(MSG, 50);
    assert_eq!(soak::until(&story.t, story.chunk(MSG)), None);
    story.goes_live(MSG, 100);
    let ask = || ProposeAcceptance {
        chunk: MSG.into(),
        outcome: outcome(Verdict::Pass),
    };
    story.hours_pass(5 * 24 - 1);
    story
        .when(&manager(Side::Client), ask())
        .refuses(Code::AcceptanceNotReady, "soak), which ends at 2027-03-20");
    story.hours_pass(1);
    story
        .when(&manager(Side::Client), ask())
        .records(&["acceptance_proposed"]);
}

#[test]
fn the_soak_of_triage_holds_two_whole_weekends() {
    let mut story = Story::agreed();
    story.goes_live("RVS-Main/TRIAGE", 100);
    let mut chunk = story.chunk("RVS-Main/TRIAGE").clone();
    for (since, until) in [
        // From a Monday, 14 days are enough; from a Sunday noon the second weekend ends a night later.
        ("2027-06-28T14:00:00Z", "2027-07-12T14:00:00Z"),
        ("2027-06-27T16:00:00Z", "2027-07-12T04:00:00Z"),
    ] {
        chunk.share_since = Some(since.parse().unwrap());
        let found = soak::until(&story.t, &chunk).unwrap().to_string();
        assert_eq!(found, until, "from {since}");
    }
}

#[test]
fn routes_are_left_alone_on_friday_afternoons_before_holidays_in_surges_and_when_clocks_change() {
    let mut story = Story::agreed();
    story.waits_for(MSG, 20);
    story.readies(MSG);
    let client = manager(Side::Client);
    let step = || propose_step(MSG, 20);
    let on = |at: &str, story: &mut Story, says: Option<&str>| {
        story.now = at.parse().unwrap();
        story.proves(MSG);
        story.readies(MSG);
        let then = story.when(&client, step());
        match says {
            Some(says) => drop(then.refuses(Code::ChangeFreeze, says)),
            None => drop(then.records(&["step_proposed"])),
        }
    };
    story.does(&manager(Side::Outsourcer), holiday());
    story.does(&client, surge());
    on(
        "2027-03-01T15:00:00Z",
        &mut story,
        Some("the one before Town Meeting Day"),
    );
    on("2027-03-05T16:59:00Z", &mut story, None);
    on("2027-03-05T17:00:00Z", &mut story, Some("Friday 12:00"));
    on("2027-03-10T15:00:00Z", &mut story, Some("mass vaccination"));
    on(
        "2027-03-14T05:01:00Z",
        &mut story,
        Some("within 2 h of the change of daylight saving"),
    );
    on("2027-03-14T09:00:00Z", &mut story, None);
    on("2027-03-19T18:00:00Z", &mut story, Some("Friday 14:00"));
    // A waiver lifts the freeze.
    let ask = ProposeWaiver {
        rule: Waivable::ChangeFreeze,
        chunk: MSG.into(),
        reason: "the lease ends on Thursday".into(),
    };
    story.does(&client, ask);
    for side in Side::BOTH {
        story.signs_waiver(&director(side), "W-1");
    }
    story.when(&client, step()).records(&["step_proposed"]);
}

#[test]
fn a21_harder_work_is_reviewed_within_a_day_when_easier_work_falls_back_and_stays_out() {
    let mut story = Story::agreed();
    story.finishes(MSG);
    story.goes_live(APPT, 20);
    story.shows(
        "ladder",
        "Consult locked: appointment not yet accepted (RVS-Main/APPT live at 20 %)",
    );
    story
        .when(&manager(Side::Client), review(APPT))
        .refuses(Code::WrongState, APPT);
    story.does(&duty(Side::Client), fallback(MSG));
    story.stands(APPT, "live", 20);
    let due = story.now + jiff::SignedDuration::from_hours(24);
    story.shows(
        "ladder",
        &format!(
            "UNDER REVIEW until {}: easier work fell back (INC-1)",
            due.strftime("%Y-%m-%d %H:%M UTC")
        ),
    );
    story.hours_pass(25);
    story.shows("ladder", "OVERDUE");
    story.stands(APPT, "live", 20);
    story.does(&manager(Side::Outsourcer), review(APPT));
    assert!(story.t.reviews.is_empty());
}

#[test]
fn a20_a_type_stands_between_two_rungs_and_its_order_holds() {
    let mut story = Story::new();
    // Consults need consult; appointments are placed above their rung, below consult.
    story.example.create.call_types[1].above = true;
    story.walks(&Goal::Discovered);
    let place = story.t.place(&"APPT".into()).unwrap();
    assert_eq!(place.to_string(), "above appointment");
    assert!(
        place
            > segue_domain::ladder::Place {
                rung: Rung::Appointment,
                above: false
            }
    );
    assert!(place < story.t.place(&"CONSULT".into()).unwrap());
    let mut plan = fixture::plan();
    plan.chunks[1].steps[0].from = date(2027, 4, 27);
    plan.chunks[1].steps[1].from = date(2027, 4, 28);
    plan.chunks[1].steps[2].from = date(2027, 4, 29);
    story
        .when(&manager(Side::Client), propose_plan(plan))
        .refuses(
            Code::LadderInversion,
            "RVS-Main/APPT (above appointment, 2027-04-27) before RVS-Main/CONSULT",
        );
}

#[test]
fn a18_difficulty_is_the_rung_then_handle_time_then_the_rest() {
    let story = Story::discovered();
    let plan = fixture::plan();
    let hard: Vec<_> = plan.chunks[..4]
        .iter()
        .map(|c| difficulty(&story.t, c))
        .collect();
    assert!(hard.is_sorted(), "{hard:?}");
    assert_eq!(
        (hard[3].aht_s, hard[3].licence, hard[3].off_hours_percent),
        (660, true, 70)
    );
    let mut spanish = plan.chunks[0].clone();
    spanish.languages = ["Spanish".to_owned()].into();
    assert!(difficulty(&story.t, &spanish) > hard[0]);
}

#[test]
fn a2_the_contract_alone_leaves_plan_and_move_locked_and_says_what_is_open() {
    let story = Story::created();
    let plan = locks(&story.t, Stage::Plan);
    assert!(plan.iter().any(|l| l == "discovery opened"), "{plan:?}");
    let moving = locks(&story.t, Stage::Move);
    assert!(moving.iter().any(|l| l == "a proposed plan"), "{moving:?}");
    assert!(
        moving
            .iter()
            .any(|l| l == "every chunk with its gate signed"),
        "{moving:?}"
    );
    story.shows("phases", r#""move", "locked""#);

    let mut story = Story::managed();
    assert!(locks(&story.t, Stage::Discovery).is_empty());
    story.does(&manager(Side::Outsourcer), test_phase());
    story.shows("phases", "2027-02-01 to 2027-02-26 (CareBridge)");
    story.walks(&Goal::Ready(MSG.into()));
    assert!(locks(&story.t, Stage::Move).is_empty());
    story.shows("phases", r#""plan", "done""#);
}

#[test]
fn the_preparation_list_is_legal_from_the_contract_on_and_its_owner_completes_it() {
    let mut story = Story::created();
    let outsourcer = manager(Side::Outsourcer);
    story.does(&manager(Side::Client), access(Side::Outsourcer));
    story
        .when(&manager(Side::Client), access(Side::Outsourcer))
        .changes_nothing();
    story
        .when(&outsourcer, access(Side::Client))
        .refuses(Code::BadFact, "PREP-1");
    story
        .when(&manager(Side::Client), done())
        .refuses(Code::NotAuthorised, "outsourcer");
    story.hours_pass(72);
    story.shows("preparation", "open for 3 days");
    story.does(&outsourcer, done());
    story.shows("preparation", "done: ticket list");
}

#[test]
fn a_pause_needs_a_reason_and_triage_goes_on_with_the_clinical_lead() {
    let mut story = Story::agreed();
    let silent = PauseChunk {
        reason: String::new(),
        ..pause(MSG)
    };
    story
        .when(&duty(Side::Client), silent)
        .refuses(Code::BadFact, "why");
    let named = PauseChunk {
        calls: vec!["0123456789abcdef0123456789abcdef".into()],
        reference: Some("trials/share-abcdefghijklmnop.json".into()),
        ..pause(MSG)
    };
    // A telephone number is no call's own number.
    let caller = PauseChunk {
        calls: vec!["+16095550123".into()],
        ..named.clone()
    };
    story
        .when(&duty(Side::Client), caller)
        .refuses(Code::BadFact, "X-Segue-Call");
    let facts = Story::agreed().does(&duty(Side::Client), named.clone());
    let [Event::ChunkPaused(paused)] = &facts[..] else {
        panic!("one pause, not {facts:?}");
    };
    assert_eq!(
        (&paused.calls, &paused.reference),
        (&named.calls, &named.reference)
    );
    let triage = "RVS-Main/TRIAGE";
    story.does(&duty(Side::Client), pause(triage));
    story.resumes(triage);
    assert_eq!(story.chunk(triage).words(), "paused");
    let command = story.resume(&clinical_lead(), triage);
    story.does(&clinical_lead(), command);
    assert_eq!(story.chunk(triage).words(), "agreed");
}

#[test]
fn the_calendar_is_full_at_five_hundred_entries_and_not_before() {
    let mut story = Story::created();
    let by = manager(Side::Client);
    let entry = |n: i32| DeclareHoliday {
        date: date(2027, 1, 1).saturating_add(jiff::Span::new().days(n)),
        ..holiday()
    };
    for n in 0..500 {
        story.does(&by, entry(n));
    }
    story
        .when(&by, entry(500))
        .refuses(Code::BadFact, "at most 500 entries");
}

#[test]
fn the_calendar_shows_who_declared_what() {
    let story = history();
    let board = boards::draw(&story.t, "calendar", &manager(Side::Client), story.now).unwrap();
    assert_eq!(
        board.rows,
        [
            [
                "2027-03-02",
                "2027-03-02",
                "Town Meeting Day",
                "Riverside Health"
            ],
            [
                "2027-03-08",
                "2027-03-12",
                "mass vaccination",
                "Riverside Health"
            ],
        ]
    );
}

#[test]
fn a_surge_phase_or_holiday_is_the_same_only_with_the_same_days_and_words() {
    let story = history();
    let client = manager(Side::Client);
    story.when(&client, surge()).changes_nothing();
    story.when(&client, test_phase()).changes_nothing();
    story.when(&client, holiday()).changes_nothing();
    let mut longer = surge();
    longer.to = date(2027, 3, 13);
    let mut other = surge();
    other.reason = "influenza".into();
    for changed in [longer, other] {
        story.when(&client, changed).records(&["surge_declared"]);
    }
    let mut from = test_phase();
    from.from = date(2027, 2, 2);
    let mut to = test_phase();
    to.to = date(2027, 2, 27);
    for changed in [from, to] {
        story
            .when(&client, changed.clone())
            .records(&["phase_planned"]);
    }
    let other = DeclareHoliday {
        date: date(2027, 3, 3),
        ..holiday()
    };
    story.when(&client, other).records(&["holiday_declared"]);
}
