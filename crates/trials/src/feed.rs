//! Posts a centre's ACD events over HTTP as NDJSON: bounded queue, bounded batches, bounded retry, losses counted.
//!
//! Delivery is at least once; the receiver counts an `event_id` once.

use crate::acd::AcdEvent;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout_at};

/// Where and how to post.
#[derive(Clone)]
pub struct FeedSettings {
    /// The address that takes `application/x-ndjson`.
    pub url: String,
    /// Sent as `Authorization: Bearer …`.
    pub token: String,
    /// Events waiting to be posted; further ones are lost and counted.
    pub queue_events_max: usize,
    /// Events in one post.
    pub batch_events_max: usize,
    /// How long the first event of a batch waits for others, milliseconds.
    pub batch_wait_ms: u64,
    /// Time for one post, milliseconds.
    pub post_ms_max: u64,
    /// Tries of one batch before it is lost and counted.
    pub tries_max: u32,
    /// Pause after the first failed try, milliseconds; doubles up to 32 times itself.
    pub retry_pause_ms: u64,
}

impl FeedSettings {
    /// Settings fit for a receiver on the same machine.
    pub fn new(url: impl Into<String>, token: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            token: token.into(),
            queue_events_max: 10_000,
            batch_events_max: 200,
            batch_wait_ms: 100,
            post_ms_max: 5_000,
            tries_max: 8,
            retry_pause_ms: 100,
        }
    }
}

impl fmt::Debug for FeedSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedSettings")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// Why a feed cannot start.
#[derive(Debug, Error)]
pub enum FeedError {
    /// The HTTP client could not be made.
    #[error("the ACD feed's HTTP client cannot start; check the address of the feed")]
    Client(#[source] reqwest::Error),
}

/// What became of the events so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FeedCounts {
    /// Acknowledged by the receiver.
    pub delivered: u64,
    /// Lost because the queue was full.
    pub lost_queue_full: u64,
    /// Lost because the receiver refused them or every try failed.
    pub lost_not_taken: u64,
    /// Posts tried again.
    pub retries: u64,
}

#[derive(Debug, Default)]
struct Counters {
    delivered: AtomicU64,
    lost_queue_full: AtomicU64,
    lost_not_taken: AtomicU64,
    retries: AtomicU64,
}

/// The sending end for centres: never blocks a call.
#[derive(Clone, Debug)]
pub struct Publisher {
    queue: mpsc::Sender<AcdEvent>,
    counters: Arc<Counters>,
}

impl Publisher {
    /// Queues an event; when the queue is full the event is lost and counted.
    pub fn publish(&self, event: AcdEvent) {
        if self.queue.try_send(event).is_err() {
            self.counters
                .lost_queue_full
                .fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A publisher and the receiving end of its queue, for a reader in the same process (tests, or an own feed).
pub fn channel(queue_events_max: usize) -> (Publisher, mpsc::Receiver<AcdEvent>) {
    let (queue, events) = mpsc::channel(queue_events_max.max(1));
    (
        Publisher {
            queue,
            counters: Arc::default(),
        },
        events,
    )
}

/// A running feed.
#[derive(Debug)]
pub struct Feed {
    counters: Arc<Counters>,
    task: JoinHandle<()>,
}

impl Feed {
    /// Starts posting. The feed ends by itself when every `Publisher` is dropped and the queue is empty.
    pub fn start(settings: FeedSettings) -> Result<(Publisher, Self), FeedError> {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_millis(settings.post_ms_max))
            .build()
            .map_err(FeedError::Client)?;
        let (publisher, events) = channel(settings.queue_events_max);
        let counters = Arc::clone(&publisher.counters);
        let poster = Poster {
            client,
            settings,
            counters: Arc::clone(&counters),
        };
        let task = tokio::spawn(poster.run(events));
        Ok((publisher, Self { counters, task }))
    }

    /// What became of the events so far.
    pub fn counts(&self) -> FeedCounts {
        FeedCounts {
            delivered: self.counters.delivered.load(Ordering::Relaxed),
            lost_queue_full: self.counters.lost_queue_full.load(Ordering::Relaxed),
            lost_not_taken: self.counters.lost_not_taken.load(Ordering::Relaxed),
            retries: self.counters.retries.load(Ordering::Relaxed),
        }
    }

    /// Waits until the queue has been posted after the last `Publisher` was dropped, at most `drain`; then ends.
    pub async fn finish(mut self, drain: Duration) -> FeedCounts {
        if tokio::time::timeout(drain, &mut self.task).await.is_err() {
            tracing::warn!("the ACD feed was cut off before its queue was empty");
            self.task.abort();
        }
        self.counts()
    }
}

enum Posted {
    Taken,
    Refused,
    Again,
}

struct Poster {
    client: reqwest::Client,
    settings: FeedSettings,
    counters: Arc<Counters>,
}

impl Poster {
    async fn run(self, mut events: mpsc::Receiver<AcdEvent>) {
        while let Some(first) = events.recv().await {
            let mut batch = vec![first];
            self.fill(&mut batch, &mut events).await;
            self.deliver(&batch).await;
        }
    }

    async fn fill(&self, batch: &mut Vec<AcdEvent>, events: &mut mpsc::Receiver<AcdEvent>) {
        let until =
            tokio::time::Instant::now() + Duration::from_millis(self.settings.batch_wait_ms);
        while batch.len() < self.settings.batch_events_max {
            let Ok(Some(event)) = timeout_at(until, events.recv()).await else {
                return;
            };
            batch.push(event);
        }
    }

    async fn deliver(&self, batch: &[AcdEvent]) {
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let body = ndjson(batch);
        for attempt in 0..self.settings.tries_max.max(1) {
            if attempt > 0 {
                self.counters.retries.fetch_add(1, Ordering::Relaxed);
                let pause_ms = self.settings.retry_pause_ms << (attempt - 1).min(5);
                sleep(Duration::from_millis(pause_ms)).await;
            }
            match self.post(body.clone()).await {
                Posted::Taken => {
                    self.counters.delivered.fetch_add(count, Ordering::Relaxed);
                    return;
                }
                Posted::Refused => break,
                Posted::Again => {}
            }
        }
        self.counters
            .lost_not_taken
            .fetch_add(count, Ordering::Relaxed);
        tracing::warn!(
            events = count,
            "ACD events were not taken by the feed's receiver"
        );
    }

    async fn post(&self, body: String) -> Posted {
        let response = self
            .client
            .post(&self.settings.url)
            .bearer_auth(&self.settings.token)
            .header("content-type", "application/x-ndjson")
            .body(body)
            .send()
            .await;
        match response.map(|response| response.status()) {
            Ok(status) if status.is_success() => Posted::Taken,
            // A refusal of the content will not change by repeating it; being busy or slow may.
            Ok(status) if status.is_client_error() && !matches!(status.as_u16(), 408 | 429) => {
                tracing::warn!(%status, "the receiver refused ACD events; check the feed's token");
                Posted::Refused
            }
            Ok(_) | Err(_) => Posted::Again,
        }
    }
}

fn ndjson(batch: &[AcdEvent]) -> String {
    let mut body = String::new();
    for event in batch {
        // Plain data with string keys always has a JSON form.
        if let Ok(line) = serde_json::to_string(event) {
            body.push_str(&line);
            body.push('\n');
        }
    }
    body
}
