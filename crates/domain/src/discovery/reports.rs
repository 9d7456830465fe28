//! Reports and records: headline numbers reproduced from the raw log, and what could not be classified (A16, B15).

use crate::Decided;
use crate::event::Event;
use crate::ids::SiteId;
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use crate::{basis_points, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Unmapped codes named in a finding; the report has them all.
const CODES_SHOWN: usize = 5;

/// What became of the rows of the raw log: every row is in one of the four.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LogRows {
    /// Rows read.
    pub read: u64,
    /// Exact duplicates.
    pub duplicate: u64,
    /// Test calls.
    pub test: u64,
    /// Set aside as unreadable, listed with file and line.
    pub quarantined: u64,
}

/// One report's headline number, beside what the raw log gives for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Reconciliation {
    /// Which report and number: `vendor report, calls in four weeks`.
    pub report: String,
    /// As the report says.
    pub reported: u64,
    /// As the raw log gives.
    pub reproduced: u64,
    /// What became of the rows, where the number is one of rows.
    #[serde(default)]
    pub rows: Option<LogRows>,
    /// Why the two differ.
    #[serde(default)]
    pub explanation: Option<String>,
    /// Where the working is.
    pub reference: String,
}

impl Reconciliation {
    /// How far the log is from the report, in basis points of what was reported.
    pub fn gap_bp(&self) -> i64 {
        let gap = i128::from(self.reproduced) - i128::from(self.reported);
        basis_points::of(gap, self.reported)
    }

    fn is_open(&self, gap_max_bp: u32) -> bool {
        let gap = self.reported.abs_diff(self.reproduced);
        self.explanation.is_none() && basis_points::is_more(gap, self.reported, gap_max_bp)
    }
}

/// Reconciles one report with the raw log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReconcileReport {
    /// The report.
    #[serde(flatten)]
    pub reconciliation: Reconciliation,
}

/// A report stands beside the raw log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportReconciled {
    /// The report.
    #[serde(flatten)]
    pub reconciliation: Reconciliation,
    /// When.
    pub at: Timestamp,
}

/// A code of the call records that belongs to no call type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UnmappedCode {
    /// Number, IVR choice, wrap code or queue.
    pub code: String,
    /// Calls with it.
    pub calls: u64,
}

/// How much of a centre's history found its call type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Classification {
    /// The centre.
    pub site: SiteId,
    /// Calls of its history.
    pub calls: u64,
    /// Those without a call type.
    pub unclassified: u64,
    /// Those of them that touched a clinical queue.
    pub unclassified_clinical: u64,
    /// The codes behind them, most frequent first.
    #[serde(default)]
    pub top_codes: Vec<UnmappedCode>,
    /// Where the mapping rules are.
    pub reference: String,
}

/// Records how far a centre's calls are classified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ClassifyCalls {
    /// The residue.
    #[serde(flatten)]
    pub classification: Classification,
}

/// A centre's calls are classified, with a residue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallsClassified {
    /// The residue.
    #[serde(flatten)]
    pub classification: Classification,
    /// When.
    pub at: Timestamp,
}

/// Headline numbers agree or differ for a reason; the residue is small and touches no nurse.
pub(crate) fn findings(t: &Transition) -> Vec<String> {
    let records = &t.discovery.records;
    let mut missing = Vec::new();
    if records.reports.is_empty() {
        missing.push("a report whose headline number is reproduced from the raw log".into());
    }
    let gap_max_bp = t.terms.discovery.report_gap_max_bp;
    let open = records.reports.values().filter(|r| r.is_open(gap_max_bp));
    missing.extend(open.map(|r| {
        format!(
            "gap of {} explained in `{}`: reported {}, the log gives {}",
            basis_points::percent(r.gap_bp()),
            r.report,
            r.reported,
            r.reproduced
        )
    }));
    let at_work = |site: &&crate::parties::Site| t.lines.iter().any(|line| line.site == site.id);
    for site in t.sites.iter().filter(at_work) {
        match records.classified.get(&site.id) {
            None => missing.push(format!("calls of {} classified", site.id)),
            Some(c) => missing.extend(residue(c, t.terms.discovery.residue_max_bp)),
        }
    }
    missing
}

fn residue(c: &Classification, max_bp: u32) -> Option<String> {
    let too_many = basis_points::is_more(c.unclassified, c.calls, max_bp);
    if !too_many && c.unclassified_clinical == 0 {
        return None;
    }
    let share = basis_points::of(i128::from(c.unclassified), c.calls);
    let codes: Vec<_> = c
        .top_codes
        .iter()
        .take(CODES_SHOWN)
        .map(|code| format!("{} ({})", code.code, code.calls))
        .collect();
    Some(format!(
        "call types of {} of the calls of {} (at most {}), {} of them in clinical queues (none); unmapped: {}",
        basis_points::percent(share),
        c.site,
        basis_points::percent(max_bp.into()),
        c.unclassified_clinical,
        if codes.is_empty() {
            "no codes listed".into()
        } else {
            codes.join(", ")
        }
    ))
}

pub(crate) fn reconcile(t: &Transition, c: &ReconcileReport, now: Timestamp) -> Decided {
    let r = &c.reconciliation;
    text::title("which report", &r.report)?;
    text::title("where the working is", &r.reference)?;
    if let Some(why) = &r.explanation {
        text::free("why the two numbers differ", why)?;
    }
    if let Some(rows) = &r.rows {
        let accounted = [rows.duplicate, rows.test, rows.quarantined, r.reproduced];
        let sum: u128 = accounted.into_iter().map(u128::from).sum();
        if sum != u128::from(rows.read) {
            return Err(bad(format!(
                "{} rows accounted for, not {sum}: read = duplicate + test + quarantined + reproduced",
                rows.read
            )));
        }
    }
    if t.discovery.records.reports.get(&r.report) == Some(r) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::ReportReconciled(ReportReconciled {
        reconciliation: r.clone(),
        at: now,
    })])
}

pub(crate) fn classify(t: &Transition, c: &ClassifyCalls, now: Timestamp) -> Decided {
    let c = &c.classification;
    if t.site_zone(&c.site).is_none() {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("centre `{}`", c.site))
            .how("name a centre of the transition"));
    }
    if c.calls == 0 || c.unclassified > c.calls || c.unclassified_clinical > c.unclassified {
        return Err(bad(
            "counts that add up: unclassified in clinical queues ≤ unclassified ≤ calls, calls above zero".into(),
        ));
    }
    text::titles(
        "an unmapped code",
        c.top_codes.iter().map(|code| &code.code),
    )?;
    text::title("where the mapping rules are", &c.reference)?;
    if t.discovery.records.classified.get(&c.site) == Some(c) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::CallsClassified(CallsClassified {
        classification: c.clone(),
        at: now,
    })])
}

pub(crate) fn apply_reconciled(t: &mut Transition, e: &ReportReconciled) {
    let r = &e.reconciliation;
    t.discovery
        .records
        .reports
        .insert(r.report.clone(), r.clone());
    t.discovery.changed();
}

pub(crate) fn apply_classified(t: &mut Transition, e: &CallsClassified) {
    let c = &e.classification;
    t.discovery
        .records
        .classified
        .insert(c.site.clone(), c.clone());
    t.discovery.changed();
}
