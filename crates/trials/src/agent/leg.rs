//! One call as its owner sees it: what has happened so far, its audio, and the few things one can do.

use super::refer::{DialogId, Referred};
use crate::audio::Audio;
use std::fmt;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum End {
    /// Answered, then hung up by this side.
    HungUpHere,
    /// Answered, then hung up by the other side.
    HungUpThere,
    /// Cancelled before an answer (CANCEL, 487).
    Cancelled,
    /// A final refusal with this status code (300–699), sent or received.
    Refused(u16),
    /// The INVITE was never answered by anything (timer B), or the 200 never by an ACK (timer H).
    NoAnswer,
    /// A 3xx that could not be followed: too many, or no SIP address with an IP literal in it.
    NotFollowed,
    /// The agent was stopped.
    Stopped,
}

/// What has happened to a call so far; only a hold goes back, when it is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Status of the last response sent or received for the INVITE.
    pub last_status: Option<u16>,
    /// From the first INVITE to the first 18x or 2xx.
    pub post_dial_delay: Option<Duration>,
    /// From the first INVITE to the 2xx. A 2xx is not a person.
    pub answer_delay: Option<Duration>,
    /// 3xx answers followed.
    pub redirects: u8,
    /// Whether this side holds the other one: its re-INVITE was answered.
    pub holding: bool,
    /// Whether the other side holds this one.
    pub held: bool,
    /// Whom the other side asks us to call (REFER, RFC 3515).
    pub referred: Option<Referred>,
    /// The last word on the transfer we asked for (NOTIFY): 100 under way, 200 answered.
    pub transfer_status: Option<u16>,
    /// The call's name among its two ends, once there is one.
    pub dialog: Option<DialogId>,
    /// Set once the call is over.
    pub end: Option<End>,
}

#[derive(Debug)]
pub(crate) enum Order {
    Ring,
    Answer,
    Refuse(u16, Option<String>),
    HangUp,
    Hold(bool, Reply),
    Refer(String, Reply),
    TellTransfer(u16, Reply),
}

/// Whether a request within the call was agreed to; dropped unanswered when it could not be sent.
pub(crate) type Reply = oneshot::Sender<bool>;

/// How long a hold or a transfer may take to be answered.
const INSIDE_WAIT: Duration = Duration::from_secs(10);

/// A call. Dropping it hangs up.
pub struct Leg {
    pub(crate) progress: watch::Receiver<Progress>,
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) audio: Option<Audio>,
}

impl fmt::Debug for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leg")
            .field("progress", &*self.progress.borrow())
            .finish_non_exhaustive()
    }
}

impl Leg {
    /// What has happened so far.
    pub fn progress(&self) -> Progress {
        self.progress.borrow().clone()
    }

    /// Waits until `wanted` holds or the call is over; returns the progress then.
    pub async fn until(&self, mut wanted: impl FnMut(&Progress) -> bool) -> Progress {
        let mut progress = self.progress.clone();
        let seen = progress
            .wait_for(|now| now.end.is_some() || wanted(now))
            .await;
        if let Ok(now) = seen {
            return now.clone();
        }
        // The driver is gone without a word: only when it was cut off by a stop.
        let last = self.progress();
        Progress {
            end: last.end.or(Some(End::Stopped)),
            ..last
        }
    }

    /// Waits until the call is over.
    pub async fn ended(&self) -> (End, Progress) {
        let progress = self.until(|_| false).await;
        (progress.end.unwrap_or(End::Stopped), progress)
    }

    /// Waits until the call is answered by a 2xx (`true`) or over (`false`).
    pub async fn answered(&self) -> bool {
        self.until(|progress| progress.answer_delay.is_some())
            .await
            .answer_delay
            .is_some()
    }

    /// Hangs up: CANCEL before an answer, BYE after it. Idempotent.
    pub fn hang_up(&self) {
        self.order(Order::HangUp);
    }

    /// Holds the other side, or takes it back (re-INVITE); whether the other side agreed.
    pub async fn hold(&self, on: bool) -> bool {
        self.ask(|reply| Order::Hold(on, reply)).await
    }

    /// Asks the other side to call `target` instead (REFER); whether it agreed to try. How it went is told in
    /// [`Progress::transfer_status`].
    pub async fn transfer(&self, target: &str) -> bool {
        let target = target.to_owned();
        self.ask(|reply| Order::Refer(target, reply)).await
    }

    /// The same after this side has spoken with the target on a call of its own, which the new one then replaces
    /// (RFC 5589 §7.3, RFC 3891).
    pub async fn transfer_announced(&self, target: &str, spoken: &DialogId) -> bool {
        let target = spoken.replaced_at(target);
        self.ask(|reply| Order::Refer(target, reply)).await
    }

    /// Tells whoever sent us on how the call there went (NOTIFY with a status line, RFC 3515 §2.4.4); whether it was taken.
    pub async fn tell_transfer(&self, status: u16) -> bool {
        self.ask(|reply| Order::TellTransfer(status, reply)).await
    }

    /// The same without waiting for whether it was taken: the caller's way on does not depend on it.
    pub fn tell_transfer_begins(&self) {
        self.order(Order::TellTransfer(100, oneshot::channel().0));
    }

    /// Sends a request within the call; whether the other side agreed to it in time.
    async fn ask(&self, order: impl FnOnce(Reply) -> Order) -> bool {
        let (reply, answer) = oneshot::channel();
        self.order(order(reply));
        let answer = async {
            tokio::select! {
                biased;
                answer = answer => answer.unwrap_or(false),
                _ = self.ended() => false,
            }
        };
        tokio::time::timeout(INSIDE_WAIT, answer)
            .await
            .unwrap_or(false)
    }

    /// The call's audio, if it was asked for.
    pub fn audio(&self) -> Option<&Audio> {
        self.audio.as_ref()
    }

    pub(crate) fn order(&self, order: Order) {
        // A full queue of orders holds a HangUp or an Answer already; a closed one means the call is over.
        let _ = self.orders.try_send(order);
    }
}
