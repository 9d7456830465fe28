//! Which connections there are: accepts, finds or opens one for each message, forgets the closed.

use super::connection::{Connection, Ended};
use super::{CoreDoor, StreamOptions, Tallies, name_of};
use crate::allow::AllowList;
use crate::edit::reply_address;
use crate::hop::{Hop, Transport};
use crate::msg::Message;
use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Pause after a failed accept (out of descriptors, as a rule).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Ends of connections under way.
const ENDED_MAX: usize = 1_024;

struct Handle {
    id: u64,
    queue: mpsc::Sender<Vec<u8>>,
}

/// See the file's head.
pub(super) struct Hub {
    options: StreamOptions,
    peers: AllowList,
    core: CoreDoor,
    tallies: Arc<Tallies>,
    connections: HashMap<Hop, Handle>,
    next_id: u64,
    ended: mpsc::Sender<(Hop, u64)>,
    endings: mpsc::Receiver<(Hop, u64)>,
}

impl Hub {
    pub(super) fn new(
        options: StreamOptions,
        peers: AllowList,
        core: CoreDoor,
        tallies: Arc<Tallies>,
    ) -> Self {
        let (ended, endings) = mpsc::channel(ENDED_MAX);
        Self {
            options,
            peers,
            core,
            tallies,
            connections: HashMap::new(),
            next_id: 0,
            ended,
            endings,
        }
    }

    pub(super) async fn run(
        mut self,
        listeners: [Option<TcpListener>; 2],
        mut from_core: mpsc::Receiver<(Hop, Vec<u8>)>,
        mut stopping: watch::Receiver<bool>,
    ) {
        // Inside the runtime; a listener that it refuses accepts nothing, and its peers fail over.
        let [tcp, tls] = listeners
            .map(|listener| listener.and_then(|l| tokio::net::TcpListener::from_std(l).ok()));
        loop {
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => return,
                Some((hop, id)) = self.endings.recv() => self.forget(hop, id),
                message = from_core.recv() => match message {
                    Some((to, bytes)) => self.send(to, bytes).await,
                    None => return,
                },
                taken = accept(tcp.as_ref()) => self.taken(Transport::Tcp, taken).await,
                taken = accept(tls.as_ref()) => self.taken(Transport::Tls, taken).await,
            }
        }
    }

    fn forget(&mut self, hop: Hop, id: u64) {
        if self
            .connections
            .get(&hop)
            .is_some_and(|known| known.id == id)
        {
            self.connections.remove(&hop);
        }
        let open = self.connections.len() as u64;
        self.tallies.open.store(open, Ordering::Relaxed);
    }

    fn is_full(&self, from: SocketAddr) -> bool {
        let limits = &self.options.limits;
        let same = |hop: &&Hop| hop.addr.ip() == from.ip();
        self.connections.len() >= limits.connections_max
            || self.connections.keys().filter(same).count() >= limits.connections_per_source_max
    }

    async fn taken(&mut self, transport: Transport, taken: Accepted) {
        let Ok((stream, from)) = taken else {
            sleep(ACCEPT_PAUSE).await;
            return;
        };
        let from = SocketAddr::new(from.ip().to_canonical(), from.port());
        // Before a byte is read, and before a key is spent on a handshake.
        if !self.peers.contains(from.ip()) {
            return Tallies::add(&self.tallies.strangers);
        }
        if self.is_full(from) {
            return Tallies::add(&self.tallies.over_limit);
        }
        Tallies::add(&self.tallies.accepted);
        let connection = self.enter(Hop::new(transport, from));
        let certificates = self.options.certificates.clone();
        let handshake = self.options.limits.handshake;
        tokio::spawn(async move {
            let _unimportant = stream.set_nodelay(true);
            match certificates.filter(|_| transport == Transport::Tls) {
                None => connection.converse(stream).await,
                Some(tls) => {
                    let agreed = TlsAcceptor::from(tls.server).accept(stream);
                    match timeout(handshake, agreed).await {
                        Ok(Ok(stream)) => connection.converse(stream).await,
                        _ => connection.end(Ended::NotOpened).await,
                    }
                }
            }
        });
    }

    /// Notes a connection; its own side is returned.
    fn enter(&mut self, hop: Hop) -> Connection {
        self.next_id += 1;
        let (queue, messages) = mpsc::channel(self.options.limits.queue_messages_max);
        let id = self.next_id;
        self.connections.insert(hop, Handle { id, queue });
        let open = self.connections.len() as u64;
        self.tallies.open.store(open, Ordering::Relaxed);
        Connection {
            hop,
            id,
            messages,
            limits: self.options.limits,
            core: self.core.clone(),
            tallies: Arc::clone(&self.tallies),
            ended: self.ended.clone(),
        }
    }

    async fn send(&mut self, to: Hop, bytes: Vec<u8>) {
        let bytes = match self.connections.get(&to) {
            None => bytes,
            Some(known) => match known.queue.try_send(bytes) {
                Ok(()) => return,
                // A peer that takes nothing: better another target than a longer queue.
                Err(TrySendError::Full(bytes)) => return self.core.refused(to, bytes).await,
                Err(TrySendError::Closed(bytes)) => bytes,
            },
        };
        // An answer whose connection is gone goes to where its Via listens (RFC 3261 section 18.2.2).
        let to = if bytes.starts_with(b"SIP/") {
            listening(&bytes, to)
        } else {
            to
        };
        let plain = to.transport == Transport::Tcp;
        if self.is_full(to.addr) || !(plain || self.options.certificates.is_some()) {
            Tallies::add(&self.tallies.over_limit);
            return self.core.refused(to, bytes).await;
        }
        let connection = self.enter(to);
        let Some(handle) = self.connections.get(&to) else {
            return;
        };
        let _room = handle.queue.try_send(bytes);
        let certificates = self.options.certificates.clone();
        let name = name_of(&self.options.names, to.addr);
        let limits = self.options.limits;
        let tallies = Arc::clone(&self.tallies);
        tokio::spawn(async move {
            let opened = timeout(limits.connect, TcpStream::connect(to.addr)).await;
            let Ok(Ok(stream)) = opened else {
                Tallies::add(&tallies.connect_failed);
                return connection.end(Ended::NotOpened).await;
            };
            let _unimportant = stream.set_nodelay(true);
            let Some(tls) = certificates.filter(|_| !plain) else {
                Tallies::add(&tallies.connected);
                return connection.converse(stream).await;
            };
            let name = name.map_or_else(
                || Ok(ServerName::IpAddress(to.addr.ip().into())),
                ServerName::try_from,
            );
            let agreed = match name {
                Ok(name) => {
                    let agreed = TlsConnector::from(tls.client).connect(name, stream);
                    timeout(limits.handshake, agreed).await.ok()
                }
                Err(_) => None,
            };
            if let Some(Ok(stream)) = agreed {
                Tallies::add(&tallies.connected);
                connection.converse(stream).await;
            } else {
                Tallies::add(&tallies.connect_failed);
                connection.end(Ended::NotOpened).await;
            }
        });
    }
}

type Accepted = std::io::Result<(TcpStream, SocketAddr)>;

async fn accept(listener: Option<&tokio::net::TcpListener>) -> Accepted {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// Where the top Via of an answer listens; its connection's own port was only ever that connection's.
fn listening(answer: &[u8], to: Hop) -> Hop {
    let message = Message::parse(answer).ok();
    let via = message.as_ref().and_then(Message::top_via);
    let port =
        via.and_then(|via| reply_address(&via).map(|_| via.port.unwrap_or(to.transport.port())));
    port.map_or(to, |port| {
        Hop::new(to.transport, SocketAddr::new(to.addr.ip(), port))
    })
}
