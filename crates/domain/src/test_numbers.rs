//! Numbers of the test campaign (A22): the telephones test calls come from, so that no evidence counts them as callers, and
//! the outsourcer's numbers that take test calls while the public ones still ring at home.

use crate::Decided;
use crate::boards::{Board, Kind};
use crate::caller::{CallerHash, e164};
use crate::dial_in::DialInCodeUsed;
use crate::event::Event;
use crate::ids::ChunkId;
use crate::lines::bad;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Registers telephones that test calls come from: the client's, as hashes under its key, never as numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RegisterTestTelephones {
    /// Caller hash (64 hexadecimal digits; `segue key telephone NUMBER` prints it) and which telephone it is.
    pub telephones: BTreeMap<String, String>,
}

/// Registers the outsourcer's number for test calls of a chunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RegisterTestLine {
    /// The chunk.
    pub chunk: ChunkId,
    /// The number to dial, in E.164 form.
    pub number: String,
}

/// Telephones for test calls are registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestTelephonesRegistered {
    /// The new or renamed ones.
    pub telephones: BTreeMap<String, String>,
    /// When.
    pub at: Timestamp,
}

/// A number for test calls is registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestLineRegistered {
    /// The chunk.
    pub chunk: ChunkId,
    /// The number to dial.
    pub number: String,
    /// When.
    pub at: Timestamp,
}

/// The campaign's numbers, in state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TestNumbers {
    /// Which telephone a caller hash is.
    pub telephones: BTreeMap<CallerHash, String>,
    /// The outsourcer's number for each chunk.
    pub lines: BTreeMap<ChunkId, String>,
    /// Telephones from which a one-time code was entered, each with when and whose.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub dialled_in: BTreeMap<CallerHash, Vec<DialInCodeUsed>>,
}

pub(crate) const BOARD: Kind = Kind {
    name: "test-numbers",
    says: "Telephones that test calls come from, and the numbers that take them",
    may_see: None,
    draw: |t, _, _| draw(t),
};

impl TestNumbers {
    /// Whether a caller is a telephone of the campaign at that time.
    pub fn is_test(&self, caller: &CallerHash, at: Timestamp) -> bool {
        let entered = self.dialled_in.get(caller).into_iter().flatten();
        let mut entered = entered.filter(|e| e.at <= at && at < e.until);
        self.telephones.contains_key(caller) || entered.next().is_some()
    }
}

pub(crate) fn register_telephones(
    t: &Transition,
    c: &RegisterTestTelephones,
    now: Timestamp,
) -> Decided {
    let all: Vec<_> = c.telephones.iter().collect();
    text::list("telephones", &all)?;
    let mut telephones = BTreeMap::new();
    for (hash, label) in all {
        let Ok(caller) = hash.parse::<CallerHash>() else {
            return Err(bad(format!(
                "64 hexadecimal digits for \"{label}\" (`segue key telephone NUMBER` prints them); a number is never sent"
            )));
        };
        text::title("which telephone it is", label)?;
        if t.test_numbers.telephones.get(&caller) != Some(label) {
            telephones.insert(caller.to_string(), label.clone());
        }
    }
    if telephones.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::TestTelephonesRegistered(
        TestTelephonesRegistered {
            telephones,
            at: now,
        },
    )])
}

pub(crate) fn register_line(t: &Transition, c: &RegisterTestLine, now: Timestamp) -> Decided {
    t.require_chunk(&c.chunk)?;
    if e164(&c.number).as_ref() != Some(&c.number) {
        return Err(bad(format!(
            "a number in E.164 form, as +18005550142, instead of `{}`",
            c.number
        )));
    }
    if let Some(line) = t.lines.iter().find(|line| line.number == c.number) {
        return Err(bad(format!(
            "a number of its own for test calls; {} is the public number {}",
            c.number, line.id
        )));
    }
    if t.test_numbers.lines.get(&c.chunk) == Some(&c.number) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::TestLineRegistered(TestLineRegistered {
        chunk: c.chunk.clone(),
        number: c.number.clone(),
        at: now,
    })])
}

pub(crate) fn apply_telephones(t: &mut Transition, e: &TestTelephonesRegistered) {
    let known = e.telephones.iter();
    let known = known.filter_map(|(hash, label)| Some((hash.parse().ok()?, label.clone())));
    t.test_numbers.telephones.extend(known);
}

pub(crate) fn apply_line(t: &mut Transition, e: &TestLineRegistered) {
    t.test_numbers
        .lines
        .insert(e.chunk.clone(), e.number.clone());
}

fn draw(t: &Transition) -> Board {
    let mut board = Board::new("Test numbers", &["kind", "which", "number"]);
    for (caller, label) in &t.test_numbers.telephones {
        let mut hash = caller.to_string();
        hash.truncate(8);
        board.row(["telephone".into(), label.clone(), format!("{hash}…")]);
    }
    for (chunk, number) in &t.test_numbers.lines {
        board.row(["line".into(), chunk.to_string(), number.clone()]);
    }
    if !t.test_numbers.dialled_in.is_empty() {
        board.note(format!(
            "{} telephones more were one for a quarter of an hour: a code of My calls was entered there.",
            t.test_numbers.dialled_in.len()
        ));
    }
    board.note("The guards leave calls from these telephones out of their evidence.");
    board
}
