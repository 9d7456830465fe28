//! `segue trial path LINE DIALLED`: what a machine can check of a path to the outsourcer, with the evidence kept and,
//! where asked, recorded.

use super::asked::{CHECKED, Recorder, is_check};
use super::{require_no_emergency, result};
use crate::cli::Global;
use crate::context::Context;
use crate::office::{Office, block_on, open_facts};
use crate::output::{Answer, Answered, Failure};
use crate::trials::evidence;
use crate::trials::through::{self, Through, fictional_numbers};
use clap::Args;
use segue_domain::Transition;
use segue_domain::ids::LineId;
use segue_domain::lines::{Line, LineRoute};
use segue_domain::telephony_checks::{
    CheckKind, CheckOutcome, RecordTelephonyChecks, calls_min, paths,
};
use segue_trials::agent::{Agent, Place};
use segue_trials::path::{Evidence, PathCheck};
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;

/// Kinds that other trials than this one check.
const OF_OTHERS: [CheckKind; 4] = [
    CheckKind::WarmTransfer,
    CheckKind::OnCallDelivery,
    CheckKind::InterpreterTime,
    CheckKind::TtyRelay,
];

/// Options of `segue trial path`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
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
    #[arg(long, requires = "via", conflicts_with_all = ["test_line", "calls_at_once"])]
    trunk_cut: bool,
    /// The outsourcer's line is busy right now (486): calls through --via must be answered by whoever comes next
    #[arg(long, requires = "via", conflicts_with_all = ["trunk_cut", "test_line", "calls_at_once"])]
    line_busy: bool,
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

/// A line, and its route that a number leads to.
pub(super) fn route_of<'t>(
    t: &'t Transition,
    line: &LineId,
    dialled: &str,
) -> Result<(&'t Line, &'t LineRoute), Failure> {
    let known = t.line(line).and_then(|known| {
        let route = known.routes.iter().find(|r| r.dialled == dialled);
        Some((known, route?))
    });
    known.ok_or_else(|| {
        Failure::BadInput(format!(
            "line `{line}` has no route `{dialled}`; see segue show telephony"
        ))
    })
}

impl Path {
    pub(super) fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        block_on(async {
            let office = Office::open(&ctx.data).await?;
            let t = office.state().await?;
            let by = Recorder::of(&ctx, &office, self.record, CHECKED, |event| {
                is_check(event, &self.line, &self.dialled, |kind| {
                    !OF_OTHERS.contains(&kind)
                })
            })
            .await?;
            if let Some(before) = by.before {
                return Ok(before.answer());
            }
            let (_, route) = route_of(&t, &self.line, &self.dialled)?;
            let target = self.to.as_ref().unwrap_or(&route.outsourced);
            require_no_emergency(target)?;
            let at_once = self.at_once(&t)?;
            let agent = through::bind(self.from).await?;
            let checked = self.check(&ctx, &t, &agent, (route, target, at_once)).await;
            agent.stop().await;
            let (checks, seen) = checked?;
            let reference = evidence::keep(&ctx.data, "path", ctx.now(), &seen)?;
            if let Some(actor) = by.actor {
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
        t: &Transition,
        agent: &Agent,
        (route, target, at_once): (&LineRoute, &str, u32),
    ) -> Result<(Vec<Evidence>, serde_json::Value), Failure> {
        let caller = self.caller.clone().or_else(|| fictional_numbers().next());
        let caller = caller.unwrap_or_default();
        // While its trunk is cut or its line busy on purpose, the path's own call says nothing of the path.
        let report = if self.trunk_cut || self.line_busy {
            None
        } else {
            let path = PathCheck {
                place: Place {
                    caller: Some(caller.clone()),
                    ..Place::new(target)
                },
                test_line: self.test_line,
                calls_at_once: at_once,
                together: Duration::from_secs(2),
            };
            let report = path.run(&agent.caller()).await;
            Some(report.map_err(|e| Failure::BadInput(e.to_string()))?)
        };
        let mut checks = report
            .as_ref()
            .map(|r| r.checks.clone())
            .unwrap_or_default();
        if let Some(via) = self.via {
            let (facts, key) = (open_facts(&ctx.data).await?, ctx.data.caller_key()?);
            let through = Through {
                agent,
                facts: &facts,
                key: &key,
                t,
                via,
            };
            checks.push(self.never_out_again(&through, route, &caller).await?);
            if self.trunk_cut {
                checks.push(self.elsewhere(&through, route, Meets::DeadTrunk).await?);
            }
            if self.line_busy {
                checks.push(self.elsewhere(&through, route, Meets::BusyLine).await?);
            }
        }
        let (call, together) = report.map(|r| (r.call, r.together)).unzip();
        let seen = json!({ "call": call, "together": together.flatten(), "checks": checks });
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

    /// Calls that are to go out meet a trunk or a line that takes none: each must be answered by somebody else, and some must
    /// have met it.
    async fn elsewhere(
        &self,
        through: &Through<'_>,
        route: &LineRoute,
        meets: Meets,
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
            let target = placed
                .decision
                .iter()
                .flat_map(|d| &d.targets)
                .find(|t| t.uri == route.outsourced && meets.is(&t.outcome));
            if let Some(target) = target {
                met += 1;
                slowest_ms = slowest_ms.max(target.ms);
            }
        }
        let said = format!(
            "{met} of {CALLS} calls met the {}, {answered} were answered elsewhere, the slowest lost {slowest_ms} ms",
            meets.words()
        );
        let passed = met > 0 && answered == CALLS;
        Ok(evidence_of(meets.kind(), passed, said))
    }
}

/// What a call meets at the outsourcer's.
#[derive(Clone, Copy)]
enum Meets {
    DeadTrunk,
    BusyLine,
}

impl Meets {
    /// Whether this is how the attempt there ended, as the node writes it down.
    fn is(self, outcome: &str) -> bool {
        match self {
            Self::DeadTrunk => outcome != "answered",
            Self::BusyLine => matches!(outcome, "refused 486" | "refused 600"),
        }
    }

    fn kind(self) -> CheckKind {
        match self {
            Self::DeadTrunk => CheckKind::TrunkFailover,
            Self::BusyLine => CheckKind::BusyOverflow,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::DeadTrunk => "dead trunk",
            Self::BusyLine => "busy line",
        }
    }
}

fn evidence_of(kind: CheckKind, passed: bool, said: String) -> Evidence {
    Evidence {
        result: result(kind, passed, None),
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
