//! What the pages show: facts as plain data, without formatting. The binary fills these in;
//! words for numbers, times and units are chosen in `format` and the templates.
//!
//! Everything that may be unknown is an `Option`: a page prints a dash or "No data", never a zero.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is known about something, always drawn with its own shape and word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// Proved or done: disc with tick.
    Proved,
    /// Waits, your turn, expiring: square with two bars.
    Hold,
    /// Harm, refused, failed: octagon with cross.
    Harm,
    /// Enough data, neither proved nor harm: ring with bar.
    Open,
    /// To do: open square.
    Todo,
    /// No data, too few, stale: dashed ring.
    #[default]
    Unknown,
    /// Locked by a rule: padlock.
    Lock,
}

impl Aspect {
    /// Name of the drawing in the page's sprite.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Hold => "hold",
            Self::Harm => "harm",
            Self::Open => "open",
            Self::Todo => "todo",
            Self::Unknown => "unknown",
            Self::Lock => "lock",
        }
    }
}

/// Everything the live and the duty page show at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LiveView {
    /// As the parties call it: `Riverside Health to CareBridge`.
    pub transition: String,
    /// Name of the client, who keeps the in-house centre.
    pub client: String,
    /// Name of the outsourcer.
    pub outsourcer: String,
    /// True for the shipped example: every page says EXAMPLE DATA.
    pub example: bool,
    /// IANA zone of the agreement, in which all times are shown.
    pub zone: String,
    /// When these facts were gathered.
    pub as_of: Timestamp,
    /// The steps of the transition, in order.
    pub phases: Vec<PhaseView>,
    /// Calls of the last hour per side, when known.
    pub last_hour: Option<HourView>,
    /// Every line with its chunks.
    pub lines: Vec<LineView>,
    /// What is broken, when something is.
    pub alarm: Option<AlarmView>,
    /// Which calls are latched home, newest press first.
    pub home: Vec<HomeLatch>,
    /// What can be brought home; the first entry must be every call (`all`).
    pub scopes: Vec<ScopeView>,
    /// The routing nodes.
    pub nodes: Vec<NodeView>,
    /// Router decisions joined with the centres' records.
    pub join: Option<JoinView>,
    /// The last journal entries, newest first.
    pub journal: Vec<JournalEntry>,
    /// The last verification of the chain, when one was made.
    pub chain: Option<ChainCheck>,
    /// What works and what is broken, for the duty manager.
    pub checks: Vec<CheckView>,
    /// Who is told when somebody brings calls home.
    pub called: Vec<CheckView>,
    /// What Segue cannot see.
    pub blind_spots: Vec<BlindSpot>,
}

/// One step of the transition in the phase line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PhaseView {
    /// `Contract`, `Discovery`, `Plan`, `Test`, `Move`, `Steady`.
    pub name: String,
    /// Where it stands.
    pub state: PhaseState,
    /// What the date means or what is going on: `signed`, `4 of 8 chunks accepted`.
    pub note: String,
    /// When, if it has happened.
    pub at: Option<Timestamp>,
}

/// Where a phase stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PhaseState {
    /// Over.
    Done,
    /// Going on.
    Now,
    /// Not open yet.
    Shut,
}

/// Calls offered in a past hour by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HourView {
    /// Start of the hour, included.
    pub from: Timestamp,
    /// End of the hour, excluded.
    pub to: Timestamp,
    /// Calls sent in-house.
    pub in_house_calls: u64,
    /// Calls sent to the outsourcer.
    pub outsourced_calls: u64,
    /// The most the agreed schedule lets out at this hour, in percent of all calls.
    pub agreed_out_percent_max: Option<u8>,
}

/// One line (a number callers dial) and its chunks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LineView {
    /// Site the line belongs to: `RVS-Main`.
    pub site: String,
    /// The published number, as people write it.
    pub number: String,
    /// `toll-free`, `local`.
    pub kind: String,
    /// Where a call goes when no target answers.
    pub last_resort: Option<LastResort>,
    /// The parts of the line's calls, easiest first.
    pub chunks: Vec<ChunkView>,
}

/// The end of every target list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LastResort {
    /// What answers: `answering service`, `on-call phone`.
    pub what: String,
    /// Last test call that a person or the announcement answered.
    pub tested_at: Option<Timestamp>,
}

/// One chunk: one call type of one line in one window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChunkView {
    /// Short code on the plate: `TRI-D`.
    pub code: String,
    /// Call type, with its window if it has one: `Triage, weekday days`.
    pub call_type: String,
    /// False outside its window: no call belongs to it now.
    pub window_open: bool,
    /// Share that goes out by the table in force, in percent; 0 while latched home.
    pub out_percent: Option<u8>,
    /// Calls offered per hour, measured.
    pub calls_per_hour: Option<f64>,
    /// In-house now.
    pub in_house: SideNow,
    /// Outsourced now.
    pub outsourced: SideNow,
    /// Where the chunk stands.
    pub state: StateView,
    /// Why it may not go further. Empty when nothing locks it.
    pub locks: Vec<RefusalView>,
}

impl ChunkView {
    /// The code without its site, for tables that stand under the site's name already.
    pub fn plate(&self) -> &str {
        self.code.rsplit('/').next().unwrap_or(&self.code)
    }
}

/// One side of a chunk, now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct SideNow {
    /// Calls in progress.
    pub live_calls: Option<u64>,
    /// 90 % of callers of the last 30 minutes were answered within this many seconds.
    pub p90_wait_s: Option<f64>,
    /// Callers in queue.
    pub waiting_calls: Option<u64>,
    /// The longest of those waits so far, in seconds.
    pub longest_wait_s: Option<f64>,
}

/// The state of a chunk in the trade's words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StateView {
    /// Drawn beside the word.
    pub aspect: Aspect,
    /// `Held`, `Live, not proved`, `Locked`, `Home`.
    pub word: String,
    /// What it waits for, or what happened: `until TRI-D is accepted`, `accepted`.
    pub note: Option<String>,
    /// When the note's fact happened or will happen.
    pub at: Option<Timestamp>,
}

/// A refusal: rule, what is missing, who can fix it and how. The JSON is the CLI's (`cli.md`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalView {
    /// `PARITY_NOT_PROVED`.
    pub code: String,
    /// The rule in one sentence.
    pub rule: String,
    /// What is missing.
    pub missing: Vec<String>,
    /// Who can fix it, by party and role.
    pub who: String,
    /// What to do.
    pub how: String,
}

/// Something is broken: what the duty manager reads first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlarmView {
    /// `Callers cannot reach CareBridge`.
    pub what: String,
    /// One sentence: `CareBridge is not answering since 02:00 EDT.`
    pub title: String,
    /// What is hit.
    pub detail: String,
    /// Since when.
    pub since: Timestamp,
}

/// Something that was brought home.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HomeLatch {
    /// `all`, or a site or chunk.
    pub scope: String,
    /// Incident the press opened; none while journalling is pending.
    pub incident: Option<String>,
    /// When it was pressed.
    pub pressed_at: Timestamp,
    /// By role and party, or by which trigger: `duty manager, Riverside Health`.
    pub by: String,
    /// Nodes that send these calls home.
    pub nodes_home: u32,
    /// Nodes there are.
    pub nodes_total: u32,
    /// Whether the journal holds it.
    pub journalled: bool,
    /// When a person in-house answered a call after the press.
    pub verified_at: Option<Timestamp>,
}

/// Something that can be brought home in one press.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScopeView {
    /// `all`, or a site or chunk, as the CLI's `--scope`.
    pub scope: String,
    /// `Every call of this transition`, `Only triage at RVS-Main`.
    pub label: String,
    /// What callers may expect, one sentence, when it was computed.
    pub expected: Option<String>,
}

/// One routing node.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeView {
    /// Its name.
    pub id: String,
    /// Hash of the table it runs, in hex.
    pub table_hash: Option<String>,
    /// Journal position it has read.
    pub position: Option<u64>,
    /// How long its authority lasts without the journal, in seconds.
    pub lease_s_left: Option<u64>,
    /// Whether every call is latched home on it.
    pub home: bool,
    /// Whether it answers.
    pub reachable: bool,
}

/// Router decisions joined with the centres' records.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JoinView {
    /// Counted from here.
    pub since: Timestamp,
    /// Decisions that have a record.
    pub matched: u64,
    /// Decisions that should have one by now.
    pub due: u64,
    /// Callers whom nobody can account for.
    pub unserved: u64,
    /// In-house.
    pub in_house: SideTotals,
    /// Outsourced.
    pub outsourced: SideTotals,
}

/// Totals of one side, by its own centre's records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct SideTotals {
    /// Calls offered.
    pub offered: Option<u64>,
    /// Answered by a person.
    pub answered: Option<u64>,
    /// Left while waiting.
    pub abandoned: Option<u64>,
    /// 90 % of the answered waited at most this long, in seconds.
    pub p90_wait_s: Option<f64>,
    /// The longest wait, in seconds.
    pub longest_wait_s: Option<f64>,
}

/// One line of the journal's tail.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JournalEntry {
    /// Gapless position.
    pub position: u64,
    /// When.
    pub at: Timestamp,
    /// What, as one sentence.
    pub text: String,
    /// Code, when the entry is a refused attempt.
    pub refused: Option<String>,
    /// By role and party: `account manager, CareBridge`.
    pub by: String,
}

/// The last verification of the hash chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChainCheck {
    /// Verified up to here.
    pub position: u64,
    /// When.
    pub at: Timestamp,
    /// Whether every link held.
    pub ok: bool,
}

/// A challenge and its response.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckView {
    /// `Test call answered by a person`, `Telephony engineer on call`.
    pub what: String,
    /// Drawn beside the response.
    pub aspect: Aspect,
    /// `3 of 3 failed`, `logged in`.
    pub response: String,
}

/// Something Segue cannot see.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BlindSpot {
    /// What is not seen.
    pub what: String,
    /// Why, and what would make it visible.
    pub why: String,
}
