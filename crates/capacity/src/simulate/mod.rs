//! The discrete-event simulator: a call centre with several skills, on integer microseconds and seeded draws.
//!
//! [`Centre`] is the engine and knows no dice: whoever drives it brings calls with the talk they need and the patience
//! they have, and hears what became of them. [`run()`] drives it with Poisson arrivals over a profile of 15-minute
//! intervals; the rehearsal drives it with recorded calls. Waits of one queue are strongly correlated, so intervals come
//! from [`batch`] means, after a warm-up.

pub mod batch;
mod centre;
mod dice;
mod profile;
mod run;
mod time;

pub use centre::{Call, Centre, GROUPS_MAX, Observer, SKILLS_MAX, Skill, SkillMask};
pub use dice::Dice;
pub use profile::{Break, INTERVAL_US, Profile, Shift, people_on_phones};
pub use run::{Group, Load, Model, Span, Tally, run, run_by_skill};
pub use time::{micros, seconds};
