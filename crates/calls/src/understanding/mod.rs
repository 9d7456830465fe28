//! What a call history tells beyond its KPIs: callers, patience, the week, the ways calls go, and groups that differ.
//!
//! One pass in order of time. Each part names its source: all of it rests on the records of the sources asked for, as their systems
//! wrote them; nothing here is taken from a router.

mod callers;
mod flows;
mod history;
mod hours;
mod profile;
mod ratio;
mod segments;

pub use callers::{CallersView, REDIAL_MIN, REPEAT_H};
pub use flows::{DocumentedFlow, FlowDifference, Path, Paths};
pub use hours::{HOLD_PERCENT, Hours, TypeHours};
pub use profile::{Holiday, HourCell, Profile, TypeShare, WAIT_ENDS_S, WaitClass};
pub use ratio::Ratio;
pub use segments::{ALPHA, CALLS_MIN, Dimension, Finding, Measure, Segments, time_of_day};

use crate::error::CallsError;
use crate::record::Outcome;
use crate::store::CallStore;
use callers::Callers;
use history::{Call, Names};
use jiff::Timestamp;
use jiff::civil::Date;
use segue_capacity::patience::{HANG_UPS_MIN, PatienceCurve};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// What to look at.
#[derive(Debug, Clone)]
pub struct Request {
    /// One source only.
    pub source: Option<String>,
    /// Local days.
    pub days: RangeInclusive<Date>,
    /// Types whose calls follow a care plan: calling again is no failure of theirs (§2.3), so they are left out of first-call
    /// resolution.
    pub follow_up_types: BTreeSet<String>,
    /// Holidays by local day, with what people call them.
    pub holidays: BTreeMap<Date, String>,
}

/// All that was found.
#[derive(Debug, Clone, Serialize)]
pub struct Understanding {
    /// The sources the figures rest on.
    pub sources: Vec<SourceFeed>,
    /// Offered calls.
    pub offered: u64,
    /// The callers' view.
    pub callers: CallersView,
    /// Busy and failed attempts over all attempts that carriers and PBXs recorded; no value where no source is one.
    pub blockage: Ratio,
    /// How long callers wait before they leave.
    pub patience: PatienceFound,
    /// The week, the waits, the types.
    pub profile: Profile,
    /// The ways calls go.
    pub flows: Paths,
    /// Groups that differ.
    pub segments: Segments,
    /// What these records cannot show.
    pub cannot_see: Vec<Gap>,
}

/// What records cannot show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The records concerned of all of their kind; nothing where all are.
    pub of: Option<Ratio>,
    /// The sentence; with `of`, what follows the count.
    pub says: String,
}

impl std::fmt::Display for Gap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(of) = self.of {
            write!(f, "{} of {} ", of.numerator, of.denominator)?;
        }
        f.write_str(&self.says)
    }
}

impl Serialize for Gap {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A source and how often it is fed.
#[derive(Debug, Clone, Serialize)]
pub struct SourceFeed {
    /// Its name.
    pub source: String,
    /// Records.
    pub records: u64,
    /// The first and the last local day it has records of.
    pub first_day: Option<Date>,
    /// The last.
    pub last_day: Option<Date>,
    /// Imports so far.
    pub imports: u64,
    /// When the first one was made.
    pub first_imported_at: Timestamp,
    /// When the last one was made.
    pub imported_at: Timestamp,
}

impl SourceFeed {
    /// How often it was fed, hours between two imports in the mean; nothing for a single one.
    pub fn every_h(&self) -> Option<f64> {
        let between = self.imports.checked_sub(1).filter(|between| *between > 0)?;
        let span = self.imported_at.duration_since(self.first_imported_at);
        Some(span.as_secs_f64() / 3_600.0 / ratio::real(between))
    }
}

/// Patience by Kaplan and Meier: who was answered would have waited longer.
#[derive(Debug, Clone, Serialize)]
pub struct PatienceFound {
    /// Callers who waited at all.
    pub waited: u64,
    /// Of them, hung up; the others are censored.
    pub abandoned: u64,
    /// Whether enough hung up for the curve to mean something.
    pub enough: bool,
    /// Half would still be waiting after this; nothing where too few left to know.
    pub median_s: Option<u64>,
    /// One in ten has left after this.
    pub tenth_left_s: Option<u64>,
    /// Still waiting, 0–1, after 20, 60, 120, 300 and 600 s.
    pub still_waiting: Vec<(u64, f64)>,
}

/// What the records of a history hold at all.
#[derive(Default)]
struct Seen {
    callers: u64,
    languages: u64,
    states: u64,
    handled: u64,
    answered: u64,
    waits: u64,
    chains: u64,
    records: u64,
    witnessed: u64,
    blocked: u64,
}

/// Looks at a history.
///
/// # Errors
/// A file of the store cannot be read or is damaged.
pub fn understand(calls: &CallStore, request: &Request) -> Result<Understanding, CallsError> {
    let mut names = Names::new();
    let mut callers = Callers::new();
    let mut profile = profile::Collector::new();
    let mut miner = flows::Miner::default();
    let mut groups = segments::Collector::default();
    let mut waits: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    let mut seen = Seen::default();
    let follow_up =
        |call: &Call, names: &Names| request.follow_up_types.contains(names.text(call.kind));
    let source = request.source.as_deref();
    history::by_day(
        calls,
        source,
        &request.days,
        &mut names,
        |date, day, names| {
            miner.day(day, names);
            let mut root = None;
            for call in day {
                seen.add(call, root.replace(call.root) == Some(call.root));
                if !call.outcome.is_offered() {
                    continue;
                }
                profile.offered(date, call);
                if let Some(wait_ms) = call.wait_ms.filter(|ms| *ms > 0) {
                    // Whole seconds, upwards: a curve of milliseconds tells no more.
                    let at = waits.entry(wait_ms.div_ceil(1_000)).or_default();
                    let place = if call.outcome == Outcome::Abandoned {
                        &mut at.1
                    } else {
                        &mut at.0
                    };
                    *place += 1;
                }
                let called_before = callers.offered(call, follow_up(call, names));
                groups.offered(call, called_before, names);
            }
            callers
                .end_of_day(&mut |settled| groups.settled(&settled.call, settled.repeated, names));
        },
    )?;
    let sources = feeds(calls, request)?;
    let cannot_see = seen.gaps(&sources);
    Ok(Understanding {
        offered: profile.offered_calls(),
        callers: callers.finish(),
        blockage: Ratio::new(seen.blocked, seen.witnessed),
        patience: PatienceFound::of(&waits)?,
        profile: profile.finish(&names, &request.holidays),
        flows: miner.finish(&names),
        segments: groups.compare(&names),
        cannot_see,
        sources,
    })
}

impl PatienceFound {
    fn of(waits: &BTreeMap<u64, (u64, u64)>) -> Result<Self, CallsError> {
        let counted = waits
            .iter()
            .map(|(wait_s, (answered, abandoned))| (wait_s * 1_000, *abandoned, *answered));
        let curve = PatienceCurve::learn_counted(counted)
            .map_err(|error| CallsError::Parameter(error.to_string()))?;
        let seconds = |ms: u64| ms / 1_000;
        Ok(Self {
            waited: curve.waited,
            abandoned: curve.abandoned,
            enough: curve.abandoned >= HANG_UPS_MIN,
            median_s: curve.quantile_ms(0.5).map(seconds),
            tenth_left_s: curve.quantile_ms(0.9).map(seconds),
            still_waiting: [20, 60, 120, 300, 600]
                .map(|wait_s| (wait_s, curve.still_waiting(wait_s * 1_000)))
                .to_vec(),
        })
    }
}

fn feeds(calls: &CallStore, request: &Request) -> Result<Vec<SourceFeed>, CallsError> {
    let mut feeds: BTreeMap<String, SourceFeed> = BTreeMap::new();
    for import in calls.manifest()?.imports {
        if request
            .source
            .as_ref()
            .is_some_and(|name| *name != import.source)
        {
            continue;
        }
        let feed = feeds
            .entry(import.source.clone())
            .or_insert_with(|| SourceFeed {
                source: import.source.clone(),
                records: 0,
                first_day: None,
                last_day: None,
                imports: 0,
                first_imported_at: import.imported_at,
                imported_at: import.imported_at,
            });
        feed.imports += 1;
        feed.first_imported_at = feed.first_imported_at.min(import.imported_at);
        feed.imported_at = feed.imported_at.max(import.imported_at);
        for part in &import.parts {
            feed.records += part.rows;
            let first = feed.first_day.map_or(part.day, |day| day.min(part.day));
            feed.first_day = Some(first);
            feed.last_day = feed.last_day.max(Some(part.day));
        }
    }
    Ok(feeds.into_values().collect())
}

impl Seen {
    fn add(&mut self, call: &Call, is_leg: bool) {
        self.records += 1;
        self.chains += u64::from(is_leg);
        self.callers += u64::from(call.caller.is_some());
        self.languages += u64::from(call.language != Names::NONE);
        self.states += u64::from(call.state != Names::NONE);
        self.waits += u64::from(call.wait_ms.is_some());
        self.answered += u64::from(call.outcome == Outcome::Answered);
        self.handled += u64::from(call.handle_ms.is_some());
        self.blocked += u64::from(call.outcome == Outcome::Blocked);
        let is_witness = matches!(call.outcome, Outcome::Blocked | Outcome::Connected);
        self.witnessed += u64::from(is_witness);
    }

    fn gaps(&self, sources: &[SourceFeed]) -> Vec<Gap> {
        if self.records == 0 {
            return vec![Gap::of_all("There are no calls to look at.")];
        }
        let lacking = |part: u64, whole: u64, says: &str| {
            (part > 0).then(|| Gap {
                of: Some(Ratio::new(part, whole)),
                says: says.to_owned(),
            })
        };
        let nowhere = |count: u64, says: &str| (count == 0).then(|| Gap::of_all(says));
        let gaps = [
            lacking(
                self.records - self.callers,
                self.records,
                "records name no caller: redials and repeats among them are not seen.",
            ),
            nowhere(
                self.languages,
                "No record names a language: groups of callers by language cannot be compared.",
            ),
            nowhere(
                self.states,
                "No record names the caller's state: where a nurse needs a licence is not known from them.",
            ),
            lacking(
                self.answered.saturating_sub(self.handled),
                self.answered,
                "answered calls have no known handling time: they are in no AHT.",
            ),
            nowhere(
                self.chains,
                "No record belongs to the same contact as another: transfers between queues are not seen as one call.",
            ),
            nowhere(
                self.witnessed,
                "No carrier's or PBX's records are imported: who met a busy line never reached these systems and is not counted.",
            ),
        ];
        let feeds = sources.iter().map(SourceFeed::last_fed);
        gaps.into_iter().flatten().chain(feeds).collect()
    }
}

impl SourceFeed {
    fn last_fed(&self) -> Gap {
        let day = self
            .last_day
            .map_or_else(|| "–".into(), |day| day.to_string());
        let imports = if self.imports == 1 {
            "import"
        } else {
            "imports"
        };
        Gap::of_all(&format!(
            "{}: nothing after {day}; last fed at {}, {} {imports} so far.",
            self.source, self.imported_at, self.imports
        ))
    }
}

impl Gap {
    fn of_all(says: &str) -> Self {
        Self {
            of: None,
            says: says.to_owned(),
        }
    }
}
