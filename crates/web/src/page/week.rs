//! A chunk's share and hours on a painted week, with the calls that each side may expect; a change is proposed to the other
//! party and drives nothing until both sign (A17).

use crate::console::{ActError, Person, Submission};
use crate::page::failure::{Message, message, records_closed, render};
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

/// The room of pages knows no domain.
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const TITLE: &str = "The week cannot be shown.";
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
    /// Outsourced and in-house of each day; none where it is withheld.
    days: Vec<Option<(String, String)>>,
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
            Some(WeekCalls {
                week: Some((out, home)),
                ..
            }) => format!(
                "{share} % of {chunk} sends {out:.0} of {:.0} calls a week out.",
                out + home
            ),
            _ => format!("{share} % of {chunk}, in these hours."),
        }
    }

    /// What holds it up: the busiest hour at the outsourcer, and what this reader is not told.
    fn lead(&self) -> String {
        let Some(calls) = &self.calls else {
            return "There are no imported records of this call type at this centre, so nobody can say how many calls that is."
                .into();
        };
        let busiest = calls.busiest();
        if calls.hours.iter().all(Option::is_some) {
            return busiest.unwrap_or_else(|| "Nobody calls in these hours.".into());
        }
        let withheld = "Hours of fewer than 11 calls in the records are withheld from you, and others and sums that would give them \
                        away, because these are the other party\u{2019}s callers.";
        let busiest = busiest.map(|says| format!("Of the hours shown: {says} "));
        format!("{}{withheld}", busiest.unwrap_or_default())
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
        let label = |(hour, told): (usize, &Option<(f64, f64)>)| {
            let (x, y) = (
                ORIGIN.0 + hour / 24 * CELL.0,
                ORIGIN.1 + hour % 24 * 4 * CELL.1,
            );
            let says = match told {
                Some((out, _)) => (*out >= 0.05).then(|| format!("{out:.1}")),
                None => Some("x".to_owned()),
            };
            says.map(|says| (x + CELL.0 - 4, y + 17, says))
        };
        hours.filter_map(label).collect()
    }
}

impl WeekCalls {
    /// The busiest hour at the outsourcer of those shown, in words.
    fn busiest(&self) -> Option<String> {
        let hours = self.hours.iter().enumerate();
        let shown = hours.filter_map(|(hour, told)| Some((hour, (*told)?)));
        let (hour, (out, home)) = shown.max_by(|(_, a), (_, b)| a.0.total_cmp(&b.0))?;
        let day = DAYS.get(hour / 24)?;
        (out > 0.0).then(|| {
            format!(
                "Most go out {day} {:02}:00\u{2013}{:02}:00: {out:.1} an hour, while {home:.1} stay in-house.",
                hour % 24,
                hour % 24 + 1
            )
        })
    }

    fn rows(&self) -> Vec<HourRow> {
        let row = |hour: usize| HourRow {
            hour: format!("{hour:02}:00"),
            days: (0..7)
                .filter_map(|day| self.hours.get(day * 24 + hour))
                .map(|told| told.map(|(out, home)| (format!("{out:.1}"), format!("{home:.1}"))))
                .collect(),
        };
        (0..24).map(row).collect()
    }
}

/// The week as asked, or as planned with what is wrong with what was asked.
async fn find(
    app: &App,
    person: &Person,
    typed: &WeekRequest,
) -> (Option<WeekView>, Option<ActError>) {
    match app.console.week(person.clone(), typed.clone()).await {
        Ok(week) => (week, None),
        Err(error @ ActError::Invalid(_)) => {
            // What was typed cannot be shown; the chunk as planned can.
            let planned = WeekRequest {
                chunk: typed.chunk.clone(),
                ..WeekRequest::default()
            };
            let planned = app.console.week(person.clone(), planned).await;
            (planned.ok().flatten(), Some(error))
        }
        Err(error) => (None, Some(error)),
    }
}

fn page(
    app: &App,
    person: &Person,
    form: &FormCookie,
    typed: WeekRequest,
    week: Option<WeekView>,
) -> Result<WeekPage, Failure> {
    let view = app.view();
    Ok(WeekPage {
        chrome: Chrome::new(
            app,
            &view,
            Some(person),
            form,
            Room::Plan,
            "A chunk\u{2019}s week",
        )?,
        week,
        typed,
        refusal: None,
        trouble: None,
        proposed: false,
        command: secret::random_id()?,
    })
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
    let typed = asked.request();
    let (week, error) = find(&app, &person, &typed).await;
    if let Some(why @ (ActError::Refused(_) | ActError::Unavailable { .. })) = error {
        return records_closed(&app, &person, &form, TITLE, why);
    }
    let mut page = page(&app, &person, &form, typed, week)?;
    if let Some(error) = error {
        page.failed(error);
    }
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
    if !form.vouches(&app.settings.key, &sent.csrf, &headers) {
        let said = Message {
            status: StatusCode::FORBIDDEN,
            title: "Nothing is proposed.",
            lead: "This form was too old or came from another site: open the week again and send it once more.",
            refusal: None,
        };
        return message(&app, Some(&person), &form, said);
    }
    let typed = sent.request();
    let (week, error) = find(&app, &person, &typed).await;
    if let Some(why @ (ActError::Refused(_) | ActError::Unavailable { .. })) = error {
        return records_closed(&app, &person, &form, TITLE, why);
    }
    let mut page = page(&app, &person, &form, typed, week)?;
    if let Some(error) = error {
        page.failed(error);
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
