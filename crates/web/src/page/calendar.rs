//! The calendar: who moves when, whose constraint binds, what both parties get; and the same for calendar programs.

use crate::api::{Denied, reader};
use crate::calendar::{CalendarView, Row, picture};
use crate::page::failure::render;
use crate::page::{Chrome, Failure, Room, login};
use crate::secret::FormCookie;
use crate::serve::Peer;
use crate::session;
use crate::state::App;
use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tower_sessions::Session;

#[derive(Template)]
#[template(path = "calendar.html")]
struct CalendarPage<'a> {
    chrome: Chrome,
    plan: Option<&'a CalendarView>,
    rows: Vec<Row<'a>>,
    drawing: String,
}

/// `GET /plan/calendar`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    session: Session,
) -> Result<Response, Failure> {
    let Some(person) = session::acting_person(&session).await else {
        return Ok(login::first("/plan/calendar"));
    };
    let view = app.view();
    let chrome = Chrome::new(&app, &view, Some(&person), &form, Room::Plan, "Plan")?;
    let plan = app.console.calendar();
    let page = CalendarPage {
        chrome,
        rows: plan.as_ref().map(CalendarView::rows).unwrap_or_default(),
        drawing: plan.as_ref().map(picture::svg).unwrap_or_default(),
        plan: plan.as_ref(),
    };
    render(StatusCode::OK, &page)
}

/// `GET /plan/calendar.ics`: the steps as all-day events, for a session or for Basic credentials.
pub(crate) async fn feed(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    session: Session,
    headers: HeaderMap,
) -> Result<Response, Denied> {
    reader(&app, peer, &headers, &session).await?;
    let kind = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "inline; filename=\"segue-plan.ics\"",
        ),
    ];
    Ok((kind, app.console.calendar_feed()).into_response())
}
