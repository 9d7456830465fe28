//! A dialog's memory (RFC 3261 §12) and the requests sent within it.

use super::wire::{Inbound, finish_as, line};
use segue_sip::msg::fields::{Address, uri_address};
use std::net::SocketAddr;

/// What both ends agreed on when the call was answered.
#[derive(Clone)]
pub(crate) struct Dialog {
    pub(crate) call_id: String,
    /// Our From value in requests, tag included.
    pub(crate) local: String,
    /// The other side's To value in requests, tag included.
    pub(crate) remote: String,
    pub(crate) remote_tag: Option<String>,
    /// The other side's Contact.
    pub(crate) target: String,
    pub(crate) routes: Vec<String>,
    pub(crate) cseq: u32,
    /// Used when neither a route nor the target holds an IP address.
    pub(crate) fallback: SocketAddr,
}

impl Dialog {
    /// The calling side's dialog from the 2xx it received: Record-Route reversed (§12.1.2).
    pub(crate) fn of_caller(local: &str, answer: &Inbound, invited: &str, hop: SocketAddr) -> Self {
        Self {
            call_id: answer.call_id.clone(),
            local: local.to_owned(),
            remote: answer.to.clone(),
            remote_tag: answer.to_tag.clone(),
            target: answer.contact.clone().unwrap_or_else(|| invited.to_owned()),
            routes: answer.record_routes.iter().rev().cloned().collect(),
            cseq: answer.cseq,
            fallback: hop,
        }
    }

    /// The called side's dialog from the INVITE it received: Record-Route in order (§12.1.1).
    pub(crate) fn of_callee(invite: &Inbound, tag: &str) -> Self {
        Self {
            call_id: invite.call_id.clone(),
            local: format!("{};tag={tag}", invite.to),
            remote: invite.from.clone(),
            remote_tag: Some(invite.from_tag.clone()),
            target: invite.contact.clone().unwrap_or_default(),
            routes: invite.record_routes.clone(),
            cseq: 0,
            fallback: invite.source,
        }
    }

    /// Where the next request goes: the first route, else the target.
    pub(crate) fn next_hop(&self) -> SocketAddr {
        let route = self.routes.first().and_then(|route| {
            Address::parse(route.as_bytes()).and_then(|route| uri_address(route.uri))
        });
        route
            .or_else(|| uri_address(self.target.as_bytes()))
            .unwrap_or(self.fallback)
    }

    /// A request in the dialog. `ACK` carries the INVITE's `CSeq` number; others must be given a new one first.
    pub(crate) fn request(&self, method: &str, via: &str, contact: &str) -> Vec<u8> {
        self.request_with(method, via, contact, &[], ("", ""))
    }

    /// The same with further headers and a body of a type.
    pub(crate) fn request_with(
        &self,
        method: &str,
        via: &str,
        contact: &str,
        more: &[(&str, &str)],
        (content_type, body): (&str, &str),
    ) -> Vec<u8> {
        let mut out = format!("{method} {} SIP/2.0\r\n", self.target);
        line(&mut out, "Via", via);
        line(&mut out, "Max-Forwards", "70");
        for route in &self.routes {
            line(&mut out, "Route", route);
        }
        line(&mut out, "From", &self.local);
        line(&mut out, "To", &self.remote);
        line(&mut out, "Call-ID", &self.call_id);
        line(&mut out, "CSeq", &format!("{} {method}", self.cseq));
        line(&mut out, "Contact", contact);
        for (name, value) in more {
            line(&mut out, name, value);
        }
        finish_as(out, content_type, body)
    }
}
