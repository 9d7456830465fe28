//! Model check: every interleaving of both parties, the clock, a press, a silent feed, a lost node and a lost database over the small
//! example, through the real `decide`, `apply`, `compile`, latch and `choose`.
//!
//! What is checked in every state: calls go out only at a share both parties signed under the epoch in force; after an
//! acknowledged press nothing goes out until both have signed anew, whatever the journal knew when; no share rises while the
//! guard hears nothing; and replaying what was
//! recorded gives the state. `SEGUE_MODEL_STATES` sets how many states are looked at (see `make model`).
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken model should stop the check"
)]

mod acts;
mod released;
mod world;

use acts::Act;
use stateright::{Checker, HasDiscoveries, Model, Property};
use world::World;

/// States looked at where nothing else is said: well under a minute.
const STATES: usize = 150_000;
/// Acts after the first state.
const DEPTH: usize = 14;

/// The small example from its passed gate on.
struct Transition;

impl Model for Transition {
    type State = World;
    type Action = Act;

    fn init_states(&self) -> Vec<World> {
        vec![World::at_the_gate()]
    }

    fn actions(&self, world: &World, acts: &mut Vec<Act>) {
        acts.extend(Act::ALL.iter().filter(|act| world.may(**act)));
    }

    fn next_state(&self, world: &World, act: Act) -> Option<World> {
        world.after(act)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            // I2, "never out without both signatures".
            Property::always("out only at a share both signed", |_, w: &World| {
                w.sends_out().is_none_or(|bp| bp <= w.signed_bp())
            }),
            // I7, "never kept out against a fallback".
            Property::always("home after a press until both sign anew", |_, w: &World| {
                !w.pressed || w.sends_out().is_none()
            }),
            // I1.
            Property::always(
                "every call has one side and ends somewhere",
                |_, w: &World| w.every_call_is_owned(),
            ),
            Property::always("what is recorded gives the state", |_, w: &World| {
                w.replays()
            }),
            Property::always("silence is never success", |_, w: &World| {
                !w.raised_in_silence
            }),
            // The world is not so small that nothing can go wrong.
            Property::sometimes("out at the last share", |_, w: &World| {
                w.sends_out() == Some(10_000)
            }),
            Property::sometimes(
                "raised between a press and its journalling",
                |_, w: &World| w.raised_while_pending,
            ),
            Property::sometimes("out again after a fallback", |_, w: &World| {
                w.presses > 0 && w.sends_out().is_some() && !w.pressed
            }),
            Property::sometimes("on the way out again after a silence", |_, w: &World| {
                w.silences > 0 && !w.silent && w.sends_out().is_some()
            }),
            Property::sometimes("home while the feed is silent", |_, w: &World| {
                w.silent && w.pressed
            }),
            Property::sometimes("home by a lapsed lease", |_, w: &World| w.is_cut_off()),
            Property::sometimes("restarted with a latch", |_, w: &World| {
                w.restarts > 0 && w.pressed
            }),
        ]
    }
}

#[test]
fn no_interleaving_sends_a_call_out_without_both_or_keeps_it_out_against_a_press() {
    let states = std::env::var("SEGUE_MODEL_STATES").ok();
    let states = states.map_or(STATES, |text| text.parse().expect("a number of states"));
    let checker = Transition
        .checker()
        .target_state_count(states)
        .target_max_depth(DEPTH)
        .finish_when(HasDiscoveries::AnyFailures)
        .threads(2)
        .spawn_bfs()
        .join();
    println!(
        "{} states, {} unique, depth {}",
        checker.state_count(),
        checker.unique_state_count(),
        checker.max_depth()
    );
    checker.assert_properties();
}
