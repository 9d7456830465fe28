//! Where a message goes or comes from: a transport and an address.

use std::fmt;
use std::net::SocketAddr;

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams: the core repeats what was lost.
    Udp,
    /// A stream: nothing is repeated, a broken connection is a refusal.
    Tcp,
    /// A stream under TLS.
    Tls,
}

impl Transport {
    /// As written in Via (RFC 3261 section 20.42).
    pub(crate) fn token(self) -> &'static [u8] {
        match self {
            Self::Udp => b"UDP",
            Self::Tcp => b"TCP",
            Self::Tls => b"TLS",
        }
    }

    /// The transport a Via or a `transport` parameter names, in any case.
    pub fn of(name: &[u8]) -> Option<Self> {
        [Self::Udp, Self::Tcp, Self::Tls]
            .into_iter()
            .find(|transport| transport.token().eq_ignore_ascii_case(name))
    }

    /// Whether messages arrive once and in order, so that the core repeats none (RFC 3261 section 17).
    pub fn is_stream(self) -> bool {
        self != Self::Udp
    }

    /// The port without one named (RFC 3261 section 19.1.2).
    pub(crate) fn port(self) -> u16 {
        if self == Self::Tls { 5_061 } else { 5_060 }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        })
    }
}

/// One end of a hop. For a stream that a peer opened, its own port: the connection itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hop {
    /// How.
    pub transport: Transport,
    /// Where.
    pub addr: SocketAddr,
}

impl Hop {
    /// A hop.
    pub fn new(transport: Transport, addr: SocketAddr) -> Self {
        Self { transport, addr }
    }

    /// Whether a message from `self` may come from the peer reached at `target`: the same address, or
    /// for streams the same host, as a peer may answer over a connection of its own.
    pub(crate) fn may_be(self, target: Self) -> bool {
        let same_host = || self.addr.ip().to_canonical() == target.addr.ip().to_canonical();
        self == target
            || (self.transport == target.transport && self.transport.is_stream() && same_host())
    }
}

impl From<SocketAddr> for Hop {
    /// UDP.
    fn from(addr: SocketAddr) -> Self {
        Self::new(Transport::Udp, addr)
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.transport, self.addr)
    }
}
