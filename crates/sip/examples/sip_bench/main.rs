//! Measuring tool, not shipped: `serve` runs the router with a fixed policy, `find` is an open-loop
//! generator that never retransmits and finds the highest rate a server stands.
//!
//! The server listens for TCP on its port too, and for TLS on the next one where it has a certificate.
//! `scripts/bench-sip` runs both, pinned to one core each, beside Kamailio.

mod core;
mod load;
mod serve;
mod wire;

use std::error::Error;
use std::path::Path;
use wire::Over;

const USAGE: &str = "usage: sip_bench serve redirect|proxy LISTEN TARGET [CERTIFICATE KEY] | core redirect|proxy CALLS | \
                     find redirect|proxy SERVER START_RATE [tcp|tls CERTIFICATE] | at redirect|proxy SERVER RATE [tcp|tls CERTIFICATE]";

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["serve", mode, listen, target, ref certificate @ ..] => serve::run(
            mode == "redirect",
            listen.parse()?,
            target.parse()?,
            certificate,
        ),
        ["core", mode, calls] => core::run(mode == "redirect", calls.parse()?),
        ["find", mode, server, start_rate, ref over @ ..] => {
            let server = (server.parse()?, over_of(over)?);
            load::find(mode == "redirect", server, start_rate.parse()?)
        }
        ["at", mode, server, rate, ref over @ ..] => {
            let server = (server.parse()?, over_of(over)?);
            load::at(mode == "redirect", server, rate.parse()?)
        }
        _ => Err(USAGE.into()),
    }
}

/// UDP, unless it is said otherwise.
fn over_of<'w>(words: &[&'w str]) -> Result<Over<'w>, Box<dyn Error>> {
    match *words {
        [] => Ok(Over::Udp),
        ["tcp"] => Ok(Over::Tcp),
        ["tls", believed] => Ok(Over::Tls(Path::new(believed))),
        _ => Err(USAGE.into()),
    }
}
