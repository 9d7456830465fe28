//! Verdicts in sentences a director reads: figures, how sure, how fresh.

use super::assessment::{Floor, GroupInputs, Inputs, MetricInputs};
use super::verdict::Verdict;
use crate::kpi::Ratio;
use crate::rules::{FailProof, Instrument, MetricRule, SignedRules};

/// A hold that no metric's verdict speaks of.
pub(super) fn hold(signed: &SignedRules, inputs: &Inputs) -> Option<String> {
    let conduct = &signed.rules().conduct;
    let unserved = inputs.unserved;
    let too_many = u128::from(unserved.numerator) * 10_000
        > u128::from(unserved.denominator) * u128::from(conduct.unserved_bp);
    match () {
        () if inputs.log_e_sample_ratio >= -signed.alpha().ln() => Some(
            "The callers did not split as the table promised; nothing compared is fair until that is explained."
                .to_owned(),
        ),
        () if too_many => Some(format!(
            "Calls sent out that no record explains: {unserved}, more than the agreed {}.",
            percent_bp(conduct.unserved_bp)
        )),
        () if inputs.cool_down_until_us.is_some_and(|until| inputs.now_us < until) => {
            Some("The cool-down after the last roll-back is not over.".to_owned())
        }
        () if inputs.holding => Some(format!(
            "Healthy again for {} of {} intervals; the hold is lifted then.",
            inputs.healthy_intervals, conduct.healthy_intervals
        )),
        () => None,
    }
}

/// A broken floor with the number that was agreed.
pub(super) fn floor(floor: Floor, signed: &SignedRules) -> String {
    let floors = &signed.rules().floors;
    match floor {
        Floor::ServiceLevel => format!(
            "Service level below {} in two intervals of 15 minutes in a row.",
            percent_bp(floors.service_level_bp)
        ),
        Floor::Abandonment => format!(
            "More than {} of the calls of 30 minutes were abandoned.",
            percent_bp(floors.abandonment_bp)
        ),
        Floor::LongestWait => format!(
            "A caller waited longer than {} minutes.",
            floors.longest_wait_s / 60
        ),
        Floor::NoneAnswered => format!(
            "None of at least {} calls offered in 15 minutes was answered.",
            floors.none_answered_of
        ),
    }
}

/// A group of callers that is worse off than anybody was promised.
pub(super) fn group(group: &GroupInputs, signed: &SignedRules) -> String {
    let segments = &signed.rules().segments;
    let named = group.segment.and_then(|s| segments.get(usize::from(s)));
    let name = named.map_or("groups below one in twenty calls", String::as_str);
    format!(
        "Callers {name}: {} worse than anybody was promised, {} bad of {} at the outsourced centre (odds {}). Somebody must look; it brings nothing home by itself.",
        group.metric,
        group.outsourced.numerator,
        group.outsourced.denominator,
        odds(group.log_e_beyond_limit)
    )
}

/// One metric's verdict.
pub(super) fn metric(
    rule: &MetricRule,
    inputs: &MetricInputs,
    verdict: Verdict,
    alpha: f64,
) -> String {
    let what = match verdict {
        Verdict::Pass => format!(
            "not worse than the margin (odds {})",
            odds(inputs.log_e_noninferior)
        ),
        Verdict::Fail => match rule.fail {
            FailProof::WorseThanEqual => format!(
                "worse, and beyond the margin by the best estimate (odds {})",
                odds(inputs.log_e_harm)
            ),
            FailProof::WorseThanMargin => format!(
                "worse, and beyond the margin (odds {})",
                odds(inputs.log_e_beyond_margin)
            ),
        },
        Verdict::WorseWithinMargin if inputs.alarm && inputs.log_e_harm < -alpha.ln() => {
            "its alarm is raised: somebody must look".to_owned()
        }
        Verdict::WorseWithinMargin => {
            format!(
                "worse, within the margin (odds {})",
                odds(inputs.log_e_harm)
            )
        }
        Verdict::Inconclusive => "neither worse nor as good is proved yet".to_owned(),
        Verdict::NoData if inputs.stale => "its feed is silent".to_owned(),
        Verdict::NoData => format!(
            "too little evidence: {} of {}",
            inputs.weight_of_evidence, rule.events_min
        ),
    };
    let unit = match rule.name.instrument() {
        Instrument::InverseShareBet if rule.name.is_duration() => "s in",
        Instrument::InverseShareBet => "% short in",
        _ => "bad of",
    };
    let figure = |ratio: Ratio| format!("{} {unit} {}", ratio.numerator, ratio.denominator);
    format!(
        "{}: {what}; outsourced {}, in-house {}; {}, can see harm within {}.",
        rule.name,
        figure(inputs.outsourced),
        figure(inputs.in_house),
        freshness(inputs),
        duration(inputs.can_see_harm_within_s)
    )
}

fn freshness(inputs: &MetricInputs) -> String {
    match inputs.knowledge_as_of_us {
        Some(us) => format!("knowledge as of {}", instant(us)),
        None => "no knowledge yet".to_owned(),
    }
}

/// 20 to 1 and the like; beyond a million nobody needs the digits.
fn odds(log_e: f64) -> String {
    if log_e > 1e6_f64.ln() {
        "over 1,000,000 to 1".to_owned()
    } else {
        format!("{:.0} to 1", log_e.exp())
    }
}

pub(super) fn percent_bp(bp: u32) -> String {
    if bp.is_multiple_of(100) {
        format!("{} %", bp / 100)
    } else {
        format!("{}.{:02} %", bp / 100, bp % 100)
    }
}

fn duration(seconds: u64) -> String {
    match seconds {
        s if s < 120 => format!("{s} s"),
        s if s < 7_200 => format!("{} min", s.div_ceil(60)),
        s if s < 172_800 => format!("{} h", s.div_ceil(3_600)),
        s => format!("{} days", s.div_ceil(86_400)),
    }
}

/// UTC, to the minute.
fn instant(us: i64) -> String {
    jiff::Timestamp::from_microsecond(us).map_or_else(
        |_| "a time that cannot be".to_owned(),
        |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_and_durations_read_like_a_clock() {
        assert_eq!(instant(0), "1970-01-01 00:00 UTC");
        assert_eq!(instant(1_709_251_140_000_000), "2024-02-29 23:59 UTC");
        assert_eq!(instant(-60_000_000), "1969-12-31 23:59 UTC");
        assert_eq!(duration(90), "90 s");
        assert_eq!(duration(3_601), "61 min");
        assert_eq!(duration(90_000), "25 h");
        assert_eq!(percent_bp(50), "0.50 %");
    }
}
