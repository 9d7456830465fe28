//! A SIP user agent over UDP: many calls on one socket, each with its own task, its own audio and its own timers.
//!
//! Calls are placed with [`Caller::place`] and taken with [`Agent::incoming`]; within them either side may hold
//! (re-INVITE) and transfer (REFER). No authentication. Targets are IP literals: nothing is looked up.

mod dialog;
mod inside;
mod leg;
mod reader;
mod refer;
mod sdp;
mod transact;
mod uac;
mod uas;
pub(crate) mod wire;

pub use leg::{End, Leg, Progress};
pub use refer::{DialogId, Referred};

use crate::audio::Audio;
use crate::clock::Clock;
use crate::dice::Dice;
use crate::stop::Stop;
use crate::tone::Tone;
use leg::Order;
use segue_sip::msg::fields::uri_address;
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use thiserror::Error;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, timeout};
use transact::Driver;
use uac::Uac;
use uas::Uas;
use wire::Inbound;

pub(crate) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, REFER, NOTIFY";
/// Messages and orders waiting for one call's task.
const CALL_QUEUE_MAX: usize = 16;
/// How long an agent's telephone may ring.
const AGENT_WAIT: Duration = Duration::from_mins(1);
/// How long a call that was hung up may take to end.
const HANG_UP_WAIT: Duration = Duration::from_secs(2);

/// RFC 3261 timers, milliseconds (table 4 of appendix A).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// First retransmission (T1).
    pub t1_ms: u64,
    /// Longest interval of non-INVITE requests and of responses (T2).
    pub t2_ms: u64,
    /// Giving up: timers B, F and H (64 × T1).
    pub b_ms: u64,
    /// How long an ended call still answers repeated messages (timers D and J).
    pub linger_ms: u64,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            t1_ms: 500,
            t2_ms: 4_000,
            b_ms: 32_000,
            linger_ms: 32_000,
        }
    }
}

/// How an agent works.
#[derive(Clone, Debug)]
pub struct AgentSettings {
    /// Where it listens; port 0 takes a free one.
    pub bind: SocketAddr,
    /// User part of its Contact.
    pub name: String,
    /// Retransmission.
    pub timers: Timers,
    /// Calls at once, those still lingering included; further ones are refused (503) or not placed.
    pub calls_max: usize,
    /// Calls arrived and not yet taken by `incoming`; further ones are refused with 503.
    pub incoming_calls_max: usize,
    /// Seed of tags, branches and Call-IDs, mixed with the time of binding so that runs do not collide.
    pub seed: u64,
}

impl AgentSettings {
    /// Usual settings for an agent on `bind`.
    pub fn new(bind: SocketAddr, name: impl Into<String>) -> Self {
        Self {
            bind,
            name: name.into(),
            timers: Timers::default(),
            calls_max: 20_000,
            incoming_calls_max: 1_000,
            seed: 0,
        }
    }
}

/// Why an agent cannot start.
#[derive(Debug, Error)]
pub enum AgentError {
    /// The UDP port cannot be had.
    #[error("the SIP user agent cannot listen on `{0}`; choose a free address")]
    Bind(SocketAddr, #[source] io::Error),
    /// The address is none that others could be told.
    #[error(
        "`{0}` is every address of this machine, and a call tells the other side one to send its audio to; \
         name the one that the other side reaches, such as 192.0.2.10:{port}", port = .0.port()
    )]
    Unspecified(SocketAddr),
}

/// Why a call was not placed.
#[derive(Debug, Error)]
pub enum PlaceError {
    /// The target is not a SIP URI with an IP address.
    #[error("`{0}` is not a SIP address with an IP literal, such as `sip:7001@127.0.0.1:5060`")]
    BadTarget(String),
    /// A header holds a line break.
    #[error("the header `{0}` holds a line break; remove it")]
    BadHeader(String),
    /// Too many calls at once.
    #[error("{0} calls are already up on this agent; wait or raise `calls_max`")]
    Full(usize),
    /// No port for audio.
    #[error("no UDP port for the call's audio")]
    Audio(#[source] io::Error),
    /// The agent has been stopped.
    #[error("the user agent is stopped")]
    Stopped,
}

/// A call to be placed.
#[derive(Clone)]
pub struct Place {
    /// Request-URI and To: `sip:+18005550142@127.0.0.1:5060`.
    pub to: String,
    /// Sends to this address instead of the URI's (an outbound proxy).
    pub via: Option<SocketAddr>,
    /// The caller's number, for From and P-Asserted-Identity; `None` withholds it (RFC 3323).
    pub caller: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// What this side plays; `None` makes a call without audio.
    pub audio: Option<Tone>,
    /// 3xx answers followed before giving up.
    pub redirects_max: u8,
}

impl Place {
    /// A call with the caller's voice, following up to five redirects.
    pub fn new(to: impl Into<String>) -> Self {
        Self {
            to: to.into(),
            via: None,
            caller: None,
            headers: Vec::new(),
            audio: Some(Tone::Caller),
            redirects_max: 5,
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place")
            .field("to", &self.to)
            .field("via", &self.via)
            .finish_non_exhaustive()
    }
}

/// A call that has arrived and waits for an answer. Dropping it refuses it with 480.
pub struct Incoming {
    invite: Inbound,
    leg: Leg,
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("dialled", &self.dialled())
            .finish_non_exhaustive()
    }
}

impl Incoming {
    /// The first header of this name, as received.
    pub fn header(&self, name: &str) -> Option<String> {
        self.invite.header(name)
    }

    /// The SIP Call-ID as received.
    pub fn call_id(&self) -> &str {
        &self.invite.call_id
    }

    /// User part of the Request-URI.
    pub fn dialled(&self) -> String {
        self.invite.dialled()
    }

    /// User part of To.
    pub fn to_number(&self) -> Option<String> {
        wire::user_of(&self.invite.to)
    }

    /// The caller's number (P-Asserted-Identity, else From); `None` when withheld.
    pub fn caller(&self) -> Option<String> {
        self.invite.caller()
    }

    /// What has happened to the call so far.
    pub fn progress(&self) -> Progress {
        self.leg.progress()
    }

    /// Where the INVITE came from.
    pub fn source(&self) -> SocketAddr {
        self.invite.source
    }

    /// Sends 180.
    pub fn ring(&self) {
        self.leg.order(Order::Ring);
    }

    /// Waits until the caller gives up before an answer (or the agent stops).
    pub async fn given_up(&self) -> End {
        self.leg.ended().await.0
    }

    /// Answers with 200; the returned call may already be over if the caller gave up meanwhile.
    pub fn answer(self) -> Leg {
        self.leg.order(Order::Answer);
        self.leg
    }

    /// Refuses with a status code (300–699); a redirect names its `contact` URI.
    pub fn refuse(self, status: u16, contact: Option<String>) -> Leg {
        self.leg
            .order(Order::Refuse(status.clamp(300, 699), contact));
        self.leg
    }
}

/// What an agent counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct AgentCounts {
    /// Datagrams that were not acceptable SIP.
    pub unreadable: u64,
    /// Messages belonging to no call.
    pub strays: u64,
    /// Messages lost because a call's queue was full.
    pub queue_full: u64,
    /// Incoming calls refused with 503 because a limit was reached.
    pub refused_full: u64,
    /// Datagrams the socket would not send.
    pub unsent: u64,
}

#[derive(Default)]
struct Counters {
    unreadable: AtomicU64,
    strays: AtomicU64,
    queue_full: AtomicU64,
    refused_full: AtomicU64,
    unsent: AtomicU64,
}

pub(crate) struct Shared {
    socket: UdpSocket,
    pub(crate) local: SocketAddr,
    name: String,
    pub(crate) timers: Timers,
    pub(crate) stop: Stop,
    calls_max: usize,
    silent: AtomicBool,
    dice: Mutex<Dice>,
    calls: Mutex<HashMap<String, mpsc::Sender<Inbound>>>,
    tasks: Mutex<JoinSet<()>>,
    counters: Counters,
}

impl Shared {
    pub(crate) async fn send(&self, bytes: &[u8], to: SocketAddr) {
        if self.silent.load(Ordering::Relaxed) {
            return;
        }
        if self.socket.send_to(bytes, to).await.is_err() {
            add(&self.counters.unsent);
        }
    }

    pub(crate) fn bits(&self) -> u64 {
        lock(&self.dice).bits()
    }

    /// A fresh branch with the magic cookie (RFC 3261 §8.1.1.7).
    pub(crate) fn branch(&self) -> String {
        format!("z9hG4bK{:016x}", self.bits())
    }

    pub(crate) fn via(&self, branch: &str) -> String {
        format!("SIP/2.0/UDP {};branch={branch};rport", self.local)
    }

    pub(crate) fn contact(&self) -> String {
        format!("<sip:{}@{}>", self.name, self.local)
    }

    pub(crate) fn forget(&self, keys: &[String]) {
        let mut calls = lock(&self.calls);
        for key in keys {
            calls.remove(key);
        }
    }

    /// Makes a call's driver and its owner's handle, and registers the keys its messages arrive under.
    fn driver(self: &Arc<Self>, keys: Vec<String>, audio: Option<Audio>) -> (Driver, Leg) {
        let (inbound, inbox) = mpsc::channel(CALL_QUEUE_MAX);
        let (orders, order_inbox) = mpsc::channel(CALL_QUEUE_MAX);
        let (publish, progress) = watch::channel(Progress::default());
        let mut calls = lock(&self.calls);
        for key in &keys {
            calls.insert(key.clone(), inbound.clone());
        }
        drop(calls);
        let driver = Driver {
            shared: Arc::clone(self),
            inbox,
            orders: order_inbox,
            owner_gone: false,
            progress: publish,
            resend: None,
            deadline: None,
            audio: audio.clone(),
            started: Instant::now(),
            keys,
        };
        (
            driver,
            Leg {
                progress,
                orders,
                audio,
            },
        )
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = lock(&self.tasks);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    fn is_full(&self) -> bool {
        // Every call holds at most two keys.
        lock(&self.calls).len() >= self.calls_max.saturating_mul(2)
    }
}

/// Places calls; cheap to clone.
#[derive(Clone)]
pub struct Caller {
    shared: Arc<Shared>,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("local", &self.shared.local)
            .finish_non_exhaustive()
    }
}

impl Caller {
    /// Places a call; returns as soon as the INVITE is on its way.
    pub async fn place(&self, place: Place) -> Result<Leg, PlaceError> {
        let shared = &self.shared;
        let broken = |text: &str| text.contains(['\r', '\n']);
        if let Some((name, _)) = place.headers.iter().find(|(n, v)| broken(n) || broken(v)) {
            return Err(PlaceError::BadHeader(name.escape_default().to_string()));
        }
        if broken(place.caller.as_deref().unwrap_or_default()) {
            return Err(PlaceError::BadHeader("From".to_owned()));
        }
        let hop = place.via.or_else(|| uri_address(place.to.as_bytes()));
        let bad = broken(&place.to) || place.to.contains([' ', '<', '>']);
        let Some(hop) = hop.filter(|_| !bad) else {
            return Err(PlaceError::BadTarget(place.to.escape_default().to_string()));
        };
        if shared.stop.is_stopped() {
            return Err(PlaceError::Stopped);
        }
        if shared.is_full() {
            return Err(PlaceError::Full(shared.calls_max));
        }
        let audio = match place.audio {
            Some(tone) => Some(open_audio(shared, tone).await.map_err(PlaceError::Audio)?),
            None => None,
        };
        let ip = shared.local.ip();
        let tag = format!("{:016x}", shared.bits());
        let call_id = format!("{:016x}{:016x}@{ip}", shared.bits(), shared.bits());
        let from = match &place.caller {
            Some(caller) => format!("<sip:{caller}@{ip}>;tag={tag}"),
            None => format!("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag={tag}"),
        };
        let (driver, leg) = shared.driver(vec![dialog_key(&call_id, &tag)], audio);
        shared.spawn(Uac::new(driver, place, from, call_id, hop).run());
        Ok(leg)
    }

    /// Calls an agent; nothing where nobody answers within [`AGENT_WAIT`].
    pub(crate) async fn reach(&self, place: Place) -> Result<Option<Leg>, PlaceError> {
        let leg = self.place(place).await?;
        if timeout(AGENT_WAIT, leg.answered()).await == Ok(true) {
            return Ok(Some(leg));
        }
        leg.hang_up();
        let _ = timeout(HANG_UP_WAIT, leg.ended()).await;
        Ok(None)
    }
}

/// A user agent on one UDP socket.
pub struct Agent {
    shared: Arc<Shared>,
    incoming: mpsc::Receiver<Incoming>,
    reader: JoinHandle<()>,
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent")
            .field("local", &self.shared.local)
            .finish_non_exhaustive()
    }
}

impl Agent {
    /// Binds the socket and starts reading.
    pub async fn bind(settings: AgentSettings) -> Result<Self, AgentError> {
        if settings.bind.ip().to_canonical().is_unspecified() {
            return Err(AgentError::Unspecified(settings.bind));
        }
        let failed = |source| AgentError::Bind(settings.bind, source);
        let socket = UdpSocket::bind(settings.bind).await.map_err(failed)?;
        let local = socket.local_addr().map_err(failed)?;
        let now = u64::try_from(Clock::start().now_utc_us()).unwrap_or(0);
        let shared = Arc::new(Shared {
            socket,
            local,
            name: settings.name,
            timers: settings.timers,
            stop: Stop::new(),
            calls_max: settings.calls_max,
            silent: AtomicBool::new(false),
            dice: Mutex::new(Dice::seeded(settings.seed ^ now, u64::from(local.port()))),
            calls: Mutex::default(),
            tasks: Mutex::default(),
            counters: Counters::default(),
        });
        let (arrivals, incoming) = mpsc::channel(settings.incoming_calls_max.max(1));
        let reader = tokio::spawn(reader::read(Arc::clone(&shared), arrivals));
        Ok(Self {
            shared,
            incoming,
            reader,
        })
    }

    /// Where the agent listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.shared.local
    }

    /// A handle that places calls from this agent's socket.
    pub fn caller(&self) -> Caller {
        Caller {
            shared: Arc::clone(&self.shared),
        }
    }

    /// The next call that arrives; `None` once the agent is stopped.
    pub async fn incoming(&mut self) -> Option<Incoming> {
        self.incoming.recv().await
    }

    /// Makes the agent deaf and dumb (a peer gone silent without closing its port), or brings it back.
    pub fn set_silent(&self, silent: bool) {
        self.shared.silent.store(silent, Ordering::Relaxed);
    }

    /// What was counted so far.
    pub fn counts(&self) -> AgentCounts {
        let counters = &self.shared.counters;
        AgentCounts {
            unreadable: counters.unreadable.load(Ordering::Relaxed),
            strays: counters.strays.load(Ordering::Relaxed),
            queue_full: counters.queue_full.load(Ordering::Relaxed),
            refused_full: counters.refused_full.load(Ordering::Relaxed),
            unsent: counters.unsent.load(Ordering::Relaxed),
        }
    }

    /// Hangs up every call (one CANCEL, BYE or 480 each), then closes the socket; leaves no task.
    pub async fn stop(self) -> AgentCounts {
        self.shared.stop.stop();
        let mut tasks = std::mem::take(&mut *lock(&self.shared.tasks));
        let all = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(5), all)
            .await
            .is_err()
        {
            tracing::warn!("calls of a stopped user agent did not end in time and were cut off");
            tasks.shutdown().await;
        }
        let counts = self.counts();
        // The reader ends by the same latch; its last reference to the socket goes with it.
        let _ = self.reader.await;
        counts
    }
}

async fn open_audio(shared: &Shared, tone: Tone) -> io::Result<Audio> {
    let ssrc = u32::try_from(shared.bits() >> 32).unwrap_or(0);
    Audio::open(shared.local.ip(), ssrc, tone).await
}

fn dialog_key(call_id: &str, local_tag: &str) -> String {
    format!("d {call_id} {local_tag}")
}

fn server_key(call_id: &str, branch: &str) -> String {
    format!("s {call_id} {branch}")
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while holding these locks; a poisoned one still holds whole values.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
