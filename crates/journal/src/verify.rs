//! Checks every fact of a journal against its chain and names the first one that does not fit.

use crate::chain::chain_hash;
use crate::event::{ChainHash, Position, READ_EVENTS_MAX, Recorded, StreamHead, StreamId, Version};
use crate::journal::{Corrupt, Journal, ReadError};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a check of the whole journal found (`segue journal verify`, keys fixed by the command line's contract).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether every fact fits.
    pub ok: bool,
    /// Facts that fit, up to the first that does not.
    pub events: u64,
    /// Position of the last fact that fits.
    pub position: Position,
    /// The newest good fact of each stream, to be compared with a copy held elsewhere.
    pub head: Vec<StreamHead>,
    /// The first that does not fit.
    pub first_bad: Option<FirstBad>,
}

/// The first fact that does not fit, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("position {position}: {wrong}")]
pub struct FirstBad {
    /// Where it is, or where it should be.
    pub position: Position,
    /// Its stream, where known.
    pub stream: Option<StreamId>,
    /// Its version, where known.
    pub version: Option<Version>,
    /// What is wrong, for programs.
    pub kind: Wrong,
    /// What is wrong, for people.
    pub wrong: String,
}

/// The ways a fact can fail to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    /// A position is missing.
    Gap,
    /// A version does not follow the one before it in its stream.
    Order,
    /// The link to the fact before it is another one's hash.
    Link,
    /// The content does not give the hash it carries.
    Hash,
    /// A column holds what Segue never writes.
    Field,
    /// The journal ends before facts it acknowledged.
    Truncated,
    /// A stream is not the one whose head was signed or noted earlier.
    Checkpoint,
}

/// A stream's head as someone noted it earlier, outside this database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The stream.
    pub stream: StreamId,
    /// The version noted.
    pub version: Version,
    /// The hash noted.
    pub hash: ChainHash,
}

/// Reads the whole journal as it stood at the start of the call, a page at a time, and checks it.
///
/// A row that cannot be read as a fact is a finding, not an error; `Err` means the database did not answer.
pub async fn verify<J: Journal>(
    journal: &J,
    checkpoints: &[Checkpoint],
) -> Result<Report, ReadError> {
    let end = journal.head().await?;
    let mut verifier = Verifier::new(checkpoints);
    let first_bad = match check_all(journal, end, &mut verifier).await {
        Ok(()) => verifier.finish(end).err(),
        Err(Stopped::Bad(bad)) => Some(bad),
        Err(Stopped::Read(error)) => return Err(error),
    };
    Ok(Report {
        ok: first_bad.is_none(),
        events: verifier.events,
        position: verifier.position,
        head: verifier.heads.into_values().collect(),
        first_bad,
    })
}

enum Stopped {
    Bad(FirstBad),
    Read(ReadError),
}

async fn check_all<J: Journal>(
    journal: &J,
    end: Position,
    verifier: &mut Verifier<'_>,
) -> Result<(), Stopped> {
    let mut page_events = READ_EVENTS_MAX;
    while verifier.position < end {
        let page = match journal.read(verifier.position, page_events).await {
            Ok(page) => page,
            // Step through the page with the damaged row one by one: an earlier fact may be wrong too.
            Err(ReadError::Corrupt(_)) if page_events > 1 => {
                page_events = 1;
                continue;
            }
            Err(ReadError::Corrupt(corrupt)) => return Err(Stopped::Bad(damaged(&corrupt))),
            Err(error) => return Err(Stopped::Read(error)),
        };
        if page.is_empty() {
            break;
        }
        for event in page.iter().take_while(|event| event.position <= end) {
            verifier.check(event).map_err(Stopped::Bad)?;
        }
        if page.last().is_some_and(|event| event.position > end) {
            break;
        }
    }
    Ok(())
}

fn damaged(corrupt: &Corrupt) -> FirstBad {
    FirstBad {
        position: corrupt.position,
        stream: None,
        version: None,
        kind: Wrong::Field,
        wrong: format!("its `{}` holds what Segue never writes", corrupt.field),
    }
}

/// Checks facts one after another, in the order of their positions.
#[derive(Debug)]
pub struct Verifier<'a> {
    checkpoints: &'a [Checkpoint],
    heads: BTreeMap<StreamId, StreamHead>,
    events: u64,
    position: Position,
}

impl<'a> Verifier<'a> {
    /// Starts before the first fact.
    pub fn new(checkpoints: &'a [Checkpoint]) -> Self {
        Self {
            checkpoints,
            heads: BTreeMap::new(),
            events: 0,
            position: Position(0),
        }
    }

    /// Checks the next fact.
    pub fn check(&mut self, event: &Recorded) -> Result<(), FirstBad> {
        let expected = Position(self.position.0 + 1);
        if event.position != expected {
            return Err(FirstBad {
                position: expected,
                stream: None,
                version: None,
                kind: Wrong::Gap,
                wrong: format!("it is missing; the next one here is {}", event.position),
            });
        }
        let (version, previous) = self
            .heads
            .get(&event.stream)
            .map_or((0, ChainHash::GENESIS), |head| (head.version.0, head.hash));
        if event.version.0 != version + 1 {
            let wrong = format!("version {} follows version {version}", event.version);
            return Err(bad(event, Wrong::Order, wrong));
        }
        if event.previous_hash != previous {
            let wrong = "it does not link to the fact before it in its stream".to_owned();
            return Err(bad(event, Wrong::Link, wrong));
        }
        if chain_hash(event) != event.hash {
            let wrong = "its content was changed after it was recorded".to_owned();
            return Err(bad(event, Wrong::Hash, wrong));
        }
        self.check_noted(event)?;
        self.events += 1;
        self.position = event.position;
        let head = StreamHead {
            stream: event.stream.clone(),
            version: event.version,
            position: event.position,
            hash: event.hash,
        };
        self.heads.insert(event.stream.clone(), head);
        Ok(())
    }

    fn check_noted(&self, event: &Recorded) -> Result<(), FirstBad> {
        let differs = self.checkpoints.iter().any(|noted| {
            noted.stream == event.stream
                && noted.version == event.version
                && noted.hash != event.hash
        });
        if differs {
            let wrong =
                "its hash is not the one noted earlier: the stream was rewritten".to_owned();
            return Err(bad(event, Wrong::Checkpoint, wrong));
        }
        Ok(())
    }

    /// Checks that nothing acknowledged or noted lies beyond the last fact seen.
    pub fn finish(&self, end: Position) -> Result<(), FirstBad> {
        if self.position < end {
            return Err(FirstBad {
                position: Position(self.position.0 + 1),
                stream: None,
                version: None,
                kind: Wrong::Truncated,
                wrong: format!("it is missing; facts up to position {end} were acknowledged"),
            });
        }
        for noted in self.checkpoints {
            let version = self
                .heads
                .get(&noted.stream)
                .map_or(0, |head| head.version.0);
            if version < noted.version.0 {
                let wrong = format!(
                    "`{}` ends at version {version}, but version {} was noted earlier: facts were cut off",
                    noted.stream, noted.version
                );
                return Err(FirstBad {
                    position: Position(self.position.0 + 1),
                    stream: Some(noted.stream.clone()),
                    version: Some(Version(version + 1)),
                    kind: Wrong::Checkpoint,
                    wrong,
                });
            }
        }
        Ok(())
    }
}

fn bad(event: &Recorded, kind: Wrong, wrong: String) -> FirstBad {
    FirstBad {
        position: event.position,
        stream: Some(event.stream.clone()),
        version: Some(event.version),
        kind,
        wrong,
    }
}
