//! §7.4: law is data with a source; "verify with counsel" until the client's compliance officer confirms it.

use super::{compliance, hr};
use crate::support::Story;
use segue_domain::legal_tables::{ConfirmLegalTable, LegalTable, banner};
use segue_domain::people::notice_rules::AdoptNoticeTable;
use segue_domain::{Code, Side, boards};

fn shipped() -> AdoptNoticeTable {
    let text = include_str!("../../../../../tables/notice_rules.json");
    serde_json::from_str(text).unwrap()
}

fn confirm(hash: &str) -> ConfirmLegalTable {
    ConfirmLegalTable {
        table: LegalTable::Notice,
        hash: hash.to_owned(),
    }
}

pub(super) fn history() -> Story {
    let mut story = Story::created();
    // Other rows than the example's people adopt, so that the two kinds are recorded in any case.
    let mut table = shipped();
    table.rows.truncate(1);
    story.does(&hr(Side::Client), table);
    let hash = story.t.legal_tables[&LegalTable::Notice].hash.clone();
    story.does(&compliance(), confirm(&hash));
    story
}

#[test]
fn the_shipped_table_is_adopted_whole() {
    let mut story = Story::created();
    story.does(&hr(Side::Client), shipped());
    let days = |place: &str| {
        let mut rules = story.t.people.notice_rules.iter();
        rules.find(|r| r.jurisdiction == place).unwrap().days
    };
    assert_eq!(
        ["US", "US-NJ", "US-NY", "US-CA"].map(days),
        [60, 90, 90, 60]
    );
    story.when(&hr(Side::Client), shipped()).changes_nothing();
}

#[test]
fn d7_4_the_banner_stays_until_compliance_confirms_exactly_these_rows() {
    let mut story = history();
    assert_eq!(banner(&story.t, LegalTable::Notice), None);
    let old = story.t.legal_tables[&LegalTable::Notice].hash.clone();
    story.does(&hr(Side::Client), shipped());
    let says = banner(&story.t, LegalTable::Notice).unwrap();
    assert!(says.starts_with("verify with counsel"), "{says}");
    story
        .when(&compliance(), confirm(&old))
        .refuses(Code::HashMismatch, "notice rules");
    let drawn = boards::draw(&story.t, "legal-tables", &compliance(), story.now).unwrap();
    assert!(drawn.rows[0].contains(&"verify with counsel".to_owned()));
    let new = drawn.rows[0][3].clone();
    story
        .when(&compliance(), confirm(&new))
        .records(&["legal_table_confirmed"]);
    story
        .when(&hr(Side::Client), confirm(&new))
        .refuses(Code::NotAuthorised, "keep the evidence of law");
}

#[test]
fn a_table_that_is_not_adopted_is_not_confirmed() {
    let confirm = ConfirmLegalTable {
        table: LegalTable::Compact,
        hash: "0".into(),
    };
    Story::created()
        .when(&compliance(), confirm)
        .refuses(Code::Unknown, "compact membership");
}

#[test]
fn rows_have_a_source_and_dates_that_follow_each_other() {
    let story = Story::created();
    let by = hr(Side::Client);
    let mut table = shipped();
    table.rows[3].provenance.source = String::new();
    story.when(&by, table).refuses(Code::BadFact, "source");
    let mut table = shipped();
    table.rows[3].provenance.effective_to = Some(table.rows[3].provenance.effective_from);
    story.when(&by, table).refuses(Code::BadFact, "dates");
    let mut table = shipped();
    table.rows[3].days = 9_000;
    story.when(&by, table).refuses(Code::BadFact, "US-NJ");
    let none = AdoptNoticeTable { rows: Vec::new() };
    story.when(&by, none).refuses(Code::BadFact, "one row");
}
