//! What a planned share or start becomes on the mechanism that moves the calls.

use super::{Phrase, then, when};
use crate::steps::{Read, act, check};
use crate::trouble::{Done, contains, same, wanting};
use crate::words::{local, mechanism, number, quoted};
use segue_domain::share::TrafficShare;
use segue_routing::mechanism::{Instructions, NotPossible, Start, plan_share, plan_start};

pub(super) const PHRASES: &[Phrase] = &[
    when("{n} % is planned on {mechanism}", |w| {
        let share = TrafficShare::from_percent(number(w[0])?);
        let share = share.ok_or_else(|| format!("`{}` should be a percent 0–100", w[0]))?;
        plans(plan_share(mechanism(w[1])?, share))
    }),
    when("a start at {date} {time} is planned on {mechanism}", |w| {
        plans(plan_start(mechanism(w[2])?, Start::At(local(w[0], w[1])?)))
    }),
    when("a start NOW is planned on {mechanism}", |w| {
        plans(plan_start(mechanism(w[0])?, Start::Now))
    }),
    then("it compiles to {\"text\"}", |w| {
        let text = quoted(w[0])?;
        check_plan(move |plan| match plan {
            Ok(instructions) => contains(&instructions.to_string(), &text),
            Err(answer) => Err(wanting(text, answer.to_string())),
        })
    }),
    then("it offers {\"text\"}", |w| {
        let text = quoted(w[0])?;
        check_plan(move |plan| match plan {
            Err(answer) => same(text, answer.offers_text()),
            Ok(instructions) => Err(wanting(text, instructions.to_string())),
        })
    }),
];

type Planned = Result<Instructions, NotPossible>;

fn plans(planned: Planned) -> Read {
    act(move |world| {
        Box::pin(async move {
            world.planned = Some(planned);
            Ok(())
        })
    })
}

fn check_plan(compare: impl FnOnce(&Planned) -> Done + Send + 'static) -> Read {
    check(move |seen| match &seen.world.planned {
        Some(planned) => compare(planned),
        None => Err(wanting("something planned on a mechanism", "nothing was")),
    })
}
