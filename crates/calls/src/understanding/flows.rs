//! The ways calls really go, from the legs of each contact, beside the flows that were written down.

use super::history::{Call, Name, Names};
use super::ratio::Ratio;
use crate::record::Outcome;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Different ways kept; contacts on others are counted.
const PATHS_MAX: usize = 5_000;
/// Legs of one way that are told apart.
const LEGS_MAX: usize = 8;

/// One way and who went it.
#[derive(Debug, Clone, Serialize)]
pub struct Path {
    /// The line reached.
    pub line: String,
    /// The types (queues) in order, with transfer targets.
    pub steps: Vec<String>,
    /// How it ended.
    pub ending: &'static str,
    /// Contacts.
    pub contacts: u64,
    /// Their time in queues: ms over the contacts of which it is known.
    pub mean_wait_ms: Ratio,
    /// Their handling: ms over the contacts of which it is known.
    pub mean_handle_ms: Ratio,
}

/// The ways of a history.
#[derive(Debug, Clone, Serialize)]
pub struct Paths {
    /// The ways, most travelled first.
    pub paths: Vec<Path>,
    /// Contacts on ways beyond the bound.
    pub others: u64,
}

/// A flow as written down.
#[derive(Debug, Clone)]
pub struct DocumentedFlow {
    /// The number.
    pub line: String,
    /// Its steps, overflow and escalation, in words.
    pub steps: Vec<String>,
}

impl DocumentedFlow {
    /// Whether it is the flow of this line, in whatever way the number is written.
    pub fn is_of(&self, line: &str) -> bool {
        is_same_line(&self.line, line)
    }

    /// Whether any of its texts holds the words of a step, whatever their case.
    pub fn names(&self, step: &str) -> bool {
        let step = step.to_lowercase();
        let mut texts = self.steps.iter();
        texts.any(|text| text.to_lowercase().contains(&step))
    }
}

/// Where the calls and the written flows differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "difference", rename_all = "snake_case")]
pub enum FlowDifference {
    /// A line with calls has no flow written down.
    NotDocumented {
        /// The line.
        line: String,
        /// Contacts.
        contacts: u64,
    },
    /// A line with a flow has no calls.
    NoCalls {
        /// The line.
        line: String,
    },
    /// Calls of a line reach a step that its flow does not name.
    StepNotDocumented {
        /// The line.
        line: String,
        /// The step.
        step: String,
        /// Contacts.
        contacts: u64,
    },
}

#[derive(PartialEq, Eq, Hash)]
struct Way {
    line: Name,
    steps: Vec<Name>,
    ending: Outcome,
}

#[derive(Default)]
struct Sums {
    contacts: u64,
    wait_ms: u64,
    waits: u64,
    handle_ms: u64,
    handles: u64,
}

/// Collects ways day by day.
#[derive(Default)]
pub(super) struct Miner {
    ways: HashMap<Way, Sums>,
    others: u64,
}

impl Miner {
    /// Takes a day's calls, in order of time.
    pub(super) fn day(&mut self, calls: &[Call], names: &mut Names) {
        let mut contacts: BTreeMap<u64, Vec<&Call>> = BTreeMap::new();
        for call in calls {
            contacts.entry(call.root).or_default().push(call);
        }
        for legs in contacts.values() {
            self.contact(legs, names);
        }
    }

    fn contact(&mut self, legs: &[&Call], names: &mut Names) {
        let (Some(first), Some(last)) = (legs.first(), legs.last()) else {
            return;
        };
        let mut steps: Vec<Name> = Vec::new();
        for leg in legs.iter().take(LEGS_MAX) {
            if leg.kind != Names::NONE && steps.last() != Some(&leg.kind) {
                steps.push(leg.kind);
            }
            if leg.transfer_to != Names::NONE {
                let target = format!("transfer to {}", names.text(leg.transfer_to));
                steps.push(names.of(&target));
            }
        }
        let way = Way {
            line: first.line,
            steps,
            ending: last.outcome,
        };
        if self.ways.len() >= PATHS_MAX && !self.ways.contains_key(&way) {
            self.others += 1;
            return;
        }
        let sums = self.ways.entry(way).or_default();
        sums.contacts += 1;
        let known = |values: &mut dyn Iterator<Item = u64>| values.reduce(u64::saturating_add);
        if let Some(ms) = known(&mut legs.iter().filter_map(|leg| leg.wait_ms)) {
            sums.wait_ms += ms;
            sums.waits += 1;
        }
        if let Some(ms) = known(&mut legs.iter().filter_map(|leg| leg.handle_ms)) {
            sums.handle_ms += ms;
            sums.handles += 1;
        }
    }

    pub(super) fn finish(self, names: &Names) -> Paths {
        let mut paths: Vec<Path> = self
            .ways
            .into_iter()
            .map(|(way, sums)| Path {
                line: names.text(way.line).to_owned(),
                steps: way
                    .steps
                    .iter()
                    .map(|step| names.text(*step).to_owned())
                    .collect(),
                ending: way.ending.name(),
                contacts: sums.contacts,
                mean_wait_ms: Ratio::new(sums.wait_ms, sums.waits),
                mean_handle_ms: Ratio::new(sums.handle_ms, sums.handles),
            })
            .collect();
        paths.sort_by(|a, b| {
            let key = |path: &Path| (path.line.clone(), path.steps.clone(), path.ending);
            b.contacts
                .cmp(&a.contacts)
                .then_with(|| key(a).cmp(&key(b)))
        });
        Paths {
            paths,
            others: self.others,
        }
    }
}

impl Paths {
    /// The differences from the flows written down. A step counts as named where any text of the flow holds its words, whatever
    /// their case.
    pub fn compare(&self, documented: &[DocumentedFlow]) -> Vec<FlowDifference> {
        let mut lines: BTreeMap<&str, (u64, BTreeMap<&str, u64>)> = BTreeMap::new();
        for path in self.paths.iter().filter(|path| !path.line.is_empty()) {
            let line = lines.entry(&path.line).or_default();
            line.0 += path.contacts;
            for step in &path.steps {
                *line.1.entry(step).or_default() += path.contacts;
            }
        }
        let mut all = Vec::new();
        for (line, (contacts, steps)) in &lines {
            let Some(flow) = documented.iter().find(|flow| flow.is_of(line)) else {
                all.push(FlowDifference::NotDocumented {
                    line: (*line).to_owned(),
                    contacts: *contacts,
                });
                continue;
            };
            let missing = steps.iter().filter(|(step, _)| !flow.names(step));
            all.extend(
                missing.map(|(step, contacts)| FlowDifference::StepNotDocumented {
                    line: (*line).to_owned(),
                    step: (*step).to_owned(),
                    contacts: *contacts,
                }),
            );
        }
        let silent = documented
            .iter()
            .filter(|flow| !lines.keys().any(|line| flow.is_of(line)));
        all.extend(silent.map(|flow| FlowDifference::NoCalls {
            line: flow.line.clone(),
        }));
        all
    }
}

/// The same line, or the same number in two ways of writing it.
fn is_same_line(a: &str, b: &str) -> bool {
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let (x, y) = (digits(a), digits(b));
    let tail = |text: &str| text[text.len().saturating_sub(10)..].to_owned();
    a == b || (x.len() >= 7 && y.len() >= 7 && tail(&x) == tail(&y))
}
