//! Waivers (§7.5): both parties and the clinical lead, a reason each, one rule, one chunk.

use crate::fixture::{self, director, manager};
use crate::support::{Story, propose_plan};
use jiff::civil::date;
use segue_domain::ids::WaiverId;
use segue_domain::schedule::Plan;
use segue_domain::waivers::{ProposeWaiver, SignWaiver, Waivable, is_waived, stamps};
use segue_domain::{Actor, Code, Side};
use segue_example::{clinical_lead, sign};

const TRIAGE: &str = "RVS-Main/TRIAGE";

fn ask(rule: Waivable, chunk: &str) -> ProposeWaiver {
    ProposeWaiver {
        rule,
        chunk: chunk.into(),
        reason: "the old centre's lease ends in June".into(),
    }
}

impl Story {
    pub(crate) fn signs_waiver(&mut self, actor: &Actor, waiver: &str) {
        let id = WaiverId::from(waiver);
        let hash = self.t.waivers[&id].proposed.hash.clone();
        let command = SignWaiver {
            waiver: id,
            reason: "no other date is left".into(),
            signature: sign(actor, &hash),
        };
        self.does(actor, command);
    }
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    let mut story = Story::discovered();
    story.does(
        &manager(Side::Client),
        ask(Waivable::LadderInversion, TRIAGE),
    );
    story.signs_waiver(&director(Side::Client), "W-1");
    story
}

/// Triage dated before appointment.
fn inverted() -> Plan {
    let mut plan = fixture::plan();
    for (n, step) in plan.chunks[3].steps.iter_mut().enumerate() {
        step.from =
            date(2027, 3, 2).saturating_add(jiff::Span::new().weeks(i64::try_from(n).unwrap()));
    }
    plan
}

#[test]
fn a_waiver_binds_when_both_parties_and_the_clinical_lead_signed() {
    let mut story = Story::discovered();
    let client = manager(Side::Client);
    story
        .when(&client, propose_plan(inverted()))
        .refuses(Code::LadderInversion, "RVS-Main/APPT");
    story.does(&client, ask(Waivable::LadderInversion, TRIAGE));
    for actor in [director(Side::Client), director(Side::Outsourcer)] {
        story.signs_waiver(&actor, "W-1");
        story
            .when(&client, propose_plan(inverted()))
            .refuses(Code::LadderInversion, "RVS-Main/APPT");
    }
    story.signs_waiver(&clinical_lead(), "W-1");
    story
        .when(&client, propose_plan(inverted()))
        .records(&["plan_proposed"]);
    assert_eq!(
        stamps(&story.t, &TRIAGE.into()).collect::<Vec<_>>(),
        ["LADDER INVERSION"]
    );
    assert_eq!(story.t.waivers[&WaiverId::from("W-1")].reasons.len(), 4);
}

#[test]
fn a_waiver_lifts_one_rule_for_one_chunk() {
    let mut story = history();
    story.signs_waiver(&director(Side::Outsourcer), "W-1");
    story.signs_waiver(&clinical_lead(), "W-1");
    assert!(is_waived(
        &story.t,
        Waivable::LadderInversion,
        &TRIAGE.into()
    ));
    assert!(!is_waived(&story.t, Waivable::MassCutover, &TRIAGE.into()));
    assert!(!is_waived(
        &story.t,
        Waivable::LadderInversion,
        &"RVS-Main/CONSULT".into()
    ));
}

#[test]
fn every_signatory_gives_a_reason_of_their_own() {
    let story = history();
    let by = director(Side::Outsourcer);
    let hash = &story.t.waivers[&WaiverId::from("W-1")].proposed.hash;
    let silent = SignWaiver {
        waiver: "W-1".into(),
        reason: String::new(),
        signature: sign(&by, hash),
    };
    story.when(&by, silent).refuses(Code::BadFact, "reason");
}

#[test]
fn the_board_shows_every_reason_and_whose_signature_is_missing() {
    let mut story = history();
    let shown = |story: &Story| story.rows("waivers", &manager(Side::Client));
    let lease = "the old centre's lease ends in June";
    assert_eq!(
        shown(&story),
        [format!(
            "W-1 | {TRIAGE} | LADDER INVERSION | {lease} · no other date is left | CareBridge, the clinical lead"
        )]
    );
    story.signs_waiver(&director(Side::Outsourcer), "W-1");
    story.signs_waiver(&clinical_lead(), "W-1");
    let again = " · no other date is left";
    assert_eq!(
        shown(&story),
        [format!(
            "W-1 | {TRIAGE} | LADDER INVERSION | {lease}{again}{again}{again} | "
        )]
    );
    let notes = story
        .agree(inverted())
        .notes("gates", &manager(Side::Client));
    assert!(
        notes.contains(&format!("{TRIAGE}: LADDER INVERSION")),
        "{notes:?}"
    );
}
