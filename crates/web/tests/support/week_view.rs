//! A chunk's week of the fixture: ten calls in every hour; of `RVS-Main/TRIAGE` this reader may not see Monday's first.

use jiff::civil::date;
use segue_web::ActError;
use segue_web::discovery::Count;
use segue_web::view::RefusalView;
use segue_web::week::{WeekCalls, WeekRequest, WeekView};
use serde_json::json;

/// What the console answers: 110 % is mistyped, and of `CLOSED` nobody may read the records.
pub(super) fn answer(request: &WeekRequest) -> Result<Option<WeekView>, ActError> {
    if request.share == "110" {
        return Err(ActError::Invalid(Box::new(RefusalView {
            code: "SHARE_OUT_OF_RANGE".into(),
            rule: "a share is a whole number from 0 to 100".into(),
            missing: vec!["a whole number 0\u{2013}100 instead of `110`".into()],
            who: "the person who typed it".into(),
            how: "say the share as a whole percent, for example 20".into(),
        })));
    }
    if request.chunk == "CLOSED" {
        return Err(ActError::Refused(Box::new(RefusalView {
            code: "NO_BAA".into(),
            rule: "no patient data before the agreement".into(),
            missing: vec!["a business associate agreement in force".into()],
            who: "the compliance officer of either party".into(),
            how: "file it".into(),
        })));
    }
    let mut view = week(request);
    if request.chunk == "RVS-Main/TRIAGE"
        && let Some(calls) = &mut view.calls
    {
        calls.hours[0] = None;
        calls.week = None;
        calls.left_out = Count::Withheld;
    }
    Ok(Some(view))
}

/// As asked; painted cells are said as `painted`, and nights are the plan's hours.
fn week(request: &WeekRequest) -> WeekView {
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
        .map(|hour| Some((out(hour), 10.0 - out(hour))))
        .collect();
    let outsourced: f64 = hours.iter().flatten().map(|(out, _)| out).sum();
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
            week: Some((outsourced, 1680.0 - outsourced)),
            hours,
            left_out: Count::Known(12),
        }),
        propose: json!({ "command": "propose_plan", "reason": request.reason }),
    }
}
