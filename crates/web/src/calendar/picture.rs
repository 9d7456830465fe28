//! The picture of the plan: a lane for each chunk, a bar for each step, soak hatched, hold dashed, today and closed days
//! across all lanes. One width, in a region that scrolls.

use super::{CalendarView, LaneView};
use crate::parity::picture::escaped;
use jiff::civil::Date;
use std::fmt::Write as _;

const WIDTH: f64 = 1392.0;
const LEFT: f64 = 168.0;
const RIGHT: f64 = 1380.0;
const TOP: f64 = 42.0;
const ROW: f64 = 36.0;
const BAR: f64 = 18.0;
/// A digit in a bar.
const DIGIT_PX: f64 = 7.0;
/// Longest name of a chunk that fits beside its lane.
const NAME_CHARS_MAX: usize = 20;
/// Months narrower than this are named every third time.
const MONTH_PX_MIN: f64 = 40.0;

/// Days as places on the sheet.
struct Scale {
    from: Date,
    days: f64,
}

impl Scale {
    /// From a week before the first date to a week after the last; none without a step.
    fn of(view: &CalendarView) -> Option<Self> {
        let steps = || view.lanes.iter().flat_map(|lane| &lane.steps);
        let dates = steps().map(|s| s.on).chain(steps().filter_map(|s| s.was));
        let ends = view.lanes.iter().flat_map(|l| [l.accepted, l.closed]);
        let all: Vec<Date> = dates.chain(ends.flatten()).collect();
        let (first, last) = (*all.iter().min()?, *all.iter().max()?);
        let from = first.saturating_sub(jiff::Span::new().days(7));
        Some(Self {
            from,
            days: between(from, last) + 7.0,
        })
    }

    fn x(&self, date: Date) -> f64 {
        let share = between(self.from, date) / self.days;
        LEFT + share.clamp(0.0, 1.0) * (RIGHT - LEFT)
    }

    fn holds(&self, date: Date) -> bool {
        (0.0..=self.days).contains(&between(self.from, date))
    }
}

fn between(from: Date, to: Date) -> f64 {
    f64::from((to - from).get_days())
}

#[expect(clippy::cast_precision_loss, reason = "as many as a plan has chunks")]
fn px(count: usize) -> f64 {
    count as f64
}

/// The drawing, and nothing where there is nothing to draw.
pub(crate) fn svg(view: &CalendarView) -> String {
    let Some(scale) = Scale::of(view) else {
        return String::new();
    };
    let bottom = TOP + ROW * px(view.lanes.len());
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-labelledby=\"cal-t cal-d\"><title id=\"cal-t\">Calendar of all chunks, version {}</title><desc id=\"cal-d\">{}</desc><defs><pattern id=\"cal-x\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><path class=\"xk\" d=\"M0 0V7\"/></pattern></defs>",
        bottom + 26.0,
        view.version,
        escaped(&described(view)),
    );
    months(&mut out, &scale, bottom);
    closed(&mut out, view, &scale, bottom);
    let numbers = numbers(view);
    for (at, lane) in view.lanes.iter().enumerate() {
        let top = TOP + ROW * px(at);
        draw_lane(&mut out, view, lane, &scale, top);
        if let (Some(number), Some(first)) = (numbers.get(at), lane.steps.first()) {
            flag(&mut out, scale.x(first.on), top + 9.0, *number);
        }
    }
    if scale.holds(view.today) {
        let x = scale.x(view.today);
        let (anchor, at) = if x > RIGHT - 180.0 {
            (" e", x - 5.0)
        } else {
            ("", x + 5.0)
        };
        // Writing to a text cannot fail.
        let _ = write!(
            out,
            "<path class=\"mg\" d=\"M{x:.1} 20V{bottom}\"/><text x=\"{at:.1}\" y=\"{:.1}\" class=\"b{anchor} halo\">Today, {}</text>",
            bottom + 16.0,
            super::day(view.today)
        );
    }
    out.push_str("</svg>");
    out
}

/// The table's number of each chunk's first step.
fn numbers(view: &CalendarView) -> Vec<usize> {
    let rows = view.rows();
    let first = |lane: &LaneView| {
        let own = rows.iter().find(|row| std::ptr::eq(row.lane, lane));
        own.map_or(0, |row| row.number)
    };
    view.lanes.iter().map(first).collect()
}

/// One sentence for each chunk, for those who do not see it.
fn described(view: &CalendarView) -> String {
    let mut says = String::new();
    for lane in &view.lanes {
        let steps: Vec<_> = lane
            .steps
            .iter()
            .map(|s| format!("{} percent on {}", s.share_percent, super::day(s.on)))
            .collect();
        let _ = write!(says, "{}: {}. ", lane.chunk, steps.join(", "));
    }
    says
}

fn months(out: &mut String, scale: &Scale, bottom: f64) {
    let mut month = scale.from.first_of_month();
    let every = if (RIGHT - LEFT) / (scale.days / 30.0) < MONTH_PX_MIN {
        3
    } else {
        1
    };
    while let Ok(next) = month.checked_add(jiff::Span::new().months(1)) {
        month = next;
        if !scale.holds(month) {
            return;
        }
        let x = scale.x(month);
        let _ = write!(out, "<path class=\"gr\" d=\"M{x:.1} 24V{bottom}\"/>");
        let (format, class) = if month.month() == 1 {
            ("%b %Y", "s b")
        } else {
            ("%b", "s")
        };
        if (month.month() - 1) % every == 0 {
            let _ = write!(
                out,
                "<text x=\"{:.1}\" y=\"34\" class=\"{class}\">{}</text>",
                x + 4.0,
                month.strftime(format)
            );
        }
    }
}

/// Days without a change, hatched across all lanes; what they are is said in the table below.
fn closed(out: &mut String, view: &CalendarView, scale: &Scale, bottom: f64) {
    for days in &view.closed {
        let (from, to) = (scale.x(days.first), scale.x(days.last));
        if to > from {
            let _ = write!(
                out,
                "<rect fill=\"url(#cal-x)\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                to - from,
                bottom - TOP
            );
        }
    }
}

fn draw_lane(out: &mut String, view: &CalendarView, lane: &LaneView, scale: &Scale, top: f64) {
    let (bar, middle) = (top + 9.0, top + 18.0);
    // Writing to a text cannot fail.
    let _ = write!(
        out,
        "<path class=\"gr\" d=\"M0 {0}H{WIDTH}\"/><text x=\"0\" y=\"{1:.1}\" class=\"b\">{2}</text>",
        top + ROW,
        middle + 5.0,
        escaped(&short(&lane.chunk)),
    );
    let next = lane.steps.iter().skip(1).map(|s| Some(s.on));
    for (step, to) in lane.steps.iter().zip(next.chain([lane.accepted])) {
        let (from, to) = (scale.x(step.on), to.map_or(RIGHT, |to| scale.x(to)));
        let width = (to - from).max(1.0);
        let _ = write!(
            out,
            "<rect class=\"bo\" x=\"{from:.1}\" y=\"{bar}\" width=\"{width:.1}\" height=\"{BAR}\"/>"
        );
        let is_last = lane.steps.last().is_some_and(|last| last.on == step.on);
        if is_last {
            let _ = write!(
                out,
                "<rect fill=\"url(#cal-x)\" x=\"{from:.1}\" y=\"{bar}\" width=\"{width:.1}\" height=\"{BAR}\"/>"
            );
        }
        let label = step.share_percent.to_string();
        // The circle of the acceptance stands over the end of the last bar.
        let room = if is_last { width - 8.0 } else { width };
        if room > DIGIT_PX * px(label.len()) + 4.0 {
            let _ = write!(
                out,
                "<text x=\"{:.1}\" y=\"{:.1}\" class=\"s m to halo\">{}</text>",
                from + room / 2.0,
                middle + 4.0,
                label
            );
        }
    }
    if let (Some(accepted), Some(closed)) = (lane.accepted, lane.closed) {
        let (from, to) = (scale.x(accepted), scale.x(closed));
        let _ = write!(
            out,
            "<path class=\"lo\" stroke-width=\"3\" d=\"M{from:.1} {middle}H{to:.1}\"/><circle class=\"pa\" stroke-width=\"2\" cx=\"{from:.1}\" cy=\"{middle}\" r=\"6\"/>"
        );
    }
    let was = || lane.steps.iter().filter_map(|s| s.was);
    let moved = lane
        .steps
        .iter()
        .any(|s| s.was.is_some_and(|was| was != s.on));
    if let (true, Some(first), Some(last), Some(version)) =
        (moved, was().min(), was().max(), view.in_force)
    {
        let (from, to) = (scale.x(first), scale.x(last));
        let _ = write!(
            out,
            "<rect class=\"k\" x=\"{from:.1}\" y=\"{0:.1}\" width=\"{1:.1}\" height=\"4\"/><text x=\"{2:.1}\" y=\"{3:.1}\" class=\"s e halo\">v{version}</text>",
            bar + BAR + 2.0,
            (to - from).max(2.0),
            from - 4.0,
            bar + BAR + 7.0,
        );
    }
}

/// The table's number, on a flag before the bar.
fn flag(out: &mut String, x: f64, y: f64, number: usize) {
    let at = x - 24.0;
    let _ = write!(
        out,
        "<path class=\"k\" d=\"M{at:.1} {0:.1}h17l5 8-5 8h-17z\"/><text class=\"b m kk\" x=\"{1:.1}\" y=\"{2:.1}\">{number}</text>",
        y + 1.0,
        at + 9.0,
        y + 13.5,
    );
}

fn short(name: &str) -> String {
    if name.chars().count() <= NAME_CHARS_MAX {
        return name.to_owned();
    }
    let head: String = name.chars().take(NAME_CHARS_MAX - 1).collect();
    format!("{head}\u{2026}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::StepView;
    use crate::view::Aspect;
    use jiff::civil::date;

    fn view(was: Option<Date>, chunk: &str) -> CalendarView {
        let step = |share_percent, on, was| StepView {
            share_percent,
            on,
            was,
            taken: false,
            bound: Vec::new(),
        };
        let lane = LaneView {
            chunk: chunk.into(),
            steps: vec![
                step(20, date(2027, 3, 1), was),
                step(100, date(2027, 3, 22), None),
            ],
            accepted: Some(date(2027, 4, 5)),
            closed: Some(date(2027, 5, 5)),
        };
        CalendarView {
            aspect: Aspect::Proved,
            word: "Agreed by both".into(),
            finding: String::new(),
            lead: String::new(),
            version: 8,
            in_force: Some(7),
            hash: String::new(),
            today: date(2027, 3, 10),
            lanes: vec![lane],
            closed: Vec::new(),
            binds: Vec::new(),
            wishes: Vec::new(),
            not_weighed: Vec::new(),
            blind: None,
        }
    }

    #[test]
    fn every_step_is_a_bar_and_said() {
        let svg = svg(&view(None, "A <b> & co"));
        assert_eq!(svg.matches("class=\"bo\"").count(), 2);
        assert_eq!(
            svg.matches("url(#cal-x)").count(),
            1,
            "the soak alone is hatched"
        );
        assert!(svg.contains("20 percent on Mon 1 Mar 2027, 100 percent on Mon 22 Mar 2027"));
        assert!(svg.contains("Today, Wed 10 Mar 2027"));
        assert!(svg.contains("A &lt;b&gt; &amp; co") && !svg.contains("<b>"));
        assert!(!svg.contains(">v7<"), "nothing moved");
    }

    #[test]
    fn what_moves_has_the_version_in_force_below_it() {
        assert!(svg(&view(Some(date(2027, 2, 22)), "MSG")).contains(">v7<"));
        assert!(!svg(&view(Some(date(2027, 3, 1)), "MSG")).contains(">v7<"));
    }

    #[test]
    fn no_plan_is_no_drawing() {
        let mut none = view(None, "MSG");
        none.lanes.clear();
        assert_eq!(svg(&none), "");
        none.lanes = vec![LaneView {
            chunk: "MSG".into(),
            steps: Vec::new(),
            accepted: None,
            closed: None,
        }];
        assert_eq!(svg(&none), "");
    }
}
