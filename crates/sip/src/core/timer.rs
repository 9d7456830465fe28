//! Time: repetition (timers A, E, G), patience with a target, tombstones.

use super::call::{Kill, LegState, State, T2_US};
use super::{Core, NEVER, Sink};
use crate::policy::{Attempt, Policy};
use crate::wheel::Wake;

impl<P: Policy> Core<P> {
    /// Time has come to `now_us`. To be called at least every 10 ms; a later call catches up.
    pub fn on_time(&mut self, now_us: u64, sink: &mut impl Sink) {
        self.probe(now_us, sink);
        while let Some(bucket) = self.wheel.take_due(now_us) {
            for wake in &bucket {
                self.wake(now_us, *wake, sink);
            }
            self.wheel.recycle(bucket);
        }
    }

    fn wake(&mut self, now_us: u64, wake: Wake, sink: &mut impl Sink) {
        let index = wake.index as usize;
        let Some(call) = self.calls.get_mut(index) else {
            return;
        };
        let stale = call.generation != wake.generation || call.state == State::Free;
        if stale || call.wheel_us > now_us {
            return;
        }
        call.wheel_us = NEVER;
        if call.end_us <= now_us {
            return self.release(index);
        }
        if call.again_us <= now_us {
            let answer = std::mem::take(&mut call.answer);
            call.again_interval_us = (call.again_interval_us * 2).min(T2_US);
            call.again_us = now_us + call.again_interval_us;
            let to = call.upstream;
            self.send(to, &answer, sink);
            self.calls[index].answer = answer;
        }
        for leg in 0..self.calls[index].legs.len() {
            self.wake_leg(now_us, index, leg, sink);
        }
        self.forget_request(index);
        self.arm(now_us, index);
    }

    fn wake_leg(&mut self, now_us: u64, index: usize, leg: usize, sink: &mut impl Sink) {
        let call = &mut self.calls[index];
        let state = &mut call.legs[leg];
        if state.is_active() && state.give_up_us <= now_us {
            return self.give_up(now_us, index, leg, sink);
        }
        if state.again_us > now_us {
            return;
        }
        if state.kill == Kill::Sent {
            if state.kill_end_us <= now_us {
                return self.end_kill(index, leg);
            }
            state.again_interval_us = (state.again_interval_us * 2).min(T2_US);
            state.again_us = now_us + state.again_interval_us;
            let (to, message) = (state.target.hop(), std::mem::take(&mut state.kill_message));
            self.send(to, &message, sink);
            self.calls[index].legs[leg].kill_message = message;
        } else if state.state == LegState::Calling && !state.abandoned {
            state.again_interval_us *= 2;
            state.again_us = now_us + state.again_interval_us;
            self.with_request(index, |core, message| {
                core.send_invite(index, leg, message, sink);
            });
        } else {
            state.again_us = NEVER;
        }
    }

    /// Patience with a target has run out.
    fn give_up(&mut self, now_us: u64, index: usize, leg: usize, sink: &mut impl Sink) {
        let state = &self.calls[index].legs[leg];
        let attempt = match state.state {
            LegState::Calling => Attempt::Silent,
            _ if state.ringing => Attempt::NoAnswer,
            _ => Attempt::TryingOnly,
        };
        self.abandon(now_us, index, leg, attempt, sink);
        self.consider(index, 408, &[]);
        self.advance(now_us, index, sink);
    }
}
