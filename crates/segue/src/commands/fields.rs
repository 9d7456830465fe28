//! From `--field value …` or a JSON file to a domain command, guided by the command's own schema.

use crate::output::Failure;
use schemars::schema_for;
use segue_domain::Command;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Most fields of one command.
const FIELDS_MAX: usize = 64;

/// The JSON schema of every command.
pub fn schema() -> Value {
    schema_for!(Command).to_value()
}

/// What the schema says of one command.
#[derive(Debug)]
pub struct Shape {
    /// One sentence.
    pub says: String,
    /// Field → (type in words, required, description).
    pub fields: BTreeMap<String, Field>,
}

/// What the schema says of one field.
#[derive(Debug)]
pub struct Field {
    /// `string`, `integer`, `boolean`, `object`, …
    pub kind: String,
    /// Whether it must be given.
    pub required: bool,
    /// One sentence.
    pub says: String,
}

/// `propose-step` and `propose_step` are the same command.
pub fn command_name(typed: &str) -> Result<&'static str, Failure> {
    let name = typed.replace('-', "_");
    Command::NAMES
        .iter()
        .copied()
        .find(|known| *known == name)
        .ok_or_else(|| {
            Failure::BadInput(format!(
                "there is no command `{typed}`; `segue do --list` prints all with their fields"
            ))
        })
}

/// The shape of every command, by name.
pub fn shapes() -> BTreeMap<String, Shape> {
    let schema = schema();
    let mut shapes = BTreeMap::new();
    for variant in schema["oneOf"].as_array().into_iter().flatten() {
        let Some(name) = variant["properties"]["command"]["const"].as_str() else {
            continue;
        };
        let resolved = resolve(&schema, variant);
        let mut fields = BTreeMap::new();
        collect(&schema, variant, &mut fields);
        collect(&schema, &resolved, &mut fields);
        fields.remove("command");
        let says = variant["description"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        shapes.insert(name.to_owned(), Shape { says, fields });
    }
    shapes
}

fn resolve(schema: &Value, value: &Value) -> Value {
    match value["$ref"].as_str().and_then(|r| r.strip_prefix('#')) {
        Some(pointer) => schema.pointer(pointer).cloned().unwrap_or(Value::Null),
        None => value.clone(),
    }
}

fn collect(schema: &Value, object: &Value, fields: &mut BTreeMap<String, Field>) {
    let required: Vec<_> = object["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for (name, property) in object["properties"].as_object().into_iter().flatten() {
        let target = resolve(schema, property);
        let kind = kind(&target);
        let says = property["description"]
            .as_str()
            .or(target["description"].as_str())
            .unwrap_or_default()
            .to_owned();
        fields.insert(
            name.clone(),
            Field {
                kind,
                required: required.contains(&name.as_str()),
                says,
            },
        );
    }
}

fn kind(target: &Value) -> String {
    if let Some(names) = target["enum"].as_array() {
        return names
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join("|");
    }
    if let Some(choices) = target["oneOf"].as_array() {
        return choices
            .iter()
            .filter_map(|c| c["const"].as_str())
            .collect::<Vec<_>>()
            .join("|");
    }
    match &target["type"] {
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => kinds
            .first()
            .and_then(Value::as_str)
            .unwrap_or("value")
            .to_owned(),
        _ => "string".into(),
    }
}

/// The list people read.
pub fn list() -> (Value, String) {
    let shapes = shapes();
    let mut text = String::new();
    let mut json = Map::new();
    for name in Command::NAMES {
        let Some(shape) = shapes.get(*name) else {
            continue;
        };
        let _ = writeln!(text, "{}\n    {}", name.replace('_', "-"), shape.says);
        let mut fields = Map::new();
        for (field, about) in &shape.fields {
            let need = if about.required { "" } else { " (optional)" };
            let _ = writeln!(
                text,
                "    --{} {}{need}: {}",
                field.replace('_', "-"),
                about.kind.to_uppercase(),
                about.says
            );
            fields.insert(field.clone(), serde_json::json!({ "type": about.kind, "required": about.required, "description": about.says }));
        }
        json.insert(
            (*name).to_owned(),
            serde_json::json!({ "description": shape.says, "fields": fields }),
        );
    }
    (Value::Object(json), text)
}

/// Reads `--field value` pairs into an object; text stays text where the schema says so.
pub fn object(name: &str, args: &[String]) -> Result<Map<String, Value>, Failure> {
    let shapes = shapes();
    let known = shapes.get(name).map(|shape| &shape.fields);
    let mut fields = Map::new();
    let mut rest = args.iter();
    while let Some(flag) = rest.next() {
        let field = flag
            .strip_prefix("--")
            .map(|f| f.replace('-', "_"))
            .ok_or_else(|| {
                Failure::BadInput(format!("`{flag}` is not a field; write --field value"))
            })?;
        let (field, inline) = match field.split_once('=') {
            Some((field, _)) => (
                field.to_owned(),
                flag.split_once('=').map(|(_, v)| v.to_owned()),
            ),
            None => (field, None),
        };
        let about = known
            .and_then(|k| k.get(&field))
            .ok_or_else(|| unknown(name, &field, known))?;
        let value = match inline {
            Some(value) => value,
            None => rest
                .next()
                .cloned()
                .ok_or_else(|| Failure::BadInput(format!("--{field} needs a value")))?,
        };
        fields.insert(field, typed(&about.kind, value));
        if fields.len() > FIELDS_MAX {
            return Err(Failure::BadInput(format!(
                "more than {FIELDS_MAX} fields; use --file F.json"
            )));
        }
    }
    Ok(fields)
}

fn unknown(name: &str, field: &str, known: Option<&BTreeMap<String, Field>>) -> Failure {
    let names: Vec<_> = known
        .into_iter()
        .flat_map(BTreeMap::keys)
        .map(|f| format!("--{}", f.replace('_', "-")))
        .collect();
    Failure::BadInput(format!(
        "`{name}` has no field `{field}`; it has {}",
        names.join(", ")
    ))
}

fn typed(kind: &str, value: String) -> Value {
    match kind {
        "integer" | "boolean" | "number" | "array" | "object" => {
            serde_json::from_str(&value).unwrap_or(Value::String(value))
        }
        _ => Value::String(value),
    }
}

/// The command from an object of fields.
pub fn command(name: &str, mut fields: Map<String, Value>) -> Result<Command, Failure> {
    fields.insert("command".into(), Value::String(name.to_owned()));
    serde_json::from_value(Value::Object(fields)).map_err(|e| {
        Failure::BadInput(format!(
            "`{name}` cannot be read: {e}; `segue do --list` prints its fields"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_sentence_and_its_fields() {
        let shapes = shapes();
        for name in Command::NAMES {
            let shape = &shapes[*name];
            assert!(!shape.says.is_empty(), "{name}");
            assert_eq!(command_name(&name.replace('_', "-")).unwrap(), *name);
        }
        assert!(shapes["sign_plan"].fields["signature"].required);
        assert_eq!(
            shapes["record_evidence"].fields["leg"].kind,
            "agents|processes|technology|fallback|compliance"
        );
    }

    #[test]
    fn fields_become_a_command() {
        let args = ["--chunk", "RVS-Main/MSG", "--share-percent", "20"].map(String::from);
        let fields = object("propose_step", &args).unwrap();
        let Command::ProposeStep(step) = command("propose_step", fields).unwrap() else {
            panic!("another command")
        };
        assert_eq!(
            (
                step.chunk.as_str(),
                step.share_percent.parse().unwrap().percent()
            ),
            ("RVS-Main/MSG", 20)
        );
    }

    #[test]
    fn mistakes_say_what_would_be_right() {
        let wrong = object("propose_step", &["--chnk".into(), "x".into()])
            .unwrap_err()
            .to_string();
        assert!(
            wrong.contains("--chunk") && wrong.contains("--share-percent"),
            "{wrong}"
        );
        let missing = command("propose_step", Map::new()).unwrap_err().to_string();
        assert!(missing.contains("chunk"), "{missing}");
    }
}
