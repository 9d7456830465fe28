//! Who is signed in: sessions in memory, bounded, behind a sealed cookie.
//!
//! Only a person's own acts (opening a page, posting a form) keep a session alive; live updates
//! of a page left open do not.

use crate::console::Person;
use crate::secret;
use crate::state::Settings;
use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tower_sessions::cookie::time::{Duration, OffsetDateTime};
use tower_sessions::cookie::{Key, SameSite};
use tower_sessions::service::PrivateCookie;
use tower_sessions::session::{Id, Record};
use tower_sessions::{Expiry, Session, SessionManagerLayer, SessionStore, session_store};

const PERSON: &str = "person";
const ACTS: &str = "acts";

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

/// The layer that opens the sealed cookie and loads the session.
pub(crate) fn layer(settings: &Settings) -> SessionManagerLayer<Sessions, PrivateCookie> {
    let mut seal = [0_u8; 64];
    let (left, right) = seal.split_at_mut(32);
    left.copy_from_slice(&secret::derive(&settings.key, b"session-1"));
    right.copy_from_slice(&secret::derive(&settings.key, b"session-2"));
    let idle = Duration::try_from(settings.idle_logoff).unwrap_or(Duration::minutes(15));
    SessionManagerLayer::new(Sessions::new(settings.sessions_max))
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

/// Signs a person in under a new session id.
pub(crate) async fn sign_in(
    session: &Session,
    person: &Person,
) -> Result<(), tower_sessions::session::Error> {
    session.flush().await?;
    session.insert(PERSON, person).await?;
    session.insert(ACTS, 1_u64).await
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
