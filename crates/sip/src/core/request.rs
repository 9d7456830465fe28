//! The caller's side: INVITE, its repetition, CANCEL, ACK, OPTIONS.

use super::call::Kill;
use super::call::{CANCEL_WAIT_US, LONG_US, Leg, LegState, State, T1_US, T4_US};
use super::{Core, Sink, tag_of};
use crate::edit;
use crate::hop::Hop;
use crate::msg::{Essentials, Message, ParseError};
use crate::policy::{Attempt, Invite, Mode, Outcome, Policy, Route, TARGETS_MAX, Target};

/// What this router answers OPTIONS and unknown methods with (RFC 3261 sections 11.2, 8.2.1).
const ALLOW: &[u8] = b"Allow: INVITE, ACK, CANCEL, OPTIONS\r\nAccept: application/sdp\r\n";

/// Whether a Request-URI is of a scheme that calls have (RFC 3261 section 16.3 step 2).
fn is_spoken(uri: &[u8]) -> bool {
    let scheme = uri.split(|byte| *byte == b':').next().unwrap_or_default();
    let known: [&[u8]; 3] = [b"sip", b"sips", b"tel"];
    known.iter().any(|name| scheme.eq_ignore_ascii_case(name))
}

impl<P: Policy> Core<P> {
    pub(super) fn on_request(
        &mut self,
        now_us: u64,
        source: Hop,
        message: &Message<'_>,
        sink: &mut impl Sink,
    ) {
        let seen = match message.essentials() {
            Ok(seen) => seen,
            Err(fault) => return self.refuse_malformed(source, message, fault, sink),
        };
        let mut stamped = std::mem::take(&mut self.stamped);
        if edit::stamp_source(message, &seen.via, source, &mut stamped) {
            if let Ok(message) = Message::parse(&stamped)
                && let Ok(seen) = message.essentials()
            {
                self.request(now_us, source, &message, &seen, sink);
            }
        } else {
            self.request(now_us, source, message, &seen, sink);
        }
        self.stamped = stamped;
    }

    /// Answers to where the packet came from, as its Via may be what is wrong.
    fn refuse_malformed(
        &mut self,
        source: Hop,
        message: &Message<'_>,
        fault: ParseError,
        sink: &mut impl Sink,
    ) {
        self.counters.malformed += 1;
        if message.method() == Some(b"ACK") || message.top_via().is_none() {
            return;
        }
        let mut out = std::mem::take(&mut self.out);
        edit::reply(message, fault.status(), Some(0), &[], &mut out);
        self.send(source, &out, sink);
        self.out = out;
    }

    fn request(
        &mut self,
        now_us: u64,
        source: Hop,
        message: &Message<'_>,
        seen: &Essentials<'_>,
        sink: &mut impl Sink,
    ) {
        let in_dialog = seen.to_tag.is_some();
        if !in_dialog && !matches!(message.method(), Some(b"ACK" | b"CANCEL")) {
            if let Some(options) = message.header("Proxy-Require") {
                let extra = [b"Unsupported: ", options, b"\r\n"].concat();
                return self.answer_statelessly(source, message, seen, 420, &extra, sink);
            }
            if !is_spoken(message.request_uri().unwrap_or_default()) {
                return self.answer_statelessly(source, message, seen, 416, &[], sink);
            }
        }
        match message.method().unwrap_or_default() {
            b"INVITE" if !in_dialog => self.on_invite(now_us, source, message, seen, sink),
            b"CANCEL" => self.on_cancel(now_us, source, message, seen, sink),
            b"ACK" => self.on_ack(now_us, source, message, seen, sink),
            _ if in_dialog => self.pass_on(source, message, seen, sink),
            b"OPTIONS" => {
                self.counters.options += 1;
                self.answer_statelessly(source, message, seen, 200, ALLOW, sink);
            }
            _ => self.answer_statelessly(source, message, seen, 405, ALLOW, sink),
        }
    }

    fn on_invite(
        &mut self,
        now_us: u64,
        source: Hop,
        message: &Message<'_>,
        seen: &Essentials<'_>,
        sink: &mut impl Sink,
    ) {
        let key = self.transaction_key(message, seen);
        if let Some(index) = self.table.get(key) {
            return self.on_repeated_invite(index as usize, sink);
        }
        if seen.hops == Some(0) {
            return self.answer_statelessly(source, message, seen, 483, &[], sink);
        }
        if self.own_passes(message) >= usize::from(self.config.own_passes_max) {
            self.counters.loops += 1;
            return self.answer_statelessly(source, message, seen, 482, &[], sink);
        }
        if self.is_full() {
            return self.shed(now_us, source, message, seen, sink);
        }
        let Some(upstream) = super::reply_to(source, &seen.via) else {
            return;
        };
        self.counters.invites += 1;
        let route = self.policy.route(now_us, &Invite::new(message, source));
        let index = self.allocate(now_us, key, route.token, upstream);
        match route.mode {
            _ if route.targets.is_empty() && !matches!(route.mode, Mode::Refuse(_)) => {
                self.answer_locally(now_us, index, message, 503, &[], sink);
            }
            Mode::Refuse(status) => {
                self.answer_locally(now_us, index, message, status.clamp(400, 699), &[], sink);
            }
            Mode::Redirect => self.redirect(now_us, index, message, &route, sink),
            Mode::Proxy => self.proxy(now_us, index, message, route, sink),
        }
        self.arm(now_us, index);
    }

    /// How often the request has passed through here, by our branches in its Vias.
    fn own_passes(&self, message: &Message<'_>) -> usize {
        let mut vias = message.vias().skip(1);
        let ours = |via: &&[u8]| {
            let branch = crate::msg::fields::Via::parse(via).and_then(|via| via.branch);
            branch.is_some_and(|branch| self.keys.read(branch).is_some())
        };
        vias.by_ref().filter(ours).count()
    }

    fn redirect(
        &mut self,
        now_us: u64,
        index: usize,
        message: &Message<'_>,
        route: &Route,
        sink: &mut impl Sink,
    ) {
        let called = message.request_uri().and_then(crate::msg::fields::uri_user);
        let last = route.targets.len().min(TARGETS_MAX) - 1;
        let trunks = &mut self.trunks;
        let well = |(place, target): &(usize, &Target)| match trunks.admit(now_us, target.hop()) {
            Err(skip) if *place < last => {
                trunks.skipped(target.hop(), skip);
                false
            }
            _ => true,
        };
        let targets = route
            .targets
            .iter()
            .take(TARGETS_MAX)
            .enumerate()
            .filter(well);
        let mut contacts = self.spare.pop().unwrap_or_default();
        edit::contacts(
            targets.map(|(_, target)| (target.uri.as_deref(), target.hop())),
            called.unwrap_or_default(),
            Some(route.token.0),
            &mut contacts,
        );
        self.answer_locally(now_us, index, message, 302, &contacts, sink);
        self.give_back(contacts);
    }

    fn proxy(
        &mut self,
        now_us: u64,
        index: usize,
        message: &Message<'_>,
        route: Route,
        sink: &mut impl Sink,
    ) {
        self.calls[index].legs = route
            .targets
            .into_iter()
            .take(TARGETS_MAX)
            .map(Leg::new)
            .collect();
        let request = self.keep(message.bytes());
        self.calls[index].request = request;
        self.send_trying(index, message, sink);
        if let Some(leg) = self.next_leg(now_us, index, 0) {
            self.start_leg(now_us, index, leg, message, sink);
        }
    }

    fn send_trying(&mut self, index: usize, message: &Message<'_>, sink: &mut impl Sink) {
        let mut out = std::mem::take(&mut self.out);
        edit::reply(message, 100, None, &[], &mut out);
        self.send(self.calls[index].upstream, &out, sink);
        self.out = out;
    }

    /// An INVITE again: the latest answer again, never another fork (RFC 3261 section 17.2.1).
    fn on_repeated_invite(&mut self, index: usize, sink: &mut impl Sink) {
        self.counters.repeated_invites += 1;
        let call = &mut self.calls[index];
        if !matches!(call.state, State::Proceeding | State::Completed) {
            return;
        }
        let to = call.upstream;
        if !call.answer.is_empty() {
            let answer = std::mem::take(&mut call.answer);
            self.send(to, &answer, sink);
            self.calls[index].answer = answer;
            return;
        }
        let request = std::mem::take(&mut call.request);
        if let Ok(message) = Message::parse(&request) {
            self.send_trying(index, &message, sink);
        }
        self.calls[index].request = request;
    }

    /// Answers finally with a response written here.
    pub(super) fn answer_locally(
        &mut self,
        now_us: u64,
        index: usize,
        request: &Message<'_>,
        status: u16,
        extra: &[u8],
        sink: &mut impl Sink,
    ) {
        let tag = tag_of(self.calls[index].key);
        let mut out = std::mem::take(&mut self.out);
        edit::reply(request, status, Some(tag), extra, &mut out);
        self.complete(now_us, index, status, &out, sink);
        self.out = out;
    }

    /// Sends a final answer other than 2xx and starts timers G and H.
    pub(super) fn complete(
        &mut self,
        now_us: u64,
        index: usize,
        status: u16,
        response: &[u8],
        sink: &mut impl Sink,
    ) {
        self.send(self.calls[index].upstream, response, sink);
        let answer = self.keep(response);
        let call = &mut self.calls[index];
        let before = std::mem::replace(&mut call.answer, answer);
        call.state = State::Completed;
        call.again_interval_us = T1_US;
        call.again_us = if call.upstream.transport.is_stream() {
            super::NEVER
        } else {
            now_us + T1_US
        };
        call.end_us = now_us + LONG_US;
        call.best = None;
        self.give_back(before);
        if status < 400 {
            self.counters.redirected += 1;
        } else {
            self.counters.refused += 1;
        }
        self.report(now_us, index, status);
        self.forget_request(index);
    }

    /// Tells the policy what became of the call.
    pub(super) fn report(&mut self, now_us: u64, index: usize, status: u16) {
        let call = &self.calls[index];
        let (attempts, count) = super::fork::attempts(&call.legs);
        let elapsed_ms = super::call::elapsed_ms(call.started_us, now_us);
        let outcome = Outcome {
            status,
            elapsed_ms,
            attempts: &attempts[..count],
        };
        self.policy.outcome(call.token, &outcome);
    }

    fn on_cancel(
        &mut self,
        now_us: u64,
        source: Hop,
        message: &Message<'_>,
        seen: &Essentials<'_>,
        sink: &mut impl Sink,
    ) {
        let found = self.table.get(self.transaction_key(message, seen));
        let Some(index) = found.map(|index| index as usize) else {
            if now_us < self.shed_until_us {
                return self.shed(now_us, source, message, seen, sink);
            }
            return self.answer_statelessly(source, message, seen, 481, &[], sink);
        };
        self.answer_statelessly(source, message, seen, 200, &[], sink);
        let call = &mut self.calls[index];
        if call.state != State::Proceeding || call.cancelled {
            return;
        }
        call.cancelled = true;
        self.counters.cancelled += 1;
        let current = usize::from(call.current);
        self.end_attempt(now_us, index, current, Attempt::Cancelled);
        let leg = &mut self.calls[index].legs[current];
        if leg.state == LegState::Proceeding {
            leg.give_up_us = now_us + CANCEL_WAIT_US;
            self.send_cancel(now_us, index, current, sink);
        } else {
            // No CANCEL before a provisional answer; without one the leg's silence ends it.
            leg.kill = Kill::HeldCancel;
            leg.again_us = super::NEVER;
        }
        self.arm(now_us, index);
    }

    fn on_ack(
        &mut self,
        now_us: u64,
        source: Hop,
        message: &Message<'_>,
        seen: &Essentials<'_>,
        sink: &mut impl Sink,
    ) {
        let found = self.table.get(self.transaction_key(message, seen));
        if let Some(index) = found.map(|index| index as usize) {
            let call = &mut self.calls[index];
            match call.state {
                State::Completed => {
                    call.state = State::Confirmed;
                    call.again_us = super::NEVER;
                    // A redirect rang nowhere: its slot only absorbs stragglers (timer I). A call
                    // that was forked keeps its tombstone, so that no late INVITE rings twice.
                    if call.legs.is_empty() {
                        call.end_us = now_us + T4_US;
                    }
                    let answer = std::mem::take(&mut call.answer);
                    self.give_back(answer);
                    self.arm(now_us, index);
                    return;
                }
                State::Accepted => {}
                State::Free | State::Proceeding | State::Confirmed => return,
            }
        }
        if now_us < self.shed_until_us && found.is_none() && self.is_mine(message) {
            return self.shed(now_us, source, message, seen, sink);
        }
        self.pass_on(source, message, seen, sink);
    }
}
