//! One run with full verdicts: calls, people, floors and the production code, instant by instant.

use crate::course::Course;
use crate::director::{Director, StepTaken};
use crate::floors::{AgreedFloors, Floors, Interval, Verdict, Verdicts};
use crate::guards::{Broken, Guards, Shown, Unmoved};
use crate::people::Roster;
use crate::report::GuardAction;
use crate::setting::{HOUR_US, Setting};
use crate::signing::SignedFloors;
use crate::stage::Stage;
use crate::tally::Tally;
use segue_capacity::simulate::INTERVAL_US;
use segue_domain::Transition;
use segue_domain::chunks::Chunk;
use segue_domain::ids::ChunkId;
use segue_example::{Example, Goal};
use segue_parity::rules::MetricName;
use std::collections::BTreeMap;

/// Intervals without records after which nothing goes forward: twice the cadence.
const SILENT_MAX: u32 = 2;

/// What one run came to.
pub(crate) struct Lived {
    pub(crate) course: Course,
    pub(crate) tally: Tally,
    pub(crate) log: Vec<GuardAction>,
    pub(crate) steps: Vec<StepTaken>,
    pub(crate) returns: u32,
    /// The chunk of each number.
    pub(crate) chunk_of: Vec<Option<ChunkId>>,
    /// What the evidence came to, by chunk.
    pub(crate) shown: BTreeMap<ChunkId, Shown>,
}

/// The plan as agreed, ready to be lived through.
pub(crate) struct Agreed<'a> {
    pub(crate) example: &'a Example,
    pub(crate) t: &'a Transition,
    pub(crate) goals: &'a [Goal],
    /// The floors both signed, by chunk.
    pub(crate) floors: &'a [SignedFloors],
    /// What would become of the calls with nothing moved.
    pub(crate) unmoved: &'a Unmoved,
}

struct Judged {
    chunk: ChunkId,
    routes: Vec<usize>,
    floors: AgreedFloors,
}

struct Run<'a> {
    setting: &'a Setting,
    stage: Stage<'a>,
    director: Director<'a>,
    roster: Roster,
    course: Course,
    judged: Vec<Judged>,
    guards: Guards<'a>,
    /// What the guards found against chunks when they were asked last.
    evidence: BTreeMap<ChunkId, MetricName>,
    silent: u32,
}

/// Lives through the plan once.
pub(crate) fn live(setting: &Setting, agreed: &Agreed<'_>, replication: u64) -> Lived {
    let director = Director::new(setting, agreed.example, agreed.t, agreed.goals);
    let judged = director.chunks().into_iter().map(|chunk| Judged {
        routes: (0..setting.routes.len())
            .filter(|n| director.chunk(*n) == Some(&chunk))
            .collect(),
        floors: AgreedFloors::new(floors_of(agreed.floors, &chunk)),
        chunk,
    });
    let judged: Vec<_> = judged.collect();
    let mut run = Run {
        setting,
        stage: Stage::new(setting, replication).telling_calls(),
        guards: Guards::new(setting, agreed.unmoved),
        judged,
        evidence: BTreeMap::new(),
        director,
        roster: Roster::new(setting.routes.len()),
        course: Course::default(),
        silent: 0,
    };
    run.go();
    Lived {
        course: run.course,
        log: run.director.log,
        steps: run.director.steps,
        returns: run.director.returns,
        chunk_of: run.director.chunk_of,
        shown: run.guards.shown(),
        tally: run.stage.finish(),
    }
}

fn floors_of(signed: &[SignedFloors], chunk: &ChunkId) -> Floors {
    let of_chunk = signed.iter().find(|s| s.chunk == chunk.as_str());
    of_chunk.map_or_else(Floors::default, |s| s.floors)
}

impl Run<'_> {
    fn go(&mut self) {
        let mut tick_us = self.setting.from_us;
        while tick_us < self.setting.to_us {
            let due_us = tick_us.min(self.director.next_us());
            self.calls_until(due_us);
            self.stage.advance(due_us);
            if due_us == tick_us {
                self.judge(tick_us);
                tick_us += INTERVAL_US;
            }
            self.director.people_home = self.stage.people_home();
            self.director.evidence.clear();
            self.director
                .evidence
                .extend_from_slice(self.stage.evidence());
            self.director.act(due_us);
            self.staff(due_us);
        }
        self.calls_until(i64::MAX);
    }

    fn calls_until(&mut self, until_us: i64) {
        while let Some((n, call)) = self.stage.next_before(until_us) {
            let assigned = self.director.route(n, &call);
            self.guards.routed(n, assigned);
            self.course.call(assigned.side);
            self.stage.offer_next(assigned.side);
        }
    }

    fn staff(&mut self, at_us: i64) {
        for route in 0..self.setting.routes.len() {
            let share_bp = self.director.share_bp(route, at_us);
            self.roster.aim(self.setting, route, share_bp, at_us);
        }
        let people = self.roster.on_phones(self.setting, at_us);
        if self.course.staff(at_us, &people) {
            self.stage.staff(&people);
        }
    }

    fn judge(&mut self, at_us: i64) {
        let silent = self.setting.trouble.silences.iter().any(|s| s.holds(at_us));
        self.silent = if silent { self.silent + 1 } else { 0 };
        self.director.hold(self.silent >= SILENT_MAX, at_us);
        self.guards.follow(self.director.t(), at_us);
        if !silent {
            for ended in self.stage.take_ended() {
                self.guards.ended(&ended);
            }
            if at_us.rem_euclid(HOUR_US) == 0 {
                let found = self.guards.look(self.director.t(), at_us);
                self.evidence = found.into_iter().collect();
            }
        }
        for judged in &mut self.judged {
            let seen = judged
                .routes
                .iter()
                .map(|route| self.stage.take_interval(*route));
            let seen = seen.fold(Interval::default(), joined);
            let verdict = judged.floors.assess((!silent).then_some(seen));
            let floor = match verdict {
                Verdict::Fail(floor) => Some(Broken::Floor(floor)),
                Verdict::Pass => None,
                Verdict::NoData => continue,
            };
            let is_out = self.director.t().chunk(&judged.chunk);
            let is_out = is_out.is_some_and(Chunk::is_out);
            let shown = self.evidence.get(&judged.chunk).filter(|_| is_out).copied();
            let broken = floor.or(shown.map(Broken::Evidence));
            if floor.is_some() {
                self.director.harmed += u64::from(seen.offered - seen.answered_within);
            }
            self.director.guardrail(&judged.chunk, broken, at_us);
        }
    }
}

pub(crate) fn joined(a: Interval, b: Interval) -> Interval {
    Interval {
        offered: a.offered + b.offered,
        answered_within: a.answered_within + b.answered_within,
        abandoned: a.abandoned + b.abandoned,
        longest_wait_s: a.longest_wait_s.max(b.longest_wait_s),
    }
}
