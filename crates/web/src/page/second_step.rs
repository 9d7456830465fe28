//! The second step of signing in: the code of the second factor, or a recovery code.

use crate::console::{Person, SignIn};
use crate::page::failure::render;
use crate::page::login::{Next, own_page, throttled};
use crate::page::{Chrome, Failure, Room};
use crate::secret::FormCookie;
use crate::serve::Peer;
use crate::session;
use crate::state::App;
use askama::Template;
use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;
use tower_sessions::Session;

#[derive(Template)]
#[template(path = "second_step.html")]
struct SecondStep {
    chrome: Chrome,
    next: String,
    error: Option<String>,
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct CodeForm {
    csrf: String,
    code: String,
    #[serde(default)]
    next: String,
}

/// `GET /login/code`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    Query(next): Query<Next>,
    session: Session,
) -> Result<Response, Failure> {
    if session::is_half_way(&session).await.is_none() {
        return Ok(Redirect::to("/login").into_response());
    }
    page(&app, &form, StatusCode::OK, &next.next, None)
}

fn page(
    app: &App,
    form: &FormCookie,
    status: StatusCode,
    next: &str,
    error: Option<String>,
) -> Result<Response, Failure> {
    let chrome = Chrome::new(app, &app.view(), None, form, Room::Other, "Sign in")?;
    let next = own_page(next).to_owned();
    render(
        status,
        &SecondStep {
            chrome,
            next,
            error,
        },
    )
}

/// `POST /login/code`
pub(crate) async fn enter(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    Extension(peer): Extension<Peer>,
    session: Session,
    headers: HeaderMap,
    Form(sent): Form<CodeForm>,
) -> Result<Response, Failure> {
    if !form.vouches(&app.settings.key, &sent.csrf, &headers) {
        let error = "This form was too old or came from another site. Please send the code again.";
        return page(
            &app,
            &form,
            StatusCode::FORBIDDEN,
            &sent.next,
            Some(error.into()),
        );
    }
    let Some(person) = session::is_half_way(&session).await else {
        return Ok(Redirect::to("/login").into_response());
    };
    let answer = app
        .console
        .authenticate_second(person, sent.code, peer.0)
        .await;
    match answered(answer) {
        Ok(person) => {
            let by_provider = session::is_by_provider(&session).await;
            session::sign_in(&session, &person, Some(person.since), &headers).await?;
            if by_provider {
                session::note_provider(&session).await?;
            }
            Ok(Redirect::to(own_page(&sent.next)).into_response())
        }
        Err((status, why)) => page(&app, &form, status, &sent.next, Some(why)),
    }
}

/// Who a code let in, or what the person reads instead.
pub(crate) fn answered(answer: SignIn) -> Result<Person, (StatusCode, String)> {
    let (status, why) = match answer {
        SignIn::Known(person) => return Ok(person),
        SignIn::Unknown | SignIn::HalfWay(_) => (
            StatusCode::UNAUTHORIZED,
            "This does not fit. Wait for the next code and type its six digits; a sign-in that took longer \
             than five minutes begins anew."
                .to_owned(),
        ),
        SignIn::UsedCode => (
            StatusCode::UNAUTHORIZED,
            "This code was used already. Wait for the next one: at most 30 s.".to_owned(),
        ),
        SignIn::Throttled { retry_after_s } => {
            (StatusCode::TOO_MANY_REQUESTS, throttled(retry_after_s))
        }
        SignIn::Unavailable { message } => (StatusCode::SERVICE_UNAVAILABLE, message),
    };
    Err((status, why))
}
