//! What the handlers share: the console, the settings and two bounded memories.

use crate::console::{ActError, Console, FallbackAnswer, FallbackRequest, Submission};
use crate::session::Sessions;
use crate::view::LiveView;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

const ANSWERS_MAX: usize = 256;

/// Settings of the pages and the API.
#[derive(Clone)]
pub struct Settings {
    /// Server secret: forms and cookies stay valid over a restart while it stays the same.
    pub key: [u8; 32],
    /// True when the pages are reached over TLS.
    pub secure_cookies: bool,
    /// A person who does nothing for this long is signed out.
    pub idle_logoff: Duration,
    /// Sessions held in memory.
    pub sessions_max: usize,
    /// Open live connections; beyond them pages poll.
    pub events_connections_max: usize,
    /// Shortest time between two live updates of one page.
    pub events_interval_min: Duration,
    /// TCP connections; beyond them callers of the server wait.
    pub connections_max: usize,
    /// A handler that takes longer is given up with status 503.
    pub request_timeout: Duration,
    /// Largest form or command, in bytes.
    pub body_bytes_max: usize,
    /// Largest batch of call events, in bytes.
    pub batch_bytes_max: usize,
    /// Token for `/metrics`; without one there is no such page.
    pub metrics_token: Option<String>,
}

impl Settings {
    /// The defaults: 15 minutes idle, plain HTTP on a loopback address.
    pub fn new(key: [u8; 32]) -> Self {
        Self {
            key,
            secure_cookies: false,
            idle_logoff: Duration::from_mins(15),
            sessions_max: 10_000,
            events_connections_max: 256,
            events_interval_min: Duration::from_millis(500),
            connections_max: 1_024,
            request_timeout: Duration::from_secs(20),
            body_bytes_max: 256 * 1024,
            batch_bytes_max: 4 * 1024 * 1024,
            metrics_token: None,
        }
    }
}

/// Everything a handler may use.
pub struct App {
    pub(crate) console: Arc<dyn Console>,
    pub(crate) settings: Settings,
    pub(crate) sessions: Sessions,
    pub(crate) events: Arc<Semaphore>,
    pub(crate) closing: watch::Receiver<bool>,
    close: watch::Sender<bool>,
    answers: Mutex<VecDeque<(String, FallbackAnswer)>>,
}

impl App {
    /// Puts a console behind the pages.
    pub fn new(console: Arc<dyn Console>, settings: Settings) -> Arc<Self> {
        let (close, closing) = watch::channel(false);
        Arc::new(Self {
            console,
            sessions: Sessions::new(settings.sessions_max),
            events: Arc::new(Semaphore::new(settings.events_connections_max)),
            settings,
            closing,
            close,
            answers: Mutex::default(),
        })
    }

    /// The state to show now.
    pub(crate) fn view(&self) -> Arc<LiveView> {
        Arc::clone(&self.console.live().borrow())
    }

    /// Ends the live connections, so that a shutdown need not wait for them.
    pub(crate) fn close_events(&self) {
        self.close.send_replace(true);
    }

    /// Brings calls home in a task of its own: a visitor whose connection breaks after the press
    /// does not stop it. The answer is kept for the result page.
    pub(crate) async fn bring_home(
        self: &Arc<Self>,
        request: FallbackRequest,
    ) -> Result<FallbackAnswer, ActError> {
        let app = Arc::clone(self);
        let press = tokio::spawn(async move {
            let command_id = request.command_id.clone();
            let answer = app.console.fallback(request).await?;
            app.keep_answer(&command_id, answer.clone());
            Ok(answer)
        });
        press.await.unwrap_or_else(|ended| Err(broke_off(&ended)))
    }

    /// Runs a command in a task of its own, for the same reason.
    pub(crate) async fn submit(
        self: &Arc<Self>,
        submission: Submission,
    ) -> Result<serde_json::Value, ActError> {
        let app = Arc::clone(self);
        let command = tokio::spawn(async move { app.console.submit(submission).await });
        command.await.unwrap_or_else(|ended| Err(broke_off(&ended)))
    }

    fn keep_answer(&self, command_id: &str, answer: FallbackAnswer) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.retain(|(id, _)| id != command_id);
        if answers.len() >= ANSWERS_MAX {
            answers.pop_front();
        }
        answers.push_back((command_id.to_owned(), answer));
    }

    /// The answer to a press, while it is remembered.
    pub(crate) fn answer(&self, command_id: &str) -> Option<FallbackAnswer> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers
            .iter()
            .find(|(id, _)| id == command_id)
            .map(|(_, answer)| answer.clone())
    }
}

fn broke_off(ended: &tokio::task::JoinError) -> ActError {
    tracing::error!(error = %ended, "an act broke off inside Segue");
    ActError::Unavailable {
        message: "The act broke off inside Segue; the log says why.".to_owned(),
    }
}
