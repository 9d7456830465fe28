//! The dedicated account manager: named before discovery, present while anything goes forward (B17–B19).

use crate::Decided;
use crate::actor::{Actor, Right};
use crate::event::Event;
use crate::ids::PersonId;
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Names the account manager and the deputy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NameAccountManager {
    /// The one accountable person.
    pub person: PersonId,
    /// Who stands in.
    #[serde(default)]
    pub deputy: Option<PersonId>,
}

/// Takes the account manager off; new moves are refused until another is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RemoveAccountManager {}

/// Somebody is (or nobody is any more) the account manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountManagerChanged {
    /// The person, or nobody.
    pub person: Option<PersonId>,
    /// The deputy.
    pub deputy: Option<PersonId>,
    /// When.
    pub at: Timestamp,
}

pub(crate) fn name(c: &NameAccountManager, actor: &Actor, now: Timestamp) -> Decided {
    actor.require(Right::Prepare)?;
    if c.deputy.as_ref() == Some(&c.person) {
        return Err(Refusal::new(Code::BadFact)
            .missing("a deputy who is another person")
            .how("name two people, or leave the deputy open"));
    }
    Ok(vec![Event::AccountManagerChanged(AccountManagerChanged {
        person: Some(c.person.clone()),
        deputy: c.deputy.clone(),
        at: now,
    })])
}

pub(crate) fn remove(t: &Transition, actor: &Actor, now: Timestamp) -> Decided {
    actor.require(Right::Prepare)?;
    if t.account_manager.is_none() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::AccountManagerChanged(AccountManagerChanged {
        person: None,
        deputy: None,
        at: now,
    })])
}

/// Refuses while nobody is the account manager.
pub(crate) fn require(t: &Transition) -> Result<(), Refusal> {
    if t.account_manager.is_some() {
        return Ok(());
    }
    Err(Refusal::new(Code::NoAccountManager)
        .missing("a named account manager")
        .who("the sponsors of both parties")
        .how("name one with `segue do name-account-manager --person NAME --deputy NAME`"))
}
