//! RTP (RFC 3550), PCMU (RFC 3551) and telephone events (RFC 4733) as bytes, and what a receiver measures.

use crate::baudot::Reader;
use crate::ear::Ear;
use crate::tone::{FRAME_SAMPLES, Sound, Tone, listen};
use std::collections::BTreeMap;

/// Static payload type of PCMU (RFC 3551 §6).
pub(crate) const PCMU: u8 = 0;
/// The dynamic payload type this room offers for telephone events.
pub(crate) const TELEPHONE_EVENT: u8 = 101;
/// Sequence gaps above this are a restart of the sender, not loss (RFC 3550 A.1, `MAX_DROPOUT`).
const DROPOUT_MAX: u16 = 3000;
/// −10 dBm0, the level most gateways use.
const LEVEL: u8 = 0x0A;
/// Packets of a digit come at most so late, in samples: 10 s. What is further behind is a sender that began anew.
const LATE_MAX: u32 = 80_000;
/// Samples from one segment of a long press to the next: what the duration of an event can tell, give or take a packet.
const SEGMENT: std::ops::RangeInclusive<u32> = 64_000..=0xFFFF;
/// Typed characters remembered per call; later ones are dropped.
const TYPED_MAX: usize = 500;
/// Frames of 20 ms that make a voice: a "hello" has them, a click has not.
const VOICE_FRAMES_MIN: u64 = 10;
/// Digits remembered per call; later ones are dropped.
const DIGITS_MAX: usize = 64;

/// One RTP packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packet<'a> {
    pub(crate) payload_type: u8,
    pub(crate) marker: bool,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
    pub(crate) payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Writes the packet into `out`, which is cleared first.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.clear();
        out.push(0x80);
        out.push(u8::from(self.marker) << 7 | self.payload_type & 0x7F);
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(self.payload);
    }

    /// Reads a packet; `None` for anything that is not RTP version 2.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (&first, &second) = (bytes.first()?, bytes.get(1)?);
        if first >> 6 != 2 {
            return None;
        }
        let mut from = 12 + 4 * usize::from(first & 0x0F);
        if first & 0x10 != 0 {
            let words = u16::from_be_bytes(bytes.get(from + 2..from + 4)?.try_into().ok()?);
            from += 4 + 4 * usize::from(words);
        }
        let mut to = bytes.len();
        if first & 0x20 != 0 {
            to = to.checked_sub(usize::from(*bytes.last()?))?;
        }
        Some(Self {
            payload_type: second & 0x7F,
            marker: second & 0x80 != 0,
            sequence: u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?),
            timestamp: u32::from_be_bytes(bytes.get(4..8)?.try_into().ok()?),
            ssrc: u32::from_be_bytes(bytes.get(8..12)?.try_into().ok()?),
            payload: bytes.get(from..to)?,
        })
    }
}

/// The telephone-event code of a DTMF digit (RFC 4733 §3.2).
fn event_code(digit: char) -> Option<u8> {
    "0123456789*#ABCD"
        .find(digit.to_ascii_uppercase())
        .and_then(|code| u8::try_from(code).ok())
}

/// The DTMF digit of a telephone-event code.
fn event_digit(code: u8) -> Option<char> {
    "0123456789*#ABCD".chars().nth(usize::from(code))
}

/// The frames that send one digit: 100 ms of it in 20 ms steps, its end three times, 60 ms of pause (`None`).
///
/// Empty for what is not a DTMF digit.
pub(crate) fn digit_frames(digit: char) -> Vec<Option<[u8; 4]>> {
    let Some(code) = event_code(digit) else {
        return Vec::new();
    };
    let frame = |end: bool, duration: u16| {
        let [high, low] = duration.to_be_bytes();
        Some([code, (u8::from(end) << 7) | LEVEL, high, low])
    };
    (1..=4_u16)
        .map(|step| frame(false, step * 160))
        .chain(std::iter::repeat_n(frame(true, 800), 3))
        .chain(std::iter::repeat_n(None, 3))
        .collect()
}

/// What was received on one call; counts, never sound.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AudioReport {
    /// RTP packets sent.
    pub sent_packets: u64,
    /// RTP packets received, telephone events included.
    pub received_packets: u64,
    /// Packets missing in the received sequence numbers (RFC 3550 A.3).
    pub lost_packets: u64,
    /// Interarrival jitter in milliseconds (RFC 3550 §6.4.1).
    pub jitter_ms: f64,
    /// 20 ms frames in which each tone was heard.
    pub tone_frames: BTreeMap<Tone, u64>,
    /// A mailbox answered: a greeting, a beep, silence.
    pub mailbox: bool,
    /// Audible frames that were none of our tones.
    pub other_frames: u64,
    /// Frames like a voice that came while this side was silent, and had been for longer than an echo takes.
    pub voice_frames: u64,
    /// The tone heard now: two equal frames in a row.
    pub hearing: Option<Tone>,
    /// DTMF digits received as telephone events, at most 64.
    pub digits: String,
    /// What a text telephone typed, at most 500 characters, where it was listened for.
    pub typed: String,
}

impl AudioReport {
    /// Whether somebody was heard while this side was silent: what this side says and hears come back is nobody.
    pub fn heard_somebody(&self) -> bool {
        self.voice_frames >= VOICE_FRAMES_MIN
    }

    /// Whether anything audible was received at all, an echo of this side included.
    pub fn heard_anything(&self) -> bool {
        self.other_frames > 0 || !self.tone_frames.is_empty()
    }

    /// Whether `tone` was heard for at least two frames (40 ms).
    pub fn heard(&self, tone: Tone) -> bool {
        self.tone_frames
            .get(&tone)
            .is_some_and(|frames| *frames >= 2)
    }
}

/// The telephone event heard last.
#[derive(Clone, Copy, Debug)]
struct Event {
    /// RTP timestamp of its start, which all its packets bear.
    started: u32,
    code: u8,
    ended: bool,
}

impl Event {
    /// Whether a packet of this time is a late one of an event before.
    fn is_behind(self, timestamp: u32) -> bool {
        (1..LATE_MAX).contains(&self.started.wrapping_sub(timestamp))
    }

    /// Whether it goes on in the next segment: one event tells at most 8.2 s, a longer press several (RFC 4733 §2.5.1.3).
    fn goes_on(self, next: Self) -> bool {
        let apart = next.started.wrapping_sub(self.started);
        !self.ended && self.code == next.code && SEGMENT.contains(&apart)
    }
}

/// The receiving side of one stream: what the last packet was like.
#[derive(Debug, Default)]
pub(crate) struct Receiver {
    sequence: Option<u16>,
    event: Option<Event>,
    sound: Option<Sound>,
    transit_us: Option<i64>,
    ear: Ear,
    reader: Option<Reader>,
    /// Whether this side has been silent for longer than an echo takes: what comes now is somebody else's.
    pub(crate) alone: bool,
}

/// Speech, and the tones that our own agents and test lines have for a voice.
fn is_voice(sound: Sound) -> bool {
    match sound {
        Sound::Other => true,
        Sound::Tone(tone) => matches!(tone, Tone::Person | Tone::Caller | Tone::Heard),
        Sound::Silence | Sound::Pure => false,
    }
}

impl Receiver {
    /// Reads what a text telephone types from now on.
    pub(crate) fn read_text(&mut self) {
        self.reader.get_or_insert_default();
    }

    /// Takes one datagram that arrived `now_us` after any fixed start; returns whether somebody waiting on the
    /// report would want to know (a new tone, a new digit).
    pub(crate) fn take(&mut self, bytes: &[u8], now_us: u64, report: &mut AudioReport) -> bool {
        let Some(packet) = Packet::read(bytes) else {
            return false;
        };
        if !matches!(packet.payload_type, PCMU | TELEPHONE_EVENT) {
            return false;
        }
        report.received_packets += 1;
        self.count_lost(packet.sequence, report);
        if packet.payload_type == TELEPHONE_EVENT {
            return self.take_event(&packet, report);
        }
        self.measure_jitter(packet.timestamp, now_us, report);
        let typed = match &mut self.reader {
            Some(reader) if report.typed.len() < TYPED_MAX => {
                reader.take(packet.payload, &mut report.typed)
            }
            _ => false,
        };
        let sound = listen(
            packet
                .payload
                .get(..FRAME_SAMPLES)
                .unwrap_or(packet.payload),
        );
        match sound {
            Sound::Silence => {}
            Sound::Tone(tone) => *report.tone_frames.entry(tone).or_default() += 1,
            Sound::Pure | Sound::Other => report.other_frames += 1,
        }
        let mut recognised = self.ear.hear(sound) && !report.mailbox;
        report.mailbox |= recognised;
        if self.alone && is_voice(sound) {
            report.voice_frames += 1;
            recognised |= report.voice_frames == VOICE_FRAMES_MIN;
        }
        let steady = self.sound.replace(sound) == Some(sound);
        let hearing = match sound {
            Sound::Tone(tone) => Some(tone),
            Sound::Silence | Sound::Pure | Sound::Other => None,
        };
        if !steady || report.hearing == hearing {
            return recognised || typed;
        }
        report.hearing = hearing;
        true
    }

    fn count_lost(&mut self, sequence: u16, report: &mut AudioReport) {
        if let Some(last) = self.sequence {
            let ahead = sequence.wrapping_sub(last);
            if ahead > u16::MAX / 2 {
                // A late packet was counted as lost when the gap opened.
                report.lost_packets = report.lost_packets.saturating_sub(1);
                return;
            }
            if (1..DROPOUT_MAX).contains(&ahead) {
                report.lost_packets += u64::from(ahead - 1);
            }
        }
        self.sequence = Some(sequence);
    }

    fn measure_jitter(&mut self, timestamp: u32, now_us: u64, report: &mut AudioReport) {
        // One timestamp unit at 8 kHz is 125 µs.
        let sent_us = i64::from(timestamp) * 125;
        let transit_us = i64::try_from(now_us)
            .unwrap_or(i64::MAX)
            .wrapping_sub(sent_us);
        if let Some(last) = self.transit_us {
            let change_us = u32::try_from(transit_us.abs_diff(last)).unwrap_or(u32::MAX);
            // A timestamp wrap or restart is not jitter.
            if change_us < 10_000_000 {
                report.jitter_ms += (f64::from(change_us) / 1000.0 - report.jitter_ms) / 16.0;
            }
        }
        self.transit_us = Some(transit_us);
    }

    fn take_event(&mut self, packet: &Packet<'_>, report: &mut AudioReport) -> bool {
        let [code, flags, ..] = *packet.payload else {
            return false;
        };
        let next = Event {
            started: packet.timestamp,
            code,
            ended: flags & 0x80 != 0,
        };
        // All packets of a digit bear the time of its start: it counts once, at the first that arrives, whichever are lost.
        let goes_on = match &mut self.event {
            Some(event) if event.started == next.started => {
                event.ended |= next.ended;
                return false;
            }
            Some(event) if event.is_behind(next.started) => return false,
            Some(event) => event.goes_on(next),
            None => false,
        };
        self.event = Some(next);
        if goes_on || report.digits.len() >= DIGITS_MAX {
            return false;
        }
        event_digit(code).is_some_and(|digit| {
            report.digits.push(digit);
            true
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(payload_type: u8, sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        Packet {
            payload_type,
            marker: false,
            sequence,
            timestamp,
            ssrc: 7,
            payload,
        }
        .write(&mut bytes);
        bytes
    }

    #[test]
    fn a_packet_survives_its_bytes_and_junk_is_refused() {
        let bytes = packet(PCMU, 65_535, 160, &[1, 2, 3]);
        let read = Packet::read(&bytes).expect("our own packet");
        assert_eq!((read.sequence, read.timestamp, read.ssrc), (65_535, 160, 7));
        assert_eq!(read.payload, [1, 2, 3]);
        for junk in [
            &[][..],
            &[0x80],
            &[0x40; 20],
            &bytes[..11],
            &[0xA0, 0, 0, 1, 0, 0, 0, 0, 0],
        ] {
            assert_eq!(Packet::read(junk), None, "{junk:?}");
        }
    }

    #[test]
    fn loss_lateness_and_tones_are_counted() {
        let (mut receiver, mut report) = (Receiver::default(), AudioReport::default());
        let frame = Tone::Hold.frame();
        let mut news = Vec::new();
        for (at, sequence) in [(0, 65_534_u16), (20, 65_535), (60, 1), (70, 0), (80, 2)] {
            let bytes = packet(PCMU, sequence, u32::from(sequence) * 160, &frame);
            if receiver.take(&bytes, at * 1000, &mut report) {
                news.push(report.hearing);
            }
        }
        assert_eq!((report.received_packets, report.lost_packets), (5, 0));
        assert!(report.heard(Tone::Hold) && !report.heard(Tone::Person));
        assert_eq!(news, [Some(Tone::Hold)]);
        receiver.take(&packet(PCMU, 6, 960, &frame), 160_000, &mut report);
        assert_eq!(report.lost_packets, 3);
    }

    #[test]
    fn a_voice_counts_while_this_side_is_silent_and_is_news_once() {
        let (mut receiver, mut report) = (Receiver::default(), AudioReport::default());
        let speech = Tone::Greeting.frame();
        let mut sequence = 0;
        let mut hears = |receiver: &mut Receiver, report: &mut AudioReport, frame: &[u8]| {
            sequence += 1;
            let bytes = packet(PCMU, sequence, u32::from(sequence) * 160, frame);
            receiver.take(&bytes, u64::from(sequence) * 20_000, report)
        };
        for _ in 0..50 {
            assert!(!hears(&mut receiver, &mut report, &speech));
        }
        assert!(report.heard_anything() && !report.heard_somebody());
        receiver.alone = true;
        for frame in [Tone::Hold, Tone::Ring, Tone::Beep, Tone::Silence] {
            for _ in 0..20 {
                hears(&mut receiver, &mut report, &frame.frame());
            }
        }
        assert_eq!(report.voice_frames, 0, "{report:?}");
        let news: Vec<_> = (0..30)
            .map(|_| hears(&mut receiver, &mut report, &speech))
            .collect();
        assert!(report.heard_somebody());
        assert_eq!(news.iter().filter(|news| **news).count(), 1, "{news:?}");
    }

    #[test]
    fn each_digit_is_counted_once_though_its_end_comes_three_times() {
        let (mut receiver, mut report) = (Receiver::default(), AudioReport::default());
        let mut sequence = 0;
        for (index, digit) in "1590*#".chars().enumerate() {
            let started = u32::try_from(index).expect("small") * 1600;
            for frame in digit_frames(digit).into_iter().flatten() {
                let bytes = packet(TELEPHONE_EVENT, sequence, started, &frame);
                receiver.take(&bytes, u64::from(started) * 125, &mut report);
                sequence += 1;
            }
        }
        assert_eq!(report.digits, "1590*#");
        assert!(digit_frames('x').is_empty());
    }

    /// What a receiver makes of events: digit, start, end.
    fn heard(events: &[(char, u32, bool)]) -> String {
        let (mut receiver, mut report) = (Receiver::default(), AudioReport::default());
        for (sequence, (digit, started, ended)) in (0..).zip(events) {
            let code = event_code(*digit).expect("a digit");
            let payload = [code, (u8::from(*ended) << 7) | LEVEL, 0, 160];
            let bytes = packet(TELEPHONE_EVENT, sequence, *started, &payload);
            receiver.take(&bytes, 0, &mut report);
        }
        report.digits
    }

    #[test]
    fn a_digit_is_lost_only_with_all_its_packets_and_a_late_one_is_no_second() {
        let first = [('1', 800, false), ('1', 800, false)];
        let second = [('2', 4_000, false), ('2', 4_000, true), ('2', 4_000, true)];
        let all = [&first[..], &second].concat();
        assert_eq!(heard(&all), "12", "the end of the first was lost");
        let late = [&first[..], &second, &[('1', 800, true), ('2', 4_000, true)]].concat();
        assert_eq!(heard(&late), "12");
        let twice = [('5', 800, true), ('5', 4_000, true)];
        assert_eq!(heard(&twice), "55");
        let long = [
            ('7', 800, false),
            ('7', 800 + 0xFFFF, false),
            ('7', 800 + 0xFFFF, true),
        ];
        assert_eq!(heard(&long), "7", "pressed for nine seconds");
        let anew = [
            ('1', 3_000_000_000, true),
            ('2', 800, true),
            ('3', 4_000, true),
        ];
        assert_eq!(heard(&anew), "123", "the sender began anew");
        let many: Vec<_> = (0..100).map(|n| ('8', n * 2_000, true)).collect();
        assert_eq!(heard(&many).len(), DIGITS_MAX);
    }
}
