//! Spare duty PINs: what a node keeps on its own disk so that a PIN brings calls home while the accounts do not answer. Hashes
//! only, of accounts that have a PIN; nothing else is entered with them.

use super::sql;
use super::store::{account_of, column};
use super::throttle::place;
use super::{Account, AccountError, Accounts, Door, Entry, EntryError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// Most accounts kept.
const SPARES_MAX: i64 = 1_000;
/// Most places kept of all of them together.
const PLACES_MAX: i64 = 50_000;
/// Failures of one name before it waits; from then on twice as long each time.
const FREE_FAILURES: u32 = 4;
/// Longest wait of one name, in seconds.
const WAIT_S_MAX: i64 = 60;
/// What every name without a spare PIN is charged as, so that no invented name takes anybody's place.
const OTHERS: &str = "?";

/// One account with the hash of its duty PIN, and where its person came in from before.
#[derive(Clone, Serialize, Deserialize)]
pub struct SparePin {
    account: Account,
    pin_hash: String,
    #[serde(default)]
    places: BTreeSet<String>,
}

impl SparePin {
    /// What an attempt is charged as: a person where they came in before is charged as that alone, so that a stranger who guesses
    /// elsewhere keeps nobody out.
    fn charged_as(&self, place: &str) -> String {
        let name = &self.account.name;
        if self.places.contains(place) {
            format!("{name}@{place}")
        } else {
            name.clone()
        }
    }
}

impl std::fmt::Debug for SparePin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SparePin")
            .field("account", &self.account.name)
            .finish_non_exhaustive()
    }
}

/// Failed attempts at spare PINs: per account that has one, apart for each place its person came in from before, and for all
/// other names together. That many there are at most; it slows guessing down and never keeps anybody else out.
#[derive(Debug, Default)]
pub struct SpareAttempts(HashMap<String, (u32, Timestamp)>);

impl SpareAttempts {
    /// Charges an attempt before the PIN is looked at.
    fn charge(&mut self, name: &str, now: Timestamp) -> Result<(), EntryError> {
        let (failures, last) = self.0.get(name).copied().unwrap_or((0, now));
        let over = failures.saturating_sub(FREE_FAILURES).min(6);
        let wait_s = if over == 0 {
            0
        } else {
            (1_i64 << over).min(WAIT_S_MAX)
        };
        // A clock that was set back: the wait runs from here.
        let last = last.min(now);
        let left_s = wait_s - now.duration_since(last).as_secs();
        if left_s > 0 {
            self.0.insert(name.to_owned(), (failures, last));
            let retry_s = left_s.unsigned_abs();
            return Err(EntryError::Throttled { retry_s });
        }
        self.0
            .insert(name.to_owned(), (failures.saturating_add(1), now));
        Ok(())
    }

    fn clear(&mut self, name: &str) {
        self.0.remove(name);
    }
}

impl Accounts {
    /// Every account that has a duty PIN, with its hash.
    pub async fn spare_pins(&self) -> Result<Vec<SparePin>, AccountError> {
        let rows = sqlx::query(sql::USERS_LIST)
            .bind(SPARES_MAX)
            .fetch_all(self.database.reading("list the PINs of").await?)
            .await
            .map_err(self.database.unavailable("list the PINs of"))?;
        let mut places = self.places().await?;
        let mut spares = Vec::new();
        for row in &rows {
            if let Some(pin_hash) = column::<Option<String>>(row, "pin_hash")? {
                let account = account_of(row)?;
                let places = places.remove(&account.name).unwrap_or_default();
                spares.push(SparePin {
                    account,
                    pin_hash,
                    places,
                });
            }
        }
        Ok(spares)
    }

    /// Where people came in from.
    async fn places(&self) -> Result<HashMap<String, BTreeSet<String>>, AccountError> {
        let act = "list the arrivals of";
        let rows = sqlx::query(sql::ARRIVALS_LIST)
            .bind(PLACES_MAX)
            .fetch_all(self.database.reading(act).await?)
            .await
            .map_err(self.database.unavailable(act))?;
        let mut places: HashMap<String, BTreeSet<String>> = HashMap::new();
        for row in &rows {
            let of: String = column(row, "user_name")?;
            places.entry(of).or_default().insert(column(row, "source")?);
        }
        Ok(places)
    }

    /// Lets a person in by a spare PIN, to bring calls home, without asking the database.
    pub async fn enter_with_spare_pin(
        &self,
        spares: &[SparePin],
        attempts: &std::sync::Mutex<SpareAttempts>,
        (name, pin): (&str, &str),
        (source, now): (&str, Timestamp),
    ) -> Result<Entry, EntryError> {
        let locked = || {
            attempts
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
        };
        let known = spares.iter().find(|spare| spare.account.name == name);
        let charged = known.map_or(OTHERS.to_owned(), |spare| spare.charged_as(&place(source)));
        locked().charge(&charged, now)?;
        let hash = known.map(|spare| spare.pin_hash.as_str());
        let fits = self.secrets.fits(pin, hash).await?;
        let Some(known) = known.filter(|_| fits) else {
            return Err(EntryError::Wrong);
        };
        locked().clear(&charged);
        Ok(Entry {
            account: known.account.clone(),
            door: Door::Pin,
            site: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::NewAccount;
    use segue_domain::{Right, Role, Side};
    use std::sync::Mutex;

    fn new(name: &str, pin: Option<&str>) -> NewAccount {
        NewAccount {
            name: name.to_owned(),
            side: Side::Client,
            roles: [Role::Duty, Role::Signatory].into(),
            password: "correct horse".to_owned(),
            pin: pin.map(str::to_owned),
            public_key: None,
        }
    }

    #[tokio::test]
    async fn who_guesses_elsewhere_keeps_nobody_out_where_they_came_in_before() {
        let directory = tempfile::tempdir().unwrap();
        let accounts = Accounts::open(&directory.path().join("accounts.db"))
            .await
            .unwrap();
        let now: Timestamp = "2026-11-27T02:00:00Z".parse().unwrap();
        let (pin, home, away) = ("20272027", "2001:db8::7", "203.0.113.9");
        accounts.add(&new("dana", Some(pin)), now).await.unwrap();
        let came = accounts.enter_with_pin("dana", pin, home, now);
        came.await.unwrap();
        let kept = serde_json::to_string(&accounts.spare_pins().await.unwrap()).unwrap();
        let spares: Vec<SparePin> = serde_json::from_str(&kept).unwrap();
        accounts.close().await;
        let attempts = Mutex::default();
        let enter = async |pin: &str, source: &str| {
            accounts
                .enter_with_spare_pin(&spares, &attempts, ("dana", pin), (source, now))
                .await
        };
        let waits = |entered: &Result<Entry, EntryError>| {
            matches!(entered, Err(EntryError::Throttled { .. }))
        };
        for _ in 0..6 {
            let _ = enter("00000001", away).await;
        }
        assert!(waits(&enter(pin, away).await));
        // Another address of the same network, as telephones take them.
        assert!(enter(pin, "2001:db8::8").await.is_ok());
        // Guessing is slowed down there too.
        for _ in 0..6 {
            let _ = enter("00000001", home).await;
        }
        assert!(waits(&enter(pin, home).await));
        assert_eq!(attempts.lock().unwrap().0.len(), 2);
    }

    #[tokio::test]
    async fn a_spare_pin_lets_in_without_the_database_only_its_owner_and_only_home() {
        let directory = tempfile::tempdir().unwrap();
        let accounts = Accounts::open(&directory.path().join("accounts.db"))
            .await
            .unwrap();
        let now: Timestamp = "2026-11-27T02:00:00Z".parse().unwrap();
        for new in [new("dana", Some("20272027")), new("max", None)] {
            accounts.add(&new, now).await.unwrap();
        }
        let spares = accounts.spare_pins().await.unwrap();
        assert_eq!(spares.len(), 1);
        let kept = serde_json::to_string(&spares).unwrap();
        assert!(kept.contains("$argon2id$") && !kept.contains("20272027"));
        let spares: Vec<SparePin> = serde_json::from_str(&kept).unwrap();
        accounts.close().await;
        let attempts = Mutex::default();
        let enter = async |name: &str, pin: &str, at: Timestamp| {
            accounts
                .enter_with_spare_pin(&spares, &attempts, (name, pin), ("203.0.113.9", at))
                .await
        };
        let entry = enter("dana", "20272027", now).await.unwrap();
        assert_eq!(entry.door, Door::Pin);
        let actor = entry.actor();
        assert!(actor.may(Right::BringHome) && !actor.may(Right::Sign));
        for (name, pin) in [
            ("dana", "20272028"),
            ("max", "20272027"),
            ("nobody", ""),
            ("dana", ""),
        ] {
            assert!(
                matches!(enter(name, pin, now).await, Err(EntryError::Wrong)),
                "{name}"
            );
        }
        // Guessing is slowed down for that name, nobody else, and not for ever.
        for _ in 0..3 {
            let _ = enter("dana", "00000001", now).await;
        }
        assert!(matches!(
            enter("dana", "20272027", now).await,
            Err(EntryError::Throttled { .. })
        ));
        // Invented names wait together and keep nobody else out, nor does a clock that was set back.
        for n in 0..20 {
            let _ = enter(&format!("invented-{n}"), "1", now).await;
        }
        assert!(matches!(
            enter("other", "1", now).await,
            Err(EntryError::Throttled { .. })
        ));
        assert_eq!(attempts.lock().unwrap().0.len(), 2);
        let an_hour_ago = now - jiff::SignedDuration::from_hours(1);
        assert!(matches!(
            enter("dana", "20272027", an_hour_ago).await,
            Err(EntryError::Throttled { retry_s: 1..=60 })
        ));
        let soon = an_hour_ago + jiff::SignedDuration::from_mins(1);
        assert!(enter("dana", "20272027", soon).await.is_ok());
        let later = now + jiff::SignedDuration::from_mins(2);
        assert!(enter("dana", "20272027", later).await.is_ok());
    }
}
