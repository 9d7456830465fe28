//! What is tried and what must hold.

#[path = "../../../sip/examples/fuzz_sip/dice.rs"]
mod dice;

use dice::Dice;
use segue_adapters::gate::{Asker, Gate, signature};
use segue_adapters::twilio::{self, AfterDial};
use segue_adapters::{Answer, AnswerTarget, Ask, Dialect, Request};
use segue_routing::choose::TargetKind;
use segue_routing::{Arm, Reason};

/// Pieces that forms, JSON and XML stumble over.
const PIECES: [&[u8]; 24] = [
    b"%",
    b"%2",
    b"%00",
    b"%0d%0a",
    b"+",
    b"&",
    b"=",
    b";",
    b"\"",
    b"\\",
    b"\\u0000",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"<",
    b">",
    b"&amp;",
    b"]]>",
    b"\r\n",
    "é".as_bytes(),
    b"99999999999",
];

/// One question in each dialect, in the form of the peers' documents.
const QUESTIONS: [(Dialect, &str); 6] = [
    (
        Dialect::Json,
        r#"{"dialled":"7001","caller":"+16095550110","call_id":"c1","source":"192.0.2.1"}"#,
    ),
    (
        Dialect::Kamailio,
        r#"{"dialled":"7001","caller":"6095550110","call_id":"c1","already_routed":true}"#,
    ),
    (
        Dialect::Connect,
        r#"{"Name":"ContactFlowEvent","Details":{"ContactData":{"Channel":"VOICE","ContactId":"c1","CustomerEndpoint":{"Address":"+16095550110","Type":"TELEPHONE_NUMBER"},"SystemEndpoint":{"Address":"+18005550142","Type":"TELEPHONE_NUMBER"},"InitiationMethod":"INBOUND","Queue":null},"Parameters":{"dialled":"7001"}}}"#,
    ),
    (
        Dialect::Twilio,
        "CallSid=c1&AccountSid=AC0&From=%2B16095550110&To=sip%3A7001%40example.sip.twilio.com&CallStatus=ringing&DialCallStatus=busy",
    ),
    (
        Dialect::FreeSwitch,
        "hostname=fs&section=dialplan&tag_name=&Caller-Caller-ID-Number=%2B16095550110&Caller-Destination-Number=7001&variable_sip_call_id=c1",
    ),
    (
        Dialect::Asterisk,
        "dialled=7001&caller=%2B16095550110&call_id=c1",
    ),
];

/// What changes the questions.
pub(crate) struct Mutator(Dice);

impl Mutator {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Dice::new(seed, &PIECES))
    }

    fn below(&mut self, end: usize) -> usize {
        self.0.below(end)
    }

    fn changed(&mut self, seed: &[u8]) -> Vec<u8> {
        self.0.changed(seed.to_vec())
    }

    fn text(&mut self, seed: &str) -> String {
        String::from_utf8_lossy(&self.changed(seed.as_bytes())).into_owned()
    }
}

/// One question, one answer, one signature.
///
/// # Errors
/// The finding.
pub(crate) fn round(mutator: &mut Mutator) -> Result<(), String> {
    question(mutator)?;
    answers(mutator)?;
    signatures(mutator)
}

/// Whatever is sent is refused or is a bounded question; a caller is a number or nobody.
fn question(mutator: &mut Mutator) -> Result<(), String> {
    let (written, seed) = QUESTIONS[mutator.below(QUESTIONS.len())];
    let body = mutator.changed(seed.as_bytes());
    // Also read as another dialect than it was written in.
    let dialect = Dialect::ALL[mutator.below(Dialect::ALL.len())];
    for dialect in [written, dialect] {
        let request = Request {
            body: &body,
            source: "192.0.2.9",
        };
        let Ok(ask) = Ask::read(dialect, request) else {
            continue;
        };
        let fits = |text: &str| (1..=256).contains(&text.len());
        let number = |text: &String| {
            text.strip_prefix('+').is_some_and(|digits| {
                (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
            })
        };
        if !fits(&ask.dialled) || !fits(&ask.call_id) || !fits(&ask.source) {
            return Err(finding("an unbounded field", &body));
        }
        if !ask.caller.as_ref().is_none_or(number) {
            return Err(finding("a caller that is no number", &body));
        }
    }
    let _read = twilio::after_dial(&body);
    Ok(())
}

fn answer(uris: [String; 2]) -> Answer {
    let target = |uri, kind| AnswerTarget {
        uri,
        kind,
        ring_s: 22,
    };
    let [out, home] = uris;
    Answer {
        call: "00ff".into(),
        arm: Arm::Outsourced,
        reason: Reason::Share,
        chunk: Some("RVS-Main/MSG".into()),
        bucket: Some(123),
        pi_bp: 2_000,
        targets: vec![
            target(out, TargetKind::Outsourced),
            target(home, TargetKind::InHouse),
        ],
        table_hash: "abc".into(),
        valid_ms: 5_000,
    }
}

/// No target, however it is written, changes the shape of an answer: tags of XML, keys of JSON, fields of a line.
fn answers(mutator: &mut Mutator) -> Result<(), String> {
    let plain = ["sip:7001@192.0.2.3", "sip:7001@192.0.2.2"];
    let odd = plain.map(|uri| mutator.text(uri));
    let (calm, wild) = (answer(plain.map(str::to_owned)), answer(odd.clone()));
    for dialect in Dialect::ALL {
        let (calm, wild) = (calm.write(dialect).body, wild.write(dialect).body);
        let same = match dialect {
            Dialect::Json | Dialect::Kamailio | Dialect::Connect => keys(&calm) == keys(&wild),
            Dialect::Twilio | Dialect::FreeSwitch => tags(&calm) == tags(&wild),
            Dialect::Asterisk => fields(&calm) == fields(&wild),
        };
        if !same {
            return Err(format!("{dialect:?}: {odd:?} changes the answer: {wild}"));
        }
    }
    let next = "https://segue.example/route/v1/twilio/next";
    let place = mutator.below(4);
    let reply = twilio::reply(&wild, Some(place), AfterDial::Next, next).body;
    let calm = twilio::reply(&calm, Some(place), AfterDial::Next, next).body;
    if tags(&reply) != tags(&calm) {
        return Err(format!("Twilio: {odd:?} changes the answer: {reply}"));
    }
    Ok(())
}

fn keys(body: &str) -> Option<Vec<String>> {
    let read: serde_json::Value = serde_json::from_str(body).ok()?;
    Some(read.as_object()?.keys().cloned().collect())
}

/// Names of the elements in order.
fn tags(body: &str) -> Vec<&str> {
    let parts = body.split('<').skip(1);
    let name = |part: &'_ str| {
        part.find([' ', '>', '/'])
            .map_or(part.len(), |end| end.max(1))
    };
    parts.map(|part| &part[..name(part)]).collect()
}

fn fields(body: &str) -> (usize, usize) {
    (
        body.trim_end().split(',').count(),
        body.trim_end().lines().count(),
    )
}

/// A question passes with its own signature once, and with no other.
fn signatures(mutator: &mut Mutator) -> Result<(), String> {
    let body = b"dialled=7001";
    let good = signature("secret", 1_000, "n1", body);
    let sent = mutator.text(&good);
    let mut gate = Gate::new(vec![Asker::new(None, "secret", true)], 300);
    let passed = gate.enter(Some("secret"), Some(&sent), body, 1_000).is_ok();
    // Case, spaces and repeated parts say the same signature.
    let says_good = good.split(',').all(|part| {
        let value = part.to_ascii_lowercase();
        sent.to_ascii_lowercase().contains(&value)
    });
    if passed && !says_good {
        return Err(format!("a changed signature passed: {sent}"));
    }
    if passed && gate.enter(Some("secret"), Some(&sent), body, 1_000).is_ok() {
        return Err(format!("the same question passed twice: {sent}"));
    }
    if sent != good && gate.enter(Some("secret"), Some(&good), body, 1_000).is_ok() == passed {
        return Err(format!(
            "the nonce was not remembered, or was for nothing: {sent}"
        ));
    }
    if twilio::is_signed(b"token", "https://x", body, &sent) {
        return Err(format!("Twilio's signature is not this: {sent}"));
    }
    Ok(())
}

fn finding(what: &str, bytes: &[u8]) -> String {
    format!("{what}: {}", bytes.escape_ascii())
}
