//! Differential test: our parser beside `sipx-sip`, over the corpora and mutations of them.

use bytes::Bytes;
use proptest::prelude::*;
use segue_sip::msg::Message;
use sipx_sip::{HeaderName, Limits, parse_datagram};
use sipx_testkit::{rfc4475, rfc5118};

/// Where both read a message they must read the same: method, Request-URI or status, body, and for
/// each header that is compared the same values in the same order.
fn same_reading(bytes: &[u8]) -> Result<(), String> {
    let (Ok(ours), Ok(theirs)) = (
        Message::parse(bytes),
        parse_datagram(Bytes::copy_from_slice(bytes), &Limits::datagram()),
    ) else {
        return Ok(());
    };
    let differ = |what: &str| {
        Err(format!(
            "{what} differs in {}",
            String::from_utf8_lossy(bytes)
        ))
    };
    if ours.is_request() != theirs.as_request().is_some() {
        return differ("kind");
    }
    if let Some(request) = theirs.as_request()
        && ours.method() != Some(request.method.as_bytes())
    {
        return differ("method");
    }
    if let Some(response) = theirs.as_response()
        && ours.status() != Some(response.status.code())
    {
        return differ("status");
    }
    if ours.body() != &theirs.body()[..] {
        return differ("body");
    }
    let names = [
        ("Via", HeaderName::Via),
        ("From", HeaderName::From),
        ("To", HeaderName::To),
        ("Call-ID", HeaderName::CallId),
        ("CSeq", HeaderName::CSeq),
        ("Contact", HeaderName::Contact),
        ("Max-Forwards", HeaderName::MaxForwards),
        ("Subject", HeaderName::Subject),
    ];
    for (text, name) in names {
        let ours: Vec<Vec<u8>> = ours.headers(text).map(squeezed).collect();
        let theirs: Vec<Vec<u8>> = theirs
            .headers()
            .get_all(&name)
            .map(|header| squeezed(header.raw_value()))
            .collect();
        if ours != theirs {
            return differ(text);
        }
    }
    Ok(())
}

/// Without white space, so that folding is no difference.
fn squeezed(value: &[u8]) -> Vec<u8> {
    value
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect()
}

#[test]
fn the_corpora_read_the_same() {
    for case in rfc4475::CASES {
        same_reading(case.bytes).expect(case.name);
    }
    for case in rfc5118::CASES {
        same_reading(&case.wire()).expect(case.name);
    }
}

proptest! {
    #[test]
    fn mutations_read_the_same(
        which in 0..rfc4475::CASES.len(),
        changes in proptest::collection::vec(
            (any::<prop::sample::Index>(), prop::sample::select(&b" \t\r\n:;,<>\"@=aZ09\\"[..])),
            1..6,
        ),
    ) {
        let mut bytes = rfc4475::CASES[which].bytes.to_vec();
        for (place, byte) in changes {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        same_reading(&bytes).map_err(TestCaseError::fail)?;
    }
}
