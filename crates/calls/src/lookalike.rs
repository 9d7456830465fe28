//! Call files that look like real ones, for machines without them: same columns, same shapes, dirt on request.
//!
//! Nobody's calls: every value is drawn from a seeded generator, and the same seed gives the same bytes.

use jiff::ToSpan;
use jiff::civil::DateTime;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::io::{self, Write};

/// Which export the file looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The bank's file: `mappings/technion.toml`.
    Bank,
    /// A call centre with telephone numbers: `mappings/generic.toml`.
    Generic,
}

/// Rows that go wrong, on top of the good ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dirt {
    /// Earlier rows again, to the letter.
    pub exact_duplicates: u32,
    /// Calls from [`TEST_CALLER`] (generic shape only).
    pub test_calls: u32,
    /// Answered calls whose end is missing.
    pub missing_hangups: u32,
    /// Calls answered before they queued, or with a negative queue time.
    pub negative_waits: u32,
    /// Callers cut to scientific notation (generic shape only).
    pub scientific_callers: u32,
    /// Agents named by a spreadsheet formula.
    pub formulas: u32,
    /// Rows with too few columns.
    pub short_rows: u32,
    /// Whether the last line is cut in the middle.
    pub cut_last_line: bool,
}

/// What to write.
#[derive(Debug, Clone, Copy)]
pub struct Lookalike {
    /// The export.
    pub shape: Shape,
    /// Good rows.
    pub rows: u32,
    /// Days they are spread over.
    pub days: u16,
    /// The dice.
    pub seed: u64,
    /// The bad rows.
    pub dirt: Dirt,
}

/// Calls that one centre hands to another, in the generic shape with a column `transferred_to`, as both logs have them.
#[derive(Debug, Clone, Copy)]
pub struct Handovers {
    /// Calls.
    pub calls: u32,
    /// Of those, without an end in the other centre's log.
    pub missing_hangups: u32,
    /// How far the other centre's clock is ahead, in seconds.
    pub fast_s: i64,
}

/// The heading of [`Handovers`].
const HANDED_HEADER: &str = "call_id,dialled,caller,language,agent,disposition,hold_s,wrap_s,queue,transferred_to,arrived,queued,answered,ended\n";
/// What every handed-over call lasts at each centre, in seconds.
const HANDED_TALK_S: i64 = 240;
/// What it waits at the other centre, in seconds.
const HANDED_WAIT_S: i64 = 30;

impl Handovers {
    /// The log of the centre that hands over, and that of the other.
    pub fn write(&self, here: &mut impl Write, there: &mut impl Write) -> io::Result<()> {
        here.write_all(HANDED_HEADER.as_bytes())?;
        there.write_all(HANDED_HEADER.as_bytes())?;
        for n in 0..i64::from(self.calls) {
            let begins = jiff::civil::date(2027, 3, 1)
                .at(9, 0, 0, 0)
                .saturating_add((n * 600).seconds());
            let handed = begins.saturating_add(HANDED_TALK_S.seconds());
            // Two logs of one moment differ by a second or two, whatever the clocks.
            let late_s = n * 7 % 5 - 2;
            let arrives = handed.saturating_add((self.fast_s + late_s).seconds());
            let ends = n >= i64::from(self.missing_hangups);
            handed_line(here, n, "second line", begins, 0, true)?;
            handed_line(there, n, "", arrives, HANDED_WAIT_S, ends)?;
        }
        here.flush()?;
        there.flush()
    }
}

fn handed_line(
    out: &mut impl Write,
    n: i64,
    to: &str,
    begins: DateTime,
    wait_s: i64,
    ends: bool,
) -> io::Result<()> {
    let time = |at: DateTime| at.strftime("%Y-%m-%d %H:%M:%S").to_string();
    let answered = begins.saturating_add(wait_s.seconds());
    let ended = answered.saturating_add(HANDED_TALK_S.seconds());
    let ended = if ends { time(ended) } else { String::new() };
    writeln!(
        out,
        "H{n:06},+18005550142,+1609{:07},en,agent-01,handled,0,0,MSG,{to},{},{},{},{ended}",
        5_550_000 + n,
        time(begins),
        time(begins),
        time(answered),
    )
}

/// The number test calls come from; put it into the mapping's `test.callers`.
pub const TEST_CALLER: &str = "+18005550199";

/// Earlier rows a duplicate can repeat; bounds the generator's memory.
const REMEMBERED_ROWS: usize = 1_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Good,
    Duplicate,
    Test,
    MissingHangup,
    NegativeWait,
    Scientific,
    Formula,
    Short,
}

/// One call before it is written in a shape.
struct Call {
    arrived: DateTime,
    ivr_s: i64,
    wait_s: i64,
    talk_s: i64,
    ending: Ending,
    caller: u64,
    draw: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Answered,
    Abandoned,
    InIvr,
}

impl Lookalike {
    /// Writes the file.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut dice = ChaCha8Rng::seed_from_u64(self.seed);
        let mut kinds = self.kinds();
        let total = kinds.iter().map(|(_, left)| u64::from(*left)).sum::<u64>();
        out.write_all(self.header().as_bytes())?;
        let mut remembered: Vec<String> = Vec::with_capacity(REMEMBERED_ROWS);
        let mut left = total;
        for row in 0..total {
            let kind = draw_kind(&mut kinds, left, &mut dice, remembered.is_empty());
            left -= 1;
            let line = if kind == Kind::Duplicate {
                remembered[below(&mut dice, remembered.len())].clone()
            } else {
                let call = self.call(row, total, &mut dice);
                self.line(row, &call, kind)
            };
            if kind == Kind::Good {
                if remembered.len() < REMEMBERED_ROWS {
                    remembered.push(line.clone());
                } else {
                    let place = below(&mut dice, REMEMBERED_ROWS);
                    remembered[place].clone_from(&line);
                }
            }
            out.write_all(line.as_bytes())?;
        }
        if self.dirt.cut_last_line {
            let call = self.call(total, total, &mut dice);
            let line = self.line(total, &call, Kind::Good);
            out.write_all(&line.as_bytes()[..line.len() / 3])?;
        }
        out.flush()
    }

    fn kinds(&self) -> Vec<(Kind, u32)> {
        let dirt = self.dirt;
        let generic = |count| {
            if self.shape == Shape::Generic {
                count
            } else {
                0
            }
        };
        vec![
            (Kind::Good, self.rows),
            (Kind::Duplicate, dirt.exact_duplicates),
            (Kind::Test, generic(dirt.test_calls)),
            (Kind::MissingHangup, dirt.missing_hangups),
            (Kind::NegativeWait, dirt.negative_waits),
            (Kind::Scientific, generic(dirt.scientific_callers)),
            (Kind::Formula, dirt.formulas),
            (Kind::Short, dirt.short_rows),
        ]
    }

    const fn header(&self) -> &'static str {
        match self.shape {
            Shape::Bank => {
                "vru+line\tcall_id\tcustomer_id\tpriority\ttype\tdate\tvru_entry\tvru_exit\tvru_time\tq_start\tq_exit\tq_time\toutcome\tser_start\tser_exit\tser_time\tserver\r\n"
            }
            Shape::Generic => {
                "call_id,dialled,caller,language,agent,disposition,hold_s,wrap_s,queue,arrived,queued,answered,ended\n"
            }
        }
    }

    fn call(&self, row: u64, total: u64, dice: &mut ChaCha8Rng) -> Call {
        let open_s = 17 * 3600;
        // Rows come in order of time: 07:00 to midnight on each day in turn.
        let at = row * u64::from(self.days.max(1)) * open_s / total.max(1);
        let day = i64::try_from(at / open_s).unwrap_or(0);
        let second = i64::try_from(at % open_s).unwrap_or(0);
        let start = jiff::civil::date(1999, 1, 1).at(7, 0, 0, 0);
        let queued = !chance(dice, 42);
        let patience = 20 + geometric(dice, 140);
        let wait_s = if queued { geometric(dice, 80) } else { 0 };
        let ending = match (wait_s > patience, chance(dice, 4)) {
            (true, _) => Ending::Abandoned,
            (false, true) => Ending::InIvr,
            (false, false) => Ending::Answered,
        };
        Call {
            arrived: start
                .saturating_add(day.days())
                .saturating_add(second.seconds()),
            ivr_s: 4 + geometric(dice, 5),
            wait_s: wait_s.min(patience),
            talk_s: 5 + geometric(dice, 180),
            ending,
            caller: dice.next_u64() % 90_000,
            draw: dice.next_u64(),
        }
    }

    fn line(&self, row: u64, call: &Call, kind: Kind) -> String {
        match self.shape {
            Shape::Bank => bank_line(row, call, kind),
            Shape::Generic => generic_line(row, call, kind),
        }
    }
}

fn draw_kind(
    kinds: &mut [(Kind, u32)],
    left: u64,
    dice: &mut ChaCha8Rng,
    nothing_to_repeat: bool,
) -> Kind {
    let mut ticket = dice.next_u64() % left.max(1);
    for (kind, count) in kinds.iter_mut() {
        let here = u64::from(*count);
        if ticket < here {
            let waits = *kind == Kind::Duplicate && nothing_to_repeat;
            if !waits {
                *count -= 1;
                return *kind;
            }
        }
        ticket = ticket.saturating_sub(here);
    }
    kinds[0].1 = kinds[0].1.saturating_sub(1);
    Kind::Good
}

fn below(dice: &mut ChaCha8Rng, bound: usize) -> usize {
    let bound = u64::try_from(bound).unwrap_or(1).max(1);
    usize::try_from(dice.next_u64() % bound).unwrap_or(0)
}

fn chance(dice: &mut ChaCha8Rng, percent: u64) -> bool {
    dice.next_u64() % 100 < percent
}

/// A waiting time of about `mean` seconds, exponential enough, on integers.
fn geometric(dice: &mut ChaCha8Rng, mean: u64) -> i64 {
    let draw = dice.next_u64();
    // The leading zeros of a random word are geometric; the low bits spread each step.
    let steps = u64::from((draw | 1).leading_zeros());
    i64::try_from((steps * mean * 7 / 10 + (draw >> 8) % (mean * 7 / 10 + 1)).min(20_000))
        .unwrap_or(0)
}

fn clock(at: DateTime) -> String {
    format!("{}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}

fn bank_line(row: u64, call: &Call, kind: Kind) -> String {
    let in_vru = call.arrived.saturating_add(call.ivr_s.seconds());
    // A bad row is an answered call, so that exactly one thing is wrong with it.
    let ending = if kind == Kind::Good {
        call.ending
    } else {
        Ending::Answered
    };
    let queued = ending == Ending::Abandoned || (call.wait_s > 0 && ending == Ending::Answered);
    let wait_s = if queued { call.wait_s } else { 0 };
    let out = in_vru.saturating_add(wait_s.seconds());
    let (start, exit) = if queued {
        (clock(in_vru), clock(out))
    } else {
        ("0:00:00".into(), "0:00:00".into())
    };
    let served = ending == Ending::Answered && kind != Kind::MissingHangup;
    let (from, to, talk) = if served {
        (
            clock(out),
            clock(out.saturating_add(call.talk_s.seconds())),
            call.talk_s,
        )
    } else {
        ("0:00:00".into(), "0:00:00".into(), 0)
    };
    let outcome = match ending {
        Ending::Answered => "AGENT",
        Ending::Abandoned | Ending::InIvr if call.draw.is_multiple_of(97) && queued => "PHANTOM",
        Ending::Abandoned | Ending::InIvr => "HANG",
    };
    let agent = match (ending, kind) {
        (_, Kind::Formula) => "=HYPERLINK(0)".to_owned(),
        (Ending::Answered, _) => format!("AGENT{:02}", call.draw % 28),
        _ => "NO_SERVER".to_owned(),
    };
    let wait = if kind == Kind::NegativeWait {
        -7
    } else {
        wait_s
    };
    let kinds = ["PS", "PS", "PS", "PS", "PS", "NW", "NW", "NE", "IN", "PE"];
    let service = kinds[usize::try_from(call.draw % 10).unwrap_or(0)];
    let known = call.draw.is_multiple_of(2);
    let date = call.arrived.strftime("%y%m%d");
    let entry = clock(call.arrived);
    let leave = clock(in_vru);
    let (line, id) = (row % 65, row);
    if kind == Kind::Short {
        return format!("AA{line:04}\t{id}\t0\t0\r\n");
    }
    let customer = if known { 10_000_000 + call.caller } else { 0 };
    let priority = if known { 1 + call.draw / 2 % 2 } else { 0 };
    let ivr = call.ivr_s;
    format!(
        "AA{line:04}\t{id}\t{customer}\t{priority}\t{service}\t{date}\t{entry}\t{leave}\t{ivr}\t{start}\t{exit}\t{wait}\t{outcome}\t{from}\t{to}\t{talk}\t{agent}\r\n"
    )
}

fn generic_line(row: u64, call: &Call, kind: Kind) -> String {
    let time = |at: DateTime| at.strftime("%Y-%m-%d %H:%M:%S").to_string();
    let ending = if kind == Kind::Good {
        call.ending
    } else {
        Ending::Answered
    };
    let queued_at = call.arrived.saturating_add((call.ivr_s + 10).seconds());
    let wait_s = if kind == Kind::NegativeWait {
        -7
    } else {
        call.wait_s
    };
    let leaves = queued_at.saturating_add(wait_s.seconds());
    let ends = leaves.saturating_add(call.talk_s.seconds());
    let queued = if ending == Ending::InIvr {
        String::new()
    } else {
        time(queued_at)
    };
    let answered = if ending == Ending::Answered {
        time(leaves)
    } else {
        String::new()
    };
    let ended = match (ending, kind) {
        (_, Kind::MissingHangup) => String::new(),
        (Ending::Answered, _) => time(ends),
        (Ending::Abandoned, _) => time(leaves),
        (Ending::InIvr, _) => time(queued_at),
    };
    let number = 6_095_000_000 + call.caller;
    let caller = match kind {
        Kind::Test => TEST_CALLER.to_owned(),
        Kind::Scientific => "6.095E+09".to_owned(),
        _ if call.draw.is_multiple_of(20) => "anonymous".to_owned(),
        _ if call.draw.is_multiple_of(3) => format!(
            "+1 ({}) {}-{:04}",
            number / 10_000_000,
            number / 10_000 % 1000,
            number % 10_000
        ),
        _ => format!("+1{number}"),
    };
    let agent = match kind {
        Kind::Formula => "\"=HYPERLINK(\"\"x\"\",\"\"y\"\")\"".to_owned(),
        _ if ending == Ending::Answered => format!("agent-{:02}", call.draw % 40),
        _ => String::new(),
    };
    let queue = ["MSG", "MSG", "MSG", "APPT", "APPT", "CONS", "TRI"]
        [usize::try_from(call.draw % 7).unwrap_or(0)];
    let language = if call.draw.is_multiple_of(14) {
        "es"
    } else {
        "en"
    };
    let arrived = time(call.arrived);
    if kind == Kind::Short {
        return format!("C{row:09},+18005550142\n");
    }
    let (hold, wrap) = (call.draw % 30, call.draw % 45);
    let disposition = match ending {
        Ending::Answered => "handled, closed",
        Ending::Abandoned => "caller left",
        Ending::InIvr => "IVR",
    };
    format!(
        "C{row:09},+18005550142,{caller},{language},{agent},\"{disposition}\",{hold},{wrap},{queue},{arrived},{queued},{answered},{ended}\n"
    )
}
