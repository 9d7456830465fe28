//! `segue key`: Ed25519 key files that signatories sign with.

use crate::cli::Global;
use crate::context::Context;
use crate::data_dir::{random_bytes, write_private};
use crate::output::{Answer, Answered, Failure};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use clap::{Args, Subcommand};
use ed25519_dalek::SigningKey;
use segue_domain::caller::e164;
use segue_domain::ids::LineId;
use segue_domain::signature::SignatureInput;
use segue_domain::{PersonId, keys};
use serde_json::json;
use std::path::{Path, PathBuf};

/// `segue key …`
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a key file and print its public half
    New(File),
    /// Print the public half of a key file
    Show(File),
    /// Print what `segue do enrol-key --file` takes: the public half of a new key file, and its proof
    Prove {
        /// The new key file
        file: PathBuf,
        /// Account name of the signatory whose key it is
        #[arg(long)]
        person: String,
    },
    /// Print the hash of a telephone that test calls come from, under the client's key of this data directory
    Telephone {
        /// The telephone's number, for example +16095550110
        number: String,
        /// For test calls on a line whose callers are kept apart
        #[arg(long, value_name = "LINE")]
        line: Option<LineId>,
    },
    /// Print what other engines open the files of the call records with, base64; whoever has it reads every record
    Lake {
        /// Of a line whose callers are kept apart
        #[arg(long, value_name = "LINE")]
        line: Option<String>,
    },
}

/// A key file.
#[derive(Debug, Args)]
pub struct File {
    /// The key file; keep it with its owner
    pub file: PathBuf,
}

impl Key {
    /// Answers.
    pub fn run(&self, global: &Global) -> Answered {
        let key = match self {
            Self::Telephone { number, line } => {
                return telephone(number, line.as_ref(), global);
            }
            Self::Lake { line } => return lake(line.as_deref(), global),
            Self::Prove { file, person } => return prove(file, person, global),
            Self::New(file) => {
                let secret = random_bytes::<32>()?;
                write_private(&file.file, &hex::encode(secret))?;
                SigningKey::from_bytes(&secret)
            }
            Self::Show(file) => read(&file.file)?,
        };
        let public_key = hex::encode(key.verifying_key().as_bytes());
        Ok(Answer::new(
            &json!({ "public_key": public_key }),
            public_key,
        ))
    }
}

/// Whoever enrols a key shows that they have it.
fn prove(file: &Path, person: &str, global: &Global) -> Answered {
    let ctx = Context::open(global)?;
    let (key, person) = (read(file)?, PersonId::from(person));
    let new_key = hex::encode(key.verifying_key().as_bytes());
    let hash = keys::hash(ctx.data.transition(), &person, &new_key);
    let proof = SignatureInput::by(&person, &key, &hash)
        .ok_or_else(|| Failure::BadInput(format!("{hash} is no hash")))?;
    let command = json!({ "person": person, "new_key": new_key, "proof": proof.signature });
    let text = command.to_string();
    Ok(Answer::new(&command, text))
}

fn telephone(number: &str, line: Option<&LineId>, global: &Global) -> Answered {
    let ctx = Context::open(global)?;
    let e164 = e164(number).ok_or_else(|| {
        Failure::BadInput("this is no telephone number; write it as +16095550110".into())
    })?;
    let key = ctx.data.caller_key()?;
    let key = line.map_or_else(|| key.clone(), |line| key.of_line(line));
    let caller = key.hash(&e164).to_string();
    Ok(Answer::new(&json!({ "caller_hash": caller }), caller))
}

fn lake(line: Option<&str>, global: &Global) -> Answered {
    let ctx = Context::open(global)?;
    let line = line.map(LineId::from);
    let key = BASE64_STANDARD.encode(ctx.data.lake_key(line.as_ref())?);
    Ok(Answer::new(&json!({ "lake_key": key }), key))
}

/// Reads a key file.
pub fn read(path: &Path) -> Result<SigningKey, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        Failure::BadInput(format!(
            "key file `{}` cannot be read ({e}); make one with `segue key new FILE`",
            path.display()
        ))
    })?;
    let mut secret = [0; 32];
    hex::decode_to_slice(text.trim(), &mut secret).map_err(|_| {
        Failure::BadInput(format!(
            "`{}` is not a key file of `segue key new`",
            path.display()
        ))
    })?;
    Ok(SigningKey::from_bytes(&secret))
}
