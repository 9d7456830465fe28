//! The route door over TLS, asked by curl: a site's client certificate in place of a token, and why others are refused.

use crate::support::centre::closed_port;
use crate::support::certificates::{Authority, Issued, Made, door_options};
use crate::support::clock::wait_for;
use crate::support::serve::Serving;
use crate::support::world::{DIALLED, Targets, World};
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// False, with a visible line, where curl is missing and may be.
fn available() -> bool {
    let there = Command::new("curl").arg("--version").output().is_ok();
    if !there {
        let required = std::env::var("SEGUE_REQUIRE_PEERS").is_ok_and(|v| v == "1");
        assert!(!required, "curl is required: run scripts/setup");
        println!("SKIPPED: no curl; run scripts/setup");
    }
    there
}

/// The door, and who issued its certificate.
struct Door {
    at: SocketAddr,
    authority: Authority,
}

impl Door {
    /// Status and body; nothing where there was no answer over TLS.
    fn asked(&self, shown: Option<&Issued>, token: Option<&str>) -> Option<(u16, String)> {
        let path = |path: &Path| path.display().to_string();
        let mut curl = Command::new("curl");
        curl.args([
            "-sS",
            "--noproxy",
            "*",
            "--max-time",
            "10",
            "-w",
            "\n%{http_code}",
        ])
        .args(["--cacert", &path(&self.authority.certificate)]);
        if let Some(shown) = shown {
            curl.args([
                "--cert",
                &path(&shown.certificate),
                "--key",
                &path(&shown.key),
            ]);
        }
        if let Some(token) = token {
            curl.args(["-H", &format!("Authorization: Bearer {token}")]);
        }
        let question =
            format!(r#"{{"dialled":"{DIALLED}","caller":"+16095550123","call_id":"c1"}}"#);
        let said = curl
            .args(["-d", &question])
            .arg(format!(
                "https://localhost:{}/route/v1/json",
                self.at.port()
            ))
            .output()
            .expect("curl runs");
        let text = String::from_utf8(said.stdout).expect("text");
        let (body, status) = text.rsplit_once('\n')?;
        let status = status.parse().expect("a status");
        (status != 0).then(|| (status, body.to_owned()))
    }

    fn status(&self, shown: Option<&Issued>, token: Option<&str>) -> Option<u16> {
        self.asked(shown, token).map(|(status, _)| status)
    }
}

#[test]
fn a_site_asks_with_its_certificate_and_no_other_certificate_does() {
    if !available() {
        return;
    }
    let world = World::live(Targets::nobody(), &[100]);
    let (authority, stranger) = (Authority::new("telephony"), Authority::new("stranger"));
    let server = authority.issue("localhost", Made::Server);
    let main = authority.issue("pbx-main", Made::Client);
    let north = authority.issue("pbx-north", Made::Client);
    let expired = authority.issue("pbx-old", Made::Expired);
    let renewed = authority.issue("pbx-new", Made::Client);
    let foreign = stranger.issue("pbx-main", Made::Client);
    let file = world.path("tokens");
    let mut lines = "* over-tls-too\n".to_owned();
    for (site, issued) in [
        ("RVS-Main", &main),
        ("RVS-North", &north),
        ("RVS-Main", &expired),
        ("RVS-Main", &foreign),
        ("RVS-Main", &server),
    ] {
        let _ = writeln!(lines, "{site} certificate {}", issued.fingerprint());
    }
    fs::write(&file, &lines).expect("written");
    let at = closed_port([127, 0, 0, 1]);
    let (listen, tokens) = (at.to_string(), file.display().to_string());
    let tls = door_options(&server, &authority);
    let tls: Vec<_> = tls.iter().map(String::as_str).collect();
    let own = ["--route-http", &listen, "--route-tokens", &tokens];
    let serving = Serving::start_with(&world.data(), &[&own[..], &tls].concat());
    let door = Door { at, authority };

    let (status, answer) = door.asked(Some(&main), None).expect("an answer");
    assert_eq!(status, 200, "{answer}");
    let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(answer["arm"], "outsourced", "{answer}");
    for (shown, status, sentence) in [
        (Some(&north), 403, "the number is not of this site"),
        (Some(&expired), 401, "has expired"),
        (
            Some(&foreign),
            401,
            "of no authority that this door believes",
        ),
        (Some(&server), 401, "not meant for clients"),
        (Some(&renewed), 401, "registered for no site"),
        (None, 401, "the token is missing"),
    ] {
        let (said, why) = door.asked(shown, None).expect("an answer");
        assert_eq!(said, status, "{why}");
        assert!(why.contains(sentence), "{why}");
    }
    // A token that is sent decides, whatever is shown beside it.
    assert_eq!(door.status(None, Some("over-tls-too")), Some(200));
    assert_eq!(door.status(Some(&foreign), Some("over-tls-too")), Some(200));
    assert_eq!(door.status(Some(&main), Some("guessed")), Some(401));

    // The new certificate is written down, the old one taken out: no restart.
    let old = format!("RVS-Main certificate {}\n", main.fingerprint());
    let new = format!("RVS-Main certificate {}\n", renewed.fingerprint());
    fs::write(&file, lines.replace(&old, &new)).expect("written");
    wait_for("the renewed certificate asks", || {
        (door.status(Some(&renewed), None) == Some(200)).then_some(())
    });
    assert_eq!(door.status(Some(&main), None), Some(401));

    assert_eq!(serving.stop(), 0);
    assert_eq!(door.status(Some(&renewed), None), None, "the door is shut");
}

/// A client of openssl that stays open and sends no more than this over TLS.
fn stalls(door: SocketAddr, sends: &str) -> Child {
    let mut client = Command::new("openssl")
        .args(["s_client", "-quiet", "-connect"])
        .arg(format!("localhost:{}", door.port()))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl runs");
    let input = client.stdin.as_mut().expect("piped");
    input.write_all(sends.as_bytes()).expect("sent");
    client
}

#[test]
fn who_stalls_at_the_door_is_let_go_and_others_are_answered_meanwhile() {
    if !available() {
        return;
    }
    let world = World::live(Targets::nobody(), &[100]);
    let authority = Authority::new("telephony");
    let server = authority.issue("localhost", Made::Server);
    let file = world.path("tokens");
    fs::write(&file, "* a-token-of-the-pbx\n").expect("written");
    let at = closed_port([127, 0, 0, 1]);
    let (listen, tokens) = (at.to_string(), file.display().to_string());
    let tls = door_options(&server, &authority);
    let tls: Vec<_> = tls.iter().map(String::as_str).collect();
    let own = ["--route-http", &listen, "--route-tokens", &tokens];
    let serving = Serving::start_with(&world.data(), &[&own[..], &tls].concat());
    let door = Door { at, authority };
    // No handshake, no head, half a head, half a body.
    let mut silent = TcpStream::connect(at).expect("a connection");
    let head = "POST /route/v1/json HTTP/1.1\r\nHost: localhost\r\n";
    let body = format!("{head}Content-Length: 100\r\n\r\n{{");
    let mut stalling = ["", head, &body].map(|sends| stalls(at, sends));
    assert_eq!(door.status(None, Some("a-token-of-the-pbx")), Some(200));
    let limit = Some(Duration::from_secs(20));
    silent.set_read_timeout(limit).expect("a limit");
    assert_eq!(silent.read(&mut [0; 64]).expect("an end"), 0);
    for (n, client) in stalling.iter_mut().enumerate() {
        wait_for(&format!("the end of staller {n}"), || {
            client.try_wait().expect("asked").map(drop)
        });
    }
    assert_eq!(door.status(None, Some("a-token-of-the-pbx")), Some(200));
    assert_eq!(serving.stop(), 0);
}

#[test]
fn certificates_without_an_authority_are_refused_at_the_start() {
    let world = World::new();
    let file = world.path("tokens");
    fs::write(&file, format!("RVS-Main certificate {}\n", "ab".repeat(32))).expect("written");
    let (at, tokens) = (
        closed_port([127, 0, 0, 1]).to_string(),
        file.display().to_string(),
    );
    let said = world.ask(
        None,
        &[
            "serve",
            "--sip",
            "127.0.0.1:0",
            "--http",
            "127.0.0.1:0",
            "--route-http",
            &at,
            "--route-tokens",
            &tokens,
        ],
    );
    assert_eq!(said.code, 2, "{said:?}");
    assert!(format!("{said:?}").contains("--route-tls-ca"), "{said:?}");
}
