//! The journal: which facts it holds, and that it is whole.

use super::{Phrase, then};
use crate::steps::{Read, act, check};
use crate::trouble::{holds, same, wanting};
use crate::words::{fact, number};

pub(super) const PHRASES: &[Phrase] = &[
    then("the journal holds a refused attempt", |_| {
        holds_facts("command_refused", 1)
    }),
    then("the journal holds {n} refused attempts", |w| {
        holds_facts("command_refused", number(w[0])?)
    }),
    then("the journal holds {n} {fact}", |w| {
        holds_facts(fact(w[1])?, number(w[0])?)
    }),
    then("the journal verifies", |_| {
        act(|world| {
            Box::pin(async move {
                match world.first_bad().await? {
                    None => Ok(()),
                    Some(bad) => Err(wanting("a journal that verifies", bad)),
                }
            })
        })
    }),
    then("replaying the journal gives the same state", |_| {
        act(|world| {
            Box::pin(async move {
                let same = world.replayed().await? == *world.state().await?;
                holds(same, "the same state from the facts alone", "another state")
            })
        })
    }),
];

/// The journal holds that many facts of a kind.
pub(super) fn holds_facts(kind: &'static str, count: usize) -> Read {
    check(move |seen| {
        let found = seen.facts.iter().filter(|f| f.name() == kind).count();
        same(format!("{count} × {kind}"), format!("{found} × {kind}"))
    })
}
