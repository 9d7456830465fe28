//! What the nodes page shows: what each node holds and runs, who is cut off and what a node does about it. The program says
//! what is so; the words are chosen here, for somebody who is woken at night.

use crate::format;
use crate::view::{Aspect, RefusalView};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Every node, as the one that answers knows them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodesView {
    /// When.
    pub at: Timestamp,
    /// The node that answers, then the others by name.
    pub nodes: Vec<NodeState>,
    /// How long a node goes on sending out without hearing a majority of nodes and journal, in seconds.
    pub fence_s: u64,
    /// How long the agreed table stays valid when the journal itself is gone, in seconds.
    pub lease_s: u64,
    /// How long a node that was cut off must be well before it sends out again, in seconds.
    pub healthy_s: u64,
    /// Chunks whose signed cut-off action is to hold; every other chunk goes home.
    pub holds: Vec<String>,
    /// Why no share rises now, if it is because of the nodes.
    pub refusal: Option<RefusalView>,
    /// The newest checkpoint that the node that answers could not mail to everybody it is for; of the others it knows nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmailed: Option<UnmailedView>,
}

/// A checkpoint that somebody is still to be mailed. Nobody's address is in it: both parties read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmailedView {
    /// Its day.
    pub day: String,
    /// Addresses it did not reach.
    pub missing: usize,
    /// Addresses it is for.
    pub of: usize,
}

impl UnmailedView {
    /// What is so of the node that answers, and what to do.
    pub(crate) fn says(&self, node: &str) -> String {
        format!(
            "The checkpoint of {} was not mailed to {} of {} addresses. That is of node {node} alone, which shows this page: what another node could not mail stands on its own. `segue doctor` on the machine of {node} says whom and why: see to the relay, or hand `checkpoints/{}.json` over by hand and remove `{}.unmailed` beside it.",
            self.day, self.missing, self.of, self.day, self.day
        )
    }
}

/// One node.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own that the page answers"
)]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeState {
    /// Its name.
    pub id: String,
    /// Milliseconds since it was heard; 0 of the node that answers, none of one that was never heard.
    pub heard_ms_ago: Option<u64>,
    /// Whether it was heard within the fence time.
    pub reachable: bool,
    /// Hash of the table it runs; empty before it has one.
    pub table_hash: String,
    /// Facts of the transition in that table.
    pub position: u64,
    /// Whether that is another table than the answering node's, for longer than news takes.
    pub table_differs: bool,
    /// The highest epoch that its home latch holds.
    pub latch_epoch: u64,
    /// Presses that it holds and the journal may not know yet.
    pub presses: u64,
    /// Whether a latch holds any chunk home against its table.
    pub home: bool,
    /// How long its table stays valid without the journal, in milliseconds.
    pub lease_ms_left: u64,
    /// How long it may send out as far as the others are concerned, in milliseconds; none where there are no others.
    pub sends_ms_left: Option<u64>,
    /// How far its clock is from the answering node's at least, in milliseconds.
    pub clock_off_ms: u64,
    /// Whether that is more than is allowed.
    pub clock_differs: bool,
    /// Work for the whole transition that it does; others stand by.
    pub jobs: Vec<String>,
}

/// What a node does with calls now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    NeverHeard,
    Silent,
    NoTable,
    Home,
    CutOff,
    ByTable,
}

impl NodeState {
    fn doing(&self) -> Doing {
        match self {
            Self {
                heard_ms_ago: None, ..
            } => Doing::NeverHeard,
            Self {
                reachable: false, ..
            } => Doing::Silent,
            Self { position: 0, .. } => Doing::NoTable,
            Self { home: true, .. } => Doing::Home,
            Self {
                sends_ms_left: Some(0),
                ..
            }
            | Self {
                lease_ms_left: 0, ..
            } => Doing::CutOff,
            _ => Doing::ByTable,
        }
    }

    /// What it does, as a shape and a word.
    pub(crate) fn word(&self) -> (Aspect, &'static str) {
        match self.doing() {
            Doing::NeverHeard => (Aspect::Unknown, "Never heard"),
            Doing::Silent => (Aspect::Unknown, "No answer"),
            Doing::NoTable => (Aspect::Hold, "No table: in-house"),
            Doing::Home => (Aspect::Proved, "Home"),
            Doing::CutOff => (Aspect::Hold, "Cut off"),
            Doing::ByTable => (Aspect::Proved, "By the table"),
        }
    }
}

impl NodesView {
    /// What a node does with calls now and why, in one or two sentences.
    pub(crate) fn does(&self, node: &NodeState) -> String {
        let (fence, healthy) = (
            format::duration_s(self.fence_s),
            format::duration_s(self.healthy_s),
        );
        match node.doing() {
            Doing::NeverHeard | Doing::Silent => format!(
                "If it runs, it sends nothing out from {fence} after it last heard enough of the others, {}. Back again, it must be well for {healthy} first.",
                self.but_held()
            ),
            Doing::NoTable => "It has no table yet: every call it gets goes in-house.".to_owned(),
            Doing::Home => "It sends the latched calls home, whatever its table says, until both parties sign a share after the press.".to_owned(),
            Doing::CutOff if node.lease_ms_left == 0 => format!(
                "The journal has not answered for {}: it sends nothing out, {}.",
                format::duration_s(self.lease_s),
                self.but_held()
            ),
            Doing::CutOff => format!(
                "It hears too few of the others, or has been well for less than {healthy}: it sends nothing out, {}.",
                self.but_held()
            ),
            Doing::ByTable => "It sends out what both parties agreed.".to_owned(),
        }
    }

    fn but_held(&self) -> String {
        if self.holds.is_empty() {
            return "unless a chunk holds by its own table".to_owned();
        }
        format!(
            "but the last agreed share of {}, signed to hold or too much for home now",
            self.holds.join(", ")
        )
    }

    /// The finding: shape and word, a sentence, what follows from it.
    pub(crate) fn finding(&self) -> (Aspect, &'static str, String, String) {
        let silent = self.named(|node| !node.reachable);
        let clocks = self.named(|node| node.clock_differs);
        let tables = self.named(|node| node.table_differs);
        let home = self.nodes.iter().filter(|node| node.home).count();
        let forward =
            "No share rises until that is mended; bringing calls home works all the same.";
        if !silent.is_empty() {
            let lead = "Press home all the same if calls must come home: every node that answers does it at once, and the page says which did not.";
            return (
                Aspect::Hold,
                "A node does not answer",
                format!("No answer from {silent}."),
                lead.to_owned(),
            );
        }
        if !clocks.is_empty() {
            return (
                Aspect::Harm,
                "Clocks differ",
                format!("The clock of {clocks} differs."),
                forward.to_owned(),
            );
        }
        if !tables.is_empty() {
            return (
                Aspect::Harm,
                "Tables differ",
                format!("{tables} runs another table."),
                forward.to_owned(),
            );
        }
        if self.refusal.is_some() {
            return (
                Aspect::Hold,
                "Nodes differ",
                "Another node sees clocks or tables that differ.".to_owned(),
                forward.to_owned(),
            );
        }
        if let [only] = self.nodes.as_slice() {
            let lead = "There is no other node that could take over. If its machine fails, no call is routed by Segue: use the carrier's or the PBX's own switch.";
            return (
                only.word().0,
                only.word().1,
                format!("One node, {}, routes the calls.", only.id),
                lead.to_owned(),
            );
        }
        let count = self.nodes.len();
        let cut_off = |node: &NodeState| matches!(node.doing(), Doing::CutOff);
        if self.nodes.iter().any(cut_off) {
            return (
                Aspect::Hold,
                "Cut off",
                format!("Cut off: {}.", self.named(cut_off)),
                "Nothing goes out there but what holds. The nodes hear each other; look at the journal's database.".to_owned(),
            );
        }
        let lead = if home > 0 {
            format!("Calls are latched home on {home} of {count}.")
        } else {
            "A press of home reaches all of them at once.".to_owned()
        };
        (
            Aspect::Proved,
            "Together",
            format!("All {count} nodes hear each other and run the same table."),
            lead,
        )
    }

    fn named(&self, is: impl Fn(&NodeState) -> bool) -> String {
        let names = self.nodes.iter().filter(|node| is(node));
        let names: Vec<_> = names.map(|node| node.id.as_str()).collect();
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: &str) -> NodeState {
        NodeState {
            id: id.to_owned(),
            heard_ms_ago: Some(300),
            reachable: true,
            table_hash: "3f".repeat(32),
            position: 41,
            lease_ms_left: 900_000,
            sends_ms_left: Some(4_700),
            ..NodeState::default()
        }
    }

    fn view(change: impl FnOnce(&mut NodesView)) -> NodesView {
        let mut view = NodesView {
            at: Timestamp::UNIX_EPOCH,
            nodes: ["A", "B", "C"].map(node).to_vec(),
            fence_s: 5,
            lease_s: 900,
            healthy_s: 300,
            holds: Vec::new(),
            refusal: None,
            unmailed: None,
        };
        change(&mut view);
        view
    }

    type Change = fn(&mut NodesView);

    #[test]
    fn the_finding_names_what_is_wrong_first() {
        let cases: [(Change, &str, &str); 7] = [
            (
                |v| v.nodes.iter_mut().for_each(|node| node.lease_ms_left = 0),
                "Cut off",
                "Cut off: A, B, C.",
            ),
            (|_| {}, "Together", "All 3 nodes hear each other"),
            (
                |v| v.nodes[2].reachable = false,
                "A node does not answer",
                "No answer from C.",
            ),
            (
                |v| v.nodes[1].clock_differs = true,
                "Clocks differ",
                "The clock of B differs.",
            ),
            (
                |v| v.nodes[1].table_differs = true,
                "Tables differ",
                "B runs another table.",
            ),
            (
                |v| v.nodes.truncate(1),
                "By the table",
                "One node, A, routes the calls.",
            ),
            (
                |v| {
                    v.nodes[1].clock_differs = true;
                    v.nodes[2].heard_ms_ago = None;
                    v.nodes[2].reachable = false;
                },
                "A node does not answer",
                "No answer from C.",
            ),
        ];
        for (change, word, title) in cases {
            let found = view(change).finding();
            assert_eq!(found.1, word);
            assert!(found.2.contains(title), "{}", found.2);
        }
    }

    #[test]
    fn each_node_says_what_it_does() {
        let cases: [(Change, &str, &str); 7] = [
            (|_| {}, "By the table", "what both parties agreed"),
            (|v| v.nodes[1].home = true, "Home", "latched calls home"),
            (
                |v| v.nodes[1].sends_ms_left = Some(0),
                "Cut off",
                "unless a chunk holds by its own table",
            ),
            (
                |v| v.nodes[1].lease_ms_left = 0,
                "Cut off",
                "The journal has not answered for 15 min",
            ),
            (
                |v| v.nodes[1].position = 0,
                "No table: in-house",
                "goes in-house",
            ),
            (
                |v| v.nodes[1].reachable = false,
                "No answer",
                "from 5 s after",
            ),
            (
                |v| {
                    v.nodes[1].sends_ms_left = Some(0);
                    v.holds = vec!["RVS-Main/TRIAGE".to_owned()];
                },
                "Cut off",
                "but the last agreed share of RVS-Main/TRIAGE",
            ),
        ];
        for (change, word, says) in cases {
            let view = view(change);
            assert_eq!(view.nodes[1].word().1, word);
            let does = view.does(&view.nodes[1]).replace('\u{a0}', " ");
            assert!(does.contains(says), "{does}");
        }
    }
}
