//! One received SIP message, read by `segue_sip::msg` and kept with the fields a user agent needs.

use segue_sip::msg::fields::{Address, uri_user};
use segue_sip::msg::{Message, split_commas};
use std::net::SocketAddr;

/// A received message that passed the parser and its mandatory-header check.
#[derive(Clone)]
pub(crate) struct Inbound {
    pub(crate) source: SocketAddr,
    /// Method of a request; `None` for a response.
    pub(crate) method: Option<String>,
    /// Status of a response; 0 for a request.
    pub(crate) status: u16,
    pub(crate) uri: String,
    pub(crate) call_id: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) from_tag: String,
    pub(crate) to_tag: Option<String>,
    pub(crate) branch: String,
    pub(crate) cseq: u32,
    pub(crate) cseq_method: String,
    pub(crate) vias: Vec<String>,
    pub(crate) record_routes: Vec<String>,
    pub(crate) contact: Option<String>,
    pub(crate) body: Vec<u8>,
    raw: Vec<u8>,
}

impl Inbound {
    /// Reads a datagram; `None` when it is not an acceptable SIP message.
    pub(crate) fn read(bytes: &[u8], source: SocketAddr) -> Option<Self> {
        let message = Message::parse(bytes).ok()?;
        message.check().ok()?;
        let cseq = message.cseq()?;
        Some(Self {
            source,
            method: message.method().map(text),
            status: message.status().unwrap_or(0),
            uri: message.request_uri().map(text).unwrap_or_default(),
            call_id: text(message.call_id()?),
            from: text(message.header("From")?),
            to: text(message.header("To")?),
            from_tag: message.from_tag().map(text).unwrap_or_default(),
            to_tag: message.to_tag().map(text),
            branch: message.top_via_branch().map(text).unwrap_or_default(),
            cseq: cseq.number,
            cseq_method: text(cseq.method),
            vias: message.headers("Via").map(text).collect(),
            record_routes: message
                .headers("Record-Route")
                .flat_map(split_commas)
                .map(text)
                .collect(),
            contact: message.contact().map(|contact| text(contact.uri)),
            body: message.body().to_vec(),
            raw: bytes.to_vec(),
        })
    }

    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let message = Message::parse(&self.raw).ok()?;
        message.header(name).map(text)
    }

    /// The caller's number: P-Asserted-Identity (RFC 3325) before From; `None` when withheld.
    pub(crate) fn caller(&self) -> Option<String> {
        let asserted = self.header("P-Asserted-Identity");
        let asserted = asserted
            .as_deref()
            .and_then(|value| split_commas(value.as_bytes()).next().map(text))
            .and_then(|value| user_of(&value));
        asserted
            .or_else(|| user_of(&self.from))
            .filter(|user| !user.eq_ignore_ascii_case("anonymous") && !user.is_empty())
    }

    /// The user part of the Request-URI.
    pub(crate) fn dialled(&self) -> String {
        uri_user(self.uri.as_bytes()).map(text).unwrap_or_default()
    }

    /// A response to this request: Via, From, To, Call-ID and `CSeq` copied (RFC 3261 §8.2.6.2), `to_tag` added.
    pub(crate) fn response(&self, status: u16, to_tag: &str, more: &str, body: &str) -> Vec<u8> {
        let mut out = format!("SIP/2.0 {status} {}\r\n", reason(status));
        for via in &self.vias {
            line(&mut out, "Via", via);
        }
        line(&mut out, "From", &self.from);
        if self.to_tag.is_some() || status == 100 {
            line(&mut out, "To", &self.to);
        } else {
            line(&mut out, "To", &format!("{};tag={to_tag}", self.to));
        }
        line(&mut out, "Call-ID", &self.call_id);
        line(
            &mut out,
            "CSeq",
            &format!("{} {}", self.cseq, self.cseq_method),
        );
        out.push_str(more);
        finish(out, body)
    }
}

/// The user part of the URI in an address header value.
pub(crate) fn user_of(value: &str) -> Option<String> {
    uri_user(Address::parse(value.as_bytes())?.uri).map(text)
}

/// Appends one header line.
pub(crate) fn line(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push_str(": ");
    out.push_str(value);
    out.push_str("\r\n");
}

/// Ends a message that carries a session description, or nothing.
pub(crate) fn finish(out: String, body: &str) -> Vec<u8> {
    finish_as(out, "application/sdp", body)
}

/// Ends a message: body type, length, blank line, body.
pub(crate) fn finish_as(mut out: String, content_type: &str, body: &str) -> Vec<u8> {
    if !body.is_empty() {
        line(&mut out, "Content-Type", content_type);
    }
    line(&mut out, "Content-Length", &body.len().to_string());
    out.push_str("\r\n");
    out.push_str(body);
    out.into_bytes()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The usual reason phrase (RFC 3261 §21).
fn reason(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        200 => "OK",
        202 => "Accepted",
        302 => "Moved Temporarily",
        404 => "Not Found",
        405 => "Method Not Allowed",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        500 => "Server Internal Error",
        503 => "Service Unavailable",
        603 => "Decline",
        _ => match status / 100 {
            1 => "Progress",
            2 => "Success",
            3 => "Redirection",
            4 => "Client Error",
            5 => "Server Error",
            _ => "Global Failure",
        },
    }
}
