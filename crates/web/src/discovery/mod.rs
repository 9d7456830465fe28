//! The discovery workbench and its printed report: what is found out before anything is planned. The binary fills these in; the
//! same view makes the page and the paper.

mod bars;
mod flow;
mod heat;

pub use flow::{FlowStep, FlowView, PathView};
pub(crate) use heat::HeatRow;

use crate::format;
use crate::view::{Aspect, BlindSpot, CheckView};
use bars::{Bar, Part, Scale};
use serde::Serialize;
use std::fmt;

/// A count as this reader may see it. Counts of calls below eleven are withheld from outsiders, and with them those that would
/// give them away by subtraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Count {
    /// So many.
    Known(u64),
    /// Withheld.
    Withheld,
}

impl Default for Count {
    fn default() -> Self {
        Self::Known(0)
    }
}

impl Count {
    /// Known to be none.
    pub(crate) fn is_none(self) -> bool {
        self == Self::Known(0)
    }

    /// The count, where it is shown.
    pub fn known(self) -> Option<u64> {
        match self {
            Self::Known(count) => Some(count),
            Self::Withheld => None,
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(count) => f.write_str(&format::count(*count)),
            Self::Withheld => f.write_str("withheld"),
        }
    }
}

/// Everything on the page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DiscoveryView {
    /// What a director can repeat.
    pub finding: String,
    /// What holds it up, and who acts.
    pub lead: String,
    /// The reader is not of the party whose callers these are: small counts are withheld.
    pub limited: bool,
    /// Which records the figures rest on, with their days; nothing while none are imported.
    pub sources: String,
    /// Challenge and response, item by item.
    pub checks: Vec<CheckView>,
    /// Monday to Sunday.
    pub week: Vec<DayRow>,
    /// The peak, in a sentence.
    pub week_says: String,
    /// Waits by class, shortest first.
    pub waits: Vec<WaitRow>,
    /// How long callers wait and when they leave, in a sentence.
    pub waits_say: String,
    /// Call types, most frequent first, then those without calls.
    pub types: Vec<TypeRow>,
    /// The residue, in a sentence.
    pub types_say: String,
    /// The residue's standing.
    pub types_aspect: Aspect,
    /// Holidays and the days beside them; nothing where the history holds none.
    pub holidays: Vec<HolidayRow>,
    /// The ways calls go, line by line.
    pub flows: Vec<FlowView>,
    /// Where calls and written flows differ, in sentences.
    pub flow_differences: Vec<String>,
    /// Groups whose calls differ.
    pub groups: Vec<GroupRow>,
    /// How they were looked for, in a sentence.
    pub groups_say: String,
    /// Callers' and callbacks' figures, each with its words: first-call resolution, promises kept, blocked attempts.
    pub figures: Vec<(String, String)>,
    /// Headline numbers beside the raw log.
    pub reports: Vec<ReportRow>,
    /// Imports, newest first.
    pub imports: Vec<ImportRow>,
    /// Rows set aside.
    pub quarantine: QuarantineView,
    /// What the records do not hold.
    pub cannot_see: Vec<BlindSpot>,
    /// How fresh each source is.
    pub feeds: Vec<FeedRow>,
    /// How fast each mechanism really brings calls home.
    pub ways_home: Vec<WayHomeRow>,
}

/// A weekday's calls by hour.
#[derive(Clone, Debug, Serialize)]
pub struct DayRow {
    /// `Mon`.
    pub day: String,
    /// 24 hours.
    pub hours: Vec<Count>,
    /// All of them; withheld where it would give an hour away.
    pub total: Count,
}

/// Calls that waited about as long.
#[derive(Clone, Debug, Serialize)]
pub struct WaitRow {
    /// `5–10 s`.
    pub wait: String,
    /// Answered.
    pub answered: Count,
    /// Hung up.
    pub abandoned: Count,
}

/// A call type: what it is, what its calls are, what it asks of whoever answers it.
#[derive(Clone, Debug, Serialize)]
pub struct TypeRow {
    /// Its name.
    pub name: String,
    /// Offered calls.
    pub calls: Count,
    /// Their share of all.
    pub share: String,
    /// Part of them that hung up.
    pub abandoned: String,
    /// Mean handling time.
    pub handle: String,
    /// When its calls come, from the log.
    pub comes: String,
    /// When they are answered, as written down.
    pub answered: String,
    /// Who may answer.
    pub skills: String,
    /// Systems touched.
    pub systems: String,
    /// What tells its calls apart.
    pub told_apart: String,
}

/// A holiday's calls beside those of the same weekday.
#[derive(Clone, Debug, Serialize)]
pub struct HolidayRow {
    /// `Thanksgiving, 26 Nov 2026`.
    pub day: String,
    /// Offered on it.
    pub calls: Count,
    /// Mean of the same weekday.
    pub usual: String,
    /// How far it is from that.
    pub difference: String,
}

/// A group of callers whose calls differ.
#[derive(Clone, Debug, Serialize)]
pub struct GroupRow {
    /// Who: `language Spanish`.
    pub group: String,
    /// Calls of the group.
    pub calls: Count,
    /// What the records show.
    pub evidence: String,
    /// What to ask the people who take these calls.
    pub suggested_trait: String,
    /// Whether a profile describes them.
    pub aspect: Aspect,
    /// `Ask the nurses`, `Described`.
    pub word: String,
}

/// A report's headline number beside the raw log.
#[derive(Clone, Debug, Serialize)]
pub struct ReportRow {
    /// The report.
    pub report: String,
    /// As it says.
    pub reported: Count,
    /// As the log gives.
    pub reproduced: Count,
    /// The gap in percent.
    pub gap: String,
    /// Its standing.
    pub aspect: Aspect,
    /// Within the limit, explained, or open.
    pub word: String,
}

/// What became of the rows of one import.
#[derive(Clone, Debug, Serialize)]
pub struct ImportRow {
    /// The source.
    pub source: String,
    /// When, as people read it.
    pub at: String,
    /// Files in it.
    pub files: usize,
    /// Rows read.
    pub read: Count,
    /// Records kept, test calls among them.
    pub kept: Count,
    /// Repeated rows, and calls replaced by a later version.
    pub duplicates: Count,
    /// Rows set aside.
    pub quarantined: Count,
    /// Rows of calls that are erased.
    pub erased: Count,
}

/// Rows set aside: where they stand and why, never what they hold.
#[derive(Clone, Debug, Default, Serialize)]
pub struct QuarantineView {
    /// All of them.
    pub total: Count,
    /// Reason and rows, most frequent first.
    pub reasons: Vec<(String, Count)>,
    /// File, line and reason of the rows of this sheet.
    pub rows: Vec<(String, u64, String)>,
    /// The first of them, counted from 1.
    pub first: Count,
    /// Where the sheet before starts, and the one after.
    pub before: Option<u64>,
    /// The one after.
    pub after: Option<u64>,
}

/// How fresh a source is.
#[derive(Clone, Debug, Serialize)]
pub struct FeedRow {
    /// The source.
    pub source: String,
    /// Its records.
    pub records: Count,
    /// First and last day.
    pub days: String,
    /// How often it was fed.
    pub cadence: String,
    /// When it was fed last.
    pub last_fed: String,
}

/// How fast a mechanism brings calls home.
#[derive(Clone, Debug, Serialize)]
pub struct WayHomeRow {
    /// The mechanism.
    pub mechanism: String,
    /// Chunks that rely on it.
    pub chunks: String,
    /// Agreed, seconds.
    pub agreed: String,
    /// Measured in drills.
    pub drilled: String,
    /// Measured in real fallbacks.
    pub real: String,
}

/// The view with its drawings: what templates print.
pub(crate) struct Sheet {
    pub(crate) view: DiscoveryView,
    /// Whether links lead anywhere: on a page they do, on paper not.
    pub(crate) linked: bool,
    pub(crate) week: Vec<HeatRow>,
    pub(crate) waits: String,
    pub(crate) leaving: String,
    pub(crate) types: String,
    pub(crate) flows: Vec<(FlowView, String)>,
}

impl Sheet {
    pub(crate) fn new(mut view: DiscoveryView, linked: bool) -> Self {
        let flows = std::mem::take(&mut view.flows).into_iter().enumerate();
        Self {
            week: heat::rows(&view.week),
            waits: waits(&view.waits),
            leaving: leaving(&view.waits),
            types: types(&view.types),
            flows: flows
                .map(|(at, flow)| {
                    let drawn = flow::svg(&flow, &format!("flow-{at}"));
                    (flow, drawn)
                })
                .collect(),
            linked,
            view,
        }
    }
}

/// How many waited how long: answered, and hung up on top.
fn waits(rows: &[WaitRow]) -> String {
    let bars: Vec<Bar> = rows
        .iter()
        .map(|row| Bar {
            label: row.wait.clone(),
            parts: vec![
                Part::plain("answered", row.answered),
                Part::hatched("hung up", row.abandoned),
            ],
        })
        .collect();
    bars::columns(
        &bars,
        "waits",
        "Calls by how long they waited",
        &Scale::Calls,
    )
}

/// Of those whose wait ended in each class, the part that hung up.
fn leaving(rows: &[WaitRow]) -> String {
    let bars: Vec<Bar> = rows
        .iter()
        .filter_map(|row| {
            let (answered, abandoned) = (row.answered.known()?, row.abandoned.known()?);
            let all = answered + abandoned;
            let tenths = u128::from(abandoned) * 1_000 / u128::from(all.max(1));
            Some(Bar {
                label: row.wait.clone(),
                parts: if all == 0 {
                    Vec::new()
                } else {
                    let tenths = u64::try_from(tenths).unwrap_or(0);
                    vec![Part::hatched("hung up", Count::Known(tenths))]
                },
            })
        })
        .collect();
    bars::columns(
        &bars,
        "leaving",
        "Part that hung up, by how long they waited",
        &Scale::TenthsOfPercent,
    )
}

/// Calls by type.
fn types(rows: &[TypeRow]) -> String {
    let bars: Vec<Bar> = rows
        .iter()
        .filter(|row| row.calls != Count::Known(0))
        .map(|row| Bar {
            label: row.name.clone(),
            parts: vec![Part::plain("calls", row.calls)],
        })
        .collect();
    bars::lying(&bars, "types", "Calls by type")
}

/// A discovery report that needs nothing else: one HTML document with its style sheets inside.
#[derive(askama::Template)]
#[template(path = "discovery_report.html")]
pub struct DiscoveryReport {
    /// What people call the transition.
    transition: String,
    /// When it was made, as people read it.
    made_at: String,
    /// Whether the data are an example.
    example: bool,
    css: String,
    sheet: Sheet,
}

impl DiscoveryReport {
    /// The report of a view.
    pub fn new(transition: String, made_at: String, example: bool, view: DiscoveryView) -> Self {
        Self {
            transition,
            made_at,
            example,
            css: crate::assets::sheets(),
            sheet: Sheet::new(view, false),
        }
    }

    /// The whole document.
    ///
    /// # Errors
    /// Where the document cannot be made.
    pub fn to_html(&self) -> Result<String, askama::Error> {
        askama::Template::render(self)
    }
}
