//! One call: its server transaction upstream and its legs to the targets.

use crate::hop::Hop;
use crate::policy::{Attempt, CallToken, Target};
use crate::table::Key;
use std::net::SocketAddr;

/// A deadline that never comes.
pub(super) const NEVER: u64 = u64::MAX;
/// T1: the round-trip estimate (RFC 3261 section 17.1.1.1), in microseconds.
pub(super) const T1_US: u64 = 500_000;
/// T2: the longest retransmission interval.
pub(super) const T2_US: u64 = 4_000_000;
/// T4: how long a message may stay in the network.
pub(super) const T4_US: u64 = 5_000_000;
/// 64 × T1: timers B, F, H and the life of a tombstone.
pub(super) const LONG_US: u64 = 64 * T1_US;
/// How long a cancelled target may take to say 487 before the caller is told so.
pub(super) const CANCEL_WAIT_US: u64 = 5_000_000;

/// The server transaction (RFC 3261 figure 7 with Accepted of RFC 6026).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// An empty slot.
    Free,
    /// No final answer sent yet.
    Proceeding,
    /// A refusal or 302 was sent, its ACK is awaited.
    Completed,
    /// The ACK came; the slot absorbs stragglers.
    Confirmed,
    /// A 2xx was forwarded; the slot forwards its repetitions.
    Accepted,
}

/// The client transaction of a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LegState {
    /// Not tried yet.
    Waiting,
    /// INVITE sent, nothing heard.
    Calling,
    /// A provisional answer came.
    Proceeding,
    /// Refused and acknowledged.
    Completed,
    /// Answered.
    Accepted,
}

/// How far the ending of a leg is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kill {
    /// Not asked for.
    No,
    /// A CANCEL waits for the first provisional answer (RFC 3261 section 9.1).
    HeldCancel,
    /// CANCEL or BYE was sent and is repeated (timer E) until answered.
    Sent,
    /// Answered, or no longer needed.
    Done,
}

/// One attempt at one target; its number is the target's place in the route.
pub(super) struct Leg {
    pub(super) target: Target,
    pub(super) state: LegState,
    pub(super) kill: Kill,
    /// The call went on to another target, or was given up; nothing of this leg goes upstream but a
    /// late 2xx.
    pub(super) abandoned: bool,
    pub(super) ringing: bool,
    pub(super) attempt: Option<Attempt>,
    pub(super) elapsed_ms: u32,
    pub(super) started_us: u64,
    pub(super) give_up_us: u64,
    /// When the INVITE (Calling) or the CANCEL or BYE (`Kill::Sent`) is sent again.
    pub(super) again_us: u64,
    pub(super) again_interval_us: u64,
    pub(super) kill_end_us: u64,
    pub(super) kill_message: Vec<u8>,
}

impl Leg {
    pub(super) fn new(target: Target) -> Self {
        Self {
            target,
            state: LegState::Waiting,
            kill: Kill::No,
            abandoned: false,
            ringing: false,
            attempt: None,
            elapsed_ms: 0,
            started_us: 0,
            give_up_us: NEVER,
            again_us: NEVER,
            again_interval_us: T1_US,
            kill_end_us: NEVER,
            kill_message: Vec::new(),
        }
    }

    /// Whether the call waits for this leg.
    pub(super) fn is_active(&self) -> bool {
        !self.abandoned && matches!(self.state, LegState::Calling | LegState::Proceeding)
    }

    /// Notes how the attempt ended, once.
    pub(super) fn ended(&mut self, now_us: u64, attempt: Attempt) {
        if self.attempt.is_none() {
            self.attempt = Some(attempt);
            self.elapsed_ms = elapsed_ms(self.started_us, now_us);
        }
    }

    fn next_us(&self) -> u64 {
        let give_up = if self.is_active() {
            self.give_up_us
        } else {
            NEVER
        };
        give_up.min(self.again_us)
    }
}

/// Milliseconds between two times, saturating.
pub(super) fn elapsed_ms(from_us: u64, to_us: u64) -> u32 {
    u32::try_from(to_us.saturating_sub(from_us) / 1_000).unwrap_or(u32::MAX)
}

/// The best refusal so far (RFC 3261 section 16.7 step 6): lower rank is better.
#[derive(Default)]
pub(super) struct Best {
    pub(super) status: u16,
    /// The refusal as it goes upstream; empty if it is to be written here.
    pub(super) response: Vec<u8>,
}

/// Order of refusals: 6xx, then the lowest class; in 4xx those that let the caller try again, then
/// a target's own word, then our time-out; 503 last.
pub(super) fn rank(status: u16, own: bool) -> u8 {
    match status {
        600.. => 0,
        300..400 => 1,
        401 | 407 | 415 | 420 | 484 => 2,
        408 | 480 => 4 + u8::from(own),
        400..500 => 3,
        503 => 7 + u8::from(own),
        500..600 => 6,
        _ => 9,
    }
}

/// See the file's head.
pub(super) struct Call {
    pub(super) generation: u32,
    pub(super) state: State,
    pub(super) cancelled: bool,
    /// The leg whose 2xx went upstream.
    pub(super) winner: Option<u8>,
    pub(super) current: u8,
    pub(super) key: Key,
    pub(super) token: CallToken,
    pub(super) upstream: Hop,
    pub(super) started_us: u64,
    /// When the wheel wakes this call next.
    pub(super) wheel_us: u64,
    /// When the slot is freed.
    pub(super) end_us: u64,
    /// When the final answer is sent again (timer G).
    pub(super) again_us: u64,
    pub(super) again_interval_us: u64,
    /// The INVITE as received, kept while a leg may still need it.
    pub(super) request: Vec<u8>,
    /// The latest answer sent upstream, for repetition.
    pub(super) answer: Vec<u8>,
    pub(super) best: Option<Best>,
    pub(super) legs: Vec<Leg>,
}

impl Call {
    pub(super) fn free() -> Self {
        Self {
            generation: 0,
            state: State::Free,
            cancelled: false,
            winner: None,
            current: 0,
            key: 0,
            token: CallToken(0),
            upstream: SocketAddr::from(([0, 0, 0, 0], 0)).into(),
            started_us: 0,
            wheel_us: NEVER,
            end_us: NEVER,
            again_us: NEVER,
            again_interval_us: T1_US,
            request: Vec::new(),
            answer: Vec::new(),
            best: None,
            legs: Vec::new(),
        }
    }

    /// The earliest time at which something is due.
    pub(super) fn next_us(&self) -> u64 {
        let legs = self.legs.iter().map(Leg::next_us).min().unwrap_or(NEVER);
        self.end_us.min(self.again_us).min(legs)
    }

    /// Whether a held CANCEL may still need the stored request.
    pub(super) fn needs_request(&self) -> bool {
        self.state == State::Proceeding || self.legs.iter().any(|leg| leg.kill == Kill::HeldCancel)
    }
}
