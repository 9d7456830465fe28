//! The demo's further nodes: as many routers as asked for, in this process, each with a directory, a latch and a table of its
//! own, over the same stores. Calls take turns among them.

use crate::data_dir::DataDir;
use crate::node::cluster::ClusterOptions;
use crate::output::Failure;
use crate::service::{LineOptions, Options, Outside, Service};
use std::collections::{BTreeMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// Most nodes of a demo.
pub const NODES_MAX: u8 = 5;
/// How long a word is good for: the product's default.
const FENCE_MS: u64 = 5_000;
/// A demo does not wait five minutes for a node that was cut off.
const HEALTHY_MS: u64 = 10_000;

/// What each node is started with, the first one first.
pub fn options(
    data: &DataDir,
    (sip, http): (SocketAddr, SocketAddr),
    count: u8,
) -> Result<Vec<Options>, Failure> {
    let names: Vec<_> = (b'A'..b'A' + count.clamp(1, NODES_MAX))
        .map(|n| char::from(n).to_string())
        .collect();
    let places = free_places(names.len())?;
    let key = data.nodes_key()?;
    let free = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let mut all = Vec::new();
    for (at, (name, listen)) in names.iter().zip(&places).enumerate() {
        let others = names
            .iter()
            .zip(&places)
            .filter(|(other, _)| *other != name);
        let peers: BTreeMap<_, _> = others
            .map(|(other, place)| (other.clone(), place.to_string()))
            .collect();
        let cluster = (!peers.is_empty()).then_some(ClusterOptions {
            listen: *listen,
            peers,
            key,
            fence_ms: FENCE_MS,
            healthy_ms: HEALTHY_MS,
        });
        let is_first = at == 0;
        all.push(Options {
            data: if is_first {
                data.clone()
            } else {
                data.beside(name)?
            },
            sip: if is_first { sip } else { free },
            http: if is_first { http } else { free },
            node: name.clone(),
            peers: vec!["127.0.0.0/8".parse().map_err(anyhow::Error::new)?],
            redirected: HashSet::new(),
            // The example shows how calls fall through a trunk that fails, so it is tried every time.
            line: LineOptions::default(),
            cluster,
            outside: Outside::default(),
            keep_facts_days: None,
        });
    }
    Ok(all)
}

/// Free UDP ports on loopback for the nodes' words. They must be known before any node starts, so they are looked up and let go.
fn free_places(count: usize) -> Result<Vec<SocketAddr>, Failure> {
    let sockets: std::io::Result<Vec<_>> = (0..count)
        .map(|_| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)))
        .collect();
    let places: std::io::Result<Vec<_>> =
        sockets.and_then(|all| all.iter().map(UdpSocket::local_addr).collect());
    places.map_err(|e| Failure::Unavailable(format!("no free UDP port on 127.0.0.1 ({e})")))
}

/// Starts every node; the first one's pages and journal are the demo's.
pub async fn start(all: Vec<Options>) -> Result<(Service, Vec<Service>), Failure> {
    let mut started = Vec::new();
    for options in all {
        started.push(Service::start(options).await?);
    }
    let mut started = started.into_iter();
    let first = started.next();
    let first = first.ok_or_else(|| anyhow::anyhow!("a demo has at least one node"))?;
    Ok((first, started.collect()))
}
