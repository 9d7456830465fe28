//! Measuring tool, not shipped: `serve` runs the router with a fixed policy, `find` is an open-loop
//! generator that never retransmits and finds the highest rate a server stands.
//!
//! `scripts/bench-sip` runs both, pinned to one core each, beside Kamailio.

mod core;
mod load;
mod serve;

use std::error::Error;
use std::net::SocketAddr;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["serve", mode, listen, target] => {
            serve::run(mode == "redirect", listen.parse()?, target.parse()?)
        }
        ["core", mode, calls] => core::run(mode == "redirect", calls.parse()?),
        ["find", mode, server, start_rate] => {
            let server: SocketAddr = server.parse()?;
            load::find(mode == "redirect", server, start_rate.parse()?)
        }
        ["at", mode, server, rate] => {
            let server: SocketAddr = server.parse()?;
            load::at(mode == "redirect", server, rate.parse()?)
        }
        _ => Err(
            "usage: sip_bench serve redirect|proxy LISTEN TARGET | core redirect|proxy CALLS | \
                  find redirect|proxy SERVER START_RATE | at redirect|proxy SERVER RATE"
                .into(),
        ),
    }
}
