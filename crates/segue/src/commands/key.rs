//! `segue key`: Ed25519 key files that signatories sign with.

use crate::data_dir::{random_bytes, write_private};
use crate::output::{Answer, Answered, Failure};
use clap::{Args, Subcommand};
use ed25519_dalek::SigningKey;
use serde_json::json;
use std::path::{Path, PathBuf};

/// `segue key …`
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a key file and print its public half
    New(File),
    /// Print the public half of a key file
    Show(File),
}

/// A key file.
#[derive(Debug, Args)]
pub struct File {
    /// The key file; keep it with its owner
    pub file: PathBuf,
}

impl Key {
    /// Answers.
    pub fn run(&self) -> Answered {
        let key = match self {
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
