//! Every live agent knows both cultures, in the version in force (B4).

use super::{CultureKind, profiles};
use crate::Decided;
use crate::canonical;
use crate::chunks::Chunk;
use crate::event::Event;
use crate::gates::{Finding, GateLeg};
use crate::ids::AgentId;
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use crate::{agents, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Agents named in a finding; the outsourcer's own roster has them all.
const AGENTS_SHOWN: usize = 5;

/// One agent's quiz after reading a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct QuizResult {
    /// The agent.
    pub agent: AgentId,
    /// Questions answered right.
    pub correct: u32,
    /// Questions asked.
    pub asked: u32,
}

/// Records that agents have read a profile, with their quiz.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AcknowledgeCulture {
    /// Whose culture.
    pub culture: CultureKind,
    /// The version in force.
    pub version: u32,
    /// The agents.
    pub results: Vec<QuizResult>,
}

/// Agents have read a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CultureAcknowledged {
    /// Whose culture.
    pub culture: CultureKind,
    /// The version.
    pub version: u32,
    /// The agents.
    pub results: Vec<QuizResult>,
    /// When.
    pub at: Timestamp,
}

/// What one agent knows of one culture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AgentCulture {
    /// The newest version whose quiz was passed; 0 is none.
    pub version: u32,
    /// The last quiz: version, right answers, questions.
    pub last_quiz: (u32, u32, u32),
}

/// Whether the agent may take calls: both cultures known, or a former version within its days of grace.
///
/// A clinical change has no grace. The days end exactly when they are over.
pub fn is_up_to_date(t: &Transition, agent: &AgentId, now: Timestamp) -> bool {
    CultureKind::ALL
        .into_iter()
        .all(|kind| knows(t, agent, kind, now))
}

fn knows(t: &Transition, agent: &AgentId, kind: CultureKind, now: Timestamp) -> bool {
    let known = t.culture.agents.get(agent).and_then(|a| a.get(&kind));
    let known = known.map_or(0, |a| a.version);
    let grace_h = t
        .terms
        .culture
        .acknowledgement_grace_days
        .saturating_mul(24);
    let newer = profiles::in_force(t, kind).filter(|v| v.proposed.version > known);
    newer.into_iter().all(|v| {
        let since = v.in_force_from.unwrap_or(Timestamp::MIN);
        let in_grace = now < canonical::hours_after(since, grace_h);
        known > 0 && in_grace && !v.proposed.profile.clinical
    })
}

/// Agents on the roster who are up to date with one culture, and all of them.
pub(super) fn counts(t: &Transition, kind: CultureKind, now: Timestamp) -> (usize, usize) {
    let up = t.agents.keys().filter(|agent| knows(t, agent, kind, now));
    (up.count(), t.agents.len())
}

/// Agents rostered for the chunk who are not up to date (B4).
pub(crate) fn gate_findings(t: &Transition, chunk: &Chunk, now: Timestamp) -> Vec<Finding> {
    let rostered: Vec<_> = agents::rostered_for(t, &chunk.planned.call_type).collect();
    let finding = |kind: CultureKind| {
        let version = profiles::current(t, kind)?.proposed.version;
        let behind = rostered.iter().filter(|a| !knows(t, &a.agent, kind, now));
        let behind: Vec<_> = behind.map(|a| a.agent.to_string()).collect();
        let (up, all) = (rostered.len() - behind.len(), rostered.len());
        let first = behind.get(..AGENTS_SHOWN.min(behind.len()))?.join(", ");
        let rest = match behind.len().saturating_sub(AGENTS_SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let text = format!(
            "{up}/{all} agents know the {} in version {version}; not yet: {first}{rest}",
            kind.words()
        );
        (!behind.is_empty()).then(|| GateLeg::Agents.finds(text))
    };
    CultureKind::ALL.into_iter().filter_map(finding).collect()
}

pub(crate) fn acknowledge(t: &Transition, c: &AcknowledgeCulture, now: Timestamp) -> Decided {
    text::list("agents", &c.results)?;
    if profiles::current(t, c.culture).map(|v| v.proposed.version) != Some(c.version) {
        let mut refusal = profiles::unknown(c.culture, c.version);
        refusal
            .missing
            .push("the version in force, signed by both".into());
        return Err(refusal);
    }
    for result in &c.results {
        if !t.agents.contains_key(&result.agent) {
            return Err(Refusal::new(Code::Unknown)
                .missing(format!("agent `{}` on the roster", result.agent))
                .who("the outsourcer")
                .how("roster the agent first (`segue do roster-agents`)"));
        }
        if result.asked == 0 || result.correct > result.asked {
            return Err(bad(format!(
                "a quiz of agent {} with right answers ≤ questions, at least one question",
                result.agent
            )));
        }
    }
    let known = |r: &QuizResult| {
        t.culture
            .agents
            .get(&r.agent)
            .and_then(|a| a.get(&c.culture))
    };
    let quiz = |r: &QuizResult| (c.version, r.correct, r.asked);
    let new = |r: &&QuizResult| known(r).is_none_or(|a| a.last_quiz != quiz(r));
    let results: Vec<_> = c.results.iter().filter(new).cloned().collect();
    if results.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::CultureAcknowledged(CultureAcknowledged {
        culture: c.culture,
        version: c.version,
        results,
        at: now,
    })])
}

pub(crate) fn apply(t: &mut Transition, e: &CultureAcknowledged) {
    let pass_percent = u64::from(t.terms.culture.quiz_pass_percent);
    for r in &e.results {
        let agent = t.culture.agents.entry(r.agent.clone()).or_default();
        let known = agent.entry(e.culture).or_default();
        known.last_quiz = (e.version, r.correct, r.asked);
        let passed = u64::from(r.correct) * 100 >= u64::from(r.asked) * pass_percent;
        if passed {
            known.version = known.version.max(e.version);
        }
    }
}
