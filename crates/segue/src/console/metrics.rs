//! Measurements in the Prometheus text format (version 0.0.4), without personal data.

use super::Shared;
use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

/// Everything this process measures.
pub(super) fn text(shared: &Shared) -> String {
    let mut page = Page::default();
    let (installed, latch) = (shared.node.installed(), shared.node.latch());
    let home = latch.held(&installed.table).count();
    let node = format!("{{node=\"{}\"}}", escaped(&shared.node.name));
    page.one(
        "segue_lease_left_ms",
        "gauge",
        "How long the table stays valid without the journal.",
        &node,
        shared.node.lease_ms_left(),
    );
    page.one(
        "segue_chunks_latched_home",
        "gauge",
        "Chunks a latch holds home against the table.",
        &node,
        home,
    );
    page.one(
        "segue_table_position",
        "gauge",
        "Facts of the transition in the table in force.",
        &node,
        installed.table.version,
    );
    page.one(
        "segue_journal_position",
        "gauge",
        "Facts of the transition read so far.",
        "",
        shared.transition().version,
    );
    page.one(
        "segue_presses_pending",
        "gauge",
        "Presses of the home button the journal does not know yet.",
        "",
        shared.door.pending(),
    );
    facts(&mut page, shared);
    super::trunks::metrics(&mut page, &shared.sip);
    page.0
}

/// What became of the call facts, and what they say of the last hour.
fn facts(page: &mut Page, shared: &Shared) {
    let written = shared.writer.counts();
    page.one(
        "segue_facts_stored_total",
        "counter",
        "Call facts on disk.",
        "",
        written.stored,
    );
    page.one(
        "segue_facts_dropped_total",
        "counter",
        "Call facts not taken because the queue was full.",
        "",
        written.dropped,
    );
    page.one(
        "segue_facts_lost_total",
        "counter",
        "Call facts the database refused.",
        "",
        written.lost,
    );
    let measured = shared.memory().measured.clone();
    let Some(measured) = measured else {
        return;
    };
    let mut decisions = BTreeMap::<_, u64>::new();
    for count in &measured.counts {
        *decisions.entry((&count.arm, &count.rule)).or_default() += count.calls;
    }
    page.head(
        "segue_decisions_last_hour",
        "gauge",
        "Routing decisions of the last 60 minutes.",
    );
    for ((arm, rule), calls) in decisions {
        let labels = format!("{{arm=\"{}\",rule=\"{}\"}}", escaped(arm), escaped(rule));
        page.sample("segue_decisions_last_hour", &labels, calls);
    }
    page.head(
        "segue_join_due_last_hour",
        "gauge",
        "Decisions that should have a centre's record by now.",
    );
    for arm in &measured.matches {
        page.sample(
            "segue_join_due_last_hour",
            &format!("{{arm=\"{}\"}}", escaped(&arm.arm)),
            arm.due,
        );
    }
    page.head(
        "segue_join_matched_last_hour",
        "gauge",
        "Of these, those that have one.",
    );
    for arm in &measured.matches {
        page.sample(
            "segue_join_matched_last_hour",
            &format!("{{arm=\"{}\"}}", escaped(&arm.arm)),
            arm.matched,
        );
    }
}

#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    pub(super) fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    pub(super) fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    pub(super) fn one(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        labels: &str,
        value: impl Display,
    ) {
        self.head(name, kind, help);
        self.sample(name, labels, value);
    }
}

/// A label value (Prometheus exposition format: backslash, quote and line feed are escaped).
pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
