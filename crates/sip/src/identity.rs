//! How this router names itself: one face for each transport and address family it is reached by.

use crate::edit::put;
use crate::hop::{Hop, Transport};
use crate::msg::fields::uri_hop;
use std::net::SocketAddr;

/// One address of ours, as printed.
#[derive(Debug, Clone)]
struct Face {
    hop: Hop,
    /// `host:port`.
    sent_by: Vec<u8>,
}

/// See the file's head. The first face is the one for whatever has none of its own.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    first: Face,
    others: Vec<Face>,
}

impl Face {
    fn new(hop: Hop) -> Self {
        Self {
            hop,
            sent_by: hop.addr.to_string().into_bytes(),
        }
    }
}

impl Identity {
    pub(crate) fn new(udp: SocketAddr, others: &[Hop]) -> Self {
        Self {
            first: Face::new(udp.into()),
            others: others.iter().copied().map(Face::new).collect(),
        }
    }

    fn faces(&self) -> impl Iterator<Item = &Face> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Our address towards `to`: of its transport and family, else of its transport.
    fn towards(&self, to: Hop) -> &Face {
        if self.others.is_empty() {
            return &self.first;
        }
        let speaks = |face: &&Face| face.hop.transport == to.transport;
        let family = |face: &&Face| face.hop.addr.is_ipv4() == to.addr.is_ipv4();
        self.faces()
            .find(|face| speaks(face) && family(face))
            .or_else(|| self.faces().find(speaks))
            .unwrap_or(&self.first)
    }

    /// Whether a URI points at this router.
    pub(crate) fn is_me(&self, uri: &[u8]) -> bool {
        uri_hop(uri).is_some_and(|hop| self.faces().any(|face| face.hop.addr == hop.addr))
    }

    /// `host:port` towards a peer.
    pub(crate) fn sent_by(&self, to: Hop) -> &[u8] {
        &self.towards(to).sent_by
    }

    /// Our Via line.
    pub(crate) fn via(&self, to: Hop, branch: &[u8], out: &mut Vec<u8>) {
        put(
            out,
            &[
                b"Via: SIP/2.0/",
                to.transport.token(),
                b" ",
                self.sent_by(to),
                b";branch=",
                branch,
                b";rport\r\n",
            ],
        );
    }

    /// Our Record-Route lines: the side of the target first, and the caller's side too where it is
    /// reached otherwise (RFC 5658).
    pub(crate) fn record_route(&self, from: Hop, to: Hop, out: &mut Vec<u8>) {
        let (near, far) = (self.towards(from), self.towards(to));
        let double = near.hop != far.hop || from.transport != to.transport;
        for (face, transport) in [(far, to.transport), (near, from.transport)]
            .into_iter()
            .take(1 + usize::from(double))
        {
            let param: &[u8] = match transport {
                Transport::Udp => b"",
                Transport::Tcp => b";transport=tcp",
                Transport::Tls => b";transport=tls",
            };
            put(
                out,
                &[b"Record-Route: <sip:", &face.sent_by, param, b";lr>\r\n"],
            );
        }
    }
}
