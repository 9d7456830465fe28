//! Local clock texts to instants: many formats, one zone, and both hours of the year that are not what they seem.

use crate::record::TimeConfidence;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// Years a call record can be from; anything else is a misread date.
pub(crate) const YEARS: std::ops::RangeInclusive<i16> = 1970..=2100;

/// A time as written: on the zone's wall clock, or already an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    Local(DateTime),
    Instant(Timestamp),
}

/// One way to write a time.
#[derive(Debug, Clone)]
pub(crate) enum Format {
    Rfc3339,
    EpochSeconds,
    EpochMilliseconds,
    Pattern(String),
    /// A pattern of numbers only, in the order of its letters, with one separator text before each.
    Numbers(Vec<(Vec<u8>, u8)>),
}

impl Format {
    /// A format of a mapping.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "rfc3339" => return Ok(Self::Rfc3339),
            "epoch_s" => return Ok(Self::EpochSeconds),
            "epoch_ms" => return Ok(Self::EpochMilliseconds),
            _ => {}
        }
        if !text.contains('%') {
            return Err(format!(
                "\"{text}\" is no time format; write a pattern such as \"%m/%d/%Y %H:%M:%S\", or rfc3339, epoch_s, epoch_ms"
            ));
        }
        if let Some(numbers) = numbers(text.as_bytes()) {
            return Ok(Self::Numbers(numbers));
        }
        // A trial run tells a faulty pattern from a faulty text.
        let sample = jiff::civil::date(2026, 11, 22)
            .at(10, 11, 12, 0)
            .in_tz("UTC");
        if sample.is_ok_and(|sample| strtime::format(text, &sample).is_err()) {
            return Err(format!("\"{text}\" is no time format that can be read"));
        }
        Ok(Self::Pattern(text.to_owned()))
    }

    /// Reads a text written this way.
    pub(crate) fn read(&self, text: &str) -> Option<Written> {
        let written = match self {
            Self::Rfc3339 => Written::Instant(text.parse().ok()?),
            Self::EpochSeconds => match text.split_once('.') {
                None => Written::Instant(Timestamp::from_second(text.parse().ok()?).ok()?),
                Some((seconds, fraction)) => {
                    let micros = format!("{fraction:0<6}").get(..6)?.parse::<i64>().ok()?;
                    let seconds = seconds.parse::<i64>().ok()?;
                    Written::Instant(
                        Timestamp::from_microsecond(seconds.checked_mul(1_000_000)? + micros)
                            .ok()?,
                    )
                }
            },
            Self::EpochMilliseconds => {
                Written::Instant(Timestamp::from_millisecond(text.parse().ok()?).ok()?)
            }
            Self::Numbers(numbers) => Written::Local(read_numbers(numbers, text.as_bytes())?),
            Self::Pattern(pattern) => {
                let broken = strtime::parse(pattern, text).ok()?;
                match broken.offset() {
                    Some(_) => Written::Instant(broken.to_timestamp().ok()?),
                    None => Written::Local(broken.to_datetime().ok()?),
                }
            }
        };
        let year = match written {
            Written::Local(local) => local.year(),
            Written::Instant(instant) => instant.to_zoned(TimeZone::UTC).year(),
        };
        YEARS.contains(&year).then_some(written)
    }
}

/// The quick road: patterns made of `%Y %y %m %d %H %M %S` and separators.
fn numbers(pattern: &[u8]) -> Option<Vec<(Vec<u8>, u8)>> {
    let mut all = Vec::new();
    let mut separator = Vec::new();
    let mut bytes = pattern.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            separator.push(byte);
            continue;
        }
        let letter = bytes.next().filter(|letter| b"YymdHMS".contains(letter))?;
        all.push((std::mem::take(&mut separator), letter));
    }
    let has = |letter| all.iter().any(|(_, found)| *found == letter);
    let complete = (has(b'Y') || has(b'y')) && has(b'm') && has(b'd') && has(b'H') && has(b'M');
    (complete && separator.is_empty()).then_some(all)
}

fn read_numbers(numbers: &[(Vec<u8>, u8)], text: &[u8]) -> Option<DateTime> {
    let mut at = 0;
    let (mut year, mut month, mut day, mut hour, mut minute, mut second) = (0_i16, 0, 0, 0, 0, 0);
    for (separator, letter) in numbers {
        if text.get(at..at + separator.len())? != separator {
            return None;
        }
        at += separator.len();
        let digits_max = if *letter == b'Y' { 4 } else { 2 };
        let rest = text.get(at..)?;
        let digits = rest
            .iter()
            .take(digits_max)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if digits == 0 || (*letter == b'Y' && digits != 4) || (*letter == b'y' && digits != 2) {
            return None;
        }
        let value = rest[..digits]
            .iter()
            .fold(0_i16, |value, digit| value * 10 + i16::from(digit - b'0'));
        at += digits;
        let small = i8::try_from(value).unwrap_or(i8::MAX);
        match letter {
            b'Y' => year = value,
            // Two digits: 69–99 are the last century, as in POSIX.
            b'y' => {
                year = if value >= 69 {
                    1900 + value
                } else {
                    2000 + value
                }
            }
            b'm' => month = small,
            b'd' => day = small,
            b'H' => hour = small,
            b'M' => minute = small,
            _ => second = small.min(59),
        }
    }
    (at == text.len()).then_some(())?;
    let date = Date::new(year, month, day).ok()?;
    let time = jiff::civil::Time::new(hour, minute, second, 0).ok()?;
    Some(date.to_datetime(time))
}

/// The instant of a written time in a zone. In the repeated hour the earliest that is not before `not_before` is taken.
pub(crate) fn resolve(
    written: Written,
    zone: &TimeZone,
    not_before: Option<Timestamp>,
) -> Option<(Timestamp, TimeConfidence)> {
    let local = match written {
        Written::Instant(instant) => return Some((instant, TimeConfidence::Exact)),
        Written::Local(local) => local,
    };
    let ambiguous = zone.to_ambiguous_timestamp(local);
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { offset } => {
            Some((offset.to_timestamp(local).ok()?, TimeConfidence::Exact))
        }
        AmbiguousOffset::Gap { before, .. } => {
            // The offset before the gap moves 02:30 to 03:30 after it, as people mean it.
            Some((
                before.to_timestamp(local).ok()?,
                TimeConfidence::SkippedHour,
            ))
        }
        AmbiguousOffset::Fold { before, after } => {
            let (first, second) = (
                before.to_timestamp(local).ok()?,
                after.to_timestamp(local).ok()?,
            );
            let late = not_before.is_some_and(|limit| first < limit);
            Some((
                if late { second } else { first },
                TimeConfidence::RepeatedHour,
            ))
        }
    }
}

/// The second of the two instants of a local time in the repeated hour.
pub(crate) fn second_of_fold(written: Written, zone: &TimeZone) -> Option<Timestamp> {
    let Written::Local(local) = written else {
        return None;
    };
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Fold { after, .. } => after.to_timestamp(local).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn read(format: &str, text: &str) -> Option<Written> {
        Format::parse(format).unwrap().read(text)
    }

    #[test]
    fn the_shapes_exports_use() {
        let expected = Some(Written::Local(date(1999, 1, 31).at(9, 5, 7, 0)));
        assert_eq!(read("%y%m%d %H:%M:%S", "990131 9:05:07"), expected);
        assert_eq!(read("%Y-%m-%d %H:%M:%S", "1999-01-31 09:05:07"), expected);
        assert_eq!(read("%d.%m.%Y %H:%M:%S", "31.1.1999 09:05:07"), expected);
        assert_eq!(
            read("%m/%d/%Y %I:%M:%S %p", "01/31/1999 09:05:07 AM"),
            expected
        );
        let instant = Some(Written::Instant("2026-03-01T10:00:00Z".parse().unwrap()));
        assert_eq!(read("rfc3339", "2026-03-01T05:00:00-05:00"), instant);
        assert_eq!(read("epoch_s", "1772359200"), instant);
        assert_eq!(read("epoch_s", "1772359200.0"), instant);
        assert_eq!(read("epoch_ms", "1772359200000"), instant);
    }

    #[test]
    fn misread_dates_are_no_dates() {
        for (format, text) in [
            ("%Y-%m-%d %H:%M:%S", "99-01-31 09:05:07"),
            ("%d/%m/%Y %H:%M:%S", "01/31/1999 09:05:07"),
            ("%Y-%m-%d %H:%M:%S", "1999-01-31 24:05:07"),
            ("%Y-%m-%d %H:%M:%S", "1999-01-31 09:05:07 and more"),
            ("%Y-%m-%d %H:%M:%S", "1999-01-31"),
            ("%Y-%m-%d %H:%M:%S", "0001-01-31 00:00:00"),
            ("epoch_s", "99999999999"),
        ] {
            assert_eq!(read(format, text), None, "{format} {text}");
        }
        assert!(Format::parse("yyyy-mm-dd").is_err());
    }

    #[test]
    fn both_hours_that_are_not_what_they_seem() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let at = |text: &str| Written::Local(text.parse().unwrap());
        let first: Timestamp = "2026-11-01T05:30:00Z".parse().unwrap();
        let second: Timestamp = "2026-11-01T06:30:00Z".parse().unwrap();
        let fold = at("2026-11-01T01:30:00");
        assert_eq!(
            resolve(fold, &zone, None),
            Some((first, TimeConfidence::RepeatedHour))
        );
        let later = Some("2026-11-01T05:40:00Z".parse().unwrap());
        assert_eq!(
            resolve(fold, &zone, later),
            Some((second, TimeConfidence::RepeatedHour))
        );
        assert_eq!(second_of_fold(fold, &zone), Some(second));
        let gap = resolve(at("2027-03-14T02:30:00"), &zone, None).unwrap();
        assert_eq!(
            gap,
            (
                "2027-03-14T07:30:00Z".parse().unwrap(),
                TimeConfidence::SkippedHour
            )
        );
        assert_eq!(second_of_fold(at("2026-11-01T03:30:00"), &zone), None);
    }
}
