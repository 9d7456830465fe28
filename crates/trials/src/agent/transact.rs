//! What the calling and the called side share: one socket, retransmission, and waiting for whatever comes first.

use super::leg::{End, Order, Progress};
use super::wire::Inbound;
use super::{Shared, Timers};
use crate::audio::Audio;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

/// A message sent again, at doubling intervals, until something stops it.
pub(crate) struct Resend {
    bytes: Vec<u8>,
    to: SocketAddr,
    next: Instant,
    interval: Duration,
    cap: Duration,
    give_up: Instant,
}

/// What a call's driver woke up for.
pub(crate) enum Wake {
    Message(Box<Inbound>),
    Order(Order),
    GaveUp,
    Stopped,
}

/// The common part of a call's driver.
pub(crate) struct Driver {
    pub(crate) shared: Arc<Shared>,
    pub(crate) inbox: mpsc::Receiver<Inbound>,
    pub(crate) orders: mpsc::Receiver<Order>,
    pub(crate) owner_gone: bool,
    pub(crate) progress: watch::Sender<Progress>,
    pub(crate) resend: Option<Resend>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) audio: Option<Audio>,
    pub(crate) started: Instant,
    /// Registry keys to free at the end.
    pub(crate) keys: Vec<String>,
}

impl Driver {
    pub(crate) fn timers(&self) -> Timers {
        self.shared.timers
    }

    /// Sends once.
    pub(crate) async fn send(&self, bytes: &[u8], to: SocketAddr) {
        self.shared.send(bytes, to).await;
    }

    /// Sends now and again from `t1` at doubling intervals up to `cap`, giving up after `give_up_ms`.
    pub(crate) async fn send_until_stopped(
        &mut self,
        bytes: Vec<u8>,
        to: SocketAddr,
        cap: Duration,
        give_up_ms: u64,
    ) {
        self.send(&bytes, to).await;
        let now = Instant::now();
        let interval = Duration::from_millis(self.timers().t1_ms);
        let give_up = now + Duration::from_millis(give_up_ms);
        self.resend = Some(Resend {
            bytes,
            to,
            next: now + interval,
            interval,
            cap,
            give_up,
        });
    }

    /// The longest retransmission interval of everything but INVITE (T2).
    pub(crate) fn t2(&self) -> Duration {
        Duration::from_millis(self.timers().t2_ms)
    }

    /// Waits for a message, an order, a time limit or the stop; retransmits meanwhile.
    pub(crate) async fn wake(&mut self) -> Wake {
        loop {
            let next = self
                .resend
                .as_ref()
                .map(|resend| resend.next.min(resend.give_up));
            let next = [next, self.deadline].into_iter().flatten().min();
            tokio::select! {
                message = self.inbox.recv() => {
                    return message.map_or(Wake::Stopped, |message| Wake::Message(Box::new(message)));
                }
                order = self.orders.recv(), if !self.owner_gone => {
                    return Wake::Order(order.unwrap_or_else(|| {
                        self.owner_gone = true;
                        Order::HangUp
                    }));
                }
                () = self.shared.stop.stopped() => return Wake::Stopped,
                () = sleep_until(next.unwrap_or_else(far)), if next.is_some() => {}
            }
            let now = Instant::now();
            if self.deadline.is_some_and(|deadline| deadline <= now) {
                self.deadline = None;
                return Wake::GaveUp;
            }
            if let Some(resend) = &mut self.resend {
                if resend.give_up <= now {
                    self.resend = None;
                    return Wake::GaveUp;
                }
                if resend.next <= now {
                    resend.interval = (resend.interval * 2).min(resend.cap);
                    resend.next = now + resend.interval;
                    self.shared.send(&resend.bytes, resend.to).await;
                }
            }
        }
    }

    /// Marks the call over: stops audio and retransmission, answers stragglers for a while longer.
    pub(crate) fn over(&mut self, end: End) {
        self.resend = None;
        self.audio = None;
        self.deadline = Some(Instant::now() + Duration::from_millis(self.timers().linger_ms));
        self.progress.send_modify(|progress| {
            progress.end.get_or_insert(end);
        });
    }

    pub(crate) fn note(&self, change: impl FnOnce(&mut Progress)) {
        self.progress.send_modify(change);
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.shared.forget(&self.keys);
        self.progress.send_modify(|progress| {
            progress.end.get_or_insert(End::Stopped);
        });
    }
}

fn far() -> Instant {
    Instant::now() + Duration::from_hours(24)
}
