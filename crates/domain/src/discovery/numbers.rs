//! The number inventory: what must be known of every public number before anything moves, and at two in the morning (§4.4).

use crate::Decided;
use crate::boards::{Board, Kind};
use crate::event::Event;
use crate::ids::LineId;
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::schedule::Plan;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most calls at once that a number can plausibly carry.
const PATHS_MAX: u32 = 100_000;
/// Digits in a row that would be a PIN rather than the place where it is kept.
const PIN_DIGITS: usize = 4;

/// What else hangs on a number; such a number does not move.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Equipment {
    /// A fax machine.
    Fax,
    /// A pager.
    Pager,
    /// A telephone in a lift.
    Elevator,
    /// A fire or burglar alarm.
    Alarm,
}

impl Equipment {
    fn words(self) -> &'static str {
        match self {
            Self::Fax => "a fax",
            Self::Pager => "a pager",
            Self::Elevator => "an elevator telephone",
            Self::Alarm => "an alarm",
        }
    }
}

/// What is known of one public number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NumberFacts {
    /// The number.
    pub line: LineId,
    /// What callers use it for.
    pub purpose: String,
    /// Where it is printed: cards, magnets, discharge sheets, web pages.
    pub printed_where: String,
    /// Who carries it.
    pub carrier: String,
    /// Who may change its routing: the responsible organisation of a toll-free number, else the carrier.
    pub resp_org: String,
    /// Where the procedure with account and PIN is kept: a reference, never the PIN.
    pub pin_procedure: String,
    /// Their telephone, answered day and night.
    pub support_phone: String,
    /// Where it points today.
    pub current_target: String,
    /// Most calls at once.
    pub paths_max: u32,
    /// Hours and holiday rule.
    pub hours: String,
    /// Where the tree of the IVR is drawn.
    pub ivr_tree: String,
    /// What callers hear about recording.
    pub recording_announcement: String,
    /// Languages it is answered in.
    pub languages: BTreeSet<String>,
    /// Whether TTY and relay calls arrive on it.
    #[serde(default)]
    pub tty: bool,
    /// What else hangs on it.
    #[serde(default)]
    pub equipment: BTreeSet<Equipment>,
    /// Positions that may order a change.
    pub authorised: BTreeSet<String>,
}

/// Records what is known of one number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordNumber {
    /// The facts.
    #[serde(flatten)]
    pub facts: NumberFacts,
    /// When it was last called to see that all this is so.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub last_tested_on: Option<Date>,
}

/// A number is in the inventory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberRecorded {
    /// The facts.
    #[serde(flatten)]
    pub facts: NumberFacts,
    /// When it was last tested.
    #[serde(default)]
    pub last_tested_on: Option<Date>,
    /// When.
    pub at: Timestamp,
}

pub(crate) const BOARD: Kind = Kind {
    name: "numbers",
    says: "The number inventory: carrier, who changes it, how, where it points, what hangs on it",
    may_see: None,
    draw: |t, _, _| draw(t),
};

/// Every number is in the inventory and tested.
pub(crate) fn findings(t: &Transition) -> Vec<String> {
    let discovery = &t.discovery;
    let missing = t.lines.iter().filter_map(|line| {
        let what = match () {
            () if !discovery.records.numbers.contains_key(&line.id) => "inventory",
            () if !discovery.last_tests.contains_key(&line.id) => "a test",
            () => return None,
        };
        Some(format!("{what} of number {} ({})", line.id, line.number))
    });
    missing.collect()
}

/// A number on which something else hangs stays where it is.
pub(crate) fn check_plan(t: &Transition, plan: &Plan) -> Result<(), Refusal> {
    let numbers = &t.discovery.records.numbers;
    for chunk in &plan.chunks {
        for facts in chunk.lines.iter().filter_map(|line| numbers.get(line)) {
            let Some(equipment) = facts.equipment.first() else {
                continue;
            };
            return Err(Refusal::new(Code::NumberStays)
                .missing(format!(
                    "a number without {} for chunk {}, instead of {}",
                    equipment.words(),
                    chunk.id,
                    facts.line
                ))
                .who("telephony engineer of the client")
                .how("give the equipment a number of its own, record the inventory again (`segue do record-number`), then plan"));
        }
    }
    Ok(())
}

pub(crate) fn record(t: &Transition, c: &RecordNumber, now: Timestamp) -> Decided {
    let facts = &c.facts;
    super::require_line(t, &facts.line)?;
    check(facts)?;
    if let Some(on) = c.last_tested_on {
        super::require_past("the last test", on, now)?;
    }
    let known = t.discovery.records.numbers.get(&facts.line);
    let tested = t.discovery.last_tests.get(&facts.line);
    if known == Some(facts) && (c.last_tested_on.is_none() || tested == c.last_tested_on.as_ref()) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::NumberRecorded(NumberRecorded {
        facts: facts.clone(),
        last_tested_on: c.last_tested_on,
        at: now,
    })])
}

fn check(facts: &NumberFacts) -> Result<(), Refusal> {
    for (what, value) in [
        ("what the number is for", &facts.purpose),
        ("where the number is printed", &facts.printed_where),
        ("the carrier", &facts.carrier),
        ("who may change its routing", &facts.resp_org),
        (
            "where the procedure with the PIN is kept",
            &facts.pin_procedure,
        ),
        ("hours and holiday rule", &facts.hours),
        ("where the IVR tree is", &facts.ivr_tree),
        (
            "the announcement of recording",
            &facts.recording_announcement,
        ),
    ] {
        text::title(what, value)?;
    }
    text::titles("a language", &facts.languages)?;
    text::titles("a position that may order a change", &facts.authorised)?;
    if facts.authorised.is_empty() || facts.languages.is_empty() {
        return Err(bad(
            "at least one language, and one position that may order a change".into(),
        ));
    }
    let digits_in_a_row = facts.pin_procedure.split(|c: char| !c.is_ascii_digit());
    if digits_in_a_row.map(str::len).max() >= Some(PIN_DIGITS) {
        return Err(bad("where the PIN is kept, without the PIN itself".into()));
    }
    let is_dialled = |text: &str| {
        let digits = text.strip_prefix('+').unwrap_or(text);
        (3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    };
    if !is_dialled(&facts.support_phone) {
        return Err(bad(format!(
            "`{}` as a telephone number",
            facts.support_phone
        )));
    }
    let target = &facts.current_target;
    let is_target = is_dialled(target) || target.starts_with("sip");
    if !is_target || target.chars().count() > text::TITLE_CHARS_MAX {
        return Err(bad(format!(
            "`{target}` as a number or SIP URI it points to"
        )));
    }
    if !(1..=PATHS_MAX).contains(&facts.paths_max) {
        return Err(bad(format!("most calls at once between 1 and {PATHS_MAX}")));
    }
    Ok(())
}

pub(crate) fn apply(t: &mut Transition, e: &NumberRecorded) {
    let (discovery, line) = (&mut t.discovery, &e.facts.line);
    let before = discovery
        .records
        .numbers
        .insert(line.clone(), e.facts.clone());
    // A later test of the same number changes nothing that anybody signed.
    if before.as_ref() != Some(&e.facts) {
        discovery.changed();
    }
    if let Some(on) = e.last_tested_on {
        discovery.last_tests.insert(line.clone(), on);
    }
}

fn draw(t: &Transition) -> Board {
    let columns = [
        "line",
        "number",
        "purpose",
        "carrier",
        "changed by",
        "procedure",
        "their phone",
        "points to",
        "paths",
        "tty",
        "hangs on it",
        "may order",
        "last test",
    ];
    let mut board = Board::new("Number inventory", &columns);
    for facts in t.discovery.records.numbers.values() {
        let equipment: Vec<_> = facts.equipment.iter().map(|e| e.words()).collect();
        let authorised: Vec<_> = facts.authorised.iter().map(String::as_str).collect();
        let tested = t.discovery.last_tests.get(&facts.line);
        board.row([
            facts.line.to_string(),
            t.line(&facts.line)
                .map(|l| l.number.clone())
                .unwrap_or_default(),
            facts.purpose.clone(),
            facts.carrier.clone(),
            facts.resp_org.clone(),
            facts.pin_procedure.clone(),
            facts.support_phone.clone(),
            facts.current_target.clone(),
            facts.paths_max.to_string(),
            if facts.tty { "yes" } else { "no" }.into(),
            equipment.join(", "),
            authorised.join(", "),
            tested.map_or_else(|| "never".into(), ToString::to_string),
        ]);
    }
    for missing in findings(t) {
        board.note(format!("Missing: {missing}."));
    }
    board
}
