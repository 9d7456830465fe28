//! One centre at a time (A15, I4).

use crate::chunks::ChunkState;
use crate::ids::{ChunkId, SiteId};
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;

/// Live chunks of other sites that are neither accepted nor returned; one that is paused with every call at home counts as
/// returned.
pub fn active_elsewhere<'a>(
    t: &'a Transition,
    site: &'a SiteId,
) -> impl Iterator<Item = &'a ChunkId> {
    t.chunks
        .iter()
        .filter(move |(_, c)| {
            c.planned.site != *site
                && c.state == ChunkState::Live
                && (c.paused.is_none() || c.share.is_out())
        })
        .map(|(id, _)| id)
}

pub(crate) fn check(t: &Transition, site: &SiteId) -> Result<(), Refusal> {
    let active: Vec<_> = active_elsewhere(t, site)
        .map(|id| format!("{id} live"))
        .collect();
    if active.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(Code::SiteSerial)
        .missing_all(active)
        .who("both parties")
        .how("accept the chunk named or bring it home (a pause alone is not enough); then the next centre opens"))
}
