//! Testing before trusting (A19, A22–A28): what must be proved before a call goes out.

mod agent_maturity;
mod dial_in;
mod resource_access;
pub(crate) mod resource_probes;
mod telephony_checks;
mod test_calls;
mod training;

use crate::support::Story;
use segue_domain::{Actor, Side, gates};

const MSG: &str = "RVS-Main/MSG";
const APPT: &str = "RVS-Main/APPT";
const TRIAGE: &str = "RVS-Main/TRIAGE";

/// Each kind of fact of these concerns.
pub(crate) fn history() -> Story {
    test_calls::history()
}

/// Everything the gate of the chunk asks for is proved.
fn proved(chunk: &str) -> Story {
    let mut story = Story::agreed();
    story.proves(chunk);
    assert_eq!(red(&story, chunk), [""; 0]);
    story
}

fn red(story: &Story, chunk: &str) -> Vec<String> {
    gates::red(&story.t, &chunk.into(), story.now)
}

/// A board as lines: its rows with bars between the cells, then its notes.
fn board(story: &Story, name: &str, reader: &Actor) -> Vec<String> {
    story.lines(name, reader)
}

fn quality() -> Actor {
    segue_example::of(Side::Client, segue_domain::Role::Quality)
}
