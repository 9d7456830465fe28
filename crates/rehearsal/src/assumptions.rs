//! What the rehearsal takes for granted about people. Printed with every report: another answer needs another assumption.

use segue_capacity::staffing::learning::LearningCurve;
use serde::{Deserialize, Serialize};

/// What is assumed, with defaults a practitioner would start from; each is a question to ask the parties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Assumptions {
    /// Answered in time is up to this wait, seconds.
    pub within_s: u32,
    /// Waiting long begins here, seconds.
    pub long_wait_s: u32,
    /// People beyond the offered load, in percent of its square root (Halfin and Whitt 1981): where no roster is given.
    pub reserve_percent: u32,
    /// People of a group at work at least, wherever somebody of it is: nobody works alone.
    pub team_min: u32,
    /// Mean patience, seconds, of callers on whose line the records hold no hang-up.
    pub patience_s: u32,
    /// Of the people at home whose calls moved, so many percent do other work; the others stay on the phones.
    pub reassigned_percent: u32,
    /// Minutes until somebody who does other work is back on the phones.
    pub recall_min: u32,
    /// Minutes from an alarm until somebody presses home.
    pub decision_min: u32,
    /// The outsourcer's handle time at its first call, in percent of the client's.
    pub first_call_percent: u32,
    /// The same once everything is learned.
    pub learned_percent: u32,
    /// Calls of one type that each agent has taken when half of the difference is learned.
    pub half_learned_calls: u32,
    /// Agents of a team for each of them on the phones at the busiest time: shifts, days off.
    pub team_for_each: u32,
    /// The outsourcer puts people on the phones for so many percent of the client's handle time: the stress of the capacity
    /// gate (A14).
    pub staffed_for_percent: u32,
    /// The same in a mass cutover, which passes no gate.
    pub cutover_staffed_for_percent: u32,
    /// Of the people a mass cutover takes, so many percent are hired and trained on its day: classes are small.
    pub cutover_ready_percent: u32,
    /// Weeks until all of them are.
    pub cutover_ready_weeks: u32,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            within_s: 30,
            long_wait_s: 60,
            reserve_percent: 130,
            team_min: 2,
            patience_s: 180,
            reassigned_percent: 60,
            recall_min: 30,
            decision_min: 10,
            first_call_percent: 130,
            learned_percent: 100,
            half_learned_calls: 100,
            team_for_each: 3,
            staffed_for_percent: 130,
            cutover_staffed_for_percent: 100,
            cutover_ready_percent: 75,
            cutover_ready_weeks: 12,
        }
    }
}

impl Assumptions {
    /// The outsourcer's handle time after so many calls of a type by a team, as a part of the client's.
    pub(crate) fn handle_factor(&self, calls: u32, team: u32) -> f64 {
        let curve = LearningCurve {
            settled_aht_s: f64::from(self.learned_percent) / 100.0,
            first_aht_s: f64::from(self.first_call_percent) / 100.0,
            halves_every_calls: f64::from(self.half_learned_calls.max(1)) * f64::from(team.max(1)),
        };
        curve.aht_s_after(calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learning_halves_what_is_left() {
        let a = Assumptions::default();
        let near = |calls, percent: f64| (a.handle_factor(calls, 2) * 100.0 - percent).abs() < 1e-9;
        assert!(near(0, 130.0) && near(200, 115.0) && near(400, 107.5));
    }
}
