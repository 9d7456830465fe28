//! One handle that ends everything started with it: no task and no socket is left behind.

use std::sync::Arc;
use tokio::sync::watch;

/// A latch shared by every task of a component; once pulled it stays pulled.
#[derive(Clone, Debug)]
pub struct Stop {
    latch: Arc<watch::Sender<bool>>,
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

impl Stop {
    /// A latch not yet pulled.
    pub fn new() -> Self {
        Self {
            latch: Arc::new(watch::Sender::new(false)),
        }
    }

    /// Pulls the latch; every waiter wakes. Idempotent.
    pub fn stop(&self) {
        self.latch.send_replace(true);
    }

    /// Whether the latch has been pulled.
    pub fn is_stopped(&self) -> bool {
        *self.latch.borrow()
    }

    /// Returns once the latch is pulled (at once if it already is). Safe to drop and call again.
    pub async fn stopped(&self) {
        let mut seen = self.latch.subscribe();
        // The sender lives in `self`, so waiting cannot fail while we wait.
        let _ = seen.wait_for(|stopped| *stopped).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pulled_latch_wakes_those_before_and_after() {
        let stop = Stop::new();
        let waiter = tokio::spawn({
            let stop = stop.clone();
            async move { stop.stopped().await }
        });
        assert!(!stop.is_stopped());
        stop.stop();
        waiter.await.expect("the waiter returns");
        stop.stopped().await;
        assert!(stop.is_stopped());
    }
}
