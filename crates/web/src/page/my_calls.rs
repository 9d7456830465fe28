//! "My calls this week": the trial calls a person is asked to place, each with what to dial, what to want, and a short form
//! for how it went (A24). Made for a telephone: one column, large targets, no script.

use crate::console::{ActError, BoardRequest, Person, Submission};
use crate::page::failure::{Message, message, not_done, render};
use crate::page::{Chrome, Failure, Room, login};
use crate::secret::{self, FormCookie};
use crate::session;
use crate::state::App;
use askama::Template;
use axum::Extension;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use tower_sessions::Session;

/// The board the calls come from: due, chunk, cell, dial, card, you want, placed; then the dial-in code where there is a line.
const BOARD: &str = "my-test-calls";
/// Longest note on a call; the domain checks it for callers' data.
const NOTE_CHARS_MAX: usize = 200;

/// One call to place.
struct Call {
    due: String,
    chunk: String,
    cell: String,
    dial: String,
    card: String,
    want: String,
    placed: bool,
    /// The code that makes an unregistered telephone one of the campaign's; empty where there is no line to enter it.
    code: String,
}

impl Call {
    fn read(row: &[String]) -> Option<Self> {
        let [due, chunk, cell, dial, card, want, placed, code @ ..] = row else {
            return None;
        };
        Some(Self {
            due: due.clone(),
            chunk: chunk.clone(),
            cell: cell.clone(),
            dial: dial.clone(),
            card: card.clone(),
            want: want.clone(),
            placed: placed == "yes",
            code: code.first().cloned().unwrap_or_default(),
        })
    }
}

#[derive(Template)]
#[template(path = "my_calls.html")]
struct MyCalls {
    chrome: Chrome,
    open: Vec<Call>,
    placed: usize,
    /// Makes sending a form twice one call.
    command: String,
    thanks: bool,
    /// How a code is entered; empty where there is no line for it.
    dial_in: String,
}

/// How one call went.
#[derive(Deserialize)]
pub(crate) struct ResultForm {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    command: String,
    chunk: String,
    cell: String,
    #[serde(default)]
    card: String,
    #[serde(default)]
    agent: String,
    #[serde(default)]
    note: String,
    /// `yes` or `no`; without a choice nothing is recorded.
    #[serde(default)]
    passed: String,
}

/// `GET /my-calls`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    session: Session,
) -> Result<Response, Failure> {
    let Some(person) = session::acting_person(&session).await else {
        return Ok(login::first("/my-calls"));
    };
    page(&app, &person, &form, false).await
}

async fn page(
    app: &App,
    person: &Person,
    form: &FormCookie,
    thanks: bool,
) -> Result<Response, Failure> {
    let asked = BoardRequest {
        name: BOARD.to_owned(),
        person: person.clone(),
    };
    let board = match app.console.board(asked).await {
        Ok(board) => board,
        Err(error) => return refused(app, person, form, error),
    };
    let calls: Vec<_> = board
        .rows
        .iter()
        .filter_map(|row| Call::read(row))
        .collect();
    let coded = calls.iter().any(|call| !call.code.is_empty());
    let dial_in = board.notes.last().filter(|_| coded).cloned();
    let dial_in = dial_in.unwrap_or_default();
    let (done, open): (Vec<_>, Vec<_>) = calls.into_iter().partition(|call| call.placed);
    let view = app.view();
    let chrome = Chrome::new(app, &view, Some(person), form, Room::Boards, "My calls")?;
    let page = MyCalls {
        chrome,
        open,
        placed: done.len(),
        command: secret::random_id()?,
        thanks,
        dial_in,
    };
    render(StatusCode::OK, &page)
}

/// `POST /my-calls`: records one call through the one command layer.
pub(crate) async fn record(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    session: Session,
    headers: HeaderMap,
    Form(sent): Form<ResultForm>,
) -> Result<Response, Failure> {
    let Some(person) = session::acting_person(&session).await else {
        return Ok(login::first("/my-calls"));
    };
    if !form.vouches(&app.settings.key, &sent.csrf, &headers) {
        let said = Message {
            status: StatusCode::FORBIDDEN,
            title: "Nothing was recorded.",
            lead: "This form was too old or came from another site: open My calls and send it again.",
            refusal: None,
        };
        return message(&app, Some(&person), &form, said);
    }
    let passed = match sent.passed.as_str() {
        "yes" => true,
        "no" => false,
        _ => {
            let said = Message {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                title: "Nothing was recorded.",
                lead: "Say whether you got what you wanted: go back and choose yes or no.",
                refusal: None,
            };
            return message(&app, Some(&person), &form, said);
        }
    };
    let named = |text: &str| {
        let text = text.trim();
        (!text.is_empty()).then(|| text.chars().take(NOTE_CHARS_MAX).collect::<String>())
    };
    let submission = Submission {
        command: json!({
            "command": "record_test_call", "chunk": sent.chunk, "cell": sent.cell, "passed": passed,
            "scenario": named(&sent.card), "agent": named(&sent.agent),
            "evidence": named(&sent.note).unwrap_or_default(),
        }),
        person: person.clone(),
        proved_at: session::proved_at(&session).await,
        command_id: super::home::command_id(&sent.command)?,
    };
    match app.console.submit(submission).await {
        Ok(_) => page(&app, &person, &form, true).await,
        Err(error) => refused(&app, &person, &form, error),
    }
}

fn refused(
    app: &App,
    person: &Person,
    form: &FormCookie,
    error: ActError,
) -> Result<Response, Failure> {
    not_done(app, Some(person), form, "Nothing was recorded.", error)
}
