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

/// Which counts of a table outsiders may see, each with what it adds up to.
///
/// The reader is taken to know every total that is told, in both directions, and that what is withheld is not none. Then no small count
/// follows by subtraction, whatever lines of the table are taken together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// The counts, row by row, with each row's total at its end; the totals of the columns, and of all, are the last row.
    shown: Vec<Vec<Option<u64>>>,
}

impl Table {
    /// Withholds what has to be; rows shorter than the longest are filled up with none.
    pub fn closed(counts: &[Vec<u64>]) -> Self {
        Closing::of(counts).closed()
    }

    /// A count.
    pub fn cell(&self, row: usize, column: usize) -> Option<u64> {
        let (last, columns) = (self.shown.len().checked_sub(1)?, self.shown.last()?.len());
        let cell = || self.shown.get(row)?.get(column).copied().flatten();
        (row < last && column + 1 < columns).then(cell).flatten()
    }

    /// A row's total.
    pub fn row(&self, row: usize) -> Option<u64> {
        let last = self.shown.len().checked_sub(1)?;
        let total = || self.shown.get(row)?.last().copied().flatten();
        (row < last).then(total).flatten()
    }

    /// A column's total.
    pub fn column(&self, column: usize) -> Option<u64> {
        let (_, totals) = self.shown.last()?.split_last()?;
        totals.get(column).copied().flatten()
    }
}

/// A table with its totals while more and more of it is withheld.
///
/// What is not known is a flow: rows and columns are places, each withheld count a way between two of them, and another table with the
/// same told numbers is one round trip or more over such ways. A count is safe where a round trip changes it.
struct Closing {
    counts: Vec<Vec<u64>>,
    withheld: Vec<Vec<bool>>,
}

/// A row, or a column behind all rows.
type Place = usize;

impl Closing {
    fn of(counts: &[Vec<u64>]) -> Self {
        let columns = counts.iter().map(Vec::len).max().unwrap_or(0);
        let sum = |all: &[u64]| all.iter().fold(0_u64, |sum, n| sum.saturating_add(*n));
        let mut table: Vec<Vec<u64>> = counts.to_vec();
        for row in &mut table {
            row.resize(columns, 0);
            row.push(sum(row));
        }
        let of_column = |column: usize| {
            let all: Vec<u64> = table.iter().map(|row| row[column]).collect();
            sum(&all)
        };
        table.push((0..=columns).map(of_column).collect());
        let small = |row: &Vec<u64>| row.iter().map(|count| !is_open(*count)).collect();
        Self {
            withheld: table.iter().map(small).collect(),
            counts: table,
        }
    }

    fn closed(mut self) -> Table {
        loop {
            let before = self.withheld.clone();
            self.close_lines();
            self.close_round_trips();
            if self.withheld == before {
                break;
            }
        }
        let rows = self.counts.iter().zip(&self.withheld);
        let shown = rows.map(|(counts, withheld)| {
            let both = counts.iter().zip(withheld);
            both.map(|(count, withheld)| (!withheld).then_some(*count))
                .collect()
        });
        Table {
            shown: shown.collect(),
        }
    }

    fn rows(&self) -> usize {
        self.counts.len()
    }

    fn columns(&self) -> usize {
        self.counts.first().map_or(0, Vec::len)
    }

    /// The counts of each row, then of each column; the total is the last.
    fn lines(&self) -> Vec<Vec<(usize, usize)>> {
        let (rows, columns) = (self.rows(), self.columns());
        let across = (0..rows).map(|row| (0..columns).map(|column| (row, column)).collect());
        let down = (0..columns).map(|column| (0..rows).map(|row| (row, column)).collect());
        across.chain(down).collect()
    }

    /// Of a line whose total is told, what is withheld comes to no small number either; where nothing is left to withhold with it, the
    /// total is.
    fn close_lines(&mut self) {
        for line in self.lines() {
            let Some((total, parts)) = line.split_last() else {
                continue;
            };
            loop {
                let withheld = parts.iter().filter(|at| self.withheld[at.0][at.1]);
                let sum =
                    withheld.fold(0_u64, |sum, at| sum.saturating_add(self.counts[at.0][at.1]));
                if self.withheld[total.0][total.1] || is_open(sum) {
                    break;
                }
                let open = parts.iter().filter(|at| self.is_left(**at));
                let (row, column) = *open
                    .min_by_key(|at| self.counts[at.0][at.1])
                    .unwrap_or(total);
                self.withheld[row][column] = true;
            }
        }
    }

    /// Told, and not none: it may be withheld with others.
    fn is_left(&self, (row, column): (usize, usize)) -> bool {
        !self.withheld[row][column] && self.counts[row][column] > 0
    }

    fn close_round_trips(&mut self) {
        for row in 0..self.rows() {
            for column in 0..self.columns() {
                if is_open(self.counts[row][column]) {
                    continue;
                }
                // Ends: each turn withholds one more, and with every total withheld all counts may be greater.
                while let Some(reached) = self.is_fixed((row, column)) {
                    let Some((row, column)) = self.way_out(&reached) else {
                        break;
                    };
                    self.withheld[row][column] = true;
                }
            }
        }
    }

    /// Where the tables that tell the same all have this count: the places reached on the way to another.
    fn is_fixed(&self, at: (usize, usize)) -> Option<Vec<bool>> {
        let (row, column) = (at.0, self.rows() + at.1);
        let (from, to) = if self.is_total(at) {
            (row, column)
        } else {
            (column, row)
        };
        let more = self.reached(from, to, at);
        let less = self.counts[at.0][at.1] >= 2 && self.reached(to, from, at)[from];
        (!more[to] && !less).then_some(more)
    }

    /// Of one row or one column, not of all: it stands on the other side of the sum.
    fn is_total(&self, (row, column): (usize, usize)) -> bool {
        (row + 1 == self.rows()) != (column + 1 == self.columns())
    }

    /// Whether a withheld count is a way from its row to its column, or back. One more of it is, one less where it does not vanish; of a
    /// total the other way round.
    fn leads(&self, at: (usize, usize), forth: bool) -> bool {
        forth != self.is_total(at) || self.counts[at.0][at.1] >= 2
    }

    /// The places reached from one, until the other is; not by the count at hand.
    fn reached(&self, from: Place, to: Place, at: (usize, usize)) -> Vec<bool> {
        let (rows, columns) = (self.rows(), self.columns());
        let mut reached = vec![false; rows + columns];
        reached[from] = true;
        let mut next = vec![from];
        while let Some(place) = next.pop() {
            if reached[to] {
                break;
            }
            let ways = self.ways(place);
            for (way, other) in ways {
                let open = self.withheld[way.0][way.1] && way != at;
                if open && !reached[other] && self.leads(way, place < rows) {
                    reached[other] = true;
                    next.push(other);
                }
            }
        }
        reached
    }

    /// The counts of a place, with the place at their other end.
    fn ways(&self, place: Place) -> impl Iterator<Item = ((usize, usize), Place)> {
        let (rows, columns) = (self.rows(), self.columns());
        let ends = if place < rows { columns } else { rows };
        (0..ends).map(move |other| {
            if place < rows {
                ((place, other), rows + other)
            } else {
                ((other, place - rows), other)
            }
        })
    }

    /// The smallest count that, withheld, leads on from the places reached; a total where no other does.
    fn way_out(&self, reached: &[bool]) -> Option<(usize, usize)> {
        let from = (0..reached.len()).filter(|place| reached[*place]);
        let ways = from.flat_map(|place| {
            let forth = place < self.rows();
            self.ways(place)
                .filter(move |(way, other)| {
                    !reached[*other] && self.is_left(*way) && self.leads(*way, forth)
                })
                .map(|(way, _)| way)
        });
        let sums =
            |(row, column): (usize, usize)| row + 1 == self.rows() || column + 1 == self.columns();
        ways.min_by_key(|way| (sums(*way), self.counts[way.0][way.1], *way))
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

    fn told(table: &Table) -> Vec<Vec<Option<u64>>> {
        table.shown.clone()
    }

    #[test]
    fn a_small_hour_of_one_type_does_not_follow_from_the_hours_of_all() {
        // Hours across, types down: 7 calls of the second type in the first hour, where all hours of the first are many.
        let table = Table::closed(&[vec![40, 50, 60, 70], vec![7, 30, 35, 90]]);
        let all = told(&table);
        assert_eq!(all[1][0], None, "seven");
        assert_eq!(all[0][0], None, "else 47 - 40");
        let withheld = |row: usize| {
            (0..4)
                .filter(|hour| table.cell(row, *hour).is_none())
                .count()
        };
        assert_eq!((withheld(0), withheld(1)), (2, 2), "{all:?}");
        assert_eq!((table.row(0), table.row(1)), (Some(220), Some(162)));
        assert_eq!(table.column(0), Some(47));
        assert_eq!(
            (table.cell(2, 0), table.cell(0, 4), table.row(2)),
            (None, None, None),
            "no cells"
        );
    }

    #[test]
    fn a_type_of_few_calls_is_withheld_with_its_total() {
        let table = Table::closed(&[vec![400, 500, 600], vec![0, 0, 4]]);
        assert_eq!((table.row(1), table.cell(1, 2)), (None, None));
        assert_eq!(table.cell(1, 0), Some(0));
        assert_eq!(
            table.row(0),
            None,
            "else 1,504 - 1,500, where the reader adds up the hours"
        );
        assert_eq!(
            Table::closed(&[]),
            Table {
                shown: vec![vec![Some(0)]]
            }
        );
        assert_eq!(Table::closed(&[vec![12, 0]]).row(0), Some(12));
    }

    /// Another table of positive counts with the same told numbers, each count one more, the same or one less, that differs here.
    fn may_be_other(counts: &[Vec<u64>], shown: &[Vec<Option<u64>>], at: (usize, usize)) -> bool {
        let (rows, columns) = (counts.len(), counts[0].len());
        let free: Vec<(usize, usize)> = (0..rows)
            .flat_map(|row| (0..columns).map(move |column| (row, column)))
            .filter(|(row, column)| shown[*row][*column].is_none())
            .collect();
        (0..3_u32.pow(u32::try_from(free.len()).unwrap())).any(|code| {
            let mut other: Vec<Vec<i64>> = counts
                .iter()
                .map(|row| row.iter().map(|n| i64::try_from(*n).unwrap()).collect())
                .collect();
            let mut code = code;
            for (row, column) in &free {
                other[*row][*column] += i64::from(code % 3) - 1;
                code /= 3;
            }
            let free_positive = free.iter().all(|(row, column)| other[*row][*column] > 0);
            for row in &mut other {
                row.push(row.iter().sum());
            }
            let totals = (0..=columns).map(|column| other.iter().map(|row| row[column]).sum());
            let totals: Vec<i64> = totals.collect();
            other.push(totals);
            let same = other.iter().zip(shown).all(|(row, shown)| {
                let mut both = row.iter().zip(shown);
                both.all(|(n, shown)| shown.map_or(*n > 0, |told| i64::try_from(told) == Ok(*n)))
            });
            let was = Closing::of(counts).counts[at.0][at.1];
            free_positive && same && other[at.0][at.1] != i64::try_from(was).unwrap()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        #[test]
        fn no_small_count_follows_from_any_lines_of_a_table(
            counts in prop::collection::vec(prop::collection::vec(
                prop_oneof![Just(0_u64), 1_u64..11, 11_u64..40], 3), 1..=3)
        ) {
            let shown = told(&Table::closed(&counts));
            let all = Closing::of(&counts).counts;
            for (row, of_row) in shown.iter().enumerate() {
                for (column, told) in of_row.iter().enumerate() {
                    let count = all[row][column];
                    match told {
                        Some(told) => prop_assert!(*told == count && is_open(count)),
                        None => prop_assert!(count > 0 && (is_open(count) || may_be_other(&counts, &shown, (row, column))), "{count} at {row}, {column}: {shown:?}"),
                    }
                }
            }
        }

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
