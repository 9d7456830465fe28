//! Triggers (A32, §7.1, §7.13): owner, threshold, test; what acts without a person, and what only alarms one.

use crate::contingency::proved;
use crate::fixture::{director, duty, manager, nurse};
use crate::support::{Story, fallback, propose_step};
use segue_domain::contingency::library::{Advice, Threshold, TriggerKind};
use segue_domain::contingency::triggers::{
    SetTriggers, SignTrigger, TestTriggers, Trigger, TriggerTest, hash,
};
use segue_domain::contingency::watch::{Heartbeat, Hold, Observed, RaiseAlarm, ReportObservation};
use segue_domain::{Code, Event, Side, gates};

const MSG: &str = "RVS-Main/MSG";

fn path_dead(automatic: bool) -> Trigger {
    Trigger {
        kind: TriggerKind::PathDead,
        owner: "rvs-engineer".into(),
        threshold: Threshold::FailuresInARow { count: 3 },
        advice: Advice::Fallback,
        automatic,
        false_alarms_per_quarter_bp: Some(10_000),
    }
}

fn set(trigger: Trigger) -> SetTriggers {
    let triggers = vec![trigger];
    SetTriggers { triggers }
}

pub(crate) fn observed(scope: &str, observed: Observed) -> ReportObservation {
    ReportObservation {
        scope: scope.into(),
        observed,
        forecast_per_100_h: Some(600),
    }
}

pub(crate) fn heartbeat(outcome: Heartbeat) -> ReportObservation {
    observed(MSG, Observed::Heartbeat { outcome })
}

fn calls(offered: u64, answered: u64, answered_within: u64, abandoned: u64) -> Observed {
    Observed::Calls {
        offered,
        answered,
        answered_within,
        abandoned,
    }
}

impl Story {
    pub(crate) fn signs_trigger(&mut self, side: Side, kind: TriggerKind) {
        let hash = hash(&self.t, &self.t.contingency.triggers[&kind].trigger);
        let signature = crate::support::signed_by(side, &hash);
        self.does(&director(side), SignTrigger { kind, signature });
    }
}

/// Live, with a trigger on the path that both let act.
pub(crate) fn armed() -> Story {
    let mut story = Story::agreed();
    story.goes_live(MSG, 20);
    story.does(&manager(Side::Client), set(path_dead(true)));
    for side in Side::BOTH {
        story.signs_trigger(side, TriggerKind::PathDead);
    }
    story
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    let mut story = armed();
    for _ in 0..3 {
        story.does(&duty(Side::Client), heartbeat(Heartbeat::Busy));
    }
    story
}

#[test]
fn a32_every_trigger_has_an_owner_and_a_test_that_fires_it() {
    let ready = proved();
    assert_eq!(ready.red(MSG), Vec::<String>::new());
    let mut story = Story::agreed();
    let missing = "fallback drill: triggers without an owner: path dead, nobody answers, trunks down, guardrail fail, \
                   service level collapse, abandonment, handle time, record access lost, agent shortfall, clinical harm, \
                   cyber incident, weather, surge, contract dispute, data breach, strike";
    assert!(
        story.red(MSG).contains(&missing.to_owned()),
        "{:?}",
        story.red(MSG)
    );
    story.does(&manager(Side::Client), set(path_dead(false)));
    let untested = "fallback drill: triggers that no test fired: path dead".to_owned();
    assert!(story.red(MSG).contains(&untested));
    let test = |outcomes: &[Heartbeat]| TestTriggers {
        tests: vec![TriggerTest {
            kind: TriggerKind::PathDead,
            observed: outcomes
                .iter()
                .map(|outcome| Observed::Heartbeat { outcome: *outcome })
                .collect(),
        }],
    };
    let (bad, good) = (Heartbeat::Ringing, Heartbeat::Answered);
    for too_little in [
        &[][..],
        &[bad, bad],
        &[bad, bad, good],
        &[bad, bad, good, bad],
    ] {
        story.when(&nurse(), test(too_little)).refuses(
            Code::BadFact,
            "observations that fire `path dead`: 3 heartbeats in a row failed",
        );
    }
    story.does(&nurse(), test(&[bad, bad, bad]));
    assert!(!story.red(MSG).contains(&untested));
    // Another threshold is another trigger: it is tested anew.
    let mut four = path_dead(false);
    four.threshold = Threshold::FailuresInARow { count: 4 };
    story.does(&manager(Side::Client), set(four));
    assert!(story.red(MSG).contains(&untested));
    assert!(
        story.t.contingency.alarms.is_empty(),
        "a test alarms nobody"
    );
}

#[test]
fn a32_each_kind_in_the_examples_library_fires_in_its_test() {
    let story = proved();
    let triggers = &story.t.contingency.triggers;
    assert_eq!(triggers.len(), TriggerKind::ALL.len());
    assert!(triggers.values().all(|set| set.tested_at.is_some()));
    assert!(
        triggers.values().all(|set| !set.acts()),
        "nothing acts unsigned"
    );
}

#[test]
fn a_threshold_belongs_to_its_kind() {
    let story = proved();
    for kind in TriggerKind::ALL {
        let threshold = Threshold::FailuresInARow { count: 0 };
        let other = Trigger {
            kind,
            threshold,
            ..path_dead(false)
        };
        story
            .when(&manager(Side::Client), set(other))
            .refuses(Code::BadFact, kind.words());
    }
    let nobody = Trigger {
        owner: "".into(),
        ..path_dead(false)
    };
    story
        .when(&manager(Side::Client), set(nobody))
        .refuses(Code::BadFact, "an owner");
}

#[test]
fn s7_1_only_four_kinds_may_act_without_a_person() {
    let story = proved();
    let known = &story.t.contingency.triggers;
    for kind in TriggerKind::ALL {
        let threshold = known[&kind].trigger.threshold;
        let trigger = Trigger {
            kind,
            threshold,
            ..path_dead(true)
        };
        let then = story.when(&manager(Side::Client), set(trigger));
        if kind.may_be_automatic() {
            then.records(&["triggers_set"]);
        } else {
            then.refuses(Code::TriggerNotAutomatic, "ambiguous");
        }
    }
}

#[test]
fn s7_13_false_alarms_are_stated_and_at_most_one_a_quarter() {
    let story = proved();
    for (bp, says) in [
        (None, "to be expected"),
        (Some(10_001), "at most 1.00 false alarms"),
    ] {
        let trigger = Trigger {
            false_alarms_per_quarter_bp: bp,
            ..path_dead(true)
        };
        story
            .when(&manager(Side::Client), set(trigger))
            .refuses(Code::TriggerNotAutomatic, says);
    }
    let signature = crate::support::signed_by(Side::Client, &"0".repeat(64));
    let kind = TriggerKind::Strike;
    story
        .when(&director(Side::Client), SignTrigger { kind, signature })
        .refuses(Code::TriggerNotAutomatic, "an automatic trigger `strike`");
}

#[test]
fn s16_three_failures_in_a_row_bring_the_chunk_home_when_both_signed() {
    let mut story = armed();
    let watcher = duty(Side::Client);
    let since = story.now;
    for _ in 0..2 {
        story.does(&watcher, heartbeat(Heartbeat::Failed));
        story.stands(MSG, "live", 20);
        story.minutes_pass(1);
    }
    story
        .when(&watcher, heartbeat(Heartbeat::Failed))
        .records(&["observation_recorded", "alarm_raised", "fell_back"]);
    story.does(&watcher, heartbeat(Heartbeat::Failed));
    story.stands(MSG, "returned", 0);
    let alarm = &story.t.contingency.alarms[0];
    assert_eq!((alarm.since, alarm.at), (since, story.now));
    for side in Side::BOTH {
        story
            .when(&duty(side), heartbeat(Heartbeat::Failed))
            .changes_nothing();
    }
    assert!(
        story
            .red(MSG)
            .iter()
            .any(|red| red.starts_with("technology: alarm open: path dead"))
    );
    story.does(&watcher, heartbeat(Heartbeat::Answered));
    assert!(!story.red(MSG).iter().any(|red| red.contains("alarm open")));
    story
        .when(&watcher, heartbeat(Heartbeat::Answered))
        .changes_nothing();
}

#[test]
fn s16_a_changed_trigger_acts_only_when_both_sign_it_again() {
    let mut story = armed();
    let mut two = path_dead(true);
    two.threshold = Threshold::FailuresInARow { count: 2 };
    story.does(&manager(Side::Outsourcer), set(two));
    story.signs_trigger(Side::Client, TriggerKind::PathDead);
    let watcher = duty(Side::Client);
    story.does(&watcher, heartbeat(Heartbeat::NoHuman));
    story
        .when(&watcher, heartbeat(Heartbeat::WrongPrompt))
        .records(&["observation_recorded", "alarm_raised"]);
    story.does(&watcher, heartbeat(Heartbeat::WrongPrompt));
    story.stands(MSG, "live", 20);
    // Signed while it is still so: the next observation acts.
    story.signs_trigger(Side::Outsourcer, TriggerKind::PathDead);
    story
        .when(&watcher, heartbeat(Heartbeat::Busy))
        .records(&["fell_back"]);
}

#[test]
fn a32_what_the_other_thresholds_see() {
    let mut story = Story::agreed();
    story.goes_live(MSG, 20);
    let watcher = duty(Side::Outsourcer);
    for (kind, below, at) in [
        (
            TriggerKind::NobodyAnswers,
            calls(4, 0, 0, 0),
            calls(5, 0, 0, 0),
        ),
        (
            TriggerKind::TrunksDown,
            Observed::Trunks { up: 1, of: 2 },
            Observed::Trunks { up: 0, of: 2 },
        ),
        (
            TriggerKind::GuardrailFail,
            Observed::Guardrail { failed: false },
            Observed::Guardrail { failed: true },
        ),
        (
            TriggerKind::ServiceLevelCollapse,
            calls(100, 60, 50, 0),
            calls(100, 60, 49, 0),
        ),
        (
            TriggerKind::Abandonment,
            calls(100, 80, 80, 20),
            calls(100, 79, 79, 21),
        ),
        (
            TriggerKind::HandleTime,
            Observed::HandleTime {
                aht_s: 858,
                planned_s: 660,
            },
            Observed::HandleTime {
                aht_s: 859,
                planned_s: 660,
            },
        ),
        (
            TriggerKind::AgentShortfall,
            Observed::Agents {
                logged_in: 8,
                rostered: 10,
            },
            Observed::Agents {
                logged_in: 7,
                rostered: 10,
            },
        ),
    ] {
        // Only this trigger may fire.
        let mut alone = story.clone();
        alone.t.contingency.triggers.retain(|own, _| *own == kind);
        alone.when(&watcher, observed(MSG, below)).changes_nothing();
        let facts = alone.does(&watcher, observed(MSG, at));
        let [Event::ObservationRecorded(_), Event::AlarmRaised(alarm)] = facts.as_slice() else {
            panic!("{kind:?}: {facts:?}")
        };
        assert_eq!(alarm.kind, kind);
        alone.when(&watcher, observed(MSG, at)).changes_nothing();
        alone.does(&watcher, observed(MSG, below));
        assert!(alone.t.contingency.watches[MSG].open.is_empty(), "{kind:?}");
        alone.stands(MSG, "live", 20);
    }
}

#[test]
fn a32_what_no_watch_sees_has_a_button_for_everybody() {
    let mut story = proved();
    let agent = segue_example::of(Side::Outsourcer, segue_domain::Role::Agent);
    let harm = |seen: &str| RaiseAlarm {
        kind: TriggerKind::ClinicalHarm,
        scope: "all".into(),
        seen: seen.into(),
    };
    story
        .when(&agent, harm("MRN 0048213 waited"))
        .refuses(Code::CallerData, "what was seen");
    story.does(
        &agent,
        harm("chest pain waited 9 minutes on the message line"),
    );
    let shown = story.board("triggers", Side::Client);
    assert!(shown.contains("clinical harm at all"), "{shown}");
    assert!(
        shown.contains("bring the calls home; paged: the duty managers of both parties, cb-deputy"),
        "{shown}"
    );
    let elsewhere = RaiseAlarm {
        scope: "moon".into(),
        ..harm("x")
    };
    story.when(&agent, elsewhere).refuses(Code::Unknown, "moon");
    let early = Story::created();
    early
        .when(&agent, harm("x"))
        .refuses(Code::Unknown, "a trigger `clinical harm`");
}

/// Silence is never success: while the guard hears nothing, nothing goes forward, and everything may go home.
#[test]
fn what_the_guard_holds_goes_no_further() {
    let mut story = Story::agreed();
    story.goes_live(MSG, 20);
    let guard = |holds| observed(MSG, Observed::Guard { holds });
    for hold in [Hold::FeedSilent, Hold::Evidence, Hold::InHouseUnwell] {
        story
            .when(&duty(Side::Client), guard(Some(hold)))
            .records(&["observation_recorded"]);
        story.does(&duty(Side::Client), guard(Some(hold)));
        story
            .when(&duty(Side::Client), guard(Some(hold)))
            .changes_nothing();
        assert!(
            gates::red(&story.t, &MSG.into(), story.now)
                .iter()
                .any(|f| f.contains(hold.words())),
            "{}",
            hold.words()
        );
        story
            .when(&manager(Side::Client), propose_step(MSG, 50))
            .refuses(Code::GateRed, hold.words());
        let mut home_again = story.clone();
        home_again.does(&duty(Side::Outsourcer), fallback("all"));
        assert!(!home_again.t.chunks[&MSG.into()].is_out());
    }
    // Who is held does not lift it.
    story
        .when(&duty(Side::Outsourcer), guard(None))
        .refuses(Code::NotAuthorised, "lift what the guard holds");
    story.does(&duty(Side::Client), guard(None));
    assert!(
        !gates::red(&story.t, &MSG.into(), story.now)
            .iter()
            .any(|f| f.contains("guard"))
    );
}
