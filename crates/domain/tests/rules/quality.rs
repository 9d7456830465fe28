//! Quality (B20): effective and compassionate, calibrated, judged clinically; dissent and the clinical veto.

use crate::fixture::{duty, manager, nurse};
use crate::support::{Story, outcome, propose_step};
use segue_domain::acceptance::{ProposeAcceptance, Verdict};
use segue_domain::dissent::{RecordDissent, RecordVeto, WithdrawVeto};
use segue_domain::qa::{
    QaTally, RecordCalibration, RecordQaReviews, RecordSurvey, ReviewAutoFails,
};
use segue_domain::{Actor, Code, Role, Side, boards};
use segue_example::{Goal, clinical_lead};

const TRIAGE: &str = "RVS-Main/TRIAGE";
const MSG: &str = "RVS-Main/MSG";

fn reviewer(side: Side) -> Actor {
    segue_example::of(side, Role::Quality)
}

fn reviews(chunk: &str, centre: Side, tally: QaTally) -> RecordQaReviews {
    RecordQaReviews {
        chunk: chunk.into(),
        centre,
        tallies: vec![tally],
        reference: "review binder 2".into(),
    }
}

fn tally(reviewed: u32, disposition_appropriate: u32, compassionate: u32) -> QaTally {
    QaTally {
        agent: None,
        reviewed,
        guideline_correct: disposition_appropriate,
        disposition_appropriate,
        compassionate,
        auto_fails: 0,
    }
}

fn survey(centre: Side, satisfied: u32) -> RecordSurvey {
    RecordSurvey {
        chunk: MSG.into(),
        centre,
        answered: 1_000,
        satisfied,
        questions_answered: satisfied,
    }
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    let mut story = Story::agreed();
    let mut fatal = tally(20, 19, 18);
    fatal.auto_fails = 1;
    story.does(
        &reviewer(Side::Client),
        reviews(TRIAGE, Side::Outsourcer, fatal),
    );
    let judgement = ReviewAutoFails {
        chunk: TRIAGE.into(),
        judgement: "retrained on chest pain; re-reviewed".into(),
    };
    story.does(&clinical_lead(), judgement);
    story.does(&reviewer(Side::Client), survey(Side::Client, 880));
    let calibration = RecordCalibration {
        chunk: TRIAGE.into(),
        reviewed: 20,
        agreed: 18,
    };
    story.does(&reviewer(Side::Outsourcer), calibration);
    let dissent = RecordDissent {
        chunk: TRIAGE.into(),
        reason: "two nurses are new".into(),
    };
    story.does(&nurse(), dissent);
    let veto = RecordVeto {
        chunk: TRIAGE.into(),
        reason: "the night protocol is another edition".into(),
    };
    story.does(&clinical_lead(), veto);
    let withdrawal = WithdrawVeto {
        chunk: TRIAGE.into(),
        reason: "both use the same edition".into(),
    };
    story.does(&clinical_lead(), withdrawal);
    story
}

fn propose_triage(story: &Story) -> ProposeAcceptance {
    let mut outcome = outcome(Verdict::Pass);
    outcome
        .formula
        .clone_from(&story.t.terms.service_level_formula);
    outcome.handle_s = outcome.answered * 660;
    ProposeAcceptance {
        chunk: TRIAGE.into(),
        outcome,
    }
}

/// B20 CHECK: 97 % correct but compassion below the baseline's interval is not accepted.
#[test]
fn b20_triage_needs_both_effective_and_compassionate() {
    let mut story = Story::new();
    story.walks(&Goal::Live(TRIAGE.into(), 100));
    let (client, review) = (manager(Side::Client), reviewer(Side::Client));
    story
        .when(&client, propose_triage(&story))
        .refuses(Code::AcceptanceNotReady, "quality reviews of triage");
    story.does(&review, reviews(TRIAGE, Side::Client, tally(400, 388, 368)));
    let mut cold = tally(200, 194, 160);
    cold.agent = Some("A-70".into());
    story.does(&review, reviews(TRIAGE, Side::Outsourcer, cold));
    let refused = story.when(&client, propose_triage(&story)).refuses(
        Code::AcceptanceNotReady,
        "compassion not below the baseline: 80.0 % against 92.0 %",
    );
    let text = refused.to_string();
    assert!(!text.contains("appropriate dispositions"), "{text}");
    assert!(text.contains("reviewers agree in 85 %"), "{text}");
    assert!(!text.contains("A-70"), "no agent is named: {text}");
    let board = boards::draw(&story.t, "quality", &client, story.now).unwrap();
    assert!(
        board
            .rows
            .iter()
            .any(|r| r[7] == "effective, not compassionate"),
        "{board:?}"
    );
    // Warm but wrong is no better.
    story.does(
        &review,
        reviews(TRIAGE, Side::Outsourcer, tally(900, 780, 880)),
    );
    let board = boards::draw(&story.t, "quality", &client, story.now).unwrap();
    assert!(
        board
            .rows
            .iter()
            .any(|r| r[7].starts_with("not effective, ")),
        "{board:?}"
    );
    story
        .when(&client, propose_triage(&story))
        .refuses(Code::AcceptanceNotReady, "appropriate dispositions in 95 %");
}

#[test]
fn b20_an_auto_fail_is_judged_clinically_before_the_next_step() {
    let mut story = Story::new();
    story.goes_live(MSG, 20);
    story.waits_for(MSG, 50);
    story.proves(MSG);
    let mut fatal = tally(10, 9, 10);
    fatal.auto_fails = 1;
    story.does(
        &reviewer(Side::Client),
        reviews(MSG, Side::Outsourcer, fatal),
    );
    let client = manager(Side::Client);
    story
        .when(&client, propose_step(MSG, 50))
        .refuses(Code::AutoFailOpen, "1 auto-fails");
    let judgement = ReviewAutoFails {
        chunk: MSG.into(),
        judgement: "the page went to the wrong doctor; list corrected".into(),
    };
    story
        .when(&reviewer(Side::Client), judgement.clone())
        .refuses(Code::NotAuthorised, "judge clinically");
    story.does(&clinical_lead(), judgement);
    story
        .when(&client, propose_step(MSG, 50))
        .records(&["step_proposed"]);
}

/// §7.3: satisfaction within three points.
#[test]
fn b13_a_proved_loss_of_satisfaction_stops_acceptance() {
    let mut story = Story::new();
    story.goes_live(MSG, 100);
    story.does(&reviewer(Side::Client), survey(Side::Client, 900));
    story.does(&reviewer(Side::Client), survey(Side::Outsourcer, 800));
    let ask = ProposeAcceptance {
        chunk: MSG.into(),
        outcome: outcome(Verdict::Pass),
    };
    story
        .when(&manager(Side::Client), ask)
        .refuses(Code::AcceptanceNotReady, "satisfaction WORSE");
}

#[test]
fn b20_a_clinical_veto_holds_until_the_clinical_lead_withdraws_it() {
    let mut story = Story::new();
    story.goes_live(TRIAGE, 10);
    story.waits_for(TRIAGE, 20);
    story.proves(TRIAGE);
    let (client, lead) = (manager(Side::Client), clinical_lead());
    let veto = |chunk: &str| RecordVeto {
        chunk: chunk.into(),
        reason: "the night protocol is another edition".into(),
    };
    story
        .when(&client, veto(TRIAGE))
        .refuses(Code::NotAuthorised, "judge clinically");
    story
        .when(&lead, veto(MSG))
        .refuses(Code::NotAuthorised, "consult or triage");
    // Dissent stops nothing, and everybody sees it.
    let dissent = RecordDissent {
        chunk: TRIAGE.into(),
        reason: "two nurses are new".into(),
    };
    story.does(&nurse(), dissent);
    story
        .when(&client, propose_step(TRIAGE, 20))
        .records(&["step_proposed"]);
    story.does(&lead, veto(TRIAGE));
    story
        .when(&client, propose_step(TRIAGE, 20))
        .refuses(Code::ClinicalVeto, "another edition");
    let board = boards::draw(&story.t, "dissent", &client, story.now).unwrap();
    assert!(
        board.notes[0].starts_with("VETO on RVS-Main/TRIAGE"),
        "{board:?}"
    );
    // Back is never vetoed.
    let mut back = story.clone();
    back.does(&duty(Side::Client), crate::support::fallback(TRIAGE));
    back.stands(TRIAGE, "returned", 0);
    let withdraw = WithdrawVeto {
        chunk: TRIAGE.into(),
        reason: "both use the same edition".into(),
    };
    story
        .when(&client, withdraw.clone())
        .refuses(Code::NotAuthorised, "judge clinically");
    story.does(&lead, withdraw);
    story
        .when(&client, propose_step(TRIAGE, 20))
        .records(&["step_proposed"]);
}

#[test]
fn reviews_name_nobody_in_house_and_add_up() {
    let story = Story::agreed();
    let review = reviewer(Side::Client);
    let mut named = tally(10, 9, 9);
    named.agent = Some("S-12".into());
    story
        .when(&review, reviews(MSG, Side::Client, named))
        .refuses(Code::BadFact, "name nobody");
    story
        .when(&review, reviews(MSG, Side::Outsourcer, tally(10, 11, 9)))
        .refuses(Code::BadFact, "within the calls reviewed");
    let alike = |reviewed, agreed| RecordCalibration {
        chunk: MSG.into(),
        reviewed,
        agreed,
    };
    for (reviewed, agreed) in [(0, 0), (20, 21)] {
        story
            .when(&review, alike(reviewed, agreed))
            .refuses(Code::BadFact, "judged alike");
    }
    story
        .when(&review, alike(20, 20))
        .records(&["reviewers_calibrated"]);
    let asked = |answered, satisfied, questions_answered| RecordSurvey {
        answered,
        questions_answered,
        ..survey(Side::Client, satisfied)
    };
    for (answered, satisfied, questions) in [(0, 0, 0), (10, 11, 9), (10, 9, 11)] {
        story
            .when(&review, asked(answered, satisfied, questions))
            .refuses(Code::BadFact, "counts of a survey");
    }
    story
        .when(&review, asked(10, 10, 10))
        .records(&["callers_surveyed"]);
}

#[test]
fn b20_an_auto_fail_is_counted_until_it_is_judged() {
    let (open, lead, judgement) = history().before("review_auto_fails");
    let wait = "RVS-Main/TRIAGE: 1 auto-fails wait for the clinical lead";
    let notes = |story: &Story| {
        let board = boards::draw(&story.t, "quality", &manager(Side::Client), story.now);
        board.unwrap().notes
    };
    assert!(
        notes(&open).contains(&wait.to_owned()),
        "{:?}",
        notes(&open)
    );
    let mut judged = open.clone();
    judged.does(&lead, judgement.clone());
    assert!(!notes(&judged).contains(&wait.to_owned()));
    judged.when(&lead, judgement).changes_nothing();
}
