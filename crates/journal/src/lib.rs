//! Append and read hash-chained facts, keep call facts and accounts beside them, and give every command one way in.
//!
//! The journal knows streams, versions, kinds and canonical bodies; what a fact means is the domain's affair.
#![forbid(unsafe_code)]

pub mod accounts;
mod chain;
pub mod checkpoint;
mod database;
mod desk;
mod event;
mod export;
pub mod facts;
mod journal;
pub mod migrate;
mod sql_journal;
mod verify;

pub use chain::chain_hash;
pub use database::{OpenError, Place, Trouble, Unavailable};
pub use desk::{Answer, Desk, DeskError, EVENT_SCHEMA, Request, Unreadable, read_event};
pub use event::{
    APPEND_EVENTS_MAX, BODY_BYTES_MAX, Body, ChainHash, CommandId, InvalidName, NAME_BYTES_MAX,
    NewEvent, Position, READ_EVENTS_MAX, Recorded, StreamHead, StreamId, Version, canonical_json,
    instant_text,
};
pub use export::{Export, ExportError, export_jsonl};
pub use journal::{
    Append, AppendError, CommandRecord, Corrupt, Journal, Outcome, ReadError, STREAMS_MAX,
};
pub use sql_journal::SqlJournal;
pub use verify::{Checkpoint, FirstBad, Report, Verifier, Wrong, verify};
