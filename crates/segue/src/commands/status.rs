//! `segue status`: phase, nodes, lines with the share in force and the last resort, the door.

use crate::cli::Global;
use crate::context::Context;
use crate::mailing;
use crate::node::control::{Ask, Told, ask};
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered};
use clap::Args;
use segue_domain::Transition;
use segue_domain::chunks::{Chunk, ChunkState};
use segue_domain::people::recorded_readiness::{ReadinessFigures, ReadinessRecorded};
use segue_web::nodes::NodeState;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Options of `segue status`.
#[derive(Debug, Args)]
pub struct Status {}

impl Status {
    /// Answers.
    pub fn run(global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        block_on(async {
            let state = Office::open(&ctx.data).await?.state().await?;
            let nodes = match ask(&ctx.data.path("segue.sock"), &Ask::Status).await {
                Some(Ok(Told::Status(nodes))) => nodes,
                _ => Vec::new(),
            };
            let lines = lines(&state, ctx.now());
            let mail = mailing::trouble(&ctx.data);
            let json = json!({
                "position": state.version,
                "phase": state.phase(),
                "transition": state.id,
                "name": state.name,
                "example": state.example,
                "schedule": state.schedule.standing(),
                "nodes": nodes,
                "lines": lines,
                "door": door(&state),
                "checkpoint_mail": mail.as_ref().err(),
            });
            let mut text = text(&state, &nodes);
            if let Err(why) = mail {
                let _ = writeln!(text, "CHECKPOINT NOT MAILED: {why}");
            }
            Ok(Answer::new(&json, text))
        })
    }
}

/// The door as recorded last: the lowest readiness of any shift, at its worst, whose door is not closed. Unknown is said,
/// never guessed.
fn door(t: &Transition) -> Value {
    let open = |r: &&ReadinessRecorded| {
        let mut chunks = t.chunks.values();
        chunks.any(|c| {
            c.state != ChunkState::Closed
                && c.planned.site == r.cover.site
                && t.rung(&c.planned.call_type) == Some(r.cover.rung)
        })
    };
    let recorded: Vec<_> = t.people.readiness.iter().filter(open).collect();
    let least = |of: fn(&ReadinessFigures) -> u32| {
        let bp = recorded.iter().map(|r| of(&r.figures)).min();
        bp.map(|bp| f64::from(bp) / 10_000.0)
    };
    json!({
        "r_now": least(|f| f.now_bp),
        "r_15m": least(|f| f.within_15min_bp),
        "r_2h": least(|f| f.within_2h_bp),
        "r_24h": least(|f| f.within_24h_bp),
        "as_of": recorded.iter().map(|r| r.at).min(),
    })
}

fn lines(t: &Transition, now: jiff::Timestamp) -> Vec<Value> {
    let mut rows = Vec::new();
    for line in &t.lines {
        let chunks: Vec<_> = t
            .chunks
            .values()
            .filter(|c| c.planned.lines.contains(&line.id))
            .collect();
        let row = |chunk: Option<&Chunk>| {
            json!({
                "line": line.id, "number": line.number, "last_resort": line.last_resort, "as_of": now,
                "chunk": chunk.map(|c| &c.planned.id),
                "state": chunk.map_or("in_house", |c| c.words()),
                "share": chunk.map_or(0, |c| c.share.percent()),
                "out": chunk.is_some_and(Chunk::is_out),
            })
        };
        if chunks.is_empty() {
            rows.push(row(None));
        }
        rows.extend(chunks.into_iter().map(|chunk| row(Some(chunk))));
    }
    rows
}

fn text(t: &Transition, nodes: &[NodeState]) -> String {
    if !t.is_created() {
        return "Nothing is known of this transition yet; create it with `segue do create-transition --file FILE.json`.".into();
    }
    let example = if t.example { "  (EXAMPLE DATA)" } else { "" };
    let phase = serde_json::to_value(t.phase())
        .ok()
        .and_then(|p| p.as_str().map(str::to_owned))
        .unwrap_or_default();
    let mut text = format!(
        "{}{example}\nphase: {phase}; schedule: {}\n",
        t.name,
        t.schedule.standing()
    );
    if nodes.is_empty() {
        text.push_str("node: none running here (`segue serve`)\n");
    }
    for n in nodes {
        let home = if n.home { ", HOME by latch" } else { "" };
        let heard = match n.heard_ms_ago {
            Some(0) => String::new(),
            Some(ms) => format!(", heard {} s ago", ms / 1_000),
            None => ", NOT HEARD".to_owned(),
        };
        let cut_off = n.sends_ms_left == Some(0) || n.lease_ms_left == 0;
        let apart = [
            (n.clock_differs, ", CLOCK DIFFERS"),
            (n.table_differs, ", TABLE DIFFERS"),
            (
                cut_off,
                ", CUT OFF: nothing goes out but what is signed to hold",
            ),
        ];
        let apart = apart.into_iter().filter(|(is, _)| *is);
        let apart: String = apart.map(|(_, words)| words).collect();
        let _ = writeln!(
            text,
            "node {}: table {}, latch epoch {}, lease {} s{home}{heard}{apart}",
            n.id,
            n.table_hash.get(..12).unwrap_or("none"),
            n.latch_epoch,
            n.lease_ms_left / 1000
        );
    }
    for line in &t.lines {
        let _ = writeln!(
            text,
            "{} {} (last resort: {})",
            line.id,
            line.number,
            line.last_resort.join(", ")
        );
        for chunk in t
            .chunks
            .values()
            .filter(|c| c.planned.lines.contains(&line.id))
        {
            let _ = writeln!(
                text,
                "  {:<20} {:<9} {:>3} % out",
                chunk.planned.id.as_str(),
                chunk.words(),
                chunk.share.percent()
            );
        }
    }
    text
}
