//! `segue trial transfer LINE DIALLED`: a test caller reaches the outsourcer's agent, who hands on to the nurse by the line's
//! escalation number; what the caller lived through is measured, kept and, where asked, recorded (§7.11).

use super::asked::{CHECKED, Recorder, is_check};
use super::path::route_of;
use super::{require_no_emergency, result};
use crate::cli::Global;
use crate::clock;
use crate::context::Context;
use crate::office::{Office, block_on, open_facts};
use crate::output::{Answer, Answered, Failure};
use crate::trials::again::Before;
use crate::trials::evidence;
use crate::trials::through::{self, Through, fictional_numbers};
use clap::Args;
use segue_domain::caller::CallerKey;
use segue_domain::contingency::escalation::RecordEscalationTest;
use segue_domain::ids::{ChunkId, LineId};
use segue_domain::telephony_checks::{CheckKind, RecordTelephonyChecks, paths};
use segue_domain::{Actor, Event, Transition};
use segue_journal::facts::{Decision, TargetOutcome};
use segue_trials::agent::{Agent, Place};
use segue_trials::tone::Tone;
use segue_trials::transfer::{TransferKind, TransferReport, TransferTrial};
use serde::Serialize;
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;

/// Options of `segue trial transfer`.
#[derive(Debug, Args)]
pub struct TransferTo {
    /// The line
    line: LineId,
    /// The number of its route, as Segue sees it: 7001
    dialled: String,
    /// The SIP address of a node: the escalation number is called through it, as the public network would
    #[arg(long, value_name = "ADDR")]
    via: SocketAddr,
    /// Whom to call instead of the route's outsourced target
    #[arg(long, value_name = "URI")]
    to: Option<String>,
    /// A test line plays the agent (`segue trial answer --transfer-to sip:ESCALATION@NODE`); without it a person transfers
    #[arg(long)]
    agent_line: bool,
    /// A test line plays the nurse: audio both ways and the numbers shown are proved
    #[arg(long)]
    nurse_line: bool,
    /// Seconds the agent may take to begin
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=900))]
    begin_s: u64,
    /// The number to call from, E.164; without it one that belongs to nobody and would be the first to go out
    #[arg(long, value_name = "NUMBER", value_parser = super::call::caller_number)]
    caller: Option<String>,
    /// The local address to call from; the node must take calls from it
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    from: SocketAddr,
    /// Record the result in the transition: the check of the path, and the escalation test of the chunks on it
    #[arg(long)]
    record: bool,
}

/// What is judged.
#[derive(Debug, Serialize)]
struct Judged {
    #[serde(flatten)]
    seen: TransferReport,
    /// The bucket of the caller: below the share it goes out, wherever it is not bypassed.
    bucket: u16,
    /// Whether the agent had spoken with the nurse, and stayed until she had the caller.
    warm: bool,
    /// Whether the node settled the call to the nurse by the rule of escalation, and in-house.
    past_split: bool,
    /// Calls to escalation numbers that the node saw meanwhile, the agent's own included.
    escalation_calls: usize,
    /// Of those, calls that it sent or offered to the outsourcer.
    went_out: usize,
    /// Who answered the caller's, as the node knows; a last resort is no nurse.
    answered_by: Option<String>,
    /// Seconds that reaching a nurse may take, as both signed.
    nurse_s_max: u32,
    /// Why it does not pass; empty where it does.
    faults: Vec<String>,
}

/// What the transition says about the path.
struct Known {
    target: String,
    outsourced: String,
    numbers: Vec<String>,
    chunks: Vec<ChunkId>,
    nurse_s_max: u32,
}

impl TransferTo {
    pub(super) fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        block_on(async {
            let office = Office::open(&ctx.data).await?;
            let t = office.state().await?;
            let known = self.known(&t)?;
            let by = Recorder::of(&ctx, &office, self.record, CHECKED, |event| {
                is_check(event, &self.line, &self.dialled, |kind| {
                    kind == CheckKind::WarmTransfer
                })
            })
            .await?;
            if let (Some(actor), Some(before)) = (&by.actor, by.before) {
                let test = kept_test(&ctx, &before)?;
                record_test(&ctx, &office, actor, test).await?;
                return Ok(before.answer());
            }
            let agent = through::bind(self.from).await?;
            let judged = self.tried(&ctx, &t, &agent, &known).await;
            agent.stop().await;
            let judged = judged?;
            let test = escalation_test(&judged, &known);
            let seen = json!({ "transfer": judged, "escalation_test": test });
            let reference = evidence::keep(&ctx.data, "transfer", ctx.now(), &seen)?;
            if let Some(actor) = &by.actor {
                let checks = self.check(&judged, &reference);
                office.execute(&ctx, actor, checks.into()).await?;
                record_test(&ctx, &office, actor, test).await?;
            }
            let recorded = by.actor.is_some();
            let json = json!({
                "line": self.line, "dialled": self.dialled, "target": known.target, "chunks": known.chunks,
                "transfer": judged, "reference": reference, "recorded": recorded,
            });
            let failed = !judged.faults.is_empty();
            Ok(Answer::new(&json, text(&judged, &reference)).wanting_if(failed))
        })
    }

    fn known(&self, t: &Transition) -> Result<Known, Failure> {
        let (line, route) = route_of(t, &self.line, &self.dialled)?;
        if line.escalation_numbers.is_empty() {
            return Err(Failure::BadInput(format!(
                "line `{}` has no escalation number; write it into the line's record first",
                self.line
            )));
        }
        let target = self.to.clone().unwrap_or_else(|| route.outsourced.clone());
        require_no_emergency(&target)?;
        for number in &line.escalation_numbers {
            require_no_emergency(number)?;
        }
        let here = |chunk: &&segue_domain::chunks::Chunk| {
            paths(t, chunk).any(|(line, dialled)| *line == self.line && dialled == self.dialled)
        };
        let chunks = t.chunks.values().filter(here);
        Ok(Known {
            target,
            outsourced: route.outsourced.clone(),
            numbers: line.escalation_numbers.clone(),
            chunks: chunks.map(|chunk| chunk.planned.id.clone()).collect(),
            nurse_s_max: t.terms.contingency.escalation_answer_s,
        })
    }

    async fn tried(
        &self,
        ctx: &Context,
        t: &Transition,
        agent: &Agent,
        known: &Known,
    ) -> Result<Judged, Failure> {
        let (facts, key) = (open_facts(&ctx.data).await?, ctx.data.caller_key()?);
        let group = ctx.data.transition().as_str();
        let caller = self
            .caller
            .clone()
            .unwrap_or_else(|| first_out(&key, group));
        let through = Through {
            agent,
            facts: &facts,
            key: &key,
            t,
            via: self.via,
        };
        let trial = TransferTrial {
            agent: Place {
                caller: Some(caller.clone()),
                ..Place::new(known.target.as_str())
            },
            agent_is_line: self.agent_line,
            numbers: known.numbers.clone(),
            begin_wait: Duration::from_secs(self.begin_s),
            nurse_wait: Duration::from_secs(u64::from(known.nurse_s_max.max(30))),
            nurse_is_line: self.nurse_line,
        };
        let since = clock::now();
        let onward = |number: &str| Place {
            audio: Some(Tone::Caller),
            ..through.place(number, &caller)
        };
        let seen = trial.run(&agent.caller(), onward).await;
        let seen = seen.map_err(|e| Failure::BadInput(e.to_string()))?;
        let calls = if seen
            .number
            .as_ref()
            .is_some_and(|n| known.numbers.contains(n))
        {
            let to_nurse = |d: &Decision| known.numbers.contains(&d.dialled);
            through.kept(since, to_nurse).await?
        } else {
            Vec::new()
        };
        let hash = key.hash(&caller);
        let own = calls.iter().rev().find(|d| d.caller == Some(hash));
        let past_split = own.is_some_and(|d| d.rule == "escalation" && d.arm == "in_house");
        let out = |d: &&Decision| {
            let offered = |t: &TargetOutcome| t.uri == known.outsourced || t.uri == known.target;
            d.arm != "in_house" || d.targets.iter().any(offered)
        };
        let answered = own.and_then(|d| d.targets.iter().position(|t| t.outcome == "answered"));
        let answered_by = own.zip(answered).map(|(d, at)| d.targets[at].uri.clone());
        let mut judged = Judged {
            answered_by,
            bucket: key.bucket(group, &caller),
            warm: seen.is_warm(),
            past_split,
            escalation_calls: calls.len(),
            went_out: calls.iter().filter(out).count(),
            nurse_s_max: known.nurse_s_max,
            faults: Vec::new(),
            seen,
        };
        judged.faults = faults(&judged, &caller);
        if answered.is_some_and(|at| at > 0) {
            let said = "the nurse did not answer: who came after her in the order did";
            judged.faults.push(said.into());
        }
        Ok(judged)
    }

    fn check(&self, judged: &Judged, reference: &str) -> RecordTelephonyChecks {
        let passed = judged.faults.is_empty();
        RecordTelephonyChecks {
            line: self.line.clone(),
            dialled: self.dialled.clone(),
            checks: vec![result(CheckKind::WarmTransfer, passed, None)],
            reference: reference.to_owned(),
        }
    }
}

/// Records the escalation test beside the check, under an id of its own: one invocation sends both.
async fn record_test(
    ctx: &Context,
    office: &Office,
    actor: &Actor,
    test: Option<RecordEscalationTest>,
) -> Result<(), Failure> {
    let Some(test) = test else { return Ok(()) };
    let id = ctx.command_id.as_ref().map(|id| format!("{id}-escalation"));
    office
        .execute_as(ctx, actor, id, test.into())
        .await
        .map(drop)
}

/// The escalation test of a trial whose check was recorded: an invocation that ended between the two is finished by its retry.
fn kept_test(ctx: &Context, before: &Before) -> Result<Option<RecordEscalationTest>, Failure> {
    let reference = before.events.iter().find_map(|event| match event {
        Event::TelephonyChecked(checked) => Some(&checked.reference),
        _ => None,
    });
    // A check that a person recorded under this id names a protocol of their own.
    let own = |name: &&String| name.starts_with("trials/transfer-") && !name.contains("..");
    let Some(reference) = reference.filter(own) else {
        return Ok(None);
    };
    let seen = evidence::read(&ctx.data, reference)?;
    serde_json::from_value(seen["escalation_test"].clone())
        .map_err(|e| evidence::unreadable(reference, &e))
}

/// The number of nobody's with the lowest bucket: whatever share runs, this caller is the first to go out.
fn first_out(key: &CallerKey, group: &str) -> String {
    let lowest = fictional_numbers().min_by_key(|number| key.bucket(group, number));
    lowest.unwrap_or_default()
}

/// What the transition's plan of the way home counts: what does not pass is recorded as failed. Nothing where nobody was sent to
/// the nurse: no way to her was tried, and the check of the path says so.
fn escalation_test(judged: &Judged, known: &Known) -> Option<RecordEscalationTest> {
    let number = judged.seen.number.clone();
    let number = number.filter(|number| known.numbers.contains(number))?;
    let after_ms = judged.seen.nurse_after_ms.unwrap_or_default();
    (!known.chunks.is_empty()).then(|| RecordEscalationTest {
        chunks: known.chunks.clone(),
        number,
        nurse_after_s: u32::try_from(after_ms.div_ceil(1_000)).unwrap_or(u32::MAX),
        warm: judged.warm,
        past_split: judged.past_split && judged.went_out == 0,
        failed: !judged.faults.is_empty(),
    })
}

fn faults(judged: &Judged, caller: &str) -> Vec<String> {
    let seen = &judged.seen;
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let mut faults = Vec::new();
    let mut fault = |bad: bool, said: String| {
        if bad {
            faults.push(said);
        }
    };
    if !seen.is_through() {
        fault(
            true,
            format!("the caller did not reach the nurse: {}", seen.outcome),
        );
        fault(
            seen.caller_kept == Some(false),
            "and was left alone: the agent's line was gone too".into(),
        );
    }
    fault(
        seen.kind == Some(TransferKind::Blind) && seen.is_through(),
        "the transfer was blind: the nurse knew nothing of the caller".into(),
    );
    fault(
        seen.agent_stayed == Some(false),
        "the agent left before the nurse had answered".into(),
    );
    fault(
        seen.agent_released == Some(false),
        "the agent's line stayed busy".into(),
    );
    fault(
        seen.nurse_after_ms
            .is_some_and(|ms| ms > 1_000 * u64::from(judged.nurse_s_max)),
        format!("a nurse only after more than {} s", judged.nurse_s_max),
    );
    fault(
        seen.audio_in == Some(false),
        "the nurse was not heard".into(),
    );
    fault(
        seen.audio_out == Some(false),
        "the nurse did not hear the caller".into(),
    );
    fault(
        seen.caller_shown
            .as_ref()
            .is_some_and(|shown| *shown != digits(caller)),
        "the nurse was not shown the caller's number".into(),
    );
    fault(
        seen.is_through() && !judged.past_split,
        "the node did not settle the call by the rule of escalation".into(),
    );
    fault(judged.went_out > 0, "a call to the nurse went out".into());
    faults
}

fn text(judged: &Judged, reference: &str) -> String {
    let seen = &judged.seen;
    let how = match seen.kind {
        Some(TransferKind::Announced) => "announced",
        Some(TransferKind::Blind) => "blind",
        None => "no transfer",
    };
    let ms = |value: Option<u64>| value.map_or_else(|| "?".to_owned(), |ms| format!("{ms} ms"));
    let proof = |known: Option<bool>| match known {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not measured",
    };
    let mut said = format!(
        "{} ({how}); the nurse's telephone rang {}, she was on the line after {}; she is heard: {}; she hears the caller: {}; \
         shown `{}` and `{}`.\n{} calls to the nurse, {} of them out; bucket {}, settled by the rule of escalation: {}.\n",
        seen.outcome,
        ms(seen.nurse_ring_ms),
        ms(seen.nurse_after_ms),
        proof(seen.audio_in),
        proof(seen.audio_out),
        seen.caller_shown.as_deref().unwrap_or("?"),
        seen.dialled_shown.as_deref().unwrap_or("?"),
        judged.escalation_calls,
        judged.went_out,
        judged.bucket,
        if judged.past_split { "yes" } else { "no" },
    );
    for fault in &judged.faults {
        said.push_str("FAULT ");
        said.push_str(fault);
        said.push('\n');
    }
    said + "Evidence: " + reference
}
