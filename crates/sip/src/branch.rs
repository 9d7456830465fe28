//! Our Via branches and keyed hashes: what we sent can be recognised and cannot be guessed.
//!
//! A stateful branch names the call's slab index, its generation and the leg, sealed with a 64-bit
//! MAC; a stateless one is a 128-bit MAC over what the response must bring back. Source: RFC 3261
//! sections 8.1.1.7, 16.6 step 8 and 16.11.

use siphasher::sip::SipHasher24;
use siphasher::sip128::{self, Hasher128};
use std::hash::Hasher;

const STATEFUL: &[u8] = b"z9hG4bKsg";
const STATELESS: &[u8] = b"z9hG4bKst";
/// Length of a stateful branch, in bytes.
pub(crate) const STATEFUL_LEN: usize = STATEFUL.len() + 8 + 8 + 1 + 16;
/// Length of a stateless branch, in bytes.
pub(crate) const STATELESS_LEN: usize = STATELESS.len() + 32;
const HEX: &[u8; 16] = b"0123456789abcdef";

/// What one of our branches names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LegId {
    /// Slab index of the call.
    pub(crate) index: u32,
    /// Generation of that slab slot, so that a reused slot is not mistaken.
    pub(crate) generation: u32,
    /// Number of the leg, 0–3.
    pub(crate) leg: u8,
    /// Which transaction of that leg.
    pub(crate) role: Role,
}

/// The transactions a leg can have with its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// INVITE, its CANCEL and the ACK of a refusal share one branch (RFC 3261 sections 9.1, 17.1.1.3).
    Invite,
    /// The ACK of a 2xx that nobody upstream waits for.
    Ack,
    /// The BYE that ends it.
    Bye,
}

/// The secret keys of one core, all drawn from the injected seed.
#[derive(Clone)]
pub(crate) struct Keys {
    mac: SipHasher24,
    table: sip128::SipHasher24,
}

impl Keys {
    pub(crate) fn new(seed: &[u8; 32]) -> Self {
        let mut mac = [0; 16];
        let mut table = [0; 16];
        mac.copy_from_slice(&seed[..16]);
        table.copy_from_slice(&seed[16..]);
        Self {
            mac: SipHasher24::new_with_key(&mac),
            table: sip128::SipHasher24::new_with_key(&table),
        }
    }

    /// A 128-bit keyed hash over the parts, each with its length.
    pub(crate) fn digest(&self, domain: u8, parts: &[&[u8]]) -> u128 {
        let mut hasher = self.table;
        hasher.write_u8(domain);
        for part in parts {
            hasher.write_usize(part.len());
            hasher.write(part);
        }
        hasher.finish128().as_u128()
    }

    /// The branch of a leg's transaction.
    pub(crate) fn stateful(&self, id: LegId) -> [u8; STATEFUL_LEN] {
        let mut text = [0; STATEFUL_LEN];
        text[..STATEFUL.len()].copy_from_slice(STATEFUL);
        let nibble = u64::from(id.leg & 3) | u64::from(id.role as u8) << 2;
        hex(&mut text[9..17], u64::from(id.index));
        hex(&mut text[17..25], u64::from(id.generation));
        hex(&mut text[25..26], nibble);
        let seal = self.mac.hash(&text[9..26]);
        hex(&mut text[26..], seal);
        text
    }

    /// Reads one of our stateful branches; `None` if it is not ours or was altered.
    pub(crate) fn read(&self, branch: &[u8]) -> Option<LegId> {
        let text: &[u8; STATEFUL_LEN] = branch.try_into().ok()?;
        let tail = text.strip_prefix(STATEFUL)?;
        let seal = unhex(&tail[17..])?;
        if self.mac.hash(&tail[..17]) != seal {
            return None;
        }
        let nibble = unhex(&tail[16..17])?;
        Some(LegId {
            index: u32::try_from(unhex(&tail[..8])?).ok()?,
            generation: u32::try_from(unhex(&tail[8..16])?).ok()?,
            leg: u8::try_from(nibble & 3).ok()?,
            role: match nibble >> 2 {
                0 => Role::Invite,
                1 => Role::Ack,
                2 => Role::Bye,
                _ => return None,
            },
        })
    }

    /// The branch of a statelessly forwarded request.
    pub(crate) fn stateless(mac: u128) -> [u8; STATELESS_LEN] {
        let mut text = [0; STATELESS_LEN];
        text[..STATELESS.len()].copy_from_slice(STATELESS);
        text[STATELESS.len()..].copy_from_slice(&hex128(mac));
        text
    }

    /// The MAC in a stateless branch.
    pub(crate) fn seal_of(branch: &[u8]) -> Option<u128> {
        let digits = branch.strip_prefix(STATELESS).filter(|d| d.len() == 32)?;
        let (high, low) = (unhex(&digits[..16])?, unhex(&digits[16..])?);
        Some(u128::from(high) << 64 | u128::from(low))
    }

    /// Whether a branch has the form of a stateless one.
    pub(crate) fn is_stateless(branch: &[u8]) -> bool {
        branch.starts_with(STATELESS)
    }
}

/// 32 hexadecimal digits.
pub(crate) fn hex128(value: u128) -> [u8; 32] {
    let mut text = [0; 32];
    let bytes = value.to_be_bytes();
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair[0] = HEX[usize::from(byte >> 4)];
        pair[1] = HEX[usize::from(byte & 15)];
    }
    text
}

fn hex(out: &mut [u8], mut value: u64) {
    for byte in out.iter_mut().rev() {
        *byte = HEX[usize::try_from(value & 15).unwrap_or(0)];
        value >>= 4;
    }
}

fn unhex(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0, |value: u64, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_reads_back_and_no_altered_one_does() {
        let keys = Keys::new(&[7; 32]);
        let id = LegId {
            index: 0xabc,
            generation: 9,
            leg: 2,
            role: Role::Bye,
        };
        let branch = keys.stateful(id);
        assert_eq!(keys.read(&branch), Some(id));
        for at in 0..branch.len() {
            let mut forged = branch;
            forged[at] ^= 1;
            assert_eq!(keys.read(&forged), None, "altered byte {at}");
        }
        assert_eq!(
            Keys::new(&[8; 32]).read(&branch),
            None,
            "sealed under another seed"
        );
    }
}
