//! What nodes of one transition tell each other, and how long each may send calls out. No socket, no clock, no disk.
//!
//! The voters are the nodes and the journal. A node sends out only while it has heard a majority of them within the fence
//! time, itself included, and the journal within the authority lease. A press counts as complete once a majority of them
//! holds it. Two majorities share a voter, and a voter that holds a press says so in every later word: so after the fence
//! time no node sends out what a complete press brought home, whatever the network does. Words are counted from the moment
//! they were asked for, on the asker's own monotonic clock: a late answer proves nothing new, and no two clocks are compared.
#![forbid(unsafe_code)]

mod room;
mod window;
mod word;

pub use room::{Peer, Reach, Room, Settings, Standing};
pub use window::Window;
pub use word::{Apart, Open, Word};
