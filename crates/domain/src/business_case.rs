//! The business case: what a call costs in-house and outsourced, never shown without the quality beside it (B1).

use crate::Decided;
use crate::boards::{Board, Kind};
use crate::event::Event;
use crate::ids::CallTypeId;
use crate::lines::bad;
use crate::parity;
use crate::proof::{Verdict, ratio};
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one call type costs; in whole cents of the contract's currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordBusinessCase {
    /// The call type.
    pub call_type: CallTypeId,
    /// In-house, a call, in cents.
    pub in_house_cents_per_call: u64,
    /// Outsourced, a call, in cents.
    pub outsourced_cents_per_call: u64,
    /// Calls in a year.
    pub calls_per_year: u64,
    /// Both centres running at once, once, in cents.
    #[serde(default)]
    pub overlap_cents: u64,
    /// Severance, once, in cents.
    #[serde(default)]
    pub severance_cents: u64,
    /// Telephony, once, in cents.
    #[serde(default)]
    pub telephony_cents: u64,
    /// What an agent or nurse costs the outsourcer in an hour, in cents: what the price can pay for.
    pub agent_cents_per_hour: u64,
    /// Planned average handle time, in seconds.
    pub aht_s: u32,
    /// Where the figures come from.
    pub reference: String,
}

/// The business case of a call type stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusinessCaseRecorded {
    /// The figures.
    #[serde(flatten)]
    pub case: RecordBusinessCase,
    /// When.
    pub at: Timestamp,
}

/// The business case by call type, in state.
pub type BusinessCases = BTreeMap<CallTypeId, BusinessCaseRecorded>;

pub(crate) const BOARD: Kind = Kind {
    name: "business-case",
    says: "Cost of a call in-house and outsourced, with the quality beside it",
    may_see: None,
    draw: |t, _, _| draw(t),
};

impl RecordBusinessCase {
    /// Calls that an agent has to take in an hour for the price to pay for the agent.
    pub fn calls_per_agent_hour_paid(&self) -> f64 {
        ratio(
            self.agent_cents_per_hour,
            self.outsourced_cents_per_call.max(1),
        )
    }

    /// Calls that an agent can take in an hour, busy every second of it.
    pub fn calls_per_agent_hour_max(&self) -> f64 {
        3_600.0 / f64::from(self.aht_s.max(1))
    }

    /// Why the price cannot work; `None` when it leaves the agent as much idle time as the occupancy says.
    pub fn infeasible(&self, occupancy_percent_max: u32) -> Option<String> {
        let (paid, most) = (
            self.calls_per_agent_hour_paid(),
            self.calls_per_agent_hour_max(),
        );
        let sound = most * f64::from(occupancy_percent_max) / 100.0;
        (paid > sound).then(|| {
            format!(
                "INFEASIBLE: the price implies {paid:.2} calls an agent-hour; at {} s it is {most:.2} at 100 % occupancy, {sound:.2} at {occupancy_percent_max} %",
                self.aht_s
            )
        })
    }

    /// Saved in a year, in cents; negative where it costs more.
    fn saving_cents(&self) -> i128 {
        let a_call =
            i128::from(self.in_house_cents_per_call) - i128::from(self.outsourced_cents_per_call);
        a_call * i128::from(self.calls_per_year)
    }

    fn once_cents(&self) -> i128 {
        [
            self.overlap_cents,
            self.severance_cents,
            self.telephony_cents,
        ]
        .into_iter()
        .map(i128::from)
        .sum()
    }
}

pub(crate) fn record(t: &Transition, c: &RecordBusinessCase, now: Timestamp) -> Decided {
    if t.rung(&c.call_type).is_none() {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("call type `{}`", c.call_type))
            .how("name a call type of the transition"));
    }
    let priced = [
        c.outsourced_cents_per_call,
        c.in_house_cents_per_call,
        c.calls_per_year,
    ];
    if priced.contains(&0) || c.agent_cents_per_hour == 0 || c.aht_s == 0 {
        return Err(bad(
            "prices, calls, an agent's hour and handle time above zero".into(),
        ));
    }
    text::title("where the figures come from", &c.reference)?;
    Ok(vec![Event::BusinessCaseRecorded(BusinessCaseRecorded {
        case: c.clone(),
        at: now,
    })])
}

pub(crate) fn apply_recorded(t: &mut Transition, e: &BusinessCaseRecorded) {
    t.business_cases.insert(e.case.call_type.clone(), e.clone());
}

fn draw(t: &Transition) -> Board {
    let columns = [
        "call type",
        "in-house",
        "outsourced",
        "saving a year",
        "once",
        "quality",
    ];
    let mut board = Board::new("Business case", &columns);
    for (call_type, recorded) in &t.business_cases {
        let case = &recorded.case;
        board.row([
            call_type.to_string(),
            money(i128::from(case.in_house_cents_per_call)),
            money(i128::from(case.outsourced_cents_per_call)),
            money(case.saving_cents()),
            money(case.once_cents()),
            quality(t, call_type),
        ]);
        if let Some(why) = case.infeasible(t.terms.occupancy_percent_max) {
            board.note(format!("{call_type}: {why}"));
        }
    }
    board.note("No saving is a criterion of any gate.");
    board
}

/// The verdicts of the type's chunks; a saving never stands without them.
fn quality(t: &Transition, call_type: &CallTypeId) -> String {
    let chunks = t
        .chunks
        .values()
        .filter(|c| c.planned.call_type == *call_type);
    let judged = chunks.filter_map(|c| {
        let outcome = &t.acceptances.get(&c.planned.id)?.proposed.outcome;
        let measures = parity::measures(t, &c.planned, outcome);
        let pass = measures.iter().all(|m| m.verdict == Verdict::Pass);
        let word = if pass { "not worse" } else { "NOT PROVED" };
        Some(format!("{} {word}", c.planned.id))
    });
    let judged: Vec<_> = judged.collect();
    if judged.is_empty() {
        "not known yet".into()
    } else {
        judged.join(", ")
    }
}

/// `1234.50`, without the currency: the contract names it.
fn money(cents: i128) -> String {
    let sign = if cents < 0 { "−" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_has_a_sign_and_a_gain_has_none() {
        let told = [-123_456, -5, 0, 5, 123_450].map(money);
        assert_eq!(told, ["−1234.56", "−0.05", "0.00", "0.05", "1234.50"]);
    }
}
