//! What only experienced people know: procedures, standards of practice, how a physician wants to be reached; captured
//! with credit and a date to look at it again (B10).
//!
//! What is known of one patient belongs in the record system. A text that points at a caller or patient is quarantined:
//! the journal keeps that something was, never the text.

use crate::Decided;
use crate::actor::Actor;
use crate::boards::{Board, Kind};
use crate::chunks::Chunk;
use crate::event::Event;
use crate::gates::{Finding, GateLeg};
use crate::ids::{CallTypeId, KnowledgeId, LineId, PersonId, ProviderId, StaffId, is_usable};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What an item is about.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum KnowledgeScope {
    /// A physician or practice, as on the on-call schedule.
    Provider(ProviderId),
    /// A line.
    Line(LineId),
    /// A call type.
    CallType(CallTypeId),
}

/// What kind of know-how it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KnowledgeKind {
    /// How something is done.
    Procedure,
    /// What the client holds to be good practice.
    StandardOfPractice,
    /// How a provider wants to work with the centre: never a judgement of a person. Their office reviews it.
    WorkingPreference,
}

/// One piece of know-how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct KnowledgeItem {
    /// Its name.
    pub item: KnowledgeId,
    /// What it is, in a line.
    pub title: String,
    /// The know-how itself.
    pub text: String,
    /// What it is about.
    pub scope: KnowledgeScope,
    /// What kind it is.
    pub kind: KnowledgeKind,
    /// Whose it is: the credit.
    pub author: StaffId,
    /// Where more of it is; may be empty.
    #[serde(default)]
    pub reference: String,
    /// The last day it counts without somebody looking at it again.
    #[schemars(with = "String")]
    pub review_by: Date,
}

/// Captures know-how; an item already there is replaced and waits for its verification again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CaptureKnowledge {
    /// The items.
    pub items: Vec<KnowledgeItem>,
}

/// Verifies items: somebody other than the author says that they are right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct VerifyKnowledge {
    /// The items.
    pub items: Vec<KnowledgeId>,
    /// Where the verification is; for a working preference, the review by the provider's office.
    pub reference: String,
}

/// Takes an item out of use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RetireKnowledge {
    /// The item.
    pub item: KnowledgeId,
    /// Why.
    pub reason: String,
}

/// Know-how was captured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnowledgeCaptured {
    /// The items, as captured.
    pub items: Vec<KnowledgeItem>,
    /// When.
    pub at: Timestamp,
}

/// Something that pointed at a caller or patient was kept out. Holds nothing of its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnowledgeQuarantined {
    /// What was kept out.
    pub items: Vec<Quarantined>,
    /// When.
    pub at: Timestamp,
}

/// One item kept out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Quarantined {
    /// Its name, unless that pointed at somebody too.
    pub item: Option<KnowledgeId>,
    /// What was found, by pattern: `a long number, …`.
    pub found: String,
}

/// Items were verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnowledgeVerified {
    /// The items.
    pub items: Vec<KnowledgeId>,
    /// Who verified.
    pub verified_by: PersonId,
    /// Where it is written.
    pub reference: String,
    /// When.
    pub at: Timestamp,
}

/// An item is out of use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnowledgeRetired {
    /// The item.
    pub item: KnowledgeId,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// An item in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Known {
    /// As captured.
    pub item: KnowledgeItem,
    /// Who verified it as it stands.
    pub verified_by: Option<PersonId>,
}

/// All know-how, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Knowledge {
    items: BTreeMap<KnowledgeId, Known>,
    /// Kept out and not yet replaced by an item that may stay.
    quarantined: Vec<Quarantined>,
}

pub(crate) const BOARD: Kind = Kind {
    name: "knowledge",
    says: "Know-how by line, call type and provider, with credit, and what must be looked at again",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

impl KnowledgeKind {
    fn words(self) -> &'static str {
        match self {
            Self::Procedure => "procedure",
            Self::StandardOfPractice => "standard of practice",
            Self::WorkingPreference => "working preference",
        }
    }
}

impl fmt::Display for KnowledgeScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provider(id) => write!(f, "provider {id}"),
            Self::Line(id) => write!(f, "line {id}"),
            Self::CallType(id) => write!(f, "call type {id}"),
        }
    }
}

impl Knowledge {
    /// One item.
    pub fn get(&self, id: &KnowledgeId) -> Option<&Known> {
        self.items.get(id)
    }

    /// Every item.
    pub fn all(&self) -> impl Iterator<Item = &Known> {
        self.items.values()
    }

    /// Items whose review date is past on that day: whoever follows one may page the wrong doctor.
    pub fn stale(&self, today: Date) -> impl Iterator<Item = &Known> {
        self.all().filter(move |k| k.item.review_by < today)
    }

    /// What was kept out, waiting to be written again without it.
    pub fn quarantined(&self) -> &[Quarantined] {
        &self.quarantined
    }
}

/// Stale know-how about the chunk's calls keeps its processes leg red; that about a provider, every chunk's.
pub(crate) fn findings(t: &Transition, chunk: &Chunk, now: Timestamp) -> Vec<Finding> {
    let concerns = |scope: &KnowledgeScope| match scope {
        KnowledgeScope::Provider(_) => true,
        KnowledgeScope::Line(line) => chunk.planned.lines.contains(line),
        KnowledgeScope::CallType(kind) => chunk.planned.call_type == *kind,
    };
    t.knowledge
        .stale(t.today(now))
        .filter(|known| concerns(&known.item.scope))
        .map(|known| {
            let KnowledgeItem {
                item,
                scope,
                review_by,
                ..
            } = &known.item;
            GateLeg::Processes.finds(format!(
                "knowledge {item} of {scope} reviewed; its review was due {review_by}"
            ))
        })
        .collect()
}

pub(crate) fn capture(t: &Transition, c: &CaptureKnowledge, now: Timestamp) -> Decided {
    text::list("knowledge items", &c.items)?;
    let (mut items, mut quarantined) = (Vec::new(), Vec::new());
    for item in &c.items {
        if let Some(out) = points_at_somebody(item) {
            quarantined.push(out);
            continue;
        }
        check(t, item, now)?;
        if t.knowledge.get(&item.item).map(|k| &k.item) != Some(item) {
            items.push(item.clone());
        }
    }
    quarantined.retain(|q| !t.knowledge.quarantined.contains(q));
    let mut events = Vec::new();
    if !items.is_empty() {
        events.push(Event::KnowledgeCaptured(KnowledgeCaptured {
            items,
            at: now,
        }));
    }
    if !quarantined.is_empty() {
        events.push(Event::KnowledgeQuarantined(KnowledgeQuarantined {
            items: quarantined,
            at: now,
        }));
    }
    Ok(events)
}

/// Every text of the item is looked at; what is found is named by pattern only.
fn points_at_somebody(item: &KnowledgeItem) -> Option<Quarantined> {
    let named = text::caller_data(item.item.as_str());
    let provider = match &item.scope {
        KnowledgeScope::Provider(provider) => provider.as_str(),
        KnowledgeScope::Line(_) | KnowledgeScope::CallType(_) => "",
    };
    let texts = [
        item.title.as_str(),
        &item.text,
        &item.reference,
        item.author.as_str(),
        provider,
    ];
    let found = named.or_else(|| texts.into_iter().find_map(text::caller_data))?;
    let safe = named.is_none() && is_usable(item.item.as_str());
    Some(Quarantined {
        item: safe.then(|| item.item.clone()),
        found: found.to_owned(),
    })
}

fn check(t: &Transition, item: &KnowledgeItem, now: Timestamp) -> Result<(), Refusal> {
    for (what, id) in [
        ("item", item.item.as_str()),
        ("author", item.author.as_str()),
    ] {
        if !is_usable(id) {
            return Err(bad(format!("`{id}` as a plain name of an {what}")));
        }
    }
    text::title("a title", &item.title)?;
    text::free("the know-how itself", &item.text)?;
    if !item.reference.is_empty() {
        text::title("where more of it is", &item.reference)?;
    }
    let known = match &item.scope {
        KnowledgeScope::Provider(provider) => is_usable(provider.as_str()),
        KnowledgeScope::Line(line) => t.line(line).is_some(),
        KnowledgeScope::CallType(kind) => t.rung(kind).is_some(),
    };
    if !known {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("{} of {}", item.scope, item.item))
            .how("name a line or call type of the transition, or a provider by a plain name"));
    }
    let of_provider = matches!(item.scope, KnowledgeScope::Provider(_));
    if item.kind == KnowledgeKind::WorkingPreference && !of_provider {
        return Err(bad(format!(
            "a provider whose working preference {} is",
            item.item
        )));
    }
    if item.review_by < t.today(now) {
        return Err(bad(format!(
            "a review date of {} that is still to come, not {}",
            item.item, item.review_by
        )));
    }
    Ok(())
}

pub(crate) fn verify(
    t: &Transition,
    c: &VerifyKnowledge,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    text::list("knowledge items", &c.items)?;
    text::title("where the verification is", &c.reference)?;
    let mut items = Vec::new();
    for id in &c.items {
        if require(t, id)?.verified_by.is_none() && !items.contains(id) {
            items.push(id.clone());
        }
    }
    if items.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::KnowledgeVerified(KnowledgeVerified {
        items,
        verified_by: actor.person.clone(),
        reference: c.reference.clone(),
        at: now,
    })])
}

pub(crate) fn retire(t: &Transition, c: &RetireKnowledge, now: Timestamp) -> Decided {
    require(t, &c.item)?;
    text::free("why it is retired", &c.reason)?;
    Ok(vec![Event::KnowledgeRetired(KnowledgeRetired {
        item: c.item.clone(),
        reason: c.reason.clone(),
        at: now,
    })])
}

fn require<'t>(t: &'t Transition, id: &KnowledgeId) -> Result<&'t Known, Refusal> {
    t.knowledge.get(id).ok_or_else(|| {
        Refusal::new(Code::Unknown)
            .missing(format!("a knowledge item `{id}`"))
            .who("whoever knows it, in-house")
            .how("list them with `segue show knowledge`, or capture it (`segue do capture-knowledge`)")
    })
}

pub(crate) fn apply_captured(t: &mut Transition, e: &KnowledgeCaptured) {
    for item in &e.items {
        let written_again = |q: &Quarantined| q.item.as_ref() == Some(&item.item);
        t.knowledge.quarantined.retain(|q| !written_again(q));
        let known = Known {
            item: item.clone(),
            verified_by: None,
        };
        t.knowledge.items.insert(item.item.clone(), known);
    }
}

pub(crate) fn apply_quarantined(t: &mut Transition, e: &KnowledgeQuarantined) {
    t.knowledge.quarantined.extend_from_slice(&e.items);
}

pub(crate) fn apply_verified(t: &mut Transition, e: &KnowledgeVerified) {
    for id in &e.items {
        if let Some(known) = t.knowledge.items.get_mut(id) {
            known.verified_by = Some(e.verified_by.clone());
        }
    }
}

pub(crate) fn apply_retired(t: &mut Transition, e: &KnowledgeRetired) {
    t.knowledge.items.remove(&e.item);
}

fn draw(t: &Transition, now: Timestamp) -> Board {
    let today = t.today(now);
    let mut board = Board::new(
        "Knowledge",
        &[
            "item",
            "about",
            "kind",
            "title",
            "credit",
            "verified",
            "review by",
        ],
    );
    for known in t.knowledge.all() {
        let i = &known.item;
        let verified = match (&known.verified_by, i.kind) {
            (Some(person), _) => format!("by {person}"),
            (None, KnowledgeKind::WorkingPreference) => "waits for the provider's office".into(),
            (None, _) => "not yet".into(),
        };
        let review = if i.review_by < today {
            format!("ALARM: was due {}", i.review_by)
        } else {
            i.review_by.to_string()
        };
        board.row([
            i.item.to_string(),
            i.scope.to_string(),
            i.kind.words().to_owned(),
            i.title.clone(),
            i.author.to_string(),
            verified,
            review,
        ]);
    }
    notes(t, &mut board);
    board
}

fn notes(t: &Transition, board: &mut Board) {
    let mut credits: BTreeMap<&StaffId, usize> = BTreeMap::new();
    for known in t.knowledge.all() {
        *credits.entry(&known.item.author).or_default() += 1;
    }
    if !credits.is_empty() {
        let credits: Vec<_> = credits
            .iter()
            .map(|(who, n)| format!("{who} {n}"))
            .collect();
        board.note(format!("With thanks to: {}.", credits.join(", ")));
    }
    let about = |line: &LineId| {
        let scopes = t.knowledge.all().map(|known| &known.item.scope);
        scopes
            .into_iter()
            .any(|scope| *scope == KnowledgeScope::Line(line.clone()))
    };
    let bare: Vec<_> = t.lines.iter().filter(|line| !about(&line.id)).collect();
    if !bare.is_empty() {
        let bare: Vec<_> = bare.iter().map(|line| line.id.as_str()).collect();
        board.note(format!(
            "Lines nobody has told about yet: {}.",
            bare.join(", ")
        ));
    }
    for q in &t.knowledge.quarantined {
        let item = q.item.as_ref().map_or("an item", KnowledgeId::as_str);
        board.note(format!(
            "Quarantined: {item} held {}. Nothing of it was kept; what is known of one patient belongs in the record system.",
            q.found
        ));
    }
}
