//! The issue desk: everything reported has an owner, a severity and a clock, from the first minute of go-live on (B19).

pub(crate) mod board;
mod clocks;

use crate::Decided;
use crate::actor::{Actor, Right, Role};
use crate::event::Event;
use crate::ids::{ChunkId, IssueId, PersonId};
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(crate) use board::BOARD;
pub use clocks::{Clocks, Due, due_at, escalations};

/// How bad it is; the clock of acknowledgement follows from it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Callers are in danger or unserved.
    Sev1,
    /// Callers are served badly.
    Sev2,
    /// Work is hindered.
    Sev3,
    /// Everything else.
    Sev4,
}

/// Whom an unacknowledged issue goes to.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EscalatedTo {
    /// The deputy account manager.
    Deputy,
    /// The sponsors of both parties: their signatories.
    Sponsors,
}

/// Reports an issue. Everybody who takes part may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReportIssue {
    /// What is wrong, in a line; no caller data.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// The chunk it concerns.
    #[serde(default)]
    pub chunk: Option<ChunkId>,
    /// More, if there is more to say.
    #[serde(default)]
    pub text: String,
}

/// Says that the account manager, the deputy or a sponsor is on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AcknowledgeIssue {
    /// The issue.
    pub issue: IssueId,
}

/// Closes an acknowledged issue with its cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ResolveIssue {
    /// The issue.
    pub issue: IssueId,
    /// Why it happened and what was done.
    pub cause: String,
}

/// Opens a resolved issue again; its clock starts anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReopenIssue {
    /// The issue.
    pub issue: IssueId,
    /// Why.
    pub reason: String,
}

/// Records whatever is past its clock now: issues to the deputy or the sponsors, a missed interest check to the sponsors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EscalateIssues {}

/// An issue was reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueReported {
    /// Its name.
    pub issue: IssueId,
    /// In a line.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// The chunk.
    pub chunk: Option<ChunkId>,
    /// More.
    pub text: String,
    /// Who reported it.
    pub person: PersonId,
    /// When; the clock runs from here.
    pub at: Timestamp,
}

/// Somebody is on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueAcknowledged {
    /// The issue.
    pub issue: IssueId,
    /// Who.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// Nobody was on it in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueEscalated {
    /// The issue.
    pub issue: IssueId,
    /// To whom.
    pub to: EscalatedTo,
    /// When its clock ran out.
    pub due_at: Timestamp,
    /// When.
    pub at: Timestamp,
}

/// It is over, and why it happened is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueResolved {
    /// The issue.
    pub issue: IssueId,
    /// Its cause.
    pub cause: String,
    /// When.
    pub at: Timestamp,
}

/// It is back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueReopened {
    /// The issue.
    pub issue: IssueId,
    /// Why.
    pub reason: String,
    /// When; the clock runs anew.
    pub at: Timestamp,
}

/// An issue in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Issue {
    /// The fact that reported it.
    pub reported: IssueReported,
    /// The clock runs from here: reported, or opened again.
    pub open_since: Timestamp,
    /// Who is on it, since it was opened last.
    pub acknowledged: Option<IssueAcknowledged>,
    /// To whom it went, since it was opened last.
    pub escalated: Vec<EscalatedTo>,
    /// Its cause, once resolved.
    pub resolved: Option<IssueResolved>,
}

/// Every issue, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Issues {
    by_id: BTreeMap<IssueId, Issue>,
}

impl Issues {
    /// Every issue.
    pub fn all(&self) -> impl Iterator<Item = &Issue> {
        self.by_id.values()
    }

    /// One issue.
    pub fn get(&self, id: &IssueId) -> Option<&Issue> {
        self.by_id.get(id)
    }

    fn require(&self, id: &IssueId) -> Result<&Issue, Refusal> {
        self.get(id).ok_or_else(|| {
            Refusal::new(Code::Unknown)
                .missing(format!("issue `{id}`"))
                .how("list issues with `segue show issues`")
        })
    }
}

impl Issue {
    /// Whether nobody has said to be on it.
    pub fn waits(&self) -> bool {
        self.acknowledged.is_none() && self.resolved.is_none()
    }
}

pub(crate) fn report(t: &Transition, c: &ReportIssue, actor: &Actor, now: Timestamp) -> Decided {
    text::title("what is wrong, in a line", &c.title)?;
    if !c.text.is_empty() {
        text::free("more about the issue", &c.text)?;
    }
    if let Some(chunk) = &c.chunk {
        t.require_chunk(chunk)?;
    }
    Ok(vec![Event::IssueReported(IssueReported {
        issue: IssueId(format!("ISS-{}", t.issues.by_id.len() + 1)),
        title: c.title.clone(),
        severity: c.severity,
        chunk: c.chunk.clone(),
        text: c.text.clone(),
        person: actor.person.clone(),
        at: now,
    })])
}

/// The account manager and the deputy are on top of issues; a sponsor may be, once it has come that far.
fn require_owner(t: &Transition, actor: &Actor) -> Result<(), Refusal> {
    let named = t
        .account_manager
        .as_ref()
        .is_some_and(|am| [&am.person, &am.deputy].contains(&&Some(actor.person.clone())));
    if named || actor.is(Role::AccountManager) || actor.may(Right::Sign) {
        return Ok(());
    }
    Err(Refusal::new(Code::NotAuthorised)
        .missing(format!(
            "`{}` as account manager, deputy or sponsor",
            actor.person
        ))
        .who("the account manager, the deputy, or a sponsor of either party")
        .how("let one of them acknowledge or resolve it"))
}

pub(crate) fn acknowledge(
    t: &Transition,
    c: &AcknowledgeIssue,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    let issue = t.issues.require(&c.issue)?;
    require_owner(t, actor)?;
    if !issue.waits() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::IssueAcknowledged(IssueAcknowledged {
        issue: c.issue.clone(),
        person: actor.person.clone(),
        at: now,
    })])
}

pub(crate) fn resolve(t: &Transition, c: &ResolveIssue, actor: &Actor, now: Timestamp) -> Decided {
    let issue = t.issues.require(&c.issue)?;
    require_owner(t, actor)?;
    text::free("the cause of the issue and what was done", &c.cause)?;
    if issue.resolved.is_some() {
        return Ok(Vec::new());
    }
    if issue.acknowledged.is_none() {
        return Err(Refusal::new(Code::WrongState)
            .missing(format!("somebody who is on {}", c.issue))
            .who("the account manager or the deputy")
            .how("acknowledge it first (`segue do acknowledge-issue`)"));
    }
    Ok(vec![Event::IssueResolved(IssueResolved {
        issue: c.issue.clone(),
        cause: c.cause.clone(),
        at: now,
    })])
}

pub(crate) fn reopen(t: &Transition, c: &ReopenIssue, now: Timestamp) -> Decided {
    let issue = t.issues.require(&c.issue)?;
    text::free("why it is open again", &c.reason)?;
    if issue.resolved.is_none() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::IssueReopened(IssueReopened {
        issue: c.issue.clone(),
        reason: c.reason.clone(),
        at: now,
    })])
}

#[expect(clippy::unnecessary_wraps, reason = "every decision has this shape")]
pub(crate) fn escalate(t: &Transition, now: Timestamp) -> Decided {
    let issues = escalations(t, now).into_iter().map(|due| {
        Event::IssueEscalated(IssueEscalated {
            issue: due.issue,
            to: due.to,
            due_at: due.at,
            at: now,
        })
    });
    let check = crate::account_manager::missed_check(t, now);
    Ok(issues
        .chain(check.map(Event::InterestCheckMissed))
        .collect())
}

pub(crate) fn apply_reported(t: &mut Transition, e: &IssueReported) {
    let issue = Issue {
        reported: e.clone(),
        open_since: e.at,
        acknowledged: None,
        escalated: Vec::new(),
        resolved: None,
    };
    t.issues.by_id.insert(e.issue.clone(), issue);
}

pub(crate) fn apply_acknowledged(t: &mut Transition, e: &IssueAcknowledged) {
    if let Some(issue) = t.issues.by_id.get_mut(&e.issue) {
        issue.acknowledged = Some(e.clone());
    }
}

pub(crate) fn apply_escalated(t: &mut Transition, e: &IssueEscalated) {
    if let Some(issue) = t.issues.by_id.get_mut(&e.issue) {
        issue.escalated.push(e.to);
    }
}

pub(crate) fn apply_resolved(t: &mut Transition, e: &IssueResolved) {
    if let Some(issue) = t.issues.by_id.get_mut(&e.issue) {
        issue.resolved = Some(e.clone());
    }
}

pub(crate) fn apply_reopened(t: &mut Transition, e: &IssueReopened) {
    if let Some(issue) = t.issues.by_id.get_mut(&e.issue) {
        issue.open_since = e.at;
        issue.acknowledged = None;
        issue.escalated.clear();
        issue.resolved = None;
    }
}
