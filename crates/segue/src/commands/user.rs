//! `segue user` and `segue login`: local accounts, their passwords, duty PINs, second factors and tokens.
//!
//! `--as ADMINISTRATOR` (or their `SEGUE_TOKEN`) keeps to the accounts of the own party. Without either this is the host
//! speaking, as whoever has the data directory can; the audit says which.

use super::keeper::Keeper;
use crate::cli::Global;
use crate::context::Context;
use crate::login::{account_failure, accounts, entry_failure, file};
use crate::office::block_on;
use crate::output::{Answer, Answered, Failure};
use clap::{Args, Subcommand, ValueEnum};
use jiff::SignedDuration;
use segue_domain::{Role, Side};
use segue_journal::accounts::{
    Door, LOGIN_LABEL, MACHINE_LABEL, NewAccount, NewToken, ProviderIdentity, TokenScope,
};
use serde_json::json;
use std::io::BufRead;
use std::os::unix::fs::OpenOptionsExt;

/// Where the command line's attempts come from.
const SOURCE: &str = "command line";
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
    /// Change what a person is to the transition
    Roles(Roles),
    /// Tie an account to its person's pseudonym on the in-house roster, so that they see their own path; without one, untie it
    Staff(Staff),
    /// Tie an account to somebody at the provider of single sign-on, so that they come in by it; without a subject, untie it.
    /// Ends every session of the person
    Link(Link),
    /// Replace a password, read from standard input; ends every session of the person
    Password(Name),
    /// Take away a second factor whose device is lost; ends every session of the person
    ResetSecondFactor(Name),
    /// End every session of a person, on every node
    EndSessions(Name),
    /// Make a token for a machine and print it once
    Token(Token),
    /// List tokens: whose, for what, for which site, until when, when last used
    Tokens,
    /// Take a token back
    Revoke(Revoke),
    /// List who looked at which call or person, and who changed an account
    Audit(Audit),
}

/// Options of `segue user roles`.
#[derive(Debug, Args)]
pub struct Roles {
    /// Account name
    name: String,
    /// A role; may be given several times
    #[arg(long = "role", required = true)]
    roles: Vec<RoleArg>,
}

/// Options of `segue user staff`.
#[derive(Debug, Args)]
pub struct Staff {
    /// Account name
    name: String,
    /// The pseudonym, for example RN-07
    staff: Option<String>,
}

/// Options of `segue user link`.
#[derive(Debug, Args)]
pub struct Link {
    /// Account name
    name: String,
    /// The provider, exactly as `segue serve --oidc-issuer` names it
    #[arg(long, value_name = "URL", requires = "oidc_subject")]
    oidc_issuer: Option<String>,
    /// The person there: the `sub` of their tokens, which the sign-in page shows
    #[arg(long, value_name = "SUB", requires = "oidc_issuer")]
    oidc_subject: Option<String>,
}

impl Link {
    fn identity(&self) -> Option<ProviderIdentity> {
        let (issuer, subject) = self.oidc_issuer.clone().zip(self.oidc_subject.clone())?;
        Some(ProviderIdentity { issuer, subject })
    }
}

/// Options of `segue user revoke`.
#[derive(Debug, Args)]
pub struct Revoke {
    /// Account name
    name: String,
    /// What the token is for
    #[arg(long)]
    label: String,
}

/// Options of `segue user audit`.
#[derive(Debug, Args)]
pub struct Audit {
    /// Only what this account did
    #[arg(long, default_value = "")]
    pub(super) who: String,
    /// Only what was done to this record: a call, a board, an account
    #[arg(long, default_value = "")]
    pub(super) about: String,
    /// From this instant on
    #[arg(long)]
    pub(super) since: Option<jiff::Timestamp>,
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
    pub(super) name: String,
    /// What the token may do
    #[arg(long)]
    pub(super) scope: ScopeArg,
    /// What it is for, to take it back later
    #[arg(long, default_value = MACHINE_LABEL)]
    pub(super) label: String,
    /// The one site it is for (`ingest` and `route`); without it, every site
    #[arg(long)]
    pub(super) site: Option<String>,
    /// Days until it opens nothing more; without it, until it is taken back
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub(super) days: Option<u32>,
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
    /// Keeps the party's accounts
    Administrator,
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
    /// Ask where a call goes
    Route,
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
            let keeper = Keeper::of(&ctx).await?;
            match self {
                Self::Add(add) => keeper.add(add).await,
                Self::List => keeper.list().await,
                Self::Remove(name) => keeper.remove(&name.name).await,
                Self::Roles(roles) => {
                    let roles_now = roles.roles.iter().map(|role| Role::from(*role)).collect();
                    keeper.give_roles(&roles.name, &roles_now).await
                }
                Self::Staff(of) => keeper.tie(&of.name, of.staff.as_deref()).await,
                Self::Link(link) => keeper.link(&link.name, link.identity().as_ref()).await,
                Self::Password(name) => keeper.replace_password(&name.name).await,
                Self::ResetSecondFactor(name) => keeper.reset_second_factor(&name.name).await,
                Self::EndSessions(name) => keeper.end_sessions(&name.name).await,
                Self::Token(token) => keeper.make_token(token).await,
                Self::Tokens => keeper.tokens().await,
                Self::Revoke(revoke) => keeper.revoke(&revoke.name, &revoke.label).await,
                Self::Audit(audit) => keeper.audit(audit).await,
            }
        })
    }
}

impl Add {
    /// The account asked for; its secrets come from standard input.
    pub(super) fn account(&self) -> Result<NewAccount, Failure> {
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
    /// Account name; the password is read from standard input, the code of a second factor from the line after it
    name: String,
}

impl Login {
    /// Checks the password and keeps a token for twelve hours.
    pub fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        let mut lines = std::io::stdin().lock().lines().map_while(Result::ok);
        let password = lines.next().unwrap_or_default();
        block_on(async {
            let accounts = accounts(&ctx).await?;
            let now = ctx.now();
            let entered = accounts.enter(&self.name, &password, SOURCE, now).await;
            if entered.map_err(entry_failure)?.door == Door::HalfWay {
                let code = lines.next().ok_or_else(|| Failure::BadInput(
                    "this account has a second factor: send its code on the second line of standard input".into(),
                ))?;
                let entered = accounts.enter_second(&self.name, &code, SOURCE, now).await;
                entered.map_err(entry_failure)?;
            }
            let login = NewToken {
                expires_at: Some(now + SignedDuration::from_hours(LOGIN_H)),
                ..NewToken::of(&self.name, LOGIN_LABEL, TokenScope::Act)
            };
            let token = accounts
                .add_token(&login, now)
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
            RoleArg::Administrator => Self::Administrator,
            RoleArg::Viewer => Self::Viewer,
        }
    }
}

impl From<ScopeArg> for TokenScope {
    fn from(scope: ScopeArg) -> Self {
        match scope {
            ScopeArg::Read => Self::Read,
            ScopeArg::Ingest => Self::Ingest,
            ScopeArg::Route => Self::Route,
            ScopeArg::Home => Self::Home,
            ScopeArg::Act => Self::Act,
        }
    }
}
