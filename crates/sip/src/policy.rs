//! What the core asks the rest of the product: where does this call go, and what became of it.
//!
//! Implementations must not block: the core calls them between two packets.

use crate::hop::{Hop, Transport};
use crate::msg::Message;
use crate::msg::fields::{Address, uri_user};
use crate::trunk::TrunkSettings;
use std::net::{IpAddr, SocketAddr};
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
    source: Hop,
}

impl<'m> Invite<'m> {
    pub(crate) fn new(message: &'m Message<'m>, source: Hop) -> Self {
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
        self.source.addr
    }

    /// How it came.
    pub fn transport(&self) -> Transport {
        self.source.transport
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

/// Which refusals go to the next target, code by code. Usual are 3xx, 408, 480 and 5xx; whatever is
/// set, a 2xx never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FallThrough {
    /// One bit for each status from 300 to 699.
    codes: [u64; 7],
}

impl Default for FallThrough {
    fn default() -> Self {
        (300..400)
            .chain([408, 480])
            .chain(500..600)
            .fold(Self { codes: [0; 7] }, Self::with)
    }
}

impl FallThrough {
    fn place(status: u16) -> Option<(usize, u64)> {
        let bit = status.checked_sub(300).filter(|bit| *bit < 400)?;
        Some((usize::from(bit / 64), 1 << (bit % 64)))
    }

    /// This refusal goes on to the next target too, for example 404, 486 or 603. A 6xx otherwise ends
    /// the search (RFC 3261 section 16.7 step 5).
    #[must_use]
    pub fn with(mut self, status: u16) -> Self {
        if let Some((word, bit)) = Self::place(status) {
            self.codes[word] |= bit;
        }
        self
    }

    /// This refusal is the caller's answer.
    #[must_use]
    pub fn without(mut self, status: u16) -> Self {
        if let Some((word, bit)) = Self::place(status) {
            self.codes[word] &= !bit;
        }
        self
    }

    pub(crate) fn covers(self, status: u16) -> bool {
        Self::place(status).is_some_and(|(word, bit)| self.codes[word] & bit != 0)
    }
}

/// One place a call can go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where its packets go.
    pub addr: SocketAddr,
    /// How.
    pub transport: Transport,
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
    pub fn new(to: impl Into<Hop>) -> Self {
        let to = to.into();
        Self {
            addr: to.addr,
            transport: to.transport,
            uri: None,
            timers: Timers::default(),
            fall_through: FallThrough::default(),
            tag: 0,
        }
    }

    /// Where and how.
    pub fn hop(&self) -> Hop {
        Hop::new(self.transport, self.addr)
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
/// next to nothing is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shed {
    /// Pass it on statelessly to the first of these (in-house, then the last resort). One that refuses
    /// before anything rang is passed by when the caller's INVITE comes again.
    Proxy(Vec<Target>),
    /// Answer 302 with these Contacts.
    Redirect(Vec<Target>),
    /// Answer 503.
    Refuse,
}

/// Why a target was not even tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// Nothing is known of its trunk yet.
    Unknown,
    /// Its trunk does not answer OPTIONS.
    Down,
    /// Its trunk failed call after call.
    Breaker,
    /// Its calls a second are used up.
    CallsPerSecond,
    /// Its calls at a time are used up.
    CallsMax,
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
    /// It was passed by.
    Skipped(Skip),
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

    /// Whether an address outside the allow-list may speak all the same: a target of a table that came
    /// later, for example. Asked for every packet of a stranger, so it must be quick.
    fn is_peer(&self, _ip: IpAddr) -> bool {
        false
    }

    /// The trunks to watch, if they are others than at the last question. Asked every second.
    fn trunks(&mut self) -> Option<Vec<TrunkSettings>> {
        None
    }

    /// Where a call goes when the table is full. Asked for its INVITE, CANCEL and ACK alike.
    fn shed(&mut self, now_us: u64, invite: &Invite<'_>) -> Shed;

    /// Whether this address is a peer that requests within a dialog may be passed on to. Without
    /// such a limit the router would be an open relay.
    fn is_known(&self, addr: SocketAddr) -> bool;

    /// What became of a call.
    fn outcome(&mut self, token: CallToken, outcome: &Outcome<'_>);
}
