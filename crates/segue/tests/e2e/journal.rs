//! A journal that cannot be written keeps no call from coming home; when it can, it learns of it, once.

use crate::support::centre::Centre;
use crate::support::clock::wait_for;
use crate::support::sipp::{self, Load, callers};
use crate::support::stage::Stage;
use crate::support::world::{DIALLED, Targets, World};
use serde_json::Value;
use sqlx::{Connection, SqliteConnection};
use std::path::Path;
use std::process::Command;

fn fell_back(world: &World, export: &str) -> Vec<Value> {
    world
        .facts(export)
        .into_iter()
        .filter(|line| line["kind"] == "fell_back")
        .collect()
}

/// Takes the journal's write lock and keeps it until dropped or closed.
async fn hold(path: &Path) -> SqliteConnection {
    let mut held = SqliteConnection::connect(&format!("sqlite://{}", path.display()))
        .await
        .expect("opened");
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut held)
        .await
        .expect("the lock");
    held
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_journal_keeps_no_call_from_coming_home() {
    if !sipp::available() {
        return;
    }
    let Stage {
        in_house,
        outsourced,
        world,
        serving,
        last: _last,
    } = Stage::live(&[100]);
    Load::each(&callers(555, 40), DIALLED, 100).place(serving.sip);
    assert_eq!((in_house.count(), outsourced.count()), (0, 40));

    let mut held = hold(&world.data().join("journal.db")).await;
    // Routing asks no journal: calls go on as agreed.
    Load::each(&callers(556, 40), DIALLED, 100).place(serving.sip);
    assert_eq!((in_house.count(), outsourced.count()), (0, 80));
    let pressed = world.client(&[
        "fallback",
        "--scope",
        "all",
        "--reason",
        "outsourcer is down",
    ]);
    assert_eq!(
        (&pressed["nodes_home"], &pressed["journalled"]),
        (&1.into(), &false.into()),
        "{pressed}"
    );
    let warnings = pressed["warnings"].to_string();
    assert!(warnings.contains("journalling pending"), "{pressed}");
    assert!(
        pressed["latency_ms"].as_u64().expect("milliseconds") < 1_000,
        "the latch waits for no journal: {pressed}"
    );
    Load::each(&callers(557, 40), DIALLED, 100).place(serving.sip);
    assert_eq!((in_house.count(), outsourced.count()), (40, 80));
    assert!(
        world.data().join("node/latch.json").exists(),
        "the latch is on disk"
    );
    // Impatient people press again; it is still one return.
    let again = world.outsourcer(&["fallback", "--scope", "all", "--reason", "is it home?"]);
    assert_eq!(again["journalled"], false, "{again}");

    sqlx::query("ROLLBACK")
        .execute(&mut held)
        .await
        .expect("released");
    held.close().await.expect("closed");
    wait_for("the journal learns of it", || {
        (world.line()["state"] == "returned").then_some(())
    });
    Load::each(&callers(558, 40), DIALLED, 100).place(serving.sip);
    assert_eq!((in_house.count(), outsourced.count()), (80, 80));
    wait_for("nothing is pending", || {
        let pending =
            std::fs::read_to_string(world.data().join("node/pending.json")).unwrap_or_default();
        (pending.trim() == "[]").then_some(())
    });
    let facts = fell_back(&world, "after.jsonl");
    assert_eq!(facts.len(), 1, "{facts:?}");
    assert_eq!(serving.stop(), 0);
}

#[test]
fn segue_verify_checks_the_export_and_finds_what_was_altered() {
    let binary = Path::new(env!("CARGO_BIN_EXE_segue")).with_file_name("segue-verify");
    if !binary.exists() {
        let required = std::env::var("SEGUE_REQUIRE_PEERS").is_ok_and(|v| v == "1");
        assert!(
            !required,
            "no {}; run `cargo build --workspace --bins`",
            binary.display()
        );
        println!(
            "SKIPPED: no {}; run `cargo build --workspace --bins`",
            binary.display()
        );
        return;
    }
    let home = Centre::at([127, 0, 0, 2]);
    let world = World::live(
        Targets {
            in_house: home.addr,
            outsourced: home.addr,
            last_resort: home.addr,
        },
        &[20],
    );
    let facts = world.facts("journal.jsonl");
    let verify = |name: &str| {
        let output = Command::new(&binary)
            .arg(world.path(name))
            .arg("--json")
            .output()
            .expect("segue-verify runs");
        let said: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
        (output.status.code(), said)
    };
    let (code, said) = verify("journal.jsonl");
    assert_eq!((code, &said["ok"]), (Some(0), &true.into()), "{said}");
    // All lines but header and end are facts; every signature in them was checked.
    assert_eq!(said["events"], facts.len() - 2, "{said}");

    let text = std::fs::read_to_string(world.path("journal.jsonl")).expect("an export");
    assert!(text.contains("share_changed"));
    std::fs::write(
        world.path("altered.jsonl"),
        text.replace(r#"\"to\":2000"#, r#"\"to\":9000"#),
    )
    .expect("written");
    let altered = std::fs::read_to_string(world.path("altered.jsonl")).expect("a file");
    assert_ne!(text, altered, "the share is in the export");
    let (code, said) = verify("altered.jsonl");
    assert_eq!((code, &said["ok"]), (Some(5), &false.into()), "{said}");
}
