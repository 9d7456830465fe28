//! Tables that are no calls (rosters, licences, training, …) as the fields of domain commands, row by row, or as rows that are kept.
//!
//! What a row says is decided by the desk under its own rules; here a row becomes a command's fields or a reason why not.

mod cell;

use crate::error::CallsError;
use crate::input::read_header;
use crate::lines::{Fields, RawRow, Rows};
use crate::mapping::{FileLayout, layout, shipped};
use cell::Cell;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;

/// Rows of one file.
pub const ROWS_MAX: u64 = 200_000;

/// The tables: of most the rows are facts of a transition, of the others they are kept beside the call records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// The outsourcer's agents, their call types, languages and qualification.
    Roster,
    /// Nurses' licences.
    Licences,
    /// Results of training modules.
    Training,
    /// Access asked for, granted, proved by doing.
    Access,
    /// Counts of quality reviews by agent.
    Qa,
    /// Counts of callers' answers.
    Surveys,
    /// Calls and reviews of each agent so far.
    AgentWork,
    /// Promised callbacks; kept.
    Callbacks,
    /// What calls ended in; kept.
    Dispositions,
    /// Who is on call; kept.
    Oncall,
    /// Agents' stays in states; kept.
    AgentState,
}

/// How a table's rows become commands.
struct Door {
    table: Table,
    name: &'static str,
    /// None: the rows are kept.
    command: Option<&'static str>,
    /// The command's list, where a row is one element of it.
    list: Option<&'static str>,
    /// Fields of the command itself: rows that agree in them go together.
    head: &'static [&'static str],
}

static DOORS: [Door; 11] = [
    Door {
        table: Table::Roster,
        name: "roster",
        command: Some("roster_agents"),
        list: Some("agents"),
        head: &[],
    },
    Door {
        table: Table::Licences,
        name: "licences",
        command: Some("record_licences"),
        list: Some("licences"),
        head: &[],
    },
    Door {
        table: Table::Training,
        name: "training",
        command: Some("record_training"),
        list: Some("records"),
        head: &[],
    },
    Door {
        table: Table::Access,
        name: "access",
        command: Some("record_access"),
        list: Some("proofs"),
        head: &[],
    },
    Door {
        table: Table::Qa,
        name: "qa",
        command: Some("record_qa_reviews"),
        list: Some("tallies"),
        head: &["chunk", "centre", "reference"],
    },
    Door {
        table: Table::Surveys,
        name: "surveys",
        command: Some("record_survey"),
        list: None,
        head: &[],
    },
    Door {
        table: Table::AgentWork,
        name: "agent_work",
        command: Some("record_agent_work"),
        list: Some("work"),
        head: &[],
    },
    Door {
        table: Table::Callbacks,
        name: "callbacks",
        command: None,
        list: None,
        head: &[],
    },
    Door {
        table: Table::Dispositions,
        name: "dispositions",
        command: None,
        list: None,
        head: &[],
    },
    Door {
        table: Table::Oncall,
        name: "oncall",
        command: None,
        list: None,
        head: &[],
    },
    Door {
        table: Table::AgentState,
        name: "agent_state",
        command: None,
        list: None,
        head: &[],
    },
];

impl Table {
    fn door(self) -> &'static Door {
        let found = DOORS.iter().find(|door| door.table == self);
        found.unwrap_or(&DOORS[0])
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        self.door().name
    }

    /// The domain command its rows become; none where they are kept.
    pub fn command(self) -> Option<&'static str> {
        self.door().command
    }
}

impl FromStr for Table {
    type Err = CallsError;

    fn from_str(text: &str) -> Result<Self, CallsError> {
        if let Some(door) = DOORS.iter().find(|door| door.name == text) {
            return Ok(door.table);
        }
        let names: Vec<&str> = DOORS.iter().map(|door| door.name).collect();
        Err(CallsError::Parameter(format!(
            "\"{text}\" is no table; use one of {}",
            names.join(", ")
        )))
    }
}

/// How one export of a table is laid out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableMapping {
    /// The name reports print.
    pub name: String,
    /// The table.
    pub table: Table,
    /// The file's layout.
    #[serde(default)]
    pub file: FileLayout,
    /// The command's field → where it stands.
    fields: BTreeMap<String, Cell>,
}

/// The mappings that ship with Segue: each table with the fields' own names as columns.
static SHIPPED: [(&str, &str); 11] = [
    (
        "roster",
        include_str!("../../../../mappings/tables/roster.toml"),
    ),
    (
        "licences",
        include_str!("../../../../mappings/tables/licences.toml"),
    ),
    (
        "training",
        include_str!("../../../../mappings/tables/training.toml"),
    ),
    (
        "access",
        include_str!("../../../../mappings/tables/access.toml"),
    ),
    ("qa", include_str!("../../../../mappings/tables/qa.toml")),
    (
        "surveys",
        include_str!("../../../../mappings/tables/surveys.toml"),
    ),
    (
        "agent_work",
        include_str!("../../../../mappings/tables/agent-work.toml"),
    ),
    (
        "callbacks",
        include_str!("../../../../mappings/tables/callbacks.toml"),
    ),
    (
        "dispositions",
        include_str!("../../../../mappings/tables/dispositions.toml"),
    ),
    (
        "oncall",
        include_str!("../../../../mappings/tables/oncall.toml"),
    ),
    (
        "agent_state",
        include_str!("../../../../mappings/tables/agent-state.toml"),
    ),
];

impl TableMapping {
    /// A mapping file, or the shipped one of that name.
    ///
    /// # Errors
    /// The file cannot be read or is no mapping.
    pub fn find(name: &str) -> Result<Self, CallsError> {
        let (text, origin) = shipped::text(name, &SHIPPED)?;
        Self::parse(&text, &origin)
    }

    /// Checks a mapping's text; `origin` names it in errors.
    ///
    /// # Errors
    /// It is no mapping of a table.
    pub fn parse(text: &str, origin: &str) -> Result<Self, CallsError> {
        let wrong = |what: String| CallsError::Mapping {
            mapping: origin.to_owned(),
            what,
        };
        let mapping: Self = toml::from_str(text).map_err(|error| {
            wrong(format!(
                "{}; see mappings/tables/roster.toml",
                error.to_string().trim()
            ))
        })?;
        for (field, cell) in &mapping.fields {
            cell.check(field).map_err(wrong)?;
        }
        Ok(mapping)
    }
}

/// Rows that become one command.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The lines they start on.
    pub lines: Vec<u64>,
    /// The command's fields.
    pub fields: Map<String, Value>,
}

/// A table, read.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRows {
    /// Rows read.
    pub read: u64,
    /// What the desk is asked, in the order of the file.
    pub batches: Vec<Batch>,
    /// Rows that cannot be read, by line, with the reason.
    pub quarantined: Vec<(u64, String)>,
}

/// Reads a table.
///
/// # Errors
/// The file cannot be read, is no text, lacks a column or has more than [`ROWS_MAX`] rows.
pub fn read_table(
    input: impl Read,
    path: &Path,
    mapping: &TableMapping,
) -> Result<TableRows, CallsError> {
    let unreadable = |source: io::Error| CallsError::ReadInput {
        path: path.to_owned(),
        source,
    };
    let layout = layout(&mapping.file).map_err(|what| CallsError::Mapping {
        mapping: mapping.name.clone(),
        what,
    })?;
    let mut rows = Rows::new(input, layout).map_err(unreadable)?;
    let mut fields = Fields::new(layout);
    let header = read_header(&mut rows, &mut fields, path)?;
    let columns = columns(mapping, &header, path)?;
    let mut table = TableRows {
        read: 0,
        batches: Vec::new(),
        quarantined: Vec::new(),
    };
    let mut row = RawRow::default();
    while rows.next_row(&mut row).map_err(unreadable)? {
        table.read += 1;
        if table.read > ROWS_MAX {
            return Err(CallsError::Parameter(format!(
                "{} has more than {ROWS_MAX} rows; split it",
                path.display()
            )));
        }
        fields.split(&row.bytes);
        let whole = row.fault.is_none() && fields.len() == header.len();
        let object = if whole {
            object(&columns, |column| fields.get(&row.bytes, column))
        } else {
            Err(format!(
                "the row has {} columns, the header {}",
                fields.len(),
                header.len()
            ))
        };
        match object {
            Ok(object) => table.add(mapping.table, row.line, object),
            Err(reason) => table.quarantined.push((row.line, reason)),
        }
    }
    Ok(table)
}

/// A field, how it is written, and its column in this file.
type Place<'a> = (&'a str, &'a Cell, Option<usize>);

/// Each field with its column in this file.
fn columns<'a>(
    mapping: &'a TableMapping,
    header: &[String],
    path: &Path,
) -> Result<Vec<Place<'a>>, CallsError> {
    let place = |(field, cell): (&'a String, &'a Cell)| {
        let Some(column) = &cell.column else {
            return Ok((field.as_str(), cell, None));
        };
        let found = header
            .iter()
            .position(|name| name.eq_ignore_ascii_case(column));
        if found.is_none() && !cell.optional {
            return Err(CallsError::MissingColumn {
                path: path.to_owned(),
                mapping: mapping.name.clone(),
                column: column.clone(),
                found: header.join(", ").chars().take(400).collect(),
            });
        }
        Ok((field.as_str(), cell, found))
    };
    mapping.fields.iter().map(place).collect()
}

fn object<'a>(
    columns: &[Place<'_>],
    get: impl Fn(usize) -> Option<&'a str>,
) -> Result<Map<String, Value>, String> {
    let mut object = Map::new();
    for (field, cell, column) in columns {
        let text = match column {
            Some(column) => get(*column).ok_or("the row holds bytes that are no text")?,
            None => cell.value.as_deref().unwrap_or_default(),
        };
        if let Some(value) = cell.read(field, text)? {
            object.insert((*field).to_owned(), value);
        }
    }
    Ok(object)
}

impl TableRows {
    fn add(&mut self, table: Table, line: u64, mut object: Map<String, Value>) {
        let door = table.door();
        let Some(list) = door.list else {
            self.batches.push(Batch {
                lines: vec![line],
                fields: object,
            });
            return;
        };
        let mut fields = Map::new();
        for name in door.head {
            if let Some(value) = object.remove(*name) {
                fields.insert((*name).to_owned(), value);
            }
        }
        let same = |batch: &&mut Batch| {
            fields
                .iter()
                .all(|(name, value)| batch.fields.get(name) == Some(value))
        };
        let open = self
            .batches
            .iter_mut()
            .rev()
            .find(same)
            .filter(|_| !door.head.is_empty());
        if let Some(batch) = open
            && let Some(Value::Array(items)) = batch.fields.get_mut(list)
        {
            items.push(Value::Object(object));
            batch.lines.push(line);
            return;
        }
        fields.insert(list.to_owned(), Value::Array(vec![Value::Object(object)]));
        self.batches.push(Batch {
            lines: vec![line],
            fields,
        });
    }
}
