//! Open work and stranded callers (§7.12, finding 10): on a fallback the calls come back, and the promises with them.

use crate::Decided;
use crate::actor::Actor;
use crate::boards::{Board, Kind};
use crate::chunks::ChunkState;
use crate::event::Event;
use crate::fallback::{FellBack, Incident};
use crate::gates::{Finding, GateLeg};
use crate::ids::{ChunkId, IncidentId, PersonId, is_usable};
use crate::lines::bad;
use crate::refusal::Refusal;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// References named one by one in a refusal; the worklist has them all.
const NAMED_MAX: usize = 10;

pub(crate) const BOARD: Kind = Kind {
    name: "worklist",
    says: "Work the outsourcer had open when calls came home: most acute and soonest first, until a person took it",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

/// What is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkKind {
    /// A callback that was promised.
    PromisedCallback,
    /// A message that has not reached its practice.
    UndeliveredMessage,
    /// A page that nobody on call acknowledged.
    UnacknowledgedPage,
    /// Somebody who was queued, cut off or gave up on triage.
    StrandedCaller,
}

impl WorkKind {
    /// The kind in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::PromisedCallback => "promised callback",
            Self::UndeliveredMessage => "undelivered message",
            Self::UnacknowledgedPage => "un-acknowledged page",
            Self::StrandedCaller => "stranded caller",
        }
    }
}

/// How soon somebody may come to harm; the most acute first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Acuity {
    /// Now.
    Emergent,
    /// Within the hour.
    Urgent,
    /// Today.
    Routine,
}

impl Acuity {
    /// The acuity in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Emergent => "emergent",
            Self::Urgent => "urgent",
            Self::Routine => "routine",
        }
    }
}

/// One item, by its place in the sealed vault: never with a number or a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OpenWorkItem {
    /// Where the vault keeps it: `CB-17`.
    pub reference: String,
    /// What it is.
    pub kind: WorkKind,
    /// How acute.
    pub acuity: Acuity,
    /// Until when it is promised.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub due_at: Option<Timestamp>,
    /// The chunk it came in on, where that is known.
    #[serde(default)]
    pub chunk: Option<ChunkId>,
}

/// Hands over a snapshot of everything that is open at the outsourcer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordOpenWork {
    /// When it was taken.
    #[schemars(with = "String")]
    pub taken_at: Timestamp,
    /// Everything open; nothing is also an answer.
    pub items: Vec<OpenWorkItem>,
}

/// Takes over items of the worklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AcknowledgeOpenWork {
    /// The incident.
    pub incident: IncidentId,
    /// The items this person sees to.
    pub references: Vec<String>,
}

/// A snapshot of open work stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenWorkRecorded {
    /// When it was taken.
    pub taken_at: Timestamp,
    /// Everything open.
    pub items: Vec<OpenWorkItem>,
    /// When it arrived.
    pub at: Timestamp,
}

/// Somebody in-house sees to items of the worklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenWorkAcknowledged {
    /// The incident.
    pub incident: IncidentId,
    /// The items.
    pub references: Vec<String>,
    /// Who sees to them.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// Callbacks that the last snapshot promises for a chunk; those it ties to no chunk are nobody's here. `None` before the first
/// snapshot.
pub fn promised_callbacks(t: &Transition, chunk: &ChunkId) -> Option<u32> {
    let snapshot = t.contingency.open_work.as_ref()?;
    let promised = snapshot.items.iter().filter(|item| {
        item.kind == WorkKind::PromisedCallback && item.chunk.as_ref() == Some(chunk)
    });
    Some(u32::try_from(promised.count()).unwrap_or(u32::MAX))
}

/// What an incident brought home beside the calls, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct HandedOver {
    /// When the last snapshot before the fallback was taken.
    pub taken_at: Option<Timestamp>,
    /// Its items, and those of later snapshots.
    pub items: Vec<OpenWorkItem>,
    /// Who sees to each.
    pub acknowledged: BTreeMap<String, PersonId>,
}

impl HandedOver {
    /// What the last snapshot says of the chunks that came home.
    pub(crate) fn by(t: &Transition, fell_back: &FellBack) -> Self {
        let mut handed = Self::default();
        if let Some(last) = &t.contingency.open_work {
            handed.taken_at = Some(last.taken_at);
            handed.add(last, fell_back);
        }
        handed
    }

    fn add(&mut self, snapshot: &OpenWorkRecorded, fell_back: &FellBack) {
        for item in &snapshot.items {
            let home = item.chunk.as_ref().is_none_or(|chunk| {
                let mut returned = fell_back.chunks.iter();
                returned.any(|r| r.chunk == *chunk)
            });
            let known = self.items.iter().any(|own| own.reference == item.reference);
            if home && !known {
                self.items.push(item.clone());
            }
        }
    }

    fn open(&self) -> impl Iterator<Item = &OpenWorkItem> {
        let open = |item: &&OpenWorkItem| !self.acknowledged.contains_key(&item.reference);
        self.items.iter().filter(open)
    }

    /// Items nobody has taken over yet: the way out waits for them.
    pub(crate) fn missing(&self) -> Vec<String> {
        let mut named: Vec<_> = self
            .open()
            .map(|item| {
                format!(
                    "somebody in-house who sees to {} {} (`segue do acknowledge-open-work`)",
                    item.kind.words(),
                    item.reference
                )
            })
            .collect();
        let more = named.len().saturating_sub(NAMED_MAX);
        if more > 0 {
            named.truncate(NAMED_MAX);
            named.push(format!("and for {more} more items of the worklist"));
        }
        named
    }
}

pub(crate) fn record(t: &Transition, c: &RecordOpenWork, now: Timestamp) -> Decided {
    if c.taken_at > now {
        return Err(bad(format!("a snapshot taken in the past; it is {now}")));
    }
    text::list("items of open work", &c.items)?;
    let mut seen = BTreeSet::new();
    for item in &c.items {
        check(t, item)?;
        if !seen.insert(&item.reference) {
            return Err(bad(format!("item {} once", item.reference)));
        }
    }
    // An older snapshot that arrives late says nothing new.
    if t.contingency
        .open_work
        .as_ref()
        .is_some_and(|last| last.taken_at >= c.taken_at)
    {
        return Ok(Vec::new());
    }
    Ok(vec![Event::OpenWorkRecorded(OpenWorkRecorded {
        taken_at: c.taken_at,
        items: c.items.clone(),
        at: now,
    })])
}

fn check(t: &Transition, item: &OpenWorkItem) -> Result<(), Refusal> {
    let reference = &item.reference;
    text::title("the vault's reference of an item", reference)?;
    if !is_usable(reference) {
        return Err(bad(format!(
            "`{reference}` as a reference into the vault, for example CB-17"
        )));
    }
    item.chunk
        .as_ref()
        .map_or(Ok(()), |chunk| t.require_chunk(chunk).map(drop))
}

pub(crate) fn acknowledge(
    t: &Transition,
    c: &AcknowledgeOpenWork,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    let handed = &crate::fallback::require_incident(t, &c.incident)?.handed_over;
    text::list("items", &c.references)?;
    for reference in &c.references {
        if !handed.items.iter().any(|item| item.reference == *reference) {
            return Err(bad(format!(
                "an item of the worklist of {} instead of `{reference}`",
                c.incident
            )));
        }
    }
    let open = |reference: &&String| !handed.acknowledged.contains_key(*reference);
    let references: Vec<_> = c.references.iter().filter(open).cloned().collect();
    if references.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::OpenWorkAcknowledged(OpenWorkAcknowledged {
        incident: c.incident.clone(),
        references,
        person: actor.person.clone(),
        at: now,
    })])
}

pub(crate) fn apply_recorded(t: &mut Transition, e: &OpenWorkRecorded) {
    let chunks = &t.chunks;
    let is_home = |incident: &Incident| {
        let mut states = chunks.values().map(|chunk| &chunk.state);
        states.any(|state| {
            matches!(state, ChunkState::Returned { incident: own } if *own == incident.opened.incident)
        })
    };
    // Whoever is still home takes over what was not known at first.
    for incident in t.incidents.values_mut().filter(|i| is_home(i)) {
        let opened = incident.opened.clone();
        incident.handed_over.add(e, &opened);
    }
    t.contingency.open_work = Some(e.clone());
}

pub(crate) fn apply_acknowledged(t: &mut Transition, e: &OpenWorkAcknowledged) {
    if let Some(incident) = t.incidents.get_mut(&e.incident) {
        let all = &mut incident.handed_over.acknowledged;
        all.extend(e.references.iter().map(|r| (r.clone(), e.person.clone())));
    }
}

/// A hand-over that was never tried is none.
pub(super) fn findings(t: &Transition) -> Vec<Finding> {
    let never = t.contingency.open_work.is_none();
    let text = "no snapshot of open work from the outsourcer yet";
    never
        .then(|| GateLeg::Fallback.finds(text))
        .into_iter()
        .collect()
}

fn draw(t: &Transition, now: Timestamp) -> Board {
    let mut board = Board::new(
        "Worklist",
        &["incident", "acuity", "due", "what", "reference", "taken by"],
    );
    for (id, incident) in &t.incidents {
        let handed = &incident.handed_over;
        if handed.open().next().is_none() && !is_newest(t, id) {
            continue;
        }
        let mut items: Vec<_> = handed.items.iter().collect();
        items.sort_by_key(|i| (i.acuity, i.due_at.unwrap_or(Timestamp::MAX), &i.reference));
        for item in items {
            let taken = handed.acknowledged.get(&item.reference);
            board.row([
                id.to_string(),
                item.acuity.words().to_owned(),
                item.due_at
                    .map_or_else(|| "–".to_owned(), |due| due_in(due, now)),
                item.kind.words().to_owned(),
                item.reference.clone(),
                taken.map_or_else(|| "nobody yet".to_owned(), ToString::to_string),
            ]);
        }
        board.note(gap(t, incident));
    }
    match &t.contingency.open_work {
        None => board.note("no snapshot of open work from the outsourcer yet"),
        Some(last) => board.note(format!(
            "last snapshot {} min old, taken at {}",
            minutes(last.taken_at, now),
            text::minute(last.taken_at)
        )),
    }
    board
}

fn is_newest(t: &Transition, id: &IncidentId) -> bool {
    let newest = t.incidents.values().max_by_key(|i| i.opened.at);
    newest.is_some_and(|i| i.opened.incident == *id)
}

fn due_in(due: Timestamp, now: Timestamp) -> String {
    let at = text::minute(due);
    if due < now {
        format!("{at}, {} min overdue", minutes(due, now))
    } else {
        format!("{at}, in {} min", minutes(now, due))
    }
}

fn minutes(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs().max(0) / 60
}

/// What the last snapshot before the fallback cannot know.
fn gap(t: &Transition, incident: &Incident) -> String {
    let (id, home) = (&incident.opened.incident, incident.opened.at);
    let Some(taken_at) = incident.handed_over.taken_at else {
        return format!(
            "{id}: NOTHING KNOWN of open work before {}: ask the outsourcer",
            text::second(home)
        );
    };
    let age_min = minutes(taken_at, home);
    let (taken, home) = (text::second(taken_at), text::second(home));
    if age_min > i64::from(t.terms.contingency.open_work_age_min) {
        format!(
            "{id}: WINDOW MISSING of {age_min} min: work opened from {taken} to {home} is not on this list; ask the outsourcer"
        )
    } else {
        format!("{id}: list as of {taken}, {age_min} min before calls came home")
    }
}
