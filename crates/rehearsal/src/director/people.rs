//! The way forward: everybody does what the plan asks for next, and a failed test that keeps it shut.

use super::{DAY_US, Director, MINUTE_US, timestamp};
use crate::setting::HOUR_US;
use segue_domain::chunks::Chunk;
use segue_domain::ids::ChunkId;
use segue_domain::routing_changes::ProposeStep;
use segue_domain::test_calls::RecordTestCall;
use segue_domain::{Command, Refusal, Role, Side as Party, decide};
use segue_example::{Goal, MOVES_MAX, Move, of};

impl Director<'_> {
    pub(super) fn test_fails(&mut self, chunk: &str, days: u32, now_us: i64) {
        let id = ChunkId::from(chunk);
        let Some(planned) = self.t.chunk(&id).map(|c| c.planned.clone()) else {
            return;
        };
        let Some(cell) = planned.coverage.first().cloned() else {
            return;
        };
        let failed = RecordTestCall {
            chunk: id.clone(),
            cell,
            passed: false,
            evidence: "recording of the failed call".into(),
            scenario: None,
            agent: None,
        };
        let tester = of(Party::Client, Role::TestCaller);
        let _ = self.say(&tester, &failed.into(), now_us);
        let next = planned.steps.iter().find(|step| {
            let share = step.share_percent.parse().ok();
            share > self.t.chunk(&id).map(|c| c.share)
        });
        let did = next.map_or_else(
            || "no step is left".to_owned(),
            |step| {
                let propose = ProposeStep {
                    chunk: id.clone(),
                    share_percent: step.share_percent.clone(),
                };
                let asked = decide(
                    &self.t,
                    &propose.into(),
                    &of(Party::Client, Role::Implementation),
                    timestamp(now_us),
                );
                let code = asked
                    .err()
                    .map_or_else(|| "not refused".into(), |r| r.code.to_string());
                format!(
                    "step to {} %: {code}; tested again in {days} days",
                    step.share_percent.0
                )
            },
        );
        self.says(now_us, chunk, "a test call failed".into(), did);
        self.wake_us = self.wake_us.max(now_us + i64::from(days) * DAY_US);
    }

    /// Everybody does what the plan asks for next, until somebody has to wait or is refused.
    pub(super) fn people_go_on(&mut self, now_us: i64) {
        if self.on_hold {
            self.wake_us = now_us + HOUR_US;
            return;
        }
        for _ in 0..MOVES_MAX {
            let Some(goal) = self.goals.iter().find(|g| !self.is_reached(g)) else {
                self.wake_us = i64::MAX;
                return;
            };
            match self.example.next(&self.t, goal, timestamp(now_us)) {
                None => {}
                Some(Move::Wait(at)) => {
                    self.wake_us = at.as_microsecond().max(now_us + MINUTE_US);
                    return;
                }
                Some(Move::Say(said)) => {
                    let (actor, command) = *said;
                    match self.say(&actor, &command, now_us) {
                        Ok(true) => self.refused = None,
                        Ok(false) => break,
                        Err(refusal) => {
                            self.note_refusal(&refusal, now_us);
                            break;
                        }
                    }
                }
            }
        }
        self.wake_us = now_us + HOUR_US;
    }

    pub(super) fn is_reached(&self, goal: &Goal) -> bool {
        match goal {
            Goal::Accepted(chunk) => self.t.chunk(chunk).is_some_and(Chunk::is_accepted),
            _ => false,
        }
    }

    pub(super) fn note_refusal(&mut self, refusal: &Refusal, now_us: i64) {
        let code = refusal.code.to_string();
        if self.refused.as_ref() != Some(&code) {
            let missing = refusal.missing.first().cloned().unwrap_or_default();
            self.says(
                now_us,
                "all",
                format!("a step is asked for: {missing}"),
                format!("refused: {code}"),
            );
            self.refused = Some(code);
        }
    }

    pub(super) fn manager(&mut self, command: impl Into<Command>, now_us: i64) {
        let _ = self.say(
            &of(Party::Client, Role::Implementation),
            &command.into(),
            now_us,
        );
    }
}
