//! The ends of a call: a caller that repeats, acknowledges and may hang up; a centre with every habit.

use segue_sip::msg::Message;
use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;

const T1_US: u64 = 500_000;
const T2_US: u64 = 4_000_000;
const LONG_US: u64 = 64 * T1_US;

/// What somebody does next. No address: to the router.
#[derive(Default)]
pub(crate) struct Out {
    pub(crate) packets: Vec<(Option<SocketAddr>, Vec<u8>)>,
    pub(crate) wake_us: Option<u64>,
    pub(crate) number: usize,
}

/// The call's number in its Call-ID.
pub(crate) fn call_number(call_id: &[u8]) -> Option<usize> {
    std::str::from_utf8(call_id)
        .ok()?
        .strip_prefix("call-")?
        .parse()
        .ok()
}

pub(crate) struct Caller {
    number: usize,
    pub(crate) began_us: u64,
    pub(crate) final_us: Option<u64>,
    pub(crate) status: Option<u16>,
    /// To tags of the 2xx heard.
    pub(crate) tags: BTreeSet<Vec<u8>>,
    pub(crate) has_cancelled: bool,
    heard: bool,
    hang_up_us: Option<u64>,
    again_us: u64,
    interval_us: u64,
}

impl Caller {
    pub(crate) fn new(number: usize) -> Self {
        Self {
            number,
            began_us: 0,
            final_us: None,
            status: None,
            tags: BTreeSet::new(),
            has_cancelled: false,
            heard: false,
            hang_up_us: None,
            again_us: 0,
            interval_us: T1_US,
        }
    }

    fn request(&self, method: &str, to_tag: &str) -> Vec<u8> {
        let n = self.number;
        format!(
            "{method} sip:7001@192.0.2.100 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKc{n}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:1@192.0.2.50>;tag=f{n}\r\nTo: <sip:7001@192.0.2.100>{to_tag}\r\n\
             Call-ID: call-{n}\r\nCSeq: 1 {method}\r\nContact: <sip:1@192.0.2.50>\r\nContent-Length: 0\r\n\r\n"
        )
        .into_bytes()
    }

    pub(crate) fn begin(&mut self, now_us: u64, hang_up_after_us: Option<u64>) -> Out {
        self.began_us = now_us;
        self.hang_up_us = hang_up_after_us.map(|after| now_us + after);
        self.again_us = now_us + T1_US;
        self.out(vec![(None, self.request("INVITE", ""))])
    }

    fn out(&self, packets: Vec<(Option<SocketAddr>, Vec<u8>)>) -> Out {
        let waiting = self.status.is_none();
        let wake = self.again_us.min(self.hang_up_us.unwrap_or(u64::MAX));
        Out {
            packets,
            wake_us: (waiting && wake < u64::MAX).then_some(wake),
            number: self.number,
        }
    }

    pub(crate) fn wake(&mut self, now_us: u64) -> Out {
        let mut packets = Vec::new();
        if self.status.is_some() {
            return self.out(packets);
        }
        if self.hang_up_us.is_some_and(|at| at <= now_us) {
            self.hang_up_us = None;
            // Nothing heard yet: a CANCEL would have nothing to cancel.
            if self.heard {
                self.has_cancelled = true;
                self.again_us = now_us + T1_US;
                self.interval_us = T1_US;
                packets.push((None, self.request("CANCEL", "")));
            }
        }
        if self.again_us <= now_us {
            self.interval_us = (self.interval_us * 2).min(T2_US);
            // Timer B ends the INVITE (RFC 3261 section 17.1.1.2), timer F the CANCEL.
            let patience_us = LONG_US * (1 + u64::from(self.has_cancelled));
            self.again_us = if now_us > self.began_us + patience_us {
                u64::MAX
            } else {
                now_us + self.interval_us
            };
            let method = if self.has_cancelled {
                "CANCEL"
            } else {
                "INVITE"
            };
            if self.has_cancelled || !self.heard {
                packets.push((None, self.request(method, "")));
            }
        }
        self.out(packets)
    }

    pub(crate) fn hear(&mut self, now_us: u64, bytes: &[u8]) -> Out {
        let Ok(message) = Message::parse(bytes) else {
            return Out::default();
        };
        let status = message.status().unwrap_or_default();
        if message.cseq().is_none_or(|cseq| cseq.method != b"INVITE") {
            return Out::default();
        }
        if status < 200 {
            self.heard = true;
            return Out::default();
        }
        let tag = message.to_tag().unwrap_or_default();
        self.final_us.get_or_insert(now_us);
        let text = format!(";tag={}", String::from_utf8_lossy(tag));
        let ack = self.request("ACK", &text);
        if (200..300).contains(&status) {
            self.tags.insert(tag.to_vec());
            self.status = Some(status);
            let contact = message.contact().and_then(|c| host(c.uri));
            let ack = ack_of_2xx(&ack, self.number);
            return self.out(vec![(contact, ack)]);
        }
        self.status = self.status.or(Some(status));
        self.out(vec![(None, ack)])
    }
}

/// A 2xx's ACK is a transaction of its own.
fn ack_of_2xx(ack: &[u8], number: usize) -> Vec<u8> {
    let text = String::from_utf8_lossy(ack).replace(&format!("z9hG4bKc{number}\r"), "z9hG4bKack\r");
    text.into_bytes()
}

fn host(uri: &[u8]) -> Option<SocketAddr> {
    let text = std::str::from_utf8(uri).ok()?;
    let ip: std::net::IpAddr = text.split('@').nth(1)?.parse().ok()?;
    Some(SocketAddr::new(ip, 5_060))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Ringing,
    Answered,
    Talking,
    Refused,
    Over,
}

struct Leg {
    state: State,
    request: Vec<u8>,
    tag: Vec<u8>,
    began_us: u64,
    /// What it will say next, and when; then how often it repeats that.
    say: Vec<u8>,
    at_us: u64,
    interval_us: u64,
    says: u16,
}

/// A centre: what it does with a call depends on the call's number and on which centre it is.
pub(crate) struct Centre {
    pub(crate) addr: SocketAddr,
    place: u8,
    legs: HashMap<usize, Leg>,
    pub(crate) restarts_us: Vec<u64>,
    life: u32,
}

impl Centre {
    pub(crate) fn new(addr: SocketAddr, place: u8) -> Self {
        Self {
            addr,
            place,
            legs: HashMap::new(),
            restarts_us: Vec::new(),
            life: 0,
        }
    }

    pub(crate) fn restart(&mut self, now_us: u64) {
        self.legs.clear();
        self.restarts_us.push(now_us);
        self.life += 1;
    }

    /// Calls that are talking, or wait for their ACK.
    pub(crate) fn connected(&self) -> Vec<(usize, Vec<u8>)> {
        let open = |leg: &Leg| matches!(leg.state, State::Answered | State::Talking);
        let legs = self.legs.iter().filter(|(_, leg)| open(leg));
        legs.map(|(number, leg)| (*number, leg.tag.clone()))
            .collect()
    }

    /// What it says at once, its final word, and when; 0 is nothing.
    fn habit(&self, number: usize) -> (u16, u16, u64) {
        let draw = number.wrapping_mul(2_654_435_761) >> 7;
        if self.place > 1 {
            // In-house and last resort: nearly always answer, at their own pace.
            return match draw % 20 {
                0 => (0, 503, 20_000),
                1 => (180, 486, 900_000),
                2 => (180, 200, 3_000_000),
                _ => (0, 200, 30_000),
            };
        }
        match draw % 12 {
            0..3 => (0, 200, 30_000),
            3 => (180, 200, 2_000_000),
            4 => (0, 503, 10_000),
            5 => (0, 0, 0),
            6 => (100, 0, 0),
            7 => (180, 0, 0),
            8 => (0, 200, 4_000_000 + (draw as u64 % 4_000_000)),
            9 => (100, 200, 9_000_000),
            10 => (180, 486, 4_000_000),
            _ => (0, 500, 3_100_000),
        }
    }

    pub(crate) fn hear(&mut self, now_us: u64, from: SocketAddr, bytes: &[u8]) -> Out {
        let Ok(message) = Message::parse(bytes) else {
            return Out::default();
        };
        let number = message.call_id().and_then(call_number);
        let (Some(number), Some(method)) = (number, message.method()) else {
            return Out::default();
        };
        let mut out = Out {
            number,
            ..Out::default()
        };
        match method {
            b"INVITE" if !self.legs.contains_key(&number) => {
                self.take(now_us, number, bytes, &mut out);
            }
            b"ACK" => {
                if let Some(leg) = self.legs.get_mut(&number) {
                    let same = message.to_tag() == Some(&leg.tag[..]);
                    match leg.state {
                        State::Answered if same => leg.state = State::Talking,
                        State::Refused => leg.state = State::Over,
                        _ => {}
                    }
                }
            }
            b"CANCEL" | b"BYE" => {
                let known = self.legs.contains_key(&number);
                let status = if known { 200 } else { 481 };
                out.packets
                    .push((Some(from), answer(&message, status, b"x")));
                self.stop(now_us, number, method, &mut out);
            }
            _ => {}
        }
        out
    }

    fn take(&mut self, now_us: u64, number: usize, bytes: &[u8], out: &mut Out) {
        let (first, last, last_us) = self.habit(number);
        let leg = Leg {
            state: State::Ringing,
            request: bytes.to_vec(),
            tag: format!("p{}-{}-{number}", self.place, self.life).into_bytes(),
            began_us: now_us,
            say: Vec::new(),
            at_us: if last == 0 {
                u64::MAX
            } else {
                now_us + last_us
            },
            interval_us: T1_US,
            says: last,
        };
        if first > 0
            && let Ok(message) = Message::parse(bytes)
        {
            out.packets.push((None, answer(&message, first, &leg.tag)));
        }
        out.wake_us = (leg.at_us < u64::MAX).then_some(leg.at_us);
        self.legs.insert(number, leg);
    }

    fn stop(&mut self, now_us: u64, number: usize, method: &[u8], out: &mut Out) {
        let Some(leg) = self.legs.get_mut(&number) else {
            return;
        };
        if method == b"BYE" {
            leg.state = State::Over;
        } else if leg.state == State::Ringing {
            leg.says = 487;
            leg.at_us = now_us;
            out.wake_us = Some(now_us);
        }
    }

    pub(crate) fn wake(&mut self, now_us: u64, number: usize) -> Out {
        let mut out = Out {
            number,
            ..Out::default()
        };
        let place = self.addr.ip();
        let Some(leg) = self.legs.get_mut(&number) else {
            return out;
        };
        let done = matches!(leg.state, State::Talking | State::Over);
        if done || leg.at_us > now_us {
            return out;
        }
        if leg.state == State::Ringing {
            let Ok(message) = Message::parse(&leg.request) else {
                return out;
            };
            leg.say = answer(&message, leg.says, &leg.tag);
            if leg.says < 300 {
                let contact = format!("Contact: <sip:agent@{place}>\r\nContent-Length");
                let text = String::from_utf8_lossy(&leg.say).replace("Content-Length", &contact);
                leg.say = text.into_bytes();
            }
            leg.state = if leg.says < 300 {
                State::Answered
            } else {
                State::Refused
            };
            leg.began_us = now_us;
        } else if now_us > leg.began_us + LONG_US {
            // Nobody acknowledged: the centre gives the call up.
            leg.state = State::Over;
            return out;
        }
        leg.at_us = now_us + leg.interval_us;
        leg.interval_us = (leg.interval_us * 2).min(T2_US);
        out.packets.push((None, leg.say.clone()));
        out.wake_us = Some(leg.at_us);
        out
    }
}

fn answer(request: &Message<'_>, status: u16, tag: &[u8]) -> Vec<u8> {
    let mut text = format!("SIP/2.0 {status} X\r\n").into_bytes();
    for via in request.headers("Via") {
        text.extend([b"Via: ", via, b"\r\n"].concat());
    }
    for name in ["From", "To", "Call-ID", "CSeq"] {
        let value = request.header(name).unwrap_or_default();
        text.extend([name.as_bytes(), b": ", value].concat());
        if name == "To" && status > 100 && request.to_tag().is_none() {
            text.extend([b";tag=", tag].concat());
        }
        text.extend(b"\r\n");
    }
    text.extend(b"Content-Length: 0\r\n\r\n");
    text
}
