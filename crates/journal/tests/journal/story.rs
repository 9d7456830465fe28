//! One story every journal must live through, whatever database is behind it.

use crate::common::postgres::Postgres;
use crate::common::{append, event, stream};
use segue_journal::{
    AppendError, ChainHash, Checkpoint, CommandId, Journal, Outcome, Place, Position,
    READ_EVENTS_MAX, SqlJournal, Version, Wrong, verify,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Two handles, as two processes would have.
async fn two(place: &Place) -> [Arc<SqlJournal>; 2] {
    let open = async || Arc::new(SqlJournal::open(place).await.unwrap());
    [open().await, open().await]
}

#[tokio::test]
async fn sqlite_tells_the_story() {
    let directory = tempfile::tempdir().unwrap();
    let place = Place::from(&directory.path().join("journal.db"));
    story(&SqlJournal::open(&place).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_sqlite_one_writer_wins_each_version_and_positions_have_no_gap() {
    let directory = tempfile::tempdir().unwrap();
    let place = Place::from(&directory.path().join("journal.db"));
    race_for_versions(two(&place).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_sqlite_a_command_sent_many_times_at_once_is_recorded_once() {
    let directory = tempfile::tempdir().unwrap();
    let place = Place::from(&directory.path().join("journal.db"));
    race_with_one_command(two(&place).await).await;
}

#[tokio::test]
async fn a_sqlite_journal_reopened_is_the_same_journal() {
    let directory = tempfile::tempdir().unwrap();
    let place = Place::from(&directory.path().join("journal.db"));
    reopened_is_the_same(&place).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres_tells_the_same_story() {
    let Some(server) = Postgres::start() else {
        return;
    };
    story(
        &SqlJournal::open(server.database("story").await)
            .await
            .unwrap(),
    )
    .await;
    race_for_versions(two(&server.database("versions").await).await).await;
    race_with_one_command(two(&server.database("command").await).await).await;
    reopened_is_the_same(&server.database("reopened").await).await;
}

async fn reopened_is_the_same(place: &Place) {
    let journal = SqlJournal::open(place).await.unwrap();
    let outcome = journal.append(&append("north", 0, "c1", 3)).await.unwrap();
    let before = journal.read(Position(0), 10).await.unwrap();
    journal.close().await;

    let journal = SqlJournal::open(place).await.unwrap();
    assert_eq!(journal.read(Position(0), 10).await.unwrap(), before);
    assert_eq!(*journal.watch().borrow(), outcome.position());
    let again = journal.append(&append("north", 3, "c1", 3)).await.unwrap();
    assert_eq!(
        again,
        Outcome::AlreadyRecorded {
            position: Position(3),
            version: Version(3)
        }
    );
}

async fn story<J: Journal>(journal: &J) {
    an_empty_journal_is_whole(journal).await;
    facts_are_read_as_they_were_recorded(journal).await;
    a_stale_decision_is_refused_and_leaves_nothing(journal).await;
    a_repeated_command_answers_with_its_first_place(journal).await;
    an_unfit_append_is_refused_and_leaves_nothing(journal).await;
    reads_are_bounded(journal).await;
    a_noted_head_is_found_again_or_missed(journal).await;
    assert!(verify(journal, &[]).await.unwrap().ok);
}

async fn an_empty_journal_is_whole<J: Journal>(journal: &J) {
    assert_eq!(journal.head().await.unwrap(), Position(0));
    assert!(journal.streams().await.unwrap().is_empty());
    assert!(journal.read(Position(0), 10).await.unwrap().is_empty());
    let report = verify(journal, &[]).await.unwrap();
    assert!(report.ok && report.events == 0 && report.head.is_empty());
}

async fn facts_are_read_as_they_were_recorded<J: Journal>(journal: &J) {
    record_four_facts(journal).await;
    let all = journal.read(Position(0), 10).await.unwrap();

    let places: Vec<_> = all
        .iter()
        .map(|e| (e.position.0, e.stream.as_str(), e.version.0))
        .collect();
    assert_eq!(
        places,
        [
            (1, "north", 1),
            (2, "north", 2),
            (3, "south", 1),
            (4, "north", 3)
        ]
    );
    assert_eq!(all[0].previous_hash, ChainHash::GENESIS);
    assert_eq!(all[2].previous_hash, ChainHash::GENESIS);
    assert_eq!(all[3].previous_hash, all[1].hash);
    let first = &all[0];
    assert_eq!((first.kind.as_str(), first.schema), ("share_raised", 1));
    assert_eq!(first.body.as_str(), r#"{"by":"n1","share_bp":0}"#);
    assert_eq!(
        (first.actor.as_str(), first.cause.as_str()),
        ("dana", "raise")
    );
    assert_eq!(
        first.recorded_at.to_string(),
        "2026-11-22T05:17:28.123456Z",
        "microseconds"
    );

    let north = journal
        .read_stream(&stream("north"), Version(1), 10)
        .await
        .unwrap();
    assert_eq!(north, [all[1].clone(), all[3].clone()]);
    assert_eq!(
        journal.read(Position(2), 1).await.unwrap(),
        [all[2].clone()]
    );
    let heads = journal.streams().await.unwrap();
    let heads: Vec<_> = heads
        .iter()
        .map(|h| (h.stream.as_str(), h.version.0, h.position.0, h.hash))
        .collect();
    assert_eq!(
        heads,
        [("north", 3, 4, all[3].hash), ("south", 1, 3, all[2].hash)]
    );
}

async fn record_four_facts<J: Journal>(journal: &J) {
    let mut seen = journal.watch();
    let outcome = journal.append(&append("north", 0, "n1", 2)).await.unwrap();
    assert_eq!(
        outcome,
        Outcome::Recorded {
            position: Position(2),
            version: Version(2)
        }
    );
    assert!(seen.has_changed().unwrap());
    assert_eq!(*seen.borrow_and_update(), Position(2));
    let outcome = journal.append(&append("south", 0, "s1", 1)).await.unwrap();
    assert_eq!(
        outcome,
        Outcome::Recorded {
            position: Position(3),
            version: Version(1)
        }
    );
    let outcome = journal.append(&append("north", 2, "n2", 1)).await.unwrap();
    assert_eq!(
        outcome,
        Outcome::Recorded {
            position: Position(4),
            version: Version(3)
        }
    );
}

async fn a_stale_decision_is_refused_and_leaves_nothing<J: Journal>(journal: &J) {
    for expected in [0, 2, 4, u64::MAX] {
        let error = journal
            .append(&append("north", expected, "stale", 1))
            .await
            .unwrap_err();
        let AppendError::VersionConflict { actual, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(actual, Version(3));
    }
    assert_eq!(journal.head().await.unwrap(), Position(4));
    let stale = CommandId::new("stale").unwrap();
    assert_eq!(journal.find_command(&stale).await.unwrap(), None);
}

async fn a_repeated_command_answers_with_its_first_place<J: Journal>(journal: &J) {
    // Whatever version the retry believes in: its facts are already there.
    for expected in [0, 3, 9] {
        let outcome = journal
            .append(&append("north", expected, "n1", 2))
            .await
            .unwrap();
        let first = Outcome::AlreadyRecorded {
            position: Position(2),
            version: Version(2),
        };
        assert_eq!(outcome, first);
    }
    let error = journal
        .append(&append("south", 1, "n1", 1))
        .await
        .unwrap_err();
    assert!(
        matches!(error, AppendError::CommandIdReused { .. }),
        "{error:?}"
    );
    let known = journal
        .find_command(&CommandId::new("n1").unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (known.first_position, known.position),
        (Position(1), Position(2))
    );
    assert_eq!(journal.head().await.unwrap(), Position(4));
}

async fn an_unfit_append_is_refused_and_leaves_nothing<J: Journal>(journal: &J) {
    let fit = append("north", 3, "unfit", 1);
    let mut none = fit.clone();
    none.events.clear();
    let mut large = fit.clone();
    large.events[0] = event("big", &serde_json::json!("x".repeat(1 << 20)));
    let mut nameless = fit.clone();
    nameless.actor.clear();
    for (what, request) in [
        ("no events", none),
        ("too many events", append("north", 3, "unfit", 1_001)),
        ("a large body", large),
        ("no actor", nameless),
    ] {
        let error = journal.append(&request).await.unwrap_err();
        assert!(
            !matches!(error, AppendError::Unavailable(_)),
            "{what}: {error:?}"
        );
    }
    assert_eq!(journal.head().await.unwrap(), Position(4));
}

async fn reads_are_bounded<J: Journal>(journal: &J) {
    for batch in 0..2 {
        let request = append("bulk", batch * 800, &format!("bulk{batch}"), 800);
        assert!(matches!(
            journal.append(&request).await,
            Ok(Outcome::Recorded { .. })
        ));
    }
    let page = journal.read(Position(0), u32::MAX).await.unwrap();
    assert_eq!(page.len(), READ_EVENTS_MAX as usize);
    let rest = journal
        .read(page.last().unwrap().position, u32::MAX)
        .await
        .unwrap();
    assert_eq!(page.len() + rest.len(), 1_604);
    let report = verify(journal, &[]).await.unwrap();
    assert_eq!(
        (report.ok, report.events, report.position),
        (true, 1_604, Position(1_604))
    );
    assert_eq!(report.head, journal.streams().await.unwrap());
}

async fn a_noted_head_is_found_again_or_missed<J: Journal>(journal: &J) {
    let heads = journal.streams().await.unwrap();
    let note = |version, hash| Checkpoint {
        stream: stream("north"),
        version,
        hash,
    };
    let north = heads
        .iter()
        .find(|head| head.stream.as_str() == "north")
        .unwrap();
    assert!(
        verify(journal, &[note(north.version, north.hash)])
            .await
            .unwrap()
            .ok
    );

    let rewritten = verify(journal, &[note(north.version, ChainHash([1; 32]))])
        .await
        .unwrap();
    let bad = rewritten.first_bad.unwrap();
    assert_eq!(
        (bad.kind, bad.position),
        (Wrong::Checkpoint, north.position)
    );

    let cut = verify(journal, &[note(Version(4), north.hash)])
        .await
        .unwrap()
        .first_bad
        .unwrap();
    assert_eq!(
        (cut.kind, cut.version),
        (Wrong::Checkpoint, Some(Version(4)))
    );
}

async fn race_for_versions<J: Journal>(handles: [Arc<J>; 2]) {
    const TASKS: usize = 16;
    const ROUNDS: u64 = 12;
    let tasks = (0..TASKS).map(|task| {
        let journal = Arc::clone(&handles[task % 2]);
        tokio::spawn(async move {
            let mut won = Vec::new();
            for version in 0..ROUNDS {
                let request = append("raced", version, &format!("t{task}v{version}"), 1);
                match journal.append(&request).await {
                    Ok(Outcome::Recorded { position, version }) => won.push((position, version)),
                    Err(AppendError::VersionConflict { .. }) => {}
                    other => panic!("{other:?}"),
                }
            }
            won
        })
    });
    let mut won = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        won.extend(task.await.unwrap());
    }
    let versions: BTreeSet<_> = won.iter().map(|(_, version)| version.0).collect();
    assert_eq!(versions.len(), won.len(), "a version was won twice");
    // Every task tries every version in turn, so none can be left without a winner.
    assert_eq!(versions, (1..=ROUNDS).collect::<BTreeSet<_>>());
    let positions: BTreeSet<_> = won.iter().map(|(position, _)| position.0).collect();
    assert_eq!(positions, (1..=ROUNDS).collect::<BTreeSet<_>>());
    let report = verify(&*handles[0], &[]).await.unwrap();
    assert_eq!((report.ok, report.events), (true, ROUNDS), "{report:?}");
}

async fn race_with_one_command<J: Journal>(handles: [Arc<J>; 2]) {
    let tasks = (0..16).map(|task| {
        let journal = Arc::clone(&handles[task % 2]);
        tokio::spawn(async move { journal.append(&append("raced", 0, "the one", 3)).await })
    });
    let mut recorded = 0;
    for task in tasks.collect::<Vec<_>>() {
        let outcome = task.await.unwrap().unwrap();
        recorded += usize::from(matches!(outcome, Outcome::Recorded { .. }));
        assert_eq!(
            (outcome.position(), outcome.version()),
            (Position(3), Version(3))
        );
    }
    assert_eq!(recorded, 1);
    assert_eq!(handles[1].head().await.unwrap(), Position(3));
}
