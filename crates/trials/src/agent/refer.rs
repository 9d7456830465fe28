//! What a transfer names: the new target with the call it replaces (RFC 3515, RFC 3891, RFC 5589), and who sent us there
//! (RFC 3892).

use segue_sip::msg::fields::Address;
use std::fmt::Write as _;

/// A dialog, as one of its ends names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialogId {
    /// Call-ID.
    pub call_id: String,
    /// This end's tag.
    pub local_tag: String,
    /// The other end's tag.
    pub remote_tag: String,
}

/// Whom we are asked to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referred {
    /// The URI, without the headers in it.
    pub uri: String,
    /// The call there that the new one replaces: the value of Replaces.
    pub replaces: Option<String>,
    /// Who sent us, as they say: the value of Referred-By.
    pub by: Option<String>,
}

impl DialogId {
    /// A URI that asks whoever calls it to replace this dialog, which leads there.
    pub(super) fn replaced_at(&self, target: &str) -> String {
        let Self {
            call_id,
            local_tag,
            remote_tag,
        } = self;
        let replaces = format!("{call_id};to-tag={remote_tag};from-tag={local_tag}");
        format!("{target}?Replaces={}", escaped(&replaces))
    }

    /// The dialog that a Replaces header names, as the end that reads it names it.
    pub fn of_replaces(value: &str) -> Option<Self> {
        let mut parts = value.split(';').map(str::trim);
        let call_id = parts.next().filter(|id| !id.is_empty())?.to_owned();
        let (mut local_tag, mut remote_tag) = (None, None);
        for part in parts {
            let Some((name, value)) = part.split_once('=') else {
                continue;
            };
            let place = match name.trim() {
                name if name.eq_ignore_ascii_case("to-tag") => &mut local_tag,
                name if name.eq_ignore_ascii_case("from-tag") => &mut remote_tag,
                _ => continue,
            };
            *place = Some(value.trim().to_owned());
        }
        Some(Self {
            call_id,
            local_tag: local_tag?,
            remote_tag: remote_tag?,
        })
    }
}

impl Referred {
    /// Reads the values of Refer-To and Referred-By.
    pub(super) fn read(refer_to: &str, by: Option<String>) -> Option<Self> {
        let address = Address::parse(refer_to.as_bytes())?;
        let whole = std::str::from_utf8(address.uri).ok()?;
        // The user part may hold a question mark of its own.
        let user = whole.find('@').unwrap_or(0);
        let mark = whole[user..].find('?').map(|at| user + at);
        let (uri, headers) = mark.map_or((whole, ""), |at| (&whole[..at], &whole[at + 1..]));
        let replaces = headers.split('&').find_map(|header| {
            let (name, value) = header.split_once('=')?;
            name.eq_ignore_ascii_case("Replaces").then_some(value)
        });
        let replaces = match replaces {
            Some(value) => Some(unescaped(value)?),
            None => None,
        };
        (!uri.is_empty()).then(|| Self {
            uri: uri.to_owned(),
            replaces,
            by,
        })
    }
}

/// Escapes what may not stand in a header of a URI (RFC 3261 §25.1).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Undoes it; nothing where an escape is none, or hides a line break.
fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &rest[2..];
    }
    let text = String::from_utf8(bytes).ok()?;
    (!text.contains(['\r', '\n', '\0'])).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_end_asks_to_replace_is_what_the_other_end_finds() {
        let agent = DialogId {
            call_id: "a1;b=2@10.0.0.3".replace(';', "-"),
            local_tag: "agent".into(),
            remote_tag: "nurse".into(),
        };
        let target = agent.replaced_at("sip:7900@10.0.0.5:5060;transport=udp");
        let header = format!("<{target}&Require=replaces>");
        let referred = Referred::read(&header, Some("<sip:agent@10.0.0.3>".into())).unwrap();
        assert_eq!(referred.uri, "sip:7900@10.0.0.5:5060;transport=udp");
        assert_eq!(referred.by.as_deref(), Some("<sip:agent@10.0.0.3>"));
        let at_the_nurse = DialogId::of_replaces(&referred.replaces.unwrap()).unwrap();
        assert_eq!(
            at_the_nurse,
            DialogId {
                call_id: agent.call_id,
                local_tag: "nurse".into(),
                remote_tag: "agent".into()
            }
        );
    }

    #[test]
    fn the_example_of_rfc_3891_is_read() {
        let value = "425928@bobster.example.org;to-tag=7743;from-tag=6472";
        let read = DialogId::of_replaces(value).unwrap();
        assert_eq!(
            (
                read.call_id.as_str(),
                read.local_tag.as_str(),
                read.remote_tag.as_str()
            ),
            ("425928@bobster.example.org", "7743", "6472")
        );
    }

    #[test]
    fn garbage_is_no_transfer() {
        for header in [
            "<>",
            "<sip:7900@10.0.0.5?Replaces=%0D%0AVia>",
            "<sip:7900@10.0.0.5?Replaces=a%4>",
            "<sip:7900@10.0.0.5?Replaces=a%+1>",
            "<sip:7900@10.0.0.5?Replaces=%FF>",
        ] {
            assert_eq!(Referred::read(header, None), None, "{header}");
        }
        for value in [
            "",
            ";to-tag=1;from-tag=2",
            "a;to-tag=1",
            "a;from-tag=1",
            "a;to-tag;from-tag",
        ] {
            assert_eq!(DialogId::of_replaces(value), None, "{value}");
        }
        let plain = Referred::read("sip:7900@10.0.0.5", None).unwrap();
        assert_eq!((plain.replaces, plain.by), (None, None));
    }
}
