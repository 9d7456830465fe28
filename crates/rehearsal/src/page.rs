//! The printable report: one HTML file that needs nothing beside itself and no script, in the look of Segue's pages.
//!
//! The timeline plays once where motion is welcome; print and reduced motion show it whole. Every picture has its numbers in
//! a table.

mod outcomes;
mod svg;
mod tables;
mod timeline;

use crate::report::Report;
use crate::report::words::{local, thousands};
use std::fmt::Write as _;

/// What the report's own style adds: a curtain that the timeline is drawn from behind.
const CURTAIN: &str = "@layer charts { .curtain { display:none; fill:var(--page) }
@media screen and (prefers-reduced-motion:no-preference) { .curtain { display:block; animation:12s linear forwards curtain } }
@keyframes curtain { to { transform:translateX(1330px) } } .sweep { overflow:hidden } }";

/// The whole file. `style` is Segue's style sheet, `title` what the transition is called.
pub fn html(report: &Report, title: &str, style: &str) -> String {
    let mut page = String::new();
    let title = svg::text(title);
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Rehearsal · {title} · Segue</title>\n\
         <style>{style}\n{CURTAIN}</style>\n</head>\n<body>\n<main id=\"main\">\n"
    );
    let _ = write!(
        page,
        "<div class=\"say\"><h1>{}</h1><p>",
        svg::text(&report.finding)
    );
    page.push_str(&svg::text(&report.sentences.join(" ")));
    page.push_str("</p></div>\n<div class=\"two\">");
    let told = format!("Of 10,000 {} who hang up", report.told_of);
    section(&mut page, &told, "", &outcomes::figure(report));
    section(
        &mut page,
        "Who did worse",
        "hang-ups of 10,000",
        &tables::equity(report),
    );
    page.push_str("</div>\n");
    let wide = [
        (
            "What callers would have lived through",
            "",
            tables::outcomes(report),
        ),
        (
            "The rehearsed weeks",
            "numbers mark what the guards did",
            timeline::figure(report),
        ),
        (
            "What the guards did",
            "in the first run",
            tables::guards(report),
        ),
        (
            "What each step costs",
            "beyond no move",
            tables::risk(report),
        ),
    ];
    for (title, note, body) in wide {
        section(&mut page, title, note, &body);
    }
    section(
        &mut page,
        "What the evidence shows",
        "of the full runs",
        &tables::evidence(report),
    );
    page.push_str("<div class=\"two\">");
    section(
        &mut page,
        "Floors",
        "tried on the in-house baseline",
        &tables::floors(report),
    );
    section(&mut page, "Run it again", "", &again(report));
    page.push_str("</div>\n</main>\n</body>\n</html>\n");
    page
}

fn section(page: &mut String, title: &str, note: &str, body: &str) {
    let note = if note.is_empty() {
        String::new()
    } else {
        format!(" <small>{}</small>", svg::text(note))
    };
    let _ = writeln!(
        page,
        "<section class=\"ruled\"><h2>{}{note}</h2>{body}</section>",
        svg::text(title)
    );
}

fn again(report: &Report) -> String {
    let weeks = report.weeks.len();
    let begin = report
        .weeks
        .first()
        .map(|w| local(w.start, &report.zone))
        .unwrap_or_default();
    let a = &report.assumptions;
    let facts = [
        (
            "Calls replayed",
            format!("{} ({weeks} weeks from {begin})", thousands(report.calls)),
        ),
        (
            "Runs",
            format!(
                "{} with full verdicts, {} outcome-only along them; common random numbers",
                report.runs.full, report.runs.outcome_only
            ),
        ),
        ("Seed", report.seed.to_string()),
        ("Plan", report.plan_hash.clone()),
        (
            "Decision code",
            format!(
                "decide, table, choice and evidence as live, {}; the floors are the rehearsal's own, groups of callers are not judged, and whoever is advised by evidence brings every call home",
                env!("CARGO_PKG_VERSION")
            ),
        ),
        (
            "Handle time at first",
            format!(
                "{} % of the client's, half learned after {} calls of each agent",
                a.first_call_percent, a.half_learned_calls
            ),
        ),
        (
            "People at home",
            format!(
                "{} % of those whose calls moved do other work, back in {} min",
                a.reassigned_percent, a.recall_min
            ),
        ),
        (
            "Mass cutover",
            format!(
                "{} % of the people ready on the day, all after {} weeks; nobody stays at home",
                a.cutover_ready_percent, a.cutover_ready_weeks
            ),
        ),
        (
            "Who presses home",
            format!("the duty manager, {} min after the alarm", a.decision_min),
        ),
        ("Waiting long", format!("more than {} s", a.long_wait_s)),
    ];
    let rows = facts.map(|(term, fact)| format!("<dt>{term}</dt><dd>{}</dd>", svg::text(&fact)));
    format!("<dl class=\"facts\">{}</dl>", rows.concat())
}
