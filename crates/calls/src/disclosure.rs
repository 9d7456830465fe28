//! What of a count outsiders may see: cells below eleven are withheld (§2.4, minimum necessary), and others with them until no
//! withheld one follows from the total by subtraction.

/// The smallest count of calls that outsiders may see; none at all may be told.
pub const CELL_MIN: u64 = 11;

/// Whether a count may stand alone.
pub const fn is_open(count: u64) -> bool {
    count == 0 || count >= CELL_MIN
}

/// The cells of a partition whose total the reader knows or can add up.
///
/// Small cells are withheld; then the smallest of the others, until at least two are withheld that come to [`CELL_MIN`] or more. The
/// reader cannot tell which was withheld for itself.
pub fn cells(counts: &[u64]) -> Vec<Option<u64>> {
    let mut shown: Vec<Option<u64>> = counts
        .iter()
        .map(|count| is_open(*count).then_some(*count))
        .collect();
    loop {
        let withheld = || {
            counts
                .iter()
                .zip(&shown)
                .filter(|(_, shown)| shown.is_none())
        };
        let sum = withheld().fold(0_u64, |sum, (count, _)| sum.saturating_add(*count));
        let enough = withheld().count() >= 2 && sum >= CELL_MIN;
        if withheld().count() == 0 || enough {
            return shown;
        }
        let open = shown.iter().enumerate();
        let smallest = open
            .filter_map(|(at, count)| Some((count.filter(|count| *count > 0)?, at)))
            .min();
        let Some((_, at)) = smallest else {
            return shown;
        };
        shown[at] = None;
    }
}

/// Whether a part of a whole may be told: neither it nor the rest is small.
pub const fn is_open_part(part: u64, whole: u64) -> bool {
    is_open(part) && is_open(whole.saturating_sub(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_small_cell_takes_another_with_it() {
        assert_eq!(cells(&[0, 500, 7, 40]), [Some(0), Some(500), None, None]);
        assert_eq!(
            cells(&[3, 4, 100]),
            [None, None, None],
            "3 + 4 is small too"
        );
        assert_eq!(cells(&[5, 6, 100]), [None, None, Some(100)]);
        assert_eq!(cells(&[11, 12]), [Some(11), Some(12)]);
        assert_eq!(cells(&[0, 4]), [Some(0), None], "nothing else to withhold");
        assert!(is_open_part(0, 50) && is_open_part(20, 50));
        assert!(!is_open_part(45, 50) && !is_open_part(2, 50));
    }

    proptest! {
        #[test]
        fn no_withheld_cell_follows_from_the_total(counts in prop::collection::vec(0_u64..40, 0..30)) {
            let shown = cells(&counts);
            prop_assert_eq!(shown.len(), counts.len());
            let mut withheld = Vec::new();
            for (count, shown) in counts.iter().zip(&shown) {
                match shown {
                    Some(told) => prop_assert!(told == count && is_open(*count)),
                    None => withheld.push(*count),
                }
            }
            let others = shown.iter().flatten().any(|count| *count > 0);
            let hidden = withheld.len() >= 2 && withheld.iter().sum::<u64>() >= CELL_MIN;
            prop_assert!(withheld.is_empty() || hidden || !others);
        }
    }
}
