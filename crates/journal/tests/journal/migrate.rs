//! A transition moves to another database whole, or stays where it was.

use crate::common::append;
use crate::common::postgres::Postgres;
use jiff::Timestamp;
use segue_domain::{Role, Side};
use segue_journal::accounts::{Accounts, NewAccount, NewToken, TokenScope};
use segue_journal::facts::{AcdEvent, AcdEventKind, Decision, Facts};
use segue_journal::migrate::{MigrateError, Stores, migrate};
use segue_journal::{Journal, Place, Position, SqlJournal};
use sqlx::{Connection, SqliteConnection};
use std::path::Path;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

async fn in_files(directory: &Path) -> Stores {
    Stores {
        journal: SqlJournal::open(&directory.join("journal.db"))
            .await
            .unwrap(),
        facts: Facts::open(&directory.join("facts.db")).await.unwrap(),
        accounts: Accounts::open(&directory.join("accounts.db"))
            .await
            .unwrap(),
    }
}

async fn on_server(place: &Place) -> Stores {
    Stores {
        journal: SqlJournal::open(place).await.unwrap(),
        facts: Facts::open(place).await.unwrap(),
        accounts: Accounts::open(place).await.unwrap(),
    }
}

fn decision(n: i64) -> Decision {
    Decision {
        call_id: format!("call-{n}"),
        at: at(n),
        node: "A".to_owned(),
        table_hash: "ab".repeat(32),
        line: "main".to_owned(),
        chunk: (n % 2 == 0).then(|| "RVS-Main/MSG".to_owned()),
        rule: "share".to_owned(),
        bucket: (n % 3 == 0).then_some(1_234),
        pi_bp: 2_000,
        arm: "outsourced".to_owned(),
        reason: "share".to_owned(),
        targets: Vec::new(),
        caller: None,
        dialled: "7001".to_owned(),
        is_test: false,
    }
}

/// A token of the person in these stores.
async fn fill(stores: &Stores) -> String {
    for n in 0..30_u64 {
        let request = append("north", n * 50, &format!("n{n}"), 50);
        assert!(stores.journal.append(&request).await.is_ok());
    }
    assert!(
        stores
            .journal
            .append(&append("south", 0, "s", 3))
            .await
            .is_ok()
    );
    let decisions: Vec<_> = (0..2_500).map(decision).collect();
    stores.facts.store_decisions(&decisions).await.unwrap();
    let event = AcdEvent {
        source: "riverside".to_owned(),
        source_call_id: "1".to_owned(),
        call_id: Some("call-1".to_owned()),
        kind: AcdEventKind::Offered,
        at: at(1),
        caller: None,
        dialled: None,
        language: None,
        age_band: None,
    };
    stores.facts.store_acd_events(&[event]).await.unwrap();
    let dana = NewAccount {
        name: "dana".to_owned(),
        side: Side::Client,
        roles: [Role::Duty].into(),
        password: "correct horse".to_owned(),
        pin: None,
        public_key: None,
    };
    stores.accounts.add(&dana, at(0)).await.unwrap();
    stores
        .accounts
        .add_token(&NewToken::of("dana", "desk", TokenScope::Act), at(0))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_transition_moves_to_a_server_whole_and_goes_on_there() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let old = in_files(directory.path()).await;
    let token = fill(&old).await;
    let place = server.database("moved").await;
    let new = on_server(&place).await;
    let migrated = migrate(&old, &new).await.unwrap();
    assert_eq!((migrated.events, migrated.position), (1_503, 1_503));
    assert_eq!(migrated.rows["decisions"], 2_500);
    assert_eq!(migrated.rows["commands"], 31);

    assert_eq!(
        new.journal.streams().await.unwrap(),
        old.journal.streams().await.unwrap()
    );
    assert_eq!(
        new.facts.decision("call-6").await.unwrap(),
        old.facts.decision("call-6").await.unwrap()
    );
    assert!(new.accounts.enter_with_token(&token, at(1)).await.is_ok());
    // A retry of a command recorded before the move is recognised after it; what is new goes on from there.
    let again = new
        .journal
        .append(&append("north", 0, "n0", 50))
        .await
        .unwrap();
    assert_eq!(again.position(), Position(50));
    let next = new.journal.append(&append("north", 1_500, "n30", 1)).await;
    assert_eq!(next.unwrap().position(), Position(1_504));

    let twice = migrate(&old, &new).await.unwrap_err();
    assert!(matches!(twice, MigrateError::NotEmpty { .. }), "{twice:?}");
}

#[tokio::test]
async fn a_damaged_journal_is_not_moved() {
    let directory = tempfile::tempdir().unwrap();
    let (from, to) = (directory.path().join("old"), directory.path().join("new"));
    std::fs::create_dir_all(&from).unwrap();
    std::fs::create_dir_all(&to).unwrap();
    let old = in_files(&from).await;
    fill(&old).await;
    let mut hand =
        SqliteConnection::connect(&format!("sqlite://{}", from.join("journal.db").display()))
            .await
            .unwrap();
    sqlx::raw_sql("drop trigger events_are_never_changed; update events set actor = 'eve' where position = 700")
        .execute(&mut hand)
        .await
        .unwrap();
    let new = in_files(&to).await;
    let error = migrate(&old, &new).await.unwrap_err();
    assert!(error.to_string().contains("position 700"), "{error}");
    assert_eq!(new.journal.head().await.unwrap(), Position(0));
}
