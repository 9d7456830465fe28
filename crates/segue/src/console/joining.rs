//! Records that kept no `X-Segue-Call`: joined with their decision by caller, number and time (`segue_calls::join`), once.
//!
//! What was joined stays joined for as long as it may be read again: later facts move no record to another decision.

use jiff::{SignedDuration, Timestamp};
use segue_calls::join::{self, JoinRules, MatchedBy, RoutedCall, Side, join};
use segue_calls::record::Outcome;
use segue_domain::caller::CallerHash;
use segue_domain::test_numbers::TestNumbers;
use segue_journal::facts::{AcdCall, Decision};
use segue_parity::tally::Thresholds;
use std::collections::{BTreeMap, HashSet};

/// Longer than facts are ever read back.
const KEPT: SignedDuration = SignedDuration::from_hours(30);

/// What was joined without a header: by feed and the centre's own id, the call and when it was seen.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    pairs: BTreeMap<(String, String), (String, Timestamp)>,
}

impl Joiner {
    /// Gives records without a header the call of the decision they belong to, where that is sure.
    pub(super) fn join(&mut self, decisions: &[Decision], records: &mut [AcdCall]) {
        for record in records.iter_mut().filter(|r| r.call_id.is_none()) {
            let known = self.pairs.get(&name(record));
            record.call_id = known.map(|(call, _)| call.clone());
        }
        let comparable: Vec<usize> = (0..records.len())
            .filter(|&i| started(&records[i]).is_some() && records[i].dialled.is_some())
            .collect();
        // The usual case costs nothing: every record kept its header.
        if comparable.iter().all(|&i| records[i].call_id.is_some()) {
            return;
        }
        // T and S decide figures, which nobody asks for here.
        let Ok(thresholds) = Thresholds::new(30, 5) else {
            return;
        };
        let routed: Vec<RoutedCall> = decisions.iter().map(routed).collect();
        let acd: Vec<join::AcdCall> = comparable
            .iter()
            .filter_map(|&i| acd(&records[i]))
            .collect();
        let joined = join(&routed, &acd, JoinRules::new(thresholds));
        for pair in joined
            .pairs
            .iter()
            .filter(|p| p.by == MatchedBy::CallerAndTime)
        {
            let record = &mut records[comparable[pair.acd]];
            let call = decisions[pair.routed].call_id.clone();
            self.pairs
                .insert(name(record), (call.clone(), record.newest_at));
            record.call_id = Some(call);
        }
    }

    /// Forgets what will not be read again.
    pub(super) fn forget(&mut self, now: Timestamp) {
        self.pairs
            .retain(|_, (_, seen)| now.duration_since(*seen) <= KEPT);
    }
}

fn name(record: &AcdCall) -> (String, String) {
    (record.source.clone(), record.source_call_id.clone())
}

fn started(record: &AcdCall) -> Option<Timestamp> {
    record.offered_at.or(record.queued_at)
}

fn routed(decision: &Decision) -> RoutedCall {
    RoutedCall {
        call_id: decision.call_id.clone(),
        at: decision.at,
        caller: decision.caller,
        dialled: decision.dialled.clone(),
        // Which side has a record is what the join finds out; figures by side are not asked for.
        side: Side::InHouse,
    }
}

fn acd(record: &AcdCall) -> Option<join::AcdCall> {
    Some(join::AcdCall {
        source_call_id: format!("{}/{}", record.source, record.source_call_id),
        segue_call: record.call_id.clone(),
        at: started(record)?,
        caller: record.caller,
        dialled: record.dialled.clone()?,
        outcome: if record.answered_at.is_some() {
            Outcome::Answered
        } else {
            Outcome::Abandoned
        },
        wait_ms: record.wait_ms(),
        handle_ms: None,
    })
}

/// A test call is nobody's outcome: neither its decision nor what a centre recorded of it is heard.
pub(super) fn leave_out_tests(
    tests: &TestNumbers,
    decisions: &mut Vec<Decision>,
    records: &mut Vec<AcdCall>,
) {
    let is_test = |caller: Option<CallerHash>, at: Timestamp| {
        caller.is_some_and(|caller| tests.is_test(&caller, at))
    };
    let (placed, real): (Vec<_>, Vec<_>) = decisions
        .drain(..)
        .partition(|decision| decision.is_test || is_test(decision.caller, decision.at));
    let placed: HashSet<_> = placed
        .into_iter()
        .map(|decision| decision.call_id)
        .collect();
    records.retain(|record| {
        let of_test = record
            .call_id
            .as_ref()
            .is_some_and(|id| placed.contains(id));
        // A record without any time is heard of nowhere; a registered telephone is one at any.
        let at = started(record).unwrap_or(Timestamp::MAX);
        !of_test && !is_test(record.caller, at)
    });
    *decisions = real;
}

#[cfg(test)]
mod tests {
    use super::*;
    use segue_domain::dial_in::{DialInCodeUsed, HOLDS};

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + ms).unwrap()
    }

    fn decision(id: &str, ms: i64, caller: u8) -> Decision {
        Decision {
            call_id: id.to_owned(),
            at: at(ms),
            node: "A".to_owned(),
            table_hash: "t".to_owned(),
            line: "L".to_owned(),
            chunk: Some("RVS-Main/MSG".to_owned()),
            rule: "share".to_owned(),
            bucket: None,
            pi_bp: 2_000,
            arm: "out".to_owned(),
            reason: "test".to_owned(),
            targets: Vec::new(),
            caller: Some(CallerHash([caller; 32])),
            dialled: "7001".to_owned(),
            is_test: false,
        }
    }

    fn record(id: &str, ms: i64, caller: u8, header: Option<&str>) -> AcdCall {
        AcdCall {
            source: "outsourced/CB".to_owned(),
            source_call_id: id.to_owned(),
            call_id: header.map(ToOwned::to_owned),
            caller: Some(CallerHash([caller; 32])),
            dialled: Some("7001".to_owned()),
            offered_at: Some(at(ms)),
            queued_at: None,
            answered_at: None,
            abandoned_at: None,
            ended_at: None,
            newest_at: at(ms),
            language: None,
            age_band: None,
        }
    }

    #[test]
    fn a_record_without_header_finds_its_decision_and_keeps_it() {
        let mut joiner = Joiner::default();
        let decisions = [decision("a", 0, 1), decision("b", 10_000, 1)];
        let mut records = [record("r", 500, 1, None), record("s", 0, 2, None)];
        joiner.join(&decisions, &mut records);
        assert_eq!(records[0].call_id.as_deref(), Some("a"));
        assert_eq!(records[1].call_id, None, "nobody else's record is guessed");
        // An earlier record of the same caller comes late; what was joined stays.
        let mut again = [record("q", 100, 1, None), record("r", 500, 1, None)];
        joiner.join(&decisions, &mut again);
        assert_eq!(again[1].call_id.as_deref(), Some("a"));
        assert_eq!(again[0].call_id, None);
        joiner.forget(at(0) + KEPT + SignedDuration::from_hours(1));
        assert!(joiner.pairs.is_empty());
    }

    #[test]
    fn a_header_is_never_overruled() {
        let mut joiner = Joiner::default();
        let mut records = [record("r", 0, 1, Some("b")), record("s", 10, 1, None)];
        joiner.join(&[decision("a", 0, 1), decision("b", 20, 1)], &mut records);
        assert_eq!(records[0].call_id.as_deref(), Some("b"));
        assert_eq!(records[1].call_id.as_deref(), Some("a"));
    }

    /// A22: a telephone of the campaign is in nobody's evidence, whichever side of a call told who called; nor is a call that Segue
    /// placed itself.
    #[test]
    fn test_calls_are_left_out_with_what_was_recorded_of_them() {
        let mut tests = TestNumbers::default();
        let telephone = CallerHash([9; 32]);
        tests.telephones.insert(telephone, "room 2".to_owned());
        let marked = Decision {
            is_test: true,
            ..decision("marked", 0, 2)
        };
        // A code of My calls was entered from this one: for a quarter of an hour it is one of the campaign's.
        let entered = DialInCodeUsed {
            person: "tess".into(),
            chunk: "RVS-Main/MSG".into(),
            cell: "message × night".into(),
            telephone: CallerHash([8; 32]).to_string(),
            at: at(0),
            until: at(0) + HOLDS,
        };
        tests.dialled_in.insert(CallerHash([8; 32]), vec![entered]);
        let over = 15 * 60_000;
        let mut decisions = vec![
            decision("real", 0, 1),
            decision("test", 0, 9),
            marked,
            decision("dialled in", 60_000, 8),
            decision("a patient later", over, 8),
        ];
        let mut anonymous = record("cb-2", 0, 1, Some("test"));
        anonymous.caller = None;
        let mut records = vec![
            record("cb-1", 0, 1, Some("real")),
            anonymous,
            record("cb-3", 0, 9, None),
            record("cb-4", 0, 2, Some("marked")),
            record("cb-5", 60_500, 8, None),
            record("cb-6", over + 500, 8, None),
        ];
        leave_out_tests(&tests, &mut decisions, &mut records);
        let left: Vec<_> = decisions.iter().map(|d| d.call_id.as_str()).collect();
        assert_eq!(left, ["real", "a patient later"]);
        let left: Vec<_> = records.iter().map(|r| r.source_call_id.as_str()).collect();
        assert_eq!(left, ["cb-1", "cb-6"]);
    }
}
