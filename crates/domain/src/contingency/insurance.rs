//! What the insurance costs (A32): a week of keeping the fallback, against an outage without it. The client's own figures.

use crate::Decided;
use crate::actor::Side;
use crate::boards::{Board, Kind};
use crate::event::Event;
use crate::lines::bad;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) const BOARD: Kind = Kind {
    name: "insurance",
    says: "What a week of keeping the fallback costs, against an outage without it",
    may_see: Some(|actor| actor.side == Side::Client),
    draw: |t, _, _| draw(t),
};

/// The client's figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct InsuranceFigures {
    /// Three capital letters: `USD`.
    pub currency: String,
    /// Overlap staffing, in cents a week.
    pub staff_cents_per_week: u64,
    /// Lines, trunks and licences kept, in cents a week.
    pub telephony_cents_per_week: u64,
    /// Weeks the fallback is kept.
    pub weeks: u32,
    /// What an hour without answered calls costs, in cents.
    pub outage_cents_per_h: u64,
    /// Hours until calls would be answered again without a fallback.
    pub outage_h: u32,
}

/// Records what the insurance costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordInsurance {
    /// The figures.
    #[serde(flatten)]
    pub figures: InsuranceFigures,
}

/// What the insurance costs is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InsuranceRecorded {
    /// The figures.
    pub figures: InsuranceFigures,
    /// When.
    pub at: Timestamp,
}

pub(crate) fn record(t: &Transition, c: &RecordInsurance, now: Timestamp) -> Decided {
    let currency = &c.figures.currency;
    if currency.len() != 3 || !currency.chars().all(|c| c.is_ascii_uppercase()) {
        return Err(bad(
            "a currency in three capital letters, for example USD".into()
        ));
    }
    if t.contingency.insurance.as_ref() == Some(&c.figures) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::InsuranceRecorded(InsuranceRecorded {
        figures: c.figures.clone(),
        at: now,
    })])
}

fn draw(t: &Transition) -> Board {
    let mut board = Board::new("Cost of insurance", &["what", "amount"]);
    let Some(f) = &t.contingency.insurance else {
        board.note("no figures yet (`segue do record-insurance`)");
        return board;
    };
    let week = u128::from(f.staff_cents_per_week) + u128::from(f.telephony_cents_per_week);
    let outage = u128::from(f.outage_cents_per_h) * u128::from(f.outage_h);
    for (what, cents) in [
        (
            "overlap staffing, a week".to_owned(),
            u128::from(f.staff_cents_per_week),
        ),
        (
            "telephony, a week".to_owned(),
            u128::from(f.telephony_cents_per_week),
        ),
        ("keeping the fallback, a week".to_owned(), week),
        (
            format!("keeping the fallback, {} weeks", f.weeks),
            week * u128::from(f.weeks),
        ),
        (
            format!("exposure: one outage of {} h without it", f.outage_h),
            outage,
        ),
    ] {
        board.row([what, money(cents, &f.currency)]);
    }
    if let Some(weeks) = outage.checked_div(week) {
        board.note(format!(
            "one outage without the fallback costs as much as {weeks} weeks of keeping it"
        ));
    }
    board
}

/// `12,400.00 USD`.
fn money(cents: u128, currency: &str) -> String {
    let whole = (cents / 100).to_string();
    let mut grouped = String::new();
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped}.{:02} {currency}", cents % 100)
}
