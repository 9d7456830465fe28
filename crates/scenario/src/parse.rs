//! Reads a script: one step per line, `Scenario:` begins a fresh world, `#` is a remark.

use crate::phrases::{self, Keyword};
use crate::steps::Step;

/// Lines a script may have.
const LINES_MAX: usize = 10_000;

/// One story with a world of its own.
pub(crate) struct Scenario {
    /// After `Scenario:`.
    pub title: String,
    /// Its steps.
    pub lines: Vec<Line>,
}

/// One step and where it stands.
pub(crate) struct Line {
    /// Where it stands.
    pub place: Place,
    /// What it stands under; `And` continues the one before.
    pub keyword: Keyword,
    /// What it asks for.
    pub step: Step,
}

/// Where a line stands.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// From 1.
    pub number: usize,
    /// As written, with its keyword.
    pub text: String,
}

/// Reads the scenarios of a script; the error names line and next step.
pub(crate) fn read(text: &str) -> Result<Vec<Scenario>, (usize, String)> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    let mut keyword = None;
    for (n, line) in text.lines().enumerate() {
        let (number, line) = (n + 1, line.trim());
        if number > LINES_MAX {
            return Err((
                number,
                format!("a script has at most {LINES_MAX} lines; divide it"),
            ));
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(title) = line.strip_prefix("Scenario:") {
            scenarios.push(Scenario {
                title: title.trim().to_owned(),
                lines: Vec::new(),
            });
            keyword = None;
            continue;
        }
        let Some(scenario) = scenarios.last_mut() else {
            return Err((number, "a script begins with `Scenario: TITLE`".into()));
        };
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        let now = match first {
            "Given" => Some(Keyword::Given),
            "When" => Some(Keyword::When),
            "Then" => Some(Keyword::Then),
            "And" => keyword,
            _ => {
                return Err((
                    number,
                    format!(
                        "`{line}` should begin with Given, When, Then, And, `Scenario:` or `#`"
                    ),
                ));
            }
        };
        let Some(now) = now else {
            return Err((number, "`And` follows a Given, When or Then".into()));
        };
        let step = phrases::read(now, rest.trim()).map_err(|why| (number, why))?;
        keyword = Some(now);
        scenario.lines.push(Line {
            place: Place {
                number,
                text: line.to_owned(),
            },
            keyword: now,
            step,
        });
    }
    match scenarios.iter().find(|s| s.lines.is_empty()) {
        _ if scenarios.is_empty() => Err((
            1,
            "the script is empty; begin with `Scenario: TITLE`".into(),
        )),
        Some(empty) => Err((1, format!("scenario `{}` has no steps", empty.title))),
        None => Ok(scenarios),
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn lines_that_are_not_understood_name_line_and_phrases() {
        for (text, line, says) in [
            ("", 1, "begin with `Scenario: TITLE`"),
            (
                "Given the Riverside fixture",
                1,
                "begins with `Scenario: TITLE`",
            ),
            ("Scenario: a\n\n# remark\nAnd accepted", 4, "`And` follows"),
            (
                "Scenario: a\nGiven the Riverside picture",
                2,
                "the Riverside fixture",
            ),
            (
                "Scenario: a\nThen refused SHARE_TOO_BIG",
                2,
                "SHARE_OUT_OF_RANGE",
            ),
            (
                "Scenario: a\nWhen the client's plumber signs version 7",
                2,
                "duty manager",
            ),
            (
                "Scenario: a\nThen the client's director signs version 7",
                2,
                "is not understood after `Then`",
            ),
            ("Scenario: a\nPerhaps accepted", 2, "should begin with"),
            ("Scenario: a\nThen it says accepted", 2, "quotation marks"),
            (
                "Scenario: a\nScenario: b\nThen accepted",
                1,
                "`a` has no steps",
            ),
        ] {
            let (at, why) = read(text).err().expect(text);
            assert!(why.contains(says), "{text}: {why}");
            assert_eq!(at, line, "{text}");
        }
    }

    #[test]
    fn and_continues_the_keyword_before_it() {
        let text = "Scenario: a\n  Given the Riverside fixture\n  And discovery signed by both\n";
        let script = read(text).map_err(|(_, why)| why).ok().unwrap();
        assert_eq!(script[0].lines.len(), 2);
        assert_eq!(script[0].lines[1].place.number, 3);
    }
}
