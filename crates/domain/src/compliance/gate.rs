//! What the compliance leg of a gate asks for: every requirement in force, by name.

use super::ComplianceTerms;
use super::records::{Accreditor, Attestation, Evidence, EvidenceRecord, Module, in_force, proved};
use super::require_phi_allowed;
use crate::chunks::Chunk;
use crate::gates::{Finding, GateLeg};
use crate::ladder::Rung;
use crate::lines::Line;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;

pub(crate) fn findings(t: &Transition, chunk: &Chunk, now: Timestamp) -> Vec<Finding> {
    let today = t.today(now);
    let lines = chunk.planned.lines.iter().filter_map(|id| t.line(id));
    let lines: Vec<_> = lines.collect();
    let mut missing = agreements(t, &lines, now);
    missing.extend(of_outsourcer(t, chunk, today));
    missing.extend(of_callers(t, chunk, today));
    missing.extend(lines.iter().flat_map(|line| of_line(t, line, today)));
    missing
        .into_iter()
        .map(|text| GateLeg::Compliance.finds(text))
        .collect()
}

/// What allows the two parties to work with patient data at all.
fn agreements(t: &Transition, lines: &[&Line], now: Timestamp) -> Vec<String> {
    let today = t.today(now);
    let mut missing = Vec::new();
    for line in lines {
        if let Err(refusal) = require_phi_allowed(t, Some(&line.id), now) {
            missing.extend(refusal.missing);
        }
    }
    missing.dedup();
    let wanted = [
        (Evidence::Contract, "the contract"),
        (
            Evidence::KeyCustody,
            "the client's custody of the caller-hash key",
        ),
        (
            Evidence::RelayPath,
            "a relay (TTY) call tested at the outsourcer",
        ),
    ];
    for (evidence, text) in wanted {
        if !proved(t, today, |e| *e == evidence) {
            missing.push(format!("{text}, in force"));
        }
    }
    missing
}

fn of_outsourcer(t: &Transition, chunk: &Chunk, today: Date) -> Vec<String> {
    let terms = &t.terms.compliance;
    let mut missing = Vec::new();
    if !proved(t, today, |e| matches!(e, Evidence::BusinessLicence { .. })) {
        missing.push("a business licence of the outsourcer in force".to_owned());
    }
    for function in &terms.subcontracted {
        let says = |e: &Evidence| matches!(e, Evidence::Subcontractor { function: f, .. } if f == function);
        if !proved(t, today, says) {
            missing.push(format!(
                "who does {} for the outsourcer, with a date",
                function.words()
            ));
        }
    }
    missing.extend(accreditation(t, chunk, terms, today));
    missing
}

/// The module covers what staff do on these calls, until the plan ends (§2.1).
fn accreditation(
    t: &Transition,
    chunk: &Chunk,
    terms: &ComplianceTerms,
    today: Date,
) -> Option<String> {
    if !terms.accreditation_required {
        return None;
    }
    let clinical = t.rung(&chunk.planned.call_type) >= Some(Rung::Consult);
    let module = if clinical {
        Module::Clinical
    } else {
        Module::NonClinical
    };
    let steps = t.chunks.values().flat_map(|c| &c.planned.steps);
    let plan_ends = steps.map(|step| step.from).max().unwrap_or(today);
    let covers = |r: &&EvidenceRecord| match r.proves {
        Evidence::Accreditation {
            by: Accreditor::Urac,
            module: covered,
        } => covered >= module,
        _ => false,
    };
    let ends = |r: &EvidenceRecord| r.expires.unwrap_or(Date::MAX);
    let last = in_force(t, today).filter(covers).map(ends).max();
    match last {
        Some(last) if last >= plan_ends => None,
        Some(last) => Some(format!(
            "URAC accreditation, {}, until the plan ends on {plan_ends}; it expires {last}",
            module.words()
        )),
        None => Some(format!("URAC accreditation, {}", module.words())),
    }
}

/// Announcements and languages: what a caller hears and is understood in (Section 1557).
fn of_callers(t: &Transition, chunk: &Chunk, today: Date) -> Vec<String> {
    let terms = &t.terms.compliance;
    let mut missing = Vec::new();
    let announced = |e: &Evidence| {
        matches!(
            e,
            Evidence::RecordingConsent {
                in_house: true,
                outsourced: true,
                refusal_path: true,
            }
        )
    };
    if !proved(t, today, announced) {
        missing.push(
            "recording announcement heard on both routes, with a way for who refuses".to_owned(),
        );
    }
    let min = terms.notice_languages_min;
    if !proved(
        t,
        today,
        |e| matches!(e, Evidence::LanguageNotices { languages } if *languages >= min),
    ) {
        missing.push(format!("notices of language help in {min} languages"));
    }
    let Some(callers) = t.compliance.callers.get(&chunk.planned.site) else {
        missing.push(format!(
            "languages of the callers of {}, with shares (`segue do describe-callers`)",
            chunk.planned.site
        ));
        return missing;
    };
    for spoken in callers.other_languages_of(terms.language_share_min_bp) {
        let max_s = terms.interpreter_max_s;
        let reached = |e: &Evidence| matches!(e, Evidence::InterpreterPath { language, seconds } if language == spoken && *seconds <= max_s);
        let reviewed = |e: &Evidence| matches!(e, Evidence::TranslationReviewer { language, .. } if language == spoken);
        if !proved(t, today, reached) {
            missing.push(format!(
                "an interpreter for {spoken} reached in {max_s} s on a test call at the outsourcer"
            ));
        }
        if !proved(t, today, reviewed) {
            missing.push(format!(
                "a named reviewer of the translations into {spoken}"
            ));
        }
    }
    missing
}

fn of_line(t: &Transition, line: &Line, today: Date) -> Vec<String> {
    let mut missing = Vec::new();
    let shown = |e: &Evidence| matches!(e, Evidence::CallerIdRight { line: of, attestation: Attestation::A } if *of == line.id);
    if !proved(t, today, shown) {
        missing.push(format!(
            "the right to show the number of {} on callbacks, arriving with attestation A",
            line.id
        ));
    }
    if line.transfer_center && !proved(t, today, |e| *e == Evidence::TransferCenterReview) {
        missing.push(format!(
            "counsel's review of {}, which touches transfers between hospitals",
            line.id
        ));
    }
    missing
}
