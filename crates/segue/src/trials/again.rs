//! A trial under a command id that was used before (`--command-id`): what it recorded then is the answer, and nobody is called again.
//!
//! The desk knows a retry by the same command. A trial measures something else each time, so it has to be known before it calls.

use crate::context::Context;
use crate::office::{Office, desk_failure};
use crate::output::{Answer, Failure};
use segue_domain::telephony_checks::CheckOutcome;
use segue_domain::{Actor, Event};
use segue_journal::{CommandId, DeskError, Journal as _, Position, read_event};
use serde_json::json;

/// What an earlier invocation with this id recorded.
#[derive(Debug)]
pub struct Before {
    /// Where the last of its facts stands.
    position: Position,
    /// The facts.
    pub events: Vec<Event>,
}

/// What the command of this name recorded before under the invocation's own id, for this person; nothing where no id was given, or it
/// is new. `is_of` knows the facts that a trial such as this one leaves.
///
/// # Errors
/// Where the id recorded something else.
pub async fn recorded(
    ctx: &Context,
    office: &Office,
    actor: &Actor,
    command: &str,
    is_of: impl Fn(&Event) -> bool,
) -> Result<Option<Before>, Failure> {
    match &ctx.command_id {
        Some(id) => recorded_under(id, office, actor, command, is_of).await,
        None => Ok(None),
    }
}

/// The same under an id that is named.
///
/// # Errors
/// Where the id recorded something else.
pub async fn recorded_under(
    id: &str,
    office: &Office,
    actor: &Actor,
    command: &str,
    is_of: impl Fn(&Event) -> bool,
) -> Result<Option<Before>, Failure> {
    let id = id_of(id)?;
    let journal = office.desk.journal();
    let failed = |error| desk_failure(DeskError::Read(error));
    let Some(known) = journal.find_command(&id).await.map_err(failed)? else {
        return Ok(None);
    };
    let before = Position(known.first_position.0.saturating_sub(1));
    let count = u32::try_from(known.position.0.saturating_sub(before.0)).unwrap_or(u32::MAX);
    let recorded = journal.read(before, count).await.map_err(failed)?;
    let who = format!("{}:{}", actor.side, actor.person);
    let is_same = |cause: &str| {
        cause
            .split_once(':')
            .is_some_and(|(name, _)| name == command)
    };
    let same = recorded
        .iter()
        .all(|e| e.stream == office.stream && e.actor == who && is_same(&e.cause));
    let events = recorded.iter().map(read_event).collect::<Result<_, _>>();
    let events: Vec<Event> = events.map_err(|error| desk_failure(error.into()))?;
    if !same || !events.iter().any(is_of) {
        return Err(desk_failure(DeskError::CommandIdReused { id }));
    }
    Ok(Some(Before {
        position: known.position,
        events,
    }))
}

/// Whether anything was recorded under an id.
///
/// # Errors
/// Where the id is none, or the journal cannot be read.
pub async fn is_used(id: &str, office: &Office) -> Result<bool, Failure> {
    let known = office.desk.journal().find_command(&id_of(id)?).await;
    let known = known.map_err(|error| desk_failure(DeskError::Read(error)))?;
    Ok(known.is_some())
}

fn id_of(id: &str) -> Result<CommandId, Failure> {
    CommandId::new(id.to_owned()).map_err(|e| Failure::BadInput(e.to_string()))
}

impl Before {
    /// The answer to the retry.
    pub fn answer(&self) -> Answer {
        self.answer_after("", self.events.iter().any(is_wanting))
    }

    /// The same after what was found then.
    pub fn answer_after(&self, found: &str, wanting: bool) -> Answer {
        let json = json!({
            "recorded": true, "repeated": true, "position": self.position.0, "events": self.events,
        });
        let text = format!(
            "{found}This was recorded before under the same command id, at position {}; nobody was called again. For another trial leave \
             --command-id out, or give another.",
            self.position.0
        );
        Answer::new(&json, text).wanting_if(wanting)
    }
}

/// Whether a fact says that something did not pass.
fn is_wanting(event: &Event) -> bool {
    match event {
        Event::TelephonyChecked(e) => e
            .checks
            .iter()
            .any(|check| check.outcome != CheckOutcome::Passed),
        Event::EscalationTested(e) => e.failed,
        Event::LastResortCalled(e) => !e.answered,
        Event::RouteOrderVerified(e) => !e.holds,
        Event::ChunkPaused(_) => true,
        _ => false,
    }
}
