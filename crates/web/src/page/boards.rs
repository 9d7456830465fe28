//! Boards: one table per concern of the trade, the same rows as `segue show` prints.

use crate::console::{ActError, BoardKind, BoardRequest, BoardView, Person};
use crate::page::failure::{Message, message, render};
use crate::page::{Chrome, Failure, Room, login};
use crate::secret::FormCookie;
use crate::session;
use crate::state::App;
use crate::view::Aspect;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;
use tower_sessions::Session;

#[derive(Template)]
#[template(path = "boards.html")]
struct BoardsPage {
    chrome: Chrome,
    kinds: Vec<BoardKind>,
}

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    chrome: Chrome,
    kind: BoardKind,
    board: BoardView,
}

impl BoardPage {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates hand over references"
    )]
    /// The shape that stands before a word which says how something is; other cells have none.
    fn aspect(&self, column: &usize, cell: &str) -> Option<Aspect> {
        let says_how = ["lamp", "state", "verdict"];
        let column = self.board.columns.get(*column)?;
        if !says_how.contains(&column.as_str()) {
            return None;
        }
        Some(match cell {
            "green" | "done" | "pass" | "signed" | "verified" | "in force" | "current" => {
                Aspect::Proved
            }
            "red" | "failed" | "worse" | "overdue" | "expired" | "conflict" => Aspect::Harm,
            "locked" => Aspect::Lock,
            "open" | "to do" | "planned" => Aspect::Todo,
            "waits" | "expiring" | "proposed" | "your turn" | "paused" => Aspect::Hold,
            "not proved" => Aspect::Open,
            "no data" | "unknown" => Aspect::Unknown,
            _ => return None,
        })
    }
}

/// `GET /boards`: what there is to see.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    session: Session,
) -> Result<Response, Failure> {
    let Some(person) = session::acting_person(&session).await else {
        return Ok(login::first("/boards"));
    };
    let chrome = chrome(&app, &person, &form, "Boards")?;
    let kinds = app.console.boards();
    render(StatusCode::OK, &BoardsPage { chrome, kinds })
}

/// `GET /boards/NAME`: one of them, or why this person may not see it.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    Path(name): Path<String>,
    session: Session,
) -> Result<Response, Failure> {
    let Some(person) = session::acting_person(&session).await else {
        return Ok(login::first("/boards"));
    };
    let kind = app.console.boards().into_iter().find(|k| k.name == name);
    let asked = BoardRequest {
        name,
        person: person.clone(),
    };
    match (app.console.board(asked).await, kind) {
        (Ok(board), Some(kind)) => {
            let chrome = chrome(&app, &person, &form, &board.title)?;
            let page = BoardPage {
                chrome,
                kind,
                board,
            };
            render(StatusCode::OK, &page)
        }
        (Err(ActError::Unavailable { message: why }), _) => {
            let said = Message {
                status: StatusCode::SERVICE_UNAVAILABLE,
                title: "This board cannot be read now.",
                lead: &why,
                refusal: None,
            };
            message(&app, Some(&person), &form, said)
        }
        (refused, _) => {
            let refusal = match refused {
                Err(ActError::Refused(refusal) | ActError::Invalid(refusal)) => Some(*refusal),
                _ => None,
            };
            let said = Message {
                status: StatusCode::FORBIDDEN,
                title: "This board is not shown to you.",
                lead: "Some boards belong to one party or one profession.",
                refusal,
            };
            message(&app, Some(&person), &form, said)
        }
    }
}

fn chrome(
    app: &App,
    person: &Person,
    form: &FormCookie,
    title: &str,
) -> Result<Chrome, crate::NoRandom> {
    Chrome::new(app, &app.view(), Some(person), form, Room::Boards, title)
}
