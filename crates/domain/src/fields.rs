//! From fields in words to a command, guided by the command's own schema: what CLI and scripts share.

use crate::command::Command;
use schemars::schema_for;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Most fields of one command.
pub const FIELDS_MAX: usize = 64;

/// Why words are no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// No command has this name.
    #[error("there is no command `{0}`")]
    UnknownCommand(String),
    /// The command has no such field.
    #[error("`{command}` has no field `{field}`; it has {}", .known.join(", "))]
    UnknownField {
        /// The command.
        command: String,
        /// What was given.
        field: String,
        /// What it has.
        known: Vec<&'static str>,
    },
    /// More than [`FIELDS_MAX`].
    #[error("more than {FIELDS_MAX} fields")]
    TooMany,
    /// A field is missing or does not fit.
    #[error("`{command}` cannot be read: {why}")]
    Unreadable {
        /// The command.
        command: String,
        /// What is wrong, with the field's name.
        why: String,
    },
}

/// What the schema says of one command.
#[derive(Debug)]
pub struct Shape {
    /// One sentence.
    pub says: String,
    /// Each field by name.
    pub fields: BTreeMap<String, Field>,
}

/// What the schema says of one field.
#[derive(Debug)]
pub struct Field {
    /// `string`, `integer`, `boolean`, `object`, …; the names of an enumeration stand with `|` between them.
    pub kind: String,
    /// Whether it must be given.
    pub required: bool,
    /// One sentence.
    pub says: String,
}

/// The JSON schema of every command.
pub fn schema() -> Value {
    schema_for!(Command).to_value()
}

/// The shape of every command, by name. Made once.
pub fn shapes() -> &'static BTreeMap<&'static str, Shape> {
    static SHAPES: LazyLock<BTreeMap<&'static str, Shape>> = LazyLock::new(|| {
        let schema = schema();
        let variants = schema["oneOf"].as_array().into_iter().flatten();
        variants
            .filter_map(|variant| {
                let name = variant["properties"]["command"]["const"].as_str()?;
                Some((command_name(name).ok()?, shape(&schema, variant)))
            })
            .collect()
    });
    &SHAPES
}

/// `propose-step`, `propose step` and `propose_step` are the same command.
///
/// # Errors
/// [`FieldError::UnknownCommand`].
pub fn command_name(typed: &str) -> Result<&'static str, FieldError> {
    let name = field_name(typed);
    let mut names = Command::NAMES.iter().copied();
    names
        .find(|known| *known == name)
        .ok_or_else(|| FieldError::UnknownCommand(typed.to_owned()))
}

/// `share-percent`, `share percent` and `share_percent` are the same field.
fn field_name(typed: &str) -> String {
    typed.replace(['-', ' '], "_")
}

/// Adds one field of the named command; text stays text where the schema says so.
///
/// # Errors
/// [`FieldError::UnknownField`] or [`FieldError::TooMany`].
pub fn put(
    fields: &mut Map<String, Value>,
    command: &str,
    field: &str,
    text: String,
) -> Result<(), FieldError> {
    let field = field_name(field);
    let known = shapes().get(command).map(|shape| &shape.fields);
    let Some(about) = known.and_then(|known| known.get(&field)) else {
        return Err(FieldError::UnknownField {
            command: command.to_owned(),
            field,
            known: known
                .into_iter()
                .flat_map(BTreeMap::keys)
                .map(String::as_str)
                .collect(),
        });
    };
    fields.insert(field, typed(&about.kind, text));
    if fields.len() > FIELDS_MAX {
        return Err(FieldError::TooMany);
    }
    Ok(())
}

/// The command from its name and fields.
///
/// # Errors
/// [`FieldError::Unreadable`] names the field that is missing or does not fit.
pub fn command(name: &str, mut fields: Map<String, Value>) -> Result<Command, FieldError> {
    fields.insert("command".into(), name.into());
    serde_json::from_value(Value::Object(fields)).map_err(|why| FieldError::Unreadable {
        command: name.to_owned(),
        why: why.to_string(),
    })
}

fn shape(schema: &Value, variant: &Value) -> Shape {
    let mut fields = BTreeMap::new();
    collect(schema, variant, &mut fields);
    collect(schema, resolve(schema, variant), &mut fields);
    fields.remove("command");
    Shape {
        says: sentence(variant).unwrap_or_default().to_owned(),
        fields,
    }
}

fn resolve<'s>(schema: &'s Value, value: &'s Value) -> &'s Value {
    match value["$ref"].as_str().and_then(|r| r.strip_prefix('#')) {
        Some(pointer) => schema.pointer(pointer).unwrap_or(&Value::Null),
        None => value,
    }
}

fn sentence(value: &Value) -> Option<&str> {
    value["description"].as_str()
}

fn collect(schema: &Value, object: &Value, fields: &mut BTreeMap<String, Field>) {
    let required = object["required"].as_array().into_iter().flatten();
    let required: Vec<_> = required.filter_map(Value::as_str).collect();
    for (name, property) in object["properties"].as_object().into_iter().flatten() {
        let target = resolve(schema, property);
        let says = sentence(property).or(sentence(target)).unwrap_or_default();
        let field = Field {
            kind: kind(schema, target),
            required: required.contains(&name.as_str()),
            says: says.to_owned(),
        };
        fields.insert(name.clone(), field);
    }
}

fn kind(schema: &Value, target: &Value) -> String {
    if let Some(names) = target["enum"].as_array() {
        let names: Vec<_> = names.iter().filter_map(Value::as_str).collect();
        return names.join("|");
    }
    if let Some(choices) = target["oneOf"].as_array() {
        let names: Option<Vec<_>> = choices.iter().map(|c| c["const"].as_str()).collect();
        // A choice that is no bare name carries fields of its own.
        return names.map_or_else(|| "object".into(), |names| names.join("|"));
    }
    if let Some(choices) = target["anyOf"].as_array() {
        // Optional: the thing itself, or null.
        let mut things = choices.iter().filter(|c| c["type"] != "null");
        return things.next().map_or_else(
            || "string".into(),
            |thing| kind(schema, resolve(schema, thing)),
        );
    }
    let first = target["type"].get(0).unwrap_or(&target["type"]);
    first.as_str().unwrap_or("string").to_owned()
}

fn typed(kind: &str, text: String) -> Value {
    match kind {
        "integer" | "boolean" | "number" | "array" | "object" => {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        }
        _ => Value::String(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_sentence_and_its_fields() {
        for name in Command::NAMES {
            assert!(!shapes()[*name].says.is_empty(), "{name}");
            for other in ["-", " ", "_"] {
                assert_eq!(command_name(&name.replace('_', other)), Ok(*name));
            }
        }
        assert!(shapes()["sign_plan"].fields["signature"].required);
        assert_eq!(
            shapes()["record_evidence"].fields["leg"].kind,
            "agents|processes|technology|fallback|compliance"
        );
    }

    #[test]
    fn an_optional_or_rich_field_has_the_kind_of_what_it_holds() {
        let schema = serde_json::json!({ "$defs": { "N": { "type": "integer" } } });
        for (target, expected) in [
            (
                serde_json::json!({ "anyOf": [{ "$ref": "#/$defs/N" }, { "type": "null" }] }),
                "integer",
            ),
            (
                serde_json::json!({ "type": ["boolean", "null"] }),
                "boolean",
            ),
            (
                serde_json::json!({ "oneOf": [{ "const": "a" }, { "const": "b" }] }),
                "a|b",
            ),
            (
                serde_json::json!({ "oneOf": [{ "const": "a" }, { "type": "object" }] }),
                "object",
            ),
            (serde_json::json!(true), "string"),
        ] {
            assert_eq!(kind(&schema, &target), expected, "{target}");
        }
    }

    #[test]
    fn fields_become_a_command() {
        let mut fields = Map::new();
        for (field, text) in [("chunk", "RVS-Main/MSG"), ("share percent", "20")] {
            put(&mut fields, "propose_step", field, text.into()).unwrap();
        }
        assert_eq!(fields["share_percent"], 20);
        let Command::ProposeStep(step) = command("propose_step", fields).unwrap() else {
            panic!("another command")
        };
        assert_eq!(step.chunk.as_str(), "RVS-Main/MSG");
    }

    #[test]
    fn mistakes_say_what_would_be_right() {
        let wrong = put(&mut Map::new(), "propose_step", "chnk", "x".into()).unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "`propose_step` has no field `chnk`; it has chunk, share_percent"
        );
        let missing = command("propose_step", Map::new()).unwrap_err().to_string();
        assert!(missing.contains("chunk"), "{missing}");
        let unknown = command_name("promote everything").unwrap_err().to_string();
        assert_eq!(unknown, "there is no command `promote everything`");
    }
}
