//! The journal as lines of JSON that anybody can keep and check without Segue (`docs/journal-format.md`).

use crate::event::{Position, READ_EVENTS_MAX, Recorded, StreamId, instant_text};
use crate::journal::{Journal, ReadError};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;

/// An export that stopped half-way; what was written lacks its last line and checks as truncated.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The journal did not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The receiver did not take it.
    #[error("cannot write the export; check the room on the disk and try again")]
    Write(#[source] std::io::Error),
}

/// Produces an export a page at a time, so that a journal of any size fits in little memory.
#[derive(Debug)]
pub struct Export<'a, J> {
    journal: &'a J,
    end: Position,
    position: Position,
    heads: BTreeMap<StreamId, (u64, String)>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Header,
    Events,
    Done,
}

impl<'a, J: Journal> Export<'a, J> {
    /// Exports the journal as it stands now; later facts are left for the next export.
    pub async fn start(journal: &'a J) -> Result<Self, ReadError> {
        let end = journal.head().await?;
        let (position, heads) = (Position(0), BTreeMap::new());
        Ok(Self {
            journal,
            end,
            position,
            heads,
            stage: Stage::Header,
        })
    }

    /// The next whole lines, or `None` after the last.
    pub async fn next_lines(&mut self) -> Result<Option<String>, ReadError> {
        match self.stage {
            Stage::Done => return Ok(None),
            Stage::Header => {
                self.stage = Stage::Events;
                return Ok(Some("{\"segue_journal_export\":1}\n".to_owned()));
            }
            Stage::Events => {}
        }
        let page = self.journal.read(self.position, READ_EVENTS_MAX).await?;
        let mut lines = String::new();
        for event in page.iter().take_while(|event| event.position <= self.end) {
            lines.push_str(&line(event));
            lines.push('\n');
            self.position = event.position;
            self.heads.insert(
                event.stream.clone(),
                (event.version.0, event.hash.to_string()),
            );
        }
        if lines.is_empty() {
            self.stage = Stage::Done;
            lines = self.last_line();
        }
        Ok(Some(lines))
    }

    /// Says what should be there, so that a cut file is seen.
    fn last_line(&self) -> String {
        let streams: Vec<_> = self
            .heads
            .iter()
            .map(|(stream, (version, hash))| {
                json!({"stream": stream.as_str(), "version": version, "hash": hash})
            })
            .collect();
        format!(
            "{}\n",
            json!({"end": {"position": self.end, "streams": streams}})
        )
    }
}

fn line(event: &Recorded) -> String {
    json!({
        "position": event.position,
        "stream": event.stream.as_str(),
        "version": event.version,
        "kind": event.kind,
        "schema": event.schema,
        "body": event.body.as_str(),
        "actor": event.actor,
        "cause": event.cause,
        "command_id": event.command_id.as_str(),
        "recorded_at": instant_text(event.recorded_at),
        "previous_hash": event.previous_hash,
        "hash": event.hash,
    })
    .to_string()
}

/// Writes the whole export and returns the position it reaches.
pub async fn export_jsonl<J: Journal, W: Write>(
    journal: &J,
    out: &mut W,
) -> Result<Position, ExportError> {
    let mut export = Export::start(journal).await?;
    while let Some(lines) = export.next_lines().await? {
        out.write_all(lines.as_bytes())
            .map_err(ExportError::Write)?;
    }
    out.flush().map_err(ExportError::Write)?;
    Ok(export.end)
}
