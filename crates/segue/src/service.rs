//! One process with everything in it: SIP, pages, tail, home door. `segue serve` runs one, `segue demo` runs one too.

use crate::checkpoints;
use crate::clock;
use crate::console::cases;
use crate::console::dial_in::DialInLine;
use crate::console::forgetting;
use crate::console::heartbeat::HeartbeatPath;
use crate::console::human_heartbeat::HumanHeartbeat;
use crate::console::verify_call::VerifyCalls;
use crate::console::{ConsoleParts, NodeConsole};
use crate::data_dir::{DataDir, random_bytes};
use crate::home::HomeDoor;
use crate::login::sealed;
use crate::mailing::{self, MailOptions};
use crate::node::cluster::{Cluster, ClusterOptions};
use crate::node::control;
use crate::node::files::NodeFiles;
use crate::node::policy::{NodePolicy, OPEN_CASE};
use crate::node::state::Installed;
use crate::node::trunks::TrunkChecks;
use crate::node::{Node, standing, tail};
use crate::office::{LocalDesk, Office, chain, unavailable};
use crate::output::Failure;
use crate::route_door::{self, RouteDoorOptions};
use crate::runbook;
use crate::sign_on::{SignOnDoor, SignOnOptions};
use crate::trials::through;
use jiff::SignedDuration;
use segue_domain::Transition;
use segue_domain::caller::CallerKey;
use segue_domain::ids::ChunkId;
use segue_journal::accounts::Accounts;
use segue_journal::facts::{Cursor, Facts, FactsWriter};
use segue_journal::{Journal as _, StreamId};
use segue_nodes::Window;
use segue_routing::Arm;
use segue_sip::Config;
use segue_sip::allow::{AllowList, Network};
use segue_sip::io_stream::{PeerNames, StreamOptions};
use segue_sip::io_udp::{Server, ServerOptions};
use segue_sip::tls::{Tls, TlsFiles};
use segue_sip::{Hop, Transport};
use segue_trials::agent::{Agent, AgentSettings};
use std::collections::HashSet;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// Call facts on their way to disk.
const FACTS_QUEUE_MAX: usize = 65_536;
/// How long a start waits for the journal's table: long where there is no other, and only a moment where the last one can route
/// meanwhile, each chunk by its cut-off action.
const FIRST_TABLE_WAIT: Duration = Duration::from_secs(10);
const NEXT_TABLE_WAIT: Duration = Duration::from_millis(500);
/// Decisions read at once when episodes are restored.
const RESTORE_PAGE: u32 = 5_000;

/// What to run and where.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data directory.
    pub data: DataDir,
    /// Where SIP arrives.
    pub sip: SocketAddr,
    /// Where pages and API are served.
    pub http: SocketAddr,
    /// The node's name.
    pub node: String,
    /// Who may send SIP besides the targets of the table.
    pub peers: Vec<Network>,
    /// Peers answered 302 instead of being proxied.
    pub redirected: HashSet<IpAddr>,
    /// SIP beyond UDP, its bounds and the trunks.
    pub line: LineOptions,
    /// The other nodes of the transition, if there are any.
    pub cluster: Option<ClusterOptions>,
    /// What others run for it.
    pub outside: Outside,
    /// Days after which call facts are deleted; kept where it is absent.
    pub keep_facts_days: Option<u32>,
}

/// What others run for Segue; it works without them.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// The provider of single sign-on.
    pub sign_on: Option<SignOnOptions>,
    /// The relay that checkpoints are mailed through.
    pub mail: Option<MailOptions>,
}

/// How SIP is served beyond UDP, what one peer may send, and how trunks are watched.
#[derive(Clone, Debug, Default)]
pub struct LineOptions {
    /// Where SIP arrives over TCP.
    pub tcp: Option<SocketAddr>,
    /// Where SIP arrives over TLS.
    pub tls: Option<SocketAddr>,
    /// Certificates of TLS.
    pub tls_files: Option<TlsFiles>,
    /// Where peers reach us, where that is not where we listen (behind NAT, or on any address).
    pub advertised: Vec<IpAddr>,
    /// Most messages a second from one address.
    pub source_messages_per_s_max: Option<NonZeroU32>,
    /// The trunks.
    pub trunks: TrunkChecks,
    /// Paths to the outsourcer that are called each minute.
    pub heartbeats: Vec<HeartbeatPath>,
    /// Chunks whose people at the outsourcer are called each hour.
    pub human_heartbeats: Vec<ChunkId>,
    /// The number the node calls itself from after a fallback, if it is to.
    pub verify_caller: Option<String>,
    /// Where testers enter the codes of their calls, and what they dial to reach it.
    pub dial_in: Option<(SocketAddr, String)>,
    /// The door for PBXs and clouds that ask over HTTP.
    pub route_door: Option<RouteDoorOptions>,
}

/// A running process.
pub struct Service {
    /// Where SIP arrives.
    pub sip_addr: SocketAddr,
    /// Where SIP arrives over TCP and over TLS.
    pub stream_addrs: [Option<SocketAddr>; 2],
    /// Where PBXs and clouds ask over HTTP.
    pub route_addr: Option<SocketAddr>,
    /// Where testers enter the codes of their calls.
    pub dial_in_addr: Option<SocketAddr>,
    /// Where pages and API are served.
    pub http_addr: SocketAddr,
    /// The home door.
    pub door: Arc<HomeDoor>,
    /// The command layer.
    pub desk: Arc<LocalDesk>,
    /// The transition's stream.
    pub stream: StreamId,
    /// Call facts.
    pub facts: Facts,
    /// Their writer.
    pub writer: FactsWriter,
    /// Wakes the tail after a command of this process.
    pub wake: Arc<Notify>,
    sip: Server<NodePolicy>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    local: Vec<JoinHandle<()>>,
    _lock: File,
}

impl Service {
    /// Starts everything, or nothing and says why.
    #[expect(
        clippy::too_many_lines,
        reason = "what is started after what is read in one place"
    )]
    pub async fn start(options: Options) -> Result<Self, Failure> {
        let lock = lock(&options.data)?;
        let office = Office::lazy(&options.data)?;
        let facts = Facts::lazy(options.data.place("facts"));
        let journal_answers = check_journal(&office, &options.data).await?;
        let (node, key) = open_node(&options, &facts).await?;
        let (desk, stream, wake) = (office.desk, office.stream, Arc::new(Notify::new()));
        let door = home_door(&options, &node, &desk, &stream, &wake);
        let cluster = join_nodes(&options, &node, &door).await?;
        let (stop, stopping) = watch::channel(false);
        let (states, state) =
            watch::channel(Arc::new(Transition::new(options.data.transition().clone())));
        let writer = FactsWriter::start(facts.clone(), FACTS_QUEUE_MAX);
        let mut tasks = vec![tokio::spawn(tail::follow(
            Arc::clone(&node),
            Arc::clone(&desk),
            stream.clone(),
            states,
            Arc::clone(&wake),
            cluster.clone(),
            stopping.clone(),
        ))];
        if journal_answers {
            wait_for_table(&node, state.clone()).await;
        }
        door.latch_pending();
        let sip = start_sip(&options, &node, &writer)?;
        let (route_stop, for_paper) = (stopping.clone(), (state.clone(), stopping.clone()));
        let accounts = open_accounts(&options.data).await?;
        let dial_in = dial_in(&options).await?;
        let dial_in_addr = dial_in.as_ref().map(|line| line.agent.local_addr());
        let parts = ConsoleParts {
            dial_in,
            node: Arc::clone(&node),
            door: Arc::clone(&door),
            desk: Arc::clone(&desk),
            stream: stream.clone(),
            accounts: accounts.clone(),
            facts: facts.clone(),
            writer: writer.clone(),
            key,
            state,
            wake: Arc::clone(&wake),
            data: options.data.clone(),
            sign_on: sign_on(&options)?,
            heartbeats: options.line.heartbeats.clone(),
            human_heartbeats: human_heartbeats(&options, sip.local_addr()),
            verify_calls: verify_calls(&options, sip.local_addr()),
            sip: sip.watch(),
            cluster: cluster.clone(),
            stop: stopping,
        };
        let (http_addr, pages) = start_pages(&options, parts).await?;
        tasks.push(pages);
        tasks.push(cases::keep(&node, &facts, &stop));
        tasks.extend(forgetting::keep(&facts, options.keep_facts_days, &stop));
        let chain = (Arc::clone(&desk), stream.clone(), cluster.clone());
        tasks.extend(start_papers(&options, http_addr, for_paper, chain));
        let route = start_route_door(&options, &node, &writer, accounts, route_stop).await?;
        let (route_addr, asked) = route.unzip();
        tasks.extend(asked);
        let local = local_tasks(&options, &node, &door, cluster);
        Ok(Self {
            sip_addr: sip.local_addr(),
            stream_addrs: [Transport::Tcp, Transport::Tls].map(|t| sip.stream_addr(t)),
            route_addr,
            dial_in_addr,
            http_addr,
            door,
            desk,
            stream,
            facts,
            writer,
            wake,
            sip,
            stop,
            tasks,
            local,
            _lock: lock,
        })
    }

    /// Stops taking calls, then everything else; what is under way is written down.
    pub async fn stop(self) {
        let sip = self.sip;
        // Joining a thread: at most one tick of its wheel.
        let _ = tokio::task::spawn_blocking(move || sip.stop().is_some()).await;
        let _ = self.stop.send(true);
        for task in self.local {
            task.abort();
        }
        for task in self.tasks {
            let _ = task.await;
        }
        self.writer.flush().await;
    }
}

/// One process per data directory: two nodes on one latch file would undo each other.
pub fn lock(data: &DataDir) -> Result<File, Failure> {
    let path = data.path("serve.lock");
    let file = File::create(&path).map_err(|e| {
        Failure::Unavailable(format!(
            "`{}` cannot be written ({e}); check permissions and disk space",
            path.display()
        ))
    })?;
    file.try_lock().map_err(|_| {
        Failure::Unavailable(format!(
            "another `segue serve` runs on `{}`; stop it first or name another --data",
            data.root().display()
        ))
    })?;
    Ok(file)
}

/// Whether the journal answers. If it does not, the last table routes, each chunk by its cut-off action until the journal
/// was read; a node that never had a table has nothing to route by and does not start.
async fn check_journal(office: &Office, data: &DataDir) -> Result<bool, Failure> {
    let Err(error) = office.desk.journal().head().await else {
        return Ok(true);
    };
    let Some(table) = NodeFiles::new(data.root()).read_table() else {
        return Err(unavailable(&error));
    };
    tracing::error!(
        error = chain(&error),
        table = table.hash(),
        "the journal does not answer: routing on the last table until it does"
    );
    Ok(false)
}

async fn open_accounts(data: &DataDir) -> Result<Accounts, Failure> {
    let accounts = Accounts::lazy(data.place("accounts")).await;
    Ok(sealed(data, accounts.map_err(|e| unavailable(&e))?))
}

/// The node with its latch, its last table and the callers of the last days; and the client's key for callers.
async fn open_node(options: &Options, facts: &Facts) -> Result<(Arc<Node>, CallerKey), Failure> {
    let key = options.data.caller_key()?;
    let files = NodeFiles::new(options.data.root());
    let node = Arc::new(Node::open(&options.node, key.clone(), files));
    if let Err(error) = restore_episodes(&node, facts).await {
        tracing::error!(%error, "callers of the last 72 hours may change sides: the call facts do not answer");
    }
    Ok((node, key))
}

fn home_door(
    options: &Options,
    node: &Arc<Node>,
    desk: &Arc<LocalDesk>,
    stream: &StreamId,
    wake: &Arc<Notify>,
) -> Arc<HomeDoor> {
    Arc::new(HomeDoor::new(
        Arc::clone(node),
        Arc::clone(desk),
        stream.clone(),
        options.data.path("node/pending.json"),
        Arc::clone(wake),
    ))
}

/// How the node calls itself after a fallback: from its own address, to its own number.
fn verify_calls(options: &Options, sip: SocketAddr) -> Option<VerifyCalls> {
    let caller = options.line.verify_caller.clone()?;
    Some(VerifyCalls {
        sip: SocketAddr::new(own_ip(options), sip.port()),
        caller,
    })
}

fn sign_on(options: &Options) -> Result<Option<SignOnDoor>, Failure> {
    let asked = options.outside.sign_on.clone();
    asked.map(SignOnDoor::new).transpose()
}

/// The line on which testers enter the codes of their calls.
async fn dial_in(options: &Options) -> Result<Option<DialInLine>, Failure> {
    let Some((addr, number)) = options.line.dial_in.clone() else {
        return Ok(None);
    };
    let agent = Agent::bind(AgentSettings {
        seed: u64::from_le_bytes(random_bytes::<8>()?),
        incoming_calls_max: 100,
        calls_max: 1_000,
        ..AgentSettings::new(addr, "segue-dial-in")
    });
    Ok(Some(DialInLine {
        agent: agent.await.map_err(|e| through::unbound(&e))?,
        number,
        peers: AllowList::new(options.peers.iter().copied()),
    }))
}

/// The chunks whose people are called, from the node to its own number.
fn human_heartbeats(options: &Options, sip: SocketAddr) -> Vec<HumanHeartbeat> {
    let sip = SocketAddr::new(own_ip(options), sip.port());
    let chunks = options.line.human_heartbeats.iter().cloned();
    chunks.map(|chunk| HumanHeartbeat { chunk, sip }).collect()
}

/// Where this node is reached from itself.
fn own_ip(options: &Options) -> IpAddr {
    match options.sip.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    }
}

/// Writes each day's runbook and checkpoint, and mails the latter.
fn start_papers(
    options: &Options,
    http_addr: SocketAddr,
    (state, stop): (watch::Receiver<Arc<Transition>>, watch::Receiver<bool>),
    (desk, stream, cluster): (Arc<LocalDesk>, StreamId, Option<Arc<Cluster>>),
) -> Vec<JoinHandle<()>> {
    let (pages, data) = (format!("http://{http_addr}"), options.data.clone());
    let (stopping, ending) = (stop.clone(), stop.clone());
    let mail = options.outside.mail.clone();
    let mail = mail.map(|mail| tokio::spawn(mailing::keep(mail, data.clone(), ending)));
    [
        tokio::spawn(runbook::keep(state, data.clone(), pages, stop)),
        tokio::spawn(checkpoints::keep(desk, stream, data, cluster, stopping)),
    ]
    .into_iter()
    .chain(mail)
    .collect()
}

async fn start_pages(
    options: &Options,
    parts: ConsoleParts,
) -> Result<(SocketAddr, JoinHandle<()>), Failure> {
    let listener = TcpListener::bind(options.http).await.map_err(|e| {
        Failure::Unavailable(format!(
            "cannot listen on http {} ({e}); choose another port with --http",
            options.http
        ))
    })?;
    let addr = listener.local_addr().map_err(anyhow::Error::new)?;
    let stopping = parts.stop.clone();
    let settings = segue_web::Settings::new(options.data.pages_key()?);
    let app = segue_web::App::new(Arc::new(NodeConsole::start(parts)), settings);
    let pages = tokio::spawn(segue_web::serve(listener, app, stopped(stopping)));
    Ok((addr, pages))
}

async fn start_route_door(
    options: &Options,
    node: &Arc<Node>,
    writer: &FactsWriter,
    accounts: Accounts,
    stopping: watch::Receiver<bool>,
) -> Result<Option<(SocketAddr, JoinHandle<()>)>, Failure> {
    let Some(asked) = &options.line.route_door else {
        return Ok(None);
    };
    route_door::start(asked, Arc::clone(node), writer.clone(), accounts, stopping)
        .await
        .map(Some)
}

fn start_sip(
    options: &Options,
    node: &Arc<Node>,
    writer: &FactsWriter,
) -> Result<Server<NodePolicy>, Failure> {
    let installed = node.installed();
    let targets = installed
        .addresses
        .values()
        .map(|(hop, _)| Network::from(hop.addr.ip()));
    let own = options.line.verify_caller.iter();
    let own = own.map(|_| Network::from(own_ip(options)));
    let peers = options.peers.iter().copied().chain(targets).chain(own);
    let peers = AllowList::new(peers);
    let seed = u64::from_le_bytes(random_bytes::<8>()?);
    let policy = NodePolicy::new(
        Arc::clone(node),
        Some(writer.clone()),
        peers.clone(),
        options.redirected.clone(),
        options.line.trunks.clone(),
        seed,
    );
    let mut config = Config::new(options.sip, random_bytes::<32>()?, peers);
    let port = options.sip.port();
    if let Some((first, others)) = options.line.advertised.split_first() {
        config.advertised.set_ip(*first);
        let udp = |ip: &IpAddr| Hop::from(SocketAddr::new(*ip, port));
        config.faces = others.iter().map(udp).collect();
    }
    config.source_messages_per_s_max = options.line.source_messages_per_s_max;
    let mut listen = ServerOptions::new(options.sip);
    listen.streams = streams(&options.line, node)?;
    Server::start(listen, config, policy).map_err(|e| unavailable(&e))
}

/// TCP and TLS, if they are wanted or a target of the table needs them.
fn streams(line: &LineOptions, node: &Node) -> Result<Option<StreamOptions>, Failure> {
    let installed = node.installed();
    let needed = installed
        .addresses
        .values()
        .any(|(hop, _)| hop.transport.is_stream());
    if line.tcp.is_none() && line.tls.is_none() && !needed {
        return Ok(None);
    }
    let files = line.tls_files.as_ref();
    let certificates = files.map(Tls::load).transpose();
    let certificates = certificates.map_err(|e| Failure::BadInput(e.to_string()))?;
    Ok(Some(StreamOptions {
        tcp: line.tcp,
        tls: line.tls,
        certificates,
        names: peer_names(&installed),
        ..StreamOptions::default()
    }))
}

/// What the certificates of TLS targets must be called: the host their URI names.
fn peer_names(installed: &Installed) -> PeerNames {
    let tls = installed
        .addresses
        .iter()
        .filter(|(_, (hop, _))| hop.transport == Transport::Tls);
    let names = tls.map(|(uri, (hop, _))| (hop.addr, segue_routing::compile::host(uri).to_owned()));
    // An address needs no name: its certificate bears the address.
    let names = names.filter(|(_, name)| name.trim_matches(['[', ']']).parse::<IpAddr>().is_err());
    PeerNames::new(std::sync::Mutex::new(names.collect()))
}

async fn join_nodes(
    options: &Options,
    node: &Arc<Node>,
    door: &Arc<HomeDoor>,
) -> Result<Option<Arc<Cluster>>, Failure> {
    let Some(asked) = &options.cluster else {
        // Presses of nodes it no longer has; its own are latched again from those that wait.
        node.hold_presses(std::collections::BTreeMap::new());
        return Ok(None);
    };
    let cluster = Cluster::open(asked, Arc::clone(node), door.open_presses()).await?;
    node.set_window(Window::default());
    door.join(&cluster);
    Ok(Some(cluster))
}

fn local_tasks(
    options: &Options,
    node: &Arc<Node>,
    door: &Arc<HomeDoor>,
    cluster: Option<Arc<Cluster>>,
) -> Vec<JoinHandle<()>> {
    let (status_node, others) = (Arc::clone(node), cluster.clone());
    let status = Arc::new(move || standing::of_all(&status_node, others.as_deref()));
    let words = cluster.map(|cluster| tokio::spawn(cluster.run()));
    let (path, listening) = (options.data.path("segue.sock"), Arc::clone(door));
    let control = tokio::spawn(async move {
        if let Err(error) = control::listen(&path, listening, status).await {
            tracing::error!(
                error = format!("{error:#}"),
                "no local door: `segue fallback` on this machine goes through the journal"
            );
        }
    });
    let pending = Arc::clone(door);
    let pending = tokio::spawn(async move { pending.journal_pending().await });
    [control, pending].into_iter().chain(words).collect()
}

/// Callers of the last 72 hours keep their side across a restart.
async fn restore_episodes(node: &Node, facts: &Facts) -> Result<(), Failure> {
    let since = clock::now() - SignedDuration::from_hours(72);
    let mut cursor = Cursor::from(since);
    loop {
        let page = facts
            .decisions_since(&cursor, RESTORE_PAGE)
            .await
            .map_err(|e| unavailable(&e))?;
        let mut episodes = node.episodes();
        for d in &page {
            let (Some(chunk), Some(caller), true) = (&d.chunk, d.caller, d.rule != OPEN_CASE)
            else {
                continue;
            };
            let arm = if d.arm == "outsourced" {
                Arm::Outsourced
            } else {
                Arm::InHouse
            };
            episodes.note(
                &chunk.as_str().into(),
                caller,
                arm,
                d.pi_bp,
                d.at.as_microsecond(),
            );
        }
        drop(episodes);
        match page.last() {
            Some(last) if page.len() == RESTORE_PAGE as usize => cursor = Cursor::after(last),
            _ => return Ok(()),
        }
    }
}

/// Calls wait for nothing; a start waits a little, so that the first call already finds its table.
async fn wait_for_table(node: &Node, mut state: watch::Receiver<Arc<Transition>>) {
    let has_last = node.installed().table.version > 0;
    let wait = if has_last {
        NEXT_TABLE_WAIT
    } else {
        FIRST_TABLE_WAIT
    };
    let _ = tokio::time::timeout(wait, state.changed()).await;
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}
