//! No patient data before the agreement that allows it (A1, 164.502(e), 42 CFR Part 2).

use super::records::{Evidence, proved};
use crate::ids::LineId;
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use jiff::Timestamp;

/// Refuses what brings patient data in: of one line, or of none in particular.
///
/// # Errors
/// `NO_BAA` while no business associate agreement is in force; `PART2_EVIDENCE` for a line with substance-use records
/// while no qualified service organisation agreement is.
pub fn require_phi_allowed(
    t: &Transition,
    line: Option<&LineId>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let today = t.today(now);
    if !proved(t, today, |e| *e == Evidence::Baa) {
        let records = t.compliance.records.values().map(|filed| &filed.record);
        let last = records
            .filter(|record| record.proves == Evidence::Baa)
            .filter_map(|record| record.expires)
            .max();
        let missing = match last.filter(|last| *last < today) {
            Some(last) => {
                format!("a business associate agreement in force; the last one expired {last}")
            }
            None => "a business associate agreement in force".into(),
        };
        return Err(filing(Code::NoBaa, missing, "baa"));
    }
    let part2 = line.and_then(|id| t.line(id)).filter(|line| line.part2);
    match part2 {
        Some(line) if !proved(t, today, |e| *e == Evidence::Qsoa) => Err(filing(
            Code::Part2Evidence,
            format!(
                "a qualified service organisation agreement in force for line {}; its records are never test data",
                line.id
            ),
            "qsoa",
        )),
        _ => Ok(()),
    }
}

/// Refuses call records of all lines together: an export does not say beforehand which lines are in it.
///
/// # Errors
/// As [`require_phi_allowed`], of the first line that lacks something.
pub fn require_records_allowed(t: &Transition, now: Timestamp) -> Result<(), Refusal> {
    require_phi_allowed(t, None, now)?;
    t.lines
        .iter()
        .try_for_each(|line| require_phi_allowed(t, Some(&line.id), now))
}

fn filing(code: Code, missing: String, kind: &str) -> Refusal {
    Refusal::new(code)
        .missing(missing)
        .who("the compliance officer of either party")
        .how(format!(
            "file it with its dates: `segue do file-compliance-records`, kind `{kind}`"
        ))
}
