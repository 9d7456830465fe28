//! "Had we not moved": the steady state of the formulas, the queue that carries over, and ranges that simulated days keep to.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

mod common;

use common::close;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use segue_capacity::counterfactual::{Block, FrozenInterval, Rules, counterfactual};
use segue_capacity::erlang::performance;
use segue_capacity::load::{Load, Patience};

fn day(calls: &[u32], agents: u32, aht_s: f64) -> Vec<FrozenInterval> {
    let start: Timestamp = "2026-11-26T13:00:00Z".parse().unwrap();
    let at = |i: usize| start + SignedDuration::from_mins(15 * i64::try_from(i).unwrap());
    calls
        .iter()
        .enumerate()
        .map(|(i, calls)| FrozenInterval {
            start: at(i),
            calls: *calls,
            aht_s,
            agents,
        })
        .collect()
}

fn rules(block_intervals: usize) -> Rules {
    Rules {
        patience: Patience::mean(240.0).unwrap(),
        within_s: 30.0,
        short_s: 5.0,
        interval_s: 900.0,
        show_up: 1.0,
        block_intervals,
    }
}

/// Whole blocks of a steady load are Erlang A.
#[test]
fn a_steady_day_is_erlang_a() {
    for (calls, agents) in [(30, 23), (30, 18), (3, 5), (30, 0)] {
        let blocks = counterfactual(&day(&[calls; 24], agents, 600.0), &rules(12)).unwrap();
        let load = Load::new(f64::from(calls) * 4.0, 600.0).unwrap();
        let steady = performance(load, rules(12).patience, agents, 30.0).unwrap();
        let offered = f64::from(calls) * 12.0;
        for block in &blocks {
            close(block.abandoned.mean / offered, steady.p_abandon, 2e-3);
            close(
                block.late.mean / offered,
                1.0 - steady.service_level.sl_answered_over_offered,
                2e-3,
            );
            close(
                block.mean_wait_s.unwrap(),
                steady.mean_wait_all_s.unwrap(),
                2e-3,
            );
        }
        assert_eq!((blocks.len(), blocks[1].offered), (2, calls * 12));
    }
}

/// A rush waits over into the next interval: what interval formulas do not see.
#[test]
fn a_rush_carries_over() {
    let rush = counterfactual(&day(&[10, 60, 10], 15, 600.0), &rules(1)).unwrap();
    let calm = counterfactual(&day(&[10, 10, 10], 15, 600.0), &rules(1)).unwrap();
    assert!(
        rush[2].abandoned.mean > 20.0 * calm[2].abandoned.mean,
        "{rush:?}"
    );
    // Without patience to lose, everybody is kept waiting and nobody is lost.
    let endless = Rules {
        patience: Patience::Endless,
        ..rules(3)
    };
    let endless = counterfactual(&day(&[10, 60, 10], 15, 600.0), &endless).unwrap();
    close(endless[0].abandoned.mean, 0.0, 0.0);
    assert!(endless[0].late.mean > rush.iter().map(|b| b.late.mean).sum::<f64>());
}

#[test]
fn an_empty_day_and_a_line_for_the_board() {
    assert!(counterfactual(&[], &rules(4)).unwrap().is_empty());
    let quiet = counterfactual(&day(&[0, 0], 3, 600.0), &rules(4)).unwrap();
    assert_eq!((quiet[0].offered, quiet[0].mean_wait_s), (0, None));
    let told = counterfactual(&day(&[30; 16], 18, 600.0), &rules(16)).unwrap();
    println!("{}", told[0].words());
    assert!(
        told[0]
            .words()
            .starts_with("Had we not moved: of 480 callers ")
    );
    let wrong = counterfactual(
        &day(&[1], 3, 600.0),
        &Rules {
            show_up: 1.5,
            ..rules(1)
        },
    )
    .unwrap_err();
    assert!(wrong.to_string().contains("the chance of show-up is 1.5"));
    let endless = counterfactual(
        &day(&[90_000], 3, 600.0),
        &Rules {
            patience: Patience::Endless,
            ..rules(1)
        },
    );
    assert!(
        endless
            .unwrap_err()
            .to_string()
            .contains("callers at once in one centre")
    );
}

/// People who may not show up make the day worse and less sure.
#[test]
fn show_up_is_uncertainty() {
    let sure = counterfactual(&day(&[30; 12], 22, 600.0), &rules(12)).unwrap()[0];
    let unsure = counterfactual(
        &day(&[30; 12], 22, 600.0),
        &Rules {
            show_up: 0.93,
            ..rules(12)
        },
    )
    .unwrap()[0];
    assert!(
        unsure.abandoned.mean > sure.abandoned.mean && unsure.abandoned.sd > sure.abandoned.sd,
        "{sure:?} {unsure:?}"
    );
}

/// One simulated day of the same centre: callers with patience, first come first served. Hang-ups, late callers, and who left
/// before 5 s.
fn simulated(
    rng: &mut ChaCha8Rng,
    calls: &[u32],
    agents: usize,
    aht_s: f64,
    patience_s: f64,
) -> [f64; 3] {
    let mut draw = |mean: f64| -mean * (1.0 - f64::from(rng.next_u32()) / 4_294_967_296.0).ln();
    let mut free_at = vec![0.0_f64; agents];
    let (mut gone, mut late, mut short) = (0.0, 0.0, 0.0);
    let warm = 8;
    for i in 0..calls.len() + warm {
        let rate = f64::from(calls[i.saturating_sub(warm)]) / 900.0;
        let begin = f64::from(u32::try_from(i).unwrap()) * 900.0;
        let mut at = begin + draw(1.0 / rate);
        while at < begin + 900.0 {
            let next = free_at.iter_mut().min_by(|a, b| a.total_cmp(b)).unwrap();
            let wait = (*next - at).max(0.0);
            let patience = draw(patience_s);
            let answered = patience > wait;
            if i >= warm {
                gone += f64::from(u8::from(!answered));
                late += f64::from(u8::from(!answered || wait > 30.0));
                short += f64::from(u8::from(!answered && patience < 5.0));
            }
            if answered {
                *next = at + wait + draw(aht_s);
            }
            at += draw(1.0 / rate);
        }
    }
    [gone, late, short]
}

fn mean_and_sd(values: &[f64]) -> (f64, f64) {
    let n = f64::from(u32::try_from(values.len()).unwrap());
    let mean = values.iter().sum::<f64>() / n;
    (
        mean,
        (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt(),
    )
}

#[test]
fn ranges_are_those_of_simulated_days() {
    let calls = [20, 30, 40, 40, 25, 15, 30, 30];
    let told = counterfactual(&day(&calls, 20, 600.0), &rules(8)).unwrap()[0];
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let days: Vec<_> = (0..6_000)
        .map(|_| simulated(&mut rng, &calls, 20, 600.0, 240.0))
        .collect();
    for (name, told, seen) in [
        (
            "hang-ups",
            told.abandoned,
            days.iter().map(|d| d[0]).collect::<Vec<_>>(),
        ),
        (
            "late",
            told.late,
            days.iter().map(|d| d[1]).collect::<Vec<_>>(),
        ),
    ] {
        let (mean, sd) = mean_and_sd(&seen);
        println!(
            "{name}: {:.2} ± {:.2}, simulated {mean:.2} ± {sd:.2}",
            told.mean, told.sd
        );
        assert!(
            (told.mean - mean).abs() < 4.0 * sd / 6_000.0_f64.sqrt(),
            "{name}"
        );
        assert!((told.sd / sd - 1.0).abs() < 0.06, "{name}");
    }
    let short: Vec<_> = days.iter().map(|d| d[2]).collect();
    let (mean, sd) = mean_and_sd(&short);
    println!("before 5 s: {:.3}, simulated {mean:.3}", told.short);
    assert!((told.short - mean).abs() < 4.0 * sd / 6_000.0_f64.sqrt());
    assert!(mean > 0.5, "there is something to leave out");
}

mod frozen {
    //! The block as it is recorded, through the staffing that both froze.

    use super::close;
    use jiff::Timestamp;
    use jiff::tz::TimeZone;
    use segue_capacity::counterfactual::frozen::{Asked, read_counts, replay, so_far};
    use segue_domain::counterfactual::StaffingKey;
    use segue_domain::counterfactual::frozen_staffing::{
        FrozenStaffing, StaffedHoliday, StaffedHours,
    };
    use segue_domain::counterfactual::replayed::ReplayedBlock;
    use std::collections::BTreeMap;

    fn staffing(agents: u32) -> FrozenStaffing {
        FrozenStaffing {
            key: StaffingKey {
                site: "RVS-Main".into(),
                call_type: "MSG".into(),
            },
            staffed: vec![StaffedHours {
                hours: "Mon-Fri 07:00-19:00".into(),
                agents,
            }],
            holidays: Vec::new(),
            aht_s: 600,
            patience_s: Some(240),
            show_up_bp: 10_000,
            first_day: "2026-10-01".parse().unwrap(),
            last_day: "2026-10-31".parse().unwrap(),
            reference: "report 3".into(),
            hash: "aa".repeat(32),
        }
    }

    /// Thursday, 10 to 13 in New York.
    fn asked(calls: u32) -> Asked {
        Asked {
            from: "2026-11-26T15:00:00Z".parse::<Timestamp>().unwrap(),
            until: "2026-11-26T18:00:00Z".parse().unwrap(),
            arrivals: vec![calls; 24],
            holidays: BTreeMap::new(),
            within_s: 30,
            short_abandon_s: 5,
        }
    }

    fn new_york() -> TimeZone {
        TimeZone::get("America/New_York").unwrap()
    }

    #[test]
    fn the_same_arrivals_give_the_same_bytes_and_replay_again_from_the_record() {
        let staffing = staffing(18);
        let block = replay(&staffing, &new_york(), asked(30)).unwrap();
        let again = replay(&staffing, &new_york(), Asked::of(&block)).unwrap();
        let bytes = |block| serde_json::to_vec(block).unwrap();
        assert_eq!(bytes(&block), bytes(&again));
        assert_eq!((block.offered, block.staffing.len()), (360, 64));
        // Erlang A of 120 calls an hour, 600 s, 18 agents, 240 s of patience, in a steady day.
        let hung_up = block.sums().hung_up().unwrap();
        assert!(hung_up.low < hung_up.expected && hung_up.expected < hung_up.high);
        let all = f64::from(u32::try_from(block.hung_up.mean_x100).unwrap()) / 36_000.0;
        let load = segue_capacity::load::Load::new(120.0, 600.0).unwrap();
        let patience = segue_capacity::load::Patience::mean(240.0).unwrap();
        let steady = segue_capacity::erlang::performance(load, patience, 18, 30.0).unwrap();
        close(all, steady.p_abandon, 2e-3);
        assert!(block.short_x100 > 0 && block.short_x100 < block.hung_up.mean_x100);
    }

    #[test]
    fn fewer_agents_and_closed_hours_lose_more_callers() {
        let lost = |agents, zone| {
            let block = replay(&staffing(agents), &zone, asked(30)).unwrap();
            block.sums().hung_up().unwrap().expected
        };
        assert!(lost(15, new_york()) > lost(18, new_york()));
        // The same instants are 0 to 3 at night in Tokyo, where nobody is on the phones: all are lost in the end.
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        assert!(lost(18, tokyo) > 9_000);
    }

    #[test]
    fn counts_are_read_as_a_report_gives_them() {
        let text =
            "\u{feff}weekday,time,agents\r\nMon,00:00,2\r\nmonday,00:15,3\r\nSun;23:45;1\r\n\r\n";
        let week = read_counts(text).unwrap().week;
        assert_eq!((week[0], week[1], week[2], week[671]), (2, 3, 0, 1));
        for (bad, line) in [
            ("Mon,00:00,2\nMon,00:00,3", "line 2 (`Mon,00:00,3`)"),
            ("Mon,00:05,2", "line 1"),
            ("Day,00:15,2", "line 1"),
            ("Mon,24:00,2", "line 1"),
            ("Mon,08:00,-1", "line 1"),
            ("Mon,08:00,1,2", "line 1"),
            ("Mon,08:00", "line 1"),
            ("holiday,08:00,1\nHoliday ,08:00,2", "line 2"),
        ] {
            let error = read_counts(bad).unwrap_err().to_string();
            assert!(error.starts_with(line), "{bad}: {error}");
        }
    }

    #[test]
    fn holidays_are_read_beside_the_week() {
        let text =
            "weekday,time,agents\nMon,08:00,9\nholiday,08:00,3\nholiday Thanksgiving,08:15,0\n";
        let counted = read_counts(text).unwrap();
        assert_eq!((counted.week[32], counted.holidays.len()), (9, 2));
        assert_eq!(
            (counted.holidays[&None].len(), counted.holidays[&None][32]),
            (96, 3)
        );
        assert_eq!(counted.holidays[&Some("Thanksgiving".into())], vec![0; 96]);
    }

    /// The asked Thursday is Thanksgiving.
    fn thanksgiving(calls: u32) -> Asked {
        Asked {
            holidays: [("2026-11-26".parse().unwrap(), "Thanksgiving".into())].into(),
            ..asked(calls)
        }
    }

    #[test]
    fn a_holiday_is_replayed_with_its_own_people_or_not_at_all() {
        let mut staffing = staffing(18);
        let unknown = replay(&staffing, &new_york(), thanksgiving(30)).unwrap_err();
        let said = "not known for a holiday: no in-house staffing of Thanksgiving (2026-11-26)";
        assert!(unknown.to_string().starts_with(said), "{unknown}");
        let ordinary = replay(&staffing, &new_york(), asked(30)).unwrap();
        let mut with = |agents: u32| {
            staffing.holidays = vec![StaffedHoliday {
                holiday: None,
                staffed: vec![StaffedHours {
                    hours: "always".into(),
                    agents,
                }],
            }];
            replay(&staffing, &new_york(), thanksgiving(30)).unwrap()
        };
        let (same, crew, closed) = (with(18), with(6), with(0));
        let lost = |block: &ReplayedBlock| block.sums().hung_up().unwrap().expected;
        assert_eq!(lost(&same), lost(&ordinary), "as many people, as many lost");
        assert!(lost(&crew) > 2 * lost(&ordinary) && lost(&closed) > 9_000);
        // Who replays the record again asks for the same holidays, and a day of the eve is its weekday.
        let bytes = |block: &ReplayedBlock| serde_json::to_vec(block).unwrap();
        assert_eq!(Asked::of(&crew), thanksgiving(30));
        assert_eq!(bytes(&with(6)), bytes(&crew));
        let text = String::from_utf8(bytes(&ordinary)).unwrap();
        assert!(
            !text.contains("holidays"),
            "older records stay as they are: {text}"
        );
    }

    #[test]
    fn what_runs_is_replayed_by_the_minute_to_the_same_figure() {
        let staffing = staffing(18);
        let block = replay(&staffing, &new_york(), asked(30)).unwrap();
        let minutes = Asked {
            arrivals: vec![2; 360],
            ..asked(30)
        };
        let running = so_far(60, &staffing, &new_york(), minutes).unwrap();
        assert_eq!(running.offered, block.offered);
        let (now, over) = (running.hung_up().unwrap(), block.sums().hung_up().unwrap());
        assert!(
            now.expected.abs_diff(over.expected) < 20,
            "{now:?} {over:?}"
        );
    }

    #[test]
    fn what_is_no_whole_block_is_said() {
        let mut odd = asked(30);
        odd.arrivals.pop();
        let error = replay(&staffing(18), &new_york(), odd).unwrap_err();
        assert!(error.to_string().contains("quarters of an hour"), "{error}");
        let quiet = replay(&staffing(18), &new_york(), asked(0)).unwrap();
        assert_eq!((quiet.offered, quiet.sums().hung_up()), (0, None));
    }
}

fn sum(blocks: &[Block]) -> f64 {
    blocks.iter().map(|b| b.abandoned.mean).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// More agents never lose more callers, and nobody is lost twice.
    #[test]
    fn more_agents_are_never_worse(calls in proptest::collection::vec(0..40_u32, 1..10), agents in 0..20_u32) {
        let few = counterfactual(&day(&calls, agents, 480.0), &rules(2)).unwrap();
        let more = counterfactual(&day(&calls, agents + 1, 480.0), &rules(2)).unwrap();
        prop_assert!(sum(&more) <= sum(&few) + 1e-6);
        for block in few {
            prop_assert!(block.abandoned.mean >= -1e-9 && block.late.mean <= f64::from(block.offered) + 1e-6);
            prop_assert!(block.abandoned.sd.is_finite() && block.late.sd.is_finite());
        }
    }
}
