//! Measurements of the SIP side: what the core counts, and every trunk by its address. No caller's data.

use super::metrics::{Page, escaped};
use segue_sip::io_udp::Watch;
use segue_sip::trunk::{BreakerState, Health, TrunkReport};

/// A column of the trunks: name, kind, help, value.
type Column = (
    &'static str,
    &'static str,
    &'static str,
    fn(&TrunkReport) -> u64,
);

const COLUMNS: [Column; 9] = [
    (
        "segue_trunk_up",
        "gauge",
        "1 while calls may go there by OPTIONS and outcomes; an observed trunk's word only.",
        |t| u64::from(t.health == Health::Up && t.breaker != BreakerState::Open),
    ),
    (
        "segue_trunk_calls_in_setup",
        "gauge",
        "Calls tried there and not yet answered or refused.",
        |t| u64::from(t.in_setup),
    ),
    (
        "segue_trunk_calls_in_progress",
        "gauge",
        "Answered calls whose BYE was not seen; counted only where their number is capped.",
        |t| u64::from(t.in_progress),
    ),
    (
        "segue_trunk_tried_total",
        "counter",
        "Calls tried there.",
        |t| t.counts.tried,
    ),
    (
        "segue_trunk_answered_total",
        "counter",
        "Calls answered there; an answer is not yet a person.",
        |t| t.counts.answered,
    ),
    (
        "segue_trunk_failed_total",
        "counter",
        "Calls it answered 408 or 5xx, left in silence, or the network refused.",
        |t| t.counts.failed + t.counts.silent + t.counts.unreachable,
    ),
    (
        "segue_trunk_rang_out_total",
        "counter",
        "Calls that rang there until the ring limit.",
        |t| t.counts.rang_out,
    ),
    (
        "segue_trunk_skipped_unwell_total",
        "counter",
        "Calls kept from it because it was unwell.",
        |t| t.counts.skipped_unwell,
    ),
    (
        "segue_trunk_skipped_cap_total",
        "counter",
        "Calls kept from it because an agreed cap was reached.",
        |t| t.counts.skipped_cap,
    ),
];

/// Writes them.
pub(super) fn metrics(page: &mut Page, sip: &Watch) {
    let trunks = sip.trunks();
    for (name, kind, help, value) in COLUMNS {
        page.head(name, kind, help);
        for trunk in &trunks {
            let side = if trunk.guarded { "outsourced" } else { "own" };
            let labels = format!("{{trunk=\"{}\",side=\"{side}\"}}", escaped(&trunk.name));
            page.sample(name, &labels, value(trunk));
        }
    }
    let counted = sip.counters();
    for (name, help, value) in [
        (
            "segue_sip_received_total",
            "SIP messages received.",
            counted.received,
        ),
        (
            "segue_sip_strangers_total",
            "Messages from outside the allow-list.",
            counted.strangers,
        ),
        (
            "segue_sip_rate_limited_total",
            "Messages dropped because their source sent too many.",
            counted.rate_limited,
        ),
        (
            "segue_sip_malformed_total",
            "Messages that are no sound SIP.",
            counted.malformed,
        ),
        (
            "segue_sip_shed_total",
            "Messages passed on without memory because the table was full.",
            counted.shed,
        ),
        (
            "segue_sip_loops_total",
            "Calls refused because they went in circles.",
            counted.loops,
        ),
        (
            "segue_sip_fall_throughs_total",
            "Moves of calls to a further target.",
            counted.fall_throughs,
        ),
    ] {
        page.one(name, "counter", help, "", value);
    }
    let (name, help) = ("segue_sip_calls_live", "Calls and tombstones in the table.");
    page.one(name, "gauge", help, "", counted.live);
}
