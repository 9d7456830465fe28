//! The duty page: what is broken, press here, who is called, is it verified. Without a session it
//! is the press alone, by name and duty PIN.

use crate::finding::{self, Finding};
use crate::format::{self, Clock};
use crate::page::failure::render;
use crate::page::live::{Fragment, announce_fragment, clock_fragment};
use crate::page::{Chrome, Failure, Room};
use crate::secret::FormCookie;
use crate::session;
use crate::state::App;
use crate::view::{Aspect, CheckView, LiveView};
use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;
use tower_sessions::Session;

/// Renders the named parts of the duty page.
pub(crate) fn fragments(view: &LiveView) -> Result<Vec<Fragment>, askama::Error> {
    let broken = Broken {
        since: view.alarm.as_ref().map(|alarm| {
            let s = view
                .as_of
                .as_second()
                .saturating_sub(alarm.since.as_second());
            format::duration_s(u64::try_from(s).unwrap_or(0))
        }),
        checks: &view.checks,
    };
    Ok(vec![
        clock_fragment(view)?,
        announce_fragment(view)?,
        Fragment {
            name: "duty-say",
            html: DutySay {
                finding: finding::of(view),
            }
            .render()?,
        },
        Fragment {
            name: "broken",
            html: broken.render()?,
        },
        Fragment {
            name: "called",
            html: Called {
                called: &view.called,
            }
            .render()?,
        },
        Fragment {
            name: "verified",
            html: Verified::new(view).render()?,
        },
    ])
}

#[derive(Template)]
#[template(path = "part/duty_say.html")]
struct DutySay {
    finding: Finding,
}

#[derive(Template)]
#[template(path = "part/broken.html")]
struct Broken<'a> {
    since: Option<String>,
    checks: &'a [CheckView],
}

#[derive(Template)]
#[template(path = "part/called.html")]
struct Called<'a> {
    called: &'a [CheckView],
}

#[derive(Template)]
#[template(path = "part/verified.html")]
struct Verified {
    note: String,
    steps: Vec<CheckView>,
}

impl Verified {
    fn new(view: &LiveView) -> Self {
        let clock = Clock::new(&view.zone);
        let Some(latch) = view.home.first() else {
            return Self {
                note: "nothing pressed".to_owned(),
                steps: steps_before(view),
            };
        };
        let note = latch.incident.clone().map_or_else(
            || "incident number follows".to_owned(),
            |incident| format!("incident {incident}"),
        );
        let steps = vec![
            recorded(
                latch
                    .journalled
                    .then(|| clock.second(latch.pressed_at).text),
            ),
            nodes(latch.nodes_home, latch.nodes_total),
            test_call(latch.verified_at.map(|at| clock.second(at).text)),
        ];
        Self { note, steps }
    }
}

fn steps_before(view: &LiveView) -> Vec<CheckView> {
    let todo = |what: &str, response: &str| CheckView {
        what: what.to_owned(),
        aspect: Aspect::Todo,
        response: response.to_owned(),
    };
    vec![
        todo("Command recorded", "waits for you"),
        todo(
            "Nodes send calls home",
            &format!("{} of {}", 0, view.nodes.len()),
        ),
        todo("Call answered in-house", "within 60\u{a0}s"),
    ]
}

/// The first step of "Is it verified?".
pub(crate) fn recorded(at: Option<String>) -> CheckView {
    let (aspect, response) = match at {
        Some(at) => (Aspect::Proved, at),
        None => (Aspect::Hold, "journalling pending".to_owned()),
    };
    CheckView {
        what: "Command recorded".to_owned(),
        aspect,
        response,
    }
}

/// The second step.
pub(crate) fn nodes(home: u32, total: u32) -> CheckView {
    let aspect = if home == total && total > 0 {
        Aspect::Proved
    } else {
        Aspect::Harm
    };
    CheckView {
        what: "Nodes send calls home".to_owned(),
        aspect,
        response: format!("home on {home} of {total}"),
    }
}

/// The third step: the only one that makes it "verified".
pub(crate) fn test_call(at: Option<String>) -> CheckView {
    let (aspect, response) = match at {
        Some(at) => (Aspect::Proved, at),
        None => (Aspect::Unknown, "not yet".to_owned()),
    };
    CheckView {
        what: "Call answered in-house".to_owned(),
        aspect,
        response,
    }
}

#[derive(Template)]
#[template(path = "duty.html")]
pub(crate) struct DutyPage {
    pub(crate) chrome: Chrome,
    parts: Vec<Fragment>,
}

impl DutyPage {
    fn part(&self, name: &str) -> &str {
        self.parts
            .iter()
            .find(|p| p.name == name)
            .map_or("", |p| p.html.as_str())
    }
}

/// The duty page for this visitor.
pub(crate) fn page(
    app: &App,
    person: Option<&crate::console::Person>,
    form: &FormCookie,
) -> Result<DutyPage, Failure> {
    let view = app.view();
    let mut chrome = Chrome::new(app, &view, person, form, Room::Duty, "Duty")?;
    chrome.home.in_page = true;
    let parts = if person.is_some() {
        fragments(&view)?
    } else {
        Vec::new()
    };
    Ok(DutyPage { chrome, parts })
}

/// `GET /duty`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    session: Session,
) -> Result<Response, Failure> {
    let person = session::acting_person(&session).await;
    render(StatusCode::OK, &page(&app, person.as_ref(), &form)?)
}
