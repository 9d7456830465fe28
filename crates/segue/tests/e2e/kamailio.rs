//! Kamailio asks Segue over HTTP where each call goes, with the sample configuration; without Segue it routes home.

use crate::support::centre::{Centre, closed_port};
use crate::support::certificates::{Authority, Made, door_options};
use crate::support::serve::Serving;
use crate::support::sipp::{self, Load, callers};
use crate::support::world::{DIALLED, Targets, World};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const KAMAILIO: &str = "/usr/sbin/kamailio";
const CONFIG: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/route/kamailio.cfg"
);

struct Kamailio(Child);

impl Drop for Kamailio {
    fn drop(&mut self) {
        // Its master ends its own workers on SIGTERM.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

fn start(at: SocketAddr, home: SocketAddr, folder: &Path, asks: &[String]) -> Kamailio {
    let log = fs::File::create(folder.join("kamailio.log")).expect("a log");
    let values = [
        format!("HOME_URI=\"sip:{DIALLED}@{home}\""),
        format!("LISTEN=udp:{at}"),
        // One worker: several let a 200 overtake the 180 before it, which SIPp takes for an error.
        "CHILDREN=1".to_owned(),
    ];
    let child = Command::new(KAMAILIO)
        .args(["-DD", "-E", "-m", "64", "-M", "8", "-f", CONFIG, "-Y"])
        .arg(folder)
        .args(values.iter().chain(asks).flat_map(|value| ["-A", value]))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("Kamailio starts");
    std::thread::sleep(Duration::from_secs(2));
    Kamailio(child)
}

/// False, with a visible line, where a peer is missing and may be.
fn available() -> bool {
    if !sipp::available() {
        return false;
    }
    let there = Path::new(KAMAILIO).exists();
    if !there {
        let required = std::env::var("SEGUE_REQUIRE_PEERS").is_ok_and(|v| v == "1");
        assert!(!required, "Kamailio is required: run scripts/setup");
        println!("SKIPPED: no {KAMAILIO}; run scripts/setup");
    }
    there
}

/// Kamailio in front of a door that was opened with these options: it asks, and routes home once Segue is killed.
fn asks_and_routes_home(
    series: u32,
    options: &[&str],
    tokens: &str,
    asks: impl Fn(SocketAddr) -> Vec<String>,
) {
    let (in_house, out) = (Centre::at([127, 0, 0, 2]), Centre::at([127, 0, 0, 3]));
    let last = Centre::at([127, 0, 0, 4]);
    let world = World::live(
        Targets {
            in_house: in_house.addr,
            outsourced: out.addr,
            last_resort: last.addr,
        },
        &[100],
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("tokens");
    fs::write(&file, tokens).expect("written");
    let door = closed_port([127, 0, 0, 1]);
    let (at, file) = (door.to_string(), file.display().to_string());
    let own = ["--route-http", &at, "--route-tokens", &file];
    let serving = Serving::start_with(&world.data(), &[&own[..], options].concat());
    let proxy = closed_port([127, 0, 0, 1]);
    let _kamailio = start(proxy, in_house.addr, folder.path(), &asks(door));
    Load::each(&callers(series, 40), DIALLED, 20).place(proxy);
    let log = || fs::read_to_string(folder.path().join("kamailio.log")).unwrap_or_default();
    assert_eq!((out.count(), in_house.count()), (40, 0), "{}", log());
    serving.kill();
    Load::each(&callers(series + 1, 20), DIALLED, 10).place(proxy);
    assert_eq!((out.count(), in_house.count()), (40, 20), "{}", log());
}

#[test]
fn kamailio_asks_and_routes_home_once_segue_is_killed() {
    if !available() {
        return;
    }
    asks_and_routes_home(571, &[], "* kamailio-token\n", |door| {
        vec![
            format!("SEGUE_URL=\"http://{door}/route/v1/kamailio\""),
            "SEGUE_TOKEN=\"Authorization: Bearer kamailio-token\"".to_owned(),
        ]
    });
}

#[test]
fn kamailio_asks_with_its_client_certificate_and_no_token() {
    if !available() {
        return;
    }
    let authority = Authority::new("telephony");
    let server = authority.issue("localhost", Made::Server);
    let own = authority.issue("kamailio", Made::Client);
    let tokens = format!("RVS-Main certificate {}\n", own.fingerprint());
    let asks = |door: SocketAddr| {
        let value = |name: &str, path: &Path| format!("{name}=\"{}\"", path.display());
        vec![
            format!(
                "SEGUE_URL=\"https://localhost:{}/route/v1/kamailio\"",
                door.port()
            ),
            value("SEGUE_CERT", &own.certificate),
            value("SEGUE_KEY", &own.key),
            value("SEGUE_CA", &authority.certificate),
        ]
    };
    let options = door_options(&server, &authority);
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    asks_and_routes_home(573, &options, &tokens, asks);
}
