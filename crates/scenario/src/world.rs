//! The world of one scenario: a real desk over a real journal in a temporary directory, and a clock that scripts set.

use crate::error::Error;
use crate::phrases::calls::Imported;
use crate::sign;
use crate::trouble::{Done, Trouble, wanting};
use jiff::Timestamp;
use segue_domain::ids::TransitionId;
use segue_domain::licences::Routing;
use segue_domain::windows::{Occurrence, WeeklyWindow};
use segue_domain::{Actor, Command, Event, Refusal, Transition, replay};
use segue_example::{Example, Goal, MOVES_MAX, Move};
use segue_journal::{
    CommandId, Desk, DeskError, Journal, READ_EVENTS_MAX, Recorded, Request, SqlJournal, StreamId,
    Version, read_event, verify,
};
use segue_routing::mechanism::{Instructions, NotPossible};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// When every scenario begins: Monday, 4 January 2027, 9:00 in New York.
const START_S: i64 = 1_799_071_200;
/// Pages read of one scenario's journal.
const PAGES_MAX: u32 = 1_000;

/// What the last act led to.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// These facts; none when it was already so.
    Accepted(Vec<Event>),
    /// A rule said no.
    Refused(Box<Refusal>),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted(facts) if facts.is_empty() => f.write_str("accepted, with nothing new"),
            Self::Accepted(facts) => {
                let names: Vec<_> = facts.iter().map(Event::name).collect();
                write!(f, "accepted: {}", names.join(", "))
            }
            Self::Refused(refusal) => write!(f, "refused {refusal}"),
        }
    }
}

/// One scenario's world.
#[derive(Debug)]
pub(crate) struct World {
    /// The command layer.
    desk: Desk<SqlJournal>,
    stream: StreamId,
    /// The story that given states are reached by.
    pub example: Example,
    /// Virtual time.
    pub now: Timestamp,
    /// What the last act led to.
    pub last: Option<Outcome>,
    /// The last command sent.
    last_request: Option<Request>,
    /// The window looked at, with its occurrence.
    pub window: Option<(WeeklyWindow, Occurrence)>,
    /// Who may take the call last asked about.
    pub routing: Option<Routing>,
    /// What the value planned last becomes on its mechanism.
    pub planned: Option<Result<Instructions, NotPossible>>,
    /// What the importer made of the logs.
    pub imported: Option<Imported>,
    commands: u64,
    directory: TempDir,
}

impl World {
    /// An empty journal and the beginning of time.
    pub(crate) async fn new() -> Result<Self, Error> {
        let directory = tempfile::Builder::new()
            .prefix("segue-scenario-")
            .tempdir()
            .map_err(|e| Error::no_directory(&e))?;
        let journal = SqlJournal::open(&directory.path().join("journal.db"))
            .await
            .map_err(Error::unavailable)?;
        let stream = StreamId::new("RVS").map_err(Error::internal)?;
        let now = Timestamp::from_second(START_S).map_err(Error::internal)?;
        Ok(Self {
            desk: Desk::new(journal),
            stream,
            example: Example::riverside(),
            now,
            last: None,
            last_request: None,
            window: None,
            routing: None,
            planned: None,
            imported: None,
            commands: 0,
            directory,
        })
    }

    /// Finishes the journal.
    pub(crate) async fn close(self) {
        self.desk.journal().close().await;
    }

    /// Where the scenario's files are.
    pub(crate) fn folder(&self) -> &Path {
        self.directory.path()
    }

    /// The transition as it stands.
    pub(crate) async fn state(&self) -> Result<Arc<Transition>, Error> {
        self.desk.state(&self.stream).await.map_err(desk_error)
    }

    /// Sends a command under a new command id.
    pub(crate) async fn ask(
        &mut self,
        actor: &Actor,
        command: impl Into<Command>,
    ) -> Result<Outcome, Error> {
        self.commands += 1;
        let id = format!("scenario-{}", self.commands);
        let request = Request {
            stream: self.stream.clone(),
            command_id: CommandId::new(id).map_err(Error::internal)?,
            actor: actor.clone(),
            command: sign::complete(command.into(), actor, &*self.state().await?),
            now: self.now,
        };
        self.send(request).await
    }

    /// Sends the last command once more, under the same command id.
    pub(crate) async fn ask_again(&mut self) -> Result<Outcome, Trouble> {
        let request = self.last_request.clone();
        let request =
            request.ok_or_else(|| wanting("a command before this line", "none was sent"))?;
        Ok(self.send(request).await?)
    }

    async fn send(&mut self, request: Request) -> Result<Outcome, Error> {
        let answered = self.desk.execute(&request).await;
        self.last_request = Some(request);
        match answered {
            Ok(answer) if answer.repeated => Ok(Outcome::Accepted(Vec::new())),
            Ok(answer) => Ok(Outcome::Accepted(answer.events)),
            Err(DeskError::Refused(refusal)) => Ok(Outcome::Refused(refusal)),
            Err(error) => Err(desk_error(error)),
        }
    }

    /// A command on the way to a given state: a refusal ends the scenario.
    pub(crate) async fn must(
        &mut self,
        actor: &Actor,
        command: impl Into<Command>,
    ) -> Result<Vec<Event>, Trouble> {
        match self.ask(actor, command).await? {
            Outcome::Accepted(events) => Ok(events),
            Outcome::Refused(refusal) => Err(wanting(
                "the given state can be reached",
                refusal.to_string(),
            )),
        }
    }

    /// Does what the example's people do until the goal is reached; the clock goes on where they have to wait.
    pub(crate) async fn walk(&mut self, goal: &Goal) -> Done {
        for _ in 0..MOVES_MAX {
            let state = self.state().await?;
            match self.example.next(&state, goal, self.now) {
                None => return Ok(()),
                Some(Move::Wait(at)) => self.now = self.now.max(at),
                Some(Move::Say(said)) => {
                    self.must(&said.0, said.1).await?;
                }
            }
        }
        Err(wanting(format!("a way to {goal:?}"), "none was found"))
    }

    /// Every recorded fact.
    pub(crate) async fn facts(&self) -> Result<Vec<Event>, Error> {
        let mut events = Vec::new();
        let mut after = Version(0);
        for _ in 0..PAGES_MAX {
            let page: Vec<Recorded> = self
                .desk
                .journal()
                .read_stream(&self.stream, after, READ_EVENTS_MAX)
                .await
                .map_err(Error::unavailable)?;
            let Some(last) = page.last() else { break };
            after = last.version;
            for recorded in &page {
                events.push(read_event(recorded).map_err(Error::internal)?);
            }
        }
        Ok(events)
    }

    /// The state that the facts alone give.
    pub(crate) async fn replayed(&self) -> Result<Transition, Error> {
        let facts = self.facts().await?;
        Ok(replay(TransitionId::from(self.stream.as_str()), &facts))
    }

    /// The first bad line of the chain, if there is one.
    pub(crate) async fn first_bad(&self) -> Result<Option<String>, Error> {
        let report = verify(self.desk.journal(), &[])
            .await
            .map_err(Error::unavailable)?;
        Ok(report
            .first_bad
            .map(|bad| format!("position {}: {}", bad.position, bad.wrong)))
    }
}

fn desk_error(error: DeskError) -> Error {
    if error.is_unavailable() {
        Error::unavailable(error)
    } else {
        Error::internal(error)
    }
}
