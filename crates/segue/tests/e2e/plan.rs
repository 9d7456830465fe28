//! `segue plan …`: exit codes and JSON keys of the contract, over model files and over a transition.

use crate::support::cli::{Said, segue};
use crate::support::page::Visitor;
use crate::support::serve::Serving;
use crate::support::world::{CLIENT, PASSWORD, World};
use segue_example::{Example, Goal};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

/// Questions over model files need no data directory.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> String {
        let path = self.0.path().join(name);
        path.to_str().expect("a plain path").to_owned()
    }

    #[track_caller]
    fn ask(&self, verb: &str, file: &Value, more: &[&str]) -> Said {
        let name = self.path("question.json");
        std::fs::write(&name, file.to_string()).expect("written");
        let args = [&["--json", "plan", verb, "--file", &name], more].concat();
        segue(&self.0.path().join("none"), None, &args)
    }
}

/// Messages and triage of one centre in twelve weeks, easy first.
fn model(rules: &Value) -> Value {
    let cell = |kind: &str, contacts: u32| json!({ "site": "S1", "type": kind, "shift": "day", "contacts_per_week": contacts, "dual_cost_per_week": 3 });
    let mut all = vec![
        json!({ "id": "SOAK", "owner": "safety", "text": "a week of soak", "kind": "soak", "weeks": 1 }),
        json!({ "id": "EASY", "owner": "safety", "text": "easy first", "kind": "easy_first", "gate": "accepted" }),
    ];
    all.extend(rules.as_array().cloned().unwrap_or_default());
    json!({
        "first_monday": "2027-01-04",
        "weeks": 12,
        "sites": [{ "id": "S1" }],
        "types": [
            { "id": "MSG", "rung": "message", "shares_percent": [50, 100] },
            { "id": "TRI", "rung": "triage", "shares_percent": [20, 40] },
        ],
        "shifts": ["day"],
        "cells": [cell("MSG", 900), cell("TRI", 300)],
        "rules": all,
        "preferences": [
            { "id": "C", "owner": "client", "text": "done early", "points": 100, "wish": { "kind": "done_by", "week": 4 } },
            { "id": "O", "owner": "outsourcer", "text": "time to hire", "points": 100, "wish": { "kind": "not_before", "week": 3 } },
        ],
    })
}

fn lease(week: u32) -> Value {
    json!({ "id": "LEASE", "owner": "client", "text": "the lease ends", "kind": "not_after", "week": week })
}

#[track_caller]
fn has(value: &Value, keys: &[&str]) {
    for key in keys {
        assert!(!value[key].is_null(), "`{key}` in {value}");
    }
}

fn names(list: &Value) -> Vec<&str> {
    let all = list.as_array().expect("a list");
    all.iter().filter_map(|row| row["rule"].as_str()).collect()
}

#[test]
fn a_draft_has_its_keys_and_passes_the_check_that_names_broken_rules() {
    let desk = Desk::new();
    let ics = desk.path("plan.ics");
    let drafted = desk
        .ask("draft", &model(&json!([])), &["--ics", &ics])
        .done();
    has(
        &drafted,
        &["hash", "weeks", "gap", "steps", "satisfied", "plan"],
    );
    for party in ["client", "outsourcer"] {
        let ratio = drafted["satisfied"][party].as_f64().expect("a ratio");
        let [part, all] = ["points", "points_all"].map(|k| {
            drafted["satisfied"][format!("{party}_{k}")]
                .as_f64()
                .expect("a number")
        });
        assert!((ratio - part / all).abs() < 1e-9, "{drafted}");
    }
    assert_eq!(drafted["gap"], 0.0, "so small a question is solved");
    let calendar = std::fs::read_to_string(&ics).expect("a calendar");
    assert_eq!(calendar.matches("BEGIN:VEVENT").count(), 4);

    let check = |plan: &Value| {
        desk.ask(
            "check",
            &json!({ "model": model(&json!([])), "plan": plan }),
            &[],
        )
    };
    assert_eq!(check(&drafted["plan"]).done()["violations"], json!([]));
    let broken = check(&json!([[0, 1], [1, 3]]));
    assert_eq!(broken.code, 5, "{broken:?}");
    let violations = broken.json()["violations"].clone();
    has(&violations[0], &["rule", "owner", "text"]);
    assert_eq!(names(&violations), ["EASY"]);

    let greedy = desk.ask("draft", &model(&json!([])), &["--greedy"]).done();
    assert_eq!(
        greedy["gap"],
        Value::Null,
        "the list scheduler proves nothing"
    );
    assert_eq!(check(&greedy["plan"]).code, 0);
}

#[test]
fn what_cannot_be_planned_is_exit_5_with_the_clash_and_the_fixes() {
    let desk = Desk::new();
    let tight = model(&json!([lease(2)]));
    let possible = desk.ask("explain", &model(&json!([lease(9)])), &[]);
    assert_eq!(
        (possible.code, possible.json()["possible"].clone()),
        (0, json!(true))
    );
    for verb in ["explain", "draft", "negotiate"] {
        let said = desk.ask(verb, &tight, &[]);
        assert_eq!(said.code, 5, "{verb}: {said:?}");
        let clash = said.json();
        has(&clash["clash"][0], &["rule", "owner", "text"]);
        has(&clash["fixes"][0], &["rule", "owner", "from", "to"]);
        assert_eq!(names(&clash["clash"]), ["SOAK", "EASY", "LEASE"], "{verb}");
        assert_eq!(
            names(&clash["fixes"]),
            ["LEASE"],
            "{verb}: safety is never offered"
        );
        assert_eq!(clash["fixes"][0]["to"], "moved by week 3");
    }
    let greedy = desk.ask("draft", &tight, &["--greedy"]);
    assert_eq!(greedy.code, 5, "{greedy:?}");
}

#[test]
fn a_negotiation_starts_from_sealed_points_and_a_base_that_fits() {
    let desk = Desk::new();
    let whole = model(&json!([]));
    let answer = desk.ask("negotiate", &whole, &[]).done();
    has(
        &answer,
        &[
            "hash",
            "weeks",
            "steps",
            "satisfied",
            "plans",
            "ideal",
            "disagreement",
            "frontier",
        ],
    );
    let mine = json!({ "preferences": [whole["preferences"][0]] });
    let sealed = desk.ask("negotiate", &mine, &["--seal", "client"]).done();
    has(&sealed, &["commitment", "opened"]);
    let early = json!({ "model": whole, "table": { "client": sealed["commitment"], "client_opened": sealed["opened"] } });
    let early = desk.ask("negotiate", &early, &[]);
    assert_eq!(early.code, 2, "{early:?}");
    assert!(
        early.json()["error"]
            .to_string()
            .contains("outsourcer has not sealed"),
        "{early:?}"
    );

    let base = |plan: Value| json!({ "model": whole, "base": { "model": whole, "plan": plan } });
    let stands = desk
        .ask("negotiate", &base(json!([[5, 6], [8, 9]])), &[])
        .done();
    assert!(
        stands["disagreement"]["outsourcer"].as_f64() > stands["disagreement"]["client"].as_f64()
    );
    for (plan, words) in [
        (json!([[5, 6]]), "1 cells"),
        (json!([[5, 6], [8]]), "S1/TRI/day has 1 of its 2 steps"),
        (json!([[5, 6], [8, 40]]), "after the 12 weeks planned"),
    ] {
        let said = desk.ask("negotiate", &base(plan), &[]);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(
            said.json()["error"].to_string().contains(words),
            "{words}: {said:?}"
        );
    }
}

#[test]
fn a_counter_proposal_is_a_diff_or_a_clash_with_what_is_settled() {
    let desk = Desk::new();
    let ask = |rules: Value, now: u32, agreed: u32| {
        let base = json!({ "model": model(&json!([])), "plan": [[0, 1], [2, 3]], "now_week": now, "agreed_before_week": agreed });
        desk.ask(
            "diff",
            &json!({ "model": model(&rules), "base": base }),
            &[],
        )
    };
    let freeze = json!([{ "id": "FREEZE", "owner": "client", "text": "upgrade", "kind": "blackout", "first": 2, "last": 2 }]);
    let diff = ask(freeze.clone(), 1, 2).done();
    has(
        &diff,
        &[
            "hash",
            "weeks",
            "steps",
            "satisfied",
            "moved",
            "changes",
            "satisfied_before",
        ],
    );
    let change = &diff["changes"][0];
    has(change, &["cell", "step", "from", "to", "why"]);
    assert_eq!(
        (&change["from_week"], &change["to_week"]),
        (&json!(2), &json!(3))
    );
    assert!(diff["changes"].to_string().contains("FREEZE"), "{diff}");

    let said = ask(freeze, 1, 3);
    assert_eq!(said.code, 5, "{said:?}");
    let clash = said.json();
    assert_eq!(
        names(&clash["clash"]),
        ["FREEZE", "SETTLED-S1/TRI/day"],
        "{clash}"
    );
    assert_eq!(names(&clash["fixes"]), ["FREEZE", "FREEZE"], "{clash}");
    assert!(
        clash["clash"][1]["text"]
            .to_string()
            .contains("taken or agreed in the weeks of 2027-01-18")
    );

    let none = desk.ask("diff", &model(&json!([])), &[]);
    assert_eq!(
        (
            none.code,
            none.json()["error"].to_string().contains("no `base`")
        ),
        (2, true)
    );
    let far = ask(json!([]), 999, 0);
    assert_eq!(
        (
            far.code,
            far.json()["error"].to_string().contains("now_week")
        ),
        (2, true)
    );
}

#[test]
fn a_model_that_is_none_is_exit_2_with_a_next_step() {
    let desk = Desk::new();
    let mut unknown = model(&json!([]));
    unknown["cells"][0]["site"] = json!("S9");
    let mut sunday = model(&json!([]));
    sunday["first_monday"] = json!("2027-01-03");
    for (file, words) in [
        (unknown, "S9"),
        (sunday, "no Monday"),
        (json!({ "cells": 3 }), "docs/operations.md"),
    ] {
        let said = desk.ask("draft", &file, &[]);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(
            said.json()["error"].to_string().contains(words),
            "{words}: {said:?}"
        );
    }
}

fn answers(first_step: &str) -> Value {
    json!({ "first_step": first_step, "people": 24, "cohort": 12, "cohort_every_days": 7, "owner": "cb-manager",
            "states": ["NJ"], "languages": ["English"] })
}

/// A transition that may be planned, with a wish of each party and a hard freeze.
fn discovered() -> World {
    let world = World::new();
    world.walk(&Example::riverside(), &Goal::Discovered);
    let declare = |token: &str, name: &str, constraint: &Value| {
        let file = world.write(name, constraint);
        world
            .ask(Some(token), &["do", "declare-constraint", "--file", &file])
            .done();
    };
    let wish = |limit: Value| json!({ "limit": limit, "firmness": "soft", "weight": 5, "reason": "a wish" });
    declare(
        &world.client,
        "c1.json",
        &wish(json!({ "kind": "not_after", "date": "2040-01-31" })),
    );
    declare(
        &world.outsourcer,
        "c2.json",
        &wish(json!({ "kind": "not_before", "date": "2040-01-31" })),
    );
    declare(
        &world.outsourcer,
        "c3.json",
        &wish(json!({ "kind": "step_days", "days": ["tuesday"] })),
    );
    world
}

#[test]
fn a_draft_from_answers_begins_when_answered_and_tells_both_satisfactions_truly() {
    let world = discovered();
    let file = world.write("answers.json", &answers("2031-03-05"));
    let ask =
        |more: &[&str]| world.ask(None, &[&["plan", "draft", "--file", &file], more].concat());
    for more in [&[][..], &["--greedy"][..]] {
        let drafted = ask(more).done();
        has(&drafted, &["hash", "weeks", "steps", "satisfied", "plan"]);
        let first = drafted["steps"]
            .as_array()
            .expect("steps")
            .iter()
            .filter_map(|s| s["from"].as_str())
            .min();
        assert!(first >= Some("2031-03-05"), "{first:?}");
        // The client's only weighed wish is met nine years early; the outsourcer's is missed by as much.
        assert_eq!(
            drafted["satisfied"]["client"], 1.0,
            "{}",
            drafted["satisfied"]
        );
        let outsourcer = drafted["satisfied"]["outsourcer"]
            .as_f64()
            .expect("a ratio");
        assert!(outsourcer < 0.6, "{outsourcer}");
        assert!(
            drafted["not_weighed"].to_string().contains("C-3"),
            "{drafted}"
        );
        let proposal = world.write("plan.json", &json!({ "plan": drafted["plan"] }));
        let checked = world
            .ask(None, &["plan", "check", "--file", &proposal])
            .done();
        assert_eq!(checked["violations"], json!([]));
    }
    let model = world.ask(None, &["plan", "model", "--file", &file]).done();
    assert!(
        names(&json!(model["rules"].as_array().map(|all| {
            all.iter()
                .map(|r| json!({ "rule": r["id"] }))
                .collect::<Vec<_>>()
        })))
        .contains(&"FIRST-STEP")
    );
    let other = world.write("other.json", &json!({ "risk": [{ "chunk": "elsewhere", "extra_triage_harm": 1.0 }], "weeks": [], "zone": "UTC" }));
    let said = ask(&["--risks", &other]);
    assert_eq!(
        (
            said.code,
            said.json()["error"].to_string().contains("elsewhere")
        ),
        (2, true)
    );
}

#[test]
fn answers_that_no_plan_can_keep_are_exit_5_with_the_rules_by_name() {
    let world = discovered();
    let over = json!({ "limit": { "kind": "not_after", "date": "2031-04-30" }, "reason": "the lease ends" });
    let over = world.write("lease.json", &over);
    world
        .ask(
            Some(&world.client),
            &["do", "declare-constraint", "--file", &over],
        )
        .done();
    let file = world.write("answers.json", &answers("2031-03-05"));
    let said = world.ask(None, &["plan", "draft", "--file", &file]);
    assert_eq!(said.code, 5, "{said:?}");
    let clash = said.json();
    has(&clash, &["clash", "fixes", "template"]);
    let rules = names(&clash["clash"]);
    assert!(rules.contains(&"C-4"), "{rules:?}");
    assert!(names(&clash["fixes"]).contains(&"C-4"), "{clash}");
    let safety = |name: &&str| {
        ["SOAK", "STEPS", "HOLD", "EASY", "ONE-SITE"]
            .iter()
            .any(|s| name.starts_with(s))
    };
    assert!(!names(&clash["fixes"]).iter().any(safety), "{clash}");
}

pub(crate) async fn sign_in(visitor: &mut Visitor) {
    sign_in_as(visitor, CLIENT).await;
}

pub(crate) async fn sign_in_as(visitor: &mut Visitor, user: &str) {
    let csrf = visitor.get("/login").await.hidden("csrf");
    let fields = [
        ("csrf", csrf.as_str()),
        ("user", user),
        ("password", PASSWORD),
        ("next", "/"),
    ];
    assert_eq!(visitor.post("/login", &fields).await.status, 303);
}

/// The page, the feed and the command show the same plan, from the first proposal on.
#[tokio::test(flavor = "multi_thread")]
async fn the_calendar_is_one_on_the_page_in_the_feed_and_on_the_command_line() {
    let world = World::new();
    world.walk(&Example::riverside(), &Goal::Discovered);
    let none = world.ask(None, &["plan", "calendar"]).done();
    assert_eq!(
        (&none["version"], &none["lanes"]),
        (&Value::Null, &json!([]))
    );
    world.walk(&Example::riverside(), &Goal::Agreed);
    let ics = world.path("plan.ics");
    let told = world
        .ask(
            None,
            &[
                "plan",
                "calendar",
                "--ics",
                ics.to_str().expect("a plain path"),
            ],
        )
        .done();
    has(
        &told,
        &["version", "hash", "in_force", "lanes", "satisfied"],
    );
    has(
        &told["lanes"][0]["steps"][0],
        &["share_percent", "on", "bound"],
    );
    let steps: usize = told["lanes"]
        .as_array()
        .expect("lanes")
        .iter()
        .map(|l| l["steps"].as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(events(&ics), steps);

    let serving = Serving::start(&world.data());
    let mut visitor = Visitor::new(serving.http);
    assert_eq!(visitor.get("/plan/calendar").await.status, 303);
    assert_eq!(visitor.get("/plan/calendar.ics").await.status, 401);
    sign_in(&mut visitor).await;
    let page = visitor.get("/plan/calendar").await;
    assert_eq!(page.status, 200);
    for words in [
        "Version 1 is in force",
        "RVS-Main/MSG",
        "no harder call type before an easier one is accepted",
        told["hash"].as_str().expect("a hash"),
    ] {
        page.says(words);
    }
    let feed = visitor.get("/plan/calendar.ics").await;
    assert_eq!(
        (feed.status, feed.text.matches("BEGIN:VEVENT").count()),
        (200, steps)
    );
    feed.says("STATUS:CONFIRMED");

    assert_eq!(serving.stop(), 0);
}

/// A calendar program gives a token of its person that may read; what is no such token is nobody.
#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_subscribes_with_a_reading_token_of_its_person() {
    let world = World::new();
    world.walk(&Example::riverside(), &Goal::Agreed);
    let serving = Serving::start(&world.data());
    let token = world
        .ask(None, &["user", "token", CLIENT, "--scope", "read"])
        .done();
    let token = token["token"].as_str().expect("a token");
    let get = |user: &str, secret: &str| {
        let request = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client");
        request
            .get(format!("http://{}/plan/calendar.ics", serving.http))
            .basic_auth(user, Some(secret))
            .send()
    };
    for (user, secret, status) in [
        (CLIENT, token, 200),
        ("cb-director", token, 401),
        (CLIENT, "segue_made-up", 401),
    ] {
        assert_eq!(
            get(user, secret).await.expect("an answer").status(),
            status,
            "{user} {secret}"
        );
    }
    assert_eq!(serving.stop(), 0);
}

fn events(file: &Path) -> usize {
    let text = std::fs::read_to_string(file).expect("a calendar");
    text.matches("BEGIN:VEVENT").count()
}

/// Twelve answers on the page: a rule refuses, a draft is shown, the other party finds it proposed.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_drafted_and_proposed_on_the_page() {
    let world = World::new();
    world.walk(&Example::riverside(), &Goal::Discovered);
    let serving = Serving::start(&world.data());
    let mut visitor = Visitor::new(serving.http);
    assert_eq!(
        visitor.get("/plan/draft").await.location,
        "/login?next=/plan/draft"
    );
    sign_in(&mut visitor).await;
    visitor.get("/plan/calendar").await.says("/plan/draft");
    let form = visitor.get("/plan/draft").await;
    form.says("12. Who owns the preparation?");
    let (csrf, command) = (form.hidden("csrf"), form.hidden("command"));
    let answers = |first_step: &'static str, wants: &'static str| {
        [
            ("csrf", csrf.clone()),
            ("command", command.clone()),
            ("zone", "America/New_York".into()),
            ("call_type", "MSG".into()),
            ("call_type", "APPT".into()),
            ("population", "adult".into()),
            ("states", "NJ, NY".into()),
            ("first_step", first_step.into()),
            ("pace", "careful".into()),
            ("people", "8".into()),
            ("cohort", "8".into()),
            ("cohort_every_days", "14".into()),
            ("owner", "rvs-manager".into()),
            ("do", wants.into()),
        ]
    };
    let send = async |visitor: &mut Visitor, first_step, wants| {
        let fields = answers(first_step, wants);
        let fields: Vec<_> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        visitor.post("/plan/draft", &fields).await
    };
    let bad = send(&mut visitor, "soon", "draft").await;
    assert_eq!(bad.status, 409);
    bad.says("an answer that can be read");
    let shown = send(&mut visitor, "2030-03-04", "draft").await;
    assert_eq!(shown.status, 200);
    for words in [
        "RVS-Main/MSG",
        "20 % of the calls",
        "Propose it",
        "value=\"2030-03-04\"",
    ] {
        shown.says(words);
    }
    let list = || world.ask(None, &["plan", "list"]).done();
    assert_eq!(
        list()["versions"],
        json!([]),
        "a draft is nobody's proposal"
    );
    for _ in 0..2 {
        let proposed = send(&mut visitor, "2030-03-04", "propose").await;
        assert_eq!(proposed.status, 200);
        proposed.says("The draft is proposed.");
    }
    let versions = list()["versions"].as_array().map(Vec::len);
    assert_eq!(versions, Some(1), "pressed twice, proposed once");
}
