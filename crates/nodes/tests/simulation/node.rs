//! One simulated node: the production room and latch, a disk that survives its crashes, clocks of its own.

use segue_domain::chunks::CutOffAction;
use segue_domain::ids::ChunkId;
use segue_nodes::{Open, Room, Settings, Standing, Word};
use segue_routing::{ChunkEntry, HomeLatch, NumberEntry, RouteTable};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const FENCE_MS: u64 = 5_000;
pub(crate) const HEALTHY_MS: u64 = 60_000;
pub(crate) const LEASE_MS: u64 = 90_000;
/// Signed to come home when cut off, and signed to hold.
pub(crate) const CHUNKS: [&str; 2] = ["S/HOME", "S/HOLD"];

/// What the journal says of each chunk: share and epoch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Agreed {
    pub(crate) version: u64,
    pub(crate) chunks: BTreeMap<&'static str, (u16, u64)>,
}

impl Agreed {
    pub(crate) fn table(&self) -> RouteTable {
        let entry = |(chunk, (share_bp, epoch)): (&&str, &(u16, u64))| ChunkEntry {
            chunk: (*chunk).into(),
            site: "S".into(),
            share_bp: *share_bp,
            epoch: *epoch,
            door_open: true,
            open_us: None,
            cut_off_action: if *chunk == CHUNKS[0] {
                CutOffAction::Home
            } else {
                CutOffAction::HoldLastAgreedAndPage
            },
        };
        let number = NumberEntry {
            line: "L".into(),
            in_house: String::new(),
            outsourced: String::new(),
            last_resort: Vec::new(),
            chunks: self.chunks.iter().map(entry).collect(),
        };
        RouteTable {
            version: self.version,
            numbers: [("7001".to_owned(), number)].into(),
            ..RouteTable::default()
        }
    }
}

/// What a crash leaves.
#[derive(Clone, Debug, Default)]
struct Disk {
    latch: HomeLatch,
    table: RouteTable,
    open: BTreeMap<String, Open<()>>,
}

pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) room: Room<()>,
    latch: HomeLatch,
    pub(crate) table: RouteTable,
    disk: Disk,
    peers: BTreeSet<String>,
    pub(crate) is_up: bool,
    /// Stands still until then.
    pub(crate) stopped_until_ms: u64,
    /// Its monotonic clock began at another time than everybody else's.
    began_ms: u64,
    pub(crate) wall_off_us: i64,
    /// When the reading of the journal that is under way began, on its own clock.
    pub(crate) reading: Option<u64>,
    /// Counts its lives: what was asked in an earlier one is not heard.
    pub(crate) life: u64,
}

/// Where one call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Went {
    Home,
    Out,
    /// Out although the node is cut off: the chunk is signed to hold.
    Held,
}

impl Node {
    pub(crate) fn new(name: &str, all: &[String], began_ms: u64) -> Self {
        let peers: BTreeSet<_> = all.iter().filter(|peer| *peer != name).cloned().collect();
        let mut node = Self {
            name: name.to_owned(),
            room: Room::new(Settings::alone(name), BTreeMap::new()),
            latch: HomeLatch::default(),
            table: RouteTable::default(),
            disk: Disk::default(),
            peers,
            is_up: true,
            stopped_until_ms: 0,
            began_ms,
            wall_off_us: 0,
            reading: None,
            life: 0,
        };
        node.start(began_ms);
        node
    }

    /// From its disk, with a monotonic clock that begins anew.
    pub(crate) fn start(&mut self, now_ms: u64) {
        self.is_up = true;
        self.life += 1;
        self.began_ms = now_ms;
        self.reading = None;
        let settings = Settings {
            peers: self.peers.clone(),
            fence_ms: FENCE_MS,
            healthy_ms: HEALTHY_MS,
            ..Settings::alone(&self.name)
        };
        self.room = Room::new(settings, self.disk.open.clone());
        self.latch = self.disk.latch.clone();
        self.table = self.disk.table.clone();
    }

    pub(crate) fn runs(&self, now_ms: u64) -> bool {
        self.is_up && now_ms >= self.stopped_until_ms
    }

    /// Its monotonic clock.
    pub(crate) fn clock_ms(&self, now_ms: u64) -> u64 {
        1 + now_ms - self.began_ms
    }

    fn wall_us(&self, now_ms: u64) -> i64 {
        i64::try_from(now_ms * 1_000).unwrap() + self.wall_off_us
    }

    pub(crate) fn word(&self, now_ms: u64, asked_ms: u64) -> Word<()> {
        let (clock_ms, wall_us) = (self.clock_ms(now_ms), self.wall_us(now_ms));
        let standing = Standing {
            wall_us,
            ..Standing::default()
        };
        self.room
            .word(&self.table, "", clock_ms, asked_ms, standing)
    }

    /// What a word says is in force and on disk when this returns.
    pub(crate) fn take_over(&mut self, word: &Word<()>) {
        self.room.listen(word);
        self.latch.raise(&word.epochs, &self.table);
        self.latch_open();
    }

    pub(crate) fn hear(&mut self, word: &Word<()>, now_ms: u64) {
        let (clock_ms, wall_us) = (self.clock_ms(now_ms), self.wall_us(now_ms));
        self.room.hear(word, wall_us, clock_ms);
    }

    pub(crate) fn press(&mut self, id: &str, scope: &str) {
        let open = Open {
            scope: scope.to_owned(),
            press: (),
        };
        self.room.press(id, open);
        self.latch_open();
    }

    /// Every open press holds, whatever table is in force.
    fn latch_open(&mut self) {
        self.latch.hold_presses(self.room.holds());
        self.write();
    }

    /// The journal was read, and with it which of the open presses it has.
    pub(crate) fn install(
        &mut self,
        agreed: &Agreed,
        recorded: &BTreeMap<String, u64>,
        begun_ms: u64,
        now_ms: u64,
    ) {
        if agreed.version > self.table.version || self.table.numbers.is_empty() {
            self.table = agreed.table();
        }
        for (id, version) in recorded {
            self.room.recorded(id, *version);
        }
        self.room.close_recorded(self.table.version);
        self.latch_open();
        let clock_ms = self.clock_ms(now_ms);
        self.room.hear_journal(begun_ms, LEASE_MS, clock_ms);
    }

    fn write(&mut self) {
        self.disk = Disk {
            latch: self.latch.clone(),
            table: self.table.clone(),
            open: self.room.open().clone(),
        };
    }

    pub(crate) fn call(&self, chunk: &str, now_ms: u64) -> Went {
        let chunk = ChunkId::from(chunk);
        let chunks = self.table.chunks();
        let Some(entry) = chunks.get(&chunk) else {
            return Went::Home;
        };
        if entry.share_bp == 0 || self.latch.holds(entry) {
            return Went::Home;
        }
        if self.room.window().is_open(self.clock_ms(now_ms)) {
            Went::Out
        } else if entry.cut_off_action == CutOffAction::Home {
            Went::Home
        } else {
            Went::Held
        }
    }

    /// Under which epoch its table sends a chunk out.
    pub(crate) fn epoch(&self, chunk: &str) -> u64 {
        let chunks = self.table.chunks();
        chunks
            .get(&ChunkId::from(chunk))
            .map_or(0, |entry| entry.epoch)
    }
}
