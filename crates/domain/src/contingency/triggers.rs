//! The library of triggers (A32): each has an owner, a threshold or a button, a recommended action and a test that fired
//! it. Only unambiguous ones may act without a person, and only where both parties signed them (§7.1).

use super::library::{Advice, Threshold, TriggerKind};
use super::watch::{Observed, Watch};
use crate::Decided;
use crate::actor::Actor;
use crate::boards::{Board, Kind};
use crate::canonical;
use crate::event::Event;
use crate::gates::{Finding, GateLeg};
use crate::ids::{PersonId, is_usable};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::signature::{Added, Agreement, Needs, SignatureInput, Signed};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Alarms shown on the board, newest first.
const ALARMS_SHOWN: usize = 20;

pub(crate) const BOARD: Kind = Kind {
    name: "triggers",
    says: "What may go wrong, who owns it, from where on it fires, and which alarms are open",
    may_see: None,
    draw: |t, _, _| draw(t),
};

/// One trigger of the library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Trigger {
    /// What it is for.
    pub kind: TriggerKind,
    /// Who keeps it in order, by account name.
    pub owner: PersonId,
    /// From where on it fires.
    pub threshold: Threshold,
    /// What a person is advised to do.
    pub advice: Advice,
    /// Whether it brings calls home without a person, once both parties signed it.
    #[serde(default)]
    pub automatic: bool,
    /// False alarms a quarter to be expected on the client's baseline, in basis points: 10,000 is one.
    #[serde(default)]
    pub false_alarms_per_quarter_bp: Option<u32>,
}

/// Sets triggers of the library, or changes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SetTriggers {
    /// The triggers; one that is set already is replaced.
    pub triggers: Vec<Trigger>,
}

/// Signs an automatic trigger for one party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SignTrigger {
    /// The trigger.
    pub kind: TriggerKind,
    /// Over its hash.
    #[serde(flatten)]
    pub signature: SignatureInput,
}

/// What a trigger is tested with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TriggerTest {
    /// The trigger.
    pub kind: TriggerKind,
    /// What the watch is made to observe, in order; nothing where there is a button.
    #[serde(default)]
    pub observed: Vec<Observed>,
}

/// Fires triggers in test mode: nothing moves, nobody is paged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TestTriggers {
    /// The tests.
    pub tests: Vec<TriggerTest>,
}

/// Triggers are set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriggersSet {
    /// As they stand now.
    pub triggers: Vec<Trigger>,
    /// When.
    pub at: Timestamp,
}

/// One party signed an automatic trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriggerSigned {
    /// The trigger.
    pub kind: TriggerKind,
    /// The signature.
    pub signed: Signed,
}

/// Triggers fired in a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriggersTested {
    /// The tests, each of which fired.
    pub tests: Vec<TriggerTest>,
    /// When.
    pub at: Timestamp,
}

/// A trigger in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SetTrigger {
    /// As set.
    pub trigger: Trigger,
    /// Signatures over its hash; only an automatic one has any.
    pub agreement: Agreement,
    /// When it last fired in a test.
    pub tested_at: Option<Timestamp>,
}

impl SetTrigger {
    /// Whether it brings calls home without a person.
    pub fn acts(&self) -> bool {
        self.trigger.automatic && self.agreement.is_complete()
    }
}

/// What both sign for an automatic trigger.
pub fn hash(t: &Transition, trigger: &Trigger) -> String {
    canonical::hash("trigger", &(&t.id, trigger))
}

pub(crate) fn set(t: &Transition, c: &SetTriggers, now: Timestamp) -> Decided {
    text::list("triggers", &c.triggers)?;
    for trigger in &c.triggers {
        check(t, trigger)?;
    }
    let known = |trigger: &Trigger| t.contingency.triggers.get(&trigger.kind);
    let changed = |trigger: &&Trigger| known(trigger).is_none_or(|k| k.trigger != **trigger);
    let triggers: Vec<_> = c.triggers.iter().filter(changed).cloned().collect();
    if triggers.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::TriggersSet(TriggersSet { triggers, at: now })])
}

fn check(t: &Transition, trigger: &Trigger) -> Result<(), Refusal> {
    let (kind, words) = (trigger.kind, trigger.kind.words());
    if !is_usable(trigger.owner.as_str()) {
        return Err(bad(format!("an owner of the trigger `{words}`")));
    }
    if !trigger.threshold.fits(kind) {
        return Err(bad(format!(
            "a threshold that belongs to `{words}`, not: {}",
            trigger.threshold.words()
        )));
    }
    if !trigger.automatic {
        return Ok(());
    }
    let most_bp = t.terms.contingency.false_alarms_per_quarter_bp_max;
    let missing = match trigger.false_alarms_per_quarter_bp {
        _ if !kind.may_be_automatic() => format!("a person who decides: `{words}` is ambiguous"),
        None => format!("the false alarms a quarter to be expected of `{words}`"),
        Some(bp) if bp > most_bp => format!(
            "at most {} false alarms a quarter of `{words}`, not {}",
            per_quarter(most_bp),
            per_quarter(bp)
        ),
        Some(_) => return Ok(()),
    };
    Err(Refusal::new(Code::TriggerNotAutomatic)
        .missing(missing)
        .who("telephony engineer and director of access, with the client's baseline")
        .how("let it alarm a person (`automatic: false`), or choose a threshold that is rarely met by chance"))
}

/// `0.25` from 2,500 basis points.
fn per_quarter(bp: u32) -> String {
    format!("{}.{:02}", bp / 10_000, bp % 10_000 / 100)
}

pub(crate) fn sign(t: &Transition, c: &SignTrigger, actor: &Actor, now: Timestamp) -> Decided {
    let known = t.contingency.triggers.get(&c.kind);
    let Some(known) = known.filter(|known| known.trigger.automatic) else {
        return Err(Refusal::new(Code::TriggerNotAutomatic)
            .missing(format!(
                "an automatic trigger `{}`; one that alarms a person needs no signature",
                c.kind.words()
            ))
            .who("both parties")
            .how("set it with `automatic: true` and its false alarms (`segue do set-triggers`)"));
    };
    let hash = hash(t, &known.trigger);
    let added = known
        .agreement
        .sign(&t.parties, Needs::Both, actor, &c.signature, &hash, now)?;
    Ok(match added {
        Added::Already => Vec::new(),
        Added::One(signed) | Added::Binding(signed) => vec![Event::TriggerSigned(TriggerSigned {
            kind: c.kind,
            signed,
        })],
    })
}

pub(crate) fn test(t: &Transition, c: &TestTriggers, now: Timestamp) -> Decided {
    text::list("tests", &c.tests)?;
    if c.tests.is_empty() {
        return Err(bad("at least one trigger to test".into()));
    }
    for test in &c.tests {
        text::list("observations", &test.observed)?;
        let words = test.kind.words();
        let Some(known) = t.contingency.triggers.get(&test.kind) else {
            return Err(Refusal::new(Code::Unknown)
                .missing(format!("a trigger `{words}`"))
                .how("set it first (`segue do set-triggers`)"));
        };
        let threshold = known.trigger.threshold;
        if threshold != Threshold::Reported && !fires(threshold, &test.observed, now) {
            return Err(bad(format!(
                "observations that fire `{words}`: {}",
                threshold.words()
            )));
        }
    }
    Ok(vec![Event::TriggersTested(TriggersTested {
        tests: c.tests.clone(),
        at: now,
    })])
}

/// Whether a watch that sees this, and nothing before, fires at the last of it.
fn fires(threshold: Threshold, observed: &[Observed], now: Timestamp) -> bool {
    let mut watch = Watch::default();
    for one in observed {
        watch.see(one, now);
    }
    observed
        .last()
        .is_some_and(|last| threshold.is_met(&watch, last) == Some(true))
}

pub(crate) fn apply_set(t: &mut Transition, e: &TriggersSet) {
    for trigger in &e.triggers {
        let set = SetTrigger {
            trigger: trigger.clone(),
            agreement: Agreement::default(),
            tested_at: None,
        };
        t.contingency.triggers.insert(trigger.kind, set);
        // What was observed under another threshold is asked anew.
        for watch in t.contingency.watches.values_mut() {
            watch.open.remove(&trigger.kind);
        }
    }
}

pub(crate) fn apply_signed(t: &mut Transition, e: &TriggerSigned) {
    if let Some(trigger) = t.contingency.triggers.get_mut(&e.kind) {
        trigger.agreement.add(&e.signed);
    }
}

pub(crate) fn apply_tested(t: &mut Transition, e: &TriggersTested) {
    for test in &e.tests {
        if let Some(trigger) = t.contingency.triggers.get_mut(&test.kind) {
            trigger.tested_at = Some(e.at);
        }
    }
}

/// Each trigger has an owner and a test that fired it (A32).
pub(super) fn findings(t: &Transition) -> Vec<Finding> {
    let known = &t.contingency.triggers;
    let list = |wrong: &dyn Fn(TriggerKind) -> bool| {
        let kinds = TriggerKind::ALL.into_iter().filter(|kind| wrong(*kind));
        kinds.map(TriggerKind::words).collect::<Vec<_>>().join(", ")
    };
    let unset = list(&|kind| !known.contains_key(&kind));
    let untested = list(&|kind| known.get(&kind).is_some_and(|k| k.tested_at.is_none()));
    let mut found = Vec::new();
    for (kinds, what) in [
        (unset, "triggers without an owner"),
        (untested, "triggers that no test fired"),
    ] {
        if !kinds.is_empty() {
            found.push(GateLeg::Fallback.finds(format!("{what}: {kinds}")));
        }
    }
    found
}

fn draw(t: &Transition) -> Board {
    let mut board = Board::new(
        "Triggers",
        &["trigger", "owner", "fires at", "then", "acts", "tested"],
    );
    for kind in TriggerKind::ALL {
        let Some(set) = t.contingency.triggers.get(&kind) else {
            let none = || "–".to_owned();
            board.row([
                kind.words().to_owned(),
                none(),
                none(),
                none(),
                none(),
                none(),
            ]);
            continue;
        };
        let missing = set.agreement.missing_names(&t.parties, Needs::Both);
        let acts = match (set.trigger.automatic, set.acts()) {
            (true, true) => "brings calls home".to_owned(),
            (true, false) => format!("alarms; unsigned by {}", missing.join(", ")),
            (false, _) => "alarms".to_owned(),
        };
        let tested = set
            .tested_at
            .map_or_else(|| "never".to_owned(), text::minute);
        board.row([
            kind.words().to_owned(),
            set.trigger.owner.to_string(),
            set.trigger.threshold.words(),
            set.trigger.advice.words().to_owned(),
            acts,
            tested,
        ]);
    }
    for alarm in t.contingency.alarms.iter().rev().take(ALARMS_SHOWN) {
        board.note(format!(
            "{}: {} at {} since {} ({}): {}; paged: the duty managers of both parties, {}",
            text::second(alarm.at),
            alarm.kind.words(),
            alarm.scope,
            text::second(alarm.since),
            alarm.seen,
            alarm.advice.words(),
            alarm.owner
        ));
    }
    board
}
