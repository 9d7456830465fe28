//! What a person may sign now, and the passkeys their browser makes.

use super::Shared;
use super::acts::{not_let_in, refusal_view};
use crate::clock;
use segue_domain::passkey::Passkey;
use segue_domain::refusal::Code;
use segue_domain::to_sign::to_sign;
use segue_domain::{PersonId, Refusal, keys};
use segue_journal::accounts::Door;
use segue_web::sign::{MadePasskey, NewPasskey, SignItem};
use segue_web::{ActError, Person};

impl Shared {
    /// What waits for this person's signature.
    pub(super) async fn to_sign(&self, person: Person) -> Result<Vec<SignItem>, ActError> {
        let actor = self.people.actor(&person, Door::Password).await;
        let actor = actor.map_err(not_let_in)?;
        let open = to_sign(&self.transition(), &actor, clock::now()).into_iter();
        let item = |open: segue_domain::to_sign::ToSign| SignItem {
            command: open.command.to_owned(),
            fields: open.fields,
            about: open.about,
            hash: open.hash,
        };
        Ok(open.map(item).collect())
    }

    /// The text of a passkey, and the hash that vouches for it. Nothing is recorded: a signatory does that, with a key.
    pub(super) async fn passkey(&self, made: MadePasskey) -> Result<NewPasskey, ActError> {
        let account = self.people.account(&made.person).await;
        let account = account.map_err(not_let_in)?;
        let Some(new_key) = Passkey::text_of(&made.spki, &made.origin) else {
            let refusal = Refusal::new(Code::BadFact)
                .missing("a passkey of P-256 or Ed25519 made on a page reached by https, or at localhost")
                .who("you")
                .how("reach these pages by their name and TLS, and make it again");
            return Err(ActError::Refused(Box::new(refusal_view(refusal))));
        };
        let person = PersonId::from(account.name.as_str());
        let hash = keys::hash(&self.transition().id, &person, &new_key);
        Ok(NewPasskey {
            person: account.name,
            new_key,
            hash,
        })
    }
}
