//! Header names: those the router acts on, and the compact forms (RFC 3261 section 7.3.3).

/// The headers that the router itself reads or edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the header of that name")]
pub enum Kind {
    Via,
    Route,
    RecordRoute,
    MaxForwards,
    From,
    To,
    CallId,
    CSeq,
    Contact,
    ContentLength,
    ProxyRequire,
    /// Every other header.
    Other,
}

impl Kind {
    /// Which header a name means, long or compact, in any case.
    pub fn of(name: &[u8]) -> Self {
        let is = |long: &[u8]| name.eq_ignore_ascii_case(long);
        match name.len() {
            1 => match name[0].to_ascii_lowercase() {
                b'v' => Self::Via,
                b'f' => Self::From,
                b't' => Self::To,
                b'i' => Self::CallId,
                b'm' => Self::Contact,
                b'l' => Self::ContentLength,
                _ => Self::Other,
            },
            2 if is(b"to") => Self::To,
            3 if is(b"via") => Self::Via,
            4 if is(b"from") => Self::From,
            4 if is(b"cseq") => Self::CSeq,
            5 if is(b"route") => Self::Route,
            7 if is(b"call-id") => Self::CallId,
            7 if is(b"contact") => Self::Contact,
            12 if is(b"max-forwards") => Self::MaxForwards,
            12 if is(b"record-route") => Self::RecordRoute,
            13 if is(b"proxy-require") => Self::ProxyRequire,
            14 if is(b"content-length") => Self::ContentLength,
            _ => Self::Other,
        }
    }
}

/// The long form of a compact name; any other name as it is. The list is the registry's
/// (RFC 3261, 3515, 3841, 3892, 4028, 8224).
pub(super) fn long(name: &[u8]) -> &[u8] {
    let [letter] = name else { return name };
    match letter.to_ascii_lowercase() {
        b'a' => b"Accept-Contact",
        b'b' => b"Referred-By",
        b'c' => b"Content-Type",
        b'd' => b"Request-Disposition",
        b'e' => b"Content-Encoding",
        b'j' => b"Reject-Contact",
        b'k' => b"Supported",
        b'n' => b"Identity-Info",
        b'o' => b"Event",
        b'r' => b"Refer-To",
        b's' => b"Subject",
        b'u' => b"Allow-Events",
        b'x' => b"Session-Expires",
        b'y' => b"Identity",
        _ => name,
    }
}
