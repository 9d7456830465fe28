//! `segue route apply`: the order is placed, by a person who reads the script or by a command of the site's, and recorded with who,
//! ticket, when, and what was answered.

use super::{Wanted, refused_answer, signed_windows};
use crate::cli::Global;
use crate::context::Context;
use crate::login;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use crate::trials::evidence;
use clap::Args;
use jiff::Timestamp;
use segue_domain::ids::ChunkId;
use segue_domain::route_orders::PlaceRouteOrder;
use segue_domain::share::ShareInput;
use segue_domain::text::caller_data;
use segue_domain::{Command, decide};
use segue_routing::mechanism::Start;
use segue_routing::order::{Compiled, Order, compile, turns, waits};
use serde::Serialize;
use serde_json::json;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command as Process;

/// How long a mechanism's command may take.
const RUN_WAIT: Duration = Duration::from_mins(2);
/// So much of what it said is kept.
const SAID_CHARS_MAX: usize = 20_000;

/// Options of `segue route apply`.
#[derive(Debug, Args)]
pub struct Apply {
    #[command(flatten)]
    wanted: Wanted,
    /// The chunk whose agreed share this is; without --window its signed hours count
    #[arg(long)]
    chunk: ChunkId,
    /// The ticket number that whoever changed it gave
    #[arg(long, required_unless_present = "run")]
    ticket: Option<String>,
    /// What was answered, in words
    #[arg(long, value_name = "TEXT", conflicts_with = "run")]
    answered: Option<String>,
    /// A command of this machine that places the order: it reads the compiled lines and succeeds when they are in force
    #[arg(long, value_name = "COMMAND")]
    run: Option<String>,
}

/// What a mechanism's command said, kept as evidence.
#[derive(Debug, Serialize)]
struct Ran {
    command: String,
    told: Vec<String>,
    said: String,
    complained: String,
}

impl Apply {
    pub(super) fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        let mut order = self.wanted.order()?;
        block_on(async {
            let office = Office::open(&ctx.data).await?;
            let t = office.state().await?;
            if order.windows.is_empty() {
                order.windows = signed_windows(&t, &self.chunk);
            }
            let compiled = match compile(&order) {
                Ok(compiled) => compiled,
                Err(refused) => return Ok(refused_answer(&refused)),
            };
            self.check_run(&order, ctx.now())?;
            let actor = login::actor(&ctx).await?;
            let mut command = self.command(&order)?;
            // Asked before anything is changed out there.
            let asked = Command::from(command.clone());
            decide(&t, &asked, &actor, ctx.now()).map_err(Failure::from)?;
            if let Some(run) = &self.run {
                let (ran, ticket) = place(&ctx, run, &compiled).await?;
                command.answered = ran;
                command.ticket = self.ticket.clone().unwrap_or(ticket);
            }
            let ticket = command.ticket.clone();
            let placed = office.execute(&ctx, &actor, command.into()).await;
            let placed = placed.inspect_err(|_| {
                if self.run.is_some() {
                    tracing::error!(ticket, "the order IS placed and not recorded: record it with this --ticket and without --run");
                }
            })?;
            let after = office.state().await?;
            let name = self
                .wanted
                .last(&after, Some(&self.chunk))?
                .map(|o| o.placed.order.to_string());
            let name = name.unwrap_or_default();
            let said = format!(
                "Order {name} recorded with ticket {ticket}. Now prove it: segue route verify"
            );
            let json = json!({
                "compiled": compiled, "refused": [], "ticket": ticket, "order": name, "position": placed.position,
            });
            Ok(Answer::new(&json, said))
        })
    }

    /// A command places what holds from now on; what is to be told later it cannot place.
    fn check_run(&self, order: &Order, now: Timestamp) -> Result<(), Failure> {
        if self.run.is_none() {
            return Ok(());
        }
        let (mechanism, turns) = (order.mechanism.words(), turns(order));
        if turns > 0 {
            return Err(Failure::BadInput(format!(
                "--run places one order, and {mechanism} has no clock: these hours turn {turns} times. Give each line of `segue route plan` to a scheduler of the site's, and record that with --ticket and without --run"
            )));
        }
        if waits(order, now) {
            return Err(Failure::BadInput(format!(
                "--run places the order at once, and {mechanism} has no clock: calls would go there now and not from {} {}. Run this when it is to begin, or give the order to a scheduler of the site's, and record that with --ticket and without --run",
                order.start, order.zone
            )));
        }
        Ok(())
    }

    fn command(&self, order: &Order) -> Result<PlaceRouteOrder, Failure> {
        let start = match order.start {
            Start::Now => "NOW".to_owned(),
            Start::At(at) => at.to_string(),
        };
        let answered = self.answered.clone();
        Ok(PlaceRouteOrder {
            chunk: self.chunk.clone(),
            number: self.wanted.e164()?,
            mechanism: order.mechanism,
            out: order.out.clone(),
            home: order.home.clone(),
            share_percent: ShareInput::percent(order.share.percent()),
            windows: order.windows.clone(),
            start,
            zone: order.zone.clone(),
            ticket: self.ticket.clone().unwrap_or_else(|| "run".to_owned()),
            answered: answered.unwrap_or_else(|| "nothing that was written down".to_owned()),
        })
    }
}

/// Runs the site's own command on the compiled lines; what it answered, in words, and a ticket by which it is found again.
async fn place(ctx: &Context, run: &str, compiled: &Compiled) -> Result<(String, String), Failure> {
    let failed = |why: String| {
        Failure::Unavailable(format!(
            "`{run}` did not place the order: {why}; nothing is recorded"
        ))
    };
    let mut child = Process::new("sh")
        .args(["-c", run])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| failed(e.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        let lines = compiled.artefact.join("\n") + "\n";
        // A command that reads nothing may have closed its end: how it ends is what counts.
        let _ = stdin.write_all(lines.as_bytes()).await;
    }
    let output = tokio::time::timeout(RUN_WAIT, child.wait_with_output())
        .await
        .map_err(|_| failed(format!("it took longer than {} s", RUN_WAIT.as_secs())))?
        .map_err(|e| failed(e.to_string()))?;
    let text = |bytes: &[u8]| -> String {
        String::from_utf8_lossy(bytes)
            .chars()
            .take(SAID_CHARS_MAX)
            .collect()
    };
    let (said, complained) = (text(&output.stdout), text(&output.stderr));
    if !output.status.success() {
        return Err(failed(format!("{}: {}", output.status, complained.trim())));
    }
    let first = first_line(&said);
    let ran = Ran {
        command: run.to_owned(),
        told: compiled.artefact.clone(),
        said,
        complained,
    };
    let reference = evidence::keep(&ctx.data, "order", ctx.now(), &ran)?;
    // What points at somebody stays in the evidence, on this machine.
    let words = (!first.is_empty() && caller_data(&first).is_none() && first.len() <= 200)
        .then(|| format!("{first} ({reference})"));
    let ticket = reference
        .trim_start_matches("trials/")
        .trim_end_matches(".json")
        .to_owned();
    Ok((words.unwrap_or(reference), ticket))
}

/// The first line of what a command said, without colours and bells: the order is placed by now, and has to be recorded.
fn first_line(said: &str) -> String {
    let line = said.trim().lines().next().unwrap_or_default();
    let printable = line.chars().map(|c| if c.is_control() { ' ' } else { c });
    printable.collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        apply: Apply,
    }

    /// The calls of next month would have gone out at once.
    #[test]
    fn a_command_places_no_order_that_begins_later_where_nothing_waits_for_it() {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        let said = |mechanism: &str, start: &str, how: &[&str]| {
            let own = [
                "apply",
                "--chunk",
                "RVS-Main/MSG",
                "--number",
                "+18005550142",
                "--out",
                "6095550199",
            ];
            let rest = [
                "--home",
                "6095550110",
                "--share",
                "100",
                "--mechanism",
                mechanism,
                "--start",
                start,
            ];
            let line = Line::try_parse_from([&own[..], &rest, how].concat()).unwrap();
            let order = line.apply.wanted.order().unwrap();
            let checked = line.apply.check_run(&order, now);
            checked.err().map_or_else(String::new, |e| e.to_string())
        };
        let run = ["--run", "true"];
        let late = said("forwarding", "2026-12-01T09:00", &run);
        assert!(
            late.contains("not from 2026-12-01 09:00 America/New_York"),
            "{late}"
        );
        for (mechanism, start, how) in [
            ("forwarding", "now", run),
            ("forwarding", "2026-11-20T07:00", run),
            ("cpr", "2026-12-01T09:00", run),
            ("forwarding", "2026-12-01T09:00", ["--ticket", "CHG1"]),
        ] {
            assert_eq!(said(mechanism, start, &how), "", "{mechanism} {start}");
        }
    }

    #[test]
    fn what_a_command_says_in_colours_is_recorded_without_them() {
        assert_eq!(first_line("\n\u{1b}[32mdone\u{7}\r\nmore"), "[32mdone");
        assert_eq!(first_line(" \t\n"), "");
    }
}
