//! A chunk's week on the page: what is asked of the domain, and its answer as this reader may see it.

use super::Shared;
use super::acts::refusal_view;
use crate::histories::{self, Counted, StandsFor};
use crate::office::chain;
use crate::week::{self, Asked, Week};
use segue_calls::error::CallsError;
use segue_calls::store::{CallStore, StoreState};
use segue_domain::ladder::CallType;
use segue_domain::lines::Line;
use segue_domain::parties::Site;
use segue_domain::schedule::chunker::History;
use segue_domain::schedule::expected::{ExpectedWeek, Sides};
use segue_domain::{Command, Refusal, Transition};
use segue_web::discovery::Count;
use segue_web::week::{WeekCalls, WeekRequest, WeekView};
use segue_web::{ActError, Person};
use std::sync::Arc;

/// What the records came to, and from which state of store and transition.
#[derive(Default)]
pub(super) struct Hours {
    last: Option<(Key, Arc<Counted>)>,
}

/// What the counts rest on: the store, and what tells whose a record is.
#[derive(PartialEq, Eq)]
struct Key {
    store: StoreState,
    sites: Vec<Site>,
    lines: Vec<Line>,
    call_types: Vec<CallType>,
}

impl Shared {
    /// Answers what the page asks. The records are read aside, once for each state of the store, and not before what was typed is
    /// known to be a week.
    pub(super) async fn week(
        &self,
        person: &Person,
        request: WeekRequest,
    ) -> Result<Option<WeekView>, ActError> {
        let t = self.transition();
        let limited = self.records_reader(&t, person).await?.is_limited();
        let Some(found) = week::week(&t, &asked(request)).map_err(mistyped)? else {
            return Ok(None);
        };
        let counted = self.hours(Arc::clone(&t)).await?;
        let expected = found.calls(&counted.histories).map_err(mistyped)?;
        let calls = expected.map(|expected| calls(expected, &counted, limited));
        view(&t, found, calls).map(Some)
    }

    /// The calls of each type and centre by hour of the week.
    pub(super) async fn hours(&self, t: Arc<Transition>) -> Result<Arc<Counted>, ActError> {
        let store = self.data.calls(None);
        let store = store.map_err(|failure| unreadable(&failure.to_string()))?;
        let mut hours = self.hours.lock().await;
        let known = hours.last.take();
        let work = tokio::task::spawn_blocking(move || read(&t, &store, known));
        let (key, counted) = match work.await {
            Ok(Ok(read)) => read,
            Ok(Err(error)) => return Err(unreadable(&chain(&error))),
            Err(error) => return Err(unreadable(&chain(&error))),
        };
        hours.last = Some((key, Arc::clone(&counted)));
        Ok(counted)
    }
}

/// The counts as store and transition are now; nothing is read again while neither changes.
fn read(
    t: &Transition,
    store: &CallStore,
    known: Option<(Key, Arc<Counted>)>,
) -> Result<(Key, Arc<Counted>), CallsError> {
    let key = Key {
        store: store.manifest()?.state(),
        sites: t.sites.clone(),
        lines: t.lines.clone(),
        call_types: t.call_types.clone(),
    };
    if let Some(known) = known.filter(|(of, _)| *of == key) {
        return Ok(known);
    }
    let counted = histories::read(t, store, &StandsFor::default())?;
    Ok((key, Arc::new(counted)))
}

fn unreadable(why: &str) -> ActError {
    ActError::Unavailable {
        message: format!("The call records cannot be read ({why})."),
    }
}

/// What was typed is no week; the page shows the planned one beside it.
fn mistyped(refusal: Refusal) -> ActError {
    ActError::Invalid(Box::new(refusal_view(refusal)))
}

fn asked(request: WeekRequest) -> Asked {
    let typed = |text: String| Some(text).filter(|text| !text.is_empty());
    Asked {
        chunk: typed(request.chunk),
        step: typed(request.step),
        share: typed(request.share),
        window: request.window,
        painted: typed(request.painted),
        reason: request.reason,
    }
}

fn view(t: &Transition, week: Week, calls: Option<WeekCalls>) -> Result<WeekView, ActError> {
    let plan = &week.propose.plan;
    let chunks = plan.chunks.iter().map(|c| c.id.to_string()).collect();
    let steps = week.planned.steps.iter();
    let steps = steps.filter_map(|s| Some((s.from, s.share_percent.parse().ok()?.percent())));
    let steps = steps.collect();
    let propose =
        serde_json::to_value(Command::from(week.propose)).map_err(|e| ActError::Unavailable {
            message: format!("The plan of {} cannot be written down ({e}).", t.name),
        })?;
    Ok(WeekView {
        chunks,
        version: week.version,
        chunk: week.planned.id.to_string(),
        zone: week.zone,
        steps,
        step: week.step,
        share: week.share.percent(),
        window: week.window,
        holidays: week::holidays_say(&week.holidays),
        cells: week.painted.cells().to_vec(),
        calls,
        changed: week.changed,
        propose,
    })
}

/// The hours as the reader may see them: a mean gives its count away, so an hour is told where its count is.
fn calls(
    (history, expected): (&History, ExpectedWeek),
    counted: &Counted,
    limited: bool,
) -> WeekCalls {
    let sides = |sides: &Sides| (sides.outsourced, sides.in_house);
    let open: Vec<bool> = if limited {
        counted.disclosed().hours_of(history)
    } else {
        vec![true; history.calls.len()]
    };
    let hours = expected.hours.iter().zip(&open);
    WeekCalls {
        days: history.days,
        hours: hours
            .map(|(hour, open)| open.then(|| sides(hour)))
            .collect(),
        week: open.iter().all(|open| *open).then(|| sides(&expected.week)),
        left_out: if limited {
            counted
                .disclosed()
                .left_out()
                .map_or(Count::Withheld, Count::Known)
        } else {
            Count::Known(counted.left_out.values().sum())
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(limited: bool) -> WeekCalls {
        let mut counts = vec![0; 168];
        (counts[8], counts[9], counts[10], counts[11]) = (400, 7, 40, 900);
        let history = History {
            site: "RVS-Main".into(),
            call_type: "MSG".into(),
            days: 28,
            first_weekday: jiff::civil::Weekday::Monday,
            calls: counts,
        };
        let whole = segue_domain::windows::painted::PaintedWeek::whole();
        let share = segue_domain::share::TrafficShare::from_percent(30).unwrap();
        let expected = segue_domain::schedule::expected::expected(&history, &whole, share).unwrap();
        let of = (history.site.clone(), history.call_type.clone());
        let mut unknown = vec![0; 168];
        unknown[11] = 3;
        let counted = Counted::of_hours([
            (("MSG".to_owned(), Some(of)), history.calls.clone()),
            (("message".to_owned(), None), unknown),
        ]);
        calls((&history, expected), &counted, limited)
    }

    #[test]
    fn of_a_small_hour_the_outsourcer_sees_neither_side_nor_a_sum_with_it() {
        let outsider = shown(true);
        let known: Vec<usize> = (8..12).filter(|at| outsider.hours[*at].is_some()).collect();
        assert_eq!(
            known,
            [8],
            "7 is small, 40 would follow from a total, and 3 of no type from the 903 of all"
        );
        assert_eq!((outsider.week, outsider.left_out), (None, Count::Withheld));
        let client = shown(false);
        assert!(client.hours.iter().all(Option::is_some));
        assert!(client.week.is_some());
        assert_eq!(client.left_out, Count::Known(3));
    }
}
