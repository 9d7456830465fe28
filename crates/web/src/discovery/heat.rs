//! The week as a table of shades: the number is in the cell, the shade only repeats it.

use super::{Count, DayRow};

/// Shades of the ordinal ramp, lightest first; look in the style sheet.
const SHADES: [&str; 7] = ["h1", "h2", "h3", "h4", "h5", "h6", "h7"];

/// A day with the shade of each hour.
pub(crate) struct HeatRow {
    pub(crate) day: String,
    /// Shade and count.
    pub(crate) hours: Vec<(&'static str, Count)>,
    pub(crate) total: Count,
}

pub(crate) fn rows(week: &[DayRow]) -> Vec<HeatRow> {
    let all = week.iter().flat_map(|day| &day.hours);
    let most = all.filter_map(|count| count.known()).max().unwrap_or(0);
    let row = |day: &DayRow| HeatRow {
        day: day.day.clone(),
        hours: day.hours.iter().map(|c| (shade(*c, most), *c)).collect(),
        total: day.total,
    };
    week.iter().map(row).collect()
}

/// The shade of a count among the most there are; none for no calls and for what is withheld.
fn shade(count: Count, most: u64) -> &'static str {
    let Some(count) = count.known().filter(|count| *count > 0) else {
        return "";
    };
    let step = (u128::from(count) * 7).div_ceil(u128::from(most.max(1)));
    let step = usize::try_from(step).unwrap_or(SHADES.len());
    SHADES[step.clamp(1, SHADES.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_hour_is_darkest_and_no_calls_have_no_shade() {
        let day = DayRow {
            day: "Mon".into(),
            hours: [0, 1, 50, 100].map(Count::Known).into(),
            total: Count::Known(151),
        };
        let shades: Vec<_> = rows(&[day])[0]
            .hours
            .iter()
            .map(|(shade, _)| *shade)
            .collect();
        assert_eq!(shades, ["", "h1", "h4", "h7"]);
        assert_eq!(shade(Count::Withheld, 100), "");
        assert_eq!(shade(Count::Known(u64::MAX), u64::MAX), "h7");
    }
}
