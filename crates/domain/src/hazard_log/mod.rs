//! The hazard log (§7.19), in the manner of DCB0129 and ISO 14971: what may harm a patient, how likely and how bad, and
//! which refusals control it. `docs/safety-case.md` is generated from it.

mod hazards;
mod safety_case;

pub use hazards::{HAZARDS, HOUSEKEEPING};
pub use safety_case::safety_case;

use crate::refusal::Code;

/// How bad the harm is that a hazard may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// Discomfort or a short delay.
    Minor,
    /// A delay that a patient notices; minor injury.
    Significant,
    /// Injury from which a patient recovers; severe distress.
    Considerable,
    /// Death or lasting injury of one patient.
    Major,
    /// Death or lasting injury of several.
    Catastrophic,
}

/// How often it would happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likelihood {
    /// Once in the life of all installations, or never.
    VeryLow,
    /// Seldom.
    Low,
    /// Now and then.
    Medium,
    /// Often.
    High,
    /// All but certain.
    VeryHigh,
}

/// A way in which moving calls may harm a patient, a caller or the people who work there.
#[derive(Clone, Copy, Debug)]
pub struct Hazard {
    /// `H-01`.
    pub id: &'static str,
    /// What happens.
    pub title: &'static str,
    /// How it comes about.
    pub cause: &'static str,
    /// What it does to whom.
    pub effect: &'static str,
    /// How bad.
    pub harm: Harm,
    /// How often without the controls.
    pub before: Likelihood,
    /// How often with them.
    pub after: Likelihood,
    /// The refusals that control it.
    pub refusals: &'static [Code],
    /// Controls that are no refusal: latches, clocks, boards, training.
    pub others: &'static [&'static str],
}

impl Hazard {
    /// The risk without the controls, 1 (acceptable) to 5 (unacceptable).
    pub fn initial_risk(&self) -> u8 {
        risk(self.harm, self.before)
    }

    /// The risk that remains.
    pub fn residual_risk(&self) -> u8 {
        risk(self.harm, self.after)
    }
}

/// The risk matrix of the clinical safety standard: 1 and 2 acceptable, 3 tolerable where no more can be done, 4 and 5 not.
pub fn risk(harm: Harm, likelihood: Likelihood) -> u8 {
    let row = match likelihood {
        Likelihood::VeryHigh => [3, 4, 4, 5, 5],
        Likelihood::High => [2, 3, 3, 4, 5],
        Likelihood::Medium => [2, 2, 3, 3, 4],
        Likelihood::Low => [1, 2, 2, 3, 4],
        Likelihood::VeryLow => [1, 1, 2, 2, 3],
    };
    match harm {
        Harm::Minor => row[0],
        Harm::Significant => row[1],
        Harm::Considerable => row[2],
        Harm::Major => row[3],
        Harm::Catastrophic => row[4],
    }
}

/// The hazards a refusal controls.
pub fn controlled_by(code: Code) -> impl Iterator<Item = &'static Hazard> {
    HAZARDS
        .iter()
        .filter(move |hazard| hazard.refusals.contains(&code))
}
