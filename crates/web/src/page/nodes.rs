//! The nodes page: each node's latch, table, lease and clock, who is cut off and what it does about it.

use crate::console::Person;
use crate::format::{self, Clock};
use crate::nodes::{NodeState, NodesView};
use crate::page::failure::render;
use crate::page::{Chrome, Failure, Room, login};
use crate::secret::FormCookie;
use crate::session;
use crate::state::App;
use crate::view::Aspect;
use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tower_sessions::Session;

#[derive(Template)]
#[template(path = "nodes.html")]
struct NodesPage {
    chrome: Chrome,
    part: String,
}

#[derive(Template)]
#[template(path = "part/nodes_now.html")]
struct NodesNow {
    as_of: String,
    finding: (Aspect, &'static str, String, String),
    rows: Vec<Row>,
    refusal: Option<crate::view::RefusalView>,
    unmailed: Option<String>,
    fence: String,
    lease: String,
    healthy: String,
    holds: Vec<String>,
}

/// One node as a row.
struct Row {
    id: String,
    aspect: Aspect,
    word: &'static str,
    does: String,
    heard: String,
    table: String,
    table_differs: bool,
    position: String,
    latch: String,
    lease: String,
    sends: String,
    clock: String,
    clock_differs: bool,
    jobs: String,
}

impl Row {
    fn new(view: &NodesView, node: &NodeState) -> Self {
        let (aspect, word) = node.word();
        let seconds = |ms: u64| format::duration_s(ms / 1_000);
        let known = node.heard_ms_ago.is_some();
        let or_dash = |text: String| if known { text } else { format::DASH.to_owned() };
        Self {
            id: node.id.clone(),
            aspect,
            word,
            does: view.does(node),
            heard: match node.heard_ms_ago {
                Some(0) => "this node".to_owned(),
                Some(ms) => format!("{} ago", seconds(ms)),
                None => "never".to_owned(),
            },
            table: format::short_hash(&node.table_hash).to_owned(),
            table_differs: node.table_differs,
            position: or_dash(format::count(node.position)),
            latch: or_dash(match node.presses {
                0 => node.latch_epoch.to_string(),
                presses => format!("{}, {presses} not journalled", node.latch_epoch),
            }),
            lease: or_dash(seconds(node.lease_ms_left)),
            sends: match node.sends_ms_left {
                None => "no other node".to_owned(),
                Some(ms) => or_dash(seconds(ms)),
            },
            clock: match node.heard_ms_ago {
                Some(0) => "this node's".to_owned(),
                Some(_) if node.clock_off_ms == 0 => "agrees".to_owned(),
                Some(_) => format!("at least {} ms off", format::count(node.clock_off_ms)),
                None => format::DASH.to_owned(),
            },
            clock_differs: node.clock_differs,
            jobs: node.jobs.join(", "),
        }
    }
}

fn now(app: &App) -> Result<String, askama::Error> {
    let view = app.console.nodes();
    let clock = Clock::new(&app.view().zone);
    let here = view.nodes.first().map_or("", |node| node.id.as_str());
    NodesNow {
        as_of: clock.second(view.at).text,
        finding: view.finding(),
        rows: view
            .nodes
            .iter()
            .map(|node| Row::new(&view, node))
            .collect(),
        fence: format::duration_s(view.fence_s),
        lease: format::duration_s(view.lease_s),
        healthy: format::duration_s(view.healthy_s),
        unmailed: view.unmailed.as_ref().map(|unmailed| unmailed.says(here)),
        holds: view.holds,
        refusal: view.refusal,
    }
    .render()
}

/// `GET /nodes`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    session: Session,
) -> Result<Response, Failure> {
    let Some(person) = session::acting_person(&session).await else {
        return Ok(login::first("/nodes"));
    };
    page(&app, &person, &form)
}

fn page(app: &App, person: &Person, form: &FormCookie) -> Result<Response, Failure> {
    let view = app.view();
    let chrome = Chrome::new(app, &view, Some(person), form, Room::Duty, "Nodes")?;
    let part = now(app)?;
    render(StatusCode::OK, &NodesPage { chrome, part })
}

/// `GET /nodes/now`: the part that changes, for the page itself. Whoever only watches keeps no session alive.
pub(crate) async fn show_now(
    State(app): State<Arc<App>>,
    session: Session,
) -> Result<Response, Failure> {
    if session::person(&session).await.is_none() {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    }
    Ok(axum::response::Html(now(&app)?).into_response())
}
