//! Quality reviews: effective (guideline, disposition) and compassionate, by team; calibrated between both parties'
//! reviewers; an unsafe disposition is judged clinically before the next step (B20).

use crate::Decided;
use crate::acceptance::OutcomeRecord;
use crate::actor::Side;
use crate::boards::{Board, Kind};
use crate::chunks::Chunk;
use crate::event::Event;
use crate::ids::{AgentId, ChunkId, is_usable};
use crate::ladder::Rung;
use crate::lines::bad;
use crate::parity;
use crate::proof::{Counts, Verdict};
use crate::refusal::{Code, Refusal};
use crate::share::TrafficShare;
use crate::transition::Transition;
use crate::{agents, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the signed terms ask of quality where nurses triage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct QualityTerms {
    /// Appropriate dispositions, in whole percent of the reviews, at least.
    pub disposition_percent_min: u32,
    /// Reviews of each nurse, at least.
    pub reviews_per_nurse_min: u32,
    /// Agreement of both parties' reviewers on the same calls, in whole percent, at least.
    pub calibration_percent_min: u32,
}

impl Default for QualityTerms {
    fn default() -> Self {
        Self {
            disposition_percent_min: 95,
            reviews_per_nurse_min: 10,
            calibration_percent_min: 85,
        }
    }
}

/// Reviewed calls of one agent, or of a whole team where no agent is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct QaTally {
    /// The outsourcer's number of the agent; never for in-house reviews.
    #[serde(default)]
    pub agent: Option<AgentId>,
    /// Calls reviewed.
    pub reviewed: u32,
    /// With the right guideline.
    pub guideline_correct: u32,
    /// With the right disposition.
    pub disposition_appropriate: u32,
    /// With the empathy items met.
    pub compassionate: u32,
    /// With an unsafe disposition or another fatal error.
    #[serde(default)]
    pub auto_fails: u32,
}

/// Records reviews of one centre's calls of a chunk; in-house reviews are the baseline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordQaReviews {
    /// The chunk.
    pub chunk: ChunkId,
    /// Whose calls were reviewed: the client's are the baseline.
    pub centre: Side,
    /// The counts.
    pub tallies: Vec<QaTally>,
    /// Where the reviews are.
    pub reference: String,
}

/// Records answers of callers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordSurvey {
    /// The chunk.
    pub chunk: ChunkId,
    /// Whose calls: the client's are the baseline.
    pub centre: Side,
    /// Callers who answered.
    pub answered: u32,
    /// Satisfied.
    pub satisfied: u32,
    /// Whose questions were answered.
    pub questions_answered: u32,
}

/// Records how far both parties' reviewers agree on the same calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordCalibration {
    /// The chunk.
    pub chunk: ChunkId,
    /// Calls both reviewed.
    pub reviewed: u32,
    /// Calls both judged alike.
    pub agreed: u32,
}

/// The clinical lead judged the auto-fails of a chunk and lets it go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReviewAutoFails {
    /// The chunk.
    pub chunk: ChunkId,
    /// The judgement, and what was done.
    pub judgement: String,
}

macro_rules! fact {
    ($(#[$doc:meta] $name:ident { $command:ident: $type:ty })*) => {$(
        #[$doc]
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            /// As recorded.
            #[serde(flatten)]
            pub $command: $type,
            /// When.
            pub at: Timestamp,
        }
    )*};
}

fact! {
    /// Calls were reviewed.
    QaReviewed { reviews: RecordQaReviews }
    /// Callers answered.
    CallersSurveyed { survey: RecordSurvey }
    /// Reviewers of both parties compared their judgements.
    ReviewersCalibrated { calibration: RecordCalibration }
    /// The clinical lead judged the auto-fails.
    AutoFailsReviewed { review: ReviewAutoFails }
}

/// Reviews of one centre's calls of a chunk, in sum.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Reviews {
    /// Calls reviewed.
    pub reviewed: u64,
    /// Right guideline.
    pub guideline_correct: u64,
    /// Right disposition.
    pub disposition_appropriate: u64,
    /// Empathy items met.
    pub compassionate: u64,
    /// Reviews by agent.
    pub by_agent: BTreeMap<AgentId, u64>,
    /// Callers surveyed.
    pub surveyed: u64,
    /// Satisfied.
    pub satisfied: u64,
    /// Questions answered.
    pub questions_answered: u64,
}

/// Quality of one chunk, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ChunkQuality {
    /// In-house: the baseline.
    pub in_house: Reviews,
    /// Outsourced.
    pub outsourced: Reviews,
    /// The last calibration: judged alike, of both reviewed.
    pub calibration: Option<(u32, u32)>,
    /// Auto-fails of the outsourcer that nobody judged yet.
    pub auto_fails_open: u64,
}

/// Quality by chunk, in state.
pub type Quality = BTreeMap<ChunkId, ChunkQuality>;

pub(crate) const BOARD: Kind = Kind {
    name: "quality",
    says: "Effective and compassionate, by team: each chunk's reviews and surveys against in-house",
    may_see: None,
    draw: |t, _, _| draw(t),
};

impl ChunkQuality {
    fn of(&mut self, centre: Side) -> &mut Reviews {
        match centre {
            Side::Client => &mut self.in_house,
            Side::Outsourcer => &mut self.outsourced,
        }
    }
}

impl Reviews {
    fn dispositions(&self) -> Counts {
        Counts::new(self.disposition_appropriate, self.reviewed)
    }

    fn compassion(&self) -> Counts {
        Counts::new(self.compassionate, self.reviewed)
    }
}

pub(crate) fn review(t: &Transition, c: &RecordQaReviews, now: Timestamp) -> Decided {
    t.require_chunk(&c.chunk)?;
    text::list("tallies", &c.tallies)?;
    text::title("where the reviews are", &c.reference)?;
    for tally in &c.tallies {
        let parts = [
            tally.guideline_correct,
            tally.disposition_appropriate,
            tally.compassionate,
            tally.auto_fails,
        ];
        if tally.reviewed == 0 || parts.iter().any(|part| *part > tally.reviewed) {
            return Err(bad(
                "counts of reviews within the calls reviewed, above zero".into(),
            ));
        }
        let Some(agent) = &tally.agent else { continue };
        if c.centre == Side::Client || !is_usable(agent.as_str()) {
            return Err(bad(format!(
                "the outsourcer's own number instead of `{agent}`; in-house reviews name nobody"
            )));
        }
    }
    Ok(vec![Event::QaReviewed(QaReviewed {
        reviews: c.clone(),
        at: now,
    })])
}

pub(crate) fn survey(t: &Transition, c: &RecordSurvey, now: Timestamp) -> Decided {
    t.require_chunk(&c.chunk)?;
    if c.answered == 0 || c.satisfied.max(c.questions_answered) > c.answered {
        return Err(bad(
            "counts of a survey within the callers who answered".into()
        ));
    }
    let survey = c.clone();
    Ok(vec![Event::CallersSurveyed(CallersSurveyed {
        survey,
        at: now,
    })])
}

pub(crate) fn calibrate(t: &Transition, c: &RecordCalibration, now: Timestamp) -> Decided {
    t.require_chunk(&c.chunk)?;
    if c.reviewed == 0 || c.agreed > c.reviewed {
        return Err(bad(
            "calls judged alike within the calls both reviewed".into()
        ));
    }
    let calibration = c.clone();
    Ok(vec![Event::ReviewersCalibrated(ReviewersCalibrated {
        calibration,
        at: now,
    })])
}

pub(crate) fn judge(t: &Transition, c: &ReviewAutoFails, now: Timestamp) -> Decided {
    t.require_chunk(&c.chunk)?;
    text::free("the clinical judgement", &c.judgement)?;
    if t.quality
        .get(&c.chunk)
        .is_none_or(|q| q.auto_fails_open == 0)
    {
        return Ok(Vec::new());
    }
    let review = c.clone();
    Ok(vec![Event::AutoFailsReviewed(AutoFailsReviewed {
        review,
        at: now,
    })])
}

/// Refuses a forward step while an auto-fail waits for the clinical lead.
pub(crate) fn check(
    t: &Transition,
    chunk: &Chunk,
    _: TrafficShare,
    _: Timestamp,
) -> Result<(), Refusal> {
    let id = &chunk.planned.id;
    let open = t.quality.get(id).map_or(0, |q| q.auto_fails_open);
    if open == 0 {
        return Ok(());
    }
    Err(Refusal::new(Code::AutoFailOpen)
        .missing(format!("the clinical review of {open} auto-fails of {id}"))
        .who("the clinical lead")
        .how("judge them and record it (`segue do review-auto-fails`)"))
}

/// What acceptance lacks in quality: always parity where both centres were reviewed; all of B20 where nurses triage.
pub(crate) fn findings(
    t: &Transition,
    chunk: &Chunk,
    _: &OutcomeRecord,
    _: Timestamp,
) -> Vec<String> {
    let none = ChunkQuality::default();
    let q = t.quality.get(&chunk.planned.id).unwrap_or(&none);
    let triage = t.rung(&chunk.planned.call_type) == Some(Rung::Triage);
    let (margins, terms) = (&t.terms.margins, &t.terms.quality);
    let chance = margins.proof_chance_percent;
    let (ours, theirs) = (&q.in_house, &q.outsourced);
    let mut missing = Vec::new();
    let mut compare = |what, base: Counts, pilot: Counts, margin| {
        let measure = parity::compare(what, base, pilot, margin, chance);
        // Reviews are few: only a proved loss stops acceptance, as statistics.md has it for signals.
        if measure.verdict == Verdict::Worse {
            missing.push(measure.says);
        }
    };
    compare(
        "quality reviews",
        ours.dispositions(),
        theirs.dispositions(),
        margins.qa_points,
    );
    let satisfied = |r: &Reviews| Counts::new(r.satisfied, r.surveyed);
    compare(
        "satisfaction",
        satisfied(ours),
        satisfied(theirs),
        margins.satisfaction_points,
    );
    if q.auto_fails_open > 0 {
        missing.push(format!(
            "the clinical review of {} auto-fails",
            q.auto_fails_open
        ));
    }
    if triage {
        missing.extend(triage_findings(t, chunk, q, terms));
    }
    missing
}

fn triage_findings(
    t: &Transition,
    chunk: &Chunk,
    q: &ChunkQuality,
    terms: &QualityTerms,
) -> Vec<String> {
    let mut missing = Vec::new();
    let (ours, theirs) = (&q.in_house, &q.outsourced);
    if ours.reviewed == 0 || theirs.reviewed == 0 {
        return vec!["quality reviews of triage, in-house and outsourced".into()];
    }
    let dispositions = theirs.dispositions();
    let percent = u64::from(terms.disposition_percent_min);
    if dispositions.good * 100 < dispositions.all * percent {
        missing.push(format!(
            "appropriate dispositions in {percent} % of the reviews, not {:.1} %",
            dispositions.rate() * 100.0
        ));
    }
    // Not below the baseline: the baseline's own interval says what chance alone explains.
    let (least, _) = ours.compassion().interval();
    if theirs.compassion().rate() < least {
        missing.push(format!(
            "compassion not below the baseline: {:.1} % against {:.1} % in-house (at least {:.1} %)",
            theirs.compassion().rate() * 100.0,
            ours.compassion().rate() * 100.0,
            least * 100.0
        ));
    }
    let nurses = agents::rostered_for(t, &chunk.planned.call_type).map(|a| &a.agent);
    let nurses: std::collections::BTreeSet<_> = nurses.chain(theirs.by_agent.keys()).collect();
    let few = |n: &&&AgentId| {
        let reviews = theirs.by_agent.get(**n).copied().unwrap_or(0);
        reviews < u64::from(terms.reviews_per_nurse_min)
    };
    let short = nurses.iter().filter(few).count();
    if short > 0 || nurses.is_empty() {
        missing.push(format!(
            "{} reviews of each nurse; {short} of {} have fewer",
            terms.reviews_per_nurse_min,
            nurses.len()
        ));
    }
    let least = terms.calibration_percent_min;
    let calibrated =
        |(agreed, all): (u32, u32)| u64::from(agreed) * 100 >= u64::from(all) * u64::from(least);
    if !q.calibration.is_some_and(calibrated) {
        missing.push(format!(
            "a calibration in which both parties' reviewers agree in {least} %"
        ));
    }
    missing
}

pub(crate) fn apply_reviewed(t: &mut Transition, e: &QaReviewed) {
    let quality = t.quality.entry(e.reviews.chunk.clone()).or_default();
    for tally in &e.reviews.tallies {
        if e.reviews.centre == Side::Outsourcer {
            quality.auto_fails_open += u64::from(tally.auto_fails);
        }
        let of = quality.of(e.reviews.centre);
        of.reviewed += u64::from(tally.reviewed);
        of.guideline_correct += u64::from(tally.guideline_correct);
        of.disposition_appropriate += u64::from(tally.disposition_appropriate);
        of.compassionate += u64::from(tally.compassionate);
        if let Some(agent) = &tally.agent {
            *of.by_agent.entry(agent.clone()).or_default() += u64::from(tally.reviewed);
        }
    }
}

pub(crate) fn apply_surveyed(t: &mut Transition, e: &CallersSurveyed) {
    let of = t
        .quality
        .entry(e.survey.chunk.clone())
        .or_default()
        .of(e.survey.centre);
    of.surveyed += u64::from(e.survey.answered);
    of.satisfied += u64::from(e.survey.satisfied);
    of.questions_answered += u64::from(e.survey.questions_answered);
}

pub(crate) fn apply_calibrated(t: &mut Transition, e: &ReviewersCalibrated) {
    let quality = t.quality.entry(e.calibration.chunk.clone()).or_default();
    quality.calibration = Some((e.calibration.agreed, e.calibration.reviewed));
}

pub(crate) fn apply_judged(t: &mut Transition, e: &AutoFailsReviewed) {
    if let Some(quality) = t.quality.get_mut(&e.review.chunk) {
        quality.auto_fails_open = 0;
    }
}

fn draw(t: &Transition) -> Board {
    let columns = [
        "chunk",
        "team",
        "reviewed",
        "guideline",
        "disposition",
        "compassionate",
        "satisfied",
        "quadrant",
    ];
    let mut board = Board::new("Quality", &columns);
    let percent = |good: u64, all: u64| match all {
        0 => "–".to_owned(),
        _ => format!("{:.1} %", Counts::new(good, all).rate() * 100.0),
    };
    for (id, q) in &t.quality {
        for (team, r) in [("in-house", &q.in_house), ("outsourced", &q.outsourced)] {
            board.row([
                id.to_string(),
                team.to_owned(),
                r.reviewed.to_string(),
                percent(r.guideline_correct, r.reviewed),
                percent(r.disposition_appropriate, r.reviewed),
                percent(r.compassionate, r.reviewed),
                percent(r.satisfied, r.surveyed),
                quadrant(t, q, r),
            ]);
        }
        if q.auto_fails_open > 0 {
            board.note(format!(
                "{id}: {} auto-fails wait for the clinical lead",
                q.auto_fails_open
            ));
        }
    }
    board
}

/// Where a team stands: effective by the agreed percentage, compassionate by the in-house baseline.
fn quadrant(t: &Transition, q: &ChunkQuality, r: &Reviews) -> String {
    if r.reviewed == 0 {
        return "–".into();
    }
    let least = u64::from(t.terms.quality.disposition_percent_min);
    let effective = r.disposition_appropriate * 100 >= r.reviewed * least;
    let compassionate = r.compassion().rate() >= q.in_house.compassion().interval().0;
    let word = |so, word: &str| {
        if so {
            word.to_owned()
        } else {
            format!("not {word}")
        }
    };
    format!(
        "{}, {}",
        word(effective, "effective"),
        word(compassionate, "compassionate")
    )
}
