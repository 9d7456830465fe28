//! Who acts on the command line: a token from `SEGUE_TOKEN` or from `segue login`, checked like any other door.

use crate::context::Context;
use crate::data_dir::DataDir;
use crate::office::unavailable;
use crate::output::Failure;
use segue_domain::Actor;
use segue_journal::accounts::{Accounts, EntryError};
use std::path::PathBuf;

/// Whoever has the data directory, names nobody and shows no token, as the audit calls them.
pub const HOST: &str = "the host";

/// The accounts of a data directory.
pub async fn accounts(ctx: &Context) -> Result<Accounts, Failure> {
    let accounts = Accounts::open(ctx.data.place("accounts")).await;
    Ok(sealed(&ctx.data, accounts.map_err(|e| unavailable(&e))?))
}

/// Accounts with the key of their second factors. A key file that cannot be read keeps nobody from anything else: whoever needs
/// a code reads why.
pub fn sealed(data: &DataDir, accounts: Accounts) -> Accounts {
    match data.seal_key() {
        Ok(key) => accounts.sealed_with(&key),
        Err(_) => accounts,
    }
}

/// The person behind this command.
pub async fn actor(ctx: &Context) -> Result<Actor, Failure> {
    let token = match given() {
        Some(token) => token,
        None => stored(ctx)?,
    };
    let entry = accounts(ctx)
        .await?
        .enter_with_token(token.trim(), ctx.now())
        .await
        .map_err(entry_failure)?;
    if let Some(user) = ctx
        .as_user
        .as_ref()
        .filter(|user| **user != entry.account.name)
    {
        let has = &entry.account.name;
        return Err(Failure::BadInput(format!(
            "the login is `{has}`'s, not `{user}`'s; run `segue login {user}` first"
        )));
    }
    Ok(entry.actor())
}

/// The person behind this command where somebody is named or shows a token; `None` is the host.
pub async fn named_actor(ctx: &Context) -> Result<Option<Actor>, Failure> {
    if ctx.as_user.is_none() && given().is_none() {
        return Ok(None);
    }
    actor(ctx).await.map(Some)
}

/// What `SEGUE_TOKEN` holds.
fn given() -> Option<String> {
    std::env::var("SEGUE_TOKEN")
        .ok()
        .filter(|token| !token.is_empty())
}

fn stored(ctx: &Context) -> Result<String, Failure> {
    let Some(user) = &ctx.as_user else {
        return Err(Failure::BadInput(
            "say who acts: --as USER after `segue login USER`, or set SEGUE_TOKEN".into(),
        ));
    };
    std::fs::read_to_string(file(ctx, user)?).map_err(|_| {
        Failure::BadInput(format!(
            "`{user}` is not logged in here; run `segue login {user}`"
        ))
    })
}

/// Where a login is kept: with the person's own files, one per data directory.
pub fn file(ctx: &Context, user: &str) -> Result<PathBuf, Failure> {
    if !segue_domain::ids::is_usable(user) || user.contains('/') || user.starts_with('.') {
        return Err(Failure::BadInput(format!("`{user}` is no account name")));
    }
    let home = std::env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state")))
        .ok_or_else(|| {
            Failure::BadInput("HOME is not set; set SEGUE_TOKEN instead of logging in".into())
        })?;
    Ok(home
        .join("segue")
        .join(ctx.data.transition().as_str())
        .join(format!("{user}.token")))
}

/// An entry that was refused, as an exit code.
pub fn entry_failure(error: EntryError) -> Failure {
    match error {
        EntryError::Accounts(error) => account_failure(error),
        other => Failure::BadInput(other.to_string()),
    }
}

/// An account command that failed, as an exit code.
pub fn account_failure(error: segue_journal::accounts::AccountError) -> Failure {
    use segue_journal::accounts::AccountError as E;
    match error {
        E::Unavailable(_)
        | E::Corrupt { .. }
        | E::Hashing
        | E::NoSealKey
        | E::OtherSealKey { .. } => unavailable(&error),
        other => Failure::BadInput(other.to_string()),
    }
}
