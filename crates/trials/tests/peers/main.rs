//! Our telephones and those of others: SIPp and baresip as agents, as text telephones, as slow ones, as an echo.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what it expects and stops there, and says aloud what it skipped"
)]

mod interpreter;
mod notify;
mod support;
mod transfer;
mod tty;
mod voices;
