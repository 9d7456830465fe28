//! Text telephones (TTY, TDD) as they sound in North America (TIA-825-A): five bits a character at 45.45 baud, 1400 Hz for a mark,
//! 1800 Hz for a space, one side at a time.

use crate::tone::{SAMPLE_RATE_HZ, encode, energy, goertzel, sample};

const MARK_HZ: f64 = 1400.0;
const SPACE_HZ: f64 = 1800.0;
const AMPLITUDE: f64 = 8000.0;
/// Samples of one bit: 22 ms.
const BIT: usize = 176;
/// Bits of carrier before the first character and after the last.
const CARRIER_BITS: usize = 8;
/// Bits between characters.
const STOP_BITS: usize = 2;
/// A receiver looks eight times a bit, at half a bit of sound.
const LOOKS: u8 = 8;
const HOP: usize = BIT / 8;
const WINDOW: usize = BIT / 2;
/// Both together must hold this share of the power; where one goes over into the other, each holds a quarter.
const SHARE_MIN: f64 = 0.4;
/// Below this mean square nothing is heard, as in `tone.rs`.
const QUIET: f64 = 2_500.0;

const LETTERS: u8 = 0x1F;
const FIGURES: u8 = 0x1B;
/// What each code says after LETTERS and after FIGURES; NUL for what is not printed.
const CODES: [(char, char); 32] = [
    ('\0', '\0'),
    ('E', '3'),
    ('\n', '\n'),
    ('A', '-'),
    (' ', ' '),
    ('S', '\''),
    ('I', '8'),
    ('U', '7'),
    ('\r', '\r'),
    ('D', '$'),
    ('R', '4'),
    ('J', '\''),
    ('N', ','),
    ('F', '!'),
    ('C', ':'),
    ('K', '('),
    ('T', '5'),
    ('Z', '"'),
    ('L', ')'),
    ('W', '2'),
    ('H', '='),
    ('Y', '6'),
    ('P', '0'),
    ('Q', '1'),
    ('O', '9'),
    ('B', '?'),
    ('G', '+'),
    ('\0', '\0'),
    ('M', '.'),
    ('X', '/'),
    ('V', ';'),
    ('\0', '\0'),
];

/// The µ-law samples of a text; what a text telephone cannot type is left out.
pub(crate) fn speak(text: &str) -> Vec<u8> {
    let mut bits = vec![true; CARRIER_BITS];
    // A receiver may still print figures from before.
    character(&mut bits, LETTERS);
    let mut figures = false;
    for typed in text.chars().map(|c| c.to_ascii_uppercase()) {
        let code_of = |figure: bool| {
            let says =
                |(letter, other): &(char, char)| if figure { *other } else { *letter } == typed;
            let code = CODES.iter().position(says).filter(|_| typed != '\0');
            code.and_then(|code| u8::try_from(code).ok())
        };
        let (code, figure) = match (code_of(figures), code_of(!figures)) {
            (Some(code), _) => (code, figures),
            (None, Some(code)) => (code, !figures),
            (None, None) => continue,
        };
        if figure != figures {
            figures = figure;
            character(&mut bits, if figures { FIGURES } else { LETTERS });
        }
        character(&mut bits, code);
    }
    bits.extend([true; CARRIER_BITS]);
    wave(&bits)
}

/// A start bit, five bits from the lowest, stop bits.
fn character(bits: &mut Vec<bool>, code: u8) {
    bits.push(false);
    bits.extend((0..5).map(|bit| code >> bit & 1 == 1));
    bits.extend([true; STOP_BITS]);
}

/// Two frequencies without a click between them.
fn wave(bits: &[bool]) -> Vec<u8> {
    let mut phase = 0.0_f64;
    let tones = bits.iter().flat_map(|mark| {
        let hz = if *mark { MARK_HZ } else { SPACE_HZ };
        std::iter::repeat_n(hz, BIT)
    });
    let sound = tones.map(|hz| {
        phase = (phase + std::f64::consts::TAU * hz / SAMPLE_RATE_HZ) % std::f64::consts::TAU;
        encode(sample(phase.sin() * AMPLITUDE))
    });
    sound.collect()
}

/// What is read so far of the character that arrives.
#[derive(Clone, Copy, Debug)]
struct Arriving {
    /// Looks since the start bit began.
    looks: u8,
    code: u8,
}

/// Reads the text out of received sound.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    heard: Vec<u8>,
    /// A mark was heard, so a space begins a character.
    marked: bool,
    arriving: Option<Arriving>,
    figures: bool,
}

impl Reader {
    /// Takes the next samples; what they say is added to `text`. Whether something was.
    pub(crate) fn take(&mut self, samples: &[u8], text: &mut String) -> bool {
        self.heard.extend_from_slice(samples);
        let before = text.len();
        while self.heard.len() >= WINDOW {
            let bit = bit(&self.heard[..WINDOW]);
            if let Some(code) = self.look(bit) {
                self.print(code, text);
            }
            self.heard.drain(..HOP);
        }
        text.len() > before
    }

    /// One look; a whole character where it ends with a mark.
    fn look(&mut self, bit: Option<bool>) -> Option<u8> {
        let Some(mut now) = self.arriving.take() else {
            let starts = self.marked && bit == Some(false);
            self.marked = bit.unwrap_or(self.marked);
            self.arriving = starts.then_some(Arriving { looks: 0, code: 0 });
            return None;
        };
        now.looks += 1;
        // The middle of a bit: half of it after its beginning.
        let middle = now.looks % LOOKS == LOOKS / 2;
        let which = now.looks / LOOKS;
        match (middle, which, bit) {
            // Its middle is where a bit is read; the first one is the start bit.
            (false, ..) | (true, 0, Some(false)) => {}
            (true, 1..=5, Some(mark)) => now.code |= u8::from(mark) << (which - 1),
            (true, 6, Some(true)) => {
                self.marked = true;
                return Some(now.code);
            }
            // Lost, or no text telephone.
            _ => return None,
        }
        self.arriving = Some(now);
        None
    }

    fn print(&mut self, code: u8, text: &mut String) {
        match code {
            LETTERS => self.figures = false,
            FIGURES => self.figures = true,
            code => {
                let (letter, figure) = CODES[usize::from(code & 0x1F)];
                let typed = if self.figures { figure } else { letter };
                if typed != '\0' {
                    text.push(typed);
                }
            }
        }
    }
}

/// Mark, space, or neither.
fn bit(window: &[u8]) -> Option<bool> {
    let all = energy(window);
    let samples = f64::from(u32::try_from(window.len()).unwrap_or(u32::MAX));
    if all / samples < QUIET {
        return None;
    }
    let share = |hz: f64| 2.0 * goertzel(window, hz) / (samples * all);
    let (mark, space) = (share(MARK_HZ), share(SPACE_HZ));
    (mark + space >= SHARE_MIN).then_some(mark > space)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::{FRAME_SAMPLES, Tone};

    /// What is read where the sound comes in frames that begin anywhere.
    fn read(before: &[u8], sound: &[u8]) -> String {
        let (mut reader, mut text) = (Reader::default(), String::new());
        for frame in [before, sound].concat().chunks(FRAME_SAMPLES) {
            reader.take(frame, &mut text);
        }
        text
    }

    #[test]
    fn what_is_typed_is_read_wherever_it_begins() {
        let typed = "TEST CALL, PLS TYPE BACK 4711: QXKR? (3-5 MIN) GA";
        for late in [0, 1, 37, 88, 159] {
            let before = vec![encode(0); late];
            assert_eq!(read(&before, &speak(typed)), typed, "{late}");
        }
        assert_eq!(read(&[], &speak("pls call back é ga")), "PLS CALL BACK  GA");
        // A second turn begins with letters, whatever the first ended with.
        let turns = [speak("OK 15"), vec![encode(0); 4_000], speak("GA")].concat();
        assert_eq!(read(&[], &turns), "OK 15GA");
    }

    #[test]
    fn tones_voices_and_silence_say_nothing() {
        for tone in Tone::AUDIBLE
            .into_iter()
            .chain([Tone::Silence, Tone::Greeting])
        {
            assert_eq!(read(&[], &tone.frame().repeat(100)), "", "{tone:?}");
        }
        let mut dice = crate::dice::Dice::seeded(3, 0);
        let noise: Vec<_> = (0..80_000)
            .map(|_| encode(sample((dice.unit() - 0.5) * 16_000.0)))
            .collect();
        assert_eq!(read(&[], &noise), "");
    }
}
