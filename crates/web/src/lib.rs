//! Pages, JSON API and live updates of Segue.
//!
//! The room knows nothing of journals, tables or SIP: the binary implements [`Console`] and hands
//! over a [`view::LiveView`]; this room turns it into pages that work without script, keeps them
//! fresh over one event stream, and passes acts back. The home control is on every page.

#![forbid(unsafe_code)]

pub mod account;
mod api;
mod assets;
pub mod calendar;
mod console;
pub mod discovery;
pub mod draft;
mod events;
mod finding;
mod format;
pub mod nodes;
mod page;
pub mod parity;
mod router;
mod runbook;
mod secret;
mod serve;
mod session;
pub mod sign;
pub mod sign_on;
mod state;
mod track;
pub mod view;
pub mod week;

pub use console::{
    ActError, BoardKind, BoardRequest, BoardView, Console, Credentials, Door, EligibilityAnswer,
    EligibilityRequest, EventBatch, FallbackAnswer, FallbackRequest, IngestAnswer, IngestError,
    Person, QuarantinedRow, SCOPE_ALL, SignIn, Submission,
};
pub use router::router;
pub use runbook::{Runbook, RunbookChunk, RunbookNumber};
pub use secret::NoRandom;
pub use serve::{Doorway, Peer, serve};
pub use state::{App, Settings};
