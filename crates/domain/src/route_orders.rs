//! Orders for places that cannot ask Segue (§3.2): who had what changed, on whose ticket, what was answered, and whether it holds.
//!
//! An order outward goes no further than both parties have agreed, in share and in hours. Until it is proved to hold, and while it
//! sends out more than is agreed (after a fallback it still does) or at other hours, the chunk's gate is red.

use crate::Decided;
use crate::actor::{Actor, Right};
use crate::boards::{Board, Kind};
use crate::caller::e164;
use crate::chunks::Chunk;
use crate::event::Event;
use crate::gates::{Finding, GateLeg};
use crate::ids::{ChunkId, PersonId, RouteOrderId};
use crate::lines::{EMERGENCY_NUMBERS, bad};
use crate::refusal::{Code, Refusal};
use crate::share::{ShareInput, TrafficShare};
use crate::text;
use crate::transition::Transition;
use crate::windows::ShiftWindow;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest name of a place, ticket or start.
const WORD_CHARS_MAX: usize = 100;

pub(crate) const BOARD: Kind = Kind {
    name: "route-orders",
    says: "What carriers, clouds and PBXs were told, on whose ticket, and whether it holds",
    may_see: None,
    draw: |t, _, _| draw(t),
};

/// What moves the calls.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RouteMechanism {
    /// Call processing record of a toll-free number, changed by its responsible organisation.
    TollFreeCpr,
    /// Traffic distribution group of Amazon Connect.
    AmazonConnect,
    /// Carrier call forwarding, dialled on the line: *72 on, *73 off.
    CallForwarding,
    /// Percent allocation in a PBX or ACD.
    PbxRouting,
    /// Segue in the SIP path.
    SipTrunk,
}

/// One way to see whether an order holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RouteCheckKind {
    /// The value as the mechanism itself gives it back.
    ReadBack,
    /// Calls that arrived on both sides, against the share.
    Arrivals,
    /// Calls placed to the public number, each answered where it had to be.
    TestCall,
}

impl RouteMechanism {
    /// Every mechanism.
    pub const ALL: [Self; 5] = [
        Self::TollFreeCpr,
        Self::AmazonConnect,
        Self::CallForwarding,
        Self::PbxRouting,
        Self::SipTrunk,
    ];

    /// The mechanism in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::TollFreeCpr => "toll-free CPR",
            Self::AmazonConnect => "Amazon Connect",
            Self::CallForwarding => "*72 call forwarding",
            Self::PbxRouting => "PBX routing",
            Self::SipTrunk => "Segue's SIP trunk",
        }
    }

    /// What must hold before a share on it counts as proved. A mechanism that draws each call anew cannot be proved by test calls
    /// alone; one side at a time needs no counting.
    pub fn proofs(self) -> &'static [RouteCheckKind] {
        use RouteCheckKind::{Arrivals, ReadBack, TestCall};
        match self {
            Self::TollFreeCpr | Self::PbxRouting => &[TestCall, Arrivals],
            Self::AmazonConnect | Self::SipTrunk => &[ReadBack, TestCall],
            Self::CallForwarding => &[TestCall],
        }
    }
}

impl RouteCheckKind {
    /// The check in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::ReadBack => "read back",
            Self::Arrivals => "arrivals",
            Self::TestCall => "test calls",
        }
    }
}

/// Records that an order was placed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlaceRouteOrder {
    /// The chunk whose agreed share this is.
    pub chunk: ChunkId,
    /// The public number, in E.164 form.
    pub number: String,
    /// What moves the calls.
    pub mechanism: RouteMechanism,
    /// Where the outsourcer's part goes, as the mechanism names places.
    pub out: String,
    /// Where the rest goes.
    pub home: String,
    /// The outsourcer's part, whole percent.
    pub share_percent: ShareInput,
    /// The hours in which it holds; outside them every call goes home. Empty means always.
    #[serde(default)]
    pub windows: Vec<ShiftWindow>,
    /// `NOW`, or a local time.
    pub start: String,
    /// The IANA zone of the start.
    pub zone: String,
    /// The ticket that whoever changed it gave.
    pub ticket: String,
    /// What the mechanism, or the person who changed it, answered.
    pub answered: String,
}

/// One check of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RouteCheck {
    /// What was looked at.
    pub kind: RouteCheckKind,
    /// Whether it was as ordered.
    pub holds: bool,
    /// What was seen.
    pub said: String,
}

/// Records whether an order holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct VerifyRouteOrder {
    /// The order.
    pub order: RouteOrderId,
    /// What was looked at.
    pub checks: Vec<RouteCheck>,
    /// Where the evidence is.
    pub reference: String,
}

/// An order was placed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteOrderPlaced {
    /// Its name.
    pub order: RouteOrderId,
    /// The chunk.
    pub chunk: ChunkId,
    /// The public number.
    pub number: String,
    /// What moves the calls.
    pub mechanism: RouteMechanism,
    /// Where the outsourcer's part goes.
    pub out: String,
    /// Where the rest goes.
    pub home: String,
    /// The outsourcer's part.
    pub share: TrafficShare,
    /// The hours in which it holds.
    pub windows: Vec<ShiftWindow>,
    /// When it was to hold.
    pub start: String,
    /// The zone of the start.
    pub zone: String,
    /// The ticket.
    pub ticket: String,
    /// What was answered.
    pub answered: String,
    /// Who placed it.
    pub by: PersonId,
    /// When that was recorded.
    pub at: Timestamp,
}

/// An order was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteOrderVerified {
    /// The order.
    pub order: RouteOrderId,
    /// What was looked at.
    pub checks: Vec<RouteCheck>,
    /// Whether every proof its mechanism needs is there and holds.
    pub holds: bool,
    /// Where the evidence is.
    pub reference: String,
    /// When.
    pub at: Timestamp,
}

/// An order in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RouteOrder {
    /// As it was placed.
    pub placed: RouteOrderPlaced,
    /// What was seen last.
    pub verified: Option<RouteOrderVerified>,
}

/// Every order, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RouteOrders {
    all: BTreeMap<RouteOrderId, RouteOrder>,
    /// The last order of each chunk on each number, by what moves its calls: one mechanism's order ends no other's.
    last: BTreeMap<ChunkId, BTreeMap<String, BTreeMap<RouteMechanism, RouteOrderId>>>,
}

impl RouteOrders {
    /// The last orders of a chunk, by public number and mechanism.
    pub fn of_chunk(&self, chunk: &ChunkId) -> impl Iterator<Item = &RouteOrder> {
        let numbers = self.last.get(chunk).into_iter().flat_map(BTreeMap::values);
        let names = numbers.flat_map(BTreeMap::values);
        names.filter_map(|order| self.all.get(order))
    }

    /// An order by its name.
    pub fn get(&self, order: &RouteOrderId) -> Option<&RouteOrder> {
        self.all.get(order)
    }

    /// The order placed last on a number with a mechanism, for one chunk or whatever the chunk.
    pub fn newest_on(
        &self,
        number: &str,
        mechanism: RouteMechanism,
        chunk: Option<&ChunkId>,
    ) -> Option<&RouteOrder> {
        let on = self.all.values().filter(|order| {
            let placed = &order.placed;
            placed.number == number
                && placed.mechanism == mechanism
                && chunk.is_none_or(|chunk| placed.chunk == *chunk)
        });
        on.max_by_key(|order| order.placed.at)
    }

    /// The order placed last for a chunk on a number with a mechanism.
    fn last(
        &self,
        chunk: &ChunkId,
        number: &str,
        mechanism: RouteMechanism,
    ) -> Option<&RouteOrder> {
        let on = self.last.get(chunk)?.get(number)?;
        self.all.get(on.get(&mechanism)?)
    }
}

impl RouteOrder {
    /// Why it keeps the gate red, or nothing when it does not.
    fn weakness(&self, chunk: &Chunk) -> Option<String> {
        let agreed = share_in_force(chunk);
        let (order, ticket) = (&self.placed.order, &self.placed.ticket);
        let (share, on) = (self.placed.share, self.placed.mechanism.words());
        let named = format!(
            "order {order} ({on}, {} %, ticket {ticket})",
            share.percent()
        );
        if share > agreed {
            return Some(format!(
                "{named} sends out more than the {} % in force; place the way back",
                agreed.percent()
            ));
        }
        if share.is_out() && self.placed.windows != chunk.planned.windows {
            return Some(format!(
                "{named} sends out in other hours than both signed; place it anew"
            ));
        }
        match &self.verified {
            None => Some(format!("{named} is not proved (`segue route verify`)")),
            Some(seen) if !seen.holds => Some(format!("{named} does not hold: {}", seen.wanting())),
            Some(_) => None,
        }
    }
}

impl RouteOrderVerified {
    fn wanting(&self) -> String {
        let failed = self.checks.iter().find(|check| !check.holds);
        failed.map_or_else(
            || "not every proof is there".to_owned(),
            |check| format!("{}: {}", check.kind.words(), check.said),
        )
    }
}

/// Orders that are not proved, and such as send out more than is in force or at other hours.
pub(crate) fn findings(t: &Transition, chunk: &Chunk, _now: Timestamp) -> Vec<Finding> {
    t.route_orders
        .of_chunk(&chunk.planned.id)
        .filter_map(|order| order.weakness(chunk))
        .map(|text| GateLeg::Technology.finds(text))
        .collect()
}

fn share_in_force(chunk: &Chunk) -> TrafficShare {
    if chunk.is_out() {
        chunk.share
    } else {
        TrafficShare::HOME
    }
}

pub(crate) fn place(t: &Transition, c: &PlaceRouteOrder, actor: &Actor, now: Timestamp) -> Decided {
    let share = c.share_percent.parse()?;
    // Homeward as everything homeward: one person, no gate.
    actor.require(if share.is_out() {
        Right::Prepare
    } else {
        Right::BringHome
    })?;
    let chunk = t.require_chunk(&c.chunk)?;
    check_words(t, c, chunk)?;
    check_agreed(c, chunk, share)?;
    let known = t.route_orders.last(&c.chunk, &c.number, c.mechanism);
    if known.is_some_and(|order| same(&order.placed, c, share)) {
        return Ok(Vec::new());
    }
    let order = RouteOrderId(format!("RO-{}", t.route_orders.all.len() + 1));
    Ok(vec![Event::RouteOrderPlaced(RouteOrderPlaced {
        order,
        chunk: c.chunk.clone(),
        number: c.number.clone(),
        mechanism: c.mechanism,
        out: c.out.clone(),
        home: c.home.clone(),
        share,
        windows: c.windows.clone(),
        start: c.start.clone(),
        zone: c.zone.clone(),
        ticket: c.ticket.clone(),
        answered: c.answered.clone(),
        by: actor.person.clone(),
        at: now,
    })])
}

/// The same change on the same ticket, told again.
fn same(placed: &RouteOrderPlaced, c: &PlaceRouteOrder, share: TrafficShare) -> bool {
    placed.ticket == c.ticket
        && placed.mechanism == c.mechanism
        && placed.share == share
        && placed.windows == c.windows
        && (&placed.out, &placed.home) == (&c.out, &c.home)
        && (&placed.start, &placed.zone) == (&c.start, &c.zone)
}

fn check_words(t: &Transition, c: &PlaceRouteOrder, chunk: &Chunk) -> Result<(), Refusal> {
    let mut lines = chunk.planned.lines.iter().filter_map(|id| t.line(id));
    if !lines.any(|line| line.number == c.number) {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!(
                "`{}` as the number of a line of {}",
                c.number, c.chunk
            ))
            .how("give the public number in E.164 form, as on the board `numbers`"));
    }
    for (what, place) in [("the place out", &c.out), ("the place home", &c.home)] {
        word(what, place)?;
        if EMERGENCY_NUMBERS.contains(&place.trim_start_matches('+')) {
            return Err(Refusal::new(Code::EmergencyTarget)
                .missing(format!("{what} that is not {place}"))
                .how("name a number, region or queue of one of the two centres"));
        }
    }
    word("the start", &c.start)?;
    word("the ticket", &c.ticket)?;
    // A ticket may have many digits; a telephone number is none.
    if e164(&c.ticket).is_some_and(|number| number.len() > 10) {
        return Err(Refusal::new(Code::CallerData)
            .missing("a ticket that is not a telephone number".to_owned())
            .who("the person who wrote it")
            .how("put the letters of the ticket system in front of its number"));
    }
    if jiff::tz::TimeZone::get(&c.zone).is_err() {
        return Err(bad(format!("`{}` as an IANA zone", c.zone)));
    }
    text::list("windows", &c.windows)?;
    for window in &c.windows {
        window.parse()?;
    }
    text::free("what was answered", &c.answered)
}

/// Printable, in one line, not long.
fn word(what: &str, text: &str) -> Result<(), Refusal> {
    let printable = text.chars().all(|c| !c.is_control());
    if printable && !text.trim().is_empty() && text.chars().count() <= WORD_CHARS_MAX {
        return Ok(());
    }
    Err(bad(format!(
        "{what} in 1 to {WORD_CHARS_MAX} printable characters"
    )))
}

/// Outward, neither more nor at other hours than both have signed.
fn check_agreed(c: &PlaceRouteOrder, chunk: &Chunk, share: TrafficShare) -> Result<(), Refusal> {
    if !share.is_out() {
        return Ok(());
    }
    let agreed = share_in_force(chunk);
    let refused = |missing: String, how: &str| {
        Err(Refusal::new(Code::StepNotInPlan)
            .missing(missing)
            .who("one person of each party")
            .how(how))
    };
    if share > agreed {
        return refused(
            format!(
                "agreed for {} is {} %, ordered are {} %",
                c.chunk,
                agreed.percent(),
                share.percent()
            ),
            "agree the step first: segue do propose-step, segue do approve-step",
        );
    }
    if c.windows != chunk.planned.windows {
        return refused(
            format!("the hours of {} as both signed them", c.chunk),
            "order the windows of the plan, or agree a plan with others",
        );
    }
    Ok(())
}

pub(crate) fn verify(t: &Transition, c: &VerifyRouteOrder, now: Timestamp) -> Decided {
    let Some(order) = t.route_orders.all.get(&c.order) else {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("order `{}`", c.order))
            .how("see segue show route-orders"));
    };
    text::list("checks", &c.checks)?;
    if c.checks.is_empty() {
        return Err(bad("at least one check".into()));
    }
    for check in &c.checks {
        text::free("what was seen", &check.said)?;
    }
    text::title("where the evidence is", &c.reference)?;
    let seen = |kind: &RouteCheckKind| c.checks.iter().any(|check| check.kind == *kind);
    let holds = c.checks.iter().all(|check| check.holds)
        && order.placed.mechanism.proofs().iter().all(seen);
    Ok(vec![Event::RouteOrderVerified(RouteOrderVerified {
        order: c.order.clone(),
        checks: c.checks.clone(),
        holds,
        reference: c.reference.clone(),
        at: now,
    })])
}

pub(crate) fn apply_placed(t: &mut Transition, e: &RouteOrderPlaced) {
    let of_chunk = t.route_orders.last.entry(e.chunk.clone()).or_default();
    let on_number = of_chunk.entry(e.number.clone()).or_default();
    on_number.insert(e.mechanism, e.order.clone());
    let order = RouteOrder {
        placed: e.clone(),
        verified: None,
    };
    t.route_orders.all.insert(e.order.clone(), order);
}

pub(crate) fn apply_verified(t: &mut Transition, e: &RouteOrderVerified) {
    if let Some(order) = t.route_orders.all.get_mut(&e.order) {
        order.verified = Some(e.clone());
    }
}

fn draw(t: &Transition) -> Board {
    let columns = [
        "chunk",
        "number",
        "order",
        "mechanism",
        "share",
        "hours",
        "start",
        "ticket",
        "placed",
        "stands",
    ];
    let mut board = Board::new("Orders for places that cannot ask", &columns);
    for (id, chunk) in &t.chunks {
        for order in t.route_orders.of_chunk(id) {
            let placed = &order.placed;
            let hours: Vec<_> = placed.windows.iter().map(|w| w.window.as_str()).collect();
            board.row([
                id.to_string(),
                placed.number.clone(),
                placed.order.to_string(),
                placed.mechanism.words().to_owned(),
                format!("{} %", placed.share.percent()),
                if hours.is_empty() {
                    "always".to_owned()
                } else {
                    hours.join("; ")
                },
                format!("{} {}", placed.start, placed.zone),
                placed.ticket.clone(),
                text::minute(placed.at),
                order.weakness(chunk).unwrap_or_else(|| "holds".to_owned()),
            ]);
        }
    }
    board.note("The last order of each chunk on each number and mechanism; earlier ones are in the journal.");
    board
}
