//! A SIP message as spans over the received bytes: one pass, no copy.
//!
//! Strict where a router must be sure (CRLF, start line, `Content-Length`), lenient where it does
//! not look (unknown headers, bodies). Nothing is unfolded or rewritten: a value is the bytes between
//! colon and line end, with folds inside. Source: RFC 3261 sections 7, 20 and 25.

pub mod fields;
mod names;
mod start;
mod strict;

use crate::msg::fields::{Address, Via};
use memchr::memchr2;
use thiserror::Error;

pub use fields::split_commas;
pub use names::Kind;
use start::StartLine;
pub(crate) use start::request_uri;

/// Longest message that is parsed, in bytes (spans are 16 bits wide; a UDP datagram is shorter).
pub const MESSAGE_BYTES_MAX: usize = 65_535;
/// Most header lines in one message.
pub const HEADERS_MAX: usize = 256;

/// Why bytes are not a SIP message that can be routed. Each has the status a server answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ParseError {
    /// Longer than [`MESSAGE_BYTES_MAX`].
    #[error("the message is longer than 65,535 bytes; send it in fewer headers or a shorter body")]
    TooLong,
    /// Ends before the blank line that ends the headers.
    #[error("the message ends inside its headers; end them with a blank line")]
    Truncated,
    /// A carriage return without line feed, or the reverse (RFC 3261 section 7).
    #[error("a line ends with a lone CR or LF; end every line with CRLF")]
    LineEnd,
    /// The first line is neither a request line nor a status line.
    #[error("the first line is no request line and no status line; see RFC 3261 section 7")]
    StartLine,
    /// A SIP version other than 2.0.
    #[error("the SIP version is not 2.0; send SIP/2.0")]
    Version,
    /// The Request-URI has white space, brackets or embedded headers.
    #[error("the Request-URI is malformed; send it bare, without spaces, brackets or headers")]
    RequestUri,
    /// A header line without a name or a colon.
    #[error("a header line has no name or no colon; write `Name: value`")]
    HeaderLine,
    /// More than [`HEADERS_MAX`] header lines.
    #[error("the message has more than 256 header lines; send fewer")]
    TooManyHeaders,
    /// `Content-Length` is no number, contradicts itself or runs past the datagram.
    #[error("Content-Length does not match the body; send the body's length in bytes")]
    ContentLength,
    /// A header every request needs is absent.
    #[error("the header {0} is missing; add it")]
    Missing(&'static str),
    /// A header that may appear once appears again.
    #[error("the header {0} appears twice; send it once")]
    Repeated(&'static str),
    /// A header the router reads cannot be read.
    #[error("the header {0} cannot be read; see its grammar in RFC 3261 section 25")]
    Malformed(&'static str),
    /// The method in `CSeq` is not the method of the request (RFC 3261 section 8.1.1.5).
    #[error("CSeq names another method than the request line; send the same")]
    MethodMismatch,
}

impl ParseError {
    /// The response status a server answers this fault with (RFC 3261 section 21).
    pub fn status(self) -> u16 {
        match self {
            Self::Version => 505,
            Self::TooLong => 513,
            _ => 400,
        }
    }
}

/// One header line as offsets into the message. Opaque; kept so that a buffer can be reused.
#[derive(Debug, Clone, Copy)]
pub struct HeaderSpan {
    pub(crate) kind: Kind,
    /// First byte of the name.
    pub(crate) line: u16,
    /// One past the name.
    pub(crate) name_end: u16,
    /// First and one-past-last byte of the value, white space trimmed.
    pub(crate) value: u16,
    pub(crate) value_end: u16,
    /// One past the CRLF (and past all folds).
    pub(crate) end: u16,
}

/// A parsed message, borrowing the bytes it was read from.
#[derive(Clone)]
pub struct Message<'a> {
    bytes: &'a [u8],
    start: StartLine,
    headers: Vec<HeaderSpan>,
    headers_end: usize,
    body_end: usize,
}

/// Shows shape only: a message holds callers' numbers, which belong in no log.
impl std::fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("start", &self.start)
            .field("headers", &self.headers.len())
            .field("body_bytes", &self.body().len())
            .finish_non_exhaustive()
    }
}

/// The fields that every routable message has, each read once.
#[derive(Clone, Copy)]
pub(crate) struct Essentials<'a> {
    pub(crate) via: Via<'a>,
    pub(crate) cseq: CSeq<'a>,
    pub(crate) call_id: &'a [u8],
    pub(crate) from_tag: Option<&'a [u8]>,
    pub(crate) to_tag: Option<&'a [u8]>,
    /// Max-Forwards of a request.
    pub(crate) hops: Option<u8>,
}

/// `CSeq`: its number and method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CSeq<'a> {
    /// Sequence number, below 2^31 (RFC 3261 section 8.1.1.5).
    pub number: u32,
    /// Method, case as sent (methods are case-sensitive).
    pub method: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads a message. Bytes after `Content-Length` are ignored (RFC 3261 section 18.3).
    ///
    /// # Errors
    /// A [`ParseError`] naming the first fault. The mandatory headers are checked by [`Self::check`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        Self::parse_reusing(bytes, Vec::with_capacity(24))
    }

    /// [`Self::parse`] with a header buffer from an earlier message, so that nothing is allocated.
    pub(crate) fn parse_reusing(
        bytes: &'a [u8],
        mut headers: Vec<HeaderSpan>,
    ) -> Result<Self, ParseError> {
        headers.clear();
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err(ParseError::TooLong);
        }
        let first_end = line_end(bytes, 0)?;
        let start = StartLine::parse(bytes.get(..first_end).unwrap_or_default())?;
        let mut at = first_end + 2;
        let mut content_length = None;
        loop {
            if bytes.get(at..at + 2) == Some(b"\r\n") {
                break;
            }
            let span = header_line(bytes, at)?;
            if headers.len() == HEADERS_MAX {
                return Err(ParseError::TooManyHeaders);
            }
            if span.kind == Kind::ContentLength {
                let value = &bytes[usize::from(span.value)..usize::from(span.value_end)];
                let length = fields::number(value).ok_or(ParseError::ContentLength)?;
                if content_length.is_some_and(|known| known != length) {
                    return Err(ParseError::ContentLength);
                }
                content_length = Some(length);
            }
            at = usize::from(span.end);
            headers.push(span);
        }
        let headers_end = at + 2;
        let body_end = match content_length {
            None => bytes.len(),
            Some(length) => headers_end
                .checked_add(usize::try_from(length).map_err(|_| ParseError::ContentLength)?)
                .filter(|end| *end <= bytes.len())
                .ok_or(ParseError::ContentLength)?,
        };
        Ok(Self {
            bytes,
            start,
            headers,
            headers_end,
            body_end,
        })
    }

    /// Gives the header buffer back for the next [`Self::parse_reusing`].
    pub(crate) fn into_headers(self) -> Vec<HeaderSpan> {
        self.headers
    }

    /// Checks what every routable message must have, once each and readable: Via, From, To, Call-ID
    /// and `CSeq`; for requests also that it names the method and that Max-Forwards is 0–255.
    ///
    /// # Errors
    /// The first fault found. Source: RFC 3261 sections 8.1.1 and 16.3.
    pub fn check(&self) -> Result<(), ParseError> {
        self.essentials().map(|_| ())
    }

    /// What [`Self::check`] reads, read once.
    pub(crate) fn essentials(&self) -> Result<Essentials<'a>, ParseError> {
        let [mut via, mut from, mut to, mut call_id, mut cseq, mut hops] = [None; 6];
        for span in &self.headers {
            let (place, name) = match span.kind {
                Kind::Via => {
                    via = via.or(Some(span));
                    continue;
                }
                Kind::From => (&mut from, "From"),
                Kind::To => (&mut to, "To"),
                Kind::CallId => (&mut call_id, "Call-ID"),
                Kind::CSeq => (&mut cseq, "CSeq"),
                Kind::MaxForwards => (&mut hops, "Max-Forwards"),
                _ => continue,
            };
            if place.replace(span).is_some() {
                return Err(ParseError::Repeated(name));
            }
        }
        let value = |span: Option<&HeaderSpan>, name| {
            span.map(|span| self.value_of(span))
                .ok_or(ParseError::Missing(name))
        };
        let address =
            |span, name| Address::parse(value(span, name)?).ok_or(ParseError::Malformed(name));
        let (from, to) = (address(from, "From")?, address(to, "To")?);
        let call_id = value(call_id, "Call-ID")?;
        if call_id.is_empty() {
            return Err(ParseError::Malformed("Call-ID"));
        }
        let cseq = fields::cseq(value(cseq, "CSeq")?).ok_or(ParseError::Malformed("CSeq"))?;
        let via = value(via, "Via")?;
        let via = Via::parse(&via[..fields::first_value_end(via)]);
        let via = via.ok_or(ParseError::Malformed("Via"))?;
        if self.method().is_some_and(|method| method != cseq.method) {
            return Err(ParseError::MethodMismatch);
        }
        let hops = match hops {
            Some(span) if self.is_request() => Some(self.hops_of(span)?),
            _ => None,
        };
        let (from_tag, to_tag) = (from.param("tag"), to.param("tag"));
        Ok(Essentials {
            via,
            cseq,
            call_id,
            from_tag,
            to_tag,
            hops,
        })
    }

    fn hops_of(&self, span: &HeaderSpan) -> Result<u8, ParseError> {
        fields::number(self.value_of(span))
            .and_then(|hops| u8::try_from(hops).ok())
            .ok_or(ParseError::Malformed("Max-Forwards"))
    }

    /// All bytes that were parsed, without those after the body.
    pub fn bytes(&self) -> &'a [u8] {
        &self.bytes[..self.body_end]
    }

    /// Whether this is a request.
    pub fn is_request(&self) -> bool {
        matches!(self.start, StartLine::Request { .. })
    }

    /// The method of a request, case as sent.
    pub fn method(&self) -> Option<&'a [u8]> {
        match self.start {
            StartLine::Request { method_end, .. } => Some(&self.bytes[..usize::from(method_end)]),
            StartLine::Response { .. } => None,
        }
    }

    /// The Request-URI of a request.
    pub fn request_uri(&self) -> Option<&'a [u8]> {
        self.request_uri_span()
            .map(|(from, to)| &self.bytes[from..to])
    }

    pub(crate) fn request_uri_span(&self) -> Option<(usize, usize)> {
        match self.start {
            StartLine::Request {
                method_end,
                uri_end,
            } => Some((usize::from(method_end) + 1, usize::from(uri_end))),
            StartLine::Response { .. } => None,
        }
    }

    /// The status code of a response, 100–699.
    pub fn status(&self) -> Option<u16> {
        match self.start {
            StartLine::Response { status } => Some(status),
            StartLine::Request { .. } => None,
        }
    }

    /// The first header line of this name (long or compact, any case): its value with folds inside.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers(name).next()
    }

    /// All header lines of this name, in order. One line may hold several comma-separated values:
    /// see [`split_commas`].
    pub fn headers<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'a [u8]> + 'm {
        let kind = Kind::of(name.as_bytes());
        let wanted = names::long(name.as_bytes());
        self.headers.iter().filter_map(move |span| {
            let same = span.kind == kind
                && (kind != Kind::Other
                    || names::long(self.name_of(span)).eq_ignore_ascii_case(wanted));
            same.then(|| self.value_of(span))
        })
    }

    /// The body: `Content-Length` bytes, or the rest of the datagram without that header.
    pub fn body(&self) -> &'a [u8] {
        &self.bytes[self.headers_end..self.body_end]
    }

    /// `CSeq` if it is there and readable.
    pub fn cseq(&self) -> Option<CSeq<'a>> {
        fields::cseq(self.value(Kind::CSeq)?)
    }

    /// `Call-ID` as sent.
    pub fn call_id(&self) -> Option<&'a [u8]> {
        self.value(Kind::CallId)
    }

    /// The tag of `From`.
    pub fn from_tag(&self) -> Option<&'a [u8]> {
        self.address(Kind::From)?.param("tag")
    }

    /// The tag of `To`; absent outside a dialog.
    pub fn to_tag(&self) -> Option<&'a [u8]> {
        self.address(Kind::To)?.param("tag")
    }

    /// `From` taken apart.
    pub fn from(&self) -> Option<Address<'a>> {
        self.address(Kind::From)
    }

    /// `To` taken apart.
    pub fn to(&self) -> Option<Address<'a>> {
        self.address(Kind::To)
    }

    /// The first value of `Contact`.
    pub fn contact(&self) -> Option<Address<'a>> {
        Address::parse(split_commas(self.value(Kind::Contact)?).next()?)
    }

    /// The topmost Via, first of its comma list.
    pub fn top_via(&self) -> Option<Via<'a>> {
        Via::parse(split_commas(self.value(Kind::Via)?).next()?)
    }

    /// The branch of the topmost Via.
    pub fn top_via_branch(&self) -> Option<&'a [u8]> {
        self.top_via()?.branch
    }

    /// All Via values in order, comma lists taken apart.
    pub fn vias(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.spans(Kind::Via)
            .flat_map(|span| split_commas(self.value_of(span)))
    }

    /// `Max-Forwards`, or `None` if absent.
    ///
    /// # Errors
    /// [`ParseError::Malformed`] or [`ParseError::Repeated`] if it is not one number 0–255
    /// (RFC 3261 section 20.22).
    pub fn max_forwards(&self) -> Result<Option<u8>, ParseError> {
        let mut found = self.spans(Kind::MaxForwards);
        let Some(span) = found.next() else {
            return Ok(None);
        };
        if found.next().is_some() {
            return Err(ParseError::Repeated("Max-Forwards"));
        }
        self.hops_of(span).map(Some)
    }

    fn address(&self, kind: Kind) -> Option<Address<'a>> {
        Address::parse(self.value(kind)?)
    }

    pub(crate) fn span(&self, kind: Kind) -> Option<&HeaderSpan> {
        self.headers.iter().find(|span| span.kind == kind)
    }

    pub(crate) fn spans(&self, kind: Kind) -> impl Iterator<Item = &HeaderSpan> {
        self.headers.iter().filter(move |span| span.kind == kind)
    }

    pub(crate) fn value(&self, kind: Kind) -> Option<&'a [u8]> {
        self.span(kind).map(|span| self.value_of(span))
    }

    pub(crate) fn value_of(&self, span: &HeaderSpan) -> &'a [u8] {
        &self.bytes[usize::from(span.value)..usize::from(span.value_end)]
    }

    pub(crate) fn name_of(&self, span: &HeaderSpan) -> &'a [u8] {
        &self.bytes[usize::from(span.line)..usize::from(span.name_end)]
    }

    /// Where the blank line that ends the headers begins.
    pub(crate) fn blank_line(&self) -> usize {
        self.headers_end - 2
    }

    /// Where the start line ends, its CRLF included.
    pub(crate) fn start_line_end(&self) -> usize {
        self.headers
            .first()
            .map_or(self.blank_line(), |span| usize::from(span.line))
    }
}

/// The length of the body that a whole header block names, blank line included; `None` if it names
/// none. For streams, where it divides the messages.
pub(crate) fn framed_length(head: &[u8]) -> Result<Option<usize>, ParseError> {
    let mut at = line_end(head, 0)? + 2;
    let mut length = None;
    while head.get(at..at + 2) != Some(b"\r\n") {
        let span = header_line(head, at)?;
        if span.kind == Kind::ContentLength {
            let value = &head[usize::from(span.value)..usize::from(span.value_end)];
            let found = fields::number(value).and_then(|length| usize::try_from(length).ok());
            let found = found.ok_or(ParseError::ContentLength)?;
            if length.is_some_and(|known| known != found) {
                return Err(ParseError::ContentLength);
            }
            length = Some(found);
        }
        at = usize::from(span.end);
    }
    Ok(length)
}

/// The end of the line starting at `from`: the offset of its CRLF.
fn line_end(bytes: &[u8], from: usize) -> Result<usize, ParseError> {
    let rest = bytes.get(from..).ok_or(ParseError::Truncated)?;
    let at = memchr2(b'\r', b'\n', rest).ok_or(ParseError::Truncated)?;
    match (rest[at], rest.get(at + 1)) {
        (b'\r', Some(b'\n')) => Ok(from + at),
        (b'\r', None) => Err(ParseError::Truncated),
        _ => Err(ParseError::LineEnd),
    }
}

fn header_line(bytes: &[u8], line: usize) -> Result<HeaderSpan, ParseError> {
    let first_end = line_end(bytes, line)?;
    let first = &bytes[line..first_end];
    let name_len = first
        .iter()
        .take_while(|byte| fields::is_token(**byte))
        .count();
    let spaces = first[name_len..]
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    let colon = name_len + spaces;
    if name_len == 0 || first.get(colon) != Some(&b':') {
        return Err(ParseError::HeaderLine);
    }
    let name = &first[..name_len];
    let mut end = first_end;
    while matches!(bytes.get(end + 2), Some(b' ' | b'\t')) {
        end = line_end(bytes, end + 2)?;
    }
    let (from, to) = fields::trim(bytes, line + colon + 1, end);
    Ok(HeaderSpan {
        kind: Kind::of(name),
        line: short(line),
        name_end: short(line + name_len),
        value: short(from),
        value_end: short(to),
        end: short(end + 2),
    })
}

/// An offset as 16 bits; the length was checked against [`MESSAGE_BYTES_MAX`] before.
fn short(offset: usize) -> u16 {
    u16::try_from(offset).unwrap_or(u16::MAX)
}
