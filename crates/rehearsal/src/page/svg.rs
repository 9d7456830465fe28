//! Small writers: escaped text, numbers with one decimal, paths.

use std::fmt::Write as _;

/// Text for HTML and SVG.
pub(super) fn text(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}

/// One decimal, none where it is zero: paths stay short.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// A line through points.
pub(super) fn line(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    for (n, (x, y)) in points.enumerate() {
        let _ = write!(
            path,
            "{}{} {}",
            if n == 0 { 'M' } else { 'L' },
            number(x),
            number(y)
        );
    }
    path
}

/// A line that holds each value until the next point.
pub(super) fn steps(points: impl Iterator<Item = (f64, f64)>, end_x: f64) -> String {
    let mut path = String::new();
    for (n, (x, y)) in points.enumerate() {
        if n == 0 {
            let _ = write!(path, "M{} {}", number(x), number(y));
        } else {
            let _ = write!(path, "H{}V{}", number(x), number(y));
        }
    }
    let _ = write!(path, "H{}", number(end_x));
    path
}

/// The area between an upper and a lower line.
pub(super) fn band(upper: &[(f64, f64)], lower: &[(f64, f64)]) -> String {
    let around = upper.iter().chain(lower.iter().rev()).copied();
    format!("{}z", line(around))
}
