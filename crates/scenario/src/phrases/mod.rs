//! Every phrase a script may use, one file per concern of the trade: what reading, help and `docs/scenarios.md` share.
//!
//! A new concern is a new file with its own `PHRASES`, named in [`CONCERNS`].

mod acceptance;
mod account_manager;
mod asks;
mod boards;
pub(crate) mod calls;
mod discovery;
mod fallback;
mod gates;
mod journal;
mod licences;
mod mechanisms;
mod outcome;
mod parties;
mod routing;
mod schedule;
mod testing;
mod time;
mod windows;

use crate::pattern::match_line;
use crate::steps::{Read, Step};

/// In the order of the trade; where two phrases fit a line, the first that can read it does.
const CONCERNS: &[&[Phrase]] = &[
    time::PHRASES,
    parties::PHRASES,
    account_manager::PHRASES,
    discovery::PHRASES,
    schedule::PHRASES,
    gates::PHRASES,
    testing::PHRASES,
    routing::PHRASES,
    fallback::PHRASES,
    acceptance::PHRASES,
    windows::PHRASES,
    licences::PHRASES,
    mechanisms::PHRASES,
    asks::PHRASES,
    outcome::PHRASES,
    calls::PHRASES,
    boards::PHRASES,
    journal::PHRASES,
];

/// What a line starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    Given,
    When,
    Then,
}

impl Keyword {
    /// As written.
    fn as_str(self) -> &'static str {
        match self {
            Self::Given => "Given",
            Self::When => "When",
            Self::Then => "Then",
        }
    }

    /// Whether a phrase of that keyword may stand under this one: `Given` also takes what `When` takes.
    fn takes(self, phrase: Self) -> bool {
        self == phrase || (self, phrase) == (Self::Given, Self::When)
    }
}

/// One phrase: its pattern, and how the texts at its places become a step.
struct Phrase {
    keyword: Keyword,
    pattern: &'static str,
    read: fn(&[&str]) -> Read,
}

const fn given(pattern: &'static str, read: fn(&[&str]) -> Read) -> Phrase {
    let keyword = Keyword::Given;
    Phrase {
        keyword,
        pattern,
        read,
    }
}

const fn when(pattern: &'static str, read: fn(&[&str]) -> Read) -> Phrase {
    let keyword = Keyword::When;
    Phrase {
        keyword,
        pattern,
        read,
    }
}

const fn then(pattern: &'static str, read: fn(&[&str]) -> Read) -> Phrase {
    let keyword = Keyword::Then;
    Phrase {
        keyword,
        pattern,
        read,
    }
}

fn all() -> impl Iterator<Item = &'static Phrase> {
    CONCERNS.iter().copied().flatten()
}

/// Every phrase with its keyword, for help and documents: what may be given, what may happen, what should be so.
pub fn list() -> impl Iterator<Item = String> {
    let keywords = [Keyword::Given, Keyword::When, Keyword::Then];
    keywords.into_iter().flat_map(|keyword| {
        let own = all().filter(move |phrase| phrase.keyword == keyword);
        own.map(move |phrase| format!("{} {}", keyword.as_str(), phrase.pattern))
    })
}

/// Reads a line under its keyword.
pub(crate) fn read(keyword: Keyword, text: &str) -> Result<Step, String> {
    let fitting = || all().filter(|phrase| keyword.takes(phrase.keyword));
    let mut why = None;
    for phrase in fitting() {
        if let Some(words) = match_line(phrase.pattern, text) {
            match (phrase.read)(&words) {
                Ok(step) => return Ok(step),
                Err(error) => why = why.or(Some(error)),
            }
        }
    }
    Err(why.unwrap_or_else(|| {
        let known: Vec<_> = fitting()
            .map(|phrase| format!("  {}", phrase.pattern))
            .collect();
        format!(
            "`{text}` is not understood after `{}`; understood are:\n{}",
            keyword.as_str(),
            known.join("\n")
        )
    }))
}
