//! The staffing frozen at the agreement: agents on the phones by quarter of an hour of the week, handle time and patience, as
//! they were before anything moved. The client writes it down; it counts once both have signed the same bytes, and until
//! they sign another the last one counts. A holiday has other people than its weekday: it has a row of its own, or is not known.

use super::{StaffingKey, first_out, holiday_words};
use crate::Decided;
use crate::actor::Actor;
use crate::boards::{Board, Kind};
use crate::canonical;
use crate::event::Event;
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::signature::{Added, Agreement, Needs, SignatureInput, Signed};
use crate::text;
use crate::transition::Transition;
use crate::windows::ShiftWindow;
use crate::windows::painted::{CELL_MIN, CELLS, PaintedWeek};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// More agents than any centre has.
const AGENTS_MAX: u32 = 5_000;
/// Longer than any call, and than anybody waits, in seconds.
const SECONDS_MAX: u32 = 86_400;
const CELLS_OF_DAY: usize = 96;
/// Parts of one text of hours: fewer than a window may have.
const PARTS: usize = 10;
const WHOLE_BP: u32 = 10_000;

/// So many agents in these hours of the week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StaffedHours {
    /// Local hours of the centre in whole quarters: `Mon-Fri 08:00-18:00`; hours that nothing names have nobody.
    pub hours: String,
    /// Agents on the phones, breaks and absences already taken off.
    pub agents: u32,
}

/// So many agents on a holiday in the calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StaffedHoliday {
    /// Which one, by the name it is declared with; absent: each that no other row names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holiday: Option<String>,
    /// Agents by hours of that day, written for every day alike: `daily 08:00-12:00`; nobody at all is `always` with 0.
    pub staffed: Vec<StaffedHours>,
}

/// Writes down the in-house staffing that "had we not moved" is replayed through; it counts once both have signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FreezeStaffing {
    /// For which calls.
    #[serde(flatten)]
    pub key: StaffingKey,
    /// Agents by hours of the week.
    pub staffed: Vec<StaffedHours>,
    /// Agents on holidays in the calendar; a holiday without a row is not known, and left out of the replay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<StaffedHoliday>,
    /// Mean patience of callers in seconds, from the imported records; absent where nobody ever hung up.
    #[serde(default)]
    pub patience_s: Option<u32>,
    /// The chance in basis points that an agent counted here is there; 10,000 where those were counted who came.
    #[serde(default = "whole_bp")]
    pub show_up_bp: u32,
    /// The first local day that was counted.
    #[schemars(with = "String")]
    pub first_day: Date,
    /// The last local day that was counted: before anything moved.
    #[schemars(with = "String")]
    pub last_day: Date,
    /// Where the counts come from: a roster, a report of the ACD.
    pub reference: String,
}

const fn whole_bp() -> u32 {
    WHOLE_BP
}

/// Signs the staffing proposed last for one party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SignFrozenStaffing {
    /// For which calls.
    #[serde(flatten)]
    pub key: StaffingKey,
    /// Over its hash.
    #[serde(flatten)]
    pub signature: SignatureInput,
}

/// A staffing is written down; both have to sign it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffingFreezeProposed {
    /// What is to be signed.
    #[serde(flatten)]
    pub staffing: FrozenStaffing,
    /// When.
    pub at: Timestamp,
}

/// One signature under a frozen staffing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenStaffingSigned {
    /// For which calls.
    #[serde(flatten)]
    pub key: StaffingKey,
    /// The signature.
    pub signed: Signed,
}

/// A staffing as it is signed: everything a replay needs beside the arrivals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenStaffing {
    /// For which calls.
    #[serde(flatten)]
    pub key: StaffingKey,
    /// Agents by hours of the week.
    pub staffed: Vec<StaffedHours>,
    /// Agents on holidays; none where nobody signed any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<StaffedHoliday>,
    /// Handle time of the recorded baseline, in seconds.
    pub aht_s: u32,
    /// Mean patience in seconds; nothing: callers wait for ever.
    pub patience_s: Option<u32>,
    /// The chance in basis points that an agent counted here is there.
    pub show_up_bp: u32,
    /// The first day counted.
    pub first_day: Date,
    /// The last day counted.
    pub last_day: Date,
    /// Where the counts come from.
    pub reference: String,
    /// What is signed.
    pub hash: String,
}

/// One staffing, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Frozen {
    /// What was proposed last.
    pub proposed: Option<FrozenStaffing>,
    /// Signatures over its hash.
    pub agreement: Agreement,
    /// What both signed last.
    pub agreed: Option<FrozenStaffing>,
}

pub(crate) const BOARD: Kind = Kind {
    name: "frozen-staffing",
    says: "The in-house staffing that \"had we not moved\" is replayed through, and who signed it",
    may_see: None,
    draw: |t, _, _| draw(t),
};

impl FrozenStaffing {
    /// Agents on the phones by quarter of an hour of the local week, Monday 00:00 first.
    pub fn week(&self) -> Vec<u32> {
        // What was proposed could be read.
        week(&self.staffed).unwrap_or_else(|_| vec![0; CELLS])
    }

    /// Agents on the phones by quarter of an hour of a holiday, midnight first; nothing where none are signed for it.
    pub fn holiday(&self, name: &str) -> Option<Vec<u32>> {
        let named = |row: &&StaffedHoliday| row.holiday.as_deref() == Some(name);
        let other = |row: &&StaffedHoliday| row.holiday.is_none();
        let rows = &self.holidays;
        let row = rows.iter().find(named).or_else(|| rows.iter().find(other));
        // What was proposed could be read.
        day(&row?.staffed).ok()
    }

    /// The place of a local time in [`Self::week`]; of its day, in [`Self::holiday`], what is left over whole days.
    pub fn cell(local: DateTime) -> usize {
        let day = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(0);
        let minute = u32::try_from(local.hour()).unwrap_or(0) * 60
            + u32::try_from(local.minute()).unwrap_or(0);
        day * CELLS_OF_DAY + usize::try_from(minute / CELL_MIN).unwrap_or(0)
    }
}

/// A week of counts by quarter of an hour, Monday 00:00 first, as people write it; nothing where it is no week.
pub fn staffed_hours(week: &[u32]) -> Option<Vec<StaffedHours>> {
    let counts: BTreeSet<u32> = week.iter().copied().filter(|agents| *agents > 0).collect();
    let mut staffed = Vec::new();
    for agents in counts {
        let cells = week.iter().map(|cell| *cell == agents).collect();
        let text = PaintedWeek::from_cells(cells)?.text();
        let parts: Vec<_> = text.split(", ").collect();
        staffed.extend(parts.chunks(PARTS).map(|parts| StaffedHours {
            hours: parts.join(", "),
            agents,
        }));
    }
    Some(staffed)
}

/// Reads the hours: whole quarters, none named twice.
fn week(staffed: &[StaffedHours]) -> Result<Vec<u32>, Refusal> {
    let mut cells = vec![None; CELLS];
    for row in staffed {
        if row.agents > AGENTS_MAX {
            return Err(bad(format!("at most {AGENTS_MAX} agents in {}", row.hours)));
        }
        // The week of the wall clock: which zone is that of the centre, whoever reads it.
        let window = ShiftWindow::new(&row.hours, "UTC").parse()?;
        let painted = PaintedWeek::of(std::slice::from_ref(&window));
        if !window.is_in_cells() {
            return Err(bad(format!(
                "hours in whole quarters of an hour, not {}",
                row.hours
            )));
        }
        for (cell, painted) in cells.iter_mut().zip(painted.cells()) {
            if *painted && cell.replace(row.agents).is_some() {
                return Err(bad(format!(
                    "each hour of the week once; {} names one again",
                    row.hours
                )));
            }
        }
    }
    Ok(cells.into_iter().map(Option::unwrap_or_default).collect())
}

/// Reads the hours of a day: like those of a week, every day alike.
fn day(staffed: &[StaffedHours]) -> Result<Vec<u32>, Refusal> {
    let mut cells = week(staffed)?;
    let mut days = cells.chunks(CELLS_OF_DAY);
    let first = days.next();
    if staffed.is_empty() || days.any(|day| Some(day) != first) {
        return Err(bad(
            "hours of a holiday for every day alike: `daily 08:00-12:00`, or `always` with 0 agents".into(),
        ));
    }
    cells.truncate(CELLS_OF_DAY);
    Ok(cells)
}

/// Each holiday once, and by the name it has in the calendar.
fn check_holidays(t: &Transition, rows: &[StaffedHoliday]) -> Result<(), Refusal> {
    text::list("holidays", rows)?;
    let mut named = BTreeSet::new();
    for row in rows {
        text::list("staffed hours", &row.staffed)?;
        day(&row.staffed)?;
        let name = row.holiday.as_deref();
        if let Some(name) = name {
            text::title("a holiday", name)?;
            if !t.calendar.holidays.values().any(|h| h.name == name) {
                return Err(bad(format!(
                    "a holiday of the calendar, which {name} is not (`segue show calendar`, `segue do declare-holiday`)"
                )));
            }
        }
        if !named.insert(name) {
            let name = name.unwrap_or("any other holiday");
            return Err(bad(format!("each holiday once; {name} is named again")));
        }
    }
    Ok(())
}

pub(crate) fn freeze(t: &Transition, c: &FreezeStaffing, now: Timestamp) -> Decided {
    let key = &c.key;
    let base = t.baselines.of(&key.site, &key.call_type).ok_or_else(|| {
        Refusal::new(Code::Unknown)
            .missing(format!("a baseline of {key}"))
            .who("the client's implementation manager")
            .how("record it first (`segue do record-baseline`): its handle time is part of what is frozen")
    })?;
    text::list("staffed hours", &c.staffed)?;
    if week(&c.staffed)?.iter().all(|agents| *agents == 0) {
        return Err(bad("at least one agent in some hour of the week".into()));
    }
    check_holidays(t, &c.holidays)?;
    check_callers(c, base.abandoned)?;
    check_days(t, c, now)?;
    text::title("where the counts come from", &c.reference)?;
    let mut staffing = FrozenStaffing {
        key: key.clone(),
        staffed: c.staffed.clone(),
        holidays: c.holidays.clone(),
        aht_s: base.aht_s,
        patience_s: c.patience_s,
        show_up_bp: c.show_up_bp,
        first_day: c.first_day,
        last_day: c.last_day,
        reference: c.reference.clone(),
        hash: String::new(),
    };
    staffing.hash = canonical::hash("frozen staffing", &(&t.id, &staffing));
    let known = t.counterfactuals.frozen.get(key);
    if known.is_some_and(|known| known.proposed.as_ref() == Some(&staffing)) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::StaffingFreezeProposed(
        StaffingFreezeProposed { staffing, at: now },
    )])
}

fn check_callers(c: &FreezeStaffing, abandoned: u64) -> Result<(), Refusal> {
    match c.patience_s {
        None if abandoned > 0 => {
            return Err(bad(format!(
                "callers' patience (patience_s): {abandoned} of the baseline hung up"
            )));
        }
        Some(patience) if !(1..=SECONDS_MAX).contains(&patience) => {
            return Err(bad(format!("a patience of 1 to {SECONDS_MAX} s")));
        }
        _ => {}
    }
    if !(1..=WHOLE_BP).contains(&c.show_up_bp) {
        return Err(bad(format!(
            "a chance to come of 1 to {WHOLE_BP} basis points"
        )));
    }
    Ok(())
}

/// Counted after calls went out, a staffing is that of an emptied centre.
fn check_days(t: &Transition, c: &FreezeStaffing, now: Timestamp) -> Result<(), Refusal> {
    let key = &c.key;
    if c.last_day < c.first_day || c.last_day >= t.day_at(&key.site, now) {
        return Err(bad("days that are over, the first before the last".into()));
    }
    match first_out(t, key).map(|at| t.day_at(&key.site, at)) {
        Some(day) if c.last_day >= day => Err(bad(format!(
            "days before {day}, when calls of {key} went out for the first time"
        ))),
        _ => Ok(()),
    }
}

pub(crate) fn sign(
    t: &Transition,
    c: &SignFrozenStaffing,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    let known = t.counterfactuals.frozen.get(&c.key);
    let Some((known, proposed)) = known.and_then(|k| Some((k, k.proposed.as_ref()?))) else {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("a staffing of {} to sign", c.key))
            .who("the client's implementation manager")
            .how("write it down first (`segue do freeze-staffing`)"));
    };
    let agreement = &known.agreement;
    let hash = &proposed.hash;
    let added = agreement.sign(&t.parties, Needs::Both, actor, &c.signature, hash, now)?;
    Ok(match added {
        Added::Already => Vec::new(),
        Added::One(signed) | Added::Binding(signed) => {
            vec![Event::FrozenStaffingSigned(FrozenStaffingSigned {
                key: c.key.clone(),
                signed,
            })]
        }
    })
}

pub(crate) fn apply_proposed(t: &mut Transition, e: &StaffingFreezeProposed) {
    let key = e.staffing.key.clone();
    let frozen = t.counterfactuals.frozen.entry(key).or_default();
    frozen.proposed = Some(e.staffing.clone());
    frozen.agreement = Agreement::default();
}

pub(crate) fn apply_signed(t: &mut Transition, e: &FrozenStaffingSigned) {
    let frozen = t.counterfactuals.frozen.entry(e.key.clone()).or_default();
    frozen.agreement.add(&e.signed);
    if frozen.agreement.binds(Needs::Both) {
        frozen.agreed.clone_from(&frozen.proposed);
    }
}

fn draw(t: &Transition) -> Board {
    let mut board = Board::new(
        "Frozen staffing",
        &[
            "call type",
            "hours",
            "agents",
            "on holidays",
            "most at once",
            "handle time",
            "patience",
            "counted",
            "from",
            "signed",
        ],
    );
    for (key, frozen) in t.counterfactuals.staffings() {
        for staffing in frozen.proposed.iter().chain(earlier(frozen)) {
            row(t, &mut board, key, frozen, staffing);
        }
    }
    for chunk in t.chunks.values() {
        let key = StaffingKey::of(&chunk.planned);
        if t.counterfactuals.agreed(&key).is_none() {
            board.note(format!(
                "{}: no staffing of {key} is frozen and signed by both, so what depends on load is held against the signed target alone (`segue do freeze-staffing`).",
                chunk.planned.id
            ));
        }
    }
    for (key, frozen) in t.counterfactuals.staffings() {
        let Some(staffing) = frozen.agreed.as_ref().or(frozen.proposed.as_ref()) else {
            continue;
        };
        let declared = t.calendar.holidays.values();
        let unknown: BTreeMap<_, _> = declared
            .filter(|h| staffing.holiday(&h.name).is_none())
            .map(|h| (h.date, h.name.clone()))
            .collect();
        if !unknown.is_empty() {
            board.note(format!(
                "{key}: not known for a holiday: {}. Such a day is left out, and what depends on load is held against the signed target alone; give it a row (`holidays` of `segue do freeze-staffing`).",
                holiday_words(&unknown)
            ));
        }
    }
    board.note("A holiday in the calendar is staffed by its own row, never as its weekday.");
    board
}

/// The signed one, where another is proposed that both have not signed yet.
fn earlier(frozen: &Frozen) -> Option<&FrozenStaffing> {
    let agreed = frozen.agreed.as_ref();
    agreed.filter(|agreed| frozen.proposed.as_ref() != Some(agreed))
}

fn on_holidays(staffing: &FrozenStaffing) -> String {
    if staffing.holidays.is_empty() {
        return "not known".into();
    }
    let row = |row: &StaffedHoliday| {
        let name = row.holiday.as_deref().unwrap_or("any other");
        let hours = row.staffed.iter();
        let hours: Vec<_> = hours.map(|s| format!("{} {}", s.agents, s.hours)).collect();
        format!("{name}: {}", hours.join(", "))
    };
    let rows: Vec<_> = staffing.holidays.iter().map(row).collect();
    rows.join("; ")
}

fn row(
    t: &Transition,
    board: &mut Board,
    key: &StaffingKey,
    frozen: &Frozen,
    staffing: &FrozenStaffing,
) {
    let hours: Vec<_> = staffing.staffed.iter().map(|s| s.hours.as_str()).collect();
    let agents: Vec<_> = staffing
        .staffed
        .iter()
        .map(|s| s.agents.to_string())
        .collect();
    let most = staffing.week().into_iter().max().unwrap_or(0);
    let busiest = t.baselines.of(&key.site, &key.call_type);
    let load = busiest.map_or(0, |b| {
        u64::from(b.busiest_hour_calls) * u64::from(staffing.aht_s)
    });
    let signed = if frozen.agreed.as_ref() == Some(staffing) {
        "by both".to_owned()
    } else {
        let missing: Vec<_> = frozen
            .agreement
            .missing()
            .iter()
            .map(|s| t.parties.name(*s))
            .collect();
        format!("not by {}", missing.join(", "))
    };
    board.row([
        key.to_string(),
        hours.join("; "),
        agents.join("; "),
        on_holidays(staffing),
        format!(
            "{most} (busiest hour: {}.{} in work at once)",
            load / 3_600,
            load % 3_600 / 360
        ),
        format!("{} s", staffing.aht_s),
        staffing
            .patience_s
            .map_or_else(|| "for ever".into(), |s| format!("{s} s")),
        format!("{} to {}", staffing.first_day, staffing.last_day),
        staffing.reference.clone(),
        signed,
    ]);
}
