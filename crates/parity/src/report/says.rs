//! The answer in sentences. One word is never among them: these data show that something moved, not what moved it.

use super::verdict::{Report, Why};
use super::{Rank, Unit};
use crate::kpi::Ratio;
use std::fmt::Write as _;

pub(super) fn says(report: &Report, metric: &str, unit: Unit) -> String {
    let points = |value| points(value, unit);
    let [first, last, from, to] = &report.windows;
    let mut text = format!(
        "{metric} at {}: {} before ({first} to {last}), {} after ({from} to {to}), a change of {}.\n",
        report.area,
        rate(report.rates.before, unit),
        rate(report.rates.after, unit),
        points(report.change),
    );
    // Writing to a text cannot fail.
    let _ = writeln!(
        text,
        "The middle of {} other areas changed by {}, so {} are left over ({:.0} % of placebo effects reach {} to {} around it).",
        report.controls.len(),
        points(report.control_change),
        points(report.effect),
        report.interval.level * 100.0,
        points(report.interval.lower),
        points(report.interval.upper),
    );
    let _ = writeln!(
        text,
        "That is {} areas that changed nothing, each measured by its own unrest, and {} earlier dates at {}.",
        larger(report.rank_areas),
        larger(report.rank_dates),
        report.area,
    );
    let out = &report.leave_one_out;
    if !out.most_influential.is_empty() {
        let _ = writeln!(
            text,
            "Leaving out any one area: {} to {}; {} matters most.",
            points(out.lower),
            points(out.upper),
            out.most_influential,
        );
    }
    text.push_str(&verdict(report, unit));
    for excluded in &report.excluded {
        let _ = write!(
            text,
            "\nNot compared: {}, with calls in {} of {} periods.",
            excluded.area, excluded.periods, excluded.of
        );
    }
    text
}

fn verdict(report: &Report, unit: Unit) -> String {
    if report.why.is_empty() {
        return format!(
            "Attributable to something that happened at {} about {}, and not at the other areas. What that was, these figures cannot tell.",
            report.area, report.from
        );
    }
    let reasons: Vec<_> = report
        .why
        .iter()
        .map(|why| reason(*why, report, unit))
        .collect();
    format!("Not attributable: {}.", reasons.join("; "))
}

fn reason(why: Why, report: &Report, unit: Unit) -> String {
    match why {
        Why::ControlsMovedAsMuch => format!(
            "the other areas moved the same way by {}, at least as much as what is left over",
            points(report.control_change, unit)
        ),
        Why::AreasAsLarge => format!(
            "{} of {} areas that changed nothing show as much",
            report.rank_areas.of - report.rank_areas.larger_than,
            report.rank_areas.of
        ),
        Why::TooFewAreas => format!(
            "with {} other areas the largest of all comes up by chance once in {}",
            report.rank_areas.of,
            report.rank_areas.of + 1
        ),
        Why::DatesAsLarge => format!(
            "{} of {} earlier dates there, on which nothing changed, show as much",
            report.rank_dates.of - report.rank_dates.larger_than,
            report.rank_dates.of
        ),
        Why::OneControlDecides => format!(
            "without {} the sign is another",
            report.leave_one_out.most_influential
        ),
    }
}

fn larger(rank: Rank) -> String {
    format!("larger than {} of {}", rank.larger_than, rank.of)
}

fn rate(figure: Ratio, unit: Unit) -> String {
    match (unit, figure.value()) {
        (Unit::Seconds, Some(mean_s)) => format!("{mean_s:.1} s of {}", figure.denominator),
        _ => figure.to_string(),
    }
}

/// `−5.9 points`, `+12.0 s`: with the typographer's minus.
fn points(value: f64, unit: Unit) -> String {
    let sign = if value < 0.0 { '−' } else { '+' };
    match unit {
        Unit::Share => format!("{sign}{:.1} points", value.abs() * 100.0),
        Unit::Seconds => format!("{sign}{:.1} s", value.abs()),
    }
}
