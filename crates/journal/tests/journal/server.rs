//! What only a server can do: be killed under its writers, hang, be shared by nodes that hear of each other.

use crate::common::append;
use crate::common::postgres::Postgres;
use segue_journal::{
    AppendError, Journal, OpenError, Outcome, Place, Position, SqlJournal, Trouble, Version, verify,
};
use sqlx::{Connection, Executor, PgConnection};
use std::time::Duration;

/// Facts of each writer.
const FACTS: u64 = 400;
/// How often the server is killed.
const KILLS: u64 = 4;

/// Appends until a given number is acknowledged, through whatever happens to the server; each command is repeated under
/// its own id until there is an answer.
async fn keep_appending(journal: SqlJournal, name: &'static str, facts: u64) -> u64 {
    let mut unavailable = 0;
    let mut version = 0;
    while version < facts {
        match journal
            .append(&append(name, version, &format!("{name}-{version}"), 1))
            .await
        {
            // Its confirmation may have been lost with the server: then it is told now.
            Ok(outcome) => version = outcome.version().0,
            Err(AppendError::Unavailable(_)) => {
                unavailable += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    unavailable
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_killed_amid_appends_loses_no_acknowledged_fact() {
    let Some(mut server) = Postgres::start() else {
        return;
    };
    let place = server.database("killed").await;
    let one = SqlJournal::open(&place).await.unwrap();
    let other = SqlJournal::open(&place).await.unwrap();
    let writers = [
        (one.clone(), "north"),
        (other, "south"),
        (one.clone(), "west"),
    ]
    .map(|(journal, name)| tokio::spawn(keep_appending(journal, name, FACTS)));
    for kill in 1..=KILLS {
        // Somewhere in the middle of their work, a little further each time.
        while one.watch().borrow().0 < kill * FACTS / 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.kill();
        server.run();
    }
    let mut unavailable = 0;
    for writer in writers {
        unavailable += writer.await.unwrap();
    }
    assert!(unavailable > 0, "the kills were noticed");
    let report = verify(&one, &[]).await.unwrap();
    assert_eq!((report.ok, report.events), (true, 3 * FACTS), "{report:?}");
    for head in report.head {
        assert_eq!(head.version, Version(FACTS), "{}", head.stream);
    }
    println!(
        "{} acknowledged facts over {KILLS} kills of the server, 0 lost",
        3 * FACTS
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_nodes_append_is_announced() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let place = server.database("announced").await;
    let one = SqlJournal::open(&place).await.unwrap();
    let other = SqlJournal::open(&place).await.unwrap();
    let mut seen = other.watch();
    for version in 0..20 {
        let _ = one
            .append(&append("north", version, &format!("c{version}"), 1))
            .await
            .unwrap();
        // The listener may come to listen a moment after the first; then every append is announced.
        if version == 0 {
            while other.watch().borrow().0 == 0 {
                other.head().await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        } else {
            let heard = seen.wait_for(|position| position.0 > version);
            tokio::time::timeout(Duration::from_secs(5), heard)
                .await
                .unwrap()
                .unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_cannot_be_opened_yet_opens_when_the_server_is_back() {
    let Some(mut server) = Postgres::start() else {
        return;
    };
    let place = server.database("later").await;
    server.stop();
    let error = SqlJournal::open(&place).await.unwrap_err();
    let OpenError::Unavailable(error) = error else {
        panic!("{error:?}")
    };
    assert_eq!(error.trouble, Trouble::Unreachable, "{error:?}");
    assert!(!error.to_string().contains("host="), "{error}");

    let journal = SqlJournal::lazy(&place);
    assert!(journal.head().await.is_err());
    let request = append("north", 0, "c1", 1);
    let refused = journal.append(&request).await.unwrap_err();
    assert!(
        matches!(refused, AppendError::Unavailable(_)),
        "{refused:?}"
    );
    server.run();
    let outcome = journal.append(&request).await.unwrap();
    assert_eq!(outcome.position(), Position(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_frozen_in_its_turn_holds_the_others_for_seconds_only() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let place = server.database("frozen").await;
    let journal = SqlJournal::open(&place).await.unwrap();
    let Place::Server { url } = &place else {
        unreachable!()
    };
    // Another node took the turn and stands still: its session is ended by the server.
    let mut frozen = PgConnection::connect(url).await.unwrap();
    frozen
        .execute(
            "set search_path to segue_journal; set idle_in_transaction_session_timeout = '1s'; begin;
             do $$ begin perform pg_advisory_xact_lock(hashtext(current_schema()::text)); end $$;",
        )
        .await
        .unwrap();
    let outcome = journal.append(&append("north", 0, "c1", 1)).await.unwrap();
    assert!(matches!(outcome, Outcome::Recorded { .. }));
}

#[tokio::test]
async fn nobody_changes_a_fact_through_the_server_without_being_found() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let place = server.database("tampered").await;
    let journal = SqlJournal::open(&place).await.unwrap();
    let _ = journal.append(&append("north", 0, "c1", 5)).await.unwrap();
    let Place::Server { url } = &place else {
        unreachable!()
    };
    let mut hand = PgConnection::connect(url).await.unwrap();
    for change in [
        "update segue_journal.events set actor = 'eve' where position = 3",
        "delete from segue_journal.events where position = 5",
        "truncate segue_journal.events",
    ] {
        let error = hand.execute(change).await.unwrap_err();
        assert!(
            error.to_string().contains("append-only"),
            "{change}: {error}"
        );
    }
    hand.execute("alter table segue_journal.events disable trigger all; update segue_journal.events set actor = 'eve' where position = 3")
        .await
        .unwrap();
    let bad = verify(&journal, &[]).await.unwrap().first_bad.unwrap();
    assert_eq!(bad.position, Position(3));
}
