//! The desk: one way in, decided on the version it appends to, and home wins every race.

use crate::desk_story::{CHUNK, Story, command_id, director, manager, stream};
use segue_domain::fallback::Fallback;
use segue_domain::{Code, Command, Event, Role, Side, Transition, apply};
use segue_journal::{
    Append, Body, Desk, DeskError, Journal, NewEvent, Position, SqlJournal, Version, verify,
};
use std::path::Path;
use std::sync::Arc;

fn fallback() -> Command {
    Command::Fallback(Fallback::of("all", "trunk dead"))
}

async fn desk(directory: &Path) -> Desk<SqlJournal> {
    Desk::new(
        SqlJournal::open(&directory.join("journal.db"))
            .await
            .unwrap(),
    )
}

async fn names<J: Journal>(journal: &J) -> Vec<String> {
    let all = journal.read(Position(0), 1_000).await.unwrap();
    all.into_iter().map(|event| event.kind).collect()
}

#[tokio::test]
async fn what_is_recorded_is_what_was_decided_and_replays_to_the_same_state() {
    let directory = tempfile::tempdir().unwrap();
    let desk = desk(directory.path()).await;
    let mut story = Story::new(&desk);
    story.until_one_approval_is_missing().await;
    let answer = story.approve(Side::Outsourcer).await.unwrap();
    let kinds: Vec<_> = answer.events.iter().map(Event::name).collect();
    assert_eq!(kinds, ["step_approved", "share_changed"]);
    assert_eq!(
        answer.state.chunk(&CHUNK.into()).unwrap().share.percent(),
        20
    );
    assert_eq!(answer.position, desk.journal().head().await.unwrap());

    let mut replayed = Transition::new("RVS".into());
    for recorded in desk
        .journal()
        .read_stream(&stream("RVS"), Version(0), 1_000)
        .await
        .unwrap()
    {
        apply(
            &mut replayed,
            &segue_journal::read_event(&recorded).unwrap(),
        );
        assert!(recorded.actor.starts_with("client:") || recorded.actor.starts_with("outsourcer:"));
        assert_eq!(recorded.version.0, replayed.version);
    }
    assert_eq!(*answer.state, replayed);
    let other = Desk::new(desk.journal().clone());
    assert_eq!(*other.state(&stream("RVS")).await.unwrap(), replayed);
    assert!(verify(desk.journal(), &[]).await.unwrap().ok);
}

#[tokio::test]
async fn a_repeated_command_is_answered_and_not_done_again() {
    let directory = tempfile::tempdir().unwrap();
    let desk = desk(directory.path()).await;
    let mut story = Story::new(&desk);
    story.until_one_approval_is_missing().await;
    let request = story.request("home", &director(Side::Client), fallback());
    let first = desk.execute(&request).await.unwrap();
    assert!(!first.repeated);
    assert_eq!(
        first.events.iter().map(Event::name).collect::<Vec<_>>(),
        ["fell_back"]
    );

    // Later, after other facts, on another desk: the same answer.
    let later = Desk::new(desk.journal().clone());
    let again = later.execute(&request).await.unwrap();
    assert!(again.repeated);
    assert_eq!(
        (again.position, &again.events),
        (first.position, &first.events)
    );

    // Already home: accepted, nothing to record.
    let once_more = story.request("home-2", &director(Side::Client), fallback());
    let already = desk.execute(&once_more).await.unwrap();
    assert!(already.events.is_empty() && !already.repeated);
    assert_eq!(already.position, first.position);

    // The id stands for that command by that person.
    let other_person = story.request("home", &director(Side::Outsourcer), fallback());
    let scope = Fallback::of(CHUNK, "");
    let other_command = story.request("home", &director(Side::Client), Command::Fallback(scope));
    let mut other_stream = request.clone();
    other_stream.stream = stream("OTHER");
    for reused in [other_person, other_command, other_stream] {
        let error = desk.execute(&reused).await.unwrap_err();
        assert!(
            matches!(error, DeskError::CommandIdReused { .. }),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_refused_attempt_is_recorded_once_a_minute_and_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let desk = desk(directory.path()).await;
    let mut story = Story::new(&desk);
    story.until_one_approval_is_missing().await;
    let before = desk.state(&stream("RVS")).await.unwrap();
    let viewer = segue_domain::Actor::new("vera", Side::Client, &[Role::Viewer]);
    for attempt in 0..3 {
        let request = story.request(&format!("attempt-{attempt}"), &viewer, fallback());
        let Err(DeskError::Refused(refusal)) = desk.execute(&request).await else {
            panic!()
        };
        assert_eq!(refusal.code, Code::NotAuthorised);
        assert!(!desk.execute(&request).await.unwrap_err().is_unavailable());
    }
    let state = desk.state(&stream("RVS")).await.unwrap();
    assert_eq!(
        (state.refused, state.version),
        (before.refused + 1, before.version + 1)
    );
    assert_eq!(state.chunks, before.chunks);
    story.minutes_pass(1);
    assert!(
        desk.execute(&story.request("later", &viewer, fallback()))
            .await
            .is_err()
    );
    assert_eq!(
        desk.state(&stream("RVS")).await.unwrap().refused,
        before.refused + 2
    );
    let recorded = names(desk.journal()).await;
    assert_eq!(
        recorded
            .iter()
            .filter(|name| *name == "command_refused")
            .count(),
        2
    );

    // An attempt on a transition that does not exist leaves no stream behind.
    let mut nowhere = story.request("nowhere", &viewer, fallback());
    nowhere.stream = stream("NOWHERE");
    let Err(DeskError::Refused(refusal)) = desk.execute(&nowhere).await else {
        panic!()
    };
    assert_eq!(refusal.code, Code::NotCreated);
    assert_eq!(desk.journal().streams().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_preview_says_what_would_follow_and_records_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let desk = desk(directory.path()).await;
    let mut story = Story::new(&desk);
    story.until_one_approval_is_missing().await;
    let head = desk.journal().head().await.unwrap();
    let request = story.request("preview", &director(Side::Client), fallback());
    assert_eq!(desk.preview(&request).await.unwrap().len(), 1);
    let viewer = segue_domain::Actor::new("vera", Side::Client, &[Role::Viewer]);
    let refused = desk
        .preview(&story.request("preview", &viewer, fallback()))
        .await;
    assert!(matches!(refused, Err(DeskError::Refused(_))));
    assert_eq!(desk.journal().head().await.unwrap(), head);
}

#[tokio::test]
async fn a_fact_of_a_newer_segue_stops_the_desk_instead_of_being_skipped() {
    let directory = tempfile::tempdir().unwrap();
    let desk = desk(directory.path()).await;
    let mut story = Story::new(&desk);
    story.create().await;
    let future = Append {
        stream: stream("RVS"),
        expected_version: Version(1),
        command_id: command_id("future"),
        actor: "client:dana".to_owned(),
        cause: "future".to_owned(),
        recorded_at: story.now,
        events: vec![NewEvent {
            kind: "door_painted".to_owned(),
            schema: 2,
            body: Body::canonical(&serde_json::json!({"type": "door_painted"})).unwrap(),
        }],
    };
    assert_eq!(
        desk.journal().append(&future).await.unwrap().version(),
        Version(2)
    );
    let request = story.request("am", &manager(Side::Client), fallback());
    let error = desk.execute(&request).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("position 2 holds a `door_painted` of schema 2"),
        "{error}"
    );
}

#[tokio::test]
async fn a_full_disk_makes_the_desk_unavailable_and_a_refusal_stays_a_refusal() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    let journal = SqlJournal::open(bounded(&path, 60)).await.unwrap();
    let desk = Desk::new(journal);
    let mut story = Story::new(&desk);
    story.until_one_approval_is_missing().await;
    fill(desk.journal()).await;
    let home = story.request("home", &director(Side::Client), fallback());
    let error = desk.execute(&home).await.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
    assert!(error.to_string().contains("the disk is full"), "{error:?}");
    let viewer = segue_domain::Actor::new("vera", Side::Client, &[Role::Viewer]);
    let refused = desk
        .execute(&story.request("vera", &viewer, fallback()))
        .await;
    assert!(matches!(refused, Err(DeskError::Refused(_))), "{refused:?}");
}

/// Appends to another stream until the file has no room for the smallest fact.
async fn fill(journal: &SqlJournal) {
    let mut version = 0;
    for size in [2_000, 200, 1] {
        loop {
            let request = Append {
                stream: stream("FILL"),
                expected_version: Version(version),
                command_id: command_id(&format!("fill-{size}-{version}")),
                actor: "client:dana".to_owned(),
                cause: "fill".to_owned(),
                recorded_at: "2027-01-04T14:00:00Z".parse().unwrap(),
                events: vec![NewEvent {
                    kind: "filled".to_owned(),
                    schema: 1,
                    body: Body::canonical(&"x".repeat(size)).unwrap(),
                }],
            };
            match journal.append(&request).await {
                Ok(outcome) => version = outcome.version().0,
                Err(_) => break,
            }
            assert!(version < 10_000, "60 pages cannot hold this many facts");
        }
    }
}

/// Two desks as two processes have them; each race on a transition of its own, one approval short of going out.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_a_thousand_races_of_a_raise_against_a_fallback_home_wins() {
    const RACES: usize = 1_000;
    const AT_ONCE: usize = 8;
    let directory = tempfile::tempdir().unwrap();
    let desks = [
        Arc::new(desk(directory.path()).await),
        Arc::new(desk(directory.path()).await),
    ];
    let mut story = Story::new(&desks[0]);
    story.until_the_gate_is_passed().await;
    let home = story.request("home", &director(Side::Client), fallback());
    let facts = desks[0]
        .journal()
        .read_stream(&stream("RVS"), Version(0), 1_000)
        .await
        .unwrap();

    let mut raised_first = 0;
    for first in (0..RACES).step_by(AT_ONCE) {
        let mut races = tokio::task::JoinSet::new();
        for race in first..RACES.min(first + AT_ONCE) {
            let name = format!("race-{race}");
            let copied = copy_to(desks[0].journal(), &facts, &name).await;
            let raise = story.on(&name).propose_and_approve_once().await;
            let mut home = home.clone();
            (home.stream, home.command_id) = (stream(&name), command_id(&format!("home-{race}")));
            let [one, other] = [0, 1].map(|desk| Arc::clone(&desks[(race + desk) % 2]));
            races.spawn(async move {
                let raise = async { one.execute(&raise).await };
                let home = async { other.execute(&home).await };
                // Poll one or the other first, in turn.
                let (raised, fell_back) = if race % 4 < 2 {
                    tokio::join!(raise, home)
                } else {
                    let (fell_back, raised) = tokio::join!(home, raise);
                    (raised, fell_back)
                };
                assert!(fell_back.is_ok(), "race {race}: {fell_back:?}");
                if let Err(error) = &raised {
                    let DeskError::Refused(refusal) = error else {
                        panic!("race {race}: {error:?}")
                    };
                    assert_eq!(refusal.code, Code::SupersededByFallback, "race {race}");
                }
                let state = other.state(&stream(&name)).await.unwrap();
                let chunk = state.chunk(&CHUNK.into()).unwrap();
                assert_eq!(
                    (chunk.share.percent(), chunk.state.words()),
                    (0, "returned"),
                    "race {race}"
                );
                assert!(state.version > copied);
                raised.is_ok()
            });
        }
        while let Some(raised) = races.join_next().await {
            raised_first += usize::from(raised.unwrap());
        }
    }
    println!("{RACES} races, all home; the raise was recorded first in {raised_first}");
    assert!(verify(desks[1].journal(), &[]).await.unwrap().ok);
}

async fn copy_to(journal: &SqlJournal, facts: &[segue_journal::Recorded], name: &str) -> u64 {
    let copy = Append {
        stream: stream(name),
        expected_version: Version(0),
        command_id: command_id(&format!("copy-{name}")),
        actor: "client:dana".to_owned(),
        cause: "copy".to_owned(),
        recorded_at: facts[0].recorded_at,
        events: facts
            .iter()
            .map(|f| NewEvent {
                kind: f.kind.clone(),
                schema: f.schema,
                body: f.body.clone(),
            })
            .collect(),
    };
    journal.append(&copy).await.unwrap().version().0
}

/// A file on a disk with room for so many 4 KiB pages.
fn bounded(path: &std::path::Path, pages_max: u32) -> segue_journal::Place {
    segue_journal::Place::File {
        path: path.to_owned(),
        pages_max: Some(pages_max),
    }
}
