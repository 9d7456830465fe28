//! A person's own account, on their page: each change is written down.

use super::Shared;
use super::acts::{not_let_in, refusal_view};
use crate::clock;
use crate::office::chain;
use jiff::Timestamp;
use segue_domain::rights;
use segue_journal::accounts::{Account, AccountError, Act, EntryError, Token};
use segue_web::account::{
    AccountChange, AccountChanged, AccountView, EnrolmentView, Shown, TokenView,
};
use segue_web::view::RefusalView;
use segue_web::{ActError, Person};
use std::net::IpAddr;

impl Shared {
    /// What the account page shows.
    pub(super) async fn account(
        &self,
        person: Person,
        proved_at: Option<Timestamp>,
    ) -> Result<AccountView, ActError> {
        let account = self.people.account(&person).await.map_err(not_let_in)?;
        let accounts = &self.people.accounts;
        let begun = accounts.enrolment(&account.name).await.map_err(failed)?;
        // Whoever reads the secret makes the codes: a session that was left open, or stolen, must not show it.
        let is_shown = rights::require_proof(proved_at, clock::now()).is_ok();
        let (enrolling, waits) = if is_shown {
            (begun, false)
        } else {
            (None, begun.is_some())
        };
        let tokens = accounts.tokens().await.map_err(failed)?;
        let own = tokens.iter().filter(|token| token.name == account.name);
        Ok(AccountView {
            has_second_factor: account.has_second_factor,
            enrolling: enrolling.map(|begun| EnrolmentView {
                secret: begun.secret,
                link: begun.link,
            }),
            enrolment_waits: waits,
            recovery_codes: accounts
                .recovery_codes(&account.name)
                .await
                .map_err(failed)?,
            tokens: own.map(token_view).collect(),
        })
    }

    /// Changes a person's own account.
    pub(super) async fn change_account(
        &self,
        person: Person,
        change: AccountChange,
        shown: Shown,
    ) -> Result<AccountChanged, ActError> {
        let account = self.people.account(&person).await.map_err(not_let_in)?;
        let now = clock::now();
        if lets_in(&change) {
            rights::require_proof(shown.proved_at, now)
                .map_err(|refusal| ActError::Refused(Box::new(refusal_view(refusal))))?;
        }
        let (act, changed) = self.changed(&account, change, shown.source, now).await?;
        if let Some(act) = act {
            let who = (account.name.as_str(), account.side);
            let noted = self.people.accounts.note(who, act, &account.name, now);
            noted.await.map_err(failed)?;
        }
        Ok(changed)
    }

    async fn changed(
        &self,
        account: &Account,
        change: AccountChange,
        source: IpAddr,
        now: Timestamp,
    ) -> Result<(Option<Act>, AccountChanged), ActError> {
        let (accounts, name) = (&self.people.accounts, account.name.as_str());
        let act = match change {
            AccountChange::BeginSecondFactor => {
                accounts.begin_second_factor(name).await.map_err(failed)?;
                return Ok((None, AccountChanged::Done));
            }
            AccountChange::ConfirmSecondFactor { code } => {
                let source = source.to_string();
                let confirmed = accounts.confirm_second_factor(name, code.trim(), &source, now);
                let codes = confirmed.await.map_err(not_entered)?;
                let changed = AccountChanged::RecoveryCodes(codes);
                return Ok((Some(Act::SecondFactorEnrolled), changed));
            }
            AccountChange::RemoveSecondFactor => {
                let reset = accounts.reset_second_factor(name, now).await;
                reset.map_err(failed)?;
                Act::SecondFactorReset
            }
            AccountChange::Password { new } => {
                let set = accounts.set_password(name, &new, now).await;
                set.map_err(failed)?;
                Act::PasswordChanged
            }
            AccountChange::EndSessions => {
                accounts.end_entries(name, now).await.map_err(failed)?;
                Act::SessionsEnded
            }
            AccountChange::RevokeToken { label } => {
                let removed = accounts.remove_tokens(name, &label).await;
                removed.map_err(failed)?;
                Act::TokenRevoked
            }
        };
        Ok((Some(act), AccountChanged::Done))
    }
}

/// Whether a change says who comes in. Taking something back asks for nothing.
fn lets_in(change: &AccountChange) -> bool {
    match change {
        AccountChange::BeginSecondFactor
        | AccountChange::ConfirmSecondFactor { .. }
        | AccountChange::RemoveSecondFactor
        | AccountChange::Password { .. } => true,
        AccountChange::EndSessions | AccountChange::RevokeToken { .. } => false,
    }
}

fn token_view(token: &Token) -> TokenView {
    let scope = token.scope.as_str();
    let minute = |at: Timestamp| at.strftime("%-d %b %Y %H:%M UTC").to_string();
    TokenView {
        label: token.label.clone(),
        may: match &token.site {
            Some(site) => format!("{scope}, {site} alone"),
            None => scope.to_owned(),
        },
        used: token.used_at.map_or("never used".into(), |at| {
            format!("last used {}", minute(at))
        }),
        ends: token
            .expires_at
            .map_or("no end".into(), |at| format!("ends {}", minute(at))),
    }
}

fn failed(error: AccountError) -> ActError {
    match error {
        AccountError::Unavailable(_)
        | AccountError::Corrupt { .. }
        | AccountError::Hashing
        | AccountError::NoSealKey
        | AccountError::OtherSealKey { .. } => ActError::Unavailable {
            message: chain(&error),
        },
        other => bad(other.to_string()),
    }
}

fn not_entered(error: EntryError) -> ActError {
    match error {
        EntryError::Accounts(error) => failed(error),
        other => bad(other.to_string()),
    }
}

fn bad(what: String) -> ActError {
    ActError::Invalid(Box::new(RefusalView {
        code: "BAD_ACCOUNT".to_owned(),
        rule: what.clone(),
        missing: vec![what],
        who: "you".to_owned(),
        how: "go back, correct it and send it again".to_owned(),
    }))
}
