//! The dedicated account manager: named before discovery, present while anything goes forward (B17–B19).

mod cockpit;
mod interest;

use crate::Decided;
use crate::canonical;
use crate::chunks::{Chunk, ChunkState};
use crate::event::Event;
use crate::ids::{PersonId, is_usable};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::share::TrafficShare;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub(crate) use cockpit::BOARD;
pub use interest::{
    AccountManagerRated, InterestCheckMissed, InterestChecked, Occasion, Participated,
    RateAccountManager, RecordInterestCheck, RecordParticipation, next_check_due,
};
pub(crate) use interest::{
    apply_checked, apply_missed, apply_participated, apply_rated, check_interest,
    discovery_findings, missed_check, participate, rate,
};

/// What the signed terms say of the account manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct ManagerTerms {
    /// Between two account managers, until the handover is done; longer blocks new chunks.
    pub gap_h: u32,
    /// Days from one interest check to the next.
    pub interest_check_days: u32,
    /// Days after which a missed interest check goes to both sponsors.
    pub interest_check_grace_days: u32,
}

impl Default for ManagerTerms {
    fn default() -> Self {
        Self {
            gap_h: 24,
            interest_check_days: 7,
            interest_check_grace_days: 2,
        }
    }
}

/// Names the account manager and the deputy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NameAccountManager {
    /// The one accountable person.
    pub person: PersonId,
    /// Who stands in.
    #[serde(default)]
    pub deputy: Option<PersonId>,
}

/// Takes the account manager off; new moves are refused until another is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RemoveAccountManager {}

/// Says that the account manager is away, or back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReportAccountManagerAbsence {
    /// Away, or back.
    pub absent: bool,
}

/// Says that the new account manager took over: the list is worked through, the culture quiz passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CompleteHandover {
    /// Where the signed handover list is.
    pub checklist: String,
    /// Where the passed quiz on both culture profiles is.
    pub culture_quiz: String,
}

/// Somebody is (or nobody is any more) the account manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountManagerChanged {
    /// The person, or nobody.
    pub person: Option<PersonId>,
    /// The deputy.
    pub deputy: Option<PersonId>,
    /// When.
    pub at: Timestamp,
}

/// The account manager is away, or back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountManagerAbsenceReported {
    /// Away, or back.
    pub absent: bool,
    /// When.
    pub at: Timestamp,
}

/// The new account manager took over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverCompleted {
    /// Where the list is.
    pub checklist: String,
    /// Where the quiz is.
    pub culture_quiz: String,
    /// When.
    pub at: Timestamp,
}

/// What is known of the account manager's work, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Stewardship {
    /// When somebody was named first.
    pub first_named_at: Option<Timestamp>,
    /// Who was named last.
    pub last: Option<PersonId>,
    /// Since when nobody has fully taken over from the one before.
    pub uncovered_since: Option<Timestamp>,
    /// Whether the account manager is away.
    pub absent: bool,
    /// Occasions the account manager was present at.
    pub present_at: BTreeSet<Occasion>,
    /// Every interest check, oldest first.
    pub checks: Vec<InterestChecked>,
    /// When a missed check went to the sponsors last.
    pub missed_at: Option<Timestamp>,
    /// The client's ratings, oldest first.
    pub ratings: Vec<AccountManagerRated>,
}

pub(crate) fn name(t: &Transition, c: &NameAccountManager, now: Timestamp) -> Decided {
    if c.deputy.as_ref() == Some(&c.person) {
        return Err(Refusal::new(Code::BadFact)
            .missing("a deputy who is another person")
            .how("name two people, or leave the deputy open"));
    }
    for person in c.deputy.iter().chain([&c.person]) {
        if !is_usable(person.as_str()) {
            return Err(bad(format!("`{person}` as an account name")));
        }
    }
    let same =
        |am: &AccountManagerChanged| am.person.as_ref() == Some(&c.person) && am.deputy == c.deputy;
    if t.account_manager.as_ref().is_some_and(same) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::AccountManagerChanged(AccountManagerChanged {
        person: Some(c.person.clone()),
        deputy: c.deputy.clone(),
        at: now,
    })])
}

#[expect(clippy::unnecessary_wraps, reason = "every decision has this shape")]
pub(crate) fn remove(t: &Transition, now: Timestamp) -> Decided {
    if t.account_manager.is_none() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::AccountManagerChanged(AccountManagerChanged {
        person: None,
        deputy: None,
        at: now,
    })])
}

pub(crate) fn report_absence(
    t: &Transition,
    c: &ReportAccountManagerAbsence,
    now: Timestamp,
) -> Decided {
    require(t)?;
    if t.stewardship.absent == c.absent {
        return Ok(Vec::new());
    }
    Ok(vec![Event::AccountManagerAbsenceReported(
        AccountManagerAbsenceReported {
            absent: c.absent,
            at: now,
        },
    )])
}

pub(crate) fn hand_over(t: &Transition, c: &CompleteHandover, now: Timestamp) -> Decided {
    require(t)?;
    text::title("where the handover list is", &c.checklist)?;
    text::title("where the passed culture quiz is", &c.culture_quiz)?;
    if t.stewardship.uncovered_since.is_none() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::HandoverCompleted(HandoverCompleted {
        checklist: c.checklist.clone(),
        culture_quiz: c.culture_quiz.clone(),
        at: now,
    })])
}

/// Refuses while nobody is the account manager.
pub(crate) fn require(t: &Transition) -> Result<(), Refusal> {
    if t.account_manager.is_some() {
        return Ok(());
    }
    Err(nobody("a named account manager"))
}

fn nobody(missing: &str) -> Refusal {
    Refusal::new(Code::NoAccountManager)
        .missing(missing)
        .who("the sponsors of both parties")
        .how("name one with `segue do name-account-manager --person NAME --deputy NAME`")
}

/// Who is on top of everything now: the account manager, the deputy while they are away, or nobody.
pub fn on_duty(t: &Transition) -> Option<&PersonId> {
    let am = t.account_manager.as_ref()?;
    if t.stewardship.absent {
        am.deputy.as_ref()
    } else {
        am.person.as_ref()
    }
}

/// Refuses that a chunk goes live for the first time while nobody is fully on top of it.
pub(crate) fn check_new_chunk(
    t: &Transition,
    chunk: &Chunk,
    _: TrafficShare,
    now: Timestamp,
) -> Result<(), Refusal> {
    if chunk.state == ChunkState::Live {
        return Ok(());
    }
    if on_duty(t).is_none() {
        return Err(nobody(
            "an account manager who is there, or a deputy: the account manager is reported away",
        ));
    }
    let Some(since) = t.stewardship.uncovered_since else {
        return Ok(());
    };
    let gap_h = t.terms.account_manager.gap_h;
    if now <= canonical::hours_after(since, gap_h) {
        return Ok(());
    }
    Err(Refusal::new(Code::AccountManagerGap)
        .missing(format!(
            "the handover to the new account manager; more than {gap_h} h since {}",
            text::minute(since)
        ))
        .who("the new account manager")
        .how("work through the handover list, pass the culture quiz, then `segue do complete-handover`"))
}

pub(crate) fn apply_changed(t: &mut Transition, e: &AccountManagerChanged) {
    let s = &mut t.stewardship;
    s.absent = false;
    if let Some(person) = &e.person {
        s.first_named_at = s.first_named_at.or(Some(e.at));
        let returns = s.last.as_ref() == Some(person);
        let gap_h = t.terms.account_manager.gap_h;
        let soon = |since: Timestamp| e.at <= canonical::hours_after(since, gap_h);
        match s.uncovered_since {
            Some(since) if returns && soon(since) => s.uncovered_since = None,
            None if s.last.is_some() && !returns => s.uncovered_since = Some(e.at),
            _ => {}
        }
        s.last = Some(person.clone());
    } else if t.account_manager.is_some() {
        s.uncovered_since = s.uncovered_since.or(Some(e.at));
    }
    t.account_manager = e.person.is_some().then(|| e.clone());
}
