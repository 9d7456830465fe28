//! The joint schedule: versions, signatures, differences.

mod changes;

use super::{Phrase, given, then, when};
use crate::sign;
use crate::steps::{Read, act, check, reach, sends, sends_with};
use crate::trouble::{Done, contains, holds, wanting};
use crate::words::{chunk, date, number, quoted};
use changes::{begins, in_windows, ramp, step_on, twins};
use segue_domain::Transition;
use segue_domain::schedule::{Plan, ProposePlan, SignPlan};
use segue_example::Goal;

pub(super) const PHRASES: &[Phrase] = &[
    given("the plan at version {n}", |w| at_version(number(w[0])?)),
    given("the plan agreed by both", |_| reach(Goal::Agreed)),
    given(
        "the plan agreed by both, {chunk} in steps of {n}, {n} and {n} %",
        |w| {
            let chunk = chunk(w[0])?;
            let shares = [number(w[1])?, number(w[2])?, number(w[3])?];
            act(move |world| {
                Box::pin(async move {
                    ramp(&mut world.example.plan, &chunk, &shares)?;
                    world.walk(&Goal::Agreed).await
                })
            })
        },
    ),
    when("{person} proposes the plan", |w| proposes(w[0], |_| Ok(()))),
    when(
        "{person} proposes the plan with {chunk} from {date} and {chunk} from {date}",
        |w| {
            let (one, other) = (chunk(w[1])?, chunk(w[3])?);
            let (first, second) = (date(w[2])?, date(w[4])?);
            proposes(w[0], move |plan| {
                begins(plan, &one, first)?;
                begins(plan, &other, second)
            })
        },
    ),
    when(
        "{person} proposes the plan with step {n} of {chunk} on {date}",
        |w| {
            let (n, chunk, on) = (number(w[1])?, chunk(w[2])?, date(w[3])?);
            proposes(w[0], move |plan| step_on(plan, &chunk, n, on))
        },
    ),
    when(
        "{person} proposes the plan with {chunk} twice, at {n} % and {n} %",
        |w| {
            let (chunk, shares) = (chunk(w[1])?, [number(w[2])?, number(w[3])?]);
            proposes(w[0], move |plan| twins(plan, &chunk, shares))
        },
    ),
    when(
        "{person} proposes the plan with {chunk} in windows {\"window\"} and {\"window\"}",
        |w| {
            let (chunk, windows) = (chunk(w[1])?, [quoted(w[2])?, quoted(w[3])?]);
            proposes(w[0], move |plan| in_windows(plan, &chunk, &windows))
        },
    ),
    when("{person} signs version {n}", |w| {
        let (version, signature) = (number(w[1])?, sign::later());
        sends(w[0], SignPlan { version, signature })
    }),
    then("two signatures, no agreement", |_| {
        stands("two signatures, no agreement".into())
    }),
    then("the schedule says {\"text\"}", |w| stands(quoted(w[0])?)),
    then(
        "the diff from version {n} to version {n} shows {n} change, {\"text\"}",
        |w| differs(w, quoted(w[3])?),
    ),
    then(
        "the diff from version {n} to version {n} shows {n} changes",
        |w| differs(w, String::new()),
    ),
];

fn at_version(version: u32) -> Read {
    act(move |world| {
        Box::pin(async move {
            world.walk(&Goal::Proposed).await?;
            while newest(&*world.state().await?) < version {
                let (manager, again) = world.example.proposal();
                world.must(&manager, again).await?;
            }
            Ok(())
        })
    })
}

fn newest(state: &Transition) -> u32 {
    let newest = state.schedule.newest();
    newest.map_or(0, |version| version.proposed.version)
}

/// Proposes the newest plan, or the example's when there is none, with a change.
fn proposes(person: &str, change: impl FnOnce(&mut Plan) -> Done + Send + 'static) -> Read {
    sends_with(person, move |seen| {
        let newest = seen
            .state
            .schedule
            .newest()
            .map(|version| &version.proposed);
        let example = || seen.world.example.plan.clone();
        let mut plan = newest.map_or_else(example, |proposed| proposed.plan.clone());
        change(&mut plan)?;
        Ok(ProposePlan {
            plan,
            counter_to: newest.map(|proposed| proposed.version),
            reason: "as discussed".into(),
            terms: None,
        })
    })
}

fn stands(says: String) -> Read {
    check(move |seen| contains(&seen.state.schedule.standing(), &says))
}

fn differs(w: &[&str], says: String) -> Read {
    let (from, to): (u32, u32) = (number(w[0])?, number(w[1])?);
    let changes: usize = number(w[2])?;
    check(move |seen| {
        let version = |n| {
            let found = seen.state.schedule.version(n);
            found.ok_or_else(|| wanting(format!("a version {n}"), "no such version"))
        };
        let found = version(from)?.diff(version(to)?);
        let came = format!("{} changes: {}", found.len(), found.join("; "));
        let expected = format!("{changes} changes");
        holds(found.len() == changes, expected, came.as_str())?;
        let named = says.is_empty() || found.iter().any(|line| line.contains(&says));
        holds(named, says, came)
    })
}
