//! Kamailio asks Segue over HTTP where each call goes, with the sample configuration; without Segue it routes home.

use crate::support::centre::{Centre, closed_port};
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

fn start(at: SocketAddr, asks: SocketAddr, home: SocketAddr, folder: &Path) -> Kamailio {
    let log = fs::File::create(folder.join("kamailio.log")).expect("a log");
    let child = Command::new(KAMAILIO)
        // One worker: several let a 200 overtake the 180 before it, which SIPp takes for an error.
        .args([
            "-DD",
            "-E",
            "-A",
            "CHILDREN=1",
            "-m",
            "64",
            "-M",
            "8",
            "-f",
            CONFIG,
        ])
        .arg("-Y")
        .arg(folder)
        .args([
            "-A",
            &format!("SEGUE_URL=\"http://{asks}/route/v1/kamailio\""),
        ])
        .args(["-A", "SEGUE_TOKEN=\"Authorization: Bearer kamailio-token\""])
        .args(["-A", &format!("HOME_URI=\"sip:{DIALLED}@{home}\"")])
        .args(["-A", &format!("LISTEN=udp:{at}")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("Kamailio starts");
    std::thread::sleep(Duration::from_secs(2));
    Kamailio(child)
}

#[test]
fn kamailio_asks_and_routes_home_once_segue_is_killed() {
    if !sipp::available() {
        return;
    }
    if !Path::new(KAMAILIO).exists() {
        let required = std::env::var("SEGUE_REQUIRE_PEERS").is_ok_and(|v| v == "1");
        assert!(!required, "Kamailio is required: run scripts/setup");
        println!("SKIPPED: no {KAMAILIO}; run scripts/setup");
        return;
    }
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
    let tokens = folder.path().join("tokens");
    fs::write(&tokens, "* kamailio-token\n").expect("written");
    let door = closed_port([127, 0, 0, 1]);
    let serving = Serving::start_with(
        &world.data(),
        &[
            "--route-http",
            &door.to_string(),
            "--route-tokens",
            &tokens.display().to_string(),
        ],
    );
    let proxy = closed_port([127, 0, 0, 1]);
    let _kamailio = start(proxy, door, in_house.addr, folder.path());
    Load::each(&callers(571, 40), DIALLED, 20).place(proxy);
    let log = || fs::read_to_string(folder.path().join("kamailio.log")).unwrap_or_default();
    assert_eq!((out.count(), in_house.count()), (40, 0), "{}", log());
    serving.kill();
    Load::each(&callers(572, 20), DIALLED, 10).place(proxy);
    assert_eq!((out.count(), in_house.count()), (40, 20), "{}", log());
}
