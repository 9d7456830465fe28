//! An export, whatever its form, as numbered rows with named columns.

use crate::error::CallsError;
use crate::json::JsonRows;
use crate::json_path::JsonPath;
use crate::lines::{Fields, RawRow, RowShape, Rows};
use crate::mapping::{CheckedMapping, FileForm};
use crate::queue_log::{self, QueueLog};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The files' lengths, before any of them is read.
pub(crate) fn sizes(files: &[PathBuf]) -> Result<Vec<u64>, CallsError> {
    let size = |path: &PathBuf| {
        let found = std::fs::metadata(path).map_err(|source| unreadable(path, source))?;
        if found.is_dir() {
            let folder = io::Error::new(io::ErrorKind::IsADirectory, "it is a folder");
            return Err(unreadable(path, folder));
        }
        Ok(found.len())
    };
    files.iter().map(size).collect()
}

/// The rows of one file, its columns, and what splits a row into them.
pub(crate) struct Input<'a, R> {
    path: &'a Path,
    rows: Form<R>,
    pub(crate) fields: Fields,
    pub(crate) header: Vec<String>,
}

enum Form<R> {
    Lines(Rows<R>),
    Json(JsonRows<R>),
    QueueLog(QueueLog<R>),
}

impl<'a, R: Read> Input<'a, R> {
    /// Starts reading: finds the encoding and the columns.
    pub(crate) fn open(
        input: R,
        mapping: &CheckedMapping,
        path: &'a Path,
    ) -> Result<Self, CallsError> {
        let layout = mapping.layout;
        let file = &mapping.mapping.file;
        let unreadable = |source| unreadable(path, source);
        let columns = mapping.mapping.fields_and_rules();
        let json_fields = || {
            let paths = columns.iter().map(|column| JsonPath::parse(column));
            // Checked with the mapping.
            Fields::json(layout, paths.filter_map(Result::ok).collect())
        };
        let mut fields = Fields::new(layout);
        let (rows, header) = match file.form {
            FileForm::Delimited => {
                let mut rows = Rows::new(input, layout).map_err(unreadable)?;
                let header = if file.header {
                    read_header(&mut rows, &mut fields, path)?
                } else {
                    file.columns.clone()
                };
                (Form::Lines(rows), header)
            }
            FileForm::JsonLines => {
                fields = json_fields();
                let rows = Rows::new(input, layout).map_err(unreadable)?;
                (Form::Lines(rows), columns)
            }
            FileForm::Json => {
                fields = json_fields();
                let rows = JsonRows::new(input, layout, &file.records).map_err(unreadable)?;
                (Form::Json(rows), columns)
            }
            FileForm::QueueLog => {
                let rows = QueueLog::new(input, layout).map_err(unreadable)?;
                let header = queue_log::COLUMNS.map(str::to_owned).to_vec();
                (Form::QueueLog(rows), header)
            }
        };
        Ok(Self {
            path,
            rows,
            fields,
            header,
        })
    }

    /// Fills `row` with the next row; false at the end.
    pub(crate) fn next_row(&mut self, row: &mut RawRow) -> Result<bool, CallsError> {
        let more = match &mut self.rows {
            Form::Lines(rows) => rows.next_row(row),
            Form::Json(rows) => rows.next_row(row),
            Form::QueueLog(rows) => rows.next_row(row),
        };
        more.map_err(|source| unreadable(self.path, source))
    }

    /// The file.
    pub(crate) const fn path(&self) -> &Path {
        self.path
    }

    /// The input below, for what it counted.
    pub(crate) fn inner(&self) -> &R {
        match &self.rows {
            Form::Lines(rows) => rows.inner(),
            Form::Json(rows) => rows.inner(),
            Form::QueueLog(rows) => rows.inner(),
        }
    }
}

fn unreadable(path: &Path, source: io::Error) -> CallsError {
    CallsError::ReadInput {
        path: path.to_owned(),
        source,
    }
}

pub(crate) fn read_header<R: Read>(
    rows: &mut Rows<R>,
    fields: &mut Fields,
    path: &Path,
) -> Result<Vec<String>, CallsError> {
    let not_text = |why| CallsError::NotText {
        path: path.to_owned(),
        why,
    };
    let mut row = RawRow::default();
    if !rows
        .next_row(&mut row)
        .map_err(|source| unreadable(path, source))?
    {
        return Err(CallsError::Empty {
            path: path.to_owned(),
        });
    }
    match row.bytes.as_slice() {
        [b'P', b'K', 3, 4, ..] => {
            return Err(not_text("it is a ZIP archive or an Excel workbook"));
        }
        [0x1F, 0x8B, ..] => return Err(not_text("it is compressed with gzip")),
        [b'%', b'P', b'D', b'F', ..] => return Err(not_text("it is a PDF")),
        bytes if bytes.contains(&0) => return Err(not_text("its first line holds zero bytes")),
        bytes if std::str::from_utf8(bytes).is_err() => {
            return Err(not_text("its first line is not valid in the encoding"));
        }
        _ => {}
    }
    match row.fault {
        Some(RowShape::TooLong) => {
            return Err(not_text("its first line is longer than 256 KiB"));
        }
        Some(_) => {
            return Err(not_text("a quote in its first line does not close"));
        }
        None => {}
    }
    fields.split(&row.bytes);
    Ok((0..fields.len())
        .map(|index| fields.get(&row.bytes, index).unwrap_or_default().to_owned())
        .collect())
}
