//! How this node and the others stand: the same answer for `segue status`, the pages and the API.

use crate::node::Node;
use crate::node::cluster::{Cluster, Timing};
use segue_domain::chunks::CutOffAction;
use segue_routing::RouteTable;
use segue_web::nodes::NodeState;

/// This node, then the others as they described themselves last.
pub fn of_all(node: &Node, cluster: Option<&Cluster>) -> Vec<NodeState> {
    let mut own = own(node);
    let Some(cluster) = cluster else {
        return vec![own];
    };
    let seen = cluster.seen();
    own.presses = count(seen.presses);
    own.sends_ms_left = Some(seen.sends_ms_left);
    own.jobs = seen.jobs.into_iter().collect();
    let mut all = vec![own];
    let now_ms = node.running_ms();
    for (id, (peer, reachable)) in seen.peers {
        // What a peer said shrinks while it is silent.
        let silent_ms = peer
            .heard_ms
            .map(|heard| now_ms.saturating_sub(heard).max(1));
        let left = |ms: u64| ms.saturating_sub(silent_ms.unwrap_or(0));
        all.push(NodeState {
            heard_ms_ago: silent_ms,
            reachable,
            table_differs: seen.apart.tables.contains(&id),
            clock_differs: seen.apart.clocks.contains(&id),
            id,
            table_hash: peer.table_hash,
            position: peer.version,
            latch_epoch: peer.latch_epoch,
            presses: count(peer.presses),
            home: peer.is_home,
            lease_ms_left: left(peer.lease_ms_left),
            sends_ms_left: Some(left(peer.sends_ms_left)),
            clock_off_ms: peer.skew_ms,
            jobs: peer.jobs.into_iter().collect(),
        });
    }
    all
}

fn own(node: &Node) -> NodeState {
    let (installed, latch) = (node.installed(), node.latch());
    NodeState {
        id: node.name.clone(),
        heard_ms_ago: Some(0),
        reachable: true,
        table_hash: installed.hash.clone(),
        position: installed.table.version,
        latch_epoch: latch.epoch(),
        home: latch.held(&installed.table).next().is_some(),
        lease_ms_left: node.lease_ms_left(),
        ..NodeState::default()
    }
}

/// The chunks of a scope that a cut-off node goes on sending out: signed to hold, or more than home could answer.
pub fn held_when_cut_off(table: &RouteTable, scope: &str) -> Vec<String> {
    let chunks = table.chunks().into_iter();
    let holds = chunks.filter(|(_, entry)| {
        entry.is_covered(scope)
            && entry.share_bp > 0
            && entry.cut_off_action == CutOffAction::HoldLastAgreedAndPage
    });
    holds.map(|(id, _)| id.to_string()).collect()
}

/// The times of a node without others.
pub fn timing(cluster: Option<&Cluster>) -> Timing {
    let alone = segue_nodes::Settings::alone("");
    cluster.map_or(
        Timing {
            fence_ms: alone.fence_ms,
            healthy_ms: alone.healthy_ms,
        },
        Cluster::timing,
    )
}

fn count(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}
