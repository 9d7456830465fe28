//! What a line of a script asks for, once it has been read: something that runs in the world.

use crate::people;
use crate::seen::Seen;
use crate::trouble::{Done, Trouble};
use crate::world::World;
use segue_domain::Command;
use segue_example::Goal;
use std::pin::Pin;

/// A step under way.
pub(crate) type Running<'w> = Pin<Box<dyn Future<Output = Done> + Send + 'w>>;

/// One step.
pub(crate) struct Step {
    /// Does it.
    pub run: Box<dyn for<'w> FnOnce(&'w mut World) -> Running<'w> + Send>,
    /// Whether it asks for a refusal: a refusal that no line asks for fails the line that was refused.
    pub asks_for_refusal: bool,
}

/// A step, or what would have been understood.
pub(crate) type Read = Result<Step, String>;

/// Something that takes more than one command or look.
#[expect(
    clippy::unnecessary_wraps,
    reason = "every step is made where the words at a phrase's places are read, which may fail"
)]
pub(crate) fn act(run: impl for<'w> FnOnce(&'w mut World) -> Running<'w> + Send + 'static) -> Read {
    Ok(Step {
        run: Box::new(run),
        asks_for_refusal: false,
    })
}

/// A given state, by as many commands of the example's people as that takes.
pub(crate) fn reach(goal: Goal) -> Read {
    act(move |world| Box::pin(async move { world.walk(&goal).await }))
}

/// One command of one person.
pub(crate) fn sends(person: &str, command: impl Into<Command>) -> Read {
    let command = command.into();
    sends_with(person, move |_| Ok(command))
}

/// One command of one person that names what is so at that moment.
pub(crate) fn sends_with<C: Into<Command>>(
    person: &str,
    command: impl FnOnce(&Seen<'_>) -> Result<C, Trouble> + Send + 'static,
) -> Read {
    let by = people::read(person)?;
    act(move |world| {
        Box::pin(async move {
            let command = command(&world.see().await?)?.into();
            world.last = Some(world.ask(&by, command).await?);
            Ok(())
        })
    })
}

/// A comparison with what is so.
pub(crate) fn check(compare: impl FnOnce(&Seen<'_>) -> Done + Send + 'static) -> Read {
    act(move |world| Box::pin(async move { compare(&world.see().await?) }))
}

/// A comparison with the refusal that a line before led to.
pub(crate) fn check_refusal(compare: impl FnOnce(&Seen<'_>) -> Done + Send + 'static) -> Read {
    let step = check(compare)?;
    Ok(Step {
        asks_for_refusal: true,
        ..step
    })
}
