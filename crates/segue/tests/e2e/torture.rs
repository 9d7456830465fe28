//! RFC 4475's torture messages on the wire: the router still answers, and still routes a call.

use crate::support::centre::{Centre, bind};
use crate::support::sip::options;
use crate::support::sipp::{self, Load, callers};
use crate::support::stage::Stage;
use crate::support::world::DIALLED;
use sipx_testkit::{rfc4475, rfc5118};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Every message by its name: the folder's files where it is there, else the built-in corpus.
fn messages() -> Vec<(String, Vec<u8>)> {
    let folder = std::env::var_os("SEGUE_SIP_TORTURE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/sip-torture"),
        PathBuf::from,
    );
    let built_in = rfc4475::classified().map(|case| (case.name.to_owned(), case.bytes.to_vec()));
    let ipv6 = rfc5118::CASES
        .iter()
        .map(|case| (case.name.to_owned(), case.wire().to_vec()));
    let mut all: Vec<_> = built_in.chain(ipv6).collect();
    match std::fs::read_dir(&folder) {
        Ok(files) => {
            let paths = files.map(|file| file.expect("a readable folder").path());
            let torture: Vec<_> = paths
                .filter(|path| path.extension().is_some_and(|ending| ending == "dat"))
                .collect();
            assert_eq!(torture.len(), 49, "the corpus has 49 files");
            all.extend(torture.iter().map(|path| {
                (
                    path.display().to_string(),
                    std::fs::read(path).expect("a readable file"),
                )
            }));
        }
        Err(_) => {
            println!("SKIPPED: no torture folder; set SEGUE_SIP_TORTURE (the built-in corpus ran)");
        }
    }
    all
}

#[test]
fn after_every_torture_message_the_router_answers_and_at_the_end_it_routes() {
    if !sipp::available() {
        return;
    }
    let Stage {
        in_house,
        outsourced,
        last,
        world: _world,
        mut serving,
    } = Stage::live(&[100]);
    let sender = bind(SocketAddr::from(([127, 0, 0, 1], 0)));
    let messages = messages();
    for (name, bytes) in &messages {
        sender.send_to(bytes, serving.sip).expect("sent");
        // Each once more, cut in the middle, as a lost fragment leaves it.
        sender
            .send_to(&bytes[..bytes.len() / 2], serving.sip)
            .expect("sent");
        assert_eq!(options(serving.sip), "200", "after {name}");
        assert!(serving.runs(), "after {name}: {}", serving.log());
    }
    assert!(messages.len() >= 49, "{} messages", messages.len());
    // Torture calls may still ring somewhere; these callers' do not depend on them.
    let callers = callers(555, 20);
    Load::each(&callers, DIALLED, 50).place(serving.sip);
    let of_them = |centre: &Centre| {
        let calls = centre.calls();
        let theirs = calls.values().filter(|call| callers.contains(&call.caller));
        theirs.count()
    };
    assert_eq!(
        (of_them(&outsourced), of_them(&in_house), of_them(&last)),
        (20, 0, 0)
    );
    assert!(!serving.log().contains("panicked"), "{}", serving.log());
    assert_eq!(serving.stop(), 0);
}
