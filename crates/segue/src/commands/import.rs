//! `segue import TABLE FILE`: rosters, licences, training, … through the desk's commands, with the same refusals; callbacks,
//! dispositions, on-call duty and agent states beside the call records.

use crate::cli::Global;
use crate::commands::calls::{failure, require_allowed};
use crate::commands::fields;
use crate::context::Context;
use crate::login;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use clap::Args;
use segue_calls::operations::keep;
use segue_calls::tables::{Table, TableMapping, TableRows, read_table};
use segue_domain::Actor;
use serde::Serialize;
use std::fmt::Write as _;
use std::fs::File;
use std::path::PathBuf;

/// Options of `segue import`.
#[derive(Debug, Args)]
pub struct Import {
    /// roster, licences, training, access, qa, surveys, `agent_work`, callbacks, dispositions, oncall or `agent_state`
    #[arg(value_name = "TABLE")]
    table: Table,
    /// The export
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Mapping file; without it the columns are named like the fields (mappings/tables/)
    #[arg(long, value_name = "M")]
    mapping: Option<String>,
}

/// The reconciliation: read = accepted + duplicates + quarantined. A duplicate is a row that says what is already so.
#[derive(Debug, Default, Serialize)]
struct Report {
    table: &'static str,
    read: u64,
    accepted: u64,
    duplicates: u64,
    quarantined: u64,
    rows: Vec<Row>,
}

/// A row set aside, or refused by a rule.
#[derive(Debug, Serialize)]
struct Row {
    line: u64,
    reason: String,
}

impl Import {
    /// Imports a table.
    pub fn run(&self, global: &Global) -> Answered {
        let name = self.mapping.as_deref().unwrap_or(self.table.name());
        let mapping = TableMapping::find(name).map_err(failure)?;
        if mapping.table != self.table {
            return Err(Failure::BadInput(format!(
                "mapping {} is for {}, not for {}",
                mapping.name,
                mapping.table.name(),
                self.table.name()
            )));
        }
        let file = File::open(&self.file).map_err(|e| {
            Failure::BadInput(format!("`{}` cannot be read ({e})", self.file.display()))
        })?;
        let rows = read_table(file, &self.file, &mapping).map_err(failure)?;
        let ctx = Context::open(global)?;
        let report = if let Some(name) = self.table.command() {
            block_on(async {
                let office = Office::open(&ctx.data).await?;
                let actor = login::actor(&ctx).await?;
                self.send(&ctx, &office, &actor, name, rows).await
            })?
        } else {
            self.keep(&ctx, rows)?
        };
        let text = words(&report);
        Ok(Answer::new(&report, text))
    }

    /// Rows that are no facts of the transition lie beside the call records, under the same agreements.
    fn keep(&self, ctx: &Context, rows: TableRows) -> Result<Report, Failure> {
        require_allowed(ctx)?;
        let store = ctx.data.calls(None)?;
        let lines = rows.batches.into_iter().filter_map(|batch| {
            let line = batch.lines.first().copied()?;
            Some((line, batch.fields))
        });
        let kept = keep(&store, self.table, lines.collect()).map_err(failure)?;
        let mut report = Report {
            table: self.table.name(),
            read: rows.read,
            accepted: kept.accepted,
            duplicates: kept.duplicates,
            ..Report::default()
        };
        for (line, reason) in rows.quarantined.into_iter().chain(kept.quarantined) {
            report.set_aside(&[line], &reason);
        }
        report.rows.sort_by_key(|row| row.line);
        Ok(report)
    }

    async fn send(
        &self,
        ctx: &Context,
        office: &Office,
        actor: &Actor,
        name: &str,
        rows: TableRows,
    ) -> Result<Report, Failure> {
        let mut report = Report {
            table: self.table.name(),
            read: rows.read,
            ..Report::default()
        };
        for (line, reason) in rows.quarantined {
            report.set_aside(&[line], &reason);
        }
        // One invocation under one id: retried with the same --command-id, nothing is recorded twice.
        let invocation = ctx.command_id()?;
        for batch in rows.batches {
            let command = match fields::command(name, batch.fields.clone()) {
                Ok(command) => command,
                Err(Failure::BadInput(reason)) => {
                    report.set_aside(&batch.lines, &reason);
                    continue;
                }
                Err(other) => return Err(other),
            };
            let count = u64::try_from(batch.lines.len()).unwrap_or(u64::MAX);
            let first = batch.lines.first().copied().unwrap_or_default();
            let id = format!("{invocation}:{first}");
            match office.execute_as(ctx, actor, Some(id), command).await {
                Ok(answer) if answer.repeated || answer.events.is_empty() => {
                    report.duplicates += count;
                }
                Ok(_) => report.accepted += count,
                Err(Failure::Refused(refusal)) => {
                    report.set_aside(&batch.lines, &refusal.to_string());
                }
                Err(other) => return Err(other),
            }
        }
        report.rows.sort_by_key(|row| row.line);
        Ok(report)
    }
}

impl Report {
    fn set_aside(&mut self, lines: &[u64], reason: &str) {
        self.quarantined += u64::try_from(lines.len()).unwrap_or(u64::MAX);
        self.rows.extend(lines.iter().map(|line| Row {
            line: *line,
            reason: reason.to_owned(),
        }));
    }
}

fn words(report: &Report) -> String {
    let mut text = format!(
        "{} rows read = {} accepted + {} duplicates + {} quarantined",
        report.read, report.accepted, report.duplicates, report.quarantined
    );
    for row in &report.rows {
        let _ = write!(text, "\n  line {}: {}", row.line, row.reason);
    }
    text
}
