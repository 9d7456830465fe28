//! Measures how long an append takes until it is durable: `cargo run --release -p segue-journal --example append_latency`.
//!
//! One writer alone, then several at once on their own streams, on a file in the current directory (or the one given);
//! then a check of that whole journal, and call facts handed to their writer as fast as it stores them. With the URL of an
//! empty PostgreSQL database as second argument the same appends there, and how soon another node hears of each.

use segue_journal::facts::{Decision, Facts, FactsWriter};
use segue_journal::verify;
use segue_journal::{
    Append, Body, CommandId, Journal, NewEvent, Place, SqlJournal, StreamId, Version,
};
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const APPENDS: u64 = 5_000;
const BODY_BYTES: usize = 600;
const DECISIONS: u64 = 100_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args()
        .nth(1)
        .map_or_else(|| PathBuf::from("."), PathBuf::from);
    let directory = tempfile::tempdir_in(directory)?;
    for writers in [1, 8] {
        let place = Place::from(&directory.path().join(format!("journal-{writers}.db")));
        report(writers, measure(&place, 0, writers).await?)?;
        check(&place).await?;
    }
    if let Some(url) = std::env::args().nth(2) {
        let place = Place::server(&url).ok_or("the second argument is no postgres:// URL")?;
        writeln!(std::io::stdout(), "on {place}:")?;
        for (first, writers) in [(0, 1), (1, 8)] {
            report(writers, measure(&place, first, writers).await?)?;
        }
        check(&place).await?;
        announced(&place).await?;
    }
    hand_over_facts(&directory.path().join("facts.db")).await
}

/// From the acknowledgement at one node to the announcement at another.
async fn announced(place: &Place) -> Result<(), Box<dyn Error>> {
    const HEARD: u64 = 1_000;
    let (one, other) = (
        SqlJournal::open(place).await?,
        SqlJournal::open(place).await?,
    );
    // The listener needs a moment to listen.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut seen = other.watch();
    let mut took = Vec::new();
    let started = stopwatch();
    for version in 0..HEARD {
        let position = one.append(&request(99, version)?).await?.position();
        let acknowledged = stopwatch();
        let heard = seen.wait_for(|newest| *newest >= position);
        tokio::time::timeout(Duration::from_secs(1), heard).await??;
        took.push(acknowledged.elapsed());
    }
    let whole = started.elapsed();
    took.sort_unstable();
    writeln!(
        std::io::stdout(),
        "announced to another node, after the acknowledgement:"
    )?;
    report(1, (took, whole))
}

async fn check(place: &Place) -> Result<(), Box<dyn Error>> {
    let journal = SqlJournal::open(place).await?;
    let started = stopwatch();
    let report = verify(&journal, &[]).await?;
    let (took, events) = (started.elapsed(), report.events);
    writeln!(
        std::io::stdout(),
        "  verify of {events} facts: ok {}, {took:?}",
        report.ok
    )?;
    Ok(())
}

async fn hand_over_facts(path: &Path) -> Result<(), Box<dyn Error>> {
    let writer = FactsWriter::start(Facts::open(path).await?, 2_000);
    let decision = decision();
    let started = stopwatch();
    for n in 0..DECISIONS {
        let decision = Decision {
            call_id: format!("call-{n}"),
            ..decision.clone()
        };
        while !writer.decision(decision.clone()) {
            tokio::task::yield_now().await;
        }
    }
    writer.flush().await;
    let (took, stored) = (started.elapsed(), writer.counts().stored);
    let per_s = u128::from(stored) * 1_000 / took.as_millis().max(1);
    writeln!(
        std::io::stdout(),
        "call facts: {stored} decisions in {took:?}, {per_s}/s"
    )?;
    Ok(())
}

fn decision() -> Decision {
    Decision {
        call_id: String::new(),
        at: jiff::Timestamp::UNIX_EPOCH,
        node: "n1".to_owned(),
        table_hash: "ab".repeat(32),
        line: "main".to_owned(),
        chunk: Some("RVS-Main/MSG".to_owned()),
        rule: "share".to_owned(),
        bucket: Some(1_234),
        pi_bp: 2_000,
        arm: "out".to_owned(),
        reason: "bucket 1234 is below 2000".to_owned(),
        targets: Vec::new(),
        caller: None,
        dialled: "7001".to_owned(),
        is_test: false,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a stopwatch is what this program is"
)]
fn stopwatch() -> Instant {
    Instant::now()
}

/// Streams are numbered from `first` on, so that measures on one server do not meet.
async fn measure(
    place: &Place,
    first: u64,
    writers: u64,
) -> Result<(Vec<Duration>, Duration), Box<dyn Error>> {
    let journal = SqlJournal::open(place).await?;
    let started = stopwatch();
    let mut tasks = tokio::task::JoinSet::new();
    for writer in first..first + writers {
        let journal = journal.clone();
        tasks.spawn(async move {
            let mut took = Vec::new();
            for version in 0..APPENDS / writers {
                let request = request(writer, version)?;
                let started = stopwatch();
                let outcome = journal
                    .append(&request)
                    .await
                    .map_err(|error| error.to_string())?;
                took.push(started.elapsed());
                debug_assert_eq!(outcome.version().0, version + 1);
            }
            Ok::<_, String>(took)
        });
    }
    let mut took = Vec::new();
    while let Some(done) = tasks.join_next().await {
        took.extend(done??);
    }
    let whole = started.elapsed();
    took.sort_unstable();
    journal.close().await;
    Ok((took, whole))
}

fn request(writer: u64, version: u64) -> Result<Append, String> {
    let body = Body::canonical(&serde_json::json!({"text": "x".repeat(BODY_BYTES)}));
    Ok(Append {
        stream: StreamId::new(format!("stream-{writer}")).map_err(|error| error.to_string())?,
        expected_version: Version(version),
        command_id: CommandId::new(format!("{writer}-{version}"))
            .map_err(|error| error.to_string())?,
        actor: "client:bench".to_owned(),
        cause: "bench".to_owned(),
        recorded_at: jiff::Timestamp::UNIX_EPOCH,
        events: vec![NewEvent {
            kind: "measured".to_owned(),
            schema: 1,
            body: body.map_err(|error| error.to_string())?,
        }],
    })
}

fn report(writers: u64, (took, whole): (Vec<Duration>, Duration)) -> Result<(), Box<dyn Error>> {
    let at = |per_mille: usize| {
        took.get(took.len() * per_mille / 1_000)
            .copied()
            .unwrap_or_default()
    };
    let per_s = u128::try_from(took.len())? * 1_000 / whole.as_millis().max(1);
    writeln!(
        std::io::stdout(),
        "{writers} writers: {} appends, p50 {:?}, p99 {:?}, p99.9 {:?}, max {:?}, {per_s} appends/s",
        took.len(),
        at(500),
        at(990),
        at(999),
        at(1_000).max(took.last().copied().unwrap_or_default()),
    )?;
    Ok(())
}
