//! The picture of one measure: a band for each row on one scale, the limit drawn and named. Two widths, because scaling
//! one drawing makes its labels unreadable.

use super::{Picture, PictureRow, RowKind};
use std::fmt::Write as _;

/// Where things stand in one of the two drawings, in pixels.
struct Frame {
    class: &'static str,
    width: f64,
    left: f64,
    right: f64,
    top: f64,
    row: f64,
    /// From a row's top to its band.
    band: f64,
    /// Labels stand beside the bands, or above them.
    beside: bool,
}

const WIDE: Frame = Frame {
    class: "wide",
    width: 920.0,
    left: 250.0,
    right: 890.0,
    top: 46.0,
    row: 69.0,
    band: 24.0,
    beside: true,
};
const NARROW: Frame = Frame {
    class: "narrow",
    width: 328.0,
    left: 12.0,
    right: 316.0,
    top: 46.0,
    row: 82.0,
    band: 48.0,
    beside: false,
};

const BAND_PX: f64 = 28.0;

/// Both drawings, and nothing where there is nothing to draw.
pub(crate) fn svg(picture: &Picture, id: &str) -> String {
    if picture.rows.is_empty() {
        return String::new();
    }
    [WIDE, NARROW]
        .iter()
        .map(|frame| drawing(picture, frame, id))
        .collect()
}

/// One sentence for those who do not see it.
fn described(picture: &Picture) -> String {
    let mut says = String::new();
    for row in &picture.rows {
        // Writing to a text cannot fail.
        let _ = write!(says, "{} {:.1} %", row.label, row.value);
        let _ = match row.interval {
            Some((low, high)) => write!(says, ", interval {low:.1} to {high:.1}. "),
            None => write!(says, ". "),
        };
    }
    let _ = write!(
        says,
        "The agreed limit is {:.1} %, {}.",
        picture.limit, picture.limit_says
    );
    says
}

/// The scale: every value with some air, in whole steps.
struct Scale {
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    fn of(picture: &Picture) -> Self {
        let ends = picture.rows.iter().flat_map(|row| {
            let (low, high) = row.interval.unwrap_or((row.value, row.value));
            [low, high, row.value]
        });
        let ends: Vec<f64> = ends.chain([picture.limit]).collect();
        let low = ends.iter().copied().fold(f64::INFINITY, f64::min);
        let high = ends.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let step = [0.5, 1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .find(|step| (high - low) / step <= 7.0)
            .unwrap_or(20.0);
        Self {
            low: ((low / step).floor() * step - step).max(0.0),
            high: ((high / step).ceil() * step + step).min(100.0),
            step,
        }
    }

    fn x(&self, frame: &Frame, value: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low).max(f64::MIN_POSITIVE);
        frame.left + share.clamp(0.0, 1.0) * (frame.right - frame.left)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a handful of rows")]
fn px(count: usize) -> f64 {
    count as f64
}

fn drawing(picture: &Picture, frame: &Frame, id: &str) -> String {
    let scale = Scale::of(picture);
    let bottom = frame.top + frame.row * px(picture.rows.len()) + 13.0;
    let (class, id) = (frame.class, format!("{id}-{}", frame.class));
    let mut out = format!(
        "<svg class=\"{class}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc><defs><pattern id=\"{id}p\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><path class=\"hx\" d=\"M0 0V7\"/></pattern></defs>",
        frame.width,
        bottom + 28.0,
        escaped(&picture.title),
        escaped(&described(picture)),
    );
    grid(&mut out, picture, frame, &scale, bottom);
    for (at, row) in picture.rows.iter().enumerate() {
        let top = frame.top + frame.row * px(at);
        draw_row(&mut out, picture, row, frame, &scale, (top, &id));
    }
    out.push_str("</svg>");
    out
}

/// The zone that is worse than agreed, the grid, the axis and the named limit.
fn grid(out: &mut String, picture: &Picture, frame: &Frame, scale: &Scale, bottom: f64) {
    let limit = scale.x(frame, picture.limit);
    let (from, to) = if picture.worse_below {
        (frame.left, limit)
    } else {
        (limit, frame.right)
    };
    // Writing to a text cannot fail.
    let _ = write!(
        out,
        "<rect class=\"zh\" x=\"{from:.1}\" y=\"{}\" width=\"{:.1}\" height=\"{:.1}\"/>",
        frame.top,
        (to - from).max(0.0),
        bottom - frame.top
    );
    let mut value = scale.low;
    let mut labelled = true;
    while value <= scale.high + 1e-9 {
        let x = scale.x(frame, value);
        let _ = write!(
            out,
            "<path class=\"gr\" d=\"M{x:.1} {}V{bottom}\"/>",
            frame.top
        );
        if labelled {
            let _ = write!(
                out,
                "<text x=\"{x:.1}\" y=\"{}\" class=\"s m\">{} %</text>",
                bottom + 20.0,
                plain(value)
            );
        }
        labelled = frame.beside || !labelled;
        value += scale.step;
    }
    let _ = write!(
        out,
        "<path class=\"ax\" d=\"M{} {bottom}H{}\"/><path class=\"mg\" d=\"M{limit:.1} {}V{bottom}\"/>",
        frame.left,
        frame.right,
        frame.top - 6.0
    );
    let says = escaped(&picture.limit_says);
    let named = format!("Agreed limit {} %", plain(picture.limit));
    if frame.beside {
        let x = limit.clamp(frame.left + 70.0, frame.right - 70.0);
        let _ = write!(
            out,
            "<text x=\"{x:.1}\" y=\"20\" class=\"b m\">{named}</text><text x=\"{x:.1}\" y=\"35\" class=\"s m\">{says}</text>"
        );
    } else {
        let _ = write!(
            out,
            "<text x=\"12\" y=\"14\" class=\"b\">{named}:</text><text x=\"12\" y=\"31\">{says}</text>"
        );
    }
    let (x, end) = if picture.worse_below {
        (from + 8.0, "")
    } else {
        (to - 8.0, " e")
    };
    if to - from > 60.0 {
        let _ = write!(
            out,
            "<text x=\"{x:.1}\" y=\"{:.1}\" class=\"th{end}\">worse</text>",
            bottom - 9.0
        );
    }
}

fn draw_row(
    out: &mut String,
    picture: &Picture,
    row: &PictureRow,
    frame: &Frame,
    scale: &Scale,
    (top, id): (f64, &str),
) {
    let (y, x) = (top + frame.band, scale.x(frame, row.value));
    let middle = y + BAND_PX / 2.0;
    let (band, ink) = match row.kind {
        RowKind::Outsourced => ("bo", "to"),
        RowKind::InHouse | RowKind::Counterfactual => ("bi", "ti"),
    };
    if let Some((low, high)) = row.interval {
        let (from, to) = (scale.x(frame, low), scale.x(frame, high));
        let rect = |out: &mut String, what: &str, from: f64, to: f64| {
            let width = (to - from).max(0.0);
            // Writing to a text cannot fail.
            let _ = write!(
                out,
                "<rect {what} x=\"{from:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BAND_PX}\"/>"
            );
        };
        rect(out, &format!("class=\"{band}\""), from, to);
        let limit = scale.x(frame, picture.limit);
        let beyond = if picture.worse_below {
            (from, to.min(limit))
        } else {
            (from.max(limit), to)
        };
        if row.kind == RowKind::Outsourced && beyond.1 > beyond.0 {
            rect(out, &format!("fill=\"url(#{id}p)\""), beyond.0, beyond.1);
        }
        let y = middle + 5.0;
        let _ = write!(
            out,
            "<text x=\"{:.1}\" y=\"{y:.1}\" class=\"s e halo\">{low:.1}</text><text x=\"{:.1}\" y=\"{y:.1}\" class=\"s halo\">{high:.1}</text>",
            from - 6.0,
            to + 6.0
        );
    }
    let _ = match row.kind {
        RowKind::InHouse => write!(
            out,
            "<rect class=\"pi\" x=\"{:.1}\" y=\"{:.1}\" width=\"14\" height=\"14\"/>",
            x - 7.0,
            middle - 7.0
        ),
        RowKind::Counterfactual => write!(
            out,
            "<path class=\"fi\" stroke-dasharray=\"2 3\" d=\"M{x:.1} {y:.1}V{:.1}\"/>",
            y + BAND_PX
        ),
        RowKind::Outsourced => write!(
            out,
            "<path class=\"po\" d=\"M{x:.1} {:.1}l9 9l-9 9l-9 -9z\"/>",
            middle - 9.0
        ),
    };
    let (label_y, note_y, value_y) = if frame.beside {
        (y + 12.0, y + 29.0, y - 6.0)
    } else {
        (y - 23.0, y - 7.0, y + BAND_PX + 16.0)
    };
    let label_x = if frame.beside { 0.0 } else { frame.left };
    let _ = write!(
        out,
        "<text x=\"{label_x}\" y=\"{label_y:.1}\" class=\"b {ink} halo\">{}</text><text x=\"{label_x}\" y=\"{note_y:.1}\" class=\"s halo\">{}</text><text x=\"{x:.1}\" y=\"{value_y:.1}\" class=\"b m halo\">{:.1} %</text>",
        escaped(&row.label),
        escaped(&row.note),
        row.value
    );
}

/// `79`, `82.5`.
fn plain(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(worse_below: bool) -> Picture {
        let row = |label: &str, kind, value: f64, interval| PictureRow {
            label: label.into(),
            note: "500 calls".into(),
            kind,
            value,
            interval,
        };
        Picture {
            title: "Answered within 30 s".into(),
            caption: String::new(),
            rows: vec![
                row("In-house now", RowKind::InHouse, 82.0, Some((80.0, 83.9))),
                row("Had we not moved", RowKind::Counterfactual, 81.0, None),
                row("A <b> & co", RowKind::Outsourced, 80.0, Some((76.3, 83.3))),
            ],
            limit: 79.0,
            limit_says: "3 points below in-house".into(),
            worse_below,
        }
    }

    #[test]
    fn the_limit_is_named_and_what_lies_beyond_it_is_hatched() {
        let svg = svg(&example(true), "f1");
        assert_eq!(svg.matches("<svg").count(), 2);
        assert_eq!(svg.matches("Agreed limit 79 %").count(), 2);
        assert_eq!(svg.matches("fill=\"url(#f1-wide").count(), 1);
        assert!(
            svg.contains("interval 76.3 to 83.3"),
            "said, not only drawn"
        );
        assert!(svg.contains("A &lt;b&gt; &amp; co") && !svg.contains("<b>"));
    }

    #[test]
    fn the_worse_side_turns_round_with_the_measure() {
        let hatched = |below| {
            let text = drawing(&example(below), &WIDE, "f");
            let at = text.split("fill=\"url(#f-widep)\" x=\"").nth(1).unwrap();
            at.split('"').next().unwrap().parse::<f64>().unwrap()
        };
        assert!(hatched(true) < hatched(false));
    }

    #[test]
    fn nothing_to_draw_draws_nothing() {
        let empty = Picture {
            rows: Vec::new(),
            ..example(true)
        };
        assert_eq!(svg(&empty, "f1"), "");
    }
}
