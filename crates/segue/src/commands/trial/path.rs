//! `segue trial path LINE DIALLED`: what a machine can check of a path to the outsourcer, with the evidence kept and,
//! where asked, recorded.

use super::require_no_emergency;
use crate::cli::Global;
use crate::context::Context;
use crate::login;
use crate::office::{Office, block_on, open_facts};
use crate::output::{Answer, Answered, Failure};
use crate::trials::evidence;
use crate::trials::through::{self, Through, fictional_numbers};
use clap::Args;
use segue_domain::Transition;
use segue_domain::ids::LineId;
use segue_domain::lines::LineRoute;
use segue_domain::telephony_checks::{
    CheckKind, CheckOutcome, CheckResult, RecordTelephonyChecks, calls_min, paths,
};
use segue_trials::agent::{Agent, Place};
use segue_trials::path::{Evidence, PathCheck};
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;

/// Options of `segue trial path`.
#[derive(Debug, Args)]
pub struct Path {
    /// The line
    line: LineId,
    /// The number of its route, as Segue sees it: 7001
    dialled: String,
    /// Whom to call instead of the route's outsourced target
    #[arg(long, value_name = "URI")]
    to: Option<String>,
    /// A node's SIP address: also checks that a call sent out never goes out again
    #[arg(long, value_name = "ADDR")]
    via: Option<SocketAddr>,
    /// A test line answers there (`segue trial answer`): audio, digits, numbers and hold are checked too
    #[arg(long)]
    test_line: bool,
    /// Calls at once; `peak` for the baseline's peak with the agreed margin
    #[arg(long, value_name = "N|peak")]
    calls_at_once: Option<String>,
    /// The outsourcer's trunk is cut right now: calls through --via must be answered all the same
    #[arg(long, requires = "via")]
    trunk_cut: bool,
    /// The number to call from, E.164; without it one that belongs to nobody
    #[arg(long, value_name = "NUMBER", value_parser = super::call::caller_number)]
    caller: Option<String>,
    /// The local address to call from
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    from: SocketAddr,
    /// Record the checks in the transition
    #[arg(long)]
    record: bool,
}

impl Path {
    pub(super) fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        block_on(async {
            let office = Office::open(&ctx.data).await?;
            let t = office.state().await?;
            let actor = if self.record {
                Some(login::actor(&ctx).await?)
            } else {
                None
            };
            let route = self.route(&t)?;
            let target = self.to.as_ref().unwrap_or(&route.outsourced);
            require_no_emergency(target)?;
            let at_once = self.at_once(&t)?;
            let agent = through::bind(self.from).await?;
            let checked = self.check(&ctx, &agent, route, target, at_once).await;
            agent.stop().await;
            let (checks, seen) = checked?;
            let reference = evidence::keep(&ctx.data, "path", ctx.now(), &seen)?;
            if let Some(actor) = actor {
                let command = RecordTelephonyChecks {
                    line: self.line.clone(),
                    dialled: self.dialled.clone(),
                    checks: checks.iter().map(|c| c.result.clone()).collect(),
                    reference: reference.clone(),
                };
                office.execute(&ctx, &actor, command.into()).await?;
            }
            let failed = checks
                .iter()
                .any(|c| c.result.outcome != CheckOutcome::Passed);
            let json = json!({
                "line": self.line, "dialled": self.dialled, "target": target, "checks": checks,
                "reference": reference, "recorded": self.record, "seen": seen,
            });
            Ok(Answer::new(&json, text(&checks, &reference)).wanting_if(failed))
        })
    }

    fn route<'t>(&self, t: &'t Transition) -> Result<&'t LineRoute, Failure> {
        let line = t.line(&self.line);
        let route = line.and_then(|line| line.routes.iter().find(|r| r.dialled == self.dialled));
        route.ok_or_else(|| {
            Failure::BadInput(format!(
                "line `{}` has no route `{}`; see segue show telephony",
                self.line, self.dialled
            ))
        })
    }

    /// Calls at once: as many as were named, or what the chunks on this path need.
    fn at_once(&self, t: &Transition) -> Result<u32, Failure> {
        let Some(asked) = &self.calls_at_once else {
            return Ok(0);
        };
        if asked != "peak" {
            return asked
                .parse()
                .ok()
                .filter(|n| (1..=5_000).contains(n))
                .ok_or_else(|| {
                    Failure::BadInput(format!(
                        "--calls-at-once {asked} is neither 1–5000 nor `peak`"
                    ))
                });
        }
        let here = |chunk: &&segue_domain::chunks::Chunk| {
            paths(t, chunk).any(|(line, dialled)| *line == self.line && dialled == self.dialled)
        };
        let needed = t
            .chunks
            .values()
            .filter(here)
            .filter_map(|chunk| calls_min(t, chunk));
        needed.max().ok_or_else(|| {
            Failure::BadInput(
                "no baseline says what the peak is; name a number of calls instead of `peak`"
                    .into(),
            )
        })
    }

    async fn check(
        &self,
        ctx: &Context,
        agent: &Agent,
        route: &LineRoute,
        target: &str,
        at_once: u32,
    ) -> Result<(Vec<Evidence>, serde_json::Value), Failure> {
        let caller = self.caller.clone().or_else(|| fictional_numbers().next());
        let caller = caller.unwrap_or_default();
        let path = PathCheck {
            place: Place {
                caller: Some(caller.clone()),
                ..Place::new(target)
            },
            test_line: self.test_line,
            calls_at_once: at_once,
            together: Duration::from_secs(2),
        };
        let report = path
            .run(&agent.caller())
            .await
            .map_err(|e| Failure::BadInput(e.to_string()))?;
        let mut checks = report.checks.clone();
        if let Some(via) = self.via {
            let (facts, key) = (open_facts(&ctx.data).await?, ctx.data.caller_key()?);
            let through = Through {
                agent,
                facts: &facts,
                key: &key,
                via,
            };
            checks.push(self.never_out_again(&through, route, &caller).await?);
            if self.trunk_cut {
                checks.push(self.with_the_trunk_cut(&through, route).await?);
            }
        }
        let seen = json!({ "call": report.call, "together": report.together, "checks": checks });
        Ok((checks, seen))
    }

    /// A call that Segue has routed before comes back to it: it must stay in-house.
    async fn never_out_again(
        &self,
        through: &Through<'_>,
        route: &LineRoute,
        caller: &str,
    ) -> Result<Evidence, Failure> {
        let mut place = through.place(&self.dialled, caller);
        place.headers.push(("X-Segue-Call".into(), "trial".into()));
        let placed = through.call(&self.dialled, caller, place).await?;
        let by = placed.answered_by();
        let said = format!(
            "a call routed before was answered by {}",
            by.unwrap_or("nobody")
        );
        let passed = by.is_some() && by != Some(route.outsourced.as_str());
        Ok(evidence_of(CheckKind::LoopDetection, passed, said))
    }

    /// Calls that are to go out meet a dead trunk: each must be answered by somebody else, and some must have met it.
    async fn with_the_trunk_cut(
        &self,
        through: &Through<'_>,
        route: &LineRoute,
    ) -> Result<Evidence, Failure> {
        const CALLS: usize = 10;
        let (mut met, mut answered, mut slowest_ms) = (0, 0, 0);
        for caller in fictional_numbers().skip(1).take(CALLS) {
            let place = through.place(&self.dialled, &caller);
            let placed = through.call(&self.dialled, &caller, place).await?;
            let elsewhere = placed
                .answered_by()
                .is_some_and(|by| by != route.outsourced);
            answered += usize::from(elsewhere);
            let dead = placed
                .decision
                .iter()
                .flat_map(|d| &d.targets)
                .find(|t| t.uri == route.outsourced && t.outcome != "answered");
            if let Some(dead) = dead {
                met += 1;
                slowest_ms = slowest_ms.max(dead.ms);
            }
        }
        let said = format!(
            "{met} of {CALLS} calls met the dead trunk, {answered} were answered elsewhere, the slowest lost {slowest_ms} ms"
        );
        let passed = met > 0 && answered == CALLS;
        Ok(evidence_of(CheckKind::TrunkFailover, passed, said))
    }
}

fn evidence_of(kind: CheckKind, passed: bool, said: String) -> Evidence {
    let outcome = if passed {
        CheckOutcome::Passed
    } else {
        CheckOutcome::Failed
    };
    Evidence {
        result: CheckResult {
            kind,
            outcome,
            measured: None,
        },
        said,
    }
}

fn text(checks: &[Evidence], reference: &str) -> String {
    let line = |c: &Evidence| {
        let lamp = match c.result.outcome {
            CheckOutcome::Passed => "passed",
            CheckOutcome::Failed => "FAILED",
            CheckOutcome::Voicemail => "VOICEMAIL",
        };
        format!("{lamp:9} {}: {}\n", c.result.kind.words(), c.said)
    };
    let made: String = checks.iter().map(line).collect();
    let open = CheckKind::ALL.len() - checks.len();
    format!(
        "{made}{open} further checks of the pack need a person, or a flag. Evidence: {reference}"
    )
}
