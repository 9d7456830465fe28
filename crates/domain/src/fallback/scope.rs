//! What a fallback covers: everything, a site or a chunk.

use super::door_closed;
use crate::chunks::{Chunk, ChunkState};
use crate::ids::{ChunkId, SiteId};
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use std::fmt;

/// What a fallback covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every chunk.
    All,
    /// Every chunk of a site.
    Site(SiteId),
    /// One chunk.
    Chunk(ChunkId),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Site(site) => site.fmt(f),
            Self::Chunk(chunk) => chunk.fmt(f),
        }
    }
}

impl Scope {
    /// Reads `all`, a site or a chunk.
    ///
    /// # Errors
    /// `UNKNOWN`, naming what can be said.
    pub fn read(t: &Transition, text: &str) -> Result<Self, Refusal> {
        if text.eq_ignore_ascii_case("all") {
            return Ok(Self::All);
        }
        if let Some(site) = t.sites.iter().find(|site| site.id.as_str() == text) {
            return Ok(Self::Site(site.id.clone()));
        }
        if t.chunks.contains_key(&ChunkId::from(text)) {
            return Ok(Self::Chunk(text.into()));
        }
        let known: Vec<_> = t
            .sites
            .iter()
            .map(|s| s.id.to_string())
            .chain(t.chunks.keys().map(ToString::to_string))
            .collect();
        Err(Refusal::new(Code::Unknown)
            .missing(format!("a scope named `{text}`"))
            .how(format!("say `all`, or one of: {}", known.join(", "))))
    }

    /// The same for somebody who brings it home: from one closed chunk there is no way.
    pub(crate) fn with_open_door(t: &Transition, text: &str) -> Result<Self, Refusal> {
        let scope = Self::read(t, text)?;
        match &scope {
            Self::Chunk(id) if t.chunk(id).is_some_and(|c| c.state == ChunkState::Closed) => {
                Err(door_closed(id))
            }
            _ => Ok(scope),
        }
    }

    /// Whether a chunk is covered.
    pub fn covers(&self, id: &ChunkId, chunk: &Chunk) -> bool {
        match self {
            Self::All => true,
            Self::Site(site) => chunk.planned.site == *site,
            Self::Chunk(own) => own == id,
        }
    }
}
