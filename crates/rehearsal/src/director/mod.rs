//! The people and the code that runs in production, on a simulated clock: commands through `decide`, facts through `apply`,
//! calls through `choose`.
//!
//! People do what the example's people do (`segue_example`), each move asked of the rules; a refused move is asked again an
//! hour later. The duty manager presses home some minutes after an alarm that advises it, and nothing else brings calls home.

mod evidence;
mod home;
mod people;

use crate::calls::Recorded;
use crate::evidence::Evidence;
use crate::guards::Broken;
use crate::report::GuardAction;
use crate::setting::{Period, Setting};
use crate::stage::Side;
use crate::todo::Todo;
use jiff::Timestamp;
use segue_domain::caller::CallerKey;
use segue_domain::chunks::Chunk;
use segue_domain::contingency::library::TriggerKind;
use segue_domain::contingency::watch::{Heartbeat, Observed};
use segue_domain::fallback::{VerifyReturn, WriteIncidentNote};
use segue_domain::ids::{ChunkId, IncidentId};
use segue_domain::routing_changes::ShareChanged;
use segue_domain::{Code, Command, Event, Refusal, Role, Side as Party, Transition, apply, decide};
use segue_example::{Example, Goal, of};
use segue_routing::choose::TargetKind;
use segue_routing::{Arm, Call, Episodes, HomeLatch, RouteTable, Standing, choose, compile};
use std::collections::BTreeMap;

const MINUTE_US: i64 = 60_000_000;
const DAY_US: i64 = 24 * 60 * MINUTE_US;
/// Heartbeats are a minute apart (`domain.md` §7.14).
const HEARTBEAT_US: i64 = MINUTE_US;

/// A share that came into force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StepTaken {
    pub(crate) chunk: ChunkId,
    pub(crate) percent: u8,
    pub(crate) at_us: i64,
}

/// Where a call goes, and what the split said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Assigned {
    /// Where it is queued.
    pub(crate) side: Side,
    /// The side assigned, whoever answers in the end.
    pub(crate) arm: Arm,
    /// π of going out, in basis points.
    pub(crate) pi_bp: u16,
}

/// Somebody presses home.
#[derive(Clone, Debug)]
struct Press {
    scope: String,
    /// In words.
    why: String,
    /// The alarm that advised it.
    alarm: TriggerKind,
}

/// What somebody does at a time.
#[derive(Clone, Debug)]
enum Act {
    /// Presses home.
    Press(Press),
    /// Tells the journal of the press it could not take.
    Journal(Press),
    Verify(IncidentId),
    Note {
        incident: IncidentId,
        telephony: bool,
    },
    Heartbeat(Heartbeat),
    TestFails {
        chunk: String,
        days: u32,
    },
    DatabaseLost {
        until_us: i64,
    },
    Swept,
}

/// People and production code of one run.
pub(crate) struct Director<'a> {
    setting: &'a Setting,
    example: &'a Example,
    t: Transition,
    goals: &'a [Goal],
    table: RouteTable,
    compiled_us: i64,
    latch: HomeLatch,
    episodes: Episodes,
    key: CallerKey,
    pub(crate) chunk_of: Vec<Option<ChunkId>>,
    wake_us: i64,
    todo: Todo<Act>,
    on_hold: bool,
    /// What was found broken last.
    broken: Option<Broken>,
    /// The alarm that the last press was for.
    pressed_for: Option<TriggerKind>,
    /// The rule that refused each chunk last, until its share changes.
    refused: BTreeMap<String, Code>,
    /// People on the phones at home, and callers harmed at the outsourcer lately: what a log line tells.
    pub(crate) people_home: u32,
    pub(crate) harmed: u64,
    /// What was seen of the outsourcer so far, by number.
    pub(crate) evidence: Vec<Evidence>,
    /// The same when each chunk's share changed last.
    before: BTreeMap<ChunkId, Evidence>,
    pub(crate) log: Vec<GuardAction>,
    pub(crate) steps: Vec<StepTaken>,
    pub(crate) returns: u32,
}

impl<'a> Director<'a> {
    pub(crate) fn new(
        setting: &'a Setting,
        example: &'a Example,
        agreed: &Transition,
        goals: &'a [Goal],
    ) -> Self {
        let chunk_of = setting.routes.iter().map(|r| chunk_of(agreed, &r.dialled));
        let mut director = Self {
            setting,
            example,
            t: agreed.clone(),
            goals,
            table: RouteTable::default(),
            compiled_us: i64::MIN,
            latch: HomeLatch::default(),
            episodes: Episodes::default(),
            // A key of its own: who is drawn here says nothing about who will be.
            key: CallerKey::new(&[7; 32]),
            chunk_of: chunk_of.collect(),
            wake_us: setting.from_us,
            todo: Todo::default(),
            on_hold: false,
            broken: None,
            pressed_for: None,
            refused: BTreeMap::new(),
            people_home: 0,
            harmed: 0,
            evidence: Vec::new(),
            before: BTreeMap::new(),
            log: Vec::new(),
            steps: Vec::new(),
            returns: 0,
        };
        director.note_troubles();
        director.compile(setting.from_us);
        director
    }

    fn note_troubles(&mut self) {
        let trouble = &self.setting.trouble;
        for outage in &trouble.outages {
            let mut at_us = outage.begin_us() + HEARTBEAT_US;
            while at_us < outage.end_us() {
                self.todo.note(at_us, Act::Heartbeat(Heartbeat::Failed));
                at_us += HEARTBEAT_US;
            }
            self.todo
                .note(outage.end_us(), Act::Heartbeat(Heartbeat::Answered));
        }
        for (at_us, chunk, days) in &trouble.tests {
            let (chunk, days) = (chunk.clone(), *days);
            self.todo.note(*at_us, Act::TestFails { chunk, days });
        }
        for lost in &trouble.database {
            let until_us = lost.end_us();
            self.todo
                .note(lost.begin_us(), Act::DatabaseLost { until_us });
        }
        self.todo.note(self.setting.from_us + DAY_US, Act::Swept);
    }

    /// The next instant at which somebody does something.
    pub(crate) fn next_us(&self) -> i64 {
        self.wake_us.min(self.todo.next_us())
    }

    /// Everything that is due by now.
    pub(crate) fn act(&mut self, now_us: i64) {
        while let Some(act) = self.todo.take_due(now_us) {
            let written = matches!(
                act,
                Act::Verify(_) | Act::Note { .. } | Act::TestFails { .. }
            );
            match self.database_lost_until(now_us) {
                Some(until_us) if written => self.todo.note(until_us, act),
                _ => self.does(act, now_us),
            }
        }
        if self.wake_us <= now_us {
            self.people_go_on(now_us);
        }
        if now_us - self.compiled_us > DAY_US {
            self.compile(now_us);
        }
    }

    /// Where the next call goes: the production choice, and the fall-through where the trunk is dead.
    pub(crate) fn route(&mut self, n: usize, call: &Recorded) -> Assigned {
        let caller = call.caller.map(|caller| caller.to_string());
        let call_id = n.to_string();
        let shown = Call {
            dialled: &self.setting.routes[usize::from(call.route)].dialled,
            caller: caller.as_deref(),
            call_id: &call_id,
            source_host: "",
            already_routed: false,
        };
        let standing = Standing {
            latch: &self.latch,
            lease_good: self.lease_is_good(call.at_us),
        };
        let chosen = choose(
            &self.table,
            &standing,
            &self.episodes,
            &shown,
            &self.key,
            call.at_us,
        );
        if let (true, Some(chunk), Some(caller)) =
            (chosen.reason.makes_episode(), chosen.chunk, chosen.caller)
        {
            self.episodes
                .note(chunk, caller, chosen.arm, chosen.pi_bp, call.at_us);
        }
        let dead = chosen.arm == Arm::Outsourced && self.trunk_is_dead(call.at_us);
        let mut targets = chosen.targets().map(|(_, kind)| kind);
        let reached = targets.find(|kind| !(dead && *kind == TargetKind::Outsourced));
        self.harmed += u64::from(dead);
        Assigned {
            side: if reached == Some(TargetKind::Outsourced) {
                Side::Out
            } else {
                Side::Home
            },
            arm: chosen.arm,
            pi_bp: chosen.pi_bp,
        }
    }

    /// The transition as it stands.
    pub(crate) fn t(&self) -> &Transition {
        &self.t
    }

    /// The share of a number that goes out now, in basis points.
    pub(crate) fn share_bp(&self, route: usize, at_us: i64) -> u16 {
        let number = self.table.numbers.get(&self.setting.routes[route].dialled);
        let entry = number.and_then(|n| n.chunks.iter().find(|c| c.is_open(at_us)));
        entry
            .filter(|e| !self.latch.holds(e))
            .map_or(0, |e| e.share_bp)
    }

    /// The chunk of a number, where the plan moves it.
    pub(crate) fn chunk(&self, route: usize) -> Option<&ChunkId> {
        self.chunk_of[route].as_ref()
    }

    /// The chunks the plan moves.
    pub(crate) fn chunks(&self) -> Vec<ChunkId> {
        self.t.chunks.keys().cloned().collect()
    }

    /// Until when the journal cannot be reached, where it cannot.
    fn database_lost_until(&self, at_us: i64) -> Option<i64> {
        let mut lost = self.setting.trouble.database.iter();
        lost.find(|d| d.holds(at_us)).map(|d| d.end_us())
    }

    fn lease_is_good(&self, at_us: i64) -> bool {
        let lease_us = i64::from(self.table.authority_lease_s) * 1_000_000;
        let past = |lost: &Period| lost.holds(at_us) && at_us >= lost.begin_us() + lease_us;
        !self.setting.trouble.database.iter().any(past)
    }

    fn does(&mut self, act: Act, now_us: i64) {
        match act {
            Act::Press(press) => self.press(press, now_us),
            Act::Journal(press) => self.journal_press(press, now_us),
            Act::Verify(incident) => {
                let evidence = "a call answered in-house".into();
                self.duty(VerifyReturn { incident, evidence }, now_us);
            }
            Act::Note {
                incident,
                telephony,
            } => {
                let note = WriteIncidentNote {
                    reference: format!("note of {incident}"),
                    incident,
                    telephony_only: telephony,
                };
                self.manager(note, now_us);
            }
            Act::Heartbeat(outcome) => {
                if self.t.chunks.values().any(Chunk::is_out) {
                    self.report("all", Observed::Heartbeat { outcome }, now_us);
                }
            }
            Act::TestFails { chunk, days } => self.test_fails(&chunk, days, now_us),
            Act::DatabaseLost { until_us } => {
                self.wake_us = self.wake_us.max(until_us);
                let minutes = (until_us - now_us) / MINUTE_US;
                let lease_min = self.table.authority_lease_s / 60;
                let did = if minutes <= i64::from(lease_min) {
                    "the agreed table stays in force; no step is taken".to_owned()
                } else {
                    format!(
                        "the agreed table stays {lease_min} min, then calls come home; no step is taken"
                    )
                };
                let gone = format!("the journal is gone for {minutes} min");
                self.says(now_us, "all", gone, did);
            }
            Act::Swept => {
                self.episodes.sweep(now_us);
                self.todo.note(now_us + DAY_US, Act::Swept);
            }
        }
    }

    fn duty(&mut self, command: impl Into<Command>, now_us: i64) {
        let _ = self.say(&of(Party::Client, Role::Duty), &command.into(), now_us);
    }

    fn says(&mut self, now_us: i64, scope: &str, happened: String, did: String) {
        self.log.push(GuardAction {
            at: timestamp(now_us),
            scope: scope.to_owned(),
            happened,
            did,
            callers: std::mem::take(&mut self.harmed),
        });
    }

    /// One command: what follows from it is applied. True when something did.
    fn say(
        &mut self,
        actor: &segue_domain::Actor,
        command: &Command,
        now_us: i64,
    ) -> Result<bool, Box<Refusal>> {
        let events = decide(&self.t, command, actor, timestamp(now_us))?;
        for event in &events {
            apply(&mut self.t, event);
            self.hears(event, now_us);
        }
        Ok(!events.is_empty())
    }

    fn hears(&mut self, event: &Event, now_us: i64) {
        match event {
            Event::ShareChanged(changed) => self.share_changed(changed, now_us),
            Event::FellBack(fell) => self.fell_back(fell, now_us),
            Event::AlarmRaised(alarm) => self.alarmed(alarm, now_us),
            _ => {}
        }
    }

    fn share_changed(&mut self, changed: &ShareChanged, now_us: i64) {
        self.note_share(&changed.chunk);
        self.refused.remove(changed.chunk.as_str());
        self.steps.push(StepTaken {
            chunk: changed.chunk.clone(),
            percent: changed.to.percent(),
            at_us: now_us,
        });
        self.compile(now_us);
    }

    fn compile(&mut self, now_us: i64) {
        self.table = compile(&self.t, timestamp(now_us));
        self.compiled_us = now_us;
    }
}

/// The numbers of a chunk.
pub(crate) fn routes_of(s: &Setting, t: &Transition, chunk: &ChunkId) -> Vec<usize> {
    let owned = |n: &usize| chunk_of(t, &s.routes[*n].dialled).as_ref() == Some(chunk);
    (0..s.routes.len()).filter(owned).collect()
}

fn chunk_of(t: &Transition, dialled: &str) -> Option<ChunkId> {
    t.lines.iter().find_map(|line| {
        let route = line.routes.iter().find(|r| r.dialled == dialled)?;
        let mut chunks = t.chunks.values();
        let owner = chunks.find(|chunk| chunk.planned.takes(line, route))?;
        Some(owner.planned.id.clone())
    })
}

pub(crate) fn timestamp(us: i64) -> Timestamp {
    Timestamp::from_microsecond(us).unwrap_or(Timestamp::MAX)
}
