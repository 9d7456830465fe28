//! What a machine's answer sounds like: a mailbox speaks, beeps, and then listens.

use crate::tone::{Sound, Tone};

/// Frames of 20 ms that a greeting lasts at least.
const GREETING_FRAMES_MIN: u32 = 50;
/// A beep lasts 120 ms to 1.5 s; longer is a fax, a busy line or somebody's tone.
const BEEP_FRAMES: std::ops::RangeInclusive<u32> = 6..=75;
/// How long a mailbox is silent before it is called one.
const SILENCE_FRAMES_MIN: u32 = 50;

/// Mailboxes beep at any pitch; the recorder's warning and what test lines and callers say are no beeps.
fn is_beep(sound: Sound) -> bool {
    match sound {
        Sound::Pure => true,
        Sound::Tone(tone) => !matches!(
            tone,
            Tone::Recorded | Tone::Heard | Tone::Caller | Tone::Interpreter
        ),
        Sound::Silence | Sound::Other => false,
    }
}

/// Listens to one call, frame by frame.
#[derive(Debug, Default)]
pub(crate) struct Ear {
    spoken: u32,
    beep: u32,
    quiet: u32,
}

impl Ear {
    /// Takes the next frame; whether it is now certain that a mailbox listens.
    pub(crate) fn hear(&mut self, sound: Sound) -> bool {
        match sound {
            Sound::Other => {
                // Speech after a beep: it was none.
                (self.beep, self.quiet) = (0, 0);
                self.spoken += 1;
            }
            sound if is_beep(sound) && self.spoken >= GREETING_FRAMES_MIN => {
                if self.quiet > 0 {
                    (self.beep, self.quiet) = (0, 0);
                }
                self.beep += 1;
            }
            Sound::Pure | Sound::Tone(_) => (self.beep, self.quiet) = (0, 0),
            Sound::Silence if BEEP_FRAMES.contains(&self.beep) => self.quiet += 1,
            Sound::Silence => self.beep = 0,
        }
        self.quiet >= SILENCE_FRAMES_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(parts: &[(Sound, u32)]) -> bool {
        let mut ear = Ear::default();
        let mut frames = parts
            .iter()
            .flat_map(|(sound, frames)| (0..*frames).map(move |_| *sound));
        frames.any(|sound| ear.hear(sound))
    }

    #[test]
    fn a_greeting_a_beep_and_silence_are_a_mailbox_and_nothing_less_is() {
        let (speech, beep, silence) = (Sound::Other, Sound::Pure, Sound::Silence);
        assert!(heard(&[(speech, 150), (beep, 20), (silence, 50)]));
        assert!(heard(&[
            (speech, 30),
            (silence, 10),
            (speech, 30),
            (Sound::Tone(Tone::Beep), 20),
            (silence, 60)
        ]));
        for person in [
            // A person who says hello and waits.
            vec![(speech, 60), (silence, 200)],
            // Too short a hello for a greeting.
            vec![(speech, 20), (beep, 20), (silence, 200)],
            // A fax or a busy line.
            vec![(speech, 60), (beep, 150), (silence, 200)],
            // Somebody who speaks on: the beep was a pager in the room.
            vec![
                (speech, 60),
                (beep, 20),
                (silence, 20),
                (speech, 90),
                (silence, 90),
            ],
            vec![(silence, 500)],
            vec![(beep, 20), (silence, 200)],
            // The recorder's warning tone.
            vec![
                (speech, 60),
                (Sound::Tone(Tone::Recorded), 20),
                (silence, 200),
            ],
            // Music on hold, then an agent.
            vec![
                (Sound::Tone(Tone::Hold), 100),
                (Sound::Tone(Tone::Person), 100),
            ],
        ] {
            assert!(!heard(&person), "{person:?}");
        }
    }
}
