//! OPTIONS with hysteresis: one lost packet condemns no trunk, one lucky answer acquits none.

const SECOND_US: u64 = 1_000_000;

/// How a trunk is asked whether it is there (RFC 3261 section 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionsSettings {
    /// Between two questions while it is up, in milliseconds; half of it while it is not.
    pub every_ms: u32,
    /// Without an answer, the question is lost.
    pub wait_ms: u32,
    /// So many in a row lost or refused: down.
    pub down_after: u8,
    /// So many in a row answered: up again. The first answer ever is enough.
    pub up_after: u8,
}

impl Default for OptionsSettings {
    /// Every 10 s (5 s while not up), 2 s of patience, down after 3, up after 2.
    fn default() -> Self {
        Self {
            every_ms: 10_000,
            wait_ms: 2_000,
            down_after: 3,
            up_after: 2,
        }
    }
}

/// What OPTIONS say of a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Nothing yet.
    Unknown,
    /// It answers.
    Up,
    /// It does not.
    Down,
}

/// What is due for a trunk now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProbeStep {
    /// Nothing.
    Wait,
    /// A new question.
    Ask,
    /// The same question again: it may have been lost.
    Again,
    /// No answer in time.
    Lost,
}

/// The questions to one trunk.
#[derive(Debug)]
pub(crate) struct Probe {
    settings: Option<OptionsSettings>,
    health: Health,
    /// In a row against what is believed.
    contrary: u8,
    next_us: u64,
    /// The question that waits for its answer: its message and when it was sent.
    asked: Option<Asked>,
    /// Number of the latest question.
    pub(crate) number: u32,
}

#[derive(Debug)]
struct Asked {
    branch: Vec<u8>,
    message: Vec<u8>,
    lost_us: u64,
    again_us: u64,
    again_interval_us: u64,
}

impl Probe {
    pub(crate) fn new(settings: Option<OptionsSettings>, now_us: u64) -> Self {
        Self {
            settings,
            health: if settings.is_some() {
                Health::Unknown
            } else {
                Health::Up
            },
            contrary: 0,
            next_us: now_us,
            asked: None,
            number: 0,
        }
    }

    pub(crate) fn health(&self) -> Health {
        self.health
    }

    /// What is due; `repeats` on a transport that loses packets.
    pub(crate) fn step(&mut self, now_us: u64, repeats: bool) -> ProbeStep {
        if self.settings.is_none() {
            return ProbeStep::Wait;
        }
        let Some(asked) = &mut self.asked else {
            return if now_us >= self.next_us {
                ProbeStep::Ask
            } else {
                ProbeStep::Wait
            };
        };
        if now_us >= asked.lost_us {
            return ProbeStep::Lost;
        }
        if repeats && now_us >= asked.again_us {
            asked.again_interval_us *= 2;
            asked.again_us = now_us + asked.again_interval_us;
            return ProbeStep::Again;
        }
        ProbeStep::Wait
    }

    /// A question goes out.
    pub(crate) fn asked(&mut self, now_us: u64, branch: &[u8], message: Vec<u8>) {
        let wait_ms = self.settings.unwrap_or_default().wait_ms;
        self.asked = Some(Asked {
            branch: branch.to_vec(),
            message,
            lost_us: now_us + u64::from(wait_ms) * 1_000,
            again_us: now_us + SECOND_US / 2,
            again_interval_us: SECOND_US / 2,
        });
    }

    /// The question that waits.
    pub(crate) fn message(&self) -> &[u8] {
        self.asked.as_ref().map_or(&[], |asked| &asked.message)
    }

    /// Whether this branch is the question's that waits.
    pub(crate) fn is_asked(&self, branch: &[u8]) -> bool {
        self.asked
            .as_ref()
            .is_some_and(|asked| asked.branch == branch)
    }

    /// The question is settled.
    pub(crate) fn heard(&mut self, well: bool, now_us: u64) {
        let Some(settings) = self.settings else {
            return;
        };
        self.asked = None;
        let (other, needed) = match (self.health, well) {
            (Health::Unknown, true) => (Health::Up, 1),
            (Health::Down, true) => (Health::Up, settings.up_after),
            (Health::Unknown | Health::Up, false) => (Health::Down, settings.down_after),
            (Health::Up, true) | (Health::Down, false) => (self.health, u8::MAX),
        };
        if other == self.health {
            self.contrary = 0;
        } else {
            self.contrary += 1;
            if self.contrary >= needed {
                (self.health, self.contrary) = (other, 0);
            }
        }
        let calm = self.health == Health::Up && self.contrary == 0;
        let every_us = u64::from(settings.every_ms) * 1_000;
        self.next_us = now_us + if calm { every_us } else { every_us / 2 };
    }
}

#[cfg(test)]
mod tests {
    use super::Health::{Down, Unknown, Up};
    use super::*;

    #[test]
    fn hysteresis_both_ways_and_the_first_answer_counts() {
        let mut probe = Probe::new(Some(OptionsSettings::default()), 0);
        let mut told = |well| {
            probe.heard(well, 0);
            probe.health()
        };
        assert_eq!(told(false), Unknown);
        assert_eq!(told(true), Up);
        assert_eq!([told(false), told(false), told(true)], [Up, Up, Up]);
        assert_eq!([told(false), told(false), told(false)], [Up, Up, Down]);
        assert_eq!([told(true), told(false), told(true)], [Down, Down, Down]);
        assert_eq!([told(true), told(true)], [Up, Up]);
    }
}
