//! RFC 4475 and RFC 5118 torture messages: nothing panics, the valid pass, the invalid are refused.

use segue_sip::msg::Message;
use sipx_testkit::rfc4475::{self, Expect};
use sipx_testkit::rfc5118;
use std::path::PathBuf;

/// Faults in headers the router does not read (Date, a Contact in REGISTER): passed on, not judged.
const NOT_READ: [&str; 2] = ["baddate", "regbadct"];

fn sound(bytes: &[u8]) -> bool {
    Message::parse(bytes)
        .and_then(|message| message.check())
        .is_ok()
}

/// Every accessor, so that a panic in any of them shows.
fn touch(bytes: &[u8]) {
    let Ok(message) = Message::parse(bytes) else {
        return;
    };
    let _ = message.check();
    let _ = (
        message.from(),
        message.to(),
        message.contact(),
        message.from_tag(),
        message.to_tag(),
    );
    let _ = (
        message.top_via_branch(),
        message.cseq(),
        message.max_forwards(),
        message.body(),
    );
    assert!(message.vias().count() <= bytes.len());
    assert!(message.headers("Route").count() <= bytes.len());
}

#[test]
fn rfc4475_valid_pass_and_invalid_are_refused() {
    let mut valid = 0;
    for case in rfc4475::classified() {
        touch(case.bytes);
        match case.expect {
            Expect::ParseOk => {
                assert!(sound(case.bytes), "{} must pass", case.name);
                valid += usize::from(case.section.starts_with("3.1.1."));
            }
            _ if NOT_READ.contains(&case.name) => assert!(sound(case.bytes), "{}", case.name),
            _ => assert!(!sound(case.bytes), "{} must be refused", case.name),
        }
    }
    assert_eq!(valid, 13, "RFC 4475 has 13 valid messages");
}

#[test]
fn rfc4475_baddn_with_its_blank_line_goes_through() {
    let case = rfc4475::case("baddn").expect("in the corpus");
    let mut whole = case.bytes.to_vec();
    while !whole.ends_with(b"\r\n\r\n") {
        whole.extend_from_slice(b"\r\n");
    }
    touch(&whole);
    // From holds one value, so an unquoted comma in its display name has one reading: no call is
    // lost for it, and the bytes travel on unchanged.
    assert!(sound(&whole));
    assert_eq!(
        Message::parse(&whole).expect("sound").from_tag(),
        Some(&b"43"[..])
    );
}

#[test]
fn rfc5118_ipv6_pass() {
    for case in rfc5118::CASES {
        touch(case.bytes);
        let wire = case.wire();
        touch(&wire);
        assert_eq!(
            sound(&wire),
            case.expect == Expect::ParseOk,
            "{}",
            case.name
        );
    }
}

#[test]
fn torture_files_of_the_folder() {
    let folder = std::env::var_os("SEGUE_SIP_TORTURE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/sip-torture"),
        PathBuf::from,
    );
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("SKIPPED: no torture folder; set SEGUE_SIP_TORTURE (the built-in corpus ran)");
        return;
    };
    let mut seen = 0;
    for file in files {
        let path = file.expect("a readable folder").path();
        if path.extension().is_none_or(|ending| ending != "dat") {
            continue;
        }
        let bytes = std::fs::read(&path).expect("a readable file");
        touch(&bytes);
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let valid = rfc4475::case(&name).is_some_and(|case| case.section.starts_with("3.1.1."));
        assert!(!valid || sound(&bytes), "{name} must pass");
        seen += 1;
    }
    assert_eq!(seen, 49, "the corpus has 49 files");
}
