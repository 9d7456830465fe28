//! Forwarding by splicing, and the few messages that are written here.
//!
//! A forwarded request differs from the received one in Request-URI, top Via, top Route (if it is
//! ours), Max-Forwards and the added `X-Segue-Call`; a forwarded response in the top Via. Every other
//! byte travels as it came, so that STIR/SHAKEN stays valid.

use crate::branch::hex128;
use crate::hop::{Hop, Transport};
use crate::identity::Identity;
use crate::msg::fields::{Address, Via, first_value_end, ip, trim};
use crate::msg::{HeaderSpan, Kind, Message, request_uri, split_commas};
use std::io::Write;
use std::net::{IpAddr, SocketAddr};

pub(crate) fn put(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// Writes a displayable value; a `Vec` never refuses.
pub(crate) fn put_display(out: &mut Vec<u8>, value: std::fmt::Arguments<'_>) {
    let _infallible = out.write_fmt(value);
}

/// What changes in a forwarded request.
pub(crate) struct Forward<'a> {
    pub(crate) me: &'a Identity,
    /// Where it goes: decides how we name ourselves.
    pub(crate) to: Hop,
    /// Where it came from, if we are to stay in the path of the dialog (`Record-Route`).
    pub(crate) record_route: Option<Hop>,
    pub(crate) branch: &'a [u8],
    /// The new Request-URI, or as received.
    pub(crate) uri: Option<&'a [u8]>,
    /// Hops left after this one.
    pub(crate) max_forwards: u8,
    /// The token of `X-Segue-Call`.
    pub(crate) call: Option<u128>,
}

/// A request as it goes to the next hop. `out` is emptied first.
pub(crate) fn forward_request(message: &Message<'_>, edit: &Forward<'_>, out: &mut Vec<u8>) {
    out.clear();
    let bytes = message.bytes();
    let Some((uri_from, uri_to)) = message.request_uri_span() else {
        return;
    };
    let line_end = message.start_line_end();
    let uri = edit.uri.unwrap_or(&bytes[uri_from..uri_to]);
    put(out, &[&bytes[..uri_from], uri, &bytes[uri_to..line_end]]);
    edit.me.via(edit.to, edit.branch, out);
    if let Some(from) = edit.record_route {
        edit.me.record_route(from, edit.to, out);
    }
    if let Some(token) = edit.call {
        put(out, &[b"X-Segue-Call: ", &hex128(token), b"\r\n"]);
    }
    let hops = message
        .span(Kind::MaxForwards)
        .map(|span| (range(span), true));
    if hops.is_none() {
        put_display(out, format_args!("Max-Forwards: {}\r\n", edit.max_forwards));
    }
    let [first, second] = own_routes(message, edit.me);
    let mut cuts = [
        hops,
        first.map(|cut| (cut, false)),
        second.map(|cut| (cut, false)),
    ];
    cuts.sort_unstable_by_key(|cut| cut.map(|((from, _), _)| from));
    let mut at = line_end;
    for ((from, to), is_hops) in cuts.into_iter().flatten() {
        put(out, &[&bytes[at..from]]);
        if is_hops {
            put_display(out, format_args!("{}", edit.max_forwards));
        }
        at = to;
    }
    put(out, &[&bytes[at..]]);
}

fn range(span: &HeaderSpan) -> (usize, usize) {
    (usize::from(span.value), usize::from(span.value_end))
}

/// The bytes to cut so that the first value of a comma list disappears: its line, or up to the next
/// value.
fn first_value_cut(message: &Message<'_>, span: &HeaderSpan) -> (usize, usize) {
    let (from, to) = range(span);
    let value = message.value_of(span);
    let end = first_value_end(value);
    if end == value.len() {
        return (usize::from(span.line), usize::from(span.end));
    }
    (from, trim(message.bytes(), from + end + 1, to).0)
}

/// The bytes of the top Routes that name this router (RFC 3261 section 16.4); two where it stands
/// between two transports (RFC 5658).
fn own_routes(message: &Message<'_>, me: &Identity) -> [Option<(usize, usize)>; 2] {
    let own = |value: &[u8]| Address::parse(value).is_some_and(|address| me.is_me(address.uri));
    let mut cuts = [None; 2];
    let mut spans = message.spans(Kind::Route);
    for cut in &mut cuts {
        let Some(span) = spans.next() else { break };
        let value = message.value_of(span);
        let end = first_value_end(value);
        if !own(&value[..end]) {
            break;
        }
        let first = first_value_cut(message, span);
        *cut = Some(first);
        if end < value.len() {
            let second = first_value_end(&value[end + 1..]) + end + 1;
            if own(&value[end + 1..second]) {
                let (from, to) = range(span);
                *cut = Some(if second == value.len() {
                    (usize::from(span.line), usize::from(span.end))
                } else {
                    (from, trim(message.bytes(), from + second + 1, to).0)
                });
            }
            break;
        }
    }
    cuts
}

/// Where a request within a dialog goes next: the first Route that is not ours, else the Request-URI.
pub(crate) fn next_hop<'a>(message: &Message<'a>, me: &Identity) -> Option<&'a [u8]> {
    message
        .spans(Kind::Route)
        .flat_map(|span| split_commas(message.value_of(span)))
        .filter_map(|value| Address::parse(value).map(|address| address.uri))
        .find(|uri| !me.is_me(uri))
        .or_else(|| message.request_uri())
}

/// Writes the request with `received` and `rport` filled into its top Via (RFC 3261 section 18.2.1,
/// RFC 3581); `false`, and nothing written, if it needs neither.
pub(crate) fn stamp_source(
    message: &Message<'_>,
    via: &Via<'_>,
    source: Hop,
    out: &mut Vec<u8>,
) -> bool {
    let Some(span) = message.span(Kind::Via) else {
        return false;
    };
    // A stream's answers go back on its own connection: its port is noted though nobody asked.
    let rport = via.param("rport").is_some() || source.transport.is_stream();
    let source = source.addr;
    if !rport && ip(via.host).map(canonical) == Some(canonical(source.ip())) {
        return false;
    }
    out.clear();
    let bytes = message.bytes();
    let start = usize::from(span.value);
    let first = &message.value_of(span)[..first_value_end(message.value_of(span))];
    let first = &first[..trim(first, 0, first.len()).1];
    let head = first.len().saturating_sub(via.params.len());
    put(out, &[&bytes[..start], trim_end(&first[..head])]);
    for (name, value) in crate::msg::fields::Params::new(via.params) {
        let stale = ["received", "rport"]
            .iter()
            .any(|n| name.eq_ignore_ascii_case(n.as_bytes()));
        if !stale {
            put(out, &[b";", name]);
            if let Some(value) = value {
                put(out, &[b"=", value]);
            }
        }
    }
    put_display(out, format_args!(";received={}", canonical(source.ip())));
    if rport {
        put_display(out, format_args!(";rport={}", source.port()));
    }
    put(out, &[&bytes[start + first.len()..]]);
    true
}

fn trim_end(text: &[u8]) -> &[u8] {
    &text[..trim(text, 0, text.len()).1]
}

/// IPv4-mapped IPv6 addresses as IPv4, so that one host has one name.
pub(crate) fn canonical(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

/// Where a response to this Via goes (RFC 3261 section 18.2.2, RFC 3581). `None` for a name that
/// would have to be looked up, or a transport not spoken here.
pub(crate) fn reply_hop(via: &Via<'_>) -> Option<Hop> {
    Some(Hop::new(Transport::of(via.transport)?, reply_address(via)?))
}

pub(crate) fn reply_address(via: &Via<'_>) -> Option<SocketAddr> {
    let host = via
        .param("received")
        .filter(|text| !text.is_empty())
        .unwrap_or(via.host);
    let rport = via
        .param("rport")
        .and_then(|text| std::str::from_utf8(text).ok())
        .and_then(|text| text.parse().ok());
    Some(SocketAddr::new(
        ip(host)?,
        rport.or(via.port).unwrap_or(5060),
    ))
}

/// A response without its top Via. `false` if no Via is left: then nobody upstream is named.
pub(crate) fn forward_response(message: &Message<'_>, out: &mut Vec<u8>) -> bool {
    out.clear();
    if message.vias().nth(1).is_none() {
        return false;
    }
    let Some(span) = message.span(Kind::Via) else {
        return false;
    };
    let (from, to) = first_value_cut(message, span);
    put(out, &[&message.bytes()[..from], &message.bytes()[to..]]);
    true
}

/// The usual words for a status (RFC 3261 section 21).
pub(crate) fn reason(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        200 => "OK",
        302 => "Moved Temporarily",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        486 => "Busy Here",
        487 => "Request Terminated",
        500 => "Server Internal Error",
        503 => "Service Unavailable",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        600 => "Busy Everywhere",
        603 => "Decline",
        _ => "Answer",
    }
}

/// A response written here. `extra` is whole header lines.
pub(crate) fn reply(
    request: &Message<'_>,
    status: u16,
    to_tag: Option<u64>,
    extra: &[u8],
    out: &mut Vec<u8>,
) {
    out.clear();
    put_display(out, format_args!("SIP/2.0 {status} {}\r\n", reason(status)));
    copy(request, Kind::Via, out);
    copy(request, Kind::From, out);
    if let Some(to) = request.value(Kind::To) {
        put(out, &[b"To: ", to]);
        if let Some(tag) = to_tag.filter(|_| request.to_tag().is_none()) {
            put_display(out, format_args!(";tag={tag:016x}"));
        }
        put(out, &[b"\r\n"]);
    }
    copy(request, Kind::CallId, out);
    copy(request, Kind::CSeq, out);
    put(out, &[extra, b"Content-Length: 0\r\n\r\n"]);
}

/// Copies all lines of a header byte for byte.
fn copy(message: &Message<'_>, kind: Kind, out: &mut Vec<u8>) {
    for span in message.spans(kind) {
        put(
            out,
            &[&message.bytes()[usize::from(span.line)..usize::from(span.end)]],
        );
    }
}

/// The CANCEL of a forwarded INVITE (RFC 3261 section 9.1). `request` is the INVITE as received.
pub(crate) fn cancel(request: &Message<'_>, edit: &Forward<'_>, out: &mut Vec<u8>) {
    out.clear();
    let uri = edit.uri.or(request.request_uri()).unwrap_or_default();
    put(out, &[b"CANCEL ", uri, b" SIP/2.0\r\n"]);
    edit.me.via(edit.to, edit.branch, out);
    put(out, &[b"Max-Forwards: 70\r\n"]);
    routes_without_own(request, edit.me, out);
    copy(request, Kind::From, out);
    copy(request, Kind::To, out);
    copy(request, Kind::CallId, out);
    put_cseq(request, 0, b"CANCEL", out);
    put(out, &[b"Content-Length: 0\r\n\r\n"]);
}

fn routes_without_own(request: &Message<'_>, me: &Identity, out: &mut Vec<u8>) {
    let values = request
        .spans(Kind::Route)
        .flat_map(|s| split_commas(request.value_of(s)));
    let own = |value: &&[u8]| Address::parse(value).is_some_and(|route| me.is_me(route.uri));
    for value in values.skip_while(own) {
        put(out, &[b"Route: ", value, b"\r\n"]);
    }
}

fn put_cseq(message: &Message<'_>, plus: u32, method: &[u8], out: &mut Vec<u8>) {
    let number = message
        .cseq()
        .map_or(1, |cseq| cseq.number)
        .saturating_add(plus);
    put_display(out, format_args!("CSeq: {number} "));
    put(out, &[method, b"\r\n"]);
}

/// The ACK of a refusal, built from the refusal itself, so that it needs no stored request
/// (RFC 3261 section 17.1.1.3).
pub(crate) fn ack_refusal(
    response: &Message<'_>,
    (me, to): (&Identity, Hop),
    branch: &[u8],
    uri: &[u8],
    out: &mut Vec<u8>,
) {
    out.clear();
    put(out, &[b"ACK ", uri, b" SIP/2.0\r\n"]);
    me.via(to, branch, out);
    within_dialog(response, 0, b"ACK", out);
}

/// ACK or BYE for a 2xx that nobody upstream waits for (RFC 3261 sections 13.2.2.4 and 15.1.1).
pub(crate) fn end_of_answered(
    response: &Message<'_>,
    (me, to): (&Identity, Hop),
    branch: &[u8],
    uri: &[u8],
    method: &[u8],
    out: &mut Vec<u8>,
) {
    out.clear();
    // A Contact may hold what a Request-URI may not; then the target is asked as it was called.
    let contact = response.contact();
    let contact = contact.filter(|address| request_uri(address.uri).is_ok());
    put(
        out,
        &[
            method,
            b" ",
            contact.map_or(uri, |address| address.uri),
            b" SIP/2.0\r\n",
        ],
    );
    me.via(to, branch, out);
    let routes: Vec<&[u8]> = response
        .spans(Kind::RecordRoute)
        .flat_map(|span| split_commas(response.value_of(span)))
        .collect();
    for route in routes.iter().rev() {
        put(out, &[b"Route: ", route, b"\r\n"]);
    }
    within_dialog(response, u32::from(method == b"BYE"), method, out);
}

fn within_dialog(response: &Message<'_>, plus: u32, method: &[u8], out: &mut Vec<u8>) {
    put(out, &[b"Max-Forwards: 70\r\n"]);
    copy(response, Kind::From, out);
    copy(response, Kind::To, out);
    copy(response, Kind::CallId, out);
    put_cseq(response, plus, method, out);
    put(out, &[b"Content-Length: 0\r\n\r\n"]);
}

/// The Contacts of a 302, `q` falling from 1.0 by a tenth, and the call's token.
pub(crate) fn contacts<'a>(
    targets: impl Iterator<Item = (Option<&'a str>, Hop)>,
    called: &[u8],
    token: Option<u128>,
    out: &mut Vec<u8>,
) {
    out.clear();
    for (place, (uri, to)) in targets.enumerate() {
        put(out, &[b"Contact: <"]);
        if let Some(uri) = uri {
            put(out, &[uri.as_bytes()]);
        } else {
            put(out, &[b"sip:", called, b"@"]);
            put_display(out, format_args!("{}", to.addr));
            if to.transport.is_stream() {
                put_display(out, format_args!(";transport={}", to.transport));
            }
        }
        let q = [b"1.0", b"0.9", b"0.8", b"0.7"][place.min(3)];
        put(out, &[b">;q=", q, b"\r\n"]);
    }
    if let Some(token) = token {
        put(out, &[b"X-Segue-Call: ", &hex128(token), b"\r\n"]);
    }
}

/// A response whose Vias are those of the request it answers, everything else as it came.
pub(crate) fn rebuild_response(request: &Message<'_>, response: &Message<'_>, out: &mut Vec<u8>) {
    out.clear();
    let bytes = response.bytes();
    let mut at = response.start_line_end();
    put(out, &[&bytes[..at]]);
    copy(request, Kind::Via, out);
    for span in response.spans(Kind::Via) {
        put(out, &[&bytes[at..usize::from(span.line)]]);
        at = usize::from(span.end);
    }
    put(out, &[&bytes[at..]]);
}

/// The branch of the top Via if these bytes begin an INVITE or OPTIONS that we sent; they may be cut
/// short.
pub(crate) fn branch_of_sent(packet: &[u8]) -> Option<&[u8]> {
    let packet = packet
        .strip_prefix(b"INVITE ")
        .or_else(|| packet.strip_prefix(b"OPTIONS "))?;
    let line_end = memchr::memchr(b'\n', packet)?;
    let via = packet[line_end + 1..].strip_prefix(b"Via: ")?;
    let via = &via[..memchr::memchr(b'\r', via)?];
    Via::parse(via)?.branch
}
