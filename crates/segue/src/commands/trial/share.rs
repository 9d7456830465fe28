//! `segue trial share CHUNK`: the share that runs is the share that was agreed, proved by two calls whose buckets lie on
//! either side of the threshold, for each number and node. A mismatch pauses the chunk: nothing goes further.

use crate::cli::Global;
use crate::context::Context;
use crate::login;
use crate::node::policy::arm_name;
use crate::office::{Office, block_on, open_facts};
use crate::output::{Answer, Answered, Failure};
use crate::trials::through::{self, Placed, Through, fictional_numbers};
use crate::trials::{again, evidence, hours};
use clap::Args;
use segue_domain::chunks::Chunk;
use segue_domain::ids::{ChunkId, LineId};
use segue_domain::pauses::{PauseChunk, is_call};
use segue_domain::share::TrafficShare;
use segue_domain::telephony_checks::paths;
use segue_domain::text::LIST_MAX;
use segue_domain::{Event, Transition};
use segue_routing::Arm;
use segue_routing::order::witnesses;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// A number that an earlier trial left on one side for 72 hours is passed over so many times.
const TRIES_MAX: usize = 8;

/// Options of `segue trial share`.
#[derive(Debug, Args)]
pub struct Share {
    /// The chunk whose share is proved
    chunk: ChunkId,
    /// The SIP address of a node; once for each node
    #[arg(long = "via", value_name = "ADDR", default_value = "127.0.0.1:5060")]
    via: Vec<SocketAddr>,
    /// Numbers that test calls may come from, E.164; without them numbers that belong to nobody
    #[arg(long = "caller", value_name = "NUMBER", value_parser = super::call::caller_number)]
    callers: Vec<String>,
    /// The local address to call from; the node must take calls from it
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    from: SocketAddr,
    /// Only say it: leave the chunk running on a mismatch
    #[arg(long)]
    no_hold: bool,
}

/// One call and what it proves.
#[derive(Debug, Serialize)]
struct Proof {
    /// The node's SIP address, which is there where a node kept no decision too.
    via: SocketAddr,
    line: String,
    dialled: String,
    node: Option<String>,
    call: Option<String>,
    table_hash: Option<String>,
    caller: String,
    bucket: u16,
    expected: &'static str,
    decided: Option<String>,
    rule: Option<String>,
    answered_by: Option<String>,
    /// `None`: the number's windows are closed now, or an earlier call holds the caller on one side; nothing can be said.
    ok: Option<bool>,
}

impl Share {
    pub(super) fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        block_on(async {
            let actor = login::actor(&ctx).await?;
            let office = Office::open(&ctx.data).await?;
            let before = again::recorded(
                &ctx,
                &office,
                &actor,
                "pause_chunk",
                |event| matches!(event, Event::ChunkPaused(e) if e.chunk == self.chunk),
            )
            .await?;
            if let Some(before) = before {
                return Ok(before.answer());
            }
            let t = office.state().await?;
            let chunk = t.chunk(&self.chunk).ok_or_else(|| {
                Failure::BadInput(format!(
                    "there is no chunk `{}`; see segue show chunks",
                    self.chunk
                ))
            })?;
            let share = if chunk.is_out() {
                chunk.share
            } else {
                TrafficShare::HOME
            };
            let (proofs, missing) = self.prove(&ctx, &t, chunk, share).await?;
            let wrong = proofs.iter().any(|p| p.ok == Some(false));
            let holds = missing.is_empty()
                && !proofs.is_empty()
                && proofs.iter().all(|p| p.ok == Some(true));
            let reference = evidence::keep(&ctx.data, "share", ctx.now(), &proofs)?;
            let paused = wrong && share.is_out() && !self.no_hold;
            if paused {
                let command = PauseChunk {
                    chunk: self.chunk.clone(),
                    reason: "test calls did not arrive as the share says".into(),
                    calls: calls_of_mismatches(&proofs),
                    reference: Some(reference.clone()),
                };
                office.execute(&ctx, &actor, command.into()).await?;
            }
            let json = json!({
                "reference": reference, "chunk": self.chunk, "share_percent": share.percent(), "holds": holds, "paused": paused, "calls": proofs,
                "missing": missing,
            });
            let closed = hours::closed(&chunk.planned.windows, ctx.now());
            let closed =
                closed.filter(|_| proofs.iter().any(|p| p.rule.as_deref() == Some("window")));
            let more: Vec<_> = missing.into_iter().chain(closed).collect();
            Ok(Answer::new(&json, text(&proofs, &more, holds, paused)).wanting_if(!holds))
        })
    }

    async fn prove(
        &self,
        ctx: &Context,
        t: &Transition,
        chunk: &Chunk,
        share: TrafficShare,
    ) -> Result<(Vec<Proof>, BTreeSet<String>), Failure> {
        let (facts, key) = (open_facts(&ctx.data).await?, ctx.data.caller_key()?);
        let agent = through::bind(self.from).await?;
        let (mut proofs, mut missing) = (Vec::new(), BTreeSet::new());
        for via in &self.via {
            let through = Through {
                agent: &agent,
                facts: &facts,
                key: &key,
                t,
                via: *via,
            };
            for (line, dialled) in paths(t, chunk) {
                let route = t
                    .line(line)
                    .and_then(|line| line.routes.iter().find(|r| r.dialled == dialled));
                let Some(route) = route else { continue };
                for arm in [Arm::Outsourced, Arm::InHouse] {
                    let target = match arm {
                        Arm::Outsourced => &route.outsourced,
                        Arm::InHouse => &route.in_house,
                    };
                    let proof = self
                        .one(&through, ctx, share, dialled, (arm, target))
                        .await?;
                    match proof {
                        Some(proof) => proofs.push(Proof {
                            line: line.to_string(),
                            ..proof
                        }),
                        None if takes_calls(share, arm) => {
                            missing.insert(lacking(line, dialled, share, arm));
                        }
                        None => {}
                    }
                }
            }
        }
        agent.stop().await;
        Ok((proofs, missing))
    }

    /// The call of one side; nothing where the share leaves that side no caller.
    async fn one(
        &self,
        through: &Through<'_>,
        ctx: &Context,
        share: TrafficShare,
        dialled: &str,
        (arm, target): (Arm, &str),
    ) -> Result<Option<Proof>, Failure> {
        let mut numbers: BTreeSet<String> = if self.callers.is_empty() {
            fictional_numbers().collect()
        } else {
            self.callers.iter().cloned().collect()
        };
        let group = ctx.data.transition().as_str();
        let key = through.t.caller_key(through.key, dialled);
        let mut last = None;
        for _ in 0..TRIES_MAX {
            let (out, home) = witnesses(&key, group, share, numbers.iter().map(String::as_str));
            let witness = match arm {
                Arm::Outsourced => out,
                Arm::InHouse => home,
            };
            let Some(caller) = witness.map(str::to_owned) else {
                break;
            };
            let placed = through
                .call(dialled, &caller, through.place(dialled, &caller))
                .await?;
            let rule = placed.decision.as_ref().map(|d| d.rule.clone());
            last = Some(proof(
                (&placed, through.via),
                key.bucket(group, &caller),
                dialled,
                (arm, target),
                &caller,
            ));
            if rule.as_deref() != Some("episode") {
                break;
            }
            numbers.remove(&caller);
        }
        Ok(last)
    }
}

/// The calls of each number and node that did not arrive as the share says, both sides of the threshold; no caller is named.
fn calls_of_mismatches(proofs: &[Proof]) -> Vec<String> {
    let path = |p: &Proof| (p.via, p.line.clone(), p.dialled.clone());
    let wrong = proofs.iter().filter(|p| p.ok == Some(false));
    let wrong: BTreeSet<_> = wrong.map(path).collect();
    let of_wrong = proofs.iter().filter(|p| wrong.contains(&path(p)));
    let calls = of_wrong.filter_map(|p| p.call.clone());
    calls.filter(|id| is_call(id)).take(LIST_MAX).collect()
}

fn takes_calls(share: TrafficShare, arm: Arm) -> bool {
    match arm {
        Arm::Outsourced => share.percent() > 0,
        Arm::InHouse => share.percent() < 100,
    }
}

/// What to do about a side that takes calls and that none of the numbers reaches.
fn lacking(line: &LineId, dialled: &str, share: TrafficShare, arm: Arm) -> String {
    format!(
        "{line} {dialled}: none of the numbers named with --caller is one that must go {} at {} %; name more, or leave --caller out.",
        arm_name(arm),
        share.percent()
    )
}

fn proof(
    (placed, via): (&Placed, SocketAddr),
    bucket: u16,
    dialled: &str,
    (arm, target): (Arm, &str),
    caller: &str,
) -> Proof {
    let decision = placed.decision.as_ref();
    let expected = arm_name(arm);
    let ok = match decision {
        // A number that an earlier call holds on one side says nothing of the share, on whichever side.
        Some(d) if matches!(d.rule.as_str(), "window" | "episode") => None,
        Some(d) => Some(d.arm == expected && placed.answered_by() == Some(target)),
        None => Some(false),
    };
    Proof {
        via,
        line: String::new(),
        dialled: dialled.to_owned(),
        node: decision.map(|d| d.node.clone()),
        call: decision.map(|d| d.call_id.clone()),
        table_hash: decision.map(|d| d.table_hash.clone()),
        caller: caller.to_owned(),
        bucket,
        expected,
        decided: decision.map(|d| d.arm.clone()),
        rule: decision.map(|d| d.rule.clone()),
        answered_by: placed.answered_by().map(str::to_owned),
        ok,
    }
}

fn text(proofs: &[Proof], more: &[String], holds: bool, paused: bool) -> String {
    let line = |p: &Proof| {
        let said = match p.ok {
            Some(true) => "as agreed",
            Some(false) => "NOT as agreed",
            None if p.rule.as_deref() == Some("episode") => {
                "cannot be said, an earlier call holds this number on one side for 72 hours; call from another"
            }
            None => "cannot be said while its windows are closed",
        };
        format!(
            "{} {} on node {}: bucket {} must go {}, answered by {} ({}): {said}\n",
            p.line,
            p.dialled,
            p.node.as_deref().unwrap_or("?"),
            p.bucket,
            p.expected,
            p.answered_by.as_deref().unwrap_or("nobody"),
            p.rule.as_deref().unwrap_or("no decision was kept"),
        )
    };
    let mut text: String = proofs.iter().map(line).collect();
    for said in more {
        text.push_str(said);
        text.push('\n');
    }
    text.push_str(if holds {
        "The share runs as agreed."
    } else {
        "Not proved: take no further step."
    });
    if paused {
        text.push_str(" The chunk is paused; both parties sign that it goes on (segue do sign-resume --key FILE).");
    }
    text
}
