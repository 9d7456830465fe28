//! A virtual world for the core: packets by hand, time by hand, a policy that follows a plan.

use segue_sip::allow::{AllowList, Network};
use segue_sip::trunk::{TrunkReport, TrunkSettings};
use segue_sip::{
    AttemptResult, CallToken, Config, Core, Hop, Invite, Mode, Outcome, Policy, Route, Shed, Sink,
    Target,
};
use std::net::SocketAddr;

pub(crate) const ME: &str = "192.0.2.100:5060";
pub(crate) const CALLER: &str = "192.0.2.1:5060";
pub(crate) const OUT: &str = "198.51.100.1:5060";
pub(crate) const HOME: &str = "198.51.100.2:5060";
pub(crate) const THIRD: &str = "198.51.100.3:5060";

pub(crate) fn addr(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// A policy that sends every call the same way and keeps what it is told.
pub(crate) struct Plan {
    pub(crate) mode: Mode,
    pub(crate) targets: Vec<Target>,
    pub(crate) shed: Shed,
    pub(crate) trunks: Option<Vec<TrunkSettings>>,
    pub(crate) asked: u64,
    pub(crate) outcomes: Vec<(u128, u16, Vec<AttemptResult>)>,
}

impl Policy for Plan {
    fn route(&mut self, _now_us: u64, invite: &Invite<'_>) -> Route {
        assert!(
            invite.message().to_tag().is_none(),
            "a re-INVITE is never routed anew"
        );
        self.asked += 1;
        Route {
            token: CallToken(u128::from(self.asked)),
            mode: self.mode,
            targets: self.targets.clone(),
        }
    }

    fn trunks(&mut self) -> Option<Vec<TrunkSettings>> {
        self.trunks.take()
    }

    fn shed(&mut self, _now_us: u64, _invite: &Invite<'_>) -> Shed {
        self.shed.clone()
    }

    fn is_known(&self, to: SocketAddr) -> bool {
        [CALLER, OUT, HOME, THIRD]
            .into_iter()
            .any(|known| addr(known) == to)
    }

    fn outcome(&mut self, token: CallToken, outcome: &Outcome<'_>) {
        self.outcomes
            .push((token.0, outcome.status, outcome.attempts.to_vec()));
    }
}

/// A packet that the core sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) hop: Hop,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Vec<u8>,
}

impl Sent {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The first line with this name, its value.
    pub(crate) fn header(&self, name: &str) -> String {
        self.headers(name).into_iter().next().unwrap_or_default()
    }

    pub(crate) fn headers(&self, name: &str) -> Vec<String> {
        let text = self.text();
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        head.split("\r\n")
            .filter_map(|line| line.split_once(':'))
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .collect()
    }

    pub(crate) fn first_line(&self) -> String {
        self.text().lines().next().unwrap_or_default().to_owned()
    }
}

#[derive(Default)]
pub(crate) struct Outbox(pub(crate) Vec<Sent>);

impl Sink for Outbox {
    fn send(&mut self, to: Hop, bytes: &[u8]) {
        self.0.push(Sent {
            hop: to,
            to: to.addr,
            bytes: bytes.to_vec(),
        });
    }
}

pub(crate) struct Sim {
    pub(crate) core: Core<Plan>,
    pub(crate) now_us: u64,
    pub(crate) outbox: Outbox,
}

impl Sim {
    pub(crate) fn new(mode: Mode, targets: &[&str]) -> Self {
        Self::with(
            mode,
            targets.iter().map(|text| Target::new(addr(text))).collect(),
            |_| {},
        )
    }

    pub(crate) fn proxy(targets: &[&str]) -> Self {
        Self::new(Mode::Proxy, targets)
    }

    pub(crate) fn with(mode: Mode, targets: Vec<Target>, change: impl FnOnce(&mut Config)) -> Self {
        let everyone = ["192.0.2.0/24", "198.51.100.0/24"].map(str::parse::<Network>);
        let peers = AllowList::new(everyone.map(|net| net.expect("a network")));
        let mut config = Config::new(addr(ME), [42; 32], peers);
        config.calls_max = 64;
        change(&mut config);
        let plan = Plan {
            mode,
            targets,
            shed: Shed::Proxy(vec![Target::new(addr(HOME))]),
            trunks: None,
            asked: 0,
            outcomes: Vec::new(),
        };
        let start = 5_000_000;
        Self {
            core: Core::new(config, plan, start),
            now_us: start,
            outbox: Outbox::default(),
        }
    }

    pub(crate) fn receive(&mut self, from: &str, bytes: impl AsRef<[u8]>) {
        self.core
            .on_datagram(self.now_us, addr(from), bytes.as_ref(), &mut self.outbox);
    }

    pub(crate) fn receive_over(&mut self, from: Hop, bytes: impl AsRef<[u8]>) {
        self.core
            .on_message(self.now_us, from, bytes.as_ref(), &mut self.outbox);
    }

    /// These trunks are watched from now on.
    pub(crate) fn watch(&mut self, trunks: Vec<TrunkSettings>) {
        self.core.policy_mut().trunks = Some(trunks);
        self.advance_ms(1_010);
    }

    /// The one trunk, or the first, as it stands.
    pub(crate) fn trunk(&self) -> TrunkReport {
        self.core.trunks(self.now_us).swap_remove(0)
    }

    pub(crate) fn icmp(&mut self, to: &str, packet: &[u8]) {
        self.core
            .on_icmp(self.now_us, addr(to), packet, &mut self.outbox);
    }

    pub(crate) fn advance_ms(&mut self, ms: u64) {
        let end = self.now_us + ms * 1_000;
        while self.now_us < end {
            self.now_us = (self.now_us + 10_000).min(end);
            self.core.on_time(self.now_us, &mut self.outbox);
        }
    }

    /// Takes the first packet to `to` whose first line begins so; anything before it stays.
    pub(crate) fn expect(&mut self, to: &str, begins: &str) -> Sent {
        let at = self
            .outbox
            .0
            .iter()
            .position(|sent| sent.to == addr(to) && sent.first_line().starts_with(begins));
        match at {
            Some(at) => self.outbox.0.remove(at),
            None => panic!("expected `{begins}` to {to}; sent: {:?}", self.lines()),
        }
    }

    pub(crate) fn nothing(&self) {
        assert!(
            self.outbox.0.is_empty(),
            "nothing should have been sent: {:?}",
            self.lines()
        );
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.outbox
            .0
            .iter()
            .map(|sent| format!("{} <- {}", sent.to, sent.first_line()))
            .collect()
    }

    /// A new call up to the INVITE of its first target.
    pub(crate) fn call(&mut self, id: &str, first: &str) -> Sent {
        self.receive(CALLER, invite(id));
        self.expect(CALLER, "SIP/2.0 100");
        self.expect(first, "INVITE")
    }

    pub(crate) fn outcome(&self) -> &(u128, u16, Vec<AttemptResult>) {
        assert_eq!(self.core.policy().outcomes.len(), 1, "one outcome per call");
        &self.core.policy().outcomes[0]
    }

    /// Everything has ended: after a minute no call is left and nothing more is sent.
    pub(crate) fn ends_clean(mut self) {
        self.outbox.0.clear();
        self.advance_ms(90_000);
        assert_eq!(self.core.counters().live, 0, "every slot is freed");
        self.outbox.0.clear();
        self.advance_ms(10_000);
        self.nothing();
    }
}

pub(crate) const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n";

/// A request of the caller's INVITE transaction `id`.
pub(crate) fn request(method: &str, id: &str, to_tag: &str) -> String {
    let body = if method == "INVITE" { SDP } else { "" };
    format!(
        "{method} sip:7001@192.0.2.100 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{id}\r\n\
         Max-Forwards: 70\r\n\
         From: \"A\" <sip:15550100@192.0.2.1>;tag=f{id}\r\n\
         To: <sip:7001@192.0.2.100>{to_tag}\r\n\
         Call-ID: {id}@192.0.2.1\r\n\
         CSeq: 1 {method}\r\n\
         Contact: <sip:15550100@192.0.2.1:5060>\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) fn invite(id: &str) -> String {
    request("INVITE", id, "")
}

/// The answer a target gives to a request that it received.
pub(crate) fn response(request: &Sent, status: u16, tag: &str) -> String {
    let vias: Vec<String> = request
        .headers("Via")
        .into_iter()
        .map(|via| format!("Via: {via}\r\n"))
        .collect();
    let vias = vias.concat();
    let tag = if tag.is_empty() {
        String::new()
    } else {
        format!(";tag={tag}")
    };
    let header = |name: &str| request.header(name);
    format!(
        "SIP/2.0 {status} Some Words\r\n{vias}From: {}\r\nTo: {}{tag}\r\nCall-ID: {}\r\n\
         CSeq: {}\r\nContact: <sip:agent@198.51.100.9:5080>\r\nContent-Length: 0\r\n\r\n",
        header("From"),
        header("To"),
        header("Call-ID"),
        header("CSeq")
    )
}

pub(crate) fn to_tag_of(answer: &Sent) -> String {
    let to = answer.header("To");
    to.find(";tag=")
        .map(|at| to[at..].to_owned())
        .unwrap_or_default()
}
