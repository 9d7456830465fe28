//! The proofs of the walking skeleton on the real binary: real SIPp calls, real centres on loopback sockets, real
//! SQLite. In-house answers on 127.0.0.2, the outsourcer on 127.0.0.3, the last resort on 127.0.0.4.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails where what it stands on fails, and says aloud what it skipped or measured"
)]

mod bad_input;
mod browser;
mod call_path;
#[path = "../../../web/tests/support/browser.rs"]
mod chromium;
mod demo;
mod dial_in;
mod door;
mod erasure;
mod fallback;
mod journal;
mod kamailio;
mod kill;
mod mail;
mod nodes;
mod pages;
mod plan;
mod publishing;
mod records;
mod rehearse;
mod route_tls;
mod scenario;
mod single_sign_on;
mod split;
mod support;
mod torture;
mod transfer;
mod trial_calls;
mod trials;
mod trunk;
mod twilio;
