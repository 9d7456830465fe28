//! The core on a UDP socket: one blocking thread per shard, the only unsafe code of this room.
//!
//! The receive buffer is set explicitly (a stall of 3 ms overflows the default), and `IP_RECVERR`
//! makes a closed port known in microseconds instead of by time-out. A further shard is a further
//! [`Server`] on the same port: its place is the `bind` below and the seed of its core.

use crate::core::{Config, Core, Counters, Sink};
use crate::policy::Policy;
use socket2::{Domain, Protocol, Socket, Type};
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

/// Why the server cannot start.
#[derive(Debug, Error)]
pub enum IoError {
    /// The address cannot be bound.
    #[error("cannot listen on udp {addr}: {source}; is the port in use, or not this machine's?")]
    Bind {
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
#[derive(Debug, Clone, Copy)]
pub struct ServerOptions {
    /// The local address; port 0 takes a free one.
    pub bind: SocketAddr,
    /// `SO_RCVBUF`, in bytes. The system may cap it (`net.core.rmem_max`).
    pub receive_buffer_bytes: usize,
}

impl ServerOptions {
    /// A receive buffer of 4 MiB.
    pub fn new(bind: SocketAddr) -> Self {
        Self {
            bind,
            receive_buffer_bytes: 4 << 20,
        }
    }
}

/// A core running on its own thread and socket.
pub struct Server<P> {
    local: SocketAddr,
    stop: Arc<AtomicBool>,
    counters: Arc<Mutex<Counters>>,
    thread: Option<JoinHandle<P>>,
}

impl<P: Policy + Send + 'static> Server<P> {
    /// Binds and starts. An advertised port of 0 in `config` becomes the bound one.
    ///
    /// # Errors
    /// [`IoError`] naming the step that failed; nothing is left running then.
    pub fn start(options: ServerOptions, mut config: Config, policy: P) -> Result<Self, IoError> {
        let socket = open(&options)?;
        let local = socket.local_addr().map_err(|source| IoError::Bind {
            addr: options.bind,
            source,
        })?;
        if config.advertised.port() == 0 {
            config.advertised.set_port(local.port());
        }
        let stop = Arc::new(AtomicBool::new(false));
        let counters = Arc::new(Mutex::new(Counters::default()));
        let edge = Edge {
            socket,
            failures: VecDeque::new(),
            stop: Arc::clone(&stop),
            counters: Arc::clone(&counters),
        };
        let thread = std::thread::Builder::new()
            .name("sip".into())
            .spawn(move || edge.run(config, policy))
            .map_err(IoError::Thread)?;
        Ok(Self {
            local,
            stop,
            counters,
            thread: Some(thread),
        })
    }

    /// The bound address.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// What happened so far, at most 0.1 s old.
    pub fn counters(&self) -> Counters {
        *self.counters.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.thread.take()?.join().ok()
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
    let bind = |source| IoError::Bind { addr, source };
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP));
    let socket = socket.map_err(bind)?;
    let option = |option| move |source| IoError::Option { option, source };
    socket
        .set_recv_buffer_size(options.receive_buffer_bytes)
        .map_err(option("SO_RCVBUF"))?;
    socket
        .set_read_timeout(Some(WAIT))
        .map_err(option("SO_RCVTIMEO"))?;
    want_errors(&socket, addr.is_ipv6()).map_err(option("IP_RECVERR"))?;
    socket.bind(&addr.into()).map_err(bind)?;
    Ok(socket.into())
}

/// The thread's side.
struct Edge {
    socket: UdpSocket,
    failures: VecDeque<(SocketAddr, Vec<u8>)>,
    stop: Arc<AtomicBool>,
    counters: Arc<Mutex<Counters>>,
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
            let received = self.socket.recv_from(&mut buffer);
            let now = now_us();
            match received {
                Ok((length, source)) => {
                    core.on_datagram(now, source, &buffer[..length], &mut self);
                }
                Err(fault) if is_quiet(&fault) => {}
                Err(_) => self.drain_errors(),
            }
            while let Some((to, packet)) = self.failures.pop_front() {
                core.on_icmp(now, to, &packet, &mut self);
            }
            if now >= next_tick_us {
                next_tick_us = now + crate::wheel::TICK_US;
                core.on_time(now, &mut self);
            }
            if now >= next_publish_us {
                next_publish_us = now + PUBLISH_EVERY_US;
                self.publish(core.counters());
            }
        }
        self.publish(core.counters());
        core.into_policy()
    }

    fn publish(&self, counters: Counters) {
        *self.counters.lock().unwrap_or_else(PoisonError::into_inner) = counters;
    }

    fn failed(&mut self, to: SocketAddr, packet: &[u8]) {
        if self.failures.len() < FAILURES_MAX {
            let kept = packet.len().min(FAILED_PACKET_BYTES);
            self.failures.push_back((to, packet[..kept].to_vec()));
        }
    }

    fn drain_errors(&mut self) {
        for _ in 0..ERRORS_AT_ONCE_MAX {
            let mut packet = [0; FAILED_PACKET_BYTES];
            match next_error(&self.socket, &mut packet) {
                Some((to, length)) => self.failed(to, &packet[..length]),
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
    fn send(&mut self, to: SocketAddr, bytes: &[u8]) {
        for _ in 0..3 {
            match self.socket.send_to(bytes, to) {
                Ok(_) => return,
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.drain_errors(),
            }
        }
        self.failed(to, bytes);
    }
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
