//! Erlang B, C and A against 40-digit reference values, and what must hold for every input.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

mod common;

use common::{close, vectors};
use proptest::prelude::*;
use segue_capacity::erlang::{Performance, erlang_b, performance};
use segue_capacity::load::{Load, Patience};
use serde_json::Value;

const TOLERANCE: f64 = 1e-8;

fn answer(
    calls_per_hour: f64,
    aht_s: f64,
    patience_s: Option<f64>,
    agents: u32,
    t: f64,
) -> Performance {
    let load = Load::new(calls_per_hour, aht_s).unwrap();
    performance(load, Patience::of(patience_s).unwrap(), agents, t).unwrap()
}

fn of_row(row: &Value) -> Performance {
    let number = |key: &str| row[key].as_f64();
    let agents = u32::try_from(row["agents"].as_u64().unwrap()).unwrap();
    answer(
        number("calls_per_hour").unwrap(),
        number("aht_s").unwrap(),
        number("patience_s"),
        agents,
        number("T_s").unwrap(),
    )
}

#[test]
fn every_row_of_the_reference() {
    let Some(reference) = vectors("erlang_reference.json") else {
        return;
    };
    let reference: Value = serde_json::from_str(&reference).unwrap();
    let rows = reference["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 40);
    let mut worst = 0.0_f64;
    for row in rows {
        let got = of_row(row);
        let levels = got.service_level;
        for (name, value) in [
            ("p_wait", Some(got.p_wait)),
            ("p_abandon", Some(got.p_abandon)),
            ("p_abandon_within_T", Some(got.p_abandon_within)),
            ("mean_wait_all", got.mean_wait_all_s),
            ("asa_answered", got.asa_answered_s),
            ("mean_queue", got.mean_queue),
            ("occupancy", got.occupancy),
            (
                "sl_answered_over_offered",
                Some(levels.sl_answered_over_offered),
            ),
            ("sl_excl_short_abandons", levels.sl_excl_short_abandons),
            ("sl_within_T_any", Some(levels.sl_within_t_any)),
            (
                "sl_answered_over_answered",
                levels.sl_answered_over_answered,
            ),
        ] {
            let (want, value) = (row[name].as_f64().unwrap(), value.unwrap());
            let apart = if want == 0.0 {
                value.abs()
            } else {
                (value / want - 1.0).abs()
            };
            assert!(
                apart < TOLERANCE,
                "row {} {name}: {value}, reference {want}",
                row["id"]
            );
            worst = worst.max(apart);
        }
    }
    println!("worst relative difference over 440 figures: {worst:.1e}");
}

/// Some of the reference figures, so that the formulas are held to something where the file is not.
#[test]
fn some_rows_without_the_file() {
    let c = answer(2_880.0, 60.0, None, 50, 20.0);
    close(c.p_wait, 0.694_455_611_196_834_3, TOLERANCE);
    close(
        c.service_level.sl_answered_over_offered,
        0.643_454_600_803_303_4,
        TOLERANCE,
    );
    let a = answer(3_600.0, 300.0, Some(180.0), 250, 20.0);
    close(a.p_abandon, 0.166_844_028_064_237, TOLERANCE);
    close(a.asa_answered_s.unwrap(), 32.266_995_521_619_53, TOLERANCE);
    let patient = answer(200.0, 180.0, Some(3_600.0), 12, 20.0);
    close(
        patient.p_abandon_within,
        0.002_088_085_925_036_366_5,
        TOLERANCE,
    );
    close(erlang_b(Load::new(60.0, 300.0).unwrap(), 0), 1.0, TOLERANCE);
}

/// Where patience equals handling (θ = μ), the system is a Poisson number of callers, some of them waiting.
#[test]
fn equal_patience_and_handling_is_a_poisson_tail() {
    let (erlangs, agents) = (16.0_f64, 16_u32);
    let mut term = (-erlangs).exp();
    let mut below = 0.0;
    for k in 0..agents {
        below += term;
        term *= erlangs / f64::from(k + 1);
    }
    close(
        answer(240.0, 240.0, Some(240.0), agents, 20.0).p_wait,
        1.0 - below,
        1e-10,
    );
}

#[test]
fn nothing_nobody_and_too_much_have_answers() {
    let quiet = answer(0.0, 660.0, None, 3, 30.0);
    close(quiet.service_level.sl_answered_over_offered, 1.0, 0.0);
    close(quiet.p_wait, 0.0, 0.0);
    let quiet = answer(0.0, 660.0, Some(240.0), 3, 30.0);
    close(quiet.service_level.sl_answered_over_offered, 1.0, 0.0);
    close(quiet.p_abandon, 0.0, 0.0);

    let over = answer(400.0, 660.0, None, 11, 30.0);
    assert_eq!((over.asa_answered_s, over.mean_queue), (None, None));
    close(over.service_level.sl_answered_over_offered, 0.0, 0.0);
    assert_eq!(answer(40.0, 660.0, None, 0, 30.0).occupancy, None);

    let nobody = answer(40.0, 660.0, Some(240.0), 0, 30.0);
    assert_eq!((nobody.asa_answered_s, nobody.occupancy), (None, None));
    close(nobody.p_abandon, 1.0, 0.0);
    close(nobody.mean_wait_all_s.unwrap(), 240.0, 1e-12);

    let impatient = answer(60.0, 300.0, Some(0.0), 5, 20.0);
    close(
        impatient.p_abandon,
        erlang_b(Load::new(60.0, 300.0).unwrap(), 5),
        1e-12,
    );
    let almost = answer(60.0, 300.0, Some(1e-9), 5, 20.0);
    close(almost.p_abandon, impatient.p_abandon, 1e-8);
}

/// A hundred thousand agents, and far more: finite, and where theory says (Garnett, Mandelbaum & Reiman 2002: at n = a
/// and θ = μ half of the callers wait).
#[test]
fn huge_centres() {
    for agents in [100_000_u32, 1_000_000, 100_000_000] {
        let calls_per_hour = f64::from(agents) * 12.0;
        let even = answer(calls_per_hour, 300.0, Some(300.0), agents, 20.0);
        assert!((even.p_wait - 0.5).abs() < 2e-3, "{agents}: {even:?}");
        let over = answer(calls_per_hour * 1.25, 300.0, Some(300.0), agents, 20.0);
        close(over.p_abandon, 0.2, 1e-6);
        let c = answer(calls_per_hour * 0.95, 300.0, None, agents, 20.0);
        assert!(
            c.service_level.sl_answered_over_offered > 0.999_999,
            "{c:?}"
        );
    }
    for (calls, aht_s, patience_s, agents) in [
        (1e12, 1e12, 1e12, u32::MAX),
        (1e12, 1e-9, 1e12, 1),
        (1e-9, 1e12, 1e-9, u32::MAX),
        (1e12, 1e12, 1e-9, 1),
        (1e9, 1e4, 1e6, 10),
    ] {
        let a = answer(calls, aht_s, Some(patience_s), agents, 20.0);
        assert!(sane(&a), "{calls} {aht_s} {patience_s} {agents}: {a:?}");
    }
}

fn sane(p: &Performance) -> bool {
    let part = |value: f64| (-1e-12..=1.0 + 1e-9).contains(&value);
    let parts = [
        p.p_wait,
        p.p_abandon,
        p.p_abandon_within,
        p.service_level.sl_answered_over_offered,
        p.service_level.sl_within_t_any,
    ];
    let maybe = [
        p.occupancy,
        p.service_level.sl_excl_short_abandons,
        p.service_level.sl_answered_over_answered,
    ];
    let times = [p.mean_wait_all_s, p.asa_answered_s, p.mean_queue];
    parts.into_iter().all(part)
        && maybe.into_iter().flatten().all(part)
        && times
            .into_iter()
            .flatten()
            .all(|t| t.is_finite() && t >= 0.0)
}

#[test]
fn what_is_no_quantity_is_refused_with_a_next_step() {
    let error = Load::new(-1.0, 300.0).unwrap_err().to_string();
    assert_eq!(
        error,
        "the rate is -1; give a number of calls an hour from 0 to 1e12"
    );
    for bad in [f64::NAN, f64::INFINITY, -0.5, 1e13] {
        assert!(
            Load::new(10.0, bad).is_err() && Patience::mean(bad).is_err(),
            "{bad}"
        );
    }
}

fn centres() -> impl Strategy<Value = (f64, f64, Option<f64>, u32, f64)> {
    let patience = prop_oneof![Just(None), (0.1..5_000.0_f64).prop_map(Some)];
    (
        0.0..3_000.0_f64,
        1.0..1_500.0_f64,
        patience,
        0..400_u32,
        0.0..300.0_f64,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// One agent more never makes anything worse.
    #[test]
    fn more_agents_are_never_worse((calls, aht_s, patience_s, agents, t) in centres()) {
        let (few, more) = (answer(calls, aht_s, patience_s, agents, t), answer(calls, aht_s, patience_s, agents + 1, t));
        prop_assert!(sane(&few), "{few:?}");
        let slack = 1e-10;
        prop_assert!(more.p_wait <= few.p_wait + slack);
        prop_assert!(more.p_abandon <= few.p_abandon + slack);
        prop_assert!(more.service_level.sl_answered_over_offered >= few.service_level.sl_answered_over_offered - slack);
        if let (Some(more), Some(few)) = (more.mean_wait_all_s, few.mean_wait_all_s) {
            prop_assert!(more <= few * (1.0 + 1e-9) + slack);
        }
    }

    /// More calls, or longer ones, never make anything better.
    #[test]
    fn more_load_is_never_better((calls, aht_s, patience_s, agents, t) in centres(), more in 1.0..2.0_f64) {
        let now = answer(calls, aht_s, patience_s, agents, t);
        for loaded in [answer(calls * more, aht_s, patience_s, agents, t), answer(calls, aht_s * more, patience_s, agents, t)] {
            prop_assert!(loaded.p_wait >= now.p_wait - 1e-10);
            prop_assert!(loaded.p_abandon >= now.p_abandon - 1e-10);
            prop_assert!(loaded.service_level.sl_answered_over_offered <= now.service_level.sl_answered_over_offered + 1e-10);
        }
    }

    /// The four service levels keep their order, and time only helps.
    #[test]
    fn definitions_keep_their_order((calls, aht_s, patience_s, agents, t) in centres()) {
        let p = answer(calls, aht_s, patience_s, agents, t);
        let strict = p.service_level.sl_answered_over_offered;
        for looser in [p.service_level.sl_excl_short_abandons, p.service_level.sl_answered_over_answered, Some(p.service_level.sl_within_t_any)] {
            prop_assert!(looser.unwrap_or(1.0) >= strict - 1e-12);
        }
        prop_assert!(p.p_abandon_within <= p.p_abandon + 1e-10);
        let later = answer(calls, aht_s, patience_s, agents, t + 10.0);
        prop_assert!(later.service_level.sl_answered_over_offered >= strict - 1e-10);
    }

    /// Callers with endless patience are Erlang C, where agents keep up.
    #[test]
    fn patience_without_end_is_erlang_c(calls in 1.0..500.0_f64, aht_s in 30.0..900.0_f64, spare in 1..20_u32) {
        let load = Load::new(calls, aht_s).unwrap();
        let erlangs = load.erlangs();
        let agents = (0..10_000).find(|n| f64::from(*n) > erlangs).unwrap() + spare;
        let (a, c) = (answer(calls, aht_s, Some(1e11), agents, 20.0), answer(calls, aht_s, None, agents, 20.0));
        prop_assert!((a.p_wait - c.p_wait).abs() < 1e-6, "{} {}", a.p_wait, c.p_wait);
        prop_assert!((a.service_level.sl_answered_over_offered - c.service_level.sl_answered_over_offered).abs() < 1e-6);
    }

    /// What comes in goes out: answered and abandoned are all, and the agents' work is the answered calls.
    #[test]
    fn flow_is_conserved((calls, aht_s, patience_s, agents, t) in centres()) {
        let p = answer(calls, aht_s, patience_s, agents, t);
        if let (Some(patience_s), Some(wait_s), Some(occupancy)) = (patience_s, p.mean_wait_all_s, p.occupancy) {
            prop_assert!((p.p_abandon * patience_s - wait_s).abs() < 1e-9 * (1.0 + wait_s));
            let work = f64::from(agents) * occupancy;
            let answered = calls * aht_s / 3_600.0 * (1.0 - p.p_abandon);
            prop_assert!((work - answered).abs() < 1e-6 * (1.0 + answered));
        }
    }
}

proptest! {
    /// The core keeps an Erlang C of its own, as it depends on nothing: it is this one.
    #[test]
    fn the_cores_erlang_c_is_this_one(calls in 0.1..2_000.0f64, aht_s in 10.0..2_000.0f64, spare in 1u32..40, within_s in 0u32..120) {
        let core = segue_domain::staffing::Load { calls_per_hour: calls, aht_s };
        let agents = common::above(core.erlangs()) + spare;
        let here = answer(calls, aht_s, None, agents, f64::from(within_s));
        let there = core.service_level(agents, within_s);
        prop_assert!((there - here.service_level.sl_answered_over_offered).abs() < 1e-9, "{there} {here:?}");
        prop_assert!((core.p_wait(agents) - here.p_wait).abs() < 1e-9);
    }
}
