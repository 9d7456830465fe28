//! `--field value …` of `segue do`, and the list of commands; what fits is asked of the commands' schema.

use crate::output::Failure;
use segue_domain::Command;
use segue_domain::fields::{self, FieldError};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// `propose-step` and `propose_step` are the same command.
pub fn command_name(typed: &str) -> Result<&'static str, Failure> {
    fields::command_name(typed).map_err(|e| failure(&e))
}

/// The command from an object of fields.
pub fn command(name: &str, object: Map<String, Value>) -> Result<Command, Failure> {
    fields::command(name, object).map_err(|e| failure(&e))
}

/// Reads `--field value` and `--field=value` into an object.
pub fn object(name: &str, args: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut object = Map::new();
    let mut rest = args.iter();
    while let Some(flag) = rest.next() {
        let typed = flag.strip_prefix("--").ok_or_else(|| {
            Failure::BadInput(format!("`{flag}` is not a field; write --field value"))
        })?;
        let (field, value) = match typed.split_once('=') {
            Some((field, value)) => (field, Some(value.to_owned())),
            None => (typed, rest.next().cloned()),
        };
        let value = value.ok_or_else(|| Failure::BadInput(format!("--{field} needs a value")))?;
        fields::put(&mut object, name, field, value).map_err(|e| failure(&e))?;
    }
    Ok(object)
}

/// The list people read.
pub fn list() -> (Value, String) {
    let mut text = String::new();
    let mut json = Map::new();
    for name in Command::NAMES {
        let Some(shape) = fields::shapes().get(name) else {
            continue;
        };
        let _ = writeln!(text, "{}\n    {}", name.replace('_', "-"), shape.says);
        let mut fields = Map::new();
        for (field, about) in &shape.fields {
            let need = if about.required { "" } else { " (optional)" };
            let (flag, kind) = (flag(field), about.kind.to_uppercase());
            let _ = writeln!(text, "    {flag} {kind}{need}: {}", about.says);
            fields.insert(field.clone(), json!({ "type": about.kind, "required": about.required, "description": about.says }));
        }
        json.insert(
            (*name).to_owned(),
            json!({ "description": shape.says, "fields": fields }),
        );
    }
    (Value::Object(json), text)
}

fn flag(field: &str) -> String {
    format!("--{}", field.replace('_', "-"))
}

/// What is wrong, and what to type instead.
fn failure(error: &FieldError) -> Failure {
    let hint = match &error {
        FieldError::UnknownField {
            command,
            field,
            known,
        } => {
            let flags: Vec<_> = known.iter().map(|field| flag(field)).collect();
            return Failure::BadInput(format!(
                "`{command}` has no field `{field}`; it has {}",
                flags.join(", ")
            ));
        }
        FieldError::UnknownCommand(_) => "`segue do --list` prints all with their fields",
        FieldError::TooMany => "use --file F.json",
        FieldError::Unreadable { .. } => "`segue do --list` prints its fields",
    };
    Failure::BadInput(format!("{error}; {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_an_object() {
        for args in [
            &["--chunk", "RVS-Main/MSG", "--share-percent", "20"][..],
            &["--chunk=RVS-Main/MSG", "--share-percent=20"],
        ] {
            let args: Vec<_> = args.iter().copied().map(String::from).collect();
            let object = object("propose_step", &args).unwrap();
            let expected = json!({ "chunk": "RVS-Main/MSG", "share_percent": 20 });
            assert_eq!(Value::Object(object), expected);
        }
    }

    #[test]
    fn mistakes_say_what_to_type() {
        let wrong = object("propose_step", &["--chnk".into(), "x".into()])
            .unwrap_err()
            .to_string();
        assert!(
            wrong.contains("--chunk") && wrong.contains("--share-percent"),
            "{wrong}"
        );
        for unknown in [
            command_name("nothing").unwrap_err(),
            command("propose_step", Map::new()).unwrap_err(),
        ] {
            let said = unknown.to_string();
            assert!(said.contains("segue do --list"), "{said}");
        }
    }
}
