//! The session descriptions of a call with one audio stream (RFC 4566, RFC 3264): PCMU and telephone events.

use crate::rtp::{PCMU, TELEPHONE_EVENT};
use std::net::{IpAddr, SocketAddr};

/// Which way audio flows, as this side says it (RFC 3264 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Both,
    /// This side holds the other one.
    SendOnly,
    /// The other side holds this one.
    ReceiveOnly,
    Inactive,
}

impl Direction {
    fn attribute(self) -> &'static str {
        match self {
            Self::Both => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::ReceiveOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// What this side may answer to an offer of this direction (RFC 3264 §6.1).
    pub(crate) fn answer(self) -> Self {
        match self {
            Self::Both => Self::Both,
            Self::SendOnly => Self::ReceiveOnly,
            Self::ReceiveOnly => Self::SendOnly,
            Self::Inactive => Self::Inactive,
        }
    }

    /// The direction a description asks for.
    pub(crate) fn of(body: &[u8]) -> Self {
        let body = String::from_utf8_lossy(body);
        let said = body.lines().rev().find_map(|line| match line {
            "a=sendonly" => Some(Self::SendOnly),
            "a=recvonly" => Some(Self::ReceiveOnly),
            "a=inactive" => Some(Self::Inactive),
            "a=sendrecv" => Some(Self::Both),
            _ => None,
        });
        said.unwrap_or(Self::Both)
    }
}

/// A description of an audio stream at `audio`, or an inactive one for a call without media.
pub(crate) fn describe(audio: Option<SocketAddr>, host: IpAddr, session: u64) -> String {
    describe_as(audio, host, (session, 1), Direction::Both)
}

/// The same in one direction; a later description of the same session has a higher version.
pub(crate) fn describe_as(
    audio: Option<SocketAddr>,
    host: IpAddr,
    (session, version): (u64, u64),
    direction: Direction,
) -> String {
    let ip = audio.map_or(host, |audio| audio.ip());
    let family = if ip.is_ipv4() { "IP4" } else { "IP6" };
    let port = audio.map_or(9, |audio| audio.port());
    let direction = if audio.is_some() {
        direction.attribute()
    } else {
        Direction::Inactive.attribute()
    };
    format!(
        "v=0\r\no=trials {session} {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP {PCMU} {TELEPHONE_EVENT}\r\na=rtpmap:{PCMU} PCMU/8000\r\n\
         a=rtpmap:{TELEPHONE_EVENT} telephone-event/8000\r\na=fmtp:{TELEPHONE_EVENT} 0-15\r\n\
         a=ptime:20\r\na={direction}\r\n"
    )
}

/// Where the other side wants its audio; `None` without an active PCMU stream at an IP address.
pub(crate) fn remote_audio(body: &[u8]) -> Option<SocketAddr> {
    let body = std::str::from_utf8(body).ok()?;
    let (mut ip, mut port) = (None::<IpAddr>, None::<u16>);
    for line in body.lines() {
        if let Some(connection) = line.strip_prefix("c=") {
            ip = connection
                .split_whitespace()
                .nth(2)
                .and_then(|ip| ip.parse().ok())
                .or(ip);
        } else if let Some(media) = line.strip_prefix("m=audio ") {
            let mut words = media.split_whitespace();
            port = words.next().and_then(|port| port.parse().ok());
            if !words.skip(1).any(|format| format == "0") {
                return None;
            }
        } else if line == "a=inactive" {
            return None;
        }
    }
    Some(SocketAddr::new(ip?, port.filter(|port| *port != 0)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_leads_back_to_its_port() {
        let audio: SocketAddr = "127.0.0.1:4000".parse().expect("an address");
        let body = describe(Some(audio), audio.ip(), 1);
        assert_eq!(remote_audio(body.as_bytes()), Some(audio));
        assert_eq!(remote_audio(describe(None, audio.ip(), 1).as_bytes()), None);
        let other = body.replace("RTP/AVP 0", "RTP/AVP 8");
        assert_eq!(remote_audio(other.as_bytes()), None);
        assert_eq!(remote_audio(b"v=0\r\n"), None);
        for direction in [Direction::Both, Direction::SendOnly, Direction::ReceiveOnly] {
            let body = describe_as(Some(audio), audio.ip(), (1, 2), direction);
            assert_eq!(Direction::of(body.as_bytes()), direction);
            assert_eq!(direction.answer().answer(), direction);
        }
        assert_eq!(Direction::of(b"v=0\r\n"), Direction::Both);
    }
}
