//! `segue checkpoint`: take, sign and check the daily checkpoints that both parties keep.

use crate::checkpoints;
use crate::cli::Global;
use crate::commands::key;
use crate::context::Context;
use crate::office::{Office, block_on, unavailable};
use crate::output::{Answer, Answered, Failure};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use segue_domain::ids::PersonId;
use segue_domain::keys::Key;
use segue_domain::signature::SignatureInput;
use segue_domain::{Side, Transition};
use segue_journal::checkpoint::{CheckpointFile, Stand};
use segue_journal::verify;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// `segue checkpoint …`
#[derive(Debug, Subcommand)]
pub enum Checkpoint {
    /// Take today's checkpoint of the journal, as `segue serve` does each day; nothing where it is there
    Take,
    /// Add a signature to a checkpoint file; needs no data directory
    Sign(Sign),
    /// Check checkpoint files against this journal: not cut, not rewritten, signed by both parties (default: all of this directory)
    Check(Check),
}

/// Options of `segue checkpoint sign`.
#[derive(Debug, Args)]
pub struct Sign {
    /// The checkpoint file; it is changed in place
    file: PathBuf,
    /// The signatory's key file; without it, says what would be signed and how to compare it first
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Options of `segue checkpoint check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Checkpoint files
    files: Vec<PathBuf>,
}

impl Checkpoint {
    /// Answers.
    pub fn run(&self, global: &Global) -> Answered {
        match self {
            Self::Sign(sign) => sign.run(global),
            Self::Take => {
                let ctx = Context::open(global)?;
                block_on(async {
                    let office = Office::open(&ctx.data).await?;
                    let now = ctx.now();
                    let taken =
                        checkpoints::take(&office.desk, &office.stream, &ctx.data, now).await?;
                    let (path, is_new) = taken.ok_or_else(|| {
                        Failure::BadInput(
                            "the journal holds nothing yet; there is nothing to sign".into(),
                        )
                    })?;
                    let (file, stand) = checkpoints::read(&path)?;
                    let begun = if is_new {
                        "Took"
                    } else {
                        "Today's is there already:"
                    };
                    let text = format!("{begun} `{}`.\n{}", path.display(), said(&file, &stand));
                    Ok(Answer::new(
                        &json!({ "file": path, "new": is_new, "hash": file.hash(), "stand": stand }),
                        text,
                    ))
                })
            }
            Self::Check(check) => check.run(global),
        }
    }
}

/// What a checkpoint says, and what to do before signing it.
fn said(file: &CheckpointFile, stand: &Stand) -> String {
    format!(
        "{} of {}: {} facts, newest {}.\nSigned by {} so far. Before you sign, compare it with an export of your own:\n\
         segue-verify EXPORT --expect {}:{}:{}",
        stand.stream,
        stand.day,
        stand.version,
        stand.hash,
        file.signatures().len(),
        stand.stream,
        stand.version,
        stand.hash
    )
}

impl Sign {
    fn run(&self, global: &Global) -> Answered {
        let (mut file, stand) = checkpoints::read(&self.file)?;
        let Some(key) = &self.key else {
            let answer = json!({ "file": self.file, "hash": file.hash(), "signatures": file.signatures().len() });
            return Ok(Answer::new(&answer, said(&file, &stand)));
        };
        let key = key::read(key)?;
        let public_key = hex::encode(key.verifying_key().as_bytes());
        let person = PersonId::from(global.as_user.as_deref().unwrap_or("unnamed"));
        let signature = SignatureInput::by(&person, &key, &file.hash());
        if !signature.is_some_and(|signature| file.sign(&public_key, signature)) {
            return Err(Failure::BadInput(
                "this key makes no signature that holds; make another with `segue key new FILE`"
                    .into(),
            ));
        }
        checkpoints::write(&self.file, &file)?;
        let text = format!(
            "Signed `{}` by key {public_key}.\n{}\nHand the file to the other party, and keep one that both have signed.",
            self.file.display(),
            said(&file, &stand)
        );
        Ok(Answer::new(
            &json!({ "file": self.file, "hash": file.hash(), "public_key": public_key, "signatures": file.signatures().len() }),
            text,
        ))
    }
}

impl Check {
    fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        let files = if self.files.is_empty() {
            checkpoints::all(&ctx.data)
        } else {
            self.files.clone()
        };
        if files.is_empty() {
            return Err(Failure::BadInput(
                "no checkpoint was taken here yet; take one with `segue checkpoint take`".into(),
            ));
        }
        block_on(async {
            let office = Office::open(&ctx.data).await?;
            let state = office.state().await?;
            let (mut rows, mut lines, mut ok) = (Vec::new(), Vec::new(), true);
            for path in &files {
                let (file, stand) = checkpoints::read(path)?;
                let noted: Vec<_> = stand.noted().into_iter().collect();
                let report = verify(office.desk.journal(), &noted).await;
                let bad = report.map_err(|e| unavailable(&e))?.first_bad;
                let signed_by = signed_by(&state, &file, &stand);
                let wrong = match (bad, signed_by.len()) {
                    (Some(bad), _) => Some(bad.to_string()),
                    (None, 2) => None,
                    (None, _) => {
                        Some("it is not signed by a signatory of each party yet".to_owned())
                    }
                };
                ok &= wrong.is_none();
                let says = wrong.as_deref().unwrap_or("holds, signed by both parties");
                lines.push(format!(
                    "{} ({}, {} facts): {says}",
                    path.display(),
                    stand.day,
                    stand.version
                ));
                rows.push(json!({ "file": path, "day": stand.day, "version": stand.version, "hash": stand.hash, "signed_by": signed_by, "wrong": wrong }));
            }
            Ok(
                Answer::new(&json!({ "ok": ok, "checkpoints": rows }), lines.join("\n"))
                    .wanting_if(!ok),
            )
        })
    }
}

/// The parties for which a signatory has signed with a key that was good when the checkpoint was taken.
fn signed_by(t: &Transition, file: &CheckpointFile, stand: &Stand) -> BTreeSet<Side> {
    let taken_at: Timestamp = stand.at.parse().unwrap_or(Timestamp::MIN);
    let was_good = |key: &Key| {
        key.enrolled_at.is_none_or(|at| at <= taken_at)
            && key.revoked_at.is_none_or(|at| at > taken_at)
    };
    let signed = |side: &Side| {
        let known = &t.parties.of(*side).signatories;
        let keys: Vec<_> = known
            .iter()
            .flat_map(|person| t.parties.keys_of(&person.person))
            .filter(was_good)
            .collect();
        let mut signatures = file.signatures().iter();
        signatures.any(|s| keys.iter().any(|key| key.public_key == s.public_key))
    };
    Side::BOTH.into_iter().filter(signed).collect()
}
