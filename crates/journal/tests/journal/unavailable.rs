//! A journal that cannot write says so in one sentence with a next step, and loses nothing.

use crate::common::append;
use segue_journal::{AppendError, Journal, OpenError, Outcome, SqlJournal, Trouble, verify};
use sqlx::{Connection, SqliteConnection};

#[tokio::test]
async fn a_directory_that_is_none_is_named() {
    let directory = tempfile::tempdir().unwrap();
    for path in [
        directory.path().join("missing").join("journal.db"),
        std::path::PathBuf::from("/dev/null/journal.db"),
        directory.path().to_owned(),
    ] {
        let error = SqlJournal::open(&path).await.unwrap_err();
        let OpenError::Unavailable(unavailable) = &error else {
            panic!("{error:?}")
        };
        assert_eq!(unavailable.trouble, Trouble::CannotOpen);
        let sentence = format!(
            "cannot open `{}`: it cannot be opened; check that the directory exists and is writable",
            path.display()
        );
        assert_eq!(error.to_string(), sentence);
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    std::fs::write(
        &path,
        "not a database, but long enough to be looked at ".repeat(100),
    )
    .unwrap();
    let error = SqlJournal::open(&path).await.unwrap_err();
    let OpenError::Unavailable(unavailable) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(unavailable.trouble, Trouble::Damaged);
    assert!(
        error
            .to_string()
            .contains("restore it from the last backup"),
        "{error}"
    );
}

#[tokio::test]
async fn a_full_disk_refuses_the_append_keeps_what_was_acknowledged_and_recovers() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    let journal = SqlJournal::open(bounded(&path, 40)).await.unwrap();
    let mut acknowledged = 0;
    let error = loop {
        let request = append("north", acknowledged, &format!("c{acknowledged}"), 1);
        match journal.append(&request).await {
            Ok(Outcome::Recorded { version, .. }) => acknowledged = version.0,
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
        assert!(
            acknowledged < 10_000,
            "40 pages cannot hold this many facts"
        );
    };
    let AppendError::Unavailable(unavailable) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(unavailable.trouble, Trouble::Full);
    assert!(
        error
            .to_string()
            .ends_with("the disk is full; free some space and try again")
    );
    assert!(acknowledged > 0);
    let report = verify(&journal, &[]).await.unwrap();
    assert_eq!((report.ok, report.events), (true, acknowledged));
    // Still full, and still said so: the handle is as good as before.
    for _ in 0..3 {
        let request = append("north", acknowledged, "again", 1);
        let error = journal.append(&request).await.unwrap_err();
        assert!(error.to_string().contains("the disk is full"), "{error}");
    }
    journal.close().await;

    // With room again, the very same command goes through.
    let journal = SqlJournal::open(&path).await.unwrap();
    let request = append("north", acknowledged, &format!("c{acknowledged}"), 1);
    let outcome = journal.append(&request).await.unwrap();
    assert_eq!(outcome.position().0, acknowledged + 1);
    assert!(verify(&journal, &[]).await.unwrap().ok);
}

#[tokio::test]
async fn a_lock_held_by_someone_else_is_called_busy_and_nothing_is_half_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    let journal = SqlJournal::open(&path).await.unwrap();
    let mut other = SqliteConnection::connect(&format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    sqlx::raw_sql("begin immediate")
        .execute(&mut other)
        .await
        .unwrap();
    let error = journal
        .append(&append("north", 0, "a", 1))
        .await
        .unwrap_err();
    let AppendError::Unavailable(unavailable) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(unavailable.trouble, Trouble::Busy);
    assert_eq!(journal.head().await.unwrap().0, 0, "reading goes on");
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    assert_eq!(
        journal
            .append(&append("north", 0, "a", 1))
            .await
            .unwrap()
            .position()
            .0,
        1
    );
}

#[tokio::test]
async fn a_file_of_a_newer_segue_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    SqlJournal::open(&path).await.unwrap().close().await;
    let mut other = SqliteConnection::connect(&format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    sqlx::raw_sql(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (99, 'of the future', true, x'00', 0)",
    )
    .execute(&mut other)
    .await
    .unwrap();
    let error = SqlJournal::open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::Migration { .. }), "{error:?}");
    assert!(error.to_string().contains("a newer one"), "{error}");
}

#[tokio::test]
async fn a_caller_who_goes_away_half_way_leaves_the_journal_whole_and_writable() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    let journal = SqlJournal::open(&path).await.unwrap();
    for round in 0..60 {
        let version = journal.head().await.unwrap().0;
        let request = append("north", version, &format!("c{round}"), 1);
        let given_up = journal.append(&request);
        let patience = async {
            for _ in 0..round {
                tokio::task::yield_now().await;
            }
        };
        // Polled a few times more in each round, so that it is dropped at every stage, and at last not at all.
        tokio::select! {
            biased;
            _ = given_up => {}
            () = patience => {}
        }
    }
    // A commit given up at its last moment may still land between reading the head and appending: decide again.
    let outcome = loop {
        let version = journal.head().await.unwrap().0;
        match journal
            .append(&append("north", version, "the last", 1))
            .await
        {
            Ok(outcome) => break outcome,
            Err(AppendError::VersionConflict { actual, .. }) => assert!(actual.0 > version),
            Err(error) => panic!("{error:?}"),
        }
    };
    let report = verify(&journal, &[]).await.unwrap();
    assert_eq!(
        (report.ok, report.position),
        (true, outcome.position()),
        "{report:?}"
    );
}

/// A file on a disk with room for so many 4 KiB pages.
fn bounded(path: &std::path::Path, pages_max: u32) -> segue_journal::Place {
    segue_journal::Place::File {
        path: path.to_owned(),
        pages_max: Some(pages_max),
    }
}
