//! Tokens of accounts at the route door, beside those of its file: made, revoked and expired without a restart.
//!
//! What was let in is remembered for a minute, so that a call does not wait for the accounts, and longer while they do not
//! answer. A token that is taken back is refused within that minute.

use crate::clock;
use segue_journal::accounts::{Accounts, Door, EntryError, TokenScope};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How long an answer of the accounts is taken for the present one.
const REMEMBERED: Duration = Duration::from_mins(1);
/// Most tokens remembered; more sites than a transition has.
const TOKENS_MAX: usize = 1_000;
/// Longest a question waits for the accounts.
const LOOKUP: Duration = Duration::from_millis(300);
/// Most lookups at a time: strangers' guesses must not keep the accounts busy.
const LOOKUPS_MAX: usize = 4;

/// A token that was let in: for one site, or for every site.
#[derive(Clone)]
struct LetIn {
    site: Option<String>,
    at: Instant,
}

/// Who may ask by a token of an account.
pub(crate) struct RouteTokens {
    accounts: Accounts,
    let_in: Mutex<HashMap<[u8; 32], LetIn>>,
    turns: Semaphore,
}

impl RouteTokens {
    pub(crate) fn new(accounts: Accounts) -> Self {
        Self {
            accounts,
            let_in: Mutex::default(),
            turns: Semaphore::new(LOOKUPS_MAX),
        }
    }

    /// The site a token may ask for (`Some(None)`: every site), or `None` when it may not ask.
    pub(crate) async fn site_of(&self, token: &str) -> Option<Option<String>> {
        let hash: [u8; 32] = Sha256::digest(token).into();
        let known = self.remembered(&hash);
        if let Some(known) = known
            .as_ref()
            .filter(|known| known.at.elapsed() < REMEMBERED)
        {
            return Some(known.site.clone());
        }
        let looked_up = tokio::time::timeout(LOOKUP, self.look_up(token)).await;
        match looked_up {
            Ok(Some(Ok(site))) => {
                self.remember(hash, site.clone());
                Some(site)
            }
            Ok(Some(Err(()))) => {
                self.forget(&hash);
                None
            }
            // The accounts do not answer: who was let in before is let in.
            Ok(None) | Err(_) => known.map(|known| known.site),
        }
    }

    /// The site, or that the token may not ask; `None` when the accounts do not say.
    async fn look_up(&self, token: &str) -> Option<Result<Option<String>, ()>> {
        let _turn = self.turns.acquire().await.ok()?;
        match self.accounts.enter_with_token(token, clock::now()).await {
            Ok(entry) if entry.door == Door::Token(TokenScope::Route) => Some(Ok(entry.site)),
            Ok(_) | Err(EntryError::Wrong | EntryError::Used | EntryError::Throttled { .. }) => {
                Some(Err(()))
            }
            Err(EntryError::Accounts(_)) => None,
        }
    }

    fn remembered(&self, hash: &[u8; 32]) -> Option<LetIn> {
        let let_in = self.let_in.lock().unwrap_or_else(PoisonError::into_inner);
        let_in.get(hash).cloned()
    }

    fn remember(&self, hash: [u8; 32], site: Option<String>) {
        let mut let_in = self.let_in.lock().unwrap_or_else(PoisonError::into_inner);
        if let_in.len() >= TOKENS_MAX && !let_in.contains_key(&hash) {
            let_in.clear();
        }
        let at = crate::clock::monotonic();
        let_in.insert(hash, LetIn { site, at });
    }

    fn forget(&self, hash: &[u8; 32]) {
        let mut let_in = self.let_in.lock().unwrap_or_else(PoisonError::into_inner);
        let_in.remove(hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use segue_domain::{Role, Side};
    use segue_journal::accounts::{NewAccount, NewToken};

    #[tokio::test]
    async fn a_token_asks_for_its_site_until_it_is_taken_back_and_no_other_scope_asks() {
        let directory = tempfile::tempdir().unwrap();
        let accounts = Accounts::open(&directory.path().join("accounts.db"))
            .await
            .unwrap();
        let now = clock::now();
        let pbx = NewAccount {
            name: "pbx".into(),
            side: Side::Client,
            roles: [Role::Viewer].into(),
            password: "correct horse".into(),
            pin: None,
            public_key: None,
        };
        accounts.add(&pbx, now).await.unwrap();
        let own = NewToken {
            site: Some("RVS-Main".into()),
            ..NewToken::of("pbx", "main", TokenScope::Route)
        };
        let own = accounts.add_token(&own, now).await.unwrap();
        let whole = NewToken::of("pbx", "desk", TokenScope::Act);
        let whole = accounts.add_token(&whole, now).await.unwrap();
        let tokens = RouteTokens::new(accounts.clone());
        assert_eq!(tokens.site_of(&own).await, Some(Some("RVS-Main".into())));
        assert_eq!(tokens.site_of(&whole).await, None);
        assert_eq!(tokens.site_of("segue_guess").await, None);
        accounts.remove_tokens("pbx", "main").await.unwrap();
        assert!(
            tokens.site_of(&own).await.is_some(),
            "remembered for a minute"
        );
        for known in tokens.let_in.lock().unwrap().values_mut() {
            known.at -= REMEMBERED;
        }
        assert_eq!(tokens.site_of(&own).await, None);
        assert!(tokens.let_in.lock().unwrap().is_empty());
    }
}
