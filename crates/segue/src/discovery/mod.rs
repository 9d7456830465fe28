//! Discovery as one view for the page, the report and the command: what people wrote down, beside what the call log shows.

mod agreed;
mod figures;
mod log;
mod words;

pub use words::difference;

use jiff::Timestamp;
use jiff::civil::Date;
use segue_calls::error::CallsError;
use segue_calls::operations::operations;
use segue_calls::store::{CallStore, QuarantinedRow};
use segue_calls::understanding::{DocumentedFlow, Paths, Request, Understanding};
use segue_domain::{Side, Transition};
use segue_web::discovery::{Count, DiscoveryView, QuarantineView};
use std::collections::{BTreeMap, BTreeSet};

/// Quarantined rows on one sheet.
const QUARANTINED_SHOWN: u64 = 200;
/// Reasons listed; few exports have more.
const REASONS_SHOWN: usize = 20;

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
    fn is_limited(self) -> bool {
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

/// The view; `found` is what [`request`] found in the store.
///
/// # Errors
/// A list of the store cannot be read.
pub fn view(
    t: &Transition,
    calls: &CallStore,
    found: &Understanding,
    reader: Reader,
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
        imports: log::imports(&calls.manifest()?),
        quarantine: quarantine(calls, reader.quarantine_from)?,
        ..DiscoveryView::default()
    };
    log::fill(&mut view, t, found);
    view.figures = figures::figures(found, &operations(calls, now)?, view.limited);
    Ok(view)
}

/// One sheet of the rows set aside, and all reasons.
fn quarantine(calls: &CallStore, from: u64) -> Result<QuarantineView, CallsError> {
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    let (mut total, mut rows) = (0, Vec::new());
    let to = from.saturating_add(QUARANTINED_SHOWN);
    calls.quarantined(|QuarantinedRow { file, line, reason }| {
        total += 1;
        if (from..to).contains(&total) {
            rows.push((base_name(&file), line, reason.clone()));
        }
        *reasons.entry(reason).or_default() += 1;
        Ok(())
    })?;
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    reasons.truncate(REASONS_SHOWN);
    let reasons = reasons.into_iter();
    Ok(QuarantineView {
        total: Count::Known(total),
        reasons: reasons
            .map(|(why, rows)| (why, Count::Known(rows)))
            .collect(),
        rows,
        first: Count::Known(from),
        before: (from > 1).then(|| from.saturating_sub(QUARANTINED_SHOWN).max(1)),
        after: (to <= total).then_some(to),
    })
}

/// A file's name without the folders of whoever imported it.
fn base_name(file: &str) -> String {
    file.rsplit('/').next().unwrap_or(file).to_owned()
}
