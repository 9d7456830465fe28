//! "Sign": what waits for this person's signature, by a passkey here or by a key file on the command line.

use crate::api::Denied;
use crate::format::shell_word;
use crate::page::failure::{not_done, render};
use crate::page::{Chrome, Failure, Room, login};
use crate::secret::FormCookie;
use crate::session;
use crate::sign::{MadePasskey, NewPasskey, SignItem};
use crate::state::App;
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::{Extension, Json};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use std::fmt::Write as _;
use std::sync::Arc;
use tower_sessions::Session;

#[derive(Template)]
#[template(path = "sign.html")]
struct SignPage {
    chrome: Chrome,
    user: String,
    items: Vec<Row>,
}

/// One thing to sign.
struct Row {
    about: String,
    hash: String,
    /// The command with its fields, for the browser.
    json: String,
    /// The same for a key file.
    typed: String,
}

impl Row {
    fn of(item: SignItem, user: &str) -> Self {
        let mut typed = format!("segue --as {user} do {}", item.command.replace('_', "-"));
        for (name, value) in &item.fields {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            let _ = write!(typed, " {name}={}", shell_word(&value));
        }
        typed.push_str(" --key FILE");
        let mut command = item.fields;
        command.insert("command".into(), item.command.into());
        Self {
            about: item.about,
            hash: item.hash,
            json: serde_json::Value::Object(command).to_string(),
            typed,
        }
    }
}

/// `GET /sign`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    session: Session,
) -> Result<Response, Failure> {
    let Some(person) = session::acting_person(&session).await else {
        return Ok(login::first("/sign"));
    };
    let items = match app.console.to_sign(person.clone()).await {
        Ok(items) => items,
        Err(error) => {
            let title = "What waits for you cannot be shown.";
            return not_done(&app, Some(&person), &form, title, error);
        }
    };
    let chrome = Chrome::new(&app, &app.view(), Some(&person), &form, Room::Other, "Sign")?;
    let page = SignPage {
        chrome,
        items: items
            .into_iter()
            .map(|item| Row::of(item, &person.user))
            .collect(),
        user: person.user,
    };
    render(StatusCode::OK, &page)
}

/// What the browser says of a passkey it has made.
#[derive(Deserialize)]
pub(crate) struct Made {
    spki: String,
}

/// `POST /sign/key`: the text of a passkey and the hash that vouches for it. Nothing is recorded.
pub(crate) async fn key(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    session: Session,
    headers: HeaderMap,
    Json(made): Json<Made>,
) -> Result<Json<NewPasskey>, Denied> {
    let person = session::acting_person(&session)
        .await
        .ok_or(Denied::NotSignedIn)?;
    let sent = |name: &str| {
        headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("")
    };
    if !form.vouches(&app.settings.key, sent("x-csrf-token"), &headers) {
        return Err(Denied::BadForm);
    }
    let made = MadePasskey {
        person,
        spki: URL_SAFE_NO_PAD.decode(made.spki).unwrap_or_default(),
        origin: sent(header::ORIGIN.as_str()).to_owned(),
    };
    Ok(Json(app.console.passkey(made).await?))
}
