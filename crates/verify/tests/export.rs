//! Exports of a real journal, whole and tampered with, through the program as a stranger would run it.
#![expect(clippy::unwrap_used, reason = "a failed fixture is a failed test")]

use ed25519_dalek::{Signer, SigningKey};
use segue_journal::{
    Append, Body, CommandId, Journal, NewEvent, SqlJournal, StreamId, Version, export_jsonl,
};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Output, Stdio};

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn signature_over(hash: [u8; 32]) -> Value {
    let message = [b"segue-signature-v1\0".as_slice(), &hash].concat();
    json!({
        "signatory": "dana",
        "public_key": hex::encode(key().verifying_key().to_bytes()),
        "signed_hash": hex::encode(hash),
        "signature": hex::encode(key().sign(&message).to_bytes()),
    })
}

async fn append(journal: &SqlJournal, stream: &str, version: u64, bodies: &[Value]) {
    let request = Append {
        stream: StreamId::new(stream).unwrap(),
        expected_version: Version(version),
        command_id: CommandId::new(format!("{stream}-{version}")).unwrap(),
        actor: "dana \"the\" signatory".to_owned(),
        cause: "sign".to_owned(),
        recorded_at: "2026-11-22T05:17:28Z".parse().unwrap(),
        events: bodies
            .iter()
            .map(|body| NewEvent {
                kind: "signed".to_owned(),
                schema: 1,
                body: Body::canonical(body).unwrap(),
            })
            .collect(),
    };
    assert!(journal.append(&request).await.is_ok());
}

/// Two streams, six facts, three signatures at different depths; lines 2 to 7 of the export.
#[tokio::main(flavor = "current_thread")]
async fn export() -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let journal = SqlJournal::open(&directory.path().join("journal.db"))
        .await
        .unwrap();
    let enrolled = json!({"parties": [{"signatories": [{"person": "dana", "public_key": hex::encode(key().verifying_key().to_bytes())}]}]});
    let plain = json!({"text": "é \u{1f4de} \\ \" \n", "ratio": 0.1});
    append(
        &journal,
        "north",
        0,
        &[
            json!({"a_created": enrolled, "plain": plain}),
            signature_over([1; 32]),
        ],
    )
    .await;
    append(
        &journal,
        "south",
        0,
        &[json!({"a_created": enrolled, "agreed": [signature_over([2; 32]), signature_over([3; 32])]})],
    )
    .await;
    append(&journal, "north", 2, &[plain.clone(), plain.clone(), plain]).await;
    let mut out = Vec::new();
    assert_eq!(export_jsonl(&journal, &mut out).await.unwrap().0, 6);
    String::from_utf8(out)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn run(lines: &[String], arguments: &[&str]) -> Output {
    let mut checker = Command::new(env!("CARGO_BIN_EXE_segue-verify"))
        .arg("-")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let text = lines
        .iter()
        .fold(String::new(), |text, line| text + line + "\n");
    // The checker may stop reading at the first bad line.
    let _ = checker.stdin.take().unwrap().write_all(text.as_bytes());
    checker.wait_with_output().unwrap()
}

fn report(lines: &[String], arguments: &[&str]) -> (Option<i32>, Value) {
    let arguments = [arguments, &["--json"]].concat();
    let output = run(lines, &arguments);
    (
        output.status.code(),
        serde_json::from_slice(&output.stdout).unwrap(),
    )
}

/// A changed field of one line, and with it the line's own hash if it should look right by itself.
fn edit(line: &mut String, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_str(line).unwrap();
    change(&mut value);
    *line = value.to_string();
}

#[test]
fn a_whole_export_is_good_and_its_signatures_are_counted() {
    let lines = export();
    let (code, report) = report(&lines, &[]);
    assert_eq!(
        (code, &report["ok"], &report["first_bad"]),
        (Some(0), &json!(true), &Value::Null)
    );
    assert_eq!(
        (&report["events"], &report["position"]),
        (&json!(6), &json!(6))
    );
    let own_key = hex::encode(key().verifying_key().to_bytes());
    assert_eq!(report["signatures"], json!({"valid": 3, "keys": [own_key]}));
    assert_eq!(report["head"][0]["version"], 5);

    let output = run(&lines, &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with(
            "ok: 6 facts in 2 streams, 3 signatures, 0 checkpoints of both parties\nhead north:5:"
        ),
        "{text}"
    );

    let noted = format!("north:5:{}", report["head"][0]["hash"].as_str().unwrap());
    assert_eq!(
        run(&lines, &["--expect", &noted, "--key", &own_key])
            .status
            .code(),
        Some(0)
    );
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one table of thirteen ways to tamper"
)]
fn every_kind_of_tampering_is_named_at_its_first_line() {
    type Change = fn(&mut Vec<String>);
    let cases: [(&str, u64, &str, Change); 13] = [
        ("an edited body", 5, "hash", |lines| {
            edit(&mut lines[4], |v| {
                v["body"] = json!(v["body"].as_str().unwrap().replace("0.1", "0.2"));
            });
        }),
        ("another actor", 2, "hash", |lines| {
            edit(&mut lines[1], |v| v["actor"] = json!("eve"));
        }),
        ("another time", 2, "hash", |lines| {
            edit(&mut lines[1], |v| {
                v["recorded_at"] = json!("2026-11-22T05:17:29.000000Z");
            });
        }),
        ("a deleted line", 4, "gap", |lines| drop(lines.remove(3))),
        ("the first fact deleted", 2, "gap", |lines| {
            drop(lines.remove(1));
        }),
        ("a deleted line, positions closed up", 5, "order", |lines| {
            lines.remove(4);
            for line in &mut lines[4..6] {
                edit(line, |v| {
                    v["position"] = json!(v["position"].as_u64().unwrap() - 1);
                });
            }
        }),
        ("two lines swapped", 6, "gap", |lines| lines.swap(5, 6)),
        (
            "two lines swapped with their positions",
            6,
            "order",
            |lines| {
                lines.swap(5, 6);
                edit(&mut lines[5], |v| v["position"] = json!(5));
                edit(&mut lines[6], |v| v["position"] = json!(6));
            },
        ),
        ("a rewritten link", 5, "link", |lines| {
            edit(&mut lines[4], |v| {
                v["previous_hash"] = json!("0".repeat(64));
            });
        }),
        ("the end cut off", 7, "truncated", |lines| lines.truncate(6)),
        (
            "the end cut off, the last line kept",
            7,
            "truncated",
            |lines| drop(lines.remove(6)),
        ),
        ("a fact after the end", 9, "order", |lines| {
            lines.push(lines[6].clone());
        }),
        ("half a line", 4, "truncated", |lines| lines[3].truncate(40)),
    ];
    let good = export();
    for (what, line, kind, change) in cases {
        let mut lines = good.clone();
        change(&mut lines);
        let (code, report) = report(&lines, &[]);
        let bad = &report["first_bad"];
        assert_eq!(
            (code, &report["ok"]),
            (Some(5), &json!(false)),
            "{what}: {report}"
        );
        assert_eq!(
            (&bad["line"], &bad["kind"]),
            (&json!(line), &json!(kind)),
            "{what}: {report}"
        );
        let text = String::from_utf8(run(&lines, &[]).stdout).unwrap();
        assert!(
            text.starts_with(&format!("bad: line {line} ")),
            "{what}: {text}"
        );
    }
}

#[test]
fn a_forged_signature_inside_an_intact_chain_is_found() {
    for (what, forge) in [
        ("signed by another key", "public_key"),
        ("for another hash", "signed_hash"),
        ("another signature", "signature"),
    ] {
        let lines = forged(forge);
        let (code, report) = report(&lines, &[]);
        assert_eq!(code, Some(5), "{what}");
        let bad = &report["first_bad"];
        assert_eq!(
            (&bad["kind"], &bad["position"]),
            (&json!("signature"), &json!(2)),
            "{what}"
        );
    }
}

#[tokio::main(flavor = "current_thread")]
async fn forged(field: &str) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let journal = SqlJournal::open(&directory.path().join("journal.db"))
        .await
        .unwrap();
    let (mut body, other) = (signature_over([1; 32]), signature_over([2; 32]));
    body[field] = match field {
        "public_key" => json!(hex::encode(
            SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes()
        )),
        _ => other[field].clone(),
    };
    let keys = [7, 8].map(|seed| {
        SigningKey::from_bytes(&[seed; 32])
            .verifying_key()
            .to_bytes()
    });
    let enrolled = keys.map(|key| json!({"public_key": hex::encode(key)}));
    append(
        &journal,
        "north",
        0,
        &[json!(enrolled), json!({"signature": body})],
    )
    .await;
    let mut out = Vec::new();
    assert!(export_jsonl(&journal, &mut out).await.is_ok());
    String::from_utf8(out)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_valid_signature_by_a_key_nobody_enrolled_is_found() {
    let lines = signed_without_enrolment();
    let (code, report) = report(&lines, &[]);
    let bad = &report["first_bad"];
    assert_eq!(
        (code, &bad["kind"], &bad["position"]),
        (Some(5), &json!("signature"), &json!(2))
    );
    assert!(
        bad["wrong"].as_str().unwrap().contains("no earlier fact"),
        "{bad}"
    );
}

#[tokio::main(flavor = "current_thread")]
async fn signed_without_enrolment() -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let journal = SqlJournal::open(&directory.path().join("journal.db"))
        .await
        .unwrap();
    let other = SigningKey::from_bytes(&[9; 32]).verifying_key().to_bytes();
    let enrolled = json!({"public_key": hex::encode(other)});
    append(&journal, "north", 0, &[enrolled, signature_over([1; 32])]).await;
    let mut out = Vec::new();
    assert!(export_jsonl(&journal, &mut out).await.is_ok());
    String::from_utf8(out)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_head_noted_elsewhere_shows_a_rewritten_or_shortened_stream_and_a_foreign_key_is_refused() {
    let lines = export();
    let fact: Value = serde_json::from_str(&lines[6]).unwrap();
    let hash = fact["hash"].as_str().unwrap();
    for (version, hash, kind) in [
        ("4", hash, "checkpoint"),
        ("6", hash, "checkpoint"),
        ("1", hash, "checkpoint"),
    ] {
        let noted = format!("north:{version}:{hash}");
        let (code, report) = report(&lines, &["--expect", &noted]);
        assert_eq!(
            (code, &report["first_bad"]["kind"]),
            (Some(5), &json!(kind)),
            "{noted}"
        );
    }
    let (code, report) = report(&lines, &["--key", &"ab".repeat(32)]);
    assert_eq!(
        (code, &report["first_bad"]["kind"]),
        (Some(5), &json!("signature"))
    );
}

#[test]
fn what_cannot_be_read_is_one_sentence_and_exit_code_two() {
    let run_with = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_segue-verify"))
            .args(arguments)
            .output()
            .unwrap()
    };
    for (arguments, sentence) in [
        (vec![], "usage:"),
        (vec!["/does/not/exist"], "cannot open `/does/not/exist`"),
        (vec!["/dev/null"], "`/dev/null` is no journal export"),
        (vec!["/dev/null", "--frob"], "no option `--frob`"),
        (vec!["/dev/null", "--key", "abc"], "64 hexadecimal digits"),
        (vec!["/dev/null", "--expect", "abc"], "STREAM:VERSION:HASH"),
        (vec!["a", "b"], "one export at a time"),
    ] {
        let output = run_with(&arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said.contains(sentence), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty());
    }
    for (first, sentence) in [
        ("{\"segue_journal_export\":2}", "has format 2"),
        ("hello", "is no journal export"),
    ] {
        let output = run(&[first.to_owned()], &[]);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8(output.stderr).unwrap().contains(sentence));
    }
}

/// The lines of an export of one stream with these bodies.
#[tokio::main(flavor = "current_thread")]
async fn export_of(bodies: &[Value]) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let journal = SqlJournal::open(&directory.path().join("journal.db"))
        .await
        .unwrap();
    append(&journal, "north", 0, bodies).await;
    let mut out = Vec::new();
    assert!(export_jsonl(&journal, &mut out).await.is_ok());
    let text = String::from_utf8(out).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_revoked_key_signs_nothing_more_and_what_it_signed_before_holds() {
    let first = hex::encode(key().verifying_key().to_bytes());
    let lines = export_of(&[
        json!({"a_created": {"public_key": first}}),
        signature_over([1; 32]),
        json!({"revoked_key": first}),
        signature_over([2; 32]),
    ]);
    let (code, report) = report(&lines, &[]);
    assert_eq!(
        (code, &report["first_bad"]["version"]),
        (Some(5), &json!(4))
    );
    assert_eq!(report["signatures"]["valid"], 1);
    let wrong = report["first_bad"]["wrong"].as_str().unwrap();
    assert!(wrong.contains("an earlier fact revokes"), "{wrong}");
}

/// What vouches for a key, as `docs/journal-format.md` says.
fn hash_of_key(stream: &str, person: &str, key: &str) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    let body = json!({"key": key, "person": person, "transition": stream}).to_string();
    Sha256::digest([b"segue-key\0", body.as_bytes()].concat()).into()
}

#[test]
fn no_old_signature_vouches_for_a_key_and_none_is_enrolled_without_its_own() {
    let first = hex::encode(key().verifying_key().to_bytes());
    let other = SigningKey::from_bytes(&[8; 32]);
    let public = hex::encode(other.verifying_key().to_bytes());
    let asked = hash_of_key("north", "dana", &public);
    assert_eq!(
        segue_domain::keys::hash(&"north".into(), &"dana".into(), &public),
        hex::encode(asked),
        "the page and the program say the same"
    );
    let proof = |hash: [u8; 32]| {
        let message = [b"segue-signature-v1\0".as_slice(), &hash].concat();
        hex::encode(other.sign(&message).to_bytes())
    };
    let enrolled = |hash: [u8; 32], proof: String| json!({"person": "dana", "public_key": public, "proof": proof, "signed": signature_over(hash)});
    let created = json!({"a_created": {"public_key": first}});
    for (body, holds) in [
        (enrolled(asked, proof(asked)), true),
        (enrolled([1; 32], proof(asked)), false),
        (enrolled(asked, proof([1; 32])), false),
    ] {
        let lines = export_of(&[created.clone(), body]);
        let (code, report) = report(&lines, &["--key", &first]);
        assert_eq!(code, Some(if holds { 0 } else { 5 }), "{report}");
    }
}

/// What a security key of `https://segue.example` answers when it is asked to sign a hash: one of P-256.
fn by_passkey(hash: [u8; 32], flags: u8) -> Value {
    use p256::ecdsa::signature::Signer;
    let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let point = hex::encode(key.verifying_key().to_encoded_point(true).as_bytes());
    by_authenticator(&format!("es256.{point}"), hash, flags, |message| {
        let signature: p256::ecdsa::Signature = key.sign(message);
        signature.to_der().as_bytes().to_vec()
    })
}

/// The same of Ed25519.
fn by_ed25519_passkey(hash: [u8; 32], flags: u8) -> Value {
    let key = SigningKey::from_bytes(&[9; 32]);
    let public = hex::encode(key.verifying_key().to_bytes());
    by_authenticator(&format!("eddsa.{public}"), hash, flags, |message| {
        key.sign(message).to_bytes().to_vec()
    })
}

fn by_authenticator(
    key: &str,
    hash: [u8; 32],
    flags: u8,
    sign: impl Fn(&[u8]) -> Vec<u8>,
) -> Value {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use sha2::{Digest, Sha256};
    let client = json!({"type": "webauthn.get", "challenge": URL_SAFE_NO_PAD.encode(hash),
        "origin": "https://segue.example", "crossOrigin": false})
    .to_string();
    let mut data = Sha256::digest("segue.example").to_vec();
    data.extend([flags, 0, 0, 0, 1]);
    let message = [&data[..], &Sha256::digest(&client)].concat();
    let signature = sign(&message);
    let parts = [&data[..], client.as_bytes(), &signature];
    let [data, client, signature] = parts.map(|part| URL_SAFE_NO_PAD.encode(part));
    json!({
        "public_key": format!("passkey.{key}.https://segue.example"),
        "signed_hash": hex::encode(hash),
        "signature": format!("webauthn.{data}.{client}.{signature}"),
    })
}

#[test]
fn a_passkey_is_believed_on_the_word_of_a_key_that_was_named_and_only_as_it_was_asked() {
    for by_passkey in [by_passkey, by_ed25519_passkey] {
        is_believed_only_as_it_was_asked(by_passkey);
    }
}

fn is_believed_only_as_it_was_asked(by_passkey: fn([u8; 32], u8) -> Value) {
    let first = hex::encode(key().verifying_key().to_bytes());
    let assertion = by_passkey([2; 32], 5);
    let passkey = assertion["public_key"].as_str().unwrap();
    let asked = hash_of_key("north", "dana", passkey);
    let enrolled = json!({"person": "dana", "public_key": passkey,
        "proof": by_passkey(asked, 5)["signature"], "signed": signature_over(asked)});
    let created = json!({"a_created": {"public_key": first}});
    let lines = export_of(&[created.clone(), enrolled.clone(), assertion]);
    let (code, whole) = report(&lines, &["--key", &first]);
    assert_eq!(
        (code, &whole["signatures"]["valid"]),
        (Some(0), &json!(2)),
        "{whole}"
    );
    let mut unseen = by_passkey([2; 32], 1);
    unseen["signed_hash"] = json!(hex::encode([2; 32]));
    let mut moved = by_passkey([2; 32], 5);
    moved["signed_hash"] = json!(hex::encode([3; 32]));
    for forged in [unseen, moved] {
        let lines = export_of(&[created.clone(), enrolled.clone(), forged]);
        let (code, report) = report(&lines, &[]);
        let wrong = report["first_bad"]["wrong"].as_str().unwrap();
        assert!(code == Some(5) && wrong.contains("forged"), "{wrong}");
    }
}
