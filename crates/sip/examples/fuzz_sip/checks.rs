//! What is tried and what must hold.

#[path = "dice.rs"]
mod dice;

use bytes::Bytes;
use dice::Dice;
use segue_sip::allow::{AllowList, Network};
use segue_sip::framing::{Frame, Framer};
use segue_sip::msg::Message;
use segue_sip::{
    CallToken, Config, Core, Hop, Invite, Mode, Outcome, Policy, Route, Shed, Sink, Target,
};
use sipx_sip::{Limits, parse_datagram};
use sipx_testkit::{rfc4475, rfc5118};
use std::fmt::Write;
use std::net::SocketAddr;

/// Pieces that grammars stumble over.
const PIECES: [&[u8]; 24] = [
    b"\r\n",
    b"\r\n ",
    b"\r",
    b"\n",
    b"\0",
    b":",
    b";",
    b",",
    b"<",
    b">",
    b"\"",
    b"\\",
    b"@",
    b"=",
    b"[",
    b"]",
    b" ",
    b"\t",
    b"SIP/2.0",
    b"z9hG4bK",
    b"Via: SIP/2.0/UDP h;branch=z9hG4bKx\r\n",
    b"l: 5\r\n",
    b"%00",
    b"99999999999",
];

/// Seeds and what changes them.
pub(crate) struct Mutator {
    dice: Dice,
    seeds: Vec<Vec<u8>>,
}

impl Mutator {
    /// From the corpora of RFC 4475 and RFC 5118 and a plain call.
    pub(crate) fn new(seed: u64) -> Self {
        let mut seeds: Vec<Vec<u8>> = rfc4475::CASES.iter().map(|c| c.bytes.to_vec()).collect();
        seeds.extend(rfc5118::CASES.iter().map(|case| case.wire().to_vec()));
        for (method, tag) in [
            ("INVITE", ""),
            ("CANCEL", ""),
            ("ACK", ";tag=x"),
            ("BYE", ";tag=x"),
        ] {
            seeds.push(call(method, tag, "seed"));
        }
        Self {
            dice: Dice::new(seed, &PIECES),
            seeds,
        }
    }

    fn below(&mut self, end: usize) -> usize {
        self.dice.below(end)
    }

    fn mutated(&mut self) -> Vec<u8> {
        let which = self.below(self.seeds.len());
        self.changed(self.seeds[which].clone())
    }

    fn changed(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        self.dice.changed(bytes)
    }
}

fn call(method: &str, tag: &str, id: &str) -> Vec<u8> {
    format!(
        "{method} sip:7001@192.0.2.100 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{id}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:1@192.0.2.1>;tag=f\r\nTo: <sip:7001@192.0.2.100>{tag}\r\n\
         Call-ID: {id}\r\nCSeq: 1 {method}\r\nContact: <sip:1@192.0.2.1>\r\nContent-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

fn finding(what: &str, bytes: &[u8]) -> String {
    format!("{what}: {:?}", String::from_utf8_lossy(bytes))
}

/// The parser: no panic, every view within the message, the same reading as `sipx-sip` where both
/// read it.
///
/// # Errors
/// The finding.
pub(crate) fn parser(mutator: &mut Mutator) -> Result<(), String> {
    let bytes = mutator.mutated();
    let Ok(ours) = Message::parse(&bytes) else {
        return Ok(());
    };
    if !bytes.starts_with(ours.bytes()) {
        return Err(finding("the message is not a prefix of its bytes", &bytes));
    }
    if ours.validate().is_ok() && ours.check().is_err() {
        return Err(finding("valid and not sound", &bytes));
    }
    let _ = (
        ours.from_tag(),
        ours.to_tag(),
        ours.contact().is_some(),
        ours.top_via_branch(),
    );
    let _ = (
        ours.max_forwards().is_ok(),
        ours.vias().count(),
        ours.headers("Route").count(),
    );
    let limits = Limits::datagram();
    let Ok(theirs) = parse_datagram(Bytes::copy_from_slice(&bytes), &limits) else {
        return Ok(());
    };
    let method = theirs.as_request().map(|request| request.method.as_bytes());
    let status = theirs.as_response().map(|response| response.status.code());
    if ours.method() != method || ours.status() != status {
        return Err(finding(
            "method or status read otherwise than by sipx-sip",
            &bytes,
        ));
    }
    if ours.body() != &theirs.body()[..] {
        return Err(finding("body read otherwise than by sipx-sip", &bytes));
    }
    Ok(())
}

struct Two([SocketAddr; 2]);

impl Policy for Two {
    fn route(&mut self, now_us: u64, _invite: &Invite<'_>) -> Route {
        Route {
            token: CallToken(u128::from(now_us)),
            mode: Mode::Proxy,
            targets: self.0.map(Target::new).to_vec(),
        }
    }

    fn shed(&mut self, _now_us: u64, _invite: &Invite<'_>) -> Shed {
        Shed::Proxy(self.0.map(Target::new).to_vec())
    }

    fn is_known(&self, addr: SocketAddr) -> bool {
        self.0.contains(&addr)
    }

    fn outcome(&mut self, _token: CallToken, _outcome: &Outcome<'_>) {}
}

#[derive(Default)]
struct Sent(Vec<(Hop, Vec<u8>)>);

impl Sink for Sent {
    fn send(&mut self, to: Hop, bytes: &[u8]) {
        self.0.push((to, bytes.to_vec()));
    }
}

/// Packets one message may cause at most: an answer, an INVITE, ACK, CANCEL, BYE.
const ANSWERS_MAX: usize = 6;

/// The proxy: a mangled conversation. No panic, no amplification, nothing that the parser does not
/// read, nothing left at the end.
///
/// # Errors
/// The finding.
pub(crate) fn proxy(mutator: &mut Mutator) -> Result<(), String> {
    let place = |last: u8| SocketAddr::from(([192, 0, 2, last], 5_060));
    let nets = ["192.0.2.0/24".parse::<Network>()].into_iter().flatten();
    let mut config = Config::new(place(100), [7; 32], AllowList::new(nets));
    config.calls_max = 4;
    let mut core = Core::new(config, Two([place(2), place(3)]), 0);
    let (mut now_us, mut seen) = (0, Vec::<(Hop, Vec<u8>)>::new());
    let mut story = String::new();
    for step in 0..12 {
        let (from, bytes) = conversation(mutator, &seen, step, place(1).into());
        let mut sent = Sent::default();
        let text = String::from_utf8_lossy(&bytes);
        let _infallible = writeln!(story, "{now_us} {from}: {text:?}");
        core.on_message(now_us, from, &bytes, &mut sent);
        if sent.0.len() > ANSWERS_MAX {
            return Err(finding("one message made many", &bytes));
        }
        for (_, out) in &sent.0 {
            if Message::parse(out).and_then(|m| m.check()).is_err()
                && !bytes.is_empty()
                && is_ours(out)
            {
                return Err(format!(
                    "{}\nbecame {}",
                    finding("an unreadable message was sent", &bytes),
                    finding("", out)
                ));
            }
        }
        seen.extend(sent.0);
        now_us += 10_000 * (mutator.below(200) as u64);
        core.on_time(now_us, &mut Sent::default());
    }
    core.on_time(now_us + 100_000_000, &mut Sent::default());
    for later in 1..20 {
        core.on_time(
            now_us + 100_000_000 + later * 20_000_000,
            &mut Sent::default(),
        );
    }
    if core.counters().live == 0 {
        Ok(())
    } else {
        Err(format!("a call was left behind:\n{story}"))
    }
}

/// Answers copy what they answer to; requests are ours to keep readable.
fn is_ours(out: &[u8]) -> bool {
    !out.starts_with(b"SIP/")
}

/// What comes next: something new, or an answer to something sent, straight or bent.
fn conversation(
    mutator: &mut Mutator,
    seen: &[(Hop, Vec<u8>)],
    step: usize,
    caller: Hop,
) -> (Hop, Vec<u8>) {
    let requests: Vec<_> = seen.iter().filter(|(_, b)| is_ours(b)).collect();
    if step > 0 && !requests.is_empty() && mutator.below(3) > 0 {
        let (to, request) = requests[mutator.below(requests.len())].clone();
        let status = [100, 180, 183, 200, 302, 404, 486, 487, 500, 503, 603][mutator.below(11)];
        let end = request
            .windows(2)
            .position(|two| two == b"\r\n")
            .unwrap_or(0);
        let answer = [format!("SIP/2.0 {status} X").as_bytes(), &request[end..]].concat();
        let bent = mutator.below(2) == 0;
        return (
            to,
            if bent {
                mutator.changed(answer)
            } else {
                answer
            },
        );
    }
    let id = ["a", "b", "c", "d", "e", "f"][mutator.below(6)];
    let method = ["INVITE", "INVITE", "CANCEL", "ACK", "BYE", "OPTIONS"][mutator.below(6)];
    let plain = call(method, "", id);
    let bytes = match mutator.below(3) {
        0 => plain,
        1 => mutator.changed(plain),
        _ => mutator.mutated(),
    };
    (caller, bytes)
}

/// The framer: however a stream is cut, the same messages; never more kept than the bound.
///
/// # Errors
/// The finding.
pub(crate) fn stream(mutator: &mut Mutator) -> Result<(), String> {
    const MESSAGE_BYTES_MAX: usize = 4_096;
    let mut bytes = Vec::new();
    for _ in 0..=mutator.below(4) {
        bytes.extend(mutator.mutated());
    }
    let read = |cuts: &mut dyn FnMut() -> usize| {
        let mut framer = Framer::new(MESSAGE_BYTES_MAX);
        let (mut at, mut found) = (0, Vec::new());
        while at < bytes.len() {
            let to = (at + cuts()).min(bytes.len());
            framer.push(&bytes[at..to]);
            at = to;
            loop {
                match framer.next_frame() {
                    Ok(Some(frame)) => found.push(frame),
                    Ok(None) => break,
                    Err(_) => return found,
                }
            }
        }
        found
    };
    let whole = read(&mut || usize::MAX / 2);
    let cut = read(&mut || 1 + mutator.below(50));
    let messages = |frames: Vec<Frame>| -> Vec<Frame> {
        frames
            .into_iter()
            .filter(|frame| *frame != Frame::Ping)
            .collect()
    };
    // Line ends between messages may count as a keep-alive or not, by how they arrive.
    if messages(whole) == messages(cut) {
        Ok(())
    } else {
        Err(finding("the cuts changed the messages", &bytes))
    }
}
