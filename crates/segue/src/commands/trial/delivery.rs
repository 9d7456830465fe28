//! `segue trial delivery LINE DIALLED`: a message is left with the outsourcer's agent, and this side waits at the telephone on call until
//! it is delivered (§7.18).

use super::asked::{Asked, CHECKED, Recorder, rings};
use super::result;
use crate::cli::Global;
use crate::context::Context;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use crate::trials::{evidence, through};
use clap::Args;
use segue_domain::telephony_checks::CheckKind;
use segue_trials::delivery::{DeliveryReport, DeliveryTrial};
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;

/// Options of `segue trial delivery`.
#[derive(Debug, Args)]
pub struct Delivery {
    #[command(flatten)]
    asked: Asked,
    /// Where the telephone on call rings (SIP over UDP): the number of the one on call leads there for the trial
    #[arg(long, value_name = "ADDR")]
    on_call: SocketAddr,
    /// Seconds that leaving the message may take; the agent hangs up when they have it
    #[arg(long, value_name = "SECONDS", default_value_t = 180, value_parser = clap::value_parser!(u64).range(1..=900))]
    talk_s: u64,
    /// Minutes until it must be delivered: 5 for an urgent message, 15 for a routine one
    #[arg(long, value_name = "MINUTES", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=15))]
    within_min: u64,
}

impl Delivery {
    pub(super) fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        block_on(async {
            let office = Office::open(&ctx.data).await?;
            let t = office.state().await?;
            let target = self.asked.target(&t)?;
            let by = Recorder::of(
                &ctx,
                &office,
                self.asked.record,
                CHECKED,
                self.asked.is_of(CheckKind::OnCallDelivery),
            )
            .await?;
            if let Some(before) = by.before {
                return Ok(before.answer());
            }
            let report = self.tried(target).await?;
            let passed = report.is_delivered() && report.agent_heard != Some(false);
            let seen = json!({ "delivery": report, "within_min": self.within_min });
            let reference = evidence::keep(&ctx.data, "delivery", ctx.now(), &seen)?;
            if let Some(actor) = &by.actor {
                let check = result(CheckKind::OnCallDelivery, passed, None);
                let command = self.asked.checks(vec![check], &reference);
                office.execute(&ctx, actor, command.into()).await?;
            }
            let json = json!({
                "line": self.asked.line, "dialled": self.asked.dialled, "target": target, "delivery": report,
                "within_min": self.within_min, "reference": reference, "recorded": self.asked.record,
            });
            Ok(Answer::new(&json, self.text(&report, &reference)).wanting_if(!passed))
        })
    }

    async fn tried(&self, target: &str) -> Result<DeliveryReport, Failure> {
        let agent = through::bind(self.asked.from).await?;
        let mut on_call = through::bind(self.on_call).await?;
        rings("telephone on call", on_call.local_addr());
        let trial = DeliveryTrial {
            agent: self.asked.place(target),
            talk: Duration::from_secs(self.talk_s),
            within: Duration::from_secs(60 * self.within_min),
        };
        let report = trial.run(&agent.caller(), &mut on_call).await;
        on_call.stop().await;
        agent.stop().await;
        report.map_err(|e| Failure::BadInput(e.to_string()))
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
