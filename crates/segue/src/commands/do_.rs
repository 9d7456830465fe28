//! `segue do COMMAND`: every domain command by its name, through the one command layer.

use crate::cli::Global;
use crate::commands::{fallback, fields, key};
use crate::context::Context;
use crate::home::Press;
use crate::login;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use clap::Args;
use segue_domain::signature::{SignatureInput, hash_to_sign};
use segue_domain::{Command, Event, PersonId};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Largest command file.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Options of `segue do`.
#[derive(Debug, Args)]
pub struct Do {
    /// Print every command with its fields
    #[arg(long)]
    list: bool,
    /// Read the command's fields from a JSON file
    #[arg(long, value_name = "F.json")]
    file: Option<PathBuf>,
    /// Sign with this key file: fills in signatory, hash and signature
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The command, for example propose-step
    command: Option<String>,
    /// Its fields: --field value …
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    fields: Vec<String>,
}

impl Do {
    /// Runs the command.
    pub fn run(mut self, global: &Global) -> Answered {
        if self.list {
            let (json, text) = fields::list();
            return Ok(Answer::new(&json, text));
        }
        let Some(typed) = self.command.take() else {
            return Err(Failure::BadInput(
                "name a command; `segue do --list` prints all with their fields".into(),
            ));
        };
        let name = fields::command_name(&typed)?;
        let global = self.take_options(global)?;
        let object = self.read(name)?;
        let mut ctx = Context::open(&global)?;
        block_on(async {
            let office = Office::open(&ctx.data).await?;
            let actor = login::actor(&ctx).await?;
            let object = match &self.key {
                Some(file) => {
                    let key = key::read(file)?;
                    sign(&office, name, object, &key, &actor.person).await?
                }
                None => object,
            };
            let command = fields::command(name, object)?;
            ctx.command_id = Some(ctx.command_id()?);
            if let Command::Fallback(asked) = &command {
                // The latch comes first through this door too; the desk then knows the command id and answers with its facts.
                let press = Press::by(
                    &actor,
                    &asked.scope,
                    &asked.reason,
                    ctx.command_id()?,
                    ctx.now(),
                );
                fallback::send(&ctx, press).await?;
            }
            Ok(answer(&office.execute(&ctx, &actor, command).await?))
        })
    }

    /// Whether `--json` stands behind the command's fields.
    pub fn has_json(&self) -> bool {
        self.fields.iter().any(|word| word == "--json")
    }

    /// Options may also stand behind the command's fields: takes them out from between them.
    fn take_options(&mut self, global: &Global) -> Result<Global, Failure> {
        let mut global = global.clone();
        let mut kept = Vec::new();
        let mut rest = std::mem::take(&mut self.fields).into_iter();
        while let Some(word) = rest.next() {
            let mut value = || {
                rest.next()
                    .ok_or_else(|| Failure::BadInput(format!("{word} needs a value")))
            };
            match word.as_str() {
                // Read before anything else, by `has_json`.
                "--json" => {}
                "--data" => global.data = value()?.into(),
                "--as" => global.as_user = Some(value()?),
                "--command-id" => global.command_id = Some(value()?),
                "--file" => self.file = Some(value()?.into()),
                "--key" => self.key = Some(value()?.into()),
                "--at" => {
                    let text = value()?;
                    let at = text.parse().map_err(|e| {
                        Failure::BadInput(format!("--at {text} is no instant: {e}"))
                    })?;
                    global.at = Some(at);
                }
                _ => {
                    let field_value = word.starts_with("--") && !word.contains('=');
                    kept.push(word);
                    if field_value {
                        kept.extend(rest.next());
                    }
                }
            }
        }
        self.fields = kept;
        Ok(global)
    }

    fn read(&self, name: &str) -> Result<Map<String, Value>, Failure> {
        let mut object = match &self.file {
            None => Map::new(),
            Some(path) => {
                let size = std::fs::metadata(path).map_or(0, |m| m.len());
                if size > FILE_BYTES_MAX {
                    return Err(Failure::BadInput(format!(
                        "`{}` is larger than 4 MiB; a command is smaller",
                        path.display()
                    )));
                }
                let text = std::fs::read_to_string(path).map_err(|e| {
                    Failure::BadInput(format!("`{}` cannot be read ({e})", path.display()))
                })?;
                serde_json::from_str(&text).map_err(|e| {
                    Failure::BadInput(format!("`{}` is not a JSON object: {e}", path.display()))
                })?
            }
        };
        object.extend(fields::object(name, &self.fields)?);
        Ok(object)
    }
}

/// Fills in the signature over what the command signs now.
async fn sign(
    office: &Office,
    name: &str,
    mut object: Map<String, Value>,
    key: &ed25519_dalek::SigningKey,
    person: &PersonId,
) -> Result<Map<String, Value>, Failure> {
    let state = office.state().await?;
    let hash = hash_to_sign(&state, name, &object).ok_or_else(|| {
        Failure::BadInput(format!(
            "`{name}` signs nothing that exists; check the version, chunk or step it names"
        ))
    })?;
    let signature = SignatureInput::by(person, key, &hash)
        .ok_or_else(|| Failure::BadInput(format!("{hash} is no hash")))?;
    object.extend(signature.into_fields());
    Ok(object)
}

/// The answer of every command that records facts.
pub fn answer(answer: &segue_journal::Answer) -> Answer {
    let events: Vec<Value> = answer
        .events
        .iter()
        .map(|e| serde_json::to_value(e).unwrap_or(Value::Null))
        .collect();
    let text = if answer.events.is_empty() {
        "Already so; nothing was recorded.".to_owned()
    } else {
        let names: Vec<_> = answer.events.iter().map(Event::name).collect();
        format!(
            "Recorded at position {}: {}.",
            answer.position.0,
            names.join(", ")
        )
    };
    Answer::new(
        &json!({ "position": answer.position.0, "events": events }),
        text,
    )
}

/// `segue schema`: the JSON schema of every command.
pub fn schema() -> Answer {
    let schema = segue_domain::fields::schema();
    let text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    Answer::new(&schema, text)
}
