//! What people found out, agreed and measured: the checklist, the reports, the ways home.

use jiff::Timestamp;
use segue_domain::contingency::plan::Mechanism;
use segue_domain::ids::ChunkId;
use segue_domain::{Transition, basis_points, discovery};
use segue_web::discovery::{Count, ReportRow, WayHomeRow};
use segue_web::view::{Aspect, CheckView};

/// Open points named in the lead; the checklist and the board have them all.
const NAMED: usize = 3;

/// The sentence of the page and what holds it up.
pub(super) fn finding(t: &Transition) -> (String, String) {
    let d = &t.discovery;
    if d.opened_at.is_none() {
        let lead = "The account manager opens it (`segue do open-discovery`); call records can be imported and read before.";
        return ("Discovery is not opened yet.".into(), lead.into());
    }
    let (all, open) = (d.items.len(), d.open_items().len());
    if d.is_complete() {
        let finding = "Discovery is done and both signed it. Planning is open.";
        let lead = format!("All {all} items have evidence; what changes now is signed anew.");
        return (finding.into(), lead);
    }
    let finding = format!(
        "{} of {all} discovery items are done. Planning stays shut until all are signed.",
        all - open
    );
    let mut missing = discovery::findings(t);
    if missing.is_empty() {
        let sides = d.agreement.missing().into_iter();
        missing.extend(sides.map(|side| format!("signature of {}", t.parties.name(side))));
    }
    let more = missing.len().saturating_sub(NAMED);
    missing.truncate(NAMED);
    let rest = if more > 0 {
        format!("; and {more} more")
    } else {
        String::new()
    };
    (finding, format!("Missing: {}{rest}.", missing.join("; ")))
}

/// Item by item.
pub(super) fn checks(t: &Transition) -> Vec<CheckView> {
    let d = &t.discovery;
    let items = d.items.iter().map(|(item, evidence)| CheckView {
        what: item.clone(),
        aspect: if evidence.is_some() {
            Aspect::Proved
        } else {
            Aspect::Todo
        },
        response: if evidence.is_some() { "done" } else { "open" }.into(),
    });
    let mut checks: Vec<_> = items.collect();
    if d.opened_at.is_some() {
        let signed = 2 - d.agreement.missing().len();
        checks.push(CheckView {
            what: "signed".into(),
            aspect: if signed == 2 {
                Aspect::Proved
            } else {
                Aspect::Todo
            },
            response: format!("{signed} of 2"),
        });
    }
    checks
}

/// Reports beside the raw log.
pub(super) fn reports(t: &Transition) -> Vec<ReportRow> {
    let limit_bp = t.terms.discovery.report_gap_max_bp;
    let reports = t.discovery.records.reports.values();
    let row = |r: &discovery::reports::Reconciliation| {
        let within = r.gap_bp().unsigned_abs() <= u64::from(limit_bp);
        let (aspect, word) = match (&r.explanation, within) {
            (None, true) => (
                Aspect::Proved,
                format!("within {}", basis_points::percent(limit_bp.into())),
            ),
            (Some(why), _) => (Aspect::Proved, format!("explained: {why}")),
            (None, false) => (Aspect::Harm, "to be explained".into()),
        };
        ReportRow {
            report: r.report.clone(),
            reported: Count::Known(r.reported),
            reproduced: Count::Known(r.reproduced),
            gap: basis_points::percent(r.gap_bp()),
            aspect,
            word,
        }
    };
    reports.map(row).collect()
}

/// How fast each mechanism brings calls home: agreed, in drills, in earnest.
pub(super) fn ways_home(t: &Transition, now: Timestamp) -> Vec<WayHomeRow> {
    let known = &t.contingency;
    let all = [Mechanism::Api, Mechanism::PbxForward, Mechanism::RespOrg];
    let rows = all.into_iter().filter_map(|mechanism| {
        let plans = || {
            known
                .plans
                .iter()
                .filter(move |(_, agreed)| agreed.proposed.plan.mechanism == mechanism)
        };
        let relies = |chunk: &ChunkId| plans().any(|(id, _)| id == chunk);
        let chunks: Vec<String> = plans().map(|(id, _)| id.to_string()).collect();
        let agreed = plans()
            .map(|(_, agreed)| agreed.proposed.plan.rto_s)
            .min()?;
        let drills = known.drills.iter().filter(|(id, _)| relies(id));
        let drilled: Vec<i64> = drills.map(|(_, d)| i64::from(d.first_call_s)).collect();
        let incidents = t.incidents.values();
        let returned = incidents.filter(|i| i.opened.chunks.iter().any(|back| relies(&back.chunk)));
        let real = returned.map(|incident| {
            let verified = incident.verified.as_ref();
            let until = verified.map_or(now, |verified| verified.at);
            let seconds = until.duration_since(incident.opened.at).as_secs();
            (seconds, verified.is_some())
        });
        let real: Vec<(i64, bool)> = real.collect();
        let open = real.iter().filter(|(_, verified)| !verified).count();
        let verified: Vec<i64> = real.iter().filter(|r| r.1).map(|r| r.0).collect();
        let waiting = if open > 0 {
            format!("; {open} not verified yet")
        } else {
            String::new()
        };
        Some(WayHomeRow {
            mechanism: mechanism.words().into(),
            chunks: chunks.join(", "),
            agreed: format!("{agreed}\u{a0}s"),
            drilled: range(&drilled),
            real: format!("{}{waiting}", range(&verified)),
        })
    });
    rows.collect()
}

/// `12 to 41 s, 3 times`; never measured is said.
fn range(seconds: &[i64]) -> String {
    let (Some(least), Some(most)) = (seconds.iter().min(), seconds.iter().max()) else {
        return "never".into();
    };
    let times = match seconds.len() {
        1 => "once".into(),
        n => format!("{n} times"),
    };
    if least == most {
        format!("{most}\u{a0}s, {times}")
    } else {
        format!("{least} to {most}\u{a0}s, {times}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_was_never_measured_is_no_time() {
        assert_eq!(range(&[]), "never");
        assert_eq!(range(&[41]), "41\u{a0}s, once");
        assert_eq!(range(&[60, 12]), "12 to 60\u{a0}s, 2 times");
    }
}
