//! Vendors' files under the shipped mappings: real samples where there are some, else records made as the documentation has them.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

mod common;

use common::{baseline_of, import_files, quarantined};
use segue_calls::baseline::{BaselineRow, By};
use segue_calls::import::ImportReport;
use segue_calls::mapping::{CheckedMapping, SHIPPED};
use segue_calls::sniff::{Kind, sniff};
use segue_calls::store::CallStore;
use segue_parity::kpi::ServiceLevelFormula;
use std::path::{Path, PathBuf};

/// A file under a shipped mapping: the reconciliation, all calls' KPIs, and that sniffing finds the same mapping.
fn read(name: &str, file: &Path) -> (ImportReport, BaselineRow, CallStore, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = CallStore::new(folder.path());
    let mapping = CheckedMapping::find(name).unwrap();
    let report = import_files(&store, &mapping, "acd", &[file.to_owned()]).unwrap();
    let row = baseline_of(&store, By::All, ServiceLevelFormula::SlAbandonNegative).rows[0].clone();
    let found = sniff(file).unwrap();
    assert_eq!(found.mapping.as_deref(), Some(name), "{:?}", found.reasons);
    assert_eq!(found.kind, Kind::Records);
    (report, row, store, folder)
}

fn sample(name: &str) -> Option<PathBuf> {
    common::data(&format!("cdr_formats/{name}"))
}

fn written(text: &str, name: &str) -> (PathBuf, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, text).unwrap();
    (file, folder)
}

#[test]
fn every_shipped_mapping_is_whole_and_named_as_it_is_found() {
    for (name, _) in SHIPPED {
        assert_eq!(CheckedMapping::find(name).unwrap().mapping.name, name);
    }
}

#[test]
fn asterisk_cdr_real_samples() {
    let Some(good) = sample("asterisk/asttest_self-tests_cdrlib_good.csv") else {
        return;
    };
    let (report, row, ..) = read("asterisk-cdr", &good);
    // Five rows of one test call with one id: nobody's waits, no person.
    assert_eq!(report.read, report.accepted + report.duplicates);
    assert_eq!(
        (row.offered, row.excluded_by.connected),
        (0, report.accepted)
    );
    let cut = sample("asterisk/asttest_self-tests_cdrlib_buggy.csv").unwrap();
    let store_folder = tempfile::tempdir().unwrap();
    let store = CallStore::new(store_folder.path());
    let mapping = CheckedMapping::find("asterisk-cdr").unwrap();
    let report = import_files(&store, &mapping, "acd", &[cut]).unwrap();
    assert_eq!((report.read, report.quarantined), (1, 1));
    assert!(quarantined(&store)[0].reason.contains("quote"));
}

#[test]
fn cucm_real_sample() {
    let Some(file) = sample("cisco_cucm/cucm_cdr_masked.csv") else {
        return;
    };
    let (report, row, ..) = read("cisco-cucm", &file);
    assert_eq!(report.read, 203);
    assert_eq!(row.offered, 0, "a PBX knows no person");
    let by = row.excluded_by;
    assert_eq!(by.connected + by.blocked + by.dequeued, report.accepted);
}

#[test]
fn freeswitch_real_sample() {
    let Some(file) = sample("freeswitch/fscdr_0.json") else {
        return;
    };
    let (report, row, ..) = read("freeswitch-json", &file);
    assert_eq!((report.read, report.accepted), (1, 1));
    assert_eq!(
        (row.offered, row.excluded_by.ivr_only),
        (0, 1),
        "no queue was joined"
    );
}

#[test]
fn twilio_official_examples() {
    let Some(file) = sample("twilio/calls_examples.json") else {
        return;
    };
    let examples: serde_json::Value =
        serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let page =
        &examples["get /2010-04-01/Accounts/{AccountSid}/Calls.json 200"]["readFullPage1"]["value"];
    let calls = page["calls"].as_array().unwrap().len();
    let (file, _folder) = written(&serde_json::to_string_pretty(page).unwrap(), "calls.json");
    let (report, row, ..) = read("twilio-calls", &file);
    assert_eq!(report.read, u64::try_from(calls).unwrap());
    assert_eq!(row.answered, 0, "a machine that answers is no person");
}

#[test]
fn amazon_connect_contacts() {
    let contact = |id: &str, queue: &str, agent: &str, method: &str| {
        format!(
            r#"{{"ContactId":"{id}","InitialContactId":null,"InitiationMethod":"{method}","Channel":"VOICE",
            "InitiationTimestamp":"2026-03-02T14:00:00Z","DisconnectTimestamp":"2026-03-02T14:06:00Z",
            "CustomerEndpoint":{{"Type":"TELEPHONE_NUMBER","Address":"+16095550110"}},
            "SystemEndpoint":{{"Address":"+18005550100"}},"Queue":{queue},"Agent":{agent},"DisconnectReason":"CUSTOMER_DISCONNECT"}}"#
        )
    };
    let queue = |duration: u32| {
        format!(
            r#"{{"Name":"Triage","EnqueueTimestamp":"2026-03-02T14:01:00Z","Duration":{duration}}}"#
        )
    };
    let agent = r#"{"Username":"n07","ConnectedToAgentTimestamp":"2026-03-02T14:01:15Z","AgentInteractionDuration":240,
        "CustomerHoldDuration":30,"AfterContactWorkDuration":45}"#;
    let text = [
        contact("c-1", &queue(15), agent, "INBOUND"),
        contact("c-1", &queue(15), agent, "INBOUND"),
        contact("c-2", &queue(300), "null", "INBOUND"),
        contact("c-3", "null", "null", "INBOUND"),
        contact("c-4", "null", agent, "OUTBOUND"),
    ]
    .concat();
    let (file, _folder) = written(&text, "ctr.json");
    let (report, row, ..) = read("amazon-connect", &file);
    assert_eq!(
        (report.read, report.accepted, report.duplicates_exact),
        (5, 4, 1)
    );
    assert_eq!((row.answered, row.abandoned), (1, 1));
    assert_eq!((row.excluded_by.ivr_only, row.excluded_by.internal), (1, 1));
    assert_eq!((row.asa_s, row.aht_s), (Some(15.0), Some(315.0)));
    assert_eq!(row.longest_wait_s, Some(300.0));
}

/// At least once, and changed later: of one contact's records the latest stays, in whatever order and import they come.
#[test]
fn amazon_connect_updates_take_the_place_of_earlier_records() {
    let record = |id: u32, acw_s: u32, updated: &str| {
        format!(
            r#"{{"ContactId":"c-{id}","InitiationMethod":"INBOUND","InitiationTimestamp":"2026-03-02T14:00:00Z",
            "DisconnectTimestamp":"2026-03-02T14:06:00Z","LastUpdateTimestamp":"{updated}",
            "Queue":{{"Name":"Triage","EnqueueTimestamp":"2026-03-02T14:01:00Z","Duration":10}},
            "Agent":{{"ConnectedToAgentTimestamp":"2026-03-02T14:01:10Z","AgentInteractionDuration":200,"AfterContactWorkDuration":{acw_s}}}}}"#
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let store = CallStore::new(folder.path().join("data"));
    let mapping = CheckedMapping::find("amazon-connect").unwrap();
    let import = |name: &str, text: String| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        import_files(&store, &mapping, "connect", &[file]).unwrap()
    };
    let row =
        || baseline_of(&store, By::All, ServiceLevelFormula::SlAbandonNegative).rows[0].clone();
    let (early, late, last) = (
        "2026-03-02T14:07:00Z",
        "2026-03-02T15:00:00Z",
        "2026-03-03T08:00:00Z",
    );

    // In one file, the later version first and last.
    let first = [
        record(1, 20, late),
        record(1, 0, early),
        record(2, 0, early),
        record(2, 20, late),
        record(3, 20, early),
    ];
    let report = import("first.json", first.concat());
    assert_eq!(
        (report.accepted, report.duplicates_same_id, report.updated),
        (3, 2, 0)
    );
    assert_eq!((row().answered, row().aht_s), (3, Some(220.0)));

    // In a later import: one newer, one older, one new.
    let report = import(
        "second.json",
        [
            record(1, 80, last),
            record(2, 0, early),
            record(4, 20, early),
        ]
        .concat(),
    );
    assert_eq!(
        (report.accepted, report.duplicates, report.updated),
        (2, 1, 1)
    );
    assert_eq!((row().answered, row().aht_s), (4, Some(235.0)));
    let rows: u64 = store
        .manifest()
        .unwrap()
        .imports
        .iter()
        .flat_map(|i| &i.parts)
        .map(|part| part.rows)
        .sum();
    assert_eq!(rows, 4);

    // An export again, and an old one late: nothing changes.
    let report = import(
        "third.json",
        [record(1, 80, last), record(1, 20, late)].concat(),
    );
    assert_eq!(
        (report.accepted, report.duplicates, report.updated),
        (0, 2, 0)
    );
    assert_eq!((row().answered, row().aht_s), (4, Some(235.0)));
}

#[test]
fn genesys_cloud_conversations() {
    let text = r#"{"conversations":[
     {"conversationId":"g-1","conversationStart":"2026-03-02T14:00:00.000Z","conversationEnd":"2026-03-02T14:05:20.000Z",
      "originatingDirection":"inbound","participants":[
       {"purpose":"customer","sessions":[{"ani":"tel:+16095550110","dnis":"tel:+18005550100","mediaType":"voice",
         "segments":[{"segmentType":"interact","disconnectType":"client"}]}]},
       {"purpose":"ivr","sessions":[{"segments":[{"segmentStart":"2026-03-02T14:00:00.000Z"}]}]},
       {"purpose":"acd","participantName":"Triage","sessions":[{"segments":[{"segmentStart":"2026-03-02T14:00:20.000Z"}],
         "metrics":[{"name":"nOffered","value":1},{"name":"tAnswered","value":21500}]}]},
       {"purpose":"agent","userId":"u7","sessions":[{"segments":[{"segmentType":"alert","segmentStart":"2026-03-02T14:00:30.000Z"},
         {"segmentType":"interact","segmentStart":"2026-03-02T14:00:41.500Z"}],
         "metrics":[{"name":"tTalkComplete","value":200000},{"name":"tHeldComplete","value":20000},{"name":"tAcw","value":30000}]}]}]},
     {"conversationId":"g-2","conversationStart":"2026-03-02T15:00:00.000Z","conversationEnd":"2026-03-02T15:01:40.000Z",
      "originatingDirection":"inbound","participants":[
       {"purpose":"acd","participantName":"Triage","sessions":[{"segments":[{"segmentStart":"2026-03-02T15:00:10.000Z"}],
         "metrics":[{"name":"tAbandon","value":90000}]}]}]}]}"#;
    let (file, _folder) = written(text, "conversations.json");
    let (report, row, ..) = read("genesys-cloud", &file);
    assert_eq!((report.read, report.accepted), (2, 2));
    assert_eq!(
        (row.answered, row.abandoned, row.answered_within),
        (1, 1, 0)
    );
    assert_eq!((row.asa_s, row.aht_s), (Some(21.5), Some(250.0)));
    assert_eq!(row.longest_wait_s, Some(90.0));
}

#[test]
fn asterisk_queue_log_stays() {
    let log = "1772460000|NONE|NONE|NONE|QUEUESTART|\n\
        1772460001|a.1|triage|NONE|DID|8005550100\n\
        1772460001|a.1|triage|NONE|ENTERQUEUE||6095550110|1\n\
        1772460002|b.1|triage|NONE|ENTERQUEUE||6095550111|2\n\
        1772460012|a.1|triage|SIP/22|CONNECT|11|x.1|3\n\
        1772460030|b.1|triage|NONE|ABANDON|1|2|28\n\
        1772460072|a.1|triage|SIP/22|COMPLETECALLER|11|60|1\n\
        1772460080|c.1|triage|NONE|ENTERQUEUE||6095550112|1\n\
        1772460095|c.1|triage|SIP/22|CONNECT|15|x.2|1\n\
        1772460100|d.1|triage|NONE|ENTERQUEUE||6095550113|1\n\
        1772460160|d.1|triage|NONE|EXITWITHTIMEOUT|1|1|60\n";
    let (file, _folder) = written(log, "queue_log");
    let (report, row, store, _data) = read("asterisk-queue-log", &file);
    assert_eq!(
        (report.read, report.accepted, report.quarantined),
        (4, 3, 1)
    );
    assert_eq!(
        (row.answered, row.abandoned, row.excluded_by.dequeued),
        (1, 1, 1)
    );
    assert_eq!((row.asa_s, row.aht_s), (Some(11.0), Some(60.0)));
    let aside = quarantined(&store);
    assert_eq!(aside[0].line, 8, "the line of its ENTERQUEUE");
    assert!(aside[0].reason.contains("missing hang-up"));
}

#[test]
fn csv_reports_of_three_vendors() {
    let uccx = "Node ID - Session ID - Sequence No,Call Start Time,Call End Time,Contact Disposition,Originator DN (Calling Number),Destination DN,Called Number,Application Name,CSQ Names,Queue Time,Agent Name,Ring Time,Talk Time,Hold Time,Work Time\n\
        1-200-0,03/02/26 9:00:00 AM,03/02/26 9:05:00 AM,Handled,6095550110,3001,8005550100,Triage,Triage_CSQ,0:00:12,n07,0:00:03,0:04:00,0:00:10,0:00:20\n\
        1-201-0,03/02/26 9:01:00 AM,03/02/26 9:02:00 AM,Abandoned,6095550111,3001,8005550100,Triage,Triage_CSQ,0:00:50,,0:00:00,0:00:00,0:00:00,0:00:00\n\
        1-202-0,03/02/26 9:02:00 AM,03/02/26 9:02:10 AM,Abandoned,6095550112,3001,8005550100,Triage,,0:00:00,,0:00:00,0:00:00,0:00:00,0:00:00\n";
    let five9 = "CALL ID,DATE,TIME,CAMPAIGN,CALL TYPE,AGENT,DISPOSITION,ANI,DNIS,QUEUE WAIT TIME,TALK TIME,HOLD TIME,AFTER CALL WORK TIME,ABANDONED\n\
        300001,2026/03/02,09:00:00,Triage,Inbound,n07@x,Resolved,6095550110,8005550100,00:00:12,00:04:00,00:00:10,00:00:20,0\n\
        300002,2026/03/02,09:01:00,Triage,Inbound,[None],Abandon,6095550111,8005550100,00:00:50,00:00:00,00:00:00,00:00:00,1\n\
        300003,2026/03/02,09:02:00,Triage,Inbound,[None],Caller Disconnected,6095550112,8005550100,00:00:00,00:00:00,00:00:00,00:00:00,0\n";
    let cxone = "Contact_ID,Master_Contact_ID,Media_Name,Contact_Name,ANI_Dialnum,Skill_No,Skill_Name,Agent_No,Agent_Name,Start_Date,Start_Time,PreQueue,InQueue,Agent_Time,PostQueue,Total_Time,Abandon_Time,Abandon,ACW_Seconds\n\
        401,401,Call,8005550100,6095550110,7,Triage,77,n07,03/02/2026,09:00:00,5,12,250,0,267,0,N,20\n\
        402,402,Call,8005550100,6095550111,7,Triage,0,,03/02/2026,09:01:00,5,50,0,0,55,50,Y,0\n\
        403,403,Call,8005550100,6095550112,7,Triage,0,,03/02/2026,09:02:00,5,0,0,0,5,0,Y,0\n";
    for (name, text) in [
        ("cisco-uccx", uccx),
        ("five9", five9),
        ("nice-cxone", cxone),
    ] {
        let (file, _folder) = written(text, "report.csv");
        let (report, row, ..) = read(name, &file);
        assert_eq!((report.read, report.accepted), (3, 3), "{name} {report:?}");
        assert_eq!(
            (row.answered, row.abandoned, row.excluded_by.ivr_only),
            (1, 1, 1),
            "{name}"
        );
        assert_eq!(
            (row.asa_s, row.aht_s, row.longest_wait_s),
            (Some(12.0), Some(270.0), Some(50.0)),
            "{name}"
        );
    }
    let avaya = "UCID,SEGMENT,SEGSTART,SEGSTOP,DIALED_NUM,CALLING_PTY,DISPSPLIT,ANSLOGIN,DISPOSITION,DISPTIME,TALKTIME,ANSHOLDTIME,ACWTIME\n\
        00001000011772460000,1,1772460000,1772460300,8005550100,6095550110,101,n07,2,12,240,10,20\n\
        00001000021772460060,1,1772460060,1772460110,8005550100,6095550111,101,,3,50,0,0,0\n";
    let (file, _folder) = written(avaya, "ech.csv");
    let (report, row, ..) = read("avaya-ech", &file);
    assert_eq!((report.accepted, row.answered, row.abandoned), (2, 1, 1));
}

#[test]
fn json_lines_with_every_defect_stay_accounted_for() {
    let text = "{\"call_id\":\"j1\",\"caller\":\"6095550110\",\"queue\":\"triage\",\"times\":{\"arrived\":\"2026-03-02T14:00:00Z\",\"queued\":\"2026-03-02T14:00:05Z\",\"answered\":\"2026-03-02T14:00:15Z\",\"ended\":\"2026-03-02T14:04:15Z\"}}\n\
        {\"call_id\":\"j1\",\"caller\":\"6095550110\"\n\
        not json\n\
        {\"call_id\":\"=cmd()\",\"times\":{\"arrived\":\"2026-03-02T14:00:00Z\"}}\n\
        [1,2]\n\
        {\"call_id\":\"j2\",\"caller\":8.00556E+09,\"times\":{\"arrived\":\"2026-03-02T14:01:00Z\",\"queued\":\"2026-03-02T14:01:00Z\",\"ended\":\"2026-03-02T14:02:00Z\"}}\n\
        {\"call_id\":\"j3\",\"times\":{\"arr";
    let (file, folder) = written(text, "calls.jsonl");
    let store = CallStore::new(folder.path().join("data"));
    let mapping = CheckedMapping::find("generic-json").unwrap();
    let report = import_files(&store, &mapping, "acd", &[file]).unwrap();
    assert_eq!((report.read, report.quarantined), (7, 5));
    let lines: Vec<u64> = quarantined(&store).iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 7]);
    let page = folder.path().join("empty.json");
    std::fs::write(&page, "{\"calls\": []}").unwrap();
    let twilio = CheckedMapping::find("twilio-calls").unwrap();
    let said = import_files(&store, &twilio, "other", &[page])
        .unwrap_err()
        .to_string();
    assert!(said.contains("holds no records"), "{said}");
}

#[test]
fn an_unknown_table_gets_a_draft_that_reads_it() {
    let text = "Call ID;Call Start Time;Queue Name;ANI;Agent;Wait Time;Talk Time;Disposition\n\
        7001;13/02/2026 09:00:00;Triage;6095550110;n07;0:12;4:00;Handled\n\
        7002;02/03/2026 09:01:00;Triage;6095550111;;0:50;;Abandoned in queue\n\
        7003;02/03/2026 09:02:00;Triage;8.00556E+09;;0:50;;Abandoned in queue\n";
    let (file, folder) = written(text, "odd.csv");
    let found = sniff(&file).unwrap();
    assert_eq!(
        (found.mapping, found.kind, found.rows, found.readable),
        (None, Kind::Records, 3, 2)
    );
    let draft = found.proposal.unwrap();
    assert!(
        draft.contains("%d/%m/%Y %H:%M:%S") && draft.contains("\"hms\""),
        "{draft}"
    );
    let said = found.reasons.join("\n");
    assert!(
        said.contains("digits are lost") && !said.contains("6095550110"),
        "{said}"
    );
    let mapping = CheckedMapping::parse(&draft, "draft").unwrap();
    let store = CallStore::new(folder.path().join("data"));
    let report = import_files(&store, &mapping, "acd", &[file]).unwrap();
    assert_eq!((report.accepted, report.quarantined), (2, 1));
    let (garbage, _folder) = written("\u{1}\u{2}\u{3}garbage\nwithout any shape\n", "x.bin");
    assert_eq!(sniff(&garbage).unwrap().kind, Kind::Unknown);
}

#[test]
fn period_reports_are_known_as_such() {
    let Some(file) = common::data("nhs111/monthly_apr_sep_2015.csv") else {
        return;
    };
    let found = sniff(&file).unwrap();
    assert_eq!(
        (found.mapping.as_deref(), found.kind),
        (Some("nhs111-monthly"), Kind::Periods)
    );
}
