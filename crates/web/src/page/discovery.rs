//! The discovery workbench, and the same as one document to print or send.

use crate::discovery::{DiscoveryReport, Sheet};
use crate::format::Clock;
use crate::page::failure::{records_closed, render};
use crate::page::{Chrome, Failure, Room, login};
use crate::secret::FormCookie;
use crate::session;
use crate::state::App;
use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;
use tower_sessions::Session;

const TITLE: &str = "Discovery cannot be shown.";

#[derive(Template)]
#[template(path = "discovery.html")]
struct DiscoveryPage {
    chrome: Chrome,
    sheet: Sheet,
}

/// Which sheet of the rows set aside.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    /// The first row, from 1.
    #[serde(default)]
    rows: Option<u64>,
}

/// `GET /discovery`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    Query(asked): Query<Asked>,
    session: Session,
) -> Result<Response, Failure> {
    let Some(person) = session::acting_person(&session).await else {
        return Ok(login::first("/discovery"));
    };
    let from = asked.rows.unwrap_or(1).max(1);
    let view = match app.console.discovery(person.clone(), from).await {
        Ok(view) => view,
        Err(why) => return records_closed(&app, &person, &form, TITLE, why),
    };
    let live = app.view();
    let chrome = Chrome::new(
        &app,
        &live,
        Some(&person),
        &form,
        Room::Discovery,
        "Discovery",
    )?;
    let sheet = Sheet::new(view, true);
    render(StatusCode::OK, &DiscoveryPage { chrome, sheet })
}

/// `GET /discovery/report`: a file, because its style sheets are inside, which no page of this server may have.
pub(crate) async fn report(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    session: Session,
) -> Result<Response, Failure> {
    let Some(person) = session::acting_person(&session).await else {
        return Ok(login::first("/discovery"));
    };
    let view = match app.console.discovery(person.clone(), 1).await {
        Ok(view) => view,
        Err(why) => return records_closed(&app, &person, &form, TITLE, why),
    };
    let live = app.view();
    let clock = Clock::new(&live.zone);
    let (day, minute) = (clock.weekday(live.as_of), clock.minute(live.as_of));
    let made_at = format!("{}, {}", day.text, minute.text);
    let report = DiscoveryReport::new(live.transition.clone(), made_at, live.example, view);
    let kind = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"segue-discovery.html\"",
        ),
    ];
    Ok((kind, report.to_html()?).into_response())
}
