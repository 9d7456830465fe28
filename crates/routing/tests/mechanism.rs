//! What each mechanism does with a share or a start, and what it offers where it cannot (§3.2, scenario 24).
#![expect(clippy::expect_used, reason = "helpers of tests")]

use jiff::civil::DateTime;
use segue_domain::share::TrafficShare;
use segue_routing::mechanism::{
    Capable, Mechanism, NotPossible, Planned, Start, Stickiness, plan_share, plan_start,
};

fn share(percent: u8) -> TrafficShare {
    TrafficShare::from_percent(percent).expect("a percent")
}

fn offers(answer: Result<impl std::fmt::Debug, NotPossible>) -> String {
    answer.expect_err("it cannot do that").offers_text()
}

#[test]
fn a_share_that_does_not_fit_is_answered_with_the_nearest() {
    for (mechanism, percent, nearest) in [
        (Mechanism::AmazonConnect, 33, "30 % or 40 %"),
        (Mechanism::AmazonConnect, 1, "0 % or 10 %"),
        (Mechanism::AmazonConnect, 99, "90 % or 100 %"),
        (
            Mechanism::CallForwarding,
            33,
            "0 % or 100 % or 100 % in shift windows",
        ),
    ] {
        assert_eq!(
            offers(plan_share(mechanism, share(percent))),
            nearest,
            "{mechanism:?}"
        );
    }
}

#[test]
fn a_share_finer_than_a_percent_is_rounded_nowhere() {
    let finer: TrafficShare = serde_json::from_str("3350").unwrap();
    for (mechanism, nearest) in [
        (Mechanism::TollFreeCpr, "33 % or 34 %"),
        (Mechanism::AmazonConnect, "30 % or 40 %"),
        (Mechanism::SipTrunk, "33 % or 34 %"),
    ] {
        let answer = plan_share(mechanism, finer).unwrap_err();
        assert_eq!(answer.offers_text(), nearest, "{mechanism:?}");
        assert!(
            answer.to_string().starts_with("33.5 % is not possible on "),
            "{answer}"
        );
    }
}

#[test]
fn every_share_compiles_exactly_or_is_offered_shares_that_do() {
    for mechanism in Mechanism::ALL {
        let step = mechanism.capability().percent_step;
        for percent in 0..=100 {
            match plan_share(mechanism, share(percent)) {
                Ok(_) => assert_eq!(percent % step, 0, "{percent} on {mechanism:?}"),
                Err(answer) => {
                    assert_ne!(percent % step, 0, "{percent} on {mechanism:?}");
                    for offer in answer.offers {
                        let fits = match offer {
                            Planned::Share(share) => plan_share(mechanism, share).is_ok(),
                            other => other == Planned::ShiftWindows && step == 100,
                        };
                        assert!(fits, "{offer} on {mechanism:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_branches_of_a_toll_free_record_cover_100() {
    for percent in 1..100 {
        let steps = plan_share(Mechanism::TollFreeCpr, share(percent))
            .unwrap()
            .steps;
        let expected = format!("PERCENT {percent}/{}: ", 100 - percent);
        assert!(steps[0].starts_with(&expected), "{steps:?}");
        assert!(steps[0].ends_with("no OTHER branch"), "{steps:?}");
    }
    for percent in [0, 100] {
        let steps = plan_share(Mechanism::TollFreeCpr, share(percent))
            .unwrap()
            .steps;
        assert!(steps[0].starts_with("no PERCENT node"), "{steps:?}");
    }
}

#[test]
fn who_calls_twice_is_warned_of_where_nothing_keeps_the_side() {
    for mechanism in Mechanism::ALL {
        for percent in [0, 50, 100] {
            let Ok(instructions) = plan_share(mechanism, share(percent)) else {
                continue;
            };
            let warned = instructions.to_string().contains("drawn anew");
            let per_call = mechanism.capability().stickiness == Stickiness::PerCall;
            assert_eq!(warned, per_call && percent == 50, "{instructions}");
        }
    }
}

#[test]
fn a_start_off_the_grid_is_answered_with_the_nearest_or_now() {
    for (mechanism, at, nearest) in [
        (
            Mechanism::TollFreeCpr,
            "2027-03-01T09:07",
            "2027-03-01 09:00 or 2027-03-01 09:15 or NOW",
        ),
        (
            Mechanism::TollFreeCpr,
            "2027-12-31T23:52",
            "2027-12-31 23:45 or 2028-01-01 00:00 or NOW",
        ),
        (
            Mechanism::TollFreeCpr,
            "2027-03-01T09:15:01",
            "2027-03-01 09:15 or 2027-03-01 09:30 or NOW",
        ),
        (
            Mechanism::SipTrunk,
            "2027-03-01T09:07:30",
            "2027-03-01 09:07 or 2027-03-01 09:08 or NOW",
        ),
        // The last day of the calendar has no next quarter of an hour.
        (
            Mechanism::TollFreeCpr,
            "9999-12-31T23:59",
            "9999-12-31 23:45 or NOW",
        ),
    ] {
        let at: DateTime = at.parse().unwrap();
        assert_eq!(
            offers(plan_start(mechanism, Start::At(at))),
            nearest,
            "{mechanism:?}"
        );
    }
}

#[test]
fn a_start_on_the_grid_and_now_compile() {
    for (mechanism, at) in [
        (Mechanism::TollFreeCpr, "2027-03-01T09:00"),
        (Mechanism::TollFreeCpr, "2027-03-01T09:45"),
        (Mechanism::AmazonConnect, "2027-03-01T09:07"),
        (Mechanism::CallForwarding, "2027-03-01T09:07"),
        (Mechanism::PbxRouting, "2027-03-01T09:07"),
        (Mechanism::SipTrunk, "2027-03-01T09:07"),
    ] {
        let at: DateTime = at.parse().unwrap();
        let instructions = plan_start(mechanism, Start::At(at)).unwrap();
        let said = at.strftime("%Y-%m-%d %H:%M").to_string();
        assert!(instructions.to_string().contains(&said), "{instructions}");
        let now = plan_start(mechanism, Start::Now).unwrap();
        assert!(now.to_string().contains("NOW"), "{now}");
    }
}
