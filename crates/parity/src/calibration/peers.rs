//! What others would have concluded from the same calls: tests in use elsewhere, for comparison only.

use crate::guard::record::{Arm, Call, Outcome};
use crate::sequences::block_bet::{SPREAD, STAKES};
use crate::sequences::event_share::{EventShare, log_chance};
use crate::sequences::{log_mean, normal_mixture};

/// A method beside ours, each at one-sided 5 % on one metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// Two-proportion z-test, one-sided, looked at once a day.
    ZTestDaily,
    /// Asymptotic confidence sequence on the difference of rates, looked at once a day.
    AsymptoticSequence,
    /// Event share of every bad call against the concurrent in-house arm, on a fixed grid, without caller memory.
    PerCallEventShare,
}

impl Peer {
    /// All of them.
    pub const ALL: [Self; 3] = [
        Self::ZTestDaily,
        Self::AsymptoticSequence,
        Self::PerCallEventShare,
    ];

    /// The name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ZTestDaily => "z-test, daily looks",
            Self::AsymptoticSequence => "asymptotic sequence",
            Self::PerCallEventShare => "per-call event share",
        }
    }
}

/// Rate ratios: equal and eight worse ones for harm; the margin's (5 → 7 %) and five better ones for non-inferiority.
const RATIOS: [f64; 15] = [
    1.0, 1.25, 1.476, 1.743, 2.058, 2.43, 2.869, 3.388, 4.0, 1.4, 0.6, 0.8, 1.0, 1.1, 1.2,
];
const EQUAL: usize = 0;
const AT_MARGIN: usize = 9;
/// The margin in points of a rate of 5 %.
const MARGIN: f64 = 0.02;
const Z_ONE_SIDED: f64 = 1.644_854;

/// Bets spread evenly over some of the ratios.
fn on(places: std::ops::Range<usize>) -> [f64; RATIOS.len()] {
    let each = 1.0 / crate::kpi::float(places.len() as u64);
    std::array::from_fn(|place| if places.contains(&place) { each } else { 0.0 })
}

/// The running figures of one metric on one run, and the day on which each method would have cried harm, or said
/// "not worse than the margin".
#[derive(Debug, Clone)]
pub struct PeerTally {
    bad: fn(&Call) -> Option<bool>,
    counts: [[f64; 2]; 2],
    events: EventShare,
    day: u32,
    cried: [Option<u32>; 3],
    passed: [Option<u32>; 3],
}

impl PeerTally {
    /// Over abandonments.
    pub fn abandonment() -> Self {
        Self::new(|call| {
            Some(matches!(call.outcome, Outcome::Abandoned { wait_ms } if wait_ms >= 5_000))
        })
    }

    /// Over transfers.
    pub fn transfer() -> Self {
        Self::new(|call| call.transferred)
    }

    fn new(bad: fn(&Call) -> Option<bool>) -> Self {
        Self {
            bad,
            counts: [[0.0; 2]; 2],
            events: EventShare::new(RATIOS.len()),
            day: 0,
            cried: [None; 3],
            passed: [None; 3],
        }
    }

    /// One call, as it happens.
    pub fn add(&mut self, day: u32, call: &Call) {
        if day != self.day {
            self.look();
            self.day = day;
        }
        let Some(bad) = (self.bad)(call) else { return };
        let counts = &mut self.counts[call.place.arm.index()];
        counts[0] += f64::from(u8::from(bad));
        counts[1] += 1.0;
        let pi = f64::from(call.place.pi_bp) / 10_000.0;
        if bad && pi > 0.0 && pi < 1.0 {
            self.events
                .add(&RATIOS.map(|ratio| log_chance(pi, ratio, call.place.arm)));
            if self.events.log_e(EQUAL, &on(1..AT_MARGIN)) >= 20.0_f64.ln() {
                self.cry(Peer::PerCallEventShare);
            }
            if self
                .events
                .log_e(AT_MARGIN, &on(AT_MARGIN + 1..RATIOS.len()))
                >= 20.0_f64.ln()
            {
                self.pass(Peer::PerCallEventShare);
            }
        }
    }

    /// The day on which a method cried harm, from 1.
    pub fn cried(&self, peer: Peer) -> Option<u32> {
        self.cried[place(peer)]
    }

    /// The day on which a method called it not worse than the margin, from 1.
    pub fn passed(&self, peer: Peer) -> Option<u32> {
        self.passed[place(peer)]
    }

    fn look(&mut self) {
        let [home, out] = [Arm::InHouse, Arm::Outsourced].map(|arm| self.counts[arm.index()]);
        if home[1] < 1.0 || out[1] < 1.0 {
            return;
        }
        let (p_home, p_out) = (home[0] / home[1], out[0] / out[1]);
        let pooled = (home[0] + out[0]) / (home[1] + out[1]);
        let spread = (pooled * (1.0 - pooled) * (1.0 / home[1] + 1.0 / out[1])).sqrt();
        if spread > 0.0 && (p_out - p_home) / spread > Z_ONE_SIDED {
            self.cry(Peer::ZTestDaily);
        }
        let variance = p_home * (1.0 - p_home) / home[1] + p_out * (1.0 - p_out) / out[1];
        if variance > 0.0 && p_out - p_home + Z_ONE_SIDED * variance.sqrt() < MARGIN {
            self.pass(Peer::ZTestDaily);
        }
        let calls = home[1] + out[1];
        let half =
            normal_mixture::bound(calls * calls * variance, 0.1, 500.0 * calls * variance, 0.1)
                / calls;
        if variance > 0.0 && p_out - p_home > half {
            self.cry(Peer::AsymptoticSequence);
        }
        if variance > 0.0 && p_out - p_home + half < MARGIN {
            self.pass(Peer::AsymptoticSequence);
        }
    }

    fn cry(&mut self, peer: Peer) {
        let day = self.day + 1;
        self.cried[place(peer)].get_or_insert(day);
    }

    fn pass(&mut self, peer: Peer) {
        let day = self.day + 1;
        self.passed[place(peer)].get_or_insert(day);
    }
}

const fn place(peer: Peer) -> usize {
    match peer {
        Peer::ZTestDaily => 0,
        Peer::AsymptoticSequence => 1,
        Peer::PerCallEventShare => 2,
    }
}

/// What a block bet stakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stakes {
    /// Z the share above target in [−1, 1], Π(1 + λZ) with λ up to ½ from the mean and variance so far: the handbook's.
    Plain,
    /// Fractions of the whole target, as [`crate::sequences::block_bet`] stakes them, every block counting the same.
    OfTarget,
}

/// The block bets that ours is measured against, part by part: blocks of the outsourced arm, α 5 % for this one metric.
#[derive(Debug, Clone)]
pub struct PeerBlockBet {
    target: f64,
    block_us: i64,
    stakes: Stakes,
    block: i64,
    calls: f64,
    bad: f64,
    blocks: f64,
    sum: f64,
    squares: f64,
    log_wealth: [f64; STAKES.len()],
    /// Each day (from 1) on which there was more evidence of harm than ever before, and ln of it.
    peaks: Vec<(u32, f64)>,
}

impl PeerBlockBet {
    /// Abandonment against this target, on blocks of so many minutes.
    pub fn new(target: f64, block_min: u32, stakes: Stakes) -> Self {
        Self {
            target,
            block_us: i64::from(block_min.max(1)) * 60_000_000,
            stakes,
            block: 0,
            calls: 0.0,
            bad: 0.0,
            blocks: 0.0,
            sum: 0.0,
            squares: 0.0,
            log_wealth: [0.0; STAKES.len()],
            peaks: Vec::new(),
        }
    }

    /// One call, as it happens.
    pub fn add(&mut self, day: u32, call: &Call) {
        let short = matches!(call.outcome, Outcome::Abandoned { wait_ms } if wait_ms < 5_000);
        if call.place.arm == Arm::InHouse || short {
            return;
        }
        let block = call.place.at_us.div_euclid(self.block_us);
        if block != self.block {
            self.close(day);
            self.block = block;
        }
        self.calls += 1.0;
        self.bad += f64::from(u8::from(matches!(call.outcome, Outcome::Abandoned { .. })));
    }

    /// The day, from 1, on which it would have cried harm had this e-value been asked of it: 1/α where it is to keep α.
    pub fn cried(&self, asked: f64) -> Option<u32> {
        let mut peaks = self.peaks.iter();
        peaks.find(|(_, log)| *log >= asked.ln()).map(|peak| peak.0)
    }

    /// The most evidence of harm that it had by the end of a day, an e-value.
    pub fn most_by(&self, day: u32) -> f64 {
        let until = self.peaks.iter().take_while(|peak| peak.0 <= day);
        until.last().map_or(0.0, |peak| peak.1.exp())
    }

    fn close(&mut self, day: u32) {
        if self.calls > 0.0 {
            let z = self.bad / self.calls - self.target;
            match self.stakes {
                Stakes::Plain => {
                    let mean = self.sum / (self.blocks + 1.0);
                    let variance = (self.squares + 0.05) / (self.blocks + 1.0);
                    let stake = (mean / (variance + mean * mean)).clamp(0.0, 0.5);
                    for log in &mut self.log_wealth {
                        *log += (stake * z).ln_1p();
                    }
                }
                Stakes::OfTarget => {
                    for (log, stake) in self.log_wealth.iter_mut().zip(STAKES) {
                        *log += (stake * z / self.target).ln_1p();
                    }
                }
            }
            self.blocks += 1.0;
            self.sum += z;
            self.squares += z * z;
            let log = log_mean(SPREAD.into_iter().zip(self.log_wealth));
            match self.peaks.last_mut() {
                Some((_, most)) if log <= *most => {}
                Some((on, most)) if *on == day + 1 => *most = log,
                _ => self.peaks.push((day + 1, log)),
            }
        }
        (self.calls, self.bad) = (0.0, 0.0);
    }
}
