//! A delimited file as numbered rows, in bounded memory whatever the file holds.
//!
//! Knows byte-order marks, UTF-16 and other encodings, CRLF, quoted fields over several lines, quotes that never
//! close, lines without end, and a last line cut short. A bad row is a value, never the end of the reading.

use crate::json_path::JsonPath;
use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};

/// The longest row kept, in bytes; longer ones are quarantined without being held.
pub const ROW_BYTES_MAX: usize = 256 * 1024;
/// The most lines one quoted row may span.
pub const ROW_LINES_MAX: usize = 64;

const BUFFER_BYTES: usize = 256 * 1024;

/// How the text of a file is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// The byte between fields.
    pub delimiter: u8,
    /// Whether a field may stand in double quotes.
    pub quoted: bool,
    /// The encoding; nothing means: by the byte-order mark, else UTF-8, else UTF-16 where every other byte is zero.
    pub encoding: Option<&'static Encoding>,
}

/// A row as it stands in the file.
#[derive(Debug, Default)]
pub struct RawRow {
    /// The line it starts on, counted from 1.
    pub line: u64,
    /// Its bytes, without the line end.
    pub bytes: Vec<u8>,
    /// Whether a line end followed.
    pub terminated: bool,
    /// Why it cannot be split into fields.
    pub fault: Option<RowShape>,
}

/// A row that cannot even be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowShape {
    /// Longer than [`ROW_BYTES_MAX`].
    TooLong,
    /// A quote opens and does not close.
    QuoteOpen,
    /// A JSON record that the end of the file cuts off.
    CutShort,
    /// What should be a JSON record is none.
    NotJson,
    /// A line of an event log that is no event.
    NotAnEvent,
}

/// Reads rows one after another.
pub struct Rows<R> {
    input: BufReader<Utf8<R>>,
    quoted: bool,
    /// Lines read ahead while looking for a closing quote that did not come.
    ahead: VecDeque<(Vec<u8>, bool)>,
    line: u64,
}

impl<R: Read> Rows<R> {
    /// Starts reading; looks at the first bytes for the encoding.
    pub fn new(input: R, layout: Layout) -> io::Result<Self> {
        let utf8 = Utf8::new(input, layout.encoding)?;
        Ok(Self {
            input: BufReader::with_capacity(BUFFER_BYTES, utf8),
            quoted: layout.quoted,
            ahead: VecDeque::new(),
            line: 0,
        })
    }

    /// The input below, for what it counted.
    pub fn inner(&self) -> &R {
        self.input.get_ref().input()
    }

    /// Fills `row` with the next row that is not blank; false at the end.
    pub fn next_row(&mut self, row: &mut RawRow) -> io::Result<bool> {
        loop {
            row.fault = None;
            row.line = self.line + 1;
            if !self.next_line(row)? {
                return Ok(false);
            }
            if self.quoted && row.fault.is_none() && has_open_quote(&row.bytes) {
                self.close_quote(row)?;
            }
            if !row.bytes.iter().all(u8::is_ascii_whitespace) || row.fault.is_some() {
                return Ok(true);
            }
        }
    }

    fn next_line(&mut self, row: &mut RawRow) -> io::Result<bool> {
        if let Some((bytes, terminated)) = self.ahead.pop_front() {
            (row.bytes, row.terminated) = (bytes, terminated);
            self.line += 1;
            return Ok(true);
        }
        row.bytes.clear();
        let limit = u64::try_from(ROW_BYTES_MAX).unwrap_or(u64::MAX);
        let read = self
            .input
            .by_ref()
            .take(limit)
            .read_until(b'\n', &mut row.bytes)?;
        if read == 0 {
            return Ok(false);
        }
        self.line += 1;
        row.terminated = row.bytes.last() == Some(&b'\n');
        if row.terminated {
            row.bytes.pop();
            if row.bytes.last() == Some(&b'\r') {
                row.bytes.pop();
            }
        } else if row.bytes.len() >= ROW_BYTES_MAX {
            row.fault = Some(RowShape::TooLong);
            row.bytes.truncate(64);
            row.terminated = self.skip_line()?;
        }
        Ok(true)
    }

    fn skip_line(&mut self) -> io::Result<bool> {
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Ok(false);
            }
            let end = buffer.iter().position(|&byte| byte == b'\n');
            let used = end.map_or(buffer.len(), |end| end + 1);
            self.input.consume(used);
            if end.is_some() {
                return Ok(true);
            }
        }
    }

    /// Joins following lines until the quote closes; if it never does, only the first line is at fault.
    fn close_quote(&mut self, row: &mut RawRow) -> io::Result<()> {
        let first = row.bytes.clone();
        let (terminated, line) = (row.terminated, self.line);
        let mut joined = first.clone();
        let mut taken = VecDeque::new();
        let mut next = RawRow::default();
        while taken.len() + 1 < ROW_LINES_MAX && joined.len() < ROW_BYTES_MAX {
            if !self.next_line(&mut next)? {
                break;
            }
            let fault = next.fault;
            joined.push(b'\n');
            joined.extend_from_slice(&next.bytes);
            taken.push_back((std::mem::take(&mut next.bytes), next.terminated));
            if fault.is_some() {
                break;
            }
            if !has_open_quote(&joined) {
                row.bytes = joined;
                row.terminated = next.terminated;
                return Ok(());
            }
        }
        row.bytes = first;
        row.terminated = terminated;
        row.fault = Some(RowShape::QuoteOpen);
        self.line = line;
        taken.append(&mut self.ahead);
        self.ahead = taken;
        Ok(())
    }
}

#[expect(
    clippy::naive_bytecount,
    reason = "rows are short and rarely hold a quote"
)]
fn has_open_quote(bytes: &[u8]) -> bool {
    bytes.iter().filter(|&&byte| byte == b'"').count() % 2 == 1
}

/// Any encoding as UTF-8; bytes pass untouched where the file is UTF-8 (each row is checked later).
pub(crate) struct Utf8<R> {
    input: R,
    /// Bytes looked at for the encoding and not yet handed on.
    head: Vec<u8>,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    decoded: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Utf8<R> {
    /// The input below, for what it counted.
    pub(crate) const fn input(&self) -> &R {
        &self.input
    }

    pub(crate) fn new(mut input: R, declared: Option<&'static Encoding>) -> io::Result<Self> {
        let mut head = vec![0; 4096];
        let mut filled = 0;
        while filled < head.len() {
            match input.read(&mut head[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        head.truncate(filled);
        let encoding = match Encoding::for_bom(&head) {
            Some((encoding, mark)) => {
                head.drain(..mark);
                encoding
            }
            None => declared.unwrap_or_else(|| guess(&head)),
        };
        let decoder = (encoding != UTF_8).then(|| encoding.new_decoder_without_bom_handling());
        Ok(Self {
            input,
            head,
            decoder,
            raw: Vec::new(),
            decoded: Vec::new(),
            given: 0,
            ended: false,
        })
    }

    fn read_raw(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.head.is_empty() {
            return self.input.read(out);
        }
        let taken = self.head.len().min(out.len());
        out[..taken].copy_from_slice(&self.head[..taken]);
        self.head.drain(..taken);
        Ok(taken)
    }

    fn decode_more(&mut self) -> io::Result<()> {
        let mut raw = std::mem::take(&mut self.raw);
        raw.resize(64 * 1024, 0);
        let read = self.read_raw(&mut raw)?;
        self.ended = read == 0;
        if let Some(decoder) = &mut self.decoder {
            let room = decoder
                .max_utf8_buffer_length(read)
                .unwrap_or(4 * read + 16);
            self.decoded.resize(room, 0);
            let (_, _, written, _) =
                decoder.decode_to_utf8(&raw[..read], &mut self.decoded, self.ended);
            self.decoded.truncate(written);
        }
        self.given = 0;
        self.raw = raw;
        Ok(())
    }
}

/// UTF-16 without a mark shows as a zero in every second byte of a western text.
fn guess(head: &[u8]) -> &'static Encoding {
    let zeros = |odd: usize| {
        head.iter()
            .skip(odd)
            .step_by(2)
            .filter(|&&byte| byte == 0)
            .count()
    };
    let half = head.len() / 2;
    if half > 8 && zeros(1) * 10 > half * 7 {
        UTF_16LE
    } else if half > 8 && zeros(0) * 10 > half * 7 {
        UTF_16BE
    } else {
        UTF_8
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.decoder.is_none() {
            return self.read_raw(out);
        }
        while self.given == self.decoded.len() {
            if self.ended {
                return Ok(0);
            }
            self.decode_more()?;
        }
        let taken = out.len().min(self.decoded.len() - self.given);
        out[..taken].copy_from_slice(&self.decoded[self.given..self.given + taken]);
        self.given += taken;
        Ok(taken)
    }
}

/// A row's fields, reused from row to row.
pub struct Fields {
    layout: Layout,
    delimiter: u8,
    csv: Option<csv_core::Reader>,
    unquoted: Vec<u8>,
    ends: Vec<usize>,
    ranges: Vec<(usize, usize)>,
    from_unquoted: bool,
    /// The fields' places in a JSON record; empty for delimited files.
    paths: Vec<JsonPath>,
    fault: Option<RowShape>,
}

/// Another thread's own. Made anew: the copy of a CSV reader loses what tells delimiters and quotes.
impl Clone for Fields {
    fn clone(&self) -> Self {
        Self {
            paths: self.paths.clone(),
            ..Self::new(self.layout)
        }
    }
}

impl Fields {
    /// For files of this layout.
    pub fn new(layout: Layout) -> Self {
        let csv = layout.quoted.then(|| {
            csv_core::ReaderBuilder::new()
                .delimiter(layout.delimiter)
                .build()
        });
        Self {
            layout,
            delimiter: layout.delimiter,
            csv,
            unquoted: Vec::new(),
            ends: Vec::new(),
            ranges: Vec::new(),
            from_unquoted: false,
            paths: Vec::new(),
            fault: None,
        }
    }

    /// For rows that are JSON records, with these places as the fields.
    pub(crate) fn json(layout: Layout, paths: Vec<JsonPath>) -> Self {
        Self {
            paths,
            ..Self::new(layout)
        }
    }

    /// Why the row last split has no fields.
    pub(crate) const fn fault(&self) -> Option<RowShape> {
        self.fault
    }

    /// Splits a row; read the fields with [`Self::get`] on the same row.
    pub fn split(&mut self, row: &[u8]) {
        self.ranges.clear();
        if !self.paths.is_empty() {
            self.split_json(row);
            return;
        }
        self.from_unquoted = self.csv.is_some() && row.contains(&b'"');
        if self.from_unquoted {
            self.split_quoted(row);
            return;
        }
        let mut start = 0;
        for (at, _) in row
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == self.delimiter)
        {
            self.ranges.push((start, at));
            start = at + 1;
        }
        self.ranges.push((start, row.len()));
    }

    fn split_json(&mut self, row: &[u8]) {
        self.from_unquoted = true;
        self.unquoted.clear();
        let record = serde_json::from_slice::<serde_json::Value>(row).ok();
        let record = record.filter(serde_json::Value::is_object);
        self.fault = record.is_none().then_some(RowShape::NotJson);
        let Some(record) = record else { return };
        for path in &self.paths {
            let start = self.unquoted.len();
            path.write(&record, &mut self.unquoted);
            self.ranges.push((start, self.unquoted.len()));
        }
    }

    fn split_quoted(&mut self, row: &[u8]) {
        let Some(csv) = &mut self.csv else { return };
        csv.reset();
        self.unquoted.resize(row.len() + 1, 0);
        self.ends.resize(row.len() + 2, 0);
        let (_, read, written, ended) = csv.read_record(row, &mut self.unquoted, &mut self.ends);
        // An empty read says that the row has ended, as a line end would.
        let (_, _, _, last) = csv.read_record(
            &row[read..],
            &mut self.unquoted[written..],
            &mut self.ends[ended..],
        );
        let mut start = 0;
        for &end in &self.ends[..ended + last] {
            self.ranges.push((start, end));
            start = end;
        }
    }

    /// How many fields the row has.
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Whether the row has none.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// A field of the row last split, without surrounding blanks; nothing where it is no valid UTF-8.
    pub fn get<'a>(&'a self, row: &'a [u8], index: usize) -> Option<&'a str> {
        let (start, end) = *self.ranges.get(index)?;
        let bytes = if self.from_unquoted {
            &self.unquoted
        } else {
            row
        };
        std::str::from_utf8(bytes.get(start..end)?)
            .ok()
            .map(str::trim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> Layout {
        Layout {
            delimiter: b',',
            quoted: true,
            encoding: None,
        }
    }

    fn rows(bytes: &[u8]) -> Vec<(u64, Vec<String>, bool, Option<RowShape>)> {
        let mut reader = Rows::new(bytes, layout()).unwrap();
        let mut fields = Fields::new(layout());
        let mut row = RawRow::default();
        let mut all = Vec::new();
        while reader.next_row(&mut row).unwrap() {
            fields.split(&row.bytes);
            let cells = (0..fields.len())
                .map(|i| fields.get(&row.bytes, i).unwrap().to_owned())
                .collect();
            all.push((row.line, cells, row.terminated, row.fault));
        }
        all
    }

    fn cells(bytes: &[u8]) -> Vec<Vec<String>> {
        rows(bytes).into_iter().map(|row| row.1).collect()
    }

    #[test]
    fn line_ends_quotes_and_blank_lines() {
        let all = rows(b"a,b\r\n\r\n\"x, \"\"y\"\"\",2\n\"two\nlines\",3\nlast,4");
        assert_eq!(all[0], (1, vec!["a".into(), "b".into()], true, None));
        assert_eq!(all[1], (3, vec!["x, \"y\"".into(), "2".into()], true, None));
        assert_eq!(
            all[2],
            (4, vec!["two\nlines".into(), "3".into()], true, None)
        );
        assert_eq!(all[3], (6, vec!["last".into(), "4".into()], false, None));
    }

    #[test]
    fn a_quote_that_never_closes_costs_one_row() {
        let all = rows(b"a,b\n\"open,1\nc,2\nd,3\n");
        assert_eq!(all[1].3, Some(RowShape::QuoteOpen));
        assert_eq!(all[1].0, 2);
        assert_eq!(
            (all[2].0, all[2].1.clone()),
            (3, vec!["c".into(), "2".into()])
        );
        assert_eq!(all.len(), 4);
    }

    #[test]
    fn a_line_without_end_is_not_held() {
        let mut bytes = b"a,b\n".to_vec();
        bytes.resize(ROW_BYTES_MAX * 3, b'x');
        bytes.extend_from_slice(b"\nc,d\n");
        let all = rows(&bytes);
        assert_eq!(all[1].3, Some(RowShape::TooLong));
        assert_eq!(
            (all[2].0, all[2].1.clone()),
            (3, vec!["c".into(), "d".into()])
        );
    }

    #[test]
    fn marks_and_encodings_read_alike() {
        let text = "name,città\nline,1\n";
        let plain = cells(text.as_bytes());
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(cells(&[b"\xEF\xBB\xBF", text.as_bytes()].concat()), plain);
        assert_eq!(cells(&[b"\xFF\xFE".as_slice(), &little].concat()), plain);
        assert_eq!(cells(&[b"\xFE\xFF".as_slice(), &big].concat()), plain);
        assert_eq!(cells(&little), plain, "without a mark");
        let western = Layout {
            encoding: Some(encoding_rs::WINDOWS_1252),
            ..layout()
        };
        let mut reader = Rows::new(b"citt\xE0".as_slice(), western).unwrap();
        let mut row = RawRow::default();
        assert!(reader.next_row(&mut row).unwrap());
        assert_eq!(row.bytes, "città".as_bytes());
    }
}
