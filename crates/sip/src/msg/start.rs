//! The first line: request line or status line (RFC 3261 sections 7.1 and 7.2).

use super::fields::{is_token, uri_host_port};
use super::{ParseError, short};
use memchr::{memchr, memrchr};

/// The start line as offsets.
#[derive(Debug, Clone, Copy)]
pub(super) enum StartLine {
    Request { method_end: u16, uri_end: u16 },
    Response { status: u16 },
}

impl StartLine {
    /// `line` is without its CRLF and begins at offset 0.
    pub(super) fn parse(line: &[u8]) -> Result<Self, ParseError> {
        if line.len() >= 4 && line[..4].eq_ignore_ascii_case(b"SIP/") {
            return status_line(line);
        }
        let method_end = memchr(b' ', line).ok_or(ParseError::StartLine)?;
        let uri_end = memrchr(b' ', line).ok_or(ParseError::StartLine)?;
        let method = &line[..method_end];
        if method.is_empty() || uri_end <= method_end || !method.iter().all(|b| is_token(*b)) {
            return Err(ParseError::StartLine);
        }
        version(&line[uri_end + 1..])?;
        request_uri(&line[method_end + 1..uri_end])?;
        Ok(Self::Request {
            method_end: short(method_end),
            uri_end: short(uri_end),
        })
    }
}

fn status_line(line: &[u8]) -> Result<StartLine, ParseError> {
    let space = memchr(b' ', line).ok_or(ParseError::StartLine)?;
    version(&line[..space])?;
    match line.get(space + 1..) {
        Some([a @ b'1'..=b'6', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..])
            if rest.first().is_none_or(|byte| *byte == b' ') =>
        {
            let digit = |byte: u8| u16::from(byte - b'0');
            Ok(StartLine::Response {
                status: digit(*a) * 100 + digit(*b) * 10 + digit(*c),
            })
        }
        _ => Err(ParseError::StartLine),
    }
}

fn version(text: &[u8]) -> Result<(), ParseError> {
    if text.eq_ignore_ascii_case(b"SIP/2.0") {
        return Ok(());
    }
    let other = text.len() >= 4 && text[..4].eq_ignore_ascii_case(b"SIP/");
    Err(if other {
        ParseError::Version
    } else {
        ParseError::StartLine
    })
}

/// A bare URI: a scheme, no white space or brackets, no embedded headers (section 19.1.1).
pub(crate) fn request_uri(uri: &[u8]) -> Result<(), ParseError> {
    let colon = memchr(b':', uri).ok_or(ParseError::RequestUri)?;
    let scheme_ok = uri[..colon].first().is_some_and(u8::is_ascii_alphabetic);
    let bad = |byte: &u8| *byte <= b' ' || matches!(*byte, b'<' | b'>' | b'"' | 0x7f);
    if !scheme_ok || colon + 1 == uri.len() || uri.iter().any(bad) {
        return Err(ParseError::RequestUri);
    }
    let scheme = &uri[..colon];
    if scheme.eq_ignore_ascii_case(b"sip") || scheme.eq_ignore_ascii_case(b"sips") {
        let host = memchr(b'@', uri).unwrap_or(colon);
        if memchr(b'?', &uri[host..]).is_some() || uri_host_port(uri).is_none() {
            return Err(ParseError::RequestUri);
        }
    }
    Ok(())
}
