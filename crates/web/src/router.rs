//! Addresses, limits and headers. Nothing here knows what a page shows.

use crate::page::failure::{Message, message};
use crate::page::{
    Failure, account, boards, calendar, discovery, draft, duty, home, live, login, my_calls, nodes,
    parity, second_step, sign, sign_on, week,
};
use crate::secret::{self, FormCookie};
use crate::state::App;
use crate::{api, assets, events, session};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router, middleware};
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_sessions::Session;

/// Only own files, no inline script or style, no frames, forms only to this server.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: it would blank the Origin of our own forms.
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// What people open and press.
fn rooms() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(live::show))
        .route("/live/events", get(events::events))
        .route("/live/now", get(events::now))
        .route("/discovery", get(discovery::show))
        .route("/discovery/report", get(discovery::report))
        .route("/plan/draft", get(draft::show).post(draft::make))
        .route("/plan/week", get(week::show).post(week::propose))
        .route("/plan/calendar", get(calendar::show))
        .route("/plan/calendar.ics", get(calendar::feed))
        .route("/parity", get(parity::show))
        .route("/boards", get(boards::list))
        .route("/boards/{name}", get(boards::show))
        .route("/my-calls", get(my_calls::show).post(my_calls::record))
        .route("/duty", get(duty::show))
        .route("/nodes", get(nodes::show))
        .route("/nodes/now", get(nodes::show_now))
        .route("/login", get(login::show).post(login::sign_in))
        .route(
            "/login/code",
            get(second_step::show).post(second_step::enter),
        )
        .route("/login/sso", get(sign_on::begin))
        .route("/login/sso/end", get(sign_on::end))
        .route("/logout", post(login::sign_out))
        .route("/account", get(account::show).post(account::change))
        .route("/account/prove", get(account::ask).post(account::prove))
        .route("/sign", get(sign::show))
        .route("/sign/key", post(sign::key))
        .route("/fallback", get(duty::show).post(home::press))
        .route("/fallback/{command}", get(home::result))
        .route("/fallback/{command}/now", get(home::result_now))
}

/// Everything the server answers. Testable in-process, with a [`crate::Peer`] among each request's extensions.
pub fn router(app: Arc<App>) -> Router {
    let settings = app.settings.clone();
    let pages = rooms()
        .route("/api/v1/commands", post(api::commands))
        .route("/api/v1/fallback", post(api::fallback))
        .route("/api/v1/eligibility", post(api::eligibility))
        .route("/api/v1/live", get(api::live))
        .route("/api/v1/nodes", get(api::nodes))
        .route("/api/v1/boards", get(api::boards))
        .route("/api/v1/boards/{name}", get(api::board))
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(settings.body_bytes_max))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            secret::form_cookie,
        ))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            session::still_admitted,
        ))
        .layer(session::layer(&settings, app.sessions.clone()));
    let feed = Router::new()
        .route("/api/v1/calls", post(api::calls))
        .layer(DefaultBodyLimit::max(settings.batch_bytes_max));
    let plain = Router::new()
        .route(
            "/api/v1/probes",
            post(api::probes).layer(DefaultBodyLimit::max(settings.body_bytes_max)),
        )
        // No cookies are read or set where another site sends browsers.
        .route("/login/sso/back", get(sign_on::back))
        .route("/healthz", get(api::health))
        .route("/metrics", get(api::metrics));
    let mut all = pages.merge(feed).merge(plain).with_state(app);
    // Pages hold call facts: no cache keeps them. Assets set their own header and keep it.
    all = all.layer(SetResponseHeaderLayer::if_not_present(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-store"),
    ));
    all = all.route("/assets/{hash}/{name}", get(assets::serve));
    for (name, value) in HEADERS {
        let value = HeaderValue::from_static(value);
        all = all.layer(SetResponseHeaderLayer::overriding(name, value));
    }
    all.layer(TimeoutLayer::with_status_code(
        StatusCode::SERVICE_UNAVAILABLE,
        settings.request_timeout,
    ))
    .layer(CatchPanicLayer::new())
}

async fn not_found(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    session: Session,
) -> Result<Response, Failure> {
    let person = session::person(&session).await;
    let text = Message {
        status: StatusCode::NOT_FOUND,
        title: "There is no such page.",
        lead: "The address may be old. The live page shows where calls go now.",
        refusal: None,
    };
    message(&app, person.as_ref(), &form, text)
}
