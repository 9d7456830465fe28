//! Key persons stay from two weeks before a go-live until a month after it: once, a clinical lead moved on the day after
//! (§3.4, West Midlands).

use super::project_manager;
use crate::Decided;
use crate::actor::{Actor, Side};
use crate::chunks::Chunk;
use crate::event::Event;
use crate::gates::{Finding, GateLeg};
use crate::ids::{PersonId, StaffId};
use crate::refusal::{Code, Refusal};
use crate::schedule::days;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A post whose holder a go-live rests on.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum KeyPost {
    /// The clinical lead.
    ClinicalLead,
    /// The client's implementation project manager, or the outsourcer's.
    ProjectManager,
}

impl KeyPost {
    /// The post in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::ClinicalLead => "clinical lead",
            Self::ProjectManager => "project manager",
        }
    }
}

/// Records that a key post has another holder, or none: a fact, which no rule stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordKeyPersonChange {
    /// The post.
    pub post: KeyPost,
}

/// Records that whoever left a key post handed it over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct HandOverKeyPost {
    /// The post.
    pub post: KeyPost,
    /// Where the hand-over is kept.
    pub reference: String,
}

/// A key post has another holder, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPersonChanged {
    /// The post.
    pub post: KeyPost,
    /// The party that recorded it.
    pub by: Side,
    /// When.
    pub at: Timestamp,
}

/// A key post was handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPostHandedOver {
    /// The post.
    pub post: KeyPost,
    /// Where the hand-over is kept.
    pub reference: String,
    /// When.
    pub at: Timestamp,
}

/// A change in state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyChange {
    /// The post.
    pub post: KeyPost,
    /// Who holds it now, where an account is known.
    pub holder: Option<PersonId>,
    /// When.
    pub at: Timestamp,
    /// Whether it counts: the first holder of a post replaces nobody.
    pub replaces: bool,
    /// Where the hand-over is kept.
    pub handed_over: Option<String>,
}

/// The days on which the key persons of a chunk stay, `[from, to)`.
fn locked_days(t: &Transition, chunk: &Chunk) -> Option<(Date, Date)> {
    let go = chunk.planned.starts_on()?;
    let terms = &t.terms.people;
    let days = |days: u16| i64::from(days);
    Some((
        days::after(go, -days(terms.key_persons_stay_from_days)),
        days::after(go, days(terms.key_persons_stay_until_days)),
    ))
}

fn is_locked(t: &Transition, chunk: &Chunk, day: Date) -> bool {
    !chunk.is_accepted() && locked_days(t, chunk).is_some_and(|(from, to)| from <= day && day < to)
}

/// Refuses a planned change of a key person while a go-live is near.
pub(crate) fn require_unlocked(t: &Transition, post: &str, day: Date) -> Result<(), Refusal> {
    let locked = t.chunks.values().find(|chunk| is_locked(t, chunk, day));
    let Some((chunk, (from, to))) = locked.and_then(|c| Some((c, locked_days(t, c)?))) else {
        return Ok(());
    };
    Err(Refusal::new(Code::KeyPersonLock)
        .missing(format!(
            "a day outside {from} to {to}, around the go-live of {}, for a change of {post}",
            chunk.planned.id
        ))
        .who("the sponsors of both parties")
        .how("plan the change after that, or agree another date of the go-live"))
}

/// The same for a member of staff who leads the implementation.
pub(crate) fn require_stays(t: &Transition, staff: &StaffId, day: Date) -> Result<(), Refusal> {
    if project_manager::is_chosen(t, staff) {
        return require_unlocked(t, "the project manager", day);
    }
    Ok(())
}

/// A change near the go-live keeps the gate red until it was handed over.
pub(crate) fn findings(t: &Transition, chunk: &Chunk, now: Timestamp) -> Vec<Finding> {
    let day = |at| t.day_at(&chunk.planned.site, at);
    if !is_locked(t, chunk, day(now)) {
        return Vec::new();
    }
    let open =
        |c: &&KeyChange| c.replaces && c.handed_over.is_none() && is_locked(t, chunk, day(c.at));
    let says = |c: &KeyChange| {
        GateLeg::Processes.finds(format!(
            "the {} changed on {}, near the go-live, and the post was not handed over (`segue do hand-over-key-post`)",
            c.post.words(),
            day(c.at)
        ))
    };
    (t.people.key_changes.iter())
        .filter(open)
        .map(says)
        .collect()
}

pub(crate) fn record(
    t: &Transition,
    c: &RecordKeyPersonChange,
    actor: &Actor,
    now: Timestamp,
) -> Vec<Event> {
    let same = |change: &KeyChange| change.post == c.post && change.at == now;
    if t.people.key_changes.iter().any(same) {
        return Vec::new();
    }
    vec![Event::KeyPersonChanged(KeyPersonChanged {
        post: c.post,
        by: actor.side,
        at: now,
    })]
}

pub(crate) fn hand_over(t: &Transition, c: &HandOverKeyPost, now: Timestamp) -> Decided {
    text::title("where the hand-over is kept", &c.reference)?;
    let open = |change: &KeyChange| change.post == c.post && change.handed_over.is_none();
    if !t.people.key_changes.iter().any(open) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::KeyPostHandedOver(KeyPostHandedOver {
        post: c.post,
        reference: c.reference.clone(),
        at: now,
    })])
}

pub(crate) fn apply_changed(t: &mut Transition, e: &KeyPersonChanged) {
    t.people.key_changes.push(KeyChange {
        post: e.post,
        holder: None,
        at: e.at,
        replaces: true,
        handed_over: None,
    });
}

pub(crate) fn apply_handed_over(t: &mut Transition, e: &KeyPostHandedOver) {
    let changes = t.people.key_changes.iter_mut();
    for change in changes.filter(|c| c.post == e.post && c.handed_over.is_none()) {
        change.handed_over = Some(e.reference.clone());
    }
}

/// The first project manager replaces nobody either.
pub(crate) fn note_project_manager(t: &mut Transition, at: Timestamp) {
    let post = KeyPost::ProjectManager;
    let replaces = t.people.project_manager.is_some();
    t.people.key_changes.push(KeyChange {
        post,
        holder: None,
        at,
        replaces,
        handed_over: None,
    });
}
