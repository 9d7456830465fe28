//! `application/x-www-form-urlencoded`, read once, in order, within bounds.

use crate::ask::BadAsk;

/// Most fields of one form: `mod_xml_curl` sends a few hundred.
const FIELDS_MAX: usize = 2_000;

/// See the file's head.
pub(crate) struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    pub(crate) fn read(body: &[u8]) -> Result<Self, BadAsk> {
        let text = std::str::from_utf8(body)
            .map_err(|_| BadAsk::Unreadable("the form is not UTF-8".into()))?;
        let mut fields = Vec::new();
        for pair in text.trim_end().split('&').filter(|pair| !pair.is_empty()) {
            if fields.len() == FIELDS_MAX {
                return Err(BadAsk::Unreadable("the form has over 2,000 fields".into()));
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            fields.push((decoded(name)?, decoded(value)?));
        }
        Ok(Self { fields })
    }

    /// The first field of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(found, _)| found == name)?;
        Some(&found.1)
    }

    /// Every field, ordered by name, as signatures need them.
    pub(crate) fn sorted(&self) -> Vec<(&str, &str)> {
        let mut all: Vec<_> = self
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        all.sort_unstable();
        all
    }
}

fn decoded(text: &str) -> Result<String, BadAsk> {
    let bad = || BadAsk::Unreadable("a field of the form is not well encoded".into());
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => out.push(b' '),
            b'%' => {
                let pair = rest.get(..2).ok_or_else(bad)?;
                let byte = hex::decode(pair).map_err(|_| bad())?;
                out.extend(byte);
                rest = &rest[2..];
            }
            byte => out.push(*byte),
        }
    }
    String::from_utf8(out).map_err(|_| bad())
}
