//! Call records: a centre's log as it comes, read by the importer itself (A16, §3.3).

use super::{Phrase, given, then, when};
use crate::error::Error;
use crate::seen::Seen;
use crate::steps::{Read, act, check};
use crate::trouble::{Done, Trouble, holds, same, wanting};
use crate::words::{number, quoted, utc};
use crate::world::World;
use segue_calls::baseline::{BaselineRequest, By, baseline};
use segue_calls::error::CallsError;
use segue_calls::import::{ImportReport, ImportRequest, import};
use segue_calls::lookalike::{Dirt, Handovers, Lookalike, Shape, TEST_CALLER};
use segue_calls::mapping::CheckedMapping;
use segue_calls::skew::{Skew, skew};
use segue_calls::store::{CallStore, QuarantinedRow};
use segue_domain::caller::CallerKey;
use segue_parity::kpi::ServiceLevelFormula;
use segue_parity::tally::Thresholds;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

/// The mapping that ships, as its reader would adapt it: own test telephones, the column of transfers.
const MAPPING: &str = include_str!("../../../../mappings/generic.toml");
/// What the logs of one world are called, as sources.
const HOME: &str = "in-house";
const AWAY: &str = "outsourced";

pub(super) const PHRASES: &[Phrase] = &[
    given(
        "a raw log of {n} rows: {n} exact duplicates, {n} test calls, {n} missing hang-ups, {n} negative waits",
        |w| {
            let rows: u32 = number(w[0])?;
            let dirt = Dirt {
                exact_duplicates: number(w[1])?,
                test_calls: number(w[2])?,
                missing_hangups: number(w[3])?,
                negative_waits: number(w[4])?,
                ..Dirt::default()
            };
            let bad = dirt.exact_duplicates
                + dirt.test_calls
                + dirt.missing_hangups
                + dirt.negative_waits;
            let good = rows.checked_sub(bad).ok_or("more bad rows than rows")?;
            writes(good, dirt, Text::Plain)
        },
    ),
    given(
        "a spreadsheet's UTF-16 export of {n} calls, with {n} formulas, {n} numbers like 8.00556E+09 and a cut last line",
        |w| {
            let dirt = Dirt {
                formulas: number(w[1])?,
                scientific_callers: number(w[2])?,
                cut_last_line: true,
                ..Dirt::default()
            };
            writes(number(w[0])?, dirt, Text::Utf16)
        },
    ),
    given(
        "{n} calls handed over, with the outsourcer's log {n} s fast and {n} of its calls without an end",
        |w| {
            let handed = Handovers {
                calls: number(w[0])?,
                fast_s: number(w[1])?,
                missing_hangups: number(w[2])?,
            };
            act(move |world| Box::pin(async move { hand_over(world, &handed) }))
        },
    ),
    when("the log is imported", |_| imports("quarantine")),
    when("the log is imported, unknown ends accepted", |_| {
        imports("accept_unknown")
    }),
    then(
        "{n} rows are read: {n} duplicates, {n} test calls, {n} set aside, {n} accepted",
        |w| {
            let wanted = w.join(" ");
            check_import(move |seen| {
                let r = &seen.report;
                let came = [r.read, r.duplicates, r.test, r.quarantined, r.accepted];
                same(wanted, came.map(|n| n.to_string()).join(" "))
            })
        },
    ),
    then(
        "{n} rows are set aside for {\"text\"}, each with file and line",
        |w| {
            let (wanted, why) = (w[0].to_owned(), quoted(w[1])?);
            check_import(move |seen| {
                let listed = set_aside(seen)?;
                let of_kind = listed.iter().filter(|row| row.reason.contains(&why));
                let placed = of_kind.filter(|row| row.line > 1 && !row.file.is_empty());
                same(wanted, placed.count().to_string())
            })
        },
    ),
    then("the policy printed is {\"text\"}", |w| {
        let wanted = quoted(w[0])?;
        check_import(move |seen| {
            let printed = serde_json::to_value(&seen.report).unwrap_or_default();
            let policy = &printed["policy"]["missing_hangup"];
            same(wanted, policy.as_str().unwrap_or_default())
        })
    }),
    then(
        "against a report of {n} calls the gap is {percent} %",
        |w| {
            let (reported, wanted) = (number::<i64>(w[0])?, w[1].to_owned());
            check_import(move |seen| {
                let accepted = i64::try_from(seen.report.accepted).unwrap_or(i64::MAX);
                // Hundredths of a percent, rounded half away from zero.
                let hundredths = ((accepted - reported).abs() * 20_000 / reported + 1) / 2;
                let sign = if accepted < reported && hundredths > 0 {
                    "-"
                } else {
                    ""
                };
                same(
                    wanted,
                    format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100),
                )
            })
        },
    ),
    then(
        "the outsourcer's clock is {n} s fast, ± {n} s or less, from {n} calls",
        |w| {
            let (ahead_s, within_s, calls): (i64, i64, usize) =
                (number(w[0])?, number(w[1])?, number(w[2])?);
            check_import(move |seen| {
                let found = skew_of(seen)?;
                let so = found.ahead_ms == ahead_s * 1_000
                    && found.plus_minus_ms <= within_s * 1_000
                    && found.calls == calls;
                holds(
                    so,
                    format!("{ahead_s} s ± {within_s} s from {calls} calls"),
                    format!("{found:?}"),
                )
            })
        },
    ),
    then(
        "a call handed over at {instant} and answered there at {instant} took {n} s on the way",
        |w| {
            let (from, to, wanted) = (utc(w[0])?, utc(w[1])?, w[2].to_owned());
            check_import(move |seen| {
                let way = skew_of(seen)?.on_our_clock(to).duration_since(from);
                same(wanted, way.as_secs().to_string())
            })
        },
    ),
    then("the mean wait there is {n} s", |w| {
        let wanted = w[0].to_owned();
        check_import(move |seen| {
            let row = figures(seen)?;
            same(wanted, format!("{:.0}", row.0))
        })
    }),
    then(
        "{n} of its {n} answered calls have no duration, and the handle time of the others is {n} s",
        |w| {
            let wanted = w.join(" ");
            check_import(move |seen| {
                let (_, unknown, answered, aht_s) = figures(seen)?;
                same(wanted, format!("{unknown} {answered} {aht_s:.0}"))
            })
        },
    ),
];

/// What the importer made of a world's logs.
#[derive(Debug)]
pub(crate) struct Imported {
    store: CallStore,
    report: ImportReport,
}

/// How the log is written.
#[derive(Clone, Copy)]
enum Text {
    Plain,
    Utf16,
}

fn writes(rows: u32, dirt: Dirt, text: Text) -> Read {
    let log = Lookalike {
        shape: Shape::Generic,
        rows,
        days: 28,
        seed: 5,
        dirt,
    };
    act(move |world| {
        Box::pin(async move {
            let mut bytes = Vec::new();
            log.write(&mut bytes).map_err(Error::unavailable)?;
            if let Text::Utf16 = text {
                let said = String::from_utf8_lossy(&bytes).into_owned();
                let units = "\u{feff}".encode_utf16().chain(said.encode_utf16());
                bytes = units.flat_map(u16::to_le_bytes).collect();
            }
            let path = log_path(world, HOME);
            std::fs::write(path, bytes).map_err(Error::unavailable)?;
            Ok(())
        })
    })
}

fn hand_over(world: &World, handed: &Handovers) -> Done {
    let create =
        |source| -> io::Result<_> { Ok(BufWriter::new(File::create(log_path(world, source))?)) };
    let written = || -> io::Result<()> {
        let (mut here, mut there) = (create(HOME)?, create(AWAY)?);
        handed.write(&mut here, &mut there)?;
        here.flush()?;
        there.flush()
    };
    written().map_err(Error::unavailable)?;
    Ok(())
}

fn log_path(world: &World, source: &str) -> PathBuf {
    world.folder().join(format!("{source}.csv"))
}

fn imports(missing_hangup: &'static str) -> Read {
    act(move |world| {
        Box::pin(async move {
            let text = MAPPING
                .replace("callers = []", &format!("callers = [\"{TEST_CALLER}\"]"))
                .replace("# transfer_to =", "transfer_to =")
                .replace("\"quarantine\"   #", &format!("\"{missing_hangup}\"   #"));
            let store = CallStore::new(world.folder().join("calls"));
            let mut last = None;
            for source in [HOME, AWAY] {
                let file = log_path(world, source);
                if file.exists() {
                    last = Some(import_one(world, &store, &text, source, file)?);
                }
            }
            let report = last.ok_or_else(|| wanting("a log before this line", "there is none"))?;
            world.imported = Some(Imported { store, report });
            Ok(())
        })
    })
}

fn import_one(
    world: &World,
    store: &CallStore,
    mapping: &str,
    source: &str,
    file: PathBuf,
) -> Result<ImportReport, Trouble> {
    let header = first_line(&file);
    // Only a log of transfers has their column.
    let mapping = if header.contains("transferred_to") {
        mapping.to_owned()
    } else {
        mapping.replace("transfer_to =", "# transfer_to =")
    };
    let mapping = CheckedMapping::parse(&mapping, "generic").map_err(came)?;
    let key = CallerKey::new(&[7; 32]);
    let request = ImportRequest {
        files: &[file],
        mapping: &mapping,
        source,
        key: &key,
        imported_at: world.now,
    };
    import(store, request, &mut |_| {}).map_err(came)
}

fn first_line(file: &PathBuf) -> String {
    let read = || -> io::Result<String> {
        let mut line = String::new();
        io::BufRead::read_line(&mut io::BufReader::new(File::open(file)?), &mut line)?;
        Ok(line)
    };
    read().unwrap_or_default()
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn came(error: CallsError) -> Trouble {
    wanting("the log can be read", error.to_string())
}

fn check_import(compare: impl FnOnce(&Imported) -> Done + Send + 'static) -> Read {
    check(move |seen: &Seen<'_>| match &seen.world.imported {
        Some(imported) => compare(imported),
        None => Err(wanting("an import before this line", "none was made")),
    })
}

fn set_aside(seen: &Imported) -> Result<Vec<QuarantinedRow>, Trouble> {
    let mut rows = Vec::new();
    let each = |row| {
        rows.push(row);
        Ok(())
    };
    seen.store.quarantined(each).map_err(came)?;
    Ok(rows)
}

fn skew_of(seen: &Imported) -> Result<Skew, Trouble> {
    let found = skew(&seen.store, HOME, AWAY).map_err(came)?;
    found.ok_or_else(|| wanting("calls that both centres saw", "too few to estimate from"))
}

/// Of the outsourcer's log: mean wait, calls of unknown duration, answered calls, handle time.
fn figures(seen: &Imported) -> Result<(f64, u64, u64, f64), Trouble> {
    let request = BaselineRequest {
        by: By::All,
        formula: ServiceLevelFormula::SlAbandonNegative,
        thresholds: Thresholds::new(20, 5).map_err(|e| wanting("limits", e.to_string()))?,
        from: None,
        to: None,
        source: Some(AWAY.to_owned()),
    };
    let rows = baseline(&seen.store, &request).map_err(came)?.rows;
    let row = rows.first().ok_or_else(|| wanting("calls", "none"))?;
    let unknown = row.excluded_by.handle_unknown;
    Ok((
        row.asa_s.unwrap_or(f64::NAN),
        unknown,
        row.answered,
        row.aht_s.unwrap_or(f64::NAN),
    ))
}
