//! Records: one piece of evidence each, in force from and until a date, filed by a compliance officer of either party.

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::event::Event;
use crate::ids::{EvidenceId, LineId, PersonId, StateCode, is_usable};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A function that others may carry out for the outsourcer.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Subcontracted {
    /// Carries the calls.
    Telephony,
    /// Writes down what was said.
    Transcription,
    /// Interprets for callers.
    Interpreter,
}

impl Subcontracted {
    /// Every function.
    pub const ALL: [Self; 3] = [Self::Telephony, Self::Transcription, Self::Interpreter];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Telephony => "telephony",
            Self::Transcription => "transcription",
            Self::Interpreter => "interpreter",
        }
    }
}

/// Who accredits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Accreditor {
    /// URAC Health Contact Center.
    Urac,
    /// NCQA.
    Ncqa,
}

/// What staff do on a call; the boundary of URAC's modules.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Module {
    /// Messages and appointments.
    NonClinical,
    /// Nurses advise; covers what is not clinical too.
    Clinical,
}

/// How sure the carrier is of the number shown (STIR).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Attestation {
    /// The caller may use the number.
    A,
    /// The customer is known, the number is not.
    B,
    /// Neither.
    C,
}

/// What a record proves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    /// The contract between the two parties.
    Contract,
    /// The business associate agreement; before it no patient data enter (164.502(e)).
    Baa,
    /// A licence of the outsourcer to do business.
    BusinessLicence {
        /// Where.
        state: StateCode,
    },
    /// The qualified service organisation agreement that lines with substance-use records need (42 CFR Part 2).
    Qsoa,
    /// Who carries out a function for the outsourcer.
    Subcontractor {
        /// The function.
        function: Subcontracted,
        /// Whether another company does it; else the outsourcer does it itself.
        other_company: bool,
        /// Whether any of it happens outside the United States.
        offshore: bool,
    },
    /// An accreditation of the outsourcer.
    Accreditation {
        /// By whom.
        by: Accreditor,
        /// What it covers.
        module: Module,
    },
    /// Oversight of delegated work, where the client is or serves a health plan.
    DelegationOversight,
    /// The recording announcement, and what happens when a caller refuses.
    RecordingConsent {
        /// Heard on the in-house route.
        in_house: bool,
        /// Heard on the outsourced route.
        outsourced: bool,
        /// A caller who refuses is still served.
        refusal_path: bool,
    },
    /// Notices of language help (Section 1557).
    LanguageNotices {
        /// Languages beside English.
        languages: u8,
    },
    /// An interpreter was reached on a test call at the outsourcer.
    InterpreterPath {
        /// The language.
        language: String,
        /// Time to the interpreter, in seconds.
        seconds: u32,
    },
    /// A person reviews the translated announcements.
    TranslationReviewer {
        /// The language.
        language: String,
        /// Account name.
        reviewer: PersonId,
    },
    /// A text-telephone or relay call was tested at the outsourcer.
    RelayPath,
    /// Consent behind automated calls and surveys (TCPA).
    AutomatedCalls,
    /// The outsourcer may show the client's number when it calls back.
    CallerIdRight {
        /// The line whose number is shown.
        line: LineId,
        /// As a test call arrived.
        attestation: Attestation,
    },
    /// The client keeps the key of the caller hashes.
    KeyCustody,
    /// Counsel looked at a line that touches transfers between hospitals.
    TransferCenterReview,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceRecord {
    /// Its name: `BAA-1`.
    pub record: EvidenceId,
    /// What it proves.
    pub proves: Evidence,
    /// The first day it is in force.
    #[schemars(with = "String")]
    pub from: Date,
    /// The last day it is in force; open when it does not expire.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub expires: Option<Date>,
    /// Where the document is.
    pub reference: String,
}

/// Files records; one of the same name and party is replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileComplianceRecords {
    /// The records.
    pub records: Vec<EvidenceRecord>,
}

/// Records were filed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComplianceRecordsFiled {
    /// The records.
    pub records: Vec<EvidenceRecord>,
    /// By which party.
    pub by: Side,
    /// By whom.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// A record in state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Filed {
    /// As filed.
    pub record: EvidenceRecord,
    /// By which party.
    pub by: Side,
}

impl Evidence {
    /// What it is, in words.
    pub fn words(&self) -> String {
        match self {
            Self::Contract => "contract".into(),
            Self::Baa => "business associate agreement".into(),
            Self::BusinessLicence { state } => format!("business licence, {state}"),
            Self::Qsoa => "qualified service organisation agreement (Part 2)".into(),
            Self::Subcontractor {
                function,
                other_company,
                offshore,
            } => {
                let who = if *other_company {
                    "another company"
                } else {
                    "own staff"
                };
                let place = if *offshore { ", offshore" } else { "" };
                format!("{}: {who}{place}", function.words())
            }
            Self::Accreditation { by, module } => {
                let by = match by {
                    Accreditor::Urac => "URAC",
                    Accreditor::Ncqa => "NCQA",
                };
                format!("{by} accreditation, {}", module.words())
            }
            Self::DelegationOversight => "delegation oversight".into(),
            Self::RecordingConsent { .. } => "recording announcement".into(),
            Self::LanguageNotices { languages } => format!("notices in {languages} languages"),
            Self::InterpreterPath { language, seconds } => {
                format!("interpreter for {language} in {seconds} s")
            }
            Self::TranslationReviewer { language, reviewer } => {
                format!("translations into {language} reviewed by {reviewer}")
            }
            Self::RelayPath => "relay (TTY) call".into(),
            Self::AutomatedCalls => "consent to automated calls".into(),
            Self::CallerIdRight { line, attestation } => {
                format!("caller-ID of {line}, attestation {attestation:?}")
            }
            Self::KeyCustody => "custody of the caller-hash key".into(),
            Self::TransferCenterReview => "counsel's review of transfer-centre lines".into(),
        }
    }
}

impl Module {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NonClinical => "non-clinical module",
            Self::Clinical => "clinical module",
        }
    }
}

impl EvidenceRecord {
    /// Whether it is in force on a day.
    pub fn is_in_force(&self, on: Date) -> bool {
        self.from <= on && self.expires.is_none_or(|last| on <= last)
    }
}

/// The records in force on a day.
pub fn in_force(t: &Transition, on: Date) -> impl Iterator<Item = &EvidenceRecord> {
    let records = t.compliance.records.values().map(|filed| &filed.record);
    records.filter(move |record| record.is_in_force(on))
}

/// Whether one of the records in force proves it.
pub(crate) fn proved(t: &Transition, on: Date, what: impl Fn(&Evidence) -> bool) -> bool {
    in_force(t, on).any(|record| what(&record.proves))
}

pub(crate) fn file(
    t: &Transition,
    c: &FileComplianceRecords,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    text::list("records", &c.records)?;
    for record in &c.records {
        check(t, record, actor)?;
    }
    let is_new = |record: &&EvidenceRecord| {
        let filed = t.compliance.records.get(&record.record);
        filed.is_none_or(|filed| filed.record != **record)
    };
    let records: Vec<_> = c.records.iter().filter(is_new).cloned().collect();
    if records.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::ComplianceRecordsFiled(
        ComplianceRecordsFiled {
            records,
            by: actor.side,
            person: actor.person.clone(),
            at: now,
        },
    )])
}

fn check(t: &Transition, record: &EvidenceRecord, actor: &Actor) -> Result<(), Refusal> {
    let id = &record.record;
    if !is_usable(id.as_str()) {
        return Err(bad(format!("`{id}` as a plain name of a record")));
    }
    text::title("where the document is", &record.reference)?;
    if record.expires.is_some_and(|last| last < record.from) {
        return Err(bad(format!("dates of {id} that follow each other")));
    }
    if let Some(filed) = t.compliance.records.get(id) {
        actor.require_side(filed.by, &format!("replace {id}, which it filed"))?;
    }
    match &record.proves {
        Evidence::KeyCustody => actor.require_side(Side::Client, "keep the caller-hash key")?,
        Evidence::BusinessLicence { state } => state.check()?,
        Evidence::InterpreterPath { language, .. } => text::title("a language", language)?,
        Evidence::TranslationReviewer { language, reviewer } => {
            text::title("a language", language)?;
            if !is_usable(reviewer.as_str()) {
                return Err(bad(format!("`{reviewer}` as an account name")));
            }
        }
        Evidence::CallerIdRight { line, .. } if t.line(line).is_none() => {
            return Err(Refusal::new(Code::Unknown)
                .missing(format!("line `{line}` of {id}"))
                .how("name a line of the transition"));
        }
        _ => {}
    }
    Ok(())
}

pub(crate) fn apply_filed(t: &mut Transition, e: &ComplianceRecordsFiled) {
    for record in &e.records {
        let filed = Filed {
            record: record.clone(),
            by: e.by,
        };
        t.compliance.records.insert(record.record.clone(), filed);
    }
}
