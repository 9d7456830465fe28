//! Moving a call along its targets: start a leg, end a leg, take the next, answer with the best.

use super::call::{Best, Kill, LONG_US, Leg, LegState, State, T1_US, rank};
use super::{Core, NEVER, Sink};
use crate::branch::{LegId, Role, STATEFUL_LEN};
use crate::edit::{self, Forward};
use crate::msg::Message;
use crate::policy::{Attempt, AttemptResult, Policy, TARGETS_MAX};

/// The attempts that were made, and how many.
pub(super) fn attempts(legs: &[Leg]) -> ([AttemptResult; TARGETS_MAX], usize) {
    let none = AttemptResult {
        target: 0,
        tag: 0,
        attempt: Attempt::Cancelled,
        elapsed_ms: 0,
    };
    let mut results = [none; TARGETS_MAX];
    let mut count = 0;
    for (place, leg) in (0_u8..).zip(legs) {
        if let Some(attempt) = leg.attempt
            && count < TARGETS_MAX
        {
            results[count] = AttemptResult {
                target: place,
                tag: leg.target.tag,
                attempt,
                elapsed_ms: leg.elapsed_ms,
            };
            count += 1;
        }
    }
    (results, count)
}

impl<P: Policy> Core<P> {
    /// The branch of one of a leg's transactions.
    pub(super) fn branch(&self, index: usize, leg: usize, role: Role) -> [u8; STATEFUL_LEN] {
        self.keys.stateful(LegId {
            index: u32::try_from(index).unwrap_or(0),
            generation: self.calls[index].generation,
            leg: u8::try_from(leg).unwrap_or(0),
            role,
        })
    }

    /// Sends the INVITE of a leg, first or again. `message` is the stored request.
    pub(super) fn send_invite(
        &mut self,
        index: usize,
        leg: usize,
        message: &Message<'_>,
        sink: &mut impl Sink,
    ) {
        let branch = self.branch(index, leg, Role::Invite);
        let mut out = std::mem::take(&mut self.out);
        let call = &self.calls[index];
        let target = &call.legs[leg].target;
        let to = target.hop();
        let hops = message
            .max_forwards()
            .ok()
            .flatten()
            .map_or(70, |hops| hops.saturating_sub(1));
        let edit = Forward {
            me: &self.me,
            branch: &branch,
            to,
            record_route: self.trunks.stays_in_path(to).then_some(call.upstream),
            uri: target.uri.as_deref().map(str::as_bytes),
            max_forwards: hops,
            call: Some(call.token.0),
        };
        edit::forward_request(message, &edit, &mut out);
        self.send(to, &out, sink);
        self.out = out;
    }

    pub(super) fn start_leg(
        &mut self,
        now_us: u64,
        index: usize,
        leg: usize,
        message: &Message<'_>,
        sink: &mut impl Sink,
    ) {
        let call = &mut self.calls[index];
        call.current = u8::try_from(leg).unwrap_or(0);
        let state = &mut call.legs[leg];
        state.state = LegState::Calling;
        state.started_us = now_us;
        state.give_up_us = now_us + u64::from(state.target.timers.silent_ms) * 1_000;
        let to = state.target.hop();
        state.again_interval_us = T1_US;
        state.again_us = if to.transport.is_stream() {
            NEVER
        } else {
            now_us + T1_US
        };
        self.trunks.began(to);
        self.send_invite(index, leg, message, sink);
    }

    /// The first target from `from` on whose trunk takes a call; those before it are passed by. The
    /// last one is always tried: a call with nowhere else to go is not lost to a suspicion.
    pub(super) fn next_leg(&mut self, now_us: u64, index: usize, from: usize) -> Option<usize> {
        let legs = &mut self.calls[index].legs;
        let last = legs.len().checked_sub(1)?;
        for (place, leg) in legs.iter_mut().enumerate().skip(from) {
            let hop = leg.target.hop();
            match self.trunks.admit(now_us, hop) {
                Err(skip) if place < last => {
                    self.trunks.skipped(hop, skip);
                    leg.state = LegState::Completed;
                    leg.abandoned = true;
                    leg.started_us = now_us;
                    leg.ended(now_us, Attempt::Skipped(skip));
                }
                _ => return Some(place),
            }
        }
        None
    }

    /// An attempt ended: noted once, and told to its trunk.
    pub(super) fn end_attempt(&mut self, now_us: u64, index: usize, leg: usize, attempt: Attempt) {
        let state = &mut self.calls[index].legs[leg];
        if state.attempt.is_none() {
            state.ended(now_us, attempt);
            self.trunks.ended(now_us, state.target.hop(), attempt);
        }
    }

    /// Runs `act` with the stored request; it stays stored.
    pub(super) fn with_request(&mut self, index: usize, act: impl FnOnce(&mut Self, &Message<'_>)) {
        let request = std::mem::take(&mut self.calls[index].request);
        if let Ok(message) = Message::parse(&request) {
            act(self, &message);
        }
        // Completing the call may have let go of the request; then it is not put back.
        if self.calls[index].needs_request() {
            self.calls[index].request = request;
        } else {
            self.give_back(request);
        }
    }

    /// Remembers a refusal if it is better than what is known. `response` is empty when it is our own.
    pub(super) fn consider(&mut self, index: usize, status: u16, response: &[u8]) {
        let new = rank(status, response.is_empty());
        let known = self.calls[index].best.as_ref();
        if known.is_none_or(|best| new < rank(best.status, best.response.is_empty())) {
            let response = self.keep(response);
            self.calls[index].best = Some(Best { status, response });
        }
    }

    /// The leg is over for the call: held or sent CANCEL, then the next target or the best answer.
    pub(super) fn abandon(
        &mut self,
        now_us: u64,
        index: usize,
        leg: usize,
        attempt: Attempt,
        sink: &mut impl Sink,
    ) {
        self.end_attempt(now_us, index, leg, attempt);
        let state = &mut self.calls[index].legs[leg];
        state.abandoned = true;
        match state.state {
            LegState::Proceeding if state.kill == Kill::No => {
                self.send_cancel(now_us, index, leg, sink);
            }
            LegState::Calling => {
                state.kill = Kill::HeldCancel;
                state.again_us = NEVER;
            }
            _ => {}
        }
    }

    /// The next target, or the best answer if there is none or the caller has hung up.
    pub(super) fn advance(&mut self, now_us: u64, index: usize, sink: &mut impl Sink) {
        let call = &self.calls[index];
        let from = usize::from(call.current) + 1;
        let cancelled = call.cancelled;
        let next = (!cancelled)
            .then(|| self.next_leg(now_us, index, from))
            .flatten();
        let Some(next) = next else {
            return self.finish(now_us, index, sink);
        };
        self.counters.fall_throughs += 1;
        self.with_request(index, |core, message| {
            core.start_leg(now_us, index, next, message, sink);
        });
    }

    /// Answers with the best refusal, or 487 if the caller has hung up and no target said otherwise.
    pub(super) fn finish(&mut self, now_us: u64, index: usize, sink: &mut impl Sink) {
        let call = &mut self.calls[index];
        let best = call.best.take().unwrap_or(Best {
            status: 408,
            response: Vec::new(),
        });
        // 503 means this router itself is overloaded; upstream it is 500 (RFC 3261 section 16.7).
        let status = match best.status {
            _ if call.cancelled => 487,
            503 => 500,
            status => status,
        };
        if best.response.is_empty() || status != best.status {
            self.with_request(index, |core, message| {
                core.answer_locally(now_us, index, message, status, &[], sink);
            });
        } else {
            self.complete(now_us, index, status, &best.response, sink);
        }
        self.give_back(best.response);
    }

    /// Sends the CANCEL of a leg that has answered provisionally, and repeats it until answered.
    pub(super) fn send_cancel(
        &mut self,
        now_us: u64,
        index: usize,
        leg: usize,
        sink: &mut impl Sink,
    ) {
        let branch = self.branch(index, leg, Role::Invite);
        self.with_request(index, |core, message| {
            let mut cancel = Vec::new();
            let state = &core.calls[index].legs[leg];
            let edit = Forward {
                me: &core.me,
                to: state.target.hop(),
                record_route: None,
                branch: &branch,
                uri: state.target.uri.as_deref().map(str::as_bytes),
                max_forwards: 70,
                call: None,
            };
            edit::cancel(message, &edit, &mut cancel);
            core.send_kill(now_us, index, leg, cancel, sink);
        });
    }

    /// Sends CANCEL or BYE now and arms its repetition (timers E and F).
    pub(super) fn send_kill(
        &mut self,
        now_us: u64,
        index: usize,
        leg: usize,
        message: Vec<u8>,
        sink: &mut impl Sink,
    ) {
        let state = &mut self.calls[index].legs[leg];
        let to = state.target.hop();
        state.kill = Kill::Sent;
        state.again_interval_us = T1_US;
        state.kill_end_us = now_us + LONG_US;
        state.again_us = if to.transport.is_stream() {
            state.kill_end_us
        } else {
            now_us + T1_US
        };
        self.send(to, &message, sink);
        self.calls[index].legs[leg].kill_message = message;
    }

    /// Stops repeating CANCEL or BYE.
    pub(super) fn end_kill(&mut self, index: usize, leg: usize) {
        let state = &mut self.calls[index].legs[leg];
        state.kill = Kill::Done;
        state.again_us = NEVER;
        state.kill_message = Vec::new();
    }

    /// The call is answered by `winner`: every other leg is ended.
    pub(super) fn accept(
        &mut self,
        now_us: u64,
        index: usize,
        winner: usize,
        status: u16,
        sink: &mut impl Sink,
    ) {
        for leg in 0..self.calls[index].legs.len() {
            if leg != winner && self.calls[index].legs[leg].is_active() {
                self.abandon(now_us, index, leg, Attempt::Cancelled, sink);
            }
        }
        let call = &mut self.calls[index];
        call.state = State::Accepted;
        call.winner = u8::try_from(winner).ok();
        call.end_us = now_us + LONG_US;
        call.best = None;
        let answer = std::mem::take(&mut call.answer);
        self.give_back(answer);
        self.counters.answered += 1;
        self.report(now_us, index, status);
        self.forget_request(index);
    }
}
