//! Each number, name and list that a command carries: what is just too little or too much is refused in words, what just fits is not.

mod figures;

use segue_domain::Code::{BadFact, Unknown};
use serde_json::json;

fn many<T: Clone>(one: T, times: usize) -> Vec<T> {
    vec![one; times]
}

/// Each command, the place of a name in it, and what is said of one that is not plain.
const NAMES: &[(&str, &str, &str)] = &[
    (
        "name_account_manager",
        "/person",
        "`two words` as an account name",
    ),
    (
        "name_account_manager",
        "/deputy",
        "`two words` as an account name",
    ),
    (
        "roster_agents",
        "/agents/0/agent",
        "`two words` as an agent number",
    ),
    (
        "record_baseline",
        "/segment",
        "a plain name for the segment",
    ),
    (
        "record_segment",
        "/segment",
        "`two words` as a segment name: 1–64 letters, digits, `.`, `_`, `-`, `/`",
    ),
    (
        "record_trait",
        "/trait",
        "`two words` as a trait name: 1–64 letters",
    ),
    (
        "propose_plan",
        "/plan/chunks/0/id",
        "a unique, plain name for chunk `two words`",
    ),
    (
        "file_compliance_records",
        "/records/0/record",
        "`two words` as a plain name of a record",
    ),
    (
        "capture_knowledge",
        "/items/0/item",
        "`two words` as a plain name of an item",
    ),
    (
        "capture_knowledge",
        "/items/0/author",
        "`two words` as a plain name of an author",
    ),
    (
        "write_test_scenarios",
        "/scenarios/0/id",
        "`two words` as a plain name",
    ),
    (
        "write_test_scenarios",
        "/scenarios/0/knowledge",
        "`two words` as a plain name",
    ),
    (
        "name_test_callers",
        "/callers/0/person",
        "`two words` as an account name",
    ),
    (
        "record_training",
        "/records/0/assessor",
        "a plain account name of the assessor",
    ),
    (
        "define_shifts",
        "/shifts/0/shift",
        "`two words` as the name of a shift",
    ),
    (
        "adopt_notice_table",
        "/rows/0/jurisdiction",
        "`two words` as a jurisdiction, for example US or US-NJ",
    ),
    (
        "record_workforce",
        "/jurisdictions/0",
        "the jurisdictions of the centre, for example US and US-NJ",
    ),
    (
        "declare_resources",
        "/types/0/needs/0/resource",
        "`two words` as a plain resource name",
    ),
];

#[test]
fn who_and_what_is_named_has_a_plain_name() {
    let story = crate::people::history();
    let odd = || json!("two words");
    for (command, place, words) in NAMES {
        story.bounds(command, BadFact, &[(*place, odd(), *words)]);
    }
    let phases = crate::state_machine::history();
    let words = "`two words` as a short name";
    phases.bounds(
        "add_preparation",
        BadFact,
        &[("/preparation", odd(), words)],
    );
    let words = "`two words` as a chunk name";
    crate::waivers::history().bounds("propose_waiver", BadFact, &[("/chunk", odd(), words)]);
}

#[test]
fn an_empty_list_says_nothing() {
    let story = crate::people::history();
    for (command, place, words) in [
        (
            "propose_plan",
            "/plan/chunks/0/lines",
            "at least one line and one step for chunk RVS-Main/MSG",
        ),
        (
            "propose_plan",
            "/plan/chunks/0/steps",
            "at least one line and one step for chunk RVS-Main/MSG",
        ),
        (
            "record_workshop",
            "/attendees",
            "at least one attendee, by position",
        ),
        (
            "record_call_flow",
            "/steps",
            "at least one step of the call flow",
        ),
        ("record_last_resort_call", "/lines", "at least one line"),
        ("test_triggers", "/tests", "at least one trigger to test"),
        ("record_telephony_checks", "/checks", "at least one check"),
        (
            "record_access",
            "/proofs",
            "at least one agent and resource",
        ),
        (
            "propose_fallback_minimums",
            "/minimums",
            "at least one minimum of people at home",
        ),
        (
            "serve_notices",
            "/staff",
            "the people, and who got the notice",
        ),
        (
            "serve_notices",
            "/recipients",
            "the people, and who got the notice",
        ),
        (
            "record_workforce",
            "/jurisdictions",
            "the jurisdictions of the centre, for example US and US-NJ",
        ),
    ] {
        story.bounds(command, BadFact, &[(place, json!([]), words)]);
    }
    let calls = crate::testing::history();
    let words = "at least one trial call";
    calls.bounds(
        "assign_test_calls",
        BadFact,
        &[("/calls", json!([]), words)],
    );
}

#[test]
fn what_is_named_must_be_there() {
    let story = crate::people::history();
    for (command, place, value, words) in [
        (
            "roster_agents",
            "/agents/0/call_types/0",
            "FAX",
            "call type `FAX` of agent N-21",
        ),
        (
            "record_segment",
            "/call_type",
            "FAX",
            "call type `FAX` of segment spanish",
        ),
        (
            "declare_resources",
            "/types/0/call_type",
            "FAX",
            "call type `FAX`",
        ),
    ] {
        story.bounds(command, Unknown, &[(place, json!(value), words)]);
    }
    let one = "a line named `RVS-West`";
    story.bounds(
        "plan_disconnection",
        BadFact,
        &[("/line", json!("RVS-West"), one)],
    );
    let calls = crate::testing::history();
    let types = json!(["FAX"]);
    calls.bounds(
        "name_test_callers",
        Unknown,
        &[("/callers/0/works_today", types, "call type `FAX`")],
    );
    let line = "line `RVS-West` of RVS-Main/MSG";
    calls.bounds(
        "open_test_campaign",
        Unknown,
        &[("/lines", json!(["RVS-West"]), line)],
    );
    let chunk = "chunk `RVS-West/MSG` in any version of the plan";
    crate::schedule::history().bounds(
        "write_message",
        Unknown,
        &[
            ("/chunk", json!("RVS-West/MSG"), chunk),
            ("/chunk", json!(null), ""),
        ],
    );
    crate::schedule::history().bounds(
        "propose_plan",
        Unknown,
        &[
            ("/counter_to", json!(9), "version 9"),
            ("/counter_to", json!(null), ""),
        ],
    );
    crate::suggestions::history().bounds(
        "register_opportunity",
        Unknown,
        &[
            ("/suggestion", json!("SG-9"), "suggestion `SG-9`"),
            ("/suggestion", json!("SG-1"), ""),
        ],
    );
}

#[test]
fn a_list_is_no_longer_than_a_person_can_read() {
    let story = crate::people::history();
    let items = |n: usize| json!(many("numbers", n));
    story.bounds(
        "open_discovery",
        BadFact,
        &[
            ("/items", items(500), ""),
            (
                "/items",
                items(501),
                "a discovery item at most 500 times in one command",
            ),
        ],
    );
    let agents = many(
        json!({"agent": "A-01", "call_types": ["MSG"], "languages": ["English"], "credential": "unlicensed"}),
        501,
    );
    story.bounds(
        "roster_agents",
        BadFact,
        &[
            ("/agents", json!(agents[..500]), ""),
            (
                "/agents",
                json!(agents),
                "at most 500 agents in one command, not 501",
            ),
        ],
    );
    let needs: Vec<_> = (0..501)
        .map(|n| json!({"resource": format!("r-{n}"), "level": "read"}))
        .collect();
    story.bounds(
        "declare_resources",
        BadFact,
        &[
            ("/types/0/needs", json!(needs[..500]), ""),
            ("/types/0/needs", json!(needs), "at most 500 resources"),
        ],
    );
}
