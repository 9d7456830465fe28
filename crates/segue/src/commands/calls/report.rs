//! `segue calls report`: the discovery report on paper.

use super::failure;
use crate::context::Context;
use crate::discovery::{Reader, request, view};
use crate::histories::{self, Counted, StandsFor};
use crate::login;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use clap::Args;
use segue_calls::store::CallStore;
use segue_calls::understanding::understand;
use segue_domain::Side;
use segue_domain::compliance::require_records_allowed;
use segue_web::discovery::DiscoveryReport;
use std::path::PathBuf;

/// Options of `segue calls report`.
#[derive(Debug, Args)]
pub struct Report {
    /// Where to write it, as one HTML document that needs nothing else; without it what it says is printed
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// For the outsourcer: counts of fewer than eleven calls are withheld, and those that would give them away
    #[arg(long)]
    outsourcer: bool,
}

impl Report {
    pub(super) fn run(&self, ctx: &Context, store: &CallStore) -> Answered {
        let t = block_on(async { Office::open(&ctx.data).await?.state().await })?;
        // Whoever is named reads as who they are; nobody gets more than their party may see.
        let named = block_on(login::named_actor(ctx))?;
        let side = match named {
            Some(actor) if actor.side != Side::Client => {
                require_records_allowed(&t, ctx.now())?;
                actor.side
            }
            _ if self.outsourcer => Side::Outsourcer,
            _ => Side::Client,
        };
        let found = understand(store, &request(&t)).map_err(failure)?;
        let reader = Reader::of(side);
        let counted = if reader.is_limited() {
            Some(histories::read(&t, store, &StandsFor::default()).map_err(failure)?)
        } else {
            None
        };
        let disclosed = counted.as_ref().map(Counted::disclosed);
        let view = view(&t, store, &found, reader, disclosed, ctx.now()).map_err(failure)?;
        let said = format!("{}\n{}", view.finding, view.lead);
        let Some(path) = &self.html else {
            return Ok(Answer::new(&view, said));
        };
        let answer = Answer::new(&view, format!("{said}\nWritten to {}.", path.display()));
        let made_at = ctx.now().strftime("%-d %b %Y, %H:%M UTC").to_string();
        let report = DiscoveryReport::new(t.name.clone(), made_at, t.example, view);
        let html = report.to_html().map_err(anyhow::Error::new)?;
        std::fs::write(path, html).map_err(|error| {
            Failure::BadInput(format!(
                "`{}` cannot be written ({error}); name another --html",
                path.display()
            ))
        })?;
        Ok(answer)
    }
}
