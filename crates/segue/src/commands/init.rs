//! `segue init`: a data directory for one transition.

use crate::cli::Global;
use crate::data_dir::{DataDir, NewData};
use crate::office::{block_on, unavailable};
use crate::output::{Answer, Answered, Failure};
use clap::Args;
use segue_domain::ids::TransitionId;
use segue_journal::{Journal, Place, SqlJournal};
use serde_json::json;

/// Options of `segue init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Let `--at INSTANT` set the clock: for exercises and tests, never for live calls
    #[arg(long)]
    pub simulated_clock: bool,
    /// Keep facts, call facts and people on a PostgreSQL server that several nodes share:
    /// `postgres://USER:PASSWORD@HOST/DATABASE`
    #[arg(long, value_name = "URL", conflicts_with = "simulated_clock")]
    pub journal: Option<String>,
    /// The transition of that server's which this node is to carry; the only one there is, without it
    #[arg(long, value_name = "ID", requires = "journal")]
    pub transition: Option<String>,
    /// Write call records in the clear, for engines that cannot be given a key; without it their files are sealed with one drawn
    /// from the client's
    #[arg(long)]
    pub plain_calls: bool,
}

impl Init {
    /// Makes the directory.
    pub fn run(&self, global: &Global) -> Answered {
        let joined = match &self.journal {
            Some(url) => block_on(self.joined(url))?,
            None => None,
        };
        let joins = joined.is_some();
        let new = NewData {
            simulated_clock: self.simulated_clock,
            journal: self.journal.clone(),
            stores: None,
            transition: joined,
            plain_calls: self.plain_calls,
        };
        let data = DataDir::create(&global.data, new)?;
        let root = data.root().display();
        if joins {
            let text = format!(
                "Made `{root}` for transition {}, which the server already carries.\n\
                 Next: `segue --data {root} serve --node NAME --nodes-listen ADDR --node-peer OTHER=HOST:PORT` (every node under a name of its own).",
                data.transition()
            );
            return Ok(Answer::new(
                &json!({ "transition": data.transition() }),
                text,
            ));
        }
        let text = format!(
            "Made `{root}` for transition {}.\nNext: `segue --data {root} user add NAME --side client --role signatory`, \
             then `segue --data {root} do create-transition --file FILE.json`.\n\
             `{root}/keys/caller.key` is the client's: keep a copy away from this machine.",
            data.transition()
        );
        Ok(Answer::new(
            &json!({ "transition": data.transition() }),
            text,
        ))
    }

    /// The transition of the server's that this node joins; none when it carries none yet.
    async fn joined(&self, url: &str) -> Result<Option<TransitionId>, Failure> {
        let place = Place::server(url).ok_or_else(|| {
            Failure::BadInput(format!(
                "`{url}` is no address of a journal; write postgres://USER:PASSWORD@HOST/DATABASE"
            ))
        })?;
        let journal = SqlJournal::open(place).await.map_err(|e| unavailable(&e))?;
        let streams = journal.streams().await.map_err(|e| unavailable(&e))?;
        let ids: Vec<_> = streams.iter().map(|head| head.stream.as_str()).collect();
        match (&self.transition, ids.as_slice()) {
            (Some(wanted), _) if ids.contains(&wanted.as_str()) => {
                Ok(Some(TransitionId(wanted.clone())))
            }
            (Some(wanted), _) => Err(Failure::BadInput(format!(
                "the server carries no transition `{wanted}`, only: {}",
                ids.join(", ")
            ))),
            (None, []) => Ok(None),
            (None, [only]) => Ok(Some(TransitionId((*only).to_owned()))),
            (None, _) => Err(Failure::BadInput(format!(
                "the server carries several transitions; choose one with --transition: {}",
                ids.join(", ")
            ))),
        }
    }
}
