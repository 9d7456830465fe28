//! Reading some columns of one Parquet file of the store, batch by batch.

use crate::error::{CallsError, store};
use crate::seal::{Seal, opening};
use arrow_array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::Path;

/// Rows held at once.
const BATCH_ROWS: usize = 16 * 1024;

/// What is wrong with a file that an import wrote.
pub(crate) fn damaged(path: &Path, why: String) -> CallsError {
    CallsError::Damaged {
        path: path.to_owned(),
        why,
    }
}

/// The batches of a file with these columns alone, with the key of the store where it is sealed.
pub(crate) fn batches(
    path: &Path,
    columns: &[&str],
    seal: &Seal,
) -> Result<impl Iterator<Item = Result<RecordBatch, CallsError>>, CallsError> {
    let mut file = File::open(path).map_err(store("read", path))?;
    let (options, is_sealed) = opening(&mut file, path, seal)?;
    let opened = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options);
    let builder = opened.map_err(|error| {
        if is_sealed {
            CallsError::Sealed {
                path: path.to_owned(),
            }
        } else {
            damaged(path, error.to_string())
        }
    })?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let reader = builder
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(|e| damaged(path, e.to_string()))?;
    let path = path.to_owned();
    Ok(reader.map(move |batch| batch.map_err(|e| damaged(&path, e.to_string()))))
}
