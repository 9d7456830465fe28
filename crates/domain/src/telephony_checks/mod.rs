//! The basic test of the telephony, path by path, within a week of each step (A28).

mod kinds;

use crate::Decided;
use crate::boards::{Board, Kind};
use crate::chunks::Chunk;
use crate::event::Event;
use crate::gates::{Finding, GateLeg, is_fresh, valid_until};
use crate::ids::LineId;
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use kinds::CheckKind;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// As it should be.
    Passed,
    /// Not as it should be.
    Failed,
    /// A mailbox answered: a dead end, whatever the check was.
    Voicemail,
}

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CheckResult {
    /// Which.
    pub kind: CheckKind,
    /// How it ended.
    pub outcome: CheckOutcome,
    /// What was measured, in the unit of the check: ms, s, MOS × 100, calls.
    #[serde(default)]
    pub measured: Option<u32>,
}

/// Records checks of one path to the outsourcer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordTelephonyChecks {
    /// The line.
    pub line: LineId,
    /// The number of the route on it: `7001`.
    pub dialled: String,
    /// The results.
    pub checks: Vec<CheckResult>,
    /// Where the protocol of the checks is.
    pub reference: String,
}

/// A path was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TelephonyChecked {
    /// The line.
    pub line: LineId,
    /// The number of the route.
    pub dialled: String,
    /// The results.
    pub checks: Vec<CheckResult>,
    /// Where the protocol is.
    pub reference: String,
    /// When.
    pub at: Timestamp,
}

/// The last result of one check on one path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checked {
    /// The result.
    pub result: CheckResult,
    /// Where the protocol is.
    pub reference: String,
    /// When.
    pub at: Timestamp,
}

/// The last results, by line, route and check.
pub type TelephonyChecks = BTreeMap<LineId, BTreeMap<String, BTreeMap<CheckKind, Checked>>>;

pub(crate) const BOARD: Kind = Kind {
    name: "telephony",
    says: "The checks of every path to the outsourcer: result, value, and until when they hold",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

/// The paths on which a chunk's calls travel: line and number of the route.
pub fn paths<'t>(
    t: &'t Transition,
    chunk: &'t Chunk,
) -> impl Iterator<Item = (&'t LineId, &'t str)> {
    let lines = chunk.planned.lines.iter().filter_map(|id| t.line(id));
    lines.flat_map(|line| {
        let routes = line.routes.iter();
        let own = routes.filter(|r| r.call_types.contains(&chunk.planned.call_type));
        own.map(|route| (&line.id, route.dialled.as_str()))
    })
}

/// Calls at once that the path of a chunk must carry: the baseline's peak with the agreed margin, rounded up.
pub fn calls_min(t: &Transition, chunk: &Chunk) -> Option<u32> {
    let baseline = t
        .baselines
        .of(&chunk.planned.site, &chunk.planned.call_type)?;
    let peak = u64::from(baseline.peak_concurrent);
    let needed = (peak * u64::from(t.terms.testing.concurrency_percent)).div_ceil(100);
    u32::try_from(needed).ok()
}

/// What keeps the chunk's paths from counting as checked.
pub(crate) fn findings(t: &Transition, chunk: &Chunk, now: Timestamp) -> Vec<Finding> {
    let days = t.terms.testing.telephony_valid_days;
    let mut found = Vec::new();
    for (line, dialled) in paths(t, chunk) {
        let results = t.telephony_checks.get(line).and_then(|r| r.get(dialled));
        let fresh = |kind| {
            let checked = results.and_then(|r| r.get(kind));
            checked.filter(|c| is_fresh(c.at, days, now))
        };
        let kinds = CheckKind::ALL.iter();
        let missing: Vec<_> = kinds
            .filter(|k| fresh(k).is_none())
            .map(|k| k.words())
            .collect();
        let path = format!("path {line}/{dialled}");
        if missing.len() == CheckKind::ALL.len() {
            found.push(format!("{path} not checked within {days} days"));
        } else if !missing.is_empty() {
            let missing = missing.join(", ");
            found.push(format!("{path} not checked within {days} days: {missing}"));
        }
        let bad = CheckKind::ALL.iter().filter_map(fresh);
        let bad = bad.filter_map(|c| defect(t, chunk, &c.result));
        found.extend(bad.map(|text| format!("{path}: {text}")));
    }
    found
        .into_iter()
        .map(|text| GateLeg::Technology.finds(text))
        .collect()
}

/// Why a result is none to go out on.
fn defect(t: &Transition, chunk: &Chunk, result: &CheckResult) -> Option<String> {
    let words = result.kind.words();
    match result.outcome {
        CheckOutcome::Voicemail => {
            return Some(format!("{words}: dead end, a voicemail answered"));
        }
        CheckOutcome::Failed => return Some(format!("{words} failed")),
        CheckOutcome::Passed => {}
    }
    let (value, unit) = (result.measured?, result.kind.unit()?);
    let limit = result.kind.limit(&t.terms.testing, calls_min(t, chunk))?;
    (!limit.holds(value)).then(|| format!("{words} {value} {unit}, {} needed", limit.words()))
}

pub(crate) fn record(t: &Transition, c: &RecordTelephonyChecks, now: Timestamp) -> Decided {
    text::list("checks", &c.checks)?;
    text::title("where the protocol of the checks is", &c.reference)?;
    let line = t.line(&c.line);
    if !line.is_some_and(|l| l.routes.iter().any(|r| r.dialled == c.dialled)) {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("route `{}` of line `{}`", c.dialled, c.line))
            .how("name a line of the transition and the number of one of its routes"));
    }
    if c.checks.is_empty() {
        return Err(bad("at least one check".into()));
    }
    for check in &c.checks {
        let words = check.kind.words();
        match (check.kind.unit(), check.measured) {
            (None, Some(_)) => return Err(bad(format!("{words} without a value"))),
            (Some(unit), None)
                if check.kind.needs_value() && check.outcome == CheckOutcome::Passed =>
            {
                return Err(bad(format!("the measured value of {words} in {unit}")));
            }
            _ => {}
        }
    }
    Ok(vec![Event::TelephonyChecked(TelephonyChecked {
        line: c.line.clone(),
        dialled: c.dialled.clone(),
        checks: c.checks.clone(),
        reference: c.reference.clone(),
        at: now,
    })])
}

pub(crate) fn apply_checked(t: &mut Transition, e: &TelephonyChecked) {
    let routes = t.telephony_checks.entry(e.line.clone()).or_default();
    let results = routes.entry(e.dialled.clone()).or_default();
    for result in &e.checks {
        let checked = Checked {
            result: result.clone(),
            reference: e.reference.clone(),
            at: e.at,
        };
        results.insert(result.kind, checked);
    }
}

fn draw(t: &Transition, now: Timestamp) -> Board {
    let columns = [
        "chunk",
        "path",
        "check",
        "lamp",
        "result",
        "value",
        "holds until",
        "protocol",
    ];
    let mut board = Board::new("Telephony checks", &columns);
    let days = t.terms.testing.telephony_valid_days;
    for (id, chunk) in &t.chunks {
        for (line, dialled) in paths(t, chunk) {
            let results = t.telephony_checks.get(line).and_then(|r| r.get(dialled));
            for kind in CheckKind::ALL {
                let checked = results.and_then(|r| r.get(kind));
                let said = match checked {
                    None => "not checked".to_owned(),
                    Some(c) if !is_fresh(c.at, days, now) => "too old".to_owned(),
                    Some(c) => defect(t, chunk, &c.result).unwrap_or_default(),
                };
                let value = checked.and_then(|c| c.result.measured);
                let value = value.map(|v| format!("{v} {}", kind.unit().unwrap_or_default()));
                let until = checked.map(|c| text::minute(valid_until(c.at, days)));
                let protocol = checked.map(|c| c.reference.clone());
                board.row([
                    id.to_string(),
                    format!("{line}/{dialled}"),
                    kind.words().to_owned(),
                    if said.is_empty() { "green" } else { "red" }.into(),
                    if said.is_empty() {
                        "passed".into()
                    } else {
                        said
                    },
                    value.unwrap_or_default(),
                    until.unwrap_or_default(),
                    protocol.unwrap_or_default(),
                ]);
            }
        }
    }
    board.note(format!("A check holds for {days} days."));
    board
}
