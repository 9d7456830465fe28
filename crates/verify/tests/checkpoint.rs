//! Checkpoints that both parties signed, against exports of a real journal that its host rewrote with correct hashes.
#![expect(clippy::unwrap_used, reason = "a failed fixture is a failed test")]

use ed25519_dalek::SigningKey;
use segue_domain::signature::SignatureInput;
use segue_journal::checkpoint::{self, CheckpointFile};
use segue_journal::{
    Append, Body, CommandId, Journal, NewEvent, SqlJournal, StreamId, Version, export_jsonl,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

const SIDES: [(&str, u8); 2] = [("client", 7), ("outsourcer", 8)];

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public(seed: u8) -> String {
    hex::encode(key(seed).verifying_key().to_bytes())
}

fn created() -> Value {
    let party = |(side, seed): (&str, u8)| json!({"side": side, "signatories": [{"person": side, "public_key": public(seed)}]});
    json!({"type": "transition_created", "parties": SIDES.map(party)})
}

fn facts(texts: &[&str]) -> Vec<Value> {
    let said = texts.iter().map(|text| json!({"text": text}));
    std::iter::once(created()).chain(said).collect()
}

/// A journal of these facts, its export as a file, and its checkpoint as it stands.
#[tokio::main(flavor = "current_thread")]
async fn journal(
    folder: &Path,
    name: &str,
    bodies: &[Value],
    day: &str,
) -> (PathBuf, CheckpointFile) {
    let journal = SqlJournal::open(&folder.join(format!("{name}.db")))
        .await
        .unwrap();
    let stream = StreamId::new("T-1").unwrap();
    for (version, body) in bodies.iter().enumerate() {
        let append = Append {
            stream: stream.clone(),
            expected_version: Version(version as u64),
            command_id: CommandId::new(format!("c-{version}")).unwrap(),
            actor: "client:dana".to_owned(),
            cause: "test".to_owned(),
            recorded_at: "2026-11-27T07:00:00Z".parse().unwrap(),
            events: vec![NewEvent {
                kind: "said".to_owned(),
                schema: 1,
                body: Body::canonical(body).unwrap(),
            }],
        };
        assert!(journal.append(&append).await.is_ok());
    }
    let at = format!("{day}T00:00:05Z").parse().unwrap();
    let file = checkpoint::take(&journal, &stream, at, None)
        .await
        .unwrap()
        .unwrap();
    let path = folder.join(format!("{name}.jsonl"));
    let mut out = Vec::new();
    assert!(export_jsonl(&journal, &mut out).await.is_ok());
    std::fs::write(&path, out).unwrap();
    (path, file)
}

fn signed(mut file: CheckpointFile, seeds: &[u8]) -> CheckpointFile {
    for seed in seeds {
        let by = SignatureInput::by(&"someone".into(), &key(*seed), &file.hash()).unwrap();
        assert!(file.sign(&public(*seed), by));
    }
    file
}

fn keep(folder: &Path, name: &str, file: &CheckpointFile) -> String {
    let path = folder.join(name);
    std::fs::write(&path, file.text().unwrap()).unwrap();
    path.to_str().unwrap().to_owned()
}

fn verify(export: &Path, more: &[&str]) -> (Option<i32>, Value, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_segue-verify"))
        .arg(export)
        .arg("--json")
        .args(more)
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), report, said)
}

#[test]
fn what_both_signed_holds_while_the_journal_only_grows() {
    let folder = tempfile::tempdir().unwrap();
    let (_, file) = journal(folder.path(), "then", &facts(&["a", "b"]), "2026-11-27");
    let kept = keep(folder.path(), "27.json", &signed(file, &[7, 8]));
    let (later, file) = journal(folder.path(), "now", &facts(&["a", "b", "c"]), "2026-11-28");
    let second = keep(folder.path(), "28.json", &signed(file, &[8, 7]));
    let (client, outsourcer) = (public(7), public(8));
    let arguments = [
        "--checkpoint",
        &kept,
        "--checkpoint",
        &second,
        "--key",
        &client,
        "--key",
        &outsourcer,
    ];
    let (code, report, said) = verify(&later, &arguments);
    assert_eq!(
        (code, &report["ok"], &report["checkpoints"]),
        (Some(0), &json!(true), &json!(2)),
        "{report} {said}"
    );
}

#[test]
fn whatever_the_host_does_to_the_past_does_not_fit_what_both_signed() {
    let folder = tempfile::tempdir().unwrap();
    let honest = facts(&["share 20 approved", "fell back", "note"]);
    let (_, file) = journal(folder.path(), "honest", &honest, "2026-11-27");
    let kept = keep(folder.path(), "27.json", &signed(file, &[7, 8]));
    let cases: [(&str, Vec<Value>); 4] = [
        ("the fallback cut off", facts(&["share 20 approved"])),
        (
            "the fallback rewritten",
            facts(&["share 20 approved", "nothing", "note"]),
        ),
        (
            "two facts in another order",
            facts(&["fell back", "share 20 approved", "note"]),
        ),
        (
            "the fallback left out and another fact at the end",
            facts(&["share 20 approved", "note", "more"]),
        ),
    ];
    for (at, (what, bodies)) in cases.into_iter().enumerate() {
        // Every hash and link of the host's journal is right: alone it looks well.
        let (export, _) = journal(folder.path(), &format!("host-{at}"), &bodies, "2026-11-27");
        assert_eq!(verify(&export, &[]).0, Some(0), "{what}");
        let (code, report, _) = verify(&export, &["--checkpoint", &kept]);
        assert_eq!(
            (code, &report["first_bad"]["kind"]),
            (Some(5), &json!("checkpoint")),
            "{what}: {report}"
        );
    }
}

#[test]
fn a_checkpoint_binds_only_with_a_key_of_each_party_that_was_enrolled() {
    let folder = tempfile::tempdir().unwrap();
    let (export, file) = journal(folder.path(), "honest", &facts(&["a"]), "2026-11-27");
    for (seeds, kind, says) in [
        (&[][..], "unsigned", "the client"),
        (&[7][..], "unsigned", "the outsourcer"),
        (&[8][..], "unsigned", "the client"),
        (&[7, 9][..], "signature", "not enrolled at that fact"),
    ] {
        let kept = keep(folder.path(), "one.json", &signed(file.clone(), seeds));
        let (code, report, _) = verify(&export, &["--checkpoint", &kept]);
        let bad = &report["first_bad"];
        assert_eq!(
            (code, &bad["kind"]),
            (Some(5), &json!(kind)),
            "{seeds:?}: {report}"
        );
        assert!(bad["wrong"].as_str().unwrap().contains(says), "{bad}");
    }
    let kept = keep(folder.path(), "both.json", &signed(file, &[7, 8]));
    let (code, report, _) = verify(&export, &["--checkpoint", &kept, "--key", &public(7)]);
    assert_eq!(
        (code, &report["first_bad"]["kind"]),
        (Some(5), &json!("signature"))
    );
}

#[test]
fn a_changed_or_forged_checkpoint_is_no_evidence() {
    let folder = tempfile::tempdir().unwrap();
    let (export, file) = journal(folder.path(), "honest", &facts(&["a", "b"]), "2026-11-27");
    let file = signed(file, &[7, 8]);
    let text = file.text().unwrap();
    let other = signed(file.clone(), &[7, 8]).signatures()[0]
        .signature
        .clone();
    let reversed: String = other.chars().rev().collect();
    let path = folder.path().join("forged.json");
    for (what, forged) in [
        (
            "another version",
            text.replace("\\\"version\\\":3", "\\\"version\\\":2"),
        ),
        ("another day", text.replace("2026-11-27", "2026-11-26")),
        ("another signature", text.replace(&other, &reversed)),
    ] {
        assert!(forged != text, "{what}");
        std::fs::write(&path, forged).unwrap();
        let (code, _, said) = verify(&export, &["--checkpoint", path.to_str().unwrap()]);
        assert_eq!(code, Some(2), "{what}");
        assert!(
            said.contains("is forged, or what was signed was changed"),
            "{what}: {said}"
        );
    }
    for (garbage, says) in [
        ("", "no JSON"),
        ("{}", "is not 1"),
        (r#"{"segue_checkpoint":1}"#, "`body` is no text"),
    ] {
        std::fs::write(&path, garbage).unwrap();
        let (code, _, said) = verify(&export, &["--checkpoint", path.to_str().unwrap()]);
        assert_eq!(code, Some(2), "{garbage}");
        assert!(said.contains(says), "{garbage}: {said}");
    }
}

#[test]
fn a_later_checkpoint_that_reaches_less_far_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (export, early) = journal(folder.path(), "long", &facts(&["a", "b"]), "2026-11-27");
    let (_, late) = journal(folder.path(), "short", &facts(&["a"]), "2026-11-28");
    let early = keep(folder.path(), "27.json", &signed(early, &[7, 8]));
    let late = keep(folder.path(), "28.json", &signed(late, &[7, 8]));
    let (code, report, _) = verify(&export, &["--checkpoint", &early, "--checkpoint", &late]);
    assert_eq!(code, Some(5));
    let wrong = report["first_bad"]["wrong"].as_str().unwrap();
    assert!(wrong.contains("reaches less far"), "{wrong}");
}
