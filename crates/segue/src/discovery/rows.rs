//! What came in, what was set aside, and what the records do not hold, as one reader may see it. Files and lines of rows set aside are
//! the client's alone.

use super::words;
use segue_calls::disclosure::{cells, is_open, is_open_part};
use segue_calls::error::CallsError;
use segue_calls::store::{CallStore, ImportEntry, Manifest, QuarantinedRow};
use segue_calls::understanding::{Gap, SourceFeed, Understanding};
use segue_web::discovery::{Count, DiscoveryView, FeedRow, ImportRow, QuarantineView};
use segue_web::view::BlindSpot;
use std::collections::BTreeMap;

/// Imports listed: the newest.
const IMPORTS_SHOWN: usize = 30;
/// Quarantined rows on one sheet.
const QUARANTINED_SHOWN: u64 = 200;
/// Reasons listed; few exports have more.
const REASONS_SHOWN: usize = 20;

/// Fills in what rests on imports and the rows set aside; the sheet of them begins at `from`, from 1.
///
/// # Errors
/// A list of the store cannot be read.
pub(super) fn fill(
    view: &mut DiscoveryView,
    calls: &CallStore,
    found: &Understanding,
    from: u64,
) -> Result<(), CallsError> {
    let manifest = calls.manifest()?;
    view.imports = imports(&manifest, view.limited);
    view.feeds = feeds(found, &manifest, view.limited);
    view.quarantine = if view.limited {
        outline(calls, &manifest)?
    } else {
        quarantine(calls, from)?
    };
    Ok(())
}

/// Rows of one import: kept, repeated or replaced, set aside, erased.
fn parts(import: &ImportEntry) -> [u64; 4] {
    let read: u64 = import.files.iter().map(|file| file.read).sum();
    let quarantined: u64 = import.files.iter().map(|file| file.quarantined).sum();
    let kept: u64 = import.parts.iter().map(|part| part.rows).sum();
    let others = quarantined + kept + import.erased;
    [
        kept,
        read.saturating_sub(others),
        quarantined,
        import.erased,
    ]
}

/// An outsider sees an import's rows where none of its counts is small, and sums over imports where that is so of each.
fn is_told(import: &ImportEntry) -> bool {
    parts(import).into_iter().all(is_open)
}

/// The newest imports.
fn imports(manifest: &Manifest, limited: bool) -> Vec<ImportRow> {
    let newest = manifest.imports.iter().rev().take(IMPORTS_SHOWN);
    newest
        .map(|import| {
            let read: u64 = import.files.iter().map(|file| file.read).sum();
            let told = !limited || is_told(import);
            let count = |rows| {
                if told {
                    Count::Known(rows)
                } else {
                    Count::Withheld
                }
            };
            let [kept, duplicates, quarantined, erased] = parts(import).map(count);
            ImportRow {
                source: import.source.clone(),
                at: import
                    .imported_at
                    .strftime("%-d %b %Y %H:%M UTC")
                    .to_string(),
                files: import.files.len(),
                read: count(read),
                kept,
                duplicates,
                quarantined,
                erased,
            }
        })
        .collect()
}

fn feeds(found: &Understanding, manifest: &Manifest, limited: bool) -> Vec<FeedRow> {
    let row = |feed: &SourceFeed| {
        let mut imports = manifest.imports.iter().filter(|i| i.source == feed.source);
        FeedRow {
            source: feed.source.clone(),
            records: if limited && !imports.all(is_told) {
                Count::Withheld
            } else {
                Count::Known(feed.records)
            },
            days: words::days(feed.first_day, feed.last_day),
            cadence: feed.every_h().map_or_else(
                || "once".into(),
                |hours| format!("{} times, {}", feed.imports, words::every(hours)),
            ),
            last_fed: feed.imported_at.strftime("%-d %b %Y %H:%M UTC").to_string(),
        }
    };
    found.sources.iter().map(row).collect()
}

/// Each gap as its first clause and the rest.
pub(super) fn cannot_see(found: &Understanding, limited: bool) -> Vec<BlindSpot> {
    let spot = |gap: &Gap| {
        let few = gap
            .of
            .is_some_and(|of| !is_open_part(of.numerator, of.denominator));
        let says = if limited && few {
            format!("Some {}", gap.says)
        } else {
            gap.to_string()
        };
        let (what, why) = says.split_once(": ").unwrap_or((says.as_str(), ""));
        BlindSpot {
            what: what.trim_end_matches('.').to_owned(),
            why: why.to_owned(),
        }
    };
    found.cannot_see.iter().map(spot).collect()
}

/// One sheet of the rows set aside, and all reasons.
fn quarantine(calls: &CallStore, from: u64) -> Result<QuarantineView, CallsError> {
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    let (mut total, mut rows) = (0, Vec::new());
    let to = from.saturating_add(QUARANTINED_SHOWN);
    calls.quarantined(|QuarantinedRow { file, line, reason }| {
        total += 1;
        if (from..to).contains(&total) {
            rows.push((base_name(&file), line, reason.clone()));
        }
        *reasons.entry(reason).or_default() += 1;
        Ok(())
    })?;
    let reasons = listed(reasons).into_iter();
    Ok(QuarantineView {
        total: Count::Known(total),
        reasons: reasons
            .map(|(why, rows)| (why, Count::Known(rows)))
            .collect(),
        rows,
        first: Count::Known(from),
        before: (from > 1).then(|| from.saturating_sub(QUARANTINED_SHOWN).max(1)),
        after: (to <= total).then_some(to),
    })
}

/// Why rows were set aside, without the rows.
fn outline(calls: &CallStore, manifest: &Manifest) -> Result<QuarantineView, CallsError> {
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    calls.quarantined(|row| {
        *reasons.entry(row.reason).or_default() += 1;
        Ok(())
    })?;
    Ok(reasons_of(reasons, manifest.imports.iter().all(is_told)))
}

/// The reasons with their rows; with the number of rows of each where it may be told.
fn reasons_of(reasons: BTreeMap<String, u64>, may_be_told: bool) -> QuarantineView {
    let reasons = listed(reasons);
    let all: Vec<u64> = reasons.iter().map(|(_, rows)| *rows).collect();
    let shown = if may_be_told {
        cells(&all)
    } else {
        vec![None; all.len()]
    };
    let whole = shown.iter().all(Option::is_some);
    let count = |shown: Option<u64>| shown.map_or(Count::Withheld, Count::Known);
    let rows = reasons.into_iter().zip(shown);
    QuarantineView {
        total: count(whole.then(|| all.iter().sum())),
        reasons: rows.map(|((why, _), shown)| (why, count(shown))).collect(),
        ..QuarantineView::default()
    }
}

/// The most frequent reasons, and all others in one line: what is listed comes to all rows.
fn listed(reasons: BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    if reasons.len() > REASONS_SHOWN {
        let others = reasons.split_off(REASONS_SHOWN - 1);
        let rows = others.iter().map(|(_, rows)| *rows).sum();
        reasons.push((format!("{} other reasons", others.len()), rows));
    }
    reasons
}

/// A file's name without the folders of whoever imported it.
fn base_name(file: &str) -> String {
    file.rsplit('/').next().unwrap_or(file).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_are_not_listed_are_in_the_sum() {
        let reason = |n: u64| (format!("reason {n:02}"), 20 + n);
        let view = reasons_of((0..25).map(reason).collect(), true);
        assert_eq!(view.total, Count::Known((0..25).map(|n| 20 + n).sum()));
        assert_eq!(view.reasons.len(), REASONS_SHOWN);
        let listed = view.reasons.iter().filter_map(|(_, rows)| rows.known());
        assert_eq!(Some(listed.sum()), view.total.known());
        let others = (
            "6 other reasons".to_owned(),
            Count::Known((0..6).map(|n| 20 + n).sum()),
        );
        assert_eq!(view.reasons.last(), Some(&others));
    }

    #[test]
    fn a_reason_of_few_rows_is_withheld_beyond_the_list_too() {
        let reason = |n: u64| (format!("reason {n:02}"), if n == 0 { 3 } else { 100 + n });
        let view = reasons_of((0..25).map(reason).collect(), true);
        assert!(
            view.reasons.iter().all(|(_, rows)| rows.known().is_some()),
            "the 3 are among many others"
        );
        let few = reasons_of((0..20).map(reason).collect(), true);
        assert_eq!(few.total, Count::Withheld);
        assert_eq!(
            few.reasons
                .iter()
                .filter(|(_, rows)| rows.known().is_none())
                .count(),
            2
        );
    }
}
