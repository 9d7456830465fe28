//! The nodes as the pages show them, and what they see of each other told to the journal: while clocks or tables differ, no
//! share rises, whichever door asks.

use super::{SEGUE, Shared};
use crate::clock;
use crate::node::cluster::Cluster;
use crate::node::standing;
use segue_domain::nodes::{self, ReportNodes};
use segue_domain::{Actor, Command, Role, Side, decide};
use segue_nodes::Apart;
use segue_web::nodes::NodesView;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often the nodes are compared.
const LOOK: Duration = Duration::from_secs(1);

/// Looks until `stop`.
pub(super) async fn keep(
    shared: Arc<Shared>,
    cluster: Option<Arc<Cluster>>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        // A node without others agrees with itself: what was told of nodes that are gone jams nothing.
        let seen = cluster.as_ref().map(|cluster| cluster.seen());
        let (apart, heard_all) = seen.map_or((Apart::default(), true), |seen| {
            (seen.apart, seen.heard_all)
        });
        shared.report_nodes(apart, heard_all).await;
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

impl Shared {
    /// Every node as this one knows it.
    pub(super) fn nodes(&self) -> NodesView {
        let (t, installed) = (self.transition(), self.node.installed());
        let cluster = self.cluster.as_deref();
        let (timing, now) = (standing::timing(cluster), clock::now());
        NodesView {
            at: now,
            nodes: standing::of_all(&self.node, cluster),
            fence_s: timing.fence_ms / 1_000,
            lease_s: u64::from(installed.table.authority_lease_s),
            healthy_s: timing.healthy_ms / 1_000,
            holds: standing::held_when_cut_off(&installed.table, "all"),
            refusal: nodes::refusal(&t).map(super::acts::refusal_view),
            unmailed: self.unmailed.view(&self.data, now),
        }
    }

    /// Whether another node does this work for the whole transition now.
    pub(super) fn stands_by(&self, job: &str) -> bool {
        let cluster = self.cluster.as_ref();
        cluster.is_some_and(|cluster| cluster.stands_by(job))
    }

    /// This node did a piece of the work, which counts for `valid`.
    pub(super) fn did(&self, job: &str, valid: Duration) {
        if let Some(cluster) = &self.cluster {
            cluster.did(job, valid);
        }
    }

    async fn report_nodes(&self, apart: Apart, heard_all: bool) {
        let t = self.transition();
        if !t.is_created() {
            return;
        }
        let (now, is_apart) = (clock::now(), !apart.is_empty());
        let command = Command::from(ReportNodes {
            clocks: apart.clocks,
            tables: apart.tables,
            heard_all,
        });
        let actor = Actor::new(SEGUE, Side::Client, &[Role::Duty]).watching_nodes();
        match decide(&t, &command, &actor, now) {
            Ok(events) if events.is_empty() => return,
            Ok(_) => {}
            Err(refusal) => {
                tracing::warn!(%refusal, "what the nodes see of each other cannot be reported");
                return;
            }
        }
        if is_apart {
            tracing::error!(
                ?command,
                "clocks or tables of the nodes differ: no share rises until they agree"
            );
        }
        let id = format!(
            "nodes:{}:{}:{}",
            self.stream,
            self.node.name,
            now.as_microsecond()
        );
        if let Err(why) = self.own(id, actor, command, now).await {
            tracing::warn!(why, "what the nodes see of each other was not recorded");
        }
    }
}
