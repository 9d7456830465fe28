//! Who is behind a page: signing in, and looking the person up again when they act.

use super::spare_pins::SparePins;
use crate::office::chain;
use jiff::Timestamp;
use segue_domain::{Actor, Role, Side, Transition};
use segue_journal::accounts::{
    Account, AccountError, Accounts, Door, Entry, EntryError, TokenScope,
};
use segue_web::{Credentials, Person, SignIn};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Longest time from the password to the code, in seconds.
const SECOND_STEP_S_MAX: i64 = 300;
/// People remembered after they signed in; more than a transition ever has.
const REMEMBERED_MAX: usize = 10_000;
/// How long the accounts are waited for before a PIN is checked against what this node keeps.
const PIN_WAIT: Duration = Duration::from_secs(2);
/// A press waits this long for the accounts, then goes by what was known at sign-in.
const HOME_LOOKUP: Duration = Duration::from_millis(300);
/// The door of programs that read.
const READS: Door = Door::Token(TokenScope::Read);

/// The accounts, and what was known of people when they signed in.
pub(super) struct People {
    pub(super) accounts: Accounts,
    entered: Mutex<HashMap<String, Account>>,
    /// Duty PINs for the time when the accounts do not answer.
    pub(super) spares: SparePins,
}

/// Why somebody who once signed in may not act.
#[derive(Debug)]
pub(super) enum Lookup {
    /// The account is gone, or the name belongs to another account now.
    Gone,
    /// The accounts do not answer.
    Unavailable(String),
}

impl From<Lookup> for SignIn {
    fn from(lookup: Lookup) -> Self {
        match lookup {
            Lookup::Gone => Self::Unknown,
            Lookup::Unavailable(message) => Self::Unavailable { message },
        }
    }
}

impl People {
    pub(super) fn new(accounts: Accounts, spares: SparePins) -> Self {
        Self {
            accounts,
            entered: Mutex::default(),
            spares,
        }
    }

    /// By password, or by a token of the account that may act.
    pub(super) async fn enter(&self, t: &Transition, who: &Credentials, now: Timestamp) -> SignIn {
        if who.is_token() {
            let may = |scope| matches!(scope, TokenScope::Act | TokenScope::Home);
            return self.enter_with_token(t, who, now, may).await;
        }
        let source = who.source.to_string();
        let entry = self.accounts.enter(&who.user, &who.secret, &source, now);
        let entry = entry.await;
        self.signed_in(t, entry, None, now)
    }

    pub(super) async fn enter_with_pin(
        &self,
        t: &Transition,
        who: &Credentials,
        now: Timestamp,
    ) -> SignIn {
        let source = who.source.to_string();
        let asked = self
            .accounts
            .enter_with_pin(&who.user, &who.secret, &source, now);
        let entry = match tokio::time::timeout(PIN_WAIT, asked).await {
            // Nothing a failing database does keeps calls from coming home.
            Err(_) | Ok(Err(EntryError::Accounts(AccountError::Unavailable(_)))) => {
                self.spares.enter(&self.accounts, who, now).await
            }
            Ok(entry) => entry,
        };
        self.signed_in(t, entry, Some(Role::Duty), now)
    }

    /// The code of somebody whose password was right not long ago, and still is.
    pub(super) async fn enter_second(
        &self,
        t: &Transition,
        half_way: &Person,
        (code, source): (&str, IpAddr),
        now: Timestamp,
    ) -> SignIn {
        let late = now.duration_since(half_way.since).as_secs() > SECOND_STEP_S_MAX;
        if late {
            return SignIn::Unknown;
        }
        if let Err(why) = self.account(half_way).await {
            return why.into();
        }
        let source = source.to_string();
        let entry = self
            .accounts
            .enter_second(&half_way.user, code, &source, now);
        self.signed_in(t, entry.await, None, now)
    }

    /// Somebody signed in shows again who they are: by code where there is a second factor, else by password.
    pub(super) async fn prove(
        &self,
        t: &Transition,
        person: &Person,
        (secret, source): (&str, IpAddr),
        now: Timestamp,
    ) -> SignIn {
        let account = match self.account(person).await {
            Ok(account) => account,
            Err(why) => return why.into(),
        };
        let (name, source) = (&account.name, source.to_string());
        let entry = if account.has_second_factor {
            self.accounts.enter_second(name, secret, &source, now).await
        } else {
            self.accounts.enter(name, secret, &source, now).await
        };
        self.signed_in(t, entry, None, now)
    }

    /// Whether somebody who came in is still let in. Accounts that do not answer keep nobody from reading.
    pub(super) async fn admits(&self, person: &Person) -> bool {
        let looked_up = tokio::time::timeout(HOME_LOOKUP, self.account(person)).await;
        !matches!(looked_up, Ok(Err(Lookup::Gone)))
    }

    /// By password, or by a token of the account that may read.
    pub(super) async fn enter_to_read(
        &self,
        t: &Transition,
        who: &Credentials,
        now: Timestamp,
    ) -> SignIn {
        // A program that repeats a token taken back must not use up its person's attempts at the password.
        if !who.is_token() {
            return self.enter(t, who, now).await;
        }
        let may = |scope| matches!(scope, TokenScope::Read | TokenScope::Act);
        self.enter_with_token(t, who, now, may).await
    }

    async fn enter_with_token(
        &self,
        t: &Transition,
        who: &Credentials,
        now: Timestamp,
        may: fn(TokenScope) -> bool,
    ) -> SignIn {
        let fits = |entry: &Entry| {
            let may = matches!(entry.door, Door::Token(scope) if may(scope));
            may && entry.account.name == who.user
        };
        match self.accounts.enter_with_token(&who.secret, now).await {
            Ok(entry) if !fits(&entry) => SignIn::Unknown,
            entry => self.signed_in(t, entry, None, now),
        }
    }

    pub(super) fn signed_in(
        &self,
        t: &Transition,
        entry: Result<Entry, EntryError>,
        role: Option<Role>,
        now: Timestamp,
    ) -> SignIn {
        match entry {
            Ok(entry) => {
                let person = Person {
                    user: entry.account.name.clone(),
                    role: role
                        .map_or_else(|| role_of(&entry.account), |role| role.words())
                        .to_owned(),
                    party: t.parties.name(entry.account.side),
                    since: now,
                    reads_only: entry.door == READS,
                };
                self.remember(entry.account);
                match entry.door {
                    Door::HalfWay | Door::Token(TokenScope::Home) => SignIn::HalfWay(person),
                    _ => SignIn::Known(person),
                }
            }
            Err(EntryError::Wrong) => SignIn::Unknown,
            Err(EntryError::Used) => SignIn::UsedCode,
            Err(EntryError::Throttled { retry_s }) => SignIn::Throttled {
                retry_after_s: retry_s,
            },
            Err(EntryError::Accounts(error)) => SignIn::Unavailable {
                message: chain(&error),
            },
        }
    }

    fn remember(&self, account: Account) {
        let mut entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        if entered.len() >= REMEMBERED_MAX && !entered.contains_key(&account.name) {
            entered.clear();
        }
        entered.insert(account.name.clone(), account);
    }

    fn remembered(&self, name: &str) -> Option<Account> {
        self.entered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    /// The account behind a person who came in, if they are still let in.
    pub(super) async fn account(&self, person: &Person) -> Result<Account, Lookup> {
        let account = self.named(&person.user).await?;
        // The same name, but an account made anew; or the password was changed: not who came in.
        if account.admits_since(person.since) {
            Ok(account)
        } else {
            Err(Lookup::Gone)
        }
    }

    async fn named(&self, name: &str) -> Result<Account, Lookup> {
        self.accounts.get(name).await.map_err(|error| match error {
            AccountError::Unknown { .. } => Lookup::Gone,
            error => Lookup::Unavailable(chain(&error)),
        })
    }

    /// The person as the accounts know them now, never more than the door lets through.
    pub(super) async fn actor(&self, person: &Person, door: Door) -> Result<Actor, Lookup> {
        let door = if person.reads_only { READS } else { door };
        let account = match door {
            // Shown this moment, and no session: a clock that differs between nodes must not keep calls out.
            Door::Pin => self.named(&person.user).await?,
            _ => self.account(person).await?,
        };
        Ok(Entry::of(account, door).actor())
    }

    /// Like [`Self::actor`], but accounts that do not answer never keep calls from coming home.
    pub(super) async fn homeward_actor(
        &self,
        person: &Person,
        door: Door,
    ) -> Result<Actor, Lookup> {
        let looked_up = tokio::time::timeout(HOME_LOOKUP, self.actor(person, door)).await;
        let trouble = match looked_up {
            Ok(Err(Lookup::Unavailable(why))) => why,
            Ok(done) => return done,
            Err(_) => "the accounts did not answer in time".to_owned(),
        };
        match self.remembered(&person.user) {
            Some(account) => Ok(Entry::of(account, door).actor()),
            None => Err(Lookup::Unavailable(trouble)),
        }
    }

    /// `duty manager, Riverside Health`; without the role where the account is not known.
    pub(super) async fn words(&self, t: &Transition, name: &str, side: Side) -> String {
        let party = t.parties.name(side);
        match self.accounts.get(name).await {
            Ok(account) if account.side == side => format!("{}, {party}", role_of(&account)),
            _ => party,
        }
    }
}

/// The one role a page names: the most binding one.
pub(super) fn role_of(account: &Account) -> &'static str {
    const ORDER: [Role; 12] = [
        Role::AccountManager,
        Role::Signatory,
        Role::ClinicalLead,
        Role::Implementation,
        Role::Compliance,
        Role::HumanResources,
        Role::Quality,
        Role::Duty,
        Role::TestCaller,
        Role::Agent,
        Role::Administrator,
        Role::Viewer,
    ];
    ORDER
        .into_iter()
        .find(|role| account.roles.contains(role))
        .map_or("person", |role| role.words())
}
