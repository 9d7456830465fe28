//! OPTIONS to the trunks: asked on time, repeated where packets get lost, judged by `trunk`.

use super::{Core, Sink};
use crate::branch::hex128;
use crate::edit::{put, put_display};
use crate::hop::Hop;
use crate::msg::Message;
use crate::policy::Policy;
use crate::trunk::{ProbeStep, Trunk};

/// How a branch of ours for OPTIONS begins.
pub(super) const PROBE: &[u8] = b"z9hG4bKsp";
/// How often the policy is asked for its trunks.
const TRUNKS_EVERY_US: u64 = 1_000_000;

impl<P: Policy> Core<P> {
    /// Looks after the trunks; to be called on every tick.
    pub(super) fn probe(&mut self, now_us: u64, sink: &mut impl Sink) {
        if now_us >= self.trunks_asked_us {
            self.trunks_asked_us = now_us + TRUNKS_EVERY_US;
            if let Some(trunks) = self.policy.trunks() {
                self.trunks.set(trunks, now_us);
            }
        }
        let mut trunks = std::mem::take(&mut self.trunks);
        for trunk in trunks.iter_mut() {
            let to = trunk.settings.hop;
            match trunk.probe.step(now_us, !to.transport.is_stream()) {
                ProbeStep::Wait => {}
                ProbeStep::Ask => {
                    let message = self.options(trunk, now_us);
                    self.send(to, &message, sink);
                }
                ProbeStep::Again => {
                    let message = trunk.probe.message().to_vec();
                    self.send(to, &message, sink);
                }
                ProbeStep::Lost => trunk.options(false, now_us),
            }
        }
        self.trunks = trunks;
    }

    fn options(&self, trunk: &mut Trunk, now_us: u64) -> Vec<u8> {
        let to = trunk.settings.hop;
        trunk.probe.number = trunk.probe.number.wrapping_add(1) & 0x7fff_ffff;
        let number = trunk.probe.number;
        let place = to.to_string();
        let parts: [&[u8]; 3] = [
            place.as_bytes(),
            &number.to_be_bytes(),
            &now_us.to_be_bytes(),
        ];
        let name = hex128(self.keys.digest(4, &parts));
        let branch = [PROBE, &name].concat();
        let mut out = Vec::with_capacity(512);
        let uri = trunk.settings.uri.as_bytes();
        put(&mut out, &[b"OPTIONS ", uri, b" SIP/2.0\r\n"]);
        self.me.via(to, &branch, &mut out);
        let from = self.me.sent_by(to);
        put(
            &mut out,
            &[
                b"Max-Forwards: 70\r\nFrom: <sip:segue@",
                from,
                b">;tag=",
                &name[..16],
                b"\r\nTo: <",
                uri,
                b">\r\nCall-ID: ",
                &name,
                b"\r\n",
            ],
        );
        put_display(&mut out, format_args!("CSeq: {number} OPTIONS\r\n"));
        put(&mut out, &[b"Content-Length: 0\r\n\r\n"]);
        trunk.probe.asked(now_us, &branch, out.clone());
        out
    }

    /// An answer to OPTIONS. Whoever says anything but 408 or 503 is there (404 or 405 too).
    pub(super) fn on_options_answer(
        &mut self,
        now_us: u64,
        source: Hop,
        message: &Message<'_>,
        branch: &[u8],
    ) {
        let status = message.status().unwrap_or_default();
        if status < 200 {
            return;
        }
        let well = !matches!(status, 408 | 503);
        if !self.settle(now_us, source, branch, well) {
            self.counters.stray += 1;
        }
    }

    /// The network refused an OPTIONS.
    pub(super) fn on_options_refused(&mut self, now_us: u64, to: Hop, branch: &[u8]) {
        self.settle(now_us, to, branch, false);
    }

    fn settle(&mut self, now_us: u64, peer: Hop, branch: &[u8], well: bool) -> bool {
        let asked = self
            .trunks
            .iter_mut()
            .find(|trunk| trunk.probe.is_asked(branch) && peer.may_be(trunk.settings.hop));
        let found = asked.is_some();
        if let Some(trunk) = asked {
            trunk.options(well, now_us);
        }
        found
    }
}
