//! What the last command led to.

use super::{Phrase, then, when};
use crate::seen::Seen;
use crate::steps::{Read, act, check, check_refusal};
use crate::trouble::{Trouble, contains, holds, same, wanting};
use crate::words::{code, fact, number, quoted};
use crate::world::Outcome;
use segue_domain::{Code, Refusal};

pub(super) const PHRASES: &[Phrase] = &[
    when("the same command is sent again", |_| {
        act(|world| {
            Box::pin(async move {
                world.last = Some(world.ask_again().await?);
                Ok(())
            })
        })
    }),
    then("accepted", |_| {
        check(|seen| {
            let last = seen.last()?;
            let accepted = matches!(last, Outcome::Accepted(_));
            holds(accepted, "accepted", last.to_string())
        })
    }),
    then("it records {fact}", |w| {
        let kind = fact(w[0])?;
        check(move |seen| {
            let last = seen.last()?;
            let recorded = match last {
                Outcome::Accepted(facts) => facts.iter().any(|fact| fact.name() == kind),
                Outcome::Refused(_) => false,
            };
            holds(recorded, format!("accepted: {kind}"), last.to_string())
        })
    }),
    then("nothing new is recorded", |_| {
        check(|seen| {
            let last = seen.last()?;
            let nothing = matches!(last, Outcome::Accepted(facts) if facts.is_empty());
            holds(nothing, "accepted, with nothing new", last.to_string())
        })
    }),
    then("refused {CODE}", |w| refused(code(w[0])?, String::new())),
    then("refused {CODE}, says {\"text\"}", |w| {
        refused(code(w[0])?, quoted(w[1])?)
    }),
    then("it says {\"text\"}", |w| {
        let says = quoted(w[0])?;
        check(move |seen| contains(&refusal(seen)?.to_string(), &says))
    }),
    then("it names {n} missing", |w| {
        let count: usize = number(w[0])?;
        check(move |seen| {
            let missing = refusal(seen)?.missing.len();
            same(format!("{count} missing"), format!("{missing} missing"))
        })
    }),
];

fn refusal<'s>(seen: &'s Seen<'_>) -> Result<&'s Refusal, Trouble> {
    match seen.last()? {
        Outcome::Refused(refusal) => Ok(refusal),
        accepted @ Outcome::Accepted(_) => Err(wanting("a refusal", accepted.to_string())),
    }
}

fn refused(code: Code, says: String) -> Read {
    check_refusal(move |seen| {
        let last = seen.last()?;
        let so = match last {
            Outcome::Refused(refusal) => {
                refusal.code == code && refusal.to_string().contains(&says)
            }
            Outcome::Accepted(_) => false,
        };
        let expected = match says.as_str() {
            "" => format!("refused {code}"),
            says => format!("refused {code}, says \"{says}\""),
        };
        holds(so, expected, last.to_string())
    })
}
