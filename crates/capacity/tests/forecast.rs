//! Forecast: what it must get right on made histories, and how good it is on two real ones beside a seasonal naive forecast.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests: a failure is a panic, measured figures are printed"
)]

mod common;

use common::close;
use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use segue_capacity::forecast::Forecast;
use segue_capacity::forecast::backtest::{BackTest, BackTestPlan, backtest};
use segue_capacity::forecast::calendar::{Calendar, Holiday};
use segue_capacity::forecast::handle::{HandleTimes, Handled};
use segue_capacity::forecast::history::{DayCounts, SLOTS, count};
use segue_capacity::forecast::predict::{ClockChange, IntervalForecast};
use std::collections::BTreeMap;

fn new_york() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

/// 100 calls from 8 to 9 on each day but Sunday, double on Mondays.
fn made(first: Date, days: i64, level: impl Fn(i64) -> f64) -> Vec<DayCounts> {
    (0..days)
        .map(|i| {
            let date = first + i.days();
            let weekday = match date.weekday() {
                Weekday::Monday => 2.0,
                Weekday::Sunday => 0.0,
                _ => 1.0,
            };
            let open = |slot: usize| if (32..36).contains(&slot) { 25.0 } else { 0.0 };
            let slots = (0..SLOTS)
                .map(|slot| Some(open(slot) * weekday * level(i)))
                .collect();
            DayCounts { date, slots }
        })
        .collect()
}

#[test]
fn weekdays_profile_and_level_come_back() {
    let days = made(date(2026, 9, 7), 28, |_| 1.0);
    let forecast = Forecast::learn(&days, &Calendar::default()).unwrap();
    let none = Calendar::default();
    close(forecast.day(date(2026, 10, 5), &none).0, 200.0, 1e-6);
    close(forecast.day(date(2026, 10, 6), &none).0, 100.0, 1e-6);
    close(forecast.day(date(2026, 10, 11), &none).0, 0.0, 0.0);
    let from = "2026-10-06T12:07:00Z".parse().unwrap();
    let hour = forecast
        .intervals(&new_york(), &none, from, from + 1.hour())
        .unwrap();
    assert_eq!(hour[0].start.to_string(), "2026-10-06T12:00:00Z");
    assert_eq!(hour.len(), 5);
    close(hour[0].calls, 25.0, 1e-6);
    close(hour[4].calls, 0.0, 0.0);
}

/// A dead day, a double import and a trend: the first two move nothing, the last is followed, and damped.
#[test]
fn outages_do_not_move_it_and_trends_do() {
    let none = Calendar::default();
    let mut dirty = made(date(2026, 9, 7), 28, |_| 1.0);
    for slot in dirty[15].slots.iter_mut().flatten() {
        *slot *= 0.05;
    }
    for slot in dirty[24].slots.iter_mut().flatten() {
        *slot *= 2.0;
    }
    let forecast = Forecast::learn(&dirty, &none).unwrap();
    close(forecast.day(date(2026, 10, 6), &none).0, 100.0, 0.02);
    let growing = made(date(2026, 8, 3), 63, |i| {
        1.01_f64.powi(i32::try_from(i).unwrap())
    });
    let forecast = Forecast::learn(&growing, &none).unwrap();
    let last = 100.0 * 1.01_f64.powi(62);
    let (soon, late) = (
        forecast.day(date(2026, 10, 6), &none).0,
        forecast.day(date(2027, 10, 5), &none).0,
    );
    assert!(soon > last * 0.93 && soon < last * 1.1, "{soon} {last}");
    assert!(
        late < last * 1.2,
        "a trend does not run on for a year: {late}"
    );
}

#[test]
fn holidays_are_factors() {
    let mut calendar = Calendar {
        holidays: vec![
            Holiday {
                date: date(2026, 9, 22),
                name: "founders' day".into(),
                factor: None,
            },
            Holiday {
                date: date(2026, 10, 20),
                name: "founders' day".into(),
                factor: None,
            },
            Holiday {
                date: date(2026, 10, 21),
                name: "closed".into(),
                factor: Some(0.0),
            },
            Holiday {
                date: date(2026, 10, 22),
                name: "never seen".into(),
                factor: None,
            },
        ],
    };
    let mut days = made(date(2026, 9, 7), 28, |_| 1.0);
    for slot in days[15].slots.iter_mut().flatten() {
        *slot *= 0.3;
    }
    let forecast = Forecast::learn(&days, &calendar).unwrap();
    close(forecast.day(date(2026, 10, 20), &calendar).0, 30.0, 1e-6);
    close(forecast.day(date(2026, 10, 21), &calendar).0, 0.0, 0.0);
    let (calls, cv) = forecast.day(date(2026, 10, 22), &calendar);
    close(calls, 100.0, 1e-6);
    assert!(cv >= 0.3, "an unknown holiday is uncertain: {cv}");
    let at: Timestamp = "2026-10-20T12:00:00Z".parse().unwrap();
    let quarter = forecast
        .intervals(&new_york(), &calendar, at, at + 15.minutes())
        .unwrap();
    assert_eq!(quarter[0].holiday.as_deref(), Some("founders' day"));
    calendar.holidays.clear();
    assert!(forecast.day(date(2026, 10, 21), &calendar).0 > 99.0);
}

/// The night clocks go back has 25 hours, the night they go forward 23; calls are neither lost nor doubled.
#[test]
fn the_clock_jumps() {
    let zone = new_york();
    let every_quarter = |first: Date, last: Date| {
        let start = first.to_zoned(zone.clone()).unwrap().timestamp();
        let end = (last + 1.day()).to_zoned(zone.clone()).unwrap().timestamp();
        let at = (0_i64..).map(move |i| start + (i * 15).minutes());
        at.take_while(move |t| *t < end).collect::<Vec<_>>()
    };
    let autumn = count(
        every_quarter(date(2026, 11, 1), date(2026, 11, 1)),
        &zone,
        date(2026, 11, 1),
        date(2026, 11, 1),
    )
    .unwrap();
    assert!(
        autumn[0].slots.iter().all(|slot| *slot == Some(1.0)),
        "{autumn:?}"
    );
    let spring = count(
        every_quarter(date(2027, 3, 14), date(2027, 3, 14)),
        &zone,
        date(2027, 3, 14),
        date(2027, 3, 14),
    )
    .unwrap();
    assert_eq!(
        spring[0].slots.iter().filter(|slot| slot.is_none()).count(),
        4
    );
    close(spring[0].total(), 92.0, 0.0);

    let forecast =
        Forecast::learn(&made(date(2026, 9, 7), 28, |_| 1.0), &Calendar::default()).unwrap();
    let flags = |from: &str, hours: i64| {
        let from: Timestamp = from.parse().unwrap();
        let got = forecast
            .intervals(&zone, &Calendar::default(), from, from + hours.hours())
            .unwrap();
        got.into_iter().map(|i| i.clock).collect::<Vec<_>>()
    };
    let autumn = flags("2026-11-01T04:00:00Z", 5);
    assert_eq!(
        autumn
            .iter()
            .filter(|c| **c == ClockChange::Repeated)
            .count(),
        8
    );
    let spring = flags("2027-03-14T05:00:00Z", 5);
    assert_eq!(
        spring.iter().position(|c| *c == ClockChange::AfterGap),
        Some(8)
    );
    assert_eq!(
        spring.iter().filter(|c| **c != ClockChange::None).count(),
        1
    );
}

#[test]
fn quantiles_are_those_of_the_distribution() {
    let at = |calls: f64, cv: f64| IntervalForecast {
        start: Timestamp::UNIX_EPOCH,
        calls,
        cv,
        holiday: None,
        clock: ClockChange::None,
    };
    // Poisson(3): P(≤1) = .1991, P(≤3) = .6472, P(≤6) = .9665.
    assert_eq!(
        [0.19, 0.20, 0.64, 0.65, 0.96].map(|p| at(3.0, 0.0).quantile(p)),
        [1, 2, 3, 4, 6]
    );
    assert_eq!(
        (at(0.0, 0.2).quantile(0.99), at(250.0, 0.0).quantile(0.5)),
        (0, 250)
    );
    // Across the change of method nothing jumps.
    let (below, above) = (at(299.9, 0.15).quantile(0.9), at(300.1, 0.15).quantile(0.9));
    assert!(below.abs_diff(above) <= 2, "{below} {above}");
    assert!(at(20.0, 0.4).quantile(0.95) > at(20.0, 0.0).quantile(0.95));
}

#[test]
fn handle_times_lean_on_the_whole_day() {
    let call = |hour: u8, s: u32| Handled {
        hour,
        handle_ms: s * 1_000,
    };
    let calls: Vec<_> = (0..400)
        .map(|i| call(9, 200 + i))
        .chain((0..400).map(|i| call(20, 500 + i)))
        .chain([call(3, 2_000)])
        .collect();
    let times = HandleTimes::learn(&calls).unwrap();
    assert_eq!((times.calls, times.p50_s), (801, 550.0));
    assert!(
        times.p90_s > 810.0 && (0.3..0.5).contains(&times.cv),
        "{times:?}"
    );
    assert!((times.by_hour_s[9] - 399.5).abs() < 5.0 && (times.by_hour_s[20] - 699.5).abs() < 5.0);
    // One night call of 2,000 s does not make the night 2,000 s long.
    assert!(
        times.by_hour_s[3] > times.mean_s && times.by_hour_s[3] < 1_600.0,
        "{times:?}"
    );
    close(times.by_hour_s[4], times.mean_s, 0.0);
    assert_eq!(HandleTimes::learn(&[]), None);
}

#[test]
fn too_little_history_says_what_to_import() {
    let error =
        Forecast::learn(&made(date(2026, 9, 7), 10, |_| 1.0), &Calendar::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "10 usual days in the history; import at least 14 (`segue calls import`)"
    );
    assert!(Forecast::learn(&made(date(2026, 9, 7), 20, |_| 0.0), &Calendar::default()).is_err());
}

fn show(name: &str, r: &BackTest) {
    println!(
        "{name}: {} forecasts, {} quarters, {:.0} calls; WAPE {:.3} (naive {:.3}), days {:.3} (naive {:.3}); coverage 80 %: {:.3}, 95 %: {:.3}",
        r.forecasts,
        r.intervals,
        r.calls,
        r.wape,
        r.naive_wape,
        r.day_wape,
        r.naive_day_wape,
        r.coverage_80,
        r.coverage_95
    );
}

/// Days from text rows of `date → slot → calls`; days that are not there were not observed.
fn days_of(counts: BTreeMap<Date, [f64; SLOTS]>) -> Vec<DayCounts> {
    counts
        .into_iter()
        .map(|(date, slots)| DayCounts {
            date,
            slots: slots.map(Some).to_vec(),
        })
        .collect()
}

#[test]
fn january_two_weeks_ahead() {
    let Some(text) = common::data("technion_bank/january.txt") else {
        return;
    };
    let mut types: BTreeMap<&str, BTreeMap<Date, [f64; SLOTS]>> = BTreeMap::new();
    for row in text
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect::<Vec<_>>())
    {
        if !["AGENT", "HANG"].contains(&row[12]) {
            continue;
        }
        let day = date(1999, 1, row[5][4..].parse().unwrap());
        let clock: Vec<usize> = row[6]
            .split(':')
            .map(|part| part.parse().unwrap())
            .collect();
        let slot = (clock[0] % 24) * 4 + clock[1] / 15;
        for key in ["all", row[4]] {
            types
                .entry(key)
                .or_default()
                .entry(day)
                .or_insert([0.0; SLOTS])[slot] += 1.0;
        }
    }
    let plan = BackTestPlan {
        learn_days: 15,
        ahead_days: 14,
        every_days: 14,
    };
    for (kind, counts) in types {
        let days = days_of(counts);
        let Ok(result) = backtest(&days, &Calendar::default(), plan) else {
            continue;
        };
        show(&format!("January {kind}"), &result);
        // A handful of calls a day can be foretold by nobody.
        assert!(
            result.calls < 500.0 || result.wape < result.naive_wape,
            "{kind}"
        );
        if kind == "all" {
            assert!(
                result.coverage_80 > 0.70 && result.coverage_95 > 0.88,
                "{result:?}"
            );
        }
    }
}

#[test]
fn us_bank_two_weeks_ahead() {
    let Some(text) = common::data("us_bank_5min/bank_calls.csv") else {
        return;
    };
    let mut counts = BTreeMap::new();
    for (when, calls) in text.lines().skip(1).filter_map(|line| line.split_once(',')) {
        let at: jiff::civil::DateTime = when.parse().unwrap();
        let slot = usize::try_from(i32::from(at.hour()) * 4 + i32::from(at.minute()) / 15).unwrap();
        counts.entry(at.date()).or_insert([0.0; SLOTS])[slot] += calls.parse::<f64>().unwrap();
    }
    let days = days_of(counts);
    let plan = BackTestPlan {
        learn_days: 60,
        ahead_days: 10,
        every_days: 10,
    };
    let result = backtest(&days, &Calendar::default(), plan).unwrap();
    show("US bank", &result);
    assert!(result.wape < result.naive_wape);
    assert!(
        (0.70..0.97).contains(&result.coverage_80) && result.coverage_95 > 0.88,
        "{result:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any history gives finite forecasts, and twice the calls twice the forecast.
    #[test]
    fn forecasts_scale(level in proptest::collection::vec(0.2..3.0_f64, 28..60)) {
        let days = i64::try_from(level.len()).unwrap();
        let at = |i: i64| level[usize::try_from(i).unwrap()];
        let none = Calendar::default();
        let (once, twice) = (made(date(2026, 8, 3), days, at), made(date(2026, 8, 3), days, |i| 2.0 * at(i)));
        let (once, twice) = (Forecast::learn(&once, &none).unwrap(), Forecast::learn(&twice, &none).unwrap());
        for ahead in 0..14_i64 {
            let day = date(2026, 8, 3) + (days + ahead).days();
            let (a, b) = (once.day(day, &none), twice.day(day, &none));
            prop_assert!(a.0.is_finite() && a.1.is_finite() && a.0 >= 0.0);
            prop_assert!((2.0 * a.0 - b.0).abs() < 1e-6 * (1.0 + b.0));
        }
    }
}
