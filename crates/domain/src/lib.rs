//! The transition: what happened (events), what is allowed (`decide`), and why not (refusals).
//!
//! Pure: no I/O, no clock, no dice. Time and signatures come in as data. One file per concern of the
//! trade, each holding its commands, its events, its rules and its part of the state.
#![forbid(unsafe_code)]

pub mod acceptance;
pub mod account_manager;
pub mod actor;
pub mod agent_maturity;
pub mod agent_readiness;
pub mod agents;
pub mod baseline;
pub mod basis_points;
pub mod boards;
pub mod business_case;
pub mod calendar;
pub mod caller;
pub mod canonical;
pub mod capacity;
pub mod caps;
pub mod certificate;
pub mod chunk_weeks;
pub mod chunks;
pub mod clean_calls;
pub mod command;
pub mod compliance;
pub mod contingency;
pub mod covering;
pub mod culture;
pub mod discovery;
pub mod dispatch;
pub mod dissent;
pub mod event;
pub mod fallback;
pub mod fields;
pub mod gates;
pub mod hazard_log;
pub mod headaches;
pub mod hold;
pub mod ids;
pub mod issues;
pub mod knowledge;
pub mod kudos;
pub mod ladder;
pub mod legal_tables;
pub mod licences;
pub mod lines;
pub mod nodes;
pub mod overlap;
pub mod parity;
pub mod parties;
pub mod pauses;
pub mod people;
pub mod phases;
pub mod preparation;
pub mod proof;
pub mod pulse;
pub mod qa;
pub mod ramp;
pub mod refusal;
pub mod resource_access;
pub mod routing_changes;
pub mod schedule;
pub mod scorecard;
pub mod share;
pub mod shared_agents;
pub mod signature;
pub mod site_serial;
pub mod soak;
pub mod staffing;
pub mod suggestions;
pub mod telephony_checks;
pub mod test_calls;
pub mod test_campaign;
pub mod test_numbers;
pub mod test_scenarios;
pub mod testing_terms;
pub mod text;
pub mod training;
pub mod transition;
pub mod waivers;
pub mod windows;

pub use actor::{Actor, Right, Role, Side};
pub use command::Command;
pub use dispatch::{apply, decide, replay};
pub use event::Event;
pub use ids::PersonId;
pub use refusal::{Code, Refusal};
pub use transition::{Phase, Transition};

/// What a rule answers: the facts that follow, or the refusal as data. No facts means "already so".
pub type Decided = Result<Vec<Event>, Refusal>;
