//! A13: chunks proposed from history, each as small as a verdict allows.

use crate::support::Story;
use proptest::prelude::*;
use segue_domain::Code;
use segue_domain::baseline::weekly_contacts;
use segue_domain::schedule::chunker::{History, Proposal, WEEK_HOURS, propose};

/// Thirteen weeks of messages at the large centre, so many in each hour of a week.
fn history(an_hour: impl Fn(usize) -> u64) -> History {
    History {
        site: "RVS-Main".into(),
        call_type: "MSG".into(),
        days: 91,
        first_weekday: jiff::civil::Weekday::Monday,
        calls: (0..WEEK_HOURS).map(|hour| an_hour(hour) * 13).collect(),
    }
}

fn names(proposals: &[Proposal]) -> Vec<&str> {
    proposals.iter().map(|p| p.planned.id.as_str()).collect()
}

#[test]
fn a13_a_busy_week_is_split_as_far_as_it_can_be_judged() {
    let t = Story::agreed().t;
    let even = propose(&t, &[history(|_| 41)]).unwrap();
    assert_eq!(
        names(&even),
        [
            "RVS-Main/MSG-days",
            "RVS-Main/MSG-evenings",
            "RVS-Main/MSG-nights",
            "RVS-Main/MSG-weekends"
        ]
    );
    assert!(even.iter().all(Proposal::is_judgeable), "{even:#?}");
    assert_eq!(even[0].calls_per_week, 41 * 50);
    // Hardly anybody calls at night: nobody could judge it, so it goes with the evening.
    let quiet = propose(
        &t,
        &[history(|hour| {
            if (8..22).contains(&(hour % 24)) {
                60
            } else {
                1
            }
        })],
    );
    assert_eq!(
        names(&quiet.unwrap()),
        [
            "RVS-Main/MSG-days",
            "RVS-Main/MSG-evenings-nights",
            "RVS-Main/MSG-weekends"
        ]
    );
    // Nearly no calls at all: one chunk, which says that no verdict will come.
    let rare = propose(&t, &[history(|hour| u64::from(hour % 24 == 9))]).unwrap();
    assert_eq!(names(&rare), ["RVS-Main/MSG"]);
    assert!(!rare[0].is_judgeable() && rare[0].planned.windows.is_empty());
}

#[test]
fn a13_a_first_step_stays_within_the_caps() {
    let t = Story::agreed().t;
    let busy = propose(&t, &[history(|_| 41)]).unwrap();
    for p in &busy {
        let contacts = weekly_contacts(&t, &p.planned).unwrap();
        let moved = contacts * u64::from(p.first_step_percent);
        assert!(p.first_step_percent > 0 && moved <= 25 * 18_400, "{p:?}");
    }
}

#[test]
fn a13_four_weeks_are_the_least() {
    let t = Story::agreed().t;
    let refused = |change: fn(&mut History)| {
        let mut short = history(|_| 41);
        change(&mut short);
        propose(&t, &[short]).unwrap_err()
    };
    for (refusal, says) in [
        (
            refused(|h| h.days = 27),
            "at least 28 days of records of MSG at RVS-Main, 91 are better; there are 27",
        ),
        (refused(|h| h.calls.truncate(24)), "168 hours"),
        (refused(|h| h.site = "Elsewhere".into()), "MSG at Elsewhere"),
    ] {
        assert_eq!(refusal.code, Code::BadFact);
        assert!(refusal.missing[0].contains(says), "{refusal}");
    }
}

proptest! {
    /// Every call of the history is in exactly one proposed chunk, by the windows that a plan would hold.
    #[test]
    fn a13_proposals_share_the_calls_without_gap_or_overlap(
        night in 0..80_u64, day in 0..80_u64, weekend in 0..80_u64,
    ) {
        let t = Story::agreed().t;
        let an_hour = |hour: usize| match (hour / 24, hour % 24) {
            (5.., _) => weekend,
            (_, 8..22) => day,
            _ => night,
        };
        let proposals = propose(&t, &[history(an_hour)]).unwrap();
        let monday: jiff::civil::DateTime = jiff::civil::date(2027, 1, 4).at(0, 30, 0, 0);
        let zone = jiff::tz::TimeZone::get("America/New_York").unwrap();
        let mut weekly = vec![0_u64; proposals.len()];
        for hour in 0..WEEK_HOURS {
            let at = monday + jiff::Span::new().hours(i64::try_from(hour).unwrap());
            let at = at.to_zoned(zone.clone()).unwrap().timestamp();
            let owns = |p: &Proposal| p.planned.windows.is_empty()
                || p.planned.windows.iter().any(|w| w.parse().unwrap().contains(at));
            let owners: Vec<_> = (0..proposals.len()).filter(|n| owns(&proposals[*n])).collect();
            prop_assert_eq!(owners.len(), 1, "hour {}", hour);
            weekly[owners[0]] += an_hour(hour);
        }
        let told: Vec<_> = proposals.iter().map(|p| p.calls_per_week).collect();
        prop_assert_eq!(weekly, told);
    }
}
