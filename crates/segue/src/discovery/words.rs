//! Numbers, times and differences of a call history in words.

use jiff::civil::Date;
use segue_calls::understanding::{FlowDifference, Hours, Ratio, TypeHours};
use segue_web::discovery::Count;

const DASH: &str = "–";

/// `3.2 %`, or a dash of nothing.
pub(super) fn percent(ratio: Ratio) -> String {
    let value = ratio.value();
    value.map_or_else(
        || DASH.into(),
        |share| format!("{:.1}\u{a0}%", share * 100.0),
    )
}

/// `3.2 % (32 of 1,000)`, or a dash of nothing.
pub(crate) fn parts(ratio: Ratio) -> String {
    if ratio.value().is_none() {
        return DASH.into();
    }
    let counts = [ratio.numerator, ratio.denominator].map(Count::Known);
    format!("{} ({} of {})", percent(ratio), counts[0], counts[1])
}

/// A mean of milliseconds in whole seconds.
pub(crate) fn seconds(ms: Ratio) -> String {
    let value = ms.value();
    value.map_or_else(|| DASH.into(), |ms| format!("{:.0}\u{a0}s", ms / 1_000.0))
}

/// `31 Aug 2026`
pub(super) fn day(date: Date) -> String {
    date.strftime("%-d %b %Y").to_string()
}

/// `31 Aug 2026 to 28 Sep 2026`
pub(super) fn days(first: Option<Date>, last: Option<Date>) -> String {
    match (first, last) {
        (Some(first), Some(last)) if first == last => day(first),
        (Some(first), Some(last)) => format!("{} to {}", day(first), day(last)),
        _ => DASH.into(),
    }
}

/// `Mon to Fri 08–18, weekends 09–13`
pub(super) fn hours(hours: TypeHours) -> String {
    let part = |hours: Hours| {
        if hours.to_hour - hours.from_hour >= 23 {
            "day and night".to_owned()
        } else {
            format!("{:02}–{:02}", hours.from_hour, hours.to_hour)
        }
    };
    match (hours.weekdays.map(part), hours.weekends.map(part)) {
        (None, None) => DASH.into(),
        (Some(all), Some(same)) if all == same => format!("all days {all}"),
        (Some(week), None) => format!("Mon to Fri {week}"),
        (None, Some(end)) => format!("weekends {end}"),
        (Some(week), Some(end)) => format!("Mon to Fri {week}, weekends {end}"),
    }
}

/// How often something came, from hours between.
pub(super) fn every(hours: f64) -> String {
    match hours {
        h if h < 1.5 => "every hour or more often".into(),
        h if h < 48.0 => format!("every {h:.0} hours in the mean"),
        h => format!("every {:.0} days in the mean", h / 24.0),
    }
}

/// A difference between the calls and the written flows.
pub fn difference(difference: &FlowDifference) -> String {
    match difference {
        FlowDifference::NotDocumented { line, contacts } => {
            format!("{line}: {contacts} contacts and no call flow written down")
        }
        FlowDifference::NoCalls { line } => {
            format!("{line}: a call flow is written down, and no call was found")
        }
        FlowDifference::StepNotDocumented {
            line,
            step,
            contacts,
        } => {
            format!("{line}: {contacts} contacts reach \"{step}\", which its flow does not name")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_and_cadence_read_as_people_say_them() {
        let window = |from_hour, to_hour| Some(Hours { from_hour, to_hour });
        let said = |weekdays, weekends| hours(TypeHours { weekdays, weekends });
        assert_eq!(said(window(8, 18), None), "Mon to Fri 08–18");
        assert_eq!(said(window(0, 24), window(0, 24)), "all days day and night");
        assert_eq!(
            said(window(8, 18), window(9, 13)),
            "Mon to Fri 08–18, weekends 09–13"
        );
        assert_eq!(said(None, None), "–");
        assert_eq!(every(24.2), "every 24 hours in the mean");
        assert_eq!(every(168.0), "every 7 days in the mean");
    }
}
