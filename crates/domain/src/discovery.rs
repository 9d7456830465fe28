//! Discovery comes before any plan: items with evidence, signed by both (B14–B16).

use crate::Decided;
use crate::actor::{Actor, Right};
use crate::canonical;
use crate::event::Event;
use crate::ids::TransitionId;
use crate::refusal::{Code, Refusal};
use crate::signature::{Added, Agreement, Needs, SignatureInput, Signed};
use crate::transition::Transition;
use crate::{account_manager, lines::bad};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What discovery asks for unless the parties agree another list (B15).
pub const DEFAULT_ITEMS: [&str; 11] = [
    "call flow walked for every number",
    "call records imported and reconciled",
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

/// What each concern still asks of discovery, beside its items.
#[rustfmt::skip] // one line per concern
const CHECKS: &[fn(&Transition) -> Vec<String>] = &[
    crate::baseline::discovery_findings,
];

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
    /// Signatures over the current hash.
    pub agreement: Agreement,
}

impl Discovery {
    /// What both sign.
    pub fn hash(&self, transition: &TransitionId) -> String {
        canonical::hash("discovery", &(transition, &self.items))
    }

    /// Items without evidence.
    pub fn open_items(&self) -> Vec<String> {
        self.items
            .iter()
            .filter(|(_, evidence)| evidence.is_none())
            .map(|(item, _)| item.clone())
            .collect()
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

pub(crate) fn open(t: &Transition, c: &OpenDiscovery, actor: &Actor, now: Timestamp) -> Decided {
    actor.require(Right::Prepare)?;
    account_manager::require(t)?;
    if t.discovery.opened_at.is_some() {
        return Ok(Vec::new());
    }
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

pub(crate) fn complete_item(
    t: &Transition,
    c: &CompleteDiscoveryItem,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    actor.require(Right::Prepare)?;
    let Some(current) = t.discovery.items.get(&c.item) else {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("an open discovery item named `{}`", c.item))
            .how(format!(
                "choose one of: {}",
                t.discovery.open_items().join("; ")
            )));
    };
    if c.evidence.trim().is_empty() {
        return Err(bad(format!("evidence for `{}`", c.item)));
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

fn open_refusal(t: &Transition) -> Refusal {
    let mut missing = findings(t);
    if t.discovery.opened_at.is_none() {
        missing.push("discovery opened".into());
    } else if missing.is_empty() {
        let names = t.discovery.agreement.missing().into_iter();
        missing.extend(names.map(|side| format!("signature of {}", t.parties.name(side))));
    }
    Refusal::new(Code::DiscoveryOpen)
        .missing_all(missing)
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
    // Changed findings were not what anybody signed.
    t.discovery.agreement = Agreement::default();
}
