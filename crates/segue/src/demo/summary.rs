//! What the demo counted: callers' own view, the centres' records, the journal.

use crate::clock;
use crate::office::unavailable;
use crate::output::Failure;
use crate::service::Service;
use jiff::SignedDuration;
use segue_journal::facts::SideFacts;
use segue_journal::verify;
use segue_trials::callers::CallerCounts;
use serde::Serialize;

/// The summary of `cli.md`, and what it takes to believe it.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Calls placed.
    pub placed: u64,
    /// Calls a person answered, by the centres' own records joined to Segue's decisions.
    pub answered: Sides,
    /// Callers who gave up first, by the same records.
    pub abandoned: u64,
    /// Callers whom no record accounts for.
    pub unserved: u64,
    /// Calls that ended without a person and without the caller giving up.
    pub failed: u64,
    /// Calls cut off by the end of the demo.
    pub cut_off: u64,
    /// From the press to the latch, 99th percentile; absent when nobody pressed.
    pub fallback_ms_p99: Option<u64>,
    /// Nodes that held the press when it was answered; absent when nobody pressed.
    pub nodes_home: Option<u32>,
    /// Nodes there were then.
    pub nodes_total: Option<u32>,
    /// Every link of the journal holds.
    pub journal_ok: bool,
    /// Decisions that have a record of a centre, in percent.
    pub match_percent: Option<f64>,
    /// Mean wait of answered callers in milliseconds as measured, not scaled back.
    pub mean_wait_ms: Sides,
}

/// One number per side.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Sides {
    /// In-house.
    pub in_house: u64,
    /// Outsourced.
    pub outsourced: u64,
}

impl Summary {
    /// Counts up a demo whose calls have ended.
    pub async fn gather(
        service: &Service,
        callers: CallerCounts,
        (fallbacks_ms, nodes_home): (&[u64], Option<(u32, u32)>),
    ) -> Result<Self, Failure> {
        let now = clock::now();
        let from = now - SignedDuration::from_hours(24);
        let sides = service
            .facts
            .sides(from, now)
            .await
            .map_err(|e| unavailable(&e))?;
        let report = verify(service.desk.journal(), &[])
            .await
            .map_err(|e| unavailable(&e))?;
        let sum = |field: fn(&SideFacts) -> u64| sides.iter().map(field).sum::<u64>();
        let (decided, matched) = (sum(|s| s.decided), sum(|s| s.matched));
        let mut sorted = fallbacks_ms.to_vec();
        sorted.sort_unstable();
        Ok(Self {
            placed: callers.placed,
            answered: Sides {
                in_house: of(&sides, "in_house", |s| s.answered),
                outsourced: of(&sides, "outsourced", |s| s.answered),
            },
            abandoned: sum(|s| s.abandoned),
            unserved: decided.saturating_sub(matched),
            failed: callers.failed,
            cut_off: callers.cut_off,
            fallback_ms_p99: sorted
                .get((sorted.len() * 99).div_ceil(100).saturating_sub(1))
                .copied(),
            nodes_home: nodes_home.map(|(home, _)| home),
            nodes_total: nodes_home.map(|(_, total)| total),
            journal_ok: report.ok,
            match_percent: percent(matched, decided),
            mean_wait_ms: Sides {
                in_house: mean_wait(&sides, "in_house"),
                outsourced: mean_wait(&sides, "outsourced"),
            },
        })
    }

    /// The same for people.
    pub fn text(&self) -> String {
        let percent = self
            .match_percent
            .map_or_else(|| "no decision".into(), |p| format!("{p:.1} %"));
        let fallback = self
            .fallback_ms_p99
            .map_or_else(|| "nobody pressed".into(), |ms| format!("{ms} ms"));
        let nodes = match (self.nodes_home, self.nodes_total) {
            (Some(home), Some(total)) => format!(", held by {home} of {total} nodes"),
            _ => String::new(),
        };
        format!(
            "placed {}; answered in-house {} (mean wait {} ms), outsourced {} (mean wait {} ms)\n\
             gave up {}, failed {}, cut off by the end {}, unserved {}\n\
             decisions joined with a centre's record: {percent}; fallback to latch: {fallback}{nodes}; journal {}",
            self.placed,
            self.answered.in_house,
            self.mean_wait_ms.in_house,
            self.answered.outsourced,
            self.mean_wait_ms.outsourced,
            self.abandoned,
            self.failed,
            self.cut_off,
            self.unserved,
            if self.journal_ok {
                "verified"
            } else {
                "DAMAGED"
            },
        )
    }
}

fn of(sides: &[SideFacts], arm: &str, field: fn(&SideFacts) -> u64) -> u64 {
    sides.iter().filter(|s| s.arm == arm).map(field).sum()
}

fn mean_wait(sides: &[SideFacts], arm: &str) -> u64 {
    let answered = of(sides, arm, |s| s.answered);
    of(sides, arm, |s| s.answered_wait_ms)
        .checked_div(answered)
        .unwrap_or(0)
}

fn percent(part: u64, whole: u64) -> Option<f64> {
    // Thousandths in integers: exact far beyond what a demo counts.
    let thousandths = part.saturating_mul(100_000).checked_div(whole)?;
    Some(f64::from(u32::try_from(thousandths).ok()?) / 1_000.0)
}
