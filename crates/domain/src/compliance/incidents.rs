//! Security incidents and breaches with their clocks: the outsourcer tells the client by contract, those concerned are
//! told by law (164.400–414). An access anomaly points at the security log and holds nothing of it (§7.15).

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::canonical::hours_after;
use crate::event::Event;
use crate::ids::SecurityIncidentId;
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecurityIncidentKind {
    /// Something the security log already holds; nobody is watched for it.
    AccessAnomaly,
    /// An attempt, or data at risk.
    SecurityIncident,
    /// Patient data were seen by who should not have.
    Breach,
}

/// Who must be told.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// The outsourcer tells the client.
    ToClient,
    /// The client tells those concerned and the authorities.
    ToThoseConcerned,
}

/// Reports a security incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportSecurityIncident {
    /// What happened.
    pub kind: SecurityIncidentKind,
    /// At which party.
    pub at_party: Side,
    /// When it was discovered; the clocks start then.
    #[schemars(with = "String")]
    pub discovered_at: Timestamp,
    /// Where the incident is described.
    pub reference: String,
}

/// Says that somebody was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordIncidentNotice {
    /// The incident.
    pub incident: SecurityIncidentId,
    /// Who was told.
    pub notice: Notice,
    /// Where the letter is.
    pub reference: String,
}

/// A security incident was reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityIncidentReported {
    /// Its name.
    pub incident: SecurityIncidentId,
    /// What happened.
    pub kind: SecurityIncidentKind,
    /// At which party.
    pub at_party: Side,
    /// When it was discovered.
    pub discovered_at: Timestamp,
    /// Where it is described.
    pub reference: String,
    /// When it was reported here.
    pub at: Timestamp,
}

/// Somebody was told of a security incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentNoticeRecorded {
    /// The incident.
    pub incident: SecurityIncidentId,
    /// Who was told.
    pub notice: Notice,
    /// Where the letter is.
    pub reference: String,
    /// When.
    pub at: Timestamp,
}

/// A security incident in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SecurityIncident {
    /// As reported.
    pub reported: SecurityIncidentReported,
    /// Who was told, and when.
    pub notices: BTreeMap<Notice, IncidentNoticeRecorded>,
}

/// One clock of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Who must be told.
    pub notice: Notice,
    /// By when.
    pub due: Timestamp,
    /// When they were.
    pub met_at: Option<Timestamp>,
}

impl SecurityIncidentKind {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::AccessAnomaly => "access anomaly",
            Self::SecurityIncident => "security incident",
            Self::Breach => "breach",
        }
    }
}

impl Notice {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::ToClient => "outsourcer tells the client",
            Self::ToThoseConcerned => "client tells those concerned",
        }
    }

    fn giver(self) -> Side {
        match self {
            Self::ToClient => Side::Outsourcer,
            Self::ToThoseConcerned => Side::Client,
        }
    }
}

/// The clocks that an incident started, by the terms in force.
pub fn clocks(t: &Transition, incident: &SecurityIncident) -> Vec<Clock> {
    let SecurityIncidentReported {
        kind,
        at_party,
        discovered_at,
        ..
    } = incident.reported;
    let terms = &t.terms.compliance;
    let reportable = kind != SecurityIncidentKind::AccessAnomaly;
    let to_client = reportable && at_party == Side::Outsourcer;
    let by_law = kind == SecurityIncidentKind::Breach;
    let breach_h = terms.breach_notice_days.saturating_mul(24);
    [
        (to_client, Notice::ToClient, terms.incident_notice_h),
        (by_law, Notice::ToThoseConcerned, breach_h),
    ]
    .into_iter()
    .filter(|(runs, ..)| *runs)
    .map(|(_, notice, hours)| Clock {
        notice,
        due: hours_after(discovered_at, hours),
        met_at: incident.notices.get(&notice).map(|n| n.at),
    })
    .collect()
}

impl Clock {
    /// Where it stands: what a person reads.
    pub fn words(&self, now: Timestamp) -> String {
        let hours = |from: Timestamp, to: Timestamp| to.duration_since(from).as_hours();
        match self.met_at {
            Some(at) if at <= self.due => "told in time".into(),
            Some(at) => format!("told {} h late", hours(self.due, at)),
            None if now > self.due => format!("OVERDUE by {} h", hours(self.due, now)),
            None => format!("{} h left", hours(now, self.due)),
        }
    }
}

pub(crate) fn report(t: &Transition, c: &ReportSecurityIncident, now: Timestamp) -> Decided {
    text::title("where the incident is described", &c.reference)?;
    if c.discovered_at > now {
        return Err(bad(format!(
            "a discovery that is not in the future; it is {now}"
        )));
    }
    let same = |i: &SecurityIncident| {
        let r = &i.reported;
        (r.kind, r.at_party, r.discovered_at) == (c.kind, c.at_party, c.discovered_at)
            && r.reference == c.reference
    };
    if t.compliance.incidents.values().any(same) {
        return Ok(Vec::new());
    }
    let number = t.compliance.incidents.len() + 1;
    Ok(vec![Event::SecurityIncidentReported(
        SecurityIncidentReported {
            incident: SecurityIncidentId(format!("SEC-{number}")),
            kind: c.kind,
            at_party: c.at_party,
            discovered_at: c.discovered_at,
            reference: c.reference.clone(),
            at: now,
        },
    )])
}

pub(crate) fn notify(
    t: &Transition,
    c: &RecordIncidentNotice,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    actor.require_side(c.notice.giver(), "say that it told others")?;
    text::title("where the letter is", &c.reference)?;
    let Some(incident) = t.compliance.incidents.get(&c.incident) else {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("a security incident `{}`", c.incident))
            .how("list them with `segue show security-incidents`"));
    };
    if incident.notices.contains_key(&c.notice) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::IncidentNoticeRecorded(
        IncidentNoticeRecorded {
            incident: c.incident.clone(),
            notice: c.notice,
            reference: c.reference.clone(),
            at: now,
        },
    )])
}

pub(crate) fn apply_reported(t: &mut Transition, e: &SecurityIncidentReported) {
    let incident = SecurityIncident {
        reported: e.clone(),
        notices: BTreeMap::new(),
    };
    t.compliance.incidents.insert(e.incident.clone(), incident);
}

pub(crate) fn apply_notice(t: &mut Transition, e: &IncidentNoticeRecorded) {
    if let Some(incident) = t.compliance.incidents.get_mut(&e.incident) {
        incident
            .notices
            .entry(e.notice)
            .or_insert_with(|| e.clone());
    }
}
