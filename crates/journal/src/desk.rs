//! The desk: the one way in for every command, whichever door it came through (CLI, API, page, scenario, trigger).
//!
//! It brings the state up to date, asks the domain, and appends what follows on the version the decision was made on.
//! When someone else was quicker it decides again. It can refuse and record; it cannot overrule.

use crate::event::{
    Body, CommandId, NewEvent, Position, READ_EVENTS_MAX, Recorded, StreamId, Version,
};
use crate::journal::{Append, AppendError, Journal, Outcome, ReadError};
use jiff::Timestamp;
use segue_domain::event::CommandRefused;
use segue_domain::ids::TransitionId;
use segue_domain::{Actor, Command, Event, Refusal, Transition, apply, decide};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Mutex as Turn;

/// Version of the bodies this Segue writes.
pub const EVENT_SCHEMA: u32 = 1;
/// How often one command is decided anew because another process was quicker.
const DECISIONS_MAX: u32 = 64;
/// How many folded transitions are kept at hand.
const CACHED_TRANSITIONS_MAX: usize = 64;

/// A command as it reaches the desk. Who asks is already authenticated.
#[derive(Clone, Debug)]
pub struct Request {
    /// The transition's stream.
    pub stream: StreamId,
    /// Recognises a retry.
    pub command_id: CommandId,
    /// Who asks.
    pub actor: Actor,
    /// What is asked.
    pub command: Command,
    /// The clock's time.
    pub now: Timestamp,
}

/// A command that was accepted.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The transition's newest position when the answer was made.
    pub position: Position,
    /// The facts that followed; none when it was already so.
    pub events: Vec<Event>,
    /// Whether an earlier request with this command id recorded them.
    pub repeated: bool,
    /// The state with them.
    pub state: Arc<Transition>,
}

/// A command that was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// A rule refused it. The attempt is recorded.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The command id belongs to another command or another person.
    #[error("command id `{id}` was used before for something else; choose a new id")]
    CommandIdReused {
        /// The id.
        id: CommandId,
    },
    /// Others were quicker every time.
    #[error(
        "others changed `{stream}` {DECISIONS_MAX} times meanwhile; nothing was recorded, try again"
    )]
    Contended {
        /// The transition.
        stream: StreamId,
    },
    /// A fact that this Segue cannot read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The journal did not record it.
    #[error(transparent)]
    Append(AppendError),
    /// The journal did not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl DeskError {
    /// Whether the database failed, rather than a rule or the input: exit code 4, HTTP 503, *journalling pending*.
    pub fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::Append(AppendError::Unavailable(_))
                | Self::Read(ReadError::Unavailable(_))
                | Self::Contended { .. }
        )
    }
}

/// A fact that this Segue cannot read.
#[derive(Debug, thiserror::Error)]
#[error(
    "position {position} holds a `{kind}` of schema {schema} that this Segue cannot read; use a newer one"
)]
pub struct Unreadable {
    /// Where it is.
    pub position: Position,
    /// What happened.
    pub kind: String,
    /// The shape of its body.
    pub schema: u32,
    #[source]
    source: Option<serde_json::Error>,
}

/// The fact behind a recorded event. Older schemas are brought up to date here.
pub fn read_event(recorded: &Recorded) -> Result<Event, Unreadable> {
    let unreadable = |source| Unreadable {
        position: recorded.position,
        kind: recorded.kind.clone(),
        schema: recorded.schema,
        source,
    };
    if recorded.schema != EVENT_SCHEMA {
        return Err(unreadable(None));
    }
    recorded
        .body
        .parse()
        .map_err(|error| unreadable(Some(error)))
}

#[derive(Clone, Debug)]
struct Folded {
    state: Arc<Transition>,
    version: Version,
    position: Position,
}

/// The one command layer over a journal.
#[derive(Debug)]
pub struct Desk<J> {
    journal: J,
    folded: Mutex<HashMap<StreamId, Folded>>,
    turn: Turn<()>,
}

impl<J: Journal> Desk<J> {
    /// A desk over a journal.
    pub fn new(journal: J) -> Self {
        Self {
            journal,
            folded: Mutex::default(),
            turn: Turn::default(),
        }
    }

    /// The journal behind the desk, for reading.
    pub fn journal(&self) -> &J {
        &self.journal
    }

    /// The state of a transition, with every fact recorded so far.
    pub async fn state(&self, stream: &StreamId) -> Result<Arc<Transition>, DeskError> {
        Ok(self.fold(stream).await?.state)
    }

    /// What a command would record now, or why it would be refused. Records nothing.
    pub async fn preview(&self, request: &Request) -> Result<Vec<Event>, DeskError> {
        let current = self.fold(&request.stream).await?;
        decide(
            &current.state,
            &request.command,
            &request.actor,
            request.now,
        )
        .map_err(refused)
    }

    /// Decides and records a command.
    ///
    /// Commands of this process take turns, save those that bring calls home: they go first and rely on the version alone.
    pub async fn execute(&self, request: &Request) -> Result<Answer, DeskError> {
        if let Some(answer) = self.repeated(request).await? {
            return Ok(answer);
        }
        let homeward = matches!(
            request.command,
            Command::Fallback(_) | Command::LowerShare(_)
        );
        let _turn = if homeward {
            None
        } else {
            Some(self.turn.lock().await)
        };
        for _ in 0..DECISIONS_MAX {
            let current = self.fold(&request.stream).await?;
            let decided = decide(
                &current.state,
                &request.command,
                &request.actor,
                request.now,
            );
            let outcome = match decided {
                Ok(events) if events.is_empty() => {
                    let Folded {
                        state, position, ..
                    } = current;
                    return Ok(Answer {
                        position,
                        events,
                        repeated: false,
                        state,
                    });
                }
                Ok(events) => self.record(request, &current, events).await?,
                Err(refusal) => self.record_refusal(request, &current, refusal).await?,
            };
            if let Some(answer) = outcome {
                return Ok(answer);
            }
        }
        Err(DeskError::Contended {
            stream: request.stream.clone(),
        })
    }

    /// `None` when someone else was quicker.
    async fn record(
        &self,
        request: &Request,
        current: &Folded,
        events: Vec<Event>,
    ) -> Result<Option<Answer>, DeskError> {
        let append = request.append(current.version, &request.command_id, &events)?;
        match self.journal.append(&append).await {
            Ok(Outcome::Recorded { position, version }) => {
                let mut state = Arc::clone(&current.state);
                let newer = Arc::make_mut(&mut state);
                for event in &events {
                    apply(newer, event);
                }
                self.keep(
                    &request.stream,
                    Folded {
                        state: Arc::clone(&state),
                        version,
                        position,
                    },
                );
                Ok(Some(Answer {
                    position,
                    events,
                    repeated: false,
                    state,
                }))
            }
            Ok(Outcome::AlreadyRecorded { .. }) => self.repeated(request).await,
            Err(AppendError::VersionConflict { .. }) => Ok(None),
            Err(AppendError::CommandIdReused { id, .. }) => Err(DeskError::CommandIdReused { id }),
            Err(error) => Err(DeskError::Append(error)),
        }
    }

    /// Records the attempt, then returns the refusal; `None` when someone else was quicker and it may be allowed by now.
    ///
    /// The same attempt within one minute is recorded once, so that a loop of retries does not fill the journal. Nothing is
    /// recorded of a transition that does not exist. A journal that is down takes nothing away from the refusal.
    async fn record_refusal(
        &self,
        request: &Request,
        current: &Folded,
        refusal: Refusal,
    ) -> Result<Option<Answer>, DeskError> {
        if !current.state.is_created() {
            return Err(refused(refusal));
        }
        let event = Event::CommandRefused(CommandRefused {
            command: request.command.name().to_owned(),
            code: refusal.code,
            person: request.actor.person.clone(),
            at: request.now,
        });
        let minute = request.now.as_second().div_euclid(60).to_string();
        let attempt = [
            request.stream.as_str(),
            &request.actor_text(),
            &request.cause()?,
            refusal.code.as_str(),
            &minute,
        ];
        let id = CommandId::new(format!("refused:{}", digest_of(&attempt)));
        let id = id.map_err(|error| DeskError::Append(error.into()))?;
        let append = request.append(current.version, &id, &[event])?;
        match self.journal.append(&append).await {
            Ok(_) => Err(refused(refusal)),
            Err(AppendError::VersionConflict { .. }) => Ok(None),
            Err(error) => {
                tracing::warn!(%error, code = %refusal.code, "a refused attempt was not recorded");
                Err(refused(refusal))
            }
        }
    }

    /// What this very command recorded earlier, if it did.
    async fn repeated(&self, request: &Request) -> Result<Option<Answer>, DeskError> {
        let Some(known) = self.journal.find_command(&request.command_id).await? else {
            return Ok(None);
        };
        let reused = || DeskError::CommandIdReused {
            id: request.command_id.clone(),
        };
        let before = Position(known.first_position.0.saturating_sub(1));
        let count = known.position.0.saturating_sub(before.0);
        let limit = u32::try_from(count).unwrap_or(READ_EVENTS_MAX);
        let recorded = self.journal.read(before, limit).await?;
        let cause = request.cause()?;
        let actor = request.actor_text();
        let same = |event: &Recorded| {
            event.stream == request.stream && event.cause == cause && event.actor == actor
        };
        if recorded.is_empty() || !recorded.iter().all(same) {
            return Err(reused());
        }
        let events = recorded.iter().map(read_event).collect::<Result<_, _>>()?;
        let state = self.fold(&request.stream).await?.state;
        Ok(Some(Answer {
            position: known.position,
            events,
            repeated: true,
            state,
        }))
    }

    /// The kept state and every newer fact folded into it.
    async fn fold(&self, stream: &StreamId) -> Result<Folded, DeskError> {
        let kept = self.lock().get(stream).cloned();
        let mut folded = kept.unwrap_or_else(|| Folded {
            state: Arc::new(Transition::new(TransitionId::from(stream.as_str()))),
            version: Version(0),
            position: Position(0),
        });
        loop {
            let page = self
                .journal
                .read_stream(stream, folded.version, READ_EVENTS_MAX)
                .await?;
            let Some(last) = page.last() else { break };
            (folded.version, folded.position) = (last.version, last.position);
            let state = Arc::make_mut(&mut folded.state);
            for recorded in &page {
                apply(state, &read_event(recorded)?);
            }
            if page.len() < READ_EVENTS_MAX as usize {
                break;
            }
        }
        self.keep(stream, folded.clone());
        Ok(folded)
    }

    fn keep(&self, stream: &StreamId, folded: Folded) {
        let mut kept = self.lock();
        if kept
            .get(stream)
            .is_some_and(|known| known.version >= folded.version)
        {
            return;
        }
        if kept.len() >= CACHED_TRANSITIONS_MAX && !kept.contains_key(stream) {
            kept.clear();
        }
        kept.insert(stream.clone(), folded);
    }

    /// Every kept state is whole, so a panic elsewhere leaves nothing to repair.
    fn lock(&self) -> MutexGuard<'_, HashMap<StreamId, Folded>> {
        self.folded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Request {
    fn append(
        &self,
        expected_version: Version,
        command_id: &CommandId,
        events: &[Event],
    ) -> Result<Append, DeskError> {
        let events = events.iter().map(new_event).collect::<Result<_, _>>()?;
        Ok(Append {
            stream: self.stream.clone(),
            expected_version,
            command_id: command_id.clone(),
            actor: self.actor_text(),
            cause: self.cause()?,
            recorded_at: self.now,
            events,
        })
    }

    /// `client:dana`.
    fn actor_text(&self) -> String {
        format!("{}:{}", self.actor.side, self.actor.person)
    }

    /// `raise_share:` and the digest of the command, so that the chain says exactly what was asked.
    fn cause(&self) -> Result<String, DeskError> {
        let body = Body::canonical(&self.command).map_err(not_json)?;
        Ok(format!(
            "{}:{}",
            self.command.name(),
            digest_of(&[body.as_str()])
        ))
    }
}

fn new_event(event: &Event) -> Result<NewEvent, DeskError> {
    let body = Body::canonical(event).map_err(not_json)?;
    Ok(NewEvent {
        kind: event.name().to_owned(),
        schema: EVENT_SCHEMA,
        body,
    })
}

/// The domain's types always have a JSON form; this is for the type system.
fn not_json(source: serde_json::Error) -> DeskError {
    DeskError::Unreadable(Unreadable {
        position: Position(0),
        kind: "unwritten event".to_owned(),
        schema: EVENT_SCHEMA,
        source: Some(source),
    })
}

fn refused(refusal: Refusal) -> DeskError {
    DeskError::Refused(Box::new(refusal))
}

/// Hex SHA-256 over the parts, each with its length.
fn digest_of(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    hex::encode(digest.finalize())
}
