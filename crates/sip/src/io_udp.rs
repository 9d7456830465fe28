//! The core on a UDP socket: one blocking thread per shard, the only unsafe code of this room.
//!
//! The receive buffer is set explicitly (a stall of 3 ms overflows the default), and `IP_RECVERR`
//! makes a closed port known in microseconds instead of by time-out. A further shard is a further
//! [`Server`] on the same port: its place is the `bind` below and the seed of its core.

use crate::core::{Config, Core, Counters, Sink};
use crate::hop::{Hop, Transport};
use crate::io_stream::{Event, StreamCounters, StreamOptions, StreamThread, Streams};
use crate::policy::Policy;
use crate::trunk::TrunkReport;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use thiserror::Error;

/// Longest wait for a packet before timers are looked at; also one tick of the wheel.
const WAIT: Duration = Duration::from_millis(10);
/// How often the counters are published, in microseconds.
const PUBLISH_EVERY_US: u64 = 100_000;
/// Most network errors kept until they are told to the core.
const FAILURES_MAX: usize = 1_024;
/// As much of a failed packet as is kept: enough for its start line and our Via.
const FAILED_PACKET_BYTES: usize = 512;
/// Most entries taken from the error queue at one go.
const ERRORS_AT_ONCE_MAX: usize = 256;
/// Most stream messages taken between two datagrams.
const EVENTS_AT_ONCE_MAX: usize = 64;

/// Why the server cannot start.
#[derive(Debug, Error)]
pub enum IoError {
    /// The address cannot be bound.
    #[error(
        "cannot listen on {transport} {addr}: {source}; is the port in use, or not this machine's?"
    )]
    Bind {
        /// The transport asked for.
        transport: Transport,
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A socket option was refused.
    #[error("cannot set {option} on the SIP socket: {source}; this system does not support it")]
    Option {
        /// Its name.
        option: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The thread cannot be started.
    #[error("cannot start the SIP thread: {0}; the machine is out of threads or memory")]
    Thread(io::Error),
}

/// Where and how to listen.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The local address; port 0 takes a free one.
    pub bind: SocketAddr,
    /// `SO_RCVBUF`, in bytes. The system may cap it (`net.core.rmem_max`).
    pub receive_buffer_bytes: usize,
    /// TCP and TLS beside it.
    pub streams: Option<StreamOptions>,
}

impl ServerOptions {
    /// A receive buffer of 4 MiB.
    pub fn new(bind: SocketAddr) -> Self {
        Self {
            bind,
            receive_buffer_bytes: 4 << 20,
            streams: None,
        }
    }
}

/// A core running on its own thread and socket.
pub struct Server<P> {
    local: SocketAddr,
    stop: Arc<AtomicBool>,
    published: Arc<Mutex<Published>>,
    thread: Option<JoinHandle<P>>,
    streams: Option<StreamThread>,
}

/// What the thread tells others, at most 0.1 s old.
#[derive(Debug, Default)]
struct Published {
    counters: Counters,
    trunks: Vec<TrunkReport>,
}

impl<P: Policy + Send + 'static> Server<P> {
    /// Binds and starts. An advertised port of 0 in `config` becomes the bound one.
    ///
    /// # Errors
    /// [`IoError`] naming the step that failed; nothing is left running then.
    pub fn start(options: ServerOptions, mut config: Config, policy: P) -> Result<Self, IoError> {
        let socket = open(&options)?;
        let local = socket.local_addr().map_err(|source| IoError::Bind {
            transport: Transport::Udp,
            addr: options.bind,
            source,
        })?;
        if config.advertised.port() == 0 {
            config.advertised.set_port(local.port());
        }
        let opened = options
            .streams
            .map(|streams| StreamThread::start(streams, config.peers.clone()))
            .transpose();
        let opened = opened.map_err(|(transport, addr, source)| IoError::Bind {
            transport,
            addr,
            source,
        })?;
        let (thread, streams) = opened.unzip();
        name_faces(&mut config, thread.as_ref());
        let stop = Arc::new(AtomicBool::new(false));
        let published = Arc::new(Mutex::new(Published::default()));
        let edge = Edge {
            dual: local.is_ipv6(),
            socket,
            streams,
            failures: VecDeque::new(),
            stop: Arc::clone(&stop),
            published: Arc::clone(&published),
        };
        let streams = thread;
        let thread = std::thread::Builder::new()
            .name("sip".into())
            .spawn(move || edge.run(config, policy))
            .map_err(IoError::Thread)?;
        Ok(Self {
            local,
            stop,
            published,
            thread: Some(thread),
            streams,
        })
    }

    /// The bound address.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// The bound address of a stream transport.
    pub fn stream_addr(&self, transport: Transport) -> Option<SocketAddr> {
        let streams = self.streams.as_ref()?;
        match transport {
            Transport::Udp => None,
            Transport::Tcp => streams.tcp,
            Transport::Tls => streams.tls,
        }
    }

    /// What happened so far, at most 0.1 s old.
    pub fn counters(&self) -> Counters {
        self.watch().counters()
    }

    /// The trunks as they stand, at most 0.1 s old.
    pub fn trunks(&self) -> Vec<TrunkReport> {
        self.watch().trunks()
    }

    /// What happened to TCP and TLS connections so far.
    pub fn stream_counters(&self) -> StreamCounters {
        let streams = self.streams.as_ref();
        streams.map_or_else(StreamCounters::default, |s| s.tallies.read())
    }

    /// The server's figures for who does not hold the server.
    pub fn watch(&self) -> Watch {
        Watch(Arc::clone(&self.published))
    }

    /// Whether the thread still serves; `false` after a panic in the policy.
    pub fn is_running(&self) -> bool {
        self.thread
            .as_ref()
            .is_some_and(|thread| !thread.is_finished())
    }

    /// Stops listening and gives the policy back; `None` if its thread had panicked. Calls in
    /// progress keep what was agreed end to end.
    pub fn stop(mut self) -> Option<P> {
        self.stop.store(true, Ordering::Relaxed);
        let policy = self.thread.take()?.join().ok();
        if let Some(streams) = &mut self.streams {
            streams.stop();
        }
        policy
    }
}

/// A server's figures, at most 0.1 s old.
#[derive(Debug, Clone, Default)]
pub struct Watch(Arc<Mutex<Published>>);

impl Watch {
    /// What happened so far.
    pub fn counters(&self) -> Counters {
        self.lock().counters
    }

    /// The trunks as they stand.
    pub fn trunks(&self) -> Vec<TrunkReport> {
        self.lock().trunks.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Published> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Streams without a face of their own are reached at the advertised address and their bound port.
fn name_faces(config: &mut Config, streams: Option<&StreamThread>) {
    let Some(streams) = streams else { return };
    for (transport, bound) in [(Transport::Tcp, streams.tcp), (Transport::Tls, streams.tls)] {
        let named = config.faces.iter().any(|face| face.transport == transport);
        if let Some(bound) = bound.filter(|_| !named) {
            let addr = SocketAddr::new(config.advertised.ip(), bound.port());
            config.faces.push(Hop::new(transport, addr));
        }
    }
}

/// Without `stop`, the thread is told to end and not waited for.
impl<P> Drop for Server<P> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn open(options: &ServerOptions) -> Result<UdpSocket, IoError> {
    let addr = options.bind;
    let bind = |source| IoError::Bind {
        transport: Transport::Udp,
        addr,
        source,
    };
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP));
    let socket = socket.map_err(bind)?;
    let option = |option| move |source| IoError::Option { option, source };
    socket
        .set_recv_buffer_size(options.receive_buffer_bytes)
        .map_err(option("SO_RCVBUF"))?;
    if addr.is_ipv6() {
        // One socket for both families where the system allows it.
        let _six_only = socket.set_only_v6(false);
        want_errors(&socket, true).map_err(option("IPV6_RECVERR"))?;
        let _six_only = want_errors(&socket, false);
    } else {
        want_errors(&socket, false).map_err(option("IP_RECVERR"))?;
    }
    socket.bind(&addr.into()).map_err(bind)?;
    Ok(socket.into())
}

/// The thread's side.
struct Edge {
    socket: UdpSocket,
    /// An IPv6 socket that speaks IPv4 as well, in mapped addresses.
    dual: bool,
    streams: Option<Streams>,
    failures: VecDeque<(Hop, Vec<u8>)>,
    stop: Arc<AtomicBool>,
    published: Arc<Mutex<Published>>,
}

impl Edge {
    #[expect(
        clippy::disallowed_methods,
        reason = "the edge where SIP asks the monotonic clock"
    )]
    fn run<P: Policy>(mut self, config: Config, policy: P) -> P {
        let start = Instant::now();
        let now_us = || u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mut core = Core::new(config, policy, 0);
        let mut buffer = vec![0; 65_536];
        let (mut next_tick_us, mut next_publish_us) = (0, 0);
        while !self.stop.load(Ordering::Relaxed) {
            let received = receive(&self.socket, &mut buffer);
            let now = now_us();
            let mut quiet = false;
            match received {
                Ok((length, source)) => {
                    let source = SocketAddr::new(source.ip().to_canonical(), source.port());
                    core.on_datagram(now, source, &buffer[..length], &mut self);
                }
                Err(fault) if is_quiet(&fault) => quiet = true,
                Err(_) => self.drain_errors(),
            }
            quiet &= self.take_events(now, &mut core) == 0;
            while let Some((to, packet)) = self.failures.pop_front() {
                core.on_refused(now, to, &packet, &mut self);
            }
            if now >= next_tick_us {
                next_tick_us = now + crate::wheel::TICK_US;
                core.on_time(now, &mut self);
            }
            if now >= next_publish_us {
                next_publish_us = now + PUBLISH_EVERY_US;
                self.publish(now, &core);
            }
            if quiet {
                self.wait();
            }
        }
        self.publish(now_us(), &core);
        core.into_policy()
    }

    /// What the streams have to tell, and how much that was.
    fn take_events<P: Policy>(&mut self, now: u64, core: &mut Core<P>) -> usize {
        let Some(mut streams) = self.streams.take() else {
            return 0;
        };
        streams.bell.silence();
        let mut events = Vec::new();
        while events.len() < EVENTS_AT_ONCE_MAX
            && let Ok(event) = streams.events.try_recv()
        {
            events.push(event);
        }
        self.streams = Some(streams);
        let count = events.len();
        for event in events {
            match event {
                Event::Message { from, bytes } => core.on_message(now, from, &bytes, self),
                Event::Refused { to, packet } => core.on_refused(now, to, &packet, self),
            }
        }
        count
    }

    fn publish<P: Policy>(&self, now_us: u64, core: &Core<P>) {
        let published = Published {
            counters: core.counters(),
            trunks: core.trunks(now_us),
        };
        *self
            .published
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = published;
    }

    /// Until a datagram, an error, the bell of the streams, or the next tick.
    fn wait(&mut self) {
        let bell = self.streams.as_ref().map(|s| s.bell.descriptor());
        if poll(self.socket.as_raw_fd(), bell) {
            self.drain_errors();
        }
    }

    fn failed(&mut self, to: Hop, packet: &[u8]) {
        if self.failures.len() < FAILURES_MAX {
            let kept = packet.len().min(FAILED_PACKET_BYTES);
            self.failures.push_back((to, packet[..kept].to_vec()));
        }
    }

    fn drain_errors(&mut self) {
        for _ in 0..ERRORS_AT_ONCE_MAX {
            let mut packet = [0; FAILED_PACKET_BYTES];
            match next_error(&self.socket, &mut packet) {
                Some((to, length)) => {
                    let to = SocketAddr::new(to.ip().to_canonical(), to.port());
                    self.failed(to.into(), &packet[..length]);
                }
                None => return,
            }
        }
    }
}

fn is_quiet(fault: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(fault.kind(), Interrupted | TimedOut | WouldBlock)
}

impl Sink for Edge {
    /// A pending error of an earlier packet is reported by the next send, which then did not happen:
    /// the queue is drained and the send tried again.
    fn send(&mut self, to: Hop, bytes: &[u8]) {
        if to.transport.is_stream() {
            if !self.streams.as_ref().is_some_and(|s| s.send(to, bytes)) {
                self.failed(to, bytes);
            }
            return;
        }
        let addr = match to.addr {
            SocketAddr::V4(four) if self.dual => {
                SocketAddr::new(four.ip().to_ipv6_mapped().into(), four.port())
            }
            addr => addr,
        };
        for _ in 0..3 {
            match self.socket.send_to(bytes, addr) {
                Ok(_) => return,
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.drain_errors(),
            }
        }
        self.failed(to, bytes);
    }
}

/// Receives if something is there.
#[expect(
    unsafe_code,
    reason = "recvfrom with MSG_DONTWAIT has no safe wrapper over plain bytes"
)]
fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
    let bytes: *mut [u8] = buffer;
    // SAFETY: initialised bytes are valid as possibly uninitialised ones, and only bytes are written.
    let spare = unsafe { &mut *(bytes as *mut [std::mem::MaybeUninit<u8>]) };
    let (length, source) = SockRef::from(socket).recv_from_with_flags(spare, libc::MSG_DONTWAIT)?;
    let source = source.as_socket();
    Ok((length, source.ok_or(io::ErrorKind::InvalidData)?))
}

/// Waits at most one tick for either; whether the socket has an error to tell.
#[expect(unsafe_code, reason = "poll has no safe wrapper")]
fn poll(socket: libc::c_int, bell: Option<libc::c_int>) -> bool {
    let entry = |fd| libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    };
    // A negative descriptor is left out.
    let mut waited = [entry(socket), entry(bell.unwrap_or(-1))];
    let ms = libc::c_int::try_from(WAIT.as_millis()).unwrap_or(10);
    // SAFETY: `waited` is a live array of two entries.
    let _interrupted = unsafe { libc::poll(waited.as_mut_ptr(), 2, ms) };
    waited[0].revents & libc::POLLERR != 0
}

#[expect(unsafe_code, reason = "setsockopt for IP_RECVERR has no safe wrapper")]
fn want_errors(socket: &Socket, six: bool) -> io::Result<()> {
    let (level, name) = if six {
        (libc::IPPROTO_IPV6, libc::IPV6_RECVERR)
    } else {
        (libc::IPPROTO_IP, libc::IP_RECVERR)
    };
    let on: libc::c_int = 1;
    let length = libc::socklen_t::try_from(size_of_val(&on)).unwrap_or(4);
    // SAFETY: the descriptor is open, `on` lives over the call and `length` is its size.
    let done = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            (&raw const on).cast(),
            length,
        )
    };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Takes one entry from the error queue: where the packet was sent and its first bytes.
#[expect(unsafe_code, reason = "recvmsg with MSG_ERRQUEUE has no safe wrapper")]
fn next_error(socket: &UdpSocket, packet: &mut [u8]) -> Option<(SocketAddr, usize)> {
    let mut control = [0_u64; 64];
    // SAFETY: both are plain data for which all zero bytes are a value.
    let (mut name, mut header): (libc::sockaddr_storage, libc::msghdr) =
        unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
    let mut part = libc::iovec {
        iov_base: packet.as_mut_ptr().cast(),
        iov_len: packet.len(),
    };
    header.msg_name = (&raw mut name).cast();
    header.msg_namelen = libc::socklen_t::try_from(size_of_val(&name)).unwrap_or(0);
    header.msg_iov = &raw mut part;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = size_of_val(&control);
    // SAFETY: every pointer in `header` is to a live local of the stated size.
    let length = unsafe {
        libc::recvmsg(
            socket.as_raw_fd(),
            &raw mut header,
            libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT,
        )
    };
    let length = usize::try_from(length).ok()?;
    let addr = match libc::c_int::from(name.ss_family) {
        libc::AF_INET => {
            // SAFETY: the kernel wrote an address of this family, and the storage is large enough.
            let four = unsafe { *(&raw const name).cast::<libc::sockaddr_in>() };
            let ip = Ipv4Addr::from(u32::from_be(four.sin_addr.s_addr));
            SocketAddr::new(IpAddr::V4(ip), u16::from_be(four.sin_port))
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let six = unsafe { *(&raw const name).cast::<libc::sockaddr_in6>() };
            let ip = Ipv6Addr::from(six.sin6_addr.s6_addr);
            SocketAddr::new(IpAddr::V6(ip), u16::from_be(six.sin6_port))
        }
        // An error about nobody: nothing to tell, but the queue goes on.
        _ => return Some((SocketAddr::from(([0, 0, 0, 0], 0)), 0)),
    };
    Some((addr, length.min(packet.len())))
}
