//! A chunk's week of the fixture: ten calls in every hour.

use jiff::civil::date;
use segue_web::week::{WeekCalls, WeekRequest, WeekView};
use serde_json::json;

/// As asked; painted cells are said as `painted`, and nights are the plan's hours.
pub(super) fn week(request: &WeekRequest) -> WeekView {
    let share = request.share.parse().unwrap_or(20);
    let typed = request.window.clone().filter(|text| !text.is_empty());
    let planned = "daily 22:00-08:00";
    let (window, cells) = if request.painted.is_empty() {
        let night = |cell: usize| !(32..88).contains(&(cell % 96));
        let cells = (0..672).map(night).collect();
        (typed.unwrap_or_else(|| planned.to_owned()), cells)
    } else {
        let bits = |digit: u32| [8, 4, 2, 1].map(|bit| digit & bit != 0);
        let digits = request.painted.chars().filter_map(|c| c.to_digit(16));
        ("painted".to_owned(), digits.flat_map(bits).collect())
    };
    let cells: Vec<bool> = cells;
    let out = |hour: &[bool]| {
        let quarters: f64 = hour.iter().map(|inside| f64::from(u8::from(*inside))).sum();
        10.0 * quarters / 4.0 * f64::from(share) / 100.0
    };
    let hours: Vec<_> = cells
        .chunks(4)
        .map(|hour| (out(hour), 10.0 - out(hour)))
        .collect();
    let outsourced = hours.iter().map(|(out, _)| out).sum();
    WeekView {
        chunks: vec!["RVS-Main/MSG".into(), "RVS-Main/TRIAGE".into()],
        version: 4,
        chunk: "RVS-Main/MSG".into(),
        zone: "America/New_York".into(),
        steps: vec![(date(2027, 4, 5), 20), (date(2027, 4, 19), 50)],
        step: request.step.parse().unwrap_or(1),
        share,
        changed: window != planned || share != 20,
        window,
        holidays: "On 3 holidays nothing moves.".into(),
        cells,
        calls: Some(WeekCalls {
            days: 91,
            week: (outsourced, 1680.0 - outsourced),
            hours,
        }),
        propose: json!({ "command": "propose_plan", "reason": request.reason }),
    }
}
