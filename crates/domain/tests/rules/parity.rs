//! Parity (B13, scenario 25): counts prove, words do not.

use crate::fixture::{self, manager};
use crate::support::{Story, outcome, propose_plan};
use segue_domain::acceptance::{OutcomeRecord, ProposeAcceptance, Verdict};
use segue_domain::baseline::{BaselineFigures, BaselineKey, RecordBaseline};
use segue_domain::schedule;
use segue_domain::{Code, Side};

const MSG: &str = "RVS-Main/MSG";

/// The handbook's baseline: 3,280 of 4,000 in time.
fn with_the_handbooks_baseline() -> Story {
    let mut story = Story::discovering();
    let baseline = RecordBaseline {
        key: BaselineKey {
            site: "RVS-Main".into(),
            call_type: "MSG".into(),
            segment: None,
        },
        figures: BaselineFigures {
            weeks: 13,
            weekly_contacts: 6_900,
            offered: 4_000,
            answered_within: 3_280,
            abandoned: 120,
            aht_s: 90,
            busiest_hour_calls: 120,
            peak_concurrent: 6,
        },
        reference: "report 3".into(),
    };
    story.does(&manager(Side::Client), baseline);
    story.goes_live(MSG, 100);
    story.soaks(MSG);
    story
}

fn pilot(answered_within: u64, offered: u64, change: fn(&mut OutcomeRecord)) -> ProposeAcceptance {
    let mut record = outcome(Verdict::Pass);
    (record.answered_within, record.offered) = (answered_within, offered);
    record.abandoned = offered / 40;
    record.answered = offered - record.abandoned;
    record.handle_s = record.answered * 90;
    change(&mut record);
    ProposeAcceptance {
        chunk: MSG.into(),
        outcome: record,
    }
}

/// B13 CHECK, with the verdict `pass` handed in each time.
#[test]
fn b13_a_pass_that_the_counts_do_not_prove_is_refused() {
    let story = with_the_handbooks_baseline();
    let client = manager(Side::Client);
    let propose = |good, all| story.when(&client, pilot(good, all, |_| ()));
    propose(400, 500).refuses(
        Code::AcceptanceNotReady,
        "service level NOT PROVED: 80.0 % of 500 against 82.0 % of 4000, −5.9…+1.5 points, margin −3; need about 1,500 calls",
    );
    propose(370, 500).refuses(Code::AcceptanceNotReady, "service level WORSE");
    propose(370, 500).refuses(
        Code::AcceptanceNotReady,
        "segue do fallback --scope RVS-Main/MSG",
    );
    propose(1_230, 1_500).records(&["acceptance_proposed"]);
}

/// §7.3: abandonment within 2 points, handle time within 10 %.
#[test]
fn b13_every_critical_measure_is_judged() {
    let story = with_the_handbooks_baseline();
    let client = manager(Side::Client);
    let refused = |change, says| {
        story
            .when(&client, pilot(1_230, 1_500, change))
            .refuses(Code::AcceptanceNotReady, says);
    };
    refused(|o| o.abandoned = 120, "calls not abandoned WORSE");
    refused(|o| o.abandoned = 60, "calls not abandoned NOT PROVED");
    refused(
        |o| o.handle_s = o.answered * 100,
        "handle time WORSE: 100 s",
    );
    story
        .when(
            &client,
            pilot(1_230, 1_500, |o| o.handle_s = o.answered * 99),
        )
        .records(&["acceptance_proposed"]);
}

/// §7.13: nobody signs a margin that the planned calls cannot prove.
#[test]
fn b13_a_margin_that_the_volume_cannot_prove_is_refused_with_the_plan() {
    let mut story = Story::new();
    story.example.create.terms.margins.service_level_points = 1;
    story.walks(&segue_example::Goal::Discovered);
    let refused = story
        .when(&manager(Side::Client), propose_plan(fixture::plan()))
        .refuses(
            Code::MarginUnprovable,
            "of RVS-Main/CONSULT to prove a margin of 1 points",
        );
    assert!(!refused.to_string().contains("RVS-Main/MSG"), "{refused}");
    assert!(
        schedule::violations(&story.t, &fixture::plan(), story.now)
            .iter()
            .any(|v| v.code == Code::MarginUnprovable)
    );
}
