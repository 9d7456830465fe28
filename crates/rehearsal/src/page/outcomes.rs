//! Three plans side by side: hang-ups of 10,000 with the middle 90 of 100 runs.

use super::svg::{number, text};
use crate::report::words::{mean_of_10000, range, rounded, thousands};
use crate::report::{Report, World, float};
use std::fmt::Write as _;

const LEFT: f64 = 190.0;
const WIDTH: f64 = 400.0;

/// A round number such that at most five of it reach the value.
fn tick_of(most: f64) -> f64 {
    let power = 10.0_f64.powf((most / 5.0).log10().floor());
    let fits = |n: &f64| n * power * 5.0 >= most;
    [1.0, 2.0, 5.0, 10.0].into_iter().find(fits).unwrap_or(10.0) * power
}

/// The figure with its finding; the numbers are in the table beside it.
pub(super) fn figure(report: &Report) -> String {
    let worlds = [
        ("No move", "in-house as today", "bi", &report.no_move),
        (
            "This plan",
            "with every guard and fallback",
            "bo",
            &report.plan,
        ),
        (
            "Mass cutover",
            "all calls on the first day",
            "bo",
            &report.mass_cutover,
        ),
    ];
    let most = worlds
        .iter()
        .map(|(.., w)| w.told_of_10000.high)
        .fold(1.0, f64::max);
    let x = |value: f64| LEFT + value / most * WIDTH;
    let mut desc = String::new();
    let mut marks = String::new();
    let tick = tick_of(most);
    for n in (0..=5_u32).map(f64::from).take_while(|n| n * tick <= most) {
        let value = n * tick;
        let _ = write!(
            marks,
            "<path class=\"gr\" d=\"M{x} 10L{x} 172\"/><text x=\"{x}\" y=\"190\" class=\"s m\">{}</text>",
            thousands(rounded(value)),
            x = number(x(value)),
        );
    }
    for (n, (name, note, band, world)) in (0_u32..).zip(worlds) {
        let y = 20.0 + f64::from(n) * 54.0;
        marks.push_str(&row(report, world, (name, note, band), y, &x));
        let _ = write!(
            desc,
            "{name} {}, range {}. ",
            thousands(mean_of_10000(report, world)),
            range(world.told_of_10000)
        );
    }
    format!(
        "<figure><svg viewBox=\"0 0 760 198\" role=\"img\" aria-labelledby=\"ou-t ou-d\"><title id=\"ou-t\">Of 10,000 {told}, who \
         would have hung up</title><desc id=\"ou-d\">{desc}</desc>{marks}</svg><figcaption><b>{caption}</b> Marker: mean. Band: the \
         middle 90 of 100 runs.</figcaption></figure>",
        told = text(&report.told_of),
        desc = text(&desc),
        caption = text(&caption(report)),
    )
}

fn row(
    report: &Report,
    world: &World,
    (name, note, band): (&str, &str, &str),
    y: f64,
    x: &impl Fn(f64) -> f64,
) -> String {
    let (low, high) = (x(world.told_of_10000.low), x(world.told_of_10000.high));
    let mean = mean_of_10000(report, world);
    let at = x(float(mean));
    let marker = if band == "bi" { "pi" } else { "po" };
    format!(
        "<text x=\"0\" y=\"{b}\" class=\"b\">{name}</text><text x=\"0\" y=\"{s}\" class=\"s\">{note}</text>\
         <rect class=\"{band}\" x=\"{low}\" y=\"{top}\" width=\"{width}\" height=\"24\"/>\
         <path class=\"{marker}\" d=\"M{l} {c}L{m} {u}L{r} {c}L{m} {d}z\"/>\
         <text x=\"{label}\" y=\"{t}\" class=\"b halo\">{mean} <tspan class=\"s\">{span}</tspan></text>",
        b = number(y + 9.0),
        s = number(y + 25.0),
        top = number(y),
        low = number(low),
        width = number((high - low).max(1.0)),
        l = number(at - 6.5),
        m = number(at),
        r = number(at + 6.5),
        c = number(y + 12.0),
        u = number(y + 5.5),
        d = number(y + 18.5),
        label = number(high.max(at) + 12.0),
        t = number(y + 17.0),
        mean = thousands(mean),
        span = range(world.told_of_10000),
    )
}

fn caption(report: &Report) -> String {
    let [still, plan, cutover] =
        [&report.no_move, &report.plan, &report.mass_cutover].map(|w| mean_of_10000(report, w));
    let nobody_worse = report
        .equity
        .iter()
        .all(|e| e.plan_of_10000 <= e.no_move_of_10000);
    if plan <= still && nobody_worse && cutover > still {
        format!(
            "The plan costs {} no more hang-ups; a mass cutover does.",
            report.told_of
        )
    } else if cutover > plan {
        format!(
            "A mass cutover harms {} of 10,000 more than the plan does.",
            thousands(cutover - plan)
        )
    } else {
        "Small steps do not help here: look at what is assumed.".into()
    }
}

#[cfg(test)]
mod tests {
    use super::tick_of;

    #[test]
    fn ticks_are_round_and_few() {
        let ticks = [1.0, 4.0, 742.0, 1_554.0, 9_999.0].map(tick_of);
        let expected = [0.2, 1.0, 200.0, 500.0, 2_000.0];
        let near = |(tick, expected): (f64, f64)| (tick - expected).abs() < 1e-9;
        assert!(ticks.into_iter().zip(expected).all(near), "{ticks:?}");
    }
}
