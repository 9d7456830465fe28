//! The core: packets, network errors and time in; packets and outcomes out. No clock, no socket.
//!
//! A slab of calls, a fixed table from transaction keys to slab indices, a timer wheel. `request`
//! serves the side of the caller, `response` that of the targets, `fork` moves a call from target to
//! target, `timer` wakes, `stateless` passes on what needs no memory.

mod call;
mod fork;
mod probe;
mod request;
mod response;
mod stateless;
mod timer;

use crate::allow::AllowList;
use crate::branch::Keys;
use crate::edit;
use crate::hop::Hop;
use crate::identity::Identity;
use crate::msg::fields::Via;
use crate::msg::{Essentials, HeaderSpan, Message};
use crate::policy::{CallToken, Policy};
use crate::rate::SourceRates;
use crate::shed::Memo;
use crate::table::{Key, Table};
use crate::trunk::{TrunkReport, Trunks};
use crate::wheel::{Wake, Wheel};
use call::{Call, NEVER, State};
use std::net::SocketAddr;
use std::num::NonZeroU32;

/// Most buffers kept for reuse.
const SPARE_BUFFERS_MAX: usize = 1_024;

/// Where packets go. The core calls it for each packet, in order.
pub trait Sink {
    /// Sends one message. A failure known at once is told to [`Core::on_refused`] afterwards.
    fn send(&mut self, to: Hop, bytes: &[u8]);
}

/// What a source outside the allow-list gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stranger {
    /// Silence: nothing is parsed or sent.
    #[default]
    Drop,
    /// 403 to requests.
    Forbid,
}

/// Fixed properties of a core.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address peers reach this router at over UDP, printed in Via.
    pub advertised: SocketAddr,
    /// Its further addresses: other transports, the other address family.
    pub faces: Vec<Hop>,
    /// Secret from which all branches and hashes are derived; fresh per start.
    pub seed: [u8; 32],
    /// Most calls and tombstones (32 s each) at a time; beyond, calls are shed. At most 2^30.
    pub calls_max: u32,
    /// Longest message read, in bytes.
    pub message_bytes_max: usize,
    /// Who may speak.
    pub peers: AllowList,
    /// What others get.
    pub stranger: Stranger,
    /// Most messages a second from one address; beyond, they are dropped unread.
    pub source_messages_per_s_max: Option<NonZeroU32>,
    /// An INVITE that passed through here so often already is answered 482 (RFC 3261 section 16.3
    /// step 4); the hop limit alone would let it ring seventy times.
    pub own_passes_max: u8,
}

impl Config {
    /// 131,072 calls, 16 KiB messages, silence to strangers, no cap by source, 8 passes.
    pub fn new(advertised: SocketAddr, seed: [u8; 32], peers: AllowList) -> Self {
        Self {
            advertised,
            seed,
            calls_max: 1 << 17,
            message_bytes_max: 16 * 1_024,
            peers,
            stranger: Stranger::default(),
            faces: Vec::new(),
            source_messages_per_s_max: None,
            own_passes_max: 8,
        }
    }
}

/// What happened so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Datagrams received.
    pub received: u64,
    /// Datagrams sent.
    pub sent: u64,
    /// Datagrams from outside the allow-list.
    pub strangers: u64,
    /// Messages dropped because their source sent too many.
    pub rate_limited: u64,
    /// INVITEs answered 482: they went in circles.
    pub loops: u64,
    /// Datagrams over the size limit.
    pub oversized: u64,
    /// Datagrams that are no sound message.
    pub malformed: u64,
    /// New calls routed.
    pub invites: u64,
    /// INVITEs received again.
    pub repeated_invites: u64,
    /// Calls answered 2xx.
    pub answered: u64,
    /// Calls answered 302.
    pub redirected: u64,
    /// Calls refused, 4xx–6xx, cancelled ones included.
    pub refused: u64,
    /// Calls cancelled by the caller.
    pub cancelled: u64,
    /// Moves to a further target.
    pub fall_throughs: u64,
    /// Messages shed because the table was full.
    pub shed: u64,
    /// Requests within a dialog, ACKs and shed calls passed on statelessly.
    pub stateless: u64,
    /// Responses that belong to nothing here, or come from the wrong place.
    pub stray: u64,
    /// Network refusals that ended an attempt.
    pub unreachable: u64,
    /// OPTIONS answered.
    pub options: u64,
    /// Answered calls that nobody waited for any more, ended with BYE.
    pub late_answers_ended: u64,
    /// Calls and tombstones now in the table.
    pub live: u32,
}

/// The SIP core. One per shard; not shared between threads.
pub struct Core<P> {
    config: Config,
    me: Identity,
    keys: Keys,
    policy: P,
    calls: Vec<Call>,
    free: Vec<u32>,
    table: Table,
    wheel: Wheel,
    counters: Counters,
    shed_until_us: u64,
    shed_memo: Memo,
    trunks: Trunks,
    trunks_asked_us: u64,
    rates: Option<SourceRates>,
    /// Reused memory, so that the usual packet allocates nothing.
    headers: Vec<HeaderSpan>,
    out: Vec<u8>,
    stamped: Vec<u8>,
    spare: Vec<Vec<u8>>,
}

impl<P: Policy> Core<P> {
    /// A core that starts at `now_us` of the caller's monotonic clock.
    pub fn new(mut config: Config, policy: P, now_us: u64) -> Self {
        config.calls_max = config.calls_max.clamp(1, 1 << 30);
        Self {
            me: Identity::new(config.advertised, &config.faces),
            keys: Keys::new(&config.seed),
            policy,
            // Reserved at once: growing would copy the whole slab between two packets.
            calls: Vec::with_capacity(config.calls_max as usize),
            free: Vec::new(),
            table: Table::new(config.calls_max),
            wheel: Wheel::new(now_us),
            counters: Counters::default(),
            shed_until_us: 0,
            shed_memo: Memo::new(),
            trunks: Trunks::default(),
            trunks_asked_us: 0,
            rates: config.source_messages_per_s_max.map(SourceRates::new),
            headers: Vec::with_capacity(64),
            out: Vec::with_capacity(2_048),
            stamped: Vec::with_capacity(2_048),
            spare: Vec::new(),
            config,
        }
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The policy.
    pub fn policy(&self) -> &P {
        &self.policy
    }

    /// The policy, to change.
    pub fn policy_mut(&mut self) -> &mut P {
        &mut self.policy
    }

    /// The policy, when the core is done.
    pub fn into_policy(self) -> P {
        self.policy
    }

    /// The trunks as they stand.
    pub fn trunks(&self, now_us: u64) -> Vec<TrunkReport> {
        self.trunks.reports(now_us)
    }

    /// A datagram arrived.
    pub fn on_datagram(
        &mut self,
        now_us: u64,
        source: SocketAddr,
        bytes: &[u8],
        sink: &mut impl Sink,
    ) {
        self.on_message(now_us, source.into(), bytes, sink);
    }

    /// A message arrived: a datagram, or one whole message of a stream.
    pub fn on_message(&mut self, now_us: u64, source: Hop, bytes: &[u8], sink: &mut impl Sink) {
        self.counters.received += 1;
        let ip = source.addr.ip();
        let stranger = !self.config.peers.contains(ip) && !self.policy.is_peer(ip);
        if stranger {
            self.counters.strangers += 1;
            if self.config.stranger == Stranger::Drop {
                return;
            }
        }
        if let Some(rates) = &mut self.rates
            && !rates.admit(now_us, source.addr.ip(), &self.keys)
        {
            self.counters.rate_limited += 1;
            return;
        }
        if bytes.len() > self.config.message_bytes_max {
            self.counters.oversized += 1;
            return;
        }
        // CRLFs before the start line are keep-alives (RFC 3261 section 7.5, RFC 5626 section 3.5.1).
        let lead = bytes
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n' | 0))
            .count();
        let bytes = &bytes[lead..];
        if bytes.is_empty() {
            return;
        }
        let headers = std::mem::take(&mut self.headers);
        let Ok(message) = Message::parse_reusing(bytes, headers) else {
            self.counters.malformed += 1;
            return;
        };
        if !message.is_request() {
            if !stranger {
                self.on_response(now_us, source, &message, sink);
            }
        } else if stranger {
            self.refuse_stranger(source, &message, sink);
        } else {
            self.on_request(now_us, source, &message, sink);
        }
        self.headers = message.into_headers();
    }

    fn refuse_stranger(&mut self, source: Hop, message: &Message<'_>, sink: &mut impl Sink) {
        if let Ok(seen) = message.essentials()
            && message.method() != Some(b"ACK")
        {
            self.answer_statelessly(source, message, &seen, 403, &[], sink);
        }
    }

    fn is_full(&self) -> bool {
        self.counters.live >= self.config.calls_max
    }

    /// Takes a slot for a new call. The caller has checked [`Self::is_full`].
    fn allocate(&mut self, now_us: u64, key: Key, token: CallToken, upstream: Hop) -> usize {
        let index = self.free.pop().unwrap_or_else(|| {
            self.calls.push(Call::free());
            u32::try_from(self.calls.len() - 1).unwrap_or(0)
        });
        self.table.insert(key, index);
        self.counters.live += 1;
        let index = index as usize;
        let call = &mut self.calls[index];
        call.state = State::Proceeding;
        call.cancelled = false;
        call.winner = None;
        call.current = 0;
        (call.key, call.token, call.upstream) = (key, token, upstream);
        call.started_us = now_us;
        (call.wheel_us, call.end_us, call.again_us) = (NEVER, NEVER, NEVER);
        index
    }

    /// Frees a slot; its generation moves on, so that late packets find nothing.
    fn release(&mut self, index: usize) {
        let call = &mut self.calls[index];
        call.state = State::Free;
        call.generation = call.generation.wrapping_add(1);
        call.best = None;
        call.legs = Vec::new();
        let (key, request) = (call.key, std::mem::take(&mut call.request));
        let answer = std::mem::take(&mut call.answer);
        self.give_back(request);
        self.give_back(answer);
        self.table.remove(key);
        self.counters.live -= 1;
        self.free.push(u32::try_from(index).unwrap_or(0));
    }

    /// Drops the stored request once no leg can need it.
    fn forget_request(&mut self, index: usize) {
        if !self.calls[index].needs_request() {
            let request = std::mem::take(&mut self.calls[index].request);
            self.give_back(request);
        }
    }

    /// A copy in reused memory.
    fn keep(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut buffer = self.spare.pop().unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(bytes);
        buffer
    }

    fn give_back(&mut self, buffer: Vec<u8>) {
        if buffer.capacity() > 0 && self.spare.len() < SPARE_BUFFERS_MAX {
            self.spare.push(buffer);
        }
    }

    /// Makes sure that the wheel wakes the call no later than its next deadline.
    fn arm(&mut self, now_us: u64, index: usize) {
        let call = &mut self.calls[index];
        let at = call.next_us();
        if at < call.wheel_us {
            let wake = Wake {
                index: u32::try_from(index).unwrap_or(0),
                generation: call.generation,
            };
            // One turn of the wheel is 41 s; a later deadline is looked at again then.
            let comes_up = self.wheel.schedule(at.min(now_us + 40_000_000), wake);
            call.wheel_us = at.min(comes_up);
        }
    }

    fn send(&mut self, to: Hop, bytes: &[u8], sink: &mut impl Sink) {
        if bytes.is_empty() {
            return;
        }
        self.counters.sent += 1;
        sink.send(to, bytes);
    }

    /// A response that needs no memory: its tag is a keyed hash, equal for every repetition.
    fn answer_statelessly(
        &mut self,
        source: Hop,
        message: &Message<'_>,
        seen: &Essentials<'_>,
        status: u16,
        extra: &[u8],
        sink: &mut impl Sink,
    ) {
        let host = |hop: Hop| edit::canonical(hop.addr.ip());
        let to = reply_to(source, &seen.via)
            .filter(|to| host(*to) == host(source))
            .unwrap_or(source);
        let tag = self.transaction_key(message, seen);
        let mut out = std::mem::take(&mut self.out);
        edit::reply(message, status, Some(tag_of(tag)), extra, &mut out);
        self.send(to, &out, sink);
        self.out = out;
    }

    /// The key of the transaction a request belongs to; INVITE, its CANCEL and the ACK of its refusal
    /// share one (RFC 3261 section 17.2.3, the older matching rules of RFC 2543 included).
    fn transaction_key(&self, message: &Message<'_>, seen: &Essentials<'_>) -> Key {
        let via = &seen.via;
        let port = via.port.unwrap_or(5060).to_be_bytes();
        if let Some(branch) = via.branch
            && branch.len() > 7
            && branch[..7].eq_ignore_ascii_case(b"z9hG4bK")
        {
            return self.keys.digest(0, &[branch, via.host, &port]);
        }
        let parts: [&[u8]; 7] = [
            seen.call_id,
            seen.from_tag.unwrap_or_default(),
            &seen.cseq.number.to_be_bytes(),
            message.request_uri().unwrap_or_default(),
            via.branch.unwrap_or_default(),
            via.host,
            &port,
        ];
        self.keys.digest(1, &parts)
    }
}

/// Where answers to a request go: by its Via, for a stream back on its connection (RFC 3261 section
/// 18.2.2).
fn reply_to(source: Hop, via: &Via<'_>) -> Option<Hop> {
    if source.transport.is_stream() {
        return Some(source);
    }
    edit::reply_address(via).map(Hop::from)
}

/// Our To tag for a transaction.
fn tag_of(key: Key) -> u64 {
    let bytes = key.to_be_bytes();
    bytes[..8]
        .iter()
        .fold(0, |tag, byte| tag << 8 | u64::from(*byte))
}
