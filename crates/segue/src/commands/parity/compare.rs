//! `segue parity compare`: two counts and a margin, looked at once (B13, scenario 25).

use crate::output::{Answer, Answered, Failure};
use clap::Args;
use segue_domain::proof::about;
use segue_domain::refusal::{Code, Refusal};
use segue_parity::kpi::{Ratio, ServiceLevelFormula};
use segue_parity::noninferiority::{Comparison, Margin, compare};
use serde_json::json;
use std::fmt::Write as _;
use std::str::FromStr;

/// The chance with which an equal centre should prove the margin with the calls said to be needed: the contract's default.
const CHANCE: f64 = 0.7;

/// Options of `segue parity compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// The baseline as GOOD/ALL, for example 3280/4000
    #[arg(long, value_name = "N/M")]
    baseline: Count,
    /// The pilot as GOOD/ALL, for example 400/500
    #[arg(long, value_name = "N/M")]
    pilot: Count,
    /// Points: -3 allows 3 less of something good, 2 allows 2 more of something bad
    #[arg(long, value_name = "POINTS", allow_negative_numbers = true)]
    margin: f64,
    /// Formula of the baseline's count; both or neither
    #[arg(long, value_name = "NAME", requires = "pilot_formula")]
    baseline_formula: Option<ServiceLevelFormula>,
    /// Formula of the pilot's count
    #[arg(long, value_name = "NAME", requires = "baseline_formula")]
    pilot_formula: Option<ServiceLevelFormula>,
}

/// `3280/4000`.
#[derive(Clone, Copy, Debug)]
struct Count(Ratio);

impl FromStr for Count {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("\"{text}\" is no count; write GOOD/ALL, for example 3280/4000");
        let (numerator, denominator) = text.split_once('/').ok_or_else(wrong)?;
        let whole = |part: &str| part.trim().parse::<u64>().map_err(|_| wrong());
        Ok(Self(Ratio {
            numerator: whole(numerator)?,
            denominator: whole(denominator)?,
        }))
    }
}

impl Compare {
    pub(super) fn run(&self) -> Answered {
        if self.baseline_formula != self.pilot_formula {
            return Err(self.mismatch().into());
        }
        let margin = Margin::points(self.margin).map_err(|e| Failure::BadInput(e.to_string()))?;
        let found = compare(self.baseline.0, self.pilot.0, margin, CHANCE)
            .map_err(|e| Failure::BadInput(e.to_string()))?;
        let needed = found.calls_needed.map(about);
        let answer = json!({
            "difference": found.difference,
            "lower": found.newcombe.lower,
            "upper": found.newcombe.upper,
            "verdict": found.verdict,
            "calls_needed": needed,
            "margin_points": self.margin,
            "baseline": self.baseline.0,
            "pilot": self.pilot.0,
            "formula": self.pilot_formula,
            "score_interval": found.score,
            "margin_test": { "z": found.test.z, "p": found.test.p },
        });
        Ok(Answer::new(&answer, self.text(&found, needed)))
    }

    fn mismatch(&self) -> Refusal {
        let name = |formula: Option<ServiceLevelFormula>| formula.map_or("none", |f| f.name());
        Refusal::new(Code::FormulaMismatch)
            .missing(format!(
                "one formula on both sides: baseline {}, pilot {}",
                name(self.baseline_formula),
                name(self.pilot_formula)
            ))
            .who("whoever made the two counts")
            .how("count both sides again by the formula the contract names (`segue calls baseline --formula`)")
    }

    fn text(&self, found: &Comparison, needed: Option<u64>) -> String {
        let mut text = format!(
            "{}: pilot {} against baseline {}\n",
            found.verdict.words(),
            self.pilot.0,
            self.baseline.0
        );
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "Difference {} points; Newcombe 95 % {} to {}; margin {}",
            points(found.difference),
            points(found.newcombe.lower),
            points(found.newcombe.upper),
            points(self.margin / 100.0)
        );
        let _ = writeln!(
            text,
            "Score interval (Miettinen-Nurminen) {} to {}; test of the margin (Farrington-Manning) z {:.2}",
            points(found.score.lower),
            points(found.score.upper),
            found.test.z
        );
        let _ = match needed {
            Some(calls) => write!(
                text,
                "A pilot that is truly as good needs about {calls} calls to prove this margin, seven times in ten."
            ),
            None => write!(
                text,
                "The baseline is too small to prove this margin with any number of calls."
            ),
        };
        text
    }
}

/// `−5.9`, `+1.5`.
fn points(share: f64) -> String {
    let points = share * 100.0;
    let sign = if points < 0.0 { '−' } else { '+' };
    format!("{sign}{:.1}", points.abs())
}
