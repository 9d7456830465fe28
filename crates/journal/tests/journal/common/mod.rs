//! Small fixtures shared by the journal's tests.

pub(crate) mod postgres;

use segue_journal::{Append, Body, CommandId, NewEvent, StreamId, Version};

pub(crate) fn stream(name: &str) -> StreamId {
    StreamId::new(name).unwrap()
}

pub(crate) fn event(kind: &str, body: &serde_json::Value) -> NewEvent {
    NewEvent {
        kind: kind.to_owned(),
        schema: 1,
        body: Body::canonical(body).unwrap(),
    }
}

/// One append of `count` small facts.
pub(crate) fn append(to: &str, expected: u64, command: &str, count: usize) -> Append {
    let number = |n| {
        event(
            "share_raised",
            &serde_json::json!({"share_bp": n, "by": command}),
        )
    };
    Append {
        stream: stream(to),
        expected_version: Version(expected),
        command_id: CommandId::new(command).unwrap(),
        actor: "dana".to_owned(),
        cause: "raise".to_owned(),
        recorded_at: "2026-11-22T05:17:28.123456789Z".parse().unwrap(),
        events: (0..count).map(number).collect(),
    }
}

/// A small deterministic generator (xorshift64): the same run every time.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
