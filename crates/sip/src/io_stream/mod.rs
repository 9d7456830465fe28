//! TCP and TLS: one thread with its own small runtime accepts, connects, frames, and speaks to the
//! core's thread through two bounded queues. The core stays alone with its state.
//!
//! A connection is used again in both directions (RFC 3261 section 18, RFC 5923): what we send to a
//! peer takes the one that is open. Every wait has an end: handshake, half a message, a silent peer, a
//! full peer, a connect. A broken connection tells the core which requests it took with it.

mod connection;
mod hub;

use crate::allow::AllowList;
use crate::hop::{Hop, Transport};
use crate::tls::Tls;
use hub::Hub;
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Messages under way between the two threads, each direction.
const QUEUE_MESSAGES_MAX: usize = 4_096;

/// How long and how much.
#[derive(Debug, Clone, Copy)]
pub struct StreamLimits {
    /// Open connections.
    pub connections_max: usize,
    /// Of them, from one address.
    pub connections_per_source_max: usize,
    /// Without a byte from the peer, the connection is closed.
    pub idle: Duration,
    /// A message that has begun must be whole by then.
    pub message: Duration,
    /// TLS must be agreed by then.
    pub handshake: Duration,
    /// A connection must be open by then: shorter than a target's silence.
    pub connect: Duration,
    /// A peer must take what it is sent by then.
    pub write: Duration,
    /// Messages that wait for one peer.
    pub queue_messages_max: usize,
    /// Longest message, in bytes.
    pub message_bytes_max: usize,
}

impl Default for StreamLimits {
    /// 512 connections, 32 from one address; idle 10 min, half a message 10 s, handshake 5 s, connect
    /// 2 s, write 5 s; 256 messages of 16 KiB.
    fn default() -> Self {
        Self {
            connections_max: 512,
            connections_per_source_max: 32,
            idle: Duration::from_mins(10),
            message: Duration::from_secs(10),
            handshake: Duration::from_secs(5),
            connect: Duration::from_secs(2),
            write: Duration::from_secs(5),
            queue_messages_max: 256,
            message_bytes_max: 16 * 1_024,
        }
    }
}

/// The names that certificates of TLS peers must bear, by address. Shared with who resolves them; a
/// peer without one must bear its address.
pub type PeerNames = Arc<Mutex<HashMap<SocketAddr, String>>>;

/// Where streams are listened for.
#[derive(Debug, Clone, Default)]
pub struct StreamOptions {
    /// TCP; port 0 takes a free one.
    pub tcp: Option<SocketAddr>,
    /// TLS.
    pub tls: Option<SocketAddr>,
    /// Certificates, for listening and calling.
    pub certificates: Option<Tls>,
    /// Bounds.
    pub limits: StreamLimits,
    /// Names of TLS peers.
    pub names: PeerNames,
}

/// What happened to connections so far.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    accepted: AtomicU64,
    strangers: AtomicU64,
    over_limit: AtomicU64,
    connected: AtomicU64,
    connect_failed: AtomicU64,
    timed_out: AtomicU64,
    unreadable: AtomicU64,
    open: AtomicU64,
}

impl Tallies {
    fn add(place: &AtomicU64) {
        place.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> StreamCounters {
        let get = |place: &AtomicU64| place.load(Ordering::Relaxed);
        StreamCounters {
            accepted: get(&self.accepted),
            strangers: get(&self.strangers),
            over_limit: get(&self.over_limit),
            connected: get(&self.connected),
            connect_failed: get(&self.connect_failed),
            timed_out: get(&self.timed_out),
            unreadable: get(&self.unreadable),
            open: get(&self.open),
        }
    }
}

/// Connections, counted since start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamCounters {
    /// Taken from peers.
    pub accepted: u64,
    /// Closed unread: not on the allow-list.
    pub strangers: u64,
    /// Closed unread: too many.
    pub over_limit: u64,
    /// Opened to peers.
    pub connected: u64,
    /// Not opened: refused, unreachable, or not believed.
    pub connect_failed: u64,
    /// Closed for silence, half a message, or a peer that took nothing.
    pub timed_out: u64,
    /// Closed because the stream could not be divided into messages.
    pub unreadable: u64,
    /// Open now.
    pub open: u64,
}

/// What the streams tell the core.
pub(crate) enum Event {
    Message { from: Hop, bytes: Vec<u8> },
    Refused { to: Hop, packet: Vec<u8> },
}

/// Wakes the core's thread out of its wait for datagrams.
#[derive(Debug)]
pub(crate) struct Bell {
    pending: AtomicBool,
    ring: UnixStream,
    hear: UnixStream,
}

impl Bell {
    fn new() -> io::Result<Self> {
        let (ring, hear) = UnixStream::pair()?;
        ring.set_nonblocking(true)?;
        hear.set_nonblocking(true)?;
        Ok(Self {
            pending: AtomicBool::new(false),
            ring,
            hear,
        })
    }

    fn ring(&self) {
        if !self.pending.swap(true, Ordering::AcqRel) {
            // A full pipe has rung already.
            let _full = (&self.ring).write(&[1]);
        }
    }

    /// To be called before the queue is read: what comes later rings again.
    pub(crate) fn silence(&self) {
        if self.pending.swap(false, Ordering::AcqRel) {
            let mut sink = [0; 64];
            while matches!((&self.hear).read(&mut sink), Ok(n) if n == sink.len()) {}
        }
    }

    pub(crate) fn descriptor(&self) -> RawFd {
        self.hear.as_raw_fd()
    }
}

/// The streams, seen from the core's thread.
pub(crate) struct Streams {
    pub(crate) bell: Arc<Bell>,
    pub(crate) events: mpsc::Receiver<Event>,
    outbound: mpsc::Sender<(Hop, Vec<u8>)>,
}

impl Streams {
    /// Hands a message over; `false` if the queue is full.
    pub(crate) fn send(&self, to: Hop, bytes: &[u8]) -> bool {
        self.outbound.try_send((to, bytes.to_vec())).is_ok()
    }
}

/// The streams, seen from who started them.
pub(crate) struct StreamThread {
    pub(crate) tcp: Option<SocketAddr>,
    pub(crate) tls: Option<SocketAddr>,
    pub(crate) tallies: Arc<Tallies>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl StreamThread {
    /// Binds, and starts the thread. What cannot be bound is named by its transport.
    pub(crate) fn start(
        options: StreamOptions,
        peers: AllowList,
    ) -> Result<(Self, Streams), (Transport, SocketAddr, io::Error)> {
        let tcp = listen(Transport::Tcp, options.tcp)?;
        let tls = listen(Transport::Tls, options.tls)?;
        let here = options
            .tcp
            .or(options.tls)
            .unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)));
        let failed = |error| (Transport::Tcp, here, error);
        let bound =
            |listener: &Option<TcpListener>| listener.as_ref().and_then(|l| l.local_addr().ok());
        let (stop, stopping) = watch::channel(false);
        let (to_core, events) = mpsc::channel(QUEUE_MESSAGES_MAX);
        let (outbound, from_core) = mpsc::channel(QUEUE_MESSAGES_MAX);
        let bell = Arc::new(Bell::new().map_err(failed)?);
        let tallies = Arc::new(Tallies::default());
        let mut this = Self {
            tcp: bound(&tcp),
            tls: bound(&tls),
            tallies: Arc::clone(&tallies),
            stop,
            thread: None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let core = CoreDoor {
            events: to_core,
            bell: Arc::clone(&bell),
        };
        let hub = Hub::new(options, peers, core, tallies);
        let serve = move || runtime.block_on(hub.run([tcp, tls], from_core, stopping));
        let thread = std::thread::Builder::new().name("sip-streams".into());
        this.thread = Some(thread.spawn(serve).map_err(failed)?);
        let streams = Streams {
            bell,
            events,
            outbound,
        };
        Ok((this, streams))
    }

    /// Ends every connection.
    pub(crate) fn stop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

impl Drop for StreamThread {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

fn listen(
    transport: Transport,
    at: Option<SocketAddr>,
) -> Result<Option<TcpListener>, (Transport, SocketAddr, io::Error)> {
    let Some(at) = at else { return Ok(None) };
    let open = || {
        let listener = TcpListener::bind(at)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    open().map(Some).map_err(|error| (transport, at, error))
}

/// The way of connections to the core.
#[derive(Clone)]
struct CoreDoor {
    events: mpsc::Sender<Event>,
    bell: Arc<Bell>,
}

impl CoreDoor {
    /// Waits while the core is behind: the peer's own sending then waits too.
    async fn tell(&self, event: Event) {
        let _stopped = self.events.send(event).await;
        self.bell.ring();
    }

    async fn refused(&self, to: Hop, packet: Vec<u8>) {
        self.tell(Event::Refused { to, packet }).await;
    }
}

/// The lock of a map of names is never held over anything that can panic.
fn name_of(names: &PeerNames, addr: SocketAddr) -> Option<String> {
    let names = names.lock().unwrap_or_else(PoisonError::into_inner);
    names.get(&addr).cloned()
}
