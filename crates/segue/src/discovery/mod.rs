//! Discovery as one view for the page, the report and the command: what people wrote down, beside what the call log shows.

mod agreed;
mod figures;
mod log;
mod rows;
mod words;

pub use words::difference;
pub(crate) use words::{parts, seconds};

use crate::histories::Disclosed;
use jiff::Timestamp;
use jiff::civil::Date;
use segue_calls::error::CallsError;
use segue_calls::operations::operations;
use segue_calls::store::CallStore;
use segue_calls::understanding::{DocumentedFlow, Paths, Request, Understanding};
use segue_domain::{Side, Transition};
use segue_web::discovery::DiscoveryView;
use std::collections::{BTreeMap, BTreeSet};

/// Who reads it.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// The party.
    pub side: Side,
    /// The first quarantined row of the sheet, from 1.
    pub quarantine_from: u64,
}

impl Reader {
    /// Somebody of a party, at the first sheet.
    pub fn of(side: Side) -> Self {
        Self {
            side,
            quarantine_from: 1,
        }
    }

    /// The callers are the client's: everybody else sees no small counts.
    pub(crate) fn is_limited(self) -> bool {
        self.side != Side::Client
    }
}

/// Everything that the history of all sources tells, with the transition's holidays.
pub fn request(t: &Transition) -> Request {
    Request {
        source: None,
        days: Date::MIN..=Date::MAX,
        follow_up_types: BTreeSet::new(),
        holidays: holidays(t),
    }
}

/// The holidays that either party declared.
pub fn holidays(t: &Transition) -> BTreeMap<Date, String> {
    let declared = t.calendar.holidays.iter();
    declared.map(|(date, h)| (*date, h.name.clone())).collect()
}

/// The call flows that the parties wrote down, each under the number as the records have it.
pub fn documented(t: &Transition, paths: &Paths) -> Vec<DocumentedFlow> {
    let flows = t.discovery.records.flows.values();
    flows
        .map(|walked| {
            let flow = &walked.flow;
            let mut steps = flow.steps.clone();
            steps.extend([flow.overflow.clone(), flow.escalation.clone()]);
            let id = flow.line.to_string();
            let by_id = paths.paths.iter().any(|path| path.line == id);
            let number = t.line(&flow.line).map(|line| line.number.clone());
            DocumentedFlow {
                line: number.filter(|_| !by_id).unwrap_or(id),
                steps,
            }
        })
        .collect()
}

/// The view; `found` is what [`request`] found in the store, `disclosed` what outsiders may see of its hours and types. Whoever is one
/// sees none without it.
///
/// # Errors
/// A list of the store cannot be read.
pub fn view(
    t: &Transition,
    calls: &CallStore,
    found: &Understanding,
    reader: Reader,
    disclosed: Option<&Disclosed>,
    now: Timestamp,
) -> Result<DiscoveryView, CallsError> {
    let (finding, lead) = agreed::finding(t);
    let mut view = DiscoveryView {
        finding,
        lead,
        limited: reader.is_limited(),
        checks: agreed::checks(t),
        reports: agreed::reports(t),
        ways_home: agreed::ways_home(t, now),
        ..DiscoveryView::default()
    };
    rows::fill(&mut view, calls, found, reader.quarantine_from)?;
    let nothing = Disclosed::default();
    let disclosed = reader.is_limited().then(|| disclosed.unwrap_or(&nothing));
    log::fill(&mut view, t, found, disclosed);
    view.figures = figures::figures(found, &operations(calls, now)?, view.limited);
    Ok(view)
}

#[cfg(test)]
mod tests;
