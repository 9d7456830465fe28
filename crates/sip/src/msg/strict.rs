//! The faults that a router may leave alone and a full check may not: headers it does not read.
//!
//! Off the fast path: for validation, sampling, and to say what is wrong with a peer's messages.

use super::fields::{Address, is_token, split_commas};
use super::{Kind, Message, ParseError};

const DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

impl Message<'_> {
    /// [`Self::check`], and the grammar of `Date`, and of names and addresses in From, To and Contact.
    ///
    /// # Errors
    /// The first fault found. Source: RFC 3261 sections 20.10, 20.17 and 25.1; RFC 4475 section 3.1.2.
    pub fn validate(&self) -> Result<(), ParseError> {
        self.check()?;
        if self.header("Date").is_some_and(|date| !is_date(date)) {
            return Err(ParseError::Malformed("Date"));
        }
        let kinds = [
            (Kind::From, "From"),
            (Kind::To, "To"),
            (Kind::Contact, "Contact"),
        ];
        for (kind, name) in kinds {
            let mut values = self.spans(kind).flat_map(|span| {
                let value = self.value_of(span);
                // From and To hold one address, whose unquoted comma is a fault and no separator.
                let list = kind == Kind::Contact;
                split_commas(if list { value } else { &[] }).chain((!list).then_some(value))
            });
            if !values.all(|value| value.is_empty() || is_address(value)) {
                return Err(ParseError::Malformed(name));
            }
        }
        Ok(())
    }
}

/// `Sat, 13 Nov 2010 23:29:00 GMT`: no other zone (RFC 3261 section 25.1, SIP-date).
fn is_date(value: &[u8]) -> bool {
    let digits = |from: usize, to: usize| value[from..to].iter().all(u8::is_ascii_digit);
    value.len() == 29
        && DAYS.contains(&&value[..3])
        && &value[3..5] == b", "
        && digits(5, 7)
        && value[7] == b' '
        && MONTHS.contains(&&value[8..11])
        && value[11] == b' '
        && digits(12, 16)
        && value[16] == b' '
        && digits(17, 19)
        && value[19] == b':'
        && digits(20, 22)
        && value[22] == b':'
        && digits(23, 25)
        && &value[25..] == b" GMT"
}

fn is_address(value: &[u8]) -> bool {
    value == b"*" || Address::parse(value).is_some_and(|address| is_sound(value, &address))
}

/// A display name is quoted or made of tokens; a bare URI has no `?` (section 20.10).
fn is_sound(value: &[u8], address: &Address<'_>) -> bool {
    let quoted = address.display.first() == Some(&b'"');
    let token = |byte: &u8| is_token(*byte) || matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let bracketed = value.contains(&b'<');
    (quoted || address.display.iter().all(token)) && (bracketed || !address.uri.contains(&b'?'))
}
