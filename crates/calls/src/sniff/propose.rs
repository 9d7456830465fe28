//! A draft of a mapping for a delimited file that no shipped mapping reads: columns by their names, formats by their cells.

use super::{Kind, Sniffed, trial};
use crate::lines::{Fields, Layout, RawRow, Rows};
use crate::mapping::CheckedMapping;
use crate::times::Format;
use crate::value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// Rows looked at for formats.
const SAMPLE_ROWS: usize = 200;
/// Endings listed in the draft.
const ENDINGS_MAX: usize = 20;

/// Names that columns go by, as letters and digits in lower case.
const NAMES: [(&str, &[&str]); 15] = [
    (
        "source_call_id",
        &[
            "callid",
            "contactid",
            "uniqueid",
            "sessionid",
            "conversationid",
            "interactionid",
            "callkey",
            "recordid",
            "ucid",
            "id",
        ],
    ),
    (
        "arrived_at",
        &[
            "arrived",
            "arrival",
            "arrivaltime",
            "callstarttime",
            "callstart",
            "starttime",
            "startdatetime",
            "start",
            "calltime",
            "calldate",
            "timestamp",
            "datetime",
            "offered",
            "received",
        ],
    ),
    (
        "queued_at",
        &[
            "queued",
            "enqueued",
            "enqueuetime",
            "queuestart",
            "queuedat",
        ],
    ),
    (
        "answered_at",
        &[
            "answered",
            "answertime",
            "answeredat",
            "connecttime",
            "connected",
            "agentstart",
        ],
    ),
    (
        "ended_at",
        &[
            "ended",
            "endtime",
            "callendtime",
            "callend",
            "enddatetime",
            "end",
            "disconnecttime",
            "hangup",
        ],
    ),
    (
        "caller",
        &[
            "caller",
            "callernumber",
            "callerid",
            "ani",
            "from",
            "src",
            "callingnumber",
            "callingparty",
            "phone",
        ],
    ),
    (
        "dnis",
        &[
            "dnis",
            "dialled",
            "dialed",
            "dialednumber",
            "dialednum",
            "callednumber",
            "did",
            "to",
            "line",
        ],
    ),
    (
        "call_type",
        &[
            "queue",
            "queuename",
            "calltype",
            "skill",
            "skillname",
            "csq",
            "csqname",
            "campaign",
            "split",
        ],
    ),
    ("language", &["language", "lang"]),
    ("agent_id", &["agent", "agentid", "agentname", "user"]),
    (
        "wait",
        &[
            "wait",
            "waittime",
            "queuetime",
            "timeinqueue",
            "queuewaittime",
            "speedofanswer",
        ],
    ),
    ("talk", &["talk", "talktime", "billsec"]),
    ("hold", &["hold", "holdtime"]),
    (
        "acw",
        &[
            "acw",
            "acwtime",
            "wrap",
            "wraptime",
            "worktime",
            "aftercallworktime",
        ],
    ),
    (
        "end_reason",
        &[
            "disposition",
            "outcome",
            "result",
            "status",
            "contactdisposition",
        ],
    ),
];

/// How times are written, the order of day and month twice.
const FORMATS: [&str; 16] = [
    "rfc3339",
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%d/%m/%Y %I:%M:%S %p",
    "%m/%d/%y %H:%M:%S",
    "%d/%m/%y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%a, %d %b %Y %H:%M:%S %z",
    "epoch_s",
    "epoch_ms",
];

/// The head as a table.
struct Table {
    delimiter: u8,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Drafts a mapping, or says why none can be.
pub(super) fn propose(head: &[u8], whole: bool, path: &Path) -> Sniffed {
    let nothing = |reasons| Sniffed {
        mapping: None,
        kind: Kind::Unknown,
        reasons,
        rows: 0,
        readable: 0,
        proposal: None,
    };
    let Some(table) = table(head) else {
        return nothing(vec![
            "No shipped mapping reads the file, and its lines are no table: export it as delimited text or JSON, or write a mapping from mappings/generic-json.toml."
                .into(),
        ]);
    };
    let mut reasons = vec![
        "No shipped mapping reads the file; this draft goes by the names of its columns. Check every line of it with whoever runs the system."
            .to_owned(),
    ];
    let Some(text) = draft(&table, &mut reasons) else {
        return nothing(reasons);
    };
    let checked = CheckedMapping::parse(&text, "the draft");
    let tried = checked
        .ok()
        .and_then(|mapping| trial(&mapping, head, whole, path));
    let (rows, readable) = tried
        .as_ref()
        .map_or((0, 0), |trial| (trial.rows, trial.readable));
    reasons.push(format!(
        "{readable} of the first {rows} rows can be read with the draft."
    ));
    reasons.extend(tried.and_then(|trial| trial.fault_words()));
    Sniffed {
        mapping: None,
        kind: Kind::Records,
        reasons,
        rows,
        readable,
        proposal: Some(text),
    }
}

/// The delimiter that splits most lines into as many fields as the first, three at least.
fn table(head: &[u8]) -> Option<Table> {
    let tables = b",;\t|".iter().filter_map(|&delimiter| {
        let layout = Layout {
            delimiter,
            quoted: true,
            encoding: None,
        };
        let mut rows = Rows::new(head, layout).ok()?;
        let mut fields = Fields::new(layout);
        let mut row = RawRow::default();
        let mut all: Vec<Vec<String>> = Vec::new();
        while all.len() <= SAMPLE_ROWS && rows.next_row(&mut row).ok()? {
            fields.split(&row.bytes);
            let cells = (0..fields.len()).map(|index| fields.get(&row.bytes, index));
            all.push(
                cells
                    .map(|cell| cell.unwrap_or_default().to_owned())
                    .collect(),
            );
        }
        let width = all.first().filter(|row| row.len() >= 3)?.len();
        let alike = all.iter().filter(|row| row.len() == width).count();
        (alike * 2 > all.len()).then_some((width, delimiter, all))
    });
    let (width, delimiter, mut rows) = tables.max_by_key(|(width, ..)| *width)?;
    let header = rows.remove(0);
    rows.retain(|row| row.len() == width);
    let is_name = |cell: &String| cell.chars().any(char::is_alphabetic);
    (header.iter().all(is_name) && !rows.is_empty()).then_some(Table {
        delimiter,
        header,
        rows,
    })
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

impl Table {
    /// The column that goes by one of the names, with or without a unit behind it.
    fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|wanted| {
            self.header.iter().position(|name| {
                let name = plain(name);
                let rest = name.strip_prefix(wanted);
                rest.is_some_and(|unit| ["", "s", "ms", "sec", "secs", "seconds"].contains(&unit))
            })
        })
    }

    fn cells(&self, column: usize) -> impl Iterator<Item = &str> {
        self.rows
            .iter()
            .filter_map(move |row| row.get(column))
            .map(String::as_str)
            .filter(|cell| !cell.is_empty())
    }
}

/// A text as a TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn draft(table: &Table, reasons: &mut Vec<String>) -> Option<String> {
    let find = |field: &str| {
        let names = NAMES.iter().find(|(name, _)| *name == field)?.1;
        table.column(names)
    };
    let arrived = find("arrived_at");
    let (Some(id), Some(arrived)) = (find("source_call_id"), arrived) else {
        reasons.push(
            "No column is named like a call's id or like its arrival: name both in a copy of mappings/generic.toml."
                .into(),
        );
        return None;
    };
    let mut text = format!(
        "name = \"draft\"\ndescription = \"drafted from the columns' names\"\n\n[file]\ndelimiter = {}\n\n[time]\nzone = \"America/New_York\"   # the export's clock: set it\n\n[fields]\n",
        if table.delimiter == b'\t' {
            quoted("tab")
        } else {
            quoted(&char::from(table.delimiter).to_string())
        }
    );
    let name = |column: usize| quoted(&table.header[column]);
    let _ = writeln!(text, "source_call_id = {{ column = {} }}", name(id));
    for field in [
        "dnis",
        "caller",
        "call_type",
        "language",
        "agent_id",
        "end_reason",
        "queued_at",
        "answered_at",
        "ended_at",
    ] {
        if let Some(column) = find(field) {
            let _ = writeln!(text, "{field} = {{ column = {} }}", name(column));
        }
    }
    for field in ["wait", "talk", "hold", "acw"] {
        if let Some(column) = find(field) {
            let unit = unit(table, column);
            let _ = writeln!(
                text,
                "{field} = {{ column = {}, unit = \"{unit}\" }}",
                name(column)
            );
        }
    }
    let formats = formats(table, arrived, reasons);
    let _ = writeln!(
        text,
        "\n[fields.arrived_at]\ncolumn = {}\nformats = [{}]",
        name(arrived),
        formats
            .iter()
            .map(|f| quoted(f))
            .collect::<Vec<_>>()
            .join(", ")
    );
    if find("answered_at").is_none() {
        endings(table, find("end_reason"), &mut text, reasons)?;
    }
    if find("caller").is_some_and(|column| table.cells(column).any(value::is_scientific)) {
        reasons.push(
            "Callers' numbers have passed through a spreadsheet (8.00556E+09): their digits are lost; export that column as text."
                .into(),
        );
    }
    Some(text)
}

fn unit(table: &Table, column: usize) -> &'static str {
    if table.cells(column).any(|cell| cell.contains(':')) {
        "hms"
    } else if plain(&table.header[column]).ends_with("ms") {
        "ms"
    } else {
        "s"
    }
}

/// The formats that fit every arrival of the sample; where day and month cannot be told apart, that is said.
fn formats(table: &Table, column: usize, reasons: &mut Vec<String>) -> Vec<&'static str> {
    let fits = |text: &str| {
        Format::parse(text).is_ok_and(|format| {
            let mut cells = table.cells(column).peekable();
            cells.peek().is_some() && cells.all(|cell| format.read(cell).is_some())
        })
    };
    let fitting: Vec<&str> = FORMATS.into_iter().filter(|text| fits(text)).collect();
    let Some(first) = fitting.first() else {
        reasons.push(format!(
            "The times in \"{}\" are written in no way known here: write their pattern into formats.",
            table.header[column]
        ));
        return vec![FORMATS[1]];
    };
    if fitting.len() > 1 && first.starts_with("%m/%d") {
        reasons.push(format!(
            "In \"{}\" day and month cannot be told apart in the first rows: the draft takes the month first.",
            table.header[column]
        ));
    }
    if first.contains("%y") {
        reasons.push("Years have two digits: 69 to 99 are taken for the last century.".into());
    }
    vec![first]
}

/// An outcome rule from the endings seen; nothing where no column tells answered from abandoned.
fn endings(
    table: &Table,
    column: Option<usize>,
    text: &mut String,
    reasons: &mut Vec<String>,
) -> Option<()> {
    let Some(column) = column else {
        reasons.push(
            "No column tells answered from abandoned: neither an answer time nor a disposition."
                .into(),
        );
        return None;
    };
    let seen: BTreeSet<&str> = table.cells(column).collect();
    let known = seen
        .iter()
        .filter(|cell| cell.len() <= 40)
        .take(ENDINGS_MAX);
    let meanings: Vec<String> = known
        .filter_map(|cell| Some(format!("{} = \"{}\"", quoted(cell), meaning(cell)?)))
        .collect();
    let _ = writeln!(
        text,
        "\n[outcome]\ncolumn = {}\nmeanings = {{ {} }}   # rows with another ending are set aside until it is listed",
        quoted(&table.header[column]),
        meanings.join(", ")
    );
    reasons.push(format!(
        "Endings are read from \"{}\": {} of the {} different ones seen have a meaning in the draft.",
        table.header[column],
        meanings.len(),
        seen.len()
    ));
    Some(())
}

fn meaning(ending: &str) -> Option<&'static str> {
    let ending = ending.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| ending.contains(word));
    if has(&["aband", "hung up", "hangup in queue"]) {
        Some("abandoned")
    } else if has(&[
        "voicemail",
        "overflow",
        "timeout",
        "callback",
        "no answer",
        "noanswer",
    ]) {
        Some("dequeued")
    } else if has(&["busy", "failed", "congestion"]) {
        Some("blocked")
    } else if has(&["answer", "handled", "complete", "agent"]) {
        Some("answered")
    } else if has(&["ivr"]) {
        Some("ivr_only")
    } else {
        None
    }
}
