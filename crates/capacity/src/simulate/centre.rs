//! The engine: callers wait per skill, agents belong to groups by the skills they have, the longest wait is answered first.
//!
//! Two binary heaps hold what is to come: calls that end, and callers whose patience ends. An answered caller's deadline
//! stays in its heap and is passed over when its time comes (lazy cancellation), which is cheaper than finding it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Skills of one centre at most.
pub const SKILLS_MAX: usize = 32;
/// Groups of agents of one centre at most.
pub const GROUPS_MAX: usize = 256;
/// Bits that hold the group beside the end of a call; 2^55 µs remain, more than a thousand years.
const GROUP_BITS: u32 = 8;

/// What a call needs, 0 to 31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Skill(u8);

impl Skill {
    /// Skill number `n`, below [`SKILLS_MAX`].
    pub fn new(n: usize) -> Option<Self> {
        (n < SKILLS_MAX)
            .then(|| u8::try_from(n).ok())
            .flatten()
            .map(Self)
    }

    /// Its number.
    pub fn index(self) -> usize {
        self.0.into()
    }
}

/// The skills a group of agents has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SkillMask(u32);

impl SkillMask {
    /// The same with one skill more.
    #[must_use]
    pub fn with(self, skill: Skill) -> Self {
        Self(self.0 | 1 << skill.0)
    }

    /// Whether the skill is among them.
    pub fn has(self, skill: Skill) -> bool {
        self.0 & (1 << skill.0) != 0
    }

    /// The skills, the first one first.
    fn skills(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let next = left.trailing_zeros();
            (left != 0).then(|| {
                left &= left - 1;
                next as usize
            })
        })
    }
}

impl FromIterator<Skill> for SkillMask {
    fn from_iter<I: IntoIterator<Item = Skill>>(skills: I) -> Self {
        skills.into_iter().fold(Self::default(), Self::with)
    }
}

/// A call and all that chance has to say about it, known only to the simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// When it reaches the queue, µs from any origin.
    pub at_us: i64,
    /// The agent's time it takes, µs.
    pub handle_us: i64,
    /// How long the caller waits before hanging up, µs; `i64::MAX` is for ever.
    pub patience_us: i64,
    /// What it needs.
    pub skill: Skill,
    /// The driver's own number for it.
    pub tag: u32,
}

/// Hears what became of each call: exactly one of the two, once.
pub trait Observer {
    /// An agent of the group took it after the wait.
    fn answered(&mut self, call: &Call, wait_us: i64, group: usize);
    /// The caller hung up after the wait.
    fn abandoned(&mut self, call: &Call, wait_us: i64);
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    call: Call,
    gone: bool,
}

/// Callers of one skill in order of arrival. The first is always one who still waits.
#[derive(Clone, Debug, Default)]
struct Queue {
    callers: VecDeque<Waiting>,
    /// The place of the first caller, counted since the centre opened.
    first: u64,
}

impl Queue {
    fn trim(&mut self) {
        while self.callers.front().is_some_and(|w| w.gone) {
            self.callers.pop_front();
            self.first += 1;
        }
    }

    fn next_place(&self) -> u64 {
        self.first + self.callers.len() as u64
    }

    fn take_first(&mut self) -> Option<Call> {
        let first = self.callers.pop_front()?;
        self.first += 1;
        self.trim();
        Some(first.call)
    }

    /// The caller at that place, unless answered already; gone from now on.
    fn give_up(&mut self, place: u64) -> Option<Call> {
        let index = usize::try_from(place.checked_sub(self.first)?).ok()?;
        let waiting = self.callers.get_mut(index)?;
        waiting.gone = true;
        let call = waiting.call;
        self.trim();
        Some(call)
    }
}

/// When somebody's patience ends. Ordered by time, then skill, then place: ties are settled the same way on every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Deadline {
    at_us: i64,
    skill: u8,
    place: u64,
}

#[derive(Clone, Debug)]
struct Agents {
    skills: SkillMask,
    on_phones: u32,
    busy: u32,
}

/// One call centre at one instant.
#[derive(Clone, Debug)]
pub struct Centre {
    now_us: i64,
    groups: Vec<Agents>,
    /// For each skill the groups that have it, specialists first.
    able: Vec<Vec<usize>>,
    queues: Vec<Queue>,
    ends: BinaryHeap<Reverse<i64>>,
    deadlines: BinaryHeap<Reverse<Deadline>>,
    waiting: u32,
}

impl Centre {
    /// A centre with nobody in it. Groups beyond [`GROUPS_MAX`] are left out.
    pub fn new(groups: &[SkillMask], now_us: i64) -> Self {
        let groups: Vec<_> = groups
            .iter()
            .take(GROUPS_MAX)
            .map(|&skills| Agents {
                skills,
                on_phones: 0,
                busy: 0,
            })
            .collect();
        let able = |skill: usize| {
            let mut able: Vec<_> = (0..groups.len())
                .filter(|&g| groups[g].skills.0 & (1 << skill) != 0)
                .collect();
            able.sort_by_key(|&g| (groups[g].skills.0.count_ones(), g));
            able
        };
        Self {
            now_us,
            able: (0..SKILLS_MAX).map(able).collect(),
            groups,
            queues: vec![Queue::default(); SKILLS_MAX],
            ends: BinaryHeap::new(),
            deadlines: BinaryHeap::new(),
            waiting: 0,
        }
    }

    /// Callers who wait now.
    pub fn waiting(&self) -> u32 {
        self.waiting
    }

    /// Agents of a group who are on a call now.
    pub fn busy(&self, group: usize) -> u32 {
        self.groups.get(group).map_or(0, |g| g.busy)
    }

    /// People of a group on the phones now, on a call or not.
    pub fn on_phones(&self, group: usize) -> u32 {
        self.groups.get(group).map_or(0, |g| g.on_phones)
    }

    /// How long the caller who has waited longest for a skill has waited, µs; nobody waiting is no value.
    pub fn longest_wait_us(&self, skill: Skill) -> Option<i64> {
        let first = self.queues[skill.index()].callers.front()?;
        Some(self.now_us - first.call.at_us)
    }

    /// Lets time pass up to and including an instant; an earlier one changes nothing.
    pub fn advance(&mut self, to_us: i64, observer: &mut impl Observer) {
        loop {
            let end = self.ends.peek().map_or(i64::MAX, |e| e.0 >> GROUP_BITS);
            let deadline = self.deadlines.peek().map_or(i64::MAX, |d| d.0.at_us);
            // At the same instant the agent is faster than the caller's hand.
            if end <= deadline {
                if end > to_us || end == i64::MAX {
                    break;
                }
                self.end_call(observer);
            } else {
                if deadline > to_us {
                    break;
                }
                self.give_up(observer);
            }
        }
        self.now_us = self.now_us.max(to_us);
    }

    /// Runs until nobody talks or waits any more. Who waits for ever for a skill nobody has stays waiting.
    pub fn drain(&mut self, observer: &mut impl Observer) {
        while let Some(next) = self.next_us() {
            self.advance(next, observer);
        }
    }

    fn next_us(&self) -> Option<i64> {
        let end = self.ends.peek().map(|e| e.0 >> GROUP_BITS);
        let deadline = self.deadlines.peek().map(|d| d.0.at_us);
        end.into_iter().chain(deadline).min()
    }

    /// A call reaches the queue, once everything before it has happened.
    pub fn offer(&mut self, call: Call, observer: &mut impl Observer) {
        self.advance(call.at_us, observer);
        let able = &self.able[call.skill.index()];
        let free = able
            .iter()
            .find(|&&g| self.groups[g].busy < self.groups[g].on_phones);
        if let Some(&group) = free {
            self.answer(call, group, call.at_us, observer);
            return;
        }
        let queue = &mut self.queues[call.skill.index()];
        if call.patience_us != i64::MAX {
            self.deadlines.push(Reverse(Deadline {
                at_us: call.at_us.saturating_add(call.patience_us.max(0)),
                skill: call.skill.0,
                place: queue.next_place(),
            }));
        }
        queue.callers.push_back(Waiting { call, gone: false });
        self.waiting += 1;
    }

    /// So many people of a group are on the phones from now on. Who leaves finishes the call in hand; who comes takes the
    /// longest wait.
    pub fn set_on_phones(&mut self, group: usize, people: u32, observer: &mut impl Observer) {
        let Some(agents) = self.groups.get_mut(group) else {
            return;
        };
        agents.on_phones = people;
        while self.groups[group].busy < people && self.take_longest(group, self.now_us, observer) {}
    }

    fn end_call(&mut self, observer: &mut impl Observer) {
        let Some(Reverse(packed)) = self.ends.pop() else {
            return;
        };
        let at_us = packed >> GROUP_BITS;
        let group = usize::try_from(packed & ((1 << GROUP_BITS) - 1)).unwrap_or(0);
        self.now_us = self.now_us.max(at_us);
        let agents = &mut self.groups[group];
        agents.busy -= 1;
        if agents.busy < agents.on_phones && self.waiting > 0 {
            self.take_longest(group, at_us, observer);
        }
    }

    fn give_up(&mut self, observer: &mut impl Observer) {
        let Some(Reverse(deadline)) = self.deadlines.pop() else {
            return;
        };
        let queue = &mut self.queues[usize::from(deadline.skill)];
        if let Some(call) = queue.give_up(deadline.place) {
            self.now_us = self.now_us.max(deadline.at_us);
            self.waiting -= 1;
            observer.abandoned(&call, deadline.at_us - call.at_us);
        }
    }

    /// A free agent of the group takes the longest wait among the group's skills; false when nobody waits there.
    fn take_longest(&mut self, group: usize, at_us: i64, observer: &mut impl Observer) -> bool {
        let heads = self.groups[group].skills.skills().filter_map(|skill| {
            let first = self.queues[skill].callers.front()?;
            Some((first.call.at_us, skill))
        });
        let Some((_, skill)) = heads.min() else {
            return false;
        };
        let Some(call) = self.queues[skill].take_first() else {
            return false;
        };
        self.waiting -= 1;
        self.answer(call, group, at_us, observer);
        true
    }

    fn answer(&mut self, call: Call, group: usize, at_us: i64, observer: &mut impl Observer) {
        observer.answered(&call, at_us - call.at_us, group);
        self.groups[group].busy += 1;
        let end_us = at_us.saturating_add(call.handle_us.max(0));
        let group = i64::try_from(group).unwrap_or(0);
        self.ends.push(Reverse(
            end_us.min(i64::MAX >> GROUP_BITS) << GROUP_BITS | group,
        ));
    }
}
