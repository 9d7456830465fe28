//! Slows guessing down, for a person and for a source, and never for everybody.
//!
//! Every attempt is charged before the secret is looked at and refunded when it was right, so that many attempts at once
//! gain nothing. A person coming from where they came in before is charged as that pair alone: an attacker elsewhere, or
//! at the same address under another name, cannot keep the duty nurse out.

use super::EntryError;
use super::sql;
use jiff::Timestamp;
use sqlx::AnyConnection;
use std::net::{IpAddr, Ipv6Addr};

/// After so long without a try, in seconds, failures are forgotten.
const FORGET_S: i64 = 900;
/// The same for codes: a guesser who pauses must not begin anew. No longer than failed attempts are kept.
const FORGET_CODES_S: i64 = 86_400;

/// The second factor, as a secret that can be guessed.
pub(super) const CODE: &str = "code";

/// Where somebody comes from, as attempts are counted: the address, of IPv6 the network of a site (its first 64 bits), where
/// anybody takes as many addresses as they like.
pub(super) fn place(source: &str) -> String {
    match source
        .parse::<IpAddr>()
        .map(|address| address.to_canonical())
    {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        Ok(address) => address.to_string(),
        Err(_) => source.to_owned(),
    }
}

/// What is slowed down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Charge {
    kind: &'static str,
    subject: String,
    free_failures: i64,
    wait_s_max: i64,
    forget_s: i64,
}

impl Charge {
    /// What an attempt is charged to. `secret` is `password`, `pin` or [`CODE`]: one does not slow the other down.
    pub(super) fn of(secret: &str, name: &str, source: &str, came_in_before: bool) -> Vec<Self> {
        let charge = |kind, subject, free_failures, wait_s_max, forget_s| Self {
            kind,
            subject,
            free_failures,
            wait_s_max,
            forget_s,
        };
        // Six digits are few: whoever guesses codes gets some 140 tries a day.
        let (wait_s_max, forget_s) = if secret == CODE {
            (600, FORGET_CODES_S)
        } else {
            (60, FORGET_S)
        };
        if came_in_before {
            let pair = format!("{secret}:{name}@{source}");
            return vec![charge("pair", pair, 4, wait_s_max, forget_s)];
        }
        let person = format!("{secret}:{name}");
        vec![
            charge("person", person, 4, wait_s_max, forget_s),
            // Many people may share one address.
            charge("source", source.to_owned(), 20, 300, FORGET_S),
        ]
    }

    /// Doubling from one second after the free failures.
    fn wait_s(&self, failures: i64) -> i64 {
        match failures - self.free_failures {
            over if over <= 0 => 0,
            over => 1_i64
                .checked_shl(u32::try_from(over - 1).unwrap_or(63))
                .map_or(self.wait_s_max, |wait_s| {
                    if wait_s <= 0 {
                        self.wait_s_max
                    } else {
                        wait_s.min(self.wait_s_max)
                    }
                }),
        }
    }

    /// Charges the attempt, or says how long to wait. Nothing is charged while waiting.
    pub(super) async fn take(
        charges: &[Self],
        connection: &mut AnyConnection,
        now: Timestamp,
    ) -> Result<Result<(), EntryError>, sqlx::Error> {
        let mut retry_s = 0;
        for charge in charges {
            let known: Option<(i64, i64)> = sqlx::query_as(sql::ATTEMPTS_FIND)
                .bind(charge.kind)
                .bind(&charge.subject)
                .fetch_optional(&mut *connection)
                .await?;
            let Some((failures, last_us)) = known else {
                continue;
            };
            let free_at = last_us.saturating_add(charge.wait_s(failures) * 1_000_000);
            let left_us = free_at.saturating_sub(now.as_microsecond());
            retry_s = retry_s.max(left_us.max(0).unsigned_abs().div_ceil(1_000_000));
        }
        if retry_s > 0 {
            return Ok(Err(EntryError::Throttled { retry_s }));
        }
        for charge in charges {
            let forget_us = now.as_microsecond() - charge.forget_s * 1_000_000;
            sqlx::query(sql::ATTEMPTS_FAIL)
                .bind(charge.kind)
                .bind(&charge.subject)
                .bind(now.as_microsecond())
                .bind(forget_us)
                .execute(&mut *connection)
                .await?;
        }
        Ok(Ok(()))
    }

    /// The secret was right: the person starts anew, the source gets back what this attempt cost.
    pub(super) async fn refund(
        charges: &[Self],
        connection: &mut AnyConnection,
    ) -> Result<(), sqlx::Error> {
        for charge in charges {
            let statement = if charge.kind == "source" {
                sql::ATTEMPTS_REFUND
            } else {
                sql::ATTEMPTS_CLEAR
            };
            sqlx::query(statement)
                .bind(charge.kind)
                .bind(&charge.subject)
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_address_or_the_network_of_a_site() {
        for (source, counted) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
            ("command line", "command line"),
        ] {
            assert_eq!(place(source), counted);
        }
    }

    #[test]
    fn waits_double_from_one_second_and_end_at_a_minute() {
        let person = &Charge::of("pin", "dana", "10.0.0.1", false)[0];
        let waits: Vec<_> = (0..=12).map(|failures| person.wait_s(failures)).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(person.wait_s(i64::MAX), 60);
    }
}
