//! Groups of callers, for "who did worse" (B13): by when they called, and by language and age where a centre's record tells
//! them. A call is in one group of each kind at most.

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use segue_parity::guard::record::Segments;
use serde::{Deserialize, Serialize};

/// The groups, by their place in the rules: three by when, three by language, three by age.
const NAMES: [&str; 9] = [
    "weekdays by day (8 to 18)",
    "weekday evenings and nights",
    "weekends",
    "in English",
    "in Spanish",
    "in another language",
    "children (under 18)",
    "adults (18 to 64)",
    "65 and older",
];
/// So many of them by when, first.
const BY_WHEN: u16 = 3;
const DAY_HOURS: std::ops::Range<i8> = 8..18;

/// The language a call was held in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English.
    English,
    /// Spanish.
    Spanish,
    /// Any other, with an interpreter or without.
    Other,
}

/// The patient's age, as coarse as the comparison needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgeBand {
    /// Under 18.
    Child,
    /// 18 to 64.
    Adult,
    /// 65 and older.
    Older,
}

/// What a centre's record tells of a caller's groups; nothing where it does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The language of the call.
    pub language: Option<Language>,
    /// The patient's age.
    pub age: Option<AgeBand>,
}

impl Language {
    /// From a name or a tag (BCP 47, ISO 639) as systems write it: `en`, `eng`, `en-US`, `Spanish`, `español`.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let tag = text.split(['-', '_']).next().unwrap_or_default();
        match tag {
            "" | "unknown" | "und" => None,
            "en" | "eng" | "english" => Some(Self::English),
            "es" | "spa" | "spanish" | "español" | "espanol" => Some(Self::Spanish),
            _ => Some(Self::Other),
        }
    }

    /// As it is stored; [`Self::read`] reads it back.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "english",
            Self::Spanish => "spanish",
            Self::Other => "other",
        }
    }
}

impl AgeBand {
    /// From the band as systems write it: `child`, `pediatric`, `0-17`; `adult`, `18-64`; `older`, `65+`. No age in years.
    pub fn read(text: &str) -> Option<Self> {
        match text.trim().to_lowercase().as_str() {
            "child" | "children" | "pediatric" | "paediatric" | "0-17" => Some(Self::Child),
            "adult" | "18-64" => Some(Self::Adult),
            "older" | "senior" | "65+" => Some(Self::Older),
            _ => None,
        }
    }

    /// As it is stored; [`Self::read`] reads it back.
    pub fn name(self) -> &'static str {
        match self {
            Self::Child => "child",
            Self::Adult => "adult",
            Self::Older => "older",
        }
    }
}

impl Who {
    /// What both told; where they differ, `other` is right.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            language: other.language.or(self.language),
            age: other.age.or(self.age),
        }
    }
}

/// Whether a group is known only where a centre's record tells it: by language or age, not by when the call came.
pub fn is_told(segment: u16) -> bool {
    segment >= BY_WHEN
}

/// Their names for the rules.
pub(crate) fn names() -> Vec<String> {
    NAMES.map(str::to_owned).to_vec()
}

/// The groups of a call at this instant (UTC, microseconds), by the clock of its centre.
pub(crate) fn of(at_us: i64, zone: &TimeZone, who: Who) -> Segments {
    let language = who.language.map(|language| match language {
        Language::English => 3,
        Language::Spanish => 4,
        Language::Other => 5,
    });
    let age = who.age.map(|age| match age {
        AgeBand::Child => 6,
        AgeBand::Adult => 7,
        AgeBand::Older => 8,
    });
    [by_when(at_us, zone), language, age]
}

fn by_when(at_us: i64, zone: &TimeZone) -> Option<u16> {
    let at = Timestamp::from_microsecond(at_us).ok()?;
    let local = zone.to_datetime(at);
    Some(match local.weekday() {
        Weekday::Saturday | Weekday::Sunday => 2,
        _ if DAY_HOURS.contains(&local.hour()) => 0,
        _ => 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_that_of_the_centre() {
        let zone = TimeZone::get("America/New_York").unwrap();
        for (at, group) in [
            ("2026-11-06T12:59:59Z", 1),
            ("2026-11-06T13:00:00Z", 0),
            ("2026-11-06T23:00:00Z", 1),
            ("2026-11-07T04:59:59Z", 1),
            ("2026-11-07T05:00:00Z", 2),
        ] {
            let at: Timestamp = at.parse().unwrap();
            let found = of(at.as_microsecond(), &zone, Who::default());
            assert_eq!(found, [Some(group), None, None], "{at}");
        }
    }

    #[test]
    fn each_group_has_its_name() {
        let at_us = "2026-11-06T13:00:00Z"
            .parse::<Timestamp>()
            .unwrap()
            .as_microsecond();
        for (language, age, says) in [
            ("en-US", "0-17", ["in English", "children (under 18)"]),
            ("Español", "adult", ["in Spanish", "adults (18 to 64)"]),
            ("hmn", "65+", ["in another language", "65 and older"]),
        ] {
            let who = Who {
                language: Language::read(language),
                age: AgeBand::read(age),
            };
            let groups = of(at_us, &TimeZone::UTC, who);
            let named = groups[1..]
                .iter()
                .map(|group| NAMES[usize::from(group.unwrap())]);
            assert_eq!(named.collect::<Vec<_>>(), says);
        }
        for language in [Language::English, Language::Spanish, Language::Other] {
            assert_eq!(Language::read(language.name()), Some(language));
        }
        for age in [AgeBand::Child, AgeBand::Adult, AgeBand::Older] {
            assert_eq!(AgeBand::read(age.name()), Some(age));
        }
        assert_eq!(
            AgeBand::read("47"),
            None,
            "an age in years is nobody's business here"
        );
        assert_eq!(Language::read(" unknown "), None);
    }
}
