//! Real peers: SIPp as caller and as centre over TCP and TLS, certificates by openssl.

use crate::streams::{To, start};
use segue_sip::io_stream::StreamOptions;
use segue_sip::io_udp::Server;
use segue_sip::tls::{Tls, TlsFiles};
use segue_sip::{Hop, Target, Transport};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

const SIPP: &str = "/usr/bin/sipp";

/// False, with a visible line, where SIPp is missing and may be.
fn available() -> bool {
    let there = Path::new(SIPP).exists();
    if !there {
        let required = std::env::var("SEGUE_REQUIRE_PEERS").is_ok_and(|v| v == "1");
        assert!(!required, "SIPp is required: apt-get install sip-tester");
        println!("SKIPPED: no {SIPP}; install sip-tester");
    }
    there
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("bound").port()
}

/// SIPp in a folder of its own; ended with the test.
struct Sipp(Child);

impl Sipp {
    fn start(folder: &Path, args: &[&str]) -> Self {
        let child = Command::new(SIPP)
            .args(["-i", "127.0.0.1", "-nostdin", "-timeout", "40"])
            .args(["-trace_err", "-error_file", "errors.log"])
            .args(args)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.expect("SIPp starts"))
    }

    fn finish(mut self) -> ExitStatus {
        self.0.wait().expect("SIPp ends")
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("segue-sip-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// ACK and BYE go to the Contact as their Request-URI, but over the one connection to the router.
const CALLER: &str = r#"<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="caller">
<send retrans="500"><![CDATA[
INVITE sip:7001@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:a@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:7001@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:a@[local_ip]:[local_port];transport=[transport]>
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="200" rrs="true"/>
<send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:a@[local_ip]:[local_port]>;tag=[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
<pause milliseconds="50"/>
<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:a@[local_ip]:[local_port]>;tag=[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>
"#;

/// A hundred calls from SIPp over TCP to `router`, answered by the SIPp that `centre` is.
fn hundred_calls(here: &Path, router: SocketAddr, centre: Sipp) {
    std::fs::write(here.join("caller.xml"), CALLER).expect("written");
    let (router, own) = (router.to_string(), free_port().to_string());
    let caller = Sipp::start(
        here,
        &[
            &router,
            "-sf",
            "caller.xml",
            "-t",
            "t1",
            "-p",
            &own,
            "-m",
            "100",
            "-r",
            "50",
        ],
    )
    .finish();
    let errors = std::fs::read_to_string(here.join("errors.log")).unwrap_or_default();
    assert!(caller.success(), "{errors}");
    drop(centre);
    let _ = std::fs::remove_dir_all(here);
}

/// SIPp as a centre over the transport of `mode`, and where it is.
fn centre(here: &Path, mode: &str) -> (Sipp, SocketAddr) {
    let port = free_port();
    let args = ["-sn", "uas", "-t", mode, "-p", &port.to_string()];
    let centre = Sipp::start(here, &args);
    std::thread::sleep(Duration::from_millis(700));
    (centre, SocketAddr::from(([127, 0, 0, 1], port)))
}

fn tcp() -> StreamOptions {
    StreamOptions {
        tcp: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        ..StreamOptions::default()
    }
}

/// The counters are handed over now and then: looks until so many calls are counted as answered, or long enough.
fn answered(server: &Server<To>, calls: u64) -> u64 {
    for _ in 0..100 {
        if server.counters().answered >= calls {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    server.counters().answered
}

#[test]
fn sipp_calls_through_over_tcp() {
    if !available() {
        return;
    }
    let here = folder("tcp");
    let (centre, at) = centre(&here, "t1");
    let target = Target::new(Hop::new(Transport::Tcp, at));
    let server = start(vec![target], "127.0.0.1:0", tcp());
    let router = server.stream_addr(Transport::Tcp).expect("bound");
    hundred_calls(&here, router, centre);
    assert_eq!(answered(&server, 100), 100);
    assert_eq!(server.counters().fall_throughs, 0);
    // One connection of the caller's, one to the centre.
    assert_eq!(server.stream_counters().connected, 1);
}

/// SIPp of the distribution speaks no TLS: between two routers, over one connection kept open, it need not.
#[test]
fn sipp_calls_through_over_tcp_then_tls_then_udp() {
    if !available() {
        return;
    }
    let here = folder("tls");
    let (centre, at) = centre(&here, "u1");
    let streams = tls(&here);
    let far = start(vec![Target::new(at)], "127.0.0.1:0", streams.clone());
    let trunk = Hop::new(
        Transport::Tls,
        far.stream_addr(Transport::Tls).expect("bound"),
    );
    let near = StreamOptions {
        tls: None,
        tcp: tcp().tcp,
        ..streams
    };
    let near = start(vec![Target::new(trunk)], "127.0.0.1:0", near);
    let router = near.stream_addr(Transport::Tcp).expect("bound");
    hundred_calls(&here, router, centre);
    assert_eq!((answered(&near, 100), answered(&far, 100)), (100, 100));
    let streams = (near.stream_counters(), far.stream_counters());
    assert_eq!((streams.0.connected, streams.1.accepted), (1, 1));
}

/// A key and a certificate for 127.0.0.1 that vouches for itself.
fn certificate(here: &Path) -> TlsFiles {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ])
        .args(["-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "cakey.pem", "-out", "cacert.pem"])
        .current_dir(here)
        .output()
        .expect("openssl runs");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    TlsFiles {
        certificate: here.join("cacert.pem"),
        key: here.join("cakey.pem"),
        authorities: Some(here.join("cacert.pem")),
        peers_must_show: false,
    }
}

fn tls(here: &Path) -> StreamOptions {
    StreamOptions {
        tls: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        certificates: Some(Tls::load(&certificate(here)).expect("they fit")),
        ..StreamOptions::default()
    }
}

#[test]
fn openssl_speaks_tls_and_a_certificate_without_its_key_is_refused() {
    let here = folder("openssl");
    let server = start(Vec::new(), "127.0.0.1:0", tls(&here));
    let at = server
        .stream_addr(Transport::Tls)
        .expect("bound")
        .to_string();
    let mut client = Command::new("openssl")
        .args([
            "s_client",
            "-quiet",
            "-verify_return_error",
            "-CAfile",
            "cacert.pem",
            "-connect",
            &at,
        ])
        .current_dir(&here)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl runs");
    let options = "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:9;branch=z9hG4bKo\r\n\
                   Max-Forwards: 70\r\nFrom: <sip:1@127.0.0.1>;tag=f\r\nTo: <sip:127.0.0.1>\r\n\
                   Call-ID: o\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    let mut input = client.stdin.take().expect("piped");
    std::io::Write::write_all(&mut input, options.as_bytes()).expect("written");
    let mut answer = [0; 512];
    let mut output = client.stdout.take().expect("piped");
    let length = std::io::Read::read(&mut output, &mut answer).expect("an answer");
    let text = String::from_utf8_lossy(&answer[..length]).into_owned();
    client.kill().expect("ended");
    client.wait().expect("ended");
    assert!(text.starts_with("SIP/2.0 200"), "{text}");
    let mut wrong = certificate(&here);
    wrong.key = here.join("cacert.pem");
    let fault = Tls::load(&wrong).expect_err("no key in it").to_string();
    assert!(
        fault.contains("cacert.pem") && fault.contains("give a PEM file"),
        "{fault}"
    );
}
