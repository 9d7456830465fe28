//! The fields a router reads: numbers, `CSeq`, Via, addresses, parameters, comma lists, URIs.
//!
//! All take a header value with folds inside; a fold counts as white space.

use super::CSeq;
use crate::hop::{Hop, Transport};
use memchr::memchr;
use std::net::{IpAddr, SocketAddr};

/// Letters, digits and these signs.
const fn class(signs: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let mut at = 0;
    while at < signs.len() {
        table[signs[at] as usize] = true;
        at += 1;
    }
    table
}

static TOKEN: [bool; 256] = class(b"-.!%*_+`'~");
static HOST: [bool; 256] = class(b"-._[]:%");

/// Whether a byte may stand in a token (RFC 3261 section 25.1).
pub(crate) fn is_token(byte: u8) -> bool {
    TOKEN[usize::from(byte)]
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// `from..to` without white space at either end.
pub(crate) fn trim(bytes: &[u8], mut from: usize, mut to: usize) -> (usize, usize) {
    while from < to && is_space(bytes[from]) {
        from += 1;
    }
    while to > from && is_space(bytes[to - 1]) {
        to -= 1;
    }
    (from, to)
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let (from, to) = trim(bytes, 0, bytes.len());
    &bytes[from..to]
}

/// Decimal digits only, below 2^31; `None` otherwise.
pub(crate) fn number(text: &[u8]) -> Option<u32> {
    if text.is_empty() || text.len() > 20 {
        return None;
    }
    let mut value: u32 = 0;
    for byte in text {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
        value = value.checked_mul(10)?.checked_add(digit)?;
    }
    (value < 1 << 31).then_some(value)
}

pub(super) fn cseq(value: &[u8]) -> Option<CSeq<'_>> {
    let digits = value
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let number = number(&value[..digits])?;
    let method = trimmed(&value[digits..]);
    let spaced = value.get(digits).is_some_and(|byte| is_space(*byte));
    let token = !method.is_empty() && method.iter().all(|byte| is_token(*byte));
    (spaced && token).then_some(CSeq { number, method })
}

/// One past the closing quote of a quoted string that begins at `from`; `None` if it never closes.
fn quoted_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Splits a header value at its commas, not at those within quotes or angle brackets.
pub fn split_commas(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = first_value_end(text);
        rest = text.get(end + 1..);
        Some(trimmed(&text[..end]))
    })
}

/// Where the first comma-separated value ends: the comma's offset or the length.
pub(crate) fn first_value_end(text: &[u8]) -> usize {
    if memchr(b',', text).is_none() {
        return text.len();
    }
    let mut at = 0;
    let mut bracket = false;
    while let Some(byte) = text.get(at) {
        match byte {
            b',' if !bracket => return at,
            b'"' => match quoted_end(text, at) {
                Some(end) => {
                    at = end;
                    continue;
                }
                None => return text.len(),
            },
            b'<' => bracket = true,
            b'>' => bracket = false,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Walks `;name=value` parameters. Stops at anything else.
#[derive(Debug, Clone)]
pub struct Params<'a> {
    rest: &'a [u8],
}

impl<'a> Params<'a> {
    /// Parameters from the first `;` on.
    pub fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }

    /// The value of the first parameter of this name, in any case; an empty slice if it has none.
    pub fn get(mut self, name: &str) -> Option<&'a [u8]> {
        self.find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value.unwrap_or_default())
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = (&'a [u8], Option<&'a [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest;
        let space = |mut at: usize| {
            while text.get(at).is_some_and(|byte| is_space(*byte)) {
                at += 1;
            }
            at
        };
        let stop = |mut at: usize| {
            while text
                .get(at)
                .is_some_and(|b| !is_space(*b) && !matches!(b, b';' | b'=' | b','))
            {
                at += 1;
            }
            at
        };
        let semicolon = space(0);
        if text.get(semicolon) != Some(&b';') {
            return None;
        }
        let name_from = space(semicolon + 1);
        let name_to = stop(name_from);
        let mut at = space(name_to);
        let mut value = None;
        if text.get(at) == Some(&b'=') {
            let from = space(at + 1);
            at = if text.get(from) == Some(&b'"') {
                quoted_end(text, from)?
            } else {
                stop(from)
            };
            value = Some(&text[from..at]);
        }
        self.rest = &text[at.min(text.len())..];
        Some((&text[name_from..name_to], value))
    }
}

/// One Via value (RFC 3261 section 20.42).
#[derive(Debug, Clone, Copy)]
pub struct Via<'a> {
    /// `UDP`, `TCP`, … as sent.
    pub transport: &'a [u8],
    /// Host of sent-by, brackets of an IPv6 address included.
    pub host: &'a [u8],
    /// Port of sent-by.
    pub port: Option<u16>,
    /// Everything from the first `;` on.
    pub params: &'a [u8],
    /// The branch parameter.
    pub branch: Option<&'a [u8]>,
}

impl<'a> Via<'a> {
    /// Reads one Via value; `None` if it does not follow the grammar.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let slash = memchr(b'/', value)?;
        let second = slash + 1 + memchr(b'/', &value[slash + 1..])?;
        let name_ok = trimmed(&value[..slash]).eq_ignore_ascii_case(b"SIP");
        let version_ok = trimmed(&value[slash + 1..second]) == b"2.0";
        if !name_ok || !version_ok {
            return None;
        }
        let (from, _) = trim(value, second + 1, value.len());
        let rest = &value[from..];
        let transport_end = rest.iter().position(|byte| !is_token(*byte))?;
        let (transport, rest) = rest.split_at(transport_end);
        if transport.is_empty() || !is_space(*rest.first()?) {
            return None;
        }
        let semicolon = memchr(b';', rest).unwrap_or(rest.len());
        let (sent_by, params) = rest.split_at(semicolon);
        let (host, port) = host_port(trimmed(sent_by))?;
        let mut branch = None;
        let mut walk = Params::new(params);
        for (name, value) in &mut walk {
            if name.is_empty() {
                return None;
            }
            if branch.is_none() && name.eq_ignore_ascii_case(b"branch") {
                branch = value;
            }
        }
        trimmed(walk.rest).is_empty().then_some(Self {
            transport,
            host,
            port,
            params,
            branch,
        })
    }

    /// A parameter of this Via; an empty slice if it has no value.
    pub fn param(&self, name: &str) -> Option<&'a [u8]> {
        Params::new(self.params).get(name)
    }
}

/// Splits `host[:port]`, the host perhaps a bracketed IPv6 address; white space around the colon is
/// allowed (RFC 3261 section 25.1, COLON).
pub fn host_port(text: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let host_end = if text.first() == Some(&b'[') {
        memchr(b']', text)? + 1
    } else {
        memchr(b':', text).unwrap_or(text.len())
    };
    let host = trimmed(&text[..host_end]);
    let bad = |byte: &u8| !HOST[usize::from(*byte)];
    if host.is_empty() || host.iter().any(bad) {
        return None;
    }
    let rest = trimmed(&text[host_end..]);
    match rest.split_first() {
        None => Some((host, None)),
        Some((b':', digits)) => {
            let port = number(trimmed(digits)).and_then(|port| u16::try_from(port).ok())?;
            Some((host, Some(port)))
        }
        Some(_) => None,
    }
}

/// An IP address literal, brackets of IPv6 allowed.
pub fn ip(host: &[u8]) -> Option<IpAddr> {
    let bare = host
        .strip_prefix(b"[")
        .and_then(|h| h.strip_suffix(b"]"))
        .unwrap_or(host);
    std::str::from_utf8(bare).ok()?.parse().ok()
}

/// A name-addr or addr-spec with its parameters: From, To, Contact, P-Asserted-Identity, Route.
/// Has no `Debug`: it holds a caller's number.
#[derive(Clone, Copy)]
pub struct Address<'a> {
    /// Display name as sent, quotes included; empty if none.
    pub display: &'a [u8],
    /// The URI without brackets.
    pub uri: &'a [u8],
    /// Header parameters from the first `;` on.
    pub params: &'a [u8],
}

impl<'a> Address<'a> {
    /// Reads one address; `None` for an unclosed quote or bracket, or without a URI.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let (from, to) = trim(value, 0, value.len());
        let value = &value[from..to];
        let display_end = if value.first() == Some(&b'"') {
            quoted_end(value, 0)?
        } else {
            0
        };
        let bracketed;
        let (display, uri, params) = match memchr(b'<', &value[display_end..]) {
            Some(open) => {
                let open = display_end + open;
                let close = open + memchr(b'>', &value[open..])?;
                bracketed = true;
                (&value[..open], &value[open + 1..close], &value[close + 1..])
            }
            None if display_end > 0 => return None,
            None => {
                let end = memchr(b';', value).unwrap_or(value.len());
                bracketed = false;
                (&value[..0], &value[..end], &value[end..])
            }
        };
        let (display, bare) = (trimmed(display), trimmed(uri));
        if bare.iter().any(|byte| is_space(*byte)) || (bare.len() < uri.len() && bracketed) {
            return None;
        }
        let uri = bare;
        let unclosed = display_end == 0 && memchr(b'"', display).is_some();
        (!unclosed && memchr(b':', uri).is_some()).then_some(Self {
            display,
            uri,
            params,
        })
    }

    /// A header parameter; an empty slice if it has no value.
    pub fn param(&self, name: &str) -> Option<&'a [u8]> {
        Params::new(self.params).get(name)
    }
}

/// The user part of a `sip:`, `sips:` or `tel:` URI, escapes left as sent and a password cut off.
pub fn uri_user(uri: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = scheme(uri)?;
    if scheme.eq_ignore_ascii_case(b"tel") {
        let end = memchr(b';', rest).unwrap_or(rest.len());
        return Some(&rest[..end]);
    }
    let user = &rest[..memchr(b'@', rest)?];
    Some(&user[..memchr(b':', user).unwrap_or(user.len())])
}

/// Host and port of a `sip:` or `sips:` URI.
pub fn uri_host_port(uri: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let (_, rest) = scheme(uri).filter(|(scheme, _)| {
        scheme.eq_ignore_ascii_case(b"sip") || scheme.eq_ignore_ascii_case(b"sips")
    })?;
    let host = &rest[memchr(b'@', rest).map_or(0, |at| at + 1)..];
    let end = host
        .iter()
        .position(|byte| matches!(byte, b';' | b'?'))
        .unwrap_or(host.len());
    host_port(&host[..end])
}

/// The socket address of a URI whose host is an IP literal, whatever its transport.
pub fn uri_address(uri: &[u8]) -> Option<SocketAddr> {
    uri_hop(uri).map(|hop| hop.addr)
}

/// Transport and address of a URI whose host is an IP literal: TLS for `sips:`, else what its
/// `transport` parameter says, else UDP. `None` for a transport that is not spoken here.
pub fn uri_hop(uri: &[u8]) -> Option<Hop> {
    let (host, port) = uri_host_port(uri)?;
    let params = &uri[memchr(b'@', uri).unwrap_or(0)..];
    let params = memchr(b';', params).map_or(&params[..0], |at| &params[at..]);
    let params = &params[..memchr(b'?', params).unwrap_or(params.len())];
    let transport = if uri.len() > 5 && uri[..5].eq_ignore_ascii_case(b"sips:") {
        Transport::Tls
    } else {
        match Params::new(params).get("transport") {
            Some(name) => Transport::of(name)?,
            None => Transport::Udp,
        }
    };
    let port = port.unwrap_or(transport.port());
    Some(Hop::new(transport, SocketAddr::new(ip(host)?, port)))
}

fn scheme(uri: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr(b':', uri)?;
    Some((&uri[..colon], &uri[colon + 1..]))
}
