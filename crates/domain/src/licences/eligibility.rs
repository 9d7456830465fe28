//! Whether a nurse's licences reach a patient: the pure rule behind route, gate, command line and API.

use super::compact::{CompactRow, CompactStatus, checked_on, status_on};
use super::{Licence, LicenceKind, LicenceStatus, LicenceTerms};
use crate::ids::StateCode;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Eligibility {
    /// Whether the nurse may advise this patient now. A call begun before is finished.
    pub eligible: bool,
    /// The licence that reaches, or why each does not.
    pub reason: String,
    /// The day the compact's rows were checked.
    pub table_checked_on: Option<Date>,
}

/// Whether one of the licences reaches a patient in that state at that instant: a single-state licence of the state, or
/// a multistate licence of an active member while the patient's state is one too.
pub fn eligible(
    rows: &[CompactRow],
    licences: &[Licence],
    patient_state: &StateCode,
    at: Timestamp,
    terms: &LicenceTerms,
) -> Eligibility {
    let reach = |licence| reaches(rows, licence, patient_state, at, terms);
    let mut why_not = Vec::new();
    for licence in licences {
        match reach(licence) {
            Ok(reason) => {
                return Eligibility {
                    eligible: true,
                    reason,
                    table_checked_on: checked_on(rows),
                };
            }
            Err(reason) => why_not.push(reason),
        }
    }
    if why_not.is_empty() {
        why_not.push("no licence is on record".into());
    }
    Eligibility {
        eligible: false,
        reason: why_not.join("; "),
        table_checked_on: checked_on(rows),
    }
}

fn reaches(
    rows: &[CompactRow],
    licence: &Licence,
    patient_state: &StateCode,
    at: Timestamp,
    terms: &LicenceTerms,
) -> Result<String, String> {
    let of = format!("{} licence of {}", licence.kind.words(), licence.state);
    if licence.status != LicenceStatus::Active {
        return Err(format!("the {of} is not active"));
    }
    if licence.ends_at().is_some_and(|end| at >= end) {
        let last = licence.expires.unwrap_or_default();
        return Err(format!("the {of} expired at the end of {last}"));
    }
    match licence.kind {
        LicenceKind::Single if licence.state == *patient_state => Ok(of),
        LicenceKind::Single => Err(format!("the {of} reaches no other state")),
        LicenceKind::Multistate => compact(rows, licence, patient_state, licence.date(at), terms)
            .map(|()| format!("{of}, honoured in {patient_state}"))
            .map_err(|why| format!("the {of} does not reach {patient_state}: {why}")),
    }
}

/// Both states are active members on that day, and the nurse still lives, or lived until lately, in the issuing one.
fn compact(
    rows: &[CompactRow],
    licence: &Licence,
    patient_state: &StateCode,
    on: Date,
    terms: &LicenceTerms,
) -> Result<(), String> {
    if let Some(moved) = &licence.moved {
        let days = i32::from(terms.residence_change_days);
        let until = moved.on.saturating_add(days.days());
        if on > until {
            return Err(format!(
                "the nurse moved to {} on {}, more than {days} days ago",
                moved.to, moved.on
            ));
        }
    }
    for state in [&licence.state, patient_state] {
        match status_on(rows, state, on) {
            Some(CompactStatus::Active) => {}
            Some(other) => return Err(format!("{state} is {}", other.words())),
            None => {
                return Err(format!(
                    "no row of the compact's table says where {state} stands on {on}"
                ));
            }
        }
    }
    Ok(())
}
