//! Routing changes: steps and shares.

use super::{Phrase, given, then, when};
use crate::sign;
use crate::steps::{Read, act, check, sends, sends_with};
use crate::trouble::{holds, same};
use crate::words::{chunk, number, state};
use segue_domain::ids::ChunkId;
use segue_domain::routing_changes::{ApproveStep, LowerShare, ProposeStep};
use segue_domain::share::ShareInput;
use segue_domain::{Role, Side};
use segue_example::Goal;
use serde_json::Value;

pub(super) const PHRASES: &[Phrase] = &[
    given("{chunk} live at {n} %", |w| {
        live(chunk(w[0])?, number(w[1])?)
    }),
    when("{person} proposes a step of {chunk} to {share}", |w| {
        let (chunk, share_percent) = (chunk(w[1])?, typed(w[2]));
        let step = ProposeStep {
            chunk,
            share_percent,
        };
        sends(w[0], step)
    }),
    when("{person} approves the step", |w| {
        sends_with(w[0], |seen| {
            Ok(ApproveStep {
                step: seen.newest_step()?,
                signature: sign::later(),
            })
        })
    }),
    when("both directors approve the step", |_| both_approve()),
    when("{person} lowers {chunk} to {share}", |w| {
        let (chunk, share_percent) = (chunk(w[1])?, typed(w[2]));
        let lower = LowerShare {
            chunk,
            share_percent,
        };
        sends(w[0], lower)
    }),
    then("{chunk} is home", |w| {
        let id = chunk(w[0])?;
        check(move |seen| {
            let chunk = seen.chunk(&id)?;
            let (is, share) = (chunk.words(), chunk.share.percent());
            let home = share == 0 && !chunk.is_out();
            holds(home, format!("{id} at home"), format!("{is} at {share} %"))
        })
    }),
    then("{chunk} is {state} at {n} %", |w| {
        let (id, state, percent): (_, _, u8) = (chunk(w[0])?, state(w[1])?, number(w[2])?);
        check(move |seen| {
            let chunk = seen.chunk(&id)?;
            let (is, share) = (chunk.words(), chunk.share.percent());
            same(
                format!("{id} {state} at {percent} %"),
                format!("{id} {is} at {share} %"),
            )
        })
    }),
    then("{chunk} is {state}", |w| {
        let (id, state) = (chunk(w[0])?, state(w[1])?);
        check(move |seen| {
            let is = seen.chunk(&id)?.words();
            same(format!("{id} {state}"), format!("{id} {is}"))
        })
    }),
];

fn live(id: ChunkId, percent: u8) -> Read {
    act(move |world| {
        Box::pin(async move {
            world.walk(&Goal::Live(id.clone(), percent)).await?;
            let seen = world.see().await?;
            let share = seen.chunk(&id)?.share.percent();
            holds(
                share == percent,
                format!("{percent} % among the agreed steps of {id}"),
                format!("{share} % is the nearest below"),
            )
        })
    })
}

fn both_approve() -> Read {
    act(move |world| {
        Box::pin(async move {
            let step = world.see().await?.newest_step()?;
            for side in Side::BOTH {
                let director = segue_example::of(side, Role::Signatory);
                let (step, signature) = (step.clone(), sign::later());
                world
                    .must(&director, ApproveStep { step, signature })
                    .await?;
            }
            Ok(())
        })
    })
}

/// A share as typed: a number where it reads as one, else a text.
fn typed(share: &str) -> ShareInput {
    ShareInput(serde_json::from_str(share).unwrap_or_else(|_| Value::from(share)))
}
