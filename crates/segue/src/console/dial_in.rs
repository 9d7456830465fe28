//! The dial-in line (A24): a tester who dials from a telephone that nobody registered enters the code that My calls shows, and
//! calls from there are test calls for a quarter of an hour.
//!
//! Segue carries no media of calls, so it cannot hear a code within the trial call itself: the code is entered on this line
//! first. What the tester hears: one tone, "enter the code"; a high one, "known, hang up and dial"; a low one, "not known".

use super::Shared;
use crate::clock;
use jiff::{SignedDuration, Timestamp};
use segue_domain::caller::e164;
use segue_domain::dial_in::{UseDialInCode, entitled};
use segue_domain::telephony_checks::paths;
use segue_domain::{Actor, Right, Side};
use segue_sip::allow::AllowList;
use segue_trials::agent::{Agent, Incoming};
use segue_trials::audio::Audio;
use segue_trials::tone::Tone;
use segue_web::Person;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

/// Digits of a code.
const CODE_DIGITS: usize = 8;
/// How long the line waits for all of them.
const DIGITS_WAIT: Duration = Duration::from_secs(30);
/// Codes one call may try, right ones that could not be taken among them.
const TRIES_MAX: usize = 3;
/// Callers on the line at once; further ones hear busy.
const CALLS_MAX: usize = 20;
/// How long each tone lasts.
const TONE: Duration = Duration::from_millis(700);
/// Wrong codes in an hour, from everybody together; then the line is closed until the hour is over.
const WRONG_MAX: usize = 30;
const WRONG_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// A line that waits for calls.
pub(crate) struct DialInLine {
    /// Answers them.
    pub(crate) agent: Agent,
    /// What testers dial to reach it.
    pub(crate) number: String,
    /// From where it is called.
    pub(crate) peers: AllowList,
}

/// When wrong codes were entered.
#[derive(Default)]
struct Wrong(Mutex<VecDeque<Timestamp>>);

impl Wrong {
    fn is_closed(&self, now: Timestamp) -> bool {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while times
            .front()
            .is_some_and(|at| now.duration_since(*at) >= WRONG_WITHIN)
        {
            times.pop_front();
        }
        times.len() >= WRONG_MAX
    }

    fn note(&self, now: Timestamp) {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times.push_back(now);
    }
}

/// Answers until `stop`.
pub(super) async fn keep(
    shared: Arc<Shared>,
    mut line: DialInLine,
    mut stop: watch::Receiver<bool>,
) {
    let (turns, wrong) = (
        Arc::new(Semaphore::new(CALLS_MAX)),
        Arc::new(Wrong::default()),
    );
    loop {
        let incoming = tokio::select! {
            incoming = line.agent.incoming() => incoming,
            _ = stop.wait_for(|stop| *stop) => None,
        };
        let Some(incoming) = incoming else { break };
        if !line.peers.contains(incoming.source().ip()) {
            incoming.refuse(403, None);
            continue;
        }
        // The network's word for who calls; without one nothing can be marked later.
        let Some(caller) = incoming.caller().as_deref().and_then(e164) else {
            incoming.refuse(433, None);
            continue;
        };
        let Ok(turn) = Arc::clone(&turns).try_acquire_owned() else {
            incoming.refuse(486, None);
            continue;
        };
        if wrong.is_closed(clock::now()) {
            incoming.refuse(480, None);
            continue;
        }
        let (shared, wrong) = (Arc::clone(&shared), Arc::clone(&wrong));
        tokio::spawn(async move {
            shared.hear(incoming, &caller, &wrong).await;
            drop(turn);
        });
    }
    line.agent.stop().await;
}

impl Shared {
    /// The codes of a person's open calls, by chunk and cell, and where they are entered.
    pub(super) fn dial_in_codes(&self, person: &Person) -> Option<(String, Vec<DialInCode>)> {
        let number = self.dial_in_number.clone().filter(|_| !person.reads_only)?;
        let t = self.transition();
        let own = entitled(&t).filter(|e| e.call.person.as_str() == person.user);
        let codes = own.map(|e| DialInCode {
            chunk: e.call.chunk.to_string(),
            cell: e.call.cell.clone(),
            code: e.code(&self.key, &t),
        });
        Some((number, codes.collect()))
    }

    /// Hears codes. Only a code that nobody has counts as wrong: one that could not be taken says nothing against who keyed it in.
    async fn hear(&self, incoming: Incoming, caller: &str, wrong: &Wrong) {
        incoming.ring();
        let leg = incoming.answer();
        let Some(audio) = leg.audio() else { return };
        let talk = async {
            let mut taken = 0;
            for _ in 0..TRIES_MAX {
                play(audio, Tone::Person).await;
                let Some(code) = keyed_in(audio, taken).await else {
                    return;
                };
                let why = match self.entered(caller, &code).await {
                    Ok(()) => return play(audio, Tone::Heard).await,
                    Err(NotTaken::Wrong) => {
                        wrong.note(clock::now());
                        "no call that is still to be placed has it".to_owned()
                    }
                    Err(NotTaken::Right(why)) => why,
                };
                tracing::warn!(%why, "a code on the dial-in line was not taken");
                play(audio, Tone::Closed).await;
                // Whatever was keyed in until then belonged to the code that was not taken.
                taken = audio.report().digits.len();
                if wrong.is_closed(clock::now()) {
                    return;
                }
            }
        };
        tokio::select! {
            () = talk => leg.hang_up(),
            _ = leg.ended() => {}
        }
        let _ = timeout(Duration::from_secs(2), leg.ended()).await;
    }

    /// Takes a code; why not, without a word about the caller.
    async fn entered(&self, caller: &str, code: &str) -> Result<(), NotTaken> {
        let t = self.transition();
        let mut fits = entitled(&t).filter(|e| e.code(&self.key, &t) == code);
        let (Some(own), None) = (fits.next(), fits.next()) else {
            return Err(NotTaken::Wrong);
        };
        let person = &own.call.person;
        let account = self.people.accounts.get(person.as_str()).await;
        let account = account.map_err(|error| NotTaken::Right(error.to_string()))?;
        let rights = account.roles.iter().flat_map(|role| role.rights());
        if account.side != Side::Client || !rights.into_iter().any(|r| *r == Right::PlaceTestCalls)
        {
            let why = format!("{person} places no test calls any more");
            return Err(NotTaken::Right(why));
        }
        // As calls to that chunk's number will be told apart.
        let chunk = t.chunk(&own.call.chunk);
        let dialled = chunk.and_then(|chunk| paths(&t, chunk).next());
        let key = t.caller_key(&self.key, dialled.map_or("", |(_, dialled)| dialled));
        let telephone = key.hash(caller).to_string();
        let command = UseDialInCode {
            chunk: own.call.chunk.clone(),
            cell: own.call.cell.clone(),
            telephone,
            used_before: own.used,
        };
        // The same code from another telephone is another command, which the desk then refuses.
        let (since, used) = (own.since.to_string(), own.used.to_string());
        let mark = [code, &since, &used, &command.telephone];
        let id = format!("dial-in:{}:{}", self.stream, self.key.dial_in_mark(&mark));
        let actor = Actor::new(person.as_str(), Side::Client, &[]).heard_on_the_dial_in_line();
        let own = self.own(id, actor, command.into(), clock::now());
        own.await.map_err(NotTaken::Right)
    }
}

/// Why a code was not taken.
enum NotTaken {
    /// No call has it: a slip, or a guess.
    Wrong,
    /// It was right, and something else stood in the way.
    Right(String),
}

/// A code that My calls shows.
pub(super) struct DialInCode {
    pub(super) chunk: String,
    pub(super) cell: String,
    pub(super) code: String,
}

async fn play(audio: &Audio, tone: Tone) {
    audio.play(tone);
    sleep(TONE).await;
    audio.play(Tone::Silence);
}

/// The next code, once it is whole; nothing when it does not become so in time.
async fn keyed_in(audio: &Audio, taken: usize) -> Option<String> {
    let code = |digits: &str| digits.get(taken..).and_then(code_of);
    let whole = audio.until(|now| code(&now.digits).is_some());
    if timeout(DIGITS_WAIT, whole).await != Ok(true) {
        return None;
    }
    code(&audio.report().digits)
}

/// The code that these keys make: eight digits, or fewer and a `#`. A `#` before them belongs to the code before, and `*` begins
/// anew. Nothing while it is not whole.
fn code_of(keys: &str) -> Option<String> {
    let mut code = String::new();
    for key in keys.chars() {
        match key {
            '#' if !code.is_empty() => return Some(code),
            '*' => code.clear(),
            '0'..='9' => code.push(key),
            _ => {}
        }
        if code.len() == CODE_DIGITS {
            return Some(code);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_ends_with_its_eighth_digit_or_with_a_hash() {
        for (keys, code) in [
            ("", None),
            ("1234567", None),
            ("#", None),
            ("12345678", Some("12345678")),
            ("12345678#", Some("12345678")),
            ("123456789", Some("12345678")),
            ("#12345678", Some("12345678")),
            ("1234#", Some("1234")),
            ("1234*12345678", Some("12345678")),
            ("12A345678", Some("12345678")),
        ] {
            assert_eq!(code_of(keys).as_deref(), code, "{keys}");
        }
    }

    #[test]
    fn thirty_wrong_codes_in_an_hour_close_the_line_and_no_more_are_remembered() {
        let (wrong, start) = (Wrong::default(), Timestamp::UNIX_EPOCH);
        for minute in 0..30 {
            let now = start + SignedDuration::from_mins(minute);
            assert!(!wrong.is_closed(now), "{minute}");
            wrong.note(now);
        }
        assert!(wrong.is_closed(start + SignedDuration::from_mins(59)));
        assert!(!wrong.is_closed(start + SignedDuration::from_mins(60)));
    }
}
