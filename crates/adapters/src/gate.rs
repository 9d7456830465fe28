//! Who may ask: a token or a client certificate for each site, a signature against replay, a bounded memory of what was used.
//!
//! `X-Segue-Signature: t=UNIX_SECONDS,n=NONCE,v=HEX` with HMAC-SHA-256 under the site's token over
//! `t.n.body`. A question older or newer than the window, or one seen before, is refused.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::collections::{HashSet, VecDeque};
use thiserror::Error;

/// Longest nonce, in bytes.
const NONCE_BYTES_MAX: usize = 64;
/// Most nonces remembered; with 1,000 questions a second more than a window's worth.
const SEEN_MAX: usize = 1 << 20;

/// Why a question is not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Shut {
    /// No token, or none of a site here.
    #[error(
        "the token is missing or no site has it; send Authorization: Bearer with the site's token, or show its client certificate"
    )]
    Unknown,
    /// A client certificate of no authority that this door believes.
    #[error(
        "the client certificate is of no authority that this door believes; show one that the authority of --route-tls-ca issued"
    )]
    ForeignCertificate,
    /// A client certificate outside its time.
    #[error(
        "the client certificate has expired or does not hold yet; renew it and have the new one's fingerprint written down here"
    )]
    ExpiredCertificate,
    /// A client certificate that is damaged or not for clients.
    #[error(
        "the client certificate is damaged or not meant for clients; have one issued with the extended key usage clientAuth"
    )]
    UnfitCertificate,
    /// A good client certificate that nobody registered.
    #[error(
        "the client certificate is registered for no site; have its SHA-256 fingerprint written into the file of --route-tokens"
    )]
    UnregisteredCertificate,
    /// The signature is missing or wrong.
    #[error("the signature does not fit; sign t.n.body with the site's token")]
    Unsigned,
    /// Too old, or from the future.
    #[error("the question's time is outside the window; set the asker's clock by NTP")]
    OutOfTime,
    /// Seen before.
    #[error("the question was asked before; use a fresh nonce for each")]
    Replayed,
    /// The site may not ask for this number.
    #[error("the number is not of this site; ask with the token or certificate of its own site")]
    NotThisSite,
}

/// One asker.
#[derive(Clone)]
pub struct Asker {
    /// Its site; absent: all.
    pub site: Option<String>,
    /// SHA-256 of its token: the token itself is not kept.
    token_hash: [u8; 32],
    /// Key of its signatures, derived from the token.
    key: Option<[u8; 32]>,
}

impl Asker {
    /// An asker with this token; `signed` if its questions must be signed as well.
    pub fn new(site: Option<String>, token: &str, signed: bool) -> Self {
        Self {
            site,
            token_hash: Sha256::digest(token).into(),
            key: signed.then(|| Sha256::digest(format!("segue-route-{token}")).into()),
        }
    }
}

/// A client certificate that asks, known by its SHA-256 fingerprint.
///
/// The names in a certificate are not looked at: whoever gets one from the same authority could bear them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    /// Its site; absent: all.
    pub site: Option<String>,
    fingerprint: [u8; 32],
}

impl Certified {
    /// Reads a fingerprint as tools print it: 64 hexadecimal digits of either case, colons between bytes or none.
    pub fn read(site: Option<String>, fingerprint: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(fingerprint.replace(':', ""), &mut bytes).ok()?;
        Some(Self {
            site,
            fingerprint: bytes,
        })
    }

    /// Whether a certificate, as it is encoded (DER), is this one.
    pub fn is(&self, certificate: &[u8]) -> bool {
        let fingerprint: [u8; 32] = Sha256::digest(certificate).into();
        fingerprint == self.fingerprint
    }

    /// Whether it is the same certificate, for whichever site.
    pub fn is_same(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

/// The key of signatures that belongs to a token, for who signs.
pub fn signature(token: &str, at_s: u64, nonce: &str, body: &[u8]) -> String {
    let key: [u8; 32] = Sha256::digest(format!("segue-route-{token}")).into();
    let tag = mac(&key, at_s, nonce, body).map(|mac| mac.finalize().into_bytes());
    let tag = tag.map(hex::encode).unwrap_or_default();
    format!("t={at_s},n={nonce},v={tag}")
}

fn mac(key: &[u8; 32], at_s: u64, nonce: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(format!("{at_s}.{nonce}.").as_bytes());
    mac.update(body);
    Some(mac)
}

/// Everybody who may ask, and what was asked within the window.
pub struct Gate {
    askers: Vec<Asker>,
    window_s: u64,
    seen: HashSet<[u8; 32]>,
    order: VecDeque<(u64, [u8; 32])>,
}

impl Gate {
    /// A gate; a question may be this many seconds off either way.
    pub fn new(askers: Vec<Asker>, window_s: u64) -> Self {
        Self {
            askers,
            window_s,
            seen: HashSet::new(),
            order: VecDeque::new(),
        }
    }

    /// Other askers from now on; what was asked within the window stays known.
    pub fn replace(&mut self, askers: Vec<Asker>) {
        self.askers = askers;
    }

    /// Lets a question in; the asker it came from.
    ///
    /// # Errors
    /// [`Shut`]: why not.
    pub fn enter(
        &mut self,
        token: Option<&str>,
        signature: Option<&str>,
        body: &[u8],
        now_s: u64,
    ) -> Result<&Asker, Shut> {
        let hash: [u8; 32] = Sha256::digest(token.ok_or(Shut::Unknown)?).into();
        let place = self.askers.iter().position(|a| a.token_hash == hash);
        let place = place.ok_or(Shut::Unknown)?;
        if let Some(key) = self.askers[place].key {
            self.check(&key, signature.ok_or(Shut::Unsigned)?, body, now_s)?;
        }
        Ok(&self.askers[place])
    }

    fn check(&mut self, key: &[u8; 32], signed: &str, body: &[u8], now_s: u64) -> Result<(), Shut> {
        let part = |name: &str| {
            let mut parts = signed
                .split(',')
                .filter_map(|part| part.trim().split_once('='));
            parts
                .find(|(found, _)| *found == name)
                .map(|(_, value)| value)
        };
        let at_s: u64 = part("t")
            .and_then(|t| t.parse().ok().filter(|at_s: &u64| at_s.to_string() == t))
            .ok_or(Shut::Unsigned)?;
        let nonce = part("n").filter(|n| !n.is_empty() && n.len() <= NONCE_BYTES_MAX);
        let nonce = nonce.ok_or(Shut::Unsigned)?;
        let sent = part("v")
            .and_then(|v| hex::decode(v).ok())
            .ok_or(Shut::Unsigned)?;
        let mac = mac(key, at_s, nonce, body).ok_or(Shut::Unsigned)?;
        mac.verify_slice(&sent).map_err(|_| Shut::Unsigned)?;
        if at_s.abs_diff(now_s) > self.window_s {
            return Err(Shut::OutOfTime);
        }
        while let Some((old, hash)) = self.order.front().copied()
            && (old + 2 * self.window_s < now_s || self.order.len() >= SEEN_MAX)
        {
            self.order.pop_front();
            self.seen.remove(&hash);
        }
        let once: [u8; 32] =
            Sha256::digest([&key[..], format!("{at_s}.{nonce}").as_bytes()].concat()).into();
        if !self.seen.insert(once) {
            return Err(Shut::Replayed);
        }
        self.order.push_back((now_s, once));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_known_by_its_fingerprint_as_tools_print_it() {
        // FIPS 180-2, appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let upper: Vec<_> = (0..32)
            .map(|n| abc[2 * n..2 * n + 2].to_uppercase())
            .collect();
        for written in [abc.to_owned(), abc.to_uppercase(), upper.join(":")] {
            let known = Certified::read(Some("RVS-Main".into()), &written).unwrap();
            assert!(known.is(b"abc") && !known.is(b"abd"), "{written}");
        }
        for wrong in [
            "",
            "ba78",
            &abc[1..],
            &format!("{abc}00"),
            &abc.replace('b', "g"),
        ] {
            assert_eq!(Certified::read(None, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_asker_taken_out_of_the_file_asks_no_more_and_nonces_stay_used() {
        let mut gate = Gate::new(vec![Asker::new(None, "old", true)], 300);
        let once = signature("old", 1_000, "n1", b"");
        assert!(gate.enter(Some("old"), Some(&once), b"", 1_000).is_ok());
        gate.replace(vec![Asker::new(None, "new", false)]);
        let again = gate.enter(Some("old"), Some(&once), b"", 1_000);
        assert_eq!(again.map(|a| a.site.clone()), Err(Shut::Unknown));
        assert!(gate.enter(Some("new"), None, b"", 1_000).is_ok());
        gate.replace(vec![Asker::new(None, "old", true)]);
        let again = gate.enter(Some("old"), Some(&once), b"", 1_000);
        assert_eq!(again.map(|a| a.site.clone()), Err(Shut::Replayed));
    }

    #[test]
    fn a_time_is_written_in_one_way() {
        let good = signature("secret", 1_000, "n1", b"");
        let passes = |sent: &str| {
            let mut gate = Gate::new(vec![Asker::new(None, "secret", true)], 300);
            gate.enter(Some("secret"), Some(sent), b"", 1_000).is_ok()
        };
        assert!(passes(&good));
        for time in ["t=+1000", "t=01000", "t= 1000", "t=-1000", "t="] {
            assert!(!passes(&good.replace("t=1000", time)), "{time}");
        }
    }
}
