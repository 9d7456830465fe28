//! Counts, shares, dates and lengths: the last that fits and the first that does not.

use super::many;
use segue_domain::Code::BadFact;
use serde_json::json;

fn text(chars: usize) -> String {
    "a".repeat(chars)
}

#[test]
fn the_facts_of_discovery_have_bounds() {
    let story = crate::people::history();
    let paths = "most calls at once between 1 and 100000";
    let sip = |chars: usize| json!(format!("sip:{}", text(chars - 4)));
    story.bounds(
        "record_number",
        BadFact,
        &[
            ("/paths_max", json!(0), paths),
            ("/paths_max", json!(1), ""),
            ("/paths_max", json!(100_000), ""),
            ("/paths_max", json!(100_001), paths),
            (
                "/current_target",
                json!("the desk"),
                "`the desk` as a number or SIP URI it points to",
            ),
            ("/current_target", sip(200), ""),
            (
                "/current_target",
                sip(201),
                "as a number or SIP URI it points to",
            ),
        ],
    );
    let add_up = "counts that add up: unclassified in clinical queues ≤ unclassified ≤ calls, calls above zero";
    story.bounds(
        "classify_calls",
        BadFact,
        &[
            ("/unclassified", json!(58_201), add_up),
            ("/unclassified", json!(58_200), ""),
            ("/unclassified_clinical", json!(405), add_up),
            ("/unclassified_clinical", json!(404), ""),
            ("/calls", json!(0), add_up),
        ],
    );
}

#[test]
fn the_facts_of_culture_have_bounds() {
    let story = crate::people::history();
    let bp = "outcomes of at most 10000 basis points";
    story.bounds(
        "record_adaptation",
        BadFact,
        &[
            ("/before_bp", json!(10_000), ""),
            ("/before_bp", json!(10_001), bp),
            ("/after_bp", json!(10_000), ""),
            ("/after_bp", json!(10_001), bp),
        ],
    );
    let handle = "a handle time between 1 and 43200 s";
    crate::culture::history().bounds(
        "set_aht_target",
        BadFact,
        &[
            ("/aht_s", json!(0), handle),
            ("/aht_s", json!(43_200), ""),
            ("/aht_s", json!(43_201), handle),
        ],
    );
    let nobody = "no segment: it is callers who have segments";
    story.bounds(
        "record_trait",
        BadFact,
        &[("/culture", json!("client_culture"), nobody)],
    );
    let quiz = "a quiz of agent A-01 with right answers ≤ questions, at least one question";
    story.bounds(
        "acknowledge_culture",
        BadFact,
        &[
            ("/results/0/correct", json!(11), quiz),
            (
                "/results/0",
                json!({"agent": "A-01", "correct": 0, "asked": 0}),
                quiz,
            ),
            (
                "/results/0",
                json!({"agent": "A-01", "correct": 1, "asked": 1}),
                "",
            ),
        ],
    );
}

#[test]
fn the_facts_of_law_have_bounds() {
    let story = crate::people::history();
    let dates = "dates of BAA-1 that follow each other";
    let reviewer = |name: &str| json!({"kind": "translation_reviewer", "language": "Spanish", "reviewer": name});
    story.bounds(
        "file_compliance_records",
        BadFact,
        &[
            ("/records/0/expires", json!("2027-01-03"), dates),
            ("/records/0/expires", json!("2027-01-04"), ""),
            (
                "/records/0/proves",
                reviewer("two words"),
                "`two words` as an account name",
            ),
            ("/records/0/proves", reviewer("rvs-quality"), ""),
        ],
    );
    let twice = |field: &str, name: &str| json!(many(json!({field: name, "share_bp": 10}), 2));
    story.bounds(
        "describe_callers",
        BadFact,
        &[
            (
                "/states",
                twice("state", "NJ"),
                "each of the states once; NJ is given twice",
            ),
            (
                "/languages",
                twice("language", "Welsh"),
                "each of the languages once; Welsh is given twice",
            ),
        ],
    );
    let place = "`Mars/Base` of N-21 as an IANA zone";
    crate::licences::history().bounds(
        "record_licences",
        BadFact,
        &[
            ("/licences/0/zone", json!("Mars/Base"), place),
            ("/licences/0/zone", json!("Europe/Paris"), ""),
            (
                "/licences/0/agent",
                json!("two words"),
                "`two words` as an agent number",
            ),
        ],
    );
}

#[test]
fn a_workforce_adds_up_and_know_how_is_reviewed_in_days_to_come() {
    let story = crate::people::history();
    let fit = |affected: u32, site: u32| {
        format!("numbers that fit: {affected} affected of {site} at RVS-Main of 2400 in all")
    };
    story.bounds(
        "record_workforce",
        BadFact,
        &[
            ("/affected", json!(90), ""),
            ("/affected", json!(91), &fit(91, 90)),
            ("/site_employees", json!(2_400), ""),
            ("/site_employees", json!(2_401), &fit(60, 2_401)),
        ],
    );
    let reviews = "a review date of K-1 that is still to come, not";
    let (before, ..) = story.before("capture_knowledge");
    let today = before.t.today(before.now);
    story.bounds(
        "capture_knowledge",
        BadFact,
        &[
            ("/items/0/review_by", json!(today), ""),
            (
                "/items/0/review_by",
                json!(today.yesterday().unwrap()),
                reviews,
            ),
        ],
    );
}

#[test]
fn the_facts_of_people_have_bounds() {
    let story = crate::people::history();
    let need = "one minimum of 1 to 1000 people for";
    let (.., minimums) = story.before("propose_fallback_minimums");
    let minimums = serde_json::to_value(&minimums).unwrap();
    let twice = many(minimums["minimums"][0].clone(), 2);
    story.bounds(
        "propose_fallback_minimums",
        BadFact,
        &[
            ("/minimums/0/need", json!(0), need),
            ("/minimums/0/need", json!(1), ""),
            ("/minimums/0/need", json!(1_000), ""),
            ("/minimums/0/need", json!(1_001), need),
            ("/minimums", json!(twice), need),
        ],
    );
    let post = "1 to 100 % of a full-time post for MS-D1";
    story.bounds(
        "roster_staff",
        BadFact,
        &[
            ("/staff/0/fte_percent", json!(0), post),
            ("/staff/0/fte_percent", json!(1), ""),
            ("/staff/0/fte_percent", json!(100), ""),
            ("/staff/0/fte_percent", json!(101), post),
        ],
    );
    let (before, ..) = story.before("plan_separation");
    let yesterday = before.t.today(before.now).yesterday().unwrap();
    let words = format!("a day to come, not {yesterday}");
    story.bounds(
        "plan_separation",
        BadFact,
        &[("/on", json!(yesterday), &words)],
    );
    let score = "a score of 0–100 %";
    story.bounds(
        "record_training",
        BadFact,
        &[
            ("/records/0/score_percent", json!(100), ""),
            ("/records/0/score_percent", json!(101), score),
        ],
    );
}

#[test]
fn the_dates_of_phases_and_surges_follow_each_other() {
    let story = crate::state_machine::history();
    for (command, what) in [("plan_phase", "test phase"), ("declare_surge", "surge")] {
        let (.., said) = story.before(command);
        let from = serde_json::to_value(&said).unwrap()["from"].clone();
        let day: jiff::civil::Date = serde_json::from_value(from).unwrap();
        let yesterday = day.yesterday().unwrap();
        let words = format!("a {what} that ends on {day} or later, not on {yesterday}");
        story.bounds(
            command,
            BadFact,
            &[("/to", json!(yesterday), &words), ("/to", json!(day), "")],
        );
    }
}

#[test]
fn the_way_home_is_proved_with_words_and_numbers() {
    let story = crate::people::history();
    let partner = "the number of the test partner";
    story.bounds(
        "record_emergency_drill",
        BadFact,
        &[
            ("/partner_number", json!(""), partner),
            ("/partner_number", json!("the desk"), partner),
            ("/partner_number", json!("7".repeat(200)), ""),
            ("/partner_number", json!("7".repeat(201)), partner),
        ],
    );
    let evidence = "a reference to the evidence for agents";
    story.bounds(
        "record_evidence",
        BadFact,
        &[("/reference", json!(" "), evidence)],
    );
    let home = crate::golden::spine();
    let person = "the test call a person in-house answered";
    home.bounds(
        "verify_return",
        BadFact,
        &[("/evidence", json!(" "), person)],
    );
    let kept = "where the incident note is kept";
    home.bounds(
        "write_incident_note",
        BadFact,
        &[("/reference", json!(" "), kept)],
    );
    let patience = "a patience of 1 to 86400 s";
    crate::counterfactual::history().bounds(
        "freeze_staffing",
        BadFact,
        &[
            ("/patience_s", json!(0), patience),
            ("/patience_s", json!(1), ""),
            ("/patience_s", json!(86_400), ""),
            ("/patience_s", json!(86_401), patience),
        ],
    );
}

#[test]
fn what_a_probe_asks_has_bounds() {
    let story = crate::testing::resource_probes::history();
    let tls = |port: u16| json!({"resource": "EHR-scheduling", "check": "tls", "host": "ehr.riverside.example", "port": port});
    let fhir =
        |url: &str| json!({"resource": "EHR-scheduling", "check": "fhir_metadata", "url": url});
    story.bounds(
        "ask_probe",
        BadFact,
        &[
            (
                "/targets/0",
                tls(0),
                "`TLS ehr.riverside.example:0` as something to try",
            ),
            ("/targets/0", tls(1), ""),
            (
                "/targets/0",
                fhir("http://ehr.riverside.example/metadata"),
                "`FHIR http://ehr.riverside.example/metadata` as something to try",
            ),
            (
                "/targets/0",
                fhir("https://ehr.riverside.example/metadata"),
                "",
            ),
        ],
    );
}

#[test]
fn what_a_probe_reports_is_as_it_signed_it() {
    crate::testing::resource_probes::history().bounds(
        "report_probe",
        segue_domain::Code::SignatureInvalid,
        &[
            ("/results/0/said", json!(text(200)), "signature"),
            ("/signature", json!("no"), "signature"),
        ],
    );
}
