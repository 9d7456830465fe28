//! Sign-in by local account, the door to a provider of single sign-on, and sign-out.

use crate::console::{Credentials, SignIn};
use crate::page::failure::{Message, message, render};
use crate::page::{Chrome, Failure, Room};
use crate::secret::FormCookie;
use crate::serve::Peer;
use crate::session;
use crate::state::App;
use askama::Template;
use axum::Extension;
use axum::extract::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;
use tower_sessions::Session;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    chrome: Chrome,
    next: String,
    user: String,
    error: Option<String>,
    /// The provider of single sign-on, if there is one.
    provider: Option<String>,
    /// Where who has just signed out here signs out there too.
    provider_sign_out: Option<String>,
}

/// Where to go after signing in.
#[derive(Deserialize)]
pub(crate) struct Next {
    #[serde(default)]
    pub(crate) next: String,
    /// Whether somebody whom the provider let in has just signed out.
    #[serde(default)]
    out: Option<String>,
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct LoginForm {
    csrf: String,
    user: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// The pages a sign-in leads back to; any other leads to the live page.
const PAGES: [&str; 11] = [
    "/account",
    "/boards",
    "/discovery",
    "/duty",
    "/my-calls",
    "/nodes",
    "/parity",
    "/plan/calendar",
    "/plan/draft",
    "/plan/week",
    "/sign",
];

/// Only own pages, so that a sign-in cannot lead elsewhere.
pub(crate) fn own_page(next: &str) -> &'static str {
    PAGES.into_iter().find(|page| *page == next).unwrap_or("/")
}

/// Nobody is signed in: first that, then back to this page.
pub(crate) fn first(page: &str) -> Response {
    Redirect::to(&format!("/login?next={}", own_page(page))).into_response()
}

/// `GET /login`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    Query(next): Query<Next>,
    session: Session,
) -> Result<Response, Failure> {
    if session::acting_person(&session).await.is_some() {
        return Ok(Redirect::to(own_page(&next.next)).into_response());
    }
    let out = match next.out {
        Some(_) => app.console.provider_sign_out().await,
        None => None,
    };
    let page = LoginPage {
        provider_sign_out: out,
        ..login_page(&app, &form, &next.next, String::new(), None)?
    };
    render(StatusCode::OK, &page)
}

fn page(
    app: &App,
    form: &FormCookie,
    status: StatusCode,
    next: &str,
    user: String,
    error: Option<String>,
) -> Result<Response, Failure> {
    render(status, &login_page(app, form, next, user, error)?)
}

fn login_page(
    app: &App,
    form: &FormCookie,
    next: &str,
    user: String,
    error: Option<String>,
) -> Result<LoginPage, Failure> {
    Ok(LoginPage {
        chrome: Chrome::new(app, &app.view(), None, form, Room::Other, "Sign in")?,
        next: own_page(next).to_owned(),
        user,
        error,
        provider: app.console.sign_on_provider(),
        provider_sign_out: None,
    })
}

/// The page once more, with what stood in the way.
pub(crate) fn again(
    app: &App,
    form: &FormCookie,
    status: StatusCode,
    next: &str,
    why: String,
) -> Result<Response, Failure> {
    page(app, form, status, next, String::new(), Some(why))
}

/// `POST /login`
pub(crate) async fn sign_in(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    Extension(peer): Extension<Peer>,
    session: Session,
    headers: HeaderMap,
    Form(sent): Form<LoginForm>,
) -> Result<Response, Failure> {
    if !form.vouches(&app.settings.key, &sent.csrf, &headers) {
        let error = "This form was too old or came from another site. Please sign in again.";
        return page(
            &app,
            &form,
            StatusCode::FORBIDDEN,
            &sent.next,
            sent.user,
            Some(error.into()),
        );
    }
    let user = sent.user.trim().to_owned();
    let credentials = Credentials {
        user: user.clone(),
        secret: sent.password,
        source: peer.0,
    };
    // A token is for machines: whoever signs in here has shown a password, which step-up and the second factor build on.
    let answer = if credentials.is_token() {
        SignIn::Unknown
    } else {
        app.console.authenticate(credentials).await
    };
    match answer {
        SignIn::Known(person) => {
            session::sign_in(&session, &person, Some(person.since), &headers).await?;
            Ok(Redirect::to(own_page(&sent.next)).into_response())
        }
        SignIn::HalfWay(person) => {
            session::half_way(&session, &person).await?;
            let next = own_page(&sent.next);
            Ok(Redirect::to(&format!("/login/code?next={next}")).into_response())
        }
        SignIn::Unknown | SignIn::UsedCode => {
            let error = "Name and password do not go together. Ask your party's administrator \
                         if you have lost the password.";
            page(
                &app,
                &form,
                StatusCode::UNAUTHORIZED,
                &sent.next,
                user,
                Some(error.into()),
            )
        }
        SignIn::Throttled { retry_after_s } => {
            let error = throttled(retry_after_s);
            let status = StatusCode::TOO_MANY_REQUESTS;
            let mut response = page(&app, &form, status, &sent.next, user, Some(error))?;
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
            Ok(response)
        }
        SignIn::Unavailable { message } => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            page(&app, &form, status, &sent.next, user, Some(message))
        }
    }
}

/// What someone reads who tried too often.
pub(crate) fn throttled(retry_after_s: u64) -> String {
    let wait = crate::format::duration_s(retry_after_s);
    format!("Too many attempts for this name. Try again in {wait}.")
}

/// What the sign-out button sends.
#[derive(Deserialize)]
pub(crate) struct LogoutForm {
    csrf: String,
}

/// `POST /logout`
pub(crate) async fn sign_out(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    session: Session,
    headers: HeaderMap,
    Form(sent): Form<LogoutForm>,
) -> Result<Response, Failure> {
    if !form.vouches(&app.settings.key, &sent.csrf, &headers) {
        let person = session::person(&session).await;
        let text = Message {
            status: StatusCode::FORBIDDEN,
            title: "You are still signed in.",
            lead: "This form was too old or came from another site. Go back and press again.",
            refusal: None,
        };
        return message(&app, person.as_ref(), &form, text);
    }
    let by_provider = session::is_by_provider(&session).await;
    session::sign_out(&session).await?;
    let to = if by_provider {
        "/login?out=1"
    } else {
        "/login"
    };
    Ok(Redirect::to(to).into_response())
}
