//! `segue route verify`: whether the order placed last holds: read back, arrivals, test calls; a mismatch keeps the gate red.

use super::{Wanted, kind_name};
use crate::cli::Global;
use crate::context::Context;
use crate::login;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use crate::trials::evidence;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use segue_domain::ids::RouteOrderId;
use segue_domain::route_orders::{RouteCheck, VerifyRouteOrder};
use segue_domain::share::TrafficShare;
use segue_routing::mechanism::{Capable, Mechanism, RouteCheckKind};
use segue_routing::order::{
    Order, arrivals_fit, compile, connect_holds, test_calls_fit, witnesses,
};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// Options of `segue route verify`.
#[derive(Debug, Args)]
pub struct Verify {
    #[command(flatten)]
    wanted: Wanted,
    /// What the mechanism reads back, as a file (Amazon Connect: `get-traffic-distribution`)
    #[arg(long, value_name = "FILE")]
    read_back: Option<PathBuf>,
    /// Calls that arrived at the outsourcer since
    #[arg(long, requires = "home_calls")]
    out_calls: Option<u32>,
    /// Calls that arrived in-house since
    #[arg(long, requires = "out_calls")]
    home_calls: Option<u32>,
    /// Whom a test call to the public number reached, once for each call
    #[arg(long = "reached", value_enum, value_name = "WHOM")]
    reached: Vec<Reached>,
    /// Numbers that test calls can be placed from, E.164
    #[arg(long = "from", value_name = "NUMBER")]
    from: Vec<String>,
    /// Record what was seen with the order placed last
    #[arg(long)]
    record: bool,
}

/// Whom a test call reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Reached {
    /// Somebody at the outsourcer
    Out,
    /// Somebody in-house
    Home,
    /// Nobody: busy, silence, a recording
    Nobody,
}

/// One thing that was looked at.
struct Seen {
    kind: RouteCheckKind,
    /// `None`: too little to say.
    holds: Option<bool>,
    said: String,
}

impl Verify {
    pub(super) fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        let mut order = self.wanted.order()?;
        let t = block_on(async { Office::open(&ctx.data).await?.state().await })?;
        let last = self.wanted.last(&t)?.map(|order| &order.placed);
        if let Some(placed) = last.filter(|_| order.windows.is_empty()) {
            order.windows.clone_from(&placed.windows);
        }
        let seen = self.look(&order, ctx.now())?;
        let needed = order.mechanism.capability().verify;
        let missing: Vec<_> = needed
            .iter()
            .filter(|kind| !seen.iter().any(|s| s.kind == **kind))
            .map(|kind| kind.words())
            .collect();
        let holds = missing.is_empty() && seen.iter().all(|s| s.holds == Some(true));
        let recorded = match (self.record, last) {
            (false, _) => None,
            (true, Some(placed)) => {
                keep(&ctx, &placed.order, &seen)?;
                Some(placed.order.clone())
            }
            (true, None) => {
                return Err(Failure::BadInput(format!(
                    "no order for {} is recorded; record it first: segue route apply",
                    self.wanted.number
                )));
            }
        };
        let key = ctx.data.caller_key()?;
        let numbers = self.from.iter().map(String::as_str);
        let (out, home) = witnesses(&key, ctx.data.transition().as_str(), order.share, numbers);
        let mut lines: Vec<String> = seen
            .iter()
            .map(|s| format!("{}: {} ({})", s.kind.words(), verdict(s.holds), s.said))
            .collect();
        if let (Mechanism::SipTrunk, Some(out), Some(home)) = (order.mechanism, out, home) {
            lines.push(format!(
                "Test calls: from {out} must reach the outsourcer, from {home} in-house."
            ));
        }
        if !missing.is_empty() {
            lines.push(format!("Still to be looked at: {}.", missing.join(", ")));
        }
        lines.push(match (holds, &recorded) {
            (true, None) => "Holds. Record it with --record.".into(),
            (true, Some(order)) => format!("{order} holds; recorded."),
            (false, _) => "Not proved: hold the next step.".into(),
        });
        let checks: Vec<Value> = seen
            .iter()
            .map(|s| json!({ "name": kind_name(s.kind), "ok": s.holds, "said": s.said }))
            .collect();
        let json = json!({
            "compiled": compile(&order).ok(), "refused": [], "checks": checks, "holds": holds, "missing": missing,
            "order": recorded, "test_calls": { "out_from": out, "home_from": home },
        });
        Ok(Answer::new(&json, lines.join("\n")).wanting_if(!holds))
    }

    fn look(&self, order: &Order, now: Timestamp) -> Result<Vec<Seen>, Failure> {
        let mut seen = Vec::new();
        if let Some(path) = &self.read_back {
            let text = fs::read_to_string(path).map_err(|e| {
                Failure::BadInput(format!("`{}` cannot be read: {e}", path.display()))
            })?;
            seen.push(Seen {
                kind: RouteCheckKind::ReadBack,
                holds: connect_holds(order, &text),
                said: "calls and agents against the order".into(),
            });
        }
        if let (Some(out), Some(home)) = (self.out_calls, self.home_calls) {
            seen.push(Seen {
                kind: RouteCheckKind::Arrivals,
                holds: arrivals_fit(order.share, out, home),
                said: format!(
                    "{out} of {} calls went out, ordered are {} %",
                    u64::from(out) + u64::from(home),
                    order.share.percent()
                ),
            });
        }
        if !self.reached.is_empty() {
            let count = |whom| self.reached.iter().filter(|r| **r == whom).count();
            let counts = [Reached::Out, Reached::Home, Reached::Nobody].map(count);
            let share = share_at(order, now);
            let [out, home, nobody] = counts;
            seen.push(Seen {
                kind: RouteCheckKind::TestCall,
                holds: test_calls_fit(share, counts),
                said: format!(
                    "{out} reached the outsourcer, {home} in-house, {nobody} nobody; at this hour {} % go out",
                    share.percent()
                ),
            });
        }
        Ok(seen)
    }
}

/// Records what can be said with an order.
fn keep(ctx: &Context, order: &RouteOrderId, seen: &[Seen]) -> Result<(), Failure> {
    let checks: Vec<RouteCheck> = seen
        .iter()
        .filter_map(|s| {
            Some(RouteCheck {
                kind: s.kind,
                holds: s.holds?,
                said: s.said.clone(),
            })
        })
        .collect();
    block_on(async {
        let office = Office::open(&ctx.data).await?;
        let actor = login::actor(ctx).await?;
        let reference = evidence::keep(&ctx.data, "order", ctx.now(), &checks)?;
        let command = VerifyRouteOrder {
            order: order.clone(),
            checks,
            reference,
        };
        office.execute(ctx, &actor, command.into()).await.map(drop)
    })
}

/// The share that the order has in force at an instant: outside its hours every call goes home.
fn share_at(order: &Order, now: Timestamp) -> TrafficShare {
    let mut windows = order.windows.iter().filter_map(|w| w.parse().ok());
    if order.windows.is_empty() || windows.any(|window| window.contains(now)) {
        order.share
    } else {
        TrafficShare::HOME
    }
}

fn verdict(ok: Option<bool>) -> &'static str {
    match ok {
        Some(true) => "holds",
        Some(false) => "does not hold",
        None => "cannot be said yet",
    }
}
