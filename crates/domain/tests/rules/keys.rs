//! Signing keys: enrolled, replaced and revoked by signatories of the same party; passkeys beside key files.

use crate::fixture::{director, key, manager};
use crate::support::{Story, signed_by};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey as P256};
use proptest::prelude::*;
use segue_domain::discovery::SignDiscovery;
use segue_domain::keys::{self, EnrolKey, RevokeKey};
use segue_domain::parties::Signatory;
use segue_domain::passkey::{Passkey, host, signature_text};
use segue_domain::schedule::SignPlan;
use segue_domain::signature::SignatureInput;
use segue_domain::{Actor, Code, PersonId, Role, Side};
use segue_example::{Goal, clinical_lead};
use serde_json::json;
use sha2::{Digest, Sha256};

const ORIGIN: &str = "https://segue.example";
const MSG: &str = "RVS-Main/MSG";

/// A security key, as far as its answers go.
struct Authenticator {
    key: P256,
    flags: u8,
    origin: String,
    kind: &'static str,
}

impl Authenticator {
    fn new(seed: u8) -> Self {
        Self {
            key: P256::from_slice(&[seed; 32]).unwrap(),
            flags: 0x05,
            origin: ORIGIN.into(),
            kind: "webauthn.get",
        }
    }

    fn text(&self) -> String {
        let point = self.key.verifying_key().to_encoded_point(true);
        format!("passkey.es256.{}.{ORIGIN}", hex::encode(point.as_bytes()))
    }

    fn asserts(&self, hash: &str) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(hex::decode(hash).unwrap());
        let client = json!({
            "type": self.kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false
        });
        self.signs(client.to_string().as_bytes())
    }

    fn signs(&self, client: &[u8]) -> String {
        let mut data = Sha256::digest(host(&self.origin).unwrap()).to_vec();
        data.extend([self.flags, 0, 0, 0, 7]);
        let message = [&data[..], &Sha256::digest(client)].concat();
        let signature: Signature = self.key.sign(&message);
        let [data, client, der] = [&data[..], client, signature.to_der().as_bytes()]
            .map(|part| URL_SAFE_NO_PAD.encode(part));
        signature_text(&data, &client, &der)
    }
}

fn second_key(person: &str) -> SigningKey {
    key(&format!("{person}'s second"))
}

fn hex_of(key: &SigningKey) -> String {
    hex::encode(key.verifying_key().as_bytes())
}

/// A new key file of `person`, vouched for by `by`.
fn enrol(story: &Story, person: &str, by: &Actor) -> EnrolKey {
    enrol_new(story, person, &second_key(person), by)
}

fn enrol_new(story: &Story, person: &str, new: &SigningKey, by: &Actor) -> EnrolKey {
    let person: PersonId = person.into();
    let hash = keys::hash(&story.t.id, &person, &hex_of(new));
    EnrolKey {
        proof: SignatureInput::by(&person, new, &hash).unwrap().signature,
        new_key: hex_of(new),
        signature: segue_example::sign(by, &hash),
        person,
    }
}

fn revoke(person: &str, key: String) -> RevokeKey {
    RevokeKey {
        person: person.into(),
        key,
        reason: "the laptop was stolen".into(),
    }
}

fn discovered() -> Story {
    let mut story = Story::new();
    story.walks(&Goal::Discovering { open: 0 });
    story
}

fn sign_discovery(story: &Story, person: &str, key: &SigningKey) -> SignDiscovery {
    let hash = story.t.discovery.hash(&story.t.id);
    SignDiscovery {
        signature: SignatureInput::by(&person.into(), key, &hash).unwrap(),
    }
}

pub(crate) fn history() -> Story {
    let mut story = Story::new();
    story.walks(&Goal::Created);
    let by = director(Side::Client);
    story.does(&by, enrol(&story, "rvs-director", &by));
    story.does(&by, revoke("rvs-director", hex_of(&key("rvs-director"))));
    story
}

#[test]
fn a_key_is_replaced_and_what_the_old_one_signed_stays_signed() {
    let mut story = discovered();
    let by = director(Side::Client);
    story.does(&by, enrol(&story, "rvs-director", &by));
    // Both keys sign until one is revoked.
    let old = key("rvs-director");
    story.does(&by, sign_discovery(&story, "rvs-director", &old));
    story.does(&by, revoke("rvs-director", hex_of(&old)));
    assert!(story.t.discovery.agreement.client.is_some());
    story
        .when(&by, sign_discovery(&story, "rvs-director", &old))
        .refuses(Code::KeyRevoked, "since 2027-");
    let other = director(Side::Outsourcer);
    story.does(
        &other,
        sign_discovery(&story, "cb-director", &key("cb-director")),
    );
    assert!(story.t.discovery.agreement.is_complete());
    story
        .when(
            &by,
            sign_discovery(&story, "rvs-director", &second_key("rvs-director")),
        )
        .changes_nothing();
    story
        .when(&by, revoke("rvs-director", hex_of(&old)))
        .changes_nothing();
    // A revoked key does not come back, and vouches for nothing.
    let mut again = enrol(&story, "rvs-director", &by);
    again.new_key = hex_of(&old);
    story
        .when(&by, again)
        .refuses(Code::KeyRevoked, "not revoked");
    let third = key("third");
    let hash = keys::hash(&story.t.id, &"rvs-director".into(), &hex_of(&third));
    let by_old = EnrolKey {
        person: "rvs-director".into(),
        new_key: hex_of(&third),
        proof: SignatureInput::by(&by.person, &third, &hash)
            .unwrap()
            .signature,
        signature: segue_example::sign(&by, &hash),
    };
    story
        .when(&by, by_old)
        .refuses(Code::KeyRevoked, "not revoked");
}

#[test]
fn a_lost_key_is_vouched_for_by_another_signatory_of_the_party_and_by_nobody_else() {
    let mut story = discovered();
    let lead = clinical_lead();
    let (client, outsourcer) = (director(Side::Client), director(Side::Outsourcer));
    story
        .when(&outsourcer, enrol(&story, "rvs-director", &outsourcer))
        .refuses(Code::SignatureOfOther, "a signatory of");
    story
        .when(
            &manager(Side::Client),
            enrol(&story, "rvs-director", &client),
        )
        .refuses(Code::NotAuthorised, "implementation");
    // Somebody else's signature, handed in as one's own.
    story
        .when(&client, enrol(&story, "rvs-director", &lead))
        .refuses(Code::SignatureOfOther, "as themselves");
    let mut without = enrol(&story, "rvs-director", &lead);
    without.proof = "00".repeat(64);
    story
        .when(&lead, without)
        .refuses(Code::SignatureInvalid, "new key itself");
    let mut taken = enrol(&story, "rvs-director", &lead);
    taken.new_key = hex_of(&key("cb-director"));
    story
        .when(&lead, taken)
        .refuses(Code::BadFact, "this signatory alone");
    for broken in [
        "",
        "zz",
        &"00".repeat(32),
        "passkey.es256.00.https://segue.example",
    ] {
        let mut no_key = enrol(&story, "rvs-director", &lead);
        no_key.new_key = broken.into();
        story
            .when(&lead, no_key)
            .refuses(Code::BadFact, "a new key");
    }
    story.does(&lead, enrol(&story, "rvs-director", &lead));
    story
        .when(
            &outsourcer,
            revoke("rvs-director", hex_of(&key("rvs-director"))),
        )
        .refuses(Code::SignatureOfOther, "a signatory of");
    story
        .when(&client, revoke("rvs-director", hex_of(&key("nobody"))))
        .refuses(Code::Unknown, "this key");
    story.does(&lead, revoke("rvs-director", hex_of(&key("rvs-director"))));
    story.does(
        &client,
        sign_discovery(&story, "rvs-director", &second_key("rvs-director")),
    );
    let signed = story.t.discovery.agreement.client.as_ref().unwrap();
    assert_eq!(signed.public_key, hex_of(&second_key("rvs-director")));
}

#[test]
fn a_signatory_who_has_no_key_left_signs_nothing_and_calls_still_come_home() {
    let mut story = discovered();
    let by = director(Side::Client);
    let own = key("rvs-director");
    story.does(&by, revoke("rvs-director", hex_of(&own)));
    story
        .when(&by, sign_discovery(&story, "rvs-director", &own))
        .refuses(Code::KeyRevoked, "not revoked");
    let board = segue_domain::boards::draw(&story.t, "keys", &by, story.now).unwrap();
    assert!(
        board.notes[0].contains("rvs-director has no key left"),
        "{:?}",
        board.notes
    );
    story.does(&by, crate::support::fallback("all"));
}

#[test]
fn the_last_key_of_a_party_is_revoked_only_once_another_is_enrolled() {
    let mut story = discovered();
    let by = director(Side::Outsourcer);
    let own = hex_of(&key("cb-director"));
    let refusal = story
        .when(&by, revoke("cb-director", own.clone()))
        .refuses(Code::NoSignatory, "nobody could vouch");
    assert!(refusal.how.contains("enrol another key first"));
    let notes = |story: &Story| {
        let board = segue_domain::boards::draw(&story.t, "keys", &by, story.now).unwrap();
        board.notes.join("; ")
    };
    assert!(
        notes(&story).contains("has one key alone"),
        "{}",
        notes(&story)
    );
    story.does(&by, enrol(&story, "cb-director", &by));
    assert!(!notes(&story).contains("has one key alone"));
    story.does(&by, revoke("cb-director", own));
}

#[test]
fn a_passkey_signs_what_a_key_file_signs() {
    let mut story = discovered();
    let by = director(Side::Client);
    let authenticator = Authenticator::new(7);
    let hash = keys::hash(&story.t.id, &by.person, &authenticator.text());
    let enrolled = EnrolKey {
        person: by.person.clone(),
        new_key: authenticator.text(),
        proof: authenticator.asserts(&hash),
        signature: signed_by(Side::Client, &hash),
    };
    story.does(&by, enrolled);
    let hash = story.t.discovery.hash(&story.t.id);
    let by_passkey = |signature: String| SignDiscovery {
        signature: SignatureInput {
            signatory: by.person.clone(),
            signed_hash: hash.clone(),
            signature,
        },
    };
    let other = Authenticator::new(8).asserts(&hash);
    story
        .when(&by, by_passkey(other))
        .refuses(Code::SignatureInvalid, "rvs-director");
    let another_hash = authenticator.asserts(&"ab".repeat(32));
    story
        .when(&by, by_passkey(another_hash))
        .refuses(Code::SignatureInvalid, "rvs-director");
    story.does(&by, by_passkey(authenticator.asserts(&hash)));
    let signed = story.t.discovery.agreement.client.as_ref().unwrap();
    assert_eq!(signed.public_key, authenticator.text());
}

#[test]
fn what_waits_for_a_signature_is_listed_for_who_may_sign_it_and_no_longer() {
    let mut story = discovered();
    let open = |story: &Story, actor: &Actor| -> Vec<String> {
        let open = segue_domain::to_sign::to_sign(&story.t, actor, story.now);
        open.into_iter()
            .map(|open| format!("{} {}", open.command, open.about))
            .collect()
    };
    let client = director(Side::Client);
    assert_eq!(open(&story, &client), ["sign_discovery discovery"]);
    assert_eq!(open(&story, &manager(Side::Client)), Vec::<String>::new());
    story.does(
        &client,
        sign_discovery(&story, "rvs-director", &key("rvs-director")),
    );
    assert_eq!(open(&story, &client), Vec::<String>::new());
    assert_eq!(
        open(&story, &director(Side::Outsourcer)),
        ["sign_discovery discovery"]
    );
    let mut story = Story::new();
    story.walks(&Goal::Proposed);
    assert!(open(&story, &client).contains(&"sign_plan plan, version 1".to_owned()));
}

#[test]
fn one_place_waits_for_one_signature_and_the_clinical_lead_only_where_nurses_advise() {
    let waits = |story: &Story, actor: &Actor, command: &str| {
        let open = segue_domain::to_sign::to_sign(&story.t, actor, story.now);
        open.iter().any(|open| open.command == command)
    };
    let (lead, client) = (clinical_lead(), director(Side::Client));
    let mut story = Story::new();
    story.example.create.parties[0].signatories.push(Signatory {
        person: "rvs-deputy".into(),
        title: "deputy director".into(),
        public_key: hex_of(&key("rvs-deputy")),
        clinical_lead: false,
    });
    story.walks(&Goal::Discovering { open: 0 });
    let deputy = Actor::new("rvs-deputy", Side::Client, &[Role::Signatory]);
    assert!(waits(&story, &deputy, "sign_discovery"));
    story.does(
        &client,
        sign_discovery(&story, "rvs-director", &key("rvs-director")),
    );
    assert!(!waits(&story, &deputy, "sign_discovery"));
    assert!(!waits(&story, &lead, "sign_discovery"));
    story
        .when(
            &lead,
            SignDiscovery {
                signature: segue_example::sign(&lead, &story.t.discovery.hash(&story.t.id)),
            },
        )
        .refuses(Code::SignatureOfOther, "clinical lead");
    // Where nurses advise the lead signs beside the parties, and the parties' signatures do not stand for theirs.
    story = Story::new();
    story.walks(&Goal::Proposed);
    for signs in [&client, &lead] {
        assert!(waits(&story, signs, "sign_plan"), "{}", signs.person);
        let hash = story.t.schedule.newest().unwrap().proposed.hash.clone();
        let signature = segue_example::sign(signs, &hash);
        story.does(
            signs,
            SignPlan {
                version: 1,
                signature,
            },
        );
        assert!(!waits(&story, signs, "sign_plan"), "{}", signs.person);
    }
}

#[test]
fn an_approval_that_counts_no_more_is_asked_for_again() {
    let mut story = Story::agreed();
    story.waits_for(MSG, 20);
    story.readies(MSG);
    let step = story.proposes_step(MSG, 20);
    let client = director(Side::Client);
    let waits = |story: &Story| {
        let open = segue_domain::to_sign::to_sign(&story.t, &client, story.now);
        open.iter().any(|open| open.command == "approve_step")
    };
    assert!(waits(&story));
    story.approves(Side::Client, &step);
    assert!(!waits(&story));
    story.minutes_pass(16);
    assert!(waits(&story));
    story.approves(Side::Client, &step);
    assert!(!waits(&story));
}

#[test]
fn an_assertion_counts_only_as_it_was_asked_for() {
    let good = Authenticator::new(7);
    let key = Passkey::read(&good.text()).unwrap();
    let (hash, bytes) = ("5a".repeat(32), [0x5a; 32]);
    assert!(key.signed(&bytes, &good.asserts(&hash)));
    let mut bad = Vec::new();
    for flags in [0x00, 0x01, 0x04] {
        bad.push(
            Authenticator {
                flags,
                ..Authenticator::new(7)
            }
            .asserts(&hash),
        );
    }
    for origin in [
        "https://evil.example",
        "http://localhost",
        "https://segue.example:444",
    ] {
        let there = Authenticator {
            origin: origin.into(),
            ..Authenticator::new(7)
        };
        bad.push(there.asserts(&hash));
    }
    bad.push(
        Authenticator {
            kind: "webauthn.create",
            ..Authenticator::new(7)
        }
        .asserts(&hash),
    );
    let challenge = URL_SAFE_NO_PAD.encode(bytes);
    for client in [
        json!({"type": "webauthn.get", "challenge": challenge, "origin": ORIGIN, "crossOrigin": true}).to_string(),
        json!({"type": "webauthn.get", "challenge": challenge}).to_string(),
        format!(r#"{{"type":"webauthn.get","challenge":"x","challenge":"{challenge}","origin":"{ORIGIN}"}}"#),
        "not json".to_owned(),
    ] {
        bad.push(good.signs(client.as_bytes()));
    }
    let fine = good.asserts(&hash);
    bad.push(format!("{fine}."));
    bad.push(format!("{fine}.AA"));
    bad.push(fine.replacen("webauthn.", "", 1));
    bad.push(fine.replacen('.', "=.", 2));
    bad.push("webauthn...".into());
    bad.push(format!("webauthn.{}.AA.AA", "A".repeat(10_000)));
    for signature in bad {
        assert!(!key.signed(&bytes, &signature), "{signature}");
    }
}

#[test]
fn a_passkey_is_written_in_one_way() {
    let text = Authenticator::new(7).text();
    let spki = {
        let point = Authenticator::new(7)
            .key
            .verifying_key()
            .to_encoded_point(false);
        let head = hex::decode("3059301306072a8648ce3d020106082a8648ce3d030107034200").unwrap();
        [head, point.as_bytes().to_vec()].concat()
    };
    assert_eq!(Passkey::text_of(&spki, ORIGIN), Some(text.clone()));
    assert_eq!(Passkey::text_of(&spki[1..], ORIGIN), None);
    assert_eq!(Passkey::text_of(&spki, "https://Segue.example"), None);
    assert!(Passkey::read(&text).is_some());
    for other in [
        text.to_uppercase(),
        text.replace("es256", "rs256"),
        text.replace(".02", ".04").replace(".03", ".04"),
        text.replace("https://", "http://"),
        format!("{text}/"),
        text.replace(ORIGIN, ""),
    ] {
        assert!(Passkey::read(&other).is_none(), "{other}");
    }
    assert_eq!(host("http://localhost:8080"), Some("localhost"));
    assert_eq!(host("http://localhost.evil.example"), None);
}

/// The same question answered by a security key of Ed25519 (COSE −8): RFC 8032, strict.
#[test]
fn a_passkey_of_ed25519_signs_and_nothing_near_it_does() {
    let own = key("an authenticator");
    let spki = [
        hex::decode("302a300506032b6570032100").unwrap(),
        own.verifying_key().as_bytes().to_vec(),
    ]
    .concat();
    let text = Passkey::text_of(&spki, ORIGIN).unwrap();
    assert_eq!(text, format!("passkey.eddsa.{}.{ORIGIN}", hex_of(&own)));
    let passkey = Passkey::read(&text).unwrap();
    let bytes = [0x5a; 32];
    let asserts = |flags: u8, origin: &str| {
        let challenge = URL_SAFE_NO_PAD.encode(bytes);
        let client = json!({ "type": "webauthn.get", "challenge": challenge, "origin": origin });
        let client = client.to_string();
        let mut data = Sha256::digest(host(origin).unwrap()).to_vec();
        data.extend([flags, 0, 0, 0, 7]);
        let message = [&data[..], &Sha256::digest(&client)].concat();
        let signature = ed25519_dalek::Signer::sign(&own, &message).to_bytes();
        let parts = [&data[..], client.as_bytes(), &signature];
        let [data, client, signature] = parts.map(|part| URL_SAFE_NO_PAD.encode(part));
        signature_text(&data, &client, &signature)
    };
    let good = asserts(0x05, ORIGIN);
    assert!(passkey.signed(&bytes, &good));
    assert!(!passkey.signed(&[0x5b; 32], &good));
    for bad in [
        asserts(0x01, ORIGIN),
        asserts(0x05, "https://other.example"),
        Authenticator::new(7).asserts(&"5a".repeat(32)),
    ] {
        assert!(!passkey.signed(&bytes, &bad), "{bad}");
    }
    assert!(
        !Passkey::read(&Authenticator::new(7).text())
            .unwrap()
            .signed(&bytes, &good)
    );
    for other in [
        text.to_uppercase(),
        text.replace("eddsa", "es256"),
        text.replace("eddsa.", "eddsa.00"),
        // The neutral element: it would have signed everything.
        format!("passkey.eddsa.01{}.{ORIGIN}", "00".repeat(31)),
    ] {
        assert!(Passkey::read(&other).is_none(), "{other}");
    }
}

proptest! {
    /// Whatever byte of an assertion is changed, it is none.
    #[test]
    fn no_changed_assertion_verifies(at in 9usize..400, to in any::<u8>()) {
        let good = Authenticator::new(7);
        let key = Passkey::read(&good.text()).unwrap();
        let mut signature = good.asserts(&"5a".repeat(32)).into_bytes();
        let at = at % signature.len();
        prop_assume!(signature[at] != to);
        signature[at] = to;
        if let Ok(changed) = String::from_utf8(signature) {
            prop_assert!(!key.signed(&[0x5a; 32], &changed));
        }
    }

    /// Keys and signatures are typed by strangers.
    #[test]
    fn garbage_is_no_key_and_no_signature(key in ".{0,120}", signature in ".{0,200}") {
        prop_assert!(Passkey::read(&key).is_none());
        let known = Passkey::read(&Authenticator::new(7).text()).unwrap();
        prop_assert!(!known.signed(&[0; 32], &signature));
        let begun = format!("webauthn.{signature}");
        prop_assert!(!known.signed(&[0; 32], &begun));
    }
}

#[test]
fn a_signatory_has_sixteen_keys_and_no_more() {
    let mut story = discovered();
    let by = director(Side::Client);
    let known = story.t.parties.keys_of(&by.person).len();
    let one = |story: &Story, n: usize| {
        enrol_new(story, "rvs-director", &second_key(&format!("key {n}")), &by)
    };
    for n in known..16 {
        let command = one(&story, n);
        story.does(&by, command.clone());
        story.when(&by, command).changes_nothing();
    }
    story.when(&by, one(&story, 16)).refuses(
        Code::BadFact,
        "room for one more: `rvs-director` has had 16 keys",
    );
}
