//! `segue migrate`: from files to a server that several nodes share, proved before anything is switched.

use crate::cli::Global;
use crate::context::Context;
use crate::data_dir::DataDir;
use crate::office::unavailable;
use crate::office::{block_on, open_facts};
use crate::output::{Answer, Answered, Failure};
use crate::service;
use clap::Args;
use segue_journal::accounts::Accounts;
use segue_journal::facts::Facts;
use segue_journal::migrate::{MigrateError, Stores, migrate};
use segue_journal::{Place, SqlJournal};

/// Options of `segue migrate`.
#[derive(Debug, Args)]
pub struct Migrate {
    /// Where to: `postgres://USER:PASSWORD@HOST/DATABASE`, with nothing of Segue's in it yet
    #[arg(long, value_name = "URL")]
    to: String,
}

impl Migrate {
    /// Copies, verifies, and only then points this directory at the server. No node may be running.
    pub fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        let place = Place::server(&self.to).ok_or_else(|| {
            Failure::BadInput(format!(
                "`{}` is no server; write postgres://USER:PASSWORD@HOST/DATABASE",
                self.to
            ))
        })?;
        // Nobody may record anything in the old journal meanwhile.
        let lock = service::lock(&ctx.data)?;
        let migrated = block_on(async {
            let (from, to) = (here(&ctx.data).await?, there(&place).await?);
            migrate(&from, &to).await.map_err(|error| match error {
                MigrateError::NotEmpty { .. } => Failure::BadInput(error.to_string()),
                other => unavailable(&other),
            })
        })?;
        ctx.data.moved_to(&self.to)?;
        drop(lock);
        let text = format!(
            "{} facts up to position {} are on {place}, every link checked on both sides; calls and people too.\n\
             This directory uses the server from now on. The old files were not touched: keep them until the next backup.",
            migrated.events, migrated.position
        );
        Ok(Answer::new(&migrated, text))
    }
}

async fn here(data: &DataDir) -> Result<Stores, Failure> {
    let journal = SqlJournal::open(data.place("journal")).await;
    let accounts = Accounts::open(data.place("accounts")).await;
    Ok(Stores {
        journal: journal.map_err(|e| unavailable(&e))?,
        facts: open_facts(data).await?,
        accounts: accounts.map_err(|e| unavailable(&e))?,
    })
}

async fn there(place: &Place) -> Result<Stores, Failure> {
    let journal = SqlJournal::open(place).await;
    let facts = Facts::open(place).await;
    let accounts = Accounts::open(place).await;
    Ok(Stores {
        journal: journal.map_err(|e| unavailable(&e))?,
        facts: facts.map_err(|e| unavailable(&e))?,
        accounts: accounts.map_err(|e| unavailable(&e))?,
    })
}
