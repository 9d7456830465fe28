//! Shift windows: recurring local time, half-open `[start, end)`, in a named IANA zone, right across DST (A17, scenario 23).
//!
//! A local boundary maps to exactly one instant: in the spring gap to the end of the gap, in the autumn
//! fold to the first of the two. The map never decreases, so windows that touch on the wall clock touch in
//! time as well: no call falls between two windows or into both.

mod holidays;
pub mod painted;

pub use holidays::{HolidayHours, Holidays};

use crate::refusal::{Code, Refusal};
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

const DAY_MIN: u32 = 24 * 60;
const WEEK_MIN: u32 = 7 * DAY_MIN;
/// At most this many parts in one window text.
const PARTS_MAX: usize = 21;

/// A recurring window as people write it: `Sat 22:00-Sun 06:00`, `Mon-Fri 19:00-07:00`, `daily 08:00-17:00`, `always`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ShiftWindow {
    /// The weekly pattern in local time.
    pub window: String,
    /// IANA zone, for example `America/New_York`.
    pub zone: String,
    /// What it does on holidays; without any, every day is like its weekday.
    #[serde(default, skip_serializing_if = "Holidays::is_empty")]
    pub holidays: Holidays,
}

/// A window whose text and zone have been read.
#[derive(Clone, Debug, PartialEq)]
pub struct WeeklyWindow {
    spans: Vec<WeekSpan>,
    zone: TimeZone,
    holidays: Holidays,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct WeekSpan {
    /// Minutes from Monday 00:00 local.
    start_min: u32,
    /// Length on the wall clock, at most a week.
    length_min: u32,
}

/// One occurrence in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// First instant inside.
    pub start: Timestamp,
    /// First instant outside.
    pub end: Timestamp,
    /// What daylight saving did to it, if anything.
    pub warning: Option<String>,
}

impl ShiftWindow {
    /// A window in which every day is like its weekday.
    pub fn new(window: &str, zone: &str) -> Self {
        Self {
            window: window.to_owned(),
            zone: zone.to_owned(),
            holidays: Holidays::default(),
        }
    }

    /// Reads text and zone.
    ///
    /// # Errors
    /// `WINDOW_INVALID` with an example.
    pub fn parse(&self) -> Result<WeeklyWindow, Refusal> {
        let zone = TimeZone::get(&self.zone).map_err(|_| {
            invalid(format!(
                "`{}` as an IANA zone, for example America/New_York",
                self.zone
            ))
        })?;
        let mut spans = Vec::new();
        if self.window.split([',', ';']).count() > PARTS_MAX {
            return Err(invalid(format!("at most {PARTS_MAX} parts in one window")));
        }
        for part in self.window.split([',', ';']).map(str::trim) {
            let read = parse_part(part).ok_or_else(|| {
                invalid(format!("`{part}` as a window, for example `Sat 22:00-Sun 06:00` or `Mon-Fri 19:00-07:00`"))
            })?;
            spans.extend(read);
        }
        if self.holidays.dates.len() > holidays::DATES_MAX {
            return Err(invalid(format!(
                "at most {} holidays in one window",
                holidays::DATES_MAX
            )));
        }
        Ok(WeeklyWindow {
            spans,
            zone,
            holidays: self.holidays.clone(),
        })
    }
}

/// Whether an instant lies in any of these windows; none means always. One that cannot be read is never open.
pub fn is_open(windows: &[ShiftWindow], at: Timestamp) -> bool {
    let mut read = windows.iter().filter_map(|window| window.parse().ok());
    windows.is_empty() || read.any(|window| window.contains(at))
}

impl WeeklyWindow {
    /// The zone whose wall clock it reads.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The local dates on which it does something else than on their weekday.
    pub fn holidays(&self) -> impl Iterator<Item = Date> {
        let changed = self.holidays.hours != HolidayHours::Unchanged;
        let dates = self.holidays.dates.iter().copied();
        dates.filter(move |_| changed)
    }

    /// The hours of a weekday that is no holiday, as minutes from its midnight, half-open; in order, none touching another.
    pub fn hours_of(&self, day: Weekday) -> Vec<(u32, u32)> {
        // Late in the week after, too: a span of the week before may reach this day.
        let midnights = [0, WEEK_MIN].map(|week| day_index(day) * DAY_MIN + week);
        let mut hours = Vec::new();
        for (span, midnight) in self.spans.iter().flat_map(|s| midnights.map(|m| (s, m))) {
            let from = span.start_min.max(midnight);
            let to = (span.start_min + span.length_min).min(midnight + DAY_MIN);
            if from < to {
                hours.push((from - midnight, to - midnight));
            }
        }
        merged(hours)
    }

    /// The hours of a date, holiday or not, likewise.
    pub fn hours_on(&self, date: Date) -> Vec<(u32, u32)> {
        if !self.holidays().any(|holiday| holiday == date) {
            return self.hours_of(date.weekday());
        }
        let instead = self.holidays.instead(date, &self.spans).into_iter();
        merged(
            instead
                .map(|(start, length)| (start, start + length))
                .collect(),
        )
    }
    /// Occurrences that start on a local date from `from` to `to`, both included, in order.
    pub fn occurrences(&self, from: Date, to: Date) -> Vec<Occurrence> {
        let mut found = Vec::new();
        let mut date = from;
        while date <= to {
            let day_start_min = day_index(date.weekday()) * DAY_MIN;
            for span in &self.spans {
                if span.start_min >= day_start_min && span.start_min < day_start_min + DAY_MIN {
                    let start_min = span.start_min - day_start_min;
                    let kept = self.holidays.keep(date, start_min, span.length_min);
                    found.extend(
                        kept.into_iter()
                            .filter_map(|(s, l)| self.occurrence(date, s, l)),
                    );
                }
            }
            let instead = self.holidays.instead(date, &self.spans);
            found.extend(
                instead
                    .into_iter()
                    .filter_map(|(s, l)| self.occurrence(date, s, l)),
            );
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        found.sort_by_key(|o| o.start);
        found
    }

    /// Whether the instant is inside any occurrence.
    pub fn contains(&self, at: Timestamp) -> bool {
        let date = at.to_zoned(self.zone.clone()).date();
        let from = date.checked_sub(Span::new().days(8)).unwrap_or(date);
        self.occurrences(from, date)
            .iter()
            .any(|o| o.start <= at && at < o.end)
    }

    fn occurrence(&self, date: Date, start_min: u32, length_min: u32) -> Option<Occurrence> {
        let (start, start_warning) = self.instant(date, start_min)?;
        let (end, end_warning) = self.instant(date, start_min + length_min)?;
        let hours = end.duration_since(start).as_secs();
        let changed = hours != i64::from(length_min) * 60;
        let warning = start_warning.or(end_warning).or_else(|| {
            changed.then(|| {
                format!(
                    "{} h on the clock, {} h in time: daylight saving changes inside",
                    hour_text(i64::from(length_min) * 60),
                    hour_text(hours)
                )
            })
        });
        (end > start).then_some(Occurrence {
            start,
            end,
            warning,
        })
    }

    /// The instant of a wall-clock minute counted from a date's midnight.
    fn instant(&self, date: Date, minute: u32) -> Option<(Timestamp, Option<String>)> {
        let date = date.checked_add(Span::new().days(minute / DAY_MIN)).ok()?;
        let of_day = minute % DAY_MIN;
        let time = Time::new(
            i8::try_from(of_day / 60).ok()?,
            i8::try_from(of_day % 60).ok()?,
            0,
            0,
        )
        .ok()?;
        let local = date.to_datetime(time);
        match self.zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => {
                Some((offset.to_timestamp(local).ok()?, None))
            }
            AmbiguousOffset::Fold { before, .. } => {
                let warning = format!("{local} happens twice in this night; the first is meant");
                Some((before.to_timestamp(local).ok()?, Some(warning)))
            }
            AmbiguousOffset::Gap { after, .. } => {
                let just_before = after.to_timestamp(local).ok()?;
                let gap_end = self.zone.following(just_before).next()?.timestamp();
                let shown = gap_end
                    .to_zoned(self.zone.clone())
                    .strftime("%H:%M %Z")
                    .to_string();
                Some((
                    gap_end,
                    Some(format!(
                        "{local} does not exist in this night; {shown} is used"
                    )),
                ))
            }
        }
    }
}

/// Hours with at most two decimals, without trailing zeros.
pub fn hour_text(seconds: i64) -> String {
    let hundredths = seconds * 100 / 3600;
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    match rest {
        0 => whole.to_string(),
        r if r % 10 == 0 => format!("{whole}.{}", r / 10),
        r => format!("{whole}.{r:02}"),
    }
}

fn invalid(missing: String) -> Refusal {
    Refusal::new(Code::WindowInvalid)
        .missing(missing)
        .how("write the window as weekday and 24-hour local time, and name the zone")
}

/// Half-open spans in order, touching or overlapping ones as one.
pub fn merged<T: Ord + Copy>(mut hours: Vec<(T, T)>) -> Vec<(T, T)> {
    hours.sort_unstable();
    hours.dedup_by(|next, kept| {
        let joined = next.0 <= kept.1;
        if joined {
            kept.1 = kept.1.max(next.1);
        }
        joined
    });
    hours
}

fn parse_part(text: &str) -> Option<Vec<WeekSpan>> {
    if text.eq_ignore_ascii_case("always") {
        return Some(
            (0..7)
                .map(|d| WeekSpan {
                    start_min: d * DAY_MIN,
                    length_min: DAY_MIN,
                })
                .collect(),
        );
    }
    let (days, times) = text.split_once(' ')?;
    let (start, end) = times.split_once('-')?;
    let start = minute_of_day(start.trim())?;
    let (end_day, end) = match end.trim().split_once(' ') {
        Some((day, time)) => (Some(parse_day(day)?), minute_of_day(time.trim())?),
        None => (None, minute_of_day(end.trim())?),
    };
    let spans: Vec<_> = parse_days(days)?
        .into_iter()
        .map(|day| {
            let start_min = (day * DAY_MIN + start) % WEEK_MIN;
            let end_min = match end_day {
                Some(end_day) => end_day * DAY_MIN + end,
                None if end > start => day * DAY_MIN + end,
                None => (day + 1) * DAY_MIN + end,
            };
            let length_min = (end_min + WEEK_MIN - start_min) % WEEK_MIN;
            WeekSpan {
                start_min,
                length_min: if length_min == 0 {
                    WEEK_MIN
                } else {
                    length_min
                },
            }
        })
        .collect();
    // "Mon-Fri 08:00-Sat 06:00" would overlap itself.
    (end_day.is_none() || spans.len() == 1).then_some(spans)
}

fn parse_days(text: &str) -> Option<Vec<u32>> {
    if text.eq_ignore_ascii_case("daily") {
        return Some((0..7).collect());
    }
    let Some((first, last)) = text.split_once('-') else {
        return Some(vec![parse_day(text)?]);
    };
    let (first, last) = (parse_day(first)?, parse_day(last)?);
    Some(
        (0..=(last + 7 - first) % 7)
            .map(|n| (first + n) % 7)
            .collect(),
    )
}

fn parse_day(text: &str) -> Option<u32> {
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let found = names
        .iter()
        .position(|name| name.eq_ignore_ascii_case(text.trim()))?;
    u32::try_from(found).ok()
}

fn minute_of_day(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |t: &str| t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (minutes < 60 && (hours < 24 || (hours == 24 && minutes == 0))).then_some(hours * 60 + minutes)
}

fn day_index(day: Weekday) -> u32 {
    u32::from(day.to_monday_zero_offset().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn window(text: &str, zone: &str) -> WeeklyWindow {
        ShiftWindow::new(text, zone).parse().unwrap()
    }

    fn one(
        text: &str,
        zone: &str,
        from: Date,
        to: Date,
    ) -> (String, String, String, Option<String>) {
        let found = window(text, zone).occurrences(from, to);
        assert_eq!(found.len(), 1, "{text} {from}");
        let o = &found[0];
        let hours = hour_text(o.end.duration_since(o.start).as_secs());
        (
            o.start.to_string(),
            o.end.to_string(),
            hours,
            o.warning.clone(),
        )
    }

    #[test]
    fn a17_the_hours_of_each_day_are_those_of_the_windows_in_force() {
        for text in [
            "always",
            "daily 19:00-07:00",
            "Sat 22:00-Sun 06:00",
            "Mon-Fri 08:00-17:00, Mon-Fri 17:00-18:30, Sat 09:00-12:00",
            "Sun 22:00-Mon 02:00",
            "Fri 18:00-Mon 08:00",
        ] {
            let mut night = ShiftWindow::new(text, "America/New_York");
            night.holidays = Holidays {
                hours: HolidayHours::AsSunday,
                dates: [date(2027, 7, 5)].into(),
            };
            let window = night.parse().unwrap();
            // Two weeks in summer: no change of the clock, one holiday.
            for day in 0..14 {
                let date = date(2027, 7, 1).saturating_add(Span::new().days(day));
                let hours = window.hours_on(date);
                for minute in (0..24 * 60).step_by(15) {
                    let (h, m) = (minute / 60, minute % 60);
                    let at = date.at(i8::try_from(h).unwrap(), i8::try_from(m).unwrap(), 0, 0);
                    let at = at.in_tz("America/New_York").unwrap().timestamp();
                    let inside = hours
                        .iter()
                        .any(|(from, to)| (*from..*to).contains(&minute));
                    assert_eq!(inside, window.contains(at), "{text} {date} {h}:{m}");
                }
            }
        }
    }

    #[test]
    fn scenario_23_daylight_saving_inside_a_shift() {
        let night = "Sat 22:00-Sun 06:00";
        let (fall, spring) = (date(2026, 10, 31), date(2027, 3, 13));
        let (start, end, hours, warning) = one(night, "America/New_York", fall, fall);
        assert_eq!(
            (start.as_str(), end.as_str(), hours.as_str()),
            ("2026-11-01T02:00:00Z", "2026-11-01T11:00:00Z", "9")
        );
        assert!(warning.unwrap().contains("8 h on the clock, 9 h in time"));
        let (start, end, hours, _) = one(night, "America/New_York", spring, spring);
        assert_eq!(
            (start.as_str(), end.as_str(), hours.as_str()),
            ("2027-03-14T03:00:00Z", "2027-03-14T10:00:00Z", "7")
        );
        assert_eq!(one(night, "America/Phoenix", fall, fall).2, "8");
        assert_eq!(
            one(
                "Sun 01:00-03:00",
                "America/New_York",
                date(2026, 11, 1),
                date(2026, 11, 1)
            )
            .2,
            "3"
        );
        assert_eq!(
            one(
                "Sun 01:00-03:00",
                "America/New_York",
                date(2027, 3, 14),
                date(2027, 3, 14)
            )
            .2,
            "1"
        );
        let (start, _, _, warning) = one(
            "Sun 02:30-06:00",
            "America/New_York",
            date(2027, 3, 14),
            date(2027, 3, 14),
        );
        assert_eq!(start, "2027-03-14T07:00:00Z");
        assert!(warning.unwrap().contains("03:00 EDT is used"));
    }

    #[test]
    fn both_half_past_ones_are_inside_once_each() {
        let w = window("Sun 01:00-03:00", "America/New_York");
        for at in ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"] {
            assert!(w.contains(at.parse().unwrap()), "{at}");
        }
        assert!(
            !w.contains("2026-11-01T08:00:00Z".parse().unwrap()),
            "the end is outside"
        );
    }

    #[test]
    fn texts_that_are_not_windows_are_refused_with_an_example() {
        for bad in [
            "",
            "Sat",
            "Sat 22-06",
            "Sat 25:00-26:00",
            "Foo 01:00-02:00",
            "Mon-Fri 08:00-Sat 06:00",
            "Sat 1:00-2:00",
            "Sat +1:00-02:00",
        ] {
            let refused = ShiftWindow::new(bad, "America/New_York")
                .parse()
                .unwrap_err();
            assert_eq!(refused.code, Code::WindowInvalid, "{bad}");
        }
        let refused = ShiftWindow::new("always", "EST5PDT-ish")
            .parse()
            .unwrap_err();
        assert!(refused.to_string().contains("America/New_York"));
    }

    #[test]
    fn patterns_count_their_days() {
        let (from, to) = (date(2027, 4, 12), date(2027, 4, 18));
        for (text, count) in [
            ("Mon-Fri 19:00-07:00", 5),
            ("daily 08:00-17:00", 7),
            ("always", 7),
            ("Sat-Mon 08:00-09:00", 3),
            ("Mon 08:00-09:00, Tue 08:00-09:00", 2),
        ] {
            assert_eq!(
                window(text, "America/New_York").occurrences(from, to).len(),
                count,
                "{text}"
            );
        }
    }

    proptest::proptest! {
        /// Two windows that touch on the wall clock share no instant and leave none out.
        #[test]
        fn touching_windows_partition_time(split in 1u32..1440, minute in 0i64..(4 * 24 * 60), spring in proptest::bool::ANY) {
            let at = |m: u32| format!("{:02}:{:02}", m / 60, m % 60);
            let zone = "America/New_York";
            let first = window(&format!("daily 00:00-{}", at(split)), zone);
            let second = window(&format!("daily {}-24:00", at(split)), zone);
            let base: Timestamp = if spring { "2027-03-13T00:00:00Z" } else { "2026-10-31T00:00:00Z" }.parse().unwrap();
            let t = base + jiff::SignedDuration::from_mins(minute);
            proptest::prop_assert!(first.contains(t) ^ second.contains(t), "{t}");
        }
    }
}
