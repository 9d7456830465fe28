//! Riverside's calls as its fixture has them, drawn from a week's shape: what the tests of this room share.

use segue_capacity::simulate::INTERVAL_US;
use segue_rehearsal::calls::{Calls, Expected, from_forecast};

/// The numbers of the main centre, and of each the calls a week and the handle time (`domain.md` §6).
const NUMBERS: [(&str, f64, f64); 4] = [
    ("7001", 6_900.0, 90.0),
    ("7002", 4_700.0, 300.0),
    ("7003", 900.0, 420.0),
    ("7004", 2_000.0, 660.0),
];
/// Monday 4 January 2027, 00:00 in New York.
const MONDAY_US: i64 = 1_799_038_800_000_000;

/// Four weeks of a part of Riverside's calls.
pub(crate) fn calls(part: f64, seed: u64) -> Calls {
    let mut expected = Vec::new();
    for interval in 0..4 * 7 * 96_u32 {
        let hour = f64::from(interval % 96) / 4.0;
        let weight = 0.2 + (-((hour - 11.0) / 4.0).powi(2)).exp();
        for (route, (_, weekly, aht_s)) in (0_u16..).zip(NUMBERS) {
            expected.push(Expected {
                from_us: MONDAY_US + i64::from(interval) * INTERVAL_US,
                route,
                // The weights of a day sum to 47.6.
                calls: part * weekly / 7.0 * weight / 47.6,
                aht_s,
            });
        }
    }
    let numbers = NUMBERS.map(|(dialled, ..)| dialled.to_owned());
    from_forecast(numbers.into(), &expected, seed)
}
