//! Messages out of a byte stream by Content-Length (RFC 3261 section 18.3), and keep-alives
//! (RFC 5626 section 4.4.1). Pure: bytes in, frames out, nothing beyond its bound is kept.

use crate::msg::{ParseError, framed_length};
use memchr::memmem;
use thiserror::Error;

/// Most bytes of keep-alive CRLF swallowed at one go without a message between.
const BLANK_BYTES_MAX: usize = 4_096;

/// Why a stream cannot be read on. The connection has to be closed: where the next message begins
/// is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// Header block or body over the limit.
    #[error("a message on the stream is over the size limit; send fewer headers or a shorter body")]
    TooLong,
    /// No `Content-Length` (RFC 3261 section 20.14: mandatory on streams).
    #[error("a message on the stream has no Content-Length; streams need it")]
    NoLength,
    /// The header block is no header block.
    #[error("the stream cannot be divided into messages: {0}")]
    Malformed(#[from] ParseError),
    /// Nothing but line ends.
    #[error("the stream holds nothing but blank lines; send one CRLF pair as keep-alive")]
    Blank,
}

/// What came next on the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A whole message.
    Message(Vec<u8>),
    /// A keep-alive (two CRLF), to be answered by one CRLF.
    Ping,
}

/// Collects the bytes of one connection.
#[derive(Debug)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Bytes already searched for the end of the headers.
    searched: usize,
    /// Length of the whole message, once its headers are known.
    length: Option<usize>,
    message_bytes_max: usize,
}

impl Framer {
    /// For messages of at most this many bytes.
    pub fn new(message_bytes_max: usize) -> Self {
        Self {
            buffer: Vec::new(),
            searched: 0,
            length: None,
            message_bytes_max,
        }
    }

    /// Bytes arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether part of a message waits for the rest of it.
    pub fn is_amid(&self) -> bool {
        self.leading_blank() < self.buffer.len()
    }

    /// The next whole frame, or `None` until more bytes arrive.
    ///
    /// # Errors
    /// [`FrameError`]: the stream cannot be read on.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        if self.length.is_none() {
            if self.buffer.starts_with(b"\r\n\r\n") {
                self.buffer.drain(..4);
                return Ok(Some(Frame::Ping));
            }
            // A single CRLF is the answer to a keep-alive, or stands before a start line; while it may
            // yet become a ping it waits.
            let blank = self.leading_blank();
            if blank > BLANK_BYTES_MAX {
                return Err(FrameError::Blank);
            }
            if blank < self.buffer.len() {
                self.buffer.drain(..blank);
            } else {
                return Ok(None);
            }
        }
        let Some(length) = self.message_length()? else {
            return Ok(None);
        };
        if self.buffer.len() < length {
            return Ok(None);
        }
        let rest = self.buffer.split_off(length);
        let message = std::mem::replace(&mut self.buffer, rest);
        (self.searched, self.length) = (0, None);
        Ok(Some(Frame::Message(message)))
    }

    fn leading_blank(&self) -> usize {
        self.buffer
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count()
    }

    fn message_length(&mut self) -> Result<Option<usize>, FrameError> {
        if self.length.is_some() {
            return Ok(self.length);
        }
        let from = self.searched.saturating_sub(3);
        let Some(at) = memmem::find(&self.buffer[from..], b"\r\n\r\n") else {
            self.searched = self.buffer.len();
            return if self.buffer.len() > self.message_bytes_max {
                Err(FrameError::TooLong)
            } else {
                Ok(None)
            };
        };
        let headers = from + at + 4;
        if headers > self.message_bytes_max {
            return Err(FrameError::TooLong);
        }
        let body = framed_length(&self.buffer[..headers])?.ok_or(FrameError::NoLength)?;
        let length = headers
            .checked_add(body)
            .filter(|length| *length <= self.message_bytes_max)
            .ok_or(FrameError::TooLong)?;
        self.length = Some(length);
        Ok(self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(body: &str) -> Vec<u8> {
        format!(
            "OPTIONS sip:a@192.0.2.1 SIP/2.0\r\nl: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    fn all(framer: &mut Framer) -> Vec<Frame> {
        std::iter::from_fn(|| framer.next_frame().expect("readable")).collect()
    }

    #[test]
    fn pings_pongs_and_messages_come_apart() {
        let mut framer = Framer::new(1_000);
        let (a, b) = (message("hello"), message(""));
        let stream = [&b"\r\n\r\n"[..], &a, b"\r\n", &b, b"\r\n\r\n"].concat();
        framer.push(&stream);
        let got = all(&mut framer);
        let whole = [
            Frame::Ping,
            Frame::Message(a),
            Frame::Message(b),
            Frame::Ping,
        ];
        assert_eq!(got, whole);
        assert!(!framer.is_amid());
    }

    #[test]
    fn what_cannot_be_divided_is_an_error() {
        let fault = |bytes: &[u8]| {
            let mut framer = Framer::new(200);
            framer.push(bytes);
            framer.next_frame().expect_err("unreadable")
        };
        assert_eq!(
            fault(b"OPTIONS sip:a SIP/2.0\r\n\r\n"),
            FrameError::NoLength
        );
        assert_eq!(fault(&[b'x'; 201]), FrameError::TooLong);
        let long = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 999\r\n\r\n";
        assert_eq!(fault(long), FrameError::TooLong);
        let two = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\n";
        assert!(matches!(fault(two), FrameError::Malformed(_)));
        let huge = b"OPTIONS sip:a SIP/2.0\r\nl: 99999999999999999999\r\n\r\n";
        assert!(matches!(fault(huge), FrameError::Malformed(_)));
        assert_eq!(fault(&b"\r\n".repeat(3_000)[1..]), FrameError::Blank);
    }

    proptest! {
        /// However the bytes are cut into pieces, the same messages come out.
        #[test]
        fn pieces_do_not_matter(
            bodies in proptest::collection::vec("[a-z\r\n]{0,40}", 1..6),
            cuts in proptest::collection::vec(1_usize..30, 1..40),
        ) {
            let sent: Vec<Vec<u8>> = bodies.iter().map(|body| message(body)).collect();
            let stream = sent.concat();
            let mut framer = Framer::new(1_000);
            let (mut at, mut got) = (0, Vec::new());
            for cut in cuts.iter().cycle() {
                let to = (at + cut).min(stream.len());
                framer.push(&stream[at..to]);
                got.extend(all(&mut framer));
                at = to;
                if at == stream.len() {
                    break;
                }
            }
            let whole: Vec<Frame> = sent.into_iter().map(Frame::Message).collect();
            prop_assert_eq!(got, whole);
        }
    }
}
