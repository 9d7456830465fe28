//! The nodes of the example.

use super::{AS_OF, at};
use segue_web::nodes::{NodeState, NodesView};

/// Three nodes that agree; A answers.
pub(crate) fn three_nodes() -> NodesView {
    let node = |(id, heard_ms_ago)| NodeState {
        id: String::from(id),
        heard_ms_ago: Some(heard_ms_ago),
        reachable: true,
        table_hash: "3f2a91c04d77".repeat(5),
        position: 412,
        latch_epoch: 2,
        lease_ms_left: 899_000,
        sends_ms_left: Some(4_700),
        ..NodeState::default()
    };
    NodesView {
        at: at(AS_OF),
        nodes: [("A", 0), ("B", 310), ("C", 290)].map(node).to_vec(),
        fence_s: 5,
        lease_s: 900,
        healthy_s: 300,
        holds: vec!["RVS-Main/TRIAGE".into()],
        refusal: None,
        unmailed: None,
    }
}
