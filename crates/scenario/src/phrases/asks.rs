//! Any command of any person in plain words: `… asks to propose step: chunk RVS-Main/MSG; share percent 20`.

use super::{Phrase, when};
use crate::sign;
use crate::steps::{Read, sends};
use segue_domain::Command;
use segue_domain::fields::{self, Shape};
use serde_json::{Map, Value};

pub(super) const PHRASES: &[Phrase] = &[
    when("{person} asks to {command}: {fields}", |w| {
        asks(w[0], w[1], w[2])
    }),
    when("{person} asks to {command}", |w| asks(w[0], w[1], "")),
];

fn asks(person: &str, command: &str, text: &str) -> Read {
    let name = fields::command_name(command).map_err(|why| {
        let known: Vec<_> = Command::NAMES.iter().map(|name| words(name)).collect();
        format!("{why}; commands are: {}", known.join(", "))
    })?;
    let Some(shape) = fields::shapes().get(name) else {
        return Err(format!("`{command}` has no fields to read"));
    };
    let mut object = Map::new();
    for part in parts(text) {
        let (field, value) = field(shape, part).ok_or_else(|| {
            format!(
                "`{part}` is no field and value of `{command}`; {}",
                has(shape)
            )
        })?;
        put(&mut object, name, field, value)?;
    }
    if sign::FIELDS
        .iter()
        .all(|field| shape.fields.contains_key(*field))
    {
        for field in sign::FIELDS {
            object.entry(field).or_insert_with(|| "".into());
        }
    }
    let read = fields::command(name, object).map_err(|why| format!("{why}; {}", has(shape)))?;
    sends(person, read)
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// The command's fields, for who wrote another.
fn has(shape: &Shape) -> String {
    let fields = shape.fields.iter().map(|(name, about)| {
        let need = if about.required { "" } else { ", optional" };
        format!("{} ({}{need})", words(name), about.kind)
    });
    format!("it has: {}", fields.collect::<Vec<_>>().join(", "))
}

/// What stands between semicolons, except within quotation marks and brackets.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped, mut depth) = (false, false, 0_u32);
    let between = move |c: char| {
        match c {
            _ if escaped => {
                escaped = false;
                return false;
            }
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            '{' | '[' if !quoted => depth += 1,
            '}' | ']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ';' && !quoted && depth == 0
    };
    text.split(between)
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// The longest field name that the part begins with, and the rest.
fn field<'s, 't>(shape: &'s Shape, part: &'t str) -> Option<(&'s str, &'t str)> {
    let begun = shape.fields.keys().filter_map(|name| {
        let rest = part.strip_prefix(words(name).as_str())?;
        let value = rest.strip_prefix(' ')?;
        Some((name.as_str(), value.trim()))
    });
    begun.max_by_key(|(name, _)| name.len())
}

/// A text in quotation marks, an object and a list are JSON; anything else is read as its field asks.
fn put(
    object: &mut Map<String, Value>,
    command: &str,
    field: &str,
    value: &str,
) -> Result<(), String> {
    if value.starts_with(['"', '{', '[']) {
        let read = serde_json::from_str(value)
            .map_err(|why| format!("`{value}` cannot be read as {}: {why}", words(field)))?;
        object.insert(field.to_owned(), read);
        return Ok(());
    }
    fields::put(object, command, field, value.to_owned()).map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests {
    use super::{asks, parts};

    #[test]
    fn semicolons_divide_outside_quotation_marks_and_brackets() {
        let text = r#"chunk A/B; note "one; \"two\""; plan {"a": "}; {", "b": [1; 2]} ; last;"#;
        let found: Vec<_> = parts(text).collect();
        let expected = [
            "chunk A/B",
            r#"note "one; \"two\"""#,
            r#"plan {"a": "}; {", "b": [1; 2]}"#,
            "last",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn every_mistake_says_what_would_be_right() {
        for (command, text, says) in [
            ("promote everything", "", "propose step"),
            (
                "propose step",
                "chnk A/B",
                "chunk (string), share percent (integer)",
            ),
            (
                "propose step",
                "chunk A/B",
                "missing field `share_percent`; it has: chunk",
            ),
            (
                "record evidence",
                "chunk A/B; leg arms; passed true; reference x",
                "arms",
            ),
            ("propose plan", "plan {1}", "cannot be read as plan"),
            ("sign plan", "version seven", "version (integer)"),
        ] {
            let why = asks("the client's director", command, text).err();
            let why = why.unwrap_or_else(|| panic!("{command}: {text} was read"));
            assert!(why.contains(says), "{command}: {text}: {why}");
        }
        let nobody = asks("the client's plumber", "open discovery", "").err();
        assert!(nobody.is_some_and(|why| why.contains("duty manager")));
    }
}
