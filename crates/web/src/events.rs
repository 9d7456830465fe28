//! Live updates: a stream of the parts of a page that changed, and the same parts by poll.
//!
//! A page never lags: the stream sends the newest state and skips those between. It ends when the
//! session ends, and says so, because a page left open must not go on showing calls.

use crate::page::live::Fragment;
use crate::page::{Failure, duty, live};
use crate::session;
use crate::state::App;
use crate::view::LiveView;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use futures_util::Stream;
use serde::Deserialize;
use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tower_sessions::Session;

const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often a stream asks whether its session still lives, at least.
const SESSION_CHECK_MAX: Duration = Duration::from_secs(20);

/// Which page wants its parts.
#[derive(Deserialize)]
pub(crate) struct Which {
    #[serde(default)]
    page: PageName,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PageName {
    #[default]
    Live,
    Duty,
}

fn fragments(page: PageName, view: &LiveView) -> Result<Vec<Fragment>, askama::Error> {
    match page {
        PageName::Live => live::fragments(view),
        PageName::Duty => duty::fragments(view),
    }
}

/// `GET /live/events`: the first events are every part, so that a page that was opened before a
/// change, or reconnects, is right at once.
pub(crate) async fn events(
    State(app): State<Arc<App>>,
    Query(which): Query<Which>,
    session: Session,
) -> Response {
    if session::person(&session).await.is_none() {
        return (StatusCode::UNAUTHORIZED, "Sign in to see live updates.").into_response();
    }
    let Ok(permit) = Arc::clone(&app.events).try_acquire_owned() else {
        let text = "Too many live connections; the page polls instead.";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    let stream = changes(app, which.page, session);
    let stream = async_stream::stream! {
        let _permit = permit;
        for await event in stream {
            yield event;
        }
    };
    Sse::new(stream)
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response()
}

fn changes(
    app: Arc<App>,
    page: PageName,
    session: Session,
) -> impl Stream<Item = Result<Event, Infallible>> {
    async_stream::stream! {
        let mut live = app.console.live();
        let mut closing = app.closing.clone();
        let mut sent: HashMap<&'static str, String> = HashMap::new();
        let mut check = tokio::time::interval(SESSION_CHECK_MAX.min(app.settings.idle_logoff));
        check.tick().await;
        loop {
            let view = Arc::clone(&live.borrow_and_update());
            let parts = match fragments(page, &view) {
                Ok(parts) => parts,
                Err(error) => {
                    tracing::error!(%error, "live update could not be rendered");
                    yield Ok(Event::default().event("reload").data("render"));
                    return;
                }
            };
            for part in parts {
                if sent.get(part.name) != Some(&part.html) {
                    yield Ok(Event::default().event(part.name).data(one_line_ends(&part.html)));
                    sent.insert(part.name, part.html);
                }
            }
            tokio::time::sleep(app.settings.events_interval_min).await;
            let ended = loop {
                tokio::select! {
                    changed = live.changed() => break changed.is_err(),
                    () = closed(&mut closing) => break true,
                    _ = check.tick() => {
                        if session_ended(&app, &session).await {
                            break true;
                        }
                    }
                }
            };
            if ended {
                yield Ok(Event::default().event("reload").data("ended"));
                return;
            }
        }
    }
}

/// Completes when the server closes.
async fn closed(closing: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, which is the end as well.
    let _ended = closing.wait_for(|closing| *closing).await.is_ok();
}

/// Asks the store, not this request's copy of the session.
async fn session_ended(app: &App, session: &Session) -> bool {
    session.load().await.is_err()
        || session::person(session).await.is_none()
        || !session::is_admitted(app, session).await
}

/// A carriage return would break the framing of an event.
fn one_line_ends(html: &str) -> String {
    html.replace('\r', "")
}

/// `GET /live/now`: every part, each to be put in its place. Signed out, the main part says so
/// and offers sign-in; the home control in the frame stays untouched.
pub(crate) async fn now(
    State(app): State<Arc<App>>,
    Query(which): Query<Which>,
    session: Session,
) -> Result<Response, Failure> {
    if session::person(&session).await.is_none() {
        let body = "<main id=\"main\" hx-swap-oob=\"true\"><div class=\"say\">\
            <h1>You are signed out.</h1><p>A sign-in ends after some minutes without an act. \
            Bringing calls home still works: it asks for your name and duty PIN.</p>\
            <p><a class=\"button main\" href=\"/login\">Sign in</a></p></div></main>";
        return Ok(Html(body).into_response());
    }
    let mut body = String::new();
    for part in fragments(which.page, &app.view())? {
        write!(
            body,
            "<div id=\"f-{}\" hx-swap-oob=\"innerHTML\">{}</div>",
            part.name, part.html
        )
        .map_err(|_| askama::Error::Fmt)?;
    }
    Ok(Html(body).into_response())
}
