//! Both centres on stage, one call after the other: the same chance for a call wherever it is routed.

use crate::calls::{Ending, Recorded};
use crate::evidence::Evidence;
use crate::floors::Interval;
use crate::people::OnPhones;
use crate::setting::Setting;
use crate::tally::{Left, Tally};
use segue_capacity::simulate::{Call, Centre, Dice, Observer, Skill, SkillMask, micros, seconds};

/// Ten minutes.
const VERY_LONG_US: i64 = 600_000_000;

/// Where a call is queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Home,
    Out,
}

/// A call that left the queue, for whoever judges call by call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Its place among the calls.
    pub(crate) call: usize,
    /// When it reached the queue.
    pub(crate) at_us: i64,
    /// How long it waited.
    pub(crate) wait_us: i64,
    /// Whether its caller hung up; else a person answered.
    pub(crate) abandoned: bool,
    /// How long it takes the person.
    pub(crate) handle_us: i64,
    /// Where it was queued.
    pub(crate) side: Side,
}

/// What has been seen so far in a run.
struct Seen<'s> {
    setting: &'s Setting,
    within_us: i64,
    long_us: i64,
    tally: Tally,
    /// Calls the outsourcer answered, by number: what it learned from.
    handled: Vec<u32>,
    /// All that was seen of the outsourcer, by number.
    evidence: Vec<Evidence>,
    /// The running interval at the watched side, by number.
    interval: Vec<Interval>,
    watched: Side,
    /// Calls that left since they were taken last, where somebody takes them.
    ended: Option<Vec<Ended>>,
}

impl Seen<'_> {
    fn left(&mut self, call: &Call, wait_us: i64, side: Side, abandoned: bool) {
        if let Some(ended) = &mut self.ended {
            ended.push(Ended {
                call: call.tag as usize,
                at_us: call.at_us,
                wait_us,
                abandoned,
                handle_us: call.handle_us,
                side,
            });
        }
        let recorded = &self.setting.calls[call.tag as usize];
        let route = usize::from(recorded.route);
        let long = wait_us > self.long_us;
        let left = Left {
            abandoned,
            long,
            very_long: wait_us > VERY_LONG_US,
        };
        self.tally.add(route, recorded.segment.into(), left);
        let triage = self.setting.routes[route].is_triage;
        let hour = self.setting.hour(call.at_us);
        if let Some(hour) = self.tally.hours.get_mut(hour) {
            hour.offered += 1;
            hour.abandoned += u32::from(abandoned);
            hour.triage_harm += u32::from(triage && (abandoned || long));
            hour.outsourced += u32::from(side == Side::Out);
        }
        let in_time = u32::from(!abandoned && wait_us <= self.within_us);
        if side == Side::Out {
            self.handled[route] += u32::from(!abandoned);
            let evidence = &mut self.evidence[route];
            evidence.offered += 1;
            evidence.answered += u64::from(!abandoned);
            evidence.answered_within += u64::from(in_time);
            evidence.abandoned += u64::from(abandoned);
        }
        if side != self.watched {
            return;
        }
        let interval = &mut self.interval[route];
        interval.offered += 1;
        interval.abandoned += u32::from(abandoned);
        interval.answered_within += in_time;
        interval.longest_wait_s = interval.longest_wait_s.max(whole_seconds(wait_us));
    }
}

fn whole_seconds(us: i64) -> u32 {
    u32::try_from(us / 1_000_000).unwrap_or(u32::MAX)
}

struct Heard<'a, 's> {
    seen: &'a mut Seen<'s>,
    side: Side,
}

impl Observer for Heard<'_, '_> {
    fn answered(&mut self, call: &Call, wait_us: i64, _: usize) {
        self.seen.left(call, wait_us, self.side, false);
    }

    fn abandoned(&mut self, call: &Call, wait_us: i64) {
        self.seen.left(call, wait_us, self.side, true);
    }
}

/// One run under way.
pub(crate) struct Stage<'s> {
    seen: Seen<'s>,
    home: Centre,
    out: Centre,
    fate: Dice,
    next: usize,
}

impl<'s> Stage<'s> {
    /// Both centres empty; chance is that of the replication, whatever the plan.
    pub(crate) fn new(setting: &'s Setting, replication: u64) -> Self {
        let mask = |routes: &Vec<usize>| -> SkillMask {
            routes.iter().filter_map(|n| Skill::new(*n)).collect()
        };
        let masks: Vec<_> = setting.groups.iter().map(mask).collect();
        let a = &setting.assumptions;
        let routes = setting.routes.len();
        Self {
            seen: Seen {
                setting,
                within_us: i64::from(a.within_s) * 1_000_000,
                long_us: i64::from(a.long_wait_s) * 1_000_000,
                tally: Tally::new(routes, setting.segments.len(), setting.hours()),
                handled: vec![0; routes],
                evidence: vec![Evidence::default(); routes],
                interval: vec![Interval::default(); routes],
                watched: Side::Out,
                ended: None,
            },
            home: Centre::new(&masks, setting.from_us),
            out: Centre::new(&masks, setting.from_us),
            fate: Dice::seeded(setting.seed, replication),
            next: 0,
        }
    }

    /// The same, seen by whoever watches the in-house centre.
    pub(crate) fn watching_home(mut self) -> Self {
        self.seen.watched = Side::Home;
        self
    }

    /// The same, keeping each call that left until it is taken.
    pub(crate) fn telling_calls(mut self) -> Self {
        self.seen.ended = Some(Vec::new());
        self
    }

    /// The calls that left since the last time.
    pub(crate) fn take_ended(&mut self) -> Vec<Ended> {
        self.seen
            .ended
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// The next call and its place, if it comes before the instant.
    pub(crate) fn next_before(&self, at_us: i64) -> Option<(usize, Recorded)> {
        let call = *self.seen.setting.calls.get(self.next)?;
        (call.at_us < at_us).then_some((self.next, call))
    }

    /// Queues the next call on a side.
    pub(crate) fn offer_next(&mut self, side: Side) {
        let setting = self.seen.setting;
        let Some(recorded) = setting.calls.get(self.next) else {
            return;
        };
        let tag = u32::try_from(self.next).unwrap_or(u32::MAX);
        self.next += 1;
        // Drawn for every call, so that the next one meets the same chance under every plan.
        let (handle, patience) = (self.fate.bits(), self.fate.unit());
        let route = usize::from(recorded.route);
        let Some(skill) = Skill::new(route) else {
            return;
        };
        if side == Side::Out {
            // What was learned counts up to this very call.
            let seen = &mut self.seen;
            self.out.advance(recorded.at_us, &mut Heard { seen, side });
        }
        let handle_us = self.handle_us(route, handle, recorded, side);
        let more_us = || micros(-patience.ln() * setting.routes[route].patience_s);
        let patience_us = match recorded.ending {
            Some(Ending::Abandoned) => recorded.wait_us,
            // Exponential patience has no memory: longer than the wait, and then as long as anybody's.
            Some(Ending::Answered) => recorded.wait_us.saturating_add(more_us()),
            None => more_us(),
        };
        let call = Call {
            at_us: recorded.at_us,
            handle_us,
            patience_us,
            skill,
            tag,
        };
        let seen = &mut self.seen;
        match side {
            Side::Home => self.home.offer(call, &mut Heard { seen, side }),
            Side::Out => self.out.offer(call, &mut Heard { seen, side }),
        }
    }

    fn handle_us(&mut self, route: usize, bits: u64, recorded: &Recorded, side: Side) -> i64 {
        let pool = &self.seen.setting.routes[route].handles_us;
        // The upper half of the bits, scaled to the length: no division.
        let scaled = (bits >> 32).wrapping_mul(u64::try_from(pool.len()).unwrap_or(0)) >> 32;
        let index = usize::try_from(scaled).unwrap_or(0);
        let own_us = recorded.handle_us.unwrap_or(0);
        let home_us = pool.get(index).copied().unwrap_or(own_us);
        if side == Side::Home {
            return home_us;
        }
        let setting = self.seen.setting;
        let team = setting.routes[route].team;
        let learned = setting
            .assumptions
            .handle_factor(self.seen.handled[route], team);
        let trouble = setting.trouble.handle.iter();
        let more: u32 = trouble
            .filter(|(period, _)| period.holds(recorded.at_us))
            .map(|(_, percent)| percent)
            .sum();
        let factor = learned * f64::from(100 + more) / 100.0;
        let evidence = &mut self.seen.evidence[route];
        evidence.handled += 1;
        evidence.handle_factors += factor;
        micros(seconds(home_us) * factor)
    }

    /// Lets time pass in both centres.
    pub(crate) fn advance(&mut self, to_us: i64) {
        let seen = &mut self.seen;
        let side = Side::Home;
        self.home.advance(to_us, &mut Heard { seen, side });
        let side = Side::Out;
        self.out.advance(to_us, &mut Heard { seen, side });
    }

    /// Puts people on the phones from now on.
    pub(crate) fn staff(&mut self, people: &OnPhones) {
        let seen = &mut self.seen;
        for (group, n) in people.home.iter().enumerate() {
            let side = Side::Home;
            self.home
                .set_on_phones(group, *n, &mut Heard { seen, side });
        }
        for (group, n) in people.out.iter().enumerate() {
            let side = Side::Out;
            self.out.set_on_phones(group, *n, &mut Heard { seen, side });
        }
    }

    /// What was seen of a number's calls at the watched side since the last time; a caller who still waits counts as waiting.
    pub(crate) fn take_interval(&mut self, route: usize) -> Interval {
        let mut interval = std::mem::take(&mut self.seen.interval[route]);
        let centre = match self.seen.watched {
            Side::Home => &self.home,
            Side::Out => &self.out,
        };
        let waiting = Skill::new(route).and_then(|skill| centre.longest_wait_us(skill));
        let since_s = waiting.map_or(0, whole_seconds);
        interval.longest_wait_s = interval.longest_wait_s.max(since_s);
        interval
    }

    /// All that was seen of the outsourcer so far, by number.
    pub(crate) fn evidence(&self) -> &[Evidence] {
        &self.seen.evidence
    }

    /// People at home who are on the phones now.
    pub(crate) fn people_home(&self) -> u32 {
        (0..self.seen.setting.groups.len())
            .map(|group| self.home.on_phones(group))
            .sum()
    }

    /// The end: every caller is answered or hangs up.
    pub(crate) fn finish(mut self) -> Tally {
        let seen = &mut self.seen;
        let side = Side::Home;
        self.home.drain(&mut Heard { seen, side });
        let side = Side::Out;
        self.out.drain(&mut Heard { seen, side });
        self.seen.tally
    }
}
