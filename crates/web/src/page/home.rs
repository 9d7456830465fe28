//! The press of the home button by form, with a session or with name and duty PIN, and its
//! result page. Whatever goes wrong, the person reads that nothing has changed and how to go on.

use crate::console::{ActError, Credentials, Door, FallbackAnswer, FallbackRequest, SCOPE_ALL};
use crate::console::{Person, SignIn};
use crate::format::Clock;
use crate::page::failure::{Message, message, not_done, render};
use crate::page::{Chrome, Failure, Room, duty, login};
use crate::secret::{self, FormCookie};
use crate::serve::Peer;
use crate::session;
use crate::state::App;
use crate::view::{Aspect, CheckView, LiveView};
use askama::Template;
use axum::Extension;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tower_sessions::Session;

/// What the home form sends.
#[derive(Deserialize)]
pub(crate) struct HomeForm {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    command: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    user: String,
    #[serde(default)]
    pin: String,
}

const COMMAND_ID_CHARS: std::ops::RangeInclusive<usize> = 8..=64;
/// Longer than this nobody waits before an empty page; the press itself goes on.
const PRESS_WAIT_MAX: Duration = Duration::from_secs(10);
const SCOPE_CHARS_MAX: usize = 80;
const REASON_CHARS_MAX: usize = 1_000;

/// An id sent by a form or a program, or a fresh one: a bad id must not keep calls out.
pub(crate) fn command_id(sent: &str) -> Result<String, secret::NoRandom> {
    let well_formed = COMMAND_ID_CHARS.contains(&sent.len())
        && sent.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if well_formed {
        Ok(sent.to_owned())
    } else {
        secret::random_id()
    }
}

/// The scope sent, or every call: an empty choice must not keep calls out.
pub(crate) fn scope(sent: &str) -> String {
    let sent = sent.trim();
    if sent.is_empty() {
        SCOPE_ALL.to_owned()
    } else {
        sent.chars().take(SCOPE_CHARS_MAX).collect()
    }
}

/// The reason sent, cut to its limit; none when empty.
pub(crate) fn reason(sent: &str) -> Option<String> {
    let sent = sent.trim();
    (!sent.is_empty()).then(|| sent.chars().take(REASON_CHARS_MAX).collect())
}

/// `POST /fallback`
pub(crate) async fn press(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    Extension(peer): Extension<Peer>,
    session: Session,
    headers: HeaderMap,
    Form(mut sent): Form<HomeForm>,
) -> Result<Response, Failure> {
    sent.command = command_id(&sent.command)?;
    let signed_in = session::acting_person(&session).await;
    if !form.vouches(&app.settings.key, &sent.csrf, &headers) {
        let why = "This form was too old or came from another site. Nothing has changed: \
                   please press again.";
        return again(
            &app,
            signed_in.as_ref(),
            &form,
            &sent,
            StatusCode::FORBIDDEN,
            why,
        );
    }
    let (person, door) = match signed_in {
        Some(person) => (person, Door::Account),
        None => match by_pin(&app, &sent, peer).await {
            Ok(person) => (person, Door::Pin),
            Err((status, why)) => return again(&app, None, &form, &sent, status, &why),
        },
    };
    let request = FallbackRequest {
        scope: scope(&sent.scope),
        reason: reason(&sent.reason),
        person: person.clone(),
        door,
        command_id: sent.command.clone(),
    };
    let shown_to = (door == Door::Account).then_some(&person);
    let to_result = Redirect::to(&format!("/fallback/{}", sent.command)).into_response();
    match tokio::time::timeout(PRESS_WAIT_MAX, app.bring_home(request)).await {
        Ok(Err(error)) => refused(&app, shown_to, &form, error),
        // Done, or still going on: the result page says how far it has got.
        Ok(Ok(_)) | Err(_) => Ok(to_result),
    }
}

async fn by_pin(app: &App, sent: &HomeForm, peer: Peer) -> Result<Person, (StatusCode, String)> {
    if sent.user.trim().is_empty() || sent.pin.is_empty() {
        let why = "You are not signed in; a sign-in ends after some minutes without an act. \
                   Nothing has changed. Your name and duty PIN bring the calls home.";
        return Err((StatusCode::UNAUTHORIZED, why.to_owned()));
    }
    let credentials = Credentials {
        user: sent.user.trim().to_owned(),
        secret: sent.pin.trim().to_owned(),
        source: peer.0,
    };
    match app.console.authenticate_pin(credentials).await {
        SignIn::Known(person) => Ok(person),
        SignIn::Unknown | SignIn::HalfWay(_) | SignIn::UsedCode => Err((
            StatusCode::UNAUTHORIZED,
            "Name and duty PIN do not go together. Nothing has changed. Try again, or use \
             the command line: segue fallback"
                .to_owned(),
        )),
        SignIn::Throttled { retry_after_s } => Err((
            StatusCode::TOO_MANY_REQUESTS,
            format!(
                "{} Nothing has changed. Another person of either party may press now.",
                login::throttled(retry_after_s)
            ),
        )),
        SignIn::Unavailable { message } => Err((
            StatusCode::SERVICE_UNAVAILABLE,
            format!("{message} Nothing has changed."),
        )),
    }
}

/// The duty page again, with the panel open, what was typed kept and the same command id.
fn again(
    app: &App,
    person: Option<&Person>,
    form: &FormCookie,
    sent: &HomeForm,
    status: StatusCode,
    why: &str,
) -> Result<Response, Failure> {
    let mut page = duty::page(app, person, form)?;
    let home = &mut page.chrome.home;
    home.open = true;
    home.error = Some(why.to_owned());
    home.command.clone_from(&sent.command);
    home.typed_user.clone_from(&sent.user);
    home.choose(&sent.scope);
    render(status, &page)
}

fn refused(
    app: &App,
    person: Option<&Person>,
    form: &FormCookie,
    error: ActError,
) -> Result<Response, Failure> {
    let (title, error) = match error {
        ActError::Unavailable { message } => {
            let message = format!("{message} Try the command line: segue fallback");
            let title = "Segue could not bring the calls home.";
            (title, ActError::Unavailable { message })
        }
        refused => ("Calls stay where they are.", refused),
    };
    not_done(app, person, form, title, error)
}

#[derive(Template)]
#[template(path = "fallback.html")]
struct ResultPage {
    chrome: Chrome,
    command: String,
    part: String,
}

#[derive(Template)]
#[template(path = "part/result.html")]
struct ResultPart {
    status: (Aspect, String),
    title: String,
    lead: String,
    incident: String,
    steps: Vec<CheckView>,
    unreachable: Vec<String>,
}

impl ResultPart {
    fn new(view: &LiveView, answer: &FallbackAnswer) -> Self {
        let clock = Clock::new(&view.zone);
        let latch = view
            .home
            .iter()
            .find(|l| answer.incident.is_some() && l.incident == answer.incident);
        let verified_at = latch.and_then(|l| l.verified_at);
        let home = latch.map_or(answer.nodes_home, |l| l.nodes_home.max(answer.nodes_home));
        let journalled = answer.journalled || latch.is_some_and(|l| l.journalled);
        let pressed = clock.second(answer.pressed_at).text;
        let nodes = format!("{home} of {}", answer.nodes_total);
        let verified = answer.verified || verified_at.is_some();
        let status = if home < answer.nodes_total || home == 0 {
            (Aspect::Harm, format!("Home on {nodes}"))
        } else if verified {
            (Aspect::Proved, format!("Home on {nodes}, verified"))
        } else {
            (Aspect::Hold, format!("Home on {nodes}, not verified yet"))
        };
        let what = if answer.scope == SCOPE_ALL {
            "Every new call goes home".to_owned()
        } else {
            format!("New calls of {} go home", answer.scope)
        };
        let title = match (home == answer.nodes_total && home > 0, verified) {
            (false, _) => format!("{what}, but only on {nodes} nodes."),
            (true, true) if answer.scope == SCOPE_ALL => "Every call is answered in-house.".into(),
            (true, _) => format!("{what}."),
        };
        let lead = format!(
            "You pressed at {pressed}; the nodes answered after {}\u{a0}ms. {}",
            crate::format::count(answer.latency_ms),
            if answer.already_home {
                "The calls were home before: nothing changed and it is no second incident."
            } else {
                "Calls in progress finish where they are."
            }
        );
        let at = verified_at.map(|at| clock.second(at).text);
        let at = at.or_else(|| answer.verified.then(|| "answered".to_owned()));
        Self {
            status,
            title,
            lead,
            incident: answer.incident.clone().unwrap_or_default(),
            steps: vec![
                duty::recorded(journalled.then_some(pressed)),
                duty::nodes(home, answer.nodes_total),
                duty::test_call(at),
            ],
            unreachable: answer.unreachable.clone(),
        }
    }
}

/// `GET /fallback/{command}`: the answer to a press. The command id is known only to whoever
/// pressed, so that a press by PIN can be followed without a session.
pub(crate) async fn result(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    session: Session,
    Path(command): Path<String>,
) -> Result<Response, Failure> {
    let person = session::acting_person(&session).await;
    let Some(answer) = app.answer(&command) else {
        let text = Message {
            status: StatusCode::NOT_FOUND,
            title: "No answer to this press is held here.",
            lead: "It may still be going on, or be too old. Whether calls are home stands on the \
                   live page and in the journal. Pressing again is harmless.",
            refusal: None,
        };
        return message(&app, person.as_ref(), &form, text);
    };
    let view = app.view();
    let chrome = Chrome::new(&app, &view, person.as_ref(), &form, Room::Other, "Home")?;
    let part = ResultPart::new(&view, &answer).render()?;
    render(
        StatusCode::OK,
        &ResultPage {
            chrome,
            command,
            part,
        },
    )
}

/// `GET /fallback/{command}/now`: the same answer as a fragment, polled until verified.
pub(crate) async fn result_now(
    State(app): State<Arc<App>>,
    Path(command): Path<String>,
) -> Result<Response, Failure> {
    match app.answer(&command) {
        Some(answer) => render(StatusCode::OK, &ResultPart::new(&app.view(), &answer)),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}
