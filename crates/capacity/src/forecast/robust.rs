//! Statistics that one outage, one snow day or one double import does not move.

/// The middle value; none of nothing.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get(sorted.len() / 2 - 1)?;
    Some(f64::midpoint(lower, upper))
}

/// A standard deviation from the median distance to the median, as large as the usual one where values are normal.
pub(super) fn spread(values: &[f64]) -> f64 {
    let middle = median(values).unwrap_or(0.0);
    let distances: Vec<_> = values.iter().map(|v| (v - middle).abs()).collect();
    1.4826 * median(&distances).unwrap_or(0.0)
}

/// The median slope over all pairs (Theil 1950, Sen 1968); 0 where there is none.
pub(super) fn slope(points: &[(f64, f64)]) -> f64 {
    let pairs = points.iter().enumerate().flat_map(|(i, a)| {
        let later = points.get(i + 1..).unwrap_or_default().iter();
        later.map(move |b| (b.0 - a.0, b.1 - a.1))
    });
    let slopes: Vec<_> = pairs
        .filter(|(dx, _)| *dx > 0.0)
        .map(|(dx, dy)| dy / dx)
        .collect();
    median(&slopes).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_outlier_moves_nothing() {
        assert_eq!(
            (median(&[]), median(&[3.0, 1.0]), median(&[1.0, 900.0, 2.0])),
            (None, Some(2.0), Some(2.0))
        );
        assert!((spread(&[1.0, 2.0, 3.0, 4.0, 500.0]) - 1.4826).abs() < 1e-9);
        let mut line: Vec<_> = (0..20)
            .map(|x| (f64::from(x), 2.0 * f64::from(x)))
            .collect();
        line[7].1 = -1_000.0;
        assert!((slope(&line) - 2.0).abs() < 1e-9);
    }
}
