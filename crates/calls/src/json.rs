//! Records in JSON text, one after another in bounded memory: concatenated objects, an array of them, or an array
//! under one key of a page (`{"calls": […]}`), over as many lines as they like.

use crate::lines::{Layout, ROW_BYTES_MAX, RawRow, RowShape, Utf8};
use std::io::{self, BufRead, BufReader, Read};

const BUFFER_BYTES: usize = 256 * 1024;
/// Of a key outside the records, so many bytes are compared.
const KEY_BYTES_MAX: usize = 256;
/// Deeper nesting outside a record is no export's.
const DEPTH_MAX: usize = 64;

/// Reads records one after another.
pub(crate) struct JsonRows<R> {
    input: BufReader<Utf8<R>>,
    /// The key of the array that holds the records; empty where they stand at the top.
    key: String,
    /// The brackets open outside the record.
    open: Vec<u8>,
    /// The text last read outside a record, and the key of the outermost object that it became.
    text: Vec<u8>,
    top_key: Vec<u8>,
    line: u64,
}

/// Inside a text, and whether the next byte is escaped.
#[derive(Clone, Copy, Default)]
struct Quoted {
    inside: bool,
    escaped: bool,
}

impl Quoted {
    /// Takes a byte; true where it belongs to a text, its quotes among it.
    fn takes(&mut self, byte: u8) -> bool {
        if !self.inside {
            self.inside = byte == b'"';
            return self.inside;
        }
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.inside = false;
        }
        true
    }
}

impl<R: Read> JsonRows<R> {
    pub(crate) fn new(input: R, layout: Layout, key: &str) -> io::Result<Self> {
        let utf8 = Utf8::new(input, layout.encoding)?;
        Ok(Self {
            input: BufReader::with_capacity(BUFFER_BYTES, utf8),
            key: key.to_owned(),
            open: Vec::new(),
            text: Vec::new(),
            top_key: Vec::new(),
            line: 1,
        })
    }

    /// The input below, for what it counted.
    pub(crate) fn inner(&self) -> &R {
        self.input.get_ref().input()
    }

    /// Fills `row` with the next record; false at the end.
    pub(crate) fn next_row(&mut self, row: &mut RawRow) -> io::Result<bool> {
        row.bytes.clear();
        row.fault = None;
        row.terminated = true;
        if !self.find_record()? {
            return Ok(false);
        }
        row.line = self.line;
        self.read_record(row)?;
        Ok(true)
    }

    /// Reads up to the brace that opens a record, and past it.
    fn find_record(&mut self) -> io::Result<bool> {
        let mut quoted = Quoted::default();
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Ok(false);
            }
            let mut used = 0;
            let mut found = false;
            for &byte in buffer {
                used += 1;
                self.line += u64::from(byte == b'\n');
                let was_inside = quoted.inside;
                if quoted.takes(byte) {
                    if !was_inside {
                        self.text.clear();
                    } else if quoted.inside && self.text.len() < KEY_BYTES_MAX {
                        self.text.push(byte);
                    }
                    continue;
                }
                match byte {
                    b':' if self.open == b"{" => std::mem::swap(&mut self.top_key, &mut self.text),
                    b'{' if at_record(&self.open, &self.top_key, &self.key) => {
                        found = true;
                        break;
                    }
                    b'{' | b'[' if self.open.len() < DEPTH_MAX => self.open.push(byte),
                    b'}' | b']' => {
                        self.open.pop();
                    }
                    _ => {}
                }
            }
            self.input.consume(used);
            if found {
                return Ok(true);
            }
        }
    }

    /// Reads the rest of a record, up to the brace that closes it.
    fn read_record(&mut self, row: &mut RawRow) -> io::Result<()> {
        row.bytes.push(b'{');
        let (mut depth, mut quoted) = (1_usize, Quoted::default());
        while depth > 0 {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                row.terminated = false;
                row.fault = Some(RowShape::CutShort);
                return Ok(());
            }
            let mut used = 0;
            for &byte in buffer {
                used += 1;
                self.line += u64::from(byte == b'\n');
                if !quoted.takes(byte) {
                    match byte {
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth -= 1,
                        _ => {}
                    }
                }
                if depth == 0 {
                    break;
                }
            }
            if row.fault.is_none() {
                row.bytes.extend_from_slice(&buffer[..used]);
                if row.bytes.len() > ROW_BYTES_MAX {
                    row.fault = Some(RowShape::TooLong);
                    row.bytes.truncate(64);
                }
            }
            self.input.consume(used);
        }
        Ok(())
    }
}

/// Whether an object that opens here is a record.
fn at_record(open: &[u8], top_key: &[u8], key: &str) -> bool {
    if key.is_empty() {
        open.is_empty() || open == b"["
    } else {
        open == b"{[" && top_key == key.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str, key: &str) -> Vec<(u64, String, Option<RowShape>)> {
        let layout = Layout {
            delimiter: b',',
            quoted: false,
            encoding: None,
        };
        let mut rows = JsonRows::new(text.as_bytes(), layout, key).unwrap();
        let mut row = RawRow::default();
        let mut all = Vec::new();
        while rows.next_row(&mut row).unwrap() {
            all.push((
                row.line,
                String::from_utf8(row.bytes.clone()).unwrap(),
                row.fault,
            ));
        }
        all
    }

    #[test]
    fn records_stand_where_exports_put_them() {
        let one = |line, text: &str| (line, text.to_owned(), None);
        let two = vec![one(1, "{\"a\":1}"), one(2, "{\"a\":{\"b\":\"}\"}}")];
        assert_eq!(records("{\"a\":1}\n{\"a\":{\"b\":\"}\"}}", ""), two);
        assert_eq!(records("[{\"a\":1},\n{\"a\":{\"b\":\"}\"}}]", ""), two);
        let page =
            "{\"calls\": [{\"a\":1},\n{\"a\":{\"b\":\"}\"}}], \"next\": {\"calls\": [{\"a\":3}]}}";
        assert_eq!(records(page, "calls"), two);
        assert_eq!(records("{\"other\": [{\"a\":1}]}", "calls"), []);
        assert_eq!(records("a,b\n1,2\n", ""), []);
    }

    #[test]
    fn a_quote_in_a_text_and_a_cut_record_are_seen() {
        let all = records("{\"a\":\"say \\\"}\\\" {\"}{\"b\":\n[1,", "");
        assert_eq!(all[0], (1, "{\"a\":\"say \\\"}\\\" {\"}".into(), None));
        assert_eq!(all[1].2, Some(RowShape::CutShort));
        let long = format!("{{\"a\":\"{}\"}}{{\"b\":2}}", "x".repeat(ROW_BYTES_MAX));
        let all = records(&long, "");
        assert_eq!(all[0].2, Some(RowShape::TooLong));
        assert_eq!(all[1], (1, "{\"b\":2}".into(), None));
    }
}
