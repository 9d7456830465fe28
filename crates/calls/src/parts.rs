//! One day's records to one Parquet file.

use crate::columns::Columns;
use crate::error::{CallsError, store};
use crate::intake::Bits;
use crate::spill::Days;
use jiff::civil::Date;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::io;
use std::path::Path;

/// Records of a Parquet row group, and so of one batch in memory.
const GROUP_ROWS: usize = 64 * 1024;

/// Writes a day's records that are not duplicates; returns how many there were. Without any, no file is made.
pub(crate) fn write_day(
    days: &Days,
    day: Date,
    zone: &str,
    is_duplicate: &Bits,
    path: &Path,
) -> Result<u64, CallsError> {
    let failed = |error: ParquetError| CallsError::Store {
        act: "write",
        path: path.to_owned(),
        source: io::Error::other(error),
    };
    let mut columns = Columns::new(zone);
    let mut writer = None;
    let mut rows = 0_u64;
    days.read(day, |ordinal, record| {
        if is_duplicate.get(ordinal) {
            return Ok(());
        }
        rows += 1;
        columns
            .push(&record)
            .map_err(|error| failed(error.into()))?;
        if columns.rows() == GROUP_ROWS {
            write_group(&mut columns, &mut writer, path).map_err(failed)?;
        }
        Ok(())
    })?;
    if columns.rows() > 0 {
        write_group(&mut columns, &mut writer, path).map_err(failed)?;
    }
    if let Some(writer) = writer {
        let file = writer.into_inner().map_err(failed)?;
        file.sync_all().map_err(store("write", path))?;
    }
    Ok(rows)
}

fn write_group(
    columns: &mut Columns,
    writer: &mut Option<ArrowWriter<File>>,
    path: &Path,
) -> Result<(), ParquetError> {
    let batch = columns.finish()?;
    if writer.is_none() {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .build();
        let file = File::create_new(path)?;
        *writer = Some(ArrowWriter::try_new(
            file,
            batch.schema(),
            Some(properties),
        )?);
    }
    if let Some(writer) = writer {
        writer.write(&batch)?;
        writer.flush()?;
    }
    Ok(())
}
