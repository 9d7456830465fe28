//! Drawings made on the server: the track of a chunk and the bar of the last hour. Geometry is in
//! SVG attributes, look in classes, as the content policy asks.

use crate::format::{self, percent_or_dash};
use crate::view::{ChunkView, HourView, LiveView};
use askama::Template;

/// Where a chunk lies on the trunk of its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Nothing above on the same line.
    pub(crate) first: bool,
    /// Nothing below on the same line.
    pub(crate) last: bool,
}

/// One chunk as points on a track: a leg to each side, as wide as its share.
#[derive(Template)]
#[template(path = "part/track.html")]
pub(crate) struct Track {
    trunk: Option<&'static str>,
    rate: String,
    in_house: Leg,
    outsourced: Leg,
}

/// One leg of the points.
enum Leg {
    /// Takes calls: width of the line and the share in words.
    Open { width: String, share: String },
    /// Takes none by the table in force.
    Buffer,
    /// Outside its window.
    Closed,
    /// The table in force is not known.
    Unknown,
}

impl Track {
    pub(crate) fn new(chunk: &ChunkView, place: Place) -> Self {
        let trunk = match (place.first, place.last) {
            (true, true) => None,
            // Beyond the drawing, so that the trunk stays whole where a row grows taller.
            (true, false) => Some("M10 30L10 72"),
            (false, false) => Some("M10 -12L10 72"),
            (false, true) => Some("M10 -12L10 30"),
        };
        let out = chunk.out_percent.map(|p| p.min(100));
        Self {
            trunk,
            rate: format::rate(chunk.calls_per_hour),
            in_house: Leg::new(chunk.window_open, out.map(|p| 100 - p)),
            outsourced: Leg::new(chunk.window_open, out),
        }
    }
}

impl Leg {
    fn new(window_open: bool, percent: Option<u8>) -> Self {
        match percent {
            _ if !window_open => Self::Closed,
            None => Self::Unknown,
            Some(0) => Self::Buffer,
            Some(p) => Self::Open {
                width: format!("{:.1}", 2.0 + f64::from(p) / 20.0),
                share: percent_or_dash(Some(p)),
            },
        }
    }
}

/// Calls of the last hour by side, drawn for two widths of the page.
#[derive(Template)]
#[template(path = "part/hour.html")]
pub(crate) struct HourBar<'a> {
    outsourcer: &'a str,
    sentence: String,
    drawings: [Bar; 2],
}

struct Bar {
    class: &'static str,
    id: &'static str,
    width: f64,
    split: String,
    rest: String,
    limit: Option<String>,
    in_label: Option<String>,
    out_label: Option<String>,
}

/// Narrower parts of the bar carry no number; the sentence below says it.
const LABEL_WIDTH_MIN: f64 = 76.0;

impl<'a> HourBar<'a> {
    /// None when the hour had no calls or is not known.
    pub(crate) fn new(view: &'a LiveView, hour: &HourView) -> Option<Self> {
        let all = hour.in_house_calls + hour.outsourced_calls;
        let in_percent = format::whole_percent(hour.in_house_calls, all)?;
        let label = |n, p: u8| format!("{}, {p}\u{a0}%", format::count(n));
        let in_label = label(hour.in_house_calls, in_percent);
        let out_label = label(hour.outsourced_calls, 100 - in_percent);
        let sentence = format!(
            "In-house {} of {} calls, {in_percent}\u{a0}%. {} {}, {}\u{a0}%.",
            format::count(hour.in_house_calls),
            format::count(all),
            view.outsourcer,
            format::count(hour.outsourced_calls),
            100 - in_percent
        );
        let bar = |class, id, width: f64| {
            let split = width * f64::from(in_percent) / 100.0;
            let rest = width - split;
            let limit = hour
                .agreed_out_percent_max
                .map(|max| format!("{:.1}", width * (1.0 - f64::from(max.min(100)) / 100.0)));
            Bar {
                class,
                id,
                width,
                split: format!("{split:.1}"),
                rest: format!("{rest:.1}"),
                limit,
                in_label: (split >= LABEL_WIDTH_MIN).then(|| in_label.clone()),
                out_label: (rest >= LABEL_WIDTH_MIN).then(|| out_label.clone()),
            }
        };
        let drawings = [bar("wide", "hour-w", 680.0), bar("narrow", "hour-n", 328.0)];
        Some(Self {
            outsourcer: &view.outsourcer,
            sentence,
            drawings,
        })
    }
}
