//! Asterisk's `queue_log`: events in, one row out for each call's stay in a queue.
//!
//! `epoch|uniqueid|queue|agent|EVENT|p1|p2|p3…` (docs.asterisk.org, Queue Logs). A stay begins with ENTERQUEUE and ends with
//! ABANDON, COMPLETE…, a transfer or an EXIT…; a stay whose end was never written (crash, file rotation) comes out without one. The row's line is that of its
//! ENTERQUEUE. Events of agents and of the queue itself make no rows.

use crate::lines::{Layout, RawRow, RowShape, Rows};
use std::collections::BTreeMap;
use std::io::{self, Read};

/// The columns of a stay, in order.
pub(crate) const COLUMNS: [&str; 11] = [
    "call_id",
    "queue",
    "did",
    "caller",
    "entered",
    "connected",
    "ended",
    "wait_s",
    "talk_s",
    "agent",
    "ending",
];
/// Stays open at once; with more, the oldest comes out without its end.
const OPEN_MAX: usize = 100_000;

/// A call between its first event and its end.
#[derive(Default)]
struct Stay {
    /// The line of its first event, and that of its ENTERQUEUE.
    first: u64,
    line: u64,
    queue: String,
    did: String,
    caller: String,
    entered: String,
    connected: String,
    wait_s: String,
    agent: String,
}

/// Reads stays one after another.
pub(crate) struct QueueLog<R> {
    rows: Rows<R>,
    open: BTreeMap<String, Stay>,
    /// The open calls by the line of their first event.
    order: BTreeMap<u64, String>,
    event: RawRow,
    ended: bool,
}

impl<R: Read> QueueLog<R> {
    pub(crate) fn new(input: R, layout: Layout) -> io::Result<Self> {
        Ok(Self {
            rows: Rows::new(input, layout)?,
            open: BTreeMap::new(),
            order: BTreeMap::new(),
            event: RawRow::default(),
            ended: false,
        })
    }

    /// The input below, for what it counted.
    pub(crate) fn inner(&self) -> &R {
        self.rows.inner()
    }

    /// Fills `row` with the next stay; false at the end.
    pub(crate) fn next_row(&mut self, row: &mut RawRow) -> io::Result<bool> {
        row.fault = None;
        row.terminated = true;
        while !self.ended {
            if self.open.len() > OPEN_MAX && self.oldest(row) {
                return Ok(true);
            }
            let mut event = std::mem::take(&mut self.event);
            let more = self.rows.next_row(&mut event)?;
            let found = more && self.event(&event, row);
            self.event = event;
            self.ended = !more;
            if found {
                return Ok(true);
            }
        }
        Ok(self.oldest(row))
    }

    /// Takes an event; true where it makes a row.
    fn event(&mut self, event: &RawRow, row: &mut RawRow) -> bool {
        let parts = std::str::from_utf8(&event.bytes)
            .ok()
            .map(|text| text.trim().split('|').collect::<Vec<_>>());
        let Some([epoch, id, queue, agent, name, data @ ..]) = parts.as_deref() else {
            row.line = event.line;
            row.bytes.clear();
            row.fault = Some(event.fault.unwrap_or(RowShape::NotAnEvent));
            return true;
        };
        let data = |at: usize| data.get(at).copied().unwrap_or_default();
        match *name {
            "DID" => {
                data(0).clone_into(&mut self.stay(id, event.line).did);
                false
            }
            "ENTERQUEUE" => {
                // Entering again before the former stay ended: the end of that one was never written.
                let again = self
                    .open
                    .get(*id)
                    .is_some_and(|stay| !stay.entered.is_empty())
                    && self.take(id).is_some_and(|stay| write_open(&stay, id, row));
                let stay = self.stay(id, event.line);
                stay.line = event.line;
                (*queue).clone_into(&mut stay.queue);
                data(1).clone_into(&mut stay.caller);
                (*epoch).clone_into(&mut stay.entered);
                again
            }
            "CONNECT" => {
                let stay = self.stay(id, event.line);
                (*epoch).clone_into(&mut stay.connected);
                data(0).clone_into(&mut stay.wait_s);
                (*agent).clone_into(&mut stay.agent);
                false
            }
            "ABANDON" | "EXITWITHTIMEOUT" | "EXITEMPTY" => {
                self.leave(id, epoch, name, Some(data(2)), "", row)
            }
            "EXITWITHKEY" => self.leave(id, epoch, name, Some(data(3)), "", row),
            "COMPLETEAGENT" | "COMPLETECALLER" => self.leave(id, epoch, name, None, data(1), row),
            "TRANSFER" | "BLINDTRANSFER" | "ATTENDEDTRANSFER" => {
                self.leave(id, epoch, name, None, data(3), row)
            }
            _ => false,
        }
    }

    fn stay(&mut self, id: &str, line: u64) -> &mut Stay {
        let order = &mut self.order;
        self.open.entry(id.to_owned()).or_insert_with(|| {
            order.insert(line, id.to_owned());
            Stay {
                first: line,
                line,
                ..Stay::default()
            }
        })
    }

    fn take(&mut self, id: &str) -> Option<Stay> {
        let stay = self.open.remove(id)?;
        self.order.remove(&stay.first);
        Some(stay)
    }

    /// A stay ends; an end without a beginning (the file was rotated) makes no row: its beginning is in the former file.
    fn leave(
        &mut self,
        id: &str,
        epoch: &str,
        ending: &str,
        wait_s: Option<&str>,
        talk_s: &str,
        row: &mut RawRow,
    ) -> bool {
        let Some(mut stay) = self.take(id).filter(|stay| !stay.entered.is_empty()) else {
            return false;
        };
        if let Some(wait_s) = wait_s {
            wait_s.clone_into(&mut stay.wait_s);
        }
        write(&stay, id, epoch, talk_s, ending, row);
        true
    }

    /// The oldest open stay as a row without an end.
    fn oldest(&mut self, row: &mut RawRow) -> bool {
        while let Some((_, id)) = self.order.pop_first() {
            // A number that was only dialled never reached a queue.
            let stay = self.open.remove(&id);
            if let Some(stay) = stay.filter(|stay| !stay.entered.is_empty()) {
                return write_open(&stay, &id, row);
            }
        }
        false
    }
}

/// A stay without its end; true, as there is a row.
fn write_open(stay: &Stay, id: &str, row: &mut RawRow) -> bool {
    let ending = if stay.connected.is_empty() {
        "OPEN"
    } else {
        "OPENCONNECTED"
    };
    write(stay, id, "", "", ending, row);
    true
}

fn write(stay: &Stay, id: &str, ended: &str, talk_s: &str, ending: &str, row: &mut RawRow) {
    let cells: [&str; COLUMNS.len()] = [
        id,
        &stay.queue,
        &stay.did,
        &stay.caller,
        &stay.entered,
        &stay.connected,
        ended,
        &stay.wait_s,
        talk_s,
        &stay.agent,
        ending,
    ];
    row.bytes.clear();
    row.bytes.extend_from_slice(cells.join("|").as_bytes());
    row.line = stay.line;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stays(log: &str) -> Vec<(u64, String, Option<RowShape>)> {
        let layout = Layout {
            delimiter: b'|',
            quoted: false,
            encoding: None,
        };
        let mut rows = QueueLog::new(log.as_bytes(), layout).unwrap();
        let mut row = RawRow::default();
        let mut all = Vec::new();
        while rows.next_row(&mut row).unwrap() {
            let text = String::from_utf8(row.bytes.clone()).unwrap();
            all.push((row.line, text, row.fault));
        }
        all
    }

    #[test]
    fn every_stay_comes_out_once() {
        let log = "\
            1000|NONE|NONE|NONE|CONFIGRELOAD|\n\
            1001|a.1|triage|NONE|DID|8005550100\n\
            1001|a.1|triage|NONE|ENTERQUEUE||6095550110|1\n\
            1002|b.1|triage|NONE|ENTERQUEUE||6095550111|2\n\
            1010|a.1|triage|SIP/21|RINGNOANSWER|5000\n\
            1012|a.1|triage|SIP/22|CONNECT|11|x.1|3\n\
            1030|b.1|triage|NONE|ABANDON|1|2|28\n\
            1072|a.1|triage|SIP/22|COMPLETECALLER|11|60|1\n\
            1080|a.1|message|NONE|ENTERQUEUE||6095550110|1\n\
            1090|c.1|triage|NONE|ENTERQUEUE||6095550112|1\n\
            1095|c.1|triage|SIP/22|CONNECT|5|x.2|1\n\
            half a line\n\
            1100|d.1|triage|SIP/21|COMPLETEAGENT|1|2|1\n\
            1180|a.1|message|NONE|EXITWITHTIMEOUT|1|1|100\n";
        let all = stays(log);
        let texts: Vec<&str> = all.iter().map(|stay| stay.1.as_str()).collect();
        assert_eq!(
            texts,
            [
                "b.1|triage||6095550111|1002||1030|28|||ABANDON".to_owned(),
                "a.1|triage|8005550100|6095550110|1001|1012|1072|11|60|SIP/22|COMPLETECALLER"
                    .into(),
                String::new(),
                "a.1|message||6095550110|1080||1180|100|||EXITWITHTIMEOUT".into(),
                "c.1|triage||6095550112|1090|1095||5||SIP/22|OPENCONNECTED".into(),
            ]
        );
        assert_eq!(all[0].0, 4);
        assert_eq!(all[2].2, Some(RowShape::NotAnEvent));
    }

    #[test]
    fn a_call_that_enters_again_does_not_lose_its_first_stay() {
        let log = "\
            1001|a.1|triage|NONE|ENTERQUEUE||1|1\n\
            1050|a.1|triage|NONE|ENTERQUEUE||1|1\n\
            1060|a.1|triage|NONE|ABANDON|1|1|10\n";
        let all = stays(log);
        assert_eq!(all.len(), 2);
        assert!(all[0].1.ends_with("|OPEN") && all[1].1.ends_with("|ABANDON"));
    }
}
