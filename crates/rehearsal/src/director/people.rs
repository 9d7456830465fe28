//! The way forward: everybody does what the plan asks for next, and a failed test that keeps it shut.

use super::{DAY_US, Director, MINUTE_US, timestamp};
use crate::setting::HOUR_US;
use segue_capacity::simulate::INTERVAL_US;
use segue_domain::chunks::Chunk;
use segue_domain::ids::ChunkId;
use segue_domain::routing_changes::ProposeStep;
use segue_domain::test_calls::RecordTestCall;
use segue_domain::{Code, Command, Refusal, Role, Side as Party, decide};
use segue_example::{Goal, MOVES_MAX, Move, of};

/// Steps are taken from 10:00 to 16:00, quarters of the local day: with everybody there.
const DAY_BEGINS: usize = 40;
const DAY_ENDS: usize = 64;

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

    /// Everybody does what the plan asks for next, until somebody has to wait. Where a chunk is refused, people go on with
    /// the next one that is not done.
    pub(super) fn people_go_on(&mut self, now_us: i64) {
        if self.on_hold {
            self.wake_us = now_us + HOUR_US;
            return;
        }
        self.wake_us = i64::MAX;
        for goal in self.goals {
            if self.is_reached(goal) {
                continue;
            }
            let (next_us, refused) = self.go_for(goal, now_us);
            self.wake_us = self.wake_us.min(next_us);
            if !refused {
                return;
            }
        }
    }

    /// When a step may be asked for: at its distance, by day.
    fn when(&self, step: &ProposeStep, now_us: i64) -> i64 {
        let due_us = self.kept_distance(step).unwrap_or(now_us).max(now_us);
        let quarter = self.setting.quarter(due_us) % 96;
        let wait = (96 + DAY_BEGINS - quarter) % 96;
        let by_day = (DAY_BEGINS..DAY_ENDS).contains(&quarter);
        let begin_us = due_us - due_us.rem_euclid(INTERVAL_US);
        let next_us = begin_us + i64::try_from(wait).unwrap_or(0) * INTERVAL_US;
        if by_day { due_us } else { next_us }
    }

    /// When a step is due that keeps its planned distance from the one before: a late one makes the next ones late.
    fn kept_distance(&self, step: &ProposeStep) -> Option<i64> {
        let chunk = self.t.chunk(&step.chunk)?;
        let share = step.share_percent.parse().ok()?;
        let steps = &chunk.planned.steps;
        let of = |wanted| {
            steps
                .iter()
                .find(|s| s.share_percent.parse().ok() == Some(wanted))
        };
        let days = (of(share)?.from - of(chunk.share)?.from).get_days();
        Some(chunk.share_since?.as_microsecond() + i64::from(days) * DAY_US)
    }

    /// Moves towards a goal: when to go on, and whether somebody was refused.
    fn go_for(&mut self, goal: &Goal, now_us: i64) -> (i64, bool) {
        for _ in 0..MOVES_MAX {
            let said = match self.example.next(&self.t, goal, timestamp(now_us)) {
                None => return (now_us + MINUTE_US, false),
                Some(Move::Wait(at)) => {
                    return (at.as_microsecond().max(now_us + MINUTE_US), false);
                }
                Some(Move::Say(said)) => said,
            };
            let (actor, command) = *said;
            if let Command::ProposeStep(step) = &command
                && now_us < self.when(step, now_us)
            {
                return (self.when(step, now_us), false);
            }
            let command = self.with_evidence(command, now_us);
            match self.say(&actor, &command, now_us) {
                Ok(true) => {}
                Ok(false) => break,
                Err(refusal) => {
                    self.note_refusal(&command, &refusal, now_us);
                    // Evidence for acceptance grows by the day.
                    let grows = refusal.code == Code::AcceptanceNotReady;
                    return (now_us + if grows { DAY_US } else { HOUR_US }, true);
                }
            }
        }
        (now_us + HOUR_US, true)
    }

    pub(super) fn is_reached(&self, goal: &Goal) -> bool {
        match goal {
            Goal::Accepted(chunk) => self.t.chunk(chunk).is_some_and(Chunk::is_accepted),
            _ => false,
        }
    }

    fn note_refusal(&mut self, command: &Command, refusal: &Refusal, now_us: i64) {
        let (chunk, asked) = match command {
            Command::ProposeAcceptance(c) => (c.chunk.as_str(), "acceptance is asked for"),
            Command::ProposeStep(c) => (c.chunk.as_str(), "a step is asked for"),
            _ => ("all", "the next step is prepared"),
        };
        let known = self.refused.insert(chunk.to_owned(), refusal.code);
        if known != Some(refusal.code) {
            let missing = refusal.missing.first().cloned().unwrap_or_default();
            let did = format!("refused: {}", refusal.code);
            self.says(now_us, chunk, format!("{asked}: {missing}"), did);
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
