//! `segue trial delivery LINE DIALLED`: a message is left with the outsourcer's agent, and this side waits at the telephone on call until
//! it is delivered (§7.18).

use super::path::route_of;
use super::{require_no_emergency, result};
use crate::cli::Global;
use crate::context::Context;
use crate::login;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use crate::trials::through::{self, fictional_numbers};
use crate::trials::{again, evidence};
use clap::Args;
use segue_domain::ids::LineId;
use segue_domain::telephony_checks::{CheckKind, RecordTelephonyChecks};
use segue_trials::agent::Place;
use segue_trials::delivery::{DeliveryReport, DeliveryTrial};
use serde_json::json;
use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

/// Options of `segue trial delivery`.
#[derive(Debug, Args)]
pub struct Delivery {
    /// The line
    line: LineId,
    /// The number of its route, as Segue sees it: 7001
    dialled: String,
    /// Where the telephone on call rings (SIP over UDP): the number of the one on call leads there for the trial
    #[arg(long, value_name = "ADDR")]
    on_call: SocketAddr,
    /// Whom to leave the message with instead of the route's outsourced target
    #[arg(long, value_name = "URI")]
    to: Option<String>,
    /// Seconds that leaving the message may take; the agent hangs up when they have it
    #[arg(long, value_name = "SECONDS", default_value_t = 180, value_parser = clap::value_parser!(u64).range(1..=900))]
    talk_s: u64,
    /// Minutes until it must be delivered: 5 for an urgent message, 15 for a routine one
    #[arg(long, value_name = "MINUTES", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=60))]
    within_min: u64,
    /// The number to call from, E.164; without it one that belongs to nobody
    #[arg(long, value_name = "NUMBER", value_parser = super::call::caller_number)]
    caller: Option<String>,
    /// The local address to call from
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    from: SocketAddr,
    /// Record the check of the path in the transition
    #[arg(long)]
    record: bool,
}

impl Delivery {
    pub(super) fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        block_on(async {
            let office = Office::open(&ctx.data).await?;
            let t = office.state().await?;
            let route = route_of(&t, &self.line, &self.dialled)?;
            let target = self.to.as_ref().unwrap_or(&route.outsourced);
            require_no_emergency(target)?;
            let actor = if self.record {
                Some(login::actor(&ctx).await?)
            } else {
                None
            };
            if let Some(actor) = &actor
                && let Some(before) =
                    again::recorded(&ctx, &office, actor, "record_telephony_checks").await?
            {
                return Ok(before.answer());
            }
            let report = self.tried(target).await?;
            let passed = report.is_delivered();
            let reference = evidence::keep(&ctx.data, "delivery", ctx.now(), &report)?;
            if let Some(actor) = &actor {
                let command = self.check(passed, &reference);
                office.execute(&ctx, actor, command.into()).await?;
            }
            let json = json!({
                "line": self.line, "dialled": self.dialled, "target": target, "delivery": report,
                "within_min": self.within_min, "reference": reference, "recorded": self.record,
            });
            Ok(Answer::new(&json, self.text(&report, &reference)).wanting_if(!passed))
        })
    }

    async fn tried(&self, target: &str) -> Result<DeliveryReport, Failure> {
        let agent = through::bind(self.from).await?;
        let mut on_call = through::bind(self.on_call).await?;
        let said = format!("segue: telephone on call on udp {}\n", on_call.local_addr());
        let _ = std::io::stderr().write_all(said.as_bytes());
        let caller = self.caller.clone().or_else(|| fictional_numbers().next());
        let trial = DeliveryTrial {
            agent: Place {
                caller,
                ..Place::new(target)
            },
            talk: Duration::from_secs(self.talk_s),
            within: Duration::from_secs(60 * self.within_min),
        };
        let report = trial.run(&agent.caller(), &mut on_call).await;
        on_call.stop().await;
        agent.stop().await;
        report.map_err(|e| Failure::BadInput(e.to_string()))
    }

    fn check(&self, passed: bool, reference: &str) -> RecordTelephonyChecks {
        RecordTelephonyChecks {
            line: self.line.clone(),
            dialled: self.dialled.clone(),
            checks: vec![result(CheckKind::OnCallDelivery, passed, None)],
            reference: reference.to_owned(),
        }
    }

    fn text(&self, report: &DeliveryReport, reference: &str) -> String {
        let said = match (report.outcome.as_str(), report.delivered_after_ms) {
            ("delivered", Some(ms)) => format!(
                "Delivered {} s after the message was left; {} calls to the telephone on call.",
                ms.div_ceil(1_000),
                report.calls.len()
            ),
            ("agent_not_reached", _) => {
                "No message was left: nobody answered at the outsourcer's.".to_owned()
            }
            _ => format!(
                "FAULT not delivered within {} min of being left: {} calls to the telephone on call, nobody was heard.",
                self.within_min,
                report.calls.len()
            ),
        };
        format!("{said}\nEvidence: {reference}")
    }
}
