//! Every command, every role, both parties: what `decide` answers, against a table that people have reviewed (§4.3).
//!
//! `docs/rights.md` is made from the answers, not from the rule, so that the two cannot be wrong together. Read its
//! difference before writing it (`SEGUE_GOLDEN=write cargo nextest run -p segue-domain rights`).

use crate::matrix::{commands, small};
use crate::support::Story;
use segue_domain::{Actor, Code, Command, Refusal, Right, Role, Side, decide, rights};
use segue_example::Goal;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A transition in the middle of its life.
fn moving() -> Story {
    let mut story = small();
    story.walks(&Goal::Ready("RVS-Main/MSG".into()));
    story
}

fn asked(story: &Story, command: &Command, actor: &Actor) -> Result<(), Refusal> {
    decide(&story.t, command, actor, story.now).map(drop)
}

/// Whether the table itself turned somebody away, before any rule of the concern.
fn turned_away(answer: &Result<(), Refusal>) -> bool {
    answer.as_ref().is_err_and(|refusal| {
        refusal.code == Code::NotAuthorised && refusal.missing[0].contains(" who may ")
    })
}

fn compare(path: &Path, now: &str) {
    if std::env::var("SEGUE_GOLDEN").is_ok_and(|v| v == "write") {
        std::fs::write(path, now).unwrap();
    }
    let reviewed = std::fs::read_to_string(path).unwrap_or_default();
    for (reviewed, now) in reviewed.lines().zip(now.lines()) {
        assert_eq!(reviewed, now, "{}", path.display());
    }
    assert_eq!(reviewed.lines().count(), now.lines().count());
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The answers to one command: a cell per role.
fn row(story: &Story, name: &str, command: &Command) -> String {
    let cell = |role: Role| {
        let let_in =
            |side: &Side| !turned_away(&asked(story, command, &Actor::new("pat", *side, &[role])));
        match Side::BOTH.map(|side| let_in(&side)) {
            [true, true] => "both",
            [true, false] => "client",
            [false, true] => "outsourcer",
            [false, false] => "·",
        }
    };
    let cells: Vec<_> = Role::ALL.into_iter().map(cell).collect();
    format!(
        "| {name} | {} | {} |\n",
        cells.join(" | "),
        rights::besides(name)
    )
}

#[test]
fn every_role_of_both_parties_may_do_what_was_reviewed_and_nothing_else() {
    let story = moving();
    let samples = commands();
    let mut table = String::from(
        "# Who may do what\n\n\
         Every command and every role, as `decide` answers (`domain.md` §4.3): people of `both` parties, of the `client`, of the\n\
         `outsourcer`, or nobody (`·`). *Besides* is what the command's own rule asks of the person. What binds needs both parties'\n\
         signatures; what brings calls home needs one person of either party. Nobody edits the journal: there is no command for it.\n\
         Generated and compared by `crates/domain/tests/rules/rights.rs`; the rule is `crates/domain/src/rights.rs`.\n\n| command |",
    );
    for role in Role::ALL {
        let _ = write!(table, " {} |", role.words());
    }
    let _ = writeln!(
        table,
        " besides |\n|---|{}---|",
        "---|".repeat(Role::ALL.len())
    );
    for name in Command::NAMES {
        table.push_str(&row(&story, name, &samples[name].command));
    }
    compare(&here("../../docs/rights.md"), &table);
}

#[test]
fn the_rule_says_what_decide_does_and_the_refusal_says_who_may() {
    let story = moving();
    for (name, sample) in commands() {
        let rule = rights::named(name).unwrap();
        assert_eq!(rule, rights::of(&sample.command), "{name}");
        for (role, side) in Role::ALL
            .into_iter()
            .flat_map(|r| Side::BOTH.map(|s| (r, s)))
        {
            let actor = Actor::new("pat", side, &[role]);
            let answer = asked(&story, &sample.command, &actor);
            let carried = rule.carried_by(role, side);
            assert_eq!(
                turned_away(&answer),
                !carried,
                "{name}: {role:?} of the {side}: {answer:?}"
            );
            let Err(refusal) = answer else { continue };
            if refusal.code != Code::NotAuthorised {
                continue;
            }
            if carried {
                assert_ne!(
                    rights::besides(name),
                    "",
                    "{name} asks more of {role:?}: {refusal}"
                );
            } else {
                let can = Role::ALL
                    .into_iter()
                    .find(|r| Side::BOTH.iter().any(|s| rule.carried_by(*r, *s)));
                // What no role carries the program says by itself.
                let says = match can {
                    Some(can) => refusal.who.contains(can.words()),
                    None => refusal.how.contains("Segue says it by itself"),
                };
                assert!(says, "{name}: {refusal}");
            }
            assert!(!refusal.how.is_empty(), "{name}: {refusal}");
        }
    }
}

#[test]
fn nobody_without_a_role_does_anything() {
    let story = moving();
    for (name, sample) in commands() {
        let answer = asked(
            &story,
            &sample.command,
            &Actor::new("pat", Side::Client, &[]),
        );
        assert!(turned_away(&answer), "{name}: {answer:?}");
    }
}

/// A duty PIN brings calls home, whatever the roles carry; the sentence sends the person to the password.
#[test]
fn a_narrower_door_lets_no_more_through() {
    let story = moving();
    let whole = Actor::new("pat", Side::Client, &Role::ALL);
    let by_pin = whole.clone().only(Right::BringHome);
    for (name, sample) in commands() {
        let rule = rights::named(name).unwrap();
        let answer = asked(&story, &sample.command, &by_pin);
        let home = rule.any_of.contains(&Right::BringHome);
        assert_eq!(turned_away(&answer), !home, "{name}: {answer:?}");
        if rule.admits(&whole) && !home {
            assert!(
                answer
                    .unwrap_err()
                    .how
                    .contains("sign in with the password"),
                "{name}"
            );
        }
    }
}

#[test]
fn what_is_asked_besides_is_asked_of_a_command_there_is() {
    for (name, what) in rights::BESIDES {
        assert!(Command::NAMES.contains(name) && !what.is_empty(), "{name}");
    }
}

/// One instance of each command, for whoever tries them all through another door.
#[test]
fn the_sample_of_every_command_is_kept() {
    let samples = commands();
    let lines = Command::NAMES
        .iter()
        .map(|name| serde_json::to_string(&samples[name].command).unwrap() + "\n");
    compare(&here("tests/commands.jsonl"), &lines.collect::<String>());
}
