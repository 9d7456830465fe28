//! The far end of a test call: a line that says what it hears (`domain.md` §7.14, the auto-answer number).
//!
//! It plays a person's tone, says "I hear you" when it hears the caller, then the recorder's warning tone where calls
//! are recorded, and sends each digit back. `*1` asks for the caller's number as shown here, `*2` for the number
//! dialled; both come back as digits that end with `#`. `*3` asks to be transferred. A call that replaces one of its own
//! (RFC 3891) is answered at once, and the other is hung up. `*4` asks for a third on the line.

use crate::agent::{Agent, Caller, DialogId, Incoming, Leg, Place};
use crate::audio::Audio;
use crate::tone::Tone;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How long each of its announcements lasts.
const ANNOUNCEMENT: Duration = Duration::from_millis(500);
/// Calls on one line at once.
const CALLS_MAX: usize = 2_000;
/// How long whom it transfers to may ring.
const TARGET_WAIT: Duration = Duration::from_mins(1);

/// What a test line is like.
#[derive(Clone, Debug, Default)]
pub struct TestLine {
    /// Whether it says that calls are recorded.
    pub recorded: bool,
    /// How long it rings before it answers.
    pub ring: Duration,
    /// Whether it is a text telephone: it says nothing, and types back the word it is asked for.
    pub text: bool,
    /// Whom `*4` brings in as a third on the line, such as an interpreter; without it `*4` is sent back like any digits.
    pub third: Option<String>,
    /// Whom `*3` transfers to; without it `*3` is sent back like any digits.
    pub transfer: Option<Transfer>,
}

/// How a test line transfers.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// The URI of whom to.
    pub to: String,
    /// Holds the caller and speaks with whom it transfers to first, as a warm transfer begins; else it only sends the
    /// caller on.
    pub announced: bool,
}

/// What a test line saw of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The caller's number.
    pub caller: Option<String>,
    /// The number dialled.
    pub dialled: String,
}

/// A line at work.
struct Serving {
    line: TestLine,
    caller: Caller,
    /// Calls up now, by Call-ID; whoever replaces one tells it to end.
    up: Mutex<HashMap<String, (DialogId, Arc<Notify>)>>,
}

impl TestLine {
    /// Answers every call of an agent until it stops or `until` is over; what was shown on each call, in order.
    pub async fn serve(self, agent: &mut Agent, until: impl Future<Output = ()>) -> Vec<Shown> {
        let (mut calls, mut seen) = (JoinSet::new(), Vec::new());
        let line = Arc::new(Serving {
            line: self,
            caller: agent.caller(),
            up: Mutex::default(),
        });
        tokio::pin!(until);
        loop {
            let incoming = tokio::select! {
                () = &mut until => break,
                incoming = agent.incoming() => incoming,
            };
            let Some(incoming) = incoming else { break };
            while calls.try_join_next().is_some() {}
            if calls.len() >= CALLS_MAX {
                incoming.refuse(486, None);
                continue;
            }
            let shown = Shown {
                caller: incoming.caller(),
                dialled: incoming.dialled(),
            };
            if seen.len() < CALLS_MAX {
                seen.push(shown);
            }
            let line = Arc::clone(&line);
            calls.spawn(async move { line.take(incoming).await });
        }
        seen
    }
}

impl Serving {
    /// Answers one call and serves it until it is over.
    async fn take(&self, incoming: Incoming) {
        let shown = Shown {
            caller: incoming.caller(),
            dialled: incoming.dialled(),
        };
        let named = incoming.header("Replaces");
        let replaced = named.as_deref().and_then(|named| self.found(named));
        if named.is_some() && replaced.is_none() {
            incoming.refuse(481, None);
            return;
        }
        if replaced.is_none() {
            incoming.ring();
            tokio::select! {
                _ = incoming.given_up() => return,
                () = sleep(self.line.ring) => {}
            }
        }
        let dialog = incoming.progress().dialog;
        let leg = incoming.answer();
        if let Some(old) = replaced {
            old.notify_one();
        }
        let over = Arc::new(Notify::new());
        if let Some(dialog) = &dialog {
            let known = (dialog.clone(), Arc::clone(&over));
            self.up().insert(dialog.call_id.clone(), known);
        }
        tokio::select! {
            () = over.notified() => {}
            () = self.talk(&leg, &shown) => {}
        }
        if let Some(dialog) = dialog {
            self.up().remove(&dialog.call_id);
        }
    }

    /// The call that another names to replace it.
    fn found(&self, replaces: &str) -> Option<Arc<Notify>> {
        let named = DialogId::of_replaces(replaces)?;
        let up = self.up();
        let (dialog, over) = up.get(&named.call_id)?;
        (*dialog == named).then(|| Arc::clone(over))
    }

    fn up(&self) -> MutexGuard<'_, HashMap<String, (DialogId, Arc<Notify>)>> {
        self.up.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn talk(&self, leg: &Leg, shown: &Shown) {
        let Some(audio) = leg.audio() else { return };
        if self.line.text {
            tokio::select! {
                _ = leg.ended() => {}
                () = type_back(audio) => {}
            }
            return;
        }
        audio.play(Tone::Person);
        tokio::select! {
            _ = leg.ended() => {}
            () = self.speak(audio) => { leg.ended().await; }
            () = self.obey(leg, audio, shown) => {}
        }
    }

    async fn speak(&self, audio: &Audio) {
        if !audio.until(|now| now.hearing == Some(Tone::Caller)).await {
            return;
        }
        audio.play(Tone::Heard);
        if self.line.recorded {
            sleep(ANNOUNCEMENT).await;
            audio.play(Tone::Recorded);
            sleep(ANNOUNCEMENT).await;
            audio.play(Tone::Heard);
        }
        std::future::pending::<()>().await;
    }

    async fn obey(&self, leg: &Leg, audio: &Audio, shown: &Shown) {
        let (mut taken, mut asked) = (0, false);
        while audio.until(|now| now.digits.len() > taken).await {
            let digits = audio.report().digits;
            let Some(digit) = digits.get(taken..=taken) else {
                return;
            };
            taken += 1;
            match (asked, digit) {
                (false, "*") => {
                    asked = true;
                    continue;
                }
                (true, "1") => say(audio, shown.caller.as_deref().unwrap_or_default()),
                (true, "2") => say(audio, &shown.dialled),
                (true, "3") if self.line.transfer.is_some() => {
                    if self.hand_over(leg, shown).await {
                        return;
                    }
                }
                (true, "4") if self.line.third.is_some() => {
                    if self.bring_in(leg, audio, shown).await {
                        return;
                    }
                }
                _ => {
                    audio.send_digits(digit);
                }
            }
            asked = false;
        }
    }

    /// Calls the third and passes on what either says to the other, until one of them hangs up; whether it came to that.
    async fn bring_in(&self, leg: &Leg, audio: &Audio, shown: &Shown) -> bool {
        let Some(third) = &self.line.third else {
            return false;
        };
        let place = Place {
            caller: Some(shown.dialled.clone()),
            audio: Some(Tone::Silence),
            ..Place::new(third.as_str())
        };
        let third = match self.caller.place(place).await {
            Ok(third) if timeout(TARGET_WAIT, third.answered()).await == Ok(true) => third,
            _ => return false,
        };
        let Some(sound) = third.audio() else {
            return false;
        };
        // This line's own voice is silent meanwhile: two tones at once are neither.
        audio.play(Tone::Silence);
        let joined = sound.relay_to(audio) && audio.relay_to(sound);
        tokio::select! {
            _ = leg.ended() => {}
            _ = third.ended() => {}
        }
        joined
    }

    /// Transfers the caller; whether somebody has them now. Where nobody has, they stay on this line.
    async fn hand_over(&self, leg: &Leg, shown: &Shown) -> bool {
        let Some(transfer) = &self.line.transfer else {
            return false;
        };
        if !transfer.announced {
            return leg.transfer(&transfer.to).await && has_them(leg).await;
        }
        let place = Place {
            caller: Some(shown.dialled.clone()),
            audio: Some(Tone::Caller),
            ..Place::new(transfer.to.as_str())
        };
        if !leg.hold(true).await {
            return false;
        }
        let spoken = match self.caller.place(place).await {
            Ok(spoken) if timeout(TARGET_WAIT, spoken.answered()).await == Ok(true) => spoken,
            _ => {
                leg.hold(false).await;
                return false;
            }
        };
        sleep(ANNOUNCEMENT).await;
        let dialog = spoken.progress().dialog;
        let handed = match &dialog {
            Some(dialog) => {
                leg.transfer_announced(&transfer.to, dialog).await && has_them(leg).await
            }
            None => false,
        };
        if !handed {
            leg.hold(false).await;
        }
        handed
    }
}

/// Types back the word of each turn that asks for one: `… TYPE BACK WORD GA`.
async fn type_back(audio: &Audio) {
    audio.play(Tone::Silence);
    audio.read_text();
    let mut read = 0;
    let turn = |typed: &str, read: usize| typed.get(read..).unwrap_or_default().to_owned();
    while audio
        .until(|now| turn(&now.typed, read).ends_with(" GA"))
        .await
    {
        let typed = audio.report().typed;
        let asked = turn(&typed, read);
        read = typed.len();
        let word = asked.split_once("BACK ").map(|(_, word)| word);
        if let Some(word) = word {
            // Its turn begins when the other side's carrier is over.
            sleep(ANNOUNCEMENT).await;
            audio.type_text(word);
        }
    }
}

/// Waits for the last word on a transfer; whether whom it went to answered.
async fn has_them(leg: &Leg) -> bool {
    let last = leg.until(|now| now.transfer_status.is_some_and(|status| status >= 200));
    let now = timeout(TARGET_WAIT, last).await;
    now.is_ok_and(|now| {
        now.transfer_status
            .is_some_and(|status| (200..300).contains(&status))
    })
}

/// Sends a number as digits, without its plus, and `#` after it.
fn say(audio: &Audio, number: &str) {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    audio.send_digits(&format!("{digits}#"));
}
