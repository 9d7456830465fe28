//! The guard's loop on this node: call facts in, commands to the desk out, the latest verdicts kept for the page.
//!
//! Facts are read again and again over a short time back, and now and then over a long one, because they come late and
//! out of order; the loop takes each of them once.

use super::ingest::IN_HOUSE;
use super::joining::{Joiner, leave_out_tests};
use super::parity;
use super::remembering::GuardFiles;
use super::{SEGUE, Shared};
use crate::clock;
use crate::node::policy::{OPEN_CASE, arm_name};
use crate::office::chain;
use jiff::{SignedDuration, Timestamp};
use segue_domain::test_numbers::TestNumbers;
use segue_domain::{Actor, Command, Event, Refusal, Role, Side, decide};
use segue_guard::segments::{AgeBand, Language, Who};
use segue_guard::{CallKey, Fact, Fed, Outside, Recorded, Routed, Turn, Watch};
use segue_journal::facts::{AcdCall, Cursor, Decision, Facts, FactsError};
use segue_parity::guard::record::Arm;
use segue_routing::Arm as Route;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::watch;

/// How often the guards look when that is quick: a verdict follows a record within a second.
const PERIOD: Duration = Duration::from_secs(1);
/// A look that took long is followed by a pause so many times as long.
const PAUSE_TIMES: u32 = 9;
/// How far back facts are read at every look.
const SHORT_BACK: SignedDuration = SignedDuration::from_mins(20);
/// How far back they are read now and then: a feed that was down tells a day late.
const LONG_BACK: SignedDuration = SignedDuration::from_hours(26);
/// How often that is.
const LONG_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// Facts read at once.
const PAGE: u32 = 5_000;
/// Pages read at most at one look.
const PAGES_MAX: usize = 40;
/// A record may be on its way for this long after its call: a feed that speaks has told everything older.
const UNDERWAY: SignedDuration = SignedDuration::from_secs(60);
/// How often what the guards remember is written down, and exhibits are read.
const KEEP_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// How long "had we not moved" of the time before a start is waited for.
const REPLAY_WAIT: Duration = Duration::from_secs(20);
/// The name of this work among the nodes.
const JOB: &str = "guards";
/// How long a look counts as being done: after that the next node acts.
const VALID: Duration = Duration::from_secs(30);

/// Looks until `stop`.
pub(super) async fn keep(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    tokio::select! {
        () = shared.replayed_once.notified() => {}
        () = tokio::time::sleep(REPLAY_WAIT) => {}
        _ = stop.wait_for(|stop| *stop) => return,
    }
    let now = clock::now();
    let (mut guards, mut first_back) = shared.recall(now);
    let mut read_long_at = Timestamp::UNIX_EPOCH;
    let mut kept_at = Timestamp::UNIX_EPOCH;
    loop {
        let started = clock::monotonic();
        let now = clock::now();
        if now.duration_since(kept_at) >= KEEP_EVERY {
            shared.show_exhibits(&mut guards.watch);
        }
        let back = if now.duration_since(read_long_at) >= LONG_EVERY {
            read_long_at = now;
            std::mem::replace(&mut first_back, LONG_BACK)
        } else {
            SHORT_BACK
        };
        shared.guard(&mut guards, now, back).await;
        if now.duration_since(kept_at) >= KEEP_EVERY {
            kept_at = now;
            shared.remember(&guards.watch, now).await;
        }
        let pause = PERIOD.max(started.elapsed() * PAUSE_TIMES);
        let is_over = tokio::select! {
            () = tokio::time::sleep(pause) => false,
            _ = stop.wait_for(|stop| *stop) => true,
        };
        if is_over {
            shared.remember(&guards.watch, clock::now()).await;
            return;
        }
    }
}

/// The loop with what it needs to read facts.
#[derive(Debug, Default)]
pub(super) struct GuardLoop {
    pub(super) watch: Watch,
    joiner: Joiner,
}

impl Shared {
    /// One look: everything new is heard, every chunk that is out is judged, what follows is done.
    pub(super) async fn guard(&self, guards: &mut GuardLoop, now: Timestamp, back: SignedDuration) {
        let t = self.transition();
        guards.watch.follow(&t, now);
        guards.joiner.forget(now);
        let heard = hear(&self.facts, guards, &t.test_numbers, now - back).await;
        let watch = &mut guards.watch;
        if let Err(error) = &heard {
            tracing::warn!(
                error = chain(error),
                "the guards cannot read the call facts"
            );
        }
        // What we could not read, nobody kept back: without the facts a feed counts as silent, and the guards hold.
        for (by, fed_at) in Arm::BOTH.into_iter().zip(self.memory().fed_at) {
            if let (Some(fed_at), Ok(())) = (fed_at, &heard) {
                let complete_until = fed_at - UNDERWAY;
                watch.hear(Fact::Fed(Fed { by, complete_until }));
            }
        }
        let turns = watch.look(&t, now, Outside::default());
        for turn in &turns {
            if let Some(page) = &turn.page {
                tracing::warn!(chunk = %turn.chunk, advised = page.advised, reasons = ?page.reasons, "guard");
            }
            // Home waits for no disk.
            self.act(turn, now).await;
            if turn.is_new {
                self.keep_verdict(turn, watch).await;
            }
        }
        // Who stands by judges all the same; the work for all is one node's.
        if heard.is_ok() && !self.stands_by(JOB) {
            self.did(JOB, VALID);
        }
        let so_far = self.memory().so_far.clone();
        let view = parity::view(&t, watch, (&turns, &so_far), now);
        self.memory().parity = Arc::new(view);
    }

    /// What a process before this one remembered, and how far back facts are read first: nothing it was told counts twice, and
    /// nothing that came since is missed.
    pub(super) fn recall(&self, now: Timestamp) -> (GuardLoop, SignedDuration) {
        match self.guard_files.recall() {
            Ok(Some((watch, at))) => {
                let joiner = Joiner::default();
                (
                    GuardLoop { watch, joiner },
                    now.duration_since(at) + LONG_BACK,
                )
            }
            Ok(None) => (GuardLoop::default(), LONG_BACK),
            Err(error) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "the guards begin without what they remembered"
                );
                (GuardLoop::default(), LONG_BACK)
            }
        }
    }

    /// Writes down what the guards remember; a disk that fails is said, and keeps no guard from looking.
    pub(super) async fn remember(&self, watch: &Watch, now: Timestamp) {
        let files = self.guard_files.clone();
        let kept = match GuardFiles::written(watch, now) {
            Ok(bytes) => tokio::task::spawn_blocking(move || files.keep(&bytes))
                .await
                .map_err(anyhow::Error::from)
                .flatten(),
            Err(error) => Err(error),
        };
        if let Err(error) = kept {
            tracing::error!(
                error = format!("{error:#}"),
                "what the guards remember was not kept; check the disk"
            );
        }
    }

    /// What the client's own weeks have shown; what cannot be read arms nobody.
    pub(super) fn show_exhibits(&self, watch: &mut Watch) {
        let exhibits = self.guard_files.exhibits();
        if let Err(error) = &exhibits {
            tracing::error!(error = format!("{error:#}"), "no guard acts on statistics");
        }
        watch.show(exhibits.unwrap_or_default());
    }

    /// Keeps a verdict that changes what is done, one JSON document a line: it replays to the same answer.
    async fn keep_verdict(&self, turn: &Turn, watch: &Watch) {
        let rules = watch.rules(&turn.chunk);
        let kept = json!({ "chunk": turn.chunk, "at": turn.at, "rules": rules, "assessment": turn.assessment });
        let path = self.guard_files.verdicts();
        let written = async {
            let mut file = tokio::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(&path)
                .await?;
            file.write_all(format!("{kept}\n").as_bytes()).await?;
            file.sync_data().await
        };
        if let Err(error) = written.await {
            tracing::error!(path = %path.display(), %error, "a verdict was not kept; check the disk");
        }
    }

    /// What a command leads to; where calls come home by it, they are home before the journal is asked.
    pub(super) fn latch_first(
        &self,
        command: &Command,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let events = decide(&self.transition(), command, actor, now)?;
        for event in &events {
            if let Event::FellBack(fell) = event
                && let Some(why) = self.node.bring_home(&fell.scope).not_durable
            {
                tracing::error!(
                    scope = fell.scope,
                    why,
                    "calls are home, but the latch is not on disk"
                );
            }
        }
        Ok(events)
    }

    /// Asks the desk for what the turn asks for, where that would be news. Every node judges; where another one acts already,
    /// this one only brings home, which is the same done twice.
    async fn act(&self, turn: &Turn, now: Timestamp) {
        let stands_by = self.stands_by(JOB);
        let actor = Actor::new(SEGUE, Side::Client, &[Role::Duty]);
        for (at, command) in turn.commands.iter().enumerate() {
            match self.latch_first(command, &actor, now) {
                Ok(events) if events.is_empty() => continue,
                Ok(events) if stands_by && !events.iter().any(is_homeward) => continue,
                Ok(_) => {}
                Err(refusal) => {
                    tracing::warn!(chunk = %turn.chunk, code = %refusal.code, "a guard's command was refused");
                    continue;
                }
            }
            self.execute(turn, at, command.clone(), actor.clone(), now)
                .await;
        }
    }

    async fn execute(
        &self,
        turn: &Turn,
        at: usize,
        command: Command,
        actor: Actor,
        now: Timestamp,
    ) {
        let id = format!(
            "guard:{}:{}:{}:{at}",
            self.stream,
            turn.chunk,
            now.as_microsecond()
        );
        // Tried again at the next look, for as long as it is so; the other chunks do not wait for it.
        if let Err(why) = self.own(id, actor, command, now).await {
            tracing::warn!(chunk = %turn.chunk, why, "a guard's command was not recorded");
        }
    }
}

/// Whether a fact lets fewer calls out.
fn is_homeward(event: &Event) -> bool {
    match event {
        Event::FellBack(_) => true,
        Event::ShareChanged(changed) => changed.to < changed.from,
        _ => false,
    }
}

/// Tells the loop every decision and record since then; records without Segue's header once they are joined.
async fn hear(
    facts: &Facts,
    guards: &mut GuardLoop,
    tests: &TestNumbers,
    since: Timestamp,
) -> Result<(), FactsError> {
    let mut decisions: Vec<Decision> = Vec::new();
    let mut cursor = Cursor::from(since);
    for _ in 0..PAGES_MAX {
        let page = facts.decisions_since(&cursor, PAGE).await?;
        let is_full = page.len() == PAGE as usize;
        decisions.extend(page);
        match decisions.last() {
            Some(last) if is_full => cursor = Cursor::after(last),
            _ => break,
        }
    }
    let mut records: Vec<AcdCall> = Vec::new();
    let mut cursor = Cursor::from(since);
    for _ in 0..PAGES_MAX {
        let page = facts.acd_calls_since(&cursor, PAGE).await?;
        let is_full = page.len() == PAGE as usize;
        records.extend(page);
        match records.last() {
            Some(last) if is_full => cursor = Cursor::after_call(last),
            _ => break,
        }
    }
    guards.joiner.join(&decisions, &mut records);
    leave_out_tests(tests, &mut decisions, &mut records);
    let watch = &mut guards.watch;
    decisions
        .iter()
        .filter_map(routed)
        .for_each(|r| watch.hear(Fact::Routed(r)));
    records
        .iter()
        .filter_map(recorded)
        .for_each(|r| watch.hear(Fact::Recorded(r)));
    Ok(())
}

/// A decision of a chunk; others have nobody to compare. An open case sends for sure, which compares nothing by itself; the call still
/// counts for floors and as served or not, and within its caller's episode for the side that the share drew.
fn routed(decision: &Decision) -> Option<Routed> {
    let caller = decision.caller.map(|caller| caller.to_string());
    let arm = if decision.arm == arm_name(Route::Outsourced) {
        Arm::Outsourced
    } else {
        Arm::InHouse
    };
    let pi_bp = match (decision.rule == OPEN_CASE, arm) {
        (false, _) => decision.pi_bp,
        (true, Arm::Outsourced) => 10_000,
        (true, Arm::InHouse) => 0,
    };
    Some(Routed {
        call: CallKey::read(&decision.call_id)?,
        at: decision.at,
        chunk: decision.chunk.as_deref()?.into(),
        arm,
        pi_bp,
        caller: caller.and_then(|hash| u64::from_str_radix(hash.get(..16)?, 16).ok()),
    })
}

/// A record that kept Segue's header or was joined; of any other nobody knows which decision it belongs to.
pub(super) fn recorded(call: &AcdCall) -> Option<Recorded> {
    Some(Recorded {
        call: CallKey::read(call.call_id.as_deref()?)?,
        by: if call.source.starts_with(IN_HOUSE) {
            Arm::InHouse
        } else {
            Arm::Outsourced
        },
        waiting_since: call.queued_at.or(call.offered_at)?,
        answered_at: call.answered_at,
        abandoned_at: call.abandoned_at,
        ended_at: call.ended_at,
        who: Who {
            language: call.language.as_deref().and_then(Language::read),
            age: call.age_band.as_deref().and_then(AgeBand::read),
        },
    })
}
