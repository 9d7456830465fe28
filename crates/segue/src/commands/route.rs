//! `segue route`: what a carrier, a cloud or a PBX is told where nobody can ask Segue, whether it holds,
//! and what was told before.

use crate::cli::Global;
use crate::context::Context;
use crate::data_dir::write_private;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::DateTime;
use segue_domain::ids::ChunkId;
use segue_domain::refusal::{Code, Refusal};
use segue_domain::share::TrafficShare;
use segue_routing::mechanism::{Mechanism, Start};
use segue_routing::order::{
    Compiled, Order, RefusedValue, arrivals_fit, capability_text, compile, connect_holds, diff,
    witnesses,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// `segue route …`
#[derive(Debug, Subcommand)]
pub enum RouteCommand {
    /// Compile an order for a mechanism, or name the nearest values it can do
    Plan(Wanted),
    /// Record that the order was placed, with its ticket
    Apply(Apply),
    /// Check that the order holds: read back, arrivals, test calls
    Verify(Verify),
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
    /// Zone of --start
    #[arg(long, default_value = "America/New_York")]
    zone: String,
}

/// Options of `segue route apply`.
#[derive(Debug, Args)]
pub struct Apply {
    #[command(flatten)]
    wanted: Wanted,
    /// The chunk whose agreed share this is
    #[arg(long)]
    chunk: ChunkId,
    /// The ticket number that whoever changed it gave
    #[arg(long)]
    ticket: String,
}

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
    /// Numbers that test calls can be placed from, E.164
    #[arg(long = "from", value_name = "NUMBER")]
    from: Vec<String>,
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

/// An order as it was placed.
#[derive(Debug, Serialize, Deserialize)]
struct Placed {
    chunk: String,
    ticket: String,
    at: jiff::Timestamp,
    order: Compiled,
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
        })
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
        let order = self.order()?;
        let compiled = match compile(&order) {
            Ok(compiled) => compiled,
            Err(refused) => return Ok(refused_answer(&refused)),
        };
        let placed = self.placed(&ctx)?;
        let lines = match &placed {
            Some(placed) => diff(&placed.order, &compiled),
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
        let ticket = placed.map(|placed| placed.ticket);
        Ok(Answer::new(
            &json!({ "compiled": compiled, "refused": [], "changes": lines, "against_ticket": ticket }),
            text,
        ))
    }

    fn file(&self, ctx: &Context) -> PathBuf {
        let digits: String = self.number.chars().filter(char::is_ascii_digit).collect();
        ctx.data.path("routes").join(format!("{digits}.json"))
    }

    fn placed(&self, ctx: &Context) -> Result<Option<Placed>, Failure> {
        let path = self.file(ctx);
        let Ok(text) = fs::read_to_string(&path) else {
            return Ok(None);
        };
        let placed = serde_json::from_str(&text).map_err(|e| {
            Failure::BadInput(format!(
                "`{}` cannot be read: {e}; remove it and apply again",
                path.display()
            ))
        })?;
        Ok(Some(placed))
    }
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
        "verify": format!("{:?}", can.verify),
    })
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

impl Apply {
    fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        let order = self.wanted.order()?;
        let compiled = match compile(&order) {
            Ok(compiled) => compiled,
            Err(refused) => return Ok(refused_answer(&refused)),
        };
        self.check(&ctx, order.share)?;
        let placed = Placed {
            chunk: self.chunk.to_string(),
            ticket: self.ticket.clone(),
            at: ctx.now(),
            order: compiled,
        };
        let path = self.wanted.file(&ctx);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(anyhow::Error::new)?;
        }
        let text = serde_json::to_string_pretty(&placed).map_err(anyhow::Error::new)?;
        // Replaced as a whole: what was placed last is never half a file.
        let fresh = path.with_extension("new");
        let _left_over = fs::remove_file(&fresh);
        write_private(&fresh, &text)?;
        fs::rename(&fresh, &path).map_err(anyhow::Error::new)?;
        let said = format!(
            "Noted with ticket {}. Now prove it: segue route verify",
            self.ticket
        );
        let order = &placed.order;
        Ok(Answer::new(
            &json!({ "compiled": order, "refused": [], "ticket": self.ticket }),
            said,
        ))
    }

    /// Home may always be ordered; outward, no more than both parties have agreed.
    fn check(&self, ctx: &Context, share: TrafficShare) -> Result<(), Failure> {
        if !share.is_out() {
            return Ok(());
        }
        let agreed = block_on(async {
            let office = Office::open(&ctx.data).await?;
            let state = office.state().await?;
            let chunk = state.chunk(&self.chunk);
            let chunk = chunk.ok_or_else(|| {
                Failure::BadInput(format!(
                    "there is no chunk `{}`; see segue show chunks",
                    self.chunk
                ))
            })?;
            Ok(if chunk.is_out() {
                chunk.share
            } else {
                TrafficShare::HOME
            })
        })?;
        if share <= agreed {
            return Ok(());
        }
        let missing = format!(
            "agreed for {} is {} %, ordered are {} %",
            self.chunk,
            agreed.percent(),
            share.percent()
        );
        Err(Refusal::new(Code::StepNotInPlan)
            .missing(missing)
            .who("one person of each party")
            .how("agree the step first: segue do propose-step, segue do approve-step")
            .into())
    }
}

impl Verify {
    fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        let order = self.wanted.order()?;
        let mut checks: Vec<(&str, Option<bool>, String)> = Vec::new();
        if let Some(path) = &self.read_back {
            let text = fs::read_to_string(path).map_err(|e| {
                Failure::BadInput(format!("`{}` cannot be read: {e}", path.display()))
            })?;
            let holds = connect_holds(&order, &text);
            checks.push(("read_back", holds, "calls and agents as ordered".into()));
        }
        if let (Some(out), Some(home)) = (self.out_calls, self.home_calls) {
            let said = format!(
                "{out} of {} calls went out, ordered are {} %",
                u64::from(out) + u64::from(home),
                self.wanted.share
            );
            checks.push(("arrivals", arrivals_fit(order.share, out, home), said));
        }
        let numbers = self.from.iter().map(String::as_str);
        let key = ctx.data.caller_key()?;
        let (out, home) = witnesses(&key, ctx.data.transition().as_str(), order.share, numbers);
        let wanting = checks.is_empty() || checks.iter().any(|(_, ok, _)| *ok != Some(true));
        let mut lines: Vec<String> = checks
            .iter()
            .map(|(name, ok, said)| format!("{name}: {} ({said})", verdict(*ok)))
            .collect();
        if let (Mechanism::SipTrunk, Some(out), Some(home)) = (order.mechanism, out, home) {
            lines.push(format!(
                "Test calls: from {out} must reach the outsourcer, from {home} in-house."
            ));
        }
        if wanting {
            lines.push("Not proved: hold the next step.".into());
        }
        let checks: Vec<Value> = checks
            .iter()
            .map(|(name, ok, said)| json!({ "name": name, "ok": ok, "said": said }))
            .collect();
        let json = json!({
            "compiled": compile(&order).ok(), "refused": [], "checks": checks, "holds": !wanting,
            "test_calls": { "out_from": out, "home_from": home },
        });
        Ok(Answer::new(&json, lines.join("\n")).wanting_if(wanting))
    }
}

fn verdict(ok: Option<bool>) -> &'static str {
    match ok {
        Some(true) => "holds",
        Some(false) => "does not hold",
        None => "cannot be said yet",
    }
}
