//! A caller with a text telephone (`domain.md` §7.18): a word is typed, the agent types it back, so both directions carry text.

use crate::agent::{Caller, Leg, Place, PlaceError};
use crate::audio::Audio;
use crate::baudot;
use crate::tone::{Tone, decode};
use serde::Serialize;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Whoever answers types first, or is silent for so long: then the caller types.
const GREETING_WAIT: Duration = Duration::from_secs(4);
/// What comes back within this time of our last letter is an echo: no machine turns round so fast, and no person.
const ECHO: Duration = Duration::from_millis(600);
/// A letter takes so long: a start bit, five bits, two stop bits of 22 ms.
const LETTER: Duration = Duration::from_millis(176);
/// Letters of the word.
const WORD_LETTERS: usize = 5;

/// A call with a text telephone.
#[derive(Clone, Debug)]
pub struct TextTrial {
    /// The call.
    pub place: Place,
    /// The word that is to be typed back.
    pub word: String,
    /// How long the answer may take.
    pub reply_wait: Duration,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TextReport {
    /// `typed_back`, `typed_otherwise` (text came, without the word), `no_text`, `not_answered`.
    pub outcome: String,
    /// What was typed.
    pub sent: String,
    /// What was read before the caller typed: how the call was answered.
    pub greeting: String,
    /// What was read after it.
    pub reply: String,
}

/// A word of consonants, drawn from a number: nobody types it by chance, and it has nothing of a name.
pub fn word_of(seed: u64) -> String {
    const CONSONANTS: &[u8; 16] = b"BCDFGHJKLMNPQRTZ";
    let nibble = |n: usize| (seed >> (4 * n)) & 0x0F;
    (0..WORD_LETTERS)
        .filter_map(|n| CONSONANTS.get(usize::try_from(nibble(n)).ok()?))
        .map(|byte| char::from(*byte))
        .collect()
}

impl TextTrial {
    /// Places the call and types.
    pub async fn run(&self, caller: &Caller) -> Result<TextReport, PlaceError> {
        let mut report = TextReport {
            outcome: "not_answered".into(),
            ..TextReport::default()
        };
        let place = Place {
            audio: Some(Tone::Silence),
            ..self.place.clone()
        };
        let Some(leg) = caller.reach(place).await? else {
            return Ok(report);
        };
        if let Some(audio) = leg.audio() {
            self.types(&leg, audio, &mut report).await;
        }
        leg.hang_up();
        let _ = timeout(Duration::from_secs(2), leg.ended()).await;
        Ok(report)
    }

    async fn types(&self, leg: &Leg, audio: &Audio, report: &mut TextReport) {
        audio.read_text();
        let greets = audio.until(|now| now.typed.contains("GA"));
        let _ = timeout(GREETING_WAIT, greets).await;
        report.greeting = audio.report().typed;
        report.sent = format!("TEST CALL PLS TYPE BACK {} GA", self.word);
        audio.type_text(&report.sent);
        sleep(spoken(&report.sent) + ECHO).await;
        let from = audio.report().typed.len();
        let reply = |typed: &str| typed.get(from..).unwrap_or_default().to_owned();
        let back = audio.until(|now| reply(&now.typed).contains(&self.word));
        tokio::select! {
            _ = timeout(self.reply_wait, back) => {}
            _ = leg.ended() => {}
        }
        report.reply = reply(&audio.report().typed);
        report.outcome = if report.reply.contains(&self.word) {
            "typed_back"
        } else if report.reply.trim().is_empty() {
            "no_text"
        } else {
            "typed_otherwise"
        }
        .into();
    }
}

/// The sound of a typed text, as 16-bit samples at 8 kHz: what a recording of a text telephone is made of.
pub fn typed_sound(text: &str) -> Vec<i16> {
    baudot::speak(text).into_iter().map(decode).collect()
}

/// How long a text takes to type, the carrier and the change to letters included.
fn spoken(text: &str) -> Duration {
    let letters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    LETTER.saturating_mul(letters.saturating_add(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_of_five_consonants_and_differ() {
        let words: std::collections::BTreeSet<_> = (0..1_000).map(|n| word_of(n * 7_919)).collect();
        assert!(words.len() > 900);
        assert!(words.iter().all(|word| word.len() == WORD_LETTERS));
    }
}
