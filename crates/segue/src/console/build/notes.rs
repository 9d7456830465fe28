//! The duty manager's checks, what can be brought home, who is told, and what Segue cannot see.

use super::Inputs;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use segue_domain::{Side, Transition};
use segue_web::SCOPE_ALL;
use segue_web::view::{Aspect, BlindSpot, CheckView, ScopeView};

/// A feed without news for longer is shown as silent.
const SILENT_S: i64 = 300;

pub(super) fn scopes(t: &Transition) -> Vec<ScopeView> {
    let scope = |scope: &str, label: String| ScopeView {
        scope: scope.to_owned(),
        label,
        expected: None,
    };
    let mut scopes = vec![scope(SCOPE_ALL, "Every call of this transition".to_owned())];
    scopes.extend(
        t.sites
            .iter()
            .map(|site| scope(site.id.as_str(), format!("Every call of {}", site.id))),
    );
    // As the page lists them: site by site, up the ladder.
    let mut chunks: Vec<_> = t.chunks.iter().collect();
    chunks.sort_by_key(|(_, c)| (&c.planned.site, t.rung(&c.planned.call_type)));
    for (id, chunk) in chunks {
        let kind = t
            .call_types
            .iter()
            .find(|kind| kind.id == chunk.planned.call_type);
        let name = kind.map_or_else(
            || chunk.planned.call_type.to_string(),
            |kind| kind.name.to_lowercase(),
        );
        scopes.push(scope(
            id.as_str(),
            format!("Only {name} at {} ({id})", chunk.planned.site),
        ));
    }
    scopes
}

fn check(what: impl Into<String>, aspect: Aspect, response: impl Into<String>) -> CheckView {
    CheckView {
        what: what.into(),
        aspect,
        response: response.into(),
    }
}

pub(super) fn checks(i: &Inputs<'_>) -> Vec<CheckView> {
    let mut checks = vec![journal(i), feed(i, true), feed(i, false), facts(i)];
    if i.pending > 0 {
        checks.push(check(
            "Presses the journal does not know yet",
            Aspect::Hold,
            format!("{} pending; calls are home", i.pending),
        ));
    }
    match i.chain {
        Some(chain) if chain.ok => checks.push(check(
            "Journal's chain",
            Aspect::Proved,
            format!("whole up to {}", chain.position),
        )),
        Some(chain) => checks.push(check(
            "Journal's chain",
            Aspect::Harm,
            format!("broken after {}", chain.position),
        )),
        None => checks.push(check("Journal's chain", Aspect::Unknown, "not checked yet")),
    }
    checks.extend(nodes(i));
    checks
}

/// Whether the nodes hear each other and agree; nothing to say of one alone.
fn nodes(i: &Inputs<'_>) -> Option<CheckView> {
    if i.nodes.len() < 2 {
        return None;
    }
    let what = format!("{} routing nodes", i.nodes.len());
    let silent: Vec<_> = i.nodes.iter().filter(|node| !node.reachable).collect();
    let (aspect, response) = if let Some(refusal) = segue_domain::nodes::refusal(i.t) {
        (
            Aspect::Harm,
            format!("no share rises: {}", refusal.missing.join("; ")),
        )
    } else if silent.is_empty() {
        (Aspect::Proved, "hear each other".to_owned())
    } else {
        let names: Vec<_> = silent.iter().map(|node| node.id.as_str()).collect();
        (Aspect::Hold, format!("no answer from {}", names.join(", ")))
    };
    Some(check(what, aspect, response))
}

fn journal(i: &Inputs<'_>) -> CheckView {
    let lease_s = u64::from(i.installed.table.authority_lease_s);
    let left_s = i.lease_ms_left.div_ceil(1_000);
    match left_s {
        0 => check(
            "Journal",
            Aspect::Harm,
            "does not answer; the lease has run out",
        ),
        left if left <= lease_s / 2 => check(
            "Journal",
            Aspect::Hold,
            format!("does not answer; {} min of lease left", left.div_ceil(60)),
        ),
        _ => check(
            "Journal",
            Aspect::Proved,
            format!("read up to {}", i.t.version),
        ),
    }
}

fn feed(i: &Inputs<'_>, in_house: bool) -> CheckView {
    let party = i.t.parties.name(if in_house {
        Side::Client
    } else {
        Side::Outsourcer
    });
    let what = format!("Call events of {party}");
    let Some(at) = i.fed_at(in_house) else {
        return check(what, Aspect::Unknown, "none has come in");
    };
    if i.now.duration_since(at).as_secs() > SILENT_S {
        return check(what, Aspect::Hold, format!("silent since {}", local(i, at)));
    }
    check(what, Aspect::Proved, "coming in")
}

fn facts(i: &Inputs<'_>) -> CheckView {
    let missing = i.written.dropped + i.written.lost;
    match i.facts_trouble {
        Some(why) => check("Call facts", Aspect::Harm, why),
        None if missing > 0 => check(
            "Call facts",
            Aspect::Hold,
            format!("{missing} not stored since the start"),
        ),
        None if i.measured.is_none() => check("Call facts", Aspect::Unknown, "not read yet"),
        None => check("Call facts", Aspect::Proved, "all stored"),
    }
}

/// This version pages nobody, and says so.
pub(super) fn called(t: &Transition) -> Vec<CheckView> {
    let mut called: Vec<_> = Side::BOTH
        .into_iter()
        .map(|side| {
            check(
                format!("Duty manager, {}", t.parties.name(side)),
                Aspect::Todo,
                "not paged by Segue; call by the runbook",
            )
        })
        .collect();
    let manager = match &t.account_manager {
        Some(_) => check(
            "Account manager",
            Aspect::Todo,
            "not paged by Segue; call by the runbook",
        ),
        None => check("Account manager", Aspect::Harm, "nobody is named"),
    };
    called.push(manager);
    called
}

pub(super) fn blind_spots(i: &Inputs<'_>) -> Vec<BlindSpot> {
    let spot = |what: &str, why: String| BlindSpot {
        what: what.to_owned(),
        why,
    };
    let outsourcer = i.t.parties.name(Side::Outsourcer);
    let mut spots = vec![
        spot(
            "Calls that never arrive.",
            "A caller the carrier turns away or who hears busy before Segue leaves no trace here; the carrier's records would show it.".to_owned(),
        ),
        spot(
            "Calls before the menu's choice.",
            "A caller who gives up in the IVR is not offered to anybody; the IVR's own records would show it.".to_owned(),
        ),
        inside(i, &outsourcer, false),
    ];
    if is_silent(i, true) {
        let client = i.t.parties.name(Side::Client);
        spots.push(inside(i, &client, true));
    }
    if i.written.dropped + i.written.lost > 0 {
        let missing = i.written.dropped + i.written.lost;
        spots.push(spot("Some decisions.", format!("{missing} were made but not stored since this node started; their calls were routed all the same.")));
    }
    spots
}

fn is_silent(i: &Inputs<'_>, in_house: bool) -> bool {
    i.fed_at(in_house)
        .is_none_or(|at| i.now.duration_since(at).as_secs() > SILENT_S)
}

/// What happens inside a centre is known only as far as its feed tells.
fn inside(i: &Inputs<'_>, party: &str, in_house: bool) -> BlindSpot {
    let why = match i.fed_at(in_house) {
        None => {
            "No call event has come from there: waits, hang-ups and answers there are not known."
                .to_owned()
        }
        Some(at) if is_silent(i, in_house) => {
            format!(
                "No call event has come from there since {}: waits, hang-ups and answers since then are not known.",
                local(i, at)
            )
        }
        Some(_) => {
            "Only what its feed tells is known: transfers, holds and what was said inside are not."
                .to_owned()
        }
    };
    BlindSpot {
        what: format!("What happens inside {party}."),
        why,
    }
}

/// Date and minute on the clock of the agreement.
fn local(i: &Inputs<'_>, at: Timestamp) -> String {
    let zone =
        i.t.sites
            .first()
            .and_then(|site| TimeZone::get(&site.zone).ok())
            .unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%a %-d %b %H:%M %Z").to_string()
}
