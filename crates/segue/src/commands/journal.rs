//! `segue journal verify` and `segue journal export`.

use crate::cli::Global;
use crate::context::Context;
use crate::office::{Office, block_on, unavailable};
use crate::output::{Answer, Answered, Failure};
use clap::{Args, Subcommand};
use segue_journal::{export_jsonl, verify};
use serde_json::json;
use std::path::PathBuf;

/// `segue journal …`
#[derive(Debug, Subcommand)]
pub enum Journal {
    /// Check every link of every chain; names the first bad line
    Verify,
    /// Write every fact, one line of JSON each; `segue-verify FILE` checks it offline
    Export(Export),
}

/// Options of `segue journal export`.
#[derive(Debug, Args)]
pub struct Export {
    /// The file to write; it must not exist yet
    #[arg(long, value_name = "FILE")]
    jsonl: PathBuf,
}

impl Journal {
    /// Answers.
    pub fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        block_on(async {
            let office = Office::open(&ctx.data).await?;
            match self {
                Self::Verify => {
                    let report = verify(office.desk.journal(), &[])
                        .await
                        .map_err(|e| unavailable(&e))?;
                    let text = match &report.first_bad {
                        None => format!("{} facts, every link holds.", report.events),
                        Some(bad) => format!("First bad line: {bad}"),
                    };
                    Ok(Answer::new(&report, text).wanting_if(!report.ok))
                }
                Self::Export(export) => {
                    let path = &export.jsonl;
                    let mut file = std::fs::File::create_new(path).map_err(|e| {
                        Failure::BadInput(format!(
                            "`{}` cannot be created ({e}); name a new file",
                            path.display()
                        ))
                    })?;
                    let written = export_jsonl(office.desk.journal(), &mut file).await;
                    if let Err(error) = written {
                        // Half an export would look like a truncated journal.
                        let _ = std::fs::remove_file(path);
                        return Err(unavailable(&error));
                    }
                    file.sync_all().map_err(|e| {
                        Failure::Unavailable(format!(
                            "`{}` was not written to disk ({e})",
                            path.display()
                        ))
                    })?;
                    let text = format!(
                        "Wrote `{}`; check it anywhere with `segue-verify {}`.",
                        path.display(),
                        path.display()
                    );
                    Ok(Answer::new(&json!({ "file": path }), text))
                }
            }
        })
    }
}
