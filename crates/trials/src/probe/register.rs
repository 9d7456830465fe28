//! A phone registers (RFC 3261 §10) with a digest (RFC 7616, RFC 8760), and lets go of its registration again.

use super::web::resolve;
use super::{Login, Seen};
use crate::agent::wire::{Inbound, finish, line};
use crate::dice::Dice;
use md5::{Digest as _, Md5};
use sha2::Sha256;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// How long the registration is asked to stand, seconds.
const EXPIRES_S: u32 = 60;
/// Waits for an answer before the request is sent again; the last one ends the try.
const WAITS_MS: [u64; 4] = [500, 1_000, 2_000, 4_000];
/// Larger datagrams are cut off.
const DATAGRAM_BYTES_MAX: usize = 16 * 1024;

/// Registers a name at `sip:HOST[:PORT]` over UDP, if a name and password are there for this host.
pub async fn register(registrar: &str, login: Option<&Login>, seed: u64) -> Seen {
    let Some(login) = login else {
        return Seen::not_tried("no name and password were typed");
    };
    if !login.is_for(place(registrar).1) {
        return Seen::not_tried("nobody logs in at this host (--login-at HOST)");
    }
    let found = Phone::at(registrar, login, seed).await;
    let mut phone = match found {
        Ok(phone) => phone,
        Err(why) => return Seen::failed(why),
    };
    let outcome = match phone.registered(EXPIRES_S).await {
        Ok(200) => Seen::reached("registered"),
        Ok(401 | 407) => return Seen::failed("name or password refused"),
        Ok(403) => return Seen::failed("registration forbidden (403)"),
        Ok(status) => return Seen::failed(format!("status {status}")),
        Err(why) => return Seen::failed(why),
    };
    // Nobody is to be called here.
    let _ = phone.registered(0).await;
    outcome
}

/// A registrar's address without its scheme and parameters, its host and its port.
fn place(registrar: &str) -> (&str, &str, u16) {
    let place = registrar.trim_start_matches("sip:");
    let place = place.split([';', '?']).next().unwrap_or_default();
    match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (place, host, port.parse().unwrap_or(5060)),
        _ => (place, place, 5060),
    }
}

struct Phone<'l> {
    socket: UdpSocket,
    local: SocketAddr,
    /// `sip:HOST[:PORT]`, the Request-URI.
    uri: String,
    host: String,
    login: &'l Login,
    dice: Dice,
    call_id: String,
    tag: String,
    cseq: u32,
}

impl<'l> Phone<'l> {
    async fn at(registrar: &str, login: &'l Login, seed: u64) -> Result<Self, String> {
        let (place, host, port) = place(registrar);
        let there = resolve(host, port).await?[0];
        let any: SocketAddr = if there.is_ipv4() {
            ([0, 0, 0, 0], 0).into()
        } else {
            ([0_u16; 8], 0).into()
        };
        let unreachable = |e: std::io::Error| format!("{there} cannot be reached: {e}");
        let socket = UdpSocket::bind(any).await.map_err(unreachable)?;
        socket.connect(there).await.map_err(unreachable)?;
        let local = socket.local_addr().map_err(unreachable)?;
        let mut dice = Dice::seeded(seed, 0);
        let (call_id, tag) = (word(&mut dice), word(&mut dice));
        Ok(Self {
            socket,
            local,
            uri: format!("sip:{place}"),
            host: host.to_owned(),
            login,
            dice,
            call_id,
            tag,
            cseq: 0,
        })
    }

    /// The final status of a registration for so long, the digest sent where one is asked for.
    async fn registered(&mut self, expires_s: u32) -> Result<u16, String> {
        let first = self.ask(expires_s, None).await?;
        let (asked, answers) = match first.status {
            401 => ("WWW-Authenticate", "Authorization"),
            407 => ("Proxy-Authenticate", "Proxy-Authorization"),
            status => return Ok(status),
        };
        let challenge = first.header(asked).ok_or("a challenge without a digest")?;
        let cnonce = word(&mut self.dice);
        let answer = Challenge::read(&challenge)
            .and_then(|challenge| challenge.answer(self.login, "REGISTER", &self.uri, &cnonce));
        let answer = answer.ok_or("a challenge that this phone cannot answer")?;
        Ok(self.ask(expires_s, Some((answers, answer))).await?.status)
    }

    async fn ask(
        &mut self,
        expires_s: u32,
        digest: Option<(&str, String)>,
    ) -> Result<Inbound, String> {
        self.cseq += 1;
        let branch = format!("z9hG4bK{}", word(&mut self.dice));
        let (local, user) = (self.local, &self.login.user);
        let own = format!("<sip:{user}@{}>", self.host);
        let mut out = format!("REGISTER {} SIP/2.0\r\n", self.uri);
        line(
            &mut out,
            "Via",
            &format!("SIP/2.0/UDP {local};branch={branch};rport"),
        );
        line(&mut out, "Max-Forwards", "70");
        line(&mut out, "From", &format!("{own};tag={}", self.tag));
        line(&mut out, "To", &own);
        line(&mut out, "Call-ID", &self.call_id);
        line(&mut out, "CSeq", &format!("{} REGISTER", self.cseq));
        line(
            &mut out,
            "Contact",
            &format!("<sip:{user}@{local}>;expires={expires_s}"),
        );
        line(&mut out, "Expires", &expires_s.to_string());
        if let Some((name, value)) = digest {
            line(&mut out, name, &value);
        }
        let request = finish(out, "");
        let unreachable = |e: std::io::Error| format!("the registrar cannot be reached: {e}");
        for wait_ms in WAITS_MS {
            self.socket.send(&request).await.map_err(unreachable)?;
            let answer = timeout(Duration::from_millis(wait_ms), self.answer(&branch)).await;
            if let Ok(answer) = answer {
                return answer.map_err(unreachable);
            }
        }
        Err("the registrar does not answer".to_owned())
    }

    /// The final answer to the request of this branch.
    async fn answer(&self, branch: &str) -> std::io::Result<Inbound> {
        let mut bytes = vec![0; DATAGRAM_BYTES_MAX];
        loop {
            let length = self.socket.recv(&mut bytes).await?;
            let from = self.socket.peer_addr()?;
            let read = Inbound::read(&bytes[..length], from);
            if let Some(answer) = read.filter(|a| a.branch == branch && a.status >= 200) {
                return Ok(answer);
            }
        }
    }
}

/// The digest that is asked for.
struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    sha256: bool,
    qop_auth: bool,
}

impl Challenge {
    fn read(text: &str) -> Option<Self> {
        let rest = text
            .trim()
            .get(..7)
            .filter(|s| s.eq_ignore_ascii_case("digest "));
        let rest = rest.and_then(|_| text.trim().get(7..))?;
        let value = |name: &str| parameter(rest, name);
        let algorithm = value("algorithm").unwrap_or_else(|| "MD5".to_owned());
        let sha256 = algorithm.eq_ignore_ascii_case("SHA-256");
        if !sha256 && !algorithm.eq_ignore_ascii_case("MD5") {
            return None;
        }
        let qop = value("qop");
        let qop_auth = qop
            .as_deref()
            .is_some_and(|qop| qop.split(',').any(|one| one.trim() == "auth"));
        // Something is asked for that only a body's digest answers.
        if qop.is_some() && !qop_auth {
            return None;
        }
        Some(Self {
            realm: value("realm")?,
            nonce: value("nonce")?,
            opaque: value("opaque"),
            sha256,
            qop_auth,
        })
    }

    fn hash(&self, text: &str) -> String {
        if self.sha256 {
            hex::encode(Sha256::digest(text))
        } else {
            hex::encode(Md5::digest(text))
        }
    }

    fn answer(&self, login: &Login, method: &str, uri: &str, cnonce: &str) -> Option<String> {
        let quotable = |text: &str| !text.contains(['"', '\\', '\r', '\n']);
        if ![&login.user, &self.realm, &self.nonce]
            .into_iter()
            .all(|t| quotable(t))
        {
            return None;
        }
        let (user, realm, nonce) = (&login.user, &self.realm, &self.nonce);
        let secret = self.hash(&format!("{user}:{realm}:{}", login.password));
        let asked = self.hash(&format!("{method}:{uri}"));
        let middle = if self.qop_auth {
            format!("{nonce}:00000001:{cnonce}:auth")
        } else {
            nonce.clone()
        };
        let response = self.hash(&format!("{secret}:{middle}:{asked}"));
        let mut out = format!(
            r#"Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{response}""#
        );
        out.push_str(if self.sha256 {
            ", algorithm=SHA-256"
        } else {
            ", algorithm=MD5"
        });
        if self.qop_auth {
            let _infallible = write!(out, r#", qop=auth, nc=00000001, cnonce="{cnonce}""#);
        }
        if let Some(opaque) = self.opaque.as_deref().filter(|o| quotable(o)) {
            let _infallible = write!(out, r#", opaque="{opaque}""#);
        }
        Some(out)
    }
}

/// A parameter of a challenge, its quotes taken off; commas within quotes divide nothing.
fn parameter(text: &str, name: &str) -> Option<String> {
    let mut rest = text.trim_start();
    loop {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (value, next) = if let Some(quoted) = after.strip_prefix('"') {
            quoted.split_once('"')?
        } else {
            let end = after.find(',').unwrap_or(after.len());
            (after[..end].trim_end(), &after[end..])
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value.to_owned());
        }
        rest = next.trim_start().strip_prefix(',')?.trim_start();
    }
}

fn word(dice: &mut Dice) -> String {
    format!("{:016x}", dice.bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mufasa() -> Login {
        Login {
            user: "Mufasa".into(),
            password: "Circle of Life".into(),
            at: Vec::new(),
        }
    }

    /// RFC 7616 §3.9.1.
    const CHALLENGE: &str = r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=ALGORITHM, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;

    #[test]
    fn the_digest_is_that_of_the_rfc_with_either_hash() {
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        for (algorithm, response) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            (
                "SHA-256",
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            ),
        ] {
            let challenge =
                Challenge::read(&CHALLENGE.replace("ALGORITHM", algorithm)).expect("a digest");
            let answer = challenge
                .answer(&mufasa(), "GET", "/dir/index.html", cnonce)
                .expect("an answer");
            assert_eq!(
                parameter(&answer["Digest ".len()..], "response").as_deref(),
                Some(response)
            );
        }
    }

    #[test]
    fn what_this_phone_cannot_answer_it_does_not_answer() {
        for challenge in [
            "Basic realm=\"x\"",
            "Digest realm=\"x\"",
            "Digest realm=\"x\", nonce=\"y\", algorithm=SHA-512-256",
            "Digest realm=\"x\", nonce=\"y\", qop=\"auth-int\"",
            "Digest",
            "",
            "Dïgest realm",
        ] {
            assert!(Challenge::read(challenge).is_none(), "{challenge}");
        }
        let old = Challenge::read(r#"digest realm="a, b", nonce="n""#).expect("RFC 2069");
        assert_eq!(old.realm, "a, b");
        let answer = old
            .answer(&mufasa(), "REGISTER", "sip:x", "c")
            .expect("an answer");
        assert!(!answer.contains("qop"), "{answer}");
        let odd = Login {
            user: "a\"b".into(),
            ..mufasa()
        };
        assert!(old.answer(&odd, "REGISTER", "sip:x", "c").is_none());
    }
}
