//! What the core asks the rest of the product: where does this call go, and what became of it.
//!
//! Implementations must not block: the core calls them between two packets.

use crate::msg::Message;
use crate::msg::fields::{Address, uri_user};
use std::net::SocketAddr;
use std::sync::Arc;

/// Most targets of one call (outsourced, in-house, last resort, one spare).
pub const TARGETS_MAX: usize = 4;

/// The call's own number, printed as 32 hexadecimal digits in `X-Segue-Call`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallToken(pub u128);

/// A new INVITE (while shedding also its CANCEL and ACK), borrowed. Never a re-INVITE: requests
/// within a dialog are not routed anew. Has no `Debug`: it holds the caller's number.
#[derive(Clone, Copy)]
pub struct Invite<'m> {
    message: &'m Message<'m>,
    source: SocketAddr,
}

impl<'m> Invite<'m> {
    pub(crate) fn new(message: &'m Message<'m>, source: SocketAddr) -> Self {
        Self { message, source }
    }

    /// The Request-URI.
    pub fn request_uri(&self) -> &'m [u8] {
        self.message.request_uri().unwrap_or_default()
    }

    /// The dialled number or name: the user part of the Request-URI, escapes as sent.
    pub fn called(&self) -> Option<&'m [u8]> {
        uri_user(self.request_uri())
    }

    /// The user part of `From`. May be forged or `anonymous`.
    pub fn from_user(&self) -> Option<&'m [u8]> {
        uri_user(self.message.from()?.uri)
    }

    /// The user part of the first `P-Asserted-Identity` (RFC 3325): the network's word.
    pub fn asserted_user(&self) -> Option<&'m [u8]> {
        let line = self.message.header("P-Asserted-Identity")?;
        let first = crate::msg::split_commas(line).next()?;
        uri_user(Address::parse(first)?.uri)
    }

    /// `Call-ID`.
    pub fn call_id(&self) -> &'m [u8] {
        self.message.call_id().unwrap_or_default()
    }

    /// Where the packet came from.
    pub fn source(&self) -> SocketAddr {
        self.source
    }

    /// The first header of this name, long or compact, any case: for loops, our own header, Diversion.
    pub fn header(&self, name: &str) -> Option<&'m [u8]> {
        self.message.header(name)
    }

    /// The whole message.
    pub fn message(&self) -> &'m Message<'m> {
        self.message
    }
}

/// How long a target may take, in milliseconds from its INVITE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// Without any answer: next target.
    pub silent_ms: u32,
    /// With 100 but no other provisional answer: next target.
    pub trying_ms: u32,
    /// Ringing without being answered: next target (Timer C).
    pub ring_ms: u32,
}

impl Default for Timers {
    /// 3 s, 7 s and 22 s, together shorter than a carrier's own timer.
    fn default() -> Self {
        Self {
            silent_ms: 3_000,
            trying_ms: 7_000,
            ring_ms: 22_000,
        }
    }
}

/// Refusals that go to the next target only by choice; 3xx, 408, 480 and 5xx always do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FallThrough {
    /// 404 Not Found.
    pub not_found: bool,
    /// 486 Busy Here.
    pub busy: bool,
    /// 603 Decline (otherwise a 6xx ends the search, RFC 3261 section 16.7 step 5).
    pub decline: bool,
}

impl FallThrough {
    pub(crate) fn covers(self, status: u16) -> bool {
        match status {
            300..400 | 408 | 480 | 500..600 => true,
            404 => self.not_found,
            486 => self.busy,
            603 => self.decline,
            _ => false,
        }
    }
}

/// One place a call can go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where its packets go.
    pub addr: SocketAddr,
    /// The new Request-URI (or Contact of a 302). `None`: as received; in a 302 the called user at
    /// `addr`. Must be a bare SIP URI.
    pub uri: Option<Arc<str>>,
    /// Its patience.
    pub timers: Timers,
    /// Which refusals beyond the usual go on to the next target.
    pub fall_through: FallThrough,
    /// The policy's own mark, given back with the outcome.
    pub tag: u8,
}

impl Target {
    /// A target with the default timers, the Request-URI as received and tag 0.
    pub fn new(addr: SocketAddr) -> Self {
        Self {
            addr,
            uri: None,
            timers: Timers::default(),
            fall_through: FallThrough::default(),
            tag: 0,
        }
    }
}

/// What to do with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Stay in the path until the final answer and try the targets in order.
    Proxy,
    /// Answer 302 with the targets as Contacts, `q` falling.
    Redirect,
    /// Answer this status (400–699) at once.
    Refuse(u16),
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The call's number for `X-Segue-Call` and the outcome.
    pub token: CallToken,
    /// What to do.
    pub mode: Mode,
    /// In order of trial, at most [`TARGETS_MAX`]; the rest is cut. Empty: answered 503.
    pub targets: Vec<Target>,
}

/// What to do with a call for which the table has no room. Must be the same for the same call, as
/// nothing is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shed {
    /// Pass it on statelessly (in-house, as a rule).
    Proxy(Target),
    /// Answer 302 with this one Contact.
    Redirect(Target),
    /// Answer 503.
    Refuse,
}

/// How an attempt at a target ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// It answered 2xx.
    Answered,
    /// It refused with this status.
    Refused(u16),
    /// No answer at all within `silent_ms`.
    Silent,
    /// Only 100 within `trying_ms`.
    TryingOnly,
    /// Rang until `ring_ms`.
    NoAnswer,
    /// The network refused: port closed or host unreachable.
    Unreachable,
    /// The caller hung up, or another target answered first.
    Cancelled,
}

/// One attempt, for the decision log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptResult {
    /// Index into [`Route::targets`].
    pub target: u8,
    /// [`Target::tag`].
    pub tag: u8,
    /// How it ended.
    pub attempt: Attempt,
    /// From its INVITE to its end, in milliseconds.
    pub elapsed_ms: u32,
}

/// What became of a call, told once, at the final answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome<'a> {
    /// The status answered upstream.
    pub status: u16,
    /// From the INVITE to the final answer, in milliseconds.
    pub elapsed_ms: u32,
    /// The attempts in order; empty for a redirect or refusal.
    pub attempts: &'a [AttemptResult],
}

/// Decides for the core. See the file's head.
pub trait Policy {
    /// Where a new call goes. `now_us` is the core's monotonic time.
    fn route(&mut self, now_us: u64, invite: &Invite<'_>) -> Route;

    /// Where a call goes when the table is full. Asked for its INVITE, CANCEL and ACK alike.
    fn shed(&mut self, now_us: u64, invite: &Invite<'_>) -> Shed;

    /// Whether this address is a peer that requests within a dialog may be passed on to. Without
    /// such a limit the router would be an open relay.
    fn is_known(&self, addr: SocketAddr) -> bool;

    /// What became of a call.
    fn outcome(&mut self, token: CallToken, outcome: &Outcome<'_>);
}
