//! When a page cannot be made: a short page that still has the home control.

use crate::console::{ActError, Person};
use crate::page::{Chrome, Room};
use crate::secret::{FormCookie, NoRandom};
use crate::state::App;
use crate::view::RefusalView;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

/// Something inside failed; the visitor reads a plain sentence and the other ways home.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A template did not render.
    #[error("a page could not be rendered: {0}")]
    Render(#[from] askama::Error),
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] NoRandom),
    /// The session could not be written.
    #[error("the session could not be kept: {0}")]
    Session(#[from] tower_sessions::session::Error),
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        tracing::error!(error = %self, "page failed");
        let text = "This page failed inside Segue; the log says why. Bring calls home by: \
                    segue fallback";
        (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
    }
}

/// Renders a template with a status.
pub(crate) fn render(status: StatusCode, page: &impl Template) -> Result<Response, Failure> {
    Ok((status, Html(page.render()?)).into_response())
}

/// A page that says why something was not done.
#[derive(Template)]
#[template(path = "message.html")]
pub(crate) struct MessagePage {
    pub(crate) chrome: Chrome,
    pub(crate) title: String,
    pub(crate) lead: String,
    pub(crate) refusal: Option<RefusalView>,
}

/// What a message page says.
pub(crate) struct Message<'a> {
    pub(crate) status: StatusCode,
    pub(crate) title: &'a str,
    pub(crate) lead: &'a str,
    pub(crate) refusal: Option<RefusalView>,
}

/// Answers with a message in the frame of the visitor.
pub(crate) fn message(
    app: &App,
    person: Option<&Person>,
    form: &FormCookie,
    message: Message<'_>,
) -> Result<Response, Failure> {
    let chrome = Chrome::new(app, &app.view(), person, form, Room::Other, message.title)?;
    let page = MessagePage {
        chrome,
        title: message.title.to_owned(),
        lead: message.lead.to_owned(),
        refusal: message.refusal,
    };
    render(message.status, &page)
}

/// Answers why this reader is shown nothing that rests on call records.
pub(crate) fn records_closed(
    app: &App,
    person: &Person,
    form: &FormCookie,
    title: &str,
    why: ActError,
) -> Result<Response, Failure> {
    let (status, lead, refusal) = match why {
        ActError::Unavailable { message } => (StatusCode::SERVICE_UNAVAILABLE, message, None),
        ActError::Refused(refusal) | ActError::Invalid(refusal) => (
            StatusCode::FORBIDDEN,
            "Call records belong to people whose agreements are in force.".to_owned(),
            Some(*refusal),
        ),
    };
    let said = Message {
        status,
        title,
        lead: &lead,
        refusal,
    };
    message(app, Some(person), form, said)
}

/// Answers that something was not done, with the rule or the trouble that stood in its way.
pub(crate) fn not_done(
    app: &App,
    person: Option<&Person>,
    form: &FormCookie,
    title: &str,
    error: ActError,
) -> Result<Response, Failure> {
    let (status, lead, refusal) = match error {
        ActError::Refused(r) => (StatusCode::CONFLICT, r.rule.clone(), Some(*r)),
        ActError::Invalid(r) => (StatusCode::UNPROCESSABLE_ENTITY, r.rule.clone(), Some(*r)),
        ActError::Unavailable { message } => (StatusCode::SERVICE_UNAVAILABLE, message, None),
    };
    let said = Message {
        status,
        title,
        lead: &lead,
        refusal,
    };
    message(app, person, form, said)
}
