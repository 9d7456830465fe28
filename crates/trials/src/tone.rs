//! Tones that tell by ear where a call is, and the ear: G.711 µ-law (ITU-T G.711) and Goertzel detection.
//!
//! Every tone is a multiple of 50 Hz, so a 20 ms frame at 8 kHz holds whole periods: frames join without a click and
//! one frame is enough to tell the tones apart.

/// Samples in one 20 ms frame at 8 kHz.
pub const FRAME_SAMPLES: usize = 160;

pub(crate) const SAMPLE_RATE_HZ: f64 = 8000.0;
const AMPLITUDE: f64 = 8000.0;
/// Below this mean square a frame counts as silence (about −50 dBm0).
const SILENCE_MEAN_SQUARE: f64 = 2_500.0;
/// A tone must hold this share of a frame's power to be called heard.
const TONE_SHARE_MIN: f64 = 0.6;
/// The same for a frequency that is none of ours: speech never has so much of its power in one place.
const PURE_SHARE_MIN: f64 = 0.85;
/// Where beeps of mailboxes lie, 50 Hz apart: a frame of 20 ms tells no closer.
const BEEPS_HZ: [f64; 17] = [
    350.0, 400.0, 425.0, 480.0, 500.0, 550.0, 650.0, 700.0, 750.0, 800.0, 850.0, 900.0, 950.0,
    1050.0, 1100.0, 1200.0, 1350.0,
];

/// What one side of a call plays, and what the other side may hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tone {
    /// Nothing audible.
    Silence,
    /// "We are closed": 300 Hz.
    Closed,
    /// Ringing played to a caller who waits: 450 Hz.
    Ring,
    /// Music on hold while queued: 600 Hz.
    Hold,
    /// A person has answered: 1000 Hz.
    Person,
    /// The caller's own voice: 1400 Hz.
    Caller,
    /// "This call is recorded": 1500 Hz, within the 1260–1540 Hz of the recorder's warning tone (47 CFR 64.501).
    Recorded,
    /// A test line saying "I hear you": 1800 Hz.
    Heard,
    /// An interpreter brought in: 2300 Hz, which no line, queue or machine plays.
    Interpreter,
    /// The tone after which a mailbox records: 1250 Hz.
    Beep,
    /// A recorded greeting: a mixture, heard as speech is, as none of the tones.
    Greeting,
}

impl Tone {
    /// Every tone that is told by its one frequency.
    pub const AUDIBLE: [Self; 9] = [
        Self::Closed,
        Self::Ring,
        Self::Hold,
        Self::Person,
        Self::Caller,
        Self::Recorded,
        Self::Heard,
        Self::Interpreter,
        Self::Beep,
    ];

    /// The tone's frequency in hertz; 0 for silence and for the mixture.
    pub fn frequency_hz(self) -> f64 {
        match self {
            Self::Silence | Self::Greeting => 0.0,
            Self::Closed => 300.0,
            Self::Ring => 450.0,
            Self::Hold => 600.0,
            Self::Person => 1000.0,
            Self::Beep => 1250.0,
            Self::Caller => 1400.0,
            Self::Recorded => 1500.0,
            Self::Heard => 1800.0,
            Self::Interpreter => 2300.0,
        }
    }

    /// One 20 ms µ-law frame of the tone.
    pub fn frame(self) -> [u8; FRAME_SAMPLES] {
        let frequencies: &[f64] = match self {
            Self::Silence => &[],
            Self::Greeting => &[400.0, 750.0, 1150.0],
            _ => &[self.frequency_hz()],
        };
        let mut frame = [encode(0); FRAME_SAMPLES];
        let mut at_s = 0.0_f64;
        for byte in &mut frame {
            let wave = |hz: &f64| (std::f64::consts::TAU * hz * at_s).sin();
            let sum: f64 = frequencies.iter().map(wave).sum();
            if !frequencies.is_empty() {
                *byte = encode(sample(sum * AMPLITUDE));
            }
            at_s += 1.0 / SAMPLE_RATE_HZ;
        }
        frame
    }
}

/// What one received frame sounds like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// Below the silence threshold.
    Silence,
    /// One of our tones.
    Tone(Tone),
    /// One frequency that is none of our tones: a beep, a busy or fax tone.
    Pure,
    /// Audible, none of our tones (speech, music).
    Other,
}

/// Listens to one µ-law frame of any length.
pub fn listen(frame: &[u8]) -> Sound {
    let energy = energy(frame);
    let samples = f64::from(u32::try_from(frame.len()).unwrap_or(u32::MAX));
    if frame.is_empty() || energy / samples < SILENCE_MEAN_SQUARE {
        return Sound::Silence;
    }
    let share = |hz: f64| 2.0 * goertzel(frame, hz) / (samples * energy);
    let ours = Tone::AUDIBLE
        .into_iter()
        .map(|tone| (tone, share(tone.frequency_hz())))
        .filter(|(_, share)| *share >= TONE_SHARE_MIN)
        .max_by(|a, b| a.1.total_cmp(&b.1));
    match ours {
        Some((tone, _)) => Sound::Tone(tone),
        None if BEEPS_HZ.into_iter().any(|hz| share(hz) >= PURE_SHARE_MIN) => Sound::Pure,
        None => Sound::Other,
    }
}

/// The sum of the squares of the samples.
pub(crate) fn energy(frame: &[u8]) -> f64 {
    frame
        .iter()
        .map(|byte| f64::from(decode(*byte)).powi(2))
        .sum()
}

/// The squared magnitude of one frequency in a frame (Goertzel's recurrence).
pub(crate) fn goertzel(frame: &[u8], frequency_hz: f64) -> f64 {
    let coefficient = 2.0 * (std::f64::consts::TAU * frequency_hz / SAMPLE_RATE_HZ).cos();
    let (mut one, mut two) = (0.0_f64, 0.0_f64);
    for byte in frame {
        let next = f64::from(decode(*byte)) + coefficient * one - two;
        two = one;
        one = next;
    }
    one * one + two * two - coefficient * one * two
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "clamped to the range of i16 first"
)]
pub(crate) fn sample(value: f64) -> i16 {
    value.clamp(-32_635.0, 32_635.0) as i16
}

/// Linear 16-bit to µ-law (G.711): sign, exponent and mantissa of the biased magnitude, inverted.
pub(crate) fn encode(linear: i16) -> u8 {
    const BIAS: u16 = 0x84;
    let sign: u8 = if linear < 0 { 0x80 } else { 0 };
    let magnitude = linear.unsigned_abs().min(32_635) + BIAS;
    // The bias puts the leading one at bit 7 or above.
    let exponent = 8 - u8::try_from(magnitude.leading_zeros()).unwrap_or(8).min(8);
    let mantissa = u8::try_from((magnitude >> (exponent + 3)) & 0x0F).unwrap_or(0);
    !(sign | (exponent << 4) | mantissa)
}

/// µ-law to linear 16-bit (G.711).
pub(crate) fn decode(byte: u8) -> i16 {
    let byte = !byte;
    let exponent = (byte >> 4) & 0x07;
    let magnitude = ((i32::from(byte & 0x0F) << 3) + 0x84) << exponent;
    let linear = i16::try_from(magnitude - 0x84).unwrap_or(i16::MAX);
    if byte & 0x80 == 0 { linear } else { -linear }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mu_law_returns_each_of_its_256_codes() {
        for byte in 0..=u8::MAX {
            // 0x7F is negative zero: it decodes to 0, which encodes as positive zero (0xFF).
            let expected = if byte == 0x7F { 0xFF } else { byte };
            assert_eq!(
                encode(decode(byte)),
                expected,
                "{byte:#x} = {}",
                decode(byte)
            );
        }
    }

    #[test]
    fn mu_law_agrees_with_the_end_points_of_g711() {
        assert_eq!(decode(0x80), 32_124);
        assert_eq!(decode(0x00), -32_124);
        assert_eq!(decode(0xFF), 0);
        assert_eq!(encode(i16::MAX), 0x80);
        assert_eq!(encode(i16::MIN), 0x00);
    }

    #[test]
    fn each_tone_is_heard_as_itself_and_nothing_else() {
        for tone in Tone::AUDIBLE {
            assert_eq!(listen(&tone.frame()), Sound::Tone(tone), "{tone:?}");
        }
        assert_eq!(listen(&Tone::Silence.frame()), Sound::Silence);
        assert_eq!(listen(&Tone::Greeting.frame()), Sound::Other);
        assert_eq!(listen(&[]), Sound::Silence);
    }

    #[test]
    fn noise_and_mixtures_are_heard_but_not_mistaken_for_a_tone() {
        let mut dice = crate::dice::Dice::seeded(3, 0);
        for _ in 0..200 {
            let mut frame = [0_u8; FRAME_SAMPLES];
            for byte in &mut frame {
                *byte = encode(sample((dice.unit() - 0.5) * 16_000.0));
            }
            assert_eq!(listen(&frame), Sound::Other);
        }
        let mut mixed = [0_u8; FRAME_SAMPLES];
        for (byte, (a, b)) in mixed
            .iter_mut()
            .zip(Tone::Hold.frame().into_iter().zip(Tone::Person.frame()))
        {
            *byte = encode(decode(a) / 2 + decode(b) / 2);
        }
        assert_eq!(listen(&mixed), Sound::Other);
    }
}
