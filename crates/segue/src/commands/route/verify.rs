//! `segue route verify`: whether the order placed last holds: read back, arrivals, test calls; a mismatch keeps the gate red.

use super::{Wanted, kind_name, signed_windows};
use crate::cli::Global;
use crate::commands::trial::caller_number;
use crate::context::Context;
use crate::login;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use crate::trials::again::{self, Before};
use crate::trials::{evidence, hours};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use segue_domain::ids::{ChunkId, RouteOrderId};
use segue_domain::route_orders::{RouteCheck, RouteOrderPlaced, VerifyRouteOrder};
use segue_domain::share::TrafficShare;
use segue_domain::windows::{ShiftWindow, is_open};
use segue_domain::{Event, Transition};
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
    #[arg(long = "from", value_name = "NUMBER", value_parser = caller_number)]
    from: Vec<String>,
    /// The order that is looked at; without it the last one of the number and mechanism
    #[arg(long, value_name = "ORDER", conflicts_with = "chunk")]
    order: Option<RouteOrderId>,
    /// The chunk whose last order is looked at
    #[arg(long)]
    chunk: Option<ChunkId>,
    /// Record what was seen with the order, which must be the one that was placed
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
        let placed = self.placed(&t)?;
        if order.windows.is_empty() {
            order.windows = self.hours(&t, placed);
        }
        if let Some(placed) = placed.filter(|_| self.record) {
            self.require_same(&order, placed)?;
            if let Some(before) = before(&ctx, &placed.order)? {
                return Ok(before.answer());
            }
        }
        let seen = self.look(&order, ctx.now())?;
        let needed = order.mechanism.capability().verify;
        let missing: Vec<_> = needed
            .iter()
            .filter(|kind| !seen.iter().any(|s| s.kind == **kind))
            .map(|kind| kind.words())
            .collect();
        let holds = missing.is_empty() && seen.iter().all(|s| s.holds == Some(true));
        let recorded = self.recorded(&ctx, placed, &seen)?;
        let key = ctx.data.caller_key()?;
        let key = t.caller_key(&key, &self.wanted.number);
        let numbers = self.from.iter().map(String::as_str);
        let (out, home) = witnesses(&key, ctx.data.transition().as_str(), order.share, numbers);
        let mut lines: Vec<String> = seen
            .iter()
            .map(|s| format!("{}: {} ({})", s.kind.words(), verdict(s.holds), s.said))
            .collect();
        if order.mechanism == Mechanism::SipTrunk {
            lines.extend(self.test_calls(order.share, out, home));
        }
        let closed = hours::closed(&order.windows, ctx.now());
        lines.extend(closed.clone().filter(|_| order.share.is_out()));
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
            "order": recorded, "test_calls": { "out_from": out, "home_from": home }, "closed": closed,
        });
        Ok(Answer::new(&json, lines.join("\n")).wanting_if(!holds))
    }

    /// The hours of the order, or without one those that both signed for the chunk.
    fn hours(&self, t: &Transition, placed: Option<&RouteOrderPlaced>) -> Vec<ShiftWindow> {
        match (placed, &self.chunk) {
            (Some(placed), _) => placed.windows.clone(),
            (None, Some(chunk)) => signed_windows(t, chunk),
            (None, None) => Vec::new(),
        }
    }

    /// Records what was seen, where that was asked; with which order.
    fn recorded(
        &self,
        ctx: &Context,
        placed: Option<&RouteOrderPlaced>,
        seen: &[Seen],
    ) -> Result<Option<RouteOrderId>, Failure> {
        if !self.record {
            return Ok(None);
        }
        let Some(placed) = placed else {
            return Err(Failure::BadInput(format!(
                "no order for {} is recorded; record it first: segue route apply",
                self.wanted.number
            )));
        };
        keep(ctx, &placed.order, seen)?;
        Ok(Some(placed.order.clone()))
    }

    /// Which test calls prove a share that Segue splits itself, or what they lack: a caller on each side that takes calls.
    fn test_calls(
        &self,
        share: TrafficShare,
        out: Option<&str>,
        home: Option<&str>,
    ) -> Vec<String> {
        if self.from.is_empty() {
            let said = "Test calls: name the numbers they can be placed from with --from, once for each; which side each belongs to is said then.";
            return vec![said.to_owned()];
        }
        let percent = share.percent();
        let side = |takes: u8, number: Option<&str>, whom: &str| match number {
            _ if takes == 0 => None,
            Some(number) => Some(format!("Test calls: from {number} must reach {whom}.")),
            None => Some(format!(
                "Test calls: none of the numbers named with --from reaches {whom} at {percent} %; name others until one does: of a hundred about {takes} do."
            )),
        };
        let sides = [
            side(percent, out, "the outsourcer"),
            side(100 - percent, home, "in-house"),
        ];
        sides.into_iter().flatten().collect()
    }

    /// The order that is looked at, where one is recorded.
    fn placed<'t>(&self, t: &'t Transition) -> Result<Option<&'t RouteOrderPlaced>, Failure> {
        let order = match &self.order {
            None => self.wanted.last(t, self.chunk.as_ref())?,
            Some(order) => Some(t.route_orders.get(order).ok_or_else(|| {
                Failure::BadInput(format!(
                    "there is no order {order}; see segue show route-orders"
                ))
            })?),
        };
        Ok(order.map(|order| &order.placed))
    }

    /// An order is proved by what was placed, never by what is typed later.
    fn require_same(&self, typed: &Order, placed: &RouteOrderPlaced) -> Result<(), Failure> {
        let windows = |windows: &[ShiftWindow]| {
            let windows = windows.iter().map(|w| format!("{} {}", w.window, w.zone));
            let text = windows.collect::<Vec<_>>().join("; ");
            if text.is_empty() {
                "always".to_owned()
            } else {
                text
            }
        };
        let percent = |share: TrafficShare| format!("{} %", share.percent());
        let fields = [
            ("--number", self.wanted.e164()?, placed.number.clone()),
            (
                "--mechanism",
                typed.mechanism.words().to_owned(),
                placed.mechanism.words().to_owned(),
            ),
            ("--out", typed.out.clone(), placed.out.clone()),
            ("--home", typed.home.clone(), placed.home.clone()),
            ("--share", percent(typed.share), percent(placed.share)),
            (
                "--window",
                windows(&typed.windows),
                windows(&placed.windows),
            ),
        ];
        let differ = fields.iter().filter(|(_, typed, placed)| typed != placed);
        let differ: Vec<_> = differ
            .map(|(name, typed, placed)| format!("{name} is {placed} there, not {typed}"))
            .collect();
        let same_hours = typed.windows == placed.windows;
        match (differ.is_empty(), same_hours) {
            (true, true) => Ok(()),
            (true, false) => Err(Failure::BadInput(format!(
                "order {} has other holidays; leave --window out",
                placed.order
            ))),
            (false, _) => Err(Failure::BadInput(format!(
                "order {} was placed otherwise: {}; verify what was placed, or name the order with --order",
                placed.order,
                differ.join("; ")
            ))),
        }
    }

    fn look(&self, order: &Order, now: Timestamp) -> Result<Vec<Seen>, Failure> {
        let mut seen = Vec::new();
        let is_open = is_open(&order.windows, now);
        let share = if is_open {
            order.share
        } else {
            TrafficShare::HOME
        };
        // Home at an hour when everything is home proves no share; anything else there is wrong.
        let proves = is_open || !order.share.is_out();
        let says = |fits: Option<bool>| fits.filter(|fits| proves || !fits);
        let in_force = Order {
            share,
            ..order.clone()
        };
        if let Some(path) = &self.read_back {
            let text = fs::read_to_string(path).map_err(|e| {
                Failure::BadInput(format!("`{}` cannot be read: {e}", path.display()))
            })?;
            seen.push(Seen {
                kind: RouteCheckKind::ReadBack,
                holds: says(connect_holds(&in_force, &text)),
                said: format!(
                    "calls and agents against the order; at this hour {} % go out",
                    share.percent()
                ),
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
            let [out, home, nobody] = counts;
            seen.push(Seen {
                kind: RouteCheckKind::TestCall,
                holds: says(test_calls_fit(share, counts)),
                said: format!(
                    "{out} reached the outsourcer, {home} in-house, {nobody} nobody; at this hour {} % go out",
                    share.percent()
                ),
            });
        }
        Ok(seen)
    }
}

/// What was recorded of this order under the invocation's own id before: it is not looked at again.
fn before(ctx: &Context, order: &RouteOrderId) -> Result<Option<Before>, Failure> {
    block_on(async {
        let office = Office::open(&ctx.data).await?;
        let actor = login::actor(ctx).await?;
        let is_of =
            |event: &Event| matches!(event, Event::RouteOrderVerified(e) if e.order == *order);
        again::recorded(ctx, &office, &actor, "verify_route_order", is_of).await
    })
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

fn verdict(ok: Option<bool>) -> &'static str {
    match ok {
        Some(true) => "holds",
        Some(false) => "does not hold",
        None => "cannot be said yet",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        verify: Verify,
    }

    fn typed(more: &[&str]) -> Verify {
        let own = [
            "verify",
            "--mechanism",
            "cpr",
            "--number",
            "+18005550142",
            "--out",
            "6095550199",
            "--home",
            "6095550110",
            "--share",
            "20",
        ];
        Line::try_parse_from(own.iter().chain(more)).unwrap().verify
    }

    fn placed() -> RouteOrderPlaced {
        RouteOrderPlaced {
            order: "RO-1".into(),
            chunk: "RVS-Main/MSG".into(),
            number: "+18005550142".into(),
            mechanism: Mechanism::TollFreeCpr,
            out: "6095550199".into(),
            home: "6095550110".into(),
            share: TrafficShare::from_percent(20).unwrap(),
            windows: Vec::new(),
            start: "NOW".into(),
            zone: "America/New_York".into(),
            ticket: "CHG1".into(),
            answered: "done".into(),
            by: "tess".into(),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_order_is_proved_as_it_was_placed() {
        let differs = |verify: &Verify, placed: &RouteOrderPlaced| {
            let order = verify.wanted.order().unwrap();
            let same = verify.require_same(&order, placed);
            same.err()
                .map_or_else(String::new, |failure| match failure {
                    Failure::BadInput(why) => why,
                    _ => "another failure".into(),
                })
        };
        assert_eq!(differs(&typed(&[]), &placed()), "");
        let half = RouteOrderPlaced {
            share: TrafficShare::from_percent(50).unwrap(),
            ..placed()
        };
        let why = differs(&typed(&[]), &half);
        assert!(why.contains("--share is 50 % there, not 20 %"), "{why}");
        let elsewhere = RouteOrderPlaced {
            mechanism: Mechanism::PbxRouting,
            out: "queue 9".into(),
            ..placed()
        };
        let why = differs(&typed(&[]), &elsewhere);
        assert!(
            why.contains("--mechanism is") && why.contains("--out is queue 9"),
            "{why}"
        );
        let why = differs(&typed(&["--window", "Sat 08:00-12:00"]), &placed());
        assert!(why.contains("--window is always there"), "{why}");
    }

    #[test]
    fn a_side_without_a_test_number_is_said_with_what_to_do() {
        let share = |percent| TrafficShare::from_percent(percent).unwrap();
        let said = |verify: &Verify, percent, out, home| {
            verify.test_calls(share(percent), out, home).join("\n")
        };
        let none = said(&typed(&[]), 20, None, None);
        assert!(none.contains("with --from"), "{none}");
        let (one, two) = ("+16095550101", "+16095550102");
        let named = typed(&["--from", one, "--from", two]);
        let both = said(&named, 20, Some(one), Some(two));
        assert!(
            both.contains("from +16095550101 must reach the outsourcer")
                && both.contains("from +16095550102 must reach in-house"),
            "{both}"
        );
        let home_alone = said(&named, 20, None, Some(two));
        assert!(
            home_alone
                .contains("none of the numbers named with --from reaches the outsourcer at 20 %"),
            "{home_alone}"
        );
        let everybody = said(&named, 100, Some(one), None);
        assert!(
            !everybody.contains("in-house"),
            "that side takes no calls: {everybody}"
        );
    }

    /// What everybody sees at an hour when every call is home says nothing of the hours when some are not.
    #[test]
    fn outside_its_hours_a_share_is_not_proved_and_can_be_refuted() {
        let (inside, outside) = ("2027-03-06T14:00:00Z", "2027-03-06T20:00:00Z");
        let hours = ["--window", "Sat 08:00-12:00"];
        let seen = |reached: &[&str], share: u8, at: &str| {
            let verify = typed(&[&hours, reached].concat());
            let order = Order {
                share: TrafficShare::from_percent(share).unwrap(),
                ..verify.wanted.order().unwrap()
            };
            verify.look(&order, at.parse().unwrap()).unwrap()[0].holds
        };
        let (out, home) = (["--reached", "out"], ["--reached", "home"]);
        let both = [out, home].concat();
        assert_eq!(seen(&both, 20, inside), Some(true));
        assert_eq!(seen(&home, 20, outside), None);
        assert_eq!(seen(&out, 20, outside), Some(false));
        assert_eq!(
            seen(&home, 0, outside),
            Some(true),
            "the way home has no hours"
        );
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("read.json");
        let config = r#"{"Distributions":[{"Region":"6095550199","Percentage":0}]}"#;
        let text = format!(r#"{{"TelephonyConfig":{config},"AgentConfig":{config}}}"#);
        std::fs::write(&file, text).unwrap();
        let back = ["--read-back", file.to_str().unwrap()];
        assert_eq!(seen(&back, 20, outside), None, "home as it should be");
        assert_eq!(seen(&back, 20, inside), Some(false));
    }
}
