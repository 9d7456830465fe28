//! `segue serve`: SIP, pages and clock in one process.

use crate::cli::Global;
use crate::commands::outside::OutsideArgs;
use crate::commands::trial;
use crate::console::forgetting;
use crate::console::heartbeat::HeartbeatPath;
use crate::context::Context;
use crate::node::cluster::ClusterOptions;
use crate::node::trunks::TrunkChecks;
use crate::office::block_on;
use crate::output::{Answer, Answered, Failure};
use crate::route_door::{RouteDoorOptions, RouteTlsFiles};
use crate::service::{LineOptions, Options, Service};
use clap::{Args, ValueEnum};
use segue_domain::ids::{ChunkId, LineId, is_usable};
use segue_sip::Timers;
use segue_sip::allow::Network;
use segue_sip::tls::TlsFiles;
use serde_json::json;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Options of `segue serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where SIP arrives (UDP)
    #[arg(long, default_value = "127.0.0.1:5060", value_name = "ADDR")]
    sip: SocketAddr,
    /// Where pages and API are served
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    http: SocketAddr,
    /// This node's name
    #[arg(long, default_value = "A")]
    node: String,
    /// Who may send SIP: an address or a network such as 192.0.2.0/24; targets of the table always may
    #[arg(long = "peer", value_name = "NETWORK")]
    peers: Vec<Network>,
    /// Peers answered 302 instead of being proxied; only those that passed a recursion test
    #[arg(long = "redirect", value_name = "IP")]
    redirected: Vec<IpAddr>,
    /// Days after which routing decisions, centres' messages and cases are deleted; without it they are kept
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(i64::from(forgetting::DAYS_MIN)..))]
    keep_call_facts_days: Option<u32>,
    #[command(flatten)]
    line: Line,
    #[command(flatten)]
    nodes: Nodes,
    #[command(flatten)]
    outside: OutsideArgs,
}

/// The other nodes of the transition, on one journal.
#[derive(Debug, Args)]
struct Nodes {
    /// Where the other nodes' words arrive (UDP); on the same network as they, and nobody else
    #[arg(
        long = "nodes-listen",
        id = "nodes_listen",
        value_name = "ADDR",
        requires = "node_peers"
    )]
    listen: Option<SocketAddr>,
    /// Another node and where its words go; once for each
    #[arg(
        long = "node-peer",
        value_name = "NAME=HOST:PORT",
        requires = "nodes_listen"
    )]
    node_peers: Vec<String>,
    /// Seconds a node goes on sending out without hearing a majority of nodes and journal
    #[arg(long, value_name = "S", default_value = "5")]
    fence_s: u32,
    /// Minutes a node that was cut off must be well before it sends out again
    #[arg(long, value_name = "MIN", default_value = "5")]
    healthy_min: u32,
}

/// A node's name stands in facts that other nodes read.
fn usable(name: &str) -> Result<(), Failure> {
    if is_usable(name) {
        return Ok(());
    }
    Err(Failure::BadInput(format!(
        "`{name}` cannot be a node's name; use 1 to 64 letters, digits, `.`, `_` or `-`"
    )))
}

impl Nodes {
    fn options(&self, ctx: &Context) -> Result<Option<ClusterOptions>, Failure> {
        let Some(listen) = self.listen else {
            return Ok(None);
        };
        let peer = |text: &String| {
            let (name, place) = text.split_once('=').ok_or_else(|| {
                Failure::BadInput(format!("`{text}` names no node; write NAME=HOST:PORT"))
            })?;
            usable(name)?;
            Ok((name.to_owned(), place.to_owned()))
        };
        Ok(Some(ClusterOptions {
            listen,
            peers: self
                .node_peers
                .iter()
                .map(peer)
                .collect::<Result<_, Failure>>()?,
            key: ctx.data.nodes_key()?,
            fence_ms: u64::from(self.fence_s) * 1_000,
            healthy_ms: u64::from(self.healthy_min) * 60_000,
        }))
    }
}

/// SIP beyond UDP, what one peer may send, and how trunks are watched.
#[derive(Debug, Args)]
struct Line {
    /// Where SIP arrives over TCP
    #[arg(long, value_name = "ADDR")]
    sip_tcp: Option<SocketAddr>,
    /// Where SIP arrives over TLS
    #[arg(long, value_name = "ADDR", requires = "tls_cert")]
    sip_tls: Option<SocketAddr>,
    /// Certificate of TLS with its chain, PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Who vouches for TLS peers, PEM; without it no TLS trunk is believed
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_ca: Option<PathBuf>,
    /// TLS peers must show a certificate of --tls-ca
    #[arg(long, requires = "tls_ca")]
    tls_mutual: bool,
    /// The address peers reach this node at, where that is not --sip's; once for each address family
    #[arg(long, value_name = "IP")]
    sip_advertise: Vec<IpAddr>,
    /// Most SIP messages a second from one address; more are dropped unread
    #[arg(long, value_name = "N", default_value = "10000")]
    source_rate: NonZeroU32,
    /// What may keep calls from an unwell trunk of the outsourcer's
    #[arg(long, value_enum, default_value_t = TrunkCheck::Full)]
    trunk_check: TrunkCheck,
    /// Most new calls a second to each of the outsourcer's trunks; the rest stays in-house
    #[arg(long, value_name = "N")]
    trunk_calls_per_s: Option<NonZeroU32>,
    /// Most calls at a time on each of them; keeps this node in the path of their dialogs
    #[arg(long, value_name = "N")]
    trunk_calls: Option<NonZeroU32>,
    /// Where PBXs and clouds ask over HTTP; their own door, apart from the pages
    #[arg(long, value_name = "ADDR", requires = "route_tokens")]
    route_http: Option<SocketAddr>,
    /// Who may ask: a line each, `SITE TOKEN`, `SITE TOKEN signed` or `SITE certificate SHA256`, `*` for every site; `twilio
    /// TOKEN` for its webhooks. Read again when it changes
    #[arg(long, value_name = "FILE", requires = "route_http")]
    route_tokens: Option<PathBuf>,
    /// Certificate of that door's own TLS with its chain, PEM; without it the door speaks plain HTTP
    #[arg(
        long,
        value_name = "FILE",
        requires = "route_tls_key",
        requires = "route_http"
    )]
    route_tls_cert: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, value_name = "FILE", requires = "route_tls_cert")]
    route_tls_key: Option<PathBuf>,
    /// Who issues the client certificates that ask there, PEM; without it tokens alone ask
    #[arg(long, value_name = "FILE", requires = "route_tls_cert")]
    route_tls_ca: Option<PathBuf>,
    /// The URL that Twilio was given for this door, without the path
    #[arg(long, value_name = "URL", default_value = "")]
    route_url: String,
    /// A path that is called all the time: `SCOPE=URI` of an auto-answer number at the outsourcer's, such as a
    /// `segue trial answer`; once for each path
    #[arg(long = "heartbeat", value_name = "SCOPE=URI")]
    heartbeats: Vec<String>,
    /// At most each hour, while two agents are idle, a test call of this chunk's number waits for a person at the outsourcer; once for
    /// each chunk
    #[arg(long = "human-heartbeat", value_name = "CHUNK")]
    human_heartbeats: Vec<ChunkId>,
    /// After a fallback the node calls its own number from this one until a person in-house has answered
    #[arg(long, value_name = "NUMBER", value_parser = trial::caller_number)]
    verify_from: Option<String>,
    /// Where a tester's code from My calls is heard (SIP over UDP): a line that Segue answers itself, called by --peer alone
    #[arg(long, value_name = "ADDR", requires = "dial_in_number")]
    dial_in: Option<SocketAddr>,
    /// What testers dial to reach it, as My calls shows it
    #[arg(long, value_name = "NUMBER", requires = "dial_in")]
    dial_in_number: Option<String>,
    /// Seconds from one heartbeat to the next
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(5..=60))]
    heartbeat_every: u64,
    /// The local address heartbeats are called from
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    heartbeat_from: SocketAddr,
    /// Milliseconds a target may say nothing before the next one is tried
    #[arg(long, value_name = "MS", default_value_t = Timers::default().silent_ms)]
    silent_ms: u32,
    /// Milliseconds a target may say only 100 Trying
    #[arg(long, value_name = "MS", default_value_t = Timers::default().trying_ms)]
    trying_ms: u32,
    /// Milliseconds a target may ring
    #[arg(long, value_name = "MS", default_value_t = Timers::default().ring_ms)]
    ring_ms: u32,
    /// A line's own patience: `LINE=SILENT,TRYING,RING` in milliseconds; once for each line
    #[arg(long = "line-timers", value_name = "LINE=MS,MS,MS")]
    own_timers: Vec<String>,
    /// A refusal after which the next target is tried, besides 3xx, 404, 408, 480, 486, 5xx, 600 and 603; once for each code
    #[arg(long = "fall-through", value_name = "CODE", value_parser = clap::value_parser!(u16).range(400..=699))]
    fall_through: Vec<u16>,
    /// A refusal that is the caller's answer, and no further target is tried; once for each code
    #[arg(long = "stop-at", value_name = "CODE", value_parser = clap::value_parser!(u16).range(300..=699))]
    stop_at: Vec<u16>,
}

/// What judges a trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TrunkCheck {
    /// OPTIONS and the outcomes of calls
    Full,
    /// The outcomes of calls alone, for peers that do not answer OPTIONS
    Calls,
    /// Nothing: every call tries its trunk
    Off,
}

impl Line {
    fn line_timers(&self) -> Result<HashMap<LineId, Timers>, Failure> {
        let read = |text: &String| {
            let (line, milliseconds) = text.split_once('=')?;
            let patience: Option<Vec<u32>> =
                milliseconds.split(',').map(|ms| ms.parse().ok()).collect();
            match patience?[..] {
                [silent_ms, trying_ms, ring_ms] => {
                    let timers = Timers {
                        silent_ms,
                        trying_ms,
                        ring_ms,
                    };
                    Some((line.into(), timers))
                }
                _ => None,
            }
        };
        let lines = self.own_timers.iter().map(|text| {
            read(text).ok_or_else(|| {
                Failure::BadInput(format!(
                    "--line-timers {text} is not LINE=SILENT,TRYING,RING, such as RVS-Main-TFN=3000,7000,22000"
                ))
            })
        });
        lines.collect()
    }

    fn heartbeats(&self) -> Result<Vec<HeartbeatPath>, Failure> {
        let from = self.heartbeat_from;
        if !self.heartbeats.is_empty() && from.ip().is_unspecified() {
            return Err(Failure::BadInput(format!(
                "--heartbeat-from {from} is every address of this machine; name the one that the paths send their audio to"
            )));
        }
        let path = |text: &String| {
            let (scope, uri) = text.split_once('=').ok_or_else(|| {
                Failure::BadInput(format!(
                    "--heartbeat {text} is not SCOPE=URI, such as all=sip:7099@192.0.2.7:5060"
                ))
            })?;
            trial::require_no_emergency(uri)?;
            // Failures in a row are counted by scope: two kinds of calls in one row would count for each other.
            if self
                .human_heartbeats
                .iter()
                .any(|chunk| chunk.as_str() == scope)
            {
                return Err(Failure::BadInput(format!(
                    "--heartbeat and --human-heartbeat both speak of {scope}; give the path another scope: its site, or all"
                )));
            }
            Ok(HeartbeatPath {
                scope: scope.to_owned(),
                uri: uri.to_owned(),
                from: self.heartbeat_from,
                every: Duration::from_secs(self.heartbeat_every),
            })
        };
        self.heartbeats.iter().map(path).collect()
    }

    fn route_tls(&self) -> Option<RouteTlsFiles> {
        let (certificate, key) = self
            .route_tls_cert
            .clone()
            .zip(self.route_tls_key.clone())?;
        Some(RouteTlsFiles {
            certificate,
            key,
            clients: self.route_tls_ca.clone(),
        })
    }

    fn options(&self) -> Result<LineOptions, Failure> {
        let files = self.tls_cert.clone().zip(self.tls_key.clone());
        Ok(LineOptions {
            heartbeats: self.heartbeats()?,
            human_heartbeats: self.human_heartbeats.clone(),
            verify_caller: self.verify_from.clone(),
            dial_in: self.dial_in.zip(self.dial_in_number.clone()),
            tcp: self.sip_tcp,
            tls: self.sip_tls,
            tls_files: files.map(|(certificate, key)| TlsFiles {
                certificate,
                key,
                authorities: self.tls_ca.clone(),
                peers_must_show: self.tls_mutual,
            }),
            route_door: self
                .route_http
                .zip(self.route_tokens.clone())
                .map(|(addr, tokens)| RouteDoorOptions {
                    addr,
                    tokens,
                    url: self.route_url.clone(),
                    tls: self.route_tls(),
                }),
            advertised: self.sip_advertise.clone(),
            source_messages_per_s_max: Some(self.source_rate),
            trunks: TrunkChecks {
                options: self.trunk_check == TrunkCheck::Full,
                breaker: self.trunk_check != TrunkCheck::Off,
                calls_per_s_max: self.trunk_calls_per_s,
                calls_max: self.trunk_calls,
                timers: Timers {
                    silent_ms: self.silent_ms,
                    trying_ms: self.trying_ms,
                    ring_ms: self.ring_ms,
                },
                of_lines: self.line_timers()?,
                fall_through: self.fall_through.clone(),
                stop_at: self.stop_at.clone(),
            },
        })
    }
}

impl Serve {
    /// Runs until Ctrl-C or SIGTERM.
    pub fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        if ctx.data.has_simulated_clock() {
            return Err(Failure::BadInput("data with a simulated clock carry no live calls; make another directory with `segue init`".into()));
        }
        block_on(async {
            let service = Service::start(self.options(&ctx)?).await?;
            tracing::info!(sip = %service.sip_addr, http = %service.http_addr, "serving");
            announce(&service);
            wait_for_signal().await?;
            service.stop().await;
            Ok(Answer::new(&json!({ "stopped": true }), "Stopped."))
        })
    }

    fn options(&self, ctx: &Context) -> Result<Options, Failure> {
        usable(&self.node)?;
        Ok(Options {
            data: ctx.data.clone(),
            sip: self.sip,
            http: self.http,
            node: self.node.clone(),
            peers: self.peers.clone(),
            redirected: self.redirected.iter().copied().collect(),
            line: self.line.options()?,
            cluster: self.nodes.options(ctx)?,
            outside: self.outside.options()?,
            keep_facts_days: self.keep_call_facts_days,
        })
    }
}

/// Scripts wait for this line on standard error.
fn announce(service: &Service) {
    let line = format!(
        "segue: SIP on udp {}, pages on http://{}",
        service.sip_addr, service.http_addr
    );
    let streams = [
        ("tcp", service.stream_addrs[0]),
        ("tls", service.stream_addrs[1]),
        ("route door", service.route_addr),
        ("dial-in line on udp", service.dial_in_addr),
    ];
    let also: String = streams
        .iter()
        .filter_map(|(name, addr)| Some(format!(", {name} {}", (*addr)?)))
        .collect();
    let line = line + &also;
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{line}\n").as_bytes());
}

/// Returns on Ctrl-C or SIGTERM.
pub async fn wait_for_signal() -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(anyhow::Error::new)?;
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
