//! Bars, standing and lying, with their numbers on them. Every drawing says in words what it shows.

use super::Count;
use crate::format::{self, DASH};
use crate::parity::picture::escaped;
use std::fmt::Write as _;

const WIDTH: f64 = 920.0;
const HEIGHT: f64 = 190.0;
/// Where the numbers on top of the bars begin, and where the bars stand.
const TOP: f64 = 24.0;
const FOOT: f64 = 160.0;
const GAP: f64 = 8.0;
const ROW: f64 = 30.0;
const NAME_RIGHT: f64 = 200.0;
const NAME_CHARS_MAX: usize = 26;

/// What a bar's length means.
pub(super) enum Scale {
    /// Calls, up to the longest bar.
    Calls,
    /// Tenths of a percent, up to 100 %.
    TenthsOfPercent,
}

/// A bar of one or more parts.
pub(super) struct Bar {
    pub(super) label: String,
    /// From the foot up; none where there is nothing to say.
    pub(super) parts: Vec<Part>,
}

/// A part of a bar.
pub(super) struct Part {
    name: &'static str,
    count: Count,
    hatched: bool,
}

impl Part {
    pub(super) fn plain(name: &'static str, count: Count) -> Self {
        Self {
            name,
            count,
            hatched: false,
        }
    }

    pub(super) fn hatched(name: &'static str, count: Count) -> Self {
        Self {
            name,
            count,
            hatched: true,
        }
    }
}

impl Bar {
    fn known(&self) -> u64 {
        self.parts
            .iter()
            .filter_map(|part| part.count.known())
            .sum()
    }

    fn says(&self, scale: &Scale) -> String {
        if self.parts.is_empty() {
            return DASH.to_owned();
        }
        if self.parts.iter().any(|part| part.count == Count::Withheld) {
            return "withheld".to_owned();
        }
        match scale {
            Scale::Calls => format::count(self.known()),
            Scale::TenthsOfPercent => {
                let tenths = self.known();
                format!("{}.{}\u{a0}%", tenths / 10, tenths % 10)
            }
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "lengths in a drawing: an error of 2^-53 is no pixel"
)]
fn px(count: u64) -> f64 {
    count as f64
}

fn share(part: u64, whole: u64) -> f64 {
    px(part) / px(whole.max(1))
}

fn count(bars: &[Bar]) -> f64 {
    px(u64::try_from(bars.len()).unwrap_or(u64::MAX))
}

fn head(out: &mut String, height: f64, id: &str, title: &str, bars: &[Bar], scale: &Scale) {
    let mut says = String::new();
    for bar in bars {
        let parts: Vec<String> = match scale {
            Scale::Calls if bar.parts.len() > 1 => bar
                .parts
                .iter()
                .map(|part| format!("{} {}", part.count, part.name))
                .collect(),
            _ => vec![bar.says(scale)],
        };
        let _ = write!(says, "{}: {}. ", bar.label, parts.join(", "));
    }
    // Writing to a text cannot fail.
    let _ = write!(
        out,
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc><defs><pattern id=\"{id}-x\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><path class=\"xk\" d=\"M0 0V6\"/></pattern></defs>",
        escaped(title),
        escaped(&says),
    );
}

/// Standing bars; nothing where there is nothing to draw.
pub(super) fn columns(bars: &[Bar], id: &str, title: &str, scale: &Scale) -> String {
    let most = match scale {
        Scale::Calls => bars.iter().map(Bar::known).max().unwrap_or(0),
        Scale::TenthsOfPercent => 1_000,
    };
    if most == 0 || bars.is_empty() {
        return String::new();
    }
    let mut out = String::new();
    head(&mut out, HEIGHT, id, title, bars, scale);
    let step = WIDTH / count(bars);
    let mut x = 0.0;
    for bar in bars {
        let middle = x + step / 2.0;
        let mut foot = FOOT;
        for part in &bar.parts {
            let Some(value) = part.count.known().filter(|value| *value > 0) else {
                continue;
            };
            let height = share(value, most) * (FOOT - TOP);
            foot -= height;
            rect(
                &mut out,
                id,
                part,
                (x + GAP / 2.0, foot, step - GAP, height),
            );
        }
        let _ = write!(
            out,
            "<text x=\"{middle:.1}\" y=\"{:.1}\" class=\"s m halo\">{}</text><text x=\"{middle:.1}\" y=\"{:.1}\" class=\"s m\">{}</text>",
            foot - 6.0,
            bar.says(scale),
            FOOT + 18.0,
            escaped(&bar.label)
        );
        x += step;
    }
    let _ = write!(out, "<path class=\"ax\" d=\"M0 {FOOT}H{WIDTH}\"/></svg>");
    out
}

/// Lying bars with their names before them; nothing where there is nothing to draw.
pub(super) fn lying(bars: &[Bar], id: &str, title: &str) -> String {
    let most = bars.iter().map(Bar::known).max().unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    let mut out = String::new();
    head(&mut out, ROW * count(bars), id, title, bars, &Scale::Calls);
    let mut y = 0.0;
    for bar in bars {
        let length = share(bar.known(), most) * (WIDTH - NAME_RIGHT - 90.0);
        for part in bar.parts.iter().filter(|part| part.count.known() > Some(0)) {
            let at = (NAME_RIGHT, y + 5.0, length.max(1.0), ROW - 10.0);
            rect(&mut out, id, part, at);
        }
        let middle = y + ROW / 2.0 + 5.0;
        let _ = write!(
            out,
            "<text x=\"0\" y=\"{middle:.1}\" class=\"b\">{}</text><text x=\"{:.1}\" y=\"{middle:.1}\" class=\"s\">{}</text>",
            escaped(&short(&bar.label, NAME_CHARS_MAX)),
            NAME_RIGHT + length + 8.0,
            bar.says(&Scale::Calls)
        );
        y += ROW;
    }
    out.push_str("</svg>");
    out
}

fn rect(out: &mut String, id: &str, part: &Part, (x, y, width, height): (f64, f64, f64, f64)) {
    let shape = format!("x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"");
    let _ = write!(out, "<rect class=\"bk\" {shape}/>");
    if part.hatched {
        let _ = write!(out, "<rect fill=\"url(#{id}-x)\" {shape}/>");
    }
}

/// A name that fits.
pub(super) fn short(name: &str, chars_max: usize) -> String {
    if name.chars().count() <= chars_max {
        return name.to_owned();
    }
    let head: String = name.chars().take(chars_max - 1).collect();
    format!("{head}\u{2026}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, answered: Count, abandoned: Count) -> Bar {
        Bar {
            label: label.into(),
            parts: vec![
                Part::plain("answered", answered),
                Part::hatched("hung up", abandoned),
            ],
        }
    }

    #[test]
    fn every_bar_is_said_and_what_is_withheld_is_not_drawn() {
        let bars = [
            bar("0–5 s", Count::Known(1_200), Count::Known(30)),
            bar("<b>", Count::Withheld, Count::Known(40)),
        ];
        let svg = columns(&bars, "w", "Waits", &Scale::Calls);
        assert!(svg.contains("0–5 s: 1,200 answered, 30 hung up. "), "{svg}");
        assert!(svg.contains("withheld") && !svg.contains("<b>"), "{svg}");
        assert_eq!(svg.matches("fill=\"url(#w-x)\"").count(), 2);
        assert_eq!(svg.matches("<rect class=\"bk\"").count(), 3);
    }

    #[test]
    fn nothing_to_draw_draws_nothing() {
        let none = [bar("0–5 s", Count::Known(0), Count::Known(0))];
        assert_eq!(columns(&none, "w", "Waits", &Scale::Calls), "");
        assert_eq!(lying(&none, "t", "Types"), "");
    }

    #[test]
    fn a_share_is_drawn_against_the_whole_and_a_lack_of_calls_is_a_dash() {
        let share = Bar {
            label: "60 s".into(),
            parts: vec![Part::hatched("hung up", Count::Known(255))],
        };
        let none = Bar {
            label: "90 s".into(),
            parts: Vec::new(),
        };
        let svg = columns(&[share, none], "l", "Leaving", &Scale::TenthsOfPercent);
        assert!(svg.contains("60 s: 25.5\u{a0}%. 90 s: –. "), "{svg}");
        assert!(svg.contains("height=\"34.7\""), "a quarter: {svg}");
    }
}
