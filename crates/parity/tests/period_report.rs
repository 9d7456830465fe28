//! Period reports on made series: areas that wander, a season that moves all of them, and changes put in by hand.
#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use segue_parity::kpi::Ratio;
use segue_parity::report::{
    CannotReport, Question, Report, ReportRules, ReportVerdict, Series, Unit, Why, report,
};

const AREAS: usize = 28;
const DAYS: usize = 84;
const CHANGE: usize = 56;
const RULES: ReportRules = ReportRules {
    cycle_periods: 7,
    before_cycles_max: 8,
    after_cycles_max: 4,
    area_share_percent_max: 5,
    date_share_percent_max: 10,
    dates_min: 5,
};

fn day(at: usize) -> String {
    format!("d{at:03}")
}

fn unit(rng: &mut ChaCha8Rng) -> f64 {
    f64::from(rng.next_u32()) / f64::from(u32::MAX)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 to 1000"
)]
fn of_a_thousand(rate: f64) -> u64 {
    (rate * 1_000.0).round() as u64
}

/// A world: every area at its own level, wandering from day to day, all of them under one season.
struct World {
    seed: u64,
    /// Points that everybody loses from the change on.
    shock: f64,
    /// Points that area 0 loses from the change on.
    injected: f64,
    areas: usize,
}

impl World {
    fn series(&self) -> Series {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut series = Series::default();
        let mut season = 0.0;
        let mut levels: Vec<f64> = (0..self.areas)
            .map(|_| 0.7 + 0.2 * unit(&mut rng))
            .collect();
        for at in 0..DAYS {
            season = 0.9 * season + 0.02 * (unit(&mut rng) - 0.5);
            for (area, level) in levels.iter_mut().enumerate() {
                *level += 0.004 * (unit(&mut rng) - 0.5);
                let after = at >= CHANGE;
                let lost = if after { self.shock } else { 0.0 }
                    + if after && area == 0 {
                        self.injected
                    } else {
                        0.0
                    };
                let rate = (*level + season - lost + 0.03 * (unit(&mut rng) - 0.5)).clamp(0.0, 1.0);
                let figure = Ratio {
                    numerator: of_a_thousand(rate),
                    denominator: 1_000,
                };
                series
                    .add(&format!("a{area:02}"), &day(at), figure)
                    .unwrap();
            }
        }
        series
    }

    fn answer(&self) -> Report {
        ask(&self.series(), "a00", CHANGE).unwrap()
    }
}

fn ask(series: &Series, area: &str, at: usize) -> Result<Report, CannotReport> {
    report(
        series,
        &Question {
            area,
            from: &day(at),
            rules: RULES,
        },
    )
}

fn quiet(seed: u64) -> World {
    World {
        seed,
        shock: 0.0,
        injected: 0.0,
        areas: AREAS,
    }
}

#[test]
fn a_no_change_series_is_seldom_called_changed_and_a_large_change_is_found() {
    let found = |injected: f64| {
        let worlds = (0..200).map(|seed| World {
            injected,
            ..quiet(seed)
        });
        worlds.filter(|world| world.answer().attributable()).count()
    };
    let (false_alarms, found) = (found(0.0), found(0.15));
    // 1 in 28 by construction, less those that earlier dates explain: 200 × 3.6 % = 7, ± 3 standard deviations.
    assert!(false_alarms <= 15, "{false_alarms} of 200");
    assert!(found >= 150, "{found} of 200");
}

#[test]
fn what_happened_to_everybody_is_not_attributable() {
    for seed in 0..20 {
        let answer = World {
            shock: 0.2,
            ..quiet(seed)
        }
        .answer();
        assert!(!answer.attributable(), "{seed}");
        assert!(
            answer.why.contains(&Why::ControlsMovedAsMuch),
            "{:?}",
            answer.why
        );
        assert!((answer.control_change + 0.2).abs() < 0.05);
    }
}

#[test]
fn a_change_beyond_everybodys_is_the_areas_own() {
    let answer = World {
        shock: 0.1,
        injected: 0.3,
        ..quiet(3)
    }
    .answer();
    assert_eq!(answer.verdict, ReportVerdict::LargerThanElsewhere);
    assert!((answer.effect + 0.3).abs() < 0.05, "{}", answer.effect);
    assert!(answer.interval.lower <= -0.3 && -0.3 <= answer.interval.upper);
    assert_eq!(answer.rank_areas.larger_than, answer.rank_areas.of);
}

/// A small client has a few centres; the largest of five comes up by chance once in five.
#[test]
fn few_areas_prove_nothing_however_large_the_change() {
    let answer = World {
        injected: 0.6,
        areas: 5,
        ..quiet(1)
    }
    .answer();
    assert_eq!(answer.why, [Why::TooFewAreas]);
    assert!(
        answer.says("x", Unit::Share).contains("once in 5"),
        "{}",
        answer.says("x", Unit::Share)
    );
}

#[test]
fn the_direction_of_the_question_does_not_matter() {
    let (down, up) = (quiet(7).series(), mirrored(&quiet(7)));
    let (down, up) = (
        ask(&down, "a00", CHANGE).unwrap(),
        ask(&up, "a00", CHANGE).unwrap(),
    );
    assert!((down.effect + up.effect).abs() < 1e-9);
    assert_eq!(down.rank_areas, up.rank_areas);
    assert_eq!(down.why, up.why);
}

/// Bad calls counted instead of good ones.
fn mirrored(world: &World) -> Series {
    let original = world.series();
    let mut series = Series::default();
    for area in original.areas() {
        for period in original.periods() {
            let figure = original.figure(area, period).unwrap();
            let bad = Ratio {
                numerator: figure.denominator - figure.numerator,
                ..figure
            };
            series.add(area, period, bad).unwrap();
        }
    }
    series
}

#[test]
fn gaps_are_no_rates() {
    let original = quiet(2).series();
    let mut series = Series::default();
    let nothing = Ratio {
        numerator: 0,
        denominator: 0,
    };
    for area in original.areas() {
        for (at, period) in original.periods().into_iter().enumerate() {
            let gap = (area == "a01" && at >= 28) || (area == "a00" && (30..33).contains(&at));
            let figure = original.figure(area, period).unwrap();
            series
                .add(area, period, if gap { nothing } else { figure })
                .unwrap();
        }
    }
    let answer = ask(&series, "a00", CHANGE).unwrap();
    let excluded: Vec<_> = answer
        .excluded
        .iter()
        .map(|e| (e.area.as_str(), e.periods, e.of))
        .collect();
    assert_eq!(excluded, [("a01", 28, 84)]);
    assert_eq!(
        answer.rates.before.denominator,
        53 * 1_000,
        "three days of silence are no zeros"
    );
    assert!(matches!(
        ask(&series, "a01", CHANGE),
        Err(CannotReport::TooManyGaps { .. })
    ));
}

#[test]
fn questions_without_an_answer() {
    let series = quiet(2).series();
    assert!(matches!(
        ask(&series, "nowhere", CHANGE),
        Err(CannotReport::UnknownArea { .. })
    ));
    for at in [0, 13, DAYS - 6, DAYS] {
        assert!(
            matches!(ask(&series, "a00", at), Err(CannotReport::NoWindow { .. })),
            "{at}"
        );
    }
    let alone = World {
        areas: 1,
        ..quiet(1)
    };
    assert_eq!(
        ask(&alone.series(), "a00", CHANGE),
        Err(CannotReport::NoControls)
    );
    let mut twice = series;
    let figure = twice.figure("a00", &day(3)).unwrap();
    assert!(matches!(
        twice.add("a00", &day(3), figure),
        Err(CannotReport::Twice { .. })
    ));
}

/// What these data cannot know is never said, in any verdict.
#[test]
fn never_the_word() {
    let worlds = [
        quiet(1),
        World {
            injected: 0.3,
            ..quiet(2)
        },
        World {
            shock: 0.2,
            ..quiet(3)
        },
        World {
            injected: 0.4,
            areas: 4,
            ..quiet(4)
        },
    ];
    for world in worlds {
        for unit in [Unit::Share, Unit::Seconds] {
            let says = world.answer().says("Answered within 60 s", unit);
            assert!(!says.to_lowercase().contains("cause"), "{says}");
            assert!(says.contains("ttributable"), "{says}");
        }
    }
}

#[test]
fn the_same_series_gives_the_same_bytes() {
    let answers = [quiet(5).answer(), quiet(5).answer()].map(|a| serde_json::to_vec(&a).unwrap());
    assert_eq!(answers[0], answers[1]);
}
