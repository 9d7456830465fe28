//! Tones that tell by ear where a call is, and the ear: G.711 µ-law (ITU-T G.711) and Goertzel detection.
//!
//! Every tone is a multiple of 50 Hz, so a 20 ms frame at 8 kHz holds whole periods: frames join without a click and
//! one frame is enough to tell the tones apart.

/// Samples in one 20 ms frame at 8 kHz.
pub const FRAME_SAMPLES: usize = 160;

const SAMPLE_RATE_HZ: f64 = 8000.0;
const AMPLITUDE: f64 = 8000.0;
/// Below this mean square a frame counts as silence (about −50 dBm0).
const SILENCE_MEAN_SQUARE: f64 = 2_500.0;
/// A tone must hold this share of a frame's power to be called heard.
const TONE_SHARE_MIN: f64 = 0.6;

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
    /// A test line saying "I hear you": 1800 Hz.
    Heard,
}

impl Tone {
    /// Every audible tone.
    pub const AUDIBLE: [Self; 6] = [
        Self::Closed,
        Self::Ring,
        Self::Hold,
        Self::Person,
        Self::Caller,
        Self::Heard,
    ];

    /// The tone's frequency in hertz; 0 for silence.
    pub fn frequency_hz(self) -> f64 {
        match self {
            Self::Silence => 0.0,
            Self::Closed => 300.0,
            Self::Ring => 450.0,
            Self::Hold => 600.0,
            Self::Person => 1000.0,
            Self::Caller => 1400.0,
            Self::Heard => 1800.0,
        }
    }

    /// One 20 ms µ-law frame of the tone.
    pub fn frame(self) -> [u8; FRAME_SAMPLES] {
        let mut frame = [encode(0); FRAME_SAMPLES];
        if self != Self::Silence {
            let step = std::f64::consts::TAU * self.frequency_hz() / SAMPLE_RATE_HZ;
            let mut phase = 0.0_f64;
            for byte in &mut frame {
                *byte = encode(sample(phase.sin() * AMPLITUDE));
                phase += step;
            }
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
    /// Audible, none of our tones (speech, music, another tone).
    Other,
}

/// Listens to one µ-law frame of any length.
pub fn listen(frame: &[u8]) -> Sound {
    let energy: f64 = frame
        .iter()
        .map(|byte| f64::from(decode(*byte)).powi(2))
        .sum();
    let samples = f64::from(u32::try_from(frame.len()).unwrap_or(u32::MAX));
    if frame.is_empty() || energy / samples < SILENCE_MEAN_SQUARE {
        return Sound::Silence;
    }
    Tone::AUDIBLE
        .into_iter()
        .map(|tone| {
            (
                tone,
                2.0 * goertzel(frame, tone.frequency_hz()) / (samples * energy),
            )
        })
        .filter(|(_, share)| *share >= TONE_SHARE_MIN)
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map_or(Sound::Other, |(tone, _)| Sound::Tone(tone))
}

/// The squared magnitude of one frequency in a frame (Goertzel's recurrence).
fn goertzel(frame: &[u8], frequency_hz: f64) -> f64 {
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
fn sample(value: f64) -> i16 {
    value.clamp(-32_635.0, 32_635.0) as i16
}

/// Linear 16-bit to µ-law (G.711): sign, exponent and mantissa of the biased magnitude, inverted.
fn encode(linear: i16) -> u8 {
    const BIAS: u16 = 0x84;
    let sign: u8 = if linear < 0 { 0x80 } else { 0 };
    let magnitude = linear.unsigned_abs().min(32_635) + BIAS;
    // The bias puts the leading one at bit 7 or above.
    let exponent = 8 - u8::try_from(magnitude.leading_zeros()).unwrap_or(8).min(8);
    let mantissa = u8::try_from((magnitude >> (exponent + 3)) & 0x0F).unwrap_or(0);
    !(sign | (exponent << 4) | mantissa)
}

/// µ-law to linear 16-bit (G.711).
fn decode(byte: u8) -> i16 {
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
