//! `segue calls sniff FILE`.

use super::failure;
use crate::output::{Answer, Answered};
use clap::Args;
use segue_calls::sniff::{Kind, sniff};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Options of `segue calls sniff`.
#[derive(Debug, Args)]
pub struct Sniff {
    /// The export
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Sniff {
    pub(super) fn run(&self) -> Answered {
        let found = sniff(&self.file).map_err(failure)?;
        let mut text = match (&found.mapping, found.kind) {
            (Some(mapping), Kind::Periods) => format!("Mapping {mapping} (period report)\n"),
            (Some(mapping), _) => format!("Mapping {mapping}\n"),
            (None, _) => "No shipped mapping\n".to_owned(),
        };
        for reason in &found.reasons {
            let _ = writeln!(text, "  {reason}");
        }
        let file = self.file.display();
        match (&found.mapping, found.kind, &found.proposal) {
            (Some(mapping), Kind::Records, _) => {
                let _ = write!(
                    text,
                    "Next: segue calls import {file} --mapping {mapping} --source NAME"
                );
            }
            (Some(mapping), ..) => {
                let _ = write!(
                    text,
                    "Next: segue parity report {file} --mapping {mapping} --changed AREA --on DATE --metric NAME"
                );
            }
            (None, _, Some(draft)) => {
                let _ = write!(text, "\n{draft}");
            }
            (None, _, None) => {}
        }
        Ok(Answer::new(&found, text))
    }
}
