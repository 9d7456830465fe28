//! One call as its owner sees it: what has happened so far, its audio, and the few things one can do.

use super::refer::{DialogId, Referred};
use crate::audio::Audio;
use std::fmt;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

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
    /// What the last request within the call was refused with (re-INVITE, REFER); 408 for silence.
    pub inside_refused: Option<u16>,
    /// Whom the other side asks us to call (REFER, RFC 3515).
    pub referred: Option<Referred>,
    /// The last word on that call that the other side took (NOTIFY).
    pub transfer_told: Option<u16>,
    /// Whether our REFER was accepted.
    pub refer_accepted: bool,
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
    Hold(bool),
    Refer(String),
    TellTransfer(u16),
}

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
        self.order(Order::Hold(on));
        let settled = self.until(|now| now.holding == on || now.inside_refused.is_some());
        let now = tokio::time::timeout(INSIDE_WAIT, settled).await;
        now.is_ok_and(|now| now.end.is_none() && now.holding == on)
    }

    /// Asks the other side to call `target` instead (REFER); whether it agreed to try. How it went is told in
    /// [`Progress::transfer_status`].
    pub async fn transfer(&self, target: &str) -> bool {
        self.refer(target.to_owned()).await
    }

    /// The same after this side has spoken with the target on a call of its own, which the new one then replaces
    /// (RFC 5589 §7.3, RFC 3891).
    pub async fn transfer_announced(&self, target: &str, spoken: &DialogId) -> bool {
        self.refer(spoken.replaced_at(target)).await
    }

    async fn refer(&self, target: String) -> bool {
        self.order(Order::Refer(target));
        let settled = self.until(|now| now.refer_accepted || now.inside_refused.is_some());
        let now = tokio::time::timeout(INSIDE_WAIT, settled).await;
        now.is_ok_and(|now| now.end.is_none() && now.refer_accepted)
    }

    /// Tells whoever sent us on how the call there went (NOTIFY with a status line, RFC 3515 §2.4.4); whether it was taken.
    pub async fn tell_transfer(&self, status: u16) -> bool {
        self.order(Order::TellTransfer(status));
        let taken = |now: &Progress| now.transfer_told == Some(status);
        let settled = self.until(|now| taken(now) || now.inside_refused.is_some());
        let now = tokio::time::timeout(INSIDE_WAIT, settled).await;
        now.is_ok_and(|now| taken(&now))
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
