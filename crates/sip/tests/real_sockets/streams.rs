//! TCP and TLS on real sockets: framing, keep-alive, reuse, bounds, IPv6, and a peer that closes.

use segue_sip::allow::{AllowList, Network};
use segue_sip::io_stream::{StreamLimits, StreamOptions};
use segue_sip::io_udp::{Server, ServerOptions};
use segue_sip::msg::Message;
use segue_sip::{
    CallToken, Config, Hop, Invite, Mode, Outcome, Policy, Route, Shed, Target, Transport,
};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

/// Sends every call to these targets.
pub(crate) struct To(pub(crate) Vec<Target>);

impl Policy for To {
    fn route(&mut self, now_us: u64, _invite: &Invite<'_>) -> Route {
        Route {
            token: CallToken(u128::from(now_us)),
            mode: Mode::Proxy,
            targets: self.0.clone(),
        }
    }

    fn shed(&mut self, _now_us: u64, _invite: &Invite<'_>) -> Shed {
        Shed::Refuse
    }

    fn is_known(&self, _addr: SocketAddr) -> bool {
        true
    }

    fn outcome(&mut self, _token: CallToken, _outcome: &Outcome<'_>) {}
}

pub(crate) fn start(targets: Vec<Target>, bind: &str, streams: StreamOptions) -> Server<To> {
    let nets = ["127.0.0.0/8", "::1"].map(|net| net.parse::<Network>().expect("a network"));
    let bind: SocketAddr = bind.parse().expect("an address");
    let mut options = ServerOptions::new(bind);
    options.streams = Some(streams);
    let config = Config::new(bind, [3; 32], AllowList::new(nets));
    Server::start(options, config, To(targets)).expect("the server starts")
}

fn tcp_at(bind: &str) -> StreamOptions {
    StreamOptions {
        tcp: Some(bind.parse().expect("an address")),
        ..StreamOptions::default()
    }
}

fn connect(server: &Server<To>) -> TcpStream {
    let stream = TcpStream::connect(server.stream_addr(Transport::Tcp).expect("bound"));
    let stream = stream.expect("connected");
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .expect("a time-out");
    stream
}

fn invite(from: SocketAddr, id: &str) -> String {
    format!(
        "INVITE sip:7001@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP {from};branch=z9hG4bK{id}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:1@127.0.0.1>;tag=f\r\nTo: <sip:7001@127.0.0.1>\r\n\
         Call-ID: {id}\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
    )
}

/// Reads until the text has come.
fn read_until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4_096];
    while !text.contains(wanted) {
        let length = stream.read(&mut buffer).expect("more bytes in time");
        assert!(length > 0, "closed before `{wanted}`: {text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
    text
}

fn ok(request: &[u8]) -> String {
    let request = Message::parse(request).expect("a message");
    let text =
        |name: &str| String::from_utf8_lossy(request.header(name).unwrap_or_default()).into_owned();
    let vias = request.headers("Via");
    let vias: Vec<String> = vias
        .map(|via| format!("Via: {}\r\n", String::from_utf8_lossy(via)))
        .collect();
    format!(
        "SIP/2.0 200 OK\r\n{}From: {}\r\nTo: {};tag=h\r\nCall-ID: {}\r\nCSeq: {}\r\nContent-Length: 0\r\n\r\n",
        vias.concat(),
        text("From"),
        text("To"),
        text("Call-ID"),
        text("CSeq")
    )
}

#[test]
fn calls_over_one_connection_in_pieces_with_keep_alives_between() {
    let home = TcpListener::bind("127.0.0.1:0").expect("a port");
    let target = Target::new(Hop::new(Transport::Tcp, home.local_addr().expect("bound")));
    let server = start(vec![target], "127.0.0.1:0", tcp_at("127.0.0.1:0"));
    let mut caller = connect(&server);
    let me = caller.local_addr().expect("bound");
    caller.write_all(b"\r\n\r\n").expect("written");
    read_until(&mut caller, "\r\n");
    // Two calls in one segment, the second cut in its middle.
    let both = [invite(me, "a"), invite(me, "b")].concat();
    let (first, rest) = both.as_bytes().split_at(both.len() - 60);
    caller.write_all(first).expect("written");
    let (mut centre, _) = home.accept().expect("the router connects");
    read_until(&mut centre, "Call-ID: a");
    std::thread::sleep(Duration::from_millis(100));
    caller.write_all(rest).expect("written");
    // Both come over the same connection: nothing else was ever accepted.
    let second = read_until(
        &mut centre,
        "Call-ID: b\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
    );
    let at = second.find("INVITE sip").expect("whole");
    centre
        .write_all(ok(&second.as_bytes()[at..]).as_bytes())
        .expect("written");
    let answers = read_until(&mut caller, "SIP/2.0 200");
    assert!(answers.contains("Via: SIP/2.0/TCP") && answers.contains("rport="));
    let counters = server.stream_counters();
    assert_eq!(
        (counters.accepted, counters.connected, counters.open),
        (1, 1, 2)
    );
    drop(server.stop());
}

#[test]
fn case_15_a_peer_that_closes_in_mid_invite_costs_the_caller_nothing() {
    let trunk = TcpListener::bind("127.0.0.1:0").expect("a port");
    let home = UdpSocket::bind("127.0.0.1:0").expect("a port");
    home.set_read_timeout(Some(Duration::from_secs(2)))
        .expect("a time-out");
    let targets = vec![
        Target::new(Hop::new(Transport::Tcp, trunk.local_addr().expect("bound"))),
        Target::new(home.local_addr().expect("bound")),
    ];
    let server = start(targets, "127.0.0.1:0", tcp_at("127.0.0.1:0"));
    let mut caller = connect(&server);
    let me = caller.local_addr().expect("bound");
    caller
        .write_all(invite(me, "c").as_bytes())
        .expect("written");
    let (mut peer, _) = trunk.accept().expect("the router connects");
    read_until(&mut peer, "INVITE");
    drop(peer);
    // The read time-out of 2 s is under the 3 s of silence: only the broken connection brings this.
    let mut buffer = [0; 4_096];
    let (length, from) = home.recv_from(&mut buffer).expect("the call comes home");
    home.send_to(ok(&buffer[..length]).as_bytes(), from)
        .expect("sent");
    read_until(&mut caller, "SIP/2.0 200");
    // And a port that nobody listens on any more, the same.
    drop(trunk);
    caller
        .write_all(invite(me, "d").as_bytes())
        .expect("written");
    home.recv_from(&mut buffer).expect("the call comes home");
    assert_eq!(server.stream_counters().connect_failed, 1);
}

/// Reads until the other side has closed.
fn until_closed(stream: &mut TcpStream) {
    let mut buffer = [0; 64];
    while stream.read(&mut buffer).is_ok_and(|length| length > 0) {}
}

#[test]
fn half_a_message_a_silent_peer_and_an_unreadable_stream_are_closed() {
    let mut streams = tcp_at("127.0.0.1:0");
    streams.limits = StreamLimits {
        message: Duration::from_millis(400),
        idle: Duration::from_millis(1_500),
        connections_per_source_max: 4,
        ..StreamLimits::default()
    };
    let server = start(Vec::new(), "127.0.0.1:0", streams);
    let mut slow = connect(&server);
    // A byte now and then does not move the end of a message's time: it is cut off amid them.
    let mut trickle = slow.try_clone().expect("cloned");
    let feeder = std::thread::spawn(move || {
        let fed = (0..200).take_while(|_| {
            std::thread::sleep(Duration::from_millis(50));
            trickle.write_all(b"x").is_ok()
        });
        fed.count()
    });
    until_closed(&mut slow);
    assert!(feeder.join().expect("no panic") < 200);
    let mut silent = connect(&server);
    until_closed(&mut silent);
    let mut babble = connect(&server);
    babble
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .expect("written");
    until_closed(&mut babble);
    let ended = || {
        let counters = server.stream_counters();
        (counters.timed_out, counters.unreadable, counters.open)
    };
    for _ in 0..500 {
        if ended() != (2, 1, 0) {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    assert_eq!(ended(), (2, 1, 0));
    // The fifth at a time is turned away.
    let open: Vec<TcpStream> = (0..5).map(|_| connect(&server)).collect();
    let mut last = open.into_iter().next_back().expect("five");
    until_closed(&mut last);
    assert_eq!(server.stream_counters().over_limit, 1);
}

#[test]
fn ipv6_and_ipv4_meet_on_one_socket_of_both_transports() {
    let home = UdpSocket::bind("127.0.0.1:0").expect("a port");
    home.set_read_timeout(Some(Duration::from_secs(2)))
        .expect("a time-out");
    let Ok(six) = UdpSocket::bind("[::1]:0") else {
        println!("SKIPPED: no IPv6 on this machine");
        return;
    };
    six.set_read_timeout(Some(Duration::from_secs(2)))
        .expect("a time-out");
    let target = Target::new(home.local_addr().expect("bound"));
    let server = start(vec![target], "[::]:0", tcp_at("[::1]:0"));
    let to = SocketAddr::new(
        "::1".parse().expect("an address"),
        server.local_addr().port(),
    );
    let me = six.local_addr().expect("bound");
    let text = invite(me, "six").replace("SIP/2.0/TCP", "SIP/2.0/UDP");
    six.send_to(text.as_bytes(), to).expect("sent");
    let mut buffer = [0; 4_096];
    let (length, from) = home.recv_from(&mut buffer).expect("over IPv4");
    assert!(from.is_ipv4());
    home.send_to(ok(&buffer[..length]).as_bytes(), from)
        .expect("sent");
    let mut seen = String::new();
    while !seen.contains("SIP/2.0 200") {
        let (length, _) = six.recv_from(&mut buffer).expect("an answer over IPv6");
        seen.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
    let mut stream = connect(&server);
    let me = stream.local_addr().expect("bound");
    stream
        .write_all(invite(me, "six-tcp").as_bytes())
        .expect("written");
    home.recv_from(&mut buffer)
        .expect("the call comes over TCP and IPv6 too");
}

#[test]
fn a_stranger_is_closed_before_a_byte_is_read() {
    let bind: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    let mut options = ServerOptions::new(bind);
    options.streams = Some(tcp_at("127.0.0.1:0"));
    let nobody = AllowList::new(["192.0.2.1".parse::<Network>().expect("a network")]);
    let config = Config::new(bind, [3; 32], nobody);
    let server = Server::start(options, config, To(Vec::new())).expect("the server starts");
    let mut stream = connect(&server);
    let mut buffer = [0; 16];
    assert!(!stream.read(&mut buffer).is_ok_and(|length| length > 0));
    assert_eq!(server.stream_counters().strangers, 1);
    assert_eq!(server.counters().received, 0);
}
