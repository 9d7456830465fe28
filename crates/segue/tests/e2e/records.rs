//! Call records wait for the agreement that allows them, by every command that takes an export (A1); an export is sniffed, imported
//! and understood; a roster comes in through the desk.

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

#[test]
fn an_export_is_sniffed_and_understood() {
    let world = World::new();
    let log = world.path("log.csv").display().to_string();
    fs::write(&log, LOG).expect("written");
    let run = |args: &[&str]| segue(&world.data(), None, args).done();
    let found = run(&["calls", "sniff", &log, "--json"]);
    assert_eq!(
        (&found["mapping"], &found["kind"]),
        (&"generic".into(), &"records".into())
    );
    assert!(!found["reasons"].as_array().expect("reasons").is_empty());
    run(&[
        "calls",
        "import",
        &log,
        "--mapping",
        "generic",
        "--source",
        "acd",
        "--zone",
        "America/Chicago",
        "--json",
    ]);
    let found = run(&["calls", "discover", "--json"]);
    assert_eq!(found["offered"], 1);
    assert_eq!(found["callers"]["reached"]["numerator"], 1);
    assert_eq!(found["flow_differences"][0]["difference"], "not_documented");
    // 9:00 in Chicago.
    assert_eq!(found["profile"]["week"][0][9]["offered"], 1);
}

#[test]
fn a_roster_comes_in_row_by_row_under_the_rules_of_the_desk() {
    let world = World::new();
    world.walk(&Example::riverside(), &Goal::Discovering { open: 0 });
    let roster = world.path("roster.csv").display().to_string();
    let rows = "agent,call_types,languages,credential\nZ-901,MSG,English,unlicensed\nZ-902,NOPE,English,unlicensed\nZ-903,MSG,English,wizard\n";
    fs::write(&roster, rows).expect("written");
    let import = || world.outsourcer(&["import", "roster", &roster, "--json"]);
    let first = import();
    assert_eq!(
        (&first["read"], &first["accepted"], &first["quarantined"]),
        (&3.into(), &1.into(), &2.into())
    );
    let said = first["rows"][0]["reason"].as_str().expect("a reason");
    assert!(
        first["rows"][0]["line"] == 3 && said.contains("NOPE"),
        "{said}"
    );
    let again = import();
    assert_eq!(
        (&again["accepted"], &again["duplicates"]),
        (&0.into(), &1.into())
    );
    // The roster is the outsourcer's: the client's person may not.
    let by_client = world.client(&["import", "roster", &roster, "--json"]);
    assert_eq!(by_client["accepted"], 0);
}
