//! Groups of callers whose calls differ: in handling time, in hanging up, in calling again.
//!
//! A group is compared with the other callers' calls *of the same types*, so that a line of triage calls does not look like a
//! patient culture. The tests of one report are taken together by Holm's step-down rule (Holm 1979): it holds the chance of a single
//! false difference to 5 % however the groups overlap, and they do. A difference counts only if it also matters.

use super::history::{Call, Name, Names};
use super::ratio::{Ratio, real};
use crate::record::Outcome;
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};
use std::collections::HashMap;

/// The chance of one false difference or more in a report.
pub const ALPHA: f64 = 0.05;
/// Calls a group and its opposite need before anything is tested.
pub const CALLS_MIN: u64 = 100;
/// A handling time differs by this part at least before anybody is told.
const RELATIVE_MIN: f64 = 0.10;
/// A share differs by this much at least.
const POINTS_MIN: f64 = 0.02;
/// Groups × types kept.
const CELLS_MAX: usize = 50_000;

/// What tells groups apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// The line reached.
    Line,
    /// The caller's state or area.
    State,
    /// The language.
    Language,
    /// The group named by the export.
    Segment,
    /// Morning, afternoon, evening, night or weekend.
    TimeOfDay,
    /// Whether the same caller called about the same type within the last 72 h.
    CalledBefore,
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Mean handling time.
    HandleTime,
    /// Part of the offered calls that hung up.
    Abandonment,
    /// Part of the answered calls followed by another of the same caller and type within 72 h.
    Repeat,
}

/// A difference that is real and matters: a suggested trait, with its evidence.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// What tells the group apart.
    pub dimension: Dimension,
    /// The group.
    pub value: String,
    /// What differs.
    pub measure: Measure,
    /// Calls of the group.
    pub calls: u64,
    /// The group's figure: ms of handling over answered calls, or calls over calls.
    pub group: Ratio,
    /// What the other callers' calls of the same types come to, seconds or 0–1.
    pub others: f64,
    /// The p value of this comparison alone.
    pub p: f64,
    /// The p value among all comparisons of the report (Holm).
    pub p_adjusted: f64,
    /// The evidence, in a sentence.
    pub evidence: String,
    /// What to look into with the people who take these calls.
    pub suggested_trait: String,
}

/// All differences looked for and found.
#[derive(Debug, Clone, Serialize)]
pub struct Segments {
    /// Comparisons made.
    pub comparisons: usize,
    /// The chance of one false difference or more.
    pub alpha: f64,
    /// The differences, the surest first.
    pub findings: Vec<Finding>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    handled: u64,
    handle_ms: u128,
    handle_ms_squared: u128,
    offered: u64,
    abandoned: u64,
    settled: u64,
    repeated: u64,
}

impl Sums {
    fn without(&self, part: &Self) -> Self {
        Self {
            handled: self.handled - part.handled,
            handle_ms: self.handle_ms - part.handle_ms,
            handle_ms_squared: self.handle_ms_squared - part.handle_ms_squared,
            offered: self.offered - part.offered,
            abandoned: self.abandoned - part.abandoned,
            settled: self.settled - part.settled,
            repeated: self.repeated - part.repeated,
        }
    }

    /// Mean handling time and the variance of that mean, seconds.
    fn mean(&self) -> Option<(f64, f64)> {
        if self.handled < 2 {
            return None;
        }
        let n = real(self.handled);
        let mean = seconds(self.handle_ms) / n;
        let squares = seconds(self.handle_ms_squared) / 1_000.0;
        let variance = (squares - n * mean * mean).max(0.0) / (n - 1.0);
        Some((mean, variance / n))
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sums of ms: an error of 2^-53 of them is far below a printed digit"
)]
fn seconds(ms: u128) -> f64 {
    ms as f64 / 1_000.0
}

type Group = (Dimension, Name);

/// Collects groups over a history.
#[derive(Default)]
pub(super) struct Collector {
    cells: HashMap<(Group, Name), Sums>,
    types: HashMap<Name, Sums>,
}

/// The bands of the day; 22:00 to 6:00 is night, whatever the weekday.
const BANDS: [&str; 5] = ["morning", "afternoon", "evening", "night", "weekend"];

/// What [`Dimension::TimeOfDay`] calls an hour of the week.
pub fn time_of_day(weekday: usize, hour: usize) -> &'static str {
    BANDS[match hour {
        22.. | 0..6 => 3,
        _ if weekday >= 5 => 4,
        6..12 => 0,
        12..17 => 1,
        _ => 2,
    }]
}

impl Collector {
    fn groups(call: &Call, called_before: bool, names: &mut Names) -> Vec<Group> {
        let by_field = [
            (Dimension::Line, call.line),
            (Dimension::State, call.state),
            (Dimension::Language, call.language),
            (Dimension::Segment, call.segment),
        ];
        let mut groups: Vec<Group> = by_field
            .into_iter()
            .filter(|(_, name)| *name != Names::NONE)
            .collect();
        groups.push((
            Dimension::TimeOfDay,
            names.of(time_of_day(call.weekday, call.hour)),
        ));
        if called_before {
            groups.push((Dimension::CalledBefore, names.of("called before")));
        }
        groups
    }

    /// Takes an offered call.
    pub(super) fn offered(&mut self, call: &Call, called_before: bool, names: &mut Names) {
        let groups = Self::groups(call, called_before, names);
        self.add(&groups, call.kind, |sums| {
            sums.offered += 1;
            sums.abandoned += u64::from(call.outcome == Outcome::Abandoned);
            if let Some(ms) = call.handle_ms {
                sums.handled += 1;
                sums.handle_ms += u128::from(ms);
                sums.handle_ms_squared += u128::from(ms) * u128::from(ms);
            }
        });
    }

    /// Takes an answered call of which it is known whether it was repeated.
    pub(super) fn settled(&mut self, call: &Call, repeated: bool, names: &mut Names) {
        let groups = Self::groups(call, false, names);
        self.add(&groups, call.kind, |sums| {
            sums.settled += 1;
            sums.repeated += u64::from(repeated);
        });
    }

    fn add(&mut self, groups: &[Group], call_type: Name, count: impl Fn(&mut Sums)) {
        count(self.types.entry(call_type).or_default());
        for group in groups {
            let key = (*group, call_type);
            if self.cells.len() < CELLS_MAX || self.cells.contains_key(&key) {
                count(self.cells.entry(key).or_default());
            }
        }
    }

    /// Compares every group with the others.
    pub(super) fn compare(&self, names: &Names) -> Segments {
        let mut groups: HashMap<Group, Vec<(Sums, Sums)>> = HashMap::new();
        for ((group, call_type), sums) in &self.cells {
            let all = self.types.get(call_type).copied().unwrap_or_default();
            let pair = (*sums, all.without(sums));
            groups.entry(*group).or_default().push(pair);
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by(|a, b| (a.0.0, names.text(a.0.1)).cmp(&(b.0.0, names.text(b.0.1))));
        let mut compared = Vec::new();
        for ((dimension, value), pairs) in &groups {
            let value = names.text(*value);
            let measures: [(Measure, Compare); 3] = [
                (Measure::HandleTime, handle_time),
                (Measure::Abandonment, |pairs| {
                    shares(pairs, |sums| (sums.abandoned, sums.offered))
                }),
                (Measure::Repeat, |pairs| {
                    shares(pairs, |sums| (sums.repeated, sums.settled))
                }),
            ];
            for (measure, compare) in measures {
                if let Some(found) = compare(pairs) {
                    compared.push((*dimension, value, measure, found));
                }
            }
        }
        compared.sort_by(|a, b| a.3.p.total_cmp(&b.3.p));
        let p: Vec<f64> = compared.iter().map(|one| one.3.p).collect();
        let comparisons = compared.len();
        let findings = compared
            .into_iter()
            .zip(holm(&p))
            .filter(|(one, adjusted)| *adjusted <= ALPHA && one.3.matters(one.2))
            .map(|((dimension, value, measure, found), p_adjusted)| {
                finding(dimension, value, measure, &found, p_adjusted, comparisons)
            });
        Segments {
            comparisons,
            alpha: ALPHA,
            findings: findings.collect(),
        }
    }
}

/// Compares a group with the others, type by type.
type Compare = fn(&[(Sums, Sums)]) -> Option<Comparison>;

/// A group against the others.
#[derive(Debug, Clone, Copy)]
struct Comparison {
    /// ms over calls, or calls over calls.
    group: Ratio,
    /// Seconds, or 0–1.
    group_value: f64,
    others: f64,
    p: f64,
}

impl Comparison {
    fn matters(&self, measure: Measure) -> bool {
        let difference = self.group_value - self.others;
        match measure {
            Measure::HandleTime => difference.abs() >= RELATIVE_MIN * self.others,
            Measure::Abandonment | Measure::Repeat => difference.abs() >= POINTS_MIN,
        }
    }
}

/// The two-sided p value of a normal deviate.
fn two_sided(z: f64) -> f64 {
    2.0 * Normal::standard().sf(z.abs())
}

/// Means of the same types, weighted by the group's calls; Welch's variance in each type.
fn handle_time(pairs: &[(Sums, Sums)]) -> Option<Comparison> {
    let (mut calls, mut ms, mut expected, mut variance) = (0_u64, 0_u128, 0.0, 0.0);
    let mut opposite = 0;
    for (group, others) in pairs {
        let (Some((_, group_variance)), Some((mean, others_variance))) =
            (group.mean(), others.mean())
        else {
            continue;
        };
        let n = real(group.handled);
        calls += group.handled;
        opposite += others.handled;
        ms += group.handle_ms;
        expected += n * mean;
        variance += n * n * (group_variance + others_variance);
    }
    if calls < CALLS_MIN || opposite < CALLS_MIN || variance <= 0.0 {
        return None;
    }
    let n = real(calls);
    let group_value = seconds(ms) / n;
    Some(Comparison {
        group: Ratio::new(u64::try_from(ms).ok()?, calls),
        group_value,
        others: expected / n,
        p: two_sided((seconds(ms) - expected) / f64::sqrt(variance)),
    })
}

/// Shares of the same types (Cochran 1954; Mantel & Haenszel 1959): observed less expected over all types.
fn shares(pairs: &[(Sums, Sums)], of: fn(&Sums) -> (u64, u64)) -> Option<Comparison> {
    let (mut found, mut calls, mut opposite) = (0, 0, 0);
    let (mut excess, mut variance, mut expected) = (0.0, 0.0, 0.0);
    for (group, others) in pairs {
        let ((a, n), (b, m)) = (of(group), of(others));
        if n == 0 || m == 0 {
            continue;
        }
        found += a;
        calls += n;
        opposite += m;
        let total = real(n + m);
        let share = real(a + b) / total;
        excess += real(a) - real(n) * share;
        variance += real(n) * real(m) * share * (1.0 - share) / (total - 1.0).max(1.0);
        expected += real(n) * real(b) / real(m);
    }
    if calls < CALLS_MIN || opposite < CALLS_MIN || variance <= 0.0 {
        return None;
    }
    Some(Comparison {
        group: Ratio::new(found, calls),
        group_value: real(found) / real(calls),
        others: expected / real(calls),
        p: two_sided(excess / f64::sqrt(variance)),
    })
}

/// Holm's adjusted p values of p values in rising order.
fn holm(p: &[f64]) -> Vec<f64> {
    let mut largest = 0.0_f64;
    let left = (1..=p.len())
        .rev()
        .map(|left| u64::try_from(left).unwrap_or(u64::MAX));
    let adjusted = p.iter().zip(left).map(|(p, left)| {
        largest = largest.max((p * real(left)).min(1.0));
        largest
    });
    adjusted.collect()
}

fn finding(
    dimension: Dimension,
    value: &str,
    measure: Measure,
    found: &Comparison,
    p_adjusted: f64,
    comparisons: usize,
) -> Finding {
    let who = match dimension {
        Dimension::Line => format!("on line {value}"),
        Dimension::State => format!("from {value}"),
        Dimension::Language => format!("in language {value}"),
        Dimension::Segment => format!("of group {value}"),
        Dimension::TimeOfDay if value == "weekend" => "at the weekend".into(),
        Dimension::TimeOfDay if value == "night" => "at night".into(),
        Dimension::TimeOfDay => format!("in the {value}"),
        Dimension::CalledBefore => "of callers who called before".into(),
    };
    let callers = who.strip_prefix("of callers ").unwrap_or(&who);
    let is_more = found.group_value > found.others;
    let n = found.group.denominator;
    let (said, suggested_trait) = match measure {
        Measure::HandleTime => {
            let percent = (found.group_value / found.others - 1.0).abs() * 100.0;
            let way = if is_more { "longer" } else { "less time" };
            (
                format!(
                    "Calls {who} take {percent:.0} % {way}: {:.0} s against {:.0} s of other callers' calls of the same types, n = {n}",
                    found.group_value, found.others
                ),
                if is_more {
                    "ask in depth, or need more help: allow the time, and find out which questions they ask"
                } else {
                    "ask for little, or leave with less: listen to some of these calls"
                },
            )
        }
        Measure::Abandonment => (
            format!("Callers {callers} hang up {}", against(found, n)),
            if is_more {
                "do not wait, or wait longer than others: look at their waits and at what they hear"
            } else {
                "wait where others leave: nothing they need may go unheard"
            },
        ),
        Measure::Repeat => (
            format!(
                "Callers {callers} call again within 72 h {}",
                against(found, n)
            ),
            if is_more {
                "do not get their answer at once: find out what they call again about"
            } else {
                "get their answer at once: find out what is done for them"
            },
        ),
    };
    Finding {
        dimension,
        value: value.to_owned(),
        measure,
        calls: n,
        group: found.group,
        others: found.others,
        p: found.p,
        p_adjusted,
        evidence: format!("{said} (p = {p_adjusted:.2e} among {comparisons} comparisons, Holm)."),
        suggested_trait: suggested_trait.to_owned(),
    }
}

fn against(found: &Comparison, n: u64) -> String {
    format!(
        "{:.1} % of the time against {:.1} % of other callers of the same types, n = {n}",
        found.group_value * 100.0,
        found.others * 100.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holm_steps_down() {
        // Holm (1979): the smallest times four, then times three but never below it, and so on.
        let adjusted = holm(&[0.01, 0.02, 0.03, 0.04]);
        let expected = [0.04, 0.06, 0.06, 0.06];
        for (found, expected) in adjusted.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12);
        }
        assert_eq!(holm(&[0.9, 0.95]), [1.0, 1.0]);
    }

    #[test]
    fn a_mix_of_types_is_no_difference() {
        // The group's triage calls are as long as the others', and it has more of them.
        let sums = |handled: u64, each_ms: u64, spread: u64| Sums {
            handled,
            handle_ms: u128::from(handled) * u128::from(each_ms),
            handle_ms_squared: u128::from(handled)
                * (u128::from(each_ms) * u128::from(each_ms)
                    + u128::from(spread) * u128::from(spread)),
            offered: handled,
            abandoned: handled / 20,
            ..Sums::default()
        };
        let pairs = [
            (sums(800, 660_000, 60_000), sums(400, 660_000, 60_000)),
            (sums(200, 90_000, 10_000), sums(4_000, 90_000, 10_000)),
        ];
        let found = handle_time(&pairs).unwrap();
        assert!((found.group_value - found.others).abs() < 1e-6 && found.p > 0.99);
        let found = shares(&pairs, |sums| (sums.abandoned, sums.offered)).unwrap();
        assert!(found.p > 0.99 && !found.matters(Measure::Abandonment));
        // 660 s against 468 s is 41 % more.
        let pairs = [(
            sums(1_240, 660_000, 200_000),
            sums(12_000, 468_000, 200_000),
        )];
        let found = handle_time(&pairs).unwrap();
        let finding = finding(
            Dimension::Language,
            "es",
            Measure::HandleTime,
            &found,
            0.0,
            9,
        );
        assert!(
            finding.evidence.starts_with(
                "Calls in language es take 41 % longer: 660 s against 468 s of other callers'"
            ) && finding.evidence.contains("n = 1240"),
            "{}",
            finding.evidence
        );
    }
}
