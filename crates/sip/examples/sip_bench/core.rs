//! The core alone, without sockets: nanoseconds per call.

use crate::load::{OK, ack, answer, invite};
use crate::serve::Fixed;
use crate::wire::Over;
use segue_sip::allow::{AllowList, Network};
use segue_sip::{Config, Core, Hop, Sink};
use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Instant;

/// Keeps the last packet to the called side.
struct Last {
    target: SocketAddr,
    packet: Vec<u8>,
}

impl Sink for Last {
    fn send(&mut self, to: Hop, bytes: &[u8]) {
        if to.addr == self.target {
            self.packet.clear();
            self.packet.extend_from_slice(bytes);
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a measuring tool reads the clock"
)]
pub(crate) fn run(redirect: bool, calls: usize) -> Result<(), Box<dyn Error>> {
    let me: SocketAddr = "127.0.0.1:5090".parse()?;
    let caller: SocketAddr = "127.0.0.1:5070".parse()?;
    let target: SocketAddr = "127.0.0.1:5099".parse()?;
    let peers = AllowList::new(["127.0.0.0/8".parse::<Network>()?]);
    let mut config = Config::new(me, [9; 32], peers);
    config.calls_max = 1 << 20;
    let mut core = Core::new(config, Fixed::new(redirect, &[target]), 0);
    let mut sink = Last {
        target,
        packet: Vec::new(),
    };
    let (mut invite, mut ack) = (
        invite(me, caller, Over::Udp, 1),
        ack(me, caller, Over::Udp, 1),
    );
    let mut reply = Vec::new();
    let start = Instant::now();
    let mut now_us = 0;
    for call in 0..calls {
        // 25,000 calls a second of virtual time: a million calls and tombstones at most.
        now_us += 40;
        core.on_datagram(now_us, caller, invite.fill(call), &mut sink);
        if redirect {
            core.on_datagram(now_us, caller, ack.fill(call), &mut sink);
        } else if answer(&sink.packet, OK, &mut reply) {
            core.on_datagram(now_us, target, &reply, &mut sink);
        }
        core.on_time(now_us, &mut sink);
    }
    let ns = start.elapsed().as_nanos() / calls.max(1) as u128;
    let counters = core.counters();
    let (answered, moved, live) = (counters.answered, counters.redirected, counters.live);
    writeln!(
        std::io::stdout(),
        "core alone: {ns} ns per call (answered {answered}, redirected {moved}, live {live})"
    )?;
    Ok(())
}
