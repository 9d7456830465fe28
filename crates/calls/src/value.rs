//! Single cells: durations, numbers that lost digits, and texts that a spreadsheet would run.

use crate::mapping::DurationUnit;

/// Reads a duration in milliseconds; negative values come back as such so that the row can say so.
pub(crate) fn duration_ms(text: &str, unit: DurationUnit) -> Option<i64> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let ms = match unit {
        DurationUnit::Hms => hms_ms(text)?,
        DurationUnit::S => scaled(text, 1_000)?,
        DurationUnit::Ms => scaled(text, 1)?,
        DurationUnit::Min => scaled(text, 60_000)?,
    };
    Some(if negative { -ms } else { ms })
}

/// A decimal number times `scale`, rounded down to a whole number; thousands may be set off by commas.
fn scaled(text: &str, scale: i64) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole = whole_number(whole)?.checked_mul(scale)?;
    if fraction.is_empty() {
        return Some(whole);
    }
    let digits = fraction.get(..fraction.len().min(9))?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let places = u32::try_from(digits.len()).ok()?;
    whole.checked_add(digits.parse::<i64>().ok()?.checked_mul(scale)? / 10_i64.pow(places))
}

fn whole_number(text: &str) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let groups: Vec<&str> = text.split(',').collect();
    let thousands = groups.len() > 1
        && (1..=3).contains(&groups[0].len())
        && groups[1..].iter().all(|group| group.len() == 3)
        && groups
            .iter()
            .all(|group| group.bytes().all(|byte| byte.is_ascii_digit()));
    thousands.then(|| groups.concat().parse().ok()).flatten()
}

fn hms_ms(text: &str) -> Option<i64> {
    let parts: Vec<&str> = text.split(':').collect();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [minutes, seconds] => ("0", *minutes, *seconds),
        [hours, minutes, seconds] => (*hours, *minutes, *seconds),
        _ => return None,
    };
    let hours = whole_number(hours)?;
    let minutes = whole_number(minutes)?;
    if parts.len() == 3 && minutes > 59 {
        return None;
    }
    hours
        .checked_mul(3_600_000)?
        .checked_add(minutes.checked_mul(60_000)?)?
        .checked_add(scaled(seconds, 1_000)?)
}

/// A number a spreadsheet has rewritten as `8.00556E+09`: digits are lost.
pub(crate) fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    !mantissa.is_empty()
        && mantissa
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b',')
        && !exponent.is_empty()
        && exponent.bytes().all(|byte| byte.is_ascii_digit())
}

/// A text a spreadsheet would run as a formula when the data is opened there again.
pub(crate) fn is_formula(text: &str) -> bool {
    match text.as_bytes() {
        [b'=' | b'@', ..] => true,
        [b'+' | b'-', rest @ ..] => !rest
            .iter()
            .all(|byte| byte.is_ascii_digit() || b" .()-/".contains(byte)),
        _ => false,
    }
}

/// Whether `text` repeats a caller's number of seven digits or more (its last ten), however it is punctuated.
pub(crate) fn repeats_number(text: &str, e164: &str) -> bool {
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let number = digits(e164);
    if number.len() < 7 || text.len() < 7 {
        return false;
    }
    let tail = &number[number.len() - number.len().min(10)..];
    digits(text).contains(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, unit, expected) in [
            ("153", DurationUnit::S, Some(153_000)),
            ("12.5", DurationUnit::S, Some(12_500)),
            ("-12", DurationUnit::S, Some(-12_000)),
            ("1,234", DurationUnit::S, Some(1_234_000)),
            ("1,23", DurationUnit::S, None),
            ("250", DurationUnit::Ms, Some(250)),
            ("1.5", DurationUnit::Min, Some(90_000)),
            ("1:02:03", DurationUnit::Hms, Some(3_723_000)),
            ("02:03", DurationUnit::Hms, Some(123_000)),
            ("1:62:03", DurationUnit::Hms, None),
            ("-0:00:12", DurationUnit::Hms, Some(-12_000)),
            ("1e3", DurationUnit::S, None),
            ("", DurationUnit::S, None),
            ("abc", DurationUnit::S, None),
            ("99999999999999999999", DurationUnit::S, None),
        ] {
            assert_eq!(duration_ms(text, unit), expected, "{text:?} {unit:?}");
        }
    }

    #[test]
    fn spreadsheets() {
        assert!(
            is_scientific("8.00556E+09")
                && is_scientific("8E9")
                && !is_scientific("elm")
                && !is_scientific("E12")
        );
        for text in [
            "=HYPERLINK(\"x\")",
            "@SUM(A1)",
            "+1+cmd|' /C calc'!A0",
            "-2+3+cmd",
            "=1",
        ] {
            assert!(is_formula(text), "{text}");
        }
        for text in ["+1 (609) 555-0110", "-", "-5", "O'Neil; DROP", "a=b", ""] {
            assert!(!is_formula(text), "{text}");
        }
    }

    #[test]
    fn a_number_is_seen_through_its_punctuation() {
        assert!(repeats_number("SIP/609-555-0110-00a1", "+16095550110"));
        assert!(!repeats_number("call-6095550111", "+16095550110"));
        assert!(
            !repeats_number("AA0101-33116", "331"),
            "too short to mean anything"
        );
    }
}
