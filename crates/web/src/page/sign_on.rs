//! Sign-in at a provider of single sign-on: there, and back.
//!
//! A browser that comes back comes from another site, so it brings none of our strict cookies, and the forms of pages still
//! open must not be made void by that. The page it comes back to therefore reads no cookie and sets none: it sends the browser
//! on to the same question asked by ourselves.

use crate::format::shell_word;
use crate::page::Failure;
use crate::page::failure::{Message, message};
use crate::page::login::{again, own_page};
use crate::secret::{self, FormCookie};
use crate::serve::Peer;
use crate::session;
use crate::sign_on::{SignOn, SignOnReturn, SignOnStart};
use crate::state::{App, Settings};
use axum::Extension;
use axum::extract::{Query, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tower_sessions::Session;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::cookie::{Cookie, CookieJar, Key};

const COOKIE: &str = "segue_sso";
/// The pages of this file lie below it.
const PATH: &str = "/login/sso";
/// Longest time at the provider, in seconds.
const AWAY_S_MAX: i64 = 600;
/// Longest question a browser comes back with, in characters.
const QUERY_CHARS_MAX: usize = 6_000;
/// Longest code of a provider, in characters.
const CODE_CHARS_MAX: usize = 4_096;

/// What the browser keeps, sealed, while it is away.
#[derive(Serialize, Deserialize)]
struct Away {
    start: SignOnStart,
    next: String,
    /// Whether the person is to show anew who they are.
    again: bool,
    /// Seconds since 1970, by this machine's clock, as sessions are measured.
    begun_s: i64,
}

/// Where to go afterwards, and whether the provider is to ask anew.
#[derive(Deserialize)]
pub(crate) struct Begin {
    #[serde(default)]
    next: String,
    #[serde(default)]
    again: Option<String>,
}

/// `GET /login/sso`
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    Query(asked): Query<Begin>,
) -> Result<Response, Failure> {
    let next = own_page(&asked.next);
    let anew = asked.again.is_some();
    let begun = match app.console.begin_sign_on(anew).await {
        Ok(begun) => begun,
        Err(why) => return again(&app, &form, StatusCode::SERVICE_UNAVAILABLE, next, why),
    };
    let away = Away {
        start: begun.start,
        next: next.to_owned(),
        again: anew,
        begun_s: OffsetDateTime::now_utc().unix_timestamp(),
    };
    let cookie = sealed(&app.settings, &away);
    let secure = if begun.over_tls { "; Secure" } else { "" };
    let line = format!(
        "{COOKIE}={cookie}; Path={PATH}; Max-Age={AWAY_S_MAX}; HttpOnly; SameSite=Strict{secure}"
    );
    let mut response = Redirect::to(&begun.url).into_response();
    put_cookie(&mut response, &line);
    Ok(response)
}

/// `GET /login/sso/back`: where the provider sends browsers, read by [`end`].
pub(crate) async fn back(RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    // As a browser writes an address: nothing that ends a header, an attribute or an address.
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~%&=+:/?,*!$()@".contains(&b);
    if query.len() > QUERY_CHARS_MAX || !query.bytes().all(plain) {
        let says = "This is no answer of a provider. Go to /login and sign in again.";
        return (StatusCode::BAD_REQUEST, says).into_response();
    }
    let on = format!("{PATH}/end?{query}");
    let link = on.replace('&', "&amp;");
    let page = format!(
        "<!doctype html><html lang=\"en\"><title>Signing in</title><p><a href=\"{link}\">Go on to Segue</a></p></html>"
    );
    let mut response = Html(page).into_response();
    if let Ok(refresh) = HeaderValue::from_str(&format!("0; url={on}")) {
        response.headers_mut().insert(header::REFRESH, refresh);
    }
    response
}

/// What a browser comes back with.
#[derive(Deserialize)]
pub(crate) struct Returned {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    iss: Option<String>,
    error: Option<String>,
}

/// `GET /login/sso/end`
pub(crate) async fn end(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    Extension(peer): Extension<Peer>,
    session: Session,
    headers: HeaderMap,
    Query(returned): Query<Returned>,
) -> Result<Response, Failure> {
    let away = opened(&app.settings, &headers).filter(|away| {
        let age_s = OffsetDateTime::now_utc().unix_timestamp() - away.begun_s;
        let key = &app.settings.key;
        (0..=AWAY_S_MAX).contains(&age_s)
            && secret::same_text(key, &away.start.state, &returned.state)
    });
    let mut response = match away {
        Some(away) => answered(&app, &form, (peer, &session, &headers), away, returned).await?,
        None => again(
            &app,
            &form,
            StatusCode::FORBIDDEN,
            "",
            "This sign-in was not begun in this browser, or took longer than ten minutes. Sign in again.".into(),
        )?,
    };
    // Good once, whatever came of it.
    let gone = format!("{COOKIE}=; Path={PATH}; Max-Age=0; HttpOnly; SameSite=Strict");
    put_cookie(&mut response, &gone);
    Ok(response)
}

async fn answered(
    app: &Arc<App>,
    form: &FormCookie,
    (peer, session, headers): (Peer, &Session, &HeaderMap),
    away: Away,
    returned: Returned,
) -> Result<Response, Failure> {
    let next = own_page(&away.next);
    let refused = |why| again(app, form, StatusCode::FORBIDDEN, next, why);
    if let Some(error) = returned.error {
        let named = error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let error = if named && error.len() <= 60 {
            error
        } else {
            "no reason".into()
        };
        return refused(format!(
            "The provider did not let you in ({error}). Sign in again, or with name and password."
        ));
    }
    if returned.code.is_empty() || returned.code.len() > CODE_CHARS_MAX {
        return refused(
            "The provider sent no code. Sign in again, or with name and password.".into(),
        );
    }
    let begun = Timestamp::from_second(away.begun_s).unwrap_or(Timestamp::MAX);
    let came = SignOnReturn {
        shown_since: away.again.then_some(begun),
        start: away.start,
        code: returned.code,
        issuer: returned.iss,
        source: peer.0,
    };
    match app.console.end_sign_on(came).await {
        SignOn::Known { person, proved_at } => {
            session::sign_in(session, &person, proved_at, headers).await?;
            session::note_provider(session).await?;
            Ok(Redirect::to(next).into_response())
        }
        SignOn::HalfWay(person) => {
            session::half_way(session, &person).await?;
            session::note_provider(session).await?;
            Ok(Redirect::to(&format!("/login/code?next={next}")).into_response())
        }
        SignOn::NotTied { issuer, subject } => {
            let (of, who) = (shell_word(&issuer), shell_word(&subject));
            let lead = format!(
                "{issuer} let you in as `{subject}`, and no account of Segue is tied to that. Give it to your party's \
                 administrator, who ties your account: segue user link NAME --oidc-issuer={of} --oidc-subject={who}"
            );
            let text = Message {
                status: StatusCode::FORBIDDEN,
                title: "Segue does not know you yet.",
                lead: &lead,
                refusal: None,
            };
            message(app, None, form, text)
        }
        SignOn::Refused { message } => refused(message),
        SignOn::Unavailable { message } => {
            again(app, form, StatusCode::SERVICE_UNAVAILABLE, next, message)
        }
    }
}

fn key(settings: &Settings) -> Key {
    let mut seal = [0_u8; 64];
    let (left, right) = seal.split_at_mut(32);
    left.copy_from_slice(&secret::derive(&settings.key, b"sign-on-1"));
    right.copy_from_slice(&secret::derive(&settings.key, b"sign-on-2"));
    Key::from(&seal)
}

fn sealed(settings: &Settings, away: &Away) -> String {
    let mut jar = CookieJar::new();
    let text = serde_json::to_string(away).unwrap_or_default();
    jar.private_mut(&key(settings))
        .add(Cookie::new(COOKIE, text));
    jar.get(COOKIE)
        .map_or(String::new(), |cookie| cookie.value().to_owned())
}

fn opened(settings: &Settings, headers: &HeaderMap) -> Option<Away> {
    let lines = headers.get_all(header::COOKIE).iter();
    let sent = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))?;
    let jar = CookieJar::new();
    let cookie = Cookie::new(COOKIE, sent.to_owned());
    let cookie = jar.private(&key(settings)).decrypt(cookie)?;
    serde_json::from_str(cookie.value()).ok()
}

fn put_cookie(response: &mut Response, line: &str) {
    if let Ok(cookie) = HeaderValue::from_str(line) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
