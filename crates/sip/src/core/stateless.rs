//! What needs no memory: requests within a dialog, ACKs of 2xx, and calls shed from a full table.
//!
//! Only known peers are passed on to; otherwise the router would be an open relay.

use super::call::LONG_US;
use super::{Core, Sink};
use crate::branch::Keys;
use crate::edit::{self, Forward};
use crate::hop::Hop;
use crate::msg::fields::{Via, uri_hop, uri_user};
use crate::msg::{Essentials, Message};
use crate::policy::{FallThrough, Invite, Policy, Shed, TARGETS_MAX, Target};

impl<P: Policy> Core<P> {
    /// Whether a request is addressed to this router itself.
    pub(super) fn is_mine(&self, message: &Message<'_>) -> bool {
        edit::next_hop(message, &self.me).is_some_and(|uri| self.me.is_me(uri))
    }

    /// Passes on a request within a dialog to where it says, if that is a known peer.
    pub(super) fn pass_on(
        &mut self,
        source: Hop,
        message: &Message<'_>,
        seen: &Essentials<'_>,
        sink: &mut impl Sink,
    ) {
        let to = edit::next_hop(message, &self.me)
            .and_then(uri_hop)
            .filter(|to| self.policy.is_known(to.addr));
        if message.method() == Some(b"BYE") {
            let dialog = self.dialog_of(message);
            self.trunks.hung_up(dialog);
        }
        match to {
            Some(to) => self.forward_statelessly(source, message, seen, to, None, sink),
            None => self.decline(source, message, seen, 481, sink),
        }
    }

    fn decline(
        &mut self,
        source: Hop,
        message: &Message<'_>,
        seen: &Essentials<'_>,
        status: u16,
        sink: &mut impl Sink,
    ) {
        if message.method() == Some(b"ACK") {
            self.counters.stray += 1;
        } else {
            self.answer_statelessly(source, message, seen, status, &[], sink);
        }
    }

    fn forward_statelessly(
        &mut self,
        source: Hop,
        message: &Message<'_>,
        seen: &Essentials<'_>,
        to: Hop,
        uri: Option<&[u8]>,
        sink: &mut impl Sink,
    ) {
        let hops = seen.hops.unwrap_or(71);
        if hops == 0 {
            return self.decline(source, message, seen, 483, sink);
        }
        let Some(seal) = self.seal(&seen.via, message) else {
            return;
        };
        let branch = Keys::stateless(seal);
        let mut out = std::mem::take(&mut self.out);
        let edit = Forward {
            me: &self.me,
            to,
            record_route: None,
            branch: &branch,
            uri,
            max_forwards: hops - 1,
            call: None,
        };
        edit::forward_request(message, &edit, &mut out);
        self.counters.stateless += 1;
        self.send(to, &out, sink);
        self.out = out;
    }

    /// What ties a response to a request that was passed on: the same for its repetitions, CANCEL and
    /// ACK (RFC 3261 section 16.11).
    fn seal(&self, via: &Via<'_>, message: &Message<'_>) -> Option<u128> {
        let place = edit::reply_hop(via)?.to_string();
        let number = message.cseq()?.number.to_be_bytes();
        let parts: [&[u8]; 5] = [
            place.as_bytes(),
            via.host,
            via.branch.unwrap_or_default(),
            message.call_id()?,
            &number,
        ];
        Some(self.keys.digest(2, &parts))
    }

    /// A response to something passed on: to the next Via, if the seal is ours.
    pub(super) fn pass_response_on(
        &mut self,
        source: Hop,
        message: &Message<'_>,
        branch: &[u8],
        sink: &mut impl Sink,
    ) {
        let via = message.vias().nth(1).and_then(Via::parse);
        let sealed = via
            .as_ref()
            .and_then(|via| self.seal(via, message))
            .map(Keys::stateless);
        let to = via.as_ref().and_then(edit::reply_hop);
        let (Some(to), true) = (to, sealed.is_some_and(|text| text[..] == *branch)) else {
            self.counters.stray += 1;
            return;
        };
        if self.keeps_back(source, to, message, branch, sink) {
            return;
        }
        let mut out = std::mem::take(&mut self.out);
        if edit::forward_response(message, &mut out) {
            self.send(to, &out, sink);
        }
        self.out = out;
    }

    /// Whether an answer to a shed INVITE stays here: 100, so that the caller's INVITE is repeated; and
    /// a refusal before anything rang, while that repetition can go to a further target. Over a stream
    /// nothing is repeated, so there every answer goes on.
    fn keeps_back(
        &mut self,
        source: Hop,
        upstream: Hop,
        message: &Message<'_>,
        branch: &[u8],
        sink: &mut impl Sink,
    ) -> bool {
        let invite = message.cseq().is_some_and(|cseq| cseq.method == b"INVITE");
        let (Some(seal), Some(status)) = (Keys::seal_of(branch), message.status()) else {
            return false;
        };
        if !invite || upstream.transport.is_stream() || !self.shed_memo.knows(seal) {
            return false;
        }
        match status {
            100 => true,
            101..200 => {
                self.shed_memo.rang(seal);
                false
            }
            _ if FallThrough::default().covers(status) && self.shed_memo.refused(seal) => {
                let mut out = std::mem::take(&mut self.out);
                let uri = message.to().map_or(&b"sip:invalid"[..], |to| to.uri);
                edit::ack_refusal(message, (&self.me, source), branch, uri, &mut out);
                self.send(source, &out, sink);
                self.out = out;
                true
            }
            _ => false,
        }
    }

    /// No room: the policy's answer for a full table, without memory. `message` is an INVITE, or the
    /// CANCEL or ACK of one that was shed.
    pub(super) fn shed(
        &mut self,
        now_us: u64,
        source: Hop,
        message: &Message<'_>,
        seen: &Essentials<'_>,
        sink: &mut impl Sink,
    ) {
        self.counters.shed += 1;
        if message.method() == Some(b"INVITE") {
            self.shed_until_us = now_us + LONG_US;
        }
        let invite = message.method() == Some(b"INVITE");
        match self.policy.shed(now_us, &Invite::new(message, source)) {
            Shed::Proxy(targets) if !targets.is_empty() => {
                let Some(seal) = self.seal(&seen.via, message) else {
                    return;
                };
                let well = |target: &Target| !self.trunks.is_down(target.hop());
                let first = targets.iter().position(well).unwrap_or(0);
                let target = &targets[self.shed_memo.target(seal, first, targets.len())];
                let uri = target.uri.as_deref().map(str::as_bytes);
                self.forward_statelessly(source, message, seen, target.hop(), uri, sink);
            }
            Shed::Redirect(targets) if invite && !targets.is_empty() => {
                let called = message.request_uri().and_then(uri_user).unwrap_or_default();
                let mut contact = self.spare.pop().unwrap_or_default();
                let all = targets.iter().take(TARGETS_MAX);
                let all = all.map(|target| (target.uri.as_deref(), target.hop()));
                edit::contacts(all, called, None, &mut contact);
                self.answer_statelessly(source, message, seen, 302, &contact, sink);
                self.give_back(contact);
            }
            Shed::Proxy(_) | Shed::Redirect(_) | Shed::Refuse if invite => {
                self.answer_statelessly(source, message, seen, 503, &[], sink);
            }
            Shed::Proxy(_) | Shed::Redirect(_) | Shed::Refuse => {
                self.decline(source, message, seen, 481, sink);
            }
        }
    }
}
