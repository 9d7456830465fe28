//! The calendar page of the fixture: the moment of `03-plan.html`.

use jiff::civil::{Date, date};
use segue_web::calendar::{BoundView, CalendarView, ClosedView, LaneView, StepView, WishesView};
use segue_web::view::Aspect;

fn bound(owner: &str, rule: &str, text: &str) -> Vec<BoundView> {
    vec![BoundView {
        owner: owner.into(),
        rule: rule.into(),
        text: text.into(),
    }]
}

fn step(share_percent: u32, on: Date, was: Option<Date>, bound: Vec<BoundView>) -> StepView {
    StepView {
        share_percent,
        on,
        was,
        taken: on < date(2027, 4, 13),
        bound,
    }
}

fn lanes() -> Vec<LaneView> {
    let soaked = bound("safety", "SOAK-TRIAGE", "TRI-D soaks 14 days");
    let proof = bound("safety", "EVIDENCE", "1,500 calls before 50\u{a0}%");
    let one = bound("safety", "ONE-SITE", "one centre at a time");
    let trained = bound("CareBridge", "C-3", "at most 12 nurses trained per week");
    let lane = |chunk: &str, steps, accepted, closed| LaneView {
        chunk: chunk.into(),
        steps,
        accepted: Some(accepted),
        closed: Some(closed),
    };
    vec![
        lane(
            "RVS-Main/MSG",
            vec![
                step(20, date(2026, 11, 16), Some(date(2026, 11, 16)), Vec::new()),
                step(
                    100,
                    date(2026, 11, 30),
                    Some(date(2026, 11, 30)),
                    Vec::new(),
                ),
            ],
            date(2026, 12, 11),
            date(2027, 1, 11),
        ),
        lane(
            "RVS-Main/TRI-D",
            vec![
                step(25, date(2027, 3, 31), Some(date(2027, 3, 31)), Vec::new()),
                step(50, date(2027, 5, 10), Some(date(2027, 4, 14)), proof),
                step(100, date(2027, 5, 24), Some(date(2027, 4, 28)), trained),
            ],
            date(2027, 6, 8),
            date(2027, 7, 8),
        ),
        lane(
            "RVS-North/APPT & more <calls>",
            vec![
                step(20, date(2027, 7, 19), Some(date(2027, 6, 14)), one),
                step(100, date(2027, 8, 2), None, soaked),
            ],
            date(2027, 8, 16),
            date(2027, 9, 15),
        ),
    ]
}

/// Version 8 over version 7, proposed and not agreed.
pub(crate) fn calendar() -> CalendarView {
    let wishes = |party: &str, points: Option<&str>| WishesView {
        party: party.into(),
        points: points.map(str::to_owned),
    };
    CalendarView {
        aspect: Aspect::Hold,
        word: "Proposed, not agreed".into(),
        finding:
            "Version 7 is in force. Version 8 is proposed by CareBridge only and drives nothing."
                .into(),
        lead: "3 dates move; the last step is on Mon 2 Aug 2027.".into(),
        version: 8,
        in_force: Some(7),
        hash: "9f31c7a258d004be".into(),
        today: date(2027, 4, 13),
        lanes: lanes(),
        closed: vec![ClosedView {
            first: date(2026, 12, 20),
            last: date(2027, 1, 5),
            owner: "Riverside Health".into(),
            reason: "the physicians are away".into(),
        }],
        binds: vec![("safety".into(), 3), ("CareBridge".into(), 1)],
        wishes: vec![
            wishes("Riverside Health", Some("74.0")),
            wishes("CareBridge", None),
        ],
        not_weighed: vec![("C-9".into(), "steps on Tuesday only".into())],
        blind: None,
    }
}
