//! `segue runbook`: the paper for the day everything else is down.

use crate::cli::Global;
use crate::context::Context;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use crate::runbook;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Options of `segue runbook`.
#[derive(Debug, Args)]
pub struct RunbookCommand {
    /// Where to write it; without it into the data directory, as the running service does every day
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Where the pages are reached, as it is to stand on the paper
    #[arg(long, value_name = "URL")]
    pages: Option<String>,
    /// For the outsourcer's centre: without the in-house people who are called in
    #[arg(long)]
    outsourcer: bool,
}

impl RunbookCommand {
    /// Writes it.
    pub fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        block_on(async {
            let t = Office::open(&ctx.data).await?.state().await?;
            let pages = self
                .pages
                .as_ref()
                .map(|url| url.trim_end_matches('/').to_owned());
            let mut made = runbook::of(&t, &ctx.data, pages, ctx.now());
            if self.outsourcer {
                // No pseudonym reaches the outsourcer, on paper neither.
                made.chunks
                    .iter_mut()
                    .for_each(|chunk| chunk.call_in.clear());
            }
            let path = match &self.out {
                None => runbook::write(&made, &ctx.data, ctx.now())?,
                Some(path) => {
                    let html = made.to_html().map_err(anyhow::Error::new)?;
                    std::fs::write(path, html).map_err(|e| {
                        Failure::BadInput(format!(
                            "`{}` cannot be written ({e}); name another --out",
                            path.display()
                        ))
                    })?;
                    path.clone()
                }
            };
            let unplanned: Vec<_> = made
                .chunks
                .iter()
                .filter(|c| c.mechanism.is_none())
                .map(|c| c.id.clone())
                .collect();
            let said = format!(
                "{} chunks in {}. Print it for the in-house centre, and one made with --outsourcer for the other, then say so: segue do print-runbook",
                made.chunks.len(),
                path.display()
            );
            let json = json!({
                "file": path, "chunks": made.chunks.len(), "good_until": made.good_until, "without_plan": unplanned,
                "contacts": made.contacts.len(),
            });
            Ok(Answer::new(&json, said))
        })
    }
}
