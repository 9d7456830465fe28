//! A chunk's share and hours on a painted week, with the calls that each side may expect; a change is proposed to the other
//! party and drives nothing until both sign (A17).

use crate::console::{ActError, Person, Submission};
use crate::page::failure::render;
use crate::page::{Chrome, Failure, Room, login};
use crate::secret::{self, FormCookie};
use crate::session;
use crate::state::App;
use crate::view::RefusalView;
use crate::week::{WeekCalls, WeekRequest, WeekView};
use askama::Template;
use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;
use tower_sessions::Session;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const CELLS_OF_DAY: usize = 96;
/// Size of a cell and where the first one begins, in the drawing's units.
const CELL: (usize, usize) = (44, 6);
const ORIGIN: (usize, usize) = (36, 18);

/// The form as sent.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Fields {
    chunk: String,
    step: String,
    share: String,
    window: Option<String>,
    painted: String,
    reason: String,
    csrf: String,
    command: String,
}

impl Fields {
    fn request(&self) -> WeekRequest {
        WeekRequest {
            chunk: self.chunk.trim().to_owned(),
            step: self.step.trim().to_owned(),
            share: self.share.trim().to_owned(),
            window: self.window.as_deref().map(|text| text.trim().to_owned()),
            painted: self.painted.trim().to_owned(),
            reason: self.reason.trim().to_owned(),
        }
    }
}

/// Painted cells of one day that touch.
struct Bar {
    x: usize,
    y: usize,
    height: usize,
}

/// One hour of the week's table.
struct HourRow {
    hour: String,
    days: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "week.html")]
struct WeekPage {
    chrome: Chrome,
    week: Option<WeekView>,
    typed: WeekRequest,
    refusal: Option<Box<RefusalView>>,
    trouble: Option<String>,
    proposed: bool,
    /// Makes sending the form twice one proposal.
    command: String,
}

impl WeekPage {
    fn failed(&mut self, error: ActError) {
        match error {
            ActError::Refused(r) | ActError::Invalid(r) => self.refusal = Some(r),
            ActError::Unavailable { message } => self.trouble = Some(message),
        }
    }

    fn status(&self) -> StatusCode {
        match (&self.refusal, &self.trouble) {
            (Some(_), _) => StatusCode::CONFLICT,
            (None, Some(_)) => StatusCode::UNPROCESSABLE_ENTITY,
            (None, None) => StatusCode::OK,
        }
    }
}

impl WeekView {
    /// What the page says first.
    fn finding(&self) -> String {
        let (chunk, share) = (&self.chunk, self.share);
        match &self.calls {
            Some(calls) => format!(
                "{share} % of {chunk} sends {:.0} of {:.0} calls a week out.",
                calls.week.0,
                calls.week.0 + calls.week.1
            ),
            None => format!("{share} % of {chunk}, in these hours."),
        }
    }

    /// The busiest hour at the outsourcer, in words.
    fn busiest(&self) -> Option<String> {
        let hours = &self.calls.as_ref()?.hours;
        let busiest = hours.iter().enumerate();
        let (hour, (out, home)) = busiest.max_by(|(_, a), (_, b)| a.0.total_cmp(&b.0))?;
        let day = DAYS.get(hour / 24)?;
        (*out > 0.0).then(|| {
            format!(
                "Most go out {day} {:02}:00\u{2013}{:02}:00: {out:.1} an hour, while {home:.1} stay in-house.",
                hour % 24,
                hour % 24 + 1
            )
        })
    }

    /// The cells as the browser paints them: four in a hexadecimal digit.
    fn hex(&self) -> String {
        let digit = |four: &[bool]| {
            let value = four
                .iter()
                .fold(0, |value, bit| value * 2 + u32::from(*bit));
            char::from_digit(value, 16).unwrap_or('0')
        };
        self.cells.chunks(4).map(digit).collect()
    }

    /// The drawing's bars.
    fn bars(&self) -> Vec<Bar> {
        let mut bars = Vec::new();
        for (day, cells) in self.cells.chunks(CELLS_OF_DAY).enumerate() {
            let mut at = 0;
            for run in cells.chunk_by(|a, b| a == b) {
                if run.first() == Some(&true) {
                    bars.push(Bar {
                        x: ORIGIN.0 + day * CELL.0,
                        y: ORIGIN.1 + at * CELL.1,
                        height: run.len() * CELL.1,
                    });
                }
                at += run.len();
            }
        }
        bars
    }

    /// The numbers on the drawing: calls an hour that go out, where there are any.
    fn labels(&self) -> Vec<(usize, usize, String)> {
        let hours = self
            .calls
            .iter()
            .flat_map(|calls| calls.hours.iter().enumerate());
        let label = |(hour, (out, _)): (usize, &(f64, f64))| {
            let (x, y) = (
                ORIGIN.0 + hour / 24 * CELL.0,
                ORIGIN.1 + hour % 24 * 4 * CELL.1,
            );
            (*out >= 0.05).then(|| (x + CELL.0 - 4, y + 17, format!("{out:.1}")))
        };
        hours.filter_map(label).collect()
    }
}

impl WeekCalls {
    fn rows(&self) -> Vec<HourRow> {
        let row = |hour: usize| HourRow {
            hour: format!("{hour:02}:00"),
            days: (0..7)
                .filter_map(|day| self.hours.get(day * 24 + hour))
                .map(|(out, home)| (format!("{out:.1}"), format!("{home:.1}")))
                .collect(),
        };
        (0..24).map(row).collect()
    }
}

async fn page(
    app: &App,
    person: &Person,
    form: &FormCookie,
    typed: WeekRequest,
) -> Result<WeekPage, Failure> {
    let view = app.view();
    let mut page = WeekPage {
        chrome: Chrome::new(
            app,
            &view,
            Some(person),
            form,
            Room::Plan,
            "A chunk\u{2019}s week",
        )?,
        week: None,
        typed: typed.clone(),
        refusal: None,
        trouble: None,
        proposed: false,
        command: secret::random_id()?,
    };
    match app.console.week(typed.clone()).await {
        Ok(week) => page.week = week,
        Err(error) => {
            page.failed(error);
            // What was typed cannot be shown; the chunk as planned can.
            let planned = WeekRequest {
                chunk: typed.chunk,
                ..WeekRequest::default()
            };
            page.week = app.console.week(planned).await.ok().flatten();
        }
    }
    Ok(page)
}

/// `GET /plan/week`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    session: Session,
    Query(asked): Query<Fields>,
) -> Result<Response, Failure> {
    let Some(person) = session::acting_person(&session).await else {
        return Ok(login::first("/plan/week"));
    };
    let page = page(&app, &person, &form, asked.request()).await?;
    render(page.status(), &page)
}

/// `POST /plan/week`: proposes share and hours to the other party.
pub(crate) async fn propose(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    session: Session,
    headers: HeaderMap,
    Form(sent): Form<Fields>,
) -> Result<Response, Failure> {
    let Some(person) = session::acting_person(&session).await else {
        return Ok(login::first("/plan/week"));
    };
    let mut page = page(&app, &person, &form, sent.request()).await?;
    if !form.vouches(&app.settings.key, &sent.csrf, &headers) {
        page.trouble =
            Some("This form was too old or came from another site: send it again.".into());
        return render(StatusCode::FORBIDDEN, &page);
    }
    if page.refusal.is_some() || page.trouble.is_some() {
        return render(page.status(), &page);
    }
    if let Some(week) = &page.week {
        let submission = Submission {
            command: week.propose.clone(),
            person,
            command_id: super::home::command_id(&sent.command)?,
            proved_at: session::proved_at(&session).await,
        };
        match app.console.submit(submission).await {
            Ok(_) => page.proposed = true,
            Err(error) => page.failed(error),
        }
    }
    render(page.status(), &page)
}
