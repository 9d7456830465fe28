//! The observation at the last step, before anybody accepts.

use crate::way::{Move, Scene};
use segue_domain::chunks::Chunk;
use segue_domain::soak;

/// Waits for the end of the soak.
pub(crate) fn over(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    let until = soak::until(scene.t, chunk)?;
    (scene.now < until).then_some(Move::Wait(until))
}
