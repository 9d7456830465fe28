//! RFC 4475 and RFC 5118 torture messages: nothing panics, the valid pass, the invalid are refused.

use segue_sip::msg::{Message, ParseError};
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

/// RFC 4475, every message by what the RFC calls it. Section 3.1.1 is valid, 3.1.2 is not; of the
/// messages for the layers above, the three without their mandatory headers or with two of them are
/// not either.
const VALID: [&str; 27] = [
    "wsinv",
    "intmeth",
    "esc01",
    "escnull",
    "esc02",
    "lwsdisp",
    "longreq",
    "dblreq",
    "semiuri",
    "transports",
    "mpart01",
    "unreason",
    "noreason",
    "badbranch",
    "unkscm",
    "novelsc",
    "unksm2",
    "bext01",
    "invut",
    "regaut01",
    "bcast",
    "zeromf",
    "cparam01",
    "cparam02",
    "regescrt",
    "sdp01",
    "inv2543",
];
const INVALID: [&str; 22] = [
    "badinv01",
    "clerr",
    "ncl",
    "scalar02",
    "scalarlg",
    "quotbal",
    "ltgtruri",
    "lwsruri",
    "lwsstart",
    "trws",
    "escruri",
    "baddate",
    "regbadct",
    "badaspec",
    "baddn",
    "badvers",
    "mismatch01",
    "mismatch02",
    "bigcode",
    "insuf",
    "multi01",
    "mcl01",
];

#[test]
fn rfc4475_all_49_are_classified_as_the_rfc_says() {
    let whole = |bytes: &[u8]| {
        let mut whole = bytes.to_vec();
        // No public copy of baddn has its final blank line: a fault of the copies, not of the case.
        while !whole.windows(4).any(|four| four == b"\r\n\r\n") {
            whole.extend_from_slice(b"\r\n");
        }
        whole
    };
    let valid = |name: &str| {
        let case = rfc4475::case(name).unwrap_or_else(|| panic!("{name} is in the corpus"));
        let bytes = whole(case.bytes);
        Message::parse(&bytes).and_then(|message| message.validate())
    };
    for name in VALID {
        assert_eq!(valid(name), Ok(()), "{name}");
    }
    for name in INVALID {
        assert!(valid(name).is_err(), "{name}");
    }
    assert_eq!(valid("baddate"), Err(ParseError::Malformed("Date")));
    assert_eq!(valid("regbadct"), Err(ParseError::Malformed("Contact")));
    assert_eq!(valid("badvers").expect_err("invalid").status(), 505);
}

#[test]
fn a_full_check_accepts_what_is_merely_unusual() {
    for lines in [
        "Date: Sat, 13 Nov 2010 23:29:00 GMT",
        "Contact: *",
        "Contact: \"A, B\" <sip:a@b?x=y>, sip:c@d;expires=5",
        "Contact: A B <sip:a@b>",
    ] {
        let text = format!(
            "REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\n\
             To: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 REGISTER\r\n{lines}\r\n\r\n"
        );
        let message = Message::parse(text.as_bytes()).expect("sound");
        assert_eq!(message.validate(), Ok(()), "{lines}");
    }
}
