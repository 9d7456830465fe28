//! Parity: is it as good, when will we know, who did worse, and what would bring calls home.

use crate::format::{Clock, DASH};
use crate::page::failure::render;
use crate::page::{Chrome, Failure, Room, login};
use crate::parity::{ChunkParity, ParityView, picture};
use crate::secret::FormCookie;
use crate::session;
use crate::state::App;
use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;
use tower_sessions::Session;

#[derive(Template)]
#[template(path = "parity.html")]
struct ParityPage {
    chrome: Chrome,
    parity: ParityView,
    /// `10:42 EDT`; a dash before the guards' first look.
    as_of: String,
}

impl ParityPage {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        clippy::unused_self,
        reason = "templates hand over references and call methods of the page"
    )]
    fn picture(&self, at: &usize, chunk: &ChunkParity) -> String {
        let drawn = chunk.picture.as_ref();
        drawn.map_or_else(String::new, |p| picture::svg(p, &format!("f{at}")))
    }

    #[expect(
        clippy::ref_option,
        clippy::unused_self,
        reason = "templates hand over references and call methods of the page"
    )]
    fn interval(&self, interval: &Option<(f64, f64)>) -> String {
        interval.map_or_else(
            || DASH.to_owned(),
            |(low, high)| format!("{low:.1} to {high:.1}"),
        )
    }
}

/// `GET /parity`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    session: Session,
) -> Result<Response, Failure> {
    let Some(person) = session::acting_person(&session).await else {
        return Ok(login::first("/parity"));
    };
    let view = app.view();
    let chrome = Chrome::new(&app, &view, Some(&person), &form, Room::Parity, "Parity")?;
    let parity = app.console.parity();
    let clock = Clock::new(&view.zone);
    let as_of = parity.at.map(|at| clock.minute(at).text);
    let page = ParityPage {
        chrome,
        parity,
        as_of: as_of.unwrap_or_else(|| DASH.to_owned()),
    };
    render(StatusCode::OK, &page)
}
