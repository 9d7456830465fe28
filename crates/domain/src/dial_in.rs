//! One-time codes for trial calls from any telephone (A24): whoever of the client's staff has a call to place enters the code of
//! that call on the dial-in line, and for a quarter of an hour the telephone it came from is one of the campaign's.

use crate::Decided;
use crate::actor::Actor;
use crate::caller::{CallerHash, CallerKey};
use crate::event::Event;
use crate::ids::{ChunkId, PersonId};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::test_campaign::{Assignment, is_placed};
use crate::transition::Transition;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a telephone counts as one of the campaign's.
pub const HOLDS: SignedDuration = SignedDuration::from_mins(15);

/// Says that the person's code for a trial call was entered. The program itself says it, which heard the code, in the name of the
/// person whose code it is; no person can: who names a telephone takes its calls out of the evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UseDialInCode {
    /// The chunk of the call.
    pub chunk: ChunkId,
    /// The cell of its coverage.
    pub cell: String,
    /// Caller hash of the telephone: 64 hexadecimal digits, never a number.
    pub telephone: String,
    /// Codes of this call that were used before; each is used once.
    pub used_before: u32,
}

/// A code for a trial call was entered on the dial-in line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialInCodeUsed {
    /// Whose code it was.
    pub person: PersonId,
    /// The chunk of the call.
    pub chunk: ChunkId,
    /// The cell of its coverage.
    pub cell: String,
    /// Caller hash of the telephone.
    pub telephone: String,
    /// When.
    pub at: Timestamp,
    /// Until when calls from it are test calls.
    pub until: Timestamp,
}

/// A trial call that is still to be placed, and what its next code is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Entitled<'t> {
    /// The call.
    pub call: &'t Assignment,
    /// When it was handed out.
    pub since: Timestamp,
    /// Codes used so far.
    pub used: u32,
}

impl Entitled<'_> {
    /// The code: eight digits, drawn by the client's key, another one after each use. Nobody without the key can know it, and
    /// it is stored nowhere.
    pub fn code(&self, key: &CallerKey, t: &Transition) -> String {
        let (since, used) = (
            self.since.as_microsecond().to_string(),
            self.used.to_string(),
        );
        let Assignment {
            person,
            chunk,
            cell,
            ..
        } = self.call;
        key.dial_in_code(&[
            t.id.as_str(),
            person.as_str(),
            chunk.as_str(),
            cell,
            &since,
            &used,
        ])
    }
}

/// Every trial call that somebody still has to place.
pub fn entitled(t: &Transition) -> impl Iterator<Item = Entitled<'_>> {
    let open = t.test_campaign.assigned.iter();
    let open = open.filter(|(call, since)| !is_placed(t, call, *since));
    open.map(|(call, since)| Entitled {
        call,
        since: *since,
        used: used(t, call, *since),
    })
}

fn used(t: &Transition, call: &Assignment, since: Timestamp) -> u32 {
    let entered = t.test_numbers.dialled_in.values().flatten();
    let of_call = entered.filter(|e| {
        e.at >= since && e.person == call.person && e.chunk == call.chunk && e.cell == call.cell
    });
    u32::try_from(of_call.count()).unwrap_or(u32::MAX)
}

pub(crate) fn use_code(
    t: &Transition,
    c: &UseDialInCode,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    if c.telephone.parse::<CallerHash>().is_err() {
        return Err(bad(
            "64 hexadecimal digits for the telephone; a number is never sent".into(),
        ));
    }
    let mut own = entitled(t).filter(|e| {
        e.call.person == actor.person && e.call.chunk == c.chunk && e.call.cell == c.cell
    });
    // The same call handed out twice has a code for each.
    let Some(first) = own.next() else {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!(
                "a trial call of {} in {} that {} still has to place",
                c.cell, c.chunk, actor.person
            ))
            .who("the client's manager")
            .how("have it handed out (`segue do assign-test-calls`)"));
    };
    if first.used != c.used_before && own.all(|e| e.used != c.used_before) {
        return Err(bad(
            "the code that My calls shows now; each code is used once".into(),
        ));
    }
    Ok(vec![Event::DialInCodeUsed(DialInCodeUsed {
        person: actor.person.clone(),
        chunk: c.chunk.clone(),
        cell: c.cell.clone(),
        telephone: c.telephone.to_ascii_lowercase(),
        at: now,
        until: now + HOLDS,
    })])
}

pub(crate) fn apply_used(t: &mut Transition, e: &DialInCodeUsed) {
    if let Ok(telephone) = e.telephone.parse::<CallerHash>() {
        let entered = t.test_numbers.dialled_in.entry(telephone).or_default();
        entered.push(e.clone());
    }
}
