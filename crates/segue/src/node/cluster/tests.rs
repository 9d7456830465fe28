//! Two nodes on loopback: what is said of a press is so, and who works.

use super::*;
use crate::node::files::NodeFiles;
use segue_domain::caller::CallerKey;
use segue_domain::{Role, Side};
use tempfile::TempDir;

/// One of some nodes on loopback, at an address that only this process has: each knows the others' ports before they are there.
pub(super) async fn one_of(first_port: u16, names: &[&str], own: usize) -> (Arc<Cluster>, TempDir) {
    let [_, high, mid, low] = std::process::id().to_be_bytes();
    let place = |at: usize| {
        let port = first_port + u16::try_from(at).unwrap();
        SocketAddr::from(([127, 0x64 ^ high, mid, low], port))
    };
    let directory = tempfile::tempdir().unwrap();
    for folder in ["node", "tables"] {
        std::fs::create_dir_all(directory.path().join(folder)).unwrap();
    }
    let files = NodeFiles::new(directory.path());
    let node = Node::open(names[own], CallerKey::new(&[7; 32]), files);
    let others = names.iter().enumerate().filter(|(at, _)| *at != own);
    let options = ClusterOptions {
        listen: place(own),
        peers: others
            .map(|(at, name)| ((*name).to_owned(), place(at).to_string()))
            .collect(),
        key: [9; 32],
        fence_ms: 5_000,
        healthy_ms: 0,
    };
    let cluster = Cluster::open(&options, Arc::new(node), Vec::new()).await;
    let cluster = cluster.unwrap_or_else(|_| panic!("{} opens", place(own)));
    tokio::spawn(Arc::clone(&cluster).run());
    (cluster, directory)
}

async fn pair(first_port: u16) -> [(Arc<Cluster>, TempDir); 2] {
    [
        one_of(first_port, &["A", "B"], 0).await,
        one_of(first_port, &["A", "B"], 1).await,
    ]
}

pub(super) fn press(id: &str) -> Press {
    Press {
        scope: "all".to_owned(),
        reason: String::new(),
        person: "duty".to_owned(),
        side: Side::Client,
        roles: vec![Role::Duty],
        command_id: id.to_owned(),
        at: clock::now(),
    }
}

/// Whatever else is asked meanwhile: a node that is told to hold a press has it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_is_said_to_hold_a_press_holds_it() {
    let [(a, _a_files), (b, _b_files)] = pair(7_946).await;
    let asking = Arc::clone(&a);
    let noise = tokio::spawn(async move {
        loop {
            asking.ask().await;
            tokio::task::yield_now().await;
        }
    });
    // On a busy machine B may not answer in time: then nothing is said of it.
    let mut said = 0;
    for n in 0..100 {
        let id = format!("press-{n}");
        let (pressed_ms, is_held) = a.press(&press(&id)).await;
        assert!(is_held, "{id}");
        if a.reach(pressed_ms, false).home.contains("B") {
            assert!(b.lock().open().contains_key(&id), "{id} is not with B");
            said += 1;
        }
        a.drop_press(&id);
        b.drop_press(&id);
    }
    noise.abort();
    assert!(said > 0, "B never answered");
    assert!(!a.has_open() && !b.has_open());
}

/// Whoever does the work for all is the first who is heard doing it; without a word from it the next one does it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_next_node_takes_over_the_work_of_one_that_is_gone() {
    const JOB: &str = "guards";
    let [(a, _a_files), (b, _b_files)] = pair(7_956).await;
    let minute = Duration::from_mins(1);
    let until = async |what: &str, holds: &(dyn Fn() -> bool + Sync)| {
        for _ in 0..200 {
            if holds() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{what}");
    };
    b.did(JOB, minute);
    a.did(JOB, minute);
    until("B stands by for A", &|| b.stands_by(JOB)).await;
    assert!(!a.stands_by(JOB));
    // A stops doing it, and is there all the same.
    a.did(JOB, Duration::ZERO);
    until("B works where A does not", &|| !b.stands_by(JOB)).await;
    let seen = b.seen();
    assert!(seen.heard_all && seen.apart.is_empty(), "{seen:?}");
    assert_eq!(seen.jobs, [JOB.to_owned()].into());
}
