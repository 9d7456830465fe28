//! The twelve questions of the fixture: one draft, and one answer that a rule refuses.

use jiff::civil::date;
use segue_web::ActError;
use segue_web::draft::{DraftChoices, DraftLine, DraftView};
use segue_web::view::RefusalView;
use serde_json::Value;

pub(super) fn choices() -> DraftChoices {
    DraftChoices {
        centres: vec!["RVS-Main".into()],
        call_types: vec!["MSG".into(), "TRIAGE".into()],
        zone: "America/New_York".into(),
        today: Some(date(2027, 4, 13)),
    }
}

pub(super) fn draft(answers: &Value) -> Result<DraftView, ActError> {
    if answers["first_step"] == "2027-04-14" {
        return Err(ActError::Refused(Box::new(RefusalView {
            code: "BELOW_FLOOR".into(),
            rule: "Nothing good happens in a rush.".into(),
            missing: vec!["RVS-Main/MSG compressed 9 days".into()],
            who: "Both parties".into(),
            how: "Begin later.".into(),
        })));
    }
    Ok(DraftView {
        lines: vec![DraftLine {
            from: date(2027, 6, 1),
            due: None,
            what: "20 % of the calls".into(),
            chunk: "RVS-Main/MSG".into(),
        }],
        propose: serde_json::json!({ "command": "propose_plan", "plan": {} }),
    })
}
