//! The twelve questions, and the draft plan that their answers make (A4). The draft is shown first; a second button proposes
//! it, and nothing moves until both parties sign.

use crate::console::{ActError, Person, Submission};
use crate::draft::{DraftChoices, DraftLine};
use crate::page::failure::render;
use crate::page::{Chrome, Failure, Room, login};
use crate::secret::{self, FormCookie};
use crate::session;
use crate::state::App;
use crate::view::RefusalView;
use askama::Template;
use axum::Extension;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use std::sync::Arc;
use tower_sessions::Session;

/// Where the answers begin when nobody answered yet: name of the field and its value.
const DEFAULTS: [(&str, &str); 5] = [
    ("people", "8"),
    ("cohort", "8"),
    ("cohort_every_days", "14"),
    ("population", "adult"),
    ("pace", "careful"),
];

/// The fields as sent, in order; a name may come several times.
type Fields = Vec<(String, String)>;

/// The answers as they stand in the form.
struct Answers(Fields);

impl Answers {
    fn is(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(n, v)| n == name && v == value)
    }

    fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value.trim())
    }

    fn all(&self, name: &str) -> Vec<&str> {
        let own = self.0.iter().filter(|(n, _)| n == name);
        own.map(|(_, value)| value.as_str()).collect()
    }

    fn words(&self, name: &str) -> Vec<&str> {
        let words = self.get(name).split([',', ' ']);
        words.filter(|word| !word.is_empty()).collect()
    }

    fn number(&self, name: &str) -> Value {
        let text = self.get(name);
        text.parse::<u32>()
            .map_or_else(|_| json!(text), Value::from)
    }

    /// As the domain reads them.
    fn json(&self) -> Value {
        let window = |name: &str| json!({ "window": self.get(name), "zone": self.get("zone") });
        let hours = if self.get("moves").is_empty() && self.get("stays").is_empty() {
            json!("always")
        } else {
            json!({ "within": { "moves": window("moves"), "stays": window("stays") } })
        };
        json!({
            "centres": self.all("centre"), "call_types": self.all("call_type"), "hours": hours,
            "population": self.get("population"), "states": self.words("states"),
            "languages": self.words("languages"), "first_step": self.get("first_step"),
            "pace": self.get("pace"), "people": self.number("people"),
            "cohort": self.number("cohort"), "cohort_every_days": self.number("cohort_every_days"),
            "owner": self.get("owner"),
        })
    }
}

#[derive(Template)]
#[template(path = "draft.html")]
struct DraftPage {
    chrome: Chrome,
    choices: DraftChoices,
    answers: Answers,
    lines: Vec<DraftLine>,
    refusal: Option<Box<RefusalView>>,
    trouble: Option<String>,
    proposed: bool,
    /// Makes sending a form twice one proposal.
    command: String,
}

impl DraftPage {
    fn status(&self) -> StatusCode {
        match (&self.refusal, &self.trouble) {
            (Some(_), _) => StatusCode::CONFLICT,
            (None, Some(_)) => StatusCode::UNPROCESSABLE_ENTITY,
            (None, None) => StatusCode::OK,
        }
    }

    fn failed(&mut self, error: ActError) {
        match error {
            ActError::Refused(r) | ActError::Invalid(r) => self.refusal = Some(r),
            ActError::Unavailable { message } => self.trouble = Some(message),
        }
    }
}

fn page(
    app: &App,
    person: &Person,
    form: &FormCookie,
    answers: Fields,
) -> Result<DraftPage, Failure> {
    let view = app.view();
    Ok(DraftPage {
        chrome: Chrome::new(app, &view, Some(person), form, Room::Plan, "Draft a plan")?,
        choices: app.console.draft_choices(),
        answers: Answers(answers),
        lines: Vec::new(),
        refusal: None,
        trouble: None,
        proposed: false,
        command: secret::random_id()?,
    })
}

/// `GET /plan/draft`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    session: Session,
) -> Result<Response, Failure> {
    let Some(person) = session::acting_person(&session).await else {
        return Ok(login::first("/plan/draft"));
    };
    let mut answers: Fields = DEFAULTS.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec();
    answers.push(("owner".to_owned(), person.user.clone()));
    let mut page = page(&app, &person, &form, answers)?;
    let zone = page.choices.zone.clone();
    page.answers.0.push(("zone".to_owned(), zone));
    render(StatusCode::OK, &page)
}

/// `POST /plan/draft`: shows the draft; with `propose`, proposes it.
pub(crate) async fn make(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    session: Session,
    headers: HeaderMap,
    Form(sent): Form<Fields>,
) -> Result<Response, Failure> {
    let Some(person) = session::acting_person(&session).await else {
        return Ok(login::first("/plan/draft"));
    };
    let mut page = page(&app, &person, &form, sent)?;
    let answers = &page.answers;
    if !form.vouches(&app.settings.key, answers.get("csrf"), &headers) {
        page.trouble =
            Some("This form was too old or came from another site: send it again.".into());
        return render(StatusCode::FORBIDDEN, &page);
    }
    let (wants, command) = (
        answers.is("do", "propose"),
        answers.get("command").to_owned(),
    );
    match app.console.draft(answers.json()) {
        Ok(draft) => {
            page.lines = draft.lines;
            if wants {
                let submission = Submission {
                    command: draft.propose,
                    person,
                    proved_at: session::proved_at(&session).await,
                    command_id: super::home::command_id(&command)?,
                };
                match app.console.submit(submission).await {
                    Ok(_) => page.proposed = true,
                    Err(error) => page.failed(error),
                }
            }
        }
        Err(error) => page.failed(error),
    }
    render(page.status(), &page)
}
