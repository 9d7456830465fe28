//! Keeping accounts: what `segue user` does, by an administrator of one party or by the host, and written down either way.

use super::user::{Add, Audit, Token};
use crate::context::Context;
use crate::login::{HOST, account_failure, accounts, named_actor};
use crate::output::{Answer, Answered, Failure};
use jiff::{SignedDuration, Timestamp};
use segue_domain::{Actor, Right, Role, Side};
use segue_journal::accounts::{
    Account, Accounts, Act, AuditFilter, NewToken, ProviderIdentity, Token as Listed, TokenScope,
};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::BufRead;

/// Somebody who keeps accounts.
pub(super) struct Keeper<'a> {
    ctx: &'a Context,
    accounts: Accounts,
    /// The administrator; none means the host.
    by: Option<Actor>,
}

impl<'a> Keeper<'a> {
    /// Whoever this command is by.
    pub(super) async fn of(ctx: &'a Context) -> Result<Self, Failure> {
        let by = named_actor(ctx).await?;
        if let Some(by) = &by {
            by.require(Right::Administer)?;
        }
        let accounts = accounts(ctx).await?;
        Ok(Self { ctx, accounts, by })
    }

    fn now(&self) -> Timestamp {
        self.ctx.now()
    }

    /// Whether accounts of this party are this keeper's to see.
    fn is_own(&self, side: Side) -> bool {
        self.by.as_ref().is_none_or(|by| by.side == side)
    }

    /// Nobody keeps the other party's accounts.
    fn require_own(&self, side: Side) -> Result<(), Failure> {
        match &self.by {
            Some(by) => Ok(by.require_side(side, "keep its accounts")?),
            None => Ok(()),
        }
    }

    async fn own(&self, name: &str) -> Result<Account, Failure> {
        let account = self.accounts.get(name).await.map_err(account_failure)?;
        self.require_own(account.side)?;
        Ok(account)
    }

    async fn note(&self, act: Act, account: &Account) -> Result<(), Failure> {
        let who = match &self.by {
            Some(by) => (by.person.as_str(), by.side),
            None => (HOST, account.side),
        };
        let noted = self.accounts.note(who, act, &account.name, self.now());
        noted.await.map_err(account_failure)
    }

    async fn done(&self, act: Act, account: &Account, text: String) -> Answered {
        self.note(act, account).await?;
        Ok(Answer::new(
            &json!({ "account": account.name, "done": act }),
            text,
        ))
    }

    pub(super) async fn add(&self, add: &Add) -> Answered {
        let new = add.account()?;
        self.require_own(new.side)?;
        let added = self.accounts.add(&new, self.now()).await;
        let account = added.map_err(account_failure)?;
        self.note(Act::AccountAdded, &account).await?;
        let text = format!("Added `{}` ({}).", account.name, account.side);
        Ok(Answer::new(&account, text))
    }

    pub(super) async fn list(&self) -> Answered {
        let mut all = self.accounts.list().await.map_err(account_failure)?;
        all.retain(|account| self.is_own(account.side));
        let line = |a: &Account| {
            let factor = if a.has_second_factor {
                "; second factor"
            } else {
                ""
            };
            let sso = if a.has_single_sign_on {
                "; single sign-on"
            } else {
                ""
            };
            format!(
                "{} ({}): {}{factor}{sso}",
                a.name,
                a.side,
                role_names(&a.roles)
            )
        };
        let lines: Vec<_> = all.iter().map(line).collect();
        Ok(Answer::new(
            &json!({ "users": all }),
            listed(&lines, "No accounts yet."),
        ))
    }

    pub(super) async fn remove(&self, name: &str) -> Answered {
        let account = self.own(name).await?;
        self.accounts.remove(name).await.map_err(account_failure)?;
        self.note(Act::AccountRemoved, &account).await?;
        Ok(Answer::new(
            &json!({ "removed": name }),
            format!("Removed `{name}`."),
        ))
    }

    pub(super) async fn give_roles(&self, name: &str, roles: &BTreeSet<Role>) -> Answered {
        let account = self.own(name).await?;
        let given = self.accounts.set_roles(name, roles).await;
        given.map_err(account_failure)?;
        let text = format!("`{name}` is now: {}.", role_names(roles));
        self.done(Act::RolesChanged, &account, text).await
    }

    pub(super) async fn tie(&self, name: &str, staff: Option<&str>) -> Answered {
        let account = self.own(name).await?;
        let tied = self.accounts.set_staff(name, staff).await;
        tied.map_err(account_failure)?;
        let text = if staff.is_some() {
            format!("`{name}` sees the board `own-path`; who is who stands in the accounts alone.")
        } else {
            format!("`{name}` is tied to nobody on the roster.")
        };
        self.done(Act::RosterTied, &account, text).await
    }

    pub(super) async fn link(&self, name: &str, identity: Option<&ProviderIdentity>) -> Answered {
        let account = self.own(name).await?;
        let tied = self.accounts.set_identity(name, identity, self.now()).await;
        tied.map_err(account_failure)?;
        let text = match identity {
            Some(ProviderIdentity { issuer, subject }) => {
                format!(
                    "`{name}` comes in as `{subject}` of {issuer}; every session of theirs is ended."
                )
            }
            None => {
                format!("`{name}` comes in by no single sign-on; every session of theirs is ended.")
            }
        };
        self.done(Act::SignOnTied, &account, text).await
    }

    pub(super) async fn replace_password(&self, name: &str) -> Answered {
        let account = self.own(name).await?;
        let password = std::io::stdin().lock().lines().map_while(Result::ok).next();
        let password = password.unwrap_or_default();
        let set = self
            .accounts
            .set_password(name, &password, self.now())
            .await;
        set.map_err(account_failure)?;
        let text = format!("Replaced the password of `{name}`; every session of theirs is ended.");
        self.done(Act::PasswordChanged, &account, text).await
    }

    pub(super) async fn reset_second_factor(&self, name: &str) -> Answered {
        let account = self.own(name).await?;
        if !account.has_second_factor {
            return Ok(Answer::new(
                &json!({ "account": account.name, "done": null }),
                format!("`{name}` has no second factor: nothing was changed."),
            ));
        }
        let reset = self.accounts.reset_second_factor(name, self.now()).await;
        reset.map_err(account_failure)?;
        let text = format!(
            "`{name}` has no second factor; every session of theirs is ended. They enrol another at /account."
        );
        self.done(Act::SecondFactorReset, &account, text).await
    }

    pub(super) async fn end_sessions(&self, name: &str) -> Answered {
        let account = self.own(name).await?;
        let ended = self.accounts.end_entries(name, self.now()).await;
        ended.map_err(account_failure)?;
        let text =
            format!("Every session of `{name}` is ended; name and PIN still bring calls home.");
        self.done(Act::SessionsEnded, &account, text).await
    }

    pub(super) async fn make_token(&self, token: &Token) -> Answered {
        let account = self.own(&token.name).await?;
        let days = token
            .days
            .map(|days| SignedDuration::from_hours(i64::from(days) * 24));
        let new = NewToken {
            site: token.site.clone(),
            expires_at: days.map(|days| self.now() + days),
            ..NewToken::of(&token.name, &token.label, TokenScope::from(token.scope))
        };
        let made = self.accounts.add_token(&new, self.now()).await;
        let made = made.map_err(account_failure)?;
        self.note(Act::TokenMade, &account).await?;
        Ok(Answer::new(&json!({ "token": made }), made))
    }

    pub(super) async fn tokens(&self) -> Answered {
        let mut all = self.accounts.tokens().await.map_err(account_failure)?;
        all.retain(|token| self.is_own(token.side));
        let lines: Vec<_> = all.iter().map(token_line).collect();
        Ok(Answer::new(
            &json!({ "tokens": all }),
            listed(&lines, "No tokens yet."),
        ))
    }

    pub(super) async fn revoke(&self, name: &str, label: &str) -> Answered {
        let account = self.own(name).await?;
        let removed = self.accounts.remove_tokens(name, label).await;
        removed.map_err(account_failure)?;
        let text = format!("The token `{label}` of `{name}` opens nothing more.");
        self.done(Act::TokenRevoked, &account, text).await
    }

    pub(super) async fn audit(&self, audit: &Audit) -> Answered {
        let filter = AuditFilter {
            since: audit.since,
            who: audit.who.clone(),
            about: audit.about.clone(),
        };
        let lines = self
            .accounts
            .audit(&filter)
            .await
            .map_err(account_failure)?;
        let lines: Vec<_> = (lines.into_iter())
            .filter(|line| self.is_own(line.side))
            .collect();
        let text: Vec<_> = lines
            .iter()
            .map(|l| format!("{} {} ({}): {}: {}", l.at, l.who, l.side, l.act, l.about))
            .collect();
        Ok(Answer::new(
            &json!({ "audit": lines }),
            listed(&text, "Nothing of that kind was done."),
        ))
    }
}

fn token_line(token: &Listed) -> String {
    let site = token
        .site
        .as_ref()
        .map_or(String::new(), |site| format!(", {site} alone"));
    let ends = token
        .expires_at
        .map_or("no end".to_owned(), |at| format!("ends {at}"));
    let used = token
        .used_at
        .map_or("never used".to_owned(), |at| format!("last used {at}"));
    let Listed {
        name, label, scope, ..
    } = token;
    format!("{name}: {label}: {}{site}; {ends}; {used}", scope.as_str())
}

fn listed(lines: &[String], empty: &str) -> String {
    if lines.is_empty() {
        empty.to_owned()
    } else {
        lines.join("\n")
    }
}

fn role_names(roles: &BTreeSet<Role>) -> String {
    let names: Vec<_> = roles
        .iter()
        .filter_map(|role| serde_json::to_value(role).ok()?.as_str().map(str::to_owned))
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Global;
    use crate::data_dir::{DataDir, NewData};
    use segue_journal::accounts::NewAccount;

    async fn open(directory: &std::path::Path) -> (Context, Accounts) {
        let data = directory.join("data");
        DataDir::create(&data, NewData::default()).unwrap();
        let global = Global {
            data,
            json: false,
            as_user: None,
            at: None,
            command_id: None,
        };
        let ctx = Context::open(&global).unwrap();
        let accounts = accounts(&ctx).await.unwrap();
        for (name, side) in [("rvs-admin", Side::Client), ("cb-admin", Side::Outsourcer)] {
            let new = NewAccount {
                name: name.into(),
                side,
                roles: [Role::Administrator].into(),
                password: "a long enough password".into(),
                pin: None,
                public_key: None,
            };
            accounts.add(&new, ctx.now()).await.unwrap();
        }
        (ctx, accounts)
    }

    #[tokio::test]
    async fn an_administrator_sees_the_accounts_of_the_own_party_and_the_host_all() {
        let directory = tempfile::tempdir().unwrap();
        let (ctx, accounts) = open(directory.path()).await;
        let admin = Actor::new("rvs-admin", Side::Client, &[Role::Administrator]);
        for (by, listed) in [(Some(admin), 1), (None, 2)] {
            let accounts = accounts.clone();
            let keeper = Keeper {
                ctx: &ctx,
                accounts,
                by,
            };
            let answer = keeper.list().await.unwrap();
            let users = answer.json["users"].as_array().unwrap();
            assert_eq!(users.len(), listed, "{users:?}");
            assert_eq!(answer.text.contains("cb-admin"), listed == 2);
        }
    }

    #[tokio::test]
    async fn nothing_is_said_to_be_done_where_there_is_no_second_factor() {
        let directory = tempfile::tempdir().unwrap();
        let (ctx, accounts) = open(directory.path()).await;
        let by = None;
        let keeper = Keeper {
            ctx: &ctx,
            accounts,
            by,
        };
        let answer = keeper.reset_second_factor("rvs-admin").await.unwrap();
        assert!(
            answer.text.contains("nothing was changed"),
            "{}",
            answer.text
        );
        let filter = AuditFilter::default();
        let lines = keeper.accounts.audit(&filter).await.unwrap();
        assert!(lines.is_empty(), "{lines:?}");
    }
}
