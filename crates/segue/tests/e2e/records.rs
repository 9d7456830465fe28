//! Call records wait for the agreement that allows them, by every command that takes an export (A1).

use crate::support::cli::{Said, segue};
use crate::support::world::World;
use segue_example::{Example, Goal};
use std::fs;

const LOG: &str = "\
call_id,dialled,caller,language,agent,disposition,hold_s,wrap_s,queue,arrived,queued,answered,ended
C1,7001,+16095550101,en,agent-01,handled,0,5,MSG,2027-03-01 09:00:00,2027-03-01 09:00:05,2027-03-01 09:00:20,2027-03-01 09:02:00
";

#[test]
fn an_export_is_taken_before_a_transition_and_then_only_under_the_agreement() {
    let world = World::new();
    let log = world.path("log.csv").display().to_string();
    fs::write(&log, LOG).expect("written");
    let import = |source: &str| {
        let args = [
            "calls",
            "import",
            &log,
            "--mapping",
            "generic",
            "--source",
            source,
            "--json",
        ];
        segue(&world.data(), None, &args)
    };
    let no_agreement = |said: &Said| {
        assert_eq!(said.code, 3, "{said:?}");
        assert_eq!(said.json()["refusal"]["code"], "NO_BAA", "{said:?}");
    };
    assert_eq!(import("before").done()["accepted"], 1);
    world.walk(&Example::riverside(), &Goal::Created);
    no_agreement(&import("created"));
    let rehearse = ["rehearse", "--calls", &log, "--seed", "1", "--json"];
    no_agreement(&segue(&world.data(), None, &rehearse));
    let plan = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/riverside/plan.json"
    );
    let with_plan = [&rehearse[..], &["--plan", plan]].concat();
    no_agreement(&segue(&world.data(), None, &with_plan));
    world.walk(&Example::riverside(), &Goal::Discovering { open: 0 });
    assert_eq!(import("agreed").done()["accepted"], 1);
}
