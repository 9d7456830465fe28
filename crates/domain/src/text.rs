//! Free text that people write: bounded, printable, and never with a caller's or patient's data (design: personal data).

use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use jiff::Timestamp;

/// Longest title or reference, in characters.
pub const TITLE_CHARS_MAX: usize = 200;
/// Longest text, in characters.
pub const TEXT_CHARS_MAX: usize = 2_000;
/// Most entries of a list that one command brings.
pub const LIST_MAX: usize = 500;
/// Digits in a row that are somebody's number rather than a count or a year.
const NUMBER_DIGITS: usize = 9;
/// What stands before a patient's number or birthday.
const PATIENT_WORDS: [&str; 6] = [
    "mrn",
    "dob",
    "ssn",
    "medical record",
    "date of birth",
    "born",
];

/// An instant as people read it, to the minute.
pub(crate) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// An instant where seconds count: a fallback, an alarm.
pub(crate) fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A short text: a title, a name, a reference.
pub(crate) fn title(what: &str, text: &str) -> Result<(), Refusal> {
    within(what, text, TITLE_CHARS_MAX)
}

/// A list of short texts, not longer than a person can read.
pub(crate) fn titles<'a>(
    what: &str,
    texts: impl IntoIterator<Item = &'a String>,
) -> Result<(), Refusal> {
    for (n, text) in texts.into_iter().enumerate() {
        if n == LIST_MAX {
            return Err(bad(format!(
                "{what} at most {LIST_MAX} times in one command"
            )));
        }
        title(what, text)?;
    }
    Ok(())
}

/// A longer text: a reason, a description.
pub(crate) fn free(what: &str, text: &str) -> Result<(), Refusal> {
    within(what, text, TEXT_CHARS_MAX)
}

/// A list that is not longer than a person can read.
pub(crate) fn list<T>(what: &str, list: &[T]) -> Result<(), Refusal> {
    if list.len() <= LIST_MAX {
        return Ok(());
    }
    Err(bad(format!(
        "at most {LIST_MAX} {what} in one command, not {}",
        list.len()
    )))
}

fn within(what: &str, text: &str, chars_max: usize) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(bad(what.to_owned()));
    }
    if text.chars().count() > chars_max || text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(bad(format!(
            "{what} in at most {chars_max} printable characters"
        )));
    }
    match caller_data(text) {
        None => Ok(()),
        Some(found) => Err(Refusal::new(Code::CallerData)
            .missing(format!("{what} without {found}"))
            .who("the person who wrote it")
            .how("leave out what points at one caller or patient; patient notes belong in the record system")),
    }
}

/// What in a text may point at one caller or patient, by pattern: a long number, or a date or number after a word such
/// as MRN or DOB. Errs on the side of refusing.
pub fn caller_data(text: &str) -> Option<&'static str> {
    if longest_number(text) >= NUMBER_DIGITS {
        return Some("a long number, such as a telephone or record number");
    }
    let lower = text.to_lowercase();
    let words: Vec<_> = PATIENT_WORDS
        .iter()
        .flat_map(|word| {
            lower
                .match_indices(word)
                .map(move |(at, _)| at + word.len())
        })
        .collect();
    let followed = |after: &usize| {
        let near = lower[*after..].chars().take(16);
        near.filter(char::is_ascii_digit).count() >= 4
    };
    words
        .iter()
        .any(followed)
        .then_some("a patient's record number or date of birth")
}

/// Digits in a row, ignoring what people put between the groups of a number.
fn longest_number(text: &str) -> usize {
    let (mut run, mut longest) = (0, 0);
    for c in text.chars() {
        match c {
            _ if c.is_ascii_digit() => run += 1,
            ' ' | '-' | '.' | '(' | ')' | '/' | '+' => {}
            _ => run = 0,
        }
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_points_at_one_patient_is_found() {
        for text in [
            "call her back on +1 (609) 555-0110",
            "MRN 0048213",
            "dob: 3/14/1961",
            "SSN 078-05-1120",
            "patient born 1961-03-14",
        ] {
            assert!(caller_data(text).is_some(), "{text}");
        }
        for text in [
            "no interpreter after 22:00",
            "Dr Lee wants pages before 18:00, fax 2 pages",
            "shorten the greeting to 8 s",
            "a newborn with fever goes to triage",
            "412 of 600 calls",
        ] {
            assert_eq!(caller_data(text), None, "{text}");
        }
    }

    #[test]
    fn texts_are_bounded() {
        assert!(title("a title", &"x".repeat(TITLE_CHARS_MAX)).is_ok());
        assert!(title("a title", &"x".repeat(TITLE_CHARS_MAX + 1)).is_err());
        assert!(title("a title", "  ").is_err());
        assert!(free("a reason", "one\nline").is_ok());
        assert!(free("a reason", "one\u{7}line").is_err());
    }
}
