//! Period reports on the real series of `shared/data`: read whole, and asked about changes that were put in by hand.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests: a failure is a panic; a skip and what was measured are visible"
)]

mod common;

use segue_calls::periods::{PeriodMapping, PeriodReading, read_periods};
use segue_parity::kpi::Ratio;
use segue_parity::report::{Question, Report, Series, Why, report};
use std::fs::File;
use std::path::{Path, PathBuf};

fn data(file: &str) -> Option<PathBuf> {
    let data = std::env::var_os("SEGUE_REAL_DATA").map_or_else(
        || common::repository().join("../shared/data"),
        PathBuf::from,
    );
    let path = data.join(file);
    if !path.exists() {
        println!(
            "SKIPPED: {} is not here; set SEGUE_REAL_DATA",
            path.display()
        );
    }
    path.exists().then_some(path)
}

fn real(mapping: &str, file: &str, metric: &str) -> Option<(PeriodMapping, PeriodReading)> {
    let path = data(file)?;
    let mapping = PeriodMapping::find(mapping).unwrap();
    let reading = read_periods(File::open(&path).unwrap(), &path, &mapping, metric).unwrap();
    Some((mapping, reading))
}

fn ask(mapping: &PeriodMapping, series: &Series, area: &str, from: &str) -> Report {
    let question = Question {
        area,
        from,
        rules: mapping.windows,
    };
    report(series, &question).unwrap()
}

/// Moves the rate of one area by `points` from a date on, keeping it a rate.
fn injected(series: &Series, area: &str, from: &str, points: f64) -> Series {
    let mut changed = Series::default();
    for name in series.areas() {
        for period in series.periods() {
            let Some(mut figure) = series.figure(name, period) else {
                continue;
            };
            if name == area && period >= from {
                figure.numerator = moved(figure, points);
            }
            changed.add(name, period, figure).unwrap();
        }
    }
    changed
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "counts of calls"
)]
fn moved(figure: Ratio, points: f64) -> u64 {
    let by = figure.numerator as f64 + points / 100.0 * figure.denominator as f64;
    by.round().clamp(0.0, figure.denominator as f64) as u64
}

#[test]
fn the_monthly_report_reads_whole_and_its_one_contradiction_is_listed() {
    let Some((_, reading)) = real(
        "nhs111-monthly",
        "nhs111/monthly_apr_sep_2015.csv",
        "service_level",
    ) else {
        return;
    };
    assert_eq!(
        (reading.read, reading.accepted, reading.empty),
        (258, 257, 0)
    );
    assert_eq!(reading.quarantined, 1);
    assert_eq!(reading.rows[0].line, 28);
    assert_eq!(
        reading.rows[0].reason,
        "answered and abandoned make 21037, more than 21027 offered"
    );
    assert_eq!(reading.series.areas().count(), 43);
    assert_eq!(reading.series.periods()[0], "2015-04-01");
    assert_eq!(reading.code("lincolnshire nhs 111"), "111AA2");
    let april = reading.series.figure("111AA1", "2015-04-01").unwrap();
    assert_eq!((april.numerator, april.denominator), (52_692, 67_491));
}

#[test]
fn times_written_as_texts_become_seconds() {
    let Some((_, reading)) = real(
        "nhs111-monthly",
        "nhs111/monthly_apr_sep_2015.csv",
        "episode_length",
    ) else {
        return;
    };
    let april = reading.series.figure("111AA1", "2015-04-01").unwrap();
    // 00:10:53 over 56,339 answered.
    assert_eq!(april.numerator, 653 * 56_339);
}

#[test]
fn weeks_not_yet_published_are_gaps() {
    let Some((_, reading)) = real(
        "nhs111-daily",
        "nhs111/daily_nov2025_apr2026.csv",
        "service_level",
    ) else {
        return;
    };
    assert_eq!(reading.read, 3_724);
    assert_eq!(reading.quarantined, 0);
    assert_eq!(reading.empty, 203);
    assert_eq!(reading.accepted + reading.empty, reading.read);
    assert_eq!(
        reading.series.periods().len(),
        126,
        "the last week has no calls anywhere"
    );
}

#[test]
fn buckets_of_two_lines_side_by_side() {
    for (week, first) in [(44, "2025-10-26T00:00"), (46, "2025-11-09T00:00")] {
        let file = format!("emergency_centre/week_{week}_phone.csv");
        let Some((_, reading)) = real("emergency-centre", &file, "service_level_15") else {
            return;
        };
        assert_eq!((reading.read, reading.quarantined), (336, 0));
        assert_eq!(reading.series.periods()[0], first);
        assert_eq!(
            reading.series.areas().collect::<Vec<_>>(),
            ["administrative", "emergency"]
        );
        if week == 44 {
            let midnight = reading.series.figure("emergency", first).unwrap();
            assert_eq!((midnight.numerator, midnight.denominator), (14, 19));
        }
    }
}

/// How often each share of all areas and dates is called changed, with nothing and with something put in.
fn rate(mapping: &PeriodMapping, series: &Series, dates: &[&str], points: f64) -> (usize, usize) {
    let (mut found, mut asked) = (0, 0);
    for area in series.areas() {
        for from in dates {
            let question = Question {
                area,
                from,
                rules: mapping.windows,
            };
            let changed = injected(series, area, from, points);
            // An area with too many gaps has no answer, which is one.
            let Ok(answer) = report(&changed, &question) else {
                continue;
            };
            asked += 1;
            found += usize::from(answer.attributable());
        }
    }
    (found, asked)
}

/// Prints the table of docs/benchmarks.md and holds its bounds: a change nobody made is seldom found, a large one often.
fn measured(name: &str, file: &str, metric: &str, dates: &[&str], sizes: &[(f64, u32)]) {
    let Some((mapping, reading)) = real(name, file, metric) else {
        return;
    };
    for (points, percent_min) in sizes {
        let (found, asked) = rate(&mapping, &reading.series, dates, *points);
        println!("{name} {metric} {points:+} points: {found} of {asked} attributable");
        let at_least = asked * usize::try_from(*percent_min).unwrap();
        if *points == 0.0 {
            assert!(
                found * 100 <= asked * 5,
                "{found} of {asked} found where nothing changed"
            );
        } else {
            assert!(
                found * 100 >= at_least,
                "{found} of {asked} found of {points}"
            );
        }
    }
}

const DAILY: [&str; 4] = ["2026-01-19", "2026-02-02", "2026-02-16", "2026-03-02"];
const MONTHS: [&str; 3] = ["2015-06-01", "2015-07-01", "2015-08-01"];

#[test]
fn daily_service_level() {
    measured(
        "nhs111-daily",
        "nhs111/daily_nov2025_apr2026.csv",
        "service_level",
        &DAILY,
        &[(0.0, 0), (-5.0, 5), (-10.0, 25), (-20.0, 60)],
    );
}

#[test]
fn daily_answered() {
    measured(
        "nhs111-daily",
        "nhs111/daily_nov2025_apr2026.csv",
        "answered",
        &DAILY,
        &[(0.0, 0), (-5.0, 60), (-10.0, 75), (-20.0, 90)],
    );
}

#[test]
fn monthly_service_level() {
    measured(
        "nhs111-monthly",
        "nhs111/monthly_apr_sep_2015.csv",
        "service_level",
        &MONTHS,
        &[(0.0, 0), (-5.0, 20), (-10.0, 45), (-20.0, 70)],
    );
}

#[test]
fn what_england_did_is_not_one_areas_doing() {
    let Some((mapping, reading)) = real(
        "nhs111-daily",
        "nhs111/daily_nov2025_apr2026.csv",
        "service_level",
    ) else {
        return;
    };
    // Everybody fell in mid-March 2026; asked about anybody, the answer names the others.
    let named = reading
        .series
        .areas()
        .filter_map(|area| {
            let question = Question {
                area,
                from: "2026-03-16",
                rules: mapping.windows,
            };
            report(&reading.series, &question).ok()
        })
        .filter(|answer| answer.why.contains(&Why::ControlsMovedAsMuch))
        .count();
    assert!(named >= 14, "{named} of 27");
}

#[test]
fn an_injected_change_is_reported_with_its_size() {
    let Some((mapping, reading)) = real(
        "nhs111-daily",
        "nhs111/daily_nov2025_apr2026.csv",
        "answered",
    ) else {
        return;
    };
    let (area, from) = ("111AG8", "2026-02-16");
    let before = ask(&mapping, &reading.series, area, from);
    let series = injected(&reading.series, area, from, -20.0);
    let answer = ask(&mapping, &series, area, from);
    assert!((answer.effect - before.effect + 0.2).abs() < 0.001);
    assert!(answer.attributable(), "{:?}", answer.why);
    assert!(
        answer.rank_areas.larger_than >= 26,
        "{:?}",
        answer.rank_areas
    );
}

#[test]
fn dirt_is_listed_with_its_line() {
    let mapping = PeriodMapping::find("generic-periods").unwrap();
    let text = "\u{feff}area,period,offered,answered,in_threshold,abandoned\n\
                A,2026-03-01,\"1,200\",1100,1000,50\n\
                A,2026-03-01,10,9,8,1\n\
                B,2026-03-32,10,9,8,1\n\
                B,2026-03-02,ten,9,8,1\n\
                B,2026-03-03,-10,9,8,1\n\
                B,2026-03-04,1e3,9,8,1\n\
                B,2026-03-05,10,9,10,1\n\
                B,2026-03-06,10,9,8,N/A\n\
                B,2026-03-07,10,9\n\
                ,2026-03-08,10,9,8,1\n\
                B,2026-03-09,0,0,0,0\n\
                B,2026-03-10,10,9,8,1\n\
                \"B,2026-03-11,10,9,8,1";
    let reading = read_periods(
        text.as_bytes(),
        Path::new("x.csv"),
        &mapping,
        "service_level",
    )
    .unwrap();
    let lines: Vec<u64> = reading.rows.iter().map(|row| row.line).collect();
    assert_eq!(
        lines,
        [3, 4, 5, 6, 7, 8, 9, 10, 11, 14],
        "{:?}",
        reading.rows
    );
    assert_eq!((reading.accepted, reading.empty), (2, 1));
    assert_eq!(
        reading.read,
        reading.accepted + reading.empty + reading.quarantined
    );
    let figure = reading.series.figure("A", "2026-03-01").unwrap();
    assert_eq!((figure.numerator, figure.denominator), (1_000, 1_200));
}

#[test]
fn what_cannot_be_read_says_what_to_do() {
    let mapping = PeriodMapping::find("generic-periods").unwrap();
    let read = |text: &str, metric: &str| {
        read_periods(text.as_bytes(), Path::new("x.csv"), &mapping, metric)
            .unwrap_err()
            .to_string()
    };
    assert!(read("a,b\n1,2\n", "service_level").contains("no column \"period\""));
    assert!(read("a,b\n1,2\n", "speed").contains("service_level, answered, abandonment"));
    assert!(read("", "service_level").contains("no rows"));
    let none = "area,period,offered,answered,in_threshold,abandoned\nA,yesterday,1,1,1,0\n";
    assert!(read(none, "service_level").contains("no such date"));
    assert!(
        PeriodMapping::parse("name = 1", "mine.toml")
            .unwrap_err()
            .to_string()
            .contains("generic.toml")
    );
}
