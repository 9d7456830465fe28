//! What every command gets: where the data are, who acts, and what time counts.

use crate::cli::Global;
use crate::clock;
use crate::data_dir::{DataDir, random_bytes};
use crate::output::Failure;
use jiff::Timestamp;

/// The global options, resolved.
#[derive(Debug)]
pub struct Context {
    /// The data directory.
    pub data: DataDir,
    /// `--as`.
    pub as_user: Option<String>,
    /// `--command-id`.
    pub command_id: Option<String>,
    at: Option<Timestamp>,
}

impl Context {
    /// Opens the data directory and checks the options against it.
    pub fn open(global: &Global) -> Result<Self, Failure> {
        let data = DataDir::open(&global.data)?;
        if global.at.is_some() && !data.has_simulated_clock() {
            return Err(Failure::BadInput(
                "--at is only for data made with `segue init --simulated-clock`; leave it out"
                    .into(),
            ));
        }
        Ok(Self {
            data,
            as_user: global.as_user.clone(),
            command_id: global.command_id.clone(),
            at: global.at,
        })
    }

    /// The time that counts.
    pub fn now(&self) -> Timestamp {
        self.at.map_or_else(clock::now, clock::to_micros)
    }

    /// The command id given, or a fresh one.
    pub fn command_id(&self) -> Result<String, Failure> {
        match &self.command_id {
            Some(id) => Ok(id.clone()),
            None => Ok(format!("cli-{}", hex::encode(random_bytes::<12>()?))),
        }
    }
}
