//! The targets' side: provisional answers, 2xx, refusals, network errors.

use super::call::{Kill, LegState, State};
use super::{Core, NEVER, Sink};
use crate::branch::{Keys, LegId, Role};
use crate::edit;
use crate::hop::Hop;
use crate::msg::Message;
use crate::policy::{Attempt, Policy};
use std::net::SocketAddr;

impl<P: Policy> Core<P> {
    pub(super) fn on_response(
        &mut self,
        now_us: u64,
        source: Hop,
        message: &Message<'_>,
        sink: &mut impl Sink,
    ) {
        // What is built from an answer (ACK, BYE) is as sound as the answer.
        let (Ok(seen), Some(status)) = (message.essentials(), message.status()) else {
            self.counters.malformed += 1;
            return;
        };
        let Some(branch) = seen.via.branch else {
            self.counters.malformed += 1;
            return;
        };
        if Keys::is_stateless(branch) {
            return self.pass_response_on(source, message, branch, sink);
        }
        if branch.starts_with(super::probe::PROBE) {
            return self.on_options_answer(now_us, source, message, branch);
        }
        let id = self.leg_of(branch, source);
        let Some((index, leg, role)) = id else {
            self.counters.stray += 1;
            return;
        };
        match (role, seen.cseq.method) {
            (Role::Invite, b"INVITE") => match status {
                100..200 => self.on_provisional(now_us, index, leg, status, message, sink),
                200..300 => self.on_success(now_us, index, leg, status, message, sink),
                _ => self.on_refusal(now_us, index, leg, status, message, sink),
            },
            (Role::Invite, b"CANCEL") | (Role::Bye, b"BYE") if status >= 200 => {
                if self.calls[index].legs[leg].kill == Kill::Sent {
                    self.end_kill(index, leg);
                }
            }
            _ => self.counters.stray += 1,
        }
        self.forget_request(index);
        self.arm(now_us, index);
    }

    /// The leg a branch of ours names, if it still exists and `peer` is its target.
    fn leg_of(&self, branch: &[u8], peer: Hop) -> Option<(usize, usize, Role)> {
        let LegId {
            index,
            generation,
            leg,
            role,
        } = self.keys.read(branch)?;
        let (index, leg) = (index as usize, usize::from(leg));
        let call = self.calls.get(index)?;
        let known = call.generation == generation && call.state != State::Free;
        (known && peer.may_be(call.legs.get(leg)?.target.hop())).then_some((index, leg, role))
    }

    fn on_provisional(
        &mut self,
        now_us: u64,
        index: usize,
        leg: usize,
        status: u16,
        message: &Message<'_>,
        sink: &mut impl Sink,
    ) {
        let call = &mut self.calls[index];
        let cancelled = call.cancelled;
        let proceeding = call.state == State::Proceeding;
        let state = &mut call.legs[leg];
        if !matches!(state.state, LegState::Calling | LegState::Proceeding) {
            return;
        }
        if state.state == LegState::Calling {
            state.state = LegState::Proceeding;
            if state.kill == Kill::No {
                state.again_us = NEVER;
            }
        }
        if state.kill == Kill::HeldCancel {
            if !state.abandoned {
                state.give_up_us = now_us + super::call::CANCEL_WAIT_US;
            }
            return self.send_cancel(now_us, index, leg, sink);
        }
        if state.abandoned || cancelled || !proceeding {
            return;
        }
        let timers = state.target.timers;
        if status == 100 {
            if !state.ringing {
                state.give_up_us = state.started_us + u64::from(timers.trying_ms) * 1_000;
            }
            return;
        }
        state.ringing = true;
        state.give_up_us = state.started_us + u64::from(timers.ring_ms) * 1_000;
        let to = call.upstream;
        let out = self.towards_caller(index, message);
        self.send(to, &out, sink);
        let before = std::mem::replace(&mut self.calls[index].answer, out);
        self.give_back(before);
    }

    /// The response as it goes upstream; rebuilt on the request's Vias if the target kept only ours.
    fn towards_caller(&mut self, index: usize, message: &Message<'_>) -> Vec<u8> {
        let mut out = self.spare.pop().unwrap_or_default();
        if !edit::forward_response(message, &mut out)
            && let Ok(request) = Message::parse(&self.calls[index].request)
        {
            edit::rebuild_response(&request, message, &mut out);
        }
        out
    }

    fn on_success(
        &mut self,
        now_us: u64,
        index: usize,
        leg: usize,
        status: u16,
        message: &Message<'_>,
        sink: &mut impl Sink,
    ) {
        let call = &mut self.calls[index];
        let winner = call.winner.map(usize::from);
        let to = call.upstream;
        let state = &mut call.legs[leg];
        let first = state.state != LegState::Accepted;
        if first {
            state.state = LegState::Accepted;
            if state.attempt.take().is_none() {
                self.trunks
                    .ended(now_us, state.target.hop(), Attempt::Answered);
            } else {
                self.trunks.late_answer(now_us, state.target.hop());
            }
            state.ended(now_us, Attempt::Answered);
            if state.kill == Kill::HeldCancel {
                state.kill = Kill::No;
            }
            if state.kill == Kill::No {
                state.again_us = NEVER;
            }
        }
        if call.state == State::Proceeding {
            let out = self.towards_caller(index, message);
            self.send(to, &out, sink);
            self.give_back(out);
            self.note_dialog(now_us, index, leg, message);
            self.accept(now_us, index, leg, status, sink);
        } else if winner == Some(leg) {
            let out = self.towards_caller(index, message);
            self.send(to, &out, sink);
            self.give_back(out);
        } else {
            self.end_late_answer(now_us, index, leg, first, message, sink);
        }
    }

    /// A trunk with a cap counts its dialogs.
    fn note_dialog(&mut self, now_us: u64, index: usize, leg: usize, message: &Message<'_>) {
        let hop = self.calls[index].legs[leg].target.hop();
        if self.trunks.stays_in_path(hop) {
            let dialog = self.dialog_of(message);
            self.trunks.connected(now_us, hop, dialog);
        }
    }

    /// The same number for every message of a dialog, from either side.
    pub(super) fn dialog_of(&self, message: &Message<'_>) -> u128 {
        let mut tags = [message.from_tag(), message.to_tag()].map(Option::unwrap_or_default);
        tags.sort_unstable();
        let call_id = message.call_id().unwrap_or_default();
        self.keys.digest(3, &[call_id, tags[0], tags[1]])
    }

    /// Nobody upstream waits for this 2xx: ACK it, and end it with BYE.
    fn end_late_answer(
        &mut self,
        now_us: u64,
        index: usize,
        leg: usize,
        first: bool,
        message: &Message<'_>,
        sink: &mut impl Sink,
    ) {
        let target = self.calls[index].legs[leg].target.clone();
        let uri = target
            .uri
            .as_deref()
            .map_or(&b"sip:invalid"[..], str::as_bytes);
        let mut out = std::mem::take(&mut self.out);
        let branch = self.branch(index, leg, Role::Ack);
        let to = target.hop();
        edit::end_of_answered(message, (&self.me, to), &branch, uri, b"ACK", &mut out);
        self.send(to, &out, sink);
        self.out = out;
        if first {
            self.counters.late_answers_ended += 1;
            let branch = self.branch(index, leg, Role::Bye);
            let mut bye = Vec::new();
            edit::end_of_answered(message, (&self.me, to), &branch, uri, b"BYE", &mut bye);
            self.send_kill(now_us, index, leg, bye, sink);
        }
    }

    fn on_refusal(
        &mut self,
        now_us: u64,
        index: usize,
        leg: usize,
        status: u16,
        message: &Message<'_>,
        sink: &mut impl Sink,
    ) {
        self.acknowledge(index, leg, message, sink);
        let call = &mut self.calls[index];
        let (current, cancelled) = (usize::from(call.current) == leg, call.cancelled);
        let proceeding = call.state == State::Proceeding;
        let state = &mut call.legs[leg];
        if matches!(state.state, LegState::Completed | LegState::Accepted) {
            return;
        }
        let waited_for = current && proceeding && state.is_active();
        state.state = LegState::Completed;
        let through = state.target.fall_through.covers(status);
        self.end_attempt(now_us, index, leg, Attempt::Refused(status));
        self.end_kill(index, leg);
        if !waited_for {
            return;
        }
        let out = self.towards_caller(index, message);
        if cancelled {
            // The target's own word on the cancelled INVITE, 487 as a rule.
            self.complete(now_us, index, status, &out, sink);
        } else {
            self.consider(index, status, &out);
            if through {
                self.advance(now_us, index, sink);
            } else {
                self.finish(now_us, index, sink);
            }
        }
        self.give_back(out);
    }

    fn acknowledge(
        &mut self,
        index: usize,
        leg: usize,
        message: &Message<'_>,
        sink: &mut impl Sink,
    ) {
        let branch = self.branch(index, leg, Role::Invite);
        let mut out = std::mem::take(&mut self.out);
        let target = &self.calls[index].legs[leg].target;
        let to = target.hop();
        let kept = Message::parse(&self.calls[index].request).ok();
        let as_received = kept.as_ref().and_then(Message::request_uri);
        let uri = target.uri.as_deref().map(str::as_bytes).or(as_received);
        let uri = uri.unwrap_or(b"sip:invalid");
        edit::ack_refusal(message, (&self.me, to), &branch, uri, &mut out);
        self.send(to, &out, sink);
        self.out = out;
    }

    /// The network refused a datagram: see [`Self::on_refused`].
    pub fn on_icmp(&mut self, now_us: u64, to: SocketAddr, packet: &[u8], sink: &mut impl Sink) {
        self.on_refused(now_us, to.into(), packet, sink);
    }

    /// The network refused a message, or its connection broke before it was answered: `to` is where it
    /// was sent, `packet` its first bytes. Only an INVITE without any answer yet is given up; a
    /// truncated packet that names no leg is left to the timers.
    pub fn on_refused(&mut self, now_us: u64, to: Hop, packet: &[u8], sink: &mut impl Sink) {
        let Some(branch) = edit::branch_of_sent(packet) else {
            return;
        };
        if branch.starts_with(super::probe::PROBE) {
            return self.on_options_refused(now_us, to, branch);
        }
        if let Some(seal) = Keys::seal_of(branch) {
            self.shed_memo.refused(seal);
            return;
        }
        let Some((index, leg, Role::Invite)) = self.leg_of(branch, to) else {
            return;
        };
        let call = &self.calls[index];
        let state = &call.legs[leg];
        if call.state != State::Proceeding || !state.is_active() || state.state != LegState::Calling
        {
            return;
        }
        self.counters.unreachable += 1;
        self.abandon(now_us, index, leg, Attempt::Unreachable, sink);
        self.consider(index, 503, &[]);
        self.advance(now_us, index, sink);
        self.forget_request(index);
        self.arm(now_us, index);
    }
}
