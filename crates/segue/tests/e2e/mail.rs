//! The day's checkpoint mailed through a real mail server (aiosmtpd): to each address by itself, and in the end also when the
//! relay was down.

use crate::support::centre::closed_port;
use crate::support::clock::wait_for;
use crate::support::peers::{Peer, python};
use crate::support::serve::Serving;
use crate::support::world::{Targets, World};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const SERVER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/e2e/support/mail_server.py"
);

/// A certificate of `localhost`, made by openssl; it is its own authority.
fn certificate(world: &World) -> [String; 2] {
    let [certificate, key] =
        ["cert.pem", "key.pem"].map(|name| world.path(name).display().to_string());
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
        .args(["-keyout", &key, "-out", &certificate])
        .stderr(Stdio::null())
        .status();
    assert!(made.expect("openssl runs").success());
    [certificate, key]
}

fn mails(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).into_iter().flatten();
    let files = files.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|e| e == "mail"))
        .collect();
    files.sort();
    let read = |path| fs::read_to_string(path).expect("a mail");
    files.into_iter().map(read).collect()
}

#[test]
fn a_checkpoint_is_mailed_to_both_parties_once_the_relay_takes_it() {
    let world = World::live(Targets::nobody(), &[20]);
    let [certificate, key] = certificate(&world);
    let folder = world.path("mails");
    fs::create_dir(&folder).expect("made");
    let to = "dana@riverside.example\nmax@carebridge.example\nrefused@example.org\n";
    fs::write(world.data().join("checkpoint-recipients.txt"), to).expect("written");
    let taken = world.ask(None, &["checkpoint", "take"]).done();
    let file = taken["file"].as_str().expect("a path").to_owned();
    let port = closed_port([127, 0, 0, 1]).port().to_string();
    let (relay, login) = (format!("localhost:{port}"), world.path("relay.login"));
    fs::write(&login, "segue\na password\n").expect("written");
    let login = login.display().to_string();
    let options = ["--mail-relay", &relay, "--mail-from", "segue@example.org"];
    let more = ["--mail-login", &login, "--mail-ca", &certificate];
    let serving = Serving::start_with(&world.data(), &[options, more].concat());
    let doctor = || world.ask(None, &["doctor"]).out;
    // Nobody listens there yet: it is told, and the process serves on.
    wait_for("the trouble is told", || {
        doctor().contains("dana@riverside.example: ").then_some(())
    });
    assert!(serving.log().contains("a checkpoint was not mailed"));
    // Whoever looks at the nodes sees it too, without anybody's address.
    let status = world.ask(None, &["status"]).done();
    let says = status["checkpoint_mail"].as_str().expect("a sentence");
    assert!(says.contains("dana@riverside.example: "), "{says}");
    let mut command = Command::new(python());
    command
        .args([SERVER, &port])
        .arg(&folder)
        .args([&certificate, &key]);
    let Some(_server) = Peer::start("Python package aiosmtpd", &mut command) else {
        return;
    };
    wait_for("two mails", || (mails(&folder).len() == 2).then_some(()));
    let mails = mails(&folder);
    for (mail, to) in mails
        .iter()
        .zip(["dana@riverside.example", "max@carebridge.example"])
    {
        let head = format!("segue@example.org > {to}\nFrom: segue@example.org\r\n");
        assert!(mail.starts_with(&head), "{mail}");
        let (_, attached) = mail.rsplit_once("filename=").expect("an attachment");
        let (_, attached) = attached.split_once("\r\n\r\n").expect("its text");
        let written = fs::read_to_string(&file).expect("the checkpoint");
        let (attached, _) = attached
            .split_once("\r\n--segue-checkpoint--")
            .expect("its end");
        assert_eq!(attached.replace("\r\n", "\n"), written);
    }
    // One address that is refused keeps nothing from the others, and is told.
    wait_for("the refusal is told", || {
        let says = doctor();
        let told = says.contains("refused@example.org: ") && !says.contains("dana@riverside");
        told.then_some(())
    });
    assert_eq!(serving.stop(), 0);
    // A restart mails nobody a second time.
    let serving = Serving::start_with(&world.data(), &[options, more].concat());
    wait_for("another look", || {
        serving.log().contains("refused@example.org").then_some(())
    });
    assert_eq!(self::mails(&folder).len(), 2);
    assert_eq!(serving.stop(), 0);
}
