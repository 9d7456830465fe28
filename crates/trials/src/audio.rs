//! One call's audio: an RTP socket, one task, tones out, measurements in.

use crate::baudot;
use crate::clock::Clock;
pub use crate::rtp::AudioReport;
use crate::rtp::{PCMU, Packet, Receiver, TELEPHONE_EVENT, digit_frames};
use crate::tone::{FRAME_SAMPLES, Tone};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};

const FRAME_MS: u64 = 20;
/// What this side said comes back within this time, if at all: by satellite, and through every buffer on the way.
const ECHO_US: u64 = 1_000_000;
/// Orders waiting for the audio task; more are refused.
const ORDERS_MAX: usize = 16;
/// Samples of typed text waiting to be sent: a minute of them.
const TYPING_MAX: usize = 60 * 8_000;
/// Samples passed on from another call and not yet sent: 100 ms of them.
const RELAYED_MAX: usize = 800;
/// Telephone-event frames waiting to be sent (64 digits of 10 frames).
const EVENT_FRAMES_MAX: usize = 640;

#[derive(Debug)]
enum Order {
    Connect(SocketAddr),
    Play(Tone),
    Mute(bool),
    Digits(String),
    Type(String),
    ReadText,
    /// Not a handle: two that hold each other would never end.
    Relay(mpsc::WeakSender<Order>),
    Sound(Box<[u8; FRAME_SAMPLES]>),
}

/// A handle on one call's audio. The socket closes and the task ends when the last handle is dropped.
#[derive(Clone, Debug)]
pub struct Audio {
    orders: mpsc::Sender<Order>,
    report: watch::Receiver<AudioReport>,
    local: SocketAddr,
}

impl Audio {
    /// Binds an ephemeral port on `ip` and starts listening; nothing is sent before `connect`.
    pub(crate) async fn open(ip: IpAddr, ssrc: u32, tone: Tone) -> io::Result<Self> {
        let socket = UdpSocket::bind((ip, 0)).await?;
        let local = socket.local_addr()?;
        let (orders, inbox) = mpsc::channel(ORDERS_MAX);
        let (publish, report) = watch::channel(AudioReport::default());
        let stream = Stream {
            socket,
            inbox,
            publish,
            remote: None,
            frame: tone.frame(),
            events: VecDeque::new(),
            typing: VecDeque::new(),
            relay: None,
            event_started: 0,
            // Random start of sequence and timestamp (RFC 3550 §5.1): here derived from the SSRC, which is random.
            sequence: u16::try_from(ssrc >> 16).unwrap_or(0),
            timestamp: ssrc.rotate_left(8),
            ssrc,
            fresh: true,
            muted: false,
            sounded_us: None,
        };
        tokio::spawn(stream.run());
        Ok(Self {
            orders,
            report,
            local,
        })
    }

    /// Where this side listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Starts sending to `remote`.
    pub(crate) fn connect(&self, remote: SocketAddr) {
        self.order(Order::Connect(remote));
    }

    /// Changes the tone this side plays. Returns whether the order was taken (false once the call has ended).
    pub fn play(&self, tone: Tone) -> bool {
        self.order(Order::Play(tone))
    }

    /// Sends nothing while the other side holds this one.
    pub(crate) fn mute(&self, muted: bool) {
        self.order(Order::Mute(muted));
    }

    /// Sends DTMF digits as telephone events (RFC 4733), 200 ms each. Returns whether the order was taken.
    pub fn send_digits(&self, digits: &str) -> bool {
        self.order(Order::Digits(digits.to_owned()))
    }

    /// Types a text as a text telephone does, in place of the tone. Returns whether the order was taken.
    pub fn type_text(&self, text: &str) -> bool {
        self.order(Order::Type(text.to_owned()))
    }

    /// Reads what a text telephone on the other side types from now on. Returns whether the order was taken.
    pub fn read_text(&self) -> bool {
        self.order(Order::ReadText)
    }

    /// Passes what is heard here on to another call, in place of that one's tone: two calls become one line. Returns whether the
    /// order was taken.
    pub fn relay_to(&self, other: &Self) -> bool {
        self.order(Order::Relay(other.orders.downgrade()))
    }

    /// What has been measured so far; still readable after the call has ended.
    pub fn report(&self) -> AudioReport {
        self.report.borrow().clone()
    }

    /// Waits until the report satisfies `wanted`; `false` if the audio ended first.
    ///
    /// Wakes on a change of tone, on each digit, and when somebody is known to be heard; not on each packet.
    pub async fn until(&self, wanted: impl FnMut(&AudioReport) -> bool) -> bool {
        self.report.clone().wait_for(wanted).await.is_ok()
    }

    fn order(&self, order: Order) -> bool {
        self.orders.try_send(order).is_ok()
    }
}

struct Stream {
    socket: UdpSocket,
    inbox: mpsc::Receiver<Order>,
    publish: watch::Sender<AudioReport>,
    remote: Option<SocketAddr>,
    frame: [u8; FRAME_SAMPLES],
    events: VecDeque<Option<[u8; 4]>>,
    /// Sound that goes out before the tone does again.
    typing: VecDeque<u8>,
    /// Who is passed what is heard here.
    relay: Option<mpsc::WeakSender<Order>>,
    event_started: u32,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    fresh: bool,
    muted: bool,
    /// When this side last sent anything audible.
    sounded_us: Option<u64>,
}

impl Stream {
    async fn run(mut self) {
        let clock = Clock::start();
        let mut ear = Receiver::default();
        let mut ticks = interval(Duration::from_millis(FRAME_MS));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut incoming = [0_u8; 1500];
        let mut outgoing = Vec::with_capacity(12 + FRAME_SAMPLES);
        loop {
            tokio::select! {
                order = self.inbox.recv() => match order {
                    Some(Order::ReadText) => ear.read_text(),
                    Some(order) => self.obey(order),
                    None => return,
                },
                _ = ticks.tick(), if self.remote.is_some() => {
                    if self.muted {
                        // Time goes on while nothing is sent (RFC 3550 §5.1): else the gap would look like jitter.
                        self.timestamp = self.timestamp.wrapping_add(160);
                    } else if self.send_frame(&mut outgoing).await {
                        self.sounded_us = Some(clock.elapsed_us());
                    }
                }
                received = self.socket.recv_from(&mut incoming) => {
                    // An ICMP error of an earlier send surfaces here and concerns a peer already gone.
                    let Ok((length, _)) = received else { continue };
                    let bytes = incoming.get(..length).unwrap_or_default();
                    if let Some(other) = self.relay.as_ref().and_then(mpsc::WeakSender::upgrade)
                        && let Some(frame) = sound_of(bytes)
                    {
                        // A call that does not keep up misses it.
                        let _ = other.try_send(Order::Sound(Box::new(frame)));
                    }
                    let now_us = clock.elapsed_us();
                    ear.alone = self.is_alone(now_us);
                    self.publish.send_if_modified(|report| ear.take(bytes, now_us, report));
                }
            }
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Connect(remote) => self.remote = Some(remote),
            Order::Mute(muted) => self.muted = muted,
            Order::Play(tone) => self.frame = tone.frame(),
            Order::Type(text) => {
                let room = TYPING_MAX.saturating_sub(self.typing.len());
                self.typing
                    .extend(baudot::speak(&text).into_iter().take(room));
            }
            Order::Relay(other) => self.relay = Some(other),
            // What comes faster than it goes out is dropped: a line that lags is worse than one that clicks.
            Order::Sound(frame) if self.typing.len() < RELAYED_MAX => {
                self.typing.extend(*frame);
            }
            Order::ReadText | Order::Sound(_) => {}
            Order::Digits(digits) => {
                for frame in digits.chars().flat_map(digit_frames) {
                    if self.events.len() < EVENT_FRAMES_MAX {
                        self.events.push_back(frame);
                    }
                }
            }
        }
    }

    /// Whether what is heard now cannot be this side's own: the call is up, and this side has been silent for long enough.
    fn is_alone(&self, now_us: u64) -> bool {
        let sounded = self.sounded_us;
        self.remote.is_some() && sounded.is_none_or(|at| now_us.saturating_sub(at) > ECHO_US)
    }

    /// The next 20 ms: what is typed, else the tone.
    fn sound(&mut self) -> [u8; FRAME_SAMPLES] {
        if self.typing.is_empty() {
            return self.frame;
        }
        let mut frame = Tone::Silence.frame();
        let typed = self.typing.len().min(FRAME_SAMPLES);
        for (byte, typed) in frame.iter_mut().zip(self.typing.drain(..typed)) {
            *byte = typed;
        }
        frame
    }

    /// Sends the next 20 ms; whether they were audible.
    async fn send_frame(&mut self, out: &mut Vec<u8>) -> bool {
        let Some(remote) = self.remote else {
            return false;
        };
        let event = self.events.pop_front().flatten();
        if let Some(event) = &event {
            // All packets of one event carry the time of its start (RFC 4733 §2.3); the first is 20 ms long.
            if event[1] & 0x80 == 0 && event[2..] == 160_u16.to_be_bytes() {
                self.event_started = self.timestamp;
            }
        }
        let sound = match &event {
            None => self.sound(),
            Some(_) => self.frame,
        };
        let packet = Packet {
            payload_type: if event.is_some() {
                TELEPHONE_EVENT
            } else {
                PCMU
            },
            marker: std::mem::take(&mut self.fresh),
            sequence: self.sequence,
            timestamp: if event.is_some() {
                self.event_started
            } else {
                self.timestamp
            },
            ssrc: self.ssrc,
            payload: event.as_ref().map_or(&sound[..], |event| &event[..]),
        };
        packet.write(out);
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(160);
        if self.socket.send_to(out, remote).await.is_ok() {
            self.publish.send_if_modified(|report| {
                report.sent_packets += 1;
                false
            });
        }
        event.is_some() || is_audible(&sound)
    }
}

/// Whether a frame holds anything but the two codes of zero.
fn is_audible(frame: &[u8]) -> bool {
    frame.iter().any(|byte| !matches!(byte, 0x7F | 0xFF))
}

/// The sound of a packet, where it is one of 20 ms.
fn sound_of(bytes: &[u8]) -> Option<[u8; FRAME_SAMPLES]> {
    let packet = Packet::read(bytes).filter(|packet| packet.payload_type == PCMU)?;
    packet.payload.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use tokio::time::timeout;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn two_sides_hear_each_other_and_the_digits() {
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let caller = Audio::open(here, 0x1234_5678, Tone::Caller)
            .await
            .expect("a port");
        let centre = Audio::open(here, 0x9ABC_DEF0, Tone::Hold)
            .await
            .expect("a port");
        caller.connect(centre.local_addr());
        centre.connect(caller.local_addr());
        let hold = caller.until(|report| report.hearing == Some(Tone::Hold));
        assert!(timeout(PATIENCE, hold).await.expect("in time"));
        centre.play(Tone::Person);
        let person = caller.until(|report| report.hearing == Some(Tone::Person));
        assert!(timeout(PATIENCE, person).await.expect("in time"));
        caller.send_digits("159");
        let digits = centre.until(|report| report.digits == "159");
        assert!(timeout(PATIENCE, digits).await.expect("in time"));
        assert!(centre.report().heard(Tone::Caller));
        let report = caller.report();
        assert!(report.sent_packets > 0 && report.received_packets > 0);
        drop(centre);
    }

    #[tokio::test]
    async fn dropping_the_last_handle_frees_the_port() {
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let audio = Audio::open(here, 1, Tone::Silence).await.expect("a port");
        let port = audio.local_addr().port();
        let mut ended = audio.report.clone();
        drop(audio);
        timeout(PATIENCE, async { while ended.changed().await.is_ok() {} })
            .await
            .expect("in time");
        UdpSocket::bind((here, port))
            .await
            .expect("the port is free again");
    }
}
