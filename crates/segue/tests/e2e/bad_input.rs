//! Bad input anywhere: its exit code, one clear sentence, exactly one JSON document, and nothing half-written.

use crate::support::centre::Centre;
use crate::support::cli::{Said, segue, segue_reading};
use crate::support::world::{CHUNK, CLIENT, Targets, World};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn world() -> World {
    let home = Centre::at([127, 0, 0, 2]);
    World::live(
        Targets {
            in_house: home.addr,
            outsourced: home.addr,
            last_resort: home.addr,
        },
        &[20, 40],
    )
}

/// Names of all files with their sizes, less what any reader may touch: `SQLite`'s files, whose facts are asked for,
/// and compiled tables, which are no facts.
fn files(folder: &Path) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("readable") {
            let path = entry.expect("readable").path();
            let name = path.display().to_string();
            if path.is_dir() {
                folders.push(path);
            } else if ![".db", "-wal", "-shm", ".hash"]
                .iter()
                .any(|ending| name.ends_with(ending))
                && !name.contains("/tables/")
            {
                all.insert(name, path.metadata().expect("a file").len());
            }
        }
    }
    all
}

/// A person reads one sentence or one refusal, not a stack of causes or a panic.
#[track_caller]
fn clear(said: &Said, code: i32, names: &str, typed: &[&str]) {
    assert_eq!(said.code, code, "{typed:?}: {said:?}");
    assert!(
        said.out.is_empty(),
        "answers go to standard output, complaints do not: {typed:?}: {said:?}"
    );
    assert!(
        said.err.contains(names),
        "`{names}` should be named: {typed:?}: {said:?}"
    );
    for word in ["panicked", "RUST_BACKTRACE", "Error {", "Some("] {
        assert!(!said.err.contains(word), "{typed:?}: {said:?}");
    }
    let lines = said.err.trim_end().lines().count();
    let usage = said.err.contains("Usage:") || said.err.contains("For more information");
    assert!(
        lines == 1 || usage || code == 3,
        "one sentence: {typed:?}: {said:?}"
    );
}

/// And a program one document.
#[track_caller]
fn one_document(said: &Said, code: i32, typed: &[&str]) {
    assert_eq!(said.code, code, "{typed:?}: {said:?}");
    let Value::Object(document) = said.json() else {
        panic!("{typed:?}: {said:?}")
    };
    if code == 3 {
        for key in ["code", "rule", "missing", "who", "how"] {
            assert!(
                !document["refusal"][key].is_null(),
                "{key}: {typed:?}: {said:?}"
            );
        }
    } else {
        assert!(
            document["error"]
                .as_str()
                .is_some_and(|sentence| !sentence.is_empty()),
            "{typed:?}: {said:?}"
        );
    }
}

/// What was typed, the exit code, and what the answer must name. Words in braces stand for this world's own.
const MISTAKES: &[(&str, i32, &str)] = &[
    ("serve --sip nonsense", 2, "--sip"),
    ("status --colour", 2, "--colour"),
    ("statsu", 2, "statsu"),
    ("do", 2, "segue do --list"),
    ("do promote-everything", 2, "promote-everything"),
    ("do propose-step --chnk x", 2, "--chunk"),
    ("do propose-step --chunk", 2, "--chunk needs a value"),
    ("do propose-step --chunk {chunk}", 2, "share_percent"),
    (
        "do propose-plan --file /nowhere/plan.json",
        2,
        "/nowhere/plan.json",
    ),
    (
        "do propose-plan --file {not_json}",
        2,
        "is not a JSON object",
    ),
    ("do propose-plan --file {list}", 2, "is not a JSON object"),
    (
        "do propose-step --chunk NOSUCH --share-percent 40",
        3,
        "NOSUCH",
    ),
    (
        "do propose-step --chunk {chunk} --share-percent 110",
        3,
        "SHARE_OUT_OF_RANGE",
    ),
    (
        "do propose-step --chunk {chunk} --share-percent -1",
        3,
        "SHARE_OUT_OF_RANGE",
    ),
    (
        "do propose-step --chunk {chunk} --share-percent 12.5",
        3,
        "SHARE_OUT_OF_RANGE",
    ),
    (
        "do propose-step --chunk {chunk} --share-percent many",
        3,
        "SHARE_OUT_OF_RANGE",
    ),
    (
        "do propose-step --chunk {chunk} --share-percent 30",
        3,
        "STEP_NOT_IN_PLAN",
    ),
    ("--at 2027-01-01T00:00:00Z status", 2, "simulated"),
    ("--at yesterday status", 2, "--at"),
    (
        "do sign-plan --version 1 --key {garbage}",
        2,
        "segue key new",
    ),
    (
        "do sign-plan --version 1 --key /nowhere/x.key",
        2,
        "segue key new",
    ),
    ("do sign-plan --version 9 --key {key}", 2, "sign"),
    ("key show {garbage}", 2, "segue key new"),
    ("key new {key}", 2, "exist"),
    ("key new /nowhere/x.key", 2, "/nowhere/x.key"),
    ("fallback --scope RVS-Elsewhere", 3, "RVS-Elsewhere"),
    ("explain no-such-call", 2, "no-such-call"),
    ("plan diff 1 7", 2, "version 7"),
    ("journal export --jsonl {inside}", 2, "segue.toml"),
    ("init", 2, "already"),
    ("user remove nobody", 3, "an administrator of the client"),
    ("user add eve --side sideways --role viewer", 2, "sideways"),
    (
        "windows preview --zone Mars/Olympus --window {window} --from 2027-01-01 --to 2027-01-02",
        2,
        "Mars/Olympus",
    ),
    (
        "--command-id {empty} do record-evidence --chunk {chunk} --leg agents --passed true --reference x",
        2,
        "command",
    ),
];

/// Files that are not what they should be; the words of this world.
fn words(world: &World) -> BTreeMap<&'static str, String> {
    let not_json = world.path("not.json");
    fs::write(&not_json, "{ \"chunk\": ").expect("written");
    let garbage = world.path("garbage.key");
    fs::write(&garbage, "not a key\n").expect("written");
    let plain = |path: &Path| path.to_str().expect("plain").to_owned();
    BTreeMap::from([
        ("{chunk}", CHUNK.to_owned()),
        ("{not_json}", plain(&not_json)),
        (
            "{list}",
            world.write("list.json", &serde_json::json!([1, 2])),
        ),
        ("{garbage}", plain(&garbage)),
        ("{key}", world.key(CLIENT)),
        ("{inside}", plain(&world.data().join("segue.toml"))),
        ("{spaced}", "x y".to_owned()),
        ("{window}", "Sat 22:00-Sun 06:00".to_owned()),
        ("{empty}", String::new()),
    ])
}

#[test]
fn every_mistake_is_answered_clearly_and_changes_nothing() {
    let world = world();
    let (data, words) = (world.data(), words(&world));
    let (before, standing) = (files(&data), without_position(&world));
    let facts = world.facts("before.jsonl").len();
    for (typed, code, names) in MISTAKES {
        let typed: Vec<_> = typed
            .split(' ')
            .map(|word| words.get(word).map_or(word, String::as_str))
            .collect();
        let input = "a password that is long enough\n";
        let said = segue_reading(&data, Some(&world.client), &typed, input);
        clear(&said, *code, names, &typed);
        let typed = [&["--json"], typed.as_slice()].concat();
        let said = segue_reading(&data, Some(&world.client), &typed, input);
        one_document(&said, *code, &typed);
    }
    assert_eq!(files(&data), before);
    assert_eq!(without_position(&world), standing);
    // What was asked for and refused is on record, and nothing else is.
    let after = world.facts("after.jsonl");
    let new = &after[facts - 1..after.len() - 1];
    assert!(
        !new.is_empty() && new.iter().all(|fact| fact["kind"] == "command_refused"),
        "{new:?}"
    );
    assert_eq!(world.ask(None, &["journal", "verify"]).done()["ok"], true);
}

fn without_position(world: &World) -> Value {
    let mut standing = world.standing();
    standing
        .as_object_mut()
        .expect("an object")
        .remove("position");
    standing
}

#[test]
fn who_acts_and_where_is_asked_for_clearly() {
    let world = world();
    let data = world.data();
    let client = Some(world.client.as_str());
    for (token, typed, code, names) in [
        (None, "do open-discovery", 2, "--as USER"),
        (
            None,
            "--as rvs-director do open-discovery",
            2,
            "segue login rvs-director",
        ),
        (
            None,
            "--as ../../etc/passwd do open-discovery",
            2,
            "no account name",
        ),
        (Some("made-up-token"), "do open-discovery", 2, "wrong"),
        (None, "user remove nobody", 2, "nobody"),
        (
            None,
            "user add rvs-director --side client --role viewer",
            2,
            "rvs-director",
        ),
        (
            client,
            "--as cb-director do open-discovery",
            2,
            "rvs-director",
        ),
        (
            None,
            "serve --sip 203.0.113.9:5060 --http 127.0.0.1:0",
            4,
            "203.0.113.9",
        ),
        (
            None,
            "serve --sip 127.0.0.1:0 --http 203.0.113.9:80",
            4,
            "203.0.113.9",
        ),
    ] {
        let typed: Vec<_> = typed.split(' ').collect();
        let input = "a password that is long enough\n";
        let said = segue_reading(&data, token, &typed, input);
        clear(&said, code, names, &typed);
        let typed = [&["--json"], typed.as_slice()].concat();
        let said = segue_reading(&data, token, &typed, input);
        one_document(&said, code, &typed);
    }
    let nowhere = world.path("nowhere");
    for typed in [
        "status",
        "serve",
        "fallback",
        "journal verify",
        "user list",
        "explain 7001",
    ] {
        let typed: Vec<_> = typed.split(' ').collect();
        clear(
            &segue(&nowhere, client, &typed),
            2,
            "segue --data DIR init",
            &typed,
        );
    }
    assert!(!nowhere.exists(), "asking makes no directory");
}

#[test]
fn a_failed_init_and_a_short_password_leave_nothing() {
    let world = world();
    let file = world.path("a-file");
    fs::write(&file, "in the way").expect("written");
    let said = segue(&file.join("data"), None, &["init"]);
    clear(&said, 4, "--data DIR", &["init"]);
    assert_eq!(fs::read_to_string(&file).expect("readable"), "in the way");
    let add = ["user", "add", "eve", "--side", "client", "--role", "viewer"];
    clear(
        &segue_reading(&world.data(), None, &add, "short\n"),
        2,
        "10",
        &add,
    );
    clear(
        &segue_reading(&world.data(), None, &add, ""),
        2,
        "standard input",
        &add,
    );
    let with_pin = [add.as_slice(), &["--pin"]].concat();
    clear(
        &segue_reading(&world.data(), None, &with_pin, "long enough for all\n123\n"),
        2,
        "8",
        &with_pin,
    );
    let users = world.ask(None, &["user", "list"]).done();
    assert!(!users.to_string().contains("eve"), "{users}");
}
