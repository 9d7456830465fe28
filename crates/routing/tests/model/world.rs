//! One journal, one node, two parties and a clock, as small as the question allows.

use crate::acts::Act;
use jiff::{SignedDuration, Timestamp};
use segue_domain::caller::CallerKey;
use segue_domain::contingency::watch::{Hold, Observed, ReportObservation};
use segue_domain::fallback::{Fallback, VerifyReturn, WriteIncidentNote};
use segue_domain::ids::ChunkId;
use segue_domain::routing_changes::{ApproveStep, LowerShare, ProposeStep};
use segue_domain::share::ShareInput;
use segue_domain::waivers::Waivable;
use segue_domain::{
    Actor, Command, Event, Role, Side, Transition, apply, canonical, decide, replay,
};
use segue_example::{Example, Goal, MOVES_MAX, Move, of, sign};
use segue_routing::{
    Arm, Call, Episodes, HomeLatch, Reason, RouteTable, Standing, choose, compile,
};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

const CHUNK: &str = "RVS-Main/MSG";
const DIALLED: &str = "7001";
/// Callers on all sides of every share.
const CALLERS: [&str; 6] = [
    "+16095550101",
    "+16095550102",
    "+16095550103",
    "+16095550104",
    "+16095550105",
    "+16095550106",
];
/// How often each kind of misfortune may strike in one history.
const PRESSES_MAX: u8 = 2;
const RESTARTS_MAX: u8 = 1;
const OUTAGES_MAX: u8 = 1;
const DAYS_MAX: u8 = 2;
const QUARTERS_MAX: u8 = 1;
const SILENCES_MAX: u8 = 1;

/// What the node has in memory and on disk; both change together, as the latch is fsynced.
#[derive(Clone, Debug)]
struct Node {
    table: Arc<RouteTable>,
    latch: HomeLatch,
    lease_good: bool,
}

/// One state of the whole.
#[expect(
    clippy::struct_excessive_bools,
    reason = "what holds or does not, each by itself"
)]
#[derive(Clone)]
pub(crate) struct World {
    t: Arc<Transition>,
    facts: Arc<Vec<Event>>,
    now: Timestamp,
    database: bool,
    node: Node,
    /// Presses that were acknowledged and are not journalled: who, when.
    pending: Vec<(Side, Timestamp)>,
    /// A press was acknowledged, and both have not signed a step since it was journalled.
    pub(crate) pressed: bool,
    /// Both signed a step while an acknowledged press was not journalled yet.
    pub(crate) raised_while_pending: bool,
    /// The guard told the journal that a feed is silent, and has not told it otherwise.
    pub(crate) silent: bool,
    /// A share rose meanwhile.
    pub(crate) raised_in_silence: bool,
    pub(crate) presses: u8,
    pub(crate) restarts: u8,
    outages: u8,
    days: u8,
    quarters: u8,
    pub(crate) silences: u8,
}

/// The same story may be told in many orders; what counts is where it leads.
impl World {
    fn key(&self) -> String {
        let t = &self.t;
        let agreed = canonical::json(&(&t.chunks, &t.steps, &t.incidents, &t.gates));
        let node = (self.node.table.hash(), canonical::json(&self.node.latch));
        let ghost = (
            self.pressed,
            self.raised_while_pending,
            self.pending.len(),
            self.silent,
            self.raised_in_silence,
        );
        let spent = (
            self.presses,
            self.restarts,
            self.outages,
            self.days,
            self.quarters,
            self.silences,
        );
        let rest = (self.database, self.node.lease_good, self.now);
        format!("{agreed}{node:?}{ghost:?}{spent:?}{rest:?}")
    }
}

/// What a counterexample shows of each state: the rest is the same in all.
impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chunk = &self.t.chunks[&chunk()];
        let out = self.sends_out();
        write!(
            f,
            "{} at {} %, epoch {}; ",
            chunk.state.words(),
            chunk.share.percent(),
            chunk.epoch
        )?;
        write!(
            f,
            "node sends out {out:?}, latch {:?}, lease {}; ",
            self.node.latch, self.node.lease_good
        )?;
        let pending = self.pending.len();
        write!(
            f,
            "database {}, {pending} presses pending, pressed {}, feed silent {}",
            self.database, self.pressed, self.silent
        )
    }
}

impl Hash for World {
    fn hash<H: Hasher>(&self, to: &mut H) {
        self.key().hash(to);
    }
}

impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

pub(crate) fn chunk() -> ChunkId {
    CHUNK.into()
}

impl World {
    /// The small example with its gate passed; two steps are agreed, 50 and 100 %.
    pub(crate) fn at_the_gate() -> Self {
        let example = example();
        let now: Timestamp = "2027-03-02T15:00:00Z".parse().unwrap();
        let mut world = Self {
            t: Arc::new(Transition::new("MODEL".into())),
            facts: Arc::default(),
            now,
            database: true,
            node: Node {
                table: Arc::default(),
                latch: HomeLatch::default(),
                lease_good: true,
            },
            pending: Vec::new(),
            pressed: false,
            raised_while_pending: false,
            silent: false,
            raised_in_silence: false,
            presses: 0,
            restarts: 0,
            outages: 0,
            days: 0,
            quarters: 0,
            silences: 0,
        };
        assert!(
            world.walk(&example, &Goal::Ready(chunk())),
            "no way to the gate"
        );
        world.node.table = Arc::new(compile(&world.t, now));
        world
    }

    /// What was agreed, and the time.
    pub(crate) fn into_parts(self) -> (Arc<Transition>, Timestamp) {
        (self.t, self.now)
    }

    /// Does what the example's people do, as far as it goes without waiting.
    fn walk(&mut self, example: &Example, goal: &Goal) -> bool {
        for _ in 0..MOVES_MAX {
            match example.next(&self.t, goal, self.now) {
                None => return true,
                Some(Move::Wait(_)) => return false,
                Some(Move::Say(said)) => {
                    if !self.does(&said.0, said.1) {
                        return false;
                    }
                }
            }
        }
        false
    }

    /// A command through `decide`; whether it changed anything.
    fn does(&mut self, actor: &Actor, command: impl Into<Command>) -> bool {
        self.does_at(actor, command, self.now)
    }

    fn does_at(&mut self, actor: &Actor, command: impl Into<Command>, at: Timestamp) -> bool {
        if !self.database {
            return false;
        }
        let Ok(events) = decide(&self.t, &command.into(), actor, at) else {
            return false;
        };
        for event in &events {
            apply(Arc::make_mut(&mut self.t), event);
            if let Event::ShareChanged(e) = event
                && e.to > e.from
            {
                self.raised_while_pending |= !self.pending.is_empty();
                self.raised_in_silence |= self.silent && e.from.is_out();
                self.pressed &= !self.pending.is_empty();
            }
        }
        let changed = !events.is_empty();
        Arc::make_mut(&mut self.facts).extend(events);
        changed
    }

    /// Whether it can happen here at all.
    pub(crate) fn may(&self, act: Act) -> bool {
        match act {
            Act::Press(_) => self.presses < PRESSES_MAX,
            Act::Restart => self.restarts < RESTARTS_MAX,
            Act::DatabaseFails => self.database && self.outages < OUTAGES_MAX,
            Act::DatabaseReturns => !self.database,
            Act::Journal => self.database && !self.pending.is_empty(),
            Act::Day => self.days < DAYS_MAX,
            Act::Minutes => self.quarters < QUARTERS_MAX,
            Act::LeaseLapses => self.node.lease_good && !self.database,
            // The guard watches what is out.
            Act::FeedFalls => {
                let out = self
                    .t
                    .chunk(&chunk())
                    .is_some_and(segue_domain::chunks::Chunk::is_out);
                out && self.database && !self.silent && self.silences < SILENCES_MAX
            }
            Act::FeedSpeaks => self.database && self.silent,
            Act::Propose | Act::Approve(_) | Act::Lower(_) | Act::Tail | Act::GetReady => {
                self.database
            }
        }
    }

    /// The state after it, or nothing when it changes nothing.
    pub(crate) fn after(&self, act: Act) -> Option<Self> {
        let mut next = self.clone();
        let changed = match act {
            Act::Propose => next.propose(),
            Act::Approve(side) => next.approve(side),
            Act::Lower(side) => next.lower(side),
            Act::Press(side) => {
                next.press(side);
                true
            }
            Act::Journal => next.journal(),
            Act::Tail => next.tail(),
            Act::Restart => {
                next.restarts += 1;
                next.node.lease_good = false;
                true
            }
            Act::DatabaseFails => {
                (next.database, next.outages) = (false, next.outages + 1);
                true
            }
            Act::DatabaseReturns => {
                next.database = true;
                true
            }
            Act::LeaseLapses => {
                next.node.lease_good = false;
                true
            }
            Act::Minutes => {
                (next.now, next.quarters) =
                    (next.now + SignedDuration::from_mins(16), next.quarters + 1);
                true
            }
            Act::Day => {
                (next.now, next.days) = (next.now + SignedDuration::from_hours(25), next.days + 1);
                true
            }
            Act::GetReady => next.get_ready(),
            Act::FeedFalls => {
                next.silences += 1;
                next.guard(Some(Hold::FeedSilent))
            }
            Act::FeedSpeaks => next.guard(None),
        };
        changed.then_some(next)
    }

    fn propose(&mut self) -> bool {
        let chunk = self.t.chunk(&chunk()).expect("the chunk");
        let shares = chunk.planned.steps.iter();
        let shares = shares.filter_map(|step| step.share_percent.parse().ok());
        let Some(next) = shares.into_iter().find(|share| *share > chunk.share) else {
            return false;
        };
        let known = self.t.steps.values();
        let open = known.filter(|s| !s.done && s.proposed.epoch == chunk.epoch);
        if open.count() > 0 {
            return false;
        }
        // What the gate and the forecast ask for by now; a paper that is missing is no misfortune of this model.
        self.walk(&example(), &Goal::Proved(self::chunk()));
        let propose = ProposeStep {
            chunk: CHUNK.into(),
            share_percent: ShareInput::percent(next.percent()),
        };
        self.does(&of(Side::Client, Role::Implementation), propose)
    }

    fn approve(&mut self, side: Side) -> bool {
        let open = self.t.steps.values().filter(|step| !step.done);
        let Some(step) = open.max_by_key(|step| step.proposed.at).cloned() else {
            return false;
        };
        let by = of(side, Role::Signatory);
        let signature = sign(&by, &step.proposed.hash);
        let step = step.proposed.step;
        self.does(&by, ApproveStep { step, signature })
    }

    fn lower(&mut self, side: Side) -> bool {
        let share = self.t.chunk(&chunk()).expect("the chunk").share.percent();
        let lower = LowerShare {
            chunk: CHUNK.into(),
            share_percent: ShareInput::percent(share / 2),
        };
        self.does(&of(side, Role::Duty), lower)
    }

    /// The guard tells the journal what it holds.
    fn guard(&mut self, holds: Option<Hold>) -> bool {
        let told = ReportObservation {
            scope: CHUNK.into(),
            observed: Observed::Guard { holds },
            forecast_per_100_h: None,
        };
        let told = self.does(&of(Side::Client, Role::Duty), told);
        self.silent = holds.is_some();
        told
    }

    /// The node latches first; then the journal is told, now or later.
    fn press(&mut self, side: Side) {
        self.presses += 1;
        let table = Arc::clone(&self.node.table);
        self.node.latch.latch(&table, |_| true);
        self.pressed = true;
        self.pending.push((side, self.now));
        if self.database {
            self.journal();
        }
    }

    fn journal(&mut self) -> bool {
        let Some((side, at)) = self.pending.first().copied() else {
            return false;
        };
        let press = Fallback::of("all", "model");
        self.does_at(&of(side, Role::Duty), press, at);
        self.pending.remove(0);
        if self.pending.is_empty() {
            let t = &self.t;
            self.node.latch.settle(|id| t.chunk(id).map(|c| c.epoch));
        }
        true
    }

    fn tail(&mut self) -> bool {
        let table = compile(&self.t, self.now);
        let same = table.hash() == self.node.table.hash() && self.node.lease_good;
        self.node.table = Arc::new(table);
        self.node.lease_good = true;
        !same
    }

    /// Whatever the way out asks for, in order; what the time does not allow yet is left.
    fn get_ready(&mut self) -> bool {
        let before = self.facts.len();
        for incident in self.t.incidents.clone().into_keys() {
            let by = of(Side::Client, Role::Implementation);
            let verify = VerifyReturn {
                incident: incident.clone(),
                evidence: "test call".into(),
            };
            self.does(&by, verify);
            if self.t.incidents[&incident].note.is_none() {
                let note = WriteIncidentNote {
                    incident,
                    reference: "binder".into(),
                    telephony_only: false,
                };
                self.does(&by, note);
            }
        }
        self.walk(&example(), &Goal::Ready(chunk()));
        self.facts.len() > before
    }

    fn arm_of(&self, caller: &str) -> (Arm, Reason, bool) {
        let standing = Standing {
            latch: &self.node.latch,
            lease_good: self.node.lease_good,
        };
        let call = Call {
            dialled: DIALLED,
            caller: Some(caller),
            call_id: "model",
            source_host: "127.0.0.9",
            already_routed: false,
        };
        let key = CallerKey::new(&[7; 32]);
        let us = self.now.as_microsecond();
        let d = choose(
            &self.node.table,
            &standing,
            &Episodes::default(),
            &call,
            &key,
            us,
        );
        (d.arm, d.reason, d.targets().next().is_some())
    }

    /// The share at which the node sends calls out now, in basis points; nothing when every caller stays home.
    pub(crate) fn sends_out(&self) -> Option<u16> {
        let out = CALLERS.iter().any(|c| self.arm_of(c).0 == Arm::Outsourced);
        let chunks = self.node.table.chunks();
        out.then(|| chunks[&chunk()].share_bp)
    }

    /// The highest share that both signed under the epoch the node's table is of.
    pub(crate) fn signed_bp(&self) -> u16 {
        let chunks = self.node.table.chunks();
        let epoch = chunks.get(&chunk()).map_or(0, |entry| entry.epoch);
        let steps = self.t.steps.values();
        let signed = steps.filter(|s| s.proposed.epoch == epoch && s.agreement.is_complete());
        signed
            .map(|s| s.proposed.share.basis_points())
            .max()
            .unwrap_or(0)
    }

    pub(crate) fn every_call_is_owned(&self) -> bool {
        CALLERS.iter().all(|caller| self.arm_of(caller).2)
    }

    pub(crate) fn is_cut_off(&self) -> bool {
        CALLERS.iter().any(|c| self.arm_of(c).1 == Reason::CutOff)
    }

    pub(crate) fn replays(&self) -> bool {
        let again = replay("MODEL".into(), self.facts.iter());
        again == *self.t
    }
}

/// Two steps, both due; what this breaks is waived.
pub(crate) fn example() -> Example {
    let due = jiff::civil::date(2027, 3, 1);
    let mut example = Example::small();
    for chunk in &mut example.plan.chunks {
        chunk.steps.truncate(2);
        for (step, percent) in chunk.steps.iter_mut().zip([50, 100]) {
            step.share_percent = ShareInput::percent(percent);
            step.from = due;
        }
    }
    example.waiving(&[
        Waivable::Rush,
        Waivable::MassCutover,
        Waivable::ChangeFreeze,
    ])
}
