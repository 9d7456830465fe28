//! Whoever changes the file behind the journal's back is found, and the first changed place is named.

use crate::common::append;
use segue_journal::{FirstBad, Journal, SqlJournal, Wrong, verify};
use sqlx::{Connection, SqliteConnection};
use std::path::Path;

/// Two streams, eight facts, then one statement by someone with the file in their hands.
async fn first_bad_after(statement: &'static str) -> FirstBad {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    let journal = SqlJournal::open(&path).await.unwrap();
    for (request, last) in [
        (append("north", 0, "a", 2), 2),
        (append("south", 0, "b", 2), 4),
        (append("north", 2, "c", 2), 6),
        (append("south", 2, "d", 2), 8),
    ] {
        assert_eq!(journal.append(&request).await.unwrap().position().0, last);
    }
    assert!(verify(&journal, &[]).await.unwrap().ok);
    tamper(&path, statement).await;
    let report = verify(&journal, &[]).await.unwrap();
    assert!(!report.ok);
    report.first_bad.unwrap()
}

async fn tamper(path: &Path, statement: &'static str) {
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    for statement in [
        "drop trigger events_are_never_changed",
        "drop trigger events_are_never_deleted",
        statement,
    ] {
        sqlx::raw_sql(statement)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    connection.close().await.unwrap();
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one table of the ways to tamper")]
async fn every_kind_of_tampering_is_named_at_its_first_place() {
    for (statement, position, kind) in [
        (
            "update events set body = replace(body, '1', '2') where position = 6",
            6,
            Wrong::Hash,
        ),
        (
            "update events set actor = 'eve' where position = 3",
            3,
            Wrong::Hash,
        ),
        (
            "update events set recorded_at = '2026-11-22T05:17:29.000000Z' where position = 5",
            5,
            Wrong::Hash,
        ),
        (
            "update events set recorded_at = 'yesterday' where position = 5",
            5,
            Wrong::Field,
        ),
        (
            "update events set recorded_at = '2026-11-22T05:17:28.123456+00:00' where position = 5",
            5,
            Wrong::Field,
        ),
        (
            "update events set previous_hash = zeroblob(32) where position = 6",
            6,
            Wrong::Link,
        ),
        (
            "update events set hash = zeroblob(32) where position = 6",
            6,
            Wrong::Hash,
        ),
        ("delete from events where position = 4", 4, Wrong::Gap),
        ("delete from events where position = 1", 1, Wrong::Gap),
        ("delete from events where position = 8", 8, Wrong::Truncated),
        ("delete from events", 1, Wrong::Truncated),
        (
            "update events set position = 90 where position = 5;
             update events set position = 5 where position = 6;
             update events set position = 6 where position = 90",
            5,
            Wrong::Order,
        ),
        (
            "delete from events where position = 4;
             update events set position = position - 1 where position > 4;
             update journal_head set position = 7",
            6,
            Wrong::Order,
        ),
        (
            "delete from events where position = 4;
             update events set position = position - 1 where position > 4;
             update events set version = version - 1 where stream = 'south' and version > 2;
             update journal_head set position = 7",
            6,
            Wrong::Link,
        ),
    ] {
        let bad = first_bad_after(statement).await;
        assert_eq!(
            (bad.position.0, bad.kind),
            (position, kind),
            "{statement}: {bad:?}"
        );
        assert!(!bad.wrong.is_empty());
    }
}

#[tokio::test]
async fn the_file_itself_refuses_change_and_deletion() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    let journal = SqlJournal::open(&path).await.unwrap();
    assert_eq!(
        journal
            .append(&append("north", 0, "a", 1))
            .await
            .unwrap()
            .version()
            .0,
        1
    );
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    for statement in ["update events set actor = 'eve'", "delete from events"] {
        let error = sqlx::raw_sql(statement)
            .execute(&mut connection)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("append-only"), "{error}");
    }
    assert!(verify(&journal, &[]).await.unwrap().ok);
}
