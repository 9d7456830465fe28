//! Chance and change: the same seed tries the same inputs. Every room's fuzzing includes this file.

/// A generator, and the pieces that the grammar under test stumbles over.
pub(crate) struct Dice {
    state: u64,
    pieces: &'static [&'static [u8]],
}

impl Dice {
    pub(crate) fn new(seed: u64, pieces: &'static [&'static [u8]]) -> Self {
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            pieces,
        }
    }

    /// A number below `end`; xorshift64* (Vigna 2016).
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let bits = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(bits).unwrap_or(0) % end.max(1)
    }

    /// Up to five changes: cut off, another byte, a piece put in, a part left out or written twice.
    pub(crate) fn changed(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        for _ in 0..self.below(6) {
            let at = self.below(bytes.len() + 1);
            match self.below(5) {
                0 => bytes.truncate(at),
                1 if at < bytes.len() => bytes[at] = u8::try_from(self.below(256)).unwrap_or(0),
                2 => {
                    let piece = self.pieces[self.below(self.pieces.len())];
                    bytes.splice(at..at, piece.iter().copied());
                }
                3 => {
                    let end = (at + self.below(30)).min(bytes.len());
                    bytes.drain(at..end);
                }
                _ => {
                    let end = (at + self.below(60)).min(bytes.len());
                    let copy = bytes[at..end].to_vec();
                    bytes.splice(at..at, copy);
                }
            }
        }
        bytes
    }
}
