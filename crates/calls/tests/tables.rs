//! Tables become commands that the domain can read, or reasons; nothing is lost on the way.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

use segue_calls::tables::{Table, TableMapping, TableRows, read_table};
use std::path::Path;

fn read(table: &str, text: &str) -> TableRows {
    let mapping = TableMapping::find(table).unwrap();
    assert_eq!(table.parse::<Table>().unwrap(), mapping.table);
    let rows = read_table(text.as_bytes(), Path::new("t.csv"), &mapping).unwrap();
    let batched: usize = rows.batches.iter().map(|batch| batch.lines.len()).sum();
    assert_eq!(
        usize::try_from(rows.read).unwrap(),
        batched + rows.quarantined.len()
    );
    // What is not quarantined is a command of the domain.
    for batch in &rows.batches {
        segue_domain::fields::command(mapping.table.command().unwrap(), batch.fields.clone())
            .unwrap();
    }
    rows
}

#[test]
fn every_table_becomes_commands() {
    let rows = read(
        "roster",
        "agent,call_types,languages,credential\nA-01,MSG;APPT,English; Spanish,RN\nA-02,MSG,,unlicensed\n",
    );
    assert_eq!(rows.batches.len(), 2);
    assert_eq!(
        rows.batches[0].fields["agents"][0],
        serde_json::json!({ "agent": "A-01", "call_types": ["MSG", "APPT"], "languages": ["English", "Spanish"], "credential": "registered_nurse" })
    );
    let rows = read(
        "licences",
        "agent,state,kind,expires,zone,status\nA-01,NJ,Compact,01/31/2027,America/New_York,active\nA-02,CA,single,,America/Los_Angeles,\n",
    );
    assert_eq!(
        rows.batches[0].fields["licences"][0]["expires"],
        "2027-01-31"
    );
    read(
        "training",
        "agent,module,score_percent,assessor,on,evidence\nA-01,Appointment scheduling,92,lee,2027-02-01,rec-1\nA-02,Message taking,88,,2027-02-01,\n",
    );
    read(
        "access",
        "agent,resource,level,step,ticket,worked,own_id,least_privilege,place,evidence\nA-01,cadence,read,requested,T-1,,,,,\nA-01,cadence,write,done,,yes,yes,no,production,call-7\n",
    );
    read(
        "surveys",
        "chunk,centre,answered,satisfied,questions_answered\nRVS-Main/MSG,client,100,90,95\n",
    );
    read(
        "agent_work",
        "agent,call_type,supervised_calls,released_calls,qa_reviews,qa_percent\nA-01,MSG,10,60,12,93\n",
    );
}

#[test]
fn reviews_of_one_chunk_and_centre_are_one_record() {
    let rows = read(
        "qa",
        "chunk,centre,reference,agent,reviewed,guideline_correct,disposition_appropriate,compassionate\n\
         RVS-Main/TRI,outsourcer,march,A-01,10,10,10,9\n\
         RVS-Main/TRI,client,march,,50,48,49,47\n\
         RVS-Main/TRI,outsourcer,march,A-02,12,11,12,12\n",
    );
    assert_eq!(rows.batches.len(), 2);
    assert_eq!(rows.batches[0].lines, [2, 4]);
    assert_eq!(
        rows.batches[0].fields["tallies"].as_array().unwrap().len(),
        2
    );
}

#[test]
fn bad_rows_have_a_reason_that_quotes_nothing() {
    let rows = read(
        "training",
        "agent,module,score_percent,assessor,on,evidence\n\
         A-01,Message taking,ninety,lee,2027-02-01,rec\n\
         ,Message taking,90,lee,2027-02-01,rec\n\
         A-02,=HYPERLINK(\"x\"),90,lee,2027-02-01,rec\n\
         A-03,Message taking,90,lee,31/02/2027,rec\n\
         A-04,Message taking\n",
    );
    let reasons: Vec<&str> = rows
        .quarantined
        .iter()
        .map(|(_, reason)| reason.as_str())
        .collect();
    assert_eq!(
        reasons,
        [
            "score_percent is no whole number",
            "agent is empty",
            "module holds a spreadsheet formula",
            "on is no date in its formats",
            "the row has 2 columns, the header 6",
        ]
    );
    let said = "faxes".parse::<Table>().unwrap_err().to_string();
    assert!(
        said.contains("roster") && said.contains("callbacks"),
        "{said}"
    );
}
