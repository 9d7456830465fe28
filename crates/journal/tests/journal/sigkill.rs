//! Killed at any moment, the journal keeps every fact it acknowledged.

use crate::common::{Dice, append};
use segue_journal::{Journal, Position, SqlJournal, Version, verify};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

const DIRECTORY: &str = "SEGUE_JOURNAL_TEST_DIRECTORY";
const ROUNDS: u64 = 25;

#[test]
fn a_killed_writer_loses_no_acknowledged_fact() {
    if let Ok(directory) = std::env::var(DIRECTORY) {
        append_until_killed(Path::new(&directory));
    }
    let directory = tempfile::tempdir().unwrap();
    let mut dice = Dice(0x5e90_e5e9);
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        acknowledged.extend(acknowledged_before_kill(directory.path(), &mut dice));
        check(directory.path(), &acknowledged, round);
    }
    assert!(acknowledged.len() as u64 >= ROUNDS);
    println!(
        "{} acknowledged facts over {ROUNDS} kills, 0 lost",
        acknowledged.len()
    );
}

/// Runs this test again as the writer, kills it in the midst of its work, and returns what it said it had recorded.
fn acknowledged_before_kill(directory: &Path, dice: &mut Dice) -> Vec<(String, u64, u64)> {
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args([
            "sigkill::a_killed_writer_loses_no_acknowledged_fact",
            "--exact",
            "--nocapture",
        ])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let mut said = Vec::new();
    let wanted = 1 + dice.below(30);
    while (said.len() as u64) < wanted {
        said.extend(parse(&lines.next().unwrap().unwrap()));
    }
    // The writer is somewhere inside its next append; wander a little so that it is not always the same place.
    for _ in 0..dice.below(200_000) {
        std::hint::spin_loop();
    }
    writer.kill().unwrap();
    writer.wait().unwrap();
    said.extend(lines.map_while(Result::ok).filter_map(|line| parse(&line)));
    said
}

/// `ack STREAM VERSION POSITION`; a line cut by the kill was never fully said.
fn parse(line: &str) -> Option<(String, u64, u64)> {
    let mut words = line.strip_prefix("ack ")?.strip_suffix(" .")?.split(' ');
    let stream = words.next()?.to_owned();
    Some((
        stream,
        words.next()?.parse().ok()?,
        words.next()?.parse().ok()?,
    ))
}

#[tokio::main(flavor = "current_thread")]
async fn check(directory: &Path, acknowledged: &[(String, u64, u64)], round: u64) {
    let journal = SqlJournal::open(&directory.join("journal.db"))
        .await
        .unwrap();
    let report = verify(&journal, &[]).await.unwrap();
    assert!(report.ok, "round {round}: {report:?}");
    assert_eq!(journal.head().await.unwrap(), report.position);
    for (stream, version, position) in acknowledged {
        let found = journal
            .read_stream(&crate::common::stream(stream), Version(version - 1), 1)
            .await
            .unwrap();
        let found = found.first().map(|event| (event.version, event.position));
        assert_eq!(
            found,
            Some((Version(*version), Position(*position))),
            "round {round}"
        );
    }
    journal.close().await;
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn append_until_killed(directory: &Path) -> ! {
    let path = directory.join("journal.db");
    let journal = SqlJournal::open(&path).await.unwrap();
    let heads = journal.streams().await.unwrap();
    let last = |name: &str| {
        heads
            .iter()
            .find(|head| head.stream.as_str() == name)
            .map_or(0, |head| head.version.0)
    };
    let tasks = ["north", "south"].map(|name| {
        let journal = journal.clone();
        let mut version = last(name);
        tokio::spawn(async move {
            loop {
                let request = append(name, version, &format!("{name}-{version}"), 2);
                let outcome = journal.append(&request).await.unwrap();
                version = outcome.version().0;
                let mut out = std::io::stdout().lock();
                writeln!(out, "ack {name} {version} {} .", outcome.position()).unwrap();
                out.flush().unwrap();
            }
        })
    });
    let [north, south] = tasks;
    let ended = tokio::try_join!(north, south);
    panic!("the writers go on until they are killed, yet they ended: {ended:?}")
}
