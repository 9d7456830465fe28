//! Keeps the recorded readiness up: what a person recorded once (`segue door --record`) is computed again on every change of
//! roster, notice, share or open work, and every hour with the calls imported until then, because gates and separations stand on it.

use super::{SEGUE, Shared};
use crate::clock;
use crate::office::chain;
use crate::output::Failure;
use crate::readiness::{Computed, computed, look};
use jiff::{SignedDuration, Timestamp};
use segue_domain::people::recorded_readiness::{ReadinessFigures, last};
use segue_domain::{Actor, Command, Role, Side, Transition, canonical};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often it is asked whether anything changed.
const PERIOD: Duration = Duration::from_secs(5);
/// A look that took long is followed by a pause so many times as long: changes come in bursts.
const PAUSE_TIMES: u32 = 2;
/// Time alone changes the answer: the forecast moves on.
const EVERY: SignedDuration = SignedDuration::from_hours(1);

/// Looks until `stop`.
pub(super) async fn keep(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let (mut seen, mut looked_at) = (String::new(), Timestamp::UNIX_EPOCH);
    loop {
        let started = clock::monotonic();
        let now = clock::now();
        let t = shared.transition();
        if !t.people.readiness.is_empty() {
            let depends_on = depends_on(&t);
            if depends_on != seen || now.duration_since(looked_at) >= EVERY {
                shared.renew_readiness(&t, now).await;
                (seen, looked_at) = (depends_on, now);
            }
        }
        let pause = PERIOD.max(started.elapsed() * PAUSE_TIMES);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Everything of the transition that a readiness is computed from, but not the readiness itself.
fn depends_on(t: &Transition) -> String {
    let people = &t.people;
    let there = (&people.staff, &people.shifts, &people.fallback_roster);
    let gone = (
        &people.notices,
        &people.separations,
        &people.resigned,
        &people.released,
        &people.reachable,
    );
    let chunks: Vec<_> = t
        .chunks
        .iter()
        .map(|(id, c)| (id, &c.state, c.share))
        .collect();
    let calls = (
        &t.baselines,
        &t.calendar,
        &t.contingency.open_work,
        &t.terms,
    );
    canonical::hash("readiness", &(there, gone, chunks, calls))
}

/// Whether a figure is news beside the one recorded last: other numbers, or half as old as it may be.
fn is_news(t: &Transition, computed: &Computed, now: Timestamp) -> bool {
    let Some(recorded) = last(t, &computed.command.cover) else {
        return false;
    };
    let figures = |f: &ReadinessFigures| {
        (
            f.now_bp,
            f.within_15min_bp,
            f.within_2h_bp,
            f.within_24h_bp,
            f.keep,
        )
    };
    let half_min = i64::from(t.terms.people.readiness_valid_h) * 30;
    figures(&recorded.figures) != figures(&computed.command.figures)
        || now.duration_since(recorded.at) >= SignedDuration::from_mins(half_min)
}

impl Shared {
    /// Computes anew what was recorded once, and records what is news.
    pub(super) async fn renew_readiness(&self, t: &Arc<Transition>, now: Timestamp) {
        let (data, state) = (self.data.clone(), Arc::clone(t));
        let looked = tokio::task::spawn_blocking(move || -> Result<_, Failure> {
            let (door, _) = look(&data, &state, None, now)?;
            let news = computed(&state, &door).into_iter();
            let news: Vec<_> = news.filter(|c| is_news(&state, c, now)).collect();
            news.iter().try_for_each(|c| c.keep_inputs(&data))?;
            Ok(news)
        });
        let news = match looked.await {
            Ok(Ok(news)) => news,
            Ok(Err(error)) => {
                tracing::warn!(%error, "fallback readiness was not computed; the last recorded figures grow old");
                return;
            }
            Err(error) => {
                tracing::error!(
                    error = chain(&error),
                    "the computation of fallback readiness died"
                );
                return;
            }
        };
        for computed in news {
            self.record_readiness(computed, now).await;
        }
    }

    async fn record_readiness(&self, computed: Computed, now: Timestamp) {
        let cover = computed.command.cover.clone();
        let id = format!(
            "readiness:{}:{}:{}:{}:{}",
            self.stream,
            cover.site,
            cover.rung,
            cover.shift,
            now.as_microsecond()
        );
        let actor = Actor::new(SEGUE, Side::Client, &[Role::Implementation]);
        let command = Command::RecordReadiness(computed.command);
        if let Err(why) = self.own(id, actor, command, now).await {
            tracing::warn!(%cover, why, "a readiness was not recorded");
        }
    }
}
