//! Where a field stands in a JSON record: `participants[purpose=agent].sessions[*].segments[0].segmentStart`.

use serde_json::Value;

/// A path, read once from a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonPath(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// A key of an object.
    Key(String),
    /// An element of an array, counted from 0.
    Index(usize),
    /// The last element.
    Last,
    /// The first element in which the rest of the path leads to a value.
    Any,
    /// As [`Step::Any`], among the elements whose key has this text.
    Where(String, String),
}

impl JsonPath {
    /// Reads a path.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "\"{text}\" is no path in a JSON record; write keys with points between them, and [0], [-1], [*] or [key=value] after an array"
            )
        };
        let mut steps = Vec::new();
        for part in split_at_points(text) {
            let (key, mut brackets) = part.split_at(part.find('[').unwrap_or(part.len()));
            if key.is_empty() && (brackets.is_empty() || !steps.is_empty()) {
                return Err(wrong());
            }
            if !key.is_empty() {
                steps.push(Step::Key(key.to_owned()));
            }
            while !brackets.is_empty() {
                let (inside, rest) = brackets
                    .strip_prefix('[')
                    .and_then(|open| open.split_once(']'))
                    .ok_or_else(wrong)?;
                steps.push(match inside {
                    "*" => Step::Any,
                    "-1" => Step::Last,
                    _ => match inside.split_once('=') {
                        Some((key, value)) => Step::Where(key.to_owned(), value.to_owned()),
                        None => Step::Index(inside.parse().map_err(|_| wrong())?),
                    },
                });
                brackets = rest;
            }
        }
        Ok(Self(steps))
    }

    /// Appends the value's text to `out`; nothing for null, what is not there, objects and arrays.
    pub(crate) fn write(&self, record: &Value, out: &mut Vec<u8>) {
        if let Some(text) = find(record, &self.0) {
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// Points inside brackets belong to the brackets.
fn split_at_points(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut inside) = (Vec::new(), 0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' => inside = true,
            b']' => inside = false,
            b'.' if !inside => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn find(value: &Value, steps: &[Step]) -> Option<String> {
    let Some((step, rest)) = steps.split_first() else {
        return scalar(value);
    };
    match step {
        Step::Key(key) => find(value.get(key)?, rest),
        Step::Index(index) => find(value.get(index)?, rest),
        Step::Last => find(value.as_array()?.last()?, rest),
        Step::Any => value
            .as_array()?
            .iter()
            .find_map(|element| find(element, rest)),
        Step::Where(key, wanted) => value
            .as_array()?
            .iter()
            .filter(|element| element.get(key).and_then(scalar).as_deref() == Some(wanted))
            .find_map(|element| find(element, rest)),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_values() {
        let record: Value = serde_json::from_str(
            r#"{"id":7,"core-uuid":"u","p":[{"purpose":"ivr","s":[{"t":1}]},
                {"purpose":"agent","s":[{}]},{"purpose":"agent","s":[{"x":null},{"t":2.5,"on":true}]}]}"#,
        )
        .unwrap();
        for (path, expected) in [
            ("id", "7"),
            ("core-uuid", "u"),
            ("p[0].s[0].t", "1"),
            ("p[purpose=agent].s[*].t", "2.5"),
            ("p[-1].s[-1].on", "true"),
            ("p[purpose=nobody].s[0].t", ""),
            ("p", ""),
            ("p[9].s", ""),
            ("p[2].s[0].x", ""),
        ] {
            let mut out = Vec::new();
            JsonPath::parse(path).unwrap().write(&record, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{path}");
        }
        for path in ["", "a..b", "a[", "a[x]", "a.[0]"] {
            assert!(JsonPath::parse(path).is_err(), "{path}");
        }
    }
}
