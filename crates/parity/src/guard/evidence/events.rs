//! Rates of per-call quality: the event-share e-process against equality, and against the margin.

use super::Reading;
use crate::guard::record::Arm;
use crate::kpi::float;
use crate::rules::{Margin, MetricRule};
use crate::sequences::event_share::{EventShare, log_chance};
use serde::{Deserialize, Serialize};

/// Rate ratios from 1/8 to 8; the middle one is equality.
const RATIOS: usize = 61;
const EQUAL: usize = 30;
/// Powers of the margin's ratio, from −2 to 3 in eighths: 0 is equality, 1 the margin, the same in every stratum
/// whatever its baseline.
const POWERS: usize = 41;
const POWER_EQUAL: usize = 16;
const POWER_MARGIN: usize = 24;

fn ratio(place: usize) -> f64 {
    if place == EQUAL {
        1.0
    } else {
        ((float(place as u64) - 30.0) / 30.0 * 8.0_f64.ln()).exp()
    }
}

fn power(place: usize) -> f64 {
    (float(place as u64) - 16.0) / 8.0
}

/// Evidence of one metric over all its strata.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Events {
    ratios: EventShare,
    powers: EventShare,
    margin_ratio: f64,
    seen: u64,
    #[serde(skip)]
    chances: Chances,
}

/// ln of the chances of one event, by arm and place, under one share and one margin.
#[derive(Debug, Clone)]
struct Chance {
    pi: f64,
    margin_ratio: f64,
    ratios: [[f64; RATIOS]; 2],
    powers: [[f64; POWERS]; 2],
}

impl Chance {
    fn of(pi: f64, margin_ratio: f64) -> Self {
        let ratios: [f64; RATIOS] = std::array::from_fn(ratio);
        let log = margin_ratio.ln();
        let powers: [f64; POWERS] = std::array::from_fn(|place| (log * power(place)).exp());
        let of = |arm, ratio: &f64| log_chance(pi, *ratio, arm);
        Self {
            pi,
            margin_ratio,
            ratios: Arm::BOTH.map(|arm| std::array::from_fn(|place| of(arm, &ratios[place]))),
            powers: Arm::BOTH.map(|arm| std::array::from_fn(|place| of(arm, &powers[place]))),
        }
    }
}

/// Tables made before, the latest last: a pure memory of a pure function, so it is in no comparison and no file.
#[derive(Debug, Clone, Default)]
struct Chances(Vec<Chance>);

/// Shares and margins remembered at once.
const CHANCES_MAX: usize = 64;

impl PartialEq for Chances {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Chances {
    fn of(&mut self, pi: f64, margin_ratio: f64) -> Option<&Chance> {
        let same = |chance: &Chance| {
            chance.pi.to_bits() == pi.to_bits()
                && chance.margin_ratio.to_bits() == margin_ratio.to_bits()
        };
        let known = self.0.iter().position(same).unwrap_or_else(|| {
            if self.0.len() >= CHANCES_MAX {
                self.0.remove(0);
            }
            self.0.push(Chance::of(pi, margin_ratio));
            self.0.len() - 1
        });
        self.0.get(known)
    }
}

impl Events {
    pub(super) fn new(rule: &MetricRule) -> Self {
        let baseline = f64::from(rule.baseline);
        Self {
            ratios: EventShare::new(RATIOS),
            powers: EventShare::new(POWERS),
            margin_ratio: (baseline + f64::from(rule.margin_bp)) / baseline,
            seen: 0,
            chances: Chances::default(),
        }
    }

    /// One bad event; a share of nothing or everything carries no comparison.
    pub(super) fn add(&mut self, pi: f64, arm: Arm, margin: Margin) {
        if !(pi > 0.0 && pi < 1.0) {
            return;
        }
        if let Some(chance) = self.chances.of(pi, margin.ratio) {
            self.ratios.add(&chance.ratios[arm.index()]);
            self.powers.add(&chance.powers[arm.index()]);
            self.seen += 1;
        }
    }

    pub(super) fn read(&self, alpha: f64) -> Reading {
        let (lower, upper) = self.ratios.not_refuted(alpha);
        Reading {
            weight_of_evidence: self.seen,
            log_e_harm: self.ratios.log_e(EQUAL, &self.harm_bets()),
            log_e_beyond_margin: self.powers.log_e(POWER_MARGIN, &spread(beyond_margin)),
            log_e_noninferior: self.powers.log_e(POWER_MARGIN, &spread(noninferior)),
            estimate_beyond_margin: self.powers.likeliest() > POWER_MARGIN,
            interval: (self.seen > 0).then(|| (ratio(lower), ratio(upper))),
            alarm: false,
        }
    }

    /// Most of it on harm about twice the margin (in logarithms), the rest on any harm.
    fn harm_bets(&self) -> [f64; RATIOS] {
        const WIDTH: f64 = 0.35;
        let centre = (2.0 * self.margin_ratio.ln()).clamp(1.3_f64.ln(), 5.0_f64.ln());
        let mut bets: [f64; RATIOS] = std::array::from_fn(|place| {
            let off = (ratio(place).ln() - centre) / WIDTH;
            f64::from(place > EQUAL) * (-off * off / 2.0).exp()
        });
        even_out(&mut bets, 0.85);
        let mut any: [f64; RATIOS] = std::array::from_fn(|place| f64::from(place > EQUAL + 1));
        even_out(&mut any, 0.15);
        for (bet, more) in bets.iter_mut().zip(any) {
            *bet += more;
        }
        bets
    }
}

/// Non-inferiority is bet on a centre that is as good (four fifths), or anything better than the margin.
fn noninferior(place: usize) -> f64 {
    match place {
        place if place.abs_diff(POWER_EQUAL) <= 4 => 0.8 / 9.0,
        place if place + 2 < POWER_MARGIN => 0.2 / 13.0,
        _ => 0.0,
    }
}

fn beyond_margin(place: usize) -> f64 {
    f64::from(place > POWER_MARGIN + 1)
}

/// Bets by place, scaled to one in all.
fn spread(bet: fn(usize) -> f64) -> [f64; POWERS] {
    let mut bets: [f64; POWERS] = std::array::from_fn(bet);
    even_out(&mut bets, 1.0);
    bets
}

fn even_out(bets: &mut [f64], total: f64) {
    let sum: f64 = bets.iter().sum();
    for bet in bets {
        *bet *= total / sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bets_are_made_on_one_side_and_sum_to_one() {
        for margin_ratio in [1.02, 1.4, 5.0, 40.0] {
            let events = Events {
                ratios: EventShare::new(RATIOS),
                powers: EventShare::new(POWERS),
                margin_ratio,
                seen: 0,
                chances: Chances::default(),
            };
            let harm = events.harm_bets();
            assert!(
                (harm.iter().sum::<f64>() - 1.0).abs() < 1e-12,
                "{margin_ratio}"
            );
            assert!(harm[..=EQUAL].iter().all(|bet| *bet == 0.0));
        }
        let noninferior = spread(noninferior);
        assert!((noninferior.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(noninferior[POWER_MARGIN..].iter().all(|bet| *bet == 0.0));
    }
}
