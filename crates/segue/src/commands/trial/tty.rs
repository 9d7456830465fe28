//! `segue trial tty LINE DIALLED`: a caller with a text telephone reaches the outsourcer's agent, and both can read each other (§7.18).

use super::path::route_of;
use super::{require_no_emergency, result};
use crate::cli::Global;
use crate::context::Context;
use crate::data_dir::random_bytes;
use crate::login;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use crate::trials::through::{self, fictional_numbers};
use crate::trials::{again, evidence};
use clap::Args;
use segue_domain::ids::LineId;
use segue_domain::telephony_checks::{CheckKind, RecordTelephonyChecks};
use segue_trials::agent::Place;
use segue_trials::text_telephone::{TextReport, TextTrial, word_of};
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;

/// Options of `segue trial tty`.
#[derive(Debug, Args)]
pub struct Tty {
    /// The line
    line: LineId,
    /// The number of its route, as Segue sees it: 7001
    dialled: String,
    /// Whom to call instead of the route's outsourced target
    #[arg(long, value_name = "URI")]
    to: Option<String>,
    /// Seconds the agent may take to type the word back
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(5..=600))]
    reply_s: u64,
    /// The number to call from, E.164; without it one that belongs to nobody
    #[arg(long, value_name = "NUMBER", value_parser = super::call::caller_number)]
    caller: Option<String>,
    /// The local address to call from
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    from: SocketAddr,
    /// A person placed a call through a relay service (711) too, and it was taken
    #[arg(long)]
    relay_tried: bool,
    /// Record the check of the path in the transition: the text telephone as tried now, the relay service as --relay-tried says
    #[arg(long)]
    record: bool,
}

impl Tty {
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
            let read = report.outcome == "typed_back";
            let seen = json!({ "text": report, "relay_tried": self.relay_tried });
            let reference = evidence::keep(&ctx.data, "tty", ctx.now(), &seen)?;
            // The check is of both: a text telephone alone passes nothing, and where it fails, both do.
            let known = !read || self.relay_tried;
            if let Some(actor) = actor.as_ref().filter(|_| known) {
                let command = self.check(read, &reference);
                office.execute(&ctx, actor, command.into()).await?;
            }
            let recorded = actor.is_some() && known;
            let json = json!({
                "line": self.line, "dialled": self.dialled, "target": target, "text": report,
                "relay_tried": self.relay_tried, "reference": reference, "recorded": recorded,
            });
            let mut said = text(&report);
            if self.record && !known {
                said.push_str("\nNot recorded: the check is of relay services too. Have a person call through 711, then repeat with --relay-tried.");
            }
            said = format!("{said}\nEvidence: {reference}");
            Ok(Answer::new(&json, said).wanting_if(!read))
        })
    }

    async fn tried(&self, target: &str) -> Result<TextReport, Failure> {
        let caller = self.caller.clone().or_else(|| fictional_numbers().next());
        let trial = TextTrial {
            place: Place {
                caller,
                ..Place::new(target)
            },
            word: word_of(u64::from_le_bytes(random_bytes::<8>()?)),
            reply_wait: Duration::from_secs(self.reply_s),
        };
        let agent = through::bind(self.from).await?;
        let report = trial.run(&agent.caller()).await;
        agent.stop().await;
        report.map_err(|e| Failure::BadInput(e.to_string()))
    }

    fn check(&self, passed: bool, reference: &str) -> RecordTelephonyChecks {
        RecordTelephonyChecks {
            line: self.line.clone(),
            dialled: self.dialled.clone(),
            checks: vec![result(CheckKind::TtyRelay, passed, None)],
            reference: reference.to_owned(),
        }
    }
}

fn text(report: &TextReport) -> String {
    match report.outcome.as_str() {
        "typed_back" => "The word was typed back: text is read in both directions.".to_owned(),
        "typed_otherwise" => format!(
            "FAULT text came, without the word that was asked for: `{}`. Have the agent type back what they read.",
            report.reply
        ),
        "no_text" => "FAULT nothing was typed. Look whether a text telephone answers there, and whether the path carries its tones (no compression).".to_owned(),
        _ => "FAULT nobody answered.".to_owned(),
    }
}
