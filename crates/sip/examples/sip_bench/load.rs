//! The open-loop generator: calls start on schedule whatever the server does, nothing is ever sent
//! twice, and latency counts from the scheduled moment, so that a stalled generator shows as latency.

use crate::wire::{Over, Wire, socket};
use memchr::memmem;
use std::error::Error;
use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

const RUN: Duration = Duration::from_secs(3);
const DRAIN: Duration = Duration::from_millis(500);
/// Kamailio gives a target that does not answer three seconds.
const DRAIN_DEAD: Duration = Duration::from_secs(5);
const LOST_PERMILLE_MAX: f64 = 1.0;
const P99_MS_MAX: f64 = 30.0;
/// Ports of the called side, on the server's own address: the first target's and the second's.
const FIRST: u16 = 5_099;
const SECOND: u16 = 5_098;
const MARK: &[u8] = b"Call-ID: seg";
const DIGITS: usize = 8;

struct Measured {
    sent: usize,
    answered: usize,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

impl Measured {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of one run, far below 2^52"
    )]
    fn lost_permille(&self) -> f64 {
        1_000.0 * (self.sent - self.answered) as f64 / self.sent.max(1) as f64
    }

    fn passes(&self) -> bool {
        self.lost_permille() < LOST_PERMILLE_MAX && self.p99_ms < P99_MS_MAX
    }

    fn line(&self, rate: u32) -> String {
        format!(
            "{rate} calls/s: sent {} answered {} lost {:.3} permille p50 {:.2} ms p99 {:.2} ms max {:.2} ms",
            self.sent,
            self.answered,
            self.lost_permille(),
            self.p50_ms,
            self.p99_ms,
            self.max_ms
        )
    }
}

/// A message with a place for the call's number wherever `@@@@@@@@` stands.
pub(crate) struct Template {
    bytes: Vec<u8>,
    places: Vec<usize>,
}

impl Template {
    fn new(text: &str) -> Self {
        let places = memmem::find_iter(text.as_bytes(), "@@@@@@@@").collect();
        Self {
            bytes: text.as_bytes().to_vec(),
            places,
        }
    }

    pub(crate) fn fill(&mut self, number: usize) -> &[u8] {
        let text = format!("{number:08}");
        for place in &self.places {
            self.bytes[*place..*place + DIGITS].copy_from_slice(text.as_bytes());
        }
        &self.bytes
    }
}

pub(crate) fn invite(server: SocketAddr, me: SocketAddr, over: Over<'_>, run: u32) -> Template {
    let via = over.name();
    let family = if me.is_ipv6() { "IP6" } else { "IP4" };
    let sdp = format!(
        "v=0\r\no=- 3724394400 3724394405 IN {family} {0}\r\ns=-\r\nc=IN {family} {0}\r\nt=0 0\r\n\
         m=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n",
        me.ip()
    );
    Template::new(&format!(
        "INVITE sip:7001@{server} SIP/2.0\r\nVia: SIP/2.0/{via} {me};branch=z9hG4bK{run}x@@@@@@@@\r\n\
         Max-Forwards: 70\r\nFrom: <sip:+15550100@{me}>;tag=t@@@@@@@@\r\nTo: <sip:7001@{server}>\r\n\
         Call-ID: seg@@@@@@@@-{run}\r\nCSeq: 1 INVITE\r\nContact: <sip:+15550100@{me}>\r\n\
         P-Asserted-Identity: <sip:+15550100@{me}>\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\n\
         Supported: replaces\r\nUser-Agent: load\r\nContent-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    ))
}

pub(crate) fn ack(server: SocketAddr, me: SocketAddr, over: Over<'_>, run: u32) -> Template {
    let via = over.name();
    Template::new(&format!(
        "ACK sip:7001@{server} SIP/2.0\r\nVia: SIP/2.0/{via} {me};branch=z9hG4bK{run}x@@@@@@@@\r\n\
         Max-Forwards: 70\r\nFrom: <sip:+15550100@{me}>;tag=t@@@@@@@@\r\nTo: <sip:7001@{server}>;tag=x\r\n\
         Call-ID: seg@@@@@@@@-{run}\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n"
    ))
}

fn number(packet: &[u8], mark: &[u8]) -> Option<usize> {
    let at = memmem::find(packet, MARK)? + MARK.len();
    let digits = std::str::from_utf8(packet.get(at..at + DIGITS)?).ok()?;
    packet
        .get(at + DIGITS..)?
        .starts_with(mark)
        .then(|| digits.parse().ok())?
}

/// What is measured: the way of a call through the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// 302 to the first target.
    Redirect,
    /// The first target answers 200.
    Proxy,
    /// The first target answers 503, the second 200.
    Failover,
    /// Nobody listens at the first target; the second answers 200.
    Dead,
}

impl Way {
    /// The called side's ports, each with what it answers.
    fn called(self) -> &'static [(u16, &'static str)] {
        match self {
            Self::Redirect => &[],
            Self::Proxy => &[(FIRST, OK)],
            Self::Failover => &[(FIRST, UNAVAILABLE), (SECOND, OK)],
            Self::Dead => &[(SECOND, OK)],
        }
    }

    fn drain(self) -> Duration {
        if self == Self::Dead {
            DRAIN_DEAD
        } else {
            DRAIN
        }
    }
}

pub(crate) const OK: &str = "200 OK";
const UNAVAILABLE: &str = "503 Service Unavailable";

/// The called side: answers each INVITE once, 200 or 503. Header lines up to the body are copied, so that both
/// routers' Vias come back as they must.
pub(crate) fn answer(request: &[u8], status: &str, out: &mut Vec<u8>) -> bool {
    if !request.starts_with(b"INVITE ") {
        return false;
    }
    out.clear();
    out.extend_from_slice(b"SIP/2.0 ");
    out.extend_from_slice(status.as_bytes());
    out.extend_from_slice(b"\r\n");
    let mut at = memmem::find(request, b"\r\n").map_or(0, |end| end + 2);
    while let Some(length) = memmem::find(&request[at..], b"\r\n").filter(|length| *length > 0) {
        let line = &request[at..at + length];
        let copied = [&b"Via:"[..], b"From:", b"Call-ID:", b"CSeq:"];
        if copied.iter().any(|name| line.starts_with(name)) {
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
        } else if line.starts_with(b"To:") {
            out.extend_from_slice(line);
            out.extend_from_slice(b";tag=uas\r\n");
        }
        at += length + 2;
    }
    out.extend_from_slice(b"Contact: <sip:7001@127.0.0.1:5099>\r\nContent-Length: 0\r\n\r\n");
    true
}

struct Run {
    caller: Wire,
    called: Vec<(UdpSocket, &'static str)>,
    lasts: Duration,
    drain: Duration,
    invite: Template,
    ack: Template,
    mark: Vec<u8>,
    latency_us: Vec<u32>,
    answered: usize,
    out: Vec<u8>,
    buffer: Vec<u8>,
}

impl Run {
    #[expect(
        clippy::disallowed_methods,
        reason = "a measuring tool reads the clock"
    )]
    fn go(mut self, rate: u32) -> Result<Measured, Box<dyn Error>> {
        let total = usize::try_from(u64::from(rate) * self.lasts.as_secs())?;
        self.latency_us = vec![u32::MAX; total];
        let start = Instant::now();
        let (mut sent, mut elapsed) = (0, Duration::ZERO);
        while elapsed < self.lasts + self.drain && self.answered < total {
            // Call 0 is due at once, call n after n / rate seconds.
            let due = elapsed.as_nanos() * u128::from(rate) / 1_000_000_000 + 1;
            let due = usize::try_from(due)?;
            // A few at a time, so that answers are read meanwhile.
            for _ in 0..16 {
                if sent >= due.min(total) {
                    break;
                }
                // A full socket buffer is a lost call here: nothing is sent twice.
                self.caller.send(self.invite.fill(sent));
                sent += 1;
            }
            self.serve_called_side();
            self.read_answers(start, rate);
            elapsed = start.elapsed();
        }
        Ok(self.measured(sent))
    }

    fn serve_called_side(&mut self) {
        self.buffer.resize(65_536, 0);
        for (socket, status) in &self.called {
            for _ in 0..32 {
                let Ok((length, from)) = socket.recv_from(&mut self.buffer) else {
                    break;
                };
                if answer(&self.buffer[..length], status, &mut self.out) {
                    let _lost = socket.send_to(&self.out, from);
                }
            }
        }
    }

    fn read_answers(&mut self, start: Instant, rate: u32) {
        for _ in 0..64 {
            if !self.caller.receive(&mut self.buffer) {
                return;
            }
            let packet = &self.buffer[..];
            if packet.starts_with(b"SIP/2.0 1") {
                continue;
            }
            let Some(number) = number(packet, &self.mark) else {
                continue;
            };
            let good = packet.starts_with(b"SIP/2.0 302") || packet.starts_with(b"SIP/2.0 200");
            if packet.starts_with(b"SIP/2.0 3") {
                self.caller.send(self.ack.fill(number));
            }
            let Some(slot) = self
                .latency_us
                .get_mut(number)
                .filter(|slot| **slot == u32::MAX)
            else {
                continue;
            };
            if good {
                let due_us = number as u128 * 1_000_000 / u128::from(rate);
                let late = start.elapsed().as_micros().saturating_sub(due_us);
                *slot = u32::try_from(late).unwrap_or(u32::MAX - 1);
                self.answered += 1;
            }
        }
    }

    fn measured(mut self, sent: usize) -> Measured {
        self.latency_us.retain(|us| *us != u32::MAX);
        self.latency_us.sort_unstable();
        let at = |permille: usize| {
            let place = (self.latency_us.len() * permille / 1_000).saturating_sub(1);
            f64::from(self.latency_us.get(place).copied().unwrap_or(u32::MAX)) / 1_000.0
        };
        Measured {
            sent,
            answered: self.answered,
            p50_ms: at(500),
            p99_ms: at(990),
            max_ms: at(1_000),
        }
    }
}

fn once(
    way: Way,
    (server, over): (SocketAddr, Over<'_>),
    (rate, lasts): (u32, Duration),
    run: u32,
) -> Result<Measured, Box<dyn Error>> {
    let caller = Wire::to(server, over)?;
    let me = caller.local()?;
    // Unique per process too: a server may still remember the branches of an earlier one.
    let run = run + 1_000 * (std::process::id() % 100_000);
    let called: Result<_, Box<dyn Error>> = way
        .called()
        .iter()
        .map(|(port, status)| Ok((socket(SocketAddr::new(server.ip(), *port))?, *status)))
        .collect();
    Run {
        called: called?,
        lasts,
        drain: way.drain(),
        invite: invite(server, me, over, run),
        ack: ack(server, me, over, run),
        mark: format!("-{run}\r").into_bytes(),
        latency_us: Vec::new(),
        answered: 0,
        out: Vec::new(),
        buffer: vec![0; 65_536],
        caller,
    }
    .go(rate)
}

/// One run at one rate, of three seconds unless it is said how many.
pub(crate) fn at(
    way: Way,
    server: (SocketAddr, Over<'_>),
    rate: u32,
    lasts: Option<u64>,
) -> Result<(), Box<dyn Error>> {
    let lasts = lasts.map_or(RUN, Duration::from_secs);
    let line = once(way, server, (rate, lasts), 1)?.line(rate);
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

/// Climbs by a quarter until a rate fails twice, then halves the gap four times. The last line on
/// standard output is the highest rate that passed.
pub(crate) fn find(
    way: Way,
    server: (SocketAddr, Over<'_>),
    start: u32,
) -> Result<(), Box<dyn Error>> {
    let mut run = 0;
    let mut passes = |rate: u32| -> Result<bool, Box<dyn Error>> {
        for _ in 0..2 {
            run += 1;
            let measured = once(way, server, (rate, RUN), run)?;
            writeln!(std::io::stderr(), "  {}", measured.line(rate))?;
            std::thread::sleep(Duration::from_millis(500));
            if measured.passes() {
                return Ok(true);
            }
        }
        Ok(false)
    };
    let (mut good, mut bad) = (0, start);
    while passes(bad)? {
        good = bad;
        bad += bad / 4;
    }
    for _ in 0..4 {
        let middle = good.midpoint(bad);
        if passes(middle)? {
            good = middle;
        } else {
            bad = middle;
        }
    }
    Ok(writeln!(std::io::stdout(), "{good}")?)
}
