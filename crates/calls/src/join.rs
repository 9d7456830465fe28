//! The account of every caller: routing decisions joined one-to-one with what the centre's own system recorded.
//!
//! A SIP 200 is never "answered by a person": waits, abandonment and answers come from the ACD's record. A decision
//! without a record is *unserved*, a record without a decision *unexplained*; both are shown, never dropped. Below the
//! agreed match rate there is no figure at all but `NoData`.

use crate::record::Outcome;
use jiff::{SignedDuration, Timestamp};
use segue_domain::caller::CallerHash;
use segue_parity::kpi::{Counts, Ratio};
use segue_parity::tally::{Tally, Thresholds};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Where a call was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The client's own centre.
    InHouse,
    /// The outsourcer's.
    Outsourced,
    /// The last resort of the line.
    LastResort,
}

/// One routing decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutedCall {
    /// The call's id, sent along as `X-Segue-Call`.
    pub call_id: String,
    /// When it was decided.
    pub at: Timestamp,
    /// The caller; nothing for anonymous ones.
    pub caller: Option<CallerHash>,
    /// The number dialled.
    pub dialled: String,
    /// The side that took the call.
    pub side: Side,
}

/// One call as an ACD recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcdCall {
    /// The ACD's own id.
    pub source_call_id: String,
    /// The `X-Segue-Call` it saw, where it kept the header.
    pub segue_call: Option<String>,
    /// When it arrived there, by the ACD's clock.
    pub at: Timestamp,
    /// The caller; nothing for anonymous ones.
    pub caller: Option<CallerHash>,
    /// The number dialled.
    pub dialled: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Its time in the human queue, from the ACD's own clock alone.
    pub wait_ms: Option<u64>,
    /// Talk, hold and after-call work.
    pub handle_ms: Option<u64>,
}

/// How to join.
#[derive(Debug, Clone, Copy)]
pub struct JoinRules {
    /// How far the two clocks may lie apart for a match without the header.
    pub skew_ms_max: u32,
    /// The least share of decisions that must find their record, in hundredths of a percent.
    pub match_rate_min_bp: u16,
    /// The limits of the KPIs.
    pub thresholds: Thresholds,
}

impl JoinRules {
    /// Two seconds of skew and 99 % (`design.md`, the join).
    pub const fn new(thresholds: Thresholds) -> Self {
        Self {
            skew_ms_max: 2_000,
            match_rate_min_bp: 9_900,
            thresholds,
        }
    }
}

/// How a pair was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// The `X-Segue-Call` header.
    Header,
    /// Caller, number and time.
    CallerAndTime,
}

/// A decision and its record, as positions in the slices given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// The decision.
    pub routed: usize,
    /// The record.
    pub acd: usize,
    /// How they were matched.
    pub by: MatchedBy,
}

/// The whole account.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Joined {
    /// The pairs, in the order of the decisions.
    pub pairs: Vec<Pair>,
    /// Decisions no ACD has a record of.
    pub unserved: Vec<usize>,
    /// Records no decision explains.
    pub unexplained: Vec<usize>,
    /// Further records (legs) under the header of a decision that already has its first.
    pub further_legs: Vec<usize>,
    /// Pairs over decisions.
    pub match_rate: Ratio,
    /// Whether the rate allows any figure.
    pub verdict: JoinVerdict,
    /// Each side's figures; empty under [`JoinVerdict::NoData`].
    pub sides: Vec<SideFigures>,
}

/// Whether enough was matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinVerdict {
    /// Figures may be shown.
    Enough,
    /// Too little was matched, or nothing was routed: no figures.
    NoData,
}

/// One side's waits and abandonment, from its ACD.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SideFigures {
    /// The side.
    pub side: Side,
    /// Decisions for it.
    pub routed: u64,
    /// Of them without an ACD record.
    pub unserved: u64,
    /// Matched calls that were never offered to a person there.
    pub excluded: u64,
    /// The integers.
    pub counts: Counts,
    /// (B − s) / (offered − s).
    pub abandonment: Ratio,
    /// ASA.
    pub asa_s: Option<f64>,
    /// The wait 90 % of answered calls did not exceed.
    pub p90_wait_s: Option<f64>,
    /// The longest wait of any offered call.
    pub longest_wait_s: Option<f64>,
    /// AHT.
    pub aht_s: Option<f64>,
}

/// Joins decisions with records. The order of the slices does not matter to who is matched.
///
/// First by header; then, among those left with a known caller, within each caller and dialled number in order of
/// time, each decision with the earliest free record within the skew: no other one-to-one choice matches more.
/// Anonymous callers match by number and time only where exactly one decision and one record can be meant.
pub fn join(routed: &[RoutedCall], acd: &[AcdCall], rules: JoinRules) -> Joined {
    let mut found: Vec<Option<(usize, MatchedBy)>> = vec![None; routed.len()];
    let mut taken = vec![false; acd.len()];
    let further_legs = by_header(routed, acd, &mut found, &mut taken);
    by_caller(routed, acd, rules, &mut found, &mut taken);
    let pairs: Vec<Pair> = found
        .iter()
        .enumerate()
        .filter_map(|(routed, found)| found.map(|(acd, by)| Pair { routed, acd, by }))
        .collect();
    let unserved: Vec<usize> = (0..routed.len()).filter(|&i| found[i].is_none()).collect();
    let unexplained = (0..acd.len()).filter(|&i| !taken[i]).collect();
    let match_rate = Ratio {
        numerator: count(pairs.len()),
        denominator: count(routed.len()),
    };
    let enough = match_rate.at_least(u64::from(rules.match_rate_min_bp), 10_000);
    let sides = if enough {
        figures(routed, acd, &found, rules)
    } else {
        Vec::new()
    };
    let verdict = if enough {
        JoinVerdict::Enough
    } else {
        JoinVerdict::NoData
    };
    Joined {
        pairs,
        unserved,
        unexplained,
        further_legs,
        match_rate,
        verdict,
        sides,
    }
}

type Found = [Option<(usize, MatchedBy)>];

fn by_header(
    routed: &[RoutedCall],
    acd: &[AcdCall],
    found: &mut Found,
    taken: &mut [bool],
) -> Vec<usize> {
    let ids: HashMap<&str, usize> = routed
        .iter()
        .enumerate()
        .map(|(i, call)| (call.call_id.as_str(), i))
        .collect();
    let mut order: Vec<usize> = (0..acd.len()).collect();
    order.sort_by_key(|&i| (acd[i].at, &acd[i].source_call_id, i));
    let mut further = Vec::new();
    for record in order {
        let header = acd[record].segue_call.as_deref();
        let Some(&decision) = header.and_then(|header| ids.get(header)) else {
            continue;
        };
        taken[record] = true;
        match &mut found[decision] {
            Some(_) => further.push(record),
            free => *free = Some((record, MatchedBy::Header)),
        }
    }
    further.sort_unstable();
    further
}

fn by_caller(
    routed: &[RoutedCall],
    acd: &[AcdCall],
    rules: JoinRules,
    found: &mut Found,
    taken: &mut [bool],
) {
    /// The free decisions and records of one caller on one number.
    type Group = (Vec<usize>, Vec<usize>);
    let mut groups: BTreeMap<(Option<CallerHash>, &str), Group> = BTreeMap::new();
    for (i, call) in routed
        .iter()
        .enumerate()
        .filter(|(i, _)| found[*i].is_none())
    {
        groups
            .entry((call.caller, &call.dialled))
            .or_default()
            .0
            .push(i);
    }
    for (i, call) in acd.iter().enumerate() {
        // A record that names another call's header is that call's, even if we do not know it.
        if !taken[i] && call.segue_call.is_none() {
            groups
                .entry((call.caller, &call.dialled))
                .or_default()
                .1
                .push(i);
        }
    }
    let skew = SignedDuration::from_millis(i64::from(rules.skew_ms_max));
    for ((caller, _), (mut decisions, mut records)) in groups {
        decisions.sort_by_key(|&i| (routed[i].at, &routed[i].call_id));
        records.sort_by_key(|&i| (acd[i].at, &acd[i].source_call_id));
        let near = |d: usize, r: usize| acd[r].at.duration_since(routed[d].at).abs() <= skew;
        if caller.is_none() {
            // Everybody anonymous looks alike: only a pair that nothing else comes near is sure.
            for &d in &decisions {
                let mut close = records.iter().filter(|&&r| near(d, r));
                let (Some(&r), None) = (close.next(), close.next()) else {
                    continue;
                };
                if decisions.iter().filter(|&&other| near(other, r)).count() == 1 {
                    (found[d], taken[r]) = (Some((r, MatchedBy::CallerAndTime)), true);
                }
            }
            continue;
        }
        let mut records = records.into_iter().peekable();
        for d in decisions {
            while records
                .next_if(|&r| routed[d].at.duration_since(acd[r].at) > skew)
                .is_some()
            {}
            if let Some(r) = records.next_if(|&r| near(d, r)) {
                (found[d], taken[r]) = (Some((r, MatchedBy::CallerAndTime)), true);
            }
        }
    }
}

fn figures(
    routed: &[RoutedCall],
    acd: &[AcdCall],
    found: &Found,
    rules: JoinRules,
) -> Vec<SideFigures> {
    struct Sums {
        routed: u64,
        unserved: u64,
        excluded: u64,
        tally: Tally,
    }
    let mut sides: BTreeMap<Side, Sums> = BTreeMap::new();
    for (call, found) in routed.iter().zip(found) {
        let sums = sides.entry(call.side).or_insert_with(|| Sums {
            routed: 0,
            unserved: 0,
            excluded: 0,
            tally: Tally::new(rules.thresholds),
        });
        sums.routed += 1;
        let Some((record, _)) = found else {
            sums.unserved += 1;
            continue;
        };
        let record = &acd[*record];
        match record.outcome {
            Outcome::Answered => sums.tally.answered(record.wait_ms, record.handle_ms),
            Outcome::Abandoned => sums.tally.abandoned(record.wait_ms),
            _ => sums.excluded += 1,
        }
    }
    let figures = |(side, sums): (Side, Sums)| SideFigures {
        side,
        routed: sums.routed,
        unserved: sums.unserved,
        excluded: sums.excluded,
        counts: *sums.tally.counts(),
        abandonment: sums.tally.counts().abandonment(),
        asa_s: sums.tally.asa_s(),
        p90_wait_s: sums.tally.p90_wait_s(),
        longest_wait_s: sums.tally.longest_wait_s(),
        aht_s: sums.tally.aht_s(),
    };
    sides.into_iter().map(figures).collect()
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_772_359_200_000 + ms).unwrap()
    }

    fn routed(id: usize, ms: i64, caller: Option<u8>) -> RoutedCall {
        RoutedCall {
            call_id: format!("call-{id}"),
            at: at(ms),
            caller: caller.map(|byte| CallerHash([byte; 32])),
            dialled: "+18005550142".into(),
            side: if id.is_multiple_of(2) {
                Side::InHouse
            } else {
                Side::Outsourced
            },
        }
    }

    fn record(id: usize, ms: i64, caller: Option<u8>, header: Option<usize>) -> AcdCall {
        AcdCall {
            source_call_id: format!("acd-{id}"),
            segue_call: header.map(|id| format!("call-{id}")),
            at: at(ms),
            caller: caller.map(|byte| CallerHash([byte; 32])),
            dialled: "+18005550142".into(),
            outcome: if id.is_multiple_of(5) {
                Outcome::Abandoned
            } else {
                Outcome::Answered
            },
            wait_ms: Some(8_000),
            handle_ms: Some(90_000),
        }
    }

    fn rules() -> JoinRules {
        JoinRules::new(Thresholds::new(20, 5).unwrap())
    }

    #[test]
    fn the_header_wins_over_time_and_legs_are_kept_apart() {
        let decisions = [routed(0, 0, Some(1)), routed(1, 100, Some(1))];
        // The records come swapped in time, one with a second leg.
        let records = [
            record(1, 0, Some(1), Some(1)),
            record(2, 100, Some(1), Some(0)),
            record(3, 60_000, Some(1), Some(0)),
        ];
        let joined = join(&decisions, &records, rules());
        assert_eq!(
            joined
                .pairs
                .iter()
                .map(|p| (p.routed, p.acd))
                .collect::<Vec<_>>(),
            [(0, 1), (1, 0)]
        );
        assert_eq!(joined.further_legs, [2]);
        assert_eq!(joined.verdict, JoinVerdict::Enough);
        assert_eq!(joined.sides.len(), 2);
    }

    #[test]
    fn without_header_one_to_one_as_many_as_can_be() {
        let decisions = [
            routed(0, 0, Some(1)),
            routed(1, 1_000, Some(1)),
            routed(2, 0, Some(2)),
        ];
        let records = [
            record(1, 1_000, Some(1), None),
            record(2, 2_500, Some(1), None),
        ];
        let joined = join(&decisions, &records, rules());
        assert_eq!(joined.pairs.len(), 2);
        assert_eq!(joined.unserved, [2]);
        assert_eq!(joined.verdict, JoinVerdict::NoData);
        assert!(joined.sides.is_empty(), "no figures below the rate");
        assert_eq!(
            joined.match_rate,
            Ratio {
                numerator: 2,
                denominator: 3
            }
        );
    }

    #[test]
    fn anonymous_callers_match_only_where_nobody_else_can_be_meant() {
        let alone = join(
            &[routed(0, 0, None)],
            &[record(1, 500, None, None)],
            rules(),
        );
        assert_eq!(alone.pairs.len(), 1);
        let crowd = [routed(0, 0, None), routed(1, 900, None)];
        let crowded = join(&crowd, &[record(1, 500, None, None)], rules());
        assert_eq!((crowded.pairs.len(), crowded.unexplained.len()), (0, 1));
    }

    #[test]
    fn nothing_routed_is_no_data() {
        let joined = join(&[], &[record(1, 0, Some(1), None)], rules());
        assert_eq!(joined.verdict, JoinVerdict::NoData);
        assert_eq!(joined.unexplained, [0]);
    }

    proptest! {
        #[test]
        fn every_decision_and_every_record_is_accounted_for_once(
            decisions in prop::collection::vec((0_i64..20_000, prop::option::of(0_u8..4)), 0..40),
            records in prop::collection::vec((0_i64..20_000, prop::option::of(0_u8..4), prop::option::of(0_usize..50)), 0..40),
        ) {
            let decisions: Vec<_> = decisions.iter().enumerate().map(|(i, d)| routed(i, d.0, d.1)).collect();
            let records: Vec<_> = records.iter().enumerate().map(|(i, r)| record(i, r.0, r.1, r.2)).collect();
            let joined = join(&decisions, &records, rules());
            let mut seen: Vec<usize> = joined.pairs.iter().map(|p| p.routed).chain(joined.unserved.iter().copied()).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..decisions.len()).collect::<Vec<_>>());
            let mut seen: Vec<usize> = joined.pairs.iter().map(|p| p.acd)
                .chain(joined.unexplained.iter().copied()).chain(joined.further_legs.iter().copied()).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..records.len()).collect::<Vec<_>>());
            for pair in &joined.pairs {
                let (d, r) = (&decisions[pair.routed], &records[pair.acd]);
                match pair.by {
                    MatchedBy::Header => prop_assert_eq!(Some(&d.call_id), r.segue_call.as_ref()),
                    MatchedBy::CallerAndTime => {
                        prop_assert_eq!(d.caller, r.caller);
                        prop_assert!(r.at.duration_since(d.at).abs() <= SignedDuration::from_secs(2));
                    }
                }
            }
        }
    }
}
