//! Contingency (A30, §7.11): plan, drill, printed runbook, escalation, 911/988, last resort.

use crate::fixture::{director, manager, nurse};
use crate::support::{Story, propose_step, signed_by};
use segue_domain::contingency::drills::{PrintRunbook, RecordDrill};
use segue_domain::contingency::escalation::{
    RecordEmergencyDrill, RecordEscalationTest, RecordLastResortCall,
};
use segue_domain::contingency::plan::{
    ContingencyPlan, Mechanism, ProposeContingencyPlan, SignContingencyPlan,
};
use segue_domain::{Code, Command, Role, Side, gates};
use segue_example::Goal;

const MSG: &str = "RVS-Main/MSG";

pub(crate) fn proved() -> Story {
    let mut story = Story::agreed();
    story.walks(&Goal::Proved(MSG.into()));
    story
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    proved()
}

fn plan(story: &Story) -> ContingencyPlan {
    story.t.contingency.plans[&MSG.into()].proposed.plan.clone()
}

fn propose(plan: ContingencyPlan) -> ProposeContingencyPlan {
    let chunk = MSG.into();
    ProposeContingencyPlan { chunk, plan }
}

fn drill() -> RecordDrill {
    RecordDrill {
        chunks: vec![MSG.into()],
        started_at: None,
        first_call_s: 41,
        calls: 200,
        calls_lost: 0,
        callbacks_listed: true,
        reference: "drill record 4".into(),
    }
}

fn escalation() -> RecordEscalationTest {
    RecordEscalationTest {
        chunks: vec![MSG.into()],
        number: "7900".into(),
        nurse_after_s: 30,
        warm: true,
        past_split: true,
        failed: false,
    }
}

fn emergency() -> RecordEmergencyDrill {
    RecordEmergencyDrill {
        chunks: vec![MSG.into()],
        partner_number: "7990".into(),
        by_patient_location: true,
        address_first: true,
        crisis_line_warm: true,
    }
}

impl Story {
    /// What keeps the gate red once everything else is green; nothing when it is green.
    pub(crate) fn red(&self, chunk: &str) -> Vec<String> {
        gates::red(&self.t, &chunk.into(), self.now)
    }
}

#[test]
fn a30_each_lapse_of_the_contingency_plan_alone_keeps_the_gate_red() {
    let ready = proved();
    assert_eq!(ready.red(MSG), Vec::<String>::new());
    let revised = ContingencyPlan {
        rto_s: 59,
        ..plan(&ready)
    };
    let lapses: Vec<(Command, &str)> = vec![
        (
            propose(revised).into(),
            "fallback drill: contingency plan without the signature of Riverside Health, CareBridge",
        ),
        (
            RecordDrill {
                first_call_s: 61,
                ..drill()
            }
            .into(),
            "fallback drill: the drill took 61 s, agreed are 60 s",
        ),
        (
            RecordDrill {
                calls: 199,
                ..drill()
            }
            .into(),
            "fallback drill: drilled with 199 calls under way, at least 200",
        ),
        (
            RecordDrill {
                calls_lost: 1,
                ..drill()
            }
            .into(),
            "fallback drill: the drill lost 1 calls",
        ),
        (
            RecordDrill {
                callbacks_listed: false,
                ..drill()
            }
            .into(),
            "fallback drill: the drill listed no open callbacks",
        ),
        (
            RecordDrill {
                started_at: Some("2026-12-03T14:00:00Z".parse().unwrap()),
                ..drill()
            }
            .into(),
            "fallback drill: drilled 32 days ago, at most 30",
        ),
    ];
    for (command, text) in lapses {
        let mut story = ready.clone();
        story.does(&manager(Side::Client), command);
        assert!(
            story.red(MSG).contains(&text.to_owned()),
            "{:?}",
            story.red(MSG)
        );
        story
            .when(&director(Side::Client), story.sign_gate(Side::Client, MSG))
            .refuses(Code::GateRed, text);
    }
}

#[test]
fn a30_a_plan_drilled_31_days_ago_is_red_and_30_days_ago_is_not() {
    let mut story = proved();
    let red = |story: &Story| {
        let red = story.red(MSG).join("; ");
        red.contains("drilled 31 days ago, at most 30")
    };
    story.hours_pass(31 * 24 - 1);
    assert!(!red(&story), "{:?}", story.red(MSG));
    assert!(
        story
            .board("contingency", Side::Outsourcer)
            .contains("last drilled 30 days ago, 41 s")
    );
    story.hours_pass(1);
    assert!(red(&story), "{:?}", story.red(MSG));
    story.waits_for(MSG, 20);
    story
        .when(&manager(Side::Client), propose_step(MSG, 20))
        .refuses(Code::GateRed, "fallback drill: drilled 5");
}

#[test]
fn a30_the_agreed_time_is_within_the_target_of_its_mechanism() {
    let story = proved();
    let by = manager(Side::Client);
    for (mechanism, target_s) in [
        (Mechanism::Api, 60),
        (Mechanism::PbxForward, 300),
        (Mechanism::RespOrg, 900),
    ] {
        let of = |rto_s| {
            propose(ContingencyPlan {
                mechanism,
                rto_s,
                ..plan(&story)
            })
        };
        story
            .when(&by, of(target_s + 1))
            .refuses(Code::FallbackRto, "a return within");
        story
            .when(&by, of(0))
            .refuses(Code::FallbackRto, "a return within");
        if of(target_s).plan != plan(&story) {
            story
                .when(&by, of(target_s))
                .records(&["contingency_plan_proposed"]);
        }
    }
    story.when(&by, propose(plan(&story))).changes_nothing();
}

#[test]
fn a30_somebody_of_each_party_decides_alone_and_may_bring_calls_home() {
    let story = proved();
    let by = manager(Side::Client);
    let without = |change: fn(&mut ContingencyPlan)| {
        let mut plan = plan(&story);
        change(&mut plan);
        propose(plan)
    };
    for (change, says) in [
        (
            (|p| p.contacts[0].decides = false) as fn(&mut ContingencyPlan),
            "a contact of the client who decides",
        ),
        (
            |p| p.contacts[1].role = Role::Viewer,
            "a contact of the outsourcer who decides",
        ),
        (|p| p.steps.clear(), "at least one step"),
        (
            |p| p.steps[0] = String::new(),
            "a step of the contingency plan",
        ),
        (|p| p.call_in.clear(), "to call in"),
        (
            |p| p.call_in[0] = "609-555-0110".into(),
            "pseudonym to call in",
        ),
        (|p| p.overload_message = String::new(), "what callers hear"),
    ] {
        story
            .when(&by, without(change))
            .refuses(Code::BadFact, says);
    }
    let number = without(|p| p.steps[0] = "call +1 (609) 555-0110".into());
    story
        .when(&by, number)
        .refuses(Code::CallerData, "a long number");
}

#[test]
fn a30_a_changed_plan_is_signed_and_drilled_anew() {
    let mut story = proved();
    let before = story.t.contingency.plans[&MSG.into()].proposed.hash.clone();
    let revised = ContingencyPlan {
        rto_s: 50,
        ..plan(&story)
    };
    story.minutes_pass(1);
    story.does(&manager(Side::Outsourcer), propose(revised));
    let stale = SignContingencyPlan {
        chunk: MSG.into(),
        signature: signed_by(Side::Client, &before),
    };
    story
        .when(&director(Side::Client), stale)
        .refuses(Code::HashMismatch, "");
    assert!(
        story
            .red(MSG)
            .contains(&"fallback drill: drilled under an older contingency plan".to_owned())
    );
    story.walks(&Goal::Proved(MSG.into()));
    assert_eq!(story.red(MSG), Vec::<String>::new());
    let none = SignContingencyPlan {
        chunk: "RVS-North/MSG".into(),
        signature: signed_by(Side::Client, &before),
    };
    story
        .when(&director(Side::Client), none)
        .refuses(Code::Unknown, "contingency plan of RVS-North/MSG");
}

#[test]
fn triage_needs_the_clinical_leads_signature_under_its_contingency_plan() {
    let mut story = Story::agreed();
    let triage = "RVS-Main/TRIAGE";
    let plan = plan(&proved());
    let chunk = triage.into();
    story.does(
        &manager(Side::Client),
        ProposeContingencyPlan { chunk, plan },
    );
    for side in Side::BOTH {
        let hash = story.t.contingency.plans[&triage.into()]
            .proposed
            .hash
            .clone();
        let (chunk, signature) = (triage.into(), signed_by(side, &hash));
        story.does(&director(side), SignContingencyPlan { chunk, signature });
    }
    let red = "fallback drill: contingency plan without the signature of the clinical lead";
    assert!(
        story.red(triage).contains(&red.to_owned()),
        "{:?}",
        story.red(triage)
    );
}

#[test]
fn a_drill_lies_in_the_past_and_names_chunks_of_the_plan() {
    let story = proved();
    let by = manager(Side::Client);
    let ahead = RecordDrill {
        started_at: Some(story.now + jiff::SignedDuration::from_secs(1)),
        ..drill()
    };
    story.when(&by, ahead).refuses(Code::BadFact, "past");
    let nothing = RecordDrill {
        chunks: Vec::new(),
        ..drill()
    };
    story
        .when(&by, nothing)
        .refuses(Code::BadFact, "at least one chunk");
    let unknown = RecordDrill {
        chunks: vec!["X/Y".into()],
        ..drill()
    };
    story.when(&by, unknown).refuses(Code::Unknown, "X/Y");
}

#[test]
fn the_printed_runbook_is_pointed_out_when_it_is_older_than_a_week() {
    let mut story = proved();
    story.hours_pass(7 * 24);
    let shown = story.board("contingency", Side::Client);
    assert!(shown.contains("| printed 7 days ago |"), "{shown}");
    story.hours_pass(24);
    let shown = story.board("contingency", Side::Client);
    assert!(
        shown.contains("printed 8 days ago: print it again"),
        "{shown}"
    );
    story.does(
        &crate::fixture::duty(Side::Client),
        PrintRunbook {
            chunks: vec![MSG.into()],
        },
    );
    assert!(
        story
            .board("contingency", Side::Client)
            .contains("| printed 0 days ago |")
    );
}

#[test]
fn s7_11_every_chunk_below_triage_reaches_a_nurse_past_the_split_warm_within_30_s() {
    let ready = proved();
    for (test, text) in [
        (
            RecordEscalationTest {
                nurse_after_s: 31,
                ..escalation()
            },
            "processes: escalation reached a nurse after 31 s, at most 30 s",
        ),
        (
            RecordEscalationTest {
                warm: false,
                ..escalation()
            },
            "processes: the escalation was not warm",
        ),
        (
            RecordEscalationTest {
                past_split: false,
                ..escalation()
            },
            "processes: the escalation went through the split",
        ),
        (
            RecordEscalationTest {
                failed: true,
                ..escalation()
            },
            "processes: the last test of the escalation failed",
        ),
    ] {
        let mut story = ready.clone();
        story.does(&nurse(), test);
        assert_eq!(story.red(MSG), [text]);
        story.does(&nurse(), escalation());
        assert_eq!(story.red(MSG), Vec::<String>::new());
    }
    let other = RecordEscalationTest {
        number: "7001".into(),
        ..escalation()
    };
    ready.when(&nurse(), other).refuses(
        Code::BadFact,
        "an escalation number of the lines of RVS-Main/MSG",
    );
    let mut old = ready.clone();
    old.hours_pass(15 * 24);
    assert!(
        old.red(MSG)
            .contains(&"processes: escalation tested 15 days ago, at most 14".to_owned())
    );
    let untested = Story::agreed();
    let says = "processes: escalation to a nurse never tested".to_owned();
    assert!(untested.red("RVS-Main/CONSULT").contains(&says));
    assert!(
        !untested.red("RVS-Main/TRIAGE").contains(&says),
        "triage is the nurse"
    );
}

#[test]
fn s7_11_911_and_988_are_drilled_with_test_partners_never_live() {
    let ready = proved();
    for live in ["911", "9-1-1", "988", "112"] {
        let drill = RecordEmergencyDrill {
            partner_number: live.into(),
            ..emergency()
        };
        ready
            .when(&nurse(), drill)
            .refuses(Code::EmergencyTarget, "a test partner's number");
    }
    for (drill, text) in [
        (
            RecordEmergencyDrill {
                by_patient_location: false,
                ..emergency()
            },
            "processes: 911 drill: not the emergency service of the patient's location",
        ),
        (
            RecordEmergencyDrill {
                address_first: false,
                ..emergency()
            },
            "processes: 911 drill: the address was not asked first",
        ),
        (
            RecordEmergencyDrill {
                crisis_line_warm: false,
                ..emergency()
            },
            "processes: 988 drill: not handed over warm",
        ),
    ] {
        let mut story = ready.clone();
        story.does(&nurse(), drill);
        assert_eq!(story.red(MSG), [text]);
    }
    let mut old = ready.clone();
    old.hours_pass(91 * 24);
    assert!(
        old.red(MSG)
            .contains(&"processes: 911 and 988 drilled 91 days ago, at most 90".to_owned())
    );
    assert!(
        Story::agreed()
            .red("RVS-Main/TRIAGE")
            .contains(&"processes: 911 and 988 never drilled".to_owned())
    );
}

#[test]
fn s7_11_the_last_resort_is_called_weekly() {
    let mut story = proved();
    let lines: Vec<_> = story.chunk(MSG).planned.lines.clone();
    story.hours_pass(8 * 24 - 1);
    let stale = format!("technology: last resort of {} called", lines[0]);
    assert!(!story.red(MSG).iter().any(|red| red.starts_with(&stale)));
    story.hours_pass(1);
    assert!(
        story.red(MSG).iter().any(|red| red.starts_with(&stale)),
        "{:?}",
        story.red(MSG)
    );
    let call = |answered| RecordLastResortCall {
        lines: lines.clone(),
        answered,
        reference: Some("trials/last-resort-abcdefghijklmnop.json".into()),
    };
    story.does(&nurse(), call(false));
    let silent = format!("technology: last resort of {} did not answer", lines[0]);
    assert!(story.red(MSG).contains(&silent));
    story.does(&nurse(), call(true));
    assert!(!story.red(MSG).iter().any(|red| red.contains("last resort")));
    let unknown = RecordLastResortCall {
        lines: vec!["nowhere".into()],
        answered: true,
        reference: None,
    };
    story
        .when(&nurse(), unknown)
        .refuses(Code::Unknown, "line `nowhere`");
}
