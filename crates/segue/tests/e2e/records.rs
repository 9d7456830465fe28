//! Call records wait for the agreement that allows them, by every command that takes an export (A1); an export is sniffed, imported
//! and understood; a roster comes in through the desk.

use crate::plan::{sign_in, sign_in_as};
use crate::support::cli::{Said, segue};
use crate::support::page::Visitor;
use crate::support::serve::Serving;
use crate::support::world::{OUTSOURCER, World};
use segue_example::{Example, Goal};
use serde_json::{Value, json};
use std::fmt::Write as _;
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
    no_agreement(&segue(&world.data(), None, &["plan", "week", "--json"]));
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

/// Imports thirty days of one call every six minutes by day, and none at night; the number of calls.
fn import_a_month(world: &World) -> u32 {
    let mut log = LOG.lines().next().expect("a header").to_owned() + "\n";
    let mut calls = 0;
    for day in 1..=30 {
        for minute in (8 * 60..22 * 60).step_by(6) {
            let at = format!("2027-03-{day:02} {:02}:{:02}", minute / 60, minute % 60);
            let _ = writeln!(
                log,
                "C{calls},RVS-Main-TFN,,en,agent-01,handled,0,5,MSG,{at}:00,{at}:05,{at}:20,{at}:50"
            );
            calls += 1;
        }
    }
    let file = world.path("month.csv").display().to_string();
    fs::write(&file, log).expect("written");
    let import = [
        "calls",
        "import",
        &file,
        "--mapping",
        "generic",
        "--source",
        "acd",
        "--zone",
        "America/New_York",
        "--json",
    ];
    let accepted = segue(&world.data(), None, &import).done()["accepted"].clone();
    assert_eq!(accepted, calls);
    calls
}

#[test]
fn chunks_are_proposed_from_the_records_of_a_centre() {
    let world = World::new();
    world.walk(&Example::riverside(), &Goal::Discovered);
    let nothing = world.ask(None, &["plan", "chunks", "--json"]);
    assert_eq!(nothing.code, 2, "no record yet: {nothing:?}");
    import_a_month(&world);
    let unmapped = ["plan", "chunks", "--map", "message=HOUSE", "--json"];
    let unmapped = world.ask(None, &unmapped);
    assert!(
        unmapped.out.contains("4200 of type message"),
        "{unmapped:?}"
    );
    let mapped = ["plan", "chunks", "--map", "message=MSG", "--json"];
    let mapped = world.ask(None, &mapped).done();
    let proposed = world.ask(None, &["plan", "chunks", "--json"]).done();
    assert_eq!(
        mapped, proposed,
        "one call type alone is on the rung of messages"
    );
    let chunks = proposed["chunks"].as_array().expect("chunks");
    let names: Vec<_> = chunks.iter().map(|c| &c["planned"]["id"]).collect();
    assert_eq!(
        names,
        [
            "RVS-Main/MSG-days",
            "RVS-Main/MSG-evenings-nights",
            "RVS-Main/MSG-weekends"
        ]
    );
    assert_eq!(proposed["calls_left_out"], 0);
    for chunk in chunks {
        let number = |key: &str| chunk[key].as_u64().expect("a number");
        assert!(
            number("days_to_judge") <= number("days_there_are"),
            "{chunk}"
        );
    }
}

/// Every open hour of every weekday had ten calls, on five Mondays as on four Sundays.
fn ten_calls_in_every_open_hour(told: &Value) {
    for day in 0..7 {
        for hour in 8..22 {
            let sides = &told["expected"]["hours"][day * 24 + hour];
            let side = |side: &str| sides[side].as_f64().expect("a number");
            let calls = side("outsourced") + side("in_house");
            assert!((calls - 10.0).abs() < 1e-9, "{day} {hour}: {calls}");
        }
    }
}

/// Share and hours are tried out with the month's calls; what the page proposes waits for both signatures.
#[tokio::test(flavor = "multi_thread")]
async fn share_and_hours_show_what_each_side_may_expect() {
    let world = World::new();
    world.walk(&Example::riverside(), &Goal::Agreed);
    let week = ["plan", "week", "RVS-Main/MSG", "--share", "30", "--json"];
    assert_eq!(
        world.ask(None, &week).done()["expected"],
        json!(null),
        "no record yet"
    );
    let calls = f64::from(import_a_month(&world));
    let told = world.ask(None, &week).done();
    let of_week = |side: &str| told["expected"]["week"][side].as_f64().expect("a number");
    let (out, home) = (of_week("outsourced"), of_week("in_house"));
    let per_week = calls / 30.0 * 7.0;
    assert!(
        (out + home - per_week).abs() < 1e-6,
        "{out} + {home} of {per_week}"
    );
    assert!(
        (out - 0.3 * per_week).abs() < 1e-6,
        "30 % of {per_week}: {out}"
    );
    ten_calls_in_every_open_hour(&told);
    assert_eq!(told["calls_left_out"], 0);
    for (option, wrong) in [
        ("--share", "110"),
        ("--window", "Mon 25:00-26:00"),
        ("--step", "9"),
    ] {
        let refused = world.ask(None, &["plan", "week", "RVS-Main/MSG", option, wrong]);
        assert_eq!(refused.code, 3, "{option} {wrong}: {refused:?}");
    }
    let serving = Serving::start(&world.data());
    let mut visitor = Visitor::new(serving.http);
    sign_in(&mut visitor).await;
    let shown = visitor
        .get("/plan/week?chunk=RVS-Main/MSG&step=1&share=30&window=daily+08:00-22:00")
        .await;
    shown.says(&format!(
        "30 % of RVS-Main/MSG sends {out:.0} of {per_week:.0} calls a week out."
    ));
    let (csrf, command) = (shown.hidden("csrf"), shown.hidden("command"));
    let form = [
        ("csrf", csrf.as_str()),
        ("command", command.as_str()),
        ("chunk", "RVS-Main/MSG"),
        ("step", "1"),
        ("share", "15"),
        ("window", "always"),
        ("reason", "the first week is thin"),
    ];
    for _ in 0..2 {
        visitor
            .post("/plan/week", &form)
            .await
            .says("It is proposed.");
    }
    let versions = world.ask(None, &["plan", "list"]).done()["versions"].clone();
    assert_eq!(
        versions.as_array().map(Vec::len),
        Some(2),
        "pressed twice, proposed once: {versions}"
    );
    let in_force = world.ask(None, &["status", "--json"]).done();
    assert!(
        !in_force.to_string().contains("\"version\":2"),
        "nothing moves on a proposal"
    );
}

/// Seven calls of one hour, and a row set aside: on no page of the outsourcer, on paper or in print.
#[tokio::test(flavor = "multi_thread")]
async fn the_outsourcer_sees_no_small_count_of_the_clients_calls() {
    let world = World::new();
    world.walk(&Example::riverside(), &Goal::Agreed);
    let mut log = LOG.lines().next().expect("a header").to_owned() + "\n";
    for (hour, calls) in [(9, 40), (11, 7), (13, 30)] {
        for minute in 0..calls {
            let at = format!("2027-03-01 {hour:02}:{minute:02}");
            let _ = writeln!(
                log,
                "C{hour}-{minute},RVS-Main-TFN,,en,agent-01,handled,0,5,MSG,{at}:00,{at}:05,{at}:20,{at}:50"
            );
        }
    }
    log.push_str("X1,RVS-Main-TFN,,en,agent-01,handled,0,5,MSG,soon,,,\n");
    let file = world.path("small-log.csv").display().to_string();
    fs::write(&file, log).expect("written");
    let import = [
        "calls",
        "import",
        &file,
        "--mapping",
        "generic",
        "--source",
        "acd",
        "--json",
    ];
    assert_eq!(segue(&world.data(), None, &import).done()["accepted"], 77);

    let serving = Serving::start(&world.data());
    let mut client = Visitor::new(serving.http);
    sign_in(&mut client).await;
    client.get("/discovery").await.says("small-log.csv");
    let mut outsider = Visitor::new(serving.http);
    sign_in_as(&mut outsider, OUTSOURCER).await;
    for path in ["/discovery", "/discovery/report"] {
        let page = outsider.get(path).await;
        assert_eq!(page.status, 200, "{}", page.text);
        page.says("<abbr title=\"withheld\">x</abbr>");
        for given_away in ["small-log.csv", ">7</td>", ">30</td>"] {
            assert!(!page.text.contains(given_away), "{given_away} on {path}");
        }
    }
    let week = outsider.get("/plan/week?chunk=RVS-Main/MSG").await;
    assert_eq!(week.status, 200, "{}", week.text);
    week.says("are withheld from you");
    week.says("<abbr title=\"withheld\">x</abbr>");
    let report = ["calls", "report", "--outsourcer", "--json"];
    let report = world.ask(None, &report).done();
    assert_eq!(report["week"][0]["hours"][9], 40);
    for hour in [11, 13] {
        assert_eq!(report["week"][0]["hours"][hour], json!(null), "{hour}");
    }
    assert_eq!(report["quarantine"]["rows"], json!([]));
    assert_eq!(report["quarantine"]["total"], json!(null));
    // Who they are decides on the command line too, whatever is asked for.
    assert_eq!(world.outsourcer(&["calls", "report"]), report);
    for asked in [
        &["calls", "baseline", "--by", "hour"][..],
        &["calls", "discover"],
        &["calls", "quarantine"],
        &["plan", "week", "RVS-Main/MSG"],
        &["plan", "chunks"],
        &[
            "capacity",
            "staff",
            "--from",
            "2027-03-01",
            "--to",
            "2027-03-02",
        ],
        &["parity", "own-weeks", "RVS-Main/MSG"],
        // A plan that is not there: who asks is asked first.
        &["rehearse", "--seed", "1", "--plan", "nowhere.json"],
    ] {
        let refused = world.ask(Some(&world.outsourcer), asked);
        assert_eq!(refused.code, 3, "{refused:?}");
        assert_eq!(refused.json()["refusal"]["code"], "NOT_AUTHORISED");
        // The client's are asked for nothing more than what the question needs.
        let allowed = world.ask(Some(&world.client), asked);
        assert!(
            allowed.code != 3 || allowed.json()["refusal"]["code"] != "NOT_AUTHORISED",
            "{allowed:?}"
        );
    }
}

/// As an import of all lines does it: rows of a line under 42 CFR Part 2 are set aside, and the others played.
#[test]
fn a_rehearsal_of_an_export_takes_no_row_of_a_line_that_is_kept_apart() {
    let world = World::new();
    let mut example = Example::riverside();
    let apart = example.create.lines.first_mut().expect("a line");
    apart.part2 = true;
    let number = apart.routes[0].dialled.clone();
    world.walk(&example, &Goal::Agreed);
    let log = world.path("log.csv").display().to_string();
    fs::write(&log, LOG.replace("C1,7001,", &format!("C1,{number},"))).expect("written");
    let plan = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/riverside/plan.json"
    );
    for more in [&[][..], &["--plan", plan]] {
        let own = [
            "rehearse",
            "--calls",
            &log,
            "--seed",
            "1",
            "--replications",
            "1",
        ];
        let said = segue(&world.data(), None, &[&own[..], more].concat());
        let all = [said.out.as_str(), said.err.as_str()].concat();
        assert!(
            all.contains("RVS-Main-TFN"),
            "it says whose row it is: {said:?}"
        );
        assert!(all.contains("Set aside 1"), "{said:?}");
    }
}

/// The hash of a test telephone is what its calls are kept under, and its number goes nowhere.
#[test]
fn a_test_telephone_is_registered_by_its_hash() {
    let world = World::new();
    world.walk(&Example::riverside(), &Goal::Agreed);
    let hash = |number: &str| world.ask(None, &["key", "telephone", number, "--json"]);
    let known = hash("+1 (609) 555-0110").done()["caller_hash"].clone();
    assert_eq!(hash("+16095550110").done()["caller_hash"], known);
    let unusable = hash("the one in room 2");
    assert_eq!(unusable.code, 2, "{unusable:?}");
    let file = world.write(
        "telephones.json",
        &json!({ "telephones": { known.as_str().expect("a hash"): "room 2" } }),
    );
    world.client(&["do", "register-test-telephones", "--file", &file]);
    let shown = world.ask(Some(&world.client), &["show", "test-numbers"]);
    assert!(
        shown.out.contains("room 2") && !shown.out.contains("5550110"),
        "{shown:?}"
    );
}
