//! The outsourcer's own training, and the client's check of it by a random sample (A23).

use crate::Decided;
use crate::agents::{name_some, rostered_for};
use crate::boards::{Board, Kind};
use crate::chunks::Chunk;
use crate::event::Event;
use crate::gates::{Finding, GateLeg};
use crate::ids::{AgentId, PersonId, is_usable};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};

/// One agent's result in one module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TrainingRecord {
    /// The agent.
    pub agent: AgentId,
    /// The module: `Appointment scheduling`.
    pub module: String,
    /// Score, 0–100.
    pub score_percent: u8,
    /// Who assessed; a record without one is an attestation.
    #[serde(default)]
    pub assessor: Option<PersonId>,
    /// The local date of the assessment.
    #[schemars(with = "String")]
    pub on: Date,
    /// The recording or paper that shows it.
    #[serde(default)]
    pub evidence: Option<String>,
}

impl TrainingRecord {
    /// Whether somebody can look at it again.
    fn is_evidenced(&self) -> bool {
        self.assessor.is_some() && self.evidence.is_some()
    }
}

/// Hands in the outsourcer's training records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordTraining {
    /// The records; one of the same agent and module is replaced.
    pub records: Vec<TrainingRecord>,
}

/// Draws the client's sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DrawTrainingSample {
    /// Chance, as a text both can check: dice, a lottery number, a headline.
    pub seed: String,
}

/// What the client found on looking at one agent's records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TrainingReview {
    /// The agent.
    pub agent: AgentId,
    /// Whether the client scores the agent as the outsourcer did.
    pub agrees: bool,
    /// What was different.
    #[serde(default)]
    pub note: String,
}

/// Reports reviews of the open sample; the last one judges it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReviewTraining {
    /// The reviews.
    pub reviews: Vec<TrainingReview>,
}

/// Training records stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingRecorded {
    /// As handed in.
    pub records: Vec<TrainingRecord>,
    /// When.
    pub at: Timestamp,
}

/// A sample was drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingSampleDrawn {
    /// The chance it came from.
    pub seed: String,
    /// The agents it was drawn from, in their order.
    pub population: Vec<AgentId>,
    /// The agents to review.
    pub drawn: BTreeSet<AgentId>,
    /// When.
    pub at: Timestamp,
}

/// Some of a sample were reviewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingReviewed {
    /// The reviews.
    pub reviews: Vec<TrainingReview>,
    /// When.
    pub at: Timestamp,
}

/// A sample is judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingSampleJudged {
    /// Reviews that agree, of records with assessor and evidence.
    pub agreeing: u32,
    /// Agents in the sample.
    pub of: u32,
    /// Whether the training counts as verified.
    pub verified: bool,
    /// The agents it speaks for: those with an assessor and evidence in every record.
    pub agents: BTreeSet<AgentId>,
    /// When.
    pub at: Timestamp,
}

/// A sample, in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sample {
    /// The fact that drew it.
    pub drawn: TrainingSampleDrawn,
    /// Reviews so far.
    pub reviews: BTreeMap<AgentId, TrainingReview>,
    /// Its judgement.
    pub judged: Option<TrainingSampleJudged>,
}

/// The training, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Training {
    /// Records by agent and module.
    pub records: BTreeMap<AgentId, BTreeMap<String, TrainingRecord>>,
    /// Samples, oldest first.
    pub samples: Vec<Sample>,
    /// The agents whose records, as they stand, a verified sample speaks for.
    pub verified: BTreeSet<AgentId>,
}

pub(crate) const BOARD: Kind = Kind {
    name: "training",
    says: "The outsourcer's training records, the client's sample of them, and how far they agree",
    may_see: None,
    draw: |t, _, _| draw(t),
};

impl Training {
    /// The sample that is still being reviewed.
    pub fn open_sample(&self) -> Option<&Sample> {
        self.samples.last().filter(|s| s.judged.is_none())
    }

    /// Whether somebody can look again at every record of the agent.
    fn is_evidenced(&self, agent: &AgentId) -> bool {
        let records = self.records.get(agent);
        records.is_some_and(|r| !r.is_empty() && r.values().all(TrainingRecord::is_evidenced))
    }

    /// Samples that failed since the last one that verified.
    fn failures(&self) -> u32 {
        let judged = self.samples.iter().rev().filter_map(|s| s.judged.as_ref());
        judged.take_while(|j| !j.verified).fold(0, |n, _| n + 1)
    }
}

/// Agents of the next sample: the agreed percent of the population, the agreed least, doubled after each failure.
pub fn sample_size(t: &Transition, population: usize) -> usize {
    let terms = &t.terms.testing;
    let part = population
        .saturating_mul(terms.sample_percent as usize)
        .div_ceil(100);
    let least = part.max(terms.sample_agents_min as usize).max(1);
    let doubled = 2_usize.saturating_pow(t.training.failures());
    least.saturating_mul(doubled).min(population)
}

/// The drawn agents: those whose HMAC-SHA-256 under the seed comes first. Both parties can compute it again.
pub fn draw_from(seed: &str, population: &[AgentId], size: usize) -> BTreeSet<AgentId> {
    let lot = |agent: &AgentId| {
        // Every length of key is a good key for HMAC; no lot at all would only change the order.
        let mac = Hmac::<Sha256>::new_from_slice(seed.as_bytes());
        mac.map(|mac| {
            mac.chain_update(agent.as_str())
                .finalize()
                .into_bytes()
                .to_vec()
        })
        .unwrap_or_default()
    };
    let mut lots: Vec<_> = population.iter().map(|agent| (lot(agent), agent)).collect();
    lots.sort();
    lots.into_iter()
        .take(size)
        .map(|(_, agent)| agent.clone())
        .collect()
}

/// Rostered agents of the chunk's type whose training the client has not verified.
pub(crate) fn findings(t: &Transition, chunk: &Chunk, _: Timestamp) -> Vec<Finding> {
    let agents = rostered_for(t, &chunk.planned.call_type).map(|a| &a.agent);
    let open: Vec<_> = agents
        .filter(|a| !t.training.verified.contains(*a))
        .collect();
    if open.is_empty() {
        return Vec::new();
    }
    let last = t.training.samples.last().and_then(|s| s.judged.as_ref());
    let text = match last.filter(|j| !j.verified) {
        Some(failed) => format!(
            "training verification FAILED {}/{}; the next sample is of {} agents",
            failed.agreeing,
            failed.of,
            sample_size(t, population(t).len())
        ),
        None => format!("training not verified: {}", name_some(&open)),
    };
    vec![GateLeg::Agents.finds(text)]
}

/// Rostered agents with records, in their order.
fn population(t: &Transition) -> Vec<AgentId> {
    let known = |agent: &&AgentId| t.training.records.contains_key(*agent);
    t.agents.keys().filter(known).cloned().collect()
}

pub(crate) fn record(t: &Transition, c: &RecordTraining, now: Timestamp) -> Decided {
    text::list("training records", &c.records)?;
    for record in &c.records {
        if !t.agents.contains_key(&record.agent) {
            return Err(Refusal::new(Code::Unknown)
                .missing(format!("agent `{}` on the roster", record.agent))
                .who("the outsourcer")
                .how("roster the agent first (`segue do roster-agents`)"));
        }
        text::title("the module", &record.module)?;
        if record.score_percent > 100 {
            return Err(bad("a score of 0–100 %".into()));
        }
        if record
            .assessor
            .as_ref()
            .is_some_and(|p| !is_usable(p.as_str()))
        {
            return Err(bad("a plain account name of the assessor".into()));
        }
        if let Some(evidence) = &record.evidence {
            text::title("where the recording is", evidence)?;
        }
    }
    let same = |r: &&TrainingRecord| {
        let modules = t.training.records.get(&r.agent);
        modules.and_then(|m| m.get(&r.module)) != Some(r)
    };
    let records: Vec<_> = c.records.iter().filter(same).cloned().collect();
    if records.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::TrainingRecorded(TrainingRecorded {
        records,
        at: now,
    })])
}

pub(crate) fn draw_sample(t: &Transition, c: &DrawTrainingSample, now: Timestamp) -> Decided {
    text::title("the seed of the sample", &c.seed)?;
    if let Some(open) = t.training.open_sample() {
        if open.drawn.seed == c.seed {
            return Ok(Vec::new());
        }
        let reviewed = |agent: &&AgentId| !open.reviews.contains_key(*agent);
        let left: Vec<_> = open.drawn.drawn.iter().filter(reviewed).collect();
        return Err(Refusal::new(Code::SampleOpen)
            .missing(format!("reviews of {}", name_some(&left)))
            .who("the client's reviewers")
            .how("review them (`segue do review-training`), then draw again"));
    }
    let population = population(t);
    if population.is_empty() {
        return Err(Refusal::new(Code::Unknown)
            .missing("training records of rostered agents")
            .who("the outsourcer")
            .how("let the outsourcer hand them in (`segue do record-training`)"));
    }
    let drawn = draw_from(&c.seed, &population, sample_size(t, population.len()));
    Ok(vec![Event::TrainingSampleDrawn(TrainingSampleDrawn {
        seed: c.seed.clone(),
        population,
        drawn,
        at: now,
    })])
}

pub(crate) fn review(t: &Transition, c: &ReviewTraining, now: Timestamp) -> Decided {
    text::list("reviews", &c.reviews)?;
    let Some(open) = t.training.open_sample() else {
        return Err(Refusal::new(Code::Unknown)
            .missing("an open sample")
            .who("the client")
            .how("draw one (`segue do draw-training-sample`)"));
    };
    let mut reviews = open.reviews.clone();
    for review in &c.reviews {
        if !open.drawn.drawn.contains(&review.agent) {
            let drawn: Vec<_> = open.drawn.drawn.iter().collect();
            return Err(bad(format!(
                "an agent of the sample instead of `{}`: {}",
                review.agent,
                name_some(&drawn)
            )));
        }
        if !review.note.is_empty() {
            text::free("what was different", &review.note)?;
        }
        reviews.insert(review.agent.clone(), review.clone());
    }
    if reviews == open.reviews {
        return Ok(Vec::new());
    }
    let complete = reviews.len() == open.drawn.drawn.len();
    let judged = complete.then(|| judge(t, open, &reviews, now));
    let reviewed = TrainingReviewed {
        reviews: c.reviews.clone(),
        at: now,
    };
    let mut events = vec![Event::TrainingReviewed(reviewed)];
    events.extend(judged.map(Event::TrainingSampleJudged));
    Ok(events)
}

/// An agent agrees when the client says so and every record can be looked at again.
fn judge(
    t: &Transition,
    sample: &Sample,
    reviews: &BTreeMap<AgentId, TrainingReview>,
    now: Timestamp,
) -> TrainingSampleJudged {
    let evidenced = |agent: &AgentId| t.training.is_evidenced(agent);
    let agrees = |r: &&TrainingReview| r.agrees && evidenced(&r.agent);
    let (agreeing, of) = (reviews.values().filter(agrees).count(), reviews.len());
    let enough = agreeing * 100 >= of * t.terms.testing.sample_agree_percent as usize;
    let verified = enough && reviews.keys().all(evidenced);
    let population = sample.drawn.population.iter();
    let agents = population.filter(|agent| verified && evidenced(agent));
    TrainingSampleJudged {
        agreeing: u32::try_from(agreeing).unwrap_or(u32::MAX),
        of: u32::try_from(of).unwrap_or(u32::MAX),
        verified,
        agents: agents.cloned().collect(),
        at: now,
    }
}

pub(crate) fn apply_recorded(t: &mut Transition, e: &TrainingRecorded) {
    for record in &e.records {
        let (agent, training) = (&record.agent, &mut t.training);
        let modules = training.records.entry(agent.clone()).or_default();
        modules.insert(record.module.clone(), record.clone());
        // What was reviewed and verified was another record.
        training.verified.remove(agent);
        if let Some(open) = training.samples.last_mut().filter(|s| s.judged.is_none()) {
            open.reviews.remove(agent);
        }
    }
}

pub(crate) fn apply_drawn(t: &mut Transition, e: &TrainingSampleDrawn) {
    t.training.samples.push(Sample {
        drawn: e.clone(),
        reviews: BTreeMap::new(),
        judged: None,
    });
}

pub(crate) fn apply_reviewed(t: &mut Transition, e: &TrainingReviewed) {
    if let Some(open) = t.training.samples.last_mut() {
        let reviews = e.reviews.iter().map(|r| (r.agent.clone(), r.clone()));
        open.reviews.extend(reviews);
    }
}

pub(crate) fn apply_judged(t: &mut Transition, e: &TrainingSampleJudged) {
    t.training.verified.clone_from(&e.agents);
    if let Some(open) = t.training.samples.last_mut() {
        open.judged = Some(e.clone());
    }
}

fn draw(t: &Transition) -> Board {
    let columns = [
        "agent", "module", "score", "assessor", "on", "evidence", "standing",
    ];
    let mut board = Board::new("Training and its verification", &columns);
    let open = t.training.open_sample();
    for (agent, modules) in &t.training.records {
        let sampled = open.is_some_and(|s| s.drawn.drawn.contains(agent));
        let standing = match () {
            () if t.training.verified.contains(agent) => "verified",
            () if sampled => "in the sample",
            () if !t.training.is_evidenced(agent) => "attested only",
            () => "not verified",
        };
        for record in modules.values() {
            let assessor = record.assessor.as_ref().map(ToString::to_string);
            board.row([
                agent.to_string(),
                record.module.clone(),
                format!("{} %", record.score_percent),
                assessor.unwrap_or_default(),
                record.on.to_string(),
                record.evidence.clone().unwrap_or_default(),
                standing.to_owned(),
            ]);
        }
    }
    for sample in &t.training.samples {
        let drawn: Vec<_> = sample.drawn.drawn.iter().map(AgentId::as_str).collect();
        let (seed, drawn) = (&sample.drawn.seed, drawn.join(", "));
        let verdict = match &sample.judged {
            None => format!(
                "{} of {} reviewed",
                sample.reviews.len(),
                sample.drawn.drawn.len()
            ),
            Some(j) if j.verified => format!("verified {}/{}", j.agreeing, j.of),
            Some(j) => format!("FAILED {}/{}", j.agreeing, j.of),
        };
        board.note(format!("Sample by seed `{seed}`: {verdict}; {drawn}"));
    }
    if open.is_none() {
        let size = sample_size(t, population(t).len());
        board.note(format!("The next sample is of {size} agents."));
    }
    board
}
