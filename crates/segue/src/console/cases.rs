//! Cases open at one side (`telephony.md`: overrides for open cases): a centre's feed tells of callbacks it promised, and every node
//! sends those callers to the side that promised, for as long as the case is open.
//!
//! The side follows from the feed's token, so that no centre can draw the other's callers to itself by what it says.

use super::Shared;
use super::ingest::{IN_HOUSE, OUTSOURCED, Reader};
use crate::clock;
use crate::node::Node;
use crate::node::policy::{OPEN_CASE, arm_name};
use jiff::{SignedDuration, Timestamp};
use segue_domain::Side;
use segue_domain::caller::e164;
use segue_journal::facts::{CaseChange, CaseNews, Facts, FactsError, OpenCaseFact};
use segue_routing::{Arm, OpenCase, OpenCases};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often a node reads what is open.
const LOOK: Duration = Duration::from_secs(1);
/// A case ties nobody for longer, as the vault keeps no promise for longer.
const OPEN_MAX: SignedDuration = SignedDuration::from_hours(72);

/// One row of a feed about a case.
#[derive(Deserialize)]
pub(super) struct CaseTold {
    kind: CaseKind,
    centre: String,
    at_us: i64,
    case_id: String,
    #[serde(default)]
    dialled: Option<String>,
    #[serde(default)]
    caller: Option<String>,
    #[serde(default)]
    until_us: Option<i64>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CaseKind {
    CaseOpened,
    CaseClosed,
}

impl CaseTold {
    /// As it is stored: no number of a caller's, and no longer than a case may be open.
    pub(super) fn news(self, reader: &Reader<'_>) -> Result<CaseNews, String> {
        let (at, source) = reader.heard(self.at_us, &self.centre, &self.case_id)?;
        let line = self.dialled.clone().unwrap_or_default();
        let change = match self.kind {
            CaseKind::CaseClosed => CaseChange::Closed,
            CaseKind::CaseOpened => CaseChange::Opened {
                caller: self
                    .caller
                    .as_deref()
                    .and_then(e164)
                    .map(|number| reader.hash(&line, &number))
                    .ok_or("a case needs the caller's number: nobody else can be told apart")?,
                dialled: self
                    .dialled
                    .filter(|dialled| reader.routed.contains(dialled))
                    .filter(|dialled| reader.own.is_none_or(|own| own.contains(dialled)))
                    .ok_or(
                        "dialled is no number that Segue decides on, or none of this token's site",
                    )?,
                until: until(at, self.until_us)?,
            },
        };
        Ok(CaseNews {
            source,
            case_id: reader.own_id(&self.case_id),
            at,
            change,
        })
    }
}

/// As asked, or the longest there is.
fn until(at: Timestamp, until_us: Option<i64>) -> Result<Timestamp, String> {
    let last = at.checked_add(OPEN_MAX).unwrap_or(Timestamp::MAX);
    let Some(until_us) = until_us else {
        return Ok(last);
    };
    let until = Timestamp::from_microsecond(until_us).map_err(|_| "until_us is no instant")?;
    if until > last {
        return Err(format!(
            "until_us is more than {} h after at_us; open the case again when it lasts longer",
            OPEN_MAX.as_hours()
        ));
    }
    Ok(until)
}

impl Shared {
    /// News but for cases that the outsourcer opens of callers whom Segue has not sent there lately: no feed draws callers to itself
    /// beyond the agreed share. A call that a case sent there does not count: no case renews itself. What is kept, and the lines that
    /// are not with the reason.
    pub(super) async fn without_strangers(
        &self,
        told: Vec<(u64, CaseNews)>,
        side: Side,
    ) -> Result<(Vec<CaseNews>, Vec<(u64, String)>), FactsError> {
        let (mut kept, mut strangers) = (Vec::new(), Vec::new());
        for (line, news) in told {
            let known = match &news.change {
                CaseChange::Opened {
                    caller, dialled, ..
                } if side == Side::Outsourcer => {
                    let arm = arm_name(Arm::Outsourced);
                    let since = news.at - OPEN_MAX;
                    self.facts
                        .was_sent(caller, dialled, arm, OPEN_CASE, since)
                        .await?
                }
                _ => true,
            };
            if known {
                kept.push(news);
            } else {
                let hours = OPEN_MAX.as_hours();
                strangers.push((
                    line,
                    format!("no call of this caller to this number was sent to the outsourcer by the share within {hours} h"),
                ));
            }
        }
        Ok((kept, strangers))
    }
}

/// Starts [`follow`].
pub(crate) fn keep(node: &Arc<Node>, facts: &Facts, stop: &watch::Sender<bool>) -> JoinHandle<()> {
    tokio::spawn(follow(Arc::clone(node), facts.clone(), stop.subscribe()))
}

/// Keeps the node's open cases as the call facts have them, until `stop`. While they do not answer, what was read last stands:
/// each case still ends at its time.
async fn follow(node: Arc<Node>, facts: Facts, mut stop: watch::Receiver<bool>) {
    let mut failing = false;
    loop {
        match open_now(&facts).await {
            Ok(open) => {
                let cases: OpenCases = open.into_iter().map(open_case).collect();
                // Let go of outside the lock that calls take.
                let before = node.episodes().set_open_cases(cases);
                drop(before);
                failing = false;
            }
            Err(_) if failing => {}
            Err(error) => {
                failing = true;
                tracing::error!(%error, "open cases cannot be read: those known stand until their time");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn open_now(facts: &Facts) -> Result<Vec<OpenCaseFact>, FactsError> {
    let now = clock::now();
    let mut open = facts.open_cases(now, IN_HOUSE).await?;
    open.extend(facts.open_cases(now, OUTSOURCED).await?);
    Ok(open)
}

fn open_case(fact: OpenCaseFact) -> OpenCase {
    OpenCase {
        caller: fact.caller,
        dialled: fact.dialled,
        arm: if fact.source.starts_with(IN_HOUSE) {
            Arm::InHouse
        } else {
            Arm::Outsourced
        },
        until_us: fact.until.as_microsecond(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use segue_domain::caller::CallerKey;
    use std::collections::{BTreeMap, BTreeSet};

    const NOW: &str = "2027-03-01T10:00:00Z";

    /// What one row becomes when a side tells it at ten.
    fn read(side: Side, row: &str) -> Result<CaseNews, String> {
        let (key, now) = (CallerKey::new(&[7; 32]), NOW.parse::<Timestamp>().unwrap());
        let numbers: BTreeSet<_> = ["7004".to_owned(), "+18005550142".to_owned()].into();
        let routed: BTreeSet<_> = ["7004".to_owned()].into();
        let reader = Reader {
            key: &key,
            numbers: &numbers,
            apart: &BTreeMap::new(),
            routed: &routed,
            own: None,
            site: None,
            side,
            now,
        };
        let (mut told, answer) = reader.read(row.as_bytes());
        match told.cases.pop() {
            Some((_, case)) => Ok(case),
            None => Err(answer.rows[0].reason.clone()),
        }
    }

    fn row(kind: &str, more: &str) -> String {
        let at_us = NOW.parse::<Timestamp>().unwrap().as_microsecond();
        format!(r#"{{"kind":"{kind}","centre":"hq","at_us":{at_us},"case_id":"CB-17"{more}}}"#)
    }

    #[test]
    fn a_promise_becomes_a_case_of_the_side_whose_feed_tells_it() {
        let opened = row(
            "case_opened",
            r#","caller":"609-555-0110","dialled":"7004""#,
        );
        for (side, source, arm) in [
            (Side::Client, "in_house/hq", Arm::InHouse),
            (Side::Outsourcer, "outsourced/hq", Arm::Outsourced),
        ] {
            let news = read(side, &opened).unwrap();
            assert_eq!(
                (news.source.as_str(), news.case_id.as_str()),
                (source, "CB-17")
            );
            let CaseChange::Opened {
                caller,
                dialled,
                until,
            } = news.change
            else {
                panic!("not opened")
            };
            assert_eq!(
                until.duration_since(news.at),
                OPEN_MAX,
                "nothing said: the longest"
            );
            let fact = OpenCaseFact {
                source: news.source,
                caller,
                dialled,
                until,
            };
            assert_eq!(open_case(fact).arm, arm);
        }
        let closed = read(Side::Client, &row("case_closed", "")).unwrap();
        assert_eq!(closed.change, CaseChange::Closed);
    }

    #[test]
    fn what_ties_nobody_or_too_long_is_quarantined_without_a_number() {
        let day_us = 24 * 3_600_000_000_i64;
        let now_us = NOW.parse::<Timestamp>().unwrap().as_microsecond();
        for (more, says) in [
            (r#","dialled":"7004""#.to_owned(), "needs the caller"),
            (
                r#","caller":"anonymous","dialled":"7004""#.to_owned(),
                "needs the caller",
            ),
            (
                r#","caller":"+16095550110","dialled":"+18005550142""#.to_owned(),
                "no number that Segue decides on",
            ),
            (
                format!(
                    r#","caller":"+16095550110","dialled":"7004","until_us":{}"#,
                    now_us + 4 * day_us
                ),
                "more than 72 h",
            ),
        ] {
            let reason = read(Side::Client, &row("case_opened", &more)).unwrap_err();
            assert!(
                reason.contains(says) && !reason.contains("0110"),
                "{reason}"
            );
        }
        let reason = read(Side::Client, &row("case_forgotten", "")).unwrap_err();
        assert!(reason.contains("not an event"), "{reason}");
    }

    #[test]
    fn a_case_id_that_may_be_a_number_is_kept_as_a_hash() {
        let opened = row(
            "case_opened",
            r#","caller":"+16095550110","dialled":"7004""#,
        )
        .replace("CB-17", "609-555-0110");
        let news = read(Side::Client, &opened).unwrap();
        assert!(news.case_id.starts_with("h-"), "{}", news.case_id);
    }
}
