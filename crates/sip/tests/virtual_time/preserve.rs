//! Case 13: outside Request-URI, Route, top Via and Max-Forwards (and the added `X-Segue-Call`) every
//! byte travels as it came; and no byte string makes the core panic.

use crate::sim::{CALLER, OUT, Sim, addr};
use proptest::prelude::*;
use segue_sip::msg::Message;
use segue_sip::{Mode, Target};
use sipx_testkit::rfc4475;

/// Headers a router must not touch, in shapes that tempt it.
fn header() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("Identity: eyJhbGciOiJFUzI1NiJ9..abc;info=<https://c.example/c>;alg=ES256".to_owned()),
        Just("y: eyJ0\r\n\t.e30.sig;info=<https://c.example/c?a=b,c>".to_owned()),
        Just("P-Asserted-Identity: \"x, y\" <sip:+15550100@a.example;user=phone>".to_owned()),
        Just("Diversion: <tel:+15550101>;reason=unconditional".to_owned()),
        Just(
            "History-Info: <sip:a@b>;index=1 ,\r\n <sip:c@d?Reason=SIP%3Bcause%3D302>;index=1.1"
                .to_owned()
        ),
        Just("k:timer ,  100rel".to_owned()),
        Just("s:".to_owned()),
        Just("Record-Route: <sip:192.0.2.1;lr>,<sip:192.0.2.2;lr>".to_owned()),
        Just("X-Segue-Call: someone-elses".to_owned()),
        "X-[A-Za-z0-9.!%*_+`'~-]{1,12}[ \t]{0,2}:[ -~]{0,40}(\r\n[ \t][!-~]{1,20}){0,2}",
        "X-Utf8: [äöü大停電 ]{0,10}",
    ]
}

#[derive(Debug, Clone)]
struct Invite {
    vias: String,
    hops: Option<(String, u8)>,
    route: Option<String>,
    before: Vec<String>,
    after: Vec<String>,
    body: Vec<u8>,
}

fn invite() -> impl Strategy<Value = Invite> {
    let via = prop_oneof![
        Just("Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa".to_owned()),
        Just("v:SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa,SIP/2.0/TCP x.example;branch=1".to_owned()),
        Just("VIA : SIP / 2.0 / UDP\r\n 192.0.2.1:5060 ;branch\r\n\t=z9hG4bKa , SIP/2.0/UDP [2001:db8::9:1]".to_owned()),
    ];
    let hops = proptest::option::of((
        prop_oneof![
            Just("Max-Forwards: "),
            Just("max-forwards :\r\n "),
            Just("MAX-FORWARDS:")
        ]
        .prop_map(str::to_owned),
        1_u8..=255,
    ));
    let route = proptest::option::of(prop_oneof![
        Just("Route: <sip:192.0.2.100:5060;lr>".to_owned()),
        Just("Route: <sip:192.0.2.100;lr> ,\r\n <sip:198.51.100.1;lr>".to_owned()),
        Just("Route: <sip:198.51.100.1;lr>,<sip:192.0.2.100;lr>".to_owned()),
    ]);
    let headers = || proptest::collection::vec(header(), 0..5);
    let body = proptest::collection::vec(any::<u8>(), 0..60);
    (via, hops, route, headers(), headers(), body).prop_map(
        |(vias, hops, route, before, after, body)| Invite {
            vias,
            hops,
            route,
            before,
            after,
            body,
        },
    )
}

impl Invite {
    fn render(&self, uri: &str, vias: &str, hops: Option<u8>, route: Option<&str>) -> Vec<u8> {
        let mut lines = vec![format!("INVITE {uri} SIP/2.0")];
        lines.push(vias.to_owned());
        lines.extend(self.before.iter().cloned());
        if let (Some((name, _)), Some(hops)) = (&self.hops, hops) {
            lines.push(format!("{name}{hops}"));
        }
        lines.push("f: \"Bell, \\\"A\\\"\" <sip:15550100@192.0.2.1>\r\n ;tag=1".to_owned());
        lines.extend(route.map(str::to_owned));
        lines.push("TO :<sip:7001@192.0.2.100>".to_owned());
        lines.push("i:\tid@192.0.2.1".to_owned());
        lines.push("cseq: 0007\r\n INVITE".to_owned());
        lines.extend(self.after.iter().cloned());
        lines.push(format!("l:{}", self.body.len()));
        let mut bytes = (lines.join("\r\n") + "\r\n\r\n").into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// Our Via and token lines, which stand right after the start line.
fn added(bytes: &[u8]) -> (usize, usize) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let from = text.find("\r\n").expect("a line") + 2;
    let token = from + text[from..].find("X-Segue-Call: ").expect("our token");
    let to = token + text[token..].find("\r\n").expect("a line") + 2;
    (from, to)
}

proptest! {
    #[test]
    fn case_13_a_forwarded_invite_differs_in_the_four_spans_only(plan in invite()) {
        let mut first = Target::new(addr(OUT));
        first.uri = Some("sip:line@198.51.100.1".into());
        let mut sim = Sim::with(Mode::Proxy, vec![first], |_| {});
        let hops = plan.hops.as_ref().map(|(_, hops)| *hops);
        sim.receive(CALLER, plan.render("sip:7001@192.0.2.100", &plan.vias, hops, plan.route.as_deref()));
        sim.expect(CALLER, "SIP/2.0 100");
        let sent = sim.expect(OUT, "INVITE sip:line@198.51.100.1 SIP/2.0");
        let (from, to) = added(&sent.bytes);
        let rest = [&sent.bytes[..from], &sent.bytes[to..]].concat();
        let route = match plan.route.as_deref() {
            Some("Route: <sip:192.0.2.100:5060;lr>") => None,
            Some(two) if two.starts_with("Route: <sip:192.0.2.100;lr> ,") => Some("Route: <sip:198.51.100.1;lr>"),
            other => other,
        };
        let expected = plan.render("sip:line@198.51.100.1", &plan.vias, hops.map(|h| h - 1), route);
        // Without Max-Forwards ours is added next to our Via (RFC 3261 section 16.6 step 3).
        let expected_text = String::from_utf8_lossy(&expected).into_owned();
        let rest_text = String::from_utf8_lossy(&rest).replacen("Max-Forwards: 70\r\n", "", usize::from(hops.is_none()));
        prop_assert_eq!(rest_text, expected_text);

        // The target echoes every header it was sent, so that the way back meets the same shapes.
        let line = sent.bytes.windows(2).position(|pair| pair == b"\r\n").expect("a line") + 2;
        let answer = [&b"SIP/2.0 183 Fine\r\n"[..], &sent.bytes[line..]].concat();
        sim.receive(OUT, &answer);
        let up = sim.expect(CALLER, "SIP/2.0 183 Fine");
        let via = line + sent.bytes[line..].windows(2).position(|pair| pair == b"\r\n").expect("ours") + 2;
        let without_ours = [&b"SIP/2.0 183 Fine\r\n"[..], &sent.bytes[via..]].concat();
        prop_assert_eq!(up.bytes, without_ours);
        sim.nothing();
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut sim = Sim::proxy(&[OUT]);
        sim.receive(CALLER, &bytes);
        sim.icmp(OUT, &bytes);
        sim.ends_clean();
    }

    #[test]
    fn mutated_torture_messages_never_panic(
        which in 0..rfc4475::CASES.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..12),
    ) {
        let mut bytes = rfc4475::CASES[which].bytes.to_vec();
        for (place, byte, kind) in changes {
            let at = place.index(bytes.len().max(1)).min(bytes.len().saturating_sub(1));
            match kind {
                0 if !bytes.is_empty() => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 if !bytes.is_empty() => { bytes.remove(at); }
                _ => { let piece = bytes[at..].iter().copied().take(40).collect::<Vec<_>>(); bytes.splice(at..at, piece); }
            }
        }
        if let Ok(message) = Message::parse(&bytes) {
            let _ = (message.check(), message.contact().is_some(), message.vias().count());
        }
        let mut sim = Sim::proxy(&[OUT]);
        sim.receive(CALLER, &bytes);
        sim.icmp(OUT, &bytes);
        sim.advance_ms(4_000);
        for sent in std::mem::take(&mut sim.outbox.0) {
            let text = String::from_utf8_lossy(&sent.bytes).into_owned();
            prop_assert!(text.contains("SIP/2.0"), "what is sent is SIP: {}", text);
        }
    }
}
