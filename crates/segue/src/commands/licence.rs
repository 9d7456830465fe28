//! `segue licence check`: whether licences reach a patient's state, by the adopted table or else the shipped one.

use crate::cli::Global;
use crate::context::Context;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use segue_domain::ids::StateCode;
use segue_domain::legal_tables::{self, LegalTable};
use segue_domain::licences::compact::{CompactRow, shipped, state_named};
use segue_domain::licences::{self, LicenceKind, LicenceStatus, LicenceTerms, eligible};
use serde::Serialize;
use std::str::FromStr;

/// `segue licence …`
#[derive(Debug, Subcommand)]
pub enum Licence {
    /// Say whether one of the licences reaches a patient in that state on that date
    Check(Check),
}

/// Options of `segue licence check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Where the patient is: CA or California
    #[arg(long)]
    patient_state: String,
    /// A licence as STATE:single or STATE:multistate; may be given several times
    #[arg(long, required = true)]
    licence: Vec<Held>,
    /// The date of the call
    #[arg(long)]
    on: Date,
}

/// A licence as typed: `NJ:single`.
#[derive(Clone, Debug)]
struct Held {
    state: StateCode,
    kind: LicenceKind,
}

impl FromStr for Held {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (state, kind) = text.split_once(':')?;
            let kind = match kind {
                "single" => LicenceKind::Single,
                "multistate" => LicenceKind::Multistate,
                _ => return None,
            };
            let state = state_named(&[], state)?;
            Some(Self { state, kind })
        };
        read().ok_or_else(|| "write NJ:single or PA:multistate".to_owned())
    }
}

#[derive(Serialize)]
struct Checked {
    eligible: bool,
    reason: String,
    table_checked_on: Option<Date>,
    banner: Option<String>,
}

/// The rows that answer, the terms in force and the warning they carry.
struct Table {
    rows: Vec<CompactRow>,
    terms: LicenceTerms,
    banner: Option<String>,
}

impl Licence {
    /// Answers.
    pub fn run(&self, global: &Global) -> Answered {
        let Self::Check(check) = self;
        check.run(table(global)?)
    }
}

/// The table of the transition in the data directory; the shipped one where there is none.
fn table(global: &Global) -> Result<Table, Failure> {
    let shipped = || -> Result<Table, Failure> {
        Ok(Table {
            rows: shipped().context("the shipped table of the compact")?,
            terms: LicenceTerms::default(),
            banner: Some(
                "verify with counsel: this is the shipped table, which nobody adopted".into(),
            ),
        })
    };
    let Ok(ctx) = Context::open(global) else {
        return shipped();
    };
    let state = block_on(async { Office::open(&ctx.data).await?.state().await })?;
    if state.licences.compact.is_empty() {
        return shipped();
    }
    Ok(Table {
        rows: state.licences.compact.clone(),
        terms: state.terms.licences.clone(),
        banner: legal_tables::banner(&state, LegalTable::Compact),
    })
}

impl Check {
    fn run(&self, table: Table) -> Answered {
        let patient_state = state_named(&table.rows, &self.patient_state).ok_or_else(|| {
            Failure::BadInput(format!(
                "`{}` should be a state, for example CA or California",
                self.patient_state
            ))
        })?;
        let licences: Vec<_> = self.licence.iter().map(Held::licence).collect();
        let noon = self.on.at(12, 0, 0, 0).to_zoned(TimeZone::UTC);
        let at = noon
            .map_err(|e| Failure::BadInput(e.to_string()))?
            .timestamp();
        let answer = eligible(&table.rows, &licences, &patient_state, at, &table.terms);
        let verdict = if answer.eligible {
            "Eligible"
        } else {
            "Not eligible"
        };
        let checked = answer.table_checked_on;
        let checked_text = checked.map_or("no table".to_owned(), |day| {
            format!("table checked on {day}")
        });
        let banner = table.banner.as_deref().map(|b| format!("\n{b}"));
        let text = format!(
            "{verdict}: {} ({checked_text}).{}",
            answer.reason,
            banner.unwrap_or_default()
        );
        let json = Checked {
            eligible: answer.eligible,
            reason: answer.reason,
            table_checked_on: checked,
            banner: table.banner,
        };
        Ok(Answer::new(&json, text))
    }
}

impl Held {
    fn licence(&self) -> licences::Licence {
        licences::Licence {
            state: self.state.clone(),
            kind: self.kind,
            expires: None,
            zone: "UTC".into(),
            status: LicenceStatus::Active,
            moved: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Typed {
        #[command(flatten)]
        check: Check,
    }

    fn answer(typed: &str) -> serde_json::Value {
        let words = std::iter::once("check").chain(typed.split(' '));
        let check = Typed::try_parse_from(words).unwrap().check;
        let table = Table {
            rows: shipped().unwrap(),
            terms: LicenceTerms::default(),
            banner: None,
        };
        check.run(table).unwrap().json
    }

    #[test]
    fn scenario_14_by_the_shipped_table() {
        let hotel = "--patient-state California --licence NJ:single --on 2026-11-26";
        let refused = answer(hotel);
        assert_eq!(refused["eligible"], false);
        assert_eq!(
            refused["reason"],
            "the single-state licence of NJ reaches no other state"
        );
        assert_eq!(refused["table_checked_on"], "2026-07-02");
        for (state, reached) in [("PA", true), ("NJ", true), ("NY", false), ("MA", false)] {
            let typed = format!(
                "--patient-state {state} --licence CA:single --licence pa:multistate --on 2026-11-26"
            );
            assert_eq!(answer(&typed)["eligible"], reached, "{state}");
        }
    }

    #[test]
    fn a_licence_as_nobody_writes_it_is_refused() {
        for typed in ["NJ", "NJ:both", "Jersey:single", ":single"] {
            assert!(typed.parse::<Held>().is_err(), "{typed}");
        }
    }
}
