//! Numbers and times in words: zone always shown, units after a no-break space, a dash for what
//! is not known.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A dash: nothing is known or there were no calls. Never a zero.
pub(crate) const DASH: &str = "\u{2013}";
const NBSP: char = '\u{a0}';

/// A word of a command that people copy into a shell: as it is where it is plain, else in single quotes, so that nothing in
/// it is a command of its own.
pub(crate) fn shell_word(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._/:@%+,".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// An instant as text and for machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TimeTag {
    /// For the `datetime` attribute, with offset.
    pub(crate) iso: String,
    /// For people.
    pub(crate) text: String,
}

/// Prints instants in the agreement's zone.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    zone: TimeZone,
}

impl Clock {
    /// An unknown zone name falls back to UTC, which the printed zone then says.
    pub(crate) fn new(iana: &str) -> Self {
        Self {
            zone: TimeZone::get(iana).unwrap_or(TimeZone::UTC),
        }
    }

    fn tag(&self, at: Timestamp, format: &str) -> TimeTag {
        let local = at.to_zoned(self.zone.clone());
        TimeTag {
            iso: local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            text: local.strftime(format).to_string(),
        }
    }

    /// `10:42 EDT`
    pub(crate) fn minute(&self, at: Timestamp) -> TimeTag {
        self.tag(at, "%H:%M %Z")
    }

    /// `10:42`, where the zone follows.
    pub(crate) fn minute_bare(&self, at: Timestamp) -> String {
        self.tag(at, "%H:%M").text
    }

    /// `10:42:31 EDT`
    pub(crate) fn second(&self, at: Timestamp) -> TimeTag {
        self.tag(at, "%H:%M:%S %Z")
    }

    /// `10:42:31`, where the zone is said once for all.
    pub(crate) fn second_bare(&self, at: Timestamp) -> TimeTag {
        self.tag(at, "%H:%M:%S")
    }

    /// `Tue 13 Apr 2027`
    pub(crate) fn weekday(&self, at: Timestamp) -> TimeTag {
        self.tag(at, "%a %-d %b %Y")
    }

    /// `13 Apr 2027`
    pub(crate) fn day(&self, at: Timestamp) -> TimeTag {
        self.tag(at, "%-d %b %Y")
    }

    /// `EDT`
    pub(crate) fn zone_name(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Z").to_string()
    }

    /// A time of the same day as `now`, else the day.
    pub(crate) fn near(&self, at: Timestamp, now: Timestamp) -> TimeTag {
        let (a, b) = (
            at.to_zoned(self.zone.clone()),
            now.to_zoned(self.zone.clone()),
        );
        if a.date() == b.date() {
            self.minute(at)
        } else {
            self.day(at)
        }
    }
}

/// `48,209`
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `48,209` or a dash.
pub(crate) fn count_or_dash(n: Option<u64>) -> String {
    n.map_or_else(|| DASH.to_owned(), count)
}

/// `25 %` or a dash.
pub(crate) fn percent_or_dash(percent: Option<u8>) -> String {
    percent.map_or_else(|| DASH.to_owned(), |p| format!("{p}{NBSP}%"))
}

/// A part of a whole in percent, one decimal below the top, never rounded up to 100.
pub(crate) fn ratio(part: u64, whole: u64) -> String {
    if whole == 0 {
        return DASH.to_owned();
    }
    let tenths = u128::from(part) * 1000 / u128::from(whole);
    if part == whole {
        format!("100{NBSP}%")
    } else {
        format!("{}.{}{NBSP}%", tenths / 10, tenths % 10)
    }
}

/// A part of a whole in whole percent, rounded half up; none of nothing.
pub(crate) fn whole_percent(part: u64, whole: u64) -> Option<u8> {
    let scaled = (u128::from(part) * 200 + u128::from(whole)).checked_div(2 * u128::from(whole))?;
    u8::try_from(scaled.min(100)).ok()
}

/// `118/h`, one decimal below ten, or nothing.
pub(crate) fn rate(per_hour: Option<f64>) -> String {
    match per_hour {
        Some(r) if r.is_finite() && r >= 10.0 => format!("{r:.0}/h"),
        Some(r) if r.is_finite() && r >= 0.0 => format!("{r:.1}/h"),
        _ => String::new(),
    }
}

/// `14 s`, `2 min 05 s`, `1 h 10 min`, or a dash.
pub(crate) fn seconds_or_dash(seconds: Option<f64>) -> String {
    match seconds {
        Some(s) if s.is_finite() && s >= 0.0 => duration_s(whole_seconds(s)),
        _ => DASH.to_owned(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "finite and not negative is checked by the caller; the cast saturates"
)]
fn whole_seconds(s: f64) -> u64 {
    s.round() as u64
}

/// `14 s`, `2 min 05 s`, `1 h 10 min`.
pub(crate) fn duration_s(s: u64) -> String {
    match s {
        0..60 => format!("{s}{NBSP}s"),
        60..3600 => format!("{}{NBSP}min {:02}{NBSP}s", s / 60, s % 60),
        _ => format!("{}{NBSP}h {:02}{NBSP}min", s / 3600, s % 3600 / 60),
    }
}

/// Callers waiting and the longest wait: `1, 31 s`, `0`, or a dash.
pub(crate) fn waiting(calls: Option<u64>, longest_s: Option<f64>) -> String {
    match calls {
        None => DASH.to_owned(),
        Some(0) => "0".to_owned(),
        Some(n) => format!("{}, {}", count(n), seconds_or_dash(longest_s)),
    }
}

/// The first characters of a hash, enough to tell two tables apart.
pub(crate) fn short_hash(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_for_the_shell_is_one_word_whatever_it_holds() {
        for word in [
            "dana@clinic",
            "",
            "two words",
            "it's; rm -rf ~",
            "$(touch x) `touch x` \"$HOME\" \\ |&<>*?!#",
            "'",
            "über\nzwei",
        ] {
            let said = format!("printf %s {}", shell_word(word));
            let heard = std::process::Command::new("sh")
                .args(["-c", &said])
                .output();
            let heard = heard.expect("a shell").stdout;
            assert_eq!(String::from_utf8_lossy(&heard), word, "{said}");
        }
        assert_eq!(
            shell_word("https://id.example.org"),
            "https://id.example.org"
        );
    }

    #[test]
    fn unknown_is_a_dash_and_zero_is_zero() {
        assert_eq!(count_or_dash(None), DASH);
        assert_eq!(count_or_dash(Some(0)), "0");
        assert_eq!(percent_or_dash(None), DASH);
        assert_eq!(seconds_or_dash(None), DASH);
        assert_eq!(seconds_or_dash(Some(f64::NAN)), DASH);
        assert_eq!(waiting(None, None), DASH);
        assert_eq!(waiting(Some(0), None), "0");
        assert_eq!(waiting(Some(2), None), "2, \u{2013}");
        assert_eq!(ratio(0, 0), DASH);
    }

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(count(999), "999");
        assert_eq!(count(48_209), "48,209");
        assert_eq!(count(1_000_000), "1,000,000");
        assert_eq!(ratio(999, 1000), "99.9\u{a0}%");
        assert_eq!(
            ratio(99_999, 100_000),
            "99.9\u{a0}%",
            "never rounded up to all"
        );
        assert_eq!(ratio(5, 5), "100\u{a0}%");
        assert_eq!(whole_percent(105, 341), Some(31));
        assert_eq!(whole_percent(0, 0), None);
        assert_eq!(duration_s(280), "4\u{a0}min 40\u{a0}s");
        assert_eq!(duration_s(4200), "1\u{a0}h 10\u{a0}min");
        assert_eq!(rate(Some(118.4)), "118/h");
        assert_eq!(rate(Some(0.4)), "0.4/h");
    }

    #[test]
    fn times_show_their_zone_on_both_sides_of_a_change() {
        let clock = Clock::new("America/New_York");
        let before: Timestamp = "2026-11-01T05:30:00Z".parse().unwrap();
        let after: Timestamp = "2026-11-01T06:30:00Z".parse().unwrap();
        assert_eq!(clock.minute(before).text, "01:30 EDT");
        assert_eq!(clock.minute(after).text, "01:30 EST");
        assert_eq!(clock.minute(after).iso, "2026-11-01T01:30:00-05:00");
        assert_eq!(clock.weekday(after).text, "Sun 1 Nov 2026");
        assert_eq!(Clock::new("Nowhere/Land").minute(after).text, "06:30 UTC");
    }
}
