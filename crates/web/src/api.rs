//! The JSON API: domain commands, the home button for programs, the centres' event feed, health
//! and measurements. Refusals have the shape of `cli.md`.

use crate::console::{
    ActError, BoardKind, BoardRequest, BoardView, Credentials, Door, EligibilityAnswer,
    EligibilityRequest, EventBatch, FallbackAnswer, FallbackRequest, IngestAnswer, IngestError,
    Person, SignIn, Submission,
};
use crate::nodes::NodesView;
use crate::page::home;
use crate::secret::{FormCookie, NoRandom, same_text};
use crate::serve::Peer;
use crate::session;
use crate::state::App;
use crate::view::LiveView;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;
use tower_sessions::Session;

/// Why the API did not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Denied {
    #[error("nobody is signed in")]
    NotSignedIn,
    #[error(
        "what was sent brings calls home and nothing else: the account has a second factor, or the token is for that alone"
    )]
    NeedsCode,
    #[error("the feed's token is missing or no site has it")]
    NoSite,
    #[error("the X-CSRF-Token header is missing or does not belong to this session")]
    BadForm,
    #[error("too many attempts for this name")]
    Throttled(u64),
    #[error("{0}")]
    Unavailable(String),
    #[error("the body is too large or broke off: {0}")]
    Body(#[from] BytesRejection),
    #[error("the body is not the JSON asked for: {0}")]
    NotJson(#[from] serde_json::Error),
    #[error(transparent)]
    Random(#[from] NoRandom),
    #[error("refused by a rule")]
    Act(#[from] ActError),
}

impl Denied {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotSignedIn | Self::NeedsCode | Self::NoSite => StatusCode::UNAUTHORIZED,
            Self::BadForm => StatusCode::FORBIDDEN,
            Self::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) | Self::Act(ActError::Unavailable { .. }) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Body(rejected) => rejected.status(),
            Self::NotJson(_) => StatusCode::BAD_REQUEST,
            Self::Random(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Act(ActError::Refused(_)) => StatusCode::CONFLICT,
            Self::Act(ActError::Invalid(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    fn next_step(&self) -> &'static str {
        match self {
            Self::NotSignedIn => {
                "Send HTTP Basic credentials of a local account, or a session with its \
                 X-CSRF-Token."
            }
            Self::NeedsCode => {
                "Send a token of the account as the password: segue user token NAME --scope act."
            }
            Self::NoSite => {
                "Send Authorization: Bearer with the site's feed token; the telephony engineer \
                 has it."
            }
            Self::BadForm => "Send the csrf value of any form of this session's pages.",
            Self::Throttled(_) => "Wait for the seconds in Retry-After.",
            Self::Body(_) => "Send smaller batches; repeating is harmless.",
            Self::NotJson(_) => "Compare it with the output of: segue schema",
            Self::Random(_) => "Run: segue doctor",
            Self::Unavailable(_) | Self::Act(_) => "Repeat with the same command id.",
        }
    }

    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::NotSignedIn | Self::NeedsCode => Some((
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"segue\", charset=\"UTF-8\""),
            )),
            Self::NoSite => Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Self::Throttled(s) => Some((header::RETRY_AFTER, HeaderValue::from(*s))),
            Self::Unavailable(_) | Self::Act(ActError::Unavailable { .. }) => {
                Some((header::RETRY_AFTER, HeaderValue::from_static("5")))
            }
            _ => None,
        }
    }
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        let body = match &self {
            Self::Act(ActError::Refused(refusal) | ActError::Invalid(refusal)) => {
                json!({ "refusal": refusal })
            }
            Self::Act(ActError::Unavailable { message }) => {
                json!({ "error": { "what": message, "next_step": self.next_step() } })
            }
            other => {
                json!({ "error": { "what": other.to_string(), "next_step": other.next_step() } })
            }
        };
        let header = self.header();
        let mut answer = (self.status(), Json(body)).into_response();
        if let Some((name, value)) = header {
            answer.headers_mut().insert(name, value);
        }
        answer
    }
}

fn known(answer: SignIn) -> Result<Person, Denied> {
    match answer {
        SignIn::Known(person) => Ok(person),
        SignIn::HalfWay(_) => Err(Denied::NeedsCode),
        SignIn::Unknown | SignIn::UsedCode => Err(Denied::NotSignedIn),
        SignIn::Throttled { retry_after_s } => Err(Denied::Throttled(retry_after_s)),
        SignIn::Unavailable { message } => Err(Denied::Unavailable(message)),
    }
}

/// The part after the scheme of an Authorization header.
fn authorization<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let sent = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (name, rest) = sent.split_once(' ')?;
    name.eq_ignore_ascii_case(scheme).then_some(rest.trim())
}

fn basic(headers: &HeaderMap, peer: Peer) -> Option<Credentials> {
    let decoded = STANDARD.decode(authorization(headers, "basic")?).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (user, secret) = decoded.split_once(':')?;
    Some(Credentials {
        user: user.trim().to_owned(),
        secret: secret.to_owned(),
        source: peer.0,
    })
}

/// Who acts: Basic credentials, or a session whose CSRF token came along in a header.
async fn actor(
    app: &App,
    peer: Peer,
    headers: &HeaderMap,
    session: &Session,
    form: &FormCookie,
) -> Result<Person, Denied> {
    Ok(acting(app, peer, headers, session, form).await?.0)
}

/// The same, and when they last showed who they are: a token shows it of nobody.
async fn acting(
    app: &App,
    peer: Peer,
    headers: &HeaderMap,
    session: &Session,
    form: &FormCookie,
) -> Result<(Person, Option<Timestamp>), Denied> {
    if let Some(credentials) = basic(headers, peer) {
        let token = credentials.is_token();
        let person = known(app.console.authenticate(credentials).await)?;
        let proved_at = (!token).then_some(person.since);
        return Ok((person, proved_at));
    }
    let person = session::acting_person(session)
        .await
        .ok_or(Denied::NotSignedIn)?;
    let token = headers
        .get("x-csrf-token")
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    if !form.vouches(&app.settings.key, token, headers) {
        return Err(Denied::BadForm);
    }
    let proved_at = session::proved_at(session).await;
    Ok((person, proved_at))
}

/// Who brings calls home: a password is enough, also where a code is still to come.
async fn homeward(
    app: &App,
    peer: Peer,
    headers: &HeaderMap,
    session: &Session,
    form: &FormCookie,
) -> Result<(Person, Door), Denied> {
    if let Some(credentials) = basic(headers, peer) {
        return match app.console.authenticate(credentials).await {
            SignIn::HalfWay(person) => Ok((person, Door::Pin)),
            answer => Ok((known(answer)?, Door::Account)),
        };
    }
    Ok((
        actor(app, peer, headers, session, form).await?,
        Door::Account,
    ))
}

fn parse<T: DeserializeOwned>(body: Result<Bytes, BytesRejection>) -> Result<T, Denied> {
    Ok(serde_json::from_slice(&body?)?)
}

#[derive(Deserialize)]
struct SubmitBody {
    command: Value,
    #[serde(default)]
    command_id: String,
}

/// `POST /api/v1/commands` with `{"command": {…}, "command_id": "…"}`.
pub(crate) async fn commands(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    Extension(peer): Extension<Peer>,
    session: Session,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, Denied> {
    let (person, proved_at) = acting(&app, peer, &headers, &session, &form).await?;
    let sent: SubmitBody = parse(body)?;
    let command_id = home::command_id(&sent.command_id)?;
    let submission = Submission {
        command: sent.command,
        person,
        proved_at,
        command_id,
    };
    Ok(Json(app.submit(submission).await?))
}

#[derive(Deserialize)]
struct FallbackBody {
    #[serde(default)]
    scope: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    command_id: String,
    user: Option<String>,
    pin: Option<String>,
}

/// `POST /api/v1/fallback` with `{"scope", "reason", "command_id"}`, and `user` and `pin` where
/// nobody is signed in.
pub(crate) async fn fallback(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    Extension(peer): Extension<Peer>,
    session: Session,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<FallbackAnswer>, Denied> {
    let sent: FallbackBody = parse(body)?;
    let (person, door) = if let (Some(user), Some(pin)) = (sent.user, sent.pin) {
        let credentials = Credentials {
            user: user.trim().to_owned(),
            secret: pin,
            source: peer.0,
        };
        (
            known(app.console.authenticate_pin(credentials).await)?,
            Door::Pin,
        )
    } else {
        homeward(&app, peer, &headers, &session, &form).await?
    };
    let request = FallbackRequest {
        scope: home::scope(&sent.scope),
        reason: home::reason(&sent.reason),
        person,
        door,
        command_id: home::command_id(&sent.command_id)?,
    };
    Ok(Json(app.bring_home(request).await?))
}

/// Who reads: Basic credentials (a reading token is a password, too) or a session. Reading changes nothing, so it needs no form token.
pub(crate) async fn reader(
    app: &App,
    peer: Peer,
    headers: &HeaderMap,
    session: &Session,
) -> Result<Person, Denied> {
    match basic(headers, peer) {
        Some(credentials) => known(app.console.authenticate_reader(credentials).await),
        None => session::person(session).await.ok_or(Denied::NotSignedIn),
    }
}

/// `GET /api/v1/live`: the facts of the live page, for a signed-in person.
pub(crate) async fn live(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    session: Session,
    headers: HeaderMap,
) -> Result<Json<LiveView>, Denied> {
    reader(&app, peer, &headers, &session).await?;
    Ok(Json(app.view().as_ref().clone()))
}

/// `GET /api/v1/nodes`: latch, table, lease and clock of every node, for a signed-in person.
pub(crate) async fn nodes(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    session: Session,
    headers: HeaderMap,
) -> Result<Json<NodesView>, Denied> {
    reader(&app, peer, &headers, &session).await?;
    Ok(Json(app.console.nodes()))
}

/// `GET /api/v1/boards`: the boards there are.
pub(crate) async fn boards(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    session: Session,
    headers: HeaderMap,
) -> Result<Json<Vec<BoardKind>>, Denied> {
    reader(&app, peer, &headers, &session).await?;
    Ok(Json(app.console.boards()))
}

/// `GET /api/v1/boards/NAME`: one board, as this person may see it.
pub(crate) async fn board(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Extension(peer): Extension<Peer>,
    session: Session,
    headers: HeaderMap,
) -> Result<Json<BoardView>, Denied> {
    let person = reader(&app, peer, &headers, &session).await?;
    let asked = BoardRequest { name, person };
    Ok(Json(app.console.board(asked).await?))
}

#[derive(Deserialize)]
struct EligibilityBody {
    patient_state: Option<String>,
    call_type: Option<String>,
    #[serde(default)]
    agents: Vec<String>,
}

/// `POST /api/v1/eligibility` with `{"patient_state", "call_type", "agents"}`; the last two may be left out.
pub(crate) async fn eligibility(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    Extension(peer): Extension<Peer>,
    session: Session,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<EligibilityAnswer>, Denied> {
    let person = actor(&app, peer, &headers, &session, &form).await?;
    let EligibilityBody {
        patient_state,
        call_type,
        agents,
    } = parse(body)?;
    let asked = EligibilityRequest {
        patient_state,
        call_type,
        agents,
        person,
    };
    Ok(Json(app.console.eligibility(asked).await?))
}

/// `POST /api/v1/calls`: a batch of a centre's events, newline-delimited JSON.
pub(crate) async fn calls(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<IngestAnswer>, Denied> {
    let token = authorization(&headers, "bearer")
        .ok_or(Denied::NoSite)?
        .to_owned();
    match app.console.ingest(EventBatch { token, body: body? }).await {
        Ok(done) => Ok(Json(done)),
        Err(IngestError::UnknownToken) => Err(Denied::NoSite),
        Err(IngestError::Refused(refusal)) => Err(ActError::Refused(refusal).into()),
        Err(IngestError::Unavailable { message }) => Err(Denied::Unavailable(message)),
    }
}

/// `POST /api/v1/probes`: what `segue probe run` found, signed by its one-time token.
pub(crate) async fn probes(
    State(app): State<Arc<App>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, Denied> {
    let report = serde_json::from_slice(&body?)?;
    Ok(Json(app.console.report_probe(report).await?))
}

/// `GET /healthz`
pub(crate) async fn health(State(app): State<Arc<App>>) -> Result<Json<Value>, Denied> {
    app.console.health().map_err(Denied::Unavailable)?;
    Ok(Json(json!({ "status": "ok" })))
}

/// `GET /metrics`, for whoever has the token of the settings; without a token no such page.
pub(crate) async fn metrics(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Some(token) = &app.settings.metrics_token else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let sent = authorization(&headers, "bearer").unwrap_or("");
    if !same_text(&app.settings.key, token, sent) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let kind = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    (kind, app.console.metrics()).into_response()
}
