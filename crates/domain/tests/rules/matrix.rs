//! Every command in every state of a small transition, against a table that people have reviewed.
//!
//! The commands are those of the small example's people and of the concerns' histories, signed anew for the state they are tried in. `✓` is accepted, `=` is
//! accepted and changes nothing, a code is a refusal. What names something that the state has not is tried again after the
//! history's own preparation (`°`). A change of a rule shows here; read the difference before writing it
//! (`SEGUE_GOLDEN=write cargo nextest run -p segue-domain matrix`).

use crate::fixture::{duty, manager};
use crate::golden::HISTORIES;
use crate::support::{Story, fallback, lower, propose_step};
use segue_domain::account_manager::RemoveAccountManager;
use segue_domain::contingency::library::TriggerKind;
use segue_domain::contingency::paper::RecordPaperFallback;
use segue_domain::contingency::watch::RaiseAlarm;
use segue_domain::pauses::PauseChunk;
use segue_domain::signature::hash_to_sign;
use segue_domain::waivers::Waivable;
use segue_domain::{Actor, Command, Side, decide, fields};
use segue_example::{Example, Goal};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

const MSG: &str = "RVS-Main/MSG";

/// The states, in the order of the trade, each reached by real commands.
fn states() -> Vec<(&'static str, Story)> {
    let at = |goal: Goal| {
        let mut story = small();
        story.walks(&goal);
        story
    };
    let chunk = || MSG.into();
    let mut stepping = at(Goal::Ready(chunk()));
    stepping.does(&manager(Side::Client), propose_step(MSG, 20));
    let mut returned = at(Goal::Live(chunk(), 20));
    returned.does(&duty(Side::Client), fallback("all"));
    let mut paused = at(Goal::Live(chunk(), 20));
    let pause = PauseChunk {
        chunk: chunk(),
        reason: "headsets fail".into(),
        calls: Vec::new(),
        reference: None,
    };
    paused.does(&duty(Side::Client), pause);
    vec![
        ("nothing", small()),
        ("created", at(Goal::Created)),
        ("managed", at(Goal::AccountManaged)),
        ("discovering", at(Goal::Discovering { open: 3 })),
        ("discovered", at(Goal::Discovered)),
        ("proposed", at(Goal::Proposed)),
        ("agreed", at(Goal::Agreed)),
        ("proved", at(Goal::Proved(chunk()))),
        ("ready", at(Goal::Ready(chunk()))),
        ("step proposed", stepping),
        ("live", at(Goal::Live(chunk(), 20))),
        ("paused", paused),
        ("returned", returned),
        ("held", at(Goal::Accepted(chunk()))),
        ("closed", at(Goal::Closed(chunk()))),
    ]
}

/// The small example, with what it has no weeks for waived.
pub(crate) fn small() -> Story {
    let rules = [
        Waivable::Rush,
        Waivable::MassCutover,
        Waivable::ChangeFreeze,
    ];
    Story {
        example: Example::small().waiving(&rules),
        ..Story::new()
    }
}

/// One instance of a command, and what its people had said before it.
pub(crate) struct Sample {
    actor: Actor,
    pub(crate) command: Command,
    before: Vec<(Actor, Command)>,
}

impl Sample {
    fn about_the_small(&self) -> Self {
        Self {
            actor: self.actor.clone(),
            command: about_the_small(&self.command),
            before: Vec::new(),
        }
    }
}

/// What moves the transition on: a preparation must not leave the state that a row is about.
const MOVES: [&str; 10] = [
    "propose_plan",
    "sign_plan",
    "sign_gate",
    "propose_step",
    "approve_step",
    "lower_share",
    "fallback",
    "propose_acceptance",
    "sign_acceptance",
    "sign_closure",
];

/// One instance of each command: the first that the small example's people send, or else that some history sent.
pub(crate) fn commands() -> BTreeMap<&'static str, Sample> {
    let mut whole = small();
    whole.walks(&Goal::Closed(MSG.into()));
    let own = whole.said.clone();
    let others = HISTORIES.iter().map(|history| history().said);
    let mut found = BTreeMap::new();
    for said in std::iter::once(whole.said)
        .chain(others)
        .chain([without_a_fact_of_their_own()])
    {
        let mut before: Vec<(Actor, Command)> = Vec::new();
        for (actor, command) in said {
            found.entry(command.name()).or_insert_with(|| Sample {
                actor: actor.clone(),
                command: command.clone(),
                before: before.clone(),
            });
            let said = (actor, command);
            if !MOVES.contains(&said.1.name()) && !own.contains(&said) {
                before.push(said);
            }
        }
    }
    found
}

/// What `decide` answers to a command here, signed for here.
fn answer(story: &Story, sample: &Sample) -> String {
    let here = signed_here(story, &sample.actor, &sample.command);
    match decide(&story.t, &here, &sample.actor, story.now) {
        Ok(events) if events.is_empty() => "=".to_owned(),
        Ok(_) => "✓".to_owned(),
        Err(refusal) => format!("`{}`", refusal.code),
    }
}

/// The state with as much of the preparation as it takes.
fn prepared(story: &Story, sample: &Sample) -> Story {
    let mut story = story.clone();
    for (actor, command) in &sample.before {
        let here = signed_here(&story, actor, &about_the_small(command));
        if let Ok(events) = decide(&story.t, &here, actor, story.now) {
            story.record(&events);
        }
    }
    story
}

/// Commands that leave a fact which another command leaves too, so that no history needs them.
fn without_a_fact_of_their_own() -> Vec<(Actor, Command)> {
    let alarm = RaiseAlarm {
        kind: TriggerKind::TrunksDown,
        scope: "all".into(),
        seen: "every trunk is down".into(),
    };
    let paper = RecordPaperFallback {
        scope: "all".into(),
        at: "2027-03-01T15:00:00Z".parse().unwrap(),
        how: "*73 from the line".into(),
    };
    vec![
        (manager(Side::Client), RemoveAccountManager {}.into()),
        (duty(Side::Client), lower(MSG, 10).into()),
        (duty(Side::Client), alarm.into()),
        (duty(Side::Client), paper.into()),
    ]
}

/// The same command about the small example's one centre, chunk and call type.
fn about_the_small(command: &Command) -> Command {
    let Ok(Value::Object(object)) = serde_json::to_value(command) else {
        return command.clone();
    };
    let mut text = serde_json::to_string(&object).unwrap();
    for other in [
        "RVS-Main/APPT",
        "RVS-Main/CONSULT",
        "RVS-Main/TRIAGE",
        "RVS-North/MSG",
    ] {
        text = text.replace(other, MSG);
    }
    for other in ["APPT", "CONSULT", "TRIAGE"] {
        text = text.replace(&format!("\"{other}\""), "\"MSG\"");
    }
    let mut object: Map<String, Value> = serde_json::from_str(&text).unwrap();
    object.remove("command");
    fields::command(command.name(), object).unwrap_or_else(|_| command.clone())
}

/// The same command, with the signature that it would carry here.
fn signed_here(story: &Story, actor: &Actor, command: &Command) -> Command {
    let Ok(Value::Object(object)) = serde_json::to_value(command) else {
        return command.clone();
    };
    let mut object: Map<String, Value> = object;
    object.remove("command");
    let Some(hash) = hash_to_sign(&story.t, command.name(), &object) else {
        return command.clone();
    };
    object.extend(segue_example::sign(actor, &hash).into_fields());
    fields::command(command.name(), object).unwrap_or_else(|_| command.clone())
}

fn table() -> String {
    let states = states();
    let mut table = String::from("# Every command in every state\n\n");
    table.push_str("What `decide` answers in each state of the small example: `✓` accepted, `=` accepted and nothing new, else the\n");
    table.push_str(
        "refusal. What names something that the state has not is tried again after what it needs was recorded as far as the state\nlets it be (`°`). Generated and compared by `crates/domain/tests/rules/matrix.rs`.\n\n| command |",
    );
    for (name, _) in &states {
        let _ = write!(table, " {name} |");
    }
    let _ = writeln!(table, "\n|---|{}", "---|".repeat(states.len()));
    let known = commands();
    let unsent: Vec<_> = Command::NAMES
        .iter()
        .filter(|name| !known.contains_key(*name))
        .collect();
    assert!(
        unsent.is_empty(),
        "no history sends {unsent:?}; add it to the concern's `history`"
    );
    let samples = Command::NAMES
        .iter()
        .filter_map(|name| Some((name, known.get(name)?)));
    for (name, sample) in samples {
        let _ = write!(table, "| {name} |");
        for (_, story) in &states {
            let mut cell = answer(story, sample);
            if cell == "`UNKNOWN`" {
                let there = prepared(story, sample);
                cell = answer(&there, &sample.about_the_small()) + "°";
            }
            let _ = write!(table, " {cell} |");
        }
        table.push('\n');
    }
    table
}

#[test]
fn every_command_in_every_state_answers_as_reviewed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/commands-by-state.md");
    let table = table();
    if std::env::var("SEGUE_GOLDEN").is_ok_and(|v| v == "write") {
        std::fs::write(&path, &table).unwrap();
    }
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    for (reviewed, now) in reviewed.lines().zip(table.lines()) {
        assert_eq!(reviewed, now);
    }
    assert_eq!(reviewed.lines().count(), table.lines().count());
}

/// Whatever the state, one person of either party may bring everything home.
#[test]
fn no_state_refuses_to_bring_everything_home() {
    for (name, story) in states() {
        for side in Side::BOTH {
            let decided = decide(&story.t, &fallback("all").into(), &duty(side), story.now);
            if story.t.is_created() {
                assert!(decided.is_ok(), "{name}: {decided:?}");
            }
        }
    }
}
