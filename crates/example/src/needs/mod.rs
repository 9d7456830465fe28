//! What each concern needs before the story can go on: one file per concern of the trade, one entry per list.

mod agent_maturity;
mod baseline;
mod compliance;
mod contingency;
mod culture;
mod discovery;
mod evidence;
mod knowledge;
mod licences;
mod manager;
mod people;
mod quality;
mod resource_access;
mod roster;
mod soak;
mod staffing;
mod telephony;
mod test_calls;
mod training;
mod waivers;

use crate::way::{Move, Scene};
use segue_domain::chunks::Chunk;

/// Says what is done next for a concern, or nothing when it has all it needs.
pub(crate) type Need = fn(&Scene<'_>) -> Option<Move>;
/// The same for one chunk.
pub(crate) type ChunkNeed = fn(&Scene<'_>, &Chunk) -> Option<Move>;

/// Right after creation, before discovery opens.
#[rustfmt::skip] // one line per concern
pub(crate) const BEFORE_DISCOVERY: &[Need] = &[
    compliance::agreement,
];

/// After discovery opened, before it is signed.
#[rustfmt::skip] // one line per concern
pub(crate) const BEFORE_DISCOVERY_SIGNED: &[Need] = &[
    discovery::flows,
    discovery::numbers,
    discovery::reports,
    discovery::classified,
    discovery::call_types,
    resource_access::declared,
    baseline::recorded,
    knowledge::captured,
    compliance::callers,
    discovery::experience,
    manager::present,
    culture::segments,
    culture::traits,
    culture::practices,
    culture::profiles,
];

/// Before a plan is proposed.
#[rustfmt::skip] // one line per concern
pub(crate) const BEFORE_PLAN: &[Need] = &[
    compliance::records,
    licences::licensed,
    waivers::signed,
    people::ready,
];

/// Before the gate of a chunk is signed, and again before each step: evidence grows old.
#[rustfmt::skip] // one line per concern
pub(crate) const BEFORE_GATE: &[ChunkNeed] = &[
    |scene, _| knowledge::captured(scene),
    |scene, _| compliance::records(scene),
    |scene, _| licences::licensed(scene),
    people::ready_for,
    evidence::legs,
    manager::forecast,
    contingency::plan,
    contingency::drill,
    contingency::escalation,
    contingency::last_resort,
    |scene, _| roster::filled(scene),
    training::verified,
    |scene, _| resource_access::declared(scene),
    resource_access::proved,
    agent_maturity::grown,
    telephony::checked,
    |scene, _| test_calls::cards_written(scene),
    test_calls::callers_named,
    test_calls::cells_covered,
    test_calls::second_caller,
    contingency::triggers,
    contingency::open_work,
    culture::acknowledged,
    staffing::frozen,
];

/// Before a chunk's next step is proposed, beside the gate.
#[rustfmt::skip] // one line per concern
pub(crate) const BEFORE_STEP: &[ChunkNeed] = &[
];

/// Before acceptance of a chunk is proposed.
#[rustfmt::skip] // one line per concern
pub(crate) const BEFORE_ACCEPTANCE: &[ChunkNeed] = &[
    quality::reviewed,
    soak::over,
];

/// Before the door of a chunk is closed.
#[rustfmt::skip] // one line per concern
pub(crate) const BEFORE_CLOSURE: &[ChunkNeed] = &[
    quality::rated,
];

/// The first need that is not met.
pub(crate) fn first(needs: &[Need], scene: &Scene<'_>) -> Option<Move> {
    needs.iter().find_map(|need| need(scene))
}

/// The first need of a chunk that is not met.
pub(crate) fn first_of(needs: &[ChunkNeed], scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    needs.iter().find_map(|need| need(scene, chunk))
}
