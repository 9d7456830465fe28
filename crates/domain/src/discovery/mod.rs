//! Discovery comes before any plan: items with evidence, and beside them the records that show the work was done: call
//! flows, numbers, reports, residue, workshops, statements. Both sign all of it (B14–B16).

pub mod call_types;
pub mod experience;
pub mod flows;
pub mod numbers;
pub mod reports;

use crate::Decided;
use crate::actor::Actor;
use crate::boards::{Board, Kind};
use crate::canonical;
use crate::event::Event;
use crate::ids::{CallTypeId, LineId, SiteId, TransitionId};
use crate::refusal::{Code, Refusal};
use crate::signature::{Added, Agreement, Needs, SignatureInput, Signed};
use crate::transition::Transition;
use crate::{account_manager, compliance, lines::bad, text};
use call_types::TypeProfile;
use experience::{ExperienceStatement, Workshop};
use flows::WalkedFlow;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use numbers::NumberFacts;
use reports::{Classification, Reconciliation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What discovery asks for unless the parties agree another list (B15).
pub const DEFAULT_ITEMS: [&str; 11] = [
    "call flow walked for every number",
    CALL_RECORDS,
    "headline reports reproduced within 1 %",
    "service-level formula agreed",
    "call types classified, residue explained",
    "baseline by type and hour",
    "caller culture described",
    "client culture described",
    "practices kept, replaced or retired",
    "experience workshop held",
    "three experience statements with measures",
];

/// The item that brings call records in.
const CALL_RECORDS: &str = "call records imported and reconciled";

/// What each concern still asks of discovery, beside its items.
#[rustfmt::skip] // one line per concern
const CHECKS: &[fn(&Transition) -> Vec<String>] = &[
    flows::findings,
    numbers::findings,
    reports::findings,
    call_types::findings,
    crate::baseline::discovery_findings,
    experience::findings,
    account_manager::discovery_findings,
    crate::culture::discovery_findings,
];

/// How thorough discovery has to be; part of the signed terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct DiscoveryTerms {
    /// A headline number may differ from the raw log by this much of it without an explanation, in basis points.
    pub report_gap_max_bp: u32,
    /// Calls without a type, at most, in basis points of a centre's calls.
    pub residue_max_bp: u32,
    /// Experience workshops with every needed voice, at least.
    pub workshops_min: u32,
    /// Experience statements with measures, at least.
    pub experience_statements_min: u32,
}

impl Default for DiscoveryTerms {
    fn default() -> Self {
        Self {
            report_gap_max_bp: 100,
            residue_max_bp: 200,
            workshops_min: 1,
            experience_statements_min: 3,
        }
    }
}

pub(crate) const BOARD: Kind = Kind {
    name: "discovery",
    says: "Every item with its evidence, what the records still lack, and who signed",
    may_see: None,
    draw: |t, _, _| draw(t),
};

/// Opens discovery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OpenDiscovery {
    /// What must be found out; empty means the default eleven items.
    #[serde(default)]
    pub items: Vec<String>,
}

/// Closes one item with evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CompleteDiscoveryItem {
    /// The item, as listed.
    pub item: String,
    /// Where the evidence is.
    pub evidence: String,
}

/// Signs discovery for one party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SignDiscovery {
    /// Over the hash of all items and their evidence.
    #[serde(flatten)]
    pub signature: SignatureInput,
}

/// Discovery is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscoveryOpened {
    /// What must be found out.
    pub items: Vec<String>,
    /// When.
    pub at: Timestamp,
}

/// One item has evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscoveryItemCompleted {
    /// The item.
    pub item: String,
    /// Where the evidence is.
    pub evidence: String,
    /// When.
    pub at: Timestamp,
}

/// One party signed discovery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscoverySigned {
    /// The signature.
    pub signed: Signed,
}

/// Discovery in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Discovery {
    /// Item → evidence, none while open.
    pub items: BTreeMap<String, Option<String>>,
    /// When it was opened.
    pub opened_at: Option<Timestamp>,
    /// What was found out, as records of their own.
    pub records: Records,
    /// When each number was last called to see that its inventory is right.
    pub last_tests: BTreeMap<LineId, Date>,
    /// Signatures over the current hash.
    pub agreement: Agreement,
}

/// What was found out beside the items; both sign it with them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Records {
    /// Call flows by number.
    pub flows: BTreeMap<LineId, WalkedFlow>,
    /// The number inventory.
    pub numbers: BTreeMap<LineId, NumberFacts>,
    /// Reports by title.
    pub reports: BTreeMap<String, Reconciliation>,
    /// What found its call type, by centre.
    pub classified: BTreeMap<SiteId, Classification>,
    /// Skills and hours by call type; not in the hash of who signed before it was asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub call_types: BTreeMap<CallTypeId, TypeProfile>,
    /// Workshops, oldest first.
    pub workshops: Vec<Workshop>,
    /// What callers should experience, by text.
    pub statements: BTreeMap<String, ExperienceStatement>,
}

impl Discovery {
    /// What both sign.
    pub fn hash(&self, transition: &TransitionId) -> String {
        canonical::hash("discovery", &(transition, &self.items, &self.records))
    }

    /// Items without evidence.
    pub fn open_items(&self) -> Vec<String> {
        self.items
            .iter()
            .filter(|(_, evidence)| evidence.is_none())
            .map(|(item, _)| item.clone())
            .collect()
    }

    /// Changed findings were not what anybody signed.
    pub(crate) fn changed(&mut self) {
        self.agreement = Agreement::default();
    }

    /// Complete means: opened, every item closed, both signed.
    pub fn is_complete(&self) -> bool {
        self.opened_at.is_some() && self.open_items().is_empty() && self.agreement.is_complete()
    }
}

/// Everything that discovery still lacks: items without evidence, and what each concern asks.
pub fn findings(t: &Transition) -> Vec<String> {
    let mut missing = t.discovery.open_items();
    missing.extend(CHECKS.iter().flat_map(|check| check(t)));
    missing
}

pub(crate) fn open(t: &Transition, c: &OpenDiscovery, now: Timestamp) -> Decided {
    account_manager::require(t)?;
    if t.discovery.opened_at.is_some() {
        return Ok(Vec::new());
    }
    text::titles("a discovery item", &c.items)?;
    let items = if c.items.is_empty() {
        DEFAULT_ITEMS.map(String::from).to_vec()
    } else {
        c.items.clone()
    };
    Ok(vec![Event::DiscoveryOpened(DiscoveryOpened {
        items,
        at: now,
    })])
}

pub(crate) fn complete_item(t: &Transition, c: &CompleteDiscoveryItem, now: Timestamp) -> Decided {
    let Some(current) = t.discovery.items.get(&c.item) else {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("an open discovery item named `{}`", c.item))
            .how(format!(
                "choose one of: {}",
                t.discovery.open_items().join("; ")
            )));
    };
    text::title(&format!("evidence for `{}`", c.item), &c.evidence)?;
    if c.item == CALL_RECORDS {
        compliance::require_records_allowed(t, now)?;
    }
    if current.as_ref() == Some(&c.evidence) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::DiscoveryItemCompleted(
        DiscoveryItemCompleted {
            item: c.item.clone(),
            evidence: c.evidence.clone(),
            at: now,
        },
    )])
}

pub(crate) fn sign(t: &Transition, c: &SignDiscovery, actor: &Actor, now: Timestamp) -> Decided {
    if t.discovery.opened_at.is_none() || !findings(t).is_empty() {
        return Err(open_refusal(t));
    }
    let hash = t.discovery.hash(&t.id);
    let added =
        t.discovery
            .agreement
            .sign(&t.parties, Needs::Both, actor, &c.signature, &hash, now)?;
    Ok(match added {
        Added::Already => Vec::new(),
        Added::One(signed) | Added::Binding(signed) => {
            vec![Event::DiscoverySigned(DiscoverySigned { signed })]
        }
    })
}

/// Refuses everything that must wait for discovery.
pub(crate) fn require_complete(t: &Transition) -> Result<(), Refusal> {
    if t.discovery.is_complete() {
        Ok(())
    } else {
        Err(open_refusal(t))
    }
}

/// What stands between now and a discovery that both signed.
pub(crate) fn open_points(t: &Transition) -> Vec<String> {
    let mut missing = findings(t);
    if t.discovery.opened_at.is_none() {
        missing.push("discovery opened".into());
    } else if missing.is_empty() {
        let names = t.discovery.agreement.missing().into_iter();
        missing.extend(names.map(|side| format!("signature of {}", t.parties.name(side))));
    }
    missing
}

fn open_refusal(t: &Transition) -> Refusal {
    Refusal::new(Code::DiscoveryOpen)
        .missing_all(open_points(t))
        .who("the implementation teams of both parties")
        .how("close each item with evidence, then both sign (`segue do sign-discovery --key FILE`)")
}

pub(crate) fn apply_opened(t: &mut Transition, e: &DiscoveryOpened) {
    t.discovery.opened_at = Some(e.at);
    t.discovery.items = e.items.iter().map(|item| (item.clone(), None)).collect();
}

pub(crate) fn apply_item(t: &mut Transition, e: &DiscoveryItemCompleted) {
    t.discovery
        .items
        .insert(e.item.clone(), Some(e.evidence.clone()));
    t.discovery.changed();
}

/// A number of the transition.
fn require_line(t: &Transition, line: &LineId) -> Result<(), Refusal> {
    if t.line(line).is_some() {
        return Ok(());
    }
    let known: Vec<_> = t.lines.iter().map(|line| line.id.to_string()).collect();
    Err(Refusal::new(Code::Unknown)
        .missing(format!("line `{line}`"))
        .how(format!("choose one of: {}", known.join(", "))))
}

/// What is said to have happened is not in the future, wherever on earth it happened.
fn require_past(what: &str, on: Date, now: Timestamp) -> Result<(), Refusal> {
    let latest = now.to_zoned(TimeZone::UTC).date().tomorrow();
    if latest.is_ok_and(|latest| on > latest) {
        return Err(bad(format!("{what} on a day that is past, not on {on}")));
    }
    Ok(())
}

fn draw(t: &Transition) -> Board {
    let mut board = Board::new("Discovery", &["what", "state", "evidence"]);
    for (item, evidence) in &t.discovery.items {
        let state = if evidence.is_some() { "done" } else { "open" };
        let evidence = evidence.clone().unwrap_or_default();
        board.row([item.clone(), state.into(), evidence]);
    }
    for missing in CHECKS.iter().flat_map(|check| check(t)) {
        board.row([missing, "missing".into(), String::new()]);
    }
    for (report, r) in &t.discovery.records.reports {
        let gap = crate::basis_points::percent(r.gap_bp());
        let why = r.explanation.as_deref().unwrap_or("within the agreed gap");
        board.note(format!(
            "{report}: reported {}, the log gives {} ({gap}); {why}.",
            r.reported, r.reproduced
        ));
    }
    for s in t.discovery.records.statements.values() {
        board.note(format!("“{}”: {}, {}.", s.text, s.measure, s.target));
    }
    let (all, open) = (t.discovery.items.len(), t.discovery.open_items().len());
    board.note(match t.discovery.opened_at {
        None => "Not opened yet.".into(),
        Some(_) if t.discovery.is_complete() => "Signed by both.".into(),
        Some(_) => format!("{open} of {all} items open."),
    });
    board
}
