//! Key persons stay around a go-live: a change keeps the gate red until the post was handed over (§3.4).

use super::{MSG, change, hand_over};
use crate::fixture::{director, manager};
use crate::support::Story;
use jiff::civil::date;
use segue_domain::people::key_persons::KeyPost;
use segue_domain::{Code, Side};
use segue_example::Goal;

/// The gate of message is green on its day.
fn proved() -> Story {
    let mut story = Story::agreed();
    story.on(date(2027, 3, 1));
    story.walks(&Goal::Proved(MSG.into()));
    story
}

#[test]
fn a_clinical_lead_who_moves_on_near_the_go_live_keeps_the_gate_red() {
    let mut story = proved();
    story.does(&manager(Side::Client), change(KeyPost::ClinicalLead));
    let gate = story.sign_gate(Side::Client, MSG);
    story
        .when(&director(Side::Client), gate.clone())
        .refuses(Code::GateRed, "the clinical lead changed on 2027-03-01");
    story.does(&manager(Side::Client), hand_over(KeyPost::ClinicalLead));
    story
        .when(&director(Side::Client), gate)
        .records(&["gate_signed"]);
}

#[test]
fn a_change_long_before_the_go_live_is_none_of_its_business() {
    let mut story = Story::agreed();
    story.on(date(2027, 2, 14));
    story.does(&manager(Side::Client), change(KeyPost::ClinicalLead));
    story.on(date(2027, 3, 1));
    story.walks(&Goal::Proved(MSG.into()));
    let gate = story.sign_gate(Side::Client, MSG);
    story
        .when(&director(Side::Client), gate)
        .records(&["gate_signed"]);
}
