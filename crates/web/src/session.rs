//! Who is signed in: sessions in memory, bounded, behind a sealed cookie.
//!
//! Only a person's own acts (opening a page, posting a form) keep a session alive; live updates
//! of a page left open do not.

use crate::console::Person;
use crate::page::Failure;
use crate::secret;
use crate::state::{App, Settings};
use async_trait::async_trait;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tower_sessions::cookie::time::{Duration, OffsetDateTime};
use tower_sessions::cookie::{Key, SameSite};
use tower_sessions::service::PrivateCookie;
use tower_sessions::session::{Id, Record};
use tower_sessions::{Expiry, Session, SessionManagerLayer, SessionStore, session_store};

const PERSON: &str = "person";
const ACTS: &str = "acts";
/// Somebody whose password was right and whose code is still to come.
const HALF_WAY: &str = "half_way";
/// When the person last showed who they are.
const PROVED: &str = "proved";
/// Whether a provider of single sign-on let them in.
const BY_PROVIDER: &str = "by_provider";
/// What the browser called itself at sign-in.
const BROWSER: &str = "browser";
const BROWSER_CHARS_MAX: usize = 120;

/// Sessions in memory, at most `sessions_max`: the one nearest its end makes room for a new one.
#[derive(Clone, Debug)]
pub(crate) struct Sessions {
    records: Arc<Mutex<HashMap<Id, Record>>>,
    sessions_max: usize,
}

impl Sessions {
    pub(crate) fn new(sessions_max: usize) -> Self {
        Self {
            records: Arc::default(),
            sessions_max: sessions_max.max(1),
        }
    }

    fn put(&self, record: &Record, now: OffsetDateTime) {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if !records.contains_key(&record.id) && records.len() >= self.sessions_max {
            records.retain(|_, r| r.expiry_date > now);
            while records.len() >= self.sessions_max {
                let Some(oldest) = records.values().min_by_key(|r| r.expiry_date).map(|r| r.id)
                else {
                    break;
                };
                records.remove(&oldest);
            }
        }
        records.insert(record.id, record.clone());
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        // An id has 128 random bits: a collision is not a case to handle, but it must not merge
        // two people either.
        while self.load(&record.id).await?.is_some() {
            record.id = Id::default();
        }
        self.put(record, OffsetDateTime::now_utc());
        Ok(())
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        self.put(record, OffsetDateTime::now_utc());
        Ok(())
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let now = OffsetDateTime::now_utc();
        Ok(records.get(id).filter(|r| r.expiry_date > now).cloned())
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.records
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
        Ok(())
    }
}

/// A session of a person, as they see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Names it in a form; nothing that opens it.
    pub(crate) key: String,
    /// When it began.
    pub(crate) since: Timestamp,
    /// What the browser called itself.
    pub(crate) browser: String,
}

impl Sessions {
    /// The sessions of a person on this node, newest first.
    pub(crate) fn of(&self, user: &str) -> Vec<Row> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let now = OffsetDateTime::now_utc();
        let live = records.values().filter(|r| r.expiry_date > now);
        let mut rows: Vec<_> = live.filter_map(|record| row(record, user)).collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.since, row.key.clone())));
        rows
    }

    /// Ends one session of a person.
    pub(crate) fn end(&self, user: &str, key: &str) {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.retain(|_, record| row(record, user).is_none_or(|row| row.key != key));
    }
}

fn row(record: &Record, user: &str) -> Option<Row> {
    let person: Person = serde_json::from_value(record.data.get(PERSON)?.clone()).ok()?;
    let browser = record.data.get(BROWSER).and_then(|b| b.as_str());
    (person.user == user).then(|| Row {
        key: key_of(record.id),
        since: person.since,
        browser: browser.unwrap_or("unknown").to_owned(),
    })
}

fn key_of(id: Id) -> String {
    let digest = Sha256::digest(id.to_string());
    hex::encode(&digest[..8])
}

/// The layer that opens the sealed cookie and loads the session.
pub(crate) fn layer(
    settings: &Settings,
    sessions: Sessions,
) -> SessionManagerLayer<Sessions, PrivateCookie> {
    let mut seal = [0_u8; 64];
    let (left, right) = seal.split_at_mut(32);
    left.copy_from_slice(&secret::derive(&settings.key, b"session-1"));
    right.copy_from_slice(&secret::derive(&settings.key, b"session-2"));
    let idle = Duration::try_from(settings.idle_logoff).unwrap_or(Duration::minutes(15));
    SessionManagerLayer::new(sessions)
        .with_name("segue_session")
        .with_http_only(true)
        .with_same_site(SameSite::Strict)
        .with_secure(settings.secure_cookies)
        .with_expiry(Expiry::OnInactivity(idle))
        .with_private(Key::from(&seal))
}

/// Who is signed in, without counting as an act.
pub(crate) async fn person(session: &Session) -> Option<Person> {
    session.get(PERSON).await.ok().flatten()
}

/// Who is signed in; the act keeps the session alive.
pub(crate) async fn acting_person(session: &Session) -> Option<Person> {
    let person = person(session).await?;
    let acts: u64 = session.get(ACTS).await.ok().flatten().unwrap_or(0);
    session.insert(ACTS, acts.wrapping_add(1)).await.ok()?;
    Some(person)
}

/// Signs a person in under a new session id; `proved_at` is when they showed who they are, where that is known.
pub(crate) async fn sign_in(
    session: &Session,
    person: &Person,
    proved_at: Option<Timestamp>,
    headers: &HeaderMap,
) -> Result<(), tower_sessions::session::Error> {
    session.flush().await?;
    session.insert(PERSON, person).await?;
    if let Some(proved_at) = proved_at {
        session.insert(PROVED, proved_at).await?;
    }
    let browser = headers
        .get(header::USER_AGENT)
        .and_then(|v| v.to_str().ok());
    let browser: String = browser
        .unwrap_or("")
        .chars()
        .take(BROWSER_CHARS_MAX)
        .collect();
    session.insert(BROWSER, browser).await?;
    session.insert(ACTS, 1_u64).await
}

/// A provider let them in: who signs out is offered to do so there too.
pub(crate) async fn note_provider(session: &Session) -> Result<(), tower_sessions::session::Error> {
    session.insert(BY_PROVIDER, true).await
}

/// Whether a provider let them in, or half way in.
pub(crate) async fn is_by_provider(session: &Session) -> bool {
    session
        .get(BY_PROVIDER)
        .await
        .ok()
        .flatten()
        .unwrap_or(false)
}

/// Remembers whose password was right, under a new session id; nobody is signed in by it.
pub(crate) async fn half_way(
    session: &Session,
    person: &Person,
) -> Result<(), tower_sessions::session::Error> {
    session.flush().await?;
    session.insert(HALF_WAY, person).await
}

/// Whose code is still to come.
pub(crate) async fn is_half_way(session: &Session) -> Option<Person> {
    session.get(HALF_WAY).await.ok().flatten()
}

/// The person showed again who they are.
pub(crate) async fn prove(
    session: &Session,
    at: Timestamp,
) -> Result<(), tower_sessions::session::Error> {
    session.insert(PROVED, at).await
}

/// When the person last showed who they are.
pub(crate) async fn proved_at(session: &Session) -> Option<Timestamp> {
    session.get(PROVED).await.ok().flatten()
}

/// What names this session among those of its person.
pub(crate) fn key(session: &Session) -> Option<String> {
    session.id().map(key_of)
}

/// Ends a session whose person is not let in any more, before any handler sees it.
pub(crate) async fn still_admitted(
    State(app): State<Arc<App>>,
    session: Session,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    if !is_admitted(&app, &session).await {
        session.flush().await?;
    }
    Ok(next.run(request).await)
}

/// Whether nobody is signed in, or somebody who is still let in.
pub(crate) async fn is_admitted(app: &App, session: &Session) -> bool {
    let Some(known) = person(session).await else {
        return true;
    };
    app.console.admits(known).await
}

/// Ends a session on this server.
pub(crate) async fn sign_out(session: &Session) -> Result<(), tower_sessions::session::Error> {
    session.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(minutes: i64) -> Record {
        Record {
            id: Id::default(),
            data: HashMap::default(),
            expiry_date: OffsetDateTime::UNIX_EPOCH + Duration::minutes(minutes),
        }
    }

    #[test]
    fn the_session_nearest_its_end_makes_room() {
        let sessions = Sessions::new(2);
        let (early, late, new) = (record(5), record(9), record(7));
        for r in [&early, &late, &new] {
            sessions.put(r, OffsetDateTime::UNIX_EPOCH);
        }
        let records = sessions.records.lock().unwrap();
        assert_eq!(records.len(), 2);
        assert!(!records.contains_key(&early.id));
        assert!(records.contains_key(&late.id) && records.contains_key(&new.id));
    }
}
