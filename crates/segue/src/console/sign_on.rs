//! Who came back from the provider of single sign-on, and which account that is.

use super::Shared;
use crate::clock;
use crate::office::chain;
use crate::sign_on::{NO_SIGN_ON, Trouble};
use segue_journal::accounts::ProviderIdentity;
use segue_web::SignIn;
use segue_web::sign_on::{SignOn, SignOnReturn};

impl Shared {
    /// Signs in whoever the provider let in, if an account is tied to them.
    pub(super) async fn end_sign_on(&self, returned: SignOnReturn) -> SignOn {
        let Some(door) = &self.sign_on else {
            let message = NO_SIGN_ON.to_owned();
            return SignOn::Refused { message };
        };
        let now = clock::now();
        let identity = match door.identity(&returned, now).await {
            Ok(identity) => identity,
            Err(trouble) => {
                tracing::warn!(source = %returned.source, %trouble, "a single sign-on was not taken");
                return match trouble {
                    Trouble::Refused(message) => SignOn::Refused { message },
                    Trouble::Unavailable(message) => SignOn::Unavailable { message },
                };
            }
        };
        let who = ProviderIdentity {
            issuer: door.issuer().to_owned(),
            subject: identity.subject,
        };
        let source = returned.source.to_string();
        let entered = (self.people.accounts).enter_with_identity(&who, &source, now);
        let entry = match entered.await {
            Ok(Some(entry)) => entry,
            Ok(None) => {
                let ProviderIdentity { issuer, subject } = who;
                return SignOn::NotTied { issuer, subject };
            }
            Err(error) => {
                let message = chain(&error);
                return SignOn::Unavailable { message };
            }
        };
        match self
            .people
            .signed_in(&self.transition(), Ok(entry), None, now)
        {
            SignIn::HalfWay(person) => SignOn::HalfWay(person),
            SignIn::Known(person) => SignOn::Known {
                person,
                proved_at: identity.authenticated_at.map(|at| at.min(now)),
            },
            // What an entry that succeeded never is.
            _ => SignOn::Refused {
                message: "This account cannot sign in this way.".to_owned(),
            },
        }
    }
}
