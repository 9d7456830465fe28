//! The pulse survey of three questions to both teams: a transition is stressful, and whether people believe in it is asked,
//! not guessed (B2). Group figures only; a pulse that could reveal somebody is refused, and its figures are kept nowhere.

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::boards::Board;
use crate::event::Event;
use crate::lines::bad;
use crate::people::mood::{self, SCALE_TENTHS};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Records one pulse of the own party's team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TakePulse {
    /// The day.
    #[schemars(with = "String")]
    pub on: Date,
    /// How many answered.
    pub answers: u32,
    /// "We decided right": mean answer in tenths, from 10 (not at all) to 50 (fully).
    pub decided_right_tenths: u16,
    /// "The partner has what it takes".
    pub partner_able_tenths: u16,
    /// "I know what comes next and what it means for me".
    pub informed_tenths: u16,
    /// How many joined the team since its last pulse.
    #[serde(default)]
    pub joined: u32,
    /// How many left the team since its last pulse.
    #[serde(default)]
    pub left: u32,
    /// Where the answers are kept.
    pub evidence: String,
}

/// A pulse of one party's team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PulseTaken {
    /// As told.
    #[serde(flatten)]
    pub pulse: TakePulse,
    /// Whose team.
    pub side: Side,
    /// When it was recorded.
    pub at: Timestamp,
}

impl TakePulse {
    /// The questions with their mean answers in tenths.
    fn answered(&self) -> [(&'static str, u16); 3] {
        [
            ("Did we decide right?", self.decided_right_tenths),
            ("Do they have what it takes?", self.partner_able_tenths),
            ("Do I know what comes next?", self.informed_tenths),
        ]
    }
}

fn of_side(t: &Transition, side: Side) -> impl DoubleEndedIterator<Item = &PulseTaken> {
    t.pulses.iter().filter(move |p| p.side == side)
}

pub(crate) fn take(t: &Transition, c: &TakePulse, actor: &Actor, now: Timestamp) -> Decided {
    text::title("where the answers are kept", &c.evidence)?;
    let is_first = of_side(t, actor.side).next().is_none();
    for (question, mean) in c.answered() {
        if !SCALE_TENTHS.contains(&mean) {
            return Err(bad(format!(
                "a mean of 10 to 50 tenths for \"{question}\", not {mean}"
            )));
        }
        let group = mood::GroupMean {
            answers: c.answers,
            mean_tenths: mean,
            joined: c.joined,
            left: c.left,
        };
        if let Some(because) = mood::reveals(&group, is_first) {
            return Err(bad(format!(
                "a pulse that reveals nobody; here {}",
                because.words()
            )));
        }
    }
    Ok(vec![Event::PulseTaken(PulseTaken {
        pulse: c.clone(),
        side: actor.side,
        at: now,
    })])
}

pub(crate) fn apply_taken(t: &mut Transition, e: &PulseTaken) {
    t.pulses.push(e.clone());
}

/// The last pulse of each party as tiles: the question, who was asked, the mean with its trend, the evidence.
pub(crate) fn draw_tiles(t: &Transition, board: &mut Board) {
    for side in Side::BOTH {
        let mut newest = of_side(t, side).rev();
        let (Some(last), before) = (newest.next(), newest.next()) else {
            continue;
        };
        let means = before.map(|b| b.pulse.answered().map(|(_, mean)| mean));
        for (n, (question, mean)) in last.pulse.answered().into_iter().enumerate() {
            let before = means.map(|means| means[n]);
            let trend = before.map_or_else(String::new, |b| format!(", {} before", tenths(b)));
            board.row([
                question.into(),
                format!("pulse of {} on {}", t.parties.name(side), last.pulse.on),
                format!(
                    "{} of 5 ({} answers{trend})",
                    tenths(mean),
                    last.pulse.answers
                ),
                last.pulse.evidence.clone(),
            ]);
        }
    }
}

fn tenths(mean: u16) -> String {
    format!("{}.{}", mean / 10, mean % 10)
}
