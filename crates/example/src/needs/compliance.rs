//! Riverside's and CareBridge's evidence: the agreement before any patient data, the rest before a plan, renewed in time.

use crate::cast::of;
use crate::way::{Move, Scene};
use jiff::ToSpan;
use jiff::civil::Date;
use segue_domain::compliance::callers::{DescribeCallers, LanguageShare, StateShare};
use segue_domain::compliance::records::{
    Accreditor, Attestation, Evidence, EvidenceRecord, FileComplianceRecords, Module, Subcontracted,
};
use segue_domain::{Role, Side};

/// Days before its last day when a record is renewed.
const EARLY_DAYS: i32 = 60;
/// Patients by state, in basis points, as the domain handbook's fixture has them (§6).
const STATES: [(&str, u16); 3] = [("NJ", 8_200), ("PA", 1_100), ("NY", 500)];
/// Callers by language, the centre's own first.
const LANGUAGES: [(&str, u16); 2] = [("English", 9_300), ("Spanish", 700)];

/// The business associate agreement, before anything else; with it what a line under 42 CFR Part 2 needs.
pub(crate) fn agreement(scene: &Scene<'_>) -> Option<Move> {
    let mut agreements = vec![("BAA-1", Evidence::Baa)];
    if scene.t.lines.iter().any(|line| line.part2) {
        agreements.push(("QSOA-1", Evidence::Qsoa));
    }
    filed(scene, Side::Client, &agreements)
}

/// Everything else of both parties.
pub(crate) fn records(scene: &Scene<'_>) -> Option<Move> {
    agreement(scene)
        .or_else(|| filed(scene, Side::Client, &of_client(scene)))
        .or_else(|| filed(scene, Side::Outsourcer, &of_outsourcer()))
}

fn of_client(scene: &Scene<'_>) -> Vec<(String, Evidence)> {
    let mut records = vec![
        ("CONTRACT-1".to_owned(), Evidence::Contract),
        ("KEY-1".to_owned(), Evidence::KeyCustody),
        (
            "NOTICES-1".to_owned(),
            Evidence::LanguageNotices { languages: 15 },
        ),
        (
            "RECORDING-1".to_owned(),
            Evidence::RecordingConsent {
                in_house: true,
                outsourced: true,
                refusal_path: true,
            },
        ),
        (
            "REVIEWER-1".to_owned(),
            Evidence::TranslationReviewer {
                language: "Spanish".into(),
                reviewer: "rvs-language".into(),
            },
        ),
    ];
    records.extend(scene.t.lines.iter().map(|line| {
        let right = Evidence::CallerIdRight {
            line: line.id.clone(),
            attestation: Attestation::A,
        };
        (format!("CALLER-ID-{}", line.id), right)
    }));
    records
}

fn of_outsourcer() -> Vec<(String, Evidence)> {
    let accreditation = Evidence::Accreditation {
        by: Accreditor::Urac,
        module: Module::Clinical,
    };
    let interpreter = Evidence::InterpreterPath {
        language: "Spanish".into(),
        seconds: 41,
    };
    let mut records = vec![
        (
            "LICENCE-NJ".to_owned(),
            Evidence::BusinessLicence { state: "NJ".into() },
        ),
        ("URAC-1".to_owned(), accreditation),
        ("INTERPRETER-ES".to_owned(), interpreter),
        ("RELAY-1".to_owned(), Evidence::RelayPath),
    ];
    records.extend(Subcontracted::ALL.map(|function| {
        let says = Evidence::Subcontractor {
            function,
            other_company: function != Subcontracted::Transcription,
            offshore: false,
        };
        (format!("SUB-{}", function.words()), says)
    }));
    records
}

/// Files what is not in force, or will not be for long.
fn filed<N: AsRef<str>>(scene: &Scene<'_>, side: Side, wanted: &[(N, Evidence)]) -> Option<Move> {
    let today = scene.t.today(scene.now);
    let soon = today.saturating_add(EARLY_DAYS.days());
    let stands = |record: &EvidenceRecord| {
        record.is_in_force(today) && record.expires.is_none_or(|last| last > soon)
    };
    let open = wanted.iter().filter(|(name, evidence)| {
        let filed = scene.t.compliance.records.get(&name.as_ref().into());
        !filed.is_some_and(|filed| filed.record.proves == *evidence && stands(&filed.record))
    });
    let records: Vec<_> = open
        .map(|(name, proves)| record(name.as_ref(), proves, today))
        .collect();
    let file = FileComplianceRecords { records };
    (!file.records.is_empty()).then(|| Move::say(of(side, Role::Compliance), file))
}

fn record(name: &str, proves: &Evidence, today: Date) -> EvidenceRecord {
    EvidenceRecord {
        record: name.into(),
        proves: proves.clone(),
        from: today,
        expires: Some(today.saturating_add(3.years())),
        reference: format!("binder 1, {name}"),
    }
}

/// Who calls each centre.
pub(crate) fn callers(scene: &Scene<'_>) -> Option<Move> {
    let known = &scene.t.compliance.callers;
    let mut sites = scene.t.sites.iter().map(|site| &site.id);
    let site = sites.find(|site| !known.contains_key(site))?;
    let describe = DescribeCallers {
        site: site.clone(),
        states: STATES
            .map(|(state, share_bp)| StateShare {
                state: state.into(),
                share_bp,
            })
            .into(),
        languages: LANGUAGES
            .map(|(language, share_bp)| LanguageShare {
                language: language.into(),
                share_bp,
            })
            .into(),
        reference: "report 5".into(),
    };
    Some(Move::say(of(Side::Client, Role::Implementation), describe))
}
