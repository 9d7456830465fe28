//! One connection: bytes into messages, messages into bytes, and an end to every wait.

use super::{CoreDoor, Event, StreamLimits, Tallies};
use crate::framing::{Frame, Framer};
use crate::hop::Hop;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

/// Bytes read at once.
const READ_BYTES: usize = 16 * 1_024;
/// As much of a request as is kept until its connection ends: enough for its start line and our Via.
const HEAD_BYTES: usize = 512;
/// Most requests remembered; older ones have long been answered or given up.
const SENT_MAX: usize = 1_024;

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    NotOpened,
    Closed,
    TimedOut,
    Unreadable,
}

/// A connection's own side.
pub(super) struct Connection {
    pub(super) hop: Hop,
    pub(super) id: u64,
    pub(super) messages: mpsc::Receiver<Vec<u8>>,
    pub(super) limits: StreamLimits,
    pub(super) core: CoreDoor,
    pub(super) tallies: Arc<Tallies>,
    pub(super) ended: mpsc::Sender<(Hop, u64)>,
}

impl Connection {
    /// Reads and writes until it ends, then tells the core what went down with it.
    pub(super) async fn converse(mut self, stream: impl AsyncRead + AsyncWrite) {
        let (read, write) = tokio::io::split(stream);
        let mut sent = VecDeque::new();
        let how = self.exchange(read, write, &mut sent).await;
        for head in sent {
            self.core.refused(self.hop, head).await;
        }
        self.end(how).await;
    }

    async fn exchange(
        &mut self,
        mut read: impl AsyncRead + Unpin,
        mut write: impl AsyncWrite + Unpin,
        sent: &mut VecDeque<Vec<u8>>,
    ) -> Ended {
        let mut framer = Framer::new(self.limits.message_bytes_max);
        let mut buffer = vec![0; READ_BYTES];
        let mut until = Instant::now() + self.limits.idle;
        loop {
            tokio::select! {
                got = timeout_at(until, read.read(&mut buffer)) => {
                    let bytes = match got {
                        Err(_) => return Ended::TimedOut,
                        Ok(Err(_) | Ok(0)) => return Ended::Closed,
                        Ok(Ok(length)) => &buffer[..length],
                    };
                    let was_amid = framer.is_amid();
                    framer.push(bytes);
                    let Some(whole) = self.frames(&mut framer, &mut write).await else {
                        return Ended::Unreadable;
                    };
                    // The clock of half a message runs from its first byte, not from its latest.
                    let now = Instant::now();
                    until = match (framer.is_amid(), was_amid && !whole) {
                        (true, true) => until,
                        (true, false) => now + self.limits.message,
                        (false, _) => now + self.limits.idle,
                    };
                }
                Some(message) = self.messages.recv() => {
                    let written = timeout(self.limits.write, write.write_all(&message)).await;
                    if message.starts_with(b"INVITE ") || message.starts_with(b"OPTIONS ") {
                        remember(sent, &message);
                    }
                    match written {
                        Ok(Ok(())) => {}
                        Ok(Err(_)) => return Ended::Closed,
                        Err(_) => return Ended::TimedOut,
                    }
                }
            }
        }
    }

    /// Hands on every whole message; whether there was one. `None`: the stream is unreadable.
    async fn frames(
        &self,
        framer: &mut Framer,
        write: &mut (impl AsyncWrite + Unpin),
    ) -> Option<bool> {
        let mut whole = false;
        while let Some(frame) = framer.next_frame().ok()? {
            whole = true;
            match frame {
                Frame::Message(bytes) => {
                    let from = self.hop;
                    self.core.tell(Event::Message { from, bytes }).await;
                }
                Frame::Ping => {
                    let pong = timeout(self.limits.write, write.write_all(b"\r\n"));
                    pong.await.ok()?.ok()?;
                }
            }
        }
        Some(whole)
    }

    /// The connection is over: what still waited was refused.
    pub(super) async fn end(mut self, how: Ended) {
        match how {
            Ended::TimedOut => Tallies::add(&self.tallies.timed_out),
            Ended::Unreadable => Tallies::add(&self.tallies.unreadable),
            Ended::NotOpened | Ended::Closed => {}
        }
        self.messages.close();
        while let Some(message) = self.messages.recv().await {
            self.core.refused(self.hop, message).await;
        }
        let _stopped = self.ended.send((self.hop, self.id)).await;
    }
}

fn remember(sent: &mut VecDeque<Vec<u8>>, message: &[u8]) {
    if sent.len() == SENT_MAX {
        sent.pop_front();
    }
    sent.push_back(message[..message.len().min(HEAD_BYTES)].to_vec());
}
