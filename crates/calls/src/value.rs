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

/// The last digits of a caller's number, at most ten, by which texts that repeat it are known.
#[derive(Clone, Copy)]
pub(crate) struct Tail {
    digits: usize,
    value: u64,
    /// 10 to the power of `digits`.
    modulus: u64,
}

impl Tail {
    /// Of a number of seven digits or more; shorter ones mean nothing.
    pub(crate) fn of(e164: &str) -> Option<Self> {
        let digits = e164.bytes().filter(u8::is_ascii_digit).count();
        let kept = digits.min(10);
        let tail = e164
            .bytes()
            .filter(u8::is_ascii_digit)
            .skip(digits - kept)
            .fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
        (digits >= 7).then(|| Self {
            digits: kept,
            value: tail,
            modulus: 10_u64.pow(u32::try_from(kept).unwrap_or(0)),
        })
    }

    /// Whether a text holds these digits one after another, however it is punctuated.
    pub(crate) fn is_in(self, text: &str) -> bool {
        if text.len() < self.digits {
            return false;
        }
        // The last digits seen, as a number that drops the eldest.
        let (mut seen, mut last) = (0, 0);
        text.bytes().filter(u8::is_ascii_digit).any(|digit| {
            seen += 1;
            last = (last * 10 + u64::from(digit - b'0')) % self.modulus;
            seen >= self.digits && last == self.value
        })
    }
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
        let repeats = |text: &str, number: &str| Tail::of(number).is_some_and(|t| t.is_in(text));
        assert!(repeats("SIP/609-555-0110-00a1", "+16095550110"));
        assert!(repeats("16095550110", "+16095550110"));
        assert!(repeats("x00-6095550110", "+16095550110"));
        assert!(!repeats("call-6095550111", "+16095550110"));
        assert!(!repeats("6095550", "+16095550110"), "not all of it");
        assert!(repeats("0000000a", "+0000000"));
        assert!(
            !repeats("AA0101-33116", "331"),
            "too short to mean anything"
        );
    }
}
