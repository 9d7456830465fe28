//! Twilio: the signature of its webhooks, and `TwiML` that falls through.
//!
//! `<Dial>` tries one target; when it ends, Twilio asks its `action` URL with `DialCallStatus`. A call
//! that was talked is over; any other end gets the next target. Source: Twilio's documents "Webhooks
//! security" (`X-Twilio-Signature`: base64 of HMAC-SHA1 over the URL and the sorted POST parameters)
//! and "`TwiML`: Dial".

use crate::answer::{Answer, Reply};
use crate::ask::BadAsk;
use crate::form::Form;
use crate::text::xml;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use std::fmt::Write;

/// Whether the signature is Twilio's: made with the account's token over the URL that Twilio was
/// given (query included) and the form. Compared in constant time.
pub fn is_signed(token: &[u8], url: &str, body: &[u8], signature: &str) -> bool {
    let (Ok(form), Ok(sent)) = (Form::read(body), STANDARD.decode(signature)) else {
        return false;
    };
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token) else {
        return false;
    };
    mac.update(url.as_bytes());
    for (name, value) in form.sorted() {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    mac.verify_slice(&sent).is_ok()
}

/// What Twilio does after a `<Dial>` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterDial {
    /// They have talked.
    Over,
    /// Nobody answered: the next target.
    Next,
}

/// Reads `DialCallStatus`.
///
/// # Errors
/// [`BadAsk`] if the form has none.
pub fn after_dial(body: &[u8]) -> Result<AfterDial, BadAsk> {
    match Form::read(body)?.get("DialCallStatus") {
        Some("completed" | "answered") => Ok(AfterDial::Over),
        Some(_) => Ok(AfterDial::Next),
        None => Err(BadAsk::Missing("DialCallStatus")),
    }
}

/// The reply after the target number `tried` (from 0) ended; `next_url` is where Twilio asks again.
pub fn reply(answer: &Answer, tried: Option<usize>, after: AfterDial, next_url: &str) -> Reply {
    if after == AfterDial::Over {
        return Reply::xml("<Response><Hangup/></Response>");
    }
    let place = tried.map_or(0, |tried| tried + 1);
    Reply::xml(&dial(answer, place, Some(next_url)))
}

/// `TwiML` that dials the target at `place`, then asks `next_url`; without one, all that remain in
/// turn (then a talked call may ring on: only for peers that cannot be asked again).
pub(crate) fn dial(answer: &Answer, place: usize, next_url: Option<&str>) -> String {
    let mut verbs = String::new();
    let rest = answer.targets.iter().skip(place);
    let count = if next_url.is_some() { 1 } else { usize::MAX };
    for target in rest.take(count) {
        let action = next_url.map_or_else(String::new, |url| {
            let mark = if url.contains('?') { '&' } else { '?' };
            let again = format!("{url}{mark}tried={place}&call={}", answer.call);
            format!(" action=\"{}\"", xml(&again))
        });
        let mark = if target.uri.contains('?') { '&' } else { '?' };
        let uri = format!("{}{mark}X-Segue-Call={}", target.uri, answer.call);
        let _infallible = write!(
            verbs,
            "<Dial timeout=\"{}\" answerOnBridge=\"true\"{action}><Sip>{}</Sip></Dial>",
            target.ring_s,
            xml(&uri)
        );
    }
    if verbs.is_empty() {
        verbs.push_str("<Reject reason=\"busy\"/>");
    }
    format!("<Response>{verbs}</Response>")
}
