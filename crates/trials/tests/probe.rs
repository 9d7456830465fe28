//! Probes against real peers: an HTTPS server with a certificate of its own authority, Kamailio as registrar, closed ports.
#![expect(
    clippy::expect_used,
    reason = "a broken fixture should stop the test that uses it"
)]

use segue_domain::resource_probes::{ProbeCheck, ProbeOutcome, ProbeResult};
use segue_trials::probe::{Login, Prober, Trust, post};
use std::fmt::Write as _;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

const KAMAILIO: &str = "/usr/sbin/kamailio";
const PASSWORD: &str = "correct horse";

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("segue-probe-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&path).expect("a folder");
    path
}

/// A certificate of `localhost`, made by openssl; it is its own authority.
fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
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
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status()
        .expect("openssl runs");
    assert!(made.success());
    (certificate, key)
}

/// Answers each request of each connection once; what was sent to `/api/v1/probes` comes back in the answer.
async fn https(certificate: &Path, key: &Path) -> SocketAddr {
    let chain = vec![CertificateDer::from_pem_file(certificate).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(key).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("they fit");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut request = vec![0; 16_384];
            let Ok(length) = stream.read(&mut request).await else {
                continue;
            };
            let text = String::from_utf8_lossy(&request[..length]).into_owned();
            let answer = answer(&text);
            let _sent = stream.write_all(answer.as_bytes()).await;
            let _closed = stream.shutdown().await;
        }
    });
    addr
}

fn answer(request: &str) -> String {
    let capability = r#"{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1","software":{"name":"Riverside FHIR"}}"#;
    let path = request.split(' ').nth(1).unwrap_or_default();
    // Basic authentication of `nurse:correct horse`.
    let knows = request.contains("authorization: Basic bnVyc2U6Y29ycmVjdCBob3JzZQ==");
    let (status, body) = match path {
        "/fhir/metadata" => ("200 OK", capability),
        "/old/metadata" => ("200 OK", r#"{"resourceType":"Conformance"}"#),
        "/page/metadata" => ("200 OK", "<html>sign in</html>"),
        "/login" if knows => ("200 OK", ""),
        "/login" => ("401 Unauthorized", ""),
        "/api/v1/probes" => ("200 OK", r#"{"events":["probe_reported"]}"#),
        _ => ("404 Not Found", "no such page"),
    };
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

fn prober(ca: Option<&Path>, login: Option<Login>) -> Prober {
    Prober {
        trust: Trust::of_machine(ca).expect("authorities"),
        login,
        seed: 7,
    }
}

fn nurse(password: &str) -> Login {
    Login {
        user: "nurse".into(),
        password: password.into(),
        at: vec!["LOCALHOST".into(), "127.0.0.1".into()],
    }
}

fn is(result: &ProbeResult, outcome: ProbeOutcome, said: &str) {
    assert_eq!(result.outcome, outcome, "{result:?}");
    assert!(
        result.said.contains(said) && result.took_ms.is_some(),
        "{result:?}"
    );
}

#[expect(
    clippy::too_many_lines,
    reason = "one server, one question after the other"
)]
#[tokio::test]
async fn an_https_server_is_reached_as_far_as_it_answers_and_is_believed() {
    use ProbeOutcome::{Failed, Reached};
    let here = folder("https");
    let (certificate, key) = certificate(&here);
    let addr = https(&certificate, &key).await;
    let believes = prober(Some(&certificate), Some(nurse(PASSWORD)));
    let port = addr.port();
    let tls = ProbeCheck::Tls {
        host: "localhost".into(),
        port,
    };
    is(&believes.run(&tls).await, Reached, "TLSv1_3");
    let dns = |host: &str| ProbeCheck::Dns { host: host.into() };
    is(&believes.run(&dns("localhost")).await, Reached, "127.0.0.1");
    is(
        &believes.run(&dns("nowhere.invalid")).await,
        Failed,
        "does not resolve",
    );
    let page = |path: &str, status| ProbeCheck::Http {
        url: format!("https://localhost:{port}{path}"),
        status,
    };
    is(
        &believes.run(&page("/login", 200)).await,
        Reached,
        "status 200",
    );
    let elsewhere = Login {
        at: vec!["ehr.example".into()],
        ..nurse(PASSWORD)
    };
    is(
        &prober(Some(&certificate), Some(elsewhere))
            .run(&page("/login", 200))
            .await,
        Failed,
        "status 401 (nobody logged in",
    );
    is(
        &believes.run(&page("/other", 200)).await,
        Failed,
        "status 404, expected 200",
    );
    is(
        &prober(Some(&certificate), None)
            .run(&page("/login", 401))
            .await,
        Reached,
        "status 401",
    );
    let fhir = |path: &str| ProbeCheck::FhirMetadata {
        url: format!("https://localhost:{port}{path}"),
    };
    is(
        &believes.run(&fhir("/fhir/")).await,
        Reached,
        "FHIR 4.0.1, Riverside FHIR",
    );
    is(
        &believes.run(&fhir("/old")).await,
        Failed,
        "no CapabilityStatement",
    );
    is(&believes.run(&fhir("/page")).await, Failed, "no JSON");
    let other = ProbeCheck::Tls {
        host: "127.0.0.1".into(),
        port,
    };
    is(&believes.run(&other).await, Failed, "no TLS");
    let elsewhere = folder("https-stranger");
    let (another, _) = self::certificate(&elsewhere);
    let stranger = prober(Some(&another), None);
    is(&stranger.run(&tls).await, Failed, "no TLS");
    std::fs::remove_dir_all(elsewhere).expect("removed");
    let url = format!("https://localhost:{port}");
    let sent = post(
        &believes.trust,
        &format!("{url}/api/v1/probes"),
        b"{}".to_vec(),
    )
    .await;
    assert!(sent.expect("taken").contains("probe_reported"));
    let lost = post(&believes.trust, &format!("{url}/else"), b"{}".to_vec()).await;
    assert!(
        lost.expect_err("not there")
            .contains("status 404: no such page")
    );
    std::fs::remove_dir_all(here).expect("removed");
}

/// Whoever wrote a token reads no password: a page without TLS hears none, a registrar nobody named is not asked.
#[tokio::test]
async fn no_password_goes_in_the_clear_or_to_a_host_that_nobody_named() {
    let here = folder("clear");
    let (certificate, _) = certificate(&here);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr = listener.local_addr().expect("an address");
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a caller");
        let mut request = vec![0; 16_384];
        let length = stream.read(&mut request).await.expect("a request");
        let _sent = stream
            .write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
            .await;
        String::from_utf8_lossy(&request[..length]).to_lowercase()
    });
    let check = ProbeCheck::Http {
        url: format!("http://{addr}/login"),
        status: 200,
    };
    let named = prober(Some(&certificate), Some(nurse(PASSWORD)));
    is(
        &named.run(&check).await,
        ProbeOutcome::Failed,
        "nobody logged in",
    );
    let heard = heard.await.expect("heard");
    assert!(
        heard.starts_with("get /login") && !heard.contains("authorization"),
        "{heard}"
    );
    let registrar = UdpSocket::bind("127.0.0.1:0").expect("a port");
    registrar.set_nonblocking(true).expect("set");
    let elsewhere = Login {
        at: vec!["pbx.example".into()],
        ..nurse(PASSWORD)
    };
    let check = ProbeCheck::SipRegister {
        registrar: format!("sip:{}", registrar.local_addr().expect("an address")),
    };
    let result = prober(Some(&certificate), Some(elsewhere))
        .run(&check)
        .await;
    is(
        &result,
        ProbeOutcome::NotTried,
        "nobody logs in at this host",
    );
    assert!(registrar.recv(&mut [0; 16]).is_err(), "nothing was sent");
    std::fs::remove_dir_all(here).expect("removed");
}

#[tokio::test]
async fn closed_and_silent_ports_are_told_apart() {
    let trust_file = folder("closed");
    let (certificate, _) = certificate(&trust_file);
    let prober = prober(Some(&certificate), Some(nurse(PASSWORD)));
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = closed.local_addr().expect("an address").port();
    drop(closed);
    let tls = ProbeCheck::Tls {
        host: "127.0.0.1".into(),
        port,
    };
    is(
        &prober.run(&tls).await,
        ProbeOutcome::Failed,
        "cannot be reached",
    );
    let register = |addr: SocketAddr| ProbeCheck::SipRegister {
        registrar: format!("sip:{addr}"),
    };
    let refused: SocketAddr = ([127, 0, 0, 1], port).into();
    is(
        &prober.run(&register(refused)).await,
        ProbeOutcome::Failed,
        "cannot be reached",
    );
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let silent = silent
        .local_addr()
        .map(|addr| (addr, silent))
        .expect("an address");
    is(
        &prober.run(&register(silent.0)).await,
        ProbeOutcome::Failed,
        "does not answer",
    );
    std::fs::remove_dir_all(trust_file).expect("removed");
}

struct Kamailio(Child);

impl Drop for Kamailio {
    fn drop(&mut self) {
        // Its master ends its own workers on SIGTERM.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

fn registrar(folder: &Path) -> (Kamailio, SocketAddr) {
    let free = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let addr = free.local_addr().expect("an address");
    drop(free);
    let mut config = String::from(
        "#!KAMAILIO\ndebug=0\nlog_stderror=yes\nfork=yes\nchildren=1\nauto_aliases=no\ndns=no\nrev_dns=no\ndisable_tcp=yes\n",
    );
    let _infallible = write!(
        config,
        "listen=udp:{addr}\nmpath=\"/usr/lib/x86_64-linux-gnu/kamailio/modules/\"\n"
    );
    for module in [
        "pv",
        "sl",
        "textops",
        "siputils",
        "usrloc",
        "registrar",
        "auth",
    ] {
        let _infallible = writeln!(config, "loadmodule \"{module}.so\"");
    }
    config.push_str(
        r#"
modparam("usrloc", "db_mode", 0)
request_route {
    if (!is_method("REGISTER")) { sl_send_reply("405", "Method Not Allowed"); exit; }
    if ($au == "banned") { sl_send_reply("403", "Forbidden"); exit; }
    if (!pv_www_authenticate("riverside", "correct horse", "0")) {
        www_challenge("riverside", "1");
        exit;
    }
    if (!save("location")) sl_reply_error();
    exit;
}
"#,
    );
    let file = folder.join("registrar.cfg");
    std::fs::write(&file, config).expect("written");
    let log = std::fs::File::create(folder.join("kamailio.log")).expect("a log");
    let child = Command::new(KAMAILIO)
        .args(["-DD", "-E", "-m", "64", "-M", "8", "-f"])
        .arg(&file)
        .arg("-Y")
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("Kamailio starts");
    std::thread::sleep(std::time::Duration::from_secs(2));
    (Kamailio(child), addr)
}

#[tokio::test]
async fn a_phone_registers_at_kamailio_with_its_password_and_with_no_other() {
    use ProbeOutcome::{Failed, NotTried, Reached};
    if !Path::new(KAMAILIO).exists() {
        let required = std::env::var("SEGUE_REQUIRE_PEERS").is_ok_and(|v| v == "1");
        assert!(!required, "Kamailio is required: run scripts/setup");
        println!("SKIPPED: no {KAMAILIO}; run scripts/setup");
        return;
    }
    let here = folder("registrar");
    let (certificate, _) = certificate(&here);
    let (_kamailio, addr) = registrar(&here);
    let check = ProbeCheck::SipRegister {
        registrar: format!("sip:{addr}"),
    };
    let log = || std::fs::read_to_string(here.join("kamailio.log")).unwrap_or_default();
    for (login, outcome, said) in [
        (Some(nurse(PASSWORD)), Reached, "registered"),
        (Some(nurse("wrong")), Failed, "name or password refused"),
        (None, NotTried, "no name and password"),
    ] {
        let result = prober(Some(&certificate), login).run(&check).await;
        assert_eq!(
            (result.outcome, result.said.contains(said)),
            (outcome, true),
            "{result:?}\n{}",
            log()
        );
    }
    let banned = Some(Login {
        user: "banned".into(),
        ..nurse(PASSWORD)
    });
    is(
        &prober(Some(&certificate), banned).run(&check).await,
        Failed,
        "forbidden",
    );
    std::fs::remove_dir_all(&here).expect("removed");
}
