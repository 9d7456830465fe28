//! On real sockets: a closed port is seen at once, and an ICMP burst loses nothing.

use segue_sip::allow::{AllowList, Network};
use segue_sip::io_udp::{Server, ServerOptions};
use segue_sip::msg::Message;
use segue_sip::{
    Attempt, AttemptResult, CallToken, Config, Invite, Mode, Outcome, Policy, Route, Shed, Target,
};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

struct ClosedFirst {
    closed: SocketAddr,
    home: SocketAddr,
    asked: u128,
    outcomes: Vec<Vec<AttemptResult>>,
}

impl Policy for ClosedFirst {
    fn route(&mut self, _now_us: u64, invite: &Invite<'_>) -> Route {
        self.asked += 1;
        let mut targets = vec![Target::new(self.closed), Target::new(self.home)];
        // Every second call goes straight home: it must not suffer from its neighbours' errors.
        if invite.call_id().ends_with(b"even") {
            targets.remove(0);
        }
        Route {
            token: CallToken(self.asked),
            mode: Mode::Proxy,
            targets,
        }
    }

    fn shed(&mut self, _now_us: u64, _invite: &Invite<'_>) -> Shed {
        Shed::Refuse
    }

    fn is_known(&self, to: SocketAddr) -> bool {
        to == self.home
    }

    fn outcome(&mut self, _token: CallToken, outcome: &Outcome<'_>) {
        self.outcomes.push(outcome.attempts.to_vec());
    }
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a loopback port");
    socket
        .set_read_timeout(Some(Duration::from_secs(2)))
        .expect("a time-out");
    socket
}

/// Bound and closed again, so that nobody listens there.
fn closed_port() -> SocketAddr {
    socket().local_addr().expect("an address")
}

fn invite(from: SocketAddr, id: &str) -> String {
    format!(
        "INVITE sip:7001@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{id}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:1@127.0.0.1>;tag=f\r\nTo: <sip:7001@127.0.0.1>\r\n\
         Call-ID: {id}\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
    )
}

fn start(home: SocketAddr) -> Server<ClosedFirst> {
    let peers = AllowList::new(["127.0.0.0/8".parse::<Network>().expect("a network")]);
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let policy = ClosedFirst {
        closed: closed_port(),
        home,
        asked: 0,
        outcomes: Vec::new(),
    };
    Server::start(
        ServerOptions::new(any),
        Config::new(any, [3; 32], peers),
        policy,
    )
    .expect("the server starts")
}

#[test]
fn closed_port_is_seen_and_the_second_target_gets_the_invite() {
    let (caller, home) = (socket(), socket());
    let server = start(home.local_addr().expect("an address"));
    let me = caller.local_addr().expect("an address");
    caller
        .send_to(invite(me, "odd").as_bytes(), server.local_addr())
        .expect("sent");
    let mut buffer = [0; 4_096];
    // The read time-out of 2 s is under the 3 s of silence: only the refusal can bring this INVITE.
    let (length, from) = home
        .recv_from(&mut buffer)
        .expect("the second target gets the INVITE");
    assert_eq!(from, server.local_addr());
    let request = Message::parse(&buffer[..length]).expect("a message");
    assert_eq!(request.method(), Some(&b"INVITE"[..]));
    let answer = ok(&request);
    home.send_to(answer.as_bytes(), from).expect("sent");
    let statuses = [read_status(&caller), read_status(&caller)];
    assert_eq!(statuses, [100, 200]);
    let policy = server.stop().expect("no panic");
    let attempts: Vec<Attempt> = policy.outcomes[0].iter().map(|a| a.attempt).collect();
    assert_eq!(attempts, [Attempt::Unreachable, Attempt::Answered]);
}

fn ok(request: &Message<'_>) -> String {
    let text =
        |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
    let vias: Vec<String> = request
        .headers("Via")
        .map(|via| format!("Via: {}\r\n", text(Some(via))))
        .collect();
    let vias = vias.concat();
    format!(
        "SIP/2.0 200 OK\r\n{vias}From: {}\r\nTo: {};tag=h\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         Content-Length: 0\r\n\r\n",
        text(request.header("From")),
        text(request.header("To")),
        text(request.call_id()),
        text(request.header("CSeq"))
    )
}

fn read_status(socket: &UdpSocket) -> u16 {
    let mut buffer = [0; 4_096];
    let (length, _) = socket.recv_from(&mut buffer).expect("an answer in time");
    Message::parse(&buffer[..length])
        .expect("a message")
        .status()
        .expect("a response")
}

#[test]
fn case_11_an_icmp_burst_loses_no_call() {
    const CALLS: usize = 400;
    let (caller, home) = (socket(), socket());
    let server = start(home.local_addr().expect("an address"));
    let (to, me) = (
        server.local_addr(),
        caller.local_addr().expect("an address"),
    );
    let centre = std::thread::spawn(move || {
        let mut buffer = [0; 4_096];
        for _ in 0..CALLS {
            let (length, from) = home.recv_from(&mut buffer).expect("every call comes home");
            let request = Message::parse(&buffer[..length]).expect("a message");
            home.send_to(ok(&request).as_bytes(), from).expect("sent");
        }
    });
    let mut answered = 0;
    // Bursts of forty: many refusals are pending while other calls are being sent.
    for burst in 0..CALLS / 40 {
        for call in 0..40 {
            let parity = if call % 2 == 0 { "even" } else { "odd" };
            let id = format!("{burst}-{call}-{parity}");
            caller
                .send_to(invite(me, &id).as_bytes(), to)
                .expect("sent");
        }
        let mut open = 40;
        while open > 0 {
            if read_status(&caller) == 200 {
                open -= 1;
                answered += 1;
            }
        }
    }
    assert_eq!(answered, CALLS);
    centre.join().expect("no panic");
    let policy = server.stop().expect("no panic");
    assert_eq!(policy.outcomes.len(), CALLS);
    let refused = policy
        .outcomes
        .iter()
        .filter(|o| o[0].attempt == Attempt::Unreachable)
        .count();
    assert_eq!(refused, CALLS / 2);
}
