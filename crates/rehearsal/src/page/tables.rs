//! The tables: every number of every picture, and what has no picture.

use super::svg::text;
use crate::report::words::{counted, local, mean_of_10000, percent, range, rounded, thousands};
use crate::report::{Report, World, float};
use crate::signing::SignedFloors;

/// A table with a caption; the first cell of each row is its header.
///
/// The first `texts` columns are words, the others numbers.
pub(super) fn table(
    label: &str,
    caption: &str,
    (texts, heads): (usize, &[&str]),
    rows: &[Vec<String>],
) -> String {
    let head = |(n, name): (usize, &&str)| {
        let class = if n < texts { "" } else { " class=\"num\"" };
        format!("<th scope=\"col\"{class}>{}</th>", text(name))
    };
    let cell = |(n, value): (usize, &String)| {
        let value = text(value);
        if n == 0 {
            format!("<th scope=\"row\">{value}</th>")
        } else if n < texts {
            format!("<td>{value}</td>")
        } else {
            format!("<td class=\"num\">{value}</td>")
        }
    };
    let row = |cells: &Vec<String>| {
        let cells: String = cells.iter().enumerate().map(cell).collect();
        format!("<tr>{cells}</tr>\n")
    };
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}, scrolls sideways\"><table><caption>{}</caption><thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody></table></div>",
        text(label),
        text(caption),
        heads.iter().enumerate().map(head).collect::<String>(),
        rows.iter().map(row).collect::<String>(),
    )
}

pub(super) fn outcomes(report: &Report) -> String {
    let worlds = [&report.no_move, &report.plan, &report.mass_cutover];
    let row = |name: &str, read: &dyn Fn(&World) -> String| {
        std::iter::once(name.to_owned())
            .chain(worlds.iter().map(|w| read(w)))
            .collect()
    };
    let told = |read: fn(&crate::report::TypeRow) -> f64| {
        move |w: &World| {
            let rows = || w.by_type.iter().filter(|r| report.is_told(&r.call_type));
            let calls: f64 = rows().map(|r| float(r.offered)).sum();
            thousands(rounded(
                rows().map(read).sum::<f64>() * 10_000.0 / calls.max(1.0),
            ))
        }
    };
    let mut rows = vec![
        row(&format!("of 10,000 {}: hung up", report.told_of), &|w| {
            format!(
                "{} {}",
                thousands(mean_of_10000(report, w)),
                range(w.told_of_10000)
            )
        }),
        row(
            &format!("waited over {} s", report.assumptions.long_wait_s),
            &told(|r| r.long_wait),
        ),
        row("waited over 10 min", &told(|r| r.very_long_wait)),
        row("all calls: hung up", &|w| {
            format!("{} {}", thousands(rounded(w.abandoned)), range(w.interval))
        }),
        row("hours of people on the phones", &|w| {
            thousands(w.people_hours)
        }),
        row("worst hour, hang-ups", &|w| {
            w.worst_hour.as_ref().map_or_else(
                || "–".into(),
                |h| format!("{} % {}", percent(h.share), local(h.start, &report.zone)),
            )
        }),
    ];
    for (n, of_type) in report.no_move.by_type.iter().enumerate() {
        let hung_up = |w: &World| w.by_type.get(n).map_or(0, |r| r.abandoned_of_10000);
        rows.push(row(
            &format!("{}: hung up of 10,000", of_type.call_type),
            &|w| thousands(hung_up(w)),
        ));
    }
    let caption = format!(
        "Mean of {} runs over {} calls; every hang-up counts, however short the wait; brackets: the middle 90 of 100 runs.",
        report.runs.full + report.runs.outcome_only,
        thousands(report.calls)
    );
    table(
        "Outcomes",
        &caption,
        (1, &["Callers", "No move", "This plan", "Mass cutover"]),
        &rows,
    )
}

pub(super) fn guards(report: &Report) -> String {
    if report.guard_actions.is_empty() {
        return "<p class=\"empty\">Nothing was broken, held or refused in the first run.</p>"
            .into();
    }
    let actions = report.guard_actions.iter().enumerate();
    let rows: Vec<_> = actions
        .map(|(n, action)| {
            vec![
                (n + 1).to_string(),
                local(action.at, &report.zone),
                action.scope.clone(),
                action.happened.clone(),
                action.did.clone(),
                thousands(action.callers),
            ]
        })
        .collect();
    let returns: Vec<_> = report.returns.iter().map(ToString::to_string).collect();
    let caption = format!(
        "Calls came home so often in the full runs: {}.",
        returns.join(", ")
    );
    let heads = [
        "No.",
        "When",
        "Where",
        "What happened",
        "What the guards did",
        "Callers touched",
    ];
    table("Guard actions", &caption, (5, &heads), &rows)
}

pub(super) fn equity(report: &Report) -> String {
    let rows: Vec<_> = report
        .equity
        .iter()
        .map(|e| {
            vec![
                e.group.clone(),
                thousands(e.offered),
                thousands(e.no_move_of_10000),
                thousands(e.plan_of_10000),
            ]
        })
        .collect();
    table(
        "Who did worse",
        "The group that loses most stands first.",
        (1, &["Group", "Calls", "No move", "This plan"]),
        &rows,
    )
}

/// `+1.5`, `−2.0`.
fn signed(value: f64) -> String {
    format!("{value:+.1}").replace('-', "\u{2212}")
}

pub(super) fn risk(report: &Report) -> String {
    let rows: Vec<_> = report
        .risk
        .iter()
        .map(|step| {
            vec![
                format!("{} to {} %", step.chunk, step.share_percent),
                step.planned_on.to_string(),
                step.taken_at
                    .map_or_else(|| "not taken".into(), |at| local(at, &report.zone)),
                signed(step.extra_triage_harm),
                signed(step.extra_abandoned),
            ]
        })
        .collect();
    let heads = [
        "Step",
        "Planned",
        "Taken, first run",
        "Triage hang-ups and long waits",
        "Hang-ups, all calls",
    ];
    table(
        "Risk of each step",
        "Expected, until the next step is taken.",
        (3, &heads),
        &rows,
    )
}

pub(super) fn evidence(report: &Report) -> String {
    let rows: Vec<_> = report
        .evidence
        .iter()
        .map(|e| {
            let days = e
                .days_to_pass
                .map_or_else(|| "–".into(), |days| days.to_string());
            vec![
                e.chunk.clone(),
                e.runs.to_string(),
                e.passed.to_string(),
                days,
                e.failed.to_string(),
            ]
        })
        .collect();
    let heads = [
        "Chunk",
        "Runs in which it went out",
        "Shown no worse than agreed",
        "After days (middle)",
        "Shown worse: home was advised",
    ];
    table(
        "Evidence",
        "The guards' own verdicts, call by call, against the signed target and what no move would have come to.",
        (1, &heads),
        &rows,
    )
}

pub(super) fn floors(report: &Report) -> String {
    let rows: Vec<_> = report
        .floors
        .iter()
        .map(|f| {
            vec![
                f.chunk.clone(),
                format!("{} %", f.floors.service_level_percent),
                format!("{} %", f.floors.abandoned_percent),
                format!("{} min", f.floors.longest_wait_s / 60),
                format!("{} calls", f.floors.none_answered_of),
                format!("{} of {} borne", f.false_alarms, f.false_alarms_max),
            ]
        })
        .collect();
    let heads = [
        "Chunk",
        "In time below",
        "Hang-ups above",
        "Wait above",
        "None answered of",
        "False alarms",
    ];
    let too_many = |f: &&SignedFloors| f.false_alarms > f.false_alarms_max;
    let caption = match report.floors.iter().filter(too_many).count() {
        0 => "Loosened until the in-house baseline breaks them by chance at most once a quarter."
            .into(),
        n => format!(
            "Loosened as far as they go; {n} of {} still break more often on the in-house baseline than is borne.",
            counted(report.floors.len(), "chunk")
        ),
    };
    table("Floors", &caption, (1, &heads), &rows)
}
