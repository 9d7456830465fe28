//! Measuring tool, not shipped: `serve` runs the router with a fixed policy, `find` is an open-loop
//! generator that never retransmits and finds the highest rate a server stands.
//!
//! The server listens for TCP on its port too, and for TLS on the next one where it has a certificate.
//! `scripts/bench-sip` runs both, pinned to one core each, beside Kamailio.

mod core;
mod load;
mod serve;
mod wire;

use load::Way;
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use wire::Over;

const USAGE: &str = "usage: sip_bench serve redirect|proxy LISTEN TARGET[,TARGET] [CERTIFICATE KEY] | core redirect|proxy CALLS | \
                     find WAY SERVER START_RATE [tcp|tls CERTIFICATE] | at WAY SERVER RATE [tcp|tls CERTIFICATE] | \
                     hold WAY SERVER RATE SECONDS; WAY is redirect, proxy, failover (503, then 200) or dead (nobody there, then 200)";

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["serve", mode, listen, targets, ref certificate @ ..] => {
            let targets: Result<Vec<SocketAddr>, _> = targets.split(',').map(str::parse).collect();
            serve::run(mode == "redirect", listen.parse()?, &targets?, certificate)
        }
        ["core", mode, calls] => core::run(mode == "redirect", calls.parse()?),
        ["find", way, server, start_rate, ref over @ ..] => {
            let server = (server.parse()?, over_of(over)?);
            load::find(way_of(way)?, server, start_rate.parse()?)
        }
        ["at", way, server, rate, ref over @ ..] => {
            let server = (server.parse()?, over_of(over)?);
            load::at(way_of(way)?, server, rate.parse()?, None)
        }
        ["hold", way, server, rate, seconds] => {
            let server = (server.parse()?, Over::Udp);
            load::at(way_of(way)?, server, rate.parse()?, Some(seconds.parse()?))
        }
        _ => Err(USAGE.into()),
    }
}

fn way_of(word: &str) -> Result<Way, Box<dyn Error>> {
    match word {
        "redirect" => Ok(Way::Redirect),
        "proxy" => Ok(Way::Proxy),
        "failover" => Ok(Way::Failover),
        "dead" => Ok(Way::Dead),
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
