//! The account manager.

use super::{Phrase, given, when};
use crate::steps::{reach, sends};
use segue_domain::account_manager::{NameAccountManager, RemoveAccountManager};
use segue_example::Goal;

pub(super) const PHRASES: &[Phrase] = &[
    given("an account manager", |_| reach(Goal::AccountManaged)),
    when("{person} names {account} account manager", |w| {
        let (person, deputy) = (w[1].into(), None);
        sends(w[0], NameAccountManager { person, deputy })
    }),
    when("{person} removes the account manager", |w| {
        sends(w[0], RemoveAccountManager {})
    }),
];
