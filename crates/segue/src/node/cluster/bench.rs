//! Measures, run by `make bench-nodes`: from a press to the last call sent out, tails behind an append, a node's restart. Each
//! prints what it found and fails only where the promise behind the number is broken.
#![expect(
    clippy::disallowed_methods,
    reason = "a stopwatch that prints is what this is"
)]

use super::tests::{one_of, press};
use super::*;
use crate::data_dir::{DataDir, NewData};
use crate::demo::agreement::{Addresses, Agreement};
use crate::node::files::NodeFiles;
use crate::node::state::tests::all_out;
use crate::node::tail;
use crate::office::Office;
use crate::service::{LineOptions, Options, Outside, Service};
use segue_domain::caller::CallerKey;
use segue_domain::event::CommandRefused;
use segue_domain::{Code, Event, Transition};
use segue_journal::{
    APPEND_EVENTS_MAX, Append, Body, EVENT_SCHEMA, NewEvent, Place, SqlJournal, StreamId, Version,
};
use segue_routing::{Arm, Call};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;
use tokio::sync::watch;

const PRESSES: u64 = 300;
const APPENDS: u64 = 500;
const FACTS: u64 = 100_000;

/// Microseconds of everything measured, by percentile.
fn said(what: &str, mut took_us: Vec<u64>) {
    took_us.sort_unstable();
    let at = |per_mille: usize| {
        let place = (took_us.len() * per_mille / 1_000).min(took_us.len() - 1);
        format!(
            "{}.{:03} ms",
            took_us[place] / 1_000,
            took_us[place] % 1_000
        )
    };
    println!(
        "{what}: {} times, p50 {}, p99 {}, max {}",
        took_us.len(),
        at(500),
        at(990),
        at(1_000)
    );
}

fn micros(from: Instant, to: Instant) -> u64 {
    u64::try_from(to.saturating_duration_since(from).as_micros()).unwrap()
}

/// Calls at one node without a pause; when the last of them went out, in microseconds after `began`.
fn calling(node: Arc<Node>, began: Instant, stop: Arc<AtomicBool>) -> Arc<AtomicU64> {
    let last = Arc::new(AtomicU64::new(0));
    let written = Arc::clone(&last);
    std::thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            let call = Call {
                dialled: "7001",
                // A known caller would stay where the first call went.
                caller: None,
                call_id: "x",
                source_host: "127.0.0.9",
                already_routed: false,
            };
            let installed = node.installed();
            if node.choose(&installed, &call, 0).arm == Arm::Outsourced {
                written.store(micros(began, Instant::now()), Ordering::Relaxed);
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    });
    last
}

fn press_id(round: u64) -> String {
    format!("press-{round}")
}

/// A lease, and word of the journal, as of now.
fn may_send_out(cluster: &Cluster) {
    let node = &cluster.node;
    node.renew_lease();
    let now_ms = node.running_ms();
    let mut room = cluster.lock();
    room.hear_journal(now_ms, 900_000, now_ms);
    node.set_window(room.window());
}

/// Three nodes over real sockets and disks, calls at each all the time: from the press until no node sends out any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn bench_press_to_last_call_out() {
    let names = ["A", "B", "C"];
    let mut nodes = Vec::new();
    for at in 0..names.len() {
        nodes.push(one_of(7_966, &names, at).await);
    }
    let (began, stop) = (Instant::now(), Arc::new(AtomicBool::new(false)));
    let lasts: Vec<_> = nodes
        .iter()
        .map(|(cluster, _)| calling(Arc::clone(&cluster.node), began, Arc::clone(&stop)))
        .collect();
    let mut took = Vec::new();
    for round in 0..PRESSES {
        for (cluster, _) in &nodes {
            cluster.node.install(all_out(round * 2 + 2)).unwrap();
        }
        let installed = Instant::now();
        let installed_us = micros(began, installed);
        let last_out = |of: &Arc<AtomicU64>| of.load(Ordering::Relaxed);
        while !lasts.iter().all(|last| last_out(last) > installed_us) {
            assert!(
                installed.elapsed() < Duration::from_secs(20),
                "no calls go out again before press {round}"
            );
            for (cluster, _) in &nodes {
                // No journal settles the last press here, and nodes tell it to each other until all have dropped it.
                if let Some(before) = round.checked_sub(1) {
                    cluster.drop_press(&press_id(before));
                }
                may_send_out(cluster);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let pressed_us = micros(began, Instant::now());
        let id = press_id(round);
        let (first, _) = &nodes[0];
        first.node.bring_home("all");
        let (at_ms, is_held) = first.press(&press(&id)).await;
        let held_by = first.reach(at_ms, false);
        assert!(is_held && held_by.missing.is_empty(), "{held_by:?}");
        // What was being chosen meanwhile has been written down by then.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let last = lasts.iter().map(last_out).max().unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        let later = lasts.iter().map(last_out).max().unwrap();
        assert_eq!(
            later, last,
            "a call went out after all nodes held the press"
        );
        took.push(last.saturating_sub(pressed_us));
    }
    stop.store(true, Ordering::Relaxed);
    said("press to the last call out on three nodes", took);
}

fn refused(version: u64, count: usize) -> Append {
    let event = Event::CommandRefused(CommandRefused {
        command: "propose_step".into(),
        code: Code::GateRed,
        person: "bench".into(),
        at: clock::now(),
    });
    let event = NewEvent {
        kind: event.name().to_owned(),
        schema: EVENT_SCHEMA,
        body: Body::canonical(&event).unwrap(),
    };
    Append {
        stream: StreamId::new("bench").unwrap(),
        expected_version: Version(version),
        command_id: CommandId::new(format!("bench-{version}")).unwrap(),
        actor: "client:bench".to_owned(),
        cause: "bench".to_owned(),
        recorded_at: clock::now(),
        events: vec![event; count],
    }
}

/// From the acknowledgement of an append until another node's table has it.
async fn tail_lag(place: &Place, what: &str) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["node", "tables"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    let writer = SqlJournal::open(place.clone()).await.unwrap();
    let desk = Arc::new(Desk::new(SqlJournal::open(place.clone()).await.unwrap()));
    let node = Node::open("B", CallerKey::new(&[7; 32]), NodeFiles::new(folder.path()));
    let node = Arc::new(node);
    let (states, _state) = watch::channel(Arc::new(Transition::default()));
    let (stop, stopping) = watch::channel(false);
    let stream = StreamId::new("bench").unwrap();
    let following = tail::follow(
        Arc::clone(&node),
        desk,
        stream,
        states,
        Arc::default(),
        None,
        stopping,
    );
    let following = tokio::spawn(following);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut took = Vec::new();
    for version in 0..APPENDS {
        assert!(writer.append(&refused(version, 1)).await.is_ok());
        let acknowledged = Instant::now();
        while node.installed().table.version <= version {
            tokio::time::sleep(Duration::from_micros(200)).await;
            assert!(
                acknowledged.elapsed() < Duration::from_secs(10),
                "the tail stopped"
            );
        }
        took.push(micros(acknowledged, Instant::now()));
        // Not in step with the tail's own look.
        tokio::time::sleep(Duration::from_millis(version * 7 % 61)).await;
    }
    said(what, took);
    let _ = stop.send(true);
    following.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn bench_tail_behind_an_append() {
    let folder = tempfile::tempdir().unwrap();
    let file = Place::from(&folder.path().join("journal.db"));
    tail_lag(
        &file,
        "another node's table behind an append, one SQLite file",
    )
    .await;
    if let Ok(url) = std::env::var("SEGUE_BENCH_POSTGRES") {
        let server = Place::server(&url).unwrap();
        tail_lag(&server, "the same over PostgreSQL").await;
    }
}

/// A node with a live transition and so many facts more is started: until the first call reaches a centre.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn bench_restart_to_first_call() {
    let folder = tempfile::tempdir().unwrap();
    let data = DataDir::create(&folder.path().join("data"), NewData::default())
        .ok()
        .unwrap();
    let centre = || tokio::net::UdpSocket::bind("127.0.0.1:0");
    let (home, out, last) = (
        centre().await.unwrap(),
        centre().await.unwrap(),
        centre().await.unwrap(),
    );
    let addresses = Addresses {
        in_house: home.local_addr().unwrap(),
        outsourced: out.local_addr().unwrap(),
        last_resort: last.local_addr().unwrap(),
    };
    let office = Office::open(&data).await.ok().unwrap();
    let agreement = Agreement::new(Arc::clone(&office.desk), office.stream.clone(), &addresses);
    assert!(agreement.ok().unwrap().reach_first_share().await.is_ok());
    let mut version = office.state().await.ok().unwrap().version;
    while version < FACTS {
        let count = APPEND_EVENTS_MAX.min(usize::try_from(FACTS - version).unwrap());
        let append = Append {
            stream: office.stream.clone(),
            ..refused(version, count)
        };
        assert!(office.desk.journal().append(&append).await.is_ok());
        version += u64::try_from(count).unwrap();
    }
    let options = || Options {
        data: data.clone(),
        sip: "127.0.0.1:0".parse().unwrap(),
        http: "127.0.0.1:0".parse().unwrap(),
        node: "A".to_owned(),
        peers: vec!["127.0.0.0/8".parse().unwrap()],
        redirected: HashSet::new(),
        line: LineOptions::default(),
        keep_facts_days: None,
        cluster: None,
        outside: Outside::default(),
    };
    // Once, so that the node has a last table.
    Service::start(options()).await.ok().unwrap().stop().await;
    let caller = centre().await.unwrap();
    let mut took = Vec::new();
    for round in 0..5 {
        let began = Instant::now();
        let service = Service::start(options()).await.ok().unwrap();
        let own = caller.local_addr().unwrap();
        let invite = format!(
            "INVITE sip:7004@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKr{round};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:+16095550110@127.0.0.1>;tag=r{round}\r\nTo: <sip:7004@127.0.0.1>\r\nCall-ID: r{round}@bench\r\n\
             CSeq: 1 INVITE\r\nContact: <sip:{own}>\r\nContent-Length: 0\r\n\r\n"
        );
        caller
            .send_to(invite.as_bytes(), service.sip_addr)
            .await
            .unwrap();
        let mut buffer = vec![0; 4_096];
        let arrived = tokio::time::timeout(Duration::from_secs(10), home.recv_from(&mut buffer));
        assert!(arrived.await.is_ok(), "the call reached nobody");
        took.push(micros(began, Instant::now()));
        service.stop().await;
    }
    said(
        "restart with 100,000 facts to the first call at a centre",
        took,
    );
}
