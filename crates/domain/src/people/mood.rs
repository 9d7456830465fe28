//! The mood pulse: how a group feels, never how a person feels (B11, §7.15).
//!
//! Only group figures come in; answers of single people are not known here. A pulse that could reveal somebody, alone or
//! beside the last one shown, is not recorded at all: only that it was suppressed, and why.

use super::require_site;
use crate::Decided;
use crate::event::Event;
use crate::ids::SiteId;
use crate::ladder::Rung;
use crate::lines::bad;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Fewest answers, and fewest changes of membership, that reveal nobody (B11: n ≥ 5).
pub const REVEALS_NOBODY: u32 = 5;
/// The scale, in tenths: 1.0 is bad, 5.0 is good.
pub(crate) const SCALE_TENTHS: std::ops::RangeInclusive<u16> = 10..=50;

/// Brings one pulse of one group: the people of a centre who take the same calls, so that no two groups overlap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TakeMoodPulse {
    /// The centre.
    pub site: SiteId,
    /// Their calls.
    pub rung: Rung,
    /// The day.
    #[schemars(with = "String")]
    pub on: Date,
    /// How many answered.
    pub answers: u32,
    /// Mean answer, in tenths from 10 (bad) to 50 (good).
    pub mean_tenths: u16,
    /// How many joined the group since its last shown pulse.
    pub joined: u32,
    /// How many left the group since its last shown pulse.
    pub left: u32,
}

/// A pulse that reveals nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoodPulseTaken {
    /// The centre.
    pub site: SiteId,
    /// Their calls.
    pub rung: Rung,
    /// The day.
    pub on: Date,
    /// How many answered.
    pub answers: u32,
    /// Mean answer, in tenths.
    pub mean_tenths: u16,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A pulse that would reveal somebody; its figures are not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoodPulseSuppressed {
    /// The centre.
    pub site: SiteId,
    /// Their calls.
    pub rung: Rung,
    /// The day.
    pub on: Date,
    /// Why.
    pub because: Reveals,
    /// When it was recorded.
    pub at: Timestamp,
}

/// Why a pulse would reveal somebody.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Reveals {
    /// Too few answered.
    FewAnswers,
    /// So few joined or left that the difference to the last shown pulse would be theirs.
    FewChanges,
    /// Everybody gave the same answer, at one end of the scale.
    AllTheSame,
}

impl Reveals {
    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::FewAnswers => "fewer than 5 answered",
            Self::FewChanges => "fewer than 5 joined or left since the last one shown",
            Self::AllTheSame => "all gave the same answer",
        }
    }
}

/// One mean answer of a group, and how the group changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupMean {
    /// How many answered.
    pub answers: u32,
    /// Mean answer, in tenths.
    pub mean_tenths: u16,
    /// How many joined since the last one shown.
    pub joined: u32,
    /// How many left since then.
    pub left: u32,
}

/// Why a pulse may not be kept, beside the last one of its group that was.
pub(crate) fn reveals(pulse: &GroupMean, is_first: bool) -> Option<Reveals> {
    let few = |change: u32| (1..REVEALS_NOBODY).contains(&change);
    match () {
        () if pulse.answers < REVEALS_NOBODY => Some(Reveals::FewAnswers),
        () if !is_first && (few(pulse.joined) || few(pulse.left)) => Some(Reveals::FewChanges),
        () if [SCALE_TENTHS.start(), SCALE_TENTHS.end()].contains(&&pulse.mean_tenths) => {
            Some(Reveals::AllTheSame)
        }
        () => None,
    }
}

pub(crate) fn take(t: &Transition, c: &TakeMoodPulse, now: Timestamp) -> Decided {
    require_site(t, &c.site)?;
    if !SCALE_TENTHS.contains(&c.mean_tenths) {
        return Err(bad(format!(
            "a mean of 10 to 50 tenths, not {}",
            c.mean_tenths
        )));
    }
    let own = |p: &MoodPulseTaken| p.site == c.site && p.rung == c.rung;
    let is_first = !t.people.mood.iter().any(own);
    let (site, rung, on) = (c.site.clone(), c.rung, c.on);
    let mean = GroupMean {
        answers: c.answers,
        mean_tenths: c.mean_tenths,
        joined: c.joined,
        left: c.left,
    };
    Ok(vec![match reveals(&mean, is_first) {
        Some(because) => Event::MoodPulseSuppressed(MoodPulseSuppressed {
            site,
            rung,
            on,
            because,
            at: now,
        }),
        None => Event::MoodPulseTaken(MoodPulseTaken {
            site,
            rung,
            on,
            answers: c.answers,
            mean_tenths: c.mean_tenths,
            at: now,
        }),
    }])
}

pub(crate) fn apply_taken(t: &mut Transition, e: &MoodPulseTaken) {
    t.people.mood.push(e.clone());
}
