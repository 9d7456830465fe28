//! Both centres and the last resort, a transition that is live between them, and `segue serve` over it.

use super::centre::Centre;
use super::serve::Serving;
use super::world::{Targets, World};

/// Everything a call may meet.
pub(crate) struct Stage {
    pub(crate) in_house: Centre,
    pub(crate) outsourced: Centre,
    pub(crate) last: Centre,
    pub(crate) world: World,
    pub(crate) serving: Serving,
}

impl Stage {
    /// The chunk is live at the first of the agreed steps.
    pub(crate) fn live(steps_percent: &[u8]) -> Self {
        Self::of(|targets| World::live(targets, steps_percent))
    }

    /// The same in another world.
    pub(crate) fn of(world: impl FnOnce(Targets) -> World) -> Self {
        let in_house = Centre::at([127, 0, 0, 2]);
        let outsourced = Centre::at([127, 0, 0, 3]);
        let last = Centre::at([127, 0, 0, 4]);
        let targets = Targets {
            in_house: in_house.addr,
            outsourced: outsourced.addr,
            last_resort: last.addr,
        };
        let world = world(targets);
        let serving = Serving::start(&world.data());
        Self {
            in_house,
            outsourced,
            last,
            world,
            serving,
        }
    }
}
