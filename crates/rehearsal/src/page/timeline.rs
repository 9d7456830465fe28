//! The rehearsed weeks: the share outside as planned and as rehearsed with the guards' actions on it, and each week's worst hour.

use super::svg::{band, line, number, steps, text};
use super::tables;
use crate::report::words::{counted, local, percent, times};
use crate::report::{Report, Week};
use std::fmt::Write as _;

const LEFT: f64 = 64.0;
const RIGHT: f64 = 1382.0;
const SHARE: (f64, f64) = (250.0, 70.0);
const WORST: (f64, f64) = (424.0, 310.0);
/// Marks drawn at most; the table has all.
const MARKS_MAX: usize = 40;

struct Scale {
    from_s: f64,
    to_s: f64,
    worst_max: f64,
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds since 1970 stay below 2^53"
)]
fn second(at: jiff::Timestamp) -> f64 {
    at.as_second() as f64
}

impl Scale {
    fn of(weeks: &[Week]) -> Self {
        let from_s = weeks.first().map_or(0.0, |w| second(w.start));
        let to_s = weeks
            .last()
            .map_or(1.0, |w| second(w.start) + 7.0 * 86_400.0);
        let highest = weeks
            .iter()
            .map(|w| w.cutover_range.high.max(w.plan_range.high))
            .fold(0.2, f64::max);
        Self {
            from_s,
            to_s,
            worst_max: (highest * 10.0).ceil() / 10.0,
        }
    }

    fn x(&self, at: jiff::Timestamp) -> f64 {
        let part = (second(at) - self.from_s) / (self.to_s - self.from_s);
        LEFT + part.clamp(0.0, 1.0) * (RIGHT - LEFT)
    }

    fn worst(&self, part: f64) -> f64 {
        WORST.0 + (WORST.1 - WORST.0) * part / self.worst_max
    }
}

fn share(part: f64) -> f64 {
    SHARE.0 + (SHARE.1 - SHARE.0) * part
}

/// The figure, its finding and its numbers.
pub(super) fn figure(report: &Report) -> String {
    let scale = Scale::of(&report.weeks);
    let mut marks = grid(report, &scale);
    marks.push_str(&shares(report, &scale));
    marks.push_str(&worsts(report, &scale));
    let _ = write!(
        marks,
        "<rect class=\"curtain\" x=\"{LEFT}\" y=\"28\" width=\"1330\" height=\"400\"/>"
    );
    marks.push_str(&actions(report, &scale));
    let home: u32 = report.returns.iter().sum();
    let caption = format!(
        "The guards acted {} in the first run; calls came home {} in {}.",
        times(u32::try_from(report.guard_actions.len()).unwrap_or(u32::MAX)),
        times(home),
        counted(report.returns.len(), "run")
    );
    format!(
        "<figure><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Timeline, scrolls sideways\"><svg class=\"sweep\" \
         viewBox=\"0 0 1392 448\" role=\"img\" aria-labelledby=\"tl-t tl-d\"><title id=\"tl-t\">Timeline of the rehearsal</title>\
         <desc id=\"tl-d\">{}</desc>{marks}</svg></div><figcaption><b>{}</b> Band in the lower chart: the middle 90 of 100 runs.\
         </figcaption><details><summary>The numbers, week by week</summary>{}</details></figure>",
        text(&described(report)),
        text(&caption),
        numbers(report),
    )
}

fn described(report: &Report) -> String {
    let worst = |read: fn(&Week) -> f64| report.weeks.iter().map(read).fold(0.0, f64::max);
    format!(
        "Share of all calls at the outsourcer as planned and as rehearsed; below, the worst hour of each week, mean of the runs: it \
         reaches {} percent under this plan and {} percent in a mass cutover.",
        percent(worst(|w| w.plan_worst)),
        percent(worst(|w| w.cutover_worst))
    )
}

fn grid(report: &Report, scale: &Scale) -> String {
    let mut marks = String::new();
    for quarter in 0..=4_u32 {
        let y = share(f64::from(quarter) / 4.0);
        let _ = write!(
            marks,
            "<path class=\"gr\" d=\"M{LEFT} {y}H{RIGHT}\"/><text x=\"56\" y=\"{}\" class=\"s e\">{} %</text>",
            number(y + 4.0),
            quarter * 25,
            y = number(y),
        );
    }
    for level in [0.0, scale.worst_max / 2.0, scale.worst_max] {
        let y = scale.worst(level);
        let _ = write!(
            marks,
            "<path class=\"gr\" d=\"M{LEFT} {y}H{RIGHT}\"/><text x=\"56\" y=\"{}\" class=\"s e\">{} %</text>",
            number(y + 4.0),
            percent(level),
            y = number(y),
        );
    }
    for week in report.weeks.iter().step_by(4) {
        let x = number(scale.x(week.start));
        let day = local(week.start, &report.zone);
        let day = day.split(' ').skip(1).take(2).collect::<Vec<_>>().join(" ");
        let _ = write!(
            marks,
            "<path class=\"gr\" d=\"M{x} 44V430\"/><text x=\"{x}\" y=\"442\" class=\"s\">{}</text>",
            text(&day)
        );
    }
    marks
}

fn shares(report: &Report, scale: &Scale) -> String {
    let weeks = || report.weeks.iter();
    let planned = steps(
        weeks().map(|w| (scale.x(w.start), share(w.planned_out))),
        RIGHT,
    );
    let rehearsed = steps(weeks().map(|w| (scale.x(w.start), share(w.out))), RIGHT);
    format!(
        "<text x=\"0\" y=\"20\" class=\"b\">Share of all calls at the outsourcer: dotted as planned, dashed as rehearsed</text>\
         <path class=\"ld\" d=\"{planned}\"/><path class=\"lo\" stroke-width=\"3\" d=\"{rehearsed}\"/>"
    )
}

fn worsts(report: &Report, scale: &Scale) -> String {
    let point = |week: &Week, part: f64| (scale.x(week.start), scale.worst(part));
    let points = |read: fn(&Week) -> f64| -> Vec<_> {
        report.weeks.iter().map(|w| point(w, read(w))).collect()
    };
    let cutover = band(
        &points(|w| w.cutover_range.high),
        &points(|w| w.cutover_range.low),
    );
    let plan = band(
        &points(|w| w.plan_range.high),
        &points(|w| w.plan_range.low),
    );
    format!(
        "<text x=\"0\" y=\"290\" class=\"b\">Worst hour of the week, callers who hang up: grey a mass cutover, copper this plan</text>\
         <path class=\"bk\" d=\"{cutover}\"/><path class=\"lk\" stroke-width=\"1.5\" stroke-dasharray=\"1 3\" d=\"{}\"/>\
         <path class=\"bo\" d=\"{plan}\"/><path class=\"lo\" stroke-width=\"2\" d=\"{}\"/>",
        line(points(|w| w.cutover_worst).into_iter()),
        line(points(|w| w.plan_worst).into_iter()),
    )
}

fn actions(report: &Report, scale: &Scale) -> String {
    let mut marks = String::new();
    for (n, action) in report.guard_actions.iter().take(MARKS_MAX).enumerate() {
        let (x, y) = (number(scale.x(action.at)), 44 + n % 2 * 22);
        let _ = write!(
            marks,
            "<circle class=\"k\" cx=\"{x}\" cy=\"{y}\" r=\"10\"/><text class=\"b m kk\" x=\"{x}\" y=\"{}\">{}</text>",
            y + 5,
            n + 1
        );
    }
    marks
}

fn numbers(report: &Report) -> String {
    let rows: Vec<_> = report
        .weeks
        .iter()
        .map(|w| {
            let range =
                |r: crate::report::Range| format!("({} to {})", percent(r.low), percent(r.high));
            vec![
                local(w.start, &report.zone),
                format!("{} %", percent(w.planned_out)),
                format!("{} %", percent(w.out)),
                format!("{} % {}", percent(w.plan_worst), range(w.plan_range)),
                format!("{} % {}", percent(w.cutover_worst), range(w.cutover_range)),
            ]
        })
        .collect();
    let heads = [
        "Week from",
        "Out, planned",
        "Out, rehearsed",
        "Worst hour, plan",
        "Worst hour, mass cutover",
    ];
    tables::table(
        "Weeks",
        "Share of all calls, and the worst hour of the week.",
        (1, &heads),
        &rows,
    )
}
