//! The dialects against examples in the form of the peers' public documents, and the gate.

use proptest::prelude::*;
use segue_adapters::gate::{Asker, Gate, Shut, signature};
use segue_adapters::twilio::{self, AfterDial};
use segue_adapters::{Answer, AnswerTarget, Ask, BadAsk, Dialect, Request};
use segue_routing::choose::TargetKind;
use segue_routing::{Arm, Reason};
use serde_json::Value;

fn ask(dialect: Dialect, body: &str) -> Result<Ask, BadAsk> {
    let request = Request {
        body: body.as_bytes(),
        source: "192.0.2.9",
    };
    Ask::read(dialect, request)
}

fn answer() -> Answer {
    let target = |uri: &str, kind| AnswerTarget {
        uri: uri.to_owned(),
        kind,
        ring_s: 22,
    };
    Answer {
        call: "00ff".into(),
        arm: Arm::Outsourced,
        reason: Reason::Share,
        chunk: Some("RVS-Main/MSG".into()),
        bucket: Some(123),
        pi_bp: 2_000,
        targets: vec![
            target("sip:7001@192.0.2.3", TargetKind::Outsourced),
            target("sip:7001@192.0.2.2", TargetKind::InHouse),
            target("sip:oncall@192.0.2.4?a=1&b=2", TargetKind::LastResort),
        ],
        table_hash: "abc".into(),
        valid_ms: 5_000,
    }
}

/// Every dialect says the same call.
#[test]
fn one_call_in_every_dialect() {
    let json = r#"{"dialled":"7001","caller":"+16095550110","call_id":"c1","source":"192.0.2.1"}"#;
    let lambda = r#"{"Name":"ContactFlowEvent","Details":{"ContactData":{"Channel":"VOICE","ContactId":"c1",
        "CustomerEndpoint":{"Address":"+16095550110","Type":"TELEPHONE_NUMBER"},
        "SystemEndpoint":{"Address":"+18005550142","Type":"TELEPHONE_NUMBER"},
        "InitiationMethod":"INBOUND","Queue":null},"Parameters":{"dialled":"7001"}}}"#;
    for (dialect, body, source) in [
        (Dialect::Json, json, "192.0.2.1"),
        (Dialect::Kamailio, json, "192.0.2.1"),
        (Dialect::Connect, lambda, "192.0.2.9"),
        (
            Dialect::Twilio,
            "CallSid=c1&AccountSid=AC0&From=%2B16095550110&To=sip%3A7001%40example.sip.twilio.com&CallStatus=ringing&Direction=inbound",
            "192.0.2.9",
        ),
        (
            Dialect::FreeSwitch,
            "hostname=fs&section=dialplan&tag_name=&key_name=&key_value=&Caller-Caller-ID-Number=%2B16095550110&\
             Caller-Destination-Number=7001&variable_sip_call_id=c1&variable_sip_network_ip=192.0.2.1",
            "192.0.2.1",
        ),
        (
            Dialect::Asterisk,
            "dialled=7001&caller=%2B16095550110&call_id=c1",
            "192.0.2.9",
        ),
    ] {
        let asked = ask(dialect, body).expect("a question");
        assert_eq!(asked.dialled, "7001", "{dialect:?}");
        assert_eq!(asked.caller.as_deref(), Some("+16095550110"), "{dialect:?}");
        assert_eq!(asked.call_id, "c1", "{dialect:?}");
        assert_eq!(asked.source, source, "{dialect:?}");
        assert!(!asked.already_routed, "{dialect:?}");
    }
}

#[test]
fn anonymous_routed_before_missing_and_too_long() {
    let anonymous =
        ask(Dialect::Asterisk, "dialled=7001&caller=anonymous&call_id=x").expect("read");
    assert_eq!(anonymous.caller, None);
    let again = ask(
        Dialect::Twilio,
        "CallSid=c&To=7001&From=%2B16095550110&SipHeader_X-Segue-Call=00",
    );
    assert!(again.expect("read").already_routed);
    let missing = |dialect, body| ask(dialect, body).err();
    assert_eq!(
        missing(Dialect::Json, r#"{"call_id":"x"}"#),
        Some(BadAsk::Missing("dialled"))
    );
    assert_eq!(
        missing(Dialect::Asterisk, "dialled=7001"),
        Some(BadAsk::Missing("call_id"))
    );
    assert_eq!(
        missing(Dialect::FreeSwitch, "section=directory"),
        Some(BadAsk::NotARoute)
    );
    let long = format!("dialled={}&call_id=x", "7".repeat(300));
    assert_eq!(
        missing(Dialect::Asterisk, &long),
        Some(BadAsk::TooLong("dialled"))
    );
    assert!(matches!(
        missing(Dialect::Json, "{"),
        Some(BadAsk::Unreadable(_))
    ));
    assert!(matches!(
        missing(Dialect::Asterisk, "a=%zz"),
        Some(BadAsk::Unreadable(_))
    ));
}

#[test]
fn a_connect_flow_and_kamailio_read_flat_strings() {
    for dialect in [Dialect::Connect, Dialect::Kamailio] {
        let reply = answer().write(dialect);
        let value: Value = serde_json::from_str(&reply.body).expect("JSON");
        let map = value.as_object().expect("an object");
        assert!(map.values().all(Value::is_string), "strings only: {map:?}");
        assert_eq!(map["target_1"], "sip:7001@192.0.2.3");
        assert_eq!(map["number_2"], "7001");
        assert_eq!(map["kind_3"], "last_resort");
        assert_eq!(
            (&map["targets"], &map["valid_ms"]),
            (&"3".into(), &"5000".into())
        );
        assert!(reply.body.len() < 32 * 1_024, "Connect's limit");
    }
}

#[test]
fn freeswitch_hears_a_dialplan_that_falls_through_and_ends_after_a_talk() {
    let reply = answer().write(Dialect::FreeSwitch);
    assert!(reply.content_type.starts_with("text/xml"));
    let order = [
        "hangup_after_bridge=true",
        "continue_on_fail=true",
        "sip_h_X-Segue-Call=00ff",
        "call_timeout=22",
        "sofia/external/7001@192.0.2.3",
        "sofia/external/7001@192.0.2.2",
        "sofia/external/oncall@192.0.2.4?a=1&amp;b=2",
    ];
    let mut from = 0;
    for part in order {
        let at = reply.body[from..]
            .find(part)
            .unwrap_or_else(|| panic!("{part} in {}", reply.body));
        from += at;
    }
    let mut nothing = answer();
    nothing.targets.clear();
    assert!(
        nothing
            .write(Dialect::FreeSwitch)
            .body
            .contains("status=\"not found\"")
    );
}

#[test]
fn asterisk_hears_one_line() {
    let body = answer().write(Dialect::Asterisk).body;
    assert_eq!(
        body,
        "OK,00ff,outsourced,3,sip:7001@192.0.2.3,sip:7001@192.0.2.2,sip:oncall@192.0.2.4?a=1&b=2"
    );
}

#[test]
fn twilio_dials_one_after_the_other_until_somebody_has_talked() {
    let url = "https://segue.example/route/v1/twilio/next?token=t";
    let next = |tried, after| twilio::reply(&answer(), tried, after, url).body;
    let first = next(None, AfterDial::Next);
    assert!(
        first.contains("<Sip>sip:7001@192.0.2.3?X-Segue-Call=00ff</Sip>"),
        "{first}"
    );
    assert!(first.contains(
        "action=\"https://segue.example/route/v1/twilio/next?token=t&amp;tried=0&amp;call=00ff\""
    ));
    assert_eq!(first.matches("<Dial").count(), 1);
    let third = next(Some(1), AfterDial::Next);
    assert!(
        third.contains("sip:oncall@192.0.2.4?a=1&amp;b=2&amp;X-Segue-Call=00ff"),
        "{third}"
    );
    assert!(next(Some(2), AfterDial::Next).contains("<Reject"));
    assert!(next(Some(0), AfterDial::Over).contains("<Hangup/>"));
    let after = |body: &str| twilio::after_dial(body.as_bytes());
    assert_eq!(after("DialCallStatus=completed"), Ok(AfterDial::Over));
    for status in ["busy", "no-answer", "failed", "canceled"] {
        assert_eq!(
            after(&format!("DialCallStatus={status}")),
            Ok(AfterDial::Next)
        );
    }
    assert_eq!(after("x=1"), Err(BadAsk::Missing("DialCallStatus")));
}

/// The worked example of Twilio's document on the security of webhooks.
#[test]
fn twilio_signs_the_url_and_the_sorted_form() {
    let url = "https://example.com/myapp.php?foo=1&bar=2";
    let form = "CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2B14158675310&To=%2B18005551212";
    let is = |token: &str, url: &str, form: &str| {
        twilio::is_signed(
            token.as_bytes(),
            url,
            form.as_bytes(),
            "L/OH5YylLD5NRKLltdqwSvS0BnU=",
        )
    };
    assert!(is("12345", url, form));
    assert!(!is("12346", url, form));
    assert!(!is("12345", "https://example.com/myapp.php?foo=1", form));
    assert!(!is("12345", url, &form.replace("1234&", "1235&")));
    assert!(!twilio::is_signed(
        b"12345",
        url,
        form.as_bytes(),
        "not base64"
    ));
}

#[test]
fn the_gate_knows_its_askers_and_hears_each_question_once() {
    let askers = vec![
        Asker::new(Some("RVS-Main".into()), "token-a", false),
        Asker::new(None, "token-b", true),
    ];
    let mut gate = Gate::new(askers, 300);
    let body = b"{}";
    assert_eq!(gate.enter(None, None, body, 0).err(), Some(Shut::Unknown));
    assert_eq!(
        gate.enter(Some("x"), None, body, 0).err(),
        Some(Shut::Unknown)
    );
    let site = gate
        .enter(Some("token-a"), None, body, 0)
        .map(|a| a.site.clone());
    assert_eq!(site, Ok(Some("RVS-Main".into())));
    let now = 1_000_000;
    let mut signed =
        |text: &str, body: &[u8], now| gate.enter(Some("token-b"), Some(text), body, now).err();
    let good = signature("token-b", now, "n1", body);
    assert_eq!(signed("", body, now), Some(Shut::Unsigned));
    assert_eq!(signed(&good, b"{ }", now), Some(Shut::Unsigned));
    assert_eq!(signed(&good, body, now + 301), Some(Shut::OutOfTime));
    assert_eq!(signed(&good, body, now - 301), Some(Shut::OutOfTime));
    assert_eq!(signed(&good, body, now + 10), None);
    assert_eq!(signed(&good, body, now + 20), Some(Shut::Replayed));
    assert_eq!(
        signed(&signature("token-b", now, "n2", body), body, now),
        None
    );
    assert_eq!(
        signed(&signature("token-a", now, "n3", body), body, now),
        Some(Shut::Unsigned)
    );
}

proptest! {
    /// Whatever is sent, nothing panics, and what is read is within its bounds.
    #[test]
    fn no_body_breaks_a_dialect(body in proptest::collection::vec(any::<u8>(), 0..400), text in "[a-zA-Z=&%+{}\":0-9]{0,200}") {
        for dialect in Dialect::ALL {
            for bytes in [&body[..], text.as_bytes()] {
                if let Ok(asked) = Ask::read(dialect, Request { body: bytes, source: "x" }) {
                    prop_assert!(!asked.dialled.is_empty() && asked.dialled.len() <= 256);
                }
            }
        }
    }

    /// No target can break out of the peer's format.
    #[test]
    fn no_target_breaks_out_of_the_answer(uri in "[ -~]{1,60}") {
        let mut hostile = answer();
        hostile.targets[0].uri = format!("sip:{uri}");
        let xml = hostile.write(Dialect::FreeSwitch).body;
        prop_assert_eq!(xml.matches("application=\"bridge\"").count(), 3);
        prop_assert_eq!(hostile.write(Dialect::Asterisk).body.split(',').count(), 7);
        let twiml = hostile.write(Dialect::Twilio).body;
        prop_assert_eq!(twiml.matches("<Dial").count(), 3);
    }
}
