//! The way home: what the floors say, the alarm, the press, latch first and journal after.

use super::{Act, Director, MINUTE_US, Press};
use crate::guards::Broken;
use crate::setting::HOUR_US;
use segue_domain::contingency::library::{Advice, TriggerKind};
use segue_domain::contingency::watch::{AlarmRaised, Observed, ReportObservation};
use segue_domain::fallback::{Fallback, FellBack};
use segue_domain::ids::ChunkId;

/// Until a call at home has verified a return.
const VERIFIED_AFTER_US: i64 = 5 * MINUTE_US;
/// Until the incident note is written.
const NOTE_AFTER_US: i64 = HOUR_US;

impl Director<'_> {
    /// What floors and evidence say of a chunk: what is broken.
    pub(crate) fn guardrail(&mut self, chunk: &ChunkId, broken: Option<Broken>, now_us: i64) {
        let failed = broken.is_some();
        self.broken = broken;
        let open = self.t.contingency.watches.get(chunk.as_str());
        let is_open = open.is_some_and(|w| w.open.contains_key(&TriggerKind::GuardrailFail));
        if failed != is_open {
            self.report(chunk.as_str(), Observed::Guardrail { failed }, now_us);
        }
    }

    /// Nothing goes forward while records are missing.
    pub(crate) fn hold(&mut self, hold: bool, now_us: i64) {
        if hold && !self.on_hold {
            let happened = "no records for two intervals".to_owned();
            self.says(
                now_us,
                "all",
                happened,
                "nothing goes forward, a person is paged".into(),
            );
        }
        self.on_hold = hold;
    }

    /// Latch first, journal after, as every door does.
    pub(super) fn press(&mut self, press: Press, now_us: i64) {
        let covered = self.table.covered(&press.scope);
        let latched = self
            .latch
            .latch(&self.table, |chunk| covered.contains(chunk));
        let lost_until_us = self.database_lost_until(now_us);
        if latched.was_out {
            let journal = if lost_until_us.is_some() {
                "journalling pending"
            } else {
                "journalled"
            };
            self.came_home(&press, journal, now_us);
        }
        match lost_until_us {
            Some(until_us) => self.todo.note(until_us, Act::Journal(press)),
            None => self.journal_press(press, now_us),
        }
    }

    pub(super) fn journal_press(&mut self, press: Press, now_us: i64) {
        self.pressed_for = Some(press.alarm);
        self.duty(Fallback::of(press.scope, press.why), now_us);
        let chunks = &self.t.chunks;
        self.latch
            .settle(|id| chunks.get(id).map(|chunk| chunk.epoch));
    }

    fn came_home(&mut self, press: &Press, journal: &str, now_us: i64) {
        let people = self.people_home;
        let did = if people == 0 {
            format!("home by the duty manager, {journal}; nobody is there to answer")
        } else {
            format!(
                "home by the duty manager, {journal}; {people} people on the phones at home, the others called back"
            )
        };
        self.says(now_us, &press.scope, press.why.clone(), did);
        self.returns += 1;
    }

    /// What the watch saw goes to the journal; without one nobody hears of it.
    pub(super) fn report(&mut self, scope: &str, observed: Observed, now_us: i64) {
        if self.database_lost_until(now_us).is_some() {
            return;
        }
        let seen = ReportObservation {
            scope: scope.to_owned(),
            observed,
            forecast_per_100_h: None,
        };
        self.duty(seen, now_us);
    }

    pub(super) fn fell_back(&mut self, fell: &FellBack, now_us: i64) {
        let telephony = self.pressed_for == Some(TriggerKind::PathDead);
        let incident = fell.incident.clone();
        self.todo
            .note(now_us + VERIFIED_AFTER_US, Act::Verify(incident.clone()));
        self.todo.note(
            now_us + NOTE_AFTER_US,
            Act::Note {
                incident,
                telephony,
            },
        );
        // Nobody asks for a step before the cool-down is over.
        let cool_down_us = i64::from(self.t.terms.cool_down_h) * HOUR_US;
        self.wake_us = self.wake_us.max(now_us + cool_down_us);
        self.compile(now_us);
    }

    pub(super) fn alarmed(&mut self, alarm: &AlarmRaised, now_us: i64) {
        if alarm.advice != Advice::Fallback {
            return;
        }
        let minutes = self.setting.assumptions.decision_min + self.setting.trouble.late_min;
        let why = match (alarm.kind, self.broken) {
            (TriggerKind::GuardrailFail, Some(broken)) => broken.words(),
            _ => format!("{}: {}", alarm.kind.words(), alarm.seen),
        };
        let press = Press {
            scope: alarm.scope.clone(),
            why,
            alarm: alarm.kind,
        };
        let at_us = now_us + i64::from(minutes) * MINUTE_US;
        self.todo.note(at_us, Act::Press(press));
    }

    pub(super) fn trunk_is_dead(&self, at_us: i64) -> bool {
        self.setting.trouble.outages.iter().any(|o| o.holds(at_us))
    }
}
