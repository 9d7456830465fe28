//! What was replayed: blocks of real arrivals through the frozen staffing, each recorded once, whichever node did it.
//!
//! Arrivals are counts by quarter of an hour, so nothing points at a caller; with the signed staffing they are all that a replay
//! needs, and whoever doubts a figure computes it again from the fact (`segue parity had-we-not-moved`).

use super::{StaffingKey, holiday_words, holidays, left_out, unknown_holidays};
use crate::Decided;
use crate::boards::{Board, Kind};
use crate::event::Event;
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Blocks kept in state beside the sums: eight days of three hours.
const KEPT: usize = 64;
/// Length of an interval of arrivals, in seconds.
pub const INTERVAL_S: i64 = 900;
/// A block is a whole day at most.
const BLOCK_INTERVALS_MAX: usize = 96;
/// More than calls any centre gets in a quarter of an hour.
const CALLS_MAX: u32 = 1_000_000;

/// An expected number of callers and its standard deviation, in hundredths of a caller.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Expected {
    /// Expected.
    pub mean_x100: u64,
    /// Standard deviation.
    pub sd_x100: u64,
}

/// One block, replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReplayedBlock {
    /// Its first instant.
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// The first instant after it.
    #[schemars(with = "String")]
    pub until: Timestamp,
    /// The staffing it was replayed through: the hash both signed.
    pub staffing: String,
    /// Calls that came, on either side, by quarter of an hour up to `until`; those before `from` lead in.
    pub arrivals: Vec<u32>,
    /// The holidays among the local days of these arrivals, as they were in the calendar: replayed with their own people.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub holidays: BTreeMap<Date, String>,
    /// T in seconds, and S.
    pub within_s: u32,
    /// S: who leaves before it is in no population.
    pub short_abandon_s: u32,
    /// Calls of the block.
    pub offered: u32,
    /// Callers who would have left before S, expected.
    pub short_x100: u64,
    /// Callers who would have hung up, those before S included.
    pub hung_up: Expected,
    /// Callers not with a person within T, all hang-ups included.
    pub late: Expected,
}

/// Records one replayed block: the program itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordCounterfactual {
    /// Of which calls.
    #[serde(flatten)]
    pub key: StaffingKey,
    /// The block.
    #[serde(flatten)]
    pub block: ReplayedBlock,
}

/// A block was replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterfactualRecorded {
    /// Of which calls.
    #[serde(flatten)]
    pub key: StaffingKey,
    /// The block.
    #[serde(flatten)]
    pub block: ReplayedBlock,
    /// When.
    pub at: Timestamp,
}

/// Sums of blocks: what had become of all their callers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Blocks.
    pub blocks: u64,
    /// Calls that came.
    pub offered: u64,
    /// Callers who would have left before S, in hundredths.
    pub short_x100: u64,
    /// Who would have hung up, in hundredths.
    pub hung_up_x100: u64,
    /// How far that spreads.
    #[serde(default)]
    pub hung_up_spread: Spread,
    /// Who would have been late, in hundredths.
    pub late_x100: u64,
    /// How far that spreads.
    #[serde(default)]
    pub late_spread: Spread,
}

/// How far a sum of blocks spreads. Blocks of one day share who came to work that day, so their deviations add up; days do not
/// share it, so their variances do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// The variance of all days before the last, in hundredths squared.
    before_x10000: u64,
    /// The last day, counted in UTC.
    day: i64,
    /// Its standard deviation, in hundredths.
    day_sd_x100: u64,
}

impl Spread {
    fn add(&mut self, day: i64, sd_x100: u64) {
        if day != self.day {
            self.before_x10000 = self.variance();
            (self.day, self.day_sd_x100) = (day, 0);
        }
        self.day_sd_x100 = self.day_sd_x100.saturating_add(sd_x100);
    }

    fn variance(self) -> u64 {
        let day = self.day_sd_x100.saturating_mul(self.day_sd_x100);
        self.before_x10000.saturating_add(day)
    }
}

/// A share in basis points with the range in which 95 % of such days lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ShareBp {
    /// Expected.
    pub expected: u32,
    /// From here,
    pub low: u32,
    /// to here.
    pub high: u32,
}

/// What was replayed of one staffing, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Replayed {
    /// The last blocks, by their first instant.
    blocks: BTreeMap<Timestamp, ReplayedBlock>,
    /// All of them.
    pub sums: Sums,
}

impl Replayed {
    /// The blocks kept, oldest first.
    pub fn blocks(&self) -> impl DoubleEndedIterator<Item = &ReplayedBlock> {
        self.blocks.values()
    }

    /// Whether a block is recorded, or older than what is kept.
    pub fn has(&self, from: Timestamp) -> bool {
        let full = self.blocks.len() >= KEPT;
        let oldest = self.blocks.keys().next();
        self.blocks.contains_key(&from) || (full && oldest.is_some_and(|oldest| from < *oldest))
    }
}

impl Sums {
    /// One block more.
    pub fn add(&mut self, block: &ReplayedBlock) {
        let day = block.from.as_second().div_euclid(24 * 3_600);
        self.blocks += 1;
        self.offered += u64::from(block.offered);
        self.short_x100 += block.short_x100;
        self.hung_up_x100 += block.hung_up.mean_x100;
        self.hung_up_spread.add(day, block.hung_up.sd_x100);
        self.late_x100 += block.late.mean_x100;
        self.late_spread.add(day, block.late.sd_x100);
    }

    /// The part of the callers who would have hung up after S; nothing where nobody called.
    pub fn hung_up(&self) -> Option<ShareBp> {
        self.share(self.hung_up_x100, self.hung_up_spread.variance())
    }

    /// The part who would not have been with a person within T, hang-ups after S included.
    pub fn late(&self) -> Option<ShareBp> {
        self.share(self.late_x100, self.late_spread.variance())
    }

    fn share(&self, bad_x100: u64, variance: u64) -> Option<ShareBp> {
        let population = (self.offered * 100).saturating_sub(self.short_x100);
        let bad = bad_x100.saturating_sub(self.short_x100);
        // 1.96 standard deviations.
        let reach = variance.isqrt().saturating_mul(196) / 100;
        let bp = |part: u64| {
            let bp = u128::from(part.min(population)) * 10_000 / u128::from(population.max(1));
            u32::try_from(bp).unwrap_or(10_000)
        };
        (population > 0).then(|| ShareBp {
            expected: bp(bad),
            low: bp(bad.saturating_sub(reach)),
            high: bp(bad.saturating_add(reach)),
        })
    }
}

impl ReplayedBlock {
    /// Its own sums.
    pub fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        sums.add(self);
        sums
    }
}

impl ShareBp {
    /// `4.1 % (3.2–5.0)`.
    pub fn words(self) -> String {
        let tenths = |bp: u32| format!("{}.{}", (bp + 5) / 100, (bp + 5) % 100 / 10);
        format!(
            "{} % ({}–{})",
            tenths(self.expected),
            tenths(self.low),
            tenths(self.high)
        )
    }
}

pub(crate) const BOARD: Kind = Kind {
    name: "had-we-not-moved",
    says: "What would have become of the real callers with the in-house staffing of before",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

pub(crate) fn record(t: &Transition, c: &RecordCounterfactual, now: Timestamp) -> Decided {
    let (key, block) = (&c.key, &c.block);
    let agreed = t.counterfactuals.agreed(key);
    if agreed.is_none_or(|agreed| agreed.hash != block.staffing) {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!(
                "a frozen staffing of {key} that both have signed, with this hash"
            ))
            .who("both parties")
            .how("freeze it (`segue do freeze-staffing`) and sign it (`segue do sign-frozen-staffing`)"));
    }
    if t.counterfactuals
        .replayed(key)
        .is_some_and(|r| r.has(block.from))
    {
        return Ok(Vec::new());
    }
    check(block, now)?;
    check_holidays(t, key, block)?;
    Ok(vec![Event::CounterfactualRecorded(
        CounterfactualRecorded {
            key: key.clone(),
            block: block.clone(),
            at: now,
        },
    )])
}

/// A block that is over, counts that add up, and nobody lost twice.
fn check(block: &ReplayedBlock, now: Timestamp) -> Result<(), Refusal> {
    let length = block.until.duration_since(block.from);
    let intervals = usize::try_from(length.as_secs() / INTERVAL_S).unwrap_or(0);
    let between = |at: Timestamp| at.as_microsecond().rem_euclid(INTERVAL_S * 1_000_000) == 0;
    let is_whole = between(block.from)
        && between(block.until)
        && (1..=BLOCK_INTERVALS_MAX).contains(&intervals);
    if !is_whole || block.until > now {
        return Err(bad(
            "a block of whole quarters of an hour that is over, a day at most".into(),
        ));
    }
    let arrivals = &block.arrivals;
    let bounded = arrivals.len() >= intervals
        && arrivals.len() <= 2 * BLOCK_INTERVALS_MAX
        && arrivals.iter().all(|calls| *calls <= CALLS_MAX);
    let own = arrivals
        .iter()
        .rev()
        .take(intervals)
        .map(|calls| u64::from(*calls));
    if !bounded || own.sum::<u64>() != u64::from(block.offered) {
        return Err(bad(
            "arrivals of every quarter of an hour that add up to the calls of the block".into(),
        ));
    }
    let all_x100 = u64::from(block.offered) * 100;
    // Expected numbers are rounded to hundredths; spreads can be larger than the block.
    let parts = [block.hung_up.mean_x100, block.late.mean_x100];
    let spreads = [block.hung_up.sd_x100, block.late.sd_x100];
    let possible = parts
        .iter()
        .all(|part| (block.short_x100..=all_x100 + 1).contains(part))
        && spreads.iter().all(|sd| *sd <= all_x100 * 10 + 1_000);
    if !possible {
        return Err(bad("no more callers lost than called".into()));
    }
    Ok(())
}

/// Who works on a holiday is not who works on its weekday: a day that nobody signed a staffing for is not guessed.
fn check_holidays(t: &Transition, key: &StaffingKey, block: &ReplayedBlock) -> Result<(), Refusal> {
    let quarters = i64::try_from(block.arrivals.len()).unwrap_or(i64::MAX);
    let length = SignedDuration::from_secs(INTERVAL_S.saturating_mul(quarters));
    let began = block.until.checked_sub(length).unwrap_or(block.from);
    let unknown = unknown_holidays(t, key, began, block.until);
    if !unknown.is_empty() {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!(
                "the staffing of {key} on {}: it is not known for a holiday",
                holiday_words(&unknown)
            ))
            .who("both parties")
            .how("give the holiday a row of its own (`holidays` of `segue do freeze-staffing`) and sign it; until then the day is left out"));
    }
    if block.holidays != holidays(t, &key.site, began, block.until) {
        return Err(bad(
            "the holidays of its days as the calendar has them".into()
        ));
    }
    Ok(())
}

pub(crate) fn apply_recorded(t: &mut Transition, e: &CounterfactualRecorded) {
    let replayed = t.counterfactuals.replayed.entry(e.key.clone()).or_default();
    replayed.sums.add(&e.block);
    replayed.blocks.insert(e.block.from, e.block.clone());
    while replayed.blocks.len() > KEPT {
        replayed.blocks.pop_first();
    }
}

fn draw(t: &Transition, now: Timestamp) -> Board {
    let mut board = Board::new(
        "Had we not moved",
        &[
            "call type",
            "block",
            "calls",
            "would have hung up",
            "would have waited too long",
        ],
    );
    let share = |share: Option<ShareBp>| share.map_or_else(|| "–".into(), ShareBp::words);
    for (key, replayed) in &t.counterfactuals.replayed {
        let sums = &replayed.sums;
        board.row([
            key.to_string(),
            format!("all {}", sums.blocks),
            sums.offered.to_string(),
            share(sums.hung_up()),
            share(sums.late()),
        ]);
        for block in replayed.blocks().rev() {
            let sums = block.sums();
            board.row([
                String::new(),
                crate::text::minute(block.from),
                block.offered.to_string(),
                share(sums.hung_up()),
                share(sums.late()),
            ]);
        }
    }
    for (key, frozen) in t.counterfactuals.staffings() {
        if frozen.agreed.is_some() && t.counterfactuals.replayed(key).is_none() {
            board.note(format!(
                "{key}: nothing was replayed yet; the first block is told soon after it is over."
            ));
        }
    }
    for (key, _) in t.counterfactuals.staffings() {
        let days = left_out(t, key, now);
        if !days.is_empty() {
            board.note(format!(
                "{key}: not known for a holiday and left out: {}; those days are held against the signed target alone.",
                holiday_words(&days)
            ));
        }
    }
    board.note(format!(
        "Expected share of the callers who stayed for {} s, with the range in which 95 % of such days lie. What really became of them stands on /parity.",
        t.terms.short_abandon_s
    ));
    board
}
