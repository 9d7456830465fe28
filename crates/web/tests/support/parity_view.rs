//! The parity page of the fixture.

use segue_web::parity::{
    ChunkParity, GroupRow, MeasureRow, ParityView, Picture, PictureRow, RowKind, TriggerRow,
    WorseOff,
};
use segue_web::view::Aspect;

/// The parity page of the fixture: the moment of `05-parity.html`.
#[expect(clippy::too_many_lines, reason = "one value, field by field")]
pub(crate) fn parity() -> ParityView {
    let row = |label: &str, note: &str, kind, value, interval| PictureRow {
        label: label.into(),
        note: note.into(),
        kind,
        value,
        interval,
    };
    let measure =
        |name: &str, role: &str, figures: &str, limit: &str, aspect, word: &str| MeasureRow {
            name: name.into(),
            role: role.into(),
            figures: figures.into(),
            limit: limit.into(),
            aspect,
            word: word.into(),
            says: "Knowledge as of 10:25; can see harm within 3 h 20 min.".into(),
        };
    let chunk = ChunkParity {
        chunk: "RVS-Main/TRI-D".into(),
        aspect: Aspect::Open,
        word: "Not proved".into(),
        finding: "We cannot yet say that CareBridge answers triage as fast as in-house.".into(),
        lead: "80.0 % within 30 s against 82.0 %. The true gap may be 5.9 points worse or 1.5 better; the contract allows 3 worse. About 18 working days at this share decide it.".into(),
        had_we_not_moved: Some("Had we not moved: 4.1 % (3.2–5.0) of the 2010 callers of the whole call type in 8 replayed blocks would have hung up; of the 2000 of this chunk so far, at both centres, 2.9 % did.".into()),
        picture: Some(Picture {
            title: "Answered within 30 s".into(),
            caption: "The part of CareBridge's band left of the limit must clear it.".into(),
            rows: vec![
                row("In-house before the move", "4,000 calls, frozen baseline", RowKind::InHouse, 82.0, Some((80.8, 83.2))),
                row("In-house now", "1,500 calls, same hours", RowKind::InHouse, 82.0, Some((80.0, 83.9))),
                row("Had we not moved", "2,010 calls, replayed in-house", RowKind::Counterfactual, 81.4, Some((79.9, 82.9))),
                row("CareBridge", "500 calls, same hours", RowKind::Outsourced, 80.0, Some((76.3, 83.3))),
            ],
            limit: 79.0,
            limit_says: "3 points below in-house".into(),
            worse_below: true,
        }),
        measures: vec![
            measure("Answered in time", "Guardrail", "82.0 %, 80.0 %", "3 points worse", Aspect::Open, "Not proved"),
            measure("Abandonment", "Guardrail", "3.1 %, 2.3 %", "2 points worse", Aspect::Proved, "Pass"),
            measure("Handle time", "Signal", "660 s, 694 s", "10 % longer", Aspect::Proved, "Pass"),
            measure("Satisfaction", "Watch", "\u{2013}", "3 points worse", Aspect::Unknown, "No data"),
        ],
        compared: vec!["English".into(), "Spanish".into()],
        groups: vec![GroupRow {
            group: "Spanish".into(),
            measure: "Answered in time".into(),
            outsourced: "9 of 35".into(),
            aspect: Aspect::Open,
            word: "Beyond the limit, not proved".into(),
        }],
        groups_say: Some("20 comparisons share 5 %: so large at most is the chance that a group is ever held for by chance. A group's harm holds and pages; it brings no call home by itself.".into()),
        worse_off: vec![WorseOff {
            segment: "Spanish".into(),
            measure: "Answered in time".into(),
            in_house: "81 of 100".into(),
            outsourced: "26 of 35".into(),
        }],
        not_known: vec!["In-house readiness was not recorded for the shift that is on (`segue door --record`).".into()],
        reasons: vec!["Answered in time: neither within nor beyond the margin is proved.".into()],
        calls: vec![
            "500 calls sent out since the step, 500 with a record.".into(),
            "Both feeds spoke within their 5 minutes.".into(),
        ],
    };
    let trigger = |kind: &str, fires: &str, does: &str| TriggerRow {
        kind: kind.into(),
        fires: fires.into(),
        does: does.into(),
        owner: "deputy account manager, CareBridge".into(),
        tested: Some("2 Mar 2027".into()),
        aspect: Aspect::Proved,
        word: "quiet".into(),
    };
    ParityView {
        at: jiff::Timestamp::from_second(1_804_692_300).ok(), // 10 March 2027, 10:25 in New York
        chunks: vec![chunk],
        unwatched: vec![(
            "RVS-Main/MSG-N".into(),
            "There is no baseline of this call type at its centre; record it.".into(),
        )],
        triggers: vec![
            trigger(
                "Nobody answers",
                "0 answered of at least 5 offered",
                "Brings calls home; both signed",
            ),
            trigger(
                "Abandonment",
                "abandoned above 20 %",
                "Alarms a person: lower the share",
            ),
        ],
    }
}
