//! Model check: every interleaving of the move, presses, time, and human resources who let people go. While a door is
//! not `closed`, nobody whom its agreed minimum needs has gone (§7.8: "never home into a centre released before `closed`").

use crate::world;
use jiff::{SignedDuration, Timestamp};
use segue_domain::chunks::ChunkState;
use segue_domain::fallback::Fallback;
use segue_domain::ids::{ChunkId, StaffId};
use segue_domain::people::paths::StaffPath;
use segue_domain::people::separations::{CarryOutSeparation, ConfirmSeparation, PlanSeparation};
use segue_domain::{Actor, Command, Role, Side, Transition, apply, canonical, decide};
use segue_example::{Goal, MOVES_MAX, Move, of};
use stateright::{Checker, HasDiscoveries, Model, Property};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

const STATES: usize = 6_000;
const DEPTH: usize = 12;
/// The three who take messages by day; two must be there.
const STAFF: [&str; 3] = ["MS-D1", "MS-D2", "MS-D3"];
const PRESSES_MAX: u8 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Act {
    /// The move goes as far as it can today.
    Forward,
    /// A day, or as long as the move has to wait.
    Wait,
    /// A duty manager brings calls home.
    Press,
    /// Human resources plans that somebody goes, in so many days.
    Plan(usize, i64),
    /// Counsel confirms.
    Confirm(usize),
    /// The person goes.
    Go(usize),
}

#[derive(Clone)]
struct Centre {
    t: Arc<Transition>,
    now: Timestamp,
    presses: u8,
}

impl Centre {
    fn key(&self) -> String {
        let t = &self.t;
        let state = canonical::json(&(&t.chunks, &t.steps, &t.people.separations, &t.gates));
        format!("{state}{:?}{}", self.now, self.presses)
    }

    fn does(&mut self, actor: &Actor, command: impl Into<Command>) -> bool {
        let Ok(events) = decide(&self.t, &command.into(), actor, self.now) else {
            return false;
        };
        for event in &events {
            apply(Arc::make_mut(&mut self.t), event);
        }
        !events.is_empty()
    }

    /// What the example's people do next on the way to the closed door.
    fn next_move(&self) -> Option<Move> {
        world::example().next(&self.t, &Goal::Closed(world::chunk()), self.now)
    }

    fn forward(&mut self) -> bool {
        let mut moved = false;
        for _ in 0..MOVES_MAX {
            let Some(Move::Say(said)) = self.next_move() else {
                break;
            };
            if !self.does(&said.0, said.1) {
                break;
            }
            moved = true;
        }
        moved
    }

    fn wait(&mut self) {
        let day = self.now + SignedDuration::from_hours(24);
        self.now = match self.next_move() {
            Some(Move::Wait(at)) => at.max(day),
            _ => day,
        };
    }

    fn plan(&mut self, who: usize, days: i64) -> bool {
        let on = self.now + SignedDuration::from_hours(24 * days);
        let plan = PlanSeparation {
            staff: StaffId::from(STAFF[who]),
            on: self.t.day_at(&"RVS-Main".into(), on),
            path: StaffPath::Reassign,
        };
        self.does(&hr(), plan)
    }

    /// Those of the three who have not gone.
    fn there(&self) -> usize {
        let gone = |id: &&&str| {
            let separation = self.t.people.separations.get(&StaffId::from(**id));
            separation.is_some_and(|s| s.carried_out.is_some())
        };
        STAFF.len() - STAFF.iter().filter(gone).count()
    }

    fn state(&self) -> &ChunkState {
        let id: ChunkId = world::chunk();
        &self.t.chunks[&id].state
    }

    fn is_closed(&self) -> bool {
        *self.state() == ChunkState::Closed
    }

    fn needed(&self) -> usize {
        let minimums = self.t.people.minimums.agreed.iter();
        let by_day = minimums.filter(|m| m.cover.shift.as_str() == "days");
        by_day.map(|m| m.need as usize).max().unwrap_or(0)
    }
}

fn hr() -> Actor {
    of(Side::Client, Role::HumanResources)
}

impl fmt::Debug for Centre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (state, there) = (self.state().words(), self.there());
        write!(f, "{} {state}, {there} there", self.now)
    }
}

impl Hash for Centre {
    fn hash<H: Hasher>(&self, to: &mut H) {
        self.key().hash(to);
    }
}

impl PartialEq for Centre {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

struct Letting;

impl Model for Letting {
    type State = Centre;
    type Action = Act;

    fn init_states(&self) -> Vec<Centre> {
        let (t, now) = world::World::at_the_gate().into_parts();
        vec![Centre { t, now, presses: 0 }]
    }

    fn actions(&self, centre: &Centre, acts: &mut Vec<Act>) {
        acts.extend([Act::Forward, Act::Wait]);
        if centre.presses < PRESSES_MAX {
            acts.push(Act::Press);
        }
        for who in 0..STAFF.len() {
            acts.extend([Act::Plan(who, 1), Act::Plan(who, 60)]);
            acts.extend([Act::Confirm(who), Act::Go(who)]);
        }
    }

    fn next_state(&self, centre: &Centre, act: Act) -> Option<Centre> {
        let mut next = centre.clone();
        let changed = match act {
            Act::Forward => next.forward(),
            Act::Wait => {
                next.wait();
                true
            }
            Act::Press => {
                next.presses += 1;
                next.does(&of(Side::Client, Role::Duty), Fallback::of("all", "model"))
            }
            Act::Plan(who, days) => next.plan(who, days),
            Act::Confirm(who) => {
                let confirm = ConfirmSeparation {
                    staff: STAFF[who].into(),
                    reference: "binder 3".into(),
                };
                next.does(&hr(), confirm)
            }
            Act::Go(who) => {
                let staff = STAFF[who].into();
                next.does(&hr(), CarryOutSeparation { staff })
            }
        };
        changed.then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(
                "home is never a centre released before `closed`",
                |_, c: &Centre| c.is_closed() || c.there() >= c.needed(),
            ),
            Property::sometimes("one may go while two stay", |_, c: &Centre| {
                !c.is_closed() && c.there() == 2
            }),
            Property::sometimes("out with one gone", |_, c: &Centre| {
                *c.state() == ChunkState::Live && c.there() == 2
            }),
            Property::sometimes("closed", |_, c: &Centre| c.is_closed()),
        ]
    }
}

#[test]
fn nobody_whom_the_door_needs_has_gone_before_it_is_closed() {
    let checker = Letting
        .checker()
        .target_state_count(STATES)
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
