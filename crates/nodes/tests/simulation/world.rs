//! The world around the nodes: a network that delays, loses and parts; a database that dies and comes back; people who press
//! and agree; and the promises, checked at every call.

use crate::counts::Counts;
use crate::events::{Event, Pressed};
use crate::node::{Agreed, CHUNKS, FENCE_MS, HEALTHY_MS, LEASE_MS, Node, Went};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use segue_nodes::Word;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// Faults end here; afterwards everything must become well.
const STORM_MS: u64 = 180_000;
const END_MS: u64 = STORM_MS + LEASE_MS + HEALTHY_MS + 60_000;
const ASK_MS: u64 = 500;
const READ_MS: u64 = 200;
const READ_PATIENCE_MS: u64 = 2_000;
const CALL_MS: u64 = 40;
const FAULT_MS: u64 = 1_500;

pub(crate) struct World {
    dice: ChaCha8Rng,
    now_ms: u64,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    events: BTreeMap<u64, Event>,
    next: u64,
    nodes: Vec<Node>,
    /// Ways that carry nothing, from and to.
    parted: BTreeSet<(usize, usize)>,
    loss_percent: u64,
    database_up: bool,
    cut_from_database: BTreeSet<usize>,
    journal: Agreed,
    /// Command id → version.
    recorded: BTreeMap<String, u64>,
    /// Chunk and epoch under which a share was once agreed.
    agreed: BTreeSet<(&'static str, u64)>,
    /// Chunk → the epoch that the newest recorded press raised it to.
    presses: Vec<Pressed>,
    counts: Counts,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let count = 2 + usize::try_from(dice.next_u64() % 4).unwrap();
        let names: Vec<_> = (0..count).map(|n| format!("N{n}")).collect();
        let mut journal = Agreed {
            version: 1,
            ..Agreed::default()
        };
        for chunk in CHUNKS {
            journal.chunks.insert(chunk, (5_000, 0));
        }
        let mut world = Self {
            dice,
            now_ms: 10_000,
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            next: 0,
            nodes: names
                .iter()
                .map(|name| Node::new(name, &names, 0))
                .collect(),
            parted: BTreeSet::new(),
            loss_percent: 0,
            database_up: true,
            cut_from_database: BTreeSet::new(),
            journal,
            recorded: BTreeMap::new(),
            agreed: CHUNKS.into_iter().map(|chunk| (chunk, 0)).collect(),
            presses: Vec::new(),
            counts: Counts::default(),
        };
        for node in 0..count {
            let began_ms = world.now_ms - world.below(9_000);
            world.nodes[node].start(began_ms);
            for event in [
                Event::Ask(node),
                Event::Read(node),
                Event::Record(node),
                Event::Call(node),
            ] {
                let after = world.below(ASK_MS);
                world.after(after, event);
            }
        }
        world.after(FAULT_MS, Event::Fault);
        world.after(15_000, Event::Press);
        world.after(20_000, Event::Agree);
        world
    }

    pub(crate) fn play(mut self) -> Counts {
        while let Some(Reverse((at_ms, key))) = self.queue.pop() {
            if at_ms > END_MS {
                break;
            }
            self.now_ms = at_ms;
            let event = self.events.remove(&key).unwrap();
            self.handle(event);
        }
        self.all_is_well();
        let in_storm = |press: &&Pressed| {
            let complete = press.complete.as_ref();
            complete.is_some_and(|(at_ms, _)| *at_ms < STORM_MS)
        };
        let complete = self.presses.iter().filter(in_storm);
        self.counts.complete = complete.count() as u64;
        self.counts.presses = self.presses.len() as u64;
        self.counts.incomplete = self.counts.presses - self.counts.complete;
        self.counts
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.dice.next_u64() % bound.max(1)
    }

    fn some_node(&mut self) -> usize {
        let count = self.nodes.len() as u64;
        usize::try_from(self.below(count)).unwrap()
    }

    fn after(&mut self, ms: u64, event: Event) {
        self.next += 1;
        self.queue.push(Reverse((self.now_ms + ms, self.next)));
        self.events.insert(self.next, event);
    }

    /// Mostly quick, now and then very late.
    fn way_ms(&mut self) -> u64 {
        if self.below(40) == 0 {
            self.below(8_000)
        } else {
            1 + self.below(30)
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Ask(node) => self.ask(node),
            Event::Arrive {
                to,
                life,
                word,
                is_answer,
            } => self.arrive(to, life, word, is_answer),
            Event::Read(node) => self.read(node),
            Event::ReadAt {
                node,
                life,
                begun_ms,
            } => {
                if self.reaches_database(node) {
                    let (way_ms, agreed) = (self.way_ms(), self.journal.clone());
                    let recorded = self.recorded.clone();
                    self.after(
                        way_ms,
                        Event::ReadDone {
                            node,
                            life,
                            begun_ms,
                            recorded,
                            agreed,
                        },
                    );
                }
            }
            Event::ReadDone {
                node,
                life,
                begun_ms,
                recorded,
                agreed,
            } => self.read_done(node, (life, begun_ms), &recorded, &agreed),
            Event::Record(node) => self.record(node),
            Event::RecordAt {
                node,
                life,
                id,
                scope,
            } => self.record_at(node, life, id, &scope),
            Event::RecordDone {
                node,
                life,
                id,
                version,
            } => {
                let now_ms = self.now_ms;
                if self.reaches_database(node)
                    && self.nodes[node].runs(now_ms)
                    && self.nodes[node].life == life
                {
                    self.nodes[node].room.recorded(&id, version);
                    for press in &mut self.presses {
                        press.journalled |= press.id == id && press.node == node;
                    }
                }
            }
            Event::Call(node) => self.call(node),
            Event::Fault => self.fault(),
            Event::Press => self.press(),
            Event::Agree => self.agree(),
        }
    }

    fn read_done(
        &mut self,
        node: usize,
        (life, begun_ms): (u64, u64),
        recorded: &BTreeMap<String, u64>,
        agreed: &Agreed,
    ) {
        let now_ms = self.now_ms;
        let reached = self.reaches_database(node);
        let it = &mut self.nodes[node];
        if reached && it.runs(now_ms) && it.life == life && it.reading == Some(begun_ms) {
            it.reading = None;
            it.install(agreed, recorded, begun_ms, now_ms);
        }
    }

    fn reaches_database(&self, node: usize) -> bool {
        self.database_up && !self.cut_from_database.contains(&node)
    }

    fn send(&mut self, from: usize, to: usize, word: Word<()>, is_answer: bool) {
        if self.parted.contains(&(from, to)) || self.below(100) < self.loss_percent {
            return;
        }
        // An answer is for the life that asked.
        let life = if is_answer { self.nodes[to].life } else { 0 };
        let way_ms = self.way_ms();
        self.after(
            way_ms,
            Event::Arrive {
                to,
                life,
                word,
                is_answer,
            },
        );
    }

    fn ask(&mut self, node: usize) {
        self.after(ASK_MS, Event::Ask(node));
        if self.nodes[node].runs(self.now_ms) {
            self.ask_all(node);
        }
    }

    fn ask_all(&mut self, node: usize) {
        let asked_ms = self.nodes[node].clock_ms(self.now_ms);
        let word = self.nodes[node].word(self.now_ms, asked_ms);
        for to in (0..self.nodes.len()).filter(|to| *to != node) {
            self.send(node, to, word.clone(), false);
        }
    }

    fn arrive(&mut self, to: usize, life: u64, word: Word<()>, is_answer: bool) {
        let now_ms = self.now_ms;
        if !self.nodes[to].runs(now_ms) {
            // A process that stands still finds it in its socket when it goes on.
            let until_ms = self.nodes[to].stopped_until_ms;
            if self.nodes[to].is_up && until_ms > now_ms {
                self.after(
                    until_ms - now_ms,
                    Event::Arrive {
                        to,
                        life,
                        word,
                        is_answer,
                    },
                );
            }
            return;
        }
        self.nodes[to].take_over(&word);
        if is_answer {
            if self.nodes[to].life == life {
                self.nodes[to].hear(&word, now_ms);
                self.note_reach(to);
            }
            return;
        }
        let answer = self.nodes[to].word(now_ms, word.asked_ms);
        let asker = self
            .nodes
            .iter()
            .position(|node| node.name == word.from)
            .unwrap();
        self.send(to, asker, answer, true);
    }

    fn read(&mut self, node: usize) {
        self.after(READ_MS, Event::Read(node));
        let now_ms = self.now_ms;
        if !self.nodes[node].runs(now_ms) {
            return;
        }
        let clock_ms = self.nodes[node].clock_ms(now_ms);
        let given_up = |begun| clock_ms > begun + READ_PATIENCE_MS;
        if self.nodes[node]
            .reading
            .is_some_and(|begun| !given_up(begun))
        {
            return;
        }
        self.nodes[node].reading = Some(clock_ms);
        let (way_ms, life) = (self.way_ms(), self.nodes[node].life);
        self.after(
            way_ms,
            Event::ReadAt {
                node,
                life,
                begun_ms: clock_ms,
            },
        );
    }

    /// Every node offers every open press it knows: the journal takes each once.
    fn record(&mut self, node: usize) {
        self.after(ASK_MS, Event::Record(node));
        if !self.nodes[node].runs(self.now_ms) {
            return;
        }
        let open: Vec<_> = self.nodes[node].room.open().clone().into_iter().collect();
        for (id, open) in open {
            let (way_ms, life) = (self.way_ms(), self.nodes[node].life);
            self.after(
                way_ms,
                Event::RecordAt {
                    node,
                    life,
                    id,
                    scope: open.scope,
                },
            );
        }
    }

    fn record_at(&mut self, node: usize, life: u64, id: String, scope: &str) {
        if !self.reaches_database(node) {
            return;
        }
        if !self.recorded.contains_key(&id) {
            self.journal.version += 1;
            for (chunk, (share_bp, epoch)) in &mut self.journal.chunks {
                if (scope == "all" || scope == *chunk) && *share_bp > 0 {
                    (*share_bp, *epoch) = (0, *epoch + 1);
                }
            }
            self.recorded.insert(id.clone(), self.journal.version);
        }
        let (way_ms, version) = (self.way_ms(), self.recorded[&id]);
        self.after(
            way_ms,
            Event::RecordDone {
                node,
                life,
                id,
                version,
            },
        );
    }

    fn press(&mut self) {
        if self.now_ms < STORM_MS {
            let pause_ms = 5_000 + self.below(40_000);
            self.after(pause_ms, Event::Press);
        } else {
            return;
        }
        let node = self.some_node();
        if !self.nodes[node].runs(self.now_ms) {
            return;
        }
        let scope = ["all", CHUNKS[0], CHUNKS[1]][usize::try_from(self.below(3)).unwrap()];
        let id = format!("press-{}", self.presses.len());
        self.nodes[node].press(&id, scope);
        self.presses.push(Pressed {
            id,
            node,
            life: self.nodes[node].life,
            scope: scope.to_owned(),
            made_ms: self.now_ms,
            clock_ms: self.nodes[node].clock_ms(self.now_ms),
            journalled: false,
            complete: None,
        });
        self.ask_all(node);
    }

    /// Both parties agree to a share again; only the journal can say so.
    fn agree(&mut self) {
        if self.now_ms < STORM_MS {
            let pause_ms = 5_000 + self.below(30_000);
            self.after(pause_ms, Event::Agree);
        } else if self.now_ms < STORM_MS + LEASE_MS {
            self.after(10_000, Event::Agree);
        }
        if !self.database_up {
            return;
        }
        for (chunk, (share_bp, epoch)) in &mut self.journal.chunks {
            if *share_bp == 0 {
                *share_bp = 5_000;
                self.journal.version += 1;
                self.agreed.insert((chunk, *epoch));
            }
        }
    }

    /// Whoever pressed looks who has it by now.
    fn note_reach(&mut self, node: usize) {
        let it = &self.nodes[node];
        for press in &mut self.presses {
            if press.node != node || press.life != it.life || press.complete.is_some() {
                continue;
            }
            let reach = it.room.reach(press.clock_ms, press.journalled);
            if reach.complete {
                press.complete = Some((self.now_ms, reach.home));
            }
        }
    }

    fn call(&mut self, node: usize) {
        let pause_ms = 1 + self.below(2 * CALL_MS);
        self.after(pause_ms, Event::Call(node));
        if !self.nodes[node].runs(self.now_ms) {
            return;
        }
        let chunk = CHUNKS[usize::try_from(self.below(2)).unwrap()];
        let it = &self.nodes[node];
        let went = it.call(chunk, self.now_ms);
        match went {
            Went::Home => {
                self.counts.home += 1;
                let is_cut = !it.room.window().is_open(it.clock_ms(self.now_ms));
                self.counts.cut_off += u64::from(is_cut);
                return;
            }
            Went::Out => self.counts.out += 1,
            Went::Held => self.counts.held += 1,
        }
        let epoch = it.epoch(chunk);
        assert!(
            self.agreed.contains(&(chunk, epoch)),
            "never agreed: {chunk} under {epoch}"
        );
        assert!(
            went == Went::Out || chunk == CHUNKS[1],
            "{chunk} was not signed to hold"
        );
        for press in &self.presses {
            let covers = press.scope == "all" || press.scope == chunk;
            let Some((complete_ms, home)) = press.complete.as_ref().filter(|_| covers) else {
                continue;
            };
            // Agreed anew after the press: that is what opens the door again.
            let after_press = self
                .recorded
                .get(&press.id)
                .is_some_and(|version| it.table.version > *version);
            if after_press {
                continue;
            }
            let reached = home.contains(&it.name);
            let fenced = self.now_ms >= complete_ms + FENCE_MS && went == Went::Out;
            assert!(
                !reached && !fenced,
                "{} sent {chunk} out ({went:?}) at {} ms; {} by {} at {} ms was complete at {complete_ms} ms",
                it.name,
                self.now_ms,
                press.id,
                self.nodes[press.node].name,
                press.made_ms
            );
        }
    }

    fn fault(&mut self) {
        if self.now_ms >= STORM_MS {
            self.heal();
            return;
        }
        let pause_ms = 1 + self.below(2 * FAULT_MS);
        self.after(pause_ms, Event::Fault);
        let (node, other) = (self.some_node(), self.some_node());
        match self.below(12) {
            0 => {
                self.parted.insert((node, other));
            }
            1 => {
                for peer in 0..self.nodes.len() {
                    self.parted.extend([(node, peer), (peer, node)]);
                }
            }
            2 | 3 => self.parted.clear(),
            4 => self.loss_percent = self.below(60),
            5 => self.database_up = self.below(3) > 0,
            6 => {
                self.cut_from_database.insert(node);
            }
            7 => self.cut_from_database.clear(),
            8 if self.nodes[node].is_up => {
                self.nodes[node].is_up = false;
                self.counts.crashes += 1;
            }
            9 if !self.nodes[node].is_up => self.nodes[node].start(self.now_ms),
            10 => {
                self.nodes[node].stopped_until_ms = self.now_ms + self.dice.next_u64() % 30_000;
                self.counts.stops += 1;
            }
            _ => {
                let jump_us = i64::try_from(self.below(7_200_000_000)).unwrap() - 3_600_000_000;
                self.nodes[node].wall_off_us = jump_us;
            }
        }
    }

    fn heal(&mut self) {
        self.parted.clear();
        self.cut_from_database.clear();
        (self.loss_percent, self.database_up) = (0, true);
        for node in &mut self.nodes {
            node.stopped_until_ms = 0;
            if !node.is_up {
                node.start(self.now_ms);
            }
        }
    }

    /// After the storm: every press is in the journal, every node runs the newest table and sends out what is agreed.
    fn all_is_well(&self) {
        for press in &self.presses {
            assert!(
                self.recorded.contains_key(&press.id),
                "{} was lost",
                press.id
            );
        }
        for node in &self.nodes {
            assert_eq!(node.table.version, self.journal.version, "{}", node.name);
            assert!(
                node.room.open().is_empty(),
                "{} holds presses open",
                node.name
            );
            for chunk in CHUNKS {
                assert_eq!(
                    node.call(chunk, self.now_ms),
                    Went::Out,
                    "{} {chunk}",
                    node.name
                );
            }
        }
    }
}
