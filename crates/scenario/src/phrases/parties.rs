//! The parties and how the transition is created.

use super::{Phrase, given, then, when};
use crate::steps::{act, check, reach, sends_with};
use crate::trouble::{same, wanting};
use crate::words::rung;
use segue_domain::schedule::rush::Floors;
use segue_domain::soak::Soak;
use segue_example::Goal;

pub(super) const PHRASES: &[Phrase] = &[
    given("the Riverside fixture", |_| reach(Goal::Created)),
    given("the Riverside fixture in terms without floor times", |_| {
        act(|world| {
            Box::pin(async move {
                let terms = &mut world.example.create.terms;
                terms.floors = Floors::none();
                terms.soak = Soak::none();
                world.walk(&Goal::Created).await
            })
        })
    }),
    when(
        "{person} creates the transition with {type} ranked as {rung}",
        |w| {
            let (call_type, rung) = (w[1].to_owned(), rung(w[2])?);
            sends_with(w[0], move |seen| {
                let mut create = seen.world.example.create.clone();
                let mut types = create.call_types.iter_mut();
                let found = types.find(|k| k.id.as_str() == call_type);
                let expected = || format!("call type {call_type} in the example");
                found
                    .ok_or_else(|| wanting(expected(), "no such type"))?
                    .placed_on = Some(rung);
                Ok(create)
            })
        },
    ),
    then("the phase is {phase}", |w| {
        let phase = w[0].to_owned();
        check(move |seen| {
            let is = serde_json::to_value(seen.state.phase()).unwrap_or_default();
            same(phase, is.as_str().unwrap_or_default())
        })
    }),
];
