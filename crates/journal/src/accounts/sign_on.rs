//! Single sign-on: which account a provider's subject opens. Nobody gets an account, a role or a party by signing in there: an
//! administrator of the account's own party ties it, and may untie it.

use super::sql;
use super::store::account_of;
use super::{AccountError, Accounts, Door, Entry};
use jiff::Timestamp;

/// Longest issuer or subject taken, in characters.
const IDENTITY_CHARS_MAX: usize = 2_000;

/// Somebody at a provider of single sign-on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderIdentity {
    /// The provider, as its tokens name it.
    pub issuer: String,
    /// The person there.
    pub subject: String,
}

impl Accounts {
    /// Ties an account to somebody at a provider, or (with `None`) unties it. Every session of the account is ended: whoever
    /// the old tie let in is out.
    ///
    /// # Errors
    /// `BadIdentity` for somebody who is another account's already, and for what no provider says.
    pub async fn set_identity(
        &self,
        name: &str,
        identity: Option<&ProviderIdentity>,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        if let Some(identity) = identity {
            let usable = |text: &str| {
                let plain = |b: u8| b.is_ascii_graphic() || b == b' ';
                !text.is_empty() && text.len() <= IDENTITY_CHARS_MAX && text.bytes().all(plain)
            };
            let taken = self.tied_to(identity).await?;
            let taken = taken.is_some_and(|entry| entry.account.name != name);
            if taken || !usable(&identity.issuer) || !usable(&identity.subject) {
                return Err(AccountError::BadIdentity);
            }
        }
        let query = sqlx::query(sql::USERS_SET_IDENTITY)
            .bind(name)
            .bind(identity.map(|identity| identity.issuer.as_str()))
            .bind(identity.map(|identity| identity.subject.as_str()));
        self.change(name, query.bind(now.as_microsecond())).await
    }

    /// Lets somebody in whom a provider let in: half way, where the account has a second factor of its own, whatever the provider
    /// says it asked for. `None` when no account is tied to them.
    pub async fn enter_with_identity(
        &self,
        identity: &ProviderIdentity,
        source: &str,
        now: Timestamp,
    ) -> Result<Option<Entry>, AccountError> {
        let Some(mut entry) = self.tied_to(identity).await? else {
            return Ok(None);
        };
        if entry.account.has_second_factor {
            entry.door = Door::HalfWay;
        } else {
            self.arrived(&[], &entry.account.name, source, now).await?;
        }
        Ok(Some(entry))
    }

    async fn tied_to(&self, identity: &ProviderIdentity) -> Result<Option<Entry>, AccountError> {
        let act = "look up a sign-in in";
        let row = sqlx::query(sql::USERS_FIND_BY_IDENTITY)
            .bind(&identity.issuer)
            .bind(&identity.subject)
            .fetch_optional(self.database.reading(act).await?)
            .await
            .map_err(self.database.unavailable(act))?;
        let account = row.as_ref().map(account_of).transpose()?;
        Ok(account.map(|account| Entry::of(account, Door::Password)))
    }
}
