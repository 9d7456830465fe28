//! `segue trial tty LINE DIALLED`: a caller with a text telephone reaches the outsourcer's agent, and both can read each other (§7.18).

use super::asked::{Asked, CHECKED, Recorder};
use super::result;
use crate::cli::Global;
use crate::context::Context;
use crate::data_dir::random_bytes;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use crate::trials::{evidence, through};
use clap::Args;
use segue_domain::telephony_checks::CheckKind;
use segue_trials::text_telephone::{TextReport, TextTrial, word_of};
use serde_json::json;
use std::time::Duration;

/// Options of `segue trial tty`.
#[derive(Debug, Args)]
pub struct Tty {
    #[command(flatten)]
    asked: Asked,
    /// Seconds the agent may take to type the word back
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(5..=600))]
    reply_s: u64,
    /// A person placed a call through a relay service (711) too, and it was taken
    #[arg(long)]
    relay_tried: bool,
}

impl Tty {
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
                self.asked.is_of(CheckKind::TtyRelay),
            )
            .await?;
            if let Some(before) = by.before {
                return Ok(before.answer());
            }
            let report = self.tried(target).await?;
            let read = report.outcome == "typed_back";
            let seen = json!({ "text": report, "relay_tried": self.relay_tried });
            let reference = evidence::keep(&ctx.data, "tty", ctx.now(), &seen)?;
            // The check is of both: a text telephone alone passes nothing, and where it fails, both do.
            let known = !read || self.relay_tried;
            if let Some(actor) = by.actor.as_ref().filter(|_| known) {
                let check = result(CheckKind::TtyRelay, read, None);
                let command = self.asked.checks(vec![check], &reference);
                office.execute(&ctx, actor, command.into()).await?;
            }
            let recorded = by.actor.is_some() && known;
            let json = json!({
                "line": self.asked.line, "dialled": self.asked.dialled, "target": target, "text": report,
                "relay_tried": self.relay_tried, "reference": reference, "recorded": recorded,
            });
            let mut said = text(&report);
            if self.asked.record && !known {
                said.push_str("\nNot recorded: the check is of relay services too. Have a person call through 711, then repeat with --relay-tried.");
            }
            said = format!("{said}\nEvidence: {reference}");
            Ok(Answer::new(&json, said).wanting_if(!read))
        })
    }

    async fn tried(&self, target: &str) -> Result<TextReport, Failure> {
        let trial = TextTrial {
            place: self.asked.place(target),
            word: word_of(u64::from_le_bytes(random_bytes::<8>()?)),
            reply_wait: Duration::from_secs(self.reply_s),
        };
        let agent = through::bind(self.asked.from).await?;
        let report = trial.run(&agent.caller()).await;
        agent.stop().await;
        report.map_err(|e| Failure::BadInput(e.to_string()))
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
