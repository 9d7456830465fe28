//! Ratios of counts in basis points: computed on whole numbers, rounded once, printed alike.

/// `part` of `whole` in basis points, rounded half away from zero. Nothing of nothing is 0; something of nothing is the most there is.
pub fn of(part: i128, whole: u64) -> i64 {
    let whole = i128::from(whole);
    if whole == 0 {
        return i64::try_from(part.signum()).unwrap_or_default() * i64::MAX;
    }
    let doubled = part.saturating_mul(20_000);
    let rounded = (doubled + doubled.signum() * whole) / (2 * whole);
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

/// Whether `part` is more than so many basis points of `whole`, exactly.
pub fn is_more(part: u64, whole: u64, max_bp: u32) -> bool {
    u128::from(part) * 10_000 > u128::from(whole) * u128::from(max_bp)
}

/// Whether `part` is less than so many basis points of `whole`, exactly.
pub fn is_less(part: u64, whole: u64, min_bp: u32) -> bool {
    u128::from(part) * 10_000 < u128::from(whole) * u128::from(min_bp)
}

/// In percent, as people read it: `−0.20 %`.
pub fn percent(bp: i64) -> String {
    let sign = if bp < 0 { "−" } else { "" };
    let bp = bp.unsigned_abs();
    format!("{sign}{}.{:02} %", bp / 100, bp % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_rounded_once_and_compared_exactly() {
        assert_eq!(percent(of(-157, 79_800)), "−0.20 %");
        assert_eq!(percent(of(-1_380, 12_400)), "−11.13 %");
        assert_eq!(percent(of(5, 100)), "5.00 %");
        assert_eq!(of(0, 0), 0);
        assert_eq!(of(1, 0), i64::MAX);
        assert!(!is_more(2, 100, 200));
        assert!(is_more(201, 10_000, 200));
        assert!(is_more(1, 0, 200));
        assert!(is_less(499, 10_000, 500));
        assert!(!is_less(500, 10_000, 500));
    }
}
