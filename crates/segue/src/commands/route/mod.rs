//! `segue route`: what a carrier, a cloud or a PBX is told where nobody can ask Segue, whether it holds,
//! and what was told before.

use crate::cli::Global;
use crate::context::Context;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::DateTime;
use segue_domain::Transition;
use segue_domain::caller::e164;
use segue_domain::ids::ChunkId;
use segue_domain::route_orders::{RouteOrder, RouteOrderPlaced};
use segue_domain::share::TrafficShare;
use segue_domain::windows::ShiftWindow;
use segue_routing::mechanism::{Capable, Mechanism, RouteCheckKind, Start};
use segue_routing::order::{Compiled, Order, RefusedValue, capability_text, compile, diff};
use serde_json::{Value, json};

mod apply;
mod verify;

/// `segue route …`
#[derive(Debug, Subcommand)]
pub enum RouteCommand {
    /// Compile an order for a mechanism, or name the nearest values it can do
    Plan(Wanted),
    /// Place the order, by a person or a command, and record it with its ticket
    Apply(apply::Apply),
    /// Check that the order holds: read back, arrivals, test calls
    Verify(verify::Verify),
    /// What would change against the order placed last
    Diff(Wanted),
}

/// One number's order.
#[derive(Debug, Args)]
pub struct Wanted {
    /// What moves the calls
    #[arg(long, value_enum)]
    mechanism: Named,
    /// The public number
    #[arg(long)]
    number: String,
    /// Where the outsourcer's part goes: a number, a region or a queue
    #[arg(long)]
    out: String,
    /// Where the rest goes
    #[arg(long)]
    home: String,
    /// The outsourcer's part, whole percent
    #[arg(long, value_name = "PERCENT")]
    share: u8,
    /// `now`, or a local time such as 2026-12-01T09:00
    #[arg(long, default_value = "now")]
    start: String,
    /// Zone of --start and --window
    #[arg(long, default_value = "America/New_York")]
    zone: String,
    /// Hours in which the share holds, such as "Mon-Fri 19:00-07:00"; outside them every call goes home
    #[arg(long = "window", value_name = "WINDOW")]
    windows: Vec<String>,
}

/// Mechanisms by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Named {
    Cpr,
    Connect,
    Forwarding,
    Pbx,
    Sip,
}

impl From<Named> for Mechanism {
    fn from(named: Named) -> Self {
        match named {
            Named::Cpr => Self::TollFreeCpr,
            Named::Connect => Self::AmazonConnect,
            Named::Forwarding => Self::CallForwarding,
            Named::Pbx => Self::PbxRouting,
            Named::Sip => Self::SipTrunk,
        }
    }
}

impl RouteCommand {
    /// Answers.
    pub fn run(&self, global: &Global) -> Answered {
        match self {
            Self::Plan(wanted) => Ok(wanted.plan()?),
            Self::Apply(apply) => apply.run(global),
            Self::Verify(verify) => verify.run(global),
            Self::Diff(wanted) => wanted.diff(global),
        }
    }
}

impl Wanted {
    fn order(&self) -> Result<Order, Failure> {
        let share = TrafficShare::from_percent(self.share).ok_or_else(|| {
            Failure::BadInput(format!(
                "--share {} is not a whole percent 0–100",
                self.share
            ))
        })?;
        let zone = jiff::tz::TimeZone::get(&self.zone);
        zone.map_err(|e| Failure::BadInput(format!("--zone: {e}")))?;
        let start = if self.start.eq_ignore_ascii_case("now") {
            Start::Now
        } else {
            let at: DateTime = self.start.parse().map_err(|e| {
                Failure::BadInput(format!("--start: {e}; write now or 2026-12-01T09:00"))
            })?;
            Start::At(at)
        };
        Ok(Order {
            mechanism: self.mechanism.into(),
            number: self.number.clone(),
            out: self.out.clone(),
            home: self.home.clone(),
            share,
            start,
            zone: self.zone.clone(),
            windows: self
                .windows
                .iter()
                .map(|window| ShiftWindow::new(window, &self.zone))
                .collect(),
        })
    }

    /// The number as the facts name it.
    fn e164(&self) -> Result<String, Failure> {
        e164(&self.number).ok_or_else(|| {
            Failure::BadInput(format!("--number {} is no telephone number", self.number))
        })
    }

    /// What was ordered for the number and mechanism last, for one chunk or whatever the chunk.
    fn last<'t>(
        &self,
        t: &'t Transition,
        chunk: Option<&ChunkId>,
    ) -> Result<Option<&'t RouteOrder>, Failure> {
        let number = self.e164()?;
        Ok(t.route_orders
            .newest_on(&number, self.mechanism.into(), chunk))
    }

    fn plan(&self) -> Answered {
        let order = self.order()?;
        Ok(match compile(&order) {
            Ok(compiled) => compiled_answer(&order, &compiled),
            Err(refused) => refused_answer(&refused),
        })
    }

    fn diff(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        let mut order = self.order()?;
        let t = block_on(async { Office::open(&ctx.data).await?.state().await })?;
        let last = self.last(&t, None)?.map(|order| &order.placed);
        if let Some(placed) = last.filter(|_| order.windows.is_empty()) {
            order.windows = signed_windows(&t, &placed.chunk);
        }
        let compiled = match compile(&order) {
            Ok(compiled) => compiled,
            Err(refused) => return Ok(refused_answer(&refused)),
        };
        let before = last.and_then(|placed| compile(&self.before(placed)).ok());
        let lines = match &before {
            Some(before) => diff(before, &compiled),
            None => compiled
                .artefact
                .iter()
                .map(|line| format!("+ {}", line.trim()))
                .collect(),
        };
        let text = if lines.is_empty() {
            "Nothing would change.".into()
        } else {
            lines.join("\n")
        };
        let ticket = last.map(|placed| placed.ticket.clone());
        Ok(Answer::new(
            &json!({ "compiled": compiled, "refused": [], "changes": lines, "against_ticket": ticket }),
            text,
        ))
    }

    /// An order as the facts keep it, the number written as it is written now.
    fn before(&self, placed: &RouteOrderPlaced) -> Order {
        Order {
            mechanism: placed.mechanism,
            number: self.number.clone(),
            out: placed.out.clone(),
            home: placed.home.clone(),
            share: placed.share,
            // Anything but a local time was "now".
            start: placed.start.parse().map_or(Start::Now, Start::At),
            zone: placed.zone.clone(),
            windows: placed.windows.clone(),
        }
    }
}

/// The hours both parties signed for the chunk; none where there is no such chunk, which the rules then say.
fn signed_windows(t: &Transition, chunk: &ChunkId) -> Vec<ShiftWindow> {
    let chunk = t.chunk(chunk);
    chunk.map(|c| c.planned.windows.clone()).unwrap_or_default()
}

fn compiled_answer(order: &Order, compiled: &Compiled) -> Answer {
    let capability = capability_text(order.mechanism.capability());
    let part = |title: &str, lines: &[String]| format!("{title}\n  {}\n", lines.join("\n  "));
    let numbered: Vec<String> = (1..)
        .zip(&compiled.script)
        .map(|(n, step)| format!("{n}. {step}"))
        .collect();
    let text = [
        part(
            &format!("{} for {}", compiled.mechanism, compiled.number),
            &compiled.artefact,
        ),
        part("Read this to whoever changes it", &numbered),
        part("The way back, prepared with it", &compiled.rollback),
        part("What this mechanism can do", &capability),
    ]
    .concat();
    let mut json = json!({ "compiled": compiled, "refused": [] });
    json["capability"] = capability_json(order.mechanism);
    Answer::new(&json, text)
}

fn capability_json(mechanism: Mechanism) -> Value {
    let can = mechanism.capability();
    json!({
        "percent_step": can.percent_step,
        "time_step_min": can.time_step_min,
        "stickiness": format!("{:?}", can.stickiness),
        "apply_latency_s": can.apply_latency_s,
        "rollback_latency_s": can.rollback_latency_s,
        "verify": can.verify.iter().map(|kind| kind_name(*kind)).collect::<Vec<_>>(),
    })
}

fn kind_name(kind: RouteCheckKind) -> &'static str {
    match kind {
        RouteCheckKind::ReadBack => "read_back",
        RouteCheckKind::Arrivals => "arrivals",
        RouteCheckKind::TestCall => "test_call",
    }
}

fn refused_answer(refused: &[RefusedValue]) -> Answer {
    let line = |r: &RefusedValue| {
        format!(
            "{} is not possible; possible is {}",
            r.value,
            r.nearest.join(" or ")
        )
    };
    let text: Vec<String> = refused.iter().map(line).collect();
    Answer::new(
        &json!({ "compiled": null, "refused": refused }),
        text.join("\n"),
    )
    .wanting_if(true)
}
