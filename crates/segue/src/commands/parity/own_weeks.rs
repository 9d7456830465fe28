//! `segue parity own-weeks`: A/A weeks. The guard of a chunk runs on the client's own in-house calls, split at random again and
//! again: both sides are the same centre, so every roll-back is a false one. Above 5 % it may not act on statistics.

use crate::cli::Global;
use crate::commands::calls::{failure, require_client};
use crate::console::remembering::GuardFiles;
use crate::context::Context;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use clap::Args;
use segue_calls::offered::in_order;
use segue_domain::ids::ChunkId;
use segue_domain::parity::AccessBlock;
use segue_guard::{Arming, Exhibit, block_that_fits, rules};
use segue_parity::guard::record::{Arm, Call, Outcome, Place, StratumId};
use segue_parity::guard::value_of;
use segue_parity::rules::{MetricName, MetricRule, SignedRules};
use segue_parity::sequences::block_bet::block_length_min;
use serde_json::json;

/// Calls judged at most: a split plays all of them.
const CALLS_MAX: usize = 2_000_000;
/// Fewer days say nothing of weeks.
const DAYS_MIN: u32 = 14;

/// Options of `segue parity own-weeks`.
#[derive(Debug, Args)]
pub struct OwnWeeks {
    /// The chunk whose guard is shown
    #[arg(value_name = "CHUNK")]
    chunk: ChunkId,
    /// Percent of callers on the side that is watched
    #[arg(long, value_name = "P", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=99))]
    share: u16,
    /// Random splits
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(100..=10_000))]
    splits: u32,
    /// The same seed gives the same splits
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

impl OwnWeeks {
    pub(super) fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        require_client(&ctx)?;
        let state = block_on(async { Office::open(&ctx.data).await?.state().await })?;
        let chunk = state.chunk(&self.chunk).ok_or_else(|| {
            Failure::BadInput(format!(
                "there is no chunk `{}` in an agreed plan; see `segue status`",
                self.chunk
            ))
        })?;
        let signed = rules(&state, chunk)
            .map_err(|why| Failure::BadInput(format!("{}: {why}", self.chunk)))?;
        let call_type = chunk.planned.call_type.to_string();
        let stores = ctx.data.every_calls(&state.lines)?;
        let kept = in_order(&stores, CALLS_MAX).map_err(failure)?;
        let calls: Vec<Call> = (1_u64..)
            .zip(
                kept.iter()
                    .filter(|c| c.call_type.as_deref() == Some(&call_type)),
            )
            .map(|(key, kept)| Call {
                key,
                place: Place {
                    at_us: kept.offered_us,
                    arm: Arm::InHouse,
                    pi_bp: 0,
                    caller: kept.caller.map(short),
                    stratum: StratumId(0),
                    segments: [None; 3],
                },
                outcome: {
                    let wait_ms = u32::try_from(kept.wait_ms).unwrap_or(u32::MAX);
                    if kept.answered {
                        Outcome::Answered { wait_ms }
                    } else {
                        Outcome::Abandoned { wait_ms }
                    }
                },
                answered_by: None,
                handle_ms: kept.handle_ms.and_then(|ms| u32::try_from(ms).ok()),
                transferred: None,
                disposition: None,
            })
            .collect();
        let exhibit = Exhibit::of(
            &self.chunk,
            &signed,
            &calls,
            self.share * 100,
            self.splits,
            self.seed,
        );
        if exhibit.days < DAYS_MIN {
            return Err(Failure::BadInput(format!(
                "{} calls of type {call_type} on {} days; import at least {DAYS_MIN} days of the client's own (`segue calls import`)",
                exhibit.calls, exhibit.days
            )));
        }
        let fits = block_of(&signed, &calls);
        let answer = self.answer(&exhibit, state.terms.margins.access_block, fits);
        let files = GuardFiles::new(ctx.data.root());
        files
            .exhibit(exhibit)
            .map_err(|error| Failure::Unavailable(format!("{error:#}")))?;
        Ok(answer)
    }

    fn answer(&self, exhibit: &Exhibit, agreed: AccessBlock, fits: AccessBlock) -> Answer {
        let arming = Arming::of(Some(exhibit), &exhibit.rules);
        let shown = &exhibit.shown;
        let json = json!({
            "chunk": exhibit.chunk,
            "calls": exhibit.calls,
            "days": exhibit.days,
            "share_percent": self.share,
            "seed": self.seed,
            "false_roll_backs": shown.false_roll_backs,
            "upper": shown.upper,
            "may_arm": shown.may_arm,
            "access_block": { "agreed": agreed, "fits": fits },
        });
        let text = format!(
            "{}: of {} random splits of {} calls on {} days, {} would have sent an equal centre back (99 % bound {:.1} %).\n{}\n{}",
            exhibit.chunk,
            shown.false_roll_backs.denominator,
            exhibit.calls,
            exhibit.days,
            shown.false_roll_backs.numerator,
            shown.upper * 100.0,
            arming.words(),
            blocks_say(agreed, fits)
        );
        Answer::new(&json, text).wanting_if(!shown.may_arm)
    }
}

/// The shortest block on which both measures of access may be judged.
fn block_of(signed: &SignedRules, calls: &[Call]) -> AccessBlock {
    let rules = signed.rules();
    let access = [MetricName::NotWithinThreshold, MetricName::Abandonment];
    let access = access.into_iter().filter_map(|name| rules.metric(name));
    let fits = access.map(|metric| {
        let rule = &rules.metrics[usize::from(metric.0)];
        block_that_fits(block_length_min(&quarters(calls, rule)))
    });
    fits.max().unwrap_or_default()
}

/// Calls that count for a measure and the bad ones, by quarter of an hour, whole days (UTC) from the first to the last.
fn quarters(calls: &[Call], rule: &MetricRule) -> Vec<(u64, u64)> {
    const QUARTER_US: i64 = 900_000_000;
    const PER_DAY: i64 = 96;
    let place = |call: &Call| call.place.at_us.div_euclid(QUARTER_US);
    let (first, last) = (calls.iter().map(place).min(), calls.iter().map(place).max());
    let (Some(first), Some(last)) = (first, last) else {
        return Vec::new();
    };
    let first = first.div_euclid(PER_DAY) * PER_DAY;
    let length = (last.div_euclid(PER_DAY) + 1) * PER_DAY - first;
    let mut grid = vec![(0, 0); usize::try_from(length).unwrap_or(0)];
    for call in calls {
        let cell = usize::try_from(place(call) - first).ok();
        let cell = cell.and_then(|cell| grid.get_mut(cell));
        if let (Some((counted, bad)), Some(value)) = (cell, value_of(call, rule)) {
            *counted += 1;
            *bad += u64::from(value > 0.5);
        }
    }
    grid
}

fn blocks_say(agreed: AccessBlock, fits: AccessBlock) -> String {
    if agreed >= fits {
        let shorter = if agreed > fits {
            format!(
                "; blocks of {} would do, and find harm sooner (`access_block` of the margins)",
                fits.words()
            )
        } else {
            String::new()
        };
        return format!(
            "Access is judged on blocks of {}: on these weeks neighbouring ones hang together little enough{shorter}.",
            agreed.words()
        );
    }
    format!(
        "Access is judged on blocks of {}, which hang together on these weeks; blocks of {} do not: agree `access_block` \"{}\" with the margins.",
        agreed.words(),
        fits.words(),
        match fits {
            AccessBlock::OneHour => "one_hour",
            AccessBlock::ThreeHours => "three_hours",
            AccessBlock::SixHours => "six_hours",
            AccessBlock::WholeDay => "whole_day",
        }
    )
}

/// A caller's hash, shortened as the guard shortens it.
fn short(hash: [u8; 32]) -> u64 {
    hash.first_chunk()
        .map_or(0, |first| u64::from_be_bytes(*first))
}
