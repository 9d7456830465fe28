//! The loop itself: one guard per chunk that is out, told in any order, asked at any time.

use crate::account::{Account, Told, Unmatched, records};
use crate::arming::{Arming, Exhibit};
use crate::fact::{CallKey, Fact, Fed, Recorded, Routed};
use crate::had_we_not_moved;
use crate::outside::Outside;
use crate::proved::ProvedBefore;
use crate::recent::Recent;
use crate::segments;
use crate::terms::{CannotWatch, FEED, rules};
use crate::turn::{Scene, Turn, page};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use segue_domain::chunks::{Chunk, ChunkState};
use segue_domain::counterfactual::replayed::Sums;
use segue_domain::ids::ChunkId;
use segue_domain::share::TrafficShare;
use segue_domain::{Command, Transition};
use segue_parity::guard::record::{Arm, Beat, Record};
use segue_parity::guard::{Action, Guard, Situation};
use segue_parity::rules::{FloorRules, MetricName, SignedRules};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Decisions, and records, kept until their chunk or their decision is known.
const EARLY_MAX: usize = 10_000;
/// How often what is old is closed.
const SWEEP_EVERY: SignedDuration = SignedDuration::from_mins(10);

#[derive(Debug, Serialize, Deserialize)]
struct Watched {
    guard: Guard,
    /// The clock of its centre.
    #[serde(with = "jiff::fmt::serde::tz::required")]
    zone: TimeZone,
    account: Account,
    in_house: Recent,
    outsourced: Recent,
    planned_s: u32,
    epoch: u64,
    last: Option<Action>,
    /// What was proved when statistics last lowered the share.
    returned_at_log_e: ProvedBefore,
    /// The share that was to be lowered, and what was proved then: asked again until it has fallen.
    asked: Option<(TrafficShare, f64)>,
    /// Since when calls have been going out when the guard began.
    #[serde(default)]
    began: Option<Timestamp>,
    /// What it was told of "had we not moved".
    #[serde(default)]
    replayed: had_we_not_moved::Told,
}

/// Watches every chunk of a transition. Written down and read back it goes on as if nothing had happened: evidence outlives the
/// process, and what was told is not told twice.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Watch {
    chunks: BTreeMap<ChunkId, Watched>,
    /// Which chunk a call belongs to; records name only the call.
    homes: BTreeMap<CallKey, ChunkId>,
    /// Decisions of chunks that no guard watches yet: a call can come before the journal's news of its step.
    early_routed: BTreeMap<CallKey, Routed>,
    /// Records whose decision is not known yet.
    early_recorded: BTreeMap<CallKey, Recorded>,
    fed_until: [Option<Timestamp>; 2],
    /// Found again at the next look.
    #[serde(skip)]
    cannot: BTreeMap<ChunkId, CannotWatch>,
    /// Kept beside the guard's own memory, by whoever made them.
    #[serde(skip)]
    exhibits: BTreeMap<ChunkId, Exhibit>,
    swept_at: Option<Timestamp>,
}

impl Watch {
    /// What the client's own weeks have shown; replaces what was known before.
    pub fn show(&mut self, exhibits: impl IntoIterator<Item = Exhibit>) {
        let exhibits = exhibits.into_iter();
        self.exhibits = exhibits.map(|e| (e.chunk.clone(), e)).collect();
    }

    /// Whether a chunk's guard may act alone on statistics; nothing where no guard watches it.
    pub fn arming(&self, chunk: &ChunkId) -> Option<Arming> {
        let rules = self.rules(chunk)?;
        Some(Arming::of(self.exhibits.get(chunk), rules))
    }

    /// Starts a guard for each chunk that is out and has none, renews what both have signed anew, and tells the guard of one
    /// that came home. Guards run in
    /// every live state, paused and held included, and outlive a return: evidence is not forgotten by it.
    pub fn follow(&mut self, t: &Transition, now: Timestamp) {
        // Not read yet: nothing that is remembered is closed by that.
        if !t.is_created() {
            return;
        }
        for (id, chunk) in &t.chunks {
            if let Some(watched) = self.chunks.get_mut(id) {
                watched.renew(t, chunk);
            }
            match self.chunks.get_mut(id) {
                Some(watched) if chunk.epoch > watched.epoch => {
                    watched.epoch = chunk.epoch;
                    watched.asked = None;
                    watched.guard.rolled_back(now.as_microsecond());
                }
                None if chunk.is_out() => self.start(t, id, chunk),
                Some(_) | None => {}
            }
        }
        self.cannot
            .retain(|id, _| t.chunk(id).is_some_and(Chunk::is_out));
        let closed = |id: &ChunkId| t.chunk(id).is_none_or(|c| c.state == ChunkState::Closed);
        self.chunks.retain(|id, _| !closed(id));
        for (_, routed) in std::mem::take(&mut self.early_routed) {
            self.route(routed);
        }
    }

    fn start(&mut self, t: &Transition, id: &ChunkId, chunk: &Chunk) {
        match rules(t, chunk) {
            Ok(signed) => {
                self.cannot.remove(id);
                let base = t
                    .baselines
                    .of(&chunk.planned.site, &chunk.planned.call_type);
                let zone = t.site_zone(&chunk.planned.site).map(TimeZone::get);
                let watched = Watched {
                    guard: Guard::new(signed),
                    zone: zone.and_then(Result::ok).unwrap_or(TimeZone::UTC),
                    account: Account::default(),
                    in_house: Recent::default(),
                    outsourced: Recent::default(),
                    planned_s: base.map_or(0, |base| base.aht_s),
                    epoch: chunk.epoch,
                    last: None,
                    returned_at_log_e: ProvedBefore::default(),
                    asked: None,
                    began: chunk.share_since,
                    replayed: had_we_not_moved::Told::default(),
                };
                self.chunks.insert(id.clone(), watched);
            }
            Err(why) => {
                self.cannot.insert(id.clone(), why);
            }
        }
    }

    /// Chunks that are out and cannot be watched, and why: a person watches them until it is mended.
    pub fn cannot(&self) -> impl Iterator<Item = (&ChunkId, &CannotWatch)> {
        self.cannot.iter()
    }

    /// The rules a chunk is judged by.
    pub fn rules(&self, chunk: &ChunkId) -> Option<&SignedRules> {
        self.chunks.get(chunk).map(|watched| watched.guard.rules())
    }

    /// What would have become of the callers beside whom a chunk's guard has its figures, had nothing moved; nothing where
    /// nothing was replayed.
    pub fn had_we_not_moved(&self, chunk: &ChunkId) -> Option<Sums> {
        self.chunks.get(chunk)?.replayed.sums()
    }

    /// What does not match, by chunk.
    pub fn unmatched(&self) -> impl Iterator<Item = (&ChunkId, Unmatched)> {
        self.chunks
            .iter()
            .map(|(id, watched)| (id, watched.account.unmatched))
    }

    /// Takes one fact in.
    pub fn hear(&mut self, fact: Fact) {
        match fact {
            Fact::Fed(fed) => self.fed(fed),
            Fact::Routed(routed) => self.route(routed),
            Fact::Recorded(recorded) => self.record(recorded),
        }
    }

    fn route(&mut self, routed: Routed) {
        let call = routed.call;
        let Some(watched) = self.chunks.get_mut(&routed.chunk) else {
            keep(&mut self.early_routed, call, routed);
            return;
        };
        self.homes.insert(call, routed.chunk.clone());
        watched.account.route(routed);
        if let Some(recorded) = self.early_recorded.remove(&call) {
            self.record(recorded);
        }
    }

    fn record(&mut self, recorded: Recorded) {
        let home = self.homes.get(&recorded.call);
        if let Some(watched) = home.and_then(|chunk| self.chunks.get_mut(chunk)) {
            let told = watched.account.record(recorded);
            watched.tell(told);
        } else {
            let known = self.early_recorded.get(&recorded.call);
            let both = known.map_or(recorded, |known| known.and(recorded));
            keep(&mut self.early_recorded, both.call, both);
        }
    }

    fn fed(&mut self, told: Fed) {
        let place = match told.by {
            Arm::InHouse => 0,
            Arm::Outsourced => 1,
        };
        self.fed_until[place] = self.fed_until[place].max(Some(told.complete_until));
        for watched in self.chunks.values_mut() {
            let Some(feed) = watched.guard.rules().rules().feed(FEED) else {
                continue;
            };
            watched.observe(&Record::Beat(Beat {
                feed,
                arm: told.by,
                complete_until_us: told.complete_until.as_microsecond(),
            }));
        }
    }

    /// Looks at every chunk that is out. Time may not run backwards.
    pub fn look(&mut self, t: &Transition, now: Timestamp, outside: Outside) -> Vec<Turn> {
        self.follow(t, now);
        let fed_until = self.fed_until;
        let exhibits = &self.exhibits;
        let out = |id: &ChunkId| t.chunk(id).filter(|chunk| chunk.is_out());
        let turns = self
            .chunks
            .iter_mut()
            .filter_map(|(id, watched)| Some((watched, out(id)?)))
            .map(|(watched, chunk)| {
                let exhibit = exhibits.get(&chunk.planned.id);
                let around = Around {
                    outside: outside.or(Outside::of(t, chunk, now)),
                    arming: Arming::of(exhibit, watched.guard.rules()),
                    fed_until,
                };
                watched.look(t, chunk, now, around)
            })
            .collect();
        if self
            .swept_at
            .is_none_or(|at| now.duration_since(at) >= SWEEP_EVERY)
        {
            self.swept_at = Some(now);
            self.sweep(now);
        }
        turns
    }

    /// Calls are closed when long without news; which chunk one belonged to is forgotten with it.
    fn sweep(&mut self, now: Timestamp) {
        for watched in self.chunks.values_mut() {
            watched.account.sweep(now);
        }
        let chunks = &self.chunks;
        self.homes
            .retain(|call, chunk| chunks.get(chunk).is_some_and(|w| w.account.holds(*call)));
    }
}

/// Keeps what came too early; beyond the bound one is given up, and comes again with the next reading.
fn keep<T>(early: &mut BTreeMap<CallKey, T>, call: CallKey, fact: T) {
    if early.len() >= EARLY_MAX && !early.contains_key(&call) {
        early.pop_first();
    }
    early.insert(call, fact);
}

/// What is known around one look.
#[derive(Clone, Copy)]
struct Around {
    outside: Outside,
    arming: Arming,
    fed_until: [Option<Timestamp>; 2],
}

impl Watched {
    /// Terms signed since the guard began are the guard's from now on. Terms that make no rules change nothing: the agreement
    /// before them is still in force.
    fn renew(&mut self, t: &Transition, chunk: &Chunk) {
        let Ok(signed) = rules(t, chunk) else { return };
        if *self.guard.rules() != signed && self.guard.renew(signed) {
            self.returned_at_log_e = ProvedBefore::default();
            self.asked = None;
            self.replayed.begin_afresh();
        }
    }

    fn floors(&self) -> FloorRules {
        self.guard.rules().rules().floors
    }

    fn observe(&mut self, record: &Record) {
        // Late and impossible records are counted by the guard and shown with its verdict.
        let _ = self.guard.observe(record);
    }

    fn tell(&mut self, told: Option<Told>) {
        let Some(mut told) = told else { return };
        let at_us = told.call.place.at_us;
        told.call.place.segments = segments::of(at_us, &self.zone, told.who);
        let floors = self.floors();
        let place = told.call.place;
        let recent = match place.arm {
            Arm::InHouse => &mut self.in_house,
            Arm::Outsourced => &mut self.outsourced,
        };
        if told.first {
            recent.add(place.at_us, told.call.outcome, &floors);
        }
        if let Some(seconds) = told.handle_s {
            recent.handled(seconds);
        }
        let handle_time = self.guard.rules().rules().metric(MetricName::HandleTime);
        for record in records(&told, handle_time) {
            self.observe(&record);
        }
    }

    fn look(&mut self, t: &Transition, chunk: &Chunk, now: Timestamp, around: Around) -> Turn {
        let floors = self.floors();
        let outside = around.outside;
        for (mut call, who) in self.account.look(now, around.fed_until) {
            call.place.segments = segments::of(call.place.at_us, &self.zone, who);
            let recent = match call.place.arm {
                Arm::InHouse => &mut self.in_house,
                Arm::Outsourced => &mut self.outsourced,
            };
            recent.add(call.place.at_us, call.outcome, &floors);
            self.observe(&Record::Call(call));
        }
        let now_us = now.as_microsecond();
        if let Some((_, log_e)) = self.asked.take_if(|(from, _)| chunk.share < *from) {
            self.returned_at_log_e.returned(log_e);
            self.guard.rolled_back(now_us);
        }
        let situation = Situation {
            home_pressed: false,
            held: chunk.paused.is_some(),
            no_route: outside.no_route,
            in_house_unhealthy: outside.in_house_not_ready
                || self.in_house.is_unhealthy(now_us, &floors),
            largest_step: chunk.share >= chunk.planned.last_share(),
            step_began_us: chunk.share_since.map_or(0, Timestamp::as_microsecond),
        };
        (self.replayed).tell(&mut self.guard, t, chunk, self.began);
        let assessment = self.guard.assess(now_us, situation);
        let is_new = self.last != Some(assessment.action);
        self.last = Some(assessment.action);
        let scene = Scene {
            t,
            chunk,
            outsourced: &self.outsourced,
            planned_s: self.planned_s,
            rules: &floors,
            now,
            proved_anew: (self.returned_at_log_e)
                .is_anew(assessment.inputs.log_e_combined, self.guard.rules()),
            arming: around.arming,
        };
        let commands = scene.commands(&assessment, is_new);
        if commands.iter().any(|c| matches!(c, Command::LowerShare(_))) {
            self.asked = Some((chunk.share, assessment.inputs.log_e_combined));
        }
        Turn {
            chunk: chunk.planned.id.clone(),
            at: now,
            is_new,
            page: page(&assessment).filter(|_| is_new),
            commands,
            assessment,
        }
    }
}
