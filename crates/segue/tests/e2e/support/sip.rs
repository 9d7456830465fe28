//! Just enough SIP for the tests' own ends: read a message as text, answer it, ask OPTIONS.

use super::centre::bind;
use super::clock::wait_for;
use std::net::{SocketAddr, UdpSocket};

/// A message as text.
pub(crate) struct Text {
    head: String,
}

impl Text {
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let head = text.split("\r\n\r\n").next()?.to_owned();
        head.contains("SIP/2.0").then_some(Self { head })
    }

    /// The first word of the start line: the method of a request.
    pub(crate) fn method(&self) -> &str {
        self.word(0)
    }

    /// The second word: the Request-URI, or the status of a response.
    pub(crate) fn uri(&self) -> &str {
        self.word(1)
    }

    pub(crate) fn header<'a>(&'a self, name: &'a str) -> &'a str {
        self.all(name).next().unwrap_or_default()
    }

    /// The response to this request (RFC 3261 section 8.2.6).
    pub(crate) fn answer(&self, status: &str, more: &str) -> String {
        let vias: String = self
            .all("Via")
            .flat_map(|via| ["Via: ", via, "\r\n"])
            .collect();
        let (from, to) = (self.header("From"), self.header("To"));
        let tag = if to.contains(";tag=") {
            ""
        } else {
            ";tag=centre"
        };
        let (id, cseq) = (self.header("Call-ID"), self.header("CSeq"));
        format!(
            "SIP/2.0 {status}\r\n{vias}From: {from}\r\nTo: {to}{tag}\r\nCall-ID: {id}\r\nCSeq: {cseq}\r\n{more}Content-Length: 0\r\n\r\n"
        )
    }

    fn word(&self, n: usize) -> &str {
        self.head
            .lines()
            .next()
            .and_then(|line| line.split(' ').nth(n))
            .unwrap_or_default()
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let lines = self
            .head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'));
        lines
            .filter(move |(found, _)| found.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }
}

/// The user part of a SIP URI, wherever it stands in the text.
pub(crate) fn user(text: &str) -> String {
    let from = text.find("sip:").map_or(text.len(), |at| at + 4);
    text[from..]
        .split(['@', '>', ';'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// SIPp's `[timestamp]` in UTC: `2026-11-22 06:12:12.123456`, the parts parted by a blank or a tab.
pub(crate) fn sent_us(text: &str) -> i64 {
    let mut words = text.split_whitespace();
    let (Some(date), Some(time)) = (words.next(), words.next()) else {
        return 0;
    };
    let at: jiff::Timestamp = format!("{date}T{time}Z")
        .parse()
        .unwrap_or_else(|e| panic!("X-Sent: {text}: {e}"));
    at.as_microsecond()
}

/// Asks OPTIONS until there is an answer (RFC 3261 section 11); its status.
#[track_caller]
pub(crate) fn options(to: SocketAddr) -> String {
    let socket = bind(SocketAddr::from(([127, 0, 0, 1], 0)));
    let me = socket.local_addr().expect("an address");
    let request = format!(
        "OPTIONS sip:{to} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{}\r\nMax-Forwards: 70\r\nFrom: <sip:probe@{me}>;tag=p\r\n\
         To: <sip:{to}>\r\nCall-ID: probe-{}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
        me.port(),
        me.port()
    );
    wait_for("an answer to OPTIONS", || {
        socket.send_to(request.as_bytes(), to).expect("sent");
        status(&socket)
    })
}

fn status(socket: &UdpSocket) -> Option<String> {
    let mut buffer = vec![0; 65_536];
    let (length, _) = socket.recv_from(&mut buffer).ok()?;
    Text::parse(&buffer[..length]).map(|response| response.uri().to_owned())
}
