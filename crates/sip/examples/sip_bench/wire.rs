//! What the calling side sends over: a UDP socket, or a few TCP or TLS connections in turn.

use segue_sip::framing::{Frame, Framer};
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::VecDeque;
use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore};

/// Connections that the calls of a stream are spread over.
const CONNECTIONS: usize = 16;
/// So much may wait to be sent on one connection; a call that finds more waiting is lost here.
const WAITING_BYTES_MAX: usize = 1 << 20;
const MESSAGE_BYTES_MAX: usize = 16 * 1_024;

/// How calls reach the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over<'a> {
    Udp,
    Tcp,
    /// The certificate that is believed.
    Tls(&'a Path),
}

impl Over<'_> {
    /// As a Via names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls(_) => "TLS",
        }
    }
}

/// The calling side's end.
pub(crate) enum Wire {
    Udp(UdpSocket, SocketAddr),
    Streams {
        all: Vec<Stream>,
        next: usize,
        read: VecDeque<Vec<u8>>,
    },
}

/// One connection, never waited for.
pub(crate) struct Stream {
    socket: TcpStream,
    tls: Option<ClientConnection>,
    waiting: Vec<u8>,
    framer: Framer,
    raw: Vec<u8>,
    plain: Vec<u8>,
}

/// A UDP socket with room for a burst.
pub(crate) fn socket(addr: SocketAddr) -> Result<UdpSocket, Box<dyn Error>> {
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_recv_buffer_size(4 << 20)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    Ok(socket.into())
}

impl Wire {
    pub(crate) fn to(server: SocketAddr, over: Over<'_>) -> Result<Self, Box<dyn Error>> {
        let tls = match over {
            Over::Udp => {
                return Ok(Self::Udp(socket(SocketAddr::new(server.ip(), 0))?, server));
            }
            Over::Tcp => None,
            Over::Tls(believed) => Some(client(believed)?),
        };
        let all: Result<_, Box<dyn Error>> = (0..CONNECTIONS)
            .map(|_| Stream::connect(server, tls.clone()))
            .collect();
        Ok(Self::Streams {
            all: all?,
            next: 0,
            read: VecDeque::new(),
        })
    }

    pub(crate) fn local(&self) -> Result<SocketAddr, Box<dyn Error>> {
        Ok(match self {
            Self::Udp(socket, _) => socket.local_addr()?,
            Self::Streams { all, .. } => all[0].socket.local_addr()?,
        })
    }

    /// Sends once; what finds no room is lost.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        match self {
            Self::Udp(socket, server) => {
                let _lost = socket.send_to(bytes, *server);
            }
            Self::Streams { all, next, .. } => {
                *next = (*next + 1) % all.len();
                all[*next].send(bytes);
            }
        }
    }

    /// The next message that has arrived.
    pub(crate) fn receive(&mut self, buffer: &mut Vec<u8>) -> bool {
        match self {
            Self::Udp(socket, _) => {
                buffer.resize(65_536, 0);
                let received = socket.recv(buffer);
                buffer.truncate(*received.as_ref().unwrap_or(&0));
                received.is_ok()
            }
            Self::Streams { all, read, .. } => {
                if read.is_empty() {
                    for stream in all.iter_mut() {
                        stream.exchange(read);
                    }
                }
                let Some(message) = read.pop_front() else {
                    return false;
                };
                *buffer = message;
                true
            }
        }
    }
}

fn client(believed: &Path) -> Result<Arc<ClientConfig>, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(believed)?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

impl Stream {
    fn connect(server: SocketAddr, tls: Option<Arc<ClientConfig>>) -> Result<Self, Box<dyn Error>> {
        let mut socket = TcpStream::connect(server)?;
        socket.set_nodelay(true)?;
        let name = ServerName::from(server.ip());
        let mut tls = tls
            .map(|config| ClientConnection::new(config, name))
            .transpose()?;
        if let Some(tls) = &mut tls {
            while tls.is_handshaking() {
                tls.complete_io(&mut socket)?;
            }
        }
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            tls,
            waiting: Vec::new(),
            framer: Framer::new(MESSAGE_BYTES_MAX),
            raw: vec![0; 65_536],
            plain: vec![0; 16_384],
        })
    }

    fn send(&mut self, bytes: &[u8]) {
        if self.waiting.len() > WAITING_BYTES_MAX {
            return;
        }
        match &mut self.tls {
            None => self.waiting.extend_from_slice(bytes),
            Some(tls) => {
                let _kept = tls.writer().write_all(bytes);
                while tls.wants_write() && tls.write_tls(&mut self.waiting).is_ok() {}
            }
        }
        self.flush();
    }

    fn flush(&mut self) {
        while !self.waiting.is_empty() {
            match self.socket.write(&self.waiting) {
                Ok(length) => drop(self.waiting.drain(..length)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    /// Sends what waits and reads what is there.
    fn exchange(&mut self, read: &mut VecDeque<Vec<u8>>) {
        self.flush();
        while let Ok(length) = self.socket.read(&mut self.raw) {
            if length == 0 {
                break;
            }
            let mut raw = &self.raw[..length];
            match &mut self.tls {
                None => self.framer.push(raw),
                Some(tls) => {
                    while !raw.is_empty() && tls.read_tls(&mut raw).is_ok() {
                        if tls.process_new_packets().is_err() {
                            return;
                        }
                        while let Ok(length @ 1..) = tls.reader().read(&mut self.plain) {
                            self.framer.push(&self.plain[..length]);
                        }
                    }
                }
            }
        }
        while let Ok(Some(frame)) = self.framer.next_frame() {
            if let Frame::Message(message) = frame {
                read.push_back(message);
            }
        }
    }
}
