//! `segue user` and `segue login`: local accounts, their passwords, duty PINs and tokens.

use crate::cli::Global;
use crate::context::Context;
use crate::login::{account_failure, accounts, entry_failure, file};
use crate::office::block_on;
use crate::output::{Answer, Answered, Failure};
use clap::{Args, Subcommand, ValueEnum};
use jiff::SignedDuration;
use segue_domain::{Role, Side};
use segue_journal::accounts::{Account, NewAccount, TokenScope};
use serde_json::json;
use std::io::BufRead;
use std::os::unix::fs::OpenOptionsExt;

/// Hours a login on the command line lasts.
const LOGIN_H: i64 = 12;

/// `segue user …`
#[derive(Debug, Subcommand)]
pub enum User {
    /// Add an account; the password is read from standard input, the PIN (if asked for) from the line after it
    Add(Add),
    /// List accounts
    List,
    /// Remove an account
    Remove(Name),
    /// Make a token for a machine and print it once
    Token(Token),
}

/// Options of `segue user add`.
#[derive(Debug, Args)]
pub struct Add {
    /// Account name
    name: String,
    /// The party
    #[arg(long)]
    side: SideArg,
    /// A role; may be given several times
    #[arg(long = "role", required = true)]
    roles: Vec<RoleArg>,
    /// Read a duty PIN (at least 8 digits) from the second line of standard input
    #[arg(long)]
    pin: bool,
    /// Hex Ed25519 public key of a signatory (`segue key show FILE`)
    #[arg(long)]
    public_key: Option<String>,
}

/// One account.
#[derive(Debug, Args)]
pub struct Name {
    /// Account name
    name: String,
}

/// Options of `segue user token`.
#[derive(Debug, Args)]
pub struct Token {
    /// Account name
    name: String,
    /// What the token may do
    #[arg(long)]
    scope: ScopeArg,
    /// What it is for, to take it back later
    #[arg(long, default_value = "machine")]
    label: String,
}

/// A party, as typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SideArg {
    /// The healthcare organisation
    Client,
    /// The centre the calls move to
    Outsourcer,
}

/// A role, as typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RoleArg {
    /// Binds the party
    Signatory,
    /// Plans and carries out
    Implementation,
    /// On top of every issue
    AccountManager,
    /// May bring calls home
    Duty,
    /// Places test calls
    TestCaller,
    /// Signs, reviews and vetoes where nurses advise
    ClinicalLead,
    /// Keeps the evidence of law and contract
    Compliance,
    /// Plans people's paths and dates
    HumanResources,
    /// Reviews calls
    Quality,
    /// Works on the phones
    Agent,
    /// Reads
    Viewer,
}

/// A token's scope, as typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ScopeArg {
    /// Read
    Read,
    /// Send call events
    Ingest,
    /// Bring calls home
    Home,
    /// Everything the roles allow
    Act,
}

impl User {
    /// Answers.
    pub fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        block_on(async {
            let accounts = accounts(&ctx).await?;
            match self {
                Self::Add(add) => {
                    let account = accounts
                        .add(&add.account()?, ctx.now())
                        .await
                        .map_err(account_failure)?;
                    Ok(Answer::new(
                        &account,
                        format!("Added `{}` ({}).", account.name, account.side),
                    ))
                }
                Self::List => {
                    let all = accounts.list().await.map_err(account_failure)?;
                    let line =
                        |a: &Account| format!("{} ({}): {}", a.name, a.side, role_names(&a.roles));
                    let text = all.iter().map(line).collect::<Vec<_>>().join(
                        "
",
                    );
                    Ok(Answer::new(
                        &json!({ "users": all }),
                        if text.is_empty() {
                            "No accounts yet.".into()
                        } else {
                            text
                        },
                    ))
                }
                Self::Remove(name) => {
                    accounts.remove(&name.name).await.map_err(account_failure)?;
                    Ok(Answer::new(
                        &json!({ "removed": name.name }),
                        format!("Removed `{}`.", name.name),
                    ))
                }
                Self::Token(token) => {
                    let made = accounts
                        .add_token(
                            &token.name,
                            &token.label,
                            token.scope.into(),
                            ctx.now(),
                            None,
                        )
                        .await
                        .map_err(account_failure)?;
                    Ok(Answer::new(&json!({ "token": made }), made))
                }
            }
        })
    }
}

impl Add {
    fn account(&self) -> Result<NewAccount, Failure> {
        let mut lines = std::io::stdin().lock().lines().map_while(Result::ok);
        let password = lines.next().ok_or_else(|| {
            Failure::BadInput("no password on standard input; for example: printf '%s\\n' \"$PASSWORD\" | segue user add …".into())
        })?;
        let pin = if self.pin {
            Some(lines.next().ok_or_else(|| {
                Failure::BadInput("no PIN on the second line of standard input".into())
            })?)
        } else {
            None
        };
        Ok(NewAccount {
            name: self.name.clone(),
            side: self.side.into(),
            roles: self.roles.iter().map(|role| Role::from(*role)).collect(),
            password,
            pin,
            public_key: self.public_key.clone(),
        })
    }
}

/// Options of `segue login`.
#[derive(Debug, Args)]
pub struct Login {
    /// Account name; the password is read from standard input
    name: String,
}

impl Login {
    /// Checks the password and keeps a token for twelve hours.
    pub fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        let password = std::io::stdin()
            .lock()
            .lines()
            .map_while(Result::ok)
            .next()
            .unwrap_or_default();
        block_on(async {
            let accounts = accounts(&ctx).await?;
            let now = ctx.now();
            accounts
                .enter(&self.name, &password, "command line", now)
                .await
                .map_err(entry_failure)?;
            let expires = Some(now + SignedDuration::from_hours(LOGIN_H));
            let token = accounts
                .add_token(&self.name, "login", TokenScope::Act, now, expires)
                .await
                .map_err(account_failure)?;
            let path = file(&ctx, &self.name)?;
            keep(&path, &token).map_err(|e| {
                Failure::Unavailable(format!(
                    "`{}` cannot be written ({e}); set SEGUE_TOKEN instead",
                    path.display()
                ))
            })?;
            Ok(Answer::new(
                &json!({ "user": self.name, "hours": LOGIN_H }),
                format!("Logged in as `{}` for {LOGIN_H} h.", self.name),
            ))
        })
    }
}

fn keep(path: &std::path::Path, token: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    std::io::Write::write_all(&mut file, token.as_bytes())
}

fn role_names(roles: &std::collections::BTreeSet<Role>) -> String {
    let names: Vec<_> = roles
        .iter()
        .filter_map(|role| serde_json::to_value(role).ok()?.as_str().map(str::to_owned))
        .collect();
    names.join(", ")
}

impl From<SideArg> for Side {
    fn from(side: SideArg) -> Self {
        match side {
            SideArg::Client => Self::Client,
            SideArg::Outsourcer => Self::Outsourcer,
        }
    }
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Signatory => Self::Signatory,
            RoleArg::Implementation => Self::Implementation,
            RoleArg::AccountManager => Self::AccountManager,
            RoleArg::Duty => Self::Duty,
            RoleArg::TestCaller => Self::TestCaller,
            RoleArg::ClinicalLead => Self::ClinicalLead,
            RoleArg::Compliance => Self::Compliance,
            RoleArg::HumanResources => Self::HumanResources,
            RoleArg::Quality => Self::Quality,
            RoleArg::Agent => Self::Agent,
            RoleArg::Viewer => Self::Viewer,
        }
    }
}

impl From<ScopeArg> for TokenScope {
    fn from(scope: ScopeArg) -> Self {
        match scope {
            ScopeArg::Read => Self::Read,
            ScopeArg::Ingest => Self::Ingest,
            ScopeArg::Home => Self::Home,
            ScopeArg::Act => Self::Act,
        }
    }
}
