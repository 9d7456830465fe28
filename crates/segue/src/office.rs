//! Everything behind one data directory: the desk, the call facts, the accounts.

use crate::context::Context;
use crate::data_dir::DataDir;
use crate::output::Failure;
use segue_domain::{Actor, Command, Transition};
use segue_journal::facts::Facts;
use segue_journal::{Answer, CommandId, Desk, DeskError, Request, SqlJournal, StreamId};
use std::sync::Arc;

/// The desk over this directory's journal.
pub type LocalDesk = Desk<SqlJournal>;

/// An open data directory.
#[derive(Debug)]
pub struct Office {
    /// The one command layer.
    pub desk: Arc<LocalDesk>,
    /// The transition's stream.
    pub stream: StreamId,
}

impl Office {
    /// Opens the journal of a data directory.
    pub async fn open(data: &DataDir) -> Result<Self, Failure> {
        let journal = SqlJournal::open(data.place("journal"))
            .await
            .map_err(|e| unavailable(&e))?;
        Self::over(data, journal)
    }

    /// The same over a journal that is opened when it can be: a node routes on its last table meanwhile, and a fallback
    /// latches.
    pub fn lazy(data: &DataDir) -> Result<Self, Failure> {
        Self::over(data, SqlJournal::lazy(data.place("journal")))
    }

    fn over(data: &DataDir, journal: SqlJournal) -> Result<Self, Failure> {
        let stream = StreamId::new(data.transition().as_str())
            .map_err(|e| Failure::BadInput(e.to_string()))?;
        Ok(Self {
            desk: Arc::new(Desk::new(journal)),
            stream,
        })
    }

    /// The transition as it stands.
    pub async fn state(&self) -> Result<Arc<Transition>, Failure> {
        self.desk.state(&self.stream).await.map_err(desk_failure)
    }

    /// Runs a command through the desk.
    pub async fn execute(
        &self,
        ctx: &Context,
        actor: &Actor,
        command: Command,
    ) -> Result<Answer, Failure> {
        self.execute_as(ctx, actor, None, command).await
    }

    /// The same under a command id of its own: one of several commands that one invocation sends.
    pub async fn execute_as(
        &self,
        ctx: &Context,
        actor: &Actor,
        id: Option<String>,
        command: Command,
    ) -> Result<Answer, Failure> {
        let id = match id {
            Some(id) => id,
            None => ctx.command_id()?,
        };
        let command_id = CommandId::new(id).map_err(|e| Failure::BadInput(e.to_string()))?;
        let request = Request {
            stream: self.stream.clone(),
            command_id,
            actor: actor.clone(),
            command,
            now: ctx.now(),
        };
        self.desk.execute(&request).await.map_err(desk_failure)
    }
}

/// The call facts of a data directory.
pub async fn open_facts(data: &DataDir) -> Result<Facts, Failure> {
    Facts::open(data.place("facts"))
        .await
        .map_err(|e| unavailable(&e))
}

/// A desk error as an exit code.
pub fn desk_failure(error: DeskError) -> Failure {
    match error {
        DeskError::Refused(refusal) => Failure::Refused(refusal),
        DeskError::CommandIdReused { .. } => Failure::BadInput(error.to_string()),
        other if other.is_unavailable() => unavailable(&other),
        other => Failure::Internal(anyhow::Error::new(other)),
    }
}

/// A failing database, disk or network, with its causes.
pub fn unavailable(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::Unavailable(chain(error))
}

/// An error and its causes in one line.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// Runs a command's work to its end.
pub fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| {
            Failure::Unavailable(format!(
                "the machine gives no threads ({e}); close other programs"
            ))
        })?;
    runtime.block_on(work)
}
