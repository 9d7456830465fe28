//! What the parity page shows: one picture per chunk, its measures, who did worse, the triggers and who owns them.
//!
//! The program hands the figures over as they were judged; nothing is computed here but where a line is drawn.

pub(crate) mod picture;

use crate::view::Aspect;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Everything the guards say now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ParityView {
    /// When the guards looked: knowledge as of then. Nothing: they have not yet.
    pub at: Option<Timestamp>,
    /// The chunks that are out, the one that needs somebody first.
    pub chunks: Vec<ChunkParity>,
    /// Chunks that are out and that no guard watches, with what to do.
    pub unwatched: Vec<(String, String)>,
    /// What may go wrong and who owns it.
    pub triggers: Vec<TriggerRow>,
}

/// One chunk, judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChunkParity {
    /// Its name: `RVS-Main/MSG`.
    pub chunk: String,
    /// The shape of the verdict on the step.
    pub aspect: Aspect,
    /// The verdict in a word: `Not proved`.
    pub word: String,
    /// The sentence a director repeats.
    pub finding: String,
    /// What holds it up, what decides it, and when.
    pub lead: String,
    /// What would have become of the same callers in-house, beside what really did; nothing where nothing was replayed.
    #[serde(default)]
    pub had_we_not_moved: Option<String>,
    /// The picture.
    pub picture: Option<Picture>,
    /// Every measure of the step.
    pub measures: Vec<MeasureRow>,
    /// Groups of callers that are compared.
    pub compared: Vec<String>,
    /// Each group against the limit that everybody was promised.
    #[serde(default)]
    pub groups: Vec<GroupRow>,
    /// How often the groups would hold by chance; nothing where there are none.
    #[serde(default)]
    pub groups_say: Option<String>,
    /// Groups that did worse.
    pub worse_off: Vec<WorseOff>,
    /// What is not known and could change the verdict, each with its next step.
    pub not_known: Vec<String>,
    /// Why the guard does what it does, the deciding reason first.
    pub reasons: Vec<String>,
    /// The calls behind it: how many, how fresh, what does not match.
    pub calls: Vec<String>,
}

/// One measure of both centres against what the contract allows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// `Answered within 30 s`.
    pub title: String,
    /// The finding below it, one sentence.
    pub caption: String,
    /// What is compared, in-house rows first.
    pub rows: Vec<PictureRow>,
    /// The limit, in percent.
    pub limit: f64,
    /// `3 points below in-house`.
    pub limit_says: String,
    /// Whether less than the limit is worse; otherwise more is.
    pub worse_below: bool,
}

/// One row of a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PictureRow {
    /// `In-house before the move`.
    pub label: String,
    /// `4,000 calls, frozen baseline`.
    pub note: String,
    /// Which side it is of.
    pub kind: RowKind,
    /// In percent.
    pub value: f64,
    /// Its interval, in percent.
    pub interval: Option<(f64, f64)>,
}

/// Whose row it is: in-house is a square and a solid band, outsourced a diamond and a dashed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    /// The client's centre.
    InHouse,
    /// What in-house would have done with all calls.
    Counterfactual,
    /// The outsourcer's centre.
    Outsourced,
}

/// One measure in the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasureRow {
    /// Its name.
    pub name: String,
    /// `Guardrail`, `Gate`, `Signal` or `Watch`.
    pub role: String,
    /// The figures of both centres.
    pub figures: String,
    /// What is allowed.
    pub limit: String,
    /// The shape of its verdict.
    pub aspect: Aspect,
    /// The verdict in a word.
    pub word: String,
    /// Why, with how fresh it is.
    pub says: String,
}

/// One group of callers at the outsourcer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRow {
    /// The group.
    pub group: String,
    /// The measure.
    pub measure: String,
    /// Bad calls of all.
    pub outsourced: String,
    /// The shape of its verdict.
    pub aspect: Aspect,
    /// The verdict in a word.
    pub word: String,
}

/// A segment that did worse at the outsourcer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorseOff {
    /// The segment.
    pub segment: String,
    /// The measure.
    pub measure: String,
    /// In-house.
    pub in_house: String,
    /// Outsourced.
    pub outsourced: String,
}

/// One trigger of the library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriggerRow {
    /// What may go wrong.
    pub kind: String,
    /// From where on it fires.
    pub fires: String,
    /// What it does: alarms a person, or acts alone because both signed.
    pub does: String,
    /// Who owns it, by role.
    pub owner: String,
    /// When it last fired in a test; nothing: never.
    pub tested: Option<String>,
    /// The shape of its state.
    pub aspect: Aspect,
    /// Its state in a word: `open`, `quiet`.
    pub word: String,
}
