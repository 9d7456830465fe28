//! One day's records to one Parquet file, and such a file anew without some of them.

use crate::columns::{Columns, schema};
use crate::error::{CallsError, store};
use crate::intake::Bits;
use crate::read::{batches, damaged};
use crate::seal::{Seal, sealing};
use crate::spill::Days;
use arrow_array::cast::AsArray;
use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::SchemaRef;
use arrow_select::filter::filter_record_batch;
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

/// Columns whose values hardly repeat within a day: a dictionary of them would be built in vain.
const OWN_VALUES: [&str; 8] = [
    "source_call_id",
    "caller_hash",
    "arrived_at",
    "queued_at",
    "answered_at",
    "ended_at",
    "offered_local",
    "arrived_original",
];

/// Writes a day's records that are not duplicates; returns how many there were. Without any, no file is made.
pub(crate) fn write_day(
    days: &Days,
    day: Date,
    zone: &str,
    is_dropped: &Bits,
    (path, seal): (&Path, &Seal),
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
        if is_dropped.get(ordinal) {
            return Ok(());
        }
        rows += 1;
        columns.push(record).map_err(|error| failed(error.into()))?;
        if columns.rows() == GROUP_ROWS {
            write_group(&mut columns, &mut writer, path, seal).map_err(failed)?;
        }
        Ok(())
    })?;
    if columns.rows() > 0 {
        write_group(&mut columns, &mut writer, path, seal).map_err(failed)?;
    }
    if let Some(writer) = writer {
        let file = writer.into_inner().map_err(failed)?;
        file.sync_all().map_err(store("write", path))?;
    }
    Ok(rows)
}

/// Writes an earlier file anew without the records that `dropped` marks by these columns; gives the records left. Where it marks
/// none, no file is made.
pub(crate) fn rewrite_without(
    old: &Path,
    new: &Path,
    columns: &[&str],
    seal: &Seal,
    dropped: impl Fn(&RecordBatch) -> Option<Vec<bool>>,
) -> Result<Option<u64>, CallsError> {
    let failed = |error: ParquetError| CallsError::Store {
        act: "write",
        path: new.to_owned(),
        source: io::Error::other(error),
    };
    let mut keep = Vec::new();
    for batch in batches(old, columns, seal)? {
        let dropped = dropped(&batch?);
        let dropped = dropped.ok_or_else(|| damaged(old, "a column is missing".into()))?;
        keep.extend(dropped.into_iter().map(|is| !is));
    }
    let left = keep.iter().filter(|kept| **kept).count();
    if left == keep.len() {
        return Ok(None);
    }
    let schema = schema();
    let names: Vec<&str> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    let mut writer = writer(new, schema.clone(), seal).map_err(failed)?;
    let mut at = 0;
    for batch in batches(old, &names, seal)? {
        let batch = batch?;
        let kept = BooleanArray::from(keep[at..at + batch.num_rows()].to_vec());
        at += batch.num_rows();
        let batch = filter_record_batch(&batch, &kept).map_err(|error| failed(error.into()))?;
        writer.write(&batch).map_err(failed)?;
    }
    let file = writer.into_inner().map_err(failed)?;
    file.sync_all().map_err(store("write", new))?;
    Ok(Some(u64::try_from(left).unwrap_or(u64::MAX)))
}

/// Of each record, by id and leg; nothing where a column is missing.
pub(crate) fn ids_of<T>(
    batch: &RecordBatch,
    of: impl Fn(&str, Option<&str>) -> T,
) -> Option<Vec<T>> {
    let text = |name| batch.column_by_name(name)?.as_string_opt::<i32>();
    let (ids, legs) = (text("source_call_id")?, text("leg_id")?);
    let both = ids.iter().zip(legs);
    Some(
        both.map(|(id, leg)| of(id.unwrap_or_default(), leg))
            .collect(),
    )
}

fn writer(path: &Path, schema: SchemaRef, seal: &Seal) -> Result<ArrowWriter<File>, ParquetError> {
    let mut properties =
        WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?));
    for column in OWN_VALUES {
        properties = properties.set_column_dictionary_enabled(column.into(), false);
    }
    let properties = sealing(properties, seal)?.build();
    ArrowWriter::try_new(File::create_new(path)?, schema, Some(properties))
}

fn write_group(
    columns: &mut Columns,
    open: &mut Option<ArrowWriter<File>>,
    path: &Path,
    seal: &Seal,
) -> Result<(), ParquetError> {
    let batch = columns.finish()?;
    if open.is_none() {
        *open = Some(writer(path, batch.schema(), seal)?);
    }
    if let Some(writer) = open {
        writer.write(&batch)?;
        writer.flush()?;
    }
    Ok(())
}
