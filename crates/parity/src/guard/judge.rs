//! The judgement: a pure function from rules and inputs to verdicts, action and reasons.
//!
//! Fail is *harm proved, and the best estimate beyond the agreed margin*: equality refuted alone is a hold
//! (`WorseWithinMargin`), so that a centre within its margin is not sent home for being a little worse. Where both signed
//! [`FailProof::WorseThanMargin`], the margin itself must be refuted. α is spent once: metrics that may roll back share
//! one combined e-value, the weighted mean of theirs, and the largest contributor is named.

use super::assessment::{
    Action, Assessment, GroupInputs, Inputs, MetricInputs, MetricVerdict, SegmentFigure,
};
use super::say;
use super::verdict::Verdict;
use crate::kpi::float;
use crate::rules::{FailProof, Instrument, MetricRule, Role, SignedRules};
use crate::sequences::log_mean;

/// Judges one instant. An assessment stores all that goes in here, so it can be asked again and must answer the same.
pub fn judge(
    signed: &SignedRules,
    inputs: Inputs,
    metrics: Vec<MetricInputs>,
    worse_off: Vec<SegmentFigure>,
) -> Assessment {
    let rules = &signed.rules().metrics;
    let proof = -signed.alpha().ln();
    let top = top_contributor(signed, &metrics);
    let metrics: Vec<MetricVerdict> = rules
        .iter()
        .zip(metrics)
        .enumerate()
        .map(|(place, (rule, inputs_of))| {
            let shared = rule.role == Role::Guardrail;
            let combined = shared && top == Some(place) && inputs.log_e_combined >= proof;
            let needed = if shared {
                proof - weight(signed, rule).ln()
            } else {
                proof
            };
            let verdict = verdict_of(rule, &inputs_of, proof, needed, combined);
            MetricVerdict {
                name: rule.name,
                role: rule.role,
                verdict,
                says: say::metric(rule, &inputs_of, verdict, signed.alpha()),
                inputs: inputs_of,
            }
        })
        .collect();
    let verdict = step(&metrics);
    let (action, reasons) = act(signed, &inputs, &metrics, verdict);
    Assessment {
        inputs,
        metrics,
        verdict,
        action,
        reasons,
        worse_off,
    }
}

/// Whether the instant counts as healthy: no floor, nothing stale that decides, nothing worse.
pub(super) fn healthy(assessment: &Assessment) -> bool {
    let quiet = |metric: &MetricVerdict| match metric.role {
        Role::Guardrail | Role::Gate => !metric.inputs.stale && !metric.inputs.alarm,
        Role::Signal => !metric.inputs.alarm,
        Role::Watch => true,
    };
    assessment.inputs.floors.is_empty()
        && !matches!(
            assessment.verdict,
            Verdict::Fail | Verdict::WorseWithinMargin
        )
        && assessment.metrics.iter().all(quiet)
}

/// ln of the combined e-value of the guardrails: the weighted mean of theirs is an e-value again, and never smaller than
/// what splitting α between them allows.
pub(super) fn log_e_combined(signed: &SignedRules, metrics: &[MetricInputs]) -> f64 {
    let guardrails = signed.rules().metrics.iter().zip(metrics);
    let weighted = guardrails
        .filter(|(rule, _)| rule.role == Role::Guardrail)
        .map(|(rule, inputs)| (weight(signed, rule), evidence_of_fail(rule, inputs)));
    let log = log_mean(weighted);
    if log.is_finite() { log } else { 0.0 }
}

/// A guardrail's share of α.
fn weight(signed: &SignedRules, rule: &MetricRule) -> f64 {
    let guardrails = signed.rules().metrics.iter();
    let total: u32 = guardrails
        .filter(|rule| rule.role == Role::Guardrail)
        .map(|rule| rule.weight.max(1))
        .sum();
    f64::from(rule.weight.max(1)) / f64::from(total.max(1))
}

/// Whose the combined evidence is: another metric, worse within its margin, lends nobody its own.
fn top_contributor(signed: &SignedRules, metrics: &[MetricInputs]) -> Option<usize> {
    let rules = signed.rules().metrics.iter();
    rules
        .zip(metrics)
        .enumerate()
        .filter(|(_, (rule, _))| rule.role == Role::Guardrail)
        .map(|(place, (rule, inputs))| {
            (
                place,
                weight(signed, rule).ln() + evidence_of_fail(rule, inputs),
            )
        })
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
        .map(|(place, _)| place)
}

fn evidence_of_fail(rule: &MetricRule, inputs: &MetricInputs) -> f64 {
    match rule.fail {
        FailProof::WorseThanEqual => inputs.log_e_harm,
        FailProof::WorseThanMargin => inputs.log_e_beyond_margin,
    }
}

fn verdict_of(
    rule: &MetricRule,
    inputs: &MetricInputs,
    proof: f64,
    needed: f64,
    combined: bool,
) -> Verdict {
    let few = inputs.weight_of_evidence < u64::from(rule.events_min.max(1));
    let descriptive = matches!(
        rule.name.instrument(),
        Instrument::Drift | Instrument::Sentinel
    );
    if descriptive {
        return match () {
            () if inputs.alarm => Verdict::WorseWithinMargin,
            () if few || inputs.stale => Verdict::NoData,
            () => Verdict::Inconclusive,
        };
    }
    let worse = inputs.log_e_harm >= needed || inputs.alarm;
    let refuted = evidence_of_fail(rule, inputs) >= needed || combined;
    match () {
        () if !few && refuted && inputs.estimate_beyond_margin => Verdict::Fail,
        () if inputs.stale || few => Verdict::NoData,
        () if worse => Verdict::WorseWithinMargin,
        () if inputs.log_e_noninferior >= proof && !inputs.estimate_beyond_margin => Verdict::Pass,
        () => Verdict::Inconclusive,
    }
}

/// The step: any Fail; else silence of what decides; else worse; else open; else Pass. Nothing that decides is no Pass.
fn step(metrics: &[MetricVerdict]) -> Verdict {
    let decides = |metric: &&MetricVerdict| matches!(metric.role, Role::Guardrail | Role::Gate);
    let any = |verdict: Verdict| {
        let mut deciding = metrics.iter().filter(decides);
        deciding.any(|metric| metric.verdict == verdict)
    };
    let signal_worse = metrics.iter().any(|metric| {
        metric.role == Role::Signal
            && matches!(metric.verdict, Verdict::Fail | Verdict::WorseWithinMargin)
    });
    match () {
        () if any(Verdict::Fail) => Verdict::Fail,
        () if any(Verdict::NoData) || !metrics.iter().any(|metric| decides(&metric)) => {
            Verdict::NoData
        }
        () if any(Verdict::WorseWithinMargin) || signal_worse => Verdict::WorseWithinMargin,
        () if any(Verdict::Inconclusive) => Verdict::Inconclusive,
        () => Verdict::Pass,
    }
}

/// Button, then hard failure, then statistics; and only what both signed happens without a person.
fn act(
    signed: &SignedRules,
    inputs: &Inputs,
    metrics: &[MetricVerdict],
    verdict: Verdict,
) -> (Action, Vec<String>) {
    let conduct = &signed.rules().conduct;
    let situation = &inputs.situation;
    let mut reasons = Vec::new();
    let action = if situation.home_pressed {
        reasons.push("A person brought the calls home.".to_owned());
        Action::StayHome
    } else if situation.no_route {
        reasons.push("There is no route to the outsourcer.".to_owned());
        if conduct.automatic_on_floor {
            Action::GoHome
        } else {
            Action::PageGoHome
        }
    } else if !inputs.floors.is_empty() {
        reasons.extend(inputs.floors.iter().map(|floor| say::floor(*floor, signed)));
        match () {
            () if situation.in_house_unhealthy => Action::Freeze,
            () if conduct.automatic_on_floor => Action::GoHome,
            () => Action::PageGoHome,
        }
    } else if failed(metrics, Role::Guardrail) {
        reasons.extend(said(metrics, |metric| {
            metric.role == Role::Guardrail && metric.verdict == Verdict::Fail
        }));
        match () {
            () if situation.in_house_unhealthy => Action::Freeze,
            () if conduct.automatic_on_fail => Action::ReturnToLastAccepted,
            () => Action::PageReturn,
        }
    } else {
        forward(signed, inputs, metrics, verdict, &mut reasons)
    };
    if action == Action::Freeze {
        reasons.push(
            "In-house could not take the calls either: nothing moves by itself; the button still works."
                .to_owned(),
        );
    }
    (action, reasons)
}

/// What nothing in the way back demands: hold, wait, or ask for the next step.
fn forward(
    signed: &SignedRules,
    inputs: &Inputs,
    metrics: &[MetricVerdict],
    verdict: Verdict,
    reasons: &mut Vec<String>,
) -> Action {
    let conduct = &signed.rules().conduct;
    let situation = &inputs.situation;
    let on_step_us = inputs.now_us.saturating_sub(situation.step_began_us);
    let reached = |seconds: u64| {
        let limit_us = seconds.saturating_mul(1_000_000);
        i64::try_from(limit_us).is_ok_and(|limit_us| on_step_us >= limit_us)
    };
    let deciding = |metric: &MetricVerdict| matches!(metric.role, Role::Guardrail | Role::Gate);
    if situation.held {
        reasons.push("A person holds the step.".to_owned());
        return Action::Hold;
    }
    if metrics.iter().any(|m| deciding(m) && m.inputs.stale) {
        reasons.extend(said(metrics, |metric| {
            deciding(metric) && metric.inputs.stale
        }));
        return Action::HoldAndPage;
    }
    let mut harmed = inputs
        .groups
        .iter()
        .filter(|g| is_harmed(signed, g))
        .peekable();
    if harmed.peek().is_some() {
        reasons.extend(harmed.map(|group| say::group(group, signed)));
        return Action::HoldForGroup;
    }
    if let Some(hold) = say::hold(signed, inputs) {
        reasons.push(hold);
        return Action::Hold;
    }
    match verdict {
        Verdict::Fail | Verdict::WorseWithinMargin => {
            reasons.extend(said(metrics, |metric| {
                metric.role != Role::Watch
                    && matches!(metric.verdict, Verdict::Fail | Verdict::WorseWithinMargin)
            }));
            Action::Hold
        }
        _ if !reached(signed.rules().soak_s()) => {
            reasons.push("The soak of this step is not over.".to_owned());
            Action::Stay
        }
        Verdict::Pass => {
            reasons
                .push("Not worse than the margin is proved on every deciding metric.".to_owned());
            Action::AskApprovals
        }
        Verdict::Inconclusive if !situation.largest_step => {
            reasons.push(
                "No harm was found in the soak; non-inferiority is decided at the largest step."
                    .to_owned(),
            );
            Action::AskApprovals
        }
        Verdict::Inconclusive | Verdict::NoData => {
            reasons.extend(said(metrics, |metric| {
                deciding(metric) && metric.verdict != Verdict::Pass
            }));
            if reached(u64::from(conduct.deadline_s)) {
                Action::AskPerson
            } else {
                Action::Stay
            }
        }
    }
}

/// How many comparisons of groups share one α: every group, and the small ones together, on every load-driven guardrail; none
/// where there are no groups.
pub fn group_comparisons(signed: &SignedRules) -> usize {
    let rules = signed.rules();
    let guardrails = rules.metrics.iter().filter(|rule| {
        rule.role == Role::Guardrail && rule.name.instrument() == Instrument::BlockBet
    });
    match rules.segments.len() {
        0 => 0,
        groups => (groups + 1) * guardrails.count(),
    }
}

/// Whether a group of callers is proved worse off than the limit that everybody was promised. An e-value passes n/α by chance
/// with probability α/n at most, at whatever time one looks (Ville); n comparisons together pass it with α at most. That takes
/// blocks whose chance is fair given those before: a day that is thin as a whole is not.
pub fn is_harmed(signed: &SignedRules, group: &GroupInputs) -> bool {
    let comparisons = u64::try_from(group_comparisons(signed)).unwrap_or(u64::MAX);
    let needed = (float(comparisons.max(1)) / signed.alpha()).ln();
    group.beyond_limit && group.log_e_beyond_limit >= needed
}

fn failed(metrics: &[MetricVerdict], role: Role) -> bool {
    let mut metrics = metrics.iter();
    metrics.any(|metric| metric.role == role && metric.verdict == Verdict::Fail)
}

fn said(metrics: &[MetricVerdict], which: impl Fn(&MetricVerdict) -> bool) -> Vec<String> {
    let metrics = metrics.iter().filter(|metric| which(metric));
    metrics.map(|metric| metric.says.clone()).collect()
}
