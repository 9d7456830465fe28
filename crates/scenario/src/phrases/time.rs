//! Time: it only moves when the script says so, and never back.

use super::{Phrase, when};
use crate::steps::act;
use crate::trouble::wanting;
use crate::words::{instant, span};

pub(super) const PHRASES: &[Phrase] = &[
    when("it is {date} {time} {zone}", |w| {
        let at = instant(w[0], w[1], w[2])?;
        act(move |world| {
            Box::pin(async move {
                if at < world.now {
                    let expected = format!("{at} to be now or later");
                    return Err(wanting(expected, format!("it is {}", world.now)));
                }
                world.now = at;
                Ok(())
            })
        })
    }),
    when("{n} {days|hours|minutes} pass", |w| {
        let span = span(w[0], w[1])?;
        act(move |world| {
            Box::pin(async move {
                let later = world.now.checked_add(span);
                world.now = later.map_err(|e| wanting("a time on the calendar", e.to_string()))?;
                Ok(())
            })
        })
    }),
];
