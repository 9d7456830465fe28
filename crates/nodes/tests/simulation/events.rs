//! What can happen next, and a press that somebody was told of.

use crate::node::Agreed;
use segue_nodes::Word;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) enum Event {
    Ask(usize),
    Arrive {
        to: usize,
        life: u64,
        word: Word<()>,
        is_answer: bool,
    },
    Read(usize),
    ReadAt {
        node: usize,
        life: u64,
        begun_ms: u64,
    },
    ReadDone {
        node: usize,
        life: u64,
        begun_ms: u64,
        recorded: BTreeMap<String, u64>,
        agreed: Agreed,
    },
    Record(usize),
    RecordAt {
        node: usize,
        life: u64,
        id: String,
        scope: String,
    },
    RecordDone {
        node: usize,
        life: u64,
        id: String,
        version: u64,
    },
    Call(usize),
    Fault,
    Press,
    Agree,
}

/// A press that somebody was told of.
pub(crate) struct Pressed {
    pub(crate) id: String,
    pub(crate) node: usize,
    pub(crate) life: u64,
    pub(crate) scope: String,
    pub(crate) made_ms: u64,
    pub(crate) clock_ms: u64,
    pub(crate) journalled: bool,
    /// When it was complete, whom it had reached by then, and the epoch each chunk must be agreed under to go out again.
    pub(crate) complete: Option<(u64, BTreeSet<String>)>,
}
