//! Measures the import and the baseline on look-alike files: rows per second and the peak of memory.
//!
//! `cargo run --release -p segue-calls --example bench_calls -- FOLDER ROWS…` (each size in a process of its own, so that
//! the peak is that size's). `--keep FOLDER SHAPE ROWS` measures one and leaves `bench.csv` and `bench-store` for a peer.

use segue_calls::baseline::{BaselineRequest, By, baseline};
use segue_calls::import::{ImportRequest, import};
use segue_calls::lookalike::{Dirt, Lookalike, Shape};
use segue_calls::mapping::CheckedMapping;
use segue_calls::store::CallStore;
use segue_domain::caller::CallerKey;
use segue_parity::kpi::ServiceLevelFormula;
use segue_parity::tally::Thresholds;
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.as_slice() {
        [one, folder, shape, rows] if one == "--one" => {
            measure(Path::new(folder), shape, rows.parse()?)?;
            std::fs::remove_file(Path::new(folder).join("bench.csv"))?;
            Ok(std::fs::remove_dir_all(
                Path::new(folder).join("bench-store"),
            )?)
        }
        [keep, folder, shape, rows] if keep == "--keep" => {
            measure(Path::new(folder), shape, rows.parse()?)
        }
        [folder, sizes @ ..] if !sizes.is_empty() => {
            for shape in ["generic", "technion"] {
                for rows in sizes {
                    let me = std::env::current_exe()?;
                    let status = Command::new(me)
                        .args(["--one", folder, shape, rows])
                        .status()?;
                    if !status.success() {
                        return Err(format!("{shape} {rows} failed").into());
                    }
                }
            }
            Ok(())
        }
        _ => Err("usage: bench_calls FOLDER ROWS…".into()),
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn measure(folder: &Path, shape: &str, rows: u32) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    let (file, store) = (folder.join("bench.csv"), folder.join("bench-store"));
    let _ = std::fs::remove_dir_all(&store);
    let dirt = Dirt {
        exact_duplicates: rows / 20,
        negative_waits: rows / 1_000,
        test_calls: rows / 500,
        ..Dirt::default()
    };
    let lookalike = Lookalike {
        shape: if shape == "generic" {
            Shape::Generic
        } else {
            Shape::Bank
        },
        rows,
        days: 30,
        seed: 1,
        dirt,
    };
    lookalike.write(&mut std::io::BufWriter::new(std::fs::File::create(&file)?))?;
    let bytes = std::fs::metadata(&file)?.len();
    let mapping = CheckedMapping::find(shape)?;
    let key = CallerKey::new(&[7; 32]);
    let calls = CallStore::new(&store);
    let files: [PathBuf; 1] = [file.clone()];
    let request = ImportRequest {
        files: &files,
        mapping: &mapping,
        source: "bench",
        key: &key,
        imported_at: jiff::Timestamp::UNIX_EPOCH,
    };
    let start = std::time::Instant::now();
    let report = import(&calls, request, &mut |_| {})?;
    let import_s = start.elapsed().as_secs_f64();
    let import_peak_mb = peak_mb()?;
    let start = std::time::Instant::now();
    let table = baseline(
        &calls,
        &BaselineRequest {
            by: By::Hour,
            formula: ServiceLevelFormula::SlAbandonNegative,
            thresholds: Thresholds::new(20, 5)?,
            from: None,
            to: None,
            source: None,
        },
    )?;
    let baseline_s = start.elapsed().as_secs_f64();
    let rate = |seconds: f64| {
        let read = u32::try_from(report.read).map_or(0.0, f64::from);
        read / seconds
    };
    writeln!(
        std::io::stdout(),
        "{shape} rows {} bytes {bytes}: import {import_s:.2} s, {:.0} rows/s, peak {import_peak_mb} MB; baseline by hour ({} groups) {baseline_s:.3} s, {:.0} rows/s; accepted {} duplicates {} quarantined {}",
        report.read,
        rate(import_s),
        table.rows.len(),
        rate(baseline_s),
        report.accepted,
        report.duplicates,
        report.quarantined,
    )?;
    Ok(())
}

/// The most memory this process has held, as the kernel counts it.
fn peak_mb() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}
