//! A chunk's week on the page: what is asked of the domain, and its answer as the page shows it.

use super::Shared;
use super::acts::refusal_view;
use crate::histories::{self, StandsFor};
use crate::office::chain;
use crate::week::{self, Asked};
use segue_calls::store::CallStore;
use segue_domain::schedule::chunker::History;
use segue_domain::schedule::expected::{ExpectedWeek, Sides};
use segue_domain::{Command, Transition};
use segue_web::ActError;
use segue_web::week::{WeekCalls, WeekRequest, WeekView};
use std::sync::Arc;

impl Shared {
    /// Answers what the page asks; the records are read aside.
    pub(super) async fn week(&self, request: WeekRequest) -> Result<Option<WeekView>, ActError> {
        let t = self.transition();
        let histories = self.histories(Arc::clone(&t)).await?;
        let asked = asked(request);
        let found = week::week(&t, &histories, &asked)
            .map_err(|refusal| ActError::Refused(Box::new(refusal_view(refusal))))?;
        found.map(|found| view(&t, found)).transpose()
    }

    async fn histories(&self, t: Arc<Transition>) -> Result<Vec<History>, ActError> {
        let store = CallStore::new(self.data.path("calls"));
        let read =
            tokio::task::spawn_blocking(move || histories::read(&t, &store, &StandsFor::default()));
        match read.await {
            Ok(Ok((histories, _))) => Ok(histories),
            Ok(Err(error)) => Err(unreadable(&chain(&error))),
            Err(error) => Err(unreadable(&chain(&error))),
        }
    }
}

fn unreadable(why: &str) -> ActError {
    ActError::Unavailable {
        message: format!("The call records cannot be read ({why})."),
    }
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

fn view(t: &Transition, week: week::Week) -> Result<WeekView, ActError> {
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
        calls: week.calls.map(calls),
        changed: week.changed,
        propose,
    })
}

fn calls((days, expected): (u32, ExpectedWeek)) -> WeekCalls {
    let sides = |sides: &Sides| (sides.outsourced, sides.in_house);
    WeekCalls {
        days,
        hours: expected.hours.iter().map(sides).collect(),
        week: sides(&expected.week),
    }
}
