//! The report in people's words.

use super::{Range, Report, World};
use segue_domain::counterfactual::holiday_words;
use std::fmt::Write as _;

/// Writes the finding and what follows from it.
pub(super) fn tell(report: &mut Report) {
    let told = |w: &World| mean_of_10000(report, w);
    let (plan, still, cutover) = (
        told(&report.plan),
        told(&report.no_move),
        told(&report.mass_cutover),
    );
    report.finding = format!(
        "Of 10,000 {} {} would have hung up, against {} without the move.",
        report.told_of,
        thousands(plan),
        thousands(still)
    );
    let mut sentences = vec![format!(
        "All at once, it would have been {}.",
        thousands(cutover)
    )];
    if let Some(worst) = &report.plan.worst_hour {
        sentences.push(format!(
            "The worst hour of the plan begins {}: {} of 100 callers hang up.",
            local(worst.start, &report.zone),
            percent(worst.share)
        ));
    }
    let home: u32 = report.returns.iter().sum();
    sentences.push(if home == 0 {
        "The guards never brought calls home.".into()
    } else {
        let runs = report.returns.len();
        format!(
            "Calls came home {} in {}.",
            times(home),
            counted(runs, "run")
        )
    });
    sentences.push(late(report));
    if let Some(worse) = report
        .equity
        .first()
        .filter(|e| e.plan_of_10000 > e.no_move_of_10000)
    {
        sentences.push(format!(
            "Who does worst: {}, {} of 10,000 hang up against {} without the move.",
            worse.group,
            thousands(worse.plan_of_10000),
            thousands(worse.no_move_of_10000)
        ));
    }
    if !report.cutover_refused_by.is_empty() {
        let codes: Vec<_> = report
            .cutover_refused_by
            .iter()
            .map(ToString::to_string)
            .collect();
        sentences.push(format!(
            "The rules refuse the mass cutover: {}.",
            codes.join(", ")
        ));
    }
    if !report.left_out.is_empty() {
        sentences.push(format!(
            "Left out, because nobody knows the calls and the people of a holiday from those of its weekday: {}.",
            holiday_words(&report.left_out)
        ));
    }
    report.sentences = sentences;
}

/// How the dates fared.
fn late(report: &Report) -> String {
    let steps = report.risk.len();
    let untaken = report
        .risk
        .iter()
        .filter(|step| step.taken_at.is_none())
        .count();
    let latest = report.risk.iter().max_by_key(|step| step.late_days);
    let latest = latest.and_then(|step| Some((step, step.late_days.filter(|days| *days > 0)?)));
    let mut text = match latest {
        None => "No step is taken later than planned".to_owned(),
        Some((step, days)) => format!(
            "The step of {} to {} % slips most, by {days} days",
            step.chunk, step.share_percent
        ),
    };
    if untaken > 0 {
        let _ = write!(
            text,
            "; {untaken} of {steps} steps are not taken in the rehearsed weeks"
        );
    }
    text.push('.');
    text
}

/// Hang-ups of 10,000 of those the finding speaks of.
pub(crate) fn mean_of_10000(report: &Report, world: &World) -> u64 {
    let rows = world
        .by_type
        .iter()
        .filter(|row| report.is_told(&row.call_type));
    let (mut abandoned, mut offered) = (0.0, 0.0);
    for row in rows {
        abandoned += row.abandoned;
        offered += super::summary::float(row.offered);
    }
    rounded(abandoned * 10_000.0 / f64::max(offered, 1.0))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of people, never negative; the cast saturates"
)]
pub(crate) fn rounded(value: f64) -> u64 {
    value.round() as u64
}

/// `1,310`.
pub(crate) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (k, digit) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `once`, `7 times`.
pub(crate) fn times(n: u32) -> String {
    if n == 1 {
        "once".into()
    } else {
        format!("{n} times")
    }
}

/// `1 run`, `3 runs`.
pub(crate) fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// `7.4` from 0.074.
pub(crate) fn percent(part: f64) -> String {
    format!("{:.1}", part * 100.0)
}

/// `(98 to 147)`.
pub(crate) fn range(range: Range) -> String {
    format!(
        "({} to {})",
        thousands(rounded(range.low)),
        thousands(rounded(range.high))
    )
}

/// `Mon 17 May 2027 10:00 EDT`.
pub(crate) fn local(at: jiff::Timestamp, zone: &str) -> String {
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    at.to_zoned(zone)
        .strftime("%a %-d %b %Y %H:%M %Z")
        .to_string()
}

/// What the command prints.
pub(super) fn text(report: &Report) -> String {
    let mut text = format!("{}\n", report.finding);
    for sentence in &report.sentences {
        let _ = writeln!(text, "{sentence}");
    }
    let _ = writeln!(
        text,
        "\n{:<14} {:>10} {:>10} {:>22} {:>10} {:>15}",
        "", "calls", "hung up", "middle 90 of 100 runs", "long wait", "hours of people"
    );
    let worlds = [
        ("no move", &report.no_move),
        ("this plan", &report.plan),
        ("mass cutover", &report.mass_cutover),
    ];
    for (name, world) in worlds {
        let _ = writeln!(
            text,
            "{name:<14} {:>10} {:>10} {:>22} {:>10} {:>15}",
            thousands(world.offered),
            thousands(rounded(world.abandoned)),
            range(world.interval),
            thousands(rounded(world.long_wait)),
            thousands(world.people_hours),
        );
    }
    if !report.guard_actions.is_empty() {
        text.push_str("\nWhat the guards did in the first run:\n");
    }
    for action in &report.guard_actions {
        let _ = writeln!(
            text,
            "  {}  {}: {}; {}",
            local(action.at, &report.zone),
            action.scope,
            action.happened,
            action.did
        );
    }
    let _ = writeln!(
        text,
        "\n{} runs with full verdicts and {} outcome-only, seed {}, plan {}.",
        report.runs.full, report.runs.outcome_only, report.seed, report.plan_hash
    );
    text
}
