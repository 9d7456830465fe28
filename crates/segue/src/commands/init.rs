//! `segue init`: a data directory for one transition.

use crate::cli::Global;
use crate::data_dir::DataDir;
use crate::output::{Answer, Answered};
use clap::Args;
use serde_json::json;

/// Options of `segue init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Let `--at INSTANT` set the clock: for exercises and tests, never for live calls
    #[arg(long)]
    pub simulated_clock: bool,
}

impl Init {
    /// Makes the directory.
    pub fn run(&self, global: &Global) -> Answered {
        let data = DataDir::create(&global.data, self.simulated_clock)?;
        let root = data.root().display();
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
}
