//! Callers, three centres and a bad network around the production core, on virtual time.
//!
//! Packets are lost, doubled, late and out of order; centres answer, refuse, stay silent, answer too
//! late, and restart with nothing in memory; the router itself dies and comes back empty. At the end
//! every call is accounted for.

use super::peers::{Caller, Centre, Out, call_number};
use segue_sip::allow::{AllowList, Network};
use segue_sip::{
    CallToken, Config, Core, Hop, Invite, Mode, Outcome, Policy, Route, Shed, Sink, Target,
};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;

/// A small generator of its own, so that a seed gives the same run everywhere.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// `SplitMix64` (Steele, Lea, Flood 2014).
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// How long and how bad.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    pub(crate) calls: usize,
    pub(crate) calls_per_s: u64,
    pub(crate) seed: u64,
    pub(crate) lost_permille: u64,
    pub(crate) doubled_permille: u64,
    pub(crate) late_permille: u64,
    /// A centre restarts so often; 0: never.
    pub(crate) centre_restarts_s: u64,
    /// The router dies so often; 0: never.
    pub(crate) router_dies_s: u64,
}

/// Where every call is at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Account {
    pub(crate) answered: usize,
    pub(crate) refused: usize,
    pub(crate) cancelled: usize,
    /// In setup on a router that died, or on a centre that did right after its answer.
    pub(crate) on_a_dead_node: usize,
    /// Not accounted for: must be none.
    pub(crate) unaccounted: usize,
    /// Two different answers for one call: must be none.
    pub(crate) answered_twice: usize,
    /// People in a centre connected to nobody, with no dead node to explain it: must be none.
    pub(crate) ghosts: usize,
    /// Outcomes told twice to the policy, or never: must be none.
    pub(crate) told_wrongly: usize,
    /// Slots in use at the end: must be none.
    pub(crate) live: u32,
    pub(crate) packets: u64,
}

struct Plan {
    targets: Vec<Target>,
    told: Vec<u8>,
    asked: Vec<u8>,
}

impl Policy for Plan {
    fn route(&mut self, _now_us: u64, invite: &Invite<'_>) -> Route {
        let number = call_number(invite.call_id()).unwrap_or_default();
        self.asked[number] += 1;
        Route {
            token: CallToken(number as u128),
            mode: Mode::Proxy,
            targets: self.targets.clone(),
        }
    }

    fn shed(&mut self, _now_us: u64, _invite: &Invite<'_>) -> Shed {
        Shed::Proxy(self.targets[1..].to_vec())
    }

    fn is_known(&self, _addr: SocketAddr) -> bool {
        true
    }

    fn outcome(&mut self, token: CallToken, _outcome: &Outcome<'_>) {
        if let Ok(number) = usize::try_from(token.0) {
            self.told[number] += 1;
        }
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Packet {
        from: SocketAddr,
        to: SocketAddr,
        bytes: Vec<u8>,
    },
    CallBegins(usize),
    CallerTimer(usize),
    CentreTimer(usize, usize),
    CentreRestarts(usize),
    RouterDies,
}

struct Outbox(Vec<(SocketAddr, Vec<u8>)>);

impl Sink for Outbox {
    fn send(&mut self, to: Hop, bytes: &[u8]) {
        self.0.push((to.addr, bytes.to_vec()));
    }
}

pub(crate) struct World {
    weather: Weather,
    dice: Dice,
    now_us: u64,
    queue: BinaryHeap<Reverse<(u64, u64, Event)>>,
    order: u64,
    router: SocketAddr,
    caller_addr: SocketAddr,
    centres: Vec<Centre>,
    callers: Vec<Caller>,
    core: Core<Plan>,
    dead_since_us: Vec<u64>,
    packets: u64,
}

const SECOND_US: u64 = 1_000_000;

fn address(last: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], 5_060))
}

impl World {
    pub(crate) fn new(weather: Weather) -> Self {
        let centres: Vec<Centre> = (1..=3).map(|n| Centre::new(address(n), n)).collect();
        let targets = centres.iter().map(|c| Target::new(c.addr)).collect();
        let plan = Plan {
            targets,
            told: vec![0; weather.calls],
            asked: vec![0; weather.calls],
        };
        let mut world = Self {
            weather,
            dice: Dice::new(weather.seed),
            now_us: 0,
            queue: BinaryHeap::new(),
            order: 0,
            router: address(100),
            caller_addr: address(50),
            centres,
            callers: (0..weather.calls).map(Caller::new).collect(),
            core: core(plan, 0, weather.seed),
            dead_since_us: Vec::new(),
            packets: 0,
        };
        world.at(0, Event::CallBegins(0));
        for centre in 0..3 {
            world.next_restart(centre);
        }
        if weather.router_dies_s > 0 {
            world.at(weather.router_dies_s * SECOND_US, Event::RouterDies);
        }
        world
    }

    fn at(&mut self, at_us: u64, event: Event) {
        self.order += 1;
        self.queue.push(Reverse((at_us, self.order, event)));
    }

    fn last_call_us(&self) -> u64 {
        self.weather.calls as u64 * SECOND_US / self.weather.calls_per_s
    }

    fn next_restart(&mut self, centre: usize) {
        let every = self.weather.centre_restarts_s * SECOND_US;
        if every > 0 && self.now_us < self.last_call_us() {
            let at = self.now_us + every / 2 + self.dice.below(every);
            self.at(at, Event::CentreRestarts(centre));
        }
    }

    /// Puts a packet on the bad network.
    fn post(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        self.packets += 1;
        let copies = 1 + u64::from(self.dice.below(1_000) < self.weather.doubled_permille);
        for _ in 0..copies {
            if self.dice.below(1_000) < self.weather.lost_permille {
                continue;
            }
            let late = self.dice.below(1_000) < self.weather.late_permille;
            let span = if late { 6 * SECOND_US } else { 40_000 };
            let at = self.now_us + 500 + self.dice.below(span);
            let bytes = bytes.to_vec();
            self.at(at, Event::Packet { from, to, bytes });
        }
    }

    /// Plays until all is quiet, then counts.
    pub(crate) fn run(mut self) -> Account {
        let end_us = self.last_call_us() + 200 * SECOND_US;
        let mut tick_us = 0;
        while tick_us <= end_us {
            while let Some(Reverse((at, _, _))) = self.queue.peek()
                && *at <= tick_us
            {
                let Some(Reverse((at, _, event))) = self.queue.pop() else {
                    break;
                };
                self.now_us = at;
                self.play(event);
            }
            self.now_us = tick_us;
            let mut outbox = Outbox(Vec::new());
            self.core.on_time(tick_us, &mut outbox);
            self.posted(outbox);
            tick_us += 10_000;
        }
        self.account()
    }

    fn posted(&mut self, outbox: Outbox) {
        for (to, bytes) in outbox.0 {
            self.post(self.router, to, &bytes);
        }
    }

    fn play(&mut self, event: Event) {
        match event {
            Event::Packet { from, to, bytes } if to == self.router => {
                let mut outbox = Outbox(Vec::new());
                self.core
                    .on_datagram(self.now_us, from, &bytes, &mut outbox);
                self.posted(outbox);
            }
            Event::Packet { to, bytes, .. } if to == self.caller_addr => {
                let Some(number) = call_number_of(&bytes) else {
                    return;
                };
                let out = self.callers[number].hear(self.now_us, &bytes);
                self.do_caller(number, out);
            }
            Event::Packet { from, to, bytes } => {
                let found = self.centres.iter().position(|centre| centre.addr == to);
                if let Some(centre) = found {
                    let out = self.centres[centre].hear(self.now_us, from, &bytes);
                    self.do_centre(centre, out);
                }
            }
            Event::CallBegins(number) => {
                let hangs_up = self.dice.below(10) == 0;
                let patience_us = self.dice.below(8 * SECOND_US);
                let out = self.callers[number].begin(self.now_us, hangs_up.then_some(patience_us));
                self.do_caller(number, out);
                if number + 1 < self.weather.calls {
                    let at = (number as u64 + 1) * SECOND_US / self.weather.calls_per_s;
                    self.at(at, Event::CallBegins(number + 1));
                }
            }
            Event::CallerTimer(number) => {
                let out = self.callers[number].wake(self.now_us);
                self.do_caller(number, out);
            }
            Event::CentreTimer(centre, number) => {
                let out = self.centres[centre].wake(self.now_us, number);
                self.do_centre(centre, out);
            }
            Event::CentreRestarts(centre) => {
                self.centres[centre].restart(self.now_us);
                self.next_restart(centre);
            }
            Event::RouterDies => self.router_dies(),
        }
    }

    fn router_dies(&mut self) {
        self.dead_since_us.push(self.now_us);
        let seed = self.weather.seed + self.dead_since_us.len() as u64;
        let empty = Plan {
            targets: Vec::new(),
            told: Vec::new(),
            asked: Vec::new(),
        };
        let before = std::mem::replace(&mut self.core, core(empty, self.now_us, seed));
        *self.core.policy_mut() = before.into_policy();
        let next = self.now_us + self.weather.router_dies_s * SECOND_US;
        if next < self.last_call_us() {
            self.at(next, Event::RouterDies);
        }
    }

    fn do_caller(&mut self, number: usize, out: Out) {
        let (from, router) = (self.caller_addr, self.router);
        for (to, bytes) in out.packets {
            self.post(from, to.unwrap_or(router), &bytes);
        }
        if let Some(at) = out.wake_us {
            self.at(at, Event::CallerTimer(number));
        }
    }

    fn do_centre(&mut self, centre: usize, out: Out) {
        let from = self.centres[centre].addr;
        for (to, bytes) in out.packets {
            let to = to.unwrap_or(self.router);
            self.post(from, to, &bytes);
        }
        if let Some(at) = out.wake_us {
            self.at(at, Event::CentreTimer(centre, out.number));
        }
    }

    /// A router or a centre of the call died while it was being set up.
    fn met_a_death(&self, number: usize) -> bool {
        let began = self.callers[number].began_us;
        let until = self.callers[number].final_us.unwrap_or(u64::MAX);
        let within = |at: &u64| *at >= began && *at <= until;
        let centres = self.centres.iter().flat_map(|centre| &centre.restarts_us);
        self.dead_since_us.iter().chain(centres).any(within)
    }

    /// The router died before the end of the call's tombstone: what it knew of the call is gone.
    fn lost_its_memory(&self, number: usize) -> bool {
        let began = self.callers[number].began_us;
        let within = |at: &u64| *at >= began && *at <= began + 100 * SECOND_US;
        self.dead_since_us.iter().any(within)
    }

    /// Or a centre did, which then takes a late INVITE for a new one: a second dialog on the leg that
    /// was answered, which a proxy has to pass on.
    fn was_taken_for_new(&self, number: usize) -> bool {
        let began = self.callers[number].began_us;
        let within = |at: &u64| *at >= began && *at <= began + 100 * SECOND_US;
        let mut restarts = self.centres.iter().flat_map(|centre| &centre.restarts_us);
        self.lost_its_memory(number) || restarts.any(within)
    }

    fn account(self) -> Account {
        let mut account = Account {
            live: self.core.counters().live,
            packets: self.packets,
            ..Account::default()
        };
        for number in 0..self.weather.calls {
            let caller = &self.callers[number];
            account.answered_twice +=
                usize::from(caller.tags.len() > 1 && !self.was_taken_for_new(number));
            match caller.status {
                Some(200..300) => account.answered += 1,
                Some(487) if caller.has_cancelled => account.cancelled += 1,
                Some(_) => account.refused += 1,
                None if self.met_a_death(number) => account.on_a_dead_node += 1,
                None => account.unaccounted += 1,
            }
            let plan = self.core.policy();
            let (asked, told) = (plan.asked[number], plan.told[number]);
            // A death in its setup may let a late INVITE be routed once more; each time it is told what became of it.
            let routed = asked == 1 || (asked > 1 && self.met_a_death(number));
            let right = routed && told == asked;
            account.told_wrongly += usize::from(!right && !self.lost_its_memory(number));
        }
        let connected: Vec<_> = self.centres.iter().flat_map(Centre::connected).collect();
        for (number, tag) in connected {
            let heard = self.callers[number].tags.contains(&tag);
            account.ghosts += usize::from(!heard && !self.was_taken_for_new(number));
        }
        account
    }
}

fn call_number_of(bytes: &[u8]) -> Option<usize> {
    call_number(segue_sip::msg::Message::parse(bytes).ok()?.call_id()?)
}

fn core(plan: Plan, now_us: u64, seed: u64) -> Core<Plan> {
    let peers = ["192.0.2.0/24".parse::<Network>()].into_iter().flatten();
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut config = Config::new(address(100), bytes, AllowList::new(peers));
    config.calls_max = 1 << 18;
    Core::new(config, plan, now_us)
}
