//! Which trunks the node watches, and how.
//!
//! The outsourcer's are guarded: while one is unwell or full, its calls stay in-house without trying it.
//! In-house and last resort are only observed: there is nothing better behind them.

use crate::node::state::Installed;
use segue_domain::ids::LineId;
use segue_sip::trunk::{BreakerSettings, OptionsSettings, TrunkSettings};
use segue_sip::{FallThrough, Timers};
use std::collections::HashMap;
use std::num::NonZeroU32;

/// A centre that has no such number, is busy or declines refuses for itself and not for the caller: the next target is tried
/// (handbook of telephony, 6).
const CENTRE_REFUSES: [u16; 4] = [404, 486, 600, 603];

/// What `segue serve` was told of trunks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrunkChecks {
    /// Ask the trunks by OPTIONS; off for peers that do not answer them.
    pub options: bool,
    /// Pass a trunk by that fails call after call.
    pub breaker: bool,
    /// Most new calls a second to each of the outsourcer's trunks.
    pub calls_per_s_max: Option<NonZeroU32>,
    /// Most calls at a time on each of them; puts the node into the path of their dialogs.
    pub calls_max: Option<NonZeroU32>,
    /// How long a target may be silent, only try, or ring.
    pub timers: Timers,
    /// The same where a line has its own.
    pub of_lines: HashMap<LineId, Timers>,
    /// Refusals after which the next target is tried, besides the usual.
    pub fall_through: Vec<u16>,
    /// Refusals that are the caller's answer all the same.
    pub stop_at: Vec<u16>,
}

impl TrunkChecks {
    /// The patience with the targets of a line.
    pub fn patience(&self, line: Option<&LineId>) -> Timers {
        let own = line.and_then(|line| self.of_lines.get(line));
        own.copied().unwrap_or(self.timers)
    }

    /// Which refusals go on to the next target.
    pub fn refusals(&self) -> FallThrough {
        let more = CENTRE_REFUSES.iter().chain(&self.fall_through);
        let all = more.fold(FallThrough::default(), |all, code| all.with(*code));
        self.stop_at
            .iter()
            .fold(all, |all, code| all.without(*code))
    }

    /// The trunks of a table, each place once.
    pub fn trunks(&self, installed: &Installed) -> Vec<TrunkSettings> {
        let numbers = || installed.table.numbers.values();
        let out = numbers().map(|n| (&n.outsourced, true));
        let home = numbers().flat_map(|n| std::iter::once(&n.in_house).chain(&n.last_resort));
        let mut trunks: Vec<TrunkSettings> = Vec::new();
        for (uri, guarded) in out.chain(home.map(|uri| (uri, false))) {
            let Some((hop, _)) = installed.addresses.get(uri) else {
                continue;
            };
            if !trunks.iter().any(|known| known.hop == *hop) {
                let asked = format!("sip:{}", hop.addr);
                trunks.push(TrunkSettings {
                    guarded,
                    options: self.options.then(OptionsSettings::default),
                    breaker: self.breaker.then(BreakerSettings::default),
                    calls_per_s_max: self.calls_per_s_max.filter(|_| guarded),
                    calls_max: self.calls_max.filter(|_| guarded),
                    ..TrunkSettings::new(*hop, &hop.to_string(), &asked)
                });
            }
        }
        trunks
    }
}
