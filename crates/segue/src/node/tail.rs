//! Follows the journal: every new fact becomes a new table, every successful read renews the lease.

use crate::clock;
use crate::node::cluster::Cluster;
use crate::node::state::Node;
use segue_domain::Transition;
use segue_journal::{Desk, Journal, StreamId};
use segue_routing::compile::day_begun;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// How often the journal is looked at where nothing announces news.
const LOOK: Duration = Duration::from_millis(50);

/// Runs until `stop` turns true. Sends every state that came into force. `wake` spares this process the tick.
pub async fn follow<J: Journal>(
    node: Arc<Node>,
    desk: Arc<Desk<J>>,
    stream: StreamId,
    states: watch::Sender<Arc<Transition>>,
    wake: Arc<Notify>,
    cluster: Option<Arc<Cluster>>,
    mut stop: watch::Receiver<bool>,
) {
    // Windows are expanded 14 days ahead; compiling anew each day keeps that horizon far away.
    let mut compiled = None;
    let mut failing = false;
    let mut newest = desk.journal().watch();
    loop {
        let begun_ms = node.running_ms();
        newest.mark_unchanged();
        match desk.state(&stream).await {
            Ok(state) => {
                let now = clock::now();
                let due = Some((state.version, day_begun(now)));
                if compiled != due {
                    install(&node, &state, now);
                    compiled = due;
                    states.send_replace(state);
                }
                node.renew_lease();
                if let Some(cluster) = &cluster {
                    let version = node.installed().table.version;
                    cluster.journal_read(&desk, begun_ms, version).await;
                }
                failing = false;
            }
            // The lease runs on; past it each chunk takes its cut-off action.
            Err(_) if failing => {}
            Err(error) => {
                failing = true;
                tracing::error!(%error, lease_ms_left = node.lease_ms_left(), "the journal does not answer");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = wake.notified() => {}
            // Another node's append, where the journal announces them.
            Ok(()) = newest.changed() => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

fn install(node: &Node, state: &Transition, now: jiff::Timestamp) {
    let table = segue_routing::compile(state, now);
    if let Err(error) = node.install(table) {
        tracing::error!(
            error = format!("{error:#}"),
            "the table is in force but not on disk; free disk space"
        );
    }
}
