//! "Your account": second factor, password, sessions and tokens; and the question who is there before something is signed.

use crate::account::{AccountChange, AccountChanged, AccountView, EnrolmentView, Shown};
use crate::console::{ActError, Person};
use crate::format::Clock;
use crate::page::failure::{not_done, render};
use crate::page::login::{Next, own_page};
use crate::page::second_step::answered;
use crate::page::{Chrome, Failure, Room, login};
use crate::secret::FormCookie;
use crate::serve::Peer;
use crate::session;
use crate::state::App;
use askama::Template;
use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Deserialize;
use std::sync::Arc;
use tower_sessions::Session;

/// Smallest size of the picture of a link, in pixels.
const PICTURE_PX_MIN: u32 = 200;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    chrome: Chrome,
    user: String,
    account: AccountView,
    /// The link of an enrolment as a picture for a telephone's camera.
    picture: Option<String>,
    sessions: Vec<SessionRow>,
    /// Shown this once.
    codes: Vec<String>,
    said: Option<&'static str>,
    error: Option<String>,
}

struct SessionRow {
    key: String,
    since: String,
    browser: String,
    own: bool,
}

#[derive(Template)]
#[template(path = "prove.html")]
struct ProvePage {
    chrome: Chrome,
    next: String,
    error: Option<String>,
    has_second_factor: bool,
    /// The provider of single sign-on, where its word is enough.
    provider: Option<String>,
}

/// `GET /account`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    session: Session,
) -> Result<Response, Failure> {
    let Some(person) = session::acting_person(&session).await else {
        return Ok(login::first("/account"));
    };
    let visit = Visit {
        app: &app,
        form: &form,
        session: &session,
        person: &person,
    };
    visit.page(StatusCode::OK, Said::default()).await
}

/// Somebody signed in looking at their account.
struct Visit<'a> {
    app: &'a App,
    form: &'a FormCookie,
    session: &'a Session,
    person: &'a Person,
}

/// What the page says beside what it shows.
#[derive(Default)]
struct Said {
    codes: Vec<String>,
    done: Option<&'static str>,
    error: Option<String>,
}

impl Visit<'_> {
    async fn page(&self, status: StatusCode, said: Said) -> Result<Response, Failure> {
        let proved_at = session::proved_at(self.session).await;
        let asked = self.app.console.account(self.person.clone(), proved_at);
        let account = match asked.await {
            Ok(account) => account,
            Err(error) => return self.refused(error),
        };
        let view = self.app.view();
        let clock = Clock::new(&view.zone);
        let own = session::key(self.session);
        let sessions = self.app.sessions.of(&self.person.user).into_iter();
        let sessions = sessions.map(|row| SessionRow {
            own: own.as_ref() == Some(&row.key),
            since: format!(
                "{} {}",
                clock.day(row.since).text,
                clock.minute(row.since).text
            ),
            key: row.key,
            browser: row.browser,
        });
        let chrome = Chrome::new(
            self.app,
            &view,
            Some(self.person),
            self.form,
            Room::Other,
            "Your account",
        )?;
        let page = AccountPage {
            chrome,
            user: self.person.user.clone(),
            picture: account.enrolling.as_ref().and_then(picture),
            account,
            sessions: sessions.collect(),
            codes: said.codes,
            said: said.done,
            error: said.error,
        };
        render(status, &page)
    }

    /// Who they are, shown by the form itself: the session remembers when.
    async fn proves(
        &self,
        proof: String,
        peer: Peer,
    ) -> Result<Result<(), (StatusCode, String)>, Failure> {
        let proved = self.app.console.prove(self.person.clone(), proof, peer.0);
        Ok(match answered(proved.await) {
            Ok(proved) => Ok(session::prove(self.session, proved.since).await?),
            Err(why) => Err(why),
        })
    }

    async fn changes(&self, change: AccountChange, peer: Peer) -> Result<AccountChanged, ActError> {
        let shown = Shown {
            proved_at: session::proved_at(self.session).await,
            source: peer.0,
        };
        let console = &self.app.console;
        console
            .change_account(self.person.clone(), change, shown)
            .await
    }

    fn refused(&self, error: ActError) -> Result<Response, Failure> {
        let title = "Nothing was changed.";
        not_done(self.app, Some(self.person), self.form, title, error)
    }
}

fn picture(enrolment: &EnrolmentView) -> Option<String> {
    let code = QrCode::new(enrolment.link.as_bytes()).ok()?;
    let picture = code.render::<svg::Color>();
    let mut picture = picture;
    picture.min_dimensions(PICTURE_PX_MIN, PICTURE_PX_MIN);
    let picture = picture.build();
    // Without the XML declaration, which has no place inside a page.
    picture.find("<svg").map(|at| picture[at..].to_owned())
}

/// What the forms of the page send.
#[derive(Deserialize)]
pub(crate) struct ChangeForm {
    csrf: String,
    act: String,
    /// A code, a new password, or what names a session or token.
    #[serde(default)]
    value: String,
    /// The password, or the code of the second factor: who changes how they come in shows who they are.
    #[serde(default)]
    proof: String,
}

/// `POST /account`
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    Extension(peer): Extension<Peer>,
    session: Session,
    headers: HeaderMap,
    Form(sent): Form<ChangeForm>,
) -> Result<Response, Failure> {
    let Some(person) = session::acting_person(&session).await else {
        return Ok(login::first("/account"));
    };
    let visit = Visit {
        app: &app,
        form: &form,
        session: &session,
        person: &person,
    };
    if !form.vouches(&app.settings.key, &sent.csrf, &headers) {
        let error = Some(
            "This form was too old or came from another site: nothing was changed.".to_owned(),
        );
        let said = Said {
            error,
            ..Said::default()
        };
        return visit.page(StatusCode::FORBIDDEN, said).await;
    }
    if sent.act == "end_session" {
        app.sessions.end(&person.user, &sent.value);
        return Ok(Redirect::to("/account").into_response());
    }
    let Some((change, done)) = asked(&sent) else {
        return Ok(Redirect::to("/account").into_response());
    };
    if asks_for_proof(&change)
        && let Err((status, why)) = visit.proves(sent.proof, peer).await?
    {
        let error = Some(format!("{why} Nothing was changed."));
        let said = Said {
            error,
            ..Said::default()
        };
        return visit.page(status, said).await;
    }
    match visit.changes(change, peer).await {
        Ok(AccountChanged::RecoveryCodes(codes)) => {
            let said = Said {
                codes,
                done: Some(done),
                error: None,
            };
            visit.page(StatusCode::OK, said).await
        }
        Ok(AccountChanged::Done) if session::is_admitted(&app, &session).await => {
            let said = Said {
                done: Some(done),
                ..Said::default()
            };
            visit.page(StatusCode::OK, said).await
        }
        Ok(AccountChanged::Done) => {
            session::sign_out(&session).await?;
            Ok(login::first("/account"))
        }
        Err(error) => visit.refused(error),
    }
}

fn asked(sent: &ChangeForm) -> Option<(AccountChange, &'static str)> {
    let value = sent.value.trim().to_owned();
    Some(match sent.act.as_str() {
        "begin" => (
            AccountChange::BeginSecondFactor,
            "Almost done: type the first code your device shows.",
        ),
        "confirm" => (
            AccountChange::ConfirmSecondFactor { code: value },
            "The second factor is on. Keep the recovery codes where your device is not.",
        ),
        "remove" => (
            AccountChange::RemoveSecondFactor,
            "The second factor is off.",
        ),
        "password" => (
            AccountChange::Password {
                new: sent.value.clone(),
            },
            "The password is changed.",
        ),
        "end_all" => (AccountChange::EndSessions, "Every session is ended."),
        "revoke" => (
            AccountChange::RevokeToken { label: value },
            "The token opens nothing more.",
        ),
        _ => return None,
    })
}

/// The forms that ask for it at once; the console asks of every change that it was shown not long ago.
fn asks_for_proof(change: &AccountChange) -> bool {
    matches!(
        change,
        AccountChange::BeginSecondFactor
            | AccountChange::RemoveSecondFactor
            | AccountChange::Password { .. }
    )
}

/// `GET /account/prove`: who signs shows once more who they are.
pub(crate) async fn ask(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    Query(next): Query<Next>,
    session: Session,
) -> Result<Response, Failure> {
    let Some(person) = session::acting_person(&session).await else {
        return Ok(login::first("/sign"));
    };
    prove_page(&app, &form, &person, &next.next, None).await
}

async fn prove_page(
    app: &App,
    form: &FormCookie,
    person: &Person,
    next: &str,
    error: Option<(StatusCode, String)>,
) -> Result<Response, Failure> {
    let account = app.console.account(person.clone(), None).await;
    let has_second_factor = account.is_ok_and(|account| account.has_second_factor);
    let view = app.view();
    let chrome = Chrome::new(app, &view, Some(person), form, Room::Other, "Who is there?")?;
    let (status, error) = error.map_or((StatusCode::OK, None), |(s, why)| (s, Some(why)));
    let page = ProvePage {
        chrome,
        next: own_page(next).to_owned(),
        error,
        has_second_factor,
        provider: app
            .console
            .sign_on_provider()
            .filter(|_| !has_second_factor),
    };
    render(status, &page)
}

/// What the form of the question sends.
#[derive(Deserialize)]
pub(crate) struct ProveForm {
    csrf: String,
    proof: String,
    #[serde(default)]
    next: String,
}

/// `POST /account/prove`
pub(crate) async fn prove(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    Extension(peer): Extension<Peer>,
    session: Session,
    headers: HeaderMap,
    Form(sent): Form<ProveForm>,
) -> Result<Response, Failure> {
    let Some(person) = session::acting_person(&session).await else {
        return Ok(login::first("/sign"));
    };
    let answer = if form.vouches(&app.settings.key, &sent.csrf, &headers) {
        answered(app.console.prove(person.clone(), sent.proof, peer.0).await)
    } else {
        let why = "This form was too old or came from another site. Please send it again.";
        Err((StatusCode::FORBIDDEN, why.to_owned()))
    };
    match answer {
        Ok(proved) => {
            session::prove(&session, proved.since).await?;
            Ok(Redirect::to(own_page(&sent.next)).into_response())
        }
        Err(error) => prove_page(&app, &form, &person, &sent.next, Some(error)).await,
    }
}
