//! What the account manager does for the client: present from the start, asks every week whether it is in the client's
//! interest, and is rated (B18).

use crate::Decided;
use crate::account_manager;
use crate::canonical;
use crate::event::Event;
use crate::lines::bad;
use crate::text;
use crate::transition::{Phase, Transition};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where the account manager is present from the start.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// The kickoff.
    Kickoff,
    /// Discovery.
    Discovery,
    /// The experience workshop.
    Workshop,
}

impl Occasion {
    const ALL: [Self; 3] = [Self::Kickoff, Self::Discovery, Self::Workshop];

    fn words(self) -> &'static str {
        match self {
            Self::Kickoff => "the kickoff",
            Self::Discovery => "discovery",
            Self::Workshop => "the experience workshop",
        }
    }
}

/// Records that the account manager was present.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordParticipation {
    /// Where.
    pub occasion: Occasion,
    /// Minutes or list of those present.
    pub reference: String,
}

/// The account manager's weekly answer: is this in the client's interest?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordInterestCheck {
    /// Yes or no.
    pub in_clients_interest: bool,
    /// What the answer rests on.
    pub evidence: String,
}

/// The client rates the account manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RateAccountManager {
    /// 1 (poor) to 5 (excellent).
    pub rating: u8,
    /// Why.
    pub reason: String,
}

/// The account manager was present.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participated {
    /// Where.
    pub occasion: Occasion,
    /// Where the minutes are.
    pub reference: String,
    /// When it was recorded.
    pub at: Timestamp,
}

/// The weekly question was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterestChecked {
    /// Yes or no.
    pub in_clients_interest: bool,
    /// What the answer rests on.
    pub evidence: String,
    /// When.
    pub at: Timestamp,
}

/// The weekly question was not answered: both sponsors know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterestCheckMissed {
    /// When it was due.
    pub due_at: Timestamp,
    /// When.
    pub at: Timestamp,
}

/// The client rated the account manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountManagerRated {
    /// 1–5.
    pub rating: u8,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// What discovery lacks of the account manager's presence.
pub(crate) fn discovery_findings(t: &Transition) -> Vec<String> {
    let missing = |occasion: &Occasion| !t.stewardship.present_at.contains(occasion);
    Occasion::ALL
        .into_iter()
        .filter(missing)
        .map(|occasion| format!("the account manager at {}", occasion.words()))
        .collect()
}

pub(crate) fn participate(t: &Transition, c: &RecordParticipation, now: Timestamp) -> Decided {
    account_manager::require(t)?;
    text::title("minutes or a list of those present", &c.reference)?;
    if t.stewardship.present_at.contains(&c.occasion) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::Participated(Participated {
        occasion: c.occasion,
        reference: c.reference.clone(),
        at: now,
    })])
}

pub(crate) fn check_interest(t: &Transition, c: &RecordInterestCheck, now: Timestamp) -> Decided {
    account_manager::require(t)?;
    text::free("what the answer rests on", &c.evidence)?;
    Ok(vec![Event::InterestChecked(InterestChecked {
        in_clients_interest: c.in_clients_interest,
        evidence: c.evidence.clone(),
        at: now,
    })])
}

pub(crate) fn rate(c: &RateAccountManager, now: Timestamp) -> Decided {
    if !(1..=5).contains(&c.rating) {
        return Err(bad("a rating from 1 (poor) to 5 (excellent)".into()));
    }
    text::free("the reason of the rating", &c.reason)?;
    Ok(vec![Event::AccountManagerRated(AccountManagerRated {
        rating: c.rating,
        reason: c.reason.clone(),
        at: now,
    })])
}

/// When the weekly question is due next: a week after the last answer, or after discovery opened. `None` before that and
/// after the last door is closed.
pub fn next_check_due(t: &Transition) -> Option<Timestamp> {
    if t.phase() == Phase::Closed {
        return None;
    }
    let last = t.stewardship.checks.last().map(|check| check.at);
    let from = last.or(t.discovery.opened_at)?;
    let hours = t
        .terms
        .account_manager
        .interest_check_days
        .saturating_mul(24);
    Some(canonical::hours_after(from, hours))
}

/// The missed check that goes to both sponsors now; once for each.
pub(crate) fn missed_check(t: &Transition, now: Timestamp) -> Option<InterestCheckMissed> {
    let due_at = next_check_due(t)?;
    let grace_h = t
        .terms
        .account_manager
        .interest_check_grace_days
        .saturating_mul(24);
    let told = t.stewardship.missed_at.is_some_and(|at| at >= due_at);
    let missed = now >= canonical::hours_after(due_at, grace_h) && !told;
    missed.then_some(InterestCheckMissed { due_at, at: now })
}

pub(crate) fn apply_participated(t: &mut Transition, e: &Participated) {
    t.stewardship.present_at.insert(e.occasion);
}

pub(crate) fn apply_checked(t: &mut Transition, e: &InterestChecked) {
    t.stewardship.checks.push(e.clone());
}

pub(crate) fn apply_missed(t: &mut Transition, e: &InterestCheckMissed) {
    t.stewardship.missed_at = Some(e.at);
}

pub(crate) fn apply_rated(t: &mut Transition, e: &AccountManagerRated) {
    t.stewardship.ratings.push(e.clone());
}
