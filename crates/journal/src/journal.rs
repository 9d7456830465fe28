//! The journal as a trait: what every database behind it must promise, and the ways an append or a read can fail.

use crate::database::Unavailable;
use crate::event::{
    APPEND_EVENTS_MAX, BODY_BYTES_MAX, CommandId, InvalidName, NewEvent, Position, Recorded,
    StreamHead, StreamId, Version, check_name,
};
use jiff::Timestamp;
use std::future::Future;
use tokio::sync::watch;

/// Facts to record together: all or none of them.
#[derive(Debug, Clone)]
pub struct Append {
    /// The chain to lengthen.
    pub stream: StreamId,
    /// The version the decision was made on; 0 for a new stream.
    pub expected_version: Version,
    /// Recognises a retry: the second append with this id records nothing.
    pub command_id: CommandId,
    /// Who: a user, or a part of Segue by name.
    pub actor: String,
    /// What led to it.
    pub cause: String,
    /// When, kept in microseconds.
    pub recorded_at: Timestamp,
    /// At least one.
    pub events: Vec<NewEvent>,
}

impl Append {
    /// Checks names and sizes, so that nothing half-fit reaches a database.
    pub fn check(&self) -> Result<(), AppendError> {
        check_name("actor", &self.actor)?;
        check_name("cause", &self.cause)?;
        if !(1..=APPEND_EVENTS_MAX).contains(&self.events.len()) {
            return Err(AppendError::EventCount {
                given: self.events.len(),
            });
        }
        for event in &self.events {
            check_name("kind", &event.kind)?;
            let bytes = event.body.as_str().len();
            if bytes > BODY_BYTES_MAX {
                return Err(AppendError::BodyTooLarge {
                    kind: event.kind.clone(),
                    bytes,
                });
            }
        }
        Ok(())
    }
}

/// How an append ended well: the place of the last fact of the command.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// These facts are now on disk.
    Recorded {
        /// Of the last fact, among all streams.
        position: Position,
        /// Of the last fact, in its stream.
        version: Version,
    },
    /// An earlier append with this command id recorded its facts; nothing was added.
    AlreadyRecorded {
        /// Of the last fact recorded then.
        position: Position,
        /// Of the last fact recorded then.
        version: Version,
    },
}

impl Outcome {
    /// Place of the command's last fact among all streams, whoever recorded it.
    pub fn position(self) -> Position {
        match self {
            Self::Recorded { position, .. } | Self::AlreadyRecorded { position, .. } => position,
        }
    }

    /// Place of the command's last fact in its stream, whoever recorded it.
    pub fn version(self) -> Version {
        match self {
            Self::Recorded { version, .. } | Self::AlreadyRecorded { version, .. } => version,
        }
    }
}

/// What a command id recorded earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandRecord {
    /// The stream it went to.
    pub stream: StreamId,
    /// Place of its first fact among all streams.
    pub first_position: Position,
    /// Place of its last fact among all streams.
    pub position: Position,
    /// Version of its last fact.
    pub version: Version,
}

/// An append that recorded nothing.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Someone else lengthened the stream first: read on, decide again.
    #[error(
        "`{stream}` is at version {actual}, not {expected}; read the newer facts and decide again"
    )]
    VersionConflict {
        /// The stream.
        stream: StreamId,
        /// What the decision was made on.
        expected: Version,
        /// What the stream is at.
        actual: Version,
    },
    /// The command id recorded facts in another stream.
    #[error("command id `{id}` was used before in `{stream}`; choose a new id")]
    CommandIdReused {
        /// The id.
        id: CommandId,
        /// Where it was used.
        stream: StreamId,
    },
    /// A name the journal does not take.
    #[error(transparent)]
    InvalidName(#[from] InvalidName),
    /// None, or too many at once.
    #[error("an append carries 1 to {APPEND_EVENTS_MAX} events, not {given}; split it")]
    EventCount {
        /// How many were given.
        given: usize,
    },
    /// A body beyond the bound.
    #[error(
        "the body of `{kind}` has {bytes} bytes, more than {BODY_BYTES_MAX}; store the large part elsewhere"
    )]
    BodyTooLarge {
        /// The event's kind.
        kind: String,
        /// Its size.
        bytes: usize,
    },
    /// The database could not do it.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// What the database holds is not what a journal writes.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

/// A row that no journal wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "position {position} holds a `{field}` that Segue never writes; run `segue journal verify`"
)]
pub struct Corrupt {
    /// The row, as its own position column has it.
    pub position: Position,
    /// The column.
    pub field: &'static str,
}

/// A read that returned nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database could not do it.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// A row that no journal wrote.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

/// Append-only, hash-chained facts. `tests/story.rs` is the promise every implementation keeps.
pub trait Journal: Send + Sync + 'static {
    /// Records the facts durably, or nothing. An `Ok` means they survive a loss of power.
    ///
    /// The command id is looked at before the version, so that a retry of a success is never a conflict.
    fn append(&self, request: &Append)
    -> impl Future<Output = Result<Outcome, AppendError>> + Send;

    /// Facts of all streams after a position, in order; at most `limit` and `READ_EVENTS_MAX`.
    fn read(
        &self,
        after: Position,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Recorded>, ReadError>> + Send;

    /// Facts of one stream after a version, in order; at most `limit` and `READ_EVENTS_MAX`.
    fn read_stream(
        &self,
        stream: &StreamId,
        after: Version,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Recorded>, ReadError>> + Send;

    /// The position of the newest acknowledged fact; 0 when there is none.
    fn head(&self) -> impl Future<Output = Result<Position, ReadError>> + Send;

    /// The newest fact of every stream, by name of the stream; at most `STREAMS_MAX`.
    fn streams(&self) -> impl Future<Output = Result<Vec<StreamHead>, ReadError>> + Send;

    /// What a command id recorded, if it did.
    fn find_command(
        &self,
        id: &CommandId,
    ) -> impl Future<Output = Result<Option<CommandRecord>, ReadError>> + Send;

    /// Rises when this process sees a newer position. A hint for tails, which also poll: another process may append unseen.
    fn watch(&self) -> watch::Receiver<Position>;
}

/// Most streams one journal lists.
pub const STREAMS_MAX: u32 = 10_000;
