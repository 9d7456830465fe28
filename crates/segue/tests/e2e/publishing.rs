//! Publishing and fetching call records through the real binary: who may, what is written down, and that the new machine has them all.

use crate::support::cli::segue;
use crate::support::world::World;
use segue_example::{Example, Goal};

const LOG: &str = "\
call_id,dialled,caller,language,agent,disposition,hold_s,wrap_s,queue,arrived,queued,answered,ended
C1,7001,+16095550101,en,agent-01,handled,0,5,MSG,2027-03-01 09:00:00,2027-03-01 09:00:05,2027-03-01 09:00:20,2027-03-01 09:02:00
C2,7001,+16095550102,en,agent-01,handled,0,5,MSG,2027-03-01 10:00:00,2027-03-01 10:00:05,2027-03-01 10:00:20,2027-03-01 10:02:00
";

#[test]
fn records_go_to_another_machine_by_the_clients_people_alone() {
    let world = World::new();
    world.walk(&Example::riverside(), &Goal::Discovering { open: 0 });
    let log = world.path("log.csv").display().to_string();
    std::fs::write(&log, LOG).expect("written");
    let import = [
        "calls",
        "import",
        &log,
        "--mapping",
        "generic",
        "--source",
        "acd",
    ];
    assert_eq!(world.ask(None, &import).done()["accepted"], 2);
    let shared = world.path("shared");
    let url = format!("file://{}", shared.display());
    let (publish, fetch) = (
        ["calls", "publish", "--to", &url],
        ["calls", "fetch", "--from", &url],
    );
    for asked in [&publish, &fetch] {
        let refused = world.ask(Some(&world.outsourcer), asked);
        assert_eq!(refused.code, 3, "{refused:?}");
        assert_eq!(refused.json()["refusal"]["code"], "NOT_AUTHORISED");
    }
    assert!(!shared.exists(), "nothing went anywhere");
    let told = world.ask(Some(&world.client), &publish).done();
    assert_eq!(told["records"], 2);
    assert_eq!(told["put"], told["objects"]);
    let full = world.ask(None, &fetch);
    assert_eq!(full.code, 2, "{full:?}");
    assert!(full.err.contains("empty data directory"), "{full:?}");

    // A new machine has the client's key, laid there before anything else, and nothing of the calls.
    let new = world.path("new");
    std::fs::create_dir_all(new.join("keys")).expect("a folder");
    let key = |data: &std::path::Path| data.join("keys/caller.key");
    std::fs::copy(key(&world.data()), key(&new)).expect("the client's key");
    segue(&new, None, &["init", "--json"]).done();
    let here = |args: &[&str]| segue(&new, None, &[&["--json"], args].concat()).done();
    assert_eq!(here(&fetch)["records"], 2);
    let baseline = ["calls", "baseline", "--by", "hour"];
    assert_eq!(here(&baseline), world.ask(None, &baseline).done());
    assert_eq!(here(&import)["duplicates"], 2);

    let audit = world.ask(None, &["user", "audit", "--about", &url]).done();
    let acts = audit["audit"].as_array().expect("lines").iter();
    let acts: Vec<_> = acts.map(|line| &line["act"]).collect();
    assert!(acts.contains(&&"records_published".into()), "{audit}");
    let nowhere = world.ask(None, &["calls", "publish", "--to", "s3://x/y"]);
    assert_eq!(nowhere.code, 2, "{nowhere:?}");
    assert!(nowhere.err.contains("set AWS_ACCESS_KEY_ID"), "{nowhere:?}");
}
