//! What the routing nodes say of each other (design: Nodes): while their clocks differ or they run different tables, no share
//! rises. Going home asks nobody about it.

use crate::Decided;
use crate::chunks::Chunk;
use crate::event::Event;
use crate::ids::is_usable;
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::share::TrafficShare;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Nodes named in one report.
const NODES_MAX: usize = 100;

/// Reports what a node sees of all: which clocks and which tables differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReportNodes {
    /// Nodes whose clocks differ by more than is allowed (2 s).
    #[serde(default)]
    pub clocks: BTreeSet<String>,
    /// Nodes that run another table for longer than news takes to reach them.
    #[serde(default)]
    pub tables: BTreeSet<String>,
    /// Whether every node was heard: only then what is not named any more is well again.
    #[serde(default)]
    pub heard_all: bool,
}

/// Nodes came apart, or are together again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodesReported {
    /// Nodes whose clocks differ.
    pub clocks: BTreeSet<String>,
    /// Nodes that run another table.
    pub tables: BTreeSet<String>,
    /// Since when.
    pub at: Timestamp,
}

impl NodesReported {
    fn kinds(&self) -> [bool; 2] {
        [&self.clocks, &self.tables].map(|nodes| !nodes.is_empty())
    }
}

pub(crate) fn report(t: &Transition, c: &ReportNodes, now: Timestamp) -> Decided {
    let count = c.clocks.len() + c.tables.len();
    let mut names = c.clocks.iter().chain(&c.tables);
    if count > NODES_MAX || !names.all(|name| is_usable(name)) {
        return Err(bad(format!(
            "at most {NODES_MAX} nodes, each by its name: 1–64 letters, digits, `.`, `_`, `-`"
        )));
    }
    let before = t.nodes_apart.clone().unwrap_or_default();
    let mut after = NodesReported {
        clocks: c.clocks.clone(),
        tables: c.tables.clone(),
        at: now,
    };
    if !c.heard_all {
        after.clocks.extend(before.clocks.iter().cloned());
        after.tables.extend(before.tables.iter().cloned());
    }
    // Two nodes name each other: only what is wrong is news, not who says it of whom.
    if after.kinds() == before.kinds() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::NodesReported(after)])
}

/// Refuses a forward step while the nodes are apart.
pub(crate) fn check_step(
    t: &Transition,
    _chunk: &Chunk,
    _share: TrafficShare,
    _now: Timestamp,
) -> Result<(), Refusal> {
    refusal(t).map_or(Ok(()), Err)
}

/// Why no share rises now, as far as the nodes are concerned.
pub fn refusal(t: &Transition) -> Option<Refusal> {
    let apart = t.nodes_apart.as_ref()?;
    let names = |nodes: &BTreeSet<String>| {
        let names: Vec<_> = nodes.iter().map(String::as_str).collect();
        names.join(", ")
    };
    let mut refusal = Refusal::new(Code::NodesApart);
    let mut how = Vec::new();
    if !apart.clocks.is_empty() {
        refusal = refusal.missing(format!(
            "clocks that agree within 2 s; they differ at {} since {}",
            names(&apart.clocks),
            apart.at
        ));
        how.push("set the clocks right");
    }
    if !apart.tables.is_empty() {
        refusal = refusal.missing(format!(
            "the same table on every node; another one runs on {} since {}",
            names(&apart.tables),
            apart.at
        ));
        how.push("look at the nodes that differ: journal, version of Segue, disk");
    }
    let how = how.join("; ");
    Some(
        refusal
            .who("a telephony engineer")
            .how(format!("{how}; it is lifted as soon as every node is heard and agrees (`/nodes`, `segue status`). Bringing calls home is never held up")),
    )
}

pub(crate) fn apply_reported(t: &mut Transition, e: &NodesReported) {
    let is_apart = e.kinds().contains(&true);
    t.nodes_apart = is_apart.then(|| e.clone());
}
